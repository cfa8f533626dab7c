"""What a program does not notice, and the run does: refused messages, and an instrument that lost its power."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from labctl import figures
from labctl.pytest_plugin import SimulatedRun, SimulatedStation
from labctl.station import Station, load_station

HEAD = """\
import time

import pyvisa
from pymeasure.experiment import Procedure


class P(Procedure):
    DATA_COLUMNS = ["I (A)", "V (V)"]

    def execute(self):
        manager = pyvisa.ResourceManager()
        source = manager.open_resource("GPIB0::12::INSTR")
        meter = manager.open_resource("GPIB0::7::INSTR")
        smu = manager.open_resource("GPIB0::24::INSTR")
"""


@pytest.fixture(autouse=True)
def _quick_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(figures, "save", lambda _, path: path.write_bytes(b"drawn"))


@pytest.fixture
def simulated(tmp_path: Path) -> SimulatedStation:
    return SimulatedStation(tmp_path / "runs")


def carried_out(simulated: SimulatedStation, tmp_path: Path, body: str, station: Any = "ppms") -> SimulatedRun:
    (tmp_path / "p.py").write_text(HEAD + "".join(f"        {line}\n" for line in body.splitlines()))
    return simulated(str(tmp_path / "p.py"), station=station, check=False)


SWALLOWS = """\
source.write("SOUR:CURR:COMP 1;:SOUR:CURR 1e-4;:OUTP 1")
for current in (1e-4, 5e-4, 1e-3):
    try:
        source.write(f"SOUR:CURR {current}")
    except Exception:
        pass
    self.emit("results", {"I (A)": current, "V (V)": float(meter.query("READ?"))})
"""


def test_a_program_that_passes_over_refusals_does_not_end_well(simulated: SimulatedStation, tmp_path: Path) -> None:
    run = carried_out(simulated, tmp_path, SWALLOWS)
    assert run.status == "refused"
    assert run.result.error is not None
    assert run.result.error.startswith("2 messages were kept back by a limit and the procedure went on")
    assert "the first: the source at GPIB0::12::INSTR: the current would be 500 uA" in run.result.error
    assert len(run.rows) == 3  # they are kept
    events = [json.loads(line) for line in (run.path / "events.jsonl").read_text().splitlines()]
    assert [event["messages"] for event in events if event["event"] == "refused"] == [2]


WAITS = """\
source.write("SOUR:CURR:COMP 1;:SOUR:CURR 1e-4;:OUTP 1")
for _ in range(6):
    time.sleep(5)
    self.emit("results", {"I (A)": 1e-4, "V (V)": float(meter.query("READ?"))})
"""


def losing_power(role: str) -> Station:
    data: dict[str, Any] = load_station("ppms").snapshot()
    data["simulation"]["events"] = [{"at": 12.0, "what": "power cycle", "instrument": role}]
    return Station.model_validate(data)


@pytest.mark.parametrize("role", ["source", "voltmeter", "smu"])
def test_an_instrument_that_lost_its_power_is_a_fault_of_the_run(
    simulated: SimulatedStation, tmp_path: Path, role: str
) -> None:
    run = carried_out(simulated, tmp_path, WAITS, losing_power(role))
    assert run.status == "fault"
    assert run.result.error is not None
    assert run.result.error.startswith(f"the {role} was switched off and on, or lost its power, after")
    assert len(run.rows) == 6


def test_one_that_was_on_all_the_time_is_none(simulated: SimulatedStation, tmp_path: Path) -> None:
    assert carried_out(simulated, tmp_path, WAITS).status == "finished"


def test_a_sourcemeter_may_be_used_as_it_is_found(simulated: SimulatedStation, tmp_path: Path) -> None:
    """Without *RST: the guard has asked for the settings that it depends on."""
    body = """\
smu.write("SOUR:FUNC VOLT;:SOUR:VOLT:RANG 0.2;:SENS:CURR:PROT 2e-4;:SENS:FUNC 'CURR'")
smu.write("OUTP ON")
smu.write("SOUR:VOLT 0.01")
volts, amperes, *_ = map(float, smu.query("READ?").split(","))
self.emit("results", {"I (A)": amperes, "V (V)": volts})
"""
    run = carried_out(simulated, tmp_path, body)
    assert run.status == "finished", run.result.error
    assert run.rows["V (V)"].tolist() == [0.01]


def test_and_what_is_found_is_held_to_the_limits(simulated: SimulatedStation, tmp_path: Path) -> None:
    """A source as it comes up has a compliance of 10 V."""
    data: dict[str, Any] = load_station("ppms").snapshot()
    data["limits"]["voltage"] = 5.0
    run = carried_out(simulated, tmp_path, 'source.write("OUTP ON")', Station.model_validate(data))
    assert run.status == "refused"
    assert run.result.error is not None
    assert "the compliance, as it is set, would be 10 V" in run.result.error


def test_a_class_that_says_nothing_of_itself_is_called_by_its_name(simulated: SimulatedStation, tmp_path: Path) -> None:
    from labctl.procedures import load_procedure

    (tmp_path / "p.py").write_text(HEAD)
    assert load_procedure(str(tmp_path / "p.py")).summary() == "P"
