"""Line hum, offset and noise without current, of leads that pick something up or hang open."""

from __future__ import annotations

import math
import re
from pathlib import Path

import pytest

from instruments.errors import InstrumentError
from instruments.units import parse
from labctl.checkup.finding import Finding
from labctl.checkup.meter import meter_settings
from labctl.sample import load_sample
from simulators.cables import Lead
from simulators.lab import Lab
from tests.clinic import Clinic, Visit, meter_of, smu_of, source_of, station_like, tell

MACHINE = 'machine = "ppms_9t"'


@pytest.fixture
def clinic(monkeypatch: pytest.MonkeyPatch) -> Clinic:
    return Clinic(monkeypatch)


def humming(lab: Lab) -> None:
    meter_of(lab).input.hum = 2e-6


def volts_of_hum(what: str) -> float:
    found = re.search(r"about ([\d.]+ \w+) rms of line hum", what)
    assert found is not None, what
    return parse(found[1], "V")


def test_quiet_leads(clinic: Clinic) -> None:
    seen = clinic()
    assert seen.bad() == {}
    assert seen.of("line hum 1").what.endswith("no hum")
    assert seen.of("line hum 2").what.endswith("no hum")
    assert [finding.what.split()[0] for finding in seen.about("channel 1")] == ["offset", "noise"]


@pytest.mark.parametrize("hum", [0.5e-6, 5e-6, 200e-6, 30e-3])
def test_hum_is_found_and_its_size_told(clinic: Clinic, hum: float) -> None:
    """The mean of a sine over a tenth of its period has sin(0.1 pi)/(0.1 pi) = 0.984 of its amplitude."""

    def pick_up(lab: Lab) -> None:
        meter_of(lab).input.hum = hum

    found = clinic(pick_up).of("line hum 1")
    assert found.state == "warning"
    assert "one earth only" in found.do
    assert volts_of_hum(found.what) == pytest.approx(0.984 * hum, rel=0.25)  # 50 readings, with the autozero's phase


def test_two_earths_hum_and_lifting_one_ends_it(clinic: Clinic, tmp_path: Path) -> None:
    station = station_like("ppms", (MACHINE, f'{MACHINE}\nearth_loop_hum = "3 uV"'), folder=tmp_path)
    assert clinic(station=station).of("line hum 1").state == "ok"
    seen = clinic(tell("source", ":OUTP:LTE 1"), station=station)
    assert seen.of("shield and earth").state == "warning"
    assert "two make a loop" in seen.of("shield and earth").do
    assert seen.of("line hum 1").state == "warning"
    assert seen.of("line hum 1").do.startswith("take the source's low off earth (:OUTP:LTE 0")


def test_leads_without_a_shield_hum_and_the_shield_at_low_ends_it(clinic: Clinic, tmp_path: Path) -> None:
    station = station_like("ppms", (MACHINE, f'{MACHINE}\nunshielded_hum = "3 uV"'), folder=tmp_path)
    assert clinic(station=station).of("line hum 1").state == "ok"
    seen = clinic(tell("source", ":OUTP:ISH GUAR"), station=station)
    assert seen.of("line hum 1").state == "warning"
    assert seen.of("line hum 1").do.startswith("put the inner shield at output low (:OUTP:ISH OLOW)")


def test_hum_of_the_station_file_does_not_depend_on_earths(clinic: Clinic, tmp_path: Path) -> None:
    station = station_like("ppms", (MACHINE, f'{MACHINE}\nhum = "3 uV"'), folder=tmp_path)
    assert clinic(station=station).of("line hum 2").state == "warning"


