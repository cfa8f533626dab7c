"""A series as a map: what was varied along both axes and a result as the colour, or a column over another one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from instruments.errors import UsageError
from labctl.loaded import Loaded, load_folder
from labctl.plain_figure import unit_of
from labctl.series_results import is_series

CELLS = 160
"""Cells along an axis that is a column, at most, and along both axes where the points are on no grid."""
FEWEST, IN_CELL = 8, 2
"""Cells along a column at least, and rows that a cell has on average at least: with fewer, some would be empty."""
SHARED = 1.5
"""Times as many values as a run has rows there may be where the runs share them."""
MOST_LOST = 0.7
"""Part of a grid that may be empty before its points count as scattered."""


def series_map(run: str, folder: str, x: str, y: str, z: str, branch: str = "") -> dict[str, Any]:
    """Return a map of a series.

    Args:
        run: The series' folder.
        folder: Where the arrays are written.
        x: What runs to the right: a varied parameter, or a column of the rows.
        y: What runs up: a varied parameter.
        z: The colour: a result, or a column of the rows.
        branch: Only rows of this branch, where a column is the colour.

    Returns:
        `x`, `y`, `z`: {name, unit}; `x_path`, `y_path`: edges of the cells, one more than cells; `z_path`: the cells,
        [y, x], nan where nothing is known; `x_at`, `y_at`: of what the cells are;
        `scattered`: whether a cell shows the nearest of points that are on no grid.

    Raises:
        UsageError: It is no series, or one of the names is none of it.
        UnknownName: There is no run.
        DataDamaged: A file of it is damaged.
    """
    loaded = load_folder(Path(run))
    if not is_series(loaded.asked):
        raise UsageError(f"{loaded.name} is no series, so there is no map of it: measure one with --over")
    axes = loaded.varied()
    if y not in axes:
        raise UsageError(f"{y!r} was not varied in {loaded.name}: the vertical axis is one of {', '.join(axes)}")
    points, units = _of_results(loaded, x, y, z) if x in axes else _of_rows(loaded, x, y, z, branch)
    if not len(points):
        raise UsageError(f"no run of {loaded.name} gives {z!r}, so there is nothing to draw")
    cells = _cells(points, column=x not in axes)
    Path(folder).mkdir(parents=True, exist_ok=True)
    named = {key: {"name": name, "unit": unit} for key, name, unit in zip("xyz", (x, y, z), units, strict=True)}
    paths = {f"{key}_path": str(Path(folder) / f"map-{key}.npy") for key in "xyz"}
    for path, values in zip(paths.values(), (cells.x, cells.y, cells.z), strict=True):
        np.save(path, values, allow_pickle=False)
    at = {"x_at": cells.x_at.tolist(), "y_at": cells.y_at.tolist()}
    return {**named, **paths, **at, "scattered": cells.scattered}


def map_choices(run: str) -> dict[str, Any]:
    """Return what a map of a series can have as axes and as colour, and in which order one would look at it.

    Returns:
        `axes`: what was varied; `columns`: of the rows; `results`: with a number in any run, main ones first;
        `branches`: words of the column `Branch`; `units`: of what was varied and of results, by name.

    Raises:
        UsageError: It is no series.
        UnknownName: There is no run.
        DataDamaged: A file of it is damaged.
    """
    loaded = load_folder(Path(run))
    if not is_series(loaded.asked):
        raise UsageError(f"{loaded.name} is no series, so there is no map of it: measure one with --over")
    axes = loaded.varied()
    numeric = [str(name) for name in loaded.rows.columns if _is_numbers(loaded, str(name))]
    main = [str(name) for name in loaded.asked.get("main_results", [])]
    results = [
        name for entry in loaded.runs for name, result in entry["results"].items() if _number(result) is not None
    ]
    branches = [str(word) for word in loaded.rows["Branch"].unique()] if "Branch" in loaded.rows.columns else []
    return {
        "axes": list(axes),
        "columns": [name for name in numeric if name not in axes.values()],
        "results": list(dict.fromkeys([*(name for name in main if name in results), *results])),
        "units": {**_units(loaded), **_units_of_results(loaded)},
        "branches": [word for word in branches if word not in {"-", "nan"}],
    }


def _is_numbers(loaded: Loaded, name: str) -> bool:
    return bool(loaded.rows[name].dtype.kind in "fiu")


def _number(result: Mapping[str, Any] | None) -> float | None:
    value = None if result is None else result.get("value")
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _units(loaded: Loaded) -> dict[str, str]:
    return {str(axis["name"]): str(axis["unit"]) for axis in loaded.asked["over"]}


def _units_of_results(loaded: Loaded) -> dict[str, str]:
    found = {str(name): str(result["unit"]) for entry in loaded.runs for name, result in entry["results"].items()}
    return {name: "" if unit == "1" else unit for name, unit in found.items()}


def _varied_value(entry: Mapping[str, Any], name: str) -> float:
    value = entry["parameters"][name]["value"]
    if isinstance(value, list) and len(cast("list[Any]", value)) == 1:
        value = cast("list[Any]", value)[0]
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise UsageError(f"{name} was varied over {value!r}, which is no number, so it cannot be the axis of a map")
    return float(value)


def _of_results(loaded: Loaded, x: str, y: str, z: str) -> tuple[NDArray[np.float64], Sequence[str]]:
    """Return a point (x, y, z) of each run that gives the result."""
    if x == y:
        raise UsageError(f"both axes of the map are {x!r}: choose another one for x")
    found: list[tuple[float, float, float]] = []
    units, unit = _units(loaded), ""
    for entry in loaded.runs:
        value = _number(entry["results"].get(z))
        if value is not None:
            found.append((_varied_value(entry, x), _varied_value(entry, y), value))
            unit = str(entry["results"][z]["unit"])
    return np.array(found).reshape(-1, 3), (units[x], units[y], "" if unit == "1" else unit)


def _of_rows(loaded: Loaded, x: str, y: str, z: str, branch: str) -> tuple[NDArray[np.float64], Sequence[str]]:
    """Return a point (x, y, z) of each row that counts."""
    rows = loaded.counting()
    for name in (x, z):
        if name not in rows.columns:
            raise UsageError(f"{loaded.name} has no column {name!r}; it has {', '.join(map(str, rows.columns))}")
    if branch:
        rows = rows.loc[rows["Branch"].astype(str) == branch]
    table = rows[[x, loaded.varied()[y], z]].to_numpy(dtype=np.float64)
    return table[np.isfinite(table).all(axis=1)], (unit_of(x), _units(loaded)[y], unit_of(z))


@dataclass(frozen=True, slots=True)
class _Cells:
    """Edges of cells along x and y, of what they are there, the means in them, and whether the points are scattered."""

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    x_at: NDArray[np.float64]
    y_at: NDArray[np.float64]
    z: NDArray[np.float64]
    scattered: bool = False


def _cells(points: NDArray[np.float64], *, column: bool) -> _Cells:
    """Sort points (x, y, z) into cells.

    Args:
        points: One a row.
        column: Whether x is a column of the rows, whose values lie anywhere.
    """
    along = np.unique(points[:, 0])
    up = np.unique(points[:, 1])
    each = len(points) / max(1, len(up))
    if column and len(along) > min(CELLS, SHARED * each):  # of set points, the values of one run are those of all
        fine = int(np.clip(each / IN_CELL, FEWEST, CELLS))
        edges_x = np.linspace(along[0], along[-1], fine + 1)
        along = (edges_x[1:] + edges_x[:-1]) / 2
    else:
        edges_x = _edges(along)
    edges_y = _edges(up)
    filled = column or len(np.unique(points[:, :2], axis=0)) / (len(along) * len(up))
    if len(points) > 3 and filled < 1 - MOST_LOST:
        return _nearest(points)
    at_x = np.clip(np.searchsorted(edges_x, points[:, 0], side="right") - 1, 0, len(edges_x) - 2)
    at_y = np.clip(np.searchsorted(edges_y, points[:, 1], side="right") - 1, 0, len(edges_y) - 2)
    flat, size = at_y * (len(edges_x) - 1) + at_x, (len(edges_x) - 1) * (len(edges_y) - 1)
    count = np.bincount(flat, minlength=size)
    total = np.bincount(flat, weights=points[:, 2], minlength=size)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(count > 0, total / count, np.nan)
    return _Cells(edges_x, edges_y, along, up, mean.reshape(len(edges_y) - 1, len(edges_x) - 1))


def _edges(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return edges half-way between values, and as far beyond the outermost ones."""
    if len(values) == 1:
        half = abs(values[0]) / 2 or 0.5
        return np.array([values[0] - half, values[0] + half])
    middle = (values[1:] + values[:-1]) / 2
    return np.concatenate([[2 * values[0] - middle[0]], middle, [2 * values[-1] - middle[-1]]])


def _nearest(points: NDArray[np.float64]) -> _Cells:
    """Return a fine grid on which each cell has the value of the nearest point, both axes taken as equally long."""
    low, high = points[:, :2].min(axis=0), points[:, :2].max(axis=0)
    edges_x, edges_y = (np.linspace(low[axis], high[axis], CELLS + 1) for axis in (0, 1))
    places = (points[:, :2] - low) / (high - low)
    middle = (np.arange(CELLS) + 0.5) / CELLS
    cells = np.empty((CELLS, CELLS))
    for row, height in enumerate(middle):
        away = (middle[:, None] - places[None, :, 0]) ** 2 + (height - places[:, 1]) ** 2
        cells[row] = points[np.argmin(away, axis=1), 2]
    at_x, at_y = ((edges[1:] + edges[:-1]) / 2 for edges in (edges_x, edges_y))
    return _Cells(edges_x, edges_y, at_x, at_y, cells, scattered=True)
