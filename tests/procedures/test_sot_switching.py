"""Current loops on the simulated station: what they find is the film's, and what they would do wrong is refused."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from instruments.errors import BadValue, LimitExceeded
from labctl import limits
from labctl.journal import Journal
from labctl.sample import SampleRecord, load_sample
from labctl.station import load_station
from labctl.testing import assert_resumable
from procedures.sot_switching import SpinOrbitSwitching
from tests.simulated import Done, Simulate
from tests.simulators.samples.pulsing import GEOMETRY, MODEL, Bench, bar
from tests.simulators.samples.trajectory import Trajectory

ONE: dict[str, Any] = {"pulse_max": "20 mA", "pulse_width": "10 ms", "order": "+", "loops": 1, "reads": 2}


def bound(sample: SampleRecord | str = "cotb2025", **parameters: Any) -> SpinOrbitSwitching:
    procedure = SpinOrbitSwitching(**{**ONE, **parameters})
    procedure.station = load_station("ppms")
    procedure.sample = load_sample(sample) if isinstance(sample, str) else sample
    return procedure


def mounted(**mounting: Any) -> SampleRecord:
    record = load_sample("cotb2025")
    return record.model_copy(update={"mounting": record.mounting.model_copy(update=mounting)})


@pytest.fixture(scope="module")
def loops(tmp_path_factory: pytest.TempPathFactory) -> Done:
    with pytest.MonkeyPatch.context() as patch:
        from tests.simulated import capture_labs

        simulate = Simulate(tmp_path_factory.mktemp("sot"), capture_labs(patch))
        return simulate(SpinOrbitSwitching(**{**ONE, "order": "+ - + 0", "loops": 2}))


def test_pulses_switch_all_that_a_field_does(loops: Done) -> None:
    assert loops.outcome.status == "finished"
    for name in ("switching_ratio", "switching_ratio_in_plane"):
        assert loops.value(name) == pytest.approx(1.0, abs=0.01)
    assert loops.value("hall_swing_field") == pytest.approx(0.15, rel=0.01)
    # the field of the loops makes the magnetisation lean
    assert loops.value("hall_swing_field_in_plane") < loops.value("hall_swing_field")


def test_the_field_decides_which_way(loops: Done) -> None:
    assert loops.value("sense") == 1.0
    assert loops.value("sense_reversed") == -1.0
    assert loops.value("sense_product") == -1.0
    assert loops.value("polarity") == 1.0
    assert abs(loops.value("hall_swing_zero_field")) < 5 * loops.uncertainty("hall_swing_zero_field")


def test_the_currents_are_those_of_the_film_alone(loops: Done) -> None:
    """The same pulses on the bare model, which has no tilt, no remanence and other clocks."""
    bench = Bench(bar(Trajectory(300.0, 0.025, direction=(1.0, 0.0, 0.0))))
    rising = [height * 1e-3 for height in range(-20, 21) if height]
    states = [bench.pulse(height, 10e-3) for height in (*rising, *rising[-2::-1])]
    half = next(height for height, state in zip(rising, states, strict=False) if state >= 0.0)
    for branch, sign in (("up", 1), ("down", -1)):
        assert sign * loops.value(f"switching_current_{branch}") == pytest.approx(half - 0.5e-3, abs=0.8e-3)
        assert sign * loops.value(f"switching_current_{branch}_5") < sign * loops.value(f"switching_current_{branch}")
    assert loops.value("current_window") == pytest.approx(5.6e-3, abs=0.6e-3)
    density = loops.value("switching_current_density")
    assert density == pytest.approx(11e-3 / (GEOMETRY["width"] * GEOMETRY["conducting_thickness"]), rel=0.05)
    assert MODEL["family"] == "ferrimagnet_hall_bar"


def test_every_pulse_is_one_state_with_all_its_readings(loops: Done) -> None:
    rows = loops.rows
    states = rows[rows["Step"] == "loop"].groupby(["Turn", "Loop", "State"])
    assert states.ngroups == 4 * 2 * 79
    assert set(states["Hall resistance (ohm)"].count()) == {2}
    assert set(rows["Block"]) == {"reference=1", "field=1", "field=2", "field=3", "field=4"}
    assert float(np.abs(rows["Pulse current (A)"]).max()) == 20e-3
    assert loops.directory.figure_file.exists()
    loops.assert_source_off()


def test_half_of_it_switches_where_shorter_pulses_need_more(simulate: Simulate) -> None:
    long, short = (
        simulate(SpinOrbitSwitching(**{**ONE, "pulse_width": width})).value("switching_current_up")
        for width in ("10 ms", "50 us")
    )
    assert 1.2 * long < short < 1.6 * long


def test_a_flat_sample_begins_by_pulses_and_has_no_reference(simulate: Simulate) -> None:
    flat = mounted(rotator_axis="none", field_from_normal=math.pi / 2)
    done = simulate(SpinOrbitSwitching(**ONE), sample=flat)
    assert done.outcome.status == "finished"
    assert done.value("switching_ratio") is None
    assert done.value("switching_current_up") == pytest.approx(11e-3, abs=0.6e-3)
    assert set(done.rows["Step"]) == {"begin", "loop"}


def test_what_the_largest_pulse_does_not_switch_is_said(simulate: Simulate) -> None:
    given: dict[str, Any] = {"pulse_max": "15 mA", "in_plane_field": "50 mT", "loops": 2}
    done = simulate(SpinOrbitSwitching(**{**ONE, **given}), sample="cogd2022", seed=4)
    part = 100 * done.value("switching_ratio_in_plane")
    assert part < 50
    for name in ("switching_current_up", "switching_current_down_95", "current_window", "switching_current_density"):
        assert f"of the part that pulse_max switches: {part:.3g} % of the film" in done.outcome.results[name]["note"]
    warnings = " ".join(done.outcome.warnings)
    assert f"in 50 mT the pulses switch {part:.3g} % of the film" in warnings
    assert "the loops do not close" in warnings
    assert "% of the swing" in done.outcome.results["closure"]["note"]


@pytest.mark.parametrize("initialise", ["field", "pulse"])
def test_a_coarse_step_is_not_taken_for_half_a_loop(simulate: Simulate, initialise: str) -> None:
    done = simulate(SpinOrbitSwitching(**{**ONE, "pulse_step": "7.3 mA", "initialise": initialise}))
    warnings = " ".join(done.outcome.warnings)
    assert "pulse_step is 7.3 mA, of which pulse_max, 20 mA, is no multiple: the pulses are 6.667 mA apart" in warnings
    note = done.outcome.results["hall_swing_current"].get("note")
    if initialise == "field":
        assert note is None
        assert "the pulses switch" not in warnings
    else:
        assert note == (
            "the pulses switch perhaps less than all of the film: pulse_step is too coarse to see whether pulse_max is "
            "enough"
        )


def test_beyond_the_anisotropy_field_nothing_is_told(simulate: Simulate) -> None:
    done = simulate(SpinOrbitSwitching(**{**ONE, "in_plane_field": "800 mT"}))
    for name in ("sense", "switching_ratio", "switching_ratio_in_plane", "switching_current_up", "current_window"):
        assert done.value(name) is None
        assert "both states that a field along the normal made read the same" in done.outcome.results[name]["why"]
    assert any("nothing can be told of what pulses switch" in warning for warning in done.outcome.warnings)


def test_the_sense_is_that_in_the_field_of_its_note(simulate: Simulate) -> None:
    done = simulate(SpinOrbitSwitching(**{**ONE, "in_plane_field": "-25 mT"}))
    rows = done.rows[done.rows["Step"] == "loop"]
    after = [rows[rows["Pulse current (A)"] == height]["Hall resistance (ohm)"].mean() for height in (20e-3, -20e-3)]
    assert done.value("sense") == np.sign(after[0] - after[1]) == -1.0
    assert done.value("polarity") == 1.0
    note = done.outcome.results["sense"]["note"]
    assert note.endswith("+1 = a positive current leaves the larger R_xy; here in -25 mT")


@pytest.mark.parametrize("seeds", [2, pytest.param(6, marks=pytest.mark.endurance)])
def test_one_loop_says_that_it_does_not_know_how_the_film_scatters(simulate: Simulate, seeds: int) -> None:
    """The film's own scatter between loops is some tens of uA: no current of one loop is known much better."""
    once = {**ONE, "reads": 5, "initialise": "pulse"}
    found = [simulate(SpinOrbitSwitching(**once), seed=seed) for seed in range(1, seeds + 1)]
    for suffix in ("_5", "", "_95"):
        for branch in ("up", "down"):
            name = f"switching_current_{branch}{suffix}"
            assert min(done.uncertainty(name) for done in found) > 20e-6
            assert "one loop: how the film scatters" in found[0].outcome.results[name]["note"]


