"""What switching currents at many widths of the pulse show, as results and as a figure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from instruments.units import format_quantity
from labctl.analysis import activation_laws as laws
from labctl.analysis import switching_probability as single
from labctl.analysis.activation_laws import Fitted, Law
from labctl.analysis.pulse_heating import Warmth, warmth
from labctl.analysis.result import Result, Results, missing
from labctl.analysis.saturation import Plateaus
from labctl.analysis.sequential import Belief
from labctl.analysis.states import State, states_of
from labctl.analysis.switching_probability import Trial
from labctl.frame import PALETTE, QUIET, framed, name_curves, say, temperature_text
from labctl.pulses import CURRENT, RESISTANCE
from procedures.pulse_width import COLD, HEAT
from procedures.pulsed import STEP
from procedures.verified import KEPT, TRIAL, plateaus_in, trials_in

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from procedures.pulse_width import PulseWidth

TELLS = 6.0
"""Difference of chi square from which on one law is said to fit better: 20 to 1 for one parameter more or less."""


@dataclass(frozen=True, slots=True)
class Point:
    """The switching current at one width.

    Attributes:
        width: s.
        half: I50 in A; NaN where it is not told.
        sigma: Its standard uncertainty, A.
        trials: How many trials there were.
        why: Why it is not told.
    """

    width: float
    half: float
    sigma: float
    trials: int
    why: str = ""


def points_of(procedure: PulseWidth, states: Sequence[State], full: Plateaus) -> list[Point]:
    """Return what is known at each width, rising."""
    sent = [state for state in states if state.step == TRIAL]
    found: list[Point] = []
    for width in sorted({state.width for state in sent}):
        trials = trials_in([state for state in sent if state.width == width], full)
        found.append(_point(procedure, width, trials))
    return found


def _point(procedure: PulseWidth, width: float, trials: list[Trial]) -> Point:
    curve = single.fit(trials)
    if isinstance(curve, str):
        most = format_quantity(max((trial.current for trial in trials), default=0.0), "A")
        return Point(width, math.nan, math.nan, len(trials), f"{curve}, up to {most}")
    believed = Belief(*procedure.span(width), tuple(trials)).refined()
    return Point(width, *believed.half, len(trials))


def warmth_of(procedure: PulseWidth, data: pd.DataFrame) -> Warmth | str:
    """Return how pulses warm the film; a sentence where nobody knows."""
    alpha = procedure.sample.resistances.temperature_coefficient if "sample" in vars(procedure) else None
    if not alpha:
        return "the sample record has no temperature coefficient; run rt"
    hot = _of_step(data, HEAT)
    if not np.any(hot):
        return "no resistance was read during a pulse"
    sent, read = (data[name].to_numpy(dtype=float)[hot] for name in (CURRENT, RESISTANCE))
    return warmth(sent.tolist(), read.tolist(), alpha)


def _of_step(data: pd.DataFrame, step: str) -> NDArray[np.bool_]:
    return data[STEP].to_numpy() == step


def results_of(procedure: PulseWidth, data: pd.DataFrame) -> Results:
    """Find I50 of each width, the heat, and the barrier by each law."""
    states = states_of(data, KEPT)
    full = plateaus_in(states)
    heat = warmth_of(procedure, data)
    found: dict[str, Result] = {}
    if full is None or not full.differ:
        why = "both full states are the same, or were not made: nothing switches"
        for law in laws.LAWS:
            found |= _untold(law, why)
        return Results({**found, **_heat(procedure, heat, data)})
    points = points_of(procedure, states, full)
    told = [point for point in points if math.isfinite(point.half)]
    for law in laws.LAWS:
        found |= _of_law(law, told, heat, _bath(data))
    found |= _comparison(told)
    for number, point in enumerate(points, 1):
        found |= _of_point(procedure, number, point, heat)
    found["in_plane_field"] = Result(
        procedure.in_plane_field, procedure.field_remanence, "T", "magnet",
        note="as asked for; the uncertainty is the magnet's remanence",
    )  # fmt: skip
    return Results({**found, **_heat(procedure, heat, data)})


def _bath(data: pd.DataFrame) -> float:
    return float(data["Temperature (K)"].to_numpy(dtype=float).mean())


def fitted(law: Law, points: Sequence[Point], heat: Warmth | str | None = None, bath: float = 300.0) -> Fitted | str:
    """Fit a law to the points; with the heat, the barrier counts in units of k times the film's own temperature."""
    hot = None
    if isinstance(heat, Warmth):
        hot = [1.0 + heat.rise(point.half)[0] / bath for point in points]
    return laws.fit(law, [p.width for p in points], [p.half for p in points], [p.sigma for p in points], hot)


