"""labctl in Python: `labctl.run(...)` measures, `labctl.load(...)` reads what was measured."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pymeasure.experiment import Procedure as PymeasureProcedure

from instruments.errors import BadValue, DataDamaged, LabError, UnknownName, UsageError
from labctl import one_file
from labctl.active_run import Watcher
from labctl.adopted import adopt
from labctl.analysis.health_results import summary
from labctl.analysis.result import HEALTH_UNITS, Results
from labctl.bare_numbers import bare_numbers
from labctl.export.one_zip import is_packed, unpacked
from labctl.folders import folder_of_number
from labctl.loaded import COUNTS, load_folder
from labctl.parametrised import check_names
from labctl.procedure import Procedure
from labctl.procedures import load_procedure, name_of, run_name
from labctl.request import Outcome, Request
from labctl.run import carry_out
from labctl.rundir import RunDirectory
from labctl.sample import SampleRecord, load_sample
from labctl.series_results import MOST_MAIN
from labctl.setting import Setting
from labctl.station import Station, load_station

if TYPE_CHECKING:
    import pandas as pd

SIMULATED_SAMPLE = "cotb2025"
"""What is mounted in a simulated station if nothing else is asked for."""

MOST_RUNS_SHOWN = 30
"""Runs of a series that are named when it is printed."""

_NUMBERED = re.compile(r"\d{1,}")


@dataclass(frozen=True, repr=False)
class RunResult:
    """A run that is over.

    Attributes:
        path: Its folder; None for a run that was refused before it had one.
        status: `finished`, `failed`, `aborted`, `refused` or `fault`.
        simulated: Whether nothing of it was measured in a laboratory.
        points: Rows that were recorded.
        lab_time_s: What it took, or would have taken, in the lab.
        wall_time_s: What it took here.
        results: What its analysis found.
        error: What ended it, in one sentence; None of a run that finished.
        exit_code: What `labctl run` would have exited with.
        warnings: What else there is to say.
        taken_for: Of parameters that were given as a number without a unit what it was taken for, e.g. `10 mT`.
        children: The runs of a series, in the order in which they were measured.
        varied: Of a run in a series, the parameters that the series goes over, as text.
        main_results: Names of the results that the experiment calls its main ones.
    """

    path: Path | None
    status: str
    simulated: bool
    points: int
    lab_time_s: float
    wall_time_s: float
    results: Results
    error: str | None
    exit_code: int
    warnings: Sequence[str] = field(default_factory=tuple)
    taken_for: Mapping[str, str] = field(default_factory=dict[str, str])
    children: Sequence[RunResult] = field(default_factory=tuple)
    varied: Mapping[str, str] = field(default_factory=dict[str, str])
    main_results: Sequence[str] = ()

    @cached_property
    def data(self) -> pd.DataFrame:
        """The rows, see `labctl.load`.

        Raises:
            UsageError: The run has no folder, hence no rows.
        """
        if self.path is None:
            raise UsageError(f"this run was {self.status} before it had a folder, so there are no rows: {self.error}")
        return load(self.path)

    def __repr__(self) -> str:
        """Return what a person wants to see of it, results line by line."""
        simulated = ", simulated" if self.simulated else ""
        of = f" series of {len(self.children)} runs" if self.children else " run"
        lines = [f"<labctl{of} {self.status}: {self.points} points, lab time {self.lab_time_s:.1f} s{simulated}"]
        own = {name: result for name, result in self.results.items() if name not in HEALTH_UNITS}
        lines += [f"  {name.replace('_', ' ')}: {result.text()}" for name, result in own.items()]
        lines += [f"  {line}" for line in [summary(self.results)] if line]
        lines += [f"  {child.as_line()}" for child in self.children[:MOST_RUNS_SHOWN]]
        more = len(self.children) - MOST_RUNS_SHOWN
        lines += [f"  and {more} more"] if more > 0 else []
        lines += [f"  {name} was taken for {text}" for name, text in self.taken_for.items()]
        lines += [f"  warning: {warning}" for warning in self.warnings]
        lines += [] if self.error is None else [f"  error: {self.error}"]
        return "\n".join([*lines, f"  {self.path}>"])

    def as_line(self) -> str:
        """Return what a person wants to see of a run in a series: what was varied, and its main results."""
        own = {name: result for name, result in self.results.items() if name not in HEALTH_UNITS}
        names = (
            list(self.main_results)
            or [name for name, result in own.items() if result.uncertainty is not None][:MOST_MAIN]
        )
        found = [f"{name.replace('_', ' ')} {self.results[name].text()}" for name in names if name in self.results]
        at = ", ".join(f"{name} {text}" for name, text in self.varied.items())
        return f"{at}: {', '.join([*([] if self.status == 'finished' else [self.status]), *found]) or self.status}"


def run(  # noqa: PLR0913 - all that a run may be asked, by name
    procedure: str | type[PymeasureProcedure] | PymeasureProcedure,
    *,
    station: str | os.PathLike[str] | Station = "ppms",
    sample: str | os.PathLike[str] | SampleRecord | None = None,
    simulate: bool = False,
    seed: int | None = None,
    sample_seed: int = 0,
    parameters: Mapping[str, Any] | None = None,
    over: Mapping[str, str | Iterable[Any]] | None = None,
    overrides: Mapping[str, str] | None = None,
    lab: str | os.PathLike[str] | None = None,
    rehearse: bool = False,
    out: str | os.PathLike[str] = "runs",
    any_folder: bool = False,
    user: str = "",
    notes: str = "",
    tags: Iterable[str] = (),
    check: bool = True,
    watch: Watcher | None = None,
    **more: Any,
) -> RunResult:
    """Run an experiment, as `labctl run` does.

        result = labctl.run("ahe", simulate=True, temperature="250 K", maximum_field="8 kOe")
        result.results["coercive_field_up"].value

    Args:
        procedure: A name (`labctl list`), a file (`mine.py:MyLoop`), a class, or a procedure with its parameters set.
        station: A shipped name, a file, or a station.
        sample: A shipped name, a file, or a sample record; a simulated run has one without being told.
        simulate: Whether to run on the station's simulated twin.
        seed: Seed of what fluctuates in simulation; drawn when None.
        sample_seed: Seed of the simulated sample's disorder.
        parameters: Parameters by name, for those that are called like one of these arguments.
        over: Makes a series: lists of values by parameter, e.g. `{"temperature": "300:240:-10 K"}`, all combinations.
        overrides: Limits of station or sample to be replaced for this run, e.g. `{"current": "1 mA"}`; recorded.
        lab: File with the line that `labctl simulate` printed, to run in that lab.
        rehearse: Whether to rehearse it first, and to refuse it where the rehearsal is refused.
        out: Folder that holds the runs.
        any_folder: Whether that may be one that a cloud synchronises, or on a network drive.
        user: Who measures.
        notes: Why, in a sentence.
        tags: Words to find it by.
        check: Whether a run that does not finish raises, so that no program goes on unawares.
        watch: Called with the run at every step.
        **more: Parameters by name; a text has its unit in it. Without one, a text is in the unit of the default and a
            number in SI units: of "20 mT", "10" is 10 mT and 10 is 10 T. In a pymeasure procedure both are in the
            parameter's own unit. What was taken for what is in the result's `taken_for`.

    Returns:
        Path, status, results, rows; of a run that did not finish, or was not analysed, only without `check`.

    Raises:
        LabError: The run could not begin, or did not finish; its `run` is the run's folder if it had one.
        Exception: Whatever the procedure itself raised; a note on it names the run's folder.
    """
    if one_file.being_imported() is not None:
        raise UsageError(
            f"labctl.run() is called while {one_file.being_imported()} is imported; put the call below if __name__ == "
            '"__main__":, where it is not'
        )
    _check_seeds(seed, sample_seed)
    given = {**(parameters or {}), **more}
    own, name = _procedure(procedure, given, lab_time=simulate or rehearse or lab is not None)
    request = Request(
        name=name,
        procedure=own,
        station=station if isinstance(station, Station) else load_station(station),
        sample=_sample(sample, simulate=simulate, lab=None if lab is None else Path(lab)),
        simulate=simulate,
        seed=seed,
        sample_seed=sample_seed,
        out=Path(out),
        any_folder=any_folder,
        user=user,
        notes=notes,
        tags=tuple(tags),
        overrides=_overrides(overrides or {}),
        lab=None if lab is None else Path(lab),
        rehearse=rehearse,
        given=given,
    )
    single = not over and not own.series_over
    outcome = carry_out(request, watch) if single else _series(request, over or {}, given, watch)
    if check and outcome.error is not None:
        raise _noted(outcome)
    taken = {**given, **{name: values for name, values in (over or {}).items() if isinstance(values, str)}}
    return _result(outcome, bare_numbers(own.declared_parameters(), taken), own.main_results)


def _series(
    request: Request, over: Mapping[str, str | Iterable[Any]], given: Mapping[str, Any], watch: Watcher | None
) -> Outcome:
    from labctl.series import carry_out_series
    from labctl.series_axes import parse_over

    kind = type(request.procedure)
    known = kind.declared_parameters()
    check_names(request.name, over, known)
    texts = [
        f"{name}={values if isinstance(values, str) else ', '.join(_text(known[name], value) for value in values)}"
        for name, values in over.items()
    ]
    own = {name: value for name, value in request.procedure.values().items() if value != known[name].default}
    axes = parse_over(
        texts, request.name, kind, {**given, **{name: own[name] for name in kind.series_over if name in own}}
    )
    fixed = {name: value for name, value in request.procedure.values().items() if name not in over}
    return carry_out_series(request, axes, partial(kind, **fixed), watch)


def _text(parameter: Setting[Any], value: Any) -> str:
    return parameter.show(parameter.convert(value))


def _check_seeds(seed: Any, sample_seed: Any) -> None:
    """Refuse what is no seed, before anything is made of it.

    Raises:
        BadValue: It is not a whole number from zero.
    """
    for name, value in (("seed", seed), ("sample_seed", sample_seed)):
        whole = isinstance(value, int) and not isinstance(value, bool) and value >= 0
        if not whole and not (value is None and name == "seed"):
            raise BadValue(f"{name} is {value!r}, but must be a whole number from 0")


def _result(outcome: Outcome, taken_for: Mapping[str, str], main: Sequence[str]) -> RunResult:
    """Return an outcome as what `run` gives back."""
    children: Sequence[Mapping[str, Any]] = tuple(getattr(outcome, "children", ()))
    result = _from_json(outcome.to_json(), outcome.exit_code, main, tuple(outcome.warnings), children)
    return replace(result, taken_for=taken_for)


def _from_json(
    said: Mapping[str, Any], exit_code: int, main: Sequence[str], warnings: Sequence[str] = (),
    children: Sequence[Mapping[str, Any]] = (),
) -> RunResult:  # fmt: skip
    path = None if said["run"] is None else Path(said["run"])
    table = [] if path is None else RunDirectory(path).table()
    return RunResult(
        path=path,
        status=said["status"],
        simulated=said["simulated"],
        points=said["points"],
        lab_time_s=said["lab_time_s"],
        wall_time_s=said["wall_time_s"],
        results=Results(Results.from_dict(said["results"]), [Results.from_dict(row) for row in table]),
        error=said["error"],
        exit_code=exit_code,
        warnings=warnings,
        children=tuple(
            _from_json(child, 0 if child["status"] == "finished" else exit_code, main) for child in children
        ),
        varied={name: entry["text"] for name, entry in said.get("parameters", {}).items()},
        main_results=main,
    )


def _procedure(
    given: str | type[PymeasureProcedure] | PymeasureProcedure, parameters: Mapping[str, Any], *, lab_time: bool
) -> tuple[Procedure, str]:
    """Return a procedure with its parameters set, and the name of its run."""
    if isinstance(given, str):
        kind = load_procedure(given, lab_time=lab_time)
        name, shown = run_name(given, kind), given
    else:
        guest = given if isinstance(given, type) else type(given)
        kind = adopt(guest)
        name, shown = name_of(kind), guest.__name__
    check_names(shown, parameters, kind.declared_parameters())
    if isinstance(given, Procedure):
        given.set(**parameters)
        return given, name
    set_already: dict[str, Any] = given.parameter_values() if isinstance(given, PymeasureProcedure) else {}
    return kind(**{**set_already, **parameters}), name


def _sample(given: str | os.PathLike[str] | SampleRecord | None, *, simulate: bool, lab: Path | None) -> SampleRecord:
    if isinstance(given, SampleRecord):
        return given
    if given is None and lab is not None:
        from labctl.remote import read_addresses

        return load_sample(read_addresses(lab).sample or SIMULATED_SAMPLE)
    if given is None and not simulate:
        raise BadValue("a run on hardware needs a sample record; name it with sample=... (`labctl list` shows some)")
    return load_sample(SIMULATED_SAMPLE if given is None else given)


def _overrides(given: Mapping[str, str]) -> Mapping[str, float]:
    if not given:
        return {}
    from labctl.limits import parse_overrides

    return parse_overrides([f"{name}={value}" for name, value in given.items()])


def _noted(outcome: Outcome) -> BaseException:
    """Return what ended a run, with the run's folder."""
    error = outcome.cause or LabError(outcome.error or f"the run is {outcome.status}")
    if isinstance(error, LabError):
        error.run = outcome.run
    if outcome.run is not None:
        error.add_note(f"{outcome.points} points of this run are kept in {outcome.run}")
    if outcome.status == "finished":
        error.add_note(str(outcome.error))
    return error


