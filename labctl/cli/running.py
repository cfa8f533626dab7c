"""`labctl run`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from instruments.errors import BadValue
from labctl.cli import output

if TYPE_CHECKING:
    from labctl.active_run import ActiveRun, Watcher
    from labctl.asked import Asked
    from labctl.preparing import Prepared
    from labctl.request import Outcome


@dataclass(frozen=True, slots=True)
class Options:
    """The options of `labctl run`, as they were typed."""

    procedure: str
    station: str
    simulate: bool
    sample: str
    seed: int | None
    sample_seed: int
    parameters: Sequence[str]
    over: Sequence[str]
    overrides: Sequence[str]
    lab: Path | None
    user: str
    notes: str
    tags: Sequence[str]
    out: Path
    json: bool
    rehearse: bool = False
    any_folder: bool = False

    def asked(self) -> Asked:
        """Return what was typed as a run takes it.

        Raises:
            BadValue: A `-p` is no assignment, or --out is empty.
        """
        from labctl.asked import Asked

        parameters = assignments(self.parameters)
        if str(self.out) in {"", "."} and not self.out.name:
            raise BadValue("--out is empty; name the folder that holds the runs")
        return Asked(
            procedure=self.procedure, parameters=parameters, over=list(self.over), overrides=list(self.overrides),
            sample=self.sample, seed=self.seed, sample_seed=self.sample_seed, user=self.user, notes=self.notes,
            tags=list(self.tags), out=str(self.out), rehearse=self.rehearse,
            any_folder=self.any_folder,
        )  # fmt: skip


def prepared(options: Options) -> Prepared:
    """Read options, and say what numbers without a unit are taken for.

    Raises:
        UsageError: They do not fit.
    """
    from labctl.preparing import Place, prepare

    asked = options.asked()
    made = prepare(asked, Place(options.station, options.simulate, options.lab))
    if not options.json:
        say_taken(made.taken(asked))
    return made


def say_taken(taken: Mapping[str, str]) -> None:
    """Say what numbers without a unit are taken for, by what was written."""
    for written, text in taken.items():
        output.line(f"{written} is taken for {text}")


def run(options: Options) -> None:
    """Run a procedure, print what was found, and exit with the run's code."""
    made = prepared(options)
    main = () if made.axes else type(made.request.procedure).main_results
    _measure(made.carry_out, options.procedure, main, json=options.json)


def resume(
    path: Path, *, station: str, lab: Path | None, overrides: Sequence[str], rehearse: bool, json: bool
) -> None:  # fmt: skip
    """Carry a run that was cut on in its own folder, print what was found, and exit with the run's code."""
    from labctl.cli.places import existing_run
    from labctl.limits import parse_overrides
    from labctl.resuming import request_of, series_of
    from labctl.run import carry_out
    from labctl.rundir import RunDirectory
    from labctl.series import carry_out_series
    from labctl.series_results import is_series

    path, limits = existing_run(path), parse_overrides(overrides)
    if is_series(RunDirectory.open(path).request()):
        request, axes, make = series_of(path, station=station, lab=lab, overrides=limits)
        request = replace(request, rehearse=rehearse)
        _measure(lambda watch: carry_out_series(request, axes, make, watch), request.name, (), json=json)
    request = replace(request_of(path, station=station, lab=lab, overrides=limits), rehearse=rehearse)
    main = type(request.procedure).main_results
    _measure(lambda watch: carry_out(request, watch), request.name, main, json=json)


def _measure(measure: Callable[[Watcher | None], Outcome], name: str, main: Sequence[str], *, json: bool) -> None:
    """Carry a run or a series out, print what was found, and exit with its code.

    Args:
        measure: Carries it out.
        name: Of the experiment.
        main: Names of the results that a run is for; none of a series, whose table says it.
        json: Whether to print one JSON object instead.
    """
    if json:
        outcome = measure(None)
        output.print_json(outcome.to_json())
    else:
        with _progress(name) as watch:
            outcome = measure(_forewarning(watch))
        _report(outcome)
        if main and (why := output.nothing_found(main, outcome.results)):
            output.complain(f"warning: {why}")
    for warning in outcome.warnings:
        output.complain(f"warning: {warning}")
    if outcome.error is not None:
        output.complain(f"error: {outcome.error}")
    raise typer.Exit(outcome.exit_code)


def assignments(texts: Sequence[str]) -> dict[str, str]:
    """Split `name=value` texts.

    Raises:
        BadValue: A text has no `=`, or a name comes twice.
    """
    values: dict[str, str] = {}
    for text in texts:
        name, sign, value = text.partition("=")
        name = name.strip()
        if not sign or not name:
            raise BadValue(f"-p {text!r} is no assignment; write e.g. -p maximum_field=0.5T")
        if name in values:
            raise BadValue(f"-p {name} is given twice; give it once")
        if not value.strip():
            raise BadValue(f"-p {text!r} gives {name} no value; write e.g. -p {name}=..., or leave it out")
        values[name] = value.strip()
    return values


@contextmanager
def _progress(name: str) -> Generator[Watcher]:
    """Show how far a run is: a bar on a terminal, a line for every tenth elsewhere."""
    if sys.stdout.isatty():
        from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

        columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TextColumn("{task.fields[at]}"))
        with Progress(*columns, transient=True) as bar:
            task = bar.add_task(name, total=1.0, at="")
            yield lambda run: bar.update(task, completed=run.progress, at=_at(run))
        return
    shown = [0]

    def watch(run: ActiveRun) -> None:
        tenths = int(run.progress * 10)
        if tenths > shown[0]:
            shown[0] = tenths
            output.line(f"{name}: {tenths * 10} % done, {_at(run)}")

    yield watch


def _forewarning(watch: Watcher) -> Watcher:
    """Print what a procedure says before it measures as soon as it has said it, for it may be the reason to stop."""
    said: set[str] = set()

    def watching(run: ActiveRun) -> None:
        for sentence in run.request.procedure.forewarnings:
            if sentence not in said:
                said.add(sentence)
                output.complain(f"warning: {sentence}")
        watch(run)

    return watching


def _at(run: ActiveRun) -> str:
    """Say where a run is; in a series, where within which run."""
    before, of = run.of
    points = f"{run.points} points" if of == 1 else f"run {before + 1} of {of}, {run.points} points in this run"
    return points if run.time_left is None else f"{points}, {output.duration_text(run.time_left.seconds)} left"


def _report_series(outcome: Outcome) -> None:
    from labctl.rundir import RunDirectory
    from labctl.series import SeriesOutcome
    from labctl.series_results import read_series

    if isinstance(outcome, SeriesOutcome) and outcome.run is not None:
        output.series_table(read_series(RunDirectory(outcome.run)))


def _report(outcome: Outcome) -> None:
    from labctl.rundir import RunDirectory

    for sentence in outcome.informed:
        output.line(f"from the sample's journal: {sentence}")
    if outcome.results and outcome.run is not None:
        output.results_table(outcome.results)
        output.points_table(RunDirectory(outcome.run).table())
    _report_series(outcome)
    simulated = " of a simulated lab" if outcome.simulated else ""
    if outcome.run is None:
        return
    output.line(
        f"{outcome.status}: {outcome.points} points, lab time {output.duration_text(outcome.lab_time_s)}{simulated}, "
        f"wall time {output.duration_text(outcome.wall_time_s)}"
    )
    output.line(f"run:    {outcome.run}")
    figure = outcome.run / "figure.png"
    if figure.exists():
        output.line(f"figure: {figure}")
