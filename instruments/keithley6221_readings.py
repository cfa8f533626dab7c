"""What the measuring modes of a 6221 give: readings in columns, and their means.

Sources: 6220/6221 reference manual, chapters on Delta, Pulse Delta, Differential Conductance and averaging, and its
appendix on measurement considerations (how readings are made of samples).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, Self

import numpy as np
import numpy.typing as npt

from instruments.correlated import Array, Mean, autocorrelation, correlated_mean
from instruments.errors import BadValue
from instruments.forms import INFINITE, one_of, whole, within

DELTA_WEIGHTS = (0.25, 0.5, 0.25)
"""Of the three samples of a delta reading, apart from the sign that follows the current's."""

_KINDS = {"moving": "MOV", "repeat": "REP"}
_COUNT = whole("count of the filter", 2, 300)
_WINDOW = within("window of the filter", 0.0, 10.0, "%")


@dataclass(frozen=True, slots=True)
class Averaging:
    """The averaging filter of the 6221.

    Attributes:
        kind: "repeat" gives the mean of each stack of readings; "moving" lets the stack slide on, so that neighbours
            correlate over `count` + 2 readings.
        count: Readings in the stack, 2 to 300.
        window: A reading this far from the mean of the stack, in % of the range, empties it; 0 for none.
    """

    kind: str = "repeat"
    count: int = 10
    window: float = 0.0

    def spelled(self) -> str:
        """Return the commands that set it up and turn it on.

        Raises:
            BadValue: A value is none that it can be.
            LimitExceeded: A value is out of range.
        """
        kind, count, window = one_of("kind of filter", _KINDS)(self.kind), _COUNT(self.count), _WINDOW(self.window)
        return f":SENS:AVER:TCON {kind};:SENS:AVER:COUN {count};:SENS:AVER:WIND {window};:SENS:AVER 1"

    def needed(self, readings: int) -> int:
        """Return how many unfiltered readings so many filtered ones take."""
        return readings + self.count if self.kind == "moving" else readings * self.count


class Reading(NamedTuple):
    """One reading.

    Attributes:
        value: V; nan for an overflow.
        time: Time stamp of the 6221 in s; it counts from the first reading and has four digits.
        current: Source current that belongs to it, in A.
        average_voltage: Mean voltage under it in V; nan where the mode has none.
        compliance: Whether the source was in compliance.
        number: Reading number; successive readings have successive ones.
    """

    value: float
    time: float
    current: float
    average_voltage: float
    compliance: bool
    number: int

    @property
    def overflow(self) -> bool:
        """Whether the meter's range was too small for it."""
        return math.isnan(self.value)


@dataclass(frozen=True, eq=False)
class Readings:
    """Readings in columns, one element a reading.

    Attributes:
        value: V; nan for an overflow.
        time: Time stamps of the 6221 in s; they count from the first reading and have four digits, 1 s in a run of an
            hour.
        current: Source current that belongs to each, in A.
        average_voltage: Mean voltage under each in V; nan where the mode has none.
        compliance: Whether the source was in compliance.
        number: Reading numbers, ascending; a gap is a reading that was lost.
        aborted: Whether the source ended the run early because it was in compliance.
        clamped: Whether the source was in compliance at any time of the run, also between two readings.
        averaging: The filter of the 6221; None without.
    """

    value: Array
    time: Array
    current: Array
    average_voltage: Array
    compliance: npt.NDArray[np.bool_]
    number: npt.NDArray[np.int64]
    aborted: bool = False
    clamped: bool = False
    averaging: Averaging | None = None

    def __len__(self) -> int:
        return len(self.value)

    @property
    def overflow(self) -> npt.NDArray[np.bool_]:
        """Which readings were beyond the meter's range."""
        return np.isnan(self.value)

    @property
    def valid(self) -> npt.NDArray[np.bool_]:
        """Which readings can be used: no overflow, not in compliance."""
        return ~(self.overflow | self.compliance)

    @property
    def _weights(self) -> tuple[float, ...]:
        """With which one unfiltered reading is made of successive samples."""
        return (1.0,)

    @property
    def correlation(self) -> tuple[float, ...]:
        """Correlation of readings 0, 1, 2, ... places apart, for white noise of the samples."""
        weights, filtered = self._weights, self.averaging
        if filtered is None:
            return autocorrelation(weights)
        stacked = np.convolve(weights, np.ones(filtered.count) / filtered.count).tolist()
        return autocorrelation(stacked, 1 if filtered.kind == "moving" else filtered.count)

    def mean(self) -> Mean:
        """Return the mean of the valid readings in V, with its standard error.

        The error is estimated from the scatter, and what neighbours have in common is taken into account; it is right
        for white noise of the samples, and tells nothing of a slow change of the signal itself. With a moving filter
        it has few degrees of freedom unless there are many more readings than the filter's count.
        """
        good = self.valid
        return correlated_mean(self.value[good], self.number[good], self.correlation)

    def independent(self) -> Self:
        """Return the readings that have no sample in common: every third one of an unfiltered Delta."""
        stride = len(self.correlation)
        return self[(self.number - self.number[:1]) % stride == 0] if len(self) else self

    def __getitem__(self, chosen: slice | npt.NDArray[Any]) -> Self:
        """Return some of the readings."""
        columns = ("value", "time", "current", "average_voltage", "compliance", "number")
        return replace(self, **{name: getattr(self, name)[chosen] for name in columns})

    @classmethod
    def of(cls, readings: Iterable[Reading], **others: Any) -> Self:
        """Put readings into columns; `others` are the remaining attributes."""
        table = tuple(readings)
        value, time, current, average, clamped, number = zip(*table, strict=True) if table else ((),) * 6
        return cls(
            np.array(value, float), np.array(time, float), np.array(current, float), np.array(average, float),
            np.array(clamped, bool), np.array(number, np.int64), **others,
        )  # fmt: skip


