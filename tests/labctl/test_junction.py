"""Junction records: what follows from the breakdown voltage, and that the guard holds every instrument to it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import pyvisa

from instruments.clock import VirtualClock
from instruments.errors import BadValue, LimitExceeded, UsageError
from labctl import limits
from labctl.beforehand import check_request
from labctl.protection import guarded
from labctl.request import Request
from labctl.sample import SampleRecord, connections, load_sample
from labctl.simulation import build_lab
from labctl.simulation import check as check_simulation
from labctl.station import load_station
from procedures.ahe import AnomalousHallLoop
from procedures.ahe_temperature import AnomalousHallTemperature
from tests.samples import JUNCTION, junction, text_of


@pytest.fixture
def device(tmp_path: Path) -> SampleRecord:
    return junction(tmp_path)


def changed(tmp_path: Path, old: str, new: str) -> SampleRecord:
    text = text_of("junction", JUNCTION)
    assert old in text
    return junction(tmp_path, text.replace(old, new, 1))


# ---- the record


def test_what_follows_from_the_breakdown_voltage(device: SampleRecord) -> None:
    assert device.limits.voltage == 1.5
    assert device.limits.bias == pytest.approx(0.6)
    assert device.read_current_limit() == pytest.approx(0.6 / 154e3)
    assert device.pulse_current_limit() is None
    assert device.cross_section() == pytest.approx(3.14159e-12, rel=1e-5)
    assert device.probe_current() == pytest.approx(1e-3 / 154e3)
    assert device.probe_compliance(device.probe_current()) == 0.1
    assert device.probe_compliance(3e-6) == pytest.approx(1.5 * 3e-6 * 154e3)
    assert device.voltmeter_range(device.probe_current()) == 0.01
    assert device.voltmeter_range(1e-6) == 1.0
    assert set(device.model_geometry()) == {"area", "barrier_thickness"}


def test_the_high_state_is_held_to_the_limits_too(tmp_path: Path) -> None:
    record = changed(tmp_path, '# junction_high = "194 kohm"', 'junction_high = "400 kohm"')
    assert record.read_current_limit() == pytest.approx(0.6 / 400e3)
    assert record.probe_compliance(1e-6) == pytest.approx(1.5 * 1e-6 * 400e3)


def test_resistance_times_area_stands_for_the_resistance(tmp_path: Path) -> None:
    record = changed(tmp_path, 'junction = "154 kohm"', 'resistance_area = "500000 ohm um^2"')
    assert record.sample_resistance() == pytest.approx(5e5 / 3.14159, rel=1e-5)


def test_a_rectangle(tmp_path: Path) -> None:
    record = changed(tmp_path, 'diameter = "2 um"', 'width = "56 um"\nlength = "10 um"')
    assert record.cross_section() == pytest.approx(560e-12)


def test_an_oval(tmp_path: Path) -> None:
    record = changed(tmp_path, 'diameter = "2 um"', 'diameter = "1 um"\nshort_diameter = "0.7 um"')
    assert record.cross_section() == pytest.approx(0.5498e-12, rel=1e-4)
    with pytest.raises(UsageError, match="short_diameter is above diameter; exchange them"):
        changed(tmp_path, 'diameter = "2 um"', 'diameter = "0.7 um"\nshort_diameter = "1 um"')
    with pytest.raises(UsageError, match="short_diameter is of an oval junction; give the longer one, too"):
        changed(tmp_path, 'diameter = "2 um"', 'width = "1 um"\nlength = "1 um"\nshort_diameter = "0.7 um"')


def test_the_snapshot_reads_back_as_the_same_record(device: SampleRecord) -> None:
    assert SampleRecord.model_validate(json.loads(json.dumps(device.snapshot()))) == device


def test_a_lower_voltage_than_half_the_breakdown_holds(tmp_path: Path) -> None:
    record = changed(tmp_path, "# bias =", 'voltage = "0.4 V"\n# bias =')
    assert (record.limits.voltage, record.limits.bias) == (0.4, 0.4)
    assert limits.of(load_station("ppms"), record).voltage.owner == "sample 'mine'"


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("# bias =", 'voltage = "2 V"\n# bias =', "limits: voltage is 2 V, above half of breakdown_voltage, 1.5 V"),
        ("# bias =", 'voltage = "1 V"\nbias = "1.2 V"\n# bias =', "limits: bias is 1.2 V, above voltage, 1 V"),
        ("# bias =", 'current = "10 uA"\n#', "limits.current is 10 uA, which makes 1.54 V across 154 kohm, above"),
        ('breakdown_voltage = "3 V"', "", "limits.breakdown_voltage is missing: at which such a barrier breaks"),
        ('junction = "154 kohm"', "", "resistances.junction is missing: across the junction"),
        ('junction = "154 kohm"', 'junction = "1 ohm"\nlongitudinal = "1 ohm"', "resistances.longitudinal does not go"),
        ('diameter = "2 um"', "", "geometry: a junction is round or rectangular; give diameter"),
        ('diameter = "2 um"', 'diameter = "2 um"\nwidth = "1 um"', "geometry: a junction is round or rectangular"),
        ('diameter = "2 um"', 'diametre = "2 um"', "unknown key geometry.diametre; did you mean 'diameter'?"),
        ('barrier_thickness = "3 nm"', 'barrier_thickness = "3 um"', "geometry.barrier_thickness is 3e-06, but must"),
        ('kind = "junction"', 'kind = "disc"', "geometry.kind is 'disc', but must be 'hall_bar' or 'junction'"),
        ('kind = "junction"', "", "geometry.kind is missing: shape of the sample"),
        ("# junction_high", 'junction_high = "1 kohm" #', "resistances: junction_high is 1000 ohm, below junction"),
        ("# two_wire", 'two_wire = "1 kohm" #', "resistances.two_wire is 1000 ohm, below the junction's own"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_in_one_sentence(tmp_path: Path, old: str, new: str, words: str) -> None:
    with pytest.raises(UsageError) as caught:
        changed(tmp_path, old, new)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_each_pad_is_on_an_electrode(device: SampleRecord, tmp_path: Path) -> None:
    assert {name: pad.electrode for name, pad in device.pads.items()} == {
        "top_1": "top", "top_2": "top", "bottom_1": "bottom", "bottom_2": "bottom",
    }  # fmt: skip
    older = text_of("junction", JUNCTION).replace(', electrode = "top"', "").replace(', electrode = "bottom"', "")
    assert junction(tmp_path, older).pads["top_1"].electrode is None  # runs as before; only contact-check asks for it
    with pytest.raises(UsageError, match=r'pads\.top_1\.electrode is "top" as of every other pad.*"bottom" of those'):
        junction(tmp_path, text_of("junction", JUNCTION).replace('electrode = "bottom"', 'electrode = "top"'))
    with pytest.raises(UsageError, match=r"pads\.top_2\.electrode is 'upper', but must be 'top' or 'bottom'"):
        changed(tmp_path, 'voltage", electrode = "top"', 'voltage", electrode = "upper"')
    bar = load_sample("cotb2025").snapshot()
    bar["pads"]["A"]["electrode"] = "top"
    with pytest.raises(ValueError, match=r"pads\.A\.electrode does not go with a Hall bar"):
        SampleRecord.model_validate(bar)


def test_keys_of_a_junction_do_not_go_with_a_hall_bar(tmp_path: Path) -> None:
    text = load_sample("cotb2025").snapshot()
    text["resistances"]["junction"] = 5.0
    with pytest.raises(ValueError, match=r"resistances\.junction does not go with a Hall bar"):
        SampleRecord.model_validate(text)


# ---- what is refused


def refused(request: Request) -> str:
    with pytest.raises(UsageError) as caught:
        check_request(request)
    return str(caught.value)


def test_a_hall_bar_procedure_refuses_it(device: SampleRecord) -> None:
    for name, procedure in (("ahe", AnomalousHallLoop()), ("ahe-temperature", AnomalousHallTemperature())):
        sentence = refused(Request(name, procedure, load_station("ppms"), device, simulate=False))
        assert sentence.startswith(f"{name} measures a Hall bar, but sample 'mine' (")
        assert ") is a junction; name another sample" in sentence


def test_it_cannot_be_simulated_and_is_told_what_to_do(device: SampleRecord) -> None:
    with pytest.raises(UsageError, match=r"copy the \[model\] of the shipped record .fimtj2026. into its file"):
        check_simulation(load_station("ppms"), device)


def test_the_shipped_stations_reach_its_leads(device: SampleRecord) -> None:
    for name in ("ppms", "versalab", "dynacool"):
        reached = connections(load_station(name), device)
        assert reached["cables.source.high"] == "top_1"
        assert reached["cables.voltmeter.channel_1_low"] == "bottom_2"


SOURCE, SMU = "GPIB0::12::INSTR", "GPIB0::24::INSTR"


class Wire:
    """An instrument behind the guard of a junction, and the bytes that reached it."""

    def __init__(
        self, monkeypatch: pytest.MonkeyPatch, device: SampleRecord, resource: str, **overrides: float
    ) -> None:
        station = load_station("ppms")
        lab = build_lab(station, load_sample("cotb2025"), VirtualClock(), seed=1, sample_seed=0)
        self.sent: list[bytes] = []
        role = "source" if resource == SOURCE else "smu"
        kind: Any = type(lab.devices[role])
        write = kind.write

        def note(instrument: Any, data: bytes) -> None:
            self.sent.append(data)
            write(instrument, data)

        monkeypatch.setattr(kind, "write", note)
        resources = {role: instrument.resource for role, instrument in station.instruments.items()}
        library: Any = guarded(lab.visa, station, device, overrides, resources)
        manager = pyvisa.ResourceManager(library)
        self.instrument: Any = manager.open_resource(resource, read_termination="\n", write_termination="\n")
        self.sent.clear()

    def refuses(self, message: str) -> str:
        with pytest.raises(LimitExceeded) as caught:
            self.instrument.write(message)
        assert self.sent == []
        assert caught.value.exit_code == 4
        return str(caught.value)

    def takes(self, message: str) -> None:
        self.instrument.write(message)
        assert b"".join(self.sent).startswith(message.encode())
        self.sent.clear()


def test_the_6221_is_refused_100_ua_and_10_v_of_compliance(
    monkeypatch: pytest.MonkeyPatch, device: SampleRecord
) -> None:
    wire = Wire(monkeypatch, device, SOURCE)
    sentence = wire.refuses("SOUR:CURR 100e-6")
    assert "the current would be 100 uA" in sentence
    assert "above the limit of sample 'mine' (which makes 600 mV across 154 kohm), 3.896 uA; nothing was s" in sentence
    sentence = wire.refuses("SOUR:CURR:COMP 10")
    assert "the compliance would be 10 V" in sentence
    assert "above the limit of sample 'mine' (half its breakdown voltage of 3 V), 1.5 V; nothing was sent" in sentence
    wire.takes("SOUR:CURR:COMP 1.5")
    wire.takes("SOUR:CURR 1e-6")


@pytest.mark.parametrize(
    "message", ["SOUR:VOLT 1", "SOUR:VOLT:LEV:IMM:AMPL -1", "SOUR:VOLT:STOP 1", "*RST;:SOUR:VOLT 1"]
)
def test_the_2400_is_refused_a_bias_of_1_v(monkeypatch: pytest.MonkeyPatch, device: SampleRecord, message: str) -> None:
    sentence = Wire(monkeypatch, device, SMU).refuses(message)
    assert "the voltage of the source would be 1 V" in sentence
    assert "above the limit of sample 'mine' (its largest bias, where it breaks at 3 V), 600 mV; nothing" in sentence


def test_the_2400_is_refused_compliances_and_currents(monkeypatch: pytest.MonkeyPatch, device: SampleRecord) -> None:
    wire = Wire(monkeypatch, device, SMU)
    assert "the compliance would be 10 V" in wire.refuses("SENS:VOLT:PROT 10")
    assert "the compliance would be 100 uA" in wire.refuses("SENS:CURR:PROT 1e-4")
    assert "the current of the source would be 100 uA" in wire.refuses("SOUR:CURR 1e-4")
    wire.takes("SENS:VOLT:PROT 1.2")  # a compliance may be more than what may be set
    wire.takes("SOUR:VOLT 0.5")


def test_a_source_of_voltage_may_have_ten_times_the_current_as_compliance(
    monkeypatch: pytest.MonkeyPatch, device: SampleRecord
) -> None:
    """The bias holds the voltage, at which a barrier takes more than a resistor; a current that is set stays held."""
    wire = Wire(monkeypatch, device, SMU)
    assert device.limits.current is not None
    wire.takes(f"SENS:CURR:PROT {9.9 * device.limits.current:.3e}")
    sentence = wire.refuses(f"SENS:CURR:PROT {10.1 * device.limits.current:.3e}")
    assert "10 times that for a source of voltage" in sentence
    assert "the current of the source would be" in wire.refuses(f"SOUR:CURR {1.1 * device.limits.current:.3e}")
    eased = Wire(monkeypatch, device, SMU, current=1.2 * device.limits.current)
    eased.refuses(f"SENS:CURR:PROT {1.3 * device.limits.current:.3e}")  # an override says how much, and no more


def test_an_output_goes_on_within_the_limits_only(monkeypatch: pytest.MonkeyPatch, device: SampleRecord) -> None:
    wire = Wire(monkeypatch, device, SMU)
    for message in ("*RST", "SOUR:FUNC VOLT", "SOUR:VOLT:MODE FIX", "SOUR:VOLT 0.1", "SENS:CURR:PROT 2e-6"):
        wire.takes(message)
    wire.takes("OUTP ON")
    wire.refuses("SOUR:VOLT 1")


def test_an_override_lifts_one_of_them(monkeypatch: pytest.MonkeyPatch, device: SampleRecord) -> None:
    given = limits.parse_overrides(["bias=1.2 V"])
    wire = Wire(monkeypatch, device, SMU, **given)
    wire.takes("SOUR:VOLT 1")
    assert "the override of bias" in wire.refuses("SOUR:VOLT 1.4")
    assert limits.described(load_station("ppms"), device, given)["bias"]["in_place_of"] == [
        "600 mV of sample 'mine' (its largest bias, where it breaks at 3 V)"
    ]


def test_a_procedures_demands_are_held_to_the_bias(device: SampleRecord) -> None:
    station = load_station("ppms")
    limits.check({"bias": 0.6, "voltage": 1.5, "current": 3e-6}, station, device)
    for demands, words in (
        ({"bias": 1.0}, "the voltage would be 1 V"),
        ({"voltage": 10.0}, "the compliance would be 10 V"),
        ({"current": 100e-6}, "the probe current would be 100 uA"),
    ):
        with pytest.raises(LimitExceeded, match=words):
            limits.check(demands, station, device)
    with pytest.raises(BadValue):
        limits.check({"bias": float("nan")}, station, device)


def test_a_hall_bar_has_no_bias_limit_unless_it_says_so() -> None:
    held = limits.of(load_station("ppms"), load_sample("cotb2025"))
    assert held.bias is None
    assert held.set_voltage == held.voltage
