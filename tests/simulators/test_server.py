"""The TCP door: plain sockets, impatient and rude clients."""

from __future__ import annotations

import contextlib
import random
import socket
import threading
import time
from collections.abc import Generator, Iterator

import pytest

from instruments.clock import Clock, ScaledClock, VirtualClock, WallClock
from instruments.tables import common
from instruments.tables.common import question
from instruments.tables.table import CommandTable, Parameter, Row
from simulators.exchange import ScpiDevice
from simulators.instrument_door import LONGEST_MESSAGE
from simulators.server import LabServer
from simulators.timeline import Timeline
from tests.simulators.boxes import EchoBox


class ScpiBox(ScpiDevice):
    """An instrument with an error queue and nothing else."""

    table = CommandTable(
        "box",
        [
            *common.common_commands(4, energises=False),
            question("SYSTem:ERRor", reply="error"),
            Row("TEXT", (Parameter("string"),), "", reply='"%s"'),
        ],
    )

    def identity(self) -> str:
        return "MAKER,BOX,1,A"


class Served:
    """An echo box on a port, served by a thread."""

    def __init__(self, clock: Clock) -> None:
        timeline = Timeline(clock)
        self.box = EchoBox(timeline)
        self.server = LabServer(timeline, {"source": (self.box, b"\n"), "other": (EchoBox(timeline), b"\n;")})
        self.thread = threading.Thread(target=self.server.serve)
        self.thread.start()

    def connect(self, role: str = "source") -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.server.ports[role]), timeout=10)


@contextlib.contextmanager
def serving(clock: Clock) -> Generator[Served]:
    running = Served(clock)
    yield running
    running.server.stop()
    running.thread.join()


@pytest.fixture
def served() -> Iterator[Served]:
    with serving(ScaledClock(1000.0)) as running:
        yield running


@pytest.fixture
def virtual() -> Iterator[Served]:
    with serving(VirtualClock()) as running:
        yield running


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


@contextlib.contextmanager
def scpi_box() -> Generator[tuple[str, int]]:
    """The address of a box that is served by a thread."""
    timeline = Timeline(ScaledClock(1000.0))
    server = LabServer(timeline, {"source": (ScpiBox(timeline), b"\n")})
    thread = threading.Thread(target=server.serve)
    thread.start()
    try:
        yield "127.0.0.1", server.ports["source"]
    finally:
        server.stop()
        thread.join()


def test_a_too_long_message_is_an_overrun_to_the_instrument() -> None:
    with scpi_box() as address, socket.create_connection(address, timeout=10) as client:
        client.sendall(b"A" * 200_000 + b"\n")
        assert ask(client, b"SYST:ERR?\n") == b'-363,"Input buffer overrun"\n'
        assert ask(client, b"SYST:ERR?\n").startswith(b"0,")


def test_of_a_megabyte_without_end_the_instrument_never_hears() -> None:
    with scpi_box() as address, socket.create_connection(address, timeout=10) as client:
        with socket.create_connection(address, timeout=10) as rude:
            rude.sendall(b"A" * 1_000_000)
            assert ask(client, b"SYST:ERR?\n").startswith(b"0,")
        for _ in range(5):
            assert ask(client, b"SYST:ERR?\n").startswith(b"0,")


def test_a_line_feed_in_front_of_the_closing_quote_ends_no_message() -> None:
    """As clients send what a box is to pass on to another one."""
    with scpi_box() as address, socket.create_connection(address, timeout=10) as client:
        client.sendall(b'TEXT "*IDN?\n"\nTEXT \'open\n*RST 1\n')
        assert ask(client, b"*ESR?;:SYST:ERR?\n") == b'160;-151,"Invalid string data"\n'
        assert ask(client, b"SYST:ERR?\n") == b'-108,"Parameter not allowed"\n'
        assert ask(client, b"SYST:ERR?\n") == b'0,"No error"\n'


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


class RawBox(EchoBox):
    """Keeps what it is handed as it is."""

    def write(self, data: bytes) -> None:
        self.heard.append((self.timeline.now, data))


def test_a_line_feed_in_front_of_a_closing_quote_belongs_to_the_string() -> None:
    with stepped(RawBox) as (server, box, client):
        client.send(b'SEND "*IDN?\n";X?\nY?\n')
        for _ in range(3):
            server.step(0.01)
        assert [data for _, data in box.heard] == [b'SEND "*IDN?\n";X?\n', b"Y?\n"]


def test_only_this_computer_can_reach_it(served: Served) -> None:
    with served.connect() as client:
        assert client.getpeername()[0] == "127.0.0.1"


def test_a_clock_that_nobody_can_serve_is_refused() -> None:
    with pytest.raises(TypeError, match="ScaledClock"):
        LabServer(Timeline(WallClock()), {})


