"""How fast the level of a DC source may change: no faster than a ramp, with room for one step.

A ramp never goes in less than steps, and a reading by reversal is a step by intention. So a level may differ from each
one that was there before by what the slew allows in the time since then, and by `ROOM` seconds of it more:

    |I - I(t)| <= slew (now - t + ROOM)    for all times t before

Many small steps in no time are therefore as much as one large step, whatever way they take. `ROOM` is what station
files give a source to go to zero in the safe state: a jump that such a ramp could have made is what a sample has to
stand anyway (assumed). Currents up to half of it can be reversed. At 10 mA/s it is 1 mA, for reversals up to 500 uA.

What goes towards zero is never kept back. Where it goes faster than the rule has it, the room for going on from there,
beyond zero, is used up. It fills again with time.

Pulses, waves, sweeps and lists are none of this: they jump by intention and have limits of their own.
"""

from __future__ import annotations

import math

from instruments.clock import Clock
from instruments.errors import LimitExceeded
from instruments.guard.limits import Bound, quoted, shown
from instruments.guard.messages import Command
from instruments.guard.sentences import Speaker

ROOM = 0.1
"""s of the slew that a level may jump at once (assumed)."""

_CLOSE = 1.0 + 1e-9
"""The steps of a ramp are off in their last digits, and what is exactly at the limit is allowed."""

Path = tuple[float, float, float, float, float]
"""What is known of a level's past, in the units of the level and s: the least and the most that it may be now, where
the way up and the way down are counted from, and since when. The level is between the last two or at one of them."""

REST: Path = (0.0, 0.0, 0.0, 0.0, -math.inf)
"""Always at zero."""


class Slew:
    """Follows the level of one source.

    Args:
        bound: The slew in A/s or V/s, and whose it is.
        clock: The lab's.
        what: What has the level, with its article.
        ramp: What goes there slowly, as a driver calls it.
    """

    def __init__(self, bound: Bound, clock: Clock, what: str, ramp: str) -> None:
        self._bound = bound
        self._rate = bound.value
        self._room = bound.value * ROOM * _CLOSE
        self._now = clock.now
        self._what = what
        self._ramp = ramp

    def step(self, path: Path | None, low: float, high: float) -> Path | None:
        """Return the path of a level that goes to somewhere between two now, None where it must not go there.

        A level that nobody knows may go anywhere.
        """
        now, room = self._now(), self._room
        if path is None:
            return low, high, low, high, now
        least, most, up, down, then = path
        gone = self._rate * (now - then)
        up += gone
        down -= gone
        if up > least:  # noqa: PLR1730 - min and max would cost a tenth of the whole message
            up = least
        if down < most:  # noqa: PLR1730 - as above
            down = most
        if high > up + room or low < down - room:
            if high > max(most, 0.0) or low > max(least, 0.0) or low < min(least, 0.0) or high < min(most, 0.0):
                return None  # somewhere it is not on the way to zero
            up, down = max(up, high - room), min(down, low + room)
        if low < up:  # noqa: PLR1730 - as above
            up = low
        if high > down:  # noqa: PLR1730 - as above
            down = high
        return low, high, up, down, now

    def judge(self, path: Path | None, low: float, high: float, command: Command, speaker: Speaker) -> Path:
        """Return the path of a level that goes to somewhere between two now.

        Raises:
            LimitExceeded: It would go there faster than it may.
        """
        after = self.step(path, low, high)
        if after is not None:
            return after
        assert path is not None
        raise self._refusal(path, low, high, command, speaker)

    def _refusal(self, path: Path, low: float, high: float, command: Command, speaker: Speaker) -> LimitExceeded:
        bound, unit = self._bound, "A" if self._bound.name == "slew" else "V"
        least, most, up, down, then = path
        gone = self._rate * (self._now() - then)
        highest, lowest = min(up + gone, least) + self._room, max(down - gone, most) - self._room
        upwards = high > highest
        start, goal, most_now = (least, high, highest) if upwards else (most, low, lowest)
        per_second = f"{unit}/s"
        return LimitExceeded(
            f"{speaker.name}: {self._what} would go from {shown(start, unit)} to {shown(goal, unit, most_now)} at once "
            f"with {quoted(command.text)}, and the slew limit of {bound.owner}, {shown(bound.value, per_second)}, "
            f"allows {shown(float(f'{most_now:.4g}'), unit)} at this moment; nothing was sent: go there in small steps "
            f"with {self._ramp}, or set another limit for this run with --override {bound.override}=..."
        )


def uncertain(path: Path | None) -> Path | None:
    """Return the path of a level of which nobody knows whether the last step was made, and whether it is on."""
    if path is None:
        return None
    _, _, up, down, then = path
    low, high = min(up, 0.0), max(down, 0.0)
    return low, high, low, high, then


def resting(path: Path | None, slew: Slew | None) -> Path | None:
    """Return the path of a level that goes to zero, which it may in any way."""
    return REST if slew is None or path is None else slew.step(path, 0.0, 0.0)
