"""What a `read-heating` run tells: the extrapolations to zero current, the heating, the verdict, and the figure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from instruments.units import format_quantity
from labctl.analysis.branches import FEWEST_POINTS
from labctl.analysis.heating import CERTAIN, Extrapolation, Visit, extrapolate, straight
from labctl.analysis.result import Result, Results, missing
from labctl.frame import COLOURS, FAINT, Caption, framed, name_curves, say, temperature_text

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

HALL, RESISTANCE, CURRENT = "Hall resistance (ohm)", "Longitudinal resistance (ohm)", "Probe current (A)"
KIND, ROUND, TIME = "Kind", "Round", "Time (s)"
LOOK, WARMING, READ, LOOP = "first look", "warming up", "resistance", "loop"

CHANGE = 5e-4
"""Part by which the resistance may change between none and the probe current: a quarter of a kelvin at 2e-3 /K."""
FROM = "fit over all rounds"


@dataclass(frozen=True, slots=True)
class Loop:
    """What one Hall loop tells.

    Attributes:
        number: In the order of the run.
        current: A.
        up: Rising branch's coercive field and its standard uncertainty, T, as one of many loops; None where it is not
            known.
        down: The same of the falling branch.
        why: Why they are not known.
    """

    number: int
    current: float
    up: tuple[float, float] | None
    down: tuple[float, float] | None
    why: str = ""

    @property
    def coercive_field(self) -> tuple[float, float] | None:
        """Half the distance of both branches and its standard uncertainty, T."""
        if self.up is None or self.down is None:
            return None
        return 0.5 * (self.up[0] - self.down[0]), 0.5 * math.hypot(self.up[1], self.down[1])


def visits_of(data: pd.DataFrame) -> list[Visit]:
    """Return the readings of the resistance, visit by visit, in the order in which they were taken."""
    rows = data.loc[[kind == READ for kind in data[KIND]]].sort_values(TIME, kind="stable")
    keys = list(zip(rows[ROUND].tolist(), rows[CURRENT].tolist(), strict=True))
    found: list[Visit] = []
    time, resistance = rows[TIME].to_numpy(float), rows[RESISTANCE].to_numpy(float)
    begins = [place for place in range(len(keys)) if not place or keys[place] != keys[place - 1]]
    for begin, end in zip(begins, [*begins, len(keys)][1:], strict=True):
        good = np.isfinite(resistance[begin:end])
        if good.any():
            number, current = keys[begin]
            when, value = time[begin:end][good], resistance[begin:end][good]
            found.append(Visit(int(number), float(np.mean(when)), float(current), value))
    return found


def loops_of(data: pd.DataFrame, remanence: float | None) -> list[Loop]:
    """Analyse each Hall loop by itself."""
    from labctl.analysis import loops

    found: list[Loop] = []
    rows = data.loc[[kind == LOOP for kind in data[KIND]]]
    for number in sorted(set(rows["Loop"].tolist())):
        part = rows.loc[rows["Loop"] == number]
        results = loops.anomalous_hall(part, remanence=remanence)
        both = [_known(results[f"coercive_field_{way}_ensemble"]) for way in ("up", "down")]
        why = _cut(part) or results["coercive_field_up_ensemble"].why or ""
        found.append(Loop(int(number), float(part[CURRENT].iloc[0]), both[0], both[1], why))
    return found


def _cut(part: pd.DataFrame) -> str:
    """Say that a run ended within a loop; empty where both of its branches were begun in earnest."""
    sizes = [part["Branch"].tolist().count(branch) for branch in ("down", "up")]
    if min(sizes) >= FEWEST_POINTS:
        return ""
    current = format_quantity(float(part[CURRENT].iloc[0]), "A")
    return f"the run ended within the Hall loop with {current}, and two currents need a loop each"


def _known(result: Result) -> tuple[float, float] | None:
    if result.value is None or not result.uncertainty:
        return None
    return float(result.value), result.uncertainty


def field_fit(loops: Sequence[Loop]) -> Extrapolation | str:
    """Extrapolate the coercive field to zero current."""
    if not loops:
        return "no Hall loop was measured"
    known = [(loop.current, *loop.coercive_field) for loop in loops if loop.coercive_field is not None]
    if len({current for current, _, _ in known}) < 2:
        return next((loop.why for loop in loops if loop.why), "fewer than two currents have a coercive field")
    currents, values, errors = zip(*known, strict=True)
    return straight(currents, values, errors)


def results_of(
    data: pd.DataFrame, current: float, *, limit: float | None, remanence: float | None, wanted_loops: int,
    coefficient: float | None, reference: float,
) -> Results:  # fmt: skip
    """Return all results of a run.

    Args:
        data: Its rows.
        current: The probe current in A that is judged.
        limit: A, the most that the record allows for reading.
        remanence: T, bound on the magnet's trapped field.
        wanted_loops: Rounds of loops that were asked for.
        coefficient: Temperature coefficient in 1/K; None where it is not known.
        reference: Temperature in K that it refers to.
    """
    visits, loops = visits_of(data), loops_of(data, remanence)
    fit, field = extrapolate(visits), field_fit(loops)
    temperature = float(np.mean(data["Temperature (K)"].to_numpy(float)))
    found = {
        "read_current": Result(current, None, "A", "what is judged", why="as it was set"),
        **_resistances(fit, current, limit),
        **_warmth(fit, current, _local(coefficient, reference, temperature), temperature),
        **_fields(field, loops, current),
    }
    found["accepted"] = _verdict(found, loops, current, wanted=bool(wanted_loops))
    return Results(found, table=_table(visits, loops))


def _local(coefficient: float | None, reference: float, temperature: float) -> float | None:
    """Relative change of the resistance in 1/K at a temperature in K; None where it is not known."""
    if not coefficient:
        return None
    scale = 1.0 + coefficient * (temperature - reference)
    return coefficient / scale if scale > 0.0 else None


def _resistances(fit: Extrapolation | str, current: float, limit: float | None) -> dict[str, Result]:
    units = {
        "resistance_at_zero_current": "ohm", "resistance_at_read_current": "ohm", "resistance_change": "1",
        "largest_read_current": "A", "resistance_drift": "1/h",
    }  # fmt: skip
    if isinstance(fit, str):
        return {name: missing(unit, fit, FROM) for name, unit in units.items()}
    largest, error = fit.largest(CHANGE)
    notes = [f"at which the resistance changes by {100 * CHANGE:g} %"]
    if error is None:
        notes.append("a lower bound (95 %): the readings do not tell the change from none")
    if limit is not None and largest > limit:
        notes.append(f"but the record allows {format_quantity(limit, 'A')} for reading, which counts")
    bound = missing("A", "no current changes the resistance as far as the readings tell", FROM)
    if math.isfinite(largest):
        why = None if error is not None else "it is a bound"
        bound = Result(largest, error, "A", FROM, why=why, note="; ".join(notes))
    drift, error = (3600.0 * each / abs(fit.zero[0]) for each in fit.drift)
    return {
        "resistance_at_zero_current": Result(*fit.zero, "ohm", FROM),
        "resistance_at_read_current": Result(*fit.at(current), "ohm", FROM),
        "resistance_change": Result(*fit.change(current), "1", FROM, note="of the resistance at no current"),
        "largest_read_current": bound,
        "resistance_drift": Result(drift, error, "1/h", FROM, note=_said_of_drift(drift, error)),
    }


def _said_of_drift(drift: float, error: float) -> str:
    """Say what the mean drift within the rounds is, or that it is only the scatter of the visits."""
    told = "mean of the straight drifts within the rounds, fitted beside the heating"
    return told if abs(drift) > CERTAIN * error else f"{told}; no more than the scatter of the readings"


def _warmth(
    fit: Extrapolation | str, current: float, coefficient: float | None, temperature: float
) -> dict[str, Result]:
    """The heating in kelvin, by the temperature coefficient in 1/K at a temperature in K."""
    units = {"heating_by_read": "K", "heating_coefficient": "K/A^2"}
    if isinstance(fit, str) or coefficient is None:
        why = fit if isinstance(fit, str) else "the sample record has no temperature coefficient; measure it with rt"
        return {name: missing(unit, why, FROM) for name, unit in units.items()}
    per_square = [each / abs(fit.zero[0]) / abs(coefficient) for each in fit.slope]
    if coefficient < 0.0:
        per_square[0] = -per_square[0]
    note = f"by {coefficient:.4g} /K at {temperature:.4g} K, from the record and taken as right"
    return {
        "heating_by_read": Result(current**2 * per_square[0], current**2 * per_square[1], "K", FROM, note=note),
        "heating_coefficient": Result(per_square[0], per_square[1], "K/A^2", FROM, note=note),
    }


def _fields(field: Extrapolation | str, loops: Sequence[Loop], current: float) -> dict[str, Result]:
    names = ("coercive_field_at_zero_current", "coercive_field_change", "coercive_field_repeated")
    if isinstance(field, str):
        return {name: missing("T", field, FROM) for name in names}
    of = f"{len(loops)} loops"
    change = current**2 * field.slope[0], current**2 * field.slope[1]
    repeated = missing("T", "the probe current was not measured twice", of)
    same = [loop.coercive_field for loop in loops if loop.current == current and loop.coercive_field is not None]
    if len(same) > 1:
        (first, one), (last, other) = same[0], same[-1]
        apart, error = last - first, math.hypot(one, other)
        meaning = (
            "a drift, or training" if abs(apart) > CERTAIN * error else "no more than the scatter between two loops"
        )
        note = f"last loop with the probe current less the first: {meaning}"
        repeated = Result(apart, error, "T", "two loops", note=note)
    return {
        "coercive_field_at_zero_current": Result(*field.zero, "T", of),
        "coercive_field_change": Result(*change, "T", of, note="at the probe current, of the coercive field at none"),
        "coercive_field_repeated": repeated,
    }


def _verdict(found: Mapping[str, Result], loops: Sequence[Loop], current: float, *, wanted: bool) -> Result:
    """Whether the probe current may be used: resistance and coercive field must not change."""
    change = found["resistance_change"]
    if change.value is None or change.uncertainty is None:
        return missing("1", str(change.why), "probe current")
    size, error = abs(float(change.value)), change.uncertainty
    said = f"resistance {100 * float(change.value):+.2g} % ± {100 * error:.1g} % of {100 * CHANGE:g} % allowed"
    if size - CERTAIN * error > CHANGE:
        return Result(False, None, "1", "probe current", note=said)
    if size + CERTAIN * error > CHANGE:
        return missing("1", f"the change of the {said} is not known well enough; take more readings", "probe current")
    if not wanted:
        return Result(True, None, "1", "probe current", note=f"{said}; by the resistance alone")
    moved = found["coercive_field_change"]
    single = [loop.coercive_field[1] for loop in loops if loop.current == current and loop.coercive_field]
    if moved.value is None or not single:
        why = moved.why or "no loop with the probe current has a coercive field"
        return missing("1", f"{said}, but the coercive field is not known: {why}", "probe current")
    allowed = float(np.mean(single))
    shown = f"{1e3 * float(moved.value):+.2g} mT of {1e3 * allowed:.2g} mT, one loop's uncertainty"
    return Result(abs(float(moved.value)) < allowed, None, "1", "probe current", note=f"{said}, coercive field {shown}")


def _table(visits: Sequence[Visit], loops: Sequence[Loop]) -> list[Results]:
    """Mean resistance and coercive fields with each current."""
    rows: list[Results] = []
    for current in sorted({each.current for each in (*visits, *loops)}):
        values = [visit.resistance for visit in visits if visit.current == current]
        resistance = missing("ohm", "it was not read with this current", "mean")
        if values:
            joined = np.concatenate(values)
            error = float(np.std(joined, ddof=1)) / math.sqrt(len(joined)) if len(joined) > 1 else None
            why = None if error is not None else "one reading"
            note = "the uncertainty is the scatter of all readings, within the rounds and between them"
            resistance = Result(float(np.mean(joined)), error, "ohm", f"{len(joined)} readings", why=why, note=note)
        same = [loop for loop in loops if loop.current == current]
        rows.append(
            Results(
                {
                    "current": Result(current, None, "A", "source", why="as it was set"),
                    "resistance": resistance,
                    "coercive_field_up": _mean([loop.up for loop in same]),
                    "coercive_field_down": _mean([loop.down for loop in same]),
                    "coercive_field": _mean([loop.coercive_field for loop in same]),
                }
            )
        )
    return rows


def _mean(fields: Sequence[tuple[float, float] | None]) -> Result:
    known = [each for each in fields if each is not None]
    if not known:
        return missing("T", "no loop with this current has one", "loops")
    error = math.hypot(*(each for _, each in known)) / len(known)
    return Result(sum(value for value, _ in known) / len(known), error, "T", f"{len(known)} of {len(fields)} loops")


# ---- the figure


def figure_of(data: pd.DataFrame, results: Results, *, title: str, caption: Caption, remanence: float | None) -> Figure:
    """Draw the resistance's change, and the coercive field, against the square of the current."""
    visits, loops = visits_of(data), loops_of(data, remanence)
    said = ", ".join(filter(None, [temperature_text(data["Temperature (K)"]), _findings(results)]))
    figure, both = framed(title, said, caption, rows=2 if loops else 1, sharex=True)
    upper, lower = both if loops else (both, None)
    _draw_resistance(upper, visits, extrapolate(visits))
    if lower is not None:
        _draw_fields(lower, loops, field_fit(loops), caption)
    (upper if lower is None else lower).set_xlabel("Probe current squared (10⁻⁹ A²)")
    return figure


