"""What the rows of a run of `thermal-write` come to: bits, what was written, reset and kept, and the window."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from instruments.units import format_quantity
from labctl.analysis import thermal_bits
from labctl.analysis.result import Result, Results, missing, quantity_text
from labctl.analysis.retention import Retention
from labctl.analysis.switching_probability import wilson
from labctl.analysis.thermal_bits import Excursion, Number, Reference, Visit
from labctl.analysis.thermal_window import Threshold, Window, time_text, window
from labctl.attempts import latest_attempts
from labctl.moving import KIND, ON_THE_WAY
from procedures.junction_references import SET_TEMPERATURE, lacking_in, loops_of, references_of
from procedures.thermal_write import CYCLE, HOLD, NUMBER, PREPARED, SINCE, STEADYING, VISIT
from procedures.tmr_results import RESISTANCE, THIS_RUN

if TYPE_CHECKING:
    import pandas as pd

ONE_SIDED = 1.645
"""Standard uncertainties of a bound that holds with 95 %."""
REFERENCES = "this run, with its references"
MODEL = "by a model (barriers B / H, 1e8 to 1e11 attempts per s, assumed)"
NAMES = {1: "write", 0: "reset"}


@dataclass(frozen=True)
class Measured:
    """What a run has measured.

    Attributes:
        visits: In their order, with bits.
        references: Of all loops.
        hold: The state that was held, over time; None where none was.
        rows: All rows that count.
        lacking: Why temperatures in K have no reference.
    """

    visits: Sequence[Visit]
    references: Sequence[Reference]
    hold: Retention | None
    rows: pd.DataFrame
    lacking: Mapping[float, str]

    def window(self, temperatures: Sequence[float]) -> Window:
        """Return what a list of visits at temperatures in K needs of the field."""
        return window(temperatures, self.references, 0.0 if self.hold is None else float(self.hold.times[-1]))

    def extremes(self) -> list[tuple[float, float]]:
        """Return the lowest and the highest temperature in K from each visit's departure to its last reading."""
        numbers, kelvin = (self.rows[name].to_numpy(dtype=float) for name in (NUMBER, "Temperature (K)"))
        found: list[tuple[float, float]] = []
        for number in range(1, len(self.visits) + 1):
            mine = kelvin[(numbers == number) & np.isfinite(kelvin)]
            found.append((float(np.min(mine)), float(np.max(mine))) if mine.size else (math.nan, math.nan))
        return found


def measured(data: pd.DataFrame) -> Measured:
    """Return what the rows of a run of `thermal-write` hold."""
    rows = latest_attempts(data)
    loops = list(loops_of(rows))
    references = references_of(loops)
    noise = _noise(rows)
    found = thermal_bits.with_bits(_visits(rows, noise), references)
    return Measured(found, references, _held(rows, noise), rows, lacking_in(loops))


def _visits(rows: pd.DataFrame, noise: float) -> list[Visit]:
    """States with their uncertainty: a few readings that agree by chance are not more exact than a reading is."""
    read = rows.loc[(rows[KIND] == VISIT) & rows[RESISTANCE].notna()]
    found: list[Visit] = []
    for number in dict.fromkeys(read[NUMBER].tolist()):
        mine = read.loc[read[NUMBER] == number]
        values = mine[RESISTANCE].to_numpy(dtype=float)
        scatter = float(np.std(values, ddof=1)) if len(values) > 1 else 0.0
        state = Number(float(np.mean(values)), max(noise, scatter) / math.sqrt(len(values)))
        found.append(Visit(int(mine[CYCLE].iloc[0]), float(mine[SET_TEMPERATURE].iloc[0]), state))
    return found


def _noise(rows: pd.DataFrame) -> float:
    """Standard deviation of a reading in ohm, from all that were read while the temperature stood."""
    read = rows.loc[((rows[KIND] == STEADYING) | (rows[KIND] == VISIT)) & rows[RESISTANCE].notna()]
    numbers, values = read[NUMBER].tolist(), read[RESISTANCE].to_numpy(dtype=float)
    visits = dict.fromkeys(numbers)
    return thermal_bits.reading_noise([values[[each == number for each in numbers]] for number in visits])


def _held(rows: pd.DataFrame, noise: float) -> Retention | None:
    read = rows.loc[(rows[KIND] == HOLD) & rows[RESISTANCE].notna()]
    times, values = (read[name].to_numpy(dtype=float) for name in (SINCE, RESISTANCE))
    return None if len(values) < 3 else Retention(times, values, noise)


