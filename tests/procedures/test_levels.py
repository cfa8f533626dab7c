"""Potentiation and depression on the simulated station: what it finds is the film's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from instruments.errors import BadValue, LimitExceeded, SampleChanged
from labctl import limits
from labctl.journal import Journal
from labctl.sample import load_sample
from labctl.station import load_station
from labctl.testing import assert_resumable
from procedures.levels import Levels
from tests.labctl.test_pulses import events
from tests.procedures.test_minor_loops import bare_bench
from tests.simulated import Done, Simulate, capture_labs

PAPER: dict[str, Any] = {"pulse_max": "30 mA", "pulse_width": "10 ms", "in_plane_field": "-50 mT", "reads": 2}
EQUAL: dict[str, Any] = {**PAPER, "pulse_current": "14.5 mA", "pulses": 12, "cycles": 3}
ENDURED: dict[str, Any] = {**PAPER, "pulse_current": "14.5 mA", "pulses": 2, "cycles": 1, "endurance": 200}
RISING: dict[str, Any] = {**PAPER, "pulse_current": "8 mA", "rise": "0.8 mA", "pulses": 16, "cycles": 3}


def bound(**parameters: Any) -> Levels:
    procedure = Levels(**{**EQUAL, **parameters})
    procedure.station, procedure.sample = load_station("ppms"), load_sample("cogd2022")
    return procedure


@pytest.fixture(scope="module")
def rising(tmp_path_factory: pytest.TempPathFactory) -> Done:
    with pytest.MonkeyPatch.context() as patch:
        simulate = Simulate(tmp_path_factory.mktemp("levels"), capture_labs(patch))
        return simulate(Levels(**RISING, retention_time="30 s", retention_levels=2), sample="cogd2022")


def test_equal_pulses_do_less_and_less_as_they_do_to_the_film_alone(simulate: Simulate) -> None:
    done = simulate(Levels(**EQUAL), sample="cogd2022")
    assert done.outcome.status == "finished", done.outcome.error
    bench = bare_bench()
    high, low = bench.pulse(30e-3, 10e-3), bench.pulse(-30e-3, 10e-3)
    states = [bench.pulse(14.5e-3, 10e-3) for _ in range(12)]
    # the field is known to 2 mT, and each cycle has thermal clocks of its own: 0.2 mA at the steepest
    assert done.value("range_up") == pytest.approx((states[-1] - low) / (high - low), abs=0.05)
    assert done.value("nonlinearity_up") > 3.0
    assert done.value("nonlinearity_down") > 3.0
    assert done.value("linearity_deviation_up") > 0.2
    assert 3 <= done.value("levels") < 13
    assert "stable" not in done.outcome.results
    done.assert_source_off()


def test_pulses_that_grow_reach_more_levels(rising: Done) -> None:
    assert rising.outcome.status == "finished", rising.outcome.error
    assert rising.value("range_up") == pytest.approx(1.0, abs=0.02)
    assert rising.value("range_down") == pytest.approx(-1.0, abs=0.02)
    assert 8 <= rising.value("levels") <= 17
    assert rising.value("cycle_spread") < 0.03
    assert "no exponential" in rising.outcome.results["nonlinearity_up"]["note"]
    assert rising.value("saturation_failures") == 0


def test_states_stay_and_reading_does_nothing_to_them(rising: Done) -> None:
    assert rising.value("stable") is True
    assert abs(rising.value("read_disturb")) < 5 * rising.uncertainty("read_disturb")
    first, second = rising.directory.table()
    assert (first["pulses"]["value"], second["pulses"]["value"]) == (8, 16)
    assert 0.02 < first["part"]["value"] < 0.8
    assert second["part"]["value"] == pytest.approx(1.0, abs=0.02)
    for row in (first, second):
        assert abs(row["drift_per_decade"]["value"]) < 5 * row["drift_per_decade"]["uncertainty"]
    watched = rising.rows[rising.rows["Step"] == "watch"]
    counts = [len(set(watched.loc[watched["Control"] == control, "State"])) for control in (0, 1)]
    assert counts[0] > 2 * counts[1]
    assert rising.directory.figure_file.exists()


def test_a_single_cycle_tells_no_levels(simulate: Simulate) -> None:
    done = simulate(Levels(**{**EQUAL, "cycles": 1, "pulses": 6}), sample="cogd2022")
    assert done.value("levels") is None
    assert "a single cycle does not tell" in done.outcome.results["levels"]["why"]
    assert done.value("nonlinearity_up") is not None


def test_one_cycle_is_no_mean_of_cycles(simulate: Simulate) -> None:
    done = simulate(Levels(**{**EQUAL, "cycles": 1, "pulses": 6}), sample="cogd2022")
    assert {done.outcome.results[f"{name}_up"]["of"] for name in ("range", "nonlinearity")} == {"one cycle"}


def test_a_saturated_state_that_was_never_left_is_not_called_stable(simulate: Simulate) -> None:
    few: dict[str, Any] = {**EQUAL, "pulses": 3, "cycles": 1, "retention_time": "5 s"}
    done = simulate(Levels(**{**few, "pulse_current": "2 mA"}), sample="cogd2022")
    assert done.value("stable") is None
    assert "did not bring the film out of its saturated state" in done.outcome.results["stable"]["why"]
    done = simulate(Levels(**{**few, "pulse_current": "2 mA", "rise": "6.25 mA"}), sample="cogd2022")
    assert done.value("stable") is not None
    assert done.outcome.results["stable"]["of"] != "3 states"
    assert "that the pulses had left saturated" in done.outcome.results["stable"]["note"]


def test_a_run_that_was_cut_anywhere_is_analysed_and_drawn(rising: Done) -> None:
    rows = rising.rows
    for count in (1, 3, 20, *range(21, len(rows), len(rows) // 20)):
        procedure = bound(**RISING)
        results = procedure.analyse(rows.iloc[:count])
        assert set(procedure.main_results) <= set(results)
        assert procedure.figure(rows.iloc[:count], results).axes


@pytest.mark.parametrize(("every", "least"), [(13, 2), pytest.param(5, 5, marks=pytest.mark.endurance)])
def test_it_can_be_carried_on_from_any_point(every: int, least: int) -> None:
    """With pulses that switch all or nothing: what others leave is chance to some parts in a thousand."""
    few: dict[str, Any] = {
        **PAPER, "pulse_current": "4 mA", "rise": "22 mA", "pulses": 2, "cycles": 2, "reads": 1,
        "retention_time": "5 s", "retention_levels": 1,
    }  # fmt: skip
    assert assert_resumable(Levels, sample="cogd2022", every=every, **few) >= least


# ---- endurance


@pytest.fixture(scope="module")
def endured(tmp_path_factory: pytest.TempPathFactory) -> Done:
    with pytest.MonkeyPatch.context() as patch:
        simulate = Simulate(tmp_path_factory.mktemp("endured"), capture_labs(patch))
        return simulate(Levels(**ENDURED), sample="cogd2022")


def test_the_window_is_read_after_cycles_that_are_spaced_by_their_logarithm(endured: Done) -> None:
    assert endured.outcome.status == "finished", endured.outcome.error
    rows = endured.rows
    read = rows[rows["Step"] == "endured -"]
    assert list(dict.fromkeys(read["Cycles endured"])) == [10, 20, 50, 100, 200]
    assert endured.value("endurance_cycles") == 200
    assert abs(endured.value("endurance_window_change")) < 5 * endured.uncertainty("endurance_window_change")
    assert "up to 200 cycles" in endured.outcome.results["endurance_first_loss"]["why"]
    assert len(endured.directory.figure_file.read_bytes()) > 1000
    endured.assert_source_off()


def test_a_window_that_shrinks_is_told_with_its_count(endured: Done) -> None:
    """The same run, with 2 % taken from its last two windows: the simulated film loses nothing."""
    rows, hall = endured.rows.copy(), "Hall resistance (ohm)"
    middle = rows.loc[rows["Step"].isin(["plateau +", "plateau -"]), hall].mean()
    late = rows["Cycles endured"] >= 100
    rows.loc[late, hall] = middle + 0.98 * (rows.loc[late, hall] - middle)
    procedure = bound(**ENDURED)
    results = procedure.analyse(rows)
    assert results["endurance_first_loss"].value == 100
    assert "after 50 cycles was not" in str(results["endurance_first_loss"].note)
    assert results["endurance_window_change"].value == pytest.approx(-0.02, abs=2e-3)
    legends = [legend for axes in procedure.figure(rows, results).axes if (legend := axes.get_legend())]
    assert "first loss, 100 cycles" in [text.get_text() for legend in legends for text in legend.get_texts()]


def test_every_pulse_of_the_bursts_is_in_the_odometer(endured: Done) -> None:
    rows = endured.rows
    alone = rows[(rows["Pulse start stamp (s)"] > 0.0) & (rows["Step"] != "burst")]
    counted = [entry["count"] for entry in events(endured, "pulses")]
    bursts = [count for count in counted if count > 1]
    assert bursts == [2 * cycles for cycles in (7, 7, 27, 47, 97)]
    assert counted.count(1) == len(set(alone["Pulse start stamp (s)"]))
    assert sum(bursts) + 5 * 3 * 2 == 2 * 200


def test_bursts_wear_the_bar_as_single_pulses_do(simulate: Simulate, endured: Done) -> None:
    """In a burst the chip is warmer by a kelvin or two, which by Black's law is a sixth more."""
    without = simulate(Levels(**{**ENDURED, "endurance": 0}), sample="cogd2022")
    of_one = without.lab.damage() / 11  # ten for the saturated states, one for the cycle; those of 14.5 mA do nothing
    more = endured.lab.damage() - without.lab.damage()
    assert of_one > 0.0
    assert 0.95 < more / (400 * of_one) < 1.35


