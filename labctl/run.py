"""Carries a procedure out: opens the station, records, analyses, and leaves the sample safe whatever happens."""

from __future__ import annotations

import contextlib
import inspect
import sys
import time
import traceback
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, ExitStack
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np

from instruments.clock import WallClock
from instruments.errors import Aborted, ComplianceFault, InstrumentFault, LabError, Refused, WriteFailed
from labctl.abort import AbortSwitch
from labctl.adopted import Adopted
from labctl.attempts import ATTEMPT, BLOCK, lies_within
from labctl.awake import SleepWatch, kept_awake
from labctl.beforehand import check_request
from labctl.check_loop import CheckLoop
from labctl.conclusion import conclude_safely
from labctl.events import EventLog
from labctl.health import Before, Health
from labctl.informed import sentences
from labctl.interlock_watch import InterlockWatch
from labctl.kept_files import KeptRequest, lost
from labctl.learning import Learning, learn
from labctl.ledger import RunLedger
from labctl.notified import notify_of
from labctl.own_code import EndedTheProgram, no_exit
from labctl.procedure import Procedure
from labctl.recorder import Recorder
from labctl.reentry import Entry, begin, begin_again, keep_torn_bytes, mend_events
from labctl.remote import in_its_lab
from labctl.request import Outcome, Request
from labctl.rundir import read_rows
from labctl.session import LabStart, Session, open_session
from labctl.station_lock import Hold, holding
from labctl.supervision import child
from labctl.supervision.rescue import bring_to_rest_first
from labctl.time_left import time_left
from labctl.tracking import Path as LoopPath
from labctl.visiting import Visitor, visiting

if TYPE_CHECKING:
    import pandas as pd

    from labctl.rehearsed import Rehearsal

__all__: list[str] = []  # help(labctl.run) says how to call it, see the end of this file; modules import by name


MOST_REMARKS = 20
"""More than these nobody reads; the events hold them all."""

Watcher = Callable[["ActiveRun"], None]
"""Called at every step of a run, to show its progress; it must neither raise nor wait."""


