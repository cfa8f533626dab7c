"""Messages of the MultiPyVu protocol, as a client writes and reads them.

A message is a 2-byte length (big endian) of a header, the header as JSON, and a body as JSON in as many bytes as the
header's `message-length` says.
"""

from __future__ import annotations

import json
import struct
import sys
from collections.abc import Mapping
from typing import Any

LONGEST_HEADER = 4096
LONGEST_BODY = 1_000_000
"""Bytes; a server's messages have some hundred. More than this is no message, but a line that is out of step."""

Message = dict[str, str]


class Garbled(Exception):
    """What came is no message; `str` says why."""


def pack(body: Mapping[str, str]) -> bytes:
    """Return a message that carries a body."""
    content = json.dumps(dict(body)).encode("utf-8")
    header = {
        "byteorder": sys.byteorder,
        "message-type": "text/json",
        "message-encoding": "utf-8",
        "message-length": len(content),
    }
    head = json.dumps(header).encode("utf-8")
    return struct.pack(">H", len(head)) + head + content


class Unpacker:
    """Puts messages together from the pieces in which they come."""

    def __init__(self) -> None:
        self._pending = b""

    @property
    def unfinished(self) -> bool:
        """Whether a message has begun and not ended."""
        return bool(self._pending)

    def take(self, data: bytes) -> list[Message]:
        """Add bytes, and return the messages that end with them.

        Raises:
            Garbled: They are no messages.
        """
        self._pending += data
        messages: list[Message] = []
        while (end := self._end()) is not None:
            start, stop, encoding = end
            content, self._pending = self._pending[start:stop], self._pending[stop:]
            body = _object(content, encoding)
            if not all(isinstance(value, str) for value in body.values()):
                raise Garbled(f"a body with other things than texts: {content[:80]!r}")
            messages.append(body)
        return messages

    def _end(self) -> tuple[int, int, str] | None:
        """Return where the first body begins and ends, and its encoding; None as long as it is not all there."""
        pending = self._pending
        if len(pending) < 2:
            return None
        (length,) = struct.unpack(">H", pending[:2])
        if length > LONGEST_HEADER or pending[2:3] not in {b"", b"{"}:
            raise Garbled(f"no header: {pending[:40]!r}")
        start = 2 + length
        if len(pending) < start:
            return None
        header = _object(pending[2:start], "utf-8")
        size, encoding = header.get("message-length"), header.get("message-encoding")
        if type(size) is not int or not 0 < size <= LONGEST_BODY or encoding not in {"utf-8", "ascii"}:
            raise Garbled(f"a header that makes no sense: {pending[2:start][:160]!r}")
        stop = start + size
        return (start, stop, str(encoding)) if len(pending) >= stop else None


def _object(content: bytes, encoding: str) -> dict[str, Any]:
    try:
        found = json.loads(content.decode(encoding))
    except (ValueError, RecursionError):
        raise Garbled(f"no JSON: {content[:80]!r}") from None
    if not isinstance(found, dict):
        raise Garbled(f"no JSON object: {content[:80]!r}")
    return found
