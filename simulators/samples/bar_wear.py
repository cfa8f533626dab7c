"""How a Hall bar wears out at its weakest spot, until it is open there."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from simulators.environment import Environment
from simulators.physics.electromigration import Electromigration, void_squares
from simulators.randomness import Streams
from simulators.samples.carrying import Entry, Steady
from simulators.samples.hall_bar_model import HallBarParameters
from simulators.samples.wear import Wear

GAP_RESISTANCE = 1e10
"""ohm from one side of an opened bar to the other, over its substrate (assumed)."""


def weakness(model: HallBarParameters, squares: float, streams: Streams) -> tuple[float, float]:
    """Draw how many times as long as the typical one a bar lasts, and where it is weakest (squares from the source)."""
    if model.lifetime is None:
        return 1.0, math.inf
    disorder = streams.disorder("electromigration")
    strength = math.exp(model.lifetime_spread * float(disorder.standard_normal()))
    return strength, squares * float(disorder.uniform())


class BarWear:
    """The damage of one bar.

    Args:
        law: How its currents wear it out.
        void_length: Squares along the bar over which a void narrows it.
        geometry: `width` and `conducting_thickness` in m.
        environment: Temperature.
        first: What flows at the beginning: nothing.
        start: Lab time in s of that.

    Attributes:
        harming: Whether what flows does damage.
        worn: Whether anything ever has.
    """

    def __init__(
        self, law: Electromigration, void_length: float, geometry: Mapping[str, float], environment: Environment,
        first: Entry, start: float,
    ) -> None:  # fmt: skip
        self._law = law
        self._void_length = void_length
        self._section = geometry["width"] * geometry["conducting_thickness"]
        self._harmless = law.immortal_density * self._section
        self._wear = Wear(self._harms, self._rate, environment, first, start)
        self.harming = False
        self.worn = False

    def follow(self, entry: Entry) -> None:
        """Let other currents flow from their time on."""
        harms = self._harms(entry)
        if harms or self.harming:
            self._wear.follow(entry)
            self.harming = harms and self._wear.broken == math.inf
            self.worn = True

    def reach(self, time: float) -> float:
        """Go on to a lab time in s; return when the bar opened, infinite where it has not until then."""
        return self._wear.reach(time)

    def damage(self, time: float) -> float:
        """Return the damage at a lab time in s, which is now or past."""
        return self._wear.damage(time)

    @property
    def opened(self) -> float:
        """Lab time in s at which the bar opened, infinite where it is whole."""
        return self._wear.broken

    def resistance(self, time: float, sheet: float) -> float:
        """Return what the damage adds at the weakest spot, in ohm.

        Args:
            time: Lab time in s.
            sheet: Sheet resistance in ohm.
        """
        if not self.worn:
            return 0.0
        damage = self._wear.damage(time)
        if damage >= 1.0:
            return GAP_RESISTANCE
        return min(sheet * void_squares(damage, self._void_length), GAP_RESISTANCE)

    def _harms(self, entry: Entry) -> bool:
        carried, harmless = entry.carried, self._harmless
        if isinstance(carried, Steady):
            return abs(carried.flow.spot) > harmless
        return any(abs(current) > harmless for _, current, _ in carried.spots)

    def _rate(self, entry: Entry, around: float) -> float:
        """Growth of the damage in 1/s, with the film warmer than what is around it (K)."""
        carried = entry.carried
        spots: Sequence[tuple[float, float, float]] = (
            ((1.0, carried.flow.spot, carried.warmth),) if isinstance(carried, Steady) else carried.spots
        )
        return sum(share * self._law.rate(current / self._section, around + warmth) for share, current, warmth in spots)
