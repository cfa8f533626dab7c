"""The figures of all experiments: what stands in them, and that a run that was cut is drawn as well."""

from __future__ import annotations

import string
from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest

from labctl import figures
from labctl.frame import Caption, fit_labels
from labctl.happenings import BadContact
from labctl.procedure import Procedure
from labctl.sample import load_sample
from labctl.station import load_station
from procedures.ahe import AnomalousHallLoop
from procedures.ahe_temperature import AnomalousHallTemperature
from procedures.align import Align
from procedures.approach import Approach
from procedures.contact_check import ContactCheck
from procedures.cooldown import Cooldown
from procedures.degauss import Degauss
from procedures.log import Log
from procedures.pulse_delay import PulseDelay
from procedures.read_heating import ReadHeating
from procedures.rt import ResistanceTemperature
from tests.simulated import QUICK, Simulate, capture_labs

SHORT: dict[type[Procedure], dict[str, Any]] = {
    AnomalousHallLoop: QUICK,
    AnomalousHallTemperature: {"temperatures": "300, 298 K", "maximum_field": "0.2 T"},
    Align: {"reach": "2 deg", "rest": "0 s", "readings": 2},
    Approach: {},
    ContactCheck: {},
    Cooldown: {"end": "290 K"},
    Degauss: {"largest_field": "0.3 T", "wait": "5 s"},
    Log: {"duration": "1 min"},
    PulseDelay: {"current": "10 mA", "cycles": 1, "last_delay": "1 s"},
    ReadHeating: {"maximum_field": "0.2 T", "rate": "180 Oe/s", "rounds": 1, "readings": 10, "wait": "1 s"},
    ResistanceTemperature: {"begin": "300 K", "end": "295 K"},
}