class ActiveRun:
    """A run that is on: what the procedure records goes through here."""

    def __init__(
        self, request: Request, entry: Entry, session: Session, events: EventLog, switch: AbortSwitch,
        watch: Watcher | None, before: Before | None = None,
    ) -> None:  # fmt: skip
        self.request = request
        self.directory = entry.directory
        self.session = session
        self.attempt = entry.attempt
        self.rehearsed = entry.attempt > 1 and request.resume is None
        """Whether only the rest of a run is rehearsed: on a twin, which tells nothing of the sample that there is."""
        self.remarks: list[str] = []
        self._events = events
        self._switch = switch
        self._watch = watch
        procedure, file = request.procedure, entry.directory.data_file
        self._recorder = Recorder(
            file, header_lines(procedure), (*procedure.DATA_COLUMNS, BLOCK, ATTEMPT),
            keep_torn=None if entry.attempt == 1 else lambda torn: keep_torn_bytes(events, file, torn),
        )  # fmt: skip
        self._asked = KeptRequest(entry.directory.request_file)
        self.ledger = RunLedger(entry.history, events, entry.attempt, self._force_rows)
        self.path = LoopPath(self._between_points, self.ledger, entry.seed)
        self.learning = Learning(request, entry.directory, events, entry.attempt, self.ledger.was_passed)
        self.health = Health(self, before)
        self.check_loop = CheckLoop(self)
        self.interlocks = InterlockWatch(
            request.station.interlocks, session.instruments, session.clock, entry.directory.path, self
        )
        self._sleep = SleepWatch() if session.lab is None else None  # what is simulated here sleeps as well
        self._awake = ExitStack()
        self._may_sleep = None if session.lab else self._awake.enter_context(kept_awake())
        session.report_to(self)
        self.temperature: Any = None
        self.last: Mapping[str, Any] = {}
        self.sample_seen: tuple[float, float] | None = None
        self.time_left = time_left(entry.directory, session, entry.history.complete)
        self.last_row_at = 0.0
        self.of: tuple[int, int] = (0, 1)

    @property
    def progress(self) -> float:
        """Part that is done of the run, or of the series that it belongs to, from 0 to 1."""
        done, all_ = self.of
        return (done + self.path.progress) / all_

    @property
    def points(self) -> int:
        """Rows recorded so far."""
        return self._recorder.rows

    def record(self, row: dict[str, Any]) -> None:
        """Append a row and look whether the run may go on.

        Raises:
            ComplianceFault: The row was measured with a source in compliance; it is kept, and marked as such.
            Aborted: Somebody asked for the end.
        """
        row[BLOCK] = block = self.path.block
        row[ATTEMPT] = self.attempt
        self._recorder.record(row)
        self.temperature = row.get("Temperature (K)")
        self.last = row
        self.last_row_at = time.perf_counter()
        self.path.count()
        self.ledger.measured(block)
        if row.get("Compliance") and not self.interlocks.passes_compliance():
            raise ComplianceFault(
                "the source reached its compliance and drove less than its current: a lead is open, or current times "
                "resistance (sample and leads) exceeds it; check the leads, or give a smaller current or a larger "
                "compliance"
            )
        self._between_points()

    def recorded(self, block: str | None = None) -> pd.DataFrame:
        """Return the rows so far that count, of one block and what lies within it, or all; see `Procedure.recorded`."""
        rows = self.ledger.visible(read_rows(self.directory.data_file)[0])
        if block is not None:
            rows = rows.loc[[lies_within(name, block) for name in rows["Block"].tolist()]]
        return rows.reset_index(drop=True)

    def check(self) -> None:
        """Report progress, and raise what ends the run.

        Raises:
            Aborted: Somebody asked for the end.
            Refused: An interlock of the station asks for it.
            InstrumentFault: Likewise, or the cryostat does not answer who watches.
        """
        self.show()
        self._stand_if_asked()
        self.interlocks.look(asking=True)

    def _between_points(self) -> None:
        """Do the same where a question to an instrument would make a gap in what is measured."""
        self.show()
        self._stand_if_asked()
        self.interlocks.look(asking=False)

    def _stand_if_asked(self) -> None:
        """Stand still here, with no current and the field held, as long as who watches over the run asks for it."""
        if child.asked_to_stand():
            self.interlocks.stand_while(child.asked_to_stand, child.stand, child.asked_to_turn_off)

    def show(self) -> None:
        """Report progress, and raise if somebody asked for the end.

        Raises:
            Aborted: Somebody did.
            WriteFailed: Somebody took a file of the run away.
            Slept: The computer slept.
        """
        child.beat()
        if self.time_left is not None:
            self.time_left.look(self)
        if self._sleep is not None:
            self._sleep.look()
        self._look_at_files()
        if self._watch is not None:
            try:
                self._watch(self)
            except OSError:  # whoever watched has gone away; the run goes on
                self._watch = None
        self._switch.check()

    def _look_at_files(self) -> None:
        self._recorder.look()
        self._events.look()
        if said := self._asked.look():
            raise lost(self._asked.path, said)

    @property
    def rng(self) -> np.random.Generator:
        """The generator for random orders where the run stands; see `labctl.tracking.Path.rng`."""
        return self.path.rng

    def _force_rows(self) -> int:
        """Force the rows to disk, unless somebody asked for the end: what they cut short is not complete."""
        self._switch.check()
        self._recorder.sync()
        return self._recorder.size

    def note(self, event: str, **details: Any) -> None:
        """Write a line into the run's events.

        Raises:
            WriteFailed: The operating system does not take it.
        """
        self._events.write(event, **details)

    def journal(self, kind: str, values: Mapping[str, Any], *, at_once: bool = False) -> None:
        """Take in what was learnt of the sample; see `Procedure.journal`. A check loop's rows teach nothing."""
        if at_once or not self.ledger.is_check(self.path.block):
            self.learning.take(kind, values, self.path.block, at_once=at_once)

    def remark(self, sentence: str) -> None:
        """Say something that people should read when the run is over; twice is once."""
        if sentence not in self.remarks and len(self.remarks) < MOST_REMARKS:
            self.remarks.append(sentence)

    @property
    def may_sleep(self) -> str:
        """Why nothing keeps the computer awake, as it should; empty if it is."""
        return "" if self._may_sleep is None else self._may_sleep()

    def close(self) -> None:
        """Force the rows to disk, and say which of them were measured while an interlock acted.

        Raises:
            WriteFailed: The disk does not take them, or somebody took a file of the run away.
        """
        self._awake.close()
        said = self._asked.look()
        self._recorder.close()
        self.interlocks.close()
        if said:
            raise lost(self._asked.path, said)


def header_lines(procedure: Procedure) -> list[str]:
    """Return the comment lines of a data file, in the form that pymeasure writes and reads."""
    kind = type(procedure)
    values = procedure.values()
    return [
        f"#Procedure: <{kind.__module__}.{kind.__qualname__}>",
        "#Parameters:",
        *(
            f"#\t{parameter.name}: {parameter.show(values[name])}"
            for name, parameter in procedure.declared_parameters().items()
        ),
        "#Data:",
    ]


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
        if visitor is None:
            outcome.fail(error)
        else:
            outcome.fail(visitor.translated(error), visitor.said(error))
        if not isinstance(error, LabError):
            _note(events, outcome, "traceback", text=traceback.format_exc())
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