def test_a_bar_that_opens_within_a_burst_ends_the_run_and_what_was_read_counts(simulate: Simulate) -> None:
    record = load_sample("cogd2022")
    assert record.model is not None
    weak = record.model_copy(update={"model": record.model.model_copy(update={"lifetime": 3.0})})
    done = simulate(Levels(**{**ENDURED, "endurance": 1000}), sample=weak)
    assert isinstance(done.outcome.cause, SampleChanged)
    assert "within a burst that goes on from" in str(done.outcome.cause)
    assert bool(done.rows.iloc[-1]["Pulse clamped"])
    assert 0 < done.value("endurance_cycles") < 1000
    assert done.value("endurance_resistance_change") > 0.0


@pytest.mark.parametrize(("every", "least"), [(19, 2), pytest.param(8, 5, marks=pytest.mark.endurance)])
def test_endurance_can_be_carried_on_from_any_point(every: int, least: int) -> None:
    few: dict[str, Any] = {
        **PAPER, "pulse_current": "30 mA", "pulses": 2, "cycles": 1, "reads": 1, "endurance": 50,
    }  # fmt: skip
    assert assert_resumable(Levels, sample="cogd2022", every=every, **few) >= least


def test_a_run_that_was_cut_within_endurance_is_analysed_and_drawn(endured: Done) -> None:
    rows = endured.rows
    begin = int((rows["Cycles endured"] > 0).to_numpy().argmax())
    for count in range(begin, len(rows), 7):
        procedure = bound(**ENDURED)
        results = procedure.analyse(rows.iloc[:count])
        assert "endurance_first_loss" in results
        assert procedure.figure(rows.iloc[:count], results).axes


