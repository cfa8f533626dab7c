"""Hall loops: from the table of readings to switching fields, amplitude, polarity and the rest, with uncertainties.

The order matters. The raw branches come first: both switching fields, the shift, the closure. Then the drift is taken
out, then odd and even part are split between opposite branches, and only then come slope and amplitudes; splitting
first would make the shift zero and both coercive fields equal whatever was measured.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from labctl.analysis.background import bend_of_levels, unevenness, unstraight, with_uneven_drift, without_parabola
from labctl.analysis.between import lack_at_zero, said_of, with_bent_background
from labctl.analysis.branches import Branch, Loop, find_loops
from labctl.analysis.combine import combine, of_one_loop
from labctl.analysis.contacts import with_jumps
from labctl.analysis.doubts import why_hidden, with_wander, wrong_way
from labctl.analysis.drift import closure, without_step
from labctl.analysis.ends import SIGNIFICANT
from labctl.analysis.jitter import jittered
from labctl.analysis.middles import middles, where_flat
from labctl.analysis.parity import Parity, split
from labctl.analysis.peaks import with_peaks
from labctl.analysis.plateaus import Plateaus, find_plateaus
from labctl.analysis.rates import effective_rate, outside_window, rate_at, reading_rate
from labctl.analysis.readings import Readings, read_table
from labctl.analysis.result import HALL_LOOP_UNITS, THIS_LOOP, Result, Results, missing, short_text
from labctl.analysis.staircase import few_grains, stepped
from labctl.analysis.switching import Crossing
from labctl.analysis.wander import unsettled, wander_of
from labctl.analysis.widths import half_sum, switching_width

if TYPE_CHECKING:
    import pandas as pd

CONVENTION = "R_xy = V(A-B)/I, A at +y, I along +x, H along +z; positive = R_xy rises with H"
"""What the sign of an anomalous Hall resistance means here; without it a polarity says nothing."""
UNEVEN = "the baseline drifts or jumps, and unevenly it would look like a slope; the uncertainty counts it"
"""Note beside an ordinary slope."""
EVEN_WARNING = 0.2
"""Part of the amplitude above which a changing even part is worth a warning."""


@dataclass(frozen=True, slots=True)
class LoopAnalysis:
    """One loop on its way through the analysis; what a figure needs beside the results.

    Attributes:
        loop: Raw branches; a step of the baseline is taken out (see `notes`).
        plateaus: Its ends, or why there are none.
        down, up: 50 % crossings of the raw branches; None unless saturated.
        parity: Odd and even part, or why there are none.
        notes: What was done to the data, in sentences.
        results: The results of this loop.
    """

    loop: Loop
    plateaus: Plateaus | str
    down: Crossing | None
    up: Crossing | None
    parity: Parity | str
    notes: tuple[str, ...]
    results: Results


def anomalous_hall(data: pd.DataFrame, *, remanence: float | None = None) -> Results:
    """Results of all loops of a table: of the one loop, or means over several with their loop-to-loop scatter.

    Args:
        data: Rows in the order of measurement. Needed are `Hall resistance (ohm)` and `Field (T)` (or the stamps and
            read-backs to interpolate it); everything else makes the answer better or surer.
        remanence: T, bound on the field that the magnet may hold beside the reported one; None if nobody knows.

    Returns:
        All names of `HALL_LOOP_UNITS`; what cannot be given is None and says why.

    Raises:
        UsageError: a needed column is missing or holds no numbers.
    """
    analyses, why = analyse_loops(data, remanence=remanence)
    if not analyses:
        return _nothing(why or "no loop", remanence)
    return combine([analysis.results for analysis in analyses])


def analyse_loops(data: pd.DataFrame, *, remanence: float | None = None) -> tuple[list[LoopAnalysis], str | None]:
    """Each loop of a table by itself, and a sentence when there is none.

    Raises:
        UsageError: a needed column is missing or holds no numbers.
    """
    readings = read_table(data)
    loops, why = find_loops(readings)
    return [_analyse(loop, readings, remanence) for loop in loops], why


def _analyse(loop: Loop, readings: Readings, remanence: float | None) -> LoopAnalysis:
    plateaus = find_plateaus(loop)
    notes = _notes(loop, readings)
    if isinstance(plateaus, str):
        results = _nothing(plateaus, remanence)
        return LoopAnalysis(loop, plateaus, None, None, plateaus, tuple(notes), results)
    gap = closure(loop, plateaus)
    loop, plateaus, step = without_step(loop, plateaus)
    loop, plateaus, curved = without_parabola(loop, with_uneven_drift(loop, plateaus))
    plateaus, jumps = (plateaus, None) if plateaus.why_not else with_jumps(loop, plateaus, gap[0] if step else 0.0)
    notes += [note for note in (step, curved, jumps) if note is not None]
    parity = split(loop, plateaus)
    common = field_results(remanence) | {
        "closure": _closure(gap, plateaus, step),
        "even_part": _even_part(parity, plateaus),
    }
    both = None if plateaus.why_not is not None else middles(loop, plateaus)
    if isinstance(both, str):
        plateaus = replace(plateaus, why_not=both)
        common["even_part"] = _even_part(parity, plateaus)
    elif both is not None:
        width = switching_width(loop, plateaus, both)
        wander = wander_of(loop, plateaus, both, float(width.value or 0.0), abs(remanence or 0.0))
        open_both = both if wander is None else unsettled(both, wander)
        results = common | _saturated(loop, plateaus, open_both, parity, remanence, width)
        excess = why_hidden(wander) or _why_too_remanent(results["remanence_ratio"])
        if wander is not None:
            notes.append(wander.note())
            results = with_wander(results, wander, float(np.hypot(plateaus.bend, plateaus.unresolved)))
        backwards, hopeless = wrong_way(results["coercive_field_down"], results["coercive_field_up"], width)
        excess = backwards if hopeless else excess
        if excess is None:
            notes += [backwards] if backwards else []
            return LoopAnalysis(loop, plateaus, *both, parity, tuple(notes), _finished(results, notes))
        plateaus = replace(plateaus, why_not=excess)
        common["even_part"] = _even_part(parity, plateaus)
    assert plateaus.why_not is not None
    results = _unsaturated(plateaus.why_not, common, notes)
    return LoopAnalysis(loop, plateaus, None, None, parity, tuple(notes), results)


def _closure(gap: tuple[float, float], plateaus: Plateaus, step: str | None) -> Result:
    """How far the loop fails to close, with what that was taken for where it is more than noise."""
    note = None
    if plateaus.left:
        note = f"{_left_to_switch(plateaus)}; nothing was taken out as a drift"
    elif abs(gap[0]) > SIGNIFICANT * gap[1] and plateaus.why_not is None:
        note = step or "the ends agree but for this gap between first and last: taken for a drift, and taken out"
    return Result(*gap, "ohm", THIS_LOOP, note=note)


def _left_to_switch(plateaus: Plateaus) -> str:
    """What the branches' difference at the ends means; said only where it is so small that the loop counts."""
    share = f"{50 * plateaus.left / abs(plateaus.amplitude[0]):.1g} % of the swing"
    return f"up to {share} may not have switched at the largest fields, which the amplitude's uncertainty counts"


