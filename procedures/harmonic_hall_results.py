"""What harmonic Hall voltages show: anisotropy field, effective fields of the current, and what was taken off them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from labctl.analysis.effective_fields import (
    ACROSS,
    ALONG,
    Fields,
    Sweep,
    corrected_slopes,
    effective_fields,
    slope_field,
)
from labctl.analysis.first_harmonic import FirstHarmonic
from labctl.analysis.result import Result, Results, missing
from procedures.harmonic_hall import AMPLITUDE, PHASE, SECOND
from procedures.harmonic_hall_rows import column, other_rows, pairs_of, points_of, signals, sweeps_of, taken_for

if TYPE_CHECKING:
    import pandas as pd

    from procedures.harmonic_hall import HarmonicHall

ONE_SPIN = 3e-3
"""Part of the Hall resistance by which the first harmonic may miss the curve of one spin."""
TELLING = 0.2
"""Part of the anisotropy field that its uncertainty may be, for anything to follow from it."""
ENOUGH = 0.3
"""Of the anisotropy field: largest field from which on torque can be told from what looks like it."""
APART = 3.0
"""K between two runs, within which a film is taken for the same."""
USUAL = 1e11
"""A/m2, which is 1e7 A/cm2: the density for which an efficiency is given as a field."""
OERSTED = 1e-4
SIGN = "I along +x, R_xy = V(A-B)/I with A at +y; H_DL m x y and H_FL y"
RUN = "this run"
ALONE = "a run along one axis does not tell it; name the run of the other axis as other_run"


def results_of(procedure: HarmonicHall, data: pd.DataFrame) -> Results:
    """Find the fields, each with what it would be without the corrections."""
    own = sweeps_of(data)
    if not own:
        why = "no amplitude has both harmonics of both states, with a first one that falls with the field"
        return Results(_nothing(why, "anisotropy_field"))
    if why := _astray(procedure, own, "the first harmonic"):
        return Results(_nothing(why, "anisotropy_field") | _phase(data))
    scale = _field_scale(procedure)
    found = _anisotropy(own, scale, f"field {own[0].axis} the current")
    if why := _too_little(procedure, found["anisotropy_field"]):
        found |= _nothing(why, "anisotropy_field") | {"tilt": missing("deg", why, RUN)}
        return Results(found | _phase(data))
    rows = other_rows(procedure) if procedure.other_run else None
    others = [] if rows is None else sweeps_of(rows)
    why = _astray(procedure, others, "the first harmonic of other_run")
    if rows is not None and (why := why or _other_film(data, rows)):
        return Results(found | _nothing(why) | _phase(data))
    pairs = pairs_of(own, others)
    planar, error = _planar(procedure)
    found |= _effective(procedure, pairs, (planar, error), scale)
    found |= _uncorrected(pairs, planar)
    found |= _phase(data)
    return Results(found, _table(pairs, own, planar, scale))


def _nothing(why: str, *more: str) -> dict[str, Result]:
    """Say that the effective fields, and what else is named, cannot be given."""
    names = (*more, "damping_like_field", "damping_like_efficiency", "field_like_field")
    return {name: missing("T", why, RUN) for name in names}


def _astray(procedure: HarmonicHall, sweeps: Sequence[Sweep], what: str) -> str:
    """Why the curve of one spin tells nothing, where a first harmonic does not follow it."""
    astray = next((each for each in sweeps if not each.first.follows_one_spin(ONE_SPIN)), None)
    if astray is None:
        return ""
    missed, reach = abs(astray.first.residual / astray.first.hall), 1e3 * procedure.maximum_field
    return (
        f"{what} misses the curve of one spin by {missed:.2g} of R_A: the film did not stay in one state up to "
        f"{reach:.4g} mT; take a maximum_field of 0.3 to 0.6 of H_k, or run align to bring the field into the plane"
    )


def _too_little(procedure: HarmonicHall, found: Result) -> str:
    """Why the anisotropy field is not known, where the field was too small to tell it."""
    if found.uncertainty is None or found.uncertainty <= TELLING * float(found.value or 0.0):
        return ""
    return (
        f"up to {1e3 * procedure.maximum_field:.4g} mT the first harmonic falls too little to tell H_k, by its curve "
        f"{found.text()}; take a maximum_field of 0.3 to 0.6 of H_k"
    )


def _other_film(data: pd.DataFrame, rows: pd.DataFrame) -> str:
    """Why two runs do not belong together, where the film was not as warm in both."""
    own, other = (float(column(each, "Temperature (K)").mean()) for each in (data, rows))
    if abs(own - other) <= APART:
        return ""
    return f"this run was at {own:.1f} K and other_run at {other:.1f} K; measure both axes at one temperature"


def _field_scale(procedure: HarmonicHall) -> float:
    """Standard uncertainty of a field's scale, as part of it: what the magnet may hold moves as the field goes."""
    return (procedure.field_remanence or 0.0) / math.sqrt(3.0) / procedure.maximum_field


