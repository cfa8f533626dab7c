"""The trigger model of the simulated 6221: control sources, trigger link, timer, status bits, completion."""

from __future__ import annotations

import pytest

from tests.simulators.devices.source_bench import SourceBench

WAITING_TRIGGER, WAITING_ARM, IDLE, SWEEPING = 0x20, 0x40, 0x400, 0x08
SWEEP = "SOUR:CURR:STAR 1e-3;STOP 3e-3;STEP 1e-3;:SOUR:DEL 0.5"


@pytest.fixture
def bench():
    return SourceBench()


def condition(bench):
    return int(bench.ask("STAT:OPER:COND?"))


def test_with_nothing_armed_it_is_back_in_idle_at_once(bench):
    bench.write("OUTP 1;:SOUR:CURR 1e-3")
    bench.forget()
    assert bench.ask("INIT;*OPC?;:STAT:OPER:COND?") == f"1;{IDLE}"
    assert bench.ask("STAT:OPER:EVEN?") == str(IDLE)
    assert bench.terminals.changes == []
    assert bench.clock.now() == 0.0


@pytest.mark.parametrize(
    ("source", "trigger"),
    [
        ("BUS", lambda device: device.trigger()),
        ("MAN", lambda device: device.press_trigger_key()),
        ("TLIN", lambda device: device.trigger_in(1)),
        ("BST", lambda device: device.start_of_test(rising=True)),
        ("BST", lambda device: device.start_of_test(rising=False)),
        ("PST", lambda device: device.start_of_test(rising=True)),
        ("NST", lambda device: device.start_of_test(rising=False)),
    ],
)
def test_the_arm_layer_waits_for_its_control_source(bench, source, trigger):
    others = [lambda device: device.press_trigger_key(), lambda device: device.trigger_in(2)]
    bench.write(f"ARM:SOUR {source};:INIT")
    assert condition(bench) == WAITING_ARM
    for other in others:
        if source != "MAN" or other is others[1]:
            other(bench.device)
    bench.wait(1000.0)
    assert condition(bench) == WAITING_ARM
    trigger(bench.device)
    assert condition(bench) == IDLE
    assert bench.errors() == []


@pytest.mark.parametrize(("source", "rising"), [("PST", False), ("NST", True)])
def test_the_wrong_edge_starts_nothing(bench, source, rising):
    bench.write(f"ARM:SOUR {source};:INIT")
    bench.device.start_of_test(rising=rising)
    assert condition(bench) == WAITING_ARM


def test_a_trigger_that_nobody_waits_for_is_ignored(bench):
    bench.write("*TRG", "ARM:SIGN", "TRIG:SIGN")
    assert bench.errors() == [-211, -212, -211]
    bench.write("ARM:SOUR TLIN;:INIT;*TRG", "TRIG:SIGN")
    assert bench.errors() == [-211, -211]
    bench.write("ARM:SIGN")
    assert bench.errors() == []
    assert condition(bench) == IDLE


def test_initiating_twice_is_ignored_and_abort_ends_the_wait(bench):
    bench.write("ARM:SOUR BUS;:INIT", "INIT")
    assert bench.errors() == [-213]
    bench.write("ABOR;:INIT")
    assert bench.errors() == []
    bench.write("*RST")
    assert condition(bench) == IDLE


def test_completion_waits_for_the_trigger(bench):
    bench.write("ARM:SOUR BUS;:INIT;*OPC")
    assert bench.ask("*ESR?") == "128"
    bench.write("*TRG")
    assert bench.ask("*ESR?") == "1"
    bench.write("INIT;*OPC?")
    assert bench.device.ready_at() is None  # nobody knows when
    bench.device.trigger()
    assert bench.device.read() == b"1\n"


def test_a_sweep_waits_in_the_arm_layer_for_every_repetition(bench):
    bench.write(SWEEP, "SOUR:SWE:COUN 2;ARM;:ARM:SOUR BUS")
    bench.forget()
    bench.write("INIT")
    bench.wait(10.0)
    assert bench.terminals.changes == []
    assert condition(bench) == SWEEPING | WAITING_ARM
    bench.write("*TRG")
    bench.wait(10.0)
    assert [time for time, _ in bench.terminals.levels()] == pytest.approx([10.0, 10.5, 11.0])
    bench.write("*TRG")
    bench.wait(10.0)
    assert len(bench.terminals.levels()) == 6
    assert condition(bench) == IDLE


def test_the_timer_beats_from_one_repetition_to_the_next(bench):
    bench.write(SWEEP, "SOUR:SWE:COUN 3;ARM;:ARM:SOUR TIM;TIM 4")
    bench.forget()
    bench.write("INIT")
    bench.wait(2.0)
    assert condition(bench) == SWEEPING | WAITING_ARM
    bench.wait(100.0)
    firsts = [time for time, level in bench.terminals.levels() if level == pytest.approx(1e-3)]
    assert firsts == pytest.approx([0.0, 4.0, 8.0])


