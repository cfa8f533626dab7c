"""Samples that break while something flows: what source, source-measure unit and meter make of it, and when."""

from __future__ import annotations

import math

import pytest

from instruments.clock import VirtualClock
from labctl.sample import SampleRecord, load_sample
from labctl.simulation import build_lab
from labctl.station import Station, load_station
from simulators.contacts import ContactFault
from simulators.lab import Lab
from simulators.source_cable import LINE_CAPACITANCE
from tests.junctions import plain_junction

KILLING, READING = 40e-3, 100e-6  # A


JUNCTION = plain_junction()


def lab_with(sample: str | SampleRecord, **simulation: str) -> Lab:
    data = load_station("ppms").snapshot()
    data["simulation"].update(simulation)
    record = load_sample(sample) if isinstance(sample, str) else sample
    return build_lab(Station.model_validate(data), record, VirtualClock(), seed=1, sample_seed=0)


def mean(lab: Lab, channel: int = 1) -> float:
    now = lab.clock.now()
    return lab.wiring.meter.mean_voltage(channel, now - 0.02, now)


# ---- a Hall bar that opens


def test_an_open_bar_leaves_the_source_in_compliance_for_good() -> None:
    lab = lab_with("cotb2025")
    source = lab.wiring.source
    source.drive(KILLING, 30.0)
    assert not source.in_compliance()
    lab.clock.sleep(1.0)
    assert lab.damage() == 1.0
    assert source.in_compliance()
    assert source.voltage() == pytest.approx(30.0)
    opened = lab.sample.broken
    assert opened is not None
    assert 0.0 < opened < 1.0
    for compliance in (1.0, 10.0):
        source.release()
        lab.clock.sleep(10.0)
        source.drive(READING, compliance)
        lab.clock.sleep(1.0)
        assert source.in_compliance()
        assert lab.wiring.circuit.latest.source < 1e-8


def test_nothing_flows_from_the_moment_it_opens_on_though_nobody_looked() -> None:
    looked, left = lab_with("cotb2025"), lab_with("cotb2025")
    for lab in (looked, left):
        lab.wiring.source.drive(KILLING, 30.0)
    for lab in (looked, left):
        lab.clock.sleep(0.02)
    for _ in range(1000):
        looked.clock.sleep(1e-3)
        looked.wiring.source.in_compliance()
        mean(looked)
    left.clock.sleep(looked.clock.now() - left.clock.now())
    steps = [
        [(change.time, change.source) for _, _, change in lab.wiring.circuit.steps(0.0, lab.clock.now())]
        for lab in (looked, left)
    ]
    assert steps[0] == steps[1]
    assert steps[0][-1][0] == looked.sample.broken == left.sample.broken
    assert steps[0][-1][1] < 1e-8
    assert left.wiring.source.clamped_since(left.clock.now())


def test_a_wave_opens_it_as_well() -> None:
    lab = lab_with("cotb2025")
    lab.wiring.source.drive_cycle([(5e-4, KILLING), (5e-4, -KILLING)], 30.0)
    lab.clock.sleep(2.0)
    assert lab.wiring.source.in_compliance()
    assert lab.sample.broken is not None
    fast = lab_with("cotb2025")
    fast.wiring.source.drive_cycle([(5e-6, KILLING), (5e-6, -KILLING)], 30.0)
    fast.clock.sleep(2.0)
    assert fast.wiring.source.in_compliance()
    assert fast.sample.broken == pytest.approx(lab.sample.broken, rel=0.05)


def test_a_source_measure_unit_reaches_its_limit_as_well() -> None:
    lab = lab_with("cotb2025")
    smu = lab.wiring.smu
    smu.source_current(KILLING, 30.0)
    assert not smu.limited()
    lab.clock.sleep(3.0)
    assert lab.damage() == 1.0
    assert smu.limited()
    now = lab.clock.now()
    assert smu.mean_voltage(now - 0.1, now) == pytest.approx(30.0)
    assert smu.mean_current(now - 0.1, now) == pytest.approx(30.0 / 1e10, rel=0.01)
    smu.source_voltage(17.0, 0.1)
    lab.clock.sleep(1.0)
    now = lab.clock.now()
    assert smu.mean_voltage(now - 0.1, now) == 17.0
    assert smu.mean_current(now - 0.1, now) == pytest.approx(17.0 / 1e10, rel=0.01)


