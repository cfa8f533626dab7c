"""The doors of a served lab: crowds, floods, silent and half-gone clients, and what others notice of them."""

from __future__ import annotations

import contextlib
import errno
import os
import resource
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable, Generator
from pathlib import Path

import pytest

from instruments.clock import Clock, ScaledClock, VirtualClock
from simulators.doors import Sessions
from simulators.hall import MOST_CLIENTS, SPARE_DESCRIPTORS, places
from simulators.server import LabServer
from simulators.timeline import Timeline
from tests.simulators.boxes import EchoBox

ROLES = ("source", "voltmeter")


class Bench:
    """Two echo boxes on a server that a test moves step by step, or a thread."""

    def __init__(self, clock: Clock | None = None, sessions: Sessions | None = None) -> None:
        self.timeline = Timeline(clock or ScaledClock(1.0))
        self.boxes = {role: EchoBox(self.timeline) for role in ROLES}
        rules = {} if sessions is None else {"source": sessions}
        self.server = LabServer(
            self.timeline, {role: (box, b"\n") for role, box in self.boxes.items()}, sessions=rules
        )  # fmt: skip
        self.steps = 0

    def connect(self, role: str = "source", *, from_port: int = 0) -> socket.socket:
        address = ("127.0.0.1", self.server.ports[role])
        plain = socket.socket()
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        plain.settimeout(10)
        plain.bind(("127.0.0.1", from_port))
        plain.connect(address)
        return plain

    def steps_until(self, done: Callable[[], bool], most: int = 2000) -> int:
        """How many steps it takes."""
        for step in range(most):
            if done():
                return step
            self.server.step(0.01)
        raise AssertionError(f"nothing came of {most} steps")

    def settle(self) -> None:
        """Step until nothing happens any more, for as long as that takes."""
        for _ in range(5):
            self.server.step(0.01)

    def ask(self, client: socket.socket, message: bytes = b"X?\n") -> bytes:
        """The answer that the server has after some steps."""
        client.sendall(message)
        client.setblocking(False)
        heard: list[bytes] = []

        def answered() -> bool:
            with contextlib.suppress(BlockingIOError):
                heard.append(client.recv(100_000))
            return bool(heard)

        self.steps_until(answered)
        return heard[0]


@pytest.fixture
def bench() -> Generator[Bench]:
    yield from opened(Bench())


def opened(bench: Bench) -> Generator[Bench]:
    try:
        yield bench
    finally:
        bench.server.stop()
        bench.server.serve()  # only closes


single = contextlib.contextmanager(opened)


def is_hung_up_on(client: socket.socket) -> bool:
    client.setblocking(False)
    try:
        return client.recv(100) == b""
    except BlockingIOError:
        return False


def reset(client: socket.socket) -> None:
    """Vanish with a reset."""
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()


# ---- crowds


def test_clients_of_two_doors_that_come_from_one_port_are_two(bench: Bench) -> None:
    """Systems give a local port out again where the other end differs."""
    with bench.connect("source") as first, bench.connect("voltmeter", from_port=first.getsockname()[1]) as second:
        assert bench.ask(first) == bench.ask(second) == b"X\n"
        first.close()
        bench.settle()
        assert bench.ask(second) == b"X\n"
        assert len(bench.server._hall.clients) == 1
    bench.settle()
    assert not bench.server._hall.clients


def test_a_crowd_at_one_door_leaves_room_at_the_other(bench: Bench) -> None:
    bench.server._hall.places = 5
    with contextlib.ExitStack() as stack:
        crowd = [stack.enter_context(bench.connect()) for _ in range(8)]
        bench.settle()
        assert [is_hung_up_on(client) for client in crowd] == [False] * 5 + [True] * 3
        assert bench.ask(stack.enter_context(bench.connect("voltmeter"))) == b"X\n"
        assert [bench.ask(client) for client in crowd[:5]] == [b"X\n"] * 5
        crowd[2].close()
        assert bench.ask(stack.enter_context(bench.connect())) == b"X\n"


def test_all_doors_full_leave_descriptors_to_the_program() -> None:
    soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    for number in (1, 6, 40):
        assert 1 <= places(number) <= MOST_CLIENTS
        assert number * places(number) <= max(soft - SPARE_DESCRIPTORS, number)


def test_without_a_descriptor_left_strangers_are_hung_up_on_and_nobody_else_notices(bench: Bench) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with bench.connect() as honest, contextlib.ExitStack() as stack:
        assert bench.ask(honest) == b"X\n"
        strangers = [socket.socket() for _ in range(5)]
        for stranger in strangers:
            stack.enter_context(stranger)
        taken = [os.open(os.devnull, os.O_RDONLY) for _ in range(20)]
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(taken) + 1, hard))
        try:
            take_what_is_left(taken)
            for stranger in strangers:
                stranger.connect(("127.0.0.1", bench.server.ports["source"]))
            bench.steps_until(lambda: all(is_hung_up_on(stranger) for stranger in strangers))
            assert bench.ask(honest) == b"X\n"
            assert steps_in(bench, 0.2) < 10, "nobody knocks any more, so that nothing is to be done"
        finally:
            for descriptor in taken:
                os.close(descriptor)
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        assert bench.ask(stack.enter_context(bench.connect())) == b"X\n"


