"""What the analysis of a moment loop takes from tables of somebody else's, such as a magnetometer's own files."""

from __future__ import annotations

from collections.abc import Mapping

from labctl.elsewhere.quantities import FIELD, HALL_LOOP_COLUMNS
from labctl.elsewhere.wanted import Wanted

MOMENT_LOOP_COLUMNS: Mapping[str, Wanted] = {
    "field": FIELD,
    "moment": Wanted(
        "Moment (A m^2)",
        "magnetic moment",
        (r"(dc |long\w* |magnetic )?moment( \w{1,12})?", r"(long|dc) moment.*", r"m ?(dc|long)?"),
        needed=True,
    ),
    **{name: HALL_LOOP_COLUMNS[name] for name in ("time", "temperature", "branch", "loop")},
}
"""Field and moment; the latter in emu too."""
