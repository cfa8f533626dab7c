"""Carries a procedure out: opens the station, records, analyses, and leaves the sample safe whatever happens."""

from __future__ import annotations

import contextlib
import importlib.metadata
import secrets
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from instruments.clock import WallClock
from instruments.errors import Aborted, ComplianceFault, DataDamaged, LabError, WriteFailed
from labctl import discovery, limits, provenance, simulation
from labctl.abort import AbortSwitch
from labctl.events import EventLog
from labctl.procedure import Caption, Procedure
from labctl.recorder import Recorder
from labctl.rundir import RunDirectory
from labctl.sample import SampleRecord, connections
from labctl.session import Session, open_session
from labctl.station import Station
from labctl.tracking import Path as LoopPath

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Request:
    """What a run is asked to do.

    Attributes:
        name: Short name of the procedure, as in the run's folder.
        procedure: The procedure with its parameters set.
        station: Where.
        sample: On what.
        simulate: Whether on the station's simulated twin.
        seed: Seed of everything that fluctuates; drawn when None.
        sample_seed: Seed of the simulated sample's frozen disorder.
        out: Folder that holds the runs.
        user: Who.
        notes: Why, in a sentence.
        tags: Words to find it by.
        overrides: Limits for this run by name, in SI units, in the place of the station's and the sample's.
        lab: File with the line that `labctl simulate` printed: the lab that is used instead of one in this process.
    """

    name: str
    procedure: Procedure
    station: Station
    sample: SampleRecord
    simulate: bool
    seed: int | None = None
    sample_seed: int = 0
    out: Path = field(default_factory=lambda: Path("runs"))
    user: str = ""
    notes: str = ""
    tags: Sequence[str] = ()
    overrides: Mapping[str, float] = field(default_factory=dict[str, float])
    lab: Path | None = None


@dataclass(slots=True)
class Outcome:
    """How a run ended; as a dictionary it is what `--json` prints."""

    run: Path | None = None
    status: str = "failed"
    simulated: bool = True
    points: int = 0
    lab_time_s: float = 0.0
    wall_time_s: float = 0.0
    results: dict[str, Any] = field(default_factory=dict[str, Any])
    error: str | None = None
    exit_code: int = 0
    warnings: list[str] = field(default_factory=list[str])

    def to_json(self) -> dict[str, Any]:
        """Return the public fields."""
        return {
            "run": None if self.run is None else str(self.run),
            "status": self.status,
            "simulated": self.simulated,
            "points": self.points,
            "lab_time_s": self.lab_time_s,
            "wall_time_s": self.wall_time_s,
            "results": self.results,
            "error": self.error,
        }

    def fail(self, error: BaseException) -> None:
        """Take an error's class as status and exit code, and its text as the sentence."""
        known = isinstance(error, LabError)
        self.status = error.status if known else "failed"
        self.exit_code = error.exit_code if known else 1
        self.error = str(error) if known else f"{type(error).__name__}: {error}"


Watcher = Callable[["ActiveRun"], None]
"""Called at every step of a run, to show its progress; it must neither raise nor wait."""


class ActiveRun:
    """A run that is on: what the procedure records goes through here."""

    def __init__(
        self, request: Request, directory: RunDirectory, session: Session, switch: AbortSwitch, watch: Watcher | None
    ) -> None:
        self.request = request
        self.directory = directory
        self.session = session
        self.path = LoopPath(self.check)
        self._switch = switch
        self._watch = watch
        procedure = request.procedure
        self._recorder = Recorder(
            directory.data_file, header_lines(procedure), (*procedure.DATA_COLUMNS, "Block", "Attempt")
        )
        self.attempt = 1
        self.last_row_at = 0.0

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
        row["Block"] = self.path.block
        row["Attempt"] = self.attempt
        self._recorder.record(row)
        self.last_row_at = time.perf_counter()
        if row.get("Compliance"):
            raise ComplianceFault(
                "the source reached its compliance and drove less than its current: a lead is open, or current times "
                "resistance (sample and leads) exceeds it; check the leads, or give a smaller current or a larger "
                "compliance"
            )
        self.check()

    def check(self) -> None:
        """Report progress, and raise what ends the run.

        Raises:
            Aborted: Somebody asked for the end.
        """
        if self._watch is not None:
            try:
                self._watch(self)
            except OSError:  # whoever watched has gone away; the run goes on
                self._watch = None
        self._switch.check()

    def close(self) -> None:
        """Force the rows to disk."""
        self._recorder.close()


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


def carry_out(request: Request, watch: Watcher | None = None) -> Outcome:
    """Run a procedure from its first byte to its figure.

    Whatever goes wrong is in the outcome: its status, exit code and one sentence. Nothing is raised but by a wrong
    use of this function.
    """
    outcome = Outcome(simulated=request.simulate)
    with AbortSwitch() as switch:
        try:
            _measure(request, outcome, switch, watch)
        except LabError as error:
            outcome.fail(error)
        switch.shielded = True  # the data are safe, and what is left takes a second
        if outcome.run is not None and outcome.points:
            _conclude(request, outcome)
    if switch.asked and not outcome.exit_code:
        outcome.warnings.append(f"{switch.asked} came after the last point: the run is complete")
        outcome.exit_code = Aborted.exit_code
    return outcome


