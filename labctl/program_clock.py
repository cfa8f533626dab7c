"""Time for a program that knows no clock: somebody's script on a simulated station.

Its `time.sleep` and `time.time` are bound to the lab's clock (`labctl.labtime`), its readings take their time on it,
and so does every message on the bus. A program that waits in one of these ways, or by asking an instrument again and
again, or by looking at the time again and again, gives the same bytes every time it is run.

What it does otherwise to let time pass, nobody can see: an event loop, a thread's `Event.wait`, a person who thinks at
the prompt. So real time that passes between two of its calls counts as well, but only when it adds up to more than a
program needs to compute and draw. Such a program finds the lab going on in real time, and never waits for ever.
"""

from __future__ import annotations

import threading
import time
from datetime import datetime
from types import TracebackType

from instruments.clock import Clock, ScaledClock, VirtualClock, WallClock
from instruments.errors import BadValue

GRACE = 5.0
"""s of real time that may gather before the lab follows: what a program needs to compute and draw between its calls,
also on a busy computer."""

BUS_TIME = 1e-3
"""s that a message takes on the bus (assumed; a short one on GPIB takes about that)."""

GLANCES = 100
"""Looks at the time, with nothing done in between, that cost nothing. Whoever looks more often waits for it to pass."""

TICK = 1e-3
"""s that each further look takes."""


class ProgramClock(VirtualClock):
    """A clock that jumps when the program sleeps or reads, and otherwise does not fall behind real time for long.

    It is entered (`with`) by whoever acts on the lab, so that only the time between two calls of the program counts,
    and only one of its threads is in the lab at a time.
    """

    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.RLock()
        self._depth = 0
        self._debt = 0.0
        self._glances = 0
        self._left = time.monotonic()

    def __enter__(self) -> None:
        self._enter()
        if self._depth == 1:
            self._glances = 0

    def _enter(self) -> None:
        self._lock.acquire()
        self._depth += 1
        if self._depth == 1:
            self._debt += time.monotonic() - self._left
            if self._debt >= GRACE:
                super().sleep(self._debt)
                self._debt = 0.0

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._leave()

    def _leave(self) -> None:
        self._depth -= 1
        if not self._depth:
            self._left = time.monotonic()
        self._lock.release()

    def now(self) -> float:
        """Return the lab's time in s."""
        if self._depth:
            return super().now()
        self._enter()
        try:
            self._glances += 1
            if self._glances > GLANCES:
                super().sleep(TICK)
            return super().now()
        finally:
            self._leave()

    def utc(self) -> datetime:
        """Return 2000-01-01T00:00Z plus the lab's time."""
        self.now()
        return super().utc()

    def sleep(self, seconds: float) -> None:
        """Jump this many s ahead."""
        with self:
            before = super().now()
            super().sleep(seconds)
            self._pay(super().now() - before)

    def sleep_until(self, moment: float) -> None:
        """Jump to a time in s; a moment in the past changes nothing."""
        with self:
            before = super().now()
            super().sleep_until(moment)
            self._pay(super().now() - before)

    def _pay(self, passed: float) -> None:
        """Count the s that have passed in the lab against the real ones."""
        self._debt = max(0.0, self._debt - passed)


def make_clock(text: str) -> Clock:
    """Make the clock that `LABCTL_CLOCK` asks for.

    Args:
        text: Nothing for the `ProgramClock`; `virtual` for one that real time never moves, on which a program that
            waits without sleeping waits for ever; `wall` for real time; `scaled:20` for twenty times real time.

    Raises:
        BadValue: It is none of these.
    """
    kind, colon, speed = text.strip().partition(":")
    if not kind and not colon:
        return ProgramClock()
    if kind == "virtual" and not colon:
        return VirtualClock()
    if kind == "wall" and not colon:
        return WallClock()
    if kind == "scaled":
        try:
            return ScaledClock(float(speed))
        except ValueError:
            pass
    raise BadValue(f"LABCTL_CLOCK is {text!r}, but must be virtual, wall, or scaled:x with a speed x such as 20")
