"""What people write about a run during it and after it: one JSON line each in notes.jsonl, only ever appended to.

run.json is never written again for it, and no program that measures knows of the file, so that a note can neither
disturb a run nor be lost with it. The date of a note is the computer's, also of a simulated run.
"""

from __future__ import annotations

import getpass
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from instruments.clock import WallClock
from instruments.errors import BadValue, WriteFailed
from labctl.rundir import RunDirectory

FILE = "notes.jsonl"
LONGEST = 10_000
"""Letters of a note."""
LONGEST_TAG = 60


@dataclass(frozen=True, slots=True)
class Note:
    """One line.

    Attributes:
        utc: When it was written, ISO 8601.
        user: Who wrote it.
        text: What; may be empty where it only gives or takes tags.
        tags: Words that the run has from then on.
        untags: Words that it has not any more.
    """

    utc: str
    user: str
    text: str = ""
    tags: Sequence[str] = ()
    untags: Sequence[str] = ()

    def as_dict(self) -> dict[str, Any]:
        """Plain types only; tags only where there are some."""
        said: dict[str, Any] = {"utc": self.utc, "user": self.user, "text": self.text}
        said |= {"tags": list(self.tags)} if self.tags else {}
        return said | ({"untags": list(self.untags)} if self.untags else {})


def add_note(
    run: Path, text: str = "", *, user: str = "", tags: Sequence[str] = (), untags: Sequence[str] = ()
) -> Note:
    """Append a note to a run; it is on the disk when this returns.

    Args:
        run: Folder of a run or of a series, or a file in it; also of one that is on.
        text: What there is to say.
        user: Who says it; the account's name where nobody is named.
        tags: Words by which it is to be found.
        untags: Words by which it is not to be found any more.

    Raises:
        UnknownName: There is no run.
        BadValue: There is nothing to note, or it is too long.
        WriteFailed: The operating system does not take it.
    """
    folder = RunDirectory.open(run).path
    given, taken = _words(tags), _words(untags)
    if not text.strip() and not given and not taken:
        raise BadValue("there is nothing to note: give a text or a tag")
    _check(text, LONGEST, "note")
    note = Note(WallClock().utc().isoformat(timespec="seconds"), user or getpass.getuser(), text.strip(), given, taken)
    _append(folder / FILE, json.dumps(note.as_dict(), ensure_ascii=False))
    return note


def read_notes(run: Path) -> list[Note]:
    """Read the notes of a run's folder, the earliest first; lines that are damaged are left out."""
    try:
        lines = (run / FILE).read_bytes().split(b"\n")
    except OSError:
        return []
    return [note for line in lines if (note := _note(line)) is not None]


def tags_with(tags: Sequence[str], notes: Sequence[Note]) -> list[str]:
    """Return the tags that a run has: those that it began with, and what its notes made of them."""
    found = list(tags)
    for note in notes:
        gone = {tag.casefold() for tag in note.untags}
        found = [tag for tag in found if tag.casefold() not in gone]
        known = {tag.casefold() for tag in found}
        found += [tag for tag in note.tags if tag.casefold() not in known]
    return found


def with_notes(asked: Mapping[str, Any], run: Path) -> dict[str, Any]:
    """Return what run.json says, its notes and tags joined with what was added later: for one file of a run."""
    notes = read_notes(run)
    if not notes:
        return dict(asked)
    texts = [str(asked.get("notes", "")), *(f"{note.text} ({note.user}, {note.utc})" for note in notes if note.text)]
    said = "; ".join(text for text in texts if text)
    return {**asked, "notes": said, "tags": tags_with(asked.get("tags", []), notes)}


def _words(tags: Sequence[str]) -> list[str]:
    words = list(dict.fromkeys(tag.strip() for tag in tags if tag.strip()))
    for word in words:
        _check(word, LONGEST_TAG, "tag")
    return words


def _check(text: str, most: int, what: str) -> None:
    if len(text) > most:
        raise BadValue(f"the {what} has {len(text)} letters, but at most {most} are kept; shorten it")
    if "\0" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
        raise BadValue(f"the {what} holds a zero byte or half a character, which cannot be written down")


def _append(path: Path, line: str) -> None:
    """Append a line and force it to disk; one that was torn by a power failure is ended first."""
    try:
        with path.open("a+b") as file:
            size = file.seek(0, os.SEEK_END)
            torn = False
            if size:
                file.seek(size - 1)
                torn = file.read(1) != b"\n"
            file.write((b"\n" if torn else b"") + line.encode("utf-8") + b"\n")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise WriteFailed(f"cannot write {path}: {error.strerror}") from error


def _note(line: bytes) -> Note | None:
    try:
        said: Any = json.loads(line.decode("utf-8-sig"))
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError):
        return None
    if not isinstance(said, dict):
        return None
    entry = cast("dict[str, Any]", said)
    utc, user, text = (entry.get(key, "") for key in ("utc", "user", "text"))
    if not (isinstance(utc, str) and isinstance(user, str) and isinstance(text, str)):
        return None
    return Note(utc, user, text, _texts(entry.get("tags")), _texts(entry.get("untags")))


def _texts(value: Any) -> list[str]:
    return [each for each in cast("list[Any]", value) if isinstance(each, str)] if isinstance(value, list) else []
