"""Sample records found by name: shipped, of installed packages, and one's own; and what a "?" in them is taken for."""

from __future__ import annotations

from pathlib import Path

import pytest

from instruments.errors import UnknownName, UsageError
from labctl import discovery, paths, sample_files
from labctl.discovery import Entry
from labctl.records import looked_at, read_toml
from labctl.sample import SampleRecord, load_sample, sample_titles
from labctl.sample_summary import look
from tests.samples import HALL_BAR, JUNCTION, text_of


@pytest.fixture(autouse=True)
def _workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def own(name: str, text: str | None = None) -> Path:
    path = sample_files.own_file(name)
    path.parent.mkdir(exist_ok=True)
    path.write_text(text_of("hall-bar", HALL_BAR, name=name) if text is None else text, encoding="utf-8")
    return path


def announce(monkeypatch: pytest.MonkeyPatch, **records: str) -> None:
    entries = {name: Entry(name, where, "theirs", "somebodys") for name, where in records.items()}
    monkeypatch.setattr(discovery, "sample_records", lambda: entries)


def test_one_of_ones_own_goes_by_its_name_and_by_its_path() -> None:
    path = own("S042-B3")
    assert load_sample("S042-B3").name == "S042-B3"
    assert load_sample("S042-B3") == load_sample(path) == load_sample(str(path))
    assert list(sample_titles()) == ["S042-B3", *sorted(paths.sample_files())]


def test_without_a_folder_of_ones_own_there_are_the_shipped_ones() -> None:
    assert sample_files.by_name() == paths.sample_files()
    with pytest.raises(UnknownName, match="there is no sample record 'S042-B3'"):
        load_sample("S042-B3")


def test_a_misspelt_one_gets_the_nearest_name() -> None:
    own("S042-B3")
    with pytest.raises(UnknownName, match="did you mean 'S042-B3'"):
        load_sample("S042-B4")


def test_a_name_that_two_have_is_refused_and_a_path_still_works() -> None:
    path = own("cotb2025")
    with pytest.raises(UsageError) as caught:
        load_sample("cotb2025")
    shipped = paths.sample_files()["cotb2025"]
    assert str(caught.value) == (
        f"2 sample records are called 'cotb2025': {shipped} and {path}; give the path of the one that is meant, or "
        "rename your own"
    )
    assert load_sample(path).title == HALL_BAR["title"]
    assert load_sample("./samples/cotb2025.toml").title == HALL_BAR["title"]


def test_a_package_announces_its_records(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "somebodys_films"
    (package / "records").mkdir(parents=True)
    (package / "__init__.py").write_text("")
    text = text_of("junction", JUNCTION, name="theirs")
    (package / "records" / "theirs.toml").write_text(text, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    announce(monkeypatch, theirs="somebodys_films:records/theirs.toml")
    assert load_sample("theirs").is_junction
    assert "theirs" in sample_titles()
    own("theirs")
    with pytest.raises(UsageError, match="2 sample records are called 'theirs'"):
        load_sample("theirs")


def test_a_package_that_is_gone_hides_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    announce(monkeypatch, theirs="no_such_package_here:theirs.toml")
    assert load_sample("cotb2025").name == "cotb2025"
    with pytest.raises(UsageError, match="does not exist; check its path"):
        load_sample("theirs")


# ---- what is still to be filled in


def faults(text: str) -> list[str]:
    record, found = looked_at(read_toml("sample record", own("x", text)), SampleRecord)
    assert (record is None) == bool(found)
    return found


@pytest.mark.parametrize("template", ["hall-bar", "junction"])
def test_a_template_lacks_what_nobody_but_the_student_knows_and_nothing_else(template: str) -> None:
    values = {"hall-bar": HALL_BAR, "junction": JUNCTION}[template]
    found = faults(paths.template_files()[template].read_text(encoding="utf-8"))
    assert [fault.partition(" is still to be filled in: ")[0] for fault in found] == ["name", *values]
    assert all(fault.partition(": ")[2] for fault in found)
    assert faults(text_of(template, values, name="x")) == []
    assert len(paths.template_files()) == 2


def test_a_blank_is_said_once_beside_what_is_wrong() -> None:
    text = text_of("hall-bar", {key: value for key, value in HALL_BAR.items() if key != "geometry.length"})
    assert faults(text) == [
        'geometry.length is still to be filled in: length of the bar between the current pads, e.g. length = "50 um"'
    ]
    assert faults(text.replace('width = "5 um"', 'width = "5 uA"'))[0].startswith(
        "geometry.width: 5 uA is not a length"
    )
    assert faults(text.replace('length = "?"', 'length = { value = "?", mark = "M" }')) == faults(text)
    assert faults(text.replace('# hall = "0.1 ohm"', 'hall = "?"'))[-1].startswith("resistances.hall is still to be")


def test_a_run_cannot_begin_with_a_blank() -> None:
    own("x", text_of("junction", {key: value for key, value in JUNCTION.items() if "breakdown" not in key}))
    with pytest.raises(UsageError, match=r"x\.toml: limits\.breakdown_voltage is still to be filled in: at which such"):
        load_sample("x")


def test_a_record_takes_from_another_what_it_does_not_say_itself() -> None:
    own("S042")
    own(
        "S042-B3",
        'schema = 1\nname = "S042-B3"\nbased_on = "S042"\n[geometry]\nwidth = { value = "4 um", mark = "M" }\n',
    )
    base, record = load_sample("S042"), load_sample("S042-B3")
    assert (record.name, record.based_on) == ("S042-B3", "S042")
    assert record.cross_section() == pytest.approx(4e-6 * base.conducting_thickness())
    assert record.basis["geometry.width"].mark == "M"
    assert record.leads == base.leads
    assert look(sample_files.own_file("S042-B3")).faults == []


def test_what_it_is_based_on_is_a_name_or_a_path_from_where_it_lies(tmp_path: Path) -> None:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    (folder / "wafer.toml").write_text(text_of("hall-bar", HALL_BAR, name="wafer"), encoding="utf-8")
    (folder / "a.toml").write_text('schema = 1\nname = "a"\nbased_on = "wafer.toml"\n', encoding="utf-8")
    assert load_sample("elsewhere/a.toml").leads == load_sample("elsewhere/wafer.toml").leads
    own("b", 'schema = 1\nname = "b"\nbased_on = "waver"\n')
    with pytest.raises(UnknownName, match="there is no sample record 'waver'"):
        load_sample("b")


def test_records_based_on_one_another_are_refused() -> None:
    for name, other in (("a", "b"), ("b", "a")):
        own(name, f'schema = 1\nname = "{name}"\nbased_on = "{other}"\n')
    with pytest.raises(UsageError, match="is based on more than 5 others"):
        load_sample("a")


def test_a_mistake_in_what_it_adds_names_the_key() -> None:
    own("S042")
    own("S042-B3", 'schema = 1\nname = "S042-B3"\nbased_on = "S042"\n[geometry]\nwidht = "4 um"\n')
    with pytest.raises(UsageError, match=r"unknown key geometry\.widht; did you mean 'width'"):
        load_sample("S042-B3")
