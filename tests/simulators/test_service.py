"""MultiVu over TCP: dying clients, strangers, nonsense, and what they must not do to anybody else."""

from __future__ import annotations

import contextlib
import os
import resource
import socket
import struct
import sys
import time
from collections.abc import Callable, Generator
from typing import Self

import pytest

from instruments.clock import Clock, ScaledClock, VirtualClock
from instruments.multivu_frames import Message, Unpacker, pack
from simulators.multivu.server import DEFAULT, MultiVuSettings
from simulators.server import LabServer
from tests.multivu import Bench, ServedMultiVu, request


class Served(ServedMultiVu):
    """The same, for clients over plain sockets."""

    def connect(self) -> Caller:
        return Caller(self.plain())


class Caller:
    """A client over a plain socket."""

    def __init__(self, plain: socket.socket) -> None:
        self.plain = plain
        self.unpacker = Unpacker()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.plain.close()

    def ask(self, action: str, query: str = "") -> str:
        asked = request(action, query)
        self.plain.sendall(pack(asked))
        return self.answer(asked)["result"]

    def answer(self, asked: Message) -> Message:
        heard: list[Message] = []
        while not heard or heard[-1]["message_type"] != "completed":
            data = self.plain.recv(4096)
            if not data:
                raise ConnectionResetError
            heard += self.unpacker.take(data)
        assert heard[-1]["id"] == asked["id"]
        self.plain.sendall(pack({**heard[-1], "message_type": "confirmed"}))
        return heard[-1]

    def is_hung_up_on(self) -> bool:
        try:
            while self.plain.recv(4096):
                pass
        except ConnectionResetError:
            return True
        return True


Serving = Callable[..., Served]


@pytest.fixture
def serving() -> Generator[Serving]:
    running: list[Served] = []

    def serve(clock: Clock | None = None, settings: MultiVuSettings = DEFAULT) -> Served:
        running.append(Served(clock or ScaledClock(100.0), settings))
        return running[-1]

    yield serve
    for served in running:
        served.end()


def free_again(served: Served) -> bool:
    """Whether the server becomes free within a moment."""
    for _ in range(200):
        with served.connect() as caller:
            if caller.ask("STATUS") == "idle":
                return True
        time.sleep(0.01)
    return False


def reset(plain: socket.socket) -> None:
    """Vanish as a killed process does on some systems: with a reset."""
    plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    plain.close()


@pytest.mark.parametrize("vanish", [socket.socket.close, reset], ids=["FIN", "RST"])
@pytest.mark.parametrize("doing", ["nothing", "waiting", "half a frame", "not reading"])
def test_the_slot_is_free_when_its_client_has_vanished(
    serving: Serving, vanish: Callable[[socket.socket], None], doing: str
) -> None:
    served = serving()
    caller = served.connect()
    caller.ask("START")
    if doing == "waiting":
        caller.ask("FIELD", "30000.0,1.0,0,1")
        caller.plain.sendall(pack(request("WAITFOR", "0.0,0.0,2")))
    elif doing == "half a frame":
        caller.plain.sendall(pack(request("TEMP?"))[:100])
    elif doing == "not reading":
        caller.plain.sendall(b"".join(pack(request("TEMP?")) for _ in range(50)))
    vanish(caller.plain)
    assert free_again(served)
    with served.connect() as next_one:
        assert next_one.ask("START").startswith("Connected to VERSALAB")
    if doing == "waiting":
        assert served.bench.timeline.next_time() is None


def test_a_client_that_does_not_even_acknowledge_is_found_out_by_the_operating_system(serving: Serving) -> None:
    served = serving()
    with served.connect() as caller:
        caller.ask("TEMP?")
        (guest,) = served.server._doors["multivu"].clients
        assert guest.connected.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
        if sys.platform == "linux":
            assert guest.connected.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 10


