"""What has been added to a file since one looked last, in whole lines and a little at a time."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

MOST = 65_536
"""Bytes that are read in one go: 200 rows of 27 columns, some 10 ms."""
REMEMBERED = 64
"""Bytes before the place of reading by which a file is known again that was written anew."""


@dataclass(slots=True)
class Tail:
    """A file of lines that another process appends to.

    Attributes:
        path: The file; it need not be there yet.
        offset: Bytes up to which whole lines have been taken.
        behind: Whether there was more than one reading takes.
    """

    path: Path
    offset: int = 0
    behind: bool = False
    _before: bytes = b""
    _known: bool = field(default=False)

    def lines(self, most: int = MOST) -> list[str] | None:
        """Return the lines that are whole by now; None where the file was written anew, and is to be read again.

        After None the next call begins at the file's beginning. A file that is not there, or cannot be read just now,
        has no new lines.
        """
        try:
            with self.path.open("rb") as file:
                size = os.fstat(file.fileno()).st_size
                start = max(0, self.offset - REMEMBERED)
                file.seek(start)
                before = file.read(self.offset - start)
                if size < self.offset or (self._known and before != self._before):
                    self.offset, self._before, self._known = 0, b"", False
                    return None
                new = file.read(most)
        except OSError:
            return []
        end = new.rfind(b"\n") + 1
        self.behind = self.offset + len(new) < size
        self._before, self._known = (before + new[:end])[-REMEMBERED:], True
        self.offset += end
        # A row of data is plain text; what is not UTF-8 spoils its own cell.
        text = new[:end].decode("utf-8", "replace").replace("\r\n", "\n")
        return text.removeprefix("\ufeff").split("\n")[:-1]
