"""What a series found: the results of its runs, collected into result.json, series.csv and a figure."""

from __future__ import annotations

import contextlib
import csv
import importlib.metadata
import io
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from instruments.errors import BadValue, DataDamaged, WriteFailed
from instruments.units import format_quantity, si_unit
from labctl.analysis.combine import ENSEMBLE_OF
from labctl.analysis.result import HEALTH_UNITS, Result, Results
from labctl.procedure import Caption
from labctl.rundir import SCHEMA, RunDirectory, write_json

MOST_MAIN = 3
"""Results that are drawn when the experiment does not say which are its main ones."""
TABLE = "series.csv"


@dataclass(frozen=True, slots=True)
class Over:
    """A parameter that was varied: its name, its SI unit, and its values as text and in SI units."""

    name: str
    unit: str
    values: Sequence[Any]
    texts: Sequence[str]


@dataclass(frozen=True, slots=True)
class Point:
    """One run of a series.

    Attributes:
        run: Name of its folder.
        status: How it ended.
        parameters: {name: {value, text}} of what was varied.
        results: What its analysis found.
    """

    run: str
    status: str
    parameters: Mapping[str, Mapping[str, Any]]
    results: Results

    def as_dict(self) -> dict[str, Any]:
        """Plain types only."""
        return {
            "run": self.run,
            "status": self.status,
            "parameters": {name: dict(entry) for name, entry in self.parameters.items()},
            "results": self.results.as_dict(),
        }


@dataclass(frozen=True, slots=True)
class Series:
    """A series that lies in a folder.

    Attributes:
        name: Of its folder.
        procedure: Short name of the experiment.
        sample: Name of the sample.
        over: What was varied, outermost first.
        main: Names of the results by which it is drawn.
        points: Its runs, as far as there are any, in the order of measurement.
    """

    name: str
    procedure: str
    sample: str
    over: Sequence[Over]
    main: Sequence[str]
    points: Sequence[Point]


def only_single(values: Sequence[Any]) -> bool:
    """Tell whether each value of a parameter that takes lists is a list of one, which is as good as a number."""
    return all(isinstance(value, list | tuple) and len(cast("Sequence[Any]", value)) == 1 for value in values)


def value_text(over: Over, point: Point) -> str:
    """Write a parameter's value for people: `300 K`; a pymeasure procedure's in its own unit, as it is kept."""
    value, text = (point.parameters[over.name][key] for key in ("value", "text"))
    if only_single([value]):
        value = value[0]
    return format_quantity(value, over.unit) if isinstance(value, float) and is_si(over.unit) else str(text)


def is_si(unit: str) -> bool:
    """Tell whether a unit is an SI unit without prefix, so that one may be put before it."""
    try:
        return bool(unit) and si_unit(unit) == unit
    except BadValue:  # a unit that only pymeasure knows
        return False


def is_series(request: Mapping[str, Any]) -> bool:
    """Tell whether a run.json is that of a series."""
    return request.get("kind") == "series"


def child_directories(directory: RunDirectory) -> list[RunDirectory]:
    """Return the runs of a series that were begun, in the order of measurement.

    Raises:
        DataDamaged: run.json does not list them.
    """
    try:
        names = [str(entry["run"]) for entry in directory.request()["children"]]
    except (KeyError, TypeError) as error:
        raise DataDamaged(f"{directory.request_file} does not list the runs of its series: {error}") from error
    paths = [directory.path / Path(name).name for name in names]
    return [RunDirectory(path) for path in paths if (path / "run.json").is_file()]


def read_series(directory: RunDirectory) -> Series:
    """Collect the runs of a series from their folders.

    Raises:
        DataDamaged: A file is damaged.
        UsageError: Another labctl wrote it, in a form that this one does not know.
    """
    request = directory.request()
    begun = {child.path.name: child for child in child_directories(directory)}
    try:
        over = [Over(**entry) for entry in request["over"]]
        planned = [(str(entry["run"]), entry["parameters"]) for entry in request["children"]]
        points = [
            Point(name, begun[name].status(), parameters, Results.from_dict(begun[name].results()))
            for name, parameters in planned
            if name in begun
        ]
        main = _main_results(request.get("main_results", []), points)
        return Series(directory.path.name, request["procedure"]["name"], request["sample"]["name"], over, main, points)
    except (KeyError, TypeError, AttributeError) as error:
        raise DataDamaged(f"{directory.request_file} is damaged, or of another version of labctl: {error}") from error