def _anisotropy(own: Sequence[Sweep], scale: float, where: str) -> dict[str, Result]:
    """Anisotropy field, tilt, and the Hall resistance, over the amplitudes."""
    firsts = [sweep.first for sweep in own]
    reach = max(first.reached for first in firsts)
    note = (
        f"{where}: curve of one spin through both states, up to {reach:.2g} H_k; "
        "at the film's temperature with the current"
    )
    if reach < ENOUGH:
        note += f"; {ENOUGH:g} H_k are enough to tell torque from thermal slopes, take a larger maximum_field"
    parabolas = [first for first in firsts if not math.isnan(first.by_parabola)]
    found = {
        "anisotropy_field": _over(firsts, lambda f: (f.anisotropy_field, f.uncertainty), "T", note, scale),
        "tilt": _over(
            firsts, lambda f: (-math.degrees(f.tilt), math.degrees(f.tilt_uncertainty)), "deg",
            f"{where}: beyond the film plane, away from the normal, counted as the record's mounting.tilt; with the "
            "rotator's own error", scale,
        ),
        "hall_resistance_in_plane": _over(
            firsts, lambda f: (f.hall, f.residual / math.sqrt(len(firsts))), "ohm", "half of the swing at zero field"
        ),
    }  # fmt: skip
    if parabolas:
        note = f"from a plain parabola, which is too low by what bends more strongly up to {reach:.2g} H_k"
        found["anisotropy_field_parabola"] = _over(
            parabolas, lambda f: (f.by_parabola, f.by_parabola_uncertainty), "T", note, scale
        )
    return found


def _over(
    firsts: Sequence[FirstHarmonic],
    of: Callable[[FirstHarmonic], tuple[float, float]],
    unit: str,
    note: str,
    scale: float = 0.0,
) -> Result:
    """Return the weighted mean over the amplitudes, with their scatter in its uncertainty."""
    values, errors = (np.array(part) for part in zip(*(of(first) for first in firsts), strict=True))
    weights = 1.0 / np.maximum(errors, 1e-12 * np.abs(values) + 1e-300) ** 2
    mean = float(weights @ values / weights.sum())
    spread = float(np.std(values, ddof=1)) if values.size > 1 else 0.0
    shared = abs(scale * mean)
    error = math.hypot(max(float(1.0 / math.sqrt(weights.sum())), spread), shared)
    whose = f"mean of {values.size} amplitudes" if values.size > 1 else RUN
    return Result(mean, error, unit, whose, note=note, shared=shared or None)


def _planar(procedure: HarmonicHall) -> tuple[float, float]:
    """Return R_P in ohm with its uncertainty, NaN where nobody says it."""
    given = procedure.planar_hall
    if given is None:
        given = procedure.sample.resistances.planar_hall if "sample" in vars(procedure) else None
    return (math.nan, 0.0) if given is None else (given, abs(given) * procedure.planar_hall_uncertainty)


@dataclass(frozen=True, slots=True)
class Line:
    """A straight line of a field against the amplitude.

    Attributes:
        slope: T/A, through zero.
        uncertainty: T/A.
        intercept: T of one that need not go through zero; NaN with a single amplitude.
        intercept_uncertainty: T.
    """

    slope: float
    uncertainty: float
    intercept: float = math.nan
    intercept_uncertainty: float = math.nan


