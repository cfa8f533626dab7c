"""From somebody else's table to the one that an analysis takes: its columns, in SI units."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from instruments.errors import BadValue, UsageError
from labctl.analysis.readings import FloatArray
from labctl.elsewhere.bounds import check_divisor, unusual
from labctl.elsewhere.cells import LARGEST_NUMBER
from labctl.elsewhere.columns import Source
from labctl.elsewhere.table import Table

if TYPE_CHECKING:
    import pandas as pd

FEWEST_ZEROS = 3
"""Rows of nothing but zeros that are no measurement; one or two may be."""
FEWEST = 10
"""Rows at one temperature that count as a measurement of its own."""
SAME_KELVIN, SAME_PART = 0.1, 0.003
"""Temperatures that differ by less than this, or by less than this part, are one."""
APART = 3.0
"""How many times further apart than each is wide the temperatures of a series lie; those of a drift do not."""
DRIFTS = 0.01
"""Part of the temperature by which a drift is worth saying."""
MOST_SHOWN = 10
"""Temperatures that a sentence lists."""
Rows: TypeAlias = np.ndarray[tuple[int], np.dtype[np.intp]]
_ROWS = re.compile(r"\s*(\d*)\s*:\s*(\d*)\s*")


def convert(table: Table, sources: Mapping[str, Source], rows: slice) -> tuple[pd.DataFrame, slice, list[str]]:
    """The columns of an analysis, the rows of the table that they have, and what was left out of them.

    Args:
        table: As read.
        sources: Where each entry comes from.
        rows: Those that count.

    Raises:
        UsageError: There are no rows, or loops at several temperatures, or divisors that nobody could have meant.
    """
    import pandas as pd

    count = len(range(*rows.indices(table.row_count())))
    if not count:
        raise UsageError(f"{table.path} has {table.row_count()} rows, none of them in the range of --rows")
    values = {name: _values(table, source, rows, count) for name, source in sources.items() if source.wanted.unit}
    notes = [*_beyond(table, rows), *_looked_at(table, sources, values)]
    columns: dict[str, object] = {}
    for name, source in sources.items():
        if name not in values:
            columns[source.wanted.column] = table.texts(source.column or 0)[rows]
            continue
        numbers = values[name]
        if source.divided_by is not None:
            with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
                numbers = numbers / values[source.divided_by]
        columns[source.wanted.column] = np.where(np.abs(numbers) < LARGEST_NUMBER, numbers, np.nan)
    frame = pd.DataFrame(columns)
    needed = [source.wanted.column for source in sources.values() if source.wanted.needed]
    begin, end = _without_padding(frame, needed)
    if end - begin < count:
        notes.append(f"{count - (end - begin)} rows of zeros at the ends were left out")
        frame = frame.iloc[begin:end].reset_index(drop=True)
        first = rows.indices(table.row_count())[0]
        rows = slice(first + begin, first + end)
    if "Temperature (K)" not in needed:  # who needs it knows what to do with several
        _refuse_temperatures(table, frame, rows, notes)
    _judge_time(frame, needed, notes)
    return frame, rows, notes


def _beyond(table: Table, rows: slice) -> list[str]:
    """Say of a range of rows that it ends behind the table: the last row may have been meant, or another file."""
    count, stop = table.row_count(), rows.stop
    if stop is None or stop <= count:
        return []
    return [f"--rows ends at {stop}, but {table.path} has {count} rows; {rows.start + 1} to {count} were taken"]


def _looked_at(table: Table, sources: Mapping[str, Source], values: Mapping[str, FloatArray]) -> list[str]:
    """What is unusual of the values, in sentences.

    Raises:
        BadValue: Others are divided by values that nobody could have meant.
    """
    divisors = dict.fromkeys(source.divided_by for source in sources.values() if source.divided_by is not None)
    notes = [check_divisor(sources[name].called(table), sources[name].wanted, values[name]) for name in divisors]
    notes += [unusual(source.wanted, values[name]) for name, source in sources.items() if name in values]
    return [note for note in notes if note is not None]


def _without_padding(frame: pd.DataFrame, needed: list[str]) -> tuple[int, int]:
    """First and last row (exclusive) but for the zeros with which a program filled its arrays before and after."""
    zero = np.all(frame[needed].to_numpy(dtype=np.float64) == 0, axis=1)
    measured = np.flatnonzero(~zero)
    if not len(measured):
        return 0, len(frame)
    first, last = int(measured[0]), int(measured[-1])
    begin = first if first >= FEWEST_ZEROS else 0
    return begin, last + 1 if len(frame) - 1 - last >= FEWEST_ZEROS else len(frame)


def _values(table: Table, source: Source, rows: slice, count: int) -> FloatArray:
    if source.column is None:
        return np.full(count, source.constant, dtype=np.float64)
    with np.errstate(over="ignore", under="ignore"):
        return np.asarray(table.numbers(source.column)[rows] * source.factor, dtype=np.float64)


def parse_rows(text: str | None) -> slice:
    """Read `--rows FIRST:LAST`, counted from 1, both included; either may be left out.

    Raises:
        BadValue: It is no such range.
    """
    if text is None:
        return slice(None)
    match = _ROWS.fullmatch(text)
    first, last = (int(match[1] or 1), int(match[2]) if match[2] else None) if match else (0, None)
    if match is None or first < 1 or (last is not None and last < first):
        raise BadValue(f"--rows {text!r} is no range of rows; write FIRST:LAST, e.g. 1:400")
    return slice(first - 1, last)


def _judge_time(frame: pd.DataFrame, needed: list[str], notes: list[str]) -> None:
    """Leave a time out that cannot be one: a reading without it would be lost, and nothing moves backwards in it."""
    if "Time (s)" not in frame.columns:
        return
    time = frame["Time (s)"].to_numpy(dtype=np.float64)
    known = time[np.all(np.isfinite(frame[needed].to_numpy(dtype=np.float64)), axis=1)]
    if not len(known) or not np.all(np.isfinite(known)):
        why = "is missing in some rows"
    elif np.any(np.diff(known) < 0):
        why = "runs backwards somewhere"
    elif float(np.ptp(known)) == 0:
        why = "does not change"
    else:
        frame["Time (s)"] = time - known[0]
        return
    notes.append(f"the time {why}; it was not used")
    del frame["Time (s)"]


def _refuse_temperatures(table: Table, frame: pd.DataFrame, rows: slice, notes: list[str]) -> None:
    """Refuse a file with several temperatures, with the rows of each; say it where the temperature drifts."""
    if "Temperature (K)" not in frame.columns:
        return
    temperature = frame["Temperature (K)"].to_numpy(dtype=np.float64)
    known = np.flatnonzero(np.isfinite(temperature))
    if not len(known):
        return
    steps = _steps(temperature, known)
    if len(steps) > 1:
        first = rows.indices(table.row_count())[0] + 1
        listed = [
            f"{first + begin}:{first + end} at {np.nanmedian(temperature[begin : end + 1]):.4g} K"
            for begin, end in steps
        ]
        shown = ", ".join(listed[:MOST_SHOWN])
        more = f" and {len(listed) - MOST_SHOWN} more" if len(listed) > MOST_SHOWN else ""
        raise UsageError(
            f"{table.path} holds rows at several temperatures, and one result for all of them would be wrong; "
            f"choose with --rows: {shown}{more}"
        )
    low, high = np.percentile(temperature[known], [2, 98])
    if high - low > max(SAME_KELVIN, DRIFTS * abs(high)):
        notes.append(f"the temperature was not the same in all rows: {low:.4g} to {high:.4g} K")


def _steps(temperature: FloatArray, known: Rows) -> list[tuple[int, int]]:
    """First and last row at each temperature, where it went in steps; one stretch where it stayed or drifted.

    A drift, too, leaves what it began with; but then neighbouring stretches lie no further apart than each is wide.
    """
    found: list[tuple[int, int]] = []
    for begin, end in _stretches(temperature, known):
        if end - begin + 1 < FEWEST:
            continue  # on the way
        if found:
            before, now = temperature[found[-1][0] : found[-1][1] + 1], temperature[begin : end + 1]
            apart = abs(float(np.nanmedian(now)) - float(np.nanmedian(before)))
            if apart < APART * max(_spread(before), _spread(now)) or apart <= _tolerance(float(np.nanmedian(before))):
                found[-1] = (found[-1][0], end)
                continue
        found.append((begin, end))
    return found


def _stretches(temperature: FloatArray, known: Rows) -> list[tuple[int, int]]:
    """First and last row of each stretch in which the temperature stays what it was when the stretch began."""
    found: list[tuple[int, int]] = []
    begin, level = int(known[0]), float(temperature[known[0]])
    last = begin
    for row in known.tolist():
        value = float(temperature[row])
        if abs(value - level) > _tolerance(level):
            found.append((begin, last))
            begin, level = row, value
        last = row
    return [*found, (begin, last)]


def _tolerance(level: float) -> float:
    return max(SAME_KELVIN, SAME_PART * abs(level))


def _spread(values: FloatArray) -> float:
    low, high = np.nanpercentile(values, [10, 90])
    return float(high - low)
