"""What can be done with a queue: buttons, keys and the menu of the right mouse button are the same actions."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from PyQt6.QtCore import QObject, Qt, pyqtSignal
from PyQt6.QtGui import QAction, QActionGroup, QKeySequence
from PyQt6.QtWidgets import QMenu, QToolButton, QWidget

MOST_RETRIES = 10
"""As in labctl.service.items, which a window does not import: it needs what a window should not wait for."""
STANDS = (
    "The run that is on stands still at its next point: current at zero, field held; nothing further begins. Key: F8"
)
ENDS = (
    "Ends the run that is on in its safe state: current to zero, output off, field held. The queue goes on with the "
    "next."
)
ACTIONS = {
    "pause_now": ("Pause now", "", STANDS),
    "pause": ("Pause queue", "", "The run that is on goes on to its end; nothing further begins."),
    "go": ("Go on", "", "The run that stands goes on, and further ones begin. Key: F9"),
    "abort": ("Abort run", "", ENDS),
    "up": ("Up", "Alt+Up", "Lets what is selected begin earlier; rows can be dragged, too."),
    "down": ("Down", "Alt+Down", "Lets what is selected begin later; rows can be dragged, too."),
    "edit": ("Edit", "F2", "Opens the parameters of an item that waits."),
    "clone": ("Clone", "Ctrl+D", "Adds what waits once more, right below it; what does not wait, at the end."),
    "remove": ("Remove", "Del", "Takes what is selected out of the queue; a run's folder stays. It can be undone."),
    "skip": ("Skip", "Ctrl+K", "Leaves what is selected out; it stays in the list."),
    "again": ("Again", "Ctrl+R", "What was skipped or did not finish waits again; what it has begun is carried on."),
    "open": ("Open run", "Ctrl+O", "Shows the run of the item that is selected."),
    "copy": ("Copy command", "Ctrl+Shift+C", "Copies the line for a terminal that does the same: labctl run ..."),
    "clear": ("Clear finished", "", "Takes all that is finished out of the list; the runs stay. It can be undone."),
    "hide": ("&Hide finished", "", "Leaves out what is finished; everything else stays in sight."),
    "undo": ("Undo", "Ctrl+Z", "Puts back what was removed last, in its place, as long as the window is open."),
}  # fmt: skip
"""Key -> what stands on the button, its keys, and what it will do."""
MENU = ("open", "edit", "up", "down", "clone", "skip", "again", "remove", "", "copy", "undo", "clear", "hide")
"""In the menu of the right mouse button."""


class QueueActions(QObject):
    """All that can be done with a queue, by its key.

    Args:
        owner: In which the keys work.
        do: Called with the key of what is asked for.
    """

    def __init__(self, owner: QWidget, do: Callable[[str], None]) -> None:
        super().__init__(owner)
        self.of: dict[str, QAction] = {}
        for key, (title, keys, tip) in ACTIONS.items():
            action = QAction(title, owner)
            action.setToolTip(f"{tip} Key: {keys}" if keys else tip)
            if keys:
                action.setShortcut(QKeySequence(keys))
                within = Qt.ShortcutContext.WidgetWithChildrenShortcut
                action.setShortcutContext(Qt.ShortcutContext.WindowShortcut if key == "undo" else within)
            action.setCheckable(key == "hide")
            action.triggered.connect(lambda _, key=key: do(key))
            owner.addAction(action)
            self.of[key] = action

    def allow(self, able: Collection[str]) -> None:
        """Enable what means something now.

        Args:
            able: Keys.
        """
        for key, action in self.of.items():
            action.setEnabled(key in able)

    def fill(self, table: QWidget) -> None:
        """Put the menu of the right mouse button on a table."""
        for key in MENU:
            if key:
                table.addAction(self.of[key])
            else:
                line = QAction(table)
                line.setSeparator(True)
                table.addAction(line)


class PolicyButton(QToolButton):
    """What follows a failure, and how often a run is carried on before that.

    Args:
        wish: Called with what is to be changed of the policy.
    """

    said = pyqtSignal()
    """Something else stands on it."""

    def __init__(self, wish: Callable[[dict[str, Any]], None]) -> None:
        super().__init__()
        self._wish = wish
        self._of: dict[tuple[str, Any], QAction] = {}
        menu = QMenu(self)
        self._choices(menu, "after_failure", {
            "stop": "After a failure &pause the queue", "skip": "After a failure go on with the &next",
        })  # fmt: skip
        menu.addSeparator()
        retries = menu.addMenu("Carry a run on that failed, &before that")
        assert retries is not None
        said = {0: "not at all", 1: "once", 2: "twice"}
        self._choices(
            retries, "retries", {count: said.get(count, f"{count} times") for count in range(MOST_RETRIES + 1)}
        )
        self.setMenu(menu)
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.show_policy(None)

    def _choices(self, menu: QMenu, name: str, choices: Mapping[Any, str]) -> None:
        group = QActionGroup(menu)
        for value, title in choices.items():
            action = QAction(title, menu)
            action.setCheckable(True)
            action.triggered.connect(lambda _, value=value: self._wish({name: value}))
            group.addAction(action)
            menu.addAction(action)
            self._of[name, value] = action

    def show_policy(self, policy: Mapping[str, Any] | None) -> None:
        """Show what is so, None where no worker is there."""
        self.setEnabled(policy is not None)
        if policy is None:
            self._say("After a failure")
            return
        retries = int(policy["retries"])
        then = "pause" if policy["after_failure"] == "stop" else "next"
        self._say(f"After a failure: {f'{retries} × again, ' if retries else ''}{then}  ")
        self.setToolTip(
            ("A run that failed is carried on up to "
             f"{retries} time{'s' if retries > 1 else ''}, where that could help; then " if retries else
             "After a run that did not finish ")
            + ("the queue pauses." if then == "pause" else "the queue goes on with the next item.")
        )  # fmt: skip
        for name in ("after_failure", "retries"):
            if (chosen := self._of.get((name, policy[name]))) is not None:
                chosen.setChecked(True)

    def _say(self, text: str) -> None:
        if text != self.text():
            self.setText(text)
            self.said.emit()