def results_of(data: pd.DataFrame, *, field: float, visits: Sequence[float]) -> Results:
    """Return all results of a run.

    Args:
        data: Rows of a run of `thermal-write`.
        field: T, in which the temperatures were to be visited.
        visits: K, as they were to be; of a run that was cut not all are there.
    """
    run = measured(data)
    if not run.visits:
        return Results({name: missing("1", "no state was read", THIS_RUN) for name in ("bit_initial", "levels")})
    found = thermal_bits.excursions(run.visits)
    return Results(
        {
            "bit_initial": _bit(run, run.visits[0]),
            **_after(run, found),
            **_parts(found),
            "levels": _levels(run.visits),
            **_hold(run),
            **_window(run, field, visits),
            **_temperatures(run),
            "field_read": _field(run.rows),
            "reference_drift": _drift(run),
        },
        [_row(run, *each) for each in zip(run.visits, run.extremes(), strict=True)],
    )


# ---- bits


def _no_reference(run: Measured, temperature: float) -> str:
    return f"no reference at {temperature:g} K: {run.lacking.get(temperature, 'no loop was measured there')}"


def _bit(run: Measured, visit: Visit) -> Result:
    if visit.bit is None:
        return missing("1", _no_reference(run, visit.temperature), REFERENCES)
    return Result(visit.bit.value, visit.bit.uncertainty, "1", REFERENCES, note=f"at {visit.temperature:g} K")


def _after(run: Measured, found: Sequence[Excursion]) -> dict[str, Result]:
    """Mean bits where something is written or reset, and after it."""
    results: dict[str, Result] = {}
    for meant, name in NAMES.items():
        mine = [each for each in found if each.meant == meant]
        why = _never_back(run, found, meant)
        results[f"bit_at_{name}"] = _mean(run, [each.away[-1] for each in mine], why)
        results[f"bit_after_{name}"] = _mean(run, [each.after for each in mine], why)
    return results


def _never_back(run: Measured, found: Sequence[Excursion], meant: int) -> str:
    """Say why no excursion is known that was meant to leave a bit."""
    unknown = [each.away[-1].temperature for each in found if each.meant is None]
    if unknown:
        return _no_reference(run, unknown[0])
    return f"nothing came back from a temperature at which the field makes a {meant}"


def _mean(run: Measured, visits: Sequence[Visit], why: str) -> Result:
    bits = [visit.bit for visit in visits if visit.bit is not None]
    if not bits:
        return missing("1", _no_reference(run, visits[0].temperature) if visits else why, REFERENCES)
    values = [bit.value for bit in bits]
    scatter = float(np.std(values, ddof=1)) if len(values) > 1 else 0.0
    # The references are the same in all cycles: their part does not average out.
    error = math.hypot(max(bit.uncertainty for bit in bits), scatter / math.sqrt(len(values)))
    kelvin = ", ".join(f"{each:g}" for each in dict.fromkeys(visit.temperature for visit in visits))
    ends = [f"{round(each, 3) + 0.0:.3f}" for each in (min(values), max(values))]
    note = f"at {kelvin} K, mean of {len(values)}, from {ends[0]} to {ends[1]}"
    if len(values) == 1:
        note = f"at {kelvin} K, of one time: by how much another one would differ is not in its uncertainty"
    return Result(math.fsum(values) / len(values), error, "1", REFERENCES, note=note,
                  scatter=scatter if len(values) > 1 else None)  # fmt: skip


def _parts(found: Sequence[Excursion]) -> dict[str, Result]:
    """How often a bit that had to turn did, and how many cycles went right, with the exact bound of each."""
    results: dict[str, Result] = {}
    for meant, name in NAMES.items():
        mine = [each for each in found if each.meant == meant and each.turns]
        why = f"nothing was to be {'written' if meant else 'reset'}: no excursion began from the bit {1 - meant}"
        right = sum(each.came_true for each in mine)
        results |= _part(f"{name}_probability", right, len(mine), "times that the bit was the other one before", why)
    known = [each for each in found if each.meant is not None]
    why = "the list comes back from nowhere, or has no references there"
    return results | _part("cycles_right", *thermal_bits.right_cycles(known), "cycles", why)


