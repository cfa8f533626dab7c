"""The columns of a run as files of numbers, which a window maps into its memory instead of reading text."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from instruments.errors import DataDamaged, UsageError
from labctl.attempts import ATTEMPT, BLOCK, CHECK, CHECKED
from labctl.number_texts import is_number
from labctl.plain_figure import unit_of
from labctl.rundir import RunDirectory, read_rows
from labctl.series_results import is_series

if TYPE_CHECKING:
    import pandas as pd

DATA = "data.csv"


def columns(run: str, folder: str, file: str | None = None) -> dict[str, Any]:
    """Load the rows of a run, and write each column as an array.

    Rows of blocks that were measured again are among them, since a run that is on may still say which ones count. The
    runs of a series are stacked with what was varied as columns: of them the rows that do not count are left out, and
    an empty row stands between two runs, so that no line joins them.

    Args:
        run: The run's folder, or that of a series.
        folder: Where the arrays are written, as `.npy`; it is made where it is not there.
        file: Which rows: `data.csv`, or `expected.csv` of a rehearsal.

    Returns:
        `file`; `fixed`: whether nothing can be read on; `rows`; `offset`: bytes that were read, up to the end of the
        last whole row; `columns`: a list of {name, unit, dtype, path, labels}, where words are places in `labels`, and
        -1 where there is none; `pair_path`: of each row its place in `pairs`, a list of [block, attempt], or -1;
        `events`: those which say what counts, read up to byte `events_offset`.

    Raises:
        UnknownName: There is no run.
        DataDamaged: The file is damaged other than in its last row.
        UsageError: Another labctl wrote it, or the folder cannot be written.
    """
    directory = RunDirectory.open(Path(run))
    name = file or DATA
    if is_series(directory.request()) and name == DATA:
        from labctl.loaded import RUN, load_folder

        return written(parted(load_folder(directory.path).counting(), RUN), Path(folder), name)
    events, events_offset = _events(directory)
    frame, offset = read_frame(directory.path / name)
    pairs, places = _pairs(frame)
    answer = written(frame, Path(folder), name, places)
    return {
        **answer, "fixed": False, "offset": offset, "pairs": pairs, "events": events, "events_offset": events_offset,
    }  # fmt: skip


def written(
    frame: pd.DataFrame, folder: Path, file: str = "", pair: NDArray[np.int32] | None = None
) -> dict[str, Any]:  # fmt: skip
    """Write a table column by column; see `columns`.

    Raises:
        UsageError: The folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        listed = [
            _column(folder, number, str(name), cast("Any", frame[name])) for number, name in enumerate(frame.columns)
        ]
        pair = np.full(len(frame), -1, dtype=np.int32) if pair is None else pair
        pair_path = _saved(folder / "pair.npy", pair)
    except OSError as error:
        raise UsageError(f"cannot write the columns of a run to {folder}: {error.strerror}") from error
    return {
        "file": file, "fixed": True, "rows": len(frame), "offset": 0, "columns": listed, "pair_path": pair_path,
        "pairs": [], "events": [], "events_offset": 0,
    }  # fmt: skip


def parted(frame: pd.DataFrame, column: str) -> pd.DataFrame:
    """Put an empty row wherever a column's value is another one than in the row before."""
    if not len(frame):
        return frame
    values = frame[column].to_numpy()
    places = np.arange(len(frame)) + np.concatenate([[0], np.cumsum(values[1:] != values[:-1])])
    return frame.set_axis(places, axis=0).reindex(range(int(places[-1]) + 1))


