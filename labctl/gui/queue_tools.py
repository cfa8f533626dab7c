"""The buttons above a queue: those for which there is no room are in a menu at their end."""

from __future__ import annotations

from collections.abc import Mapping

from PyQt6.QtCore import QSize, Qt
from PyQt6.QtGui import QAction, QResizeEvent, QShowEvent
from PyQt6.QtWidgets import QHBoxLayout, QMenu, QSizePolicy, QToolButton, QWidget

from labctl.gui.queue_actions import PolicyButton

TOOLS = (
    "pause_now", "pause", "go", "abort", "", "up", "down", "edit", "clone", "remove", "skip", "again", "open", "",
    "clear", "hide",
)  # fmt: skip
"""On buttons, "" for a gap between two."""
LEAVE = ("hide", "clear", "open", "clone", "skip", "edit", "again", "down", "up", "remove", "policy")
"""What goes into the menu, one after the other, as it gets narrow; what steers the run that is on stays."""
GAP, WIDE_GAP = 2, 10
POLICY = "policy"


class QueueTools(QWidget):
    """A row of buttons.

    Args:
        actions: By their keys.
        policy: Stands at the end of the row.
    """

    def __init__(self, actions: Mapping[str, QAction], policy: PolicyButton) -> None:
        super().__init__()
        self._actions = actions
        self._policy = policy
        self.buttons: dict[str, QToolButton] = {}
        self.more = QToolButton()
        self.more.setText("More  ")
        self.more.setToolTip("What has no room in this row")
        self.more.setAccessibleName("More that can be done with the queue")
        self.more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.more.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._menu = QMenu(self)
        self.more.setMenu(self._menu)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        row = QHBoxLayout(self)
        row.setContentsMargins(2, 1, 2, 1)
        row.setSpacing(GAP)
        for key in TOOLS:
            if key:
                self.buttons[key] = _button(actions[key])
                row.addWidget(self.buttons[key])
            else:
                row.addSpacing(WIDE_GAP)
        row.addSpacing(WIDE_GAP)
        self.buttons[POLICY] = policy
        row.addWidget(policy)
        row.addWidget(self.more)
        row.addStretch(1)
        policy.said.connect(self.make_room)

    def widgetForAction(self, action: QAction) -> QWidget | None:  # noqa: N802 - as a QToolBar has it
        """Return the button of an action."""
        return next((self.buttons[key] for key, each in self._actions.items() if each is action), None)

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return the size of what stays in the row."""
        staying = [button for key, button in self.buttons.items() if key not in LEAVE]
        return QSize(self._width(staying, menu=True), super().minimumSizeHint().height())

    def _width(self, shown: list[QToolButton], *, menu: bool) -> int:
        wanted = [button.sizeHint().width() for button in [*shown, *([self.more] if menu else [])]]
        return sum(wanted) + GAP * (len(wanted) + 2) + WIDE_GAP * (TOOLS.count("") + 1) + 4

    def make_room(self) -> None:
        """Put into the menu what has no room."""
        left, shown = list[str](), dict(self.buttons)
        for key in ("", *LEAVE):
            if key:
                left.append(key)
                del shown[key]
            if self._width(list(shown.values()), menu=bool(left)) <= self.width():
                break
        for key, button in self.buttons.items():
            button.setVisible(key in shown)
        self.more.setVisible(bool(left))
        self._menu.clear()
        for key in (*TOOLS, POLICY):
            if key in left and key == POLICY:
                self._add_policy()
            elif key in left:
                self._menu.addAction(self._actions[key])

    def _add_policy(self) -> None:
        choices = self._policy.menu()
        if choices is not None:
            choices.setTitle(self._policy.text().strip())
            self._menu.addMenu(choices)

    def resizeEvent(self, a0: QResizeEvent | None) -> None:  # noqa: N802 - Qt's name
        """Show as many buttons as there is room for."""
        super().resizeEvent(a0)
        self.make_room()

    def showEvent(self, a0: QShowEvent | None) -> None:  # noqa: N802 - Qt's name
        """Do so once the style is known."""
        super().showEvent(a0)
        self.make_room()


def _button(action: QAction) -> QToolButton:
    button = QToolButton()
    button.setDefaultAction(action)
    button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)  # Tab is to reach it
    return button