def test_a_field_that_comes_again_is_told_from_the_first(loops: Done, simulate: Simulate) -> None:
    for done, procedure, names in (
        (loops, bound(order="+ - + 0"), ["25 mT", "-25 mT", "25 mT again", "0 T", "made by a field"]),
        (
            simulate(SpinOrbitSwitching(**{**ONE, "in_plane_field": "0 T", "order": "+ -", "pulse_step": "5 mA"})),
            bound(in_plane_field="0 T", order="+ -"), ["0 T", "0 T again", "made by a field"],
        ),
    ):  # fmt: skip
        (axes,) = procedure.figure(done.rows, procedure.analyse(done.rows)).axes
        legend = axes.get_legend()
        assert legend is not None
        assert [text.get_text() for text in legend.get_texts()] == names


def test_the_window_grows_and_the_ratio_falls_with_the_field(simulate: Simulate) -> None:
    found = [
        simulate(
            SpinOrbitSwitching(**{**ONE, "pulse_max": "30 mA", "in_plane_field": field}), sample="cogd2022-alox1"
        ) for field in ("40 mT", "80 mT", "160 mT")
    ]  # fmt: skip
    windows = [done.value("current_window") for done in found]
    ratios = [done.value("switching_ratio") for done in found]
    assert windows == sorted(windows)
    assert ratios == sorted(ratios, reverse=True)
    # the film leans by the field over its anisotropy field: nothing else is lost
    for ratio, field in zip(ratios, (0.04, 0.08, 0.16), strict=True):
        assert ratio == pytest.approx(math.sqrt(1.0 - (field / 0.33) ** 2), abs=0.015)


