"""Which leads are open and which only at times, from tables of pairs that are written down here."""

from __future__ import annotations

import itertools
import math
from collections.abc import Collection

import numpy as np
import pandas as pd
import pytest

from labctl.contacts.loose import loose_leads
from labctl.contacts.pairs import OPEN, culprits
from labctl.contacts.solve import Row
from labctl.contacts.table import COLUMNS, DOUBLE, PAIR, TEST, summed_up

NAMES: tuple[str, ...] = ("I+", "I-", "A", "B", "C", "D")
PAIRS: tuple[tuple[str, str], ...] = tuple(itertools.combinations(NAMES, 2))


def judged(dead: Collection[tuple[str, str]], torn: Collection[tuple[str, str]] = ()) -> tuple[list[str], list[str]]:
    ohms: dict[Row, float] = {row: math.inf if row in dead else 500.0 for row in PAIRS}
    return loose_leads(ohms, torn, NAMES, OPEN, culprits)


def of(lead: str) -> list[tuple[str, str]]:
    return [row for row in PAIRS if lead in row]


def test_a_lead_that_never_conducts_is_open() -> None:
    assert judged([]) == ([], [])
    assert judged(of("B")) == (["B"], [])
    opened, at_times = judged({*of("B"), *of("C")})
    assert (set(opened), at_times) == ({"B", "C"}, [])


def test_a_lead_that_conducts_to_some_is_intermittent() -> None:
    assert judged(of("B")[:3]) == ([], ["B"])
    assert judged(of("B")[:2]) == ([], ["B"])  # also where most of its pairs conduct
    assert judged([], of("B")) == ([], ["B"])
    assert judged(of("B")[:3], of("B")[3:]) == ([], ["B"])


def test_of_a_single_pair_either_lead_may_be_the_one() -> None:
    assert judged([], [("A", "D")]) == ([], ["A", "D"])
    assert judged([("A", "D")]) == ([], ["A", "D"])


def test_an_open_lead_and_an_intermittent_one_are_told_apart() -> None:
    opened, at_times = judged(of("B"), [row for row in of("C") if "B" not in row])
    assert (opened, at_times) == (["B"], ["C"])


def test_two_leads_of_600_kohm_each_are_not_intermittent() -> None:
    ohms: dict[Row, float] = {row: 500.0 + 6e5 * len({"A", "D"} & {*row}) for row in PAIRS}
    ohms["A", "D"] = math.inf
    assert loose_leads(ohms, [], NAMES, OPEN, culprits) == ([], [])


def rows_of(resistance: list[float], clamped: list[bool], step: list[str], current: list[float]) -> pd.DataFrame:
    """Rows of one pair: what was read, in ohm, or the compliance of 0.2 V."""
    volts = [0.2 * np.sign(i) if held else r * i for r, i, held in zip(resistance, current, clamped, strict=True)]
    number = len(volts)
    columns = {
        "Kind": [PAIR] * number, "High": ["A"] * number, "Low": ["B"] * number, "Sense high": ["A"] * number,
        "Sense low": ["B"] * number, "Step": step, "Time (s)": np.arange(number), "Current (A)": current,
        "Voltage (V)": volts, "Start 1 (s)": np.arange(number), "End 1 (s)": np.arange(number) + 0.02,
        "Range (V)": [1.0] * number, "Overflow": [False] * number, "Clamped": clamped,
    }  # fmt: skip
    return pd.DataFrame(columns, columns=list(COLUMNS))


@pytest.mark.parametrize(
    ("resistance", "clamped", "currents", "said"),
    [
        (500.0, (False,) * 8, (20e-6, -20e-6), False),
        (500.0, (True,) * 8, (20e-6, -20e-6), False),
        (500.0, (False, False, True, False, False, False, False, False), (20e-6, -20e-6), True),
        (500.0, (True, False) * 4, (20e-6, -20e-6), False),  # a contact that rectifies
        (9990.0, (False, False, True, False, False, True, False, False), (20e-6, -20e-6), False),  # at the compliance
        (500.0, (True, True, False, False) * 2, (20e-6, -20e-6, 2e-6, -2e-6), False),  # less current needs less voltage
        (500.0, (False, False, True, True) * 2, (20e-6, -20e-6, 2e-6, -2e-6), True),
    ],
)
def test_repeats_that_disagree(
    resistance: float, clamped: tuple[bool, ...], currents: tuple[float, ...], said: bool
) -> None:
    current = [currents[number % len(currents)] for number in range(8)]
    step = [DOUBLE if abs(each) > 10e-6 else TEST for each in current]
    (plugged,) = summed_up(rows_of([resistance] * 8, list(clamped), step, current))
    assert plugged.intermittent == said
