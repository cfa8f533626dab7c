"""Net moment of a transition-metal/rare-earth ferrimagnet against temperature.

Two antiparallel sublattices. The transition metal orders by itself, with Kuz'min's shape (PRL 94, 107204, 2005). The
rare earth is a paramagnet in the exchange field of the transition metal: a Brillouin function, averaged over a gamma
distribution of local exchange fields, because in an amorphous alloy every site has other neighbours (sperimagnetism).
The rare earth's pull on the transition metal is left out: below 0.6 T_C it does little but rescale T_C.

    m_TM(T) = [1 - s t^1.5 - (1 - s) t^2.5]^(1/3),  t = T/T_C
    m_RE(T) = < B_J(g J mu_B b m_TM(T) / kT) >_b
    M_net(T) = n mu_B [(1 - c) mu_TM m_TM - c mu_RE m_RE]

M_net is signed along the transition metal's direction: positive where the transition metal dominates.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaincinv

from instruments.errors import BadValue
from simulators.physics.constants import BOHR_MAGNETON, BOLTZMANN

_SITES = 512  # local exchange fields: equally likely quantiles of their distribution
_DERIVATIVE_STEP = 1e-3  # K


def brillouin(spin: float, x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Brillouin function B_J(x), the thermal mean of a moment in a field.

    Args:
        spin: Total angular momentum J.
        x: g J mu_B B / kT, not negative.
    """
    x = np.maximum(x, 1e-6)  # B_J(x) -> (J+1) x / 3J; below this the two terms would cancel
    a, b = (2 * spin + 1) / (2 * spin), 1 / (2 * spin)
    return a / np.tanh(a * x) - b / np.tanh(b * x)


