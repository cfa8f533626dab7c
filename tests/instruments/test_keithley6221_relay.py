from __future__ import annotations

from typing import Any

import pytest

from instruments.clock import VirtualClock
from instruments.errors import BadValue, GarbledReply, InstrumentError, InstrumentFault, LimitExceeded, NoReply
from instruments.forms import NUMBER
from instruments.keithley6221 import Keithley6221
from instruments.keithley6221_relay import MeterSettings
from simulators.timeline import Timeline
from simulators.visa import SimulatedVisaLibrary
from tests.instruments.dialogues import DONE, NO_ERROR, Instrument488, dialogue
from tests.instruments.paired import Bench

NO_ERRORS = f"{NO_ERROR}\n"
GPIB, SOCKET = "GPIB0::12::INSTR", "TCPIP0::10.0.0.2::1394::SOCKET"
IDN = "KEITHLEY INSTRUMENTS INC.,MODEL 6221,4559777,D04  /700x "
METER = "KEITHLEY INSTRUMENTS INC.,MODEL 2182A,1340129,C02  /A02"


def send(text: str) -> str:
    return f':SYST:COMM:SER:SEND "{text}";*ESR?;:SYST:ERR?'


ENTER = ":SYST:COMM:SER:ENT?"


class Relay:
    """A 6221 with a meter that answers what a test wants, at either kind of interface."""

    def __init__(self, resource: str, question: str, *answers: bytes, **others: Any) -> None:
        self.clock = VirtualClock()
        timeline = Timeline(self.clock)
        table = {
            "*IDN?": f"{IDN}\n",
            send(question): f"{DONE}\n",
            ENTER: list(answers),
            ":SYST:ERR?": NO_ERRORS,
            **others,
        }
        self.device = Streamed(timeline, table) if resource == SOCKET else Instrument488(timeline, table)
        library = SimulatedVisaLibrary(timeline, {resource: self.device})
        self.source: Any = Keithley6221(resource, clock=self.clock, visa_library=library)


class Streamed(Instrument488):
    """On a socket nothing is forgotten when another message comes."""

    def write(self, data: bytes) -> None:
        before = self._output
        super().write(data)
        self._output = [*before, *self._output]


@pytest.mark.parametrize("resource", [GPIB, SOCKET])
@pytest.mark.parametrize(
    "said",
    [(b"+1.25\n\n",), (b"+1.25\r\n\n",), (b"\n", b"+1.25\n\n"), (b"+1.\n", b"25\n\n"), (b"+1.25\n", b"\n"),
     (b"\n", b"\n", b"+\n", b"1.25\n\n")],
)  # fmt: skip
def test_an_answer_of_the_meter_with_its_own_terminator(resource: str, said: tuple[bytes, ...]):
    relay = Relay(resource, ":SENS:VOLT:NPLC?", *said)
    assert relay.source.relay_query(":SENS:VOLT:NPLC?", NUMBER) == 1.25
    assert relay.source.identity.serial == "4559777"  # no stray line passes for the next reply


@pytest.mark.parametrize("resource", [GPIB, SOCKET])
@pytest.mark.parametrize("said", [b"+1.2x5\n\n", b"1.25,\n\n", b"1.25 1.25\n\n", b"+1.25\n+1.25\n\n", b"1.25E-\n\n"])
def test_a_damaged_answer(resource: str, said: bytes):
    relay = Relay(resource, "*A?", said, b"\n", b"+2.5\n\n")
    with pytest.raises(GarbledReply, match=r"'\*A\?', came .* expected"):
        relay.source.relay_query("*A?", NUMBER)
    assert relay.source.relay_query("*A?", NUMBER) == 2.5


@pytest.mark.parametrize("resource", [GPIB, SOCKET])
def test_a_meter_that_does_not_answer(resource: str):
    relay = Relay(resource, "*A?", *[b"\n"] * 1000)
    with pytest.raises(NoReply, match=r"RS-232, 19\.2 kbaud"):
        relay.source.relay_query("*A?", NUMBER)
    assert Keithley6221.RELAY_TIME <= relay.clock.now() < Keithley6221.RELAY_TIME + 1.0


