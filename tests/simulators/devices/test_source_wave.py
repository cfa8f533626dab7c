"""Waves of the simulated 6221: what flows, for how long, what may change meanwhile, triggers and markers."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.devices.keithley6221 import Keithley6221
from simulators.devices.source_output import NOISE
from simulators.devices.source_wave import SourceWave
from tests.simulators.devices.source_bench import SourceBench

STARTED, STOPPED, IDLE = 0x10, 0x80, 0x400


@pytest.fixture
def bench():
    return SourceBench()


def start(bench, *messages):
    bench.write(*messages, "SOUR:WAVE:ARM;INIT")
    assert bench.errors() == []
    return bench.terminals.changes[-1].cycle


def test_square_wave(bench):
    steps = start(bench, "SOUR:WAVE:FUNC SQU;AMPL 2e-3;OFFS 1e-3;FREQ 10;DCYC 20;:SOUR:CURR:COMP 12")
    assert steps == ((pytest.approx(0.02), pytest.approx(3e-3)), (pytest.approx(0.08), pytest.approx(-1e-3)))
    change = bench.terminals.changes[-1]
    assert (change.compliance, change.noise) == (12.0, NOISE[7])  # the 20 mA range holds the peak


def test_arbitrary_wave(bench):
    steps = start(bench, "SOUR:WAVE:ARB:DATA 0,0.5;APP -1,0.25;:SOUR:WAVE:FUNC ARB0;AMPL 1e-3;FREQ 5")
    assert steps == tuple((pytest.approx(0.05), pytest.approx(level)) for level in (0, 0.5e-3, -1e-3, 0.25e-3))


@given(st.floats(0.1, 1e5), st.floats(1e-6, 0.05), st.floats(-0.05, 0.05))
@settings(deadline=None, max_examples=15)
def test_sine_has_its_effective_value(frequency, amplitude, offset):
    steps = start(SourceBench(), f"SOUR:WAVE:FREQ {frequency!r};AMPL {amplitude!r};OFFS {offset!r}")
    period = sum(duration for duration, _ in steps)
    mean = sum(duration * level for duration, level in steps) / period
    square = sum(duration * (level - offset) ** 2 for duration, level in steps) / period
    assert period == pytest.approx(1 / frequency)
    assert mean == pytest.approx(offset, abs=1e-9 + 1e-9 * amplitude)
    assert math.sqrt(square) == pytest.approx(amplitude / math.sqrt(2))


def test_accuracy_of_the_range_holds_for_waves(bench):
    gains = bench.device.calibration.gains
    bench.device.calibration = bench.device.calibration._replace(
        gains=(*gains[:6], 4e-4, *gains[7:]), offsets=(0.0,) * 6 + (5e-7, 0.0, 0.0)
    )
    steps = start(bench, "SOUR:WAVE:FUNC SQU;AMPL 1e-3;FREQ 10")
    assert [level for _, level in steps] == pytest.approx([1.0004e-3 + 5e-7, -1.0004e-3 + 5e-7], rel=1e-12)


@pytest.mark.parametrize(
    ("duration", "seconds"), [("TIME 0.25", 0.25), ("CYCL 2.5", 0.025), ("TIME 100e-9", 100e-9), ("CYCL 1", 0.01)]
)
def test_the_output_goes_off_when_the_duration_is_over(bench, duration, seconds):
    bench.wait(20_000.0)
    begin = bench.clock.now()
    start(bench, f"SOUR:WAVE:FREQ 100;DUR:{duration}")
    bench.wait(seconds * 0.9)
    assert bench.ask("OUTP:STAT?;:STAT:OPER:COND?") == f"1;{STARTED}"
    bench.wait(1.0)
    assert bench.ask("OUTP:STAT?;:STAT:OPER:COND?") == f"0;{STOPPED | IDLE}"
    last = bench.terminals.changes[-1]
    assert last.current is None
    assert last.time - begin == pytest.approx(seconds, abs=1e-9)
    start(bench)  # it is still armed, and can be armed again
    assert bench.ask("OUTP?;:STAT:OPER:COND?") == f"1;{STARTED}"


def test_a_50_us_pulse(bench):
    """Half a period of a square of 10 kHz, and no more of it."""
    bench.wait(5_000.0)
    begin = bench.clock.now()
    steps = start(bench, "SOUR:WAVE:FUNC SQU;AMPL 10e-3;OFFS 10e-3;FREQ 1e4;DUR:TIME 50e-6")
    bench.wait(1.0)
    assert steps[0] == (pytest.approx(50e-6), pytest.approx(20e-3))
    assert bench.terminals.changes[-1].time - begin == pytest.approx(50e-6, abs=1e-9)
    assert not bench.terminals.driven


def test_one_duration_ends_the_other(bench):
    assert bench.ask("SOUR:WAVE:DUR:TIME 2;CYCL?;CYCL 5;TIME?;TIME 1;TIME INF;CYCL?") == "+9.9E37;+9.9E37;+9.9E37"


def test_without_end_it_runs_until_aborted(bench):
    start(bench)
    bench.forget()
    bench.wait(1e6)
    assert bench.terminals.changes == []
    bench.write("SOUR:WAVE:ABOR")
    assert not bench.terminals.driven
    assert bench.ask("OUTP?;:STAT:OPER:COND?") == f"0;{STOPPED | IDLE}"
    bench.write("SOUR:WAVE:INIT")
    assert bench.errors() == [-221]


@pytest.mark.parametrize("end", ["OUTP 0", "SOUR:CLE", "*RST", "ABOR", "SOUR:WAVE:ABOR"])
def test_everything_that_ends_a_wave(bench, end):
    start(bench, "SOUR:WAVE:DUR:TIME 5")
    bench.write(end)
    bench.forget()
    bench.wait(10.0)
    assert bench.terminals.changes == []
    assert not bench.terminals.driven
    assert bench.ask("OUTP?;:STAT:OPER:COND?") == f"0;{STOPPED | IDLE}"


def test_a_sweep_abort_leaves_a_wave_alone(bench):
    start(bench)
    bench.write("SOUR:SWE:ABOR")
    assert bench.terminals.driven


@pytest.mark.parametrize(
    "settings",
    [
        "SOUR:WAVE:AMPL 60e-3;OFFS 60e-3",
        "SOUR:WAVE:AMPL 1e-3;OFFS 0.1045",
        "SOUR:CURR:RANG 2e-6;:SOUR:WAVE:RANG FIX;AMPL 2.11e-6",
        "SOUR:CURR:RANG 2e-3;:SOUR:WAVE:RANG FIX;AMPL 1.5e-3;OFFS -0.7e-3",
        "SOUR:WAVE:FUNC ARB0",
        "SOUR:WAVE:FUNC ARB3",
    ],
)
def test_what_cannot_be_armed(bench, settings):
    bench.write(settings, "SOUR:WAVE:ARM")
    assert bench.errors() == [-221]
    bench.write("SOUR:WAVE:INIT")
    assert bench.errors() == [-221]
    assert bench.terminals.changes == []


@pytest.mark.parametrize(("disarms", "codes"), [(True, [-221, -221]), (False, [-221])])
def test_a_refused_arm_leaves_no_wave_armed(bench, monkeypatch, disarms, codes):
    monkeypatch.setattr(SourceWave, "refused_arming_disarms", disarms)
    bench.write("SOUR:WAVE:ARM", "SOUR:WAVE:FUNC ARB3;ARM", "SOUR:WAVE:INIT")
    assert bench.errors() == codes
    assert bool(bench.terminals.changes) is not disarms


def test_a_fixed_range_holds_five_percent_more(bench):
    start(bench, "SOUR:CURR:RANG 2e-6;:SOUR:WAVE:RANG FIX;AMPL 2.1e-6")
    assert bench.terminals.noise == NOISE[3]


def test_a_wave_that_is_armed_takes_another_amplitude(bench):
    """As a client does that sets it last."""
    bench.write("SOUR:WAVE:RANGING FIXED;:SOUR:WAVE:FUNC SQU;AMPL 1e-3;ARM;AMPL 5e-3;INIT")
    assert bench.errors() == []
    assert bench.terminals.current == pytest.approx(5e-3)
    bench.write("SOUR:WAVE:AMPL 0.1;OFFS 0.01")
    assert bench.errors() == [-221]
    assert bench.ask("SOUR:WAVE:AMPL?;OFFS?") == "1.000000E-01;0.000000E+00"


def test_a_running_wave_goes_on_at_its_phase(bench):
    start(bench, "SOUR:WAVE:FUNC SQU;AMPL 1e-3;FREQ 10")
    bench.wait(0.12)
    bench.write("SOUR:WAVE:AMPL 2e-3")
    durations = [duration for duration, _ in bench.terminals.changes[-1].cycle]
    levels = [level for _, level in bench.terminals.changes[-1].cycle]
    assert durations == pytest.approx([0.03, 0.05, 0.02])
    assert levels == pytest.approx([2e-3, -2e-3, 2e-3])
    bench.write("SOUR:WAVE:FREQ 1")  # a fifth of a period has passed
    durations = [duration for duration, _ in bench.terminals.changes[-1].cycle]
    assert durations == pytest.approx([0.3, 0.5, 0.2])


def test_cycles_are_counted_across_a_change_of_frequency(bench):
    start(bench, "SOUR:WAVE:FREQ 10;DUR:CYCL 30")
    bench.wait(1.0)
    bench.write("SOUR:WAVE:FREQ 2")
    bench.wait(100.0)
    assert bench.terminals.changes[-1].time == pytest.approx(11.0)


def test_a_time_is_kept_across_a_change_of_frequency(bench):
    start(bench, "SOUR:WAVE:FREQ 10;DUR:TIME 30")
    bench.wait(1.0)
    bench.write("SOUR:WAVE:FREQ 2")
    bench.wait(100.0)
    assert bench.terminals.changes[-1].time == pytest.approx(30.0)


def test_other_settings_count_from_the_next_arming(bench):
    bench.write("SOUR:WAVE:FUNC SQU;ARM;FUNC SIN;DCYC 10")
    bench.write("SOUR:WAVE:INIT")
    assert [duration for duration, _ in bench.terminals.changes[-1].cycle] == pytest.approx([5e-4, 5e-4])


class Careful(Keithley6221):
    """A source that takes no change of what is armed, keeps both durations, and is busy as long as a wave lasts."""

    changes_while_armed = "refused"
    durations_exclude = False
    wave_holds_completion = True


def test_what_is_not_known_can_be_chosen():
    bench = SourceBench(kind=Careful)
    bench.write("SOUR:WAVE:ARM", "SOUR:WAVE:FUNC SQU", "SOUR:WAVE:DUR:TIME 3")
    assert bench.errors() == [-221, -221]
    assert bench.ask("SOUR:WAVE:ABOR;DUR:TIME 3;CYCL 10;TIME?") == "3.00000000E+00"
    start(bench)
    assert bench.ask("*OPC?") == "1"
    assert bench.clock.now() == pytest.approx(3.0)


def test_completion_does_not_wait_for_a_wave(bench):
    start(bench)
    assert bench.ask("*OPC?") == "1"
    assert bench.clock.now() == 0.0


def test_arbitrary_memories(bench):
    bench.write("SOUR:WAVE:ARB:COPY 2")
    assert bench.errors() == [-221]
    bench.write("SOUR:WAVE:ARB:DATA 1,-1;COPY 2;DATA 0,1;:SOUR:WAVE:FUNC ARB2;AMPL 1e-3;ARM")
    assert bench.errors() == []
    bench.device.power_cycle()
    assert bench.ask("SOUR:WAVE:ARB:POIN?") == "0"
    steps = start(bench, "SOUR:WAVE:FUNC ARB2;AMPL 1e-3;FREQ 10")
    assert [level for _, level in steps] == pytest.approx([1e-3, -1e-3])


# ---- external trigger


EXTERNAL = "SOUR:WAVE:FUNC SQU;AMPL 2e-3;OFFS 1e-3;FREQ 10;DUR:CYCL 2;:SOUR:WAVE:EXTR:ILIN 3;IVAL 0.25;ENAB 1"


def test_it_waits_at_its_value_for_the_trigger_and_again_when_it_is_done(bench):
    bench.write(EXTERNAL, "SOUR:WAVE:ARM;INIT")
    assert bench.terminals.current == pytest.approx(1.5e-3)
    assert bench.terminals.changes[-1].cycle == ()
    bench.wait(5.0)
    bench.device.trigger_in(2)
    assert bench.ask("STAT:OPER:COND?;:OUTP?") == "0;1"
    bench.device.trigger_in(3)
    assert bench.ask("STAT:OPER:COND?") == str(STARTED)
    assert bench.terminals.current != pytest.approx(1.5e-3)
    bench.wait(5.0)
    assert bench.terminals.current == pytest.approx(1.5e-3)
    assert bench.terminals.changes[-1].time == pytest.approx(5.2)
    bench.write("*TRG")
    assert bench.ask("STAT:OPER:COND?") == str(STARTED)
    bench.write("SOUR:WAVE:ABOR")
    assert not bench.terminals.driven
    assert bench.errors() == []


@pytest.mark.parametrize(("ignore", "end"), [(1, 0.2), (0, 0.35)])
def test_a_trigger_on_the_way_begins_anew_or_is_ignored(bench, ignore, end):
    bench.write(EXTERNAL, f"SOUR:WAVE:EXTR:IGN {ignore};:SOUR:WAVE:ARM;INIT")
    bench.device.trigger_in(3)
    bench.wait(0.15)
    bench.device.trigger_in(3)
    bench.wait(1.0)
    assert bench.terminals.changes[-1].time == pytest.approx(end)


def test_amplitude_changes_where_it_waits(bench):
    bench.write(EXTERNAL, "SOUR:WAVE:ARM;INIT;AMPL 4e-3")
    assert bench.terminals.current == pytest.approx(2e-3)


# ---- phase marker


def test_phase_marker(bench):
    bench.wait(100.0)
    start(bench, "SOUR:WAVE:FREQ 10;PMAR 90;PMAR:OLIN 4;STAT 1;:SOUR:WAVE:DUR:CYCL 5")
    bench.wait(10.0)
    assert [line for _, line in bench.pulses] == [4] * 5
    assert [time - 100.0 for time, _ in bench.pulses] == pytest.approx([0.025, 0.125, 0.225, 0.325, 0.425])


def test_phase_marker_at_zero_comes_with_the_wave(bench):
    start(bench, "SOUR:WAVE:FREQ 10;PMAR 0;PMAR:STAT 1")
    bench.wait(0.31)
    assert [time for time, _ in bench.pulses] == pytest.approx([0.0, 0.1, 0.2, 0.3])


def test_phase_marker_follows_the_frequency(bench):
    start(bench, "SOUR:WAVE:FREQ 10;PMAR 180;PMAR:STAT 1")
    bench.wait(0.1)
    bench.write("SOUR:WAVE:FREQ 1")
    bench.wait(2.0)
    assert [time for time, _ in bench.pulses] == pytest.approx([0.05, 0.6, 1.6])


def test_markers_on_a_line_without_a_cable_cost_nothing(bench):
    bench.device.connected_lines = frozenset({1, 2})
    start(bench, "SOUR:WAVE:FREQ 1e5;PMAR:OLIN 3;STAT 1")
    bench.wait(1e6)
    assert bench.pulses == []


def test_clamped_waves_are_seen(bench):
    start(bench, "SOUR:WAVE:AMPL 20e-3;:SOUR:CURR:COMP 5")
    assert bench.ask("STAT:MEAS:COND?") == "8"


def test_the_interlock_ends_a_wave(bench):
    start(bench)
    bench.device.interlock_closed = False
    assert not bench.terminals.driven
    bench.write("SOUR:WAVE:INIT")
    assert bench.errors() == [-221]


def test_an_arbitrary_wave_can_be_asked_as_lists_can(bench):
    """Two public drivers ask: that of the Python library slave, and pyacquisition's."""
    assert bench.ask("SOUR:WAVE:ARB:DATA?") == ""
    bench.write("SOUR:WAVE:ARB:DATA 0,0.5;APP -1")
    reply = bench.ask("SOUR:WAVE:ARB:DATA?")
    assert [float(point) for point in reply.split(",")] == [0.0, 0.5, -1.0]
    assert bench.errors() == []
    longest = ",".join(["0.25"] * 100)
    bench.write(f"SOUR:WAVE:ARB:DATA {longest}", *[f"SOUR:WAVE:ARB:APP {longest}"] * 654)
    assert bench.ask("SOUR:WAVE:ARB:POIN?") == "65500"
    assert bench.ask("SOUR:WAVE:ARB:DATA?").count(",") == 65499


