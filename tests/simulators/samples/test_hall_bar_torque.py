"""Currents that move the film: spin-orbit torque, heat, pulses of all widths, fields in any direction."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from instruments.clock import VirtualClock
from instruments.errors import BadValue
from simulators.accessories import RotatorSetting
from simulators.cryostat import SimulatedCryostat
from simulators.environment import NORMAL, Direction
from simulators.machines import PPMS_9T
from simulators.mounting import Mounting
from simulators.physics.constants import ELEMENTARY_CHARGE, REDUCED_PLANCK
from simulators.physics.heat_capacity import capacity_ratio
from simulators.physics.magnet import FieldApproach
from simulators.randomness import Streams
from simulators.samples.film_drive import NEGLIGIBLE_TORQUE
from simulators.samples.hall_bar import FerrimagnetHallBar
from simulators.timeline import Timeline
from tests.simulators.samples.pulsing import ALONG, GEOMETRY, LARGE, MODEL, READ, Bench, bar, in_plane, root
from tests.simulators.samples.trajectory import Trajectory

# ---- which way


@pytest.mark.parametrize(("current", "field"), [*itertools.product((LARGE, -LARGE), (0.025, -0.025))])
def test_the_sign_of_current_times_field_fixes_the_final_state(current: float, field: float) -> None:
    bench = Bench(in_plane(field))
    bench.pulse(-current, 1e-2)
    assert bench.pulse(current, 1e-2) == math.copysign(1.0, current * field)


@pytest.mark.parametrize("direction", [ALONG, (0.0, 1.0, 0.0)])
def test_without_field_along_the_current_no_current_decides(direction: Direction) -> None:
    field = 0.0 if direction == ALONG else 0.025
    bench = Bench(bar(Trajectory(300.0, field=field, direction=direction)))
    after = {sign: np.mean([bench.pulse(sign * LARGE, 1e-2) > 0.0 for _ in range(20)]) for sign in (1, -1)}
    assert after[1] - after[-1] == 0.0


def test_a_negative_efficiency_turns_it_around() -> None:
    bench = Bench(in_plane(spin_torque_efficiency=-0.1))
    assert bench.pulse(LARGE, 1e-2) == -1.0


@pytest.mark.parametrize(("walls", "below"), [("sublattice", 1.0), ("net moment", -1.0)])
def test_what_aligns_the_walls_decides_whether_compensation_turns_it_around(walls: str, below: float) -> None:
    for temperature, favoured in ((320.0, 1.0), (200.0, below)):
        bench = Bench(bar(Trajectory(temperature, 0.2, direction=ALONG), walls_aligned_by=walls))
        bench.pulse(-LARGE, 0.1)
        assert bench.pulse(LARGE, 0.1) == favoured


def test_walls_pulled_by_the_net_moment_feel_no_field_at_compensation() -> None:
    """At 300 K both are the same; at compensation no current decides, however large the field."""
    same = [
        Bench(in_plane(walls_aligned_by=walls, thermal_resistance=0.0, slow_heating=[])).pulse(-12e-3, 1e-2)
        for walls in ("sublattice", "net moment")
    ]
    assert same[0] == pytest.approx(same[1], abs=0.01)
    trajectory = Trajectory(275.0, 0.025, direction=ALONG)
    sample = bar(trajectory, walls_aligned_by="net moment", thermal_resistance=0.0, slow_heating=[])
    assert Bench(sample).pulse(-LARGE, 0.1) == 1.0
    assert Bench(bar(trajectory, thermal_resistance=0.0, slow_heating=[])).pulse(-LARGE, 0.1) == -1.0


# ---- how strongly


def drive(current: float, field: float = 0.025) -> float:
    """J/m3, from the equations."""
    dampinglike = REDUCED_PLANCK * 0.1 * current / (5e-6 * 9e-9) / (2 * ELEMENTARY_CHARGE * 6e-9)
    return math.pi / 2 * dampinglike * field / math.hypot(field, 6e-3)


def holding(current: float, width: float) -> float:
    """Part of the film that a pulse leaves, by quadrature over the disorder; no slow warming."""
    warm = 315.0 + 7.5e4 * current**2
    spread = np.linspace(0.3, 1.7, 2001)
    weight = np.exp(-0.5 * ((spread - 1.0) / 0.14) ** 2)
    exponent = 1700.0 * spread * 315.0 * math.log(1e9) / (drive(current) * warm)
    return float(np.sum(weight * np.exp(-width * 1e9 * np.exp(-exponent))) / np.sum(weight))


def half_current(width: float) -> float:
    """A, half of the film reversed."""
    return root(lambda current: holding(current, width) - 0.5, 2e-3, 40e-3, 1e-7)


def test_the_torque_at_full_current_is_that_of_the_textbook() -> None:
    assert drive(LARGE) / (math.pi / 2 * 0.025 / math.hypot(0.025, 6e-3)) == pytest.approx(2438.0, rel=1e-3)
    sample = in_plane()
    assert sample._torque * LARGE == pytest.approx(drive(LARGE) / (0.025 / math.hypot(0.025, 6e-3)))


@pytest.mark.parametrize("width", [1e-5, 1e-4, 1e-3, 1e-2, 1e-1])
def test_half_of_the_film_goes_where_the_rate_law_says(width: float) -> None:
    expected = half_current(width)
    for change, ahead in ((0.97, True), (1.03, False)):
        bench = Bench(in_plane(slow_heating=[]))
        left = bench.pulse(-change * expected, width)
        assert (left > 0.0) == ahead
    # a thousand droplets and 14 %: the median of this film is that of the law within 1 %
    bench = Bench(in_plane(slow_heating=[]))
    assert 0.5 * (1.0 + bench.pulse(-expected, width)) == pytest.approx(0.5, abs=0.06)


def test_the_half_current_falls_with_the_logarithm_of_the_width() -> None:
    """Without heat 1/I50 is linear in ln(width): the exponent is b/(D k T), and D proportional to I."""
    inverse: list[float] = []
    for width in (1e-5, 1e-4, 1e-3, 1e-2, 1e-1):

        def left(current: float, width: float = width) -> float:
            return Bench(in_plane(slow_heating=[], thermal_resistance=0.0)).pulse(-current, width)

        inverse.append(1.0 / root(left, 5e-3, 40e-3, 2e-5))
    steps = np.diff(inverse)
    assert np.all(steps > 0.0)
    assert steps == pytest.approx(np.full(4, steps.mean()), rel=0.08)
    # the exponent at half is ln(f0 width/ln 2): from it, the reach of the line at zero
    widths = np.log(1e9 * np.array([1e-5, 1e-4, 1e-3, 1e-2, 1e-1]) / math.log(2.0))
    assert inverse / widths == pytest.approx(np.full(5, np.mean(inverse / widths)), rel=0.02)


def test_a_long_pulse_switches_where_a_short_one_does_not() -> None:
    """At 13.5 mA: 10 ms in 100 of 100 trials, 50 us in none; a trial switches where more than half of the film does."""
    switched = {1e-2: 0, 50e-6: 0}
    sample = in_plane()
    bench = Bench(sample)
    for width, _ in itertools.product(switched, range(100)):
        assert bench.pulse(LARGE, 1e-2) == 1.0
        switched[width] += bench.pulse(-13.5e-3, width) < 0.0
    assert switched[1e-2] > 90
    assert switched[50e-6] < 10


def test_a_current_loop_is_that_of_the_field_and_its_levels_are_gradual() -> None:
    """+-20 mA in steps of 1 mA, 1 ms wide, at +-250 Oe: from -0.0749 to +0.0749 ohm, about a dozen levels a branch."""
    offset = MODEL["misalignment"]["value"] * 34.0
    for field in (0.025, -0.025):
        bench = Bench(in_plane(field))
        bench.pulse(-LARGE, 1e-3)
        resistance: list[float] = []
        for step in [*range(-20, 21), *range(20, -21, -1)]:
            bench.pulse(step * 1e-3, 1e-3)
            resistance.append(bench.read() - offset)
        up = resistance[:41]
        polarity = math.copysign(1.0, field)
        assert up[0] == pytest.approx(-0.0749 * polarity, abs=1e-4)
        assert up[40] == pytest.approx(+0.0749 * polarity, abs=1e-4)
        assert (up[40] - up[0]) / (2 * 0.075) == pytest.approx(0.999 * polarity, abs=1e-3)
        levels = [a for a, b in itertools.pairwise(up) if abs(b - a) > 2e-4]
        assert 6 <= len(levels) <= 14
        assert all((b - a) * polarity > -1e-6 for a, b in itertools.pairwise(up))


# ---- readings


def test_a_reading_current_moves_nothing() -> None:
    bench = Bench(in_plane())
    bench.pulse(-12.5e-3, 1e-2)  # part of the film
    before = bench.sample.hysterons.magnetisation(bench.time)
    assert -0.9 < before < 0.9
    for _ in range(100):
        bench.read()
    assert bench.sample.magnetisation(bench.time, bench.time) == before
    assert drive(READ) / 1700.0 < NEGLIGIBLE_TORQUE
    bench.sample.hysterons.finish(bench.time)
    # and were it counted: an exponent above 700 at the weakest of a thousand droplets, so no reversal in an age
    weakest = float(bench.sample.hysterons._barriers.min())
    assert weakest / (drive(READ) * 1.380649e-23 * 315.0) > 700.0


def test_a_current_below_the_bound_moves_a_coercive_field_by_less_than_the_bound() -> None:
    """Just above it, where it counts, the shift is the torque over the moment; below it would have been smaller."""
    leaning: Direction = (math.sin(0.5), 0.0, math.cos(0.5))

    def coercive(current: float) -> float:
        low, high = 0.0, 120.0
        while high - low > 1e-2:
            middle = 0.5 * (low + high)
            low, high = (middle, high) if state_on_ramp(leaning, current, middle) > 0.0 else (low, middle)
        return 1e-3 * high * leaning[2]

    plain, shifted = coercive(READ), coercive(1e-3)
    moment = in_plane().ferrimagnet.net_magnetisation(300.025)
    along = drive(1e-3, -plain * math.tan(0.5))
    assert shifted - plain == pytest.approx(along / moment, rel=0.15)
    assert coercive(1.5e-4) == plain


def state_on_ramp(direction: Direction, current: float, time: float) -> float:
    """State of a film of its own at a time of a ramp by -1 mT/s."""
    trajectory = Trajectory(300.0, direction=direction)
    sample = bar(trajectory, slow_heating=[], thermal_resistance=0.0)
    sample.set_currents(0.0, {"source": current, "drain": -current})
    trajectory.ramp(0.0, -0.12, 1e-3)
    return sample.magnetisation(time, time)


# ---- heat


def test_the_film_is_warm_at_once_and_the_chip_by_and_by() -> None:
    sample = in_plane()
    sample.set_currents(1.0, {"source": LARGE, "drain": -LARGE})
    assert sample.temperature(1.0) == pytest.approx(330.0)
    assert sample.temperature(1.0 + 1e-3) == pytest.approx(330.0 + (1 - math.exp(-1)) + 6.8 * 0.5e-3, abs=1e-3)
    assert sample.temperature(1.0 + 60.0) == pytest.approx(330.0 + 1.0 + 6.8)
    sample.set_currents(1.01, {})
    left = sample.temperature(1.01) - 300.0
    assert left == pytest.approx(1.0 + 0.034, abs=1e-3)
    assert sample.temperature(1.01 + 0.05) - 300.0 == pytest.approx(0.034, rel=0.05)
    assert sample.temperature(1.01 + 60.0) == pytest.approx(300.0, abs=1e-9)


def test_a_cold_chip_holds_no_heat() -> None:
    """The same pulse warms it by 0.03 K at 300 K, and by all that the power does in the end at 10 K, within 1 ms."""
    sample = bar(Trajectory(10.0, field=0.025, direction=ALONG))
    at_once, all_of_it = 7.5e4 * LARGE**2, (7.5e4 + 2.5e3 + 1.7e4) * LARGE**2
    sample.set_currents(1.0, {"source": LARGE, "drain": -LARGE})
    assert sample.temperature(1.0) == pytest.approx(10.0 + at_once)
    tau = 2.0 * capacity_ratio(10.0, 300.0, 645.0)
    assert 7e-4 < tau < 8e-4
    chip = 6.8 * -math.expm1(-2e-4 / tau)
    assert sample.temperature(1.0 + 2e-4) == pytest.approx(10.0 + at_once + 1.0 + chip, abs=1e-6)
    assert sample.temperature(1.01) == pytest.approx(10.0 + all_of_it, abs=1e-4)
    sample.set_currents(1.01, {})
    assert sample.temperature(1.02) == pytest.approx(10.0, abs=1e-4)
    kept = bar(Trajectory(10.0, field=0.025, direction=ALONG), debye_temperature=None)
    kept.set_currents(1.0, {"source": LARGE, "drain": -LARGE})
    assert kept.temperature(1.01) == pytest.approx(10.0 + at_once + 1.0 + 0.034, abs=1e-3)


def test_resistance_relaxes_after_a_pulse() -> None:
    bench = Bench(in_plane())
    cold = bench.sample.resistance("source", "drain", bench.time)
    bench.sample.set_currents(1.0, {"source": LARGE, "drain": -LARGE})
    bench.sample.set_currents(1.01, {"source": READ, "drain": -READ})
    seen = [
        bench.sample.mean_potentials(t, t + 1e-4)["source"] / READ / cold - 1.0 for t in (1.01, 1.011, 1.013, 1.1, 20.0)
    ]
    assert all(a > b for a, b in itertools.pairwise(seen))
    assert seen[0] == pytest.approx(1.5e-3 * 0.985, rel=0.01)  # 1 K, less what decays within the first window
    assert seen[-1] == pytest.approx(1.5e-3 * 7.5e4 * READ**2, abs=1e-8)  # the reading's own warmth
    halves = [bench.sample.mean_potentials(a, b)["source"] for a, b in ((1.01, 1.011), (1.011, 1.012), (1.01, 1.012))]
    assert halves[2] == pytest.approx(0.5 * (halves[0] + halves[1]), rel=1e-7)


def test_a_warmer_film_needs_less_current() -> None:
    left = [Bench(in_plane(thermal_resistance=r)).pulse(-11.5e-3, 1e-2) for r in (0.0, 7.5e4, 3e5)]
    assert left[0] > left[1] > left[2]


# ---- the field as a vector


@pytest.mark.parametrize("angle", [0.0, 30.0, 60.0])
def test_the_coercive_field_grows_with_one_over_the_cosine(angle: float) -> None:
    theta = math.radians(angle)
    trajectory = Trajectory(300.0, direction=(0.0, math.sin(theta), math.cos(theta)))
    upright = Trajectory(300.0)
    rate = 5e-3
    one, other = bar(trajectory), bar(upright)
    trajectory.ramp(0.0, -0.3, rate / math.cos(theta))
    upright.ramp(0.0, -0.3, rate)
    for time in np.linspace(8.0, 20.0, 25).tolist():  # the same normal field at the same time
        assert one.magnetisation(time, time) == pytest.approx(other.magnetisation(time, time), abs=1e-9)
    assert other.magnetisation(20.0, 20.0) < 0.0


def test_a_field_in_the_plane_lowers_the_reading_by_the_cosine_of_the_tilt() -> None:
    for field in (0.0, 0.1, 0.3):
        bench = Bench(in_plane(field))
        offset = MODEL["misalignment"]["value"] * 34.0
        assert bench.read() - offset == pytest.approx(0.075 * math.sqrt(1 - (field / 0.5) ** 2), rel=2e-4)


def test_beyond_the_anisotropy_field_the_film_follows_the_field() -> None:
    """R_A H_z/(H - H_k) for a field nearly in the plane: what an alignment is read from."""
    signal = [
        Bench(bar(Trajectory(300.0, field=1.0, direction=(math.cos(t), 0.0, math.sin(t))))).read()
        for t in (0.01, -0.01)
    ]
    assert signal[0] - signal[1] == pytest.approx(2 * (0.075 * 0.01 * 1.0 / (1.0 - 0.5) - 2.7e-3 * 0.01), rel=0.02)


def cryostat(mounting: Mounting) -> tuple[VirtualClock, SimulatedCryostat]:
    clock, streams = VirtualClock(), Streams(3, 0)
    made = SimulatedCryostat(
        Timeline(clock), PPMS_9T, streams.noise("thermometer reading"), streams.noise("field reading")
    )
    made.mount(mounting)
    return clock, made


def turned(looks: int) -> tuple[float, bytes]:
    """A film that is turned through a field while it is looked at."""
    clock, machine = cryostat(Mounting(axis="across current"))
    sample = bar(machine)
    machine.set_field(0.1, 0.01, FieldApproach.LINEAR)
    clock.sleep(60.0)
    for angle in (140.0, 130.0, 200.0):
        machine.move(RotatorSetting(angle, 0, 3))
        for _ in range(looks):
            clock.sleep(20.0 / looks)
            sample.magnetisation(clock.now() - 1e-3, clock.now())
        if not looks:
            clock.sleep(20.0)
    clock.sleep_until(150.0)
    sample.advance(150.0)
    sample.hysterons.finish(150.0)
    return sample.hysterons.magnetisation(150.0), sample.hysterons.states.tobytes()


def test_a_rotation_reverses_the_film_and_nobody_who_looks_changes_it() -> None:
    alone = turned(0)
    assert alone[0] < -0.9
    assert turned(1) == alone
    assert turned(300) == alone


def test_turning_the_sample_by_180_degrees_reverses_the_field() -> None:
    clock, machine = cryostat(Mounting(axis="across current"))
    assert machine.piece(0.0).direction == NORMAL
    machine.move(RotatorSetting(180.0, 0, 0))
    clock.sleep(30.0)
    assert machine.piece(clock.now()).direction == (0.0, 0.0, -1.0)


# ---- what is refused


def test_what_a_torque_needs_is_asked_for() -> None:
    with pytest.raises(BadValue, match=r"lacks magnetic_thickness or chirality_field"):
        FerrimagnetHallBar.from_model(
            {k: v for k, v in MODEL.items() if k != "chirality_field"}, GEOMETRY, Trajectory(), Streams(1, 0)
        )
    with pytest.raises(BadValue, match="needs a conducting_thickness in m above zero"):
        FerrimagnetHallBar.from_model(MODEL, {"length": 5e-5, "width": 5e-6}, Trajectory(), Streams(1, 0))
    with pytest.raises(BadValue, match=r"slow_heating has the pole \[1 K/A2, 0 s\]"):
        in_plane(slow_heating=[[1.0, 0.0]])
    with pytest.raises(BadValue, match="no net moment is left"):
        in_plane(compensation_temperature=300.0)


def test_a_model_without_torque_is_as_it_was() -> None:
    left_out = {
        "spin_torque_efficiency", "field_like_efficiency", "magnetic_thickness", "chirality_field", "anisotropy_field",
        "slow_heating",
    }  # fmt: skip
    model = {name: value for name, value in MODEL.items() if name not in left_out}
    sample = FerrimagnetHallBar.from_model(
        model, {"length": 5e-5, "width": 5e-6}, Trajectory(300.0, 0.2, direction=ALONG), Streams(1, 0)
    )
    bench = Bench(sample)
    assert bench.pulse(-LARGE, 1.0) == 1.0
    assert bench.read() == pytest.approx(0.075 + 0.17, abs=1e-3)
