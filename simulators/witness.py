"""What really happened in a served lab, written down by the lab itself: every message, and the current that then flows.

A line of JSON for each message that reaches an instrument:

    {"time_s": lab time, "utc": date and time on the wall, "role": ..., "said": ..., "source_A": current in the sample}
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import IO

from instruments.clock import WallClock
from instruments.errors import WriteFailed
from simulators.device import Device
from simulators.faults import Passage


class Witness:
    """The log of one lab.

    Args:
        path: The file; written anew.
        current: Tells the current in A that the source drives through the sample now.

    Raises:
        WriteFailed: The file cannot be written.
    """

    def __init__(self, path: Path, current: Callable[[], float]) -> None:
        self._clock = WallClock()
        self._current = current
        try:
            self._file: IO[str] = path.open("w", encoding="utf-8", buffering=1)  # a line at a time
        except OSError as error:
            raise WriteFailed(f"cannot write {path}: {error.strerror}") from error

    def of(self, role: str, device: Device) -> Device:
        """Return an instrument whose messages are written down."""
        return _Witnessed(device, role, self)

    def write(self, time: float, role: str, message: bytes) -> None:
        """Write a line."""
        said = message.decode("latin-1").rstrip()
        line = {"time_s": time, "utc": self._clock.utc().isoformat(), "role": role, "said": said}
        self._file.write(json.dumps({**line, "source_A": self._current()}) + "\n")

    def close(self) -> None:
        """Close the file."""
        self._file.close()


class _Witnessed(Passage):
    def __init__(self, device: Device, role: str, witness: Witness) -> None:
        super().__init__(device)
        self._role = role
        self._witness = witness

    def write(self, data: bytes) -> None:
        """Pass a message on, and write down what then flows."""
        self.device.write(data)
        self._witness.write(self.timeline.now, self._role, data)