@pytest.fixture(scope="module")
def rows_of(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Rows of a short run of each."""
    with pytest.MonkeyPatch.context() as patch:
        simulate = Simulate(tmp_path_factory.mktemp("runs"), capture_labs(patch))

        @cache
        def measured(kind: type[Procedure]) -> pd.DataFrame:
            with pytest.MonkeyPatch.context() as undrawn:
                undrawn.setattr(kind, "figure", lambda *_: None)
                done = simulate(again(kind))
            assert done.outcome.status == "finished", done.outcome.error
            return done.rows

        yield measured


@pytest.fixture(scope="module")
def whole(rows_of: Any) -> Any:
    """The figure of each, drawn once."""
    return cache(lambda kind: drawn(kind, rows_of(kind)))


def again(kind: type[Procedure]) -> Procedure:
    """An experiment as `labctl analyse` makes it."""
    procedure = kind(**SHORT[kind])
    procedure.station, procedure.sample = load_station("ppms"), load_sample("cotb2025")
    procedure.caption = Caption("0007-x-cotb2025-sim", simulated=True)
    return procedure


def drawn(kind: type[Procedure], rows: pd.DataFrame, **caption: Any) -> Any:
    procedure = again(kind)
    procedure.caption = Caption("0007-x-cotb2025-sim", simulated=True, **caption)
    return procedure.figure(rows, procedure.analyse(rows))


def words_of(figure: Any) -> list[str]:
    """Every text in it but the numbers on the axes."""
    texts = [text.get_text() for text in figure.texts]
    for axes in figure.axes:
        texts += [axes.get_xlabel(), axes.get_ylabel(), axes.get_title(loc="left")]
        texts += [text.get_text() for text in axes.texts]
        texts += labels_of(axes)
    return [text for text in texts if text]


def labels_of(axes: Any) -> list[str]:
    legend = axes.get_legend()
    return [] if legend is None else [text.get_text() for text in legend.get_texts()]


SLOW = pytest.mark.endurance
KINDS = pytest.mark.parametrize("kind", SHORT, ids=lambda kind: kind.__name__)


@KINDS
def test_labels_have_capitals_units_and_room(whole: Any, kind: type[Procedure]) -> None:
    figure = whole(kind)
    fit_labels(figure)
    figure.draw_without_rendering()  # which puts them where they are seen
    for axes in figure.axes:
        for label, room in ((axes.xaxis.label, axes.bbox.width), (axes.yaxis.label, axes.bbox.height)):
            text, box = label.get_text(), label.get_window_extent()
            if text and axes.get_visible():
                assert text[0] in string.ascii_uppercase + "$", text
                assert text.endswith(")"), text
                assert max(box.width, box.height) <= room, text
                assert label.get_fontsize() >= 8
                assert box.x0 >= 0


@KINDS
def test_units_are_written_with_the_signs_of_print(whole: Any, kind: type[Procedure]) -> None:
    for text in words_of(whole(kind)):
        assert "ohm" not in text, text
        assert not any(f" {unit}" in f" {text} " for unit in ("uA ", "uV ", "uT ", "us ", "uK ")), text
        assert " -" not in text.replace(" - ", ""), text


@KINDS
def test_the_title_says_the_sample_and_the_line_below_the_temperature(whole: Any, kind: type[Procedure]) -> None:
    title, below, origin = [text.get_text() for text in whole(kind).texts if not text.get_text().isupper()][:3]
    assert kind is Degauss or "cotb2025" in title
    assert origin == "0007-x-cotb2025-sim" or "trapped flux" in origin
    over_temperature = {AnomalousHallTemperature, Cooldown, ResistanceTemperature}
    assert kind in {*over_temperature, Degauss, ContactCheck} or "300.0 K" in below


def without_readings(rows: pd.DataFrame) -> pd.DataFrame:
    """The same run, had no reading come out of the voltmeter."""
    names = [name for name in rows.columns if "resistance" in name.lower() or name.startswith("Voltage")]
    return rows.assign(**dict.fromkeys(names, np.nan))


@KINDS
@pytest.mark.parametrize(
    "cut", ["one row", "no reading", *(pytest.param(cut, marks=SLOW) for cut in ("two rows", "half"))]
)
def test_a_run_that_was_cut_or_read_nothing_is_drawn(rows_of: Any, kind: type[Procedure], cut: str) -> None:
    rows = rows_of(kind)
    parts = {"one row": rows.iloc[:1], "two rows": rows.iloc[:2], "half": rows.iloc[: len(rows) // 2]}
    figure = drawn(kind, without_readings(rows) if cut == "no reading" else parts[cut], state="aborted")
    figure.draw_without_rendering()
    assert "ABORTED" in [text.get_text() for text in figure.texts]


def test_the_switching_and_the_resistance_of_an_approach_have_error_bars(whole: Any) -> None:
    above, below = whole(Approach).axes
    for axes in (above, below):
        assert len(axes.containers) >= 2
        for container in axes.containers:
            (bars,) = container.lines[2]
            lengths = [float(np.ptp(segment[:, 1])) for segment in bars.get_segments()]
            assert min(lengths) > 0.0
    assert {"switching current", "recommended at most"} <= set(labels_of(above))


def test_the_error_bars_of_an_approach_are_as_long_as_its_points_scatter(whole: Any) -> None:
    """The film is unharmed, so that all that is drawn there is noise."""
    below = whole(Approach).axes[1]
    coarse = next(each for each in below.containers if each.get_label() == "coarse pulses")
    points, _, (bars,) = coarse.lines
    half = float(np.ptp(bars.get_segments()[0][:, 1])) / 2.0
    scatter = float(np.std(np.asarray(points.get_ydata(), dtype=float), ddof=1))
    assert 0.6 * scatter < half < 2.5 * scatter  # a change has the first reading's noise as well


def test_bands_and_lines_are_named(whole: Any) -> None:
    (delay,) = whole(PulseDelay).axes
    assert "counts as back, ±0.05 %" in labels_of(delay)
    assert delay.get_xticklabels()
    heating = whole(ReadHeating).axes[0]
    assert {"fit", "its standard uncertainty", "mean over the rounds"} == set(labels_of(heating))
    assert {"macrospin", "in the plane"} <= set(labels_of(whole(Align).axes[0]))
    assert labels_of(whole(Degauss).axes[1]) == ["bound on what may be left (assumed)"]


def test_fields_are_in_the_unit_that_was_asked_for(rows_of: Any) -> None:
    for unit in ("mT", "Oe"):
        assert drawn(Degauss, rows_of(Degauss), field_unit=unit).axes[1].get_ylabel() == f"Reported field ({unit})"
        assert (
            drawn(ReadHeating, rows_of(ReadHeating), field_unit=unit).axes[1].get_ylabel() == f"Coercive field ({unit})"
        )
    assert "±2 Oe" in "".join(words_of(drawn(Degauss, rows_of(Degauss), field_unit="Oe")))


def test_a_cooldown_that_ended_early_says_where_and_one_that_did_not_says_nothing(rows_of: Any) -> None:
    rows = rows_of(Cooldown)
    assert "stopped" not in "".join(words_of(drawn(Cooldown, rows))).lower()
    there = np.flatnonzero(rows["Temperature (K)"].to_numpy(dtype=float) < 295.0)[0]
    cut = drawn(Cooldown, rows.iloc[: there + 1])
    here = float(rows["Temperature (K)"].iloc[there])
    assert f"STOPPED at {here:.1f} K: the run ended on the way to 290 K" in words_of(cut)
    for axes in cut.axes:
        assert [line for line in axes.lines if np.allclose(np.asarray(line.get_xdata(), dtype=float), here)]
    assert f"stopped at {here:.1f} K" in labels_of(cut.axes[0])


def test_a_cooldown_whose_contact_opened_says_so(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    station = load_station("ppms")
    bad = BadContact(lead="I+", what="open", at=60.0)
    station = station.model_copy(update={"simulation": station.simulation.model_copy(update={"contacts": (bad,)})})
    done = Simulate(tmp_path_factory.mktemp("open"), capture_labs(monkeypatch))(again(Cooldown), station=station)
    assert done.outcome.status == "fault"
    assert any("the source reached its compliance" in text for text in words_of(drawn(Cooldown, done.rows)))


def test_numbers_on_the_map_of_contacts_can_be_read(rows_of: Any) -> None:
    """4.5 to 1 is what the web's guideline for accessible text asks for (WCAG 2, success criterion 1.4.3)."""
    matrix = drawn(ContactCheck, rows_of(ContactCheck)).axes[0]
    (image,) = matrix.images
    shades = image.cmap(image.norm(image.get_array().compressed()))[..., :3]
    darkest = min(luminance(shade) for shade in shades)
    ink = luminance(np.array([0x22, 0x22, 0x22]) / 255.0)
    assert (darkest + 0.05) / (ink + 0.05) > 4.5


def luminance(colour: Any) -> float:
    """Relative luminance of an sRGB colour."""
    linear = np.where(colour <= 0.04045, colour / 12.92, ((colour + 0.055) / 1.055) ** 2.4)
    return float(np.dot(linear, [0.2126, 0.7152, 0.0722]))


def test_a_check_of_contacts_that_was_cut_calls_none_of_them_good(rows_of: Any) -> None:
    rows = rows_of(ContactCheck)
    whole, cut = (words_of(drawn(ContactCheck, part, state=state)) for part, state in
                  ((rows, ""), (rows.iloc[: len(rows) // 2], "aborted")))  # fmt: skip
    assert any("all contacts good" in text for text in whole)
    assert not any("all contacts good" in text for text in cut)


def test_what_is_saved_has_labels_that_fit(rows_of: Any, tmp_path: Any) -> None:
    figure = drawn(Log, rows_of(Log))
    longest = next(axes for axes in figure.axes if axes.get_ylabel().startswith("Longitudinal"))
    figure.draw_without_rendering()
    assert longest.yaxis.label.get_window_extent().height > longest.bbox.height
    figures.save(figure, tmp_path / "figure.png")
    figure.draw_without_rendering()
    assert longest.yaxis.label.get_window_extent().height <= longest.bbox.height