def _untold(law: Law, why: str) -> dict[str, Result]:
    found = {f"barrier_{law}": missing("A" if law == "inverse" else "1", why, "this run")}
    if law != "inverse":
        found[f"critical_current_{law}"] = missing("A", why, "this run")
    return found


def _of_law(law: Law, points: Sequence[Point], heat: Warmth | str, bath: float) -> dict[str, Result]:
    line = fitted(law, points)
    if isinstance(line, str):
        return _untold(law, line)
    barrier = line.barrier
    if barrier is None:
        return _untold(law, "the current does not fall with the width, so that there is no barrier to tell")
    of, unit = f"{len(points)} widths", "A" if law == "inverse" else "1"
    formula = {
        "linear": "barrier kT Delta (1 - I/I0)", "quadratic": "barrier kT Delta (1 - I/I0)^2",
        "inverse": "barrier kT B/I",
    }[law]  # fmt: skip
    assumed = f"{formula}, t0 = {format_quantity(laws.ATTEMPT, 's')} assumed"
    warm = fitted(law, points, heat, bath) if isinstance(heat, Warmth) else "nobody knows"
    found = {
        f"barrier_{law}": Result(*barrier, unit, of, note=f"{assumed}; {_heat_said(warm, unit)}"),
        f"chi_square_{law}": Result(line.chi_square, None, "1", of, why=f"{line.freedom} degrees of freedom"),
    }
    if line.critical is not None:
        note = f"{assumed}; correlation of the line's two numbers {line.correlation:.2f}"
        found[f"critical_current_{law}"] = Result(*line.critical, "A", of, note=note)
    if isinstance(warm, Fitted) and warm.barrier is not None:
        note = f"{formula}, over T of the film at the end of each pulse; what else the heat changes is not in it"
        found[f"barrier_{law}_warm"] = Result(*warm.barrier, unit, of, note=note)
        if warm.critical is not None:
            found[f"critical_current_{law}_warm"] = Result(*warm.critical, "A", of, note=note)
    return found


def _heat_said(warm: Fitted | str, unit: str) -> str:
    """What the heat does to the barrier, for the note: a systematic that no covariance has in it."""
    if isinstance(warm, str) or warm.barrier is None:
        return "the film's heat is not known, and not in the uncertainty"
    said = format_quantity(float(f"{warm.barrier[0]:.3g}"), unit) if unit == "A" else f"{warm.barrier[0]:.3g}"
    return f"the film's heat is not in the uncertainty: counted, it makes {said}"


def _comparison(points: Sequence[Point]) -> dict[str, Result]:
    """Which law the currents follow, if they tell."""
    lines = [line for law in laws.LAWS if isinstance(line := fitted(law, points), Fitted)]
    if len(lines) < len(laws.LAWS):
        return {}
    ordered = sorted(lines, key=lambda line: line.chi_square)
    apart = ordered[1].chi_square - ordered[0].chi_square
    if apart > TELLS:
        said = f"{ordered[0].law} fits better than {ordered[1].law}"
    else:
        said = f"the currents do not tell {ordered[0].law} from {ordered[1].law}"
    return {
        "chi_square_difference": Result(
            apart, None, "1", f"{len(points)} widths", why="of the two laws that fit best", note=said
        )
    }


def _of_point(procedure: PulseWidth, number: int, point: Point, heat: Warmth | str) -> dict[str, Result]:
    of, at = f"{point.trials} trials", f"pulses of {format_quantity(point.width, 's')}"
    name, rise = f"half_current_{number}", f"temperature_rise_{number}"
    if not math.isfinite(point.half):
        return {name: missing("A", f"{at}: {point.why}", of)}
    found = {name: Result(point.half, point.sigma, "A", of, note=f"{at}; posterior, logistic")}
    if isinstance(heat, str):
        return found
    value, error = heat.rise(point.half)
    found[rise] = Result(value, error, "K", of, note=_rise_said(procedure, point, heat))
    return found


