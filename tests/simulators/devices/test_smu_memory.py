"""Sweeps of the simulated 2400 through its source memory."""

import pytest

from tests.simulators.devices.smu_bench import Bench


def bench_with(*setups: str, resistance: float = 1e3) -> Bench:
    """A bench whose locations 1, 2, ... hold these set-ups, each told from *RST."""
    bench = Bench(resistance)
    for number, setup in enumerate(setups, start=1):
        bench.ask("*RST")
        bench.write(f"SENS:CURR:PROT 0.1;:SENS:VOLT:PROT 20;:{setup};:SOUR:MEM:SAVE {number}")
    bench.ask("*RST")
    assert bench.errors() == []
    return bench


def run(bench: Bench, points: int, more: str = "*ESE?") -> list[float]:
    bench.write(f"SOUR:FUNC MEM;:SOUR:MEM:POIN {points};:TRIG:COUN {points};:OUTP 1;:{more}")
    if more == "*ESE?":
        bench.reply()
    return bench.numbers("READ?")


def test_each_point_has_its_own_source_measurement_and_limit() -> None:
    bench = bench_with(
        "SOUR:VOLT 1;:SENS:FUNC 'CURR'",
        "SOUR:FUNC CURR;:SOUR:CURR 2e-3;:SENS:FUNC:OFF:ALL;:SENS:FUNC 'VOLT'",
        "SOUR:VOLT 5;:SENS:CURR:PROT 1e-4;:SENS:FUNC 'CURR'",
    )
    readings = run(bench, 3)
    assert readings[0:2] == [1.0, 1e-3]
    assert readings[5:7] == [2.0, 2e-3]
    assert readings[11] == pytest.approx(1e-4)
    statuses = [int(readings[place]) for place in (4, 9, 14)]
    assert [status >> 14 & 3 for status in statuses] == [1, 2, 1]
    assert [bool(status & 0x08) for status in statuses] == [False, False, True]
    assert [(what, value) for _, what, value, _ in bench.load.history[-3:]] == [("V", 1.0), ("I", 2e-3), ("V", 5.0)]
    assert bench.ask("SOUR:FUNC?") == "MEM"
    assert bench.errors() == []


def test_a_set_up_that_is_recalled_brings_its_source_along() -> None:
    bench = bench_with("SOUR:VOLT 1", "SOUR:FUNC CURR;:SOUR:CURR 2e-3;:SENS:FUNC 'VOLT'")
    bench.write("SOUR:FUNC MEM")
    assert bench.ask("SOUR:FUNC?;:SOUR:MEM:REC 2;:SOUR:FUNC?") == "MEM;CURR"
    bench.write("OUTP 1;:TRIG:COUN 1")
    assert bench.numbers("READ?")[0:2] == [2.0, 2e-3]
    assert bench.errors() == []


def test_speed_filter_and_delay_belong_to_the_point() -> None:
    bench = bench_with(
        "SENS:VOLT:NPLC 10;:SOUR:VOLT 1",
        "SENS:VOLT:NPLC 0.1;:SOUR:DEL 0.3;:SOUR:VOLT 2",
        "SENS:AVER:COUN 20;:SENS:AVER 1;:TRIG:DEL 0.5;:SOUR:VOLT 3",
    )
    bench.write("FORM:ELEM TIME")
    first, second, third = run(bench, 3)
    assert first > 3 * 0.2  # three phases of ten line cycles of 50 Hz
    assert 0.3 < second - first < 0.36  # a range comes down, too
    assert third - second > 0.5 + 20 * 3 * 0.02


def test_start_and_number_of_points() -> None:
    bench = bench_with(*(f"SOUR:VOLT {volts}" for volts in (1, 2, 3, 4, 5)))
    bench.write("FORM:ELEM VOLT;:SOUR:MEM:STAR 3")
    assert run(bench, 2) == [3.0, 4.0]
    bench.write("TRIG:COUN 5")
    assert bench.numbers("READ?") == [3.0, 4.0, 3.0, 4.0, 3.0]
    bench.write("SOUR:MEM:SAVE 100;:SOUR:MEM:STAR 100;:SOUR:MEM:POIN 3;:TRIG:COUN 3")
    assert bench.numbers("READ?")[1:] == [1.0, 2.0]


