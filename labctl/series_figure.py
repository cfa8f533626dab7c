"""The figure of a series: its main results against what was varied."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from instruments.units import SPOKEN, in_unit
from labctl.analysis.readings import FloatArray
from labctl.analysis.result import Result, prefix_for
from labctl.frame import AMBER, FIELD_UNITS, INK, LETTER, PALETTE, Caption, bare, blank, name_curves, shown, write_frame
from labctl.series_results import Over, Point, Series, is_si, only_single, title_words, value_text, value_words

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MARKERS = "osD^vP"
MOST_TICKS = 7
"""Values of the parameter that each have a tick of their own."""
LINE = 0.033
"""Of the figure's height that a line below the axis takes."""
CLOSE = 0.09
"""Part of the axis between two values from which on each has room for its number."""
LEAST_LETTERS = 6
"""Of a line below a value that is no number."""
ENSEMBLE = "ensemble"
"""How a result ends whose uncertainty covers what one loop differs by from the next; the error bars say it."""
MOST_LABELS = 8
"""Curves that a legend can name."""


def main_results(series: Series, caption: Caption) -> Figure:
    """The main results against the innermost parameter, a curve for each value of the others; a panel for each unit.

    Runs that have no value (a loop that is not saturated, a run that failed) are crosses at the panel's lower edge.
    """
    panels = _panels(series)
    figure = blank()
    grid = figure.add_gridspec(1, len(panels), left=0.1, right=0.97, top=0.81, bottom=0.145, wspace=0.3)
    lines = 1
    for place, names in enumerate(panels):
        axes = figure.add_subplot(grid[place])
        _draw(axes, series, names, caption)
        lines = max(lines, *(label.get_text().count("\n") + 1 for label in axes.get_xticklabels()))
    grid.update(bottom=0.145 + LINE * (lines - 1))
    over = ", ".join(title_words(parameter.name) for parameter in series.over)
    missing = sum(any(point.results.number(name) is None for name in series.main) for point in series.points)
    planned = math.prod(len(parameter.values) for parameter in series.over)
    of = "" if len(series.points) == planned else f" of {planned}"
    said = f"{len(series.points)}{of} runs" + (f", {missing} of them without a value (crosses)" if missing else "")
    title = f"Series: {series.procedure} of {series.sample} against {over}"
    write_frame(figure, title, said, caption)
    return figure


def _panels(series: Series) -> list[list[str]]:
    """Results of the same unit share a panel."""
    by_unit: dict[str, list[str]] = {}
    for name in series.main:
        by_unit.setdefault(_unit(series, name), []).append(name)
    return list(by_unit.values())


def _unit(series: Series, name: str) -> str:
    return next((point.results[name].unit for point in series.points if name in point.results), "1")


def _scale(series: Series, names: Sequence[str], unit: str, caption: Caption) -> tuple[float, str]:
    """Factor and unit in which a panel's values are shown."""
    if unit == "T":
        return FIELD_UNITS[caption.field_unit][0], caption.field_unit
    values = [abs(number) for name in names for point in series.points if (number := point.results.number(name))]
    return prefix_for(max(values, default=1.0), unit)


