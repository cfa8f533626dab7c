"""Harmonic Hall voltages on the simulated station: the fields are the film's, and what cannot be had is refused."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from instruments.errors import BadValue, LimitExceeded, UnknownName, UsageError
from labctl import limits
from labctl.analysis.effective_fields import ACROSS, ALONG
from labctl.cli.output import nothing_found
from labctl.sample import Model, SampleRecord, load_sample
from labctl.station import Station, load_station
from labctl.testing import assert_resumable
from procedures.harmonic_hall import FIRST, SET_FIELD, STATE, HarmonicHall
from procedures.harmonic_hall_rows import column, taken_for
from simulators.samples.hall_bar import FerrimagnetHallBar, HallBarParameters
from simulators.samples.model import parameters
from tests.simulated import Done, Simulate, capture_labs

TURNS = {ALONG: "across current", ACROSS: "along current"}
DEGREE = 1.0 / (360.0 * 133.7)
"""s that are one degree at the frequency of the current."""
AMPLITUDE = 1.5e-3  # A
SHORT: dict[str, Any] = {"maximum_field": "250 mT", "amplitudes": "1.5 mA", "points": 11, "reads": 2}
BEYOND = {"current": 2e-3}
"""The record allows 0.45 mA; at 1.5 mA an hour is enough for a few per cent."""


def mounted(axis: str, name: str = "cotb2025", **mounting: Any) -> SampleRecord:
    """Return a record with its mounting; nothing wears it out, which would only take the computer's time."""
    record = load_sample(name)
    assert record.model is not None
    kept = {key: value for key, value in record.model.parameters.items() if key != "lifetime"}
    turned = record.mounting.model_copy(update={"rotator_axis": TURNS[axis], **mounting})
    return record.model_copy(update={"mounting": turned, "model": Model(family=record.model.family, **kept)})


def late(delay: float) -> Station:
    station = load_station("ppms")
    return station.model_copy(update={"simulation": station.simulation.model_copy(update={"lockin_delay": delay})})


def bound(sample: SampleRecord, station: Station | None = None, **parameters: Any) -> HarmonicHall:
    procedure = HarmonicHall(**parameters)
    procedure.station, procedure.sample = station or load_station("ppms"), sample
    return procedure


class Truth:
    """What the film of a run has at an amplitude in A, by its model, as warm as the current makes it."""

    def __init__(self, done: Done, amplitude: float) -> None:
        record, film = load_sample("cotb2025"), done.lab.sample
        assert isinstance(film, FerrimagnetHallBar)
        assert record.model is not None
        model = parameters(record.model.parameters, HallBarParameters)
        warming = model.thermal_resistance + math.fsum(pole[0] for pole in model.slow_heating)
        temperature = float(column(done.rows, "Temperature (K)").mean()) + 0.5 * amplitude**2 * warming
        moment = film.ferrimagnet.net_magnetisation(temperature)
        damping, sideways = model.tilting(record.model_geometry())
        self.anisotropy = model.anisotropy() / moment
        self.damping, self.sideways = damping * amplitude / moment, sideways * amplitude / moment


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[Done, Done]:
    """A run along each axis, 2 degrees of tilt, 1 degree of phase, with the film's thermoelectric voltages."""
    with pytest.MonkeyPatch.context() as patch:
        simulate = Simulate(tmp_path_factory.mktemp("harmonic"), capture_labs(patch))
        return measure(simulate, 2, **SHORT)  # of a score of seeds one is beyond three of its uncertainties


def measure(simulate: Simulate, seed: int, **parameters: Any) -> tuple[Done, Done]:
    done: list[Done] = []
    for number, axis in enumerate((ALONG, ACROSS)):
        other = {"other_run": str(done[0].outcome.run)} if done else {}
        sample = mounted(axis, tilt=math.radians(2.0))
        procedure = HarmonicHall(**parameters, **other)
        done.append(
            simulate(procedure, station=late(DEGREE), sample=sample, seed=100 * number + seed, overrides=BEYOND)
        )
    return done[0], done[1]


