"""A clock that several programs share, and whose speed somebody changes while it runs: a file that they all map.

The file holds two stretches of time, each a straight line: at `origin` on the computer's monotonic clock, which is one
for all its programs, the lab's time was `lab`, and since then it goes `speed` times as fast. A change of speed is
written into the stretch that is not in use, with an origin that lies a moment ahead, and only then made known by one
more in the counter. So all programs go over to the new speed at the same moment, lab time neither jumps nor turns back,
and whoever is killed while writing leaves the stretch in use as it was.
"""

from __future__ import annotations

import mmap
import struct
import threading
import time
from pathlib import Path

from instruments import silence
from instruments.clock import ScaledClock, checked_duration
from instruments.errors import BadValue, UsageError, WriteFailed

SLOWEST, FASTEST = 0.1, 1000.0
"""Lab seconds per real second that such a clock can be set to. Slower, real time-outs pass before answers come; faster,
the real time of a message is no longer small beside what it asks for."""
SLICE = 0.05
"""s of real time after which somebody who sleeps looks at the speed again, at the latest."""
AHEAD = 0.02
"""s of real time from a change's being written until it holds: more than writing it takes."""

_COUNTER = struct.Struct("=Q")
_STRETCH = struct.Struct("=ddd")
_SIZE = _COUNTER.size + 2 * _STRETCH.size

_writing = threading.Lock()


def checked_speed(speed: float) -> float:
    """Return a speed that such a clock can have.

    Raises:
        BadValue: It is too slow, too fast, or no number.
    """
    if not SLOWEST <= speed <= FASTEST:
        raise BadValue(
            f"the lab's speed cannot be {speed:g}: give {SLOWEST:g} to {FASTEST:g} lab seconds in a real second"
        )
    return float(speed)


def begin(file: Path, speed: float) -> None:
    """Make the file of a clock that begins now at 0 s.

    Raises:
        BadValue: The speed is none.
        WriteFailed: The file cannot be written, or is there already.
    """
    now = time.monotonic()
    stretch = _STRETCH.pack(now, 0.0, checked_speed(speed))
    try:
        with file.open("xb") as written:
            written.write(_COUNTER.pack(0) + stretch + stretch)
    except OSError as error:
        raise WriteFailed(
            f"the clock's file {file} cannot be written: {error.strerror}; name another one that is not there yet"
        ) from error


def set_speed(file: Path, speed: float) -> None:
    """Change how fast a clock goes; for all who share it, and from the same moment on, a 50th of a second from now.

    Raises:
        BadValue: The speed is none.
        UsageError: There is no such clock.
    """
    checked_speed(speed)
    with _writing, _mapped(file, mmap.ACCESS_WRITE) as shared:
        counter = _counter(shared)
        origin, lab, before = _stretch(shared, counter)
        while time.monotonic() < origin:  # the change before does not hold yet
            time.sleep(AHEAD / 4)
        while True:
            begins = time.monotonic() + AHEAD
            _STRETCH.pack_into(shared, _place(counter + 1), begins, lab + (begins - origin) * before, speed)
            if time.monotonic() < begins - AHEAD / 2:  # else this program was held up, and others would see a jump
                break
        _COUNTER.pack_into(shared, 0, counter + 1)


class SharedClock(ScaledClock):
    """A clock that shows the time of a file, at the speed that somebody set last.

    Args:
        file: As `begin` made it.

    Attributes:
        file: The file.

    Raises:
        UsageError: There is no such file, or it is none of a clock.
    """

    def __init__(self, file: Path) -> None:
        super().__init__()
        self.file = file
        self._shared = _mapped(file, mmap.ACCESS_READ)

    @property
    def speed(self) -> float:
        """Lab seconds per real second, now."""
        return self._now()[1]

    def now(self) -> float:
        """Return the lab's time in s since the clock's file was made."""
        return self._now()[0]

    def sleep(self, seconds: float) -> None:
        """Wait until this many s have passed in the lab, at whatever speed they do."""
        if checked_duration(seconds) <= 0:
            return
        end = self.now() + seconds
        while True:
            now, speed = self._now()
            if now >= end:
                return
            silence.expect()
            time.sleep(min(SLICE, (end - now) / speed))

    def _now(self) -> tuple[float, float]:
        """Return lab time in s, and the speed."""
        shared = self._shared
        while True:
            counter = _counter(shared)
            origin, lab, speed = _stretch(shared, counter)
            before = _stretch(shared, counter + 1)
            now = time.monotonic()  # behind both: the one before is left alone until the present one holds
            if now < origin:
                origin, lab, speed = before
            if _counter(shared) == counter:
                return lab + (now - origin) * speed, speed


def _mapped(file: Path, access: int) -> mmap.mmap:
    try:
        with file.open("rb" if access == mmap.ACCESS_READ else "r+b") as opened:
            shared = mmap.mmap(opened.fileno(), 0, access=access)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise UsageError(f"the lab's clock cannot be read in {file} ({why}): the lab has ended; start it again") from (
            error
        )
    if len(shared) != _SIZE:
        shared.close()
        raise UsageError(f"{file} is no clock of a lab; give the file that `labctl simulate --clock-file` made")
    return shared


def _counter(shared: mmap.mmap) -> int:
    return _COUNTER.unpack_from(shared, 0)[0]


def _place(counter: int) -> int:
    """Where the stretch lies that holds at a count."""
    return _COUNTER.size + counter % 2 * _STRETCH.size


def _stretch(shared: mmap.mmap, counter: int) -> tuple[float, float, float]:
    """Return the stretch that holds at a count: origin in s, lab time in s, speed."""
    return _STRETCH.unpack_from(shared, _place(counter))
