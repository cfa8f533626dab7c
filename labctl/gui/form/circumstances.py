"""What the panel of a measurement needs to know of the worker, and how it says what is wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from labctl.gui.context import Context


def mounted_instead(context: Context, sample: str) -> str:
    """Return what lies in the worker's simulated cryostat where that is another sample; "" where it is not."""
    lab = (context.link.station or {}).get("lab")
    mounted = str(lab.get("sample") or "") if isinstance(lab, dict) else ""
    return "" if not sample or _name_of(mounted) in {"", _name_of(sample)} else _name_of(mounted)


def not_mounted(context: Context, sample: str) -> str:
    """Say why a sample cannot be measured that is not mounted in the simulated station; "" of one that is."""
    other = mounted_instead(context, sample)
    return other and (
        f"{other} lies in the simulated cryostat, not {_name_of(sample)}: it can be rehearsed; to measure it, start a "
        "lab with it (Sample)"
    )


def _name_of(sample: str) -> str:
    return Path(sample).stem if sample.endswith(".toml") else sample


def place_of(context: Context, sample: str) -> dict[str, Any]:
    """Return where a run would be: `station`, `simulate`, and the file of the worker's simulated `lab`, or None.

    A sample that is not mounted there is looked at, and rehearsed, on a simulated twin of its own.
    """
    lab = (context.link.station or {}).get("lab")
    file = lab.get("file") if isinstance(lab, dict) else lab
    file = None if mounted_instead(context, sample) else file
    return {"station": context.station, "simulate": context.simulate, "lab": file}


def waits(queue: Mapping[str, Any] | None, item: Mapping[str, Any]) -> bool:
    """Return whether an item still waits in a queue."""
    items: Sequence[Mapping[str, Any]] = (queue or {"items": []})["items"]
    return any(each["id"] == item["id"] and each["state"] == "waiting" for each in items)


def in_short(sentence: str, faults: Sequence[Mapping[str, Any]]) -> str:
    """Return the beginning of a sentence that stands below its field as a whole, and all of any other one."""
    below = any(each["field"] and each["sentence"] == sentence for each in faults[:1])
    return sentence.partition("; ")[0] if below else sentence


def runs_of(checked: Mapping[str, Any] | None) -> int | None:
    """Return how many runs a series has by its check, None of a single run and of what is not checked."""
    series = None if checked is None else checked.get("series")
    return None if series is None else int(series["runs"])


def reason(
    fault: str, checked: Mapping[str, Any] | None, *, here: bool, refusal: str, complaint: str, headline: str,
    is_on: bool,
) -> tuple[str, str, str]:  # fmt: skip
    """Return what stands above the buttons, its tone, and all of it where it is cut short.

    Args:
        fault: Why it cannot be put into the queue, "" where it can.
        checked: What the check found, None before.
        here: Whether there is a worker.
        refusal: What the worker answered.
        complaint: What the rehearsal found wrong.
        headline: What it found.
        is_on: Whether the worker is being asked.
    """
    found = checked or {"warnings": [], "faults": []}
    said = in_short(fault, found["faults"]) or ("" if here else "there is no worker yet that could measure it")
    refusal = refusal or ("" if said else complaint)
    notes = ["the worker checks it …"] if is_on else found["warnings"]
    said = refusal or said or " ".join(notes)
    tone = "wrong" if refusal or (fault and checked is not None) else "warn" if said else "quiet"
    return said or headline or clean(found), tone, refusal or fault or said


def clean(checked: Mapping[str, Any]) -> str:
    """Say that nothing is wrong, and of a series how many runs it has."""
    series = checked.get("series")
    runs = "" if series is None else f"{series['runs']} runs, "
    return f"{runs}checked: nothing is wrong with it"
