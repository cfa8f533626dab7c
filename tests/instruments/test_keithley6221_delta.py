from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from instruments.errors import BadValue, InstrumentError, InstrumentFault, LimitExceeded, NoReply
from instruments.keithley2182a import Keithley2182A
from instruments.keithley6221 import Keithley6221
from instruments.keithley6221_readings import Averaging
from instruments.keithley6221_relay import MeterSettings
from instruments.keithley6221_sweeps import LinearSweep, ListSweep, LogarithmicSweep
from simulators.devices.keithley6221 import Keithley6221 as Simulated6221
from simulators.visa import SimulatedVisaLibrary
from tests.instruments.dialogues import dialogue
from tests.instruments.paired import SOCKET, Bench

FINE = MeterSettings(voltage_range=0.01)
SEED = 2182
ASK_ERROR = ";*ESR?;:SYST:ERR?"


def bench(resistance: float = 10.0, offset: float = 20e-6, **others: Any) -> Bench:
    made = Bench(**others)
    made.sample.resistance, made.sample.offset = resistance, offset
    return made


def commands(on: Bench, first: str, last: str) -> list[str]:
    """What was said from one message to another, both included, without the question for errors."""
    said = [message.removesuffix(ASK_ERROR) for message in on.wire.heard]
    return said[said.index(first) : said.index(last) + 1]


# ---- Delta


def test_what_delta_says():
    on = bench()
    on.source.delta(1e-4, -5e-5, count=5, compliance=1.0, delay=0.003, cold_switch=True, meter=FINE)
    assert commands(on, ":SOUR:CURR:COMP 1.0", ":INIT") == [
        ":SOUR:CURR:COMP 1.0", ":SOUR:CURR:RANG:AUTO 0;:SOUR:CURR:RANG 0.0001",
        ":FORM ASC;:FORM:ELEM READ,TST,SOUR,COMP,RNUM;:UNIT V;:CALC:STAT 0", ":SENS:AVER 0",
        ":SOUR:DELT:HIGH 0.0001", ":SOUR:DELT:LOW -5e-05", ":SOUR:DELT:DEL 0.003;:SOUR:DELT:COUN 5", ":SOUR:DELT:CAB 1",
        ":SOUR:DELT:CSW 1", ":TRAC:TST:FORM ABS;:TRAC:FEED SENS;:TRAC:POIN 5;:TRAC:FEED:CONT NEXT", ":SOUR:DELT:ARM",
        ":SOUR:DELT:ARM?", ":SYST:ERR?", ":STAT:OPER?", ":STAT:MEAS?", ":INIT",
    ]  # fmt: skip
    said = [message.removesuffix(ASK_ERROR) for message in on.wire.heard]
    assert said[:3] == said[-3:] == [":SOUR:SWE:ABOR;:SOUR:WAVE:ABOR", ":SOUR:CLE", ":OUTP?"]
    assert ":TRAC:DATA:SEL? 0,5" in said


def test_delta_is_free_of_the_offset():
    on = bench()
    readings = on.source.delta(1e-4, count=50, compliance=1.0, meter=FINE)
    assert len(readings) == 50
    assert readings.value == pytest.approx([1e-3] * 50, rel=1e-9)
    assert readings.resistance().value == pytest.approx(10.0)
    assert readings.current.tolist() == [1e-4] * 50
    assert np.diff(readings.number).tolist() == [1] * 49
    assert np.all(np.diff(readings.time) > 0)
    assert not readings.aborted
    assert not readings.clamped
    assert not on.output


def test_delta_is_free_of_a_linear_drift():
    on = bench()
    on.sample.drift = 1e-6  # V/s, a thousand times 1 uV/min
    readings = on.source.delta(1e-4, count=200, compliance=1.0, meter=FINE)
    assert readings.value == pytest.approx([1e-3] * 200, abs=2e-10)  # seven digits, of what is printed


def test_delta_between_other_levels_gives_half_of_the_swing():
    on = bench()
    readings = on.source.delta(1e-4, -5e-5, count=5, compliance=1.0, meter=FINE)
    assert readings.value == pytest.approx([0.75e-3] * 5)
    assert readings.resistance().value == pytest.approx(10.0)
    assert bench().source.delta(1e-4, 0.0, count=5, compliance=1.0, meter=FINE).value == pytest.approx([0.5e-3] * 5)


