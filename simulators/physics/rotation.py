"""The true angle of a sample on a rotator: what its motor does, the play of the gear, and the gear's error.

The motor turns at constant speed. The sample follows with play (a play operator: it lies between the motor's angle and
the motor's angle plus the play), so that it is where the motor is when that came from below, and as much too far as
the play when it came from above. An eccentric gear adds an error that is zero where the rotator was adjusted.
"""

from __future__ import annotations

import math
from bisect import bisect_right

GRID_ANGLE = 0.1
"""deg; a rotation is taken in pieces of this angle, in each of which the field's direction is constant."""


class Rotation:
    """True angle against time in closed form; nothing depends on who asked when.

    Args:
        play: deg between motor and sample.
        error: Amplitude of the gear's error in deg.
        angle: deg at which it stands first.
    """

    def __init__(self, play: float, error: float, angle: float = 0.0) -> None:
        self._play, self._error = play, error
        self._times: list[float] = [-math.inf]
        self._angles: list[float] = [angle]  # of the gear at the sample's side
        self._slopes: list[float] = [0.0]
        self._motor = (0.0, 0.0, angle, angle)  # from when to when in s, from where to where in deg

    def turn(self, time: float, distance: float, speed: float) -> None:
        """Turn the motor by a distance in deg at a speed in deg/s, from a lab time in s on.

        Whatever it was doing ends there.
        """
        motor, gear = self._motor_at(time), self._gear_at(time)
        known = bisect_right(self._times, math.nextafter(time, -math.inf))
        for column in (self._times, self._angles, self._slopes):
            del column[known:]
        arrival = time + abs(distance) / speed
        self._motor = (time, arrival, motor, motor + distance)
        free = gear - motor if distance > 0.0 else self._play - (gear - motor)  # before the sample is taken along
        taken = abs(distance) - max(free, 0.0)
        self._append(time, gear, 0.0)
        if taken > 0.0:
            step = math.copysign(taken, distance)
            begin = arrival - taken / speed
            if begin <= time:
                self._slopes[-1] = math.copysign(speed, distance)
            else:
                self._append(begin, gear, math.copysign(speed, distance))
            self._append(arrival, gear + step, 0.0)

    def angle(self, time: float) -> float:
        """True angle in deg at a lab time in s."""
        return self._with_error(self._gear_at(time))

    def stretch(self, time: float) -> tuple[float, float, float]:
        """Return start and end (s) of the piece of a rotation that a lab time lies in, and the angle (deg) for it."""
        k = bisect_right(self._times, time) - 1
        start, angle, slope = self._times[k], self._angles[k], self._slopes[k]
        end = self._times[k + 1] if k + 1 < len(self._times) else math.inf
        if slope == 0.0:
            return start, end, self._with_error(angle)
        width = GRID_ANGLE / abs(slope)
        cell = max(0, math.floor((time - start) / width))
        while time < start + cell * width:
            cell -= 1
        while time >= start + (cell + 1) * width:
            cell += 1
        middle = angle + math.copysign((cell + 0.5) * GRID_ANGLE, slope)
        return start + cell * width, min(start + (cell + 1) * width, end), self._with_error(middle)

    def _append(self, time: float, angle: float, slope: float) -> None:
        self._times.append(time)
        self._angles.append(angle)
        self._slopes.append(slope)

    def _with_error(self, angle: float) -> float:
        return angle + self._error * math.sin(math.radians(angle))

    def _motor_at(self, time: float) -> float:
        start, end, here, there = self._motor
        return there if time >= end else here + (there - here) * (time - start) / (end - start)

    def _gear_at(self, time: float) -> float:
        k = bisect_right(self._times, time) - 1
        slope = self._slopes[k]
        return self._angles[k] if slope == 0.0 else self._angles[k] + slope * (time - self._times[k])
