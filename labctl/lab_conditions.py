"""What a station's surroundings are like, judged by an interlock: the cryostat, its helium, room on the disk."""

from __future__ import annotations

import shutil
from collections import deque
from pathlib import Path

import numpy as np

from instruments.clock import Clock
from instruments.cryostat import Cryostat, CryostatReading
from instruments.cryostat_words import ChamberAction, ChamberState, TemperatureSetpoint
from instruments.errors import GarbledReply, InstrumentFault, NoReply
from instruments.ppms6000 import Ppms6000
from labctl.interlocks import SHORTEST, Interlock

WINDOW = 60.0
"""s over which the slope of the temperature is taken; half of it at least."""
ARRIVED = 0.5
"""K; a block that is stable within it of its set point has arrived, and is expected to stay."""
SAME_TEMPERATURE, SAME_FIELD = 0.01, 2e-6
"""K and T by which a set point may be read back differently."""

_TOLD: dict[ChamberAction, frozenset[ChamberState]] = {
    ChamberAction.SEAL: frozenset(),
    ChamberAction.PURGE_SEAL: frozenset({ChamberState.PURGING}),
    ChamberAction.VENT_SEAL: frozenset({ChamberState.VENTING}),
    ChamberAction.PUMP: frozenset({ChamberState.PUMPING}),
    ChamberAction.VENT: frozenset({ChamberState.VENTING, ChamberState.FLOODING}),
    ChamberAction.HIGH_VACUUM: frozenset({ChamberState.PRE_PUMPING}),
}
"""What a chamber does when the run itself has told it to."""


