"""What became of a run whose worker, or whose process, can no longer say so: read from its folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from instruments.errors import LabError
from labctl.rundir import RunDirectory
from labctl.service.items import Item

ENDS = {"finished": 0, "failed": 1, "aborted": 3, "refused": 4, "fault": 5}


def folder_of(item: Item, mark: str) -> Path | None:
    """Return the folder in which an item was begun, None if it was not: then nothing was sent for it.

    Args:
        item: The item.
        mark: What run.json says of it.
    """
    if item.run is not None:
        return Path(item.run)
    for folder in sorted(Path(item.asked.out).glob("*/*"), reverse=True):
        try:
            if RunDirectory(folder).request().get("queue_item") == mark:
                return folder.resolve()
        except LabError:  # a folder of something else, or half written
            continue
    return None


def how_it_stands(folder: Path | None, why: str) -> Mapping[str, Any]:
    """Return how a run ended by what its folder says.

    Args:
        folder: Of the run, None if it has none.
        why: What happened to who knew.

    Returns:
        As `labctl run --json`, with `exit_code`; the status `unbegun` where nothing was measured.
    """
    if folder is None:
        return {"run": None, "status": "unbegun", "error": why, "exit_code": 1}
    directory = RunDirectory(folder)
    events = directory.events()
    status = directory.status()
    last = next((event for event in reversed(events) if event.get("state") == status), {})
    points = last.get("points")
    said = {"run": str(folder), "points": points if isinstance(points, int) else 0}
    if status == "finished":
        done = directory.result_file.exists()
        error = None if done else f"{why}, before it was analysed; `labctl analyse {folder}` does it"
        return {**said, "status": "finished", "error": error, "exit_code": 0 if done else 1}
    ended = status if status in ENDS else "failed"
    return {**said, "status": ended, "error": why, "exit_code": ENDS[ended]}
