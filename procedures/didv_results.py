"""Results of dI/dV of a junction: conductances, the check with half the modulation, the barrier."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import chi2

from instruments.errors import BadValue
from labctl.analysis.barrier_ranges import Ranges, fit_barrier
from labctl.analysis.brinkman import (
    ACCURACY,
    BarrierFit,
    Conductances,
    Parabola,
    barrier_of,
    fit_parabola,
    shape_found,
)
from labctl.analysis.junction_sizes import LEAST_SQUARES
from labctl.analysis.local_slopes import joined, local_conductances, of_shared_conversions
from labctl.analysis.result import Result, Results, missing, quantity_text
from procedures.biased import (
    CHECK,
    CONDUCTANCE,
    CURRENT,
    CYCLE,
    KIND,
    RISING,
    STAIRS,
    SWEEP,
    SWING,
    TEMPERATURE,
    VOLTAGE,
)  # fmt: skip
from procedures.iv_results import resistances

if TYPE_CHECKING:
    import pandas as pd

    from labctl.analysis.readings import FloatArray
    from procedures.didv_spin import States

OF = "this curve"
SAME = 0.01
"""Part within which dI/dV has to be the same with half the modulation."""
FAR, RARE = 2.0, 1e-3
"""Chi-square over its degrees of freedom, and its chance, from which on a curve is no parabola."""
COLD = 100.0
"""K up to which the expression for 0 K needs little correction."""
LARGEST_LEADS = 0.01
"""Part of the junction's resistance that leads within the voltage may have."""
BARRIER_UNITS = {"barrier_height": "eV", "barrier_asymmetry": "eV", "barrier_thickness": "m"}
LEFT_IN = (
    "magnetoresistance falls with the bias, which bends the curve as a barrier does; measure tmr-bias at this "
    "temperature, and give that run as tmr_bias_run"
)
NO_PARABOLA = "the curve is no parabola by its noise"
"""Why no uncertainty of a barrier is stated."""
PAIRS = {"height_asymmetry": (0, 1), "height_thickness": (0, 2), "asymmetry_thickness": (1, 2)}
NOTES = (
    "mean of the two sides above the Fermi level; a good fit does not exclude pinholes, which make as good a curve",
    "above zero less flows at a positive voltage, at whose positive electrode the barrier is then the higher",
    "for the free electron's mass m: only d sqrt(m*/m) is found; for another mass divide by sqrt(m*/m)",
)


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a junction besides its curve.

    Attributes:
        area: m2; None where nobody knows it.
        leads: ohm of leads that the voltage was read over.
        electrode: ohm, sheet resistance of the electrode that has more of it; None where nobody knows.
        magnetic: Whether it has two states.
        states: Both states against the voltage; None where they were not measured.
        why_not: Why they are not those of this curve; empty where they are, or were not measured.
    """

    area: float | None = None
    leads: float = 0.0
    electrode: float | None = None
    magnetic: bool = False
    states: States | None = None
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class Barrier:
    """A barrier with what limits it.

    Attributes:
        ranges: As it was found.
        error: Standard uncertainty of height, asymmetry and thickness: of the noise, and of the states where these
            were taken out.
        plain: What it would be with the states left in; None where they were.
        why: Why no uncertainty is stated; empty where one is.
        see: The result that says more.
    """

    ranges: Ranges
    error: FloatArray
    plain: FloatArray | None = None
    why: str = ""
    see: str = "chi_square"


@dataclass(frozen=True, slots=True)
class Measured:
    """What a run has measured.

    Attributes:
        curve: dI/dV.
        half: The same with half the modulation; None where there is none.
        temperature: K.
    """

    curve: Conductances
    half: Conductances | None
    temperature: float


def measured(data: pd.DataFrame, window: float) -> Measured:
    """Return dI/dV of a run.

    Args:
        data: Its rows.
        window: V, in which a parabola gives dI/dV of a sweep.

    Raises:
        BadValue: There is none.
    """
    rows = data.loc[data[KIND].isin([SWEEP, STAIRS])]
    kelvin = float(rows[TEMPERATURE].astype(float).mean()) if len(rows) else math.nan
    sweep = data.loc[data[KIND] == SWEEP]
    if len(sweep):
        volts, amperes = (sweep[name].to_numpy(dtype=np.float64) for name in (VOLTAGE, CURRENT))
        return Measured(
            local_conductances(volts, amperes, window), local_conductances(volts, amperes, 0.5 * window), kelvin
        )
    parts = [_stairs(part) for _, part in rows.groupby([CYCLE, RISING], sort=False)]
    check = data.loc[data[KIND] == CHECK]
    return Measured(joined(parts), _stairs(check) if len(check) else None, kelvin)


def _stairs(rows: pd.DataFrame) -> Conductances:
    return of_shared_conversions(*(rows[name].to_numpy(dtype=np.float64) for name in (VOLTAGE, CONDUCTANCE, SWING)))


def modulation_difference(curve: Conductances, half: Conductances) -> tuple[float, float]:
    """Return by which part dI/dV is larger than with half the modulation on average, and its uncertainty.

    Both are compared where both were measured; between points of the one with half of it a straight line stands.
    """
    low, high = float(half.voltage.min()), float(half.voltage.max())
    use = (curve.voltage >= low) & (curve.voltage <= high)
    order = np.argsort(half.voltage)
    other = np.interp(curve.voltage[use], half.voltage[order], half.conductance[order])
    off = curve.conductance[use] / other - 1.0
    count = len(off)
    shared = 1.0 + 2.0 * sum(curve.correlation)
    return float(off.mean()), math.sqrt(shared * float(off.var(ddof=1)) / count) if count > 1 else math.inf


def results_of(data: pd.DataFrame, *, window: float, known: Known) -> Results:
    """Return all results of a run.

    Args:
        data: Its rows.
        window: V; see `measured`.
        known: Of the junction.
    """
    ends = resistances(data)
    try:
        found, known = with_states(measured(data, window), data, known)
        parabola = fit_parabola(found.curve)
    except BadValue as fault:
        names = {"conductance_zero_bias": "S", **BARRIER_UNITS}
        return Results({**{name: missing(unit, str(fault), OF) for name, unit in names.items()}, **ends})
    at = Result(found.temperature, None, "K", "cryostat", why="its thermometer is taken as right")
    try:
        whole = barrier_found(found, known, float(parabola.values[0]))
        barrier, used = of_barrier(whole, found.temperature, known), whole.ranges.wide.parabola
    except BadValue as fault:
        barrier, used = {name: missing(unit, str(fault), OF) for name, unit in BARRIER_UNITS.items()}, parabola
    return Results({**of_parabola(used), **barrier, **_shape(used), **_check(found), **ends, "temperature": at})


def with_states(found: Measured, data: pd.DataFrame, known: Known) -> tuple[Measured, Known]:
    """Return what was measured with what the junction's state adds to it, and what is known: why that is not."""
    if known.states is None:
        return found, known
    try:
        return replace(found, curve=replace(found.curve, spin=known.states.spin_of(data))), known
    except BadValue as fault:
        return found, replace(known, states=None, why_not=str(fault))


