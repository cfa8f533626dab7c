"""What every figure of labctl has around its curves: title, conditions, origin, the mark of what was simulated.

`framed` gives one's own figures the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, overload

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.text import Text

FieldUnit = Literal["mT", "Oe", "T"]

FIELD_UNITS: Mapping[str, tuple[float, str]] = {
    "mT": (1e3, "Field µ₀H (mT)"),
    "Oe": (1e4, "Field H (Oe)"),
    "T": (1.0, "Field µ₀H (T)"),
}
"""Factor from tesla and axis label of each unit."""

COLOURS = {"down": "#0072B2", "up": "#D55E00"}
"""Blue and vermilion of Okabe and Ito, told apart with every kind of colour vision and in print."""
INK, QUIET, FAINT, AMBER, GREEN = "#222222", "#6b6b6b", "#c9c9c9", "#E69F00", "#009E73"
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00")
"""Curves of a figure, one after the other: Okabe and Ito as well."""
SIZE = (9.6, 5.4)
"""Inches: the shape of a slide."""
LEFT, RIGHT = 0.085, 0.972
"""Where the words begin and end, in parts of the width."""
HEAD, FOOT = 0.9, 0.25
"""Inches that the words take at the top and at the bottom."""
SMALLEST = 0.6
"""Words that are too long for their line are made smaller, down to this part of their size, and then cut."""


@dataclass(frozen=True, slots=True)
class Caption:
    """What a figure says of its origin.

    Attributes:
        provenance: The run's name.
        simulated: Whether nothing of it was measured in a laboratory.
        field_unit: Unit of a field axis: `mT`, `Oe` or `T`.
    """

    provenance: str = ""
    simulated: bool = False
    field_unit: FieldUnit = "mT"

    @property
    def field_axis(self) -> tuple[float, str]:
        """Factor from tesla, and label, of a field axis in the unit that was asked for (`labctl plot --unit Oe`)."""
        return FIELD_UNITS[self.field_unit]


@overload
def framed(title: str, subtitle: str = ..., caption: Caption | None = ...) -> tuple[Figure, Axes]: ...
@overload
def framed(
    title: str, subtitle: str = ..., caption: Caption | None = ..., *, rows: int = ..., columns: int = ...,
    sharex: bool = ..., sharey: bool = ...,
) -> tuple[Figure, Any]: ...  # fmt: skip
def framed(
    title: str, subtitle: str = "", caption: Caption | None = None, *, rows: int = 1, columns: int = 1,
    sharex: bool = False, sharey: bool = False,
) -> tuple[Figure, Any]:  # fmt: skip
    """Make an empty figure with title and conditions above, and its origin below; simulated ones are marked.

        figure, axes = framed(f"After-effect of {self.sample.name}", "300 K", self.caption)
        figure, (upper, lower) = framed("...", rows=2, sharex=True)

    What is drawn into the axes finds its room by itself: labels, legends and colour bars need no margins to be set.

    Args:
        title: What was measured on what.
        subtitle: Under which conditions, or what came out.
        caption: Whence it comes: `self.caption` of a procedure.
        rows: Panels above each other.
        columns: Panels beside each other.
        sharex: Whether all panels have the same horizontal axis.
        sharey: Whether all panels have the same vertical axis.

    Returns:
        The figure, and its axes; of several panels an array of them, as `matplotlib.pyplot.subplots` gives it.
    """
    from matplotlib.figure import Figure

    caption = caption or Caption()
    height = max(SIZE[1], 2.1 * rows + HEAD + FOOT)
    figure = Figure(figsize=(SIZE[0], height), facecolor="white", layout="constrained")
    write_frame(figure, title, subtitle, caption.provenance, simulated=caption.simulated)
    engine: Any = figure.get_layout_engine()
    engine.set(rect=(0.022, FOOT / height, 0.955, 1.0 - (HEAD + FOOT) / height), wspace=0.06, hspace=0.06)
    panels = figure.subplots(rows, columns, squeeze=False, sharex=sharex, sharey=sharey)
    for axes in panels.flat:
        bare(axes)
        axes.set_prop_cycle(color=PALETTE)
        if columns > 1:  # numbers of four digits and a sign must not touch each other
            axes.locator_params(axis="x", nbins=max(3, 7 - columns))
        for axis in (axes.xaxis, axes.yaxis):
            axis.label.set(color=INK, fontsize=12 if panels.size == 1 else 11)
    if panels.size == 1:
        return figure, panels[0, 0]
    return figure, panels.ravel() if 1 in panels.shape else panels


def write_frame(figure: Figure, title: str, subtitle: str, provenance: str, *, simulated: bool) -> None:
    """Title, conditions, origin, and the mark of what was not measured in a laboratory."""
    height = figure.get_figheight()
    top, below = 1.0 - 0.3 / height, 1.0 - 0.605 / height
    end = RIGHT
    if simulated:
        badge = {"boxstyle": "round,pad=0.42", "facecolor": AMBER, "edgecolor": "none"}
        mark = figure.text(
            RIGHT, top, "SIMULATED", fontsize=11, fontweight="bold", color="white", ha="right", va="center", bbox=badge
        )
        end = mark.get_window_extent().x0 / figure.bbox.width - 0.025
    _fit(figure.text(LEFT, top, title, fontsize=15, fontweight="bold", color=INK, va="center"), end)
    _fit(figure.text(LEFT, below, subtitle, fontsize=10.5, color=QUIET, va="center"), RIGHT)
    figure.text(0.98, 0.12 / height, provenance, fontsize=7, color=QUIET, ha="right", va="bottom")


def _fit(words: Text, end: float) -> None:
    """Make words smaller that would run beyond a place, in parts of the figure's width; the last ones give way to …."""
    figure = words.get_figure(root=True)
    assert figure is not None
    room, taken = (end - LEFT) * figure.bbox.width, words.get_window_extent().width
    if taken <= room:
        return
    words.set_fontsize(float(words.get_fontsize()) * max(SMALLEST, 0.99 * room / taken))
    kept = words.get_text()
    while kept and words.get_window_extent().width > room:
        kept = kept[:-1].rstrip()
        words.set_text(f"{kept} …")


def bare(axes: Axes) -> None:
    """Axes without a box, plain numbers on them."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(QUIET)
    axes.tick_params(colors=QUIET, labelcolor=INK, labelsize=10)
    axes.ticklabel_format(useOffset=False, style="plain")
