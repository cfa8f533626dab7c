"""A table of Hall loops at several temperatures, taken apart: one visit a temperature, with its loops."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from labctl.analysis.branches import Branch
from labctl.analysis.combine import combine
from labctl.analysis.loops import LoopAnalysis, analyse_loops, anomalous_hall
from labctl.analysis.rates import outside_window
from labctl.analysis.readings import FloatArray
from labctl.analysis.result import THIS_LOOP, Result, Results, missing
from labctl.analysis.switching import Crossing

if TYPE_CHECKING:
    import pandas as pd

TEMPERATURE, SET_TEMPERATURE, TIME, FIELD = "Temperature (K)", "Set temperature (K)", "Time (s)", "Field (T)"
KIND, LOOP, BLOCK = "Kind", "Loop", "Block"
LOOP_KIND, MOVING_KIND = "loop", "moving"
"""What the rows of a table are: of a loop, or read on the way to a temperature."""
SAME_TEMPERATURE = 1.0
"""K within which rows one after the other belong to one temperature, where the table does not say it."""
SAME_FIELD = 0.02
"""Relative difference of the largest fields of loops that count as repetitions of each other."""
TIME_CONSTANT = 90.0
"""s with which the sample is taken to follow the block, at most: measured above 90 K, and less below."""
UNSEEN_LAG = 0.2
"""K by which the sample may lag where nobody recorded how the block got there: 5 K/min times 90 s, after 330 s."""


@dataclass(frozen=True, slots=True)
class Visit:
    """What was measured at one temperature.

    Attributes:
        temperature: Mean of the block's thermometer during the loops that count, K.
        uncertainty: Standard uncertainty of that mean, K.
        lag: Sample less block, K, as far as the way there tells; None where it was not recorded.
        largest_field: Of the loops that count, T.
        loops: Number of loops measured, those that were repeated included.
        at_one_rate: Whether the switch lies where the field moved at one rate.
        results: Of the loops that count.
    """

    temperature: float
    uncertainty: float
    lag: float | None
    largest_field: float
    loops: int
    at_one_rate: bool
    results: Results

    @property
    def saturated(self) -> bool:
        """Whether the loop is, and has both coercive fields."""
        return self.coercive_field.value is not None

    @property
    def polarity(self) -> float:
        """Sign of the loop, 0 for one that is not saturated."""
        return (self.results.number("polarity") or 0.0) if self.saturated else 0.0

    @property
    def coercive_field(self) -> Result:
        """Half the distance of the two switching fields, T, as a property of the film at this field rate.

        Neither a shift of the loop nor one of the field's zero moves it.
        """
        down, up = (_of_the_film(self.results, f"coercive_field_{branch}") for branch in ("down", "up"))
        if down.value is None or up.value is None:
            return missing("T", up.why or down.why or "no coercive field", up.of)
        # Below compensation the loop is turned upside down, but rising fields still switch it at positive ones.
        value = (up.value - down.value) / 2
        if value <= 0:
            return missing("T", "the switching fields lie on the wrong sides of each other: no hysteresis", up.of)
        error = float(np.hypot(down.uncertainty or 0.0, up.uncertainty or 0.0)) / 2
        return Result(value, error, "T", up.of)

    @property
    def temperature_result(self) -> Result:
        """Temperature of the block; the sample's lag is stated beside it."""
        return during_the_loop(self.temperature, self.uncertainty, self.lag)

    def row(self) -> Results:
        """This visit as a row of the table over temperatures."""
        names = ("anomalous_hall_resistance", "polarity", "coercive_field_up", "coercive_field_down", "field_rate",
                 "saturated")  # fmt: skip
        return Results(
            {
                "temperature": self.temperature_result,
                **{name: self.results[name] for name in names},
                "coercive_field": self.coercive_field,
                "largest_field": Result(round(self.largest_field, 4), None, "T", THIS_LOOP),
                "loops": Result(float(self.loops), None, "1", "this temperature"),
            }
        )


def during_the_loop(temperature: float, uncertainty: float, lag: float | None) -> Result:
    """Temperature of the block during a loop, with its uncertainty and the sample's lag beside it, K."""
    said = "not recorded" if lag is None else f"{lag:+.2g} K from the block, by a lag of at most 90 s"
    return Result(temperature, uncertainty, "K", "mean during the loop", note=f"sample: {said}")


def _of_the_film(results: Results, name: str) -> Result:
    """A switching field with the uncertainty by which another loop would differ, as far as that is known."""
    of_film = results.get(f"{name}_ensemble")
    return results[name] if of_film is None or of_film.value is None else of_film


def visits(data: pd.DataFrame) -> list[Visit]:
    """Take a table apart, in order of measurement.

    Args:
        data: As `ahe-temperature` records it; without the columns Kind, Loop and Block, loops one after the other,
            a temperature ends where the temperature has changed by more than 1 K.

    Raises:
        UsageError: A needed column is missing or holds no numbers.
    """
    return [visit for rows in parts(data) if (visit := _visit(rows)) is not None]


