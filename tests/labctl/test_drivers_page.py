"""docs/drivers.md: its names are those of the drivers, and its example runs."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import Any

import pytest

from instruments.cryostat import Cryostat
from instruments.cryostat_words import CryostatReading
from instruments.keithley2182a import Keithley2182A
from instruments.keithley2182a import Reading as MeterReading
from instruments.keithley2182a_channel import FirstChannel
from instruments.keithley2400 import Keithley2400
from instruments.keithley2400_readings import Reading as SourceMeterReading
from instruments.keithley6221 import Keithley6221
from instruments.sr830 import Reading as LockinReading
from instruments.sr830 import Sr830
from labctl.cli.main import run_command
from tests.sources import ROOT

TEXT = (ROOT / "docs" / "drivers.md").read_text(encoding="utf-8")
KINDS: dict[str, Any] = {
    "source": Keithley6221, "voltmeter": Keithley2182A, "smu": Keithley2400, "lockin": Sr830,
    "cryostat": Cryostat,
}  # fmt: skip
RETURNED = {
    "voltmeter": MeterReading, "smu": SourceMeterReading, "lockin": LockinReading, "cryostat": CryostatReading,
}  # fmt: skip
SECTIONS = re.findall(r"^## `self\.(\w+)`.*?\n(.*?)(?=^## )", TEXT, re.DOTALL | re.MULTILINE)
ROWS = [
    (role, name, meaning)
    for role, section in SECTIONS
    for cell, meaning in re.findall(r"^\| (`.*?`) \| (.*?) \|", section, re.MULTILINE)
    for name in re.findall(r"`([^`]+)`", cell)
]


def test_every_role_has_its_table() -> None:
    assert [role for role, _ in SECTIONS] == list(KINDS)
    assert {role for role, _, _ in ROWS} == set(KINDS)
    assert len(ROWS) >= 35


@pytest.mark.parametrize(("role", "name", "meaning"), ROWS)
def test_a_name_is_one_of_the_driver(role: str, name: str, meaning: str) -> None:
    kind: Any = KINDS[role]
    if name.startswith("ch_1."):
        kind, name = FirstChannel, name.removeprefix("ch_1.")
    word, call, arguments = name.partition("(")
    found = inspect.getattr_static(kind, word)
    if call:
        known = inspect.signature(found).parameters
        assert set(filter(None, arguments.rstrip(")").split(", "))) <= set(known)
    else:
        assert isinstance(found, property)
        assert (found.fset is None) == meaning.startswith("read")
    if role in RETURNED and word in {"reading", "measure"}:
        for part in re.findall(r"`\.(\w+)`", meaning):
            assert hasattr(RETURNED[role], part)


def test_its_example_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (example,) = re.findall(r"^```python\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE)
    (tmp_path / "thermal.py").write_text(example)
    assert run_command(["run", str(tmp_path / "thermal.py"), "--simulate", "--out", str(tmp_path / "runs")]) == 0
    said = capsys.readouterr()
    assert "finished: 2 points" in said.out
    assert said.err == ""
