"""A folder for arrays that a desk hands over: made when it is needed, and gone with whoever it was made for."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from pathlib import Path


class Place:
    """A temporary folder with a new folder in it for each answer, so that none is written over while it is mapped.

    Attributes:
        path: The folder; None until it is needed.
    """

    def __init__(self) -> None:
        self.path: Path | None = None
        self._made = 0
        self._end: weakref.finalize[..., Place] | None = None

    def new(self) -> str:
        """Return where the next answer goes."""
        if self.path is None:
            self.path = Path(tempfile.mkdtemp(prefix="labctl-plot-"))
            # Windows keeps a file that is still mapped; the system's own cleaning takes it later.
            self._end = weakref.finalize(self, shutil.rmtree, self.path, True)
        self._made += 1
        return str(self.path / str(self._made))

    def drop(self, folder: str) -> None:
        """Remove what an answer has left that another one has replaced."""
        shutil.rmtree(folder, ignore_errors=True)

    def clear(self) -> None:
        """Remove it with all that is in it."""
        if self._end is not None:
            self._end()
        self.path, self._end = None, None
