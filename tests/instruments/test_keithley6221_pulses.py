from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import pytest

from instruments.errors import BadValue, LimitExceeded
from instruments.keithley6221 import Keithley6221
from instruments.keithley6221_pulses import Pulse
from tests.instruments.dialogues import dialogue
from tests.instruments.paired import Bench


def on_at_zero(resistance: float = 100.0) -> Bench:
    """A source that waits at 0 A on its smallest range, output on, as between two reads."""
    made = Bench()
    made.sample.resistance = resistance
    source = made.source
    source.source_compliance, source.source_range, source.source_current = 1.0, 1e-4, 0.0
    source.source_enabled = True
    made.sample.changes.clear()
    return made


@pytest.mark.parametrize("height", [5e-3, -5e-3])
@pytest.mark.parametrize("width", [1e-3, 2.5e-3, 10e-3, 1.0, 100.0])
def test_height_and_width_of_a_pulse_are_those_of_the_current(height: float, width: float):
    on = on_at_zero()
    report = on.source.pulse(height, width, compliance=2.0)
    assert (report.height, report.width, report.clamped) == (height, width, False)
    pulses = [(current, length) for current, length in on.pieces() if current != 0.0]
    assert pulses == [(pytest.approx(height), pytest.approx(width, abs=1e-6))]
    assert all(current is not None for _, current in on.sample.changes), "the output went off"
    assert on.sample.current == 0.0
    assert report.start == pytest.approx(next(time for time, current in on.sample.changes if current), abs=1e-6)
    assert on.source.source_range == 2e-4


@pytest.mark.parametrize("height", [5e-3, -5e-3])
@pytest.mark.parametrize("width", [10e-6, 50e-6, 999e-6])
def test_a_short_pulse_is_one_period_of_a_wave_that_begins_and_ends_at_zero(height: float, width: float):
    on = on_at_zero()
    report = on.source.pulse(height, width, compliance=2.0)
    steps = on.sample.cycle
    assert steps[0][1] == steps[-1][1] == 0.0
    assert {current for _, current in steps[1:-1]} == {height}
    assert sum(length for length, current in steps if current) == pytest.approx(width, abs=1e-9)
    start = next(time for time, current in on.sample.changes if current)
    end = next(time for time, _ in on.sample.changes if time > start)
    assert end - start == pytest.approx(sum(length for length, _ in steps), abs=1e-6)
    assert report.start == pytest.approx(start + steps[0][0], abs=1e-6)
    assert not report.clamped
    assert on.source.source_enabled  # it is turned on again
    assert on.sample.current == 0.0


def test_a_source_that_was_off_is_off_again():
    on = Bench()
    on.source.pulse(1e-3, 0.01, compliance=1.0)
    assert not on.output
    on.source.pulse(1e-3, 1e-4, compliance=1.0)
    assert not on.output


@pytest.mark.parametrize("width", [1e-2, 1e-4])
def test_a_clamped_pulse_says_so_and_the_next_one_does_not(width: float):
    on = on_at_zero(1000.0)
    assert on.source.pulse(5e-3, width, compliance=2.0).clamped  # 5 V would be needed
    assert not on.source.pulse(1e-3, width, compliance=2.0).clamped
    assert on.source.pulse(-5e-3, width, compliance=2.0).clamped


@pytest.mark.parametrize("width", [1e-2, 1e-4])
def test_a_pulse_is_not_blamed_for_what_was_clamped_before_it(width: float):
    on = on_at_zero(1000.0)
    on.source.source_range = 5e-3
    on.source.source_current = 5e-3  # with 1 V of compliance
    on.clock.sleep(1.0)
    on.source.source_current = 0.0
    assert not on.source.pulse(5e-4, width, compliance=2.0).clamped


def test_each_of_many_pulses_has_its_own_compliance_bit():
    on = on_at_zero(1000.0)
    begun = on.clock.now()
    wanted = [Pulse(1e-3, 0.01), Pulse(5e-3, 0.01), Pulse(-1e-3, 1e-4), Pulse(-5e-3, 1e-4)]
    reports = on.source.pulses(wanted, rest=2.5, compliance=2.0)
    assert [report.clamped for report in reports] == [False, True, False, True]
    assert [(report.height, report.width) for report in reports] == [(pulse.height, pulse.width) for pulse in wanted]
    starts = [report.start for report in reports]
    assert all(later - earlier >= 2.5 for earlier, later in pairwise(starts))
    assert on.clock.now() - begun < 8.0