def _main_results(declared: Sequence[str], points: Sequence[Point]) -> list[str]:
    """The names that the experiment calls its main results, or the first numbers with an uncertainty."""
    names = list(dict.fromkeys(name for point in points for name in point.results))
    if not declared:
        names = [name for name in names if name not in HEALTH_UNITS]
    numbers = [name for name in names if any(_is_number(point.results.get(name)) for point in points)]
    if declared:
        # One loop of a film that switches at once tells nothing of the ensemble; then this loop's own value is shown.
        shown = [name if name in numbers else ENSEMBLE_OF.get(name, name) for name in declared]
        return [name for name in shown if name in names]
    uncertain = [name for name in numbers if any(_uncertainty(point, name) is not None for point in points)]
    return (uncertain or numbers)[:MOST_MAIN]


def _is_number(result: Result | None) -> bool:
    return result is not None and isinstance(result.value, float)


def _uncertainty(point: Point, name: str) -> float | None:
    result = point.results.get(name)
    return None if result is None else result.uncertainty


def conclude_series(directory: RunDirectory, *, simulated: bool) -> Series:
    """Collect the results of a series' runs, and write result.json, series.csv and figure.png.

    Raises:
        WriteFailed: A file cannot be written.
        DataDamaged: A file of a run is damaged.
    """
    series = read_series(directory)
    analysis = {"by": __name__, "labctl": importlib.metadata.version("labctl")}
    children = [point.as_dict() for point in series.points]
    content = {"schema": SCHEMA, "analysis": analysis, "results": {}, "children": children}
    write_json(directory.result_file, content)
    _write_text(directory.path / TABLE, as_csv(series))
    draw_series(series, directory.figure_file, Caption(directory.path.name, simulated))
    return series


def draw_series(series: Series, target: Path, caption: Caption) -> bool:
    """Draw the main results against what was varied; return whether there was anything to draw.

    Raises:
        WriteFailed: The file cannot be written.
    """
    from labctl import figures, series_figure

    if not series.main or not series.points:
        return False
    figures.save(series_figure.main_results(series, caption), target)
    return True


def as_csv(series: Series) -> str:
    """Return the series as a table, one row a run, that pandas reads without options.

    Columns: run, status, each parameter, and of each result its value and its uncertainty; the unit stands behind the
    name. What is not known is empty; yes and no are True and False.
    """
    texts = io.StringIO()
    writer = csv.writer(texts, lineterminator="\n")
    names = _result_columns(series.points)
    writer.writerow(
        [
            "run",
            "status",
            *(_headed(over.name, over.unit) for over in series.over),
            *(title for name, unit, sure in names for title in _titles(name, unit, sure=sure)),
        ]
    )
    for point in series.points:
        values = [point.parameters[over.name]["value"] for over in series.over]
        writer.writerow([point.run, point.status, *map(_cell, values), *_result_cells(point, names)])
    return texts.getvalue()


def _headed(name: str, unit: str) -> str:
    return name if unit in {"", "1"} else f"{name} ({unit})"


def _titles(name: str, unit: str, *, sure: bool) -> list[str]:
    return [_headed(name, unit), *([] if sure else [_headed(f"{name} uncertainty", unit)])]


def _result_columns(points: Sequence[Point]) -> list[tuple[str, str, bool]]:
    """Name and unit of each result of any run, and whether none has an uncertainty."""
    found: dict[str, tuple[str, bool]] = {}
    for point in points:
        for name, result in point.results.items():
            unit, sure = found.get(name, (result.unit, True))
            found[name] = (unit, sure and result.uncertainty is None)
    return [(name, unit, sure) for name, (unit, sure) in found.items()]


def _result_cells(point: Point, names: Sequence[tuple[str, str, bool]]) -> Iterator[str]:
    for name, _, sure in names:
        result = point.results.get(name)
        yield _cell(None if result is None else result.value)
        if not sure:
            yield _cell(None if result is None else result.uncertainty)


def _cell(value: object) -> str:
    """Write a value exactly; a list is written with semicolons, as --over takes it."""
    if value is None:
        return ""
    if isinstance(value, list | tuple):
        return "; ".join(_cell(item) for item in cast("Sequence[object]", value))
    return repr(value) if isinstance(value, float) and math.isfinite(value) else str(value)


def _write_text(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        with contextlib.suppress(OSError):
            path.unlink()
        raise WriteFailed(f"cannot write {path}: {error.strerror}") from error
