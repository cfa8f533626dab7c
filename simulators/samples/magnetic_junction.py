"""Tunnel junction of two magnetic layers in one field: a ferrimagnet that compensates above, a magnet below.

What tunnels sees the direction n of the ferrimagnet's transition metal and the direction m of the lower moment:

    I(V) = i(V) {G(T) [1 + P1 P2(T) <m> . <n>/(1 + (V/V_h)^2)] + G_leak}

with G i(V) of the barrier (`simulators.physics.tunnelling`), which is the mean of the parallel and the antiparallel
one. The leak crosses the same barrier without its spin, so that it bends like the rest (assumed: what the largest
junction shows is bent), and does not depend on temperature. P1 P2 does not know of the net
moment, so that the state which a large field makes is the low one below compensation, and the high one above.

The layers reverse independently of each other and of the current; a droplet faces all of the other layer on average.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, ClassVar

from instruments.errors import BadValue
from simulators.environment import Environment
from simulators.randomness import Streams
from simulators.samples.junction_model import JunctionParameters, MagneticJunctionParameters
from simulators.samples.magnetic_layer import MagneticLayer
from simulators.samples.model import parameters
from simulators.samples.tunnel_junction import TunnelJunction

_STEPS = 30
"""Of Newton's method at most; three are enough at biases that a junction stands."""


class MagneticJunction(TunnelJunction):
    """A junction whose resistance depends on the states of its layers, which live in the lab's field.

    Args:
        model: Parameters of the family.
        geometry: As for `TunnelJunction`.
        environment: Temperature and field.
        streams: Random streams; takes those of `TunnelJunction`, of its layers, and `device` (disorder).
        start: Lab time in s at which the sample is put in.
    """

    PARAMETERS: ClassVar[type[JunctionParameters]] = MagneticJunctionParameters

    def __init__(
        self,
        model: JunctionParameters,
        geometry: Mapping[str, float],
        environment: Environment,
        streams: Streams,
        start: float = 0.0,
    ) -> None:
        super().__init__(model, geometry, environment, streams, start)
        assert isinstance(model, MagneticJunctionParameters)
        own = streams.disorder("device")
        resistance, leak, strength = (
            math.exp(spread * float(own.standard_normal()))
            for spread in (model.resistance_spread, model.leak_spread, model.polarisation_spread)
        )
        self._conductance /= resistance
        self._polarisations = model.polarisations(strength)
        low = 1.0 + abs(self._polarisations.product(model.reference_temperature))
        self._leak = model.leak * leak * low * self._conductance_at(model.reference_temperature)
        self._thicknesses = model.thicknesses()
        self._lower, self._upper = (MagneticLayer(law, environment, streams, start) for law in model.layers())

    @classmethod
    def check_model(
        cls, model: Mapping[str, Any], geometry: Mapping[str, float], temperatures: tuple[float, float]
    ) -> tuple[str, ...]:
        """Check the `[model]` section of a sample record; see `TunnelJunction.check_model`."""
        pads = super().check_model(model, geometry, temperatures)
        checked = parameters(model, MagneticJunctionParameters)
        checked.ferrimagnet()
        coldest = min(temperatures)
        largest = abs(checked.polarisations().product(coldest))
        if not largest < 1.0:
            raise BadValue(
                f"[model] lower_polarisation times polarisation and its gain is {largest:g} at {coldest:g} K, but has "
                "to be below 1, or nothing would tunnel in the high state; take a smaller polarisation_gain"
            )
        return pads

    @property
    def layers(self) -> tuple[MagneticLayer, MagneticLayer]:
        """The lower layer and the upper one."""
        return self._lower, self._upper

    def advance(self, until: float) -> None:
        """Live until a lab time; see `Sample.advance`."""
        super().advance(until)
        self._lower.advance(until)
        self._upper.advance(until)

    def moment(self, start: float, end: float, area: float) -> float:
        """Return the moment in A m2 of a piece of the unpatterned stack; see `Sample.moment`.

        That of a layer's droplets along the film normal: what a field tilts into the film plane is left out.
        """
        self.advance(end)
        thicknesses = self._thicknesses
        if thicknesses is None:
            return 0.0
        normal = self._environment.piece(0.5 * (start + end)).direction[2]
        return (
            area
            * normal
            * math.fsum(
                thickness * layer.moment(start, end) for thickness, layer in zip(thicknesses, self.layers, strict=True)
            )
        )

    def _state(self, start: float, end: float) -> float:
        """P1 P2 <m> . <n> at small bias, on the mean over a window."""
        temperature = self._environment.sample_temperature(0.5 * (start + end))
        one, other = (layer.directions(start, end) for layer in (self._lower, self._upper))
        return self._polarisations.product(temperature) * (one[0] * other[0] + one[1] * other[1])

    def _zero_bias(self, temperature: float, state: float) -> float:
        """Conductance in S of an unbroken barrier and what leaks beside it, at no voltage."""
        return self._conductance_at(temperature) * (1.0 + state) + self._leak

    def _tunnelling(self, current: float, temperature: float, state: float = 0.0) -> float:
        """Voltage in V across an unbroken barrier for a current in A: by Newton's method, from what Ohm's law says."""
        if not current:
            return 0.0
        conductance, barrier, law = self._conductance_at(temperature), self._barrier, self._polarisations
        voltage = barrier.voltage(current / self._zero_bias(temperature, state))
        for _ in range(_STEPS):
            fading = law.fading(voltage)
            spin = 1.0 + state * fading
            reduced = barrier.reduced_current(voltage)
            slope = barrier.differential(voltage) * (conductance * spin + self._leak)
            slope -= conductance * reduced * state * fading**2 * 2.0 * voltage / law.half_bias**2
            step = (reduced * (conductance * spin + self._leak) - current) / slope
            voltage -= step
            if abs(step) <= 1e-13 * abs(voltage):
                break
        return voltage
