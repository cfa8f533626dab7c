"""Leads from a network that is known: what can be told, with which uncertainty, and what cannot."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from labctl.contacts import solve
from labctl.contacts.geometry import Geometry, Place, ends_of, geometry_of, transfers_of
from labctl.sample import load_sample

NAMES: tuple[str, ...] = ("I+", "I-", "A", "B", "C", "D")
TRUE: dict[str, float] = dict(zip(NAMES, (25.0, 30.0, 12.0, 180.0, 60.0, 5.0), strict=True))
SHEET = 34.0


def bar(apart: float = 0.0, arm: float = 0.0) -> Geometry:
    at = {"I+": (0.0, 0.0), "I-": (10.0, 0.0), "A": (7.0, 3.0), "B": (7.0, 3.0), "C": (3.0, 3.0), "D": (3.0, 3.0)}
    return Geometry({
        name: Place(x, apart if long else 0.0, long, arm if long else 0.0) for name, (x, long) in at.items()
    })  # fmt: skip


def measured(geometry: Geometry, leads: dict[str, float] = TRUE) -> dict[tuple[str, ...], tuple[float, float]]:
    rows: dict[tuple[str, ...], tuple[float, float]] = {
        (a, b): (leads[a] + leads[b] + SHEET * geometry.squares(a, b), 1e-3)
        for a, b in itertools.combinations(leads, 2)
    }
    for row in transfers_of(geometry):
        rows[row] = SHEET * geometry.transfer(*row), 1e-3
    return rows


def test_the_record_says_where_leads_end_in_squares() -> None:
    geometry = geometry_of(load_sample("cotb2025"))
    assert geometry is not None
    assert geometry.squares("I+", "I-") == pytest.approx(10.0)
    assert geometry.squares("A", "C") == pytest.approx(3.0 + 4.0 + 3.0)
    assert geometry.squares("A", "B") == pytest.approx(6.0)
    assert ends_of(geometry) == ("I+", "I-")
    assert transfers_of(geometry) == [("I+", "I-", "C", "A"), ("I+", "I-", "D", "B")]
    assert geometry.transfer("I+", "I-", "C", "A") == pytest.approx(4.0)
    assert geometry.transfer("I-", "I+", "C", "A") == pytest.approx(-4.0)
    assert geometry.transfer("C", "A", "I+", "I-") == pytest.approx(4.0)
    assert geometry.transfer("C", "D", "A", "B") == 0.0


def test_with_a_known_geometry_leads_and_sheet_resistance_are_exact() -> None:
    solution = solve.solved(measured(bar()), bar(), 25.0, NAMES)
    assert dict(solution.leads) == pytest.approx(TRUE, abs=0.02)
    assert solution.sheet_resistance == pytest.approx(SHEET, rel=1e-4)
    assert solution.told
    assert solution.residual < 1.0


def test_an_arm_adds_its_whole_uncertainty_to_its_lead_and_none_to_the_sheet_resistance() -> None:
    solution = solve.solved(measured(bar()), bar(arm=0.1), 25.0, NAMES)
    assert solution.by_geometry["A"] == pytest.approx(0.1 * SHEET, rel=1e-6)
    assert solution.by_geometry["I+"] == pytest.approx(0.0, abs=1e-6)
    exact = solve.solved(measured(bar()), bar(), 25.0, NAMES)
    assert solution.sheet_uncertainty == pytest.approx(exact.sheet_uncertainty, rel=1e-6)


def test_the_intervals_cover_what_positions_and_arms_leave_open() -> None:
    """Over bars whose taps and arms lie about the record's as it says: 68 % and 95 %, each lead and the film."""
    dice, apart, arm = np.random.default_rng(1), 0.02, 0.1
    pulls: list[float] = []
    for _ in range(400):
        places = {
            name: Place(
                each.position + (dice.normal(0.0, apart) if each.arm else 0.0), 0.0,
                each.arm + (dice.normal(0.0, arm) if each.arm else 0.0), 0.0,
            )
            for name, each in bar().places.items()
        }  # fmt: skip
        solution = solve.solved(measured(Geometry(places)), bar(apart, arm), 25.0, NAMES)
        pulls += [(solution.leads[name] - TRUE[name]) / solution.uncertainty[name] for name in NAMES]
        pulls.append((solution.sheet_resistance - SHEET) / solution.sheet_uncertainty)
    size = np.abs(pulls)
    assert 0.64 < np.mean(size < 1.0) < 0.73
    assert 0.93 < np.mean(size < 1.96) < 0.97


