"""Pairs of spikes on the simulated station: what they leave, what one alone does, and what is refused."""

from __future__ import annotations

import itertools
import math
from typing import Any

import pytest

from instruments.errors import BadValue, LimitExceeded
from labctl.sample import load_sample
from labctl.station import load_station
from labctl.testing import assert_resumable
from procedures.stdp import SpikeTiming
from tests.simulated import Done, Simulate, capture_labs

FEW: dict[str, Any] = {
    "pulse_max": "30 mA", "pulse_width": "10 ms", "in_plane_field": "-50 mT", "demag_start": "28 mA",
    "demag_step": "0.5 mA", "amplitude": "10 mA", "delays": "1, 3, 6, 12 ms", "repeats": 2, "reads": 2,
    "resolution": "0.5 ms", "angle": "89.9 deg",
}  # fmt: skip
"""The simulated film is tipped by 0.1 deg on its holder."""


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Done:
    with pytest.MonkeyPatch.context() as patch:
        simulate = Simulate(tmp_path_factory.mktemp("stdp"), capture_labs(patch))
        return simulate(SpikeTiming(**FEW), sample="cogd2022")


def test_near_spikes_write_and_far_ones_do_not(done: Done) -> None:
    assert done.outcome.status == "finished"
    assert abs(done.value("largest_change")) > 0.3
    assert done.value("rank_correlation") < -0.9
    for name in ("positive", "negative"):
        assert 1e-3 < done.value(f"time_constant_{name}") < 10e-3
    assert done.directory.figure_file.exists()


def test_opposite_delays_write_opposite_states(done: Done) -> None:
    assert done.value("amplitude_positive") * done.value("amplitude_negative") < 0.0


def test_trains_begin_with_either_sign_in_turn_and_mirrored_for_the_opposite_delay(done: Done) -> None:
    """What a train leaves is not symmetric; over all repeats a delay and its opposite begin from as much of it."""
    states = done.rows.groupby(["Block", "State"], sort=False).first().reset_index()
    pairs = states[(states["Step"] == "pair") & (states["Spikes"] == "both")]
    signs: dict[float, list[float]] = {}
    for place in pairs.index:
        signs.setdefault(float(states.at[place, "Delay (s)"]), []).append(
            math.copysign(1.0, float(states.at[place - 1, "Pulse current (A)"]))
        )
    assert len(signs) == 8
    for delay, mine in signs.items():
        assert sorted(mine) == [-1.0, 1.0]
        assert mine == [-sign for sign in signs[-delay]]


MORE = {**FEW, "delays": "1, 2, 4 ms", "repeats": 4}


def test_opposite_delays_leave_opposite_changes_where_the_film_lies_in_the_field(simulate: Simulate) -> None:
    done = simulate(SpikeTiming(**MORE), sample="cogd2022")
    assert done.value("odd")
    offset = done.outcome.results["train_offset"]
    assert abs(offset["value"]) < 30e-6
    assert offset["uncertainty"] < 3e-6


def test_a_tipped_film_is_said_to_be_the_reason_for_unequal_changes(simulate: Simulate) -> None:
    done = simulate(SpikeTiming(**{**MORE, "angle": "90.1 deg"}), sample="cogd2022")
    assert not done.value("odd")
    assert done.value("train_offset") == pytest.approx(0.55e-3, rel=0.1)
    assert "positive pulses need 1.0" in done.outcome.results["odd"]["note"]
    assert done.outcome.results["odd"]["note"].endswith("run align")


def test_a_single_spike_hardly_writes(done: Done) -> None:
    for name in ("change_by_pre_alone", "change_by_post_alone"):
        assert abs(done.value(name)) < 0.02
        result = done.outcome.results[name]
        assert result["degrees_of_freedom"] > FEW["repeats"] - 1  # others that hardly change count as well
        assert "take a smaller amplitude" not in result["note"]


def test_spikes_that_do_not_overlap_leave_nothing_that_counts(done: Done) -> None:
    assert done.value("window") <= 12e-3


def test_every_pair_begins_from_a_demagnetised_film(done: Done) -> None:
    assert done.value("pairs_left_out") == 0
    states = done.rows.groupby(["Block", "State"], sort=False).first().reset_index()
    steps = states.loc[states["Block"].str.startswith("repeat"), "Step"].tolist()
    assert steps.count("pair") == 2 * (2 * 4 + 2)
    for before, after in itertools.pairwise(steps):
        assert after != "pair" or before == "demagnetise"


def test_delays_are_sent_in_random_order(done: Done) -> None:
    rows = done.rows
    delays = rows[rows["Step"] == "pair"].groupby(["Block", "State"], sort=False)["Delay (s)"].first().tolist()
    assert len(delays) == 20
    assert delays != sorted(delays)


@pytest.mark.parametrize(("every", "least"), [(75, 2), pytest.param(36, 4, marks=pytest.mark.endurance)])
def test_it_can_be_carried_on_from_any_point(every: int, least: int) -> None:
    """What trains and spikes leave of a film with states in between is chance, to a part in a hundred."""
    few: dict[str, Any] = {**FEW, "reads": 1, "delays": "1, 6 ms", "demag_step": "2 mA"}
    assert assert_resumable(SpikeTiming, sample="cogd2022", every=every, tolerance=0.01, **few) >= least


def test_a_height_that_nobody_gave_is_said_with_its_reason(simulate: Simulate) -> None:
    few = {name: value for name, value in FEW.items() if name != "amplitude"}
    done = simulate(
        SpikeTiming(**{**few, "reads": 1, "delays": "3 ms", "demag_step": "2 mA"}), sample="cogd2022"
    )  # fmt: skip
    assert done.value("spike_amplitude") == pytest.approx(9.99e-3, rel=1e-3)
    assert any("spikes have 9.99" in said and "a third of pulse_max" in said for said in done.outcome.warnings)
    assert "a third of pulse_max" in done.outcome.results["spike_amplitude"]["note"]


def bound(**parameters: Any) -> SpikeTiming:
    procedure = SpikeTiming(**{**FEW, **parameters})
    procedure.station, procedure.sample = load_station("ppms"), load_sample("cogd2022")
    return procedure


def test_a_delay_stands_once_and_zero_field_is_refused() -> None:
    with pytest.raises(BadValue, match=r"delays has 1 ms more than once; .*: repeats says how many pairs each has"):
        bound(delays="1 ms, 1000 us")
    with pytest.raises(BadValue, match="in_plane_field is 0 T, where no pulse makes"):
        bound(in_plane_field="0 T").check()


def test_a_pair_beyond_the_largest_pulse_is_refused() -> None:
    with pytest.raises(BadValue, match=r"amplitude with the tail of the other spike is 35.*mA, above pulse_max, 30 mA"):
        bound(amplitude="20 mA").check()


def test_a_delay_between_two_steps_of_the_wave_is_refused() -> None:
    with pytest.raises(BadValue, match=r"delays has 1\.2 ms, which is no multiple of resolution, 500 us"):
        bound(delays="1.2, 2 ms").check()


def test_a_wave_that_is_too_long_for_the_limits_is_refused() -> None:
    with pytest.raises(LimitExceeded, match="pulse"):
        bound(tail="200 ms").check()
