"""What the doors of a served lab share: who is in, who drives the clock, and how much may gather for all together."""

from __future__ import annotations

import contextlib
import selectors
import socket
import sys
from typing import TYPE_CHECKING

from instruments.clock import VirtualClock
from simulators.timeline import Timeline

if TYPE_CHECKING:
    from simulators.doors import Client, Door

MOST_CLIENTS = 256
"""At one door at once, if the system has descriptors for as many at every door; whoever comes then is hung up on."""

SPARE_DESCRIPTORS = 64
"""Descriptors that clients leave to the rest of the program: listeners, libraries, files."""

LARGEST_TOTAL = 67_108_864
"""Bytes that may wait for or from all clients together. Beyond it, the client with the most is dropped."""

_WINDOWS_SOCKETS = 512  # what select takes there


def places(doors: int) -> int:
    """Return how many clients each of so many doors may have, so that a crowd at one leaves room at the others."""
    if sys.platform == "win32":
        descriptors = _WINDOWS_SOCKETS
    else:
        import resource

        descriptors = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        if descriptors == resource.RLIM_INFINITY:
            return MOST_CLIENTS
    return max(1, min(MOST_CLIENTS, (descriptors - SPARE_DESCRIPTORS) // max(doors, 1)))


class Hall:
    """Whoever is in, at whichever door.

    Args:
        timeline: The lab's time.
        selector: Waits for all sockets.

    Attributes:
        virtual: Whether the clock only jumps.
        clients: All clients.
        busy: The doors at which somebody waits for an answer or a turn.
        places: How many clients each door may have.
        stale: How many places are kept for clients that are gone.
    """

    def __init__(self, timeline: Timeline, selector: selectors.BaseSelector) -> None:
        self.timeline = timeline
        self.selector = selector
        self.virtual = isinstance(timeline.clock, VirtualClock)
        self.clients: set[Client] = set()
        self.busy: set[Door] = set()
        self.places = MOST_CLIENTS
        self.stale = 0
        self._owned: set[Client] = set()
        self._expected: dict[Client, set[Client]] = {}
        self._spare = socket.socket()

    def enter(self, client: Client) -> None:
        """Take note of a client."""
        self.clients.add(client)
        for expected in self._expected.values():
            expected.add(client)
        if self._expected:
            self._owned.add(client)

    def leave(self, client: Client) -> None:
        """Forget a client."""
        self.clients.discard(client)
        self._owned.discard(client)
        self._expected.pop(client, None)

    # ---- who drives a virtual clock

    def claim(self, asker: Client, ports: set[int]) -> set[int]:
        """Let a program that drives the clock name its own connections by their ports; return those that nobody has.

        Without ports it is going to open them: until it names them, or is gone, who comes in is taken for it.
        """
        mine = {client for client in self.clients if client.port in ports}
        unknown = ports - {client.port for client in mine}
        if not ports:
            self._expected[asker] = set()
        elif not unknown:
            self._owned -= self._expected.pop(asker, set())
            self._owned |= mine
        return unknown

    def is_spectator(self, client: Client, *, acts: bool) -> bool:
        """Whether a client only looks on, so that no time passes for it: see `simulators.clock_door`."""
        return client not in self._owned if self._owned else not acts

    # ---- what is scarce

    def weigh(self) -> None:
        """Drop whoever holds the most memory, if all clients together hold too much."""
        weights = {client: client.weight() for client in self.clients}
        if sum(weights.values()) > LARGEST_TOTAL:
            heaviest = max(weights, key=weights.__getitem__)
            heaviest.door.drop(heaviest)

    def turn_away(self, listener: socket.socket) -> None:
        """Hang up on whoever knocks when no descriptor is left, instead of hearing the knock for ever."""
        self._spare.close()
        with contextlib.suppress(OSError):
            listener.accept()[0].close()
        with contextlib.suppress(OSError):  # it is gone to somebody else in this process; the next one may be freed
            self._spare = socket.socket()

    def close(self) -> None:
        """Give back what it holds itself."""
        self._spare.close()
