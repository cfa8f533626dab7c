"""The reader with a source-measure unit: what it sends, and when."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest

from instruments.clock import VirtualClock
from instruments.errors import UsageError
from instruments.keithley2400_readings import Reading, StatusBit
from labctl.probe import REVERSAL3, ProbeSettings
from labctl.smu_reversal import SourceMeterReader, current_limit, current_range, voltage_range

SETTINGS = ProbeSettings(current=1e-8, read=REVERSAL3, nplc=10.0, settle=0.0, voltage_range=0.2, compliance=1e-3)
OHM, EMF, LEAK, SHIFT = 1e5, 2e-4, -1e-10, 4e-4
"""A junction, offsets of both converters in V and A, and that of the source in V."""


class Unit:
    """A unit with offsets on a resistance, that notes what is set, in order."""

    said: list[tuple[str, Any]]
    source_voltage: float

    def __init__(self) -> None:
        vars(self).update(said=[], source_voltage=0.0, output_off_state="high impedance", broken=False)

    def __setattr__(self, name: str, value: Any) -> None:
        self.said.append((name, value))
        vars(self)[name] = value

    def reset(self) -> None:
        self.output_off_state = "normal"

    def configure_reading(self, quantities: tuple[str, ...], nplc: float) -> None:
        self.said.append(("nplc", nplc))

    def measure(self) -> Reading:
        true = self.source_voltage + SHIFT
        current = math.nan if vars(self)["broken"] else true / OHM + LEAK
        return Reading(true + EMF, current, math.nan, 0.0, StatusBit(0))


def bench(*, reverse: bool = True) -> tuple[Any, SourceMeterReader]:
    unit: Any = Unit()
    return unit, SourceMeterReader(unit, VirtualClock(), SETTINGS, 1e-7, reverse=reverse)


def test_a_reader_that_was_not_set_up_says_so() -> None:
    with pytest.raises(UsageError, match=r"call its prepare\(\) first"):
        bench()[1].read()


def test_reversal_cancels_all_offsets_and_one_conversion_has_them() -> None:
    _, reader = bench()
    reader.prepare()
    row = reader.read()
    assert row["Hall resistance (ohm)"] == pytest.approx(OHM, rel=1e-12)
    assert [row[f"Voltage {number} (V)"] for number in (1, 2, 3)] == pytest.approx([1.6e-3, -4e-4, 1.6e-3])
    assert row["Current 1 (A)"] == pytest.approx(1.4e-8 + LEAK)
    assert not row["Overflow"]
    assert not row["Compliance"]
    _, single = bench(reverse=False)
    single.prepare()
    row = single.read()
    assert row["Hall resistance (ohm)"] == pytest.approx((1.4e-3 + EMF) / (1.4e-8 + LEAK))
    assert math.isnan(row["Voltage 2 (V)"])
    assert single.unfit


def test_limits_and_ranges_are_set_before_the_output_goes_on_at_zero() -> None:
    unit, reader = bench()
    reader.prepare()
    said = unit.said
    assert said[0] == ("source_enabled", False)
    assert said[-1] == ("source_enabled", True)
    assert said.index(("current_compliance", 1e-7)) < said.index(("current_range", 1e-6))
    assert ("four_wires", True) in said
    assert ("auto_zero_enabled", False) in said
    assert unit.output_off_state == "high impedance"
    assert unit.source_voltage == 0.0


def test_no_relay_switches_between_biases_of_one_range() -> None:
    unit, reader = bench()
    reader.prepare()
    reader.read()
    unit.said.clear()
    reader.change(replace(SETTINGS, compliance=2e-3))
    assert reader.read()["Hall resistance (ohm)"] == pytest.approx(OHM, rel=1e-12)
    assert {name for name, _ in unit.said} == {"source_voltage"}
    assert max(abs(value) for _, value in unit.said) == 2e-3
    reader.change(replace(SETTINGS, compliance=0.5))
    assert ("source_enabled", False) in unit.said


def test_what_overflows_has_no_resistance() -> None:
    unit, reader = bench()
    reader.prepare()
    vars(unit)["broken"] = True
    row = reader.read()
    assert row["Overflow"]
    assert math.isnan(row["Hall resistance (ohm)"])


def test_limits_and_ranges_follow_from_bias_and_resistance() -> None:
    assert current_limit(1e-3, 154e3, 1e-6) == pytest.approx(6.5e-8, rel=0.01)
    assert current_limit(0.1, 154e3, 1e-6) == 1e-6
    assert (current_range(6.5e-8), current_range(2e-6)) == (1e-6, 1e-5)
    assert current_range(1.04e-3) == 1e-3  # the unit refuses the range of 10 mA with such a compliance
    assert (voltage_range(1e-3), voltage_range(0.3)) == (0.2, 2.0)
