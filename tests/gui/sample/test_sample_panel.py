"""Choosing a sample, what is said of it, its contacts and its journal."""

from __future__ import annotations

from pathlib import Path

import pytest
from PyQt6.QtCore import Qt
from pytestqt.qtbot import QtBot

from labctl.desk.answers import answer_of
from labctl.journal import CONTACTS, HEALTH, Journal, quantity
from tests.gui.sample.bench import Bench
from tests.samples import HALL_BAR

# ---- choosing


def test_a_record_is_found_by_typing_and_remembered(bench: Bench, qtbot: QtBot) -> None:
    panel = bench.panel()
    assert "Choose a sample" in panel.title.text()
    line = panel.chooser.line
    with qtbot.waitSignal(panel.chosen) as found:
        qtbot.keyClicks(line, "as grown")  # of its title
        qtbot.keyClick(line, Qt.Key.Key_Return)
    assert found.args == ["cotb2025-as-grown"]
    assert (panel.name, panel.chooser.currentText()) == ("cotb2025-as-grown", "cotb2025-as-grown")
    again = bench.panel()
    qtbot.waitUntil(lambda: again.name == "cotb2025-as-grown")


def test_what_is_not_there_is_said_in_place_and_not_told_to_others(bench: Bench, qtbot: QtBot) -> None:
    panel = bench.panel("cotb2025")
    told: list[str] = []
    panel.chosen.connect(told.append)
    panel.choose("cotb205")
    qtbot.waitUntil(lambda: "there is no sample record 'cotb205'; did you mean 'cotb2025'?" in panel.faults.text())
    assert told == []
    assert panel.record.isHidden()
    assert not panel.faults.isHidden()


def test_a_wrong_record_says_file_and_key_and_is_read_again_when_it_was_mended(
    bench: Bench, qtbot: QtBot, folder: Path
) -> None:
    values = {"name": "S042", **HALL_BAR}
    write = answer_of("sample_write")
    file = write(template="hall-bar", layers=0, values=values, folder=str(folder / "samples"))["file"]
    good = Path(file).read_text(encoding="utf-8")
    Path(file).write_text(good.replace("width =", "widht ="), encoding="utf-8")
    panel = bench.panel(file)
    assert "S042.toml: unknown key geometry.widht" in panel.faults.text()
    assert panel.record.isHidden()
    assert panel.contacts.isHidden()  # it could not be measured
    panel.tabs.setCurrentIndex(1)
    assert panel.journal.isVisible()
    panel.tabs.setCurrentIndex(0)
    Path(file).write_text(good, encoding="utf-8")
    panel.reload()
    qtbot.waitUntil(panel.record.isVisible)
    assert panel.faults.isHidden()
    assert panel.title.text() == "Pt(5)/Co(1)"


# ---- what it shows


def test_a_record_is_shown_with_its_defaults_limits_and_model(bench: Bench) -> None:
    panel = bench.panel("cotb2025")
    assert ("Probe current", "100 µA  (assumed)", "= min(100 µA, 2.3e9 A/m² × 0.045 µm²)") in (
        panel.record.defaults.texts()
    )
    assert "37 of its 43 parameters are marked as assumed" in panel.record.model.text()
    assert "refers to Pt: 9\u00a0nm × 5\u00a0µm" in panel.record.conducting.text()
    assert "I+ → pad source: source high, smu high" in panel.record.leads.toolTip()


def test_another_sample_leaves_nothing_of_the_one_before(bench: Bench) -> None:
    panel = bench.panel("cotb2025")
    bench.choose(panel, "fimtj2026")
    assert len(panel.record.stack.layers) == 4
    names = [name for name, _, _ in panel.record.resistances.texts()]
    assert "Junction, high state" in names
    assert "Hall" not in names


# ---- contacts and the worker


def contacts(bench: Bench, *, passed: bool) -> None:
    """Write what a contact check writes."""
    lead = {"verdict": "ok" if passed else "open", "resistance": quantity(25.0, "ohm")}
    journal = Journal(bench.context.runs, "cotb2025", simulated=bench.context.simulate)
    journal.append(CONTACTS, {"passed": passed, "leads": {"A": lead}})


