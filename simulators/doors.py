"""A door of a served lab: a listening socket, the clients that came in through it, and what they may do to memory.

What a client says is the affair of the kinds of door: `simulators.instrument_door` and `simulators.service`. Here is
what they have in common: nobody is waited for, who is gone is forgotten however it went, and who takes too much is
dropped before others notice.
"""

from __future__ import annotations

import errno
import selectors
import socket
from abc import ABC, abstractmethod
from dataclasses import dataclass

from simulators.hall import Hall
from simulators.timeline import Event

LARGEST_BACKLOG = 1_048_576
"""Bytes that may wait for a client to read, or wait from it for the instrument; who lets more gather is dropped."""

HEAVY = 65_536
"""Bytes that wait for or from a client, from which on it is looked at what all clients together hold."""

MOST_KNOCKS = 256
"""Clients that are let in at once, before anybody else is heard again; no fewer than the system lets queue up."""

_PIECE = 65_536  # bytes that are received at once
_NO_DESCRIPTORS = frozenset({errno.EMFILE, errno.ENFILE})
_QUICKACK: int | None = getattr(socket, "TCP_QUICKACK", None)
_KEEPALIVE = {"TCP_KEEPIDLE": 10, "TCP_KEEPALIVE": 10, "TCP_KEEPINTVL": 5, "TCP_KEEPCNT": 3}
"""After 25 s of silence the operating system takes a client for gone that does not even acknowledge. (One system calls
the first number so, another so.)"""
_UNACKNOWLEDGED = 120_000
"""ms until the same is found out while something is on its way to the client, where Linux would try for 15 minutes. Who
leaves unread for as long what is more than its socket holds, in a debugger perhaps, is taken for gone, too."""


@dataclass(frozen=True, slots=True)
class Sessions:
    """How many may use a door at once.

    Attributes:
        most: Number of clients, 0 for as many as there is room for.
        waits: Whether a client too many is connected, but not heard until another is gone; otherwise it is hung up on.
            Unsure: no source says which of the two an instrument with few sessions does.
        stale: Lab s for which the place of a client stays taken that went without closing (a reset, or no sign of life
            any more). Reported of instruments, for nobody knows how long.
    """

    most: int = 0
    waits: bool = False
    stale: float = 0.0


FREE = Sessions()


class Client:
    """Somebody at a door.

    Attributes:
        connected: Its socket.
        door: Where it came in.
        port: Its own port, by which it can be named; not unique.
        unsent: What waits for it to read.
        answered: Whether anything was sent since it was heard last.
    """

    __slots__ = ("answered", "connected", "door", "port", "unsent")

    def __init__(self, connected: socket.socket, door: Door, port: int) -> None:
        self.connected = connected
        self.door = door
        self.port = port
        self.unsent = bytearray()
        self.answered = False

    def weight(self) -> int:
        """Return how many bytes are kept for it."""
        return len(self.unsent)


