"""The table of mistakes with the 6221's measuring modes, tried out."""

import pytest

from tests.simulators.devices.pair_bench import Pair
from tests.simulators.devices.source_mode_errors import CASES, Case


def stand(bench):
    """Both instruments as a case wants them."""
    pair = Pair()
    if bench == "no serial cable":
        pair.serial.unplug()
    elif bench == "gpib":
        pair.meter.interface = "GPIB"
    elif bench == "9600 baud":
        pair.meter.serial_baud = 9600
    elif bench == "2182":
        pair.meter.identity = lambda: "KEITHLEY INSTRUMENTS INC.,MODEL 2182,0812345,A10  /A02"
    elif bench == "old meter":
        pair.meter.identity = lambda: "KEITHLEY INSTRUMENTS INC.,MODEL 2182A,0812345,B04  /A02"
    if bench in {"armed", "running", "no trigger cable"}:
        pair.write("SOUR:DELT:COUN INF;ARM")
    if bench == "no trigger cable":
        pair.link.unplug()
    if bench == "running":
        pair.write("INIT")
        pair.wait(2.0)
    pair.errors()
    pair.errors(pair.meter)
    return pair


@pytest.mark.parametrize("case", CASES, ids=lambda case: " | ".join((case.bench, *case.messages)))
def test_mistake(case: Case):
    pair = stand(case.bench)
    for message in case.messages:
        pair.ask(message)
    pair.wait(0.1)
    assert pair.errors() == list(case.codes)
    assert pair.errors(pair.meter) == list(case.meter)
    for question, answer in case.after:
        assert pair.ask(question) == answer
    assert pair.ask("*IDN?").startswith("KEITHLEY")


def test_enough_of_them_are_confirmed():
    assert sum(case.tag in {"manual", "wild"} for case in CASES) >= 45
