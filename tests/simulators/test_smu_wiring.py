"""A source-measure unit that keeps a voltage on a load that changes while nobody looks."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import pytest

from instruments.clock import VirtualClock
from simulators.cables import Cables, EmfSettings, Lead
from simulators.randomness import Streams
from simulators.samples.sample import Sample
from simulators.smu_wiring import SLOWEST_LOOK, TOLERATED
from simulators.timeline import Timeline
from simulators.wiring import Wiring

LEAD = 10.0
LEADS = {name: Lead(name, LEAD) for name in ("a", "b")}
SENSES = {"sense a": Lead("a", LEAD), "sense b": Lead("b", LEAD)}
VOLTS = 1.0


class Changing(Sample):
    """Two pads with a resistance that is a function of time; notes the currents that it was given."""

    pads = ("a", "b")

    def __init__(self, ohms: Callable[[float], float]) -> None:
        self.ohms = ohms
        self.now = 0.0
        self.currents: list[tuple[float, float]] = [(-math.inf, 0.0)]

    def advance(self, until: float) -> None:
        self.now = max(self.now, until)

    def set_currents(self, time: float, injected: Mapping[str, float]) -> None:
        assert time >= self.now
        self.now = time
        self.currents.append((time, injected.get("a", 0.0)))

    def set_cycle(self, time: float, steps: Sequence[tuple[float, Mapping[str, float]]]) -> None:
        total = sum(duration for duration, _ in steps)
        mean = sum(duration * currents.get("a", 0.0) for duration, currents in steps) / total
        self.set_currents(time, {"a": mean, "b": -mean})

    def mean_potentials(self, start: float, end: float) -> dict[str, float]:
        self.advance(end)
        return {"a": self.current(start) * self.ohms(0.5 * (start + end)), "b": 0.0}

    def resistance(self, pad_a: str, pad_b: str, time: float) -> float:
        return self.ohms(time)

    def temperature(self, time: float) -> float:
        return 0.0

    def current(self, time: float) -> float:
        """A that flowed at a lab time in s."""
        return next(value for since, value in reversed(self.currents) if since <= time)


class Setup:
    def __init__(self, ohms: Callable[[float], float]) -> None:
        self.clock = VirtualClock()
        self.sample = Changing(ohms)
        cables = Cables(("a", "b"), {1: ("a", "b")}, ("a", "b"), ("sense a", "sense b"))
        self.wiring = Wiring(
            Timeline(self.clock), self.sample, LEADS | SENSES, cables, Streams(1, 0), EmfSettings(0.0, 0.0, 0.0)
        )
        self.smu, self.source = self.wiring.smu, self.wiring.source

    def look(self, seconds: float) -> float:
        """Let time pass; return the current that the circuit then says."""
        self.clock.sleep(seconds)
        return self.wiring.circuit.latest.smu


def switching(time: float) -> float:
    return 1000.0 if time < 10.0 else 200.0


def warming(time: float) -> float:
    return 1000.0 * (1.0 + 1e-3 * time / 60.0 * 20.0)


def test_a_film_that_switches_gets_the_current_that_belongs_to_it() -> None:
    setup = Setup(switching)
    setup.smu.source_voltage(VOLTS, 0.1)
    assert setup.look(60.0) == pytest.approx(VOLTS / (200.0 + 2 * LEAD))
    (since,) = [time for time, _ in setup.sample.currents if time > 1.0]
    assert 10.0 <= since <= 10.0 + SLOWEST_LOOK


@pytest.mark.parametrize("remote", [False, True])
def test_a_film_that_warms_has_the_right_current_at_all_times(remote: bool) -> None:
    """20 K a minute with 0.1 %/K."""
    setup = Setup(warming)
    setup.smu.source_voltage(VOLTS, 0.1)
    setup.smu.sense_remotely(remote)
    setup.look(120.0)
    for tenth in range(1200):
        time = 0.1 * tenth
        wanted = VOLTS / (warming(time) + (0.0 if remote else 2 * LEAD))
        passing = SLOWEST_LOOK * 20.0 / 60.0 * 1e-3
        assert setup.sample.current(time) == pytest.approx(wanted, rel=TOLERATED + 2 * passing)


def test_who_looks_makes_no_difference() -> None:
    told = []
    for times in ([60.0], [0.37] * 162 + [0.06]):
        setup = Setup(lambda time: switching(time) + 0.5 * time)
        setup.smu.source_voltage(VOLTS, 0.1)
        for seconds in times:
            setup.look(seconds)
        told.append([entry for entry in setup.sample.currents if entry[0] < 59.0])
    assert [value for _, value in told[0]] == pytest.approx([value for _, value in told[1]], rel=1e-12)
    assert [time for time, _ in told[0]] == pytest.approx([time for time, _ in told[1]], rel=1e-12)


def test_a_long_rest_costs_little() -> None:
    looks = 0

    def steady(_time: float) -> float:
        nonlocal looks
        looks += 1
        return 1000.0

    setup = Setup(steady)
    setup.smu.source_voltage(VOLTS, 0.1)
    setup.look(3600.0)
    assert looks < 3600.0 / SLOWEST_LOOK + 50
    assert len(setup.sample.currents) < 6


def test_readings_are_those_of_the_load_within_the_aperture() -> None:
    setup = Setup(warming)
    setup.smu.source_voltage(VOLTS, 0.1)
    setup.clock.sleep(30.02)
    assert setup.smu.mean_current(30.0, 30.02) == pytest.approx(VOLTS / (warming(30.01) + 2 * LEAD), rel=1e-9)
    assert setup.smu.mean_voltage(30.0, 30.02) == VOLTS


def test_compliance_is_reached_while_nobody_looks() -> None:
    setup = Setup(switching)
    setup.smu.source_voltage(VOLTS, 2e-3)
    assert not setup.smu.limited()
    assert setup.look(20.0) == pytest.approx(2e-3)
    assert setup.smu.limited()
    assert setup.smu.mean_voltage(19.0, 20.0) == pytest.approx(2e-3 * (200.0 + 2 * LEAD))


def test_a_current_source_reaches_its_voltage_limit_and_leaves_it() -> None:
    setup = Setup(lambda time: 1000.0 if 10.0 <= time < 20.0 else 100.0)
    setup.smu.source_current(1e-3, 0.51)
    assert setup.look(5.0) == pytest.approx(1e-3)
    assert setup.look(10.0) == pytest.approx(0.51 / 1020.0)
    assert setup.smu.limited()
    assert setup.look(10.0) == pytest.approx(1e-3)
    assert not setup.smu.limited()


def test_the_other_source_is_answered_at_once() -> None:
    """Kept at 0 V the unit takes all of what the other source drives, whatever that is."""
    setup = Setup(lambda _time: 1000.0)
    setup.smu.source_voltage(0.0, 1.0)
    for current in (1e-3, -2e-3, 0.0):
        setup.clock.sleep(1.0)
        setup.source.drive(current, 10.0)
        assert setup.wiring.circuit.latest.smu == pytest.approx(-current)
    setup.source.drive_cycle([(0.5, 1e-3), (0.5, -1e-3)], 10.0)
    setup.look(10.2)
    assert setup.wiring.circuit.latest.smu == pytest.approx(-1e-3)
    assert setup.look(0.5) == pytest.approx(1e-3)


def test_an_open_relay_follows_nothing() -> None:
    setup = Setup(switching)
    setup.smu.source_voltage(VOLTS, 0.1)
    setup.clock.sleep(1.0)
    setup.smu.release()
    before = len(setup.sample.currents)
    assert setup.look(60.0) == 0.0
    assert len(setup.sample.currents) == before
    assert setup.wiring.circuit.follower is None
