"""Keys, display and beeper of the simulated 2400."""

import pytest

from tests.simulators.devices.smu_bench import Bench

ON_OFF, AUTO, UP, DOWN, TRIG, LOCAL, FILTER, REL, DIGITS, FRONT = 24, 9, 1, 17, 20, 23, 6, 30, 31, 32


def test_keys_do_what_they_say() -> None:
    bench = Bench()
    bench.write(f"SENS:CURR:PROT 0.1;:SOUR:VOLT 1;:SYST:KEY {ON_OFF}")
    assert bench.ask("OUTP?;:SYST:KEY?") == "1;24"
    assert bench.numbers("FORM:ELEM CURR;:READ?") == [1e-3]
    bench.write(f"SYST:KEY {ON_OFF};:SYST:KEY 19")
    assert bench.ask("OUTP?;:SOUR:FUNC?") == "0;CURR"
    bench.write(f"SYST:KEY 12;:SYST:KEY {AUTO}")
    assert bench.ask("SOUR:FUNC?;:SENS:CURR:RANG:AUTO?") == "VOLT;0"
    before = float(bench.ask("SENS:CURR:RANG?") or "")
    bench.write(f"SYST:KEY {DOWN}")
    assert float(bench.ask("SENS:CURR:RANG?") or "") == pytest.approx(before / 10)
    bench.write(f"SYST:KEY {UP};:SYST:KEY {FILTER};:SYST:KEY {DIGITS};:SYST:KEY {FRONT}")
    assert bench.ask("SENS:CURR:RANG?;:SENS:AVER?;:DISP:DIG?;:ROUT:TERM?") == f"{before:.6E};1;7;REAR"
    bench.write(f"SYST:KEY {DIGITS};:SYST:KEY 15;:SYST:KEY {REL}")
    assert bench.ask("DISP:DIG?;:SENS:FUNC?;:CALC2:NULL:STAT?") == '4;"VOLT:DC","CURR:DC";1'
    bench.write("SENS:FUNC 'RES'")
    bench.write(f"SYST:KEY {UP};:SYST:KEY {AUTO}")
    assert bench.ask("SENS:RES:RANG?;:SENS:RES:RANG:AUTO?") == "2.100000E+06;1"
    assert bench.errors() == []


def test_a_key_that_cannot_do_it_says_so() -> None:
    bench = Bench()
    bench.write(f"OUTP:ENAB 1;:SYST:KEY {ON_OFF}")
    assert bench.errors() == [802]
    bench.device.press_key(ON_OFF)
    assert bench.errors() == [802]


def test_the_trigger_key() -> None:
    bench = Bench()
    bench.write("ARM:SOUR MAN;:OUTP 1;:INIT")
    bench.sleep(1.0)
    assert bench.device.running
    bench.device.press_key(TRIG)
    bench.sleep(1.0)
    assert not bench.device.running


def test_locked_keys_wait_for_local() -> None:
    bench = Bench()
    bench.write("SYST:RWL 1")
    bench.device.press_key(ON_OFF)
    assert bench.ask("OUTP?") == "0"
    bench.write("SYST:LOC")
    bench.device.press_key(ON_OFF)
    assert bench.ask("OUTP?") == "1"
    bench.write("SYST:REM")
    bench.device.press_key(ON_OFF)
    assert bench.ask("OUTP?") == "1"
    bench.write(f"SYST:KEY {LOCAL}")
    assert not bench.device.remote


def test_what_the_display_shows() -> None:
    bench = Bench(3e3)
    assert bench.device.display == ("------ A", "Vsrc:+0.00000 V Cmpl:105.000 uA")
    bench.write("SENS:CURR:PROT 0.1;:SOUR:VOLT 1;:OUTP 1")
    bench.ask("READ?")
    assert bench.device.display[0] == "+333.333 uA"
    bench.write("DISP:DIG 4")
    assert bench.device.display[0] == "+333.3 uA"
    bench.write("CALC:STAT 1;:CALC:MATH:UNIT 'Pwr';:DISP:DIG 5")
    bench.ask("READ?")
    assert bench.device.display[0] == "+333.33 uPwr"
    bench.write("DISP:WIND1:TEXT:DATA 'BUSY';STAT 1;:DISP:WIND2:TEXT:DATA 'do not touch';STAT 1")
    assert bench.device.display == ("BUSY", "do not touch")
    bench.write("DISP:ENAB 0")
    assert bench.device.display == ("FRONT PANEL DISABLED", "Press LOCAL to resume.")


def test_the_beeper_can_be_heard_unless_it_is_off() -> None:
    bench = Bench()
    bench.sleep(2.0)
    bench.write("SYST:BEEP 500, 1;:SYST:BEEP:STAT 0;:SYST:BEEP 600, 1")
    assert list(bench.device.sounds) == [(2.0, 500.0, 1.0)]
