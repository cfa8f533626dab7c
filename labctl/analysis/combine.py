"""One table of results from those of several loops: means of the results, never of the curves.

Averaging curves whose coercive fields scatter would fake a gradual reversal.

A switching field is two questions. That of *this* loop is known as well as the loop was read. The film's, the median
over all loops that it would give at this field rate, is known as well as loops scatter: from several loops by Student's
t, from one by what a model of thermal activation makes of the wander of its curve.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from labctl.analysis.result import ENSEMBLE, Result, Results, mean_of, missing, spread_text

ENSEMBLE_OF = {f"{name}_ensemble": name for name in ("coercive_field_up", "coercive_field_down")}
"""Results that are of the ensemble of loops, and those of the single loops that they come from."""
ANOTHER_LOOP = "another loop would scatter by about"
LOOP_TO_LOOP = "loop-to-loop sd"
"""How the notes on scatter begin; what reads them must not depend on the words twice."""
MOST_SHARED = 30.0
"""Ratio of a whole uncertainty to its drawn part from which Student's t is the normal distribution to any reader."""
ONE_LOOP = "told from one loop by a model: grains activated over barriers B / H, 1e9 attempts per s (assumed)"


def combine(loops: Sequence[Results]) -> Results:
    """The results of one loop with what another is expected to differ by; of several means with their scatter."""
    if len(loops) == 1:
        return Results({name: _one_of_many(result) for name, result in loops[0].items()})
    combined = {name: _combine([results[name] for results in loops]) for name in loops[0]}
    for name, base in ENSEMBLE_OF.items():
        if name in combined and combined[base].degrees_of_freedom is not None:
            count = sum(results[base].value is not None for results in loops)
            combined[name] = _of_loops(combined[base], count)
    return Results(combined)


def of_one_loop(result: Result, edge: str | None = None) -> Result:
    """The median of the switching fields of all loops of the film, told from one.

    The loop is one draw: it is off by its own uncertainty and by what loops scatter by.

    Args:
        result: Switching field of the loop.
        edge: Why the wander of its curve says nothing of the film, if so.
    """
    if result.value is None or result.uncertainty is None:
        return missing(result.unit, result.why or "the loop's switching field has no uncertainty", ENSEMBLE)
    if result.scatter is None:
        why = edge or "too few readings show the course of the switching"
        return missing(result.unit, f"one loop does not tell how loops scatter: {why}; measure several", ENSEMBLE)
    error = float(np.hypot(result.uncertainty, result.scatter))
    return Result(result.value, error, result.unit, ENSEMBLE, note=ONE_LOOP)


def _of_loops(mean: Result, count: int) -> Result:
    """The mean of several loops is their ensemble's median too, since switching fields scatter normally.

    That holds for a film of many grains. Its interval is Student's, and assumes nothing else.
    """
    return replace(mean, of=ENSEMBLE, note=f"from {count} loops, if they scatter normally")


def _one_of_many(result: Result) -> Result:
    """Say it where a further loop would differ by more than this one's uncertainty suggests."""
    if result.scatter is None or result.uncertainty is None or result.scatter <= result.uncertainty:
        return result
    return replace(result, note=_joined(result.note, f"{ANOTHER_LOOP} {spread_text(result.scatter, result)}"))


def _combine(results: list[Result]) -> Result:
    given = [result for result in results if result.value is not None]
    first = results[0]
    if not given:
        return Result(None, None, first.unit, mean_of(len(results)), first.why)
    note = _shared_note(given)
    if len(given) < len(results):
        without = next(result for result in results if result.value is None)
        note = _joined(note, f"{len(results) - len(given)} of {len(results)} loops left out: {without.why}")
    if isinstance(given[0].value, bool):
        of = f"all of {len(given)} loops"
        return Result(all(result.value for result in given), None, first.unit, of, note=note)
    if all(result.uncertainty is None for result in given):
        return _agreed(given, note)
    if len(given) == 1:
        only = given[0]
        return _one_of_many(replace(only, note=note))
    return _mean(given, note)


def _mean(results: list[Result], note: str | None) -> Result:
    """Mean, with the larger of what the scatter and what the loops' own uncertainties say of it.

    What all loops share does not become smaller with their number, nor does their scatter show it. It is added to what
    is drawn anew in each.
    """
    values = np.array([float(result.value) for result in results if result.value is not None])
    errors = np.array([result.uncertainty or 0.0 for result in results])
    parts = np.array([result.shared or 0.0 for result in results])
    count, scatter = len(values), float(np.std(values, ddof=1))
    own = float(np.sqrt(np.mean(errors**2 - parts**2)))
    drawn, shared = max(scatter, own) / float(np.sqrt(count)), float(np.sqrt(np.mean(parts**2)))
    error = float(np.hypot(drawn, shared))
    mean = Result(
        value=float(np.mean(values)),
        uncertainty=error,
        unit=results[0].unit,
        of=mean_of(count),
        degrees_of_freedom=freedom_of(count, drawn, error),
        scatter=scatter,
        shared=shared if shared > 0 else None,
    )
    return replace(mean, note=_joined(f"{LOOP_TO_LOOP} {spread_text(scatter, mean)}, n = {count}", note))


def _agreed(results: list[Result], note: str | None) -> Result:
    """A sign or a bound that has no uncertainty: given only if all loops agree."""
    first, values = results[0], {result.value for result in results}
    if len(values) > 1:
        return Result(None, None, first.unit, mean_of(len(results)), f"the {len(results)} loops differ", note)
    return Result(first.value, None, first.unit, first.of, first.why, note)


def _shared_note(results: list[Result]) -> str | None:
    """Every different sentence of the notes once, in order."""
    return (
        "; ".join(dict.fromkeys(said for result in results if result.note for said in result.note.split("; "))) or None
    )


def _joined(*notes: str | None) -> str | None:
    return "; ".join(note for note in notes if note) or None


def freedom_of(count: int, drawn: float, error: float) -> int:
    """Return the degrees of freedom of a mean's uncertainty, of which only a part was estimated from its few values.

    The sum of that part and of what all values share has more of them, by the fourth power of the ratio of the two
    (Welch and Satterthwaite; Guide to the Expression of Uncertainty in Measurement, G.4.1).

    Args:
        count: Of the values.
        drawn: The part that is drawn anew in each value and was estimated from them, of the mean.
        error: The whole uncertainty of the mean, in the same unit.
    """
    return int((count - 1) * min(error / drawn, MOST_SHARED) ** 4) if drawn > 0 else count - 1
