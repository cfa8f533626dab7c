"""Carries a procedure out: opens the station, records, analyses, and leaves the sample safe whatever happens."""

from __future__ import annotations

import contextlib
import inspect
import sys
import time
import traceback
from contextlib import AbstractContextManager
from types import ModuleType
from typing import TYPE_CHECKING, Any

from instruments.clock import WallClock
from instruments.errors import Aborted, InstrumentFault, LabError, Refused, WriteFailed
from labctl.abort import AbortSwitch
from labctl.active_run import ActiveRun, Watcher
from labctl.adopted import Adopted
from labctl.beforehand import check_request
from labctl.conclusion import conclude_safely
from labctl.events import EventLog
from labctl.health import Before
from labctl.informed import sentences
from labctl.learning import learn
from labctl.notified import notify_of
from labctl.own_code import EndedTheProgram, no_exit
from labctl.reentry import Entry, begin, begin_again, mend_events
from labctl.remote import in_its_lab
from labctl.request import Outcome, Request
from labctl.session import Session, open_session
from labctl.station_lock import Hold, holding
from labctl.supervision import child
from labctl.supervision.rescue import bring_to_rest_first
from labctl.surroundings import LabStart
from labctl.visiting import Visitor, visiting

if TYPE_CHECKING:
    from labctl.rehearsed import Rehearsal

__all__: list[str] = []  # help(labctl.run) says how to call it, see the end of this file; modules import by name


def carry_out(request: Request, watch: Watcher | None = None, *, analyse: bool = True) -> Outcome:
    """Run a procedure from its first byte to its figure, or without `analyse` to its last row.

    Whatever goes wrong is in the outcome: its status, exit code and one sentence. Nothing is raised but by a wrong
    use of this function.
    """
    outcome = Outcome(simulated=request.simulate or request.lab is not None)
    with AbortSwitch() as switch:
        try:
            if request.lab is not None:
                request = in_its_lab(request)
            check_request(request)
            with station_of(request, "run" if request.resume is None else "resume") as hold:
                outcome.warnings.extend(bring_to_rest_first(request, hold))
                rehearsal = None
                if request.rehearse:
                    from labctl.rehearsal import rehearse_first, seeded  # which itself carries out runs

                    request = seeded(request)
                    rehearsal = rehearse_first([request], switch, hold, lambda _: "")[0]
                _measure(request, outcome, switch, watch, hold, rehearsal)
        except LabError as error:
            outcome.fail(error)
        switch.shielded = True  # the data are safe, and what is left takes a second
        notify_of(request, outcome, switch.asked)
        if analyse and outcome.run is not None:
            conclude_safely(request.procedure, outcome)
            learn(request, outcome)
    if switch.asked and not outcome.exit_code:
        outcome.warnings.append(f"{switch.asked} came after the last point: the run is complete")
        outcome.exit_code = Aborted.exit_code
    return outcome


def station_of(request: Request, doing: str) -> AbstractContextManager[Hold]:
    """Hold the station that a run is for; `doing` is said to others meanwhile, in front of the experiment's name.

    Raises:
        StationInUse: Somebody else holds it.
    """
    return holding(
        request.station, simulate=request.simulate, lab=request.lab, what=f"{doing} {request.name}",
        keeper=request.keeper,
    )  # fmt: skip


def _measure(
    request: Request, outcome: Outcome, switch: AbortSwitch, watch: Watcher | None, hold: Hold,
    rehearsal: Rehearsal | None,
) -> None:  # fmt: skip
    """Make the run's folder, open, execute and make safe."""
    entry = begin(request, title_of(request)) if request.resume is None else begin_again(request, request.resume)
    directory = entry.directory
    outcome.run = directory.path
    hold.tell(directory.path)
    if entry.attempt == 1:
        directory.write_request(entry.description)
    else:
        mend_events(directory)
    if rehearsal is not None:
        rehearsal.write(directory.path)
    try:
        with open_session(
            request.station, request.sample, request.procedure.roles, simulate=request.simulate,
            start=LabStart(entry.noise_seed, entry.sample_seed, entry.start, request.quiet),
            overrides=request.overrides, lab=request.lab, hold=hold,
        ) as session:  # fmt: skip
            child.run_begins(directory.path, in_this_process=session.lab is not None)
            carry_out_in(session, request, entry, outcome, switch, watch)
            child.run_is_safe()
    except LabError as error:  # an instrument that is not there: nothing was energised
        with contextlib.suppress(WriteFailed):
            EventLog(directory.events_file, WallClock()).state(error.status, error=str(error))
        raise


