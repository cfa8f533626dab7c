"""The driver with a meter that somebody has left in a mode of its own, whatever the 6221 does about that by itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tests.instruments.paired import Bench, Conductor

LEFT_ON = {
    "ratio": ":SENS:VOLT:RAT 1",
    "delta": ":SENS:VOLT:DELT 1",
    "internal scan": ":ROUT:SCAN:LSEL INT",
    "external scan": ":ROUT:SCAN:LSEL EXT",
    "hold": ":SENS:HOLD:WIND 5;COUN 20;STAT 1",
    "everything else": (
        ":SENS:FUNC 'TEMP';:SENS:CHAN 2;:SENS:VOLT:NPLC 0.1;:SENS:VOLT:CHAN1:REF 5e-3;REF:STAT 1;"
        ":SENS:VOLT:CHAN1:DFIL:COUN 50;STAT 1;:SYST:LSYN 1;"
        ":TRIG:SOUR TIM;DEL 3;:SAMP:COUN 7;:CALC:FORM MXB;:CALC:KMAT:MMF 3;:CALC:STAT 1;"
        ":FORM:ELEM READ,CHAN,UNIT;:INIT:CONT 1"
    ),
}

MODES: dict[str, tuple[Callable[[Any], Any], list[float]]] = {
    "delta": (lambda source: source.delta(1e-3, count=6, compliance=1.0), [10e-3] * 6),
    "pulse delta": (lambda source: source.pulse_delta(1e-3, width=1e-3, count=6, compliance=1.0), [10e-3] * 6),
    "conductance": (
        lambda source: source.differential_conductance(0.0, 5e-4, 1e-4, delta=1e-4, compliance=1.0), [1e-3] * 6,
    ),
}  # fmt: skip


class TwoChannels(Conductor):
    """With 0.1 mV on the meter's second channel."""

    def mean_voltage(self, channel: int, start: float, end: float) -> float:
        return super().mean_voltage(channel, start, end) if channel == 1 else 1e-4


@pytest.mark.parametrize("gives_raw", [True, False])
@pytest.mark.parametrize("left", LEFT_ON)
@pytest.mark.parametrize("mode", MODES)
def test_readings_are_right_however_the_meter_was_left(mode: str, left: str, gives_raw: bool):
    bench = Bench(sample=TwoChannels)
    bench.sample.resistance, bench.sample.offset = 10.0, 20e-6
    bench.meter.gives_raw = gives_raw  # pyright: ignore[reportAttributeAccessIssue] - of this one meter
    bench.meter.write(LEFT_ON[left].encode() + b"\n")
    assert not len(bench.meter.status.errors)
    run, wanted = MODES[mode]
    readings = run(bench.source)
    assert readings.value == pytest.approx(wanted)
    assert not bench.output
    assert not len(bench.meter.status.errors)


def test_a_stream_and_the_average_voltage_of_a_staircase():
    bench = Bench(sample=TwoChannels)
    bench.sample.resistance, bench.sample.offset = 10.0, 2e-3
    bench.meter.write(b":SENS:VOLT:CHAN1:REF 5e-3;REF:STAT 1;:SENS:HOLD:STAT 1\n")
    told = list(bench.source.delta_stream(1e-3, count=5, compliance=1.0))
    assert [reading.value for reading in told] == pytest.approx([10e-3] * 5)
    bench.meter.write(b":SENS:VOLT:CHAN1:REF 5e-3;REF:STAT 1;:SENS:VOLT:RAT 1\n")
    staircase = bench.source.differential_conductance(0.0, 5e-4, 1e-4, delta=1e-4, compliance=1.0)
    assert staircase.average_voltage == pytest.approx(2e-3 + 10.0 * np.linspace(0.0, 5e-4, 6))
