"""What is said to a MultiPyVu server, and when two of its replies agree.

It has no command table. States are words, which agree or do not; temperatures and fields are numbers, of which trailing
zeros are left out, so that no form is left to compare. In the set points, approach and mode are codes; and once the
dialogue itself has commanded temperature or field, the whole of its set points is known.
"""

from __future__ import annotations

import re

from labctl.dialogue.likeness import Level, alike

_HEAD = re.compile(rb'..\{"byteorder"[^}]*"message-length": (\d+)\}', re.DOTALL)
"""Begins a message: its own length, and that of the body, which depends on the numbers in it."""

_COMMAND = re.compile(r'"action": "(TEMP|FIELD)"')
_SETPOINTS = re.compile(r'"action": "(TEMP|FIELD)_SETPOINTS\?", "query": "[^"]*", "result": "\(([^)"]*)\)')


def end_of_messages(heard: bytes, recorded: bytes) -> int:
    """Return where in what was heard as many messages end as were recorded; 0 while they are not there."""
    end = 0
    for _ in _HEAD.findall(recorded):
        head = _HEAD.match(heard, end)
        if head is None or head.end() + int(head[1]) > len(heard):
            return 0
        end = head.end() + int(head[1])
    return end


def is_message(data: bytes) -> bool:
    """Whether a reply is one of a MultiPyVu server."""
    return _HEAD.match(data) is not None


def _bodies(text: str) -> str:
    return _HEAD.sub(b"", text.encode("latin-1")).decode("latin-1")


class ServerTalk:
    """Follows what is said to a server, and judges its replies; see `Conversation`."""

    def __init__(self) -> None:
        self._commanded: set[str] = set()

    def hear(self, data: bytes) -> None:
        """Take note of what is sent."""
        self._commanded |= set(_COMMAND.findall(data.decode("latin-1")))

    def forget(self) -> None:
        """What a server was told outlives a connection."""

    def agrees(self, recorded: str, simulated: str, level: Level) -> bool:
        """Whether what it said agrees with what is said in simulation."""
        del level
        one, other = _bodies(recorded), _bodies(simulated)
        return self._setpoints(one) == self._setpoints(other) and alike(one, other, "kind")

    def _setpoints(self, text: str) -> list[tuple[str, list[str]]]:
        """Return of each set point what has to be the same."""
        return [
            (what, [value for value in values.split(", ") if what in self._commanded or value.isdigit()])
            for what, values in _SETPOINTS.findall(text)
        ]
