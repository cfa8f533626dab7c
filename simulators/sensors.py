"""What a cryostat's sensors show, and what is really there: errors that no noise averages away."""

from __future__ import annotations

import numpy as np

from simulators.machine_parts import SensorData
from simulators.randomness import TimedGaussian


class Sensors:
    """The thermometer's calibration and the slow wander of the field's read-back.

    Args:
        data: The errors; a machine whose errors are zero shows what is there, to the last bit.
        noise: Random numbers of the wander; left alone where there is none.

    Attributes:
        exact: Whether the thermometer has no error.
        wanders: Whether the field's read-back wanders.
    """

    def __init__(self, data: SensorData, noise: np.random.Generator) -> None:
        self._data = data
        self._knots = TimedGaussian(noise, data.wander_time) if data.wander else None
        self.wanders = self._knots is not None
        self.exact = not (data.offset or data.field_error)

    @property
    def follows_field(self) -> bool:
        """Whether the thermometer's error depends on the field."""
        return bool(self._data.field_error)

    def shown(self, temperature: float, field: float) -> float:
        """Return what the thermometer shows (K) at a true temperature in K and a field in T."""
        return temperature if self.exact else temperature * (1.0 + self._error(temperature, field))

    def true(self, shown: float, field: float) -> float:
        """Return the temperature (K) at which the thermometer shows this."""
        if self.exact:
            return shown
        guess = shown / (1.0 + self._error(shown, field))
        return shown / (1.0 + self._error(guess, field))

    def wander(self, time: float) -> float:
        """Return the wander of the field's read-back in T at a lab time in s, zero or later."""
        if self._knots is None:
            return 0.0
        width = self._data.wander_time
        number = int(time / width)
        here, there = (self._knots.at((knot + 0.5) * width) for knot in (number, number + 1))
        return self._data.wander * (here + (there - here) * (time / width - number))

    def _error(self, temperature: float, field: float) -> float:
        data = self._data
        magnetic = data.field_error * (field / data.field_error_field) ** 2
        if temperature > data.field_error_temperature:
            magnetic *= (data.field_error_temperature / temperature) ** 2
        return data.offset + magnetic
