"""Versions, error queues and power line frequencies, in order and not."""

from __future__ import annotations

from pathlib import Path

import pytest

from instruments.scpi_driver import Identity
from labctl.checkup.instruments import firmware_level, is_older, of_meter, of_source
from simulators.lab import Lab
from simulators.multivu.server import MultiVuServer, MultiVuSettings
from tests.clinic import Clinic, Hand, meter_of, source_of, station_like, tell


@pytest.fixture
def clinic(monkeypatch: pytest.MonkeyPatch) -> Clinic:
    return Clinic(monkeypatch)


@pytest.mark.parametrize(
    ("firmware", "oldest", "older"),
    [
        ("C04  /A02", "C01", False), ("C01/B01", "C01", False), ("B12  /A02", "C01", True), ("A02", "A10", True),
        ("A10/A02", "A10", False), ("D04  /700x", "A03", False), ("A02  /700x", "A03", True), ("?", "C01", False),
    ],
)  # fmt: skip
def test_firmware_is_compared_by_letter_and_number(firmware: str, oldest: str, older: bool) -> None:
    assert is_older(firmware, oldest) is older


def test_firmware_as_instruments_write_it() -> None:
    assert firmware_level("C08/B01") == ("C", 8)
    assert firmware_level("SIMULATED") == ("", 0)


def identity(model: str, firmware: str) -> Identity:
    return Identity("KEITHLEY INSTRUMENTS INC.", model, "1234567", firmware)


def test_a_source_without_external_wave_trigger() -> None:
    assert of_source(identity("6221", "A03  /700x"), "source firmware").state == "ok"
    found = of_source(identity("6221", "A02  /700x"), "source firmware")
    assert found.state == "warning"
    assert "waves" in found.do


def test_meters_by_model() -> None:
    assert of_meter(identity("2182", "A10  /A02"), "meter firmware").state == "ok"
    assert of_meter(identity("2182", "A09  /A02"), "meter firmware").state == "warning"
    assert of_meter(identity("2182A", "C01  /A02"), "meter firmware").state == "ok"


def test_error_queues_are_read_and_said_once(clinic: Clinic) -> None:
    seen = clinic(tell("voltmeter", ":SENS:VOLT:NPLC 100"), tell("source", ":NONSENSE"), tell("source", ":NONSENSE"))
    assert seen.of("voltmeter errors").what == 'its error queue held -222, "Parameter data out of range"'
    assert '-113, "Undefined header" (2 times)' in seen.of("source errors").what
    assert seen.ask("source", "SYST:ERR?").startswith("0,")


def test_error_queues_are_left_alone_where_only_questions_are_allowed(clinic: Clinic) -> None:
    seen = clinic(tell("voltmeter", ":SENS:VOLT:NPLC 100"), look=True)
    assert "left there" in seen.of("voltmeter errors").what
    assert seen.ask("voltmeter", "SYST:ERR?").startswith("-222")


def test_error_queues_are_left_alone_where_somebody_measures(clinic: Clinic) -> None:
    seen = clinic(tell("source", ":SOUR:CURR 1E-5;:OUTP 1"), tell("voltmeter", ":SENS:VOLT:NPLC 100"))
    assert "when nobody measures" in seen.of("voltmeter errors").do
    assert seen.ask("voltmeter", "SYST:ERR?").startswith("-222")


def line(role: str) -> Hand:
    def hand(lab: Lab) -> None:
        for device in (source_of(lab),) if role == "source" else (meter_of(lab),):
            device.line_frequency = 60.0

    return hand


@pytest.mark.parametrize("role", ["source", "voltmeter"])
def test_power_lines(clinic: Clinic, role: str) -> None:
    assert clinic().of("power line").what == "50 Hz for source, voltmeter, smu, as the station file says"
    found = clinic(line(role)).of("power line")
    assert found.state == "warning"
    assert found.what == f"the {role} counts with a power line of 60 Hz, the station file says 50 Hz"


def serving(monkeypatch: pytest.MonkeyPatch, settings: MultiVuSettings) -> None:
    real = Lab.multivu_server

    def other(lab: Lab, given: MultiVuSettings = settings) -> MultiVuServer:
        return real(lab, given)

    monkeypatch.setattr(Lab, "multivu_server", other)


def test_multivu_in_order(clinic: Clinic) -> None:
    assert clinic(station="versalab").of("MultiVu").state == "ok"


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (MultiVuSettings(version="2.1.0"), "another series"),
        (MultiVuSettings(flags="s"), "only plays a cryostat"),
    ],
)
def test_multivu_of_another_kind(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch, settings: MultiVuSettings, words: str
) -> None:
    serving(monkeypatch, settings)
    found = [finding for finding in clinic(station="versalab").about("MultiVu") if finding.state == "warning"]
    assert any(words in finding.what for finding in found)


def test_a_server_that_belongs_to_another_machine(clinic: Clinic, tmp_path: Path) -> None:
    """The lab is a VersaLab's; the station file is made to say DynaCool behind its back."""
    station = station_like("versalab", folder=tmp_path)
    other = station.simulation.model_copy(update={"machine": "dynacool_9t"})

    def swap(lab: Lab) -> None:
        object.__setattr__(station, "simulation", other)

    found = [finding for finding in clinic(swap, station=station).about("MultiVu") if finding.state == "fault"]
    assert found[0].what == "the server belongs to a VERSALAB, the station's machine is a DYNACOOL"
