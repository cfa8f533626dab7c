"""The frame around figures: what stands in it, and that nothing runs into anything else."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from labctl.frame import Caption, framed

SIMULATED = Caption("0007-x-cotb2025-sim", simulated=True)
LONG = "Relaxation of the Hall resistance of a very long sample name in fields against the magnetisation"


def box_of(thing: Any, figure: Any) -> tuple[float, float, float, float]:
    """Left, bottom, right and top of something that is drawn, in parts of the figure."""
    box = thing.get_window_extent()
    width, height = figure.bbox.width, figure.bbox.height
    return box.x0 / width, box.y0 / height, box.x1 / width, box.y1 / height


def test_title_conditions_origin_and_badge_stand_in_it() -> None:
    figure, axes = framed("T", "S", SIMULATED)
    assert {text.get_text() for text in figure.texts} == {"T", "S", "0007-x-cotb2025-sim", "SIMULATED"}
    assert figure.axes == [axes]
    measured, _ = framed("T", "S", Caption("0007-x"))
    assert "SIMULATED" not in {text.get_text() for text in measured.texts}
    assert {text.get_text() for text in framed("T")[0].texts} == {"T", ""}


def test_panels_come_as_matplotlib_gives_them() -> None:
    figure, (upper, lower) = framed("T", rows=2, sharex=True)
    assert figure.axes == [upper, lower]
    assert upper.get_shared_x_axes().joined(upper, lower)
    assert framed("T", columns=3)[1].shape == (3,)
    assert framed("T", rows=2, columns=3)[1].shape == (2, 3)


@pytest.mark.parametrize(("rows", "columns"), [(1, 1), (2, 1), (1, 3), (4, 2)])
def test_nothing_runs_into_the_words_or_out_of_the_figure(rows: int, columns: int) -> None:
    figure, panels = framed(LONG, LONG + ", " + LONG, SIMULATED, rows=rows, columns=columns)
    for axes in np.atleast_1d(panels).flat:
        axes.plot([0, 1e6], [0, 1e6], label="a curve")
        axes.set(xlabel="Horizontal\nin two lines", ylabel="Vertical")
        axes.legend()
    figure.draw_without_rendering()
    badge, title, below, origin = (box_of(text, figure) for text in figure.texts)
    assert title[2] < badge[0]
    for left, bottom, right, top in (badge, title, below, origin):
        assert 0 <= left < right <= 1
        assert 0 <= bottom < top <= 1
    assert figure.texts[1].get_text() == LONG
    assert figure.texts[2].get_text().endswith(" …")
    for axes in figure.axes:
        box: Any = axes.get_tightbbox()
        assert box.y1 / figure.bbox.height < below[1]
        assert box.y0 / figure.bbox.height > origin[3]
        assert box.x0 > 0
        assert box.x1 / figure.bbox.width < 1


def test_a_field_axis_follows_the_unit_that_was_asked_for() -> None:
    assert Caption().field_axis == (1e3, "Field µ₀H (mT)")
    assert Caption(field_unit="Oe").field_axis == (1e4, "Field H (Oe)")
