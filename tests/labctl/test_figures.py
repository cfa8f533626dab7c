from __future__ import annotations

import errno
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Annotation

from instruments.errors import BadValue, UnknownName, WriteFailed
from labctl.analysis.loops import anomalous_hall
from labctl.figures import COLOURS, FieldUnit, current_text, hall_loop, rate_text, save
from labctl.labels import Place, Room
from tests.labctl.analysis.synthetic import Film, Grains, table_of


def drawn(
    table: pd.DataFrame, *, simulated: bool = True, unit: FieldUnit = "mT", remanence: float | None = None
) -> Figure:
    return hall_loop(
        table,
        anomalous_hall(table, remanence=remanence),
        title="Anomalous Hall loop",
        subtitle="300 K",
        provenance="run 7",
        simulated=simulated,
        unit=unit,
    )


def words(figure: Figure) -> str:
    """Every text of the figure, true minus signs made plain."""
    texts = [text.get_text() for text in figure.texts]
    for axes in figure.axes:
        texts += [text.get_text() for text in axes.texts]
        texts += [axes.get_xlabel(), axes.get_ylabel(), axes.get_title(loc="left")]
    return "\n".join(texts).replace("−", "-")


def test_numbers_of_the_results_stand_in_the_figure() -> None:
    table = Film().table(recorded=True)
    results = anomalous_hall(table)
    text = words(drawn(table))
    for name in ("coercive_field_up", "coercive_field_down"):
        assert results[name].text().removesuffix(" mT") in text
    assert results["anomalous_hall_resistance"].text().replace("ohm", "Ω") in text
    for word in ("Anomalous Hall loop", "300 K", "run 7", "field falling", "field rising", "(mT)", "(mΩ)"):
        assert word in text


def test_markers_lie_on_the_curve_at_the_coercive_fields() -> None:
    table = Film().table(recorded=True)
    axes = drawn(table).axes[0]
    markers = [line for line in axes.lines if len(np.asarray(line.get_xdata())) == 1]
    assert [line.get_markeredgecolor() for line in markers] == [COLOURS["down"], COLOURS["up"]]
    for line, field in zip(markers, (-70.0, 70.0), strict=True):
        assert float(np.asarray(line.get_xdata())[0]) == pytest.approx(field, abs=0.3)
        assert float(np.asarray(line.get_ydata())[0]) == pytest.approx(170.0, abs=0.3)


def test_only_a_simulated_loop_is_marked_as_simulated() -> None:
    table = Film().table()
    assert "SIMULATED" in words(drawn(table, simulated=True))
    assert "SIMULATED" not in words(drawn(table, simulated=False))


@pytest.mark.parametrize(("unit", "label", "reach"), [("mT", "(mT)", 500.0), ("Oe", "(Oe)", 5000.0), ("T", "(T)", 0.5)])
def test_field_is_shown_in_the_wanted_unit(unit: FieldUnit, label: str, reach: float) -> None:
    figure = drawn(Film().table(), unit=unit)
    assert label in words(figure)
    assert np.max(np.asarray(figure.axes[0].lines[0].get_xdata())) == pytest.approx(reach)


def test_an_unknown_unit_is_refused_by_name() -> None:
    with pytest.raises(BadValue, match="not in 'gauss'"):
        drawn(Film().table(), unit="gauss")  # type: ignore[arg-type]  # what a user may type


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        (Film(coercive=0.05, width=0.4).table(), "Not saturated"),
        (Film(amplitude=0.0).table(), "no switch"),
        (Film(order="d").table(), "No loop"),
        (Film().table().iloc[:0], "Only 0 valid points"),
    ],
)
def test_what_cannot_be_given_is_said_in_the_figure(table: pd.DataFrame, sentence: str, tmp_path: Path) -> None:
    figure = drawn(table)
    assert sentence in " ".join(words(figure).split())
    assert "R_\\mathrm{A}" not in words(figure)
    save(figure, tmp_path / "figure.png")
    assert (tmp_path / "figure.png").read_bytes().startswith(b"\x89PNG")


def test_a_large_offset_is_taken_off_the_axis_and_said() -> None:
    figure = drawn(Film(offset=7.5).table())
    assert "Hall resistance - 7.5" in words(figure)
    low, high = figure.axes[0].get_ylim()
    assert -150 < low < -75 < 75 < high < 150


@pytest.mark.parametrize(
    "film",
    [
        Film(points=15),
        Film(coercive=0.375, width=0.0, amplitude=-0.075),
        Film(order="dududu", noise=2e-3, shift=0.02),
        Film(shift=0.2),
        Film(offset=-0.2),
        Film(maximum=0.12, width=0.011),
        Film(maximum=0.12, width=0.011, amplitude=-0.075),
        Film(amplitude=0.0, slope=-0.01),
        Film(coercive=0.3, width=0.04),
    ],
    ids=str,
)
def test_texts_do_not_run_out_of_the_figure_or_over_each_other(film: Film) -> None:
    figure = drawn(film.table())
    figure.draw_without_rendering()
    boxes = [text.get_window_extent() for axes in figure.axes for text in axes.texts if text.get_text()]
    boxes += [text.get_window_extent() for text in figure.texts if text.get_text()]
    for i, box in enumerate(boxes):
        assert figure.bbox.x0 <= box.x0
        assert box.x1 <= figure.bbox.x1
        for other in boxes[i + 1 :]:
            apart = box.x1 <= other.x0 or other.x1 <= box.x0 or box.y1 <= other.y0 or other.y1 <= box.y0
            assert apart, (box, other)


def test_every_kind_of_file_is_written(tmp_path: Path) -> None:
    figure = drawn(Film().table())
    for ending in ("png", "pdf", "svg"):
        save(figure, tmp_path / f"figure.{ending}")
        assert (tmp_path / f"figure.{ending}").stat().st_size > 5000