def test_contacts_that_were_not_checked_keep_hardware_from_running(bench: Bench, simulated: Bench) -> None:
    assert "is refused without" in bench.panel("cotb2025").contacts.more.text()
    assert "go ahead without" in simulated.panel("cotb2025").contacts.more.text()


@pytest.mark.parametrize(("passed", "said"), [(True, "Contacts passed, "), (False, "Contacts DID NOT PASS, ")])
def test_the_verdict_has_its_time_and_colours_the_leads(bench: Bench, passed: bool, said: str) -> None:
    contacts(bench, passed=passed)
    panel = bench.panel("cotb2025")
    assert panel.contacts.verdict.text().startswith(said)
    assert panel.contacts.verdict.property("good" if passed else "wrong") is True
    assert panel.record.leads.verdicts == {"A": passed}


def test_one_button_queues_a_contact_check(bench: Bench, qtbot: QtBot) -> None:
    panel = bench.panel("cotb2025")
    button = panel.contacts.button
    assert not button.isEnabled()  # nobody is there to be asked
    bench.there()
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    ((method, path, asked),) = bench.posted.asked
    assert (method, path) == ("POST", "/queue")
    assert {key: asked[key] for key in ("procedure", "sample", "out")} == {
        "procedure": "contact-check", "sample": "cotb2025", "out": str(bench.context.runs),
    }  # fmt: skip
    bench.there(items=[{"id": "7", "state": "waiting", "asked": asked}])
    assert (button.text(), button.isEnabled()) == ("Waits, item 7", False)
    bench.there(items=[{"id": "7", "state": "finished", "asked": asked}])
    assert button.isEnabled()
    bench.posted.refusal = "the queue is full"
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert panel.contacts.refused.text() == "the queue is full"


def test_the_journal_is_read_again_when_an_item_has_ended(bench: Bench, qtbot: QtBot) -> None:
    panel = bench.panel("cotb2025")
    bench.there()
    contacts(bench, passed=True)
    bench.context.link.told.emit("queue", {"items": [{"id": "1", "state": "finished"}]})
    qtbot.waitUntil(lambda: "passed" in panel.contacts.verdict.text())


def test_a_sample_that_does_not_lie_in_the_simulated_cryostat_is_said_and_not_measured(
    simulated: Bench, qtbot: QtBot
) -> None:
    panel = simulated.panel("fimtj2026")
    assert panel.notice.isHidden()  # nothing is known of a lab
    simulated.there(lab={"sample": "cotb2025", "speed": 10.0})
    assert "lies cotb2025, not fimtj2026" in panel.notice_text.text()
    assert not panel.notice.isHidden()
    assert not panel.contacts.button.isEnabled()
    assert panel.other_lab.isHidden()  # nobody would start it
    panel.lab_wanted.connect(lambda _: None)
    panel.show_mounted()
    with qtbot.waitSignal(panel.lab_wanted) as wanted:
        qtbot.mouseClick(panel.other_lab, Qt.MouseButton.LeftButton)
    assert wanted.args == ["fimtj2026"]
    with qtbot.waitSignal(panel.chosen):
        qtbot.mouseClick(panel.back, Qt.MouseButton.LeftButton)
    assert panel.name == "cotb2025"
    assert panel.notice.isHidden()
    assert panel.contacts.button.isEnabled()


def test_what_lies_in_the_simulated_cryostat_is_chosen_where_nothing_is_remembered(
    simulated: Bench, qtbot: QtBot
) -> None:
    panel = simulated.panel()
    with qtbot.waitSignal(panel.chosen):
        simulated.there(lab={"sample": "cogd2022"})
    assert panel.name == "cogd2022"


