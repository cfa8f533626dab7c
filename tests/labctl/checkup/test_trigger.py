"""The Trigger Link, tested with delta mode at no current; both instruments are as before afterwards."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from labctl.checkup import meter, trigger
from labctl.checkup.meter import Setting, meter_settings
from labctl.checkup.trigger import SOURCE_SETTINGS
from simulators.devices.source_modes import SourceModes
from simulators.lab import Lab
from tests.clinic import Clinic, Hand, meter_of, source_of, station_like, tell


@pytest.fixture
def clinic(monkeypatch: pytest.MonkeyPatch) -> Clinic:
    return Clinic(monkeypatch)


def pull_cable(lab: Lab) -> None:
    source_of(lab).trigger_out = None
    meter_of(lab).trigger_out = None


def pause(lab: Lab) -> None:
    lab.clock.sleep(5.0)
    lab.timeline.catch_up()


def values(lab_ask: Callable[[str, str], str], role: str, settings: tuple[Setting, ...]) -> dict[str, str]:
    """What an instrument is set to; where it chooses by itself, that it does so."""
    found: dict[str, str] = {}
    for setting in settings:
        by_itself = setting.automatic and lab_ask(role, f"{setting.automatic}?") == "1"
        found[setting.header] = "automatic" if by_itself else lab_ask(role, f"{setting.header}?")
    return found


def watch_currents(currents: list[float]) -> Hand:
    """Note every current that is ever driven."""

    def hand(lab: Lab) -> None:
        terminals = lab.wiring.source
        drive = terminals.drive

        def noting(current: float, compliance: float, noise: float = 0.0, settling: float = 0.0) -> None:
            currents.append(current)
            assert compliance < 0.2
            drive(current, compliance, noise, settling)

        terminals.drive = noting  # pyright: ignore[reportAttributeAccessIssue] - the test looks in

    return hand


def test_the_cable_is_there_and_no_current_flows(clinic: Clinic) -> None:
    currents: list[float] = []
    seen = clinic(watch_currents(currents))
    assert "the cable is there" in seen.of("trigger link").what
    assert currents
    assert max(map(abs, currents)) <= 1e-13
    assert seen.ask("source", "OUTP?") == "0"
    assert seen.ask("source", "TRAC:POIN:ACT?") == "0"


def test_a_source_that_takes_equal_levels_is_tested_without_any_current(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SourceModes, "refuses_equal_levels", False)
    currents: list[float] = []
    seen = clinic(watch_currents(currents))
    assert seen.of("trigger link").state == "ok"
    assert set(currents) == {0.0}


@pytest.mark.parametrize("lead", ["high", "low"])
@pytest.mark.parametrize("trigger", ["true", "false"])
def test_an_open_lead_of_the_source_is_not_taken_for_the_trigger_link(
    clinic: Clinic, tmp_path: Path, lead: str, trigger: str
) -> None:
    whole = 'source = { high = "I+", low = "I-" }'
    opened = whole.replace({"high": "I+", "low": "I-"}[lead], "open")
    station = station_like("ppms", (whole, opened), ("trigger = true", f"trigger = {trigger}"), folder=tmp_path)
    seen = clinic(station=station)
    leads = seen.of("source leads")
    assert leads.state == "fault"
    assert leads.what == "the source reached its compliance of 0.1 V at 0.1 pA: the current cannot flow"
    assert "a lead of the source is open" in leads.do
    assert "the station file says so as well" in leads.do
    link = seen.of("trigger link")
    assert link.state == {"true": "ok", "false": "warning"}[trigger]  # the cable is judged by itself
    assert ("the cable is there" in link.what) == (trigger == "true")


def test_a_meter_that_restarts_is_not_taken_for_a_cable(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    labs: list[Lab] = []
    real = trigger._count

    def restart(*words: object) -> trigger.Trial:
        meter_of(labs[0]).power_cycle()
        return real(*words)  # pyright: ignore[reportArgumentType] - handed on as they come

    monkeypatch.setattr(trigger, "_count", restart)
    found = clinic(labs.append).of("trigger link")
    assert found.state == "warning"
    assert "the voltmeter was switched off and on during the test" in found.what


def test_no_cable_where_there_should_be_one(clinic: Clinic) -> None:
    found = clinic(pull_cable).of("trigger link")
    assert found.state == "fault"
    assert found.what == "delta mode was armed at 0.1 pA, but no readings came in 5 s"
    assert "plug the Trigger Link cable into both" in found.do
    assert "trigger = false" in found.do


def test_a_source_that_restarts_is_not_taken_for_a_cable(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is switched off and on once delta mode is armed; that it was switched on long ago says nothing."""
    labs: list[Lab] = []
    real = trigger._count

    def restart(*words: object) -> trigger.Trial:
        source_of(labs[0]).power_cycle()
        return real(*words)  # pyright: ignore[reportArgumentType] - handed on as they come

    monkeypatch.setattr(trigger, "_count", restart)
    found = clinic(labs.append).of("trigger link")
    assert found.state == "warning"
    assert "switched off and on during the test" in found.what


