"""Strangers at all doors of a served lab: who measures there does not notice, and nothing is left of them.

Their short form is part of every test run; with `--endurance` they come a hundred thousand times, and for a minute.
"""

from __future__ import annotations

import itertools
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from instruments.multivu_frames import Unpacker, pack
from tests.served import in_a_known_process, in_a_process
from tests.strangers import QUESTIONS, Address, Strangers, addresses, frame, vanish

LAB = ("--clock", "virtual", "--seed", 5, "--station", "ppms")
FLOWING = ("--clock", "scaled", "--speed", 50, "--seed", 5, "--station", "ppms")


class Honest:
    """Somebody who measures over plain sockets and keeps every byte that is said.

    Args:
        doors: Where the lab is.
        done: What it asks the source after each setting.
    """

    def __init__(self, doors: dict[str, Address], done: bytes) -> None:
        self.heard: list[bytes] = []
        self._done = done
        self._stack = ExitStack()
        self._doors = {"clock": self._connect(doors["clock"])}
        self.ask("clock", b"MINE\n")
        for role in ("source", "voltmeter", "cryostat"):
            self._doors[role] = self._connect(doors[role])
        ports = [client.getsockname()[1] for role, client in self._doors.items() if role != "clock"]
        self.ask("clock", b"MINE %d %d %d\n" % tuple(ports))
        self.heard.clear()

    def _connect(self, door: Address) -> socket.socket:
        client = self._stack.enter_context(socket.create_connection(door, timeout=60))
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return client

    def ask(self, door: str, question: bytes) -> bytes:
        client = self._doors[door]
        client.sendall(question)
        answer = b""
        while not answer.endswith((b"\n", b";")):
            data = client.recv(65_536)
            assert data, f"{door} hung up on {question!r}"
            answer += data
        self.heard.append(answer)
        return answer

    def set_up(self) -> None:
        self.ask("source", b":SOUR:CURR:COMP 1;:OUTP ON;%b\n" % self._done)
        self.ask("voltmeter", b":SENS:VOLT:CHAN1:RANG 0.01;:SENS:VOLT:NPLC 1;:READ?\n")
        self.ask("cryostat", b"FIELD 500 100 0 1;FIELD?\n")

    def measure(self, number: int) -> None:
        """A point: a current and its reversal, the voltages, the field, and a pause."""
        for current in (1e-4, -1e-4):
            self.ask("source", b":SOUR:CURR %r;CURR?;%b\n" % (current * (1 + number % 7), self._done))
            self.ask("voltmeter", b":READ?\n")
        self.ask("cryostat", b"GETDAT? 7\n")
        self.ask("clock", b"SLEEP 0.25\n")

    def close(self) -> None:
        self._stack.close()


def measured(
    doors: dict[str, Address], done: bytes, go_on: Callable[[int], bool], between: Callable[[], object]
) -> list[bytes]:
    """What somebody hears who measures as long as this."""
    honest = Honest(doors, done)
    try:
        honest.set_up()
        for number in itertools.count():
            if not go_on(number):
                return honest.heard
            if number == 1:
                between()
            honest.measure(number)
        return honest.heard
    finally:
        honest.close()


@pytest.mark.parametrize("seconds", [0.35, pytest.param(60.0, marks=pytest.mark.endurance)])
@pytest.mark.parametrize("obeyed", [False, True], ids=["whole questions", "anything"])
def test_who_measures_hears_the_same_bytes_whatever_strangers_do(seconds: float, *, obeyed: bool) -> None:
    """For the same number of points in a lab that nobody else knows of.

    Messages that are nonsense leave errors in an instrument's queue, as they do in a lab. As long as nobody sends one,
    who measures looks at the queue after each setting and finds it empty.
    """
    done = b"*OPC?" if obeyed else b":SYST:ERR?"
    with in_a_process(*LAB) as line, ExitStack() as stack:
        doors = addresses(line)
        strangers = Strangers(doors, 11, frozenset(doors) if obeyed else frozenset({"multivu", "clock"}))
        end = time.monotonic() + seconds
        disturbed = measured(
            doors, done,
            lambda number: number < 10 or strangers.acts < 500 * seconds or time.monotonic() < end,
            lambda: stack.enter_context(strangers),
        )  # fmt: skip
    points = (len(disturbed) - 3) // 6
    with in_a_process(*LAB) as line:
        quiet = measured(addresses(line), done, lambda number: number < points, lambda: None)
    assert disturbed == quiet
    assert obeyed or quiet[3].endswith(b';0,"No error"\n')
    assert strangers.most > 20


