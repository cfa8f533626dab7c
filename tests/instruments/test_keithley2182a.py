from __future__ import annotations

import math
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from instruments.clock import VirtualClock
from instruments.errors import BadValue, GarbledReply, InstrumentError, InstrumentFault, LimitExceeded
from instruments.keithley2182a import READING, Keithley2182A
from tests.instruments.dialogues import DONE, NO_ERROR, Bench, Wire, dialogue
from tests.instruments.rows import IDN_2182A


def test_a_finite_trigger_count():
    with dialogue(Keithley2182A, (":TRIG:COUN?", "3")) as meter:
        assert meter.trigger_count == 3


@given(st.floats(0.01, 60.0))
@settings(deadline=None, max_examples=100)
def test_any_aperture_arrives_as_the_same_double(cycles: float):
    wire = Wire()
    Keithley2182A(wire, VirtualClock()).voltage_nplc = cycles
    text = wire.sent[0].split()[1].removesuffix(";*ESR?;:SYST:ERR?")
    assert float(text).hex() == cycles.hex()


@given(st.floats(-120, 120))
@settings(deadline=None, max_examples=200)
def test_every_reading_of_the_manuals_form_is_understood(voltage: float):
    mantissa, exponent = f"{voltage:+.8E}".split("E")
    text = f"{mantissa}E{int(exponent):+03d}"
    if abs(int(exponent)) < 100:
        assert READING.matches(text)
        assert READING.read(text) == float(text)


@pytest.mark.parametrize("text", ["+9.9E37", "-9.9E37", "+9.9E+37"])
def test_an_overflow_is_not_a_number(text: str):
    with dialogue(Keithley2182A, (":READ?;*ESR?", f"{text};0")) as meter:
        assert math.isnan(meter.voltage)


@pytest.mark.parametrize(
    "text",
    ["+1.23456789E-3", "+1.2345678E-03", "1.23456789E-03", "+1.23456789E-03VDC", "+1.23456789E-03,+1.2E-03",
     "+9.9E3", "nan"],
)  # fmt: skip
def test_a_reading_of_another_form_is_refused(text: str):
    said = (":READ?;*ESR?", f"{text};0")
    with dialogue(Keithley2182A, said) as meter, pytest.raises(GarbledReply, match="one reading"):
        _ = meter.voltage


def test_acquiring_an_offset():
    for index in (1, 2):
        with dialogue(Keithley2182A, (f":SENS:VOLT:CHAN{index}:REF:ACQ;*ESR?;:SYST:ERR?", DONE)) as meter:
            (meter.ch_1 if index == 1 else meter.ch_2).acquire_voltage_reference()


ONE_SHOT = (
    (":SYST:LFR?", "50"),
    (":INIT:CONT 0;:ABOR;*ESR?;:SYST:ERR?", DONE),
    (":SENS:FUNC 'VOLT:DC';:SENS:CHAN 1;:SENS:VOLT:RAT 0;:SENS:VOLT:DELT 0;:SENS:HOLD:STAT 0;*ESR?;:SYST:ERR?", DONE),
    (":SENS:VOLT:NPLC 1.0;:SENS:VOLT:CHAN1:RANG 0.01;*ESR?;:SYST:ERR?", DONE),
    (":SENS:VOLT:CHAN1:DFIL 0;:SENS:VOLT:CHAN1:LPAS 0;:SENS:VOLT:CHAN1:REF:STAT 0;*ESR?;:SYST:ERR?", DONE),
    (":SYST:FAZ 1;:SYST:AZER 1;:CALC:STAT 0;:FORM ASC;:FORM:ELEM READ;*ESR?;:SYST:ERR?", DONE),
    (":TRIG:SOUR IMM;:TRIG:COUN 1;:TRIG:DEL 0.0;:SAMP:COUN 1;*ESR?;:SYST:ERR?", DONE),
)


def test_one_shot_sends_what_a_fresh_conversion_needs_and_no_measure():
    with dialogue(Keithley2182A, *ONE_SHOT) as meter:
        meter.configure_one_shot(channel=1, nplc=1, voltage_range=0.01)
    assert not any("MEAS" in message for message, _ in ONE_SHOT)


@pytest.mark.parametrize(("arguments", "error"), [
    ({"channel": 3}, LimitExceeded), ({"nplc": 0}, LimitExceeded), ({"nplc": math.nan}, BadValue),
    ({"voltage_range": 121}, LimitExceeded), ({"channel": 2, "voltage_range": 13}, LimitExceeded),
    ({"delay": -1}, LimitExceeded), ({"analog_filter": "on"}, BadValue),
])  # fmt: skip
def test_a_senseless_one_shot_sends_nothing(arguments: dict[str, Any], error: type[Exception]):
    with dialogue(Keithley2182A) as meter, pytest.raises(error, match="nothing was sent"):
        meter.configure_one_shot(**arguments)