def test_a_state_is_read_after_a_pulse_on_the_range_that_was_set():
    on = on_at_zero()
    on.source.pulse(2e-2, 0.01, compliance=5.0)
    on.source.source_current = 1e-4
    assert on.sample.current == pytest.approx(1e-4)
    assert on.source.source_range == 2e-4
    assert on.source.source_compliance == 5.0


def test_a_fixed_range():
    on = on_at_zero()
    on.source.pulse(1e-3, 0.01, compliance=1.0, source_range=0.1)
    assert ":SOUR:CURR:RANG:AUTO 0;:SOUR:CURR:RANG 0.1;*ESR?;:SYST:ERR?" in on.wire.heard
    on.source.pulse(1e-3, 1e-4, compliance=1.0, source_range=0.1)
    assert any(":SOUR:WAVE:RANG FIX;" in message for message in on.wire.heard)


@pytest.mark.parametrize(
    ("asked", "error", "match"),
    [
        ({"height": 0.0}, BadValue, "height of a pulse is not 0 A"),
        ({"height": 0.106}, LimitExceeded, "0.106 A"),
        ({"height": math.nan}, BadValue, "height"),
        ({"width": 9e-6}, LimitExceeded, "width"),
        ({"width": 0.0}, LimitExceeded, "width"),
        ({"width": math.inf}, BadValue, "width"),
        ({"compliance": 0.0}, LimitExceeded, "compliance"),
        ({"source_range": 1e-4}, LimitExceeded, "does not hold"),
    ],
)
def test_a_pulse_that_cannot_be_is_refused_before_anything_is_sent(asked: dict[str, Any], error: Any, match: str):
    settings: dict[str, Any] = {"height": 1e-3, "width": 0.01, "compliance": 1.0, **asked}
    with dialogue(Keithley6221) as source, pytest.raises(error, match=match):
        source.pulse(settings.pop("height"), settings.pop("width"), **settings)


def test_all_pulses_are_checked_before_the_first_one():
    with dialogue(Keithley6221) as source, pytest.raises(LimitExceeded):
        source.pulses([Pulse(1e-3, 0.01), Pulse(1.0, 0.01)], rest=1.0, compliance=1.0)
    with dialogue(Keithley6221) as source, pytest.raises(BadValue, match="rest"):
        source.pulses([Pulse(1e-3, 0.01)], rest=-1.0, compliance=1.0)


def test_something_else_is_refused_and_nothing_sent():
    on = Bench()
    with pytest.raises(BadValue, match=r"one of the pulses cannot be \(0.0001, 0.001\); give e.g. \[Pulse"):
        on.source.pulses([(1e-4, 1e-3)], rest=0.1, compliance=1.0)
    assert on.wire.heard == []


def test_a_shape_puts_out_its_levels_in_order_and_leaves_the_output_as_it_was():
    on = on_at_zero()
    levels = [0.0, 5e-3, -4e-3, -2e-3, 0.0]
    report = on.source.shape(levels, 1e-3, compliance=2.0)
    assert (report.height, report.width, report.clamped) == (5e-3, pytest.approx(5e-3), False)
    changes = list(on.sample.changes)
    rises = next(place for place, (_, current) in enumerate(changes) if current)
    went = changes[rises - 1 : rises - 1 + len(levels)]
    assert went[0][0] == pytest.approx(report.start, abs=1e-6)
    assert [current for _, current in went] == pytest.approx(levels, abs=1e-8)
    assert [after - before for (before, _), (after, _) in pairwise(went)] == pytest.approx([1e-3] * 4, abs=1e-7)
    assert on.source.source_enabled
    assert on.sample.current == 0.0
    assert on.source.source_range == 2e-4


def test_a_shape_that_is_clamped_says_so():
    assert on_at_zero(resistance=1e3).source.shape([0.0, 5e-3, 0.0], 1e-3, compliance=2.0).clamped


@pytest.mark.parametrize("levels", [[], [0.0, 0.0], [1e-3, 1e-3, 0.0], [0.0, 1e-3, 1e-3], [0.0, 0.0, 0.0]])
def test_what_is_no_shape_is_refused_before_anything_is_sent(levels: list[float]):
    on = on_at_zero()
    with pytest.raises(BadValue, match="nothing was sent"):
        on.source.shape(levels, 1e-3, compliance=2.0)
    assert not on.sample.changes