def load(
    run: str | int | os.PathLike[str] | RunResult, *, raw: bool = False, out: str | os.PathLike[str] = "runs"
) -> pd.DataFrame:
    """Read the rows of a run, and what was found in them.

        rows = labctl.load("runs/2026-11-21/0007-ahe-cotb2025-sim")   # or labctl.load(7)
        rows["Field (T)"], rows.attrs["units"]["Field (T)"]
        rows.attrs["results"]["coercive_field_up"]   # {"value": ..., "uncertainty": ..., "unit": "T", ...}

    Units are in the columns' names and in `attrs`; with pint, a column with its unit is
    `pint.UnitRegistry().Quantity(rows["Field (T)"].to_numpy(), rows.attrs["units"]["Field (T)"])`.

    Args:
        run: The run's folder or a file in it, a .zip that `labctl export` made of it, the run's number, or what
            `labctl.run` returned.
        raw: Whether to give every row that was recorded, with a column `Counts` that says which of them count. Without,
            rows of blocks that were measured again after an interruption are left out.
        out: Folder that holds the runs, in which a number is looked up.

    Returns:
        A plain table; of a series the rows of all its runs, with columns for the run and for what was varied. Its
        `attrs` hold `run`, `procedure`, `sample`, `simulated`, `status`, `parameters` (SI units), `units` (by column),
        `results` (as in result.json: {name: {value, uncertainty, unit, of, ...}}), `table` (the same for each point
        where the analysis made a table), `runs` (of a series: folder, status, parameters and results of each run) and
        `warnings`, for example that a torn last row was left out.

    Raises:
        UnknownName: There is no such run.
        DataDamaged: Its data are damaged other than in their last row, or a .zip is not what was packed.
    """
    folder = folder_of(run, Path(out))
    with unpacked(folder) as place:
        loaded = load_folder(place)
    asked = loaded.asked
    frame = loaded.rows.assign(**{COUNTS: list(loaded.counts)}) if raw else loaded.counting()
    try:
        frame.attrs = {
            "run": str(folder if is_packed(folder) else loaded.directory.path),
            "procedure": str(asked["procedure"]["name"]),
            "sample": str(asked["sample"]["name"]),
            "simulated": bool(asked.get("simulated")),
            "status": loaded.status,
            "parameters": {name: entry["value"] for name, entry in asked["parameters"].items()},
            "units": {**loaded.units(), **({COUNTS: ""} if raw else {})},
            "results": dict(loaded.results),
            "table": list(loaded.table),
            "runs": list(loaded.runs),
            "warnings": list(loaded.warnings),
        }
    except (KeyError, TypeError, AttributeError) as error:
        raise DataDamaged(f"{folder / 'run.json'} is damaged, or of another version of labctl: {error}") from error
    return frame


def folder_of(run: str | int | os.PathLike[str] | RunResult, out: Path) -> Path:
    """Return the folder of a run that is given as for `load`.

    Raises:
        UnknownName: There is no such run.
    """
    if isinstance(run, RunResult):
        if run.path is None:
            raise UnknownName(f"this run was {run.status} before it had a folder, so there is nothing to load")
        return run.path
    if not isinstance(run, int) and not (isinstance(run, str) and _NUMBERED.fullmatch(run)):
        path = Path(run)
        if not path.exists():
            raise UnknownName(f"{path} does not exist; give a run's folder or its number")
        return path
    return folder_of_number(int(run), out)