def barrier_found(found: Measured, known: Known, conductance: float) -> Barrier:
    """Fit the barrier.

    Raises:
        BadValue: It cannot be; the sentence says why.
    """
    _check_absolute(known, conductance)
    assert known.area is not None
    ranges = fit_barrier(found.curve, known.area, found.temperature)
    error, spin = ranges.wide.uncertainty, found.curve.spin
    if spin is None and known.magnetic:
        return Barrier(ranges, error, why=known.why_not or LEFT_IN, see="barrier_height_by_magnetoresistance")
    why = NO_PARABOLA if _is_far(ranges.wide.parabola) else ""
    if spin is None:
        return Barrier(ranges, error, why=why)
    used = found.curve.within(ranges.wide.parabola.bias)
    for moved in spin.moved():
        other = barrier_of(fit_parabola(replace(used, spin=moved)), known.area, found.temperature)
        error = np.hypot(error, other.values - ranges.wide.values)
    plain = barrier_of(fit_parabola(replace(used, spin=None)), known.area, found.temperature).values
    return Barrier(ranges, error, plain, why)


def _check_absolute(known: Known, conductance: float) -> None:
    """Refuse what gives no barrier: no area, leads in the voltage, strips that the junction is not large against."""
    if known.area is None:
        raise BadValue(
            "no area is known, and from the shape of the curve alone barrier height and thickness cannot be told "
            "apart; parabola_slope and parabola_curvature are what it identifies"
        )
    if known.leads * conductance > LARGEST_LEADS:
        raise BadValue(
            f"the voltage has {known.leads:.3g} ohm of leads in it beside the junction's {1.0 / conductance:.3g} ohm, "
            "which falsifies conductance and bias; read it between leads of its own"
        )
    if known.electrode is not None and LEAST_SQUARES * known.electrode * conductance > 1.0:
        raise BadValue(
            f"the junction's {1.0 / conductance:.3g} ohm are {1.0 / (conductance * known.electrode):.2g} squares of an "
            f"electrode of {known.electrode:.3g} ohm, below {LEAST_SQUARES:g}: its current does not cross the barrier "
            "evenly, which falsifies conductance, bias and area; measure a smaller junction"
        )


