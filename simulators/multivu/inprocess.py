"""The way to a simulated MultiPyVu server in the same process: what a driver sees of a socket, on the lab's clock."""

from __future__ import annotations

import itertools
from collections.abc import Callable

from instruments.clock import Clock
from simulators.multivu.server import MultiVuServer

_FIRST_PORT = 49_152

Connect = Callable[[str, int], "Wire"]


class Wire:
    """One connection.

    Attributes:
        clock: What its time-outs are measured by.
    """

    def __init__(self, server: MultiVuServer, port: int) -> None:
        self.clock: Clock = server.timeline.clock
        self._timeline = server.timeline
        self._talk = server.connect("127.0.0.1", port)

    def send(self, data: bytes) -> None:
        """Send bytes.

        Raises:
            ConnectionResetError: The server has hung up.
        """
        self._timeline.catch_up()
        if self._talk.over:
            raise ConnectionResetError("the server has hung up")
        self._talk.receive(data)

    def receive(self, seconds: float) -> bytes:
        """Return what the server says next, b"" if it says nothing for this many s.

        Raises:
            ConnectionResetError: The server has hung up.
        """
        timeline, talk, clock = self._timeline, self._talk, self.clock
        end = clock.now() + seconds
        while True:
            timeline.catch_up()
            data = talk.read()
            if data:
                return data
            if talk.over:
                raise ConnectionResetError("the server has hung up")
            ready = talk.ready_at()
            if ready is None or ready > end:
                clock.sleep_until(end)
                return b""
            clock.sleep_until(ready)

    def local_port(self) -> int | None:
        """Return no port: nobody looks on within a process."""
        return None

    def close(self) -> None:
        """Hang up."""
        self._talk.close()


def connector(server: MultiVuServer) -> Connect:
    """Return what connects to a server, whatever address it is given: within a process there is one."""
    ports = itertools.count(_FIRST_PORT)
    return lambda _host, _port: Wire(server, next(ports))
