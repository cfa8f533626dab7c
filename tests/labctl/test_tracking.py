"""Loops that know where they are."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from instruments.errors import UsageError
from labctl.tracking import Path, Track


def test_blocks_are_named_by_the_innermost_loop_that_can_be_measured_again() -> None:
    path = Path(lambda: None)
    seen: list[str] = [path.block]
    for _ in Track(path, "temperature", [300, 290], restart=True):
        seen.append(path.block)
        for _ in Track(path, "branch", ["down", "up"], restart=False):
            seen.append(path.block)
    assert seen == ["run", "temperature=1", "temperature=1", "temperature=1",
                    "temperature=2", "temperature=2", "temperature=2"]  # fmt: skip


def test_nested_blocks_are_named_from_the_outside_in() -> None:
    path = Path(lambda: None)
    blocks: list[str] = []
    for _ in Track(path, "sign", [1, -1], restart=False):
        for _ in Track(path, "loop", [1, 2], restart=True):
            blocks.append(path.block)
    assert blocks == ["sign=1/loop=1", "sign=1/loop=2", "sign=2/loop=1", "sign=2/loop=2"]


def test_progress_rises_from_zero_to_nearly_one() -> None:
    path = Path(lambda: None)
    progress: list[float] = []
    for _ in Track(path, "a", range(4), restart=False):
        for _ in Track(path, "b", range(5), restart=False):
            progress.append(path.progress)
            path.within = 0.5
            progress.append(path.progress)
    assert progress == sorted(progress)
    assert progress[0] == 0.0
    assert progress[-1] == pytest.approx(1 - 0.5 / 20)


def test_a_loop_left_by_break_or_by_an_exception_leaves_nothing_behind() -> None:
    path = Path(lambda: None)
    for value in Track(path, "outer", [1, 2], restart=True):
        for _ in Track(path, "left by break", [1, 2, 3], restart=True):
            break
        try:
            for _ in Track(path, "left by exception", [1], restart=True):
                raise ValueError(value)
        except ValueError as kept:
            assert kept.args == (value,)
        for _ in Track(path, "next", [1], restart=True):
            assert path.block == f"outer={value}/next=1"


def test_every_step_looks_whether_the_run_may_go_on() -> None:
    steps: list[str] = []
    path = Path(lambda: steps.append(path.block))
    for _ in Track(path, "a", [1, 2, 3], restart=True):
        pass
    assert steps == ["a=1", "a=2", "a=3"]


def test_a_restart_loop_needs_its_values_before_it_begins() -> None:
    def values() -> Iterator[int]:
        yield 1

    with pytest.raises(UsageError, match="known before the loop begins"):
        Track(Path(lambda: None), "a", values(), restart=True)


def test_two_loops_of_one_name_at_one_level_are_refused() -> None:
    path = Path(lambda: None)
    for _ in Track(path, "a", [1], restart=True):
        pass
    with pytest.raises(UsageError, match="name of its own"):
        next(Track(path, "a", [1], restart=True))


def test_the_same_name_inside_each_step_of_an_outer_loop_is_fine() -> None:
    path = Path(lambda: None)
    for _ in Track(path, "outer", [1, 2], restart=True):
        for _ in Track(path, "inner", [1], restart=True):
            pass


@pytest.mark.parametrize("name", ["", "a,b", "a/b", "a=b", "a\nb"])
def test_a_name_that_could_not_stand_in_a_file_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="cannot be a loop's name"):
        Track(Path(lambda: None), name, [1], restart=False)
