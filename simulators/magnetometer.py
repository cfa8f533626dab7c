"""A magnetometer whose output, a voltage that follows the moment, is at an analogue input of a cryostat controller.

It stands for any that gives such a voltage. How it comes by the moment (a vibrating sample in pick-up coils, say) is
left out: it averages what the film and its substrate have of moment along the field over the last second or so, and
adds noise and a slow wander.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from simulators.controller_leads import OpenConnectors
from simulators.devices.controller_outputs import FULL_SCALE
from simulators.physics.noise import ThermalEmf
from simulators.randomness import Streams, TimedGaussian
from simulators.timeline import Timeline


@dataclass(frozen=True, slots=True)
class MagnetometerSettings:
    """A magnetometer with a piece of film in it.

    Attributes:
        input: Number of the analogue input that its output is at.
        moment_per_volt: A m2/V, by which its output is made.
        averaging: s over which it averages.
        area: m2 of the film.
        background: A m2/T of substrate and holder.
        noise: A m2 rms in one average.
        wander: A m2, standard deviation of its offset, and of slow changes.
    """

    input: int
    moment_per_volt: float
    averaging: float
    area: float
    background: float = 0.0
    noise: float = 0.0
    wander: float = 0.0


class Magnetometer(OpenConnectors):
    """The connectors of a controller with a magnetometer's output in one of them.

    Args:
        timeline: The lab's time.
        moment: Mean moment in A m2 along the field between two lab times in s.
        settings: See `MagnetometerSettings`.
        streams: Takes `magnetometer` and `magnetometer's wander`.
        quiet: Whether it has neither noise nor wander.
    """

    def __init__(
        self,
        timeline: Timeline,
        moment: Callable[[float, float], float],
        settings: MagnetometerSettings,
        streams: Streams,
        *,
        quiet: bool = False,
    ) -> None:
        self._timeline, self._moment, self._settings = timeline, moment, settings
        self._began = timeline.now
        self._noise = TimedGaussian(streams.noise("magnetometer"), settings.averaging)
        wander = 0.0 if quiet else settings.wander
        self._wander = ThermalEmf(streams.noise("magnetometer's wander"), wander, wander, 0.0)

    def signal(self, number: int) -> float:
        """Voltage in V at analogue input 1 or 2; the input shows no more than its full scale, either way."""
        settings = self._settings
        if number != settings.input:
            return 0.0
        now = self._timeline.now
        moment = self._moment(max(self._began, now - settings.averaging), now)
        moment += settings.noise * self._noise.at(now) + self._wander(now)
        return max(-FULL_SCALE, min(FULL_SCALE, moment / settings.moment_per_volt))
