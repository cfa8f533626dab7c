"""A TCP connection to a MultiPyVu server."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Protocol

from instruments.clock import Clock, WallClock

CONNECT_TIME = 5.0
"""s of real time within which a server must accept a connection."""

_QUICKACK: int | None = getattr(socket, "TCP_QUICKACK", None)


class Wire(Protocol):
    """What carries bytes to a server and back.

    Attributes:
        clock: What its time-outs are measured by: the wall's over TCP, the lab's within a process.
    """

    clock: Clock

    def send(self, data: bytes) -> None:
        """Send bytes.

        Raises:
            OSError: The connection is lost.
        """
        ...

    def receive(self, seconds: float) -> bytes:
        """Return what came, b"" if nothing does within this many s.

        Raises:
            OSError: The connection is lost.
        """
        ...

    def local_port(self) -> int | None:
        """Return the port on this side, None if there is none."""
        ...

    def close(self) -> None:
        """Hang up."""
        ...


Connect = Callable[[str, int], Wire]
"""Connects to a host and port; raises OSError where nobody answers."""


class SocketWire:
    """A TCP connection.

    The official server lets the answer to a question wait until its confirmation is acknowledged, which an operating
    system likes to put off for 40 ms; where it can be told not to, it is. Small messages are gathered (Nagle's
    algorithm), as by the official client: a request that reaches the official server together with the confirmation of
    the answer before is lost, since that server empties its buffer before it reads a request.
    """

    def __init__(self, host: str, port: int) -> None:
        self.clock: Clock = WallClock()
        self._socket = socket.create_connection((host, port), timeout=CONNECT_TIME)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        self._acknowledge()

    def _acknowledge(self) -> None:
        if _QUICKACK is not None:
            self._socket.setsockopt(socket.IPPROTO_TCP, _QUICKACK, 1)

    def send(self, data: bytes) -> None:
        """Send bytes."""
        self._socket.settimeout(CONNECT_TIME)
        self._socket.sendall(data)
        self._acknowledge()

    def receive(self, seconds: float) -> bytes:
        """Return what came, b"" if nothing does within this many s of real time."""
        self._socket.settimeout(max(seconds, 1e-3))
        try:
            data = self._socket.recv(65_536)
        except TimeoutError:
            return b""
        self._acknowledge()
        if not data:
            raise ConnectionResetError("the server has hung up")
        return data

    def local_port(self) -> int | None:
        """Return the port on this side."""
        return self._socket.getsockname()[1]

    def close(self) -> None:
        """Hang up."""
        self._socket.close()
