"""What happened during a run: one JSON line each, only ever appended to."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from instruments.clock import Clock
from instruments.errors import WriteFailed

FORCED = frozenset({"state", "block", "abandoned", "torn"})
"""What is forced to disk at once, and all lines before it: a later attempt at the run relies on it. What a block learnt
counts with the block, and what counts at once is in the sample's journal already."""


class EventLog:
    """The file events.jsonl of one run.

    Args:
        path: The file.
        clock: Gives each line its lab time and date.
    """

    def __init__(self, path: Path, clock: Clock) -> None:
        self.path = path
        self._clock = clock

    def write(self, event: str, **details: Any) -> None:
        """Append one line: lab time in s, date and time, what it is, and details.

        Raises:
            WriteFailed: The operating system does not take it.
        """
        line = {"time_s": self._clock.now(), "utc": self._clock.utc().isoformat(), "event": event, **details}
        data = (json.dumps(line, ensure_ascii=False, allow_nan=False) + "\n").encode()
        try:
            with self.path.open("ab") as file:
                file.write(data)
                file.flush()
                if event in FORCED:
                    os.fsync(file.fileno())
        except OSError as error:
            raise WriteFailed(f"cannot write to {self.path}: {error.strerror}") from error

    def state(self, state: str, **details: Any) -> None:
        """Announce a change of the run's state, forced to disk.

        Raises:
            WriteFailed: The operating system does not take it.
        """
        self.write("state", state=state, **details)
