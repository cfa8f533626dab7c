"""The journal: appended to by several at once, read whatever a crash left, and summed up."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from instruments.clock import WallClock
from instruments.errors import BadValue, DataDamaged, UsageError, WriteFailed
from labctl.analysis.result import Result
from labctl.journal import Journal, Odometer, latest, latest_device, of_device, quantity, since_mounting


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "runs", "S042-B3")


def pulses(count: int, density: float, energy: float) -> dict[str, Any]:
    return {"count": count, "largest_current_density": quantity(density, "A/m^2"), "energy": quantity(energy, "J")}


# ---- what is written


def test_a_line_holds_everything_and_reads_back(journal: Journal) -> None:
    when = datetime(2026, 3, 1, 10, 12, tzinfo=timezone(timedelta(hours=1)))
    values = {"angle": quantity(0.01, "rad", 0.0005), "side": "left", "passed": True, "pairs": [["A", "B"]], "n": 3}
    written = journal.append("angle", values, run="2026-03-01/0007-align-S042-B3", user="LW", utc=when)
    assert journal.path.name == "S042-B3.jsonl"
    assert json.loads(journal.path.read_text()) == {
        "kind": "angle", "utc": "2026-03-01T09:12:00+00:00", "run": "2026-03-01/0007-align-S042-B3", "user": "LW",
        "simulated": False, "values": values,
    }  # fmt: skip
    (read,), warnings = journal.read()
    assert warnings == []
    assert (read.values, read.utc, read.line) == (written.values, when, 1)
    assert read.number("angle") == 0.01
    assert (read.number("n"), read.number("side"), read.number("none"), read.number("passed")) == (
        3.0,
        None,
        None,
        None,
    )


def test_the_time_is_now_unless_it_is_given(journal: Journal) -> None:
    before = WallClock().utc()
    entry = journal.append("note", {"text": "bonded"})
    assert before <= entry.utc <= WallClock().utc()
    assert entry.utc.tzinfo is UTC


def test_a_result_of_an_analysis_is_a_value(journal: Journal) -> None:
    journal.append(
        "resistance", {"sheet": Result(340.0, 0.5, "ohm", "this run"), "bad": Result(None, None, "T", "x", "y")}
    )
    (entry,) = journal.entries()
    assert entry.values == {
        "sheet": quantity(340.0, "ohm", 0.5),
        "bad": {"value": None, "uncertainty": None, "unit": "T"},
    }


@pytest.mark.parametrize(
    ("kind", "values", "words"),
    [
        ("Angle", {}, "'Angle' is no kind of entry; write a word in small letters"),
        ("angle", {"angle": 0.01}, "angle of a 'angle' entry is 0.01; a journal keeps"),
        ("angle", {"angle": quantity(float("nan"), "rad")}, "must be a finite number"),
        ("angle", {"angle": quantity(1.0, "rad", float("inf"))}, "must be a finite number"),
        ("angle", {"angle": {"value": 1.0, "unit": ""}}, "has the unit ''"),
        ("contacts", {"leads": {"A": {"resistance": 5.0}}}, "resistance of a 'contacts' entry is 5.0"),
        ("pulses", {}, "needs their count, a whole number, and not None"),
        ("pulses", {"count": -1}, "needs their count"),
        ("pulses", {"count": True}, "needs their count"),
        ("pulses", {"count": 1, "energy": quantity(1.0, "mJ")}, "energy of pulses is a quantity in J"),
        ("note", {"text": "x" * 200_000}, "too long for a journal"),
    ],
)  # fmt: skip
def test_what_cannot_be_kept_is_refused_and_nothing_is_written(
    journal: Journal, kind: str, values: dict[str, Any], words: str
) -> None:
    with pytest.raises(BadValue) as caught:
        journal.append(kind, values)
    assert words in str(caught.value)
    assert not journal.path.exists()


def test_a_folder_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "samples").write_text("a file")
    with pytest.raises(WriteFailed, match="cannot write to"):
        Journal(tmp_path, "x").append("note", {"text": "y"})


WRITER = """
import sys
from pathlib import Path
from labctl.journal import Journal
journal = Journal(Path(sys.argv[1]), "shared")
for number in range(150):
    journal.append("note", {"text": sys.argv[2] * 300, "number": number}, user=sys.argv[2])
