"""The input of a 2182A: what reaches its converter of what lies at its terminals, and what it adds to that.

Sources: specification sheet SPEC-2182A rev. A (accuracy, input resistance and bias current, front autozero, analog
filter, noise against source resistance); 2182A user's manual, sections 2 and 3. Temperature coefficients are left out:
the meter stands in a room whose temperature hardly changes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import ClassVar, Protocol, runtime_checkable

import numpy as np

from simulators.devices.nanovolt_converter import OVERRANGE
from simulators.randomness import Still
from simulators.terminals import MeterTerminals

LOADED_RANGE = 100.0
INPUT_RESISTANCE = 10e6
"""Input resistance in ohm of the 100 V range; the others have more than 10 gigaohm, which is taken as infinite."""

OPEN_RESISTANCE = 10e9
"""Ohm through which the bias current of an open input flows (assumed: the least that is specified)."""

FRONT_OFFSET = 500e-6
"""Largest offset in V with the front autozero off."""

FRONT_DRIFT = 20e-6
"""V per degree with the front autozero off."""

ROOM = 0.05
"""By how many degrees the room's temperature wanders in a decade of frequency (assumed)."""

ZERO_OFFSETS = {10e-3: 100e-9}
"""Largest further offset in V with the autozero off, by range; 10 uV on the others."""

ZERO_DRIFT = 0.03
"""Part of that offset by which it wanders in a decade of frequency (assumed)."""

UNCORRECTED_GAIN = 8e-6
"""Largest further relative error with either autozero off."""

BIAS_CURRENT = 60e-12
"""Largest input bias current in A up to 5 V; twice that beyond."""

BIAS_STEP = 5.0

ACCURACY: dict[int, dict[float, tuple[float, float]]] = {
    1: {10e-3: (50, 4), 100e-3: (30, 4), 1.0: (25, 2), 10.0: (25, 2), 100.0: (35, 5)},
    2: {100e-3: (30, 7), 1.0: (25, 2), 10.0: (25, 2)},
}
"""Channel, range in V: largest errors of gain and offset one year after calibration, in ppm of reading and of range."""

CORNER = 18.0
"""Hz; corner of the analog filter, one pole."""

SOURCE_NOISE = 0.42e-9 * math.sqrt(5 / 60)
"""V rms per root of ohm times second: noise that a source's resistance makes besides its Johnson noise.

With a filter of 100 conversions at 5 PLC the printed noise is 15, 35, 100 and 350 nV peak to peak at 1, 10, 100 and
1000 kiloohm. Johnson noise and the meter's own leave this much at the point that leaves least, 100 kiloohm.
"""

_PAST = (8.0, 5.0, 3.0, 2.0, 1.0, 0.5, 0.0)
"""Time constants before an aperture at which the filter's memory is cut into pieces."""

_PIECES = 4
"""Pieces of an aperture, as far as the filter is concerned."""


@runtime_checkable
class WatchedTerminals(Protocol):
    """Terminals that know how large a voltage was also while nobody measured; not every wiring does."""

    def overload(self, channel: int, level: float, start: float, end: float) -> tuple[float, float] | None:
        """Return when a channel's voltage last was beyond a level (V) either way, and what it was.

        Looks at the time from `start` to `end` (lab times in s, the end now or earlier); None where it was not.
        """
        ...


class SlowNoise:
    """Noise with equal power in each decade of frequency, a function of time alone; 1 rms in a decade.

    It has no steps: what drifts slowly would show as a jump between two readings if it were held from look to look.

    Args:
        generator: Random numbers of this noise, not used afterwards; None for silence.
        shortest: Shortest period in s. It is looked at once in a quarter of that, and is straight in between.
        longest: Longest period in s.
    """

    _A_DECADE = 4

    def __init__(self, generator: np.random.Generator | None, shortest: float, longest: float) -> None:
        periods = np.geomspace(shortest, longest, max(2, round(self._A_DECADE * math.log10(longest / shortest))))
        shape = (len(periods), 2)
        parts = (np.zeros(shape) if generator is None else generator.standard_normal(shape)) / math.sqrt(self._A_DECADE)
        self._waves = [
            (2.0 * math.pi / period, sine, cosine)
            for period, (sine, cosine) in zip(periods.tolist(), parts.tolist(), strict=True)
        ]
        self._step = shortest / 4.0
        self._block = -1
        self._start = self._rise = 0.0

    def __call__(self, time: float) -> float:
        """Return the noise at a lab time in s."""
        blocks = time / self._step
        block = int(blocks)
        if block != self._block:
            self._block = block
            self._start = self._look(block * self._step)
            self._rise = self._look((block + 1) * self._step) - self._start
        return self._start + self._rise * (blocks - block)

    def _look(self, moment: float) -> float:
        return sum(a * math.sin(rate * moment) + b * math.cos(rate * moment) for rate, a, b in self._waves)


