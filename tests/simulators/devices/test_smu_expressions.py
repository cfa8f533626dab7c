"""The simulated 2400's list of expressions, and what comes of them in a run."""

import math

import pytest

from tests.simulators.devices.smu_bench import Bench

NOT_THERE = 9.91e37
MATH = "CALC:STAT 1;:SENS:CURR:PROT 0.1"


def ready(setup: str, resistance: float = 1e3) -> Bench:
    bench = Bench(resistance)
    bench.write(f"{MATH};:{setup};:OUTP 1")
    assert bench.errors() == []
    return bench


def test_the_manuals_example_of_a_deviation() -> None:
    bench = Bench(10.5e3)
    for message in (
        "*RST", ":SENS:FUNC:OFF:ALL", ':SENS:FUNC:ON "RES"', ':CALC:MATH:UNIT "%"', ':CALC:MATH:EXPR:NAME "PER_DEV"',
        ":CALC:MATH:EXPR (((RES - 10e3) / 10e3) * 100)", ":CALC:STAT ON", ":OUTP ON", ":INIT",
    ):  # fmt: skip
        bench.ask(message)
    assert bench.errors() == []
    assert bench.numbers(":CALC:DATA?") == pytest.approx([5.0], rel=1e-5)
    assert bench.ask("CALC:MATH:NAME?;EXPR?;EXPR:DEF?") == (
        '"PER_DEV";(((RES - 10e3) / 10e3) * 100);(((RES - 10e3) / 10e3) * 100)'
    )


def test_the_list() -> None:
    bench = Bench()
    builtin = '"POWER","OFFCOMPOHM","VOLTCOEF","VARALPHA","%DEV"'
    assert bench.ask("CALC:MATH:CAT?") == builtin
    for number in range(5):
        bench.write(f"CALC:MATH:NAME 'own{number}';:CALC:MATH (VOLT + {number})")
    assert bench.errors() == []
    bench.write("CALC:MATH:NAME 'own5'")
    assert bench.errors() == [804]
    bench.write("CALC:MATH:NAME 'own2'")
    assert bench.ask("CALC:MATH?") == "(VOLT + 2)"
    bench.write("CALC:MATH:DEL 'own2'")
    assert bench.ask("CALC:MATH:NAME?;CAT?") == f'"POWER";{builtin},"own0","own1","own3","own4"'
    bench.ask("*RST")
    assert bench.ask("CALC:MATH:CAT?") == f'{builtin},"own0","own1","own3","own4"'
    bench.write("CALC:MATH:DEL:ALL")
    assert bench.ask("CALC:MATH:CAT?") == builtin
    assert bench.errors() == []


@pytest.mark.parametrize("name", ["a\nb", "a\tb", "\x7f"])
def test_a_name_that_cannot_be_shown(name: str) -> None:
    bench = Bench()
    before = bench.ask("CALC:MATH:NAME?;CAT?")
    bench.write(f'CALC:MATH:NAME "{name}"')
    assert bench.errors() == [-151]
    assert bench.ask("CALC:MATH:NAME?;CAT?") == before


def test_a_bad_formula_leaves_the_good_one() -> None:
    bench = ready("CALC:MATH:NAME 'twice';:CALC:MATH (2 * VOLT);:SOUR:VOLT 0.5")
    bench.write("CALC:MATH (2 * )")
    assert bench.errors() == [813]
    bench.ask("READ?")
    assert bench.numbers("CALC:DATA?") == [1.0]


def test_too_long_a_formula() -> None:
    bench = Bench()
    bench.write("CALC:MATH:NAME 'long';:CALC:MATH (" + "1+" * 126 + "1)")
    assert bench.errors() == []
    bench.write("CALC:MATH (" + "1+" * 130 + "1)")
    assert bench.errors() == [-223]


