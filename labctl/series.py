"""A series: one experiment for several values of its parameters, on one sample, in one session.

    runs/2026-11-21/0008-series-ahe-cotb2025-sim/
        run.json                kind "series": what was asked, `over` which values, and the folders of all runs
        0001-temperature=300K/  a run like any other; its run.json says which of which series it is
        0002-temperature=290K/
        events.jsonl            begin and end of each run, and how the series ended
        result.json             {"schema", "analysis", "results": {}, "children": [{"run": name of its folder, "status",
                                "parameters": {name: {"value", "text"}}, "results": {...as in its result.json...}}]}
        series.csv              the same as a table for pandas: one row a run, value and uncertainty in columns
        figure.png              the main results against the parameter

With several parameters all combinations are measured, the first given being the outermost loop, the values in the order
in which they were written. All of it is checked before the first byte is sent. The instruments, and in simulation the
lab, stay the same from run to run, so the sample keeps its memory; between runs the station is in its safe state. A run
that does not finish ends the series, with its status; what was measured is kept and analysed.
"""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from instruments.clock import WallClock
from instruments.errors import Aborted, LabError, UsageError, WriteFailed
from labctl import provenance
from labctl.abort import AbortSwitch
from labctl.active_run import Watcher
from labctl.beforehand import check_request
from labctl.conclusion import conclude_safely
from labctl.events import EventLog
from labctl.gathered import gathered
from labctl.health import Before
from labctl.learning import learn
from labctl.notified import notify_of
from labctl.procedure import Procedure
from labctl.reentry import Entry, begin_again, mend_events
from labctl.remote import in_its_lab
from labctl.request import Outcome, Request
from labctl.run import carry_out_in, station_of, title_of
from labctl.rundir import RunDirectory
from labctl.series_axes import Axis
from labctl.series_children import Child, as_it_was, children_of, drawing, is_finished, said_of, seed_of
from labctl.series_conditions import forewarn
from labctl.series_results import conclude_series
from labctl.session import Session, open_session
from labctl.station_lock import Hold
from labctl.supervision import child as child_process
from labctl.supervision.rescue import bring_to_rest_first
from labctl.surroundings import LabStart

if TYPE_CHECKING:
    from labctl.rehearsed import Rehearsal

KIND = "series"


@dataclass(slots=True)
class SeriesOutcome(Outcome):
    """How a series ended; `children` says it of every run, `said` is the number of a run and what it warned of."""

    children: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    said: list[tuple[int, str]] = field(default_factory=list[tuple[int, str]])

    def to_json(self) -> dict[str, Any]:
        """Return the public fields; points and times are sums over the runs."""
        return {**Outcome.to_json(self), "children": self.children}


def carry_out_series(
    request: Request, axes: Sequence[Axis], make: Callable[..., Procedure], watch: Watcher | None = None
) -> SeriesOutcome:
    """Carry out a series from its first byte to its figure.

    Args:
        request: What all its runs have in common; its procedure stands for all of them.
        axes: What is varied.
        make: Makes the procedure, from the parameters that are varied.
        watch: Called at every step.

    Returns:
        How it ended, whatever went wrong.
    """
    outcome = SeriesOutcome(simulated=request.simulate or request.lab is not None)
    bare = {axis.name: axis.given for axis in axes if axis.taken()}
    request = replace(request, given={**request.given, **bare})
    with AbortSwitch() as switch:
        directory = None
        try:
            request = request if request.lab is None else in_its_lab(request)
            children = check_series(request, axes, make)
            with station_of(request, "series of" if request.resume is None else "resume the series of") as hold:
                outcome.warnings.extend(bring_to_rest_first(request, hold))
                rehearsals: Mapping[int, Rehearsal] = {}
                if request.rehearse:
                    request, rehearsals = _rehearsed(request, children, switch, hold)
                directory = _folder(request)
                outcome.run = directory.path
                _measure(
                    _Series(request, axes, children, directory, outcome, switch, watch, rehearsals=rehearsals), hold
                )
        except LabError as error:
            outcome.fail(error)
        switch.shielded = True
        outcome.warnings.extend(gathered(outcome.said))
        notify_of(request, outcome, switch.asked)
        if directory is not None:
            _conclude(directory, outcome)
    if switch.asked and not outcome.exit_code:
        outcome.warnings.append(f"{switch.asked} came after the last point: the series is complete")
        outcome.exit_code = Aborted.exit_code
    return outcome


def check_series(
    request: Request, axes: Sequence[Axis], make: Callable[..., Procedure], *, contacts: bool = True
) -> list[Child]:
    """Return a series' runs, each checked.

    Args:
        request: What all its runs have in common.
        axes: What is varied.
        make: Makes the procedure, from the parameters that are varied.
        contacts: Whether contacts have to be checked by now.

    Raises:
        LabError: One of them cannot be carried out; the sentence says which.
    """
    children = [as_it_was(child, request.resume) for child in children_of(request, axes, make)]
    for child in children:
        _check(child, len(children), contacts=contacts)
    forewarn(children)
    return children