class Box:
    """What is particular to one meter: the errors of its calibration, its offsets, its bias currents.

    All of it is drawn once, uniformly inside what the specification allows (assumed).

    Args:
        noise: Gives offsets and bias currents; None for a meter without.
        calibration: Gives gain and offset errors of the ranges; None for one that was calibrated without error.

    Attributes:
        front: Offset in V that the front autozero takes away.
        zero: Part of its limit that the autozero takes away.
        bias: Bias current in A of each channel.
        gain: Relative error by channel and range in V.
        offset: Error in V by channel and range in V.
        uncorrected: Further relative error with front autozero and with autozero off.
    """

    def __init__(self, noise: np.random.Generator | None, calibration: np.random.Generator | None) -> None:
        drawn = [0.0, 0.0, 0.0] if noise is None else noise.uniform(-1.0, 1.0, 3).tolist()
        aside = noise if noise is None or isinstance(noise, Still) else noise.spawn(1)[0]
        self.front = drawn[0] * FRONT_OFFSET
        self.zero = drawn[1]
        second = 0.0 if aside is None else float(aside.uniform(-1.0, 1.0))
        self.bias = {1: drawn[2] * BIAS_CURRENT, 2: second * BIAS_CURRENT}
        self.slow = SlowNoise(aside, 10.0, 10_000.0)
        self.room = SlowNoise(aside, 100.0, 100_000.0)
        self.gain: dict[tuple[int, float], float] = {}
        self.offset: dict[tuple[int, float], float] = {}
        for channel, ranges in ACCURACY.items():
            for full, (of_reading, of_range) in ranges.items():
                one, other = (0.0, 0.0) if calibration is None else calibration.uniform(-1e-6, 1e-6, 2).tolist()
                self.gain[channel, full] = one * of_reading
                self.offset[channel, full] = other * of_range * full
        self.uncorrected: tuple[float, float] = (0.0, 0.0)
        if calibration is not None:
            front, zero = calibration.uniform(-UNCORRECTED_GAIN, UNCORRECTED_GAIN, 2).tolist()
            self.uncorrected = (front, zero)


