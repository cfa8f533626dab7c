"""The source of the simulated 2400: ranges, steps, errors, compliance, wires, and what it does when it is off."""

import statistics

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import simulators.devices.smu_accuracy as accuracy
from tests.simulators.devices.smu_bench import Bench

_VOLTAGES = (0.21, 2.1, 21.0, 210.0)
_CURRENTS = (1.05e-6, 1.05e-5, 1.05e-4, 1.05e-3, 1.05e-2, 0.105, 1.05)
_VOLTAGE_STEPS = (5e-6, 50e-6, 500e-6, 5e-3)
_CURRENT_STEPS = (50e-12, 500e-12, 5e-9, 50e-9, 500e-9, 5e-6, 50e-6)


def last(bench):
    """What drives the load: kind, level, limit."""
    return bench.load.history[-1][1:]


def test_identity():
    assert Bench().ask("*IDN?") == ("KEITHLEY INSTRUMENTS INC.,MODEL 2400,1154267,C33   Mar 31 2015 09:32:39/A02  /J/K")


def test_after_power_up():
    bench = Bench()
    assert bench.ask("SOUR:FUNC?;:SOUR:VOLT?;:SOUR:VOLT:RANG?;:SENS:FUNC?;:SENS:CURR:PROT?;:SENS:VOLT:PROT?") == (
        'VOLT;0.000000E+00;2.100000E+01;"CURR:DC";1.050000E-04;2.100000E+01'
    )
    assert bench.ask("OUTP?;:OUTP:SMOD?;:ROUT:TERM?;:SYST:RSEN?;:SYST:VERS?;:TRIG:COUN?;:ARM:COUN?") == (
        "0;NORM;FRON;0;1996.0;1;1"
    )
    assert bench.ask("STAT:OPER:COND?;:STAT:MEAS:COND?;*ESR?;*ESR?") == "1024;0;128;0"
    assert bench.ask("SYST:LFR?") == "50"
    assert Bench(line_frequency=60.0).ask("SYST:LFR?") == "60"


def test_system_preset_differs():
    bench = Bench()
    bench.write("SYST:PRES")
    assert bench.ask("SOUR:VOLT:PROT?;:FORM:BORD?") == "4.000000E+01;SWAP"


@pytest.mark.parametrize(("kind", "lowest", "highest", "usual"),
                         [("VOLT", 0.21, 210.0, 21.0), ("CURR", 1.05e-6, 1.05, 1.05e-4)])  # fmt: skip
def test_the_words_for_source_ranges(kind, lowest, highest, usual):
    """MIN is the lowest range and MAX the highest (2400 series user's manual, 18-74 and 18-75)."""
    bench = Bench()
    for word, full in (("MIN", lowest), ("MAX", highest), ("DEF", usual)):
        bench.write(f"SOUR:{kind}:RANG {word}")
        assert float(bench.ask(f"SOUR:{kind}:RANG?") or "") == full
    assert [float(bench.ask(f"SOUR:{kind}:RANG? {word}") or "") for word in ("MIN", "MAX")] == [lowest, highest]
    bench.write(f"SOUR:{kind}:RANG {-highest}")
    assert float(bench.ask(f"SOUR:{kind}:RANG?") or "") == highest
    assert bench.errors() == []


@pytest.mark.parametrize(("kind", "lowest"), [("VOLT", 0.21), ("CURR", 1.05e-6)])
def test_the_least_measuring_range(kind, lowest):
    """It is answered as 0 (2400 series user's manual, 18-64)."""
    bench = Bench()
    bench.write(f"SOUR:FUNC {'CURR' if kind == 'VOLT' else 'VOLT'};:SENS:{kind}:RANG MIN")
    assert float(bench.ask(f"SENS:{kind}:RANG? MIN") or "") == 0.0
    assert float(bench.ask(f"SENS:{kind}:RANG?") or "") == lowest
    assert bench.errors() == []


@pytest.mark.parametrize(("kind", "ranges", "steps"), [("VOLT", _VOLTAGES, _VOLTAGE_STEPS),
                                                       ("CURR", _CURRENTS, _CURRENT_STEPS)])  # fmt: skip
