"""How an alternating current turns a perpendicular magnet within its period: the harmonic Hall response of a macrospin.

Spins precess in nanoseconds, so that at the frequencies of a lock-in the magnetisation n follows each moment's current.
It points along the effective field, here in J/m3 (field times net moment), so that it stays finite at compensation:

    h = M B + A n_z z + D_FL y + D_DL n x y

with A the anisotropy (net moment times anisotropy field), y the direction of the spins that a current along +x brings,
and D_DL and D_FL the damping-like and the field-like torque. On a wall along +x the damping-like one pulls towards +z
for a positive current, as `simulators.physics.torque` has it.

Source: Hayashi et al., Phys. Rev. B 89, 144425 (2014).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_MOST = 500
_CLOSE = 1e-13


def directions(
    states: Sequence[int], field: Sequence[float], anisotropy: float, damping_like: Array, field_like: Array
) -> Array:
    """Return the direction n of the magnetisation by state, step of the current, and axis (x, y, z).

    Args:
        states: +1 or -1, the side of the film plane from which n comes.
        field: Net moment times field along x, y, z in J/m3.
        anisotropy: A in J/m3, above zero.
        damping_like: D_DL in J/m3 of each step.
        field_like: D_FL in J/m3 of each step.
    """
    x, y, z = (component / anisotropy for component in field)
    damping, sideways = damping_like / anisotropy, y + field_like / anisotropy
    n = np.zeros((len(states), damping.size, 3))
    n[..., 2] = np.array(states, dtype=float)[:, None]
    for _ in range(_MOST):
        along = np.empty_like(n)
        along[..., 0] = x - damping * n[..., 2]
        along[..., 1] = sideways
        along[..., 2] = z + n[..., 2] + damping * n[..., 0]
        along /= np.sqrt((along**2).sum(axis=-1, keepdims=True))
        change = float(np.abs(along - n).max())
        n = along
        if change < _CLOSE:
            break
    return n
