"""What a cryostat has besides temperature and field: a sample chamber, a rotator, a helium bath."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from simulators.machines import ServiceData


class ChamberState(IntEnum):
    """What the sample chamber does, with the codes of the Model 6000's status word."""

    UNKNOWN = 0
    PURGED_SEALED = 1
    VENTED_SEALED = 2
    SEALED = 3
    PURGING = 4
    VENTING = 5
    PUMPING_DOWN = 6
    HIGH_VACUUM = 7
    PUMPING = 8
    FLOODING = 9


class ChamberCommand(IntEnum):
    """What a sample chamber can be told, with the codes of the CHAMBER command."""

    SEAL = 0
    PURGE_AND_SEAL = 1
    VENT_AND_SEAL = 2
    PUMP_CONTINUOUSLY = 3
    VENT_CONTINUOUSLY = 4
    HIGH_VACUUM = 5


class PositionState(IntEnum):
    """What the rotator does, with the codes of the Model 6000's status word."""

    STOPPED = 1
    MOVING = 5
    LIMIT_SWITCH = 8


ATMOSPHERE = 760.0
"""Torr."""

_PRESSURES = {
    ChamberState.VENTED_SEALED: ATMOSPHERE,
    ChamberState.VENTING: ATMOSPHERE,
    ChamberState.FLOODING: ATMOSPHERE,
    ChamberState.PUMPING: 0.1,  # assumed, as the next
    ChamberState.HIGH_VACUUM: 1e-4,
}


class Chamber:
    """The sample chamber: purged and sealed at the beginning."""

    def __init__(self, data: ServiceData) -> None:
        self._times = {
            ChamberCommand.SEAL: (0.0, ChamberState.SEALED, ChamberState.SEALED),
            ChamberCommand.PURGE_AND_SEAL: (data.purge_time, ChamberState.PURGING, ChamberState.PURGED_SEALED),
            ChamberCommand.VENT_AND_SEAL: (data.vent_time, ChamberState.VENTING, ChamberState.VENTED_SEALED),
            ChamberCommand.PUMP_CONTINUOUSLY: (0.0, ChamberState.PUMPING, ChamberState.PUMPING),
            ChamberCommand.VENT_CONTINUOUSLY: (0.0, ChamberState.FLOODING, ChamberState.FLOODING),
            ChamberCommand.HIGH_VACUUM: (data.pump_time, ChamberState.PUMPING_DOWN, ChamberState.HIGH_VACUUM),
        }
        self._data = data
        self._during = self._after = ChamberState.PURGED_SEALED
        self._until = 0.0

    def command(self, time: float, command: ChamberCommand) -> None:
        """Begin something at a lab time in s."""
        duration, self._during, self._after = self._times[command]
        self._until = time + duration

    def state(self, time: float) -> ChamberState:
        """State at a lab time in s."""
        return self._during if time < self._until else self._after

    def pressure(self, time: float, temperature: float) -> float:
        """Pressure in Torr at a lab time in s, with the chamber at a temperature in K."""
        state = self.state(time)
        if state in _PRESSURES:
            return _PRESSURES[state]
        return self._data.sealed_pressure * (temperature / 300.0) ** self._data.pressure_exponent


@dataclass(frozen=True, slots=True)
class RotatorSetting:
    """What the rotator was told last: angle in deg, mode of the MOVE command, slow-down code."""

    angle: float
    mode: int
    slowdown: int


class Rotator:
    """A horizontal rotator: it turns at constant speed from where it is to where it is told to go."""

    SLOWDOWNS = 15
    """Number of speeds; code 0 is the largest."""

    def __init__(self, data: ServiceData) -> None:
        self._data = data
        self._start, self._end = 0.0, 0.0
        self._from, self._to = 0.0, 0.0
        self._at_limit = False
        self.setting = RotatorSetting(0.0, 0, 0)

    def move(self, time: float, setting: RotatorSetting) -> None:
        """Carry out a MOVE command at a lab time in s: 0 go there, 1 find the limit switch, 2 call it so here."""
        self.setting = setting
        here = self.angle(time)
        if setting.mode == 2:
            self._start = self._end = time
            self._from = self._to = setting.angle
            return
        lowest = self._data.rotator_range[0]
        self._at_limit = setting.mode == 1
        distance = setting.angle - here
        if self._at_limit:
            # the switch's place is called `angle` from now on; it lies as far off as before
            distance = lowest - here
            here = setting.angle - distance
        speed = self._data.rotator_speed * (self.SLOWDOWNS - setting.slowdown) / self.SLOWDOWNS
        self._start, self._end = time, time + abs(distance) / speed
        self._from, self._to = here, setting.angle

    def angle(self, time: float) -> float:
        """Angle in deg at a lab time in s."""
        if time >= self._end:
            return self._to
        return self._from + (self._to - self._from) * (time - self._start) / (self._end - self._start)

    def state(self, time: float) -> PositionState:
        """State at a lab time in s."""
        if time < self._end:
            return PositionState.MOVING
        return PositionState.LIMIT_SWITCH if self._at_limit else PositionState.STOPPED

    @property
    def destination(self) -> float:
        """Angle in deg at which it stops."""
        return self._to