def test_bursts_that_are_too_much_on_average_are_refused() -> None:
    """30 mA for 10 ms every 12 ms at 11.88 V: 297 mW."""
    procedure = bound(endurance=1000, endurance_gap="2 ms")
    procedure.check()
    limited = procedure.station.limits.model_copy(update={"average_power": 0.1})
    procedure.station = procedure.station.model_copy(update={"limits": limited})
    with pytest.raises(LimitExceeded, match=r"an average power of 297.* mW .* limit of station 'ppms', 100 mW"):
        procedure.check()
    wider = bound(endurance=1000, endurance_gap="50 ms")
    wider.station = procedure.station
    wider.check()


def test_pulses_of_a_burst_with_too_much_energy_are_refused() -> None:
    procedure = bound(endurance=1000, pulse_width="50 ms")
    with pytest.raises(LimitExceeded, match="the energy of a pulse"):
        limits.check(procedure.demands(), procedure.station, procedure.sample)


@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [
        ({"endurance": 9}, "endurance is 9; take 0 for none, or at least 10 cycles"),
        ({"endurance": 10, "pulse_width": "0.5 ms"}, "a list of the source, which a burst is, has no pulse shorter"),
    ],
)
def test_what_is_no_burst_is_refused(parameters: dict[str, Any], sentence: str) -> None:
    with pytest.raises(BadValue, match=sentence):
        bound(**parameters).check()


# ---- before


def test_the_height_is_a_part_of_the_switching_current_that_approach_found(tmp_path: Path) -> None:
    procedure = bound(pulse_current="from approach")
    assert procedure.height() == pytest.approx(15e-3)
    procedure.sample_journal = Journal(tmp_path, "cogd2022")
    procedure.sample_journal.append("safe_pulse", {"switching_current": {"value": 16e-3, "unit": "A"}})
    assert procedure.height() == pytest.approx(14.4e-3)


def test_which_states_are_watched() -> None:
    assert bound(retention_time="10 s").watched() == [4, 8, 12]
    assert bound().watched() == []
    assert bound(retention_time="10 s", retention_levels=100).watched() == list(range(1, 13))


@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [
        ({"in_plane_field": "0 T"}, "in_plane_field is 0 T, where no pulse makes a state to begin from; give a field"),
        ({"pulse_current": "31 mA"}, "pulse_current is 31 mA, above pulse_max, 30 mA"),
        ({"rise": "2 mA"}, "rise is 2 mA, with which the last of 12 pulses has 36.5 mA, above pulse_max, 30 mA"),
    ],
)
def test_pulses_beyond_the_largest_are_refused(parameters: dict[str, Any], sentence: str) -> None:
    with pytest.raises(BadValue, match=sentence):
        bound(**parameters).check()
