"""The status model of IEEE 488.2 and SCPI-1995: event registers and the error queue.

Sources: IEEE 488.2-1992 section 11; chapters "Status structure" of the 6221 reference manual and the 2182A user's
manual.
"""

from __future__ import annotations

import re
from collections import deque

from instruments.scpi import DATA_OUT_OF_RANGE, DATA_TYPE_ERROR, ScpiError

QUEUE_LENGTH = 10
QUEUE_OVERFLOW = -350

# Bits of the status byte.
MEASUREMENT_SUMMARY = 0x01
ERROR_AVAILABLE = 0x04
QUESTIONABLE_SUMMARY = 0x08
MESSAGE_AVAILABLE = 0x10
EVENT_SUMMARY = 0x20
REQUEST_SERVICE = 0x40
OPERATION_SUMMARY = 0x80

# Bits of the standard event register.
OPERATION_COMPLETE = 0x01
POWER_ON = 0x80

_ERROR_RANGES = ((-999, -1), (400, 999))
ERRORS_ONLY = "(-999:-1,+400:+999)"
"""What is queued as long as nobody asked for anything else: no status messages."""

_BLANK = r"[\x00-\x20]*"  # white space as IEEE 488.2, 7.4.1.2 has it
_RANGE = re.compile(rf"{_BLANK}([+-]?\d{{1,5}}){_BLANK}(?::{_BLANK}([+-]?\d{{1,5}}){_BLANK})?")
_NOTHING = re.compile(_BLANK)


class EventRegister:
    """A condition register, the event register that remembers it, and the enable register behind both.

    Attributes:
        condition: What is the case now.
        event: What has become the case since the last time somebody looked.
        enable: Which events show in the status byte.
    """

    __slots__ = ("condition", "enable", "event")

    def __init__(self) -> None:
        self.condition = 0
        self.event = 0
        self.enable = 0

    def set(self, bits: int, on: bool = True) -> None:
        """Set or reset condition bits; those that rise are remembered as events."""
        if on:
            self.event |= bits & ~self.condition
            self.condition |= bits
        else:
            self.condition &= ~bits

    def renew(self, bits: int, among: int = 0) -> None:
        """Set condition bits anew, so that they count as events also if they were set; reset the rest of a group."""
        self.condition = (self.condition & ~among) | bits
        self.event |= bits

    def flash(self, bits: int) -> None:
        """Remember events that have no lasting condition."""
        self.event |= bits

    def take(self) -> int:
        """Return the event register and clear it."""
        event, self.event = self.event, 0
        return event

    def now(self) -> int:
        """Return the condition register."""
        return self.condition

    def mask(self) -> int:
        """Return the enable register."""
        return self.enable

    @property
    def summary(self) -> bool:
        """Whether an enabled event has happened."""
        return bool(self.event & self.enable)


class ErrorQueue:
    """First in, first out, ten deep; when it is full the newest entry gives way to -350.

    Errors are queued unless they have been disabled; status messages (positive numbers below 400) only when they have
    been enabled.
    """

    def __init__(self) -> None:
        self._codes: deque[int] = deque()
        self.enabled = ERRORS_ONLY
        self.disabled = "(+1:+399)"
        self._accepted: tuple[tuple[int, int], ...] = _ERROR_RANGES
        self._refused: tuple[tuple[int, int], ...] = ()

    def __len__(self) -> int:
        return len(self._codes)

    def push(self, code: int) -> bool:
        """Put a number into the queue; return whether there was room for it."""
        if not _within(code, self._accepted) or _within(code, self._refused):
            return True
        if len(self._codes) < QUEUE_LENGTH:
            self._codes.append(code)
            return True
        self._codes[-1] = QUEUE_OVERFLOW
        return False

    def pop(self) -> int:
        """Take the oldest number out; 0 if there is none."""
        return self._codes.popleft() if self._codes else 0

    def clear(self) -> None:
        """Forget all entries."""
        self._codes.clear()

    def enable(self, text: str) -> None:
        """Queue only the messages of a list, e.g. `(-440:-100,+408)`; what was disabled before does not count any more.

        Raises:
            ScpiError: It is no list of numbers and ranges (-104, -222).
        """
        self._accepted, self._refused, self.enabled, self.disabled = _ranges(text), (), text, "()"

    def disable(self, text: str) -> None:
        """Do not queue the messages of a list.

        Raises:
            ScpiError: It is no list of numbers and ranges (-104, -222).
        """
        self._refused, self.disabled = _ranges(text), text

    def preset(self) -> None:
        """Queue errors, and no status messages."""
        self.enabled, self.disabled = ERRORS_ONLY, "(+1:+399)"
        self._accepted, self._refused = _ERROR_RANGES, ()


