"""Loops of junctions of different size, each a run of its own, joined: TMR against the area.

    runs/tmr-size/
        result.json     {"schema", "results", "table", "runs": the folders}
        sizes.csv       the table for pandas: one row a junction
        figure.png      the ratio against the area, hollow where it is not called TMR

A folder like that is made from runs and can be made again; what stands in it is written anew.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from instruments.errors import BadValue, DataDamaged, UsageError, WriteFailed
from instruments.units import format_quantity
from labctl.analysis.junction_sizes import SizedJunction, sizes
from labctl.analysis.result import Results
from labctl.frame import Caption
from labctl.rundir import SCHEMA, RunDirectory, write_json
from labctl.sample import Junction, SampleRecord

if TYPE_CHECKING:
    from collections.abc import Mapping

LOOP = "procedures.tmr_loop:TmrLoop"
"""Whose runs are joined, as run.json names it."""
SAME_TEMPERATURE = 2.0
"""K within which loops are of one temperature."""
SAME_BIAS = 2.0
"""Largest over smallest voltage with which loops are of one bias: of a current that is kept it follows the states."""
FEWEST = 2
MARKS = {
    "S": "stated in the paper", "F": "read off a figure", "D": "derived", "L": "from the literature",
    "A": "assumed", "M": "measured on this sample",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Joined:
    """What runs came to.

    Attributes:
        results: With the table over the sizes.
        junctions: In the order in which the runs were given.
        simulated: Whether nothing of it was measured in a laboratory.
        folder: Where it was written.
    """

    results: Results
    junctions: Sequence[SizedJunction]
    simulated: bool
    folder: Path

    def to_json(self) -> dict[str, Any]:
        """Plain types only."""
        return {
            "folder": str(self.folder),
            "simulated": self.simulated,
            "results": self.results.as_dict(),
            "table": self.results.table_as_list(),
        }


def join(runs: Sequence[Path], out: Path, *, electrode: float | None = None) -> Joined:
    """Join finished runs of `tmr-loop`, and write table and figure.

    Args:
        runs: Their folders.
        out: Folder for what comes of it.
        electrode: Sheet resistance of all electrodes in ohm, instead of what the records say.

    Raises:
        BadValue: Fewer than two runs, one twice, runs that do not go together, or a sheet resistance of zero or less.
        UsageError: A folder is no finished run of a junction's loop.
        DataDamaged: A file of a run is damaged.
        WriteFailed: Nothing can be written there.
    """
    if electrode is not None and electrode <= 0:
        raise BadValue(f"--electrode is {format_quantity(electrode, 'ohm')}, but must be above zero; give e.g. 50 ohm")
    if len(runs) < FEWEST:
        raise BadValue(f"tmr-size joins the loops of several junctions, and was given {len(runs)}; give two or more")
    directories = [RunDirectory.open(run) for run in runs]
    if len({directory.path.resolve() for directory in directories}) < len(directories):
        raise BadValue("a run is given twice; give each once")
    requests = [directory.request() for directory in directories]
    for directory, request in zip(directories, requests, strict=True):
        _check(directory, request)
    simulated = {bool(request.get("simulated")) for request in requests}
    if len(simulated) > 1:
        raise BadValue("some of the runs are simulated and some were measured; join those of one kind")
    junctions = [
        _junction(directory, request, electrode) for directory, request in zip(directories, requests, strict=True)
    ]
    _check_temperatures(junctions)
    check_biases(junctions)
    joined = Joined(sizes(junctions), junctions, simulated.pop(), out)
    _write(joined, [str(directory.path) for directory in directories])
    return joined


def _check(directory: RunDirectory, request: Mapping[str, Any]) -> None:
    procedure, status = request["procedure"], directory.status()
    if procedure.get("class") != LOOP:
        raise UsageError(f"{directory.path} is a run of {procedure['name']}; tmr-size joins runs of tmr-loop")
    if status != "finished":
        raise UsageError(f"{directory.path} ended as {status}; tmr-size joins finished runs")


def _junction(directory: RunDirectory, request: Mapping[str, Any], electrode: float | None) -> SizedJunction:
    try:
        record = SampleRecord.model_validate(request["sample"])
    except (KeyError, ValueError) as error:
        what = str(error).splitlines()[0]
        raise DataDamaged(f"{directory.request_file} is damaged, or of another version of labctl: {what}") from error
    assert isinstance(record.geometry, Junction)
    found = record.resistances.electrode
    basis = record.basis.get("resistances.electrode")
    source = "from the record" if basis is None or basis.mark is None else f"{MARKS[basis.mark]}, in the record"
    kelvin = directory.read_data()[0]["Temperature (K)"].to_numpy(dtype=float)
    return SizedJunction(
        record.name, record.geometry.area(), found if electrode is None else electrode,
        source if electrode is None else "as it was given", float(kelvin.mean()),
        Results.from_dict(directory.results()),
    )  # fmt: skip


def _check_temperatures(junctions: Sequence[SizedJunction]) -> None:
    kelvin = [each.temperature for each in junctions]
    if max(kelvin) - min(kelvin) > SAME_TEMPERATURE:
        raise BadValue(
            f"the loops were measured at {min(kelvin):.1f} K to {max(kelvin):.1f} K, where TMR is not the same at any "
            f"size; join loops of one temperature, within {SAME_TEMPERATURE:g} K"
        )


def check_biases(junctions: Sequence[SizedJunction]) -> None:
    """Refuse biases that differ by more than the states of one junction make them: TMR falls with the voltage."""
    known = [(bias, each.name) for each in junctions if (bias := each.bias) is not None]
    if known and max(known)[0] > SAME_BIAS * min(known)[0]:
        (low, one), (high, other) = min(known), max(known)
        raise BadValue(
            f"the loops were read with {format_quantity(low, 'V', digits=3)} across {one} and "
            f"{format_quantity(high, 'V', digits=3)} across {other}, and TMR falls with the voltage; join loops of one "
            f"bias, within a factor of {SAME_BIAS:g}"
        )


def _write(joined: Joined, runs: Sequence[str]) -> None:
    from labctl import figures, junction_sizes_figure

    folder = joined.folder
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "sizes.csv").write_text(as_csv(joined), encoding="utf-8", newline="")
    except OSError as error:
        raise WriteFailed(f"cannot write into {folder}: {error.strerror}") from error
    write_json(folder / "result.json", {"schema": SCHEMA, **joined.to_json(), "runs": list(runs)})
    caption = Caption(folder.name, joined.simulated)
    figures.save(junction_sizes_figure.figure_of(joined.junctions, joined.results, caption), folder / "figure.png")


def as_csv(joined: Joined) -> str:
    """Return the table, one row a junction from the largest to the smallest, that pandas reads without options."""
    texts = io.StringIO()
    writer = csv.writer(texts, lineterminator="\n")
    rows, ordered = joined.results.table, sorted(joined.junctions, key=lambda each: -each.area)
    units = {name: result.unit for name, result in rows[0].items()}
    titles = [name if unit == "1" else f"{name} ({unit})" for name, unit in units.items()]
    errors = [f"{title} uncertainty" for title in titles]
    writer.writerow(["sample", *(title for pair in zip(titles, errors, strict=True) for title in pair), "why_no_tmr"])
    for junction, row in zip(ordered, rows, strict=True):
        cells = [cell for result in row.values() for cell in (_cell(result.value), _cell(result.uncertainty))]
        writer.writerow([junction.name, *cells, junction.why_apparent])
    return texts.getvalue()


def _cell(value: float | bool | None) -> str:
    return "" if value is None else repr(value)


def said(joined: Joined) -> list[str]:
    """Say of each junction whose ratio is not called TMR why that is."""
    return [
        f"{each.name}, {each.area * 1e12:.4g} um^2: {each.why_apparent}"
        for each in joined.junctions
        if each.why_apparent
    ]
