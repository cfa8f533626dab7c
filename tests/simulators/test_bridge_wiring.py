"""Resistance bridges on a sample: four wires, limits, two polarities, and others that drive it at the same time."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from instruments.clock import VirtualClock
from instruments.errors import UsageError
from labctl.sample import load_sample
from labctl.simulation import build_lab
from labctl.station import load_station
from simulators.cables import OPEN, BridgeCables, Cables, EmfSettings
from simulators.circuit import FOLLOWED
from simulators.device import Device
from simulators.devices.controller_outputs import Bridge
from simulators.lab import Lab
from simulators.randomness import Streams
from simulators.timeline import Timeline
from simulators.wiring import Wiring
from tests.clinic import station_like
from tests.simulators.test_circuit import LEAD, LEADS, Row
from tests.simulators.test_wiring import LEADS as TWO_LEADS
from tests.simulators.test_wiring import Resistor

ALTERNATING = Bridge.FREQUENCY
NO_LIMIT = math.inf
MIDDLE = 100.0  # ohm between p1 and p2
LENGTHWISE = """
[cables.bridge_2]
current_high = "I+"
current_low = "I-"
voltage_high = "D"
voltage_low = "B"

[limits]
"""


class Followed(Row):
    """A row of pads on which the steps of a cycle are told apart; notes when it was looked at."""

    def __init__(self) -> None:
        super().__init__()
        self.looks: list[float] = []

    def set_currents(self, time: float, injected: Mapping[str, float]) -> None:
        self.set_cycle(time, [(1.0, injected)])

    def mean_potentials(self, start: float, end: float) -> dict[str, float]:
        self.looks.append(start)
        began, steps = next((cycle for cycle in reversed(self.cycles) if cycle[0] <= start), (0.0, [(1.0, {})]))
        self.told.append((start, self._mean(steps, start - began, max(end - began, start - began + 1e-9))))
        potentials = super().mean_potentials(start, end)
        self.told.pop()
        return potentials

    def _mean(self, steps: list[tuple[float, dict[str, float]]], start: float, end: float) -> dict[str, float]:
        """Mean current in A into each pad in a window, in s since the cycle began."""
        period = sum(duration for duration, _ in steps)
        mean = dict.fromkeys(self.pads, 0.0)
        for turn in range(int(start // period), int(end // period) + 1):
            begin = turn * period
            for duration, injected in steps:
                lived = max(0.0, min(end, begin + duration) - max(start, begin))
                begin += duration
                for pad, current in injected.items():
                    mean[pad] += lived / (end - start) * current
        return mean


class Setup:
    """Bridges, the source and the meter on a row of pads."""

    def __init__(self, emf: EmfSettings | None = None, **bridges: BridgeCables) -> None:
        self.clock = VirtualClock()
        self.sample = Followed()
        cables = Cables(
            source=("q0", "q3"), voltmeter={1: ("p1", "p2")}, smu=("p0", "p3"),
            bridges={int(name[-1]): cable for name, cable in bridges.items()}
            or {1: BridgeCables(("p0", "p3"), ("p1", "p2"))},
        )  # fmt: skip
        streams = Streams(1, 0, quiet=emf is None)
        self.wiring = Wiring(
            Timeline(self.clock), self.sample, LEADS, cables, streams, emf or EmfSettings(0.0, 0.0, 0.0)
        )
        self.bridges = self.wiring.bridges

    def read(self, bridge: int = 1, aperture: float = 0.5) -> float:
        self.clock.sleep(aperture)
        now = self.clock.now()
        return self.bridges.mean_voltage(bridge, now - aperture, now)


@pytest.mark.parametrize("frequency", [0.0, ALTERNATING])
def test_four_wires_see_what_lies_between_the_voltage_leads(frequency: float) -> None:
    setup = Setup()
    setup.bridges.excite(1, 1e-3, NO_LIMIT, NO_LIMIT, frequency)
    assert setup.bridges.current(1) == 1e-3
    assert setup.read() == pytest.approx(1e-3 * MIDDLE, rel=1e-6)


@pytest.mark.parametrize("frequency", [0.0, ALTERNATING])
def test_two_wires_see_the_leads_as_well(frequency: float) -> None:
    setup = Setup(bridge_3=BridgeCables(("p1", "p2"), ("p1", "p2")))
    setup.bridges.excite(3, 1e-3, NO_LIMIT, NO_LIMIT, frequency)
    assert setup.read(3) == pytest.approx(1e-3 * (MIDDLE + 2 * LEAD), rel=1e-6)


@pytest.mark.parametrize(
    ("power", "voltage", "flows"),
    [(1e-3, 1.0, 1e-3), (1e-5, 1.0, math.sqrt(1e-7)), (1e-3, 0.05, 5e-4), (NO_LIMIT, 0.1, 1e-3)],
)
@pytest.mark.parametrize("frequency", [0.0, ALTERNATING])
def test_limits_are_of_what_lies_between_the_voltage_leads(
    power: float, voltage: float, flows: float, frequency: float
) -> None:
    setup = Setup()
    setup.bridges.excite(1, 1e-3, power, voltage, frequency)
    assert setup.bridges.current(1) == pytest.approx(flows, rel=1e-9)
    assert setup.read() == pytest.approx(flows * MIDDLE, rel=1e-6)


def test_a_limit_holds_when_the_sample_changes() -> None:
    setup = Setup()
    setup.bridges.excite(1, 1e-3, NO_LIMIT, 0.1, ALTERNATING)
    setup.sample.ohms *= 4.0
    assert setup.read() == pytest.approx(0.1, rel=1e-6)
    assert setup.bridges.current(1) == pytest.approx(0.25e-3, rel=1e-6)
    assert setup.read() == pytest.approx(0.1, rel=1e-6)


def test_a_steady_voltage_is_in_a_direct_reading_and_not_in_an_alternating_one() -> None:
    read: dict[float, list[float]] = {0.0: [], ALTERNATING: []}
    for frequency, found in read.items():
        setup = Setup(EmfSettings(5e-6, 0.0, 0.0))
        setup.bridges.excite(1, 1e-3, NO_LIMIT, NO_LIMIT, frequency)
        found.append(setup.read() - 1e-3 * MIDDLE)
    assert abs(read[ALTERNATING][0]) < 1e-9
    assert abs(read[0.0][0]) > 1e-7


def test_the_source_adds_to_a_direct_reading_and_not_to_an_alternating_one() -> None:
    for frequency, expected in ((0.0, 3e-3), (ALTERNATING, 1e-3)):
        setup = Setup()
        setup.wiring.source.drive(2e-3, 10.0)
        setup.bridges.excite(1, 1e-3, NO_LIMIT, NO_LIMIT, frequency)
        assert setup.read() == pytest.approx(expected * MIDDLE, rel=1e-6)


def test_the_sample_gets_both_polarities_on_top_of_the_source() -> None:
    setup = Setup()
    setup.wiring.source.drive(2e-3, 10.0)
    setup.bridges.excite(1, 1e-3, NO_LIMIT, NO_LIMIT, ALTERNATING)
    _, steps = setup.sample.cycles[-1]
    assert [duration for duration, _ in steps] == pytest.approx([1 / 15, 1 / 15])
    assert [currents["p0"] for _, currents in steps] == pytest.approx([3e-3, 1e-3])
    assert [currents["p3"] for _, currents in steps] == pytest.approx([-3e-3, -1e-3])


def test_a_change_of_the_source_keeps_the_phase() -> None:
    setup = Setup()
    setup.bridges.excite(1, 1e-3, NO_LIMIT, NO_LIMIT, ALTERNATING)
    setup.clock.sleep(0.02)
    setup.wiring.source.drive(2e-3, 10.0)
    time, steps = setup.sample.cycles[-1]
    assert time == setup.clock.now()
    assert [duration for duration, _ in steps] == pytest.approx([1 / 15 - 0.02, 1 / 15, 0.02])
    assert [currents["p0"] for _, currents in steps] == pytest.approx([3e-3, 1e-3, 3e-3])
    assert setup.read(aperture=1.0) == pytest.approx(1e-3 * MIDDLE, rel=1e-6)


def test_the_meter_sees_the_bridge_too() -> None:
    setup = Setup()
    setup.bridges.excite(1, 1e-3, NO_LIMIT, NO_LIMIT, 0.0)
    setup.clock.sleep(0.1)
    now = setup.clock.now()
    assert setup.wiring.meter.mean_voltage(1, now - 0.1, now) == pytest.approx(1e-3 * MIDDLE, rel=1e-9)
    setup.wiring.source.drive(-1e-3, 10.0)
    assert setup.wiring.source.voltage() == pytest.approx(-1e-3 * 2 * LEAD, rel=1e-6)  # the film carries nothing now
    setup.wiring.source.drive(1e-3, 0.4)
    assert setup.wiring.source.in_compliance()  # 300 ohm with 2 mA and two leads with 1 mA
    setup.bridges.excite(1, 0.0, NO_LIMIT, NO_LIMIT, 0.0)
    setup.clock.sleep(0.1)
    assert not setup.wiring.source.in_compliance()


def test_two_bridges_at_once() -> None:
    setup = Setup(bridge_1=BridgeCables(("p0", "p3"), ("p1", "p2")), bridge_2=BridgeCables(("p1", "p3"), ("p2", "p3")))
    setup.bridges.excite(1, 1e-3, NO_LIMIT, NO_LIMIT, ALTERNATING)
    setup.clock.sleep(0.03)
    setup.bridges.excite(2, 2e-3, NO_LIMIT, NO_LIMIT, ALTERNATING)
    # They are in step and share the film, and the second's current goes in by the lead that the first senses at.
    assert setup.read(1) == pytest.approx(3e-3 * MIDDLE + 2e-3 * LEAD, rel=1e-6)
    assert setup.read(2) == pytest.approx(3e-3 * (MIDDLE + LEAD), rel=1e-6)  # p3 carries both currents
    setup.bridges.excite(2, 0.0, NO_LIMIT, NO_LIMIT, ALTERNATING)
    assert setup.read(1) == pytest.approx(1e-3 * MIDDLE, rel=1e-6)


def test_a_fast_wave_of_the_source_does_not_disturb_a_bridge() -> None:
    setup = Setup()
    setup.wiring.source.drive_cycle([(1e-5, 1e-3), (1e-5, -0.5e-3)], 10.0)
    setup.bridges.excite(1, 1e-3, NO_LIMIT, NO_LIMIT, ALTERNATING)
    setup.clock.sleep(1e-5 * FOLLOWED + 1.0)
    looks = len(setup.sample.looks)
    assert setup.read(aperture=2.0) == pytest.approx(1e-3 * MIDDLE, rel=1e-2)
    assert len(setup.sample.looks) - looks < 200  # and not once for each of the 100 000 waves
    _, steps = setup.sample.cycles[-1]
    assert [currents["p0"] for _, currents in steps] == pytest.approx([2e-3, 0.5e-3, 0.0, -1.5e-3])


@pytest.mark.parametrize(
    ("cable", "flows"),
    [
        (BridgeCables(("p0", OPEN), ("p1", "p2")), 0.0),
        (BridgeCables(("p0", "p3"), ("p1", OPEN)), 1e-3),
        (BridgeCables(), 0.0),
    ],
)
def test_open_leads_give_no_reading(cable: BridgeCables, flows: float) -> None:
    setup = Setup(bridge_4=cable)
    setup.bridges.excite(4, 1e-3, 1e-3, 0.1, ALTERNATING)
    assert setup.bridges.current(4) == flows
    assert math.isnan(setup.read(4))
    setup.bridges.excite(2, 1e-3, 1e-3, 0.1, ALTERNATING)
    assert setup.bridges.current(2) == 0.0
    assert math.isnan(setup.read(2))


def test_a_sample_that_knows_no_alternating_currents_takes_no_bridge() -> None:
    cables = Cables(bridges={1: BridgeCables(("I+", "I-"), ("A", "B"))})
    with pytest.raises(UsageError, match="Resistor knows no alternating currents"):
        Wiring(Timeline(VirtualClock()), Resistor(), TWO_LEADS, cables, Streams(1, 0), EmfSettings())


# ---- a whole lab


def ask(device: Device, message: str) -> str:
    """Ask a controller something, and wait for its answer."""
    device.write(message.encode("ascii") + b"\n")
    ready = device.ready_at()
    assert ready is not None
    device.timeline.clock.sleep_until(ready)
    return device.read().decode("ascii").rstrip(";")


def lab_with(folder: Path, section: str = LENGTHWISE) -> Lab:
    station = station_like("ppms", ("\n[limits]\n", section), folder=folder)
    return build_lab(station, load_sample("cotb2025"), VirtualClock(), seed=1, sample_seed=0, quiet=True)


def four_wire(lab: Lab, current: float) -> float:
    """Ohm that source and meter see between D and B."""
    lab.wiring.source.drive(current, 10.0)
    lab.clock.sleep(60.0)
    now = lab.clock.now()
    return lab.wiring.meter.mean_voltage(2, now - 1.0, now) / current


@pytest.mark.parametrize("direct", [0, 1])
def test_getdat_shows_what_source_and_meter_would(direct: int, tmp_path: Path) -> None:
    expected = four_wire(lab_with(tmp_path), 1e-3)
    lab = lab_with(tmp_path)
    controller = lab.devices["cryostat"]
    controller.write(f"BRIDGE 2 1000 1000 {direct} 2 100\n".encode())
    lab.clock.sleep(60.0)
    assert ask(controller, "BRIDGE? 2") == f"2,1000,1000,{direct},2,100"
    mask, _, resistance, flows = ask(controller, f"GETDAT? {3 << 6}").split(",")
    assert int(mask) == 3 << 6
    assert float(flows) == pytest.approx(1e5 / expected if expected > 100 else 1000.0, rel=1e-3)
    assert float(resistance) == pytest.approx(expected, rel=3e-3)  # less current, and so less warming


def test_the_film_warms_and_cools_with_the_bridge(tmp_path: Path) -> None:
    lab = lab_with(tmp_path)
    cold = lab.sample.temperature(lab.clock.now())
    lab.devices["cryostat"].write(b"BRIDGE 2 5000 1000 0 0 100\n")
    lab.clock.sleep(1.0)
    flows = lab.wiring.bridges.current(2)
    warm = lab.sample.temperature(lab.clock.now())
    lab.devices["cryostat"].write(b"BRIDGE 2 0\n")
    lab.clock.sleep(3600.0)
    assert lab.sample.temperature(lab.clock.now()) == pytest.approx(cold, abs=1e-3)
    other = lab_with(tmp_path)
    other.wiring.source.drive(flows, 10.0)
    other.clock.sleep(1.0)
    assert warm - cold == pytest.approx(other.sample.temperature(other.clock.now()) - cold, rel=1e-6)
    assert warm > cold


def test_the_shipped_station_has_no_bridge_on_its_sample() -> None:
    lab = build_lab(load_station("ppms"), load_sample("cotb2025"), VirtualClock(), seed=1, sample_seed=0)
    controller = lab.devices["cryostat"]
    controller.write(b"BRIDGE 2 1000 1000 0 2 100\n")
    lab.clock.sleep(60.0)
    assert ask(controller, f"GETDAT? {0xFF0}").split(",")[0] == "0"
    assert lab.wiring.circuit.latest.bridges is None


@pytest.mark.parametrize(
    ("name", "section", "sentence"),
    [
        ("ppms", LENGTHWISE.replace('"D"', '"B"'), "voltage_high and voltage_low are both at the lead 'B'"),
        ("ppms", LENGTHWISE.replace('"D"', '"X"'), "cables.bridge_2.voltage_high at the lead 'X'"),
        ("dynacool", LENGTHWISE, "has cables.bridge_2, but no ppms6000"),
        ("ppms", LENGTHWISE.replace("bridge_2", "bridge_5"), "bridge_5"),
        ("ppms", LENGTHWISE.replace('current_low = "I-"\n', ""), "current_low"),
    ],
)
def test_what_a_station_cannot_mean(name: str, section: str, sentence: str, tmp_path: Path) -> None:
    def build() -> None:
        station = station_like(name, ("\n[limits]\n", section), folder=tmp_path)
        build_lab(station, load_sample("cotb2025"), VirtualClock(), seed=1, sample_seed=0)

    with pytest.raises(UsageError, match=re.escape(sentence)):
        build()
