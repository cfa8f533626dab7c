"""The network of a Hall bar against what it must obey."""

from __future__ import annotations

import itertools

import pytest

from instruments.errors import UnknownName
from simulators.samples.hall_network import Crossing, Flow, HallNetwork

BAR = HallNetwork(10.0, [Crossing("C", "D", 3.0), Crossing("A", "B", 7.0)], arm=2.0, misalignment=0.01)


def between(flow: Flow, a: str, b: str, sheet: float, hall: float) -> float:
    i, j = BAR.index(a), BAR.index(b)
    return sheet * (flow.squares[i] - flow.squares[j]) + hall * (flow.hall[i] - flow.hall[j])


def test_a_current_along_the_bar_gives_the_textbook_voltages() -> None:
    flow = BAR.flow({"source": 1.0, "drain": -1.0})
    assert between(flow, "source", "drain", 34.0, 0.5) == pytest.approx(340.0)
    assert between(flow, "A", "B", 0.0, 0.5) == pytest.approx(0.5)
    assert between(flow, "C", "D", 0.0, 0.5) == pytest.approx(0.5)
    assert between(flow, "A", "B", 34.0, 0.0) == pytest.approx(0.34)
    assert between(flow, "C", "A", 34.0, 0.0) == pytest.approx(4 * 34.0)
    assert between(flow, "C", "A", 0.0, 0.5) == pytest.approx(0.0)  # same side: no Hall voltage
    assert flow.bar_current == pytest.approx(1.0)
    assert flow.bar_mean == pytest.approx(1.0)


def test_the_hall_voltage_follows_the_local_current() -> None:
    flow = BAR.flow({"source": 1.0, "C": -1.0})  # leaves before it reaches A and B
    assert between(flow, "A", "B", 34.0, 0.5) == pytest.approx(0.0)
    assert flow.bar_current**2 == pytest.approx((3.0 - 0.005) / 10.0)
    assert flow.bar_mean == pytest.approx((3.0 - 0.005) / 10.0)  # over part of the bar


def test_a_current_across_the_bar_makes_a_step_along_it() -> None:
    flow = BAR.flow({"B": 1.0, "A": -1.0})  # along +y
    assert between(flow, "source", "drain", 0.0, 0.5) == pytest.approx(0.5)
    assert between(flow, "source", "C", 0.0, 0.5) == pytest.approx(0.0)
    assert between(flow, "B", "A", 34.0, 0.5) == pytest.approx(34.0 * 4.01)


def test_reciprocity_holds_for_any_four_pads() -> None:
    """Onsager, Casimir: R_ab,cd(B) = R_cd,ab(-B)."""
    pairs = list(itertools.permutations(BAR.pads, 2))
    flows = {pair: BAR.flow({pair[0]: 1.0, pair[1]: -1.0}) for pair in pairs}
    for (a, b), (c, d) in itertools.product(pairs, pairs):
        there = between(flows[a, b], c, d, 34.0, 0.5)
        assert there == pytest.approx(between(flows[c, d], a, b, 34.0, -0.5), abs=1e-12)


def test_two_terminal_resistance_is_positive_and_untouched_by_the_hall_effect() -> None:
    for a, b in itertools.combinations(BAR.pads, 2):
        flow = BAR.flow({a: 1.0, b: -1.0})
        squares = BAR.squares_between(a, b)
        assert squares > 0
        for hall in (0.0, 3.0):
            assert between(flow, a, b, 1.0, hall) == pytest.approx(squares)
    assert BAR.squares_between("source", "drain") == pytest.approx(10.0)
    assert BAR.squares_between("A", "A") == 0.0


def test_currents_superpose() -> None:
    both = BAR.flow({"source": 1.0, "A": 2.0, "drain": -3.0})
    one, two = BAR.flow({"source": 1.0, "drain": -1.0}), BAR.flow({"A": 2.0, "drain": -2.0})
    for k in range(len(BAR.pads)):
        assert both.squares[k] == pytest.approx(one.squares[k] + two.squares[k])
        assert both.hall[k] == pytest.approx(one.hall[k] + two.hall[k])


def test_unknown_pads_are_named() -> None:
    with pytest.raises(UnknownName, match=r"no pad 'E'; it has source, drain, C, D, A, B"):
        BAR.flow({"E": 0.0})
