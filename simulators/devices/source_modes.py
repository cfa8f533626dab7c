"""Arming Delta, Pulse Delta and Differential Conductance of a 6221: what is checked, what the meter is told.

Source: 6220/6221 reference manual, chapters on Delta, Pulse Delta and Differential Conductance.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator
from typing import ClassVar

from instruments.scpi import SETTINGS_CONFLICT, ScpiError
from instruments.tables.keithley6221 import LARGEST, RANGES
from simulators.devices.nanovolt_link import BE_SILENT, TAKE, TALK, TALK_OF_PULSES
from simulators.devices.source_arithmetic import (
    ConductanceSweep,
    conductance_level,
    conductance_sweep,
    filtered_sweep,
    pulse_window,
)
from simulators.devices.source_buffer import CAPACITY
from simulators.devices.source_link import Talk
from simulators.devices.source_measuring import MeasuringSource
from simulators.devices.source_output import fits, range_index
from simulators.devices.source_pulses import PulsePlan, PulseRun
from simulators.devices.source_runs import Averaging, ConductanceRun, DeltaRun, MeasuringRun
from simulators.exchange import command, query
from simulators.program_message import Outcome

CONDUCTANCE_TRUNCATED = 408

PULSE_CYCLES = 5
"""Least interval between pulses in power line cycles."""

ZERO_READINGS = 6
"""Readings with and without front autozero from which the V-zero is worked out (assumed: about 3 s at 5 PLC)."""

_ZERO_PATIENCE = 10.0
"""s; a reading at 60 PLC with autozero takes three."""

_SETUP = (TAKE, ":SENS:FUNC 'VOLT'", ":SENS:CHAN 1", ":SYST:FAZ OFF")
"""What the meter is told besides its integration time and triggers (assumed but for the front autozero); every other
setting of it survives (manual)."""

EITHER = ("2182", "2182A")
WITH_PULSES = ("2182A",)
"""Models that a mode works with."""

_OLDEST_FIRMWARE = {"2182": "A10", "2182A": "C01"}

Made = Callable[[float, float], MeasuringRun]
"""Makes a run, given the meter's range and its V-zero, both in V."""


def suitable(identity: str | None, models: tuple[str, ...]) -> bool:
    """Whether what answers *IDN? with this is one of these models, with firmware that knows of a 6221."""
    fields = (identity or "").split(",")
    if len(fields) < 4:
        return False
    model = fields[1].strip().removeprefix("MODEL ")
    return model in models and fields[3].strip()[:3] >= _OLDEST_FIRMWARE[model]


