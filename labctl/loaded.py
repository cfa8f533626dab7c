"""All that a run's folder holds of its measurement: every row, which of them count, and what was found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from instruments.errors import DataDamaged
from labctl.plain_figure import unit_of
from labctl.rundir import RunDirectory
from labctl.series_results import is_series, only_single

if TYPE_CHECKING:
    import pandas as pd

COUNTS = "Counts"
"""Column beside all rows of a run: whether a row counts, or was measured again later."""
RUN = "Run"
"""Column of a series' rows: the run that each is of."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """A run, or a series of runs.

    Attributes:
        directory: Its folder.
        asked: What run.json says.
        status: The last state that it announced.
        rows: Every row that was recorded, in the order of the file; of a series those of all its runs.
        counts: Of each row whether it counts.
        results: {name: {value, uncertainty, unit, of, ...}} as in result.json; empty for a series.
        table: What the analysis found at each point, where it made such a table.
        runs: Of a series, of each run: its folder's name as `run`, its `status`, `parameters` and `results`.
        warnings: What was left out.
    """

    directory: RunDirectory
    asked: Mapping[str, Any]
    status: str
    rows: pd.DataFrame
    counts: Sequence[bool]
    results: Mapping[str, Any]
    table: Sequence[Mapping[str, Any]]
    runs: Sequence[Mapping[str, Any]]
    warnings: Sequence[str]

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.directory.path.absolute().name

    def units(self) -> dict[str, str]:
        """{column: unit}, "" for words and bare numbers."""
        return {str(name): unit_of(str(name)) for name in self.rows.columns}

    def counting(self) -> pd.DataFrame:
        """The rows that count, numbered anew from 0."""
        return self.rows.loc[list(self.counts)].reset_index(drop=True)

    def varied(self) -> dict[str, str]:
        """Of a series, {parameter that is varied: its column in the rows}."""
        return {axis["name"]: _title(axis) for axis in self.asked.get("over", [])}


def load_folder(folder: Path) -> Loaded:
    """Read a run.

    Raises:
        UnknownName: There is no run.
        DataDamaged: A file of it is damaged other than in its last row.
        UsageError: Another labctl wrote it, in a form that this one does not know.
    """
    directory = RunDirectory.open(folder)
    asked = directory.request()
    try:
        if is_series(asked):
            return _load_series(directory, asked)
        rows, counts, warnings = directory.read_all()
    except (KeyError, TypeError, AttributeError) as error:
        raise DataDamaged(f"{directory.request_file} is damaged, or of another version of labctl: {error}") from error
    return Loaded(
        directory, asked, directory.status(), rows, counts, directory.results(), directory.table(), (), warnings
    )


def _load_series(directory: RunDirectory, asked: Mapping[str, Any]) -> Loaded:
    """Read the rows of all runs, each with its run and the values of the parameters that were varied."""
    import pandas as pd

    frames: list[pd.DataFrame] = []
    counts: list[bool] = []
    warnings: list[str] = []
    runs: list[Mapping[str, Any]] = []
    titles = {axis["name"]: _title(axis) for axis in asked["over"]}
    flat = {axis["name"] for axis in asked["over"] if only_single(axis["values"])}
    for child in asked["children"]:
        own = RunDirectory(directory.path / Path(child["run"]).name)
        if not own.data_file.exists():
            warnings.append(f"{child['run']} was not measured")
            continue
        frame, counted, said = own.read_all()
        warnings += [f"{child['run']}: {warning}" for warning in said]
        frame.insert(0, RUN, child["run"])
        for place, (name, entry) in enumerate(child["parameters"].items(), 1):
            listed = isinstance(entry["value"], list)
            value = entry["value"][0] if name in flat else entry["text"] if listed else entry["value"]
            frame.insert(place, titles[name], value)
        frames.append(frame)
        counts += counted
        runs.append({**child, "status": own.status(), "results": own.results()})
    begun = [frame for frame in frames if len(frame)] or frames  # one without rows would make words of all numbers
    rows = pd.concat(begun, ignore_index=True) if begun else pd.DataFrame()
    return Loaded(directory, asked, directory.status(), rows, counts, {}, (), runs, warnings)


def _title(axis: Mapping[str, Any]) -> str:
    """Return the column of a parameter that is varied: a list of several values is one text, with the unit in it."""
    words = any(isinstance(value, list) for value in axis["values"]) and not only_single(axis["values"])
    return f"{axis['name']} ({axis['unit']})" if axis["unit"] and not words else axis["name"]
