"""What pairs of spikes leave, as results and as a figure."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from instruments.units import format_quantity
from labctl.analysis import spike_pairs
from labctl.analysis.demagnetising import ENOUGH
from labctl.analysis.result import Result, Results, missing
from labctl.analysis.saturation import Plateaus
from labctl.analysis.spike_pairs import COUNTS, RARE, Begun, Change
from labctl.analysis.states import State, noise_of, states_of
from labctl.frame import COLOURS, FAINT, INK, QUIET, framed, name_curves, say, temperature_text
from procedures.demagnetising import DEMAGNETISE, measured_offset
from procedures.saturating import plateaus_of
from procedures.stdp import BOTH, DELAY, KIND, PAIR, POST, PRE, REPEAT, bettered

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from procedures.stdp import SpikeTiming

KEPT = (DELAY, REPEAT, KIND)
THIS_RUN = "this run"
ODD = 0.01
"""Chance below which opposite delays do not leave opposite changes."""
SURE = 5.0
"""Standard uncertainties from which on the offset of the trains is said to be the reason."""
FEWEST = 6
"""Trains from whose scatter the uncertainty of their offset follows."""


class Pairs:
    """What a run has measured.

    Attributes:
        plateaus: The saturated states; None without them.
        changes: Of pairs, by their delay.
        alone: Of single spikes, pre and post, where they were sent.
        undone: Pairs that began from no demagnetised state, and are left out.
    """

    def __init__(self, states: Sequence[State]) -> None:
        self.plateaus = plateaus_of([*states])
        groups: dict[tuple[str, float], list[Begun]] = {}
        self.undone = 0
        for before, after in itertools.pairwise(states):
            if after.step != PAIR or before.step != DEMAGNETISE or self.plateaus is None:
                continue
            if abs(self.plateaus.magnetisation(before.hall)) >= ENOUGH:
                self.undone += 1
                continue
            change = self.plateaus.part(after.hall) - self.plateaus.part(before.hall)
            begun = Begun(change, self.plateaus.magnetisation(before.hall))
            groups.setdefault((str(after.more[KIND]), float(after.more[DELAY])), []).append(begun)
        ordered = sorted(groups.items())
        # a change is the difference of two readings
        floor = 0.0 if self.plateaus is None else math.sqrt(2.0) * noise_of(states) / abs(self.plateaus.swing)
        found = spike_pairs.changes_of(spike_pairs.from_balance([(delay, all_) for (_, delay), all_ in ordered]), floor)
        kinds = [kind for (kind, _), _ in ordered]
        self.changes = [change for kind, change in zip(kinds, found, strict=True) if kind == BOTH]
        self.alone = {kind: change for kind, change in zip(kinds, found, strict=True) if kind != BOTH}


def results_of(procedure: SpikeTiming, data: pd.DataFrame) -> Results:
    """Find decay and window of the change, whether it is odd, and whether a single spike writes."""
    states = states_of(data, KEPT)
    pairs = Pairs(states)
    offset = _offset(procedure, states, pairs.plateaus)
    found = {**_decays(pairs.changes), **_shape(pairs.changes, offset), **_alone(pairs)}
    known = "sample" in vars(procedure)
    height = procedure.height() if known else procedure.amplitude
    found["spike_amplitude"] = (
        missing("A", "no sample is known that it would follow from", "all spikes")
        if height is None
        else Result(height, None, "A", "all spikes", why="set", note=procedure.origin() if known else None)
    )
    found["train_offset"] = offset
    note = "pairs that began from no demagnetised state; they are left out"
    found["pairs_left_out"] = Result(pairs.undone, 0.0, "1", THIS_RUN, note=note)
    return Results(found)


def _offset(procedure: SpikeTiming, states: Sequence[State], plateaus: Plateaus | None) -> Result:
    """What all trains together tell of the pulses that demagnetise."""
    note = "added to each pulse of a train: half of what positive pulses need more than negative ones"
    if procedure.demag_offset is not None:
        return Result(procedure.demag_offset, None, "A", "trains", why="set", note=note)
    if plateaus is None or not plateaus.differ or "sample" not in vars(procedure):
        return missing("A", "without a sample and both saturated states nobody knows it", "trains")
    trains = [state for state in states if state.step == DEMAGNETISE]
    if len(trains) < FEWEST:
        return missing("A", f"fewer than {FEWEST} trains were sent", "trains")
    step = procedure.demag_fall()
    numbers = sorted({state.more[REPEAT] for state in trains})
    repeats = [[state for state in trains if state.more[REPEAT] == number] for number in numbers]
    value = bettered(measured_offset(states, plateaus, step), repeats, plateaus, step)
    scatter = float(np.std([plateaus.magnetisation(state.hall) for state in trains], ddof=1))
    error = 0.5 * step * scatter / math.sqrt(len(trains))
    return Result(value, error, "A", f"{len(trains)} trains", note=note)


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


def _shape(changes: Sequence[Change], offset: Result) -> dict[str, Result]:
    """The window, the largest change, and whether the change falls with the delay."""
    falls, largest = spike_pairs.falls(changes), spike_pairs.largest_of(changes)
    return {
        "window": _window(changes),
        "largest_change": missing("1", "no pair is complete", THIS_RUN)
        if largest is None
        else _mean(
            largest, "pairs",
            f"at a delay of {format_quantity(largest.delay, 's')}; of the way between both saturated states",
        ),
        **_odd(changes, largest, offset),
        "rank_correlation": missing("1", "too few delays", THIS_RUN)
        if falls is None
        else Result(falls, None, "1", THIS_RUN, why="a measure", note="-1: the change always falls with the delay"),
    }  # fmt: skip


def _mean(change: Change, what: str, note: str) -> Result:
    """A mean, with the scatter of the whole run as its uncertainty."""
    of = f"mean of {change.count} {what}"
    if not change.freedom:
        why = "nothing was sent twice, so that nobody knows by how much it scatters"
        return Result(change.mean, None, "1", of, why=why, note=note)
    return Result(change.mean, change.error, "1", of, note=note, degrees_of_freedom=change.freedom)


def _window(changes: Sequence[Change]) -> Result:
    if not any(change.freedom for change in changes):
        return missing("s", "no pair was sent twice" if changes else "no pair is complete", THIS_RUN)
    width = spike_pairs.window(changes)
    if width is None:
        return missing("s", "changes are seen up to the largest delay", THIS_RUN)
    bound = max(change.below() for change in changes if abs(change.delay) >= width)
    return Result(
        width, None, "s", THIS_RUN, why="a delay of the list",
        note=f"smallest delay from which on no change is seen (p = {RARE:g} by Student's t) that is "
        f"{100 * COUNTS:g} % of the largest or more; there it is below {bound:.2g} (95 %), which is no proof of none",
    )  # fmt: skip


def _odd(changes: Sequence[Change], largest: Change | None, offset: Result) -> dict[str, Result]:
    """Whether opposite delays leave opposite changes."""
    test = spike_pairs.odd(changes)
    if test is None or largest is None:
        why = "no delay was sent with both signs, or none twice"
        return {name: missing("1", why, THIS_RUN) for name in ("odd_chi_square", "odd")}
    part = 100 * test.largest / abs(largest.mean)
    return {
        "odd_chi_square": Result(
            test.square, None, "1", THIS_RUN, why="a test", degrees_of_freedom=test.count,
            note=f"of the sums of opposite delays' changes, {test.count} degrees of freedom, p = {test.chance:.2g} by "
            f"F (the scatter has {test.freedom} of its own); the largest sum is {part:.2g} % of the largest change",
        ),
        "odd": Result(test.chance > ODD, None, "1", THIS_RUN, why="a yes or no", note=_why_odd(test.chance, offset)),
    }  # fmt: skip


def _why_odd(chance: float, offset: Result) -> str:
    said = f"yes: p above {ODD:g}"
    if chance > ODD or offset.value is None or offset.uncertainty is None:
        return said
    if abs(float(offset.value)) < SURE * offset.uncertainty:
        return said
    return (
        f"{said}; positive pulses need {format_quantity(2.0 * float(offset.value), 'A')} more than negative ones, "
        "as in a field along the normal: run align"
    )


def _alone(pairs: Pairs) -> dict[str, Result]:
    found: dict[str, Result] = {}
    for kind in (PRE, POST):
        name = f"change_by_{kind}_alone"
        change = pairs.alone.get(kind)
        found[name] = (
            missing("1", "no single spike of this neuron was sent", THIS_RUN)
            if change is None
            else _mean(change, "spikes", _whether_it_writes(change, spike_pairs.largest_of(pairs.changes)))
        )
    return found


def _whether_it_writes(change: Change, largest: Change | None) -> str:
    """Say whether a single spike is seen to write, and whether that is much beside what a pair does."""
    if not change.freedom:
        return "nobody can tell whether a single spike writes"
    if not change.seen:
        return "a single spike is not seen to write"
    if largest is None or not largest.mean:
        return "a single spike writes; no pair is there to compare it with"
    part = f"a single spike writes {100 * abs(change.mean / largest.mean):.2g} % of what the pair that writes most does"
    if spike_pairs.counts(change, largest.mean):
        return f"{part}: take a smaller amplitude"
    return f"{part}: below {100 * COUNTS:g} %, no reason for a smaller amplitude"


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
    errors = np.nan_to_num(errors)  # without a bar where nothing was sent twice
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
