"""What a run is asked for beside its parameters: who, why, words to find it by, limits that are replaced."""

from __future__ import annotations

import getpass
from collections.abc import Mapping
from typing import Any

from PyQt6.QtCore import QSettings, Qt, pyqtSignal
from PyQt6.QtWidgets import (
    QCheckBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QScrollArea,
    QWidget,
)

USER = "measure/user"
"""Where the name is remembered."""


class RunPage(QWidget):
    """User, notes, tags, overrides, seed, and whether it is rehearsed first.

    Args:
        settings: Where the user's name is remembered.
        simulate: Whether the station is simulated, so that a seed means something.
    """

    changed = pyqtSignal()
    """Something that a check looks at."""

    def __init__(self, settings: QSettings, *, simulate: bool) -> None:
        super().__init__()
        self._settings = settings
        self.user = QLineEdit(str(settings.value(USER, "") or getpass.getuser()))
        self.user.setToolTip("Who measures; stands in the run's description, and is remembered")
        self.user.editingFinished.connect(self._remember)
        self.notes = QPlainTextEdit()
        self.notes.setTabChangesFocus(True)
        self.notes.setPlaceholderText("why: what is to be found out, what is special about it")
        self.notes.setToolTip("Notes; stand in the run's description")
        self.notes.setMinimumHeight(60)
        self.tags = QLineEdit()
        self.tags.setPlaceholderText("e.g. cooldown3, paper")
        self.tags.setToolTip("Words to find the run by, with commas between them")
        self.overrides = QLineEdit()
        self.overrides.setPlaceholderText("none; e.g. current=1 mA; field=2 T")
        self.overrides.setToolTip(
            "Limits of station and sample that are replaced for this run, with semicolons between them; "
            "each is recorded"
        )
        self.overrides.textChanged.connect(self.changed)
        self.seed = QLineEdit()
        self.seed.setPlaceholderText("drawn")
        self.seed.setToolTip("Of what fluctuates in simulation, and of the orders that an experiment draws")
        self.seed.textChanged.connect(self.changed)
        self.rehearse = QCheckBox("Rehearse before it begins")
        self.rehearse.setChecked(True)
        self.rehearse.setToolTip("The run is rehearsed when its turn comes, and refused where the rehearsal is")
        form = QFormLayout(self)
        form.setContentsMargins(4, 6, 4, 4)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        for title, widget in (
            ("Us&er", self.user), ("Notes", self.notes), ("Ta&gs", self.tags), ("Limits", self.overrides),
        ):  # fmt: skip
            form.addRow(title, widget)
        if simulate:
            form.addRow("See&d", self.seed)
        form.addRow(QLabel(), self.rehearse)

    def _remember(self) -> None:
        self._settings.setValue(USER, self.user.text().strip())

    def values(self) -> dict[str, Any]:
        """Return what stands there, as `labctl.asked.Asked` takes it."""
        seed = self.seed.text().strip()
        return {
            "user": self.user.text().strip(),
            "notes": self.notes.toPlainText().strip(),
            "tags": _items(self.tags.text(), ","),
            "overrides": _items(self.overrides.text(), ";"),
            "rehearse": self.rehearse.isChecked(),
            **({"seed": int(seed)} if seed.isdecimal() else {}),
        }

    @property
    def fault(self) -> str:
        """What is wrong with it, "" where nothing is."""
        seed = self.seed.text().strip()
        return "" if not seed or seed.isdecimal() else f"seed is {seed!r}, but must be a whole number from 0 on"

    def set_values(self, asked: Mapping[str, Any], *, with_user: bool) -> None:
        """Show what is asked; of a run that is repeated not who measured and how it began."""
        if with_user:
            self.user.setText(str(asked.get("user") or ""))
            self.rehearse.setChecked(bool(asked.get("rehearse")))
        self.notes.setPlainText(str(asked.get("notes") or ""))
        self.tags.setText(", ".join(asked.get("tags") or []))
        self.overrides.setText("; ".join(asked.get("overrides") or []))
        seed = asked.get("seed")
        self.seed.setText("" if seed is None else str(seed))


def scrolled(page: QWidget) -> QScrollArea:
    """Return an area in which a page scrolls up and down: a low window must not grow for it."""
    area = QScrollArea()
    area.setWidget(page)
    area.setWidgetResizable(True)
    area.setFrameShape(QScrollArea.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    return area


def _items(text: str, sign: str) -> list[str]:
    return [item for each in text.split(sign) if (item := each.strip())]


class UserBar(QWidget):
    """Asks once who measures.

    Args:
        page: Where the name goes to.
        settings: Where it is remembered.
    """

    def __init__(self, page: RunPage, settings: QSettings) -> None:
        super().__init__()
        self._page = page
        self._settings = settings
        self.name = QLineEdit(page.user.text())
        self.name.setToolTip("Stands in the description of each run; is asked once, and can be changed under Run")
        self.name.returnPressed.connect(self._take)
        self.button = QPushButton("OK")
        self.button.setToolTip("Remember this name")
        self.button.clicked.connect(self._take)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(QLabel("Who measures?"))
        row.addWidget(self.name, 1)
        row.addWidget(self.button)
        self.setVisible(not settings.contains(USER))

    def _take(self) -> None:
        name = self.name.text().strip()
        if name:
            self._page.user.setText(name)
            self._settings.setValue(USER, name)
            self.hide()
