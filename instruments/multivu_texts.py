"""What a MultiPyVu server answers: the states in its words, and the form of each answer.

Whatever has not the whole form, or a state in other words, is no reading: where its own client has nothing it makes up
0.0 with an unknown text.
"""

from __future__ import annotations

import re
from typing import TypeVar

from instruments.cryostat_words import (
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
from instruments.forms import DECIMAL, Form

S = TypeVar("S")

TEMPERATURE_STATES = {
    "Stable": TemperatureState.STABLE,
    "Tracking": TemperatureState.TRACKING,
    "Near": TemperatureState.NEAR,
    "Chasing": TemperatureState.CHASING,
    "Pot Operation": TemperatureState.POT_OPERATION,
    "Standby": TemperatureState.STANDBY,
    "Diagnostic": TemperatureState.DISABLED,
    "Impedance Control Error": TemperatureState.IMPEDANCE_ERROR,
    "General Failure": TemperatureState.FAILURE,
}
FIELD_STATES = {
    "Unknown": FieldState.UNKNOWN,
    "Stable": FieldState.STABLE,
    "Switch Warming": FieldState.SWITCH_WARMING,
    "Switch Cooling": FieldState.SWITCH_COOLING,
    "Holding (driven)": FieldState.DRIVEN,
    "Iterate": FieldState.ITERATING,
    "Ramping": FieldState.RAMPING,
    "Resetting": FieldState.RESETTING,
    "Current Error": FieldState.CURRENT_ERROR,
    "Switch Error": FieldState.SWITCH_ERROR,
    "Quenching": FieldState.QUENCH,
    "Charging Error": FieldState.CHARGING_ERROR,
    "PSU Error": FieldState.PSU_ERROR,
    "General Failure": FieldState.FAILURE,
}
CHAMBER_STATES = {
    "Unknown": ChamberState.UNKNOWN,
    "Purged and Sealed": ChamberState.PURGED,
    "Vented and Sealed": ChamberState.VENTED,
    "Sealed (condition unknown)": ChamberState.SEALED,
    "Performing Purge/Seal": ChamberState.PURGING,
    "Performing Vent/Seal": ChamberState.VENTING,
    "Pre-HiVac": ChamberState.PRE_PUMPING,
    "HiVac": ChamberState.HIGH_VACUUM,
    "Pumping Continuously": ChamberState.PUMPING,
    "Flooding Continuously": ChamberState.FLOODING,
    "HiVac Error": ChamberState.HIGH_VACUUM_ERROR,
    "General Failure": ChamberState.FAILURE,
}
POSITION_STATES = {
    "Unknown": PositionState.UNKNOWN,
    "Transport stopped at set point": PositionState.STOPPED,
    "Calibrating": PositionState.CALIBRATING,
    "Transport moving toward set point": PositionState.MOVING,
    "Transport hit limit switch": PositionState.LIMIT_SWITCH,
    "Transport hit index switch": PositionState.INDEX_SWITCH,
    "General failure in position control system": PositionState.FAILURE,
}

TEMPERATURE_APPROACHES = (TemperatureApproach.FAST_SETTLE, TemperatureApproach.NO_OVERSHOOT)
FIELD_APPROACHES = (FieldApproach.LINEAR, FieldApproach.NO_OVERSHOOT, FieldApproach.OSCILLATE)
MAGNET_MODES = (MagnetMode.PERSISTENT, MagnetMode.DRIVEN)

COLDEST = 0.01
"""K. None of these cryostats goes there: a lower reading is none."""


def _reading(unit: str, states: dict[str, S], lowest: float = float("-inf")) -> Form[tuple[float, S]]:
    pattern = re.compile(rf"({DECIMAL}),{unit},([^,]+)", re.ASCII)

    def matches(text: str) -> object | None:
        found = pattern.fullmatch(text)
        return found if found and found[2] in states and float(found[1]) >= lowest else None

    def read(text: str) -> tuple[float, S]:
        value, _, state = text.split(",")
        return float(value), states[state]

    return Form(f"a number, {unit or 'nothing'} and a state in MultiVu's words", matches, read)


TEMPERATURE = _reading("K", TEMPERATURE_STATES, COLDEST)
FIELD = _reading("Oe", FIELD_STATES)
CHAMBER = _reading("", CHAMBER_STATES)
POSITION = _reading("Deg", POSITION_STATES)


def _temperature_set_point(text: str) -> TemperatureSetpoint:
    temperature, rate, approach = text[1 : text.index(")")].split(",")
    return TemperatureSetpoint(float(temperature), float(rate) / 60, TEMPERATURE_APPROACHES[int(approach)])


def _field_set_point(text: str) -> FieldSetpoint:
    field, rate, approach, mode = text[1 : text.index(")")].split(",")
    return FieldSetpoint(
        float(field) / 1e4, float(rate) / 1e4, FIELD_APPROACHES[int(approach)], MAGNET_MODES[int(mode)]
    )


TEMPERATURE_SET_POINT = Form(
    "K, K/min and approach such as (300.0, 10.0, 0),K,Call was successful",
    re.compile(rf"\({DECIMAL}, ?{DECIMAL}, ?[01]\),K,Call was successful", re.ASCII).fullmatch,
    _temperature_set_point,
)
FIELD_SET_POINT = Form(
    "Oe, Oe/s, approach and mode such as (5000.0, 100.0, 0, 1),Oe,Call was successful",
    re.compile(rf"\({DECIMAL}, ?{DECIMAL}, ?[0-2], ?[01]\),Oe,Call was successful", re.ASCII).fullmatch,
    _field_set_point,
)
