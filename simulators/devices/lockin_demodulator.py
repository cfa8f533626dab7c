"""The signal channel of an SR830 from its inputs to X and Y: reference, detector, low-pass filter, noise, overloads.

Time is cut at whatever changes (settings, the wave at the input) and, from there on, into pieces of a fixed length;
what is heard is averaged over a piece, and filtered in closed form. So a reading does not depend on who else looked.
The noise belongs to the pieces as well and is held for one.

The reference is an oscillator of its own, or locked to the pulses at the reference input. Until it has locked, nothing
is detected and only the noise comes through (assumed: what the detector makes of an oscillator that runs freely is not
known).

Source: SR830 manual, chapters 1 (specifications) and 3.
"""

from __future__ import annotations

import cmath
import math
from dataclasses import dataclass

import numpy as np

from simulators.devices.lockin_filter import NOISE_BANDWIDTHS, POLES, REST, State, followed, noise_factor, relaxed
from simulators.periodic import PeriodicVoltage
from simulators.randomness import Still, TimedGaussian
from simulators.terminals import LockinTerminals, Marker
from simulators.timeline import Event, Timeline

INPUT_NOISE = 5e-9
"""V/sqrt(Hz) of the input amplifier."""

LOCKING = 40e-3
"""s that the reference needs at least to lock; two periods and 5 ms where that is more."""

SYNCHRONOUS_BELOW = 200.0
"""Hz that is detected, below which the synchronous filter works."""

OUTPUT_REACH = 1.09
"""Times full scale that an output shows."""

INPUT_OVERLOAD, FILTER_OVERLOAD, OUTPUT_OVERLOAD, UNLOCKED = 0x01, 0x02, 0x04, 0x08

PIECE = 50e-3
"""s of a piece, at least; a quarter of the time constant where that is more."""

LONGEST_PIECE = 4.0
"""s; the sample knows what was for ten."""

_FORGOTTEN = 60.0  # time constants after which nothing is left of what was
_HARMONICS = (1, 2, 3)  # of the wave, that are looked at whichever is detected
_FAR = 1e6  # rad: a ripple so many times faster than the filter is nothing


@dataclass(frozen=True, slots=True)
class Detection:
    """The settings on which X and Y depend.

    Attributes:
        external: Whether the reference comes from outside.
        edges: Whether an external reference is taken at an edge, and not at the zero crossing of a sine.
        frequency: Hz of the reference's own oscillator.
        phase: Reference phase in degrees.
        harmonic: Which one is detected.
        tau: Time constant in s.
        poles: How many there are in the filter.
        synchronous: Whether the synchronous filter is on.
        direct: Whether the input is coupled directly.
        single: Whether only input A is used.
        connected: Whether a voltage input is used at all: nothing is at the current input.
        full_scale: V rms.
        reserve: How many times full scale the input may be, V rms.
        offsets: V by which the outputs X and Y are shifted.
    """

    external: bool = False
    edges: bool = False
    frequency: float = 1000.0
    phase: float = 0.0
    harmonic: int = 1
    tau: float = 0.1
    poles: int = 2
    synchronous: bool = False
    direct: bool = False
    single: bool = True
    connected: bool = True
    full_scale: float = 1.0
    reserve: float = 1.0
    offsets: complex = 0j


