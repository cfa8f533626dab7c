"""Which results of an analysis are places on an axis, and what they are called there."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
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
    """

    column: str
    value: float
    label: str
    uncertainty: float


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
                found += [Marker(column, float(value), text, error or 0.0) for column in places if column in columns]
    return found
