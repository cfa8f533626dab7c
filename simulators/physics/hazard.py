"""How long a droplet withstands a drive that changes linearly with time, in closed form.

A droplet that the drive D (energy density, J/m3) opposes has the barrier E = B/|D| of a nucleus, and reverses at the
rate f0 exp(-B/(|D| k (T + T0))) = f0 exp(-b/|D|), with b = B/(k (T + T0)) in J/m3. It reverses when the rate's
integral over time, the hazard, reaches its clock e. For a drive that grows from zero at r = d|D|/dt,

    integral of f0 exp(-b/(r t)) dt  from |D| = 0 to u  =  (f0/r) u E2(b/u)  =  (f0 b/r) G(b/u),   G(z) = E2(z)/z

with the exponential integral E2 (Abramowitz and Stegun 5.1.4). So a stretch of the ramp is a difference of two G, and
the drive at which the clock runs out is the inverse of one function of one variable, whatever b, r and e are.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import expn

Array = NDArray[np.float64]

STEEPEST = 690.0
"""b/|D| beyond which exp(-b/|D|) is taken as 0: no laboratory waits that long, and doubles end near 708."""

SLOW = 1e9
"""|D|/r in s beyond which a ramp counts as slow: the difference of two G would be one of nearly equal numbers.

The exponent is then linear in time, to 1e-6 of itself over a day.
"""

STILL = 1e20
"""|D|/r in s beyond which a drive counts as constant."""


def approach(z: Array) -> Array:
    """G(z) = E2(z)/z for z > 0; zero beyond `STEEPEST`."""
    return np.where(z < STEEPEST, np.asarray(expn(2, np.minimum(z, STEEPEST)), dtype=float) / z, 0.0)


@cache
def _nodes() -> tuple[Array, Array, Array]:
    """Return ln G in rising order, ln z and d ln z/d ln G there."""
    z = np.geomspace(STEEPEST, 1e-6, 4000)
    e2 = np.asarray(expn(2, z), dtype=float)
    return np.log(e2 / z), np.log(z), -e2 / np.exp(-z)


def inverse_approach(g: Array) -> Array:
    """Return z such that G(z) = g, for g > 0; at most `STEEPEST`.

    Hermite interpolation in a table, which is good to 1e-9, and one step of Newton's method, to 1e-14. Every element
    is treated alike and by itself, so that it does not depend on what else is in the array.
    """
    log_g, log_z, slope = _nodes()
    wanted = np.maximum(np.log(g), log_g[0])
    k = np.clip(np.searchsorted(log_g, wanted) - 1, 0, log_g.size - 2)
    width = log_g[k + 1] - log_g[k]
    x = (wanted - log_g[k]) / width
    y = 1.0 - x
    guess = y * y * ((1.0 + 2.0 * x) * log_z[k] + x * width * slope[k])
    guess += x * x * ((1.0 + 2.0 * y) * log_z[k + 1] - y * width * slope[k + 1])
    guess = np.where(x > 1.0, -wanted, guess)  # G(z) = 1/z where z vanishes
    z = np.minimum(np.exp(guess), STEEPEST)
    e2 = np.asarray(expn(2, z), dtype=float)
    return np.minimum(z * (1.0 + (np.log(e2 / z) - wanted) * e2 / np.exp(-z)), STEEPEST)


def _is_slow(drive: float, rate: float) -> bool:
    return abs(rate) * SLOW <= drive


def _standing(b: Array, drive: float) -> Array:
    """G on a ramp where it stands at `drive`."""
    return approach(b / drive) if drive * STEEPEST > float(b.min(initial=np.inf)) else np.zeros_like(b)


def first_passage(b: Array, clock: Array, drive: float, rate: float, attempts: float) -> Array:
    """Return after how many seconds the hazard reaches the clock; infinite where it never does.

    Args:
        b: B/(k (T + T0)) of each droplet in J/m3.
        clock: Hazard that each has still to suffer.
        drive: |D| in J/m3 at the beginning.
        rate: d|D|/dt in J/m3/s; the drive is taken to change at this rate for ever, or until it vanishes.
        attempts: Attempt rate f0 in 1/s.
    """
    if drive == 0.0 and rate <= 0.0:
        return np.full(b.shape, np.inf)
    if _is_slow(drive, rate):
        z = b / drive
        delay = clock / attempts * np.exp(np.minimum(z, STEEPEST))
        if abs(rate) * STILL > drive:
            growth = z * rate / drive
            x = np.maximum(growth * delay, -1.0)  # -1: what is left of a falling hazard is not enough
            delay = np.where(x > -1.0, np.log1p(np.where(x > -1.0, x, 0.0)) / growth, np.inf)
        return np.where(z < STEEPEST, delay, np.inf)
    needed = _standing(b, drive) + clock * rate / (attempts * b)
    enough = needed > 0.0
    reached = b / inverse_approach(np.where(enough, needed, 1.0))
    return np.where(enough, np.maximum((reached - drive) / rate, 0.0), np.inf)


def suffered(b: Array, duration: float, drive: float, rate: float, attempts: float) -> Array:
    """Return the hazard of each droplet over a time in s; arguments as in `first_passage`."""
    if drive == 0.0 and rate <= 0.0:
        return np.zeros_like(b)
    if _is_slow(drive, rate):
        z = b / drive
        hazard = attempts * duration * np.exp(-np.minimum(z, STEEPEST))
        if abs(rate) * STILL > drive and duration > 0.0:
            growth = z * (rate * duration / drive)
            hazard *= np.expm1(growth) / growth
        return np.where(z < STEEPEST, hazard, 0.0)
    last = max(drive + rate * duration, 0.0)
    return np.maximum((_standing(b, last) - _standing(b, drive)) * b * (attempts / rate), 0.0)
