"""What the doctor says of outputs, shields, compliance and off-states."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.clinic import Clinic, line_of, source_of, station_like, tell

SMU_CABLES = line_of("ppms", "smu")


@pytest.fixture
def clinic(monkeypatch: pytest.MonkeyPatch) -> Clinic:
    return Clinic(monkeypatch)


def test_what_is_in_order(clinic: Clinic) -> None:
    seen = clinic()
    assert seen.of("source output").what == "output off, 0 A set, range 100 mA automatic"
    assert seen.of("source compliance").what == "10 V, within the 21 V of station 'ppms'"
    assert seen.of("shield and earth").what == "inner shield at output low, output low floats"
    assert "leaves the source alone" in seen.of("smu off-state").what
    assert seen.about("tests") == []


def test_a_source_that_drives_is_said_to_first(clinic: Clinic) -> None:
    seen = clinic(tell("source", ":SOUR:CURR 1E-5;:OUTP 1"))
    assert seen.of("source output").state == "warning"
    assert "output on, 10 uA set" in seen.of("source output").what
    assert seen.of("tests").what == "link and hum were not tested: the source's output is on with 10 uA"
    assert seen.ask("source", "SOUR:CURR?") == "1.000000E-05"


def test_a_compliance_above_the_limits(clinic: Clinic) -> None:
    seen = clinic(tell("source", ":SOUR:CURR:COMP 60"))
    assert seen.of("source compliance").state == "warning"
    assert "60 V, above the 21 V of station 'ppms'" in seen.of("source compliance").what


def test_a_compliance_above_what_the_sample_endures(clinic: Clinic) -> None:
    found = clinic(tell("source", ":SOUR:CURR:COMP 18"), sample="cotb2025").of("source compliance")
    assert found.what == "18 V, above the 15 V of sample 'cotb2025'"


def test_a_source_in_compliance(clinic: Clinic) -> None:
    seen = clinic(tell("source", ":SOUR:CURR:COMP 0.1;:SOUR:CURR 1E-2;:OUTP 1"))
    assert "the source is in compliance" in [finding.what for finding in seen.about("source compliance")]


@pytest.mark.parametrize(
    ("message", "advice"),
    [(":OUTP:ISH GUAR", "behind an adapter to BNC"), (":OUTP:LTE 1", "two make a loop")],
)
def test_guard_and_earth(clinic: Clinic, message: str, advice: str) -> None:
    found = clinic(tell("source", message)).of("shield and earth")
    assert found.state == "warning"
    assert advice in found.do


def test_a_guard_whose_cable_goes_through_to_the_sample(clinic: Clinic, tmp_path: Path) -> None:
    through = station_like(
        "ppms", ('low = "I-" }\nvolt', 'low = "I-", triax_to_sample = true }\nvolt'), folder=tmp_path
    )
    assert clinic(tell("source", ":OUTP:ISH GUAR"), station=through).of("shield and earth").state == "ok"


def test_a_hot_source(clinic: Clinic) -> None:
    def heat(lab: object) -> None:
        from simulators.lab import Lab

        assert isinstance(lab, Lab)
        source_of(lab).status.measurement.set(1 << 2, True)

    assert any("too hot" in finding.what for finding in clinic(heat).about("source output"))


def test_a_sourcemeter_in_normal_state_beside_the_source(clinic: Clinic) -> None:
    found = clinic(tell("smu", ":OUTP:SMOD NORM")).of("smu off-state")
    assert found.state == "fault"
    assert "takes its current" in found.what
    assert ":OUTP:SMOD HIMP" in found.do


def test_a_sourcemeter_in_zero_state_beside_the_source(clinic: Clinic) -> None:
    assert clinic(tell("smu", ":OUTP:SMOD ZERO")).of("smu off-state").state == "warning"


def test_a_sourcemeter_by_itself_is_better_normal(clinic: Clinic, tmp_path: Path) -> None:
    station = station_like("ppms", (SMU_CABLES, 'smu = { high = "C", low = "D" }'), folder=tmp_path)
    assert clinic(station=station).of("smu off-state").state == "ok"
    found = clinic(tell("smu", ":OUTP:SMOD HIMP"), station=station).of("smu off-state")
    assert found.state == "warning"
    assert "junction" in found.do


def test_remote_sense_without_leads(clinic: Clinic, tmp_path: Path) -> None:
    station = station_like("ppms", (SMU_CABLES, 'smu = { high = "I+", low = "I-" }'), folder=tmp_path)
    assert clinic(station=station).of("smu sense").what == "local, with two wires"
    found = clinic(tell("smu", ":SYST:RSEN 1"), station=station).of("smu sense")
    assert found.state == "fault"
    assert ":SYST:RSEN 0" in found.do


def test_remote_sense_with_leads(clinic: Clinic) -> None:
    assert clinic(tell("smu", ":SYST:RSEN 1")).of("smu sense").what == "remote, with four wires"


def test_the_sourcemeters_compliance(clinic: Clinic) -> None:
    assert clinic().of("smu compliance").what == "105 uA, within the 100 mA of station 'ppms'"
    current = clinic(tell("smu", ":SENS:CURR:PROT 0.5")).of("smu compliance")
    assert current.what == "500 mA, above the 100 mA of station 'ppms'"
    voltage = clinic(tell("smu", ":SOUR:FUNC CURR;:SENS:VOLT:PROT 60")).of("smu compliance")
    assert voltage.what == "60 V, above the 21 V of station 'ppms'"