"""


def test_two_processes_append_at_once(tmp_path: Path) -> None:
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path), name]) for name in ("a", "b")]
    assert [writer.wait() for writer in writers] == [0, 0]
    entries, warnings = Journal(tmp_path, "shared").read()
    assert warnings == []
    for name in ("a", "b"):
        mine = [entry for entry in entries if entry.user == name]
        assert [entry.values["number"] for entry in mine] == list(range(150))
        assert {entry.values["text"] for entry in mine} == {name * 300}


def test_a_line_that_another_process_had_not_ended_yet_was_not_torn(journal: Journal) -> None:
    journal.append("note", {"text": "one"})
    with journal.path.open("ab") as file:
        file.write(b" <torn>\n")
    journal.append("note", {"text": "two"})
    entries, warnings = journal.read()
    assert ([entry.values["text"] for entry in entries], warnings) == (["one", "two"], [])


# ---- what is read


def test_a_torn_last_line_is_dropped_with_a_warning_and_the_next_entry_stands_on_its_own(journal: Journal) -> None:
    journal.append("note", {"text": "one"})
    whole = journal.path.read_bytes()
    for cut in range(1, len(whole)):
        journal.path.write_bytes(whole + whole[:cut])
        entries, warnings = journal.read()
        assert [entry.values["text"] for entry in entries] == ["one"]
        assert warnings == ["S042-B3.jsonl: the last line is torn and was dropped"]
        journal.append("note", {"text": "two"})
        entries, warnings = journal.read()
        assert [entry.values["text"] for entry in entries] == ["one", "two"]
        assert warnings == ["S042-B3.jsonl: line 2 is torn and was dropped"]


@pytest.mark.parametrize("damage", ["{", "5", "[]", "", '{"kind": "note"}', '{"kind": 5, "utc": "x"}', "\udcff"])
def test_another_damaged_line_is_an_error_with_file_and_line(journal: Journal, damage: str) -> None:
    journal.append("note", {"text": "one"})
    whole = journal.path.read_bytes()
    journal.path.write_bytes(whole + damage.encode(errors="surrogateescape") + b"\n" + whole)
    with pytest.raises(DataDamaged) as caught:
        journal.read()
    assert str(caught.value).startswith(f"{journal.path}, line 2: it is no entry of a journal")
    assert caught.value.exit_code == 2


def test_there_may_be_none(journal: Journal) -> None:
    assert journal.read() == ([], [])
    assert journal.odometer() == Odometer()
    assert journal.latest("angle") is None


def test_simulation_and_hardware_do_not_mix(tmp_path: Path) -> None:
    real, simulated = Journal(tmp_path, "x"), Journal(tmp_path, "x", simulated=True)
    assert (real.path.name, simulated.path.name) == ("x.jsonl", "x-sim.jsonl")
    simulated.append("damage", {"text": "broke"})
    assert real.entries() == []
    assert simulated.entries()[0].simulated
    real.path.write_bytes(simulated.path.read_bytes())
    with pytest.raises(DataDamaged, match="line 1: it is about a simulated sample and stands in the other one's"):
        real.entries()
    with pytest.raises(UsageError, match="would have the journal of the simulated sample 'x'"):
        Journal(tmp_path, "x-sim")


def test_latest_and_since_the_last_mounting(journal: Journal) -> None:
    for kind, text in (
        ("angle", "a"),
        ("mounting", "b"),
        ("note", "c"),
        ("mounting", "d"),
        ("angle", "e"),
        ("note", "f"),
    ):
        journal.append(kind, {"text": text})
    assert [entry.values["text"] for entry in journal.since_mounting()] == ["d", "e", "f"]
    found = journal.latest("angle")
    assert found is not None
    assert found.values["text"] == "e"
    assert latest(journal.since_mounting(), "damage") is None
    assert [entry.line for entry in journal.entries("note")] == [3, 6]


def test_a_sample_that_never_was_mounted_has_all_its_entries(journal: Journal) -> None:
    journal.append("note", {"text": "a"})
    assert len(journal.since_mounting()) == 1


def test_the_odometer_is_the_sum_over_all_pulses_ever(journal: Journal) -> None:
    journal.append("pulses", pulses(100, 4e11, 1e-3))
    journal.append("mounting", {"text": "again"})
    journal.append("pulses", pulses(20, -5e11, 2.5e-3))
    journal.append("pulses", {"count": 1})
    counted = journal.odometer()
    assert (counted.count, counted.largest_current_density) == (121, 5e11)
    assert counted.energy == pytest.approx(3.5e-3)


# ---- devices of a simulated lab


def written(root: Path, *entries: tuple[int | None, str, str]) -> Path:
    """A simulated sample's journal with entries of seeds, kinds and texts."""
    for seed, kind, text in entries:
        Journal(root, "bar", simulated=True, sample_seed=seed).append(kind, {"text": text})
    return root