def test_no_cable_and_none_in_the_station_file(clinic: Clinic, tmp_path: Path) -> None:
    station = station_like("ppms", ("trigger = true", "trigger = false"), folder=tmp_path)
    found = clinic(station=station).of("trigger link")
    assert found.state == "warning"
    assert "without it there is no delta mode" in found.do


def test_lines_that_were_changed_are_named(clinic: Clinic) -> None:
    found = clinic(tell("source", ":TRIG:OLIN 4")).of("trigger link")
    assert found.state == "fault"
    assert "the source sends on line 4" in found.what


def test_both_instruments_are_as_before(clinic: Clinic) -> None:
    odd_source = (
        ":SOUR:DELT:HIGH 2E-5;:SOUR:DELT:LOW -1E-5;:SOUR:DELT:DEL 0.01;:SOUR:DELT:COUN 77",
        ":SOUR:CURR:COMP 3.5;:SOUR:CURR:RANG 2E-3;:SOUR:CURR 1E-3;:TRAC:POIN 50",
    )
    odd_meter = (
        ":SENS:VOLT:NPLC 2.5;:SENS:VOLT:CHAN1:RANG 1;:SENS:VOLT:CHAN1:DFIL 1;:SYST:LSYN 1",
        ":SENS:CHAN 2;:TRIG:DEL 0.25;:SYST:FAZ 0",
    )
    hands = [*(tell("source", text) for text in odd_source), *(tell("voltmeter", text) for text in odd_meter)]
    looked, tested = clinic(*hands, look=True), clinic(*hands)
    assert "the cable is there" in tested.of("trigger link").what
    for role, settings in (("source", SOURCE_SETTINGS), ("voltmeter", meter_settings((1, 2)))):
        before = values(looked.ask, role, settings)
        assert values(tested.ask, role, settings) == before
    assert tested.ask("source", "SOUR:DELT:LOW?") == "-1.000000E-05"
    assert tested.ask("source", "SYST:ERR?").startswith("0,")
    assert tested.ask("voltmeter", "SYST:ERR?").startswith("0,")
    assert tested.ask("voltmeter", "SENS:CHAN?") == "2"


def test_settings_beyond_the_limits_are_brought_back_too(clinic: Clinic, tmp_path: Path) -> None:
    """A 6221 comes up with 10 V of compliance and levels of 1 mA for Delta, whatever the limits are."""
    station = station_like(
        "ppms", ('voltage = "21 V"', 'voltage = "5 V"'), ('current = "100 mA"', 'current = "10 uA"'), folder=tmp_path
    )
    seen = clinic(station=station, sample="cotb2025")
    assert seen.of("source compliance").state == "warning"
    assert seen.of("trigger link").state == "ok"
    assert seen.ask("source", "SOUR:CURR:COMP?") == "10.0000"
    assert seen.ask("source", "SOUR:DELT:LOW?") == "-1.000000E-03"


def test_what_could_not_be_brought_back_is_said(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    real = meter.restoring
    monkeypatch.setattr(meter, "restoring", lambda talk, settings: [*real(talk, settings), ":NO:SUCH 1"])
    doubt = clinic().about("trigger link")[-1]
    assert doubt.state == "warning"
    assert "':NO:SUCH 1' could not be brought back" in doubt.what


def test_readings_that_somebody_has_not_fetched_yet_are_not_erased(clinic: Clinic) -> None:
    def keep(lab: Lab) -> None:
        tell("source", ":SOUR:DELT:HIGH 1E-5;:SOUR:DELT:COUN 4;:TRAC:FEED SENS;:TRAC:POIN 4;:TRAC:FEED:CONT NEXT")(lab)
        tell("source", ":SOUR:DELT:ARM")(lab)
        pause(lab)
        tell("source", ":INIT:IMM")(lab)
        pause(lab)
        tell("source", ":SOUR:SWE:ABOR")(lab)

    seen = clinic(keep)
    assert seen.ask("source", "TRAC:POIN:ACT?") == "4"
    assert "holds 4 readings, which the test would erase" in seen.of("trigger link").what


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (":SOUR:CURR 1E-5;:OUTP 1", "the source's output is on with 10 uA"),
        (":OUTP 1", "output is on, and goes off with the test"),
    ],
)
def test_an_output_that_is_on_is_left_on(clinic: Clinic, message: str, reason: str) -> None:
    seen = clinic(tell("source", message))
    assert reason in " ".join(finding.what for finding in seen.findings)
    assert seen.ask("source", "OUTP?") == "1"


def test_delta_mode_that_is_armed_is_left_armed(clinic: Clinic) -> None:
    seen = clinic(tell("source", ":SOUR:DELT:HIGH 1E-5"), tell("source", ":SOUR:DELT:ARM"), pause)
    assert "armed for Delta" in seen.of("source output").what
    assert seen.of("tests").state == "warning"
    assert seen.ask("source", "SOUR:DELT:ARM?") == "1"


def test_an_open_interlock_is_a_fault_and_ends_nothing_else(clinic: Clinic) -> None:
    def open_lid(lab: Lab) -> None:
        source_of(lab).interlock_closed = False

    seen = clinic(open_lid)
    assert seen.of("interlock").state == "fault"
    assert "interlock is open" in seen.of("trigger link").what
    assert seen.of("line hum 1").state == "ok"
