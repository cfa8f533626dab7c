"""How a sample sits in its cryostat: where the magnet's field points in the sample's frame.

The sample's frame is right-handed: x along the current from source to drain, y across it in the film, z along the film
normal. The field is the magnet's; on a rotator the sample turns in it, and in the sample's frame the field turns.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal

from simulators.environment import Direction

Axis = Literal["none", "along current", "across current", "along normal"]

_ROUNDING = 1e-12
"""A cosine smaller than that is one of a right angle: nobody mounts a sample so well that it could be meant."""


@dataclass(frozen=True, slots=True)
class Mounting:
    """Where the field points, and how a rotator turns it.

    Attributes:
        field_from_normal: Angle in rad between field and film normal with the rotator at zero.
        in_plane_from_current: Angle in rad from x towards y of the field's part in the film plane, rotator at zero.
        axis: Rotator's axis in the sample's frame. A positive angle turns the field from the normal towards the
            current (axis across it), from the normal towards y (axis along the current), or from x towards y.
    """

    field_from_normal: float = 0.0
    in_plane_from_current: float = 0.0
    axis: Axis = "none"
    still: Direction = field(init=False, compare=False, repr=False)
    """Direction of a positive field with the rotator at zero, before rounding is removed."""

    def __post_init__(self) -> None:
        leaning, azimuth = self.field_from_normal, self.in_plane_from_current
        still = math.sin(leaning) * math.cos(azimuth), math.sin(leaning) * math.sin(azimuth), math.cos(leaning)
        object.__setattr__(self, "still", still)

    def direction(self, angle: float = 0.0) -> Direction:
        """Return the direction of a positive field in the sample's frame at a true angle of the rotator in deg."""
        turn = 0.0 if self.axis == "none" else math.radians(angle)
        x, y, z = self.still
        cosine, sine = math.cos(turn), math.sin(turn)
        if self.axis == "across current":
            x, z = x * cosine + z * sine, z * cosine - x * sine
        elif self.axis == "along current":
            y, z = y * cosine + z * sine, z * cosine - y * sine
        elif self.axis == "along normal":
            x, y = x * cosine - y * sine, y * cosine + x * sine
        return _squared_off(x), _squared_off(y), _squared_off(z)


def _squared_off(cosine: float) -> float:
    """Remove what rounding leaves of a right angle, so that a field in the film plane has no normal component."""
    if abs(cosine) < _ROUNDING:
        return 0.0
    return math.copysign(1.0, cosine) if abs(cosine) > 1.0 - _ROUNDING else cosine


AS_MADE = Mounting()
"""The field along the film normal, and no rotator."""
