"""Folders of runs, written by hand: what a catalogue sees of hundreds of runs needs none to be measured."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from instruments.units import format_quantity

ROWS = "".join(f"{number / 7},{number},loop=1,1\n" for number in range(5))


def write_run(root: Path, number: int, *, day: str = "2026-11-21", **said: Any) -> Path:
    """Write a finished run of five points.

    Args:
        root: Folder that holds the runs.
        number: Of the run.
        day: On which it was begun.
        **said: `procedure`, `sample`, `user`, `tags`, `temperature` in K, `results` {name: (value, unit)}, `state`.
    """
    procedure, sample = said.get("procedure", "ahe"), said.get("sample", "S042")
    folder = root / day / f"{number:04d}-{procedure}-{sample}"
    folder.mkdir(parents=True)
    temperature = said.get("temperature")
    asked: Mapping[str, Any] = {
        "schema": 1, "procedure": {"name": procedure, "class": "procedures.ahe:AnomalousHallLoop"},
        "parameters": {
            "temperature": {
                "value": temperature,
                "text": "stay" if temperature is None else format_quantity(temperature, "K", shown="K", exact=True),
            },
            "sweep": {"value": "continuous", "text": "continuous"},
            "loops": {"value": 2, "text": "2"},
            "amplitudes": {"value": [0.001, 0.002], "text": "1, 2 mA"},
        },
        "station": {"name": "ppms"}, "sample": {"name": sample}, "simulated": False, "user": said.get("user", "LW"),
        "notes": "why", "tags": said.get("tags", []), "begun": f"{day}T12:00:00+00:00", "main_results": ["tmr"],
    }  # fmt: skip
    (folder / "run.json").write_text(json.dumps(asked), encoding="utf-8")
    results = {
        name: {"value": value, "uncertainty": None, "unit": unit, "of": "this loop"}
        for name, (value, unit) in said.get("results", {"tmr": (0.25, "1")}).items()
    }
    (folder / "result.json").write_text(json.dumps({"schema": 1, "results": results}), encoding="utf-8")
    (folder / "data.csv").write_text(f"#x\nField (T),Number,Block,Attempt\n{ROWS}", encoding="utf-8")
    state = {"event": "state", "state": said.get("state", "finished"), "points": 5}
    (folder / "events.jsonl").write_text(json.dumps(state) + "\n", encoding="utf-8")
    return folder
