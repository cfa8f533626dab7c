"""Which blocks of a run are complete, known from nothing but what is on disk.

When the body of a block is over, its rows are forced to disk, then the line `{"event": "block", ...}` is appended to
events.jsonl and forced to disk too. So wherever a run is cut, a block whose line is there whole has all its rows; and
the line says how many they are and how long the file was, so that a block of a file that lost some is measured again
all the same.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from instruments.errors import Refused, UsageError
from labctl.attempts import ATTEMPT, BLOCK, CHECK, CHECKED, abandoned_blocks, check_loops, latest_attempts, lies_within
from labctl.events import EventLog
from labctl.fingerprint import shortened

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Complete:
    """A block that was left in order.

    Attributes:
        rows: How many rows it has, with those of the blocks within it.
        values: Fingerprint of its loop's values.
        text: Its own value, in words.
    """

    rows: int
    values: str
    text: str


@dataclass(frozen=True, slots=True)
class History:
    """What earlier attempts left behind.

    Attributes:
        complete: The blocks that are complete, in the order in which they became so.
        begun: Latest attempt of every block that has rows.
        abandoned: Of blocks that the run did not come to again: the latest attempt that does not count.
        attempts: How many attempts there were.
        checks: Of attempts that began with a check loop: the block that was measured again for it.
    """

    complete: Mapping[str, Complete] = field(default_factory=dict[str, Complete])
    begun: Mapping[str, int] = field(default_factory=dict[str, int])
    abandoned: Mapping[str, int] = field(default_factory=dict[str, int])
    attempts: int = 0
    checks: Mapping[int, str] = field(default_factory=dict[int, str])

    @classmethod
    def read(cls, rows: pd.DataFrame, size: int, events: Iterable[Mapping[str, Any]]) -> History:
        """Find out what is complete.

        Args:
            rows: All rows of the run.
            size: Bytes of the file that they are in.
            events: All its events.
        """
        events = list(events)
        abandoned, checks = abandoned_blocks(events), check_loops(events)
        counting = latest_attempts(rows, abandoned, checks)
        begun = {str(block): int(attempt) for block, attempt in zip(counting[BLOCK], counting[ATTEMPT], strict=True)}
        there = Counter(place for block in counting[BLOCK].tolist() for place in _places(block))
        latest: dict[str, int] = {}
        for block, attempt in begun.items():
            latest.update({place: max(attempt, latest.get(place, 0)) for place in _places(block)})
        complete: dict[str, Complete] = {}
        for event in (event for event in events if event.get("event") == "block"):
            block, attempt, then = event.get("block"), event.get("attempt"), event.get("size")
            if isinstance(block, str) and isinstance(attempt, int) and isinstance(then, int):
                complete.pop(block, None)
                enough = there[block] == event.get("rows") and then <= size
                if there[block] and enough and latest[block] <= attempt:
                    complete[block] = Complete(there[block], str(event.get("values")), str(event.get("value")))
        attempts = [event["attempt"] for event in events if isinstance(event.get("attempt"), int)]
        return cls(complete, begun, abandoned, max([0, *begun.values(), *attempts]), checks)


def _places(block: str) -> Iterator[str]:
    """A block's name and those of all around it."""
    parts = str(block).split("/")
    return ("/".join(parts[: count + 1]) for count in range(len(parts)))


