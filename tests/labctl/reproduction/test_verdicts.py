"""What was measured against what was claimed: the words, and what tips them."""

from __future__ import annotations

from typing import Any

import pytest

from labctl.reproduction.measured import Measured
from labctl.reproduction.targets import Target
from labctl.reproduction.verdicts import AGREES, DIFFERS, judge


def target(kind: str, value: Any, tolerance: float = 0.0, also: Any = ()) -> Target:
    return Target.model_validate({
        "id": "p-01", "where": "Fig. 1", "quantity": "something", "value": value, "unit": "mA", "tolerance": tolerance,
        "tolerance_kind": kind, "why": "so", "conditions": "300 K", "status": "text", "kind": "predicted", "also": also,
    })  # fmt: skip


def measured(value: Any, uncertainty: float = 0.0, **also: float) -> Measured:
    return Measured(value, uncertainty, "seen", also)


@pytest.mark.parametrize(
    ("kind", "claimed", "tolerance", "value", "uncertainty", "word"),
    [
        ("abs", 12.0, 1.0, 13.0, 0.3, AGREES),
        ("abs", 12.0, 1.0, 13.001, 0.3, DIFFERS),
        ("abs", 12.0, 1.0, 13.5, 100.0, DIFFERS),  # an uncertainty makes no tolerance wider
        ("abs", 0.0, 0.1, -0.1, 0.0, AGREES),
        ("exact", 28.0, 0.0, 28.0, 0.0, AGREES),
        ("exact", 28.0, 0.0, 28.001, 0.0, DIFFERS),
        ("exact", 800.0, 0.0, 800.05, 0.035, AGREES),
        ("exact", 800.0, 0.0, 800.08, 0.035, DIFFERS),
        ("exact", -500.0, 0.0, 500.0, 0.035, DIFFERS),
        ("exact", (-5.0, 30.0), 0.0, (-5.0, 30.0), 0.0, AGREES),
        ("exact", (-5.0, 30.0), 0.0, (-5.0, 29.0), 0.0, DIFFERS),
        ("exact", (-5.0, 30.0), 0.0, 30.0, 0.0, DIFFERS),
        ("sign", -1.0, 0.0, -1.0, 0.0, AGREES),
        ("sign", -1.0, 0.0, 1.0, 0.0, DIFFERS),
        ("sign", -1.0, 0.0, 0.0, 1.0, DIFFERS),
        ("order", 1.0, 0.0, 1.0, 0.0, AGREES),
        ("order", 1.0, 0.0, 0.0, 0.0, DIFFERS),
        ("order", 0.0, 0.0, 1.0, 0.0, DIFFERS),
        ("min", 8.0, 0.0, 8.0, 0.0, AGREES),
        ("min", 8.0, 0.0, 7.9, 0.0, DIFFERS),
        ("min", 8.0, 0.2, 7.9, 0.0, AGREES),
        ("max", 2.0, 0.0, 2.0, 0.0, AGREES),
        ("max", 2.0, 0.0, 2.1, 0.0, DIFFERS),
        ("max", 2.0, 0.5, 2.1, 0.0, AGREES),
    ],
)
def test_each_kind_of_tolerance(
    kind: str, claimed: Any, tolerance: float, value: Any, uncertainty: float, word: str
) -> None:
    verdict = judge(target(kind, claimed, tolerance), measured(value, uncertainty))
    assert verdict.word == word
    assert bool(verdict.why) == (word == DIFFERS)


def test_the_reason_has_the_numbers() -> None:
    assert judge(target("abs", 12.0, 1.0), measured(14.0)).why == "14 mA is more than 1 mA away from 12 mA"
    assert judge(target("exact", 28.0), measured(27.5)).why == "27.5 mA is not 28 mA"
    assert judge(target("min", 8.0, 0.5), measured(7.0)).why == "7 mA is below 7.5 mA"
    assert judge(target("max", 8.0, 0.5), measured(9.0)).why == "9 mA is above 8.5 mA"
    assert judge(target("sign", 1.0), measured(0.0)).why == "the sign is not known by three standard deviations"


def test_what_is_bounded_besides_has_to_hold_too() -> None:
    bound = [{"what": "ratio", "value": 2.0, "unit": "1", "tolerance_kind": "min"}]
    claim = target("order", 1.0, also=bound)
    assert judge(claim, measured(1.0, ratio=2.0)).word == AGREES
    found = judge(claim, measured(1.0, ratio=1.5))
    assert (found.word, found.why) == (DIFFERS, "ratio is 1.5, below 2")
    with pytest.raises(KeyError, match="ratio"):
        judge(claim, measured(1.0))
