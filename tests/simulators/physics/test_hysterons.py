"""Droplets against independent calculations of thermal activation."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from instruments.errors import BadValue
from simulators.physics.constants import BOLTZMANN
from simulators.physics.hysterons import Hysterons, Steps
from simulators.physics.ramp import Calm, Ramp, Stretch

ATTEMPTS = 1e9
ROOM = 300.0
KT = BOLTZMANN * ROOM
SECOND = math.log(ATTEMPTS)  # exponent at which a droplet holds for a second
MOMENT = 3e4  # A/m
FIELD = 0.05  # T at which a droplet of mean barrier holds for a second
BARRIER = FIELD * MOMENT * KT * SECOND


def barriers(count: int, spread: float = 0.1, seed: int = 0) -> NDArray[np.float64]:
    return BARRIER * (1.0 + spread * np.random.default_rng(seed).standard_normal(count))


def film(values: NDArray[np.float64], seed: int | None = 1, **more: object) -> Hysterons:
    clocks = None if seed is None else np.random.default_rng(seed)
    return Hysterons(values, attempt_rate=ATTEMPTS, athermal_temperature=0.0, clocks=clocks, **more)  # pyright: ignore[reportArgumentType]  # options by name


def live(hysterons: Hysterons, stretch: Stretch) -> float:
    for part in stretch.one_signed():
        hysterons.begin(part)
        hysterons.finish(part.end)
    return hysterons.magnetisation(stretch.end)


def sweep(hysterons: Hysterons, fields: list[float], rate: float, start: float = 0.0) -> list[float]:
    """Ramp from field to field at `rate` T/s; returns the mean state at each."""
    out: list[float] = []
    for a, b in itertools.pairwise(fields):
        end = start + abs(b - a) / rate
        slope = math.copysign(rate, b - a)
        out.append(live(hysterons, Stretch(start, end, ROOM, MOMENT * a, MOMENT * slope)))
        start = end
    return out


def coercive_field(hysterons: Hysterons, rate: float, limit: float = 0.3) -> float:
    """Field in T at which half of a saturated film has reversed on a ramp from zero."""
    end = limit / rate
    hysterons.begin(Stretch(0.0, end, ROOM, 0.0, -MOMENT * rate))
    low, high = 0.0, end
    while high - low > 1e-9 * end:
        middle = 0.5 * (low + high)
        low, high = (middle, high) if hysterons.magnetisation(middle) > 0 else (low, middle)
    return rate * high


# ---- calm


def history(
    seed: int, propagation: NDArray[np.float64] | None, calm: bool, monkeypatch: pytest.MonkeyPatch
) -> list[object]:
    """Live through weak and strong ramps, cut and looked at at random; `calm` may be forbidden."""
    hysterons = film(barriers(200, seed=3), seed=seed, propagation=propagation)
    chance, time, found = np.random.default_rng(seed), 0.0, list[object]()
    with monkeypatch.context() as patch:
        if not calm:
            patch.setattr(Calm, "lasts", lambda *_: False)
        for _ in range(150):
            size = 10.0 ** chance.uniform(-3.0, 0.0) * FIELD * MOMENT * (1.0 if chance.random() < 0.5 else -1.0)
            slope = chance.choice([0.0, 0.0, 0.02, -0.02]) * size
            end = math.inf if slope == 0.0 and chance.random() < 0.3 else time + chance.uniform(0.1, 20.0)
            stretch = Stretch(time, end, ROOM + chance.integers(3), size, slope)
            until = min(end, time + chance.uniform(0.1, 20.0))
            for cut in (*np.sort(chance.uniform(time, until, chance.integers(4))).tolist(), until):
                hysterons.begin(replace(stretch, start=time, drive=size + slope * (time - stretch.start)))
                if chance.random() < 0.5:
                    found.append(hysterons.mean_magnetisation(time, 0.5 * (time + cut)))
                found.append(hysterons.magnetisation(cut))
                hysterons.finish(cut)
                assert hysterons._shortest in (None, hysterons._clock.min())
                time = cut
    return [*found, *hysterons._clock.tolist()]


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("walls", [False, True])
def test_a_ramp_that_nobody_notices_need_not_be_looked_at(
    seed: int, walls: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    propagation = np.linspace(0.3, 0.9, 200) * FIELD * MOMENT if walls else None
    looked_at = history(seed, propagation, False, monkeypatch)
    assert history(seed, propagation, True, monkeypatch) == looked_at
    assert len(set(looked_at[:-200])) > 2  # for something has happened, too


def test_a_weak_drive_is_calm_and_a_strong_one_is_not() -> None:
    hysterons = film(barriers(200))
    hysterons.begin(Stretch(0.0, 10.0, ROOM, -0.02 * FIELD * MOMENT, 0.0))
    hysterons.magnetisation(10.0)
    assert isinstance(hysterons._ramp, Calm)
    hysterons.finish(10.0)
    hysterons.begin(Stretch(10.0, 20.0, ROOM, -FIELD * MOMENT, 0.0))
    assert hysterons.magnetisation(20.0) < 1.0
    assert isinstance(hysterons._ramp, Ramp)


def test_a_clock_that_has_nearly_run_out_ends_the_calm() -> None:
    calm = Calm(Stretch(0.0, 10.0, ROOM, -0.02 * FIELD * MOMENT, 0.0), 0.5 * BARRIER / KT, ATTEMPTS, math.inf)
    assert calm.lasts(10.0, 1e-4)
    assert not calm.lasts(10.0, 1e-30)
    assert not calm.lasts(math.inf, 1e-4)


# ---- thermal activation


def test_waiting_times_under_a_constant_drive_are_exponential() -> None:
    drive = MOMENT * FIELD
    hysterons = film(np.full(4000, BARRIER))
    hysterons.begin(Stretch(5.0, math.inf, ROOM, -drive, 0.0))
    probes = np.linspace(5.0, 15.0, 4001)
    down = np.array([0.5 * (1 - hysterons.magnetisation(t)) for t in probes.tolist()])
    times = np.repeat(probes[1:], np.round(np.diff(down) * 4000).astype(int)) - 5.0
    assert times.size > 3900
    assert stats.kstest(times, "expon").pvalue > 0.01  # rate f0 exp(-ln f0) = 1 per second


def test_a_ramp_agrees_with_brute_force_hazard_integration() -> None:
    """Independent: in small field steps, each droplet reverses with the probability of its step."""
    rate, step, count = 1e-3, 2e-5, 4000
    generator = np.random.default_rng(7)
    mine, brute = [], []
    for k in range(3):
        values = barriers(count, 0.08, seed=k)
        mine.append(coercive_field(film(values, seed=100 + k), rate))
        up, field = np.ones(count, dtype=bool), 0.0
        while up.mean() > 0.5:
            field += step
            hazard = ATTEMPTS * np.exp(-values / (MOMENT * (field - step / 2) * KT)) * step / rate
            up &= generator.random(count) >= -np.expm1(-hazard)
        brute.append(field - step / 2)
    # the median of 4000 droplets, spread 8 %, scatters by 0.16 %; six of them differ by 0.13 % rms, the step by 0.04 %
    assert np.mean(mine) == pytest.approx(np.mean(brute), rel=5e-3)


def test_the_whole_distribution_of_reversals_on_a_ramp_is_right() -> None:
    """The hazard at reversal, integrated numerically, is exponentially distributed."""
    rate, count = 5e-3, 2000
    values = barriers(count)
    hysterons = film(values)
    end = 0.15 / rate
    hysterons.begin(Stretch(0.0, end, ROOM, 0.0, -MOMENT * rate))
    grid = np.linspace(0.0, end, 6001)
    hysterons.magnetisation(end)
    assert isinstance(hysterons._ramp, Ramp)
    times = np.array(hysterons._ramp.due(end))
    order = hysterons._ramp.live(end)
    assert order.size == count
    hazards: list[float] = []
    drive = MOMENT * rate * grid[1:]
    for droplet, time in zip(order.tolist(), times.tolist(), strict=True):
        density = ATTEMPTS * np.exp(-values[droplet] / (drive * KT))
        total = np.concatenate([[0.0], np.cumsum(0.5 * (density + np.concatenate([[0.0], density[:-1]])))])
        hazards.append(float(np.interp(time, grid, total * (grid[1] - grid[0]))))
    assert stats.kstest(hazards, "expon").pvalue > 0.01


def test_coercive_field_grows_with_the_logarithm_of_the_rate() -> None:
    """Hc ln(f0 tau) is constant, with tau = k T Hc^2/(B' rate) the time that the ramp spends near Hc."""
    rates = [1e-5, 1e-4, 1e-3, 1e-2, 1e-1]
    fields = [coercive_field(film(np.full(4000, BARRIER)), rate) for rate in rates]
    assert np.all(np.diff(fields) > 0)
    for rate, field in zip(rates, fields, strict=True):
        z = BARRIER / (MOMENT * field * KT)
        hazard = ATTEMPTS * field / (z * rate) * math.exp(-z) * (1 - 2 / z + 6 / z**2)
        # the median droplet reverses at hazard ln 2; 4000 clocks fix it to 2.3 %
        assert hazard == pytest.approx(math.log(2.0), rel=0.08)


def test_rising_and_falling_drives_share_one_clock() -> None:
    """Hazard adds up over stretches: three quarters of it now, the rest later."""
    drive = MOMENT * FIELD
    hysterons = film(np.array([BARRIER]), seed=None)  # the clock is 1, the rate 1 per second
    live(hysterons, Stretch(0.0, 0.75, ROOM, -drive, 0.0))
    live(hysterons, Stretch(0.75, 100.0, ROOM, +drive, 0.0))
    hysterons.begin(Stretch(100.0, math.inf, ROOM, -drive, 0.0))
    assert hysterons.magnetisation(100.2499) == 1.0
    assert hysterons.magnetisation(100.2501) == -1.0


# ---- memory


def test_return_points_with_frozen_clocks_creep_by_what_was_suffered_and_no_more() -> None:
    """Clocks of 1 make reversal deterministic: it counts how often a droplet has been brought to the same field.

    On the first visit to -45 mT a droplet has suffered H(B), the integral of its rate along the ramp; on the way back
    the same again; on the second visit 3 H(B). Nothing else may distinguish the two visits.
    """
    rate, turn = 0.01, 0.045
    values = barriers(5000, 0.15)
    first, _, again = sweep(film(values, seed=None), [0.0, -turn, 0.035, -turn], rate)
    field = np.linspace(0.0, turn, 4001)[1:]
    suffered = np.array([np.trapezoid(ATTEMPTS * np.exp(-b / (MOMENT * field * KT)), field) / rate for b in values])
    assert first == pytest.approx(1 - 2 * np.mean(suffered >= 1), abs=1e-3)
    assert again == pytest.approx(1 - 2 * np.mean(3 * suffered >= 1), abs=1e-3)


def test_return_points_are_remembered_where_thermal_activation_hardly_matters() -> None:
    """The colder, the sharper is a droplet's threshold: creep falls as 1/ln(f0 tau)."""
    cold = Hysterons(
        barriers(5000, 0.15) * 20, attempt_rate=ATTEMPTS**20, athermal_temperature=0.0, clocks=np.random.default_rng(4)
    )
    first, _, again = sweep(cold, [0.0, -0.045, 0.035, -0.045], 0.01)
    assert -0.9 < first < 0.9
    # ln 3 / ln(1e180) = 0.27 % of the field, 1.8 % of the spread: 1.2 % of the film, at the density found at 45 mT
    assert again == pytest.approx(first, abs=0.03)


def test_return_points_are_exact_where_reversal_is_athermal() -> None:
    """Walls that move at their own drive make a rate-independent film: exact return-point memory."""
    propagation = MOMENT * 0.04 * (1.0 + 0.2 * np.random.default_rng(5).standard_normal(2000))
    hysterons = film(np.full(2000, 100 * BARRIER), propagation=propagation)
    hysterons._state[:1000] = -1
    hysterons._up = 1000
    hysterons._steps = Steps(0.0, 1000)
    values = sweep(hysterons, [0.0, -0.045, 0.035, -0.045, 0.035, -0.045], 0.01)
    assert values[0] == values[2] == values[4]
    assert values[1] == values[3]
    assert -1 < values[0] < values[1] < 1


def test_decreasing_alternating_fields_demagnetise() -> None:
    hysterons = film(barriers(5000, 0.15))
    fields, amplitude = [0.0], 0.12
    while amplitude > 1e-3:
        fields.append(-math.copysign(amplitude, fields[-1]) if fields[-1] else -amplitude)
        amplitude *= 0.98
    assert abs(sweep(hysterons, fields, 0.05)[-1]) < 0.03


def test_a_saturated_film_stays_when_the_drive_agrees_with_it() -> None:
    hysterons = film(barriers(100))
    assert live(hysterons, Stretch(0.0, 1e9, ROOM, 1e5, 0.0)) == 1.0


# ---- walls


def test_the_first_nucleus_takes_the_film_where_walls_move_easily() -> None:
    count = 400
    fields = {}
    for name, propagation in (("one by one", None), ("walls", np.full(count, 0.01 * MOMENT))):
        hysterons = film(barriers(count), propagation=propagation)
        hysterons.begin(Stretch(0.0, 100.0, ROOM, 0.0, -MOMENT * 1e-3))
        hysterons.magnetisation(100.0)
        assert isinstance(hysterons._ramp, Ramp)
        times = hysterons._ramp.due(100.0)
        fields[name] = (times[0], times[-1], len(times))
    assert fields["walls"] == (fields["one by one"][0], fields["one by one"][0], count)


def test_walls_wait_for_their_own_drive() -> None:
    propagation = MOMENT * np.linspace(0.06, 0.08, 50)
    hysterons = film(np.full(50, BARRIER), seed=1, propagation=propagation)
    hysterons._barriers = BARRIER * np.concatenate([[1.0], np.full(49, 50.0)])
    hysterons.begin(Stretch(0.0, 100.0, ROOM, 0.0, -MOMENT * 1e-3))
    hysterons.magnetisation(100.0)
    assert isinstance(hysterons._ramp, Ramp)
    assert hysterons._ramp.due(100.0)[1:] == pytest.approx((propagation[1:] / MOMENT / 1e-3).tolist())


def test_a_falling_drive_moves_walls_only_at_its_beginning() -> None:
    propagation = MOMENT * np.array([0.02, 0.04, 0.06, 0.06])
    hysterons = film(np.full(4, 100 * BARRIER), propagation=propagation)
    hysterons._state[3], hysterons._up, hysterons._steps = -1, 3, Steps(0.0, 3)
    hysterons.begin(Stretch(0.0, 10.0, ROOM, -0.05 * MOMENT, 0.004 * MOMENT))
    hysterons.magnetisation(10.0)
    assert isinstance(hysterons._ramp, Ramp)
    assert hysterons._ramp.due(10.0) == [0.0, 0.0]


# ---- looking changes nothing


def test_looking_at_any_time_leaves_every_bit_as_it_was() -> None:
    generator = np.random.default_rng(11)
    stretches: list[Stretch] = []
    time, drive = 0.0, 0.0
    for _ in range(30):
        duration = float(generator.uniform(0.1, 60.0))
        rate = (float(generator.uniform(-1700.0, 1700.0)) - drive) / duration if generator.random() < 0.8 else 0.0
        stretches += Stretch(time, time + duration, 280.0 + 40 * float(generator.random()), drive, rate).one_signed()
        time, drive = time + duration, drive + rate * duration
    quiet, watched = film(barriers(300)), film(barriers(300))
    for stretch in stretches:
        quiet.begin(stretch)
        quiet.finish(stretch.end)
        watched.begin(stretch)
        for moment in np.sort(generator.uniform(stretch.start, stretch.end, 20)).tolist():
            watched.mean_magnetisation(max(moment - 1.0, stretch.start), moment)
        watched.finish(stretch.end)
    assert np.array_equal(quiet.states, watched.states)
    assert np.array_equal(quiet._clock, watched._clock)
    assert quiet._source is not None
    assert watched._source is not None
    assert quiet._source.bit_generator.state == watched._source.bit_generator.state
    assert -1 < quiet.magnetisation(time) < 1


def test_an_unforeseen_end_gives_the_same_bits_as_a_planned_one() -> None:
    """A stretch planned to last and cut short leaves what a stretch planned to be short leaves."""
    generator = np.random.default_rng(3)
    for _ in range(60):
        drive, rate = float(generator.uniform(0, 2000)), float(generator.normal(0, 100))
        cut = float(generator.uniform(0.01, 20.0))
        planned = Stretch(0.0, cut, ROOM, -drive, -rate).one_signed()[0]
        longer = Stretch(0.0, 60.0, ROOM, -drive, -rate).one_signed()[0]
        a, b = film(barriers(200)), film(barriers(200))
        a.begin(planned)
        b.begin(longer)
        for moment in np.linspace(0.0, planned.end, 5).tolist():
            assert a.magnetisation(moment) == b.magnetisation(moment)
        a.finish(planned.end)
        b.finish(planned.end)
        assert np.array_equal(a.states, b.states)
        assert np.array_equal(a._clock, b._clock)
        assert a.magnetisation(planned.end) == b.magnetisation(planned.end)


def test_a_stretch_of_no_length_never_was() -> None:
    drive = -MOMENT * 0.05
    propagation = np.full(20, 0.01 * MOMENT)
    hysterons = film(np.full(20, BARRIER), propagation=propagation)
    hysterons._state[0], hysterons._up, hysterons._steps = -1, 19, Steps(0.0, 19)
    hysterons.begin(Stretch(1.0, 2.0, ROOM, drive, 0.0))
    assert hysterons.magnetisation(1.0) == -1.0
    hysterons.finish(1.0)
    hysterons.begin(Stretch(1.0, 2.0, ROOM, 0.0, 0.0))
    assert hysterons.magnetisation(1.5) == pytest.approx(0.9)


# ---- averages


def test_the_mean_is_that_of_the_steps() -> None:
    generator = np.random.default_rng(2)
    times = np.sort(generator.uniform(0.0, 10.0, 40))
    steps = Steps(0.0, 40)
    steps.append(times.tolist(), -2)
    for _ in range(200):
        a, b = np.sort(generator.uniform(0.0, 10.0, 2)).tolist()
        expected = 40 - 2 * np.mean(np.clip((b - times) / (b - a), 0.0, 1.0)) * 40
        assert steps.mean(a, b) == pytest.approx(expected, abs=1e-9)
    assert steps.mean(times[3], times[3]) == steps.at(times[3]) == 32
    assert steps.mean(0.0, times[0]) == 40


def test_what_is_forgotten_cannot_be_asked_for() -> None:
    hysterons = film(barriers(10))
    hysterons.begin(Stretch(0.0, 100.0, ROOM, 1.0, 0.0))
    hysterons.finish(100.0)
    hysterons.begin(Stretch(100.0, 200.0, ROOM, 1.0, 0.0))
    assert hysterons.mean_magnetisation(90.0, 110.0) == 1.0
    with pytest.raises(BadValue, match="remembered from 90"):
        hysterons.mean_magnetisation(89.0, 110.0)
    with pytest.raises(BadValue, match="ends after it begins"):
        hysterons.mean_magnetisation(110.0, 100.0)


def test_the_mean_reaches_back_over_stretches() -> None:
    drive = MOMENT * FIELD
    hysterons = film(np.array([BARRIER]), seed=None)
    live(hysterons, Stretch(0.0, 4.0, ROOM, -drive, 0.0))  # reverses at 1 s
    hysterons.begin(Stretch(4.0, 6.0, ROOM, drive, 0.0))  # and back at 5 s
    assert hysterons.mean_magnetisation(0.0, 6.0) == pytest.approx((1 - 4 + 1) / 6, abs=1e-9)


def test_a_stretch_is_cut_where_the_drive_vanishes() -> None:
    first, second = Stretch(1.0, 5.0, ROOM, -10.0, 5.0).one_signed()
    assert (first.end, second.start, second.drive, second.rate) == (3.0, 3.0, 0.0, 5.0)
    for whole in (Stretch(0, 1, ROOM, 1.0, 5.0), Stretch(0, 1, ROOM, -1.0, 0.5), Stretch(0, 1, ROOM, 0.0, -1.0)):
        assert whole.one_signed() == [whole]


def test_films_without_barriers_are_refused() -> None:
    with pytest.raises(BadValue, match="positive"):
        film(np.array([1.0, -1.0]))
    with pytest.raises(BadValue, match="at least one"):
        film(np.array([]))


# ---- one ramp, however it is cut


@pytest.mark.parametrize("walls", [False, True])
def test_a_ramp_taken_in_steps_is_the_ramp_taken_at_once(walls: bool) -> None:
    """The very same droplets reverse at the very same moments, out and back, whether it is cut and looked at or not."""
    propagation = MOMENT * np.linspace(0.04, 0.08, 300) if walls else None
    whole, cut = (film(barriers(300), propagation=propagation) for _ in range(2))
    turn, rate = 20.0, 4e-3 * MOMENT
    for start, drive, slope in ((0.0, 0.0, -rate), (turn, -turn * rate, rate), (2 * turn, 0.0, rate)):
        end = start + turn
        whole.begin(Stretch(start, end, ROOM, drive, slope))
        moments = np.sort(np.random.default_rng(5).uniform(start, end, 150)).tolist()
        for a, b in itertools.pairwise([start, *moments, end]):
            cut.begin(Stretch(a, b, ROOM, drive + slope * (a - start), slope))
            assert cut.magnetisation(b) == whole.magnetisation(b)
            cut.finish(b)
        whole.finish(end)
        assert np.array_equal(cut.states, whole.states)
    whole.begin(Stretch(60.0, 61.0, ROOM, 0.0, 0.0))
    cut.begin(Stretch(60.0, 61.0, ROOM, 0.0, 0.0))
    assert np.array_equal(cut._clock, whole._clock)
    assert np.count_nonzero(whole.states == 1) > 0


def test_another_temperature_or_rate_is_another_ramp() -> None:
    """What was suffered at one temperature counts for the next: half the clock here, the other half there."""
    b = BARRIER / KT
    drive = b / SECOND  # one reversal a second
    hysterons = film(np.full(1, BARRIER), seed=None)
    hysterons.begin(Stretch(0.0, 0.5, ROOM, -drive, 0.0))
    hysterons.finish(0.5)
    hysterons.begin(Stretch(0.5, 9.0, ROOM + 1.0, -drive, 0.0))
    faster = math.exp(b / drive * (1.0 - ROOM / (ROOM + 1.0)))
    assert hysterons.magnetisation(0.5 + 0.4999 / faster) == 1.0
    assert hysterons.magnetisation(0.5 + 0.5001 / faster) == -1.0
