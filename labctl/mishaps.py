"""Replies that were lost or damaged on the way, and made up for: counted, and said where people look.

What makes up for them is in `instruments.line` (a question is asked again), `instruments.driver` (what was set is read
back) and `labctl.moving` (a reading that met one is taken again).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from instruments.driver import Driver
from instruments.line import MOST_REPEATS, Line
from instruments.multivu import MultiVu
from instruments.multivu_link import Link

if TYPE_CHECKING:
    from labctl.procedure import Procedure

EVENT = "retry"
"""What is written into a run's events for each."""


class Run(Protocol):
    """Who is told."""

    def note(self, event: str, **details: Any) -> None:
        """Write a line into the run's events."""
        ...


def line_of(instrument: object) -> Line | Link | None:
    """Return an instrument's end of the wire; None of what has none of ours."""
    if isinstance(instrument, Driver):
        return instrument.line
    return instrument.link if isinstance(instrument, MultiVu) else None


def repeats_of(procedure: Procedure) -> int:
    """Return how often an instrument of a procedure was asked again so far."""
    lines = [line_of(vars(procedure).get(role)) for role in procedure.roles]
    return sum(line.repeats for line in lines if line is not None)


def listen(instruments: Mapping[str, object], run: Run) -> None:
    """Have replies that are lost or damaged made up for, and each written into a run's events."""
    for role, instrument in instruments.items():
        line = line_of(instrument)
        if line is not None:
            line.most_repeats = MOST_REPEATS
            line.on_repeat = partial(_note, run, role)


@contextmanager
def asked_once(instruments: Iterable[object]) -> Generator[None]:
    """Have each instrument asked once in a `with` block."""
    lines = [line for line in map(line_of, instruments) if line is not None]
    before = [line.most_repeats for line in lines]
    for line in lines:
        line.most_repeats = 0
    yield
    for line, repeats in zip(lines, before, strict=True):
        line.most_repeats = repeats


def _note(run: Run, role: str, asked: str, said: str) -> None:
    run.note(EVENT, instrument=role, asked=asked, came=said)


def faults_of(events: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return what a run's result.json says of its faults: retries by instrument, and readings that were taken again."""
    retries, retaken = Counter[str](), 0
    for event in events:
        if event.get("event") == EVENT:
            retries[str(event.get("instrument"))] += 1
        retaken += event.get("event") == "retaken"
    return {"retries": dict(sorted(retries.items())), "readings_taken_again": retaken}


def interlocks_of(events: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return what a run's result.json says of its interlocks: which rows were measured while one may have acted."""
    keys = ("name", "first_row", "last_row")
    return [{key: event.get(key) for key in keys} for event in events if event.get("event") == "doubtful"]


def sentence(faults: Mapping[str, Any]) -> str:
    """Say how many replies were lost or damaged; "" if none was."""
    retries: Mapping[str, int] = faults["retries"]
    if not retries:
        return ""
    each = ", ".join(f"{count} of the {role}" for role, count in retries.items())
    return f"replies were lost or damaged and made up for ({each}); see the events, and to cables and interfaces"
