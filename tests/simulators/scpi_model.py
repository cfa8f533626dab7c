"""What the oracle keeps: units that were carried out, an instrument's own ways, the error queue."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from instruments.tables.table import Value
from simulators.exchange import ScpiDevice

_LIST_ITEM = re.compile(r"([+-]?\d+)(?::([+-]?\d+))?")


@dataclass(slots=True)
class Run:
    """A unit that was carried out, or is on its way.

    Attributes:
        reply: What it answered.
        error: The number with which it was refused.
        noted: Numbers that it queued while going on.
        given_up: Whether it would have waited for ever, and was ended by the messages that waited behind it.
    """

    header: str
    asked: bool
    values: tuple[Value, ...]
    limit: bool = False
    reply: str | None = None
    error: int | None = None
    noted: list[int] = field(default_factory=list)
    given_up: bool = False


@dataclass(frozen=True, slots=True)
class Ways:
    """An instrument's own ways, which its command table does not say.

    Attributes:
        changes: Which other settings a command or query may change, by header; `EVERYTHING` for any.
        by_itself: Settings that change while time passes.
        kept_as: What becomes of a setting's value, by header: ranges, steps, order.
        after_reset: Settings whose value after *RST depends on more than the table.
        restored: Settings whose value after *RCL is not the saved one.
    """

    changes: Mapping[str, frozenset[str]]
    by_itself: frozenset[str]
    kept_as: Mapping[str, Callable[[ScpiDevice, tuple[Value, ...]], Value]]
    after_reset: frozenset[str]
    restored: frozenset[str]


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
    items = [(int(low), int(high or low)) for low, high in _LIST_ITEM.findall(text)]
    return [(min(item), max(item)) for item in items]
