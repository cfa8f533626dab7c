"""How the check before and after a run reads the sample: which channel of the voltmeter, which ranges, how often."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from labctl.analysis.health import FOUR, TWO
from labctl.reversal import CHANNEL, LONGITUDINAL_CHANNEL
from labctl.sample import HEADROOM, VOLTMETER_RANGES
from labctl.sample_thermometer import has_longitudinal, has_two_wire
from labctl.smu_reversal import SourceMeterReader
from labctl.state_reader import StateReader

if TYPE_CHECKING:
    from labctl.procedure import Procedure

READINGS = 5
"""Of three conversions each, in one check."""
WIDEST_OF_CHANNEL_2 = 10.0
"""V; largest range of channel 2 of the 2182A (user's manual, specifications)."""


@dataclass(slots=True)
class Way:
    """How a run's resistance is read: the voltmeter's channel, the ranges in V to be tried, and what that reads."""

    channel: int
    ranges: list[float] = field(default_factory=list[float])
    wires: str = ""
    between: str = ""


def way_of(procedure: Procedure, current: float, hall_range: float) -> Way:
    """Choose the channel for a procedure's probe current in A; its own where no resistance can be read."""
    sample, cables = procedure.sample, procedure.station.cables
    meter, smu = cables.voltmeter, cables.smu
    if smu is not None and isinstance(vars(procedure).get("reader"), SourceMeterReader):
        return Way(CHANNEL, [hall_range], FOUR, f"{smu.sense_high} and {smu.sense_low}")
    if meter is not None and has_longitudinal(procedure):
        expected = HEADROOM * current * sample.highest_resistance()
        ranges = [*([expected] if expected < WIDEST_OF_CHANNEL_2 else []), WIDEST_OF_CHANNEL_2]
        return Way(LONGITUDINAL_CHANNEL, ranges, FOUR, f"{meter.channel_2_high} and {meter.channel_2_low}")
    if meter is not None and has_two_wire(procedure):
        needed = HEADROOM * current * max(sample.two_wire_resistance(), sample.highest_resistance())
        ranges = [each for each in VOLTMETER_RANGES if each >= needed] or [VOLTMETER_RANGES[-1]]
        return Way(CHANNEL, [ranges[0], VOLTMETER_RANGES[-1]], TWO, f"{meter.channel_1_high} and {meter.channel_1_low}")
    return Way(CHANNEL, [hall_range])


def readings_by(reader: StateReader, way: Way) -> list[dict[str, Any]]:
    """Take the readings of one check, on a wider range if the first one is too small."""
    readings: list[dict[str, Any]] = []
    for voltage_range in dict.fromkeys(way.ranges):
        reader.select(way.channel, voltage_range)
        readings = [_plain(reader.read())]
        if not readings[0]["Overflow"]:
            break
    if way.wires and not readings[0]["Overflow"] and not readings[0]["Compliance"]:
        readings += [_plain(reader.read()) for _ in range(READINGS - 1)]
    return readings


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    """Return a reading as JSON can hold it, without what follows from it."""
    return {
        name: None if isinstance(value, float) and not math.isfinite(value) else value
        for name, value in row.items()
        if name != "Hall resistance (ohm)"
    }
