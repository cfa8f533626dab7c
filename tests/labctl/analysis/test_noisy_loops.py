"""Whole loops in much noise: what is known of them is still known, and what is not says so."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pandas as pd
import pytest

from labctl.analysis.loops import anomalous_hall
from labctl.analysis.readings import FloatArray
from labctl.analysis.result import Results

AMPLITUDE = 0.075
LARGEST = 0.3
BEYOND = 4.5
"""Standard uncertainties by which nothing may be off: one result in 1e5 of a normal distribution is."""


def noisy_loop(rng: np.random.Generator, noise: float) -> tuple[pd.DataFrame, dict[str, float]]:
    """A film whose magnetisation is a hyperbolic tangent on either branch, and the truth about it.

    Args:
        rng: Draws its coercive field, width and number of readings, and the noise.
        noise: Of a reading, over the amplitude.
    """
    count = int(rng.choice([122, 202, 402, 802])) // 2
    coercive, width, shift = rng.uniform(0.03, 0.15), rng.uniform(0.004, 0.02), rng.uniform(-3e-3, 3e-3)
    offset, slope = rng.uniform(-0.02, 0.02, 2)
    falling = np.linspace(LARGEST, -LARGEST, count)
    field = np.concatenate([falling, -falling])
    middle = np.repeat([shift - coercive, shift + coercive], count)
    hall = offset + slope * field + AMPLITUDE * np.tanh((field - middle) / width)
    hall += rng.normal(0.0, noise * AMPLITUDE, 2 * count)
    truth = {
        "anomalous_hall_resistance": AMPLITUDE,
        "anomalous_hall_resistance_saturated": AMPLITUDE,
        "coercive_field_down": shift - coercive,
        "coercive_field_up": shift + coercive,
        "loop_shift": shift,
        "switching_width_10_90": 2.0 * width * float(np.arctanh(0.8)),
        "ordinary_hall_slope": slope,
        "even_part": offset,
    }
    return pd.DataFrame({"Field (T)": field, "Hall resistance (ohm)": hall}), truth


def studied(noise: float, count: int) -> tuple[dict[str, FloatArray], list[Results]]:
    """Return the pulls of each result of so many loops, and all results of those that count as saturated."""
    pulls: dict[str, list[float]] = defaultdict(list)
    found: list[Results] = []
    for seed in range(count):
        table, truth = noisy_loop(np.random.default_rng([seed, int(1e4 * noise)]), noise)
        results = anomalous_hall(table)
        if not results["saturated"].value:
            continue
        found.append(results)
        for name, true in truth.items():
            result = results[name]
            if result.value is not None and result.uncertainty is not None:
                pulls[name].append((float(result.value) - true) / result.uncertainty)
    return {name: np.array(values) for name, values in pulls.items()}, found


@pytest.mark.parametrize(
    ("noise", "count"),
    [
        (0.03, 12), (0.05, 12), (0.07, 12), (0.1, 12),
        *(pytest.param(noise, 400, marks=pytest.mark.endurance) for noise in (0.01, 0.03, 0.05, 0.07, 0.1)),
    ],
)  # fmt: skip
def test_what_is_said_of_a_noisy_loop_is_true_within_its_uncertainty(noise: float, count: int) -> None:
    pulls, found = studied(noise, count)
    assert len(found) >= 0.9 * count  # the switch stands out of any such noise
    for name, values in pulls.items():
        assert np.abs(values).max() < BEYOND, name
        if count >= 100:
            assert np.mean(np.abs(values) > 2.0) < 0.08, name
            assert np.mean(np.abs(values) > 1.0) < 0.40, name


@pytest.mark.parametrize(
    ("noise", "most", "count"),
    [
        (0.03, 0.12, 12), (0.07, 0.25, 12),
        *(pytest.param(*each, 400, marks=pytest.mark.endurance) for each in ((0.03, 0.12), (0.05, 0.2), (0.07, 0.25))),
    ],
)  # fmt: skip
def test_a_loop_that_counts_as_saturated_has_an_amplitude_of_use(noise: float, most: float, count: int) -> None:
    """Beside its swing an amplitude of 80 +- 100 mohm says nothing: long straight branches know it better."""
    _, found = studied(noise, count)
    useless = [r["anomalous_hall_resistance"].text() for r in found if wide(r, most)]
    assert len(useless) <= count // 50, useless


def wide(results: Results, most: float) -> bool:
    error = results["anomalous_hall_resistance"].uncertainty
    return error is None or error > most * AMPLITUDE


def test_a_width_says_when_its_levels_are_not_known() -> None:
    """Where the amplitude is good to a tenth, 90 % of it may be all of it."""
    _, found = studied(0.1, 12)
    widths = [results["switching_width_10_90"] for results in found]
    untold = [width.why for width in widths if width.value is None]
    assert untold
    assert all(why is not None and "not known well enough" in why for why in untold)
