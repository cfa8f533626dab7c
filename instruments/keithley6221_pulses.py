"""Single current pulses of a 6221, and pulses of any shape, timed by the source itself.

From 1 ms on a pulse is a list sweep of 0, height, 0; shorter ones, and those of another shape, are one period of an
arbitrary wave. A program that switches the current by itself is off by ten milliseconds.

Source: 6220/6221 reference manual, chapters on sweeps and on waves.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from instruments.errors import BadValue
from instruments.forms import exact, finite, of_kind, within
from instruments.keithley6221_core import COMPLIANCE, CURRENT
from instruments.keithley6221_sweeps import ListSweep, check_range
from instruments.keithley6221_waves import Wave, WaveModes

SHORTEST_STEP = 1e-3
"""s; the shortest delay of a list sweep."""

AROUND = 1e-3
"""s at 0 A before and after a pulse in a list."""

POINTS = 10
"""Of the wave that makes a short pulse; the first and the last of them are zero."""

EXAMPLE = "[Pulse(height=1e-3, width=1e-3)]"
"""What somebody could have meant who gives something else for pulses."""

_WIDTH = within("width", 10e-6, 999999.999, "s")
_STEP = within("step", 1e-6, 1.0, "s")


@dataclass(frozen=True, slots=True)
class Pulse:
    """A current pulse.

    Attributes:
        height: A, of either sign.
        width: s, from 10e-6 on.
    """

    height: float
    width: float


@dataclass(frozen=True, slots=True)
class PulseReport:
    """A pulse as it was made.

    Attributes:
        height: A, as it was set; less has flowed where it was clamped.
        width: s, as it was set.
        clamped: Whether the source was in compliance at any time of it: then height, energy and switching
            probability are not those of the set current.
        start: When the current rose, in s of the driver's clock; what a message takes is not in it.
    """

    height: float
    width: float
    clamped: bool
    start: float


class PulseModes(WaveModes):
    """Pulses, each as one call."""

    def pulse(
        self, height: float, width: float, *, compliance: float, source_range: float | None = None
    ) -> PulseReport:
        """Make one pulse whose width the source times.

        Before and after, the level is 0 A, and output and range are as they were found. An output that was on stays on
        across a pulse of at least 1 ms; behind a shorter one the source turns it off by itself, at 0 A, and it is
        turned on again. What the pulse has done is read afterwards, with a small current.

        Args:
            height: A, of either sign, at most 0.105.
            width: s, from 10e-6 on; the source settles in 2 to 5 us with the fast response.
            compliance: V, rounded down to 10 mV.
            source_range: A; the one that holds the height unless given.

        Raises:
            BadValue: A value is none that it can be; nothing was sent.
            LimitExceeded: A value is out of range; nothing was sent.
            InstrumentError: The source refused something.
            DeadlinePassed: The pulse did not end in time.
            NoReply: The source did not answer.
            GarbledReply: A reply was damaged.
        """
        level, lasting = _checked(height, width)
        COMPLIANCE(compliance)
        if source_range is not None:
            check_range(source_range, abs(level))
        make = self._long_pulse if lasting >= SHORTEST_STEP else self._short_pulse
        clamped, start = make(level, lasting, compliance, source_range)
        return PulseReport(level, lasting, clamped, start)

    def pulses(
        self, pulses: Iterable[Pulse], *, rest: float, compliance: float, source_range: float | None = None
    ) -> list[PulseReport]:
        """Make pulses one after the other, each with its own compliance bit; see `pulse`.

        The rest between them is timed by the driver's clock and longer by what the commands take. For a train whose
        gaps are the source's own see `sweep` with a `ListSweep`, which has one compliance bit for all.

        Args:
            pulses: Checked before the first one is made.
            rest: From the end of one to the beginning of the next, at least, in s.
            compliance: See `pulse`.
            source_range: See `pulse`.

        Raises:
            BadValue: As `pulse`.
            InstrumentFault: As `pulse`; the pulses that are left are not made.
        """
        of_kind("pulses", pulses, Iterable, EXAMPLE)
        wanted = list(pulses)
        for pulse in wanted:
            of_kind("one of the pulses", pulse, Pulse, EXAMPLE)
        planned = [Pulse(*_checked(pulse.height, pulse.width)) for pulse in wanted]
        if finite("rest", rest, "s") < 0.0:
            raise BadValue(f"rest cannot be {rest!r} s; nothing was sent")
        reports: list[PulseReport] = []
        for pulse in planned:
            if reports:
                self.clock.sleep(rest)
            reports.append(self.pulse(pulse.height, pulse.width, compliance=compliance, source_range=source_range))
        return reports

    def shape(
        self, levels: Sequence[float], step: float, *, compliance: float, source_range: float | None = None
    ) -> PulseReport:
        """Make one pulse of any shape: levels one after the other, all for the same time.

        It is one period of an arbitrary wave, behind which the source turns its output off, at 0 A; output and range
        are then as they were found. On a list sweep's shortest step of 1 ms a shape would be a staircase.

        Args:
            levels: A, 3 to 65,535 of them, the first and the last of them 0 and one at least not.
            step: s that each lasts.
            compliance: V, rounded down to 10 mV.
            source_range: A; the one that holds the largest level unless given.

        Returns:
            Its largest level, how long all of it lasts, and whether it was clamped.

        Raises:
            BadValue: A value is none that it can be; nothing was sent.
            LimitExceeded: A value is out of range; nothing was sent.
            InstrumentError: The source refused something.
            DeadlinePassed: It did not end in time.
            NoReply: The source did not answer.
            GarbledReply: A reply was damaged.
        """
        of_kind("levels", levels, Sequence, "[0.0, 1e-3, 5e-4, 0.0]")
        wanted = [float(CURRENT(finite("one of the levels", level, "A"))) for level in levels]
        if len(wanted) < 3 or wanted[0] or wanted[-1] or not any(wanted):
            raise BadValue(
                f"a shape of {len(wanted)} levels, from {exact(wanted[0]) if wanted else 'nothing'} A to "
                f"{exact(wanted[-1]) if wanted else 'nothing'} A, is none: it takes three or more, begins and ends at "
                "0 A and is not 0 A all the time; nothing was sent"
            )
        lasting = len(wanted) * float(_STEP(step))
        COMPLIANCE(compliance)
        largest = max(wanted, key=abs)
        points = tuple(level / abs(largest) for level in wanted)
        clamped, start = self._once(points, abs(largest), lasting, compliance, source_range)
        return PulseReport(largest, lasting, clamped, start)

    def _long_pulse(
        self, height: float, width: float, compliance: float, source_range: float | None
    ) -> tuple[bool, float]:
        """Return whether it was clamped, and when it began.

        The list begins and ends at 0 A, since the source may wait at its first level and stays at its last.
        """
        pulse = ListSweep((0.0, height, 0.0), (AROUND, width, AROUND))
        report = self.sweep(
            pulse,
            compliance=compliance,
            ranging="best" if source_range is None else "fixed",
            source_range=source_range,
            compliance_abort=False,
        )
        return report.clamped, report.start + AROUND

    def _short_pulse(
        self, height: float, width: float, compliance: float, source_range: float | None
    ) -> tuple[bool, float]:
        """Return the same.

        It is one period of a wave that is zero for its first and its last tenth, so that the output goes off at 0 A.
        """
        sign, inside = (1.0 if height > 0 else -1.0), POINTS - 2
        period = width * POINTS / inside
        clamped, start = self._once((0.0, *[sign] * inside, 0.0), abs(height), period, compliance, source_range)
        return clamped, start + period / POINTS

    def _once(
        self, points: tuple[float, ...], amplitude: float, period: float, compliance: float, source_range: float | None
    ) -> tuple[bool, float]:
        """Make one period of an arbitrary wave; return whether it was clamped, and when it began."""
        wave = Wave("arbitrary", amplitude, 1.0 / period, duration=period, points=points, source_range=source_range)
        wave.check()
        with self.safely():
            before = self._at_zero(compliance)
            self._load_wave(wave, compliance)
            start = self.clock.now()
            self._begin(":SOUR:WAVE:INIT")
            clamped = self._await_wave(period)
            self._leave(before)
        return clamped, start


def _checked(height: float, width: float) -> tuple[float, float]:
    """Return height in A and width in s of a pulse that can be made."""
    level = float(CURRENT(finite("height", height, "A")))
    if level == 0.0:
        raise BadValue("the height of a pulse is not 0 A; nothing was sent")
    return level, float(_WIDTH(width))
