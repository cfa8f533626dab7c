"""Server-sent events, as bytes come in, in the words of the window."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from labctl.window_words import read_in_window


class EventParser:
    """Puts events together from whatever pieces the network delivers (HTML standard, section 9.2)."""

    def __init__(self) -> None:
        self._half = b""

    def feed(self, piece: bytes) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield the events that are complete now: name and content; comments are left out."""
        *blocks, self._half = (self._half + piece).split(b"\n\n")
        for block in blocks:
            name, data = "message", ""
            for line in block.decode("utf-8").split("\n"):
                key, _, value = line.partition(": ")
                if key == "event":
                    name = value
                elif key == "data":
                    data += value
            if data:
                yield name, read_in_window(data)
