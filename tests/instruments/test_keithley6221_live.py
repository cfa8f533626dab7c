from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest

from instruments.errors import (
    ComplianceFault,
    DeadlinePassed,
    GarbledReply,
    InstrumentError,
    InstrumentFault,
    Restarted,
)
from instruments.keithley6221 import Keithley6221
from instruments.keithley6221_live import _ONE
from instruments.keithley6221_measuring import BUFFER
from instruments.keithley6221_plans import Delta
from instruments.keithley6221_readings import DeltaReadings
from instruments.keithley6221_relay import MeterSettings
from simulators.devices.keithley6221 import Keithley6221 as Simulated6221
from tests.instruments.dialogues import NO_ERROR, dialogue
from tests.instruments.paired import Bench

FINE = MeterSettings(voltage_range=0.01)
PLAN = Delta(1e-4, None, 10, 1.0).plan()
FRESH = ":STAT:OPER?;:SENS:DATA:FRES?"
READING = "+1.0E-06,+2.500E-02,+1.0E-04,0,+3"
STALE = '-230,"Data corrupt or stale"'


def bench(**others: Any) -> Bench:
    made = Bench(**others)
    made.sample.resistance = 10.0
    return made


def test_every_reading_is_given_once_and_is_that_of_the_buffer():
    on = bench(noise=np.random.default_rng(1))
    live = list(on.source.delta_stream(1e-4, count=300, compliance=1.0, meter=FINE))
    assert [reading.number for reading in live] == list(range(300))
    assert len({reading.value for reading in live}) > 10
    assert DeltaReadings.of(live, high=1e-4, low=-1e-4).resistance().value == pytest.approx(10.0, abs=1e-4)
    assert not on.output
    polls = sum(message == FRESH for message in on.wire.heard)
    assert polls < 3 * 300


@pytest.mark.parametrize("pause", [0.06, 0.5, 3.0])
def test_what_was_missed_meanwhile_comes_out_of_the_buffer(pause: float):
    on = bench(noise=np.random.default_rng(2))
    live = []
    for reading in on.source.delta_stream(1e-4, count=200, compliance=1.0, meter=FINE):
        live.append(reading)
        on.clock.sleep(pause)
    assert [reading.number for reading in live] == list(range(200))
    assert not on.output


def test_a_run_without_end_is_ended_by_closing_it():
    on = bench()
    stream = on.source.delta_stream(1e-4, compliance=1.0, meter=FINE)
    taken = list(itertools.islice(stream, 50))
    assert on.output
    stream.close()
    assert not on.output
    assert [reading.number for reading in taken] == list(range(50))
    assert ":SOUR:CLE;*ESR?;:SYST:ERR?" in on.wire.heard[-2:]


def test_an_exception_in_the_loop_turns_the_output_off():
    on = bench()
    stream = on.source.delta_stream(1e-4, compliance=1.0, meter=FINE)
    next(stream)
    with pytest.raises(KeyboardInterrupt):
        stream.throw(KeyboardInterrupt)
    assert not on.output


def test_nothing_is_sent_before_the_first_reading_is_asked_for_but_values_are_checked():
    on = bench()
    on.source.delta_stream(1e-4, compliance=1.0)
    assert on.wire.heard == []


def test_readings_beyond_the_buffer_are_read_live_and_a_gap_shows(monkeypatch: pytest.MonkeyPatch):
    """With a buffer of 40 instead of 65,536: the rest is the same."""
    monkeypatch.setattr("simulators.devices.source_buffer.CAPACITY", 40)
    monkeypatch.setattr("instruments.keithley6221_live.BUFFER", 40)
    monkeypatch.setattr("instruments.keithley6221_measuring.BUFFER", 40)
    on = bench()
    numbers = []
    for reading in itertools.islice(on.source.delta_stream(1e-4, compliance=1.0, meter=FINE), 80):
        numbers.append(reading.number)
        if len(numbers) in {20, 60}:
            on.clock.sleep(0.2)
    assert numbers[:60] == list(range(60))  # 20 to 27 out of the buffer, 40 to 59 live
    gap = numbers[60] - numbers[59]
    assert gap > 5
    assert np.diff(numbers[60:]).tolist() == [1] * 19
    assert BUFFER == 65536


def test_compliance_ends_it_with_a_fault():
    on = bench()
    on.sample.resistance = 1000.0
    with pytest.raises(ComplianceFault, match="after 0 readings"):
        list(on.source.delta_stream(1e-3, count=20, compliance=0.5))
    assert not on.output


