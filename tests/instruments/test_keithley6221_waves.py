from __future__ import annotations

import math
from typing import Any

import pytest

from instruments.errors import BadValue, DeadlinePassed, GarbledReply, InstrumentError, LimitExceeded, NoReply
from instruments.keithley6221 import Keithley6221
from instruments.keithley6221_waves import Wave
from tests.instruments.dialogues import dialogue
from tests.instruments.paired import Bench

END = ";*ESR?;:SYST:ERR?"


def said(on: Bench) -> list[str]:
    return [message.removesuffix(END) for message in on.wire.heard]


def test_what_a_wave_says():
    on = Bench()
    on.source.arm_wave(Wave("square", 1e-4, 50.0, offset=2e-5, duty_cycle=25.0, cycles=3.0), 2.0)
    setup = (
        ":SOUR:WAVE:FUNC SQU;:SOUR:WAVE:DCYC 25.0;:SOUR:WAVE:AMPL 0.0001;:SOUR:WAVE:OFFS 2e-05;:SOUR:WAVE:FREQ 50.0;"
        ":SOUR:WAVE:RANG BEST;:SOUR:WAVE:DUR:TIME INF;:SOUR:WAVE:DUR:CYCL 3.0;:SOUR:WAVE:PMAR:STAT 0;"
        ":SOUR:WAVE:EXTR 0;:STAT:OPER:ENAB 22;:STAT:MEAS:ENAB 8;:STAT:OPER?;:STAT:MEAS?"
    )
    assert said(on)[3:] == [":SOUR:CURR:COMP 2.0", f"{setup};:SOUR:WAVE:ARM"]
    assert not on.output


def test_a_phase_marker_a_range_and_no_end():
    wave = Wave("ramp", 1e-4, 1.0, marker_phase=90.0, marker_line=4, source_range=1e-3)
    assert list(wave.spelled())[4:] == [
        ":SOUR:WAVE:RANG FIX", ":SOUR:WAVE:DUR:CYCL INF;:SOUR:WAVE:DUR:TIME INF",
        ":SOUR:WAVE:PMAR:OLIN 4;:SOUR:WAVE:PMAR 90.0", ":SOUR:WAVE:PMAR:STAT 1", ":SOUR:WAVE:EXTR 0",
    ]  # fmt: skip
    on = Bench()
    on.source.arm_wave(wave, 1.0)
    assert ":SOUR:CURR:RANG:AUTO 0;:SOUR:CURR:RANG 0.001" in said(on)


def test_an_arbitrary_wave_goes_out_in_parts():
    points = [math.sin(index) for index in range(150)]
    first, second, *_ = Wave("arbitrary", 1e-4, 10.0, points=points).spelled()
    assert first.startswith(":SOUR:WAVE:ARB:DATA 0.0,0.84")
    assert second.startswith(":SOUR:WAVE:ARB:APP ")
    sent = [float(text) for part in (first, second) for text in part.split(" ")[1].split(",")]
    assert sent == points


@pytest.mark.parametrize(
    ("wave", "lasts"),
    [(Wave("sine", 1e-4, 100.0, duration=0.5), 0.5), (Wave("square", 1e-4, 100.0, cycles=7.0), 0.07),
     (Wave("arbitrary", 1e-4, 200.0, cycles=10.0, points=[0.0, 1.0, -0.5]), 0.05)],
)  # fmt: skip
def test_a_wave_of_limited_duration(wave: Wave, lasts: float):
    on = Bench()
    assert wave.lasts == pytest.approx(lasts)
    on.source.run_wave(wave, 1.0)
    start = next(time for time, current in on.sample.changes if current is not None)
    end = next(time for time, current in on.sample.changes if current is None and time > start)
    assert end - start == pytest.approx(lasts, abs=1e-6)
    assert sum(length for length, _ in on.sample.cycle) == pytest.approx(1.0 / wave.frequency)
    assert not on.output
    assert on.source.source_current == 0.0


def test_starting_and_stopping_by_hand():
    on = Bench()
    on.source.arm_wave(Wave("sine", 1e-4, 100.0), 1.0)
    assert not on.output
    on.source.start_wave()
    assert on.output
    on.clock.sleep(10.0)
    assert not on.source.wave_ended()
    on.source.stop_wave()
    assert on.source.wave_ended()
    assert not on.output


def test_a_wave_that_is_clamped_says_so():
    on = Bench()
    on.sample.resistance = 100.0
    wave = Wave("square", 1e-2, 100.0, duration=0.1)
    assert on.source.run_wave(wave, 0.5)
    assert not on.source.run_wave(wave, 2.0)


