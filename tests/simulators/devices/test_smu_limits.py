"""What the simulated 2400's limit tests put on its digital output."""

import pytest

from simulators.devices.keithley2400 import Keithley2400
from simulators.devices.smu_port import SKEW
from tests.simulators.devices.smu_bench import Bench


def ready(setup: str) -> Bench:
    """1 V on a kiloohm; the limit tests look at the voltage."""
    bench = Bench()
    bench.write(f"SENS:CURR:PROT 0.1;:SOUR:VOLT 1;:SOUR2:CLE:AUTO 0;:{setup};:OUTP 1")
    assert bench.errors() == []
    return bench


def binned(bench: Bench) -> int:
    bench.ask("READ?")
    bench.sleep(1e-3)
    return bench.device.digital_output


def test_the_lines_show_what_they_are_told() -> None:
    bench = Bench()
    assert bench.device.digital_output == 15
    bench.write("SOUR2:TTL 5")
    assert bench.device.digital_output == 5
    for form, text in (("HEX", "#H5"), ("OCT", "#Q5"), ("BIN", "#B101"), ("ASC", "5")):
        assert bench.ask(f"FORM:SOUR2 {form};:SOUR2:TTL?;TTL:ACT?") == f"{text};{text}"
    bench.write("SOUR2:TTL:LEV:DEF #B1010")
    assert bench.device.digital_output == 10
    bench.ask("*RST")
    assert bench.device.digital_output == 15


def test_grading_puts_out_the_first_failure_or_the_pass() -> None:
    patterns = "CALC2:LIM1:COMP:SOUR2 1;:CALC2:LIM2:LOW:SOUR2 2;:CALC2:LIM2:UPP:SOUR2 3;:CALC2:LIM3:UPP:SOUR2 4"
    bench = ready(f"{patterns};:CALC2:CLIM:PASS:SOUR2 9;:CALC2:LIM2:LOW 0.5;UPP 4;STAT 1;:CALC2:LIM3:UPP 2;STAT 1")
    found = []
    for volts in (1, 3, 5, 0.1):
        bench.write(f"SOUR:VOLT {volts}")
        found.append(binned(bench))
    assert found == [9, 4, 3, 2]
    bench.write("CALC2:LIM1:STAT 1;:SENS:CURR:PROT 1e-5")
    assert binned(bench) == 1
    bench.write("SOUR2:CLE")
    assert bench.device.digital_output == 15


def test_without_a_test_nothing_is_put_out() -> None:
    assert binned(ready("CALC2:CLIM:PASS:SOUR2 3")) == 15


@pytest.mark.parametrize(("volts", "pattern", "passed"), [(1.0, 5, True), (1.5, 6, True), (9.0, 11, False)])
def test_sorting_looks_for_the_first_band_that_passes(volts: float, pattern: int, passed: bool) -> None:
    bands = ";:".join(f"CALC2:LIM{n}:LOW {n - 2};UPP {n - 1};STAT 1;PASS:SOUR2 {n + 3}" for n in (2, 3))
    bench = ready(f"CALC2:CLIM:MODE SORT;FAIL:SOUR2 11;:{bands};:SOUR:VOLT {volts}")
    assert binned(bench) == pattern
    assert bool(int(bench.ask("STAT:MEAS:COND?") or "") & 0x20) == passed


def test_sorting_with_compliance_alone() -> None:
    bench = ready("CALC2:CLIM:MODE SORT;FAIL:SOUR2 11;:CALC2:CLIM:PASS:SOUR2 12;:CALC2:LIM1:STAT 1;COMP:SOUR2 13")
    assert binned(bench) == 12
    bench.write("SENS:CURR:PROT 1e-5")
    assert binned(bench) == 13


def test_which_pattern_is_that_of_a_band_can_be_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    """The manual says both."""
    monkeypatch.setattr(Keithley2400, "sorting_pattern", "LOW")
    bench = ready(
        "CALC2:CLIM:MODE SORT;:CALC2:LIM2:LOW 0;UPP 2;STAT 1;:CALC2:LIM2:PASS:SOUR2 5;:CALC2:LIM2:LOW:SOUR2 6"
    )
    assert binned(bench) == 6


