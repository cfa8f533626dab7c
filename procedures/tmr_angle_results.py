"""What loops of a junction at angles of the field come to: TMR and switching fields against the angle."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from instruments.units import format_quantity
from labctl.analysis.junction_fields import half_distance, of_the_layer
from labctl.analysis.result import THIS_LOOP, Result, Results, missing, quantity_text
from procedures.tmr_results import BRANCH, RESISTANCE, THIS_RUN, of_loops

if TYPE_CHECKING:
    import pandas as pd

    from labctl.analysis.readings import FloatArray

STEP, FIELD_ANGLE, ROTATOR = "Step", "Field angle (deg)", "Rotator (deg)"
LAYERS = ("soft", "hard")
KONDORSKY_ANGLE = 60.0
"""deg at which switching fields are compared with those along the normal: half of the field is along it there."""
CLEAR = 3.0
"""Standard uncertainties beyond which two numbers differ."""
LAW = "a layer that follows the part along the normal only (Kondorsky)"


@dataclass(frozen=True, slots=True)
class AngleStep:
    """What was found at one angle.

    Attributes:
        number: Of the step, from 1.
        angle: Of the field from the normal, deg.
        rotator: Where it stood, deg; NaN where it does not say.
        largest: Largest field, T.
        temperature: Mean and standard deviation, K.
        change: Largest change of the resistance from zero field on the way from saturation, as a part of it.
        results: Of its loops.
    """

    number: int
    angle: float
    rotator: float
    largest: float
    temperature: tuple[float, float]
    change: Result
    results: Results

    @property
    def tmr(self) -> Result:
        """TMR; none where the loop is not a whole one."""
        return self.results["tmr"]

    def size(self, layer: str) -> Result:
        """Half the distance of a layer's switching fields, T, which a shift of the loop does not move."""
        return half_distance(self.results, layer)

    def along(self, layer: str) -> Result:
        """The same, of the field's part along the normal."""
        return _times(self.size(layer), math.cos(math.radians(self.angle)))

    def row(self) -> Results:
        """This step as a row of the table over angles."""
        return Results(
            {
                "field_angle": Result(self.angle, None, "deg", THIS_RUN, why="as it was set"),
                "tmr": self.results["tmr"],
                **{f"switching_field_{layer}": self.size(layer) for layer in LAYERS},
                "largest_change": self.change,
                "largest_field": Result(self.largest, None, "T", THIS_RUN, why="as it was reached"),
                **{f"switching_field_{layer}_along_normal": self.along(layer) for layer in LAYERS},
                **{name: self.results[name] for name in ("resistance_parallel", "resistance_antiparallel")},
                "rotator": missing("deg", "the cryostat does not say", THIS_RUN)
                if math.isnan(self.rotator)
                else Result(self.rotator, None, "deg", THIS_RUN, why="as it was read"),
            }
        )


def steps_of(data: pd.DataFrame) -> list[AngleStep]:
    """Analyse the loops of each step, in the order of measurement."""
    from labctl.analysis.junction_loops import tmr_loop

    rows = of_loops(data)
    found: list[AngleStep] = []
    for number in dict.fromkeys(rows[STEP].tolist()):
        part = rows.loc[rows[STEP] == number]
        field, resistance, loop, kelvin = (
            part[name].to_numpy(dtype=float) for name in ("Field (T)", RESISTANCE, "Loop", "Temperature (K)")
        )
        results = tmr_loop(field, resistance, [str(word) for word in part[BRANCH].tolist()], loop)
        angle, rotator = float(part[FIELD_ANGLE].iloc[0]), float(part[ROTATOR].iloc[0])
        temperature = float(kelvin.mean()), float(kelvin.std())
        change = _change(field, resistance, part[BRANCH].to_numpy(dtype=str))
        found.append(AngleStep(int(number), angle, rotator, float(abs(field).max()), temperature, change, results))
    return found


def _change(field: FloatArray, resistance: FloatArray, branch: NDArray[np.str_]) -> Result:
    """How far the resistance goes from that at zero field, where both layers lie along the normal as they did before.

    What is there of a TMR where tilted layers leave no levels, and no less than it elsewhere: the reading farthest off.
    """
    rest: list[float] = []
    for word, sign in (("down", 1.0), ("up", -1.0)):
        there = branch == word
        if not np.any(there) or np.min(sign * field[there]) > 0.0 or np.max(sign * field[there]) < 0.0:
            return missing("1", "the field did not pass zero", THIS_LOOP)
        order = np.argsort(field[there])
        rest.append(float(np.interp(0.0, field[there][order], resistance[there][order])))
    zero = float(np.mean(rest))
    parts = resistance / zero - 1.0
    return Result(float(parts[np.argmax(np.abs(parts))]), None, "1", THIS_LOOP,
                  why="it is that of one reading, the farthest off", note="from zero field; no TMR")  # fmt: skip


def results_of(data: pd.DataFrame) -> Results:
    """Return how TMR and switching fields go with the angle, and the table over the steps.

    Args:
        data: Rows of a run of `tmr-angle`.
    """
    steps = steps_of(data)
    rising = [step for place, step in enumerate(steps) if not place or step.angle > steps[place - 1].angle]
    return Results(
        {
            "tmr_falls": _falls(rising),
            **{f"field_growth_{layer}": _growth(rising, layer) for layer in LAYERS},
            "tmr_return": _returned(steps),
            **{f"field_return_{layer}": _field_returned(steps, layer) for layer in LAYERS},
        },
        [step.row() for step in steps],
    )


