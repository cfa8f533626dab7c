"""The ferrimagnetic Hall bar: what its equations demand, and what comes out of the shipped parameters."""

from __future__ import annotations

import itertools
import math
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from instruments.errors import BadValue, UnknownName
from simulators.physics.constants import BOLTZMANN
from simulators.randomness import Streams
from simulators.samples.families import build_sample, families
from simulators.samples.hall_bar import FerrimagnetHallBar
from simulators.samples.sample import Sample
from tests.simulators.samples.trajectory import Trajectory

RECORD = tomllib.loads((Path(__file__).parents[3] / "data/samples/cotb2025.toml").read_text(encoding="utf-8"))
MODEL: dict[str, Any] = RECORD["model"]
GEOMETRY = {"length": 50e-6, "width": 5e-6, "conducting_thickness": 9e-9}
PROBE = 1e-4  # A
OERSTED = 1e-4  # T


def bar(trajectory: Trajectory, seed: int = 1, **changes: Any) -> FerrimagnetHallBar:
    return FerrimagnetHallBar.from_model({**MODEL, **changes}, GEOMETRY, trajectory, Streams(seed, 0))


def hall(sample: Sample, start: float, end: float, current: float = PROBE) -> float:
    potentials = sample.mean_potentials(start, end)
    return (potentials["A"] - potentials["B"]) / current


@dataclass
class Loop:
    """One branch of a Hall loop, from positive to negative field."""

    field: NDArray[np.float64]
    resistance: NDArray[np.float64]

    @property
    def amplitude(self) -> float:
        """Half the difference of the ends, ordinary Hall effect removed."""
        slope = MODEL["ordinary_hall_coefficient"]["value"]
        y = self.resistance - slope * self.field
        return float(y[0] - y[-1]) / 2

    @property
    def coercive_field(self) -> float:
        slope = MODEL["ordinary_hall_coefficient"]["value"]
        y = self.resistance - slope * self.field
        y = y - (y[0] + y[-1]) / 2
        return -float(self.field[np.flatnonzero(y * y[0] < 0)[0]])


def down_branch(temperature: float, maximum: float = 0.5, rate: float = 50 * OERSTED, **changes: Any) -> Loop:
    trajectory = Trajectory(temperature)
    sample = bar(trajectory, **changes)
    sample.set_currents(0.0, {"source": PROBE, "drain": -PROBE})
    top = trajectory.ramp(0.0, maximum, rate)
    sample.advance(top)
    bottom = trajectory.ramp(top, -maximum, rate)
    times = np.linspace(top, bottom, 1001)
    resistance = [hall(sample, a, b) for a, b in itertools.pairwise(times.tolist())]
    field = [trajectory.field((a + b) / 2) for a, b in itertools.pairwise(times.tolist())]
    return Loop(np.array(field), np.array(resistance))


# ---- what comes out of the shipped parameters


def test_at_room_temperature_the_loop_is_positive_with_the_stated_amplitude() -> None:
    assert down_branch(300.0).amplitude == pytest.approx(0.075, abs=1e-5)


def test_below_compensation_the_loop_is_negative() -> None:
    assert down_branch(250.0).amplitude < -0.075


def test_near_compensation_half_a_tesla_switches_nothing() -> None:
    assert down_branch(275.0).amplitude == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize("temperature", [250.0, 285.0, 300.0])
def test_the_coercive_field_is_what_activation_over_the_barrier_gives(temperature: float) -> None:
    """Half of the droplets have reversed: mean over the disorder of exp(-hazard) is one half, by quadrature."""
    rate = 50 * OERSTED
    measured = down_branch(temperature, rate=rate).coercive_field
    sample = bar(Trajectory(temperature))
    moment = abs(sample.ferrimagnet.net_magnetisation(temperature + 0.025))
    kt = BOLTZMANN * (temperature + 15.0)
    drives = np.linspace(0.4, 1.6, 121)
    weight = np.exp(-0.5 * ((drives - 1) / 0.14) ** 2)
    barrier = 1700.0 * drives * BOLTZMANN * 315.0 * math.log(1e9)
    field = np.linspace(0.0, 0.3, 10_001)[1:]
    density = 1e9 * np.exp(-barrier[:, None] / (moment * field * kt)) / rate
    hazard = np.cumsum(density, axis=1) * (field[1] - field[0])
    holding = np.sum(weight[:, None] * np.exp(-np.minimum(hazard, 700.0)), axis=0) / weight.sum()
    expected = float(field[np.flatnonzero(holding < 0.5)[0]])
    # 1000 droplets of 14 % spread fix the median to 0.6 %; a reading is 1 mT wide
    assert measured == pytest.approx(expected, rel=0.02, abs=1e-3)