def test_a_marker_on_a_trigger_line_is_refused_by_the_source():
    on = Bench()
    with pytest.raises(InstrumentError, match="-221"):
        on.source.arm_wave(Wave("sine", 1e-4, 100.0, marker_phase=0.0, marker_line=2), 1.0)
    assert not on.output


def test_starting_without_arming():
    on = Bench()
    with pytest.raises(InstrumentError):
        on.source.start_wave()
    assert not on.output


def test_a_wave_that_does_not_end_is_stopped():
    on = Bench()
    on.device.wave_stopped = lambda: None
    with pytest.raises(DeadlinePassed, match=r"a wave of 0\.5 s has not ended"):
        on.source.run_wave(Wave("sine", 1e-4, 100.0, duration=0.5), 1.0)
    assert on.clock.now() < 8.0
    assert not on.output


@pytest.mark.parametrize(("reply", "ended"), [("0", True), ("1", False)])
def test_whether_it_has_ended(reply: str, ended: bool):
    with dialogue(Keithley6221, (":OUTP?", reply)) as source:
        assert source.wave_ended() is ended
    for bad in ("", "00", "#0", "0,0", " 0"):
        with dialogue(Keithley6221, (":OUTP?", bad or b"")) as source, pytest.raises((GarbledReply, NoReply)):
            source.wave_ended()


@pytest.mark.parametrize(
    ("wave", "error", "match"),
    [
        (Wave("sine", 1e-12, 10.0), LimitExceeded, "amplitude"),
        (Wave("sine", -1e-3, 10.0), LimitExceeded, "amplitude"),
        (Wave("sine", 0.1, 10.0, offset=0.01), LimitExceeded, "amplitude and offset together"),
        (Wave("sine", 0.1, 10.0, offset=-0.01), LimitExceeded, "amplitude and offset together"),
        (Wave("sine", 1e-3, 2e5), LimitExceeded, "frequency"),
        (Wave("sine", 1e-3, 1e-4), LimitExceeded, "frequency"),
        (Wave("sine", 1e-3, math.nan), BadValue, "frequency"),
        (Wave("square", 1e-3, 10.0, duty_cycle=101.0), LimitExceeded, "duty_cycle"),
        (Wave("sine", 1e-3, 10.0, duration=1e-8), LimitExceeded, "duration"),
        (Wave("sine", 1e-3, 10.0, duration=math.inf), BadValue, "duration"),
        (Wave("sine", 1e-3, 10.0, cycles=1e-4), LimitExceeded, "cycles"),
        (Wave("sine", 1e-3, 10.0, duration=1.0, cycles=3.0), BadValue, "not both"),
        (Wave("arbitrary", 1e-3, 10.0), BadValue, "points belong"),
        (Wave("sine", 1e-3, 10.0, points=[1.0]), BadValue, "points belong"),
        (Wave("arbitrary", 1e-3, 10.0, points=[1.1]), LimitExceeded, "point of an arbitrary wave"),
        (Wave("arbitrary", 1e-3, 10.0, points=[0.0] * 65536), LimitExceeded, "number of points"),
        (Wave("sine", 1e-3, 10.0, marker_phase=-90.0), LimitExceeded, "marker_phase"),
        (Wave("sine", 1e-3, 10.0, marker_phase=0.0, marker_line=7), LimitExceeded, "marker_line"),
        (Wave("sine", 1e-3, 10.0, source_range=1e-5), LimitExceeded, "does not hold"),
    ],
)
def test_a_wave_that_cannot_be_is_refused_before_anything_is_sent(wave: Wave, error: Any, match: str):
    with dialogue(Keithley6221) as source, pytest.raises(error, match=match):
        source.arm_wave(wave, 1.0)


def test_a_wave_without_end_is_not_run():
    shape: Any = "triangle"
    with dialogue(Keithley6221) as source:
        with pytest.raises(BadValue, match="never ends"):
            source.run_wave(Wave("sine", 1e-3, 10.0), 1.0)
        with pytest.raises(BadValue, match="shape"):
            source.arm_wave(Wave(shape, 1e-3, 10.0), 1.0)
        with pytest.raises(LimitExceeded, match="compliance"):
            source.arm_wave(Wave("sine", 1e-3, 10.0), 1000.0)


def test_something_else_is_refused_and_nothing_sent():
    on = Bench()
    with pytest.raises(BadValue, match=r"wave cannot be 'sine'; give e.g. Wave\("):
        on.source.run_wave("sine", 1.0)
    assert on.wire.heard == []
