"""A map of a series with the choice of its axes and its colour."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PyQt6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from labctl.gui.context import Context
from labctl.gui.plot.chooser import Chooser
from labctl.gui.plot.map_view import MapView, column_of
from labctl.gui.plot.place import Place
from labctl.gui.plot.quantities import title_of


class MapPanel(QWidget):
    """A map of a series.

    Args:
        context: Whose desk makes it.
    """

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self.series: Path | None = None
        self._choices: Mapping[str, Any] = {}
        self._asked: int | None = None
        self._place = Place()
        self._there, self._scattered, self._by_hand = "", False, False
        self.colour = Chooser("Result or column that is the colour")
        self.x_axis = Chooser("What runs to the right")
        self.y_axis = Chooser("Varied parameter that runs upwards")
        self.branch = Chooser("Branch whose rows are drawn", none="both branches")
        self.view, self.said = MapView(self), QLabel(self)
        self.said.setProperty("quiet", True)
        self.said.setWordWrap(True)
        line, column = QHBoxLayout(), QVBoxLayout(self)
        self._choosers = (self.colour, QLabel("against"), self.x_axis, QLabel("and"), self.y_axis, self.branch)
        for widget in self._choosers:
            line.addWidget(widget)
        line.addStretch(1)
        line.setContentsMargins(6, 2, 6, 2)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addLayout(line)
        column.addWidget(self.said)
        column.addWidget(self.view, 1)
        column.addStretch(0)
        self.said.setContentsMargins(8, 0, 8, 0)
        self.setFocusProxy(self.view)
        for chooser in (self.x_axis, self.y_axis, self.colour, self.branch):
            chooser.chosen.connect(lambda _: self._chosen_by_hand())
        self._show_choosers()
        self.view.hide()
        self.view.cut_moved.connect(self._say)

    def show_series(self, folder: Path) -> None:
        """Show the map of a series, of its first main result over what was varied; what was chosen of it stays."""
        if folder == self.series and self._choices:
            self.refresh()
            return
        self.series, self._choices = folder, {}
        self._context.archive.drop(self._asked)
        self._asked = self._context.archive.ask(
            "map_choices", then=self._take_choices, failed=self._failed, run=str(folder)
        )

    @property
    def is_asking(self) -> bool:
        """Whether the desk still has to answer."""
        return self._asked is not None

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing yet of the series to be chosen."""
        return not self._choices

    def refresh(self) -> None:
        """Make the map anew of a series that goes on, unless it is being made."""
        if self.series is None or self._asked is not None:
            return
        if self._choices:
            self._asked = self._context.archive.ask(
                "map_choices", then=self._take_more, failed=self._failed_again, run=str(self.series)
            )
        else:
            self.show_series(self.series)

    def forget(self) -> None:
        """Let go of the series."""
        self._context.archive.drop(self._asked)
        self._asked, self.series, self._choices = None, None, {}
        self._there = ""
        self.said.setText("")
        self.view.hide()
        self._show_choosers()
        self._place.clear()

    def take_theme(self) -> None:
        """Take other colours."""
        self.view.take_theme(self._context.theme)

    def _take_choices(self, choices: Mapping[str, Any]) -> None:
        self._asked = None
        if not choices["columns"]:
            self._failed("No run of the series has a point yet: the map begins with the first ones")
            return
        self._choices, self._by_hand = choices, False
        self._offer()
        self._ask()

    def _take_more(self, choices: Mapping[str, Any]) -> None:
        """Offer what there is by now; what is chosen stays."""
        self._asked = None
        if choices["columns"]:
            self._choices = choices
            self._offer()
            self._ask(again=True)

    def _offer(self) -> None:
        """Offer what there is; choose what is usual of it until somebody has chosen."""
        axes, results, columns, branches = (
            list(self._choices[key]) for key in ("axes", "results", "columns", "branches")
        )
        titles = {name: column_of({"name": name, "unit": unit}) for name, unit in self._choices["units"].items()}
        self.y_axis.titles = self.colour.titles = titles
        self.x_axis.titles = {name: f"{title_of(name)}, varied" for name in axes}  # beside columns of the same name
        colours = [*(results if len(axes) > 1 else []), *columns]  # a result has one value for each run
        usual = next((name for name in columns if name.startswith("Hall resistance (")), columns[-1])
        if not self._by_hand or self.colour.current[0] not in colours:
            self.colour.current = colours[:1] if results and len(axes) > 1 else [usual]
            self.y_axis.current, self.branch.current = axes[:1], branches[:1]
        self.colour.set_names(colours, self.colour.current)
        self.y_axis.set_names(axes, self.y_axis.current)
        self.branch.set_names(branches, self.branch.current)

    def _offer_x(self) -> bool:
        """Offer to the right what suits the colour: of a result what was varied, of a column another column.

        Returns:
            Whether the colour is a column.
        """
        columns, axes = list(self._choices["columns"]), list(self._choices["axes"])
        of_rows = self.colour.current[0] in columns
        offered = columns if of_rows else [axis for axis in axes if axis != self.y_axis.current[0]]
        usual = next((name for name in offered if name.startswith("Field (")), offered[0])
        kept = [name for name in self.x_axis.current if name in offered]
        self.x_axis.set_names(offered, kept or [usual])
        return of_rows

    def _chosen_by_hand(self) -> None:
        self._by_hand = True
        self._ask()

    def _ask(self, *, again: bool = False) -> None:
        """Ask for the map that is chosen."""
        of_rows, z = self._offer_x(), self.colour.current[0]
        self._show_choosers()
        self.branch.setVisible(of_rows and bool(self._choices["branches"]))
        self._context.archive.drop(self._asked)
        folder = self._place.new()
        self._asked = self._context.archive.ask(
            "series_map", then=lambda answer: self._take_map(answer, folder),
            failed=self._failed_again if again else self._failed, run=str(self.series), folder=folder,
            x=self.x_axis.current[0], y=self.y_axis.current[0], z=z,
            branch=next(iter(self.branch.current), "") if of_rows else "",
        )  # fmt: skip

    def _take_map(self, answer: Mapping[str, Any], folder: str) -> None:
        self._asked = None
        self._place.drop(self._there)
        self._there = folder
        self._scattered = bool(answer["scattered"])
        self.view.show_map(answer)
        self.view.show()
        self._say()

    def _say(self) -> None:
        scattered = " · the points are on no grid: each place has the colour of the nearest" if self._scattered else ""
        self.said.setText(f"Cuts at {self.view.cut_words}{scattered}")

    def _failed_again(self, _: str) -> None:
        self._asked = None  # the map stays as it is

    def _failed(self, why: str) -> None:
        """Say why there is no map, in its place: axes of nothing, or the map before, would say something else."""
        self._asked = None
        self.said.setText(why)
        self.view.hide()
        self._show_choosers()

    def _show_choosers(self) -> None:
        """Let be chosen where there is something to choose from."""
        for widget in self._choosers:
            widget.setVisible(bool(self._choices))
