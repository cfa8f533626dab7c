"""What single pulses make of a film that begins in the same state each time, as outputs between 0 and 1."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labctl.analysis.saturation import Plateaus, plateaus
from labctl.analysis.sigmoid import Sigmoid, fitted
from labctl.analysis.states import State

Array = NDArray[np.float64]

PLATEAU, RESET, SET, AGAIN = "plateau", "reset", "set", "without reset"
"""What a state is read for."""
TRIAL = "Trial"


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


def plateaus_of(states: Sequence[State]) -> Plateaus | None:
    """Return both plateaus, by the sign of the pulses that made them; None where one is missing or both are alike."""
    made = [state for state in states if state.step == PLATEAU]
    found = plateaus([s for s in made if s.current < 0.0], [s for s in made if s.current > 0.0])
    return found if found is not None and found.differ else None


def output(known: Plateaus, reset: float, hall: float) -> float:
    """Return the output of a state in ohm: the part of the way from the state of a RESET pulse in A to the other."""
    return known.way(-1 if reset > 0.0 else 1, hall)


def outputs_of(states: Sequence[State], reset: float) -> Outputs | None:
    """Return the outputs of the trials that began with a RESET; None where there is none, or no plateaus."""
    known, trials = plateaus_of(states), [state for state in states if state.step == SET]
    if known is None or not trials:
        return None
    inputs = np.array([state.current for state in trials])
    values = np.array([output(known, reset, state.hall) for state in trials])
    noise = known.scatter / abs(known.swing)
    fit = fitted(inputs, values)
    within = fit is not None and inputs.min() <= fit.middle <= inputs.max()  # beyond, it would be an extrapolation
    return Outputs(inputs, values, noise, fit if within else None)


def without_reset(states: Sequence[State], reset: float) -> Mapping[int, tuple[Array, Array, Array]]:
    """Return of each round without RESET the inputs in A, and the outputs on the way up and on the way down."""
    known = plateaus_of(states)
    found: dict[int, tuple[Array, Array, Array]] = {}
    if known is None:
        return found
    for trial in dict.fromkeys(int(state.more[TRIAL]) for state in states if state.step == AGAIN):
        row = [state for state in states if state.step == AGAIN and int(state.more[TRIAL]) == trial]
        if len(row) % 2 == 0:
            continue  # a round that was cut
        half = len(row) // 2 + 1
        values = np.array([output(known, reset, state.hall) for state in row])
        inputs = np.array([state.current for state in row[:half]])
        found[trial] = (inputs, values[:half], values[half - 1 :][::-1])
    return found


def area(inputs: Array, up: Array, down: Array) -> float:
    """Return the area in A between the way up and the way down."""
    return float(np.trapezoid(np.abs(down - up), inputs))