def _folder(request: Request) -> RunDirectory:
    """Make a new folder, or find that of a series that was cut.

    Raises:
        UsageError: It cannot be written, or the series is finished.
    """
    if request.resume is None:
        return RunDirectory.create(request.out, f"{KIND}-{title_of(request)}", WallClock().utc().astimezone())
    directory = RunDirectory.open(request.resume)
    if directory.status() == "finished":
        raise UsageError(f"{directory.path} is finished; there is nothing to carry on")
    mend_events(directory)
    return directory


def _rehearsed(
    request: Request, children: Sequence[Child], switch: AbortSwitch, hold: Hold
) -> tuple[Request, dict[int, Rehearsal]]:
    """Rehearse a series before its first run; of one that is carried on, what is not finished.

    Returns:
        The request with the seed that series and rehearsal have in common, and what was found, by the runs' numbers.

    Raises:
        Refused: A run must not begin; the sentence says which.
    """
    from labctl.rehearsal import rehearse_first, seeded  # which itself carries out runs

    request = seeded(request)
    left = [child for child in children if not is_finished(child)]
    if not left:
        return request, {}
    requests = [drawing(request, child) for child in left]
    said = [f"run {child.number} of {len(children)} ({said_of(child.texts)}): " for child in left]
    found = rehearse_first(requests, switch, hold, said.__getitem__)
    return request, {child.number: rehearsed for child, rehearsed in zip(left, found, strict=True)}


def _check(child: Child, of: int, *, contacts: bool) -> None:
    """Refuse a run before the first one begins, and say which it is.

    Raises:
        LabError: Of the same kind, with the parameters in its sentence.
    """
    try:
        check_request(child.request, contacts=contacts)
    except LabError as error:
        raise type(error)(f"run {child.number} of {of} ({said_of(child.texts)}): {error}") from error


@dataclass(frozen=True, slots=True)
class _Series:
    """A series that is on."""

    request: Request
    axes: Sequence[Axis]
    children: Sequence[Child]
    directory: RunDirectory
    outcome: SeriesOutcome
    switch: AbortSwitch
    watch: Watcher | None
    before: Before = field(default_factory=Before)
    rehearsals: Mapping[int, Rehearsal] = field(default_factory=dict[int, "Rehearsal"])


def _measure(series: _Series, hold: Hold) -> None:
    """Open the station once, and carry out one run after the other; what is finished is passed over."""
    request, directory = series.request, series.directory
    hold.tell(directory.path)
    seed = secrets.randbits(32) if request.seed is None else request.seed
    noise, time = seed, 0.0
    if request.resume is None:
        directory.write_request(_describe(series, seed))
    else:
        noise, time = _where_it_stands(directory, seed)
    if series.rehearsals:
        from labctl.rehearsed import write_whole

        write_whole(list(series.rehearsals.values()), directory.path)
    try:
        with open_session(
            request.station, request.sample, request.procedure.roles, simulate=request.simulate,
            start=LabStart(noise, request.sample_seed, time, request.quiet), overrides=request.overrides,
            lab=request.lab, hold=hold,
        ) as session:  # fmt: skip
            child_process.run_begins(directory.path, in_this_process=session.lab is not None)
            events = EventLog(directory.events_file, session.clock)
            events.state("running")
            for child in series.children:
                if is_finished(child):
                    _pass_over(series.outcome, child)
                elif not _carry_out_child(series, session, events, child, seed):
                    break
            else:
                series.outcome.status = "finished"
            _announce(events, series.outcome)
            child_process.run_is_safe()
    except LabError as error:
        with contextlib.suppress(WriteFailed):
            EventLog(directory.events_file, WallClock()).state(error.status, error=str(error))
        raise


def _where_it_stands(directory: RunDirectory, seed: int) -> tuple[int, float]:
    """Return the seed of the noise of the next attempt at a series, and the lab time in s of its last event."""
    events = directory.events()
    attempts = 1 + sum(event.get("state") == "running" for event in events)
    times = [float(event["time_s"]) for event in events if isinstance(event.get("time_s"), int | float)]
    return int(np.random.SeedSequence([seed, 0, attempts]).generate_state(1)[0]), max(times, default=0.0)


def _pass_over(outcome: SeriesOutcome, child: Child) -> None:
    """Take in a run that was finished before the series was cut; it is not analysed again."""
    assert child.request.resume is not None
    directory = RunDirectory(child.request.resume)
    done = Outcome(run=directory.path, status="finished", simulated=outcome.simulated, results=directory.results())
    if not done.results:  # it was killed before it was analysed
        done.points = 1
        conclude_safely(child.request.procedure, done)
    outcome.children.append({**done.to_json(), "parameters": _parameters(child)})


