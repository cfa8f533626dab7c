"""The pyvisa backend `@labctl`: other people's programs, unchanged, on a simulated station."""

from __future__ import annotations

import builtins
import os
import subprocess
import sys
from collections.abc import Iterator
from inspect import signature
from pathlib import Path
from typing import Any

import pytest
import pyvisa

from instruments.errors import BadValue, UnknownName
from labctl import program_lab

HALL = """
import time
from time import sleep

from pymeasure.instruments.keithley import Keithley2182, Keithley6221

source = Keithley6221(12)
meter = Keithley2182("GPIB0::7::INSTR", read_termination="\\n")
source.source_compliance = 1.0
source.source_enabled = True
meter.channel_function = "voltage"
meter.ch_1.voltage_range = 0.01
start = time.time()
for current in (1e-4, -1e-4):
    source.source_current = current
    sleep(3600)
    print(repr(meter.voltage))
source.source_enabled = False
print(time.time() - start)
"""
"""A pymeasure program as somebody may have it on disk."""

PLAIN = """
import asyncio
import threading
import pyvisa

manager = pyvisa.ResourceManager()
print(manager.list_resources())
ppms = manager.open_resource("GPIB0::15::INSTR")
ppms.timeout = 5000

def field():
    return float(ppms.query("GETDAT? 4").rstrip(";").split(",")[2])

def ramp(oersted):
    from time import monotonic, sleep  # the program is on its way already
    ppms.write(f"FIELD {oersted} 100 0 1")
    end = monotonic() + 60
    while monotonic() < end:
        sleep(0.5)
    print(field())

ramp(1000)
ppms.write("FIELD 0 100 0 1")
while abs(field()) > 1:
    pass
print(field())
threading.Event().wait(0.01)
asyncio.run(asyncio.sleep(0.01))
"""


