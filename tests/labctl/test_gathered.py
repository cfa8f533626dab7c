"""Sentences of several runs, each said once."""

from __future__ import annotations

import pytest

from labctl.gathered import gathered


@pytest.mark.parametrize(
    ("runs", "wanted"),
    [
        ([4], "run 4"), ([1, 2], "runs 1 and 2"), ([1, 2, 3], "runs 1-3"), ([1, 3], "runs 1 and 3"),
        ([1, 2, 3, 5, 8, 9, 10, 11], "runs 1-3, 5 and 8-11"), ([2, 2, 2], "run 2"),
    ],
)  # fmt: skip
def test_runs_that_say_the_same_are_named_together(runs: list[int], wanted: str) -> None:
    assert gathered((run, "cold") for run in runs) == [f"{wanted}: cold"]


def test_sentences_come_in_the_order_in_which_they_were_first_said() -> None:
    said = [(1, "cold"), (1, "late"), (2, "warm"), (2, "cold"), (3, "late")]
    assert gathered(said) == ["runs 1 and 2: cold", "runs 1 and 3: late", "run 2: warm"]
    assert gathered([]) == []