def _part(name: str, count: int, of: int, what: str, why: str) -> dict[str, Result]:
    if not of:
        return {name: missing("1", why, THIS_RUN), f"{name}_bound": missing("1", why, THIS_RUN)}
    part, trials = wilson(count, of), f"{of} trial{'s' * (of > 1)}"
    bounds = f"above {part.below:.2f}, and below {part.above:.2f}, with 95 % each"
    note = f"{count} of {of} {what}: the probability is {bounds}"
    return {
        name: Result(part.value, None, "1", trials, why="counted; see its bound", note=note),
        f"{name}_bound": Result(part.below, None, "1", trials, why="a lower bound that holds with 95 %, the exact one"),
    }


def _levels(visits: Sequence[Visit]) -> Result:
    found = thermal_bits.levels(visits)
    if found is None:
        return missing("1", "no state was visited twice, so that nothing tells what comes back", THIS_RUN)
    count, scatter = found
    note = (
        f"more than 5 standard deviations apart, over all visited temperatures; from visit to visit the "
        f"median one scatters by {format_quantity(scatter, 'ohm', digits=2)}"
    )
    return Result(float(count), None, "1", THIS_RUN, why="a count", note=note)


# ---- hold


def _hold(run: Measured) -> dict[str, Result]:
    """How the last state drifts while it is held, as a bit per decade of time since the block had arrived."""
    names, last = ("hold_slope", "hold_slope_bound", "hold_change", "bit_after_hold"), run.visits[-1]
    reference = thermal_bits.joined(run.references, last.temperature)
    slope = None if run.hold is None else run.hold.per_decade()
    if run.hold is None or slope is None or reference is None:
        why = "no state was held" if reference is not None else _no_reference(run, last.temperature)
        return {name: missing("1", why, THIS_RUN) for name in names}
    step = reference.high.value - reference.low.value
    value, error = slope.value / step, slope.uncertainty / step
    times = [format_quantity(time, "s", digits=3) for time in (run.hold.times[0], run.hold.times[-1])]
    note = f"at {last.temperature:g} K, bits per decade of time since the block arrived, from {times[0]} to {times[1]}"
    bound = abs(value) + ONE_SIDED * error
    size = "a bound of its size that holds with 95 %, if it goes with the logarithm of time, grain by grain"
    change = Number(run.hold.change / step, run.hold.change_uncertainty / step)
    return {
        "hold_slope": Result(value, error, "1", THIS_RUN, note=note),
        "hold_slope_bound": Result(bound, None, "1", THIS_RUN, why=size),
        "hold_change": Result(change.value, change.uncertainty, "1", THIS_RUN, note="last reading less the first one"),
        "bit_after_hold": _held_bit(run.hold, last, reference),
    }


def _held_bit(hold: Retention, last: Visit, reference: Reference) -> Result:
    """The last reading of a state that was held, and whether that still is the bit which was arrived at."""
    bit = reference.bit(Number(float(hold.hall[-1]), hold.noise))
    words = {0: "a 0", 1: "a 1", None: "neither a 0 nor a 1"}
    was, now = (words[each] for each in (last.verdict, thermal_bits.verdict(bit)))
    when = time_text(float(hold.times[-1]))
    note = f"last reading, {when} after the block arrived" + ("" if was == now else f": {now}, and was {was} before")
    return Result(bit.value, bit.uncertainty, "1", REFERENCES, note=note)


# ---- window


def _window(run: Measured, field: float, visits: Sequence[float]) -> dict[str, Result]:
    needs = run.window(visits)
    inside = needs.holds(field)
    doubts = "; ".join(needs.doubts(field))
    given = {"write_field": needs.write, "reset_field": needs.reset, "keep_field": needs.keep}
    why = f"{' and '.join(name for name, each in given.items() if each is None)} not known, see there"
    return {
        "write_field": _threshold(
            needs.write, "to write a 1 the field has to exceed this", _unmade(run, needs, visits, 1)
        ),
        "reset_field": _threshold(needs.reset, "to write a 0 it has to exceed this", _unmade(run, needs, visits, 0)),
        "keep_field": _threshold(
            needs.keep, "it has to stay below this for the bit to be kept", _unkept(run, needs, visits[0])
        ),
        "inside_window": missing("1", f"{why}; {doubts}" if doubts else why, THIS_RUN)
        if inside is None
        else Result(inside, None, "1", THIS_RUN, note=doubts or f"{format_quantity(field, 'T')} is inside"),
    }


def _unmade(run: Measured, needs: Window, visits: Sequence[float], bit: int) -> str:
    """Say why no field is known that makes a bit."""
    if needs.whole:
        away = "" if bit not in needs.made else ", but for the first one"
        return f"the field makes a {bit} at no visited temperature{away}, or the loop there has no second step"
    return _no_reference(run, next(each for each in visits if thermal_bits.joined(run.references, each) is None))