@pytest.mark.parametrize(("one", "other"), [("I+", "A"), ("I+", "I-"), ("C", "B"), ("D", "I-")])
def test_leads_exchanged_across_the_film_are_found(one: str, other: str) -> None:
    geometry = bar(0.02, 0.1)
    rows = measured(geometry.permuted(one, other))
    as_mapped = solve.solved(rows, geometry, 25.0, NAMES)
    found = solve.exchanged(rows, geometry, 25.0, NAMES, as_mapped)
    assert found is not None
    assert {found.one, found.other} == {one, other}
    assert dict(found.solution.leads) == pytest.approx(TRUE, abs=0.5)


@pytest.mark.parametrize(("one", "other"), [("I+", "C"), ("C", "D"), ("A", "I-")])
def test_leads_exchanged_at_one_end_of_the_film_show_in_nothing(one: str, other: str) -> None:
    geometry = bar(0.02, 0.1)
    assert solve.alike(geometry, one, other)
    rows = {row: each for row, each in measured(geometry.permuted(one, other)).items() if len(row) == 2}
    as_mapped = solve.solved(rows, geometry, 25.0, NAMES)
    assert as_mapped.residual < 1.0
    assert solve.exchanged(rows, geometry, 25.0, NAMES, as_mapped) is None


def test_what_no_exchange_explains_is_not_called_one() -> None:
    rows = measured(bar())
    rows["I+", "I-"] = (rows["I+", "I-"][0] * 1.5, 1e-3)
    as_mapped = solve.solved(rows, bar(0.02, 0.1), 25.0, NAMES)
    assert as_mapped.residual > solve.MISFIT
    assert solve.exchanged(rows, bar(0.02, 0.1), 25.0, NAMES, as_mapped) is None


def test_where_no_pair_tells_the_film_the_record_does() -> None:
    names = ("I-", "A", "B")
    rows = {row: each for row, each in measured(bar()).items() if set(row) <= set(names)}
    solution = solve.solved(rows, bar(), 25.0, names)
    assert not solution.told
    assert solution.sheet_resistance == pytest.approx(25.0, rel=0.01)


def test_a_leak_is_assigned_to_its_line() -> None:
    geometry = bar()
    ohms = {frozenset((a, b)): TRUE[a] + TRUE[b] + SHEET * geometry.squares(a, b)
            for a, b in itertools.combinations(NAMES, 2)}  # fmt: skip
    shares = {"A": 0.75, "D": 0.25}
    drops = {
        (x, y): sum(part * made(ohms, x, y, lead) for lead, part in shares.items())
        for x, y in zip(NAMES, NAMES[1:] + NAMES[:1], strict=True)
    }
    found = solve.leaks(drops, ohms, NAMES)
    assert found == pytest.approx({name: shares.get(name, 0.0) for name in NAMES}, abs=1e-6)


def made(ohms: dict[frozenset[str], float], x: str, y: str, lead: str) -> float:
    """Volts from x to y per ampere that goes in at x and out at a line, by the lead and the film in common."""
    if lead in (x, y):
        return 0.0 if lead == x else ohms[frozenset((x, y))]
    both, to_x, to_y = (ohms[frozenset(pair)] for pair in ((x, y), (x, lead), (y, lead)))
    return 0.5 * (both + to_x - to_y)
