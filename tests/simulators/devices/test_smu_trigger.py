"""Runs of the simulated 2400: timing, sweeps, the trigger model, and what waits for whom."""

from itertools import pairwise

import pytest

from simulators.devices.smu_trigger import TriggerModel
from tests.simulators.devices.smu_bench import Bench

CONVERSION = 185e-6


def ready(setup="SENS:CURR:PROT 0.1", resistance=1000.0, **more):
    bench = Bench(resistance, **more)
    bench.write(f"{setup};:OUTP 1")
    assert bench.errors() == []
    return bench


def driven(bench, kind="V"):
    """Levels that were put on the load, with their times, without repetitions."""
    found = [(time, level) for time, what, level, _ in bench.load.history if what == kind]
    return [entry for at, entry in enumerate(found) if at == 0 or found[at - 1][1] != entry[1]]


# ---- timing


@pytest.mark.parametrize("nplc", [0.01, 0.1, 1.0, 10.0])
@pytest.mark.parametrize(
    ("functions", "source", "autozero", "phases", "overhead"),
    [("'CURR'", "VOLT", 1, 3, 1.8e-3), ("'CURR','VOLT'", "VOLT", 1, 4, 2.3e-3), ("'CURR'", "VOLT", 0, 1, 300e-6),
     ("'VOLT'", "CURR", 1, 3, 2.15e-3), ("'VOLT'", "CURR", 0, 1, 640e-6)],
)  # fmt: skip
def test_a_reading_with_a_standing_source_takes_what_the_manual_says(
    nplc, functions, source, autozero, phases, overhead
):
    """Cases I to VI: latency, conversions of NPLC / line frequency + 185 us each, overhead, and no source delay."""
    setup = f"SOUR:FUNC {source};:SENS:FUNC:OFF:ALL;:SENS:FUNC {functions};:SENS:CURR:PROT 2e-3;:SENS:VOLT:PROT 2"
    bench = ready(f"{setup};:SYST:AZER {autozero};:SENS:VOLT:NPLC {nplc};:SOUR:VOLT 1;:SOUR:CURR 1e-3")
    bench.ask("READ?")
    latency = 500e-6 if autozero else 100e-6
    _, duration = bench.timed("READ?")
    assert duration == pytest.approx(latency + phases * (nplc / 50.0 + CONVERSION) + overhead, abs=1e-9)


def test_apertures_follow_each_other():
    bench = ready("SENS:FUNC 'VOLT','CURR';:SENS:CURR:PROT 0.1;:SOUR:VOLT 1")
    bench.ask("READ?")
    bench.load.apertures.clear()
    bench.ask("READ?")
    (first, start, end), (second, begin, _) = bench.load.apertures
    assert (first, second) == ("I", "V")
    assert end - start == pytest.approx(0.02)
    assert begin - start == pytest.approx(3 * (0.02 + CONVERSION))


@pytest.mark.parametrize(("delay", "expected"), [("SOUR:DEL:AUTO 1", 1e-3), ("SOUR:DEL 0.25", 0.25), ("SOUR:DEL 0", 0)])
def test_source_delay_of_a_sweep(delay, expected):
    bench = ready(
        f"SOUR:LIST:VOLT 1,2;:SOUR:VOLT:MODE LIST;:SENS:CURR:PROT 5e-3;:SENS:CURR:RANG 5e-3;:TRIG:COUN 2;:{delay}"
    )
    bench.ask("READ?")
    bench.load.apertures.clear()
    bench.ask("READ?")
    starts = [start for _, start, _ in bench.load.apertures]
    times = [time for time, level in driven(bench)[-2:] if level]
    assert [start - time for start, time in zip(starts, times, strict=True)] == pytest.approx(
        [expected + 50e-6] * 2, abs=1e-9
    )


