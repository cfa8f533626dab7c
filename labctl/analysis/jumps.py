"""Jumps of a resistance beyond what the temperature explains, from one reading to the next.

Contacts open, films crack and wires come loose while everything shrinks. What the temperature explains is told by the
temperature coefficient where it is known, and otherwise by how the resistance went before.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass

import numpy as np

LEAST = 0.2
"""Part of the resistance at its reference temperature down to which a coefficient is believed: nothing goes on straight
to zero."""
TREND = 16
"""Readings that tell how the resistance goes where no coefficient is known: half a minute of a ramp."""
SPAN = 0.5
"""K that they have to span; below it the block's noise would be taken for a change of temperature."""
MEMORY = 60
"""Changes that the noise is told from."""
FEWEST = 8
"""Changes without which no noise is told, and nothing is called a jump: half of any two noisy readings differ."""
SIGNIFICANT = 6.0
"""Standard deviations of the noise that a jump has to exceed."""
DOUBT = 5.0
"""Over the number of changes, by which part more the noise is taken for than they tell: few tell it badly."""
NORMAL_MAD = 1.4826
"""Standard deviation of a normal distribution over its median absolute deviation."""


@dataclass(frozen=True, slots=True)
class Step:
    """What changed from one reading to the next.

    Attributes:
        before: Block temperature in K and resistance in ohm of the reading before.
        after: The same of this one.
        explained: Relative change that the temperature explains.
        excess: Relative change beyond that.
        threshold: Size of the excess from which on it is a jump.
    """

    before: tuple[float, float]
    after: tuple[float, float]
    explained: float
    excess: float
    threshold: float

    @property
    def is_jump(self) -> bool:
        """Whether this is more than temperature and noise."""
        return abs(self.excess) > self.threshold


class Jumps:
    """Looks at one reading after the other.

    Args:
        largest: Relative change beyond the temperature's that is no jump yet.
        coefficient: Temperature coefficient in 1/K, None where it is not known.
        reference: Temperature in K that it refers to.
    """

    def __init__(self, largest: float, coefficient: float | None = None, reference: float = 300.0) -> None:
        self._largest = largest
        self._coefficient = coefficient
        self._reference = reference
        self._readings: deque[tuple[float, float]] = deque(maxlen=TREND)
        self._excesses: deque[float] = deque(maxlen=MEMORY)

    def look(self, temperature: float, resistance: float) -> Step | None:
        """Compare a reading (block temperature in K, resistance in ohm) with the one before, and take neither in.

        Returns:
            None where there is none before, or it was zero.
        """
        if not self._readings or self._readings[-1][1] == 0.0:
            return None
        before = self._readings[-1]
        explained = self._explained(before[0], temperature)
        excess = resistance / before[1] - 1.0 - explained
        return Step(before, (temperature, resistance), explained, excess, self.threshold)

    def take(self, temperature: float, resistance: float) -> Step | None:
        """Compare a reading with the one before, and remember it: the next one is compared with this."""
        step = self.look(temperature, resistance)
        if step is not None and step.is_jump:
            self._readings.clear()  # how it went before tells nothing of what comes now
        self._readings.append((temperature, resistance))
        if step is not None:
            self._excesses.append(step.excess)
        return step

    @property
    def noise(self) -> float:
        """Standard deviation of the relative change between two readings; infinite where too little was read."""
        count = len(self._excesses)
        if count < FEWEST:
            return math.inf
        found = np.array(self._excesses)
        return (1.0 + DOUBT / count) * NORMAL_MAD * float(np.median(np.abs(found - np.median(found))))

    @property
    def threshold(self) -> float:
        """Relative change beyond the temperature's from which on it is a jump."""
        return max(self._largest, SIGNIFICANT * self.noise)

    def _explained(self, before: float, after: float) -> float:
        """Relative change of the resistance that goes with the block's way between two temperatures in K."""
        if self._coefficient is not None:
            scales = [1.0 + self._coefficient * (at - self._reference) for at in (before, after)]
            if min(scales) > LEAST:
                return scales[1] / scales[0] - 1.0
        return math.expm1(self._trend() * (after - before))

    def _trend(self) -> float:
        """How the logarithm of the resistance goes with the temperature, 1/K; 0 where that is not known."""
        temperature, resistance = np.array(self._readings).T
        if len(temperature) < FEWEST or np.ptp(temperature) < SPAN or np.any(resistance * resistance[-1] <= 0.0):
            return 0.0
        return float(np.polyfit(temperature - temperature.mean(), np.log(np.abs(resistance)), 1)[0])


def at_rest(time: np.ndarray, resistance: np.ndarray, constant: float) -> tuple[float, float]:
    """Return a resistance in ohm that is read while a sample comes to rest, with its standard uncertainty.

    The uncertainty has the readings' scatter, and how far the sample may still go: its drift times the time constant.

    Args:
        time: s.
        resistance: ohm; at least one reading.
        constant: Time constant in s with which the sample comes to rest.
    """
    count = len(resistance)
    mean = float(np.mean(resistance))
    if count < 3 or np.ptp(time) == 0.0:
        return mean, float(np.std(resistance, ddof=1)) if count == 2 else abs(mean)
    moment = time - np.mean(time)
    spread = float(np.sum(moment**2))
    slope = float(np.sum(moment * resistance)) / spread
    scatter = math.sqrt(float(np.sum((resistance - mean - slope * moment) ** 2)) / (count - 2))
    return mean, math.hypot(scatter / math.sqrt(count), constant * math.hypot(slope, scatter / math.sqrt(spread)))