def carry_out_in(
    session: Session, request: Request, entry: Entry, outcome: Outcome, switch: AbortSwitch, watch: Watcher | None,
    *, of: tuple[int, int] = (0, 1), before: Before | None = None,
) -> None:  # fmt: skip
    """Execute the procedure on the opened instruments.

    Args:
        session: The instruments.
        request: What is asked, checked already.
        entry: Its folder and its seeds.
        outcome: Gets how it ended.
        switch: By which it is asked to stop.
        watch: Called at every step.
        of: How many runs of a series are done, and how many there are.
        before: What the checks of a series' earlier runs found.
    """
    procedure = request.procedure
    started, begun = time.perf_counter(), session.clock.now()
    events = EventLog(entry.directory.events_file, session.clock)
    if entry.attempt == 1:
        entry.directory.write_request({**entry.description, "instruments": session.identities()})
    else:
        entry.announce(events, session.identities())
    run = ActiveRun(request, entry, session, events, switch, watch, before)
    run.of = of
    session.bind(procedure)
    procedure.run = run
    outcome.informed = list(sentences(procedure))
    with visiting(procedure, run) as visitor:
        _execute(run, visitor, outcome, events, switch)
    outcome.warnings.extend(run.remarks)
    outcome.points = run.points
    if outcome.status == "finished" and not run.points:
        by = "emit('results', ...)" if isinstance(procedure, Adopted) else "self.record(...)"
        outcome.warnings.append(f"no row was recorded: execute() came to its end without calling {by}")
    outcome.lab_time_s = session.clock.now() - begun
    outcome.wall_time_s = max(0.0, run.last_row_at - started)


def _execute(run: ActiveRun, visitor: Visitor | None, outcome: Outcome, events: EventLog, switch: AbortSwitch) -> None:
    """Execute the procedure; then the safe state, always; then, and only then, announce how it ended."""
    procedure = run.request.procedure
    try:
        events.state("running")
        for sentence in filter(None, (run.learning.forewarning(), *procedure.forewarnings)):
            run.remark(sentence)
            events.write("warning", text=sentence)
        run.show()  # whoever watches hears of it before anything is sent
        run.session.library.forget_refusals()
        with no_exit(procedure, "startup() failed"):
            procedure.startup()
        run.health.begin()
        run.check_loop.begin()
        with no_exit(procedure, "execute() failed"):
            procedure.execute()
        run.ledger.close()
        run.check_loop.end()
        outcome.status = "finished"
        _look_for_refusals(run, events)
        switch.shielded = True  # all rows are there, and the check takes a second
        run.health.end()
    except KeyboardInterrupt:
        outcome.fail(Aborted("aborted by Ctrl-C, given twice"))
    except Exception as error:  # noqa: BLE001 - the one boundary of a run: whatever an experiment raises, the sample is made safe
        _take_in_failure(error, visitor, outcome, events)
    switch.shielded = True
    _make_safe(run, visitor, outcome, events)
    if why := run.may_sleep:
        _note(events, outcome, "not kept awake", text=why)
    try:
        run.close()
        if outcome.status == "finished":
            run.learning.keep()
    except WriteFailed as error:
        outcome.fail(error)
    _note(events, outcome, "state", state=outcome.status, error=outcome.error, points=run.points)


def _take_in_failure(error: Exception, visitor: Visitor | None, outcome: Outcome, events: EventLog) -> None:
    """Say what an experiment raised, and where if it is none of the things that labctl knows."""
    if visitor is None:
        outcome.fail(error)
    else:
        outcome.fail(visitor.translated(error), visitor.said(error))
    if not isinstance(error, LabError):
        _note(events, outcome, "traceback", text="".join(traceback.format_exception(error)))