def test_an_answer_that_comes_too_late_is_not_taken_for_the_next_one():
    relay = Relay(GPIB, "*A?", *[b"\n"] * 51, b"+1.0\n\n", b"\n", b"+2.0\n\n")
    with pytest.raises(NoReply):
        relay.source.relay_query("*A?", NUMBER)
    assert relay.source.relay_query("*A?", NUMBER) == 2.0


def test_a_meter_that_never_stops_talking():
    relay = Relay(GPIB, "*A?", *[b"1\n2\n\n"] * 100)
    with pytest.raises(GarbledReply, match="one line"):
        relay.source.relay_query("*A?", NUMBER)
    with pytest.raises(GarbledReply, match="does not stop talking"):
        relay.source.relay_query("*A?", NUMBER)


def test_a_source_that_says_lines_without_end():
    relay = Relay(SOCKET, "*A?", b"1\n" * 50)
    with pytest.raises(GarbledReply, match="expected an error number"):
        relay.source.relay_read()


def test_an_error_behind_an_answer_raises():
    relay = Relay(GPIB, "*A?", b"1\n\n", **{":SYST:ERR?": [b'-221,"Settings conflict"\n', NO_ERRORS.encode()]})
    with pytest.raises(InstrumentError, match="-221"):
        relay.source.relay_read()


@pytest.mark.parametrize(
    ("text", "spelled"),
    [(":SENS:FUNC 'VOLT'", ":SENS:FUNC 'VOLT'"), ('SENS:FUNC "VOLT"', 'SENS:FUNC ""VOLT""'), ("*RST", "*RST")],
)
def test_words_are_passed_on(text: str, spelled: str):
    with dialogue(Keithley6221, (send(spelled), DONE)) as source:
        source.relay_write(text)


@pytest.mark.parametrize("text", ["", "*RST\n*RST", "grün", "\x02D", "a\r"])
def test_what_is_no_line_of_text_is_not_passed_on(text: str):
    with dialogue(Keithley6221) as source, pytest.raises(BadValue, match="one line of printable ASCII"):
        source.relay_write(text)


@pytest.mark.parametrize(("mode", "reply", "found"), [("DELT", "1", True), ("PDEL", "0", False), ("DCON", "1", True)])
def test_whether_a_meter_is_there(mode: str, reply: str, found: bool):
    with dialogue(Keithley6221, (f":SOUR:{mode}:NVPR?", reply)) as source:
        assert source.meter_present(mode) is found
    for bad in ("#1", "1,1", "2", "10"):
        with dialogue(Keithley6221, (f":SOUR:{mode}:NVPR?", bad)) as source, pytest.raises(GarbledReply):
            source.meter_present(mode)


@pytest.mark.parametrize(
    ("identity", "mode"), [(METER, "DELT"), (METER, "PDEL"), (METER.replace("2182A", "2182"), "DCON")]
)
def test_who_the_meter_is(identity: str, mode: str):
    relay = Relay(GPIB, "*IDN?", f"{identity}\n\n".encode(), **{f":SOUR:{mode}:NVPR?": "1\n"})
    assert relay.source.check_meter(mode).serial == "1340129"


def test_a_2182_cannot_do_pulse_delta():
    answer = METER.replace("2182A", "2182").encode() + b"\n\n"
    relay = Relay(GPIB, "*IDN?", answer, **{":SOUR:PDEL:NVPR?": "1\n"})
    with pytest.raises(InstrumentFault, match="Pulse Delta needs a 2182A"):
        relay.source.check_meter("PDEL")


def test_no_meter_is_there():
    with dialogue(Keithley6221, (":SOUR:PDEL:NVPR?", "0")) as source, pytest.raises(InstrumentFault, match="no 2182A"):
        source.check_meter("PDEL")


