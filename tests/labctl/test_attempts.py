"""Which rows count where a block was measured more than once."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
import pytest

from labctl.attempts import abandoned_blocks, latest_attempts, lies_within


def counting(rows: list[tuple[Any, Any]], abandoned: dict[str, int] | None = None) -> list[int]:
    frame = pd.DataFrame(
        {"Block": [row[0] for row in rows], "Attempt": [row[1] for row in rows], "Row": range(len(rows))}
    )
    return latest_attempts(frame, abandoned)["Row"].tolist()


def test_only_the_latest_attempt_at_each_block_counts() -> None:
    assert counting([("a=1", 1), ("a=2", 1), ("a=2", 2), ("a=3", 2)]) == [0, 2, 3]


def test_the_order_is_that_of_the_measurement() -> None:
    assert counting([("run", 1), ("a=1", 1), ("run", 2), ("a=2", 2)]) == [1, 2, 3]


def test_a_block_within_one_that_was_begun_again_keeps_its_rows() -> None:
    """The loop in `t=1` was complete and was passed over; what `t=1` records besides was measured again."""
    assert counting([("t=1", 1), ("t=1/loop=1", 1), ("t=1/loop=2", 1), ("t=1", 2), ("t=1/loop=2", 2)]) == [1, 3, 4]


def test_what_a_later_attempt_did_not_come_to_does_not_count() -> None:
    rows = [("a=1", 1), ("a=2", 1), ("a=2", 1), ("a=1", 2)]
    assert counting(rows, {"a=2": 1}) == [3]
    assert counting([*rows, ("a=2", 2)], {"a=2": 1}) == [3, 4]
    assert counting(rows, {"nowhere": 1}) == [1, 2, 3]


def test_a_table_without_attempts_counts_whole() -> None:
    frame = pd.DataFrame({"Field (T)": [1.0, 2.0]})
    assert latest_attempts(frame) is frame
    assert counting([("a=1", math.nan), ("a=1", 1), (math.nan, None), ("a=1", "once"), ("a=1", 2.0)]) == [0, 2, 3, 4]


def test_abandoned_blocks_are_read_from_sound_events_only() -> None:
    events = [
        {"event": "abandoned", "blocks": {"a=1": 1, "a=2": "x"}},
        {"event": "abandoned", "blocks": ["a=3"]},
        {"event": "abandoned"},
        {"event": "block", "blocks": {"a=4": 1}},
        {"event": "abandoned", "blocks": {"a=1": 2}},
    ]
    assert abandoned_blocks(events) == {"a=1": 2}


@pytest.mark.parametrize(
    ("block", "outer", "within"),
    [
        ("t=1", "t=1", True),
        ("t=1/l=2", "t=1", True),
        ("t=10", "t=1", False),
        ("t=10/l=1", "t=1", False),
        ("run", "t=1", False),
    ],
)
def test_a_block_lies_within_those_around_it(block: str, outer: str, within: bool) -> None:
    assert lies_within(block, outer) is within
