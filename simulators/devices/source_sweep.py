"""Sweeps of a 6221: straight, logarithmic, and along lists.

Levels follow each other at exact lab times: each begins when the one before it has been held for its delay.

Source: 6220/6221 reference manual, chapter on sweeps.
"""

from __future__ import annotations

import math
from typing import ClassVar, Literal, NamedTuple

from instruments.scpi import SETTINGS_CONFLICT, TOO_MUCH_DATA, ScpiError
from instruments.tables.keithley6221 import LARGEST, RANGES
from instruments.tables.table import Value
from simulators.devices.source_output import COMPLIANCE, LEVEL, RANGE, fits, range_index
from simulators.devices.source_trigger import SourceTrigger
from simulators.exchange import command, query

LONGEST_LIST = 65535

_SMALLEST_STEP = 1e-13
_ROUNDING = 1e-9  # of a step: how far the last level may lie beyond the stop


class SweepPlan(NamedTuple):
    """The levels of a sweep, as they are loaded when it is armed.

    Attributes:
        levels: A.
        ranges: Index of the range of each level.
        delays: How long each is held, in s.
        compliances: V at each level; None where that of the DC source holds.
    """

    levels: tuple[float, ...]
    ranges: tuple[int, ...]
    delays: tuple[float, ...]
    compliances: tuple[float, ...] | None


class SweepRun:
    """A sweep that is armed: what the two layers walk through."""

    name = "SWEep"

    def __init__(self, device: SourceSweep, plan: SweepPlan, count: float, abort_on_compliance: bool) -> None:
        self._device = device
        self._plan = plan
        self._count = count
        self._abort = abort_on_compliance
        self._duration = math.fsum(plan.delays)
        self._left = 0.0
        self._index = 0
        self._running = False
        self._step_at = 0.0

    def begin(self) -> None:
        """Run from now on; see `Program.begin`."""
        self._left, self._running = self._count, True
        self._device.walk_layers(self)

    def stop(self) -> None:
        """Stop; see `Program.stop`."""
        if self._running:
            self._running = False
            if self._device.abort_ends_output:
                self._device.switch_off()

    def running(self) -> bool:
        """Whether it has begun and not ended."""
        return self._running

    def ends_at(self) -> float | None:
        """When it ends, if nothing but time is waited for and the arm layer does not go by its timer."""
        if math.isinf(self._left) or not self._device.goes_by_itself():
            return None
        rest = math.fsum(self._plan.delays[self._index :])
        return self._step_at + self._held() + rest + (self._left - 1) * self._duration

    def _held(self) -> float:
        return self._plan.delays[self._index - 1] if self._index else 0.0

    def enter(self) -> None:
        """Begin anew with the first level."""
        self._index = 0

    def step(self) -> float:
        """Put out the next level; return its delay in s."""
        device, plan, index = self._device, self._plan, self._index
        self._index, self._step_at = index + 1, device.timeline.now
        compliance = None if plan.compliances is None else plan.compliances[index]
        device.put_out_step(plan.levels[index], plan.ranges[index], compliance)
        if self._abort and device.in_compliance():
            device.abort()
            return 0.0
        return plan.delays[index]

    def more(self) -> bool:
        """A level has been held; one that was clamped meanwhile counts as in compliance."""
        device = self._device
        if device.clamped_since(self._step_at) and self._abort:
            device.abort()
            return False
        return self._index < len(self._plan.levels)

    def again(self) -> bool:
        """Whether the sweep is to be repeated."""
        self._left -= 1
        return self._left > 0

    def leave(self) -> None:
        """The last level has been held."""
        self._running = False
        if not self._device.sweep_ends_at_last_level:
            self._device.switch_off()
        else:
            self._device.resume_direct()


