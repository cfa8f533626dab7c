"""Marks that the theme's style sheet knows: a widget is `wrong`, `warn`, `good`, or `quiet`."""

from __future__ import annotations

from PyQt6.QtWidgets import QWidget

MARKS = ("wrong", "warn", "good", "quiet")


def mark(widget: QWidget, which: str) -> None:
    """Give a widget one mark, and take the others from it.

    Args:
        widget: Any.
        which: One of `MARKS`, or "" for none.
    """
    if all((widget.property(name) == "true") == (name == which) for name in MARKS):
        return
    for name in MARKS:
        widget.setProperty(name, "true" if name == which else None)
    style = widget.style()
    assert style is not None
    style.unpolish(widget)
    style.polish(widget)
