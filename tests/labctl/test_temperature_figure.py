"""The figure of loops over temperature: nothing hides a point, and what is not in the line is told from what is."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from labctl.analysis.compensation import find_compensation, results_of
from labctl.analysis.visits import Visit
from labctl.frame import Caption
from labctl.temperature_figure import loops_over_temperature
from tests.labctl.analysis.test_compensation import DEFAULT, straight, visit


def drawn(measured: Sequence[Visit]) -> Figure:
    """The figure of some temperatures, with nothing read on the way."""
    results = results_of(find_compensation(measured))
    caption = Caption("0001-test", simulated=True)
    figure = loops_over_temperature(pd.DataFrame({"Kind": ["loop"]}), results, title="x", subtitle="y", caption=caption)
    FigureCanvasAgg(figure).draw()
    return figure


def panel(figure: Figure, label: str) -> Axes:
    return next(axes for axes in figure.axes if axes.get_ylabel().startswith(label))


def legend_of(axes: Axes) -> list[str]:
    legend = axes.get_legend()
    assert legend is not None
    return [text.get_text() for text in legend.get_texts()]


@pytest.mark.parametrize("temperatures", [(300.0, 290.0, 280.0), (280.0, 270.0), (300.0, 240.0), (265.0,)])
def test_a_sentence_that_says_why_there_is_no_line_hides_no_point(temperatures: Sequence[float]) -> None:
    figure = drawn(straight(temperatures))
    axes = panel(figure, "Polarity")
    (sentence,) = axes.texts
    patch = sentence.get_bbox_patch()
    assert patch is not None
    box = patch.get_window_extent()
    points = [(one.temperature, one.polarity / (one.coercive_field.value or np.nan)) for one in straight(temperatures)]
    for point in axes.transData.transform(points):
        assert axes.bbox.contains(*point)
        assert not box.contains(*point)
    assert axes.bbox.x0 <= box.x0
    assert box.x1 <= axes.bbox.x1


def test_a_bracket_without_a_line_is_said() -> None:
    (sentence,) = panel(drawn(straight((280.0, 270.0))), "Polarity").texts
    words = sentence.get_text().replace("\n", " ")
    assert words.startswith("Sign changes between 270.0 K and 280.0 K; only 2 saturated")


def test_the_curve_of_the_coercive_field_goes_through_points_on_a_straight_line() -> None:
    axes = panel(drawn(straight()), "Coercive field")
    curve = next(line for line in axes.lines if line.get_label() == "from the line on the right")
    x, y = np.asarray(curve.get_xdata(), dtype=float), np.asarray(curve.get_ydata(), dtype=float)
    for one in straight():
        value = one.coercive_field.value
        assert isinstance(value, float)
        assert np.interp(one.temperature, x, y) == pytest.approx(1e3 * value, rel=0.01)


def test_open_points_are_not_in_the_line_and_triangles_are_not_saturated() -> None:
    figure = drawn([*straight(DEFAULT), visit(275.0, 0.1, saturated=False)])
    inverse = panel(figure, "Polarity")
    hollow = [line for line in inverse.lines if line.get_marker() == "o" and line.get_markerfacecolor() == "white"]
    assert sorted(float(x) for line in hollow for x in np.asarray(line.get_xdata())) == [240.0, 250.0, 300.0]
    assert any(text.get_text().startswith("open points") for text in inverse.texts)
    words = legend_of(panel(figure, "Coercive field"))
    assert words[:2] == ["loops with $R_\\mathrm{A}$ > 0", "loops with $R_\\mathrm{A}$ < 0"]
    assert "not saturated at this field" in words
