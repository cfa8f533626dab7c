"""The TCP door: plain sockets, impatient and rude clients."""

from __future__ import annotations

import contextlib
import random
import socket
import threading
from collections.abc import Generator, Iterator

import pytest

from instruments.clock import ScaledClock, VirtualClock
from instruments.tables import common
from instruments.tables.common import question
from instruments.tables.table import CommandTable
from simulators.exchange import ScpiDevice
from simulators.server import LONGEST_MESSAGE, LabServer
from simulators.timeline import Timeline
from tests.simulators.boxes import EchoBox


class ScpiBox(ScpiDevice):
    """An instrument with an error queue and nothing else."""

    table = CommandTable("box", [*common.common_commands(4, energises=False), question("SYSTem:ERRor", reply="error")])

    def identity(self) -> str:
        return "MAKER,BOX,1,A"


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


def test_a_message_without_end_touches_no_other_client(served: Served) -> None:
    """The instrument hears once that something was too long; what others say stays whole."""
    with served.connect() as rude, served.connect() as client:
        rude.sendall(b"A" * 300_000)
        for _ in range(3):
            assert ask(client, b"*IDN?\n") == b"*IDN\n"
        assert ask(rude, b"tail?\nX?\n") == b"X\n"  # the tail belongs to what was too long
    heard = [line for _, line in served.box.heard]
    assert [line for line in heard if len(line) < 100] == [b"*IDN?"] * 3 + [b"X?"]
    assert [line[-1:] for line in heard if len(line) > LONGEST_MESSAGE] == [b"A"]


def test_a_too_long_message_is_an_overrun_to_the_instrument() -> None:
    timeline = Timeline(ScaledClock(1000.0))
    server = LabServer(timeline, {"source": (ScpiBox(timeline), b"\n")})
    thread = threading.Thread(target=server.serve)
    thread.start()
    address = ("127.0.0.1", server.ports["source"])
    try:
        with socket.create_connection(address) as rude, socket.create_connection(address, timeout=10) as client:
            rude.sendall(b"A" * 200_000)
            error = ask(client, b"SYST:ERR?\n")
            for _ in range(1000):
                if error != b'0,"No error"\n':
                    break  # before that, the flood is still on its way
                error = ask(client, b"SYST:ERR?\n")
            assert error == b'-363,"Input buffer overrun"\n'
            rude.sendall(b"AAA\n")
            assert ask(rude, b"SYST:ERR?\n").startswith(b"0,")
    finally:
        server.stop()
        thread.join()


class TalkativeBox(EchoBox):
    """Answers whatever it is told with far more than a socket takes at once."""

    def write(self, data: bytes) -> None:
        self.out.append((self.timeline.now, b"x" * 8_000_000 + data))


@contextlib.contextmanager
def stepped(kind: type[EchoBox] = EchoBox) -> Generator[tuple[LabServer, EchoBox, socket.socket]]:
    """A server that a test moves step by step, its box and one client."""
    timeline = Timeline(ScaledClock(1.0))
    box = kind(timeline)
    server = LabServer(timeline, {"source": (box, b"\n")})
    try:
        with socket.create_connection(("127.0.0.1", server.ports["source"])) as client:
            client.setblocking(False)
            yield server, box, client
    finally:
        server.stop()
        server.serve()  # only closes


def drops(server: LabServer, gone: socket.socket) -> bool:
    """Whether the server drops a client that talks without end, within some hundred steps."""
    for _ in range(300):
        server.step(0.01)
        try:
            gone.send(b"X" * 50_000 + b"?\n")
        except BlockingIOError:
            continue
        except OSError:
            return True
    return False


def test_a_client_that_never_reads_is_dropped() -> None:
    with stepped() as (server, _, deaf):
        assert drops(server, deaf)


def test_a_client_that_floods_a_busy_instrument_is_dropped() -> None:
    with stepped() as (server, box, rude):
        rude.send(b"WAIT 1e6?\n")
        assert drops(server, rude)
        assert len(box.heard) == 1


def test_an_answer_of_any_size_reaches_a_client_that_reads() -> None:
    with stepped(TalkativeBox) as (server, _, client):
        client.send(b"Y?\n")
        received = bytearray()
        while not received.endswith(b"\n"):
            server.step(0.01)
            with contextlib.suppress(BlockingIOError):
                received += client.recv(1_000_000)
        assert len(received) == 8_000_003


def test_only_this_computer_can_reach_it(served: Served) -> None:
    with served.connect() as client:
        assert client.getpeername()[0] == "127.0.0.1"


def test_a_virtual_clock_is_refused() -> None:
    with pytest.raises(TypeError, match="ScaledClock"):
        LabServer(Timeline(VirtualClock()), {})