def _why_too_remanent(remanence: Result) -> str | None:
    """More than the whole film cannot stay magnetised: then the lines of the ends are not those of saturation."""
    if remanence.value is None or remanence.uncertainty is None:
        return None
    if remanence.value <= 1 + SIGNIFICANT * remanence.uncertainty:
        return None
    return (
        f"not saturated: at zero field the curve stands at {remanence.text()} of the amplitude that its ends "
        "extrapolate to, and more than all of it is not possible"
    )


def _notes(loop: Loop, readings: Readings) -> list[str]:
    notes = [left_out for left_out in (readings.left_out, loop.left_out) if left_out is not None]
    noisy = max(loop.down.field_error, loop.up.field_error)
    if noisy:
        notes.append(f"the field goes back and forth; it was smoothed and is good to {short_text(noisy, 'T')}")
    return notes


def _finished(results: dict[str, Result], notes: list[str]) -> Results:
    """In the fixed order; what was done to the data stands beside `saturated`, which always has a value here."""
    said = results["saturated"]
    results["saturated"] = replace(said, note="; ".join(filter(None, [said.note, *notes])) or None)
    return Results({name: results[name] for name in HALL_LOOP_UNITS})


def _nothing(why: str, remanence: float | None) -> Results:
    results = field_results(remanence)
    return Results({name: results.get(name, missing(unit, why)) for name, unit in HALL_LOOP_UNITS.items()})


def _unsaturated(why: str, known: dict[str, Result], notes: list[str]) -> Results:
    """No amplitude and no coercive field from a loop that did not switch, or not to its end."""
    known["saturated"] = Result(False, None, "1", THIS_LOOP, note=why)
    empty = {name: missing(unit, why) for name, unit in HALL_LOOP_UNITS.items()}
    return _finished(empty | known, notes)


