"""Figure of how probably a pulse switches a film."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from instruments.units import format_quantity
from labctl.analysis import switching_probability as single
from labctl.analysis.sequential import Belief
from labctl.analysis.states import states_of
from labctl.analysis.switching_probability import Part
from labctl.frame import FAINT, PALETTE, QUIET, framed, name_curves, say, temperature_text
from procedures.switching_probability_results import NAMES, Attempts, attempts_of, ups_of
from procedures.verified import KEPT, plateaus_in

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from labctl.analysis.result import Results
    from labctl.analysis.saturation import Plateaus
    from labctl.analysis.states import State
    from procedures.switching_probability import SwitchingProbability

WORDS = {1: "positive pulses", -1: "negative pulses"}
TOGETHER = 8
"""Trials with neighbouring currents that are counted together."""

ASIDE = 0.002
"""Part of the largest current by which points of either sign stand beside each other."""


def figure_of(procedure: SwitchingProbability, data: pd.DataFrame, results: Results) -> Figure:
    """Draw the parts that switched with the curve; and how I50 became known, where each trial followed from others."""
    states = states_of(data, KEPT)
    full = plateaus_in(states)
    zero, one_by_one = procedure.in_plane_field == 0.0, procedure.mode == "bayes"
    title = " of ".join(filter(None, ["Switching probability", procedure.sample_name]))
    halves = [results[f"half_current_{name}"] for name in NAMES.values() if results.number(f"half_current_{name}")]
    said = [
        temperature_text(data["Temperature (K)"]),
        f"pulses of {format_quantity(procedure.pulse_width, 's')} in {format_quantity(procedure.in_plane_field, 'T')}",
        f"I50 {halves[0].text()}" if halves else "",
    ]
    subtitle = " · ".join(filter(None, said))
    if one_by_one:
        figure, (left, right) = framed(title, subtitle, procedure.caption, columns=2)
    else:
        figure, left = framed(title, subtitle, procedure.caption)
        right = None
    left.set_xlabel("Pulse current (mA)")
    left.set_ylabel("Part up" if zero else "Part of the pulses that switch")
    left.set_ylim(-0.05, 1.05)
    if full is None or not full.differ:
        say(left, "no state is known as a full one")
        return figure
    if zero:
        _draw_ups(left, states, full)
    else:
        attempts = attempts_of(states, full)
        for place, each in enumerate(attempts):
            _draw_sign(left, each, results, PALETTE[place], grouped=one_by_one)
            if right is not None:
                _draw_course(right, Belief(*procedure.span()), each, PALETTE[place])
    left.axhline(0.5, color=FAINT, linewidth=0.8, zorder=0)
    name_curves(left, loc="best")
    return figure


def _draw_parts(axes: Axes, currents: list[float], found: list[Part], colour: str, label: str) -> None:
    value = np.array([part.value for part in found])
    low, high = np.array([part.drawn for part in found]).T
    axes.errorbar(
        1e3 * np.array(currents), value, yerr=np.array([value - low, high - value]), fmt="o", color=colour,
        markersize=4, linewidth=0.8, capsize=2, label=label,
    )  # fmt: skip


def _draw_sign(axes: Axes, attempts: Attempts, results: Results, colour: str, *, grouped: bool) -> None:
    """Parts of neighbouring trials, or at each current, and the curve."""
    name, trials = NAMES[attempts.sign], attempts.trials
    label = f"{WORDS[attempts.sign]}" + (f", by {TOGETHER}" if grouped else "")
    if grouped:
        ordered = sorted(trials, key=lambda trial: trial.current)
        groups = [list(part) for part in np.array_split(np.arange(len(ordered)), max(1, len(ordered) // TOGETHER))]
        currents = [float(np.mean([ordered[place].current for place in group])) for group in groups]
        found = [single.wilson(sum(ordered[place].switched for place in group), len(group)) for group in groups]
    else:
        counted = single.parts(trials)
        currents, found = list(counted), list(counted.values())
    _draw_parts(axes, currents, found, colour, label)
    half, width = results.number(f"half_current_{name}"), results.number(f"width_{name}")
    first = attempts.sign > 0 or f"half_current_{NAMES[1]}" not in results
    along = np.linspace(min(currents), max(currents), 400)
    if half is not None and width is not None:
        axes.plot(
            1e3 * along,
            single.probability(along, half, width),
            color=colour,
            linewidth=1.2,
            label="logistic" if first else None,
        )
    elif half is not None:
        axes.axvline(1e3 * half, color=colour, linewidth=1.2, linestyle=(0, (4, 3)), label="middle of the step")
    probit = [results.number(f"{what}_{name}_probit") for what in ("half_current", "width")]
    if probit[0] is not None and probit[1] is not None:
        curve = single.probability(along, probit[0], probit[1], "probit")
        axes.plot(
            1e3 * along, curve, color=colour, linewidth=1.0, linestyle=(0, (2, 2)), label="probit" if first else None
        )


def _draw_course(axes: Axes, belief: Belief, attempts: Attempts, colour: str) -> None:
    """I50 with its standard deviation after each trial, and the currents that were tried."""
    middle: list[float] = []
    sigma: list[float] = []
    for trial in attempts.trials:
        belief = belief.with_trial(trial)
        middle.append(1e3 * belief.half[0])
        sigma.append(1e3 * belief.half[1])
    numbers = np.arange(1, len(middle) + 1)
    for switched, face in ((True, colour), (False, "white")):
        there = [place for place, trial in enumerate(attempts.trials) if trial.switched is switched]
        axes.plot(
            numbers[there], [1e3 * attempts.trials[place].current for place in there], "o", color=colour,
            markerfacecolor=face, markersize=3.5, markeredgewidth=0.8, linestyle="none",
            label=("switched" if switched else "did not") if attempts.sign > 0 else None,
        )  # fmt: skip
    centre, spread = np.array(middle), np.array(sigma)
    axes.fill_between(numbers, centre - spread, centre + spread, color=colour, alpha=0.2, linewidth=0)
    axes.plot(numbers, centre, color=QUIET, linewidth=1.0, label="I50 so far" if attempts.sign > 0 else None)
    axes.set_xlabel("Trial")
    axes.set_ylabel("Pulse current (mA)")
    name_curves(axes, loc="best")


def _draw_ups(axes: Axes, states: list[State], full: Plateaus) -> None:
    found = ups_of(states, full)
    for place, sign in enumerate((1, -1)):
        parts = [both.plus if sign > 0 else both.minus for both in found]
        aside = sign * ASIDE * max(both.current for both in found)
        _draw_parts(axes, [both.current + aside for both in found], parts, PALETTE[place], f"after {WORDS[sign]}")
