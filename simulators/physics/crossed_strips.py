"""Two films that cross, with a barrier in between: how far their own resistance shows in what is measured across it.

A current that comes along one strip and leaves along the other does not cross the barrier evenly once the strip's sheet
resistance is not small against the junction's resistance. With each strip at one potential across its width, and the
other one at its mean, a square junction with u = sqrt(sheet/junction) has, against the strip's mean,

    at the end where the current I comes in     I sheet (coth u/u - 1/u^2),   which is I sheet/3 for small u,
    at the end beyond, which carries none     - I sheet (1/u^2 - 1/(u sinh u)), which is - I sheet/6.

So four wires read less than the junction has, and the more so the lower it is: its relative changes look too large, and
with both strips beyond it even the sign turns round (Pedersen and Vernon, Appl. Phys. Lett. 10, 29 (1967); van de
Veerdonk et al., Appl. Phys. Lett. 71, 2839 (1997)). A round or oval junction counts as the square of its area.
"""

from __future__ import annotations

import math

_SMALL = 0.02
"""u below which the first two terms of the series say more than the difference of large numbers."""


def near(sheet: float, junction: float) -> float:
    """Return the potential of the end where a current comes in against the strip's mean, per current, ohm.

    Args:
        sheet: Sheet resistance of the strip, ohm.
        junction: Resistance of the junction, ohm.
    """
    u = math.sqrt(sheet / junction)
    if u < _SMALL:
        return sheet * (1.0 / 3.0 - u * u / 45.0)
    return sheet * (1.0 / math.tanh(u) / u - 1.0 / (u * u))


def far(sheet: float, junction: float) -> float:
    """Return the potential of the end beyond the junction against the strip's mean, per current, ohm.

    Args:
        sheet: Sheet resistance of the strip, ohm.
        junction: Resistance of the junction, ohm.
    """
    u = math.sqrt(sheet / junction)
    if u < _SMALL:
        return sheet * (-1.0 / 6.0 + 7.0 * u * u / 360.0)
    return sheet * (_over_sinh(u) / u - 1.0 / (u * u))


def _over_sinh(u: float) -> float:
    """1/sinh u, without an overflow."""
    return 2.0 * math.exp(-u) / -math.expm1(-2.0 * u)