def field_results(remanence: float | None) -> dict[str, Result]:
    """How far the true field may lie beside the reported one: `remanence` in T, None where nobody knows."""
    if remanence is None:
        why = "the magnet's remanent field is not known: it has no field sensor and no figure was given"
        return {"field_uncertainty": missing("T", why, "magnet")}
    note = (
        "bound on the trapped field, apart from the uncertainties of reading; the loop shift cannot show it, and it "
        "may differ from loop to loop with the largest field"
    )
    return {"field_uncertainty": Result(abs(remanence), None, "T", "magnet", note=note)}


def _tesla(
    value: float, uncertainty: float, note: str | None = None, scatter: float | None = None, shared: float = 0.0
) -> Result:
    return Result(value, uncertainty, "T", THIS_LOOP, note=note, scatter=scatter, shared=shared or None)


def _even_part(parity: Parity | str, plateaus: Plateaus) -> Result:
    """Offset: mean of the even part at the saturated ends, with a warning where it changes in between.

    A parabola that stands out is taken out before; what does not stand out is part of the offset at the ends.
    """
    if plateaus.why_not is not None:
        return missing("ohm", "not saturated: what is frozen in the film cannot be told from the offset")
    if isinstance(parity, str):
        return missing("ohm", parity)
    value, error = parity.offset()
    error = float(np.linalg.norm([error, plateaus.unresolved, plateaus.even_open]))
    amplitude = abs(plateaus.amplitude[0])
    inside = parity.even[~parity.saturated]
    if not len(inside):
        return Result(value, error, "ohm", THIS_LOOP)
    change = float(np.percentile(np.abs(inside - value), 95))
    warn = change > max(EVEN_WARNING * amplitude, 5 * parity.noise)
    note = (
        f"changes by {short_text(change, 'ohm')} ({100 * change / amplitude:.0f} % of the amplitude) between the ends: "
        "misalignment, planar Hall effect, heating, or a shifted loop"
    )
    return Result(value, error, "ohm", THIS_LOOP, note=note if warn else None)


def _saturated(
    loop: Loop,
    plateaus: Plateaus,
    both: tuple[Crossing, Crossing],
    parity: Parity | str,
    remanence: float | None,
    width_of_switch: Result,
) -> dict[str, Result]:
    both, said = where_flat(loop, plateaus, both, float(width_of_switch.value or 0.0))
    both = stepped(loop, (few_grains(both[0]), few_grains(both[1])), said)
    both = jittered(loop, plateaus, both, said)
    both = with_peaks(loop, plateaus, both, float(width_of_switch.value or 0.0), said)
    lack = lack_at_zero(loop, plateaus, both)
    both = with_bent_background(loop, plateaus, both, float(width_of_switch.value or 0.0), lack, said)
    outer = max(abs(crossing.field) for crossing in both) + float(width_of_switch.value or 0.0)
    uneven = 0.0 if isinstance(parity, str) else unevenness(parity, outer)
    amplitude, slope = _amplitude(plateaus, parity, float(np.hypot(unstraight(plateaus), lack.doubt)))
    off = float(np.linalg.norm([unstraight(plateaus), uneven, plateaus.doubt]))
    level = float(np.hypot(off, bend_of_levels(plateaus)))
    results = {
        "anomalous_hall_resistance": said_of(amplitude, lack),
        "anomalous_hall_resistance_saturated": said_of(_raw_amplitude(plateaus, off, lack.doubt), lack),
        "polarity": Result(float(np.sign(plateaus.amplitude[0])), None, "1", THIS_LOOP, note=CONVENTION),
        "loop_shift": _shift(both, level),
        "remanence_ratio": _remanence(parity, both, float(np.hypot(plateaus.bend, plateaus.unresolved))),
        "switching_width_10_90": width_of_switch,
        "ordinary_hall_slope": said_of(slope, lack),
        "saturated": Result(True, None, "1", THIS_LOOP),
        "field_rate": rate_at(loop, both, reading_rate),
        "effective_field_rate": rate_at(loop, both, effective_rate),
    }
    for branch, crossing in zip((loop.down, loop.up), both, strict=True):
        _add_coercive_field(results, branch, crossing, level, said.get(branch.direction), remanence)
    return results


