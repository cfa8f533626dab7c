"""From the table of a field loop to plain arrays: which rows count, and where in field each reading was taken."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from instruments.errors import UsageError
from labctl.analysis.result import short_text
from labctl.attempts import latest_attempts

if TYPE_CHECKING:
    import pandas as pd

FloatArray: TypeAlias = NDArray[np.float64]
BoolArray: TypeAlias = NDArray[np.bool_]

FIELD = "Field (T)"
HALL = "Hall resistance (ohm)"
TIME = "Time (s)"
RANGE = "Range (V)"
CONVERSIONS = (1, 2, 3)
WEIGHTS = np.array([0.25, 0.5, 0.25])
MOSTLY = 0.2
"""Part of the readings; where more of them overflow, an open lead is likelier than a range that is a bit small."""
"""Weights of the three conversions + - + in one reading: (V1 - 2 V2 + V3) / 4 I cancels an offset that drifts."""

_TRUE_WORDS = {"true", "1", "1.0", "yes", "on"}


@dataclass(frozen=True, slots=True)
class Readings:
    """Rows of a loop in the order in which they were measured; all arrays have one entry a row.

    Attributes:
        field: T, reported field at the mid-time of the reading.
        hall: ohm.
        time: s, or the row's number when the table has no time.
        timed: Whether `time` is a time.
        rate: T/s, change of the field while the reading was taken; None without field read-backs.
        offsets: s, (rows, 3): middle of each conversion's aperture from the mid-time; None without stamps.
        apertures: s, (rows, 3): length of each aperture; None without stamps.
        branch: "down" or "up" for each row as recorded; None when the table does not say.
        loop: Number of the loop of each row; None when the table does not say.
        left_out: Which rows were left out and why, in a sentence; None when none.
        slack: s, how far from its stamp, either way, the field may have been read; None without stamps.
    """

    field: FloatArray
    hall: FloatArray
    time: FloatArray
    timed: bool
    rate: FloatArray | None
    offsets: FloatArray | None
    apertures: FloatArray | None
    branch: NDArray[np.str_] | None
    loop: FloatArray | None
    left_out: str | None
    slack: FloatArray | None = None

    def select(self, rows: NDArray[np.intp]) -> Readings:
        """The given rows, in the given order."""
        return Readings(
            self.field[rows],
            self.hall[rows],
            self.time[rows],
            self.timed,
            None if self.rate is None else self.rate[rows],
            None if self.offsets is None else self.offsets[rows],
            None if self.apertures is None else self.apertures[rows],
            None if self.branch is None else self.branch[rows],
            None if self.loop is None else self.loop[rows],
            self.left_out,
            None if self.slack is None else self.slack[rows],
        )


def read_table(data: pd.DataFrame) -> Readings:
    """Arrays of a table with at least a Hall resistance and a field, or the stamps to interpolate one.

    Raises:
        UsageError: a column is missing or holds no numbers.
    """
    if HALL not in data.columns:
        raise UsageError(f"The table has no column {HALL!r}; it has {_names(data)}: name the column that holds it.")
    data = latest_attempts(data)
    hall, stamps = numbers(data, HALL), _stamps(data)
    middle = None if stamps is None else (stamps[0] + stamps[1]) / 2
    mid_time = None if middle is None else middle @ WEIGHTS
    field = numbers(data, FIELD) if FIELD in data.columns else _interpolated_field(data, mid_time)
    time = mid_time if mid_time is not None else numbers(data, TIME) if TIME in data.columns else None
    timed = time is not None and bool(np.any(np.isfinite(time)))
    if time is None or not timed:
        time = np.arange(len(hall), dtype=np.float64)
    good = np.isfinite(field) & np.isfinite(hall) & np.isfinite(time) & ~_flagged(data)
    strange = _strange(field, hall, good)
    everything = Readings(
        field,
        hall,
        time,
        timed,
        _reading_rate(data),
        None if middle is None or mid_time is None else middle - mid_time[:, None],
        None if stamps is None else stamps[1] - stamps[0],
        _branch_words(data),
        numbers(data, "Loop") if "Loop" in data.columns else None,
        _left_out(data, good, int(np.sum(strange))),
        None if stamps is None else _slack(data, *stamps),
    )
    return everything.select(np.flatnonzero(good & ~strange))


def numbers(data: pd.DataFrame, column: str) -> FloatArray:
    """A column as floats; what is empty becomes nan.

    Raises:
        UsageError: the column holds something that is no number.
    """
    try:
        return np.asarray(data[column].to_numpy(dtype=np.float64, na_value=np.nan), dtype=np.float64)
    except (ValueError, TypeError) as error:
        raise UsageError(f"Column {column!r} holds something that is no number ({error}): mend the table.") from error


def _names(data: pd.DataFrame) -> str:
    return ", ".join(repr(str(name)) for name in data.columns) or "no columns"


def _has(data: pd.DataFrame, *columns: str) -> bool:
    return all(column in data.columns for column in columns)


def _stamps(data: pd.DataFrame) -> tuple[FloatArray, FloatArray] | None:
    """Start and end of the apertures, each (rows, 3) in s; None when the table has none or one has a hole."""
    if not all(_has(data, f"Start {i} (s)", f"End {i} (s)") for i in CONVERSIONS):
        return None
    start = np.stack([numbers(data, f"Start {i} (s)") for i in CONVERSIONS], axis=1)
    end = np.stack([numbers(data, f"End {i} (s)") for i in CONVERSIONS], axis=1)
    return (start, end) if np.all(np.isfinite(start)) and np.all(np.isfinite(end)) else None


_READ_BACKS = ("Field before (T)", "Field before stamp (s)", "Field after (T)", "Field after stamp (s)")


def _interpolated_field(data: pd.DataFrame, mid_time: FloatArray | None) -> FloatArray:
    """Field at the mid-time of each reading from the read-backs before and after it.

    Without this a read-back's delay shifts the branches apart by rate times delay, which looks like coercivity.
    """
    if mid_time is None or not _has(data, *_READ_BACKS):
        raise UsageError(
            f"The table has no column {FIELD!r} and no stamps to interpolate it from; it has {_names(data)}: "
            "name the column that holds the field."
        )
    before, before_at, after, after_at = (numbers(data, column) for column in _READ_BACKS)
    with np.errstate(divide="ignore", invalid="ignore"):
        fraction = np.where(after_at == before_at, 0.0, (mid_time - before_at) / (after_at - before_at))
    return before + fraction * (after - before)


def _slack(data: pd.DataFrame, start: FloatArray, end: FloatArray) -> FloatArray | None:
    """How far from its stamp, either way, a field may have been read, s.

    A stamp is the middle of a query, and at which moment of it the cryostat looked at its field nobody says. Queries
    lie between the apertures, so that the distance to the nearest aperture is half a query, or more.
    """
    if not _has(data, *_READ_BACKS):
        return None
    before, after = numbers(data, _READ_BACKS[1]), numbers(data, _READ_BACKS[3])
    return np.maximum(np.fmin(start[:, 0] - before, after - end[:, -1]), 0.0)


def _reading_rate(data: pd.DataFrame) -> FloatArray | None:
    if not _has(data, *_READ_BACKS):
        return None
    before, before_at, after, after_at = (numbers(data, column) for column in _READ_BACKS)
    with np.errstate(divide="ignore", invalid="ignore"):
        rate = (after - before) / (after_at - before_at)
    return np.where(np.isfinite(rate), rate, np.nan)


def _flagged(data: pd.DataFrame) -> BoolArray:
    """Rows whose reading overflowed or whose source did not drive what it was set to: their numbers mean nothing."""
    return _marked(data, "Overflow") | _marked(data, "Compliance")


def _marked(data: pd.DataFrame, column: str) -> BoolArray:
    """Rows that say yes in a column; none where there is no such column."""
    if column not in data.columns:
        return np.zeros(len(data), dtype=np.bool_)
    return np.array([str(entry).strip().lower() in _TRUE_WORDS for entry in data[column].tolist()], dtype=np.bool_)


def _strange(field: FloatArray, hall: FloatArray, good: BoolArray) -> BoolArray:
    """Rows whose reading or whose field has nothing to do with that of their neighbours."""
    from labctl.analysis.spikes import wild  # it needs the types of this module

    strange = np.zeros(len(good), dtype=np.bool_)
    for values in (field, hall):
        rows = np.flatnonzero(good & ~strange)
        strange[rows[wild(values[rows])]] = True
    return strange


def _left_out(data: pd.DataFrame, good: BoolArray, strange: int) -> str | None:
    """How many rows do not count, and what to do against it where the meter's range was too small."""
    overflowed = ~good & _marked(data, "Overflow")
    many, others = int(np.sum(overflowed)), int(np.sum(~good & ~overflowed))
    said: list[str] = []
    if many:
        ranges = numbers(data, RANGE)[overflowed] if RANGE in data.columns else np.array([np.nan])
        known = ranges[np.isfinite(ranges)]
        name = f"the {short_text(float(np.max(known)), 'V')} range" if len(known) else "the meter's range"
        count = f"all {many}" if many == len(good) else f"{many} of {len(good)}"
        which = "" if many == len(good) else " and were left out"
        said.append(f"{count} readings overflowed {name}{which}; {_remedy(many / len(good))}")
    if others:
        said.append(f"{others} rows without a valid reading left out")
    if strange:
        wild = "1 wild reading, far from all its" if strange == 1 else f"{strange} wild readings, far from all their"
        said.append(f"{wild} neighbours, left out")
    return "; ".join(said) or None


def _remedy(part: float) -> str:
    """What to do where this part of all readings overflowed: an open lead floats, and no range is large enough then."""
    if part > MOSTLY:
        return (
            "one of the two leads at the voltmeter's channel 1 may be open: run contact-check; if both conduct, "
            "give a larger probe_range"
        )
    return "give a larger probe_range"


def _branch_words(data: pd.DataFrame) -> NDArray[np.str_] | None:
    """Branches as recorded, only if every row says "down" or "up"; anything else is found from the field itself."""
    if "Branch" not in data.columns:
        return None
    words = np.array([str(entry).strip().lower() for entry in data["Branch"].tolist()], dtype=np.str_)
    return words if len(words) and set(words.tolist()) <= {"down", "up"} else None
