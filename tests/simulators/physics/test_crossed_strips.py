"""Two films that cross: limits, a network of bars solved by itself, and the resistance that comes out negative."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from simulators.physics.crossed_strips import far, near


def test_a_strip_against_a_large_junction_shows_a_third_in_front_and_a_sixth_behind() -> None:
    for u in (1e-6, 1e-3, 0.015):
        sheet = 50.0
        assert near(sheet, sheet / u**2) / sheet == pytest.approx(1.0 / 3.0, abs=u * u / 40.0)
        assert far(sheet, sheet / u**2) / sheet == pytest.approx(-1.0 / 6.0, abs=u * u / 40.0)


def test_series_and_closed_form_meet_to_the_term_that_is_left_out() -> None:
    for law in (near, far):
        below, above = (law(1.0, 1.0 / u**2) for u in (0.02 - 1e-9, 0.02 + 1e-9))
        assert below == pytest.approx(above, abs=2.1 * 0.02**4 / 945.0)


def test_past_a_junction_that_lets_nothing_through_the_strip_is_one_more_square() -> None:
    """A current from end to end: half a square on either side of the middle."""
    assert near(50.0, 1e9) - far(50.0, 1e9) == pytest.approx(25.0, rel=1e-6)


def test_a_strip_that_resists_much_more_than_the_junction_leads_all_of_it_in_at_its_edge() -> None:
    sheet, junction = 1e6, 1.0
    assert near(sheet, junction) == pytest.approx(math.sqrt(sheet * junction), rel=2e-3)  # a line of that impedance
    assert far(sheet, junction) == pytest.approx(-junction, rel=1e-9)
    assert far(1e9, 1.0) == pytest.approx(-1.0, rel=1e-12)  # where sinh u would be infinite


def network(sheets: tuple[float, float], junction: float, count: int = 160) -> tuple[list[float], list[float], float]:
    """Solve `count` bars of the one strip over as many of the other, joined at every crossing.

    Returns the potentials of both strips' ends in V for 1 A, in at the upper one's first and out at the lower one's,
    and the mean voltage across the crossings.
    """
    matrix, source = np.zeros((2 * count, 2 * count)), np.zeros(2 * count)
    crossing = 1.0 / (junction * count * count)
    for strip, sheet in enumerate(sheets):
        own = strip * count + np.arange(count)
        for one, other in itertools.pairwise(own.tolist()):  # a bar is as long as it is far to the next
            for a, b in ((one, other), (other, one)):
                matrix[a, a] += count / sheet
                matrix[a, b] -= count / sheet
        matrix[own, own] += count * crossing
    matrix[:count, count:] -= crossing
    matrix[count:, :count] -= crossing
    source[0], source[count] = 1.0, -1.0
    matrix[-1] += 1.0  # the sum of all potentials is zero
    found = np.linalg.solve(matrix, source)
    upper, lower = found[:count], found[count:]
    half = [sheet / count / 2.0 for sheet in sheets]  # from the first bar's middle to its edge
    ends = [float(upper[0]) + half[0], float(upper[-1])], [float(lower[0]) - half[1], float(lower[-1])]
    return *ends, float(upper.mean() - lower.mean())


@pytest.mark.parametrize("sheets", [(5.0, 50.0), (50.0, 50.0), (200.0, 10.0)])
@pytest.mark.parametrize("junction", [2.0, 20.0, 500.0])
def test_a_network_of_bars_gives_the_same(sheets: tuple[float, float], junction: float) -> None:
    upper, lower, across = network(sheets, junction)
    assert across == pytest.approx(junction, rel=1e-9)
    ahead = [law(sheet, junction) for law in (near, far) for sheet in sheets]
    two_wires, four_wires = upper[0] - lower[0], upper[1] - lower[1]
    assert two_wires == pytest.approx(junction + ahead[0] + ahead[1], rel=1e-3)
    assert four_wires == pytest.approx(junction + ahead[2] + ahead[3], rel=1e-3, abs=1e-3 * junction)


def test_four_wires_read_less_than_nothing_where_both_strips_resist_more_than_the_junction() -> None:
    def read(upper: float, lower: float) -> float:
        return 1.0 + far(upper, 1.0) + far(lower, 1.0)

    assert read(0.01, 0.01) == pytest.approx(1.0 - 0.01 / 3.0, rel=1e-4)
    assert read(1e4, 1e4) == pytest.approx(-1.0, rel=1e-3)
    assert network((1e2, 1e2), 1.0)[0][1] - network((1e2, 1e2), 1.0)[1][1] == pytest.approx(read(1e2, 1e2), rel=1e-3)
    for sheet in (0.1, 1.0, 10.0, 1e3):  # with one strip that conducts well it is too little, but never negative
        assert 0.0 < read(sheet, 0.0) < 1.0


def test_what_is_read_changes_more_than_the_junction_does() -> None:
    low, high = (junction + far(5.0, junction) + far(50.0, junction) for junction in (20.0, 21.0))
    assert high / low - 1.0 > 1.05 * (21.0 / 20.0 - 1.0)