@pytest.mark.parametrize(("full", "delay"), [(1e-6, 3e-3), (1e-5, 2e-3), (1e-4, 1e-3), (1e-2, 1e-3)])
def test_automatic_delay_is_longer_for_small_currents(full, delay):
    bench = ready(f"SOUR:FUNC CURR;:SOUR:CURR:RANG {full};:SOUR:LIST:CURR 0,{full / 2};:SOUR:CURR:MODE LIST", 10.0)
    bench.write("SENS:FUNC 'VOLT';:SENS:VOLT:RANG 20;:SOUR:SWE:RANG FIX;:TRIG:COUN 2")
    bench.ask("READ?")
    time = driven(bench, "I")[-1][0]
    first = min(start for _, start, _ in bench.load.apertures if start > time)
    assert first - time == pytest.approx(delay + 50e-6, abs=1e-9)


def test_a_trigger_delay():
    bench = ready("SOUR:VOLT 0.1")
    _, plain = bench.timed("READ?")
    bench.write("TRIG:DEL 0.3")
    assert bench.timed("READ?")[1] == pytest.approx(plain + 0.3)


def test_the_line_frequency_counts():
    durations = [
        ready("SYST:AZER 0;:SENS:CURR:RANG 1e-4;:SENS:VOLT:NPLC 10", line_frequency=line).timed("READ?")[1]
        for line in (50.0, 60.0)
    ]
    assert durations[0] - durations[1] == pytest.approx(10 / 50 - 10 / 60)


# ---- sweeps


def test_a_linear_sweep_from_step_or_points():
    bench = ready()
    bench.write("SOUR:VOLT:STAR 1;STOP 2;STEP 0.25;:SOUR:VOLT:MODE SWE;:TRIG:COUN 5;:FORM:ELEM VOLT")
    assert bench.ask("SOUR:SWE:POIN?;:SOUR:VOLT:CENT?;SPAN?") == "5;1.500000E+00;1.000000E+00"
    assert bench.numbers("READ?") == [1.0, 1.25, 1.5, 1.75, 2.0]
    bench.write("SOUR:SWE:POIN 3;:TRIG:COUN 3")
    assert bench.ask("SOUR:VOLT:STEP?") == "5.000000E-01"
    assert bench.numbers("READ?") == [1.0, 1.5, 2.0]
    bench.write("SOUR:SWE:DIR DOWN")
    assert bench.numbers("READ?") == [2.0, 1.5, 1.0]
    bench.write("SOUR:SWE:DIR UP;:SOUR:VOLT:CENT 0;SPAN 4")
    assert bench.ask("SOUR:VOLT:STAR?;STOP?") == "-2.000000E+00;2.000000E+00"
    assert bench.numbers("READ?") == [-2.0, 0.0, 2.0]


def test_a_logarithmic_sweep():
    bench = ready()
    bench.write(
        "SOUR:VOLT:STAR 0.01;STOP 10;:SOUR:SWE:SPAC LOG;POIN 4;:SOUR:VOLT:MODE SWE;:TRIG:COUN 4;:FORM:ELEM VOLT"
    )
    assert bench.numbers("READ?") == pytest.approx([0.01, 0.1, 1.0, 10.0], abs=2.5e-4)


def test_a_sweep_repeats_and_a_short_count_stops_it():
    bench = ready()
    bench.write("SOUR:LIST:VOLT 1,2,3;:SOUR:VOLT:MODE LIST;:TRIG:COUN 5;:FORM:ELEM VOLT")
    assert bench.numbers("READ?") == [1.0, 2.0, 3.0, 1.0, 2.0]
    bench.write("TRIG:COUN 3;:ARM:COUN 2")
    assert bench.numbers("READ?") == [1.0, 2.0, 3.0, 1.0, 2.0, 3.0]
    bench.write("ARM:COUN 1;:SOUR:LIST:VOLT:STAR 2;APP 4")
    assert bench.ask("SOUR:LIST:VOLT:POIN?") == "4"
    assert bench.numbers("READ?") == [2.0, 3.0, 4.0]


