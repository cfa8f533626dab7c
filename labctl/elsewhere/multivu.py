"""Data files of Quantum Design's MultiVu: a [Header] block, then [Data] with names and rows separated by commas.

Cells without a value are empty, rows may be shorter than the line of names, and the Comment column may hold anything.
A line that begins with a semicolon is a comment.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from instruments.errors import UsageError
from labctl.elsewhere.cells import Form
from labctl.elsewhere.table import Table, lines_were, padded

_FORM = Form(",", ".")
_DATA = "[data]"


def is_multivu(lines: Sequence[str]) -> bool:
    """Whether lines are those of a MultiVu file."""
    first = next((line.strip().lower() for line in lines if line.strip()), "")
    return first == "[header]" or any(line.strip().lower() == _DATA for line in lines[:2000])


def multivu_table(path: Path, lines: Sequence[str], *, finished: bool) -> Table:
    """Return the table of a MultiVu file.

    A file that is still being written may end within a line: that line is left out. Where data were appended with
    their names repeated, the parts are joined; a part with other columns is left out, and said.

    Raises:
        UsageError: There is no [Data], or nothing below it.
    """
    starts = [number for number, line in enumerate(lines) if line.strip().lower() == _DATA]
    if not starts:
        raise UsageError(f"{path} is a MultiVu file without a [Data] section, so there is nothing to analyse")
    notes: list[str] = []
    names: list[str] = []
    numbers: list[int] = []
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        body = [number for number in range(start + 1, end) if _is_data(lines[number])]
        if not body:
            continue
        own = _FORM.split(lines[body[0]])
        if not names:
            names = own
        elif own != names:
            notes.append(f"the [Data] at line {start + 1} has other columns; its {len(body) - 1} rows were left out")
            continue
        numbers += [number for number in body[1:] if _FORM.split(lines[number]) != names]
    if not finished and numbers and numbers[-1] == len(lines) - 1:
        notes.append("the last line is torn and was left out")
        numbers.pop()
    if not numbers:
        raise UsageError(f"{path} has no row below its [Data], so there is nothing to analyse")
    return _table(path, lines, numbers, names, notes)


def _table(
    path: Path, lines: Sequence[str], numbers: Sequence[int], names: Sequence[str], notes: Sequence[str]
) -> Table:
    width = len(names)
    cells: list[list[str]] = []
    used: list[int] = []
    for number in numbers:
        row = _FORM.split(lines[number])
        if not any(row[width:]):  # a comma in a comment moves all that follows it
            cells.append(padded(row, width))
            used.append(number + 1)
    said = list(notes)
    if len(used) < len(numbers):
        said.append(f"{lines_were(len(numbers) - len(used))} left out for having more cells than columns")
    titles = tuple(name or f"column {place + 1}" for place, name in enumerate(names))
    return Table(path, titles, True, cells, used, _FORM, tuple(said))


def _is_data(line: str) -> bool:
    text = line.strip()
    return bool(text) and not text.startswith((";", "["))