class Conditions:
    """Looks when it is asked, and judges.

    Args:
        cryostat: None where the run has none open.
        clock: The lab's.
        folder: Whose disk is looked at.
        tolerant: Whether a cryostat that does not answer is a matter for the age of its reading.
    """

    def __init__(self, cryostat: Cryostat | None, clock: Clock, folder: Path, *, tolerant: bool) -> None:
        self._cryostat = cryostat
        self._clock = clock
        self._folder = folder
        self._tolerant = tolerant
        self._fresh_at = clock.now()
        self._machine_time: float | None = None
        self._found: tuple[TemperatureSetpoint, float | None] | None = None
        self._told: TemperatureSetpoint | None = None
        self._arrived = False
        self._block: deque[tuple[float, float]] = deque()

    def judge(self, interlock: Interlock, *, asking: bool) -> str | None:
        """Say what is wrong; "" if nothing is, None if it cannot be seen.

        Args:
            interlock: What it is about.
            asking: Whether set points may be asked for that are not known yet.

        Raises:
            InstrumentFault: The cryostat does not answer.
        """
        if interlock.quantity == "disk_space":
            return _beyond(interlock, float(shutil.disk_usage(self._folder).free))
        if interlock.quantity == "helium_level":
            level = self._cryostat.helium_level if isinstance(self._cryostat, Ppms6000) else None
            return None if level is None else _beyond(interlock, level.percent / 100.0)
        return None if self._cryostat is None else self._of_cryostat(interlock, self._cryostat, asking=asking)

    def why_not(self, interlock: Interlock) -> str:
        """Say why something cannot be seen."""
        if self._cryostat is None:
            return "this run does not open the cryostat"
        return f"nobody says the {interlock.quantity.replace('_', ' ')}"

    def _reading(self, cryostat: Cryostat) -> CryostatReading | None:
        """Return a reading that is no older than two seconds; None where none comes and its age is watched."""
        reading = cryostat.known.reading
        if reading is None or self._clock.now() - reading.stamp >= SHORTEST:
            try:
                reading = cryostat.reading()
            except (NoReply, GarbledReply):
                if self._tolerant:
                    return None
                raise
        if reading.machine_time is None or reading.machine_time != self._machine_time:
            self._machine_time, self._fresh_at = reading.machine_time, reading.stamp
        self._follow(cryostat, reading)
        return reading

    def _follow(self, cryostat: Cryostat, reading: CryostatReading) -> None:
        """Take note of whether the block has arrived at its set point since that was commanded."""
        target = cryostat.known.temperature or (None if self._found is None else self._found[0])
        if target is None:
            return
        if target is not self._told:
            self._told, self._arrived = target, False
            self._block.clear()
        near = abs(reading.temperature - target.temperature) < ARRIVED
        self._arrived = self._arrived or (reading.temperature_state.stable and near)
        if self._arrived and (not self._block or reading.stamp > self._block[-1][0]):
            self._block.append((reading.stamp, reading.temperature))
            while self._block[-1][0] - self._block[0][0] > WINDOW:
                self._block.popleft()

    def _of_cryostat(self, interlock: Interlock, cryostat: Cryostat, *, asking: bool) -> str:
        if asking:
            self._look_around(cryostat)
        reading = self._reading(cryostat)
        if interlock.quantity == "reading_age":
            return _beyond(interlock, self._clock.now() - self._fresh_at)
        if reading is None:
            return ""
        if interlock.quantity == "set_points":
            return self._others(cryostat, reading)
        return self._of_reading(interlock, cryostat, reading)

    def _of_reading(self, interlock: Interlock, cryostat: Cryostat, reading: CryostatReading) -> str:
        quantity = interlock.quantity
        if quantity == "magnet":
            return f"the magnet shows {reading.field_state.value!r}" if reading.field_state.failed else ""
        if quantity == "chamber":
            allowed = {*interlock.at_ease, ChamberState.UNKNOWN}
            if cryostat.known.chamber is not None:
                allowed |= _TOLD[cryostat.known.chamber]
            state = reading.chamber_state
            return "" if state in allowed else f"the chamber shows {state.value!r}"
        if quantity == "temperature":
            return _beyond(interlock, reading.temperature)
        if quantity == "field":
            return _beyond(interlock, abs(reading.field))
        return self._drift(interlock, reading)

    def _drift(self, interlock: Interlock, reading: CryostatReading) -> str:
        """Judge how far the block is from where it had arrived, or how quickly it goes."""
        if not self._arrived or self._told is None:
            return ""
        if interlock.quantity == "temperature_offset":
            return _beyond(interlock, abs(reading.temperature - self._told.temperature))
        times, values = np.array(self._block).T
        if times[-1] - times[0] < WINDOW / 2:
            return ""
        return _beyond(interlock, abs(float(np.polyfit(times - times[0], values, 1)[0])))

    def _look_around(self, cryostat: Cryostat) -> None:
        """Ask once for the set points as they were before the run commanded any."""
        if self._found is not None:
            return
        try:
            field = None if cryostat.known.field else cryostat.field_setpoint.field
        except (NoReply, GarbledReply):
            raise
        except InstrumentFault:  # an MPMS3 cannot say
            field = None
        self._found = cryostat.temperature_setpoint, field

    def _others(self, cryostat: Cryostat, reading: CryostatReading) -> str:
        """Say which set points are not those that were commanded last, or found at first."""
        known, found = cryostat.known, self._found
        if found is None:
            return ""
        said: list[str] = []
        temperature = (known.temperature or found[0]).temperature
        there = cryostat.temperature_setpoint.temperature
        if abs(there - temperature) > SAME_TEMPERATURE:
            said.append(f"the temperature's set point is {there:g} K, and was {temperature:g} K")
        field = found[1] if known.field is None else known.field.field
        if field is not None:
            shows = cryostat.field_setpoint.field
            if abs(shows - field) > SAME_FIELD:
                said.append(f"the field's set point is {shows:g} T, and was {field:g} T")
        if known.position is not None and reading.position_state is not None and reading.position_state.stable:
            angle = known.position if reading.position is None else reading.position
            if abs(angle - known.position) > cryostat.POSITION_TOLERANCE:
                said.append(f"the rotator stands at {angle:g} deg, and was sent to {known.position:g} deg")
        return f"somebody else commands the cryostat: {' and '.join(said)}" if said else ""


def _beyond(interlock: Interlock, value: float) -> str:
    return interlock.sentence(value) if interlock.acts(value) else ""
