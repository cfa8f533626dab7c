"""Somebody else at the same cryostat: set points that nobody here has sent.

They arrive at their own lab time, whether anybody looks or not, pass the same checks as everybody's, and show up in the
set points that can be asked for.
"""

from __future__ import annotations

from collections.abc import Callable

from instruments.errors import LimitExceeded
from simulators.accessories import ChamberCommand, RotatorSetting
from simulators.cryostat import SimulatedCryostat
from simulators.physics.magnet import FieldApproach
from simulators.physics.thermal import TemperatureApproach
from simulators.timeline import Event


class SomebodyElse:
    """Another user of a simulated cryostat.

    .. code-block:: python

        guest = SomebodyElse(lab.cryostat)
        guest.set_field(1800.0, 1.0, 0.01, FieldApproach.LINEAR)    # in half an hour: 1 T at 100 Oe/s

    Every method takes the lab time in s at which the set point arrives, a time in the past meaning at once, and returns
    the event, which can be cancelled until then.

    Args:
        cryostat: The cryostat.

    Attributes:
        refused: When (lab s) and why a set point was not taken.
    """

    def __init__(self, cryostat: SimulatedCryostat) -> None:
        self._cryostat = cryostat
        self.refused: list[tuple[float, str]] = []

    def set_temperature(self, time: float, temperature: float, rate: float, approach: TemperatureApproach) -> Event:
        """Go to a temperature in K at a rate in K/s."""
        return self._later(time, lambda: self._cryostat.set_temperature(temperature, rate, approach))

    def set_field(
        self, time: float, field: float, rate: float, approach: FieldApproach, *, persistent: bool = False
    ) -> Event:
        """Go to a reported field in T at a rate in T/s."""
        return self._later(time, lambda: self._cryostat.set_field(field, rate, approach, persistent=persistent))

    def set_chamber(self, time: float, command: ChamberCommand) -> Event:
        """Seal, purge, vent or pump the sample chamber."""
        return self._later(time, lambda: self._cryostat.set_chamber(command))

    def move(self, time: float, setting: RotatorSetting) -> Event:
        """Turn the sample."""
        return self._later(time, lambda: self._cryostat.move(setting))

    def stand_by(self, time: float) -> Event:
        """Stop controlling the temperature."""
        return self._later(time, self._cryostat.stand_by)

    def _later(self, time: float, action: Callable[[], None]) -> Event:
        timeline = self._cryostat.timeline

        def arrive() -> None:
            try:
                action()
            except LimitExceeded as refusal:
                self.refused.append((timeline.now, str(refusal)))

        return timeline.schedule(time, arrive)
