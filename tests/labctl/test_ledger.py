"""What is complete is known from the files alone, wherever they were cut."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from instruments.clock import VirtualClock
from instruments.errors import Refused, UsageError, WriteFailed
from labctl.events import EventLog
from labctl.ledger import Complete, History, RunLedger


def rows(*blocks: tuple[str, int, int]) -> pd.DataFrame:
    """Block, attempt and how often."""
    each = [(block, attempt) for block, attempt, count in blocks for _ in range(count)]
    return pd.DataFrame({"Block": [block for block, _ in each], "Attempt": [attempt for _, attempt in each]})


def told(block: str, count: int, attempt: int = 1, size: int = 0) -> dict[str, Any]:
    shown = {"values": "f", "value": "1"}
    return {"event": "block", "block": block, "attempt": attempt, "rows": count, "size": size, **shown}


@pytest.fixture
def ledger(tmp_path: Path) -> Callable[..., RunLedger]:
    def make(history: History | None = None, sync: Callable[[], int] = lambda: 0) -> RunLedger:
        return RunLedger(history or History(), EventLog(tmp_path / "events.jsonl", VirtualClock()), 2, sync)

    return make


def written(folder: Path) -> list[dict[str, Any]]:
    path = folder / "events.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def test_a_block_is_complete_with_its_line_and_all_its_rows() -> None:
    data = rows(("a=1", 1, 3), ("a=2", 1, 2), ("a=3", 1, 1))
    history = History.read(data, 900, [told("a=1", 3), told("a=2", 3), {"event": "state"}])
    assert set(history.complete) == {"a=1"}
    assert history.begun == {"a=1": 1, "a=2": 1, "a=3": 1}
    assert history.attempts == 1


def test_rows_within_a_block_count_for_it() -> None:
    data = rows(("t=1", 1, 1), ("t=1/l=1", 1, 2), ("t=1/l=2", 1, 2), ("t=10/l=1", 1, 2))
    events = [told("t=1/l=1", 2), told("t=1/l=2", 2), told("t=1", 5), told("t=10/l=1", 3)]
    assert set(History.read(data, 900, events).complete) == {"t=1", "t=1/l=1", "t=1/l=2"}


def test_a_block_that_was_begun_again_is_not_complete_for_having_been_so_once() -> None:
    """Its rows were lost, and as many were measured again before the run was cut once more."""
    data = rows(("a=1", 1, 2), ("a=1", 2, 3))
    assert History.read(data, 900, [told("a=1", 3)]).complete == {}
    assert set(History.read(data, 900, [told("a=1", 3), told("a=1", 3, attempt=2)]).complete) == {"a=1"}


@pytest.mark.parametrize(
    "event",
    [
        {"event": "block"},
        {**told("a=1", 3), "block": 3},
        {**told("a=1", 3), "attempt": "1"},
        {**told("a=1", 3), "rows": "3"},
        {**told("a=1", 3), "size": "0"},
        told("a=2", 0),
        told("a=1", 3, size=901),
    ],
)
def test_a_line_that_somebody_has_spoilt_makes_nothing_complete(event: dict[str, Any]) -> None:
    assert History.read(rows(("a=1", 1, 3)), 900, [event]).complete == {}


def test_rows_are_forced_to_disk_before_a_block_is_called_complete(
    tmp_path: Path, ledger: Callable[..., RunLedger]
) -> None:
    def fail() -> int:
        raise WriteFailed("the disk is full")

    def succeed() -> int:
        order.append(len(written(tmp_path)))
        return 77

    with pytest.raises(WriteFailed):
        ledger(sync=fail).finish("a=1", 3, "f", "1")
    assert written(tmp_path) == []
    order: list[int] = []
    ledger(sync=succeed).finish("a=1", 3, "f", "1")
    assert order == [0]
    (event,) = written(tmp_path)
    assert (event["event"], event["block"], event["rows"], event["attempt"], event["size"]) == (
        "block",
        "a=1",
        3,
        2,
        77,
    )


def test_a_loop_over_other_values_is_refused_in_one_sentence(ledger: Callable[..., RunLedger]) -> None:
    book = ledger(History({"s=1/t=2": Complete(3, "old", "290.0")}, {"s=1/t=2": 1}, {}, 1))
    book.open("s=1/t", "old", lambda: ["300.0", "290.0"])
    book.open("s=2/t", "new", lambda: ["300.0", "280.0"])
    book.open("t", "new", lambda: ["300.0", "280.0"])
    for texts, said in (
        (["300.0", "280.0"], "s=1/t=2 was measured with 290.0, which is now 280.0"),
        (["300.0"], "s=1/t=2 was measured with 290.0, and the loop is shorter now"),
        (["300.0", "290.0"], "has the same value, but others of the loop, or of a loop around it, have changed"),
    ):
        with pytest.raises(UsageError, match=said) as error:
            book.open("s=1/t", "new", lambda texts=texts: texts)
        assert "\n" not in str(error.value)


def test_what_an_attempt_does_not_come_to_again_is_abandoned_when_the_block_around_it_is_complete(
    tmp_path: Path, ledger: Callable[..., RunLedger]
) -> None:
    begun = {"t=1": 1, "t=1/l=1": 1, "t=1/l=2": 1, "t=1/l=3": 1, "t=2": 1, "t=10/l=1": 1, "run": 1}
    book = ledger(History({"t=1/l=1": Complete(2, "f", "1")}, begun, {}, 1))
    assert book.passes_over("t=1/l=1") == 2
    assert book.passes_over("t=1/l=2") is None
    book.measured("t=1/l=2")
    book.finish("t=1", 4, "f", "1")
    book.measured("run")
    book.close()
    assert [event["blocks"] for event in written(tmp_path) if event["event"] == "abandoned"] == [
        {"t=1": 1, "t=1/l=3": 1},
        {"t=10/l=1": 1, "t=2": 1},
    ]


def test_rows_of_earlier_attempts_appear_as_their_blocks_are_passed_over(ledger: Callable[..., RunLedger]) -> None:
    """At each moment there is what an attempt that was never cut would have by then."""
    data = rows(("run", 1, 1), ("t=1", 1, 1), ("t=1/l=1", 1, 2), ("t=2/l=1", 1, 2), ("t=2", 1, 1), ("run", 2, 1))
    book = ledger(History({"t=1": Complete(3, "f", "1"), "t=2/l=1": Complete(2, "f", "1")}, {}, {}, 1))

    def blocks() -> list[str]:
        return book.visible(data)["Block"].tolist()

    assert blocks() == ["run"]
    assert book.visible(data)["Attempt"].tolist() == [2]
    book.passes_over("t=1")
    assert blocks() == ["t=1", "t=1/l=1", "t=1/l=1", "run"]
    book.passes_over("t=2/l=1")
    assert blocks() == ["t=1", "t=1/l=1", "t=1/l=1", "t=2/l=1", "t=2/l=1", "run"]
    assert book.visible(data.iloc[:0]).empty


def test_a_check_loop_is_measured_and_counts_for_nothing(tmp_path: Path, ledger: Callable[..., RunLedger]) -> None:
    data = rows(("t=1", 1, 2), ("t=2", 1, 1), ("t=2/l=1", 1, 2), ("t=2", 2, 1), ("t=2/l=1", 2, 3))
    complete = {"t=1": Complete(2, "f", "1"), "t=2/l=1": Complete(2, "g", "1"), "t=2": Complete(3, "f", "2")}
    book = ledger(History(complete, {"t=1": 1, "t=2": 1, "t=2/l=1": 1}, {}, 1))
    seen: list[list[int]] = []
    book.check_first("t=2", lambda: seen.append(book.visible(data)["Attempt"].tolist()))
    assert book.passes_over("t=1") == 2
    assert book.passes_over("t=2") is None
    book.open("t=2/l", "other values, by other rows", lambda: ["1"])
    assert book.passes_over("t=2/l=1") is None
    assert book.finish("t=2/l=1", 3, "h", "1") == 3
    assert book.is_check("t=2/l=1")
    assert book.finish("t=2", 4, "f", "2") == 3  # those of before count for what lies around
    assert seen == [[1, 1, 2, 2, 2, 2]]
    assert not book.is_check("t=2")
    assert book.visible(data)["Attempt"].tolist() == [1, 1, 1, 1, 1]
    assert book.passes_over("t=3") is None
    book.close()
    (event,) = written(tmp_path)
    assert (event["event"], event["block"], event["attempt"]) == ("check", "t=2", 2)


@pytest.mark.parametrize(
    "leave",
    [lambda book: book.passes_over("t=2"), lambda book: book.finish("t=1", 4, "f", "1"), lambda book: book.close()],
    ids=["another block", "its outer block", "the end"],
)
def test_a_check_loop_that_is_left_before_its_end_is_refused(
    ledger: Callable[..., RunLedger], leave: Callable[[RunLedger], object]
) -> None:
    book = ledger(History({"t=1/l=1": Complete(2, "f", "1")}, {"t=1/l=1": 1}, {}, 1))
    book.check_first("t=1/l=1", lambda: None)
    assert book.passes_over("t=1") is None  # it lies in a block that is begun again
    assert book.passes_over("t=1/l=1") is None
    with pytest.raises(Refused, match="t=1/l=1, measured again as a check loop, was left before its end"):
        leave(book)


def test_no_files_whatever_they_lost_make_a_block_complete_that_lacks_a_row() -> None:
    """Any number of rows with any number of lines: a disk that lost power may keep the one and lose the other."""
    chance = random.Random(3)
    order: list[tuple[str, int]] = []
    events: list[dict[str, Any]] = []
    for attempt in (1, 2):
        for outer in (1, 2):
            for inner in (1, 2, 3):
                count = chance.randrange(1, 4)
                order += [(f"t={outer}/l={inner}", attempt)] * count
                events.append(told(f"t={outer}/l={inner}", count, attempt, len(order)))
            within = sum(block.startswith(f"t={outer}/") and by == attempt for block, by in order)
            events.append(told(f"t={outer}", within, attempt, len(order)))
    found = 0
    for _ in range(400):
        kept = order[: chance.randrange(len(order) + 1)]
        data = pd.DataFrame(kept, columns=["Block", "Attempt"])
        history = History.read(data, len(kept), events[: chance.randrange(len(events) + 1)])
        for block in history.complete:
            latest = max(attempt for name, attempt in kept if name.startswith(block))
            whole = sum(name.startswith(block) and attempt == latest for name, attempt in order)
            assert sum(name.startswith(block) and attempt == latest for name, attempt in kept) == whole
            found += 1
    assert found > 400