# ---- a virtual clock


def test_a_reply_that_takes_time_moves_a_virtual_clock_and_comes_at_once(virtual: Served) -> None:
    with virtual.connect() as client, virtual.connect("clock") as clock:
        assert ask(client, b"WAIT 86400?\n") == b"waited\n"
        assert ask(clock, b"NOW?\n") == b"86400.0\n"
        assert ask(client, b"X?\n") == b"X\n"
        assert ask(clock, b"NOW?\n") == b"86400.0\n"


def test_sleeping_at_the_clock_door_moves_the_lab(virtual: Served) -> None:
    with virtual.connect("clock") as clock, virtual.connect("clock") as other:
        assert ask(clock, b"SLEEP 2.5\n") == b"2.5\n"
        assert ask(other, b" sleep 0 \r\n") == b"2.5\n"
        assert ask(other, b"UNTIL 10\n") == b"10.0\n"
        assert ask(clock, b"UNTIL 3\n") == b"10.0\n"
        assert ask(clock, b"NOW?\nSLEEP 1e-3\n").startswith(b"10.0\n")


def test_what_happens_while_somebody_sleeps_happens_at_its_own_moment(virtual: Served) -> None:
    moments: list[float] = []
    timeline = virtual.box.timeline
    timeline.schedule(3.0, lambda: moments.append(timeline.now))
    with virtual.connect("clock") as clock:
        assert ask(clock, b"SLEEP 10\n") == b"10.0\n"
    assert moments == [3.0]


@pytest.mark.parametrize(
    "line",
    [
        b"SLEEP nan", b"SLEEP inf", b"SLEEP -1", b"SLEEP 1e300", b"UNTIL 1e11", b"UNTIL -inf", b"SLEEP", b"SLEEP 1 2",
        b"SLEEP 1_0", b"SLEEP 0x10", b"NOW", b"NOW? 1", b"MINE x", b"MINE 99999", b"MINE 1", b"TIME?",
        b"\xff\xfe?", b"A" * 5000, b"A" * 100_000, b"SLEEP \xd9\xa1",
    ],
    ids=lambda line: line[:12].decode("latin-1"),
)  # fmt: skip
def test_a_line_that_the_clock_door_cannot_take_is_an_error_and_changes_nothing(virtual: Served, line: bytes) -> None:
    with virtual.connect("clock") as clock:
        answer = ask(clock, line + b"\n")
        assert answer.startswith(b"ERROR ")
        assert len(answer) < 300
        assert ask(clock, b"NOW?\n") == b"0.0\n"


def test_random_bytes_at_the_clock_door_do_no_harm(virtual: Served) -> None:
    noise = random.Random(2).randbytes(20_000)
    with virtual.connect("clock") as clock:
        clock.sendall(noise + b"\n")
        clock.settimeout(0.3)
        with contextlib.suppress(TimeoutError):
            while clock.recv(65_536):
                pass
    with virtual.connect("clock") as clock:
        assert ask(clock, b"NOW?\n") == b"0.0\n"


class EventBox(EchoBox):
    """Answers `EVENT 5?` when something that is scheduled has happened, and cannot tell before when that will be."""

    pending = 0

    def write(self, data: bytes) -> None:
        if data.startswith(b"EVENT "):
            self.pending += 1
            self.timeline.schedule(self.timeline.now + float(data[6:-2]), self._happen)
        elif data == b"NEVER?\n":
            self.pending += 1
            self._again()
        else:
            super().write(data)

    def _happen(self) -> None:
        self.pending -= 1
        self.out.append((self.timeline.now, b"happened\n"))

    def _again(self) -> None:
        self.timeline.schedule(self.timeline.now + 0.1, self._again)

    def owes_reply(self) -> bool:
        return self.pending > 0 or super().owes_reply()


@pytest.mark.parametrize("clock", [VirtualClock(), ScaledClock(1000.0)], ids=["virtual", "scaled"])
def test_an_answer_that_only_an_event_brings_comes(clock: Clock) -> None:
    timeline = Timeline(clock)
    box = EventBox(timeline)
    server = LabServer(timeline, {"source": (box, b"\n")})
    with socket.create_connection(("127.0.0.1", server.ports["source"])) as client:
        client.setblocking(False)
        client.send(b"EVENT 5?\n")
        received = b""
        for _ in range(1000):
            server.step(0.01)
            with contextlib.suppress(BlockingIOError):
                received += client.recv(100)
            if received:
                break
        assert received == b"happened\n"
        assert timeline.now >= 5.0
    server.stop()
    server.serve()