def _within(code: int, ranges: tuple[tuple[int, int], ...]) -> bool:
    return any(low <= code <= high for low, high in ranges)


def _ranges(text: str) -> tuple[tuple[int, int], ...]:
    ranges: list[tuple[int, int]] = []
    for part in text.removeprefix("(").removesuffix(")").split(","):
        if _NOTHING.fullmatch(part):
            continue
        match = _RANGE.fullmatch(part)
        if match is None:
            raise ScpiError(DATA_TYPE_ERROR, f"{part!r} is neither a number nor a range of numbers")
        low, high = sorted((int(match[1]), int(match[2] or match[1])))
        if low < -999 or high > 999:
            raise ScpiError(DATA_OUT_OF_RANGE, part)
        ranges.append((low, high))
    return tuple(ranges)


def event_bits(code: int) -> int:
    """Return the bit of the standard event register that belongs to an error number.

    Query errors set QYE, errors of the device DDE, of execution EXE, of commands CME. The 6221's own +401 ... +420 and
    the 2400's +8xx are execution errors; other positive numbers belong to the device.
    """
    if code <= -100:
        return {1: 0x20, 2: 0x10, 3: 0x08, 4: 0x04}.get(-code // 100, 0)
    if 401 <= code <= 420 or 800 <= code <= 899:
        return 0x10
    return 0x08 if code >= 400 else 0


class Status:
    """All that an instrument says about itself in bits.

    Attributes:
        operation: SCPI register set, summary in bit 7 of the status byte.
        measurement: Bit 0.
        questionable: Bit 3.
        events: Standard event register (ESR); `events_enabled` is its mask (ESE), the summary is bit 5.
        service_enable: Which bits of the status byte request service (SRE).
        errors: The error queue; bit 2 says whether something is in it.
    """

    def __init__(self) -> None:
        self.operation = EventRegister()
        self.measurement = EventRegister()
        self.questionable = EventRegister()
        self.errors = ErrorQueue()
        self.events = POWER_ON
        self.events_enabled = 0
        self.service_enable = 0
        self._reasons = 0
        self._requested = False

    def report(self, code: int) -> None:
        """Queue an error and set its bit in the standard event register, and that of -350 where the queue is full."""
        if not self.errors.push(code):
            self.events |= event_bits(QUEUE_OVERFLOW)
        self.events |= event_bits(code)

    def power_on(self) -> None:
        """Everything is zero but the power-on bit."""
        for register in (self.operation, self.measurement, self.questionable):
            register.condition = register.event = register.enable = 0
        self.errors.clear()
        self.errors.preset()
        self.events, self.events_enabled, self.service_enable = POWER_ON, 0, 0
        self._reasons, self._requested = 0, False

    def clear(self) -> None:
        """*CLS: forget events and errors; masks and conditions stay."""
        self.events = 0
        self.errors.clear()
        for register in (self.operation, self.measurement, self.questionable):
            register.event = 0

    def preset(self) -> None:
        """STATus:PRESet: the masks of the SCPI registers are cleared, errors are queued and status messages not."""
        for register in (self.operation, self.measurement, self.questionable):
            register.enable = 0
        self.errors.preset()

    def byte(self, available: bool) -> int:
        """Return the status byte without bit 6; `available` says whether a reply waits to be read."""
        return (
            (MEASUREMENT_SUMMARY if self.measurement.summary else 0)
            | (ERROR_AVAILABLE if len(self.errors) else 0)
            | (QUESTIONABLE_SUMMARY if self.questionable.summary else 0)
            | (MESSAGE_AVAILABLE if available else 0)
            | (EVENT_SUMMARY if self.events & self.events_enabled else 0)
            | (OPERATION_SUMMARY if self.operation.summary else 0)
        )

    def update_service(self, available: bool) -> bool:
        """Notice new reasons to request service; return whether service is requested (the SRQ line)."""
        reasons = self.byte(available) & self.service_enable
        if reasons & ~self._reasons:
            self._requested = True
        elif not reasons:
            self._requested = False
        self._reasons = reasons
        return self._requested

    def poll(self, available: bool) -> int:
        """Answer a serial poll: bit 6 says whether service was requested, and asking ends the request."""
        requested = self.update_service(available)
        self._requested = False
        return self.byte(available) | (REQUEST_SERVICE if requested else 0)
