"""Reads the events of a run as they are written, in pieces so small that nobody waits for one."""

from __future__ import annotations

from pathlib import Path

from PyQt6.QtCore import QObject, pyqtSignal

from labctl.gui.log_lines import INFO, Line, line_of
from labctl.gui.timing import timer

PIECE = 32 << 10
"""Bytes that are read at once."""
BEHIND = 4 << 20
"""Bytes before the end from which a long file is read."""
NEXT, LATER = 10, 400
"""ms to the next piece where there is more, and where there is not."""


class LogTail(QObject):
    """Follows one file.

    Args:
        parent: Who owns it.
    """

    lines = pyqtSignal(list)
    """Lines that have come."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._path: Path | None = None
        self._at = 0
        self._half = b""
        self._timer = timer(self, LATER, self._read, once=True)

    @property
    def path(self) -> Path | None:
        """The file that is followed."""
        return self._path

    def follow(self, path: Path | None) -> None:
        """Read a file from its beginning, or a long one from near its end, and on as it grows.

        Args:
            path: The file, which need not be there yet; None reads nothing any more.
        """
        self._path, self._at, self._half = path, 0, b""
        self._timer.stop()
        if path is None:
            return
        size = self._size()
        if size > BEHIND:
            self._at = size - BEHIND
            self._skip = True
            self.lines.emit([Line(INFO, f"what was before is left out here; it is in {path}")])
        else:
            self._skip = False
        self._timer.start(0)

    def _size(self) -> int:
        assert self._path is not None
        try:
            return self._path.stat().st_size
        except OSError:
            return 0

    def _read(self) -> None:
        assert self._path is not None
        size = self._size()
        if size < self._at:  # another file lies there now
            self._at, self._half = 0, b""
        piece = b""
        if size > self._at:
            try:
                with self._path.open("rb") as file:
                    file.seek(self._at)
                    piece = file.read(PIECE)
            except OSError:
                piece = b""
        self._at += len(piece)
        *whole, self._half = (self._half + piece).split(b"\n")
        if self._skip and whole:
            del whole[0]  # its beginning was not read
            self._skip = False
        if found := [line for raw in whole if raw and (line := line_of(raw)) is not None]:
            self.lines.emit(found)
        self._timer.start(NEXT if self._at < size and piece else LATER)