class Input:
    """Both channels of the meter's input.

    Attributes:
        hum: Power line hum at the terminals, V rms; a sine that crosses zero upwards at lab time zero.
        further_hum: Gives further hum in V rms, for what comes and goes; None where there is none.
        line_deviation: By how much the line is faster than its nominal frequency; with 0.001, which is what the
            specification counts on, whole line cycles reject hum by 60 dB.
        recovery_time: Time in s within which an amplifier that was overloaded has recovered (assumed).
        recovery_error: Part of the overload in V that a reading is off just after it (assumed).
        resistance: What the last aperture looked into, in ohm.
    """

    recovery_time: ClassVar[float] = 0.2
    recovery_error: ClassVar[float] = 1e-3

    def __init__(self, terminals: MeterTerminals, line_frequency: float, bias: dict[int, float]) -> None:
        self.hum = 0.0
        self.further_hum: Callable[[], float] | None = None
        self.line_deviation = 0.0
        self.resistance = 0.0
        self._terminals = terminals
        self._line_frequency = line_frequency
        self._bias = bias
        self._watched = terminals if isinstance(terminals, WatchedTerminals) else None
        self._overloads: dict[int, tuple[float, float]] = {}
        self._recovered_at = -math.inf

    @property
    def mains(self) -> float:
        """The power line's true frequency in Hz."""
        return self._line_frequency * (1.0 + self.line_deviation)

    def volts(self, channel: int, full: float, start: float, aperture: float, filtered: bool) -> float:
        """Return what a channel's converter sees of its input, averaged over an aperture, in V.

        Args:
            channel: 1 or 2.
            full: The range in V.
            start: Lab time in s at which the aperture begins; it ends now or earlier.
            aperture: s.
            filtered: Whether the analog filter is in the way.
        """
        terminals = self._terminals
        if filtered:
            volts = self._through_filter(channel, start, aperture)
        else:
            volts = terminals.mean_voltage(channel, start, start + aperture)
        resistance = terminals.source_resistance(channel)
        bias = self._bias[channel]
        if math.isnan(volts) or resistance == math.inf:
            self.resistance = 0.0
            return bias * (INPUT_RESISTANCE if full == LOADED_RANGE else OPEN_RESISTANCE)
        self.resistance = resistance
        if full == LOADED_RANGE:
            volts *= INPUT_RESISTANCE / (INPUT_RESISTANCE + resistance)
        volts += bias * resistance if abs(volts) <= BIAS_STEP else 2.0 * bias * resistance
        hum = self.hum if self.further_hum is None else self.hum + self.further_hum()
        if hum:
            volts += self._average_hum(hum, start, aperture, filtered)
        if self._watched is not None:
            self._look_back(self._watched, channel, full, start)
        if start < self._recovered_at:
            volts += self._left_of_overload(channel, start)
        return volts

    # ---- analog filter

    def _through_filter(self, channel: int, start: float, aperture: float) -> float:
        """Average what a pole at 18 Hz makes of the input.

        The input is taken as constant within each piece of the time that the filter remembers. Pieces are looked at
        anew for each aperture: of Johnson noise, apertures closer than the filter's memory should share some and do
        not.
        """
        total = 0.0
        for begin, end, weight in filter_weights(start, aperture):
            total += weight * self._terminals.mean_voltage(channel, begin, end)
        return total

    # ---- hum

    def _average_hum(self, hum: float, start: float, aperture: float, filtered: bool) -> float:
        """Average a sine at the line's frequency; nothing is left of it over whole cycles."""
        rate = 2.0 * math.pi * self.mains
        amplitude, phase = math.sqrt(2.0) * hum, 0.0
        if filtered:
            ratio = self.mains / CORNER
            amplitude /= math.hypot(1.0, ratio)
            phase = -math.atan(ratio)
        first = rate * start + phase
        return amplitude * (math.cos(first) - math.cos(first + rate * aperture)) / (rate * aperture)

    # ---- overload

    def overloaded(self, channel: int, volts: float, end: float) -> None:
        """An aperture that ended at a lab time in s saw more than its range holds."""
        self._overloads[channel] = (end, volts)
        self._recovered_at = max(self._recovered_at, end + self.recovery_time)

    def forget_overload(self, channel: int) -> None:
        """Another range has been selected; its amplifier was not overloaded."""
        self._overloads.pop(channel, None)

    def _left_of_overload(self, channel: int, start: float) -> float:
        """Return what is left of an overload, in V: it decays, to less than a hundredth in the recovery time."""
        end, volts = self._overloads.get(channel, (-math.inf, 0.0))
        age = start - end
        if not 0.0 <= age < self.recovery_time:
            return 0.0
        return self.recovery_error * volts * math.exp(-5.0 * age / self.recovery_time)

    def _look_back(self, terminals: WatchedTerminals, channel: int, full: float, start: float) -> None:
        """Notice what overloaded the input while nothing was measured: a pulse between two readings."""
        found = terminals.overload(channel, OVERRANGE * full, start - self.recovery_time, start)
        if found is not None:
            self.overloaded(channel, found[1], found[0])


def filter_weights(start: float, aperture: float) -> Iterator[tuple[float, float, float]]:
    """Cut what the analog filter remembers at the end of an aperture into pieces: start (s), end (s), weight.

    Averaging y(t), with dy/dt = (x - y)/tau, over an aperture from s to e weighs the input x(u) by
    (1 - exp(-(e - u)/tau))/(e - s) inside, and by (exp(-(s - u)/tau) - exp(-(e - u)/tau))/(e - s) before. The weights
    of the pieces are the integrals of that; what is older than the first piece is taken to have been as the first one.

    Args:
        start: Lab time in s at which the aperture begins.
        aperture: s.
    """
    tau = 1.0 / (2.0 * math.pi * CORNER)
    end = start + aperture
    edges = [start - past * tau for past in _PAST] + [start + aperture * k / _PIECES for k in range(1, _PIECES + 1)]

    def weight_up_to(moment: float) -> float:
        """Weight of everything before a moment, a part of 1."""
        after = tau * math.exp(-(end - moment) / tau)
        if moment <= start:
            return (tau * math.exp(-(start - moment) / tau) - after) / aperture
        return (moment - start + tau - after) / aperture

    known = 0.0
    for begin, finish in pairwise(edges):
        up_to = weight_up_to(finish) if finish < end else 1.0
        yield begin, finish, up_to - known
        known = up_to
