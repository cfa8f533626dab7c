"""What the instruments can deliver at all: no override of a limit gets beyond that.

A value far beyond it is mostly a number whose unit was left out: `probe_current=80` is 80 A.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from instruments.guard.limits import UNITS, shown
from labctl.station import Station

_SOURCE = {"current": 0.105, "pulse_current": 0.105, "voltage": 105.0}
_SOURCEMETER = {"current": 1.05, "pulse_current": 1.05, "voltage": 210.0, "bias": 210.0}
_CRYOSTAT = {"field": 16.0, "temperature": 400.0}

LARGEST: Mapping[str, Mapping[str, float]] = {
    "keithley6221": _SOURCE,
    "keithley2400": _SOURCEMETER,
    "ppms6000": _CRYOSTAT,
    "multivu": _CRYOSTAT,
}
"""What a driver's instrument delivers at most, in the units of the limits: A, V, T, K. Sources: the reference manuals
of the 6221 and the 2400; of a cryostat the largest magnet and the highest temperature that its makers offer with it."""

DRIVING = frozenset({"source", "smu", "cryostat"})
"""Roles that put anything on the sample."""

LEFT_OUT: Mapping[str, Mapping[str, float]] = {
    "A": {"mA": 1e-3, "uA": 1e-6, "nA": 1e-9},
    "V": {"mV": 1e-3, "uV": 1e-6},
    "T": {"mT": 1e-3, "Oe": 1e-4},
}
"""Units that may have been meant and left out, largest first, by the unit that a bare number is taken in."""


@dataclass(frozen=True, slots=True)
class Largest:
    """What can be had at most.

    Attributes:
        value: In the unit of the limit.
        role: Instrument that delivers it.
    """

    value: float
    role: str


def largest(name: str, station: Station, roles: Collection[str]) -> Largest | None:
    """Return the most that instruments in these roles deliver of what a limit names.

    None where nothing is known of it: no instrument delivers any, or one has a driver that says nothing of it here.
    """
    found: list[Largest] = []
    for role in DRIVING.intersection(roles, station.instruments):
        able = LARGEST.get(station.instruments[role].driver)
        if able is None:
            return None
        if name in able:
            found.append(Largest(able[name], role))
    return max(found, key=lambda each: each.value, default=None)


def beyond(name: str, value: float, most: Largest, limit: float, *, bare: bool) -> str:
    """Say that no override helps, and which unit may have been left out: with it the number is within the limit.

    Args:
        name: Of the limit.
        value: What is asked for.
        most: What can be had.
        limit: What is allowed.
        bare: Whether the number came without a unit, so that one may have been left out.
    """
    unit = UNITS[name]
    meant = [f"{value:g} {short}" for short, part in LEFT_OUT.get(unit, {}).items() if value * part <= limit]
    several = meant if unit == "T" else meant[:1]
    asked = f", or was the unit left out, as in {' or '.join(several)}?" if several and bare else ""
    return (
        f"no override gets there, since the {most.role} gives {shown(most.value, unit)} at most; "
        f"choose a value within the limit{asked}"
    )