class SourceModes(MeasuringSource):
    """The commands of the measuring modes."""

    refuses_equal_levels: ClassVar[bool] = True
    """Whether Delta and Pulse Delta refuse to be armed with two equal levels (unsure)."""
    staircase_goes_on: ClassVar[bool] = False
    """Whether a repeating filter gives as many readings of a staircase as there are without it, the last of which then
    lie up to a step beyond the stop (unsure: the manual has the step divided, and the stop in the last cycle)."""

    _zero = 0.0

    # ---- who is there

    @query("SOUR:DELT:NVPR", "SOUR:DCON:NVPR")
    def _ask_meter(self) -> Outcome:
        return self._ask_presence(EITHER)

    @query("SOUR:PDEL:NVPR")
    def _ask_pulse_meter(self) -> Outcome:
        return self._ask_presence(WITH_PULSES)

    def _ask_presence(self, models: tuple[str, ...]) -> Outcome:
        if not self.linked() or self.measuring():
            return "1" if self.measuring() else "0"
        return self.converse(self._presence(models))

    def _presence(self, models: tuple[str, ...]) -> Talk:
        return f"{suitable((yield '*IDN?'), models):d}"

    @query("SOUR:DCON:NVZ")
    def _ask_zero(self) -> str:
        return f"{self._zero + 0.0:.6E}"

    @query("SOUR:DELT:ARM")
    def _ask_delta_armed(self) -> str:
        return self._armed_as("DELTa")

    @query("SOUR:PDEL:ARM")
    def _ask_pulses_armed(self) -> str:
        return self._armed_as("PDELta")

    @query("SOUR:DCON:ARM")
    def _ask_conductance_armed(self) -> str:
        return self._armed_as("DCONductance")

    def _armed_as(self, name: str) -> str:
        return f"{self.armed is not None and self.armed.name == name:d}"

    # ---- settings with a meaning of their own

    @command("SOUR:DELT:HIGH")
    def _set_delta_high(self, value: float) -> None:
        self.check_change(self.key("SOUR:DELT:HIGH"))
        self.set_value("SOUR:DELT:HIGH", value)
        self.set_value("SOUR:DELT:LOW", -value)

    # ---- arming: what is asked of the settings

    @command("SOUR:DELT:ARM")
    def _arm_delta(self) -> Outcome:
        self.begin_arming()
        levels = self.number("SOUR:DELT:HIGH"), self.number("SOUR:DELT:LOW")
        if levels[0] == levels[1] and self.refuses_equal_levels:
            raise ScpiError(SETTINGS_CONFLICT, "high and low are the same")  # unsure: the number
        index = self._range_for(max(abs(level) for level in levels))
        readings, delay = self.number("SOUR:DELT:COUN"), self.number("SOUR:DELT:DEL")
        abort, cold = self.flag("SOUR:DELT:CAB"), self.flag("SOUR:DELT:CSW")

        def make(full: float, _zero: float) -> MeasuringRun:
            averaging = self._averaging(full)
            return DeltaRun(self, index, readings, averaging, abort=abort, delay=delay, levels=levels, cold=cold)

        return self._arm_mode(make, EITHER, TALK, zero=False)

    @command("SOUR:DCON:ARM")
    def _arm_conductance(self) -> Outcome:
        self.begin_arming()
        start, stop = self.number("SOUR:DCON:STAR"), self.number("SOUR:DCON:STOP")
        step, delta = self.number("SOUR:DCON:STEP"), self.number("SOUR:DCON:DELT")
        if delta == 0.0 or (step == 0.0 and start != stop):
            raise ScpiError(SETTINGS_CONFLICT, "a step of nothing")  # unsure
        if self.flag("SENS:AVER") and self.value("SENS:AVER:TCON") == "MOV":
            raise ScpiError(SETTINGS_CONFLICT, "only the repeating filter goes with a staircase")  # unsure: the number
        count = self._averaging(1.0).size
        points, step = self._staircase(start, stop, step, count)
        truncated, points = points > CAPACITY, min(points, CAPACITY)
        last = points * count + 1
        largest = max(abs(conductance_level(start, step, delta, k)) for k in {0, 1, 2, last - 1, last})
        if largest > LARGEST * (1.0 + 1e-9):
            raise ScpiError(SETTINGS_CONFLICT, f"the staircase goes to {largest} A")  # unsure: the number
        index = self._range_for(largest)
        abort, delay = self.flag("SOUR:DCON:CAB"), self.number("SOUR:DCON:DEL")

        def make(full: float, zero: float) -> MeasuringRun:
            if truncated:
                self.status.report(CONDUCTANCE_TRUNCATED)
            return ConductanceRun(
                self, index, points, self._averaging(full), abort=abort, delay=delay,
                start=start, step=step, delta=delta, zero=zero,
            )  # fmt: skip

        return self._arm_mode(make, EITHER, TALK, zero=True)

    def _staircase(self, start: float, stop: float, step: float, count: int) -> ConductanceSweep:
        """Return how many readings there will be, and the step from cycle to cycle in A."""
        if count == 1 or not self.staircase_goes_on:
            return filtered_sweep(start, stop, step, count)
        points, step = conductance_sweep(start, stop, step)
        return ConductanceSweep(points, step / count)

    @command("SOUR:PDEL:ARM")
    def _arm_pulses(self) -> Outcome:
        self.begin_arming()
        width, delay = self.number("SOUR:PDEL:WIDT"), self.number("SOUR:PDEL:SDEL")
        steps = pulse_window(width, delay)
        if steps < 1:
            raise ScpiError(SETTINGS_CONFLICT, f"{delay} s into a pulse of {width} s nothing can be measured")  # unsure
        swept = self.flag("SOUR:PDEL:SWE")
        plan, readings = self._swept_pulses() if swept else self._equal_pulses()
        abort = swept and self.flag("SOUR:SWE:CAB")  # assumed: pulses of one height have no such setting

        def make(full: float, _zero: float) -> MeasuringRun:
            return PulseRun(self, plan, readings, self._averaging(full), abort=abort)

        return self._arm_mode(make, WITH_PULSES, f"{TALK_OF_PULSES}{steps}", zero=False)

    def _equal_pulses(self) -> tuple[PulsePlan, float]:
        """Pulses of one height, and how many."""
        low, high = self.number("SOUR:PDEL:LOW"), self.number("SOUR:PDEL:HIGH")
        if low == high and self.refuses_equal_levels:
            raise ScpiError(SETTINGS_CONFLICT, "high and low are the same")  # unsure: the number
        largest = max(abs(low), abs(high))
        best = self.value("SOUR:PDEL:RANG") == "BEST"
        index = range_index(largest) if best else self._fixed_range(largest)
        plan = self._pulse_plan((high,), (index,), (round(self.number("SOUR:PDEL:INT")),), None)
        return plan, self.number("SOUR:PDEL:COUN")

    def _swept_pulses(self) -> tuple[PulsePlan, float]:
        """Pulses along a sweep or list, each held for its delay, in whole line cycles (rounded up: assumed)."""
        sweep = self.sweep_plan()
        if not sweep.levels:
            raise ScpiError(SETTINGS_CONFLICT, "the list is empty")
        low = self.number("SOUR:PDEL:LOW")
        for index in set(sweep.ranges):
            if not fits(low, index):
                raise ScpiError(SETTINGS_CONFLICT, f"{low} A on the {RANGES[index]} A range")
        cycles = tuple(max(PULSE_CYCLES, math.ceil(delay * self.line_frequency - 1e-9)) for delay in sweep.delays)
        plan = self._pulse_plan(sweep.levels, sweep.ranges, cycles, sweep.compliances)
        return plan, len(sweep.levels) * self.number("SOUR:SWE:COUN")

    def _pulse_plan(
        self, highs: tuple[float, ...], ranges: tuple[int, ...], cycles: tuple[int, ...],
        compliances: tuple[float, ...] | None,
    ) -> PulsePlan:  # fmt: skip
        width, delay = self.number("SOUR:PDEL:WIDT"), self.number("SOUR:PDEL:SDEL")
        lows = round(self.number("SOUR:PDEL:LME"))
        return PulsePlan(self.number("SOUR:PDEL:LOW"), highs, ranges, cycles, compliances, width, delay, lows)

    def _range_for(self, largest: float) -> int:
        """The range that is fixed, or the smallest that holds all levels where it is automatic (unsure)."""
        return range_index(largest) if self.flag("SOUR:CURR:RANG:AUTO") else self._fixed_range(largest)

    def _fixed_range(self, largest: float) -> int:
        index = self._range
        if not fits(largest, index):
            raise ScpiError(SETTINGS_CONFLICT, f"{largest} A on the {RANGES[index]} A range")  # unsure: the number
        return index

    def _averaging(self, full: float) -> Averaging:
        """The filter as it is set; its window is a part of the meter's range in V."""
        if not self.flag("SENS:AVER"):
            return Averaging()
        window = self.number("SENS:AVER:WIND") / 100.0 * full
        moving = self.value("SENS:AVER:TCON") == "MOV"
        return Averaging(round(self.number("SENS:AVER:COUN")), window or math.inf, moving)

    # ---- arming: what is said to the meter

    def _arm_mode(self, make: Made, models: tuple[str, ...], talk: str, *, zero: bool) -> Outcome:
        """Set the meter up; what was armed is not any more, whatever comes of that."""
        self.disarm()
        return self.converse(self._arming(make, models, talk, zero=zero))

    def _arming(self, make: Made, models: tuple[str, ...], talk: str, *, zero: bool) -> Talk:
        if not suitable((yield "*IDN?"), models):
            raise ScpiError(self.meter_missing, f"no {' or '.join(models)} on the RS-232 link")
        try:
            run = yield from self._prepare_meter(make, talk, zero=zero)
        except (ScpiError, GeneratorExit):
            self.say(BE_SILENT)
            raise
        self.arm_test(run)
        self.prepare_buffer(run.readings)
        return None

    def _prepare_meter(
        self, make: Made, talk: str, *, zero: bool
    ) -> Generator[str | tuple[str, float], str | None, MeasuringRun]:
        """Have the meter wait for triggers; returns what it is to measure."""
        yield ":INIT:CONT OFF"
        yield ":ABOR"
        nplc = self._number_of((yield ":SENS:VOLT:NPLC?"))
        if nplc != round(nplc) or nplc < 1:
            yield ":SENS:VOLT:NPLC 1"
        yield from _SETUP
        full = self._number_of((yield ":SENS:VOLT:RANG?"))
        if zero:
            self._zero = yield from self._acquire_zero()
        yield from (":SAMP:COUN 1", ":TRIG:COUN INF", ":TRIG:DEL 0", ":TRIG:SOUR EXT", talk, ":INIT")
        return make(full, self._zero)

    def _acquire_zero(self) -> Generator[str | tuple[str, float], str | None, float]:
        """What the meter reads more with its front autozero off than with it."""
        yield from (":SAMP:COUN 1", ":TRIG:COUN 1", ":TRIG:SOUR IMM")
        means: list[float] = []
        for state in ("ON", "OFF"):
            yield f":SYST:FAZ {state}"
            total = 0.0
            for _ in range(ZERO_READINGS):
                total += self._number_of((yield ":READ?", _ZERO_PATIENCE))
            means.append(total / ZERO_READINGS)
        return means[1] - means[0]

    def _number_of(self, answer: str | None) -> float:
        """Read a number that the meter has sent.

        Raises:
            ScpiError: It has sent none in time, or something else.
        """
        try:
            return float(answer or "")
        except ValueError:
            raise ScpiError(self.meter_missing, f"the meter answers {answer!r}") from None
