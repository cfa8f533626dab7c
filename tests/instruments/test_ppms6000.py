from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from instruments.clock import VirtualClock
from instruments.cryostat import (
    ChamberAction,
    ChamberState,
    FieldApproach,
    FieldSetpoint,
    FieldState,
    MagnetMode,
    PositionState,
    TemperatureApproach,
    TemperatureSetpoint,
    TemperatureState,
)
from instruments.errors import BadValue, GarbledReply, InstrumentFault, LimitExceeded, NoReply
from instruments.ppms6000 import Ppms6000, to_oersted
from instruments.ppms6000_replies import HeliumLevel, MagnetConfiguration
from tests.instruments.dialogues import Bench, Row, check_cut_off, check_reader, dialogue, properties

IDN = ("*IDN?", "QUANTUM DESIGN, PPMS Model 6000")
MAGNET = ("MAGCNF?", "90000,1500.0,35.0,1.0,4.0,20,20")
CONFIGURATION = MagnetConfiguration(90000.0, 1500.0, 35.0, 1.0, 4.0, 20.0, 20.0)

ROWS = (
    Row("magnet_configuration", *MAGNET, CONFIGURATION),
    Row("helium_level", "LEVEL?", "78.5,2", HeliumLevel(78.5, 2)),
    Row("chamber_setting", "CHAMBER?", "1", ChamberAction.PURGE_SEAL),
    Row("position_setpoint", "MOVE?", "90.5,0,3", 90.5),
    Row("advisory", "ADVNUM?", "17", 17),
    Row("temperature_setpoint", "TEMP?", "300.00,10,0",
        TemperatureSetpoint(300.0, 10 / 60, TemperatureApproach.FAST_SETTLE)),
    Row("field_setpoint", "FIELD?", "-5000.01,100.0,2,1",
        FieldSetpoint(-0.500001, 0.01, FieldApproach.OSCILLATE, MagnetMode.DRIVEN)),
)  # fmt: skip


def test_every_property_has_its_dialogue():
    assert properties(Ppms6000) - {"id", "limits"} == {row.name for row in ROWS}


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_reading_a_property(row: Row):
    check_reader(Ppms6000, row, IDN, terminator=";")


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_a_reply_that_is_cut_off(row: Row):
    check_cut_off(Ppms6000, row, {IDN[0]: f"{IDN[1]};"}, terminator=";")


def test_limits_come_from_the_magnet_and_are_asked_for_once():
    with dialogue(Ppms6000, IDN, MAGNET) as ppms:
        limits = ppms.limits
        assert ppms.limits is limits
    assert limits.field == 9.0
    assert limits.field_rate == pytest.approx(1500.0 * 4.0 / 35.0 * 1e-4)
    assert (limits.lowest_temperature, limits.highest_temperature) == (1.9, 400.0)


def test_a_reading_is_one_query_stamped_in_its_middle():
    clock = VirtualClock()
    clock.sleep(3.0)
    with dialogue(Ppms6000, IDN, ("GETDAT? 15", "15,30423338.25,4417,299.987,-5000.1,45.0"), clock=clock) as ppms:
        reading = ppms.reading()
    assert (reading.temperature, reading.field, reading.position) == (299.987, -5000.1 / 1e4, 45.0)
    assert reading.machine_time == 30423338.25
    assert reading.stamp == 3.0
    assert reading.temperature_state is TemperatureState.STABLE
    assert reading.field_state is FieldState.DRIVEN
    assert reading.chamber_state is ChamberState.PURGED
    assert reading.position_state is PositionState.STOPPED


def test_the_voltage_at_an_analogue_input():
    first, second = ("GETDAT? 4096", "4096,30423338.25,-0.412345"), ("GETDAT? 8192", "8192,30423339.5,0.0015")
    with dialogue(Ppms6000, IDN, first, second) as ppms:
        assert ppms.signal(1) == -0.412345
        assert ppms.signal(2) == 0.0015
    with dialogue(Ppms6000, IDN) as ppms, pytest.raises(BadValue, match="inputs 1 and 2, and no 3"):
        ppms.signal(3)


