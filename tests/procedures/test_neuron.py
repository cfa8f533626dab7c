"""A film as a neuron on the simulated station: its sigmoid, what the RESET is for, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from instruments.errors import BadValue
from labctl.sample import load_sample
from labctl.station import load_station
from labctl.testing import assert_resumable
from procedures.neuron import Neuron
from tests.simulated import Done, Simulate, capture_labs

FEW: dict[str, Any] = {
    "pulse_max": "30 mA", "pulse_width": "10 ms", "in_plane_field": "-50 mT", "inputs": "8:24:2 mA", "trials": 3,
    "reads": 2,
}  # fmt: skip


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Done:
    with pytest.MonkeyPatch.context() as patch:
        simulate = Simulate(tmp_path_factory.mktemp("neuron"), capture_labs(patch))
        return simulate(Neuron(**FEW), sample="cogd2022")


def test_the_sigmoid_has_a_middle_and_a_slope(done: Done) -> None:
    assert done.outcome.status == "finished"
    assert done.value("middle_current") == pytest.approx(15e-3, abs=1e-3)
    assert done.value("slope_current") == pytest.approx(1.15e-3, abs=0.25e-3)
    assert done.value("residual_rms") < 0.03
    assert done.uncertainty("middle_current") < 0.2e-3
    assert done.value("repeated_resets") == 0
    assert done.directory.figure_file.exists()


def test_trials_are_sent_in_random_order_each_after_a_reset(done: Done) -> None:
    rows = done.rows
    trials = rows[rows["Block"] == "part=2"].groupby("State", sort=False).first()
    assert trials["Step"].tolist() == ["reset", "set"] * 27
    sent = trials.loc[trials["Step"] == "set", "Pulse current (A)"].tolist()
    assert sorted(sent) == sorted(np.repeat(np.arange(8, 25, 2) * 1e-3, 3).round(6).tolist())
    assert sent != sorted(sent)


def test_without_reset_the_way_down_is_another_one(done: Done) -> None:
    assert done.value("reset_needed") is True
    # all of the film that the way up has switched stays: the area lies between the middle and the largest input
    assert done.value("hysteresis_area") == pytest.approx(15e-3 - 8e-3, rel=0.1)


def test_a_film_that_keeps_nothing_needs_no_reset(simulate: Simulate) -> None:
    """Inputs that are far too small switch nothing, on whatever way."""
    done = simulate(Neuron(**{**FEW, "inputs": "1:5:1 mA"}), sample="cogd2022")
    assert done.value("reset_needed") is False
    assert done.value("middle_current") is None
    assert "no sigmoid has its middle among the inputs" in done.outcome.results["middle_current"]["why"]


@pytest.mark.parametrize(("every", "least"), [(19, 2), pytest.param(8, 5, marks=pytest.mark.endurance)])
def test_it_can_be_carried_on_from_any_point(every: int, least: int) -> None:
    few: dict[str, Any] = {**FEW, "inputs": "12, 16 mA", "trials": 2, "reads": 1}
    assert assert_resumable(Neuron, sample="cogd2022", every=every, **few) >= least


@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [
        ({"inputs": "0:31:1 mA"}, "inputs has 31 mA, beyond pulse_max, 30 mA"),
        ({"reset": "-31 mA"}, "reset has -31 mA, beyond pulse_max"),
        ({"in_plane_field": "0 T"}, "in_plane_field is 0 T, where no pulse makes a state to begin from; give a field"),
        ({"reset": "0 A"}, "reset is 0 A, which makes no state anew"),
    ],
)
def test_pulses_that_make_no_sense_are_refused(parameters: dict[str, Any], sentence: str) -> None:
    procedure = Neuron(**{**FEW, **parameters})
    procedure.station, procedure.sample = load_station("ppms"), load_sample("cogd2022")
    with pytest.raises(BadValue, match=sentence):
        procedure.check()


def test_an_input_stands_once() -> None:
    with pytest.raises(BadValue, match=r"inputs has 10 mA more than once; .*: trials says how often each is sent"):
        Neuron(**{**FEW, "inputs": "10, 12, 10 mA"})
