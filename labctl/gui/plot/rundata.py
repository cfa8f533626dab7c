"""The columns of a run in the window: begun by the window or the desk, and growing as the run goes on."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np

from labctl.attempts import ATTEMPT, BLOCK, CHECK, CHECKED, abandoned_blocks, check_loops, counting
from labctl.gui.plot.envelope import BoolArray, FloatArray, RowArray
from labctl.gui.plot.growing import Growing, Numbers, Words, numbers_of
from labctl.gui.plot.lead_pairs import LEAD_PAIR, lead_pairs
from labctl.gui.plot.tail import Tail

DATA = "data.csv"
EVENTS = "events.jsonl"
_OF_ATTEMPTS = tuple(f'"{word}"' for word in ("abandoned", CHECK, CHECKED))
"""Lines of a run's events without one of these say nothing about which rows count."""


class _Pairs:
    """Blocks and attempts that occur, as a table with a row for each of them."""

    columns = (BLOCK, ATTEMPT)

    def __init__(self, pairs: Sequence[tuple[str, float]]) -> None:
        self._pairs = pairs

    def __len__(self) -> int:
        return len(self._pairs)

    def __getitem__(self, name: str) -> Any:
        column = self.columns.index(name)
        return np.array([pair[column] for pair in self._pairs], dtype=object)


