"""The comparisons that the guard makes for a 6221: single values, and what armed modes would drive."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import cast

from instruments.guard import settings as setting
from instruments.guard.averages import Mean, means, steady, taken
from instruments.guard.limits import Bound, Limits, shown
from instruments.guard.messages import Command
from instruments.guard.modes import Course, NotKnown, courses, exact
from instruments.guard.sentences import Speaker
from instruments.guard.settings import key
from instruments.guard.state import STEPS, Possible, State, range_index, rounded
from instruments.tables.keithley6221 import RANGES

_OPTIONAL = re.compile(r"\[[^\[\]]*\]")  # the innermost of what can be left out of a header

_CLOSE = 1.0 - 1e-12
"""A mean that is at its limit can be off in the sixteenth digit."""

SHORT_PULSE = 0.1
"""s; the longest pulse where the station sets no limit (assumed)."""


class SourceChecks:
    """Compares with the limits.

    Args:
        speaker: Words the refusals.
        limits: What must not be exceeded.
        unseen: Whether what cannot be seen may happen.

    Attributes:
        bounds: What a command's number is called and what bounds it, by header; half of the number where it is the
            distance between two levels.
    """

    def __init__(self, speaker: Speaker, limits: Limits, *, unseen: bool) -> None:
        self._speaker = speaker
        self._limits = limits
        self._unseen = unseen
        self._steady = limits.current.exact
        self._averages = limits.average_power is not None or limits.average_current is not None
        self.bounds = self._make_bounds()

    def _make_bounds(self) -> dict[str, tuple[str, Bound, float]]:
        steady, pulse, voltage = self._limits.current, self._limits.pulse_current, self._limits.voltage
        step = key("SOUR:CURR:STEP")
        return {
            setting.LEVEL: ("the current", steady, 1.0),
            setting.COMPLIANCE: ("the compliance", voltage, 1.0),
            setting.START: ("the start of the sweep", pulse, 1.0),
            setting.STOP: ("the end of the sweep", pulse, 1.0),
            setting.CENTER: ("the centre of the sweep", pulse, 1.0),
            setting.SPAN: ("half of the sweep's span", pulse, 0.5),
            step: ("half of the sweep's step", pulse, 0.5),
            setting.LIST_CURRENT: ("a current of the list", pulse, 1.0),
            setting.LIST_COMPLIANCE: ("a compliance of the list", voltage, 1.0),
            key("SOUR:LIST:CURR:APP"): ("a current of the list", pulse, 1.0),
            key("SOUR:LIST:COMP:APP"): ("a compliance of the list", voltage, 1.0),
            setting.AMPLITUDE: ("the wave's amplitude", pulse, 1.0),
            setting.OFFSET: ("the wave's offset", pulse, 1.0),
            setting.DELTA_HIGH: ("the high level of Delta", steady, 1.0),
            setting.DELTA_LOW: ("the low level of Delta", steady, 1.0),
            setting.PULSE_HIGH: ("the pulse of Pulse Delta", pulse, 1.0),
            setting.PULSE_LOW: ("the low level of Pulse Delta", pulse, 1.0),
            setting.CONDUCTANCE_START: ("the start of Differential Conductance", steady, 1.0),
            setting.CONDUCTANCE_STOP: ("the end of Differential Conductance", steady, 1.0),
            setting.CONDUCTANCE_STEP: ("half of the step of Differential Conductance", steady, 0.5),
            setting.CONDUCTANCE_DELTA: ("the modulation of Differential Conductance", steady, 1.0),
        }

    def _check(self, what: str, value: float, bound: Bound, command: Command, why: Callable[[], str] = str) -> None:
        """Refuse what is beyond a bound; why it is so much is worded only then, since wording takes longer than all."""
        if abs(value) > bound.value:
            raise self._speaker.beyond(what, abs(value), bound, command.text, why())

    def numbers(self, header: str, numbers: tuple[float, ...], command: Command) -> None:
        """Refuse numbers that alone exceed what bounds them, as they are or rounded to the steps of their own range.

        Raises:
            LimitExceeded: One does.
        """
        bounded = self.bounds.get(header)
        if bounded is None:
            return
        what, bound, part = bounded
        for number in numbers:
            self._check(what, number * part, bound, command)
            if header != setting.LEVEL and bound.name.endswith("current") and part == 1.0:
                self._rounded(what, number, range_index(number), bound, command)

    def level(self, level: float, state: State, command: Command) -> None:
        """Refuse a level that the range on which the source may stand rounds to more than the limit.

        Raises:
            LimitExceeded: It does.
        """
        for index in state.candidates(level):
            self._rounded("the current", level, index, self._limits.current, command)

    def _rounded(self, what: str, value: float, index: int, bound: Bound, command: Command) -> None:
        if abs(value) + STEPS[index] < bound.value:
            return
        taken = rounded(value, index)
        if taken > bound.exact:
            why = f"{shown(value, 'A')} rounded on the {shown(RANGES[index], 'A')} range"
            self._check(what, float(taken), bound, command, lambda: why)

    def power(self, state: State, current: float, command: Command) -> None:
        """Refuse a current in A that could give too much power with the compliance that is set.

        Raises:
            LimitExceeded: It could.
        """
        voltage = max(state.numbers(setting.COMPLIANCE) or (0.0,))
        self._check_power(exact(current), voltage, command)
        if self._averages:
            self._check_mean("the current", steady(taken(state, current)), voltage, command)

    def _check_power(self, current: Decimal, voltage: float, command: Command) -> None:
        power = self._limits.power
        if power is not None:
            most = float(current * exact(voltage))
            self._check("the power, current times compliance,", most, power, command)

    def voltage(self, state: State, header: str, command: Command) -> float:
        """Return the highest compliance in V that may be set, since whatever turns the output on depends on it.

        Args:
            state: The settings.
            header: Where the compliance is set.
            command: What turns the output on.

        Raises:
            LimitExceeded: It exceeds the limit, or nobody knows it.
        """
        found = state.values.get(header)
        if found is None and not self._unseen:
            raise self._speaker.unknown(spelled(header), command.text)
        highest = max(flat(found or ()), default=0.0)
        self._check("the compliance, as it is set,", highest, self._limits.voltage, command)
        return highest

    def judge_mode(self, state: State, mode: str, command: Command) -> None:
        """Judge what a mode would drive, with the settings as they are.

        Raises:
            LimitExceeded: It would exceed a limit, or may, since a setting is not known.
        """
        voltage = self.voltage(state, setting.COMPLIANCE, command)
        steps = mode == setting.SWEEP or (
            mode == setting.PULSE_DELTA and state.values.get(setting.PULSE_SWEEP) != (False,)
        )
        if steps and "LIST" in state.values.get(setting.SPACING, ()):
            voltage = max(voltage, self.voltage(state, setting.LIST_COMPLIANCE, command))
        try:
            for course in courses(mode, state, self._steady):
                self._judge_course(_as_taken(course, state), voltage, command)
            for what, mean in means(mode, state) if self._averages else ():
                self._check_mean(what, mean, voltage, command)
        except NotKnown as unknown:
            if not self._unseen:
                raise self._speaker.unknown(spelled(str(unknown)), command.text) from None

    def _judge_course(self, course: Course, voltage: float, command: Command) -> None:
        limits, peak = self._limits, float(course.peak)
        if course.peak > self._steady:
            longest = SHORT_PULSE if limits.pulse_width is None else limits.pulse_width.value
            if course.width > longest:
                lasting = "without end" if course.width == float("inf") else f"for {shown(course.width, 's')}"
                why = f"{lasting}, and what lasts longer than {shown(longest, 's')} is no pulse"
                self._check(course.what, peak, limits.current, command, lambda: why)
            self._check(course.what, peak, limits.pulse_current, command)
            if limits.pulse_energy is not None:
                most = float(course.peak * exact(voltage) * exact(course.width))
                self._check(
                    f"the energy of {course.what}", most, limits.pulse_energy, command,
                    lambda: f"{shown(peak, 'A')} times {shown(voltage, 'V')} of compliance times "
                    f"{shown(course.width, 's')}",
                )  # fmt: skip
        self._check_power(course.peak, voltage, command)

    def _check_mean(self, what: str, mean: Mean, voltage: float, command: Command) -> None:
        """Refuse what is too much on average over some stretch of time, though none of it may be too much by itself."""
        limits, window = self._limits, self._limits.window

        def over() -> str:
            return f"over the {shown(window, 's')} in which it is highest"

        if limits.average_power is not None:
            most = mean(window, 1) * voltage * _CLOSE
            self._check(
                f"the average power of {what}", most, limits.average_power, command,
                lambda: f"times {shown(voltage, 'V')} of compliance, {over()}",
            )  # fmt: skip
        if limits.average_current is not None:
            most = math.sqrt(mean(window, 2)) * _CLOSE
            self._check(f"the average (rms) of {what}", most, limits.average_current, command, over)

    def compliance(self, value: float, command: Command) -> float:
        """Refuse a compliance that is too high, also once it is rounded; return the higher of the two, in V.

        Raises:
            LimitExceeded: It is.
        """
        self.numbers(setting.COMPLIANCE, (value,), command)
        taken = round(value * 100.0) / 100.0
        self._check(
            "the compliance", taken, self._limits.voltage, command, lambda: f"{shown(value, 'V')} rounded to 10 mV"
        )
        return max(value, taken)


def _as_taken(course: Course, state: State) -> Course:
    """Round a course's current on the ranges on which the source may stand: a coarse one can drive more than is set."""
    peak = float(course.peak)
    index = max(state.candidates(peak), key=lambda index: rounded(peak, index))
    taken = rounded(peak, index)
    if taken <= course.peak:
        return course
    return replace(course, what=f"{course.what} rounded on the {shown(RANGES[index], 'A')} range", peak=taken)


def flat(possible: Possible) -> tuple[float, ...]:
    """Return all numbers among values, which can be lists themselves."""
    found: list[float] = []
    for value in possible:
        if isinstance(value, tuple):
            found.extend(cast("tuple[float, ...]", value))
        elif isinstance(value, int | float):
            found.append(float(value))
    return tuple(found)


def spelled(header: str) -> str:
    """Return a header as it is typed: `[SOURce[1]:]CURRent[:LEVel]...` as `SOURce:CURRent`."""
    text = header.replace("[SOURce[1]:]", "SOURce:")
    while "[" in text:
        text = _OPTIONAL.sub("", text)
    return text
