"""What people may have done to a station by hand, between runs: temperature, field, angle, and sources off.

Each is one command that goes through the guard, so that the limits of station and sample hold. No current can be sent
by hand: nobody would watch it, and whether the contacts of the sample are checked is a matter of runs.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from instruments import units
from instruments.cryostat import Cryostat
from instruments.errors import BadValue, LabError, UsageError
from instruments.ramped_source import RampedSource
from labctl.session import Session, hold_temperature
from labctl.station import Station
from labctl.waiting import FIELD_RATE

CRYOSTAT = "cryostat"
TEMPERATURE_RATE = 10.0 / 60.0
"""K/s where nothing else is asked for and the station allows it."""
ROTATION = 3.0
"""degrees/s of the rotator."""


@dataclass(frozen=True, slots=True)
class Action:
    """Something that can be asked for.

    Attributes:
        unit: Of its value; empty where it takes none.
        rate_unit: Of its rate; empty where it takes none.
    """

    unit: str = ""
    rate_unit: str = ""


ACTIONS = {
    "temperature": Action("K", "K/s"),
    "field": Action("T", "T/s"),
    "angle": Action("deg"),
    "hold_field": Action(),
    "hold_temperature": Action(),
    "source_off": Action(),
}


def usual_rates(station: Station) -> dict[str, float]:
    """Return how fast a station goes where no rate is asked for, with the units in the names."""
    limits = station.limits
    return {
        "temperature_K_per_s": min(TEMPERATURE_RATE, limits.temperature_rate),
        "field_T_per_s": min(FIELD_RATE, limits.field_rate),
        "angle_deg_per_s": ROTATION,
    }


def read(do: str, value: str | None, rate: str | None) -> tuple[float | None, float | None]:
    """Return value and rate in SI units (angles in degrees), None for a rate that is not asked for.

    Raises:
        UsageError: There is no such action, or it takes no value or no rate.
        BadValue: A value is missing, has no unit or another one, or a rate is not above zero.
    """
    action = ACTIONS.get(do)
    if action is None:
        raise UsageError(f"nothing is called {do!r} that can be done by hand; there are {', '.join(ACTIONS)}")
    number, fast = _number(do, value, action.unit), None
    if rate is not None:
        fast = _number(f"the rate of {do}", rate, action.rate_unit)
        if fast is not None and fast <= 0:
            raise BadValue(f"the rate of {do} must be above zero, not {rate!r}")
    return number, fast


def _number(what: str, text: str | None, unit: str) -> float | None:
    if not unit:
        if text is not None:
            raise UsageError(f"{what} takes no value, but was given {text!r}; leave it out")
        return None
    if text is None:
        raise BadValue(f"{what} needs a value with its unit, such as 5 {unit}")
    try:
        float(text)
    except ValueError:
        number = units.parse(text, unit, what)
        return math.degrees(number) if unit == "deg" else number
    raise BadValue(f"{what} of {text} has no unit; write e.g. {text} {unit}")


def carry_out(session: Session, station: Station, do: str, value: float | None, rate: float | None) -> str:
    """Do something, and say in a sentence what has begun.

    Args:
        session: With the station's instruments, none of which needs to be open.
        station: The station.
        do: One of `ACTIONS`.
        value: K, T or degrees.
        rate: K/s or T/s; a usual one where it is None.

    Raises:
        LimitExceeded: It is beyond a limit; nothing was sent.
        UsageError: The station has no such instrument.
        InstrumentFault: An instrument does not answer, or does not take it.
    """
    if do == "source_off":
        return sources_off(session, station)
    cryostat = _cryostat(session, station)
    match do:
        case "temperature":
            assert value is not None
            heat = cryostat.set_temperature(value, rate or usual_rates(station)["temperature_K_per_s"])
            return f"the temperature goes to {heat}"
        case "field":
            assert value is not None
            field = cryostat.set_field(value, rate or usual_rates(station)["field_T_per_s"])
            return f"the field goes to {field}"
        case "angle":
            assert value is not None
            return f"the rotator turns to {cryostat.set_position(value, ROTATION):g} deg"
        case "hold_field":
            return f"the field is held at {cryostat.hold_field().field:g} T"
        case _:
            hold_temperature(cryostat, station)
            return f"the temperature is held at {cryostat.temperature_setpoint.temperature:g} K"


def _cryostat(session: Session, station: Station) -> Cryostat:
    refused = session.open([CRYOSTAT])
    if CRYOSTAT in refused:
        raise refused[CRYOSTAT]
    cryostat = session.instruments[CRYOSTAT]
    if not isinstance(cryostat, Cryostat):
        raise UsageError(f"the {CRYOSTAT} of {station.label} cannot be told a temperature or a field")
    cryostat.check_identity()
    return cryostat


def sources_off(session: Session, station: Station) -> str:
    """Ramp all sources to zero, turn their outputs off, and read that back; each is tried, whatever becomes of others.

    Raises:
        LabError: One of them could not be brought to rest.
    """
    off: list[str] = []
    faults: list[LabError] = []
    for role in station.instruments:
        refused = session.open([role]) if role in {"source", "smu"} and role in session.resources else {}
        driver = session.instruments.get(role)
        try:
            if role in refused:
                raise refused[role]
            if isinstance(driver, RampedSource):
                driver.check_identity()
                driver.shutdown()
                off.append(role)
        except LabError as error:
            faults.append(error)
    if faults:
        raise faults[0]
    return f"the output of the {' and the '.join(off)} is off" if off else "the station has no source to turn off"
