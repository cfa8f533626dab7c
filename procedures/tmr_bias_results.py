"""What a junction's states read with several biases come to: TMR against the voltage, V_half, the asymmetry."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from instruments.units import format_quantity
from labctl.analysis.bias_dependence import CLEAR, Fall, State, fall, ratio
from labctl.analysis.junction_sizes import LEAST_SQUARES
from labctl.analysis.result import Result, Results, missing, quantity_text
from labctl.attempts import latest_attempts
from procedures.tmr_results import BRANCH, KIND, RESISTANCE, THIS_RUN, of_loops

if TYPE_CHECKING:
    import pandas as pd

    from labctl.analysis.readings import FloatArray
    from labctl.sample import SampleRecord

BIAS = "bias"
STATE, SET_BIAS = "State", "Set bias (V)"
ANTIPARALLEL, PARALLEL = "antiparallel", "parallel"
ALIKE = 1e-7
"""Part of a resistance below which no scatter is believed: the last digit of a 2182A on a full range."""
HELD = 0.05
"""Part of the step between the states by which a state that held may have changed."""
LARGEST_MISFIT = 3.0
"""Uncertainties by which TMR may be off the form, rms, before that is said."""
POLARITIES = {"both": 0.0, "positive": 1.0, "negative": -1.0}
TEXTS = {"positive": "current into the source's high lead", "negative": "current out of it"}


@dataclass(frozen=True, slots=True)
class Between:
    """Where both states can be held.

    Attributes:
        field: T, half-way between the switching fields of both layers.
        resistances: ohm of each state in the loop.
    """

    field: float
    resistances: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Curve:
    """TMR against the voltage: V, TMR and its standard uncertainty."""

    voltage: FloatArray
    tmr: FloatArray
    error: FloatArray


def between_of(data: pd.DataFrame) -> Between | str:
    """Say where both states can be held, by the loops; or why nowhere."""
    loop = _loop(data)
    if loop["tmr"].value is None:
        return loop["tmr"].why or "it has no TMR"
    fields = [loop.number(f"switching_field_{layer}_up") for layer in ("soft", "hard")]
    levels = [loop.number(f"resistance_{state}") for state in (PARALLEL, ANTIPARALLEL)]
    if None in fields or None in levels or not 0.0 < (fields[0] or 0.0) < (fields[1] or 0.0):
        return "the rising branch does not say where both layers switch"
    found = {PARALLEL: float(levels[0] or 0.0), ANTIPARALLEL: float(levels[1] or 0.0)}
    return Between(round(0.5 * ((fields[0] or 0.0) + (fields[1] or 0.0)), 4), found)


def _loop(data: pd.DataFrame) -> Results:
    from labctl.analysis.junction_loops import tmr_loop

    rows = of_loops(data)
    columns = (rows[name].to_numpy(dtype=float) for name in ("Field (T)", RESISTANCE, "Loop"))
    field, resistance, number = columns
    return tmr_loop(field, resistance, [str(word) for word in rows[BRANCH].tolist()], number)


def results_of(data: pd.DataFrame, *, sample: SampleRecord | None) -> Results:
    """Return V_half, TMR at no voltage, how TMR depends on the polarity, and the table over the biases.

    Args:
        data: Rows of a run of `tmr-bias`.
        sample: Whose rows they are, for the voltage with which it is usually read; None where nobody knows.
    """
    loop, curve = _loop(data)["tmr"], curve_of(data)
    fitted = curve if isinstance(curve, str) else fall(curve.voltage, curve.tmr, curve.error)
    if isinstance(fitted, Fall) and sample is not None:
        fitted = apparent(sample, data) or fitted
    return Results(
        {
            **_fitted(fitted, curve),
            "reading_bias_loss": _loss(fitted, sample),
            "bias_asymmetry": _asymmetry(data),
            "tmr_of_loop": loop,
            **{f"{state}_change": _change(data, state) for state in (PARALLEL, ANTIPARALLEL)},
        },
        [] if isinstance(curve, str) else _table(data, curve),
    )


def apparent(sample: SampleRecord, data: pd.DataFrame) -> str:
    """Say that four wires do not read the junction's own resistance in these rows; empty where they do."""
    electrode, low = sample.resistances.electrode, state_of(data, PARALLEL)
    if electrode is None or low is None:
        return ""
    squares = float(np.min(low.resistance)) / electrode
    if squares >= LEAST_SQUARES:
        return ""
    return (
        f"the junction is {squares:.2g} squares of an electrode of {electrode:.3g} ohm, below {LEAST_SQUARES:g}: four "
        "wires read less than its resistance, and what falls with the voltage is an apparent ratio"
    )


