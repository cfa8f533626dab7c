"""Alternating currents that are too fast to be followed: their heat, their torque, and what a meter makes of them."""

from __future__ import annotations

import numpy as np
import pytest

from instruments.errors import BadValue, UsageError
from simulators.samples.sample import Sample
from tests.simulators.samples.pulsing import bar, in_plane
from tests.simulators.samples.trajectory import Trajectory


def steps(*currents: float, duration: float = 1e-5) -> list[tuple[float, dict[str, float]]]:
    return [(duration, {"source": current, "drain": -current}) for current in currents]


def test_a_cycle_warms_by_the_mean_square() -> None:
    sample = in_plane()
    sample.set_cycle(1.0, steps(10e-3, -10e-3))
    assert sample.temperature(1.0) == pytest.approx(307.5)
    assert sample.temperature(61.0) == pytest.approx(307.5 + 2.5e3 * 1e-4 + 1.7e4 * 1e-4)


def test_a_cycle_of_one_step_is_a_steady_current() -> None:
    one, other = in_plane(), in_plane()
    one.set_cycle(1.0, steps(-12.5e-3))
    other.set_currents(1.0, {"source": -12.5e-3, "drain": 12.5e-3})
    assert one.mean_potentials(1.0, 1.01) == pytest.approx(other.mean_potentials(1.0, 1.01), rel=1e-12)
    assert one.magnetisation(1.01, 1.01) == other.magnetisation(1.01, 1.01)


def test_a_cycle_reads_as_the_average_of_its_steps_whole_and_partial() -> None:
    sample = in_plane(slow_heating=[])
    currents = (3e-3, -1e-3)
    sample.set_cycle(1.0, steps(*currents))
    apart: list[float] = []
    for current in currents:
        steady = in_plane(slow_heating=[])
        steady.set_currents(1.0, {"source": current, "drain": -current})
        apart.append(steady.mean_potentials(1.0, 1.001)["A"])
    # the tilt is that at the mean film temperature, which is worth 2e-8
    assert sample.mean_potentials(1.0, 1.0 + 2e-4)["A"] == pytest.approx(0.5 * sum(apart), rel=1e-7)
    partial = sample.mean_potentials(1.0, 1.0 + 1e-5 * 5)["A"]  # three of one, two of the other
    assert partial == pytest.approx(0.6 * apart[0] + 0.4 * apart[1], rel=1e-6)
    assert sample.mean_potentials(1.0 + 1.5e-5, 1.0 + 1.5e-5)["A"] == pytest.approx(apart[1], rel=1e-6)


def test_an_alternating_current_rectifies_where_resistance_follows_the_heat() -> None:
    """<I R(I)> of an asymmetric cycle without mean current: (I1 I1^2 w1 + I2 I2^2 w2) R a R_th."""
    sample = in_plane(slow_heating=[])
    sample.set_cycle(1.0, [(1e-5, {"source": 10e-3, "drain": -10e-3}), (2e-5, {"source": -5e-3, "drain": 5e-3})])
    mean_cube = (1e-6 - 2 * 1.25e-7) / 3
    expected = 340.0 * 1.5e-3 * 7.5e4 * mean_cube
    seen = sample.mean_potentials(1.0, 1.003)["source"]
    assert seen == pytest.approx(expected, rel=1e-3)


def test_a_lopsided_cycle_switches_one_way_and_an_even_one_mixes() -> None:
    lopsided = in_plane()
    lopsided.set_cycle(1.0, steps(-16e-3, 8e-3))
    assert lopsided.magnetisation(1.1, 1.1) == pytest.approx(-1.0, abs=0.01)
    even = in_plane()
    even.set_cycle(1.0, steps(-16e-3, 16e-3))
    assert even.magnetisation(3.0, 3.0) == pytest.approx(0.0, abs=0.1)  # a thousand coins: 0.03
    even.set_currents(3.0, {})
    assert even.magnetisation(3.0, 3.0) == even.magnetisation(9.0, 9.0)


def test_a_fast_cycle_is_the_limit_of_one_that_is_followed() -> None:
    followed, averaged = in_plane(slow_heating=[]), in_plane(seed=2, slow_heating=[])
    averaged.set_cycle(1.0, steps(-11e-3, 4e-3, duration=1e-4))
    for cycle in range(50):
        for k, current in enumerate((-11e-3, 4e-3)):
            followed.set_currents(1.0 + 2e-4 * cycle + 1e-4 * k, {"source": current, "drain": -current})
    end = 1.0 + 2e-4 * 50
    assert averaged.magnetisation(end, end) == pytest.approx(followed.magnetisation(end, end), abs=0.05)
    assert -0.9 < averaged.magnetisation(end, end) < 0.9


@pytest.mark.parametrize("looks", [1, 50])
def test_looking_at_a_cycle_changes_nothing(looks: int) -> None:
    def final(count: int) -> tuple[float, bytes]:
        trajectory = Trajectory(300.0, field=0.02, direction=(0.8, 0.0, 0.6))
        sample = bar(trajectory)
        trajectory.command(0.5, (3.0, 0.02, 0.01))
        sample.set_cycle(1.0, steps(-13e-3, 13e-3, 2e-3))
        for time in np.linspace(1.0, 3.0, count + 1)[1:].tolist():
            sample.mean_potentials(time - 1e-4, time)
        sample.set_currents(3.0, {})
        state = sample.magnetisation(4.0, 4.0)
        sample.hysterons.finish(4.0)
        return state, sample.hysterons.states.tobytes()

    assert final(looks) == final(0)


def test_a_cycle_without_duration_is_refused() -> None:
    sample = in_plane()
    with pytest.raises(BadValue, match="has no steps"):
        sample.set_cycle(1.0, [])
    with pytest.raises(BadValue, match="a step of 0 s"):
        sample.set_cycle(1.0, steps(1e-3, duration=0.0))
    with pytest.raises(BadValue, match="do not add up to zero"):
        sample.set_cycle(1.0, [(1e-3, {"source": 1e-3})])
    sample.set_currents(2.0, {})
    with pytest.raises(BadValue, match=r"sample is at 2\.0 s already"):
        sample.set_cycle(1.0, steps(1e-3))


def test_a_sample_that_knows_no_fast_currents_says_so() -> None:
    with pytest.raises(UsageError, match="FerrimagnetHallBar knows no currents that change too fast"):
        Sample.set_cycle(in_plane(), 1.0, steps(1e-3))