def test_an_answer_that_never_comes_keeps_nobody_else_waiting() -> None:
    timeline = Timeline(VirtualClock())
    server = LabServer(timeline, {"source": (EventBox(timeline), b"\n"), "other": (EchoBox(timeline), b"\n")})
    thread = threading.Thread(target=server.serve)
    thread.start()
    try:
        with socket.create_connection(("127.0.0.1", server.ports["source"]), timeout=10) as stuck:
            stuck.sendall(b"NEVER?\n")
            with socket.create_connection(("127.0.0.1", server.ports["other"]), timeout=10) as client:
                assert [ask(client, b"X?\n") for _ in range(5)] == [b"X\n"] * 5
    finally:
        server.stop()
        thread.join()


class SlowBox(EchoBox):
    """Answers `X?` with the time, 5 ms later, unless it is hurried."""

    def write(self, data: bytes) -> None:
        if b"?" in data:
            self.out.append((self.timeline.now + 5e-3, b"%r\n" % self.timeline.now))

    def hurry(self) -> None:
        self.out = [(0.0, reply) for _, reply in self.out]


@contextlib.contextmanager
def slow(clock: Clock) -> Generator[tuple[socket.socket, socket.socket, socket.socket]]:
    """A driver's connection, a spectator's and one to the clock, or a third one where there is no clock door."""
    timeline = Timeline(clock)
    server = LabServer(timeline, {"source": (SlowBox(timeline), b"\n")})
    thread = threading.Thread(target=server.serve)
    thread.start()
    ports = [server.ports[role] for role in ("source", "source", "clock" if "clock" in server.ports else "source")]
    try:
        with contextlib.ExitStack() as stack:
            first, second, third = (
                stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=10)) for port in ports
            )
            yield first, second, third
    finally:
        server.stop()
        thread.join()


def test_who_has_only_asked_moves_no_time_and_who_has_acted_does() -> None:
    with slow(VirtualClock()) as (driver, spectator, clock):
        assert ask(spectator, b"X?\n") == ask(spectator, b"X?;Y?;\n") == b"0.0\n"
        assert ask(clock, b"NOW?\n") == b"0.0\n"
        driver.sendall(b"FIELD 1000 100 0 1\n")
        assert ask(driver, b"X?\n") == b"0.0\n"
        assert ask(clock, b"NOW?\n") == b"0.005\n"
        assert ask(spectator, b"X?\n") == b"0.005\n"
        assert ask(clock, b"NOW?\n") == b"0.005\n"


def test_a_program_that_drives_the_clock_is_the_only_one_to_move_time_with_its_questions() -> None:
    with slow(VirtualClock()) as (driver, other, clock):
        other.sendall(b"SET 1\n")
        assert ask(clock, b"MINE %d\n" % driver.getsockname()[1]) == b"0.0\n"
        assert ask(other, b"X?\n") == b"0.0\n"
        assert ask(clock, b"NOW?\n") == b"0.0\n"
        assert ask(driver, b"X?\n") == b"0.0\n"
        assert ask(clock, b"NOW?\n") == b"0.005\n"
        driver.close()
        while ask(other, b"X?\n") == ask(other, b"X?\n"):  # until the server has noticed that the driver is gone
            pass
        assert float(ask(clock, b"NOW?\n")) > 0.005


def test_who_connects_while_the_program_opens_its_connections_is_taken_for_it() -> None:
    with slow(VirtualClock()) as (spectator, _, clock):
        assert ask(clock, b"MINE\n") == b"0.0\n"
        with socket.create_connection(spectator.getpeername(), timeout=10) as driver:
            assert ask(driver, b"X?\n") == b"0.0\n"
            assert ask(clock, b"MINE %d\n" % driver.getsockname()[1]) == b"0.005\n"
            with socket.create_connection(spectator.getpeername(), timeout=10) as late:
                late.sendall(b"SET 1\n")
                assert ask(late, b"X?\n") == ask(spectator, b"X?\n") == b"0.005\n"
            assert ask(clock, b"NOW?\n") == b"0.005\n"


def test_on_a_scaled_clock_a_spectators_answer_takes_its_time_as_everybodys() -> None:
    with slow(ScaledClock(1.0)) as (_, spectator, other):
        asked = float(ask(spectator, b"X?\n"))
        assert float(ask(other, b"X?\n")) >= asked + 5e-3


def test_a_setting_and_then_a_question_do_not_wait_for_a_delayed_acknowledgement(served: Served) -> None:
    """Two messages on one socket would cost 40 ms a pair; the median forgets what a busy computer adds."""
    with served.connect() as client:
        costs: list[float] = []
        for _ in range(15):
            start = time.perf_counter()
            client.sendall(b"SET\n")
            assert ask(client, b"X?\n") == b"X\n"
            costs.append(time.perf_counter() - start)
    assert sorted(costs)[7] < 0.02
