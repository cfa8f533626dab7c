"""The one boundary to code of somebody's own outside of a run's execution: what an experiment says of itself.

`check`, `demands`, `analyse` and `figure` are often written by whoever measures, and matplotlib finds out late what a
text or a number of theirs is worth. Whatever is raised there becomes one sentence with their file and line.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from instruments.errors import LabError
from labctl.procedure import Procedure
from labctl.visiting import sentence


class OwnCodeFailed(LabError):
    """A method of an experiment raised."""


class AnalysisFailed(OwnCodeFailed):
    """An experiment's `analyse` or `figure` raised, or gave back something else; its rows are as good as before."""


class EndedTheProgram(OwnCodeFailed):
    """An experiment called `sys.exit`, which is no way to say that it failed."""


@contextmanager
def no_exit(procedure: Procedure, what: str) -> Generator[None]:
    """Turn `sys.exit` of an experiment into an error, and let everything else pass.

    Args:
        procedure: Whose code it is.
        what: Beginning of the sentence, e.g. `startup() failed`.

    Raises:
        EndedTheProgram: It was called; the sentence says where.
    """
    try:
        yield
    except SystemExit as error:
        raise EndedTheProgram(f"{what}: {sentence(procedure, error)}") from error


@contextmanager
def own_code(
    procedure: Procedure,
    what: str,
    *,
    fails_as: type[OwnCodeFailed] = OwnCodeFailed,
    as_it_is: tuple[type[LabError], ...] = (LabError,),
) -> Generator[None]:
    """Turn what is raised within into a sentence.

    Args:
        procedure: Whose code it is.
        what: Beginning of the sentence, e.g. `demands() failed`.
        fails_as: Class of the error.
        as_it_is: Errors whose sentence says enough; they pass.

    Raises:
        OwnCodeFailed: Something else was raised; the sentence says what and where.
    """
    try:
        yield
    except as_it_is:
        raise
    except (Exception, SystemExit) as error:
        raise fails_as(f"{what}: {sentence(procedure, error)}") from error
