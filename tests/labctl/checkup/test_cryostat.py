"""What the doctor says of a cryostat that is in order, that has failed, or that somebody else commands."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from simulators.accessories import ChamberCommand, RotatorSetting
from simulators.cryostat import SimulatedCryostat
from simulators.lab import Lab
from simulators.physics.magnet import FieldApproach
from simulators.physics.thermal import TemperatureApproach, TemperatureState
from simulators.somebody import SomebodyElse
from tests.clinic import Clinic, Hand, tell


@pytest.fixture
def clinic(monkeypatch: pytest.MonkeyPatch) -> Clinic:
    return Clinic(monkeypatch)


def cryostat(action: Callable[[SimulatedCryostat], object], after: float = 0.0) -> Hand:
    def hand(lab: Lab) -> None:
        action(lab.cryostat)
        lab.clock.sleep(after)
        lab.timeline.catch_up()

    return hand


@pytest.mark.parametrize("station", ["ppms", "versalab", "dynacool"])
def test_a_cryostat_in_order(clinic: Clinic, station: str) -> None:
    seen = clinic(station=station)
    assert seen.bad() == {}
    assert "stable, told 300 K" in seen.of("temperature").what
    assert "driven, stable, told 0 T" in seen.of("field").what
    assert seen.of("chamber").what == "purged and sealed"
    assert "has not commanded" in seen.of("somebody else").what
    assert [finding.what.split()[0] for finding in seen.about("helium")] == (["90"] if station == "ppms" else [])


@pytest.mark.parametrize("station", ["ppms", "dynacool"])
def test_a_field_that_moves(clinic: Clinic, station: str) -> None:
    ramp = cryostat(lambda it: it.set_field(1.0, 0.01, FieldApproach.LINEAR), after=5.0)
    found = clinic(ramp, station=station).of("field")
    assert found.state == "warning"
    assert "it moves by 100 Oe/s" in found.what


def test_a_quench(clinic: Clinic) -> None:
    found = clinic(cryostat(lambda it: it.quench(), after=1.0)).of("field")
    assert found.state == "fault"
    assert "quench" in found.what
    assert "helium" in found.do


@pytest.mark.parametrize("station", ["ppms", "versalab"])
def test_a_supply_without_control(clinic: Clinic, station: str) -> None:
    found = clinic(cryostat(lambda it: it.fail_supply()), station=station).of("field")
    assert found.state == "fault"
    assert "current error" in found.what


def test_a_persistent_magnet(clinic: Clinic) -> None:
    go = cryostat(lambda it: it.set_field(0.5, 0.01, FieldApproach.LINEAR, persistent=True), after=600.0)
    found = clinic(go).of("field")
    assert found.state == "ok"
    assert "persistent" in found.what
    assert "warm the switch" in found.what


def test_a_temperature_control_that_failed_or_stands_by(clinic: Clinic) -> None:
    failed = clinic(cryostat(lambda it: it.fail_thermometer(state=TemperatureState.FAILURE))).of("temperature")
    assert failed.state == "fault"
    standing_by = clinic(cryostat(lambda it: it.stand_by())).of("temperature")
    assert standing_by.state == "warning"
    assert "standby" in standing_by.what


@pytest.mark.parametrize(
    ("command", "words", "after"),
    [
        (ChamberCommand.VENT_AND_SEAL, "performing vent", 1.0),
        (ChamberCommand.VENT_AND_SEAL, "vented and sealed", 3600.0),
        (ChamberCommand.VENT_CONTINUOUSLY, "venting continuously", 1.0),
        (ChamberCommand.PUMP_CONTINUOUSLY, "pumping", 1.0),
    ],
)
def test_a_chamber_that_is_not_ready(clinic: Clinic, command: ChamberCommand, words: str, after: float) -> None:
    found = clinic(cryostat(lambda it: it.set_chamber(command), after=after)).of("chamber")
    assert found.state == "warning"
    assert words in found.what


def test_a_chamber_that_failed(clinic: Clinic) -> None:
    assert clinic(cryostat(lambda it: it.fail_chamber())).of("chamber").state == "fault"


def test_a_rotator_at_its_end_and_one_that_turns(clinic: Clinic) -> None:
    ended = clinic(cryostat(lambda it: it.move(RotatorSetting(-5.0, 1, 0)), after=600.0)).of("rotator")
    assert ended.state == "warning"
    assert "limit switch" in ended.what
    turning = clinic(cryostat(lambda it: it.move(RotatorSetting(180.0, 0, 14)))).of("rotator")
    assert turning.state == "warning"
    assert "moving" in turning.what


@pytest.mark.parametrize(("level", "state"), [(50.0, "warning"), (20.0, "fault")])
def test_little_helium(clinic: Clinic, level: float, state: str) -> None:
    measured = cryostat(lambda it: it.set_helium(level)), tell("cryostat", "LEVELON 1;"), pause
    seen = clinic(*measured)
    found = seen.of("helium")
    assert found.state == state
    assert f"{level:.0f} %, measured now, below the 60 % of 'helium low'" in found.what
    assert ("'helium nearly gone'" in found.what) == (level < 30.0)
    assert "fill it" in found.do


def test_an_old_level_is_not_taken_for_the_present_one(clinic: Clinic) -> None:
    off = tell("cryostat", "LEVELON 3;")
    found = clinic(off, cryostat(lambda it: None, after=2 * 3600.0)).of("helium")
    assert found.state == "warning"
    assert "measured over an hour ago" in found.what
    assert "LEVELON" in found.do


def test_the_age_of_a_level_is_said(clinic: Clinic) -> None:
    """The bath runs dry behind the back of a meter that measures once an hour."""
    found = clinic(cryostat(lambda it: it.set_helium(15.0))).of("helium")
    assert found.state == "ok"
    assert "90 %, measured at some time within the last hour, and what has happened since does not show" in found.what


def test_a_level_that_was_little_long_ago_is_still_little(clinic: Clinic) -> None:
    measured = cryostat(lambda it: it.set_helium(20.0)), tell("cryostat", "LEVELON 0;"), pause
    found = clinic(*measured, cryostat(lambda it: None, after=2 * 3600.0)).of("helium")
    assert found.state == "fault"
    assert "measured over an hour ago" in found.what
    assert "'helium nearly gone'" in found.what


def pause(lab: Lab) -> None:
    lab.clock.sleep(30.0)
    lab.timeline.catch_up()


def test_somebody_else_at_the_same_cryostat(clinic: Clinic) -> None:
    def guest(lab: Lab) -> None:
        other = SomebodyElse(lab.cryostat)
        other.set_field(3.0, 0.5, 0.005, FieldApproach.LINEAR)
        other.set_temperature(3.0, 250.0, 5 / 60, TemperatureApproach.FAST_SETTLE)

    found = clinic(guest).of("somebody else")
    assert found.state == "warning"
    assert "the field was told 0 T" in found.what
    assert "then 0.5 T at 50 Oe/s" in found.what
    assert "then 250 K" in found.what