def of_parabola(parabola: Parabola) -> dict[str, Result]:
    """Return what the parabola is, and how good."""
    zero, error = float(parabola.values[0]), math.sqrt(parabola.covariance[0, 0])
    note = "scatter alone; how exact the meters are comes on top"
    if parabola.spin is not None:
        note += f"; the mean of both states, which is the barrier's, is {quantity_text(zero, error, 'S')}"
        zero, error = (value * (1.0 + parabola.spin.part) for value in (zero, error))
    whole = {"conductance_zero_bias": Result(zero, error, "S", OF, note=note)}
    range_note = "largest |V| in the fit: half the barrier's height, or as far as it was measured"
    chi = parabola.chi_square
    return {
        **whole,
        "fit_range": Result(parabola.bias, None, "V", OF, why="chosen", note=range_note),
        "chi_square": missing("1", "the noise is not known apart from the fit", OF)
        if chi is None
        else Result(chi, None, "1", OF, why="a sum", note=_how_good(parabola)),
        "r_square": Result(parabola.r_square, None, "1", OF, why="of the fit"),
    }


def _is_far(parabola: Parabola) -> bool:
    """Whether the curve is no parabola by its noise."""
    chi, freedom = parabola.chi_square, parabola.freedom
    return chi is not None and freedom >= 1 and chi >= FAR * freedom and bool(chi2.sf(chi, freedom) < RARE)


def _how_good(parabola: Parabola) -> str:
    """Say whether the curve is a parabola as far as its noise tells."""
    said = f"{parabola.freedom} degrees of freedom"
    if not _is_far(parabola):
        return said
    said += ": the curve is no parabola, and the barrier is off by more than its noise"
    if parabola.spin is not None:
        return f"{said}; magnetoresistance was taken out, so that it is something else, e.g. the barrier's own form"
    return (
        f"{said}; magnetoresistance that falls with the bias bends a curve as well, and so do strips that the junction "
        "is not large against"
    )


