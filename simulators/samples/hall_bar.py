"""Hall bar of a perpendicular ferrimagnet on a heavy metal, such as Pt/CoTb.

The film is a set of independent droplets (`simulators.physics.hysterons`) whose state is the direction n of the
transition-metal sublattice along the film normal z, for that is what the Hall effect sees. The field acts on the net
moment: the drive on a droplet is D = M_net(T) mu0 H_z, with M_net signed along n. So the Hall loop turns around at the
compensation temperature, where M_net changes its sign, and the coercive field grows without bound towards it.

    R_xy = V(+y arm - -y arm)/I = R_A m_TM(T)/m_TM(T_ref) <n_z> + R_0 mu0 H_z + misalignment x R_square

with I along +x, H along +z; positive polarity means that the transition metal dominates. The field lies along the film
normal and n along +z or -z, so there is no planar Hall effect and no anisotropic magnetoresistance.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from instruments.errors import BadValue
from simulators.environment import GRID_TEMPERATURE, Environment, Piece
from simulators.physics.constants import BOLTZMANN
from simulators.physics.ferrimagnet import Ferrimagnet
from simulators.physics.hysterons import MEMORY, Hysterons
from simulators.physics.ramp import Stretch
from simulators.randomness import Streams
from simulators.samples.hall_network import Crossing, Flow, HallNetwork
from simulators.samples.history import History
from simulators.samples.model import Parameters, parameters
from simulators.samples.sample import Sample


@lru_cache(maxsize=16)
def _shared(magnet: Ferrimagnet) -> Ferrimagnet:
    """Return one that is equal; it never changes, and its table takes longer to make than all the rest of a lab."""
    return magnet


class HallBarParameters(Parameters):
    """The `[model]` section of the family `ferrimagnet_hall_bar`, in SI units."""

    rare_earth_fraction: float = Field(description="atomic fraction of the rare earth", gt=0, lt=1)
    rare_earth_spin: float = Field(description="total angular momentum J of the rare-earth ion", gt=0)
    rare_earth_lande_factor: float = Field(description="Lande factor of the rare-earth ion", gt=0)
    rare_earth_moment: float = Field(description="mu_B per rare-earth atom at 0 K", gt=0)
    exchange_field: float = Field(description="mean exchange field on the rare earth, T", gt=0)
    exchange_shape: float = Field(description="shape of the gamma distribution of exchange fields", gt=0)
    curie_temperature: float = Field(description="K", gt=0)
    compensation_temperature: float = Field(description="K at which the net moment vanishes", gt=0)
    atom_density: float = Field(description="atoms per m3", gt=0)

    hysterons: int = Field(description="number of droplets", ge=1, le=10_000_000)
    attempt_rate: float = Field(description="attempts to reverse per s", gt=0)
    athermal_temperature: float = Field(description="K, added to the temperature in the Boltzmann factor", ge=0)
    switching_drive: float = Field(
        description="J/m3, mean drive M_net mu0 H at which a droplet holds for the reference time", gt=0
    )
    switching_spread: float = Field(description="relative standard deviation of the switching drive", ge=0, le=0.5)
    reference_temperature: float = Field(
        description="K at which switching drive, resistances and Hall resistance are given", gt=0
    )
    reference_time: float = Field(description="s for which a droplet holds at the switching drive", gt=0)
    propagation_drive: float | None = Field(
        description="J/m3, mean drive that moves walls; left out where every droplet nucleates by itself",
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
    thermal_resistance: float = Field(description="K/A2, warming of the film by a current along the bar", ge=0)

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
            )
        )

    def network(self, squares: float) -> HallNetwork:
        """The bar and its arms.

        Args:
            squares: Length of the bar over its width.

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
        return HallNetwork(squares, crossings, self.arm_length, self.misalignment)


def _squares(geometry: Mapping[str, float]) -> float:
    """Length of the bar over its width."""
    for name in ("length", "width"):
        if not geometry.get(name, 0.0) > 0.0:
            raise BadValue(f"the geometry of a Hall bar needs a {name} in m above zero, and has {dict(geometry)}")
    return geometry["length"] / geometry["width"]


def _reference_order(ferrimagnet: Ferrimagnet, model: HallBarParameters) -> float:
    """Order of the transition metal at the temperature at which the Hall resistance is given."""
    order = ferrimagnet.transition_metal_order(model.reference_temperature)
    if order == 0.0:
        raise BadValue(
            f"reference_temperature is {model.reference_temperature} K and has to lie below the Curie temperature "
            f"of {model.curie_temperature} K"
        )
    return order


