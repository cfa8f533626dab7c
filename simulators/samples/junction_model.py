"""The parameters of the families `tunnel_junction` and `magnetic_junction`, and what follows from them alone."""

from __future__ import annotations

import math

from pydantic import Field

from instruments.errors import BadValue
from simulators.physics.constants import BOLTZMANN
from simulators.physics.ferrimagnet import kuzmin_order
from simulators.physics.spin_tunnelling import Polarisations
from simulators.physics.tunnelling import Barrier
from simulators.samples.ferrimagnet_model import FerrimagnetParameters
from simulators.samples.magnetic_layer import LayerLaw
from simulators.samples.model import Parameters


class JunctionParameters(Parameters):
    """The `[model]` section of the family `tunnel_junction`, in SI units, energies in eV."""

    barrier_height: float = Field(description="eV, mean height phi of the barrier", gt=0, le=20)
    barrier_asymmetry: float = Field(
        description="eV by which its two sides differ; above zero more flows at negative voltages", ge=-10, le=10
    )
    effective_thickness: float = Field(description="m, of the barrier for the free electron's mass", gt=1e-10, lt=20e-9)
    contact_resistance: float = Field(
        description="ohm in each electrode, from a contact to the junction", gt=0, default=1.0
    )
    upper_sheet_resistance: float = Field(
        description="ohm, of the upper electrode's strip per square; 0 where it is one potential", ge=0, default=0.0
    )
    lower_sheet_resistance: float = Field(description="ohm, of the lower one's", ge=0, default=0.0)
    breakdown_voltage: float | None = Field(
        description="V at which a typical barrier lasts the breakdown time; left out where no voltage does damage",
        gt=0,
        default=None,
    )
    breakdown_time: float = Field(description="s that it lasts there", gt=0, default=1.0)
    breakdown_acceleration: float = Field(
        description="1/V, it lasts e times longer for each 1 V over this less", gt=0, default=40.0
    )
    breakdown_shape: float = Field(
        description="shape of Weibull's distribution of times to breakdown", gt=0, le=20, default=1.5
    )
    short_resistance: float = Field(description="ohm, typical, of what is left after a breakdown", gt=0, default=100.0)
    short_spread: float = Field(description="standard deviation of its logarithm", ge=0, le=3, default=0.5)

    def barrier(self) -> Barrier:
        """The barrier.

        Raises:
            BadValue: It is more asymmetric than high.
        """
        if not abs(self.barrier_asymmetry) < self.barrier_height:
            raise BadValue(
                f"[model] barrier_asymmetry is {self.barrier_asymmetry:g} eV, but must be less than barrier_height, "
                f"{self.barrier_height:g} eV, either way"
            )
        return Barrier(self.barrier_height, self.barrier_asymmetry, self.effective_thickness)


