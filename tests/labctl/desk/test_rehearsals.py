"""Rehearsals for a window."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from instruments.errors import Aborted
from labctl.desk import rehearsals
from labctl.desk.loop import Telling
from labctl.desk.rehearsals import rehearse

QUICK = {
    "procedure": "ahe", "sample": "cotb2025", "seed": 1,
    "parameters": {"sweep": "step", "maximum_field": "0.2 T", "field_step": "50 mT"},
}  # fmt: skip


@pytest.fixture(autouse=True)
def no_step_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests' own process keeps its place."""
    monkeypatch.setattr(rehearsals, "step_behind", lambda: None)


class Heard(Telling):
    """What is told; the question is taken back after so many times."""

    def __init__(self, drop_after: int = 1000) -> None:
        self.told: list[Mapping[str, Any]] = []
        self._drop_after = drop_after

    @property
    def dropped(self) -> bool:
        """Whether it was taken back."""
        return len(self.told) >= self._drop_after

    def tell(self, content: Mapping[str, Any]) -> None:
        """Take it in."""
        self.told.append(content)


def test_a_rehearsal_has_a_course_rows_and_results(tmp_path: Path) -> None:
    heard = Heard()
    stands = {"temperature_K": 280.0, "field_T": 0.1, "angle_deg": 0.0}
    found = rehearse(QUICK, "ppms", str(tmp_path), heard, simulate=True, stands=stands, remark="as it stands")
    json.dumps(found, allow_nan=False)
    assert not found["refused"]
    assert found["begins"] == stands
    assert found["remarks"][0] == "as it stands"
    field = found["course"]["field_T"]
    assert field["lowest"][0] == pytest.approx(0.1, abs=2e-3)
    assert (min(field["lowest"]), max(field["highest"])) == (
        pytest.approx(-0.2, abs=3e-3),
        pytest.approx(0.2, abs=3e-3),
    )
    assert 0.9 * found["duration_s"] < field["time_s"][-1] <= found["duration_s"]
    assert sum(found["parts"].values()) == pytest.approx(found["duration_s"])
    with Path(found["rows"]).open(newline="") as file:
        rows = list(csv.reader(line for line in file if not line.startswith("#")))
    assert len(rows) == found["points"] + 1
    assert "coercive_field_up" in found["results"]
    progress = [each["progress"] for each in heard.told]
    assert progress == sorted(progress)
    assert heard.told[-1]["points"] > 0


def test_a_series_is_one_course(tmp_path: Path) -> None:
    asked = {**QUICK, "over": ["maximum_field=0.1, 0.2 T"], "parameters": {"sweep": "step", "field_step": "50 mT"}}
    found = rehearse(asked, "ppms", str(tmp_path), Heard(), simulate=True)
    assert found["count"] == 2
    assert found["times_s"][0] == 0.0
    first, second = (each["duration_s"] for each in found["runs"])
    assert found["times_s"][1] == pytest.approx(first)
    assert found["duration_s"] == pytest.approx(first + second)
    times = found["course"]["field_T"]["time_s"]
    assert times == sorted(times)
    assert times[-1] > found["times_s"][1]


def test_a_refusal_has_no_course_but_its_extremes(tmp_path: Path) -> None:
    asked = {**QUICK, "parameters": {"maximum_field": "12 T"}}
    found = rehearse(asked, "ppms", str(tmp_path), Heard(), simulate=True)
    assert found["refused"]
    assert found["duration_s"] is None
    assert found["rows"] is None
    assert "12 T, above the limit" in found["violations"][0]
    assert found["extremes"]["field"]["max"] == 12.0


def test_a_rehearsal_that_nobody_wants_any_more_ends(tmp_path: Path) -> None:
    heard = Heard(drop_after=2)
    with pytest.raises(Aborted, match="stopped the rehearsal"):
        rehearse(QUICK, "ppms", str(tmp_path), heard, simulate=True)
    assert len(heard.told) <= 3