def _look_for_refusals(run: ActiveRun, events: EventLog) -> None:
    """Look whether the guard kept back messages and the procedure went on as if they had been carried out.

    Raises:
        Refused: It did.
    """
    library = run.session.library
    if not library.refused:
        return
    events.write("refused", messages=library.refused, first=library.first_refusal)
    many = f"{library.refused} messages were" if library.refused > 1 else "a message was"
    raise Refused(
        f"{many} kept back by a limit and the procedure went on, so that its rows may not be what they say"
        f"{'; the first' if library.refused > 1 else ''}: {library.first_refusal}"
    )


def _make_safe(run: ActiveRun, visitor: Visitor | None, outcome: Outcome, events: EventLog) -> None:
    """Let the procedure clean up, then bring the station to its safe state whatever the procedure did."""
    silent = outcome.status == "fault"
    try:
        with no_exit(run.request.procedure, "shutdown() failed"):
            run.request.procedure.shutdown()
    except Exception as error:  # noqa: BLE001 - the same boundary: a shutdown that raises must not keep the source on
        _take_in_shutdown(error, visitor, outcome, events)
    left = [] if visitor is None else visitor.leave()
    if visitor is not None and not silent:
        complaints, restarts = run.session.complaints(sorted(visitor.door.opened), visitor.door.watched)
        for complaint in complaints:
            outcome.warnings.append(complaint)
            _note(events, outcome, "warning", text=complaint)
        for restart in restarts:
            _note(events, outcome, "fault", text=restart)
            outcome.fail(InstrumentFault(restart))
    for fault in run.session.make_safe(left, finished=outcome.status == "finished"):
        outcome.warnings.append(fault)
        _note(events, outcome, "fault", text=fault)
        if outcome.status == "finished":
            outcome.fail(InstrumentFault(fault))
    held = run.session.held_field
    _note(events, outcome, "safe", **({} if held is None else {"field_T": held}))


def _take_in_shutdown(error: BaseException, visitor: Visitor | None, outcome: Outcome, events: EventLog) -> None:
    """Say that a shutdown failed; an instrument that did not answer it is a fault of the run."""
    said = str(error) if visitor is None or isinstance(error, EndedTheProgram) else visitor.said(error)
    text = said if isinstance(error, EndedTheProgram) else f"the procedure's shutdown failed: {said}"
    _note(events, outcome, "fault", text=text)
    if visitor is not None and outcome.error is not None and visitor.lacks(error):
        return  # it closes what it never came to open, and why it did not is said already
    meant = error if visitor is None else visitor.translated(error)
    if outcome.status == "finished" and isinstance(meant, InstrumentFault | EndedTheProgram):
        outcome.fail(meant, text)
    else:
        outcome.warnings.append(text)


def _note(events: EventLog, outcome: Outcome, event: str, **details: Any) -> None:
    """Write an event; on a full disk this fails too, and must not keep the safe state from being reached."""
    try:
        events.write(event, **details)
    except WriteFailed as error:
        if outcome.status == "finished":
            outcome.fail(error)


def title_of(request: Request) -> str:
    """Return what a run's folder is called behind its number."""
    return "-".join([request.name, request.sample.name, *(["sim"] if request.simulate else [])])


class _Callable(ModuleType):
    # `labctl.run(...)` calls this module: package and module cannot both own the name. Who asks for help wants to know
    # how to call it, not what lies in it.

    @property
    def __doc__(self) -> str:  # pyright: ignore[reportIncompatibleVariableOverride] - made when it is asked for
        from labctl import api

        first, _, rest = (inspect.getdoc(api.run) or "").partition("\n")
        arguments = [f"    {argument}," for argument in self.__signature__.parameters.values()]
        return "\n".join([first, "", "labctl.run(", *arguments, ")", rest])

    @property
    def __signature__(self) -> inspect.Signature:
        from labctl import api

        return inspect.signature(api.run)

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        from labctl import api

        return api.run(*arguments, **keywords)


sys.modules[__name__].__class__ = _Callable
