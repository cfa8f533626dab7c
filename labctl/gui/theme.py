"""Colours, light and dark: named by what they are for, so that no widget chooses one of its own."""

from __future__ import annotations

from dataclasses import dataclass, fields

from PyQt6.QtGui import QColor, QPalette
from PyQt6.QtWidgets import QApplication, QWidget


@dataclass(frozen=True, slots=True)
class Theme:
    """Colours as `#rrggbb`.

    Attributes:
        name: `dark` or `light`.
        window: Behind everything.
        panel: Behind forms and tables.
        field: Behind what can be edited, and behind a plot.
        line: Between things.
        text: What is read.
        quiet: What is read second; still 4.5 : 1 on all three grounds.
        accent: What is chosen, focused, or can be pressed.
        on_accent: Text on it.
        progress: What is done of something; plain text can be read on it.
        good: It is at rest, finished, safe.
        warn: Something is on, or to be looked at.
        bad: Something is wrong.
        simulator: The simulated station.
        on_state: Text on any of the four above.
        curves: Of curves in a plot, in their order; can be told apart by the colour-blind (Okabe and Ito, 2008).
    """

    name: str
    window: str
    panel: str
    field: str
    line: str
    text: str
    quiet: str
    accent: str
    on_accent: str
    progress: str
    good: str
    warn: str
    bad: str
    simulator: str
    on_state: str
    curves: tuple[str, ...]

    def colours(self) -> dict[str, str]:
        """Return all single colours by name."""
        found = {each.name: getattr(self, each.name) for each in fields(self)}
        return {name: value for name, value in found.items() if isinstance(value, str) and value.startswith("#")}


DARK = Theme(
    name="dark", window="#14171c", panel="#1b1f26", field="#0f1216", line="#39404b", text="#e8ebf0", quiet="#a7b0bd",
    accent="#4da3ff", on_accent="#07111d", progress="#1c5388",
    good="#3fb27f", warn="#e0a63a", bad="#ff6b6b", simulator="#b58cff", on_state="#0b0d10",
    curves=("#56b4e9", "#e69f00", "#2fc09a", "#f0e442", "#d98cb8", "#ff7a45", "#9aa5b1"),
)  # fmt: skip
LIGHT = Theme(
    name="light", window="#eceff3", panel="#f7f8fa", field="#ffffff", line="#c3cad3", text="#171b21", quiet="#525c69",
    accent="#0b5cad", on_accent="#ffffff", progress="#a9cdf2",
    good="#14683f", warn="#8a5200", bad="#b3261e", simulator="#5e35b1", on_state="#ffffff",
    curves=("#0072b2", "#b35c00", "#007a5a", "#7a6a00", "#a8487f", "#c43d00", "#555f6b"),
)  # fmt: skip
FUSION = "fusion"
"""Qt's own style, the same on every system."""
THEMES = {theme.name: theme for theme in (DARK, LIGHT)}