class SourceSweep(SourceTrigger):
    """Sweeps and their lists."""

    sweep_ends_at_last_level: ClassVar[bool] = True
    """Whether the output stays on at the last level when a sweep is done (unsure; else 0 A, output off)."""
    abort_ends_output: ClassVar[bool] = True
    """Whether a sweep that is aborted leaves 0 A and the output off (unsure; else the level at which it was)."""
    short_delays: ClassVar[Literal["refused", "held"]] = "refused"
    """What becomes of a list of delays that is shorter than that of currents (unsure): arming is refused with -221, or
    its last value holds for the rest."""
    needs_compliances: ClassVar[bool] = False
    """Whether a list of compliances of another length than that of currents refuses arming with -221 (unsure); else the
    compliance of DC holds for all. Public programs send currents and delays only, under SOUR:CURR:COMP."""
    refused_arming_disarms: ClassVar[bool] = True
    """Whether an ARM that is refused leaves nothing armed (unsure; else what was armed before goes on)."""
    ends_follow: ClassVar[bool] = True
    """Whether STARt and STOP hang together with CENTer and SPAN, and STEP with POINts (unsure: as in other sources of
    the maker)."""

    # ---- what a running sweep uses

    def put_out_step(self, level: float, index: int, compliance: float | None) -> None:
        """Put out a level of a sweep; the settings show it."""
        self.settings[LEVEL] = self.source(level, index, compliance)
        self.settings[RANGE] = RANGES[index]
        self._range = index

    def resume_direct(self) -> None:
        """The output belongs to the DC source again, with its compliance: the list's or a former one ends (assumed)."""
        if self.number("SOUR:CURR:COMP") != self._driven_compliance:
            self._drive()

    def in_compliance(self) -> bool:
        """Whether the compliance voltage limits the current now."""
        return self._terminals.in_compliance()

    def clamped_since(self, time: float) -> bool:
        """Whether it did at any moment since a lab time in s; if so, that is remembered as an event."""
        clamped = self._terminals.clamped_since(time)
        if clamped:
            self.status.measurement.flash(COMPLIANCE)
        return clamped

    def goes_by_itself(self) -> bool:
        """Whether neither layer waits for anything."""
        return self.value("ARM:SOUR") == "IMM" and self.value("TRIG:SOUR") == "IMM"

    # ---- arming

    def begin_arming(self) -> None:
        """What was armed is not any more, whatever comes of this."""
        if self.refused_arming_disarms:
            self.disarm()

    def sweep_plan(self) -> SweepPlan:
        """Return what the present settings make of a sweep.

        Raises:
            ScpiError: They contradict each other (-221).
        """
        spacing = self.value("SOUR:SWE:SPAC")
        if spacing == "LIST":
            levels = self._currents("SOUR:LIST:CURR")
            delays = self._delays(levels)
            compliances = self._compliances(levels)
        else:
            levels = self._straight() if spacing == "LIN" else self._logarithmic()
            delays = (self.number("SOUR:DEL"),) * len(levels)
            compliances = None
        return SweepPlan(levels, self._ranges(levels), delays, compliances)

    def _currents(self, header: str) -> tuple[float, ...]:
        return tuple(float(value) for value in self._list(header) if isinstance(value, float | int))

    def _delays(self, levels: tuple[float, ...]) -> tuple[float, ...]:
        """Return the delay of each level of a list."""
        delays = self._currents("SOUR:LIST:DEL")
        if len(delays) == len(levels):
            return delays
        if self.short_delays == "refused" or not delays or len(delays) > len(levels):
            raise ScpiError(SETTINGS_CONFLICT, f"{len(delays)} delays for {len(levels)} currents")
        return delays + (delays[-1],) * (len(levels) - len(delays))

    def _compliances(self, levels: tuple[float, ...]) -> tuple[float, ...] | None:
        """Return the compliance of each level of a list; None where that of DC holds for all."""
        compliances = self._currents("SOUR:LIST:COMP")
        if len(compliances) == len(levels):
            return compliances
        if self.needs_compliances:
            raise ScpiError(SETTINGS_CONFLICT, f"{len(compliances)} compliances for {len(levels)} currents")
        return None

    def _straight(self) -> tuple[float, ...]:
        start, stop = self.number("SOUR:CURR:STAR"), self.number("SOUR:CURR:STOP")
        step = math.copysign(self.number("SOUR:CURR:STEP"), stop - start)
        points = _points(start, stop, abs(step))
        if points > LONGEST_LIST:
            raise ScpiError(SETTINGS_CONFLICT, f"{points} points, at most {LONGEST_LIST}")
        return tuple(start + index * step for index in range(points))

    def _logarithmic(self) -> tuple[float, ...]:
        start, stop = self.number("SOUR:CURR:STAR"), self.number("SOUR:CURR:STOP")
        points = round(self.number("SOUR:SWE:POIN"))
        if start * stop <= 0.0:
            raise ScpiError(SETTINGS_CONFLICT, f"a logarithmic sweep from {start} A to {stop} A")
        if points == 1:
            return (start,)
        return tuple(start * (stop / start) ** (index / (points - 1)) for index in range(points))

    def _ranges(self, levels: tuple[float, ...]) -> tuple[int, ...]:
        """Return the range of each level: the best for all of them, each its own, or the one that is set."""
        ranging = self.value("SOUR:SWE:RANG")
        if ranging == "AUTO":
            return tuple(range_index(level) for level in levels)
        largest = max((abs(level) for level in levels), default=0.0)
        index = range_index(largest) if ranging == "BEST" else self._range
        if not fits(largest, index):
            raise ScpiError(SETTINGS_CONFLICT, f"{largest} A on the {RANGES[index]} A range")
        return (index,) * len(levels)

    @command("SOUR:SWE:ARM")
    def _arm_sweep(self) -> None:
        self.begin_arming()
        plan = self.sweep_plan()
        if not plan.levels:
            raise ScpiError(SETTINGS_CONFLICT, "the list is empty")
        self.arm(SweepRun(self, plan, self.number("SOUR:SWE:COUN"), self.flag("SOUR:SWE:CAB")))

    # ---- settings that hang together

    @command("SOUR:CURR:STAR")
    def _set_start(self, level: float) -> None:
        self._set_end("SOUR:CURR:STAR", level)

    @command("SOUR:CURR:STOP")
    def _set_stop(self, level: float) -> None:
        self._set_end("SOUR:CURR:STOP", level)

    def _set_end(self, header: str, level: float) -> None:
        self._change(header, level)
        if self.ends_follow:
            start, stop = self.number("SOUR:CURR:STAR"), self.number("SOUR:CURR:STOP")
            self.set_value("SOUR:CURR:CENT", (start + stop) / 2)
            self.set_value("SOUR:CURR:SPAN", max(abs(stop - start), 2 * _SMALLEST_STEP))
            self._count_points()

    @command("SOUR:CURR:CENT")
    def _set_center(self, level: float) -> None:
        self._set_middle(level, self.number("SOUR:CURR:SPAN"))

    @command("SOUR:CURR:SPAN")
    def _set_span(self, width: float) -> None:
        self._set_middle(self.number("SOUR:CURR:CENT"), width)

    def _set_middle(self, center: float, width: float) -> None:
        """Both at once, since each moves the ends."""
        start, stop = center - width / 2, center + width / 2
        if self.ends_follow and max(abs(start), abs(stop)) > LARGEST:
            raise ScpiError(SETTINGS_CONFLICT, f"a sweep from {start} A to {stop} A")
        self._change("SOUR:CURR:CENT", center)
        self._change("SOUR:CURR:SPAN", width)
        if self.ends_follow:
            self.set_value("SOUR:CURR:STAR", start)
            self.set_value("SOUR:CURR:STOP", stop)
            self._count_points()

    @command("SOUR:CURR:STEP")
    def _set_step(self, step: float) -> None:
        self._change("SOUR:CURR:STEP", step)
        if self.ends_follow:
            self._count_points()

    @command("SOUR:SWE:POIN")
    def _set_points(self, points: int) -> None:
        """In a straight sweep the step follows, as far as it can be set."""
        self._change("SOUR:SWE:POIN", points)
        width = abs(self.number("SOUR:CURR:STOP") - self.number("SOUR:CURR:STAR"))
        if self.ends_follow and self.value("SOUR:SWE:SPAC") == "LIN" and points > 1:
            step = width / (points - 1)
            if _SMALLEST_STEP <= step <= LARGEST:
                self.set_value("SOUR:CURR:STEP", step)

    def _count_points(self) -> None:
        """In a straight sweep the number of points follows, as far as there can be so many."""
        if self.value("SOUR:SWE:SPAC") != "LIN":
            return
        start, stop = self.number("SOUR:CURR:STAR"), self.number("SOUR:CURR:STOP")
        points = _points(start, stop, self.number("SOUR:CURR:STEP"))
        if points <= LONGEST_LIST:
            self.set_value("SOUR:SWE:POIN", points)

    def _change(self, header: str, value: Value) -> None:
        self.check_change(self.key(header))
        self.set_value(header, value)

    # ---- lists

    @command("SOUR:LIST:CURR:APP")
    def _append_currents(self, values: tuple[float, ...]) -> None:
        self._append("SOUR:LIST:CURR", values)

    @command("SOUR:LIST:DEL:APP")
    def _append_delays(self, values: tuple[float, ...]) -> None:
        self._append("SOUR:LIST:DEL", values)

    @command("SOUR:LIST:COMP:APP")
    def _append_compliances(self, values: tuple[float, ...]) -> None:
        self._append("SOUR:LIST:COMP", values)

    @query("SOUR:LIST:CURR:POIN")
    def _ask_currents(self) -> str:
        return str(len(self._list("SOUR:LIST:CURR")))

    @query("SOUR:LIST:DEL:POIN")
    def _ask_delays(self) -> str:
        return str(len(self._list("SOUR:LIST:DEL")))

    @query("SOUR:LIST:COMP:POIN")
    def _ask_compliances(self) -> str:
        return str(len(self._list("SOUR:LIST:COMP")))

    def _list(self, header: str) -> tuple[Value, ...]:
        values = self.value(header)
        assert isinstance(values, tuple)
        return values

    def _append(self, header: str, values: tuple[float, ...]) -> None:
        present = self._list(header)
        if len(present) + len(values) > LONGEST_LIST:
            raise ScpiError(TOO_MUCH_DATA, header)
        self.set_value(header, (*present, *values))


def _points(start: float, stop: float, step: float) -> int:
    """Count the levels of a straight sweep: both ends, if the step divides what lies between them."""
    return math.floor(abs(stop - start) / step + _ROUNDING) + 1
