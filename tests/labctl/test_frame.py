"""The frame around figures: what stands in it, and that nothing runs into anything else."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from matplotlib.text import Text

from labctl.frame import Caption, fit_labels, framed, name_curves, say, shown, temperature_text

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


@pytest.mark.parametrize(
    ("typed", "printed"),
    [
        ("10 uA and twice that, at most 200 mV", "10 µA and twice that, at most 200 mV"),
        ("34.00 ± 0.18 ohm, 5 uohm/h, 12 kohm, 1 Mohm", "34.00 ± 0.18 Ω, 5 µΩ/h, 12 kΩ, 1 MΩ"),
        ("uV", "µV"),
        ("ohm", "Ω"),
        ("-68.5 ± 0.04 mT, from -0.5 T", "−68.5 ± 0.04 mT, from −0.5 T"),
        ("(2.819 ± 0.012)e11 A/m^2 over 0.045 um2", "(2.819 ± 0.012)×10¹¹ A/m² over 0.045 µm²"),
        ("6.6e-05", "6.6×10⁻⁵"),
        # Words stay words.
        ("read-heating lets us see an ohmic, half-way result of 2026-11-22", None),
        ("lead I- to uA1 of run 0007-ahe-sim", None),
        ("1 - 2", None),
    ],
)
def test_signs_of_print_take_the_place_of_what_is_typed(typed: str, printed: str | None) -> None:
    assert shown(typed) == (typed if printed is None else printed)
    assert shown(shown(typed)) == shown(typed)


def test_the_line_below_the_title_has_the_signs_of_print_and_the_title_stays_as_it_is() -> None:
    figure, _ = framed("Sample ohm-1 uA", "10 uA, -5 mT, 3 ohm")
    assert [text.get_text() for text in figure.texts][:2] == ["Sample ohm-1 uA", "10 µA, −5 mT, 3 Ω"]


def test_a_run_that_did_not_finish_is_marked_beside_the_simulated_one() -> None:
    words = "Anomalous Hall loops of cotb2025 over temperature"
    figure, _ = framed(words, "S", Caption("0007-x", simulated=True, state="fault"))
    texts = {text.get_text(): text for text in figure.texts}
    simulated, fault, title = (box_of(texts[word], figure) for word in ("SIMULATED", "FAULT", words))
    assert title[2] < fault[0] < fault[2] < simulated[0]


@pytest.mark.parametrize(
    "words", ["Longitudinal resistance (Ω)", "Change of a resistance that has no end at all (ppm)"]
)
def test_labels_that_are_longer_than_their_axis_are_made_to_fit(words: str) -> None:
    figure, panels = framed("T", rows=2, columns=2)
    for axes in panels.flat:
        axes.set_ylabel(words)
        axes.set_xlabel(words)
    fit_labels(figure)
    for axes in panels.flat:
        for label, room in ((axes.xaxis.label, axes.bbox.width), (axes.yaxis.label, axes.bbox.height)):
            box = label.get_window_extent()
            assert max(box.width, box.height) <= room
            assert label.get_text().replace("\n", " ") == words
            assert label.get_fontsize() > 7
        assert axes.yaxis.label.get_window_extent().x0 >= 0


def test_a_label_that_fits_is_left_alone() -> None:
    figure, axes = framed("T")
    axes.set(xlabel="Field (mT)", ylabel="Hall resistance (Ω)")
    before = [axes.xaxis.label.get_fontsize(), axes.yaxis.label.get_fontsize()]
    fit_labels(figure)
    assert [axes.xaxis.label.get_fontsize(), axes.yaxis.label.get_fontsize()] == before
    assert axes.get_ylabel() == "Hall resistance (Ω)"


def test_a_legend_stands_only_where_something_has_a_name() -> None:
    _, axes = framed("T")
    axes.plot([0, 1], [0, 1])
    name_curves(axes)
    assert axes.get_legend() is None
    axes.plot([0, 1], [1, 0], label="fit")
    name_curves(axes, loc="upper left")
    legend: Any = axes.get_legend()
    assert [text.get_text() for text in legend.get_texts()] == ["fit"]


@pytest.mark.parametrize("place", [0.03, 0.5, 0.97])
@pytest.mark.parametrize("columns", [1, 3])
def test_a_sentence_in_a_panel_stays_in_it(place: float, columns: int) -> None:
    figure, panels = framed("T", columns=columns)
    for axes in np.atleast_1d(panels).flat:
        say(
            axes,
            "nothing was read, since the lead of channel 1 may be open or the range of 10 uV too small",
            place=place,
        )
    figure.draw_without_rendering()
    for axes in figure.axes:
        (text,) = axes.texts
        box = text.get_window_extent()
        assert text.get_text().startswith("Nothing was read")
        assert "10 µV" in " ".join(text.get_text().split())
        assert axes.bbox.x0 <= box.x0 < box.x1 <= axes.bbox.x1
        assert axes.bbox.y0 <= box.y0 < box.y1 <= axes.bbox.y1


def test_the_temperature_is_one_number_or_a_range() -> None:
    assert temperature_text([299.98, 300.04, np.nan]) == "300.0 K"
    assert temperature_text([50.0, 300.0]) == "50 to 300 K"
    assert temperature_text([4.2, 4.9]) == "4.2 to 4.9 K"
    assert temperature_text([np.nan]) == temperature_text([]) == ""


def test_a_page_of_words_is_cut_in_a_few_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[int] = []
    measure = Text.get_window_extent

    def count(words: Text, *where: Any, **more: Any) -> Any:
        looks.append(1)
        return measure(words, *where, **more)

    monkeypatch.setattr(Text, "get_window_extent", count)
    figure, _ = framed("anomalous Hall effect " * 30, "S", SIMULATED)
    title = figure.texts[1]
    assert title.get_text().endswith(" …")
    assert box_of(figure.texts[0], figure)[0] - box_of(title, figure)[2] < 0.05  # no more is cut than has to be
    assert len(looks) < 40
