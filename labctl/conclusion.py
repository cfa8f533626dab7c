"""What becomes of a run's rows when it is over: they are analysed and drawn, often by code of somebody's own.

The rows are safe by then. So an `analyse` or `figure` that raises does not undo a measurement: the run stays
`finished`, the exit code is 1, one sentence says which of the two it was and where, and `labctl analyse RUN` does it
again once it is mended.
"""

from __future__ import annotations

import importlib.metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from threadpoolctl import threadpool_limits

from instruments.errors import DataDamaged, LabError, WriteFailed
from labctl.analysis.health import checks_of
from labctl.frame import Caption
from labctl.health import with_health
from labctl.mishaps import faults_of, interlocks_of, sentence
from labctl.own_code import AnalysisFailed, own_code
from labctl.procedure import Procedure
from labctl.rundir import RunDirectory

if TYPE_CHECKING:
    import pandas as pd

    from labctl.analysis.result import Results
    from labctl.request import Outcome


WELL = frozenset({"finished", "unknown"})
"""States of a run whose figure needs no mark; the other is that of a folder that does not say."""


NOT_FINISHED = "not finished"
"""What a run is called that has announced no end: it is still on, or was killed."""
_ENDS = {
    NOT_FINISHED: "has not finished (it is still on, or was killed):",
    "aborted": "was aborted", "refused": "was refused", "fault": "ended with a fault", "failed": "failed",
}  # fmt: skip


def trouble(state: str) -> str:
    """Return the state of a run that did not finish as it should; "" for one that did."""
    return "" if state in WELL else NOT_FINISHED if state == "running" else state


def how_it_ended(directory: RunDirectory, points: int | None = None) -> str:
    """Say in a sentence that a run did not finish as it should, after so many points; "" for one that did."""
    state = trouble(directory.status())
    if not state:
        return ""
    after = "" if points is None else f" after {points} points"
    words = _ENDS.get(state, f"ended as {state}")
    if state == NOT_FINISHED and points is not None:
        after = f" {points} points so far"
    return f"this run {words}{after}".rstrip(":")


def conclude_safely(procedure: Procedure, outcome: Outcome) -> None:
    """Analyse and draw what was measured, also of a run that ended early; of one without rows keep its checks."""
    assert outcome.run is not None
    directory = RunDirectory(outcome.run)
    try:
        if outcome.points:
            conclude(procedure, directory, outcome)
        elif checks_of(directory.events()):
            from labctl.analysis.result import Results

            _write(procedure, directory, with_health(Results({}), directory, procedure.sample), outcome)
    except AnalysisFailed as error:
        if outcome.status == "finished":
            outcome.complete_but(error)
        else:
            outcome.warnings.append(str(error))
    except WriteFailed as error:
        said = f"{error}; all rows are kept: when it can be written again, `labctl analyse {directory.path}`"
        if outcome.status == "finished":
            outcome.fail(error, said)
        else:
            outcome.warnings.append(f"the rows could not be summed up: {said}")
    except LabError as error:
        if outcome.status == "finished":
            outcome.fail(error)
        else:
            outcome.warnings.append(f"the rows could not be summed up: {error}")


def conclude(procedure: Procedure, directory: RunDirectory, outcome: Outcome) -> None:
    """Analyse a run's rows, and write result.json and figure.png.

    Args:
        procedure: With its parameters, its station and its sample.
        directory: The run.
        outcome: Gets the results, and warnings about the data.

    Raises:
        AnalysisFailed: What the experiment says of its analysis or its figure does not work.
        DataDamaged: There are no rows, or they cannot be read.
        WriteFailed: A file cannot be written.
    """
    data, warnings = rows_of(directory)
    outcome.warnings.extend(warnings)
    outcome.points = len(data)
    # On a computer that does something else as well, threads that wait for each other cost a hundred times the sum.
    with threadpool_limits(limits=1, user_api="blas"):
        results = with_health(analysed(procedure, data), directory, procedure.sample)
        _write(procedure, directory, results, outcome)
        procedure.caption = Caption(directory.path.name, outcome.simulated, state=trouble(outcome.status))
        draw(procedure, data, results, directory.figure_file)


def _write(procedure: Procedure, directory: RunDirectory, results: Results, outcome: Outcome) -> None:
    """Write result.json."""
    outcome.results = results.as_dict()
    kind = type(procedure)
    analysis = {"by": f"{kind.__module__}.{kind.__qualname__}", "labctl": importlib.metadata.version("labctl")}
    events = directory.events()
    faults, doubtful = faults_of(events), interlocks_of(events)
    said = sentence(faults)
    outcome.warnings += [said] if said and said not in outcome.warnings else []
    # A run that went well says nothing of it, as it always has.
    course = {"faults": faults} if faults["retries"] else {}
    directory.write_results(
        outcome.results, analysis, results.table_as_list(), **course, **({"doubtful": doubtful} if doubtful else {})
    )


def analysed(procedure: Procedure, data: pd.DataFrame) -> Results:
    """Return what an experiment finds in its rows.

    Raises:
        AnalysisFailed: Its `analyse` raises, or returns something else.
    """
    from labctl.analysis.result import Results

    with own_code(procedure, "analyse() failed", fails_as=AnalysisFailed, as_it_is=()):
        results: Any = procedure.analyse(data)
    if not isinstance(results, Results):
        raise AnalysisFailed(
            f"analyse() returned {_named(results)} instead of Results; end it with return Results(...)"
        )
    return results


def draw(procedure: Procedure, data: pd.DataFrame, results: Results, target: Path) -> bool:
    """Draw an experiment's figure; return whether there is one.

    Raises:
        AnalysisFailed: Its `figure` raises, or returns what is no figure of matplotlib.
        WriteFailed: The file cannot be written.
    """
    with own_code(procedure, "figure() failed", fails_as=AnalysisFailed, as_it_is=()):
        figure: Any = procedure.figure(data, results)
    if figure is None:
        return False
    from matplotlib.figure import Figure

    from labctl import figures

    if not isinstance(figure, Figure):
        raise AnalysisFailed(
            f"figure() returned {_named(figure)} instead of a figure of matplotlib (or None, to draw nothing)"
        )
    with own_code(procedure, "what figure() returned cannot be drawn", fails_as=AnalysisFailed):
        figures.save(figure, target)
    return True


def _named(value: Any) -> str:
    """Return a word for what was returned: `None`, `a dict`."""
    if value is None:
        return "None"
    kind = cast("type[Any]", type(value)).__name__
    return f"{'an' if kind[0] in 'aeiouAEIOU' else 'a'} {kind}"


def rows_of(directory: RunDirectory) -> tuple[pd.DataFrame, list[str]]:
    """Read a run's rows, and warnings about what was left out.

    Raises:
        DataDamaged: There are none, or the file is damaged other than in its last row.
    """
    data, warnings = directory.read_data()
    if data.empty:
        raise DataDamaged(f"{directory.data_file} holds no row: nothing was measured, so there is nothing to analyse")
    return data, warnings
