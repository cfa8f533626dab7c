"""What a plot needs to know of a run beside its rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from instruments.errors import LabError
from labctl.desk.spelling import readable
from labctl.rehearsed import EXPECTED
from labctl.rundir import RunDirectory
from labctl.series_results import is_series


def run_facts(run: str) -> dict[str, Any]:
    """Return what a run is about and what was found in it.

    Args:
        run: Its folder.

    Returns:
        `folder`, `name`, `number`, `procedure`, `sample`, `simulated`, `status`, `parameters` ({name: text}),
        `of_series`: the folder of the series that it belongs to, "" for none,
        `results` and `table` as in result.json, `over` of a series (a list of {name, unit}), `expected`: whether a
        rehearsal left its rows, `processed`: "" or why there is nothing processed, and `files`: those with rows.

    Raises:
        UnknownName: There is no run.
        DataDamaged: A file of it is no JSON.
        UsageError: Another labctl wrote it.
    """
    from labctl.desk.processed import why_not

    directory = RunDirectory.open(Path(run))
    asked = directory.request()
    series = is_series(asked)
    parameters = asked.get("parameters", {})
    name = directory.path.absolute().name
    return {
        "folder": str(directory.path.absolute()),
        "name": name,
        "number": name.split("-", 1)[0],
        "series": series,
        "of_series": _series_of(directory.path.absolute().parent),
        "procedure": str(asked.get("procedure", {}).get("name", "")),
        "sample": str(asked.get("sample", {}).get("name", "")),
        "simulated": bool(asked.get("simulated", False)),
        "status": directory.status(),
        "parameters": {
            key: readable(str(entry.get("text", ""))) for key, entry in parameters.items() if isinstance(entry, dict)
        },
        "results": {} if series else directory.results(),
        "table": [] if series else directory.table(),
        "over": [{"name": axis["name"], "unit": axis["unit"]} for axis in asked.get("over", [])],
        "main_results": list(asked.get("main_results", [])),
        "expected": (directory.path / EXPECTED).is_file(),
        "processed": why_not(directory, asked),
    }


def _series_of(parent: Path) -> str:
    """Return the folder in which a run lies if that is a series, "" otherwise."""
    try:
        return str(parent) if is_series(RunDirectory.open(parent).request()) else ""
    except LabError:  # the usual case: a folder of runs is no run
        return ""
