from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from instruments.errors import UnknownName, UsageError
from labctl import paths
from labctl.station import Station, available_stations, load_station, station_titles

GOOD = """
schema = 1
name = "mine"

[instruments.source]
driver = "keithley6221"
resource = "GPIB0::12::INSTR"

[instruments.voltmeter]
driver = "keithley2182a"
resource = "GPIB0::7::INSTR"

[cables]
source = { high = "I+", low = "I-" }
voltmeter = { channel_1_high = "A", channel_1_low = "B", channel_2_high = "D", channel_2_low = "B" }

[limits]
current = "100 mA"
voltage = "21 V"
field = "9 T"
field_rate = "190 Oe/s"
temperature = ["1.9 K", "400 K"]
temperature_rate = "20 K/min"

[[interlocks]]
name = "helium low"
quantity = "helium_level"
condition = "below"
limit = "60 %"
action = "pause"

[simulation]
machine = "ppms_9t"
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return path


def changed(folder: Path, old: str, new: str) -> Path:
    assert old in GOOD
    return write(folder, GOOD.replace(old, new))


def fault(path: Path | str) -> str:
    with pytest.raises(UsageError) as caught:
        load_station(path)
    assert caught.value.exit_code == 2
    sentence = str(caught.value)
    assert "\n" not in sentence
    return sentence


@pytest.mark.parametrize("name", available_stations())
def test_shipped_stations_are_valid_and_go_by_their_file_name(name: str) -> None:
    station = load_station(name)
    assert station.name == name
    assert {"source", "voltmeter", "cryostat"} <= set(station.instruments)
    assert station.title


def test_shipped_stations() -> None:
    assert available_stations() == ("dynacool", "ppms", "versalab")
    ppms = load_station("ppms")
    assert ppms.instrument("source").resource == "GPIB0::12::INSTR"
    assert ppms.instrument("voltmeter").resource == "GPIB0::7::INSTR"
    assert ppms.instrument("cryostat").resource == "GPIB0::15::INSTR"
    assert ppms.limits.field == 9.0
    assert ppms.limits.field_rate == 0.019
    assert ppms.limits.temperature == (1.9, 400.0)
    assert load_station("versalab").limits.field == 3.0
    assert load_station("dynacool").instrument("cryostat").driver == "multivu"


def test_texts_become_si_numbers_and_the_rest_has_defaults(tmp_path: Path) -> None:
    station = load_station(write(tmp_path, GOOD))
    assert station.limits.current == 0.1
    assert station.limits.temperature_rate == 20 / 60
    assert station.limits.power is None
    assert station.interlocks[0].limit == 0.6
    assert station.visa_library == "@py"
    assert station.line_frequency == 50.0
    assert station.safe_state.source_ramp == 0.1
    assert station.safe_state.field_hold == 7200.0
    assert station.simulation.thermal_emf_drift == 0.0


def test_bare_numbers_are_si(tmp_path: Path) -> None:
    station = load_station(changed(tmp_path, '"100 mA"', "0.05"))
    assert station.limits.current == 0.05


def test_a_station_cannot_be_changed(tmp_path: Path) -> None:
    station = load_station(write(tmp_path, GOOD))
    with pytest.raises(ValueError, match="frozen"):
        station.limits.field = 20.0  # pyright: ignore[reportAttributeAccessIssue] # this is what must fail


def test_the_snapshot_is_json_and_reads_back_as_the_same_station() -> None:
    for name in available_stations():
        station = load_station(name)
        snapshot = json.loads(json.dumps(station.snapshot()))
        assert snapshot["schema"] == 1
        assert Station.model_validate(snapshot) == station


def test_open_ends_reach_no_lead(tmp_path: Path) -> None:
    station = load_station(changed(tmp_path, 'high = "I+"', 'high = "open"'))
    assert "cables.source.high" not in station.cables.leads()
    assert station.cables.leads()["cables.source.low"] == "I-"


def test_a_missing_role_names_the_role_who_needs_it_and_what_to_add() -> None:
    with pytest.raises(UsageError) as caught:
        load_station("versalab").instrument("lockin", "harmonic")
    assert str(caught.value) == (
        "station 'versalab' has no lockin, which harmonic needs; add [instruments.lockin] to its file"
    )


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('current = "100 mA"', 'curent = "100 mA"', "unknown key limits.curent; did you mean 'current'? known here: "),
        (
            'driver = "keithley6221"',
            'drivr = "keithley6221"',
            "unknown key instruments.source.drivr; did you mean 'drive",
        ),
        ('name = "mine"', 'name = "mine"\nnmae = 1', "unknown key nmae; did you mean 'name'?"),
        ('name = "mine"', 'title = "x"', "name is missing: what it is called, e.g. name = "),
        ('current = "100 mA"\n', "", 'limits.current is missing: largest current, e.g. current = "100 mA"'),
        ('"9 T"', '"5 parsec"', "limits.field: 5 parsec is not a magnetic field; give e.g. 0.5 T or 5 kOe"),
        ('"9 T"', '"9 V"', "limits.field: 9 V is not a magnetic field"),
        ('"9 T"', "nan", "limits.field: nan is not a magnetic field, because it is not finite"),
        ('"9 T"', "true", "limits.field: True is not a magnetic field"),
        ('"9 T"', '"-9 T"', "limits.field is -9.0, but must be above 0"),
        ('["1.9 K", "400 K"]', '["400 K", "1.9 K"]', "limits.temperature: a range begins with its lowest value"),
        ('["1.9 K", "400 K"]', '["1.9 K", "27 degC"]', r"limits.temperature[2]: 27 degC is in degrees Celsius"),
        ('["1.9 K", "400 K"]', '"300 K"', "limits.temperature is '300 K', but must be a list, [..., ...]"),
        ("[instruments.source]", "[instruments.sorce]", "instruments: 'sorce' is not a role; did you mean 'source'?"),
        ('channel_2_low = "B"', 'channel_2_low = "C"', "channel 2 of a 2182A is referenced to channel 1's low"),
        (', channel_2_low = "B"', "", "cables.voltmeter.channel_2_low is 'open', but channel_1_low is 'B'"),
        ('source = { high = "I+", low = "I-" }', "", "cables.source is missing: instruments.source has to say where"),
        ('high = "I+", low = "I-" }', 'high = "I+" }', "cables.source.low is missing: the lead at low"),
        (
            'action = "pause"',
            'action = "panic"',
            "interlocks[1].action is 'panic', but must be 'warn', 'pause' or 'stop'",
        ),
        ('limit = "60 %"', 'limit = "60 K"', "interlocks[1]: limit: 60 K is not a plain number"),
        (
            'machine = "ppms_9t"',
            'machine = "ppms"',
            "simulation.machine is 'ppms', but must be 'ppms_9t', 'versalab' or",
        ),
        ('[simulation]\nmachine = "ppms_9t"\n', "", "simulation is missing: [simulation], e.g. machine"),
        ('name = "mine"', 'name = "mine"\nline_frequency = "55 Hz"', "line_frequency: power lines have 50 Hz or 60 Hz"),
        ("schema = 1", "schema = 2", "has schema 2, but this labctl reads schema = 1"),
        ("schema = 1", "", "says no schema, but this labctl reads schema = 1"),
        ('driver = "keithley6221"', "driver = 5", "instruments.source.driver is 5, but must be a text in quotes"),
        ("[limits]", "[[limits]]", "limits is [{"),
        ("[limits]", "[[limits]]", "..., but must be a table with keys of its own"),
        ("schema = 1", "schema = true", "has schema True, but this labctl reads schema = 1"),
        ("schema = 1", "schema = 1.0", "has schema 1.0, but this labctl reads schema = 1"),
        ('driver = "keithley6221"', 'driver = ""', "instruments.source.driver is '', but must not be empty"),
        (
            '["1.9 K", "400 K"]',
            '["1.9 K", "4 K", "400 K"]',
            "'400 K'], but must have at most 2 entries",
        ),
        (
            'name = "mine"',
            'name = "mine"\nfield_remanence = "5 T"',
            "field_remanence: 5 T is not a remanence, which is what flux trapped in the magnet adds, at most 0.1 T",
        ),
        (
            'driver = "keithley6221"',
            'driver = "keithley2182a"',
            "instruments: source has the driver 'keithley2182a', which can only be the voltmeter; name the driver of a",
        ),
        (
            '"GPIB0::7::INSTR"',
            '"GPIB0::12::INSTR"',
            "instruments: source and voltmeter are both at 'GPIB0::12::INSTR', but two instruments have two addresses",
        ),
        (
            'high = "I+", low = "I-"',
            'high = "I+", low = "I+"',
            "cables.source: high and low are both at the lead 'I+': a short is no measurement",
        ),
        (
            'channel_1_high = "A"',
            'channel_1_high = "B"',
            "cables.voltmeter: channel_1_high and channel_1_low are both at the lead 'B': a short is no measurement",
        ),
        ('channel_2_high = "D"', 'channel_2_high = "B"', "cables.voltmeter: channel_2_high and channel_2_low are both"),
    ],
)
def test_what_is_wrong_in_a_file_is_said_in_one_sentence(tmp_path: Path, old: str, new: str, words: str) -> None:
    path = changed(tmp_path, old, new)
    sentence = fault(path)
    assert sentence.startswith(f"station file {path}")
    assert words in sentence


@pytest.mark.parametrize(
    "name", ["../../x", "a/b", "a\\\\b", "x" * 300, "x" * 61, ".hidden", "dot.", "two words", "caf\u00e9", ""]
)
def test_a_name_that_cannot_be_part_of_a_folders_name_is_refused(tmp_path: Path, name: str) -> None:
    sentence = fault(changed(tmp_path, 'name = "mine"', f'name = "{name}"'))
    assert "name" in sentence
    assert "at most 60 letters" in sentence or "must not be empty" in sentence
    assert len(sentence) < 400


@pytest.mark.parametrize("name", ["mine", "Wafer-7_b2.1", "7", "_x", "x" * 60])
def test_a_name_that_can_be_part_of_a_folders_name_is_taken(tmp_path: Path, name: str) -> None:
    assert load_station(changed(tmp_path, 'name = "mine"', f'name = "{name}"')).name == name


@pytest.mark.parametrize(
    "resource",
    [
        "banana", "GPIB0::31::INSTR", "GPIB0::x::INSTR", "GPIB0::7::instr", "gpib0::7::INSTR", "127.0.0.1:5025",
        "USB::1::2", "TCPIP::host::port::SOCKET", "TCPIP::host::0::SOCKET", "TCPIP::host::70000::SOCKET",
    ],
)  # fmt: skip
def test_an_address_that_visa_cannot_have_is_refused(tmp_path: Path, resource: str) -> None:
    sentence = fault(changed(tmp_path, "GPIB0::12::INSTR", resource))
    assert f"instruments.source: resource is {resource!r}, which is no VISA resource name; give e.g." in sentence


@pytest.mark.parametrize(
    "resource",
    [
        "GPIB0::0::INSTR", "GPIB::30", "GPIB1::5::1::INSTR", "TCPIP::192.168.0.5::1394::SOCKET",
        "TCPIP0::keithley.local::INSTR", "ASRL/dev/ttyUSB0::INSTR", "ASRL3::INSTR",
        "USB0::0x05E6::0x2182::1234567::INSTR",
    ],
)  # fmt: skip
def test_an_address_of_any_visa_interface_is_taken(tmp_path: Path, resource: str) -> None:
    assert load_station(changed(tmp_path, "GPIB0::12::INSTR", resource)).instrument("source").resource == resource


@pytest.mark.parametrize("resource", ["127.0.0.1", "127.0.0.1:0", "127.0.0.1:99999", "GPIB0::15::INSTR", ":5000"])
def test_multivu_needs_host_and_port(tmp_path: Path, resource: str) -> None:
    text = GOOD + f'[instruments.cryostat]\ndriver = "multivu"\nresource = "{resource}"\n'
    assert f"resource is {resource!r}, but multivu needs host and port" in fault(write(tmp_path, text))


def test_another_packages_driver_has_its_own_roles_and_addresses(tmp_path: Path) -> None:
    text = GOOD.replace("keithley6221", "theirs").replace("GPIB0::12::INSTR", "COM7@9600")
    assert load_station(write(tmp_path, text)).instrument("source").resource == "COM7@9600"


def test_titles_come_without_checking_and_a_broken_file_hides_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert station_titles() == {name: load_station(name).title for name in available_stations()}
    files = {name: tmp_path / f"{name}.toml" for name in ("sound", "broken", "silent", "odd", "gone")}
    files["sound"].write_text('title = "One line"\nnonsense = 1\n', encoding="utf-8")
    files["broken"].write_text("title = ", encoding="utf-8")
    files["silent"].write_text("schema = 1\n", encoding="utf-8")
    files["odd"].write_text("title = 5\n", encoding="utf-8")
    monkeypatch.setattr(paths, "station_files", lambda: files)
    assert station_titles() == {
        "sound": "One line", "broken": "(cannot be read)", "silent": "", "odd": "", "gone": "(cannot be read)",
    }  # fmt: skip


def test_several_faults_are_all_named(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD.replace('"9 T"', '"9 V"').replace('"21 V"', '"21 A"').replace("power", "pover"))
    assert all(words in fault(path) for words in ("21 A is not a voltage", "; also, limits.field: 9 V"))
    many = re.sub(r'(= )"[^"]*"', r"\1[1]", GOOD)
    assert re.search(r"\(and \d+ more\)$", fault(write(tmp_path, many)))


@pytest.mark.parametrize("value", ['"yes"', "1", '"true"'])
def test_a_switch_is_true_or_false(tmp_path: Path, value: str) -> None:
    path = changed(tmp_path, "[limits]", f"meter_link = {{ serial = true, trigger = {value} }}\n[limits]")
    assert "cables.meter_link.trigger is" in fault(path)
    assert fault(path).endswith("but must be true or false")


def test_whether_the_file_says_something_of_a_link(tmp_path: Path) -> None:
    assert not load_station(write(tmp_path, GOOD)).cables.says("serial")
    cables = load_station(changed(tmp_path, "[limits]", "meter_link = { serial = false }\n[limits]")).cables
    assert cables.says("serial")
    assert not cables.says("trigger")


def test_the_voltmeter_may_leave_channel_2_free(tmp_path: Path) -> None:
    station = load_station(changed(tmp_path, ', channel_2_high = "D", channel_2_low = "B"', ""))
    assert station.cables.voltmeter is not None
    assert station.cables.voltmeter.channel_2_high == "open"


def test_channels_of_another_voltmeter_need_not_share_their_low(tmp_path: Path) -> None:
    text = GOOD.replace("keithley2182a", "their_meter").replace('channel_2_low = "B"', 'channel_2_low = "C"')
    station = load_station(write(tmp_path, text))
    assert station.cables.leads()["cables.voltmeter.channel_2_low"] == "C"


def test_malformed_toml_names_the_line(tmp_path: Path) -> None:
    path = write(tmp_path, 'schema = 1\nname = "mine\n')
    assert re.fullmatch(rf"station file {re.escape(str(path))} is not TOML: .*line 2.*", fault(path))


def test_a_file_that_is_not_utf8_names_the_line(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_bytes(b'schema = 1\ntitle = "30 \xb5A"\n')
    assert f"{path} is not UTF-8 text (line 2); save it as UTF-8" in fault(path)


def test_the_mark_that_windows_editors_write_first_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(GOOD, encoding="utf-8-sig")
    assert load_station(path).name == "mine"


def test_files_that_are_not_there(tmp_path: Path) -> None:
    assert fault(tmp_path / "no.toml") == f"station file {tmp_path / 'no.toml'} does not exist; check its path"
    assert "does not exist" in fault("no.toml")
    assert "cannot be read" in fault(tmp_path)


def test_an_unknown_name_gets_the_nearest_one() -> None:
    with pytest.raises(UnknownName, match="there is no station file 'pmps'; did you mean 'ppms'"):
        load_station("pmps")
    with pytest.raises(UnknownName, match="there are dynacool, ppms, versalab"):
        load_station("")


def test_loading_a_station_imports_no_driver() -> None:
    code = (
        "import sys; from labctl.station import load_station; load_station('ppms');"
        "assert not [m for m in sys.modules if 'keithley' in m or m.split('.')[0] in ('pymeasure', 'pyvisa')]"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
