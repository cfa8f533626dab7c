"""How a conductor wears out under its current: Black's law, with the threshold of Blech.

Electrons carry atoms along, and where more leave than arrive a void grows. With a current density J and the conductor's
own temperature T, Joule heating included, the damage D grows from 0 (fresh) to 1 (the void goes all the way across) at

    dD/dt = (1/tau_0) ((J - J_B)/J_0)^n exp(-(E_a/k) (1/T - 1/T_0))    for J > J_B, and 0 below

so that at J_0 and T_0 a conductor lasts tau_0 (Black, IEEE Trans. Electron Devices 16, 338 (1969)). J_B is what the
stress that builds up along a short conductor balances for ever: a constant product J_B L (Blech, J. Appl. Phys. 47,
1203 (1976)), which makes a reading current harmless, however long it flows. The sign of the current has no part in it:
that a void heals when the current is reversed is left out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from simulators.physics.constants import BOLTZMANN, ELEMENTARY_CHARGE


@dataclass(frozen=True, slots=True)
class Electromigration:
    """The law for one conductor.

    Attributes:
        lifetime: tau_0 in s, that of this very conductor.
        density: J_0 in A/m2.
        temperature: T_0 in K.
        exponent: n.
        activation_energy: E_a in eV.
        immortal_density: J_B in A/m2.
    """

    lifetime: float
    density: float
    temperature: float
    exponent: float
    activation_energy: float
    immortal_density: float = 0.0

    def rate(self, density: float, temperature: float) -> float:
        """Return dD/dt in 1/s for a current density in A/m2, of either sign, at a temperature of the film in K."""
        driving = abs(density) - self.immortal_density
        if driving <= 0.0:
            return 0.0
        energy = self.activation_energy * ELEMENTARY_CHARGE / BOLTZMANN
        arrhenius = math.exp(-energy * (1.0 / temperature - 1.0 / self.temperature))
        return (driving / self.density) ** self.exponent * arrhenius / self.lifetime


def void_squares(damage: float, length: float) -> float:
    """Return the squares of film that a void adds where it leaves 1 - D of the width.

    Args:
        damage: D, below 1.
        length: Squares along the conductor over which the void reaches.
    """
    return length * damage / (1.0 - damage)