def test_the_amplitude_follows_the_order_of_the_transition_metal() -> None:
    order = bar(Trajectory(300.0)).ferrimagnet.transition_metal_order
    assert down_branch(250.0).amplitude == pytest.approx(-0.075 * order(250.0) / order(300.0), abs=1e-5)


def test_a_faster_sweep_switches_later() -> None:
    fields = [down_branch(300.0, 0.15, rate).coercive_field for rate in (1e-4, 1e-3, 1e-2)]
    assert fields[0] < fields[1] < fields[2]
    assert fields[1] - fields[0] == pytest.approx(fields[2] - fields[1], rel=0.5)


def test_a_fresh_sample_is_remanent_after_positive_saturation() -> None:
    for temperature, sign in ((300.0, 1.0), (250.0, -1.0)):
        assert bar(Trajectory(temperature)).magnetisation(0.0, 1.0) == sign


def test_cooling_through_compensation_in_no_field_keeps_the_state() -> None:
    trajectory = Trajectory(300.0)
    sample = bar(trajectory)
    end = trajectory.command(0.0, (1500.0, -1 / 30, 0.0))
    sample.set_currents(end, {"source": PROBE, "drain": -PROBE})
    offset = MODEL["misalignment"]["value"] * sample.resistance("source", "drain", end) / 10
    assert hall(sample, end, end + 0.1) - offset > 0.075


# ---- transport


def test_a_quiet_reading_is_the_sum_of_its_terms() -> None:
    trajectory = Trajectory(290.0, field=0.02)
    sample = bar(trajectory)
    sample.set_currents(1.0, {"source": PROBE, "drain": -PROBE})
    warm = 290.0 + 7.5e4 * PROBE**2
    sheet = 34.0 * (1 + 1.5e-3 * (warm - 300.0))
    order = sample.ferrimagnet.transition_metal_order
    expected = 0.075 * order(warm) / order(300.0) - 2.7e-3 * 0.02 + 0.005 * sheet
    assert hall(sample, 1.0, 1.02) == pytest.approx(expected, rel=1e-12)
    potentials = sample.mean_potentials(1.0, 1.02)
    assert (potentials["C"] - potentials["A"]) / PROBE == pytest.approx(4 * sheet, rel=1e-9)
    assert potentials["drain"] == 0.0
    assert sample.resistance("source", "drain", 1.01) == pytest.approx(10 * sheet)
    assert sample.temperature(1.01) == warm


def test_a_reversed_current_reverses_every_voltage() -> None:
    trajectory = Trajectory(300.0, field=0.01)
    sample = bar(trajectory)
    sample.set_currents(0.0, {"source": PROBE, "drain": -PROBE})
    sample.set_currents(1.0, {"source": -PROBE, "drain": PROBE})
    there, back = sample.mean_potentials(0.5, 1.0), sample.mean_potentials(1.0, 1.5)
    assert all(there[pad] == -back[pad] for pad in sample.pads)


def test_reciprocity_of_the_whole_sample() -> None:
    """R_ab,cd(B, n) = R_cd,ab(-B, -n) at a state with all three Hall terms.

    A law of linear response, so without the current's own warming, which differs between the two circuits.
    """

    def resistance(sign: float, current: tuple[str, str], voltage: tuple[str, str]) -> float:
        trajectory = Trajectory(300.0)
        sample = bar(trajectory, thermal_resistance=0.0)
        time = trajectory.ramp(0.0, sign * 0.3, 0.01)
        sample.set_currents(time, {current[0]: PROBE, current[1]: -PROBE})
        potentials = sample.mean_potentials(time, time + 0.1)
        return (potentials[voltage[0]] - potentials[voltage[1]]) / PROBE

    for ab, cd in ((("source", "drain"), ("A", "B")), (("source", "B"), ("C", "drain")), (("A", "C"), ("D", "drain"))):
        there = resistance(+1.0, ab, cd)
        assert there == pytest.approx(resistance(-1.0, cd, ab), rel=1e-12, abs=1e-12)
    straight, arms = ("source", "drain"), ("A", "B")
    assert resistance(+1.0, straight, arms) - resistance(+1.0, arms, straight) == pytest.approx(2 * 0.0742, abs=1e-4)