def test_a_sweep_longer_than_the_timer_goes_on_at_once(bench):
    bench.write(SWEEP, "SOUR:SWE:COUN 3;ARM;:ARM:SOUR TIM;TIM 1;:INIT")
    bench.wait(100.0)
    firsts = [time for time, level in bench.terminals.levels() if level == pytest.approx(1e-3)]
    assert firsts == pytest.approx([0.0, 1.5, 3.0])


def test_every_level_waits_for_the_trigger_link(bench):
    bench.write(SWEEP, "SOUR:SWE:ARM;:TRIG:SOUR TLIN;ILIN 4;:INIT")
    assert condition(bench) == SWEEPING | WAITING_TRIGGER
    times: list[float] = []
    for number in range(3):
        bench.wait(7.0)
        bench.device.trigger_in(1)  # another line
        assert len(bench.terminals.levels()) == number
        times.append(bench.clock.now())
        bench.device.trigger_in(4)
        bench.device.trigger_in(4)  # too early: the level is being held
    bench.wait(7.0)
    assert [time for time, _ in bench.terminals.levels()] == times
    assert condition(bench) == IDLE


def test_the_control_source_is_passed_by_the_first_time_where_the_source_gives_the_beat(bench):
    bench.write(SWEEP, "SOUR:SWE:COUN 2;ARM;:TRIG:SOUR TLIN;DIR SOUR;:INIT")
    assert len(bench.terminals.levels()) == 1
    bench.wait(1.0)
    assert condition(bench) == SWEEPING | WAITING_TRIGGER
    bench.write("ABOR;:TRIG:SOUR IMM;:ARM:SOUR BUS;DIR SOUR")
    bench.forget()
    bench.write("INIT")
    bench.wait(10.0)
    assert len(bench.terminals.levels()) == 3
    assert condition(bench) == SWEEPING | WAITING_ARM


@pytest.mark.parametrize(
    ("settings", "pulses"),
    [
        ("TRIG:OUTP SOUR", [(0.0, 2), (0.5, 2), (1.0, 2), (1.5, 2), (2.0, 2), (2.5, 2)]),
        ("TRIG:OUTP DEL;OLIN 5", [(0.5, 5), (1.0, 5), (1.5, 5), (2.0, 5), (2.5, 5), (3.0, 5)]),
        ("ARM:OUTP TENT;OLIN 6", [(0.0, 6), (1.5, 6)]),
        ("ARM:OUTP TEX", [(1.5, 2), (3.0, 2)]),
        ("TRIG:OUTP NONE", []),
    ],
)
def test_pulses_on_the_trigger_link(bench, settings, pulses):
    bench.write(SWEEP, "SOUR:SWE:COUN 2;ARM", settings, "INIT")
    bench.wait(10.0)
    assert [line for _, line in bench.pulses] == [line for _, line in pulses]
    assert [time for time, _ in bench.pulses] == pytest.approx([time for time, _ in pulses], abs=1e-9)


def test_two_boxes_hand_in_hand(bench):
    """What comes back on the trigger link, a fixed time after each level, makes the next."""
    device = bench.device
    bench.write(SWEEP, "SOUR:DEL 0.001;:SOUR:SWE:ARM;:TRIG:SOUR TLIN;DIR SOUR;OUTP DEL")
    device.trigger_out = lambda _line: device.timeline.schedule(device.timeline.now + 0.2, lambda: device.trigger_in(1))
    bench.write("INIT")
    bench.wait(10.0)
    assert [time for time, _ in bench.terminals.levels()] == pytest.approx([0.0, 0.201, 0.402])
    assert condition(bench) == IDLE


def test_arming_something_else_un_arms(bench):
    bench.write(SWEEP, "SOUR:SWE:ARM;:SOUR:WAVE:ARM")
    assert bench.device.armed.name == "WAVE"
    bench.write("SOUR:SWE:ABOR")
    assert bench.device.armed.name == "WAVE"
    bench.write("SOUR:SWE:ARM;:SOUR:WAVE:ABOR")
    assert bench.device.armed.name == "SWEep"
    bench.write("SOUR:WAVE:INIT")
    assert bench.errors() == [-221]
    bench.write("SOUR:SWE:ABOR")
    assert bench.device.armed is None


def test_an_open_interlock_lets_nothing_be_initiated(bench):
    bench.write(SWEEP, "SOUR:SWE:ARM")
    bench.device.interlock_closed = False
    bench.write("INIT")
    assert bench.errors() == [-221]
    assert condition(bench) == IDLE
    assert not bench.terminals.driven
    bench.device.interlock_closed = True
    bench.write("INIT")
    assert bench.terminals.driven


def test_the_level_cannot_be_set_while_a_sweep_has_the_output(bench):
    bench.write(SWEEP, "SOUR:SWE:ARM;:INIT")
    for message in ("SOUR:CURR 5e-3", "SOUR:CURR:RANG 0.1", "SOUR:CURR:RANG:AUTO 1"):
        bench.write(message)
        assert bench.errors() == [-221]
    assert bench.terminals.current == pytest.approx(1e-3)
