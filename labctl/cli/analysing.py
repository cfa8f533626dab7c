"""`labctl analyse` and `labctl plot`: the same on data that lie there already."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from instruments.errors import BadValue, DataDamaged, UnknownName
from labctl.cli import output

if TYPE_CHECKING:
    from labctl.procedure import Procedure
    from labctl.rundir import RunDirectory


def analyse(path: Path, *, json: bool) -> None:
    """Analyse a run again; its result.json and figure.png are written anew."""
    from labctl.run import Outcome, conclude
    from labctl.rundir import RunDirectory

    directory = RunDirectory.open(_existing(path))
    request = directory.request()
    outcome = Outcome(run=directory.path, simulated=bool(request.get("simulated")), status=directory.status())
    conclude(procedure_of(directory, request), directory, outcome)
    if json:
        output.print_json(outcome.to_json())
    else:
        output.results_table(outcome.results)
        output.line(f"figure: {directory.figure_file}")
    for warning in outcome.warnings:
        output.complain(f"warning: {warning}")


def plot(path: Path, *, out: Path | None, unit: str) -> None:
    """Draw a run's figure again."""
    from labctl import figures
    from labctl.procedure import Caption
    from labctl.run import rows_of
    from labctl.rundir import RunDirectory

    if unit not in ("mT", "Oe", "T"):
        raise BadValue(f"--unit is {unit!r}, but must be T, mT or Oe")
    directory = RunDirectory.open(_existing(path))
    request = directory.request()
    procedure = procedure_of(directory, request)
    procedure.caption = Caption(directory.path.name, bool(request.get("simulated")), unit)
    data, warnings = rows_of(directory)
    figure = procedure.figure(data, procedure.analyse(data))
    if figure is None:
        output.line(f"{request['procedure']['name']} draws no figure")
        return
    target = out or directory.figure_file
    figures.save(figure, target)
    for warning in warnings:
        output.complain(f"warning: {warning}")
    output.line(f"figure: {target}")


def _existing(path: Path) -> Path:
    if not path.exists():
        raise UnknownName(f"{path} does not exist; give a run's folder, e.g. one that `labctl run` printed")
    return path


def procedure_of(directory: RunDirectory, request: dict[str, Any]) -> Procedure:
    """Make the procedure of a run again: its parameters, and station and sample as they were then.

    Raises:
        DataDamaged: run.json lacks something, or holds something else.
        UsageError: The procedure is not installed here.
    """
    from pydantic import ValidationError

    from labctl.procedures import procedure_of_class
    from labctl.sample import SampleRecord
    from labctl.station import Station

    try:
        kind = procedure_of_class(request["procedure"]["class"])
        procedure = kind(**{name: entry["text"] for name, entry in request["parameters"].items()})
        procedure.station = Station.model_validate(request["station"])
        procedure.sample = SampleRecord.model_validate(request["sample"])
    except (KeyError, TypeError, AttributeError, ValidationError) as error:
        what = str(error).splitlines()[0]
        raise DataDamaged(f"{directory.request_file} is damaged, or of another version of labctl: {what}") from error
    return procedure
