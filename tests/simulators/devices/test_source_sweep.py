"""Sweeps of the simulated 6221: levels at exact times, ranges, lists, compliance, what is left at the end."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.devices.keithley6221 import Keithley6221
from simulators.devices.source_output import NOISE
from tests.simulators.devices.source_bench import SourceBench

DONE, ABORTED, SWEEPING, IDLE = 0x02, 0x04, 0x08, 0x400


@pytest.fixture
def bench():
    return SourceBench()


def run(bench, *messages, seconds=100.0):
    """Arm and run what messages make; return when which level was driven."""
    bench.write(*messages, "SOUR:SWE:ARM")
    bench.forget()
    bench.write("INIT")
    assert bench.errors() == []
    start = bench.clock.now()
    bench.wait(seconds)
    return [(time - start, level) for time, level in bench.terminals.levels()]


def test_straight(bench):
    levels = run(bench, "SOUR:CURR:STAR 2e-3;STOP 10e-3;STEP 2e-3;:SOUR:DEL 0.01")
    assert levels == [(pytest.approx(0.01 * n, abs=1e-9), pytest.approx(2e-3 * (n + 1))) for n in range(5)]


@pytest.mark.parametrize("disarms", [True, False])
def test_a_refused_arm_leaves_nothing_armed(bench, monkeypatch, disarms):
    monkeypatch.setattr(Keithley6221, "refused_arming_disarms", disarms)
    bench.write("SOUR:CURR:STAR 1e-3;STOP 2e-3;STEP 1e-3;:SOUR:SWE:COUN INF;ARM;:INIT")
    bench.write("SOUR:SWE:SPAC LIST;:SOUR:LIST:CURR 1e-3,2e-3;DEL 0.1;:SOUR:SWE:ARM")
    assert bench.errors() == [-221]
    assert (bench.device.armed is None) is disarms
    assert bench.ask("OUTP?") == ("0" if disarms else "1")


def test_downwards_and_across_zero(bench):
    levels = run(bench, "SOUR:CURR:STAR 1e-3;STOP -1e-3;STEP 5e-4;:SOUR:DEL 1e-3")
    assert [level for _, level in levels] == pytest.approx([1e-3, 5e-4, 0, -5e-4, -1e-3])


def test_logarithmic(bench):
    levels = run(bench, "SOUR:SWE:SPAC LOG;POIN 5;:SOUR:CURR:STAR 1e-3;STOP 10e-3;:SOUR:DEL 0.1")
    assert [level for _, level in levels] == pytest.approx([1e-3, 1.778e-3, 3.162e-3, 5.623e-3, 10e-3], abs=1e-6)
    levels = run(bench, "SOUR:CURR:STAR -1e-3;STOP -10e-3")
    assert [level for _, level in levels] == pytest.approx([-1e-3, -1.778e-3, -3.162e-3, -5.623e-3, -10e-3], abs=1e-6)


def test_a_pulse_from_a_list_has_its_width_to_a_microsecond(bench):
    bench.wait(30_000.0)
    levels = run(bench, "SOUR:SWE:SPAC LIST;:SOUR:LIST:CURR 20e-3,0;DEL 0.1,0.01;COMP 30,30", seconds=0.5)
    assert levels[:2] == [(0.0, pytest.approx(20e-3)), (pytest.approx(0.1, abs=1e-9), 0.0)]
    assert levels[2:] == [(pytest.approx(0.11, abs=1e-9), 0.0)]  # when it is done, the compliance is that of DC again
    assert bench.terminals.driven
    assert [change.compliance for change in bench.terminals.changes] == [30.0, 30.0, 10.0]
    assert bench.ask("OUTP?;:SOUR:CURR?") == "1;0.000000E+00"


@given(st.lists(st.tuples(st.floats(-0.1, 0.1), st.floats(1e-3, 2.0)), min_size=1, max_size=30))
@settings(deadline=None, max_examples=40)
def test_lists_are_followed_exactly(points):
    bench = SourceBench()
    bench.terminals.resistance = 0.0
    currents = ",".join(repr(current) for current, _ in points)
    delays = ",".join(repr(delay) for _, delay in points)
    compliances = ",".join("10" for _ in points)
    levels = run(bench, "SOUR:SWE:SPAC LIST;RANG AUTO", f"SOUR:LIST:CURR {currents};DEL {delays};COMP {compliances}")
    passed = 0.0
    assert len(levels) == len(points)
    for (time, level), (current, delay) in zip(levels, points, strict=True):
        assert time == pytest.approx(passed, abs=1e-9)
        assert level == pytest.approx(current, abs=0.51 * max(abs(current) / 2000, 1e-13))
        passed += delay


def test_each_level_of_a_list_has_its_compliance(bench):
    bench.terminals.resistance = 0.0
    run(bench, "SOUR:SWE:SPAC LIST;:SOUR:LIST:CURR 1e-3,2e-3,3e-3;DEL 1,1,1;COMP 10,20.5,0.5")
    assert [change.compliance for change in bench.terminals.changes] == [10.0, 20.5, 0.5, 10.0]


@pytest.mark.parametrize(("ranging", "ranges"), [("BEST", (6, 6, 6)), ("AUTO", (4, 5, 6)), ("FIX", (8, 8, 8))])
def test_ranges(bench, ranging, ranges):
    """The 20 uA, 200 uA and 2 mA ranges have numbers 4 to 6."""
    run(bench, f"SOUR:SWE:SPAC LOG;POIN 3;RANG {ranging};:SOUR:CURR:STAR 10e-6;STOP 1e-3;:SOUR:CURR:RANG 0.1")
    assert [change.noise for change in bench.terminals.changes] == [NOISE[index] for index in ranges]


def test_repeats_come_without_a_gap(bench):
    levels = run(bench, "SOUR:CURR:STAR 1e-3;STOP 2e-3;STEP 1e-3;:SOUR:DEL 0.5;:SOUR:SWE:COUN 3")
    assert [time for time, _ in levels] == pytest.approx([0.0, 0.5, 1.0, 1.5, 2.0, 2.5])
    assert [level for _, level in levels] == pytest.approx([1e-3, 2e-3] * 3)


def test_without_end_until_aborted(bench):
    bench.write("SOUR:CURR:STAR 1e-3;STOP 2e-3;STEP 1e-3;:SOUR:DEL 0.5;:SOUR:SWE:COUN INF;ARM;:INIT")
    bench.wait(1000.25)
    assert len(bench.terminals.levels()) == 2001
    assert bench.ask("STAT:OPER:COND?") == str(SWEEPING)
    bench.write("SOUR:SWE:ABOR")
    assert bench.ask("STAT:OPER:COND?;EVEN?;:OUTP?;:SOUR:CURR?") == f"{IDLE};{IDLE | ABORTED | SWEEPING};0;0.000000E+00"
    bench.forget()
    bench.write("INIT")
    bench.wait(10.0)
    assert bench.terminals.changes == []


def test_status_and_completion(bench):
    bench.write("SOUR:CURR:STAR 1e-3;STOP 3e-3;STEP 1e-3;:SOUR:DEL 0.5;:SOUR:SWE:ARM;:STAT:OPER:ENAB 2;:INIT")
    assert bench.ask("STAT:OPER:COND?;:OUTP?;:*STB?") == f"{SWEEPING};1;16"
    bench.write("INIT")
    assert bench.errors() == [-213]
    assert bench.ask("*OPC?") == "1"
    assert bench.clock.now() == pytest.approx(1.5, abs=1e-9)
    assert bench.ask("*STB?;:STAT:OPER:EVEN?;EVEN?;COND?") == f"128;{SWEEPING | DONE | IDLE};0;{IDLE}"
    bench.write("*CLS;:INIT;*OPC")  # it is still armed
    assert bench.ask("*ESR?") == "0"
    bench.wait(2.0)
    assert bench.ask("*ESR?") == "1"


def test_the_settings_show_the_level_and_stay_at_the_last(bench):
    bench.write("SOUR:CURR:STAR 1e-3;STOP 30e-3;STEP 29e-3;:SOUR:SWE:RANG AUTO;ARM;:INIT")
    assert bench.ask("SOUR:CURR?;:SOUR:CURR:RANG?") == "1.000000E-03;0.002000"
    bench.wait(5.0)
    assert bench.ask("SOUR:CURR?;:SOUR:CURR:RANG?;:OUTP?") == "3.000000E-02;0.100000;1"
    bench.write("SOUR:CURR 0")
    assert bench.terminals.current == 0.0
    assert bench.errors() == []


class Resting(Keithley6221):
    """A source that goes back to nothing after a sweep, and takes short lists."""

    sweep_ends_at_last_level = False
    short_delays = "held"
    needs_compliances = True
    changes_while_armed = "refused"


def test_what_is_not_known_can_be_chosen():
    bench = SourceBench(kind=Resting)
    bench.write("SOUR:SWE:SPAC LIST;:SOUR:LIST:CURR 20e-3,1e-3,0;DEL 0.1;:SOUR:SWE:ARM")
    assert bench.errors() == [-221]
    levels = run(bench, "SOUR:LIST:COMP 1,1,1")
    assert [time for time, _ in levels] == pytest.approx([0.0, 0.1, 0.2])
    assert not bench.terminals.driven
    assert bench.ask("OUTP?") == "0"
    bench.write("SOUR:SWE:COUN 2")
    assert bench.errors() == [-221]
    bench.write("SOUR:SWE:ABOR;COUN 2")
    assert bench.errors() == []


def test_a_list_without_compliances_goes_under_that_of_dc(bench):
    bench.write("SOUR:CURR:COMP 3")
    levels = run(bench, "SOUR:SWE:SPAC LIST;:SOUR:LIST:CURR 20e-3,1e-3,0;DEL 0.1,0.1,0.1")
    assert len(levels) == 3
    assert bench.terminals.limit == 3.0
    assert bench.errors() == []


def test_settings_of_what_is_armed_count_from_the_next_arming(bench):
    levels = run(bench, "SOUR:CURR:STAR 1e-3;STOP 3e-3;STEP 1e-3", "SOUR:SWE:ARM;:SOUR:CURR:STOP 2e-3")
    assert len(levels) == 2
    bench.write("SOUR:CURR:STOP 5e-3")
    bench.forget()
    bench.write("INIT")
    bench.wait(10.0)
    assert len(bench.terminals.changes) == 2


@pytest.mark.parametrize("end", ["OUTP 0", "SOUR:CLE", "*RST", "ABOR", "SOUR:SWE:ABOR", "SYST:PRES"])
def test_everything_that_ends_a_sweep(bench, end):
    bench.write("SOUR:CURR:STAR 1e-3;STOP 3e-3;STEP 1e-3;:SOUR:SWE:ARM;:INIT")
    bench.wait(0.5)
    bench.write(end)
    bench.wait(0.5)
    bench.forget()
    bench.wait(10.0)
    assert bench.terminals.changes == []
    assert bench.ask("OUTP?;:SOUR:CURR?;:STAT:OPER:COND?") == f"0;0.000000E+00;{IDLE}"
    assert bench.errors() == []


def test_the_interlock_and_a_loss_of_power_end_a_sweep(bench):
    for event in ("interlock", "power"):
        bench.write("SOUR:CURR:STAR 1e-3;STOP 3e-3;STEP 1e-3;:SOUR:SWE:ARM;:INIT")
        bench.wait(0.5)
        assert bench.terminals.driven
        if event == "interlock":
            bench.device.interlock_closed = False
        else:
            bench.device.power_cycle()
        assert not bench.terminals.driven
        bench.wait(10.0)
        assert not bench.terminals.driven
        bench.device.interlock_closed = True
    assert bench.ask("STAT:OPER:COND?;EVEN?") == f"{IDLE};0"


def test_compliance_aborts_a_sweep_where_that_is_wanted(bench):
    bench.write("SOUR:CURR:STAR 1e-3;STOP 5e-3;STEP 1e-3;:SOUR:CURR:COMP 2.5;:SOUR:SWE:CAB ON;ARM;:INIT")
    bench.wait(10.0)
    assert [level for _, level in bench.terminals.levels()] == pytest.approx([1e-3, 2e-3, 3e-3])
    assert not bench.terminals.driven
    assert bench.ask("STAT:OPER:EVEN?;:STAT:MEAS:EVEN?;:OUTP?") == f"{IDLE | SWEEPING | ABORTED};8;0"


def test_compliance_that_comes_while_a_level_is_held_aborts_too(bench):
    bench.write("SOUR:CURR:STAR 1e-3;STOP 5e-3;STEP 1e-3;:SOUR:CURR:COMP 4;:SOUR:SWE:CAB ON;ARM;:INIT")
    bench.wait(1.5)
    bench.terminals.resistance = 1e6
    bench.wait(10.0)
    assert [level for _, level in bench.terminals.levels()] == pytest.approx([1e-3, 2e-3])
    assert bench.ask("STAT:OPER:EVEN?") == str(IDLE | SWEEPING | ABORTED)


def test_else_a_clamped_level_is_only_remembered(bench):
    run(bench, "SOUR:SWE:SPAC LIST;:SOUR:LIST:CURR 20e-3,0;DEL 0.1,0.1;COMP 10,10", "*CLS")
    assert bench.ask("STAT:MEAS:COND?;EVEN?;:STAT:OPER:EVEN?") == f"0;8;{IDLE | SWEEPING | DONE}"


@pytest.mark.parametrize(
    ("settings", "asked", "reply"),
    [
        ("STAR 0;STOP 10e-3;STEP 1e-3", "CENT?;SPAN?;:SOUR:SWE:POIN?", "5.000000E-03;1.000000E-02;11"),
        ("CENT 1e-3;SPAN 4e-3", "STAR?;STOP?;:SOUR:SWE:POIN?", "-1.000000E-03;3.000000E-03;5"),
        ("STAR 0;STOP 10e-3;:SOUR:SWE:POIN 21", "STEP?", "5.000000E-04"),
        ("STAR 0;STOP 1e-3;STEP 3e-4", "STOP?;:SOUR:SWE:POIN?", "1.000000E-03;4"),
        (
            "STAR 1e-3;STOP 10e-3;:SOUR:SWE:SPAC LOG;POIN 7;:SOUR:CURR:STEP 1e-5",
            "STEP?;:SOUR:SWE:POIN?",
            "1.000000E-05;7",
        ),
    ],
)
def test_settings_that_hang_together(bench, settings, asked, reply):
    bench.write(f"SOUR:CURR:{settings}")
    assert bench.ask(f"SOUR:CURR:{asked}") == reply
    assert bench.errors() == []


def test_the_longest_list_runs(bench):
    hundred = ",".join(["1e-3"] * 100)
    bench.terminals.resistance = 0.0
    bench.write("SOUR:SWE:SPAC LIST;:SOUR:LIST:CURR 0;DEL 1e-3;COMP 1")
    for header, values in (("CURR", hundred), ("DEL", hundred), ("COMP", ",".join(["1"] * 100))):
        for _ in range(655):
            bench.write(f"SOUR:LIST:{header}:APP {values}")
        bench.write(f"SOUR:LIST:{header}:APP " + ",".join(values.split(",")[:34]))
    bench.write("SOUR:SWE:ARM;:INIT")
    assert bench.ask("*OPC?") == "1"
    assert bench.clock.now() == pytest.approx(65.535, abs=1e-6)
    assert len(bench.terminals.changes) == 65536  # at the end, the compliance of DC comes back


def test_a_recalled_level_is_not_changed_by_the_sweep_that_the_recall_ends(bench):
    bench.write("SOUR:CURR 3e-3;*SAV 4;:SOUR:CURR 0;:SOUR:DEL 1")
    bench.write("SOUR:CURR:STAR 1e-3;STOP 2e-3;STEP 1e-3;:SOUR:SWE:ARM;:INIT")
    bench.wait(1.5)
    bench.write("*RCL 4")
    assert bench.errors() == []
    assert float(bench.ask("SOUR:CURR?")) == pytest.approx(3e-3)
    assert bench.ask("OUTP?;:STAT:OPER:COND?") == f"0;{IDLE}"


def test_a_refused_output_stays_off(bench):
    """A sweep that waits for its first trigger has taken the output, and has not turned it on yet."""
    bench.write("ARM:SOUR BUS", "SOUR:SWE:ARM", "INIT", "OUTP 1")
    assert bench.errors() == [-221]
    assert bench.ask("OUTP?") == "0"
