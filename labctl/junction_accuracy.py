"""How exactly a junction's resistance is read in either of two ways, by the instruments' specifications.

One way drives a current (6221) and reads the voltage at the device (2182A); the other keeps a voltage that is sensed at
the device and measures voltage and current (2400). With reversal offsets cancel. What is left are gains, the same in
all readings of a run, so that they cancel in a ratio of two resistances; and what fluctuates or is rounded from reading
to reading, which does not.

Sources: 6221 reference manual and SPEC-2182A (specifications); 2400 series user's manual, appendix A; all for one year.
A specified gain or offset is the end of a uniform distribution, so that its standard uncertainty is a root of three
smaller; a peak-to-peak noise is six times its rms.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from labctl.sample import HEADROOM, VOLTMETER_RANGES
from labctl.smu_reversal import CURRENT_RANGES as AMMETER_RANGES
from labctl.smu_reversal import ROOM, current_range, voltage_range

BOLTZMANN = 1.380649e-23
"""J/K."""
UNIFORM = 1.0 / math.sqrt(3.0)
REVERSED = math.sqrt(6.0) / 4.0
"""Noise of (V1 - 2 V2 + V3)/4 over that of one conversion."""
PEAK_TO_PEAK = 6.0
STEP = 1.0 / math.sqrt(12.0)
"""Standard uncertainty of what is rounded, over the step."""

SOURCE_RANGES = (2e-9, 20e-9, 200e-9, 2e-6, 20e-6, 200e-6, 2e-3, 20e-3, 0.1)
_SOURCE_GAIN = (4e-3, 3e-3, 3e-3, 1e-3, 5e-4, 5e-4, 5e-4, 5e-4, 1e-3)
_SOURCE_NOISE = (80e-15, 0.8e-12, 4e-12, 40e-12, 0.4e-9, 4e-9, 40e-9, 0.4e-6, 2e-6)
"""Of the 6221: ranges in A, gains, and noise from 0.1 Hz to 10 Hz, rms in A."""
_METER_GAIN = (50e-6, 30e-6, 25e-6, 25e-6, 35e-6)
_METER_NOISE = (70e-9, 300e-9, 700e-9, 6.6e-6, 300e-6)
"""Of the 2182A by range: gain, and noise of a conversion of 1 PLC without filter, V peak to peak."""
METER_INPUT = 10e9
"""ohm, of the 2182A's input at least, which is beside the junction."""
SMALLEST_CURRENT = 100e-12
"""A; the smallest that reading with the 6221 is meant for: the bias current of the meter is 60 pA."""

_SENSED_GAIN, _AMMETER_GAIN = 1.2e-4, (2.9e-4, 2.7e-4, 2.5e-4, 2.7e-4, 3.5e-4, 5.5e-4, 2.2e-3)
_AMMETER_OFFSET = (300e-12, 700e-12, 6e-9, 60e-9, 600e-9, 6e-6, 570e-6)
_SENSED_OFFSET = {0.2: 300e-6, 2.0: 300e-6, 20.0: 1.5e-3, 200.0: 10e-3}
"""Of the 2400: gain of the voltmeter, gains and offsets (A, V) of the ammeter and the voltmeter by range."""
_DIGITS = 2e5
"""Steps from zero to a range's name: 1 uV on 200 mV; of the ammeter as many, 5 pA on 1 uA (assumed)."""
_SOURCED_NOISE = 2.5e-5
"""Noise of the 2400's source, V peak to peak from 0.1 Hz to 10 Hz, over its range: 5 uV on 200 mV."""

LINE = 50.0
"""Hz; at 60 Hz it is a little noisier, which decides nothing."""


@dataclass(frozen=True, slots=True)
class Exactness:
    """How exactly a resistance is read; parts of the resistance.

    Attributes:
        scale: Standard uncertainty that all readings of a run share; it cancels in a ratio.
        reading: Standard deviation of one reading, with reversal.
        offset: The most that one conversion without reversal is off, beyond the scale.
    """

    scale: float
    reading: float
    offset: float


def with_current(
    resistance: float, bias: float, nplc: float, temperature: float, largest: float | None = None
) -> Exactness:
    """How exactly 6221 and 2182A read.

    Args:
        resistance: ohm.
        bias: V across it.
        nplc: Integration time of one conversion in power line cycles.
        temperature: K, of the junction, for its Johnson noise.
        largest: Bias in V that the fixed ranges have to hold, where that is more.
    """
    most = bias if largest is None else largest
    source, meter = _holding(most / resistance, SOURCE_RANGES), _holding(HEADROOM * most, VOLTMETER_RANGES)
    scale = UNIFORM * math.hypot(_SOURCE_GAIN[source], _METER_GAIN[meter], resistance / METER_INPUT)
    volts = _METER_NOISE[meter] / PEAK_TO_PEAK / math.sqrt(nplc)
    noise = math.hypot(volts, _johnson(resistance, temperature, nplc), _SOURCE_NOISE[source] * resistance)
    return Exactness(scale, REVERSED * noise / bias, math.inf)


def with_voltage(
    resistance: float, bias: float, nplc: float, temperature: float, limit: float | None = None
) -> Exactness:
    """How exactly a 2400 reads that senses its voltage at the device.

    Arguments as for `with_current`, but for the limit: its compliance in A, which decides on the ammeter's range; else
    that is ten times what flows.
    """
    current, full = bias / resistance, voltage_range(bias)
    ammeter = current_range(ROOM * current if limit is None else limit)
    place = AMMETER_RANGES.index(ammeter)
    scale = UNIFORM * math.hypot(_SENSED_GAIN, _AMMETER_GAIN[place])
    # Voltage and current are converted one after the other, so that the source's noise is not the same in both.
    volts = math.hypot(_SOURCED_NOISE * full / PEAK_TO_PEAK, STEP * full / _DIGITS)
    noise = math.hypot(volts / bias, STEP * ammeter / _DIGITS / current, _johnson(resistance, temperature, nplc) / bias)
    off = _SENSED_OFFSET[full] / bias + _AMMETER_OFFSET[place] / current
    return Exactness(scale, REVERSED * noise, off)


def tmr_without_reversal(tmr: float, resistance: float, bias: float) -> tuple[float, float]:
    """Return between which a 2400 without reversal finds the TMR, by the offset of its ammeter.

    That of its voltmeter is the same part of both resistances, and the one of its source changes the bias, which this
    takes to be what it should be.

    Args:
        tmr: The true one, (R_AP - R_P)/R_P.
        resistance: ohm, R_P.
        bias: V.
    """
    low = bias / resistance
    high = low / (1.0 + tmr)
    offset = _AMMETER_OFFSET[AMMETER_RANGES.index(current_range(ROOM * low))]
    found = [(low + off) / (high + off) - 1.0 for off in (-offset, offset)]
    return min(found), max(found)


def _johnson(resistance: float, temperature: float, nplc: float) -> float:
    """Johnson noise of a resistance in ohm at a temperature in K in one conversion, rms in V."""
    return math.sqrt(4.0 * BOLTZMANN * temperature * resistance * LINE / (2.0 * nplc))


def _holding(value: float, ranges: tuple[float, ...]) -> int:
    return next((index for index, full in enumerate(ranges) if value <= full), len(ranges) - 1)