def _add_coercive_field(
    results: dict[str, Result],
    branch: Branch,
    crossing: Crossing,
    level: float,
    said: str | None,
    remanence: float | None,
) -> None:
    """Add a branch's coercive field, of this loop and of the ensemble; its half-way level is `level` ohm uncertain."""
    name = f"coercive_field_{branch.direction}"
    error = float(np.linalg.norm([crossing.uncertainty, crossing.lag, _moved(crossing, level)]))
    edge = outside_window(branch, crossing, float(results["switching_width_10_90"].value or 0.0))
    note = "; ".join(filter(None, [_field_note(crossing, remanence), said, edge])) or None
    # At the edge of a window the field halts and the film relaxes: that is no wander of its grains.
    scatter = None if edge else crossing.scatter()
    # The cryostat looks at its field at the same moment of each query, and the field stops at the same points.
    shared = float(np.hypot(crossing.lag, crossing.step))
    results[name] = _tesla(crossing.field, error, note, scatter, shared)
    results[f"{name}_ensemble"] = of_one_loop(results[name], edge)
    if edge is not None:
        results["field_rate"] = replace(results["field_rate"], note=edge)
        for other in ("loop_shift", "switching_width_10_90"):
            results[other] = replace(results[other], scatter=None)


def _moved(crossing: Crossing, level: float) -> float:
    """Shift of a crossing for an error of the level, T; a jump does not move."""
    return 0.0 if crossing.jump else level / abs(crossing.slope)


def _field_note(crossing: Crossing, remanence: float | None) -> str | None:
    notes = [f"limited by the spacing of the readings, {short_text(crossing.spacing, 'T')}"] if crossing.sharp else []
    if remanence is not None and abs(crossing.field) < 3 * abs(remanence):
        notes.append("within three times the magnet's remanent field")
    return "; ".join(notes) or None


def _amplitude(plateaus: Plateaus, parity: Parity | str, off: float) -> tuple[Result, Result]:
    """Amplitude extrapolated to zero field and ordinary slope, from the odd part if there is one."""
    if isinstance(parity, str):
        note = f"from the branches, not the odd part: {parity}"
        amplitude, slope = plateaus.amplitude, plateaus.slope
    else:
        note, fit = None, parity.line()
        amplitude, slope = fit.combine(np.array([0.0, 1.0, 0.0])), fit.combine(np.array([0.0, 0.0, 1.0]))
    if plateaus.left:
        note = "; ".join(filter(None, [note, _left_to_switch(plateaus)]))
    elif plateaus.bend > amplitude[1]:
        note = "; ".join(filter(None, [note, "the ends may still bend; the uncertainty counts it"]))
    distance = max(map(abs, plateaus.inner))
    error = float(np.linalg.norm([amplitude[1], plateaus.bend, plateaus.unresolved, off]))
    of_slope = float(
        np.linalg.norm(
            [slope[1], plateaus.bend / distance, off / distance, plateaus.slope_open, plateaus.unresolved / distance]
        )
    )
    uneven = UNEVEN if plateaus.slope_open > slope[1] else None
    return (
        Result(amplitude[0], error, "ohm", THIS_LOOP, note=note),
        Result(slope[0], of_slope, "ohm/T", THIS_LOOP, note="; ".join(filter(None, [note, uneven])) or None),
    )


def _raw_amplitude(plateaus: Plateaus, off: float, doubt: float) -> Result:
    """Mean of the two raw branches, each with its own slope: no drift model, no split."""
    (down, down_error), (up, up_error) = plateaus.down.amplitude, plateaus.up.amplitude
    error = float(np.linalg.norm([down_error / 2, up_error / 2, off, doubt, plateaus.bend, plateaus.unresolved]))
    note = f"the branches differ by {short_text(abs(down - up), 'ohm')}: the baseline is not straight"
    return Result((down + up) / 2, error, "ohm", THIS_LOOP, note=note if off else None)


def _shift(both: tuple[Crossing, Crossing], level: float) -> Result:
    errors = [np.hypot(crossing.uncertainty, _moved(crossing, level)) for crossing in both]
    scatters = [crossing.scatter() for crossing in both]
    return _tesla((both[0].field + both[1].field) / 2, float(np.hypot(*errors)) / 2, None, half_sum(scatters))


def _remanence(parity: Parity | str, both: tuple[Crossing, Crossing], open_amplitude: float) -> Result:
    """Odd part at zero field over the amplitude, of which the ends leave so many ohm open."""
    if isinstance(parity, str):
        return missing("1", parity)
    amplitude, error = parity.line().combine(np.array([0.0, 1.0, 0.0]))
    reach = max(0.15 * min(abs(both[0].field), abs(both[1].field)), 1e-6)
    remanent, remanent_error = parity.at_zero(reach)
    ratio = remanent / amplitude
    of_amplitude = ratio * float(np.hypot(error, open_amplitude))
    return Result(ratio, float(np.hypot(remanent_error, of_amplitude)) / abs(amplitude), "1", THIS_LOOP)