def test_a_contact_check_that_is_wanted_early_waits_for_its_sample(simulated: Bench, qtbot: QtBot) -> None:
    panel = simulated.panel()
    with qtbot.waitSignal(simulated.context.said) as told:
        panel.check_contacts()  # as the guide does, before anything is known
    assert told.args == ["info", "contact-check waits for the sample's record to be read"]
    assert simulated.posted.asked == []
    with qtbot.waitSignal(panel.known) as known:
        simulated.there(lab={"sample": "cogd2022"})
    ((_, path, asked),) = simulated.posted.asked
    assert (path, asked["sample"]) == ("/queue", "cogd2022")
    name, told_of = known.args or ["", {}]
    assert (name, told_of["contacts"]) == ("cogd2022", None)


def test_no_contact_check_without_a_sample_on_hardware_or_of_a_wrong_record(
    bench: Bench, qtbot: QtBot, folder: Path
) -> None:
    panel = bench.panel()
    with qtbot.waitSignal(bench.context.said) as told:
        panel.check_contacts()
    assert told.args == ["warning", "choose the sample that is mounted first (Sample)"]
    (folder / "mine.toml").write_text("schema = 1\n", encoding="utf-8")
    panel.choose(str(folder / "mine.toml"))
    panel.check_contacts()
    with qtbot.waitSignal(bench.context.said, check_params_cb=lambda level, _: level == "warning") as told:
        pass
    assert told.args == ["warning", "no contact-check is queued: the record of mine cannot be used, see Sample"]
    assert bench.posted.asked == []


# ---- the journal


def test_a_mounting_is_written_from_the_keyboard_and_contacts_count_no_more(bench: Bench, qtbot: QtBot) -> None:
    contacts(bench, passed=True)
    panel = bench.panel("cotb2025")
    panel.tabs.setCurrentIndex(1)
    qtbot.keyClicks(panel.journal.text, "puck 3")
    qtbot.keyClick(panel.journal.text, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: "not checked in this mounting" in panel.contacts.verdict.text())
    assert panel.journal.text.text() == ""
    newest = Journal(bench.context.runs, "cotb2025").read()[0][-1]
    assert (newest.kind, newest.values, bool(newest.user)) == ("mounting", {"text": "puck 3"}, True)
    qtbot.keyClick(panel.journal.text, Qt.Key.Key_Return)  # nothing is in it
    qtbot.waitUntil(lambda: "the text is empty" in panel.journal.refused.text())


def test_damage_is_red_and_a_run_is_opened_from_its_entry(bench: Bench, qtbot: QtBot) -> None:
    journal = Journal(bench.context.runs, "cotb2025")
    values = {"resistance": quantity(100.0, "ohm"), "wires": "four wires", "when": "start"}
    journal.append(HEALTH, values, run="2026-01-01/0001-x")
    journal.append("damage", {"text": "lead A"})
    panel = bench.panel("cotb2025")
    panel.tabs.setCurrentIndex(1)
    damage, health = (panel.journal.entries.item(row) for row in (0, 1))
    assert damage is not None
    assert health is not None
    assert damage.foreground().color().name() == bench.context.theme.bad
    assert health.foreground().color().name() == bench.context.theme.text
    assert ("Damage", damage.text().splitlines()[0][:5] + " · lead A", "") in panel.journal.summary.texts()
    with qtbot.waitSignal(bench.context.run_opened) as opened:
        panel.journal.entries.itemActivated.emit(health)
    assert opened.args == [str(bench.context.runs / "2026-01-01/0001-x")]
    assert panel.journal.strip.changes == [0.0]


def test_entries_before_the_mounting_are_shown_when_asked_for(bench: Bench, qtbot: QtBot) -> None:
    journal = Journal(bench.context.runs, "cotb2025")
    journal.append("note", {"text": "older"})
    journal.append("mounting", {"text": "puck 3"})
    panel = bench.panel("cotb2025")
    assert (panel.journal.entries.count(), panel.journal.older.text()) == (1, "1 further line in the file")
    panel.journal.everything.setCurrentIndex(1)
    panel.journal.everything.activated.emit(1)
    qtbot.waitUntil(lambda: panel.journal.entries.count() == 2)