def take_what_is_left(taken: list[int]) -> None:
    """Open files until the system refuses."""
    for _ in range(1000):
        try:
            taken.append(os.open(os.devnull, os.O_RDONLY))
        except OSError as error:
            assert error.errno == errno.EMFILE
            return
    raise AssertionError("there is no limit")


def steps_in(bench: Bench, seconds: float) -> int:
    """How often the server wakes up in so many real s."""
    end, steps = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        bench.server.step(seconds)
        steps += 1
    return steps


def test_a_thousand_sessions_leave_nothing_behind(bench: Bench) -> None:
    def descriptors() -> int:
        return len(list(Path("/proc/self/fd").iterdir())) if sys.platform == "linux" else 0

    before = descriptors()
    for number in range(1000):
        client = bench.connect(ROLES[number % 2])
        if number % 3:
            client.sendall((b"X?\n", b"half a mess", b"WAIT 1e6?\n", b"")[number % 4])
        (reset if number % 5 == 0 else socket.socket.close)(client)
        bench.server.step(0.0)
    bench.steps_until(lambda: not bench.server._hall.clients)
    bench.settle()
    assert descriptors() == before
    assert not bench.server._hall.busy
    assert len(bench.server._selector.get_map()) == 1 + len(ROLES)


# ---- floods


def test_who_floods_an_instrument_makes_nobody_wait_for_more_than_a_message_of_the_flood(bench: Bench) -> None:
    with bench.connect() as rude, bench.connect() as honest:
        bench.settle()
        rude.sendall(b"A?\n" * 5000)
        bench.server.step(0.0)
        asked = len(bench.boxes["source"].heard)
        assert asked < 1000
        honest.sendall(b"X?\n")
        heard = bench.boxes["source"].heard
        bench.steps_until(lambda: any(line == b"X?" for _, line in heard))
        assert asked < [line for _, line in heard].index(b"X?") < asked + 200 < 5000


def test_a_flood_at_one_instrument_leaves_another_its_turn(bench: Bench) -> None:
    with bench.connect() as rude, bench.connect("voltmeter") as honest:
        bench.settle()
        rude.sendall(b"A?\n" * 20_000)
        honest.sendall(b"X?\n")
        for _ in range(3):
            bench.server.step(0.0)
        assert bench.boxes["voltmeter"].heard
        assert len(bench.boxes["source"].heard) < 20_000


def test_each_clients_own_messages_keep_their_order(bench: Bench) -> None:
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(bench.connect()) for _ in range(4)]
        for number, client in enumerate(clients):
            client.sendall(b"".join(b"%d:%d?\n" % (number, count) for count in range(300)))
        bench.steps_until(lambda: len(bench.boxes["source"].heard) == 1200)
        for number, client in enumerate(clients):
            expected = b"".join(b"%d:%d\n" % (number, count) for count in range(300))
            received = b""
            while len(received) < len(expected):
                received += client.recv(100_000)
            assert received == expected


def test_bytes_one_by_one_cost_no_more_the_longer_the_message(bench: Bench) -> None:
    with bench.connect() as slow:
        bench.settle()
        (client,) = bench.server._doors["source"].clients
        door = client.door

        def cost(count: int) -> float:
            began = time.process_time()
            for _ in range(count):
                door.receive(client, b"A")
            return time.process_time() - began

        cost(1000)
        first = min(cost(1000) for _ in range(5))
        cost(40_000)
        assert min(cost(1000) for _ in range(5)) < 5 * first
        slow.sendall(b"?\n")
        bench.steps_until(lambda: len(bench.boxes["source"].heard) == 1)
        assert bench.boxes["source"].heard[0][1] == b"A" * 51_000 + b"?"


