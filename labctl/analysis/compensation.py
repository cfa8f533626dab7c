"""Where a ferrimagnet's two sublattices cancel: the compensation temperature from Hall loops on either side.

The anomalous Hall effect follows one sublattice, the field turns the net moment; so the loop's sign changes at the
temperature T_M at which the net moment changes its direction, and the coercive field, a barrier over the net moment,
diverges there. This gives T_M twice:

- The sign brackets it: T_M lies between the two neighbouring saturated temperatures with opposite polarity, and nothing
  is known of where. Interpolating an amplitude that jumps would only invent a number.
- The signed inverse coercive field, polarity / H_c, is proportional to the net moment near T_M and goes through zero
  there along a straight line (Finley and Liu, Phys. Rev. Applied 6, 054001, 2016, show such loops of Co-Tb).

T_M is inferred from transport. It is the temperature of magnetisation compensation, not that of angular momentum.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

import numpy as np

from labctl.analysis.loops import field_results
from labctl.analysis.readings import FloatArray
from labctl.analysis.result import Result, Results, missing
from labctl.analysis.visits import UNSEEN_LAG, visits

if TYPE_CHECKING:
    import pandas as pd

WHAT = "magnetisation compensation, inferred from transport; not the angular-momentum compensation"
"""What the temperature is, and what it is not."""
NEAREST = 2
"""Saturated temperatures on either side of the sign change that the straight line goes through."""
CURVED = 3
"""The same for the parabola that tells how far the line can be trusted."""
FEWEST = 3
"""Points that a straight line needs to be tested at all."""
NAMES = (
    "compensation_temperature",
    "compensation_temperature_bracket",
    "compensation_temperature_bracket_low",
    "compensation_temperature_bracket_high",
)


class AtTemperature(Protocol):
    """What was measured at one temperature, as far as the compensation temperature follows from it."""

    @property
    def temperature(self) -> float:
        """Mean of the block's thermometer during the loops, K."""
        ...

    @property
    def uncertainty(self) -> float:
        """Standard uncertainty of that mean, K."""
        ...

    @property
    def lag(self) -> float | None:
        """Sample less block, K, as far as the way there tells; None where it was not recorded."""
        ...

    @property
    def saturated(self) -> bool:
        """Whether the loop is, and has both coercive fields."""
        ...

    @property
    def at_one_rate(self) -> bool:
        """Whether the switch lies where the field moved at one rate."""
        ...

    @property
    def polarity(self) -> float:
        """Sign that changes at compensation; 0 for a loop that is not saturated."""
        ...

    @property
    def coercive_field(self) -> Result:
        """Half the distance of the two switching fields, T."""
        ...

    @property
    def temperature_result(self) -> Result:
        """The temperature with what is known of the sample's lag."""
        ...

    def row(self) -> Results:
        """What was found as a row of the table over temperatures."""
        ...


@dataclass(frozen=True, slots=True)
class Line:
    """Signed inverse coercive field against temperature: `slope * (T - temperature)`.

    Attributes:
        temperature: Where it vanishes, K.
        uncertainty: Standard uncertainty of that, from the covariance of the fit, K.
        slope: 1/(T K).
        slope_uncertainty: 1/(T K).
        chi_square: Of the fit; a covariance from more than one a degree of freedom is widened by it.
        freedom: Degrees of freedom.
    """

    temperature: float
    uncertainty: float
    slope: float
    slope_uncertainty: float
    chi_square: float
    freedom: int


@dataclass(frozen=True, slots=True)
class Compensation:
    """The compensation temperature from a series of loops, and what it was found from.

    Attributes:
        visits: All temperatures, rising.
        bracket: The two neighbouring saturated temperatures with opposite polarity, or why there are none.
        used: Temperatures that the straight line goes through.
        line: The line, or why there is none.
        curvature: How far a parabola's zero lies from the line's, K.
        lag: How far the sample may lie from the block near the zero, K.
        remanence: How far the zero moves for a trapped flux on one side only, K.
    """

    visits: tuple[AtTemperature, ...]
    bracket: tuple[AtTemperature, AtTemperature] | str
    used: tuple[AtTemperature, ...]
    line: Line | str
    curvature: float
    lag: float
    remanence: float

    @property
    def uncertainty(self) -> float:
        """Standard uncertainty of the line's zero, K, with what is systematic."""
        assert isinstance(self.line, Line)
        return float(np.linalg.norm([self.line.uncertainty, self.curvature, self.lag, self.remanence]))


def compensation(data: pd.DataFrame, *, remanence: float | None = None) -> Results:
    """Results of a series of loops over temperature, with one row of the table for each temperature.

    Args:
        data: Rows as `ahe-temperature` records them; see `visits`.
        remanence: T, bound on the field that the magnet may hold beside the reported one; None if nobody knows.

    Raises:
        UsageError: A needed column is missing or holds no numbers.
    """
    results = results_of(find_compensation(visits(data), remanence=remanence))
    return Results({**results, **field_results(remanence)}, results.table)