def asked(client: socket.socket, question: bytes) -> bytes:
    client.sendall(question)
    answer = b""
    while not answer.endswith((b"\n", b";")):
        answer += client.recv(65_536)
    return answer


def asked_of_multivu(client: socket.socket) -> tuple[str, str]:
    """Ask for the temperature; the answer's name and what it says."""
    unpacker, question = Unpacker(), frame("TEMP?")
    client.sendall(question)
    heard: list[Any] = []
    while not heard or heard[-1]["message_type"] != "completed":
        data = client.recv(65_536)
        assert data, "MultiVu hung up"
        heard += unpacker.take(data)
    client.sendall(pack({**heard[-1], "message_type": "confirmed"}))
    (request,) = Unpacker().take(question)
    assert [body["id"] for body in heard] == [request["id"]] * 2
    return heard[0]["message_type"], heard[1]["result"]


@pytest.mark.parametrize(("seconds", "seed"), [(0.35, 21), pytest.param(60.0, 22, marks=pytest.mark.endurance)])
def test_where_time_flows_answers_are_right_and_in_order_whatever_strangers_do(seconds: float, seed: int) -> None:
    with in_a_process(*FLOWING) as line, ExitStack() as stack:
        doors = addresses(line)
        mine = {
            door: stack.enter_context(socket.create_connection(doors[door], timeout=60))
            for door in ("source", "voltmeter", "cryostat", "multivu")
        }
        strangers = stack.enter_context(Strangers(doors, seed, frozenset(doors)))
        end = time.monotonic() + seconds
        for number in itertools.count(1):
            if time.monotonic() > end and strangers.acts > 500 * seconds and number > 20:
                break
            current = number % 1000 * 1e-6
            said = asked(mine["source"], b":SOUR:CURR %r;CURR?\n" % current)
            assert float(said) == pytest.approx(current)
            assert b"MODEL 2182A" in asked(mine["voltmeter"], b"*IDN?\n")
            assert abs(float(asked(mine["voltmeter"], b":READ?\n"))) < 1.0
            assert asked(mine["cryostat"], b"TEMP?\n").startswith(b"300,")
            assert asked_of_multivu(mine["multivu"])[0] == "confirmed"
    assert strangers.most > 20


# ---- memory and descriptors


def taken(process: int) -> tuple[float, int]:
    """MiB that a process has in memory, and its open descriptors (Linux)."""
    status = Path(f"/proc/{process}/status").read_text()
    kilobytes = next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS"))
    return int(kilobytes) / 1024, len(list(Path(f"/proc/{process}/fd").iterdir()))


def sessions(doors: dict[str, Address], start: int, count: int) -> Iterator[str]:
    """Come, ask, hear and go, at each door in turn; some wait for no answer, or go in the middle of their question."""
    for number in range(start, start + count):
        door = list(doors)[number % len(doors)]
        question = frame("TEMP?") if door == "multivu" else QUESTIONS[door][number % len(QUESTIONS[door])]
        with socket.create_connection(doors[door], timeout=60) as client:
            kind = number // len(doors) % 10
            if kind == 0:
                client.sendall(question[: len(question) // 2])
            elif kind == 1:
                client.sendall(question)
                vanish(client, politely=False)
            else:
                client.sendall(question)
                assert client.recv(65_536)
        yield door


@pytest.mark.skipif(sys.platform != "linux", reason="memory of another process is read from /proc")
@pytest.mark.parametrize(
    ("clock", "count"),
    [
        pytest.param(LAB, 5000, id="virtual"),
        pytest.param(FLOWING, 1000, id="scaled"),
        pytest.param(LAB, 100_000, id="virtual, long", marks=pytest.mark.endurance),
        pytest.param(FLOWING, 100_000, id="scaled, long", marks=pytest.mark.endurance),
    ],
)
def test_memory_stays_flat_over_sessions_and_questions(
    clock: tuple[Any, ...], count: int, record_property: Callable[[str, object], None]
) -> None:
    with in_a_known_process(*clock) as (line, process):
        doors = addresses(line)
        warm = sum(1 for _ in sessions(doors, 0, 1000))
        memory, descriptors = taken(process)
        done = sum(1 for _ in sessions(doors, warm, count))
        after, left = taken(process)
        record_property("MiB", after - memory)
        print(f"{done} sessions: {memory:.1f} MiB before, {after:.1f} MiB after")
        assert done == count
        assert after - memory < 2.0
        assert left <= descriptors + 1  # the last one may just be going