def test_a_field_that_does_not_saturate_the_film_gives_no_ratio(simulate: Simulate) -> None:
    done = simulate(SpinOrbitSwitching(**{**ONE, "temperature": "278 K"}))
    assert float(np.mean(done.rows["Temperature (K)"])) == pytest.approx(278.0, abs=0.3)
    assert done.value("switching_ratio") is None
    why = done.outcome.results["switching_ratio"]["why"]
    assert "more than the 46.66 mohm between the states that the field along the normal made" in why
    assert "take a larger saturation" in why
    larger = simulate(SpinOrbitSwitching(**{**ONE, "temperature": "278 K", "saturation": "2 T"}))
    assert larger.value("switching_ratio") == pytest.approx(1.0, abs=0.01)


def test_a_temperature_beyond_the_sample_is_refused() -> None:
    procedure = bound(temperature="401 K")
    with pytest.raises(LimitExceeded, match=r"temperature would be 401 K, above the limit of .* 400 K"):
        limits.check(procedure.demands(), procedure.station, procedure.sample)


@pytest.mark.parametrize(("every", "least"), [(11, 2), pytest.param(3, 7, marks=pytest.mark.endurance)])
def test_it_can_be_carried_on_from_any_point(every: int, least: int) -> None:
    few: dict[str, Any] = {**ONE, "order": "+ -", "pulse_step": "10 mA", "reads": 1}
    assert assert_resumable(SpinOrbitSwitching, every=every, **few) >= least


def test_a_run_that_was_cut_anywhere_is_analysed_and_drawn(loops: Done) -> None:
    """A loop that does not come back to its beginning tells nothing: its last branch has no end."""
    rows = loops.rows
    procedure = bound()
    last = 79  # pulses of a loop
    closed = int(np.flatnonzero((rows["Turn"] == 1) & (rows["Loop"] == 1) & (rows["State"] == last))[0]) + 1
    for count in (1, 2, *range(3, closed + 40, 3), closed - 1, closed, len(rows) - 1):
        cut = rows.iloc[:count]
        results = procedure.analyse(cut)
        assert set(procedure.main_results) <= set(results)
        assert (results["switching_current_up"].value is None) == (count < closed)
        if count < closed:
            assert results["switching_current_up"].why == "no loop is complete"
            assert results["switching_ratio"].unit == "1"
        assert procedure.figure(cut, results).axes


# ---- before


def test_without_an_approach_the_largest_pulse_has_to_be_given() -> None:
    with pytest.raises(BadValue, match=r"run approach first, or give pulse_max, at most 22\.5 mA by the record"):
        bound(pulse_max="from approach").check()


def test_the_largest_pulse_is_the_one_that_approach_found_safe(tmp_path: Any) -> None:
    procedure = bound(pulse_max="from approach")
    procedure.sample_journal = Journal(tmp_path, "cotb2025")
    known = {"pulse_max": {"value": 0.0163, "unit": "A"}, "pulse_width": {"value": 1e-2, "unit": "s"}}
    procedure.sample_journal.append("safe_pulse", known)
    procedure.check()
    assert procedure.largest_current() == 0.0163
    longer = bound(pulse_max="from approach", pulse_width="20 ms")
    longer.sample_journal = procedure.sample_journal
    with pytest.raises(BadValue, match=r"approach found 16\.3 mA to be safe for 10 ms; run approach with this width"):
        longer.check()


@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [
        ({"pulse_step": "11 mA"}, "leaves no loop up to pulse_max, 20 mA"),
        ({"pulse_step": "10 uA"}, "makes 8000 pulses a loop, more than 2000"),
    ],
)
def test_a_step_that_makes_no_loop_is_refused(parameters: dict[str, Any], sentence: str) -> None:
    with pytest.raises(BadValue, match=sentence):
        bound(**parameters).check()


def test_an_order_that_begins_with_minus_says_the_way_out() -> None:
    with pytest.raises(BadValue, match="to begin with the other sign, give a negative in_plane_field"):
        bound(order="- +")


def test_a_sample_whose_film_the_field_never_lies_in_is_refused() -> None:
    with pytest.raises(BadValue, match="put it on a rotator"):
        bound(mounted(rotator_axis="none")).check()


@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [
        ({"pulse_max": "25 mA"}, "25 mA"),
        ({"pulse_width": "100 ms"}, "the energy of a pulse"),
        ({"in_plane_field": "10 T"}, "10 T"),
    ],
)
def test_what_exceeds_a_limit_is_refused_before_anything_is_sent(parameters: dict[str, Any], sentence: str) -> None:
    procedure = bound(**parameters)
    procedure.check()
    with pytest.raises(LimitExceeded, match=sentence):
        limits.check(procedure.demands(), procedure.station, procedure.sample)
