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
        self._there, self._scattered = "", False
        self.colour = Chooser("Result or column that is the colour")
        self.x_axis = Chooser("What runs to the right")
        self.y_axis = Chooser("Varied parameter that runs upwards")
        self.branch = Chooser("Branch whose rows are drawn", none="both branches")
        self.view, self.said = MapView(self), QLabel(self)
        self.said.setProperty("quiet", True)
        self.said.setWordWrap(True)
        line, column = QHBoxLayout(), QVBoxLayout(self)
        for widget in (self.colour, QLabel("against"), self.x_axis, QLabel("and"), self.y_axis, self.branch):
            line.addWidget(widget)
        line.addStretch(1)
        line.setContentsMargins(6, 2, 6, 2)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addLayout(line)
        column.addWidget(self.said)
        column.addWidget(self.view, 1)
        self.said.setContentsMargins(8, 0, 8, 0)
        self.setFocusProxy(self.view)
        for chooser in (self.x_axis, self.y_axis, self.colour, self.branch):
            chooser.chosen.connect(lambda _: self._ask())
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
        self._place.clear()

    def take_theme(self) -> None:
        """Take other colours."""
        self.view.take_theme(self._context.theme)

    def _take_choices(self, choices: Mapping[str, Any]) -> None:
        self._asked = None
        axes, results, columns = (list(choices[key]) for key in ("axes", "results", "columns"))
        if not columns or (len(axes) > 1 and not results):
            self._failed("the map begins with the first run of the series that has a result")
            return
        self._choices = choices
        titles = {name: column_of({"name": name, "unit": unit}) for name, unit in choices["units"].items()}
        self.y_axis.titles = self.colour.titles = titles
        self.x_axis.titles = {name: f"{title_of(name)}, varied" for name in axes}  # beside columns of the same name
        if len(axes) > 1:
            x, z = axes[1], results[:1]
        else:
            x = next((name for name in columns if name.startswith("Field (")), columns[0])
            z = [next((name for name in columns if name.startswith("Hall resistance (")), columns[-1])]
        self.x_axis.set_names([*axes, *columns], [x])
        self.y_axis.set_names(axes, axes[:1])
        self.colour.set_names([*results, *columns], z)
        self.branch.set_names(choices["branches"], choices["branches"][:1] if len(axes) == 1 else [])
        self._ask()

    def _take_more(self, choices: Mapping[str, Any]) -> None:
        """Offer what there is by now; what is chosen stays."""
        self._asked, self._choices = None, choices
        results, columns = list(choices["results"]), list(choices["columns"])
        self.x_axis.set_names([*choices["axes"], *columns], self.x_axis.current)
        self.colour.set_names([*results, *columns], self.colour.current)
        self.branch.set_names(choices["branches"], self.branch.current)
        self._ask(again=True)

    def _ask(self, *, again: bool = False) -> None:
        """Ask for the map that is chosen; a result has a value for each run, a column needs another one to run over."""
        axes, x, z = list(self._choices["axes"]), self.x_axis.current[0], self.colour.current[0]
        of_rows = z in self._choices["columns"]
        self.branch.setVisible(of_rows and bool(self._choices["branches"]))
        if of_rows == (x in axes):
            rest = self._choices["columns"] if of_rows else [axis for axis in axes if axis != self.y_axis.current[0]]
            if not rest:
                self._failed(
                    f"{title_of(z)} has one value for each run, and only {title_of(axes[0])} was varied: choose a "
                    "column as colour"
                )
                return
            self.x_axis.set_names([*axes, *self._choices["columns"]], [rest[0]])
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
        self._say()

    def _say(self) -> None:
        scattered = " · the points are on no grid: each place has the colour of the nearest" if self._scattered else ""
        self.said.setText(f"Cuts at {self.view.cut_words}{scattered}")

    def _failed_again(self, _: str) -> None:
        self._asked = None  # the map stays as it is

    def _failed(self, why: str) -> None:
        self._asked = None
        self.said.setText(why)
