"""A run as NetCDF: every row, which of them count, units, what was asked and what was found.

The classic format of 1989 (with 64-bit offsets) is written: xarray, MATLAB, Origin, Igor and Julia read it, and so does
scipy alone. Numbers are 64-bit floats as they are on disk, to the last bit.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from instruments.errors import UsageError
from labctl.export.places import placeless
from labctl.loaded import RUN, Loaded
from labctl.notes import with_notes

if TYPE_CHECKING:
    from numpy.typing import NDArray

POINT, ROW, OF_SERIES = "point", "row", "run"
"""Dimensions: rows of data.csv, rows of the analysis' own table, runs of a series."""
AXES = ("Time (s)", "Temperature (K)", "Field (T)")
"""Columns that say where a point lies: xarray takes them for coordinates, with what a series goes over."""
SMALLEST, LARGEST = -(2**31), 2**31 - 1
"""Whole numbers of the classic format; larger ones are written as floats, and refused where that is not exact."""


class _File:
    """A NetCDF file that is being made.

    Args:
        attributes: Of the whole file.
    """

    def __init__(self, attributes: Mapping[str, Any]) -> None:
        from scipy.io import netcdf_file

        self._buffer = _Kept()
        self._file: Any = netcdf_file(self._buffer, "w", version=2)
        for name, value in attributes.items():
            _describe(self._file, name, value)

    def dimension(self, name: str, length: int) -> str:
        """Make a dimension, unless it is there; return its name."""
        if name not in self._file.dimensions:
            self._file.createDimension(name, length)
        return name

    def variable(self, name: str, values: Any, dimensions: Sequence[str] = (), **attributes: Any) -> str:
        """Add a variable; return the name that it got, which is another one where that is taken."""
        base, number = name, 1
        while name in self._file.variables or name in self._file.dimensions:
            number += 1
            name = f"{base}_{number}"
        array = _as_array(values)
        if array.dtype.kind == "S":
            dimensions = (*dimensions, self.dimension(f"letters_{array.shape[-1]}", array.shape[-1]))
            attributes["_Encoding"] = "utf-8"
        made = self._file.createVariable(name, array.dtype, tuple(dimensions))
        made.data[...] = array
        for key, value in attributes.items():
            _describe(made, key, value)
        return name

    def to_bytes(self) -> bytes:
        """Return the file's bytes."""
        self._file.close()
        return self._buffer.kept


class _Kept(io.BytesIO):
    """Bytes that are still there when scipy has closed what it wrote to."""

    kept = b""

    def close(self) -> None:
        """Keep what was written."""
        if not self.closed:
            self.kept = self.getvalue()
        super().close()


def _describe(thing: Any, name: str, value: Any) -> None:
    """Give a file or a variable an attribute; what is empty has none."""
    if isinstance(value, bool):
        value = np.int32(value)
    elif isinstance(value, int | float):
        value = np.float64(value)
    elif isinstance(value, str):
        value = value.encode()
    if value is not None and value != b"":
        setattr(thing, name, value)


def _as_array(values: Any) -> NDArray[Any]:
    """Return values as what the classic format has: 32-bit integers, 64-bit floats, or rows of bytes."""
    array = np.asarray(values)
    if array.dtype.kind == "b":
        return array.astype("i1")
    if array.dtype.kind in "iu":
        if not array.size or (array.min() >= SMALLEST and array.max() <= LARGEST):
            return array.astype("i4")
        floats = array.astype("f8")
        if any(int(number) != whole for number, whole in zip(floats.ravel(), array.ravel().tolist(), strict=True)):
            raise UsageError("a column holds whole numbers of more than 53 bits, which NetCDF cannot keep exactly")
        return floats
    if array.dtype.kind == "f":
        return array.astype("f8")
    words = [(b"" if word is None or word != word else str(word).encode()) for word in array.ravel().tolist()]  # noqa: PLR0124 - nan
    width = max(1, max(map(len, words), default=1))
    letters = np.frombuffer(b"".join(word.ljust(width, b"\0") for word in words), dtype="S1")
    return letters.reshape((*array.shape, width))


