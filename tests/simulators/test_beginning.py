"""A simulated lab that begins elsewhere than at 300 K without field, and one that is watched."""

from __future__ import annotations

import pytest

from instruments.clock import VirtualClock
from labctl.sample import load_sample
from labctl.simulation import build_lab
from labctl.station import load_station
from simulators.beginning import FRESH, Beginning
from simulators.exposure import Envelope, Exposure
from simulators.lab import Lab
from simulators.physics.magnet import FieldApproach, MagnetState
from simulators.physics.thermal import TemperatureState


def lab(begins: Beginning = FRESH) -> Lab:
    station, sample = load_station("ppms"), load_sample("cotb2025")
    return build_lab(station, sample, VirtualClock(), seed=1, sample_seed=0, begins=begins)


def test_it_stands_where_it_begins() -> None:
    cryostat = lab(Beginning(50.0, -1.5, 30.0, persistent=True)).cryostat
    assert cryostat.read_temperature() == pytest.approx(50.0, abs=0.1)
    assert cryostat.read_field() == pytest.approx(-1.5, abs=1e-3)
    assert cryostat.read_angle() == 30.0
    assert (cryostat.temperature_state(), cryostat.field_state()) == (TemperatureState.STABLE, MagnetState.PERSISTENT)
    assert cryostat.sample_temperature(0.0) == 50.0
    assert (cryostat.temperature_setting.temperature, cryostat.field_setting.field) == (50.0, -1.5)


def test_its_trapped_flux_is_that_of_a_field_that_came_from_zero() -> None:
    driven, begun = lab(), lab(Beginning(field=0.4))
    driven.cryostat.set_field(0.4, 0.019, FieldApproach.NO_OVERSHOOT)
    driven.clock.sleep(200.0)
    assert begun.cryostat.field(0.0) == pytest.approx(driven.cryostat.field(200.0), abs=1e-6)
    assert begun.cryostat.field(0.0) != 0.4


def test_its_sample_has_lived_through_the_field() -> None:
    negative = lab(Beginning(field=-1.0))
    negative.sample.advance(10.0)
    fresh = lab()
    fresh.sample.advance(10.0)

    def moment(of: Lab) -> float:
        return of.sample.moment(9.0, 10.0, 1e-6)

    assert moment(negative) * moment(fresh) < 0.0


def test_an_envelope_keeps_extremes_in_few_stretches() -> None:
    envelope = Envelope(most=16, width=1.0)
    for second in range(1000):
        envelope.add(float(second), 1.0 if second == 617 else 0.0)
    columns = envelope.columns()
    assert len(columns["time_s"]) <= 16
    assert envelope.extremes == (0.0, 1.0)
    where = columns["time_s"][columns["highest"].index(1.0)]
    assert where <= 617.0 < where + 1000.0 / 7
    assert Envelope().extremes is None


def test_an_exposure_tells_currents_and_power() -> None:
    watched = lab()
    exposure = Exposure(watched)
    circuit = watched.wiring.circuit
    for current, seconds in ((1e-3, 0.01), (0.0, 1.0), (1e-4, 60.0), (0.0, 1.0)):
        circuit.set_source(current)
        watched.clock.sleep(seconds)
    assert exposure.currents.extremes == (0.0, 1e-3)
    leads = circuit.source_leads
    assert leads is not None
    resistance = watched.sample.resistance(leads[0].pad, leads[1].pad, watched.clock.now())
    assert exposure.largest_power == pytest.approx(1e-6 * resistance, rel=1e-3)
    assert exposure.largest_energy == pytest.approx(1e-8 * resistance, rel=1e-3)
