"""Which results of an analysis are places on an axis, and what they are called there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from labctl.analysis.result import quantity_text
from labctl.frame import shown
from labctl.gui.plot.quantities import title_of

FIELDS = ("Field (T)", "Set field (T)")
CURRENTS = ("Pulse current (A)", "Current (A)", "Pulse height (A)")
TEMPERATURES = ("Temperature (K)", "Set temperature (K)")
RESISTANCES = ("Resistance (ohm)", "Hall resistance (ohm)")

PLACES: tuple[tuple[str, tuple[str, ...]], ...] = (
    (r"coercive_field_(up|down)", FIELDS),
    (r"switching_field_(soft|hard)_(up|down)", FIELDS),
    (r"switching_current_(up|down)", CURRENTS),
    (r"half_current_(plus|minus)", CURRENTS),
    (r"switching_current_(plus|minus)", CURRENTS),
    (r"compensation_temperature", TEMPERATURES),
    (r"write_field", FIELDS),
    (r"half_bias(_plus|_minus)?", ("Voltage (V)", "Bias (V)")),
    (r"resistance_(parallel|antiparallel)", RESISTANCES),
)
"""A result's name, and the columns on whose axis its value is a place."""


@dataclass(frozen=True, slots=True)
class Marker:
    """A place on an axis.

    Attributes:
        column: Of the axis.
        value: In the column's unit.
        label: What it is, with its value.
        uncertainty: In the same unit, 0 where it is not known.
        of: Of what the uncertainty is: `this loop`, `mean of 2 loops`.
        beside: What the ensemble of all loops gives instead, as it stands in the history; "" where that is not known.
    """

    column: str
    value: float
    label: str
    uncertainty: float
    of: str
    beside: str = ""


def markers_of(results: Mapping[str, Any], columns: Sequence[str]) -> list[Marker]:
    """Return the places that results give on the axes of columns; results without a value give none."""
    found: list[Marker] = []
    for name, result in results.items():
        value = result.get("value") if isinstance(result, dict) else None
        if isinstance(value, bool) or not isinstance(value, int | float):
            continue
        for pattern, places in PLACES:
            if re.fullmatch(pattern, name):
                error = result.get("uncertainty")
                text = shown(f"{title_of(name)} {quantity_text(float(value), error, str(result['unit']))}")
                of, beside = str(result.get("of") or "this run"), _ensemble(results, name)
                found += [
                    Marker(column, float(value), text, error or 0.0, of, beside)
                    for column in places if column in columns
                ]  # fmt: skip
    return found


def _ensemble(results: Mapping[str, Any], name: str) -> str:
    """Return what stands beside a place in the list of what was found: the value of all loops of the film."""
    result = results.get(f"{name}_ensemble")
    if not isinstance(result, dict) or not isinstance(value := result.get("value"), float):
        return ""
    said = quantity_text(value, result.get("uncertainty"), str(result["unit"]))
    return f"; {said}, of the ensemble of all its loops, as in History"


def of_what(markers: Iterable[Marker]) -> str:
    """Return in a few words of what the uncertainties are that are marked; "" where none has one."""
    said = list(dict.fromkeys(marker.of for marker in markers if marker.uncertainty))
    return f"Results: ± of {', '.join(said)}" if said else ""
