"""What bad contacts and leaks do to whoever measures: Kirchhoff's laws, worked out by hand."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from instruments.clock import VirtualClock
from simulators.cables import SHIELD, Cables, Lead
from simulators.contacts import ContactFault, tunnelling_voltage
from simulators.randomness import Streams
from simulators.timeline import Timeline
from simulators.wiring import Wiring
from tests.simulators.test_wiring import FILM, LEADS, SILENT, Resistor

I = 1e-6  # noqa: E741 - the current, A
TWO_WIRES = 25.0 + FILM + 25.0


class Film(Resistor):
    """The same, which may also be left alone."""

    def set_currents(self, time: float, injected: Mapping[str, float]) -> None:
        assert math.fsum(injected.values()) == 0.0
        self.currents.append((time, injected.get("left", 0.0)))


class Bench:
    """A source and a voltmeter on one resistor with bad leads."""

    def __init__(self, *faults: ContactFault, source: tuple[str, str] = ("I+", "I-"), **cables: Any) -> None:
        self.clock = VirtualClock()
        meter = cables.pop("meter", {1: source})
        self.wiring = Wiring(
            Timeline(self.clock), Film(), LEADS, Cables(source=source, voltmeter=meter, **cables),
            Streams(1, 0), SILENT,
        )  # fmt: skip
        self.wiring.damage(faults)

    def drive(self, current: float = I, compliance: float = 10.0) -> None:
        self.wiring.source.drive(current, compliance)

    def read(self, channel: int = 1, aperture: float = 0.02) -> float:
        start = self.clock.now()
        self.clock.sleep(aperture)
        return self.wiring.meter.mean_voltage(channel, start, self.clock.now())

    def flows(self) -> float:
        return self.wiring.circuit.latest.source


def test_sound_contacts_are_as_without_any_network() -> None:
    bench = Bench()
    bench.drive()
    assert bench.wiring.circuit.network is None
    assert bench.read() == pytest.approx(I * TWO_WIRES, rel=1e-12)


def test_a_single_leak_carries_nothing_while_everything_floats() -> None:
    bench = Bench(ContactFault("I+", "leaking", 1e4))
    bench.drive()
    assert bench.read() == pytest.approx(I * TWO_WIRES, rel=1e-12)


def test_two_leaks_are_a_resistor_across_the_two_lines() -> None:
    bench = Bench(ContactFault("I+", "leaking", 1e4), ContactFault("I-", "leaking", 2e4))
    bench.drive()
    across = 1.0 / (1.0 / TWO_WIRES + 1.0 / 3e4)
    assert bench.read() == pytest.approx(I * across, rel=1e-12)
    assert bench.wiring.source.voltage() == pytest.approx(I * across, rel=1e-12)


def test_a_leak_of_high_loads_a_source_whose_low_is_earthed_and_one_of_low_does_not() -> None:
    for lead, expected in (("I+", 1.0 / (1.0 / TWO_WIRES + 1e-4)), ("I-", TWO_WIRES)):
        bench = Bench(ContactFault(lead, "leaking", 1e4))
        bench.wiring.source_earthed = lambda: True
        bench.drive()
        assert bench.read() == pytest.approx(I * expected, rel=1e-12)


def test_from_a_lead_to_the_shield_one_sees_the_leak_behind_what_lies_between() -> None:
    bench = Bench(ContactFault("I-", "leaking", 1e6), source=("I+", SHIELD), meter={1: ("I+", "B"), 2: (SHIELD, "B")})
    bench.drive(1e-8)
    assert bench.wiring.source.voltage() == pytest.approx(1e-8 * (TWO_WIRES + 1e6), rel=1e-12)
    assert bench.read(1) == pytest.approx(1e-8 * (25.0 + FILM), rel=1e-12)  # lead and film; B itself carries nothing
    assert bench.read(2) == pytest.approx(-1e-8 * (25.0 + 1e6), rel=1e-12)


def test_the_leak_of_the_very_line_lets_nothing_through_its_contact() -> None:
    bench = Bench(ContactFault("I+", "leaking", 1e6), source=("I+", SHIELD), meter={1: ("I+", "B"), 2: (SHIELD, "B")})
    bench.drive(1e-8)
    assert bench.wiring.source.voltage() == pytest.approx(1e-8 * 1e6, rel=1e-12)
    assert bench.read(1) == pytest.approx(0.0, abs=1e-18)


def test_without_a_leak_nothing_flows_to_the_shield_and_the_sample_is_at_compliance() -> None:
    bench = Bench(source=("I+", SHIELD), meter={1: ("I+", "B"), 2: (SHIELD, "B")})
    bench.drive(1e-8, 0.2)
    assert bench.flows() == 0.0
    assert bench.wiring.source.in_compliance()
    assert bench.read(2) == pytest.approx(-0.2)
    assert bench.read(1) == pytest.approx(0.0, abs=1e-15)


def test_a_meter_beside_the_source_sees_its_compliance_at_an_open_lead() -> None:
    bench = Bench(ContactFault("I-", "open"))
    bench.drive(-I, 0.2)
    assert bench.flows() == 0.0
    assert bench.read() == pytest.approx(-0.2)
    assert bench.wiring.meter.source_resistance(1) == 0.0


@pytest.mark.parametrize("current", [1e-8, 1e-6, -5e-6])
def test_a_tunnelling_contact_adds_its_voltage(current: float) -> None:
    bench = Bench(ContactFault("I+", "high", 1e4, knee=0.05))
    bench.drive(current)
    expected = current * TWO_WIRES + tunnelling_voltage(current, 1e4, 0.05)
    assert bench.read() == pytest.approx(expected, rel=1e-9)
    assert bench.wiring.source.voltage() == pytest.approx(expected, rel=1e-9)


def test_a_source_in_compliance_drives_what_a_tunnelling_contact_takes_at_that_voltage() -> None:
    bench = Bench(ContactFault("I+", "high", 1e5, knee=0.05))
    bench.drive(1e-3, 0.2)
    flows = bench.flows()
    assert 0.0 < flows < 1e-3
    assert flows * TWO_WIRES + tunnelling_voltage(flows, 1e5, 0.05) == pytest.approx(0.2, rel=1e-9)
    assert bench.wiring.source.in_compliance()


def test_a_smu_that_keeps_a_voltage_drives_it_too() -> None:
    bench = Bench(ContactFault("I+", "high", 1e5, knee=0.05), source=("open", "open"), meter={}, smu=("I+", "I-"))
    bench.wiring.smu.source_voltage(0.2, 1e-3)
    flows = bench.wiring.circuit.latest.smu
    assert flows * TWO_WIRES + tunnelling_voltage(flows, 1e5, 0.05) == pytest.approx(0.2, rel=1e-6)


def test_a_voltmeter_on_other_leads_does_not_see_a_bad_contact_of_the_current() -> None:
    bench = Bench(ContactFault("I+", "high", 1e4, knee=0.05), meter={1: ("A", "B")})
    bench.drive()
    assert bench.read() == pytest.approx(I * FILM, rel=1e-12)


def test_a_noisy_contact_scatters_with_the_current_and_not_without() -> None:
    bench = Bench(ContactFault("I+", "noisy", change=0.4, dwell=0.02))
    bench.drive()
    volts = np.array([bench.read() for _ in range(200)])
    assert volts.min() >= I * TWO_WIRES * (1.0 - 1e-12)
    assert volts.max() <= I * (TWO_WIRES + 10.0)
    assert 1.0 < volts.std() / I < 5.0
    bench.drive(0.0)
    assert np.std([bench.read() for _ in range(20)]) == 0.0


def test_what_goes_into_the_pads_adds_up_to_zero_whatever_leaks() -> None:
    dice = np.random.default_rng(4)
    for _ in range(50):
        faults = [
            ContactFault(lead, "leaking", float(10 ** dice.uniform(2, 9))) for lead in LEADS if dice.random() < 0.6
        ]
        bench = Bench(*faults, source=("I+", SHIELD if dice.random() < 0.5 and faults else "I-"))
        bench.drive()
        network = bench.wiring.circuit.network
        if network is not None:
            injected = network.flows([(I, (LEADS["I+"], LEADS["I-"]))], 0.0).into_pads()
            assert math.fsum(injected.values()) == 0.0


def test_moving_a_cable_changes_what_is_read_at_once() -> None:
    bench = Bench(meter={1: ("A", "B")})
    bench.drive()
    assert bench.read() == pytest.approx(I * FILM, rel=1e-12)
    bench.wiring.plug(Cables(source=("I-", "I+"), voltmeter={1: ("A", "B")}))
    assert bench.read() == pytest.approx(-I * FILM, rel=1e-12)
    bench.wiring.plug(Cables(source=("I+", "open"), voltmeter={1: ("A", "B")}))
    assert bench.flows() == 0.0
    bench.wiring.plug(Cables(source=("I+", "I-"), voltmeter={1: ("I+", "I-")}))
    assert bench.read() == pytest.approx(I * TWO_WIRES, rel=1e-12)


def test_equal_leads_are_two_leads() -> None:
    assert LEADS["I+"] == Lead("left", 25.0)
    bench = Bench(ContactFault("A", "leaking", 1e3), ContactFault("B", "leaking", 1e3))
    bench.drive()
    across = 1.0 / (1.0 / FILM + 1.0 / (25.0 + 2e3 + 25.0))  # the leaks of A and B, behind their own contacts
    assert bench.read() == pytest.approx(I * (50.0 + across), rel=1e-12)
