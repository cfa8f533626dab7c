"""Folders of runs, written as a recorder writes them."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

HEADER = "#Procedure: <procedures.ahe.AnomalousHallLoop>\n#Data:\n"
NAMES = ("Time (s)", "Field (T)", "Hall resistance (ohm)", "Branch", "Loop", "Block", "Attempt")
COERCIVE = 0.07


def write_run(
    folder: Path, rows: Sequence[Sequence[object]], *, names: Sequence[str] = NAMES, procedure: str = "ahe",
    parameters: Mapping[str, str] | None = None, results: Mapping[str, Any] | None = None, **more: Any,
) -> Path:  # fmt: skip
    """Write a run's folder, and return it."""
    folder.mkdir(parents=True)
    asked: dict[str, Any] = {
        "schema": 1, "procedure": {"name": procedure, "class": "x:Y"}, "sample": {"name": "S042"}, "simulated": True,
        "parameters": {name: {"value": text, "text": text} for name, text in (parameters or {}).items()}, **more,
    }  # fmt: skip
    (folder / "run.json").write_text(json.dumps(asked), encoding="utf-8")
    (folder / "events.jsonl").write_text('{"event": "state", "state": "finished"}\n', encoding="utf-8")
    (folder / "data.csv").write_text(HEADER + ",".join(names) + "\n" + lines(rows), encoding="utf-8")
    if results is not None:
        content = {"schema": 1, "analysis": {}, "results": results}
        (folder / "result.json").write_text(json.dumps(content), encoding="utf-8")
    return folder


def lines(rows: Sequence[Sequence[object]]) -> str:
    """Rows as text."""
    return "".join(",".join(str(cell) for cell in row) + "\n" for row in rows)


def loop_rows(count: int = 400, *, block: str = "loop=1", attempt: int = 1, start: float = 0.0) -> list[list[object]]:
    """A hysteresis loop, first down."""
    down = np.linspace(0.5, -0.5, count // 2)
    rows: list[list[object]] = []
    for branch, field, switch in (("down", down, -COERCIVE), ("up", -down, COERCIVE)):
        hall = 0.17 + 0.075 * np.tanh((field - switch) / 0.01)
        for at, value in zip(field.tolist(), hall.tolist(), strict=True):
            rows.append([start + 0.1 * len(rows), at, value, branch, 1, block, attempt])
    return rows


RESULTS = {
    "coercive_field_up": {"value": 0.07, "uncertainty": 0.0001, "unit": "T", "of": "this loop"},
    "coercive_field_down": {"value": -0.07, "uncertainty": 0.0001, "unit": "T", "of": "this loop"},
    "polarity": {"value": 1.0, "uncertainty": None, "unit": "1", "of": "this loop"},
    "loop_shift": {"value": None, "uncertainty": None, "unit": "T", "of": "this loop", "why": "unknown"},
}


def write_series(folder: Path, values: Mapping[str, Sequence[float]]) -> Path:
    """Write a series of runs over one or two parameters; the coercive field of each is the sum of what was varied."""
    children: list[dict[str, Any]] = []
    for each in itertools.product(*values.values()):
        set_to = dict(zip(values, each, strict=True))
        name = "-".join([f"{len(children) + 1:04d}", *(f"{key}={value}" for key, value in set_to.items())])
        varied = {key: {"value": value, "text": str(value)} for key, value in set_to.items()}
        children.append({"run": name, "parameters": varied})
        found = {"coercive_field_up": {"value": sum(each), "uncertainty": None, "unit": "T", "of": "this loop"}}
        write_run(folder / name, loop_rows(40), results=found)
    asked = {
        "schema": 1, "kind": "series", "procedure": {"name": "ahe"}, "sample": {"name": "S042"}, "parameters": {},
        "over": [{"name": name, "unit": unit, "values": list(listed), "texts": []}
                 for (name, listed), unit in zip(values.items(), ("T", "K"), strict=False)],
        "children": children, "main_results": ["coercive_field_up"],
    }  # fmt: skip
    (folder / "run.json").write_text(json.dumps(asked), encoding="utf-8")
    return folder
