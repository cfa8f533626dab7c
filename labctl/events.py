"""What happened during a run: one JSON line each, only ever appended to."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import IO, Any

from instruments.clock import Clock
from instruments.errors import WriteFailed
from labctl.kept_files import KeptFile, lost

FORCED = frozenset({"state", "block", "abandoned", "torn", "check", "checked"})
"""What is forced to disk at once, and all lines before it: a later attempt at the run relies on it. What a block learnt
counts with the block, and what counts at once is in the sample's journal already."""


class EventLog:
    """The file events.jsonl of one run.

    Args:
        path: The file.
        clock: Gives each line its lab time and date.
    """

    def __init__(self, path: Path, clock: Clock) -> None:
        self._clock = clock
        self._kept = KeptFile(path)
        self._begun = False

    @property
    def path(self) -> Path:
        """Where it lies; elsewhere after it was taken away and could not be written there anew."""
        return self._kept.path

    def write(self, event: str, **details: Any) -> None:
        """Append one line: lab time in s, date and time, what it is, and details.

        Raises:
            WriteFailed: The operating system does not take it, or the lines before it were taken away; the sentence
                says where they are.
        """
        line = {"time_s": self._clock.now(), "utc": self._clock.utc().isoformat(), "event": event, **details}
        data = (json.dumps(line, ensure_ascii=False, allow_nan=False) + "\n").encode()
        said = self._kept.look()
        try:
            with self.path.open("a+b") as file:
                if not self._begun:
                    self._begin(file)
                file.write(data)
                file.flush()
                if event in FORCED:
                    os.fsync(file.fileno())
        except OSError as error:
            self._kept.cut()
            raise WriteFailed(f"cannot write to {self.path}: {error.strerror}") from error
        self._kept.wrote(data)
        if said:
            raise lost(self.path, said)

    def _begin(self, file: IO[bytes]) -> None:
        """Take in what earlier attempts at the run have written."""
        self._kept.begin(file.fileno())
        file.seek(0)
        self._kept.wrote(file.read())
        self._begun = True

    def look(self) -> None:
        """Look whether the file still lies there with all its lines; if not, write it anew.

        Raises:
            WriteFailed: It did not; the sentence says what became of it, and where the lines are.
        """
        if said := self._kept.look():
            raise lost(self.path, said)

    def state(self, state: str, **details: Any) -> None:
        """Announce a change of the run's state, forced to disk.

        Raises:
            WriteFailed: The operating system does not take it.
        """
        self.write("state", state=state, **details)