def _positive_normal(generator: np.random.Generator, mean: float, spread: float, count: int) -> NDArray[np.float64]:
    """Draw from a normal distribution of which only the positive part is kept."""
    values = mean * (1.0 + spread * generator.standard_normal(count))
    while bool(np.any(values <= 0.0)):
        wrong = np.flatnonzero(values <= 0.0)
        values[wrong] = mean * (1.0 + spread * generator.standard_normal(wrong.size))
    return values


class FerrimagnetHallBar(Sample):
    """A Hall bar with ends `source` and `drain` and arms A (+y), B (-y) and, nearer to the source, C (+y), D (-y).

    A fresh one is remanent after positive saturation. The film's temperature follows the current at once.

    Args:
        model: Parameters of the family.
        geometry: `length` of the bar from end to end and its `width`, in m.
        environment: Temperature and field, the field along the film normal.
        streams: Random streams; takes `barriers` (disorder) and `thermal clocks` (noise).
        start: Lab time in s at which the sample is put in.

    Raises:
        BadValue: The parameters contradict each other.
    """

    def __init__(
        self,
        model: HallBarParameters,
        geometry: Mapping[str, float],
        environment: Environment,
        streams: Streams,
        start: float = 0.0,
    ) -> None:
        self._model = model
        self._environment = environment
        self._ferrimagnet = model.ferrimagnet()
        self._squares = _squares(geometry)
        self._network = model.network(self._squares)
        self.pads = self._network.pads
        self._reference_order = _reference_order(self._ferrimagnet, model)
        self._heating = 0.0
        self._currents: list[float] = [-math.inf]
        self._flows: list[Flow] = [self._network.flow({})]
        hysterons = self._fresh(streams, start)
        self._history = History(hysterons, environment, self._stretch, start)

    @classmethod
    def check_model(
        cls, model: Mapping[str, Any], geometry: Mapping[str, float], temperatures: tuple[float, float]
    ) -> tuple[str, ...]:
        """Check the `[model]` section of a sample record without building a sample, and return the names of its pads.

        Args:
            model: The section.
            geometry: As for the class.
            temperatures: Lowest and highest temperature in K that it can be brought to.

        Raises:
            UnknownName: A key that the family does not know.
            BadValue: A parameter is missing or does not fit.
        """
        checked = parameters(model, HallBarParameters)
        for temperature in temperatures:
            rise = checked.resistance_temperature_coefficient * (temperature - checked.reference_temperature)
            if not rise > -1.0:
                raise BadValue(
                    f"[model] resistance_temperature_coefficient is {checked.resistance_temperature_coefficient:g} /K, "
                    f"so that the bar would have no resistance left at {temperature:g} K; a metal has about 1e-3 /K"
                )
        _reference_order(checked.ferrimagnet(), checked)
        return checked.network(_squares(geometry)).pads

    @classmethod
    def from_model(
        cls,
        model: Mapping[str, Any],
        geometry: Mapping[str, float],
        environment: Environment,
        streams: Streams,
        start: float = 0.0,
    ) -> FerrimagnetHallBar:
        """Build one from the `[model]` section of a sample record; arguments as for the class.

        Raises:
            UnknownName: A key that the family does not know.
            BadValue: A parameter is missing or does not fit.
        """
        return cls(parameters(model, HallBarParameters), geometry, environment, streams, start)

    def _fresh(self, streams: Streams, start: float) -> Hysterons:
        """Make the film's droplets, all in the state that a large positive field left."""
        model = self._model
        disorder = streams.disorder("barriers")
        drives = _positive_normal(disorder, model.switching_drive, model.switching_spread, model.hysterons)
        energy = BOLTZMANN * (model.reference_temperature + model.athermal_temperature)
        propagation = None
        if model.propagation_drive is not None:
            propagation = _positive_normal(disorder, model.propagation_drive, model.propagation_spread, model.hysterons)
        moment = self._ferrimagnet.net_magnetisation(self._environment.sample_temperature(start))
        return Hysterons(
            drives * energy * math.log(model.attempt_rate * model.reference_time),
            attempt_rate=model.attempt_rate,
            athermal_temperature=model.athermal_temperature,
            clocks=streams.noise("thermal clocks"),
            propagation=propagation,
            state=-1 if moment < 0.0 else 1,
            start=start,
        )

    # ---- the magnet

    def _stretch(self, piece: Piece, start: float) -> Stretch:
        """What drives the droplets for the rest of a piece: everything that acts on them is assembled here.

        The current's warming is taken on the temperature grid, so that a reading current does not count as a change.
        """
        temperature = piece.temperature + GRID_TEMPERATURE * round(self._heating / GRID_TEMPERATURE)
        moment = self._ferrimagnet.net_magnetisation(temperature)
        return Stretch(start, piece.end, temperature, moment * piece.field(start), moment * piece.field_rate)

    @property
    def hysterons(self) -> Hysterons:
        """The film's droplets."""
        return self._history.hysterons

    @property
    def ferrimagnet(self) -> Ferrimagnet:
        """The magnetic layer."""
        return self._ferrimagnet

    def magnetisation(self, start: float, end: float) -> float:
        """Mean of n_z, the direction of the transition-metal sublattice, averaged from `start` to `end`."""
        self.advance(end)
        return self.hysterons.mean_magnetisation(start, end)

    # ---- the sample, as the wiring sees it

    def advance(self, until: float) -> None:
        """Live until a lab time; see `Sample.advance`."""
        self._history.advance(until)

    def set_currents(self, time: float, injected: Mapping[str, float]) -> None:
        """Let these currents flow from a lab time on; see `Sample.set_currents`."""
        flow = self._network.flow(injected)
        if time < self._history.now:
            raise BadValue(f"currents were set for {time} s; the sample is at {self._history.now} s already")
        self._history.advance(time)
        self._remember(time, flow)
        heating = self._model.thermal_resistance * flow.bar_current**2
        before, self._heating = self._heating, heating
        if round(before / GRID_TEMPERATURE) != round(heating / GRID_TEMPERATURE):
            self._history.interrupt(time)

    def _remember(self, time: float, flow: Flow) -> None:
        """Note what flows from a time on, and forget what nobody can ask for any more."""
        if len(self._currents) > 1000 and self._currents[500] < time - MEMORY:
            del self._currents[:500], self._flows[:500]
        if self._currents[-1] == time:
            self._flows[-1] = flow
        else:
            self._currents.append(time)
            self._flows.append(flow)

    def mean_potentials(self, start: float, end: float) -> dict[str, float]:
        """Return potentials in V against `drain`; see `Sample.mean_potentials`.

        Temperature is taken in the middle of the window.
        """
        if end > self._history.now:
            self._history.advance(end)
        k = self._interval(start)
        if k != max(bisect_left(self._currents, end) - 1, k):
            raise BadValue(
                f"the potentials from {start} s to {end} s were asked for; the currents change at "
                f"{self._currents[k + 1]} s in between, which makes two windows of it"
            )
        flow = self._flows[k]
        temperature = self._film_temperature(0.5 * (start + end), flow)
        sheet = self._sheet_resistance(temperature)
        hall = self._hall_resistance(temperature, start, end)
        return {
            pad: sheet * squares + hall * turned
            for pad, squares, turned in zip(self.pads, flow.squares, flow.hall, strict=True)
        }

    def resistance(self, pad_a: str, pad_b: str, time: float) -> float:
        """Return the two-terminal resistance in ohm of the film between two pads; see `Sample.resistance`."""
        return self._network.squares_between(pad_a, pad_b) * self._sheet_resistance(self.temperature(time))

    def temperature(self, time: float) -> float:
        """Return the film's temperature in K; see `Sample.temperature`."""
        return self._film_temperature(time, self._flows[self._interval(time)])

    def _interval(self, time: float) -> int:
        """Return the place in the record of the currents that flowed from a time on."""
        if time >= self._currents[-1]:
            return len(self._currents) - 1
        k = bisect_right(self._currents, time) - 1
        if k < 0:
            raise BadValue(f"the currents at {time} s were asked for; they are known from {self._currents[0]} s on")
        return k

    def _film_temperature(self, time: float, flow: Flow) -> float:
        warming = self._model.thermal_resistance * flow.bar_current**2
        return self._environment.sample_temperature(time) + warming

    def _sheet_resistance(self, temperature: float) -> float:
        """Ohm per square."""
        model = self._model
        slope = model.resistance_temperature_coefficient * (temperature - model.reference_temperature)
        return model.resistance / self._squares * (1.0 + slope)

    def _hall_resistance(self, temperature: float, start: float, end: float) -> float:
        """R_xy in ohm without misalignment, averaged over a window."""
        model = self._model
        order = self._ferrimagnet.transition_metal_order(temperature) / self._reference_order
        direction = self.hysterons.mean_magnetisation(start, end)
        anomalous = model.anomalous_hall_resistance * order * direction
        return anomalous + model.ordinary_hall_coefficient * self._mean_field(start, end)

    def _mean_field(self, start: float, end: float) -> float:
        """Mean of the true field in T over a window: exact, since it is linear within each piece."""
        middle = 0.5 * (start + end)
        piece = self._history.piece
        if (piece.start <= start and end <= piece.end) or start == end:
            return self._environment.field(middle)
        pieces = self._environment.pieces(start, end)
        return sum(p.field(0.5 * (p.start + p.end)) * (p.end - p.start) for p in pieces) / (end - start)