def _measure(request: Request, outcome: Outcome, switch: AbortSwitch, watch: Watcher | None) -> None:
    """Check, open, execute and make safe."""
    procedure = request.procedure
    procedure.station, procedure.sample = request.station, request.sample
    procedure.check()
    for role in procedure.roles:
        discovery.find("instruments", request.station.instrument(role, request.name).driver)
    connections(request.station, request.sample)
    if request.simulate:
        simulation.check(request.station, request.sample, procedure.roles)
    limits.check(procedure.demands(), request.station, request.sample)
    seed = secrets.randbits(32) if request.seed is None else request.seed
    procedure.rng = np.random.default_rng([seed, 1])
    directory = RunDirectory.create(request.out, _title(request), WallClock().utc().astimezone())
    outcome.run = directory.path
    description = provenance.describe(request, seed)
    directory.write_request(description)
    try:
        with open_session(
            request.station, request.sample, procedure.roles, simulate=request.simulate, seed=seed,
            sample_seed=request.sample_seed,
        ) as session:  # fmt: skip
            started = time.perf_counter()
            directory.write_request({**description, "instruments": session.identities()})
            last_row_at = _carry_out_in(session, request, directory, outcome, switch, watch)
            outcome.wall_time_s = max(0.0, last_row_at - started)
    except LabError as error:  # an instrument that is not there: nothing was energised
        with contextlib.suppress(WriteFailed):
            EventLog(directory.events_file, WallClock()).state(error.status, error=str(error))
        raise


def _carry_out_in(
    session: Session, request: Request, directory: RunDirectory, outcome: Outcome, switch: AbortSwitch,
    watch: Watcher | None,
) -> float:  # fmt: skip
    """Execute the procedure on the opened instruments; return when the last row was recorded (performance counter)."""
    procedure = request.procedure
    begun = session.clock.now()
    run = ActiveRun(request, directory, session, switch, watch)
    session.bind(procedure)
    procedure.run = run
    _execute(run, procedure, outcome, EventLog(directory.events_file, session.clock), switch)
    outcome.points = run.points
    outcome.lab_time_s = session.clock.now() - begun
    return run.last_row_at


def _execute(run: ActiveRun, procedure: Procedure, outcome: Outcome, events: EventLog, switch: AbortSwitch) -> None:
    """Execute the procedure; then the safe state, always; then, and only then, announce how it ended."""
    try:
        events.state("running")
        procedure.startup()
        procedure.execute()
        outcome.status = "finished"
    except KeyboardInterrupt:
        outcome.fail(Aborted("aborted by Ctrl-C, given twice"))
    except Exception as error:  # noqa: BLE001 - the one boundary of a run: whatever an experiment raises, the sample is made safe
        outcome.fail(error)
        if not isinstance(error, LabError):
            _note(events, outcome, "traceback", text=traceback.format_exc())
    switch.shielded = True
    _make_safe(run, procedure, outcome, events)
    try:
        run.close()
    except WriteFailed as error:
        outcome.fail(error)
    _note(events, outcome, "state", state=outcome.status, error=outcome.error, points=run.points)


def _make_safe(run: ActiveRun, procedure: Procedure, outcome: Outcome, events: EventLog) -> None:
    """Let the procedure clean up, then bring the station to its safe state whatever the procedure did."""
    try:
        procedure.shutdown()
    except Exception as error:  # noqa: BLE001 - part of the same boundary: a shutdown that raises must not keep the source on
        outcome.warnings.append(f"the procedure's shutdown failed: {error}")
        _note(events, outcome, "fault", text=str(error))
    for fault in run.session.make_safe():
        outcome.warnings.append(fault)
        _note(events, outcome, "fault", text=fault)
        if outcome.status == "finished":
            outcome.status, outcome.exit_code, outcome.error = "fault", 5, fault
    _note(events, outcome, "safe")


def _note(events: EventLog, outcome: Outcome, event: str, **details: Any) -> None:
    """Write an event; on a full disk this fails too, and must not keep the safe state from being reached."""
    try:
        events.write(event, **details)
    except WriteFailed as error:
        if outcome.status == "finished":
            outcome.fail(error)


def _conclude(request: Request, outcome: Outcome) -> None:
    """Analyse and draw what was measured, also of a run that ended early."""
    assert outcome.run is not None
    directory = RunDirectory(outcome.run)
    try:
        conclude(request.procedure, directory, outcome)
    except Exception as error:  # noqa: BLE001 - the data are safe; a defect in somebody's analysis must not hide how the run ended
        outcome.warnings.append(f"the analysis failed: {type(error).__name__}: {error}")
        if outcome.status == "finished":
            outcome.fail(error)


def conclude(procedure: Procedure, directory: RunDirectory, outcome: Outcome) -> None:
    """Analyse a run's rows, and write result.json and figure.png.

    Args:
        procedure: With its parameters, its station and its sample.
        directory: The run.
        outcome: Gets the results, and warnings about the data.
    """
    data, warnings = rows_of(directory)
    outcome.warnings.extend(warnings)
    outcome.points = len(data)
    results = procedure.analyse(data)
    outcome.results = results.as_dict()
    kind = type(procedure)
    analysis = {"by": f"{kind.__module__}.{kind.__qualname__}", "labctl": importlib.metadata.version("labctl")}
    directory.write_results(outcome.results, analysis)
    procedure.caption = Caption(directory.path.name, outcome.simulated)
    figure = procedure.figure(data, results)
    if figure is not None:
        from labctl import figures

        figures.save(figure, directory.figure_file)


def rows_of(directory: RunDirectory) -> tuple[pd.DataFrame, list[str]]:
    """Read a run's rows, and warnings about what was left out.

    Raises:
        DataDamaged: There are none, or the file is damaged other than in its last row.
    """
    data, warnings = directory.read_data()
    if data.empty:
        raise DataDamaged(f"{directory.data_file} holds no row: nothing was measured, so there is nothing to analyse")
    return data, warnings


def _title(request: Request) -> str:
    return "-".join([request.name, request.sample.name, *(["sim"] if request.simulate else [])])
