"""How much flux the magnet may hold beside the reported field: its remanence, or what the last `degauss` left.

The sample's journal says when the magnet was degaussed in this mounting, and the runs since then in which fields it has
been. Fields that others set by hand between two runs are not known here.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from instruments.errors import DataDamaged
from instruments.units import format_quantity
from labctl.informed import Known
from labctl.journal import DEGAUSS, Entry
from labctl.parameters import OptionalQuantity
from labctl.procedure import Procedure
from labctl.rundir import RunDirectory

if TYPE_CHECKING:
    from labctl.journal import Journal

NAME, FIELD = "trapped_field", "Field (T)"
PART = 0.01
"""Part of a moderate field that it leaves trapped (assumed, as `degauss` has it: 1 % of 25 mT)."""


def parameter() -> OptionalQuantity:
    """Make the parameter `trapped_field` of a procedure."""
    return OptionalQuantity(
        "the magnet's remanence", "Bound on the flux that the magnet holds beside the reported field", unit="T",
        minimum="0 T",
    )  # fmt: skip


def informed(procedure: Procedure, field: float | None) -> Mapping[str, Known]:
    """Return what the last `degauss` left, where the journal has one and no field since that would leave more.

    Args:
        procedure: Which asks.
        field: T, to which it will go itself; None where it stays.
    """
    journal, entry = procedure.sample_journal, procedure.latest(DEGAUSS)
    left = None if entry is None else entry.number("field_uncertainty")
    if journal is None or entry is None or not left:
        return {}
    harmless = left / PART
    largest = _largest_since(journal, entry)
    if largest is None or max(largest, abs(field or 0.0)) > harmless:
        return {}
    by = f" by {Path(entry.run).name}" if entry.run else ""
    why = f"since the magnet was degaussed on {entry.utc:%Y-%m-%d}{by}, with no field above "
    return {NAME: Known(left, f"{why}{format_quantity(harmless, 'T')} after it")}


def _largest_since(journal: Journal, entry: Entry) -> float | None:
    """Return the largest field in T in the rows of the runs after an entry; None where a run cannot be read."""
    root, largest = journal.path.parent.parent, 0.0
    later = [each.run for each in journal.entries() if each.line > entry.line and each.run not in {None, entry.run}]
    for run in dict.fromkeys(later):
        try:
            rows, _ = RunDirectory(root / str(run)).read_data()
        except DataDamaged:
            return None
        if FIELD in rows:
            largest = max(largest, float(np.nanmax(np.abs(rows[FIELD].to_numpy(float)), initial=0.0)))
    return largest


def said_of(procedure: Procedure, given: float | None, otherwise: str) -> str:
    """Return the note of a field: what its uncertainty rests on.

    Args:
        procedure: Whose results they are.
        given: The parameter.
        otherwise: The note where nothing is known but the magnet's remanence.
    """
    known = procedure.known.get(NAME)
    if known is not None and given == known.value:
        return f"the uncertainty is what may be trapped {known.why}"
    return otherwise if given is None else f"the uncertainty is the {NAME} that was given"
