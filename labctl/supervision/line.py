"""The line between a supervisor and its child: a connection on this computer that carries a JSON object a line.

It is a socket, since that is what every system has and closes when either end dies, however it dies.
"""

from __future__ import annotations

import contextlib
import hmac
import json
import secrets
import select
import socket
from collections.abc import Generator, Mapping
from typing import Any

VARIABLE = "LABCTL_SUPERVISOR"
"""Environment variable that tells a child where its supervisor listens: `port:word`."""
_HERE = "127.0.0.1"
_LONGEST = 1 << 16


class Line:
    """One end of the line."""

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        self._heard = b""

    def say(self, what: str, **details: Any) -> bool:
        """Send a message; return whether the other end is there and took it. Never waits."""
        data = json.dumps({"is": what, **details}, ensure_ascii=False).encode() + b"\n"
        try:
            _, ready, _ = select.select([], [self._socket], [], 0)
            return bool(ready) and self._socket.send(data) == len(data)
        except (OSError, ValueError):  # closed, at the other end or at this one
            return False

    def send(self, what: str, **details: Any) -> bool:
        """Send a message however long, and return whether the other end is there; waits until it takes it."""
        data = json.dumps({"is": what, **details}, ensure_ascii=False).encode() + b"\n"
        try:
            self._socket.sendall(data)
        except (OSError, ValueError):
            return False
        return True

    def hear(self) -> Generator[Mapping[str, Any]]:
        """Yield what the other end says, until it ends."""
        while True:
            try:
                data = self._socket.recv(_LONGEST)
            except OSError:
                return
            if not data:
                return
            *lines, self._heard = (self._heard + data).split(b"\n")
            for line in lines:
                yield json.loads(line)

    def close(self) -> None:
        """End the line."""
        with contextlib.suppress(OSError):  # the other end was faster
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()


class Listener:
    """The supervisor's end before the child has called."""

    def __init__(self) -> None:
        self._word = secrets.token_hex(16)
        self._socket = socket.create_server((_HERE, 0))

    @property
    def address(self) -> str:
        """What the child is told in its environment."""
        return f"{self._socket.getsockname()[1]}:{self._word}"

    def close(self) -> None:
        """Stop listening: whoever waits in `accept` gets None."""
        with contextlib.suppress(OSError):  # some systems wake nobody by it, and say so
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def accept(self) -> Line | None:
        """Wait for the one who knows the word; strangers are hung up on. None when nobody listens any more."""
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return None
            said = _first_line(connection)
            if hmac.compare_digest(said, self._word.encode()):
                self.close()  # nobody else is expected
                return Line(connection)
            connection.close()


def call(address: str) -> Line | None:
    """Call the supervisor that listens at an address; None where it is gone already."""
    port, _, word = address.partition(":")
    try:
        connection = socket.create_connection((_HERE, int(port)))
        connection.sendall(word.encode() + b"\n")
    except (OSError, ValueError):
        return None
    return Line(connection)


def _first_line(connection: socket.socket) -> bytes:
    """Read up to the end of the first line, and nothing behind it."""
    said = b""
    while len(said) < _LONGEST:
        try:
            letter = connection.recv(1)
        except OSError:
            return b""
        if letter in (b"", b"\n"):
            return said
        said += letter
    return b""
