"""What single pulses from full states show, as results: I50 and width of the step, intervals, drift."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from instruments.units import format_quantity
from labctl.analysis import switching_probability as single
from labctl.analysis.result import Result, Results, missing
from labctl.analysis.saturation import Plateaus
from labctl.analysis.sequential import Belief, halves_of
from labctl.analysis.states import State, states_of
from labctl.analysis.switching_probability import Link, Part, Separated, Trial
from procedures.verified import KEPT, NUMBER, PLATEAU, RESET, SIGN, TRIAL, plateaus_in, trials_in

if TYPE_CHECKING:
    import pandas as pd

    from procedures.switching_probability import SwitchingProbability

NAMES = {1: "plus", -1: "minus"}
LINKS: dict[str, Link] = {"": "logistic", "_probit": "probit"}
"""What stands behind the name of a result for each form of the curve."""
DRIFTS = 3.0
"""Standard uncertainties from which on the halves of a run differ."""
FEWEST_EACH = 8
"""Trials that each half needs."""
MEANING = {
    "logistic": "K of 1/(1 + exp(-(I - I50)/K))",
    "probit": "standard deviation of the normal distribution of thresholds",
}


@dataclass(frozen=True, slots=True)
class Attempts:
    """The trials of one sign.

    Attributes:
        sign: Of the current.
        trials: In the order in which they were made.
        resets: Pulses that made the full states.
        clamped: Trials that the source did not give in full; they are left out.
    """

    sign: int
    trials: list[Trial]
    resets: int
    clamped: int

    @property
    def of(self) -> str:
        """Of what an uncertainty is."""
        return f"{len(self.trials)} trials"


def attempts_of(states: Sequence[State], full: Plateaus) -> list[Attempts]:
    """Return the trials of each sign that has some."""
    found: list[Attempts] = []
    for sign in (1, -1):
        there = [state for state in states if state.more[SIGN] == sign and state.more[NUMBER] > 0]
        trials = trials_in(there, full)
        if trials:
            resets = sum(state.step == RESET for state in there)
            clamped = sum(state.step == TRIAL and state.clamped for state in there)
            found.append(Attempts(sign, trials, resets, clamped))
    return found


def results_of(procedure: SwitchingProbability, data: pd.DataFrame) -> Results:
    """Find what the trials tell of each sign, or at zero field of the difference between both."""
    states = states_of(data, KEPT)
    full = plateaus_in(states)
    at_zero = procedure.in_plane_field == 0.0
    if full is None or not full.differ:
        why = "no state is known as a full one" if full is None else "both full states are the same: nothing switches"
        return Results({name: missing("A", why, "this run") for name in ("half_current_plus", "width_plus")})
    found = {
        "hall_swing": Result(
            abs(full.swing), full.swing_uncertainty, "ohm", "this run",
            note="between the full states, made by " + ("a field" if at_zero else "pulses of pulse_max"),
        ),
        "in_plane_field": Result(
            procedure.in_plane_field, procedure.field_remanence, "T", "magnet",
            note="as asked for; the uncertainty is the magnet's remanence",
        ),
        "pulse_width": Result(procedure.pulse_width, None, "s", "all pulses", why="set; the source times it"),
    }  # fmt: skip
    if at_zero:
        return Results({**_at_zero(states, full), **found})
    told: dict[str, Result] = {}
    for attempts in attempts_of(states, full):
        told |= _of_sign(procedure, attempts)
    if not told:
        why = "no trial was made"
        told = {name: missing("A", why, "this run") for name in ("half_current_plus", "width_plus")}
    return Results({**told, **found})


def _of_sign(procedure: SwitchingProbability, attempts: Attempts) -> dict[str, Result]:
    name, trials = NAMES[attempts.sign], attempts.trials
    found = likelihoods(trials, name, attempts.of)
    if procedure.mode == "bayes":
        believed = Belief(*procedure.span(), tuple(trials)).refined()
        found = _believed(believed, found, name, attempts)
    else:
        found |= _parts(trials, name, procedure.pulse_width)
    found[f"half_current_drift_{name}"] = _drift(procedure, attempts)
    found[f"trials_{name}"] = Result(len(trials), 0.0, "1", "this run")
    more = attempts.resets - len(trials) - attempts.clamped
    if more > 0:
        note = "full states that the first pulse had not made"
        found[f"further_resets_{name}"] = Result(more, 0.0, "1", "this run", note=note)
    if attempts.clamped:
        note = "pulses that the source did not give in full, left out"
        found[f"clamped_{name}"] = Result(attempts.clamped, 0.0, "1", "this run", note=note)
    return found


def likelihoods(trials: Sequence[Trial], name: str, of: str) -> dict[str, Result]:
    """Return I50 and K by maximum likelihood, in both forms of the curve."""
    found: dict[str, Result] = {}
    for suffix, link in LINKS.items():
        curve = single.fit(trials, link)
        half, width = f"half_current_{name}{suffix}", f"width_{name}{suffix}"
        if isinstance(curve, str):
            found |= {half: missing("A", curve, of), width: missing("A", curve, of)}
        elif isinstance(curve, Separated):
            found |= {half: _step(curve, of), width: _no_width(curve, of)}
        else:
            note = f"maximum likelihood, {link}; correlation with K {curve.correlation:.2f}"
            found[half] = Result(curve.half, curve.half_uncertainty, "A", of, note=note)
            found[width] = Result(curve.width, curve.width_uncertainty, "A", of, note=MEANING[link])
    return found


def _step(found: Separated, of: str) -> Result:
    low, high = format_quantity(found.low, "A"), format_quantity(found.high, "A")
    return Result(
        found.half, single.coarseness(found), "A", of,
        note=f"middle of the step: no pulse up to {low} switched, every one from {high} on did",
    )  # fmt: skip


def _no_width(found: Separated, of: str) -> Result:
    why = (
        "a single step explains all trials, so that its width is not told but for a bound: below "
        f"{format_quantity(float(f'{found.widest:.2g}'), 'A')} with 95 %"
    )
    return missing("A", why, of)


def _believed(belief: Belief, found: dict[str, Result], name: str, attempts: Attempts) -> dict[str, Result]:
    """Put what is believed in the first place, and what the likelihood alone says beside it."""
    (half, sigma), (width, spread) = belief.half, belief.width
    of = attempts.of
    low, high = (format_quantity(float(f"{end:.4g}"), "A") for end in (belief.low, belief.high))
    note = f"posterior, logistic; even before from {low} to {high}; correlation with K {belief.correlation:.2f}"
    told = {
        f"half_current_{name}": Result(half, sigma, "A", of, note=note),
        f"width_{name}": Result(
            width, spread, "A", of,
            note=f"posterior; {MEANING['logistic']}, even before in its logarithm from {_told(belief.widths[0])} to "
            f"{_told(belief.widths[-1])}",
        ),
    }  # fmt: skip
    for percent in (68, 95):
        for what, (begin, end) in (
            ("half_current", belief.half_interval(percent / 100)), ("width", belief.width_interval(percent / 100)),
        ):  # fmt: skip
            for side, value in (("low", begin), ("high", end)):
                why = f"the {'lower' if side == 'low' else 'upper'} end of the central interval of {percent} %"
                told[f"{what}_{name}_{side}_{percent}"] = Result(value, None, "A", of, why=why)
    alone = {key.replace("half_current_", "half_current_likelihood_", 1): value for key, value in found.items()}
    return told | {key.replace("width_", "width_likelihood_", 1): value for key, value in alone.items()}


def _told(width: float) -> str:
    return format_quantity(float(f"{width:.3g}"), "A")


def _parts(trials: Sequence[Trial], name: str, width: float) -> dict[str, Result]:
    """The part that switched at each current; of none a bound, which is never zero."""
    found: dict[str, Result] = {}
    counted = single.parts(trials)
    for number, (current, part) in enumerate(counted.items(), 1):
        found[f"probability_{name}_{number}"] = _part(current, part)
    current, part = next(iter(counted.items()))
    bound = part.above
    at = f"at {format_quantity(current, 'A')}, the smallest current; {part.count} of {part.trials} pulses switched"
    found[f"lowest_probability_bound_{name}"] = Result(
        bound, None, "1", f"{part.trials} trials", why="an upper bound that holds with 95 %, the exact one", note=at
    )
    rate = single.rate(bound, width)
    found[f"lowest_rate_bound_{name}"] = (
        missing("1/s", "every pulse switched", f"{part.trials} trials")
        if math.isinf(rate)
        else Result(
            rate, None, "1/s", f"{part.trials} trials", why="an upper bound that holds with 95 %",
            note=f"while the pulse lasts, {at}",
        )
    )  # fmt: skip
    return found


def _part(current: float, part: Part) -> Result:
    of, at = f"{part.trials} trials", format_quantity(current, "A")
    said = f"{part.count} of {part.trials} pulses of {at} switched"
    if part.count == 0:
        return missing("1", f"{said}: below {part.above:.2g} with 95 %, the exact bound", of)
    if part.count == part.trials:
        return missing("1", f"{said}: above {part.below:.3g} with 95 %, the exact bound", of)
    half = 0.5 * (part.high - part.low) / single.CONFIDENCE
    return Result(part.value, half, "1", of, note=f"{said}; 95 % by Wilson: {part.low:.2f} to {part.high:.2f}")


def one_sided(trials: Sequence[Trial]) -> str:
    """Say which half of the trials tells no I50, because all of its pulses have switched, or none; "" where both do."""
    middle = len(trials) // 2
    halves = (("first", trials[:middle]), ("second", trials[middle:]))
    said = [
        f"{'every pulse has' if half[0].switched else 'no pulse has'} switched in the {which} half of the trials"
        for which, half in halves
        if len({trial.switched for trial in half}) == 1
    ]
    return ", and ".join(said)


def _drift(procedure: SwitchingProbability, attempts: Attempts) -> Result:
    """I50 of the second half of the trials less that of the first."""
    trials = attempts.trials
    if len(trials) < 2 * FEWEST_EACH:
        return missing("A", f"fewer than {2 * FEWEST_EACH} trials", attempts.of)
    low, high = procedure.span()
    if low == high:
        return missing("A", "a single current was tried", attempts.of)
    if why := one_sided(trials):
        return missing("A", why, attempts.of)
    first, second = halves_of(trials, low, high)
    apart, sigma = second.half[0] - first.half[0], math.hypot(first.half[1], second.half[1])
    steady = abs(apart) <= DRIFTS * sigma
    said = "the halves agree" if steady else "the halves differ: the device, its temperature or the field has drifted"
    return Result(apart, sigma, "A", "this run", note=f"second half of the trials less the first; {said}")


# ---- without a field


@dataclass(frozen=True, slots=True)
class Both:
    """What is up after pulses of either sign and of one height.

    Attributes:
        current: A.
        plus: Part that is up after positive pulses.
        minus: Part after negative ones.
    """

    current: float
    plus: Part
    minus: Part


def ups_of(states: Sequence[State], full: Plateaus) -> list[Both]:
    """Return the parts that are up at each height, rising."""
    sent = [state for state in states if state.step == TRIAL and not state.clamped]
    found: list[Both] = []
    for current in sorted({abs(state.current) for state in sent}):
        counted = [
            [full.part(s.hall) > 0.5 for s in sent if abs(s.current) == current and s.more[SIGN] == sign]
            for sign in (1, -1)
        ]
        if all(counted):
            plus, minus = (single.wilson(sum(ups), len(ups)) for ups in counted)
            found.append(Both(current, plus, minus))
    return found


def _at_zero(states: Sequence[State], full: Plateaus) -> dict[str, Result]:
    found: dict[str, Result] = {}
    for number, both in enumerate(ups_of(states, full), 1):
        apart, low, high = single.difference(both.plus, both.minus)
        trials = both.plus.trials + both.minus.trials
        found[f"up_difference_{number}"] = Result(
            apart, 0.5 * (high - low) / single.CONFIDENCE, "1", f"{trials} trials",
            note=f"P(up after +I) - P(up after -I) at {format_quantity(both.current, 'A')}: {both.plus.count} of "
            f"{both.plus.trials} less {both.minus.count} of {both.minus.trials}; 95 % by Newcombe: {low:.2f} to "
            f"{high:.2f}; signs in random order, each pulse on what the one before left",
        )  # fmt: skip
    changed, count = _changes(states, full)
    if count:
        part = single.wilson(changed, count)
        found["changed_states"] = Result(
            part.value, 0.5 * (part.high - part.low) / single.CONFIDENCE, "1", f"{count} trials",
            note=f"{changed} of {count} pulses left another state than they found; below {part.above:.2g} with 95 %, "
            "the exact bound",
        )  # fmt: skip
    if not found:
        found["up_difference_1"] = missing("1", "no current has pulses of both signs", "this run")
    return found


def _changes(states: Sequence[State], full: Plateaus) -> tuple[int, int]:
    """Count the pulses that left the film on the other side of the middle than they found it, and all pulses."""
    changed = count = 0
    for block in dict.fromkeys(state.block for state in states):
        sides = np.array([full.part(s.hall) > 0.5 for s in states if s.block == block and s.step != PLATEAU])
        changed += int(np.sum(sides[1:] != sides[:-1]))
        count += max(0, len(sides) - 1)
    return changed, count
