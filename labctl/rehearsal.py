"""Rehearsal: the very code of a run, on the station's simulated twin, from the state that the station is in.

The twin lives in this process, on a virtual clock, with the sample record's model in it. It begins at the temperature,
the field and the angle that the real station shows, which is asked with questions alone. What `[simulation]` of the
station file has go wrong on purpose (events, faults) is left out: a rehearsal is of the station as it should be. A
series is rehearsed as a whole, each run from where the one before ended.

Nothing is written but into a folder of its own that is thrown away; what is to be kept of it is in `Rehearsal`.
"""

from __future__ import annotations

import copy
import secrets
import shutil
import tempfile
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from instruments import silence
from instruments.cryostat import Cryostat
from instruments.errors import Aborted, LabError, Refused, UsageError
from labctl import limits, simulation
from labctl.abort import AbortSwitch
from labctl.active_run import Watcher
from labctl.beforehand import check_contacts, check_request
from labctl.conclusion import analysed, rows_of
from labctl.course import Course
from labctl.expected import NONE, Shares, added
from labctl.health import Before, with_health
from labctl.present import CRYOSTAT, UNKNOWN_HISTORY, Present, as_read, present
from labctl.procedure import Procedure
from labctl.reentry import Entry, begin_again, mend_events
from labctl.rehearsed import PARTS, Rehearsal, span
from labctl.request import Outcome, Request
from labctl.run import carry_out_in
from labctl.rundir import RunDirectory
from labctl.session import Session, open_session
from labctl.station import Station
from labctl.station_lock import Hold
from labctl.supervision import child
from labctl.surroundings import LabStart
from simulators.beginning import Beginning
from simulators.exposure import Exposure

OPENING = 240.0
"""s of real time that the instruments may take to open after a rehearsal, as they may at the begin of a run."""

OWN_NOISE = 0x5EA
"""With the run's seed, the seed of what fluctuates in its rehearsal: the orders that it draws are the run's, the noise
is another."""


def rehearse(
    request: Request, switch: AbortSwitch, hold: Hold | None = None, watch: Watcher | None = None
) -> Rehearsal:
    """Rehearse one run; what it would be refused for is among the violations.

    Args:
        request: What is asked; completed by `in_its_lab` where a lab is named.
        switch: By which it is asked to stop.
        hold: Of the station, of who holds it already.
        watch: Called at every step.

    Raises:
        UsageError: It cannot be run, or not be simulated.
        StationInUse: The station cannot be asked how it stands.
        InstrumentFault: Its cryostat does not answer.
        Aborted: Somebody asked for the end.
    """
    return rehearse_all([request], switch, hold, watch)[0]


def rehearse_in_order(
    items: Sequence[Sequence[Request]], switch: AbortSwitch, hold: Hold | None = None, watch: Watcher | None = None
) -> list[list[Rehearsal]]:
    """Rehearse what follows each other at one station without belonging together: each begins where the last ended.

    What is refused before it begins, or cannot be rehearsed, leaves the station as it was; what ends early leaves it
    where it then stands. What comes behind is rehearsed all the same.

    Args:
        items: In their order, each a run or the runs of a series, which `requests_of` gives; at one station.
        switch: By which it is asked to stop.
        hold: Of the station, of who holds it already.
        watch: Called at every step.

    Returns:
        Of each what was found of its runs, as `rehearse_all` does; of one that cannot be rehearsed, why, as `error`.

    Raises:
        StationInUse: The station cannot be asked how it stands.
        InstrumentFault: Its cryostat does not answer.
        Aborted: Somebody asked for the end.
    """
    stands = present(items[0][0], hold) if items else None
    done: list[list[Rehearsal]] = []
    for requests in items:
        assert stands is not None
        found, stands = rehearse_from(requests, stands, switch, watch)
        done.append(found)
    return done