def _findings(results: Results) -> str:
    """What the judged current does, and whether it may be used, in one line."""
    current, accepted = results["read_current"], results["accepted"]
    verdict = "not judged" if accepted.value is None else "may be used" if accepted.value else "IS TOO MUCH"
    effects = {"warms by": "heating_by_read", "changes the resistance by": "resistance_change"}
    known = [f"{word} {results[name].text()}" for word, name in effects.items() if results.number(name) is not None]
    return f"{current.text()} {verdict} for reading" + (": it " + " and ".join(known) if known else "")


def _draw_resistance(axes: Axes, visits: Sequence[Visit], fit: Extrapolation | str) -> None:
    """Each current's mean less what its round would have at none, in parts per million.

    What a round would have is told by its visits with the square of their current as weight: the noise is in volts.
    """
    axes.set_ylabel("Change of $R_\\mathrm{xx}$ (ppm)")
    if isinstance(fit, str):
        say(axes, fit)
        return
    zero = abs(fit.zero[0])
    means: dict[float, list[tuple[float, float]]] = {}
    for visit in visits:
        mates = [each for each in visits if each.number == visit.number]
        zeros = [float(np.mean(each.resistance)) - fit.slope[0] * each.current**2 for each in mates]
        base = float(np.average(zeros, weights=[each.current**2 for each in mates]))
        if len(visit.resistance) > 1:
            error = float(np.std(visit.resistance, ddof=1)) / math.sqrt(len(visit.resistance))
            means.setdefault(visit.current, []).append((float(np.mean(visit.resistance)) - base, error))
    for current, found in means.items():
        value, error = float(np.mean([v for v, _ in found])), math.hypot(*(e for _, e in found)) / len(found)
        axes.errorbar(
            1e9 * current**2, 1e6 * value / zero, 1e6 * error / zero, fmt="o", color=COLOURS["down"], markersize=5,
            capsize=3, label="mean over the rounds" if current == min(means) else None,
        )  # fmt: skip
    along = np.linspace(0.0, 1.05 * max(means, default=0.0) ** 2, 50)
    line, width = 1e6 * along * fit.slope[0] / zero, 1e6 * along * fit.slope[1] / zero
    axes.plot(1e9 * along, line, color=COLOURS["up"], linewidth=1.4, zorder=1, label="fit")
    axes.fill_between(
        1e9 * along, line - width, line + width, color=COLOURS["up"], alpha=0.15, linewidth=0, zorder=0,
        label="its standard uncertainty",
    )  # fmt: skip
    axes.axhline(0.0, color=FAINT, linewidth=0.8, zorder=0)
    name_curves(axes)


def _draw_fields(axes: Axes, loops: Sequence[Loop], fit: Extrapolation | str, caption: Caption) -> None:
    factor, _ = caption.field_axis
    axes.set_ylabel(f"Coercive field ({caption.field_unit})")
    known = [(loop.current, loop.coercive_field) for loop in loops if loop.coercive_field is not None]
    for current, (value, error) in known:
        axes.errorbar(1e9 * current**2, factor * value, factor * error, fmt="o", color=COLOURS["down"], markersize=5,
                      capsize=3)  # fmt: skip
    if not isinstance(fit, str):
        along = np.linspace(0.0, 1.05 * max(current for current, _ in known) ** 2, 50)
        axes.plot(
            1e9 * along, factor * (fit.zero[0] + along * fit.slope[0]), color=COLOURS["up"], linewidth=1.4, zorder=1
        )
    if not known:
        say(axes, "no loop has a coercive field")
