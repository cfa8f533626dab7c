"""Bits, excursions, levels and the window of a field, against equations and limits."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import brentq

from labctl.analysis.activation import standing_field
from labctl.analysis.thermal_bits import (
    Number,
    Reference,
    Visit,
    beyond,
    drift,
    excursions,
    joined,
    levels,
    reading_noise,
    right_cycles,
    slope_per_minute,
    verdict,
    with_bits,
)
from labctl.analysis.thermal_window import window


def reference(temperature: float, low: float, high: float, *, made: int = 0, hard: float | None = None,
              error: float = 0.0, width: float = 0.0) -> Reference:  # fmt: skip
    ends = Number(low, error), Number(high, error)
    parallel, antiparallel = ends[::-1] if made else ends
    return Reference(temperature, parallel, antiparallel, Number(0.06), None if hard is None else Number(hard), width)


COLD = reference(10.0, 92.0, 120.0, hard=0.25)
HOME = reference(20.0, 95.0, 117.0, hard=0.43)
HOT = reference(40.0, 96.0, 115.0, made=1, hard=0.16)
ALL = (COLD, HOME, HOT)


def visited(*states: tuple[float, float], cycle: int = 1) -> list[Visit]:
    return with_bits([Visit(cycle, kelvin, Number(ohm, 0.01)) for kelvin, ohm in states], ALL)


# ---- bits


def test_a_bit_is_zero_in_the_low_state_and_one_in_the_high_one_on_either_side_of_compensation() -> None:
    for each in ALL:
        assert each.bit(each.low).value == pytest.approx(0.0)
        assert each.bit(each.high).value == pytest.approx(1.0)
        assert each.bit(Number(0.5 * (each.low.value + each.high.value))).value == pytest.approx(0.5)
    assert (COLD.made, HOT.made) == (0, 1)
    assert HOT.low.value == 96.0


def test_the_uncertainty_of_a_bit_is_that_of_drawn_states_and_references() -> None:
    dice = np.random.default_rng(2)
    low, high, state = (dice.normal(mean, sigma, 200_000) for mean, sigma in ((95, 0.3), (117, 0.4), (112, 0.2)))
    drawn = (state - low) / (high - low)
    given = Reference(20.0, Number(95.0, 0.3), Number(117.0, 0.4)).bit(Number(112.0, 0.2))
    assert given.value == pytest.approx(float(drawn.mean()), abs=1e-3)
    assert given.uncertainty == pytest.approx(float(drawn.std()), rel=0.02)


@pytest.mark.parametrize(
    ("value", "error", "wanted"),
    [
        (0.19, 0.0, 0),
        (0.21, 0.0, None),
        (0.79, 0.0, None),
        (0.81, 0.0, 1),
        (1.0, 0.2, None),
        (-0.19, 0.0, 0),
        (1.19, 0.0, 1),
        (-0.48, 0.0, None),
        (1.73, 0.0, None),
    ],
)
def test_verdicts(value: float, error: float, wanted: int | None) -> None:
    assert verdict(Number(value, error)) == wanted


def test_what_references_drifted_by_is_part_of_their_uncertainty() -> None:
    after = reference(20.0, 97.0, 119.0, hard=0.45)
    both = joined([HOME, after, HOT], 20.2)
    assert both is not None
    assert both.low == Number(96.0, 1.0)
    assert both.hard is not None
    assert (both.hard.value, both.hard.uncertainty) == (pytest.approx(0.44), pytest.approx(0.01))
    assert both.bit(Number(96.0)).uncertainty == pytest.approx(1.0 / 22.0)
    moved = drift([HOME, after], [20.0, 40.0])
    assert moved is not None
    assert moved.value == pytest.approx(2.0 / 22.0)
    assert drift([HOME, HOT], [20.0, 40.0]) is None
    assert joined(ALL, 30.0) is None


# ---- excursions


def test_excursions_are_meant_to_leave_what_the_field_makes_where_they_were_last() -> None:
    visits = visited((20, 95), (40, 115), (20, 117), (10, 92), (20, 95))
    out, back = excursions(visits)
    assert (out.meant, back.meant) == (1, 0)
    assert out.turns
    assert back.turns
    assert out.came_true
    assert back.came_true
    assert right_cycles([out, back]) == (1, 1)
    over = excursions(visited((20, 95), (10, 92), (40, 115), (20, 117)))
    assert [each.meant for each in over] == [1]


def test_a_bit_that_is_not_reset_makes_a_wrong_cycle_and_its_next_write_proves_nothing() -> None:
    first = visited((20, 95), (40, 115), (20, 117), (10, 120), (20, 117))
    second = visited((40, 115), (20, 117), (10, 92), (20, 95), cycle=2)
    found = excursions([*first, *second])
    assert [each.turns for each in found] == [True, True, False, True]
    assert [each.came_true for each in found] == [True, False, True, True]
    assert right_cycles(found) == (1, 2)


def test_a_state_in_between_is_not_the_other_bit_and_what_follows_from_it_proves_nothing() -> None:
    (only,) = excursions(visited((20, 108), (40, 115), (20, 117)))
    assert only.before.verdict is None
    assert only.came_true
    assert not only.turns


def test_a_temperature_without_reference_has_no_bit_and_nothing_is_meant_there() -> None:
    visits = visited((20, 95), (30, 110), (20, 95))
    assert visits[1].bit is None
    assert visits[1].verdict is None
    (only,) = excursions(visits)
    assert only.meant is None
    assert not only.came_true


# ---- levels


def test_levels_are_five_standard_deviations_apart() -> None:
    once = [(20, 95.0), (40, 115.0), (20, 117.0), (10, 92.0)]
    dice = np.random.default_rng(5)
    visits = list(itertools.chain(*(visited(*((k, r + 0.1 * dice.standard_normal()) for k, r in once), cycle=c)
                                    for c in (1, 2, 3))))  # fmt: skip
    found = levels(visits)
    assert found is not None
    assert found[0] == 4
    assert found[1] == pytest.approx(0.1, rel=0.5)
    coarse = list(itertools.chain(*(visited(*((k, r + 1.0 * dice.standard_normal()) for k, r in once), cycle=c)
                                    for c in (1, 2, 3))))  # fmt: skip
    blurred = levels(coarse)
    assert blurred is not None
    assert blurred[0] == 2
    assert levels(visits[:4]) is None


# ---- window


def test_the_window_lies_between_the_outer_switching_fields_and_that_where_bits_are_kept() -> None:
    found = window((20.0, 40.0, 20.0, 10.0, 20.0), ALL)
    assert found.write is not None
    assert found.reset is not None
    assert found.keep is not None
    assert [each.field.value for each in (found.write, found.reset, found.keep)] == [0.16, 0.25, 0.43]
    assert [found.holds(field) for field in (0.13, 0.2, 0.3, -0.3, 0.5)] == [False, False, True, True, False]
    assert found.doubts(0.3) == []
    (written, reset) = found.doubts(0.13)
    assert "nothing will be written" in written
    assert "at 40 K" in written
    assert "will not be reset" in reset
    assert "at 10 K" in reset
    assert ["volatile" in each for each in found.doubts(0.5)] == [True]
    assert any("soft layer" in each for each in found.doubts(0.05))


def test_a_layer_that_switches_gradually_is_written_in_part() -> None:
    wide = [
        reference(k, 95, 117, made=m, hard=h, width=0.1) for k, m, h in ((10, 0, 0.25), (20, 0, 0.43), (40, 1, 0.16))
    ]
    found = window((20.0, 40.0, 20.0, 10.0, 20.0), wide)
    assert found.holds(0.34)
    assert not found.holds(0.28)
    assert not found.holds(0.4)
    assert [each.partition(": ")[2] for each in found.doubts(0.28)] == ["it may be reset in part only"]
    assert [each.partition(": ")[2] for each in found.doubts(0.4)] == ["a part of what is written may be lost there"]


def test_a_list_that_never_crosses_compensation_is_said() -> None:
    found = window((20.0, 10.0, 20.0), ALL)
    assert found.write is None
    assert found.holds(0.3) is None
    (only,) = found.doubts(0.3)
    assert "never crosses the compensation temperature" in only
    assert window((20.0, 30.0, 20.0), ()).doubts(0.3) == []


def test_a_list_with_unknown_temperatures_is_not_said_never_to_cross() -> None:
    assert window((20.0, 40.0, 20.0), (HOME,)).doubts(0.3) == []


def test_a_bit_against_the_field_has_to_stay_as_long_as_it_is_held() -> None:
    swept = [
        replace(each, width=0.02, rate=0.01, hard=Number(hard))
        for each, hard in zip(ALL, (0.25, 0.44, 0.16), strict=True)
    ]
    long, short = (window((20.0, 40.0, 20.0), swept, held).keep for held in (36_000.0, 60.0))
    assert long is not None
    assert short is not None
    assert long.field.value == pytest.approx(standing_field(0.44, 0.01, 36_000.0))
    assert short.field.value == pytest.approx(standing_field(0.44, 0.01, 300.0))
    found = window((20.0, 40.0, 20.0), swept, 36_000.0)
    between = 0.5 * (long.field.value + short.field.value)
    assert any("within the 10 h for which the state is held" in each for each in found.doubts(between))
    reset = window((20.0, 40.0, 20.0, 10.0, 20.0), swept, 36_000.0).keep  # the field makes that state by itself
    assert reset == short


def test_below_the_soft_layers_field_the_other_state_cannot_be_prepared_and_is_said_so() -> None:
    found = window((20.0, 40.0, 20.0, 10.0, 20.0), ALL)
    assert any("no other state can be prepared" in each for each in found.doubts(0.0))
    assert not any("initial" in each for each in found.doubts(0.0, initial=0))
    assert any(each.endswith("and not initial=1") for each in found.doubts(0.0, initial=1))


def test_an_excursion_over_several_temperatures_needs_the_easiest_of_them() -> None:
    warm = reference(32.0, 96.0, 116.0, made=1, hard=0.6)
    found = window((20.0, 32.0, 40.0, 32.0, 20.0), (*ALL, warm))
    assert found.write is not None
    assert found.write.temperature == 40.0


def test_a_standing_field_turns_a_layer_at_less_than_a_ramp() -> None:
    """Against the hazard integrated along the ramp, for a barrier B / H."""
    attempts, rate, coercive, stay = 1e9, 0.01, 0.44, 300.0

    def turned(barrier: float) -> float:
        return quad(lambda field: attempts / rate * math.exp(-barrier / field), 0.0, coercive, points=[0.8 * coercive])[
            0
        ]

    root: Any = brentq(lambda each: turned(each) - math.log(2), 5.0 * coercive, 40.0 * coercive)
    barrier = float(root)
    standing = barrier / math.log(attempts * stay / math.log(2))
    assert standing_field(coercive, rate, stay) == pytest.approx(standing, rel=3e-3)
    assert standing < 0.85 * coercive


def test_the_thresholds_are_those_of_a_visit_where_the_rate_is_known() -> None:
    swept = Reference(20.0, Number(95.0), Number(117.0), Number(0.06), Number(0.44, 1e-3), 0.12, 0.01)
    keep = window((20.0, 40.0), (swept,)).keep
    assert keep is not None
    assert keep.loop.value == 0.44
    assert keep.field.value == pytest.approx(standing_field(0.44, 0.01, 300.0))
    assert 0.005 < keep.field.uncertainty < 0.02
    assert keep.width == pytest.approx(0.12 * keep.field.value / 0.44)


# ---- drift, extremes


def test_the_noise_of_a_reading_is_not_that_of_a_drift_or_a_jump() -> None:
    dice = np.random.default_rng(4)
    visits = [
        1e5 + 0.5 * np.arange(40) + 200.0 * (np.arange(40) > 20) + 5.0 * dice.standard_normal(40) for _ in range(20)
    ]
    assert reading_noise(visits) == pytest.approx(5.0, rel=0.1)
    assert reading_noise([np.array([1.0])]) == 0.0


def test_a_drift_is_told_with_its_uncertainty() -> None:
    dice = np.random.default_rng(3)
    times = np.arange(0.0, 62.0, 2.0)
    pulls: list[float] = []
    for _ in range(200):
        found = slope_per_minute(
            times.tolist(), (1e5 * (1 + 2e-3 * times / 60) + 5.0 * dice.standard_normal(31)).tolist()
        )
        pulls.append((found.value - 2e-3) / found.uncertainty)
    assert abs(float(np.mean(pulls))) < 0.25
    assert float(np.std(pulls)) == pytest.approx(1.0, abs=0.2)


def test_how_far_a_way_went_beyond_its_ends() -> None:
    assert beyond([20.0, 39.0, 40.3, 40.0], 20.0, 40.0) == pytest.approx(0.3)
    assert beyond([20.0, 9.5, 10.0], 20.0, 10.0) == pytest.approx(-0.5)
    assert beyond([20.0, 15.0, 10.0], 20.0, 10.0) == 0.0
