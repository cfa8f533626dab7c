"""The message exchange, on a device with a small table of its own."""

import math
import random
from typing import Any

import pytest

from instruments.clock import VirtualClock
from instruments.scpi import ScpiError
from instruments.tables import common
from instruments.tables.common import action, count, flag, number, question, span, word
from instruments.tables.table import CommandTable, Parameter, Row
from simulators.exchange import ScpiDevice, command, query
from simulators.messages import CACHE_SIZE
from simulators.program_message import Later, Outcome
from simulators.timeline import Timeline


def _rows():
    yield from common.common_commands(4, energises=False)
    yield from common.status()
    yield question("SYSTem:ERRor[:NEXT]", reply="error")
    yield action("SYSTem:CLEar")
    yield action("SYSTem:PRESet")
    level = "[SOURce[1]:]CURRent"
    yield number(f"{level}[:LEVel]", span(-0.105, 0.105, "A"), 0.0, "%.6E")
    yield number(f"{level}:RANGe", span(-0.105, 0.105, "A"), 0.1, "%.6f")
    yield flag(f"{level}:RANGe:AUTO", True)
    yield number("SOURce:COUNt", count(1, 100, "INFinite"), 1, "%d", preset=7)
    yield word("SOURce:SPACing", ("LINear", "LOGarithmic", "LIST"), "LIN")
    yield number("CHANnel2:GAIN", span(0.0, 1.0), 1.0, "%.2f")
    yield Row("DISPlay:TEXT", (Parameter("string", maximum=12),), "", reply='"%s"')
    yield word("FORMat:SREGister", ("ASCii", "HEXadecimal", "OCTal", "BINary"), "ASC")
    yield question("READ", reply="%s")
    yield question("FOREver", reply="%s")
    yield question("THENforever", reply="%s")
    yield number("TRACe:POINts", count(2, 1024), None, "%d", initial=100)
    yield word("SYSTem:POSetup", ("RST", "PRESet", "SAV0"), None, initial="RST")
    yield question("LONG", reply="%s")
    yield action("SLOW")
    yield action("STARt")
    yield action("CONFlict")


class Box(ScpiDevice):
    """A reading takes 0.1 s, SLOW 2 s, and START begins something that goes on for 3 s."""

    table = CommandTable("box", _rows())

    def __init__(self, timeline):
        super().__init__(timeline)
        self.abandoned = 0
        self.done = 0
        self.end = None

    def identity(self) -> str:
        return "MAKER,BOX,1,A"

    @query("READ")
    def _read(self) -> Outcome:
        return Later(self.timeline.now + 0.1, lambda: f"{self.timeline.now:.3f}")

    @query("FOREver")
    def _wait_for_ever(self) -> Outcome:
        return Later(math.inf, lambda: "never")

    @query("THENforever")
    def _read_and_wait_for_ever(self) -> Outcome:
        return Later(self.timeline.now + 0.1, self._wait_for_ever)

    @query("LONG")
    def _talk(self) -> str:
        return "x" * 4_000_000

    @command("SLOW")
    def _slow(self) -> Outcome:
        return Later(self.timeline.now + 2.0, lambda: None)

    @command("STARt")
    def _start(self) -> None:
        self.begin_operation()
        self.end = self.timeline.schedule(self.timeline.now + 3.0, self._end)

    def _end(self) -> None:
        self.end = None
        self.done += 1
        self.end_operation()

    def operations_end(self):
        return None if self.end is None else self.end.time

    def abandon(self) -> None:
        self.abandoned += 1

    @command("CONFlict")
    def _conflict(self) -> None:
        raise ScpiError(-221)


class Bench:
    """A device, a clock, and a patient client on GPIB."""

    def __init__(self, device):
        self.device = device
        self.clock = device.timeline.clock

    def write(self, message):
        self.device.timeline.catch_up()
        self.device.write(message.encode("latin-1") + b"\n" if isinstance(message, str) else message)

    def read(self, timeout=10.0):
        end = self.clock.now() + timeout
        while True:
            self.device.timeline.catch_up()
            reply = self.device.read()
            if reply:
                return reply.decode("latin-1")
            ready = self.device.ready_at()
            if ready is None or ready > end:
                if ready is None:
                    self.device.read_without_talk()
                self.clock.sleep_until(end)
                return None
            self.clock.sleep_until(ready)

    def ask(self, message) -> Any:
        self.write(message)
        return self.read()

    def errors(self):
        codes = []
        while (code := int(self.ask("SYST:ERR?").split(",")[0])) != 0:
            codes.append(code)
        return codes


