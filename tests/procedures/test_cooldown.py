"""A cooldown: the resistance all the way, and an end where a contact opens or the resistance jumps."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from instruments.cryostat_words import ChamberState, CryostatReading, FieldState, TemperatureState
from instruments.errors import Aborted
from labctl.active_run import ActiveRun
from labctl.happenings import BadContact, Event
from labctl.station import Station, load_station
from labctl.testing import assert_resumable
from procedures.chamber import VACUUM, purge
from procedures.cooldown import RAMP, Cooldown
from procedures.cooldown_results import BEGIN, CHAMBER, RESISTANCE
from simulators.accessories import ChamberCommand
from simulators.physics.magnet import FieldApproach
from simulators.physics.thermal import TemperatureApproach
from tests.simulated import Done, Simulate, capture_labs

COEFFICIENT, BAR = 1.5e-3, 136.0
"""1/K and ohm at 300 K of the model: four of ten squares of 340 ohm."""
HERE = "299.95 K"
"""So near that nobody has to wait for the sample."""
STATIONS = ("ppms", "versalab", "dynacool")


def troubled(*contacts: BadContact, name: str = "ppms", events: tuple[Event, ...] = ()) -> Station:
    station = load_station(name)
    simulation = station.simulation.model_copy(update={"contacts": contacts, "events": events})
    return station.model_copy(update={"simulation": simulation})


def bar(temperature: float) -> float:
    return BAR * (1.0 + COEFFICIENT * (temperature - 300.0))


class Prepared(Cooldown):
    """One in a lab that something is done to before."""

    def startup(self) -> None:
        super().startup()
        assert isinstance(self.run, ActiveRun)
        lab = self.run.session.lab
        assert lab is not None
        self.prepare(lab)
        lab.timeline.catch_up()

    def prepare(self, lab: Any) -> None:
        raise NotImplementedError


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Done]:
    """From 300 K to 50 K."""
    with pytest.MonkeyPatch.context() as patch:
        simulate = Simulate(tmp_path_factory.mktemp("runs"), capture_labs(patch))
        yield simulate(Cooldown())


def test_it_arrives_with_the_models_resistance_at_both_ends(done: Done) -> None:
    assert done.outcome.status == "finished", done.outcome.error
    for name, temperature in (("resistance_at_begin", 300.0), ("resistance_at_end", 50.0)):
        assert abs(done.value(name) - bar(temperature)) < 3 * done.uncertainty(name)
        assert done.uncertainty(name) < 1e-3 * bar(temperature)
    assert done.value("residual_resistance_ratio") == pytest.approx(
        bar(300.0) / bar(50.0), abs=3 * done.uncertainty("residual_resistance_ratio")
    )
    assert done.lab.cryostat.sample_temperature(done.lab.timeline.now) == pytest.approx(50.0, abs=0.05)
    done.assert_source_off()


def test_it_reads_all_the_way_with_ten_microamperes(done: Done) -> None:
    ramp = done.rows.loc[done.rows["Step"] == RAMP]
    time, block = ramp["Time (s)"].to_numpy(float), ramp["Temperature (K)"].to_numpy(float)
    assert np.max(np.diff(time)) < 3.0
    assert np.median(np.diff(time)) == pytest.approx(2.0, abs=0.3)
    moving = (block < 290.0) & (block > 60.0)
    assert 60.0 * np.polyfit(time[moving], block[moving], 1)[0] == pytest.approx(-5.0, rel=0.01)
    assert set(np.abs(done.rows["Current 1 (A)"].to_numpy(float))) == {10e-6}


def test_it_takes_the_hour_that_was_planned_for_it(done: Done) -> None:
    """50 min of ramp, and four time constants of the sample or so."""
    assert 50.0 < done.outcome.lab_time_s / 60.0 < 58.0
    assert done.value("duration") == pytest.approx(50.0 * 60.0 + done.value("time_lost"), abs=5.0)


def test_field_gas_and_largest_jump_are_stated(done: Done) -> None:
    assert done.value("cooldown_field") == pytest.approx(0.0, abs=1e-5)
    assert done.uncertainty("cooldown_field") == 2e-3
    assert done.value("exchange_gas") is True
    assert abs(done.value("largest_jump")) < 2e-3
    assert done.directory.figure_file.exists()
    (entry,) = [event for event in done.directory.events() if event.get("event") == "settled"]
    assert entry["by"] == "resistance"


def test_where_a_current_contact_opens_it_stops_and_stays(simulate: Simulate) -> None:
    station = troubled(BadContact(lead="I+", what="open", at=600.0))
    done = simulate(Cooldown(), station=station)
    assert_stopped(done, "the source reached its compliance", 300.0 - 5.0 * (600.0 - 20.0) / 60.0)
    assert done.rows["Compliance"].to_list()[-1]
    assert abs(done.value("largest_jump")) < 2e-3  # what a clamped source does not drive is no resistance


def test_where_an_arm_opens_it_stops_and_stays(simulate: Simulate) -> None:
    station = troubled(BadContact(lead="D", what="open", at=600.0))
    done = simulate(Cooldown(), station=station)
    assert_stopped(done, "(resistance jumped|beyond the voltmeter's range)", 300.0 - 5.0 * (600.0 - 20.0) / 60.0)


def test_where_the_resistance_jumps_it_stops_with_the_size(simulate: Simulate) -> None:
    """Two arms that come to leak to the shield take a part of the current past the bar."""
    leaks = [BadContact(lead=lead, what="leaking", at=600.0, resistance=500.0) for lead in ("D", "B")]
    done = simulate(Cooldown(), station=troubled(*leaks))
    assert_stopped(done, "the resistance jumped", 300.0 - 5.0 * (600.0 - 20.0) / 60.0)
    last = done.rows[RESISTANCE].to_numpy(float)[-3:]
    assert -0.5 < last[1] / last[0] - 1.0 < -0.05
    assert f"{100 * (last[2] / last[0] - 1.0):+.2g}"[:3] in str(done.outcome.error)
    assert abs(done.value("largest_jump") - (last[1] / last[0] - 1.0)) < 2e-3


def assert_stopped(done: Done, words: str, expected: float) -> None:
    """It ended at about this temperature, which is held, with the source at zero and the rows kept."""
    assert (done.outcome.status, done.outcome.exit_code) == ("fault", 5)
    error = str(done.outcome.error)
    assert re.search(words, error), error
    assert "contact-check" in error
    cryostat = done.lab.cryostat
    held = cryostat.temperature_setting.temperature
    assert held == pytest.approx(expected, abs=2.0)
    said = re.fullmatch(r"stopped at ([0-9.]+) K: .* held at ([0-9.]+) K and the source is at zero.*", error)
    assert said
    assert [float(part) for part in said.groups()] == pytest.approx([held, held], abs=0.4)
    done.lab.clock.sleep(3600.0)
    done.lab.timeline.catch_up()
    assert cryostat.sample_temperature(done.lab.timeline.now) == pytest.approx(held, abs=0.05)
    done.assert_source_off()
    assert len(done.rows) > 250
    assert abs(done.value("resistance_at_begin") - BAR) < 0.1
    assert "on the way to 50 K" in done.outcome.results["resistance_at_end"]["why"]
    assert done.directory.figure_file.exists()
    kept = [event for event in done.directory.events() if event.get("event") == "journal"]
    assert [entry["kind"] for entry in kept] == ["cooldown"]
    assert kept[0]["values"]["to"]["value"] == pytest.approx(held, abs=1.0)


def test_a_jump_that_is_let_pass_does_not_stop_it(simulate: Simulate) -> None:
    leaks = [BadContact(lead=lead, what="leaking", at=60.0, resistance=500.0) for lead in ("D", "B")]
    done = simulate(Cooldown(end="295 K", largest_jump="0.5"), station=troubled(*leaks), overrides={"drift": 0.5})
    assert done.outcome.status == "finished", done.outcome.error
    assert -0.5 < done.value("largest_jump") < -0.05
    assert done.value("largest_jump_temperature") == pytest.approx(300.0 - 5.0 * 40.0 / 60.0, abs=2.0)


@pytest.mark.parametrize(
    "name", ["ppms", *(pytest.param(name, marks=pytest.mark.endurance) for name in STATIONS if name != "ppms")]
)
def test_an_unpurged_chamber_is_purged_first(simulate: Simulate, name: str) -> None:
    class Vented(Prepared):
        def prepare(self, lab: Any) -> None:
            lab.cryostat.set_chamber(ChamberCommand.VENT_AND_SEAL)
            self.clock.sleep(1200.0)

    done = simulate(Vented(end=HERE), station=name)
    assert done.outcome.status == "finished", done.outcome.error
    assert set(done.rows[CHAMBER]) == {"purged and sealed"}
    assert done.value("time_since_purge") > done.value("duration")
    assert done.value("exchange_gas") is True


def test_no_current_flows_while_it_is_purged_and_the_field_moves(simulate: Simulate) -> None:
    class Vented(Prepared):
        def prepare(self, lab: Any) -> None:
            lab.cryostat.set_chamber(ChamberCommand.VENT_AND_SEAL)
            lab.cryostat.set_field(0.5, 0.019, FieldApproach.LINEAR)
            self.clock.sleep(1200.0)

    seen: list[tuple[float, int]] = []

    def watch(run: Any) -> None:
        lab = simulate.labs[-1]
        if not run.points:
            seen.append((abs(lab.wiring.source.voltage()), int(lab.cryostat.chamber_state())))

    done = simulate(Vented(end=HERE), watch=watch)
    assert done.outcome.status == "finished", done.outcome.error
    assert max(voltage for voltage, _ in seen) == 0.0
    assert len({state for _, state in seen}) > 1
    assert abs(done.lab.cryostat.read_field()) < 2e-4


def test_in_high_vacuum_it_warns(simulate: Simulate) -> None:
    class Evacuated(Prepared):
        def prepare(self, lab: Any) -> None:
            lab.cryostat.set_chamber(ChamberCommand.HIGH_VACUUM)
            self.clock.sleep(3600.0)

    done = simulate(Evacuated(end=HERE, purge="no"))
    assert VACUUM in done.outcome.warnings
    assert done.value("exchange_gas") is False


def test_a_cold_chamber_is_left_and_that_is_said(simulate: Simulate) -> None:
    class Cold(Prepared):
        def prepare(self, lab: Any) -> None:
            lab.cryostat.set_chamber(ChamberCommand.SEAL)
            lab.cryostat.set_temperature(250.0, 1 / 3, TemperatureApproach.FAST_SETTLE)
            self.clock.sleep(3600.0)

    done = simulate(Cold(end="250.05 K"))
    assert done.outcome.status == "finished", done.outcome.error
    assert any("below 290 K" in warning for warning in done.outcome.warnings)
    assert done.outcome.results["exchange_gas"]["value"] is None
    assert done.lab.cryostat.chamber_setting is ChamberCommand.SEAL


def test_a_chamber_that_fails_ends_it_before_anything_is_cooled(simulate: Simulate) -> None:
    class Failing(Prepared):
        def prepare(self, lab: Any) -> None:
            lab.cryostat.fail_chamber()

    done = simulate(Failing())
    assert done.outcome.exit_code == 5
    assert "the chamber was not purged, so nothing was cooled" in str(done.outcome.error)
    assert done.lab.cryostat.temperature_setting.temperature == 300.0


def test_degaussed_the_field_is_known_ten_times_better(simulate: Simulate) -> None:
    done = simulate(Cooldown(end=HERE, degauss="yes"))
    assert done.outcome.status == "finished", done.outcome.error
    assert done.uncertainty("cooldown_field") == pytest.approx(2e-4)
    assert abs(done.lab.cryostat.field(done.lab.timeline.now)) < 2e-4


def test_cooled_in_a_field_it_says_so(simulate: Simulate) -> None:
    done = simulate(Cooldown(end=HERE, field="0.3 T"))
    assert done.value("cooldown_field") == pytest.approx(0.3, abs=1e-4)
    assert all(np.abs(done.rows["Field (T)"].to_numpy(float) - 0.3) < 1e-3)


class At50(Prepared):
    """One that begins a little above or below 50 K."""

    def prepare(self, lab: Any) -> None:
        lab.cryostat.set_temperature(54.0 if self.end < 50.0 else 46.0, 1 / 3, TemperatureApproach.FAST_SETTLE)
        self.clock.sleep(7200.0)


@pytest.mark.parametrize(
    ("end", "name"), [("47 K", "dynacool"), pytest.param("53 K", "ppms", marks=pytest.mark.endurance)]
)
def test_below_50_kelvin_it_is_slower(simulate: Simulate, end: str, name: str) -> None:
    done = simulate(At50(end=end), station=name)
    assert done.outcome.status == "finished", done.outcome.error
    ramp = done.rows.loc[done.rows["Step"] == RAMP]
    time, block = ramp["Time (s)"].to_numpy(float), ramp["Temperature (K)"].to_numpy(float)
    way = 1.0 if end == "53 K" else -1.0
    for high, low, rate in ((53.0, 50.5, 5.0), (49.5, 47.5, 2.0)):
        part = (block < high - 0.3) & (block > low)
        assert 60.0 * np.polyfit(time[part], block[part], 1)[0] == pytest.approx(way * rate, rel=0.1)
    assert done.value("residual_resistance_ratio") > 1.0


def test_warming_up_is_called_that(simulate: Simulate) -> None:
    done = simulate(Cooldown(end="302 K"))
    assert done.outcome.status == "finished", done.outcome.error
    assert done.outcome.results["residual_resistance_ratio"]["of"] == "R(302 K)/R(300 K)"
    assert done.value("resistance_at_end") > done.value("resistance_at_begin")


def test_a_cryostat_that_says_nothing_of_a_chamber_is_not_told_to_purge_one() -> None:
    said: list[str] = []
    reading = CryostatReading(300.0, 0.0, TemperatureState.STABLE, FieldState.STABLE, ChamberState.UNKNOWN, 0.0)
    cryostat = SimpleNamespace(reading=lambda: reading)  # which has no set_chamber
    procedure: Any = SimpleNamespace(cryostat=cryostat, run=SimpleNamespace(remark=said.append))
    assert math.isnan(purge(procedure))
    assert "says nothing of one" in said[0]


def test_more_than_ten_microamperes_are_refused() -> None:
    with pytest.raises(ValueError, match="above its largest value 10 uA"):
        Cooldown(probe_current="100 uA")


def at_the_ends(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows before the ramp, and what the block settled at: a ramp from elsewhere is read at other places."""
    begin = rows.loc[rows["Step"] == BEGIN]
    found = pd.concat([begin, rows.loc[rows["Step"] == RAMP].tail(1)])
    return found.loc[:, ["Block", "Attempt", RESISTANCE, "Step"]]


