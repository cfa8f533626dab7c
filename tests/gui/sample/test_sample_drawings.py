"""How a sample is drawn: to scale, in whatever width there is, in both themes."""

from __future__ import annotations

import itertools

import pytest
from PyQt6.QtCore import QPointF, QRectF
from PyQt6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from labctl.desk.answers import answer_of
from labctl.gui import theme
from labctl.gui.sample.leads_drawing import LeadsDrawing
from labctl.gui.sample.pieces import Wrapped
from labctl.gui.sample.stack_drawing import StackDrawing
from tests.gui.sample.bench import WIDTH, Bench


@pytest.mark.parametrize("name", ["cotb2025", "cogd2022", "fimtj2026-17.5um"])
@pytest.mark.parametrize("tab", [0, 1])
def test_nothing_is_cut_off_in_a_narrow_dock(bench: Bench, name: str, tab: int) -> None:
    panel = bench.panel(name, height=400)
    panel.tabs.setCurrentIndex(tab)
    for part in panel.record.parts.values():
        part.head.setChecked(True)
    QApplication.processEvents()
    assert panel.minimumSizeHint().width() <= WIDTH
    assert panel.minimumSizeHint().height() <= 300
    shown = [each for each in panel.findChildren(Wrapped) if each.isVisible()]
    assert len(shown) > 10
    for each in shown:
        assert each.width() > 20, each.text()
        assert each.height() >= each.heightForWidth(each.width()), each.text()
        longest = max(map(each.fontMetrics().horizontalAdvance, each.text().replace("\u200b", " ").split() or [""]))
        assert longest <= each.width(), each.text()


def test_layers_are_to_scale_and_names_do_not_lie_on_each_other(bench: Bench, qtbot: QtBot) -> None:
    drawing = StackDrawing(bench.context)
    bench.kept.append(drawing)
    qtbot.addWidget(drawing)
    sizes = (100.0, 1.0, 0.5, 1.0, 50.0, 1.0)
    layers = [
        {"material": str(nm), "thickness": f"{nm} nm", "thickness_m": nm * 1e-9, "carries": True, "assumed": False}
        for nm in sizes
    ]
    drawing.show_layers(layers, through=False)
    drawing.resize(300, drawing.sizeHint().height())
    heights = [area.height() / nm for area, nm in zip(drawing.rectangles(), sizes, strict=True)]
    assert heights == pytest.approx([heights[0]] * len(layers))
    at, line = drawing.text_lines(), drawing.fontMetrics().height()
    assert all(above <= below - line for below, above in itertools.pairwise(at))
    assert at[0] <= drawing.height() - line / 2
    assert at[-1] >= line / 2


def test_pads_are_apart_and_within_the_drawing(bench: Bench, qtbot: QtBot) -> None:
    drawing = LeadsDrawing(bench.context)
    bench.kept.append(drawing)
    qtbot.addWidget(drawing)
    for name in ("cotb2025", "fimtj2026"):
        told = answer_of("sample")(name=name, station="ppms", runs=str(bench.context.runs), simulated=False)
        drawing.show_card(told["card"])
        drawing.resize(WIDTH - 40, drawing.sizeHint().height())
        places = [drawing.pad_place(pad) for pad in drawing.pads]
        inside = QRectF(drawing.rect()).adjusted(10, 10, -10, -10)
        assert all(inside.contains(place) for place in places)
        assert all((one - other).manhattanLength() > 30 for place, one in enumerate(places) for other in places[:place])
        assert _side(drawing, "left") < _side(drawing, "right")


def _side(drawing: LeadsDrawing, side: str) -> float:
    """How far from the left the pad of a side is."""
    found: list[QPointF] = [drawing.pad_place(pad) for pad in drawing.pads if pad["side"] == side]
    return found[0].x()


def test_both_themes_draw_everything(bench: Bench) -> None:
    application = QApplication.instance()
    assert isinstance(application, QApplication)
    panel = bench.panel("cotb2025")
    pictures = []
    for chosen in (theme.LIGHT, theme.DARK):
        theme.apply(application, chosen)
        theme.dress(panel, chosen)
        bench.context.set_theme(chosen)
        pictures.append(panel.grab().toImage())
    light, dark = (picture.pixelColor(3, 200).lightnessF() for picture in pictures)
    assert light > 0.8
    assert dark < 0.2
