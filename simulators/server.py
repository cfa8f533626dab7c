"""The TCP door: every instrument of a simulated lab on a socket of its own.

One thread serves all sockets and moves the lab, so what happens has one order. An instrument carries out one message
at a time; whoever asked gets the answer when it is ready on the lab's clock, and what others send meanwhile waits in
line. A client that vanishes takes its unfinished question with it, and none can spoil what another says: an instrument
only ever gets whole messages, and who floods the lab is dropped.

On a scaled clock time flows by itself, and answers wait for their moment. On a virtual clock nobody waits: an answer
that takes time moves the clock to when it is ready and is sent at once, and whoever sleeps says so at the clock door
(`simulators.clock_door`), one more socket. Nothing else moves the clock, and above all no spectator: to who only looks
on, the few milliseconds that an answer needs on its way do not pass. That is who has sent nothing but questions, and
everybody but the program that drives the clock, while there is one (`MINE` at the clock door).
"""

from __future__ import annotations

import contextlib
import re
import selectors
import socket
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from instruments.clock import ScaledClock, VirtualClock
from simulators.clock_door import ClockDoor
from simulators.device import Device
from simulators.lines import cut_messages
from simulators.timeline import Timeline

LOOPBACK = "127.0.0.1"
LONGEST_MESSAGE = 65_536
"""Bytes after which an unfinished message is too long: the rest is thrown away up to its terminator. The instrument
gets what it cannot hold either, and reports the overrun."""

LARGEST_BACKLOG = 1_048_576
"""Bytes that may wait for a client to read, or wait from it for the instrument; who lets more gather is dropped."""

_MESSAGE_OVERHEAD = 64  # bytes; what a waiting message takes besides its own, so that empty ones are bounded too
_IDLE = 10.0  # s of real time; nothing depends on it, since whatever happens ends the wait
_QUICKACK: int | None = getattr(socket, "TCP_QUICKACK", None)


@dataclass(slots=True, eq=False)
class _Connection:
    """A client of one instrument."""

    connected: socket.socket
    line: _Line
    port: int
    acts: bool = False
    received: bytes = b""
    unsent: bytes = b""
    writing: bool = False
    answered: bool = False
    waiting: int = 0  # bytes
    overrun: bool = False


@dataclass(slots=True, eq=False)
class _Line:
    """One instrument with its clients and the messages that wait for it."""

    device: Device
    terminators: bytes
    end: re.Pattern[bytes]
    listener: socket.socket
    waiting: deque[tuple[_Connection, bytes]] = field(default_factory=deque)
    asking: _Connection | None = None

    def cut(self, received: bytes) -> tuple[list[bytes], bytes]:
        """Cut what a client has sent into whole messages with their ends, and what is unfinished."""
        if self.terminators == b"\n":  # SCPI, where a line feed may be part of a quoted string
            *lines, rest = cut_messages(received, whole=False)
            return [line + b"\n" for line in lines], rest
        # The pattern captures, so that each message is followed by what ended it.
        *pieces, rest = self.end.split(received)
        return [message + end for message, end in zip(pieces[::2], pieces[1::2], strict=True)], rest


