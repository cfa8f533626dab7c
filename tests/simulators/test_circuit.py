"""Currents in the sample: two drivers at once, settling, cycles, and what was clamped when."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from instruments.clock import VirtualClock
from simulators.cables import OPEN, Cables, EmfSettings, Lead
from simulators.circuit import FOLLOWED
from simulators.randomness import Streams
from simulators.samples.sample import Sample
from simulators.timeline import Timeline
from simulators.wiring import Wiring

FILM = 300.0  # ohm in three pieces between four pads in a row
LEAD = 25.0
NAMES = ("p0", "p1", "p2", "p3")
LEADS = {name: Lead(name, LEAD) for name in NAMES} | {"q0": Lead("p0", LEAD), "q3": Lead("p3", LEAD)}


class Row(Sample):
    """Four pads in a row, 100 ohm from each to the next, at absolute zero; notes what it was told."""

    pads = NAMES

    def __init__(self) -> None:
        self.told: list[tuple[float, dict[str, float]]] = [(-math.inf, {})]
        self.cycles: list[tuple[float, list[tuple[float, dict[str, float]]]]] = []
        self.ohms = FILM / 3.0

    def advance(self, until: float) -> None:
        """Nothing happens to it."""

    def set_currents(self, time: float, injected: Mapping[str, float]) -> None:
        assert time >= self.told[-1][0]
        self.told.append((time, dict(injected)))

    def set_cycle(self, time: float, steps: Sequence[tuple[float, Mapping[str, float]]]) -> None:
        period = sum(duration for duration, _ in steps)
        mean = {pad: sum(d * currents.get(pad, 0.0) for d, currents in steps) / period for pad in self.pads}
        self.told.append((time, mean))
        self.cycles.append((time, [(duration, dict(currents)) for duration, currents in steps]))

    def mean_potentials(self, start: float, end: float) -> dict[str, float]:
        currents = next(value for time, value in reversed(self.told) if time <= start)
        potential, through = 0.0, 0.0
        potentials: dict[str, float] = {}
        for name in NAMES:
            potentials[name] = potential
            through += currents.get(name, 0.0)
            potential -= through * self.ohms
        return potentials

    def resistance(self, pad_a: str, pad_b: str, time: float) -> float:
        return abs(NAMES.index(pad_a) - NAMES.index(pad_b)) * self.ohms

    def temperature(self, time: float) -> float:
        return 0.0


class Setup:
    """A source at the ends, a meter in the middle, a source-measure unit where one wants it."""

    def __init__(self, smu: tuple[str, str] = (OPEN, OPEN), sense: tuple[str, str] = (OPEN, OPEN)) -> None:
        self.clock = VirtualClock()
        self.sample = Row()
        cables = Cables(("p0", "p3"), {1: ("p1", "p2"), 2: ("p0", "p3")}, smu, sense)
        self.wiring = Wiring(
            Timeline(self.clock), self.sample, LEADS, cables, Streams(1, 0), EmfSettings(0.0, 0.0, 0.0)
        )
        self.source, self.smu, self.meter = self.wiring.source, self.wiring.smu, self.wiring.meter

    def read(self, aperture: float = 0.02, channel: int = 1) -> float:
        self.clock.sleep(aperture)
        return self.meter.mean_voltage(channel, self.clock.now() - aperture, self.clock.now())


def test_the_lows_of_both_channels_are_one_conductor() -> None:
    setup = Setup()
    setup.source.drive(1e-3, 10.0)
    assert setup.read() == pytest.approx(0.1)
    assert setup.read(channel=2) == pytest.approx(0.2 + 1e-3 * LEAD)  # from p0, with its lead, to p2 and not to p3


def test_currents_of_source_and_smu_add_up() -> None:
    setup = Setup(("p0", "p3"))
    setup.source.drive(1e-3, 10.0)
    setup.smu.source_current(2e-3, 10.0)
    assert setup.read() == pytest.approx(3e-3 * 100.0)
    setup.smu.release()
    assert setup.read() == pytest.approx(1e-3 * 100.0)


def test_a_voltage_source_takes_what_the_other_source_drives() -> None:
    setup = Setup(("p0", "p3"))
    setup.source.drive(1e-3, 10.0)
    setup.smu.source_voltage(0.0, 1.0)
    # Both are plugged into the same two leads: at 0 V there nothing is left for leads and film.
    start = setup.clock.now()
    assert setup.read() == pytest.approx(0.0, abs=1e-12)
    assert setup.smu.mean_current(start, setup.clock.now()) == pytest.approx(-1e-3)
    assert setup.smu.mean_voltage(start, setup.clock.now()) == pytest.approx(0.0, abs=1e-12)
    assert setup.source.voltage() == pytest.approx(0.0, abs=1e-12)
    assert not setup.smu.limited()


def test_by_leads_of_its_own_it_takes_what_they_let_through() -> None:
    setup = Setup(("q0", "q3"))
    setup.source.drive(1e-3, 10.0)
    setup.smu.source_voltage(0.0, 1.0)
    # Both loops end on the pads: 300 ohm of film beside 50 ohm of the unit's leads at 0 V.
    taken = 1e-3 * 300.0 / 350.0
    start = setup.clock.now()
    assert setup.read() == pytest.approx((1e-3 - taken) * 100.0)
    assert setup.smu.mean_current(start, setup.clock.now()) == pytest.approx(-taken)
    assert setup.smu.mean_voltage(start, setup.clock.now()) == pytest.approx(0.0, abs=1e-12)
    assert setup.source.voltage() == pytest.approx(1e-3 * 50.0 + (1e-3 - taken) * 300.0)


def test_a_clamp_on_the_sources_leads_holds_leads_and_sample_together() -> None:
    """As a 2400 with its output off in its GUARd state: 0 A within a low voltage."""
    setup = Setup(("p0", "p3"))
    setup.source.drive(1e-3, 10.0)
    setup.smu.source_current(0.0, 0.105)
    start = setup.clock.now()
    assert setup.smu.limited()
    assert setup.read() == pytest.approx(0.105 / 350.0 * 100.0)
    assert setup.smu.mean_voltage(start, setup.clock.now()) == pytest.approx(0.105)
    assert setup.source.voltage() == pytest.approx(0.105)


@pytest.mark.parametrize(("smu", "shared"), [(("p3", "p0"), -50.0), (("p0", "q3"), 25.0), (("q0", "p0"), -25.0)])
def test_a_shared_lead_carries_the_sum_whichever_way_it_is_plugged(smu: tuple[str, str], shared: float) -> None:
    setup = Setup(smu)
    setup.source.drive(1e-3, 10.0)
    setup.smu.source_current(3e-3, 10.0)
    between = [setup.wiring.circuit.present_difference((LEADS[high], LEADS[low])) for high, low in (smu, ("p0", "p3"))]
    setup.clock.sleep(0.02)
    assert setup.smu.mean_voltage(0.0, 0.02) == pytest.approx(between[0] + 3e-3 * 50.0 + 1e-3 * shared)
    assert setup.source.voltage() == pytest.approx(between[1] + 1e-3 * 50.0 + 3e-3 * shared)


def test_a_sense_terminal_on_a_lead_that_carries_current_sees_what_drops_there() -> None:
    setup = Setup(("p0", "p3"), ("p0", "p2"))
    setup.smu.sense_remotely(True)
    setup.source.drive(1e-3, 10.0)
    setup.smu.source_voltage(0.9, 1.0)
    setup.clock.sleep(0.02)
    assert setup.read() == pytest.approx(0.9 / 225.0 * 100.0)
    assert setup.smu.mean_current(0.0, 0.02) == pytest.approx(0.9 / 225.0 - 1e-3)


@pytest.mark.parametrize(("remote", "expected"), [(False, 1.0 / 350.0), (True, 1.0 / 100.0)])
def test_voltage_is_kept_where_it_is_sensed(remote: bool, expected: float) -> None:
    setup = Setup(("p0", "p3"), ("p1", "p2"))
    setup.smu.sense_remotely(remote)
    setup.smu.source_voltage(1.0, 1.0)
    setup.clock.sleep(0.02)
    assert setup.smu.mean_current(0.0, 0.02) == pytest.approx(expected, rel=1e-12)
    assert setup.smu.mean_voltage(0.0, 0.02) == pytest.approx(1.0, rel=1e-12)


def test_compliance_of_an_smu_holds_both_ways() -> None:
    setup = Setup(("p0", "p3"))
    setup.smu.source_voltage(-1.0, 1e-3)
    assert setup.smu.limited()
    setup.clock.sleep(0.02)
    assert setup.smu.mean_current(0.0, 0.02) == pytest.approx(-1e-3)
    assert setup.smu.mean_voltage(0.0, 0.02) == pytest.approx(-0.35)
    setup.smu.source_current(10e-3, 0.7)
    assert setup.smu.limited()
    start = setup.clock.now()
    setup.clock.sleep(0.02)
    assert setup.smu.mean_current(start, setup.clock.now()) == pytest.approx(2e-3)
    assert setup.smu.mean_voltage(start, setup.clock.now()) == pytest.approx(0.7)


def test_a_change_of_resistance_is_in_the_next_reading_of_a_voltage_source() -> None:
    setup = Setup(("p0", "p3"))
    setup.smu.source_voltage(1.0, 1.0)
    setup.sample.ohms = 200.0
    setup.clock.sleep(0.02)
    assert setup.smu.mean_current(0.0, 0.02) == pytest.approx(1.0 / 650.0)
    assert setup.wiring.circuit.latest.smu == pytest.approx(1.0 / 650.0)


def test_an_open_lead_of_an_smu() -> None:
    setup = Setup(("p0", OPEN))
    setup.smu.source_voltage(1.0, 1e-3)
    setup.clock.sleep(0.02)
    assert (setup.smu.mean_current(0.0, 0.02), setup.smu.mean_voltage(0.0, 0.02)) == (0.0, 1.0)
    assert not setup.smu.limited()
    setup.smu.source_current(-1e-6, 5.0)
    assert setup.smu.limited()
    assert setup.smu.mean_voltage(0.0, 0.02) == -5.0


def test_the_source_is_clamped_by_what_the_smu_adds_to_its_voltage() -> None:
    setup = Setup(("p0", "p3"))
    setup.smu.source_current(1e-3, 10.0)
    setup.source.drive(1e-3, 0.5)
    assert setup.source.in_compliance()
    assert setup.source.voltage() == pytest.approx(0.5)
    assert setup.wiring.circuit.latest.source == pytest.approx((0.5 - 0.35) / 350.0)


def test_what_was_clamped_is_known_afterwards() -> None:
    setup = Setup()
    setup.source.drive(1e-3, 0.1)
    setup.clock.sleep(1.0)
    setup.source.drive(1e-4, 0.1)
    setup.clock.sleep(1.0)
    assert not setup.source.in_compliance()
    assert setup.source.clamped_since(0.5)
    assert not setup.source.clamped_since(1.5)


def test_a_settling_current_reaches_its_value_exponentially() -> None:
    setup = Setup()
    setup.source.drive(1e-3, 10.0, settling=1e-3)
    now = setup.clock.now()
    setup.clock.sleep(2e-3)
    circuit = setup.wiring.circuit
    assert circuit.source_current(now) == 0.0
    assert circuit.source_current(now + 1e-3) == pytest.approx(1e-3 * (1 - math.exp(-1.0)))
    mean = setup.meter.mean_voltage(1, now, now + 2e-3)
    assert mean == pytest.approx(0.1 * (1 - 0.5 * (1 - math.exp(-2.0))))
    setup.source.drive(0.0, 10.0, settling=1e-3)
    setup.clock.sleep(1e-3)
    assert setup.meter.mean_voltage(1, now + 2e-3, now + 3e-3) == pytest.approx(
        circuit.source_current(now + 2e-3) * 100.0 * (1 - math.exp(-1.0))
    )


def test_a_slow_cycle_is_lived_through_step_by_step() -> None:
    setup = Setup()
    start = setup.clock.now()
    setup.source.drive_cycle([(0.25, 1e-3), (0.5, -1e-3), (0.25, 2e-3)], 10.0)
    setup.clock.sleep(2.1)
    assert setup.wiring.circuit.source_current(start + 1.3) == -1e-3
    setup.source.release()
    changes = [(time, told["p0"]) for time, told in setup.sample.told[1:]]
    assert changes == [
        (start, 1e-3), (start + 0.25, -1e-3), (start + 0.75, 2e-3), (start + 1.0, 1e-3), (start + 1.25, -1e-3),
        (start + 1.75, 2e-3), (start + 2.0, 1e-3), (start + 2.1, 0.0),
    ]  # fmt: skip


def test_a_meter_averages_a_cycle() -> None:
    setup = Setup()
    setup.source.drive_cycle([(0.01, 1e-3), (0.03, -1e-3)], 10.0)
    assert setup.read(0.08) == pytest.approx(-0.5e-3 * 100.0)


def test_a_fast_cycle_is_handed_over_as_a_whole() -> None:
    setup = Setup()
    start = setup.clock.now()
    setup.source.drive_cycle([(5e-6, 1e-3), (5e-6, 0.0)], 10.0)
    setup.clock.sleep(1.0)
    assert setup.read() == pytest.approx(0.5e-3 * 100.0)
    ((time, steps),) = setup.sample.cycles
    assert time == pytest.approx(start + FOLLOWED * 5e-6, abs=1e-9)
    assert [(duration, told["p0"]) for duration, told in steps] == [(5e-6, 1e-3), (5e-6, 0.0)]
    assert len(setup.sample.told) == 1 + FOLLOWED + 1


def test_looking_changes_nothing_of_a_cycle() -> None:
    looked_at, left_alone = Setup(), Setup()
    for setup in (looked_at, left_alone):
        setup.source.drive_cycle([(1e-3, 1e-3), (2e-3, -1e-3)], 10.0)
    for _ in range(50):
        looked_at.clock.sleep(0.7e-3)
        looked_at.source.in_compliance()
        looked_at.source.voltage()
    left_alone.clock.sleep_until(looked_at.clock.now())
    for setup in (looked_at, left_alone):
        setup.source.release()
    assert looked_at.sample.told == left_alone.sample.told


def test_a_cycle_is_clamped_step_by_step() -> None:
    setup = Setup()
    setup.source.drive_cycle([(0.1, 1e-3), (0.1, -1e-4)], 0.1)
    assert setup.source.in_compliance()
    setup.clock.sleep(0.15)
    circuit = setup.wiring.circuit
    assert circuit.source_current(0.05) == pytest.approx(0.1 / 350.0)
    assert circuit.source_current(0.15) == -1e-4


def test_a_pulse_between_two_readings_is_known_as_an_overload() -> None:
    setup = Setup()
    start = setup.clock.now()
    setup.source.drive(1e-4, 10.0)
    setup.clock.sleep(0.1)
    setup.source.drive(20e-3, 10.0)
    setup.clock.sleep(1e-3)
    setup.source.drive(1e-4, 10.0)
    setup.clock.sleep(0.05)
    now = setup.clock.now()
    assert setup.meter.overload(1, 0.012, start, now) == (pytest.approx(start + 0.101), pytest.approx(2.0))
    assert setup.meter.overload(1, 2.1, start, now) is None
    assert setup.meter.overload(1, 0.012, start + 0.11, now) is None
    assert setup.meter.overload(3, 0.012, start, now) is None


def test_a_pulse_is_known_as_an_overload_when_readings_before_saw_little() -> None:
    setup = Setup()
    setup.source.drive(1e-4, 10.0)
    setup.clock.sleep(0.1)
    now = setup.clock.now()
    assert setup.meter.mean_voltage(1, now - 0.02, now) == pytest.approx(0.01, rel=0.01)
    assert setup.meter.overload(1, 0.2, now - 0.2, now) is None
    setup.source.drive(-20e-3, 10.0)
    setup.clock.sleep(1e-3)
    setup.source.drive(1e-4, 10.0)
    setup.clock.sleep(0.05)
    after = setup.clock.now()
    assert setup.meter.overload(1, 0.2, now, after) == (pytest.approx(now + 1e-3), pytest.approx(-2.0))
    setup.clock.sleep(1.0)
    assert setup.meter.overload(1, 0.2, after, after + 1.0) is None


def test_a_step_of_a_cycle_is_known_as_an_overload_before_anybody_has_followed_it() -> None:
    setup = Setup()
    setup.source.drive(1e-4, 10.0)
    setup.clock.sleep(0.1)
    now = setup.clock.now()
    setup.meter.mean_voltage(1, now - 0.02, now)
    setup.source.drive_cycle([(0.01, 1e-4), (0.01, 20e-3)], 10.0)
    setup.clock.sleep(0.025)
    found = setup.meter.overload(1, 0.2, now, setup.clock.now())
    assert found == (pytest.approx(now + 0.02), pytest.approx(2.0))


def test_a_meter_on_the_leads_that_carry_the_current_sees_their_drop() -> None:
    setup = Setup()
    cables = Cables(("p0", "p3"), {1: ("p0", "p3")})
    wiring = Wiring(
        Timeline(setup.clock), Row(), LEADS, cables, Streams(2, 0), EmfSettings(0.0, 0.0, 0.0)
    )  # fmt: skip
    wiring.source.drive(1e-3, 10.0)
    setup.clock.sleep(0.02)
    assert wiring.meter.mean_voltage(1, 0.0, 0.02) == pytest.approx(1e-3 * (FILM + 2 * LEAD))


def test_plugged_elsewhere_the_same_current_goes_into_other_pads() -> None:
    setup = Setup()
    setup.source.drive(1e-3, 10.0)
    assert setup.sample.told[-1][1] == {"p0": 1e-3, "p3": -1e-3}
    setup.wiring.circuit.plug((LEADS["p1"], LEADS["p2"]), None, None)
    assert setup.sample.told[-1][1] == {"p1": 1e-3, "p2": -1e-3}
    setup.wiring.circuit.plug((LEADS["p3"], LEADS["p0"]), None, None)
    assert setup.sample.told[-1][1] == {"p3": 1e-3, "p0": -1e-3}


def test_what_a_sample_is_told_once_it_cannot_alter_for_the_next_time() -> None:
    injected: Any = Setup().wiring.circuit._injected(1e-3, 0.0, 0.0)
    with pytest.raises(TypeError):
        injected["p0"] = 0.0


class Looking:
    """Follows the load only by counting how often it was given the chance."""

    def __init__(self) -> None:
        self.chances = 0

    def due(self) -> float:
        self.chances += 1
        return math.inf

    def follow(self, time: float) -> None:
        del time


def test_who_follows_the_load_has_the_chance_from_when_he_comes_until_he_goes() -> None:
    setup, looking = Setup(), Looking()
    circuit = setup.wiring.circuit
    circuit.follower = looking
    _ = circuit.latest
    assert looking.chances == 1
    setup.source.drive_cycle([(1.0, 1e-3), (1.0, -1e-3)], 10.0)
    setup.source.drive(1e-3, 10.0)  # the end of a cycle is not the end of following
    before = looking.chances
    _ = circuit.latest
    assert looking.chances == before + 1
    circuit.follower = None
    _ = circuit.latest
    assert looking.chances == before + 1


def test_a_cycle_goes_on_by_itself_until_another_current_is_set() -> None:
    setup = Setup()
    circuit = setup.wiring.circuit
    setup.source.drive_cycle([(1.0, 1e-3), (1.0, -1e-3)], 10.0)
    seen: list[float] = []
    for _ in range(4):
        seen.append(circuit.latest.source)
        setup.clock.sleep(1.0)
    assert seen == [1e-3, -1e-3, 1e-3, -1e-3]
    setup.source.drive(2e-3, 10.0)
    setup.clock.sleep(1.0)
    assert circuit.latest.source == 2e-3