def texts(entries: list[Any]) -> str:
    return "".join(entry.values["text"] for entry in entries)


def test_an_entry_about_a_simulated_sample_has_its_seed_and_no_other_has(tmp_path: Path) -> None:
    written(tmp_path, (3, "note", "a"), (None, "note", "b"))
    journal = Journal(tmp_path, "bar", simulated=True)
    assert [entry.sample_seed for entry in journal.entries()] == [3, None]
    lines = [json.loads(line) for line in journal.path.read_text().splitlines()]
    assert [line.get("sample_seed", "none") for line in lines] == [3, "none"]
    assert Journal(tmp_path, "bar").append("note", {"text": "c"}).sample_seed is None


def test_another_seed_is_another_device_and_counts_as_newly_mounted(tmp_path: Path) -> None:
    written(tmp_path, (0, "contacts", "a"), (None, "damage", "b"), (3, "contacts", "c"), (None, "note", "d"))
    first, second, third = (Journal(tmp_path, "bar", simulated=True, sample_seed=seed) for seed in (0, 3, 4))
    assert texts(first.entries()) == "ab"
    assert texts(second.entries()) == texts(second.since_mounting()) == "cd"
    assert (texts(third.entries()), texts(third.since_mounting())) == ("", "")
    assert texts(first.since_mounting()) == ""  # it was taken out for the other one, and is in again now
    assert texts(Journal(tmp_path, "bar", simulated=True).entries()) == "abcd"
    assert first.another_device() == (
        "bar-sim.jsonl was last written for the simulated sample with the seed 3, and the lab has the one with 0, "
        "another device: nothing that was learnt of the former is used, and this one counts as newly mounted"
    )
    assert (second.another_device(), Journal(tmp_path, "bar", simulated=True).another_device()) == ("", "")
    first.append("contacts", {"text": "e"})
    assert (first.another_device(), texts(first.since_mounting()), texts(first.entries())) == ("", "e", "abe")


def test_what_people_write_is_about_the_device_before_it_and_after_a_mounting_about_the_next(tmp_path: Path) -> None:
    written(tmp_path, (0, "note", "a"), (None, "mounting", "b"), (None, "note", "c"), (3, "note", "d"))
    entries = Journal(tmp_path, "bar", simulated=True).entries()
    assert texts(of_device(entries, 0)) == "abc"
    assert texts(of_device(entries, 3)) == texts(since_mounting(entries, 3)) == "bcd"
    assert latest_device(entries) == 3
    assert latest_device(entries[1:3]) is None
    assert texts(since_mounting(entries[:3], 0)) == "bc"


def test_a_journal_without_seeds_is_read_as_one_about_this_device(tmp_path: Path) -> None:
    written(tmp_path, (None, "contacts", "a"), (None, "note", "b"))
    journal = Journal(tmp_path, "bar", simulated=True, sample_seed=5)
    assert (texts(journal.since_mounting()), journal.another_device()) == ("ab", "")


@pytest.mark.parametrize("seed", ['"3"', "true", "1.5"])
def test_a_seed_that_is_none_is_damage(tmp_path: Path, seed: str) -> None:
    journal = Journal(written(tmp_path, (3, "note", "a")), "bar", simulated=True)
    journal.path.write_text(journal.path.read_text().replace('"sample_seed": 3', f'"sample_seed": {seed}'))
    with pytest.raises(DataDamaged, match="line 1: it is no entry of a journal"):
        journal.read()
