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
_PATIENCE = 40
"""Rounds after which each further one only takes off a part of what is left, as near the anisotropy field."""
_NEAR = 0.02
"""Distance, at most, that is gone at once then."""
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
    n = np.zeros((3, len(states), damping.size))  # axis first: sums over it are sums of three arrays
    n[2] = np.array(states, dtype=float)[:, None]
    last = np.zeros_like(n)
    for number in range(_MOST):
        along = np.empty_like(n)
        along[0] = x - damping * n[2]
        along[1] = sideways
        along[2] = z + n[2] + damping * n[0]
        along /= np.sqrt(_over_axes(along * along))
        step = along - n
        n = along
        if float(max(step.max(), -step.min())) < _CLOSE:
            break
        if number >= _PATIENCE and number % 4 == 0:
            n = n + _rest(last, step)
        last = step
    return np.moveaxis(n, 0, -1)


def _over_axes(of: Array) -> Array:
    return of[0] + of[1] + of[2]


def _rest(last: Array, step: Array) -> Array:
    """Return the sum of all steps to come, if each is the same part of the one before; nothing where that is far."""
    part = _over_axes(last * step) / np.maximum(_over_axes(last * last), 1e-300)
    rest = step * np.clip(part, 0.0, 0.999) / (1.0 - np.clip(part, 0.0, 0.999))
    return np.where(np.abs(rest).max(axis=0) < _NEAR, rest, 0.0)
