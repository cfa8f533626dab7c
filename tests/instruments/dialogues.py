"""What the driver tests share: a table row for each property, and an instrument that says what a test wants."""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any, TypeVar

import pytest
from pymeasure.adapters import Adapter
from pymeasure.instruments import Instrument
from pymeasure.test import expected_protocol

from instruments.clock import VirtualClock
from instruments.driver import Driver
from instruments.errors import BadValue, GarbledReply, InstrumentError, LimitExceeded, NoReply
from simulators.device import Device
from simulators.timeline import Timeline
from simulators.visa import SimulatedVisaLibrary

NO_ERROR = '0,"No error"'
DONE = f"0;{NO_ERROR}"
"""The reply to the questions behind a setting: no event, no error."""
NOT_FINITE = (math.nan, math.inf, -math.inf)
DriverT = TypeVar("DriverT", bound=Driver)


@dataclass(frozen=True)
class Row:
    """A property: its query, a reply of the manual's form, and the value that the reply stands for.

    `puts` are values with the messages that set them, without the question for errors; `refused` are values that must
    not go out, with the error that says so.
    """

    name: str
    query: str = ""
    reply: str = ""
    value: Any = None
    puts: tuple[tuple[Any, str], ...] = ()
    refused: tuple[tuple[Any, type[Exception]], ...] = ()

    def __str__(self) -> str:
        return self.name


def number(name: str, query: str, reply: str, value: float, puts: tuple[tuple[Any, str], ...], low: float, high: float):
    """Return the row of a property that takes a number between limits; the limits' neighbours are refused."""
    outside = [(math.nextafter(low, -math.inf), LimitExceeded), (math.nextafter(high, math.inf), LimitExceeded)]
    wrong = [(bad, BadValue) for bad in (*NOT_FINITE, "1", None, True)]
    return Row(name, query, reply, value, puts, (*outside, *wrong))


def whole(name: str, query: str, reply: str, value: int, puts: tuple[tuple[Any, str], ...], low: int, high: int):
    """Return the row of a property that takes a whole number between limits."""
    outside = [(low - 1, LimitExceeded), (high + 1, LimitExceeded)]
    wrong = [(bad, BadValue) for bad in (math.nan, -math.inf, "1", None, low + 0.5)]
    return Row(name, query, reply, value, puts, (*outside, *wrong))


def switch(name: str, header: str):
    """Return the row of a property that is on or off."""
    puts = ((True, f"{header} 1"), (False, f"{header} 0"), (1, f"{header} 1"))
    return Row(name, f"{header}?", "1", True, puts, tuple((bad, BadValue) for bad in (2, "on", None, math.nan)))


def choice(name: str, header: str, spelling: Mapping[str, str], reply: str, value: str):
    """Return the row of a property that is one of a few words."""
    puts = tuple((word, f"{header} {text}") for word, text in spelling.items())
    return Row(name, f"{header}?", reply, value, puts, tuple((bad, BadValue) for bad in ("x", None, 1, [])))


def assign(driver: Driver, name: str, value: Any) -> None:
    """Set a property of a driver or of one of its channels."""
    *way, last = name.split(".")
    setattr(attrgetter(".".join(way))(driver) if way else driver, last, value)


def properties(driver: type[Instrument]) -> set[str]:
    """Name all properties that a driver and its channels have of their own, apart from pymeasure's."""
    found = _own(driver)
    for channel, creator in Instrument.get_channels(driver):
        for kind, _ in creator.pairs:
            found |= {f"{channel}.{name}" for name in _own(kind)}
    return found


def _own(kind: type) -> set[str]:
    ours = [base for base in kind.__mro__ if base.__module__.startswith("instruments.")]
    return {name for base in ours for name, value in vars(base).items() if isinstance(value, property)}


def garbled(reply: str, terminator: str) -> Iterator[str]:
    """Give a reply with a wrong byte, with more before or after it, cut off at its front, and twice."""
    yield from (f"#{reply}", f"{reply}#", f" {reply} ", f"{reply},", f",{reply}", reply + terminator + reply)
    middle = len(reply) // 2
    yield f"{reply[:middle]}#{reply[middle:]}"
    yield reply[middle + 1 :] + "#"


