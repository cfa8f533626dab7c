"""The interface of every cryostat with a magnet: temperature, field, chamber, rotator, and waiting for them.

Two pairs of things are easily taken for each other and have different names throughout:

- `temperature` is the *block* temperature, what the cryostat's controller reads at its own thermometer. The sample
  follows it with a lag of seconds to minutes; the sample temperature is something else.
- `field` is the *reported* field mu0 H, computed by the controller from the magnet's current. The true field differs
  from it by the magnet's remanence, up to some mT after a high field.

Everything is in SI units: K, T (1 Oe is 1e-4 T), K/s, T/s, degrees.
"""

from __future__ import annotations

import logging
import math
from abc import abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

from instruments.clock import Clock
from instruments.cryostat_waiting import POLL, SLICE, WATCH, Waiting
from instruments.cryostat_words import (
    ChamberAction,
    ChamberState,
    CryostatLimits,
    CryostatReading,
    FieldApproach,
    FieldSetpoint,
    FieldState,
    MagnetMode,
    PositionState,
    State,
    TemperatureApproach,
    TemperatureSetpoint,
    TemperatureState,
    choose,
)
from instruments.errors import BadValue, GarbledReply, LimitExceeded, NoReply, UsageError
from instruments.forms import bound, exact, finite, outside
from instruments.known_names import Closing, check_settable

__all__ = [
    "POLL",
    "SLICE",
    "WATCH",
    "ChamberAction",
    "ChamberState",
    "Cryostat",
    "CryostatLimits",
    "CryostatReading",
    "FieldApproach",
    "FieldSetpoint",
    "FieldState",
    "MagnetMode",
    "PositionState",
    "State",
    "TemperatureApproach",
    "TemperatureSetpoint",
    "TemperatureState",
]

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Known:
    """What is known of a cryostat without asking it.

    An object of its own, since a driver's attributes are set through pymeasure's dynamic properties, which takes time.

    Attributes:
        reading: The last one, whoever asked for it; None before the first.
        temperature: The set point that was commanded last from here; None if there was none.
        field: Likewise.
        position: Likewise, degrees.
        chamber: What the chamber was told last from here; None if nothing.
        helium: Its level in % when it was read last, and that moment of the clock in s; None if nobody has read it.
    """

    reading: CryostatReading | None = None
    temperature: TemperatureSetpoint | None = None
    field: FieldSetpoint | None = None
    position: float | None = None
    chamber: ChamberAction | None = None
    helium: tuple[float, float] | None = None


