"""What a Keithley 2400 says with each reading.

Source: 2400 series user's manual, section 18 (FORMat:ELEMents, status word) and section 15 (measurement register).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from enum import IntFlag
from typing import NamedTuple

from instruments.forms import Form, form

_ITEM = r"[+-]\d\.\d{6}E[+-]\d{2}"
_NOT_A_NUMBER = 9.9e37


class StatusBit(IntFlag):
    """Bits of the status word that comes with every reading."""

    OVERFLOW = 1 << 0
    FILTER = 1 << 1
    FRONT_TERMINALS = 1 << 2
    COMPLIANCE = 1 << 3
    OVER_VOLTAGE_PROTECTION = 1 << 4
    MATH = 1 << 5
    NULL = 1 << 6
    LIMITS = 1 << 7
    AUTOMATIC_OHMS = 1 << 10
    VOLTAGE_MEASURED = 1 << 11
    CURRENT_MEASURED = 1 << 12
    RESISTANCE_MEASURED = 1 << 13
    VOLTAGE_SOURCED = 1 << 14
    CURRENT_SOURCED = 1 << 15
    RANGE_COMPLIANCE = 1 << 16
    OFFSET_COMPENSATED = 1 << 17
    REMOTE_SENSE = 1 << 22


class MeasurementBit(IntFlag):
    """Bits of the 2400's measurement registers."""

    LIMITS_PASSED = 1 << 5
    READING_AVAILABLE = 1 << 6
    READING_OVERFLOW = 1 << 7
    BUFFER_AVAILABLE = 1 << 8
    BUFFER_FULL = 1 << 9
    OUTPUT_ENABLED = 1 << 11
    OVER_TEMPERATURE = 1 << 12
    OVER_VOLTAGE_PROTECTION = 1 << 13
    COMPLIANCE = 1 << 14


class Reading(NamedTuple):
    """One source-measure cycle.

    Attributes:
        voltage: V; nan where it was beyond the range, or neither measured nor sourced.
        current: A; likewise.
        resistance: ohm; nan where it was not measured.
        time: s of the instrument's own clock, which begins again every 100 000 s.
        status: What the instrument says about it.
    """

    voltage: float
    current: float
    resistance: float
    time: float
    status: StatusBit

    @property
    def in_compliance(self) -> bool:
        """Whether the source was limited, by its compliance or by a fixed measuring range."""
        return bool(self.status & (StatusBit.COMPLIANCE | StatusBit.RANGE_COMPLIANCE))


def _reading(items: Sequence[str]) -> Reading:
    numbers = [math.nan if abs(value) >= _NOT_A_NUMBER else value for value in map(float, items)]
    return Reading(numbers[0], numbers[1], numbers[2], numbers[3], StatusBit(round(numbers[4])))


def _readings(text: str) -> list[Reading]:
    items = text.replace(" ", "").split(",")
    return [_reading(items[start : start + 5]) for start in range(0, len(items), 5)]


_GROUP = rf"{_ITEM}(?:, ?{_ITEM}){{4}}"

READINGS = form(
    "readings of five numbers each, such as +1.000000E+00,+1.000000E-03,+9.910000E+37,+7.282600E+01,+2.048400E+04",
    rf"{_GROUP}(?:, ?{_GROUP})*",
    _readings,
)

READING: Form[Reading] = form("one reading of five numbers", _GROUP, lambda text: _readings(text)[0])