class RunData:
    """Columns of one file of rows.

    Args:
        folder: The run's folder.
        file: Name of the file in it: `data.csv`, or `expected.csv` of a rehearsal.

    Attributes:
        columns: {name with unit: its numbers, or its words}, in the order of the file.
        rows: Rows read so far.
        revision: Goes up when rows changed that were there already: none of what was derived from them holds.
        problem: What is wrong with the file, in a sentence; "" if nothing is.
        fixed: Whether no file is behind it that could grow, as of a series.
    """

    def __init__(self, folder: Path, file: str = DATA, *, fixed: bool = False) -> None:
        self.folder = folder
        self.file = file
        self.fixed = fixed
        self._tail = Tail(folder / file)
        self._events = Tail(folder / EVENTS)
        self.columns: dict[str, Numbers | Words] = {}
        self.rows = 0
        self.revision = 0
        self.problem = ""
        self._begin()

    def _begin(self) -> None:
        self.columns = {}
        self._names: list[str] = []  # those of the file
        self.rows = 0
        self.problem = ""
        self._pair = Growing(np.int32)
        self._counted = Growing(np.bool_)
        self._pairs: list[tuple[str, float]] = []
        self._places: dict[tuple[str, float], int] = {}
        self._truth: list[bool] = []
        self._said: list[dict[str, Any]] = []

    @classmethod
    def from_desk(cls, folder: Path, answer: Mapping[str, Any]) -> RunData:
        """Take what `labctl.desk.columns` has loaded; the arrays are memory-mapped."""
        data = cls(folder, str(answer["file"]), fixed=bool(answer["fixed"]))
        for column in answer["columns"]:
            values = _mapped(column["path"])
            data.columns[column["name"]] = (
                Numbers(values) if column["labels"] is None else Words(values, list(column["labels"]))
            )
        data._names = list(data.columns)
        data.rows = int(answer["rows"])
        data._join_leads(0)
        data._tail.offset = int(answer["offset"])
        data._events.offset = int(answer["events_offset"])
        data._said = list(answer["events"])
        data._pairs = [(str(block), float(attempt)) for block, attempt in answer["pairs"]]
        data._places = {pair: place for place, pair in enumerate(data._pairs)}
        data._pair = Growing(np.int32, _mapped(answer["pair_path"]))
        data._truth = data._judged()
        data._recount()
        return data

    @property
    def names(self) -> list[str]:
        """Names of the columns."""
        return list(self.columns)

    @property
    def behind(self) -> bool:
        """Whether the file holds more than the last reading took."""
        return self._tail.behind

    def numeric(self) -> list[str]:
        """Names of the columns of numbers."""
        return [name for name, column in self.columns.items() if isinstance(column, Numbers)]

    def worded(self) -> list[str]:
        """Names of the columns of words."""
        return [name for name, column in self.columns.items() if isinstance(column, Words)]

    @property
    def all_count(self) -> bool:
        """Whether no block was measured again."""
        return all(self._truth)

    def counted(self) -> Growing:
        """Of each row whether it counts."""
        return self._counted

    def row(self, row: int) -> dict[str, float | str]:
        """All values of a row, {column: number or word}."""
        found: dict[str, float | str] = {}
        for name, column in self.columns.items():
            found[name] = column.word(row) if isinstance(column, Words) else float(column.between(row, row + 1)[0])
        return found

    def read_on(self) -> bool:
        """Read what came since, at most some 64 kB; return whether anything changed."""
        if self.fixed:
            return False
        lines = self._tail.lines()
        if lines is None:
            self._begin()
            self._events = Tail(self.folder / EVENTS)
            self.revision += 1
            self.read_on()
            return True
        told = self._read_events()
        if lines and not self.columns:
            lines = self._header(lines)
        if lines:
            self._take(lines)
        return bool(lines) or told

    def _header(self, lines: list[str]) -> list[str]:
        """Take the names of the columns; return the rows behind them."""
        first = next((place for place, line in enumerate(lines) if not line.startswith("#")), None)
        if first is None:
            return []
        # A column whose cells are empty so far is one of numbers until a word stands in it.
        self.columns = {name: Numbers() for name in lines[first].split(",")}
        self._names = list(self.columns)
        return lines[first + 1 :]

    def _take(self, lines: list[str]) -> None:
        width = len(self._names)
        cells = [line.split(",") for line in lines]
        for number, row in enumerate(cells):
            if len(row) != width:
                self.problem = (
                    f"{self.file}, row {self.rows + number + 1}: {len(row)} values where {width} columns are named; "
                    "the file is damaged there"
                )
                cells[number] = [""] * width
        for name, column in zip(self._names, zip(*cells, strict=True), strict=True):
            self._extend(name, list(column))
        start = self.rows
        self.rows += len(cells)
        self._join_leads(start)
        self._count(start)

    def _join_leads(self, start: int) -> None:
        """Say of new rows of a contact check which leads were read."""
        words = lead_pairs(self.columns, start, self.rows)
        if words is None:
            return
        column = self.columns.setdefault(LEAD_PAIR, Words(np.full(start, -1, dtype=np.int32)))
        assert isinstance(column, Words)
        column.extend_words(words)

    def _extend(self, name: str, cells: list[str]) -> None:
        column = self.columns[name]
        if isinstance(column, Words):
            column.extend_words(cells)
            return
        numbers = numbers_of(cells)
        if numbers is None and bool(np.all(np.isnan(column.all()))):
            words = Words(np.full(len(column), -1, dtype=np.int32))
            words.extend_words(cells)
            self.columns[name] = words
            return
        if numbers is None:
            self.problem = f"{self.file}: {name!r} is a column of numbers and holds a word; it is left out"
            numbers = np.array([_number(cell) for cell in cells])
        column.extend(numbers)

    def _read_events(self) -> bool:
        """Read which blocks were given up or measured as a check; return whether other rows count now."""
        lines = self._events.lines()
        if lines is None:
            self._said, lines = [], self._events.lines() or []
        said = [event for line in lines if any(word in line for word in _OF_ATTEMPTS) if (event := _event(line))]
        if not said:
            return False
        self._said += said
        before, self._truth = self._truth, self._judged()
        if before == self._truth:
            return False
        self._recount()
        self.revision += 1
        return True

    def _judged(self) -> list[bool]:
        """Of each pair of block and attempt whether its rows count, by the rule of `labctl.attempts`."""
        return counting(cast("Any", _Pairs(self._pairs)), abandoned_blocks(self._said), check_loops(self._said))

    def _recount(self) -> None:
        truth = np.array([*self._truth, True], dtype=np.bool_)  # pair -1: a row without block and attempt
        self._counted = Growing(np.bool_, truth[self._pair.all()])

    def _count(self, start: int) -> None:
        """Say of new rows whether they count; where they take the place of older ones, of all rows anew."""
        blocks, attempts = self.columns.get(BLOCK), self.columns.get(ATTEMPT)
        if not isinstance(blocks, Words) or not isinstance(attempts, Numbers):
            self._pair.extend(np.full(self.rows - start, -1, dtype=np.int32))
            self._counted.extend(np.ones(self.rows - start, dtype=np.bool_))
            return
        codes, numbers = blocks.between(start, self.rows), attempts.between(start, self.rows)
        labels = [*blocks.labels, "nan"]  # as pandas calls what is not there
        found = [(labels[code], number) for code, number in zip(codes.tolist(), numbers.tolist(), strict=True)]
        known = len(self._pairs)
        for pair in found:
            if pair[1] == pair[1] and pair not in self._places:
                self._places[pair] = len(self._pairs)
                self._pairs.append(pair)
        pairs = np.array([self._places.get(pair, -1) for pair in found], dtype=np.int32)
        self._pair.extend(pairs)
        if len(self._pairs) > known:
            before, self._truth = self._truth, self._judged()
            if before != self._truth[:known]:
                self._recount()
                self.revision += 1
                return
        truth = np.array([*self._truth, True], dtype=np.bool_)
        self._counted.extend(truth[pairs])