def test_a_large_current_warms_the_film_and_lowers_its_coercive_field() -> None:
    trajectory = Trajectory(300.0)
    sample = bar(trajectory, slow_heating=[])
    sample.set_currents(0.0, {"source": 0.02, "drain": -0.02})
    assert sample.temperature(0.5) == pytest.approx(330.0)
    top = trajectory.ramp(0.0, -0.06, 0.005)
    cold = bar(trajectory)
    assert sample.magnetisation(top, top) < -0.9 < 0.5 < cold.magnetisation(top, top)
    sample.set_currents(top, {})
    assert sample.temperature(top + 1e-9) == trajectory.sample_temperature(top)


def test_a_current_that_begins_during_a_ramp_acts_at_once() -> None:
    trajectory = Trajectory(300.0)
    sample = bar(trajectory, slow_heating=[])
    trajectory.ramp(0.0, -0.1, 0.005)
    sample.set_currents(11.0, {"source": 0.02, "drain": -0.02})  # at 55 mT
    assert sample.magnetisation(11.0, 11.0) > 0.7
    assert sample.magnetisation(11.001, 11.001) < -0.5
    sample.set_currents(11.01, {})
    left = sample.magnetisation(11.01, 11.01)
    assert sample.magnetisation(11.2, 11.2) == left  # cold again, and all that 56 mT could move has moved


def test_the_mean_over_a_window_is_the_mean_of_its_parts() -> None:
    trajectory = Trajectory(300.0)
    sample = bar(trajectory)
    sample.set_currents(0.0, {"source": PROBE, "drain": -PROBE})
    trajectory.command(0.0, (14.0, 0.0, -0.005), (3.0, 0.0, 0.02), (20.0, 0.0, -0.01))
    for start, end in ((12.0, 20.0), (13.5, 14.5), (16.0, 26.0), (24.9, 24.92)):
        sample.advance(end)
        edges = np.linspace(start, end, 41).tolist()
        parts = [hall(sample, a, b) for a, b in itertools.pairwise(edges)]
        assert hall(sample, start, end) == pytest.approx(float(np.mean(parts)), abs=1e-9)
    assert -1 < sample.magnetisation(26.0, 26.0) < 1


def test_looking_often_changes_no_reading() -> None:
    def final(looks: int) -> float:
        trajectory = Trajectory(300.0)
        sample = bar(trajectory)
        sample.set_currents(0.0, {"source": PROBE, "drain": -PROBE})
        time = trajectory.command(0.0, (15.0, 0.05, -0.0047), (5.0, -0.1, 0.0), (30.0, 0.0, 0.0))
        for moment in np.linspace(0.0, time, looks + 1)[1:].tolist():
            sample.mean_potentials(moment - 1e-3, moment)
        return hall(sample, time - 1.0, time)

    readings = {final(looks) for looks in (0, 1, 20, 2000)}
    assert len(readings) == 1


def test_seeds_give_the_same_bytes_and_other_seeds_others() -> None:
    def state(seed: int) -> bytes:
        trajectory = Trajectory(300.0)
        sample = bar(trajectory, seed)
        time = trajectory.ramp(0.0, -0.07, 0.005)
        sample.advance(time + 10.0)
        sample.hysterons.finish(time + 10.0)
        return sample.hysterons.states.tobytes()

    assert state(1) == state(1) != state(2)


def test_propagating_walls_make_a_square_loop() -> None:
    square = down_branch(300.0, propagation_drive=400.0)
    assert np.sum(np.abs(square.resistance - np.median(square.resistance[:50])) > 0.01) > 0
    middle = np.abs(square.resistance - (square.resistance[0] + square.resistance[-1]) / 2) < 0.06
    assert np.sum(middle) <= 1