class Door(ABC):
    """A listening socket and who came in.

    Args:
        listener: The socket.
        hall: What all doors share.
        sessions: How many may be in at once.

    Attributes:
        clients: Who is in.
    """

    def __init__(self, listener: socket.socket, hall: Hall, sessions: Sessions = FREE) -> None:
        self.listener = listener
        self.hall = hall
        self.clients: set[Client] = set()
        self._sessions = sessions
        self._stale: list[Event] = []
        self._shut = False
        listener.setblocking(False)
        hall.selector.register(listener, selectors.EVENT_READ, self)

    @abstractmethod
    def greet(self, connected: socket.socket, address: tuple[str, int]) -> Client:
        """Make whoever has just come in a client."""

    @abstractmethod
    def receive(self, client: Client, data: bytes) -> None:
        """Hear what a client says."""

    @abstractmethod
    def attend(self) -> None:
        """Bring answers that are ready, without waiting for any."""

    @abstractmethod
    def next_moment(self) -> float | None:
        """Return when there may be something to bring (lab time in s), None if nothing is on its way."""

    @abstractmethod
    def left(self, client: Client) -> None:
        """Forget what a client waited for, which is gone."""

    def sent_all(self, client: Client) -> None:  # noqa: B027 - an instrument has nothing to do then
        """Nothing waits for a client any more that did."""

    # ---- coming and going

    def accept(self) -> None:
        """Let in whoever knocks, and hang up on whoever is too many."""
        if self._stale:
            self.hall.timeline.catch_up()
        for _ in range(MOST_KNOCKS):
            if self._sessions.waits and self._is_full():
                self._shut = True
                self.hall.selector.unregister(self.listener)
                return
            try:
                connected, address = self.listener.accept()
            except OSError as error:  # nobody more, or a client that is gone before it was accepted
                if error.errno in _NO_DESCRIPTORS:
                    self.hall.turn_away(self.listener)
                return
            if self._is_full():
                connected.close()
            else:
                self._let_in(connected, (address[0], address[1]))

    def _is_full(self) -> bool:
        most = self._sessions.most or self.hall.places
        return len(self.clients) + len(self._stale) >= min(most, self.hall.places)

    def _let_in(self, connected: socket.socket, address: tuple[str, int]) -> None:
        try:
            connected.setblocking(False)
            connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            _keep_alive(connected)
        except OSError:  # some systems refuse that for a client that is gone already
            connected.close()
            return
        client = self.greet(connected, address)
        self.clients.add(client)
        self.hall.enter(client)
        self.hall.selector.register(connected, selectors.EVENT_READ, client)

    def drop(self, client: Client, *, unclean: bool = False) -> None:
        """Forget a client, what waits for it and what it waited for."""
        if client not in self.clients:
            return
        self.clients.discard(client)
        self.hall.leave(client)
        self.hall.selector.unregister(client.connected)
        client.connected.close()
        client.unsent.clear()
        self.left(client)
        if unclean and self._sessions.stale:
            timeline = self.hall.timeline
            timeline.catch_up()
            self.hall.stale += 1
            self._stale.append(timeline.schedule(timeline.now + self._sessions.stale, self._release))
        else:
            self._open_again()

    def _release(self) -> None:
        del self._stale[0]
        self.hall.stale -= 1
        self._open_again()

    def _open_again(self) -> None:
        if self._shut and not self._is_full():
            self._shut = False
            self.hall.selector.register(self.listener, selectors.EVENT_READ, self)

    def next_release(self) -> float | None:
        """Return when whoever waits to come in can, by time alone (lab s); on a virtual clock nobody waits for that."""
        return self._stale[0].time if self._shut and self._stale and not self.hall.virtual else None

    def close_entrance(self) -> None:
        """Listen no longer; who is in stays."""
        if not self._shut:
            self.hall.selector.unregister(self.listener)
        self._shut = False
        self._sessions = FREE
        self.listener.close()

    # ---- hearing and saying

    def handle(self, client: Client, events: int) -> None:
        """Hear a client, or send it what it was too slow for."""
        if events & selectors.EVENT_WRITE:
            self._flush(client)
        if not events & selectors.EVENT_READ:
            return
        try:
            data = client.connected.recv(_PIECE)
        except BlockingIOError:
            return
        except OSError as error:
            self.drop(client, unclean=error.errno != errno.EBADF)
            return
        if not data:
            self.drop(client)
            return
        client.answered = False
        self.receive(client, data)
        # An answer acknowledges what it answers. Where none went out, the client's next message would wait 40 ms for a
        # delayed acknowledgement: a write that a query follows.
        if _QUICKACK is not None and not client.answered and client in self.clients:
            client.connected.setsockopt(socket.IPPROTO_TCP, _QUICKACK, 1)

    def send(self, client: Client, data: bytes) -> None:
        """Send something, unless the client has left too much unread; a single answer may be of any size."""
        client.answered = True
        if client.unsent:
            if len(client.unsent) > LARGEST_BACKLOG:
                self.drop(client)
                return
            client.unsent += data
        else:
            try:
                sent = client.connected.send(data)
            except BlockingIOError:
                sent = 0
            except OSError:
                self.drop(client, unclean=True)
                return
            if sent == len(data):
                return
            client.unsent += memoryview(data)[sent:]
            self.hall.selector.modify(client.connected, selectors.EVENT_READ | selectors.EVENT_WRITE, client)
        if len(client.unsent) > HEAVY:
            self.hall.weigh()

    def _flush(self, client: Client) -> None:
        try:
            sent = client.connected.send(client.unsent)
        except BlockingIOError:
            return
        except OSError:
            self.drop(client, unclean=True)
            return
        del client.unsent[:sent]
        if not client.unsent:
            self.hall.selector.modify(client.connected, selectors.EVENT_READ, client)
            self.sent_all(client)


def _keep_alive(connected: socket.socket) -> None:
    """Have the operating system find out that a client is gone which has not said so: a cable pulled, a crash."""
    connected.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in {**_KEEPALIVE, "TCP_USER_TIMEOUT": _UNACKNOWLEDGED}.items():
        option: int | None = getattr(socket, name, None)
        if option is not None:
            connected.setsockopt(socket.IPPROTO_TCP, option, value)
