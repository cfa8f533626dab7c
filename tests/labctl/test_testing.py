"""The tool for users' tests: it passes what can be carried on, and finds what cannot, in words that help."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from labctl.moving import KIND
from labctl.testing import assert_resumable
from procedures.ahe import AnomalousHallLoop
from procedures.ahe_temperature import AnomalousHallTemperature
from tests import experiments

STEPPED: dict[str, Any] = {"maximum_field": "0.2 T", "sweep": "step", "field_step": "80 mT", "sweep_rate": "180 Oe/s"}


AS_A_WHOLE = (experiments.NoRestart, experiments.FetchedAhead)


class Unprepared(AnomalousHallLoop):
    """Runs its field around without saturating first, so that each loop begins where the one before has ended."""

    def execute(self) -> None:
        for loop in self.track("loop", [1, 2], restart=True):
            for field in (-0.1, 0.1, -0.05):
                for reading in self.steps(fields=[field], rate=0.018):
                    self.record(**reading, Branch="up", Loop=loop)


@pytest.mark.parametrize("every", [3, pytest.param(1, marks=pytest.mark.endurance)])
@pytest.mark.parametrize("kind", experiments.RIGHT)
def test_what_can_be_carried_on_passes(kind: type[experiments.Memory], every: int) -> None:
    assert assert_resumable(kind, every=every, from_the_start=kind in AS_A_WHOLE) >= 2


@pytest.mark.parametrize("kind", AS_A_WHOLE)
def test_a_procedure_that_can_only_be_begun_as_a_whole_is_said_to_be_one(kind: type[experiments.Memory]) -> None:
    with pytest.raises(AssertionError, match=r": no loop is marked restart=True, .* from_the_start=True"):
        assert_resumable(kind)


@pytest.mark.parametrize(
    ("kind", "match"),
    [
        (experiments.Lying, r"cut after point 2 .*'Value' = .* in row 1 of block temperature=2 .*known state"),
        (experiments.Carried, r"'Step' = 0\.0 in row 1 of block temperature=2 instead of 1\.0; .*self\.recorded\(\)"),
        (experiments.FineFromCarried, r"'Step' = .* in row 1 of block fine=1 instead of .*set in another block"),
        (experiments.KeptGenerator, r"block loop=2"),
        (experiments.OtherGenerator, r"before its first point, .*self\.rng"),
    ],
)
def test_what_cannot_is_found_and_explained(kind: type[experiments.Memory], match: str) -> None:
    with pytest.raises(AssertionError, match=match):
        assert_resumable(kind)


def test_a_loop_that_lies_is_found_on_a_sample_with_real_physics() -> None:
    with pytest.raises(AssertionError, match=r"'Hall resistance \(ohm\)' = .* in row \d of block loop="):
        assert_resumable(Unprepared, loops=2)


def test_the_anomalous_hall_loop_can_be_resumed_after_every_point() -> None:
    assert assert_resumable(AnomalousHallLoop, loops=2, **STEPPED) > 2 * 12


def test_a_swept_loop_can_be_resumed() -> None:
    cuts = assert_resumable(
        AnomalousHallLoop, at=[700], maximum_field="0.2 T", window="0.1 T", window_rate="150 Oe/s", loops=2
    )
    assert cuts == 2


def test_only_some_moments_can_be_asked_for() -> None:
    every = assert_resumable(experiments.Nested)
    assert assert_resumable(experiments.Nested, every=2) == -(-every // 2)
    # After point 2: with the last row, and when the block is complete; each with the sample as new, and turned.
    assert assert_resumable(experiments.Nested, at=[2]) == 4


def loops_only(rows: pd.DataFrame) -> pd.DataFrame:
    """Leave out what was read on the way to a temperature: one that is carried on comes from another one."""
    return rows.loc[rows[KIND] == "loop"]


@pytest.mark.parametrize(
    ("temperatures", "cuts"),
    [
        ("300, 296 K", {"at": [400]}),
        pytest.param("300, 295, 290 K", {"every": 40}, marks=pytest.mark.endurance),
    ],
)
def test_loops_over_temperatures_can_be_resumed(temperatures: str, cuts: dict[str, Any]) -> None:
    """The sample has not quite the temperature that it had: up to `waiting.LEFT` of its lag is left."""
    carried_on = assert_resumable(
        AnomalousHallTemperature,
        **cuts,
        tolerance=0.02,
        compared=loops_only,
        temperatures=temperatures,
        maximum_field="0.2 T",
        field_limit="0.4 T",
        sweep_rate="180 Oe/s",
        window_rate="180 Oe/s",
        probe_nplc=5,
    )
    assert carried_on >= 2


def test_moments_that_the_run_does_not_have_are_no_test() -> None:
    """A run that has become shorter must not disarm the test that cuts it at its 800th point."""
    with pytest.raises(AssertionError, match=r"nothing was cut, since the run has \d+ points and at=\[50000\]"):
        assert_resumable(AnomalousHallLoop, at=[50000], loops=2, **STEPPED)
