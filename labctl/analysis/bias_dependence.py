"""Magnetoresistance of a tunnel junction against the voltage across it: both states at one voltage, and V_half.

TMR(V) = R_AP(V)/R_P(V) - 1 with R = V/I of both states at the same voltage. Two states at one current are at two
voltages, and a barrier's own bend would then pass for a part of TMR: they are interpolated, by the parabola through the
three nearest voltages, which holds a barrier's bend and its asymmetry.

    TMR(V) = TMR_0/(1 + (V/V_half)^2)   is   1/TMR = 1/TMR_0 + V^2/(TMR_0 V_half^2),

a straight line in V^2. It is a usual description and no theory: V_half is that of this range of voltages.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from instruments.errors import BadValue
from labctl.analysis.fits import linear_fit
from labctl.analysis.readings import FloatArray

BEYOND = 1.01
"""Part by which a voltage may lie beyond the largest of a state: what setting the same one twice comes to."""
FEWEST = 4
"""Voltages from which a line with two parameters is fitted."""
CLEAR = 3.0
"""Standard uncertainties by which the fall has to stand out."""


@dataclass(frozen=True, slots=True)
class State:
    """A state's resistance against the voltage across it.

    Attributes:
        voltage: V, size of the voltage in each polarity or both, rising.
        resistance: ohm.
        error: ohm, standard uncertainty of each.
    """

    voltage: FloatArray
    resistance: FloatArray
    error: FloatArray


@dataclass(frozen=True, slots=True)
class Fall:
    """How TMR falls with the voltage.

    Attributes:
        zero: TMR at no voltage, and its standard uncertainty.
        half: V at which half of it is left, and its standard uncertainty.
        covariance: Of TMR_0 and V_half.
        misfit: Root mean square of what is left, in standard uncertainties of the readings.
    """

    zero: tuple[float, float]
    half: tuple[float, float]
    covariance: float
    misfit: float

    def at(self, voltage: FloatArray | float) -> FloatArray:
        """TMR at voltages in V."""
        return np.asarray(self.zero[0] / (1.0 + (np.asarray(voltage) / self.half[0]) ** 2))


def ratio(
    parallel: State, antiparallel: State, at: FloatArray | None = None
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return voltages in V, TMR there, and its standard uncertainty.

    Args:
        parallel: The one state.
        antiparallel: The other.
        at: V; without any those of the state that was not read as far.

    What lies beyond the largest voltage of a state by more than a hundredth is left out: nothing is extrapolated. Below
    its smallest the resistance is that of the smallest, from which it differs by the square of a small voltage.

    Raises:
        BadValue: A state has no voltages, or they do not rise.
    """
    for state in (parallel, antiparallel):
        if not len(state.voltage) or np.any(np.diff(state.voltage) <= 0.0):
            raise BadValue("The voltages of a state do not rise: give each once, from the smallest to the largest.")
    wanted = min(parallel.voltage, antiparallel.voltage, key=lambda some: float(some[-1])) if at is None else at
    voltage = wanted[wanted <= BEYOND * min(parallel.voltage[-1], antiparallel.voltage[-1])]
    (low, low_error), (high, high_error) = (_at(state, voltage) for state in (parallel, antiparallel))
    return voltage, high / low - 1.0, np.abs(high / low) * np.hypot(high_error / high, low_error / low)


def _at(state: State, voltage: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Resistance of a state and its uncertainty in ohm at voltages in V."""
    wanted = np.clip(voltage, state.voltage[0], None)
    count = len(state.voltage)
    weights = np.zeros((len(wanted), count))
    for row, place in enumerate(wanted):
        near = np.sort(np.argsort(np.abs(state.voltage - place))[:3])
        for one in near:
            others = [state.voltage[other] for other in near if other != one]
            weights[row, one] = np.prod([(place - other) / (state.voltage[one] - other) for other in others])
    return weights @ state.resistance, np.sqrt(weights**2 @ state.error**2)


def fall(voltage: FloatArray, tmr: FloatArray, error: FloatArray) -> Fall | str:
    """Fit how TMR falls with the voltage.

    Args:
        voltage: V.
        tmr: TMR at each.
        error: Its standard uncertainty, above zero.

    Returns:
        The fit, whose uncertainties are larger where the readings are farther off than theirs; or why there is none.

    Raises:
        BadValue: Columns of different lengths, or an uncertainty that is not above zero.
    """
    if len({len(voltage), len(tmr), len(error)}) > 1:
        raise BadValue(f"Voltage, TMR and its uncertainty have {len(voltage)}, {len(tmr)} and {len(error)} values.")
    if len(voltage) < FEWEST:
        return f"TMR is known at {len(voltage)} of the voltages, fewer than {FEWEST}"
    if not np.all(error > 0.0):
        raise BadValue("An uncertainty of a TMR is not above zero: give that of each value.")
    if np.any(np.abs(tmr) <= CLEAR * error) or np.any(np.sign(tmr) != np.sign(tmr[0])):
        return "TMR does not stand out of its uncertainty at each voltage"
    weight = tmr**2 / error  # one over the uncertainty of 1/TMR
    table = np.stack([np.ones(len(voltage)), voltage**2], axis=1)
    fit = linear_fit(table * weight[:, None], weight / tmr, 1.0)
    chi = math.sqrt(float(np.sum(fit.residual**2)) / (len(voltage) - 2))
    start, slope = (float(value) for value in fit.parameters)
    squared, error_of = slope / start, math.sqrt(float(fit.covariance[1, 1])) / abs(start)  # of 1/V_half^2
    if squared <= CLEAR * error_of:
        least = 1.0 / math.sqrt(max(squared, 0.0) + 2.0 * error_of)
        return f"no fall stands out up to {voltage[-1]:.3g} V: V_half is above {least:.2g} V (95 %)"
    half = math.sqrt(start / slope)
    leads = np.array([[-1.0 / start**2, 0.0], [0.5 * half / start, -0.5 * half / slope]])
    own = leads @ fit.covariance @ leads.T
    return Fall((1.0 / start, math.sqrt(float(own[0, 0]))), (half, math.sqrt(float(own[1, 1]))), float(own[0, 1]), chi)
