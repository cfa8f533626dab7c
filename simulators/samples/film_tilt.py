"""Which way a film's magnetisation points when it is read: tilted by a field in the plane and by a current's torque.

Means over the film are of the direction n of the transition-metal sublattice, with x along the current and z along the
film normal; a droplet's state is the sign of n_z without a tilt.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from simulators.environment import Direction, Environment
from simulators.physics.ferrimagnet import Ferrimagnet
from simulators.physics.harmonics import directions
from simulators.physics.tilt import normal_part
from simulators.samples.hall_bar_model import HallBarParameters
from simulators.samples.history import History


class FilmTilt:
    """The tilt of a Hall bar's film.

    Args:
        model: Parameters of the family.
        geometry: The bar's, as for the sample.
        ferrimagnet: The magnetic layer.
        environment: Temperature and field, the field in the sample's frame.
        history: Of the film's droplets.
    """

    def __init__(
        self,
        model: HallBarParameters,
        geometry: Mapping[str, float],
        ferrimagnet: Ferrimagnet,
        environment: Environment,
        history: History,
    ) -> None:
        self._ferrimagnet = ferrimagnet
        self._environment = environment
        self._history = history
        self._planar_hall_resistance = model.planar_hall_resistance
        self._tilting = model.tilting(geometry)
        self._anisotropy = model.anisotropy()

    def leaning(self, temperature: float, direction: Direction, start: float, end: float) -> float:
        """Mean over the film and a window of n_z, with the field's tilt in the middle of the window."""
        mean = self._history.hysterons.mean_magnetisation(start, end)
        x, y, z = direction
        if (x == 0.0 and y == 0.0) or self._anisotropy == math.inf:
            return mean
        moment = self._ferrimagnet.net_magnetisation(temperature)
        field = self._environment.field(0.5 * (start + end)) * moment / self._anisotropy
        in_plane = abs(field) * math.hypot(x, y)
        shares = (1, 0.5 * (1.0 + mean)), (-1, 0.5 * (1.0 - mean))
        return sum(share * normal_part(state, in_plane, field * z) for state, share in shares if share)

    def turned(
        self, temperature: float, direction: Direction, currents: NDArray[np.float64], start: float, end: float
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Means of n_z and n_x, and planar Hall resistance in ohm, at each current (A) along the bar in a fast cycle.

        The film follows each current at once; see `simulators.physics.harmonics`.
        """
        mean = self._history.hysterons.mean_magnetisation(start, end)
        if self._anisotropy == math.inf:
            return np.full(currents.size, mean), np.zeros(currents.size), np.zeros(currents.size)
        moment = self._ferrimagnet.net_magnetisation(temperature) * self._environment.field(0.5 * (start + end))
        field = [moment * component for component in direction]
        damping, sideways = (per_ampere * currents for per_ampere in self._tilting)
        n = directions((1, -1), field, self._anisotropy, damping, sideways)
        shares = np.array([0.5 * (1.0 + mean), 0.5 * (1.0 - mean)])
        planar = 2.0 * self._planar_hall_resistance * (shares @ (n[..., 0] * n[..., 1]))
        return shares @ n[..., 2], shares @ n[..., 0], planar

    def planar(self, temperature: float, direction: Direction, start: float, end: float) -> float:
        """Planar Hall resistance in ohm of a film that a field tilts."""
        if not self._planar_hall_resistance or direction[0] * direction[1] == 0.0:
            return 0.0
        return float(self.turned(temperature, direction, np.zeros(1), start, end)[2][0])

    def field(self, start: float, end: float) -> tuple[float, Direction]:
        """Mean of the true field along the film normal in T over a window, exact, and the direction in its middle.

        Exact since the field is linear, and its direction constant, within each piece.
        """
        middle = 0.5 * (start + end)
        piece = self._history.piece
        if piece.start <= start and end <= piece.end:
            return self._environment.field(middle) * piece.direction[2], piece.direction
        direction = self._environment.piece(middle).direction
        if start == end:
            return self._environment.field(middle) * direction[2], direction
        pieces = self._environment.pieces(start, end)
        total = sum(p.field(0.5 * (p.start + p.end)) * p.direction[2] * (p.end - p.start) for p in pieces)
        return total / (end - start), direction

    def in_plane_moment(self, temperature: float, direction: Direction, start: float, end: float) -> float:
        """Mean part in A/m, along the field, of the net magnetisation that a field tilts into the film plane."""
        x, y, z = direction
        if (x == 0.0 and y == 0.0) or self._anisotropy == math.inf:
            return 0.0
        mean = self._history.hysterons.mean_magnetisation(start, end)
        net = self._ferrimagnet.net_magnetisation(temperature)
        pull = [net * self._environment.field(0.5 * (start + end)) * part for part in (x, y, z)]
        n = directions((1, -1), pull, self._anisotropy, np.zeros(1), np.zeros(1))[:, 0, :]
        along = n[:, 0] * x + n[:, 1] * y
        return net * float(np.array([0.5 * (1.0 + mean), 0.5 * (1.0 - mean)]) @ along)