def run_script(folder: Path, text: str, library: str = "ppms@labctl", **environment: str) -> subprocess.Popen[str]:
    """Start a program in a folder of its own, with the environment that turns it into a simulation."""
    script = folder / "theirs.py"
    script.write_text(text)
    return subprocess.Popen(
        [sys.executable, script],
        cwd=folder,
        env={**os.environ, "PYVISA_LIBRARY": library, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(process: subprocess.Popen[str]) -> list[str]:
    """The lines that a program has printed; it must not have complained."""
    printed, complaints = process.communicate(timeout=120)
    assert process.returncode == 0, complaints
    assert complaints == ""
    return printed.splitlines()


def test_a_pymeasure_program_reads_the_samples_hall_voltage_in_lab_time_and_the_same_each_time(tmp_path: Path) -> None:
    processes = [run_script(tmp_path, HALL, LABCTL_SEED="1") for _ in range(2)]
    first, second = (ended(process) for process in processes)
    assert first == second
    plus, minus, took = map(float, first)
    assert (plus - minus) / 2e-4 == pytest.approx(0.245, rel=0.03)  # amplitude, and the leads' misalignment
    assert 7200 < took < 7210


def test_a_plain_pyvisa_program_sees_the_instruments_and_its_waiting_moves_the_lab(tmp_path: Path) -> None:
    lines = ended(run_script(tmp_path, PLAIN, library="@labctl"))
    assert (
        lines[0] == "('GPIB0::12::INSTR', 'GPIB0::7::INSTR', 'GPIB0::24::INSTR', 'GPIB0::8::INSTR', 'GPIB0::15::INSTR')"
    )
    assert float(lines[1]) == pytest.approx(1000, abs=1)
    assert float(lines[2]) == pytest.approx(0, abs=1)


def test_a_station_that_does_not_exist_is_one_sentence(tmp_path: Path) -> None:
    process = run_script(tmp_path, "import pyvisa\npyvisa.ResourceManager()", library="pppms@labctl")
    _, complaints = process.communicate(timeout=120)
    assert process.returncode == 1
    assert "there is no station file 'pppms'; did you mean 'ppms'?" in complaints.splitlines()[-1]


# ---- in this process, on the wall clock, so that nothing of the test's own time is bound


@pytest.fixture
def fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(program_lab, "_process", program_lab._Process())
    monkeypatch.setenv("LABCTL_CLOCK", "wall")
    monkeypatch.delenv("PYVISA_LIBRARY", raising=False)
    yield
    program_lab._process.bound.close()


def opened(manager: pyvisa.ResourceManager, name: str) -> Any:
    return manager.open_resource(name, read_termination="\n", write_termination="\n")


@pytest.mark.usefixtures("fresh")
def test_managers_of_one_station_share_its_lab_and_outlive_each_other() -> None:
    one, two, other = (pyvisa.ResourceManager(f"{name}@labctl") for name in ("ppms", "", "versalab"))
    source = opened(one, "GPIB0::12::INSTR")
    same = opened(two, "GPIB0::12::INSTR")
    source.write(":SOUR:CURR 2e-3")
    assert float(same.query(":SOUR:CURR?")) == 2e-3
    one.close()
    assert float(same.query(":SOUR:CURR?")) == 2e-3
    assert float(opened(other, "GPIB0::12::INSTR").query(":SOUR:CURR?")) == 0.0
    again = pyvisa.ResourceManager("ppms@labctl")
    assert float(opened(again, "GPIB0::12::INSTR").query(":SOUR:CURR?")) == 2e-3
    for manager in (two, other, again):
        manager.close()


@pytest.mark.usefixtures("fresh")
def test_a_reply_that_one_session_has_not_read_is_still_there_for_another() -> None:
    one, two = (pyvisa.ResourceManager("ppms@labctl") for _ in range(2))
    opened(one, "GPIB0::12::INSTR").write("*IDN?")
    assert "6221" in opened(two, "GPIB0::12::INSTR").read()
    one.close()
    two.close()


@pytest.mark.usefixtures("fresh")
def test_a_station_file_of_ones_own_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from labctl import paths

    text = paths.station_files()["ppms"].read_text().replace("GPIB0::12::INSTR", "GPIB0::13::INSTR")
    (tmp_path / "mine.toml").write_text(text)
    manager = pyvisa.ResourceManager(f"{tmp_path / 'mine.toml'}@labctl")
    assert "GPIB0::13::INSTR" in manager.list_resources()
    with pytest.raises(pyvisa.VisaIOError, match="NFOUND"):
        opened(manager, "GPIB0::12::INSTR")
    monkeypatch.chdir(tmp_path)
    assert (
        program_lab.open_library("./mine.toml")._ports is program_lab.open_library(str(tmp_path / "mine.toml"))._ports
    )
    manager.close()


@pytest.mark.usefixtures("fresh")
@pytest.mark.parametrize(
    ("variable", "value", "error"),
    [
        ("LABCTL_SAMPLE", "cotb2052", UnknownName),
        ("LABCTL_SEED", "-1", BadValue),
        ("LABCTL_SEED", "1.5", BadValue),
        ("LABCTL_SAMPLE_SEED", "x", BadValue),
        ("LABCTL_CLOCK", "sand", BadValue),
    ],
)
def test_what_is_wrong_in_the_environment_is_named(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, error: type[Exception]
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(error) as caught:
        pyvisa.ResourceManager("ppms@labctl")
    assert value in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.usefixtures("fresh")
def test_a_package_in_the_way_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("labctl.guarding.in_the_way", lambda: "somebody stands in the way")
    with pytest.raises(RuntimeError, match="somebody stands in the way"):
        pyvisa.ResourceManager("ppms@labctl")


def test_pyvisa_info_can_ask_what_it_is() -> None:
    backend: Any = pyvisa.highlevel.get_wrapper_class("labctl")
    assert "ppms" in backend.get_library_paths()
    assert "ppms" in backend.get_debug_info()["Stations"]


def test_importing_by_hand_takes_what_pythons_own_takes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__
    monkeypatch.setattr(program_lab, "_process", program_lab._Process())
    program_lab._bind_later_imports([tmp_path])
    try:
        assert builtins.__import__ is not real
        assert list(signature(builtins.__import__).parameters) == list(signature(real).parameters)
        assert __import__("os.path", globals=None, locals=None, fromlist=["join"], level=0) is os.path
    finally:
        program_lab._process.bound.close()
    assert builtins.__import__ is real
