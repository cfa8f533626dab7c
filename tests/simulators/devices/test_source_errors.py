"""The table of mistakes with the 6221's output, tried out."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.simulators.devices.source_bench import SourceBench
from tests.simulators.devices.source_errors import CASES, Case

_STANDS = {
    "fresh": (),
    "interlock open": (),
    "sweep armed": ("SOUR:CURR:STAR 1e-3;STOP 3e-3;STEP 1e-3;:SOUR:SWE:ARM",),
    "sweep running": ("SOUR:CURR:STAR 1e-3;STOP 3e-3;STEP 1e-3;:SOUR:SWE:ARM;:INIT",),
    "wave armed": ("SOUR:WAVE:ARM",),
    "wave running": ("SOUR:WAVE:ARM;INIT",),
}


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.bench}: {' | '.join(case.messages)}"[:90])
def test_mistake(case: Case) -> None:
    bench = SourceBench()
    bench.device.interlock_closed = case.bench != "interlock open"
    bench.write(*_STANDS[case.bench])
    driven = bench.terminals.driven
    for message in case.messages:
        assert bench.ask(message) is None
    assert bench.errors() == list(case.codes)
    for question, answer in case.after:
        assert bench.ask(question) == answer
    assert bench.terminals.driven == driven or "OUTP 1;" in case.messages[-1]
    assert (bench.ask("*IDN?") or "").startswith("KEITHLEY")


def test_no_case_is_counted_twice_and_enough_are_confirmed() -> None:
    assert max(Counter((case.bench, case.messages) for case in CASES).values()) == 1
    assert sum(case.tag in {"manual", "wild"} for case in CASES) >= 60