def moving_rows(data: pd.DataFrame) -> pd.DataFrame:
    """Rows that were read on the way from temperature to temperature."""
    if KIND not in data.columns:
        return data.iloc[:0]
    return data.loc[[kind == MOVING_KIND for kind in data[KIND].tolist()]]


def loop_rows(data: pd.DataFrame) -> pd.DataFrame:
    """Rows of loops."""
    if KIND not in data.columns:
        return data
    return data.loc[[kind == LOOP_KIND for kind in data[KIND].tolist()]]


def parts(data: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """Rows of each temperature, with those of the way there."""
    if BLOCK in data.columns and SET_TEMPERATURE in data.columns:
        keys: list[object] = data[BLOCK].tolist()
    else:
        keys = list(_numbered(data[TEMPERATURE].to_numpy(dtype=float)))
    for key in dict.fromkeys(keys):
        yield data.loc[[other == key for other in keys]]


def _numbered(temperatures: FloatArray) -> Iterator[int]:
    number, first = 0, float("nan")
    for temperature in temperatures:
        if abs(temperature - first) > SAME_TEMPERATURE:
            number += 1
        if not abs(temperature - first) <= SAME_TEMPERATURE:
            first = float(temperature)
        yield number


def by_loop(loops: pd.DataFrame) -> list[pd.DataFrame]:
    """Rows of each loop by itself, in the order of measurement."""
    numbers = loops[LOOP].tolist() if LOOP in loops.columns else [1] * len(loops)
    return [loops.loc[[other == number for other in numbers]] for number in dict.fromkeys(numbers)]


def _visit(rows: pd.DataFrame) -> Visit | None:
    """The loops that count at one temperature; None if none was measured there."""
    loops = loop_rows(rows)
    if loops.empty:
        return None
    each = by_loop(loops)
    analysed = [(part, analysis) for part in each for analysis in _analysed(part)]
    if not analysed:
        return _nothing(rows, each[-1], len(each))
    last = _largest(analysed[-1][1])
    counted = [(part, one) for part, one in analysed if abs(_largest(one) - last) <= SAME_FIELD * last]
    good = [(part, one) for part, one in counted if _at_one_rate(one)] or counted
    read = [part for part, _ in good]
    temperature, uncertainty = mean_temperature(read)
    return Visit(
        temperature,
        uncertainty,
        lag_of(rows, read[0]),
        last,
        len(analysed),
        all(_at_one_rate(one) for _, one in good),
        combine([one.results for _, one in good]),
    )


def _analysed(rows: pd.DataFrame) -> list[LoopAnalysis]:
    return analyse_loops(rows)[0]


def _nothing(rows: pd.DataFrame, last: pd.DataFrame, loops: int) -> Visit:
    """A temperature at which no loop is complete."""
    temperature, uncertainty = mean_temperature([last])
    largest = float(np.nanmax(np.abs(last[FIELD].to_numpy(dtype=float)))) if FIELD in last.columns else 0.0
    return Visit(
        temperature, uncertainty, lag_of(rows, last), largest, loops, at_one_rate=True, results=anomalous_hall(last)
    )


def _largest(analysis: LoopAnalysis) -> float:
    return max(abs(analysis.loop.low), abs(analysis.loop.high))


def _at_one_rate(analysis: LoopAnalysis) -> bool:
    pairs: tuple[tuple[Branch, Crossing | None], ...] = (
        (analysis.loop.down, analysis.down),
        (analysis.loop.up, analysis.up),
    )
    width = analysis.results.number("switching_width_10_90") or 0.0
    return all(crossing is None or outside_window(branch, crossing, width) is None for branch, crossing in pairs)


def mean_temperature(loops: list[pd.DataFrame]) -> tuple[float, float]:
    """Mean of the block's thermometer during loops and its standard uncertainty, K."""
    values = np.concatenate([part[TEMPERATURE].to_numpy(dtype=float) for part in loops])
    values = values[np.isfinite(values)]
    if len(values) < 2:
        return float(np.mean(values)), 0.0
    return float(np.mean(values)), float(np.std(values, ddof=1) / np.sqrt(len(values)))


def lag_of(rows: pd.DataFrame, loop: pd.DataFrame) -> float | None:
    """Sample less block, K, mean during a loop, if the sample follows with the longest time constant.

    The block's readings on the way there are followed from the first, at which the two are taken to agree.
    """
    if TIME not in rows.columns or moving_rows(rows).empty:
        return None
    time, block = rows[TIME].to_numpy(dtype=float), rows[TEMPERATURE].to_numpy(dtype=float)
    good = np.isfinite(time) & np.isfinite(block)
    order = np.argsort(time[good], kind="stable")
    time, block = time[good][order], block[good][order]
    kept = np.exp(-np.diff(time) / TIME_CONSTANT)
    sample = np.empty_like(block)
    sample[0] = block[0]
    for place, part in enumerate(kept):
        sample[place + 1] = block[place + 1] + (sample[place] - block[place + 1]) * part
    begin, end = loop[TIME].min(), loop[TIME].max()
    during = (time >= begin) & (time <= end)
    return float(np.mean((sample - block)[during])) if np.any(during) else None
