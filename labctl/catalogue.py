"""Which runs there are: read from their folders every time, so that nothing can differ from what lies there.

A folder that is damaged or was left half-written is an entry like any other, with what is wrong; it never keeps the
others from being listed. Data files are not read: a run that announced its end says how many points it has.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, cast

from instruments.errors import DataDamaged, LabError, UnknownName, UsageError
from labctl.analysis.combine import ENSEMBLE_OF
from labctl.analysis.result import HEALTH_UNITS, Result, Results
from labctl.notes import Note, read_notes, tags_with
from labctl.rundir import RunDirectory

DEEPEST = 4
"""Folders within folders in which runs are looked for: `runs/reproduced/<paper>/<date>/<run>` is one of them."""
MOST_MAIN = 3
"""Results that are shown of a run whose experiment does not say which are its main ones."""
KILLED, NOT_FINISHED = "killed", "not finished"
"""Status of a run that announced no end and is not on, and of one of which this computer cannot know that."""
DAMAGED = "damaged"
"""Status of a folder whose run.json cannot be read."""
_RUN = re.compile(r"(\d{4,})-(?!\d{2}-\d{2}(?:$|\D)).")
_HEADER = (b"#", b"\xef\xbb\xbf#")


@dataclass(frozen=True, slots=True)
class Entry:
    """A run, or a series of runs, as its folder has it.

    Attributes:
        path: The folder.
        number: Of the run, 0 where its folder has none.
        begun: Date and time in this computer's time zone, e.g. `2026-11-21 10:15`; "" where nobody knows.
        procedure: Short name of the experiment.
        sample: Name of the sample.
        status: The last state that it announced; `damaged` if run.json cannot be read. Of one that announced no end
            `running` if it is on, `killed` if it is not, `not finished` where this computer cannot know.
        simulated: Whether nothing of it was measured in a laboratory.
        user: Who measured.
        notes: Why, in a sentence.
        tags: Words to find it by, also those that were given later.
        points: Rows that were recorded, also those that were measured again later.
        lab_time_s: What it took in the lab by what it announced, in s; None where it announced nothing.
        added: What people noted during the run and after it.
        parameters: {name: {value, text}} as in run.json.
        results: What the analysis found; empty for a series.
        main: Names of the results that are shown.
        varied: Of a run in a series: {parameter: its value as text} of those that the series goes over.
        over: Of a series: {parameter: its values as text}.
        runs: Of a series: the runs in it that were begun.
        planned: Of a series: how many runs it was to have.
        wrong: What is wrong with the folder, a sentence each.
    """

    path: Path
    number: int = 0
    begun: str = ""
    procedure: str = ""
    sample: str = ""
    status: str = DAMAGED
    simulated: bool = False
    user: str = ""
    notes: str = ""
    tags: Sequence[str] = ()
    points: int = 0
    lab_time_s: float | None = None
    added: Sequence[Note] = ()
    parameters: Mapping[str, Mapping[str, Any]] = field(default_factory=dict[str, Mapping[str, Any]])
    results: Mapping[str, Result] = field(default_factory=dict[str, Result])
    main: Sequence[str] = ()
    varied: Mapping[str, str] = field(default_factory=dict[str, str])
    over: Mapping[str, Sequence[str]] = field(default_factory=dict[str, Sequence[str]])
    runs: Sequence[Entry] = ()
    planned: int = 0
    wrong: Sequence[str] = ()

    def to_json(self) -> dict[str, Any]:
        """Return plain types; `runs`, `over` and `planned` only of a series, `varied` only of a run in one."""
        said: dict[str, Any] = {
            "run": str(self.path), "number": self.number or None, "begun": self.begun or None,
            "procedure": self.procedure or None, "sample": self.sample or None, "status": self.status,
            "simulated": self.simulated, "user": self.user, "notes": self.notes, "tags": list(self.tags),
            "added_notes": [note.as_dict() for note in self.added], "points": self.points,
            "lab_time_s": self.lab_time_s, "parameters": {name: dict(entry) for name, entry in self.parameters.items()},
            "results": {name: result.as_dict() for name, result in self.results.items()},
            "main_results": list(self.main), "wrong": list(self.wrong),
        }  # fmt: skip
        if self.varied:
            said["varied"] = dict(self.varied)
        if self.planned:
            said["over"] = {name: list(texts) for name, texts in self.over.items()}
            said |= {"planned": self.planned, "runs": [run.to_json() for run in self.runs]}
        return said


def catalogue(places: Iterable[Path]) -> list[Entry]:
    """List the runs in folders, the earliest first.

    Args:
        places: Folders that hold runs at any depth up to `DEEPEST`, or runs themselves; a series that is named itself
            is opened: its runs are listed.

    Raises:
        UnknownName: There is no such folder.
    """
    found: dict[Path, Entry] = {}
    for place in places:
        if not place.is_dir():
            raise UnknownName(f"{place} is no folder; give one that holds runs, e.g. runs")
        inside: Sequence[Entry]
        if (place / "run.json").is_file():
            named = read_entry(place)
            inside = named.runs or [named]
        else:
            inside = [read_entry(folder) for folder in run_folders(place)]
        for entry in inside:
            found.setdefault(entry.path.absolute(), entry)
    return sorted(found.values(), key=lambda entry: (entry.begun[:10] or _day(entry.path), entry.number, entry.path))


def run_folders(folder: Path, deeper: int = DEEPEST) -> Iterator[Path]:
    """Yield folders that are runs, or are called like one; what lies in a run is its own affair.

    Args:
        folder: Where to look.
        deeper: Folders within folders in which it is looked.
    """
    try:
        with os.scandir(folder) as entries:
            names = sorted(entry.name for entry in entries if not entry.name.startswith(".") and entry.is_dir())
    except OSError:  # not ours to read; a run in it cannot be read either
        return
    for name in names:
        path = folder / name
        if _RUN.match(name) or (path / "run.json").is_file():
            yield path
        elif deeper > 1:
            yield from run_folders(path, deeper - 1)


def read_entry(folder: Path) -> Entry:
    """Return what a run's folder says; whatever is wrong with it is said there."""
    directory = RunDirectory(folder)
    match = _RUN.match(folder.name)
    number = int(match[1]) if match else 0
    try:
        if not directory.request_file.is_file():
            return Entry(folder, number, _day(folder), wrong=("it has no run.json: it was cut before it began",))
        return _entry(directory, number, directory.request())
    except (DataDamaged, UsageError) as error:
        return Entry(folder, number, _day(folder), wrong=(_within(folder, str(error)),))
    except OSError as error:
        return Entry(folder, number, _day(folder), wrong=(f"it cannot be read: {error.strerror}",))
    except (KeyError, TypeError, AttributeError, ValueError, RecursionError) as error:
        why = f"run.json is damaged, or of another version of labctl: {type(error).__name__} {error}"
        return Entry(folder, number, _day(folder), wrong=(why,))


