"""What one loop says of the next, against the simulated film."""

from __future__ import annotations

import numpy as np
import pytest

from tests.simulated import Simulate


@pytest.mark.endurance
def test_the_scatter_told_from_one_loop_bounds_that_of_the_simulated_film(simulate: Simulate) -> None:
    """Its barriers are frozen, only the thermal clocks are drawn anew: twice what loops scatter by, and no less."""
    runs = [simulate(seed=seed, maximum_field="0.15 T").outcome.results for seed in range(24)]
    for name in ("coercive_field_up", "coercive_field_down", "loop_shift"):
        seen = np.std([run[name]["value"] for run in runs], ddof=1)
        told = np.mean([run[name]["scatter"] for run in runs])
        assert 1.3 < told / seen < 3.0, name