def test_steps_of_each_range(kind, ranges, steps):
    bench = Bench()
    bench.write(f"SOUR:FUNC {kind};:SENS:VOLT:PROT 1;:SENS:CURR:PROT 1e-3;:OUTP 1")
    for full, step in zip(ranges, steps, strict=True):
        bench.write(f"SOUR:{kind}:RANG {full}")
        assert float(bench.ask(f"SOUR:{kind}:RANG?") or "") == pytest.approx(full)
        bench.write(f"SOUR:{kind} {7.4 * step!r}")
        assert last(bench)[1] == pytest.approx(7 * step, rel=1e-9)
        bench.write(f"SOUR:{kind} {-7.6 * step!r}")
        assert last(bench)[1] == pytest.approx(-8 * step, rel=1e-9)
        bench.write(f"SOUR:{kind} 0")
    assert bench.errors() == []


@given(st.floats(-210.0, 210.0))
@settings(deadline=None, max_examples=100)
def test_automatic_ranging_takes_the_best_range(voltage):
    bench = Bench()
    bench.write(f"SOUR:VOLT {voltage!r}")
    full = float(bench.ask("SOUR:VOLT:RANG?") or "")
    best = min(one for one in _VOLTAGES if one >= abs(voltage) * (1 - 1e-12))
    assert full == pytest.approx(best)


def test_a_fixed_range_holds_no_more_than_it_can():
    bench = Bench()
    bench.write("SOUR:VOLT:RANG 2;:SOUR:VOLT 2.1")
    assert bench.ask("SOUR:VOLT?;:SOUR:VOLT:RANG:AUTO?") == "2.100000E+00;0"
    bench.write("SOUR:VOLT 2.2")
    bench.write("SOUR:VOLT:RANG 0.2")
    assert bench.errors() == [-222, -221]
    bench.write("SOUR:VOLT:RANG UP;:SOUR:VOLT 10;:SOUR:VOLT:RANG UP;RANG UP")
    assert bench.ask("SOUR:VOLT:RANG?;:SOUR:VOLT?") == "2.100000E+02;1.000000E+01"
    bench.write("SOUR:VOLT:RANG DOWN;:SOUR:VOLT:RANG:AUTO 1")
    assert bench.ask("SOUR:VOLT:RANG?;:SOUR:VOLT:RANG:AUTO?") == "2.100000E+01;1"
    assert bench.errors() == []


# ---- compliance


@pytest.mark.parametrize("sign", [1, -1])
def test_current_compliance_in_both_directions(sign):
    bench = Bench(resistance=100.0)
    bench.write(f"SENS:CURR:PROT 10e-3;:SOUR:VOLT {sign * 5};:SENS:FUNC 'VOLT','CURR';:OUTP 1")
    volts, amperes, _, _, status = bench.numbers("READ?")
    assert (volts, amperes) == (sign * 1.0, sign * 10e-3)
    assert int(status) & (1 << 3)
    assert bench.ask("SENS:CURR:PROT:TRIP?;:SENS:VOLT:PROT:TRIP?;:STAT:MEAS:COND?") == f"1;0;{0x4000 | 0x40}"
    bench.write(f"SOUR:VOLT {sign * 0.5}")
    assert bench.ask("SENS:CURR:PROT:TRIP?;:STAT:MEAS:COND?") == "0;64"
    assert not int(bench.numbers("READ?")[4]) & (1 << 3)


def test_voltage_compliance():
    bench = Bench(resistance=1e3)
    bench.write("SOUR:FUNC CURR;:SENS:VOLT:PROT 0.5;:SOUR:CURR 1e-3;:SENS:FUNC 'VOLT','CURR';:OUTP 1")
    assert bench.numbers("READ?")[:2] == [0.5, 0.5e-3]
    assert bench.ask("SENS:VOLT:PROT:TRIP?;:SENS:CURR:PROT:TRIP?") == "1;0"


