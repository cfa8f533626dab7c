"""Steps of the digit under the caret."""

from __future__ import annotations

import pytest

from labctl.gui.form.digits import stepped


@pytest.mark.parametrize(
    ("text", "caret", "steps", "after"),
    [
        ("5 kOe", 1, 1, ("6 kOe", 1)),
        ("5 kOe", 0, 1, ("6 kOe", 1)),
        ("500 mT", 1, 1, ("600 mT", 1)),
        ("500 mT", 2, 1, ("510 mT", 2)),
        ("500 mT", 3, -1, ("499 mT", 3)),
        ("9.95 T", 4, 10, ("10.05 T", 5)),
        ("9.95 T", 2, 1, ("10.95 T", 2)),
        ("99", 2, 1, ("100", 3)),
        ("-0.1 T", 4, 1, ("0.0 T", 3)),
        ("-0.1 T", 4, 2, ("0.1 T", 3)),
        ("-2m", 2, -1, ("-3m", 2)),
        ("1e-3", 1, 1, ("2e-3", 1)),
        ("1e-3", 4, 1, ("1e-2", 4)),
        ("0:10:0.5 mA", 4, 1, ("0:11:0.5 mA", 4)),
        ("0:10:0.5 mA", 8, 1, ("0:10:0.6 mA", 8)),
        ("300:240:-10 K", 11, 1, ("300:240:-9 K", 10)),
        ("1, 2, 5 mA", 7, 1, ("1, 2, 6 mA", 7)),
        ("0.1 T", 5, 1, ("0.2 T", 3)),
    ],
)
def test_the_digit_before_the_caret_is_stepped(text: str, caret: int, steps: int, after: tuple[str, int]) -> None:
    assert stepped(text, caret, steps) == after


@pytest.mark.parametrize("text", ["", "stay", "from record"])
def test_what_is_no_number_is_left_alone(text: str) -> None:
    assert stepped(text, 0, 1) is None


@pytest.mark.parametrize("text", ["12.50 mT", "-3", "7e-6", "1:2:3"])
@pytest.mark.parametrize("steps", [1, 7, 10])
def test_a_step_there_and_back_is_none(text: str, steps: int) -> None:
    there = stepped(text, len(text), steps)
    assert there is not None
    back = stepped(there[0], there[1], -steps)
    assert back is not None
    assert back[0] == text
