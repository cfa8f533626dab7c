"""Delta mode and pulses in the whole simulated lab: sample, leads, thermal voltages, two boxes and two cables."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from instruments.clock import VirtualClock
from instruments.keithley2182a import Keithley2182A
from instruments.keithley6221 import Keithley6221
from instruments.keithley6221_relay import MeterSettings
from instruments.keithley6221_sweeps import ListSweep
from labctl.sample import load_sample
from labctl.simulation import bench
from labctl.station import load_station
from simulators.cables import EmfSettings
from simulators.lab import Lab
from simulators.mounting import Mounting
from simulators.physics.magnet import FieldApproach

CURRENT = 100e-6
OFFSET = 20e-6
DRIFT = 1e-6 / 60
BAND_OF_MEAN, BAND_OF_SPREAD = 0.21, 0.15
"""Three standard errors of mean and standard deviation of 200 pulls."""


class Setup:
    """The shipped station with its drivers, on a lab of its own."""

    def __init__(self, seed: int, emf: EmfSettings | None = None, *, calibrated: bool = True) -> None:
        wanted = bench(load_station("ppms"), load_sample("cotb2025"))
        wanted = replace(wanted, calibrated=calibrated, emf=wanted.emf if emf is None else emf)
        self.clock = VirtualClock()
        self.lab = Lab(wanted, self.clock, seed=seed)
        self.source = Keithley6221("GPIB0::12::INSTR", clock=self.clock, visa_library=self.lab.visa)
        self.meter = Keithley2182A("GPIB0::7::INSTR", clock=self.clock, visa_library=self.lab.visa)

    def hall_voltage(self, current: float) -> float:
        """The voltage in V that this current makes between the arms now, without anything that belongs to leads."""
        lab = self.lab
        lab.timeline.catch_up()
        high, low = (lab.bench.leads[name] for name in lab.bench.cables.voltmeter[1])
        lab.wiring.source.drive(current, 10.0)
        voltage = lab.wiring.circuit.present_difference((high, low))
        lab.wiring.source.release()
        return voltage


def test_delta_finds_the_hall_voltage_under_offset_and_drift() -> None:
    pulls = np.empty(200)
    for seed in range(200):
        setup = Setup(seed, EmfSettings(OFFSET, 0.0, DRIFT))
        readings = setup.source.delta(
            CURRENT, count=120, compliance=1.0, delay=2e-3, meter=MeterSettings(nplc=1, voltage_range=10e-3)
        )
        found = readings.mean()
        pulls[seed] = (found.value - setup.hall_voltage(CURRENT)) / found.standard_error
    # The standard error is known by some 60 degrees of freedom: Student's t is 1.7 % wider than a normal distribution.
    assert abs(pulls.mean()) < BAND_OF_MEAN
    assert abs(pulls.std(ddof=1) - 1.0) < BAND_OF_SPREAD


def test_a_direct_reading_is_off_by_the_offset() -> None:
    for seed in range(10):
        setup = Setup(seed, EmfSettings(OFFSET, 0.0, DRIFT))
        setup.source.source_compliance = 1.0
        setup.source.source_range = CURRENT
        setup.source.source_current = CURRENT
        setup.source.source_enabled = True
        setup.meter.configure_one_shot(channel=1, nplc=5, voltage_range=10e-3)
        readings = [setup.meter.reading().voltage for _ in range(20)]
        middle = setup.clock.now() - 1.0
        off = float(np.mean(readings)) - setup.hall_voltage(CURRENT)
        assert off == pytest.approx(setup.lab.wiring.meter.thermal_emf(1, middle), abs=2e-7)


# ---- pulses


def in_plane(seed: int, field: float = 25e-3) -> Setup:
    """A lab with the field along the current; the film is remanent after positive saturation."""
    setup = Setup(seed)
    cryostat = setup.lab.cryostat
    cryostat.mount(Mounting(field_from_normal=math.pi / 2))
    cryostat.set_field(field, 0.01, FieldApproach.LINEAR)
    setup.clock.sleep(60.0)
    return setup


def state(setup: Setup) -> float:
    """Mean direction of the film's droplets along its normal."""
    now = setup.clock.now()
    setup.lab.timeline.catch_up()
    return setup.lab.sample.magnetisation(now, now)  # type: ignore[attr-defined] - a Hall bar


