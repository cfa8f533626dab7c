"""What a Model 6000 controller answers: the forms of its replies, its codes, and what they mean.

On the wire fields are in Oe, field rates in Oe/s and temperature rates in K/min.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from instruments.cryostat_words import (
    ChamberAction,
    ChamberState,
    FieldApproach,
    FieldSetpoint,
    FieldState,
    MagnetMode,
    PositionState,
    TemperatureApproach,
    TemperatureSetpoint,
    TemperatureState,
)
from instruments.forms import DECIMAL, Form, form

_TEMPERATURE_STATES = {
    1: TemperatureState.STABLE,
    2: TemperatureState.TRACKING,
    5: TemperatureState.NEAR,
    6: TemperatureState.CHASING,
    7: TemperatureState.POT_OPERATION,
    10: TemperatureState.STANDBY,
    13: TemperatureState.DISABLED,
    14: TemperatureState.IMPEDANCE_ERROR,
    15: TemperatureState.FAILURE,
}
_FIELD_STATES = {
    1: FieldState.PERSISTENT,
    2: FieldState.SWITCH_WARMING,
    3: FieldState.SWITCH_COOLING,
    4: FieldState.DRIVEN,
    5: FieldState.ITERATING,
    6: FieldState.CHARGING,
    7: FieldState.DISCHARGING,
    8: FieldState.CURRENT_ERROR,
    11: FieldState.QUENCH,
    15: FieldState.FAILURE,
}
_CHAMBER_STATES = {
    1: ChamberState.PURGED,
    2: ChamberState.VENTED,
    3: ChamberState.SEALED,
    4: ChamberState.PURGING,
    5: ChamberState.VENTING,
    6: ChamberState.PRE_PUMPING,
    7: ChamberState.HIGH_VACUUM,
    8: ChamberState.PUMPING,
    9: ChamberState.FLOODING,
    14: ChamberState.HIGH_VACUUM_ERROR,
    15: ChamberState.FAILURE,
}
_POSITION_STATES = {
    1: PositionState.STOPPED,
    5: PositionState.MOVING,
    8: PositionState.LIMIT_SWITCH,
    9: PositionState.INDEX_SWITCH,
    15: PositionState.FAILURE,
}
TEMPERATURE_APPROACHES = (TemperatureApproach.FAST_SETTLE, TemperatureApproach.NO_OVERSHOOT)
FIELD_APPROACHES = (FieldApproach.LINEAR, FieldApproach.NO_OVERSHOOT, FieldApproach.OSCILLATE)
MAGNET_MODES = (MagnetMode.PERSISTENT, MagnetMode.DRIVEN)
CHAMBER_ACTIONS = (
    ChamberAction.SEAL,
    ChamberAction.PURGE_SEAL,
    ChamberAction.VENT_SEAL,
    ChamberAction.PUMP,
    ChamberAction.VENT,
    ChamberAction.HIGH_VACUUM,
)


class Data(NamedTuple):
    """One reply to `GETDAT?`.

    Attributes:
        mask: Bits of the items that the controller gave; may lack some that were asked for.
        machine_time: The controller's own time in s.
        items: Value by bit, in the controller's units.
    """

    mask: int
    machine_time: float
    items: dict[int, float]


@dataclass(frozen=True, slots=True)
class MagnetConfiguration:
    """The magnet as the controller knows it (`MAGCNF?`).

    Attributes:
        largest_field: Oe.
        field_per_current: Oe/A.
        inductance: H.
        low_field_voltage: Charging voltage at low field, V.
        high_field_voltage: Charging voltage at high field, V.
        heating_time: Of the persistent switch, s.
        cooling_time: Of the persistent switch, s.
    """

    largest_field: float
    field_per_current: float
    inductance: float
    low_field_voltage: float
    high_field_voltage: float
    heating_time: float
    cooling_time: float


@dataclass(frozen=True, slots=True)
class HeliumLevel:
    """Helium level in percent, and how old it is (0 over an hour, 1 under an hour, 2 measured continuously)."""

    percent: float
    age: int


def _data(text: str) -> Data:
    mask, machine_time, *values = text.split(",")
    return Data(int(mask), float(machine_time), dict(zip(_bits(int(mask)), map(float, values), strict=True)))


@lru_cache(maxsize=64)
def _bits(mask: int) -> tuple[int, ...]:
    return tuple(bit for bit in range(32) if mask >> bit & 1)


@lru_cache(maxsize=256)
def states(status: int) -> tuple[TemperatureState, FieldState, ChamberState, PositionState]:
    """Unpack the status word: four bits each, from the lowest; codes that no manual has count as unknown."""
    return (
        _TEMPERATURE_STATES.get(status & 15, TemperatureState.UNKNOWN),
        _FIELD_STATES.get(status >> 4 & 15, FieldState.UNKNOWN),
        _CHAMBER_STATES.get(status >> 8 & 15, ChamberState.UNKNOWN),
        _POSITION_STATES.get(status >> 12 & 15, PositionState.UNKNOWN),
    )


_DATA = re.compile(rf"(\d{{1,9}}),{DECIMAL}((?:,{DECIMAL})*)", re.ASCII)


def _is_data(text: str) -> object | None:
    """Whether a reply has as many values as its mask has bits."""
    match = _DATA.fullmatch(text)
    return match if match and int(match[1]).bit_count() == match[2].count(",") else None


def _temperature_setpoint(text: str) -> TemperatureSetpoint:
    temperature, rate, approach = text.split(",")
    return TemperatureSetpoint(float(temperature), float(rate) / 60, TEMPERATURE_APPROACHES[int(approach)])


def _field_setpoint(text: str) -> FieldSetpoint:
    field, rate, approach, mode = text.split(",")
    return FieldSetpoint(
        float(field) / 1e4, float(rate) / 1e4, FIELD_APPROACHES[int(approach)], MAGNET_MODES[int(mode)]
    )


def _move(text: str) -> float:
    return float(text.split(",", maxsplit=1)[0])


def _level(text: str) -> HeliumLevel:
    percent, age = text.split(",")
    return HeliumLevel(float(percent), int(age))


DATA = Form("a mask, a time and a value for each bit of the mask", _is_data, _data)
TEMPERATURE_SETPOINT = form("K,K/min,approach such as 300,10,0", rf"{DECIMAL},{DECIMAL},[01]", _temperature_setpoint)
FIELD_SETPOINT = form("Oe,Oe/s,approach,mode such as 5000,100,0,1", rf"{DECIMAL},{DECIMAL},[0-2],[01]", _field_setpoint)
MAGNET = form(
    "seven numbers that describe the magnet",
    rf"{DECIMAL}(?:,{DECIMAL}){{6}}",
    lambda text: MagnetConfiguration(*map(float, text.split(","))),
)
CHAMBER = form("a chamber code from 0 to 5", "[0-5]", lambda text: CHAMBER_ACTIONS[int(text)])
MOVE = form("position,mode,slow-down such as 90,0,0", rf"{DECIMAL},[0-2],\d{{1,2}}", _move)
LEVEL = form("percent,age such as 78.5,2", rf"{DECIMAL},[0-2]", _level)