@pytest.mark.parametrize("averaging", [Averaging("repeat", 5), Averaging("moving", 5, 1.0)], ids=str)
def test_delta_with_a_filter(averaging: Averaging):
    on = bench(noise=np.random.default_rng(SEED))
    readings = on.source.delta(1e-4, count=20, compliance=1.0, meter=FINE, averaging=averaging)
    assert averaging.spelled() in commands(on, averaging.spelled(), ":INIT")
    assert readings.averaging == averaging
    assert readings.mean().value == pytest.approx(1e-3, abs=6 * readings.mean().standard_error)


def test_the_pull_of_the_mean_of_a_simulated_delta():
    pulls: list[float] = []
    for seed in range(40):
        on = bench(noise=np.random.default_rng(seed))
        on.sample.drift = 1e-6 / 60
        mean = on.source.delta(1e-4, count=60, compliance=1.0, meter=FINE).mean()
        pulls.append((mean.value - 1e-3) / mean.standard_error)
    assert abs(np.mean(pulls)) < 4 / math.sqrt(40)
    assert 1 / 1.7 < np.std(pulls) < 1.7  # 40 of them: 11 % of fluctuation, and 3 % of the tails


def test_an_overflow_is_marked():
    on = bench(resistance=1000.0)
    readings = on.source.delta(1e-4, count=5, compliance=1.0, meter=FINE)  # 100 mV on the 10 mV range
    assert readings.overflow.all()
    assert readings.mean().readings == 0


def test_compliance_ends_the_run_or_is_told():
    on = bench(resistance=1000.0)
    readings = on.source.delta(1e-3, count=20, compliance=0.5)
    assert readings.aborted
    assert readings.clamped
    assert len(readings) < 20
    assert not on.output
    on = bench(resistance=1000.0)
    readings = on.source.delta(1e-3, count=20, compliance=0.5, compliance_abort=False, meter=MeterSettings(1, 1.0))
    assert not readings.aborted
    assert readings.clamped
    assert readings.compliance.all()
    assert readings.value == pytest.approx([0.5] * 20, rel=1e-3)
    assert math.isnan(readings.mean().value)  # nothing that could be used


@pytest.mark.parametrize(
    ("asked", "error", "match"),
    [
        ({"high": -1e-4}, LimitExceeded, "high cannot be -0.0001 A"),
        ({"high": 0.2}, LimitExceeded, "high cannot be 0.2 A"),
        ({"high": math.nan}, BadValue, "high takes a finite number"),
        ({"low": 1e-5}, LimitExceeded, "low cannot be"),
        ({"high": 0.0, "low": 0.0}, BadValue, "no difference"),
        ({"high": 0.0}, BadValue, "no difference"),
        ({"count": 0}, LimitExceeded, "count cannot be 0"),
        ({"count": 65537}, LimitExceeded, "count cannot be 65537"),
        ({"count": 2.5}, BadValue, "whole number"),
        ({"count": math.inf}, BadValue, "delta_stream"),
        ({"compliance": 0.05}, LimitExceeded, "compliance"),
        ({"compliance": 200.0}, LimitExceeded, "compliance"),
        ({"delay": 0.0}, LimitExceeded, "delay"),
        ({"delay": math.inf}, BadValue, "delay"),
        ({"cold_switch": "no"}, BadValue, "cold_switch"),
        ({"compliance_abort": None}, BadValue, "compliance_abort"),
        ({"averaging": Averaging(count=1)}, LimitExceeded, "count of the filter"),
        ({"meter": MeterSettings(nplc=0)}, LimitExceeded, "nplc"),
        ({"source_range": 1e-6}, LimitExceeded, "does not hold 0.0001 A"),
        ({"source_range": -1.0}, LimitExceeded, "source_range"),
    ],
)  # fmt: skip
def test_a_delta_that_cannot_be_is_refused_before_anything_is_sent(asked: dict[str, Any], error: Any, match: str):
    settings: dict[str, Any] = {"high": 1e-4, "count": 10, "compliance": 1.0, **asked}
    with dialogue(Keithley6221) as source, pytest.raises(error, match=match):
        source.delta(settings.pop("high"), settings.pop("low", None), **settings)


def test_no_meter():
    on = bench(wired=False)
    with pytest.raises(InstrumentFault, match="finds no 2182 or 2182A on its serial port"):
        on.source.delta(1e-4, count=5, compliance=1.0)
    assert not on.output