@pytest.mark.parametrize(("volts", "passes"), [(1.0, True), (3.0, False)])
def test_a_limit_test_decides_where_it_goes_on(volts: float, passes: bool) -> None:
    """The manual's example: on from 3 to 7 where it passes; here also to 5 where it fails."""
    setups = [f"SOUR:VOLT {number}" for number in range(11, 19)]
    test = "CALC2:FEED VOLT;LIM2:UPP 2;STAT 1;:CALC2:CLIM:PASS:SML 7;:CALC2:CLIM:FAIL:SML 5"
    setups[2] = f"SOUR:VOLT {volts};:{test}"
    bench = bench_with(*setups)
    bench.write("FORM:ELEM VOLT")
    wanted = [17.0, 18.0] if passes else [15.0, 16.0]
    assert run(bench, 5) == [11.0, 12.0, volts, *wanted]


def test_without_a_place_to_go_to_it_goes_to_the_next() -> None:
    setups = [f"SOUR:VOLT {number};:CALC2:LIM2:UPP 1.5;STAT 1;:CALC2:CLIM:PASS:SML 3" for number in (1, 2, 3, 4)]
    bench = bench_with(*setups)
    bench.write("FORM:ELEM VOLT")
    assert run(bench, 3) == [1.0, 3.0, 4.0]


def test_a_level_can_be_a_part_of_the_reading_before() -> None:
    """The manual's example: 10 V measured, a factor of 0.1, 1 V sourced."""
    bench = bench_with(
        "SOUR:FUNC CURR;:SOUR:CURR 1e-2;:SENS:FUNC:OFF:ALL;:SENS:FUNC 'VOLT'",
        "SOUR:VOLT 7;:SOUR:VOLT:TRIG:SFAC 0.1;SFAC:STAT 1",
    )
    bench.write("FORM:ELEM VOLT,CURR")
    assert run(bench, 2) == [10.0, 1e-2, 1.0, 1e-3]
    assert bench.load.history[-1][1:3] == ("V", 1.0)
    bench.write("SOUR:MEM:STAR 2")
    assert bench.numbers("READ?")[:1] == [7.0]  # there is no reading before the first
    assert bench.errors() == []


def test_a_scaled_level_that_no_range_holds_is_an_error_and_not_sourced() -> None:
    bench = bench_with("SOUR:VOLT 10", "SOUR:VOLT 1;:SOUR:VOLT:TRIG:SFAC 100;SFAC:STAT 1")
    bench.write("FORM:ELEM VOLT")
    assert run(bench, 2) == [10.0, 1.0]
    assert bench.errors() == [-222]


def test_hold_off_begins_on_the_range_of_the_compliance() -> None:
    bench = bench_with(
        "SOUR:VOLT 1;:SENS:CURR:RANG 1e-6;:SENS:CURR:RANG:HOLD 1;HOLD:DEL 0.25;:SOUR:DEL 0", resistance=2e6
    )
    readings = run(bench, 1)
    assert readings[1] == pytest.approx(5e-7)
    before, during, after = bench.load.history[-3:]
    assert (before[3], during[3], after[3]) == (pytest.approx(1.05e-6), pytest.approx(0.1), pytest.approx(1.05e-6))
    assert after[0] - during[0] == pytest.approx(0.25)
    bench.write("SOUR:FUNC VOLT;:SOUR:VOLT 0.5")
    count = len(bench.load.history)
    bench.ask("READ?")
    assert len(bench.load.history) == count  # memory sweeps only


def test_a_run_that_is_ended_in_the_hold_off_has_its_own_range_again() -> None:
    bench = bench_with("SOUR:VOLT 1;:SENS:CURR:RANG 1e-6;:SENS:CURR:RANG:HOLD 1;HOLD:DEL 100")
    bench.write("SOUR:FUNC MEM;:OUTP 1;:INIT")
    bench.sleep(1.0)
    assert bench.load.history[-1][3] == pytest.approx(0.1)
    bench.write("ABOR")
    assert bench.load.history[-1][3] == pytest.approx(1.05e-6)


