"""Tunnelling through a trapezoidal barrier: Brinkman, Dynes and Rowell at low bias, Stratton's factor for temperature.

With the mean height phi and the asymmetry dphi of the barrier in eV and its effective thickness d (Phys. Rev. 41, 1915
(1970); the exponents are those that make it agree with a numerical calculation of the trapezoid to 10 %),

    G(V)/G(0) = 1 - A0 dphi/(16 phi^1.5) V + 9 A0^2/(128 phi) V^2,    A0 = 4 sqrt(2 m) d/(3 hbar),
    G(0)/area = 3.16e10 sqrt(phi)/d exp(-1.025 d sqrt(phi)) S/cm2 with d in angstrom.

Beyond a bias of about phi/2 the parabola stands in for what nobody has measured (assumed). G(V) has no zero, so that a
current belongs to one voltage, a cubic's one real root. With temperature (Stratton, J. Phys. Chem. Solids 23, 1177
(1962)) all of it grows by x/sin x, x = pi sqrt(2 m) d k T/(hbar sqrt(phi)).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from simulators.physics.constants import BOLTZMANN, ELECTRON_MASS, ELEMENTARY_CHARGE, REDUCED_PLANCK


@dataclass(frozen=True, slots=True)
class Barrier:
    """A tunnel barrier.

    Attributes:
        height: Mean height in eV.
        asymmetry: eV by which it is higher on one side.
        thickness: Effective thickness in m, for the free electron's mass.
        slope: A0 dphi/(16 phi^1.5) in 1/V.
        curvature: 9 A0^2/(128 phi) in 1/V2.
    """

    height: float
    asymmetry: float
    thickness: float
    slope: float = field(init=False)
    curvature: float = field(init=False)

    def __post_init__(self) -> None:
        decay = 4.0 / 3.0 * self._wave_number()
        object.__setattr__(self, "slope", decay * self.asymmetry / (16.0 * self.height**1.5))
        object.__setattr__(self, "curvature", 9.0 * decay**2 / (128.0 * self.height))

    def _wave_number(self) -> float:
        """Sqrt(2 m) d/hbar in 1/sqrt(eV)."""
        return math.sqrt(2.0 * ELECTRON_MASS * ELEMENTARY_CHARGE) * self.thickness / REDUCED_PLANCK

    def conductance(self) -> float:
        """Return G(0) for an area of 1 m2, in S/m2, at 0 K."""
        angstrom, root = self.thickness * 1e10, math.sqrt(self.height)
        return 1e4 * 3.16e10 * root / angstrom * math.exp(-1.025 * angstrom * root)

    def thermal_phase(self, temperature: float) -> float:
        """Return x of Stratton's factor at a temperature in K; beyond pi the theory has no meaning."""
        energy = BOLTZMANN * temperature / ELEMENTARY_CHARGE
        return math.pi * self._wave_number() * energy / math.sqrt(self.height)

    def thermal_factor(self, temperature: float) -> float:
        """Return x/sin x at a temperature in K."""
        x = self.thermal_phase(temperature)
        return x / math.sin(x) if x else 1.0

    def reduced_current(self, voltage: float) -> float:
        """Return I/G(0) in V at a voltage in V: the integral of G(V)/G(0)."""
        return voltage * (1.0 - voltage * (self.slope / 2.0 - voltage * self.curvature / 3.0))

    def differential(self, voltage: float) -> float:
        """Return G(V)/G(0) at a voltage in V."""
        return 1.0 - voltage * (self.slope - voltage * self.curvature)

    def voltage(self, reduced: float) -> float:
        """Return the voltage in V at which I/G(0) has a value in V: the inverse of `reduced_current`."""
        b = self.curvature
        shift = self.slope / (2.0 * b)
        p = 3.0 / b - 3.0 * shift * shift
        q = shift * (3.0 / b - 2.0 * shift * shift) - 3.0 * reduced / b
        scale = math.sqrt(p / 3.0)
        found = shift - 2.0 * scale * math.sinh(math.asinh(q / (2.0 * scale**3)) / 3.0)
        return found - (self.reduced_current(found) - reduced) / self.differential(found)  # what cancelled comes back
