"""What a procedure that is not labctl's own finds in a run: the station by default, the lab's time, and a log.

Such a procedure may open instruments by itself, wait with `time.sleep` and write to Python's log. While it runs, the
first reach the station through the guard, the second follow the lab's clock, and what it logs is among the events.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pyvisa
from pyvisa.constants import StatusCode

from instruments.errors import Aborted, InstrumentFault, LabError, NoReply, UsageError, WriteFailed
from labctl import labtime, one_file
from labctl.adopted import Adopted
from labctl.procedure import Procedure
from labctl.station import ROLES
from labctl.visa_door import VisaDoor, as_default

if TYPE_CHECKING:
    from labctl.active_run import ActiveRun

DRIVING = ("source", "smu", "cryostat")
"""Roles that do something to the sample; who opens one of them by himself leaves it to be made safe."""


class Visitor:
    """A procedure of somebody else, while it runs.

    Args:
        procedure: The procedure.
    """

    def __init__(self, procedure: Procedure) -> None:
        self._procedure = procedure
        kind = procedure.guest if isinstance(procedure, Adopted) else type(procedure)
        source = one_file.source_of(kind)
        self.module = kind.__module__
        self.folders = [] if source is None else [source.path.parent]
        self.door = VisaDoor() if source is None else source.door
        self._path = None if source is None else source.path

    def leave(self) -> list[str]:
        """Close what it opened, and return the roles of the instruments that it may have left driving."""
        self.door.close_all()
        return [role for role in DRIVING if role in self.door.opened]

    def said(self, error: BaseException) -> str:
        """Say what an error was: labctl's own words, of another one its kind and its text; and the procedure's line."""
        if isinstance(error, LabError):
            where = "" if self._path is None or isinstance(error, Aborted) else one_file.line_of(error, self._path)
            return f"{_without_stop(str(error))} ({where})" if where else str(error)
        where = "" if self._path is None else f" ({one_file.place(error, self._path)})"
        return f"{self._advice(error) or one_file.said(error)}{where}"

    def _advice(self, error: BaseException) -> str:
        """Say of an instrument that the procedure uses and did not ask for what to do."""
        if not (isinstance(error, AttributeError) and error.obj is self._procedure and error.name in ROLES):
            return ""
        roles = ", ".join(f'"{role}"' for role in (*self._procedure.roles, error.name))
        return (
            f"it uses the {error.name}, which it did not ask for: add {error.name!r} to its roles, roles = ({roles}"
            f"{',' * (not self._procedure.roles)})"
        )

    def lacks(self, error: BaseException) -> bool:
        """Tell whether an error only says that the procedure does not have what it never came to make."""
        own = self._procedure.own if isinstance(self._procedure, Adopted) else self._procedure
        return isinstance(error, AttributeError) and error.obj is own

    def translated(self, error: BaseException) -> BaseException:
        """Return what VISA raised, or a role that is missing, as what it is to a run; everything else as it is."""
        if self._advice(error):
            return UsageError(self.said(error))
        if not isinstance(error, pyvisa.Error):
            return error
        late = isinstance(error, pyvisa.VisaIOError) and error.error_code == StatusCode.error_timeout
        fault = NoReply if late else InstrumentFault
        return fault(self.said(error))


def _without_stop(text: str) -> str:
    return text[:-1] if text.endswith(".") and not text.endswith("..") else text


@contextmanager
def visiting(procedure: Procedure, run: ActiveRun) -> Generator[Visitor | None]:
    """Give a procedure that is not labctl's own what it takes for granted; None for one of labctl's.

    Args:
        procedure: The procedure.
        run: The run that carries it out.
    """
    if type(procedure).__module__.partition(".")[0] in labtime.OURS:
        yield None
        return
    visitor = Visitor(procedure)
    session, station = run.session, run.request.station
    visitor.door.lead_to(
        session.library,
        station.instruments,
        session.resources,
        stands_alone=run.request.simulate,
        count=session.count_as_own,
    )
    with ExitStack() as stack:
        stack.enter_context(as_default(visitor.door))
        stack.enter_context(labtime.following(session.clock, visitor.folders, [visitor.module]))
        stack.enter_context(_logged(visitor, run))
        yield visitor


class _Log(logging.Handler):
    """Keeps what a procedure's own files log among the run's events; warnings are told at the run's end as well."""

    def __init__(self, visitor: Visitor, run: ActiveRun) -> None:
        super().__init__(logging.INFO)
        self._visitor = visitor
        self._run = run

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one line."""
        own = record.name == self._visitor.module or labtime.lies_in(Path(record.pathname), self._visitor.folders)
        if not own:
            return
        text = record.getMessage()
        with contextlib.suppress(WriteFailed):  # the run finds the full disk when it records its next row
            self._run.note("log", level=record.levelname.lower(), logger=record.name, text=text)
        if record.levelno >= logging.WARNING:
            self._run.remark(f"{record.name}: {text}")


@contextmanager
def _logged(visitor: Visitor, run: ActiveRun) -> Generator[None]:
    handler, root, own = _Log(visitor, run), logging.getLogger(), logging.getLogger(visitor.module)
    level = own.level
    root.addHandler(handler)
    if level == logging.NOTSET:
        own.setLevel(logging.INFO)
    try:
        yield
    finally:
        root.removeHandler(handler)
        own.setLevel(level)


def sentence(procedure: Procedure, error: BaseException) -> str:
    """Say what an error in a procedure's own words and lines was, e.g. `KeyError: 'Field' (mine.py, line 30)`."""
    own = type(procedure).__module__.partition(".")[0] in labtime.OURS
    return one_file.said(error) if own else Visitor(procedure).said(error)
