"""Which runs there are: all of them at first, and then only what has changed."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import islice, product
from pathlib import Path
from typing import Any, Protocol

from instruments.errors import LabError
from labctl.analysis.result import Result
from labctl.catalogue import KILLED, NOT_FINISHED, Entry, read_entry, run_folders
from labctl.catalogue_filters import Wanted, condition, select, unknown
from labctl.desk.spelling import readable, spoken
from labctl.notes import FILE as NOTES

ROWS = 20
"""Runs that are told at once."""
UNSETTLED = frozenset({"running", KILLED, NOT_FINISHED})
"""How runs stand that may stand otherwise although none of their files has changed."""
MOST_NAMES = 12
"""Names of results that are told to somebody who asked for another one."""
_NAMED = re.compile(r"([^<>=!]+?)\s*([<>=!].*)?")
FILES = ("run.json", "events.jsonl", "result.json", "data.csv", NOTES)
MOST_KEYS = 4


class Tells(Protocol):
    """Who is told how far an answer is; see `labctl.desk.loop.Telling`."""

    @property
    def dropped(self) -> bool:
        """Whether the answer is not wanted any more."""
        ...

    def tell(self, content: Mapping[str, Any]) -> None:
        """Say how far it is."""
        ...


@dataclass(slots=True)
class _Kept:
    stamp: Sequence[int]
    entry: Entry
    row: dict[str, Any]
    changed: int


@dataclass(slots=True)
class _Shelf:
    """The runs below a folder, as they were when it was looked at last."""

    name: str = field(default_factory=lambda: secrets.token_hex(4))
    looks: int = 0
    kept: dict[Path, _Kept] = field(default_factory=dict[Path, _Kept])
    gone: dict[Path, int] = field(default_factory=dict[Path, int])

    def look(self, root: Path) -> Iterator[_Kept]:
        """Yield all runs, the last ones first, each as it is now."""
        self.looks += 1
        folders = [] if not root.is_dir() else list(run_folders(root))
        for path in set(self.kept).difference(folders):
            del self.kept[path]
            self.gone[path] = self.looks
        for path in reversed(folders):
            self.gone.pop(path, None)
            stamp, kept = _stamp(path), self.kept.get(path)
            if kept is None or kept.stamp != stamp or _unsettled(kept.entry):
                entry = read_entry(path)
                row = row_of(entry)
                changed = self.looks if kept is None or kept.row != row else kept.changed
                kept = self.kept[path] = _Kept(stamp, entry, row, changed)
            yield kept


_shelves: dict[Path, _Shelf] = {}


def runs(root: str, *, shelf: str = "", since: int = 0, telling: Tells) -> dict[str, Any]:
    """Tell the runs below a folder that are new or have changed, in pieces `{"rows": [...]}`, the last ones first.

    A row has `run` (its folder), `number`, `begun`, `procedure`, `sample`, `keys` (what was set, in short), `status`,
    `points`, `lab_time_s`, `user`, `tags`, `notes`, `simulated`, `wrong`, `main` (names of its main results), `verdict`
    (see there),
    `results` {name: [value, text, unit]}, and of a series `over` and `runs`, the rows of its runs with `varied`.

    Args:
        root: Folder that holds the runs; there are none where it is not there.
        shelf: What the last answer said; "" at first.
        since: Likewise.
        telling: Who is told.

    Returns:
        `shelf` and `since` for the next question; `whole`: whether all runs were told, so that others are gone;
        `gone`: folders of runs that are not there any more; `count`: how many runs there are.
    """
    place = Path(root)
    kept = _shelves.setdefault(place, _Shelf())
    whole = shelf != kept.name
    since = 0 if whole else since
    fresh = (each.row for each in kept.look(place) if each.changed > since)
    while (rows := list(islice(fresh, ROWS))) and not telling.dropped:
        telling.tell({"rows": rows})
    gone = [] if whole else [str(path) for path, look in kept.gone.items() if look > since]
    return {"shelf": kept.name, "since": kept.looks, "whole": whole, "gone": gone, "count": len(kept.kept)}


def runs_fitting(
    root: str, *, parameters: Sequence[str] = (), results: Sequence[str] = (), short: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Return which runs fit conditions on parameters and results; see `labctl.catalogue_filters`.

    Args:
        root: Folder that holds the runs.
        parameters: E.g. `temperature=250:300K`.
        results: E.g. `coercive_field_up>50mT`.
        short: Short names of results as a table shows them, e.g. `Hc up`, which may stand in a condition, too. One that
            several begin with, such as `Hc`, means any of these.

    Returns:
        `runs`: folders, those of runs in a series besides the series; `warnings`: of names that no run has.

    Raises:
        BadValue: A text is no condition, or compares with a value of another unit.
    """
    conditions = [condition(text, "parameter") for text in parameters]
    entries = [each.entry for each in _shelves.setdefault(Path(root), _Shelf()).look(Path(root))]
    known = {name for each in entries for run in (each, *each.runs) for name in run.results}
    found: dict[str, None] = {}
    warnings: list[str] = []
    for meant in product(*(_meant(text, short or {}, known) for text in results)):
        wanted = [*conditions, *(condition(text, "result") for text in meant)]
        chosen, _ = select(entries, Wanted(conditions=wanted))
        found |= {str(entry.path): None for each in chosen for entry in (each, *each.runs)}
        warnings += [said for said in unknown(entries, wanted) if said not in warnings]
    if known and any(" has a result " in said for said in warnings):
        names = sorted(short or known, key=lambda name: (name.startswith("health"), name))
        there = ", ".join((short or {}).get(name, name) for name in names[:MOST_NAMES])
        warnings.append(f"results that runs here have: {there}{' …' if len(known) > MOST_NAMES else ''}")
    return {"runs": list(found), "warnings": warnings}


