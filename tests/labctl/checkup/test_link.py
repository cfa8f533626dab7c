"""Which wiring source and meter have: each in the simulator, with what the doctor says of it."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest

from labctl.station import Station
from simulators.lab import Lab
from tests.clinic import Clinic, Hand, line_of, meter_of, source_of, station_like, tell

LINKED = line_of("ppms", "meter_link")


@pytest.fixture
def clinic(monkeypatch: pytest.MonkeyPatch) -> Clinic:
    return Clinic(monkeypatch)


def set_to(interface: Literal["GPIB", "RS-232", "both"]) -> Hand:
    def hand(lab: Lab) -> None:
        meter_of(lab).interface = interface

    return hand


def baud(speed: int) -> Hand:
    def hand(lab: Lab) -> None:
        meter_of(lab).serial_baud = speed

    return hand


def without_link(folder: Path) -> Station:
    return station_like("ppms", (LINKED, ""), folder=folder)


def test_a_gateway_has_both_wirings_at_once(clinic: Clinic) -> None:
    seen = clinic()
    assert seen.bad() == {}
    assert "answers at GPIB0::7::INSTR and behind the source (2182A, firmware C04" in seen.of("meter link").what
    assert "only a gateway or the simulator" in seen.of("meter link").what
    assert seen.of("trigger link").what == "delta mode at 0.1 pA gave 3 readings: the cable is there"
    assert seen.of("source RS-232").what == "19200 baud, terminator LF"


def test_a_meter_at_its_own_address_without_a_link_in_the_station_file(clinic: Clinic, tmp_path: Path) -> None:
    seen = clinic(set_to("GPIB"), station=without_link(tmp_path))
    assert seen.bad() == {}
    found = seen.of("meter link").what
    assert "direct current works, delta modes do not; the station file says nothing of a link" in found
    assert seen.about("trigger link") == []


def test_a_meter_at_its_own_address_where_the_station_file_says_that_it_is_linked(clinic: Clinic) -> None:
    seen = clinic(set_to("GPIB"))
    found = seen.of("meter link")
    assert found.state == "warning"
    assert "not behind the source: direct current works, delta modes do not" in found.what
    assert "RS-232 and 19.2 kbaud at the meter's front panel" in found.do
    assert "null-modem" in found.do
    assert "serial = false" in found.do
    assert "has to be behind the source" in seen.of("trigger link").what


def test_a_meter_behind_the_source_is_dead_at_its_address(clinic: Clinic) -> None:
    seen = clinic(set_to("RS-232"))
    found = seen.of("meter link")
    assert found.state == "fault"
    assert "GPIB0::7::INSTR is dead" in found.what
    assert "ahe" in found.what  # shipped, and reads the meter at its address
    assert "delta, pulse delta and differential conductance work" in found.what
    assert found.do == "for those, set GPIB at the meter's front panel"
    assert seen.bad() == {"meter link": "fault"}  # its silence at its own address is said once, here
    assert seen.of("trigger link").state == "ok"
    assert seen.of("line hum 1").state == "ok"  # measured through the source


def test_a_trigger_link_alone_makes_no_delta_mode(clinic: Clinic, tmp_path: Path) -> None:
    station = station_like("ppms", (LINKED, "meter_link = { serial = false, trigger = true }"), folder=tmp_path)
    found = clinic(set_to("GPIB"), station=station).of("meter link")
    assert found.state == "warning"
    assert "delta modes do not, for which alone the Trigger Link cable of the station file is of use" in found.what
    assert "write trigger = false" in found.do


def test_a_meter_behind_the_source_that_no_procedure_reads(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("labctl.discovery.procedures", dict[str, object])
    assert clinic(set_to("RS-232")).of("meter link").state == "warning"


def test_a_station_file_that_says_nothing_of_a_link(clinic: Clinic, tmp_path: Path) -> None:
    station = station_like("ppms", (LINKED, ""), folder=tmp_path)
    found = clinic(set_to("GPIB"), station=station).of("meter link")
    assert found.state == "ok"
    assert "says nothing of a link" in found.what
    station = station_like("ppms", (LINKED, "meter_link = { serial = false }"), folder=tmp_path)
    assert clinic(set_to("GPIB"), station=station).of("meter link").what.endswith("as the station file says")


def test_a_meter_behind_the_source_of_which_the_station_file_knows_nothing(clinic: Clinic, tmp_path: Path) -> None:
    station = station_like("ppms", (LINKED, "meter_link = { serial = false, trigger = false }"), folder=tmp_path)

    def plug(lab: Lab) -> None:
        from simulators.links import SerialCable, TriggerCable

        SerialCable(source_of(lab).serial_port, meter_of(lab).serial_port)
        TriggerCable(source_of(lab), meter_of(lab))

    seen = clinic(set_to("RS-232"), plug, station=station)
    assert seen.of("meter link").state == "fault"
    assert "write serial = true under [cables.meter_link]" in seen.of("meter link").do
    assert seen.of("trigger link").state == "warning"
    assert "write trigger = true" in seen.of("trigger link").do


def test_a_meter_that_is_nowhere(clinic: Clinic) -> None:
    seen = clinic(set_to("RS-232"), baud(9600))
    found = seen.of("meter link")
    assert found.state == "fault"
    assert "neither at GPIB0::7::INSTR nor behind the source" in found.what
    assert "19.2 kbaud" in found.do
    assert [finding.subject for finding in seen.findings if finding.state == "fault"] == ["meter link"]


def test_a_meter_that_hears_another_speed_says_so_where_it_can_be_asked(clinic: Clinic) -> None:
    seen = clinic(baud(9600))
    assert seen.of("meter link").state == "warning"
    assert seen.of("baud rate").state == "fault"
    assert "Framing error" in seen.of("baud rate").what
    assert "set the meter to 19200 baud" in seen.of("baud rate").do


def test_a_source_at_an_unusual_speed_is_said_to_be(clinic: Clinic) -> None:
    seen = clinic(baud(9600), tell("source", ":SYST:COMM:SER:BAUD 9600"))
    assert seen.of("source RS-232").state == "warning"
    assert "9600 baud" in seen.of("source RS-232").what
    assert seen.of("trigger link").state == "ok"  # both are alike, and that is what counts


def test_a_port_that_is_the_computers_has_no_meter(clinic: Clinic) -> None:
    seen = clinic(tell("source", ":SYST:COMM:SEL SER"))
    assert seen.about("source RS-232")[0].state == "fault"
    assert "the computer's" in seen.about("source RS-232")[0].what


@pytest.mark.parametrize(("interface", "subject"), [("both", "meter firmware"), ("RS-232", "meter link")])
def test_firmware_that_knows_nothing_of_a_6221(
    clinic: Clinic, interface: Literal["both", "RS-232"], subject: str
) -> None:
    def old(lab: Lab) -> None:
        meter_of(lab)._firmware = "B05  /A02"

    found = clinic(set_to(interface), old).of(subject)
    assert found.state != "ok"
    assert "B05" in found.what
    assert "C01 or later" in found.do


def test_who_measures_is_left_alone_and_a_silent_meter_is_named_all_the_same(clinic: Clinic) -> None:
    seen = clinic(set_to("RS-232"), tell("source", ":SOUR:CURR 1E-5;:OUTP 1"))
    assert seen.of("voltmeter").state == "fault"
    assert "was not looked for behind the source" in seen.of("voltmeter").what
    assert seen.ask("source", "OUTP?") == "1"


def test_only_questions(clinic: Clinic) -> None:
    seen = clinic(set_to("RS-232"), look=True)
    assert "the meter is behind the source: delta" in seen.of("meter link").what  # nobody was asked for a name
    assert "only questions" in seen.of("trigger link").what
    assert "only questions" in seen.of("line hum").what
