"""Pieces of a trajectory."""

from __future__ import annotations

import math
from dataclasses import replace

from simulators.environment import Piece


def test_the_rate_follows_from_the_ends_unless_it_is_given() -> None:
    assert Piece(10.0, 14.0, 300.025, 0.2, -0.2).field_rate == -0.1
    assert Piece(10.0, math.inf, 300.025, 0.2, 0.2).field_rate == 0.0
    assert Piece(10.0, 14.0, 300.025, 0.2, -0.2, field_rate=-0.1000001).field_rate == -0.1000001


def test_the_field_is_linear_from_the_start_and_a_cut_leaves_it_as_it_was() -> None:
    whole = Piece(1.0, 7.7, 300.025, 0.1, -0.23, field_rate=-0.33 / 6.7)
    cut = replace(whole, end=3.3, field_end=whole.field(3.3))
    assert whole.field(1.0) == 0.1
    assert [cut.field(t / 10) for t in range(10, 33)] == [whole.field(t / 10) for t in range(10, 33)]


def test_a_constant_field_has_no_beginning_to_reckon_from() -> None:
    assert Piece(-math.inf, 5.0, 300.025, 0.1, 0.1, field_rate=0.0).field(3.0) == 0.1
