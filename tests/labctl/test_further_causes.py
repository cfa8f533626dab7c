"""What the tool for users' tests says of a column that holds lab times, and of an order that is drawn elsewhere."""

from __future__ import annotations

import random

import pytest

from labctl.testing import assert_resumable, further_causes
from tests.experiments import Memory


class OwnTime(Memory):
    """Records when it was, in a column that nobody can know to be one of lab times."""

    DATA_COLUMNS = ("Step", "Moment")

    def startup(self) -> None:
        self.clock.sleep(100)  # set-up, which takes its time again when the run is carried on

    def execute(self) -> None:
        for step in self.track("step", [1, 2, 3], restart=True):
            self.clock.sleep(60)
            self.record(Step=float(step), Moment=self.clock.now())


class OwnShuffle(Memory):
    """Goes through its steps in an order that nothing draws again."""

    def execute(self) -> None:
        for _ in self.track("loop", [1, 2, 3], restart=True):
            steps = list(range(20))
            random.shuffle(steps)
            for step in self.track("step", steps):
                self.record(Step=float(step), Value=0.0)


def test_a_column_of_lab_times_is_named_as_a_cause() -> None:
    with pytest.raises(AssertionError, match=r"; or 'Moment' holds lab times \(self\.clock\.now\(\)\), .*ignore=\["):
        assert_resumable(OwnTime)
    assert assert_resumable(OwnTime, ignore=["Moment"])


def test_an_order_that_is_drawn_elsewhere_is_named_as_a_cause() -> None:
    with pytest.raises(AssertionError, match=r"; or the order of 'Step', .* not drawn from self\.rng$"):
        assert_resumable(OwnShuffle, at=[25])


@pytest.mark.parametrize("name", ["t (s)", "Elapsed (min)", "time", "When", "clock reading", "Moment (h)"])
def test_names_that_speak_of_time(name: str) -> None:
    assert "lab times" in further_causes(name, [1.0, 2.0], 3.0)


@pytest.mark.parametrize("name", ["Field (T)", "Timer setting", "Voltage (V)", "Resistance (ohm)", "Step"])
def test_a_value_that_is_nowhere_else_has_no_further_cause(name: str) -> None:
    assert further_causes(name, [1.0, 2.0], 3.0) == ""
    assert "self.rng" in further_causes(name, [1.0, 2.0], 2.0)
    assert further_causes(name, [2.0, 2.0], 2.0) == ""
