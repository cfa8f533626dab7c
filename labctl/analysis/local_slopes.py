"""Differential conductance of an I-V curve: a parabola through the points of a window about each bias."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from instruments.errors import BadValue
from labctl.analysis.brinkman import Conductances
from labctl.analysis.fits import white_noise
from labctl.analysis.readings import FloatArray

FEWEST = 6
"""Points in a window: four for the cubic that the noise is told by, two to spare."""


def local_conductances(voltage: FloatArray, current: FloatArray, window: float) -> Conductances:
    """Return dI/dV in the middle of windows that lie side by side, so that no reading counts in two of them.

    What bends more than a parabola of the current makes the slope in a window larger by g c u^2 with u^2 =
    <v^4>/(3 <v^2>) of its points, where G(V) = g (1 + c V^2 ...); that is stated as `broadening` and can be taken out.

    Args:
        voltage: (points,) V, of all sweeps in any order.
        current: (points,) A.
        window: Full width in V.

    Raises:
        BadValue: The windows are too narrow for the points, or fewer than three fit in.
    """
    order = np.argsort(voltage, kind="stable")
    place, value = voltage[order], current[order]
    half_count = int((min(float(place[-1]), -float(place[0])) + 1e-9) / window - 0.5)
    centres = window * np.arange(-half_count, half_count + 1, dtype=np.float64)
    if half_count < 1:
        raise BadValue(
            f"fewer than three windows of {1e3 * window:.3g} mV fit into {place[0]:.3g} V to {place[-1]:.3g} V; take a "
            "narrower window, or measure to a larger bias"
        )
    noise = _noise(place, value, centres, window)
    slopes, errors, broadening = (np.empty(len(centres)) for _ in range(3))
    for number, centre in enumerate(centres):
        inside = _inside(place, centre, window)
        away = place[inside] - centre
        slopes[number], weights = _slope(away, value[inside])
        errors[number] = noise * float(np.sqrt(np.sum(weights**2)))
        broadening[number] = float(weights @ away**3) / 3.0
    return Conductances(centres, slopes, errors, broadening)


def _inside(place: FloatArray, centre: float, window: float) -> NDArray[np.intp]:
    inside = np.flatnonzero((place >= centre - 0.5 * window) & (place < centre + 0.5 * window))
    if len(inside) < FEWEST:
        raise BadValue(
            f"a window of {1e3 * window:.3g} mV about {centre:.3g} V has {len(inside)} points, and {FEWEST} are "
            "needed; take a wider window, or more points"
        )
    return inside


def _slope(away: FloatArray, value: FloatArray) -> tuple[float, FloatArray]:
    """Slope of the parabola in the middle, and the weight of each point in it."""
    weights = np.linalg.pinv(np.vander(away, 3, increasing=True))[1]
    return float(weights @ value), np.asarray(weights, dtype=np.float64)


def _noise(place: FloatArray, value: FloatArray, centres: FloatArray, window: float) -> float:
    """Noise of a reading in A: what cubics leave in all windows, since parabolas leave some of the curve itself."""
    squares, freedom = 0.0, 0
    for centre in centres:
        inside = _inside(place, float(centre), window)
        away = place[inside] - centre
        design = np.vander(away / window, 4, increasing=True)
        rest = value[inside] - design @ np.linalg.lstsq(design, value[inside], rcond=None)[0]
        squares, freedom = squares + float(rest @ rest), freedom + len(inside) - 4
    return float(np.sqrt(squares / freedom))


def of_shared_conversions(voltage: FloatArray, conductance: FloatArray, reach: FloatArray) -> Conductances:
    """Return the conductances of a staircase of a 6221's Differential Conductance mode.

    Where the current bends, every other reading is too large and the ones between too small, since a reading's outer
    two conversions are a step of the staircase apart and its middle one is not. So readings are taken in pairs, in
    which that drops out. Neighbouring pairs share two conversions.

    Args:
        voltage: (points,) mean voltage of each in V, in the order in which they were taken.
        conductance: (points,) S.
        reach: (points,) V, of the alternating step to either side.

    Raises:
        BadValue: There are fewer than twelve.
    """
    pairs = len(voltage) // 2
    if pairs < FEWEST:
        raise BadValue(
            f"a staircase of {len(voltage)} conductances is too short, and {2 * FEWEST} are needed; take a smaller "
            "modulation, or a larger bias"
        )
    place, value, swing = (part[: 2 * pairs].reshape(pairs, 2).mean(axis=1) for part in (voltage, conductance, reach))
    spacing = np.abs(np.diff(voltage[: 2 * pairs].reshape(pairs, 2), axis=1))[:, 0]
    # A chord over V +- u is as broad as u^2/3; its outer conversions are steps apart, and so are the two of a pair.
    broadening = (swing**2 + 1.5 * spacing**2) / 3.0 + 0.25 * spacing**2
    # It is voltages that are noisy, all alike: dV/dI is as noisy anywhere, and dI/dV by its own square.
    seen = white_noise(place, 1.0 / value)
    # What neighbours have in common does not show between them: of white noise 1 + 1/2 would, and this is left.
    sigma = seen / np.sqrt((1.5 - 2.0 * SHARED) / 1.5) * value**2
    return Conductances(place, value, np.asarray(sigma), np.asarray(broadening), (SHARED,))


def joined(parts: Sequence[Conductances]) -> Conductances:
    """Return several stretches as one curve; what is correlated within each stays so.

    The uncertainty of dV/dI is that of all of them together; see `of_shared_conversions`.

    Raises:
        BadValue: There are none.
    """
    if not parts:
        raise BadValue("there is no dI/dV in these rows; the run ended before")
    voltage, conductance = (
        np.concatenate([getattr(part, name) for part in parts]) for name in ("voltage", "conductance")
    )
    broadening = np.concatenate([np.broadcast_to(np.asarray(part.broadening), part.voltage.shape) for part in parts])
    ohms = [part.sigma / part.conductance**2 for part in parts if part.sigma is not None]
    sigma = np.sqrt(np.mean(np.concatenate(ohms) ** 2)) * conductance**2 if len(ohms) == len(parts) else None
    stretch = np.concatenate([np.full(len(part.voltage), float(number)) for number, part in enumerate(parts)])
    return Conductances(voltage, conductance, sigma, broadening, parts[0].correlation, stretch)


SHARED = 0.3
"""Correlation of the mean of two readings, X1 - 3 X2 + 3 X3 - X4 in conversions, with that of the next two."""
