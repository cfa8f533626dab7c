"""The whole examination: on the shipped stations, over TCP, with instruments that do not answer."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from instruments.clock import ScaledClock
from instruments.errors import NoReply
from labctl.checkup.visit import Way, visit
from labctl.cli.main import run_command
from labctl.station import load_station
from simulators.lab import Lab
from tests.clinic import Clinic, meter_of, source_of, station_like, tell
from tests.served import in_a_thread


@pytest.fixture
def clinic(monkeypatch: pytest.MonkeyPatch) -> Clinic:
    return Clinic(monkeypatch)


def doctor(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, dict[str, Any]]:
    code = run_command(["doctor", *map(str, words), "--json"])
    return code, json.loads(capsys.readouterr().out)


def by_subject(said: dict[str, Any]) -> dict[str, Any]:
    return {finding["subject"]: finding for finding in said["findings"]}


@pytest.mark.parametrize("station", ["ppms", "versalab", "dynacool"])
def test_the_shipped_stations_are_well(clinic: Clinic, station: str) -> None:
    seen = clinic(station=station)
    assert seen.bad() == {}
    assert seen.lab.clock.now() < 60.0
    assert all(not finding.do for finding in seen.findings if finding.subject != "helium")
    assert not any("\n" in finding.what for finding in seen.findings)


@pytest.mark.parametrize("station", ["ppms", "versalab"])
def test_nothing_is_driven_and_nothing_stays_set(clinic: Clinic, station: str) -> None:
    for look in (True, False):
        seen = clinic(station=station, look=look)
        cryostat = seen.lab.cryostat
        assert cryostat.field_setting.field == 0.0
        assert cryostat.temperature_setting.temperature == 300.0
        assert seen.ask("source", "OUTP?") == seen.ask("smu", "OUTP?") == "0"
        assert seen.ask("source", "SOUR:CURR:COMP?") == "10.0000"
        assert seen.ask("voltmeter", "INIT:CONT?") == "1"
        assert seen.lab.wiring.circuit.latest.source == 0.0


def test_over_tcp_in_virtual_time(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with in_a_thread(tmp_path / "lab.json", station="ppms") as served:
        assert served.lab.clock.now() == 0.0
        code, said = doctor(capsys, "--station", "ppms", "--lab", tmp_path / "lab.json", "--out", tmp_path)
    assert code == 0
    findings = by_subject(said)
    assert "SOCKET" in findings["ppms source"]["what"]
    assert "the cable is there" in findings["trigger link"]["what"]
    assert findings["line hum 1"]["state"] == findings["line hum 2"]["state"] == "ok"
    assert findings["ppms cryostat"]["state"] == "ok"


def test_over_tcp_in_flowing_time_with_questions_only(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with in_a_thread(tmp_path / "lab.json", ScaledClock(100.0), station="versalab"):
        words = ("--station", "versalab", "--lab", tmp_path / "lab.json", "--out", tmp_path, "--look-only")
        code, said = doctor(capsys, *words)
    assert code == 0
    findings = by_subject(said)
    assert "behind the source" in findings["meter link"]["what"]
    assert "only questions" in findings["trigger link"]["what"]
    assert findings["MultiVu"]["state"] == "ok"


def test_a_lab_that_lacks_an_instrument(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with in_a_thread(tmp_path / "lab.json") as served:
        line = json.loads(served.file.read_text())
        served.file.write_text(json.dumps({**line, "smu": None}))
        code, said = doctor(capsys, "--station", "ppms", "--lab", served.file, "--out", tmp_path)
    assert code == 2
    (fault,) = [finding for finding in said["findings"] if finding["state"] == "fault"]
    assert "smu (keithley2400" in fault["what"]
    assert "has no smu" in fault["what"] or "no smu" in fault["what"]
    assert by_subject(said)["meter link"]["state"] == "ok"


def test_options_that_mean_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["--lab", "lab.json"], ["--look-only"], ["--simulate"]):
        assert run_command(["doctor", *words]) == 2
        assert "name it with --station" in capsys.readouterr().err
    assert run_command(["doctor", "--station", "ppms", "--simulate", "--lab", "lab.json"]) == 2
    assert "give one of them" in capsys.readouterr().err


def test_a_lab_file_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, said = doctor(capsys, "--station", "ppms", "--lab", tmp_path / "none.json", "--out", tmp_path)
    assert code == 2
    (fault,) = [finding for finding in said["findings"] if finding["state"] == "fault"]
    assert "none.json" in fault["what"]


def test_one_that_does_not_answer_hides_no_other(clinic: Clinic) -> None:
    def silence(lab: Lab) -> None:
        def hear(data: bytes) -> None:
            del data

        lab.devices["source"].write = hear  # pyright: ignore[reportAttributeAccessIssue] - it is switched off

    seen = clinic(silence)
    (fault,) = [finding for finding in seen.findings if finding.state == "fault"]
    assert fault.subject == "station ppms"
    assert "source (keithley6221 at GPIB0::12::INSTR)" in fault.what
    assert seen.of("line hum 1").state == "ok"
    assert seen.of("temperature").state == "ok"
    assert seen.about("meter link") == []


def test_another_instrument_at_an_address(clinic: Clinic, tmp_path: Path) -> None:
    def swap(lab: Lab) -> None:
        lab.devices["source"], lab.devices["voltmeter"] = lab.devices["voltmeter"], lab.devices["source"]

    seen = clinic(swap)
    faults = [finding.what for finding in seen.findings if finding.state == "fault"]
    assert any("MODEL 2182A" in what and "source" in what for what in faults)
    assert any("MODEL 6221" in what and "voltmeter" in what for what in faults)


def test_an_instrument_that_falls_silent_meanwhile_leaves_the_rest_to_be_looked_at(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    def silent(_: object) -> None:
        raise NoReply("6221: asked ':OUTP?', no reply came in 2 s")

    monkeypatch.setattr("labctl.checkup.outputs._source_activity", lambda *_: silent(None))
    seen = clinic()
    assert seen.of("outputs").state == "fault"
    assert "no reply came" in seen.of("outputs").what
    assert seen.of("temperature").state == "ok"
    assert seen.about("limits")


def test_a_station_without_source_or_meter(clinic: Clinic, tmp_path: Path) -> None:
    text = Path("data/stations/ppms.toml").read_text(encoding="utf-8")
    start, end = text.index("[instruments.source]"), text.index("[instruments.cryostat]")
    (tmp_path / "bare.toml").write_text(text[:start] + text[end:], encoding="utf-8")
    seen = clinic(station=load_station(tmp_path / "bare.toml"))
    assert seen.bad() == {}
    assert seen.of("field").state == "ok"


def test_a_test_that_is_given_up_leaves_all_as_it_was(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody presses Ctrl-C in the middle of the hum test."""
    labs: list[Lab] = []

    def keep(lab: Lab) -> None:
        labs.append(lab)

    def interrupt(*_: object) -> list[float]:
        raise KeyboardInterrupt

    monkeypatch.setattr("labctl.checkup.hum._readings", interrupt)
    with pytest.raises(KeyboardInterrupt):
        clinic(tell("voltmeter", ":SENS:VOLT:NPLC 7"), keep)
    assert float(str(meter_of(labs[0]).value("SENS:VOLT:NPLC"))) == 7.0
    assert source_of(labs[0]).flag("OUTP") is False


def test_hardware_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    station = station_like("ppms", ('"@py"', '"@nobody"'), folder=tmp_path)
    (finding,) = visit(station, None, Way())
    assert finding.state == "fault"
    assert all(role in finding.what for role in ("source (", "voltmeter (", "smu (", "cryostat ("))


def test_only_questions_leave_where_only_questions_are_allowed(clinic: Clinic) -> None:
    said: list[bytes] = []

    def listen(lab: Lab) -> None:
        for device in lab.devices.values():

            def hear(data: bytes, write: Callable[[bytes], None] = device.write) -> None:
                said.append(data)
                write(data)

            device.write = hear  # pyright: ignore[reportAttributeAccessIssue] - the test listens in

    clinic(listen, look=True)
    assert len(said) > 30
    headers = [message.strip().partition(b" ")[0].rstrip(b";") for message in said]
    assert [header for header in headers if not header.endswith(b"?")] == []
