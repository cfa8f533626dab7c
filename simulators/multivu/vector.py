"""The vector actions, which only an OptiCool has: the field by its components, here of a magnet with one axis."""

from __future__ import annotations

import math
import re

from simulators.cryostat import SimulatedCryostat
from simulators.machines import OERSTED
from simulators.multivu import texts
from simulators.multivu.answers import Refusal, plain
from simulators.physics.magnet import FieldApproach

_NUMBER = r"-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?"
_VECTOR = re.compile(rf"({_NUMBER}),[ ]?({_NUMBER}),[ ]?({_NUMBER}),[ ]?({_NUMBER}),[ ]?([0-9])")
_ROUNDING = 1e-9  # of the field, that the way through angles may leave beside the axis


class Vector:
    """The field along the one axis that the simulated magnet has, z.

    Args:
        cryostat: The cryostat.
        flavour: Which MultiVu runs it.
    """

    def __init__(self, cryostat: SimulatedCryostat, flavour: str) -> None:
        self._cryostat = cryostat
        self._flavour = flavour

    def _check(self) -> None:
        """Refuse on all but an OptiCool."""
        if self._flavour != "OPTICOOL":
            raise Refusal("The vector magnet only works with OptiCool")

    def cartesian(self) -> str:
        """Return x, y and z in Oe."""
        self._check()
        return f"(0.0, 0.0, {plain(self._cryostat.read_field() / OERSTED, 6)})"

    def spherical(self) -> str:
        """Return magnitude in Oe, polar and azimuthal angle in deg."""
        self._check()
        field = self._cryostat.read_field() / OERSTED
        return f"({plain(abs(field), 6)}, {180.0 if field < 0 else 0.0}, 0.0)"

    def set_cartesian(self, parameters: str) -> None:
        """Go to x, y, z in Oe at a rate in Oe/s."""
        self._go(*self._read(parameters))

    def set_spherical(self, parameters: str) -> None:
        """Go to a magnitude in Oe and two angles in deg, at a rate in Oe/s."""
        magnitude, polar, azimuth, rate, approach = self._read(parameters)
        theta, phi = math.radians(polar), math.radians(azimuth)
        across = magnitude * math.sin(theta)
        self._go(across * math.cos(phi), across * math.sin(phi), magnitude * math.cos(theta), rate, approach)

    def _read(self, parameters: str) -> tuple[float, float, float, float, FieldApproach]:
        self._check()
        found = _VECTOR.search(parameters)
        if found is None:
            raise ValueError(f"{parameters!r} is no vector, rate and approach")
        if int(found[5]) >= len(texts.FIELD_APPROACHES):
            raise Refusal(f"The approach, {found[5]}, is out of bounds.  Must be one of the following:")
        return float(found[1]), float(found[2]), float(found[3]), float(found[4]), FieldApproach(int(found[5]))

    def _go(self, x: float, y: float, z: float, rate: float, approach: FieldApproach) -> None:
        if math.hypot(x, y) > _ROUNDING * max(abs(z), 1.0):
            raise Refusal(f"the field cannot be ({x:g}, {y:g}, {z:g}) Oe, since this magnet has one axis, z")
        self._cryostat.set_field(z * OERSTED, rate * OERSTED, approach)