def test_a_second_client_is_refused_and_the_first_notices_nothing(serving: Serving) -> None:
    served = serving()
    with served.connect() as first, served.connect() as second:
        first.ask("START")
        port = second.plain.getsockname()[1]
        refused = f"Connection attempt rejected from ('127.0.0.1', {port}): another client is connected."
        assert second.ask("START") == refused
        assert second.is_hung_up_on()
        assert first.ask("TEMP?") == "300.0,K,Stable"


def test_nobody_waits_for_somebody_who_waits(serving: Serving) -> None:
    served = serving(ScaledClock(1.0))
    with served.connect() as waiting, served.connect() as other, served.plain("source") as box:
        waiting.ask("START")
        asked = request("WAITFOR", "0.0,0.0,2")
        waiting.ask("FIELD", "60.0,100.0,0,1")
        waiting.plain.sendall(pack(asked))
        began = time.monotonic()
        assert other.ask("CHAMBER?") == "0.0,,Purged and Sealed"
        with served.connect() as stranger:
            assert stranger.ask("ALIVE").startswith("Connected to VERSALAB")
        with served.connect() as stranger:
            assert stranger.ask("STATUS") == "connected"
        box.sendall(b"X?\n")
        assert box.recv(100) == b"X\n"
        assert time.monotonic() - began < 0.5
        assert waiting.answer(asked)["result"] == "WAITFOR Command Received,0"
        assert time.monotonic() - began > 1.0


@pytest.mark.parametrize(
    "nonsense",
    [
        b"\0" * 1_000_000,
        b"GET / HTTP/1.1\r\n\r\n",
        os.urandom(1_000_000),
        b"\x00\x05hello",
        pack(request("TEMP?")).replace(b'"message-length": ', b'"message-length": 9'),
        pack(request("TEMP?")).replace(b"utf-8", b"utf-9"),
        pack({"action": "TEMP?"}),
    ],
    ids=["zeros", "http", "noise", "no JSON", "wrong length", "wrong encoding", "no id"],
)
def test_nonsense_ends_the_connection_it_comes_over_and_no_other(serving: Serving, nonsense: bytes) -> None:
    served = serving()
    with served.connect() as good, served.connect() as bad:
        good.ask("START")
        with contextlib.suppress(OSError):
            bad.plain.sendall(nonsense)
        if b'message-length": 9' in nonsense:
            bad.plain.shutdown(socket.SHUT_WR)  # it waits for the rest, as it has to
        assert bad.is_hung_up_on()
        assert good.ask("TEMP?") == "300.0,K,Stable"


def test_exit_from_a_stranger_stops_nothing(serving: Serving) -> None:
    served = serving()
    with served.connect() as first, served.connect() as stranger:
        first.ask("START")
        assert stranger.ask("EXIT") == "Closing client and exiting server."
        assert stranger.is_hung_up_on()
        assert first.ask("TEMP?") == "300.0,K,Stable"


def test_exit_stops_the_server_and_no_instrument_where_that_is_wanted(serving: Serving) -> None:
    served = serving(settings=MultiVuSettings(exits=True))
    with served.connect() as first, served.connect() as second, served.plain("source") as box:
        first.ask("START")
        assert second.ask("EXIT") == "Closing client and exiting server."
        assert first.is_hung_up_on()
        with pytest.raises(OSError):
            served.connect()
        box.sendall(b"X?\n")
        assert box.recv(100) == b"X\n"


def test_a_client_that_reads_nothing_is_dropped_before_it_fills_the_memory(serving: Serving) -> None:
    served = serving()
    with served.connect() as greedy, served.connect() as good:
        frames = b"".join(pack(request("TEMP?")) for _ in range(40))
        greedy.plain.settimeout(2)
        with contextlib.suppress(OSError):
            for _ in range(2000):
                greedy.plain.sendall(frames)
        assert good.ask("TEMP?") == "300.0,K,Stable"
        assert sum(len(guest.unsent) for guest in served.server._doors["multivu"].clients) < 3_000_000


