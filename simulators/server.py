"""The TCP door: every instrument of a simulated lab on a socket of its own.

One thread serves all sockets and moves the lab, so what happens has one order. An instrument carries out one message
at a time; whoever asked gets the answer when it is ready on the lab's clock, and what others send meanwhile waits in
line. A client that vanishes takes its unfinished question with it, and none can spoil what another says: an instrument
only ever gets whole messages, and who floods the lab is dropped.
"""

from __future__ import annotations

import contextlib
import re
import selectors
import socket
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from instruments.clock import ScaledClock
from simulators.device import Device
from simulators.timeline import Timeline

LOOPBACK = "127.0.0.1"
LONGEST_MESSAGE = 65_536
"""Bytes after which an unfinished message is too long: the rest is thrown away up to its terminator. The instrument
gets what it cannot hold either, and reports the overrun."""

LARGEST_BACKLOG = 1_048_576
"""Bytes that may wait for a client to read, or wait from it for the instrument; who lets more gather is dropped."""

_MESSAGE_OVERHEAD = 64  # bytes; what a waiting message takes besides its own, so that empty ones are bounded too
_IDLE = 0.5  # s of real time after which the loop looks whether it should stop
_QUICKACK: int | None = getattr(socket, "TCP_QUICKACK", None)


@dataclass(slots=True, eq=False)
class _Connection:
    """A client of one instrument."""

    connected: socket.socket
    line: _Line
    received: bytes = b""
    unsent: bytes = b""
    waiting: int = 0  # bytes
    overrun: bool = False


@dataclass(slots=True, eq=False)
class _Line:
    """One instrument with its clients and the messages that wait for it."""

    device: Device
    terminators: bytes
    end: re.Pattern[bytes]
    waiting: deque[tuple[_Connection, bytes]] = field(default_factory=deque)
    asking: _Connection | None = None


class LabServer:
    """Serves instruments over TCP on a scaled clock.

    Args:
        timeline: The lab's time; its clock must be scaled, since nobody could move a virtual one.
        devices: The instruments by role, with the bytes that end a message to each.
        host: Address to listen on; only this computer can reach the default.

    Raises:
        TypeError: The clock does not run by itself.
        OSError: The address cannot be listened on.
    """

    def __init__(
        self, timeline: Timeline, devices: Mapping[str, tuple[Device, bytes]], *, host: str = LOOPBACK
    ) -> None:
        if not isinstance(timeline.clock, ScaledClock):
            raise TypeError("a lab is served over TCP on a ScaledClock")
        self._clock = timeline.clock
        self._timeline = timeline
        self._selector = selectors.DefaultSelector()
        self._lines: list[_Line] = []
        self._stopping = False
        self.ports: dict[str, int] = {}
        for role, (device, terminators) in devices.items():
            device.stream = True
            listener = socket.create_server((host, 0))
            listener.setblocking(False)
            line = _Line(device, terminators, re.compile(b"([" + re.escape(terminators) + b"])"))
            self._lines.append(line)
            self._selector.register(listener, selectors.EVENT_READ, line)
            self.ports[role] = listener.getsockname()[1]

    def stop(self) -> None:
        """Make `serve` return soon; may be called from a signal handler or another thread."""
        self._stopping = True

    def serve(self) -> None:
        """Serve until `stop` is called; then close all sockets."""
        try:
            while not self._stopping:
                self.step()
        finally:
            self._close()

    def step(self, longest: float = _IDLE) -> None:
        """Wait at most this many real s for something to happen, and deal with it."""
        for key, events in self._selector.select(self._patience(longest)):
            if isinstance(key.data, _Line):
                self._accept(key.fileobj, key.data)
            elif events & selectors.EVENT_READ:
                self._receive(key.data)
            else:
                self._send(key.data)
        self._timeline.catch_up()
        for line in self._lines:
            self._attend(line)

    def _patience(self, longest: float) -> float:
        """Real s until an instrument that somebody is waiting for may have something to say."""
        moments = [line.device.ready_at() for line in self._lines if line.asking is not None]
        ahead = min((moment for moment in moments if moment is not None), default=None)
        if ahead is None:
            return longest
        return min(longest, max(0.0, (ahead - self._clock.now()) / self._clock.speed))

    def _accept(self, listener: object, line: _Line) -> None:
        assert isinstance(listener, socket.socket)
        with contextlib.suppress(OSError):  # a client that is gone before it was accepted is none
            connected, _ = listener.accept()
            connected.setblocking(False)
            connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._selector.register(connected, selectors.EVENT_READ, _Connection(connected, line))

    def _receive(self, connection: _Connection) -> None:
        try:
            data = connection.connected.recv(65_536)
            if _QUICKACK is not None:  # otherwise a write followed by a query waits 40 ms for a delayed acknowledgement
                connection.connected.setsockopt(socket.IPPROTO_TCP, _QUICKACK, 1)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._drop(connection)
            return
        connection.received += data
        self._cut_messages(connection)

    def _cut_messages(self, connection: _Connection) -> None:
        line = connection.line
        *messages, rest = line.end.split(connection.received)
        # The pattern captures, so that each message is followed by what ended it.
        for message, terminator in zip(messages[::2], messages[1::2], strict=True):
            if connection.overrun:  # the end of a message that was too long
                connection.overrun = False
            else:
                self._queue(connection, message + terminator)
        if connection.overrun:
            rest = b""
        elif len(rest) > LONGEST_MESSAGE:
            self._queue(connection, rest + line.terminators[:1])
            connection.overrun, rest = True, b""
        connection.received = rest
        if connection.waiting > LARGEST_BACKLOG:
            self._drop(connection)

    def _queue(self, connection: _Connection, message: bytes) -> None:
        connection.line.waiting.append((connection, message))
        connection.waiting += len(message) + _MESSAGE_OVERHEAD

    def _attend(self, line: _Line) -> None:
        """Hand an instrument its next messages, and bring its answer to whoever asked."""
        device = line.device
        while True:
            answer = device.read()
            if answer and line.asking is not None:
                self._answer(line.asking, answer)
            if device.ready_at() is not None:
                return
            line.asking = None
            if not line.waiting:
                return
            line.asking, message = line.waiting.popleft()
            line.asking.waiting -= len(message) + _MESSAGE_OVERHEAD
            device.write(message)

    def _answer(self, connection: _Connection, answer: bytes) -> None:
        """Send an answer, unless the client has left too much unread; a single one may be of any size."""
        if len(connection.unsent) > LARGEST_BACKLOG:
            self._drop(connection)
            return
        connection.unsent += answer
        self._send(connection)

    def _send(self, connection: _Connection) -> None:
        try:
            sent = connection.connected.send(connection.unsent)
        except BlockingIOError:
            sent = 0
        except OSError:
            self._drop(connection)
            return
        connection.unsent = connection.unsent[sent:]
        wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if connection.unsent else 0)
        self._selector.modify(connection.connected, wanted, connection)

    def _drop(self, connection: _Connection) -> None:
        """Forget a client, its waiting messages and its unfinished question."""
        line = connection.line
        line.waiting = deque(item for item in line.waiting if item[0] is not connection)
        if line.asking is connection:
            line.device.clear()
            line.asking = None
        with contextlib.suppress(KeyError, ValueError):
            self._selector.unregister(connection.connected)
        connection.connected.close()

    def _close(self) -> None:
        for key in list(self._selector.get_map().values()):
            assert isinstance(key.fileobj, socket.socket)
            key.fileobj.close()
        self._selector.close()
