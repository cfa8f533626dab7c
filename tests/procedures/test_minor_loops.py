"""Minor loops on the simulated station: what they find is the film's, and what they would do wrong is refused."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from instruments.errors import BadValue, LimitExceeded
from labctl import limits
from labctl.journal import Journal
from labctl.sample import load_sample
from labctl.station import load_station
from labctl.testing import assert_resumable
from procedures.minor_loops import MinorLoops
from procedures.saturating import Saturating
from simulators.randomness import Streams
from simulators.samples.hall_bar import FerrimagnetHallBar
from tests.simulated import Done, Simulate, capture_labs
from tests.simulators.samples.pulsing import Bench
from tests.simulators.samples.trajectory import Trajectory

MAXIMA = (8.0, 12.0, 15.0, 18.0, 30.0)  # mA
PAPER: dict[str, Any] = {"pulse_max": "30 mA", "pulse_width": "10 ms", "in_plane_field": "-50 mT"}
FEW: dict[str, Any] = {
    **PAPER, "i_max": "8, 12, 15, 18, 30 mA", "repeats": 2, "reads": 2, "hold_time": "20 s",
}  # fmt: skip
GEOMETRY = {"length": 60e-6, "width": 10e-6, "conducting_thickness": 11.2e-9}


def bound(**parameters: Any) -> MinorLoops:
    procedure = MinorLoops(**{**FEW, **parameters})
    procedure.station = load_station("ppms")
    procedure.sample = load_sample("cogd2022")
    return procedure


def bare_bench() -> Bench:
    """The model alone at -50 mT along the current: no wires, no tilt, no remanence."""
    record = tomllib.loads((Path(__file__).parents[2] / "data/samples/cogd2022.toml").read_text(encoding="utf-8"))
    model: Mapping[str, Any] = {name: value for name, value in record["model"].items() if name != "lifetime"}
    trajectory = Trajectory(300.0, -0.05, direction=(1.0, 0.0, 0.0))
    return Bench(FerrimagnetHallBar.from_model(model, GEOMETRY, trajectory, Streams(7, 0)))


@pytest.fixture(scope="module")
def loops(tmp_path_factory: pytest.TempPathFactory) -> Done:
    with pytest.MonkeyPatch.context() as patch:
        simulate = Simulate(tmp_path_factory.mktemp("minor"), capture_labs(patch))
        return simulate(MinorLoops(**FEW), sample="cogd2022")


def rows_of(done: Done) -> list[dict[str, Any]]:
    return done.directory.table()


def test_what_is_left_is_what_the_film_alone_keeps(loops: Done) -> None:
    assert loops.outcome.status == "finished", loops.outcome.error
    bench = bare_bench()
    low, high = bench.pulse(-30e-3, 10e-3), bench.pulse(30e-3, 10e-3)
    for row, maximum in zip(rows_of(loops), MAXIMA, strict=True):
        bench.pulse(-30e-3, 10e-3)
        for height in range(-29, math.ceil(maximum)):
            if height:
                bench.pulse(height * 1e-3, 10e-3)
        left = bench.pulse(maximum * 1e-3, 10e-3)
        for height in range(math.ceil(maximum) - 1, 0, -1):
            left = bench.pulse(height * 1e-3, 10e-3)
        assert row["i_max"]["value"] == pytest.approx(maximum * 1e-3)
        # 0.2 mA of pulse at the steepest: the field is known to 2 mT, and every loop has thermal clocks of its own
        assert row["remanent_part"]["value"] == pytest.approx((left - low) / (high - low), abs=0.05)


def test_it_grows_stays_and_comes_back(loops: Done) -> None:
    assert loops.value("remanence_range") == pytest.approx(1.0, abs=0.01)
    assert loops.value("monotonic") is True
    assert loops.value("stable") is True
    assert loops.value("levels") >= 4
    assert abs(loops.value("saturated_swing")) == pytest.approx(1.0 * math.sqrt(1.0 - (0.05 / 0.16) ** 2), rel=0.01)
    assert loops.value("saturation_failures") == 0
    # pulses saturate as the field before them did
    assert min(abs(loops.value("field_state") - end) for end in (0.0, 1.0)) < 0.002
    assert loops.value("clamped_pulses") == 0
    for row in rows_of(loops):
        assert abs(row["drift_per_decade"]["value"]) < 5 * row["drift_per_decade"]["uncertainty"] + 1e-4
    loops.assert_source_off()
    assert loops.directory.figure_file.exists()


def test_the_order_is_random_and_the_largest_last(loops: Done) -> None:
    rows = loops.rows
    orders = [rows.loc[rows["Repeat"] == repeat, "I_max (A)"].drop_duplicates().tolist() for repeat in (1, 2)]
    for order in orders:
        assert sorted(order) == pytest.approx([1e-3 * value for value in MAXIMA])
        assert order[-1] == pytest.approx(30e-3)
    assert orders != [sorted(orders[0])] * 2  # both rising by chance: once in 576


def test_a_state_is_held_at_zero_in_the_last_repeat(loops: Done) -> None:
    rows = loops.rows
    held = rows[rows["Step"] == "hold"]
    assert set(held["Repeat"]) == {2}
    assert set(held["Pulse current (A)"]) == {0.0}
    for maximum in MAXIMA:
        times = [
            t for t, up_to in zip(held["Time (s)"], held["I_max (A)"], strict=True) if round(1e3 * up_to, 6) == maximum
        ]
        assert max(times) - min(times) == pytest.approx(20.0, abs=3.0)


def test_a_saturation_that_a_reading_does_not_prove_is_repeated_and_then_stops(simulate: Simulate) -> None:
    """Pulses that are too small do not saturate: three tries, and a sentence."""

    class Weak(MinorLoops):
        def saturate_by_pulses(self, more: Mapping[str, Any], sign: int = -1) -> None:
            if more["I_max (A)"] == 18e-3:
                self.saturation_current = 5e-3
                self.next_state("loop", 16e-3, more=more)
            Saturating.saturate_by_pulses(self, more, sign)

    done = simulate(Weak(**{**FEW, "i_max": "18 mA", "repeats": 1}), sample="cogd2022")
    assert done.outcome.exit_code == 5
    assert "3 pulses of -5 mA did not make the saturated state" in str(done.outcome.error)
    rows = done.rows
    assert rows.loc[rows["Step"] == "saturate", "State"].nunique() == 3
    assert float(rows["Pulse current (A)"].iloc[-1]) == -5e-3


def test_a_sample_that_does_not_turn_begins_by_pulses(simulate: Simulate) -> None:
    record = load_sample("cogd2022")
    lying = {"rotator_axis": "none", "field_from_normal": math.pi / 2}
    flat = record.model_copy(update={"mounting": record.mounting.model_copy(update=lying)})
    few = {**FEW, "i_max": "10, 25 mA", "pulse_step": "2 mA", "repeats": 1, "hold_time": "0 s"}
    done = simulate(MinorLoops(**few), sample=flat)
    assert done.outcome.status == "finished", done.outcome.error
    assert done.value("remanence_range") == pytest.approx(1.0, abs=0.05)
    assert done.value("stable") is None
    assert "hold_time is 0 s" in done.outcome.results["stable"]["why"]
    assert "field_state" not in done.outcome.results


@pytest.mark.parametrize("name", ["pulse_max", "saturation_current"])
def test_pulses_that_switch_nothing_make_no_saturated_state(simulate: Simulate, name: str) -> None:
    """The parameter that makes them larger is named."""
    done = simulate(MinorLoops(**{**FEW, "i_max": "3 mA", name: "4 mA"}), sample="cogd2022")
    assert done.outcome.exit_code == 5
    assert f"there is no saturated state to begin from; give a larger {name}, or a field" in str(done.outcome.error)


def test_a_single_i_max_has_no_range_and_what_was_never_switched_is_not_stable(simulate: Simulate) -> None:
    few = {**FEW, "pulse_step": "3 mA", "hold_time": "5 s"}
    done = simulate(MinorLoops(**{**few, "i_max": "3 mA"}), sample="cogd2022")
    for name, why in (("remanence_range", "a single I_max, 3 mA"), ("levels", "single I_max"),
                      ("stable", "no pulse brought the film out of its saturated state")):  # fmt: skip
        assert done.value(name) is None
        assert why in done.outcome.results[name]["why"]
    done = simulate(MinorLoops(**{**few, "i_max": "3, 15 mA"}), sample="cogd2022")
    stable = done.outcome.results["stable"]
    assert stable["of"] == "one state"
    assert "not counted: 1 that no pulse had brought out" in stable["note"]


def test_a_run_that_was_cut_anywhere_is_analysed_and_drawn(loops: Done) -> None:
    rows = loops.rows
    for count in (1, 3, 20, *range(21, len(rows), len(rows) // 20)):
        procedure = bound(**FEW)
        results = procedure.analyse(rows.iloc[:count])
        assert set(procedure.main_results) <= set(results)
        assert procedure.figure(rows.iloc[:count], results).axes


@pytest.mark.parametrize(("every", "least"), [(21, 2), pytest.param(9, 6, marks=pytest.mark.endurance)])
def test_it_can_be_carried_on_from_any_point(every: int, least: int) -> None:
    few: dict[str, Any] = {**FEW, "i_max": "12, 20 mA", "pulse_step": "6 mA", "reads": 1, "hold_time": "0 s"}
    assert assert_resumable(MinorLoops, sample="cogd2022", every=every, **few) >= least


# ---- before


def test_the_maxima_lie_around_the_switching_current_that_approach_found(tmp_path: Path) -> None:
    procedure = bound(i_max="from approach")
    assert procedure.maxima() == pytest.approx([12e-3, 15e-3, 18e-3, 21e-3, 24e-3, 27e-3, 30e-3])
    procedure.sample_journal = Journal(tmp_path, "cogd2022")
    known = {"switching_current": {"value": 15e-3, "unit": "A"}, "pulse_max": {"value": 30e-3, "unit": "A"}}
    procedure.sample_journal.append("safe_pulse", known)
    assert procedure.maxima() == pytest.approx([1e-3 * value for value in (9, 10.5, 12, 13.5, 15, 16.5, 18)])


def test_the_maxima_stay_below_the_pulses_that_saturate() -> None:
    procedure = bound(i_max="from approach", saturation_current="20 mA", pulse_step="1 mA")
    assert procedure.maxima()[0] == pytest.approx(10e-3)
    assert procedure.maxima()[-1] == pytest.approx(20e-3)
    procedure.check()


def test_an_i_max_stands_once() -> None:
    with pytest.raises(
        BadValue, match=r"i_max has 30 mA more than once; .*: repeats says how many loops go up to each"
    ):
        bound(i_max="30, 2, 30, 11 mA")


@pytest.mark.parametrize("maximum", [7.3e-3, 12e-3, 30e-3])
def test_a_loop_goes_up_and_back_down_without_a_pulse_of_nothing(maximum: float) -> None:
    heights = bound().heights(maximum)
    up, down = ([height for name, height in heights if name == branch] for branch in ("up", "down"))
    assert up == sorted(up)
    assert up[0] == pytest.approx(-29e-3)
    assert up[-1] == maximum
    assert down == sorted(down, reverse=True)
    assert down[-1] == -30e-3
    assert 0.0 not in [*up, *down]
    assert set(up[:-1]) == set(down[:-1])


@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [
        ({"i_max": "31 mA"}, "i_max is 31 mA, above pulse_max, 30 mA"),
        ({"saturation_current": "33 mA"}, "saturation_current is 33 mA, above pulse_max, 30 mA"),
        ({"pulse_step": "9 mA"}, "pulse_step is 9 mA, above the smallest i_max, 8 mA"),
        ({"pulse_step": "10 uA"}, "pulses a loop, more than 2000"),
        ({"in_plane_field": "0 T"}, "in_plane_field is 0 T, where no pulse makes a state to begin from; give a field"),
        (
            {"i_max": "1:5:1 mA", "pulse_step": "1 mA", "saturation_current": "3 mA"},
            "i_max is 5 mA, above saturation_current, 3 mA, .*; take a larger saturation_current, or a smaller i_max",
        ),
        ({"pulse_max": "from approach"}, "run approach first, or give pulse_max"),
    ],
)
def test_what_makes_no_loop_is_refused(parameters: dict[str, Any], sentence: str) -> None:
    with pytest.raises(BadValue, match=sentence):
        bound(**parameters).check()


def test_what_exceeds_a_limit_is_refused_before_anything_is_sent() -> None:
    procedure = bound(pulse_max="40 mA")
    procedure.check()
    with pytest.raises(LimitExceeded, match="40 mA"):
        limits.check(procedure.demands(), procedure.station, procedure.sample)
