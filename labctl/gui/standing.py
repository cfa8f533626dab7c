"""What the station does, in a sentence and a colour, by what its worker says."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from labctl.gui.run_names import of_series
from labctl.gui.words import address_last

MOST = 56
"""Letters of what is measured; all of it stands in the queue."""
FAULTS = ("did not finish",)
"""What a queue says that was paused because something went wrong."""


def headline(run: Mapping[str, Any] | None, queue: Mapping[str, Any] | None) -> tuple[str, str]:
    """Return what the line at the top says, and its tone.

    Args:
        run: What is known of the run that is on, None between runs.
        queue: The queue, None where no worker is there.
    """
    if queue is None:
        return "Looking for the worker of this station …", "quiet"
    taken = next((item for item in queue["items"] if item["state"] == "running"), None)
    if run is None and taken is not None:
        run = {"item": taken["id"], "state": "begins"}  # as soon as nobody else has the station
    if run is not None:
        return _on(run, queue)
    waiting = sum(item["state"] == "waiting" for item in queue["items"])
    then = f"{waiting} {'waits' if waiting == 1 else 'wait'} in the queue" if waiting else "nothing waits"
    why = str(queue.get("why") or "")
    if queue["paused"] and any(word in why for word in FAULTS):
        item, _, fault = why.partition(" did not finish: ")
        return f"FAULT in {item}, safe state reached: {address_last(fault)}", "bad"
    if queue["paused"]:
        return f"Paused: {why or 'nothing begins by itself'}; {then}", "warn"
    return f"Idle; {then}", "good"


def _on(run: Mapping[str, Any], queue: Mapping[str, Any]) -> tuple[str, str]:
    item = next((item for item in queue["items"] if item["id"] == run.get("item")), None)
    what = "a run" if item is None else _cut(what_is_asked(item["asked"]))
    number = f"{of_series(run)}, " if run.get("of", 1) > 1 else ""
    how = {
        "begins": "begins", "rehearses": "is rehearsed before it begins",
        "stands": "STANDS STILL, current at zero, field held", "is summed up": "is summed up",
    }.get(str(run.get("state")), f"{number}{float(run.get('progress') or 0.0):.0%}")  # fmt: skip
    if run.get("state") == "is held":
        how = f"STANDS STILL: {address_last(str(run.get('held')))}"
    if item is not None and item.get("stopping"):
        how = f"is being brought to its safe state, asked for by {item['stopping']}"
    return f"Measuring {what}: {how}", "warn"


def _cut(what: str) -> str:
    """Return what is measured in so few letters that what becomes of it stands beside it."""
    return what if len(what) <= MOST else f"{what[: MOST - 1].rstrip()}…"


def _short(name: str) -> str:
    """Return a name, or that of a file without where it lies: `mine:MyLoop` of `/home/lw/mine.py:MyLoop`."""
    file, colon, rest = name.rpartition(".py:")
    if colon:
        return f"{Path(file).name}:{rest}"
    return Path(name).stem if name.endswith((".toml", ".py")) else name


def what_is_asked(asked: Mapping[str, Any]) -> str:
    """Return in a few words what an item is: `ahe cotb2025 temperature=290 K`."""
    words = [_short(str(asked["procedure"])), _short(str(asked.get("sample") or ""))]
    words += [f"{name}={value}" for name, value in asked.get("parameters", {}).items()]
    words += [str(each) for each in asked.get("over", [])]
    return " ".join(word for word in words if word)
