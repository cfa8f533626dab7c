"""Reading a magnetic moment: the voltage of a magnetometer at an analogue input of the cryostat's controller."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from instruments.errors import UsageError
from labctl import moving

if TYPE_CHECKING:
    from labctl.procedure import Procedure

MOMENT = "Moment (A m^2)"
COLUMNS = (
    "Time (s)", "Temperature (K)", "Field (T)", MOMENT, "Signal (V)", "Start stamp (s)", "End stamp (s)",
    "Field before (T)", "Field before stamp (s)", "Field after (T)", "Field after stamp (s)", "Overflow",
)  # fmt: skip
"""Columns of a reading taken between two readings of the field."""

FULL_SCALE = 10.0
"""V, largest voltage that an analogue input shows, either way."""
NEAR = 1e-4
"""Part of it within which a voltage may just as well be a larger one that was cut off."""


class MomentReader:
    """Reads the moment, each reading over a time of its own.

    The magnetometer averages, so that what it shows belongs to the time before it is asked: a reading begins with a
    wait as long as that, and its field is that of the middle of it.

    Args:
        procedure: Whose station and cryostat.

    Raises:
        UsageError: The station has no magnetometer.
    """

    def __init__(self, procedure: Procedure) -> None:
        channel = procedure.station.magnetometer
        if channel is None:
            raise UsageError(lacking(procedure.station.name))
        self._procedure, self._channel = procedure, channel

    def read(self) -> dict[str, Any]:
        """Take one reading: moment in A m2, voltage in V, begin and end of its average in s on the lab's clock.

        The moment is NaN where the voltage is at the end of the input's range, and `Overflow` says so.
        """
        procedure, channel = self._procedure, self._channel
        clock = procedure.clock
        moving.wait_until(procedure, clock.now() + channel.averaging, procedure.run.check)
        asked = clock.now()
        voltage = procedure.cryostat.signal(channel.input)
        end = 0.5 * (asked + clock.now())
        overflow = abs(voltage) >= FULL_SCALE * (1.0 - NEAR)
        return {
            "Time (s)": end - 0.5 * channel.averaging,
            MOMENT: math.nan if overflow else voltage * channel.moment_per_volt,
            "Signal (V)": voltage,
            "Start stamp (s)": end - channel.averaging,
            "End stamp (s)": end,
            "Overflow": overflow,
        }


def lacking(station: str) -> str:
    """Say that a station has no magnetometer, and what it would take."""
    return (
        f"station {station!r} has no magnetometer, a voltage that follows the moment at an analogue input of the "
        "cryostat's controller; add [magnetometer] with input and moment_per_volt to its file, or take a station that "
        "has one, e.g. ppms"
    )
