"""What a drive that alternates too fast to be followed does to droplets: rates both ways, averaged over a cycle.

With the share w_k of a cycle at the drive D_k and the film temperature T_k, a droplet reverses to the state that D > 0
favours at the rate r+ = sum over D_k > 0 of w_k f0 exp(-B/(|D_k| k (T_k + T0))), and back at r-, the same sum over
D_k < 0. Its state then has the probability

    P(reversed by t) = r_away/(r+ + r-) [1 - exp(-(r+ + r-) t)]

which is exact for a two-state process, and reverses the droplet here at the moment at which it reaches
1 - exp(-clock). So the mean state is right at every moment, and only the droplet's going to and fro is not shown.
A cycle is fast when few droplets reverse within one.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulators.physics.hazard import STEEPEST

Part = tuple[float, float, float]
"""Share of the cycle, film temperature in K, drive in J/m3."""

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Alternation:
    """A time in which the drive goes through the same fast cycle again and again.

    Attributes:
        start: Lab time in s.
        end: Lab time in s; may be infinite.
        parts: The cycle; shares add up to 1.
        softening: By how much all barriers are lower than without a field in the film plane, in J x J/m3.
    """

    start: float
    end: float
    parts: tuple[Part, ...]
    softening: float = 0.0

    def one_signed(self) -> list[Alternation]:
        """Return it as it is; both directions occur in it."""
        return [self]


def _rates(
    barriers: Array, alternation: Alternation, sign: int, attempts: float, thermal: tuple[float, float]
) -> Array:
    """Rate in 1/s at which each droplet reverses towards a state."""
    boltzmann, athermal = thermal
    total, rate = np.zeros(barriers.size), np.empty(barriers.size)
    lowest, highest = float(barriers.min()), float(barriers.max())
    for share, temperature, drive in alternation.parts:
        scale = boltzmann * (temperature + athermal) * drive * sign
        if scale * STEEPEST <= lowest:
            continue
        exponent = np.divide(barriers, -scale, out=rate)
        reached = None if highest / scale < STEEPEST else exponent > -STEEPEST
        if reached is not None:
            np.maximum(exponent, -STEEPEST, out=exponent)
        np.exp(exponent, out=rate)
        rate *= share * attempts
        if reached is not None:
            rate *= reached
        total += rate
    return total


class Stir:
    """What an alternation does to all droplets; used as `simulators.physics.ramp.Ramp`.

    Args:
        alternation: The time and its cycle.
        states: +1 or -1, of each droplet at the beginning.
        barriers: B in J x J/m3.
        clocks: The hazard that each droplet has still to suffer.
        attempts: Attempt rate f0 in 1/s.
        thermal: Boltzmann's constant in J/K and T0 in K.
        propagation: P_i in J/m3, or None where walls do not propagate.
        loosened: Gives P_i at a temperature in K over the one that was given.

    Attributes:
        end: Lab time in s up to which it was lived through.
    """

    def __init__(
        self, alternation: Alternation, states: NDArray[np.int8], barriers: Array, clocks: Array, attempts: float,
        thermal: tuple[float, float], propagation: Array | None, loosened: Callable[[float], float],
    ) -> None:  # fmt: skip
        self._first = alternation
        self._loosened = loosened
        self.end = alternation.start
        up, down = (_rates(barriers, alternation, sign, attempts, thermal) for sign in (1, -1))
        self._away, self._both = np.where(states > 0, down, up), up + down
        self._reached = -np.expm1(-clocks)  # probability at which each reverses
        times = self._passage(self._away, self._both)
        if propagation is not None:
            mixed = bool(np.any(states > 0)) and bool(np.any(states < 0))
            onset = 0.0 if mixed else float(times.min())
            if math.isfinite(onset):
                self._spread(times, states, propagation, attempts, onset)
        due = np.flatnonzero(np.isfinite(times))
        self._order = due[np.argsort(times[due], kind="stable")]
        self._times = (alternation.start + times[self._order]).tolist()
        self._directions = (-states[self._order].astype(int)).tolist()
        self._taken = 0
        self._reversed = np.zeros(states.size, dtype=bool)

    def _passage(self, away: Array, both: Array) -> Array:
        """Time in s after which each droplet reverses, infinite where it never does."""
        share = np.divide(away, both, out=np.zeros_like(away), where=both > 0.0)
        going = self._reached < share
        left = np.log1p(-np.where(going, self._reached / np.where(going, share, 1.0), 0.0))
        return np.where(going, -left / np.where(both > 0.0, both, 1.0), np.inf)

    def _spread(self, times: Array, states: NDArray[np.int8], needed: Array, attempts: float, onset: float) -> None:
        """Let walls take droplets along in the parts of the cycle that are strong enough, once there are walls."""
        up, down = (
            sum((np.where(drive * sign > needed * self._loosened(temperature), share * attempts, 0.0)
                 for share, temperature, drive in self._first.parts), np.zeros(needed.size))
            for sign in (1, -1)
        )  # fmt: skip
        self._away, self._both = self._away + np.where(states > 0, down, up), self._both + up + down
        np.minimum(times, onset + self._passage(self._away, self._both), out=times)

    def continued_by(self, stretch: object) -> bool:
        """Whether a stretch goes on where this one ended, with the same cycle."""
        if not isinstance(stretch, Alternation) or stretch.start != self.end:
            return False
        return stretch.parts == self._first.parts and stretch.softening == self._first.softening

    def due(self, until: float) -> tuple[list[float], list[int]]:
        """Return lab times in s, in order, at which droplets reverse that have not yet, and the states they take."""
        last = bisect_right(self._times, until)
        return self._times[self._taken : last], self._directions[self._taken : last]

    def live(self, until: float) -> NDArray[np.intp]:
        """Go on to a lab time in s; return who reversed, in order of time."""
        last = bisect_right(self._times, until)
        gone = self._order[self._taken : last]
        self._taken = last
        self._reversed[gone] = True
        self.end = until
        return gone

    def suffered(self) -> tuple[NDArray[np.intp], Array]:
        """Return the droplets that held until the end though they might not have, and their hazard."""
        duration = self.end - self._first.start
        touched = np.flatnonzero((self._away > 0.0) & ~self._reversed)
        away, both = self._away[touched], self._both[touched]
        return touched, -np.log1p(away / both * np.expm1(-both * duration))