@pytest.mark.parametrize(("ranging", "ranges"), [("BEST", {21.0}), ("AUTO", {0.21, 2.1, 21.0}), ("FIX", {2.1})])
def test_ranging_of_a_sweep(ranging, ranges):
    bench = ready(f"SOUR:VOLT:RANG 2;:SOUR:SWE:RANG {ranging};:SENS:CURR:PROT 0.1")
    bench.write("SOUR:LIST:VOLT 0.1,1,10;:SOUR:VOLT:MODE LIST;:TRIG:COUN 3;:FORM:ELEM VOLT")
    seen = set()
    bench.device.pulse = lambda _line: seen.add(bench.device.settings["SOURce[1]:VOLTage:RANGe"])
    bench.write("TRIG:OUTP SOUR")
    volts = bench.numbers("READ?")
    assert seen == ranges
    assert volts[-1] == (2.1 if ranging == "FIX" else 10.0)


def test_after_a_sweep_a_fixed_source_has_its_own_level_again():
    bench = ready("SOUR:VOLT 0.5;:SENS:CURR:PROT 0.1;:SOUR:LIST:VOLT 1,2;:SOUR:VOLT:MODE LIST;:TRIG:COUN 2")
    bench.ask("READ?")
    assert bench.load.history[-1][2] == 2.0
    bench.write("SOUR:VOLT:MODE FIX")
    assert bench.load.history[-1][2] == 0.5


@pytest.mark.parametrize(("abort", "count"), [("NEV", 4), ("EARL", 2), ("LATE", 3)])
def test_compliance_can_end_a_sweep(abort, count):
    bench = ready(f"SENS:CURR:PROT 2.5e-3;:SOUR:LIST:VOLT 1,2,3,4;:SOUR:VOLT:MODE LIST;:SOUR:SWE:CAB {abort}")
    bench.write("TRIG:COUN 4;:FORM:ELEM CURR")
    assert len(bench.numbers("READ?")) == count


def test_the_vendors_list_sweep():
    bench = Bench()
    for message in ("*RST", "SOUR:FUNC VOLT", "SOUR:VOLT:MODE LIST", "SOUR:LIST:VOLT 7, 1, 3, 8, 2", "SOUR:DEL 0.1",
                    "SENS:FUNC 'CURR:DC'", "SENS:CURR:PROT 0.1", "TRIG:COUN 5", "OUTP ON"):  # fmt: skip
        bench.ask(message)
    values = bench.numbers("READ?")
    assert values[::5] == [7.0, 1.0, 3.0, 8.0, 2.0]
    assert values[1::5] == pytest.approx([7e-3, 1e-3, 3e-3, 8e-3, 2e-3])
    assert all(later - earlier >= 0.1 for earlier, later in pairwise(values[3::5]))
    bench.write("OUTP OFF")
    assert bench.errors() == []


def test_a_sweep_of_2500_points():
    bench = ready("SOUR:VOLT:STAR 0;STOP 2.499;:SOUR:SWE:POIN 2500;:SOUR:VOLT:MODE SWE;:SENS:CURR:PROT 0.01")
    bench.write("TRIG:COUN 2500;:SENS:VOLT:NPLC 0.01;:SYST:AZER 0;:FORM:ELEM VOLT")
    values = bench.numbers("READ?")
    assert len(values) == 2500
    assert values[1000] == pytest.approx(1.0)


# ---- automatic output off


@pytest.mark.parametrize(("mode", "pulses"), [("ALW", 3), ("TCO", 1)])
def test_the_output_can_be_on_for_readings_only(mode, pulses):
    bench = Bench()
    bench.write(f"SOUR:CLE:AUTO 1;AUTO:MODE {mode};:SENS:CURR:PROT 0.1;:SOUR:VOLT 1;:TRIG:COUN 3")
    bench.load.history.clear()
    assert len(bench.numbers("READ?")) == 15
    levels = [level for _, level in driven(bench)]
    assert sum(level == 1.0 for level in levels) == pulses
    assert bench.ask("OUTP?") == "0"
    assert bench.load.history[-1][2] == 0.0


# ---- the trigger model