def test_memory_stays_flat_over_many_clients_and_questions(serving: Serving) -> None:
    served = serving()

    def sessions(count: int) -> int:
        for _ in range(count):
            with served.connect() as caller:
                caller.ask("START")
                for _ in range(20):
                    caller.ask("TEMP?")
                caller.ask("CLOSE")
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    before = sessions(20)
    assert sessions(60) - before < 3000  # KiB
    assert free_again(served)
    assert len(served.server._hall.clients) <= 1  # the one that asked whether it is free, perhaps


def test_more_clients_than_anybody_needs_do_not_use_up_the_sockets(
    serving: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("simulators.hall.MOST_CLIENTS", 5)
    served = serving()
    with contextlib.ExitStack() as stack:
        callers = [stack.enter_context(served.connect()) for _ in range(5)]
        assert [caller.ask("TEMP?") for caller in callers] == ["300.0,K,Stable"] * 5
        assert stack.enter_context(served.connect()).is_hung_up_on()
        callers[0].plain.close()
        assert callers[1].ask("TEMP?") == "300.0,K,Stable"
        assert stack.enter_context(served.connect()).ask("TEMP?") == "300.0,K,Stable"


def test_only_this_computer_can_connect(serving: Serving) -> None:
    served = serving()
    assert served.server._doors["multivu"].listener.getsockname()[0] == "127.0.0.1"


def test_a_port_may_be_wished_for(serving: Serving) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        bench = Bench(settings=MultiVuSettings(port=port), clock=ScaledClock())
        with pytest.raises(OSError):
            LabServer(bench.timeline, {}, {"multivu": bench.server})
    assert serving(settings=MultiVuSettings(port=port)).server.ports["multivu"] == port


# ---- on a virtual clock


def test_a_wait_of_an_hour_moves_the_virtual_clock(serving: Serving) -> None:
    served = serving(VirtualClock())
    with served.connect() as caller:
        caller.ask("FIELD", "30000.0,10.0,0,1")
        began = time.monotonic()
        assert caller.ask("WAITFOR", "0.0,0.0,2") == "WAITFOR Command Received,0"
        assert time.monotonic() - began < 10.0
    assert 3000 < served.bench.clock.now() < 3100


def test_who_only_looks_on_does_not_move_the_clock(serving: Serving) -> None:
    served = serving(VirtualClock())
    with served.connect() as caller:
        caller.ask("START")
        for action in ("TEMP?", "FIELD?", "CHAMBER?", "ALIVE"):
            caller.ask(action)
        assert caller.ask("WAITFOR?", "3") == "1,,Call was successful"
        assert served.bench.clock.now() == 0.0
        caller.ask("FIELD", "10.0,100.0,0,1")
        caller.ask("TEMP?")
        assert served.bench.clock.now() == pytest.approx(2 * served.bench.server.latency)


def test_while_a_program_drives_the_clock_nobody_elses_wait_moves_it(serving: Serving) -> None:
    served = serving(VirtualClock())

    def door(line: str) -> float:
        clock.sendall(line.encode() + b"\n")
        return float(clock.recv(100))

    with served.plain("clock") as clock, served.connect() as mine, served.connect() as other:
        door(f"MINE {mine.plain.getsockname()[1]}")
        asked = request("WAITFOR", "5.0,0.0,1")
        other.plain.sendall(pack(asked))
        assert other.unpacker.take(other.plain.recv(4096))[0]["message_type"] == "confirmed"
        began = time.process_time()
        time.sleep(0.2)
        assert time.process_time() - began < 0.15, "the server must not spin"
        assert door("NOW?") == 0.0
        mine.ask("TEMP?")
        assert door("NOW?") == served.bench.server.latency
        door("SLEEP 10")
        assert other.answer(asked)["result"] == "WAITFOR Command Received,0"
        assert 10.0 < door("NOW?") < 10.1


def test_answers_take_their_time_on_a_scaled_clock_where_that_is_wanted(serving: Serving) -> None:
    served = serving(ScaledClock(1.0), MultiVuSettings(latency=0.088))
    with served.connect() as caller:
        began = time.monotonic()
        caller.ask("TEMP?")
        assert time.monotonic() - began > 0.08
