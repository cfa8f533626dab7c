"""What the rows of a junction's loop come to: the loop itself, and what its reading is worth."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from instruments.units import format_quantity
from labctl.analysis.junction_sizes import crowding
from labctl.analysis.result import Result, Results, missing
from labctl.attempts import latest_attempts
from labctl.junction_accuracy import UNIFORM, tmr_without_reversal
from labctl.sample import Junction, SampleRecord

if TYPE_CHECKING:
    import pandas as pd

    from labctl.analysis.readings import FloatArray
    from procedures.across_junction import Reading

RESISTANCE, KIND, BRANCH = "Resistance (ohm)", "Kind", "Branch"
LOOP, LINEARITY = "loop", "linearity"
THIS_RUN = "this run"
ENDS, FEWEST = 10, 3
"""Readings at most, and at least, of each end of the run by which the drift of the saturated state is told."""
DRIFT = 0.02
"""Change of the saturated state's resistance that is said: more is no noise of a barrier that is whole (assumed)."""
COVERAGE = 2.0
"""Standard uncertainties that count as certain."""
PER_AREA = "ohm m^2"
STATES = ("resistance_parallel", "resistance_antiparallel")
WITHOUT_REVERSAL = "read without reversal, so that the 2400's offsets are in it, and in its uncertainty as specified"
SOURCES = {
    "S": "stated in the paper", "F": "read off a figure", "D": "derived", "L": "from the literature",
    "A": "assumed", "M": "measured on this sample",
}  # fmt: skip
"""What the marks of a sample record mean."""


def results_of(data: pd.DataFrame, *, sample: SampleRecord | None, reading: Reading | None) -> Results:
    """Return all results of a junction's loop.

    Args:
        data: Rows of a run of `tmr-loop`.
        sample: Whose rows they are; None for a table of unknown origin.
        reading: What read them; None where nobody knows.
    """
    from labctl.analysis import junction_loops

    rows = of_loops(data)
    field, resistance, number = (rows[name].to_numpy(dtype=float) for name in ("Field (T)", RESISTANCE, "Loop"))
    loop = junction_loops.tmr_loop(field, resistance, [str(word) for word in rows[BRANCH].tolist()], number)
    bias, area = bias_of(rows), _resistance_area(loop, sample, reading)
    if reading is not None and not reading.reversed:
        loop = _with_offsets(loop, bias.value, reading)
    return Results(
        {
            **loop,
            "tmr": _with_crowding(loop, sample),
            "resistance_area": area,
            "bias": bias,
            "linearity": _linearity(data),
            "parallel_drift": drift_of(data),
            "reading_scale": scale_of(reading),
        }
    )


