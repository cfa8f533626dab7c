"""The driver of the SR830: its dialogue, damaged replies, and readings of a simulated one."""

from __future__ import annotations

import cmath
import math
from typing import Any

import numpy as np
import pytest

from instruments.errors import BadValue, GarbledReply, InstrumentFault, LimitExceeded, NoReply
from instruments.sr830 import SENSITIVITIES, TIME_CONSTANTS, LockinStatus, Reading, Sr830, settling_turns
from tests.instruments.dialogues import Bench, Row, assign, choice, garbled, properties, switch
from tests.instruments.faulty import sr830

IDENTITY = {"*IDN?": "Stanford_Research_Systems,SR830,s/n48213,ver1.07\n"}
EDGES = {"sine": "0", "rising edge": "1", "falling edge": "2"}
INPUTS = {"A": "0", "A-B": "1", "current 1 MOhm": "2", "current 100 MOhm": "3"}
CALM = LockinStatus(False, False, False, False, False, False)


def coded(name: str, header: str, code: int, value: float, low: float, high: float, between: float) -> Row:
    refused = [(low / 2, LimitExceeded), (high * 2, LimitExceeded), (between, BadValue), (math.nan, BadValue),
               ("1", BadValue), (None, BadValue)]  # fmt: skip
    return Row(name, f"{header}?", str(code), value, ((value, f"{header} {code}"),), tuple(refused))


def measured(name: str, query: str, reply: str, value: Any) -> Row:
    return Row(name, query, reply, value)


ROWS = (
    choice("reference_source", "FMOD", {"external": "0", "internal": "1"}, "0", "external"),
    choice("reference_trigger", "RSLP", EDGES, "2", "falling edge"),
    Row("harmonic", "HARM?", "2", 2, ((1, "HARM 1"), (19999, "HARM 19999")),
        ((0, LimitExceeded), (20000, LimitExceeded), (1.5, BadValue))),
    choice("input_config", "ISRC", INPUTS, "1", "A-B"),
    choice("input_grounding", "IGND", {"float": "0", "ground": "1"}, "0", "float"),
    choice("input_coupling", "ICPL", {"AC": "0", "DC": "1"}, "1", "DC"),
    choice("input_notch", "ILIN", {"none": "0", "line": "1", "twice the line": "2", "both": "3"}, "3", "both"),
    coded("sensitivity", "SENS", 17, 1e-3, 2e-9, 1.0, 3e-6),
    choice("reserve", "RMOD", {"high": "0", "normal": "1", "low noise": "2"}, "2", "low noise"),
    coded("time_constant", "OFLT", 9, 0.3, 1e-5, 3e4, 0.2),
    coded("filter_slope", "OFSL", 3, 24, 6, 24, 10),
    switch("filter_synchronous", "SYNC"),
    Row("phase", "PHAS?", "-12.34", -12.34, ((12.5, "PHAS 12.5"), (-90, "PHAS -90.0")),
        ((180.0, LimitExceeded), (math.inf, BadValue))),
    Row("sine_voltage", "SLVL?", "0.004", 0.004, ((0.5, "SLVL 0.5"),), ((0.003, LimitExceeded), (5.1, LimitExceeded))),
    measured("frequency", "FREQ?", "133.7", 133.7),
    measured("x", "OUTP?1", "-1.5e-06", -1.5e-6),
    measured("y", "OUTP?2", "0.00025", 2.5e-4),
    measured("magnitude", "OUTP?3", "0.00025", 2.5e-4),
    measured("theta", "OUTP?4", "-12.5", -12.5),
    measured("lia_status", "LIAS?", "9", LockinStatus(True, False, False, True, False, False)),
)  # fmt: skip


def bench(**answers: Any) -> Bench:
    return Bench(Sr830, {**IDENTITY, **answers})


def test_the_table_has_every_property() -> None:
    assert {row.name for row in ROWS} == properties(Sr830) - {"id", "locked"}


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_a_query_is_read_and_every_damage_to_its_reply_is_found(row: Row) -> None:
    answers: dict[str, Any] = {row.query: f"{row.reply}\n"}
    it = bench(**answers)
    assert getattr(it.driver, row.name) == row.value
    for damaged in garbled(row.reply, "\n"):
        it.device.answers[row.query] = f"{damaged}\n"
        with pytest.raises(GarbledReply):
            getattr(it.driver, row.name)
    it.device.answers[row.query] = row.reply  # without its end
    with pytest.raises(GarbledReply):
        getattr(it.driver, row.name)
    it.device.answers[row.query] = b""
    with pytest.raises(NoReply):
        getattr(it.driver, row.name)


@pytest.mark.parametrize(("row", "put"), [(row, put) for row in ROWS for put in row.puts], ids=str)
def test_a_setting_is_asked_back_in_the_same_message(row: Row, put: tuple[Any, str]) -> None:
    value, message = put
    header, _, text = message.partition(" ")
    shown = f"{float(text):.2f}" if header == "PHAS" else text
    it = bench(**{f"{message};{header}?": f"{shown}\n"})
    assign(it.driver, row.name, value)
    assert it.device.heard[-1] == f"{message};{header}?"
    other = "1" if text != "1" else "0" if header != "HARM" else "2"
    it.device.answers[it.device.heard[-1]] = f"{'1.00' if header == 'PHAS' else other}\n"
    with pytest.raises(InstrumentFault, match=f"told '{message}', but asked back it says"):
        assign(it.driver, row.name, value)