def test_a_bus_trigger_for_each_pass():
    bench = ready("ARM:SOUR BUS;COUN 2;:SOUR:VOLT 0.1")
    bench.write("INIT")
    assert bench.device.status.operation.condition == 0x40
    for _ in range(2):
        bench.sleep(1.0)
        bench.write("*TRG")
        assert bench.device.status.operation.condition == 0
    bench.sleep(1.0)
    assert bench.device.status.operation.condition == 0x400
    assert len(bench.numbers("FETC?")) == 10
    bench.write("*TRG")
    assert bench.errors() == [-211]


def test_a_trigger_overtakes_what_waits_for_the_end():
    bench = ready("ARM:SOUR BUS;:SOUR:VOLT 0.1")
    bench.write("READ?")
    bench.sleep(2.0)
    assert bench.device.read() == b""
    bench.device.trigger()
    assert bench.reply() is not None
    assert bench.errors() == []


def test_a_sourcemeter_that_does_not_wait_for_the_bus_in_read(monkeypatch):
    monkeypatch.setattr(TriggerModel, "reads_by_bus", False)
    bench = ready("ARM:SOUR BUS;:SOUR:VOLT 0.1")
    assert bench.ask("READ?") is None
    assert bench.errors() == [-215]
    assert bench.ask("STAT:OPER:COND?;:ARM:SOUR IMM;:READ?") is not None


def test_another_init_waits_for_the_end_of_the_run():
    """Most commands do (2400 series user's manual, 11-11)."""
    bench = ready("ARM:SOUR BUS;:SOUR:VOLT 0.1")
    bench.write("INIT")
    bench.write("INIT")
    for _ in range(2):
        assert bench.device.status.operation.condition == 0x40
        bench.device.trigger()
        bench.sleep(1.0)
    assert bench.device.status.operation.condition == 0x400
    assert bench.errors() == []


def test_a_timer():
    bench = ready("SENS:CURR:RANG 1e-4;:ARM:SOUR TIM;TIM 0.5;COUN 4;:FORM:ELEM TIME")
    times = bench.numbers("READ?")
    assert [later - earlier for earlier, later in pairwise(times)] == pytest.approx([0.5] * 3, abs=1e-6)


def test_the_trigger_link_between_stages_of_a_cycle():
    bench = ready("SOUR:LIST:VOLT 1,2;:SOUR:VOLT:MODE LIST;:SENS:CURR:PROT 0.1;:TRIG:COUN 2;SOUR TLIN;ILIN 3")
    bench.write("TRIG:INP SOUR,SENS;OUTP SOUR,SENS;OLIN 4")
    pulses = []
    bench.device.pulse = pulses.append
    bench.write("INIT")
    for number in range(4):
        assert bench.device.status.operation.condition == 0x28
        bench.device.external_trigger(1)
        bench.sleep(1.0)
        assert bench.device.status.operation.condition == 0x28
        bench.device.external_trigger(3)
        bench.sleep(1.0)
        assert len(pulses) == number + 1
    assert pulses == [4] * 4
    assert bench.device.status.operation.condition == 0x400


def test_a_detector_can_be_passed_once_and_forgets_on_demand():
    bench = ready("ARM:SOUR TLIN;DIR SOUR;COUN 2;:SOUR:VOLT 0.1")
    bench.write("INIT")
    bench.sleep(0.01)
    bench.device.external_trigger(1)
    bench.sleep(1.0)
    assert bench.device.status.operation.condition == 0x400
    bench.write("INIT")
    bench.sleep(1.0)
    assert bench.device.status.operation.condition == 0x40
    bench.write("ABOR")
    assert bench.device.status.operation.condition == 0x400


def test_the_front_panels_trigger_and_start_of_test():
    bench = ready("SOUR:VOLT 0.1;:ARM:SOUR MAN")
    bench.write("INIT")
    bench.device.start_of_test(low=True)
    bench.device.press_trigger()
    assert bench.device.status.operation.condition == 0
    bench.sleep(1.0)
    bench.write("ARM:SOUR PST;:INIT")
    bench.device.start_of_test(low=True)
    assert bench.device.status.operation.condition == 0x40
    bench.device.start_of_test(low=False)
    assert bench.device.status.operation.condition == 0


