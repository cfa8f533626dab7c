"""How far a field tilts the magnetisation of a film with a perpendicular easy axis: Stoner and Wohlfarth's model.

With the anisotropy field H_k, the field H_p in the film plane and H_z along its normal, the angle psi from the normal
minimises -H_k cos^2(psi)/2 - H_p sin(psi) - H_z cos(psi). Up to the astroid |H_p|^(2/3) + |H_z|^(2/3) = H_k^(2/3) there
are two minima, one for each state; beyond it both states lean to the only one that is left. For H_z = 0 and H_p < H_k
it is cos(psi) = sqrt(1 - H_p^2/H_k^2).
"""

from __future__ import annotations

import math
from functools import lru_cache

_CLOSE = 1e-8
"""rad; a step of Newton's method that is shorter leaves an error of its square, which no double shows."""
_MOST = 60
"""Steps at most; where Newton's would leave the range, it is halved."""


@lru_cache(maxsize=1024)
def normal_part(state: int, in_plane: float, normal: float) -> float:
    """Cosine of the angle between magnetisation and film normal.

    Args:
        state: +1 or -1, the side of the film plane that the magnetisation came from.
        in_plane: Magnitude of the field in the film plane over the anisotropy field.
        normal: Field along the film normal over the anisotropy field, signed.
    """
    if in_plane == 0.0:
        return float(state)
    h = normal * state  # seen from the state's own side
    # the state's minimum is the first zero of the torque from the normal on; it is the only one in this range
    low, high = 0.0, math.pi
    if in_plane ** (2 / 3) + abs(h) ** (2 / 3) < 1.0:
        high = math.pi / 2 if h >= 0.0 else math.atan((in_plane / -h) ** (1 / 3))
    return state * math.cos(_balance(in_plane, h, low, high))


def _balance(in_plane: float, h: float, low: float, high: float) -> float:
    """Return the angle in rad at which the torque vanishes, between one of negative and one of positive torque."""
    angle = min(math.asin(min(in_plane, 1.0)), high)
    for _ in range(_MOST):
        sine, cosine = math.sin(angle), math.cos(angle)
        torque = sine * cosine - in_plane * cosine + h * sine
        if torque < 0.0:
            low = angle
        else:
            high = angle
        slope = cosine * cosine - sine * sine + in_plane * sine + h * cosine
        after = angle - torque / slope if slope > 0.0 else math.inf
        if not low <= after <= high:
            after = 0.5 * (low + high)
        if abs(after - angle) <= _CLOSE:
            return after
        angle = after
    return angle