@pytest.mark.parametrize(
    "reply",
    ["4096,1.0,-0.41x", "4096,1.0,nan", "4096,1.0,", "4096,1.0", "4096", "4096,1.0,-0.414096,1.0,-0.41",
     "4096,1.0,-0.41,4096,1.0,-0.41", "4096,1.0,-0.41,0.1", "8192,1.0,-0.41", "12288,1.0,-0.41,0.0", "4096,1.0,-0.41 V",
     "4096,1.0,-0.41;"],
)  # fmt: skip
def test_a_voltage_that_is_garbled_or_doubled(reply: str):
    with dialogue(Ppms6000, IDN, ("GETDAT? 4096", reply)) as ppms, pytest.raises(GarbledReply):
        ppms.signal(1)


def test_a_voltage_that_is_cut_off_or_missing():
    whole = b"4096,1.0,-0.41;"
    pieces = [whole[:length] for length in range(1, len(whole))]
    bench = Bench(Ppms6000, {IDN[0]: f"{IDN[1]};", "GETDAT? 4096": [*pieces, whole]})
    for _ in pieces:
        with pytest.raises(GarbledReply, match="cut off"):
            bench.driver.signal(1)
    assert bench.driver.signal(1) == -0.41
    with dialogue(Ppms6000, IDN, ("GETDAT? 4096", b"")) as ppms, pytest.raises(NoReply):
        ppms.signal(1)
    with (
        dialogue(Ppms6000, IDN, ("GETDAT? 4096", "0,1.0")) as ppms,
        pytest.raises(InstrumentFault, match="no voltage at analogue input 1"),
    ):
        ppms.signal(1)


@pytest.mark.parametrize(
    ("word", "field"),
    [(0x1111, FieldState.PERSISTENT), (0x1121, FieldState.SWITCH_WARMING), (0x1141, FieldState.DRIVEN),
     (0x1161, FieldState.CHARGING), (0x11B1, FieldState.QUENCH), (0x1101, FieldState.UNKNOWN),
     (0x1191, FieldState.UNKNOWN)],
)  # fmt: skip
def test_the_packed_status(word: int, field: FieldState):
    with dialogue(Ppms6000, IDN, ("GETDAT? 15", f"7,1.0,{word},300.0,0.0")) as ppms:
        assert ppms.reading().field_state is field


def test_items_may_be_missing_from_the_reply():
    with dialogue(Ppms6000, IDN, ("GETDAT? 15", "7,1.0,4417,300.0,0.0")) as ppms:
        reading = ppms.reading()
    assert reading.position is None
    assert reading.position_state is None
    with (
        dialogue(Ppms6000, IDN, ("GETDAT? 15", "3,1.0,4417,300.0")) as ppms,
        pytest.raises(InstrumentFault, match="no field"),
    ):
        ppms.reading()
    with dialogue(Ppms6000, IDN, ("GETDAT? 524288", "0,1.0")) as ppms:
        assert ppms.data(524288).items == {}


@pytest.mark.parametrize(
    "reply",
    ["15,1.0,4417,300.0,0.0", "7,1.0,4417,300.0,0.0,0.0", "7,1.0,4417,300.0,", "7,1.0,4417,300.0,0.0;", "x", "7,1.0",
     "0,1.0,5.0", "16,1.0,100.0", " 7,1.0,4417,300.0,0.0", "7, 1.0,4417,300.0,0.0", "7,1.0,4417,nan,0.0",
     "7,1.0,4417,300.0,0.0;7,1.0,4417,300.0,0.0"],
)  # fmt: skip
def test_a_reply_whose_values_do_not_fit_its_mask_is_garbled(reply: str):
    with dialogue(Ppms6000, IDN, ("GETDAT? 15", reply)) as ppms, pytest.raises(GarbledReply, match="GETDAT"):
        ppms.reading()


def test_a_field_is_commanded_once_and_read_back():
    said = [IDN, MAGNET, ("FIELD 5000.00 100.0 0 1", None), ("FIELD?", "5000.00,100.0,0,1")]
    with dialogue(Ppms6000, *said) as ppms:
        taken = ppms.set_field(0.5, 0.01)
    assert taken == FieldSetpoint(0.5, 0.01, FieldApproach.LINEAR, MagnetMode.DRIVEN)


@pytest.mark.parametrize(
    "reply", ["0,100.0,0,1", "5000,50.0,0,1", "5000,100.0,1,1", "5000,100.0,0,0", "5000.01,100.0,0,1"]
)
def test_a_field_that_was_not_taken_raises_and_is_not_sent_again(reply: str):
    said = [IDN, MAGNET, ("FIELD 5000.00 100.0 0 1", None), ("FIELD?", reply)]
    with dialogue(Ppms6000, *said) as ppms, pytest.raises(InstrumentFault, match="told 'FIELD 5000"):
        ppms.set_field(0.5, 0.01)


