"""Finds room for the words in a figure: beside what they belong to, off the curves, and off each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from labctl.analysis.readings import FloatArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.text import Annotation
    from matplotlib.transforms import Bbox

OUTSIDE, OVER, ON_CURVE = 1e4, 1e3, 1.0
"""What it costs a place to run out of the axes, to lie over another text, and each point of a curve that it hides."""
FINE = 4.0
"""Pixels between the points of which a curve is taken to consist."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where words may stand: an anchor in data units, the distance from it in points, and how they are aligned."""

    anchor: tuple[float, float]
    away: tuple[float, float]
    horizontal: str
    vertical: str


class Room:
    """What is taken of a panel: its curves and the texts that stand already. To be made when its limits are final."""

    def __init__(self, axes: Axes) -> None:
        self._axes = axes
        self._taken: list[Bbox] = [text.get_window_extent() for text in axes.texts if text.get_text()]
        dense = [_dense(axes.transData.transform(line.get_xydata())) for line in axes.lines]
        self._curves = np.concatenate(dense) if dense else np.empty((0, 2))

    def keep_off(self, begin: tuple[float, float], end: tuple[float, float]) -> None:
        """Let no text lie over a straight line, given in data units."""
        from matplotlib.transforms import Bbox

        (x0, y0), (x1, y1) = self._axes.transData.transform([begin, end])
        self._taken.append(Bbox([[min(x0, x1) - 2, min(y0, y1)], [max(x0, x1) + 2, max(y0, y1)]]))

    def put(self, text: str, places: Sequence[Place], **style: object) -> Annotation:
        """Write words at the best of some places, the earlier the better where two are equal."""
        written = self._axes.annotate(
            text,
            places[0].anchor,
            xytext=places[0].away,
            textcoords="offset points",
            **style,  # pyright: ignore[reportArgumentType] # free style
        )
        costs = [self._cost(box) for box in self._boxes(written, places)]
        _move(written, places[int(np.argmin(costs))])
        self._taken.append(written.get_window_extent())
        return written

    def _boxes(self, written: Annotation, places: Sequence[Place]) -> Iterator[Bbox]:
        """Give the box of the words at each place: they are laid out once as each is aligned, and moved from there."""
        from matplotlib.transforms import Bbox

        dots = self._axes.get_figure(root=True).dpi / 72.0  # pyright: ignore[reportOptionalMemberAccess] # it has one
        laid: dict[tuple[str, str], tuple[Bbox, FloatArray]] = {}
        for place in places:
            anchor = self._axes.transData.transform(place.anchor)
            if not self._axes.contains_point(anchor):  # pyright: ignore[reportArgumentType] # no whole pixels
                yield Bbox.unit()  # as matplotlib says of words that it does not draw: far out of the panel
                continue
            at, aligned = anchor + dots * np.array(place.away), (place.horizontal, place.vertical)
            if aligned not in laid:
                _move(written, place)
                laid[aligned] = written.get_window_extent(), at
            box, before = laid[aligned]
            yield box.translated(*(at - before))

    def _cost(self, box: Bbox) -> float:
        within, panel = self._curves, self._axes.bbox
        inside = (within > (box.x0, box.y0)) & (within < (box.x1, box.y1))
        outside = max(0.0, panel.x0 - box.x0, box.x1 - panel.x1, panel.y0 - box.y0, box.y1 - panel.y1)
        over = sum(box.overlaps(other) for other in self._taken)
        return OUTSIDE * (outside > 0) + OVER * over + ON_CURVE * float(np.sum(np.all(inside, axis=1)))


def _move(text: Annotation, place: Place) -> None:
    text.xy = place.anchor
    text.set_position(place.away)
    text.set_horizontalalignment(place.horizontal)  # pyright: ignore[reportArgumentType] # a literal of matplotlib's
    text.set_verticalalignment(place.vertical)  # pyright: ignore[reportArgumentType] # a literal of matplotlib's


def _dense(points: FloatArray) -> FloatArray:
    """The points of a curve in pixels, with others between those that lie far apart."""
    points = points[np.all(np.isfinite(points), axis=1)]
    if len(points) < 2:
        return points
    steps = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])
    places = np.linspace(0.0, steps[-1], min(20000, int(steps[-1] / FINE) + 2))
    return np.stack([np.interp(places, steps, points[:, i]) for i in (0, 1)], axis=1)
