"""What a cryostat has besides temperature and field: a sample chamber, a rotator, a helium bath."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from simulators.machine_parts import ChamberData
from simulators.machines import ServiceData
from simulators.physics.rotation import Rotation


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
    HIGH_VACUUM_ERROR = 14
    FAILURE = 15


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
    INDEX_SWITCH = 9


ATMOSPHERE = 760.0
"""Torr."""

Way = tuple[float, float, bool]
"""A stretch of the chamber's pressure: its duration in s, the pressure in Torr at its end, whether it is pumped."""


class Chamber:
    """The sample chamber: purged and sealed at the beginning.

    Pumping brings the pressure down exponentially, gas lets it rise in a straight line. The pressure of a sealed
    chamber goes with a power of its temperature.
    """

    def __init__(self, data: ServiceData, parts: ChamberData) -> None:
        self._data = data
        self._parts = parts
        self._states = {
            ChamberCommand.SEAL: (ChamberState.SEALED, ChamberState.SEALED),
            ChamberCommand.PURGE_AND_SEAL: (ChamberState.PURGING, ChamberState.PURGED_SEALED),
            ChamberCommand.VENT_AND_SEAL: (ChamberState.VENTING, ChamberState.VENTED_SEALED),
            ChamberCommand.PUMP_CONTINUOUSLY: (ChamberState.PUMPING, ChamberState.PUMPING),
            ChamberCommand.VENT_CONTINUOUSLY: (ChamberState.FLOODING, ChamberState.FLOODING),
            ChamberCommand.HIGH_VACUUM: (ChamberState.PUMPING_DOWN, ChamberState.HIGH_VACUUM),
        }
        self._during = self._after = ChamberState.PURGED_SEALED
        self._begin = self._until = 0.0
        self._ways: list[Way] = []
        self._pressure = data.sealed_pressure  # at the beginning of the ways
        self._sealed_at: float | None = 300.0  # K; None while a valve is open in the end

    @property
    def until(self) -> float:
        """Lab time in s at which the latest command is carried out."""
        return self._until

    @property
    def broken(self) -> bool:
        """Whether it has failed and nobody has reset it."""
        return self._after >= ChamberState.HIGH_VACUUM_ERROR

    def command(self, time: float, temperature: float, command: ChamberCommand) -> None:
        """Begin something at a lab time in s, with the chamber at a temperature in K."""
        self._turn(time, temperature, self._plan(command))
        self._during, self._after = self._states[command]
        open_valve = {ChamberCommand.PUMP_CONTINUOUSLY, ChamberCommand.VENT_CONTINUOUSLY, ChamberCommand.HIGH_VACUUM}
        self._sealed_at = None if command in open_valve else temperature
        steady = command in {ChamberCommand.PUMP_CONTINUOUSLY, ChamberCommand.VENT_CONTINUOUSLY}
        self._until = time if steady else time + sum(duration for duration, _, _ in self._ways)

    def fail(self, time: float, temperature: float, state: ChamberState) -> None:
        """Break down: all valves close."""
        self._turn(time, temperature, [])
        self._during = self._after = state
        self._until, self._sealed_at = time, temperature

    def mend(self, time: float) -> None:
        """Be in order again; nobody knows what is in the chamber."""
        if self.broken:
            self._during = self._after = ChamberState.SEALED
            self._until = time

    def state(self, time: float) -> ChamberState:
        """State at a lab time in s."""
        return self._during if time < self._until else self._after

    def pressure(self, time: float, temperature: float) -> float:
        """Pressure in Torr at a lab time in s, with the chamber at a temperature in K."""
        begin, here = self._begin, self._pressure
        for duration, there, pumped in self._ways:
            share = (time - begin) / duration
            if share < 1.0:
                return here * (there / here) ** share if pumped else here + (there - here) * share
            begin, here = begin + duration, there
        if self._sealed_at is None:
            return here
        return here * (temperature / self._sealed_at) ** self._data.pressure_exponent

    def _turn(self, time: float, temperature: float, ways: list[Way]) -> None:
        self._pressure = self.pressure(time, temperature)
        self._begin = time
        here = self._pressure
        self._ways = []
        for duration, aim, pumped in ways:
            here = min(here, aim) if pumped else max(here, aim)
            self._ways.append((duration, here, pumped))

    def _plan(self, command: ChamberCommand) -> list[Way]:
        data, parts = self._data, self._parts
        return {
            ChamberCommand.SEAL: [],
            ChamberCommand.PURGE_AND_SEAL: [
                (data.purge_time / 2, parts.pumped_pressure, True), (data.purge_time / 2, data.sealed_pressure, False)
            ],
            ChamberCommand.VENT_AND_SEAL: [(data.vent_time, ATMOSPHERE, False)],
            ChamberCommand.PUMP_CONTINUOUSLY: [(parts.fine_time, parts.pumped_pressure, True)],
            ChamberCommand.VENT_CONTINUOUSLY: [(data.vent_time, ATMOSPHERE, False)],
            ChamberCommand.HIGH_VACUUM: [(data.pump_time, parts.vacuum_pressure, True)],
        }[command]  # fmt: skip


