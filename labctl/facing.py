"""Which way the magnet's field points in the sample, by the record's mounting, and at which angle it lies in the plane.

x is along the current, z along the film normal.
"""

from __future__ import annotations

import math

from instruments.cryostat import Cryostat
from labctl.sample import Mounting

ROUNDING = 1e-12
BELOW = 2.0
"""deg below an angle from which it is approached, so that the gear's play lies on one side."""
SPEED = 0.8
"""deg/s, the slowest of a Model 6000's speeds."""


def direction(mounting: Mounting, angle: float = 0.0) -> tuple[float, float, float]:
    """Return the direction of a positive field in the sample's frame with the rotator at an angle in deg."""
    leaning, azimuth = mounting.field_from_normal, mounting.in_plane_from_current
    x, y, z = math.sin(leaning) * math.cos(azimuth), math.sin(leaning) * math.sin(azimuth), math.cos(leaning)
    cosine, sine = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    match mounting.rotator_axis:
        case "across current":
            x, z = x * cosine + z * sine, z * cosine - x * sine
        case "along current":
            y, z = y * cosine + z * sine, z * cosine - y * sine
        case "along normal":
            x, y = x * cosine - y * sine, y * cosine + x * sine
        case _:
            pass
    x, y, z = (0.0 if abs(part) < ROUNDING else part for part in (x, y, z))
    return x, y, z


def tips(mounting: Mounting) -> bool:
    """Whether turning the sample brings the field from the film's normal into its plane."""
    return mounting.rotator_axis in {"along current", "across current"}


def angle_in_plane(mounting: Mounting) -> float | None:
    """Return the rotator's angle in deg at which the field lies in the film plane, by the record.

    About the film's normal it is the one at which the field is along the current. None where the sample does not turn.
    """
    if tips(mounting):
        return 90.0 - math.degrees(mounting.field_from_normal)
    if mounting.rotator_axis == "along normal":
        along = -math.degrees(mounting.in_plane_from_current)
        return along if along - BELOW >= Cryostat.LOWEST_POSITION else along + 360.0
    return None


def angle_along_normal(in_plane: float) -> float:
    """Return an angle in deg a quarter turn from the one in the plane that a rotator reaches from below."""
    below = in_plane - 90.0
    return below if below - BELOW >= Cryostat.LOWEST_POSITION else in_plane + 90.0