# ---- a junction


def test_the_current_source_on_a_junction() -> None:
    lab = lab_with(JUNCTION)
    source, sample = lab.wiring.source, lab.sample
    for current, compliance, clamped in (
        (6.5e-9, 0.1, False),
        (1e-6, 0.5, False),
        (-2e-5, 0.2, True),
        (2e-5, 0.2, True),
    ):
        source.drive(current, compliance)
        lab.clock.sleep(1.0)
        assert source.in_compliance() == clamped
        flows = lab.wiring.circuit.latest.source
        own = sample.resistance_at("top_1", "bottom_1", flows, lab.clock.now())
        assert source.voltage() == pytest.approx(flows * (own + 50.0))
        assert flows == (pytest.approx(current) if not clamped else pytest.approx(flows))
        if clamped:
            assert source.voltage() == pytest.approx(math.copysign(compliance, current), rel=1e-9)
            assert abs(flows) < abs(current)
        emf = lab.wiring.meter.thermal_emf(1, lab.clock.now() - 0.01)
        assert mean(lab) - emf == pytest.approx(flows * (own - 40.0), rel=1e-2)


@pytest.mark.parametrize(
    ("fault", "ohm"),
    [
        (ContactFault("I+", "high", 20e3), 20e3),
        (ContactFault("A", "noisy", change=0.2), 0.0),
        (ContactFault("I+", "leaking", 1e6), 0.0),  # to a shield that nothing else is joined to
    ],
)
@pytest.mark.parametrize("current", [1e-6, -1e-6, 3e-5])
def test_a_bad_contact_is_in_series_with_what_the_junction_needs(
    fault: ContactFault, ohm: float, current: float
) -> None:
    lab = lab_with(JUNCTION)
    lab.wiring.damage([fault])
    source = lab.wiring.source
    source.drive(current, 0.5)
    lab.clock.sleep(1.0)
    flows = lab.wiring.circuit.latest.source
    own = lab.sample.resistance_at("top_1", "bottom_1", flows, lab.clock.now())
    assert source.voltage() == pytest.approx(flows * (own + 50.0 + ohm), rel=1e-9)
    assert source.in_compliance() == (abs(current) > 1e-5)
    if source.in_compliance():
        assert source.voltage() == pytest.approx(0.5, rel=1e-9)
    else:
        assert flows == current


@pytest.mark.parametrize("remote", [False, True])
@pytest.mark.parametrize("voltage", [1e-3, 0.05, -0.2, 0.5])
def test_the_source_measure_unit_on_a_junction(voltage: float, remote: bool) -> None:
    lab = lab_with(JUNCTION)
    smu = lab.wiring.smu
    smu.sense_remotely(remote)
    smu.source_voltage(voltage, 1e-3)
    lab.clock.sleep(1.0)
    now = lab.clock.now()
    current = smu.mean_current(now - 0.1, now)
    series = -40.0 if remote else 50.0
    own = lab.sample.resistance_at("top_1", "bottom_1", current, now) + series
    assert current * own == pytest.approx(voltage, rel=1e-6)
    assert smu.mean_voltage(now - 0.1, now) == voltage
    assert not smu.limited()
    smu.source_current(current, 2.0 * abs(voltage))
    lab.clock.sleep(1.0)
    now = lab.clock.now()
    assert smu.mean_voltage(now - 0.1, now) == pytest.approx(voltage, rel=1e-6)
    smu.source_current(10.0 * current, 0.5 * abs(voltage))
    assert smu.limited()
    lab.clock.sleep(1.0)
    now = lab.clock.now()
    assert smu.mean_voltage(now - 0.1, now) == pytest.approx(0.5 * voltage, rel=1e-6)


def test_johnson_noise_is_that_of_the_junction() -> None:
    lab = lab_with(JUNCTION, thermal_emf="0 V", thermal_emf_wander="0 V")
    lab.clock.sleep(1.0)
    seen = [mean(lab) for _ in range(4000) if lab.clock.sleep(0.02) is None]
    resistance, temperature = lab.sample.resistance("top_2", "bottom_2", lab.clock.now()), 300.0
    wanted = math.sqrt(2.0 * 1.380649e-23 * temperature * (resistance + 50.0) / 0.02)
    assert math.sqrt(sum(v * v for v in seen) / len(seen)) == pytest.approx(wanted, rel=0.05)


