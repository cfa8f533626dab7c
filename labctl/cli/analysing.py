"""`labctl analyse` and `labctl plot`: the same on data that lie there already."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from instruments.errors import BadValue, UsageError
from labctl.cli import output
from labctl.cli.places import check_figure_place, existing_run

if TYPE_CHECKING:
    from collections.abc import Sequence

    from labctl.frame import FieldUnit
    from labctl.rundir import RunDirectory


def analyse(path: Path, *, as_: str, columns: list[str], rows: str | None, out: Path | None, json: bool) -> None:
    """Analyse a run again, its result.json and figure.png written anew; or a .zip of one, or a file from elsewhere."""
    from labctl.cli import elsewhere
    from labctl.export.one_zip import is_packed

    if is_packed(path) and not as_:
        if columns or rows or out:
            raise UsageError(f"{path} is a run, which knows its columns: leave away --column, --rows and --out")
        _analyse_packed(path, json=json)
        return

    if as_ and not path.is_dir():
        elsewhere.analyse_file(path, as_=as_, columns=columns, rows=rows, out=out, json=json)
        return
    is_run = ((path if path.is_dir() else path.parent) / "run.json").is_file()
    if path.is_file() and not is_run:
        raise elsewhere.needs_as(path)
    if is_run and (as_ or columns or rows or out):
        raise UsageError(
            f"{path} is a run, which knows its procedure and its columns: leave away --as, --column, --rows and --out, "
            "or name a file in it together with --as; `labctl plot` draws a run's figure elsewhere"
        )
    _analyse_run(path, json=json)


def _analyse_packed(path: Path, *, json: bool) -> None:
    """Analyse a run in a .zip, in which nothing is changed: what was found is printed."""
    from labctl.export.one_zip import unpacked

    with unpacked(path) as folder:
        _analyse_run(folder, json=json, packed=path)


def _analyse_run(path: Path, *, json: bool, packed: Path | None = None) -> None:
    from labctl.analysed_again import analyse_again, analyse_series_again, procedure_of
    from labctl.conclusion import how_it_ended
    from labctl.rundir import RunDirectory
    from labctl.series_results import is_series

    directory = RunDirectory.open(existing_run(path))
    series = is_series(directory.request())
    main: Sequence[str] = ()
    if series:
        _say(how_it_ended(directory), json=json)
        outcome, found = analyse_series_again(directory, _warn)
        if not json:
            output.series_table(found)
    else:
        procedure = procedure_of(directory, directory.request(), _warn)
        outcome, main = analyse_again(directory, procedure), procedure.main_results
        _say(how_it_ended(directory, outcome.points), json=json)
    outcome.run = packed or outcome.run
    if json:
        output.print_json(outcome.to_json())
    else:
        if not series:
            output.results_table(outcome.results)
            output.points_table(directory.table())
        if packed is None and directory.figure_file.exists():
            output.line(f"figure: {directory.figure_file}")
        if why := output.nothing_found(main, outcome.results):
            output.complain(f"warning: {why}")
    for warning in outcome.warnings:
        output.complain(f"warning: {warning}")


def _warn(sentence: str) -> None:
    output.complain(f"warning: {sentence}")


def _say(sentence: str, *, json: bool) -> None:
    """Print how a run ended, if there is anything to say; a JSON object has its status."""
    if sentence and not json:
        output.line(sentence)


def plot(path: Path, *, out: Path | None, unit: str) -> None:
    """Draw a run's figure again; that of a .zip elsewhere."""
    from labctl.export.one_zip import is_packed, unpacked
    from labctl.rundir import RunDirectory

    if unit not in ("mT", "Oe", "T"):
        raise BadValue(f"--unit is {unit!r}, but must be T, mT or Oe")
    if out is not None:
        check_figure_place(out)
    place = existing_run(path)
    if is_packed(place) and out is None:
        raise UsageError(f"{path} is a .zip, in which nothing is changed: say where to draw its figure with --out")
    with unpacked(place) as folder:
        _plot_run(RunDirectory.open(folder), out=out, unit=unit)


def _plot_run(directory: RunDirectory, *, out: Path | None, unit: FieldUnit) -> None:
    from labctl.analysed_again import procedure_of
    from labctl.conclusion import analysed, draw, how_it_ended, rows_of, trouble
    from labctl.frame import Caption
    from labctl.series_results import draw_series, is_series, read_series

    request = directory.request()
    simulated, state = bool(request.get("simulated")), trouble(directory.status())
    if is_series(request):
        caption = Caption(directory.path.name, simulated, unit, state)
        target = out or directory.figure_file
        _say(how_it_ended(directory), json=False)
        drawn = draw_series(read_series(directory), target, caption)
        output.line(f"figure: {target}" if drawn else "there is no result to draw; `labctl analyse` looks for some")
        return
    procedure = procedure_of(directory, request, _warn)
    procedure.caption = Caption(directory.path.name, simulated, unit, state)
    data, warnings = rows_of(directory)
    _say(how_it_ended(directory, len(data)), json=False)
    target = out or directory.figure_file
    if not draw(procedure, data, analysed(procedure, data), target):
        output.line(f"{request['procedure']['name']} draws no figure")
        return
    for warning in warnings:
        output.complain(f"warning: {warning}")
    output.line(f"figure: {target}")
