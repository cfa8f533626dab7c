"""A file of somebody else's as the table that an experiment's analysis takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from instruments.errors import UsageError
from labctl.elsewhere.columns import Source, choose
from labctl.elsewhere.conversion import convert, parse_rows
from labctl.elsewhere.reading import read_foreign
from labctl.elsewhere.wanted import Wanted

if TYPE_CHECKING:
    import pandas as pd

_KEPT = ("Block", "Attempt")
"""Columns that a run adds to a procedure's own."""


@dataclass(frozen=True, slots=True)
class Adopted:
    """What a file gave.

    Attributes:
        data: Columns by labctl's names, in SI units.
        sources: Where each of them comes from.
        taken: The same in words, an entry a line.
        notes: What was left out, in sentences.
    """

    data: pd.DataFrame
    sources: Mapping[str, Source]
    taken: Mapping[str, str]
    notes: Sequence[str]


def adopt(
    path: Path,
    procedure: str,
    wanted: Mapping[str, Wanted],
    own: Sequence[str],
    columns: Sequence[str] = (),
    rows: str | None = None,
) -> Adopted:
    """Read a file and bring it into an experiment's columns.

    Args:
        path: The file.
        procedure: Name of the experiment, for sentences.
        wanted: Its `columns_from_elsewhere`.
        own: Its `DATA_COLUMNS`: what a file has under these very names, labctl itself wrote, and it is taken whole.
        columns: What was said about columns, each `name=COLUMN`.
        rows: Which rows count, `FIRST:LAST`; None for all.

    Raises:
        UnknownName: There is no such file, entry or column.
        UsageError: The file holds no table, or not this one; a unit does not fit or is missing.
    """
    if not wanted:
        raise UsageError(
            f"{procedure} analyses only what labctl measured with it: it does not say which columns it would take "
            "from elsewhere (columns_from_elsewhere)"
        )
    counted = parse_rows(rows)
    table = read_foreign(path)
    sources = choose(table, wanted, columns)
    data, counted, notes = convert(table, sources, counted)
    for place, name in enumerate(table.names):
        if name in (*own, *_KEPT) and name not in data.columns and not name.startswith("Time"):
            numeric = table.holds_numbers(place)
            data[name] = table.numbers(place)[counted] if numeric else table.texts(place)[counted]
    taken = {name: source.text(table) for name, source in sources.items()}
    return Adopted(data, sources, taken, [*table.notes, *notes])