def rehearse_from(
    requests: Sequence[Request], stands: Present, switch: AbortSwitch, watch: Watcher | None = None
) -> tuple[list[Rehearsal], Present]:
    """Rehearse one of several that follow each other, and return how it leaves the station, too.

    Args:
        requests: A run, or the runs of a series.
        stands: How the station stands before.
        switch: By which it is asked to stop.
        watch: Called at every step.

    Raises:
        Aborted: Somebody asked for the end.
    """
    try:
        found = rehearse_all(requests, switch, watch=watch, stands=stands)
    except UsageError as error:
        return [Rehearsal(status=error.status, error=str(error), exit_code=error.exit_code)], stands
    ends = next((each.ends for each in reversed(found) if each.ends is not None), None)
    return found, stands if ends is None else Present(ends, (UNKNOWN_HISTORY,))


def rehearse_all(
    requests: Sequence[Request], switch: AbortSwitch, hold: Hold | None = None, watch: Watcher | None = None,
    stands: Present | None = None,
) -> list[Rehearsal]:  # fmt: skip
    """Rehearse the runs of a series, one after the other in one lab.

    One that does not finish ends the series, and is the last of what is returned. One that was cut is rehearsed from
    where it would be carried on. Other arguments and errors as for `rehearse`.

    Args:
        requests: The runs, in their order.
        switch: By which it is asked to stop.
        hold: Of the station, of who holds it already.
        watch: Called at every step.
        stands: How the station stands when the first of them begins; it is asked for where this is not given.
    """
    copies = [replace(request, procedure=_copied(request.procedure)) for request in requests]
    refused = [_violations(request) for request in copies]
    if any(each.final for each in refused):
        return [_refused(request, each) for request, each in zip(copies, refused, strict=True)]
    stands = present(requests[0], hold) if stands is None else stands
    done: list[Rehearsal] = []
    with _stage(copies[0], stands) as session, tempfile.TemporaryDirectory(prefix="labctl-rehearsal-") as folder:
        before = Before()
        for number, request in enumerate(copies):
            act = _Act(request, session, Path(folder) / str(number), (number, len(copies)), stands)
            rehearsed = _carry_out(act, switch, watch, before)
            rehearsed.violations[:0] = refused[number].sentences
            done.append(rehearsed)
            if rehearsed.status != "finished":
                break
            stands = stands if rehearsed.ends is None else Present(rehearsed.ends)
    _join(done)
    return done


def _copied(procedure: Procedure) -> Procedure:
    """Return a procedure of its own for the rehearsal."""
    if "run" in vars(procedure):  # it has run before, and holds that run's instruments
        return type(procedure)(**procedure.values())
    return copy.deepcopy(procedure)


@dataclass(slots=True)
class _Refusals:
    """Why a run is refused before it begins; `final` where it can then not be rehearsed either."""

    sentences: list[str] = field(default_factory=list[str])
    final: bool = False


def _violations(request: Request) -> _Refusals:
    """Check a run as `labctl run` does, and go on where only nobody has checked the contacts.

    Raises:
        UsageError: It cannot be run or simulated.
    """
    found = _Refusals()
    unchecked = {**request.overrides, limits.UNCHECKED_CONTACTS: 1.0}
    try:
        check_request(replace(request, overrides=unchecked))
    except Refused as error:
        return _Refusals([str(error)], final=True)
    try:
        check_contacts(request)
    except Refused as error:
        found.sentences.append(str(error))
    try:
        simulation.check(request.station, request.sample, request.procedure.roles)
    except UsageError as error:
        raise UsageError(f"this run cannot be rehearsed: {error}") from error
    return found


def _refused(request: Request, refused: _Refusals) -> Rehearsal:
    """Say of a run that is not even rehearsed why, and what it asks for."""
    return Rehearsal(
        violations=refused.sentences, extremes=_asked(request),
        error=refused.sentences[0] if refused.sentences else None,
        exit_code=Refused.exit_code,
    )  # fmt: skip


def _asked(request: Request) -> dict[str, Any]:
    """What a run says that it will ask for, with the limits beside it."""
    bounds, demands = limits.of(request.station, request.sample, request.overrides), request.procedure.demands()
    pulsed = "pulse_current" in demands
    current, field = max(demands.get("pulse_current", 0.0), demands.get("current", 0.0)), demands.get("field")
    hottest = demands.get("temperature")
    return {
        "current": span((-current, current), "A", (bounds.pulse_current if pulsed else bounds.current).value),
        "field": span(None if field is None else (-field, field), "T", bounds.field.value),
        "temperature": span(
            None if hottest is None else (demands.get("lowest_temperature", hottest), hottest), "K",
            [bounds.lowest_temperature.value, bounds.temperature.value],
        ),
    }  # fmt: skip