def test_a_field_whose_read_back_is_lost_is_not_sent_again():
    bench = Bench(Ppms6000, {IDN[0]: f"{IDN[1]};", MAGNET[0]: f"{MAGNET[1]};"})
    with pytest.raises(NoReply, match="'FIELD\\?', no reply came in 2 s"):
        bench.driver.set_field(0.5, 0.01)
    assert [message for message in bench.device.heard if message.startswith("FIELD ")] == ["FIELD 5000.00 100.0 0 1"]


def test_a_temperature_is_commanded_once_and_read_back():
    said = [IDN, MAGNET, ("TEMP 250.5 12.000 1", None), ("TEMP?", "250.5,12,1")]
    with dialogue(Ppms6000, *said) as ppms:
        taken = ppms.set_temperature(250.5, 0.2, TemperatureApproach.NO_OVERSHOOT)
    assert taken == TemperatureSetpoint(250.5, 0.2, TemperatureApproach.NO_OVERSHOOT)


@pytest.mark.parametrize("reply", ["300,12,0", "250.5,10,0", "250.5,12,1"])
def test_a_temperature_that_was_not_taken_raises(reply: str):
    said = [IDN, MAGNET, ("TEMP 250.5 12.000 0", None), ("TEMP?", reply)]
    with dialogue(Ppms6000, *said) as ppms, pytest.raises(InstrumentFault, match="was not sent again"):
        ppms.set_temperature(250.5, 0.2)


FORBIDDEN = [
    ("set_field", (9.0001, 0.01), LimitExceeded), ("set_field", (-9.0001, 0.01), LimitExceeded),
    ("set_field", (math.nan, 0.01), BadValue), ("set_field", (math.inf, 0.01), BadValue),
    ("set_field", ("1", 0.01), BadValue), ("set_field", (1.0, 0.0), BadValue), ("set_field", (1.0, -0.01), BadValue),
    ("set_field", (1.0, math.nan), BadValue), ("set_field", (1.0, 0.05), LimitExceeded),
    ("set_field", (1.0, 1e-6), BadValue),
    ("set_temperature", (1.8, 0.1), LimitExceeded), ("set_temperature", (400.1, 0.1), LimitExceeded),
    ("set_temperature", (math.nan, 0.1), BadValue), ("set_temperature", (300, 0), BadValue),
    ("set_temperature", (300, 21 / 60), LimitExceeded), ("set_temperature", (300, 1e-6), BadValue),
    ("set_temperature", (True, 0.1), BadValue),
]  # fmt: skip


@pytest.mark.parametrize(("method", "arguments", "error"), FORBIDDEN)
def test_what_the_machine_does_not_do_is_never_sent(method: str, arguments: tuple[Any, ...], error: type[Exception]):
    with dialogue(Ppms6000, IDN, MAGNET) as ppms, pytest.raises(error, match="nothing was sent"):
        getattr(ppms, method)(*arguments)


def test_limits_themselves_are_allowed():
    said = [IDN, MAGNET, ("TEMP 1.9 20.000 0", None), ("TEMP?", "1.9,20,0"),
            ("FIELD -90000.00 171.4 0 0", None), ("FIELD?", "-90000,171.4,0,0")]  # fmt: skip
    with dialogue(Ppms6000, *said) as ppms:
        ppms.set_temperature(1.9, 20 / 60)
        ppms.set_field(-9.0, ppms.limits.field_rate, mode=MagnetMode.PERSISTENT)


@given(st.floats(-9.0, 9.0))
@settings(deadline=None, max_examples=300)
def test_a_field_goes_out_as_the_nearest_hundredth_of_an_oersted(field: float):
    text = str(to_oersted(field, "0.01"))
    assert abs(Decimal(text) - Decimal(field) * 10000) <= Decimal("0.005") + Decimal("1e-9")
    assert len(text.partition(".")[2]) == 2
    assert text != "-0.00"


@given(st.integers(-9_000_000, 9_000_000))
@settings(deadline=None, max_examples=300)
def test_hundredths_of_an_oersted_are_exact(hundredths: int):
    field = float(Decimal(hundredths) / 1_000_000)
    assert to_oersted(field, "0.01") == Decimal(hundredths) / 100