def test_a_link_that_is_pulled():
    on = bench()
    on.device.timeline.schedule(8.0, on.link.unplug)
    with pytest.raises(InstrumentFault, match=r"do not come; check .* the Trigger Link cable"):
        list(on.source.delta_stream(1e-4, compliance=1.0))
    assert on.clock.now() < 15.0
    assert not on.output


def test_a_link_that_is_pulled_from_a_source_that_says_nothing_of_it():
    class Silent(Simulated6221):
        sample_patience = math.inf

    on = bench(simulated=Silent)
    on.device.timeline.schedule(8.0, on.link.unplug)
    with pytest.raises(DeadlinePassed, match="no new reading"):
        list(on.source.delta_stream(1e-4, compliance=1.0))
    assert on.clock.now() < 15.0
    assert not on.output


def test_a_buffer_that_holds_something_else_is_noticed():
    on = bench()
    stored = on.device.store_reading
    on.device.store_reading = lambda reading: stored(
        reading._replace(value=2 * reading.value) if reading.number == 7 else reading
    )
    with pytest.raises(InstrumentFault, match="trust neither"):
        list(on.source.delta_stream(1e-4, count=20, compliance=1.0, meter=FINE))
    assert not on.output


# ---- the question


def test_a_reading_and_the_events_in_one_message():
    with dialogue(Keithley6221, (FRESH, f"8;{READING}")) as source:
        bits, reading = source._fresh(PLAN)
    assert bits == 8
    assert reading is not None
    assert reading.number == 3
    with dialogue(Keithley6221, (FRESH, f"8; {READING}")) as source:
        assert source._fresh(PLAN)[1] is not None


@pytest.mark.parametrize("reply", ["8", "8;"])
def test_no_new_reading_is_no_fault(reply: str):
    with dialogue(Keithley6221, (FRESH, reply), (":SYST:ERR?", STALE), (":SYST:ERR?", NO_ERROR)) as source:
        assert source._fresh(PLAN) == (8, None)


def test_another_error_is_one():
    pairs = (FRESH, "8"), (":SYST:ERR?", '-222,"Parameter data out of range"'), (":SYST:ERR?", NO_ERROR)
    with dialogue(Keithley6221, *pairs) as source, pytest.raises(InstrumentError, match="-222"):
        source._fresh(PLAN)


@pytest.mark.parametrize(("condition", "bits"), [("1024", 2), ("8", None)])
def test_nothing_runs_any_more(condition: str, bits: int | None):
    pairs = [(FRESH, "0"), (":SYST:ERR?", '-221,"Settings conflict"'), (":SYST:ERR?", NO_ERROR),
             (":STAT:OPER:COND?", condition)]  # fmt: skip
    with dialogue(Keithley6221, *pairs) as source:
        if bits is None:
            with pytest.raises(InstrumentError, match="-221"):
                source._fresh(PLAN)
        else:
            assert source._fresh(PLAN) == (bits, None)


@pytest.mark.parametrize("reply", [f"x;{READING}", f"8;{READING},", f"8;{READING};", f"8;{READING[:-2]}",
                                   f"8,{READING}", f"{READING}", f"8;{READING}\n8;{READING}", "8;0;"])  # fmt: skip
def test_a_damaged_reply(reply: str):
    with dialogue(Keithley6221, (FRESH, reply)) as source, pytest.raises(GarbledReply, match="expected"):
        source._fresh(PLAN)


def test_a_serial_error_ends_it():
    with (
        dialogue(Keithley6221, (FRESH, f"2048;{READING}")) as source,
        pytest.raises(InstrumentFault, match="serial link"),
    ):
        source._fresh(PLAN)


def test_one_reading_has_a_form():
    assert set(_ONE) == {True, False}


@pytest.mark.parametrize("after", [0, 50, 199])
def test_a_source_that_is_switched_off_and_on_says_so(after: int):
    on = bench()
    stream = on.source.delta_stream(1e-4, count=200, compliance=1.0, meter=FINE)
    taken = list(itertools.islice(stream, after + 1))
    on.device.power_cycle()
    with pytest.raises(Restarted, match="switched off and on"):
        list(stream)
    assert len(taken) == after + 1
    assert not on.output


def test_a_source_that_is_switched_off_and_on_in_delta_mode_says_so():
    on = bench()
    on.device.timeline.schedule(on.clock.now() + 8.0, on.device.power_cycle)
    with pytest.raises(Restarted, match="switched off and on"):
        on.source.delta(1e-4, count=600, compliance=1.0, meter=FINE)
    assert not on.output
