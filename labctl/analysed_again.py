"""A run that lies there, analysed again with the procedures that are installed now."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from instruments.errors import DataDamaged
from labctl.conclusion import conclude
from labctl.informed import completed, of_description
from labctl.procedures import procedure_of_run
from labctl.request import Outcome
from labctl.rundir import RunDirectory
from labctl.sample import SampleRecord
from labctl.series import SeriesOutcome
from labctl.series_results import Series, child_directories, conclude_series
from labctl.station import Station

if TYPE_CHECKING:
    from labctl.procedure import Procedure

Warn = Callable[[str], None]


def procedure_of(directory: RunDirectory, request: dict[str, Any], warn: Warn) -> Procedure:
    """Make the procedure of a run again: its parameters, and station and sample as they were then.

    Args:
        directory: The run.
        request: What its run.json says.
        warn: Called with what there is to say about it.

    Raises:
        DataDamaged: run.json lacks something, or holds something else.
        UsageError: The procedure is not installed here.
    """
    try:
        kind, remarks = procedure_of_run(request["procedure"])
        for remark in remarks:
            warn(remark)
        procedure = kind(**{name: entry["text"] for name, entry in request["parameters"].items()})
        procedure.station = Station.model_validate(request["station"])
        procedure.known = of_description(request)
        procedure.sample = completed(SampleRecord.model_validate(request["sample"]), procedure.known)
    except (KeyError, TypeError, AttributeError, ValidationError) as error:
        what = str(error).splitlines()[0]
        raise DataDamaged(f"{directory.request_file} is damaged, or of another version of labctl: {what}") from error
    return procedure


def analyse_again(directory: RunDirectory, procedure: Procedure) -> Outcome:
    """Analyse a run; its result.json and figure.png are written anew.

    Raises:
        LabError: It cannot be analysed; the sentence says why.
    """
    request = directory.request()
    outcome = Outcome(run=directory.path, simulated=bool(request.get("simulated")), status=directory.status())
    conclude(procedure, directory, outcome)
    return outcome


def analyse_series_again(directory: RunDirectory, warn: Warn) -> tuple[SeriesOutcome, Series]:
    """Analyse every run of a series that has rows, and collect what was found.

    Args:
        directory: The series.
        warn: Called with what there is to say about a run's procedure.

    Raises:
        LabError: A run cannot be analysed; the sentence says why.
    """
    simulated = bool(directory.request().get("simulated"))
    outcome = SeriesOutcome(run=directory.path, simulated=simulated, status=directory.status())
    for child in child_directories(directory):
        if child.data_file.exists() and not child.read_data()[0].empty:
            done = analyse_again(child, procedure_of(child, child.request(), warn))
            outcome.points += done.points
            outcome.warnings.extend(f"{child.path.name}: {warning}" for warning in done.warnings)
    series = conclude_series(directory, simulated=simulated)
    outcome.children = [point.as_dict() for point in series.points]
    return outcome, series
