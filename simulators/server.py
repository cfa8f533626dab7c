"""A lab served over TCP: every instrument on a socket of its own.

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
import selectors
import socket
from collections.abc import Callable, Mapping
from types import MappingProxyType

from instruments.clock import ScaledClock, VirtualClock
from instruments.shared_clock import SLICE, SharedClock
from simulators.clock_door import ClockDoor
from simulators.device import Device
from simulators.doors import FREE, Client, Door, Sessions
from simulators.hall import Hall, places
from simulators.instrument_door import InstrumentDoor
from simulators.service import Service, ServiceDoor
from simulators.timeline import Timeline

LOOPBACK = "127.0.0.1"
NO_SERVICES: Mapping[str, Service] = MappingProxyType({})
NO_PORTS: Mapping[str, int] = MappingProxyType({})
NO_SESSIONS: Mapping[str, Sessions] = MappingProxyType({})
_IDLE = 10.0  # s of real time; nothing depends on it, since whatever happens ends the wait


class PortTaken(OSError):
    """A door cannot listen where it is to.

    Attributes:
        door: Its name.
        port: Its port, 0 if any would have done.
    """

    def __init__(self, door: str, port: int, error: OSError) -> None:
        super().__init__(error.errno, error.strerror or str(error))
        self.door = door
        self.port = port


class LabServer:
    """Serves instruments over TCP on a scaled or a virtual clock.

    Args:
        timeline: The lab's time, on a scaled or a virtual clock. On a virtual one there is a clock door as well.
        devices: The instruments by role, with the bytes that end a message to each.
        services: What else is served, by name: programs that speak a protocol of their own with each client.
        host: Address to listen on; only this computer can reach the default.
        fixed: Port of each role, service or `clock` that is to have a certain one; the others get any.
        sessions: How many may use an instrument at once, by role; by default as many as come.
        at_end: Called when all sockets are closed.

    Attributes:
        ports: Port of each instrument by role and of each service by name, and that of the clock door as `clock` where
            there is one.

    Raises:
        TypeError: The clock is of another kind.
        PortTaken: The address cannot be listened on.
    """

    def __init__(
        self,
        timeline: Timeline,
        devices: Mapping[str, tuple[Device, bytes]],
        services: Mapping[str, Service] = NO_SERVICES,
        *,
        host: str = LOOPBACK,
        fixed: Mapping[str, int] = NO_PORTS,
        sessions: Mapping[str, Sessions] = NO_SESSIONS,
        at_end: Callable[[], None] | None = None,
    ) -> None:
        clock = timeline.clock
        if not isinstance(clock, ScaledClock | VirtualClock):
            raise TypeError("a lab is served over TCP on a ScaledClock or a VirtualClock")
        self._clock = clock
        self._at_end = at_end
        self._selector = selectors.DefaultSelector()
        self._hall = Hall(timeline, self._selector)
        self._doors: dict[str, Door] = {}
        self._stopping = False
        self._waker, self._woken = socket.socketpair()
        self._selector.register(self._woken, selectors.EVENT_READ)
        self.ports: dict[str, int] = {}
        try:
            for role, (device, terminators) in devices.items():
                listener = self._listen(host, role, fixed.get(role, 0))
                rule = sessions.get(role, FREE)
                self._doors[role] = InstrumentDoor(listener, self._hall, device, terminators, rule)
            for name, service in services.items():
                listener = self._listen(host, name, fixed.get(name, service.port))
                self._doors[name] = ServiceDoor(listener, self._hall, service)
            if isinstance(clock, VirtualClock):
                listener = self._listen(host, "clock", fixed.get("clock", 0))
                device = ClockDoor(timeline, clock, self._claim)
                self._clock_door = self._doors["clock"] = InstrumentDoor(listener, self._hall, device, b"\n")
        except OSError:
            self._close()
            raise
        self._hall.places = places(len(self._doors))

    def _listen(self, host: str, name: str, port: int) -> socket.socket:
        try:
            listener = socket.create_server((host, port))
        except OSError as error:
            raise PortTaken(name, port, error) from error
        self.ports[name] = listener.getsockname()[1]
        return listener

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
            someone = key.data
            if isinstance(someone, Client):
                someone.door.handle(someone, events)
            elif isinstance(someone, Door):
                someone.accept()
            else:
                return  # asked to stop
        if self._hall.stale:
            self._hall.timeline.catch_up()
        if self._hall.busy:
            for door in list(self._hall.busy):
                door.attend()

    def _patience(self, longest: float) -> float:
        """Real s until an instrument that somebody is waiting for may have something to say."""
        hall = self._hall
        if not hall.busy and not hall.stale:
            return longest
        moments = [door.next_moment() for door in hall.busy] + [door.next_release() for door in self._doors.values()]
        ahead = min((moment for moment in moments if moment is not None), default=None)
        if ahead is None:
            return longest
        if isinstance(self._clock, VirtualClock):  # nobody waits on it
            return 0.0
        if isinstance(self._clock, SharedClock):  # its speed may change meanwhile
            longest = min(longest, SLICE)
        return min(longest, max(0.0, (ahead - self._clock.now()) / self._clock.speed))

    def _claim(self, ports: set[int]) -> set[int]:
        """Let whoever asks at the clock door name its own connections by their ports; see `Hall.claim`."""
        for door in self._doors.values():
            door.accept()
        asker = self._clock_door.asking
        assert asker is not None
        return self._hall.claim(asker, ports)

    def _close(self) -> None:
        for key in list(self._selector.get_map().values()):
            assert isinstance(key.fileobj, socket.socket)
            key.fileobj.close()
        for door in self._doors.values():
            door.listener.close()
        self._waker.close()
        self._hall.close()
        self._selector.close()
        if self._at_end is not None:
            self._at_end()