def netcdf(run: Loaded) -> bytes:
    """Return a run, or a series of runs, as the bytes of a NetCDF file.

    Variables are called as the columns without their units, in small letters: `hall_resistance` has the attributes
    `units` ("ohm") and `column` ("Hall resistance (ohm)"). `counts` says which rows count. A result is a variable
    `result_...` with `units`, `uncertainty`, `of` and, where it has no value, `why`; a number that is not known is nan.

    Raises:
        UsageError: There are no rows, or a whole number that is too large.
    """
    if not len(run.rows):
        raise UsageError(f"{run.directory.path} holds no row, so there is nothing to export")
    units, varied = run.units(), set(run.varied().values())
    # What was set is told from what was read: `temperature (K)` of a series from `Temperature (K)`.
    names = {
        str(column): ("set_" if str(column) in varied else "") + _name(_without_unit(str(column)))
        for column in run.rows.columns
    }
    where = [names[column] for column in (*AXES, *varied) if column in names]
    file = _File({**_attributes(run), "coordinates": " ".join([*where, "counts"])})
    file.dimension(POINT, len(run.rows))
    for column in run.rows.columns:
        title = str(column)
        known = {"units": units[title], "column": title, "long_name": _without_unit(title)}
        name = "run_of_point" if run.runs and title == RUN else names[title]
        file.variable(name, run.rows[column].to_numpy(), (POINT,), **known)
    meaning = "1: the row counts; 0: its block was measured again later"
    file.variable("counts", np.asarray(run.counts, dtype=bool), (POINT,), long_name=meaning)
    for name, result in run.results.items():
        _result(file, name, result)
    if run.table:
        _columns_of_results(file, "table", ROW, run.table)
    if run.runs:
        _series(file, run)
    asked = placeless(run.asked, run.directory.path)
    file.variable("run_json", json.dumps(asked, ensure_ascii=False), long_name="run.json: all that was asked")
    found = json.dumps({"results": run.results, "table": run.table}, ensure_ascii=False)
    file.variable("result_json", found, long_name="result.json: all that was found")
    return file.to_bytes()


def _attributes(run: Loaded) -> dict[str, Any]:
    asked = with_notes(run.asked, run.directory.path)
    said = {
        "title": run.name, "source": "labctl", "Conventions": "labctl-1", "run": run.name,
        "procedure": asked["procedure"]["name"], "sample": asked["sample"]["name"],
        "sample_title": asked["sample"].get("title", ""), "station": asked["station"]["name"],
        "status": run.status, "simulated": bool(asked.get("simulated")), "begun": asked.get("begun", ""),
        "user": asked.get("user", ""), "notes": asked.get("notes", ""), "tags": ", ".join(asked.get("tags", [])),
        "warnings": "; ".join(run.warnings),
    }  # fmt: skip
    texts = {f"parameter_{name}": entry["text"] for name, entry in asked["parameters"].items()}
    return placeless({**said, **texts}, run.directory.path)


def _result(file: _File, name: str, result: Mapping[str, Any]) -> None:
    value = result["value"]
    known = {key: entry for key, entry in result.items() if key not in {"value", "unit"}}
    if isinstance(value, bool):
        known["yes_or_no"] = "1 is yes, 0 is no"
    number = np.nan if value is None else np.float64(value)
    file.variable(f"result_{name}", number, units=result["unit"], long_name=name.replace("_", " "), **known)


def _series(file: _File, run: Loaded) -> None:
    """Add what is known of each run: its folder's name, how it ended, what was varied and what was found."""
    file.dimension(OF_SERIES, len(run.runs))
    file.variable("run_name", [entry["run"] for entry in run.runs], (OF_SERIES,))
    file.variable("run_status", [entry["status"] for entry in run.runs], (OF_SERIES,))
    units = {axis["name"]: axis["unit"] for axis in run.asked["over"]}
    for name, unit in units.items():
        values = [entry["parameters"][name] for entry in run.runs]
        numbers = all(isinstance(value["value"], int | float) for value in values)
        kept = [value["value" if numbers else "text"] for value in values]
        file.variable(f"run_{name}", kept, (OF_SERIES,), units=unit if numbers else "", parameter=name)
    _columns_of_results(file, "result", OF_SERIES, [entry["results"] for entry in run.runs])


def _columns_of_results(file: _File, prefix: str, dimension: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Add the results of several points or runs: of each name its values and, where it has any, its uncertainties."""
    file.dimension(dimension, len(rows))
    for name in dict.fromkeys(name for row in rows for name in row):
        there = [row.get(name, {}) for row in rows]
        unit = next(entry["unit"] for entry in there if entry)
        values, errors = (_numbers([entry.get(key) for entry in there]) for key in ("value", "uncertainty"))
        words = name.replace("_", " ")
        made = file.variable(f"{prefix}_{name}", values, (dimension,), units=unit, long_name=words)
        if not np.all(np.isnan(errors)):
            known = {"units": unit, "long_name": f"standard uncertainty of {words}"}
            file.variable(f"{made}_uncertainty", errors, (dimension,), **known)


def _numbers(values: Sequence[Any]) -> NDArray[np.float64]:
    return np.array([np.nan if value is None else float(value) for value in values], dtype=np.float64)


def _without_unit(column: str) -> str:
    return re.sub(r"\s*\([^()]*\)$", "", column) or column


def _name(words: str) -> str:
    """Return words as a name that every program takes: small letters, digits and underscores, a letter first."""
    name = re.sub(r"[^a-z0-9]+", "_", words.lower()).strip("_")
    return name if name[:1].isalpha() else f"column_{name}"
