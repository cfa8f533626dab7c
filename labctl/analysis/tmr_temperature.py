"""Loops of a tunnel junction at several temperatures: TMR, both layers' switching fields, compensation temperature.

One layer is a ferrimagnet. The resistance follows one of its sublattices, P and AP name the net moments; so the TMR
changes its sign where the net moment does. The temperature T_M of that is told twice, as for Hall loops (see
`compensation`): bracketed by the sign of the TMR, and from the signed inverse switching field of the ferrimagnet, which
is the layer that switches last, by a straight line through the nearest temperatures.

That line is straight only if the barrier which the moment has to overcome is the same at all temperatures. What is
known of it lies between two laws: a barrier that does not depend on temperature, H ~ 1/M, and one that is overcome by
heat alone, H ~ 1/(M T). T_M is the middle of what both give, and their distance is part of its uncertainty.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from labctl.analysis.combine import combine
from labctl.analysis.compensation import (
    WHAT,
    Compensation,
    bracket_results,
    find_compensation,
    left_out_notes,
    slope_result,
    tested,
)
from labctl.analysis.junction_fields import half_distance, of_the_layer
from labctl.analysis.junction_loops import JunctionLoop, analyse_junction_loops, tmr_loop
from labctl.analysis.junction_steps import Steps
from labctl.analysis.polarisation import nominal_polarisation
from labctl.analysis.rates import effective_rate, outside_window_at
from labctl.analysis.result import THIS_LOOP, Result, Results, missing
from labctl.analysis.visits import (
    FIELD,
    KIND,
    MOVING_KIND,
    SAME_FIELD,
    SET_TEMPERATURE,
    TIME,
    by_loop,
    during_the_loop,
    lag_of,
    loop_rows,
    mean_temperature,
    parts,
)

if TYPE_CHECKING:
    import pandas as pd

    from labctl.analysis.branches import Branch
    from labctl.analysis.readings import FloatArray

RESISTANCE, BRANCH = "Resistance (ohm)", "Branch"
LAYERS = ("soft", "hard")
FIELDS = tuple(f"switching_field_{layer}_{branch}" for layer in LAYERS for branch in ("up", "down"))
SIGN, THROUGH = "sign of the TMR", "sign of TMR / switching field"
"""What changes at compensation, and what the lines go through."""
ENDS = 5
"""Readings of either end of a way by which its resistances are told."""
FLIPPED = 0.5
"""Part of the step between the states that the resistance has to change on the way where the moment is turned."""
NO_FLIP = (
    "on the way past it the resistance did not change over: the field stood below the hard layer's switching field, or "
    "nothing was read"
)
ON_THE_WAY = "compensation_temperature_on_the_way"


@dataclass(frozen=True, slots=True)
class JunctionVisit:
    """What was measured of a junction at one temperature.

    Attributes:
        temperature: Mean of the block's thermometer during the loops that count, K.
        uncertainty: Standard uncertainty of that mean, K.
        lag: Sample less block, K; None where the way there was not recorded.
        largest_field: Of the loops that count, T.
        loops: Number of loops measured, those that were repeated included.
        at_one_rate: Whether the hard layer switches where the field moved at one rate.
        field_rate: There, T/s.
        results: Of the loops that count.
        scale: What the switching field is multiplied with, for a law of how the barrier depends on temperature.
    """

    temperature: float
    uncertainty: float
    lag: float | None
    largest_field: float
    loops: int
    at_one_rate: bool
    field_rate: Result
    results: Results
    scale: float = 1.0

    @property
    def saturated(self) -> bool:
        """Whether the loop has a TMR and both switching fields of the hard layer."""
        return self.results.number("tmr") is not None and self.coercive_field.value is not None

    @property
    def polarity(self) -> float:
        """Sign of the TMR; 0 for a loop that is not saturated."""
        return float(np.sign(self.results.number("tmr") or 0.0)) if self.saturated else 0.0

    @property
    def coercive_field(self) -> Result:
        """Half the distance of the hard layer's switching fields, T, as a property of it at this field rate."""
        found = of_the_layer(self.of_layer("hard"))
        if found.value is None or found.uncertainty is None:
            return found
        return replace(found, value=self.scale * found.value, uncertainty=self.scale * found.uncertainty)

    def of_layer(self, layer: str) -> Result:
        """Half the distance of a layer's switching fields, T."""
        return half_distance(self.results, layer)

    @property
    def temperature_result(self) -> Result:
        """Temperature of the block; the sample's lag is stated beside it."""
        return during_the_loop(self.temperature, self.uncertainty, self.lag)

    def row(self) -> Results:
        """This visit as a row of the table over temperatures."""
        names = ("tmr", "resistance_parallel", "resistance_antiparallel", *FIELDS)
        return Results(
            {
                "temperature": self.temperature_result,
                **{name: self.results[name] for name in names},
                **{f"switching_field_{layer}": self.of_layer(layer) for layer in LAYERS},
                "saturated": self.results["saturated"],
                "field_rate": self.field_rate,
                "largest_field": Result(round(self.largest_field, 4), None, "T", THIS_LOOP),
                "loops": Result(float(self.loops), None, "1", "this temperature"),
            }
        )


