"""How far the resistance has gone since a run began."""

from __future__ import annotations

from pathlib import Path

import pytest

from labctl.gui.drift import since_start
from labctl.gui.plot.rundata import RunData


def rows(folder: Path, column: str, *values: str) -> RunData:
    lines = ["#Data:", f"Time (s),{column},Block,Attempt", *(f"{n},{value},run,1" for n, value in enumerate(values))]
    (folder / "data.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    data = RunData(folder)
    data.read_on()
    return data


@pytest.mark.parametrize(
    ("values", "value", "tone"),
    [
        (("100.0", "100.5"), "+0.50 %", ""),
        (("100.0", "102.0"), "+2.00 %", "warn"),
        (("100.0", "90.0"), "-10.00 %", "bad"),
        (("nan", "100.0", "nan", "101.5", "nan"), "+1.50 %", "warn"),
        (("nan", "nan"), "–", ""),
        (("100.0", *["nan"] * 120, "100.5", *["nan"] * 200), "+0.50 %", ""),
    ],
)
def test_it_is_told_from_the_first_and_the_last_reading(
    tmp_path: Path, values: tuple[str, ...], value: str, tone: str
) -> None:
    found = since_start(rows(tmp_path, "Longitudinal resistance (ohm)", *values))
    assert (found.value, found.tone) == (value, tone)


def test_a_run_that_does_not_read_it_says_so(tmp_path: Path) -> None:
    assert since_start(rows(tmp_path, "Hall resistance (ohm)", "1.0", "2.0")).note == "not read in this run"
    assert since_start(None) == ("–", "", "")
