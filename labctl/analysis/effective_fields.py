"""Effective fields of spin-orbit torques from the second harmonic of the Hall voltage, with what looks like them.

A current I sin(wt) along x makes the fields H_DL m x y and H_FL y, which turn the magnetisation within each period.
What that does to the Hall resistance at the current's peak, dR, stands in the second harmonic,
V2 = -(I dR/2) cos(2wt). With the angle and the stiffnesses of `macrospin`, in units of H_k, planar Hall resistance R_P
(R_xy = ... + 2 R_P m_x m_y), and thermoelectric voltages T_x m_x I^2 and T_z m_z I^2:

    H along x:  dR =    [R_A H_DL sin/stiffness + 2 R_P H_FL sin/sideways]/H_k + I T_x sin + I T_z s cos + c
    H along y:  dR = -s [R_A H_FL sin cos/stiffness + 2 R_P H_DL sin cos/sideways]/H_k     + I T_z s cos + c

A field that is not quite along its axis adds what the other axis would show, with the other sign of s: it is fitted
beside each sweep and costs nothing.

So the fields add in each slope, and one axis alone cannot part them; T_x adds to the slope along x, where only the way
that the damping-like part grows faster than the field (1/(1 - h^2)) tells one from the other. T_z and c are intercepts.
In small fields it is B = -2 (dV2/dH)/(d2V1/dH2) of the usual analysis.

Source: Hayashi et al., Phys. Rev. B 89, 144425 (2014).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from labctl.analysis.first_harmonic import FirstHarmonic, shifted
from labctl.analysis.macrospin import spin
from labctl.analysis.readings import FloatArray

ALONG, ACROSS = "along", "across"
"""Axis of the field in the film plane, as seen from the current."""
DAMPING, SIDEWAYS, PLANE = "damping-like", "field-like", "thermal in plane"
OWN = 3
"""Numbers that each sweep has of its own: T_z times the amplitude, c, and what a skew axis adds."""
_SAME = 1e-9


@dataclass(frozen=True, slots=True)
class Sweep:
    """The second harmonic of both states against the field along one axis, at one amplitude.

    Attributes:
        axis: `ALONG` or `ACROSS`.
        amplitude: Peak of the current in A.
        field: (n,): T as reported.
        state: (n,): +1 or -1.
        change: (n,): dR in ohm, -2 V2/I.
        raw: (n,): The same with the lock-in's phase as it was found.
        first: What the first harmonic tells at this amplitude.
    """

    axis: str
    amplitude: float
    field: FloatArray
    state: FloatArray
    change: FloatArray
    raw: FloatArray
    first: FirstHarmonic


@dataclass(frozen=True, slots=True)
class Fields:
    """What was found; NaN where it does not follow from what was measured.

    Attributes:
        damping: H_DL in T at the amplitude.
        damping_uncertainty: T.
        sideways: H_FL in T.
        sideways_uncertainty: T.
        plane: T_x in V/A2.
        plane_uncertainty: V/A2.
        normal: T_z in V/A2, a mean over the axes.
        residual: Standard deviation of the points about the curves, ohm.
    """

    damping: float = math.nan
    damping_uncertainty: float = math.nan
    sideways: float = math.nan
    sideways_uncertainty: float = math.nan
    plane: float = math.nan
    plane_uncertainty: float = math.nan
    normal: float = math.nan
    residual: float = math.nan


def slope_field(sweep: Sweep, *, raw: bool = False) -> float:
    """B in T, from straight lines through V2 and parabolas through V1: the mean of both states, nothing corrected.

    Signed so that it is H_DL + 2 xi H_FL along the current, and H_FL + 2 xi H_DL across it.
    """
    values = sweep.raw if raw else sweep.change
    found: list[float] = []
    for parabola in sweep.first.parabolas:
        use = sweep.state == parabola.state
        slope = float(np.polyfit(sweep.field[use], values[use], 1)[0])
        sign = -parabola.state if sweep.axis == ALONG else 1.0
        found.append(sign * slope / parabola.curvature)
    return math.fsum(found) / len(found)


def corrected_slopes(along: float, across: float, ratio: float) -> tuple[float, float]:
    """Return H_DL and H_FL in T from `slope_field` of both axes and xi = R_P/R_A, as if there were no thermal slope.

    Raises:
        ZeroDivisionError: xi is a half, with which both axes tell the same.
    """
    whole = 1.0 - 4.0 * ratio**2
    return (along - 2.0 * ratio * across) / whole, (across - 2.0 * ratio * along) / whole


def effective_fields(
    sweeps: Sequence[Sweep], planar: float, planar_uncertainty: float = 0.0, *, thermal: bool = True
) -> Fields:
    """Return the fields that one sweep, or one along each axis at the same amplitude, tell.

    Along the current alone H_DL follows, since the rest of the slope has another shape; across it alone nothing does.

    Args:
        sweeps: One or two, of different axes.
        planar: R_P in ohm; NaN where nobody knows it, and then two sweeps tell no more than one.
        planar_uncertainty: ohm.
        thermal: Whether there may be a T_x.
    """
    known = not math.isnan(planar)
    names = _unknowns([sweep.axis for sweep in sweeps], known=known, thermal=thermal)
    if not names:
        return Fields()
    used = [sweep for sweep in sweeps if known or sweep.axis == ALONG]
    best, errors, residual = _solved(used, names, planar if known else 0.0)
    others = [_solved([_stiffer(sweep) for sweep in used], names, planar if known else 0.0)[0]]
    if known and planar_uncertainty:
        others.append(_solved(used, names, planar + planar_uncertainty)[0])
    spread = np.sqrt(errors**2 + sum((other - best) ** 2 for other in others))
    found = dict(zip(names, zip(best.tolist(), spread.tolist(), strict=False), strict=False))
    nothing = (math.nan, math.nan)
    damping, sideways = found.get(DAMPING, nothing), found.get(SIDEWAYS, nothing)
    plane = found.get(PLANE, nothing) if known and len(used) > 1 else nothing  # else R_P H_FL is in it
    per, count = used[0].amplitude, len(names)
    normal = float(np.mean(best[count::OWN])) / per
    return Fields(*damping, *sideways, plane[0] / per, plane[1] / per, normal, residual)


def _unknowns(axes: Sequence[str], *, known: bool, thermal: bool) -> list[str]:
    """Which numbers are fitted beside the intercepts."""
    if ALONG not in axes:
        return []
    both = known and ACROSS in axes
    return [DAMPING, *([SIDEWAYS] if both else []), *([PLANE] if thermal else [])]


def _stiffer(sweep: Sweep) -> Sweep:
    """The same with an anisotropy field that is larger by its uncertainty."""
    first = sweep.first
    return replace(sweep, first=replace(first, anisotropy_field=first.anisotropy_field + first.uncertainty))


def _solved(sweeps: Sequence[Sweep], names: Sequence[str], planar: float) -> tuple[FloatArray, FloatArray, float]:
    """Least squares, each sweep with the weight of its own scatter.

    Returns:
        The numbers named, then the `OWN` ones of each sweep; the standard errors; the scatter in ohm.
    """
    designs = [_design(sweep, names, planar) for sweep in sweeps]
    scatter = [_scatter(design, sweep.change) for design, sweep in zip(designs, sweeps, strict=True)]
    wide = len(names) + OWN * len(sweeps)
    rows: list[FloatArray] = []
    values: list[FloatArray] = []
    for place, (design, sweep, sigma) in enumerate(zip(designs, sweeps, scatter, strict=True)):
        block = np.zeros((sweep.field.size, wide))
        block[:, : len(names)] = design[:, :-OWN]
        block[:, len(names) + OWN * place : len(names) + OWN * (place + 1)] = design[:, -OWN:]
        rows.append(block / sigma)
        values.append(sweep.change / sigma)
    matrix, wanted = np.concatenate(rows), np.concatenate(values)
    sizes = np.maximum(np.sqrt((matrix**2).sum(axis=0)), 1e-300)
    found = np.linalg.lstsq(matrix / sizes, wanted, rcond=None)[0]
    left = wanted - (matrix / sizes) @ found
    variance = max(1.0, float(left @ left) / max(1, wanted.size - wide))
    errors = np.sqrt(np.diag(np.linalg.pinv((matrix / sizes).T @ (matrix / sizes))) * variance) / sizes
    return found / sizes, errors, max(scatter)


def _scatter(design: FloatArray, values: FloatArray) -> float:
    """Standard deviation in ohm of a sweep's points about the best curve of its own; never zero."""
    sizes = np.maximum(np.sqrt((design**2).sum(axis=0)), 1e-300)
    found = np.linalg.lstsq(design / sizes, values, rcond=None)[0]
    left = values - (design / sizes) @ found
    free = max(1, values.size - design.shape[1])
    return max(math.sqrt(float(left @ left) / free), _SAME * float(np.abs(values).max()), 1e-300)


def _design(sweep: Sweep, names: Sequence[str], planar: float) -> FloatArray:
    """What each unknown does to dR; behind them T_z times the amplitude, c, and what a skew axis adds."""
    first = sweep.first
    true = shifted(sweep.field, sweep.state, first.beside)
    turned = spin(true, sweep.state, first.anisotropy_field, first.tilt)
    direct = first.hall * turned.sine / turned.stiffness / first.anisotropy_field
    beside = 2.0 * planar * turned.sine / turned.sideways / first.anisotropy_field
    if sweep.axis == ALONG:
        columns = {DAMPING: direct, SIDEWAYS: beside, PLANE: turned.sine}
        crossed = sweep.state * turned.cosine * direct
    else:
        side = -sweep.state * turned.cosine
        columns = {DAMPING: side * beside, SIDEWAYS: side * direct, PLANE: np.zeros_like(true)}
        crossed = direct
    normal = sweep.state * turned.cosine
    return np.stack([*(columns[name] for name in names), normal, np.ones_like(true), crossed], axis=1)
