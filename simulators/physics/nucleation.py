"""How a field in the film plane lowers the drive that a droplet needs to nucleate.

A droplet has to overcome what its defect holds and what the wall around it costs. A field H_p in the film plane tilts
the domains on both sides of the wall towards each other and so lowers the wall's energy, with h = H_p/H_k to the part

    s(h) = sqrt(1 - h^2) - h arccos(h),   0 <= h <= 1

of what it is without, and beyond H_k there is none left. The drive at which a droplet
nucleates goes with the square of that (Kim et al., PRB 95, 220402 (2017)):

    D(h) = D_defect + D_wall s(h)^2
"""

from __future__ import annotations

import math

CELLS = 200
"""Of h between 0 and 1: in one of them the wall's drive changes by 1.6 % of its whole at most."""
_ON_A_LINE = 1e-6  # of a cell; what rounding makes of a field that is on a line between two


def wall_part(tilt: float) -> float:
    """Return s(h)^2, the part of the wall's drive that is left at h = |H_p|/H_k."""
    h = min(abs(tilt), 1.0)
    return (math.sqrt(1.0 - h * h) - h * math.acos(h)) ** 2


def cell(tilt: float, rate: float) -> tuple[float, float]:
    """Find the cell of a grid that a moving h is in, so that a stretch of time has one barrier.

    Args:
        tilt: h, signed along the direction of the field.
        rate: In which sense it changes; not zero. On a line between two cells it is in the one that it enters.

    Returns:
        The middle of the cell, as a magnitude, and the signed h at which it is left.
    """
    place = tilt * CELLS
    line = round(place)
    below = math.floor(place)
    if abs(place - line) < _ON_A_LINE:
        below = line if rate > 0.0 else line - 1
    return abs(below + 0.5) / CELLS, (below + 1 if rate > 0.0 else below) / CELLS
