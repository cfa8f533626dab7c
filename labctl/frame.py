"""What every figure of labctl has around its curves: title, conditions, origin, the mark of what was simulated.

`framed` gives one's own figures the same.
"""

from __future__ import annotations

import re
import textwrap
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


LIGHT = "#FFF4DC"
"""Behind a sentence that stands in a figure."""
LETTER = 8.0
"""Pixels that a letter of such a sentence takes."""
LOW = 0.2
"""Of a panel's height; what stands lower keeps its lower edge there, and what stands as high its upper one."""
PASSES = 4
"""How often the labels are looked at: one in two lines takes some of the room that others have."""
SNUG = 0.96
"""Of an axis that a label is made to take: letters do not shrink quite as their size does."""
LEAST_LABEL = 0.8
"""A label that is longer than its axis is made smaller, down to this part of its size, before it is broken."""

_MICRO = re.compile(r"(?:^|(?<=[\d(/])|(?<=\d ))u(?=(?:A|V|T|s|S|W|m|K|ohm|Ohm|rad|deg)(?![A-Za-z]))")
_OHM = re.compile(r"(?<![A-Za-z])([kMmnµ]?)[oO]hm\b")
_SQUARE = re.compile(r"(?<![A-Za-z])([kmnµ]?m|A\^|m\^)\^?2\b")
_POWER = re.compile(r"(?<=[\d.)])e([+-]?)0*(\d+)\b")
_MINUS = re.compile(r"(?<![\w)])-(?=[\d.])")
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def shown(text: str) -> str:
    """Return a text with the signs of print, as figures have them: `100 uA` as `100 µA`, `kohm` as `kΩ`, a true minus.

    The terminal and all files write `uA`, `kohm` and `1e-6` instead, as they are typed into a parameter or a record.
    """
    text = _OHM.sub(r"\1Ω", _MICRO.sub("µ", text))
    text = _SQUARE.sub(lambda found: f"{found[1].rstrip('^')}²", text)
    text = _POWER.sub(lambda found: "×10" + f"{found[1].lstrip('+')}{found[2]}".translate(_RAISED), text)
    return _MINUS.sub("−", text)


@dataclass(frozen=True, slots=True)
class Caption:
    """What a figure says of its origin.

    Attributes:
        provenance: The run's name.
        simulated: Whether nothing of it was measured in a laboratory.
        field_unit: Unit of a field axis: `mT`, `Oe` or `T`.
        state: Of a run that did not finish as it should: `aborted`, `failed`, `fault` ...; empty for all others.
    """

    provenance: str = ""
    simulated: bool = False
    field_unit: FieldUnit = "mT"
    state: str = ""

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
        subtitle: Under which conditions, or what came out; written with the signs of print, see `shown`.
        caption: Whence it comes: `self.caption` of a procedure.
        rows: Panels above each other.
        columns: Panels beside each other.
        sharex: Whether all panels have the same horizontal axis.
        sharey: Whether all panels have the same vertical axis.

    Returns:
        The figure, and its axes; of several panels an array of them, as `matplotlib.pyplot.subplots` gives it.
    """
    caption = caption or Caption()
    height = max(SIZE[1], 2.1 * rows + HEAD + FOOT)
    figure = blank(height, layout="constrained")
    write_frame(figure, title, subtitle, caption)
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
    figure.align_ylabels(panels.ravel().tolist())
    return figure, panels.ravel() if 1 in panels.shape else panels


def blank(height: float = SIZE[1], **how: Any) -> Figure:
    """Make a white figure without anything in it, as wide as a slide.

    It has a canvas of dots from the beginning: one without makes a new one each time that the length of words is asked,
    which is some hundred times where room for them is looked for.

    Args:
        height: In inches.
        how: Further arguments of `matplotlib.figure.Figure`.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(SIZE[0], height), facecolor="white", **how)
    FigureCanvasAgg(figure)
    return figure


def write_frame(figure: Figure, title: str, subtitle: str, caption: Caption) -> None:
    """Title, conditions, origin, and the marks of what was not measured in a laboratory, or not to its end."""
    height = figure.get_figheight()
    top, below = 1.0 - 0.3 / height, 1.0 - 0.605 / height
    end = RIGHT
    for word, colour, wanted in (
        ("SIMULATED", AMBER, caption.simulated), (caption.state.upper(), COLOURS["up"], caption.state),
    ):  # fmt: skip
        if wanted:
            badge = {"boxstyle": "round,pad=0.42", "facecolor": colour, "edgecolor": "none"}
            style: Any = {"fontsize": 11, "fontweight": "bold", "color": "white", "ha": "right", "va": "center"}
            mark = figure.text(end, top, word, bbox=badge, **style)
            end = mark.get_window_extent().x0 / figure.bbox.width - 0.025
    _fit(figure.text(LEFT, top, title, fontsize=15, fontweight="bold", color=INK, va="center"), end)
    _fit(figure.text(LEFT, below, shown(subtitle), fontsize=10.5, color=QUIET, va="center"), RIGHT)
    figure.text(0.98, 0.12 / height, caption.provenance, fontsize=7, color=QUIET, ha="right", va="bottom")