def test_a_fixed_measuring_range_limits_at_105_per_cent():
    bench = Bench(resistance=1e3)
    bench.write("SENS:CURR:PROT 10e-3;:SOUR:VOLT 5;:SENS:FUNC 'VOLT','CURR';:SENS:CURR:RANG 1e-4;:OUTP 1")
    volts, amperes, _, _, status = bench.numbers("READ?")
    assert amperes == pytest.approx(1.05e-4)
    assert volts == pytest.approx(0.105)
    assert not int(status) & (1 << 3)
    assert int(status) & (1 << 16)
    bench.write("SENS:CURR:RANG:AUTO 1")
    assert bench.numbers("READ?")[1] == pytest.approx(5e-3)


def test_the_measuring_range_follows_the_compliance_when_synchronised():
    bench = Bench()
    bench.write("SENS:CURR:RANG 1e-5;:SENS:CURR:PROT:RSYN 1;:SENS:CURR:PROT 5e-3")
    assert bench.ask("SENS:CURR:RANG?;:SENS:VOLT:PROT:RSYN?") == "1.050000E-02;1"
    assert bench.ask("SENS:CURR:RANG:AUTO:ULIM?") == "1.050000E-02"


def test_over_voltage_protection():
    bench = Bench(resistance=1e6)
    bench.write("SOUR:VOLT:PROT 30;:SOUR:VOLT 100;:OUTP 1")
    assert bench.ask("SOUR:VOLT:PROT?;:SOUR:VOLT:PROT:TRIP?") == "4.000000E+01;1"
    assert last(bench)[1] == 40.0
    assert int(bench.ask("STAT:MEAS:COND?") or "") & 0x2000
    assert int(bench.numbers("READ?")[4]) & (1 << 4)
    bench.write("SOUR:VOLT:PROT NONE")
    assert last(bench)[1] == 100.0
    bench.write("*RST;:SOUR:FUNC CURR;:SENS:VOLT:PROT 100;:SOUR:VOLT:PROT 20;:SOUR:CURR 1e-3;:OUTP 1")
    bench.sleep(1.0)
    assert last(bench) == ("I", 1e-3, 20.0)
    assert bench.ask("SOUR:VOLT:PROT:TRIP?") == "1"


# ---- output


@pytest.mark.parametrize(
    ("source", "state", "expected"),
    [
        ("SOUR:VOLT 5;:SENS:CURR:PROT 1e-2;:SENS:CURR:RANG 1e-3", "NORM", ("V", 0.0, 0.005 * 1.05e-3)),
        ("SOUR:FUNC CURR;:SOUR:CURR 1e-2", "NORM", ("V", 0.0, 0.005 * 1.05e-2)),
        ("SOUR:VOLT 5;:SENS:CURR:PROT 1e-2", "ZERO", ("V", 0.0, 1e-2)),
        ("SOUR:FUNC CURR;:SOUR:CURR 1e-2", "ZERO", ("V", 0.0, 1e-2)),
        ("SOUR:FUNC CURR;:SOUR:CURR 1e-6", "ZERO", ("V", 0.0, 1e-6)),
        ("SOUR:VOLT 5", "GUAR", ("I", 0.0, 0.005 * 21.0)),
        ("SOUR:VOLT 5", "HIMP", ("off", 0.0, 0.0)),
    ],
)
def test_output_off_states(source, state, expected):
    bench = Bench()
    bench.write(f"{source};:OUTP:SMOD {state};:OUTP 1")
    bench.sleep(0.1)
    bench.write("OUTP 0")
    kind, level, limit = last(bench)
    assert (kind, level) == expected[:2]
    assert limit == pytest.approx(expected[2])
    assert bench.ask("OUTP?") == "0"
    assert bench.errors() == []


def test_an_off_state_is_entered_at_once():
    bench = Bench()
    bench.write("OUTP:SMOD HIMP")
    assert last(bench)[0] == "off"
    bench.write("OUTP:SMOD NORM")
    assert last(bench)[:2] == ("V", 0.0)


def test_the_relay_takes_its_time():
    bench = Bench()
    bench.write("OUTP:SMOD HIMP")
    assert bench.timed("OUTP 1;:OUTP?") == ("1", pytest.approx(15e-3))
    assert bench.timed("OUTP 1;:OUTP?") == ("1", 0.0)


