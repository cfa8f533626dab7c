"""The files of a run while it is on: what they hold is kept in memory, and written anew when somebody takes them away.

An open file that is deleted takes every byte and keeps none; one that an editor saves loses what came since it was
opened. So each is looked at where it lies. What is missing there is written anew, and the run ends: who tidies up in
its folder has not finished yet.
"""

from __future__ import annotations

import contextlib
import json
import os
import zlib
from pathlib import Path

from instruments.errors import LabError, WriteFailed
from labctl import paths

RESCUED = "rescued"
"""Folder in the state folder, for what cannot be written where it belongs."""
FOUND = "found"
"""Behind the name of a file that another program has put in the place of a run's own."""
_BATCH = 1 << 16


class KeptFile:
    """A file that only ever grows, and all that was written into it.

    Args:
        path: The file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.length = 0
        self._packer = zlib.compressobj(1)
        self._packed: list[bytes] = []
        self._last = bytearray()
        self._place: tuple[int, int] | None = None

    def begin(self, file: int) -> None:
        """Take an open file for the one that is to lie there."""
        found = os.fstat(file)
        self._place = found.st_dev, found.st_ino

    def wrote(self, data: bytes) -> None:
        """Take in what was written at its end."""
        self.length += len(data)
        self._last += data
        if len(self._last) > _BATCH:
            self._packed.append(self._packer.compress(self._last))
            self._last.clear()

    def cut(self) -> None:
        """Cut off what was written only in part, as far as the system lets it."""
        if self._place is not None:
            with contextlib.suppress(OSError):
                os.truncate(self.path, self.length)

    def content(self) -> bytes:
        """Return all that was written."""
        whole = zlib.decompressobj().decompress(b"".join([*self._packed, self._packer.copy().flush()]))
        return whole + bytes(self._last)

    def look(self) -> str:
        """Look whether the file still lies there whole; if not, write it anew.

        Returns:
            What had become of it, and where its content is now; empty if all is well.
        """
        try:
            found = os.stat(self.path)  # noqa: PTH116 - for every row; a Path is slower
            if found.st_size == self.length and (found.st_dev, found.st_ino) == self._place:
                return ""
        except OSError:
            pass
        became = self._became()
        return f"{became}; {self.write_anew()}" if became else ""

    def _became(self) -> str:
        """Say what became of the file; asked of the file itself, since what a folder says of one can be late."""
        if self._place is None:  # nothing was written yet
            return ""
        try:
            file = os.open(self.path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        except FileNotFoundError:
            return "it was deleted under the run" if self.path.parent.is_dir() else "its folder was deleted or moved"
        except OSError as error:
            return f"it cannot be read any more ({error.strerror})"
        try:
            found = os.fstat(file)
        finally:
            os.close(file)
        if (found.st_dev, found.st_ino) != self._place:
            return "another file was put in its place under the run"
        if found.st_size == self.length:
            return ""
        return f"another program has written to it under the run ({found.st_size} bytes, not {self.length})"

    def write_anew(self) -> str:
        """Write all of it where it belongs, or elsewhere where that cannot be; return where it is now."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            moved = _move_aside(self.path)
            self._write(self.path)
        except OSError as error:
            why = error.strerror
        else:
            there = "all of it was written anew to the same place"
            return f"{there}; what was found there is in {moved}" if moved else there
        try:
            elsewhere = paths.state_folder() / RESCUED / self.path.parent.name / self.path.name
            elsewhere.parent.mkdir(parents=True, exist_ok=True)
            _move_aside(elsewhere)
            self._write(elsewhere)
        except (OSError, LabError) as error:
            return f"IT COULD NOT BE WRITTEN ANEW, neither there ({why}) nor elsewhere ({error})"
        self.path = elsewhere
        return f"it cannot be written there ({why}), all of it is in {elsewhere}"

    def _write(self, path: Path) -> None:
        with path.open("xb") as file:
            file.write(self.content())
            file.flush()
            os.fsync(file.fileno())
            self.begin(file.fileno())


class KeptRequest:
    """The run.json of a run that is on; somebody may add to its notes, and may not take it away.

    Args:
        path: The file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._content = path.read_bytes()
        self._seen = self._sign()

    def _sign(self) -> tuple[int, int, int] | None:
        try:
            found = os.stat(self.path)  # noqa: PTH116 - for every row; a Path is slower
        except OSError:
            return None
        return found.st_ino, found.st_size, found.st_mtime_ns

    def look(self) -> str:
        """Look whether the file still lies there; if not, write it anew, and say so."""
        sign = self._sign()
        if sign is not None and sign == self._seen:
            return ""
        try:
            content = self.path.read_bytes()
            if isinstance(json.loads(content), dict):
                self._content, self._seen = content, sign
                return ""
        except (OSError, ValueError):
            pass
        kept = KeptFile(self.path)
        kept.wrote(self._content)
        became = "it was deleted under the run" if sign is None else "what is in it is no JSON object any more"
        said = kept.write_anew()
        self.path, self._seen = kept.path, self._sign()
        return f"{became}; {said}"


def _move_aside(path: Path) -> Path | None:
    """Give what lies at a path another name beside it; return that, None where nothing lies there."""
    if not os.path.lexists(path):
        return None
    number = 0
    while os.path.lexists(aside := path.with_name(f"{path.stem}-{FOUND}{number or ''}{path.suffix}")):
        number += 1
    path.rename(aside)
    return aside


def lost(path: Path, said: str) -> WriteFailed:
    """Return the error of a run one of whose files was taken away.

    Args:
        path: The file.
        said: What became of it.
    """
    return WriteFailed(f"the run cannot go on with {path}: {said}")