def curve_of(data: pd.DataFrame, polarity: str = "both") -> Curve | str:
    """Return TMR against the voltage of both polarities or one, at the same voltages, or why there is none."""
    for state in (PARALLEL, ANTIPARALLEL):
        held = _held(data, state)
        if held:
            return held
    at: FloatArray | None = None
    if polarity != "both":
        one, other = (_state(data, state, POLARITIES["both"]) for state in (PARALLEL, ANTIPARALLEL))
        at, _, _ = ratio(one, other)
    parallel, antiparallel = (_state(data, state, POLARITIES[polarity]) for state in (PARALLEL, ANTIPARALLEL))
    return Curve(*ratio(parallel, antiparallel, at=at))


def state_of(data: pd.DataFrame, state: str) -> State | None:
    """Return the resistance of a state against the voltage; None where it was not read."""
    return None if _rows(data, state).empty else _state(data, state, 0.0)


def _rows(data: pd.DataFrame, state: str) -> pd.DataFrame:
    rows = latest_attempts(data)
    good = np.isfinite(rows[RESISTANCE].to_numpy(dtype=float))
    return rows.loc[good & (rows[KIND] == BIAS).to_numpy() & (rows[STATE] == state).to_numpy()]


def _parts(rows: pd.DataFrame, what: str) -> tuple[FloatArray, FloatArray]:
    """What is the same in both polarities, and what turns round with them, of three voltages or currents."""
    unit = "V" if what == "Voltage" else "A"
    one, two, three = (rows[f"{what} {number} ({unit})"].to_numpy(dtype=float) for number in (1, 2, 3))
    return (one + 2.0 * two + three) / 4.0, (one - 2.0 * two + three) / 4.0


def _state(data: pd.DataFrame, state: str, polarity: float) -> State:
    """Resistance against the voltage; of one polarity less the offsets, which are what the smallest bias has."""
    rows = _rows(data, state)
    bias = rows[SET_BIAS].to_numpy(dtype=float)
    (even_v, volts), (even_a, amperes) = _parts(rows, "Voltage"), _parts(rows, "Current")
    smallest = bias == np.min(bias)
    volts = volts + polarity * (even_v - np.mean(even_v[smallest]))
    amperes = amperes + polarity * (even_a - np.mean(even_a[smallest]))
    ohms = volts / amperes
    offset = abs(polarity) * _of_mean(even_v[smallest] - np.mean(ohms[smallest]) * even_a[smallest])
    found: list[tuple[float, float, float]] = []
    for each in np.unique(bias):
        at = bias == each
        across, ohm = float(np.mean(np.abs(volts[at]))), float(np.mean(ohms[at]))
        found.append((across, ohm, math.hypot(_of_mean(ohms[at]), ohm * offset / across)))
    voltage, resistance, error = np.array(found, dtype=np.float64).T
    # Readings that are alike to the last digit were rounded: their scatter does not tell how well they are known.
    return State(voltage, resistance, np.maximum(error, ALIKE * np.abs(resistance)))


def _of_mean(values: FloatArray) -> float:
    """Standard uncertainty of a mean, by the scatter."""
    return float(np.std(values, ddof=1)) / math.sqrt(len(values)) if len(values) > 1 else 0.0


def _change(data: pd.DataFrame, state: str) -> Result:
    """By what part a state's resistance changed from the first reading with the smallest bias to the last one."""
    rows = _rows(data, state)
    bias = rows[SET_BIAS].to_numpy(dtype=float)
    ohms = rows[RESISTANCE].to_numpy(dtype=float)[bias == np.min(bias, initial=math.inf)]
    half = len(ohms) // 2
    if half < 2 or not np.any(bias > np.min(bias)):
        return missing("1", f"the {state} state was not read with the smallest bias again", THIS_RUN)
    first, last = ohms[:half], ohms[half:]
    error = math.sqrt(np.var(first, ddof=1) / len(first) + np.var(last, ddof=1) / len(last)) / abs(float(first.mean()))
    return Result(float(last.mean() / first.mean()) - 1.0, error, "1", THIS_RUN,
                  note="at the smallest bias, after the largest less before")  # fmt: skip


def _held(data: pd.DataFrame, state: str) -> str:
    """Why a state's readings are not of one state; empty where they are."""
    if _rows(data, state).empty:
        return f"the {state} state was not read"
    change, step = _change(data, state), _loop(data)["tmr"]
    if change.value is None:
        return change.why or ""
    size = abs(step.value or 0.0)
    if abs(change.value) > max(CLEAR * (change.uncertainty or 0.0), HELD * size):
        text = quantity_text(100.0 * change.value, 100.0 * (change.uncertainty or 0.0), "1")
        return (
            f"the {state} state did not hold, or the barrier changed: its resistance changed by ({text}) % while it "
            "was read"
        )
    return ""


