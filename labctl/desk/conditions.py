"""What a check says of values that nobody has entered and that change from run to run of a series."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from labctl.desk.forms import label_of
from labctl.desk.resolved import resolved
from labctl.desk.values import shown
from labctl.procedure import Procedure
from labctl.series_children import Child
from labctl.series_conditions import Show, uneven

MOST_LOOKED_AT = 200
"""Runs of a series whose records and journals are asked again at each key; of more the first is shown, and said so."""
DIFFERS = "not the same in all runs"
FIRST = "of the first run"


def sentences(runs: Sequence[Child]) -> list[str]:
    """Say which parameters a journal makes different from run to run.

    Args:
        runs: Of a series, as `labctl.series.check_series` leaves them; none of a single run.
    """
    return [
        f"{label_of(each.name)} is {DIFFERS}: {each.told(_show(runs[0]))}, as the sample's journal knows; enter one to "
        "have the same in all"
        for each in uneven(runs)
    ]


def complete(fields: Mapping[str, dict[str, Any]], runs: Sequence[Child]) -> None:
    """Leave no hint that holds for the first run of a series only.

    Args:
        fields: What is said of each parameter; see `labctl.desk.checks.check`.
        runs: As for `sentences`.
    """
    if len(runs) > MOST_LOOKED_AT:
        for field in fields.values():
            if field["hint"]:
                field["why"] = f"{FIRST}, {field['why']}"
    looked_at = runs if len(runs) <= MOST_LOOKED_AT else ()
    for each in (*uneven(looked_at, _resolved), *uneven(runs)):
        field = fields.get(each.name)
        if field is not None and not field["value"] and not field["error"]:
            told = each.told(_show(runs[0]))
            field.update(hint=DIFFERS, why="", follows=told)


def _show(run: Child) -> Show:
    declared = run.request.procedure.declared_parameters()
    return lambda name, value: "not known" if value is None else shown(declared[name], value)


def _resolved(procedure: Procedure) -> dict[str, Any]:
    return {name: value for name, (value, _) in resolved(procedure).items() if name not in procedure.known}
