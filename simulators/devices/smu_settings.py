"""The settings of a 2400 that its parts share, by the headers of its command table, and the choice of a range.

Source: 2400 series user's manual, section 18.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from instruments.tables.keithley2400 import CURRENT_RANGES, TABLE, VOLTAGE_RANGES
from simulators.devices import smu_accuracy as accuracy
from simulators.terminals import SmuTerminals
from simulators.timeline import Timeline

Kind = Literal["VOLT", "CURR"]
KINDS: tuple[Kind, Kind] = ("VOLT", "CURR")
OTHER: dict[Kind, Kind] = {"VOLT": "CURR", "CURR": "VOLT"}

RANGES = {"VOLT": VOLTAGE_RANGES, "CURR": CURRENT_RANGES}
DIVISORS = {"VOLT": accuracy.VOLTAGE_DIVISORS, "CURR": accuracy.CURRENT_DIVISORS}
NOISE = {"VOLT": accuracy.VOLTAGE_NOISE, "CURR": accuracy.CURRENT_NOISE}

FUNCTION = TABLE["SOUR:FUNC"].header
LEVEL = {kind: TABLE[f"SOUR:{kind}"].header for kind in KINDS}
TRIGGERED = {kind: TABLE[f"SOUR:{kind}:TRIG"].header for kind in KINDS}
RANGE = {kind: TABLE[f"SOUR:{kind}:RANG"].header for kind in KINDS}
AUTO = {kind: TABLE[f"SOUR:{kind}:RANG:AUTO"].header for kind in KINDS}
LIMIT = {kind: TABLE[f"SENS:{kind}:PROT"].header for kind in KINDS}
SENSE_RANGE = {kind: TABLE[f"SENS:{kind}:RANG"].header for kind in KINDS}
SENSE_AUTO = {kind: TABLE[f"SENS:{kind}:RANG:AUTO"].header for kind in KINDS}
SENSED = TABLE["SENS:FUNC"].header
OHMS_MODE = TABLE["SENS:RES:MODE"].header
OHMS_RANGE = TABLE["SENS:RES:RANG"].header
OUTPUT = TABLE["OUTP"].header
OFF_STATE = TABLE["OUTP:SMOD"].header
REMOTE = TABLE["SYST:RSEN"].header


@dataclass(frozen=True, slots=True)
class Place:
    """Where a 2400 stands.

    Attributes:
        timeline: The lab's time.
        terminals: What it is connected to.
        noise: Source of its fluctuations; None for a box that has none.
        calibration: Draws what is wrong with its calibration; None for a box that is exact.
        line_frequency: Of the mains, in Hz.
    """

    timeline: Timeline
    terminals: SmuTerminals
    noise: np.random.Generator | None
    calibration: np.random.Generator | None
    line_frequency: float


def holding(value: float, ranges: tuple[float, ...]) -> int:
    """Return the index of the smallest range that holds a value, of the largest where none does."""
    magnitude = abs(value) * (1.0 - 1e-12)
    return next((index for index, full in enumerate(ranges) if magnitude <= full), len(ranges) - 1)


def stepped(value: float | str, present: int, ranges: tuple[float, ...]) -> int:
    """Return the index of the range that a value, or UP or DOWN, selects."""
    if isinstance(value, str):
        return min(max(present + (1 if value == "UP" else -1), 0), len(ranges) - 1)
    return holding(value, ranges)