# ---- while it runs


def test_most_commands_wait_until_idle():
    bench = ready("SOUR:VOLT 0.1;:TRIG:COUN 10")
    bench.write("INIT")
    started = bench.clock.now()
    bench.write("SOUR:VOLT 0.2")
    assert bench.load.history[-1][2] == 0.1
    assert bench.ask("SOUR:VOLT?") == "2.000000E-01"
    assert bench.clock.now() - started > 0.5
    assert bench.load.history[-1][2] == 0.2
    assert len(bench.numbers("FETC?")) == 50


def test_completion_waits():
    bench = ready("SOUR:VOLT 0.1;:TRIG:COUN 10")
    reply, duration = bench.timed("INIT;*OPC?")
    assert reply == "1"
    assert duration > 0.5


@pytest.mark.parametrize("ending", ["ABOR", "*RST", "SYST:PRES", "*RCL 0"])
def test_what_ends_a_run_does_so_at_once(ending):
    bench = ready("SOUR:VOLT 0.1;:ARM:COUN INF")
    bench.write("INIT")
    bench.sleep(10.0)
    bench.write("SOUR:VOLT 0.2")
    bench.write(ending)
    assert not bench.device.running
    assert bench.device.status.operation.condition == 0x400
    bench.sleep(1.0)
    assert bench.ask("*OPC?") == "1"


@pytest.mark.parametrize(
    ("message", "overtakes"),
    [
        (b"ABOR\n", True), (b" :abort;:SOUR:VOLT 0\n", True), (b"*RST;*OPC?\n", True), (b"*RCL 0\n", True),
        (b"SYST:PRES\n", True), (b"SYSTEM:PRESET\n", True), (b"*TRG\n", True), (b"*TRG;*OPC?\n", False),
        (b"SYST:ERR?\n", False), (b"SOUR:VOLT 0;:ABOR\n", False), (b"ABORTS\n", False), (b"*RCL\n", False),
        (b"\n", False), (b"ABOR" + b" " * 70000 + b"\n", False),
    ],
)  # fmt: skip
def test_what_overtakes_while_it_runs(message, overtakes):
    bench = ready("SOUR:VOLT 0.1;:ARM:COUN INF")
    assert not bench.device.overtakes(message)
    bench.write("INIT")
    assert bench.device.overtakes(message) is overtakes


def test_nothing_overtakes_where_commands_keep_their_order(monkeypatch):
    monkeypatch.setattr(TriggerModel, "acts_at_once", False)
    bench = ready("SOUR:VOLT 0.1;:ARM:COUN INF")
    bench.write("INIT")
    assert bench.device.running
    assert not bench.device.overtakes(b"ABOR\n")


def test_device_clear_ends_a_run():
    bench = ready("SOUR:VOLT 0.1;:TRIG:COUN 100")
    bench.write("READ?")
    bench.sleep(1.0)
    bench.device.clear()
    assert not bench.device.running
    assert bench.ask("*OPC?;:SOUR:VOLT?") == "1;1.000000E-01"


def test_the_sweep_bit():
    bench = ready("SOUR:LIST:VOLT 1,2;:SOUR:VOLT:MODE LIST;:SENS:CURR:PROT 0.1;:TRIG:COUN 2")
    bench.write("INIT")
    assert bench.device.status.operation.condition == 0x08
    bench.sleep(1.0)
    assert bench.ask("STAT:OPER?") == str(0x408)


def test_a_power_cut_in_the_middle_of_a_run():
    bench = ready("SOUR:VOLT 0.1;:ARM:COUN INF;:TRAC:FEED:CONT NEXT")
    bench.write("INIT")
    bench.sleep(1.0)
    bench.device.power_cycle()
    assert not bench.device.running
    assert bench.ask("OUTP?;:TRAC:POIN:ACT?;:TRAC:FEED:CONT?;*ESR?;:STAT:OPER:COND?") == "0;0;NEV;128;1024"
    assert bench.ask("FETC?") is None
