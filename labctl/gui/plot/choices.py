"""What a plot shows when a run is opened, and which rows are told apart by colour."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from labctl.gui.plot.growing import Words
from labctl.gui.plot.lead_pairs import LEAD_PAIR
from labctl.gui.plot.rundata import RunData

PREFERRED: tuple[tuple[str, str], ...] = (
    ("Pulse current (A)", "Hall resistance (ohm)"),
    ("Field (T)", "Hall resistance, odd part (ohm)"),
    ("Field (T)", "Hall resistance (ohm)"),
    ("Field (T)", "Resistance (ohm)"),
    ("Field (T)", "Moment (A m^2)"),
    ("Temperature (K)", "Longitudinal resistance (ohm)"),
    ("Temperature (K)", "Resistance (ohm)"),
)
"""Pairs of columns, horizontal and vertical: the first pair that a run has is shown."""
IN_PLANE = "In-plane field (T)"
"""Of current-induced switching: in the opposite field its sense is the opposite one."""
OF_EXPERIMENT: dict[str, tuple[str, str, str]] = {
    "align": ("Angle (deg)", "Hall resistance (ohm)", ""),
    "contact-check": ("Current (A)", "Voltage (V)", LEAD_PAIR),
    "cooldown": ("Temperature (K)", "Resistance (ohm)", ""),
    "didv": ("Voltage (V)", "Current (A)", ""),
    "harmonic-hall": ("Field (T)", "X (V)", "Harmonic"),
    "iv": ("Voltage (V)", "Current (A)", ""),
    "levels": ("Time (s)", "Hall resistance (ohm)", ""),
    "sot-field-series": ("Pulse current (A)", "Hall resistance (ohm)", IN_PLANE),
    "sot-switching": ("Pulse current (A)", "Hall resistance (ohm)", IN_PLANE),
    "rt": ("Temperature (K)", "Resistance (ohm)", "Direction"),
    "tmr-angle": ("Field (T)", "Resistance (ohm)", "Field angle (deg)"),
}
"""Columns that an experiment is about, where they are other ones: horizontal, vertical, and that of the colours."""
BRANCH = "Branch"
TOLD_APART = ("Set temperature (K)", BRANCH)
"""Columns by whose values curves are coloured, where they have several."""
MOST_GROUPS = 28
"""Values of a column beyond which colours are not told apart; so many pairs have eight leads."""
NOT_A_BRANCH = {"-", ""}


def first_axes(names: Sequence[str], numeric: Sequence[str], experiment: str = "") -> tuple[str, str]:
    """Return the columns to show first, horizontal and vertical; "" where there is none."""
    if experiment in OF_EXPERIMENT and set(OF_EXPERIMENT[experiment][:2]) <= set(numeric):
        return OF_EXPERIMENT[experiment][:2]
    for x, y in PREFERRED:
        if x in numeric and y in numeric:
            return x, y
    rest = [name for name in numeric if name in names]
    return (rest[0], rest[1]) if len(rest) > 1 else ("", rest[0] if rest else "")


class Groups:
    """Values of a column that occur, kept up as rows come.

    Args:
        data: The run.
        column: Of words, or of a few numbers.
    """

    def __init__(self, data: RunData, column: str) -> None:
        self.data, self.column = data, column
        self._begin()

    def _begin(self) -> None:
        self._revision, self._seen, self.values = self.data.revision, 0, list[str | float]()

    def look(self) -> bool:
        """Look at new rows; return whether there are other values now."""
        if self.data.revision != self._revision:
            self._begin()
        column = self.data.columns.get(self.column)
        if column is None or self._seen == self.data.rows or self.too_many:
            return False
        before = len(self.values)
        if isinstance(column, Words):
            self.values = [label for label in column.labels if label not in NOT_A_BRANCH]
        else:
            new = np.unique(column.between(self._seen, self.data.rows))
            known = set(self.values)
            self.values += [float(value) for value in new if np.isfinite(value) and float(value) not in known]
        self._seen = self.data.rows
        return len(self.values) != before

    @property
    def too_many(self) -> bool:
        """Whether there are more values than colours tell apart."""
        return len(self.values) > MOST_GROUPS


def column_of(experiment: str) -> str:
    """Return the column of the colours that an experiment is about, "" without any."""
    return OF_EXPERIMENT.get(experiment, ("", "", ""))[2]


def first_groups(data: RunData, varied: Sequence[str], experiment: str = "") -> str:
    """Return the column by which curves are coloured first: what was varied, a set temperature, or the branch."""
    for name in (*varied, column_of(experiment), *TOLD_APART):
        if name in data.columns:
            groups = Groups(data, name)
            groups.look()
            # A reference in zero field is no second field.
            several = [value for value in groups.values if name != IN_PLANE or value]
            if len(several) > 1 and len(groups.values) <= MOST_GROUPS:
                return name
    return BRANCH if BRANCH in data.worded() else ""
