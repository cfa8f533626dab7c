"""Rows into a file, each before the next is taken.

`record` returns when the operating system has the row: no death of any process loses it. A power failure can cost what
came in the last second; the file is forced to disk once a second and whenever the run changes its state.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from instruments.errors import BadValue, DataDamaged, WriteFailed
from labctl.kept_files import KeptFile, lost

SYNC_INTERVAL = 1.0
"""Seconds of real time after which the file is forced to disk."""


class Recorder:
    """Appends rows to one data file.

    Args:
        path: The file; it must not exist yet, unless `keep_torn` is given.
        header: Lines that go before the names of the columns, each beginning with `#`.
        columns: Names of the columns.
        keep_torn: Goes on with a file that was cut, if it is there: a torn row at its end is given to this and then cut
            off; header and columns must be those with which the file was made.

    Raises:
        DataDamaged: The file that is there begins otherwise.
        WriteFailed: The file cannot be made or its header not be written.
    """

    def __init__(
        self,
        path: Path,
        header: Sequence[str],
        columns: Sequence[str],
        *,
        keep_torn: Callable[[bytes], None] | None = None,
    ) -> None:
        self.path = path
        self.columns = tuple(columns)
        self.rows = 0
        bad = [name for name in self.columns if "," in name or "\n" in name or '"' in name]
        if bad:
            raise BadValue(f"a column is called {bad[0]!r}, but a name may hold no comma, quote or line break")
        top = "".join(f"{line}\n" for line in (*header, ",".join(self.columns)))
        self._synced = time.monotonic()
        self._kept = KeptFile(path)
        self._failed: WriteFailed | None = None
        if keep_torn is None or not path.exists():
            self._file = self._open(os.O_CREAT | os.O_EXCL)
            self._kept.begin(self._file)
            self._append(top)
        else:
            self._go_on(top.encode(), keep_torn)

    def _open(self, flags: int) -> int:
        try:
            return os.open(self.path, os.O_WRONLY | os.O_APPEND | getattr(os, "O_BINARY", 0) | flags, 0o666)
        except OSError as error:
            raise WriteFailed(f"cannot {'make' if flags else 'open'} {self.path}: {error.strerror}") from error

    def _go_on(self, top: bytes, keep_torn: Callable[[bytes], None]) -> None:
        """Open a file that was cut: its torn end is cut off, and nothing else of it is changed."""
        whole, torn = split_torn_row(self.path.read_bytes())
        if not (whole.startswith(top) or top.startswith(whole)):
            raise DataDamaged(
                f"{self.path} does not begin as this procedure with these parameters begins it, so no row can be "
                "added; has another program saved it, or the procedure got other columns?"
            )
        self._file = self._open(0)
        self._kept.begin(self._file)
        self._kept.wrote(whole)
        if torn:
            keep_torn(torn)
            self._cut(len(whole))
        self.rows = whole[len(top) :].count(b"\n")
        self._append(top[len(whole) :].decode())

    def record(self, row: Mapping[str, Any]) -> None:
        """Append one row, with a value for each column.

        Raises:
            BadValue: A column is missing or unknown, or a value cannot stand in the file.
            WriteFailed: The row could not be written whole, or the file does not lie there any more with all its rows;
                the sentence says where they are.
        """
        if self._failed is not None:
            raise self._failed
        try:
            text = ",".join(
                [
                    repr(value) if type(value := row[name]) is float else _CELLS.get(type(value), _other_cell)(value)
                    for name in self.columns
                ]
            )
        except KeyError as error:
            raise BadValue(f"record() was given no value for the column {error.args[0]!r}") from None
        if len(row) != len(self.columns):
            unknown = next(name for name in row if name not in self.columns)
            raise BadValue(f"record() was given {unknown!r}, which is not among the columns of {self.path.name}")
        self._append(text + "\n")
        self.rows += 1
        self.look()
        if time.monotonic() - self._synced > SYNC_INTERVAL:
            self.sync()

    def _append(self, text: str) -> None:
        data = text.encode()
        written = 0
        try:
            while written < len(data):
                written += os.write(self._file, data[written:])
        except OSError as error:
            with contextlib.suppress(WriteFailed):  # a reader drops a torn last row anyway
                self._cut(self._kept.length)
            self._failed = WriteFailed(f"cannot write to {self.path}: {error.strerror}; {self.rows} rows are kept")
            raise self._failed from error
        self._kept.wrote(data)

    def _cut(self, length: int) -> None:
        try:
            os.ftruncate(self._file, length)
        except OSError as error:
            raise WriteFailed(f"cannot cut the torn last row off {self.path}: {error.strerror}") from error

    @property
    def size(self) -> int:
        """Bytes of the file, as far as rows are whole."""
        return self._kept.length

    def look(self) -> None:
        """Look whether the file still lies there with all that was recorded; if not, write it anew.

        Raises:
            WriteFailed: It did not; the sentence says what became of it, and where the rows are.
        """
        if self._failed is None and (said := self._kept.look()):
            self._failed = lost(self.path, f"{said}; it has {self.rows} rows")
            raise self._failed

    def sync(self) -> None:
        """Force what was recorded to the disk.

        Raises:
            WriteFailed: The disk does not take it, or did not take a row earlier.
        """
        if self._failed is not None:
            raise self._failed
        try:
            os.fsync(self._file)
        except OSError as error:
            self._failed = WriteFailed(f"cannot write {self.path} to the disk: {error.strerror}")
            raise self._failed from error
        self._synced = time.monotonic()

    def close(self) -> None:
        """Force the file to disk and close it; closing twice does no harm."""
        if self._file >= 0:
            try:
                self.sync()
            finally:
                os.close(self._file)
                self._file = -1


def split_torn_row(content: bytes) -> tuple[bytes, bytes]:
    """Split a file's content into its whole lines and what comes after the last line break."""
    end = content.rfind(b"\n") + 1
    return content[:end], content[end:]


_FORBIDDEN = frozenset(',"\n\r#')


def _text(value: str) -> str:
    if not _FORBIDDEN.isdisjoint(value):
        raise BadValue(f"the text {value!r} holds a comma, quote, line break or #, which a row of data cannot")
    return value


_CELLS: dict[type, Callable[[Any], str]] = {
    float: repr,
    int: repr,
    bool: {False: "0", True: "1"}.__getitem__,
    str: _text,
    type(None): lambda _: "",
}
"""Writes a value so that reading it gives the very same: shortest exact floats, `nan` for not a number."""


def _other_cell(value: Any) -> str:
    """Write what is of none of these kinds."""
    if hasattr(value, "item"):  # numpy's scalars: their repr names their type
        plain = value.item()
        return _CELLS.get(type(plain), _other_cell)(plain)
    raise BadValue(f"{value!r} is not a number, text or flag, so it cannot be recorded")
