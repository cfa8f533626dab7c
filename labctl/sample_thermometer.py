"""The sample's own longitudinal resistance as its thermometer: whether it still drifts, and by how many kelvin."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from labctl.cables import OPEN
from labctl.reversal import CHANNEL, LONGITUDINAL_CHANNEL, with_field
from labctl.sample import HEADROOM
from labctl.state_reader import StateReader

if TYPE_CHECKING:
    from labctl.procedure import Procedure

OnTheWay = Callable[[dict[str, Any], int], None]
"""Takes a row that was read while a temperature moves, and the voltmeter's channel that it was read on."""

WINDOW = 90.0
"""s of readings that a drift is told from."""
FEWEST = 8
"""Readings that a drift is told from, at least."""
MOVED = 2.0
"""K that the block has to have gone before its resistance can be seen to follow the record's coefficient."""
AGREES = 2.0
"""Factor within which it has to; one that stands still, or is another sample's, is further off."""
SEEN = 5.0
"""Standard uncertainties by which an earlier drift must differ from zero, to tell a time constant."""


@dataclass(frozen=True, slots=True)
class Drift:
    """How a sample's temperature changes, by its own resistance.

    Attributes:
        value: K/min, positive where it warms.
        uncertainty: Standard uncertainty, K/min.
        time_constant: s with which the drift was seen to die away; 0 where that cannot be told.
    """

    value: float
    uncertainty: float
    time_constant: float = 0.0

    @property
    def most(self) -> float:
        """Size of the drift with its uncertainty added, K/min."""
        return abs(self.value) + self.uncertainty


def has_longitudinal(procedure: Procedure) -> bool:
    """Whether the station has the voltmeter's channel for the longitudinal voltage cabled."""
    cables = procedure.station.cables.voltmeter
    return cables is not None and OPEN not in {cables.channel_2_high, cables.channel_2_low}


def has_two_wire(procedure: Procedure) -> bool:
    """Whether the station has the voltmeter's first channel on the leads of the current."""
    meter, source = procedure.station.cables.voltmeter, procedure.station.cables.source
    if meter is None or source is None:
        return False
    ends = {source.high, source.low}
    return OPEN not in ends and {meter.channel_1_high, meter.channel_1_low} == ends