def test_an_open_interlock():
    on = bench()
    on.device.interlock_closed = False
    with pytest.raises(InstrumentError):
        on.source.delta(1e-4, count=5, compliance=1.0)
    assert not on.output


# ---- Pulse Delta


def test_what_pulse_delta_says():
    on = bench()
    on.source.pulse_delta(2e-4, 1e-5, width=2e-4, sense_delay=5e-5, count=4, interval=7, compliance=1.0)
    assert commands(on, ":SOUR:PDEL:LOW 1e-05", ":SOUR:PDEL:ARM") == [
        ":SOUR:PDEL:LOW 1e-05", ":SOUR:PDEL:WIDT 0.0002", ":SOUR:PDEL:SDEL 5e-05", ":SOUR:PDEL:LME 2;:SOUR:PDEL:COUN 4",
        ":SOUR:PDEL:HIGH 0.0002", ":SOUR:PDEL:INT 7", ":SOUR:PDEL:SWE 0",
        ":TRAC:TST:FORM ABS;:TRAC:FEED SENS;:TRAC:POIN 4;:TRAC:FEED:CONT NEXT", ":SOUR:PDEL:ARM",
    ]  # fmt: skip


def test_pulse_delta_gives_the_whole_difference():
    on = bench()
    readings = on.source.pulse_delta(2e-4, 1e-5, width=2e-4, count=6, interval=10, compliance=1.0, meter=FINE)
    assert readings.value == pytest.approx([1.9e-3] * 6)
    assert readings.resistance() == pytest.approx([10.0] * 6)
    assert np.diff(readings.time) == pytest.approx([0.2] * 5, rel=1e-3)  # ten cycles of 50 Hz
    assert readings.correlation == (1.0,)
    flowed = [length for current, length in on.pieces() if current == 2e-4]
    assert flowed == pytest.approx([2e-4] * 6, abs=1e-6)
    assert not on.output


@pytest.mark.parametrize("lows", [1, 2])
def test_what_warms_up_shows_only_where_it_is_measured_on_both_sides(lows: int):
    on = bench()
    on.sample.drift = 1e-4  # V/s
    value = on.source.pulse_delta(2e-4, width=2e-4, count=3, compliance=1.0, low_measurements=lows, meter=FINE).value
    expected = 2e-3 + (1e-4 * 0.02 if lows == 1 else 0.0)  # the low one lies a line cycle before
    assert value == pytest.approx([expected] * 3, abs=2e-8)


@pytest.mark.parametrize(
    ("sweep", "heights"),
    [(LinearSweep(1e-4, 4e-4, 1e-4, 0.2), [1e-4, 2e-4, 3e-4, 4e-4]), (ListSweep([1e-4, -3e-4], 0.1), [1e-4, -3e-4]),
     (LogarithmicSweep(1e-5, 1e-3, 3, 0.5), [1e-5, 1e-4, 1e-3])],
)  # fmt: skip
def test_pulses_that_follow_a_sweep(sweep: Any, heights: list[float]):
    on = bench()
    readings = on.source.pulse_delta(width=2e-4, sweep=sweep, compliance=1.0)
    assert readings.current == pytest.approx(heights, rel=1e-3)
    assert readings.resistance() == pytest.approx([10.0] * len(heights), rel=1e-3)
    assert not on.output


@pytest.mark.parametrize(
    ("asked", "error", "match"),
    [
        ({"high": None}, BadValue, "either high and count, or a sweep"),
        ({"count": None}, BadValue, "either high and count, or a sweep"),
        ({"sweep": LinearSweep(0.0, 1e-4, 1e-4, 0.2)}, BadValue, "either high and count, or a sweep"),
        ({"low": 1e-4}, BadValue, "no difference"),
        ({"width": 49e-6}, LimitExceeded, "width"),
        ({"width": 13e-3}, LimitExceeded, "width"),
        ({"width": 50e-6, "sense_delay": 17e-6}, LimitExceeded, "leaves 3.3e-05 s of a pulse of 5e-05 s"),
        ({"width": 1e-4, "sense_delay": 1e-4}, LimitExceeded, "leaves 0 s"),
        ({"interval": 4}, LimitExceeded, "interval"),
        ({"low_measurements": 0}, LimitExceeded, "low_measurements"),
        ({"high": 0.106}, LimitExceeded, "0.106"),
        ({"high": None, "count": None, "sweep": ListSweep([1e-4], 0.05)}, LimitExceeded, "five power line cycles"),
        ({"high": None, "count": None, "sweep": ListSweep([], 0.2)}, LimitExceeded, "number of currents"),
    ],
)
def test_a_pulse_delta_that_cannot_be_is_refused_before_anything_is_sent(asked: dict[str, Any], error: Any, match: str):
    settings: dict[str, Any] = {"high": 1e-4, "width": 1e-4, "count": 5, "compliance": 1.0, **asked}
    with dialogue(Keithley6221) as source, pytest.raises(error, match=match):
        source.pulse_delta(settings.pop("high"), settings.pop("low", 0.0), **settings)