def read_frame(path: Path) -> tuple[pd.DataFrame, int]:
    """Read the whole rows of a data file, and how many bytes they are; a torn last row is not one of them.

    Raises:
        DataDamaged: The file cannot be read, has no names of columns, or a row other than the last is damaged.
    """
    import pandas as pd

    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataDamaged(f"cannot read {path}: {error.strerror}") from error
    whole = content[: content.rfind(b"\n") + 1]
    start = _start_of_names(path, whole)
    names = whole[start : whole.index(b"\n", start)].count(b",") + 1
    rows = whole.count(b"\n", start)
    if whole.count(b",", start) != rows * (names - 1):
        read_rows(path)  # says which line it is
        raise DataDamaged(f"{path}: some rows have not {names} values; the file is damaged there")
    frame = pd.read_csv(
        io.BytesIO(whole[start:]), keep_default_na=False, na_values=["", "nan"],
        skip_blank_lines=False,
    )  # fmt: skip
    return frame, len(whole)


def _start_of_names(path: Path, whole: bytes) -> int:
    """Return where the line with the names of the columns begins."""
    at = 3 if whole.startswith(b"\xef\xbb\xbf") else 0
    while whole[at : at + 1] == b"#":
        at = whole.index(b"\n", at) + 1
    if at >= len(whole):
        raise DataDamaged(f"{path} ends before the names of its columns, so there is nothing to read")
    return at


def _column(folder: Path, number: int, name: str, values: Any) -> dict[str, Any]:
    import pandas as pd

    labels: list[str] | None = None
    if pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values):
        array: NDArray[Any] = values.to_numpy(dtype=np.float64)
    else:
        codes, found = pd.factorize(values)
        array, labels = codes.astype(np.int32), [str(label) for label in found]
        _refuse_numbers(name, codes, labels)
    path = _saved(folder / f"{number}.npy", array)
    return {"name": name, "unit": unit_of(name), "dtype": str(array.dtype), "path": path, "labels": labels}


def _refuse_numbers(name: str, codes: NDArray[Any], labels: Sequence[str]) -> None:
    """A column that is nearly all numbers and holds a word was damaged.

    Raises:
        DataDamaged: It is so.
    """
    words = np.array([not is_number(label) for label in labels], dtype=bool)
    there = codes[codes >= 0]
    if words.any() and np.count_nonzero(words[there]) < len(there) / 2:
        word = labels[int(np.flatnonzero(words)[0])]
        row = int(np.flatnonzero(codes == labels.index(word))[0])
        raise DataDamaged(f"row {row + 1}: {name!r} is {word!r}, which is no number; the file is damaged there")


def _saved(path: Path, array: NDArray[Any]) -> str:
    np.save(path, array, allow_pickle=False)
    return str(path)


def _pairs(frame: pd.DataFrame) -> tuple[list[list[Any]], NDArray[np.int32]]:
    """Return which blocks and attempts there are, and of each row its place among them."""
    import pandas as pd

    if BLOCK not in frame.columns or ATTEMPT not in frame.columns:
        return [], np.full(len(frame), -1, dtype=np.int32)
    blocks, labels = pd.factorize(frame[BLOCK].astype(str))
    attempts = np.asarray(pd.to_numeric(cast("Any", frame[ATTEMPT]), errors="coerce"), dtype=np.float64)
    numbers, kinds = pd.factorize(attempts)
    joined = blocks.astype(np.int64) * (len(kinds) + 1) + numbers
    joined[numbers < 0] = -1
    places, found = pd.factorize(np.where(joined < 0, np.nan, joined))
    pairs = [[str(labels[int(one) // (len(kinds) + 1)]), float(kinds[int(one) % (len(kinds) + 1)])] for one in found]
    return pairs, places.astype(np.int32)


def _events(directory: RunDirectory) -> tuple[list[dict[str, Any]], int]:
    """Return the events which say what counts, and how many bytes of the file were read."""
    if not directory.events_file.exists():
        return [], 0
    size = directory.events_file.stat().st_size
    told = [event for event in directory.events() if event.get("event") in {"abandoned", CHECK, CHECKED}]
    # What was written meanwhile is read again by the window; the same event twice says the same.
    return told, size if directory.events_file.read_bytes()[:size].endswith(b"\n") else 0
