from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from instruments import scpi
from instruments.clock import VirtualClock
from instruments.driver import Identity
from instruments.errors import BadValue, GarbledReply, InstrumentError, InstrumentFault, LimitExceeded, NoReply
from instruments.keithley6221 import Keithley6221, MeasurementBit
from tests.instruments.dialogues import (
    NO_ERROR,
    Bench,
    Row,
    Wire,
    check_cut_off,
    check_reader,
    check_setter,
    choice,
    dialogue,
    number,
    properties,
    switch,
    whole,
)

IDN = "KEITHLEY INSTRUMENTS INC.,MODEL 6221,4559777,D04  /700x "
IDENTITY = Identity("KEITHLEY INSTRUMENTS INC.", "6221", "4559777", "D04  /700x")

ROWS = (
    number(
        "source_current", ":SOUR:CURR?", "1.000000E-04", 1e-4,
        ((1e-4, ":SOUR:CURR 0.0001"), (-0.105, ":SOUR:CURR -0.105"), (0, ":SOUR:CURR 0.0"),
         (1.23456789e-4, ":SOUR:CURR 0.000123456789"), (3e-12, ":SOUR:CURR 3e-12")),
        -0.105, 0.105,
    ),
    number(
        "source_range", ":SOUR:CURR:RANG?", "0.100000", 0.1,
        ((1e-4, ":SOUR:CURR:RANG:AUTO 0;:SOUR:CURR:RANG 0.0001"),), 0.0, 0.105,
    ),
    switch("source_auto_range", ":SOUR:CURR:RANG:AUTO"),
    number("source_compliance", ":SOUR:CURR:COMP?", "10.0000", 10.0,
           ((2.5, ":SOUR:CURR:COMP 2.5"), (0.156, ":SOUR:CURR:COMP 0.15"), (0.15, ":SOUR:CURR:COMP 0.15"),
            (7.299, ":SOUR:CURR:COMP 7.29")), 0.1, 105.0),
    number("source_delay", ":SOUR:DEL?", "1.000", 1.0, ((0.25, ":SOUR:DEL 0.25"),), 1e-3, 999999.999),
    switch("source_filter_enabled", ":SOUR:CURR:FILT"),
    switch("source_enabled", ":OUTP"),
    choice("output_response", ":OUTP:RESP", {"fast": "FAST", "slow": "SLOW"}, "SLOW", "slow"),
    switch("output_low_grounded", ":OUTP:LTE"),
    choice("shield_connection", ":OUTP:ISH", {"output low": "OLOW", "guard": "GUAR"}, "GUAR", "guard"),
    Row("interlock_closed", ":OUTP:INT:TRIP?", "0", False),
    switch("display_enabled", ":DISP:ENAB"),
    Row("line_frequency", ":SYST:LFR?", "50", 50.0),
    Row("measurement_event", ":STAT:MEAS?", "8", 8),
    Row("measurement_condition", ":STAT:MEAS:COND?", "512", 512),
    whole("measurement_event_enabled", ":STAT:MEAS:ENAB?", "512", 512, ((512, ":STAT:MEAS:ENAB 512"),), 0, 65535),
    Row("operation_event", ":STAT:OPER?", "2", 2),
    Row("operation_condition", ":STAT:OPER:COND?", "1024", 1024),
    whole("operation_event_enabled", ":STAT:OPER:ENAB?", "2", 2, ((2, ":STAT:OPER:ENAB 2"),), 0, 65535),
    Row("questionable_event", ":STAT:QUES?", "16", 16),
    Row("questionable_condition", ":STAT:QUES:COND?", "0", 0),
    Row("in_compliance", ":STAT:MEAS:COND?", "8", True),
    Row("standard_event", "*ESR?", "128", 128),
    Row("status", "*STB?", "4", 4),
    Row("complete", "*OPC?", "1", True),
    Row("identity", "*IDN?", IDN, IDENTITY),
)  # fmt: skip


def test_every_property_has_its_dialogue():
    assert properties(Keithley6221) - {"id", "next_error"} == {row.name for row in ROWS}


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_reading_a_property(row: Row):
    check_reader(Keithley6221, row)


@pytest.mark.parametrize("row", [row for row in ROWS if row.query != "*IDN?"], ids=str)
def test_a_reply_that_is_cut_off(row: Row):
    check_cut_off(Keithley6221, row, {"*IDN?": f"{IDN}\n"})


@pytest.mark.parametrize("row", [row for row in ROWS if row.puts], ids=str)
def test_setting_a_property(row: Row):
    check_setter(Keithley6221, row)


@pytest.mark.parametrize("row", [row for row in ROWS if not row.puts], ids=str)
def test_what_is_only_read_cannot_be_set(row: Row):
    with dialogue(Keithley6221) as source, pytest.raises((LookupError, AttributeError)):
        setattr(source, row.name, 1)


