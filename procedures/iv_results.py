"""Results and figure of I-V curves of a junction."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from instruments.errors import BadValue
from labctl.analysis.iv_curves import (
    SIGNIFICANT,
    Curve,
    Polynomial,
    asymmetry,
    breakdown_at,
    fit_curve,
    hysteresis,
    odd_and_even,
)
from labctl.analysis.result import Result, Results, missing, prefix_for
from labctl.frame import FAINT, PALETTE, Caption, framed, name_curves, say, shown, temperature_text
from procedures.biased import AFTER, BEFORE, CURRENT, KIND, RISING, SWEEP, TEMPERATURE, VOLTAGE, looked

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

OF = "this curve"
UNITS = {
    "conductance_zero_bias": "S",
    "cubic_coefficient": "1/V^2",
    "quadratic_coefficient": "1/V",
    "superlinearity": "1",
    "asymmetry": "1",
    "hysteresis": "1",
}
"""Results of a curve, in the order in which they are shown."""


def curve_of(data: pd.DataFrame) -> Curve:
    """Return the swept rows.

    Raises:
        BadValue: They are no curve.
    """
    rows = data.loc[data[KIND] == SWEEP]
    if rows.empty:
        raise BadValue("nothing was swept: the run ended before")
    rising = np.array([str(value).lower() in {"true", "1", "1.0"} for value in rows[RISING].tolist()], dtype=bool)
    volts, amperes = (rows[name].to_numpy(dtype=np.float64) for name in (VOLTAGE, CURRENT))
    return Curve(volts, amperes, rising)


def results_of(data: pd.DataFrame) -> Results:
    """Return all results of a run."""
    ends = resistances(data)
    try:
        curve = curve_of(data)
    except BadValue as fault:
        return Results({**{name: missing(unit, str(fault), OF) for name, unit in UNITS.items()}, **ends})
    broken = breakdown_at(curve)
    found = {} if broken is None else {"breakdown_bias": Result(abs(broken), None, "V", OF, why="where it was seen")}
    if broken is None:
        found = of_curve(curve, fit_curve(curve))
    else:
        why = f"the junction broke at {broken:.3g} V, and the curve is of two devices"
        found |= {name: missing(unit, why, OF) for name, unit in UNITS.items()}
    kelvin = data.loc[data[KIND] == SWEEP, TEMPERATURE].to_numpy(dtype=float)
    at = Result(float(kelvin.mean()), None, "K", "cryostat", why="its thermometer is taken as right")
    whole = Result(broken is not None, None, "1", OF)
    return Results({**found, "breakdown_seen": whole, **ends, "temperature": at})


def of_curve(curve: Curve, fit: Polynomial) -> dict[str, Result]:
    """Return the results of a curve that did not break."""
    half = 0.5 * fit.bias
    found = {
        "conductance_zero_bias": Result(float(fit.coefficients[1]), fit.error(1), "S", OF),
        "cubic_coefficient": Result(*fit.cubic, "1/V^2", OF, note=_bend(fit)),
        "quadratic_coefficient": Result(*fit.quadratic, "1/V", OF, note="I2/G0 of I = G0 V + I2 V^2 + I3 V^3 + ..."),
        "superlinearity": Result(
            *fit.superlinearity(half), "1", OF, note=f"I(2V)/(2 I(V)) of the odd part, from {half:.3g} V to twice that"
        ),
        "asymmetry": Result(
            *asymmetry(fit), "1", OF, note=f"(|I(+V)| - |I(-V)|)/(|I(+V)| + |I(-V)|) at {fit.bias:.3g} V"
        ),
    }
    try:
        size, error = hysteresis(curve, fit)
        found["hysteresis"] = Result(
            size,
            error,
            "1",
            OF,
            note="largest difference of both ways over the largest current, of tenths of the range",
        )
    except BadValue as fault:
        found["hysteresis"] = missing("1", str(fault), OF)
    return {**found, "largest_bias": Result(fit.bias, None, "V", OF, why="as read")}


def _bend(fit: Polynomial) -> str:
    value, error = fit.cubic
    if value > SIGNIFICANT * error:
        return "I3/G0; the current grows faster than the bias, as through a barrier"
    return "I3/G0; no bend upwards beyond the uncertainty: this may be no barrier, or too small a bias"


def resistances(data: pd.DataFrame) -> dict[str, Result]:
    """Return what the resistance was before and after, and by how much it changed."""
    found: dict[str, Result] = {}
    ends = {"before": looked(data, BEFORE), "after": looked(data, AFTER)}
    for name, end in ends.items():
        key, note = f"resistance_{name}", "at the record's probe voltage, both signs"
        found[key] = missing("ohm", "it was not read", OF) if end is None else Result(*end, "ohm", OF, note=note)
    before, after = ends["before"], ends["after"]
    if before is None or after is None:
        return {**found, "resistance_change": missing("1", "it takes a reading before and one after", OF)}
    ratio = after[0] / before[0]
    error = ratio * math.hypot(before[1] / before[0], after[1] / after[0])
    return {**found, "resistance_change": Result(ratio - 1.0, error, "1", OF)}


def figure_of(data: pd.DataFrame, results: Results, *, title: str, caption: Caption) -> Figure:
    """Draw the curve both ways, and its odd and even part."""
    at = temperature_text(data[TEMPERATURE])
    names = {"cubic coefficient": "cubic_coefficient", "asymmetry": "asymmetry", "hysteresis": "hysteresis"}
    said = [f"{word} {results[name].text()}" for word, name in names.items() if results.number(name) is not None]
    figure, (left, right) = framed(title, " · ".join(filter(None, [at, ", ".join(said)])), caption, columns=2)
    left.set(xlabel="Voltage (V)", ylabel="Current (A)")
    right.set(xlabel="|Voltage| (V)", ylabel="Current (A)")
    try:
        curve = curve_of(data)
    except BadValue as fault:
        say(left, str(fault))
        return figure
    factor, unit = prefix_for(float(np.max(np.abs(curve.current))), "A")
    for axes in (left, right):
        axes.set_ylabel(f"Current ({shown(unit)})")
        axes.axhline(0.0, color=FAINT, linewidth=0.8, zorder=0)
    looks = {"rising": ("o", 6.5, "none", PALETTE[1]), "falling": (".", 5.0, PALETTE[0], PALETTE[0])}
    for way, (word, (mark, size, inside, colour)) in zip((curve.rising, ~curve.rising), looks.items(), strict=True):
        left.plot(
            curve.voltage[way], factor * curve.current[way], mark, markersize=size, markerfacecolor=inside,
            color=colour, label=word,
        )  # fmt: skip
    if breakdown_at(curve) is not None:
        say(right, "the junction broke, and odd and even part mean nothing")
        name_curves(left)
        return figure
    fit = fit_curve(curve)
    bias, odd, even = odd_and_even(curve, fit)
    right.plot(bias, factor * odd, ".", color=PALETTE[2], label="odd part")
    right.plot(bias, factor * even, ".", color=PALETTE[3], label="even part")
    right.plot(bias, factor * fit.coefficients[1] * bias, "--", color=FAINT, label="as at zero bias")
    right.plot(bias, factor * fit.odd(bias), "-", color=PALETTE[2], linewidth=1.0)
    name_curves(left)
    name_curves(right)
    return figure