def test_the_meter_is_as_before_also_when_the_test_fails(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    odd = tell("voltmeter", ":SENS:VOLT:NPLC 7;:SENS:CHAN 2;:SYST:LSYN 1;:SENS:VOLT:CHAN1:RANG 10;:TRIG:COUN 3")
    headers = [setting.header for setting in meter_settings((1,))]
    looked, tested = clinic(odd, look=True), clinic(odd)
    assert tested.of("line hum 1").state == "ok"
    before = {header: looked.ask("voltmeter", f"{header}?") for header in headers}
    assert {header: tested.ask("voltmeter", f"{header}?") for header in headers} == before
    assert before[":SENS:VOLT:NPLC"] == "7.00"

    def refuse(value: float) -> float:
        raise InstrumentError(f"it refused {value}", -221)

    monkeypatch.setattr("labctl.checkup.hum.float", refuse, raising=False)
    failed = clinic(odd)
    assert failed.of("line hum").state == "warning"
    assert "could not be looked for" in failed.of("line hum").what
    assert {header: failed.ask("voltmeter", f"{header}?") for header in headers} == before


@pytest.mark.parametrize("lead", ["channel_1_high", "channel_1_low"])
def test_an_open_lead(clinic: Clinic, tmp_path: Path, lead: str) -> None:
    """The station file names a lead that goes nowhere in the lab: a broken wire."""

    def cut(lab: Lab) -> None:
        lab.wiring.meter._channels[1] = None

    found = clinic(cut).of("channel 1")
    assert found.state == "fault"
    assert "without current" in found.what
    assert "open" in found.do


def test_a_channel_without_leads_is_not_looked_at(clinic: Clinic, tmp_path: Path) -> None:
    station = station_like(
        "ppms", ('channel_2_high = "D", channel_2_low = "B"', 'channel_2_high = "open", channel_2_low = "open"'),
        folder=tmp_path,
    )  # fmt: skip
    seen = clinic(station=station)
    assert seen.of("line hum 1").state == "ok"
    assert seen.about("line hum 2") == []
    assert seen.of("channel 2").state == "ok"
    assert seen.of("channel 2").what == "not connected by the station file, not tested"


def test_a_first_channel_without_leads_is_a_warning(clinic: Clinic, tmp_path: Path) -> None:
    station = station_like("ppms", ('channel_1_high = "A"', 'channel_1_high = "open"'), folder=tmp_path)
    found = clinic(station=station).of("channel 1")
    assert found.state == "warning"
    assert found.what == "not connected by the station file, not tested"


def test_an_offset_that_no_thermal_voltage_makes(clinic: Clinic, tmp_path: Path) -> None:
    station = station_like("ppms", ('thermal_emf = "0.5 uV"', 'thermal_emf = "500 uV"'), folder=tmp_path)
    found = clinic(station=station).about("channel 1")[0]
    assert found.state == "warning"
    assert "thermal voltages make some microvolts" in found.do


def noise_of(seen: Visit) -> Finding:
    (noise,) = [found for found in seen.about("channel 1") if found.what.startswith("noise")]
    return noise


def test_noise_beyond_what_is_to_be_expected(clinic: Clinic) -> None:
    """A contact of a megaohm, which the sample record knows nothing of."""

    def spoil(lab: Lab) -> None:
        high, low = lab.wiring.meter._channels[1] or (Lead("A", 0.0), Lead("B", 0.0))
        lab.wiring.meter._channels[1] = (Lead(high.pad, 1e6), low)

    noise = noise_of(clinic(spoil, sample="cotb2025"))
    assert noise.state == "warning"
    assert "loose contacts" in noise.do
    assert noise_of(clinic(spoil)).state == "ok"  # nobody has said what hangs there
    assert noise_of(clinic(sample="cotb2025")).state == "ok"


def test_what_is_specified_counts_the_sample_in(clinic: Clinic) -> None:
    """Johnson noise of R at 300 K over 20 ms, with the meter's own 70 nV peak to peak and what it adds for R."""
    noise = noise_of(clinic(sample="cotb2025"))
    resistance = load_sample("cotb2025").two_wire_resistance()
    johnson = math.sqrt(4 * 1.380649e-23 * 300 * resistance / (2 * 0.02))
    wanted = math.hypot(70e-9 / 6, johnson, 0.12e-9 * math.sqrt(resistance / 0.02))
    assert parse(noise.what.split(", ")[1].partition(" to be")[0], "V") == pytest.approx(wanted, rel=0.01)


@pytest.mark.parametrize(
    ("role", "message", "reason"),
    [
        ("source", ":SOUR:CURR 1E-5;:OUTP 1", "the source's output is on with 10 uA"),
        ("smu", ":SOUR:VOLT 0.1;:OUTP 1", "the smu's output is on with 100 mV"),
        ("voltmeter", ":TRAC:FEED SENS;:TRAC:FEED:CONT NEXT", "storing readings for somebody"),
    ],
)
def test_who_measures_is_left_alone(clinic: Clinic, role: str, message: str, reason: str) -> None:
    seen = clinic(tell(role, message))
    assert reason in seen.of("line hum").what
    assert seen.ask("voltmeter", "SENS:VOLT:NPLC?") == "5.00"


def test_an_output_at_zero_does_not_stop_it(clinic: Clinic) -> None:
    seen = clinic(tell("source", ":OUTP 1"), humming)
    assert seen.of("line hum 1").state == "warning"
    assert source_of(seen.lab).settings["OUTPut[:STATe]"] is True
    assert smu_of(seen.lab).settings is not None
