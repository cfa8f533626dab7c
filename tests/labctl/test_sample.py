from __future__ import annotations

import json
from pathlib import Path

import pytest

from instruments.errors import LimitExceeded, UnknownName, UsageError
from labctl.sample import SampleRecord, available_samples, connections, load_sample, sample_titles
from labctl.station import Station, available_stations, load_station

GOOD = """
schema = 1
name = "mine"

[[stack]]
material = "Pt"
thickness = { value = "5 nm", mark = "M", note = "reflectometry", date = 2026-03-01 }
carries_current = true

[[stack]]
material = "Co"
thickness = "1 nm"
carries_current = true

[[stack]]
material = "Al2O3"
thickness = "3 nm"
carries_current = false

[geometry]
kind = "hall_bar"
width = "10 um"
length = { value = 60, unit = "um", mark = "S" }

[pads]
left = { function = "current" }
right = { function = "current" }
up = { function = "Hall" }
down = { function = "Hall" }

[leads]
"I+" = { pad = "left", resistance = "20 ohm" }
"I-" = { pad = "right", resistance = { value = "30 ohm", mark = "A" } }
A = { pad = "up", resistance = "10 ohm" }
B = { pad = "down" }

[mounting]
field_from_normal = "0 deg"

[resistances]
longitudinal = "1 kohm"
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return path


def changed(folder: Path, old: str, new: str) -> Path:
    assert old in GOOD
    return write(folder, GOOD.replace(old, new))


@pytest.fixture
def mine(tmp_path: Path) -> SampleRecord:
    return load_sample(write(tmp_path, GOOD))


def test_values_are_si_with_their_marks_kept_apart(mine: SampleRecord) -> None:
    assert mine.stack[0].thickness == 5e-9
    assert mine.geometry.length == 60e-6
    assert mine.leads["I-"].resistance == 30.0
    assert mine.leads["B"].resistance == 0.0
    assert mine.basis["stack[1].thickness"].mark == "M"
    assert mine.basis["stack[1].thickness"].note == "reflectometry"
    assert str(mine.basis["stack[1].thickness"].date) == "2026-03-01"
    assert mine.basis["leads.I-.resistance"].mark == "A"
    assert set(mine.basis) == {"stack[1].thickness", "geometry.length", "leads.I-.resistance"}


def test_the_current_density_refers_to_the_layers_that_carry_current(mine: SampleRecord) -> None:
    assert mine.conducting_thickness() == 6e-9
    assert mine.cross_section() == pytest.approx(6e-14, rel=1e-15)


def test_a_silent_record_is_read_gently(mine: SampleRecord) -> None:
    assert mine.probe_current() == 60e-6  # 1e9 A/m2 on 10 um x 6 nm
    assert mine.read_current_limit() == 300e-6  # 5e9 A/m2
    assert mine.pulse_current_limit() is None
    assert mine.two_wire_resistance() == 1050.0  # bar and the two worst leads


def test_probe_current_is_never_above_100_microampere(tmp_path: Path) -> None:
    wide = load_sample(changed(tmp_path, '"10 um"', '"1 mm"'))
    assert wide.probe_current() == 100e-6
    narrow = load_sample(changed(tmp_path, '"10 um"', '"200 nm"'))
    assert narrow.probe_current() == 1.2e-6


def test_the_measured_two_wire_resistance_wins(tmp_path: Path) -> None:
    record = load_sample(changed(tmp_path, '"1 kohm"', '"1 kohm"\ntwo_wire = "2 kohm"'))
    assert record.two_wire_resistance() == 2000.0
    assert record.probe_compliance(1e-3) == 3.0
    assert record.probe_compliance(-1e-3) == 3.0


def test_compliance_is_at_least_a_fifth_of_a_volt(mine: SampleRecord) -> None:
    assert mine.probe_compliance(10e-6) == 0.2
    assert mine.probe_compliance(1e-3) == pytest.approx(1.575)


def test_a_compliance_beyond_what_the_sample_endures_is_refused(tmp_path: Path) -> None:
    record = load_sample(write(tmp_path, GOOD + '[limits]\nvoltage = "1 V"\n'))
    with pytest.raises(
        LimitExceeded, match=r"1 mA through 1050 ohm asks for a compliance of 1\.575 V, above the 1 V that"
    ):
        record.probe_compliance(1e-3)


@pytest.mark.parametrize(
    ("current", "largest"),
    [(1e-4, 0.01), (-1e-4, 0.01), (0.0264, 0.01), (0.027, 0.1), (0.264, 0.1), (0.2733, 1.0)],
)
def test_the_range_leaves_half_of_the_hall_voltage_as_room(tmp_path: Path, current: float, largest: float) -> None:
    text = GOOD.replace('"1 kohm"', '"1 kohm"\nhall = "-0.15 ohm"\nhall_offset = "0.1 ohm"')
    assert load_sample(write(tmp_path, text)).voltmeter_range(current) == largest


def test_an_unknown_hall_voltage_is_taken_as_large_as_it_can_be(mine: SampleRecord) -> None:
    assert mine.hall_voltage(-1e-4) == pytest.approx(0.1)
    assert mine.voltmeter_range(1e-4) == 1.0
    with pytest.raises(LimitExceeded, match="above the voltmeter's largest range of 100 V"):
        mine.voltmeter_range(0.1)


def test_the_snapshot_is_json_and_reads_back_as_the_same_record(mine: SampleRecord) -> None:
    for record in (mine, load_sample("cotb2025")):
        assert SampleRecord.model_validate(json.loads(json.dumps(record.snapshot()))) == record


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('width = "10 um"', 'widht = "10 um"', "unknown key geometry.widht; did you mean 'width'? known here: kind, "),
        ('width = "10 um"', 'width = "10 uA"', "geometry.width: 10 uA is not a length; give e.g. 5 um"),
        ('width = "10 um"', "", 'geometry.width is missing: width of the bar, e.g. width = "5 um"'),
        ('width = "10 um"', 'width = "0 um"', "geometry.width is 0.0, but must be above 0"),
        ('width = "10 um"', 'width = { value = "10 um", mrk = "S" }', "geometry.width has the keys value, mrk; beside"),
        ('mark = "M"', 'mark = "X"', "basis.stack[1].thickness.mark is 'X', but must be 'S', 'F', 'D', "),
        ('kind = "hall_bar"', 'kind = "hallbar"', "geometry.kind is 'hallbar', but must be 'hall_bar'"),
        ("carries_current = true", "carries_current = false", "no layer of the stack has carries_current = true"),
        ('pad = "up"', 'pad = "upp"', "leads.A.pad is 'upp', which is not one of the pads; did you mean 'up'?"),
        ('longitudinal = "1 kohm"', "", "resistances.longitudinal is missing: from end to end"),
        ('longitudinal = "1 kohm"', 'longitudinal = "inf ohm"', "resistances.longitudinal: inf ohm is not a"),
        ("[resistances]", "[probe]\ncurrent_density = 1e10\n[resistances]", "probe.current_density, 1e+10 A/m^2, is a"),
        ("schema = 1", "schema = true", "has schema True, but this labctl reads schema = 1"),
        ('name = "mine"', 'name = "../../mine"', "name: '../../mine' cannot be part of a folder's name; take at"),
        ('"1 kohm"', '"1 kohm"\ntwo_wire = "39 ohm"', "resistances: two_wire is 39 ohm, below longitudinal, 1000 ohm"),
        ('"1 kohm"', '"1 kohm"\ntemperature_coefficient = "-1 /K"', "temperature_coefficient is '-1 /K', but must be"),
        ("carries_current = true", "carries_current = 7", "stack[1].carries_current is 7, but must be true or false"),
        ("date = 2026-03-01", 'date = "soon"', "basis.stack[1].thickness.date is 'soon', but must be a date, e.g. 20"),
        ("schema = 1", "schema = 7", "has schema 7, but this labctl reads schema = 1"),
        ("[resistances]", "[model]\n[resistances]", "model.family is missing: name of the sample family"),
    ],
)  # fmt: skip
def test_what_is_wrong_in_a_record_is_said_in_one_sentence(tmp_path: Path, old: str, new: str, words: str) -> None:
    path = changed(tmp_path, old, new)
    with pytest.raises(UsageError) as caught:
        load_sample(path)
    sentence = str(caught.value)
    assert sentence.startswith(f"sample record {path}")
    assert words in sentence
    assert "\n" not in sentence


def test_an_unknown_record_gets_the_nearest_name() -> None:
    with pytest.raises(UnknownName, match="there is no sample record 'cotb25'; did you mean 'cotb2025'"):
        load_sample("cotb25")


@pytest.mark.parametrize("name", available_samples())
def test_shipped_records_are_valid_and_go_by_their_file_name(name: str) -> None:
    assert load_sample(name).name == name


def test_cotb2025_gives_the_papers_reading_current() -> None:
    record = load_sample("cotb2025")
    assert record.cross_section() == pytest.approx(4.5e-14, rel=1e-15)  # 5 um x 9 nm: all current in the platinum
    assert record.probe_current() == 100e-6
    assert record.probe.current_density * record.cross_section() == pytest.approx(103.5e-6)
    assert record.read_current_limit() == 450e-6
    assert record.probe_compliance(100e-6) == 0.2
    assert record.voltmeter_range(100e-6) == 0.01
    # The paper's pulses of 20 mA (4.4e7 A/cm2) are allowed, and not much more.
    assert 20e-3 / record.cross_section() == pytest.approx(4.4e11, rel=0.02)
    limit = record.pulse_current_limit()
    assert limit is not None
    assert 20e-3 < limit < 25e-3


def test_cotb2025_says_the_same_to_the_bench_and_to_the_simulation() -> None:
    record = load_sample("cotb2025")
    assert record.model is not None
    model = {name: entry["value"] for name, entry in record.model.parameters.items()}
    assert record.model.family == "ferrimagnet_hall_bar"
    assert model["resistance"] == record.resistances.longitudinal
    assert model["resistance_temperature_coefficient"] == record.resistances.temperature_coefficient
    assert model["anomalous_hall_resistance"] == record.resistances.hall
    square = model["resistance"] * record.geometry.width / record.geometry.length
    assert model["misalignment"] * square == pytest.approx(record.resistances.hall_offset)
    assert all(entry["mark"] in {"S", "F", "D", "L", "A"} for entry in record.model.parameters.values())


def test_what_the_paper_does_not_state_is_marked_as_assumed() -> None:
    basis = load_sample("cotb2025").basis
    stated = {key for key, entry in basis.items() if entry.mark == "S"}
    assert stated == {"stack[1].thickness", "stack[2].thickness", "geometry.width", "resistances.hall"}
    assert basis["resistances.longitudinal"].mark == "A"


@pytest.mark.parametrize("station", available_stations())
def test_the_shipped_cables_reach_the_pads_of_the_shipped_sample(station: str) -> None:
    reached = connections(load_station(station), load_sample("cotb2025"))
    assert reached["cables.source.high"] == "source"
    assert reached["cables.source.low"] == "drain"
    assert reached["cables.voltmeter.channel_1_high"] == "A"
    assert reached["cables.voltmeter.channel_1_low"] == reached["cables.voltmeter.channel_2_low"] == "B"


def test_a_cable_at_a_lead_that_the_sample_lacks_is_refused(mine: SampleRecord) -> None:
    with pytest.raises(UsageError) as caught:
        connections(load_station("ppms"), mine)
    assert str(caught.value) == (
        "station 'ppms' has cables.voltmeter.channel_2_high at the lead 'D', which sample 'mine' does not have; "
        "its leads are I+, I-, A, B"
    )


def test_two_leads_on_one_pad_are_a_short(tmp_path: Path) -> None:
    record = load_sample(changed(tmp_path, 'B = { pad = "down" }', 'B = { pad = "up" }\nD = { pad = "down" }'))
    with pytest.raises(UsageError) as caught:
        connections(load_station("ppms"), record)
    assert str(caught.value) == (
        "station 'ppms' has cables.voltmeter.channel_1_high and cables.voltmeter.channel_1_low at leads that both end "
        "on the pad 'up' of sample 'mine': a short is no measurement; plug one of them into another lead"
    )


def test_a_record_knows_its_file_and_is_equal_to_its_like_elsewhere(tmp_path: Path, mine: SampleRecord) -> None:
    (tmp_path / "elsewhere").mkdir()
    other = load_sample(write(tmp_path / "elsewhere", GOOD))
    assert mine.label == f"'mine' ({tmp_path / 'mine.toml'})"
    assert other.label == f"'mine' ({tmp_path / 'elsewhere' / 'mine.toml'})"
    assert other == mine
    assert SampleRecord.model_validate(mine.snapshot()).label == "'mine'"


def test_titles_of_the_shipped_records(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # away from records of whoever runs this
    assert sample_titles() == {name: load_sample(name).title for name in available_samples()}
    assert all(sample_titles().values())


def test_open_cables_reach_nothing(mine: SampleRecord) -> None:
    data = load_station("ppms").snapshot()
    data["cables"]["voltmeter"] |= {"channel_2_high": "open"}
    data["cables"]["smu"] |= {"sense_high": "open"}
    reached = connections(Station.model_validate(data), mine)
    assert not {"cables.voltmeter.channel_2_high", "cables.smu.sense_high"} & set(reached)
    assert reached["cables.voltmeter.channel_1_high"] == "up"


@pytest.mark.parametrize(("old", "where"), [("width = ", "geometry.width"), ("thickness = ", r"stack\[1\].thickness")])
def test_a_size_without_its_unit_is_no_device(tmp_path: Path, old: str, where: str) -> None:
    line = next(line for line in GOOD.splitlines() if line.startswith(old))
    with pytest.raises(UsageError, match=where + ".* 5 m; a bare number is in m, so write its unit"):
        load_sample(changed(tmp_path, line, f'{old}"5"'))