def test_hold_commands_the_present_field():
    said = [IDN, ("FIELD?", "5000.00,100.0,0,1"), ("GETDAT? 15", "7,1.0,4449,300.0,1234.56"), MAGNET,
            ("FIELD 1234.56 100.0 0 1", None), ("FIELD?", "1234.56,100.0,0,1")]  # fmt: skip
    with dialogue(Ppms6000, *said) as ppms:
        assert ppms.hold_field().field == pytest.approx(0.123456)


def test_hold_leaves_a_magnet_alone_that_stands_at_its_set_point():
    said = [IDN, ("FIELD?", "5000.00,100.0,0,0"), ("GETDAT? 15", "7,1.0,4369,300.0,4999.9")]
    with dialogue(Ppms6000, *said) as ppms:
        assert ppms.hold_field().field == 0.5


def test_hold_during_the_dead_time_does_not_believe_the_old_state():
    said = [IDN, ("FIELD?", "5000.00,100.0,0,0"), ("GETDAT? 15", "7,1.0,4369,300.0,0.0"), MAGNET,
            ("FIELD 0.00 100.0 0 0", None), ("FIELD?", "0,100.0,0,0")]  # fmt: skip
    with dialogue(Ppms6000, *said) as ppms:
        ppms.hold_field()


@pytest.mark.parametrize(("action", "code"), [(action, code) for code, action in enumerate(ChamberAction)])
def test_the_chamber(action: ChamberAction, code: int):
    with dialogue(Ppms6000, IDN, (f"CHAMBER {code}", None), ("CHAMBER?", str(code))) as ppms:
        ppms.set_chamber(action)
    said = [IDN, (f"CHAMBER {code}", None), ("CHAMBER?", str((code + 1) % 6))]
    with dialogue(Ppms6000, *said) as ppms, pytest.raises(InstrumentFault, match="check the controller"):
        ppms.set_chamber(action)


def test_a_word_stands_for_what_the_chamber_does():
    with dialogue(Ppms6000, IDN, ("CHAMBER 1", None), ("CHAMBER?", "1")) as ppms:
        ppms.set_chamber("purge and seal")
    wrong = "chamber action cannot be 'vnet'; choose one of 'seal', 'purge and seal', .*nothing was sent"
    with dialogue(Ppms6000, IDN) as ppms, pytest.raises(BadValue, match=wrong):
        ppms.set_chamber("vnet")


@pytest.mark.parametrize(("speed", "code"), [(12.0, 0), (8.0, 5), (2.4, 12), (0.8, 14), (0.1, 14)])
def test_the_rotator(speed: float, code: int):
    with dialogue(Ppms6000, IDN, (f"MOVE 90.5 0 {code}", None), ("MOVE?", f"90.5,0,{code}")) as ppms:
        assert ppms.set_position(90.5, speed) == 90.5


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ((90.0, 12.1), LimitExceeded),
        ((90.0, 0.0), BadValue),
        ((math.nan, 1.0), BadValue),
        ((500.0, 1.0), LimitExceeded),
        ((-10.1, 1.0), LimitExceeded),
    ],
)
def test_a_senseless_move_sends_nothing(arguments: tuple[float, float], error: type[Exception]):
    with dialogue(Ppms6000, IDN) as ppms, pytest.raises(error, match="nothing was sent"):
        ppms.set_position(*arguments)


def test_connecting_passes_over_an_old_answer():
    with dialogue(Ppms6000, ("*IDN?", "300,10,0"), (None, IDN[1])) as ppms:
        assert ppms.line.asked == "*IDN?"
    bench = Bench(Ppms6000, {IDN[0]: f"{IDN[1]};\r\n"})
    assert bench.device.clears == 1


def test_somebody_else_at_the_address_is_named():
    with pytest.raises(InstrumentFault, match="LSCI,MODEL340"):
        Bench(Ppms6000, {"*IDN?": "LSCI,MODEL340,123456,02032001;"})
    with pytest.raises(NoReply):
        Bench(Ppms6000, {})


def test_carriage_return_and_line_feed_after_a_reply_are_passed_over():
    bench = Bench(Ppms6000, {IDN[0]: f"{IDN[1]};\r\n", "FIELD?": "0,50,0,1;\r\n"})
    assert bench.driver.field_setpoint.field == 0.0


def test_shutdown_holds_the_field():
    said = [IDN, ("FIELD?", "0,50,0,1"), ("GETDAT? 15", "7,1.0,4417,300.0,0.1")]
    with dialogue(Ppms6000, *said) as ppms:
        ppms.shutdown()
    assert ppms.isShutdown