def assert_found(done: Done) -> None:
    """The film's fields, and how far off they would be without the corrections."""
    truth = Truth(done, AMPLITUDE)
    assert done.value("anisotropy_field") == pytest.approx(truth.anisotropy, rel=0.03)
    allowed = max(0.05 * truth.damping, 2.0 * done.uncertainty("damping_like_field"))
    assert abs(done.value("damping_like_field") - truth.damping) < allowed
    assert done.uncertainty("damping_like_field") < 0.05 * truth.damping
    assert abs(done.value("field_like_field") - truth.sideways) < 2.0 * done.uncertainty("field_like_field")
    assert done.value("anisotropy_field_parabola") / truth.anisotropy < 0.97
    assert done.value("damping_like_field_uncorrected") / truth.damping > 1.15
    assert done.value("field_like_field_uncorrected") / truth.sideways > 1.7
    assert done.value("damping_like_field_by_slopes") / truth.damping > 1.12


def test_the_fields_are_the_films_in_spite_of_tilt_phase_and_heat(both: tuple[Done, Done]) -> None:
    assert both[1].outcome.status == "finished"
    assert_found(both[1])


def test_what_looks_like_torque_is_found_beside_it(both: tuple[Done, Done]) -> None:
    along, joined = both
    # as the record counts it, with the rotator's own error of 0.1 degrees
    assert abs(along.value("tilt") - 2.1) < 3.0 * along.uncertainty("tilt")
    assert along.uncertainty("tilt") < 0.15
    assert abs(joined.value("tilt")) < 0.4  # turned about the other axis, the same lean skews the field in the plane
    assert along.value("phase") == pytest.approx(-1.0, abs=0.01)
    assert abs(along.value("phase_leak")) < max(0.3, 3.0 * along.uncertainty("phase_leak"))
    assert joined.value("thermal_intercept") == pytest.approx(0.1, rel=0.05)
    assert abs(joined.value("thermal_slope") - 0.05) < 3.0 * joined.uncertainty("thermal_slope")
    assert joined.value("planar_hall_ratio") == pytest.approx(0.1, rel=1e-3)


def test_one_run_alone_tells_what_it_can_and_says_what_it_cannot(both: tuple[Done, Done]) -> None:
    along = both[0]
    truth = Truth(along, AMPLITUDE)
    allowed = 3.0 * along.uncertainty("damping_like_field")
    assert abs(along.value("damping_like_field") - truth.damping) < allowed
    assert along.value("field_like_field") is None
    assert "other_run" in along.outcome.results["field_like_field"]["why"]


def test_the_table_has_the_magnets_part_in_its_uncertainties(both: tuple[Done, Done]) -> None:
    for done in both:
        (entry,) = done.directory.table()
        found, of_table = done.outcome.results["anisotropy_field"], entry["anisotropy_field"]
        assert of_table["value"] == pytest.approx(found["value"])
        assert of_table["uncertainty"] == pytest.approx(found["uncertainty"])
        assert 1.5e-3 < of_table["shared"] <= of_table["uncertainty"]
        assert abs(of_table["value"] - Truth(done, AMPLITUDE).anisotropy) < 2.0 * of_table["uncertainty"]


def test_it_says_of_which_axis_a_joined_run_has_its_tilt(both: tuple[Done, Done]) -> None:
    for done, axis in zip(both, (ALONG, ACROSS), strict=True):
        for name in ("anisotropy_field", "tilt"):
            assert done.outcome.results[name]["note"].startswith(f"field {axis} the current: ")


def test_runs_of_two_temperatures_are_not_joined(both: tuple[Done, Done]) -> None:
    procedure = bound(mounted(ACROSS), **SHORT, other_run=str(both[0].outcome.run))
    rows = both[1].rows
    assert procedure.analyse(rows).number("damping_like_field") is not None
    warmer = procedure.analyse(rows.assign(**{"Temperature (K)": rows["Temperature (K)"] + 10.0}))
    assert "measure both axes at one temperature" in str(warmer["damping_like_field"].why)


def test_a_run_that_lacks_an_amplitude_is_said_to(both: tuple[Done, Done]) -> None:
    procedure = bound(mounted(ACROSS), **SHORT, other_run=str(both[0].outcome.run))
    rows = both[1].rows
    found = procedure.analyse(rows.assign(**{"Amplitude (A)": 1.4e-3}))
    assert "other_run has no whole sweeps at 1.4 mA" in str(found["field_like_field"].why)