def _fit(words: Text, end: float) -> None:
    """Make words smaller that would run beyond a place, in parts of the figure's width; the last ones give way to …."""
    figure = words.get_figure(root=True)
    assert figure is not None
    room, taken = (end - LEFT) * figure.bbox.width, words.get_window_extent().width
    if taken <= room:
        return
    words.set_fontsize(float(words.get_fontsize()) * max(SMALLEST, 0.99 * room / taken))
    if words.get_window_extent().width <= room:
        return
    said, fits, beyond = words.get_text(), 0, len(words.get_text())
    while beyond - fits > 1:  # by halves: of a page of words, letter by letter would take minutes
        middle = (fits + beyond) // 2
        words.set_text(f"{said[:middle].rstrip()} …")
        fits, beyond = (middle, beyond) if words.get_window_extent().width <= room else (fits, middle)
    words.set_text(f"{said[:fits].rstrip()} …")


def bare(axes: Axes) -> None:
    """Axes without a box, plain numbers on them."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(QUIET)
    axes.tick_params(colors=QUIET, labelcolor=INK, labelsize=10)
    axes.ticklabel_format(useOffset=False, style="plain")


def name_curves(axes: Axes, **where: Any) -> None:
    """Put a legend over all that has a label; nothing where nothing has, and over no curve where there is room."""
    handles, labels = axes.get_legend_handles_labels()
    if handles:
        looks: dict[str, Any] = {"frameon": False, "fontsize": 9, "labelcolor": INK, **where}
        axes.legend(handles, labels, **looks)


def say(axes: Axes, sentence: str, *, place: float = 0.5) -> None:
    """Write what cannot be given into a panel: an empty place would look like forgetting.

    Args:
        axes: The panel.
        sentence: What there is to say.
        place: Height at which it stands, in parts of the panel's.
    """
    letters = max(20, int(0.9 * axes.bbox.width / LETTER))
    text = "\n".join(textwrap.wrap(shown(sentence[:1].upper() + sentence[1:]), letters))
    box = {"boxstyle": "round,pad=0.5", "facecolor": LIGHT, "edgecolor": AMBER, "linewidth": 0.8}
    axes.text(
        0.5, place, text, transform=axes.transAxes, ha="center", fontsize=10, color=INK, bbox=box, zorder=6,
        va="bottom" if place < LOW else "top" if place > 1.0 - LOW else "center",
    )  # fmt: skip


def temperature_text(kelvin: Any) -> str:
    """Return at which temperature something was measured: `300.0 K`, `250 to 300 K`; "" where nobody knows.

    Args:
        kelvin: Array of temperatures in K; NaN where it was not read.
    """
    import numpy as np

    known = np.asarray(kelvin, dtype=float)
    known = known[np.isfinite(known)]
    if not known.size:
        return ""
    low, high = float(known.min()), float(known.max())
    if high - low < max(0.2, 0.01 * high):
        return f"{float(known.mean()):.1f} K"
    return f"{low:.3g} to {high:.3g} K"


def fit_labels(figure: Figure) -> None:
    """Make labels that are longer than their axis smaller, and break those that would become too small.

    Where the panels lie is known only once the figure is laid out, so this comes last; `labctl.figures.save` does it.
    Drawing, which takes as long again, then puts the labels to their places.
    """
    engine = figure.get_layout_engine()
    for _ in range(PASSES):
        if engine is not None:
            engine.execute(figure)
        smaller = False
        for axes in figure.axes:
            for label, room in ((axes.xaxis.label, axes.bbox.width), (axes.yaxis.label, axes.bbox.height)):
                smaller |= _fit_label(label, room, upright=label is axes.yaxis.label)
        if not smaller:
            return


def _fit_label(label: Text, room: float, *, upright: bool) -> bool:
    """Fit one label into so many pixels; say whether it had to be changed."""
    box = label.get_window_extent()
    taken = box.height if upright else box.width
    if not label.get_visible() or not label.get_text() or taken <= room:
        return False
    words = label.get_text()
    if room < LEAST_LABEL * taken and " " in words and "\n" not in words:
        middle = len(words) / 2
        at = min((place for place, sign in enumerate(words) if sign == " "), key=lambda place: abs(place - middle))
        label.set_text(f"{words[:at]}\n{words[at + 1 :]}")
        box = label.get_window_extent()
        taken = box.height if upright else box.width
    label.set_fontsize(float(label.get_fontsize()) * min(1.0, SNUG * room / taken))
    return True