def find_compensation(
    measured: Sequence[AtTemperature], *, remanence: float | None = None, sign: str = "polarity"
) -> Compensation:
    """Find the compensation temperature both ways.

    Args:
        measured: Of each temperature.
        remanence: T, bound on the field that the magnet may hold beside the reported one; None if nobody knows.
        sign: What it is that changes its sign, in words.
    """
    found = tuple(sorted(measured, key=lambda visit: visit.temperature))
    bracket = _bracket(found, sign)
    if isinstance(bracket, str):
        return Compensation(found, bracket, (), bracket, 0.0, 0.0, 0.0)
    used = _nearest(found, bracket, NEAREST)
    if len(used) < FEWEST:
        why = (
            f"only {len(used)} saturated temperatures lie around the sign change, and a straight line needs {FEWEST} "
            "to be tested: measure nearer temperatures, or with a larger field_limit"
        )
        return Compensation(found, bracket, used, why, 0.0, 0.0, 0.0)
    line = fit_line(used)
    curvature = _curvature(_nearest(found, bracket, CURVED), line)
    moved = _moved_by(used, remanence or 0.0, line)
    return Compensation(found, bracket, used, line, curvature, _lag(used), moved)


def inverse(visit: AtTemperature, shift: float = 0.0) -> tuple[float, float]:
    """Polarity over coercive field and its standard uncertainty, 1/T; the coercive field larger by `shift` T."""
    field = visit.coercive_field
    assert field.value is not None
    assert field.uncertainty is not None
    value = field.value + shift
    return visit.polarity / value, field.uncertainty / value**2


def _bracket(found: Sequence[AtTemperature], sign: str) -> tuple[AtTemperature, AtTemperature] | str:
    saturated = [visit for visit in found if visit.saturated]
    if len(saturated) < 2:
        return f"{len(saturated)} of {len(found)} temperatures have a saturated loop, and a sign change needs two"
    changes = [(a, b) for a, b in itertools.pairwise(saturated) if a.polarity != b.polarity]
    if len(changes) > 1:
        where = ", ".join(f"{a.temperature:.4g} K and {b.temperature:.4g} K" for a, b in changes)
        return f"the {sign} changes {len(changes)} times, between {where}: no single compensation temperature"
    if not changes:
        return (
            f"the {sign} is the same at all saturated temperatures, from {saturated[0].temperature:.4g} K to "
            f"{saturated[-1].temperature:.4g} K: the compensation temperature is not between them"
        )
    return changes[0]


def _nearest(
    found: Sequence[AtTemperature], bracket: tuple[AtTemperature, AtTemperature], count: int
) -> tuple[AtTemperature, ...]:
    """So many saturated temperatures on either side of the sign change, those whose switch was at one rate first."""
    saturated = [visit for visit in found if visit.saturated]
    below = [visit for visit in saturated if visit.temperature <= bracket[0].temperature]
    above = [visit for visit in saturated if visit.temperature >= bracket[1].temperature]
    return (*below[-count:], *above[:count])


def fit_line(used: Sequence[AtTemperature], shifts: Sequence[float] | None = None) -> Line:
    """Weighted straight line through the signed inverse coercive fields; errors of temperature count through its slope.

    Args:
        used: At least two.
        shifts: T, added to the coercive fields.
    """
    pairs = [inverse(visit, shift) for visit, shift in zip(used, shifts or [0.0] * len(used), strict=True)]
    value, error = np.array(pairs).T
    middle = float(np.mean([visit.temperature for visit in used]))
    position = np.array([visit.temperature for visit in used]) - middle
    sigma = _sigma(used, error, float(np.polyfit(position, value, 1)[0]))
    design = np.stack([np.ones_like(position), position], axis=1) / sigma[:, None]
    covariance = np.linalg.inv(design.T @ design)
    offset, slope = map(float, covariance @ design.T @ (value / sigma))
    chi_square = float(np.sum(((value - offset - slope * position) / sigma) ** 2))
    freedom = len(used) - 2
    covariance = covariance * (max(1.0, chi_square / freedom) if freedom else 1.0)
    zero = -offset / slope
    gradient = np.array([-1.0, -zero]) / slope
    uncertainty = float(np.sqrt(gradient @ covariance @ gradient))
    return Line(middle + zero, uncertainty, slope, float(np.sqrt(covariance[1, 1])), chi_square, freedom)


def _sigma(used: Sequence[AtTemperature], error: FloatArray, slope: float) -> FloatArray:
    """Uncertainties of the inverse coercive fields, 1/T, with those of the temperatures; none is quite zero."""
    sigma = np.hypot(error, slope * np.array([visit.uncertainty for visit in used]))
    return np.maximum(sigma, 1e-9 * abs(slope))