class Line:
    """Points of one column against another, as far as they count: what an `Envelope` draws.

    Args:
        data: The run.
        x: Column of the horizontal axis; "" for the number of the row.
        y: Column of the vertical axis.
        only: A column and one of its values: rows with another one are left out.
        log: Whether either axis is logarithmic: decimal logarithms are returned, and what has none is left out.
    """

    def __init__(
        self, data: RunData, x: str, y: str, only: tuple[str, str | float] | None = None,
        log: tuple[bool, bool] = (False, False),
    ) -> None:  # fmt: skip
        self.data, self.x, self.y, self.log = data, x, y, log
        self.only = only

    def __len__(self) -> int:
        return self.data.rows

    def between(self, start: int, stop: int) -> tuple[FloatArray, FloatArray]:
        """Numbers (x, y) of rows that follow each other."""
        x = self._values(self.x).between(start, stop) if self.x else np.arange(start, stop, dtype=np.float64)
        y = self._values(self.y).between(start, stop)
        hidden = None if self.data.all_count else ~self.data.counted().between(start, stop)
        return self._shown(x, y, hidden, lambda column: column.between(start, stop))

    def at(self, rows: RowArray) -> tuple[FloatArray, FloatArray]:
        """Numbers (x, y) of any rows."""
        x = self._values(self.x).at(rows) if self.x else rows.astype(np.float64)
        hidden = None if self.data.all_count else ~self.data.counted().at(rows)
        return self._shown(x, self._values(self.y).at(rows), hidden, lambda column: column.at(rows))

    def _values(self, name: str) -> Growing:
        return self.data.columns[name]

    def _shown(self, x: Any, y: Any, hidden: BoolArray | None, part: Any) -> tuple[FloatArray, FloatArray]:
        if any(self.log):
            with np.errstate(invalid="ignore", divide="ignore"):
                x = np.log10(np.where(x > 0, x, np.nan)) if self.log[0] else x
                y = np.log10(np.where(y > 0, y, np.nan)) if self.log[1] else y
        out: BoolArray = ~(np.isfinite(x) & np.isfinite(y))
        if hidden is not None:
            out |= hidden
        if self.only is not None:
            column, wanted = self.data.columns[self.only[0]], self.only[1]
            if isinstance(column, Words):
                wanted = column.labels.index(str(wanted)) if wanted in column.labels else -2
            out |= part(column) != wanted
        if not out.any():
            return x, y
        return np.where(out, np.nan, x), np.where(out, np.nan, y)


def _mapped(path: str) -> Any:
    values = np.load(path, mmap_mode="r", allow_pickle=False)
    return values.view(np.ndarray)  # a memory map's own class makes each slice slow


def _number(cell: str) -> float:
    try:
        return float(cell) if cell else np.nan
    except ValueError:
        return np.nan


def _event(line: str) -> dict[str, Any]:
    try:
        event = json.loads(line)
    except json.JSONDecodeError:
        return {}
    return event if isinstance(event, dict) else {}