def test_it_can_be_carried_on() -> None:
    assert assert_resumable(Cooldown, at=[5, 60], compared=at_the_ends, end="299 K") >= 4


def test_carried_on_it_goes_back_to_the_field_that_it_was_cooled_in() -> None:
    """What is measured again is measured in the field, though the lab is found without one."""

    def in_field(rows: pd.DataFrame) -> pd.DataFrame:
        assert all(np.abs(rows["Field (T)"].to_numpy(float) - 0.2) < 1e-3)
        return at_the_ends(rows)

    assert assert_resumable(Cooldown, at=[30], compared=in_field, end=HERE, field="0.2 T") >= 2


@pytest.mark.endurance
@pytest.mark.parametrize("name", STATIONS)
def test_on_every_machine_it_takes_what_the_machine_needs(simulate: Simulate, name: str) -> None:
    done = simulate(Cooldown(), station=name)
    assert done.outcome.status == "finished", done.outcome.error
    assert abs(done.value("resistance_at_end") - bar(50.0)) < 3 * done.uncertainty("resistance_at_end")
    rates = done.lab.cryostat.machine.thermal.cooling_rates
    slower = [min(5.0, 60.0 * next(rate for to, rate in rates if kelvin < to)) for kelvin in range(50, 300)]
    ramp = sum(1.0 / rate for rate in slower)  # min; a VersaLab manages 3 K/min below 100 K
    assert ramp + 4.0 < done.outcome.lab_time_s / 60.0 < ramp + 8.0
    assert done.value("time_lost") == pytest.approx(60.0 * (done.outcome.lab_time_s / 60.0 - 50.0), abs=60.0)


def test_a_chamber_that_was_found_purged_is_not_said_to_have_been_purged_by_the_run(simulate: Simulate) -> None:
    results = simulate(Cooldown(end=HERE)).outcome.results
    assert results["exchange_gas"]["note"] == "its controller calls the chamber purged and sealed"
    why = results["time_since_purge"]["why"]
    assert why == "this run left the chamber as it was: purged before, and its controller does not say when"


def test_what_a_cut_cooldown_lacks_is_none_of_a_loop(simulate: Simulate) -> None:
    def watch(run: Any) -> None:
        if run.points:
            raise Aborted("aborted by Ctrl-C")

    done = simulate(Cooldown(end="200 K"), watch=watch)
    assert done.outcome.status == "aborted"
    assert done.outcome.results["duration"]["why"] == "it did not come to the ramp"
    assert not [result for result in done.outcome.results.values() if "loop" in result["of"]]