def of_loops(data: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the loops that count and have a resistance."""
    return _of_kind(data, LOOP)


def _of_kind(data: pd.DataFrame, kind: str) -> pd.DataFrame:
    rows = latest_attempts(data)
    good = np.isfinite(rows[RESISTANCE].to_numpy(dtype=float))
    if KIND in rows.columns:
        good &= (rows[KIND] == kind).to_numpy(dtype=bool)
    return rows.loc[good]


def drift_of(data: pd.DataFrame) -> Result:
    """Return by what part the saturated state's resistance changed from the begin of the first loop to the last's end.

    Both are at the largest field, in the same state. What the field itself changes is the same in both.
    """
    loops = of_loops(data)
    values = loops[RESISTANCE].to_numpy(dtype=float)
    count = min(ENDS, len(values) // 20)
    if count < FEWEST or set(loops[BRANCH]) != {"down", "up"}:
        return missing("1", "there is no whole loop, whose begin and end could be compared", THIS_RUN)
    begin, end = values[:count], values[-count:]
    error = math.sqrt((np.var(begin, ddof=1) + np.var(end, ddof=1)) / count) / abs(float(np.mean(begin)))
    note = f"at the largest field, before and after, {count} readings each"
    return Result(float(np.mean(end) / np.mean(begin)) - 1.0, float(error), "1", THIS_RUN, note=note)


def doubt(drift: Result) -> str:
    """Say that the junction is not what it was; empty where nothing speaks for it."""
    if drift.value is None or abs(drift.value) - COVERAGE * (drift.uncertainty or 0.0) <= DRIFT:
        return ""
    return (
        f"the resistance in the same saturated state changed by {100 * drift.value:+.2g} % during the run: was the "
        "loop not saturated, did the temperature drift, or has the barrier changed? Look at the loop, and at the "
        "junction (labctl run contact-check)"
    )


def _resistance_area(loop: Mapping[str, Result], sample: SampleRecord | None, reading: Reading | None) -> Result:
    """R_P times the area, with where the area comes from."""
    parallel = loop.get("resistance_parallel")
    if sample is None or not isinstance(sample.geometry, Junction):
        return missing(PER_AREA, "no junction's area is known", THIS_RUN)
    if parallel is None or parallel.value is None:
        return missing(PER_AREA, "there is no R_P" if parallel is None else parallel.why or "there is no R_P", THIS_RUN)
    if crowded := crowding_of(sample, _low(loop)):
        return missing(PER_AREA, f"R_P is not the barrier's: {crowded}", THIS_RUN)
    area, scale = sample.geometry.area(), 0.0 if reading is None else _scale(reading)
    error = area * math.hypot(parallel.uncertainty or 0.0, scale * parallel.value)
    said = f"{format_quantity(parallel.value * area * 1e12, 'ohm')} um^2 on {area * 1e12:.4g} um^2, {_of_area(sample)}"
    note = f"{said}; the uncertainty is that of the resistance, with its scale, and not of the area"
    return Result(parallel.value * area, error, PER_AREA, parallel.of, note=note)


def crowding_of(sample: SampleRecord | None, resistance: float | None) -> str:
    """Say why a low state of so many ohm is not read as the barrier's own; empty where it is, or nobody knows."""
    electrode = None if sample is None else sample.resistances.electrode
    if sample is None or electrode is None or resistance is None:
        return ""
    basis = sample.basis.get("resistances.electrode")
    marked = None if basis is None or basis.mark is None else SOURCES[basis.mark]
    return crowding(resistance, electrode, "from the record" if marked is None else f"{marked}, in the record")


def _low(loop: Mapping[str, Result]) -> float | None:
    """Resistance of the low state in ohm, None where neither is known."""
    values = [loop[name].value for name in STATES if name in loop]
    known = [float(value) for value in values if value is not None]
    return min(known) if known else None


def _with_crowding(loop: Mapping[str, Result], sample: SampleRecord | None) -> Result:
    """The TMR, with a word where four wires do not read the barrier."""
    tmr, crowded = loop["tmr"], crowding_of(sample, _low(loop))
    if tmr.value is None or not crowded:
        return tmr
    return replace(tmr, note="; ".join(filter(None, [f"apparent only: {crowded}", tmr.note])))


def _with_offsets(loop: Results, bias: float | bool | None, reading: Reading) -> Results:
    """The loop of a 2400 without reversal: what its offsets may do is in resistances and TMR, and said."""
    tmr, parallel = loop["tmr"], loop["resistance_parallel"]
    offset = UNIFORM * reading.exactness.offset
    found = dict(loop)
    for name in STATES:
        if (value := loop[name].value) is not None:
            found[name] = _wider(loop[name], offset * abs(value))
    if tmr.value is not None and parallel.value is not None and bias is not None and bias > 0:
        found["tmr"] = _wider(tmr, UNIFORM * float(np.ptp(tmr_without_reversal(tmr.value, parallel.value, bias))) / 2)
    return Results(found)


def _wider(result: Result, error: float) -> Result:
    """A result with an error that its readings do not show."""
    wide = math.hypot(result.uncertainty or 0.0, error)
    note = "; ".join(filter(None, [WITHOUT_REVERSAL, result.note]))
    return replace(result, uncertainty=wide, note=note, degrees_of_freedom=None)


def _scale(reading: Reading) -> float:
    """Standard uncertainty that all resistances of a run share, as a part of them."""
    exact = reading.exactness
    return exact.scale if reading.reversed else math.hypot(exact.scale, UNIFORM * exact.offset)


def _of_area(sample: SampleRecord) -> str:
    """Say where the area comes from, by the marks of the record."""
    geometry = sample.geometry
    names = ("diameter",) if isinstance(geometry, Junction) and geometry.diameter is not None else ("width", "length")
    marks = [basis.mark for name in names if (basis := sample.basis.get(f"geometry.{name}")) is not None]
    said = " and ".join(dict.fromkeys(SOURCES[mark] for mark in marks if mark is not None))
    return f"from the record's {' and '.join(names)}{f' ({said})' if said else ', of which it does not say the source'}"


def bias_of(rows: pd.DataFrame) -> Result:
    """Voltage across the junction: half of what its reversal changes, without what is there at no current."""
    across = across_of(rows)
    if not across.size:
        return missing("V", "no voltage was read", THIS_RUN)
    low, high = float(np.min(across)), float(np.max(across))
    note = "median over the loop, across the device"
    if high - low > 0.01 * high:
        note += f"; from {format_quantity(low, 'V', digits=3)} to {format_quantity(high, 'V', digits=3)} with its state"
    why = "it is what was read, with the calibration of the voltmeter"
    return Result(float(np.median(across)), None, "V", THIS_RUN, why=why, note=note)


def across_of(rows: pd.DataFrame) -> FloatArray:
    """Return the voltage in V across the junction in each reading; of one conversion as it was read."""
    first, second, third = (rows[f"Voltage {number} (V)"].to_numpy(dtype=float) for number in (1, 2, 3))
    across = np.where(np.isnan(second), first, (first - 2.0 * second + third) / 4.0)
    return np.abs(across[np.isfinite(across)])


def _linearity(data: pd.DataFrame) -> Result:
    """R with the larger bias over R with the smaller one, less 1, in the saturated state."""
    rows = _of_kind(data, LINEARITY if KIND in data.columns else "")
    across, values = across_of(rows), rows[RESISTANCE].to_numpy(dtype=float)
    if KIND not in data.columns or len(across) != len(values) or not len(values):
        return missing("1", "it was not read", THIS_RUN)
    large = across > 1.5 * float(np.min(across))
    if min(int(np.sum(large)), int(np.sum(~large))) < FEWEST:
        return missing("1", "it was not read with two biases, three times each", THIS_RUN)
    one, other = values[~large], values[large]
    scatter = np.sqrt(np.var(one, ddof=1) / len(one) + np.var(other, ddof=1) / len(other))
    biases = [format_quantity(float(np.median(across[which])), "V", digits=3) for which in (large, ~large)]
    note = f"R at {biases[0]} over R at {biases[1]}, less 1, in the saturated state"
    mean = float(np.mean(one))
    return Result(float(np.mean(other)) / mean - 1.0, float(scatter) / abs(mean), "1", THIS_RUN, note=note)


def scale_of(reading: Reading | None) -> Result:
    """The uncertainty that all resistances of the run share, and why they were read so."""
    if reading is None:
        return missing("1", "it is not known what read the table", THIS_RUN)
    note = (
        "standard uncertainty of all resistances alike, "
        + ("which cancels in TMR" if reading.reversed else f"which does not cancel in TMR: {WITHOUT_REVERSAL}")
        + f"; read with {reading.way}: {reading.why}"
    )
    return Result(_scale(reading), None, "1", THIS_RUN, why="it is one", note=note)
