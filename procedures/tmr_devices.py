"""Several junctions beside each other: their scatter, and apart from it how well each of them is known."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from instruments.errors import BadValue
from labctl.analysis.combine import freedom_of
from labctl.analysis.result import Result, Results, missing, short_text
from labctl.rundir import RunDirectory
from labctl.setting import Setting

if TYPE_CHECKING:
    from procedures.tmr_temperature import TmrTemperature

SAME = 0.5
"""K within which the loops of two devices are at one temperature."""
BESIDE = ("tmr", "resistance_parallel", "switching_field_soft", "switching_field_hard")
"""Results of which a row has mean and scatter over the devices."""
PROCEDURE, CLASS = "tmr-temperature", "TmrTemperature"


class OptionalRuns(Setting[tuple[str, ...]]):
    """The folders of some runs, with commas between them, or of none: `OptionalRuns("none", "Runs of others")`.

    The value has the folders' full paths; it is empty when they are left out.
    """

    def __init__(self, absent: str, summary: str) -> None:
        self.absent = absent
        super().__init__(absent, summary)

    def convert(self, value: Any) -> tuple[str, ...]:
        """Return the full paths of what was given, nothing for the word that stands for leaving it out."""
        texts = value.split(",") if isinstance(value, str) else list(value or ())
        names = [str(text).strip() for text in texts]
        return tuple(str(Path(name).absolute()) for name in names if name not in {"", self.absent})

    def show(self, value: Any) -> str:
        """Write the paths, or the word for their absence."""
        return ", ".join(value) or self.absent

    def choices(self) -> str:
        """Say what may be entered."""
        return f"{self.absent} | folders of runs, with commas between them"


@dataclass(frozen=True, slots=True)
class Device:
    """Another junction, by a finished run.

    Attributes:
        name: Of its sample, with the seed of a simulated one.
        simulated: Whether it is one.
        run: Name of the run's folder.
        results: What the run found, with its table over temperatures.
    """

    name: str
    simulated: bool
    run: str
    results: Results


def devices_of(procedure: TmrTemperature) -> list[Device]:
    """Return the devices of the other runs.

    Raises:
        BadValue: A run is none over temperatures, or has no results.
        UnknownName: There is no such run.
        DataDamaged: It cannot be read.
    """
    return [_device(Path(path)) for path in procedure.other_runs]


def check_others(procedure: TmrTemperature) -> None:
    """Refuse other runs that are not of other devices, each of one.

    Raises:
        BadValue: They are not, or cannot be set beside this one.
        UnknownName: There is no such run.
        DataDamaged: It cannot be read.
    """
    seen: dict[str, str] = {}
    journal = procedure.sample_journal
    measured = journal is not None and not journal.simulated
    for device in devices_of(procedure):
        if device.name in seen:
            raise BadValue(
                f"other_runs has {seen[device.name]} and {device.run}, both of {device.name}; devices scatter, and one "
                "counts once: give one run of each"
            )
        seen[device.name] = device.run
        if device.simulated == measured:
            kinds = ("simulated", "measured") if measured else ("measured", "simulated")
            raise BadValue(
                f"other_runs has {device.run}, which was {kinds[0]}, and this run is {kinds[1]}; give runs of one kind"
            )
        if not device.simulated and "sample" in vars(procedure) and device.name == procedure.sample.name:
            raise BadValue(
                f"other_runs has {device.run}, which is of {device.name} as this run is; give runs of other devices"
            )


def _device(path: Path) -> Device:
    directory = RunDirectory.open(path)
    request = directory.request()
    if request["procedure"]["class"].rpartition(":")[2] != CLASS:
        raise BadValue(
            f"other_runs has {directory.path.name}, a run of {request['procedure']['name']}; give runs of {PROCEDURE}"
        )
    table = [Results.from_dict(row) for row in directory.table()]
    if not table:
        raise BadValue(
            f"other_runs has {directory.path.name}, which has no results over temperatures; give a run that is "
            "finished and analysed"
        )
    simulated = bool(request["simulated"])
    name = str(request["sample"]["name"])
    if simulated:
        name += f", sample seed {request['seeds']['sample_seed']}"
    return Device(name, simulated, directory.path.name, Results(Results.from_dict(directory.results()), table))


def beside(found: Results, devices: Sequence[Device], further: Mapping[str, Result]) -> Results:
    """Return results with further ones, and with those over all devices, of which this one is one."""
    if not devices:
        return Results({**found, **further}, found.table)
    others = [device.results for device in devices]
    name = "compensation_temperature"
    over = {f"{name}_of_devices": _over([each[name] for each in (found, *others) if name in each], alike=True)}
    return Results({**found, **over, **further}, [_row(row, others) for row in found.table])


def _row(row: Results, others: Sequence[Results]) -> Results:
    """A row with the results over all devices that were measured at its temperature."""
    own = row.number("temperature") or math.nan
    same = [
        each
        for results in others
        for each in results.table
        if abs((each.number("temperature") or math.inf) - own) < SAME
    ]
    over = {f"{name}_of_devices": _over([each[name] for each in (row, *same) if name in each]) for name in BESIDE}
    return Results({**row, **over})


def _over(results: Sequence[Result], *, alike: bool = False) -> Result:
    """The mean over devices, with their scatter; and beside it how well each of them is known, which is another thing.

    Args:
        results: Of each device.
        alike: Whether each is off by the same, which then is no scatter and does not become less with their number.
            Else the uncertainty of the mean follows from the scatter, which holds what each is off by.
    """
    given = [result for result in results if result.value is not None]
    unit = results[0].unit
    if len(given) < 2:
        return missing(unit, f"{len(given)} of {len(results)} devices have it, and a scatter needs two", "devices")
    values = np.array([float(result.value) for result in given if result.value is not None])
    count, mean, scatter = len(values), float(np.mean(values)), float(np.std(values, ddof=1))
    own = float(np.sqrt(np.mean(np.square([result.uncertainty or 0.0 for result in given]))))
    drawn = scatter / math.sqrt(count)
    error = math.hypot(drawn, own) if alike else drawn
    note = f"sd over {count} devices {short_text(scatter, unit)}; each by itself is known to {short_text(own, unit)}"
    if alike:
        note += ", by what is the same for all and no mean makes less"
    return Result(
        mean, error, unit, f"mean of {count} devices", note=note, degrees_of_freedom=freedom_of(count, drawn, error),
        scatter=scatter,
    )  # fmt: skip
