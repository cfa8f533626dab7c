"""What pairs of spikes leave, as results and as a figure."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from instruments.units import format_quantity
from labctl.analysis import spike_pairs
from labctl.analysis.demagnetising import ENOUGH
from labctl.analysis.result import Result, Results, missing
from labctl.analysis.spike_pairs import SEEN, Change
from labctl.analysis.states import State, states_of
from labctl.frame import COLOURS, FAINT, INK, QUIET, framed, name_curves, say, temperature_text
from procedures.demagnetising import DEMAGNETISE
from procedures.saturating import plateaus_of
from procedures.stdp import BOTH, DELAY, KIND, PAIR, POST, PRE, REPEAT

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from procedures.stdp import SpikeTiming

KEPT = (DELAY, REPEAT, KIND)
THIS_RUN = "this run"


class Pairs:
    """What a run has measured.

    Attributes:
        plateaus: The saturated states; None without them.
        changes: Of pairs, by their delay.
        alone: Of single spikes, pre and post; None where they were not sent.
        undone: Pairs that began from no demagnetised state, and are left out.
    """

    def __init__(self, states: Sequence[State]) -> None:
        self.plateaus = plateaus_of([*states])
        delays: list[float] = []
        values: list[float] = []
        alone: dict[str, list[float]] = {PRE: [], POST: []}
        self.undone = 0
        for before, after in itertools.pairwise(states):
            if after.step != PAIR or before.step != DEMAGNETISE or self.plateaus is None:
                continue
            if abs(self.plateaus.magnetisation(before.hall)) >= ENOUGH:
                self.undone += 1
                continue
            change = self.plateaus.part(after.hall) - self.plateaus.part(before.hall)
            kind = str(after.more[KIND])
            if kind == BOTH:
                delays.append(float(after.more[DELAY]))
                values.append(change)
            else:
                alone[kind].append(change)
        self.changes = spike_pairs.changes_of(delays, values) if delays else []
        self.alone = {kind: spike_pairs.changes_of([0.0] * len(v), v)[0] for kind, v in alone.items() if len(v) > 1}


def results_of(procedure: SpikeTiming, data: pd.DataFrame) -> Results:
    """Find decay and window of the change, whether it is odd, and whether a single spike writes."""
    pairs = Pairs(states_of(data, KEPT))
    found = {**_decays(pairs.changes), **_shape(pairs.changes), **_alone(pairs)}
    height = procedure.height() if "sample" in vars(procedure) else procedure.amplitude
    found["spike_amplitude"] = (
        missing("A", "no sample is known that it would follow from", "all spikes")
        if height is None
        else Result(height, None, "A", "all spikes", why="set")
    )
    note = "pairs that began from no demagnetised state; they are left out"
    found["pairs_left_out"] = Result(pairs.undone, 0.0, "1", THIS_RUN, note=note)
    return Results(found)


def _decays(changes: Sequence[Change]) -> dict[str, Result]:
    found: dict[str, Result] = {}
    for name, sign in (("positive", 1), ("negative", -1)):
        fit = spike_pairs.decay(changes, sign)
        of = f"pairs of {name} delay"
        if fit is None:
            why = "too few delays, or their changes do not decay"
            found[f"amplitude_{name}"], found[f"time_constant_{name}"] = missing("1", why, of), missing("s", why, of)
            continue
        error = np.sqrt(np.diag(fit.covariance))
        law = "change = amplitude exp(-|delay|/time constant), of the way between both saturated states"
        found[f"amplitude_{name}"] = Result(fit.amplitude, float(error[0]), "1", of, note=law)
        found[f"time_constant_{name}"] = Result(fit.constant, float(error[1]), "s", of, note=law)
    return found


def _shape(changes: Sequence[Change]) -> dict[str, Result]:
    """The window, whether opposite delays leave opposite changes, and whether the change falls with the delay."""
    width, odd, falls = spike_pairs.window(changes), spike_pairs.odd(changes), spike_pairs.falls(changes)
    bound = max(
        (abs(c.mean) + 2.0 * c.error for c in changes if width is not None and abs(c.delay) >= width), default=0.0
    )
    largest = max(changes, key=lambda change: abs(change.mean), default=None)
    return {
        "window": missing("s", "changes are seen up to the largest delay", THIS_RUN)
        if width is None
        else Result(
            width, None, "s", THIS_RUN, why="a delay of the list",
            note=f"smallest delay from which on no change is seen above {SEEN:g} standard errors; there it is below "
            f"{bound:.2g} (95 %), which is no proof of none",
        ),
        "largest_change": missing("1", "no pair is complete", THIS_RUN)
        if largest is None
        else Result(
            largest.mean, largest.error, "1", f"mean of {largest.count} pairs",
            note=f"at a delay of {format_quantity(largest.delay, 's')}; of the way between both saturated states",
        ),
        "odd_chi_square": missing("1", "no delay was sent with both signs", THIS_RUN)
        if odd is None
        else Result(
            odd[0], None, "1", THIS_RUN, why="a test", degrees_of_freedom=odd[1],
            note=f"of the sums of opposite delays' changes, {odd[1]} degrees of freedom, p = {odd[2]:.2g}",
        ),
        "odd": missing("1", "no delay was sent with both signs", THIS_RUN)
        if odd is None
        else Result(odd[2] > 0.01, None, "1", THIS_RUN, why="a yes or no", note="yes: p above 0.01"),
        "rank_correlation": missing("1", "too few delays", THIS_RUN)
        if falls is None
        else Result(falls, None, "1", THIS_RUN, why="a measure", note="-1: the change always falls with the delay"),
    }  # fmt: skip


def _alone(pairs: Pairs) -> dict[str, Result]:
    found: dict[str, Result] = {}
    for kind in (PRE, POST):
        name = f"change_by_{kind}_alone"
        change = pairs.alone.get(kind)
        if change is None:
            found[name] = missing("1", "no single spike of this neuron was sent twice", THIS_RUN)
            continue
        writes = abs(change.mean) > SEEN * change.error
        note = "a single spike writes: take a smaller amplitude" if writes else "a single spike is not seen to write"
        found[name] = Result(change.mean, change.error, "1", f"mean of {change.count} spikes", note=note)
    return found


# ---- figure


def figure_of(procedure: SpikeTiming, data: pd.DataFrame, results: Results) -> Figure:
    """Draw the spikes with a pair of them, and the change against the delay."""
    pairs = Pairs(states_of(data, KEPT))
    constant = results.get("time_constant_positive")
    said = [temperature_text(data["Temperature (K)"])]
    if constant is not None and constant.value is not None:
        said.append(f"time constant {constant.text()}")
    title = " of ".join(filter(None, ["Spike timing", procedure.sample_name]))
    figure, axes = framed(title, " · ".join(filter(None, said)), procedure.caption, columns=2)
    _draw_spikes(axes[0], procedure)
    _draw_changes(axes[1], pairs)
    return figure


def _draw_spikes(axes: Axes, procedure: SpikeTiming) -> None:
    axes.set_xlabel("Time (ms)")
    axes.set_ylabel("Current (mA)")
    if "sample" not in vars(procedure):
        say(axes, "no sample is known that the spikes would follow from")
        return
    step = procedure.resolution
    shortest = min(procedure.delays)
    for kind, colour, label in (
        (PRE, COLOURS["down"], "presynaptic"), (POST, COLOURS["up"], "postsynaptic"),
        (BOTH, INK, f"pair, {format_quantity(shortest, 's')}"),
    ):  # fmt: skip
        levels = 1e3 * np.array(procedure.wave(kind, shortest))
        begin = shortest if kind == POST else 0.0
        times = 1e3 * (begin + step * (np.arange(len(levels)) - 1.0))
        if kind == POST:  # without the other spike it begins at once
            times = 1e3 * (step * (np.arange(len(levels)) - 1.0))
        axes.step(times, levels, where="post", color=colour, linewidth=1.4 if kind == BOTH else 1.0, label=label)
    axes.axhline(0.0, color=FAINT, linewidth=0.8, zorder=0)
    name_curves(axes, loc="best")


def _draw_changes(axes: Axes, pairs: Pairs) -> None:
    axes.set_xlabel("Delay of the postsynaptic spike (ms)")
    axes.set_ylabel("Change of the weight")
    axes.axhline(0.0, color=FAINT, linewidth=0.8, zorder=0)
    axes.axvline(0.0, color=FAINT, linewidth=0.8, zorder=0)
    if not pairs.changes:
        say(axes, "no pair is complete")
        return
    delays = np.array([1e3 * change.delay for change in pairs.changes])
    means, errors = np.array([c.mean for c in pairs.changes]), np.array([c.error for c in pairs.changes])
    axes.errorbar(delays, means, errors, fmt="o", color=INK, markersize=4, elinewidth=0.9, capsize=2, label="pairs")
    for sign in (1, -1):
        fit = spike_pairs.decay(pairs.changes, sign)
        if fit is not None:
            fine = np.linspace(0.0, float(np.abs(delays).max()), 200)
            label = "exponential decay" if sign > 0 else None
            axes.plot(
                sign * fine,
                fit.amplitude * np.exp(-1e-3 * fine / fit.constant),
                color=QUIET,
                linewidth=1.0,
                label=label,
            )
    name_curves(axes, loc="best")
