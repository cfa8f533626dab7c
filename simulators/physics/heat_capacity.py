"""Heat capacity of a crystal against temperature, by Debye's model."""

from __future__ import annotations

import math
from functools import lru_cache

_FAR = 40.0  # x from which on x^4 exp(x)/(exp(x) - 1)^2 adds less than 1e-11


@lru_cache(maxsize=4096)
def debye(reduced: float) -> float:
    """Return the heat capacity at T/theta as a part of Dulong and Petit's: 3 t^3 int_0^(1/t) x^4 e^x/(e^x - 1)^2 dx.

    It goes to 1 where it is warm, and to (4 pi^4/5) t^3 where it is cold.

    Args:
        reduced: Temperature over the Debye temperature, above zero.
    """
    from scipy.integrate import quad  # late: a fifth of a second, and most runs do without

    area, _ = quad(_integrand, 0.0, min(1.0 / reduced, _FAR))
    return 3.0 * reduced**3 * area


def _integrand(x: float) -> float:
    return x**4 * math.exp(x) / math.expm1(x) ** 2 if x > 0.0 else 0.0


def capacity_ratio(temperature: float, reference: float, debye_temperature: float) -> float:
    """Return the heat capacity at a temperature over that at a reference temperature, all in K."""
    return debye(temperature / debye_temperature) / debye(reference / debye_temperature)