@dataclass(frozen=True, eq=False)
class DeltaReadings(Readings):
    """Delta readings: half of the difference between the voltages at the high and the low current.

    Each is (V[k-1] - 2 V[k] + V[k+1]) / 4 with the sign of the current's alternation, so that an offset and a linear
    drift drop out. Each conversion is in three readings: neighbours correlate by 2/3, next neighbours by 1/6.

    Attributes:
        high: A.
        low: A.
    """

    high: float = math.nan
    low: float = math.nan

    @property
    def _weights(self) -> tuple[float, ...]:
        return DELTA_WEIGHTS

    def triples(self) -> Self:
        """Return the readings that have no conversion in common, every third one (see also `independent`).

        Raises:
            BadValue: The 6221 filtered the readings, so that every third one is not independent either.
        """
        if self.averaging is not None:
            raise BadValue("filtered readings share more than a triple; use independent() or mean()")
        return self.independent()

    def resistance(self) -> Mean:
        """Return the mean of the valid readings over half of the current's swing, in ohm."""
        value, error, count, freedom = self.mean()
        swing = (self.high - self.low) / 2.0
        return Mean(value / swing, error / swing, count, freedom)


@dataclass(frozen=True, eq=False)
class PulseDeltaReadings(Readings):
    """Pulse Delta readings: the whole difference between the voltage in a pulse and that at the low level.

    No two share a sample. In a sweep `current` tells the pulses apart, and a mean over all of them means nothing.

    Attributes:
        low: The low level in A.
    """

    low: float = math.nan

    def resistance(self) -> Array:
        """Return each reading over its pulse's height above the low level, in ohm."""
        return self.value / (self.current - self.low)


@dataclass(frozen=True, eq=False)
class ConductanceReadings(Readings):
    """Differential Conductance readings: the voltage dV that belongs to a step dI about a current.

    `current` is the mean current I, `average_voltage` the mean voltage V of each. Neighbours share conversions, as in
    Delta.

    Attributes:
        delta: The step dI in A.
        zero: The zero of the meter in V that was measured at arming; nan where it was not told.
    """

    delta: float = math.nan
    zero: float = math.nan

    @property
    def _weights(self) -> tuple[float, ...]:
        return DELTA_WEIGHTS

    @property
    def resistance(self) -> Array:
        """dV/dI of each reading in ohm."""
        return self.value / self.delta

    @property
    def conductance(self) -> Array:
        """dI/dV of each reading in S; infinite where dV is zero."""
        with np.errstate(divide="ignore"):
            return self.delta / self.value


def number_or_nan(text: str) -> float:
    """Return a number of a reading; nan for the one that marks an overflow."""
    value = float(text)
    return math.nan if abs(value) >= INFINITE else value