def test_effective_values_become_amplitudes_once(both: tuple[Done, Done]) -> None:
    rows = both[0].rows
    here = taken_for(rows, FIRST) & (column(rows, SET_FIELD) == 0.0) & (column(rows, STATE) == 1.0)
    shown = float(column(rows, "X (V)")[here].mean())
    assert shown * math.sqrt(2.0) / AMPLITUDE == pytest.approx(0.17 + 0.075, rel=0.02)
    assert both[0].value("hall_resistance_in_plane") == pytest.approx(0.075, rel=2e-3)


def test_the_source_is_off_behind_it_and_the_sample_turned_back(both: tuple[Done, Done]) -> None:
    both[0].assert_source_off()
    assert both[0].lab.cryostat.field(both[0].lab.clock.now()) == pytest.approx(0.0, abs=5e-3)


@pytest.mark.endurance
@pytest.mark.parametrize("seed", [11, 12, 13])
def test_several_amplitudes_and_seeds(simulate: Simulate, seed: int) -> None:
    amplitudes = "0.75, 1.125, 1.5 mA"
    joined = measure(simulate, seed, **{**SHORT, "points": 21, "amplitudes": amplitudes})[1]
    assert_found(joined)
    assert abs(joined.value("damping_like_at_zero")) < 3.0 * joined.uncertainty("damping_like_at_zero")
    table = joined.directory.table()
    assert [entry["amplitude"]["value"] for entry in table] == [0.75e-3, 1.125e-3, 1.5e-3]
    for entry in table:
        truth = Truth(joined, entry["amplitude"]["value"])
        found = entry["damping_like_field"]
        assert abs(found["value"] - truth.damping) < 3.5 * found["uncertainty"]


@pytest.mark.endurance
def test_the_uncertainties_are_as_large_as_the_errors(simulate: Simulate) -> None:
    pulls: dict[str, list[float]] = {"damping_like_field": [], "thermal_slope": []}
    for seed in range(1, 25):
        joined = measure(simulate, seed, **SHORT)[1]
        true = {"damping_like_field": Truth(joined, AMPLITUDE).damping, "thermal_slope": 0.05}
        for name, seen in pulls.items():
            seen.append((joined.value(name) - true[name]) / joined.uncertainty(name))
    for seen in pulls.values():
        assert 0.6 < float(np.sqrt(np.mean(np.square(seen)))) < 1.6
        assert float(np.median(np.abs(seen))) < 1.1


FILMS = {"cogd2022-alox0": 0.5, "cogd2022-alox0.5": 0.42, "cogd2022-alox1": 0.33, "cogd2022-alox1.5": 0.24}


@pytest.mark.endurance
def test_the_anisotropy_field_falls_with_the_oxide_and_the_efficiency_stays(simulate: Simulate) -> None:
    """H_k of the films under oxide of different thickness, and 25 Oe per 1e7 A/cm2 of all of them."""
    found: list[float] = []
    for name, anisotropy in {**FILMS, "cogd2022": 0.16}.items():
        procedure = HarmonicHall(maximum_field=0.5 * anisotropy, points=15, amplitudes="1.12 mA")
        done = simulate(procedure, sample=name, seed=5)
        assert done.value("anisotropy_field") == pytest.approx(anisotropy, rel=0.03)
        allowed = max(0.05 * 2.5e-3, 2.0 * done.uncertainty("damping_like_efficiency"))
        assert abs(done.value("damping_like_efficiency") - 2.5e-3) < allowed
        found.append(done.value("anisotropy_field"))
    assert found == sorted(found, reverse=True)


def test_the_first_harmonics_of_a_film_that_switches_give_no_field(simulate: Simulate) -> None:
    """The film of the thickest oxide, 6 degrees out of the plane, does not keep its state."""
    sample = mounted(ALONG, "cogd2022", tilt=math.radians(6.0))
    procedure = HarmonicHall(maximum_field="80 mT", points=7, reads=2, amplitudes="0.5 mA")
    done = simulate(procedure, sample=sample)
    assert done.value("damping_like_field") is None
    assert "did not stay in one state" in done.outcome.results["damping_like_field"]["why"]