PATTERNS = "CALC2:LIM2:UPP:SOUR2 3;:CALC2:LIM2:LOW:SOUR2 4"
SWEEP = f"SOUR:LIST:VOLT 1,5,1;:SOUR:VOLT:MODE LIST;:TRIG:COUN 3;:CALC2:LIM2:UPP 2;STAT 1;:{PATTERNS}"


def test_immediate_binning_keeps_the_first_failure_of_a_sweep() -> None:
    bench = ready(f"{SWEEP};:CALC2:CLIM:PASS:SOUR2 9;:SENS:VOLT:NPLC 10")
    bench.write("INIT")
    seen = []
    while bench.device.running:
        bench.sleep(0.02)
        seen.append(bench.device.digital_output)
    assert sorted(set(seen), key=seen.index) == [15, 9, 3]
    assert bench.ask("CALC2:LIM2:FAIL?") == "1"


def test_binning_at_the_end_waits_for_it() -> None:
    bench = ready(f"{SWEEP};:CALC2:CLIM:PASS:SOUR2 9;:CALC2:CLIM:BCON END;:SENS:VOLT:NPLC 10")
    bench.write("INIT")
    seen = []
    while bench.device.running:
        bench.sleep(0.02)
        if bench.device.running:
            seen.append(bench.device.digital_output)
    assert set(seen) == {15}
    bench.sleep(1e-3)
    assert bench.device.digital_output == 3
    bench.write("SOUR:LIST:VOLT 1,1,1")
    assert binned(bench) == 9


def test_a_new_run_forgets_the_last_one() -> None:
    bench = ready("CALC2:LIM2:UPP 0.5;STAT 1;UPP:SOUR2 3;:SENS:VOLT:NPLC 10")
    assert binned(bench) == 3
    bench.write("SOUR:VOLT 0.1;:INIT")
    bench.sleep(0.01)
    assert bench.device.digital_output == 15
    assert bench.ask("CALC2:LIM2:FAIL?") == "0"
    bench.write("CALC2:CLIM:CLE:AUTO 0;:SOUR:VOLT 1")
    assert binned(bench) == 3
    bench.write("SOUR:VOLT 0.1;:INIT")
    bench.sleep(0.01)
    assert bench.device.digital_output == 3
    assert bench.ask("CALC2:LIM2:FAIL?") == "1"


def test_a_pattern_is_a_pulse_and_line_4_is_inside_it() -> None:
    """Lines 1 to 3 come 10 us before line 4 and go 10 us after it; line 4 lasts as long as is set."""
    width = 2e-3
    bench = ready(f"SOUR2:TTL 0;:SOUR2:CLE:AUTO 1;AUTO:DEL {width};:CALC2:LIM2:UPP 2;STAT 1;:CALC2:CLIM:PASS:SOUR2 13")
    bench.ask("READ?")
    began = bench.device.port._shown
    edges = {0.0: 5, SKEW / 2: 5, 2 * SKEW: 13, width / 2: 13, width + 0.5 * SKEW: 13, width + 1.5 * SKEW: 5,
             width + 2.5 * SKEW: 0}  # fmt: skip
    assert {after: bench.device.port.lines(began + after) for after in edges} == edges


@pytest.mark.parametrize("high", [False, True])
def test_line_4_says_that_a_test_has_ended_or_is_under_way(high: bool) -> None:
    bench = ready(f"SOUR2:BSIZ 3;:SOUR2:TTL 0;:SOUR2:TTL4:BST {high:d};:CALC2:LIM2:UPP 2;STAT 1;:SENS:VOLT:NPLC 10")
    bench.write("CALC2:CLIM:PASS:SOUR2 2;:SOUR2:CLE:AUTO 1;AUTO:DEL 0.1")
    assert bench.device.digital_output >> 3 != high
    assert binned(bench) == 2 + 8 * high
    bench.sleep(0.2)
    assert bench.device.digital_output == 8 * (not high)
    bench.write("SOUR2:TTL4:MODE BUSY;:INIT")
    bench.sleep(0.1)
    assert bench.device.digital_output >> 3 == high
    bench.sleep(5.0)
    assert bench.device.digital_output >> 3 != high


def test_three_bits_know_no_fourth() -> None:
    bench = ready("SOUR2:BSIZ 3")
    assert bench.ask("CALC2:LIM2:UPP:SOUR2?;:SOUR2:TTL?") == "7;7"
    bench.write("CALC2:CLIM:PASS:SOUR2 8")
    assert bench.errors() == [-222]
