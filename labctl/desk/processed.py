"""What the analysis makes of the rows before it reads results off them: Hall loops without drift, split by parity."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from instruments.errors import UsageError
from labctl.analysis.readings import FIELD, HALL
from labctl.desk.columns import parted, written
from labctl.rundir import RunDirectory
from labctl.series_results import is_series

if TYPE_CHECKING:
    import pandas as pd

    from labctl.analysis.parity import Parity

ODD, EVEN = "Hall resistance, odd part (ohm)", "Hall resistance, even part (ohm)"
MADE_OF = {ODD: HALL, EVEN: HALL}
"""Column of what is processed, and the raw one that it is made of."""
_WHICH = "Number"
"""Column that tells the loops of a run apart while they are put together."""
FIELD_LOOPS = ("ahe", "ahe-temperature")
"""Experiments whose rows are Hall loops in the field, whatever else they are."""


def why_not(directory: RunDirectory, asked: Mapping[str, Any]) -> str:
    """Return why nothing of a run can be shown processed, "" if it can be tried."""
    name = str(asked.get("procedure", {}).get("name", ""))
    if name not in FIELD_LOOPS:
        return (
            f"processed curves are of Hall loops in the field ({', '.join(FIELD_LOOPS)}), and this is {name or 'none'}"
        )
    if not is_series(asked) and not directory.data_file.is_file():
        return "the run has no rows yet"
    return ""


def processed(run: str, folder: str) -> dict[str, Any]:
    """Return the odd and the even part of a run's Hall loops, with drift and steps of the baseline taken out.

    `R_odd(H) = [R_down(H) - R_up(-H)] / 2` on the falling branch, and its mirror image on the rising one.

    Args:
        run: Its folder, or that of a series.
        folder: Where the arrays are written; see `labctl.desk.columns.columns`.

    Returns:
        As `columns`, with an empty row between two loops, and `made_of`: {column: the raw one that it is made of}, and
        `notes`: what was done, in sentences.

    Raises:
        UsageError: Nothing can be processed; the sentence says why.
        UnknownName: There is no run.
        DataDamaged: Its rows are damaged.
    """
    from labctl.loaded import load_folder

    loaded = load_folder(Path(run))
    if why := why_not(loaded.directory, loaded.asked):
        raise UsageError(why)
    tables: list[pd.DataFrame] = []
    notes: list[str] = []
    why = ""
    for constant, rows in _parts(loaded.counting(), list(loaded.varied().values())):
        made, said, refused = _loops(rows)
        why = why or refused
        notes += said
        for table in made:
            tables.append(table.assign(**constant, **{_WHICH: len(tables)}))
    if not tables:
        raise UsageError(f"nothing to show processed: {why or 'the run has no rows yet'}")
    import pandas as pd

    whole = parted(pd.concat(tables, ignore_index=True), _WHICH).drop(columns=_WHICH)
    answer = written(whole, Path(folder))
    return {**answer, "made_of": MADE_OF, "notes": list(dict.fromkeys(notes))}


def _parts(rows: pd.DataFrame, varied: list[str]) -> Iterator[tuple[dict[str, Any], pd.DataFrame]]:
    """Yield what belongs together: the rows of each temperature, or of each run of a series, and what is the same."""
    from labctl.analysis.visits import SET_TEMPERATURE, loop_rows, parts
    from labctl.loaded import RUN

    if RUN in rows.columns:
        for run, own in rows.groupby(RUN, sort=False):
            yield {RUN: run, **{name: own[name].iloc[0] for name in varied}}, own.reset_index(drop=True)
    elif SET_TEMPERATURE in rows.columns:
        for own in parts(rows):
            loops = loop_rows(own)
            if len(loops):
                yield {SET_TEMPERATURE: loops[SET_TEMPERATURE].iloc[0]}, loops.reset_index(drop=True)
    elif len(rows):
        yield {}, rows


def _loops(rows: pd.DataFrame) -> tuple[list[pd.DataFrame], list[str], str]:
    """Return a table of each loop, what was done to them, and why there is none."""
    import pandas as pd

    from labctl.analysis.loops import analyse_loops

    analyses, why = analyse_loops(rows)
    tables: list[pd.DataFrame] = []
    notes: list[str] = []
    refused = why or ""
    for number, analysis in enumerate(analyses, 1):
        if isinstance(analysis.parity, str):
            refused = refused or analysis.parity
            continue
        branches = [_branch(analysis.parity, number, falling=falling) for falling in (True, False)]
        tables.append(pd.concat(branches, ignore_index=True))
        notes += analysis.notes
    return tables, notes, refused


def _branch(parity: Parity, number: int, *, falling: bool) -> pd.DataFrame:
    """Return one branch in the order in which it was swept; the rising one is the mirror image of the falling one."""
    import pandas as pd

    sign = 1.0 if falling else -1.0
    order = slice(None, None, -1)
    return pd.DataFrame(
        {
            FIELD: sign * parity.field[order],
            ODD: sign * parity.odd[order],
            EVEN: parity.even[order],
            "Branch": "down" if falling else "up",
            "Loop": float(number),
        }
    )
