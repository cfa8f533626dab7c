"""A perpendicular magnet as one spin in a field near the film plane: where it points, and how stiffly it is held there.

The magnetisation m = (sin theta, s cos theta), along the field's part in the plane and along the film normal, with s
the side of the plane from which it comes. With the anisotropy field H_k and a field H that leaves the plane by the
tilt, h_p = H cos(tilt)/H_k and h_n = s H sin(tilt)/H_k, the angle minimises
-cos^2(theta)/2 - h_p sin(theta) - h_n cos(theta) (Stoner and Wohlfarth). A small field turns it in the plane of normal
and field against the stiffness cos(2 theta) + h_p sin(theta) + h_n cos(theta), and out of it against
cos^2(theta) + h_p sin(theta) + h_n cos(theta), in units of H_k.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from labctl.analysis.readings import FloatArray

MOST = 0.95
"""Of H_k: beyond it the angle runs into the plane, and nothing is solved."""
_STEPS = 60
_CLOSE = 1e-13


@dataclass(frozen=True, slots=True)
class Spin:
    """Where the magnetisation points in each of several fields.

    Attributes:
        state: +1 or -1, the side of the film plane.
        sine: Part of m along the field's part in the plane.
        cosine: Part of m along the normal, without its sign.
        stiffness: Against turning towards the plane, in units of H_k.
        sideways: Against turning out of the plane of normal and field, in units of H_k.
    """

    state: FloatArray
    sine: FloatArray
    cosine: FloatArray
    stiffness: FloatArray
    sideways: FloatArray


def spin(field: FloatArray, state: FloatArray, anisotropy_field: float, tilt: float = 0.0) -> Spin:
    """Return where the magnetisation points.

    Args:
        field: (n,): T, signed.
        state: (n,): +1 or -1.
        anisotropy_field: H_k in T, above zero.
        tilt: rad by which a positive field points out of the plane, towards the normal.
    """
    along = np.clip(field / anisotropy_field * np.cos(tilt), -MOST, MOST)
    normal = state * field / anisotropy_field * np.sin(tilt)
    theta = np.arcsin(along)
    for _ in range(_STEPS):
        sine, cosine = np.sin(theta), np.cos(theta)
        torque = sine * cosine - along * cosine + normal * sine
        slope = np.maximum(cosine**2 - sine**2 + along * sine + normal * cosine, 0.02)
        step = np.clip(torque / slope, -0.2, 0.2)
        theta = np.clip(theta - step, -1.5, 1.5)
        if float(np.abs(step).max(initial=0.0)) < _CLOSE:
            break
    sine, cosine = np.sin(theta), np.cos(theta)
    held = along * sine + normal * cosine
    return Spin(state, sine, cosine, cosine**2 - sine**2 + held, cosine**2 + held)
