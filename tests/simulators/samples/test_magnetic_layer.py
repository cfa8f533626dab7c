"""One layer of a junction: what its equations demand of switching, tilt, its parts, and its moment."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy.stats import norm

from simulators.environment import NORMAL, Direction
from simulators.physics.constants import BOLTZMANN
from simulators.randomness import Streams
from simulators.samples.magnetic_layer import CLASSES, LayerLaw, MagneticLayer, shifts
from tests.simulators.samples.trajectory import Trajectory

DRIVE, ATTEMPTS, TIME = 5000.0, 1e9, 10.0
MOMENT = 1e5
TEMPERATURE = 20.025


def steady(_: float) -> float:
    return MOMENT


def around_27_k(temperature: float) -> float:
    """Compensates at 27 K, with a slope of 1 kA/m per kelvin."""
    return 1e3 * (temperature - 27.0)


def law(**changes: Any) -> LayerLaw:
    """A layer that holds against `DRIVE` for ten seconds at 20 K."""
    barrier = DRIVE * BOLTZMANN * (TEMPERATURE + 15.0) * math.log(ATTEMPTS * TIME)
    made: dict[str, Any] = {
        "name": "layer", "moment": steady, "barrier": barrier, "spread": 0.05, "attempt_rate": ATTEMPTS,
        "athermal_temperature": 15.0, "count": 200, "compensation_spread": 0.0, "anisotropy_field": 2.0,
    }  # fmt: skip
    return LayerLaw(**{**made, **changes})


def layer(trajectory: Trajectory, seed: int = 1, device: int = 0, **changes: Any) -> MagneticLayer:
    return MagneticLayer(law(**changes), trajectory, Streams(seed, device), 0.0)


def tilted(degrees: float) -> Direction:
    return math.sin(math.radians(degrees)), 0.0, math.cos(math.radians(degrees))


def ups(degrees: float, share: float) -> tuple[float, float]:
    """Field in T at which the mean of n is zero, and that mean at a share of it, on the way to negative fields."""
    cosine = math.cos(math.radians(degrees))
    trajectory = Trajectory(TEMPERATURE, direction=tilted(degrees) if degrees else NORMAL)
    sample = layer(trajectory, anisotropy_field=1e6)  # which does not tilt
    trajectory.ramp(0.0, -2.0 * DRIVE / MOMENT / cosine, 1e-3 / cosine)
    times = np.arange(0.0, 100.0, 0.5)
    means = np.array([sample.directions(t, t)[1] for t in times if sample.advance(t) is None])
    crossing = float(np.interp(0.0, -means, times))
    at = share * crossing
    return trajectory.field(crossing), float(np.interp(at, times, means))


def test_it_switches_at_the_drive_over_its_moment() -> None:
    """On a ramp the median holds about as long as it takes the field to grow by 1/20, here 2.3 s, not 10 s."""
    field, _ = ups(0.0, 1.0)
    assert -field == pytest.approx(DRIVE / MOMENT, rel=0.08)
    assert -field > DRIVE / MOMENT


@pytest.mark.parametrize("degrees", [30.0, 60.0, 80.0])
def test_in_a_tilted_field_it_switches_at_one_over_the_cosine(degrees: float) -> None:
    straight, half = ups(0.0, 0.97)
    field, same = ups(degrees, 0.97)
    assert field == pytest.approx(straight / math.cos(math.radians(degrees)), rel=1e-6)
    assert same == pytest.approx(half, abs=1e-6)  # the normal part grows at the same rate: the same history


@pytest.mark.parametrize("share", [0.80, 0.87, 0.94])
def test_a_field_that_stands_reverses_more_the_longer_it_stands(share: float) -> None:
    """A barrier B lasts f0 exp(-B/(M H k (T + T0))) to the minus one, on the mean; a droplet in 4000 is counted."""
    trajectory = Trajectory(TEMPERATURE)
    sample = layer(trajectory, count=4000, compensation_spread=0.4, moment=around_27_k)
    made = law(moment=around_27_k)
    moments = np.array([around_27_k(TEMPERATURE - shift) for shift in shifts(0.4, 4000)])
    field = share * DRIVE / abs(around_27_k(TEMPERATURE))
    begun = trajectory.ramp(0.0, -field, 10.0)  # fresh, the net moment lies up and n down
    scale = np.abs(moments) * field * BOLTZMANN * (TEMPERATURE + made.athermal_temperature)
    for held in (10.0, 100.0, 1000.0):
        sample.advance(begun + held)
        barriers = made.barrier * (1.0 + made.spread * norm.ppf((np.arange(400) + 0.5) / 400))
        hazard = held * made.attempt_rate * np.exp(-barriers[:, None] / scale[None, :])
        reversed_ = float(np.mean(1.0 - np.exp(-hazard)))
        counted = 0.5 * (1.0 + sample.directions(begun + held, begun + held)[1])
        assert counted == pytest.approx(reversed_, abs=4.0 * math.sqrt(0.25 / 4000))


def test_a_field_in_the_film_plane_never_switches_it() -> None:
    trajectory = Trajectory(TEMPERATURE, direction=(1.0, 0.0, 0.0))
    sample = layer(trajectory)
    sample.advance(trajectory.ramp(0.0, 1.9, 0.01) + 1e4)
    assert sample.directions(1e4, 1e4)[1] == pytest.approx(math.sqrt(1.0 - (1.9 / 2.0) ** 2))


@pytest.mark.parametrize("field", [-1.5, 0.3, 1.0])
@pytest.mark.parametrize("moment", [MOMENT, -MOMENT])
def test_a_field_in_the_film_plane_tilts_the_net_moment(field: float, moment: float) -> None:
    """sin = H/H_k; n lies against a net moment that is negative, in the plane and along the normal."""
    trajectory = Trajectory(TEMPERATURE, field=field, direction=(1.0, 0.0, 0.0))
    sample = layer(trajectory, moment=lambda _: moment)
    along, up = sample.directions(0.0, 0.0)
    sign = math.copysign(1.0, moment)
    assert along == pytest.approx(sign * abs(field) / 2.0)  # along the field's part in the plane
    assert up == pytest.approx(sign * math.sqrt(1.0 - (field / 2.0) ** 2))


def test_a_tilted_layer_is_of_length_one_and_lies_between_normal_and_field() -> None:
    trajectory = Trajectory(TEMPERATURE, field=0.04, direction=tilted(45.0))
    along, up = layer(trajectory).directions(0.0, 0.0)
    assert math.hypot(along, up) == pytest.approx(1.0, rel=1e-9)
    assert math.degrees(math.atan2(along, up)) == pytest.approx(0.8, abs=0.05)  # 0.04 sin 45 over 2 + 0.04 cos 45


def test_half_reversed_there_is_nothing_left_of_it() -> None:
    trajectory = Trajectory(TEMPERATURE)
    sample = layer(trajectory, count=2, spread=0.4)
    trajectory.ramp(0.0, -0.2, 1e-3)
    halves = [t for t in np.arange(0.0, 200.0, 0.5) if sample.advance(t) is None and not sample.directions(t, t)[1]]
    assert len(halves) > 1
    assert sample.moment(halves[-1], halves[-1]) == 0.0


# ---- parts that compensate elsewhere


def test_parts_are_equally_likely_and_balanced() -> None:
    parts = shifts(0.7, 400)
    assert len(parts) == CLASSES
    assert sum(parts) == pytest.approx(0.0, abs=1e-12)
    assert float(np.std(parts)) == pytest.approx(0.7, rel=0.1)
    assert parts == sorted(parts)
    assert shifts(0.7, 3) == pytest.approx([-0.677, 0.0, 0.677], abs=1e-3)
    assert shifts(0.0, 400) == [0.0]


def test_around_compensation_each_part_lies_by_its_own_moment() -> None:
    """Fresh it is remanent after a positive field: the net moment of every part is up, n is up or down."""
    for temperature, wanted in ((20.025, -1.0), (27.025, 0.0), (34.025, 1.0)):
        sample = layer(Trajectory(temperature), moment=around_27_k, compensation_spread=0.7)
        assert sample.directions(0.0, 0.0) == (0.0, pytest.approx(wanted))
        moments = [around_27_k(temperature - shift) for shift in shifts(0.7, 200)]
        assert sample.moment(0.0, 0.0) == pytest.approx(float(np.mean(np.abs(moments))))


def test_parts_switch_at_their_own_fields() -> None:
    """At 29 K the moments are 2 kA/m on the mean, but of the parts from 0.9 to 3.1 kA/m."""

    def width(spread: float) -> float:
        trajectory = Trajectory(29.025)
        sample = layer(trajectory, moment=around_27_k, compensation_spread=spread)
        trajectory.ramp(0.0, -8.0, 0.02)
        times = np.arange(0.0, 400.0, 2.0)
        means = np.array([sample.directions(t, t)[1] for t in times if sample.advance(t) is None])
        low, high = (float(np.interp(-level, -means, times)) for level in (0.8, -0.8))
        return (high - low) / (0.5 * (high + low))

    assert width(0.7) > 3.0 * width(0.0)


# ---- moment


def test_its_moment_is_that_of_its_temperature_and_turns_with_it() -> None:
    trajectory = Trajectory(20.025)
    sample = layer(trajectory, moment=around_27_k)
    assert sample.moment(0.0, 0.0) == pytest.approx(around_27_k(27.0 + 6.975))  # up, whatever n is
    end = trajectory.ramp(0.0, -2.0, 0.01)
    sample.advance(end)
    assert sample.moment(end, end) == pytest.approx(-around_27_k(27.0 + 6.975))
    warm = trajectory.command(end, (10.0, 1.4, 0.0))
    assert warm == end + 10.0


def test_a_remanent_moment_changes_its_sign_where_it_is_warmed_through_compensation() -> None:
    trajectory = Trajectory(20.025)
    sample = layer(trajectory, moment=around_27_k)
    end = trajectory.command(0.0, (140.0, 0.1, 0.0))
    sample.advance(end)
    assert sample.directions(end, end) == (0.0, -1.0)
    assert sample.moment(end, end) == pytest.approx(-around_27_k(34.025), rel=1e-6)


def test_seeds_of_noise_and_device_both_count() -> None:
    def state(seed: int, device: int) -> tuple[float, ...]:
        trajectory = Trajectory(TEMPERATURE)
        sample = layer(trajectory, seed, device)
        end = trajectory.ramp(0.0, -0.052, 1e-3)
        sample.advance(end)
        return sample.directions(end - 1.0, end)

    assert state(1, 0) == state(1, 0)
    assert len({state(1, 0), state(2, 0), state(1, 1)}) == 3
