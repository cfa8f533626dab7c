"""Damping-like spin-orbit torque of a current in a heavy metal on the walls of a droplet.

The spin current that a charge current density J sends into a magnetic layer of thickness t acts with the energy
density D_DL = hbar xi J/(2 e t). A wall feels the part of it along its own in-plane direction, which the in-plane
field sets against the chirality of the walls (Dzyaloshinskii-Moriya interaction, with the effective field H_D):

    D_SOT = (pi/2) D_DL H_x/sqrt(H_x^2 + H_D^2)

so that the sign of I H_x decides which state is favoured, and without H_x none is. It is written as an energy density
and not as a field because it stays finite where the net moment vanishes.
"""

from __future__ import annotations

import math

from simulators.physics.constants import ELEMENTARY_CHARGE, REDUCED_PLANCK

_LINES = 4  # of the field's grid in one unit of asinh(H_x/H_D)


def damping_like(efficiency: float, density: float, thickness: float) -> float:
    """D_DL in J/m3 for a spin-torque efficiency xi, a current density in A/m2 and a magnetic thickness in m."""
    return REDUCED_PLANCK * efficiency * density / (2.0 * ELEMENTARY_CHARGE * thickness)


def alignment(field: float, chirality_field: float) -> float:
    """H_x/sqrt(H_x^2 + H_D^2), between -1 and 1: how far a field in T along the current aligns the walls."""
    return 0.0 if field == 0.0 else field / math.hypot(field, chirality_field)


def straight_part(field: float, rate: float, chirality_field: float) -> tuple[float, float, float]:
    """Replace the alignment near a field by a straight line, for a field that moves through it.

    The line connects two points of a fixed grid, H_x = H_D sinh(k/4), and is off by 0.01 at most.

    Args:
        field: T along the current.
        rate: T/s along the current, not zero.
        chirality_field: H_D in T.

    Returns:
        The alignment at `field` on the line, its slope in 1/T, and the field in T at which the line ends.
    """
    place = math.floor(_LINES * math.asinh(field / chirality_field))
    below, above = (chirality_field * math.sinh(line / _LINES) for line in (place, place + 1))
    if rate > 0.0 and field >= above * (1.0 - math.copysign(1e-12, above)):
        below, above = above, chirality_field * math.sinh((place + 2) / _LINES)
    elif rate < 0.0 and field <= below * (1.0 + math.copysign(1e-12, below)):
        below, above = chirality_field * math.sinh((place - 1) / _LINES), below
    low, high = alignment(below, chirality_field), alignment(above, chirality_field)
    slope = (high - low) / (above - below)
    return low + slope * (field - below), slope, above if rate > 0.0 else below
