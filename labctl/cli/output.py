"""What the command line prints: one JSON object, or words and tables for people."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import typer


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
    """Print what an analysis found: name, value with uncertainty, of what; below it what there is to say of them."""
    from labctl.analysis.result import Results
    from labctl.cli import findings

    width = shutil.get_terminal_size((80, 24)).columns - (4 if sys.stdout.isatty() else 0)  # rules and margins
    rows, remarks = findings.rows_and_remarks(Results.from_dict(results), width)
    table(rows, findings.HEADER)
    for remark in remarks:
        line(remark)


def duration_text(seconds: float) -> str:
    """Write a duration for people: `8 min 05 s`."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes:02d} min"
    return f"{minutes} min {rest:02d} s" if minutes else f"{seconds:.1f} s"
