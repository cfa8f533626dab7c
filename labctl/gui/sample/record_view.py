"""What a sample record says: stack, leads, defaults, limits, mounting, resistances, model."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QGridLayout, QLabel, QVBoxLayout, QWidget

from labctl.gui.context import Context
from labctl.gui.sample.leads_drawing import LeadsDrawing
from labctl.gui.sample.pieces import Part, Rows, label, set_look, together
from labctl.gui.sample.stack_drawing import StackDrawing
from labctl.gui.timing import timer
from labctl.gui.words import NOTHING

LIMITS_AT_ONCE = 4
"""Rows of limits that are filled in before the window has its turn again."""


class LimitsTable(QWidget):
    """What the sample endures and what the station allows; the tighter of the two is marked."""

    def __init__(self) -> None:
        super().__init__()
        self._cells: list[tuple[QLabel, QLabel, QLabel, QLabel]] = []
        self._grid = QGridLayout()
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(6)
        self._grid.setVerticalSpacing(0)
        for column, (part, text) in enumerate(((5, ""), (4, "sample"), (4, "station"))):
            self._grid.setColumnStretch(column, part)
            self._grid.addWidget(label(text, "quiet"), 0, column)
        self.assumed = label("", "quiet")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(self._grid)
        column.addWidget(self.assumed)

    def show_limits(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Show other limits; see `labctl.desk.sample_card.card`."""
        self.hide()  # each label that comes or goes would have the whole panel measured anew
        while len(self._cells) < len(rows):
            self._cells.append(self._more())
        for cells, row in zip(self._cells, rows, strict=False):
            cells[0].setText(str(row["name"]))
            for cell, who in zip(cells[1:3], ("sample", "station"), strict=True):
                self._fill(cell, row, who)
            cells[3].setText(together(str(row["why"])))
            for cell in cells:
                cell.setVisible(bool(cell.text()))
        for further in self._cells[len(rows) :]:
            for cell in further:
                cell.hide()
        assumed = ", ".join(_small(str(row["name"])) for row in rows if row["assumed"])
        self.assumed.setText(f"Marked as assumed in the record: {assumed}.")
        self.assumed.setVisible(bool(assumed))
        self.show()

    def _fill(self, cell: QLabel, row: Mapping[str, Any], who: str) -> None:
        holds = row["whose"] in {who, "both"}
        text = str(row[who] or (row["value"] if holds else NOTHING))
        cell.setText(f"● {text}" if holds else text)
        cell.setToolTip(f"The tighter limit: it holds. {row['why']}".strip() if holds else "")
        set_look(cell, "heading" if holds else "quiet")

    def _more(self) -> tuple[QLabel, QLabel, QLabel, QLabel]:
        place = 2 * len(self._cells) + 1
        found = label("", "quiet"), label(), label(), label("", "quiet")
        for column, cell in enumerate(found[:3]):
            self._grid.addWidget(cell, place, column, Qt.AlignmentFlag.AlignTop)
        self._grid.addWidget(found[3], place + 1, 1, 1, 2)
        return found


def _small(name: str) -> str:
    return name[:1].lower() + name[1:]


class RecordView(QWidget):
    """A record, from its stack to its model.

    Args:
        context: What all panels share.
    """

    def __init__(self, context: Context) -> None:
        super().__init__()
        settings = context.settings
        self._steps: list[Callable[[], None]] = []
        self._stepping = timer(self, 0, self._step)
        self.stack, self.leads = StackDrawing(context), LeadsDrawing(context)
        self.conducting, self.geometry_text, self.loose = label("", "quiet"), label(), label("", "wrong")
        self.defaults, self.mounting, self.resistances, self.limits = Rows(), Rows(), Rows(), LimitsTable()
        self.lead_rows = Rows()
        self.model, self.advice, self.reference = label(), label("", "quiet"), label("", "quiet")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 4)
        column.setSpacing(2)
        self.parts: dict[str, Part] = {}
        for title, widgets, folded in (
            ("Stack", (self.stack, self.conducting), False),
            ("Leads and cables", (self.geometry_text, self.leads, self.loose), False),
            ("Leads one by one", (self.lead_rows,), True),
            ("By default", (self.defaults,), False),
            ("Limits; ● holds", (self.limits,), False),
            ("Mounting", (self.mounting,), False),
            ("Resistances", (self.resistances,), True),
            ("Model for simulation", (self.model,), False),
            ("Better still, and source", (self.advice, self.reference), True),
        ):
            part = Part(title, settings, folded=folded)
            for widget in widgets:
                part.column.addWidget(widget)
            self.parts[title] = part
            column.addWidget(part)

    @property
    def complete(self) -> bool:
        """Whether all rows are there."""
        return not self._steps

    def _step(self) -> None:
        """Fill the next table in: many rows at once would hold the window up."""
        if self._steps:
            self._steps.pop(0)()
        if not self._steps:
            self._stepping.stop()

    def show_card(self, card: Mapping[str, Any], advice: Sequence[str]) -> None:
        """Show another record; see `labctl.desk.sample_card.card`."""
        self.stack.show_layers(card["stack"], through=card["kind"] == "junction")
        self.conducting.setText(together(card["conducting"]))
        self.geometry_text.setText(card["geometry"]["text"])
        self.leads.show_card(card)
        functions = {pad["name"]: pad["function"] for pad in card["pads"]}
        leads = [
            {"name": f"{lead['name']} → {lead['pad']}", "value": functions[lead["pad"]],
             "why": "; ".join(text for text in (", ".join(lead["cables"]) or "no cable", lead["resistance"]) if text)}
            for lead in card["leads"]
        ]  # fmt: skip
        loose = ", ".join(f"{each['cable']} → {each['lead']}" for each in card["loose"])
        self.loose.setText(f"Cables to leads that this sample does not have: {loose}." if loose else "")
        self.loose.setVisible(bool(loose))
        self._steps = [
            lambda: self.defaults.show_rows(card["defaults"]),
            *(lambda rows=card["limits"][:end]: self.limits.show_limits(rows)
              for end in range(LIMITS_AT_ONCE, len(card["limits"]) + LIMITS_AT_ONCE, LIMITS_AT_ONCE)),
            lambda: self.mounting.show_rows(card["mounting"]),
            lambda: self.resistances.show_rows(card["resistances"]),
            lambda: self.lead_rows.show_rows(leads),
        ]  # fmt: skip
        self._stepping.start()
        self.model.setText(_model(card["model"]))
        self.advice.setText("\n".join(f"– {each}" for each in advice))
        self.advice.setVisible(bool(advice))
        self.reference.setText(card["reference"])
        self.reference.setVisible(bool(card["reference"]))
        self.parts["Better still, and source"].setVisible(bool(advice or card["reference"]))


def _model(model: Mapping[str, Any] | None) -> str:
    if model is None:
        return "None: this sample can be measured, and not simulated."
    family = str(model["family"]).replace("_", " ")
    if not model["assumed"]:
        return f"Family {family}; none of its {model['of']} parameters is marked as assumed."
    return (
        f"Family {family}. {model['assumed']} of its {model['of']} parameters are marked as assumed: plausible "
        "choices, not results. A comparison with a paper must not rest on them."
    )