@pytest.mark.parametrize(
    ("field", "why"),
    [pytest.param("800 mT", "did not stay in one state up to 800 mT; take a maximum_field of 0.3 to 0.6 of H_k",
                  marks=pytest.mark.endurance),
     ("20 mT", "up to 20 mT the first harmonic falls too little to tell H_k")],
)  # fmt: skip
def test_a_field_beyond_or_far_below_the_anisotropy_field_tells_no_main_result(
    simulate: Simulate, field: str, why: str
) -> None:
    procedure = HarmonicHall(maximum_field=field, points=7, reads=2, amplitudes="0.2 mA")
    results = simulate(procedure, sample=mounted(ALONG)).outcome.results
    for name in HarmonicHall.main_results:
        assert results[name]["value"] is None
        assert why in results[name]["why"]
    assert why in nothing_found(HarmonicHall.main_results, results)
    if "anisotropy_field_parabola" in results:
        assert results["anisotropy_field_parabola"]["uncertainty"] > 0.0


def test_the_states_are_made_upwards_first_wherever_the_rotator_begins(simulate: Simulate) -> None:
    """The field lies in the plane at zero already; a quarter turn from there it points downwards."""
    sample = mounted(ALONG, field_from_normal=0.5 * math.pi, tilt=math.radians(2.0))
    procedure = HarmonicHall(**{**SHORT, "points": 7, "saturation": "0.25 T"})
    done = simulate(procedure, sample=sample, overrides=BEYOND)
    assert done.value("hall_resistance_in_plane") == pytest.approx(0.075, rel=1e-2)
    assert done.value("tilt") == pytest.approx(2.0, abs=0.3)
    assert done.value("damping_like_field") > 0.0


def test_what_overloads_is_read_again_with_a_larger_full_scale(simulate: Simulate) -> None:
    sample = mounted(ALONG, "cogd2022")
    small = sample.resistances.model_copy(update={"hall": 0.02, "hall_offset": 0.02})
    sample = sample.model_copy(update={"resistances": small})
    procedure = HarmonicHall(maximum_field="60 mT", points=7, reads=2, amplitudes="1 mA", saturation="0.1 T")
    done = simulate(procedure, sample=sample)
    assert any(event["event"] == "full scale" for event in done.directory.events())
    assert done.value("hall_resistance_in_plane") == pytest.approx(0.5, rel=1e-2)


def test_a_wave_in_compliance_ends_the_run(simulate: Simulate) -> None:
    sample = mounted(ALONG, "cogd2022")
    low = sample.resistances.model_copy(
        update={"two_wire": 100.0}
    )  # so that 0.2 V are thought to do; 0.26 V are needed
    procedure = HarmonicHall(maximum_field="60 mT", points=7, reads=2, amplitudes="1 mA")
    done = simulate(procedure, sample=sample.model_copy(update={"resistances": low}))
    assert done.outcome.status == "fault"
    assert "the wave was in compliance" in str(done.outcome.error)
    done.assert_source_off()


@pytest.mark.parametrize(("after", "said"), [(0, "its reference did not lock in"), (20, "reference unlocked")])
def test_a_reference_that_is_not_locked_ends_the_run(simulate: Simulate, after: int, said: str) -> None:
    def pull(run: Any) -> None:
        if run.points >= after and run.session.lab is not None:
            run.session.lab.wiring.lockin.pulsed = lambda: None

    procedure = HarmonicHall(maximum_field="60 mT", points=7, reads=2, amplitudes="1 mA")
    done = simulate(procedure, sample=mounted(ALONG, "cogd2022"), watch=pull)
    assert done.outcome.status == "fault"
    assert said in str(done.outcome.error)
    done.assert_source_off()


@pytest.mark.parametrize("every", [2, pytest.param(1, marks=pytest.mark.endurance)])
def test_a_run_that_was_cut_goes_on(every: int) -> None:
    assert assert_resumable(
        HarmonicHall, sample=mounted(ALONG, "cogd2022"), at=(33,), every=every, tolerance=2e-2, maximum_field="60 mT",
        points=7, reads=2, amplitudes="1 mA", saturation="0.2 T",
    ) >= 2  # fmt: skip


# ---- what is refused


def test_a_mounting_that_does_not_turn_is_refused() -> None:
    sample = mounted(ALONG, rotator_axis="none", field_from_normal=0.5 * math.pi)
    with pytest.raises(BadValue, match='rotator_axis = "across current" for a field along'):
        bound(sample).check()