@pytest.mark.parametrize(("width", "rest"), [(50e-6, 1e-3), (1e-3, 0.01), (10e-3, 0.1)])
def test_width_and_height_are_in_the_samples_history(width: float, rest: float) -> None:
    setup = Setup(1)
    start = setup.clock.now()
    report = setup.source.pulse(12e-3, width, compliance=10.0)
    setup.clock.sleep(rest)
    setup.lab.timeline.catch_up()
    steps = setup.lab.wiring.circuit.steps(start, setup.clock.now())
    pulse = [(begin, end) for begin, end, change in steps if change.source > 6e-3]
    assert sum(end - begin for begin, end in pulse) == pytest.approx(width, abs=1e-6)
    assert pulse[0][0] == pytest.approx(report.start, abs=1e-6)
    assert {change.source for _, _, change in steps} == {0.0, 12e-3}
    assert not report.clamped


def test_a_train_has_its_delays_and_intervals() -> None:
    setup = Setup(2)
    currents, delays = (0.0, 5e-3, 0.0, -8e-3, 0.0), (1e-3, 2e-3, 30e-3, 1.5e-3, 1e-3)
    start = setup.clock.now()
    setup.source.sweep(ListSweep(currents, delays), compliance=10.0)
    setup.lab.timeline.catch_up()
    steps = [
        (begin, end, change.source)
        for begin, end, change in setup.lab.wiring.circuit.steps(start, setup.clock.now())
        if end > begin
    ]
    flowed = [(end - begin, current) for begin, end, current in steps if current != 0.0]
    assert flowed == [(pytest.approx(2e-3, abs=1e-6), 5e-3), (pytest.approx(1.5e-3, abs=1e-6), -8e-3)]
    first, second = (begin for begin, _, current in steps if current != 0.0)
    assert second - first == pytest.approx(32e-3, abs=1e-6)


def test_a_clamped_pulse_is_reported_as_clamped() -> None:
    for width in (50e-6, 10e-3):
        setup = Setup(3)
        assert setup.source.pulse(12e-3, width, compliance=2.0).clamped  # 390 ohm want 4.7 V
        assert not setup.source.pulse(4e-3, width, compliance=2.0).clamped


@pytest.mark.parametrize(("width", "at_least", "at_most"), [(10e-3, 91, 100), (50e-6, 0, 9)])
def test_the_width_of_a_pulse_decides_whether_it_switches(width: float, at_least: int, at_most: int) -> None:
    """13.5 mA against the field of 25 mT: of 100 films so many have more than half of their droplets reversed."""
    switched = 0
    for seed in range(100):
        setup = in_plane(seed)
        assert state(setup) > 0.99
        setup.source.pulse(-13.5e-3, width, compliance=10.0)
        setup.clock.sleep(1.0)
        switched += state(setup) < 0.0
    assert at_least <= switched <= at_most


def test_the_state_is_read_by_reversal_after_a_pulse_delta_has_read_during_its_pulses() -> None:
    setup = in_plane(7)
    # Below what switches, at 5 mA: the voltage during the pulse is that of the pulse's current.
    during = setup.source.pulse_delta(
        5e-3, width=1e-3, compliance=5.0, count=20, meter=MeterSettings(nplc=1, voltage_range=100e-3)
    )
    assert during.mean().value == pytest.approx(setup.hall_voltage(5e-3), rel=5e-3)
    before = setup.hall_voltage(CURRENT) / CURRENT
    setup.source.pulse(-15e-3, 10e-3, compliance=10.0)
    setup.clock.sleep(1.0)
    after = setup.source.delta(CURRENT, count=40, compliance=1.0).mean().value / CURRENT
    assert before - after == pytest.approx(2 * 0.075, rel=0.1)
