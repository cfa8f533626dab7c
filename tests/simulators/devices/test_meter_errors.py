"""Every mistake of the table, made on a simulated 2182A."""

import pytest

from tests.simulators.devices.meter_bench import Bench
from tests.simulators.devices.meter_errors import CASES, Case

CONFIRMED = {"manual", "wild", "pymeasure"}
PATIENCE = 1800.0  # s


@pytest.mark.parametrize("case", CASES, ids=lambda case: ";".join(case.messages)[:60])
def test_mistake(case: Case) -> None:
    bench = Bench()
    bench.put(case.volts)
    bench.write("*RST;*OPC?")
    bench.wait(1.0)
    bench.device.read()
    reply = None
    for message in case.messages:
        reply = bench.ask(message, PATIENCE)
    assert reply == case.reply
    if bench.device.busy():
        bench.device.clear()
    after = [(question, bench.ask(question)) for question, _ in case.after]
    assert bench.errors() == list(case.codes)
    assert after == list(case.after)


def test_there_are_enough_that_are_confirmed() -> None:
    counted = [case for case in CASES if case.tag in CONFIRMED and case.codes]
    assert len(counted) >= 45
    assert len({case.messages for case in CASES}) == len(CASES)
