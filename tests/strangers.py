"""Strangers who do at the doors of a served lab whatever comes to their minds, but nothing that a lab would obey."""

from __future__ import annotations

import contextlib
import itertools
import random
import socket
import struct
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self

from instruments.multivu_frames import pack

Address = tuple[str, int]

QUESTIONS = {
    "source": (b"*IDN?\n", b"*STB?\n", b":SOUR:CURR?\n", b":OUTP?;:SYST:VERS?\n"),
    "voltmeter": (b"*IDN?\n", b"*STB?\n", b":SENS:VOLT:NPLC?\n"),
    "smu": (b"*IDN?\n", b"*STB?\n"),
    "lockin": (b"*IDN?\n", b"*STB?\n", b"SNAP?1,2\n", b"SENS?;OFLT?\n"),
    "cryostat": (b"*IDN?\n", b"GETDAT? 6\n", b"FIELD?\n", b"TEMP?;"),
    "clock": (b"NOW?\n", b"MINE 1\n", b"SLEEP nan\n", b"UNTIL\n"),
}
ACTIONS = ("TEMP?", "FIELD?", "CHAMBER?", "STATUS", "ALIVE", "START", "EXIT", "CLOSE", "WAITFOR?", "NO?")
WAITING = (*ACTIONS, "WAITFOR")
"""A wait lets time pass, unless somebody else drives the clock already."""
_ids = itertools.count(1)


def addresses(line: Mapping[str, Any]) -> dict[str, Address]:
    """Host and port of each door, from the line that `labctl simulate` prints."""
    visa = {
        **{role: line[role] for role in ("source", "voltmeter", "smu", "lockin")},
        "cryostat": line["cryostat"]["visa"],
    }
    doors = {role: (name.split("::")[1], int(name.split("::")[2])) for role, name in visa.items() if name}
    for name, place in (("multivu", line["cryostat"]["multivu"]), ("clock", line["clock"])):
        if place:
            host, _, port = place.partition(":")
            doors[name] = host, int(port)
    return doors


def frame(action: str, query: str = "") -> bytes:
    """A request to MultiVu."""
    return pack({"id": f"stranger-{next(_ids)}", "action": action, "query": query, "result": ""})


def vanish(client: socket.socket, *, politely: bool) -> None:
    """Close a connection, or reset it."""
    if not politely:
        with contextlib.suppress(OSError):
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()


class Strangers:
    """A crowd that one thread plays, from a seed.

    Args:
        doors: Where they go.
        seed: What comes to their minds.
        garbage: Doors at which they may say whole messages that are nonsense: those leave errors in an instrument's
            queue, which everybody sees.
        actions: What they want of MultiVu.
        pause: s between what they do, so that who measures in the same process comes to it, too.

    Attributes:
        acts: How much they have done.
        most: Most of them that were in at once.
    """

    CROWD = 60

    def __init__(
        self, doors: Mapping[str, Address], seed: int, garbage: frozenset[str], actions: Sequence[str] = WAITING,
        *, pause: float = 0.0,
    ) -> None:  # fmt: skip
        self.acts = self.most = 0
        self._doors = doors
        self._garbage = garbage
        self._actions = actions
        self._pause = pause
        self._random = random.Random(seed)
        self._in: list[tuple[str, socket.socket]] = []
        self._spoiled: set[socket.socket] = set()
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._go_on)
        self._failure: BaseException | None = None

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()
        for _door, client in self._in:
            vanish(client, politely=self._random.random() < 0.5)
        if self._failure is not None:
            raise self._failure

    def _go_on(self) -> None:
        try:
            while not self._end.wait(self._pause):
                self.act()
        except OSError as error:  # nobody listens any more
            self._failure = error

    def act(self) -> None:
        """Do the next thing."""
        self.acts += 1
        choose = self._random
        if not self._in or (len(self._in) < self.CROWD and choose.random() < 0.3):
            door = choose.choice(list(self._doors))
            client = socket.create_connection(self._doors[door], timeout=30)
            client.setblocking(False)
            self._in.append((door, client))
            self.most = max(self.most, len(self._in))
            return
        place = choose.randrange(len(self._in))
        door, client = self._in[place]
        if choose.random() < 0.25:
            del self._in[place]
            self._spoiled.discard(client)
            vanish(client, politely=choose.random() < 0.5)
            return
        with contextlib.suppress(OSError):  # hung up on, or not read
            choose.choice(self._ways(door, client))()

    def _ways(self, door: str, client: socket.socket) -> list[Callable[[], object]]:
        choose = self._random
        noise: list[Callable[[], object]] = [
            lambda: client.send(b"A"),
            lambda: client.send(b"A" * choose.randrange(1_000_000)),
            lambda: client.send(self._said(door)[: choose.randrange(1, 5)]),
        ]
        ways: list[Callable[[], object]] = [lambda: client.recv(100_000)]
        if door in self._garbage:
            ways += [*noise, lambda: client.send(choose.randbytes(choose.randrange(1, 10_000)))]
        elif choose.random() < 0.2 or client in self._spoiled:
            self._spoiled.add(client)  # what it said last has no end, and shall not get one
            return [*ways, *noise]
        return [
            *ways,
            lambda: self._say(client, self._said(door)),
            lambda: self._say(client, self._said(door)) or client.recv(100_000),
            lambda: self._say(client, b"".join(self._said(door) for _ in range(choose.randrange(1, 80)))),
            lambda: client.shutdown(socket.SHUT_WR),
        ]

    def _say(self, client: socket.socket, said: bytes) -> None:
        if client.send(said) < len(said):
            self._spoiled.add(client)

    def _said(self, door: str) -> bytes:
        return self._frame() if door == "multivu" else self._random.choice(QUESTIONS[door])

    def _frame(self) -> bytes:
        whole = frame(self._random.choice(self._actions), self._random.choice(("", "0.0,0.0,3", "1", "x" * 200)))
        return whole if self._random.random() < 0.7 else whole[: self._random.randrange(1, len(whole))]