@dataclass(frozen=True, slots=True)
class RotatorSetting:
    """What the rotator was told last: angle in deg, mode of the MOVE command, slow-down code.

    MultiVu gives a speed in deg/s instead of the code. With an index switch, mode 1 looks for that instead of for the
    limit switch.
    """

    angle: float
    mode: int
    slowdown: int
    speed: float | None = None
    index: bool = False


class Rotator:
    """A horizontal rotator: it turns at constant speed from where it is to where it is told to go.

    It stops at a limit switch at either end of its range: further turns would tear the sample's wires off. Calling an
    angle by another name moves neither the motor nor the switches. The index switch stands at zero.

    Attributes:
        rotation: The sample's true angle, which differs from what is shown by the gear's play and error.
    """

    SLOWDOWNS = 15
    """Number of speeds; code 0 is the largest."""

    STEP = 0.05
    """deg of one step of the motor. Unsure."""

    INDEX = 0.0
    """deg at which the index switch stands on a motor that nobody has called otherwise. Assumed."""

    def __init__(self, data: ServiceData, angle: float = 0.0) -> None:
        self._data = data
        self._start, self._end = 0.0, 0.0
        self._from, self._to = angle, angle  # of the motor
        self._offset = 0.0  # of what is shown from where the motor is
        self._rest = PositionState.STOPPED
        self.rotation = Rotation(data.rotator_backlash, data.rotator_error, angle)
        self.setting = RotatorSetting(angle, 0, 0)

    def move(self, time: float, setting: RotatorSetting) -> None:
        """Carry out a MOVE command at a lab time in s: 0 go there, 1 find the switch, 2 call it so here."""
        self.setting = setting
        here = self._motor(time)
        if setting.mode == 2:
            if time < self._end:
                self.rotation.turn(time, 0.0, self._data.rotator_speed)  # it stops here
            self._start = self._end = time
            self._from = self._to = here
            self._offset = setting.angle - here
            self._rest = PositionState.STOPPED
            return
        lowest, highest = self._data.rotator_range
        if setting.mode == 1:
            target = self.INDEX if setting.index else lowest
            self._offset = setting.angle - target  # the switch's place is called `angle` from now on
            self._rest = PositionState.INDEX_SWITCH if setting.index else PositionState.LIMIT_SWITCH
        else:
            wanted = setting.angle - self._offset
            target = max(lowest, min(highest, wanted))
            self._rest = PositionState.STOPPED if target == wanted else PositionState.LIMIT_SWITCH
        coded = self._data.rotator_speed * (self.SLOWDOWNS - setting.slowdown) / self.SLOWDOWNS
        speed = coded if setting.speed is None else setting.speed
        self.rotation.turn(time, target - here, speed)
        self._start, self._end = time, time + abs(target - here) / speed
        self._from, self._to = here, target

    def angle(self, time: float) -> float:
        """Angle in deg at a lab time in s."""
        return self._motor(time) + self._offset

    def true_angle(self, time: float) -> float:
        """Angle in deg of the sample at a lab time in s, which nobody is shown."""
        return self.rotation.angle(time)

    def state(self, time: float) -> PositionState:
        """State at a lab time in s."""
        return PositionState.MOVING if time < self._end else self._rest

    def switches(self, time: float) -> int:
        """Limit switches that are pressed at a lab time in s: bit 0 at the lower end, bit 1 at the upper."""
        lowest, highest = self._data.rotator_range
        motor = self._motor(time)
        return int(motor <= lowest) | int(motor >= highest) << 1

    def at_index(self, time: float) -> bool:
        """Whether the motor is at its index switch, within a step."""
        return abs(self._motor(time) - self.INDEX) < self.STEP

    @property
    def destination(self) -> float:
        """Angle in deg at which it stops."""
        return self._to + self._offset

    def _motor(self, time: float) -> float:
        if time >= self._end:
            return self._to
        return self._from + (self._to - self._from) * (time - self._start) / (self._end - self._start)