def _announce(events: EventLog, outcome: SeriesOutcome) -> None:
    try:
        events.state(outcome.status, error=outcome.error, points=outcome.points)
    except WriteFailed as error:
        if outcome.status == "finished":
            outcome.fail(error)


def _describe(series: _Series, seed: int) -> dict[str, Any]:
    """Return what run.json says of the series: as of a run, but for the parameters that are varied."""
    described = provenance.describe(series.request, seed)
    over = {axis.name for axis in series.axes}
    return {
        "kind": KIND,
        **described,
        "parameters": {name: entry for name, entry in described["parameters"].items() if name not in over},
        "over": [
            {
                "name": axis.name,
                "unit": getattr(axis.parameter, "si_unit", getattr(axis.parameter, "units", "")),
                "values": list(axis.values),
                "texts": [axis.parameter.show(value) for value in axis.values],
            }
            for axis in series.axes
        ],
        "main_results": list(series.request.procedure.main_results),
        "beside_results": list(series.request.procedure.beside_results),
        "children": [{"run": child.folder, "parameters": _parameters(child)} for child in series.children],
    }


def _parameters(child: Child) -> dict[str, Any]:
    return {name: {"value": value, "text": child.texts[name]} for name, value in child.values.items()}


def _carry_out_child(series: _Series, session: Session, events: EventLog, child: Child, seed: int) -> bool:
    """Carry out one run; return whether the series may go on."""
    outcome, switch, of = series.outcome, series.switch, len(series.children)
    switch.shielded = False
    try:
        switch.check()
    except Aborted as error:
        outcome.fail(error, f"{error} before run {child.number} of {of}")
        return False
    done = Outcome(simulated=outcome.simulated)
    try:
        entry = _enter(series, child, seed)
        done.run = entry.directory.path
        events.write("run", run=child.folder, number=child.number, of=of, values=dict(child.texts))
        carry_out_in(
            session,
            child.request,
            entry,
            done,
            switch,
            series.watch,
            of=(child.number - 1, of),
            before=series.before,
        )
    except LabError as error:
        done.fail(error)
    switch.shielded = True
    if done.run is not None:
        conclude_safely(child.request.procedure, done)
        learn(child.request, done)
    _add(outcome, child, done)
    finished = done.status == "finished"
    said = f"run {child.number} of {of} ({said_of(child.texts)}): {done.error}"
    if not finished:
        outcome.status, outcome.exit_code, outcome.error, outcome.cause = done.status, done.exit_code, said, done.cause
    elif done.error is not None and outcome.error is None:  # all rows are there, and analysing can wait till the end
        outcome.exit_code, outcome.error, outcome.cause = done.exit_code, said, done.cause
    return finished


def _enter(series: _Series, child: Child, seed: int) -> Entry:
    """Make a run's folder and its run.json.

    Raises:
        WriteFailed: The operating system does not take it.
    """
    path = series.directory.path / child.folder
    if child.request.resume is not None:
        entry = begin_again(child.request, path)
        mend_events(entry.directory)
        _keep_rehearsal(series, child, path)
        return entry
    try:
        path.mkdir(exist_ok=series.request.resume is not None)  # it may have been killed before it wrote anything
    except OSError as error:
        raise WriteFailed(f"cannot make {path}: {error.strerror}") from error
    directory = RunDirectory(path)
    # Random orders are a run's own; what fluctuates in a simulated lab goes on from run to run.
    own = seed_of(seed, child.number)
    place = {"folder": series.directory.path.name, "number": child.number, "of": len(series.children), "lab_seed": seed}
    description = {**provenance.describe(child.request, own), KIND: place}
    directory.write_request(description)
    _keep_rehearsal(series, child, path)
    return Entry(directory, description, own, seed, child.request.sample_seed)


def _keep_rehearsal(series: _Series, child: Child, folder: Path) -> None:
    rehearsed = series.rehearsals.get(child.number)
    if rehearsed is not None:
        rehearsed.write(folder)


def _add(outcome: SeriesOutcome, child: Child, done: Outcome) -> None:
    outcome.points += done.points
    outcome.lab_time_s += done.lab_time_s
    outcome.wall_time_s += done.wall_time_s
    outcome.said.extend((child.number, warning) for warning in done.warnings)
    outcome.children.append({**done.to_json(), "parameters": _parameters(child)})


def _conclude(directory: RunDirectory, outcome: SeriesOutcome) -> None:
    """Collect and draw what was measured, also of a series that ended early."""
    try:
        conclude_series(directory, simulated=outcome.simulated)
    except LabError as error:
        outcome.warnings.append(f"the series could not be summed up: {error}")
        if outcome.status == "finished":
            outcome.fail(error)
