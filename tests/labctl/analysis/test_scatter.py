"""What one loop says of the next, against the simulated film."""

from __future__ import annotations

import numpy as np
import pytest

from tests.simulated import Simulate

LOOPS = 40


@pytest.mark.endurance
def test_the_scatter_told_from_one_loop_is_that_of_the_simulated_film(simulate: Simulate) -> None:
    """Its barriers are frozen, only the thermal clocks are drawn anew."""
    runs = [simulate(seed=seed, maximum_field="0.12 T").outcome.results for seed in range(LOOPS)]
    reach = 2.58 / np.sqrt(2 * LOOPS)  # 99 % of standard deviations of so many loops
    for name in ("coercive_field_up", "coercive_field_down", "loop_shift", "switching_width_10_90"):
        seen = np.std([run[name]["value"] for run in runs], ddof=1)
        told = np.mean([run[name]["scatter"] for run in runs])
        assert abs(np.log(told / seen)) < reach + 0.1, name  # by a model of thermal activation, good to a tenth