def test_the_shortest_pulse_with_the_shortest_delay_is_just_long_enough():
    assert len(bench().source.pulse_delta(1e-4, width=50e-6, sense_delay=16e-6, count=2, compliance=1.0)) == 2


# ---- Differential Conductance


def test_what_differential_conductance_says():
    on = bench()
    on.source.differential_conductance(-1e-5, 1e-5, 5e-6, delta=1e-6, compliance=1.0, repeat=3)
    assert commands(on, ":SENS:AVER:TCON REP;:SENS:AVER:COUN 3;:SENS:AVER:WIND 0.0;:SENS:AVER 1", ":SOUR:DCON:ARM") == [
        ":SENS:AVER:TCON REP;:SENS:AVER:COUN 3;:SENS:AVER:WIND 0.0;:SENS:AVER 1",
        ":SOUR:DCON:STAR -1e-05", ":SOUR:DCON:STOP 1e-05", ":SOUR:DCON:STEP 5e-06;:SOUR:DCON:DELT 1e-06",
        ":SOUR:DCON:DEL 0.002;:SOUR:DCON:CAB 1",
        ":TRAC:TST:FORM ABS;:TRAC:FEED SENS;:TRAC:POIN 5;:TRAC:FEED:CONT NEXT", ":SOUR:DCON:ARM",
    ]  # fmt: skip
    assert ":SOUR:DCON:NVZ?" in on.wire.heard


def test_differential_conductance_along_a_staircase():
    on = bench()
    readings = on.source.differential_conductance(-1e-5, 1e-5, 1e-6, delta=1e-6, compliance=1.0, meter=FINE)
    assert readings.current == pytest.approx(np.linspace(-1e-5, 1e-5, 21), abs=1e-12)
    assert readings.resistance == pytest.approx([10.0] * 21)
    assert readings.conductance == pytest.approx([0.1] * 21)
    assert np.diff(readings.average_voltage) == pytest.approx([1e-5] * 20, abs=1e-9)
    assert not on.output


@pytest.mark.parametrize("goes_on", [False, True])
def test_a_filtered_staircase_has_one_reading_less_or_goes_on_beyond_the_stop(goes_on: bool):
    """The manual does not say which; the source is asked how many readings it has made room for."""

    class Simulated(Simulated6221):
        staircase_goes_on = goes_on

    on = bench(simulated=Simulated)
    readings = on.source.differential_conductance(
        0.0, 1e-5, 1e-6, delta=1e-6, compliance=1.0, repeat=5, meter=FINE
    )  # fmt: skip
    assert readings.current == pytest.approx(0.4e-6 + 1e-6 * np.arange(11 if goes_on else 10), abs=1e-12)
    assert readings.resistance == pytest.approx(10.0)


def test_a_source_that_makes_room_for_another_number_of_readings():
    class Simulated(Simulated6221):
        def prepare_buffer(self, points: float) -> None:
            super().prepare_buffer(points - 2)

    on = bench(simulated=Simulated)
    with pytest.raises(InstrumentFault, match="armed for 11 readings of a staircase, it makes room for 8"):
        on.source.differential_conductance(0.0, 1e-5, 1e-6, delta=1e-6, compliance=1.0, repeat=5, meter=FINE)
    assert not on.output


def test_differential_conductance_downwards():
    readings = bench().source.differential_conductance(1e-5, 0.0, 2.5e-6, delta=1e-6, compliance=1.0, meter=FINE)
    assert readings.current == pytest.approx([1e-5, 7.5e-6, 5e-6, 2.5e-6, 0.0], abs=1e-12)
    assert readings.resistance == pytest.approx([10.0] * 5)