def luminance(colour: str) -> float:
    """Return the relative luminance of a colour, from 0 to 1 (WCAG 2.2, "relative luminance")."""

    def linear(part: float) -> float:
        return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4

    red, green, blue = (linear(int(colour[at : at + 2], 16) / 255) for at in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours, from 1 to 21 (WCAG 2.2, "contrast ratio")."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def apply(application: QApplication, theme: Theme) -> None:
    """Give the whole application the colours that Qt itself knows by name; `dress` says the rest of them."""
    style = application.style()
    if style is None or style.name() != FUSION:  # a style that is set is given to every widget anew
        application.setStyle(FUSION)
    application.setPalette(palette(theme))


def dress(widget: QWidget, theme: Theme) -> None:
    """Give a widget, and whatever is or comes to be in it, the look of its kind.

    It is said to parts of a window and not to the application: this takes some 25 us a widget, and a window with all
    its forms has a thousand of them.
    """
    widget.setStyleSheet(sheet(theme))


def palette(theme: Theme) -> QPalette:
    """Return the colours that Qt itself knows by name."""
    made, role = QPalette(), QPalette.ColorRole
    for where, colour in {
        role.Window: theme.window, role.WindowText: theme.text, role.Base: theme.field, role.AlternateBase: theme.panel,
        role.Text: theme.text, role.Button: theme.panel, role.ButtonText: theme.text, role.ToolTipBase: theme.panel,
        role.ToolTipText: theme.text, role.PlaceholderText: theme.quiet, role.Highlight: theme.accent,
        role.HighlightedText: theme.on_accent, role.Link: theme.accent, role.BrightText: theme.bad,
        role.Light: theme.line, role.Midlight: theme.line, role.Mid: theme.line, role.Dark: theme.line,
    }.items():  # fmt: skip
        made.setColor(where, QColor(colour))
    for where in (role.Text, role.ButtonText, role.WindowText):
        made.setColor(QPalette.ColorGroup.Disabled, where, QColor(theme.quiet))
    return made


DARK_ARROW = """
    QComboBox::drop-down { border: none; }
    QComboBox::down-arrow {
        image: url(:/qt-project.org/styles/commonstyle/images/arrow-down-16.png); width: 9px; height: 9px;
    }
"""
"""On a light ground: Qt draws a raised button around its own arrow, whose dark edges would be seen there."""


def sheet(theme: Theme) -> str:
    """Return the look of each kind of widget, as Qt takes it."""
    return f"""{DARK_ARROW if luminance(theme.field) > 0.5 else ""}
    QToolTip {{ color: {theme.text}; background: {theme.panel}; border: 1px solid {theme.line}; padding: 3px; }}
    QSplitterHandle {{ background: {theme.window}; }}
    QSplitterHandle:hover {{ background: {theme.accent}; }}
    QPushButton, QToolButton {{
        background: {theme.panel}; border: 1px solid {theme.line}; border-radius: 4px; padding: 4px 10px;
    }}
    QToolButton {{ padding: 3px 6px; }}
    QPushButton:hover, QToolButton:hover {{ border-color: {theme.accent}; }}
    QPushButton:pressed, QToolButton:pressed, QToolButton:checked {{
        background: {theme.accent}; color: {theme.on_accent};
    }}
    QPushButton:focus, QToolButton:focus {{ border: 2px solid {theme.accent}; padding: 3px 9px; }}
    QToolButton:focus {{ padding: 2px 5px; }}
    QPushButton:disabled, QToolButton:disabled {{ color: {theme.quiet}; background: {theme.window}; }}
    QPushButton[primary="true"] {{
        background: {theme.accent}; color: {theme.on_accent}; border-color: {theme.accent}; font-weight: bold;
    }}
    QPushButton[primary="true"]:disabled {{
        background: {theme.window}; color: {theme.quiet}; border-color: {theme.line};
    }}
    QPushButton[primary="true"]:focus {{ border: 2px solid {theme.text}; }}
    QLineEdit, QPlainTextEdit, QTextEdit, QComboBox, QSpinBox, QAbstractItemView {{
        background: {theme.field}; border: 1px solid {theme.line}; border-radius: 3px; padding: 2px 4px;
        selection-background-color: {theme.accent}; selection-color: {theme.on_accent};
    }}
    QLineEdit:focus, QPlainTextEdit:focus, QTextEdit:focus, QComboBox:focus, QAbstractItemView:focus {{
        border-color: {theme.accent};
    }}
    QLineEdit, QPlainTextEdit, QTextEdit {{ placeholder-text-color: {theme.quiet}; }}
    QLineEdit[wrong="true"] {{ border: 2px solid {theme.bad}; }}
    QComboBox QAbstractItemView {{ background: {theme.field}; }}
    QHeaderView {{ border: none; padding: 0; }}
    QHeaderView::section {{
        background: {theme.panel}; color: {theme.quiet}; border: none; border-bottom: 1px solid {theme.line};
        padding: 3px 5px;
    }}
    QTabWidget::pane {{ border: 1px solid {theme.line}; background: {theme.panel}; }}
    QTabBar::tab {{
        background: {theme.window}; color: {theme.quiet}; padding: 4px 12px; border: 1px solid {theme.line};
        border-bottom: none;
    }}
    QTabBar::tab:selected {{ background: {theme.panel}; color: {theme.text}; font-weight: bold; }}
    QTabWidget > QWidget {{ background: {theme.panel}; }}
    QTabBar::tab:focus {{ border: 1px solid {theme.accent}; }}
    QCheckBox::indicator, QTreeView::indicator, QTableView::indicator, QListView::indicator {{
        width: 11px; height: 11px; border: 1px solid {theme.quiet}; border-radius: 2px; background: {theme.field};
    }}
    QCheckBox::indicator:checked, QTreeView::indicator:checked, QTableView::indicator:checked,
    QListView::indicator:checked {{
        background: {theme.text}; border: 1px solid {theme.text}; }}
    QCheckBox::indicator:focus {{ border-color: {theme.accent}; }}
    QFrame#popup {{ background: {theme.panel}; border: 1px solid {theme.quiet}; }}
    QMenu {{ background: {theme.panel}; border: 1px solid {theme.line}; }}
    QMenu::item:selected, QMenuBar::item:selected {{ background: {theme.accent}; color: {theme.on_accent}; }}
    QMenu::item:disabled {{ color: {theme.quiet}; }}
    QProgressBar {{
        background: {theme.field}; border: 1px solid {theme.line}; border-radius: 3px; text-align: center;
    }}
    QProgressBar::chunk {{ background: {theme.progress}; }}
    QLabel[quiet="true"] {{ color: {theme.quiet}; }}
    QLabel[wrong="true"] {{ color: {theme.bad}; }}
    QLabel[warn="true"] {{ color: {theme.warn}; }}
    QLabel[good="true"] {{ color: {theme.good}; }}
    QLabel[heading="true"] {{ font-weight: bold; }}
    """
