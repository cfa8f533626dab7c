"""What acts at once on an instrument, while somebody waits for its answer: over the sockets of a served lab."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Callable, Generator
from pathlib import Path
from typing import BinaryIO

import pytest

from instruments.clock import Clock, ScaledClock, VirtualClock
from simulators.devices.keithley2400 import Keithley2400
from tests.served import ServedLab, in_a_thread

ENDLESS = "*RST;:OUTP ON;:ARM:COUN INF"
BY_BUS = "*RST;:OUTP ON;:ARM:SOUR BUS"
CLOCKS: tuple[Callable[[], Clock], ...] = (VirtualClock, lambda: ScaledClock(20.0))


class Client:
    """Somebody at the sourcemeter's socket."""

    def __init__(self, plain: socket.socket, answers: BinaryIO) -> None:
        self._plain = plain
        self._answers = answers

    def write(self, *messages: str) -> None:
        self._plain.sendall("".join(message + "\n" for message in messages).encode())

    def answer(self) -> str:
        return self._answers.readline().decode().strip()

    def ask(self, message: str) -> str:
        self.write(message)
        return self.answer()


@pytest.fixture(params=CLOCKS, ids=["virtual", "scaled"])
def served(tmp_path: Path, request: pytest.FixtureRequest) -> Generator[ServedLab]:
    with in_a_thread(tmp_path / "lab.json", request.param()) as served:
        yield served


@contextlib.contextmanager
def client(served: ServedLab) -> Generator[Client]:
    address = ("127.0.0.1", served.server.ports["smu"])
    with socket.create_connection(address, timeout=10) as plain, plain.makefile("rb") as answers:
        yield Client(plain, answers)


def wait_until_busy(served: ServedLab) -> None:
    """Until a question that has to wait has reached the instrument."""
    device = served.lab.devices["smu"]
    assert isinstance(device, Keithley2400)
    for _ in range(5000):
        if device.running and device.busy():
            return
        time.sleep(1e-3)
    raise AssertionError("the instrument is not at work")


@pytest.mark.parametrize("ending", ["ABOR", ":abort", "*RST", "*RCL 0", "SYST:PRES", "ABOR;:SOUR:VOLT 0"])
def test_what_ends_a_run_overtakes_a_question_that_waits_for_its_end(served: ServedLab, ending: str) -> None:
    with client(served) as somebody:
        somebody.write(ENDLESS, "INIT", "SYST:ERR?", ending)
        assert somebody.answer().startswith("0,")
        assert somebody.ask("STAT:OPER:COND?") == "1024"


def test_so_it_does_with_a_question_of_its_own_behind_others(served: ServedLab) -> None:
    with client(served) as somebody:
        somebody.write(ENDLESS, "INIT", "SYST:ERR?", "ARM:COUN?", "*RST;*OPC?")
        assert somebody.answer().startswith("0,")
        assert somebody.answer() != "1"  # the count of before
        assert somebody.answer() == "1"


def test_anybody_may_end_a_run_and_the_answer_goes_to_who_asked(served: ServedLab) -> None:
    with client(served) as asking, client(served) as other:
        asking.write(ENDLESS, "INIT", "SYST:ERR?")
        wait_until_busy(served)
        other.write("SOUR:VOLT:PROT 20", "ABOR")
        assert asking.answer().startswith("0,")
        assert other.ask("STAT:OPER:COND?") == "1024"
        assert float(other.ask("SOUR:VOLT:PROT?")) == 20.0


def test_a_question_of_another_client_waits_until_its_answer_has_a_way_home(served: ServedLab) -> None:
    with client(served) as asking, client(served) as other, client(served) as third:
        asking.write(ENDLESS, "INIT", "SYST:ERR?")
        wait_until_busy(served)
        other.write("ABOR;*IDN?")
        third.write("ABOR")
        assert asking.answer().startswith("0,")
        assert "2400" in other.answer()


def test_a_bus_trigger_reaches_a_reading_that_waits_for_it(served: ServedLab) -> None:
    with client(served) as asking, client(served) as other:
        asking.write(BY_BUS, "READ?", "*TRG")
        assert len(asking.answer().split(",")) == 5
        asking.write("READ?")
        wait_until_busy(served)
        other.write("*WAI", "*TRG")
        assert len(asking.answer().split(",")) == 5
        assert asking.ask("SYST:ERR?").startswith("0,")


def test_other_messages_wait_for_the_end(served: ServedLab) -> None:
    with client(served) as asking:
        asking.write(
            "*RST;:OUTP ON;:ARM:COUN 3", "INIT", "ARM:COUN?", "SYST:ERR?", "ARM:COUN 1", "ARM:COUN?", "ABOR;*OPC?"
        )
        answers = [asking.answer() for _ in range(4)]
        assert answers[0] == "3"
        assert answers[2:] == ["1", "1"]
