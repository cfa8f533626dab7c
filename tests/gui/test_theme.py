"""Colours: everything that is written can be read."""

from __future__ import annotations

import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import pytest
from PyQt6.QtGui import QColor
from PyQt6.QtWidgets import QComboBox
from pytestqt.qtbot import QtBot

from labctl.gui.theme import DARK, LIGHT, THEMES, Theme, contrast, luminance, palette, sheet


def test_contrast_is_that_of_the_web_guidelines() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21.0)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
    assert luminance("#ffffff") == pytest.approx(1.0)


@pytest.mark.parametrize("theme", THEMES.values(), ids=list(THEMES))
@pytest.mark.parametrize("ground", ["window", "panel", "field"])
@pytest.mark.parametrize("text", ["text", "quiet", "bad", "warn", "good", "accent"])
def test_text_can_be_read_on_every_ground(theme: Theme, ground: str, text: str) -> None:
    assert contrast(getattr(theme, text), getattr(theme, ground)) >= 4.5


@pytest.mark.parametrize("theme", THEMES.values(), ids=list(THEMES))
def test_text_can_be_read_on_states(theme: Theme) -> None:
    for state in ("good", "warn", "bad", "simulator"):
        assert contrast(theme.on_state, getattr(theme, state)) >= 4.5
    assert contrast(theme.on_accent, theme.accent) >= 4.5
    assert contrast(theme.window, theme.quiet) >= 4.5
    assert contrast(theme.text, theme.progress) >= 4.5
    assert contrast("#ffffff", "#c1121f") >= 4.5  # STOP, the same in both


@pytest.mark.parametrize("theme", THEMES.values(), ids=list(THEMES))
def test_curves_can_be_seen_on_their_ground(theme: Theme) -> None:
    for curve in theme.curves:
        assert contrast(curve, theme.field) >= 3.0
    assert len(set(theme.curves)) == len(theme.curves)


def test_themes_name_the_same_colours() -> None:
    assert DARK.colours().keys() == LIGHT.colours().keys()


@pytest.mark.parametrize("theme", THEMES.values(), ids=list(THEMES))
def test_a_choice_has_an_arrow_and_no_edge_around_it(theme: Theme, qtbot: QtBot) -> None:
    """The column of pixels beside the right edge has the ground's colour; the arrow is somewhere left of it."""
    box = QComboBox()
    qtbot.addWidget(box)
    box.setPalette(palette(theme))
    box.setStyleSheet(sheet(theme))
    box.resize(120, 24)
    box.show()
    image = box.grab().toImage()
    ground = QColor(theme.field)
    edge = {image.pixelColor(image.width() - 3, y).name() for y in range(4, 20)}
    assert all(contrast(colour, ground.name()) < 1.2 for colour in edge)
    arrow = {image.pixelColor(x, y).name() for x in range(image.width() - 18, image.width() - 4) for y in range(6, 18)}
    assert max(contrast(colour, ground.name()) for colour in arrow) > 4.5
