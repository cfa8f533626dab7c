from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labctl.analysis.branches import Loop, find_loops, turning_points
from labctl.analysis.readings import read_table
from tests.labctl.analysis.synthetic import Film


def loops_of(table: pd.DataFrame) -> list[Loop]:
    return find_loops(read_table(table))[0]


def test_recorded_branches_are_taken_as_they_are() -> None:
    loops = loops_of(Film(order="dudu").table(recorded=True))
    assert len(loops) == 2
    assert [len(branch.rows.field) for branch in (loops[0].down, loops[0].up)] == [401, 401]


def test_branches_are_found_from_the_field_alone() -> None:
    recorded = loops_of(Film(order="dudu").table(recorded=True))
    found = loops_of(Film(order="dudu").table())
    assert len(found) == len(recorded) == 2
    for one, other in zip(found, recorded, strict=True):
        assert (one.low, one.high) == (other.low, other.high) == (-0.5, 0.5)
        assert abs(len(one.down.rows.field) - len(other.down.rows.field)) <= 1


def test_recorded_branches_that_make_no_loop_are_not_the_last_word() -> None:
    table = Film().table()
    assert len(loops_of(table.assign(Branch="down"))) == 1


def test_a_virgin_curve_is_no_branch() -> None:
    virgin = Film(order="u").table().iloc[200:]
    loops = loops_of(pd.concat([virgin, Film().table()], ignore_index=True).drop(columns="Time (s)"))
    assert len(loops) == 1
    assert loops[0].down.rows.time[0] < loops[0].up.rows.time[0]


@pytest.mark.parametrize(("order", "first"), [("dudu", 0.17), ("udud", -0.17), ("dud", 0.17), ("dudud", 0.3)])
def test_a_branch_that_began_on_its_way_is_left_out_where_whole_ones_follow(order: str, first: float) -> None:
    table = Film(order=order).table().drop(columns="Time (s)")
    begun = int(np.argmax(table["Field (T)"] * np.sign(first) <= abs(first)))
    loops = loops_of(table.iloc[begun:].reset_index(drop=True))
    assert [(loop.low, loop.high) for loop in loops] == [(-0.5, 0.5)] * ((len(order) - 1) // 2)
    assert loops[0].in_time[0].direction[0] == order[1]
    assert loops[0].left_out is not None
    assert "what was read before the loop, between" in loops[0].left_out
    assert ("after the loop" in loops[0].left_out) == (len(order) % 2 == 0)


def test_a_branch_that_began_on_its_way_counts_where_no_whole_loop_follows() -> None:
    table = Film(order="du").table().drop(columns="Time (s)").iloc[120:].reset_index(drop=True)
    (loop,) = loops_of(table)
    assert loop.high == pytest.approx(0.2)
    assert loop.in_time[0].direction == "down"


def test_a_whole_loop_leaves_nothing_out() -> None:
    for order in ("du", "ud", "dudu"):
        assert {loop.left_out for loop in loops_of(Film(order=order, field_noise=1e-3).table())} == {None}


def test_a_loop_may_begin_at_either_end() -> None:
    (loop,) = loops_of(Film(order="ud").table())
    assert [branch.direction for branch in loop.in_time] == ["up", "down"]


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        (Film(points=4).table(), "only 8 valid points"),
        (Film(order="d").table(), "no loop: down branch"),
        (Film(maximum=0.0).table(), "field does not change"),
    ],
)
def test_what_is_no_loop_says_why(table: pd.DataFrame, sentence: str) -> None:
    loops, why = find_loops(read_table(table))
    assert loops == []
    assert why is not None
    assert sentence in why


@settings(deadline=None, max_examples=50)
@given(turns=st.lists(st.floats(0.5, 1.0), min_size=1, max_size=6), noise=st.floats(0, 0.02), seed=st.integers(0, 99))
def test_turning_points_are_found_through_noise(turns: list[float], noise: float, seed: int) -> None:
    ends = [0.0, *(turn * (-1) ** i for i, turn in enumerate(turns))]
    clean = np.concatenate([np.linspace(a, b, 50, endpoint=False) for a, b in pairwise(ends)])
    clean = np.append(clean, ends[-1])
    noisy = clean + noise * np.random.default_rng(seed).uniform(-1, 1, len(clean))
    found = turning_points(noisy.tolist(), 0.1)
    assert len(found) == len(ends)
    assert np.abs(np.array(found) - 50 * np.arange(len(ends))).max() <= 8


def test_a_field_that_goes_back_and_forth_is_smoothed_and_a_quiet_one_is_left_alone() -> None:
    (quiet,) = loops_of(Film().table())
    assert quiet.down.field_error == 0
    (noisy,) = loops_of(Film(field_noise=3e-3).table())
    assert 2e-4 < noisy.down.field_error < 1e-3
    rows = noisy.down.rows
    straight = 0.5 - rows.time / (400 * 0.2)
    inner = slice(40, -40)
    assert np.std(rows.field[inner] - straight[inner]) < 1.5 * noisy.down.field_error