class Cryostat(Waiting, metaclass=Closing):
    """A cryostat with a magnet.

    Attributes:
        clock: Where it waits, and where readings are stamped.
        known: What is known of it without asking.
    """

    clock: Clock
    known: Known

    LOWEST_POSITION: ClassVar[float] = -10.0
    """Degrees; MultiVu's limit for the rotator. That a Model 6000 takes the same is assumed."""
    HIGHEST_POSITION: ClassVar[float] = 370.0
    """Degrees; likewise."""

    def __init__(self) -> None:
        super().__init__()
        self._told_at: dict[str, float] = {}
        self.known = Known()

    def __setattr__(self, name: str, value: Any) -> None:
        """Set an attribute that there is.

        Raises:
            UnknownAttribute: There is none of that name, or it cannot be set; nothing was sent.
        """
        check_settable(self, name, value)
        super().__setattr__(name, value)

    @abstractmethod
    def reading(self) -> CryostatReading:
        """Return temperature, field and all states, asked for at once.

        Raises:
            InstrumentFault: The controller does not answer, or not in its form, or without one of the values.
        """

    @property
    @abstractmethod
    def temperature_setpoint(self) -> TemperatureSetpoint:
        """Get what the temperature control was told last; not a reading."""

    @property
    @abstractmethod
    def field_setpoint(self) -> FieldSetpoint:
        """Get what the magnet was told last; not a reading."""

    @property
    @abstractmethod
    def limits(self) -> CryostatLimits:
        """Get what the machine takes."""

    @abstractmethod
    def set_chamber(self, action: ChamberAction | str) -> None:
        """Have the chamber sealed, purged, vented or pumped.

        Args:
            action: What to do; its word, such as "purge and seal", does as well.

        Raises:
            BadValue: The word is unknown; nothing was sent.
            InstrumentFault: The controller did not take it.
        """

    @abstractmethod
    def _command_temperature(self, wanted: TemperatureSetpoint) -> TemperatureSetpoint:
        """Command a checked set point once, read it back, and return what the controller took."""

    @abstractmethod
    def _command_field(self, wanted: FieldSetpoint) -> FieldSetpoint:
        """Command a checked set point once, read it back, and return what the controller took."""

    def _command_position(self, position: float, speed: float) -> float:
        """Command a rotator angle in degrees once, read it back, and return what the controller took."""
        del speed
        raise UsageError(f"the rotator cannot be moved to {position!r} degrees: this cryostat has none")

    def signal(self, number: int) -> float:
        """Return the voltage in V at an analogue input of the controller, by its number.

        Raises:
            BadValue: It has no such input; nothing was sent.
            UsageError: It has none that can be read this way.
            InstrumentFault: The controller does not answer, or not in its form, or gives no voltage.
        """
        raise UsageError(f"analogue input {number!r} cannot be read: this cryostat has none that a program can ask for")

    def set_temperature(
        self, temperature: float, rate: float, approach: TemperatureApproach | str = TemperatureApproach.FAST_SETTLE
    ) -> TemperatureSetpoint:
        """Start a ramp of the block temperature.

        Args:
            temperature: K.
            rate: K/s, above zero.
            approach: How it gets to the set point; its word does as well.

        Returns:
            The set point as the controller took it.

        Raises:
            BadValue: A value is no finite number, the rate not above zero, or a word unknown; nothing was sent.
            LimitExceeded: The machine does not go there, or not as quickly; nothing was sent.
            InstrumentFault: The controller did not take the set point; it is not sent again.
        """
        limits = self.limits
        low, high = limits.lowest_temperature, limits.highest_temperature
        if not low <= finite("temperature", temperature, "K") <= high:
            raise outside("temperature", repr(float(temperature)), bound(low), bound(high), "K")
        way = choose("temperature approach", approach, TemperatureApproach)
        _check_rate("temperature rate", rate, limits.temperature_rate, 60.0, "K/min")
        self._told_at["temperature"] = self.clock.now()
        self.known.temperature = taken = self._command_temperature(
            TemperatureSetpoint(float(temperature), float(rate), way)
        )
        return taken

    def set_field(
        self,
        field: float,
        rate: float,
        approach: FieldApproach | str = FieldApproach.LINEAR,
        mode: MagnetMode | str = MagnetMode.DRIVEN,
    ) -> FieldSetpoint:
        """Start a ramp of the field.

        Args:
            field: mu0 H in T.
            rate: T/s, above zero.
            approach: How it gets to the set point; its word does as well.
            mode: What the magnet does there; its word does as well.

        Returns:
            The set point as the controller took it.

        Raises:
            BadValue: A value is no finite number, the rate not above zero, or a word unknown; nothing was sent.
            LimitExceeded: The magnet does not go there, not as quickly, or not in this mode; nothing was sent.
            InstrumentFault: The controller did not take the set point; it is not sent again.
        """
        limits = self.limits
        if abs(finite("field", field, "T")) > limits.field:
            raise outside("field", repr(float(field)), bound(-limits.field), bound(limits.field), "T")
        _check_rate("field rate", rate, limits.field_rate, 1e4, "Oe/s")
        way, magnet = choose("field approach", approach, FieldApproach), choose("field mode", mode, MagnetMode)
        if magnet is MagnetMode.PERSISTENT and not limits.persistent:
            raise LimitExceeded("field mode cannot be persistent: this magnet has no switch; choose driven")
        self._told_at["field"] = self.clock.now()
        return self._commanded_field(FieldSetpoint(float(field), float(rate), way, magnet))

    def _commanded_field(self, wanted: FieldSetpoint) -> FieldSetpoint:
        """Command a checked set point, and remember what was taken."""
        self.known.field = taken = self._command_field(wanted)
        return taken

    def set_position(self, position: float, speed: float) -> float:
        """Start a move of the rotator.

        Args:
            position: Angle in degrees.
            speed: degrees/s, above zero.

        Returns:
            The angle as the controller took it.

        Raises:
            BadValue: A value is no finite number, or the speed is not above zero; nothing was sent.
            LimitExceeded: The rotator does not go there, or not as quickly; nothing was sent.
            UsageError: There is no rotator.
            InstrumentFault: The controller did not take the angle; it is not sent again.
        """
        if finite("speed", speed, "deg/s") <= 0:
            raise BadValue(f"speed must be above 0 deg/s, not {speed!r}; nothing was sent")
        angle, low, high = finite("position", position, "deg"), self.LOWEST_POSITION, self.HIGHEST_POSITION
        if not low <= angle <= high:
            raise outside("position", exact(angle), bound(low), bound(high), "deg")
        self._told_at["position"] = self.clock.now()
        self.known.position = taken = self._command_position(angle, float(speed))
        return taken

    def hold_field(self) -> FieldSetpoint:
        """Stop the field where it is: the present reported field is commanded, at the rate of the last set point.

        A magnet that stands at its set point already is left alone (with a persistent switch, commanding the same
        field again would warm the switch and cool it). It is tried again after a reply that was lost or damaged.

        Returns:
            The set point as the controller took it.

        Raises:
            InstrumentFault: The controller does not answer, or did not take it.
        """
        try:
            return self._hold_field()
        except (NoReply, GarbledReply) as fault:
            log.warning("holding the field again: %s", fault)
            return self._hold_field()

    def _hold_field(self) -> FieldSetpoint:
        setpoint = self.field_setpoint
        reading = self.reading()
        if reading.field_state.stable and abs(reading.field - setpoint.field) <= self.FIELD_TOLERANCE:
            return setpoint
        self._told_at["field"] = self.clock.now()
        present = max(-self.limits.field, min(self.limits.field, reading.field))  # the reading is noisy at the limit
        try:
            return self._commanded_field(FieldSetpoint(present, setpoint.rate, FieldApproach.LINEAR, setpoint.mode))
        except LimitExceeded:  # the guard's limit is lower than the machine's, and the reading as noisy there
            inside = math.copysign(max(0.0, abs(present) - self.FIELD_TOLERANCE), present)
            return self._commanded_field(FieldSetpoint(inside, setpoint.rate, FieldApproach.LINEAR, setpoint.mode))


def _check_rate(name: str, rate: float, largest: float, scale: float, unit: str) -> None:
    """Check a rate in SI units; the sentence gives it in people's unit, `scale` of which make the SI unit."""
    if finite(name, rate) <= 0:
        raise BadValue(f"{name} must be above 0 {unit}, not {rate * scale:g} {unit}; nothing was sent")
    if rate > largest * (1 + 1e-9):  # the way through other units leaves a last digit
        raise outside(name, f"{rate * scale:g}", "above 0", f"{largest * scale:g}", unit)
