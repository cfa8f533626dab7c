"""Interlocks of a station: a run warns, stands still and goes on, or ends in the safe state."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from instruments.errors import InstrumentFault, Refused
from labctl.procedure import Procedure
from labctl.station import Station, load_station
from tests.simulated import QUICK, Done, Simulate, capture_labs

HELIUM = {"name": "helium", "quantity": "helium_level", "condition": "below", "limit": 0.6}
CHAMBER = {"name": "chamber", "quantity": "chamber"}
BROKEN, MENDED = {"what": "chamber fault"}, {"what": "mend"}


class Waiting(Procedure):
    """Goes to two fields one after the other, waits there for some minutes, and records what it sees."""

    roles = ("source", "cryostat")
    needs_contacts = False
    rounds = 36
    DATA_COLUMNS = ("Field (T)", "Temperature (K)", "Current (A)")

    def startup(self) -> None:
        self.source.source_compliance = 1.0
        self.source.source_range = 1e-4
        self.source.source_current = 1e-5
        self.source.source_enabled = True

    def execute(self) -> None:
        for field in self.track("field", [0.05, 0.1, 0.15], restart=True):
            self.settle(field=field)
            for _ in range(self.rounds):
                self.run.check()
                self.clock.sleep(5.0)
            seen = self.cryostat.reading()
            self.record(**{
                "Field (T)": seen.field, "Temperature (K)": seen.temperature, "Current (A)": self.source.source_current,
            })  # fmt: skip


@pytest.fixture
def simulate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Simulate:
    return Simulate(tmp_path, capture_labs(monkeypatch))


def station(name: str, *interlocks: dict[str, Any], events: tuple[dict[str, Any], ...] = (), **more: Any) -> Station:
    """A shipped station with these interlocks and no others, and with what happens on it."""
    data = load_station(name).snapshot()
    data["interlocks"] = list(interlocks)
    data["simulation"] |= {"events": list(events), **more}
    return Station.model_validate(data)


def told(done: Done, now: str) -> Iterator[dict[str, Any]]:
    return (each for each in done.directory.events() if each.get("event") == "interlock" and each["now"] == now)


def test_a_warning_is_said_once_until_it_has_cleared(simulate: Simulate) -> None:
    events = ({"at": 30.0, **BROKEN}, {"at": 200.0, **MENDED}, {"at": 330.0, **BROKEN})
    done = simulate(Waiting(), station=station("ppms", {**CHAMBER, "action": "warn"}, events=events))
    assert done.outcome.status == "finished"
    assert [each["points"] for each in told(done, "acts")] == [0, 1]
    assert len(list(told(done, "clears"))) == 1
    [said] = done.outcome.warnings
    assert said.startswith("interlock 'chamber': the chamber shows 'general failure'; see who is at the cryostat; ")
    doubtful = [each for each in done.directory.events() if each["event"] == "doubtful"]
    assert [(each["first_row"], each["last_row"]) for each in doubtful] == [(1, 1), (2, 3)]


def test_a_run_stands_with_its_source_at_zero_until_it_has_cleared_for_the_dwell(simulate: Simulate) -> None:
    seen: list[tuple[float, float]] = []
    held: dict[str, int] = {}

    def watch(run: Any) -> None:
        seen.append((run.session.clock.now(), run.session.lab.wiring.source.voltage()))
        held[run.interlocks.held] = len(seen)

    events = ({"at": 70.0, **BROKEN}, {"at": 2000.0, **MENDED})
    low = station("ppms", {**CHAMBER, "action": "pause", "dwell": 100.0}, events=events)
    done = simulate(Waiting(), station=low, watch=watch)
    undisturbed = simulate(Waiting(), station=station("ppms"))
    assert done.outcome.status == "finished"
    [acts], [on] = list(told(done, "acts")), list(told(done, "goes on"))
    assert 70.0 <= acts["time_s"] <= 75.1
    assert 2100.0 <= on["time_s"] <= 2105.0
    standing = [current for time, current in seen if acts["time_s"] + 1.0 < time < on["time_s"] - 1.0]
    assert len(standing) > 1000
    assert set(standing) == {0.0}
    assert done.rows["Current (A)"].tolist() == undisturbed.rows["Current (A)"].tolist() == [1e-5] * 3
    assert done.outcome.lab_time_s == pytest.approx(undisturbed.outcome.lab_time_s + on["stood_s"], abs=15.0)
    [said] = [each for each in done.outcome.warnings if "interlock" in each]
    assert "the run stood still at lab time" in said
    assert list(held) == ["", acts_said := said.partition("; the run stood")[0]]  # who watches is told why, meanwhile
    assert held[""] > held[acts_said] > 1000


def test_a_field_that_sweeps_is_held_meanwhile_and_goes_on(simulate: Simulate) -> None:
    events = ({"at": 45.0, **BROKEN}, {"at": 1000.0, **MENDED})
    done = simulate(station=station("ppms", {**CHAMBER, "action": "pause"}, events=events), **QUICK)
    calm = simulate(station=station("ppms"), **QUICK)
    assert done.outcome.status == calm.outcome.status == "finished"
    assert done.value("coercive_field_up") == pytest.approx(calm.value("coercive_field_up"), abs=2e-3)


def test_it_stands_no_longer_than_the_station_allows(simulate: Simulate) -> None:
    guard = {**CHAMBER, "action": "pause", "longest": 3600.0}
    done = simulate(Waiting(), station=station("ppms", guard, events=({"at": 30.0, **BROKEN},)))
    assert done.outcome.status == "refused"
    assert done.outcome.exit_code == Refused.exit_code
    assert "the longest it may" in (done.outcome.error or "")
    done.assert_source_off()


def test_somebody_may_end_a_run_that_stands(simulate: Simulate) -> None:
    def watch(run: Any) -> None:
        if run.session.clock.now() > 500.0:
            run._switch.asked = "Ctrl-C"

    guard = {**CHAMBER, "action": "pause"}
    done = simulate(Waiting(), station=station("ppms", guard, events=({"at": 30.0, **BROKEN},)), watch=watch)
    assert done.outcome.status == "aborted"
    assert done.lab.clock.now() < 520.0
    done.assert_source_off()


@pytest.mark.parametrize(
    ("guard", "event", "error", "sentence"),
    [
        ({"name": "g", "quantity": "chamber"}, {"what": "chamber fault"}, Refused, "the chamber shows"),
        ({"name": "g", "quantity": "magnet"}, {"what": "quench"}, InstrumentFault, "the magnet shows 'quench'"),
        (
            {"name": "g", "quantity": "set_points"},
            {"what": "somebody sets temperature", "temperature": 290.0, "rate": 0.01},
            Refused,
            "the temperature's set point is 290 K, and was 300 K",
        ),
        (
            {"name": "g", "quantity": "set_points"},
            {"what": "somebody sets field", "field": 0.3, "field_rate": 0.01},
            Refused,
            "the field's set point is 0.3 T, and was 0.05 T",
        ),
        (
            {"name": "g", "quantity": "temperature_offset", "condition": "above", "limit": 1.0},
            {"what": "somebody sets temperature", "temperature": 290.0, "rate": 0.1},
            Refused,
            "temperature offset is 1",
        ),
        (
            {"name": "g", "quantity": "temperature_slope", "condition": "above", "limit": "1 K/min"},
            {"what": "somebody sets temperature", "temperature": 290.0, "rate": 0.05},
            Refused,
            "K/min, above 1 K/min",
        ),
    ],
)
def test_a_stop_ends_in_the_safe_state_with_one_sentence(
    simulate: Simulate, guard: dict[str, Any], event: dict[str, Any], error: type[Refused], sentence: str
) -> None:
    bad = station("ppms", {**guard, "action": "stop"}, events=({"at": 60.0, **event},))
    done = simulate(Waiting(), station=bad)
    assert sentence in (done.outcome.error or "")
    assert (done.outcome.status, done.outcome.exit_code) == (error.status, error.exit_code)
    assert done.lab.clock.now() < 250.0
    done.assert_source_off()


def test_helium_is_as_old_as_the_controllers_hourly_reading(simulate: Simulate) -> None:
    """The run takes what the controller says, and never has it measured anew: that would end the hourly readings."""
    low = ({"at": 1.0, "what": "helium level", "level": 20.0},)
    procedure = Waiting()
    procedure.rounds = 360
    bad = station("ppms", {**HELIUM, "limit": 0.3, "action": "stop"}, events=low)
    done = simulate(procedure, station=bad)
    assert "helium level is 19.7 %, below 30 %; fill helium; the run was ended in the safe state" in str(
        done.outcome.error
    )
    assert done.outcome.exit_code == Refused.exit_code
    assert done.lab.clock.now() < 3700.0


def test_set_points_of_a_dynacool_are_watched_too(simulate: Simulate) -> None:
    event = {"at": 60.0, "what": "somebody sets field", "field": 0.3, "field_rate": 0.01}
    guard = {"name": "g", "quantity": "set_points", "action": "stop"}
    done = simulate(Waiting(), station=station("dynacool", guard, events=(event,)))
    assert "the field's set point is 0.3 T, and was 0.05 T" in (done.outcome.error or "")


def test_a_controller_that_says_nothing_is_stale_after_the_limit(simulate: Simulate) -> None:
    guard = {"name": "stale", "quantity": "reading_age", "condition": "above", "limit": "20 s", "action": "stop"}
    silent = {"instrument": "cryostat", "what": "silent", "at": 60.0, "lasts": 300.0}
    done = simulate(Waiting(), station=station("ppms", guard, faults=[silent]))
    assert done.outcome.exit_code == InstrumentFault.exit_code


def test_room_on_the_disk_is_watched_in_bytes(simulate: Simulate) -> None:
    guard = {"name": "disk", "quantity": "disk_space", "condition": "below", "limit": "9000 TB", "action": "warn"}
    done = simulate(Waiting(), station=station("ppms", guard))
    assert any("disk space is" in each and "below 9e+06 GB" in each for each in done.outcome.warnings)


def test_compliance_may_be_a_warning(simulate: Simulate) -> None:
    guard = {"name": "leads", "quantity": "compliance", "action": "warn"}
    open_lead = {"lead": "I+", "what": "open", "at": 45.0}
    stopped = simulate(station=station("ppms", contacts=[open_lead]), **QUICK)
    assert stopped.outcome.status == "fault"
    warned = simulate(station=station("ppms", guard, contacts=[open_lead]), **QUICK)
    assert warned.outcome.points > stopped.outcome.points
    assert any("a source is in compliance" in each for each in warned.outcome.warnings)


def test_what_nobody_says_is_noted_and_hinders_nothing(simulate: Simulate) -> None:
    done = simulate(Waiting(), station=station("dynacool", {**HELIUM, "action": "stop"}))
    assert done.outcome.status == "finished"
    assert [each["why"] for each in told(done, "not watched")] == ["nobody says the helium level"]


@pytest.mark.parametrize(
    ("guard", "sentence"),
    [
        ({"quantity": "magnet", "limit": 1.0, "condition": "above"}, "takes no limit"),
        ({"quantity": "temperature"}, "needs condition and limit"),
        ({"quantity": "disk_space", "condition": "above", "limit": "1 GB"}, "can only act below"),
        ({"quantity": "disk_space", "condition": "below", "limit": "1 gallon"}, 'write e.g. "1 GB"'),
        ({"quantity": "compliance", "action": "pause"}, "cannot pause"),
        ({"quantity": "magnet", "allowed": ["sealed, condition unknown"]}, "takes no allowed"),
        ({"quantity": "magnet", "every": 1.0}, "greater than or equal to 2"),
    ],
)
def test_an_interlock_that_makes_no_sense_is_said(guard: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        station("ppms", {"name": "g", "action": "stop", **guard})
