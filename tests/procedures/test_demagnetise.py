"""Demagnetising on the simulated station: a film that can be, one that cannot, and what is refused."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from instruments.errors import BadValue
from labctl.sample import load_sample
from labctl.station import load_station
from labctl.testing import assert_resumable
from procedures.demagnetise import Demagnetise
from tests.labctl.test_pulses import events
from tests.simulated import Done, Simulate, capture_labs

PAPER: dict[str, Any] = {
    "pulse_max": "30 mA", "pulse_width": "10 ms", "in_plane_field": "-50 mT", "demag_start": "28 mA",
    "demag_step": "0.5 mA", "reads": 2, "repeats": 4,
}  # fmt: skip


def bound(**parameters: Any) -> Demagnetise:
    procedure = Demagnetise(**{**PAPER, **parameters})
    procedure.station, procedure.sample = load_station("ppms"), load_sample("cogd2022")
    return procedure


@pytest.fixture(scope="module")
def demagnetised(tmp_path_factory: pytest.TempPathFactory) -> Done:
    with pytest.MonkeyPatch.context() as patch:
        simulate = Simulate(tmp_path_factory.mktemp("demagnetise"), capture_labs(patch))
        return simulate(Demagnetise(**PAPER), sample="cogd2022")


def test_the_papers_film_is_demagnetised(demagnetised: Done) -> None:
    assert demagnetised.outcome.status == "finished", demagnetised.outcome.error
    assert demagnetised.value("demagnetised") is True
    assert demagnetised.value("largest_magnetisation") < 0.1
    assert abs(demagnetised.value("magnetisation")) < 0.1
    assert demagnetised.value("states_between") > 10
    assert demagnetised.value("train_pulses") == 56
    assert demagnetised.value("train_time") == pytest.approx(56 * 0.06 - 0.05)
    assert abs(demagnetised.value("memory")) < 5 * demagnetised.uncertainty("memory")
    assert demagnetised.directory.figure_file.exists()
    demagnetised.assert_source_off()


def test_the_sample_itself_is_left_without_magnetisation(demagnetised: Done) -> None:
    """The model's own mean n_z after the run: what the readings said of it is true."""
    sample: Any = demagnetised.lab.sample
    now = demagnetised.lab.clock.now()
    assert abs(sample.magnetisation(now, now)) < 0.1


def test_every_pulse_is_in_the_odometer(demagnetised: Done) -> None:
    rows = demagnetised.rows
    sent = {start: step for start, step in zip(rows["Pulse start stamp (s)"], rows["Step"], strict=True) if start > 0.0}
    trains = sum(step in {"demagnetise", "balance"} for step in sent.values())
    assert trains >= 3 + 4
    counted = [entry["count"] for entry in events(demagnetised, "pulses")]
    assert sorted(set(counted)) == [1, 56]
    assert counted.count(56) == trains
    assert counted.count(1) == len(sent) - trains


def test_a_film_that_switches_as_a_whole_cannot_be_and_the_results_say_so(simulate: Simulate) -> None:
    done = simulate(Demagnetise(**{**PAPER, "repeats": 2}), sample="cogd2022-alox0")
    assert done.outcome.status == "finished", done.outcome.error
    assert done.value("demagnetised") is False
    assert "binary sample: cannot be demagnetised" in done.outcome.results["demagnetised"]["note"]
    assert done.value("states_between") == 0
    assert done.value("largest_magnetisation") > 0.9
    rows = done.rows[done.rows["Step"] == "demagnetise"]
    assert len(set(zip(rows["Repeat"], rows["State"], strict=True))) == 2 * 3


def test_equal_pulses_in_a_field_that_leans_leave_it_magnetised_and_not_binary(simulate: Simulate) -> None:
    done = simulate(Demagnetise(**{**PAPER, "repeats": 2, "demag_offset": "0 A"}), sample="cogd2022")
    assert done.value("demagnetised") is False
    note = done.outcome.results["demagnetised"]["note"]
    assert "binary" not in note
    assert "run align" in note
    assert abs(done.value("magnetisation")) > 0.2
    assert abs(done.value("current_asymmetry")) > 0.3e-3


def test_a_step_that_is_too_coarse_makes_no_binary_sample_of_the_papers_film(simulate: Simulate) -> None:
    done = simulate(Demagnetise(**{**PAPER, "repeats": 2, "demag_step": "9 mA"}), sample="cogd2022")
    assert done.value("demagnetised") is False
    note = done.outcome.results["demagnetised"]["note"]
    assert "binary" not in note
    assert "the step of 9 mA is too coarse" in note
    assert "take a demag_step of 5" in note  # hundreds of uA
    assert done.rows["Step"].tolist().count("balance") == 2 * 3
    assert abs(done.value("current_asymmetry") - 0.5e-3) < 2 * done.uncertainty("current_asymmetry")


def test_a_train_that_is_too_small_is_told_and_not_a_smaller_step(simulate: Simulate) -> None:
    done = simulate(Demagnetise(**{**PAPER, "demag_start": "8 mA"}), sample="cogd2022")
    assert done.value("memory") == pytest.approx(2.0, abs=0.05)
    note = done.outcome.results["demagnetised"]["note"]
    assert note.endswith("rising pulses of up to 8 mA did not switch half of the film: take a larger demag_start")


