"""Switching current against the width on the simulated station, against the bare model of the same film."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np
import pytest

from instruments.errors import BadValue, LimitExceeded
from labctl import limits
from labctl.sample import SampleRecord, load_sample
from labctl.station import Station, load_station
from labctl.testing import assert_resumable
from procedures.pulse_width import PARTS, PulseWidth
from tests.simulated import Done, Simulate, capture_labs
from tests.simulators.samples.pulsing import MODEL, Bench, in_plane

WIDTHS = (50e-6, 300e-6, 2e-3, 10e-3, 34e-3)
GIVEN: dict[str, Any] = {"pulse_max": "20 mA", "reads": 2, "widths": "50 us, 300 us, 2 ms, 10 ms, 34 ms"}


def bound(sample: SampleRecord | str = "cotb2025", station: Station | str = "ppms", **parameters: Any) -> PulseWidth:
    procedure = PulseWidth(**{**GIVEN, **parameters})
    procedure.station = load_station(station) if isinstance(station, str) else station
    procedure.sample = load_sample(sample) if isinstance(sample, str) else sample
    return procedure


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Done:
    with pytest.MonkeyPatch.context() as patch:
        return Simulate(tmp_path_factory.mktemp("width"), capture_labs(patch))(PulseWidth(**GIVEN))


def true_half(width: float) -> float:
    """The current in A whose single pulse from the full state leaves half of the bare film."""
    bench = Bench(in_plane())

    def left(current: float) -> float:
        bench.pulse(-20e-3, 1e-3)
        return bench.pulse(current, width)

    heights = np.arange(9.5e-3, 17.5e-3, 0.1e-3)
    return float(np.interp(0.0, np.maximum.accumulate([left(float(height)) for height in heights]), heights))


def test_the_current_of_each_width_is_the_films(done: Done) -> None:
    assert done.outcome.status == "finished"
    found = [done.value(f"half_current_{number}") for number in range(1, 6)]
    assert found == sorted(found, reverse=True)
    for number, width in enumerate(WIDTHS, 1):
        error = done.uncertainty(f"half_current_{number}")
        assert error < 0.01 * found[number - 1]
        truth = true_half(width)
        # the remanence of the magnet, up to 2 mT in 25 mT, is in all of them alike
        assert abs(found[number - 1] - truth) < 3.0 * error + 0.01 * truth


def test_the_heat_of_a_pulse_is_the_models(done: Done) -> None:
    """What warms at once, and what of the slow parts is warm at the end of 60 ms; some is left of the pulses before."""
    rise = MODEL["thermal_resistance"]["value"]
    for part, constant in MODEL["slow_heating"]["value"]:
        rise += part * (1.0 - math.exp(-0.05 / constant))
    assert done.value("heating_coefficient") == pytest.approx(rise, rel=0.02)
    assert done.uncertainty("heating_coefficient") < 0.02 * rise
    for number, width in enumerate(WIDTHS, 1):
        entry = done.outcome.results[f"temperature_rise_{number}"]
        half = done.value(f"half_current_{number}")
        assert entry["value"] == pytest.approx(done.value("heating_coefficient") * half**2)
        assert "extrapolated from 60 ms" in entry["note"]
        assert ("upper bound" in entry["note"]) is (width < 60e-3)


def test_a_conversion_lies_within_its_pulse(done: Done) -> None:
    heat: Any = done.rows[done.rows["Step"] == "heat"]
    assert len(heat) == 3 * len(PARTS) * 2
    assert np.all(heat["Start 1 (s)"] > heat["Pulse start stamp (s)"])
    assert np.all(heat["End 1 (s)"] < heat["Pulse end stamp (s)"])
    assert np.all(heat["Start 1 (s)"] > heat["Pulse end stamp (s)"] - 0.03)  # at its end
    assert np.all(np.isfinite(heat["Resistance (ohm)"]))
    assert not heat["Overflow"].any()
    assert float(np.abs(heat["Pulse current (A)"]).max()) <= bound().largest_at(60e-3)
    done.assert_source_off()


def test_the_barrier_of_grains_is_inverse_to_the_current(done: Done) -> None:
    """The model's barriers are B/D with the drive D proportional to the current: no line in the logarithm of time."""
    by_law = {law: done.value(f"chi_square_{law}") for law in ("linear", "quadratic", "inverse")}
    assert by_law["inverse"] < by_law["quadratic"] < by_law["linear"]
    assert "t0 = 1 ns assumed" in done.outcome.results["barrier_linear"]["note"]
    assert "counted, it makes" in done.outcome.results["barrier_linear"]["note"]
    # B of half of the film: at every width the current is B over the logarithm, and over the film's warmth
    logarithm = np.log(np.array(WIDTHS) / 1e-9)
    halves = np.array([done.value(f"half_current_{number}") for number in range(1, 6)])
    slope = np.polyfit(logarithm, 1.0 / halves, 1)[0]
    assert done.value("barrier_inverse") == pytest.approx(1.0 / slope, rel=0.05)
    assert done.value("barrier_inverse_warm") != done.value("barrier_inverse")