def test_an_axis_that_the_mounting_does_not_have_is_refused() -> None:
    with pytest.raises(BadValue, match="brings the field into the plane along the current; mount it the other way"):
        bound(mounted(ALONG), axis=ACROSS).check()
    bound(mounted(ACROSS), axis=ACROSS).check()


def test_a_station_without_lock_in_is_refused() -> None:
    station = load_station("ppms")
    bare = station.model_copy(update={"cables": station.cables.model_copy(update={"lockin": None})})
    with pytest.raises(UsageError, match="has no lock-in amplifier at the Hall arms"):
        bound(mounted(ALONG), bare).check()


@pytest.mark.parametrize(
    ("parameters", "said"),
    [({"amplitudes": "1.5 mA"}, "current would be 1.5 mA"), ({"maximum_field": "10 T"}, "field would be 10 T")],
)
def test_currents_and_fields_beyond_the_limits_are_refused(parameters: dict[str, Any], said: str) -> None:
    procedure = bound(mounted(ALONG), **parameters)
    with pytest.raises(LimitExceeded, match=said):
        limits.check(procedure.demands(), procedure.station, procedure.sample)


def test_a_given_amplitude_is_refused_by_its_name_and_the_limit_on_it_not_by_a_compliance() -> None:
    procedure = bound(mounted(ALONG), amplitudes="1, 300 mA")
    limit = limits.of(procedure.station, procedure.sample).current
    with pytest.raises(LimitExceeded, match=f"amplitudes has 300 mA, above the limit of {limit.owner} on a current"):
        procedure.check()


def test_an_amplitude_stands_once() -> None:
    with pytest.raises(BadValue, match=r"amplitudes has 1 mA more than once; .*: reads says how often each field is"):
        HarmonicHall(amplitudes="1 mA, 1000 uA")


def test_a_filter_faster_than_the_wave_is_refused() -> None:
    with pytest.raises(BadValue, match="shorter than a period of 20 Hz"):
        bound(mounted(ALONG), frequency="20 Hz", time_constant="10 ms").check()


def test_hum_is_forewarned_of() -> None:
    procedure = bound(mounted(ALONG), frequency="125 Hz")
    procedure.check()
    assert "harmonic 2 is at 250 Hz" in procedure.forewarnings[0]
    quiet = bound(mounted(ALONG))
    quiet.check()
    assert quiet.forewarnings == ()


def test_another_run_has_to_be_of_the_other_axis_and_of_this_sample(
    both: tuple[Done, Done], simulate: Simulate
) -> None:
    loop = simulate(maximum_field="0.2 T", survey_rate="180 Oe/s")
    run = str(both[0].outcome.run)
    with pytest.raises(BadValue, match="whose field is along the current as in this run"):
        bound(mounted(ALONG), other_run=run).check()
    with pytest.raises(BadValue, match="both axes are of one sample"):
        bound(mounted(ACROSS, "cogd2022"), other_run=run).check()
    with pytest.raises(BadValue, match="no harmonics of a Hall voltage"):
        bound(mounted(ACROSS), other_run=str(loop.outcome.run)).check()
    with pytest.raises(UnknownName):
        bound(mounted(ACROSS), other_run="nowhere").check()
    with pytest.raises(BadValue, match=r"harmonics at 1.5 mA, but amplitudes are 0.225, 0.3375, 0.45 mA; both axes"):
        bound(mounted(ACROSS), other_run=run).check()
    station, sample = limits.relieved(load_station("ppms"), mounted(ACROSS), BEYOND)
    bound(sample, station, other_run=run, amplitudes="1.5 mA").check()


def test_a_time_constant_that_the_filter_does_not_have_is_refused() -> None:
    with pytest.raises(
        BadValue, match="time_constant is 123 ms, which the lock-in's filter does not have; take 100 ms"
    ):
        bound(mounted(ALONG), time_constant="123 ms").check()


def test_the_amplitudes_follow_from_the_record() -> None:
    assert bound(mounted(ALONG)).currents() == pytest.approx((2.25e-4, 3.375e-4, 4.5e-4))
    assert bound(mounted(ALONG)).field_axis() == ALONG
    assert bound(mounted(ACROSS)).field_axis() == ACROSS
