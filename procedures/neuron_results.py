"""What a film does as a neuron, as results and as a figure."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from instruments.units import format_quantity
from labctl.analysis import neurons
from labctl.analysis.neurons import TRIAL, Outputs
from labctl.analysis.result import Result, Results, missing
from labctl.analysis.states import State, states_of
from labctl.frame import COLOURS, FAINT, INK, QUIET, framed, name_curves, say, temperature_text

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from procedures.neuron import Neuron

OF = "all single trials"
THIS_RUN = "this run"
SIGNIFICANT = 5.0


def results_of(procedure: Neuron, data: pd.DataFrame) -> Results:
    """Find middle and slope of the sigmoid, how well it fits, and what the RESET is for."""
    states, reset = states_of(data, (TRIAL,)), procedure.reset_current()
    found = _fitted(neurons.outputs_of(states, reset), procedure)
    found |= _plateaus(states, reset)
    found |= _without(states, reset)
    found["pulse_width"] = Result(procedure.pulse_width, None, "s", "all pulses", why="set; the source times it")
    resets = sum(state.step == neurons.RESET for state in states) - sum(state.step == neurons.SET for state in states)
    rounds = len({state.more[TRIAL] for state in states if state.step == neurons.AGAIN})
    note = "beyond one a trial: the state was not proven at first"
    found["repeated_resets"] = Result(max(resets - rounds, 0), 0.0, "1", THIS_RUN, note=note)
    return Results(found)


def _fitted(outputs: Outputs | None, procedure: Neuron) -> dict[str, Result]:
    names = {"middle_current": "A", "slope_current": "A", "residual_rms": "1", "cycle_scatter": "1"}
    if outputs is None:
        return {
            name: missing(unit, "no trial is complete, or a plateau was not read", OF) for name, unit in names.items()
        }
    levels = outputs.levels()
    worst = max(levels, key=lambda level: levels[level][1] if math.isfinite(levels[level][1]) else -1.0)
    scatter = Result(
        levels[worst][1], None, "1", THIS_RUN, why="the largest of all inputs",
        note=f"standard deviation from trial to trial at {format_quantity(worst, 'A')}; reading alone makes "
        f"{outputs.noise:.2g}",
    )  # fmt: skip
    fit, residual = outputs.fit, outputs.residual()
    if fit is None or residual is None:
        why = "no sigmoid has its middle among the inputs: the film switches within one step of them, or beyond them"
        return {**{name: missing(unit, why, OF) for name, unit in names.items()}, "cycle_scatter": scatter}
    error = np.sqrt(np.diag(fit.covariance))
    law = "y = 1/(1 + exp(-(I - middle)/slope))"
    together = f"correlation with the slope {fit.covariance[0, 1] / (error[0] * error[1]):+.2f}"
    return {
        "middle_current": Result(fit.middle, float(error[0]), "A", OF, note=f"{law}; {together}"),
        "slope_current": Result(fit.slope, float(error[1]), "A", OF, note=law),
        "residual_rms": Result(
            residual, None, "1", THIS_RUN, why="a measure of the fit",
            note=f"of the means of {len(levels)} inputs beside the sigmoid; {procedure.trials} trials each",
        ),
        "cycle_scatter": scatter,
    }  # fmt: skip


def _plateaus(states: list[State], reset: float) -> dict[str, Result]:
    known = neurons.plateaus_of(states)
    if known is None:
        return {"hall_reset": missing("ohm", "the plateaus were not read, or are alike", THIS_RUN)}
    low, high = (known.plus, known.minus) if reset > 0.0 else (known.minus, known.plus)
    set_by = "output 1, by the opposite of the RESET pulse"
    return {
        name: Result(plateau.hall, known.scatter / math.sqrt(plateau.count), "ohm", THIS_RUN, note=note)
        for name, plateau, note in (("hall_reset", low, "output 0"), ("hall_set", high, set_by))
    }


def _without(states: list[State], reset: float) -> dict[str, Result]:
    """The area between the ways up and down without RESET, and whether the RESET is needed."""
    rounds = neurons.without_reset(states, reset)
    if not rounds:
        why = "the inputs were not sent without RESET"
        return {"hysteresis_area": missing("A", why, THIS_RUN), "reset_needed": missing("1", why, THIS_RUN)}
    areas = [neurons.area(*each) for each in rounds.values()]
    inputs = next(iter(rounds.values()))[0]
    known = neurons.plateaus_of(states)
    assert known is not None
    by_noise = known.scatter / abs(known.swing) * math.sqrt(4.0 / math.pi) * float(np.ptp(inputs))
    mean, spread = float(np.mean(areas)), float(np.std(areas, ddof=1)) if len(areas) > 1 else 0.0
    note = f"between the outputs on the way up and down; noise of reading alone makes {format_quantity(by_noise, 'A')}"
    return {
        "hysteresis_area": Result(mean, spread / math.sqrt(len(areas)), "A", f"mean of {len(areas)} rounds", note=note),
        "reset_needed": Result(
            mean > SIGNIFICANT * by_noise, None, "1", THIS_RUN, why="a yes or no",
            note="yes: the same input leaves another output after a larger one",
        ),
    }  # fmt: skip


# ---- figure


def figure_of(procedure: Neuron, data: pd.DataFrame, results: Results) -> Figure:
    """Draw all single trials with the sigmoid, and beside them the ways up and down without RESET."""
    states, reset = states_of(data, (TRIAL,)), procedure.reset_current()
    outputs, rounds = neurons.outputs_of(states, reset), neurons.without_reset(states, reset)
    middle, slope = results.get("middle_current"), results.get("slope_current")
    said = [temperature_text(data["Temperature (K)"]), f"pulses of {format_quantity(procedure.pulse_width, 's')}"]
    if middle is not None and slope is not None and middle.value is not None and slope.value is not None:
        said += [f"middle {middle.text()}", f"slope {slope.text()}"]
    title = " of ".join(filter(None, ["Sigmoid neuron", procedure.sample_name]))
    figure, axes = framed(title, " · ".join(filter(None, said)), procedure.caption, columns=2, sharey=True)
    left, right = axes
    left.set_ylabel("Output")
    for panel in axes:
        panel.set_xlabel("Input (mA)")
        panel.axhline(0.0, color=FAINT, linewidth=0.8, zorder=0)
        panel.axhline(1.0, color=FAINT, linewidth=0.8, zorder=0)
    if outputs is None:
        say(left, "no trial is complete")
    else:
        left.plot(
            1e3 * outputs.inputs, outputs.values, ".", color=QUIET, markersize=3, alpha=0.5, label="single trials"
        )
        if outputs.fit is not None:
            fine = np.linspace(outputs.inputs.min(), outputs.inputs.max(), 400)
            left.plot(1e3 * fine, outputs.fit(fine), color=INK, linewidth=1.2, label="sigmoid")
        name_curves(left, loc="center left")
    if not rounds:
        say(right, "the inputs were not sent without RESET")
    for number, (inputs, up, down) in enumerate(rounds.values()):
        for values, name, label in ((up, "up", "upwards, no RESET"), (down, "down", "downwards, no RESET")):
            shown = label if number == 0 else None
            right.plot(1e3 * inputs, values, "o-", color=COLOURS[name], markersize=2.5, linewidth=0.8, label=shown)
    if rounds:
        name_curves(right, loc="center left")
    return figure
