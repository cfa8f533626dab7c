"""What the ends of a loop may bend by, against curves whose bend is known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from labctl.analysis.bends import bend_of_longer, odd_bend
from labctl.analysis.branches import Loop, find_loops
from labctl.analysis.ends import ends_of
from labctl.analysis.readings import FloatArray, read_table

NOISE = 1e-6


def loop_of(curve: FloatArray, field: FloatArray, seed: int = 0) -> Loop:
    hall = np.concatenate([curve, -curve]) + np.random.default_rng(seed).normal(0.0, NOISE, 2 * len(curve))
    loops, _ = find_loops(
        read_table(pd.DataFrame({"Field (T)": np.concatenate([field, -field]), "Hall resistance (ohm)": hall}))
    )
    return loops[0]


def field_of(count: int = 401) -> FloatArray:
    return np.linspace(0.5, -0.5, count)


@pytest.mark.parametrize("curvature", [0.02, -0.3])
def test_a_bend_in_opposite_senses_moves_the_lines_by_its_change_of_slope(curvature: float) -> None:
    """Over an end of width w a curve c H^2 bends by c w^2, its slope changes by c w, and zero field is 0.45 T away."""
    field = field_of()
    curve = np.sign(field) * curvature * field**2 + np.tanh((field + 0.1) / 1e-3)
    loop = loop_of(curve, field)
    ends = ends_of(loop, 0.2, 0.2)
    found, error = odd_bend(ends, [end.hall for end in ends], NOISE)
    assert found == pytest.approx(abs(curvature) * 0.1 * 0.45, rel=0.1, abs=4 * error)


def test_a_bend_in_the_same_sense_is_a_background_and_moves_nothing() -> None:
    field = field_of()
    background, square = 0.3 * field**2, np.tanh((field + 0.1) / 1e-3)
    table = pd.DataFrame(
        {
            "Field (T)": np.concatenate([field, -field]),
            "Hall resistance (ohm)": np.concatenate([background + square, background - square]),
        }
    )
    loop = find_loops(read_table(table))[0][0]
    ends = ends_of(loop, 0.2, 0.2)
    assert odd_bend(ends, [end.hall for end in ends], NOISE)[0] < 1e-3 * 0.3 * 0.1 * 0.45


def test_a_longer_straight_branch_leaves_less_open() -> None:
    field = field_of()
    loop = loop_of(np.tanh((field + 0.1) / 1e-3), field)
    ends = ends_of(loop, 0.2, 0.2)
    _, error = odd_bend(ends, [end.hall for end in ends], NOISE)
    assert 0.0 < bend_of_longer(loop, ends, NOISE) < error / 10


@pytest.mark.parametrize("scale", [0.05, 0.08, 0.12, 0.3])
@pytest.mark.parametrize("height", [5e-6, 2e-5, 1e-2])
def test_it_is_no_less_than_what_a_tail_towards_saturation_bends(scale: float, height: float) -> None:
    """An exponential tail bends the less, the further out, whether noise hides it or not."""
    field = field_of()
    tail = height * np.exp(-(np.abs(field) - 0.3) / scale)
    square = np.tanh((field + 0.1) / 1e-3)
    loop = loop_of(square - np.sign(field) * tail, field, 1)
    ends = ends_of(loop, 0.2, 0.2)
    bare = [-end.sign * height * np.exp(-(np.abs(end.field) - 0.3) / scale) for end in ends]
    true, _ = odd_bend(ends, bare, 1e-12)
    assert bend_of_longer(loop, ends, NOISE) > 0.5 * true  # half, since noise may hide half of it by chance
