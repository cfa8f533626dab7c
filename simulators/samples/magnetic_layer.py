"""A magnetic layer of a junction: droplets in the field, which need not all compensate at the same temperature.

A droplet's state is the direction n of what carries the transport along the film normal. The field acts on its moment
M(T) along n: D = M mu0 H_z. A field in the film plane tilts the layer's net moment (Stoner and Wohlfarth) with a
constant anisotropy field; it does not help to reverse it, so that switching fields grow as 1/cos of the field's angle.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from simulators.environment import Environment, Piece
from simulators.physics.hysterons import Hysterons
from simulators.physics.ramp import Stretch
from simulators.physics.tilt import normal_part
from simulators.randomness import Streams
from simulators.samples.history import History

CLASSES = 8
"""Parts of equal size into which a layer is cut whose compensation temperature is not the same everywhere."""


@dataclass(frozen=True, slots=True)
class LayerLaw:
    """What a layer is made of.

    Attributes:
        name: For its random streams.
        moment: Net moment in A/m, signed along n, at a temperature in K.
        barrier: Mean barrier of a droplet times its drive, J x J/m3.
        spread: Relative standard deviation of the barriers.
        attempt_rate: 1/s.
        athermal_temperature: K.
        count: Droplets.
        compensation_spread: K, standard deviation of the compensation temperature over the layer.
        anisotropy_field: T.
    """

    name: str
    moment: Callable[[float], float]
    barrier: float
    spread: float
    attempt_rate: float
    athermal_temperature: float
    count: int
    compensation_spread: float
    anisotropy_field: float


class MagneticLayer:
    """A layer and its history; fresh, it is remanent after positive saturation.

    Args:
        law: What it is made of.
        environment: Temperature and field.
        streams: Random streams; takes `barriers` (disorder) and `thermal clocks` (noise) of the layer's name.
        start: Lab time in s.
    """

    def __init__(self, law: LayerLaw, environment: Environment, streams: Streams, start: float) -> None:
        self._law = law
        self._environment = environment
        barriers = law.barrier * _spread(streams.disorder(f"barriers of {law.name}"), law.spread, law.count)
        temperature = environment.sample_temperature(start)
        self._shifts = shifts(law.compensation_spread, law.count)
        self._shares: list[float] = []
        self._histories: list[History] = []
        for place, (shift, mine) in enumerate(
            zip(self._shifts, np.array_split(barriers, len(self._shifts)), strict=True)
        ):
            hysterons = Hysterons(
                mine,
                attempt_rate=law.attempt_rate,
                athermal_temperature=law.athermal_temperature,
                clocks=streams.noise(f"thermal clocks of {law.name} {place}"),
                state=-1 if law.moment(temperature - shift) < 0.0 else 1,
                start=start,
            )
            self._shares.append(mine.size / law.count)
            self._histories.append(History(hysterons, environment, self._drive(shift), start))

    def _drive(self, shift: float) -> Callable[[Piece, float], Stretch]:
        moment = self._law.moment

        def drive(piece: Piece, start: float) -> Stretch:
            along = moment(piece.temperature - shift) * piece.direction[2]
            return Stretch(start, piece.end, piece.temperature, along * piece.field(start), along * piece.field_rate)

        return drive

    def advance(self, until: float) -> None:
        """Live until a lab time in s."""
        for history in self._histories:
            history.advance(until)

    def moment(self, start: float, end: float) -> float:
        """Mean net moment per volume along the film normal in A/m, over a window of lab time in s that is past."""
        temperature = self._environment.sample_temperature(0.5 * (start + end))
        return math.fsum(
            share * self._law.moment(temperature - shift) * history.hysterons.mean_magnetisation(start, end)
            for share, shift, history in zip(self._shares, self._shifts, self._histories, strict=True)
        )

    def directions(self, start: float, end: float) -> tuple[float, float]:
        """Mean of n along the field's part in the film plane and along the normal, over a window that is past.

        The tilt is that in the middle of the window.
        """
        middle = 0.5 * (start + end)
        direction = self._environment.piece(middle).direction
        field = self._environment.field(middle) / self._law.anisotropy_field
        means = [history.hysterons.mean_magnetisation(start, end) for history in self._histories]
        in_plane = abs(field) * math.hypot(direction[0], direction[1])
        if in_plane == 0.0:
            return 0.0, math.fsum(share * mean for share, mean in zip(self._shares, means, strict=True))
        temperature = self._environment.sample_temperature(middle)
        signs = [math.copysign(1.0, self._law.moment(temperature - shift)) for shift in self._shifts]
        return _tilted(self._shares, means, signs, in_plane, field * direction[2])


def _tilted(
    shares: Sequence[float], means: Sequence[float], signs: Sequence[float], in_plane: float, normal: float
) -> tuple[float, float]:
    """Mean of n in the film plane and along the normal of parts whose net moment lies along n or against it.

    Args:
        shares: Of each part in the layer.
        means: Of n along the normal in each, without a field in the plane.
        signs: Of the net moment along n in each.
        in_plane: Field in the film plane over the anisotropy field.
        normal: Field along the normal over it, signed.
    """
    heights = {state: normal_part(state, in_plane, normal) for state in (1, -1)}
    sideways = {state: math.sqrt(1.0 - height**2) for state, height in heights.items()}
    along, up = 0.0, 0.0
    for share, mean, sign in zip(shares, means, signs, strict=True):
        for state in (1, -1):  # of the net moment
            part = 0.5 * share * (1.0 + state * sign * mean)
            along += part * sign * sideways[state]
            up += part * sign * heights[state]
    return along, up


def shifts(spread: float, count: int) -> list[float]:
    """Return by how much the parts of a layer of so many droplets compensate above the middle, K, equally likely."""
    classes = min(CLASSES, count) if spread > 0.0 else 1
    return (spread * ndtri((np.arange(classes) + 0.5) / classes)).tolist()


def _spread(generator: np.random.Generator, spread: float, count: int) -> NDArray[np.float64]:
    """Draw factors around 1 from a normal distribution, of which what is below a twentieth is cut off."""
    return np.maximum(1.0 + spread * generator.standard_normal(count), 0.05)
