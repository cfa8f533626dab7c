"""Which rows count where a block was measured more than once."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
import pytest

from labctl.attempts import EVERYTHING, abandoned_blocks, check_loops, latest_attempts, lies_within


def counting(
    rows: list[tuple[Any, Any]], abandoned: dict[str, int] | None = None, checks: dict[int, str] | None = None
) -> list[int]:
    frame = pd.DataFrame(
        {"Block": [row[0] for row in rows], "Attempt": [row[1] for row in rows], "Row": range(len(rows))}
    )
    return latest_attempts(frame, abandoned, checks)["Row"].tolist()


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


def test_a_check_loop_takes_nothings_place() -> None:
    rows = [("t=1", 1), ("t=1/l=1", 1), ("t=10", 1), ("t=1", 2), ("t=1/l=1", 2), ("t=1/l=2", 2), ("t=10", 2)]
    assert counting(rows, None, {2: "t=1"}) == [0, 1, 6]
    assert counting(rows, None, {2: EVERYTHING}) == [0, 1, 2]
    assert counting(rows, None, {3: "t=1"}) == [2 + place for place in (1, 2, 3, 4)]
    assert counting([*rows, ("t=1", 3)], None, {2: "t=1"}) == [1, 6, 7]
    assert counting([("a=1", 1.5), ("a=1", None), ("a=1", "x")], None, {1: "a=1"}) == [0, 1, 2]


def test_check_loops_are_read_from_sound_events_only() -> None:
    def told(event: str, block: object, attempt: object, **details: object) -> dict[str, object]:
        return {"event": event, "block": block, "attempt": attempt, **details}

    events = [
        told("check", "a=1", 2), told("checked", "a=1", 2, changed=False), told("check", "a=2", 3),
        told("checked", "a=2", 3, changed=True), told("check", "", 4), told("check", 5, 5), told("check", "a=3", "6"),
        {"event": "checked", "attempt": 7, "why": "there was none"}, told("block", "a=4", 8), told("check", "a=5", 9),
    ]  # fmt: skip
    assert check_loops(events) == {2: "a=1", 3: EVERYTHING, 9: "a=5"}


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
