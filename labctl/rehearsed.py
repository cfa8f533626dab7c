"""What a rehearsal found: in an object, in the files of a run's folder, and of a series as sums."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from instruments.errors import Refused, WriteFailed
from labctl.expected import NONE, Expected
from labctl.present import shown
from labctl.rundir import SCHEMA
from labctl.time_left import REHEARSAL
from simulators.beginning import Beginning

EXPECTED = "expected.csv"
"""File in a run's folder with the rows of its rehearsal, in the form of data.csv."""

PARTS = ("ramps_s", "settling_s", "measuring_s")


@dataclass(slots=True)
class Rehearsal:
    """What a rehearsal found.

    Attributes:
        duration_s: Time that the run takes, in s; None of one that is refused before it begins.
        points: Rows that it records.
        parts: s of ramps, settling, and measuring.
        extremes: What the sample got, by name: lowest and highest value with their unit, and the limit beside them.
        violations: Each refusal of a limit or of the guard, in a sentence.
        results: What the analysis finds in the rehearsed rows.
        begins: From where it began.
        ends: Where it leaves the station; None of one that is refused before it begins, which leaves it as it was.
        remarks: What whoever relies on it should know.
        status: How the rehearsed run ended.
        error: What ended it, None of one that finished.
        exit_code: What the rehearsed run would have exited with.
        plan: Field, temperature and current against time, as columns.
        expected: What the time went to, and where the run stood when.
        rows: Content of the rehearsed data.csv.
    """

    duration_s: float | None = None
    points: int = 0
    parts: Mapping[str, float] = field(default_factory=dict[str, float])
    extremes: Mapping[str, Any] = field(default_factory=dict[str, Any])
    violations: list[str] = field(default_factory=list[str])
    results: Mapping[str, Any] = field(default_factory=dict[str, Any])
    begins: Mapping[str, float] = field(default_factory=dict[str, float])
    ends: Beginning | None = None
    remarks: list[str] = field(default_factory=list[str])
    status: str = "refused"
    error: str | None = None
    exit_code: int = 0
    plan: Mapping[str, Any] = field(default_factory=dict[str, Any])
    expected: Expected = field(default_factory=lambda: Expected((), NONE))
    rows: bytes = b""

    def to_json(self) -> dict[str, Any]:
        """Return what `labctl rehearse --json` prints."""
        return {
            "duration_s": self.duration_s,
            "parts": dict(self.parts),
            "points": self.points,
            "extremes": dict(self.extremes),
            "violations": list(self.violations),
            "results": dict(self.results),
            "begins": dict(self.begins),
            "ends": None if self.ends is None else shown(self.ends),
            "remarks": list(self.remarks),
            "status": self.status,
            "error": self.error,
        }

    def write(self, folder: Path) -> None:
        """Write rehearsal.json and expected.csv into a run's folder.

        Raises:
            WriteFailed: The operating system does not take them.
        """
        content = {"schema": SCHEMA, **self.to_json(), "plan": self.plan, "times": self.expected.to_json()}
        _write_json(content, folder)
        try:
            (folder / EXPECTED).write_bytes(self.rows)
        except OSError as error:
            raise WriteFailed(f"cannot write the rehearsal to {folder}: {error.strerror}") from error

    def refuse(self, which: str = "") -> None:
        """Raise where the run must not begin.

        Args:
            which: Run of a series that it is, e.g. `run 3 of 5 (field 0.1 T): `.

        Raises:
            Refused: A limit would be violated, or the rehearsed run came to no good end.
        """
        if self.violations:
            more = len(self.violations) - 1
            others = f" (and {more} more: labctl rehearse)" if more else ""
            raise Refused(f"{which}refused by its rehearsal, nothing was sent: {self.violations[0]}{others}")
        if self.status != "finished":
            raise Refused(
                f"{which}refused by its rehearsal, which {_ENDED.get(self.status, self.status)}, nothing was sent: "
                f"{self.error}; measure without --rehearse where the simulated sample is to blame"
            )


_ENDED = {"fault": "ended with a fault", "failed": "failed", "refused": "was refused"}


def span(found: tuple[float, float] | None, unit: str, limit: float | list[float] | None) -> dict[str, Any]:
    """Return an extreme as it is told: lowest and highest value, unit, and limit; None for what is not known."""
    low, high = (None, None) if found is None else found
    return {"min": low, "max": high, "unit": unit, "limit": limit}


def whole(rehearsals: Sequence[Rehearsal]) -> dict[str, Any]:
    """Return what is said of a series: sums and extremes over its runs, and each of them."""
    parts = {name: sum(each.parts.get(name, 0.0) for each in rehearsals) for name in PARTS}
    violations = [
        f"run {number}: {sentence}" for number, each in enumerate(rehearsals, 1) for sentence in each.violations
    ]
    return {
        "duration_s": None
        if any(each.duration_s is None for each in rehearsals)
        else sum(each.duration_s or 0.0 for each in rehearsals),
        "parts": parts,
        "points": sum(each.points for each in rehearsals),
        "extremes": _widest([each.extremes for each in rehearsals]),
        "violations": violations,
        "results": {},
        "begins": dict(rehearsals[0].begins),
        "ends": next((shown(each.ends) for each in reversed(rehearsals) if each.ends is not None), None),
        "remarks": list(dict.fromkeys(remark for each in rehearsals for remark in each.remarks)),
        "status": rehearsals[-1].status,
        "error": next((each.error for each in rehearsals if each.error), None),
        "runs": [each.to_json() for each in rehearsals],
    }


def write_whole(rehearsals: Sequence[Rehearsal], folder: Path) -> None:
    """Write the rehearsal.json of a series.

    Raises:
        WriteFailed: The operating system does not take it.
    """
    _write_json({"schema": SCHEMA, **whole(rehearsals)}, folder)


def _write_json(content: Mapping[str, Any], folder: Path) -> None:
    try:
        text = json.dumps(content, ensure_ascii=False, allow_nan=False) + "\n"
        (folder / REHEARSAL).write_text(text, encoding="utf-8")
    except OSError as error:
        raise WriteFailed(f"cannot write the rehearsal to {folder}: {error.strerror}") from error


def _widest(extremes: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the lowest and the highest of all runs; limits are those of the first."""
    found: dict[str, Any] = {}
    for each in extremes:
        for name, one in each.items():
            known = found.setdefault(name, dict(one))
            lows = [low for low in (known["min"], one["min"]) if low is not None]
            highs = [high for high in (known["max"], one["max"]) if high is not None]
            known["min"], known["max"] = min(lows, default=None), max(highs, default=None)
    return found
