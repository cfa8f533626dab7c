"""The table of mistakes with a 2400, tried out."""

import pytest

from tests.simulators.devices.smu_bench import Bench
from tests.simulators.devices.smu_errors import CASES, Case


@pytest.mark.parametrize("case", CASES, ids=lambda case: " | ".join(case.messages)[:60])
def test_mistake(case: Case):
    bench = Bench()
    bench.device.enable_line, bench.device.too_hot = case.enable, case.hot
    bench.ask("*RST")
    assert bench.errors() == []
    for message in case.messages:
        assert bench.ask(message) is None
    assert bench.errors() == list(case.codes)
    for question, answer in case.after:
        assert bench.ask(question) == answer
    assert bench.ask("*IDN?") == bench.device.identity()


def test_a_positive_number_has_its_sign_and_is_an_execution_error():
    bench = Bench()
    bench.ask("*CLS")
    bench.ask("READ?")
    assert bench.ask("*ESR?") == "16"
    assert bench.ask("SYST:ERR?;ERR?") == '+803,"Not permitted with OUTPUT off";0,"No error"'


def test_the_queue_in_other_words():
    bench = Bench()
    for message in ("NOSUCH", "READ?", "SOUR:VOLT 500"):
        bench.ask(message)
    assert bench.ask("SYST:ERR:COUN?;CODE?") == "3;-113"
    assert bench.ask("SYST:ERR:CODE:ALL?;:SYST:ERR:COUN?;CODE:ALL?") == "803,-222;0;0"
    for message in ("NOSUCH", "READ?"):
        bench.ask(message)
    assert bench.ask("SYST:ERR:ALL?") == '-113,"Undefined header",+803,"Not permitted with OUTPUT off"'


def test_enough_of_them_are_confirmed():
    assert sum(case.tag in {"manual", "wild"} for case in CASES) >= 45