# ---- what is refused


def test_wrong_questions_are_answered_in_a_sentence() -> None:
    sample = bar(Trajectory(300.0))
    sample.set_currents(1.0, {"source": PROBE, "drain": -PROBE})
    sample.set_currents(2.0, {})
    with pytest.raises(BadValue, match=r"change at 1\.0 s in between"):
        sample.mean_potentials(0.5, 1.5)
    with pytest.raises(BadValue, match=r"sample is at 2\.0 s already"):
        sample.set_currents(1.5, {})
    with pytest.raises(BadValue, match="do not add up to zero"):
        sample.set_currents(3.0, {"source": PROBE})
    with pytest.raises(BadValue, match="do not add up to zero"):
        sample.set_currents(3.0, {"source": math.nan, "drain": 0.0})
    with pytest.raises(UnknownName, match="no pad 'E'"):
        sample.set_currents(3.0, {"E": 0.0})
    with pytest.raises(UnknownName, match="no pad 'E'"):
        sample.resistance("A", "E", 3.0)


def test_currents_of_the_past_are_remembered_through_many_changes() -> None:
    sample = bar(Trajectory(300.0))
    for k in range(3000):
        sign = 1 if k % 2 else -1
        sample.set_currents(0.02 * k, {"source": sign * PROBE, "drain": -sign * PROBE})
    assert sample.mean_potentials(50.001, 50.019)["source"] == pytest.approx(-0.034, rel=0.01)
    assert sample.mean_potentials(50.021, 50.039)["source"] == pytest.approx(+0.034, rel=0.01)
    with pytest.raises(BadValue, match=r"currents at 1\.5 s were asked for; they are known from"):
        sample.temperature(1.5)


def test_impossible_parameters_are_refused() -> None:
    trajectory = Trajectory(300.0)
    with pytest.raises(BadValue, match=r"hall_positions are 7 and 3 squares .* bar of 10 squares"):
        bar(trajectory, hall_positions=[7.0, 3.0])
    with pytest.raises(BadValue, match=r"reference_temperature is 800\.0 K"):
        bar(trajectory, reference_temperature=800.0)
    with pytest.raises(UnknownName, match="perhaps 'hysterons' is meant"):
        bar(trajectory, hysteron=5)
    with pytest.raises(BadValue, match="needs a width in m above zero"):
        FerrimagnetHallBar.from_model(MODEL, {"length": 1e-5}, trajectory, Streams(0, 0))


def test_the_family_is_found_by_its_name() -> None:
    sample = build_sample(MODEL["family"], MODEL, GEOMETRY, Trajectory(300.0), Streams(0, 0))
    assert isinstance(sample, FerrimagnetHallBar)
    assert set(sample.pads) == set(RECORD["pads"])
    assert "ferrimagnet_hall_bar" in families()
    with pytest.raises(UnknownName, match="'sheep'; there are ferrimagnet_hall_bar"):
        build_sample("sheep", MODEL, GEOMETRY, Trajectory(300.0), Streams(0, 0))


@pytest.mark.parametrize("direction", [(0.0, 0.0, 1.0), (0.0, 0.0, -1.0), (0.6, 0.8, 0.0)])
def test_the_moment_of_a_film_is_its_net_magnetisation_times_its_volume(direction: tuple[float, float, float]) -> None:
    """Along the field, of whatever sign n has then: 1 T switches it along the normal, and tilts it into the plane."""
    trajectory = Trajectory(350.0, 0.0, direction=direction)
    sample = bar(trajectory)
    there = trajectory.ramp(0.0, 1.0, 0.01)
    whole = sample.ferrimagnet.net_magnetisation(350.0) * 9e-6 * 6e-9
    sample.advance(there + 1.0)
    assert whole > 0.0
    assert sample.moment(there + 1.0, there + 2.0, 9e-6) == pytest.approx(whole, rel=1e-6)
    assert sample.moment(there + 1.0, there + 2.0, 4.5e-6) == pytest.approx(0.5 * whole, rel=1e-6)