@pytest.mark.parametrize(
    ("settings", "error"),
    [(MeterSettings(nplc=0), LimitExceeded), (MeterSettings(nplc=51), LimitExceeded),
     (MeterSettings(voltage_range=121.0), LimitExceeded), (MeterSettings(voltage_range=float("nan")), BadValue)],
)  # fmt: skip
def test_settings_that_the_meter_does_not_have(settings: MeterSettings, error: type[Exception]):
    with dialogue(Keithley6221) as source, pytest.raises(error, match="nothing was sent"):
        source.set_up_meter(settings)


def test_a_fraction_of_a_cycle_would_be_ignored_and_is_refused():
    fraction: Any = 0.5
    with dialogue(Keithley6221) as source, pytest.raises(BadValue, match="nplc takes a whole number"):
        source.set_up_meter(MeterSettings(nplc=fraction))


@pytest.mark.parametrize("settings", [MeterSettings(), MeterSettings(5, 0.01), MeterSettings(2, 10.0, True)], ids=str)
def test_a_simulated_meter_is_set_up_over_its_cable(settings: MeterSettings):
    bench = Bench()
    bench.source.set_up_meter(settings)
    meter = bench.meter
    assert meter.number("SENS:VOLT:NPLC") == settings.nplc
    assert meter.number("SENS:VOLT:CHAN1:RANG") == settings.voltage_range
    assert meter.flag("SENS:VOLT:CHAN1:LPAS") is settings.analog_filter
    assert not meter.flag("SENS:VOLT:CHAN1:DFIL")
    assert not meter.flag("SENS:VOLT:CHAN1:RANG:AUTO")
    bench.source.set_up_meter(MeterSettings(voltage_range=None))
    assert meter.flag("SENS:VOLT:CHAN1:RANG:AUTO")


def test_a_meter_that_does_not_take_its_settings_is_found_out():
    bench = Bench()
    number = bench.meter.number
    bench.meter.set_value("SENS:VOLT:NPLC", 5.0)
    bench.meter.interface = "GPIB"  # somebody has changed it at its front panel
    with pytest.raises(NoReply, match="RS-232"):
        bench.source.set_up_meter(MeterSettings())
    bench.meter.interface = "RS-232"
    bench.source.set_up_meter(MeterSettings())
    assert number("SENS:VOLT:NPLC") == 1


@pytest.mark.parametrize(("question", "answer", "match"), [
    (":SYST:ERR?", b'-222,"Parameter data out of range"\n\n', "refused its set-up"),
    (":SENS:VOLT:NPLC?", b"5.00\n\n", "5 PLC, not 1"),
    (":SENS:VOLT:RANG?", b"10.000000\n\n", "range of 10 V, not 0.1 V"),
])  # fmt: skip
def test_what_the_meter_says_of_its_set_up_is_believed(question: str, answer: bytes, match: str):
    right = {":SYST:ERR?": NO_ERRORS.encode() + b"\n", ":SENS:VOLT:NPLC?": b"1.00\n\n", ":SENS:VOLT:RANG?": b"0.1\n\n"}
    answers = list((right | {question: answer}).values())
    relay = Relay(GPIB, "*RST", *answers)
    for text in ("*CLS", *MeterSettings().spelled(), *right):
        relay.device.answers[send(text)] = f"{DONE}\n"
    with pytest.raises(InstrumentFault, match=match):
        relay.source.set_up_meter(MeterSettings())


@pytest.mark.parametrize("resource", [GPIB, SOCKET])
def test_an_error_queue_that_makes_no_sense_is_said_to_be_garbled_and_not_silent(resource: str):
    relay = Relay(resource, "*IDN?", f"{METER}\n\n".encode(), **{":SYST:ERR?": "1-#Oo!error#\n"})
    with pytest.raises(GarbledReply, match="Oo!error"):
        relay.source.relay_read()
