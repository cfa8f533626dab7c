"""A service of the simulated lab: what many clients can reach at once, each with a conversation of its own.

An instrument has one input, one output and whoever asked last; a service is a program (Quantum Design's MultiVu) that
tells its clients apart. `ServiceDoor` is its socket in `simulators.server`.
"""

from __future__ import annotations

import socket
from abc import ABC, abstractmethod

from instruments.clock import VirtualClock
from simulators.doors import Client, Door
from simulators.hall import Hall


class Conversation(ABC):
    """What a service is to one of its clients. `timeline.catch_up()` has been called before each call.

    Attributes:
        acts: Whether the client has ever done something else than ask.
        over: Whether the service hangs up, once what it said is sent.
    """

    acts = False
    over = False

    @abstractmethod
    def receive(self, data: bytes) -> None:
        """Take bytes from the client; never raises, never blocks, whatever they are."""

    @abstractmethod
    def read(self) -> bytes:
        """Hand over what is ready to be sent."""

    @abstractmethod
    def ready_at(self) -> float | None:
        """Return when there may be more to send (lab time in s), None if nothing is on its way."""

    @abstractmethod
    def hurry(self) -> None:
        """Have answers that take time of their own now: who asked only looks on."""

    @abstractmethod
    def close(self) -> None:
        """The client is gone."""


class Service(ABC):
    """Something that clients connect to.

    Attributes:
        port: Where it wants to be reached; 0 for any port.
        stopped: Whether somebody has ended it.
    """

    port = 0
    stopped = False

    @abstractmethod
    def connect(self, host: str, port: int) -> Conversation:
        """Begin a conversation with whoever connects from this address."""


class Guest(Client):
    """A client of a service.

    Attributes:
        talk: Its conversation.
    """

    __slots__ = ("talk",)

    def __init__(self, connected: socket.socket, door: Door, port: int, talk: Conversation) -> None:
        super().__init__(connected, door, port)
        self.talk = talk


class ServiceDoor(Door):
    """The socket of a service, and its clients.

    Args:
        listener: The socket.
        hall: What all doors share.
        service: The service.
    """

    def __init__(self, listener: socket.socket, hall: Hall, service: Service) -> None:
        super().__init__(listener, hall)
        self._service = service
        self._awaited: set[Guest] = set()
        """Those that have an answer on its way."""

    def greet(self, connected: socket.socket, address: tuple[str, int]) -> Guest:
        """Begin a conversation."""
        return Guest(connected, self, address[1], self._service.connect(*address))

    def receive(self, client: Client, data: bytes) -> None:
        """Pass on what a client says."""
        assert isinstance(client, Guest)
        self.hall.timeline.catch_up()
        client.talk.receive(data)
        self._attend(client)
        self._end_if_stopped()

    def next_moment(self) -> float | None:
        """When an answer may be ready that its client waits for (lab s); a spectator's wait moves no virtual clock."""
        moments = [
            moment for guest in self._awaited
            if (moment := guest.talk.ready_at()) is not None and not (self.hall.virtual and self._looks_on(guest))
        ]  # fmt: skip
        return min(moments, default=None)

    def attend(self) -> None:
        """Bring clients their answers."""
        for guest in list(self._awaited):
            if guest in self._awaited:  # and not dropped for the sake of another
                self._attend(guest)
        self._end_if_stopped()
        if not self._awaited:
            self.hall.busy.discard(self)

    def left(self, client: Client) -> None:
        """End the conversation."""
        assert isinstance(client, Guest)
        self._awaited.discard(client)
        client.talk.close()

    def sent_all(self, client: Client) -> None:
        """Hang up, if that was the last word."""
        assert isinstance(client, Guest)
        if client.talk.over:
            self.drop(client)

    def _end_if_stopped(self) -> None:
        """When the service has ended, hang up on all and listen no longer."""
        if self._service.stopped and self.listener.fileno() >= 0:
            self.close_entrance()
            for guest in list(self.clients):
                self.drop(guest)

    def _looks_on(self, guest: Guest) -> bool:
        return self.hall.is_spectator(guest, acts=guest.talk.acts)

    def _attend(self, guest: Guest) -> None:
        """Send what is ready; on a virtual clock go on to the next moment, once, so that others are heard as well."""
        self.hall.timeline.catch_up()
        talk, clock = guest.talk, self.hall.timeline.clock
        data = talk.read()
        ready = talk.ready_at()
        if ready is not None and isinstance(clock, VirtualClock):
            if self._looks_on(guest):
                talk.hurry()
            else:
                clock.sleep_until(ready)
                self.hall.timeline.catch_up()
            data += talk.read()
            ready = talk.ready_at()
        if ready is None:
            self._awaited.discard(guest)
        else:
            self._awaited.add(guest)
            self.hall.busy.add(self)
        if data:
            self.send(guest, data)
        if talk.over and not guest.unsent:
            self.drop(guest)