def _falls(steps: Sequence[AngleStep]) -> Result:
    """Whether |TMR| never grows with the angle, beyond what its uncertainty allows, and is smaller in the end."""
    known = [step for step in steps if step.tmr.value is not None]
    without = [f"{step.angle:g}" for step in steps if step.tmr.value is None]
    if len(known) < 2:
        return missing("1", "fewer than two angles have a TMR", THIS_RUN)
    sizes = [(abs(float(step.tmr.value or 0.0)), step.tmr.uncertainty or 0.0) for step in known]
    grows = [
        f"from {one.angle:g} to {other.angle:g} deg"
        for one, other, (before, error), (after, own) in zip(known, known[1:], sizes, sizes[1:], strict=False)
        if after - before > CLEAR * math.hypot(error, own)
    ]
    (first, error), (last, own) = sizes[0], sizes[-1]
    less = first - last > CLEAR * math.hypot(error, own)
    said = [f"|TMR| {100 * first:.3g} % at {known[0].angle:g} deg, {100 * last:.3g} % at {known[-1].angle:g} deg"]
    if grows:
        said.append(f"it grows {', '.join(grows)}")
    elif not less:
        said.append("no fall stands out of the uncertainties")
    if without:
        said.append(f"no TMR at {', '.join(without)} deg, see the table for why")
    return Result(less and not grows, None, "1", THIS_RUN, note="; ".join(said))


def _growth(steps: Sequence[AngleStep], layer: str) -> Result:
    """Switching field at about 60 deg over that at the first angle."""
    if not steps:
        return missing("1", "there is no loop", THIS_RUN)
    first = steps[0]
    known = [step for step in steps[1:] if step.size(layer).value is not None]
    at = min(known, key=lambda step: abs(step.angle - KONDORSKY_ANGLE), default=None)
    if at is None or first.size(layer).value is None:
        return missing("1", f"no two angles have a switching field of the {layer} layer", THIS_RUN)
    ratio = _over(at.size(layer), first.size(layer))
    law = math.cos(math.radians(first.angle)) / math.cos(math.radians(at.angle))
    along = [(format_quantity(float(step.along(layer).value or 0.0), "T", digits=4), step) for step in [first, *known]]
    others = ", ".join(f"{field} at {step.angle:g} deg" for field, step in along)
    note = f"from {first.angle:g} to {at.angle:g} deg; {law:.3g} of {LAW}; along the normal {others}"
    return Result(ratio[0], ratio[1], "1", THIS_RUN, note=note)


def _returned(steps: Sequence[AngleStep]) -> Result:
    """TMR at the first angle, measured again at the end, less what it was."""
    if len(steps) < 2 or steps[-1].angle != steps[0].angle:
        return missing("1", "the first angle was not measured again", THIS_RUN)
    first, last = steps[0].tmr, steps[-1].tmr
    if first.value is None or last.value is None:
        return missing("1", f"no TMR: {last.why or first.why}", THIS_RUN)
    change, error = last.value - first.value, math.hypot(first.uncertainty or 0.0, last.uncertainty or 0.0)
    return Result(change, error, "1", THIS_RUN, note=f"at {steps[0].angle:g} deg again, less before")


def _field_returned(steps: Sequence[AngleStep], layer: str) -> Result:
    """Switching field of a layer at the first angle, measured again at the end, over what it was."""
    if len(steps) < 2 or steps[-1].angle != steps[0].angle:
        return missing("1", "the first angle was not measured again", THIS_RUN)
    first, last = steps[0].size(layer), steps[-1].size(layer)
    if first.value is None or last.value is None:
        return missing("1", f"no switching field: {last.why or first.why}", THIS_RUN)
    return Result(*_over(last, first), "1", THIS_RUN, note="over what it was")


def doubt(results: Results) -> str:
    """Say that the last loop contradicts the first; empty where nothing speaks for it."""
    change = results["tmr_return"]
    if change.value is None or abs(change.value) <= CLEAR * (change.uncertainty or 0.0):
        return ""
    by = quantity_text(100.0 * change.value, 100.0 * (change.uncertainty or 0.0), "1")
    return (
        f"TMR at the first angle changed by ({by}) % until the end: what was measured in between is not of one sample "
        "and one temperature; look at the first and the last loop"
    )


def _times(result: Result, factor: float) -> Result:
    if result.value is None:
        return result
    scatter = None if result.scatter is None else factor * result.scatter
    return Result(factor * result.value, factor * (result.uncertainty or 0.0), result.unit, result.of, scatter=scatter)


def _over(one: Result, other: Result) -> tuple[float, float]:
    """Ratio of two layers' fields that have values, and its uncertainty: as two loops of one layer would differ."""
    one, other = of_the_layer(one), of_the_layer(other)
    assert one.value is not None
    assert other.value is not None
    ratio = one.value / other.value
    parts = [(each.uncertainty or 0.0) / each.value for each in (one, other) if each.value]
    return ratio, abs(ratio) * math.hypot(*parts)
