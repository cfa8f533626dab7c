"""What of many points is drawn: never a point that is none, always the extremes, and never too many."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labctl.gui.plot.coverage import Coverage
from labctl.gui.plot.envelope import LEAF, Envelope, FloatArray, RowArray, View, thinned


class Growing:
    """Points of which only the first are there yet."""

    def __init__(self, x: FloatArray, y: FloatArray) -> None:
        out = np.isnan(x) | np.isnan(y)
        self.x, self.y = np.where(out, np.nan, x), np.where(out, np.nan, y)
        self.count = 0

    def __len__(self) -> int:
        return self.count

    def between(self, start: int, stop: int) -> tuple[FloatArray, FloatArray]:
        return self.x[start:stop], self.y[start:stop]

    def at(self, rows: RowArray) -> tuple[FloatArray, FloatArray]:
        return self.x[rows], self.y[rows]


def complete(x: FloatArray, y: FloatArray) -> tuple[Envelope, Growing]:
    points = Growing(x, y)
    points.count = len(x)
    envelope = Envelope(points)
    envelope.grow()
    return envelope, points


def way(count: int, seed: int, gaps: float) -> tuple[FloatArray, FloatArray]:
    """A field that goes to and fro, and what is read at it, some of it missing."""
    random = np.random.default_rng(seed)
    x = np.cos(np.linspace(0, random.uniform(1, 20), count))
    y = np.cumsum(random.normal(size=count))
    y[random.random(count) < gaps] = np.nan
    return x, y


numbers = st.integers(0, 2**31)


@given(seed=numbers, steps=st.lists(st.integers(0, 90), max_size=12), gaps=st.sampled_from([0.0, 0.1, 0.9]))
@settings(deadline=None, max_examples=60)
def test_one_that_grew_is_the_same_as_one_from_scratch(seed: int, steps: list[int], gaps: float) -> None:
    points = Growing(*way(sum(steps), seed, gaps))
    grown = Envelope(points)
    for step in steps:
        points.count += step
        grown.grow()
    anew = Envelope(points)
    anew.grow()
    assert len(grown.levels) == len(anew.levels)
    for one, other in zip(grown.levels, anew.levels, strict=True):
        np.testing.assert_array_equal(one.rows, other.rows)
        np.testing.assert_array_equal(one.box, other.box)
        np.testing.assert_array_equal(one.whole, other.whole)
    assert grown.bounds == anew.bounds


@given(seed=numbers, count=st.integers(1, 3000), gaps=st.sampled_from([0.0, 0.02, 0.5]))
@settings(deadline=None, max_examples=40)
def test_extremes_of_each_stretch_are_those_of_its_points(seed: int, count: int, gaps: float) -> None:
    x, y = way(count, seed, gaps)
    envelope, points = complete(x, y)
    for number, level in enumerate(envelope.levels):
        size = LEAF << number
        for place in range(level.count):
            part = slice(place * size, (place + 1) * size)
            there = np.flatnonzero(~np.isnan(points.y[part])) + part.start
            if not len(there):
                assert level.rows[place].tolist() == [-1] * 6
                continue
            assert level.rows[place, [0, 5]].tolist() == [there[0], there[-1]]
            extremes = (np.min(x[there]), np.max(x[there]), np.min(y[there]), np.max(y[there]))
            assert tuple(level.box[place]) == extremes
            assert tuple(np.concatenate([x[level.rows[place, 1:3]], y[level.rows[place, 3:5]]])) == extremes


def test_what_is_seen_of_a_million_has_its_extremes_within_a_pixel_of_where_they_are() -> None:
    random = np.random.default_rng(1)
    x = np.linspace(0, 1, 1_000_000)
    y = random.normal(size=len(x))
    envelope, points = complete(x, y)
    view = View(0.0, 1.0, -6.0, 6.0, 1000, 400)
    seen = envelope.seen(view)
    assert seen is not None
    assert not seen.each
    drawn_x, drawn_y = thinned(*points.at(seen.rows), view)
    column, of_drawn = (np.minimum((at * view.width).astype(int), view.width - 1) for at in (x, drawn_x))
    for sign in (1, -1):
        wanted, found = np.full(view.width, -np.inf), np.full(view.width + 2, -np.inf)
        np.maximum.at(wanted, column, sign * y)
        np.maximum.at(found, of_drawn + 1, sign * drawn_y)
        assert np.all(np.maximum(np.maximum(found[:-2], found[1:-1]), found[2:]) >= wanted)
        assert found.max() == wanted.max()
    assert set(zip(drawn_x.tolist(), drawn_y.tolist(), strict=True)) <= set(zip(x.tolist(), y.tolist(), strict=True))
    assert len(drawn_x) <= 4 * (view.width + 1)


@given(seed=numbers, left=st.floats(-1, 0.9), width=st.floats(0.001, 0.1))
@settings(deadline=None, max_examples=40)
def test_where_few_points_are_seen_each_of_them_is_drawn(seed: int, left: float, width: float) -> None:
    x, y = way(3000, seed, 0.02)
    envelope, points = complete(x, y)
    view = View(left, left + width, float(np.nanmin(y)), float(np.nanmax(y)), 800, 300)
    seen = envelope.seen(view, few=200)
    assert seen is not None
    inside = np.flatnonzero((points.x >= view.left) & (points.x <= view.right))
    if seen.each:
        assert set(inside.tolist()) <= set(seen.rows.tolist())
    else:
        assert seen.inside > 200


def test_a_gap_breaks_the_line_and_is_not_bridged() -> None:
    x, y = np.linspace(0, 1, 4000), np.zeros(4000)
    y[1000:3000] = np.nan
    envelope, points = complete(x, y)
    seen = envelope.seen(View(0.0, 1.0, -1.0, 1.0, 500, 200))
    assert seen is not None
    drawn = points.at(seen.rows)[0]
    before = np.flatnonzero(drawn == x[999])[0]
    assert np.isnan(drawn[before + 1])
    assert drawn[~np.isnan(drawn)][-1] == x[-1]


@pytest.mark.parametrize("loops", [1, 40])
def test_many_loops_over_each_other_are_still_few_corners(loops: int) -> None:
    turn = np.linspace(0, 2 * np.pi * loops, 200_000)
    x = np.cos(turn)
    y = np.tanh(8 * (x + 0.3 * np.sign(np.sin(turn)))) + 0.02 * np.random.default_rng(2).normal(size=len(x))
    view = View(-1.1, 1.1, -1.2, 1.2, 800, 400)
    coverage = Coverage(view)
    coverage.add(x, y)
    at, ends = coverage.pieces(8 * view.width)
    assert 2 * view.width * 0.8 < len(at) <= 8 * view.width
    # Every point lies on a piece that is drawn, and none within the open loop.
    step_x, step_y = view.pixel
    column = np.rint((x - view.left) / step_x - 0.5).astype(int)
    of_piece = np.rint((at[::2] - view.left) / step_x - 0.5).astype(int)
    for place in (200, 400, 600):
        low, high = ends[::2][of_piece == place], ends[1::2][of_piece == place]
        values = y[column == place]
        assert np.all(np.any((values[:, None] >= low - step_y) & (values[:, None] <= high + step_y), axis=1))
    low, high = ends[::2][of_piece == 400], ends[1::2][of_piece == 400]
    assert not np.any((low < 0) & (high > 0))


def test_pieces_stay_below_what_may_be_drawn() -> None:
    random = np.random.default_rng(3)
    view = View(0.0, 1.0, 0.0, 1.0, 300, 300)
    coverage = Coverage(view)
    coverage.add(np.repeat(np.arange(300) / 300 + 1 / 600, 40), random.random(12_000))
    assert len(coverage.pieces(1200)[0]) <= 1200


@given(seed=numbers, place=st.tuples(st.floats(-1, 1), st.floats(-5, 5)))
@settings(deadline=None, max_examples=50)
def test_the_nearest_point_is_the_nearest_one(seed: int, place: tuple[float, float]) -> None:
    x, y = way(1500, seed, 0.3)
    envelope, _ = complete(x, y)
    away = np.hypot((x - place[0]) / 0.002, (y - place[1]) / 0.05)
    found = envelope.nearest(*place, (0.002, 0.05))
    assert found is not None
    assert away[found] == np.nanmin(away)


def test_no_point_at_all() -> None:
    envelope, _ = complete(np.full(50, np.nan), np.full(50, np.nan))
    assert envelope.bounds is None
    assert envelope.nearest(0, 0, (1, 1)) is None
