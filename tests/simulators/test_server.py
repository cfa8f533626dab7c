"""The TCP door: plain sockets, impatient and rude clients."""

from __future__ import annotations

import contextlib
import random
import socket
import threading
from collections.abc import Iterator

import pytest

from instruments.clock import ScaledClock, VirtualClock
from simulators.server import LabServer
from simulators.timeline import Timeline
from tests.simulators.boxes import EchoBox


class Served:
    """An echo box on a port, served by a thread."""

    def __init__(self, speed: float) -> None:
        timeline = Timeline(ScaledClock(speed))
        self.box = EchoBox(timeline)
        self.server = LabServer(timeline, {"source": (self.box, b"\n"), "other": (EchoBox(timeline), b"\n;")})
        self.thread = threading.Thread(target=self.server.serve)
        self.thread.start()

    def connect(self, role: str = "source") -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.server.ports[role]), timeout=10)


@pytest.fixture
def served() -> Iterator[Served]:
    running = Served(speed=1000.0)
    yield running
    running.server.stop()
    running.thread.join()


def ask(client: socket.socket, message: bytes) -> bytes:
    client.sendall(message)
    received = b""
    while not received.endswith(b"\n"):
        data = client.recv(4096)
        if not data:
            break
        received += data
    return received


def test_a_plain_socket_is_answered(served: Served) -> None:
    with served.connect() as client:
        assert ask(client, b"X?\n") == b"X\n"


def test_a_message_may_come_in_pieces_and_several_at_once(served: Served) -> None:
    with served.connect() as client:
        client.sendall(b"A")
        client.sendall(b"B?")
        assert ask(client, b"\nC?\n").startswith(b"AB\n")
        with contextlib.suppress(TimeoutError):
            client.settimeout(0.2)
            client.recv(10)


def test_another_instrument_may_end_messages_otherwise(served: Served) -> None:
    with served.connect("other") as client:
        client.sendall(b"X?;")
        client.settimeout(0.2)
        with pytest.raises(TimeoutError):  # the echo box itself takes X?; for no question
            client.recv(10)


def test_a_reply_waits_for_its_time_on_the_labs_clock(served: Served) -> None:
    with served.connect() as client:
        assert ask(client, b"WAIT 20?\n") == b"waited\n"
    asked = next(time for time, line in served.box.heard if line == b"WAIT 20?")
    assert served.box.timeline.now >= asked + 20


def test_a_client_that_vanishes_takes_its_question_with_it(served: Served) -> None:
    with served.connect() as rude:
        rude.sendall(b"WAIT 1e6?\n")
    with served.connect() as client:
        assert ask(client, b"X?\n") == b"X\n"


def test_each_client_gets_its_own_answers(served: Served) -> None:
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(served.connect()) for _ in range(8)]
        for repeat in range(20):
            for number, client in enumerate(clients):
                client.sendall(b"%d-%d?\n" % (number, repeat))
            for number, client in enumerate(clients):
                assert client.recv(100) == b"%d-%d\n" % (number, repeat)


def test_random_bytes_do_no_harm(served: Served) -> None:
    noise = random.Random(1).randbytes(10_000)
    with served.connect() as client:
        client.sendall(noise + b"\n")
        client.settimeout(0.3)
        with contextlib.suppress(TimeoutError):
            while client.recv(4096):
                pass
    with served.connect() as client:
        assert ask(client, b"X?\n") == b"X\n"


def test_a_message_without_end_is_not_kept_for_ever(served: Served) -> None:
    with served.connect() as client:
        client.sendall(b"A" * 300_000)
        assert ask(client, b"\nX?\n").endswith(b"X\n")


def test_only_this_computer_can_reach_it(served: Served) -> None:
    with served.connect() as client:
        assert client.getpeername()[0] == "127.0.0.1"


def test_a_virtual_clock_is_refused() -> None:
    with pytest.raises(TypeError, match="ScaledClock"):
        LabServer(Timeline(VirtualClock()), {})
