"""What a row of the queue says, and what can be done with it."""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from labctl.gui import words
from labctl.gui.queue_times import Foreseen, Row

Item = Mapping[str, Any]

WORDS = {
    "waiting": "waits", "next": "next", "begins": "begins", "rehearses": "is rehearsed", "running": "is on",
    "stands": "stands still", "is held": "stands still", "is summed up": "is summed up", "stopping": "is stopped",
    "finished": "finished", "failed": "failed", "aborted": "aborted", "refused": "refused", "fault": "fault",
    "skipped": "skipped",
}  # fmt: skip
"""How it stands -> how that is said."""
TONES = {
    "next": "text", "begins": "accent", "rehearses": "accent", "running": "accent", "stands": "warn",
    "is held": "warn", "is summed up": "accent", "stopping": "warn", "finished": "good", "failed": "bad",
    "aborted": "warn", "refused": "bad", "fault": "bad",
}  # fmt: skip
"""How it stands -> the theme's colour for that; `quiet` of all others."""
OVER = frozenset({"finished", "failed", "aborted", "refused", "fault", "skipped"})
AGAIN = OVER - {"finished"}


def stands(item: Item, run: Mapping[str, Any] | None, *, first: bool) -> str:
    """Return how an item stands, a key of `WORDS`.

    Args:
        item: Of the queue.
        run: How far the run is that is on.
        first: Whether it is the one that begins next.
    """
    state = str(item["state"])
    if state == "waiting":
        return "next" if first else state
    if state != "running":
        return state
    if item.get("stopping"):
        return "stopping"
    here = run if run is not None and run.get("item") == item["id"] else {}
    said = str(here.get("state") or state)
    return said if said in WORDS else state


def asked_for(asked: Mapping[str, Any]) -> str:
    """Return the parameters that were given, and what is varied."""
    given = [f"{name}={value}" for name, value in asked.get("parameters", {}).items()]
    over = [f"over {each}" for each in asked.get("over", [])]
    limits = [f"limit {each}" for each in asked.get("overrides", [])]
    return ", ".join([*over, *given, *limits])


def times(item: Item, row: Row | None, speed: float | None) -> str:
    """Return how long an item takes, still takes, or took.

    Args:
        item: Of the queue.
        row: When it is on.
        speed: Lab seconds per real second now, None where the lab's clock jumps; what is over may have had another.
    """
    if item["state"] in OVER:
        lab = "lab " if speed != 1.0 else ""
        return f"took {lab}{words.duration(float(item['lab_time_s']))}" if item["lab_time_s"] else ""
    takes = None if row is None else row.takes_s
    return f"{words.waiting(takes, speed)}{' left' if item['state'] == 'running' and takes is not None else ''}"


def span(item: Item, row: Row | None, now: datetime) -> str:
    """Return when an item begins and ends as times of day."""
    if item["state"] in OVER:
        return "" if item["ended"] is None else words.clock_time(datetime.fromisoformat(str(item["ended"])), now)
    if row is None or row.ends is None:
        return words.NOTHING
    ends = words.clock_time(row.ends, now)
    if row.begins is None:
        return ends
    return f"{words.clock_time(row.begins, now)} to {ends}"


def complaint(item: Item, found: Foreseen | None) -> str:
    """Return what is wrong with an item, or would be: "" if nothing."""
    if item["state"] == "waiting" and found is not None and found.refusals:
        return f"would be refused: {words.address_last(found.refusals[0])}"
    return words.address_last(str(item.get("error") or ""))


def tip(item: Item, found: Foreseen | None) -> str:
    """Return everything there is to say of an item, a line each."""
    asked = item["asked"]
    lines = [f"item {item['id']}: {asked['procedure']} {asked.get('sample') or ''}".rstrip()]
    lines += asked_for(asked).split(", ") if asked_for(asked) else []
    lines += [f"{written} was taken for {read}" for written, read in item.get("taken", {}).items()]
    lines += [f"by {asked['user']}"] if asked.get("user") else []
    lines += [str(asked["notes"])] if asked.get("notes") else []
    lines += [f"was begun {item['attempts']} times"] if int(item.get("attempts") or 0) > 1 else []
    lines += [f"in {item['run']}"] if item.get("run") else []
    lines += [complaint(item, found)] if complaint(item, found) else []
    return "\n".join(lines)


def command_line(asked: Mapping[str, Any], station: str, *, simulate: bool) -> str:
    """Return the line for a terminal that does what an item asks for.

    Args:
        asked: By the item.
        station: A shipped name or a file.
        simulate: Whether its simulated twin is meant.
    """
    said = ["labctl", "run", str(asked["procedure"]), "--station", station, *(["--simulate"] if simulate else [])]
    for option, name in (("--sample", "sample"), ("--user", "user"), ("--notes", "notes")):
        said += [option, str(asked[name])] if asked.get(name) else []
    for name, value in asked.get("parameters", {}).items():
        said += ["-p", f"{name}={value}"]
    for option, name in (("--over", "over"), ("--override", "overrides"), ("--tag", "tags")):
        for each in asked.get(name, []):
            said += [option, str(each)]
    said += ["--seed", str(asked["seed"])] if asked.get("seed") is not None else []
    said += ["--sample-seed", str(asked["sample_seed"])] if asked.get("sample_seed") else []
    said += ["--rehearse"] if asked.get("rehearse") else []
    said += ["--any-folder"] if asked.get("any_folder") else []
    said += ["--out", str(asked["out"])] if asked.get("out", "runs") != "runs" else []
    return subprocess.list2cmdline(said) if os.name == "nt" else shlex.join(said)


def possible(
    chosen: Sequence[Item], queue: Mapping[str, Any] | None, run: Mapping[str, Any] | None, *, undo: bool
) -> set[str]:
    """Return what can be done now, keys of `labctl.gui.queue_actions.ACTIONS`.

    Args:
        chosen: Items that are selected.
        queue: What `/queue` answers, None where no worker is there.
        run: How far the run is that is on.
        undo: Whether something was removed that can be put back.
    """
    able = {"hide", "copy"} if chosen else {"hide"}
    if any(item.get("run") for item in chosen[:1]) and len(chosen) == 1:
        able.add("open")
    if queue is None:
        return able
    return able | _with_chosen(chosen, queue) | _with_queue(queue, run) | ({"undo"} if undo else set[str]())


def _with_chosen(chosen: Sequence[Item], queue: Mapping[str, Any]) -> set[str]:
    able: set[str] = {"clone"} if chosen else set()
    waiting = [item for item in chosen if item["state"] == "waiting"]
    if waiting:
        able |= {"skip"}
        others = sum(item["state"] == "waiting" for item in queue["items"]) > len(waiting)
        able |= {"up", "down"} if others else set[str]()
    if len(chosen) == 1 and waiting and not waiting[0].get("run"):
        able.add("edit")
    if any(item["state"] != "running" for item in chosen):
        able.add("remove")
    if any(item["state"] in AGAIN for item in chosen):
        able.add("again")
    return able


def _with_queue(queue: Mapping[str, Any], run: Mapping[str, Any] | None) -> set[str]:
    able: set[str] = set() if queue["paused"] else {"pause"}
    standing = run is not None and run.get("state") == "stands"
    if run is not None and not standing:
        able.add("pause_now")
    if queue["paused"] or standing:
        able.add("go")
    on = next((item for item in queue["items"] if item["state"] == "running"), None)
    if run is not None and (on is None or not on.get("stopping")):
        able.add("abort")
    if any(item["state"] == "finished" for item in queue["items"]):
        able.add("clear")
    return able
