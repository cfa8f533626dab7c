"""A run that is on: what the procedure records goes through it, and at every step it looks whether it may go on."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import numpy as np

from instruments.errors import ComplianceFault
from labctl.abort import AbortSwitch
from labctl.attempts import ATTEMPT, BLOCK, lies_within
from labctl.awake import SleepWatch, kept_awake
from labctl.check_loop import CheckLoop
from labctl.events import EventLog
from labctl.health import Before, Health
from labctl.interlock_watch import InterlockWatch
from labctl.kept_files import KeptRequest, lost
from labctl.learning import Learning
from labctl.ledger import RunLedger
from labctl.procedure import Procedure
from labctl.recorder import Recorder
from labctl.reentry import Entry, keep_torn_bytes
from labctl.request import Request
from labctl.rundir import read_rows
from labctl.session import Session
from labctl.supervision import child
from labctl.time_left import time_left
from labctl.tracking import Path as LoopPath

if TYPE_CHECKING:
    import pandas as pd

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