def test_a_train_that_begins_among_the_states_between_is_too_small_as_well(simulate: Simulate) -> None:
    done = simulate(Demagnetise(**{**PAPER, "demag_start": "15.3 mA", "demag_step": "0.3 mA"}), sample="cogd2022")
    assert "the state from which they began: take a larger demag_start" in done.outcome.results["demagnetised"]["note"]


def test_an_offset_that_was_given_is_named_where_it_is_the_cause(simulate: Simulate) -> None:
    done = simulate(Demagnetise(**{**PAPER, "repeats": 2, "demag_offset": "3 mA"}), sample="cogd2022")
    assert "with the demag_offset of 3 mA that was given" in done.outcome.results["demagnetised"]["note"]
    assert "left out, which the offset brings above pulse_max" in done.outcome.results["train_pulses"]["note"]


def test_a_mounting_without_a_field_in_the_plane_is_not_advised_to_do_without_one() -> None:
    procedure = bound()
    upright = {"rotator_axis": "none", "field_from_normal": 0.0}
    mounting = procedure.sample.mounting.model_copy(update=upright)
    procedure.sample = procedure.sample.model_copy(update={"mounting": mounting})
    with pytest.raises(BadValue, match=r"from the normal of sample .* flat \(field_from_normal = \"90 deg\"\)$"):
        procedure.check()


def test_one_repeat_is_no_mean(simulate: Simulate) -> None:
    done = simulate(Demagnetise(**{**PAPER, "repeats": 1, "demag_step": "0.7 mA"}), sample="cogd2022")
    assert {done.outcome.results[name]["of"] for name in done.outcome.results if "magnetis" in name} == {"one repeat"}


def test_a_run_that_was_cut_anywhere_is_analysed_and_drawn(demagnetised: Done) -> None:
    rows = demagnetised.rows
    for count in (1, 3, 20, *range(21, len(rows), len(rows) // 20)):
        procedure = bound(**PAPER)
        results = procedure.analyse(rows.iloc[:count])
        assert set(procedure.main_results) <= set(results)
        assert procedure.figure(rows.iloc[:count], results).axes


@pytest.mark.parametrize(("every", "least"), [(40, 2), pytest.param(12, 5, marks=pytest.mark.endurance)])
def test_it_can_be_carried_on_from_any_point(every: int, least: int) -> None:
    """A film that switches as a whole takes three trains each time; how many another takes is chance."""
    few: dict[str, Any] = {**PAPER, "reads": 1, "repeats": 2, "demag_step": "2 mA"}
    assert assert_resumable(Demagnetise, sample="cogd2022-alox0", every=every, **few) >= least


BALANCED: dict[str, Any] = {**PAPER, "reads": 1, "repeats": 2, "demag_step": "1 mA"}


def with_balance(rows: pd.DataFrame) -> pd.DataFrame:
    assert rows["Step"].tolist().count("balance") == 3
    return rows


@pytest.mark.parametrize("at", [(70,), pytest.param((40, 70, 71), marks=pytest.mark.endurance)])
def test_it_can_be_carried_on_from_within_the_trains_that_balance_it(at: tuple[int, ...]) -> None:
    """What a train leaves of a film with states in between is chance, to a part in a hundred."""
    carried = assert_resumable(Demagnetise, sample="cogd2022", at=at, tolerance=0.01, compared=with_balance, **BALANCED)
    assert carried >= 2 * len(at)


@pytest.mark.parametrize("at", [(74,), pytest.param((72, 74, 76), marks=pytest.mark.endurance)])
def test_what_is_carried_on_behind_these_trains_sends_the_pulses_that_they_have_told(at: tuple[int, ...]) -> None:
    def pulses_sent(rows: pd.DataFrame) -> pd.DataFrame:
        return with_balance(rows).filter(["Block", "Attempt", "State", "Step", "Pulse current (A)", "Pulse width (s)"])

    carried = assert_resumable(Demagnetise, sample="cogd2022", at=at, compared=pulses_sent, **BALANCED)
    assert carried >= 2 * len(at)


@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [
        ({"demag_start": "31 mA"}, "demag_start is 31 mA, above pulse_max, 30 mA"),
        ({"demag_step": "15 mA"}, "demag_step is 15 mA, which leaves no falling row from demag_start, 28 mA"),
        ({"pulse_width": "0.5 ms"}, "pulse_width is 500 us, but a list of the source"),
        (
            {"demag_step": "1 uA"},
            "demag_step is 1 uA, which makes 56000 rising pulses, .* more than 2000; take a larger",
        ),
        ({"demag_offset": "29 mA"}, "demag_offset is 29 mA, which is not small against demag_start, 28 mA"),
        ({"demag_offset": "-5.7 mA"}, "take at most 5.6 mA of either sign, or leave it out to have it measured"),
        ({"in_plane_field": "0 mT"}, "in_plane_field is 0 T, where no pulse makes a state to begin from; give a field"),
    ],
)
def test_what_is_no_train_is_refused(parameters: dict[str, Any], sentence: str) -> None:
    with pytest.raises(BadValue, match=sentence):
        bound(**parameters).check()


def test_a_pulse_that_the_offset_makes_too_large_is_left_out() -> None:
    procedure = bound(demag_start="30 mA")
    plain, shifted = procedure.demag_heights(0.0), procedure.demag_heights(0.3e-3)
    assert len(plain) == 60
    assert shifted[0] == pytest.approx(-29.2e-3)
    assert len(shifted) == 59
    assert max(map(abs, shifted)) <= 30e-3
