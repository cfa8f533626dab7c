"""Tunnel junction: two electrodes with two contacts each, and a barrier in between that breaks once.

The current that crosses the barrier follows Brinkman and Stratton (`simulators.physics.tunnelling`): it grows faster
than the voltage, not equally for both signs, and a little with temperature. A positive voltage has the upper electrode
at plus. Nothing in it is magnetic; `magnetic_junction` is for that. The junction's own heating is left out.

The electrodes are strips that cross (`simulators.physics.crossed_strips`): the current comes in at one end of each, and
what the other ends show is less than what the barrier has, the more so the lower its resistance.

Voltage wears the barrier out (`simulators.physics.breakdown`), be it of a source or of a charged cable that discharges
through it. What is left then is a metallic short, a pinhole, for good.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from instruments.errors import BadValue, UnknownName
from simulators.environment import Environment
from simulators.physics import crossed_strips
from simulators.physics.breakdown import Breakdown
from simulators.physics.heating import SlowWarming
from simulators.randomness import Streams
from simulators.samples.carrying import CurrentRecord, Turns
from simulators.samples.hall_network import LARGEST_IMBALANCE
from simulators.samples.junction_model import JunctionParameters
from simulators.samples.model import parameters
from simulators.samples.sample import Discharge, Sample
from simulators.samples.wear import Wear

TOP = ("top_1", "top_2")
BOTTOM = ("bottom_1", "bottom_2")

_COLD = SlowWarming.cold(())


@dataclass(frozen=True, slots=True)
class Crossing:
    """What flows from a lab time in s on.

    Attributes:
        time: Lab time in s.
        steps: Of each step of a fast cycle, or of the one that lasts: current in A into each pad.
        across: Of each step the current in A through the barrier, from top to bottom.
        turns: The cycle, None where the currents are constant.
    """

    time: float
    steps: tuple[Mapping[str, float], ...]
    across: tuple[float, ...]
    turns: Turns | None = None

    @property
    def slow(self) -> SlowWarming:
        """Nothing warms by and by."""
        return _COLD

    def shares(self) -> list[float]:
        """Part of the time that each step takes."""
        return [1.0] if self.turns is None else self.turns.shares.tolist()

    def weights(self, start: float, end: float) -> list[float]:
        """Share of each step in a window between two lab times in s."""
        return [1.0] if self.turns is None else self.turns.weights(start, end).tolist()


class TunnelJunction(Sample):
    """A junction with the pads `top_1`, `top_2`, `bottom_1` and `bottom_2`.

    Args:
        model: Parameters of the family.
        geometry: `area` in m2.
        environment: Temperature; the field has no effect.
        streams: Random streams; takes `breakdown` (disorder).
        start: Lab time in s at which the sample is put in.

    Raises:
        BadValue: The parameters contradict each other.
    """

    linear = False
    pads = (*TOP, *BOTTOM)
    PARAMETERS: ClassVar[type[JunctionParameters]] = JunctionParameters

    def __init__(
        self,
        model: JunctionParameters,
        geometry: Mapping[str, float],
        environment: Environment,
        streams: Streams,
        start: float = 0.0,
    ) -> None:
        self._barrier = model.barrier()
        self._environment = environment
        self._conductance = self._barrier.conductance() * _area(geometry)
        self._contact = model.contact_resistance
        self._sheets = (model.lower_sheet_resistance, model.upper_sheet_resistance)
        nothing = Crossing(-math.inf, ({},), (0.0,))
        self._record = CurrentRecord(nothing)
        self._now = start
        disorder = streams.disorder("breakdown")
        strength = float(disorder.standard_exponential()) ** (1.0 / model.breakdown_shape)
        self._short = model.short_resistance * math.exp(model.short_spread * float(disorder.standard_normal()))
        self._wear: Wear[Crossing] | None = None
        self._breakdown: Breakdown | None = None
        if model.breakdown_voltage is not None:
            self._breakdown = Breakdown(
                model.breakdown_voltage, model.breakdown_time * strength, model.breakdown_acceleration
            )
            self._wear = Wear(_flows, self._wearing, environment, nothing, start)

    @classmethod
    def check_model(
        cls, model: Mapping[str, Any], geometry: Mapping[str, float], temperatures: tuple[float, float]
    ) -> tuple[str, ...]:
        """Check the `[model]` section of a sample record, and return the names of its pads.

        Args:
            model: The section.
            geometry: As for the class.
            temperatures: Lowest and highest temperature in K that it can be brought to.

        Raises:
            UnknownName: A key that the family does not know.
            BadValue: A parameter is missing or does not fit.
        """
        barrier = parameters(model, cls.PARAMETERS).barrier()
        _area(geometry)
        highest = max(temperatures)
        if not barrier.thermal_phase(highest) < 0.9 * math.pi:
            raise BadValue(
                f"[model] barrier_height is {barrier.height:g} eV, over which too much would flow at {highest:g} K for "
                "tunnelling to say anything; give a higher or thinner barrier"
            )
        return cls.pads

    @classmethod
    def from_model(
        cls,
        model: Mapping[str, Any],
        geometry: Mapping[str, float],
        environment: Environment,
        streams: Streams,
        start: float = 0.0,
    ) -> Self:
        """Build one from the `[model]` section of a sample record; arguments as for the class.

        Raises:
            UnknownName: A key that the family does not know.
            BadValue: A parameter is missing or does not fit.
        """
        return cls(parameters(model, cls.PARAMETERS), geometry, environment, streams, start)

    # ---- the barrier

    @property
    def damage(self) -> float:
        """What voltages have done to the barrier; see `Sample.damage`."""
        return 0.0 if self._wear is None else self._wear.damage(self._now)

    @property
    def broken(self) -> float | None:
        """Lab time in s at which the barrier broke, None where it holds."""
        return None if self._wear is None or self._wear.broken == math.inf else self._wear.broken

    def breaks(self, until: float) -> float:
        """Return when the barrier breaks, or broke; see `Sample.breaks`."""
        return math.inf if self._wear is None else self._wear.reach(until)

    def discharge(self, high: str, low: str, charge: Discharge) -> None:
        """Have a charged cable discharge through the barrier; see `Sample.discharge`."""
        self.advance(charge.time)
        sign = self._side(high) - self._side(low)
        if self._wear is None or self._breakdown is None or not sign or self._is_short(charge.time):
            return
        conductance = self._conductance_at(self._environment.sample_temperature(charge.time))
        series = charge.series + 2.0 * self._contact
        damage = self._breakdown.discharge(
            lambda v: conductance * self._barrier.reduced_current(v), sign * charge.voltage, charge.capacitance, series
        )
        self._wear.strike(charge.time, damage)

    def _wearing(self, crossing: Crossing, temperature: float) -> float:
        """Growth of the damage in 1/s at a temperature in K."""
        assert self._breakdown is not None
        return sum(
            share * self._breakdown.rate(self._tunnelling(current, temperature))
            for share, current in zip(crossing.shares(), crossing.across, strict=True)
        )

    def _conductance_at(self, temperature: float) -> float:
        """G(0) in S at a temperature in K."""
        return self._conductance * self._barrier.thermal_factor(temperature)

    def _tunnelling(self, current: float, temperature: float, state: float = 0.0) -> float:
        """Voltage in V across an unbroken barrier for a current in A, in a state of `_state`."""
        del state
        return self._barrier.voltage(current / self._conductance_at(temperature)) if current else 0.0

    def _zero_bias(self, temperature: float, state: float) -> float:
        """Conductance in S of an unbroken barrier at no voltage."""
        del state
        return self._conductance_at(temperature)

    def _state(self, start: float, end: float) -> float:
        """What magnetic layers make of the conductance, as part of it, on the mean over a window; nothing here."""
        del start, end
        return 0.0

    def _is_short(self, time: float) -> bool:
        return self._wear is not None and self._wear.broken <= time

    def _across(self, current: float, time: float, state: float) -> float:
        """Voltage in V across the junction for a current in A at a lab time in s."""
        if self._is_short(time):
            return self._short * current
        return self._tunnelling(current, self._environment.sample_temperature(time), state)

    def _ends(self, current: float, time: float, state: float) -> tuple[float, tuple[tuple[float, float], ...]]:
        """Voltage in V across the junction, and what either end of the lower and of the upper strip shows in ohm."""
        across = self._across(current, time, state)
        if not any(self._sheets):
            return across, ((0.0, 0.0), (0.0, 0.0))
        junction = across / current if current else self._at_rest(time, state)
        return across, tuple(
            (crossed_strips.near(sheet, junction), crossed_strips.far(sheet, junction)) if sheet else (0.0, 0.0)
            for sheet in self._sheets
        )

    def _at_rest(self, time: float, state: float) -> float:
        """Resistance in ohm of the junction at no voltage."""
        if self._is_short(time):
            return self._short
        return 1.0 / self._zero_bias(self._environment.sample_temperature(time), state)

    def _shows(self, pad: str, injected: Mapping[str, float], ends: Sequence[tuple[float, float]]) -> float:
        """Potential in V of a pad against the mean of its strip at the junction."""
        strip = TOP if pad in TOP else BOTTOM
        near, far = ends[1 if pad in TOP else 0]
        return math.fsum(injected.get(other, 0.0) * (self._contact + near if other == pad else far) for other in strip)

    # ---- the sample, as the wiring sees it

    def advance(self, until: float) -> None:
        """Live until a lab time; see `Sample.advance`."""
        if self._wear is not None:
            self._wear.reach(until)
        self._now = max(self._now, until)

    def set_currents(self, time: float, injected: Mapping[str, float]) -> None:
        """Let these currents flow from a lab time on; see `Sample.set_currents`."""
        self._carry(Crossing(time, (dict(injected),), (self._through(injected),)))

    def set_cycle(self, time: float, steps: Sequence[tuple[float, Mapping[str, float]]]) -> None:
        """Let the currents go through a fast cycle from a lab time on; see `Sample.set_cycle`."""
        if not steps or not all(0.0 < duration < math.inf for duration, _ in steps):
            raise BadValue("a cycle of currents needs steps, each of which lasts longer than 0 s")
        turns = Turns(time, [duration for duration, _ in steps])
        across = tuple(self._through(injected) for _, injected in steps)
        self._carry(Crossing(time, tuple(dict(injected) for _, injected in steps), across, turns))

    def _carry(self, crossing: Crossing) -> None:
        if crossing.time < self._now:
            raise BadValue(f"currents were set for {crossing.time} s; the sample is at {self._now} s already")
        self.advance(crossing.time)
        self._record.add(crossing)
        if self._wear is not None:
            self._wear.follow(crossing)
            self.wearing = self._wear.harming

    def _through(self, injected: Mapping[str, float]) -> float:
        """Return the current in A from top to bottom for what goes into each pad."""
        largest = max(map(abs, injected.values()), default=0.0)
        if not abs(math.fsum(injected.values())) <= LARGEST_IMBALANCE * largest:
            raise BadValue(f"the currents {dict(injected)} A do not add up to zero: what goes in has to come out")
        return math.fsum(current * self._side(pad) for pad, current in injected.items())

    def mean_potentials(self, start: float, end: float) -> dict[str, float]:
        """Return potentials in V against `bottom_1`; see `Sample.mean_potentials`."""
        if end > self._now:
            self.advance(end)
        crossing, middle = self._record.during(start, end), 0.5 * (start + end)
        state = self._state(start, end)
        potentials = dict.fromkeys(self.pads, 0.0)
        for weight, injected, current in zip(
            crossing.weights(start, end), crossing.steps, crossing.across, strict=True
        ):
            across, ends = self._ends(current, middle, state)
            for pad in self.pads:
                potentials[pad] += weight * (self._shows(pad, injected, ends) + self._side(pad) * across)
        reference = potentials[BOTTOM[0]]
        return {pad: potential - reference for pad, potential in potentials.items()}

    def step_differences(
        self, high: str, low: str, steps: Sequence[Mapping[str, float]], start: float, end: float
    ) -> NDArray[np.float64]:
        """Return the voltage in V between two pads in each step of a fast cycle; see `Sample.step_differences`."""
        if end > self._now:
            self.advance(end)
        middle, side, state = 0.5 * (start + end), self._side(high) - self._side(low), self._state(start, end)
        found: list[float] = []
        for injected in steps:
            across, ends = self._ends(self._through(injected), middle, state)
            found.append(self._shows(high, injected, ends) - self._shows(low, injected, ends) + side * across)
        return np.array(found)

    def resistance(self, pad_a: str, pad_b: str, time: float) -> float:
        """Return the two-terminal resistance in ohm at what flows at a lab time; see `Sample.resistance`."""
        crossing = self._record.at(time)
        shares = crossing.shares()
        mean = math.fsum(share * current for share, current in zip(shares, crossing.across, strict=True))
        return self.resistance_at(pad_a, pad_b, mean * (1.0 if self._side(pad_a) else -1.0), time)

    def resistance_at(self, pad_a: str, pad_b: str, current: float, time: float) -> float:
        """Return the two-terminal resistance in ohm at a current in A; see `Sample.resistance_at`."""
        sign = self._side(pad_a) - self._side(pad_b)
        if pad_a == pad_b:
            return 0.0
        state = self._state(time, time)
        if not sign:
            _, ends = self._ends(0.0, time, state)
            return self._shows(pad_a, {pad_a: 1.0, pad_b: -1.0}, ends) - self._shows(
                pad_b, {pad_a: 1.0, pad_b: -1.0}, ends
            )
        across, ends = self._ends(sign * current, time, state)
        junction = across / (sign * current) if current else self._at_rest(time, state)
        return 2.0 * self._contact + ends[0][0] + ends[1][0] + junction

    def temperature(self, time: float) -> float:
        """Return the junction's temperature in K; see `Sample.temperature`."""
        return self._environment.sample_temperature(time)

    def _side(self, pad: str) -> float:
        """1 for a pad of the upper electrode, 0 for one of the lower."""
        if pad not in self.pads:
            raise UnknownName(f"the sample has no pad {pad!r}; it has {', '.join(self.pads)}")
        return 1.0 if pad in TOP else 0.0


def _flows(crossing: Crossing) -> bool:
    return any(crossing.across)


def _area(geometry: Mapping[str, float]) -> float:
    """Return the area in m2.

    Raises:
        BadValue: It is missing or not above zero.
    """
    if not geometry.get("area", 0.0) > 0.0:
        raise BadValue(f"the geometry of a junction needs an area in m2 above zero, and has {dict(geometry)}")
    return geometry["area"]
