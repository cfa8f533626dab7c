"""Hall bar of a perpendicular ferrimagnet on a heavy metal, such as Pt/CoTb.

The film is a set of independent droplets (`simulators.physics.hysterons`) whose state is the direction n of the
transition-metal sublattice along the film normal z, for that is what the Hall effect sees. The field acts on the net
moment and the current, by its spin-orbit torque, on the walls: the drive on a droplet is D = M_net(T) mu0 H_z + D_SOT,
with M_net signed along n. So the Hall loop turns around at the compensation temperature, where M_net changes its sign,
and the coercive field grows without bound towards it.

    R_xy = V(+y arm - -y arm)/I = R_A m_TM(T)/m_TM(T_ref) <n_z> + R_0 mu0 H_z + misalignment x R_square

with I along +x, H along +z; positive polarity means that the transition metal dominates. A field in the film plane
tilts n (Stoner and Wohlfarth) when it is read, and a planar Hall resistance 2 R_P n_x n_y shows then; anisotropic
magnetoresistance is left out. A current's torque turns the film besides, which is looked at within the period of an
alternating current only (`simulators.physics.harmonics`), with thermoelectric voltages that go with I^2: of a gradient
along the bar with n_z, of one along the film normal with n_x.

Currents wear the bar out where the model says so (`simulators.physics.electromigration`): at its weakest spot a void
narrows it, whose resistance is in every voltage across that spot, and at last the bar is open. The damage warms nothing
beyond what the current does in a whole bar: the last moments, in which a narrow spot heats itself, are left out.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from instruments.errors import BadValue
from simulators.environment import Environment
from simulators.physics.ferrimagnet import Ferrimagnet
from simulators.physics.heat_capacity import capacity_ratio
from simulators.physics.heating import SlowWarming, check_poles
from simulators.physics.hysterons import Hysterons
from simulators.randomness import Streams
from simulators.samples.bar_wear import BarWear, weakness
from simulators.samples.carrying import CurrentRecord, Cycling, Entry, Steady
from simulators.samples.film_drive import FilmDrive, Softening, Walls
from simulators.samples.film_tilt import FilmTilt
from simulators.samples.hall_bar_model import HallBarParameters, reference_order, squares_of
from simulators.samples.hall_network import MOST_KNOWN
from simulators.samples.history import History
from simulators.samples.model import parameters
from simulators.samples.sample import Sample

__all__ = ["FerrimagnetHallBar", "HallBarParameters"]


def _positive_normal(generator: np.random.Generator, mean: float, spread: float, count: int) -> NDArray[np.float64]:
    """Draw from a normal distribution of which only the positive part is kept."""
    values = mean * (1.0 + spread * generator.standard_normal(count))
    while bool(np.any(values <= 0.0)):
        wrong = np.flatnonzero(values <= 0.0)
        values[wrong] = mean * (1.0 + spread * generator.standard_normal(wrong.size))
    return values


class FerrimagnetHallBar(Sample):
    """A Hall bar with ends `source` and `drain` and arms A (+y), B (-y) and, nearer to the source, C (+y), D (-y).

    A fresh one is remanent after positive saturation. The film's temperature follows the current at once, and substrate
    and chip follow by and by.

    Args:
        model: Parameters of the family.
        geometry: `length` of the bar from end to end and its `width`, in m; where a current exerts a torque also the
            `conducting_thickness`.
        environment: Temperature and field, the field in the sample's frame.
        streams: Random streams; takes `barriers` (disorder) and `thermal clocks` (noise), and `electromigration`
            (disorder) where currents wear the bar out.
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
        self._squares = squares_of(geometry)
        strength, spot = weakness(model, self._squares, streams)
        self._network = model.network(self._squares, spot)
        self.pads = self._network.pads
        self._places: dict[tuple[str, str], tuple[int, int]] = {}
        self._known: dict[tuple[tuple[str, float], ...], Steady] = {}
        self._fast: tuple[Sequence[Mapping[str, float]], Cycling, NDArray[np.float64]] | None = None
        self._square_resistance = model.resistance / self._squares
        self._coefficient = model.resistance_temperature_coefficient
        self._reference_temperature = model.reference_temperature
        self._reference_order = reference_order(self._ferrimagnet, model)
        self._torque = model.torque(geometry)
        check_poles(model.slow_heating)
        nothing = Entry(-math.inf, self._steady({}), SlowWarming.cold(model.slow_heating))
        self._record = CurrentRecord(nothing)
        walls = Walls(model.chirality_field or math.inf, model.moment_of_walls())
        softening = Softening(model.wall_barrier(), model.anisotropy())
        self._drive = FilmDrive(self._ferrimagnet, model.switching_drive, walls, softening, nothing)
        hysterons = self._fresh(streams, start)
        self._history = History(hysterons, environment, self._drive, start)
        self._tilt = FilmTilt(model, geometry, self._ferrimagnet, environment, self._history)
        law = model.electromigration(geometry, strength)
        self._wear = None if law is None else BarWear(law, model.void_length, geometry, environment, nothing, start)

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
        reference_order(checked.ferrimagnet(), checked)
        checked.torque(geometry)
        checked.electromigration(geometry)
        checked.anisotropy()
        checked.moment_of_walls()
        checked.wall_barrier()
        check_poles(checked.slow_heating)
        return checked.network(squares_of(geometry)).pads

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
        defect = model.switching_drive - model.wall_drive
        spread = model.switching_spread / (1.0 - model.wall_drive / model.switching_drive)
        drives = model.wall_drive + _positive_normal(disorder, defect, spread, model.hysterons)
        propagation = None
        if model.propagation_drive is not None:
            propagation = _positive_normal(disorder, model.propagation_drive, model.propagation_spread, model.hysterons)
        moment = self._ferrimagnet.net_magnetisation(self._environment.sample_temperature(start))
        return Hysterons(
            model.barriers(drives),
            attempt_rate=model.attempt_rate,
            athermal_temperature=model.athermal_temperature,
            clocks=streams.noise("thermal clocks"),
            propagation=propagation,
            pinned_at=model.reference_temperature,
            state=-1 if moment < 0.0 else 1,
            start=start,
        )

    # ---- how it wears out

    @property
    def damage(self) -> float:
        """What currents have done to the bar; see `Sample.damage`."""
        return 0.0 if self._wear is None else self._wear.damage(self._history.now)

    @property
    def broken(self) -> float | None:
        """Lab time in s at which the bar opened, None where it is whole."""
        return None if self._wear is None or self._wear.opened == math.inf else self._wear.opened

    def breaks(self, until: float) -> float:
        """Return when the bar opens, or opened; see `Sample.breaks`."""
        return math.inf if self._wear is None else self._wear.reach(until)

    # ---- the magnet

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

    def moment(self, start: float, end: float, area: float) -> float:
        """Return the moment in A m2 of a piece of the film, of the magnetic layer's thickness; see `Sample.moment`.

        No current warms it.
        """
        thickness = self._model.magnetic_thickness
        if thickness is None:
            return 0.0
        if end > self._history.now:
            self._history.advance(end)
        middle = 0.5 * (start + end)
        _, direction = self._tilt.field(start, end)
        temperature = self._environment.sample_temperature(middle)
        leaning = self._tilt.leaning(temperature, direction, start, end)
        volume = area * thickness
        moment = volume * self._ferrimagnet.net_magnetisation(temperature) * leaning * direction[2]
        return moment + volume * self._tilt.in_plane_moment(temperature, direction, start, end)

    # ---- the sample, as the wiring sees it

    def advance(self, until: float) -> None:
        """Live until a lab time; see `Sample.advance`."""
        self._history.advance(until)

    def set_currents(self, time: float, injected: Mapping[str, float]) -> None:
        """Let these currents flow from a lab time on; see `Sample.set_currents`."""
        self._carry(time, self._steady(injected))

    def set_cycle(self, time: float, steps: Sequence[tuple[float, Mapping[str, float]]]) -> None:
        """Let the currents go through a fast cycle from a lab time on; see `Sample.set_cycle`."""
        for duration, _ in steps:
            if not 0.0 < duration < math.inf:
                raise BadValue(f"a cycle of currents has a step of {duration:g} s; a step lasts longer than 0 s")
        if not steps:
            raise BadValue("a cycle of currents has no steps; give at least one")
        self._carry(time, Cycling(time, [(duration, self._steady(injected)) for duration, injected in steps]))

    def _steady(self, injected: Mapping[str, float]) -> Steady:
        asked = tuple(injected.items())
        steady = self._known.get(asked)  # a reading's two currents come back thousands of times
        if steady is None:
            if len(self._known) >= MOST_KNOWN:
                self._known.clear()
            flow = self._network.flow(injected)
            torque = self._drive.effective(self._torque * flow.bar_mean) if self._torque and flow.bar_mean else 0.0
            square = flow.bar_current**2
            steady = self._known[asked] = Steady(flow, self._model.thermal_resistance * square, torque, square)
        return steady

    def _carry(self, time: float, carried: Steady | Cycling) -> None:
        """Note what flows from a time on; where that makes a difference to the droplets, their stretch ends there."""
        history = self._history
        if time < history.now:
            raise BadValue(f"currents were set for {time} s; the sample is at {history.now} s already")
        history.advance(time)
        entry = Entry(time, carried, self._record.latest.slow.followed(time, carried.square, self._capacity))
        self._record.add(entry)
        if self._wear is not None:
            self._wear.follow(entry)
            self.wearing = self._wear.harming
        if self._drive.follow(entry, history.piece):
            history.interrupt(time)

    def _capacity(self, time: float) -> float:
        """Heat capacity of the chip at a lab time in s over that at the reference temperature."""
        debye = self._model.debye_temperature
        if debye is None:
            return 1.0
        return capacity_ratio(self._environment.sample_temperature(time), self._model.reference_temperature, debye)

    def mean_potentials(self, start: float, end: float) -> dict[str, float]:
        """Return potentials in V against `drain`; see `Sample.mean_potentials`."""
        return dict(zip(self.pads, self._potentials(start, end, range(len(self.pads))), strict=True))

    def mean_difference(self, high: str, low: str, start: float, end: float) -> float:
        """Return the mean voltage in V between two pads; see `Sample.mean_difference`."""
        places = self._places.get((high, low))
        if places is None:
            places = self._places[high, low] = self._network.index(high), self._network.index(low)
        above, below = self._potentials(start, end, places)
        return above - below

    def _potentials(self, start: float, end: float, places: Sequence[int]) -> list[float]:
        """Return the potentials in V of some pads.

        The surroundings' temperature is taken in the middle of the window, the current's warming as its mean.
        """
        if end > self._history.now:
            self._history.advance(end)
        entry = self._record.during(start, end)
        around = self._environment.sample_temperature(0.5 * (start + end))
        slow = 0.0 if entry.slow.idle else entry.slow.mean(start, end)
        carried = entry.carried
        if isinstance(carried, Cycling):
            cycle = self._cycle_potentials(carried, around + slow, start, end)
            return [cycle[place] for place in places]
        temperature = around + carried.warmth + slow
        sheet = self._sheet_resistance(temperature)
        order = self._ferrimagnet.transition_metal_order(temperature) / self._reference_order
        field, direction = self._tilt.field(start, end)
        leaning = self._tilt.leaning(temperature, direction, start, end)
        hall = self._model.anomalous_hall_resistance * order * leaning + self._model.ordinary_hall_coefficient * field
        hall += self._tilt.planar(temperature, direction, start, end)
        squares, turned = carried.flow.squares, carried.flow.hall
        if self._wear is not None and self._wear.worn:
            added = self._wear.resistance(0.5 * (start + end), sheet) * carried.flow.spot
            upstream = self._network.upstream
            return [sheet * squares[place] + hall * turned[place] + added * upstream[place] for place in places]
        return [sheet * squares[place] + hall * turned[place] for place in places]

    def step_differences(
        self, high: str, low: str, steps: Sequence[Mapping[str, float]], start: float, end: float
    ) -> NDArray[np.float64]:
        """Return the voltage in V between two pads in each step of a fast cycle; see `Sample.step_differences`."""
        if end > self._history.now:
            self._history.advance(end)
        if self._fast is None or self._fast[0] is not steps:
            steadies = [self._steady(injected) for injected in steps]
            along = np.array([steady.flow.bar_mean for steady in steadies])
            self._fast = steps, Cycling(start, [(1.0, steady) for steady in steadies]), along
        _, carried, currents = self._fast
        middle = 0.5 * (start + end)
        slow = self._record.at(middle).slow
        around = self._environment.sample_temperature(middle) + (0.0 if slow.idle else slow.at(middle))
        _, direction = self._tilt.field(start, end)
        leaning, along, planar = self._tilt.turned(around + carried.warmth, direction, currents, start, end)
        sheets, halls = self._in_cycle(carried, around, start, end, leaning)
        halls += planar + self._model.thermal_hall_voltage * leaning * currents
        halls += self._model.nernst_hall_voltage * along * currents
        one, other = self._network.index(high), self._network.index(low)
        between = sheets * (carried.squares[:, one] - carried.squares[:, other])
        between += halls * (carried.hall[:, one] - carried.hall[:, other])
        if self._wear is not None and self._wear.worn:
            parted = self._network.upstream[one] - self._network.upstream[other]
            through = np.array([current for _, current, _ in carried.spots])
            between += self._worn(sheets, middle) * through * parted
        return between

    def resistance(self, pad_a: str, pad_b: str, time: float) -> float:
        """Return the two-terminal resistance in ohm of the film between two pads; see `Sample.resistance`."""
        sheet = self._sheet_resistance(self.temperature(time))
        between = self._network.squares_between(pad_a, pad_b) * sheet
        if self._wear is not None and self._wear.worn and self._network.parted(pad_a, pad_b):
            between += self._wear.resistance(time, sheet)
        return between

    def temperature(self, time: float) -> float:
        """Return the film's temperature in K; see `Sample.temperature`."""
        entry = self._record.latest
        if time < entry.time:
            entry = self._record.at(time)
        temperature = self._environment.sample_temperature(time) + entry.carried.warmth
        return temperature if entry.slow.idle else temperature + entry.slow.at(time)

    def _cycle_potentials(self, carried: Cycling, around: float, start: float, end: float) -> list[float]:
        """Mean potentials of the pads in a fast cycle, each of its steps with a film temperature of its own."""
        weights = carried.weights(start, end)
        _, direction = self._tilt.field(start, end)
        leaning = self._tilt.leaning(around + carried.warmth, direction, start, end)
        sheets, halls = self._in_cycle(carried, around, start, end, leaning)
        halls += self._tilt.planar(around + carried.warmth, direction, start, end)
        potentials = (weights * sheets) @ carried.squares + (weights * halls) @ carried.hall
        if self._wear is not None:
            spots = self._worn(sheets, 0.5 * (start + end))
            currents = np.array([current for _, current, _ in carried.spots])
            potentials += float((weights * spots) @ currents) * np.array(self._network.upstream)
        return potentials.tolist()

    def _in_cycle(
        self, carried: Cycling, around: float, start: float, end: float, leaning: float | NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Sheet resistance and Hall resistance in ohm in each step of a fast cycle, with n_z as it is there."""
        model = self._model
        field, _ = self._tilt.field(start, end)
        temperatures = (around + carried.warmths).tolist()
        sheets = np.array([self._sheet_resistance(temperature) for temperature in temperatures])
        orders = np.array([self._ferrimagnet.transition_metal_order(temperature) for temperature in temperatures])
        halls = model.anomalous_hall_resistance * orders / self._reference_order * leaning
        halls += model.ordinary_hall_coefficient * field
        return sheets, halls

    def _worn(self, sheets: NDArray[np.float64], time: float) -> NDArray[np.float64]:
        """Resistance in ohm that wear has added at the bar's weakest spot, for each of several sheet resistances."""
        assert self._wear is not None
        return np.array([self._wear.resistance(time, sheet) for sheet in sheets.tolist()])

    def _sheet_resistance(self, temperature: float) -> float:
        """Ohm per square."""
        return self._square_resistance * (1.0 + self._coefficient * (temperature - self._reference_temperature))
