"""MultiVu for tests: a server within the process, a client that says any bytes, and a server that says any bytes."""

from __future__ import annotations

import itertools
import socket
import threading
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

from instruments.clock import Clock, VirtualClock
from instruments.multivu_frames import Message, Unpacker, pack
from simulators.cryostat import SimulatedCryostat
from simulators.machines import VERSALAB, Machine
from simulators.multivu.inprocess import Wire
from simulators.multivu.server import DEFAULT, MultiVuServer, MultiVuSettings
from simulators.randomness import Streams
from simulators.server import LabServer
from simulators.timeline import Timeline
from tests.simulators.boxes import EchoBox

_ids = itertools.count(1)


def request(action: str, query: str = "", name: str = "") -> Message:
    """The body of a request, with an id of its own."""
    return {"id": name or f"id-{next(_ids)}", "action": action, "query": query, "result": ""}


class Bench:
    """A cryostat with MultiVu on a virtual clock, quiet unless a seed is given."""

    def __init__(
        self,
        machine: Machine = VERSALAB,
        settings: MultiVuSettings = DEFAULT,
        *,
        clock: Clock | None = None,
        seed: int | None = None,
        **options: Any,
    ) -> None:
        self.clock = clock or VirtualClock()
        self.timeline = Timeline(self.clock)
        streams = Streams(seed or 0, 0, quiet=seed is None)
        self.cryostat = SimulatedCryostat(self.timeline, machine, streams.noise("t"), streams.noise("h"))
        self.server = MultiVuServer(self.timeline, self.cryostat, settings, **options)
        self._ports = itertools.count(40_001)

    def connect(self, host: str = "127.0.0.1", port: int = 0) -> Wire:
        """Another connection, as a driver makes it."""
        return Wire(self.server, port or next(self._ports))

    def client(self) -> Client:
        """Another client, which has not said START yet."""
        return Client(self.connect())


class ServedMultiVu:
    """MultiVu and an echo box on ports, served by a thread."""

    def __init__(self, clock: Clock, settings: MultiVuSettings = DEFAULT, machine: Machine = VERSALAB) -> None:
        self.bench = Bench(machine, settings=settings, clock=clock)
        self.server = LabServer(
            self.bench.timeline, {"source": (EchoBox(self.bench.timeline), b"\n")}, {"multivu": self.bench.server}
        )
        self.thread = threading.Thread(target=self.server.serve)
        self.thread.start()

    def end(self) -> None:
        """Stop serving."""
        self.server.stop()
        self.thread.join()

    @property
    def place(self) -> str:
        """Host and port of MultiVu."""
        return f"127.0.0.1:{self.server.ports['multivu']}"

    def plain(self, name: str = "multivu") -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.server.ports[name]), timeout=10)


class Client:
    """A client that follows the protocol as far as a test wants."""

    def __init__(self, wire: Wire) -> None:
        self.wire = wire
        self.unpacker = Unpacker()
        self.frames: list[Message] = []

    def say(self, *bodies: Message) -> None:
        """Send requests, all in one piece."""
        self.wire.send(b"".join(map(pack, bodies)))

    def hear(self, seconds: float = 0.0) -> list[Message]:
        """All that comes until nothing has come for this many s."""
        heard: list[Message] = []
        while data := self.wire.receive(seconds):
            heard += self.unpacker.take(data)
        return heard

    def ask(self, action: str, query: str = "", seconds: float = 60.0) -> str:
        """The result of a request, confirmed in both directions."""
        return self.exchange(action, query, seconds)["result"]

    def exchange(self, action: str, query: str = "", seconds: float = 60.0) -> Message:
        """The answer to a request, confirmed in both directions."""
        asked = request(action, query)
        self.say(asked)
        heard: list[Message] = []
        while not heard or heard[-1]["message_type"] != "completed":
            data = self.wire.receive(seconds)
            assert data, f"no answer to {asked}"
            heard += self.unpacker.take(data)
        assert [frame["message_type"] for frame in heard] == ["confirmed", "completed"]
        assert heard[0] == {**asked, "message_type": "confirmed"}
        self.wire.send(pack({**heard[1], "message_type": "confirmed"}))
        return heard[1]


Answer = Callable[[Message], Iterable[bytes | float]]
"""What a fake server does with a request: bytes that it sends, one after the other, and s that pass in between."""


def confirmed(body: Message) -> bytes:
    return pack({**body, "message_type": "confirmed"})


def completed(body: Message, result: str, query: str | None = None) -> bytes:
    answered = {**body, "result": result, "message_type": "completed"}
    return pack(answered if query is None else {**answered, "query": query})


class FakeServer:
    """A server that says what a test wants; `connect` is what a driver is given.

    Attributes:
        asked: Requests in their order, without confirmations.
        connections: How often somebody connected.
    """

    def __init__(self, answer: Answer, clock: Clock, flavour: str = "DYNACOOL", options: str = "3.8.0;mv=2.3") -> None:
        self.answer = answer
        self.clock = clock
        self.greeting = f"Connected to {flavour} MultiVuServer at ('127.0.0.1', 1)", options
        self.asked: list[tuple[str, str]] = []
        self.confirmations: list[Message] = []
        self.connections = 0
        self.refused = 0
        """Number of connections that are refused before one is taken."""

    def connect(self, host: str, port: int) -> FakeWire:
        if self.refused:
            self.refused -= 1
            raise ConnectionRefusedError(111, "Connection refused")
        self.connections += 1
        return FakeWire(self)


class FakeWire:
    def __init__(self, server: FakeServer) -> None:
        self.clock = server.clock
        self._server = server
        self._unpacker = Unpacker()
        self._coming: deque[bytes | float] = deque()
        self.closed = False

    def send(self, data: bytes) -> None:
        assert not self.closed
        for body in self._unpacker.take(data):
            if "message_type" in body:
                self._server.confirmations.append(body)
                continue
            self._server.asked.append((body["action"], body["query"]))
            if body["action"] == "START":
                text, options = self._server.greeting
                self._coming += [confirmed(body), completed(body, text, options)]
            else:
                self._coming += self._server.answer(body)

    def receive(self, seconds: float) -> bytes:
        """Bytes b"" stand for a connection that is lost."""
        end = self.clock.now() + seconds
        while self._coming:
            coming = self._coming.popleft()
            if isinstance(coming, bytes):
                if not coming:
                    raise ConnectionResetError(104, "Connection reset by peer")
                return coming
            if self.clock.now() + coming > end:
                self._coming.appendleft(self.clock.now() + coming - end)
                break
            self.clock.sleep(coming)
        self.clock.sleep_until(end)
        return b""

    def local_port(self) -> int | None:
        return None

    def close(self) -> None:
        self.closed = True