@given(st.floats(-0.105, 0.105))
@settings(deadline=None, max_examples=300)
def test_any_current_arrives_as_the_same_double(current: float):
    wire = Wire()
    Keithley6221(wire, VirtualClock()).source_current = current
    (message,) = wire.sent
    (unit, _) = [scpi.parse_unit(text) for text in scpi.split_message(message)]
    assert scpi.parse_number(unit.arguments[0], "A") == current
    assert float(unit.arguments[0]).hex() == current.hex()


@given(st.floats())
@settings(deadline=None, max_examples=200)
def test_no_number_outside_the_instrument_is_ever_sent(current: float):
    wire = Wire()
    source = Keithley6221(wire, VirtualClock())
    if -0.105 <= current <= 0.105:
        source.source_current = current
        assert len(wire.sent) == 1
    else:
        with pytest.raises((BadValue, LimitExceeded)):
            source.source_current = current
        assert wire.sent == []


def test_the_sentence_of_a_refusal_has_name_value_unit_limits_and_advice():
    with dialogue(Keithley6221) as source, pytest.raises(LimitExceeded) as caught:
        source.source_current = 0.2
    assert str(caught.value) == (
        "source_current cannot be 0.2 A: the instrument takes -0.105 A to 0.105 A; nothing was sent, choose a value "
        "between these limits"
    )


@pytest.mark.parametrize("register", [0, 1, 4, 16, 8, 9, 0xFFFF])
def test_compliance_is_bit_3_of_the_condition(register: int):
    with dialogue(Keithley6221, (":STAT:MEAS:COND?", str(register))) as source:
        assert source.in_compliance is bool(register & MeasurementBit.COMPLIANCE)


@pytest.mark.parametrize(
    ("method", "message"),
    [("clear_source", ":SOUR:CLE"), ("abort", ":SOUR:SWE:ABOR"), ("abort_wave", ":SOUR:WAVE:ABOR"), ("clear", "*CLS")],
)
def test_commands(method: str, message: str):
    with dialogue(Keithley6221, (f"{message};:SYST:ERR?", NO_ERROR)) as source:
        getattr(source, method)()
    pairs = [(f"{message};:SYST:ERR?", '-221,"Settings conflict"'), (":SYST:ERR?", NO_ERROR)]
    with dialogue(Keithley6221, *pairs) as source, pytest.raises(InstrumentError, match="Settings conflict"):
        getattr(source, method)()


CHANGE = ":STAT:MEAS:COND?;:SOUR:CURR -0.0001;:SYST:ERR?"


@pytest.mark.parametrize(("register", "clamped"), [(0, False), (8, True), (512, False), (520, True)])
@pytest.mark.parametrize("blank", ["", " "])
def test_changing_the_current_tells_of_the_compliance_until_then(register: int, clamped: bool, blank: str):
    with dialogue(Keithley6221, (CHANGE, f"{register};{blank}{NO_ERROR}")) as source:
        assert source.change_current(-1e-4) is clamped


@pytest.mark.parametrize(
    "reply", ["8x;" + NO_ERROR, "8;" + NO_ERROR[:-1], "8;", ";" + NO_ERROR, "8;8;" + NO_ERROR, NO_ERROR,
              "8;" + NO_ERROR + "8;" + NO_ERROR, "8;-222"],
)  # fmt: skip
def test_a_damaged_reply_to_a_change_of_the_current_raises(reply: str):
    with dialogue(Keithley6221, (CHANGE, reply)) as source, pytest.raises(GarbledReply, match="read back"):
        source.change_current(-1e-4)


def test_a_change_of_the_current_that_is_refused_or_not_answered_raises():
    refusal = (CHANGE, '0;-222,"Parameter data out of range"'), (":SYST:ERR?", NO_ERROR)
    with dialogue(Keithley6221, *refusal) as source, pytest.raises(InstrumentError, match="-222"):
        source.change_current(-1e-4)
    dropped = (CHANGE, "0"), (":SYST:ERR?", '-113,"Undefined header"'), (":SYST:ERR?", NO_ERROR)
    with dialogue(Keithley6221, *dropped) as source, pytest.raises(InstrumentError, match="-113"):
        source.change_current(-1e-4)
    with dialogue(Keithley6221, (CHANGE, b"")) as source, pytest.raises(NoReply):
        source.change_current(-1e-4)
    for value, error in ((0.2, LimitExceeded), (float("nan"), BadValue), (float("inf"), BadValue)):
        with dialogue(Keithley6221) as source, pytest.raises(error):
            source.change_current(value)


def test_reset_waits_on_the_clock_and_leaves_nothing_behind():
    clock = VirtualClock()
    pairs = [("*RST", None), (":STAT:PRES;*CLS;:SYST:ERR?", NO_ERROR)]
    with dialogue(Keithley6221, *pairs, clock=clock) as source:
        source.reset()
    assert clock.now() == Keithley6221.RESET_TIME


def test_identity_check():
    with dialogue(Keithley6221, ("*IDN?", IDN)) as source:
        assert source.check_identity() == IDN


def test_another_instrument_is_named():
    other = "KEITHLEY INSTRUMENTS INC.,MODEL 2182A,1340129,C02  /A02"
    bench = Bench(Keithley6221, {"*IDN?": f"{other}\n"})
    with pytest.raises(InstrumentFault, match=r"MODEL 2182A.*not the instrument that belongs here") as caught:
        bench.driver.check_identity()
    assert bench.resource in str(caught.value)