def test_an_expression_that_is_no_more_is_replaced() -> None:
    bench = Bench()
    bench.write("CALC:MATH:NAME 'own';:CALC:MATH (2 * VOLT);:CALC:STAT 1;:SOUR:VOLT 0.5;:SOUR:MEM:SAVE 1")
    bench.ask("*RST")
    run(bench, 1)
    assert bench.numbers("CALC:DATA?") == [1.0]
    bench.write("CALC:MATH:DEL 'own'")
    bench.ask("READ?")
    assert bench.errors() == [809]
    assert bench.ask("CALC:MATH:NAME?;:CALC:STAT?") == '"POWER";0'
    bench.ask("READ?")
    assert bench.errors() == []


def test_a_set_up_can_be_recalled_by_hand_and_survives_reset_and_power() -> None:
    bench = bench_with("SOUR:FUNC CURR;:SOUR:CURR 1e-3;:SENS:AVER 1;:CALC2:LIM5:UPP 3")
    bench.device.power_cycle()
    bench.write("SOUR:MEM:REC 1")
    assert bench.ask("SOUR:FUNC?;:SOUR:CURR?;:SENS:AVER?;:SENS:VOLT:PROT?;:CALC2:LIM5:UPP?;:OUTP?") == (
        "CURR;1.000000E-03;1;2.000000E+01;3.000000E+00;0"
    )
    bench.write("OUTP 1;:SOUR:MEM:REC 2")
    assert bench.load.history[-1][1:3] == ("V", 0.0)
    assert bench.ask("OUTP?") == "1"


def test_the_memory_is_part_of_a_saved_set_up() -> None:
    bench = bench_with("SOUR:VOLT 1")
    bench.write("SOUR:FUNC MEM;*SAV 1;:SOUR:FUNC CURR;*RCL 1")
    assert bench.ask("SOUR:FUNC?") == "MEM"
    bench.ask("*RST")
    assert bench.ask("SOUR:FUNC?") == "VOLT"


def test_a_sweep_in_memory_shows_as_one_and_can_abort_on_compliance() -> None:
    bench = bench_with("SOUR:VOLT 1", "SOUR:VOLT 1;:SENS:CURR:PROT 1e-4", "SOUR:VOLT 1")
    bench.write("SOUR:FUNC MEM;:SOUR:MEM:POIN 3;:TRIG:COUN 3;:SOUR:SWE:CAB LATE;:OUTP 1;:FORM:ELEM CURR;:INIT")
    assert bench.device.status.operation.condition & 0x08
    assert len(bench.numbers("FETC?")) == 2


def test_with_multiple_range_changes_nothing_is_converted_on_too_small_a_range() -> None:
    """The range goes up within the delay, which saves a conversion."""
    times = []
    for mode in ("SING", "MULT"):
        bench = Bench(100.0)
        bench.write(f"SYST:RCM {mode};:SENS:CURR:PROT 0.1;:SENS:VOLT:NPLC 10;:SOUR:VOLT:TRIG 1;:SOUR:DEL 0.01;:OUTP 1")
        (current,), duration = bench.numbers("FORM:ELEM CURR;:READ?"), bench.clock.now()
        assert current == pytest.approx(1e-2)
        times.append(duration)
    assert times[0] - times[1] > 0.6


def test_the_soak_time_lets_the_range_come_down_once() -> None:
    bench = Bench(1e6)
    bench.write("SYST:RCM MULT;:SOUR:SOAK 2;:SENS:CURR:PROT 0.1;:SENS:CURR:RANG 0.1;RANG:AUTO 1;:SOUR:DEL 0.01")
    bench.write("SOUR:LIST:VOLT 1,2;:SOUR:VOLT:MODE LIST;:TRIG:COUN 2;:OUTP 1;:FORM:ELEM CURR,TIME")
    first, time, second, later = bench.numbers("READ?")
    assert (first, second) == (pytest.approx(1e-6), pytest.approx(2e-6))
    assert 2.0 < time < 2.2
    assert later - time < 0.2
