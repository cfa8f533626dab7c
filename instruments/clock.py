"""Time as an object: whoever waits is handed a clock.

The lab's clock is the wall's; a simulated lab has a clock that jumps when somebody sleeps, or one that plays faster
than real time. Nothing else in labctl reads or waits on the wall clock, apart from a short list that a test keeps.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from instruments import silence

VIRTUAL_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
"""What a virtual clock calls now at its beginning."""


class Clock(ABC):
    """Seconds that only go forward, and a way to let them pass.

    Attributes:
        stood: s in which whoever waits stood still on purpose; no deadline counts them.
    """

    stood: float = 0.0

    @abstractmethod
    def now(self) -> float:
        """Return the time in s since the clock's beginning (monotonic)."""

    @abstractmethod
    def utc(self) -> datetime:
        """Return the date and time that belong to `now()`."""

    @abstractmethod
    def sleep(self, seconds: float) -> None:
        """Let this many s pass; nothing happens for zero or less.

        Raises:
            ValueError: The duration is not a finite number.
        """

    def sleep_until(self, moment: float) -> None:
        """Let time pass until `now()` has reached this moment in s."""
        while (left := moment - self.now()) > 0:
            self.sleep(left)

    def deadline(self, seconds: float) -> Deadline:
        """Return a deadline this many s from now."""
        return Deadline(self, seconds)


class Deadline:
    """A moment on a clock after which waiting is over."""

    __slots__ = ("_clock", "_end", "seconds")  # _end: in s without what was stood

    def __init__(self, clock: Clock, seconds: float) -> None:
        self._clock = clock
        self._end = clock.now() - clock.stood + seconds
        self.seconds = seconds

    @property
    def remaining(self) -> float:
        """Seconds left, never below zero."""
        return max(0.0, self._end + self._clock.stood - self._clock.now())

    @property
    def passed(self) -> bool:
        """Whether the moment has come."""
        return self._clock.now() - self._clock.stood >= self._end


_LONGEST = 1e18


def checked_duration(seconds: float) -> float:
    """Return a duration in s that somebody can sleep for.

    Raises:
        ValueError: It is not a finite number.
    """
    if not -_LONGEST < seconds < _LONGEST:
        raise ValueError(f"a clock cannot sleep for {seconds!r} s; give a finite number of seconds")
    return seconds


class WallClock(Clock):
    """The lab's clock.

    Args:
        start: What it shows in the beginning, in s; a run that is carried on goes on counting.
    """

    def __init__(self, start: float = 0.0) -> None:
        self._zero = time.monotonic() - start

    def now(self) -> float:
        """Return the time in s since this clock was made, or since what it began with."""
        return time.monotonic() - self._zero

    def utc(self) -> datetime:
        """Return the computer's date and time."""
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        """Wait this many real s."""
        if checked_duration(seconds) > 0:
            silence.expect(seconds)
            time.sleep(seconds)


class VirtualClock(Clock):
    """A clock that jumps: sleeping costs no real time, and between two calls no time passes at all.

    Args:
        start: What it shows in the beginning, in s.
    """

    def __init__(self, start: float = 0.0) -> None:
        self._now = start
        self._followers: list[Callable[[float], None]] = []

    def follow(self, follower: Callable[[float], None]) -> None:
        """Have something called with the virtual time in s, now and whenever it has jumped."""
        self._followers.append(follower)
        follower(self._now)

    def now(self) -> float:
        """Return the virtual time in s."""
        return self._now

    def utc(self) -> datetime:
        """Return 2000-01-01T00:00Z plus the virtual time."""
        return VIRTUAL_EPOCH + timedelta(seconds=self._now)

    def sleep(self, seconds: float) -> None:
        """Jump this many s ahead."""
        if checked_duration(seconds) > 0:
            self.sleep_until(self._now + seconds)

    def sleep_until(self, moment: float) -> None:
        """Jump to a virtual time in s; a moment in the past changes nothing."""
        if self._now < moment < _LONGEST:
            self._now = moment
            for follower in self._followers:
                follower(moment)
        else:
            checked_duration(moment)


class ScaledClock(Clock):
    """A clock that plays at `speed` times real time, for a simulated lab that people or other programs watch."""

    def __init__(self, speed: float = 1.0) -> None:
        if not 0 < speed < 1e6:
            raise ValueError(f"a clock's speed must lie between 0 and 1e6 (excluded), not {speed!r}")
        self._speed = speed
        self._zero = time.monotonic()

    @property
    def speed(self) -> float:
        """Lab seconds per real second; a `SharedClock`'s may be another one the next time."""
        return self._speed

    def now(self) -> float:
        """Return the scaled time in s since this clock was made."""
        return (time.monotonic() - self._zero) * self.speed

    def utc(self) -> datetime:
        """Return 2000-01-01T00:00Z plus the scaled time."""
        return VIRTUAL_EPOCH + timedelta(seconds=self.now())

    def sleep(self, seconds: float) -> None:
        """Wait until this many scaled s have passed."""
        if checked_duration(seconds) > 0:
            silence.expect(seconds / self.speed)
            time.sleep(seconds / self.speed)