def test_a_slow_wave_of_few_periods_puts_out_its_levels_in_order(bench):
    """What it does to a sample depends on their order, which a mean over the cycle would not show."""
    bench.write("SOUR:WAVE:ARB:DATA 0,1,-0.5,0;:SOUR:WAVE:FUNC ARB0;AMPL 1e-3;FREQ 20;DUR:CYCL 2;:SOUR:WAVE:ARM;INIT")
    before = len(bench.terminals.changes)
    bench.wait(1.0)
    went = bench.terminals.changes[before - 1 : -1]
    assert [change.current for change in went] == pytest.approx([0.0, 1e-3, -0.5e-3, 0.0] * 2, abs=1e-9)
    times = [change.time - went[0].time for change in went]
    assert times == pytest.approx([place / 80.0 for place in range(8)])
    assert bench.terminals.changes[-1].time - went[0].time == pytest.approx(0.1)
    assert not bench.terminals.driven


def test_a_slow_wave_goes_on_where_its_amplitude_changes(bench):
    bench.write("SOUR:WAVE:ARB:DATA 0,1,-0.5,0;:SOUR:WAVE:FUNC ARB0;AMPL 1e-3;FREQ 20;DUR:CYCL 1;:SOUR:WAVE:ARM;INIT")
    bench.wait(0.0125 + 0.006)
    bench.write("SOUR:WAVE:AMPL 2e-3")
    assert bench.terminals.current == pytest.approx(2e-3)
    bench.wait(0.0125)
    assert bench.terminals.current == pytest.approx(-1e-3)
