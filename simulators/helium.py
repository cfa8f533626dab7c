"""The helium bath of a cryostat: how fast its level falls, and what reads it."""

from __future__ import annotations

import math
from bisect import bisect_right

from simulators.machine_parts import HeliumData
from simulators.physics.magnet import MagnetTrajectory

HOUR = 3600.0


class HeliumBath:
    """A bath that boils off steadily, faster while the leads carry current and while the field changes.

    The level is a function of the commands and of lab time; looking at it changes nothing.

    Args:
        level: % at the beginning.
        rate: Loss in % per s of a bath that nobody uses.
        data: What the magnet costs.
        magnet: The magnet in it.
        start: Lab time in s.
    """

    def __init__(self, level: float, rate: float, data: HeliumData, magnet: MagnetTrajectory, start: float) -> None:
        self._rate, self._data, self._magnet = rate, data, magnet
        self._times, self._levels = [start], [level]

    def level(self, time: float) -> float:
        """Level in % at a lab time in s."""
        place = max(0, bisect_right(self._times, time) - 1)
        since = self._times[place]
        if time <= since:
            return max(0.0, self._levels[place])
        carried, gone = self._magnet.use(since, time)
        lost = self._rate * (time - since) + self._data.leads_rate * carried + self._data.ramp_loss * gone
        return max(0.0, self._levels[place] - lost)

    def mark(self, time: float) -> None:
        """Add up what was used so far, so that nobody has to do it again from the beginning."""
        self.fill(time, self.level(time))

    def drop(self, time: float, percent: float) -> None:
        """Lose some at once, at a lab time in s not before the latest such event."""
        self.fill(time, self.level(time) - percent)

    def fill(self, time: float, level: float) -> None:
        """Have a level in % from a lab time in s on: somebody has filled it, or let it run dry."""
        self._times.append(time)
        self._levels.append(level)


ONCE, CONTINUOUS, HOURLY, OFF = range(4)
"""Modes of the level meter, with the codes of LEVELON."""


class LevelMeter:
    """Measures the helium level when it is told to, and goes off again: its current warms the bath.

    Args:
        data: Its times.
    """

    def __init__(self, data: HeliumData) -> None:
        self._data = data
        self._mode = OFF
        self._since = self._asked = -math.inf
        self._latest = -math.inf  # when the latest reading of a former mode was taken

    def switch(self, time: float, mode: int) -> None:
        """Change the mode at a lab time in s."""
        self._latest = self.reading(time)[0]
        self._mode, self._since, self._asked = mode, time, time

    def ask(self, time: float) -> tuple[float, int]:
        """Return when (lab s) the reading was taken that is given now, and its age as LEVEL? codes it.

        0 older than an hour, 1 younger, 2 measured continuously. Being asked keeps a continuous measurement going.
        """
        found = self.reading(time)
        self._asked = max(self._asked, time) if time < self._ends() else self._asked
        return found

    def reading(self, time: float) -> tuple[float, int]:
        """The same without asking."""
        first = self._since + self._data.meter_time
        latest = self._latest
        if self._mode == CONTINUOUS and time >= first:
            if time < self._ends():
                return time, 2
            latest = max(latest, first, self._ends())
        elif self._mode == ONCE and time >= first:
            latest = first
        elif self._mode == HOURLY and time >= first:
            latest = first + math.floor((time - first) / HOUR) * HOUR
        return latest, int(time - latest < HOUR)

    def _ends(self) -> float:
        """When (lab s) a continuous measurement ends for want of interest."""
        return max(self._asked, self._since + self._data.meter_time) + self._data.meter_patience
