"""Waves of a 6221: sine, square, ramp and arbitrary ones.

Source: 6220/6221 reference manual, chapter on waves.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from instruments.errors import BadValue, DeadlinePassed
from instruments.forms import BOOLEAN, exact, finite, of_kind, one_of, outside, whole, within
from instruments.keithley6221_core import COMPLIANCE, CURRENT, LARGEST_CURRENT
from instruments.keithley6221_sweeps import LONGEST_LIST, SweepModes, check_range, in_parts

Shape = Literal["sine", "square", "ramp", "arbitrary"]

EXAMPLE = 'Wave("sine", amplitude=1e-4, frequency=137.0, cycles=100)'
"""What somebody could have meant who gives something else for a wave."""

_SHAPES = {"sine": "SIN", "square": "SQU", "ramp": "RAMP", "arbitrary": "ARB0"}
_AMPLITUDE = within("amplitude", 2e-12, LARGEST_CURRENT, "A")
_FREQUENCY = within("frequency", 1e-3, 1e5, "Hz")
_DUTY = within("duty_cycle", 0.0, 100.0, "%")
_DURATION = within("duration", 100e-9, 999999.999, "s")
_CYCLES = within("cycles", 1e-3, 99999999900.0)
_PHASE = within("marker_phase", 0.0, 360.0, "degrees")
_LINE = whole("marker_line", 1, 6)
_POINT = within("point of an arbitrary wave", -1.0, 1.0)


@dataclass(frozen=True, slots=True)
class Wave:
    """A wave.

    Attributes:
        shape: "sine", "square", "ramp" or "arbitrary".
        amplitude: Peak, not peak to peak, in A; 2e-12 to 0.105.
        frequency: Hz, 1e-3 to 1e5.
        offset: A; with the amplitude at most 0.105.
        duration: s, 100e-9 to 999999.999; None for no end, or for `cycles`.
        cycles: How many periods, 1e-3 to 99999999900; None for no end, or for `duration`.
        duty_cycle: Part of the period in which a square is high and a ramp rises, in %.
        points: One period of an arbitrary wave in units of the amplitude, each from -1 to 1 and of the same length;
            at most 65,535.
        marker_phase: Phase in degrees, 0 to 360, at which a trigger line is pulsed in each period; None for none.
        marker_line: The trigger line, 1 to 6; the trigger model's own lines (1 and 2 unless changed) are refused.
        source_range: A; None takes the one that holds the peak.
    """

    shape: Shape
    amplitude: float
    frequency: float
    offset: float = 0.0
    duration: float | None = None
    cycles: float | None = None
    duty_cycle: float = 50.0
    points: Sequence[float] = ()
    marker_phase: float | None = None
    marker_line: int = 3
    source_range: float | None = None

    @property
    def lasts(self) -> float:
        """How long it lasts in s; inf for no end."""
        if self.duration is not None:
            return self.duration
        return math.inf if self.cycles is None else self.cycles / self.frequency

    def check(self) -> None:
        """Check that the source can make it.

        Raises:
            BadValue: A value is none that it can be.
            LimitExceeded: A value is out of range.
        """
        one_of("shape", _SHAPES)(self.shape)
        _FREQUENCY(self.frequency)
        _DUTY(self.duty_cycle)
        peak = float(_AMPLITUDE(self.amplitude)) + abs(float(CURRENT(finite("offset", self.offset, "A"))))
        if peak > LARGEST_CURRENT:
            raise outside("amplitude and offset together", exact(peak), "0", f"{LARGEST_CURRENT:g}", "A")
        if self.duration is not None and self.cycles is not None:
            raise BadValue("a wave has a duration or a number of cycles, not both; nothing was sent")
        if self.duration is not None:
            _DURATION(self.duration)
        if self.cycles is not None:
            _CYCLES(self.cycles)
        if (self.shape == "arbitrary") != bool(self.points):
            raise BadValue("points belong to the arbitrary wave, and only to that; nothing was sent")
        if len(self.points) > LONGEST_LIST:
            raise outside("number of points", str(len(self.points)), "1", str(LONGEST_LIST))
        for point in self.points:
            _POINT(point)
        if self.marker_phase is not None:
            _PHASE(self.marker_phase)
            _LINE(self.marker_line)
        if self.source_range is not None:
            check_range(self.source_range, peak)

    def spelled(self) -> Iterator[str]:
        """Give the commands that set it up, in order."""
        if self.points:
            yield from in_parts(":SOUR:WAVE:ARB:DATA", self.points, ":SOUR:WAVE:ARB:APP")
        yield f":SOUR:WAVE:FUNC {_SHAPES[self.shape]};:SOUR:WAVE:DCYC {exact(self.duty_cycle)}"
        yield f":SOUR:WAVE:AMPL {exact(self.amplitude)}"
        yield f":SOUR:WAVE:OFFS {exact(self.offset)}"
        yield f":SOUR:WAVE:FREQ {exact(self.frequency)}"
        yield f":SOUR:WAVE:RANG {'BEST' if self.source_range is None else 'FIX'}"
        yield from self._ending()
        if self.marker_phase is None:
            yield ":SOUR:WAVE:PMAR:STAT 0"
        else:
            yield f":SOUR:WAVE:PMAR:OLIN {self.marker_line};:SOUR:WAVE:PMAR {exact(self.marker_phase)}"
            yield ":SOUR:WAVE:PMAR:STAT 1"
        yield ":SOUR:WAVE:EXTR 0"

    def _ending(self) -> Iterator[str]:
        """Of duration and cycles the later one may count, or the shorter one; so the endless one goes first."""
        if self.cycles is not None:
            yield f":SOUR:WAVE:DUR:TIME INF;:SOUR:WAVE:DUR:CYCL {exact(self.cycles)}"
        else:
            duration = "INF" if self.duration is None else exact(self.duration)
            yield f":SOUR:WAVE:DUR:CYCL INF;:SOUR:WAVE:DUR:TIME {duration}"


class WaveModes(SweepModes):
    """Waves: arm, start, stop, or all in one."""

    WAVE_GRACE: ClassVar[float] = 5.0
    """Seconds beyond its own duration after which a wave has failed to end (assumed)."""

    def arm_wave(self, wave: Wave, compliance: float) -> None:
        """Set a wave up and load it, with the output off.

        Args:
            wave: What it is like.
            compliance: V, rounded down to 10 mV.

        Raises:
            BadValue: A value is none that it can be; nothing was sent.
            LimitExceeded: A value is out of range; nothing was sent.
            InstrumentError: The source refused something, e.g. a marker on a trigger line.
            NoReply: The source did not answer.
            GarbledReply: A reply was damaged.
        """
        of_kind("wave", wave, Wave, EXAMPLE)
        wave.check()
        COMPLIANCE(compliance)
        with self.safely():
            self.come_to_rest()
            self._load_wave(wave, compliance)

    def _load_wave(self, wave: Wave, compliance: float) -> None:
        self.source_compliance = compliance
        if wave.source_range is not None:
            self.source_range = wave.source_range
        self._load(wave.spelled(), ":SOUR:WAVE:ARM")

    def start_wave(self) -> None:
        """Start the wave that is armed; the output goes on with it, and off when its duration is over.

        Raises:
            InstrumentError: None is armed, or the interlock is open.
        """
        with self.safely():
            self._begin(":SOUR:WAVE:INIT")

    def wave_ended(self) -> bool:
        """Ask whether the wave that was started has ended: the source turns its output off then."""
        return not self.query(":OUTP?", BOOLEAN)

    def stop_wave(self) -> None:
        """Stop and disarm the wave, with 0 A and the output off.

        Raises:
            InstrumentFault: The source does not answer, or the output is on after all.
        """
        with self.safely():
            self.come_to_rest()

    def run_wave(self, wave: Wave, compliance: float) -> bool:
        """Make a wave of limited duration from beginning to end; the output is off before and after.

        Returns:
            Whether the source was in compliance at any time of it.

        Raises:
            BadValue: It has no end, or as `arm_wave`; nothing was sent.
            LimitExceeded: As `arm_wave`.
            DeadlinePassed: It did not end in time.
            InstrumentFault: As `arm_wave`.
        """
        of_kind("wave", wave, Wave, EXAMPLE)
        if math.isinf(wave.lasts):
            raise BadValue("a wave without duration or cycles never ends; use arm_wave, start_wave and stop_wave")
        self.arm_wave(wave, compliance)
        self.start_wave()
        with self.safely():
            clamped = self._await_wave(wave.lasts)
            self.come_to_rest()
        return clamped

    def _await_wave(self, duration: float) -> bool:
        """Wait for the end of a wave that takes so many s; return whether it was in compliance."""
        clock = self.clock
        end, deadline = clock.now() + duration, clock.deadline(1.05 * duration + self.WAVE_GRACE)
        while True:
            clock.sleep(min(1.0, max(0.02, end - clock.now())))
            if self.wave_ended():
                return self.was_in_compliance
            if deadline.passed:
                raise DeadlinePassed(
                    f"{self.line.name}: a wave of {duration:.3g} s has not ended after {deadline.seconds:.3g} s"
                )