def test_source_values_count_where_nothing_is_measured() -> None:
    """Measured ones come first; what is neither measured nor sourced gives no number."""
    bench = ready("CALC:MATH:NAME 'v';:CALC:MATH (VOLT);:SOUR:VOLT 0.25;:SENS:FUNC 'CURR'")
    bench.ask("READ?")
    assert bench.numbers("CALC:DATA?") == [0.25]
    bench.write("SENS:FUNC:OFF:ALL;:SENS:FUNC 'VOLT';:CALC:MATH (VOLT * CURR)")
    bench.ask("READ?")
    assert bench.numbers("CALC:DATA?") == [NOT_THERE]


def test_each_array_of_a_vector_gives_one_result() -> None:
    """Ten readings with the fourth and the tenth of each ten: a difference of six steps."""
    bench = ready("SOUR:VOLT:STAR 0;STOP 1.9;:SOUR:SWE:POIN 20;:SOUR:VOLT:MODE SWE;:TRIG:COUN 20")
    bench.write("CALC:MATH:NAME 'six';:CALC:MATH (VOLT[9] - VOLT[3])")
    bench.ask("READ?")
    assert bench.numbers("CALC:DATA?") == pytest.approx([0.6, 0.6])
    assert bench.errors() == []
    bench.write("TRIG:COUN 15")
    bench.ask("READ?")
    assert bench.numbers("CALC:DATA?") == pytest.approx([0.6, NOT_THERE])
    assert bench.errors() == [801]
    assert bench.numbers("CALC:DATA:LAT?") == [NOT_THERE]


@pytest.mark.parametrize("name", ["OFFCOMPOHM", "VOLTCOEF", "VARALPHA"])
def test_the_built_in_ones_are_the_manuals_equations(name: str) -> None:
    bench = ready(f"SENS:RES:MODE MAN;:SENS:FUNC:ALL;:CALC:MATH:NAME '{name}'")
    bench.load.emf = 0.5
    bench.write("SOUR:LIST:VOLT 1,3;:SOUR:VOLT:MODE LIST;:TRIG:COUN 2;:FORM:ELEM VOLT,CURR,RES")
    v1, i1, r1, v2, i2, r2 = bench.numbers("READ?")
    wanted = {
        "OFFCOMPOHM": (v2 - v1) / (i2 - i1),
        "VOLTCOEF": 100 * (r2 - r1) / (r2 * (v2 - v1)),
        "VARALPHA": math.log10(i2 / i1) / math.log10(v2 / v1),
    }
    assert bench.numbers("CALC:DATA?") == pytest.approx([wanted[name]], rel=1e-5)


def test_results_are_stored_and_compared() -> None:
    bench = ready("CALC:MATH:NAME 'mean';:CALC:MATH ((VOLT[0] + VOLT[1]) / 2)")
    bench.write("SOUR:LIST:VOLT 1,2,3,5;:SOUR:VOLT:MODE LIST;:TRIG:COUN 4;:CALC2:FEED CALC;:CALC2:LIM2:UPP 2;STAT 1")
    bench.write("TRAC:POIN 2;FEED CALC;FEED:CONT NEXT")
    bench.ask("READ?")
    assert bench.numbers("TRAC:DATA?") == [1.5, 4.0]
    assert bench.ask("CALC2:LIM2:FAIL?") == "1"
    assert bench.numbers("CALC3:DATA?") == [2.75]


def test_memory_can_be_initialised() -> None:
    bench = ready("CALC:MATH:NAME 'own';:CALC:MATH (VOLT);:SOUR:VOLT 0.5;:SOUR:MEM:SAVE 3;:TRAC:POIN 7;FEED:CONT NEXT")
    bench.ask("READ?")
    bench.write("SOUR:VOLT 0.75;:OUTP 0;:SYST:MEM:INIT")
    assert bench.ask("CALC:MATH:CAT?;:CALC:STAT?;:TRAC:POIN?;POIN:ACT?") == (
        '"POWER","OFFCOMPOHM","VOLTCOEF","VARALPHA","%DEV";0;100;0'
    )
    bench.write("SOUR:VOLT 0;:SOUR:MEM:REC 3")
    assert float(bench.ask("SOUR:VOLT?") or "") == 0.75
    bench.write("SOUR:VOLT 0;*RCL 2")
    assert float(bench.ask("SOUR:VOLT?") or "") == 0.75
    assert bench.errors() == []
