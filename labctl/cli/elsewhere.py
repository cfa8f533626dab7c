"""`labctl analyse FILE --as P`: the analysis of an experiment on data that somebody else measured."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from instruments.errors import UsageError
from labctl.cli import output
from labctl.cli.places import check_figure_place

if TYPE_CHECKING:
    from labctl.elsewhere.adoption import Adopted


def analyse_file(path: Path, *, as_: str, columns: list[str], rows: str | None, out: Path | None, json: bool) -> None:
    """Analyse a file; nothing is written beside it, a figure only where `--out` says."""
    from labctl import figures
    from labctl.elsewhere.adoption import adopt
    from labctl.frame import Caption
    from labctl.procedures import load_procedure

    if out is not None:
        check_figure_place(out)
    kind = load_procedure(as_)
    adopted = adopt(path, as_, kind.columns_from_elsewhere, list(kind.DATA_COLUMNS), columns, rows)
    procedure = kind()
    procedure.caption = Caption(path.name, simulated=False, field_unit=_field_unit(adopted))
    results = procedure.analyse(adopted.data)
    if out is not None:
        figure = procedure.figure(adopted.data, results)
        if figure is None:
            raise UsageError(f"{as_} draws no figure; leave --out away")
        figures.save(figure, out)
    _print(adopted, results.as_dict(), out, json=json)


def _print(adopted: Adopted, results: dict[str, dict[str, object]], out: Path | None, *, json: bool) -> None:
    if json:
        output.print_json({
            "run": None, "status": "finished", "simulated": False, "points": len(adopted.data), "lab_time_s": 0.0,
            "wall_time_s": 0.0, "results": results, "error": None, "columns": dict(adopted.taken),
        })  # fmt: skip
    else:
        for taken in adopted.taken.values():
            output.line(taken)
        output.line()
        output.results_table(results)
        if out is not None:
            output.line(f"figure: {out}")
    for note in adopted.notes:
        output.complain(f"warning: {note}")


def _field_unit(adopted: Adopted) -> Literal["mT", "Oe", "T"]:
    """The unit in which the field was written, where figures know it."""
    field = adopted.sources.get("field")
    text = "" if field is None or field.unit is None else field.unit.text
    if text.lower().removeprefix("k") in ("oe", "g", "gauss", "oersted"):
        return "Oe"
    return "T" if text in ("T", "Tesla", "tesla") else "mT"


def needs_as(path: Path) -> UsageError:
    """Say that a table of another origin can be analysed only as something."""
    return UsageError(
        f"{path} is no run: a run is a folder with a run.json in it; to analyse a table of another origin say as what, "
        f'e.g. labctl analyse {path} --as ahe --column field="Field (Oe)" --column hall="Rxy (Ohm)"'
    )
