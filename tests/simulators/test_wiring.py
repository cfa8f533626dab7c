"""Cables and what they do: Ohm's law, swapped and open leads, compliance, and the voltages that nobody ordered."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import pytest

from instruments.clock import VirtualClock
from simulators.cables import OPEN, Cables, EmfSettings, Lead
from simulators.physics.constants import BOLTZMANN
from simulators.physics.noise import ThermalEmf, johnson_rms
from simulators.randomness import Streams
from simulators.samples.sample import Sample
from simulators.timeline import Timeline
from simulators.wiring import Wiring

FILM = 340.0
LEADS = {"I+": Lead("left", 25.0), "I-": Lead("right", 25.0), "A": Lead("left", 25.0), "B": Lead("right", 25.0)}
SILENT = EmfSettings(0.0, 0.0, 0.0)


class Resistor(Sample):
    """A film between two pads, at absolute zero so that it makes no noise."""

    pads = ("left", "right")

    def __init__(self, temperature: float = 0.0) -> None:
        self.kelvin = temperature
        self.currents: list[tuple[float, float]] = [(-math.inf, 0.0)]

    def advance(self, until: float) -> None:
        """Nothing happens to a resistor."""

    def set_currents(self, time: float, injected: Mapping[str, float]) -> None:
        assert sum(injected.values()) == 0.0
        self.currents.append((time, injected["left"]))

    def mean_potentials(self, start: float, end: float) -> dict[str, float]:
        current = next(value for time, value in reversed(self.currents) if time <= start)
        return {"left": FILM * current, "right": 0.0}

    def resistance(self, pad_a: str, pad_b: str, time: float) -> float:
        return FILM

    def temperature(self, time: float) -> float:
        return self.kelvin


class Setup:
    """A source and a two-channel meter on the resistor."""

    def __init__(
        self, source: tuple[str, str] = ("I+", "I-"), meter: tuple[str, str] = ("A", "B"), kelvin: float = 0.0,
        emf: EmfSettings = SILENT, seed: int = 1,
    ) -> None:  # fmt: skip
        self.clock = VirtualClock()
        self.sample = Resistor(kelvin)
        cables = Cables(source=source, voltmeter={1: meter})
        self.wiring = Wiring(Timeline(self.clock), self.sample, LEADS, cables, Streams(seed, 0), emf)

    def read(self, aperture: float = 0.02) -> float:
        self.clock.sleep(aperture)
        return self.wiring.meter.mean_voltage(1, self.clock.now() - aperture, self.clock.now())


def test_the_meter_sees_the_film_and_not_the_leads() -> None:
    setup = Setup()
    setup.wiring.source.drive(1e-4, 10.0)
    assert setup.read() == pytest.approx(FILM * 1e-4, rel=1e-12)
    assert setup.wiring.source.voltage() == pytest.approx((FILM + 50.0) * 1e-4, rel=1e-12)


def test_swapping_either_pair_changes_the_sign_and_swapping_both_does_not() -> None:
    for source, meter, sign in (
        (("I-", "I+"), ("A", "B"), -1), (("I+", "I-"), ("B", "A"), -1), (("I-", "I+"), ("B", "A"), 1),
    ):  # fmt: skip
        setup = Setup(source, meter)
        setup.wiring.source.drive(1e-4, 10.0)
        assert setup.read() == pytest.approx(sign * FILM * 1e-4, rel=1e-12)


def test_an_open_lead_of_the_meter_gives_nothing_to_read() -> None:
    setup = Setup(meter=("A", OPEN))
    setup.wiring.source.drive(1e-4, 10.0)
    assert math.isnan(setup.read())
    assert setup.wiring.meter.source_resistance(1) == math.inf


def test_an_open_lead_of_the_source_lets_no_current_flow_and_is_in_compliance() -> None:
    setup = Setup(source=("I+", OPEN))
    setup.wiring.source.drive(-1e-4, 10.0)
    assert setup.read() == 0.0
    assert setup.wiring.source.in_compliance()
    assert setup.wiring.source.voltage() == -10.0


@pytest.mark.parametrize(("current", "limited"), [(400e-6, True), (380e-6, False), (-400e-6, True)])
def test_compliance_is_reached_where_current_times_film_and_leads_exceeds_it(current: float, limited: bool) -> None:
    setup = Setup()
    setup.wiring.source.drive(current, 0.15)
    assert setup.wiring.source.in_compliance() is limited
    expected = math.copysign(0.15 / 390.0, current) if limited else current
    assert setup.read() == pytest.approx(FILM * expected, rel=1e-12)


def test_zero_current_is_never_in_compliance_and_output_off_is_no_current() -> None:
    setup = Setup(source=("I+", OPEN))
    setup.wiring.source.drive(0.0, 0.1)
    assert not setup.wiring.source.in_compliance()
    working = Setup()
    working.wiring.source.drive(1e-4, 10.0)
    working.wiring.source.release()
    assert working.read() == 0.0


def test_a_change_of_current_within_the_aperture_is_weighted_by_time() -> None:
    setup = Setup()
    setup.wiring.source.drive(1e-4, 10.0)
    setup.clock.sleep(0.015)
    setup.wiring.source.drive(-1e-4, 10.0)
    setup.clock.sleep(0.005)
    assert setup.wiring.meter.mean_voltage(1, 0.0, 0.02) == pytest.approx(FILM * 1e-4 * 0.5, rel=1e-9)


def test_johnson_noise_is_what_nyquist_says() -> None:
    setup = Setup(kelvin=300.0)
    readings = [setup.read(0.02) for _ in range(4000)]
    expected = math.sqrt(4 * BOLTZMANN * 300.0 * (FILM + 50.0) / (2 * 0.02))
    assert johnson_rms(FILM + 50.0, 300.0, 0.02) == pytest.approx(expected, rel=1e-12)
    assert np.std(readings) == pytest.approx(expected, rel=5 / math.sqrt(2 * 4000))
    assert abs(np.mean(readings)) < 5 * expected / math.sqrt(4000)


def test_the_noise_of_the_source_is_white_in_its_band() -> None:
    setup = Setup()
    setup.wiring.source.drive(1e-4, 10.0, noise=4e-9)
    readings = [setup.read(0.05) for _ in range(4000)]
    expected = FILM * 4e-9 / math.sqrt(10.0) * math.sqrt(1 / (2 * 0.05))
    assert np.std(readings) == pytest.approx(expected, rel=5 / math.sqrt(2 * 4000))


def test_thermal_emfs_drift_straight_and_do_not_care_who_looks() -> None:
    emf = ThermalEmf(np.random.default_rng(3), offset=0.0, wander=0.0, drift=1e-6 / 60)
    assert emf(60.0) - emf(0.0) == pytest.approx(1e-6, rel=1e-12)
    wandering = ThermalEmf(np.random.default_rng(3), offset=1e-6, wander=1e-7, drift=0.0)
    before = wandering(1000.0)
    for time in range(100):
        wandering(float(time))
    assert wandering(1000.0) == before


def test_the_wander_of_thermal_emfs_has_the_stated_size() -> None:
    values = [
        ThermalEmf(np.random.default_rng(seed), offset=0.0, wander=1e-7, drift=0.0)(5000.0) for seed in range(2000)
    ]
    assert np.std(values) == pytest.approx(1e-7, rel=0.1)


def test_each_source_of_noise_has_its_own_stream() -> None:
    streams = Streams(1, 0)
    first = streams.noise("meter").standard_normal(3)
    assert not np.allclose(first, streams.noise("field").standard_normal(3))
    assert np.allclose(first, Streams(1, 5).noise("meter").standard_normal(3))
    assert not np.allclose(first, Streams(2, 0).noise("meter").standard_normal(3))
    with pytest.raises(ValueError, match="in use already"):
        streams.noise("meter")