@contextmanager
def _stage(request: Request, stands: Present) -> Generator[Session]:
    """Open the simulated twin of a station as it should be, standing as the station does."""
    noise = int(np.random.SeedSequence([request.seed or 0, OWN_NOISE]).generate_state(1)[0])
    time = 0.0 if request.resume is None else begin_again(request, request.resume).start
    start = LabStart(noise, request.sample_seed, time, request.quiet, stands.begins)
    with open_session(
        as_it_should_be(request.station), request.sample, request.procedure.roles, simulate=True, start=start,
        overrides=request.overrides,
    ) as session:  # fmt: skip
        yield session


def as_it_should_be(station: Station) -> Station:
    """Return a station in whose simulation nothing goes wrong on purpose.

    Its interlocks are watched, but for that of the disk: rehearsed rows are not written where those of the run are.
    """
    simulated = station.simulation.model_copy(update={"events": (), "faults": ()})
    interlocks = [each for each in station.interlocks if each.quantity != "disk_space"]
    return station.model_copy(update={"simulation": simulated, "interlocks": interlocks})


@dataclass(frozen=True, slots=True)
class _Act:
    """One run of what is rehearsed: its copy of the request, where, which of how many, and how it began."""

    request: Request
    session: Session
    folder: Path
    of: tuple[int, int]
    stands: Present


def _carry_out(act: _Act, switch: AbortSwitch, watch: Watcher | None, before: Before) -> Rehearsal:
    """Carry one run out.

    Raises:
        Aborted: Somebody asked for the end.
    """
    session, procedure = act.session, act.request.procedure
    assert session.lab is not None
    course, exposure = Course(session), Exposure(session.lab, session.clock.now())
    entry, outcome = _enter(act.request, act.folder), Outcome(run=act.folder)
    directory = entry.directory
    request = replace(
        act.request, station=as_it_should_be(act.request.station), simulate=True, lab=None, out=act.folder, resume=None,
        rehearse=False,
    )  # fmt: skip
    overseen = course if watch is None else _both(course, watch)
    carry_out_in(session, request, entry, outcome, switch, overseen, of=act.of, before=before)
    course.end()
    switch.shielded = False
    switch.check()
    rehearsed = Rehearsal(
        duration_s=course.duration, points=outcome.points, begins=act.stands.details(),
        parts=dict(zip(PARTS, (course.ramps, course.settling, course.measuring), strict=True)),
        extremes=_extremes(act, course, exposure), plan=_plan(course, exposure), expected=course.expected(NONE),
        remarks=[*act.stands.remarks, *outcome.warnings], status=outcome.status, error=outcome.error,
        exit_code=outcome.exit_code, ends=_ends(act),
    )  # fmt: skip
    rehearsed.violations = list(dict.fromkeys(_broken_rules(session, outcome)))
    if outcome.points:
        rehearsed.rows = directory.data_file.read_bytes()
        rehearsed.results = _results(procedure, directory, rehearsed.remarks)
    return rehearsed


def _enter(request: Request, folder: Path) -> Entry:
    """Make a folder for a rehearsed run; with all that the run has written where it is one that was cut."""
    folder.mkdir()
    directory, seed = RunDirectory(folder), request.seed or 0
    if request.resume is None:
        return Entry(directory, {}, seed, seed, request.sample_seed)
    entry = begin_again(request, request.resume)
    for file in (directory.request_file, directory.data_file, directory.events_file):
        written = request.resume / file.name
        if written.exists():
            shutil.copyfile(written, file)
    mend_events(directory)
    return replace(entry, directory=directory)


def _ends(act: _Act) -> Beginning:
    """Return where a run has left the station, by its cryostat; one that has none does not move it."""
    driver = act.session.instruments.get(CRYOSTAT)
    return as_read(driver.reading()).begins if isinstance(driver, Cryostat) else act.stands.begins