def _fitted(fitted: Fall | str, curve: Curve | str) -> dict[str, Result]:
    if isinstance(fitted, str) or isinstance(curve, str):
        why = fitted if isinstance(fitted, str) else str(curve)
        return {
            name: missing(unit, why, THIS_RUN)
            for name, unit in (("half_bias", "V"), ("tmr_zero_bias", "1"), ("misfit", "1"))
        }
    end = float(curve.voltage[-1])
    note = f"fit of TMR_0/(1 + (V/V_half)^2) up to {format_quantity(end, 'V', digits=3)}"
    if end < fitted.half[0]:
        note += f", {end / fitted.half[0]:.2g} of it: by the curve's begin, not by half of TMR"
    note += "; how exact the voltmeter is comes on top"
    return {
        "half_bias": Result(*fitted.half, "V", THIS_RUN, note=note),
        "tmr_zero_bias": Result(*fitted.zero, "1", THIS_RUN, note="of the same fit"),
        "misfit": Result(fitted.misfit, None, "1", THIS_RUN, why="of the fit",
                         note="by how many of its uncertainties a point is off the fit, rms"),
    }  # fmt: skip


def _loss(fitted: Fall | str, sample: SampleRecord | None) -> Result:
    """Part of TMR that is lost at the voltage with which the sample is usually read."""
    if isinstance(fitted, str) or sample is None:
        why = fitted if isinstance(fitted, str) else "it is not known with which bias this sample is usually read"
        return missing("1", why, THIS_RUN)
    bias = sample.probe.voltage
    part = (bias / fitted.half[0]) ** 2
    error = 2.0 * part * fitted.half[1] / fitted.half[0]
    note = f"of TMR at the reading bias, {format_quantity(bias, 'V')}, by the fit: so far from the linear regime"
    return Result(part / (1.0 + part), error, "1", THIS_RUN, note=note)


def _asymmetry(data: pd.DataFrame) -> Result:
    """TMR with the positive polarity less that with the negative one, at the largest voltage."""
    curves = [curve_of(data, polarity) for polarity in ("positive", "negative")]
    one, other = curves
    if isinstance(one, str) or isinstance(other, str):
        return missing("1", one if isinstance(one, str) else str(other), THIS_RUN)
    count = min(len(one.tmr), len(other.tmr))
    if count < 2:
        return missing("1", "fewer than two voltages are known in both states", THIS_RUN)
    at = format_quantity(float(one.voltage[count - 1]), "V", digits=3)
    # Both polarities of a reading share its currents: their errors are taken for independent, which is too large.
    error = math.hypot(one.error[count - 1], other.error[count - 1])
    note = f"TMR at +V less that at -V, at {at}; + is the {TEXTS['positive']}, offsets as at the smallest bias"
    return Result(float(one.tmr[count - 1] - other.tmr[count - 1]), error, "1", THIS_RUN, note=note)


def _table(data: pd.DataFrame, curve: Curve) -> list[Results]:
    sides = {name: curve_of(data, name) for name in ("positive", "negative")}
    rows: list[Results] = []
    triples = zip(curve.voltage, curve.tmr, curve.error, strict=True)
    for place, (voltage, tmr, error) in enumerate(triples):
        row = {
            "voltage": Result(float(voltage), None, "V", THIS_RUN, why="as it was read"),
            "tmr": Result(float(tmr), float(error), "1", THIS_RUN),
        }
        for name, side in sides.items():
            there = not isinstance(side, str) and place and place < len(side.tmr)
            row[f"tmr_{name}"] = (
                Result(float(side.tmr[place]), float(side.error[place]), "1", THIS_RUN)
                if there and not isinstance(side, str)
                else missing("1", "offsets are taken from the smallest bias", THIS_RUN)
            )
        rows.append(Results(row))
    return rows


def doubt(results: Results) -> str:
    """Say that a state did not hold, or that it is not that of the loop; empty where nothing speaks for it."""
    if results["tmr_zero_bias"].value is None:
        return f"no V_half: {results['half_bias'].why}"
    misfit = results.number("misfit") or 0.0
    if misfit > LARGEST_MISFIT:
        return (
            f"TMR does not fall as TMR_0/(1 + (V/V_half)^2): its points are off by {misfit:.2g} of their uncertainty, "
            "so that V_half depends on how far the voltages go, by more than its uncertainty"
        )
    loop, first = results["tmr_of_loop"], results.table[0]["tmr"]
    assert first.value is not None
    if loop.value is None:
        return ""
    error = math.hypot(loop.uncertainty or 0.0, first.uncertainty or 0.0)
    if abs(first.value - loop.value) <= max(CLEAR * error, HELD * abs(loop.value)):
        return ""
    return (
        f"TMR of the states that were held, {first.text()}, is not that of the loop, {loop.text()}: part of a layer "
        "had switched; look at the loop"
    )
