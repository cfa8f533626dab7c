"""The anisotropy field of a film, from what loops of current pulses tell in passing: enough to plan by."""

from __future__ import annotations

import math
from dataclasses import dataclass

from labctl.reproduction.planned import Evidence, NotFoundError

ALONG = "Field along current (T)"
LOOP, IN_PLANE = "loop", "reference in plane"
"""What a state is read for, in a run of `sot-switching`."""


@dataclass(frozen=True, slots=True)
class Field:
    """A field in T, and its standard uncertainty by the noise of reading."""

    value: float
    uncertainty: float


def anisotropy_field(loops: Evidence) -> Field:
    """Return the anisotropy field that both states tell which a field along the normal has made.

    They are read at zero field and in the in-plane field of the loops, where the magnetisation leans by asin(Hx/Hk).
    What the magnet holds beside the field that it reads back is the same for all, and not in the uncertainty.

    Args:
        loops: A run of `sot-switching` on a rotator.

    Raises:
        NotFoundError: The states do not lean beyond the noise.
    """
    (upright, error), (leaning, other) = (loops.number(f"hall_swing_field{where}") for where in ("", "_in_plane"))
    ratio = leaning / upright
    spread = ratio * math.hypot(error / upright, other / leaning)
    if not 0.0 < ratio < 1.0 - 3.0 * spread:
        raise NotFoundError(f"{loops.name} gives no anisotropy field: the states do not lean beyond the noise")
    field = abs(float(loops.column(ALONG, IN_PLANE).mean()))
    sine = math.sqrt(1.0 - ratio**2)
    return Field(field / sine, field / sine**3 * ratio * spread)