@pytest.mark.parametrize(("row", "refused"), [(row, each) for row in ROWS for each in row.refused], ids=str)
def test_what_it_does_not_take_is_not_sent(row: Row, refused: tuple[Any, type[Exception]]) -> None:
    it = bench()
    before = list(it.device.heard)
    with pytest.raises(refused[1]):
        assign(it.driver, row.name, refused[0])
    assert it.device.heard == before


def test_the_steps_between_which_a_value_lies_are_named() -> None:
    with pytest.raises(BadValue, match=r"sensitivity cannot be 3e-06 V; choose 2e-06 or 5e-06 V"):
        bench().driver.sensitivity = 3e-6


def test_the_steps_are_those_of_the_manual() -> None:
    assert (len(SENSITIVITIES), SENSITIVITIES[0], SENSITIVITIES[17], SENSITIVITIES[-1]) == (27, 2e-9, 1e-3, 1.0)
    assert (len(TIME_CONSTANTS), TIME_CONSTANTS[0], TIME_CONSTANTS[9], TIME_CONSTANTS[-1]) == (20, 1e-5, 0.3, 3e4)


def test_another_instrument_is_refused_and_a_silent_one_is_told_where_to_answer() -> None:
    with pytest.raises(InstrumentFault, match="not the instrument that belongs here"):
        Bench(Sr830, {"*IDN?": "Stanford_Research_Systems,SR844,s/n1,ver1.0\n"})
    with pytest.raises(NoReply):
        Bench(Sr830, {})
    assert bench().device.heard == ["*IDN?"]


def test_a_reading_is_one_instant_with_its_status() -> None:
    it = bench(**{"SNAP?1,2,9": "3e-06,4e-06,133.7\n", "LIAS?": "4\n"})
    reading = it.driver.reading()
    assert (reading.x, reading.y, reading.frequency) == (3e-6, 4e-6, 133.7)
    assert reading.status.trouble == "output overload"
    assert reading.start <= reading.end
    for damaged in ("3e-06,4e-06", "3e-06,4e-06,133.7,1", "3e-06;4e-06,133.7", "3e-06,4e-06,", "3e-0,4e-06,133.7"):
        it.device.answers["SNAP?1,2,9"] = f"{damaged}\n"
        with pytest.raises(GarbledReply):
            it.driver.reading()


def test_the_peak_is_that_of_the_wave_and_the_factor_is_there_once() -> None:
    reading = Reading(3e-6, 4e-6, 133.7, CALM, 0.0, 0.0)
    assert reading.magnitude == pytest.approx(5e-6)
    assert reading.theta == pytest.approx(math.degrees(math.atan2(4, 3)))
    assert reading.peak == pytest.approx(math.sqrt(2.0) * (3e-6 + 4e-6j))
    assert reading.status.trouble == ""


def test_it_reads_a_simulated_one() -> None:
    setup = sr830()  # 1 mV + 0.2i mV peak
    reading = setup.driver.reading()
    assert reading.peak == pytest.approx(1e-3 + 2e-4j, rel=1e-4)
    assert reading.frequency == 133.7
    assert reading.status == CALM
    assert setup.driver.locked
    taken = setup.driver.auto_phase()
    assert taken == pytest.approx(math.degrees(cmath.phase(1 + 0.2j)), abs=0.01)
    setup.clock.sleep(setup.driver.settling_time(1e-6))
    assert abs(setup.driver.reading().y) < 2e-4 * setup.driver.reading().x
    setup.driver.shutdown()


def test_a_phase_that_is_not_there_is_not_found() -> None:
    it = bench(**{"LIAS?3": "1\n"})
    with pytest.raises(InstrumentFault, match="reference is not locked"):
        it.driver.auto_phase()
    it = bench(**{"LIAS?3": "0\n", "PHAS?": "3.00\n", "OUTP?4": "50.1\n", "APHS;PHAS?": "3.00\n"})
    with pytest.raises(InstrumentFault, match="auto phase did nothing"):
        it.driver.auto_phase()


def test_a_frequency_is_set_where_the_reference_is_its_own() -> None:
    setup = sr830()
    with pytest.raises(InstrumentFault, match=r"told 'FREQ 120\.0'"):
        setup.driver.set_frequency(120.0)
    setup.driver.reference_source = "internal"
    setup.driver.set_frequency(120.0)
    assert setup.driver.frequency == 120.0
    with pytest.raises(LimitExceeded):
        setup.driver.set_frequency(2e5)


@pytest.mark.parametrize("poles", [1, 2, 3, 4])
@pytest.mark.parametrize("remaining", [0.01, 1e-3, 1e-6])
def test_the_settling_time_is_that_of_poles_in_a_row(poles: int, remaining: float) -> None:
    turns = settling_turns(poles, remaining)
    grid = np.linspace(0.0, turns, 200_001)
    response = np.exp(-grid) * sum(grid**order / math.factorial(order) for order in range(poles))
    assert response[-1] == pytest.approx(remaining, rel=1e-6)
    assert bool(np.all(response[:-1] > remaining))
    if remaining == 0.01:
        assert turns == pytest.approx({1: 5, 2: 7, 3: 9, 4: 10}[poles], abs=0.7), "the manual's waits for 1 %"


def test_a_settling_time_needs_a_part() -> None:
    with pytest.raises(BadValue):
        sr830().driver.settling_time(0.0)
