"""The parameters of a ferrimagnetic layer, which several families have."""

from __future__ import annotations

from functools import lru_cache

from pydantic import Field

from simulators.physics.ferrimagnet import Ferrimagnet
from simulators.samples.model import Parameters


@lru_cache(maxsize=16)
def _shared(magnet: Ferrimagnet) -> Ferrimagnet:
    """Return one that is equal; it never changes, and its table takes longer to make than all the rest of a lab."""
    return magnet


class FerrimagnetParameters(Parameters):
    """The magnetic layer in a `[model]` section, in SI units."""

    rare_earth_fraction: float = Field(description="atomic fraction of the rare earth", gt=0, lt=1)
    rare_earth_spin: float = Field(description="total angular momentum J of the rare-earth ion", gt=0)
    rare_earth_lande_factor: float = Field(description="Lande factor of the rare-earth ion", gt=0)
    rare_earth_moment: float = Field(description="mu_B per rare-earth atom at 0 K", gt=0)
    exchange_field: float = Field(description="mean exchange field on the rare earth, T", gt=0)
    exchange_shape: float = Field(description="shape of the gamma distribution of exchange fields", gt=0)
    curie_temperature: float = Field(description="K", gt=0)
    compensation_temperature: float | None = Field(
        description="K at which the net moment vanishes; or transition_metal_moment, from which it follows",
        gt=0,
        default=None,
    )
    transition_metal_moment: float | None = Field(
        description="mu_B per transition-metal atom at 0 K; or compensation_temperature, from which it follows",
        gt=0,
        default=None,
    )
    atom_density: float = Field(description="atoms per m3", gt=0)
    unresolved_moment: float = Field(
        description="A/m, of disorder finer than droplets: what a field still acts on at compensation",
        ge=0,
        default=0.0,
    )

    def ferrimagnet(self) -> Ferrimagnet:
        """The magnetic layer."""
        return _shared(
            Ferrimagnet(
                rare_earth_fraction=self.rare_earth_fraction,
                spin=self.rare_earth_spin,
                lande_factor=self.rare_earth_lande_factor,
                rare_earth_moment=self.rare_earth_moment,
                exchange_field=self.exchange_field,
                exchange_shape=self.exchange_shape,
                curie_temperature=self.curie_temperature,
                atom_density=self.atom_density,
                compensation_temperature=self.compensation_temperature,
                transition_metal_moment=self.transition_metal_moment,
                unresolved_moment=self.unresolved_moment,
            )
        )
