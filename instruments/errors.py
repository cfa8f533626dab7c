"""What can go wrong, sorted by who has to act; each class knows the exit code of the command line.

Every message is one sentence or two: what, which value, which limit, what to do.
"""

from __future__ import annotations

from pathlib import Path


class LabError(Exception):
    """Anything that labctl itself has to say; the base of all its errors.

    Attributes:
        run: Folder of the run that it ended, if there is one and it is known.
    """

    exit_code = 1
    status = "failed"
    run: Path | None = None


class UsageError(LabError):
    """The request cannot be understood: a parameter, unit, key, name, role, file or folder is wrong."""

    exit_code = 2
    status = "failed"


class BadValue(UsageError, ValueError):
    """A value that does not fit what it was given for."""


class UnknownName(UsageError):
    """A name that nothing goes by."""


class UnknownAttribute(UnknownName, AttributeError):
    """An attribute that a driver does not have, or that cannot be set."""


class DataDamaged(UsageError):
    """A data file that cannot be read to its end, apart from a torn last row."""


class WriteFailed(LabError):
    """The operating system did not take what was to be written: the disk is full, or the file is gone."""


class Aborted(LabError):
    """Somebody asked the run to stop."""

    exit_code = 3
    status = "aborted"


class Refused(LabError):
    """A limit, an interlock or a rehearsal forbids it, or somebody else measures; nothing was sent."""

    exit_code = 4
    status = "refused"


class LimitExceeded(Refused, ValueError):
    """A value beyond a limit of the instrument, the station or the sample."""


class StationInUse(Refused):
    """Another run, or another program of labctl, holds the station or one of its instruments; nothing was sent."""


class InstrumentFault(LabError):
    """An instrument does not do, or does not say, what it should."""

    exit_code = 5
    status = "fault"


class NoReply(InstrumentFault, TimeoutError):
    """An instrument did not answer, or not in time."""


class GarbledReply(InstrumentFault):
    """An instrument's answer does not have the form that its manual gives."""


class InstrumentError(InstrumentFault):
    """An instrument reported an error of its own.

    Attributes:
        code: The number in the instrument's error queue.
    """

    def __init__(self, message: str, code: int = 0) -> None:
        super().__init__(message)
        self.code = code


class Restarted(InstrumentFault):
    """An instrument was switched off and on, so that it has lost the settings it was given."""


class ComplianceFault(InstrumentFault):
    """A source could not drive what it was set to, because it reached its compliance."""


class SampleChanged(LabError):
    """The sample is no longer what it was: its resistance has changed more than a run may go on with."""

    exit_code = 5
    status = "fault"


class DeadlinePassed(InstrumentFault, TimeoutError):
    """A state that was waited for did not come in time."""
