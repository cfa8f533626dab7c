"""What a run is called: by its number, and one of a series by that of its series as well."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

_NUMBERED = re.compile(r"(\d{4,})-(?!\d{2}-\d{2}$).")
"""As `labctl.rundir` names folders of runs; a date is none."""


def run_name(folder: str | Path) -> str:
    """Return what a run is called: `0007`, and the fifth run of the series 0007 `0007/0005`.

    Runs of a series are counted from 1 in each series, so their own number alone could be that of another run.

    Args:
        folder: Of the run; only its name and the one above it are looked at.
    """
    folder = Path(folder)
    match, series = _NUMBERED.match(folder.name), _NUMBERED.match(folder.parent.name)
    own = match[1] if match else folder.name
    return f"{series[1]}/{own}" if series else own


def of_series(run: Mapping[str, Any]) -> str:
    """Return which run of a series is on: `0007/0005, 5 of 11`, or `5 of 11` before it has a folder.

    Args:
        run: What the worker tells of the run that is on.
    """
    counted = f"{run['number']} of {run['of']}"
    return f"{run_name(str(run['folder']))}, {counted}" if run.get("folder") else counted


def varied_in(folder: str | Path, parameters: Iterable[str]) -> list[str]:
    """Return which parameters were varied in the series that a run belongs to, as the run's folder is named by them."""
    folder = Path(folder)
    if not _NUMBERED.match(folder.parent.name):
        return []
    return [name for name in parameters if f"-{name}=" in folder.name]
