"""The driver of the Model 6000 in front of the simulated one: what goes wrong reaches whoever waits."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from instruments.clock import VirtualClock
from instruments.cryostat import ChamberState, FieldState, TemperatureState
from instruments.errors import InstrumentFault
from instruments.ppms6000 import Ppms6000
from simulators.cryostat import SimulatedCryostat
from simulators.devices.model6000 import Model6000
from simulators.machines import OERSTED, PPMS_9T
from simulators.physics.magnet import FieldApproach
from simulators.somebody import SomebodyElse
from simulators.timeline import Timeline
from simulators.visa import SimulatedVisaLibrary

ADDRESS = "GPIB0::15::INSTR"


class Bench:
    """A driver and its cryostat."""

    def __init__(self, **options: Any) -> None:
        self.clock = VirtualClock()
        timeline = Timeline(self.clock)
        self.cryostat = SimulatedCryostat(timeline, PPMS_9T, np.random.default_rng(1), np.random.default_rng(2))
        library = SimulatedVisaLibrary(timeline, {ADDRESS: Model6000(timeline, self.cryostat, **options)})
        self.ppms = Ppms6000(ADDRESS, self.clock, visa_library=library)


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.mark.parametrize("start", [12.0, 45.0, 60.0, 300.0])
def test_the_wait_outlasts_the_pot(bench: Bench, start: float) -> None:
    bench.ppms.set_temperature(start, rate=20 / 60)
    bench.clock.sleep(4 * 3600.0)
    bench.ppms.set_temperature(2.0, rate=20 / 60)
    seen: set[TemperatureState] = set()
    bench.ppms.wait_temperature(tick=lambda: seen.add(bench.ppms.reading().temperature_state))
    assert TemperatureState.POT_OPERATION in seen
    assert bench.cryostat.sample_temperature(bench.clock.now()) == pytest.approx(2.0, abs=0.02)


def test_a_quench_ends_the_wait(bench: Bench) -> None:
    bench.ppms.set_field(9.0, rate=0.01)
    bench.cryostat.timeline.schedule(400.0, bench.cryostat.quench)
    with pytest.raises(InstrumentFault, match=r"quench|general failure"):
        bench.ppms.wait_field()
    assert bench.clock.now() < 1000.0
    assert bench.ppms.reading().field_state in {FieldState.QUENCH, FieldState.FAILURE}
    with pytest.raises(InstrumentFault):
        bench.ppms.set_field(0.0, rate=0.01)  # it is read back, and was not taken


def test_a_current_error_ends_the_wait(bench: Bench) -> None:
    bench.ppms.set_field(1.0, rate=0.01)
    bench.cryostat.timeline.schedule(30.0, bench.cryostat.fail_supply)
    with pytest.raises(InstrumentFault):
        bench.ppms.wait_field()
    assert bench.ppms.reading().field_state is FieldState.CURRENT_ERROR


def test_a_thermometer_that_fails_ends_the_wait(bench: Bench) -> None:
    bench.ppms.set_temperature(290.0, rate=0.1)
    bench.cryostat.timeline.schedule(30.0, lambda: bench.cryostat.fail_thermometer(3.2e3))
    with pytest.raises(InstrumentFault):
        bench.ppms.wait_temperature()
    reading = bench.ppms.reading()
    assert (reading.temperature, reading.temperature_state) == (3200.0, TemperatureState.FAILURE)


def test_a_chamber_that_fails_takes_no_command(bench: Bench) -> None:
    bench.cryostat.fail_chamber()
    assert bench.ppms.reading().chamber_state is ChamberState.FAILURE


def test_somebody_elses_field_shows_in_the_set_point(bench: Bench) -> None:
    SomebodyElse(bench.cryostat).set_field(20.0, -0.5, 100 * OERSTED, FieldApproach.LINEAR)
    bench.ppms.set_field(0.5, rate=0.01)
    with pytest.raises(InstrumentFault):
        bench.ppms.wait_field(deadline=300.0)
    assert bench.ppms.field_setpoint.field == -0.5


def test_a_leftover_reply_does_not_disturb_the_driver() -> None:
    bench = Bench(leftover=b"1,30422650.78,4369;")
    assert bench.ppms.field_setpoint.field == 0.0