def test_one_shot_names_what_the_meter_refused():
    refused = [*ONE_SHOT[:3], (ONE_SHOT[3][0], '0;-222,"Parameter data out of range"'), (":SYST:ERR?", NO_ERROR)]
    with dialogue(Keithley2182A, *refused) as meter, pytest.raises(InstrumentError, match="NPLC"):
        meter.configure_one_shot(channel=1, nplc=1, voltage_range=0.01)


class Slow(Wire):
    """A meter whose conversions take time on a clock."""

    def __init__(self, clock: VirtualClock, duration: float) -> None:
        super().__init__()
        self.clock = clock
        self.duration = duration
        self.replies = {
            ":READ?;*ESR?": "+1.00000000E-06;0", ":READ?;*ESR?;*ESE?": "+1.00000000E-06;0;0",
            ":SYST:LFR?": "50", ":TRIG:DEL?": "0.005", ":SENS:VOLT:NPLC?": "5.00",
            "*IDN?": IDN_2182A,
        }  # fmt: skip

    def _read(self, **kwargs: Any) -> str:
        if self.sent[-1].startswith(":READ?;*ESR?"):
            self.clock.sleep(self.duration)
        return self.replies.get(self.sent[-1], DONE)


def test_a_reading_knows_when_its_aperture_was():
    clock = VirtualClock()
    clock.sleep(7.0)
    meter = Keithley2182A(Slow(clock, 0.21), clock)
    meter.configure_one_shot(nplc=5, delay=0.002)
    reading = meter.reading()
    assert (reading.voltage, reading.overflow) == (1e-6, False)
    assert reading.start == 7.002
    assert reading.end == pytest.approx(7.002 + 5 / 50, abs=1e-12)
    assert clock.now() == pytest.approx(7.21, abs=1e-12)


def test_the_aperture_is_asked_for_once_and_again_after_a_change():
    clock = VirtualClock()
    wire = Slow(clock, 0.21)
    meter = Keithley2182A(wire, clock)
    readings = [meter.reading() for _ in range(3)]
    asked = [":READ?;*ESR?", ":READ?;*ESR?;*ESE?", ":READ?;*ESR?"]
    assert wire.sent == [":TRIG:DEL?", ":SENS:VOLT:NPLC?", ":SYST:LFR?", *asked]
    assert [reading.end - reading.start for reading in readings] == pytest.approx([0.1] * 3)
    meter.voltage_nplc = 1
    wire.replies[":SENS:VOLT:NPLC?"] = "1.00"
    reading = meter.reading()
    assert reading.end - reading.start == pytest.approx(0.02)
    for message in ("*RST", ":sense:voltage:aperture 1", ":TRIGger:DELay 1", ":CONF:VOLT", ":SYST:PRES", "*RCL 0"):
        meter.reading()
        wire.sent.clear()
        meter.write(message)
        meter.reading()
        assert ":SENS:VOLT:NPLC?" in wire.sent
    wire.sent.clear()
    meter.command(":SENS:VOLT:CHAN1:RANG 0.01")
    meter.reading()
    assert ":SENS:VOLT:NPLC?" not in wire.sent


def test_an_overflow_reading_has_no_voltage():
    clock = VirtualClock()
    wire = Slow(clock, 0.21)
    wire.replies[":READ?;*ESR?"] = "+9.9E37;0"
    reading = Keithley2182A(wire, clock).reading()
    assert reading.overflow
    assert math.isnan(reading.voltage)


def test_a_reply_that_comes_before_the_conversion_can_end_is_an_old_one():
    clock = VirtualClock()
    meter = Keithley2182A(Slow(clock, 0.01), clock)
    with pytest.raises(GarbledReply, match=re.escape("a conversion that takes 0.105 s; this came after 0.01 s")):
        meter.reading()


def test_a_reading_longer_than_the_time_out_is_refused_before_anything_is_set():
    bench = Bench(Keithley2182A, {":SYST:LFR?": "50\n"})
    with pytest.raises(LimitExceeded, match="longer than the time-out of 10 s"):
        bench.driver.configure_one_shot(delay=20.0)
    assert bench.device.heard == [":SYST:LFR?"]


def test_shutdown_stops_measuring():
    with dialogue(Keithley2182A, (":INIT:CONT 0;:ABOR;*ESR?;:SYST:ERR?", DONE)) as meter:
        meter.shutdown()


def test_a_2182_without_a_is_not_a_2182a():
    bench = Bench(Keithley2182A, {"*IDN?": "KEITHLEY INSTRUMENTS INC.,MODEL 2182,0593244,A08  /A02\n"})
    with pytest.raises(InstrumentFault, match="MODEL 2182,0593244"):
        bench.driver.check_identity()
