r"""The file that holds a dialogue: JSON lines, the first about the whole, every other one about some bytes.

    {"schema": 1, "kind": "dialogue", "title": "...", "instruments": {"source": {"driver": "keithley6221", ...}}, ...}
    {"at": 0.0, "to": "source", "bytes": "*IDN?\n"}
    {"at": 0.0123, "from": "source", "bytes": "KEITHLEY INSTRUMENTS INC.,MODEL 6221,4559777,D04  /700x \n"}
    {"at": 2.5, "event": "clear", "of": "source"}

Each character of `bytes` is one byte (latin-1), so that nothing is lost and text stays readable. `at` are seconds since
the dialogue began. A reply may carry `like` instead of `bytes`: a regular expression, where only the form is known.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TextIO

from instruments.errors import DataDamaged, UsageError

SCHEMA = 1
KIND = "dialogue"

Way = Literal["to", "from", "event"]
EVENTS = ("clear", "trigger", "silence", "hang up")
"""Device clear, group execute trigger, a read that brought nothing until its time-out, the end of a connection."""


@dataclass(frozen=True, slots=True)
class Entry:
    """Some bytes that went one way, or something else that happened to an instrument.

    Attributes:
        at: s since the dialogue began.
        way: `to` the instrument, `from` it, or an `event`.
        role: The instrument's role.
        data: The bytes; of an event, its name.
        like: Regular expression that a reply has to match, where its bytes are not known; else empty.
        line: Line of the file, 0 for none.
    """

    at: float
    way: Way
    role: str
    data: bytes
    like: str = ""
    line: int = 0

    def to_json(self) -> dict[str, Any]:
        """Return the entry as a line of the file holds it."""
        if self.way == "event":
            return {"at": self.at, "event": self.data.decode("ascii"), "of": self.role}
        said = {"like": self.like} if self.like else {"bytes": self.data.decode("latin-1")}
        return {"at": self.at, self.way: self.role, **said}


@dataclass(frozen=True, slots=True)
class Dialogue:
    """A whole dialogue.

    Attributes:
        about: The file's first line: title, station, instruments, where it comes from.
        entries: In order of time.
    """

    about: Mapping[str, Any]
    entries: tuple[Entry, ...] = field(default=())

    @property
    def drivers(self) -> dict[str, str]:
        """Name of each instrument's driver, by role."""
        return {role: str(entry.get("driver", "")) for role, entry in self.about["instruments"].items()}

    @property
    def on_gpib(self) -> frozenset[str]:
        """Roles of the instruments that were reached over GPIB."""
        named = {role: str(entry.get("resource", "")) for role, entry in self.about["instruments"].items()}
        return frozenset(role for role, resource in named.items() if resource.upper().startswith("GPIB"))


def read_dialogue(path: Path) -> Dialogue:
    """Read a dialogue.

    Raises:
        UsageError: The file is not there, or is no dialogue.
        DataDamaged: A line of it cannot be read.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise UsageError(f"{path} cannot be read as a dialogue: {reason}") from error
    about = _object(lines[0], path, 1) if lines else {}
    if about.get("kind") != KIND or not isinstance(about.get("instruments"), dict):
        raise UsageError(f"{path} is no dialogue; `labctl record-dialogue` makes one")
    _check_header(about, path)
    if about.get("schema") != SCHEMA:
        raise UsageError(f"{path} has schema {about.get('schema')}, and this labctl reads schema {SCHEMA}")
    return Dialogue(about, tuple(_entries(lines[1:], path, about)))


def _check_header(about: Mapping[str, Any], path: Path) -> None:
    """Check what is used of the first line; it says more than that."""
    if not all(isinstance(entry, dict) for entry in about["instruments"].values()):
        raise DataDamaged(f"{path}: line 1: each of instruments has to be an object with driver and resource")
    seeds = about.get("seeds", {})
    if not isinstance(seeds, dict) or not all(isinstance(seed, int) for seed in seeds.values()):
        raise DataDamaged(f"{path}: line 1: seeds have to be whole numbers")


def _object(line: str, path: Path, number: int) -> dict[str, Any]:
    try:
        value = json.loads(line)
    except ValueError as error:
        raise DataDamaged(f"{path}: line {number} is no JSON: {error}") from error
    if not isinstance(value, dict):
        raise DataDamaged(f"{path}: line {number} is no JSON object")
    return value


def _entries(lines: list[str], path: Path, about: Mapping[str, Any]) -> Iterator[Entry]:
    before = 0.0
    for number, line in enumerate(lines, start=2):
        if not line.strip():
            continue
        try:
            entry = _entry(_object(line, path, number), number)
        except KeyError as error:
            raise DataDamaged(f"{path}: line {number} is no entry of a dialogue: it has no {error}") from error
        except UnicodeEncodeError as error:
            raise DataDamaged(f"{path}: line {number} has characters beyond 255, which are no bytes") from error
        except (TypeError, ValueError, re.error) as error:
            raise DataDamaged(f"{path}: line {number} is no entry of a dialogue: {error}") from error
        if entry.role not in about["instruments"]:
            raise DataDamaged(f"{path}: line {number} is about {entry.role!r}, which the first line does not name")
        if entry.at < before:
            raise DataDamaged(f"{path}: line {number} goes back in time, from {before:g} s to {entry.at:g} s")
        before = entry.at
        yield entry


def _entry(value: Mapping[str, Any], number: int) -> Entry:
    at = float(value["at"])
    if not 0.0 <= at < math.inf:
        raise ValueError(f"at is {at}, and has to be a time in s from 0 on")
    if "event" in value:
        if value["event"] not in EVENTS:
            raise ValueError(f"event {value['event']!r} is none of {', '.join(EVENTS)}")
        return Entry(at, "event", str(value["of"]), str(value["event"]).encode("ascii"), line=number)
    way: Way = "to" if "to" in value else "from"
    like = str(value.get("like", "")) if way == "from" else ""
    if like:
        re.compile(like)
        return Entry(at, way, str(value[way]), b"", like, number)
    return Entry(at, way, str(value[way]), str(value["bytes"]).encode("latin-1"), line=number)


class Writer:
    """Writes a dialogue as it happens; every line is handed to the operating system at once.

    Args:
        stream: Where to write.
        about: The first line, without `schema` and `kind`.
    """

    def __init__(self, stream: TextIO, about: Mapping[str, Any]) -> None:
        self._stream = stream
        self.count = 0
        self._put({"schema": SCHEMA, "kind": KIND, **about})

    def add(self, entry: Entry) -> None:
        """Write an entry."""
        self._put(entry.to_json())
        self.count += 1

    def _put(self, value: Mapping[str, Any]) -> None:
        self._stream.write(json.dumps(value, ensure_ascii=True) + "\n")
        self._stream.flush()