@pytest.mark.parametrize(
    ("asked", "error", "match"),
    [
        ({"step": 3e-5}, BadValue, "100 steps"),
        ({"step": 0.0}, BadValue, "above 0 A"),
        ({"step": -1e-6}, LimitExceeded, "step cannot be"),
        ({"delta": 0.0}, BadValue, "above 0 A"),
        ({"stop": -1e-5}, BadValue, "start is not stop"),
        ({"step": 1e-13}, LimitExceeded, "number of points cannot be"),
        ({"stop": 0.1, "step": 0.01, "delta": 0.01}, LimitExceeded, "together cannot be 0.12"),
        ({"repeat": 1}, LimitExceeded, "count of the filter"),
        ({"start": math.inf}, BadValue, "start takes a finite number"),
    ],
)
def test_a_staircase_that_cannot_be_is_refused_before_anything_is_sent(asked: dict[str, Any], error: Any, match: str):
    settings: dict[str, Any] = {"start": -1e-5, "stop": 1e-5, "step": 1e-6, "delta": 1e-6, "compliance": 1.0, **asked}
    with dialogue(Keithley6221) as source, pytest.raises(error, match=match):
        source.differential_conductance(**settings)


# ---- over Ethernet


def test_over_a_socket_it_is_the_same():
    """There the meter's own terminator makes an empty line that nobody asked for."""
    on = bench(resource=SOCKET)
    readings = on.source.delta(1e-4, count=5, compliance=1.0, meter=FINE)
    assert readings.value == pytest.approx([1e-3] * 5)
    live = list(on.source.delta_stream(1e-4, count=30, compliance=1.0, meter=FINE))
    assert [reading.number for reading in live] == list(range(30))
    assert len(on.source.pulse_delta(1e-4, width=1e-4, count=3, compliance=1.0)) == 3
    assert not on.output


# ---- what is none of it

LEVELS = {"compliance": 1.0, "count": 5}
MODES: dict[str, tuple[Any, ...]] = {
    "delta": (1e-4, LEVELS),
    "delta_stream": (1e-4, LEVELS),
    "pulse_delta": (1e-4, {**LEVELS, "width": 1e-3}),
    "differential_conductance": (0.0, 1e-4, 1e-5, {"delta": 1e-5, "compliance": 1.0}),
}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("option", "value", "sentence"),
    [
        ("meter", 5, r"meter cannot be 5; give e.g. MeterSettings\(nplc=1\)"),
        ("speling", 2, "{mode} has no option speling; choose from"),
        ("metre", FINE, "{mode} has no option metre; did you mean meter"),
        ("averaging", "moving", "averaging cannot be 'moving'; give e.g. Averaging"),
    ],
)
def test_what_is_no_option_is_said_and_nothing_sent(mode: str, option: str, value: object, sentence: str):
    on = bench()
    *levels, named = MODES[mode]
    if (mode, option) == ("differential_conductance", "averaging"):
        sentence = "{mode} has no option averaging"  # it has a repeating filter only
    with pytest.raises(BadValue, match=sentence.format(mode=mode)):
        getattr(on.source, mode)(*levels, **named, **{option: value})
    assert on.wire.heard == []


def test_a_sweep_of_pulses_is_a_sweep():
    on = bench()
    with pytest.raises(BadValue, match=r"sweep cannot be \[1, 2\]; give e.g. LinearSweep"):
        on.source.pulse_delta(width=1e-3, compliance=1.0, sweep=[1, 2])
    assert on.wire.heard == []


def test_a_meter_left_on_the_sources_triggers_says_what_to_do():
    on = bench()
    on.source.delta(1e-4, count=5, compliance=1.0)
    name = "GPIB0::7::INSTR"
    library = SimulatedVisaLibrary(on.meter.timeline, {name: on.meter})
    meter = Keithley2182A(name, clock=on.clock, visa_library=library)
    with pytest.raises(NoReply, match=r"waits for triggers, as the measuring modes of a 6221 leave it, .*one_shot"):
        _ = meter.voltage
    meter.clear()
    meter.configure_one_shot()
    assert meter.reading().voltage == meter.voltage


def test_a_meter_is_read_again_after_delta():
    on = bench()
    on.source.delta(1e-4, count=5, compliance=1.0)
    name = "GPIB0::7::INSTR"
    library = SimulatedVisaLibrary(on.meter.timeline, {name: on.meter})
    meter = Keithley2182A(name, clock=on.clock, visa_library=library)
    meter.configure_one_shot()
    assert math.isfinite(meter.voltage)