def _unkept(run: Measured, needs: Window, home: float) -> str:
    return _no_reference(run, home) if needs.home is None else f"the loop at {home:g} K has no second step"


def _threshold(threshold: Threshold | None, what: str, why: str) -> Result:
    if threshold is None:
        return missing("T", why, REFERENCES)
    loop = quantity_text(threshold.loop.value, threshold.loop.uncertainty, "T")
    ends = [quantity_text(each, 1e-3, "T") for each in (threshold.least, threshold.most)]
    note = (
        f"at {threshold.temperature:g} K: {what}; half of the hard layer switches there at {loop} in the loop, and at "
        f"this within {time_text(threshold.stay)}, a tenth to nine tenths between {ends[0]} and {ends[1]}, {MODEL}"
    )
    return Result(threshold.field.value, threshold.field.uncertainty, "T", REFERENCES, note=note)


# ---- what was there


def _temperatures(run: Measured) -> dict[str, Result]:
    """Extremes that were reached, and how far that went beyond the visited temperatures."""
    extremes = run.extremes()
    cold, warm = min(low for low, _ in extremes), max(high for _, high in extremes)
    over, at = 0.0, run.visits[0].temperature
    for before, visit, (low, high) in zip(run.visits, run.visits[1:], extremes[1:], strict=False):
        here = thermal_bits.beyond((low, high), before.temperature, visit.temperature)
        if abs(here) > abs(over):
            over, at = here, visit.temperature
    why = "as the cryostat shows it, every 2 s"
    note = f"furthest beyond both ends of a way, on the one to {at:g} K: a visit that nobody asked for"
    return {
        "coldest": Result(cold, None, "K", THIS_RUN, why=why),
        "warmest": Result(warm, None, "K", THIS_RUN, why=why),
        "overshoot": Result(over, None, "K", THIS_RUN, why=why, note=note),
    }


def _field(rows: pd.DataFrame) -> Result:
    kinds = {PREPARED, STEADYING, VISIT, HOLD}
    there = [kind in kinds or (kind == ON_THE_WAY and number > 1) for kind, number in
             zip(rows[KIND].tolist(), rows[NUMBER].tolist(), strict=True)]  # fmt: skip
    values = rows.loc[there, "Field (T)"].to_numpy(dtype=float)
    values = values[np.isfinite(values)]
    low, high = (format_quantity(float(each), "T", digits=5) for each in (np.min(values), np.max(values)))
    note = f"read back over all visits, from {low} to {high}"
    return Result(float(np.mean(values)), float(np.std(values)), "T", "readings of the field", note=note)


def _drift(run: Measured) -> Result:
    found = thermal_bits.drift(run.references, list(dict.fromkeys(visit.temperature for visit in run.visits)))
    if found is None:
        return missing("1", "no temperature has two references, so that nothing tells whether they drift", THIS_RUN)
    note = "largest change of a state from the references before to those after, as a part of the step between both"
    return Result(found.value, found.uncertainty, "1", THIS_RUN, note=note)


def _no_verdict(bit: Number) -> str:
    if bit.uncertainty > thermal_bits.UNTOLD:
        return "not known well enough"
    inside = thermal_bits.ZERO <= bit.value <= thermal_bits.ONE
    return "between 0 and 1" if inside else "beyond both references, which are not those of this state"


def _row(run: Measured, visit: Visit, extremes: tuple[float, float]) -> Results:
    known = visit.verdict
    between = _no_verdict(visit.bit) if visit.bit is not None else _no_reference(run, visit.temperature)
    made = missing("1", _no_reference(run, visit.temperature)) if visit.made is None else None
    return Results(
        {
            "cycle": Result(float(visit.cycle), None, "1", THIS_RUN, why="a count"),
            "temperature": Result(visit.temperature, None, "K", THIS_RUN, why="the set point"),
            "resistance": Result(visit.state.value, visit.state.uncertainty, "ohm", THIS_RUN),
            "bit": _bit(run, visit),
            "verdict": missing("1", between, REFERENCES)
            if known is None
            else Result(float(known), None, "1", REFERENCES, why="a verdict"),
            "made_by_field": made or Result(float(visit.made or 0), None, "1", REFERENCES, why="a verdict"),
            "coldest": Result(extremes[0], None, "K", THIS_RUN, why="as the cryostat shows it"),
            "warmest": Result(extremes[1], None, "K", THIS_RUN, why="as the cryostat shows it"),
        }
    )
