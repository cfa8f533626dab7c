"""Resistance against the delay after a pulse: the model's heat and its time constants come back."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from instruments.errors import BadValue, UsageError
from labctl.journal import Journal, quantity
from labctl.sample import SampleRecord, load_sample
from labctl.testing import assert_resumable
from procedures.pulse_delay import AFTER, BEFORE, KIND, RECOVERING, PulseDelay
from tests.procedures.test_ahe import changed, recabled
from tests.simulated import Done, Simulate

CURRENT, WIDTH, COEFFICIENT = 20e-3, 10e-3, 1.5e-3
TOLERANCE = 5e-4


def warm(*poles: tuple[float, float]) -> SampleRecord:
    """The shipped film on a chip with these poles (K/A2 and s): at low temperature nothing holds much heat."""
    return changed(load_sample("cotb2025"), slow_heating=[list(pole) for pole in poles])


def left(delay: float, *poles: tuple[float, float], current: float = CURRENT, width: float = WIDTH) -> float:
    """Part by which the resistance is off, a delay in s after a pulse: each pole fills up and empties."""
    kelvin = sum(
        resistance * current**2 * -math.expm1(-width / tau) * math.exp(-delay / tau) for resistance, tau in poles
    )
    return kelvin * COEFFICIENT


def until(tolerance: float, *poles: tuple[float, float]) -> float:
    """Delay in s from which on that is within a tolerance."""
    delays = np.geomspace(1e-3, 100.0, 20001).tolist()
    return next(delay for delay in delays if left(delay, *poles) <= tolerance)


def measured(simulate: Simulate, sample: SampleRecord, seed: int = 1, **parameters: Any) -> Done:
    done = simulate(PulseDelay(**{"current": "20 mA", "width": "10 ms", **parameters}), sample=sample, seed=seed)
    assert done.outcome.status == "finished", done.outcome.error
    return done


SLOW = (3.4e5, 2.0)
TWO = ((3e4, 0.15), SLOW)


def test_the_wait_is_where_the_models_chip_has_cooled(simulate: Simulate) -> None:
    done = measured(simulate, warm((2.5e3, 1e-3), SLOW))
    truth = until(TOLERANCE, SLOW)
    assert abs(done.value("wait_before_read") - truth) < 3 * done.uncertainty("wait_before_read") < 0.3 * truth
    heat = left(0.0, SLOW) / COEFFICIENT
    assert abs(done.value("heating_after_pulse") - heat) < 3 * done.uncertainty("heating_after_pulse") < 0.2 * heat
    assert abs(done.value("time_constant") - SLOW[1]) < 3 * done.uncertainty("time_constant")
    assert abs(done.value("lasting_change")) < 4 * done.uncertainty("lasting_change")
    assert done.value("earliest_delay") < 0.07
    assert done.directory.figure_file.exists()


@pytest.mark.endurance
def test_two_poles_are_told_apart(simulate: Simulate) -> None:
    done = measured(simulate, warm((2.5e3, 1e-3), *TWO), last_delay="20 s", cycles=6)
    heat = left(0.0, *TWO) / COEFFICIENT
    assert abs(done.value("heating_after_pulse") - heat) < 4 * done.uncertainty("heating_after_pulse") < 0.2 * heat
    assert abs(done.value("wait_before_read") - until(TOLERANCE, *TWO)) < 4 * done.uncertainty("wait_before_read")


@pytest.mark.endurance
def test_uncertainties_hold_the_truth_as_often_as_they_should(simulate: Simulate) -> None:
    truths = {"wait_before_read": until(TOLERANCE, SLOW), "heating_after_pulse": left(0.0, SLOW) / COEFFICIENT}
    pulls: dict[str, list[float]] = {name: [] for name in truths}
    for seed in range(40):
        simulate.labs.clear()
        done = measured(simulate, warm((2.5e3, 1e-3), SLOW), seed=seed, last_delay="16 s")
        for name, truth in truths.items():
            pulls[name].append((done.value(name) - truth) / done.uncertainty(name))
    for name, found in pulls.items():
        assert abs(float(np.mean(found))) < 0.6, (name, found)
        assert 0.5 < float(np.std(found)) < 1.6, (name, found)


def test_the_shipped_film_is_cold_at_the_earliest_reading(simulate: Simulate) -> None:
    """0.03 K from 10 ms at 20 mA: a twentieth of a per mille of the resistance."""
    done = measured(simulate, load_sample("cotb2025"), cycles=2)
    assert done.value("wait_before_read") == done.value("earliest_delay") < 0.07
    assert done.uncertainty("wait_before_read") is None
    assert "at the latest" in done.outcome.results["wait_before_read"]["note"]
    assert done.value("heating_after_pulse") is None
    assert "no heat is seen" in done.outcome.results["heating_after_pulse"]["why"]
    rows = done.rows
    assert sorted(rows[KIND].unique().tolist()) == sorted([AFTER, BEFORE, RECOVERING])
    signs = rows.loc[rows[KIND] == AFTER, ["Pulse current (A)", "Current 1 (A)"]].drop_duplicates()
    assert len(signs) == 4  # both pulses, read with both polarities


def test_what_does_not_come_back_in_time_is_said(simulate: Simulate) -> None:
    done = measured(simulate, warm((2e7, 100.0)), last_delay="1 s", per_decade=5, cycles=1)
    assert done.value("wait_before_read") is None
    assert "give a longer last_delay" in done.outcome.results["wait_before_read"]["why"]


def test_a_device_that_changes_for_good_is_seen(simulate: Simulate, monkeypatch: pytest.MonkeyPatch) -> None:
    from simulators.samples.hall_bar import FerrimagnetHallBar

    worn = [0.0]
    sheet, put = FerrimagnetHallBar._sheet_resistance, FerrimagnetHallBar.set_currents

    def set_currents(self: FerrimagnetHallBar, time: float, injected: Any) -> None:
        worn[0] += 0.002 * (abs(injected.get("source", 0.0)) > 14e-3)
        put(self, time, injected)

    monkeypatch.setattr(FerrimagnetHallBar, "set_currents", set_currents)
    monkeypatch.setattr(FerrimagnetHallBar, "_sheet_resistance", lambda self, t: sheet(self, t) * (1.0 + worn[0]))
    done = measured(simulate, load_sample("cotb2025"), per_decade=4, cycles=2, last_delay="2 s")
    assert done.value("lasting_change") == pytest.approx(0.002, rel=0.05)
    assert abs(done.value("lasting_change")) > 10 * done.uncertainty("lasting_change")
    note = done.outcome.results["lasting_change"]["note"]
    assert note.startswith("+1.4 % from the first pulse")  # seven pulses
    assert note.endswith("above the 1 % of the health check: the device has changed")


@pytest.mark.parametrize("seeds", [4, pytest.param(8, marks=pytest.mark.endurance)])
def test_noise_is_no_lasting_change(simulate: Simulate, seeds: int) -> None:
    """Read with 20 uA: what the readings before a pulse are off by, they are off by at all delays."""
    pulls: list[float] = []
    for seed in range(seeds):
        simulate.labs.clear()
        done = measured(
            simulate,
            load_sample("cotb2025"),
            seed,
            current="10 mA",
            width="1 ms",
            probe_current="20 uA",
            last_delay="5 s",
        )
        pulls.append(done.value("lasting_change") / done.uncertainty("lasting_change"))
        assert "nothing is seen to stay" in done.outcome.results["lasting_change"]["note"]
    assert 0.5 < float(np.std(pulls)) < 1.6, pulls


def test_a_rest_of_warmth_is_not_called_a_changed_device(simulate: Simulate) -> None:
    done = measured(simulate, warm((2e7, 300.0)), last_delay="2 s", per_decade=4, cycles=1)
    assert done.value("lasting_change") > 5 * done.uncertainty("lasting_change")
    assert "within the 1 % of the health check" in done.outcome.results["lasting_change"]["note"]


def test_the_pulse_is_the_safe_one_of_the_journal(tmp_path: Path) -> None:
    procedure = PulseDelay()
    procedure.sample, procedure.station = load_sample("cotb2025"), recabled({})
    with pytest.raises(BadValue, match="run approach first"):
        procedure.check()
    journal = Journal(tmp_path, "cotb2025")
    journal.append("safe_pulse", {"pulse_max": quantity(18.5e-3, "A"), "pulse_width": quantity(1e-3, "s")})
    procedure.sample_journal = journal
    procedure.check()
    assert procedure.height() == 18.5e-3
    assert procedure.demands()["pulse_current"] == 18.5e-3
    procedure.set(width="10 ms")
    with pytest.raises(BadValue, match="is one of 1 ms"):
        procedure.check()
    procedure.set(current="5 mA")
    procedure.check()


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(BadValue, match="must be below last_delay"):
        PulseDelay(first_delay="2 s", last_delay="1 s").check()
    blind = PulseDelay(current="5 mA")
    blind.sample, blind.station = load_sample("cotb2025"), recabled({"channel_2_high": "open", "channel_2_low": "open"})
    with pytest.raises(UsageError, match="channel 2"):
        blind.check()


def test_delays_are_even_in_the_logarithm() -> None:
    delays = PulseDelay(first_delay="0.1 s", last_delay="10 s", per_decade=4).delays()
    assert delays == pytest.approx([0.1 * 10 ** (k / 4) for k in range(9)])


def test_it_can_be_carried_on() -> None:
    carried_on = assert_resumable(
        PulseDelay, every=40, current="10 mA", cycles=2, per_decade=2, last_delay="1 s", first_delay="0.1 s"
    )
    assert carried_on >= 2
