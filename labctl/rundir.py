"""A run is a directory: what was asked, what was measured, what happened and what was found.

    runs/2026-11-21/0007-ahe-cotb2025-sim/
        run.json       what was asked: procedure, exact parameters, station and sample as they were, versions, seeds
        data.csv       one row a point
        events.jsonl   what happened, one line each, only ever appended to
        result.json    what the analysis found
        figure.png     what a person would rather look at

Everything else (state, progress) is derived from these files.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from instruments.errors import DataDamaged, UnknownName, UsageError, WriteFailed
from labctl.attempts import abandoned_blocks, check_loops, counting, latest_attempts

if TYPE_CHECKING:
    import pandas as pd

SCHEMA = 1
"""Version of the files' layout."""

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_NUMBERED = re.compile(r"(\d{4,})-(?!\d{2}-\d{2}).")


class RunDirectory:
    """One run's folder and the names of its files."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.request_file = path / "run.json"
        self.data_file = path / "data.csv"
        self.events_file = path / "events.jsonl"
        self.result_file = path / "result.json"
        self.figure_file = path / "figure.png"

    @classmethod
    def create(cls, root: Path, title: str, today: datetime) -> RunDirectory:
        """Make the next numbered folder below `root`, in a folder of today's date.

        Raises:
            UsageError: The folder cannot be written.
        """
        day = root / today.strftime("%Y-%m-%d")
        try:
            day.mkdir(parents=True, exist_ok=True)
            days = [folder for folder in root.iterdir() if _DATE.fullmatch(folder.name) and folder.is_dir()]
            number = 1 + max((_number(run) for folder in days for run in folder.iterdir()), default=0)
            while True:
                path = day / f"{number:04d}-{title}"
                try:
                    path.mkdir()
                    break
                except FileExistsError:  # another run took the number in this moment
                    number += 1
        except OSError as error:
            raise UsageError(
                f"cannot write runs to {root}: {error.strerror}; name another folder with --out"
            ) from error
        return cls(path)

    @classmethod
    def open(cls, path: Path) -> RunDirectory:
        """Find a run by its folder, or by any file in it.

        Raises:
            UnknownName: There is no run.
        """
        folder = path if path.is_dir() else path.parent
        if not (folder / "run.json").is_file():
            raise UnknownName(f"{path} is no run: a run is a folder with a run.json in it")
        return cls(folder)

    def write_request(self, request: Mapping[str, Any]) -> None:
        """Write run.json."""
        write_json(self.request_file, {"schema": SCHEMA, **request})

    def request(self) -> dict[str, Any]:
        """Read run.json.

        Raises:
            DataDamaged: It is no JSON object.
            UsageError: Another labctl wrote it, in a form that this one does not know.
        """
        return _of_this_schema(self.request_file)

    def write_results(
        self, results: Mapping[str, Any], analysis: Mapping[str, Any], table: Sequence[Mapping[str, Any]] = (),
        **course: Any,
    ) -> None:  # fmt: skip
        """Write result.json: {name: {value, uncertainty, unit, of}}, and such a row for each point of a table.

        `course` holds further sections, of how the run went.
        """
        content = {"schema": SCHEMA, "analysis": dict(analysis), "results": dict(results), **course}
        write_json(self.result_file, {**content, "table": [dict(row) for row in table]} if table else content)

    def table(self) -> list[dict[str, Any]]:
        """Read the table that the analysis made, one row a point; empty if it made none.

        Raises:
            DataDamaged: The file is no JSON object.
            UsageError: Another labctl wrote it, in a form that this one does not know.
        """
        return _of_this_schema(self.result_file).get("table", []) if self.result_file.exists() else []

    def results(self) -> dict[str, Any]:
        """Read what the analysis found; empty if nothing was analysed.

        Raises:
            DataDamaged: The file is no JSON object.
            UsageError: Another labctl wrote it, in a form that this one does not know.
        """
        return _of_this_schema(self.result_file).get("results", {}) if self.result_file.exists() else {}

    def read_data(self) -> tuple[pd.DataFrame, list[str]]:
        """Read the rows that count, and warnings about what was left out.

        Raises:
            DataDamaged: The file is damaged other than in its last row.
        """
        frame, warnings = read_rows(self.data_file)
        events = self.events()
        return latest_attempts(frame, abandoned_blocks(events), check_loops(events)), warnings

    def read_all(self) -> tuple[pd.DataFrame, list[bool], list[str]]:
        """Read every row, of each whether it counts, and warnings about what was left out.

        Raises:
            DataDamaged: The file is damaged other than in its last row.
        """
        frame, warnings = read_rows(self.data_file)
        events = self.events()
        return frame, counting(frame, abandoned_blocks(events), check_loops(events)), warnings

    def events(self) -> list[dict[str, Any]]:
        """Read what happened, an event each; lines that are damaged are left out."""
        if not self.events_file.exists():
            return []
        # What is not UTF-8 spoils its own line and no other.
        events = (_parse_event(line) for line in self.events_file.read_bytes().split(b"\n"))
        return [event for event in events if event]

    def status(self) -> str:
        """Return the last state that the run announced, `unknown` if it announced none."""
        state = "unknown"
        for event in self.events():
            announced = event.get("state")
            state = announced if isinstance(announced, str) else state
        return state


def _of_this_schema(path: Path) -> dict[str, Any]:
    content = read_json(path)
    version = content.get("schema")
    if type(version) is not int or version != SCHEMA:  # True is equal to 1, and no version
        said = f"has schema {version!r}" if "schema" in content else "says no schema"
        raise UsageError(f"{path} {said}, but this labctl reads schema {SCHEMA}; read it with the labctl that wrote it")
    return content


def _parse_event(line: bytes) -> dict[str, Any]:
    try:
        event = json.loads(line.decode("utf-8-sig"))
    except (UnicodeDecodeError, json.JSONDecodeError):
        return {}  # damaged, or the last line of a run that died while writing it
    return event if isinstance(event, dict) else {}


def _number(folder: Path) -> int:
    """Return a run's number; a folder with another name, such as a date, has none."""
    match = _NUMBERED.match(folder.name)
    return int(match[1]) if match else 0


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write a JSON file whole or not at all.

    Raises:
        WriteFailed: The operating system does not take it; nothing of it stays behind.
        ValueError: The content holds a number that JSON has not.
    """
    text = json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    scratch = path.with_name(path.name + ".part")
    try:
        with scratch.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        scratch.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            scratch.unlink()
        raise WriteFailed(f"cannot write {path}: {error.strerror}") from error


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON object.

    Raises:
        DataDamaged: It is not one.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise DataDamaged(f"cannot read {path}: {error}") from error
    if not isinstance(content, dict):
        raise DataDamaged(f"{path} holds no JSON object")
    return content


def read_rows(path: Path) -> tuple[pd.DataFrame, list[str]]:
    """Read a data file as written by the recorder; a torn last row is dropped with a warning.

    What programs on Windows (and git) make of a text file is read too: a mark before the first letter, CR before LF.

    Raises:
        DataDamaged: The file cannot be read, has no names of columns, or a row other than the last is damaged.
    """
    import pandas as pd

    try:
        text = path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
    except OSError as error:
        raise DataDamaged(f"cannot read {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise DataDamaged(f"{path} is no text file: byte {error.start} is not UTF-8") from error
    lines = text.split("\n")
    torn = lines.pop()
    first = next((index for index, line in enumerate(lines) if not line.startswith("#")), None)
    if first is None:
        raise DataDamaged(f"{path} ends before the names of its columns, so there is nothing to read")
    names = lines[first].split(",")
    _check_rows(path, lines, first, len(names))
    warnings = [f"{path.name}: the last row is torn and was dropped"] if torn else []
    frame = pd.read_csv(io.StringIO("\n".join(lines[first:])))
    for name in names:
        if not pd.api.types.is_numeric_dtype(frame[name]):
            _refuse_text_among_numbers(path, frame[name].tolist(), name, first)
    return frame, warnings


def _check_rows(path: Path, lines: list[str], first: int, width: int) -> None:
    for number, line in enumerate(lines[first + 1 :], start=first + 2):
        if line.count(",") + 1 != width:
            raise DataDamaged(
                f"{path}, line {number}: {line.count(',') + 1} values where {width} columns are named; "
                "the file is damaged there"
            )


def _refuse_text_among_numbers(path: Path, values: list[Any], name: str, first: int) -> None:
    """A column that is nearly all numbers and holds a word was damaged; a column of words is what it is."""
    counts = Counter(value for value in values if value == value)  # noqa: PLR0124 - what is missing is not itself
    words = {value for value in counts if not _is_number(value)}
    if words and sum(counts[word] for word in words) < counts.total() / 2:
        row = next(row for row, value in enumerate(values) if value in words)
        raise DataDamaged(f"{path}, line {first + 2 + row}: {name!r} is {values[row]!r}, which is no number")


def _is_number(value: Any) -> bool:
    try:
        float(value)
    except ValueError:
        return False
    return True