class LabServer:
    """Serves instruments over TCP on a scaled or a virtual clock.

    Args:
        timeline: The lab's time, on a scaled or a virtual clock. On a virtual one there is a clock door as well.
        devices: The instruments by role, with the bytes that end a message to each.
        host: Address to listen on; only this computer can reach the default.

    Attributes:
        ports: Port of each instrument by role, and that of the clock door as `clock` where there is one.

    Raises:
        TypeError: The clock is of another kind.
        OSError: The address cannot be listened on.
    """

    def __init__(
        self, timeline: Timeline, devices: Mapping[str, tuple[Device, bytes]], *, host: str = LOOPBACK
    ) -> None:
        clock = timeline.clock
        if not isinstance(clock, ScaledClock | VirtualClock):
            raise TypeError("a lab is served over TCP on a ScaledClock or a VirtualClock")
        self._clock = clock
        self._speed = clock.speed if isinstance(clock, ScaledClock) else None
        self._timeline = timeline
        self._selector = selectors.DefaultSelector()
        self._lines: list[_Line] = []
        self._busy: set[_Line] = set()
        self._connections: dict[int, _Connection] = {}
        self._owned: set[int] = set()
        self._expected: set[int] | None = None
        self._stopping = False
        self._waker, self._woken = socket.socketpair()
        self._selector.register(self._woken, selectors.EVENT_READ)
        self.ports: dict[str, int] = {}
        for role, (device, terminators) in devices.items():
            self._open(role, device, terminators, host)
        if isinstance(clock, VirtualClock):
            self._open("clock", ClockDoor(timeline, clock, self._claim), b"\n", host)

    def _open(self, role: str, device: Device, terminators: bytes, host: str) -> None:
        device.stream = True
        listener = socket.create_server((host, 0))
        listener.setblocking(False)
        # No message begins with a quote: in front of one a terminator is part of a string, and the instrument's affair.
        end = re.compile(b"([" + re.escape(terminators) + b"])(?![\"'])")
        line = _Line(device, terminators, end, listener)
        self._lines.append(line)
        self._selector.register(listener, selectors.EVENT_READ, line)
        self.ports[role] = listener.getsockname()[1]

    def stop(self) -> None:
        """Make `serve` return soon; may be called from a signal handler or another thread."""
        self._stopping = True
        with contextlib.suppress(OSError):  # it has ended already
            self._waker.send(b"\0")

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
                self._accept(key.data)
            elif key.data is None:
                return  # asked to stop
            elif events & selectors.EVENT_READ:
                self._receive(key.data)
            else:
                self._send(key.data)
        for line in list(self._busy):
            self._attend(line)

    def _patience(self, longest: float) -> float:
        """Real s until an instrument that somebody is waiting for may have something to say."""
        if not self._busy:
            return longest
        ahead = min((moment for line in self._busy if (moment := self._moment(line)) is not None), default=None)
        if ahead is None:
            return longest
        if self._speed is None:
            return 0.0
        return min(longest, max(0.0, (ahead - self._clock.now()) / self._speed))

    def _moment(self, line: _Line) -> float | None:
        """When the answer that somebody is waiting for may be ready (lab time in s), None if nothing will bring it."""
        if line.asking is None:
            return None
        ready = line.device.ready_at()
        # Without a moment of its own the answer may still be brought by what happens next in the lab.
        return self._timeline.next_time() if ready is None and line.device.owes_reply() else ready

    # ---- clients

    def _accept(self, line: _Line) -> None:
        """Let in whoever knocks."""
        with contextlib.suppress(OSError):  # nobody more, or a client that is gone before it was accepted
            while True:
                connected, address = line.listener.accept()
                connected.setblocking(False)
                connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                connection = _Connection(connected, line, address[1])
                self._connections[connection.port] = connection
                if self._expected is not None:
                    self._expected.add(connection.port)
                    self._owned.add(connection.port)
                self._selector.register(connected, selectors.EVENT_READ, connection)

    def _claim(self, ports: set[int]) -> set[int]:
        """Let somebody who drives the clock name its own connections by their ports; return those that do not exist.

        Without ports it is going to open them: until it names them, who comes in is taken for it.
        """
        for line in self._lines:
            self._accept(line)
        unknown = ports - self._connections.keys()
        if not ports:
            self._expected = set()
        elif not unknown:
            self._owned -= self._expected or set()
            self._owned |= ports
            self._expected = None
        return unknown

    def _receive(self, connection: _Connection) -> None:
        try:
            data = connection.connected.recv(65_536)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._drop(connection)
            return
        connection.answered = False
        first = connection.line.end.search(data)
        if first is not None and first.end() == len(data) and not (connection.received or connection.overrun):
            self._queue(connection, data)  # one message, all of it, as almost always
        else:
            connection.received += data
            self._cut_messages(connection)
        if connection.waiting > LARGEST_BACKLOG:
            self._drop(connection)
        self._attend(connection.line)
        # An answer acknowledges what it answers. Where none went out, the client's next message would wait 40 ms for a
        # delayed acknowledgement: a write that a query follows.
        if _QUICKACK is not None and not connection.answered and connection.port in self._connections:
            connection.connected.setsockopt(socket.IPPROTO_TCP, _QUICKACK, 1)

    def _cut_messages(self, connection: _Connection) -> None:
        line = connection.line
        messages, rest = line.cut(connection.received)
        for message in messages:
            if connection.overrun:  # the end of a message that was too long
                connection.overrun = False
            else:
                self._queue(connection, message)
        if connection.overrun:
            rest = b""
        elif len(rest) > LONGEST_MESSAGE:
            self._queue(connection, rest + line.terminators[:1])
            connection.overrun, rest = True, b""
        connection.received = rest

    def _queue(self, connection: _Connection, message: bytes) -> None:
        connection.line.waiting.append((connection, message))
        connection.waiting += len(message) + _MESSAGE_OVERHEAD

    # ---- instruments

    def _attend(self, line: _Line) -> None:
        """Hand an instrument its next messages, and bring its answers to whoever asked."""
        device, moved = line.device, False
        while True:
            self._timeline.catch_up()
            answer = device.read()
            if line.asking is not None:
                if answer:
                    self._answer(line.asking, answer)
                if device.owes_reply():
                    self._busy.add(line)
                    # Once at most, lest an answer that never comes keep all other clients from being heard.
                    if moved or not self._move_clock(line):
                        return
                    moved = True
                    continue
                line.asking = None
            if not line.waiting:
                self._busy.discard(line)
                return
            line.asking, message = line.waiting.popleft()
            line.asking.waiting -= len(message) + _MESSAGE_OVERHEAD
            device.write(message)
            if self._speed is None and self._looks_on(line.asking, message):
                device.hurry()

    def _looks_on(self, connection: _Connection, message: bytes) -> bool:
        """Whether somebody is a spectator, for whom no time may pass."""
        if not connection.acts:
            connection.acts = any(b"?" not in unit and not unit.isspace() for unit in message.split(b";") if unit)
        return connection.port not in self._owned if self._owned else not connection.acts

    def _move_clock(self, line: _Line) -> bool:
        """On a virtual clock, go to when the answer may be ready; whether time has passed."""
        moment = self._moment(line) if self._speed is None else None
        if moment is None:
            return False
        self._clock.sleep_until(moment)
        return True

    def _answer(self, connection: _Connection, answer: bytes) -> None:
        """Send an answer, unless the client has left too much unread; a single one may be of any size."""
        if len(connection.unsent) > LARGEST_BACKLOG:
            self._drop(connection)
            return
        connection.answered = True
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
        if bool(connection.unsent) is not connection.writing:
            connection.writing = not connection.writing
            wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if connection.writing else 0)
            self._selector.modify(connection.connected, wanted, connection)

    def _drop(self, connection: _Connection) -> None:
        """Forget a client, its waiting messages and its unfinished question."""
        if self._connections.pop(connection.port, None) is None:
            return
        line = connection.line
        line.waiting = deque(item for item in line.waiting if item[0] is not connection)
        if line.asking is connection:
            line.device.clear()
            line.asking = None
        self._owned.discard(connection.port)
        if isinstance(line.device, ClockDoor):
            self._expected = None
        self._selector.unregister(connection.connected)
        connection.connected.close()

    def _close(self) -> None:
        for key in list(self._selector.get_map().values()):
            assert isinstance(key.fileobj, socket.socket)
            key.fileobj.close()
        self._waker.close()
        self._selector.close()
