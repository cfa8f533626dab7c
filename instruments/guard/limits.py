"""What must not be exceeded and whose limit it is, in the form that the guard compares with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from instruments import units

LONGEST_QUOTE = 80
"""Characters of a message that a sentence quotes."""

AVERAGE_WINDOW = 1.0
"""s; over which heat is taken to even out where the station says nothing (assumed)."""

LONGEST_WINDOW = 60.0
"""s; the longest stretch of time over which anybody may have it taken."""

UNITS: Mapping[str, str] = {
    "current": "A",
    "pulse_current": "A",
    "voltage": "V",
    "bias": "V",
    "power": "W",
    "pulse_width": "s",
    "pulse_energy": "J",
    "average_power": "W",
    "average_current": "A",
    "average_window": "s",
    "slew": "A/s",
    "voltage_slew": "V/s",
    "field": "T",
    "field_rate": "T/s",
    "slowest_field_rate": "T/s",
    "temperature": "K",
    "lowest_temperature": "K",
    "temperature_rate": "K/s",
}
"""Unit of each limit."""

_SHOWN = {"T/s": "Oe/s", "K/s": "K/min"}


@dataclass(frozen=True, slots=True)
class Bound:
    """One limit.

    Attributes:
        name: What is limited, one of `UNITS`.
        value: The limit in SI units; what is exactly there is allowed.
        owner: Whose it is, e.g. `station 'ppms'`.
        override: The name by which it can be replaced for one run.
    """

    name: str
    value: float
    owner: str
    override: str

    @property
    def exact(self) -> Decimal:
        """The limit as the decimal number that it was written as."""
        return Decimal(repr(self.value))


@dataclass(frozen=True, slots=True)
class Limits:
    """All limits of a station with a sample in it; magnitudes, but for the temperature. None where there is none.

    Attributes:
        current: A, that may flow for any time.
        pulse_current: A, that may flow in a pulse; never less than `current`.
        voltage: V, as compliance too.
        bias: V, the largest that a source may be set to; a compliance may be more, up to `voltage`.
        compliance_current: A, the largest compliance of a source of voltage where that may be more than `current`.
        power: W.
        pulse_width: s, the longest time for which more than `current` may flow.
        pulse_energy: J, of one pulse of more than `current`.
        average_power: W, current times compliance, averaged over any stretch of `window`.
        average_current: A, root of the mean square over any stretch of `window`, since heating goes with the square.
        average_window: s; see `window`.
        slew: A/s, of a current that is set and stays; see `instruments.guard.slew`.
        voltage_slew: V/s, the same of a voltage.
        field: T.
        field_rate: T/s.
        slowest_field_rate: T/s, the slowest ramp.
        temperature: K, the highest.
        lowest_temperature: K.
        temperature_rate: K/s.
    """

    current: Bound
    pulse_current: Bound
    voltage: Bound
    field: Bound
    field_rate: Bound
    temperature: Bound
    lowest_temperature: Bound
    temperature_rate: Bound
    slowest_field_rate: Bound | None = None
    bias: Bound | None = None
    compliance_current: Bound | None = None
    power: Bound | None = None
    pulse_width: Bound | None = None
    pulse_energy: Bound | None = None
    average_power: Bound | None = None
    average_current: Bound | None = None
    average_window: Bound | None = None
    slew: Bound | None = None
    voltage_slew: Bound | None = None

    @property
    def window(self) -> float:
        """The stretch of time in s over which an average is taken."""
        return AVERAGE_WINDOW if self.average_window is None else self.average_window.value

    @property
    def set_voltage(self) -> Bound:
        """What a voltage that is set must stay within: the bias, and what no voltage may exceed."""
        return _tighter(self.bias, self.voltage)

    @property
    def lasting_current(self) -> Bound:
        """What a current that never changes must stay within: it is its own average."""
        return _tighter(self.average_current, self.current)

    @property
    def lasting_compliance(self) -> Bound:
        """What the compliance of a source of voltage must stay within: that of a current, where no other is given."""
        return _tighter(self.average_current, self.compliance_current or self.current)

    @property
    def lasting_power(self) -> Bound | None:
        """What the power of a current that never changes must stay within, None where it may be any."""
        return self.average_power if self.power is None else _tighter(self.average_power, self.power)


def _tighter(one: Bound | None, other: Bound) -> Bound:
    return other if one is None or other.value <= one.value else one


def shown(value: float, unit: str, other: float | None = None) -> str:
    """Print a quantity for a sentence, with all its digits where it would otherwise look like the other one."""
    written = _SHOWN.get(unit, "")
    text = units.format_quantity(value, unit, shown=written)
    if other is not None and value != other and text == units.format_quantity(other, unit, shown=written):
        return units.format_quantity(value, unit, shown=written, exact=True)
    return text


def quoted(message: str) -> str:
    """Return a message between quotes, without line breaks and not too long."""
    text = repr(message)
    return text if len(text) <= LONGEST_QUOTE else f"{text[: LONGEST_QUOTE - 4]}...{text[-1]}"
