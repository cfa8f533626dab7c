"""Which columns of a run are shown: what a person chose, now or the last time, or what is usual."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PyQt6.QtCore import QSettings

from labctl.gui.plot.choices import Groups, column_of, first_axes, first_groups
from labctl.gui.plot.controls import Controls
from labctl.gui.plot.open_run import OpenRun
from labctl.gui.plot.rundata import RunData

AS_MEASURED, AS_PROCESSED = "raw", "processed"
AUTOMATIC = "*"
"""Kept in the place of a column for colours where nobody has chosen one."""


class Selection:
    """Which columns of a run are shown.

    Args:
        controls: Where they are chosen.
        settings: Where choices are kept for the next run of the same experiment.

    Attributes:
        mode: Whether rows are shown as they were measured, or what the analysis makes of them.
        groups: Values of the column by which curves are coloured; None where they are not.
    """

    def __init__(self, controls: Controls, settings: QSettings) -> None:
        self._controls, self._settings = controls, settings
        self.begin()

    def begin(self) -> None:
        """Forget what was chosen for the run before."""
        self.mode = AS_MEASURED
        self.groups: Groups | None = None
        self._chosen: dict[str, tuple[str, list[str]]] = {}
        self._coloured: dict[str, str] = {}  # by hand
        self._by_hand = False
        self._kinds: tuple[object, ...] = ()
        self._hoped: Groups | None = None  # values of the column that this experiment is about, not told apart so far

    @property
    def axes(self) -> tuple[str, list[str]]:
        """Column to the right, and those upwards."""
        return self._chosen.get(self.mode, ("", []))

    def data_of(self, run: OpenRun) -> RunData | None:
        """Return what is shown of a run: its rows, or what the analysis makes of them."""
        return run.processed if self.mode == AS_PROCESSED else run.raw

    def set_mode(self, mode: str) -> None:
        """Show the other kind of rows."""
        self.mode = mode
        self._chosen.pop(mode, None)
        self._coloured.pop(mode, None)
        self.groups = None

    def facts_came(self) -> None:
        """Choose anew what nobody has chosen by hand, now that it is known which experiment it is."""
        if not self._by_hand and self.mode == AS_MEASURED:
            self._chosen.clear()

    def grown(self) -> bool:
        """Look at new rows; return whether colours tell other curves apart than before."""
        more = self.groups is not None and self.groups.look()
        if self._hoped is not None and self._hoped.look():
            self._kinds = ()  # choose anew
            more = True
        return more

    def take(self, run: OpenRun) -> None:
        """Take what somebody has set, and keep it for this experiment."""
        data = self.data_of(run)
        if data is None or self.mode not in self._chosen:
            return
        controls = self._controls
        x, group = next(iter(controls.x_column.current), ""), next(iter(controls.group.current), "")
        ys = controls.y_columns.current
        others, recoloured = (x, ys) != self._chosen[self.mode], group != self._group
        if not others and not recoloured:
            return
        self._by_hand |= others
        self._chosen[self.mode] = (x, ys)
        if recoloured:
            self._coloured[self.mode] = group
        self._colour_by(data, group)
        if key := self._key(run.facts):
            self._settings.setValue(key, [x, self._coloured.get(self.mode, AUTOMATIC), *ys])

    @property
    def _group(self) -> str:
        return "" if self.groups is None else self.groups.column

    def fit(self, run: OpenRun, data: RunData) -> None:
        """Choose what is not chosen yet, as columns are there; anew what nobody chose, when it is known what they hold.

        A column without any value yet may be one of words, as that of the branches.
        """
        kinds = tuple((name, type(column)) for name, column in data.columns.items())
        if (self.mode not in self._chosen or kinds != self._kinds) and (run.facts or data.rows):
            self._kinds = kinds
            self._choose(run.facts, data)
        if self.groups is not None and self.groups.data is not data:
            self._colour_by(data, self.groups.column)

    def _colour_by(self, data: RunData, column: str) -> None:
        self.groups = Groups(data, column) if column else None
        if self.groups is not None:
            self.groups.look()

    def _key(self, facts: Mapping[str, Any]) -> str:
        return f"plot/{facts['procedure']}/{self.mode}" if facts.get("procedure") else ""

    def _choose(self, facts: Mapping[str, Any], data: RunData) -> None:
        """Take what was chosen by hand, now or for the last run of this experiment, or else what is usual."""
        controls, numeric = self._controls, data.numeric()
        x, ys = self._chosen.get(self.mode, ("", [])) if self._by_hand else ("", [])
        kept_x, kept_group, kept_ys = self._kept(facts, data)
        if not ys or not {x, *ys} <= set(numeric):
            x, ys = kept_x, kept_ys
        group = self._coloured.get(self.mode, kept_group)
        self._hoped = None
        if group == AUTOMATIC:
            experiment = str(facts.get("procedure", ""))
            group, hoped = first_groups(data, _varied(facts), experiment), column_of(experiment)
            if hoped in data.columns and hoped != group:
                self._hoped = Groups(data, hoped)
                self._hoped.look()
        self._chosen[self.mode] = (x, ys)
        second = [name for name in controls.second_columns.current if name in numeric]
        controls.x_column.set_names(numeric, [x] if x else [])
        controls.y_columns.set_names(numeric, ys)
        controls.second_columns.set_names(numeric, second or numeric[1:2])
        controls.group.set_names(data.names, [group] if group else [])
        self._colour_by(data, group)

    def _kept(self, facts: Mapping[str, Any], data: RunData) -> tuple[str, str, list[str]]:
        """Return x, the column for colours and y as they were chosen the last time, or as is usual."""
        key, numeric = self._key(facts), data.numeric()
        kept = self._settings.value(key) if key else None
        words = [str(word) for word in kept] if isinstance(kept, list) else []
        if len(words) > 2 and words[0] in numeric and all(y in numeric for y in words[2:]):
            return words[0], words[1] if words[1] in ("", *data.columns) else AUTOMATIC, words[2:]
        x, y = first_axes(data.names, numeric, str(facts.get("procedure", "")))
        return x, AUTOMATIC, [y] if y else []


def _varied(facts: Mapping[str, Any]) -> list[str]:
    """Return the columns of what was varied in a series."""
    return [f"{axis['name']} ({axis['unit']})" if axis["unit"] else str(axis["name"]) for axis in facts.get("over", [])]