def _entry(directory: RunDirectory, number: int, asked: Mapping[str, Any]) -> Entry:
    series = asked.get("kind") == "series"
    wrong: list[str] = []
    told = _announced(directory)
    state, points = told.state, told.points
    state = _looked_after(directory.path) if state == "running" else state
    runs, over = _series(directory, asked) if series else ((), {})
    results = {} if series else _results(directory, wrong)
    size = _size(directory.data_file)
    if not series and state == "finished" and size is None:
        wrong.append("data.csv is missing")
    elif size is not None and size < told.kept:
        wrong.append(f"data.csv is cut off: it has {size} bytes of the {told.kept} that the run had written")
    wrong += [f"{run.path.name}: {sentence}" for run in runs for sentence in run.wrong]
    if points is None:
        points = sum(run.points for run in runs) if series else _rows(directory.data_file)
    added, tags = read_notes(directory.path), [_text(tag) for tag in asked.get("tags", [])]
    return Entry(
        directory.path, number, _local(asked.get("begun")) or _day(directory.path),
        _text(asked["procedure"]["name"]), _text(asked["sample"]["name"]), state, bool(asked.get("simulated")),
        _text(asked.get("user", "")), _text(asked.get("notes", "")), tags_with(tags, added),
        points, told.lab_time, added, {_text(name): dict(entry) for name, entry in asked["parameters"].items()},
        results, _main(asked.get("main_results", []), results), {}, over, runs,
        len(asked["children"]) if series else 0, wrong,
    )  # fmt: skip


def _looked_after(folder: Path) -> str:
    """Tell a run that is on from one that was killed; one of a series is on as long as that is."""
    from labctl.station_lock import is_on  # slow to import, and few runs announce no end

    on = is_on(folder)
    on = is_on(folder.parent) if on is None else on
    return NOT_FINISHED if on is None else "running" if on else KILLED


