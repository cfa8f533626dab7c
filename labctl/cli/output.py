"""What the command line prints: one JSON object, or words and tables for people."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from labctl.analysis.result import Result
    from labctl.series_results import Series

from instruments.errors import WriteFailed


def line(text: str = "") -> None:
    """Print a line to stdout. If nobody takes it (`| head -1`, a full disk), nothing more is printed."""
    try:
        typer.echo(text)
    except OSError:
        _print_to_nobody()


def _print_to_nobody() -> None:
    """Send what is printed from now on nowhere: a measurement does not end because its spectator has left."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def complain(sentence: str) -> None:
    """Print a sentence to stderr, if anybody takes it."""
    with contextlib.suppress(OSError):
        typer.echo(sentence, err=True)


def print_json(content: Mapping[str, Any] | Sequence[Any]) -> None:
    """Print one JSON object and nothing else."""
    line(json.dumps(content, ensure_ascii=False, allow_nan=False))


def print_json_or_fail(content: Mapping[str, Any]) -> None:
    """Print one JSON object that somebody waits for.

    Raises:
        WriteFailed: Nobody took it.
    """
    if getattr(sys, "stdout", None) is None:  # closed by whoever started the program
        raise WriteFailed("the line with the addresses could not be printed: there is no standard output")
    try:
        typer.echo(json.dumps(content, ensure_ascii=False, allow_nan=False))
    except OSError as error:
        _print_to_nobody()
        raise WriteFailed(f"the line with the addresses could not be printed: {error.strerror}") from error


def table(rows: Sequence[Sequence[str]], header: Sequence[str]) -> None:
    """Print a table: ruled on a terminal, plain columns elsewhere."""
    if sys.stdout.isatty():
        _ruled(rows, header)
        return
    widths = [max(len(row[column]) for row in (header, *rows)) for column in range(len(header))]
    for row in (header, *rows):
        line("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def _ruled(rows: Sequence[Sequence[str]], header: Sequence[str]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    ruled = Table(*header, box=box.SIMPLE_HEAD, pad_edge=False)
    for row in rows:
        ruled.add_row(*(Text(cell) for cell in row))
    Console(markup=False, highlight=False).print(ruled)


def results_table(results: Mapping[str, Any]) -> None:
    """Print what an analysis found: name, value with uncertainty, of what; below it what there is to say of them.

    What the checks before and after the run found is one line behind it.
    """
    from labctl.analysis.health_results import summary
    from labctl.analysis.result import HEALTH_UNITS, Results
    from labctl.cli import findings

    whole = Results.from_dict(results)
    own = Results({name: result for name, result in whole.items() if name not in HEALTH_UNITS})
    width = shutil.get_terminal_size((80, 24)).columns - (4 if sys.stdout.isatty() else 0)  # rules and margins
    rows, remarks = findings.rows_and_remarks(own, width)
    if rows:
        table(rows, findings.HEADER)
    for remark in remarks:
        line(remark)
    for part in findings.wrapped(summary(whole), width):
        line(part)


def nothing_found(main: Sequence[str], results: Mapping[str, Any]) -> str:
    """Say in a line that none of an experiment's main results was found, and why; "" where one was.

    Among the many lines of a table of dashes nobody sees the reason, such as a lead that may be open.
    """
    from labctl.analysis.result import Results

    known = {name: result for name, result in results.items() if name in main}
    found = list(Results.from_dict(known).values())
    if not found or any(result.value is not None for result in found):
        return ""
    reasons: dict[str, list[str]] = {}
    for name, result in zip(known, found, strict=True):
        reasons.setdefault(str(result.why), []).append(name.replace("_", " "))
    return "not found: " + "; ".join(f"{', '.join(names)} ({why})" for why, names in reasons.items())


SHOWN_OF_POINTS = ("temperature", "coercive_field", "anomalous_hall_resistance", "largest_field", "saturated")
"""Results that are printed of each point of a run's table, if it has them; others only as far as there is room."""


def points_table(rows: Sequence[Mapping[str, Any]]) -> None:
    """Print the table that an analysis made, a line for each of its points."""
    from labctl.analysis.result import Results

    points = [Results.from_dict(row) for row in rows]
    names, left_out = _shown_of(list(dict.fromkeys(name for point in points for name in point)))
    if names:
        line()
        whose = _whose(points)
        cells = [[*whose[at : at + 1], *(_value_text(point.get(name)) for name in names)]
                 for at, point in enumerate(points)]  # fmt: skip
        table(cells, [*(["of"] if whose else []), *(name.replace("_", " ") for name in names)])
    if left_out:
        line(f"result.json has of each point also {', '.join(left_out)}")


def _whose(points: Sequence[Mapping[str, Result]]) -> list[str]:
    """Return what each point is about, where that is another thing for each (a lead, say); nothing otherwise."""
    about = [{result.of for result in point.values()} for point in points]
    names = [next(iter(words)) for words in about if len(words) == 1]
    return names if len(set(names)) == len(points) > 1 else []


def _shown_of(names: Sequence[str]) -> tuple[Sequence[str], Sequence[str]]:
    """Choose what is printed of a point's results; what else should be said to be there."""
    most = len(SHOWN_OF_POINTS)
    if len(names) <= most:
        return names, ()
    first = [name for name in SHOWN_OF_POINTS if name in names]
    chosen = [*first, *(name for name in names if name not in first)][:most]
    return chosen, () if len(first) == most else [name for name in names if name not in chosen]


def series_table(series: Series) -> None:
    """Print the main results of every run of a series."""
    from labctl.gathered import gathered
    from labctl.series_results import value_text

    shown = (*series.main, *series.beside)
    rows = [
        (
            *(value_text(over, point) for over in series.over),
            point.status,
            *(_value_text(point.results.get(name)) for name in shown),
        )
        for point in series.points
    ]
    header = (*(over.name for over in series.over), "status", *shown)
    table([tuple(cell if len(cell) <= 40 else f"{cell[:37]}..." for cell in row) for row in rows], header)
    found = ((run, point.results.get(name)) for run, point in enumerate(series.points, 1) for name in shown)
    absent = ((run, result.why) for run, result in found if result is not None and result.value is None)
    for sentence in gathered((run, why) for run, why in absent if why):
        line(sentence)


def _value_text(result: Result | None) -> str:
    return "-" if result is None or result.value is None else result.text()


def duration_text(seconds: float) -> str:
    """Write a duration for people: `8 min 05 s`."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes:02d} min"
    return f"{minutes} min {rest:02d} s" if minutes else f"{seconds:.1f} s"
