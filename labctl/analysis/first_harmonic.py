"""The first harmonic of the Hall voltage against a field in the film plane: anisotropy field, tilt, and the parabola.

    V1/I = R_0 + s R_A cos(theta(H - b_s)) + a H^2

with the angle of `macrospin`, the side s of the film plane from which the magnetisation comes, what the magnet holds
beside the reported field as b_s, and a for what is alike in both states (a planar Hall effect in a field that is not
quite along its axis). To second order it is the parabola s R_A (1 - H^2/(2 H_k^2)).

Source: Hayashi et al., Phys. Rev. B 89, 144425 (2014).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from labctl.analysis.macrospin import MOST, spin
from labctl.analysis.readings import FloatArray

LEAST_POINTS = 5
"""Fields in each state, for four numbers of each."""
SEVERAL = 4.0
"""Times the noise from point to point by which the points may miss the curve of one spin."""
_ROUNDS = 40
_STEP = 1e-6


@dataclass(frozen=True, slots=True)
class Parabola:
    """c0 + c1 H + c2 H^2 of one state.

    Attributes:
        state: +1 or -1.
        curvature: 2 c2 in ohm/T2.
        slope: c1 in ohm/T.
        centre: c0 in ohm.
        curvature_uncertainty: ohm/T2, by the points' scatter about the parabola.
    """

    state: int
    curvature: float
    slope: float
    centre: float
    curvature_uncertainty: float = 0.0


@dataclass(frozen=True, slots=True)
class FirstHarmonic:
    """What the first harmonic tells.

    Attributes:
        anisotropy_field: H_k in T.
        uncertainty: Standard uncertainty of that, T.
        tilt: rad by which a positive field points out of the film plane.
        tilt_uncertainty: rad.
        hall: R_A in ohm, half of the swing between the states at zero field.
        beside: Field in T beside the reported one, by state.
        parabolas: Of each state.
        residual: Standard deviation of the points about the curve, ohm.
        noise: The same by the scatter of a point's own readings, ohm; NaN where there is one each.
        reached: Largest field over H_k.
    """

    anisotropy_field: float
    uncertainty: float
    tilt: float
    tilt_uncertainty: float
    hall: float
    beside: dict[int, float]
    parabolas: tuple[Parabola, Parabola]
    residual: float
    noise: float
    reached: float

    @property
    def by_parabola(self) -> float:
        """H_k in T from the mean curvature of both states; NaN where they do not fall."""
        up, down = self.parabolas
        bend = -0.5 * (up.curvature - down.curvature)
        height = 0.5 * (up.centre - down.centre)
        return math.sqrt(height / bend) if height * bend > 0.0 else math.nan

    @property
    def by_parabola_uncertainty(self) -> float:
        """Standard uncertainty of that in T, from the scatter alone."""
        up, down = self.parabolas
        relative = math.hypot(up.curvature_uncertainty, down.curvature_uncertainty) / abs(up.curvature - down.curvature)
        return 0.5 * self.by_parabola * relative

    def follows_one_spin(self, least: float) -> bool:
        """Whether the points lie on the curve of one spin, as far as their noise or a part of R_A tells."""
        allowed = max(SEVERAL * (0.0 if math.isnan(self.noise) else self.noise), least * abs(self.hall))
        return self.residual <= allowed


def first_harmonic(
    field: FloatArray, state: FloatArray, resistance: FloatArray, noise: float = math.nan
) -> FirstHarmonic | None:
    """Fit the curve of one spin to both states; None where the points are too few, or the resistance does not fall.

    Args:
        field: (n,): T as reported.
        state: (n,): +1 or -1.
        resistance: (n,): first harmonic over the amplitude, ohm.
        noise: Standard deviation of a point, ohm.
    """
    if any(np.unique(field[state == side]).size < LEAST_POINTS for side in (1, -1)):
        return None
    up, down = (_parabola(field, resistance, state, side) for side in (1, -1))
    height, bend = 0.5 * (up.centre - down.centre), -0.5 * (up.curvature - down.curvature)
    if not height * bend > 0.0:
        return None
    reach = float(np.abs(field).max())
    start = np.array([max(math.sqrt(height / bend), 1.05 * reach / MOST), 0.0, 0.0, 0.0])
    found, covariance, linear, residual = _fitted(start, field, state, resistance)
    return FirstHarmonic(
        anisotropy_field=float(found[0]),
        uncertainty=float(math.sqrt(covariance[0, 0])),
        tilt=float(found[1]),
        tilt_uncertainty=float(math.sqrt(covariance[1, 1])),
        hall=float(linear[1]),
        beside={1: float(found[2]), -1: float(found[3])},
        parabolas=(up, down),
        residual=residual,
        noise=noise,
        reached=reach / float(found[0]),
    )


def _parabola(field: FloatArray, resistance: FloatArray, state: FloatArray, side: int) -> Parabola:
    use = state == side
    (c2, c1, c0), covariance = np.polyfit(field[use], resistance[use], 2, cov=True)
    return Parabola(side, 2.0 * float(c2), float(c1), float(c0), 2.0 * math.sqrt(max(0.0, float(covariance[0, 0]))))


def shifted(field: FloatArray, state: FloatArray, beside: dict[int, float]) -> FloatArray:
    """Return the true field in T, by what lies beside the reported one in each state."""
    return field + np.where(state > 0, beside[1], beside[-1])


def _linear(values: FloatArray, field: FloatArray, state: FloatArray, resistance: FloatArray) -> tuple[
    FloatArray, FloatArray
]:  # fmt: skip
    """Return the linear parameters for given others, and the residuals."""
    true = shifted(field, state, {1: float(values[2]), -1: float(values[3])})
    turned = spin(true, state, float(values[0]), float(values[1]))
    design = np.stack([np.ones_like(field), state * turned.cosine, (field / np.abs(field).max()) ** 2], axis=1)
    linear = np.asarray(np.linalg.lstsq(design, resistance, rcond=None)[0], dtype=np.float64)
    return linear, resistance - design @ linear


def _fitted(
    start: FloatArray, field: FloatArray, state: FloatArray, resistance: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray, float]:
    """Levenberg and Marquardt's method over the parameters that are not linear, the others solved at each step.

    Returns:
        Parameters, their covariance, the linear ones, and the standard deviation of the points.
    """
    values, damping = start.copy(), 1e-3
    scale = np.array([start[0], 1.0, start[0], start[0]])
    linear, left = _linear(values, field, state, resistance)
    for _ in range(_ROUNDS):
        slopes = _slopes(values, scale, left, field, state, resistance)
        normal = slopes.T @ slopes
        step = np.linalg.solve(normal + damping * np.diag(np.diag(normal) + 1e-300), -slopes.T @ left)
        trial = values + scale * step
        trial[0] = max(trial[0], float(np.abs(field).max()) / MOST)
        tried, rest = _linear(trial, field, state, resistance)
        if float(rest @ rest) <= float(left @ left):
            small = float(np.abs(step).max()) < 1e-12
            values, linear, left, damping = trial, tried, rest, damping * 0.1
            if small:
                break
        else:
            damping *= 10.0
            if damping > 1e8:
                break
    slopes = _slopes(values, scale, left, field, state, resistance)
    freedom = max(1, field.size - 7)
    variance = float(left @ left) / freedom
    covariance = np.linalg.pinv(slopes.T @ slopes) * variance * np.outer(scale, scale)
    return values, np.asarray(covariance, dtype=np.float64), linear, math.sqrt(variance)


def _slopes(
    values: FloatArray, scale: FloatArray, left: FloatArray,
    field: FloatArray, state: FloatArray, resistance: FloatArray,
) -> FloatArray:  # fmt: skip
    """Change of the residuals with each parameter, the linear ones following."""
    columns: list[FloatArray] = []
    for place in range(values.size):
        moved = values.copy()
        moved[place] += _STEP * scale[place]
        columns.append((_linear(moved, field, state, resistance)[1] - left) / _STEP)
    return np.stack(columns, axis=1)
