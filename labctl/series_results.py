"""What a series found: the results of its runs, collected into result.json, series.csv and a figure."""

from __future__ import annotations

import contextlib
import csv
import importlib.metadata
import io
import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from instruments.errors import BadValue, DataDamaged, WriteFailed
from instruments.units import SPOKEN, format_quantity, in_unit, si_unit
from labctl.analysis.combine import ENSEMBLE_OF
from labctl.analysis.result import HEALTH_UNITS, Result, Results, prefix_for
from labctl.frame import Caption
from labctl.rundir import SCHEMA, RunDirectory, write_json

MOST_MAIN = 3
"""Results that are drawn when the experiment does not say which are its main ones."""
TABLE = "series.csv"
FEW = 3
"""Numbers of a list that are written out."""


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
        beside: Names of those that its table has beside these.
        points: Its runs, as far as there are any, in the order of measurement.
    """

    name: str
    procedure: str
    sample: str
    over: Sequence[Over]
    main: Sequence[str]
    points: Sequence[Point]
    beside: Sequence[str] = ()


def only_single(values: Sequence[Any]) -> bool:
    """Tell whether each value of a parameter that takes lists is a list of one, which is as good as a number."""
    return all(isinstance(value, list | tuple) and len(cast("Sequence[Any]", value)) == 1 for value in values)


def value_text(over: Over, point: Point) -> str:
    """Write a parameter's value for people; see `value_words`."""
    value, text = (point.parameters[over.name][key] for key in ("value", "text"))
    return value_words(value, over.unit, str(text))


def value_words(value: Any, unit: str, text: str) -> str:
    """Write a value for people: `300 K`, `8, 12 mA`, `8 to 30 mA (6 values)`.

    Args:
        value: In SI units, or a list of such.
        unit: Its SI unit.
        text: What is written of others: of words, and of a pymeasure procedure's value, which has a unit of its own.
    """
    listed = list(cast("Sequence[Any]", value)) if isinstance(value, list | tuple) else [value]
    if not listed or not is_si(unit) or not all(isinstance(item, float) for item in listed):
        return text
    if len(listed) == 1:
        return format_quantity(listed[0], unit, shown=SPOKEN.get(unit, ""))
    shown = SPOKEN.get(unit) or prefix_for(max(abs(item) for item in listed), unit)[1]
    numbers = [f"{in_unit(item, shown):.4g}" for item in listed]
    if len(numbers) <= FEW:
        return f"{', '.join(numbers)} {shown}"
    return f"{numbers[0]} to {numbers[-1]} {shown} ({len(numbers)} values)"


def title_words(name: str) -> str:
    """Write a parameter's name for people: `in_plane_field` as `in-plane field`."""
    return name.replace("_", " ").replace("in plane", "in-plane")


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
        there = {name for point in points for name in point.results}
        beside = [name for name in request.get("beside_results", []) if name in there]
        procedure, sample = request["procedure"]["name"], request["sample"]["name"]
        return Series(directory.path.name, procedure, sample, over, main, points, beside)
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
    name. What is not known is empty; yes and no are True and False. Of a result that is called like a parameter that is
    varied only the uncertainty is there.
    """
    texts = io.StringIO()
    writer = csv.writer(texts, lineterminator="\n")
    names = _result_columns(series.points, {over.name for over in series.over})
    writer.writerow(
        [
            "run",
            "status",
            *(_headed(over.name, over.unit) for over in series.over),
            *(title for column in names for title in column.titles()),
        ]
    )
    for point in series.points:
        values = [point.parameters[over.name]["value"] for over in series.over]
        writer.writerow(
            [point.run, point.status, *map(_cell, values), *(cell for column in names for cell in column.cells(point))]
        )
    return texts.getvalue()


def _headed(name: str, unit: str) -> str:
    return name if unit in {"", "1"} else f"{name} ({unit})"


@dataclass(frozen=True, slots=True)
class _Column:
    """What a table has of a result.

    Attributes:
        name: Of the result.
        unit: Its unit.
        sure: Whether no run gives it an uncertainty.
        varied: Whether a parameter that is varied is called so.
    """

    name: str
    unit: str
    sure: bool
    varied: bool

    def titles(self) -> Iterator[str]:
        if not self.varied:
            yield _headed(self.name, self.unit)
        if not self.sure:
            yield _headed(f"{self.name} uncertainty", self.unit)

    def cells(self, point: Point) -> Iterator[str]:
        result = point.results.get(self.name)
        if not self.varied:
            yield _cell(None if result is None else result.value)
        if not self.sure:
            yield _cell(None if result is None else result.uncertainty)


def _result_columns(points: Sequence[Point], varied: Collection[str]) -> list[_Column]:
    """Return what there is of each result of any run."""
    found: dict[str, tuple[str, bool]] = {}
    for point in points:
        for name, result in point.results.items():
            unit, sure = found.get(name, (result.unit, True))
            found[name] = (unit, sure and result.uncertainty is None)
    return [_Column(name, unit, sure, name in varied) for name, (unit, sure) in found.items()]


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