def of_barrier(barrier: Barrier, temperature: float, known: Known) -> dict[str, Result]:
    """Return the barrier with all that limits how well it is known."""
    ranges, wide = barrier.ranges, barrier.ranges.wide
    found: dict[str, Result] = {}
    whose = "of the noise alone" if barrier.plain is None else "of the noise and of the states that were taken out"
    for number, (name, unit) in enumerate(BARRIER_UNITS.items()):
        value, error = float(wide.values[number]), float(barrier.error[number])
        if barrier.why:
            note = f"{NOTES[number]}; no uncertainty is stated, see {barrier.see}"
            found[name] = Result(value, None, unit, OF, why=barrier.why, note=note)
        else:
            found[name] = Result(value, error, unit, OF, note=f"{NOTES[number]}; uncertainty {whose}, see chi_square")
    for number, (name, unit) in enumerate(BARRIER_UNITS.items()):
        found[f"{name}_by_range"] = _by_range(ranges, number, unit)
        found[f"{name}_by_expression"] = Result(
            float(wide.expression[number]), None, unit, OF, why="systematic",
            note=f"may be off by so much, since the expression's G(0) is good to {100 * ACCURACY:g} %, and its slope "
            f"leaves out the next order; height and thickness by so much for each {100 * ACCURACY:g} % that flow "
            "beside the barrier",
        )  # fmt: skip
        if known.magnetic:
            found[f"{name}_by_magnetoresistance"] = _by_states(barrier, number, unit, known)
    correlation = wide.correlation
    for name, (one, other) in PAIRS.items():
        found[f"correlation_{name}"] = Result(float(correlation[one, other]), None, "1", OF, why="of the fit")
    return {**found, "stratton_factor": _stratton(wide, temperature)}


def _by_states(barrier: Barrier, number: int, unit: str, known: Known) -> Result:
    if barrier.plain is None or known.states is None:
        return missing(unit, known.why_not or LEFT_IN, OF)
    wide = barrier.ranges.wide
    note = f"by so much it changed the value, and was taken out; {known.states.said(wide.parabola.bias)}"
    return Result(float(wide.values[number] - barrier.plain[number]), None, unit, OF, why="taken out", note=note)


def _by_range(ranges: Ranges, number: int, unit: str) -> Result:
    systematic = ranges.systematic
    if systematic is None:
        return missing(unit, ranges.why, OF)
    note = "a third of the height less half of it: systematic, beside the uncertainty"
    if not ranges.reached:
        note += "; the bias does not reach half the height"
    return Result(float(systematic[number]), None, unit, OF, why="systematic", note=note)


def _stratton(fit: BarrierFit, temperature: float) -> Result:
    note = f"x/sin x at {temperature:.4g} K, taken out of the conductance before the barrier was found"
    if temperature > COLD:
        note += f"; above {COLD:g} K other ways through the barrier may add to it"
    return Result(fit.factor, None, "1", OF, why="follows from the fit", note=note)


def _shape(parabola: Parabola) -> dict[str, Result]:
    """What the curve identifies without area and absolute conductance."""
    shape = shape_found(parabola)
    square, skew = (1e18 * np.array(shape.squared_width), 1e9 * np.array(shape.skewness))
    slope, curvature = (float(value) for value in parabola.values[1:])
    errors = np.sqrt(np.diag(parabola.covariance))
    alone = "known from the shape of the curve alone"
    return {
        "parabola_slope": Result(
            slope, float(errors[1]), "1/V", OF,
            note=f"A0 dphi/(16 phi^1.5), {alone}: d dphi/phi^1.5 is {skew[0]:.4g} ± {skew[1]:.1g} nm/eV^0.5",
        ),
        "parabola_curvature": Result(
            curvature, float(errors[2]), "1/V^2", OF,
            note=f"9 A0^2/(128 phi), {alone}: d^2/phi is {square[0]:.4g} ± {square[1]:.1g} nm^2/eV",
        ),
    }  # fmt: skip


def _check(found: Measured) -> dict[str, Result]:
    if found.half is None:
        return {"modulation_difference": missing("1", "it was not measured with half the modulation", OF)}
    off, error = modulation_difference(found.curve, found.half)
    good = abs(off) <= SAME
    note = "dI/dV less that with half the modulation, as part of it; "
    note += "the modulation is small enough" if good else f"more than {100 * SAME:g} %: take a smaller modulation"
    return {"modulation_difference": Result(off, error, "1", OF, note=note)}