def test_a_figure_that_cannot_be_written_raises(tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match="absent"):
        save(drawn(Film().table()), tmp_path / "absent" / "figure.png")
    with pytest.raises(BadValue, match="xyz"):
        save(drawn(Film().table()), tmp_path / "figure.xyz")
    assert not list(tmp_path.iterdir())


def test_a_figure_that_cannot_be_written_leaves_what_stood_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: object, *args: object, **kwargs: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Figure, "savefig", full)
    before = tmp_path / "before.png"
    before.write_bytes(b"the only one")
    for path in (before, tmp_path / "new.png"):
        with pytest.raises(WriteFailed, match="No space left"):
            save(Figure(), path)
    assert before.read_bytes() == b"the only one"
    assert list(tmp_path.iterdir()) == [before]


def test_loading_the_module_loads_no_matplotlib_and_no_pandas() -> None:
    heavy = "import sys, labctl.figures; print([m for m in ('matplotlib', 'pandas') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", heavy], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    "film", [Film(), Film(amplitude=-0.075), Film(amplitude=-0.075, coercive=0.3, width=0.02)], ids=str
)
def test_the_arrow_of_the_amplitude_ends_on_the_curve(film: Film) -> None:
    table = film.table(recorded=True)
    axes = drawn(table).axes[0]
    (arrow,) = (text for text in axes.texts if isinstance(text, Annotation) and text.arrow_patch)
    field, top = arrow.xy
    for branch in (table.query("Branch == 'down'"), table.query("Branch == 'up'")):
        order = np.argsort(branch["Field (T)"].to_numpy())
        fields, halls = (branch[name].to_numpy()[order] for name in ("Field (T)", "Hall resistance (ohm)"))
        there = np.interp(field / 1e3, fields, halls)
        if abs(1e3 * there - top) < 1.0:
            return
    pytest.fail(f"no curve at {field:g} mT, {top:g} mohm")


def test_words_lie_on_no_curve() -> None:
    for film in (Film(), Film(maximum=0.12, width=0.011), Film(amplitude=0.0, slope=-0.01), Film(amplitude=0.0)):
        axes = drawn(film.table()).axes[0]
        curves = [np.asarray(axes.transData.transform(line.get_xydata())) for line in axes.lines]
        points = np.concatenate([curve for curve in curves if len(curve) > 1])
        for text in axes.texts:
            if text.get_text():
                box = text.get_window_extent()
                inside = np.all((points > (box.x0, box.y0)) & (points < (box.x1, box.y1)), axis=1)
                assert np.sum(inside) <= 3, (film, text.get_text())


def test_noise_is_drawn_as_light_points_with_their_means() -> None:
    table = Film(amplitude=0.0, slope=-0.003, noise=1e-4, points=2000).table(recorded=True)
    lines = drawn(table).axes[0].lines
    points = [line for line in lines if line.get_marker() == "."]
    means = [line for line in lines if line.get_marker() != "."]
    assert [len(np.asarray(line.get_xdata())) for line in points] == [2000, 2000]
    assert all(0 < (line.get_alpha() or 1) < 0.5 for line in points)
    assert [len(np.asarray(line.get_xdata())) for line in means] == [80, 80]
    for line in means:
        field = np.asarray(line.get_xdata())
        assert np.asarray(line.get_ydata()) == pytest.approx(-3e-3 * field, abs=0.1)  # 0.1 mohm / sqrt(25), 5 times
    quiet = drawn(Film(points=2000).table()).axes[0].lines
    assert not [line for line in quiet if line.get_marker() == "."]


def test_what_is_taken_off_the_even_part_reads_as_no_difference_of_words() -> None:
    assert "even part, 170 mΩ taken off" in words(drawn(Film().table()))
    assert "even part less its mean" in words(drawn(Film(offset=0.0, amplitude=0.0).table()))


def test_scatter_and_trapped_flux_stand_in_the_figure_where_they_are_known() -> None:
    table = table_of(Grains().loop(np.random.default_rng(1))[0])
    results = anomalous_hall(table)
    text = words(drawn(table, remanence=2e-3))
    for name in ("coercive_field_up", "coercive_field_down"):
        scatter = results[name].scatter
        assert scatter is not None
        assert f"loop to loop about {1e3 * scatter:.2g} mT" in text
    assert "±2 mT" in text
    assert "±20 Oe" in words(drawn(table, remanence=2e-3, unit="Oe"))
    assert "trapped" not in words(drawn(table))


def test_rates_and_currents_are_written_as_on_the_axes() -> None:
    assert [rate_text(5e-3, unit) for unit in ("mT", "Oe", "T")] == ["5 mT/s", "50 Oe/s", "0.005 T/s"]
    assert current_text(1e-4) == "100 µA"
    assert current_text(1.5e-2) == "15 mA"


def test_words_go_where_there_is_room() -> None:
    figure = Figure()
    axes = figure.add_subplot()
    axes.plot([0, 1], [0.5, 0.5])
    axes.set(xlim=(0, 1), ylim=(0, 1))
    room = Room(axes)
    over, free = Place((0.5, 0.5), (0, 0), "center", "center"), Place((0.5, 0.5), (0, 20), "center", "bottom")
    first = room.put("words", [over, free])
    assert first.get_position() == (0, 20)
    room.keep_off((0.0, 0.1), (1.0, 0.1))
    below, lowest = Place((0.5, 0.1), (0, 0), "center", "center"), Place((0.5, 0.3), (0, 0), "center", "center")
    assert room.put("others", [free, below, lowest]).xy == (0.5, 0.3)