class Instrument488(Device):
    """An instrument that answers what a test wants; the whole message is looked up, without its terminator.

    A question that it does not know gets no answer. As IEEE 488.2 has it, a new message makes it forget what it was
    about to say.
    """

    def __init__(self, timeline: Timeline, answers: Mapping[str, bytes | str | list[bytes]]) -> None:
        super().__init__(timeline)
        self.answers = dict(answers)
        self.heard: list[str] = []
        self.clears = 0
        self._output: list[bytes] = []

    def write(self, data: bytes) -> None:
        message = data.decode("ascii").removesuffix("\n")
        self.heard.append(message)
        answer = self.answers.get(message, b"")
        if isinstance(answer, list):
            answer = answer.pop(0) if answer else b""
        answer = answer.encode("ascii") if isinstance(answer, str) else answer
        self._output = [answer] if answer else []

    def read(self) -> bytes:
        return self._output.pop(0) if self._output else b""

    def ready_at(self) -> float | None:
        return self.timeline.now if self._output else None

    def clear(self) -> None:
        self.clears += 1
        self._output.clear()

    def power_cycle(self) -> None:
        self.clear()


@dataclass
class Bench:
    """A driver at a GPIB address of an in-process VISA library."""

    kind: type[Driver]
    answers: Mapping[str, Any]
    resource: str = "GPIB0::9::INSTR"
    clock: VirtualClock = field(default_factory=VirtualClock)

    def __post_init__(self) -> None:
        timeline = Timeline(self.clock)
        self.device = Instrument488(timeline, self.answers)
        self.library = SimulatedVisaLibrary(timeline, {self.resource: self.device})
        make: Any = self.kind
        self.driver: Any = make(self.resource, clock=self.clock, visa_library=self.library)


class Wire(Adapter):
    """Remembers what was sent and answers everything alike; pymeasure asks for an adapter where there is no VISA."""

    def __init__(self, answer: str = DONE) -> None:
        super().__init__()
        self.sent: list[str] = []
        self.answer = answer

    def _write(self, command: str, **kwargs: Any) -> None:
        self.sent.append(command)

    def _read(self, **kwargs: Any) -> str:
        return self.answer


@contextmanager
def dialogue(kind: type[DriverT], *pairs: tuple[str | None, str | bytes | None], **kwargs: Any) -> Generator[DriverT]:
    """Check that a driver says this and nothing else, on a clock of its own."""
    with expected_protocol(kind, list(pairs), clock=kwargs.pop("clock", VirtualClock()), **kwargs) as driver:
        yield driver


def check_reader(kind: type[Driver], row: Row, *opening: tuple[str, str], terminator: str = "\n") -> None:
    """Ask for a property: the right reply is understood, a damaged, doubled or missing one raises."""
    with dialogue(kind, *opening, (row.query, row.reply)) as driver:
        value = attrgetter(row.name)(driver)
        assert value == row.value
        assert type(value) is type(row.value)
    for bad in garbled(row.reply, terminator):
        with dialogue(kind, *opening, (row.query, bad)) as driver, pytest.raises(GarbledReply) as caught:
            attrgetter(row.name)(driver)
        assert row.query in str(caught.value)
        assert repr(bad) in str(caught.value)
        assert "expected" in str(caught.value)
    with dialogue(kind, *opening, (row.query, b"")) as driver, pytest.raises(NoReply, match="no reply came in"):
        attrgetter(row.name)(driver)


def check_cut_off(kind: type[Driver], row: Row, opening: Mapping[str, str], terminator: str = "\n") -> None:
    """Cut a reply off after every byte, on the wire: none of the pieces passes for a reply, none lives on."""
    whole_reply = (row.reply + terminator).encode("ascii")
    answers = {**opening, row.query: [whole_reply[:length] for length in range(1, len(whole_reply))] + [whole_reply]}
    bench = Bench(kind, answers)
    for _ in range(1, len(whole_reply)):
        with pytest.raises(GarbledReply, match="cut off"):
            attrgetter(row.name)(bench.driver)
    assert attrgetter(row.name)(bench.driver) == row.value


def check_setter(kind: type[Driver], row: Row) -> None:
    """Set a property: exactly this is sent, an error in the queue raises, and what is refused is never sent."""
    for value, message in row.puts:
        with dialogue(kind, (f"{message};*ESR?;:SYST:ERR?", DONE)) as driver:
            assign(driver, row.name, value)
        refusal = [
            (f"{message};*ESR?;:SYST:ERR?", '0;-222,"Parameter data out of range"'),
            (":SYST:ERR?", '-113,"Undefined header"'),
            (":SYST:ERR?", NO_ERROR),
        ]
        with dialogue(kind, *refusal) as driver, pytest.raises(InstrumentError, match=r"-222.*-113") as caught:
            assign(driver, row.name, value)
        assert caught.value.code == -222
        assert repr(message) in str(caught.value)
        for bad in garbled(DONE, "\n"):
            with dialogue(kind, (f"{message};*ESR?;:SYST:ERR?", bad)) as driver, pytest.raises(GarbledReply):
                assign(driver, row.name, value)
    for value, error in row.refused:
        with dialogue(kind) as driver, pytest.raises(error, match="nothing was sent"):
            assign(driver, row.name, value)