def _rise_said(procedure: PulseWidth, point: Point, heat: Warmth) -> str:
    """Say of a temperature how far it is extrapolated."""
    read = procedure.heating_width
    told = format_quantity(read, "s")
    beyond = f" and {format_quantity(heat.largest, 'A')}" if point.half > heat.largest * 1.0001 else ""
    if math.isclose(point.width, read):
        return f"at this I50, extrapolated from {format_quantity(heat.largest, 'A')}" if beyond else "at this I50"
    bound = "an upper bound, since what warms slowly is not warm yet" if point.width < read else "a lower bound"
    return f"at this I50, extrapolated from {told}{beyond}: {bound}"


def _heat(procedure: PulseWidth, heat: Warmth | str, data: pd.DataFrame) -> dict[str, Result]:
    if isinstance(heat, str):
        return {"heating_coefficient": missing("K/A^2", heat, "this run")}
    width = format_quantity(procedure.heating_width, "s")
    cold = data[RESISTANCE].to_numpy(dtype=float)[_of_step(data, COLD)]
    apart = 100.0 * (heat.zero / float(np.nanmean(cold)) - 1.0)
    return {
        "heating_coefficient": Result(
            heat.coefficient, heat.uncertainty, "K/A^2", "this run",
            note=f"at the end of {width}, up to {format_quantity(heat.largest, 'A')}, by the record's temperature "
            f"coefficient; extrapolated to no current the resistance is {apart:+.2g} % off that with the probe current",
        )
    }  # fmt: skip


# ---- figure


def figure_of(procedure: PulseWidth, data: pd.DataFrame, results: Results) -> Figure:
    """Draw I50 against the width with the laws, and how warm the film is."""
    states = states_of(data, KEPT)
    full, heat = plateaus_in(states), warmth_of(procedure, data)
    title = " of ".join(filter(None, ["Switching current against width", procedure.sample_name]))
    barrier = results.get("barrier_linear")
    said = [
        temperature_text(data["Temperature (K)"]),
        f"single pulses in {format_quantity(procedure.in_plane_field, 'T')}",
        f"barrier {barrier.text()} kT, linear law" if barrier is not None and barrier.value is not None else "",
    ]
    figure, (left, right) = framed(title, " · ".join(filter(None, said)), procedure.caption, columns=2)
    left.set_xlabel("Pulse width (s)")
    left.set_ylabel("$I_{50}$ (mA)")
    right.set_xlabel("Pulse width (s)")
    right.set_ylabel("Film above the bath (K)")
    points = [] if full is None or not full.differ else points_of(procedure, states, full)
    told = [point for point in points if math.isfinite(point.half)]
    if not told:
        say(left, "no current is known at any width")
        return figure
    _draw_currents(left, told)
    if isinstance(heat, str):
        say(right, heat)
    else:
        _draw_heat(right, procedure, told, heat)
    for axes in (left, right):
        name_curves(axes, loc="best")
    return figure


def _draw_currents(axes: Axes, points: Sequence[Point]) -> None:
    axes.set_xscale("log")
    widths = np.array([point.width for point in points])
    axes.errorbar(
        widths, [1e3 * point.half for point in points], yerr=[1e3 * point.sigma for point in points], fmt="o",
        color=PALETTE[0], markersize=5, linewidth=1.0, capsize=2,
    )  # fmt: skip
    along = np.geomspace(widths.min(), widths.max(), 200)
    for place, law in enumerate(laws.LAWS):
        line = fitted(law, points)
        if isinstance(line, Fitted):
            style = ("-", (0, (5, 3)), (0, (2, 2)))[place]
            colour = PALETTE[1 + place]
            axes.plot(along, 1e3 * line.current(along), color=colour, linestyle=style, linewidth=1.1, label=law)


def _draw_heat(axes: Axes, procedure: PulseWidth, points: Sequence[Point], heat: Warmth) -> None:
    axes.set_xscale("log")
    rises = [heat.rise(point.half) for point in points]
    widths = [point.width for point in points]
    axes.errorbar(
        widths, [rise for rise, _ in rises], yerr=[error for _, error in rises], fmt="o", color=PALETTE[1],
        markerfacecolor="white", markersize=5, linewidth=1.0, capsize=2, label="at $I_{50}$, extrapolated",
    )  # fmt: skip
    value, error = heat.rise(heat.largest)
    axes.errorbar(
        [procedure.heating_width], [value], yerr=[error], fmt="s", color=QUIET, markersize=5,
        label=f"read at the end of {format_quantity(heat.largest, 'A')}",
    )  # fmt: skip
    axes.set_ylim(0.0, 1.25 * max([value, *(rise for rise, _ in rises)]))