@pytest.mark.parametrize("change", ["ROUT:TERM REAR", "SYST:RSEN 1", "SYST:GUAR OHMS", "*RST", "SOUR:CLE"])
def test_what_turns_the_output_off(change):
    bench = Bench()
    bench.write(f"SOUR:VOLT 1;:OUTP 1;:{change}" if not change.startswith("*") else f"SOUR:VOLT 1;:OUTP 1;{change}")
    bench.sleep(1.0)
    assert bench.ask("OUTP?") == "0"
    assert last(bench)[:2] == ("V", 0.0)


def test_rear_terminals_show_in_the_status_word():
    bench = Bench()
    bench.write("ROUT:TERM REAR;:OUTP 1")
    assert not int(bench.numbers("READ?")[4]) & (1 << 2)


@pytest.mark.parametrize(("wires", "resistance"), [(0, 110.0), (1, 100.0)])
def test_two_and_four_wires(wires, resistance):
    bench = Bench(resistance=100.0, lead=5.0)
    bench.write(f"SYST:RSEN {wires};:SOUR:FUNC CURR;:SOUR:CURR 1e-3;:SENS:FUNC 'VOLT','CURR';:OUTP 1")
    volts, amperes, _, _, status = bench.numbers("READ?")
    assert volts / amperes == pytest.approx(resistance)
    assert bool(int(status) & (1 << 22)) == bool(wires)
    bench.write("OUTP 0")
    assert not bench.load.remote


def test_a_level_for_the_next_trigger():
    bench = Bench()
    bench.write("SOUR:VOLT 1;:SENS:CURR:PROT 0.1;:OUTP 1;:SOUR:VOLT:TRIG 3")
    assert bench.ask("SOUR:VOLT?;:SOUR:VOLT:TRIG?") == "1.000000E+00;3.000000E+00"
    assert bench.numbers("READ?")[0] == 3.0
    assert bench.ask("SOUR:VOLT?") == "3.000000E+00"


def test_saved_set_ups_come_back_with_the_output_off():
    bench = Bench()
    bench.write("SOUR:FUNC CURR;:SOUR:CURR 2e-3;:SENS:VOLT:PROT 3;:OUTP 1;*SAV 3;*RST")
    bench.write("*RCL 3")
    assert bench.ask("SOUR:FUNC?;CURR?;:SENS:VOLT:PROT?;:OUTP?") == "CURR;2.000000E-03;3.000000E+00;0"
    bench.write("SYST:POS SAV3")
    bench.device.power_cycle()
    assert bench.ask("SOUR:CURR?;:OUTP?") == "2.000000E-03;0"


# ---- calibration and noise


def test_an_uncalibrated_box_is_within_its_specification_and_keeps_its_errors():
    relative = []
    for seed in range(40):
        bench = Bench(calibration=seed)
        bench.write("SENS:CURR:PROT 0.1;:SOUR:VOLT 10;:OUTP 1")
        error = last(bench)[1] - 10.0
        relative.append(error / (2e-4 * 10.0 + 2.4e-3))
        bench.write("OUTP 0;:OUTP 1")
        assert last(bench)[1] - 10.0 == error
    assert max(map(abs, relative)) <= 1.0
    assert statistics.pstdev(relative) == pytest.approx(0.41, abs=0.15)


@pytest.mark.parametrize("kind", ["VOLT", "CURR"])
def test_all_ranges_have_errors_of_their_own(kind):
    calibration = accuracy.Calibration(np.random.default_rng(1))
    for errors in (calibration.sourced[kind], calibration.measured[kind]):
        assert len(set(errors.gains)) == len(set(errors.offsets)) == len(_VOLTAGES if kind == "VOLT" else _CURRENTS)
        assert errors.apply(0.0, 0) == errors.offsets[0]


def test_noise_of_the_source_is_that_of_its_range():
    bench = Bench()
    bench.write("SOUR:VOLT 1;:OUTP 1")
    assert bench.load.noise == pytest.approx(50e-6 / 6)
    bench.write("SOUR:FUNC CURR;:SOUR:CURR 1e-3")
    assert bench.load.noise == pytest.approx(5e-9 / 6)