class Demodulator:
    """Turns what is at the inputs into X and Y.

    Args:
        timeline: The lab's time.
        terminals: What the inputs are connected to.
        generator: Of its noise; None for silence.

    Attributes:
        latched: Bits of what has overloaded, or was not locked, since somebody cleared them.
    """

    def __init__(self, timeline: Timeline, terminals: LockinTerminals, generator: np.random.Generator | None) -> None:
        self._timeline = timeline
        self._terminals = terminals
        self._numbers = TimedGaussian(Still(np.random.PCG64(0)) if generator is None else generator, 1.0)
        self._silent = generator is None
        self.detection = Detection()
        self.latched = 0
        self._signal: State = REST
        self._noise = np.zeros(POLES, dtype=np.complex128)
        self._time = self._changed = timeline.now
        self._marker: Marker | None = None
        self._locked_from = math.inf
        self._busy = False
        self._keeper: Event | None = None
        terminals.watch(self._before_change)

    # ---- time

    def set(self, detection: Detection) -> None:
        """Use other settings from now on; what the filter holds stays in it."""
        self.advance()
        self._finish(self._timeline.now)
        if detection.external != self.detection.external or detection.edges != self.detection.edges:
            self._marker, self._changed = None, self._timeline.now
        self.detection = detection
        self._look_at_reference()

    def _before_change(self, time: float) -> None:
        """What is heard changes at a lab time in s: take everything until then as it was."""
        if self._busy or time < self._time:
            return
        self._advance_to(time)
        self._finish(time)
        self._changed = time
        if self._keeper is None:
            self._keep()

    def _keep(self) -> None:
        """While there is a wave, come back before the sample forgets what it was like."""
        self.advance()
        self._keeper = self._timeline.schedule(self._timeline.now + LONGEST_PIECE, self._keep_on)

    def _keep_on(self) -> None:
        self._keeper = None
        if self._terminals.swings():
            self._keep()

    def advance(self) -> None:
        """Take in all whole pieces until now."""
        if not self._busy:
            self._look_at_reference()
            self._advance_to(self._timeline.now)

    def _advance_to(self, time: float) -> None:
        self._busy = True
        try:
            tau = self.detection.tau
            piece = min(max(tau / 4.0, PIECE), LONGEST_PIECE)
            if not self._terminals.swings() and time - self._time > _FORGOTTEN * max(tau, piece):
                whole = math.floor((time - self._time - _FORGOTTEN * max(tau, piece)) / piece)
                self._time += whole * piece  # nothing was heard, and older noise is forgotten
                self._signal, self._noise = REST, np.zeros(POLES, dtype=np.complex128)
            while self._time + piece <= time:
                self._take(self._time + piece)
        finally:
            self._busy = False

    def _finish(self, time: float) -> None:
        """Take in what is left of a piece; the next one begins here."""
        if time > self._time:
            self._busy = True
            try:
                self._take(time)
            finally:
                self._busy = False

    def _take(self, end: float) -> None:
        start, tau = self._time, self.detection.tau
        self._signal = self._filtered(start, end, latching=True)
        if not self._silent:
            self._noise = self._noisy(start, end, tau)
        self._time = end
        self._judge(self._signal, self._noise)

    # ---- reference

    def _look_at_reference(self) -> None:
        """Take note of the pulses at the reference input, if they are others than before."""
        detection = self.detection
        marker = self._terminals.marker() if detection.external and detection.edges else None
        before, self._marker = self._marker, marker
        if marker is None:
            self._locked_from = math.inf
        elif before is None or not _continues(before, marker):
            self._locked_from = max(self._changed, self._time) + max(2.0 / marker.frequency + 5e-3, LOCKING)

    def locked(self) -> bool:
        """Whether the reference runs, or has locked to what comes from outside."""
        return self._locked_at(self._timeline.now)

    def _locked_at(self, time: float) -> bool:
        return not self.detection.external or time >= self._locked_from

    def frequency(self) -> float:
        """Hz of the reference in use; of an external one that is not there, zero (assumed)."""
        if not self.detection.external:
            return self.detection.frequency
        return 0.0 if self._marker is None else self._marker.frequency

    # ---- detector and filter

    def _filtered(self, start: float, end: float, *, latching: bool = False) -> State:
        """Return what the filter holds at the end of a time in which nothing is changed but by the sample."""
        tau, state = self.detection.tau, self._signal
        begin = start
        if not self._locked_at(start):
            if latching:
                self.latched |= UNLOCKED
            begin = min(end, max(start, self._locked_from))
            state = relaxed(state, (begin - start) / tau)
        if begin >= end:
            return state
        heard = self._heard(begin, end)
        if heard is None:
            return relaxed(state, (end - begin) / tau)
        if latching and heard.alternating() > self.detection.full_scale * self.detection.reserve:
            self.latched |= INPUT_OVERLOAD
        return followed(state, self._terms(heard, begin), end - begin, tau)

    def _heard(self, start: float, end: float) -> PeriodicVoltage | None:
        detection = self.detection
        return self._terminals.heard(start, end, single=detection.single) if detection.connected else None

    def _terms(self, heard: PeriodicVoltage, time: float) -> list[tuple[complex, float]]:
        """Return what the detector gives to the filter: oscillations with their values at a lab time, V rms."""
        detection = self.detection
        wave = 2.0 * math.pi * heard.period.frequency
        frequency, origin = detection.frequency, 0.0
        if detection.external:
            assert self._marker is not None
            frequency, origin = self._marker
        reference = 2.0 * math.pi * frequency * detection.harmonic
        at = reference * (time - origin) + math.radians(detection.phase)
        terms: list[tuple[complex, float]] = []
        numbers = {*_HARMONICS, detection.harmonic} | ({0} if detection.direct else set[int]())
        for number in sorted(numbers):
            value = heard.harmonic(number) / math.sqrt(2.0)
            if number == 0:
                terms.append((2j * value * cmath.exp(-1j * at), -reference))
                continue
            turn = number * wave * (time - heard.period.start)
            same = number == detection.harmonic and math.isclose(frequency, heard.period.frequency, rel_tol=1e-12)
            terms.append((value * cmath.exp(1j * (turn - at)), 0.0 if same else number * wave - reference))
            terms.append((-value.conjugate() * cmath.exp(-1j * (turn + at)), -number * wave - reference))
        return self._synchronised(terms, reference)

    def _synchronised(self, terms: list[tuple[complex, float]], reference: float) -> list[tuple[complex, float]]:
        """Average over one period of what is detected, where the synchronous filter works; drop what is no ripple."""
        detection = self.detection
        average = detection.synchronous and reference < 2.0 * math.pi * SYNCHRONOUS_BELOW
        kept: list[tuple[complex, float]] = []
        for value, rate in terms:
            if abs(rate) * detection.tau > _FAR:
                continue
            turn = 2.0 * math.pi * rate / reference
            averaged = (1.0 - cmath.exp(-1j * turn)) / (1j * turn) if average and rate else 1.0
            kept.append((value * averaged, rate))
        return kept

    def _noisy(self, start: float, end: float, tau: float) -> np.ndarray[tuple[int], np.dtype[np.complex128]]:
        """Return the filter's noise at the end of a piece."""
        left = np.array(relaxed(tuple(self._noise.tolist()), (end - start) / tau))
        key = math.floor(start * 1e3) * 2.0 * POLES  # the numbers belong to the moment, not to who looks
        drawn = [self._numbers.at(key + index) for index in range(2 * POLES)]
        fresh = noise_factor((end - start) / tau) @ (np.array(drawn[:POLES]) + 1j * np.array(drawn[POLES:]))
        return left + self._density(start) / math.sqrt(tau) * fresh

    def _density(self, time: float) -> float:
        """V/sqrt(Hz) of everything that fluctuates."""
        if not self.detection.connected:
            return INPUT_NOISE
        return math.hypot(INPUT_NOISE, self._terminals.noise(time, single=self.detection.single))

    # ---- outputs

    def output(self) -> complex:
        """X and Y in V rms now, without their offsets."""
        self.advance()
        now, pole = self._timeline.now, self.detection.poles - 1
        state = self._filtered(self._time, now) if now > self._time else self._signal
        self._judge(state, self._noise)
        return state[pole] + complex(self._noise[pole])

    def deviation(self) -> float:
        """V rms by which X fluctuates."""
        bandwidth = NOISE_BANDWIDTHS[self.detection.poles - 1] / self.detection.tau
        return 0.0 if self._silent else self._density(self._timeline.now) * math.sqrt(bandwidth)

    def _judge(self, state: State, noise: np.ndarray[tuple[int], np.dtype[np.complex128]]) -> None:
        """Take note of outputs, and of poles before the last one, that are beyond what can be shown."""
        detection = self.detection
        most = OUTPUT_REACH * detection.full_scale
        shown = state[detection.poles - 1] + complex(noise[detection.poles - 1]) - detection.offsets
        if abs(shown.real) > most or abs(shown.imag) > most:
            self.latched |= OUTPUT_OVERLOAD
        for pole in range(detection.poles - 1):
            inner = state[pole] + complex(noise[pole])
            if abs(inner.real) > most or abs(inner.imag) > most:
                self.latched |= FILTER_OVERLOAD

    def heard_level(self) -> float:
        """V rms that alternate at the input now."""
        self.advance()
        now = self._timeline.now
        heard = self._heard(now, now)
        return 0.0 if heard is None else heard.alternating()

    def reset(self) -> None:
        """Begin anew, with nothing in the filter."""
        self._signal, self._noise = REST, np.zeros(POLES, dtype=np.complex128)
        self._marker, self._time = None, self._timeline.now
        self.latched = 0


def _continues(before: Marker, after: Marker) -> bool:
    """Whether pulses go on as they were."""
    if before.frequency != after.frequency:
        return False
    phase = (after.time - before.time) * after.frequency
    return abs(phase - round(phase)) < 1e-6