class SampleThermometer:
    """Reads the longitudinal resistance now and then, and tells its drift.

    Args:
        procedure: Whose reader; without one, or where channel 2 is not cabled, nothing is told.
        reading: Takes what is read on the way. Where channel 2 is not cabled, that is the Hall resistance.
    """

    def __init__(self, procedure: Procedure, reading: OnTheWay | None = None) -> None:
        self._procedure = procedure
        self._passed_on = reading
        self._reader: StateReader | None = vars(procedure).get("reader")
        self._junction = procedure.sample.is_junction
        self._channel = LONGITUDINAL_CHANNEL if has_longitudinal(procedure) and not self._junction else CHANNEL
        self._coefficient = procedure.sample.resistances.temperature_coefficient
        self._reference = procedure.sample.resistances.temperature
        self._last = -math.inf
        self._block = math.nan
        self._start: tuple[float, float] | None = None  # block in K and resistance in ohm before the ramp
        self._read: list[tuple[float, float]] = []  # lab time in s, resistance in ohm

    # ---- reading

    @property
    def reads(self) -> bool:
        """Whether there is anything to be read."""
        return self._reader is not None and (self._channel == LONGITUDINAL_CHANNEL or self._passed_on is not None)

    def begin(self, block: float) -> None:
        """Take the voltmeter's channel, and read the resistance that belongs to the block's temperature in K."""
        if not self.reads or self._reader is None:
            return
        if self._channel == LONGITUDINAL_CHANNEL:
            current = self._reader.settings.current
            expected = HEADROOM * current * self._procedure.sample.sample_resistance()
            self._reader.select(LONGITUDINAL_CHANNEL, expected)
        self._read_once()
        if self._read:
            self._start = block, self._read[-1][1]

    def on_the_way(self, interval: float) -> None:
        """Read if somebody wants to know what is read on the way, and the interval in s has passed."""
        if self._passed_on is not None:
            self.read_if_due(interval)

    def read_if_due(self, interval: float) -> None:
        """Read if the interval in s has passed since the last time."""
        if self.reads and self._procedure.clock.now() >= self.due(interval):
            self._read_once()

    def due(self, interval: float) -> float:
        """Lab time in s of the next reading; infinite where nothing is read."""
        return self._last + interval if self.reads else math.inf

    def _read_once(self) -> None:
        assert self._reader is not None
        cryostat = self._procedure.cryostat
        self._last = self._procedure.clock.now()
        before = cryostat.reading()
        row = with_field(self._reader.read(), before, cryostat.reading())
        value = float(row["Hall resistance (ohm)"])
        if self._channel == LONGITUDINAL_CHANNEL and math.isfinite(value) and not row["Compliance"]:
            self._read.append((float(row["Time (s)"]), value))
            found = self.temperature()
            self._procedure.run.sample_seen = None if found is None else (found, before.temperature)
        if self._passed_on is not None:
            self._passed_on(row, self._channel)

    def give_back(self) -> None:
        """Have the voltmeter read the Hall voltage again."""
        if self.reads and self._reader is not None and self._channel == LONGITUDINAL_CHANNEL:
            self._reader.select(CHANNEL, self._reader.settings.voltage_range)

    def shown(self) -> str:
        """Return the last reading in words."""
        return f"{self._read[-1][1]:.6g} ohm" if self._read else "an unknown resistance"

    # ---- what it tells

    def useless(self, block: float) -> str:
        """Say why the resistance does not tell the sample's temperature, with the block at so many K; "" if it does."""
        for lacking, why in (
            (self._reader is None, "this experiment does not read it"),
            (self._junction, "that of a junction is the one of its magnetic state"),
            (self._channel != LONGITUDINAL_CHANNEL, "the voltmeter's channel 2 is not cabled"),
            (not self._coefficient, "the sample record has no temperature coefficient"),
            (self._start is None or not self._read[-1][1], "it cannot be read"),
            (self._scale(block) <= 0.0, f"the record's temperature coefficient leaves nothing of it at {block:.4g} K"),
        ):
            if lacking:
                return why
        return ""

    def disagrees(self, block: float) -> str:
        """Say that the resistance of a sample at rest is not what the record's coefficient says; "" if it is.

        Args:
            block: K, where the sample should be by now.
        """
        assert self._start is not None
        before, resistance = self._start
        if abs(block - before) < MOVED or self._scale(before) <= 0.0:
            return ""
        expected, seen = self._scale(block) / self._scale(before) - 1.0, self._read[-1][1] / resistance - 1.0
        if 1.0 / AGREES <= seen / expected <= AGREES:
            return ""
        return (
            f"it changed by {100 * seen:+.2g} % from {before:.4g} K to {block:.4g} K, where the record's temperature "
            f"coefficient of {self._coefficient:g} /K says {100 * expected:+.2g} %"
        )

    def _scale(self, temperature: float) -> float:
        """Resistance at a temperature in K over that at the record's, by its coefficient."""
        return 1.0 + (self._coefficient or 0.0) * (temperature - self._reference)

    def temperature(self) -> float | None:
        """Return the sample's temperature in K by its last reading and the record's coefficient.

        The first reading is taken as that at the block's temperature. None where it cannot be converted.
        """
        if not self._coefficient or self._start is None or not self._start[1]:
            return None
        found = self._at(self._read[-1][1])
        return found if math.isfinite(found) and found > 0.0 else None

    def drift(self) -> Drift | None:
        """Return the drift over the last 90 s; None as long as too little is read, or it cannot be converted."""
        if not self._coefficient or self._start is None:
            return None
        last = self._read[-1][0]
        now = self._slope(last - WINDOW, last)
        if now is None:
            return None
        before = self._slope(last - 2.0 * WINDOW, last - WINDOW)
        return Drift(*now, _dying(before, now))

    def _slope(self, begin: float, end: float) -> tuple[float, float] | None:
        """Drift between two lab times in s, and its uncertainty, in K/min."""
        part = [(time, value) for time, value in self._read if begin <= time <= end]
        if len(part) < FEWEST or part[-1][0] - part[0][0] < 0.8 * (end - begin):
            return None
        time, value = np.array(part).T
        time = (time - time.mean()) / 60.0
        spread = float(np.sum(time**2))
        slope = float(np.sum(time * value)) / spread
        scatter = float(np.sqrt(np.sum((value - value.mean() - slope * time) ** 2) / (len(part) - 2)))
        per_kelvin = value.mean() * (self._coefficient or 0.0) / self._scale(self._at(float(value.mean())))
        return float(slope / per_kelvin), float(abs(scatter / math.sqrt(spread) / per_kelvin))

    def _at(self, resistance: float) -> float:
        """Temperature in K by the coefficient, as far as the first reading was taken at the block's."""
        assert self._start is not None
        block, before = self._start
        return self._reference + (self._scale(block) * resistance / before - 1.0) / (self._coefficient or math.inf)


def _dying(before: tuple[float, float] | None, now: tuple[float, float]) -> float:
    """Time constant in s with which a drift died away from one window to the next; 0 where that cannot be told."""
    if before is None or abs(before[0]) < SEEN * math.hypot(before[1], now[1]):
        return 0.0
    ratio = now[0] / before[0]
    if ratio <= 0.0:
        return 0.0
    return WINDOW / -math.log(ratio) if ratio < 1.0 else math.inf