def _curvature(points: Sequence[AtTemperature], line: Line) -> float:
    """Distance of a parabola's zero from the line's, K: the barrier depends on temperature, and so the line bends.

    With fewer points than a parabola needs to be tested, the zero of the line through the innermost two takes its
    place.
    """
    if len(points) < FEWEST + 1:
        below = [visit for visit in points if visit.temperature < line.temperature]
        above = [visit for visit in points if visit.temperature >= line.temperature]
        return abs(fit_line([*below[-1:], *above[:1]]).temperature - line.temperature) if below and above else 0.0
    position = np.array([visit.temperature for visit in points]) - line.temperature
    value, error = np.array([inverse(visit) for visit in points]).T
    bend, slope, offset = np.polyfit(position, value, 2, w=1.0 / _sigma(points, error, line.slope))
    root = slope**2 - 4 * bend * offset
    # Of the two zeros the one that the line's becomes when the bend vanishes.
    return abs(-2 * offset / (slope + np.copysign(np.sqrt(root), slope))) if root > 0 else float(np.ptp(position))


def _moved_by(used: Sequence[AtTemperature], remanence: float, line: Line) -> float:
    """How far the zero moves if trapped flux, equally likely anywhere within its bound, adds on one side only, K.

    A magnet that traps the same flux in all loops makes all coercive fields larger together, which hardly moves it.
    """
    if not remanence:
        return 0.0
    side = [remanence / np.sqrt(3) if visit.temperature > line.temperature else 0.0 for visit in used]
    return abs(fit_line(used, side).temperature - line.temperature)


def _lag(used: Sequence[AtTemperature]) -> float:
    """How far the sample may lie from the block, K: the mean over the line's points, since they shift together."""
    lags = [UNSEEN_LAG if visit.lag is None else visit.lag for visit in used]
    return abs(float(np.mean(lags)))


def results_of(found: Compensation) -> Results:
    """Results and the table over temperatures."""
    results = {
        "compensation_temperature": _from_line(found),
        **bracket_results(found.bracket),
        "inverse_coercive_field_slope": slope_result(found.line),
    }
    used = {id(visit) for visit in found.used}
    rows = [_row(visit, used=id(visit) in used) for visit in found.visits]
    return Results(results, rows)


def _row(visit: AtTemperature, *, used: bool) -> Results:
    row = dict(visit.row())
    row["in_compensation_fit"] = Result(used, None, "1", "this temperature")
    return Results(row)


def _from_line(found: Compensation) -> Result:
    if isinstance(found.line, str):
        return missing("K", found.line, "fit")
    line = found.line
    left_out = [visit for visit in found.visits if visit not in found.used]
    notes = [
        WHAT,
        (
            f"fit {line.uncertainty:.2g} K ({tested(line)}), curvature {found.curvature:.2g} K, "
            f"sample behind block {found.lag:.2g} K, trapped flux {found.remanence:.2g} K"
        ),
        *left_out_notes(left_out),
    ]
    of = f"line through polarity / coercive field at {', '.join(f'{v.temperature:.4g}' for v in found.used)} K"
    return Result(line.temperature, found.uncertainty, "K", of, note="; ".join(notes))


def tested(line: Line) -> str:
    """Say what chi square says of the line, and what was done about it."""
    said = f"chi square {line.chi_square:.2g} for {line.freedom} degree{'s' if line.freedom > 1 else ''} of freedom"
    return f"{said}, widened by the root of their ratio" if line.chi_square > line.freedom else said


def left_out_notes(visits_: Sequence[AtTemperature]) -> list[str]:
    """Say which temperatures are not in the line, and why."""
    unsaturated = [f"{visit.temperature:.4g} K" for visit in visits_ if not visit.saturated]
    far = [f"{visit.temperature:.4g} K" for visit in visits_ if visit.saturated]
    return [
        *([f"not saturated and left out: {', '.join(unsaturated)}"] if unsaturated else []),
        *([f"too far for a straight line and left out: {', '.join(far)}"] if far else []),
    ]


def bracket_results(bracket: tuple[AtTemperature, AtTemperature] | str) -> dict[str, Result]:
    """Middle and ends of the bracket as results, or why there is none."""
    if isinstance(bracket, str):
        return {name: missing("K", bracket, "bracket") for name in NAMES[1:]}
    low, high = (visit.temperature_result for visit in bracket)
    assert isinstance(low.value, float)
    assert isinstance(high.value, float)
    lag = max(UNSEEN_LAG if visit.lag is None else abs(visit.lag) for visit in bracket)
    half = (high.value - low.value) / 2
    note = f"{WHAT}; anywhere in the bracket is equally likely: the uncertainty is half its width over the root of 3"
    of = "sign change of the loops"
    middle = Result((low.value + high.value) / 2, float(np.hypot(half / np.sqrt(3), lag)), "K", of, note=note)
    edges = [replace(edge, of=of, uncertainty=float(np.hypot(edge.uncertainty or 0.0, lag))) for edge in (low, high)]
    return dict(zip(NAMES[1:], (middle, *edges), strict=True))


def slope_result(line: Line | str, of: str = "line through polarity / coercive field") -> Result:
    """Slope of the line as a result."""
    if isinstance(line, str):
        return missing("1/(T K)", line, "fit")
    return Result(line.slope, line.slope_uncertainty, "1/(T K)", of)
