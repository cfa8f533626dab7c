"""Waves of a 6221: sine, square, ramp and arbitrary, for a time or without end, at once or at an external trigger.

Source: 6220/6221 reference manual, chapter on waves.
"""

from __future__ import annotations

import math
from functools import partial
from typing import ClassVar, NamedTuple

import numpy as np

from instruments.scpi import SETTINGS_CONFLICT, TOO_MUCH_DATA, ScpiError
from instruments.tables.keithley6221 import LARGEST, RANGES, TABLE
from instruments.tables.table import INFINITE, Value
from simulators.devices.source_output import fits, range_index
from simulators.devices.source_shapes import one_period, turned
from simulators.devices.source_sweep import LONGEST_LIST, SourceSweep
from simulators.exchange import command, query
from simulators.program_message import Outcome
from simulators.terminals import Marker, SourceTerminals
from simulators.timeline import Event, Timeline

WAVE_STARTED = 0x10
WAVE_STOPPED = 0x80

FEW = 3.0
"""Periods up to which a slow wave is lived through level by level: what it does depends on their order. A longer one
goes through its cycle many times, and acts by its mean over that."""
SLOW = 2e-3
"""s; period from which on a wave is slow."""
_ROUNDING = 1e-9

_SHAPE = TABLE["SOUR:WAVE:ARB:DATA"].header


class WavePlan(NamedTuple):
    """What was loaded when a wave was armed; amplitude, frequency and offset may still change.

    Attributes:
        shape: `SIN`, `SQU`, `RAMP` or the name of an arbitrary wave.
        duty: From 0 to 1.
        points: The arbitrary wave.
        range: Index of the range.
    """

    shape: str
    duty: float
    points: tuple[float, ...]
    range: int


