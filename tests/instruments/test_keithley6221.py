from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from instruments import scpi
from instruments.clock import VirtualClock
from instruments.errors import (
    BadValue,
    GarbledReply,
    InstrumentError,
    InstrumentFault,
    LimitExceeded,
    NoReply,
    Restarted,
)
from instruments.keithley6221 import Keithley6221, MeasurementBit
from tests.instruments.dialogues import DONE, NO_ERROR, Bench, Wire, dialogue
from tests.instruments.rows import IDN_6221


@given(st.floats(-0.105, 0.105))
@settings(deadline=None, max_examples=300)
def test_any_current_arrives_as_the_same_double(current: float):
    wire = Wire()
    Keithley6221(wire, VirtualClock()).source_current = current
    (message,) = wire.sent
    unit, *_ = [scpi.parse_unit(text) for text in scpi.split_message(message)]
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
    [("clear_source", ":SOUR:CLE"), ("abort", ":SOUR:SWE:ABOR"), ("abort_wave", ":SOUR:WAVE:ABOR")],
)
def test_commands(method: str, message: str):
    with dialogue(Keithley6221, (f"{message};*ESR?;:SYST:ERR?", DONE)) as source:
        getattr(source, method)()
    pairs = [(f"{message};*ESR?;:SYST:ERR?", '0;-221,"Settings conflict"'), (":SYST:ERR?", NO_ERROR)]
    with dialogue(Keithley6221, *pairs) as source, pytest.raises(InstrumentError, match="Settings conflict"):
        getattr(source, method)()


def test_events_are_looked_at_before_they_are_cleared():
    with dialogue(Keithley6221, ("*ESR?", "128"), ("*CLS;*ESR?;:SYST:ERR?", DONE)) as source:
        source.clear()
    pairs = [(":SOUR:CLE;*ESR?;:SYST:ERR?", DONE), ("*ESR?", "128")]
    with dialogue(Keithley6221, *pairs, ("*RST", None), (":STAT:PRES;*CLS;*ESR?;:SYST:ERR?", DONE)) as source:
        source.clear_source()
        with pytest.raises(Restarted, match="power-on bit"):
            source.clear()


CHANGE = ":STAT:MEAS:COND?;:SOUR:CURR -0.0001;*ESR?;:SYST:ERR?"


@pytest.mark.parametrize(("register", "clamped"), [(0, False), (8, True), (512, False), (520, True)])
@pytest.mark.parametrize("blank", ["", " "])
def test_changing_the_current_tells_of_the_compliance_until_then(register: int, clamped: bool, blank: str):
    with dialogue(Keithley6221, (CHANGE, f"{register};{blank}0;{blank}{NO_ERROR}")) as source:
        assert source.change_current(-1e-4) is clamped


@pytest.mark.parametrize(
    "reply", ["8x;" + DONE, "8;" + DONE[:-1], "8;", ";" + DONE, "8;8;" + DONE, DONE, NO_ERROR, "8;" + NO_ERROR,
              "8;" + DONE + "8;" + DONE, "8;0;", "8;0;-222"],
)  # fmt: skip
def test_a_damaged_reply_to_a_change_of_the_current_raises(reply: str):
    with dialogue(Keithley6221, (CHANGE, reply)) as source, pytest.raises(GarbledReply, match="read back"):
        source.change_current(-1e-4)


def test_a_change_of_the_current_that_is_refused_or_not_answered_raises():
    refusal = (CHANGE, '0;0;-222,"Parameter data out of range"'), (":SYST:ERR?", NO_ERROR)
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
    with dialogue(Keithley6221, (":SOUR:CURR?", "0.000000"), (":SOUR:CURR 0.0;*ESR?;:SYST:ERR?", DONE)) as source:
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
        ":SOUR:SWE:ABOR;*ESR?;:SYST:ERR?": f"{DONE}\n",
        ":SOUR:WAVE:ABOR;*ESR?;:SYST:ERR?": '0;-221,"Settings conflict"\n',  # no wave was armed
        ":SYST:ERR?": f"{NO_ERROR}\n",
        ":OUTP?": [b"1\n", b"0\n"],
        ":SOUR:CURR?": "5.0E-05\n",
        ":SOUR:CLE;*ESR?;:SYST:ERR?": f"{DONE}\n",
    }
    for step in range(1, 25):
        answers[f":SOUR:CURR {5e-5 + (0.0 - 5e-5) * (step / 25)!r};*ESR?;:SYST:ERR?"] = f"{DONE}\n"
    answers[":SOUR:CURR 0.0;*ESR?;:SYST:ERR?"] = f"{DONE}\n"
    bench = Bench(Keithley6221, answers, clock=clock)
    bench.driver.shutdown()
    assert bench.device.heard[-3:] == [":SOUR:CURR 0.0;*ESR?;:SYST:ERR?", ":SOUR:CLE;*ESR?;:SYST:ERR?", ":OUTP?"]
    assert len([message for message in bench.device.heard if message.startswith(":SOUR:CURR ")]) == 25
    assert 0.4 < clock.now() <= Keithley6221.shutdown_time
    assert bench.driver.isShutdown


def test_shutdown_of_a_source_that_is_off_does_not_ramp():
    pairs = [(f":SOUR:{mode}:ABOR;*ESR?;:SYST:ERR?", DONE) for mode in ("SWE", "WAVE")]
    pairs += [(":OUTP?", "0"), (":SOUR:CLE;*ESR?;:SYST:ERR?", DONE), (":OUTP?", "0")]
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
    said = ":OUTP 0", *(f":SOUR:{mode}" for mode in ("SWE:ABOR", "WAVE:ABOR", "CLE", "CURR 0.0"))
    answers = {":OUTP?": "1\n", ":SOUR:CURR?": "0.0\n", "*IDN?": f"{IDN_6221}\n"}
    answers |= {f"{message};*ESR?;:SYST:ERR?": f"{DONE}\n" for message in said}
    bench = Bench(Keithley6221, answers)
    with pytest.raises(InstrumentFault, match="does not turn off"):
        bench.driver.shutdown()
    assert ":OUTP 0;*ESR?;:SYST:ERR?" in bench.device.heard
