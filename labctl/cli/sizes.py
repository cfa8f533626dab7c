"""`labctl tmr-size`: loops of junctions of different size, joined."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from labctl.cli import output

if TYPE_CHECKING:
    from labctl.analysis.result import Results

HEADER = ("sample", "area", "tmr", "apparent ratio", "electrode squares", "R_P times area")
SHOWN = ("tmr", "apparent_ratio", "electrode_squares")


def tmr_size(runs: Sequence[Path], *, electrode: str, out: Path, json: bool) -> None:
    """Join runs, and print a line for each junction and what they have in common."""
    from instruments.units import parse
    from labctl.api import folder_of
    from labctl.junction_sizes import join, said

    ohm = parse(electrode, "ohm", "--electrode") if electrode else None
    folders = [run if run.exists() else folder_of(str(run), Path("runs")) for run in runs]
    joined = join(folders, out, electrode=ohm)
    if json:
        output.print_json(joined.to_json())
        return
    output.table([_cells(row) for row in joined.results.table], HEADER)
    output.line()
    output.results_table(joined.results.as_dict())
    output.line(f"table:  {out / 'sizes.csv'}")
    output.line(f"figure: {out / 'figure.png'}")
    for sentence in said(joined):
        output.complain(f"not called TMR: {sentence}")


def _cells(row: Results) -> tuple[str, ...]:
    """Write a junction as a line of the table; areas in um^2."""
    from labctl.analysis.result import quantity_text

    product = row["resistance_area"]
    ohms = "-"
    if product.value is not None:
        ohms = quantity_text(1e12 * product.value, 1e12 * (product.uncertainty or 0.0), "ohm") + " um^2"
    found = ["-" if row[name].value is None else row[name].text() for name in SHOWN]
    return (row["area"].of, f"{1e12 * (row.number('area') or 0.0):.4g} um^2", *found, ohms)