class WaveRun:
    """A wave that is armed."""

    name = "WAVE"

    def __init__(self, device: SourceWave, plan: WavePlan) -> None:
        self._device = device
        self.plan = plan
        self._running = False
        self._waiting = False
        self._since = 0.0
        self._cycles = 0.0
        self._frequency = 1.0
        self._end: Event | None = None
        self._next: Event | None = None
        self._marker: Event | None = None
        self._marked = -1

    # ---- as a program

    def begin(self) -> None:
        """Run from now on; see `Program.begin`."""
        self._running = True
        if self._device.flag("SOUR:WAVE:EXTR"):
            self._wait()
        else:
            self.start()

    def stop(self) -> None:
        """Stop; see `Program.stop`."""
        if self._running:
            self._running = self._waiting = False
            self._cancel()
            self._device.wave_stopped()

    def running(self) -> bool:
        """Whether it has begun and not ended, or waits for its trigger."""
        return self._running

    def ends_at(self) -> float | None:
        """When it ends, None while it has no end."""
        return None if self._end is None else self._end.time

    # ---- trigger

    def _wait(self) -> None:
        """Put out the value at which the wave waits for its trigger."""
        device = self._device
        self._waiting = True
        level = device.number("SOUR:WAVE:OFFS") + device.number("SOUR:WAVE:EXTR:IVAL") * device.number("SOUR:WAVE:AMPL")
        device.source(level, self.plan.range)

    def waits(self) -> bool:
        """Whether it has begun and waits for its trigger."""
        return self._waiting

    def triggered(self) -> None:
        """The external trigger has come: begin, or begin anew."""
        if self._running and (self._waiting or not self._device.flag("SOUR:WAVE:EXTR:IGN")):
            self._cancel()
            self.start()

    # ---- the wave

    def start(self) -> None:
        """Begin with phase 0 now."""
        device = self._device
        self._waiting = False
        self._since, self._cycles = device.timeline.now, 0.0
        self._frequency = device.number("SOUR:WAVE:FREQ")
        device.wave_started()
        duration = device.number("SOUR:WAVE:DUR:TIME")
        self._plan_end(duration if math.isfinite(duration) else self._cycles_left() / self._frequency)
        self._drive()
        self._plan_marker()

    def _cycles_left(self) -> float:
        return self._device.number("SOUR:WAVE:DUR:CYCL") - self._cycles

    def _plan_end(self, rest: float) -> None:
        if self._end is not None:
            self._end.cancel()
        now = self._device.timeline.now
        self._end = self._device.timeline.schedule(now + rest, self._over) if math.isfinite(rest) else None

    def _drive(self) -> None:
        """Drive the wave from the phase at which it is."""
        device, plan = self._device, self.plan
        steps = one_period(plan.shape, self._frequency, plan.duty, plan.points)
        amplitude, offset = device.number("SOUR:WAVE:AMPL"), device.number("SOUR:WAVE:OFFS")
        steps = turned(steps, math.fmod(self._cycles, 1.0) / self._frequency)
        levels = [(duration, offset + amplitude * value) for duration, value in steps]
        if self._next is not None:
            self._next.cancel()
        if self._is_slow():
            self._follow(levels, 0, device.timeline.now)
        else:
            device.source_cycle(levels, plan.range)

    def _is_slow(self) -> bool:
        if self._end is None or self._frequency * SLOW > 1.0 + _ROUNDING:
            return False
        return (self._end.time - self._device.timeline.now) * self._frequency <= FEW + _ROUNDING

    def _follow(self, levels: list[tuple[float, float]], place: int, time: float) -> None:
        """Put out one level after the other until the wave's end.

        Args:
            levels: Of a period, each with its duration in s, in A.
            place: Which of them, counted on over the periods.
            time: Lab time in s at which it begins.
        """
        duration, level = levels[place % len(levels)]
        self._device.source(level, self.plan.range)
        time += duration
        if self._end is not None and time < self._end.time * (1.0 - 1e-15):
            step = partial(self._follow, levels, place + 1, time)
            self._next = self._device.timeline.schedule(time, step)

    def changed(self) -> None:
        """Amplitude, frequency or offset is another one: go on at the phase reached."""
        if not self._running:
            return
        if self._waiting:
            self._wait()
            return
        device = self._device
        now = device.timeline.now
        self._cycles += (now - self._since) * self._frequency
        self._since = now
        frequency = device.number("SOUR:WAVE:FREQ")
        other, self._frequency = frequency != self._frequency, frequency
        if other and not math.isfinite(device.number("SOUR:WAVE:DUR:TIME")):
            self._plan_end(self._cycles_left() / frequency)
        self._drive()
        if other:
            self._plan_marker()

    def _over(self) -> None:
        """The duration is over; a wave with an external trigger waits for the next one (assumed)."""
        self._cancel()
        if self._device.flag("SOUR:WAVE:EXTR"):
            self._device.wave_paused()
            self._wait()
            return
        self._running = False
        self._device.wave_stopped()
        self._device.program_ended(aborted=False)

    # ---- phase marker

    def marker(self) -> Marker | None:
        """Return the pulses of the phase marker, as they come while the wave runs; None while it does not."""
        if not self._running or self._waiting:
            return None
        phase = self._device.number("SOUR:WAVE:PMAR") / 360.0
        return Marker(self._frequency, self._since + (phase - self._cycles) / self._frequency)

    def _plan_marker(self) -> None:
        """A pulse once in every cycle; none is made where nobody can receive it."""
        device = self._device
        if self._marker is not None:
            self._marker.cancel()
            self._marker = None
        if device.trigger_out is None or int(device.number("SOUR:WAVE:PMAR:OLIN")) not in device.connected_lines:
            return
        if device.flag("SOUR:WAVE:PMAR:STAT"):
            now = device.timeline.now
            reached = self._cycles + (now - self._since) * self._frequency
            phase = device.number("SOUR:WAVE:PMAR") / 360.0
            cycle = max(math.ceil(reached - phase - 1e-9), self._marked + 1)
            time = self._since + (cycle + phase - self._cycles) / self._frequency
            self._marker = device.timeline.schedule(time, partial(self._mark, cycle))

    def _mark(self, cycle: int) -> None:
        self._marker, self._marked = None, cycle
        self._device.pulse(int(self._device.number("SOUR:WAVE:PMAR:OLIN")))
        self._plan_marker()

    def _cancel(self) -> None:
        for event in (self._end, self._next, self._marker):
            if event is not None:
                event.cancel()
        self._end = self._next = self._marker = None
        self._marked = -1


