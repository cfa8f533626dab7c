"""Frames of the MultiPyVu protocol.

A frame is a 2-byte length (big endian) of a JSON header, the header, and a JSON body of the length that the header
gives (MultiPyVu 3.8.0, SocketMessage.py).
"""

from __future__ import annotations

import json
import sys
from functools import lru_cache
from typing import Any

ENCODING = "utf-8"
LONGEST_BODY = 8192
"""Bytes. Requests have some hundred, and the official server receives 4096 at once; who announces more is not speaking
this protocol, and would fill the memory with what waits for its turn."""
LONGEST_HEADER = 1024
"""Bytes. Those of clients have about a hundred."""

_PREFIX = 2
_JSON = json.JSONEncoder(ensure_ascii=False)
_REQUIRED = ("byteorder", "message-length", "message-type", "message-encoding")
_ENCODINGS = frozenset({"utf-8", "utf8", "ascii", "us-ascii", "latin-1", "iso-8859-1", "utf-16", "utf-32"})
"""Encodings that a body may have. Python knows more, some of which are no encodings of text."""

Body = dict[str, Any]


class BadFrame(Exception):
    """What came is not a frame, so that nobody can tell where the next one begins."""


def encode(body: Body) -> bytes:
    """Return a body as a frame, with keys, blanks and order as the official server writes them."""
    content = _JSON.encode(body).encode(ENCODING)
    return _head(len(content)) + content


@lru_cache(maxsize=1024)
def _head(length: int) -> bytes:
    """Return what stands in front of a body of this many bytes."""
    header = json.dumps(
        {
            "byteorder": sys.byteorder,
            "message-type": "text/json",
            "message-encoding": ENCODING,
            "message-length": length,
        }
    ).encode(ENCODING)
    return len(header).to_bytes(_PREFIX, "big") + header


class FrameReader:
    """Puts the pieces together that a stream comes in."""

    def __init__(self) -> None:
        self._received = b""
        self._header: tuple[str, int] | None = None

    def feed(self, data: bytes) -> list[Body]:
        """Take bytes and return the bodies that are complete with them.

        Raises:
            BadFrame: They are no frames.
        """
        self._received += data
        bodies: list[Body] = []
        while (body := self._take()) is not None:
            bodies.append(body)
        return bodies

    def _take(self) -> Body | None:
        if self._header is None and not self._take_header():
            return None
        assert self._header is not None
        encoding, length = self._header
        if len(self._received) < length:
            return None
        content, self._received = self._received[:length], self._received[length:]
        self._header = None
        return _decode(content, encoding)

    def _take_header(self) -> bool:
        received = self._received
        if received[_PREFIX : _PREFIX + 1] not in {b"", b"{"}:
            raise BadFrame("a header begins with a brace")
        end = _PREFIX + int.from_bytes(received[:_PREFIX], "big")
        if len(received) < _PREFIX + 1:
            return False
        if end > _PREFIX + LONGEST_HEADER:
            raise BadFrame("a header is not that long")
        if len(received) < end:
            return False
        self._header = _read_header(received[_PREFIX:end])
        self._received = received[end:]
        return True


@lru_cache(maxsize=256)
def _read_header(content: bytes) -> tuple[str, int]:
    """Return encoding and length of the body; a client's headers differ in the length only."""
    header = _decode(content, ENCODING)
    if any(key not in header for key in _REQUIRED):
        raise BadFrame("the header lacks a key")
    encoding, length = str(header["message-encoding"]).lower(), header["message-length"]
    if encoding not in _ENCODINGS:
        raise BadFrame(f"a body cannot be encoded as {encoding[:20]!r}")
    if type(length) is not int or not 0 <= length <= LONGEST_BODY:
        raise BadFrame(f"a body cannot have {str(length)[:20]} bytes")
    return encoding, length


def _decode(content: bytes, encoding: str) -> Body:
    try:
        text = content.decode(encoding)
        found = json.loads(text)
        if "\\u" in text:  # an escape can be half a character, which no answer could repeat
            _JSON.encode(found).encode(ENCODING)
    except (ValueError, RecursionError) as error:  # of bytes that are no text, text that is no JSON, and too deep JSON
        raise BadFrame("not JSON") from error
    if not isinstance(found, dict):
        raise BadFrame("not a JSON object")
    return found
