"""What single pulses make of a film that begins in the same state each time, as outputs between 0 and 1."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labctl.analysis.sigmoid import Sigmoid, fitted
from labctl.analysis.states import State, noise_of

Array = NDArray[np.float64]

PLATEAU, RESET, SET, AGAIN = "plateau", "reset", "set", "without reset"
"""What a state is read for."""
TRIAL = "Trial"
PROVEN = 5.0
"""Standard deviations of a single reading of the RESET state by which another one may differ from it: among hundreds of
proofs that all hold, none fails by chance."""


@dataclass(frozen=True, slots=True)
class Outputs:
    """Outputs of a run.

    Attributes:
        inputs: A, of all single trials.
        values: Output of each, 0 in the RESET state and 1 in the opposite one.
        noise: Standard deviation of an output by reading alone.
        fit: The sigmoid through them; None where there is none.
    """

    inputs: Array
    values: Array
    noise: float
    fit: Sigmoid | None

    def levels(self) -> dict[float, tuple[float, float, int]]:
        """Return mean, standard deviation and number of the trials of each input, by its current in A."""
        found: dict[float, tuple[float, float, int]] = {}
        for level in np.unique(self.inputs).tolist():
            values = self.values[self.inputs == level]
            spread = float(values.std(ddof=1)) if len(values) > 1 else math.nan
            found[level] = (float(values.mean()), spread, len(values))
        return found

    def residual(self) -> float | None:
        """Root mean square distance of the levels' means from the sigmoid; None without one."""
        if self.fit is None:
            return None
        levels = self.levels()
        means = np.array([mean for mean, _, _ in levels.values()])
        return float(np.sqrt(np.mean((means - self.fit(np.array(list(levels)))) ** 2)))


def plateau_of(states: Sequence[State], reset: float) -> tuple[float, float]:
    """Return the Hall resistance in ohm of the RESET state, and the standard deviation of a state like it.

    That is the scatter of those that were made, and of few of them at least the noise of reading.

    Args:
        states: With those of the plateaus among them.
        reset: The RESET pulse in A.
    """
    made = [state for state in states if state.step == PLATEAU]
    found = [state.hall for state in made if state.current * reset > 0.0]
    return float(np.mean(found)), max(float(np.std(found, ddof=1)), noise_of(made))


def normal(states: Sequence[State], reset: float) -> tuple[float, float] | None:
    """Return the RESET state's Hall resistance in ohm and the way to the opposite one; None without both."""
    sides = [
        [state.hall for state in states if state.step == PLATEAU and sign * state.current * reset > 0.0]
        for sign in (1, -1)
    ]
    if not all(sides):
        return None
    low, high = (float(np.mean(side)) for side in sides)
    return None if high == low else (low, high - low)


def outputs_of(states: Sequence[State], reset: float) -> Outputs | None:
    """Return the outputs of the trials that began with a RESET; None where there is none, or no plateaus."""
    scale = normal(states, reset)
    trials = [state for state in states if state.step == SET]
    if scale is None or not trials:
        return None
    inputs = np.array([state.current for state in trials])
    values = (np.array([state.hall for state in trials]) - scale[0]) / scale[1]
    noise = abs(plateau_of(states, reset)[1] / scale[1])
    fit = fitted(inputs, values)
    within = fit is not None and inputs.min() <= fit.middle <= inputs.max()  # beyond, it would be an extrapolation
    return Outputs(inputs, values, noise, fit if within else None)


def without_reset(states: Sequence[State], reset: float) -> Mapping[int, tuple[Array, Array, Array]]:
    """Return of each round without RESET the inputs in A, and the outputs on the way up and on the way down."""
    scale = normal(states, reset)
    found: dict[int, tuple[Array, Array, Array]] = {}
    if scale is None:
        return found
    for trial in dict.fromkeys(int(state.more[TRIAL]) for state in states if state.step == AGAIN):
        row = [state for state in states if state.step == AGAIN and int(state.more[TRIAL]) == trial]
        if len(row) % 2 == 0:
            continue  # a round that was cut
        half = len(row) // 2 + 1
        values = (np.array([state.hall for state in row]) - scale[0]) / scale[1]
        inputs = np.array([state.current for state in row[:half]])
        found[trial] = (inputs, values[:half], values[half - 1 :][::-1])
    return found


def area(inputs: Array, up: Array, down: Array) -> float:
    """Return the area in A between the way up and the way down."""
    return float(np.trapezoid(np.abs(down - up), inputs))