@dataclass(frozen=True)
class Ferrimagnet:
    """A two-sublattice ferrimagnet.

    Either the transition metal's moment is given, or a compensation temperature to which it is fitted.

    Attributes:
        rare_earth_fraction: Atomic fraction c of the rare earth, between 0 and 1.
        spin: Total angular momentum J of the rare-earth ion.
        lande_factor: Its Lande factor g.
        rare_earth_moment: mu_B per rare-earth atom at 0 K along the common axis (a sperimagnetic cone reduces it).
        exchange_field: Mean exchange field on the rare earth in T, at full transition-metal order.
        exchange_shape: Shape k of the gamma distribution of exchange fields; 1 is exponential, infinite is one field.
        curie_temperature: K.
        atom_density: Atoms per m3, both kinds together.
        compensation_temperature: K at which the net moment vanishes.
        transition_metal_moment: mu_B per transition-metal atom at 0 K.
        kuzmin_shape: Shape s of the transition metal's curve (0.11 for cobalt).
        unresolved_moment: A/m, of disorder on a scale that droplets do not resolve: near compensation a field still
            finds that much to act on.

    Raises:
        BadValue: A parameter is impossible, or not exactly one of the two alternatives is given.
    """

    rare_earth_fraction: float
    spin: float
    lande_factor: float
    rare_earth_moment: float
    exchange_field: float
    exchange_shape: float
    curie_temperature: float
    atom_density: float
    compensation_temperature: float | None = None
    transition_metal_moment: float | None = None
    kuzmin_shape: float = 0.11
    unresolved_moment: float = 0.0

    def __post_init__(self) -> None:
        if (self.compensation_temperature is None) == (self.transition_metal_moment is None):
            raise BadValue(
                "a ferrimagnet takes either compensation_temperature or transition_metal_moment, "
                "and was given both or neither: leave exactly one of them"
            )
        if not 0.0 < self.rare_earth_fraction < 1.0:
            raise BadValue(f"rare_earth_fraction is {self.rare_earth_fraction} and has to lie between 0 and 1")
        compensation = self.compensation_temperature
        if compensation is not None and not 0.0 < compensation < self.curie_temperature:
            raise BadValue(
                f"compensation_temperature is {compensation} K and has to lie between 0 K and the Curie temperature "
                f"of {self.curie_temperature} K"
            )

    @cached_property
    def _exchange_fields(self) -> NDArray[np.float64]:
        """Local exchange fields in T, equally likely."""
        if math.isinf(self.exchange_shape):
            return np.array([self.exchange_field])
        quantiles = (np.arange(_SITES) + 0.5) / _SITES
        shape = self.exchange_shape
        return np.asarray(gammaincinv(shape, quantiles), dtype=float) / shape * self.exchange_field

    @cached_property
    def fitted_transition_metal_moment(self) -> float:
        """Moment in mu_B of a transition-metal atom at 0 K: given, or such that M_net(T_M) = 0."""
        if self.transition_metal_moment is not None:
            return self.transition_metal_moment
        assert self.compensation_temperature is not None
        at = np.array([self.compensation_temperature])
        ratio = float(self._rare_earth_order(at)[0] / self._order(at)[0])
        fraction = self.rare_earth_fraction
        return fraction * self.rare_earth_moment * ratio / (1.0 - fraction)

    def _order(self, temperature: NDArray[np.float64]) -> NDArray[np.float64]:
        t = np.minimum(temperature / self.curie_temperature, 1.0)
        s = self.kuzmin_shape
        return np.maximum(1.0 - s * t**1.5 - (1.0 - s) * t**2.5, 0.0) ** (1.0 / 3.0)

    def _rare_earth_order(self, temperature: NDArray[np.float64]) -> NDArray[np.float64]:
        moment = self.lande_factor * self.spin * BOHR_MAGNETON
        energy = moment * self._order(temperature)[:, None] * self._exchange_fields
        return brillouin(self.spin, energy / (BOLTZMANN * temperature[:, None])).mean(axis=1)

    def evaluate(self, temperature: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return M_net in A/m and m_TM for an array of temperatures above 0 K, without the table."""
        order, rare_earth = self._order(temperature), self._rare_earth_order(temperature)
        fraction = self.rare_earth_fraction
        per_atom = (
            1.0 - fraction
        ) * self.fitted_transition_metal_moment * order - fraction * self.rare_earth_moment * rare_earth
        ordered = temperature < self.curie_temperature
        return np.where(ordered, per_atom * BOHR_MAGNETON * self.atom_density, 0.0), order

    @cached_property
    def _table(self) -> list[tuple[float, float]]:
        """M_net and its slope at every whole kelvin from 1 K to the last below 0.9 T_C, where it is smooth."""
        nodes = np.arange(1.0, math.floor(0.9 * self.curie_temperature) + 1.0)
        value = self.evaluate(nodes)[0]
        above, below = (self.evaluate(nodes + sign * _DERIVATIVE_STEP)[0] for sign in (1, -1))
        slope = (above - below) / (2 * _DERIVATIVE_STEP)
        return list(zip(value.tolist(), slope.tolist(), strict=True))

    def net_magnetisation(self, temperature: float) -> float:
        """M_net in A/m, signed along the transition metal.

        Cubic Hermite interpolation of a table at whole kelvins; the error is below 1e-4 of the largest moment from
        1 K on, and below 0.01 A/m above 10 K, for the three alloys of the tests. Outside the table it is calculated.
        """
        table = self._table
        lower = math.floor(temperature)
        if not 1 <= lower < len(table):
            return float(self.evaluate(np.array([temperature]))[0][0])
        (left, left_slope), (right, right_slope) = table[lower - 1], table[lower]
        x = temperature - lower
        y = 1.0 - x
        return y * y * ((1.0 + 2.0 * x) * left + x * left_slope) + x * x * ((1.0 + 2.0 * y) * right - y * right_slope)

    def driven_moment(self, temperature: float) -> float:
        """Return what a field acts on in A/m: the net moment, never smaller than what disorder leaves of it."""
        net = self.net_magnetisation(temperature)
        return math.copysign(math.hypot(net, self.unresolved_moment), net) if self.unresolved_moment else net

    def transition_metal_order(self, temperature: float) -> float:
        """m_TM, between 0 and 1: order of the transition-metal sublattice, which carries the transport."""
        return kuzmin_order(temperature, self.curie_temperature, self.kuzmin_shape)


def kuzmin_order(temperature: float, curie_temperature: float, shape: float = 0.11) -> float:
    """Return the order of a ferromagnet, between 0 and 1, by Kuz'min's law; temperatures in K."""
    t = temperature / curie_temperature
    if t >= 1.0:
        return 0.0
    return (1.0 - shape * t**1.5 - (1.0 - shape) * t**2.5) ** (1.0 / 3.0)