def line_through(amplitudes: Sequence[float], values: Sequence[float], errors: Sequence[float]) -> Line:
    """Fit a straight line through zero, and one that need not go there, weighted by the errors."""
    x, y = np.array(amplitudes), np.array(values)
    sigma = np.maximum(np.array(errors), 1e-12 * np.abs(y).max() + 1e-300)
    weighted = x / sigma
    slope = float(weighted @ (y / sigma) / (weighted @ weighted))
    if x.size < 2:
        return Line(slope, float(1.0 / math.sqrt(weighted @ weighted)))
    freedom = x.size - 1
    widened = max(1.0, math.sqrt(float((((y - slope * x) / sigma) ** 2).sum()) / freedom))
    design = np.stack([weighted, 1.0 / sigma], axis=1)
    free = np.linalg.lstsq(design, y / sigma, rcond=None)[0]
    spread = np.sqrt(np.diag(np.linalg.pinv(design.T @ design)))
    return Line(slope, widened / math.sqrt(weighted @ weighted), float(free[1]), widened * float(spread[1]))


def _effective(
    procedure: HarmonicHall, pairs: Sequence[Sequence[Sweep]], known: tuple[float, float], scale: float
) -> dict[str, Result]:
    """Both effective fields at the largest amplitude and per current density, and the thermal voltages."""
    planar, error = known
    fields = [effective_fields(pair, planar) for pair in pairs]
    moved = [effective_fields(pair, planar + error) for pair in pairs] if error else fields
    found: dict[str, Result] = {}
    for name, title in (("damping", "damping_like"), ("sideways", "field_like")):
        found |= _field(procedure, pairs, (fields, moved), (name, title), planar, scale)
    largest = fields[-1]
    of = f"at {1e3 * pairs[-1][0].amplitude:.4g} mA"
    if not math.isnan(largest.plane):
        note = "times m_x; taken off the slope along the current"
        found["thermal_slope"] = Result(largest.plane, largest.plane_uncertainty, "V/A^2", of, note=note)
    if not math.isnan(largest.normal):
        note = "times m_z; the intercept, which belongs to no torque"
        found["thermal_intercept"] = Result(largest.normal, None, "V/A^2", of, why="of the intercepts", note=note)
    if not math.isnan(planar):
        hall = pairs[-1][0].first.hall
        found["planar_hall_ratio"] = Result(
            planar / hall, error / abs(hall), "1", "record and this run", note="xi = R_P/R_A, with R_P as given"
        )
    return found


def _field(
    procedure: HarmonicHall, pairs: Sequence[Sequence[Sweep]], both: tuple[Sequence[Fields], Sequence[Fields]],
    names: tuple[str, str], planar: float, scale: float,
) -> dict[str, Result]:  # fmt: skip
    """One effective field over all amplitudes; of `both`, the second is with another planar Hall resistance."""
    (fields, moved), (name, title) = both, names
    amplitudes = [pair[0].amplitude for pair in pairs]
    values, errors = ([getattr(each, name + end) for each in fields] for end in ("", "_uncertainty"))
    if any(map(math.isnan, values)):
        why = _why_none(procedure, pairs, planar)
        return {f"{title}_field": missing("T", why, RUN), f"{title}_efficiency": missing("T", why, RUN)}
    line = line_through(amplitudes, values, errors)
    other = line_through(amplitudes, [getattr(each, name) for each in moved], errors)
    spread = math.hypot(line.uncertainty, other.slope - line.slope, scale * line.slope)
    of = f"{len(pairs)} amplitudes" if len(pairs) > 1 else RUN
    most = amplitudes[-1]
    note = f"at {1e3 * most:.4g} mA (peak); {SIGN}"
    if spread > abs(line.slope):
        note += "; not told from zero: take a larger maximum_field, up to 0.6 H_k, or larger amplitudes"
    found = {f"{title}_field": Result(line.slope * most, spread * most, "T", of, note=note)}
    if "sample" in vars(procedure):
        found[f"{title}_efficiency"] = _efficiency(procedure, line.slope, spread, of)
    if not math.isnan(line.intercept):
        note = "where the straight line through all amplitudes meets zero current; a torque has none"
        found[f"{title}_at_zero"] = Result(line.intercept, line.intercept_uncertainty, "T", of, note=note)
    return found


def _efficiency(procedure: HarmonicHall, slope: float, spread: float, of: str) -> Result:
    """Return the field in T at the usual density, from that per current in T/A."""
    area = procedure.sample.cross_section()
    value, error = slope * area * USUAL, spread * area * USUAL
    oersted = f"{value / OERSTED:.4g} ± {error / OERSTED:.2g} Oe"
    note = f"at 1e7 A/cm2 (peak): {oersted}, over the record's cross-section of {1e12 * area:.4g} um2"
    return Result(value, error, "T", of, note=note)


