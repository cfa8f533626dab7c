"""The parameters of the family `ferrimagnet_hall_bar`, and what follows from them alone."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from instruments.errors import BadValue
from simulators.physics.constants import BOLTZMANN
from simulators.physics.electromigration import Electromigration
from simulators.physics.ferrimagnet import Ferrimagnet
from simulators.physics.heating import Pole
from simulators.physics.torque import damping_like
from simulators.samples.ferrimagnet_model import FerrimagnetParameters
from simulators.samples.hall_network import Crossing, HallNetwork


class HallBarParameters(FerrimagnetParameters):
    """The `[model]` section of the family `ferrimagnet_hall_bar`, in SI units."""

    hysterons: int = Field(description="number of droplets", ge=1, le=10_000_000)
    attempt_rate: float = Field(description="attempts to reverse per s", gt=0)
    athermal_temperature: float = Field(description="K, added to the temperature in the Boltzmann factor", ge=0)
    switching_drive: float = Field(
        description="J/m3, mean drive M_net mu0 H at which a droplet holds for the reference time", gt=0
    )
    switching_spread: float = Field(description="relative standard deviation of the switching drive", ge=0, le=0.5)
    wall_drive: float = Field(
        description="J/m3, part of the switching drive that is the walls' and falls with a field in the film plane",
        ge=0,
        default=0.0,
    )
    reference_temperature: float = Field(
        description="K at which switching drive, resistances and Hall resistance are given", gt=0
    )
    reference_time: float = Field(description="s for which a droplet holds at the switching drive", gt=0)
    propagation_drive: float | None = Field(
        description="J/m3, mean drive that moves walls at the reference temperature; left out where every droplet "
        "nucleates by itself",
        gt=0,
        default=None,
    )
    propagation_spread: float = Field(
        description="relative standard deviation of the propagation drive", ge=0, le=0.5, default=0.1
    )

    anomalous_hall_resistance: float = Field(description="ohm, amplitude (half of the swing) of R_xy")
    ordinary_hall_coefficient: float = Field(description="ohm/T, slope of R_xy against mu0 H")
    resistance: float = Field(description="ohm, from end to end of the bar", gt=0)
    resistance_temperature_coefficient: float = Field(description="1/K")
    hall_positions: tuple[float, float] = Field(
        description="squares from the source to the arms C, D and to the arms A, B",
        strict=False,  # a file has lists, no tuples
    )
    arm_length: float = Field(description="squares, from an arm's pad to the middle of the bar", ge=0)
    misalignment: float = Field(
        description="squares by which the arms A and C lie nearer to the source than B and D", ge=-0.5, le=0.5
    )
    thermal_resistance: float = Field(
        description="K/A2, warming of the film by a current along the bar, at once (film and oxide)", ge=0
    )
    slow_heating: tuple[Annotated[Pole, Field(strict=False)], ...] = Field(
        description="poles [K/A2, s] by which substrate and chip warm in addition; left out where they do not",
        strict=False,
        default=(),
    )
    debye_temperature: float | None = Field(
        description="K, of the chip: its heat capacity, and with it the time constants of slow_heating, which hold at "
        "the reference temperature, follow Debye's law; left out where they stay as they are",
        gt=0,
        default=None,
    )

    spin_torque_efficiency: float = Field(
        description="xi, spin current per charge current into the magnetic layer; 0 where there is no heavy metal",
        default=0.0,
    )
    magnetic_thickness: float | None = Field(
        description="m, of the layer that takes up the spin current", gt=0, default=None
    )
    chirality_field: float | None = Field(
        description="T along the current at which walls are aligned against their chirality by 1/sqrt(2)",
        gt=0,
        default=None,
    )
    walls_aligned_by: Literal["sublattice", "net moment"] = Field(
        description="what a field along the current pulls walls by; by the net moment, the torque changes its sign at "
        "compensation and vanishes there",
        default="sublattice",
    )
    anisotropy_field: float | None = Field(
        description="T, at the reference temperature; left out where a field in the film plane tilts nothing",
        gt=0,
        default=None,
    )

    field_like_efficiency: float = Field(
        description="as spin_torque_efficiency, of the field-like torque along y, which turns the film within the "
        "period of an alternating current",
        default=0.0,
    )
    planar_hall_resistance: float = Field(
        description="ohm, R_xy = ... + 2 R_P n_x n_y of a film that is tilted", default=0.0
    )
    thermal_hall_voltage: float = Field(
        description="V/A2 between opposite arms by the square of the current, times n_z (anomalous Nernst and spin "
        "Seebeck effect)",
        default=0.0,
    )
    nernst_hall_voltage: float = Field(
        description="V/A2 between opposite arms by the square of the current, times n_x (anomalous Nernst effect of a "
        "film that is warmer than what it lies on)",
        default=0.0,
    )

    lifetime: float | None = Field(
        description="s that a typical bar lasts at the wear density and temperature (Black's law); left out where "
        "currents do no damage",
        gt=0,
        default=None,
    )
    lifetime_spread: float = Field(
        description="standard deviation of the lifetime's logarithm, from bar to bar", ge=0, le=3, default=0.0
    )
    wear_density: float | None = Field(description="A/m2 for which the lifetime is given", gt=0, default=None)
    wear_temperature: float | None = Field(
        description="K of the film for which the lifetime is given", gt=0, default=None
    )
    wear_exponent: float = Field(description="n of the current density in Black's law", gt=0, le=20, default=2.0)
    wear_energy: float | None = Field(description="eV, activation energy of Black's law", gt=0, le=5, default=None)
    wear_threshold: float = Field(
        description="A/m, current density times length below which a bar lasts for ever (Blech)", ge=0, default=0.0
    )
    void_length: float = Field(
        description="squares along the bar over which a void narrows it", gt=0, le=10, default=1.0
    )

    def network(self, squares: float, spot: float = math.inf) -> HallNetwork:
        """The bar and its arms.

        Args:
            squares: Length of the bar over its width.
            spot: Squares from the source to the spot where it is weakest.

        Raises:
            BadValue: The arms are not on the bar.
        """
        upstream, downstream = self.hall_positions
        reach = 0.5 * abs(self.misalignment)
        if not (reach <= upstream and upstream + reach < downstream - reach and downstream + reach <= squares):
            raise BadValue(
                f"hall_positions are {upstream:g} and {downstream:g} squares and have to lie on the bar of "
                f"{squares:g} squares, that of C and D nearer to the source"
            )
        crossings = (Crossing("C", "D", upstream), Crossing("A", "B", downstream))
        return HallNetwork(squares, crossings, self.arm_length, self.misalignment, spot)

    def torque(self, geometry: Mapping[str, float]) -> float:
        """Energy density of the spin-orbit torque on a fully aligned wall per current, in J/m3/A.

        Args:
            geometry: `width` of the bar and `conducting_thickness`, of all that carries current, in m.

        Raises:
            BadValue: Something is missing that the torque follows from.
        """
        if self.spin_torque_efficiency == 0.0:
            return 0.0
        if self.magnetic_thickness is None or self.chirality_field is None:
            raise BadValue(
                f"[model] has spin_torque_efficiency = {self.spin_torque_efficiency:g} but lacks magnetic_thickness or "
                "chirality_field, which a torque on walls needs; give both, or leave the efficiency out"
            )
        section = positive(geometry, "width") * positive(geometry, "conducting_thickness")
        return 0.5 * math.pi * damping_like(self.spin_torque_efficiency, 1.0 / section, self.magnetic_thickness)

    def tilting(self, geometry: Mapping[str, float]) -> tuple[float, float]:
        """Energy densities of the damping-like and the field-like torque on a uniform film per current, in J/m3/A.

        Args:
            geometry: As for `torque`.

        Raises:
            BadValue: Something is missing that a torque follows from.
        """
        if self.spin_torque_efficiency == self.field_like_efficiency == 0.0:
            return 0.0, 0.0
        if self.magnetic_thickness is None:
            raise BadValue(
                f"[model] has field_like_efficiency = {self.field_like_efficiency:g} but lacks magnetic_thickness, "
                "which a torque needs; give it, or leave the efficiency out"
            )
        density = 1.0 / (positive(geometry, "width") * positive(geometry, "conducting_thickness"))
        damping, field = (
            damping_like(efficiency, density, self.magnetic_thickness)
            for efficiency in (self.spin_torque_efficiency, self.field_like_efficiency)
        )
        return damping, field

    def electromigration(self, geometry: Mapping[str, float], strength: float = 1.0) -> Electromigration | None:
        """How currents wear a bar out; None where they do not.

        Args:
            geometry: `width` and `length` of the bar and `conducting_thickness`, of all that carries current, in m.
            strength: How many times as long as the typical one this bar lasts.

        Raises:
            BadValue: Something is missing that the damage follows from.
        """
        if self.lifetime is None:
            return None
        if self.wear_density is None or self.wear_temperature is None or self.wear_energy is None:
            raise BadValue(
                f"[model] has lifetime = {self.lifetime:g} s but lacks wear_density, wear_temperature or wear_energy, "
                "for which a lifetime is given; give all three, or leave the lifetime out"
            )
        for name in ("width", "conducting_thickness"):
            positive(geometry, name)
        return Electromigration(
            self.lifetime * strength,
            self.wear_density,
            self.wear_temperature,
            self.wear_exponent,
            self.wear_energy,
            self.wear_threshold / positive(geometry, "length"),
        )

    def barriers(self, drives: NDArray[np.float64]) -> NDArray[np.float64]:
        """Barriers in J x J/m3 of droplets by the drives in J/m3 at which they hold for the reference time."""
        energy = BOLTZMANN * (self.reference_temperature + self.athermal_temperature)
        return drives * energy * math.log(self.attempt_rate * self.reference_time)

    def wall_barrier(self) -> float:
        """What the wall around a droplet contributes to its barrier without a field in the film plane, in J x J/m3.

        Raises:
            BadValue: It would be all of the barrier, or there is no anisotropy field to measure a field by.
        """
        if self.wall_drive == 0.0:
            return 0.0
        if not self.wall_drive < self.switching_drive:
            raise BadValue(
                f"[model] wall_drive is {self.wall_drive:g} J/m3 and has to be below switching_drive, "
                f"{self.switching_drive:g} J/m3, of which it is a part"
            )
        if self.anisotropy_field is None:
            raise BadValue(
                f"[model] has wall_drive = {self.wall_drive:g} J/m3 but lacks anisotropy_field, by which a field in "
                "the film plane counts; give it, or leave wall_drive out"
            )
        return float(self.barriers(np.array([self.wall_drive]))[0])

    def anisotropy(self) -> float:
        """Energy density in J/m3 by which a field tilts: net moment times anisotropy field; infinite without one.

        Raises:
            BadValue: There is no net moment at the reference temperature.
        """
        return math.inf if self.anisotropy_field is None else self._reference_moment() * self.anisotropy_field

    def moment_of_walls(self) -> float | None:
        """Net moment in A/m for which the chirality field is given; None where the sublattice aligns walls.

        Raises:
            BadValue: There is no net moment at the reference temperature.
        """
        return None if self.walls_aligned_by == "sublattice" else self._reference_moment()

    def _reference_moment(self) -> float:
        """Magnitude of the net moment in A/m at the reference temperature."""
        moment = abs(self.ferrimagnet().net_magnetisation(self.reference_temperature))
        if moment == 0.0:
            raise BadValue(
                f"[model] reference_temperature is {self.reference_temperature:g} K, where no net moment is left for a "
                "field to act on, but anisotropy and chirality are given as fields there; give another one"
            )
        return moment


def positive(geometry: Mapping[str, float], name: str) -> float:
    """Return a length in m of the geometry.

    Raises:
        BadValue: It is missing or not above zero.
    """
    if not geometry.get(name, 0.0) > 0.0:
        raise BadValue(f"the geometry of a Hall bar needs a {name} in m above zero, and has {dict(geometry)}")
    return geometry[name]


def squares_of(geometry: Mapping[str, float]) -> float:
    """Length of the bar over its width.

    Raises:
        BadValue: The geometry lacks one of them.
    """
    return positive(geometry, "length") / positive(geometry, "width")


def reference_order(ferrimagnet: Ferrimagnet, model: HallBarParameters) -> float:
    """Order of the transition metal at the temperature at which the Hall resistance is given.

    Raises:
        BadValue: There is none at that temperature.
    """
    order = ferrimagnet.transition_metal_order(model.reference_temperature)
    if order == 0.0:
        raise BadValue(
            f"reference_temperature is {model.reference_temperature} K and has to lie below the Curie temperature "
            f"of {model.curie_temperature} K"
        )
    return order
