"""`labctl runs`: which runs there are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from labctl.cli import output

if TYPE_CHECKING:
    from labctl.catalogue import Entry
    from labctl.catalogue_filters import Wanted

HEADER = ("run", "begun", "sample", "procedure", "status", "points", "found")
LONGEST = 60
"""Letters of a sample's or a procedure's cell."""


@dataclass(frozen=True, slots=True)
class Looked:
    """What was typed; see `labctl.catalogue_filters.Wanted`."""

    sample: str
    procedure: str
    date: str
    tags: Sequence[str]
    user: str
    status: str
    parameters: Sequence[str]
    results: Sequence[str]
    note: str

    def wanted(self) -> Wanted:
        """Read the conditions.

        Raises:
            BadValue: One of them is none.
        """
        from labctl.catalogue_filters import Wanted, condition

        conditions = [condition(text, "parameter") for text in self.parameters]
        conditions += [condition(text, "result") for text in self.results]
        return Wanted(self.sample, self.procedure, self.date, self.tags, self.user, self.status, conditions, self.note)


def runs(places: Sequence[Path], looked: Looked, *, unfold: bool, json: bool) -> None:
    """Print the runs in folders that fit, a line each, or all that is known of them as JSON."""
    from labctl.catalogue import catalogue
    from labctl.catalogue_filters import select, unknown

    wanted = looked.wanted()
    entries = catalogue([_place(place) for place in places or [Path("runs")]])
    chosen, unread = select(entries, wanted)
    warnings = unknown(entries, wanted.conditions)
    if unread:
        folders = "1 damaged folder was" if unread == 1 else f"{unread} damaged folders were"
        warnings.append(f"{folders} not looked at; `labctl runs --status damaged` lists what is damaged")
    if json:
        output.print_json({"runs": [entry.to_json() for entry in chosen], "warnings": warnings, "error": None})
    else:
        _print(chosen, unfold=unfold)
    for warning in warnings:
        output.complain(f"warning: {warning}")


def _place(place: Path) -> Path:
    """Return a folder; a number that is none names the run below `runs`, e.g. a series to be opened."""
    if place.exists() or not str(place).isdigit():
        return place
    from labctl.folders import folder_of_number

    return folder_of_number(int(str(place)), Path("runs"))


def _print(chosen: Sequence[Entry], *, unfold: bool) -> None:
    remarks: list[str] = []
    rows: list[tuple[str, ...]] = []
    for entry in chosen:
        rows.append(_cells(entry, remarks))
        if unfold:
            rows += [_cells(run, [], inside=True) for run in entry.runs]
    if rows:
        output.table(rows, HEADER)
    for number, remark in enumerate(remarks, 1):
        output.line(f"[{number}] {remark}")
    count = "1 run" if len(chosen) == 1 else f"{len(chosen)} runs"
    output.line(count if chosen else "no run")


def _cells(entry: Entry, remarks: list[str], *, inside: bool = False) -> tuple[str, ...]:
    """Write a run as a line; what is wrong with it comes below the table."""
    name = f"{entry.number:04d}" if entry.number else entry.path.name
    status = entry.status
    if entry.wrong:
        remarks.append(f"{entry.path}: {'; '.join(entry.wrong)}")
        status += f" [{len(remarks)}]"
    known = (entry.begun or "-", entry.sample or "-", entry.procedure or "-")
    if inside:
        return (f"  {name}", entry.begun[11:].rjust(16), "", "", status, str(entry.points), _found(entry))
    sample = f"{known[1]} (simulated)" if entry.simulated else known[1]
    return (name, known[0], sample, known[2][:LONGEST], status, str(entry.points), _found(entry))


def _found(entry: Entry) -> str:
    """Write a run's main results, of one in a series with what was varied, and of a series what that is."""
    if entry.planned:
        over = ", ".join(f"{name} {_span(texts)}" for name, texts in entry.over.items())
        there = len(entry.runs)
        count = f"{there} runs" if there == entry.planned else f"{there} of {entry.planned} runs"
        return f"series over {over}: {count}"
    known = [name for name in entry.main if entry.results[name].value is not None]
    found = [f"{name.replace('_', ' ')} {entry.results[name].text()}" for name in known]
    at = [f"{name} {text}" for name, text in entry.varied.items()]
    return "; ".join([*at, *found]) or "-"


def _span(texts: Sequence[str]) -> str:
    return texts[0] if len(texts) == 1 else f"{texts[0]} to {texts[-1]}"