def _series(directory: RunDirectory, asked: Mapping[str, Any]) -> tuple[Sequence[Entry], Mapping[str, Sequence[str]]]:
    """Return the runs of a series that have a folder, and what was varied."""
    runs: list[Entry] = []
    for child in asked["children"]:
        folder = directory.path / Path(_text(child["run"])).name
        varied = {_text(name): _text(entry["text"]) for name, entry in child["parameters"].items()}
        if folder.is_dir():
            runs.append(replace(read_entry(folder), varied=varied))
    return runs, {_text(axis["name"]): [_text(text) for text in axis["texts"]] for axis in asked["over"]}


@dataclass(slots=True)
class _Announced:
    """The last state, its points if it says them, how many bytes of data.csv are known to be written, and s in the lab.

    A run that was carried on has spent no lab time in between; each of its beginnings is a `running`.
    """

    state: str = "unknown"
    points: int | None = None
    kept: int = 0
    lab_time: float | None = None
    _before: float = 0.0
    _began: float | None = None

    def hear(self, event: Mapping[str, Any]) -> None:
        """Take in an event."""
        moment, state = event.get("time_s"), event.get("state")
        if isinstance(state, str):
            points = event.get("points")
            self.state, self.points = state, points if isinstance(points, int) else None
        if event.get("event") == "block" and isinstance(event.get("size"), int):
            self.kept = max(self.kept, event["size"])
        if isinstance(moment, int | float):
            if state == "running":
                self._before, self._began = self.lab_time or 0.0, float(moment)
            if self._began is not None:
                self.lab_time = self._before + max(0.0, float(moment) - self._began)


def _announced(directory: RunDirectory) -> _Announced:
    told = _Announced()
    try:
        lines = directory.events_file.read_bytes().split(b"\n")
    except OSError:
        return told
    for line in lines:
        if b'"state"' not in line and b'"size"' not in line:
            continue
        try:
            event: Any = json.loads(line)
        except (UnicodeDecodeError, json.JSONDecodeError, RecursionError):
            continue  # damaged, or the last line of a run that died while writing it
        if isinstance(event, dict):
            told.hear(cast("dict[str, Any]", event))
    return told


def _results(directory: RunDirectory, wrong: list[str]) -> Mapping[str, Result]:
    try:
        return Results.from_dict(directory.results())
    except LabError as error:
        wrong.append(_within(directory.path, str(error)))
    except (TypeError, AttributeError) as error:
        wrong.append(f"result.json is damaged: {error}")
    return {}


def _main(declared: Any, results: Mapping[str, Result]) -> list[str]:
    """The names that the experiment calls its main results, or the first ones that have an uncertainty."""
    names: list[str] = []
    for name in map(_text, cast("list[Any]", declared) if isinstance(declared, list) else []):
        known = results.get(name)
        names.append(name if known is not None and known.value is not None else ENSEMBLE_OF.get(name, name))
    own = [name for name in names if name in results]
    if own:
        return own
    found = [name for name, result in results.items() if result.value is not None and name not in HEALTH_UNITS]
    return ([name for name in found if results[name].uncertainty is not None] or found)[:MOST_MAIN]


def _rows(path: Path) -> int:
    """Count the whole rows of a data file whose run did not say how many it has."""
    try:
        lines = path.read_bytes().split(b"\n")[:-1]
    except OSError:
        return 0
    return max(0, sum(not line.startswith(_HEADER) for line in lines) - 1)


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except OSError:
        return None


def _local(begun: Any) -> str:
    """Write a moment in this computer's time zone; "" for what is none."""
    try:
        return datetime.fromisoformat(begun).astimezone().strftime("%Y-%m-%d %H:%M")
    except (TypeError, ValueError, OverflowError, OSError):
        return ""


def _day(folder: Path) -> str:
    """Return the date of the folder in which a run lies; "" if that is called otherwise."""
    name = folder.absolute().parent.name
    return name if re.fullmatch(r"\d{4}-\d{2}-\d{2}", name) else ""


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} stands where a text belongs")
    return value


def _within(folder: Path, sentence: str) -> str:
    """Leave the folder away from a sentence about a file in it."""
    return sentence.replace(f"{folder}{os.sep}", "")