@pytest.fixture
def bench():
    bench = Bench(Box(Timeline(VirtualClock())))
    assert bench.ask("*ESR?") == "128\n"
    return bench


@pytest.mark.parametrize(
    ("message", "reply"),
    [
        ("*IDN?", "MAKER,BOX,1,A\n"),
        ("*idn?\r", "MAKER,BOX,1,A\n"),
        (":CURR 1e-3;:CURR?", "1.000000E-03\n"),
        ("SOURCE1:CURRENT:LEVEL 1 mA;:sour:curr?", "1.000000E-03\n"),
        ("curr 2uA\t;  ; ;CURR?;", "2.000000E-06\n"),
        ("CURR +1.5 E-3;CURR?", "1.500000E-03\n"),
        ("CURR:RANG 0.02;RANG:AUTO 0;:CURR:RANG?;RANG:AUTO?", "0.020000;0\n"),
        ("SOUR:CURR:RANG 0.02;:SOUR:COUN 3;SPAC LOG;COUN?;*ESE?;SPAC?", "3;0;LOG\n"),
        (":SOUR:SPAC logarithmic;:SOUR:SPAC?", "LOG\n"),
        ("CURR? MAX;CURR? MIN;CURR? DEF", "1.050000E-01;-1.050000E-01;0.000000E+00\n"),
        ("CURR MAX;CURR?", "1.050000E-01\n"),
        ("CURR:RANG:AUTO OFF;AUTO?;AUTO ON;AUTO?", "0;1\n"),
        ("SOUR:COUN INF;COUN?", "+9.9E37\n"),
        ("CHAN2:GAIN 0.25;GAIN?", "0.25\n"),
        ("DISP:TEXT 'a;b,''c''';TEXT?", "\"a;b,'c'\"\n"),
        ('DISP:TEXT "it""s";TEXT?', '"it""s"\n'),
        (":*ESE 60;*ESE?;*SRE 255;*SRE?", "60;191\n"),
        ("*ESE #H1F;*ESE?;:FORM:SREG HEX;*ESE?;:FORM:SREG BIN;:STAT:OPER:ENAB 31;ENAB?", "31;#H1F;#B11111\n"),
        ("CURR 1e-3;*RST;:CURR?", "0.000000E+00\n"),
        ("CURR 1e-3;*SAV 2;*RST;*RCL 2;:CURR?", "1.000000E-03\n"),
        ("CURR 1e-3;*RCL 4;:CURR?", "0.000000E+00\n"),
        ("SYST:PRES;:SOUR:COUN?", "7\n"),
        ("*TST?;*OPC?", "0;1\n"),
    ],
)  # fmt: skip
def test_what_is_understood(bench, message, reply):
    assert bench.ask(message) == reply
    assert bench.errors() == []


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("NONSense?", -113),
        ("SOURC:COUN 3", -113),
        ("ESE?", -113),
        ("*ESE1?", -113),
        ("CURR:RANG:AUTO:WHAT 1", -113),
        ("SLOW?", -113),
        ("READ", -113),
        ("CHAN:GAIN 1", -114),
        ("CHAN3:GAIN 1", -114),
        ("SOUR99999999999999999999:COUN 3", -114),
        ("CURR", -109),
        ("CURR 1,", -109),
        ("CURR 1e-3,2", -108),
        ("*RST 1", -108),
        ("*IDN? 3", -108),
        ("CURR? 3", -108),
        ("CURR 0.2", -222),
        ("CURR -0.2", -222),
        ("CURR 1e999", -222),
        ("CURR 1e99999", -123),
        ("CURR " + "9" * 1000, -124),
        ("CURR " + "9" * 20000 + "x", -124),
        ("CURR:RANG:AUTO " + "1" * 60000 + "!", -124),
        ("CURR nan", -104),
        ("CURR 'x'", -104),
        ("CURR 1 V", -121),
        ("SOUR:COUN 101", -222),
        ("SOUR:SPAC CUBic", -224),
        ("CURR:RANG:AUTO MAYBE", -224),
        ("DISP:TEXT 'open", -151),
        ("DISP:TEXT 'thirteen letters'", -154),
        ("DISP:TEXT naked", -104),
        ("STAT:OPER:ENAB 70000", -222),
        ("STAT:QUE:ENAB (a:b)", -104),
        ("STAT:QUE:ENAB (-113,1:1000)", -222),
        ("STAT:QUE:DIS (-1000)", -222),
        ("*TRG", -211),
        ("CONF", -221),
        ("?", -110),
        ("\xff\xfe", -110),
        ("CURR\x801", -111),
    ],
)
def test_what_is_refused(bench, message, code):
    """One error in the queue, its class in the standard event register, and no answer."""
    assert bench.ask(message) is None
    errors = bench.errors()
    assert errors[0] == code
    assert errors[1:] in ([], [-420])
    bit = {1: 32, 2: 16}[-code // 100]
    assert int(bench.ask("*ESR?")) & bit


def test_units_before_the_first_invalid_one_have_run(bench):
    assert bench.ask("CURR 1e-3;CURR?;:WHAT;:CURR 2e-3;*IDN?") == "1.000000E-03\n"
    assert bench.errors() == [-113]
    assert bench.ask("CURR?") == "1.000000E-03\n"
    assert bench.ask("CURR 3e-3;DISP:TEXT 'open;:CURR 4e-3") is None
    assert bench.ask("CURR?") == "3.000000E-03\n"


def test_an_error_is_executed_every_time_the_message_is_sent(bench):
    for _ in range(3):
        bench.write("CURR 1")
    assert bench.errors() == [-222] * 3


def test_messages_arrive_in_pieces(bench):
    for piece in (b"CU", b"RR 1e", b"-3\r\nCUR", b"R?\n"):
        bench.write(piece)
    assert bench.read() == "1.000000E-03\n"
    assert bench.errors() == []


def test_blank_messages_do_nothing(bench):
    bench.write("*IDN?")
    bench.write(b"  \r\n\n\t\n")
    assert bench.read() == "MAKER,BOX,1,A\n"
    bench.write(b"")
    assert bench.errors() == []


def test_error_queue_is_ten_deep(bench):
    for _ in range(15):
        bench.write("CURR 1")
    assert bench.errors() == [-222] * 9 + [-350]
    assert bench.ask("SYST:ERR?") == '0,"No error"\n'
    bench.write("WHAT")
    assert bench.ask("STAT:QUE?") == '-113,"Undefined header"\n'
    bench.write("CURR 1;")
    bench.write("SYST:CLE")
    assert bench.errors() == []


def test_error_queue_takes_what_is_enabled(bench):
    bench.write("STAT:QUE:DIS (-113,\t-300 : -200)")
    for message in ("WHAT", "CURR 1", "CURR"):
        bench.write(message)
    assert bench.ask("STAT:QUE:DIS?") == "(-113,\t-300 : -200)\n"
    assert bench.errors() == [-109]
    bench.write("STAT:QUE:ENAB (-113)")
    for message in ("WHAT", "CURR 1", "CURR"):
        bench.write(message)
    assert bench.errors() == [-113]
    bench.write("STAT:PRES;:CURR 1")
    assert bench.errors() == [-222]


def test_reply_that_nobody_read_is_lost(bench):
    bench.write("*IDN?")
    assert bench.ask("CURR?") == "0.000000E+00\n"
    assert bench.errors() == [-410]
    assert int(bench.ask("*ESR?")) & 4


def test_reply_that_was_not_ready_is_lost_too(bench):
    bench.write("READ?")
    assert bench.ask("CURR?") == "0.000000E+00\n"
    assert bench.clock.now() == pytest.approx(0.1)
    assert bench.errors() == [-410]


def test_on_a_socket_nothing_is_interrupted(bench):
    bench.device.stream = True
    bench.write(b"READ?\nCURR?\n*IDN?\n")
    assert bench.read() == "0.100\n0.000000E+00\nMAKER,BOX,1,A\n"
    assert bench.errors() == []


def test_reading_without_asking(bench):
    assert bench.read() is None
    assert bench.errors() == [-420]


def test_endless_reply_is_a_deadlock(bench):
    assert bench.ask("LONG?;LONG?;LONG?") is None
    assert bench.errors() == [-430, -420]
    assert len(bench.ask("LONG?")) == 4_000_001


def test_input_without_end_is_thrown_away(bench):
    bench.write(b"CURR " * 200_000)
    assert bench.read() is None
    bench.write(b"CURR 1e-3 and what else came before the end\n")
    assert bench.errors() == [-363, -420]
    assert bench.ask("CURR?") == "0.000000E+00\n"
    bench.write(b" " * 70_000 + b"*IDN?\n")
    assert bench.errors() == [-363]


def test_waiting_messages_are_bounded(bench):
    bench.write("SLOW")
    for _ in range(5):
        bench.write("DISP:TEXT '" + "x" * 20_000 + "'")
    assert bench.errors() == [-363] * 2 + [-154] * 3
    assert bench.clock.now() == 2.0


@pytest.mark.parametrize("stream", [False, True])
def test_a_megabyte_of_small_messages_while_busy(bench, stream):
    """Bounded work for each of them: this returns at once, or it has not been bounded."""
    bench.device.stream = stream
    bench.write("SLOW")
    bench.write(b"*IDN?\nCURR 1\n" * 80_000)
    bench.read()
    bench.write("*CLS;*IDN?")
    assert bench.read() == "MAKER,BOX,1,A\n"


def test_a_slow_command_holds_back_the_next(bench):
    bench.write("SLOW")
    bench.write("CURR 1e-3")
    assert bench.device.ready_at() is None
    bench.write("CURR?")
    assert bench.device.ready_at() == 2.0
    assert bench.read() == "1.000000E-03\n"
    assert bench.clock.now() == 2.0


def test_a_unit_that_takes_time_holds_back_the_rest_of_its_message(bench):
    assert bench.ask("CURR?;:READ?;READ?;:CURR 1e-3;CURR?") == "0.000000E+00;0.100;0.200;1.000000E-03\n"
    assert bench.clock.now() == pytest.approx(0.2)


def test_overlapped_commands_hold_back_only_who_asks(bench):
    assert bench.ask("STAR;:CURR?") == "0.000000E+00\n"
    assert bench.device.ready_at() is None
    bench.write("*ESR?")
    bench.read()
    bench.write("*OPC")
    assert bench.ask("*ESR?") == "0\n"
    assert bench.ask("*OPC?") == "1\n"
    assert bench.clock.now() == 3.0
    assert bench.ask("*ESR?") == "1\n"
    assert bench.device.done == 1
    assert bench.ask("*OPC;*ESR?") == "1\n"
    assert bench.ask("STAR;*WAI;:READ?") == "6.100\n"


def test_a_new_message_ends_a_wait_that_nothing_would_end(bench):
    bench.write("FORE?")
    assert bench.device.ready_at() is None
    assert bench.read() is None
    assert bench.ask("*IDN?") == "MAKER,BOX,1,A\n"
    assert bench.errors() == [-410]
    assert bench.device.abandoned == 1


def test_device_clear_forgets_what_is_under_way(bench):
    bench.write("CURR 1e-3;:READ?;:CURR 2e-3")
    bench.write("*IDN?")
    bench.write(b"CURR 3e")
    bench.device.clear()
    assert bench.read() is None
    assert bench.ask("CURR?") == "1.000000E-03\n"
    assert bench.device.abandoned == 1
    bench.write("*IDN?")
    bench.device.clear()
    bench.clock.sleep(1.0)
    assert bench.device.read() == b""


def test_status_byte(bench):
    device = bench.device
    assert device.status_byte() == 0
    bench.write("*ESE 32;*SRE 32")
    bench.write("WHAT")
    assert device.service_requested()
    assert device.status_byte() == 4 + 32 + 64
    assert device.status_byte() == 4 + 32
    assert bench.ask("*STB?") == f"{4 + 32 + 64}\n"
    bench.write("CURR?")
    assert device.status_byte() == 4 + 16 + 32
    bench.read()
    bench.ask("*ESR?")
    assert device.status_byte() == 4
    bench.write("WHAT")
    assert device.status_byte() & 64
    bench.write("*CLS")
    assert device.status_byte() == 0
    assert bench.ask("*ESE?;*SRE?") == "32;32\n"


def test_message_available_requests_service(bench):
    bench.write("*SRE 16;:READ?")
    assert bench.device.status_byte() == 0
    bench.clock.sleep(1.0)
    bench.device.timeline.catch_up()
    assert bench.device.status_byte() == 16 + 64
    bench.read()
    assert bench.device.status_byte() == 0
    bench.write("*IDN?")
    assert bench.device.service_requested()


def test_registers_remember_events_until_they_are_read(bench):
    registers = bench.device.status
    registers.operation.set(0x10)
    registers.operation.set(0x10, on=False)
    registers.questionable.set(0x100)
    registers.measurement.flash(0x200)
    assert bench.ask("STAT:OPER:COND?;EVEN?;EVEN?") == "0;16;0\n"
    assert bench.ask("STAT:QUES:ENAB 256;:STAT:MEAS:ENAB 512;*STB?") == f"{8 + 1}\n"
    assert bench.ask("STAT:QUES?;:STAT:QUES?;:STAT:QUES:COND?;*STB?") == f"256;0;256;{16 + 1}\n"
    bench.write("STAT:PRES")
    assert bench.ask("STAT:MEAS:ENAB?;:STAT:MEAS?") == "0;512\n"


def test_group_execute_trigger(bench):
    bench.device.trigger()
    assert bench.errors() == [-211]


def test_power_cycle(bench):
    bench.write("*SRE 1;*ESE 1;:STAT:OPER:ENAB 3;:WHAT")
    bench.write("READ?")
    bench.device.power_cycle()
    assert bench.ask("*ESR?;*SRE?;*ESE?;:STAT:OPER:ENAB?;:SYST:ERR?") == '128;0;0;0;0,"No error"\n'


def test_reset_string_of_pymeasure(bench):
    bench.write("CURR 1")
    bench.write("CURR 1e-3;:WHAT")
    bench.write("status:queue:clear;*RST;:stat:pres;:*CLS;")
    assert bench.ask("*ESR?;:SYST:ERR?;:CURR?") == '0;0,"No error";0.000000E+00\n'


def test_the_cache_of_messages_is_bounded(bench):
    for step in range(CACHE_SIZE + 100):
        bench.write(f"CURR {step * 1e-6:.9f}")
    assert len(bench.device._programs) <= CACHE_SIZE
    assert bench.errors() == []


def test_noise_on_the_line_breaks_nothing(bench):
    """Ten kilobytes of anything, in pieces of any size; then the device still works."""
    generator = random.Random(5)
    for _ in range(40):
        bench.write(generator.randbytes(generator.randrange(500)))
        if generator.random() < 0.3:
            bench.device.read()
        bench.clock.sleep(generator.random())
    bench.device.clear()
    bench.write("\n*CLS;*RST")
    assert bench.ask("*IDN?") == "MAKER,BOX,1,A\n"
    assert bench.errors() == []


@pytest.mark.parametrize("stream", [False, True])
def test_a_command_for_another_box_may_end_with_a_line_feed(bench, stream):
    """As clients send it through a box that passes text on."""
    bench.device.stream = stream
    bench.write(b'DISP:TEXT "*IDN?\n"\n')
    assert bench.ask("DISP:TEXT?") == '"*IDN?\n"\n'
    assert bench.errors() == []


def test_an_open_string_swallows_no_later_message_of_a_socket(bench):
    bench.device.stream = True
    bench.write(b"DISP:TEXT 'open\nCURR 1e-3\n")
    assert bench.ask("CURR?") == "1.000000E-03\n"
    assert bench.errors() == [-151]


def test_a_queue_that_overflows_is_an_error_of_the_device(bench):
    for _ in range(10):
        bench.write("WHAT")
    assert bench.ask("*ESR?") == "32\n"
    bench.write("WHAT")
    assert bench.ask("*ESR?") == "40\n"


def test_enabling_errors_ends_what_was_disabled(bench):
    bench.write("STAT:QUE:DIS (-113)")
    bench.write("STAT:QUE:ENAB (-113, -109)")
    assert bench.ask("STAT:QUE:DIS?") == "()\n"
    bench.write("WHAT")
    assert bench.errors() == [-113]


def test_saved_is_what_a_reset_would_change(bench):
    bench.write("CURR 1e-3;:TRAC:POIN 7;*SAV 0")
    bench.write("CURR 2e-3;:TRAC:POIN 9;*RCL 0")
    assert bench.ask("CURR?;:TRAC:POIN?") == "1.000000E-03;9\n"


@pytest.mark.parametrize(("setup", "points"), [("RST", "1"), ("PRES", "7"), ("SAV0", "3")])
def test_what_it_starts_with_is_chosen_and_outlives_power(bench, setup, points):
    bench.write(f"SOUR:COUN 3;*SAV 0;:SOUR:COUN 5;:TRAC:POIN 7;:SYST:POS {setup}")
    bench.device.power_cycle()
    assert bench.ask("SOUR:COUN?;:SYST:POS?;:TRAC:POIN?") == f"{points};{setup};100\n"


def test_a_new_box_holds_what_the_table_says(bench):
    assert bench.ask("TRAC:POIN?;:SYST:POS?;:SOUR:COUN?") == "100;RST;1\n"


def test_a_reset_forgets_that_somebody_waits_for_completion(bench):
    bench.write("STAR;*OPC;*RST")
    bench.clock.sleep(5.0)
    assert bench.ask("*ESR?") == "0\n"


def test_a_reason_that_comes_again_within_a_message_requests_service(bench):
    bench.write("*SRE 4;:WHAT")
    assert bench.device.status_byte() & 64
    assert not bench.device.service_requested()
    bench.write("*CLS;:WHAT")
    assert bench.device.service_requested()


def test_a_reason_that_is_enabled_again_requests_service(bench):
    bench.write("*SRE 4;:WHAT")
    assert bench.device.status_byte() & 64
    bench.write("*SRE 0")
    bench.write("*SRE 4")
    assert bench.device.service_requested()


@pytest.mark.parametrize("stream", [False, True])
def test_what_waits_behind_a_wait_for_ever_ends_it_in_order(bench, stream):
    bench.device.stream = stream
    for message in ("THEN?", "CURR 1e-3", "CURR 2e-3;:CURR?"):
        bench.write(message)
    assert bench.read() == "2.000000E-03\n"
    assert bench.errors() == [-410]
    assert bench.device.abandoned == 1


def test_a_trigger_lets_a_wait_look_again(bench):
    bench.device.triggered = lambda: None
    bench.write("FORE?")
    assert bench.device.busy()
    bench.device.trigger()
    assert bench.read() == "never\n"
    assert bench.errors() == []


# ---- another connector


def test_messages_through_another_connector_are_answered_there(bench):
    heard: list[str] = []
    bench.device.write_aside(b"CURR 1e-3;:CURR?", heard.append)
    assert heard == ["1.000000E-03"]
    assert bench.device.read() == b""
    bench.device.write_aside(b"READ?", heard.append)
    assert bench.device.ready_at() is None
    bench.write("CURR:RANG?")
    bench.device.write_aside(b"SOUR:SPAC LOG;SPAC?", heard.append)
    assert bench.read() == "0.100000\n"
    bench.device.timeline.catch_up()
    assert heard[1:] == ["0.100", "LOG"]
    assert bench.errors() == []


def test_another_connector_interrupts_nothing_and_has_its_limits(bench):
    bench.write("CURR?")
    bench.device.write_aside(b"*OPC", lambda _text: None)
    bench.device.write_aside(b" ", lambda _text: None)
    assert bench.read() == "0.000000E+00\n"
    bench.device.write_aside(b"A" * (bench.device.input_limit + 1), lambda _text: None)
    assert bench.errors() == [-363]
    bench.write("FORE?")
    bench.device.write_aside(b"CURR?", lambda _text: None)
    assert bench.device.abandoned == 1
    assert bench.errors() == [-410]
