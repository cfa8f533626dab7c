"""What the panel of a measurement needs to know of the worker, and how it says what is wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from labctl.gui.context import Context


def place_of(context: Context) -> dict[str, Any]:
    """Return where a run would be: `station`, `simulate`, and the file of the worker's simulated `lab`, or None."""
    lab = (context.link.station or {}).get("lab")
    file = lab.get("file") if isinstance(lab, dict) else lab
    return {"station": context.station, "simulate": context.simulate, "lab": file}


def waits(queue: Mapping[str, Any] | None, item: Mapping[str, Any]) -> bool:
    """Return whether an item still waits in a queue."""
    items: Sequence[Mapping[str, Any]] = (queue or {"items": []})["items"]
    return any(each["id"] == item["id"] and each["state"] == "waiting" for each in items)


def in_short(sentence: str, faults: Sequence[Mapping[str, Any]]) -> str:
    """Return the beginning of a sentence that stands below its field as a whole, and all of any other one."""
    below = any(each["field"] and each["sentence"] == sentence for each in faults[:1])
    return sentence.partition("; ")[0] if below else sentence


def clean(checked: Mapping[str, Any]) -> str:
    """Say that nothing is wrong, and of a series how many runs it has."""
    series = checked.get("series")
    runs = "" if series is None else f"{series['runs']} runs, "
    return f"{runs}checked: nothing is wrong with it"