def _meant(text: str, short: Mapping[str, str], known: Collection[str]) -> list[str]:
    """Return the conditions that one with a short name stands for; itself where it has none.

    Raises:
        BadValue: It is nothing that could be one, with a short name or without.
    """
    name, rest = (match[1].strip(), match[2] or "") if (match := _NAMED.fullmatch(text.strip())) else (text, "")
    if name in known:
        return [text]
    folded = name.casefold()
    exact = [each for each in sorted(known) if short.get(each, "").casefold() == folded]
    begins = [each for each in sorted(known) if f"{short.get(each, '').casefold()} ".startswith(f"{folded} ")]
    return [f"{each}{rest}" for each in exact or begins] or [text]


def row_of(entry: Entry) -> dict[str, Any]:
    """Return a run as `runs` tells it."""
    row: dict[str, Any] = {
        "run": str(entry.path), "number": entry.number, "begun": entry.begun, "procedure": entry.procedure,
        "sample": entry.sample, "keys": keys_of(entry), "status": entry.status, "points": entry.points,
        "lab_time_s": entry.lab_time_s, "user": entry.user, "tags": list(entry.tags), "notes": _noted(entry),
        "simulated": entry.simulated, "wrong": list(entry.wrong), "main": list(entry.main),
        "verdict": verdict(entry.results),
        "results": {name: _told(result) for name, result in entry.results.items() if result.value is not None},
    }  # fmt: skip
    if entry.varied:
        row["varied"] = {name: readable(text) for name, text in entry.varied.items()}
    if entry.planned:
        row |= {"planned": entry.planned, "runs": [row_of(run) for run in entry.runs]}
        row["over"] = {name: [readable(text) for text in texts] for name, texts in entry.over.items()}
    return row


def verdict(results: Mapping[str, Result]) -> list[Any]:
    """Return what a run says of the sample as a whole, and whether that is good; nothing of most runs.

    Args:
        results: Of the run, by name; those of a contact check have `contacts_passed`.
    """
    passed = results.get("contacts_passed")
    if passed is None or passed.value is None:
        return []
    text = "contacts passed" if passed.value else f"CONTACTS DID NOT PASS ({passed.note})"
    return [spoken(text.removesuffix(" (None)")), bool(passed.value)]


def run_row(folder: str) -> dict[str, Any]:
    """Return one run as `runs` tells it.

    Raises:
        LabError: There is no run, or its files are damaged.
    """
    return row_of(read_entry(Path(folder)))


def _told(result: Result) -> list[Any]:
    return [result.value, spoken(result.text()), result.unit]


def _noted(entry: Entry) -> str:
    return "\n".join(text for text in (entry.notes, *(note.text for note in entry.added)) if text)


def keys_of(entry: Entry) -> str:
    """Return in short what was set: what a series goes over, what was varied, then what is not as it is by default."""
    if entry.planned:
        return ", ".join(f"{name} {_span(texts)}" for name, texts in entry.over.items())
    warm = entry.parameters.get("temperature", {}).get("value") is not None
    names = list(entry.varied) or (["temperature"] if warm else [])
    names += [name for name in differing(entry.procedure, entry.parameters) or () if name not in names]
    words: list[str] = []
    for name in names[:MOST_KEYS]:
        text = readable(str(entry.parameters.get(name, {}).get("text", "")))
        words.append(text if name == "temperature" else f"{name.replace('_', ' ')} {text}")
    return ", ".join(words)


def _span(texts: Sequence[str]) -> str:
    first, last = readable(texts[0]), readable(texts[-1])
    return first if len(texts) == 1 else f"{first} to {last}"


def differing(procedure: str, parameters: Mapping[str, Mapping[str, Any]]) -> list[str] | None:
    """Return the parameters that are not as they are by default; None where the experiment is not installed here."""
    usual = _defaults(procedure)
    if not usual:
        return None
    return [name for name, entry in parameters.items() if name in usual and entry.get("text") != usual[name]]


@cache
def _defaults(procedure: str) -> Mapping[str, str]:
    """Return {parameter: its default as run.json would write it} of an installed experiment; no file is executed."""
    from labctl import discovery
    from labctl.procedures import load_procedure

    if procedure not in discovery.procedures():
        return {}
    try:
        declared = load_procedure(procedure).declared_parameters()
    except LabError:
        return {}
    return {name: setting.show(setting.default) for name, setting in declared.items()}


def _unsettled(entry: Entry) -> bool:
    return entry.status in UNSETTLED or any(run.status in UNSETTLED for run in entry.runs)


def _stamp(folder: Path) -> tuple[int, ...]:
    """Return what changes when a file of a run does, or one of a series' runs."""
    found: list[int] = []
    for name in FILES:
        try:
            said = os.stat(folder / name)  # noqa: PTH116 - half the time of a Path's, of thousands of files
        except OSError:
            found += (0, 0)
        else:
            found += (said.st_mtime_ns, said.st_size)
    if not found[-4]:  # no data.csv: a series, perhaps
        try:
            with os.scandir(folder) as inside:
                children = sorted(each.path for each in inside if each.is_dir())
        except OSError:
            children = []
        for child in children:
            found += _stamp(Path(child))
    return tuple(found)