class SourceWave(SourceSweep):
    """Waves and their arbitrary shapes.

    Attributes:
        connected_lines: Lines of the trigger link on which somebody may receive a phase marker.
    """

    wave_holds_completion: ClassVar[bool] = False
    """Whether *OPC, *OPC? and *WAI wait for the end of a wave (unsure: most waves have none)."""
    durations_exclude: ClassVar[bool] = True
    """Whether a duration as a time makes that in cycles infinite, and the other way round (unsure)."""
    connected_lines: frozenset[int] = frozenset(range(1, 7))

    def __init__(
        self,
        timeline: Timeline,
        terminals: SourceTerminals,
        line_frequency: float = 50.0,
        calibration: np.random.Generator | None = None,
    ) -> None:
        super().__init__(timeline, terminals, line_frequency, calibration)
        self._shapes: dict[int, tuple[Value, ...]] = {}

    # ---- what a running wave uses

    def wave_started(self) -> None:
        """Show that a wave runs."""
        self.status.operation.renew(WAVE_STARTED, among=WAVE_STOPPED)

    def wave_paused(self) -> None:
        """Show that a wave has come to its end."""
        self.status.operation.renew(WAVE_STOPPED, among=WAVE_STARTED)

    def wave_stopped(self) -> None:
        """Turn the output off."""
        self.wave_paused()
        self.switch_off()

    def phase_marker(self) -> tuple[int, Marker] | None:
        """Return the line of the trigger link that is pulsed once in every period, and when; None where none is."""
        wave = self.armed
        if not isinstance(wave, WaveRun) or not self.flag("SOUR:WAVE:PMAR:STAT"):
            return None
        marker = wave.marker()
        return None if marker is None else (int(self.number("SOUR:WAVE:PMAR:OLIN")), marker)

    def indicates_sweep(self) -> bool:
        """A wave has bits of its own."""
        return not isinstance(self.armed, WaveRun)

    def holds_completion(self) -> bool:
        """Whether what is armed is a pending operation."""
        return self.wave_holds_completion or not isinstance(self.armed, WaveRun)

    def trigger_in(self, line: int) -> None:
        """A pulse has come in on a line of the trigger link."""
        super().trigger_in(line)
        wave = self.armed
        if isinstance(wave, WaveRun) and self.flag("SOUR:WAVE:EXTR") and line == self.value("SOUR:WAVE:EXTR:ILIN"):
            wave.triggered()

    def press_trigger_key(self) -> None:
        """Somebody presses TRIG at the front."""
        super().press_trigger_key()
        if isinstance(self.armed, WaveRun) and self.armed.waits():
            self.armed.triggered()

    def triggered(self) -> Outcome:
        """Carry out *TRG; it starts a wave that waits for a trigger as the pulse on its line does (unsure)."""
        if isinstance(self.armed, WaveRun) and self.armed.waits():
            self.armed.triggered()
            return None
        return super().triggered()

    # ---- commands

    @command("SOUR:WAVE:ARM")
    def _arm_wave(self) -> None:
        """Check the settings and load them.

        Raises:
            ScpiError: The range or the source cannot hold the peak, or there is no such arbitrary wave (-221; unsure:
                -222 for the former).
        """
        self.begin_arming()
        peak = abs(self.number("SOUR:WAVE:OFFS")) + self.number("SOUR:WAVE:AMPL")
        index = range_index(peak) if self.value("SOUR:WAVE:RANG") == "BEST" else self._range
        _check_peak(peak, index)
        shape = str(self.value("SOUR:WAVE:FUNC"))
        points: tuple[float, ...] = ()
        if shape.startswith("ARB"):
            points = self._shape(int(shape.removeprefix("ARB")))
            if not points:
                raise ScpiError(SETTINGS_CONFLICT, f"there is nothing in {shape}")
        plan = WavePlan(shape, self.number("SOUR:WAVE:DCYC") / 100.0, points, index)
        self.arm(WaveRun(self, plan))

    @command("SOUR:WAVE:INIT")
    def _start_wave(self) -> None:
        if not isinstance(self.armed, WaveRun):
            raise ScpiError(SETTINGS_CONFLICT, "no wave is armed")  # unsure: the manual's number is not known
        self.initiate()

    @command("SOUR:WAVE:ABOR")
    def _abort_wave(self) -> None:
        if isinstance(self.armed, WaveRun):
            self.disarm()

    @command("SOUR:WAVE:AMPL")
    def _set_amplitude(self, amplitude: float) -> None:
        self._change_wave("SOUR:WAVE:AMPL", amplitude, abs(self.number("SOUR:WAVE:OFFS")) + amplitude)

    @command("SOUR:WAVE:OFFS")
    def _set_offset(self, offset: float) -> None:
        self._change_wave("SOUR:WAVE:OFFS", offset, abs(offset) + self.number("SOUR:WAVE:AMPL"))

    @command("SOUR:WAVE:FREQ")
    def _set_frequency(self, frequency: float) -> None:
        self._change_wave("SOUR:WAVE:FREQ", frequency, 0.0)

    def _change_wave(self, header: str, value: float, peak: float) -> None:
        """Change a wave that is armed or running too; it keeps its range (unsure), which must hold the peak in A."""
        if isinstance(self.armed, WaveRun):
            _check_peak(peak, self.armed.plan.range)
        self.set_value(header, value)
        if isinstance(self.armed, WaveRun):
            self.armed.changed()

    @command("SOUR:WAVE:DUR:TIME")
    def _set_time(self, duration: float | str) -> None:
        self._set_duration("SOUR:WAVE:DUR:TIME", "SOUR:WAVE:DUR:CYCL", duration)

    @command("SOUR:WAVE:DUR:CYCL")
    def _set_cycles(self, cycles: float | str) -> None:
        self._set_duration("SOUR:WAVE:DUR:CYCL", "SOUR:WAVE:DUR:TIME", cycles)

    def _set_duration(self, header: str, other: str, value: Value) -> None:
        self._change(header, value)
        if self.durations_exclude:
            self.set_value(other, INFINITE)

    @command("SOUR:WAVE:PMAR:OLIN")
    def _set_marker_line(self, line: int) -> None:
        self.set_line("SOUR:WAVE:PMAR:OLIN", line)

    # ---- arbitrary shapes

    def _shape(self, memory: int) -> tuple[float, ...]:
        values = self._list("SOUR:WAVE:ARB:DATA") if memory == 0 else self._shapes.get(memory, ())
        return tuple(float(value) for value in values if isinstance(value, float | int))

    @command("SOUR:WAVE:ARB:APP")
    def _append_shape(self, values: tuple[float, ...]) -> None:
        present = self._list("SOUR:WAVE:ARB:DATA")
        if len(present) + len(values) > LONGEST_LIST:
            raise ScpiError(TOO_MUCH_DATA, "SOUR:WAVE:ARB:DATA")
        self.set_value("SOUR:WAVE:ARB:DATA", (*present, *values))

    @query("SOUR:WAVE:ARB:POIN")
    def _ask_shape_points(self) -> str:
        return str(len(self._list("SOUR:WAVE:ARB:DATA")))

    @command("SOUR:WAVE:ARB:COPY")
    def _copy_shape(self, memory: int) -> None:
        points = self._list("SOUR:WAVE:ARB:DATA")
        if not points:
            raise ScpiError(SETTINGS_CONFLICT, "there is nothing to copy")
        self._shapes[memory] = points

    def power_cycle(self) -> None:
        """Switch off and on: of the arbitrary waves, only those that were copied are left."""
        super().power_cycle()
        self.settings[_SHAPE] = ()


def _check_peak(peak: float, index: int) -> None:
    if peak > LARGEST * (1.0 + 1e-12) or not fits(peak, index):
        raise ScpiError(SETTINGS_CONFLICT, f"{peak} A at the peak, on the {RANGES[index]} A range")
