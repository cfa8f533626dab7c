"""Which pictures are drawn in tests, and which get the bytes of one that was drawn."""

from __future__ import annotations

from pathlib import Path

import pytest
from matplotlib.figure import Figure

from labctl.frame import framed
from tests.pictures import once_of_each


def drawn(title: str, label: str = "Field (mT)", curves: int = 1) -> Figure:
    figure, axes = framed(title)
    axes.set_xlabel(label)
    for number in range(curves):
        axes.plot([0, 1], [0, number])
    return figure


@pytest.fixture
def tried(tmp_path: Path) -> list[str]:
    """What is really drawn of six figures: two differ from the first in numbers alone."""
    asked: list[str] = []

    def save(figure: Figure, path: Path) -> None:
        asked.append(path.stem)
        path.write_text(path.stem)

    saved = once_of_each(save)
    for name, figure in {
        "first": drawn("at 300 K"),
        "colder": drawn("at 12.5 K"),
        "words": drawn("not saturated"),
        "label": drawn("at 300 K", "Field (Oe)"),
        "curves": drawn("at 300 K", curves=2),
        "again": drawn("at 77 K"),
    }.items():
        saved(figure, tmp_path / f"{name}.png")
    saved(drawn("at 4 K"), tmp_path / "words.png")  # there is a picture already, which shall be another
    assert {path.stem: path.read_text() for path in tmp_path.glob("*.png")} == {
        "first": "first", "colder": "first", "label": "label", "curves": "curves", "again": "first", "words": "words",
    }  # fmt: skip
    return asked


def test_only_what_differs_in_numbers_alone_is_not_drawn(tried: list[str]) -> None:
    assert tried == ["first", "words", "label", "curves", "words"]


def test_a_figure_that_cannot_be_drawn_is_tried_each_time(tmp_path: Path) -> None:
    def fail(figure: Figure, path: Path) -> None:
        raise ValueError("cannot be drawn")

    saved = once_of_each(fail)
    for _ in range(2):
        with pytest.raises(ValueError, match="cannot be drawn"):
            saved(drawn("at 300 K"), tmp_path / "figure.png")