def test_widths_come_in_random_order_and_all_are_there(done: Done) -> None:
    rows: Any = done.rows[done.rows["Step"] == "trial"]
    order = rows["Pulse width (s)"].drop_duplicates().tolist()
    assert sorted(order) == list(WIDTHS)
    assert order != sorted(order)
    assert order != sorted(order, reverse=True)
    assert done.directory.figure_file.exists()


def test_a_width_at_which_nothing_switches_is_told_and_left_out(simulate: Simulate) -> None:
    done = simulate(PulseWidth(**{**GIVEN, "pulse_max": "14 mA", "pulse_width": "10 ms"}))
    first = done.outcome.results["half_current_1"]
    assert first["value"] is None
    assert re.fullmatch(r"pulses of 50 us: no pulse has switched, up to 1(4|3\.\d+) mA", first["why"])
    assert done.outcome.results["barrier_linear"]["of"] in {"3 widths", "4 widths"}


def test_without_the_second_channel_nobody_knows_how_warm_it_is(simulate: Simulate) -> None:
    station = load_station("ppms")
    assert station.cables.voltmeter is not None
    meter = station.cables.voltmeter.model_copy(update={"channel_2_high": "open", "channel_2_low": "open"})
    alone = station.model_copy(update={"cables": station.cables.model_copy(update={"voltmeter": meter})})
    done = simulate(PulseWidth(**{**GIVEN, "widths": "1 ms, 3 ms, 10 ms"}), station=alone)
    assert done.outcome.results["heating_coefficient"]["why"] == "no resistance was read during a pulse"
    assert "the film's heat is not known" in done.outcome.results["barrier_linear"]["note"]


@pytest.mark.parametrize(("every", "least"), [(55, 2), pytest.param(20, 5, marks=pytest.mark.endurance)])
def test_it_can_be_carried_on_from_any_point(every: int, least: int) -> None:
    few: dict[str, Any] = {
        "pulse_max": "20 mA",
        "reads": 1,
        "widths": "1 ms, 10 ms",
        "uncertainty": "0.1",
        "trials": 15,
    }
    assert assert_resumable(PulseWidth, every=every, **few) >= least


# ---- before


def test_a_width_with_too_much_energy_is_refused() -> None:
    with pytest.raises(
        LimitExceeded, match=r"widths has 100 ms, for which the limit of 5 mJ a pulse leaves 9\.24\d* mA"
    ):
        bound(widths="1 ms, 100 ms").check()
    bound(widths="1 ms, 100 ms", pulse_max="18 mA").check()


def test_the_largest_pulse_of_a_width_keeps_within_the_energy() -> None:
    procedure = bound()
    assert procedure.largest_at(1e-3) == 20e-3
    most = procedure.largest_at(34e-3)
    energy = 1.5 * 390.0 * most**2 * 34e-3  # current times compliance, 1.5 times what the record says it needs
    assert 0.995 * 5e-3 < energy <= 5e-3
    procedure.check()
    limits.check(procedure.demands(), procedure.station, procedure.sample)


@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [
        ({"widths": "1 ms, 1 ms"}, "widths has 1 ms more than once; give each value once: uncertainty says"),
        ({"in_plane_field": "0 T"}, "give a field"),
    ],
)
def test_what_makes_no_trials_is_refused(parameters: dict[str, Any], sentence: str) -> None:
    with pytest.raises(BadValue, match=sentence):
        bound(**parameters).check()


def test_a_pulse_longer_than_the_station_allows_is_refused() -> None:
    procedure = bound(widths="1 ms, 200 ms", pulse_max="12 mA")
    procedure.check()
    with pytest.raises(LimitExceeded, match="the pulse width"):
        limits.check(procedure.demands(), procedure.station, procedure.sample)


@pytest.mark.parametrize(("pulse_max", "top"), [("8 mA", 8e-3), ("2.5 mA", 2e-3), ("5 mA", 5e-3)])
def test_the_heat_is_told_within_one_range_of_the_source(pulse_max: str, top: float) -> None:
    heights = bound(pulse_max=pulse_max).heating_currents()
    assert heights[-1] == top
    assert heights[0] == pytest.approx(0.5 * top)
