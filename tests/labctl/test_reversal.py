"""The reader: what it is asked before it is set up, and how it goes from one current to another."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from instruments.clock import VirtualClock
from instruments.errors import BadValue, UsageError
from instruments.keithley2182a import Reading
from labctl.probe import REVERSAL3, ProbeSettings
from labctl.reversal import ReversalReader

SMALL = ProbeSettings(current=1e-5, read=REVERSAL3, nplc=1.0, settle=0.0, voltage_range=0.01, compliance=0.2)
LARGE = replace(SMALL, current=4e-4, voltage_range=0.1, compliance=0.5)


class Source:
    """A source that notes what is set, in order, and drives what it is told through 100 ohm."""

    said: list[tuple[str, Any]]
    coarsest: float
    source_current: float

    def __init__(self) -> None:
        vars(self).update(said=[], source_current=0.0, coarsest=1.0)

    def __setattr__(self, name: str, value: Any) -> None:
        self.said.append((name, value))
        vars(self)[name] = value * self.coarsest if name == "source_current" else value

    def change_current(self, current: float) -> bool:
        self.source_current = current
        return False


class Meter:
    def __init__(self, source: Source) -> None:
        self.source = source
        self.ranges: list[float] = []

    def configure_one_shot(self, channel: int, nplc: float, voltage_range: float, *, front_auto_zero: bool) -> None:
        self.ranges.append(voltage_range)

    def reading(self) -> Reading:
        return Reading(100.0 * self.source.source_current, False, 0.0, 0.02)


def bench() -> tuple[Any, Any, ReversalReader]:
    source: Any = Source()
    meter: Any = Meter(source)
    return source, meter, ReversalReader(source, meter, VirtualClock(), SMALL)


def test_a_reader_that_was_not_set_up_says_so() -> None:
    with pytest.raises(UsageError, match=r"call its prepare\(\) first"):
        bench()[2].read()


def test_another_current_finds_the_output_off_and_its_own_compliance_and_range() -> None:
    source, meter, reader = bench()
    reader.prepare()
    assert reader.read()["Current 1 (A)"] == 1e-5
    source.said.clear()
    reader.change(LARGE)
    assert source.said[:2] == [("source_current", 0.0), ("source_enabled", False)]
    assert source.said[-1] == ("source_enabled", True)
    assert ("source_compliance", 0.5) in source.said
    assert ("source_range", 4e-4) in source.said
    assert source.source_current == 0.0  # the level comes with the reading, and with it the wait
    assert meter.ranges == [0.01, 0.1]
    row = reader.read()
    assert [row[f"Current {number} (A)"] for number in (1, 2, 3)] == [4e-4, -4e-4, 4e-4]
    assert row["Hall resistance (ohm)"] == pytest.approx(100.0)
    assert row["Range (V)"] == 0.1


def test_the_same_again_sends_nothing() -> None:
    source, meter, reader = bench()
    reader.prepare()
    reader.read()
    source.said.clear()
    reader.change(replace(SMALL))
    reader.settings = SMALL
    reader.read()
    assert {name for name, _ in source.said} == {"source_current"}
    assert meter.ranges == [0.01]


def test_settings_take_effect_with_the_next_reading_and_not_before() -> None:
    source, _, reader = bench()
    reader.prepare()
    reader.read()
    source.said.clear()
    reader.settings = LARGE
    assert not source.said
    assert reader.read()["Current 2 (A)"] == -4e-4


def test_a_change_that_fails_leaves_the_source_off_and_the_one_before_can_come_back() -> None:
    source, _, reader = bench()
    reader.prepare()
    reader.read()
    vars(source)["coarsest"] = 1.5  # of the levels that it takes
    with pytest.raises(BadValue, match="nearest level"):
        reader.change(LARGE)
    assert source.source_enabled is False
    assert source.source_current == 0.0
    vars(source)["coarsest"] = 1.0
    reader.settings = SMALL
    assert reader.read()["Current 1 (A)"] == 1e-5
    assert source.source_enabled is True
