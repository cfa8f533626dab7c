"""Waiting for a cryostat: a ramp is slept through, under watch, and its end is polled for.

Everything is in SI units: K, T, degrees, s.
"""

from __future__ import annotations

import logging
import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from instruments.clock import Clock, Deadline
from instruments.cryostat_words import CryostatReading, FieldSetpoint, MagnetMode, State, TemperatureSetpoint
from instruments.errors import BadValue, DeadlinePassed, GarbledReply, InstrumentFault, NoReply
from instruments.forms import finite

log = logging.getLogger(__name__)

SLICE = 1.0
"""Longest time without a call of `tick` while a ramp is slept through, in s."""
POLL = 0.5
"""Time between two readings once the ramp should be over, in s."""
WATCH = 10.0
"""Time between two looks at the state while a ramp is slept through, in s: with a quench the ramp is over."""


def check_waiting(what: str, tolerance: float | None, dwell: float, deadline: float | None) -> None:
    """Check what somebody waits with: no negative numbers and no nan; a deadline may be infinite.

    Raises:
        BadValue: One of them is what it cannot be.
    """
    for name, value in (("tolerance", tolerance), ("dwell", dwell), ("deadline", deadline)):
        if value is None or (name == "deadline" and value == math.inf):
            continue
        if finite(f"{name} of {what}", value) < 0.0:
            raise BadValue(f"{name} of {what} must be 0 or above, not {value!r}; nothing was sent")


@dataclass(frozen=True, slots=True)
class Goal:
    """What is waited for, and how a reading shows it.

    Attributes:
        what: The quantity.
        unit: Its unit.
        target: Where it shall be.
        tolerance: How far from there it may be.
        rate: At which it goes there, 1/s.
        dead_time: s for which the old state may still be shown after a command.
        told_at: When the command was given, s of the clock.
        allowance: s that it may take beyond twice the ramp.
        value: Finds the quantity in a reading; None where it is not.
        state: Finds its state in a reading.
    """

    what: str
    unit: str
    target: float
    tolerance: float
    rate: float
    dead_time: float
    told_at: float
    allowance: float
    value: Callable[[CryostatReading], float | None]
    state: Callable[[CryostatReading], State | None]

    def distance(self, reading: CryostatReading) -> float:
        """Return how far it is from its target.

        Raises:
            InstrumentFault: The reading lacks the quantity.
        """
        value = self.value(reading)
        if value is None:
            raise InstrumentFault(f"the cryostat gives no {self.what}, so nobody can wait for it")
        return abs(value - self.target)

    def has_left(self, reading: CryostatReading) -> bool:
        """Whether the state is another than stable; a flash of "unknown" does not count.

        Raises:
            InstrumentFault: The state says that waiting is in vain.
        """
        state = self.state(reading)
        if state is None or state.failed:
            raise InstrumentFault(f"waited for {self.what} {self.target!r} {self.unit}: it is {self.show(reading)}")
        return state.known and not state.stable

    def is_there(self, reading: CryostatReading) -> bool:
        """Whether it is stable and within the tolerance."""
        state = self.state(reading)
        return state is not None and state.stable and self.distance(reading) <= self.tolerance

    def show(self, reading: CryostatReading) -> str:
        """Return value and state in words."""
        state = self.state(reading)
        return f"{self.value(reading)!r} {self.unit}, {state.value if state else 'without state'}"