def _both(course: Course, watch: Watcher) -> Watcher:
    def watching(run: Any) -> None:
        course(run)
        watch(run)

    return watching


def _broken_rules(session: Session, outcome: Outcome) -> Iterable[str]:
    """Yield what was refused, and that the sample did not outlive it."""
    if outcome.exit_code == Refused.exit_code and outcome.error:
        yield outcome.error
    yield from session.library.refusals
    broken = None if session.lab is None else session.lab.sample.broken
    if broken is not None:
        yield (
            f"the sample breaks after {broken:.0f} s, by the model of its record; take less current, voltage or fewer "
            "pulses"
        )


def _results(procedure: Any, directory: RunDirectory, remarks: list[str]) -> dict[str, Any]:
    """Analyse the rehearsed rows; what cannot be analysed is a remark."""
    try:
        data, _ = rows_of(directory)
        with threadpool_limits(limits=1, user_api="blas"):
            return with_health(analysed(procedure, data), directory, procedure.sample).as_dict()
    except LabError as error:
        remarks.append(f"the rehearsed rows could not be analysed: {error}")
        return {}


def _extremes(act: _Act, course: Course, exposure: Exposure) -> dict[str, Any]:
    """What the sample got, with the limits beside it."""
    request, lab = act.request, act.session.lab
    assert lab is not None
    bounds = limits.of(request.station, request.sample, request.overrides)
    pulsed = "pulse_current" in request.procedure.demands()
    current = exposure.currents.extremes or (0.0, 0.0)
    field_range = lab.cryostat.field_extremes(course.begun, act.session.clock.now())
    kelvin = course.temperature.extremes
    energy, power = bounds.pulse_energy, bounds.power
    return {
        "current": span(current, "A", (bounds.pulse_current if pulsed else bounds.current).value),
        "field": span(field_range, "T", bounds.field.value),
        "temperature": span(kelvin, "K", [bounds.lowest_temperature.value, bounds.temperature.value]),
        "power": span((0.0, exposure.largest_power), "W", None if power is None else power.value),
        "pulse_energy": span(
            (0.0, exposure.largest_energy) if pulsed else None, "J", None if energy is None else energy.value
        ),
    }


def _plan(course: Course, exposure: Exposure) -> dict[str, Any]:
    """Field, temperature and current against time, as columns, to five digits."""
    found = {"field_T": course.field, "temperature_K": course.temperature, "current_A": exposure.currents}
    return {
        name: {column: [float(f"{value:.6g}") for value in values] for column, values in envelope.columns().items()}
        for name, envelope in found.items()
    }


def _join(rehearsals: Sequence[Rehearsal]) -> None:
    """Tell each run of a series what follows it."""
    later: Shares = NONE
    for rehearsed in reversed(rehearsals):
        rehearsed.expected = replace(rehearsed.expected, later=later)
        later = added(later, rehearsed.expected.total)


def seeded(request: Request) -> Request:
    """Return a request that has a seed, so that the run and its rehearsal draw the same orders."""
    return replace(request, seed=secrets.randbits(32)) if request.seed is None else request


def rehearse_first(
    requests: Sequence[Request], switch: AbortSwitch, hold: Hold, said: Callable[[int], str]
) -> list[Rehearsal]:
    """Rehearse what is about to be run, and refuse it where it must not begin.

    Args:
        requests: The runs.
        switch: By which it is asked to stop.
        hold: Of the station.
        said: Says which run one is by its index, with a colon; empty of a single one.

    Raises:
        Refused: A limit would be violated, or a rehearsed run came to no good end.
        Aborted: Somebody asked for the end.
    """
    try:
        with child.rehearsing():
            rehearsals = rehearse_all(requests, switch, hold)
    except Aborted as error:
        raise Aborted(f"{error} during the rehearsal, nothing was sent") from error
    for index, rehearsed in enumerate(rehearsals):
        rehearsed.refuse(said(index))
    silence.expect(OPENING)
    return rehearsals