# ---- from rows to visits


def junction_visits(data: pd.DataFrame) -> list[JunctionVisit]:
    """Take rows of `tmr-temperature` apart, in order of measurement; temperatures without a loop are left out."""
    return [visit for rows in parts(data) if (visit := _visit(rows)) is not None]


def _visit(rows: pd.DataFrame) -> JunctionVisit | None:
    """The loops that count at one temperature: those as large as the last, at one rate if any is."""
    each = [(part, _analysed(part)) for part in by_loop(loop_rows(rows)) if len(part)]
    if not each:
        return None
    last = _largest(each[-1][0])
    counted = [(part, loop) for part, loop in each if abs(_largest(part) - last) <= SAME_FIELD * last]
    good = [(part, loop) for part, loop in counted if _at_one_rate(part, loop)] or counted
    temperature, uncertainty = mean_temperature([part for part, _ in good])
    return JunctionVisit(
        temperature,
        uncertainty,
        lag_of(rows, good[0][0]),
        last,
        len(each),
        all(_at_one_rate(part, loop) for part, loop in good),
        _rate(*good[-1]),
        combine([_results(loop) for _, loop in good]),
    )


def _columns(rows: pd.DataFrame) -> tuple[FloatArray, FloatArray, list[str], list[int]]:
    field, resistance = (rows[name].to_numpy(dtype=float) for name in (FIELD, RESISTANCE))
    return field, resistance, [str(word) for word in rows[BRANCH].tolist()], [1] * len(rows)


def _analysed(rows: pd.DataFrame) -> JunctionLoop | None:
    found = analyse_junction_loops(*_columns(rows))
    return found[0] if found else None


def _results(loop: JunctionLoop | None) -> Results:
    return tmr_loop([], [], [], []) if loop is None else loop.results


def _largest(rows: pd.DataFrame) -> float:
    return float(np.nanmax(np.abs(rows[FIELD].to_numpy(dtype=float))))


def _timed(rows: pd.DataFrame, steps: Steps) -> Branch:
    """A branch with the times of its readings; the analysis of a junction's loop counts rows only."""
    times = rows[TIME].to_numpy(dtype=float)[steps.branch.rows.time.astype(int)]
    return replace(steps.branch, rows=replace(steps.branch.rows, time=times, timed=True))


def _hard(rows: pd.DataFrame, loop: JunctionLoop | None) -> list[tuple[Branch, float]]:
    """Both branches with the hard layer's switching fields in T; none where it has none."""
    if loop is None or loop.down is None or loop.up is None:
        return []
    fields = [loop.results.number(f"switching_field_hard_{word}") for word in ("down", "up")]
    pairs = zip((loop.down, loop.up), fields, strict=True)
    return [(_timed(rows, steps), field) for steps, field in pairs if field is not None]


def _at_one_rate(rows: pd.DataFrame, loop: JunctionLoop | None) -> bool:
    width = 0.0 if loop is None else loop.results.number("switching_width_hard") or 0.0
    return all(outside_window_at(branch, field, width) is None for branch, field in _hard(rows, loop))


def _rate(rows: pd.DataFrame, loop: JunctionLoop | None) -> Result:
    """Mean |dH/dt| of both branches where the hard layer switches."""
    both = _hard(rows, loop)
    found = [effective_rate(branch, int(np.argmin(np.abs(branch.rows.field - field)))) for branch, field in both]
    known = [rate for rate in found if not isinstance(rate, str)]
    if len(known) < 2:
        return missing("T/s", "there is no switch of the hard layer on both branches")
    return Result(float(np.mean([rate for rate, _ in known])), None, "T/s", THIS_LOOP)


# ---- results


def over_temperatures(data: pd.DataFrame, *, remanence: float | None = None, assumed: float | None = None) -> Results:
    """Results of loops over temperatures, with one row of the table for each.

    Args:
        data: Rows as `tmr-temperature` records them.
        remanence: T, bound on the field that the magnet may hold beside the reported one; None if nobody knows.
        assumed: Polarisation of the other electrode, for the nominal one of the ferrimagnet; None for no such thing.
    """
    blocks = [(rows, _visit(rows)) for rows in parts(data)]
    measured = [visit for _, visit in blocks if visit is not None]
    athermal = find_compensation(measured, remanence=remanence, sign=SIGN)
    activated = find_compensation(_activated(measured), remanence=remanence, sign=SIGN)
    used = {visit.temperature for visit in athermal.used}
    rows: list[Results] = []
    for visit in athermal.visits:
        row = dict(visit.row())
        if assumed is not None:
            row["nominal_polarisation"] = nominal_polarisation(row["tmr"], assumed)
        inside = visit.saturated and visit.temperature in used
        row["in_compensation_fit"] = Result(inside, None, "1", "this temperature")
        rows.append(Results(row))
    return Results(
        {
            "compensation_temperature": _compensation(athermal, activated),
            **bracket_results(athermal.bracket),
            ON_THE_WAY: _on_the_way(blocks),
            "inverse_switching_field_slope": slope_result(athermal.line, f"line through {THROUGH}"),
        },
        rows,
    )