class RunLedger:
    """What one attempt at a run knows of earlier ones, and writes down for later ones.

    Args:
        history: What is there.
        events: Where to write.
        attempt: This attempt's number, from 1.
        sync: Forces the rows to disk, and returns how many bytes their file has.
    """

    def __init__(self, history: History, events: EventLog, attempt: int, sync: Callable[[], int]) -> None:
        self.history = history
        self._events = events
        self._attempt = attempt
        self._sync = sync
        self._passed: set[str] = set()
        self._checks = dict(history.checks)
        self._check: _Check | None = None
        self._unvisited = sorted(history.begun)

    def open(self, loop: str, values: str, texts: Callable[[], Sequence[str]]) -> None:
        """Refuse a loop over other values than those with which blocks of it were measured.

        Args:
            loop: Its place and name: `temperature=3/loop`.
            values: Fingerprint of its values.
            texts: Gives the values in words.

        Raises:
            UsageError: They are others, or the loop stands within other values of the loops around it.
        """
        if self.is_check(loop.rpartition("/")[0]):  # what follows from its rows may differ as these do
            return
        for block, complete in self.history.complete.items():
            place, _, number = block.rpartition("=")
            if place == loop and complete.values != values:
                now = [*texts()][int(number) - 1 : int(number)]
                raise UsageError(_changed(loop, block, complete.text, shortened(now[0]) if now else None))

    def passes_over(self, block: str) -> int | None:
        """Return how many rows a complete block has, None of one that has to be measured.

        Raises:
            Refused: A check loop was left before its end.
        """
        self._look_whether_left(block)
        if self._check is not None and self.is_check(block):
            self._check.began = True
            return None
        complete = self.history.complete.get(block)
        if complete is None:
            return None
        self._passed.add(block)
        self._take_unvisited(block)
        return complete.rows

    def check_first(self, block: str, judge: Callable[[], None]) -> None:
        """Have a complete block measured again, though its rows count: the check loop of a run that is carried on.

        Args:
            block: Which.
            judge: Called when it has been measured; raises what ends the run.

        Raises:
            WriteFailed: The operating system does not take it.
        """
        # This line comes before the first row: where the check is cut, what counted before it goes on counting.
        self._events.write(CHECK, block=block, attempt=self._attempt)
        self._check = _Check(block, judge)

    def is_check(self, block: str) -> bool:
        """Whether a block is being measured as a check loop, or lies in one that is."""
        return self._check is not None and lies_within(block, self._check.block)

    def _look_whether_left(self, block: str) -> None:
        """Refuse to go on from a check loop that did not come to its end, as its block had.

        Raises:
            Refused: It did not.
            WriteFailed: The operating system does not take it.
        """
        if self._check is not None and self._check.began and not self.is_check(block):
            self._events.write(CHECKED, block=self._check.block, attempt=self._attempt, changed=True, why="left early")
            raise Refused(
                f"the sample is not what it was: {self._check.block}, measured again as a check loop, was left before "
                "its end, to which it had come before the run was cut; look at sample and leads (labctl run "
                "contact-check), or begin a new run"
            )

    def finish(self, block: str, rows: int, values: str, text: str) -> int:
        """Write down that a block is complete, so that no death can take it back.

        Returns:
            How many of its rows count: those that were measured now; of a check loop those of the block.

        Raises:
            WriteFailed: The operating system does not take it, or did not take one of the rows.
            Refused: It was a check loop, and the sample has changed; or one was left before its end.
        """
        self._look_whether_left(block)
        if self._check is not None and self.is_check(block):
            return self._finish_check(self._check, rows) if block == self._check.block else rows
        size = self._sync()
        self._abandon(self._take_unvisited(block))
        self._events.write(
            "block", block=block, attempt=self._attempt, rows=rows, size=size, values=values, value=shortened(text)
        )  # fmt: skip
        return rows

    def _finish_check(self, check: _Check, rows: int) -> int:
        """Have a check loop judged; then its block is passed over like others."""
        self._sync()
        check.judge()
        self._check, self._checks[self._attempt] = None, check.block
        return self.passes_over(check.block) or rows

    def close(self) -> None:
        """Write down that the whole run is complete: what it did not come to again does not count.

        Raises:
            WriteFailed: The operating system does not take it.
            Refused: A check loop was left before its end.
        """
        self._look_whether_left("")
        left, self._unvisited = self._unvisited, []
        self._abandon(left)

    def measured(self, block: str) -> None:
        """Take note that a block has a row of this attempt."""
        index = bisect_left(self._unvisited, block)
        if index < len(self._unvisited) and self._unvisited[index] == block:
            del self._unvisited[index]

    def visible(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Leave out rows that an attempt which was never cut would not have at this moment.

        Rows of earlier attempts are there when their block was passed over, and not before.
        """
        counting = latest_attempts(rows, self.history.abandoned, self._checks)
        passed = {block: self.was_passed(block) for block in set(counting[BLOCK].tolist())}
        pairs = zip(counting[BLOCK].tolist(), counting[ATTEMPT].tolist(), strict=True)
        return counting.loc[[passed[block] or attempt == self._attempt for block, attempt in pairs]]

    def counting(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Leave out rows that did not count when this attempt began."""
        counting = latest_attempts(rows, self.history.abandoned, self.history.checks)
        return counting.loc[[attempt != self._attempt for attempt in counting[ATTEMPT].tolist()]]

    def was_passed(self, block: str) -> bool:
        """Whether a block, or one that it lies in, was complete and passed over."""
        return any(place in self._passed for place in _places(block))

    def _take_unvisited(self, block: str) -> list[str]:
        """Take out a block, and what lies within it, of what the run has not come to again."""
        names = self._unvisited
        first = bisect_left(names, block + "/")
        last = bisect_left(names, block + "0")  # in the alphabet, "0" comes next to "/"
        found, names[first:last] = names[first:last], []
        own = bisect_left(names, block)
        if own < len(names) and names[own] == block:
            found.append(names.pop(own))
        return found

    def _abandon(self, blocks: list[str]) -> None:
        if blocks:
            given_up = {block: self.history.begun[block] for block in blocks}
            self._events.write("abandoned", attempt=self._attempt, blocks=given_up)


@dataclass(slots=True)
class _Check:
    """A check loop that is still to be measured, or is just being: of which block, and what comes of it."""

    block: str
    judge: Callable[[], None]
    began: bool = False


def _changed(loop: str, block: str, then: str, now: str | None) -> str:
    if now is None:
        what = f"{block} was measured with {then}, and the loop is shorter now"
    elif now != then:
        what = f"{block} was measured with {then}, which is now {now}"
    else:
        what = f"{block} has the same value, but others of the loop, or of a loop around it, have changed"
    return (
        f"the loop {loop!r} goes over other values than before the run was cut: {what}; take the values from the "
        "parameters, or with self.recorded() from blocks that are complete"
    )
