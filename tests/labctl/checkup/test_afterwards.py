"""The doctor's last look: who fell silent, lost its power or is set otherwise than before, at whatever moment."""

from __future__ import annotations

from pathlib import Path

import pytest

from labctl.checkup import afterwards
from simulators.faults import Fault, FaultKind
from simulators.lab import Lab
from tests.clinic import Clinic, meter_of, on_the_wire, power_cut, station_like, tell

TESTED_AT = (0.3, 0.5, 1.0, 2.0, 4.0, 6.0, 8.0, 10.0, 12.0)
"""s; from the first test to the last one of an examination."""


@pytest.fixture
def clinic(monkeypatch: pytest.MonkeyPatch) -> Clinic:
    return Clinic(monkeypatch)


def test_who_is_well_is_said_to_be(clinic: Clinic) -> None:
    seen = clinic()
    assert seen.findings[-1] == seen.of("afterwards")
    assert seen.of("afterwards").what == (
        "source, voltmeter, smu, lockin, cryostat: each still answers, was not switched off and on meanwhile as far as "
        "it says, and is set as before"
    )


@pytest.mark.parametrize("role", ["source", "voltmeter", "smu", "cryostat"])
@pytest.mark.parametrize("at", TESTED_AT)
def test_an_instrument_that_falls_silent_is_a_fault_whenever_it_does(clinic: Clinic, role: str, at: float) -> None:
    seen = clinic(on_the_wire(role, Fault("silent", start=at)))
    (last,) = [finding for finding in seen.about("afterwards") if finding.state != "ok"]
    assert last.state == "fault"
    assert last.what.startswith(f"the {role} does not answer any more as it did: ")
    assert "no reply came" in last.what
    assert seen.lab.clock.now() < 100.0  # it is not waited for once for each setting


@pytest.mark.parametrize("role", ["source", "voltmeter", "smu"])
@pytest.mark.parametrize("at", TESTED_AT)
def test_an_instrument_that_loses_its_power_is_a_fault_whenever_it_does(clinic: Clinic, role: str, at: float) -> None:
    seen = clinic(power_cut(role, at))
    (last,) = [finding for finding in seen.about("afterwards") if finding.state != "ok"]
    assert last.state == "fault"
    assert last.what == f"the {role} was switched off and on, or lost its power, during this examination"
    assert [finding.subject for finding in seen.findings if finding.state == "fault"] == ["afterwards"]


@pytest.mark.parametrize("kind", ["previous", "doubled", "truncated", "stuck high"])
@pytest.mark.parametrize("at", [0.1, *TESTED_AT])
def test_replies_without_sense_are_no_findings(clinic: Clinic, kind: FaultKind, at: float) -> None:
    seen = clinic(on_the_wire("source", Fault(kind, line=2, start=at)))
    assert any(finding.state == "fault" for finding in seen.findings)
    port = seen.about("source RS-232")
    assert all(finding.what == "19200 baud, terminator LF" for finding in port)
    assert not any("\n" in finding.what for finding in seen.findings)


@pytest.mark.parametrize("kind", ["previous", "doubled"])
def test_a_reply_without_sense_is_said_to_be_one(clinic: Clinic, kind: FaultKind) -> None:
    seen = clinic(on_the_wire("source", Fault(kind, start=0.1)))
    assert any("a reply made no sense: " in finding.what for finding in seen.findings)


def test_an_output_of_which_nobody_says_that_it_is_off_is_a_fault(clinic: Clinic) -> None:
    found = clinic(on_the_wire("source", Fault("silent", start=1.0))).about("source output")[-1]
    assert found.state == "fault"
    assert "0 A and output off were sent, but nobody confirms it" in found.what
    assert "front panel" in found.do


def test_a_meter_behind_the_source_is_asked_as_well(clinic: Clinic) -> None:
    def alone(lab: Lab) -> None:
        meter_of(lab).interface = "RS-232"

    assert "source, smu, voltmeter, lockin, cryostat" in clinic(alone).of("afterwards").what
    (last,) = [finding for finding in clinic(alone, power_cut("voltmeter", 20.0)).about("afterwards")
               if finding.state != "ok"]  # fmt: skip
    assert last.what.startswith("the voltmeter was switched off and on")


def test_what_is_set_otherwise_is_named(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    labs: list[Lab] = []
    real = afterwards.Afterwards.compare

    def meddle(this: afterwards.Afterwards) -> object:
        tell("source", ":SOUR:CURR:COMP 3")(labs[0])
        return real(this)

    monkeypatch.setattr(afterwards.Afterwards, "compare", meddle)
    seen = clinic(labs.append)
    (changed,) = [finding for finding in seen.about("afterwards") if finding.state != "ok"]
    assert changed.state == "warning"
    assert changed.what == "the source is not set as before: :SOUR:CURR:COMP was 10.0000, is 3.0000"


@pytest.mark.parametrize("look", [True, False])
def test_where_nothing_may_be_changed_no_event_is_taken_away(clinic: Clinic, look: bool) -> None:
    hands = () if look else (tell("source", ":SOUR:CURR 1E-5;:OUTP 1"),)
    seen = clinic(*hands, look=look)
    assert "meanwhile" not in seen.of("afterwards").what
    assert ("set as before" in seen.of("afterwards").what) == look
    assert seen.ask("smu", "*ESR?") == "128"
    assert seen.ask("voltmeter", "*ESR?") == "128"


def test_a_station_of_others_is_asked_as_well(clinic: Clinic, tmp_path: Path) -> None:
    assert "cryostat: each still answers" in clinic(station="versalab").of("afterwards").what
    station = station_like("ppms", folder=tmp_path)
    assert clinic(station=station).bad() == {}