def _activated(measured: Sequence[JunctionVisit]) -> list[JunctionVisit]:
    """The same with fields by which a barrier that heat alone overcomes would be the same at all temperatures."""
    saturated = [visit.temperature for visit in measured if visit.saturated]
    middle = float(np.mean(saturated)) if saturated else 1.0
    return [replace(visit, scale=visit.temperature / middle) for visit in measured]


def _compensation(athermal: Compensation, activated: Compensation) -> Result:
    """The middle of what both laws of the barrier give, with their distance in its uncertainty."""
    one, other = athermal.line, activated.line
    if isinstance(one, str) or isinstance(other, str):
        return missing("K", one if isinstance(one, str) else str(other), "fit")
    apart = abs(other.temperature - one.temperature) / 2
    own = max(athermal.uncertainty, activated.uncertainty)
    left_out = [visit for visit in athermal.visits if visit not in athermal.used]
    worse = max(one, other, key=lambda line: line.uncertainty)
    laws = (
        f"{one.temperature:.2f} K if the barrier does not depend on temperature, {other.temperature:.2f} K if heat "
        "alone overcomes it"
    )
    parts_of_it = (
        f"fit {worse.uncertainty:.2g} K ({tested(worse)}), "
        f"curvature {max(athermal.curvature, activated.curvature):.2g} K, sample behind block {athermal.lag:.2g} K, "
        f"trapped flux {max(athermal.remanence, activated.remanence):.2g} K"
    )
    notes = [WHAT, laws, parts_of_it, *left_out_notes(left_out)]
    of = f"lines through {THROUGH} at {', '.join(f'{v.temperature:.4g}' for v in athermal.used)} K"
    error = float(np.hypot(own, apart / np.sqrt(3)))
    return Result((one.temperature + other.temperature) / 2, error, "K", of, note="; ".join(notes))


def _on_the_way(blocks: Sequence[tuple[pd.DataFrame, JunctionVisit | None]]) -> Result:
    """Block's temperature at which the parallel state's resistance changed over while a large field stood, K.

    In a field that turns the hard layer at any temperature, the net moment follows the field, and the resistance jumps
    where the net moment changes its sign. The sample is behind the moving block, by the rate times its time constant:
    this is no compensation temperature, and tells what comes of not waiting.
    """
    before: JunctionVisit | None = None
    ways: list[pd.DataFrame] = []
    for rows, visit in blocks:
        ways.append(_last_way(rows))
        if visit is None or not visit.saturated:
            continue
        if before is not None and before.polarity != visit.polarity:
            least = FLIPPED * min(_step(before), _step(visit))
            found = [flip for way in ways if (flip := _flip(way, least)) is not None]
            return found[0] if found else missing("K", NO_FLIP, "on the way")
        before, ways = visit, []
    return missing("K", "the sign of the TMR is the same at all saturated temperatures", "on the way")


def _last_way(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows on the last way within a block; one that went back first has two."""
    goals = rows[SET_TEMPERATURE].tolist()
    moving = zip(rows[KIND].tolist(), goals, strict=True)
    return rows.loc[[kind == MOVING_KIND and goal == goals[-1] for kind, goal in moving]]


def _step(visit: JunctionVisit) -> float:
    low, high = (visit.results.number(f"resistance_{state}") or 0.0 for state in ("parallel", "antiparallel"))
    return abs(high - low)


def _flip(way: pd.DataFrame, least: float) -> Result | None:
    block, resistance, field, time = (
        way[name].to_numpy(dtype=float) for name in ("Temperature (K)", RESISTANCE, FIELD, TIME)
    )
    if len(way) < 2 * ENDS:
        return None
    begin, end = float(np.median(resistance[:ENDS])), float(np.median(resistance[-ENDS:]))
    if not abs(end - begin) > least:
        return None
    beyond = (resistance - (begin + end) / 2) * np.sign(end - begin) > 0
    row = int(np.argmax(beyond))
    if row == 0 or abs(np.ptp(field)) > SAME_FIELD * float(np.max(np.abs(field))):
        return None
    part = ((begin + end) / 2 - resistance[row - 1]) / (resistance[row] - resistance[row - 1])
    at = float(block[row - 1] + part * (block[row] - block[row - 1]))
    around = slice(max(0, row - ENDS), row + ENDS)
    rate = float(np.polyfit(time[around] - time[row], block[around], 1)[0])
    note = (
        f"the block's temperature, at {np.mean(field):.3g} T and {60 * rate:+.2g} K/min: the sample is behind by the "
        "rate times its time constant, so that this is no compensation temperature"
    )
    spacing = abs(float(block[row] - block[row - 1]))
    return Result(at, spacing / float(np.sqrt(12)), "K", "on the way", note=note)
