"""Loops that know where they are."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

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


class Notes:
    """A ledger that keeps in memory what it is told."""

    def __init__(self, complete: dict[str, int] | None = None) -> None:
        self.complete = complete or {}
        self.finished: list[tuple[str, int]] = []
        self.loops: list[tuple[str, str]] = []

    def open(self, loop: str, values: str, texts: Callable[[], list[str]]) -> None:
        assert texts() is not None
        self.loops.append((loop, values))

    def passes_over(self, block: str) -> int | None:
        return self.complete.get(block)

    def finish(self, block: str, rows: int, values: str, text: str) -> int:
        assert (text, values) == (text, self.loops[-1][1] if "/" in block else values)
        self.finished.append((block, rows))
        return rows


def tracked(complete: dict[str, int] | None = None, seed: int = 0) -> tuple[Path, Notes]:
    notes = Notes(complete)
    return Path(lambda: None, notes, seed), notes


def test_a_block_is_complete_when_its_loop_asks_for_the_next_value() -> None:
    path, notes = tracked()
    for value in Track(path, "a", [1, 2, 3], restart=True):
        assert len(notes.finished) == value - 1
        path.count()
        if value == 2:
            continue
        path.count()
    assert notes.finished == [("a=1", 2), ("a=2", 1), ("a=3", 2)]


def test_a_body_that_is_left_by_break_return_or_exception_is_not_complete() -> None:
    path, notes = tracked()
    for _ in Track(path, "break", [1, 2], restart=True):
        path.count()
        break

    def returning() -> None:
        for _ in Track(path, "return", [1, 2], restart=True):
            path.count()
            return

    returning()

    def failing() -> None:
        for value in Track(path, "exception", [1, 0], restart=True):
            path.count(1 // value)

    with pytest.raises(ZeroDivisionError):
        failing()
    assert notes.finished == [("exception=1", 1)]


def test_a_body_that_deals_with_its_exception_is_complete() -> None:
    path, notes = tracked()
    for value in Track(path, "a", [1, 0], restart=True):
        path.count()
        with contextlib.suppress(ZeroDivisionError):
            path.count(1 // value)
    assert notes.finished == [("a=1", 2), ("a=2", 1)]


def test_a_block_without_rows_is_never_called_complete() -> None:
    path, notes = tracked()
    assert list(Track(path, "a", [1, 2], restart=True)) == [1, 2]
    assert notes.finished == []


def test_an_outer_block_counts_the_rows_of_the_inner_ones_also_of_those_passed_over() -> None:
    path, notes = tracked({"t=1/l=1": 5})
    for _ in Track(path, "t", [1], restart=True):
        path.count()
        for _ in Track(path, "l", [1, 2], restart=True):
            path.count()
    assert notes.finished == [("t=1/l=2", 1), ("t=1", 7)]


def test_complete_blocks_are_passed_over() -> None:
    path, notes = tracked({"a=1": 3, "a=3": 1})
    assert [value for value in Track(path, "a", "wxyz", restart=True)] == ["x", "z"]  # noqa: C416 - a loop is meant
    path, notes = tracked({"a=1": 3, "a=2": 1})
    for _ in Track(path, "a", [1, 2], restart=True):
        raise AssertionError
    assert notes.finished == []
    assert path.block == "run"


def test_a_plain_loop_is_never_passed_over() -> None:
    path, _ = tracked({"a=1": 1})
    assert list(Track(path, "a", [1, 2], restart=False)) == [1, 2]


def test_a_loops_fingerprint_depends_on_the_values_of_the_loops_around_it() -> None:
    def fingerprints(outer: list[float], inner: list[float]) -> list[tuple[str, str]]:
        path, notes = tracked()
        for _ in Track(path, "o", outer, restart=False):
            for _ in Track(path, "i", inner, restart=True):
                pass
        return notes.loops

    once = fingerprints([0.1, 0.2], [1.0])
    assert [loop for loop, _ in once] == ["o=1/i", "o=2/i"]
    assert once == fingerprints([0.1, 0.2], [1.0])
    assert {values for _, values in once}.isdisjoint(values for _, values in fingerprints([0.3, 0.4], [1.0]))
    assert fingerprints([0.1], [1.0, 2.0]) != once[:1]


def test_a_loop_that_goes_on_after_the_one_around_it_is_refused() -> None:
    path, _ = tracked()
    pairs = zip(Track(path, "a", [1, 2], restart=True), Track(path, "b", [1, 2], restart=True), strict=True)
    with pytest.raises(UsageError, match="'b' went on after the loop around it"):
        list(pairs)


def test_a_list_that_grows_while_it_is_looped_over_is_refused() -> None:
    path, _ = tracked()
    values = [1]

    def growing() -> None:
        for value in Track(path, "a", values, restart=True):
            values.append(value + 1)

    with pytest.raises(UsageError, match="began with 1 values and now has 2"):
        growing()


@pytest.mark.parametrize("values", [{1, 2}, frozenset({1})])
def test_a_set_has_no_order_and_is_refused(values: set[int]) -> None:
    with pytest.raises(UsageError, match="needs a list"):
        Track(Path(lambda: None), "a", values, restart=True)


def draws(passed: dict[str, int], seed: int = 1) -> dict[str, float]:
    """One number from each place of a small nest of loops."""
    path, _ = tracked(passed, seed)
    drawn = {"before": path.rng.random()}
    for a in Track(path, "a", [1, 2], restart=True):
        drawn[f"a{a}"] = path.rng.random()
        for b in Track(path, "b", [1, 2], restart=True):
            drawn[f"a{a}b{b}"] = path.rng.random()
        for _ in Track(path, "plain", [1], restart=False):
            drawn[f"a{a}plain"] = path.rng.random()
    drawn["after"] = path.rng.random()
    return drawn


def test_what_is_drawn_in_one_block_does_not_depend_on_others_being_passed_over() -> None:
    whole = draws({})
    assert len(set(whole.values())) == len(whole)
    for passed in ({"a=1": 1}, {"a=1/b=1": 1}, {"a=1": 1, "a=2/b=1": 1}, {"a=1": 1, "a=2": 1}):
        drawn = draws(passed)
        assert drawn == {name: whole[name] for name in drawn}
    assert set(draws({}, seed=2).values()).isdisjoint(whole.values())
