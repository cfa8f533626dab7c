"""A rehearsal by a real desk, shown."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PyQt6.QtCore import Qt
from pytestqt.qtbot import QtBot

from labctl.gui.form import rehearsal_words
from labctl.gui.form.measure_panel import MeasurePanel
from tests.gui.form.conftest import SharedContext, wait_until_checked

QUICK = {"sweep": "step", "maximum_field": "0.2 T", "field_step": "50 mT"}
CRYOSTAT = {"temperature": {"K": 280.0}, "field": {"T": 0.1}, "angle": None}


def answered(method: str, path: str, content: dict[str, Any]) -> dict[str, Any] | str:
    """What a worker says that knows how its cryostat stands."""
    del method, content
    return {"instruments": {"cryostat": CRYOSTAT}} if path == "/instruments" else "not asked for here"


def test_a_rehearsal_arrives_with_its_course_and_gets_outdated(
    qtbot: QtBot, panel: MeasurePanel, context: SharedContext
) -> None:
    context.link.answer = answered
    panel.form.set_texts(QUICK)
    panel.checking.now()
    wait_until_checked(qtbot, panel)
    with qtbot.waitSignal(panel.rehearsed, timeout=60_000) as told:
        qtbot.keyClick(panel.chooser.line, Qt.Key.Key_R, Qt.KeyboardModifier.ControlModifier)
        assert panel.view.is_on
        assert panel.footer.rehearse.text() == "Stop rehearsal"
    assert told.args is not None
    found = told.args[0]
    assert Path(found["rows"]).read_bytes().count(b"\n") > found["points"]
    assert found["begins"] == {"temperature_K": 280.0, "field_T": 0.1, "angle_deg": 0.0}
    view = panel.view
    qtbot.waitUntil(view.plot.isVisible)
    times, field = view.plot.curves["field_T"].getData()
    assert np.nanmax(field) == pytest.approx(200.0, abs=3.0)  # mT
    assert times.size > 20
    assert "begins at 280.00 K, 100.00 mT" in view.parts.text()
    assert f"{found['points']} points" in panel.footer.reason.text()
    assert panel.footer.rehearse.text() == "Rehearse"
    qtbot.keyClicks(panel.form.fields["loops"].editor, "2")
    assert view.outdated.isVisible()
    assert view.headline == ""
    wait_until_checked(qtbot, panel)
    assert "points" not in panel.footer.reason.text()
    panel.form.fields["loops"].set_text(None)
    assert not view.outdated.isVisible()
    panel.run_page.notes.setPlainText("what is written about it changes nothing")
    panel.run_page.overrides.setText("field=2 T")
    assert view.outdated.isVisible()
    wait_until_checked(qtbot, panel)


def test_a_rehearsal_can_be_stopped(qtbot: QtBot, panel: MeasurePanel, context: SharedContext) -> None:
    context.link.answer = lambda *_: "nothing is known"
    panel.begin_rehearsal()
    assert panel.view.is_on
    panel.begin_rehearsal()
    assert not panel.view.is_on
    assert panel.view.title.text() == "The rehearsal was stopped."
    assert panel.view.found is None


def test_what_its_rehearsal_refuses_is_said_and_can_be_queued_all_the_same(
    qtbot: QtBot, panel: MeasurePanel, context: SharedContext
) -> None:
    context.link.answer = answered
    panel.form.set_texts(QUICK)
    panel.checking.now()
    with qtbot.waitSignal(panel.rehearsed, timeout=60_000):
        panel.begin_rehearsal()
    assert panel.view.found is not None
    panel.view.take({**panel.view.found, "refused": True, "violations": ["the sample breaks after 3 s"]})
    assert panel.footer.reason.text() == "the sample breaks after 3 s"
    assert panel.footer.reason.property("wrong")
    assert panel.view.violations.isVisible()
    assert panel.footer.add.isEnabled()
    panel.form.set_texts({})
    panel.checking.now()
    wait_until_checked(qtbot, panel)
    assert panel.footer.reason.text() != "the sample breaks after 3 s"


def test_what_is_wrong_is_not_rehearsed(qtbot: QtBot, panel: MeasurePanel) -> None:
    panel.form.set_texts({"maximum_field": "5 parsecs"})
    panel.checking.now()
    panel.begin_rehearsal()
    wait_until_checked(qtbot, panel)
    assert not panel.view.is_on
    assert not panel.footer.rehearse.isEnabled()


def test_from_where_a_rehearsal_begins() -> None:
    stands, remark = rehearsal_words.of_run({"stands": {"temperature_K": 250.0, "field_T": 0.5, "angle_deg": None}})
    assert stands == {"temperature_K": 250.0, "field_T": 0.5, "angle_deg": 0.0}
    assert "a run is on" in remark
    assert rehearsal_words.of_run({"stands": None})[0] is None
    assert rehearsal_words.of_instruments({"instruments": {}}) == (None, rehearsal_words.UNKNOWN)


@pytest.mark.parametrize(
    ("value", "unit", "said"),
    [
        (1e-4, "A", "100 µA"), (0.5, "T", "500 mT"), (-0.0749, "Ω", "-74.9 mΩ"), (300.0, "K", "300 K"),
        (0.0, "W", "0 W"), (None, "J", "–"), (12.5, "%", "12.5 %"), (0.00999999, "T", "10 mT"),
    ],
)  # fmt: skip
def test_numbers_have_their_units(value: float | None, unit: str, said: str) -> None:
    assert rehearsal_words.quantity(value, unit) == said


def test_a_violation_is_shown_in_place_of_a_duration() -> None:
    refused = {"duration_s": None, "violations": ["the field is too high"], "error": "the field is too high"}
    assert rehearsal_words.headline(refused, 1.0) == "It would be refused before it begins."
    assert rehearsal_words.complaints(refused) == ["the field is too high"]
    ended = {"duration_s": 600.0, "points": 4, "status": "fault", "violations": [], "error": "it broke", "count": 1}
    assert rehearsal_words.headline(ended, None) == "Rehearsed: lab 10 min, 4 points, which ended as fault"
    assert rehearsal_words.complaints(ended) == ["it broke"]
    assert "Rehearsed: 6 s (lab 10 min), until " in rehearsal_words.headline({**ended, "status": "finished"}, 100.0)
    assert "Rehearsed: 10 min, until " in rehearsal_words.headline({**ended, "status": "finished"}, 1.0)
    spent = {"parts": {"ramps_s": 51.0}, "begins": None}
    assert rehearsal_words.parts(spent, 1.0) == "ramps 51 s"
    assert rehearsal_words.parts(spent, 50.0) == "of the lab's time: ramps 51 s"


@pytest.mark.parametrize(
    ("value", "uncertainty", "unit", "said"),
    [
        (0.0754, 0.0054, "Ω", "75.4 ± 5.4 mΩ"), (1.0, None, "", "1"), (-0.06823, 2.1e-4, "T", "-68.23 ± 0.21 mT"),
        (231.0, 12.0, "K", "231 ± 12 K"), (2e-6, 1.3e-3, "T", "0.0 ± 1.3 mT"),
        (-0.0025, 1e-4, "Ω/T", "-0.00250 ± 0.00010 Ω/T"),
    ],
)  # fmt: skip
def test_results_have_their_uncertainties(value: float, uncertainty: float | None, unit: str, said: str) -> None:
    assert rehearsal_words.measured(value, uncertainty, unit) == said


def test_a_sample_that_is_not_mounted_is_rehearsed_on_a_twin_of_its_own(
    qtbot: QtBot, panel: MeasurePanel, context: SharedContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(context.link, "station", {"lab": {"file": "/nowhere/lab.json", "sample": "cotb2025"}})
    panel.set_sample("cogd2022")
    panel.form.set_texts(QUICK)
    panel.checking.now()
    wait_until_checked(qtbot, panel)
    assert panel.footer.reason.text() == (
        "cotb2025 lies in the simulated cryostat, not cogd2022: it can be rehearsed; to measure it, start a lab with "
        "it (Sample)"
    )
    assert [each.isEnabled() for each in (panel.footer.add, panel.footer.now)] == [False, False]
    assert panel.footer.rehearse.isEnabled()
    panel.add()
    assert context.link.asked == []
    with qtbot.waitSignal(panel.rehearsed, timeout=60_000) as told:
        panel.footer.rehearse.click()
    assert told.args is not None
    assert (told.args[0]["status"], told.args[0]["refused"]) == ("finished", False)
    assert any("simulated station of its own" in remark for remark in told.args[0]["remarks"])