def _draw(axes: Axes, series: Series, names: Sequence[str], caption: Caption) -> None:
    from matplotlib.ticker import MaxNLocator

    bare(axes)
    unit = _unit(series, names[0])
    factor, shown_unit = _scale(series, names, unit, caption)
    over = series.over[-1]
    places, label = _places(over, caption)
    for number, (name, points, words) in enumerate(_curves(series, names)):
        colour, marker = PALETTE[number % len(PALETTE)], MARKERS[number // len(PALETTE) % len(MARKERS)]
        x = np.array([places[_index(over, point)] for point in points])
        results = [point.results.get(name) for point in points]
        values = np.array([np.nan if (value := _number(result)) is None else value for result in results]) * factor
        errors = np.array([0.0 if result is None else result.uncertainty or 0.0 for result in results]) * factor
        known = np.isfinite(values)
        axes.errorbar(
            x[known], values[known], errors[known], fmt=f"{marker}-", color=colour, markersize=5.5, linewidth=1.1,
            elinewidth=1.3, capsize=2.5, label=words if number < MOST_LABELS else None,
        )  # fmt: skip
        axes.plot(
            x[~known], np.full(np.sum(~known), 0.02), "x", color=AMBER, markersize=7, markeredgewidth=1.8,
            transform=axes.get_xaxis_transform(), clip_on=False, zorder=5,
        )  # fmt: skip
    axes.margins(x=0.05, y=0.14)
    if not _numbers(over):
        _name_values(axes, over)
    elif _apart(places):
        axes.set_xticks(sorted(set(places.tolist())))
    else:
        axes.xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
    axes.set_xlabel(label, fontsize=12, color=INK)
    axes.set_ylabel(_headed(names, shown(shown_unit)), fontsize=12, color=INK)
    if len(names) > 1 or len(series.over) > 1:
        name_curves(axes, fontsize=9.5)


def _name_values(axes: Axes, over: Over) -> None:
    """Write words, or lists of numbers, below their places, in lines that are as long as there is room."""
    count = len(over.values)
    letters = max(LEAST_LETTERS, int(axes.bbox.width / count / LETTER))
    words = [value_words(value, over.unit, str(text)) for value, text in zip(over.values, over.texts, strict=True)]
    if len(set(words)) < len(set(over.texts)):  # several lists with the same ends
        words = [str(text) for text in over.texts]
    axes.set_xlim(-0.5, count - 0.5)
    axes.set_xticks(
        range(count),
        ["\n".join(textwrap.wrap(shown(word).replace(" values", "\u00a0values"), letters)) for word in words],
    )


def _apart(places: FloatArray) -> bool:
    """Whether there are few values, with room for a number below each."""
    values = np.unique(places)
    return len(values) <= MOST_TICKS and bool(np.all(np.diff(values) >= CLOSE * np.ptp(values)))


def _headed(names: Sequence[str], unit: str) -> str:
    """What an axis shows: the words that its results have in common."""
    words = [name.split("_") for name in names]
    common = [word for word in words[0] if all(word in other for other in words)]
    text = " ".join(word for word in common or words[0] if word != ENSEMBLE).capitalize().replace(" hall ", " Hall ")
    return f"{text} ({unit})" if unit else text


def _number(result: Result | None) -> float | None:
    return None if result is None or result.value is None else float(result.value)


def _index(over: Over, point: Point) -> int:
    return list(over.texts).index(point.parameters[over.name]["text"])


def _places(over: Over, caption: Caption) -> tuple[FloatArray, str]:
    """Where the values of a parameter lie on its axis, and the axis' label; words and absences side by side."""
    name = title_words(over.name).capitalize()
    numbers = _numbers(over)
    if not numbers:
        return np.arange(len(over.values), dtype=np.float64), name
    values = np.array(numbers)
    if over.unit in SPOKEN:
        unit = SPOKEN[over.unit]
        factor = in_unit(1.0, unit)
    elif over.unit == "T":
        factor, unit = FIELD_UNITS[caption.field_unit][0], caption.field_unit
    elif not is_si(over.unit):
        factor, unit = 1.0, over.unit
    else:
        factor, unit = prefix_for(float(np.max(np.abs(values))), over.unit)
    return values * factor, f"{name} ({shown(unit)})" if unit not in {"", "1"} else name


def _numbers(over: Over) -> list[float]:
    """Return the values of a parameter if all are numbers, or lists of one number; otherwise nothing."""
    values = [value[0] for value in over.values] if only_single(over.values) else list(over.values)
    fits = all(isinstance(value, float | int) and not isinstance(value, bool) for value in values)
    return [float(value) for value in values] if fits else []


def _curves(series: Series, names: Sequence[str]) -> list[tuple[str, list[Point], str]]:
    """Name, points and words of every curve: one for each result and each combination of the outer parameters."""
    outer = [over.name for over in series.over[:-1]]
    groups: dict[tuple[str, ...], list[Point]] = {}
    for point in series.points:
        groups.setdefault(tuple(point.parameters[name]["text"] for name in outer), []).append(point)
    curves: list[tuple[str, list[Point], str]] = []
    for group in groups.values():
        at = ", ".join(_words(over, group[0]) for over in series.over[:-1])
        for name in names:
            ending = _differing(name, names)
            curves.append((name, group, ", ".join(part for part in (ending, at) if part)))
    return curves


def _differing(name: str, names: Sequence[str]) -> str:
    """The words of a result that the others of its panel have not: `up` beside `down`; none where it is alone."""
    common = set.intersection(*(set(other.split("_")) for other in names))
    return " ".join(word for word in name.split("_") if word not in common) if len(names) > 1 else ""


def _words(over: Over, point: Point) -> str:
    text = value_text(over, point)
    return text if over.unit else f"{title_words(over.name)} {text}"
