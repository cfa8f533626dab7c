"""Connections to a simulated MultiPyVu server, in the same process, on which things go wrong."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

import numpy as np

from simulators.faults import Fault
from simulators.multivu.inprocess import Wire, connector
from simulators.multivu.server import MultiVuServer


class FaultyServer:
    """A server behind wires with faults; see `simulators.faults`.

    A doubled or previous reply is a whole frame, as a server would send it. A lost connection ends the session, and
    none can be made meanwhile.

    Args:
        server: The server.
        faults: What goes wrong, and when; where several do at once, the first one counts.
        dice: What is left to chance.

    Attributes:
        faults: May be changed at any time.
        hit: How many pieces met a fault.
    """

    def __init__(self, server: MultiVuServer, faults: Sequence[Fault], dice: np.random.Generator) -> None:
        self.timeline = server.timeline
        self.faults = faults
        self.dice = dice
        self.hit = 0
        self._connect = connector(server)
        self._wires: list[FaultyConnection] = []

    def connect(self, host: str, port: int) -> FaultyConnection:
        """Connect.

        Raises:
            ConnectionRefusedError: Nothing passes.
        """
        if (fault := self.draw()) is not None and fault.kind == "dropped":
            raise ConnectionRefusedError(111, "Connection refused")
        wire = FaultyConnection(self._connect(host, port), self)
        self._wires.append(wire)
        return wire

    def draw(self) -> Fault | None:
        """Return what goes wrong with the next piece."""
        now = self.timeline.now
        for fault in self.faults:
            if fault.holds(now) and (fault.share >= 1.0 or self.dice.random() < fault.share):
                self.hit += 1
                return fault
        return None

    def note(self, data: bytes) -> None:
        """Somebody says something; for whoever listens."""

    def hang_up(self) -> None:
        """Close every connection."""
        for wire in self._wires:
            wire.lose()
        self._wires.clear()


class FaultyConnection:
    """One connection.

    Attributes:
        clock: What its time-outs are measured by.
    """

    def __init__(self, wire: Wire, server: FaultyServer) -> None:
        self.clock = wire.clock
        self._wire = wire
        self._server = server
        self._before = b""
        self._lost = False
        self._coming: deque[tuple[float, bytes]] = deque()

    def lose(self) -> None:
        """Close it, as seen from both ends."""
        self._lost = True
        self._wire.close()

    def _check(self, fault: Fault | None) -> None:
        if fault is not None and fault.kind == "dropped":
            self.lose()
        if self._lost:
            raise ConnectionResetError(104, "Connection reset by peer")

    def send(self, data: bytes) -> None:
        """Send bytes.

        Raises:
            ConnectionResetError: The connection is lost.
        """
        self._server.note(data)
        fault = self._server.draw()
        self._check(fault)
        self._wire.send(fault.stuck(data) if fault is not None and fault.both_ways else data)

    def receive(self, seconds: float) -> bytes:
        """Return what comes next, b"" if nothing does within this many s.

        Raises:
            ConnectionResetError: The connection is lost.
        """
        clock = self.clock
        end = clock.now() + seconds
        while True:
            self._check(None)
            if self._coming and self._coming[0][0] <= end:
                due, data = self._coming.popleft()
                clock.sleep_until(due)
                return data
            said = self._wire.receive(end - clock.now())
            if not said:
                return b""
            self._pass(said)

    def _pass(self, said: bytes) -> None:
        fault = self._server.draw()
        self._check(fault)
        due = self.clock.now()
        heard = said if fault is None else fault.damaged(said, self._before, self._server.dice)
        if fault is not None and fault.kind == "late":
            due += fault.seconds
        self._before = said
        if heard:
            self._coming.append((due, heard))

    def local_port(self) -> int | None:
        """Return no port: nobody looks on within a process."""
        return None

    def close(self) -> None:
        """Hang up."""
        self._wire.close()