class MagneticJunctionParameters(JunctionParameters, FerrimagnetParameters):
    """The `[model]` section of the family `magnetic_junction`: a ferrimagnet above the barrier, a magnet below it."""

    attempt_rate: float = Field(description="attempts of a droplet to reverse per s", gt=0)
    reference_temperature: float = Field(description="K at which switching drives and the leak are given", gt=0)
    reference_time: float = Field(description="s for which a droplet holds at the switching drive", gt=0)
    hysterons: int = Field(description="number of droplets of the ferrimagnet", ge=1, le=1_000_000)
    athermal_temperature: float = Field(description="K, added to the temperature in its Boltzmann factor", ge=0)
    switching_drive: float = Field(description="J/m3 at which its mean droplet holds for the reference time", gt=0)
    switching_spread: float = Field(description="relative standard deviation of the switching drive", ge=0, le=0.5)
    compensation_spread: float = Field(
        description="K, standard deviation of the compensation temperature over the layer", ge=0, default=0.0
    )
    anisotropy_field: float = Field(description="T, by which a field tilts the ferrimagnet", gt=0)

    lower_moment: float = Field(description="A/m at 0 K, of the lower magnet", gt=0)
    lower_curie_temperature: float = Field(description="K", gt=0)
    lower_hysterons: int = Field(description="number of its droplets", ge=1, le=1_000_000)
    lower_athermal_temperature: float = Field(description="K, added to the temperature in its Boltzmann factor", ge=0)
    lower_switching_drive: float = Field(
        description="J/m3 at which its mean droplet holds for the reference time", gt=0
    )
    lower_switching_spread: float = Field(
        description="relative standard deviation of its switching drive", ge=0, le=0.5
    )
    lower_anisotropy_field: float = Field(description="T, by which a field tilts it", gt=0)
    lower_thickness: float | None = Field(
        description="m, of the lower magnet in an unpatterned film; left out where none is measured in a magnetometer",
        gt=0,
        default=None,
    )
    upper_thickness: float | None = Field(description="m, of the ferrimagnet in it", gt=0, default=None)

    lower_polarisation: float = Field(description="of what tunnels, along the lower magnet's moment", ge=-1, le=1)
    polarisation: float = Field(
        description="of what tunnels, along the ferrimagnet's transition metal, far above the cold temperature",
        ge=-1,
        le=1,
    )
    polarisation_gain: float = Field(description="by which that is larger at the cold temperature", ge=-1, le=1)
    cold_temperature: float = Field(description="K", ge=0)
    polarisation_decay: float = Field(description="K over which the gain falls by e", gt=0)
    half_bias: float = Field(description="V at which half of the magnetoresistance is left", gt=0)
    leak: float = Field(
        description="conductance beside the barrier over that of the low state at the reference temperature", ge=0
    )
    resistance_spread: float = Field(
        description="standard deviation of the logarithm of the barrier's resistance, from device to device",
        ge=0, le=3, default=0.0,
    )  # fmt: skip
    leak_spread: float = Field(description="the same of the leak", ge=0, le=3, default=0.0)
    polarisation_spread: float = Field(
        description="the same of the ferrimagnet's polarisation", ge=0, le=1, default=0.0
    )

    def barrier_of(self, drive: float, athermal: float) -> float:
        """Barrier in J x J/m3 of a droplet that holds at a drive in J/m3 for the reference time."""
        energy = BOLTZMANN * (self.reference_temperature + athermal)
        return drive * energy * math.log(self.attempt_rate * self.reference_time)

    def thicknesses(self) -> tuple[float, float] | None:
        """Return those of the lower magnet and of the ferrimagnet in m, None where they are not both given."""
        lower, upper = self.lower_thickness, self.upper_thickness
        return None if lower is None or upper is None else (lower, upper)

    def layers(self) -> tuple[LayerLaw, LayerLaw]:
        """Return the lower magnet and the ferrimagnet."""
        ferrimagnet = self.ferrimagnet()

        def lower(temperature: float) -> float:
            return self.lower_moment * kuzmin_order(temperature, self.lower_curie_temperature)

        return (
            LayerLaw(
                "lower layer", lower, self.barrier_of(self.lower_switching_drive, self.lower_athermal_temperature),
                self.lower_switching_spread, self.attempt_rate, self.lower_athermal_temperature, self.lower_hysterons,
                0.0, self.lower_anisotropy_field,
            ),
            LayerLaw(
                "ferrimagnet", ferrimagnet.driven_moment,
                self.barrier_of(self.switching_drive, self.athermal_temperature), self.switching_spread,
                self.attempt_rate, self.athermal_temperature, self.hysterons, self.compensation_spread,
                self.anisotropy_field,
            ),
        )  # fmt: skip

    def polarisations(self, strength: float = 1.0) -> Polarisations:
        """What tunnels is polarised by; `strength` is this device's, over that of a typical one."""
        return Polarisations(
            self.lower_polarisation, strength * self.polarisation, strength * self.polarisation_gain,
            self.cold_temperature, self.polarisation_decay, self.half_bias,
        )  # fmt: skip