def test_a_junction_that_breaks_within_an_aperture_shows_both_parts() -> None:
    lab = lab_with(JUNCTION)
    lab.wiring.source.drive(95e-6, 2.0)
    lab.clock.sleep(10.0)
    broke = lab.wiring.circuit.sample.breaks(lab.clock.now())
    lab.wiring.circuit.catch_up()
    assert 1e-3 < broke < 10.0
    whole = lab.wiring.meter.mean_voltage(1, broke - 1e-3, broke)
    short = lab.wiring.meter.mean_voltage(1, broke, broke + 1e-3)
    both = lab.wiring.meter.mean_voltage(1, broke - 1e-3, broke + 1e-3)
    assert whole > 0.8
    assert short < 0.1
    assert both == pytest.approx(0.5 * (whole + short), rel=1e-3)


# ---- charge on the cable


def unplugged(current: float, compliance: float, open_for: float, **simulation: str) -> Lab:
    """A junction whose lead was open for a while, with the source on."""
    lab = lab_with(JUNCTION, **simulation)
    lab.wiring.source.drive(current, compliance)
    lab.clock.sleep(1.0)
    lab.wiring.let_go("I+", True)
    lab.clock.sleep(open_for)
    assert lab.wiring.source.in_compliance()
    lab.wiring.let_go("I+", False)
    lab.clock.sleep(1.0)
    lab.wiring.circuit.catch_up()
    return lab


@pytest.mark.parametrize(("compliance", "survives"), [(0.5, True), (10.0, False)])
def test_a_lead_that_was_open_discharges_its_cable_at_the_compliance_voltage(compliance: float, survives: bool) -> None:
    lab = unplugged(1e-6, compliance, 1.0)
    assert (lab.sample.broken is None) == survives
    assert lab.wiring.source.voltage() == pytest.approx(0.0943 if survives else 0.0, rel=0.01, abs=1e-3)


def test_a_cable_charges_no_faster_than_its_current_allows() -> None:
    rise = 6.5e-9 / LINE_CAPACITANCE  # 6.5 V/s
    assert unplugged(6.5e-9, 10.0, 0.5 / rise).sample.broken is None
    assert unplugged(6.5e-9, 10.0, 5.0 / rise).sample.broken is not None
    assert unplugged(6.5e-9, 10.0, 5.0 / rise, cable_capacitance="100 nF").sample.broken is None


def test_a_guarded_cable_holds_no_charge() -> None:
    lab = lab_with(JUNCTION)
    lab.wiring.source.cable.guard = lambda: 0.0
    assert lab.wiring.source.cable.capacity() == LINE_CAPACITANCE  # an adapter to BNC ends the guard
    data = load_station("ppms").snapshot()
    data["cables"]["source"]["triax_to_sample"] = True
    lab = build_lab(Station.model_validate(data), JUNCTION, VirtualClock(), seed=1, sample_seed=0)
    assert lab.wiring.source.cable.capacity() == LINE_CAPACITANCE
    lab.wiring.source.cable.guard = lambda: 0.0
    assert lab.wiring.source.cable.capacity() == 0.0


def test_a_hall_bar_does_not_mind() -> None:
    lab = lab_with("cotb2025")
    lab.wiring.source.drive(READING, 10.0)
    lab.wiring.let_go("I+", True)
    lab.clock.sleep(1.0)
    lab.wiring.let_go("I+", False)
    assert lab.sample.damage == 0.0
    assert lab.wiring.source.voltage() == pytest.approx(READING * 390.0, rel=0.01)


def test_a_bouncing_lead_is_open_and_closed_half_of_the_time() -> None:
    lab = lab_with("cotb2025")
    lab.wiring.damage([ContactFault("I+", "bouncing", dwell=0.05)])
    lab.wiring.source.drive(READING, 1.0)
    closed = 0
    for _ in range(4000):
        lab.clock.sleep(0.01)
        lab.timeline.catch_up()
        closed += lab.wiring.circuit.latest.source == READING
    assert 0.4 < closed / 4000 < 0.6
