"""What the oracle keeps: units that were carried out, an instrument's own ways, the error queue."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import cast

from instruments.tables.table import CommandTable, Value
from simulators.exchange import ScpiDevice

_GAP = r"[\x00-\x20]*"
_LIST_ITEM = re.compile(rf"{_GAP}([+-]?[0-9]+){_GAP}(?::{_GAP}([+-]?[0-9]+){_GAP})?")


@dataclass(slots=True)
class Run:
    """A unit that was carried out, or is on its way.

    Attributes:
        reply: What it answered.
        error: The number with which it was refused.
        noted: Numbers that it queued while going on.
        given_up: Whether it would have waited for ever, and was ended by the messages that waited behind it.
        allowed: The numbers with which it may be refused; 0 if it may be carried out.
        notes: The numbers that it has to queue while going on.
    """

    header: str
    asked: bool
    values: tuple[Value, ...]
    limit: bool = False
    reply: str | None = None
    error: int | None = None
    noted: list[int] = field(default_factory=list)
    given_up: bool = False
    allowed: frozenset[int] = frozenset({0})
    notes: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Ways:
    """An instrument's own ways, which its command table does not say.

    Attributes:
        changes: Which other settings a command or query may change, by header; `EVERYTHING` for any.
        by_itself: Settings that change while time passes.
        kept_as: What becomes of a setting's value, by header: ranges, steps, order.
        after_reset: Settings whose value after *RST depends on more than the table.
        restored: Settings whose value after *RCL is not the saved one.
        refuses: With which numbers a unit may be refused as things stand; 0 stands for carrying it out. What is not
            named is never refused once it has been understood.
        notes: Which numbers a query queues besides answering, as things stand.
        follows: What other settings have to be after a command with its values.
        answers: What a query has to answer; a pattern where the number is the instrument's.
        conditions: Whether a condition register can have a value, as things stand.
        complete: Whether nothing is under way that *OPC? and *WAI wait for.
        mishaps: Numbers that something inside the instrument may queue at any time.
        of_runs: Numbers that a run, and nothing else, queues when it finds out.
        user_requests: Keys of the front by which the user requests attention.
        limits: What MIN, MAX and DEF are of settings whose limits go with others.
    """

    changes: Mapping[str, frozenset[str]]
    by_itself: frozenset[str]
    kept_as: Mapping[str, Callable[[ScpiDevice, tuple[Value, ...]], Value]]
    after_reset: frozenset[str]
    restored: frozenset[str]
    refuses: Mapping[tuple[str, bool], Callable[[ScpiDevice, tuple[Value, ...]], frozenset[int]]]
    notes: Mapping[str, Callable[[ScpiDevice], tuple[int, ...]]]
    follows: Mapping[str, Callable[[ScpiDevice, tuple[Value, ...]], Mapping[str, Value]]]
    answers: Mapping[str, Callable[[ScpiDevice], str | re.Pattern[str]]]
    conditions: Callable[[ScpiDevice, str, int], bool]
    complete: Callable[[ScpiDevice], bool]
    mishaps: tuple[int, ...]
    of_runs: frozenset[int] = frozenset()
    user_requests: frozenset[int] = frozenset()
    limits: Mapping[str, Callable[[ScpiDevice], tuple[float, ...]]] = field(
        default_factory=dict[str, Callable[[ScpiDevice], tuple[float, ...]]]
    )


DONE = frozenset({0})


def only(*codes: int) -> Callable[[ScpiDevice, tuple[Value, ...]], frozenset[int]]:
    """The same outcomes whatever the case."""
    outcomes = frozenset(codes)
    return lambda _device, _values: outcomes


class ErrorList:
    """The error queue as the manuals describe it."""

    def __init__(self) -> None:
        self.codes: deque[int] = deque()
        self.preset()

    def preset(self) -> None:
        """All errors, no status messages."""
        self.enabled, self.disabled = [(-999, -1), (400, 999)], [(1, 399)]

    def push(self, code: int) -> bool:
        """Put a number in; return whether it went lost because ten were in already."""
        if not _among(code, self.enabled) or _among(code, self.disabled):
            return False
        if len(self.codes) == 10:
            self.codes.pop()
            self.codes.append(-350)
            return True
        self.codes.append(code)
        return False


def _among(code: int, ranges: list[tuple[int, int]]) -> bool:
    return any(low <= code <= high for low, high in ranges)


def ranges(text: str) -> list[tuple[int, int]]:
    """Take a list of error numbers apart, `(-440:-100, 408)`; an item with nothing in it is none.

    Raises:
        ValueError: It is no such list.
    """
    found: list[tuple[int, int]] = []
    for item in text[1:-1].split(","):
        match = _LIST_ITEM.fullmatch(item)
        if match is not None:
            ends = int(match[1]), int(match[2] or match[1])
            found.append((min(ends), max(ends)))
        elif re.fullmatch(_GAP, item) is None:
            raise ValueError(item)
    return found


def named(table: CommandTable, *short: str) -> frozenset[str]:
    return frozenset(table[header].header for header in short)


def changes(table: CommandTable, links: dict[str, str], resetting: str) -> dict[str, frozenset[str]]:
    """Which other settings a command changes; those that reset change everything that has a reset value."""
    reset = frozenset(row.header for row in table if row.reset is not None)
    changes = {table[header].header: named(table, *others.split()) for header, others in links.items()}
    return changes | dict.fromkeys(named(table, *resetting.split()), reset)


def in_order(*order: str) -> Callable[[ScpiDevice, tuple[Value, ...]], Value]:
    """Elements of a reading keep the instrument's own order."""

    def kept(_device: ScpiDevice, values: tuple[Value, ...]) -> Value:
        words = cast("tuple[str, ...]", values[0])
        if "ALL" in words:
            return order
        return tuple(word for word in order if word in words) if "DEF" not in words else ("READ", "TST")

    return kept
