"""What the guard adds to a write, for the messages of a run: levels that change, questions that repeat, and others.

Both sides write to a library that does nothing, once through the guard and once past it. The peer of each row is the
time that a message may cost, 2 us.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any, Self

from pyvisa import highlevel
from pyvisa.constants import StatusCode
from pyvisa.util import LibraryPath

from benchmarks.harness import Comparison, beside, main, seconds
from instruments.clock import VirtualClock
from labctl.protection import guarded
from labctl.sample import load_sample
from labctl.station import load_station

COUNT = 20_000
"""Messages in one measurement."""

ALLOWED = 2.0
"""us that a message on a repeated header may cost."""

RESOURCES = {"source": "GPIB0::12::INSTR", "voltmeter": "GPIB0::7::INSTR", "cryostat": "GPIB0::15::INSTR"}


class Nowhere(highlevel.VisaLibraryBase):
    """A VISA library that takes everything and does nothing."""

    def __new__(cls) -> Self:
        """Make one."""
        self = super().__new__(cls, LibraryPath("nowhere", "benchmark"))
        assert isinstance(self, cls)
        return self

    def open(self, session: Any, resource_name: str, *args: Any, **keywords: Any) -> tuple[Any, StatusCode]:
        """Open anything."""
        del session, args, keywords
        return resource_name, StatusCode.success

    def write(self, session: Any, data: bytes) -> tuple[int, StatusCode]:
        """Take anything."""
        del session
        return len(data), StatusCode.success


def levels() -> list[bytes]:
    """The message that sets a level, with another level each time."""
    return [b":STAT:MEAS:COND?;:SOUR:CURR %.7e;:SYST:ERR?\n" % (number * 4e-4 / COUNT) for number in range(COUNT)]


def ranged_levels() -> list[bytes]:
    """The same from another program, with headers in full."""
    return [b":SOURCE:CURRENT:LEVEL %.4e\n" % (number % 400 * 1e-6) for number in range(COUNT)]


def fields() -> list[bytes]:
    """A set point of the field, with another field each time."""
    return [b"FIELD %.2f 100.0 0 1" % (number * 0.4) for number in range(COUNT)]


MESSAGES: Sequence[tuple[str, str, Callable[[], list[bytes]], float | None]] = (
    ("levels, all different (driver's message)", "source", levels, 1.0),
    ("the same question to the source", "source", lambda: [b":SOUR:CURR?;:SYST:ERR?\n"] * COUNT, 1.0),
    ("READ? to the voltmeter", "voltmeter", lambda: [b":READ?\n"] * COUNT, 1.0),
    ("GETDAT? to the cryostat", "cryostat", lambda: [b"GETDAT? 15"] * COUNT, 1.0),
    ("levels in long form, 400 of them", "source", ranged_levels, None),
    ("fields, all different", "cryostat", fields, None),
)
"""What is sent, to whom, and which ratio to `ALLOWED` is good enough."""


def _sender(library: highlevel.VisaLibraryBase, resource: str, messages: Sequence[bytes]) -> Callable[[], float]:
    session, _ = library.open(None, resource)  # pyright: ignore[reportArgumentType] - Nowhere has no manager's session
    write: Any = library.write

    def send() -> None:
        for message in messages:
            write(session, message)

    return lambda: seconds(send) * 1e6 / len(messages)


def measure(repeats: int) -> Sequence[Comparison]:
    """Measure each kind of message."""
    nowhere = Nowhere()
    guard = guarded(nowhere, load_station("ppms"), load_sample("cotb2025"), {}, RESOURCES, VirtualClock())
    session, _ = guard.open(None, RESOURCES["source"])  # pyright: ignore[reportArgumentType] - see above
    guard.write(session, b"*RST;:SOUR:CURR:RANG:AUTO 0;:SOUR:CURR:RANG 2e-3;:SOUR:CURR:COMP 1;:OUTP 1\n")
    rows: list[Comparison] = []
    for name, role, make, goal in MESSAGES:
        messages = make()
        through = _sender(guard, RESOURCES[role], messages)
        past = _sender(nowhere, RESOURCES[role], messages)
        both = beside("", through, past, unit="us", repeats=repeats)
        assert both.peer is not None
        rows.append(
            Comparison(f"guard, {name} : {ALLOWED:g} us", "us", both.ours - both.peer, ALLOWED, goal, both.spread)
        )
    return rows


if __name__ == "__main__":
    sys.exit(main(measure))