def test_a_ramp_keeps_its_slew_and_ends_at_its_target():
    clock = VirtualClock()
    wire = Wire()
    source = Keithley6221(wire, clock)
    stamps: list[float] = []
    write, read = wire._write, wire._read
    wire._write = lambda command, **kwargs: (stamps.append(clock.now()), write(command, **kwargs))[1]
    wire._read = lambda **kwargs: "1.0E-03" if wire.sent[-1] == ":SOUR:CURR?" else read(**kwargs)
    source.ramp_current(-2e-3, slew=0.01)
    levels = [1e-3, *(float(message.split()[1].partition(";")[0]) for message in wire.sent[1:])]
    assert levels[-1] == -2e-3
    assert all(later < earlier for earlier, later in pairwise(levels))
    assert 3e-3 / 0.01 - 1.5 * source.STEP_INTERVAL < clock.now() <= 3e-3 / 0.01
    assert all(
        abs(later - earlier) <= 0.01 * (after - before) * (1 + 1e-9)
        for (earlier, before), (later, after) in pairwise(zip(levels[1:], stamps[1:], strict=True))
    )


def test_a_ramp_to_where_the_current_is_already():
    with dialogue(Keithley6221, (":SOUR:CURR?", "0.000000"), (":SOUR:CURR 0.0;:SYST:ERR?", NO_ERROR)) as source:
        source.ramp_current(0.0, 1.0)


@pytest.mark.parametrize(("target", "slew", "error"), [
    (0.2, 1.0, LimitExceeded), (float("nan"), 1.0, BadValue), (0.0, 0.0, BadValue), (0.0, -1.0, BadValue),
    (0.0, float("inf"), BadValue), (0.0, float("nan"), BadValue),
])  # fmt: skip
def test_a_senseless_ramp_sends_nothing(target: float, slew: float, error: type[Exception]):
    with dialogue(Keithley6221) as source, pytest.raises(error):
        source.ramp_current(target, slew)


def test_shutdown_ramps_turns_off_and_reads_back():
    clock = VirtualClock()
    answers = {
        ":SOUR:SWE:ABOR;:SYST:ERR?": f"{NO_ERROR}\n",
        ":SOUR:WAVE:ABOR;:SYST:ERR?": '-221,"Settings conflict"\n',  # no wave was armed
        ":SYST:ERR?": f"{NO_ERROR}\n",
        ":OUTP?": [b"1\n", b"0\n"],
        ":SOUR:CURR?": "5.0E-05\n",
        ":SOUR:CLE;:SYST:ERR?": f"{NO_ERROR}\n",
    }
    for step in range(1, 25):
        answers[f":SOUR:CURR {5e-5 + (0.0 - 5e-5) * (step / 25)!r};:SYST:ERR?"] = f"{NO_ERROR}\n"
    answers[":SOUR:CURR 0.0;:SYST:ERR?"] = f"{NO_ERROR}\n"
    bench = Bench(Keithley6221, answers, clock=clock)
    bench.driver.shutdown()
    assert bench.device.heard[-3:] == [":SOUR:CURR 0.0;:SYST:ERR?", ":SOUR:CLE;:SYST:ERR?", ":OUTP?"]
    assert len([message for message in bench.device.heard if message.startswith(":SOUR:CURR ")]) == 25
    assert 0.4 < clock.now() <= Keithley6221.SHUTDOWN_TIME
    assert bench.driver.isShutdown


def test_shutdown_of_a_source_that_is_off_does_not_ramp():
    pairs = [(f":SOUR:{mode}:ABOR;:SYST:ERR?", NO_ERROR) for mode in ("SWE", "WAVE")]
    pairs += [(":OUTP?", "0"), (":SOUR:CLE;:SYST:ERR?", NO_ERROR), (":OUTP?", "0")]
    with dialogue(Keithley6221, *pairs) as source:
        source.shutdown()


def test_shutdown_of_a_dead_source_ends_and_says_so():
    bench = Bench(Keithley6221, {})
    with pytest.raises(NoReply):
        bench.driver.shutdown()
    assert bench.clock.now() < 30
    assert ":SOUR:CLE" in bench.device.heard
    assert not bench.driver.isShutdown


def test_shutdown_of_a_source_that_stays_on_says_so():
    answers = {":OUTP?": "1\n", ":SOUR:CURR?": "0.0\n", "*IDN?": f"{IDN}\n", ":OUTP 0;:SYST:ERR?": f"{NO_ERROR}\n"}
    answers |= {f":SOUR:{mode};:SYST:ERR?": f"{NO_ERROR}\n" for mode in ("SWE:ABOR", "WAVE:ABOR", "CLE", "CURR 0.0")}
    bench = Bench(Keithley6221, answers)
    with pytest.raises(InstrumentFault, match="does not turn off"):
        bench.driver.shutdown()
    assert ":OUTP 0;:SYST:ERR?" in bench.device.heard
