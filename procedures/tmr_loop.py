"""The loop of a tunnel junction: its resistance against the field, in which two layers switch one after the other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from instruments.errors import BadValue
from instruments.units import format_quantity
from labctl import reversal
from labctl.informed import Known, on
from labctl.journal import COOLDOWN, SWITCHING_FIELDS, Entry, quantity
from labctl.parameters import Count, OptionalQuantity, Quantity
from procedures import tmr_results
from procedures.across_junction import AcrossJunction, as_resistance
from procedures.hall_loops import hall_loop, windowed_branch
from procedures.tmr_results import BRANCH, KIND, LINEARITY, LOOP, RESISTANCE

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from labctl.analysis.result import Results

SAME_TEMPERATURE = 2.0
"""K within which switching fields are those of another loop as well."""
FIELD_PER_HARD, SMALLEST_FIELD = 1.5, 1.0
"""Largest field over the largest switching field that is known, and the least that it then is, in T."""
STATES = {"down": -1.0, "up": 1.0}
"""Sign of the fields at which layers switch on a branch: behind zero, seen from where it begins."""
REPEATS = 5
"""Readings with each bias, of which the linearity is told."""


class TmrLoop(AcrossJunction):
    """Resistance of a tunnel junction against perpendicular field, around one loop or several: its TMR.

    The junction is saturated at the largest field; then the field runs to the opposite one and back while the
    resistance is read without pause, as for `ahe`. Where the switching fields of the two layers are known, from the
    sample's journal or from `soft_field` and `hard_field`, the field runs at `window_rate` around them, behind zero
    field, and at `sweep_rate` elsewhere; without them the whole loop runs at `sweep_rate`: a survey. At the end, in the
    saturated state, the resistance is read with the bias and with twice the bias.

    The voltage is read at the device, by reversal of the bias. `read_with` is by default what reads this resistance
    more finely, which the note of `reading_scale` says with both ways' figures.

    Where the sample's journal has a saturated loop of this mounting, and none came between of a cool-down,
    `maximum_field` is 1.5 times the largest switching field that it knows, and at least 1 T.
    """

    DATA_COLUMNS = (
        *(RESISTANCE if name == "Hall resistance (ohm)" else name for name in reversal.COLUMNS), KIND, BRANCH, "Loop",
    )  # fmt: skip
    main_results = ("tmr", "resistance_parallel", "resistance_antiparallel")
    beside_results = (
        "switching_field_soft_up", "switching_field_soft_down", "switching_field_hard_up", "switching_field_hard_down",
    )  # fmt: skip
    largest_multiple = 2.0

    temperature = OptionalQuantity("stay", "Temperature of the loop", unit="K", above_zero=True)
    maximum_field = Quantity("2 T", "Field at the loop's ends", above_zero=True)
    sweep_rate = Quantity("100 Oe/s", "Field rate outside the windows", above_zero=True)
    window_rate = Quantity("20 Oe/s", "Field rate inside them", above_zero=True)
    soft_field = OptionalQuantity("unknown", "Magnitude at which the first layer switches", unit="T", above_zero=True)
    soft_window = Quantity("40 mT", "Half the window around it", above_zero=True)
    hard_field = OptionalQuantity("unknown", "Magnitude at which the other one switches", unit="T", above_zero=True)
    hard_window = Quantity("40 %", "Half the window around it, as a part of it", above_zero=True, maximum="100 %")
    loops = Count(1, "Loops, one after the other", minimum=1, maximum=100)

    # ---- before

    def informed(self) -> Mapping[str, Known]:
        """Take windows from a loop at this temperature, and the largest field from all that the journal knows."""
        entries = self._loops_before()
        known: dict[str, Known] = {}
        alike = [entry for entry in entries if self._is_alike(entry)]
        if alike:
            for layer in ("soft", "hard"):
                field = _largest(alike[-1], (layer,))
                if field:
                    known[f"{layer}_field"] = Known(round(field, 4), on(alike[-1]))
        fields = [(_largest(entry, ("soft", "hard")), entry) for entry in entries]
        if fields:
            field, entry = max(fields, key=lambda pair: pair[0])
            wanted = max(SMALLEST_FIELD, round(FIELD_PER_HARD * field, 3))
            why = f"for the largest switching field that is known, {format_quantity(field, 'T')} {on(entry)}"
            if wanted <= self.station.limits.field:
                known["maximum_field"] = Known(wanted, why)
        return known

    def _loops_before(self) -> list[Entry]:
        """Saturated loops since the sample was mounted and last cooled down: the first loop after that is training."""
        if self.sample_journal is None:
            return []
        cooled = self.latest(COOLDOWN)
        return [
            entry
            for entry in self.sample_journal.since_mounting()
            if entry.kind == SWITCHING_FIELDS
            and entry.true("saturated")
            and (cooled is None or cooled.utc <= entry.utc)
            and _largest(entry, ("soft", "hard"))
        ]

    def _is_alike(self, entry: Entry) -> bool:
        at = entry.number("temperature")
        return None not in (at, self.temperature) and abs((at or 0.0) - (self.temperature or 0.0)) < SAME_TEMPERATURE

    def check(self) -> None:
        """Refuse a switching field beyond the loop, and what cannot be read."""
        self.check_reading()
        for name in ("soft_field", "hard_field"):
            field = self.values()[name]
            if field is not None and field >= self.maximum_field:
                raise BadValue(
                    f"{name} is {format_quantity(field, 'T')}, but must lie below maximum_field, "
                    f"{format_quantity(self.maximum_field, 'T')}; leave it out for a survey, or go to a larger field"
                )

    def demands(self) -> dict[str, float]:
        """Return what will be asked for at most, and of field rates also at least."""
        rates = (self.sweep_rate, self.window_rate)
        wanted = {
            **self.bias_demands(),
            "field": self.maximum_field,
            "field_rate": max(rates),
            "slowest_field_rate": min(rates),
        }
        return wanted if self.temperature is None else {**wanted, "temperature": self.temperature}

    def windows(self, sign: float) -> list[tuple[float, float]]:
        """Return where the field moves slowly on the way to a sign of the field: lowest and highest T of each."""
        found: list[tuple[float, float]] = []
        for field, half in (
            (self.soft_field, self.soft_window),
            (self.hard_field, self.hard_window * (self.hard_field or 0.0)),
        ):
            if field is not None:
                ends = sign * (field - half), sign * (field + half)
                found.append((min(ends), max(ends)))
        return found

    # ---- during the run

    def execute(self) -> None:
        """Measure the loops, then the linearity."""
        if self.temperature is not None:
            self.settle(temperature=self.temperature)
        for loop in self.track("loop", range(1, self.loops + 1), restart=True):
            for branch, reading in hall_loop(self, self.maximum_field, self.branch):
                self.record(**as_resistance(reading, RESISTANCE), **{KIND: LOOP, BRANCH: branch, "Loop": loop})
        self._linearity()
        doubt = tmr_results.doubt(tmr_results.drift_of(self.recorded()))
        if doubt:
            self.run.note("warning", text=doubt)
            self.run.remark(doubt)

    def branch(self, begin: float, end: float) -> Iterator[dict[str, Any]]:
        """Read along one branch, from one field in T to the other."""
        windows = self.windows(STATES["up" if end > begin else "down"])
        yield from windowed_branch(self, begin, end, windows, self.sweep_rate, self.window_rate)

    def _linearity(self) -> None:
        """Read with the bias, twice the bias and the bias again, in the saturated state in which the loop has ended."""
        self.settle(field=self.maximum_field)
        for multiple in (1.0, self.largest_multiple, 1.0):
            self.reader.change(self.at_bias(multiple))
            for _ in range(REPEATS):
                reading = as_resistance(self.read(), RESISTANCE)
                self.record(**reading, **{KIND: LINEARITY, BRANCH: "none", "Loop": 0})

    # ---- what it is about

    def analyse(self, data: pd.DataFrame) -> Results:
        """Find TMR, resistances and switching fields, and what the reading is worth; see `procedures.tmr_results`."""
        known = "sample" in vars(self) and self.sample.is_junction
        reading = self.reading_by() if known else None
        return tmr_results.results_of(data, sample=self.sample if known else None, reading=reading)

    def learned(self, data: pd.DataFrame, results: Results) -> Iterator[tuple[str, dict[str, Any]]]:
        """Give the switching fields and resistances to the sample's journal, with what they hold for."""
        names = (*self.beside_results, "resistance_parallel", "resistance_antiparallel", "tmr", "saturated")
        if any(results.number(name) is not None for name in self.beside_results):
            temperature = data["Temperature (K)"].to_numpy(dtype=float)
            yield (
                SWITCHING_FIELDS,
                {
                    **{name: results[name] for name in names if name in results},
                    "temperature": quantity(float(temperature.mean()), "K", float(temperature.std())),
                    "largest_field": quantity(self.maximum_field, "T"),
                    "field_rate": quantity(self.window_rate if self.windows(1.0) else self.sweep_rate, "T/s"),
                },
            )

    def figure(self, data: pd.DataFrame, results: Results) -> Figure:
        """Draw both branches with both states' levels and the switching fields."""
        from procedures import tmr_figure

        title = " of ".join(filter(None, ["TMR loop", self.sample_name]))
        return tmr_figure.figure_of(data, results, title=title, caption=self.caption)


def _largest(entry: Entry, layers: tuple[str, ...]) -> float:
    """Return the largest magnitude in T among the switching fields that an entry has of these layers; 0 for none."""
    found = [
        abs(entry.number(f"switching_field_{layer}_{branch}") or 0.0) for layer in layers for branch in ("up", "down")
    ]
    return max(found)