def _why_none(procedure: HarmonicHall, pairs: Sequence[Sequence[Sweep]], planar: float) -> str:
    if alone := [f"{1e3 * pair[0].amplitude:.4g}" for pair in pairs if len(pair) < 2]:
        lacking = f"other_run has no whole sweeps at {', '.join(alone)} mA; measure both axes at the same amplitudes"
        return lacking if procedure.other_run else ALONE
    if math.isnan(planar):
        return "the planar Hall resistance is not known, which mixes both fields; give planar_hall"
    return "the second harmonic tells nothing of it"


def _uncorrected(pairs: Sequence[Sequence[Sweep]], planar: float) -> dict[str, Result]:
    """What straight lines give: with nothing corrected, and with the planar Hall effect alone."""
    found: dict[str, Result] = {}
    for axis, title in ((ALONG, "damping_like"), (ACROSS, "field_like")):
        swept = [next((each for each in pair if each.axis == axis), None) for pair in pairs]
        known = [each for each in swept if each is not None]
        if not known:
            continue
        most = known[-1]
        note = "from -2 (dV2/dH)/(d2V1/dH2), the lock-in's phase as it was found, nothing taken off"
        raw = slope_field(most, raw=True)
        of = f"at {1e3 * most.amplitude:.4g} mA"
        found[f"{title}_field_uncorrected"] = Result(raw, None, "T", of, why="not corrected", note=note)
    pair = pairs[-1]
    if len(pair) == 2 and not math.isnan(planar):
        first, second = (slope_field(each) for each in pair)
        of = f"at {1e3 * pair[0].amplitude:.4g} mA"
        both = corrected_slopes(first, second, planar / pair[0].first.hall)
        for title, value in zip(("damping_like", "field_like"), both, strict=True):
            note = "from the same slopes with the planar Hall effect taken off, no thermal slope, no tilt"
            found[f"{title}_field_by_slopes"] = Result(value, None, "T", of, why="not corrected", note=note)
    return found


def _phase(data: pd.DataFrame) -> dict[str, Result]:
    """Phase of the first harmonic as it was found, and how much of the second stands in X after it was set."""
    found: dict[str, Result] = {}
    seen = signals(data)[taken_for(data, PHASE)]
    if seen.size > 1:
        angles = np.degrees(np.angle(np.where(seen.real < 0.0, -seen, seen)))
        error = float(np.std(angles, ddof=1) / math.sqrt(angles.size))
        note = "of the first harmonic against the source's marker; the second was read at twice that"
        found["phase"] = Result(float(np.mean(angles)), error, "deg", RUN, note=note)
    points = points_of(data, SECOND, float(column(data, AMPLITUDE).max()))
    if points.field.size > 2:
        y, x = points.value.imag - points.value.imag.mean(), points.value.real - points.value.real.mean()
        slope = float(x @ y / (y @ y))
        left = x - slope * y
        error = math.sqrt(float(left @ left) / (y.size - 2) / float(y @ y))
        note = "of the second harmonic from Y after the phase was set: what of it stands in X"
        found["phase_leak"] = Result(math.degrees(slope), math.degrees(error), "deg", RUN, note=note)
    return found


def _table(pairs: Sequence[Sequence[Sweep]], sweeps: Sequence[Sweep], planar: float, scale: float) -> list[Results]:
    """The fields at each amplitude, with the part of the uncertainty that is the magnet's in all of them."""
    table: list[Results] = []
    for pair, own in zip(pairs, sweeps, strict=True):
        fields = effective_fields(pair, planar)
        of = "this amplitude"
        entry = {
            "amplitude": Result(own.amplitude, None, "A", of, why="set"),
            "anisotropy_field": _scaled(own.first.anisotropy_field, own.first.uncertainty, scale),
        }
        for title, value, error in (
            ("damping_like_field", fields.damping, fields.damping_uncertainty),
            ("field_like_field", fields.sideways, fields.sideways_uncertainty),
        ):
            if not math.isnan(value):
                entry[title] = _scaled(value, error, scale)
        table.append(Results(entry))
    return table


def _scaled(value: float, error: float, scale: float) -> Result:
    shared = abs(scale * value)
    return Result(value, math.hypot(error, shared), "T", "this amplitude", shared=shared or None)