class Waiting(ABC):
    """How every cryostat is waited for.

    Attributes:
        clock: Where it waits.
    """

    clock: Clock
    _told_at: dict[str, float]  # when something was commanded last, s of the clock, by what it is

    FIELD_DEAD_TIME: ClassVar[float] = 5.0
    """Longest time for which the magnet may still show its old state after it was told something, in s."""
    TEMPERATURE_DEAD_TIME: ClassVar[float] = 15.0
    """The same for the temperature control, in s."""
    POSITION_DEAD_TIME: ClassVar[float] = 5.0
    """The same for the rotator, in s. Assumed equal to the magnet's."""
    FIELD_TOLERANCE: ClassVar[float] = 2e-4
    """How far the reported field of a stable magnet may be from its set point, in T; it wanders by about 1 Oe."""
    POSITION_TOLERANCE: ClassVar[float] = 0.1
    """How far the angle may be from its set point, in degrees. Assumed."""

    @abstractmethod
    def reading(self) -> CryostatReading:
        """Return temperature, field and all states."""

    @property
    @abstractmethod
    def temperature_setpoint(self) -> TemperatureSetpoint:
        """Get what the temperature control was told last."""

    @property
    @abstractmethod
    def field_setpoint(self) -> FieldSetpoint:
        """Get what the magnet was told last."""

    def wait_temperature(
        self,
        *,
        tolerance: float | None = None,
        dwell: float = 0.0,
        deadline: float | None = None,
        tick: Callable[[], None] | None = None,
    ) -> CryostatReading:
        """Wait until the block temperature is at its set point and has stayed there.

        Args:
            tolerance: K; the larger of 20 mK and 0.1 % of the set point if none is given.
            dwell: How long it has to stay there, in s.
            deadline: Longest time to wait, dwell included, in s; twice the ramp and 30 min if none is given, since a
                PPMS may fill its helium pot for 15 min at 10 K and ramps slower than it was told below 50 K.
            tick: Called at least once a second while the ramp is slept through, and before each poll; may raise.

        Returns:
            The last reading.

        Raises:
            BadValue: A number is negative or nan; nothing was sent.
            DeadlinePassed: Not there in time; says what was awaited, how long, and the last value and state.
            InstrumentFault: The temperature control has failed, or does not answer.
        """
        check_waiting("wait_temperature", tolerance, dwell, deadline)
        setpoint = self.temperature_setpoint
        target = setpoint.temperature
        goal = Goal(
            "temperature",
            "K",
            target,
            max(0.02, 1e-3 * target) if tolerance is None else tolerance,
            setpoint.rate,
            self.TEMPERATURE_DEAD_TIME,
            self._told_at.get("temperature", self.clock.now()),
            1800.0,
            lambda reading: reading.temperature,
            lambda reading: reading.temperature_state,
        )
        return self._wait(goal, dwell, deadline, tick)

    def wait_field(
        self,
        *,
        tolerance: float | None = None,
        dwell: float = 0.0,
        deadline: float | None = None,
        tick: Callable[[], None] | None = None,
    ) -> CryostatReading:
        """Wait until the reported field is at its set point and has stayed there.

        Args:
            tolerance: T; 0.2 mT if none is given.
            dwell: How long it has to stay there, in s.
            deadline: Longest time to wait, dwell included, in s; if none is given, twice the ramp and 60 s, in
                persistent mode 240 s.
            tick: Called at least once a second while the ramp is slept through, and before each poll; may raise.

        Returns:
            The last reading.

        Raises:
            BadValue: A number is negative or nan; nothing was sent.
            DeadlinePassed: Not there in time; says what was awaited, how long, and the last value and state.
            InstrumentFault: The magnet has failed (a quench, say), or does not answer.
        """
        check_waiting("wait_field", tolerance, dwell, deadline)
        setpoint = self.field_setpoint
        goal = Goal(
            "field",
            "T",
            setpoint.field,
            self.FIELD_TOLERANCE if tolerance is None else tolerance,
            setpoint.rate,
            self.FIELD_DEAD_TIME,
            self._told_at.get("field", self.clock.now()),
            60.0 if setpoint.mode is MagnetMode.DRIVEN else 240.0,
            lambda reading: reading.field,
            lambda reading: reading.field_state,
        )
        return self._wait(goal, dwell, deadline, tick)

    def wait_position(
        self,
        target: float,
        speed: float,
        *,
        dwell: float = 0.0,
        deadline: float | None = None,
        tick: Callable[[], None] | None = None,
    ) -> CryostatReading:
        """Wait until the rotator stands at an angle.

        Args:
            target: Degrees.
            speed: degrees/s, for the prediction.
            dwell: How long it has to stay there, in s.
            deadline: Longest time to wait, dwell included, in s; twice the way and 60 s if none is given.
            tick: Called at least once a second while the way is slept through, and before each poll; may raise.

        Returns:
            The last reading.

        Raises:
            BadValue: A number is negative or nan; nothing was sent.
            DeadlinePassed: Not there in time; says what was awaited, how long, and the last value and state.
            InstrumentFault: There is no rotator, it has failed, or it does not answer.
        """
        check_waiting("wait_position", None, dwell, deadline)
        finite("target", target, "deg")
        if finite("speed", speed, "deg/s") <= 0:
            raise BadValue(f"speed must be above 0 deg/s, not {speed!r}; nothing was sent")
        goal = Goal(
            "position",
            "deg",
            target,
            self.POSITION_TOLERANCE,
            speed,
            self.POSITION_DEAD_TIME,
            self._told_at.get("position", self.clock.now()),
            60.0,
            lambda reading: reading.position,
            lambda reading: reading.position_state,
        )
        return self._wait(goal, dwell, deadline, tick)

    def _wait(
        self, goal: Goal, dwell: float, deadline: float | None, tick: Callable[[], None] | None
    ) -> CryostatReading:
        """Sleep the predicted remainder, then poll until the goal is reached and was held for the dwell.

        Reached is not what the state says alone: for a dead time after a command the controller still shows the old
        one, and "stable" at the old set point would be taken for the new. So it must have been seen to leave stable,
        or the dead time must have passed.
        """
        began = self.clock.now()
        predicted = goal.distance(self._patient_reading()) / goal.rate if goal.rate > 0 else 0.0
        limit = self.clock.deadline(2 * predicted + goal.allowance + dwell if deadline is None else deadline)
        self._ride(goal, predicted, limit, tick)
        left = False
        held_since: float | None = None
        while True:
            reading = self._patient_reading()
            left = left or goal.has_left(reading)
            if (left or reading.stamp - goal.told_at >= goal.dead_time) and goal.is_there(reading):
                held_since = reading.stamp if held_since is None else held_since
                if reading.stamp - held_since >= dwell:
                    return reading
            else:
                held_since = None
            if limit.passed:
                raise DeadlinePassed(
                    f"waited {self.clock.now() - began:.1f} s for {goal.what} {goal.target!r} {goal.unit} within "
                    f"{goal.tolerance!r} {goal.unit} for {dwell!r} s: it is {goal.show(reading)}"
                )
            self._sleep(POLL, limit, tick)

    def _ride(self, goal: Goal, seconds: float, limit: Deadline, tick: Callable[[], None] | None) -> None:
        """Sleep through a ramp, and look now and then whether it still goes on.

        Raises:
            InstrumentFault: It does not, or nobody answers any more.
        """
        end = self.clock.now() + seconds
        while (left := end - self.clock.now()) > 0.0:
            self._sleep(min(WATCH, left), limit, tick)
            if left <= WATCH or limit.passed:
                return
            reading = self._patient_reading()
            if reading.stamp - goal.told_at >= goal.dead_time:  # before, a fault may be an old one that is over
                goal.has_left(reading)

    def _sleep(self, seconds: float, limit: Deadline, tick: Callable[[], None] | None) -> None:
        end = self.clock.now() + min(seconds, limit.remaining)
        while end - self.clock.now() > 0:
            if tick is not None:
                tick()  # at the beginning of a slice: what it takes is a part of the slice
            self.clock.sleep(min(SLICE, end - self.clock.now()))

    def _patient_reading(self) -> CryostatReading:
        """Ask once more after a reply that was lost or damaged: a night should not end for one."""
        try:
            return self.reading()
        except (NoReply, GarbledReply) as fault:
            log.warning("asking again: %s", fault)
            return self.reading()