def test_all_clients_together_may_not_hold_more_than_there_is(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simulators.hall.LARGEST_TOTAL", 1_000_000)
    with contextlib.ExitStack() as stack:
        honest = stack.enter_context(bench.connect())
        crowd = [stack.enter_context(bench.connect()) for _ in range(6)]
        bench.ask(honest)
        for client in crowd:
            client.sendall(b"WAIT 1e6?\n")
        bench.settle()
        for client in crowd:
            client.setblocking(False)
            with contextlib.suppress(OSError):
                for _ in range(12):
                    client.sendall(b"A" * 29_999 + b"\n")
                    bench.server.step(0.0)
        bench.settle()
        clients = bench.server._hall.clients
        assert 2 <= len(clients) < 7
        assert sum(client.weight() for client in clients) <= 1_000_000
        assert any(client.port == honest.getsockname()[1] for client in clients)


# ---- silence


def test_nobody_who_is_silent_keeps_the_server_busy() -> None:
    for clock in (ScaledClock(1.0), VirtualClock()):
        with single(Bench(clock)) as bench, contextlib.ExitStack() as stack:
            for role in bench.server.ports:
                for said in (b"", b"half", b"X?\n", b"\n", b"A" * 100_000):
                    stack.enter_context(bench.connect(role)).sendall(said)
            stack.enter_context(bench.connect()).sendall(b"WAIT 1e6?\n" if isinstance(clock, ScaledClock) else b"Y?\n")
            stack.enter_context(bench.connect()).close()
            bench.settle()
            bench.settle()
            assert steps_in(bench, 0.3) < 10


def test_an_idle_server_takes_no_computing_time() -> None:
    bench = Bench()
    thread = threading.Thread(target=bench.server.serve)
    thread.start()
    with bench.connect() as client, bench.connect("voltmeter"):
        client.sendall(b"X?\n")
        assert client.recv(10) == b"X\n"
        began, wall = time.process_time(), time.monotonic()
        time.sleep(0.5)
        assert time.process_time() - began < 0.2 * (time.monotonic() - wall)
    bench.server.stop()
    thread.join()


@pytest.mark.parametrize("role", ROLES)
def test_who_does_not_even_acknowledge_is_found_out_by_the_operating_system(bench: Bench, role: str) -> None:
    with bench.connect(role):
        bench.settle()
        (client,) = bench.server._hall.clients
        assert client.connected.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
        if sys.platform == "linux":
            options = (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT, socket.TCP_USER_TIMEOUT)
            wanted = [client.connected.getsockopt(socket.IPPROTO_TCP, option) for option in options]
            assert wanted == [10, 5, 3, 120_000]


def test_a_computer_that_is_switched_off_leaves_its_place(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its socket is gone without a word, as Linux does it for a process that moves to another computer."""
    if sys.platform != "linux":
        pytest.skip("only Linux can close a socket silently")
    repair = 19  # TCP_REPAIR
    monkeypatch.setattr("simulators.doors._KEEPALIVE", {"TCP_KEEPIDLE": 1, "TCP_KEEPINTVL": 1})
    gone = bench.connect()
    try:
        gone.setsockopt(socket.IPPROTO_TCP, repair, 1)
    except PermissionError:
        gone.close()
        pytest.skip("closing a socket silently takes the rights of an administrator")
    bench.settle()
    assert bench.server._hall.clients
    gone.close()
    bench.steps_until(lambda: not bench.server._hall.clients)


# ---- one session at a time


def test_a_second_client_of_a_single_session_is_hung_up_on() -> None:
    with single(Bench(sessions=Sessions(1))) as bench, bench.connect() as first, bench.connect() as second:
        assert bench.ask(first) == b"X\n"
        bench.steps_until(lambda: is_hung_up_on(second))
        assert bench.ask(first) == b"X\n"
        first.close()
        bench.settle()
        with bench.connect() as third:
            assert bench.ask(third) == b"X\n"


def test_a_second_client_of_a_single_session_may_have_to_wait() -> None:
    with single(Bench(sessions=Sessions(1, waits=True))) as bench, bench.connect() as first, bench.connect() as second:
        assert bench.ask(first) == b"X\n"
        second.sendall(b"LATE?\n")
        bench.settle()
        assert not is_hung_up_on(second)
        assert steps_in(bench, 0.1) < 10, "who waits outside keeps nobody busy"
        assert [line for _, line in bench.boxes["source"].heard] == [b"X?"]
        first.close()
        bench.steps_until(lambda: len(bench.boxes["source"].heard) == 2)
        second.setblocking(True)
        bench.settle()
        assert second.recv(100) == b"LATE\n"


@pytest.mark.parametrize("waits", [False, True])
def test_a_session_without_goodbye_stays_for_a_while(*, waits: bool) -> None:
    with single(Bench(ScaledClock(100.0), Sessions(1, waits=waits, stale=20.0))) as bench:
        first = bench.connect()
        assert bench.ask(first) == b"X\n"
        reset(first)
        began = bench.timeline.clock.now()
        if waits:
            with bench.connect() as second:
                assert bench.ask(second) == b"X\n"
        else:
            with bench.connect() as refused:
                bench.steps_until(lambda: is_hung_up_on(refused))
            while bench.timeline.clock.now() < began + 21.0:
                bench.server.step(0.01)
            with bench.connect() as second:
                assert bench.ask(second) == b"X\n"
        assert bench.timeline.clock.now() - began >= 20.0


def test_a_session_that_was_closed_is_free_at_once_whatever_a_stale_one_does() -> None:
    with single(Bench(sessions=Sessions(1, stale=1e6))) as bench:
        for _ in range(3):
            with bench.connect() as client:
                assert bench.ask(client) == b"X\n"
            bench.settle()


def test_on_a_virtual_clock_a_stale_session_waits_for_the_clock_and_keeps_nobody_busy() -> None:
    with single(Bench(VirtualClock(), Sessions(1, waits=True, stale=20.0))) as bench, bench.connect("clock") as clock:
        first = bench.connect()
        assert bench.ask(first) == b"X\n"
        reset(first)
        with bench.connect() as second:
            second.sendall(b"LATE?\n")
            bench.settle()
            assert steps_in(bench, 0.1) < 10
            assert bench.ask(clock, b"SLEEP 21\n") == b"21.0\n"
            bench.steps_until(lambda: len(bench.boxes["source"].heard) == 2)
