"""Bits of a tunnel junction written by temperature in a standing field: write, reset, cycles, and a hold."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from instruments.cryostat import TemperatureApproach
from instruments.errors import BadValue
from instruments.units import format_quantity
from labctl import moving, reversal
from labctl.analysis import thermal_bits
from labctl.analysis.retention import read_times
from labctl.analysis.thermal_window import window
from labctl.informed import Known, on
from labctl.journal import SWITCHING_FIELDS, quantity
from labctl.moving import KIND, ON_THE_WAY
from labctl.parameters import Choice, Count, OptionalRun, Quantity, QuantityList
from labctl.waiting import POLL, settle_temperature
from procedures.across_junction import AcrossJunction, as_resistance
from procedures.hall_loops import hall_loop, windowed_branch
from procedures.junction_references import (
    AFTER,
    BEFORE,
    NO_LOOP,
    SET_TEMPERATURE,
    WHEN,
    copied,
    earlier_rows,
    journal_references,
    lacking_in,
    loops_of,
    references_of,
)
from procedures.tmr_loop import SAME_TEMPERATURE
from procedures.tmr_results import BRANCH, LOOP, RESISTANCE

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from labctl.analysis.result import Results
    from labctl.analysis.thermal_bits import Reference

APPROACHES = {"no overshoot": TemperatureApproach.NO_OVERSHOOT, "fast": TemperatureApproach.FAST_SETTLE}
BEFORE_AND_AFTER = "before and after"
PREPARED, STEADYING, VISIT, HOLD = "prepared", "steadying", "visit", "hold"
"""What a row was read for, beside the rows of loops and those on the way."""
CYCLE, NUMBER, SINCE = "Cycle", "Visit", "Since arrival (s)"
STEADY = 1e-3
"""Drift of the resistance, as part of it per minute, below which a state is read."""
OVER, LONGEST = 60.0, 1200.0
"""s of readings that the drift is told from, and s after which a state is read though it still drifts."""
NEAR = 10.0
"""K from the list, within which the block moves at `rate`; it comes from further away as it does elsewhere."""
PER_DECADE = 25
"""Readings of a state that is held, in each decade of time since it was arrived at."""
SOFT_WINDOW, HARD_WINDOW = 0.04, 0.4
"""T, and part of the field: half of what is swept at `window_rate` around the field at which a layer switches."""


class ThermalWrite(AcrossJunction):
    """Bits of a tunnel junction that temperature writes in a standing field, read against references at their own K.

    First a loop at each temperature of `visits` gives the resistances of both states there, and the hard layer's
    switching field. Then `initial` is prepared at the first temperature: one state by saturating along the field, the
    other one by saturating opposite and coming back to `field`, which turns the soft layer only. In that field the
    temperatures are visited, `cycles` times, at `rate` and without overshoot, while resistance and temperature are
    read. At each the state is read `reads` times when the block holds, the sample has followed, and the resistance
    drifts by less than 0.1 % a minute. Then the last state is held for `hold`, and the loops are measured once more.

    A list that begins and ends with one temperature passes it once from cycle to cycle. A cycle is right if the bit at
    each return to the first temperature is the one that the field makes where the list came from.

    With `earlier_run` the loops of another run of this device are the references, and none are measured.
    """

    DATA_COLUMNS = (
        *(RESISTANCE if name == "Hall resistance (ohm)" else name for name in reversal.COLUMNS), KIND, BRANCH, "Loop",
        WHEN, SET_TEMPERATURE, CYCLE, NUMBER, SINCE,
    )  # fmt: skip
    main_results = ("bit_after_write", "bit_after_reset")
    beside_results = ("bit_at_write", "bit_at_reset", "cycles_right", "inside_window", "hold_slope")

    field = Quantity("0.3 T", "Field in which all is done but the loops; 0 T for none")
    visits = QuantityList("20, 40, 20, 10, 20 K", "Temperatures, in the order in which they are visited",
                          above_zero=True)  # fmt: skip
    cycles = Count(3, "How often they are", minimum=1, maximum=1000)
    initial = Choice("0", "State that is prepared at the first temperature: 0 is the low one", options=["0", "1"])
    rate = Quantity("2 K/min", "Rate of the temperature", minimum="0.01 K/min", maximum="20 K/min")
    approach = Choice("no overshoot", "How the block arrives", options=[*APPROACHES])
    reads = Count(10, "Readings of a state", minimum=2, maximum=1000)
    hold_time = Quantity("600 s", "How long the last state is watched; 0 s for not at all", minimum="0 s")
    references = Choice(BEFORE_AND_AFTER, "When the loops are measured", options=[BEFORE_AND_AFTER, BEFORE])
    earlier_run = OptionalRun("none", "Run of this device whose loops are the references instead")
    maximum_field = Quantity("1 T", "Field at the ends of the loops, and that saturates", above_zero=True)
    sweep_rate = Quantity("100 Oe/s", "Field rate of loops outside the windows", above_zero=True)
    window_rate = Quantity("20 Oe/s", "Field rate where the journal knows that a layer switches", above_zero=True)

    # ---- before

    def informed(self) -> Mapping[str, Known]:
        """Take the largest field from the journal's switching fields: one and a half times that of the hard layer."""
        known = self._of_journal()
        fields = [each.hard.value for each in known if each.hard is not None]
        wanted = round(1.5 * max(fields, default=0.0), 3)
        default = self.declared_parameters()["maximum_field"].default
        if wanted <= default or wanted > self.station.limits.field:
            return {}
        newest = self.latest(SWITCHING_FIELDS)
        return {} if newest is None else {"maximum_field": Known(wanted, f"1.5 times what was {on(newest)}")}

    def check(self) -> None:
        """Refuse lists that visit nothing, and fields beyond the loops; say before what the field will not do."""
        self.check_reading()
        self._check_visits()
        if abs(self.field) > self.maximum_field:
            raise BadValue(
                f"field is {format_quantity(self.field, 'T')}, beyond maximum_field, "
                f"{format_quantity(self.maximum_field, 'T')}, from which states are prepared; give a smaller field, or "
                "a larger maximum_field"
            )
        if "sample" not in vars(self):
            return
        known = references_of(loops_of(earlier_rows(self))) if self.earlier_run else self._of_journal()
        for doubt in self._doubts(known) if known else ():
            self.forewarn(doubt)

    def _doubts(self, known: list[Reference]) -> list[str]:
        return window(self.visits, known, self.hold_time).doubts(self.field, int(self.initial))

    def _check_visits(self) -> None:
        kelvin = sorted(set(self.visits))
        if len(kelvin) < 2:
            raise BadValue(
                f"visits is {', '.join(f'{each:g}' for each in self.visits)} K, which is one temperature; give two at "
                'least, such as "20, 40, 20 K"'
            )
        close = next((pair for pair in itertools.pairwise(kelvin) if pair[1] - pair[0] <= thermal_bits.SAME), None)
        if close is not None:
            raise BadValue(
                f"visits has {close[0]:g} K and {close[1]:g} K, but what is no more than {thermal_bits.SAME:g} K apart "
                "counts as one temperature; give one of them, or have them further apart"
            )

    def _of_journal(self) -> list[Reference]:
        return journal_references(self.sample_journal, self.visits, SAME_TEMPERATURE)

    def demands(self) -> dict[str, float]:
        """Return what will be asked for at most and at least."""
        rates = (self.sweep_rate, self.window_rate)
        return {
            **self.bias_demands(),
            "field": max(abs(self.field), self.maximum_field),
            "field_rate": max(rates),
            "slowest_field_rate": min(rates),
            "temperature": max(self.visits),
            "lowest_temperature": min(self.visits),
        }

    # ---- during the run

    def execute(self) -> None:
        """Measure the references, then the visits and the hold in one go, then the references again."""
        if self.earlier_run:
            for _ in self.track("earlier", (self.earlier_run,), restart=True):
                for row in copied(earlier_rows(self)):
                    blank = {**dict.fromkeys(self.DATA_COLUMNS, math.nan), "Overflow": False, "Compliance": False}
                    self.record(**{**blank, **_NOTHING, KIND: LOOP, **row})
        else:
            self._refer(BEFORE)
        self._say_doubts()
        # One block: what a visit finds is what all before it left.
        for _ in self.track("visits", ("all cycles",), restart=True):
            self._visit_all()
        if not self.earlier_run and self.references == BEFORE_AND_AFTER:
            self._refer(AFTER)

    def _say_doubts(self) -> None:
        """Warn of what the field will not do, and where no bit can be told, before anything is visited."""
        loops = list(loops_of(self.recorded()))
        self._reference = thermal_bits.joined(references_of(loops), self.visits[0])
        doubts = self._doubts(references_of(loops))
        lacking = [f"no reference at {kelvin:g} K, so that no bit is told there: {why}"
                   for kelvin, why in lacking_in(loops).items()]  # fmt: skip
        for doubt in (*doubts, *lacking):
            if doubt not in self.forewarnings:
                self.run.note("warning", text=doubt)
                self.run.remark(doubt)

    # ---- references

    def _refer(self, when: str) -> None:
        self._number = 0
        temperatures = sorted(set(self.visits), reverse=when == BEFORE)
        for temperature in self.track(when, temperatures, restart=True):
            self._go(temperature)
            begin = math.copysign(self.maximum_field, self.field)
            windows = self._windows(temperature)
            # Without a name of its own: what cuts the run then closes the sweep at once, which holds the field.
            for branch, reading in hall_loop(self, begin, partial(self._branch, windows=windows)):
                self._record(reading, LOOP, temperature, **{BRANCH: branch, "Loop": 1, WHEN: when})

    def _branch(self, begin: float, end: float, *, windows: list[tuple[float, float]]) -> Iterator[dict[str, Any]]:
        sign = math.copysign(1.0, end - begin)
        there = [(min(sign * low, sign * high), max(sign * low, sign * high)) for low, high in windows]
        yield from windowed_branch(self, begin, end, there, self.sweep_rate, self.window_rate)

    def _windows(self, temperature: float) -> list[tuple[float, float]]:
        """Where layers are known to switch at a temperature, as magnitudes in T; nothing where nobody knows."""
        reference = thermal_bits.joined(self._of_journal(), temperature)
        if reference is None:
            return []
        layers = ((reference.soft, SOFT_WINDOW), (reference.hard, None))
        halves = [(field.value, half or HARD_WINDOW * field.value) for field, half in layers if field is not None]
        return [(field - half, field + half) for field, half in halves]

    # ---- visits

    def _visit_all(self) -> None:
        """Prepare, visit the temperatures in each cycle, and hold the last state."""
        self._number = 0
        self._go(self.visits[0])
        self._prepare()
        closed = abs(self.visits[-1] - self.visits[0]) <= thermal_bits.SAME
        for cycle in self.track("cycle", range(1, self.cycles + 1)):
            passed = 1 if closed and cycle > 1 else 0
            for temperature in self.track("visit", self.visits[passed:]):
                self._visit(temperature, cycle)
        self._hold()

    def _prepare(self) -> None:
        """Saturate so that the field then finds, or leaves, the state that is asked for."""
        if self._reference is None:
            self.run.remark(
                f"no saturated loop at {self.visits[0]:g} K tells which state is the low one; it was taken for the one "
                "that the field makes"
            )
        made = 0 if self._reference is None else self._reference.made
        sign = 1.0 if made == int(self.initial) else -1.0
        for field in (sign * math.copysign(self.maximum_field, self.field), self.field):
            self.settle(field=field)
        found: list[float] = []
        for _ in range(self.reads):
            row = self.read()
            found.append(row["Hall resistance (ohm)"])
            self._record(row, PREPARED, self.visits[0])
        if self._reference is not None:
            bit = self._reference.bit(thermal_bits.Number(math.fsum(found) / len(found)))
            if thermal_bits.verdict(bit) != int(self.initial):
                self.run.remark(
                    f"initial is {self.initial}, but what was prepared at {self.visits[0]:g} K is a bit of "
                    f"{round(bit.value, 2) + 0.0:.2f}: {self._why_other()}"
                )

    def _why_other(self) -> str:
        """Say why another state than the one that is asked for may have been prepared."""
        soft = None if self._reference is None else self._reference.soft
        if soft is not None and abs(self.field) < soft.value:
            switches = format_quantity(soft.value, "T", digits=2)
            return f"the soft layer, which switches at {switches}, was not turned back"
        return "the field has turned it, or the references are not those of this device"

    def _visit(self, temperature: float, cycle: int) -> None:
        """Go to a temperature, wait until the resistance stands, and read it."""
        self._number += 1
        self._go(temperature, cycle)
        self._steady(temperature, cycle)
        for _ in range(self.reads):
            row = self.read()
            self._record(row, VISIT, temperature, **{CYCLE: cycle, SINCE: row["Time (s)"] - self._arrived})

    def _go(self, temperature: float, cycle: int = 0) -> None:
        """Settle at a temperature, reading on the way where it does not come from far."""

        def note(row: dict[str, Any], channel: int) -> None:
            del channel  # both read the voltage across the junction
            self._record(row, ON_THE_WAY, temperature, **{CYCLE: cycle})

        here = self.cryostat.reading().temperature
        far = not min(self.visits) - NEAR <= here <= max(self.visits) + NEAR
        settled = settle_temperature(
            self,
            temperature,
            rate=None if far else self.rate,
            approach=APPROACHES[self.approach],
            reading=None if far else note,
        )
        self._arrived = self.clock.now() - settled.extra

    def _steady(self, temperature: float, cycle: int) -> None:
        """Read until the resistance drifts by less than 0.1 % a minute; one that goes on is read none the less."""
        times: list[float] = []
        values: list[float] = []
        begin = self.clock.now()
        while True:
            row = self.read()
            self._record(row, STEADYING, temperature, **{CYCLE: cycle})
            if math.isfinite(row["Hall resistance (ohm)"]):
                times.append(row["Time (s)"])
                values.append(row["Hall resistance (ohm)"])
            last = [place for place, time in enumerate(times) if time >= times[-1] - OVER]
            if len(last) > 2 and times[-1] - begin >= OVER:
                drift = thermal_bits.slope_per_minute([times[k] for k in last], [values[k] for k in last])
                if abs(drift.value) < max(STEADY, 2.0 * drift.uncertainty):
                    return
            if self.clock.now() - begin > LONGEST:
                self.run.remark(
                    f"at {temperature:g} K the resistance still drifted by more than {100 * STEADY:g} % a minute "
                    f"{LONGEST / 60:.0f} min after the sample had settled; it was read as it was"
                )
                return
            moving.wait_until(self, row["Time (s)"] + POLL, self.run.check)

    def _hold(self) -> None:
        """Read the last state for so long, at times spaced by the logarithm of that since the block arrived."""
        if not self.hold_time:
            return
        first = self.clock.now() - self._arrived
        for time in read_times(first, first + self.hold_time, PER_DECADE):
            moving.wait_until(self, self._arrived + time, self.run.check)
            row = self.read()
            self._record(row, HOLD, self.visits[-1], **{CYCLE: self.cycles, SINCE: row["Time (s)"] - self._arrived})

    def _record(self, row: dict[str, Any], kind: str, temperature: float, **more: Any) -> None:
        known = {**_NOTHING, SET_TEMPERATURE: temperature, NUMBER: self._number, **more}
        self.record(**as_resistance(row, RESISTANCE), **{KIND: kind, **known})

    # ---- what it is about

    def analyse(self, data: pd.DataFrame) -> Results:
        """Find the bits, what was written, reset and kept; see `procedures.thermal_write_results`."""
        from procedures import thermal_write_results

        return thermal_write_results.results_of(data, field=self.field, visits=self.visits)

    def learned(self, data: pd.DataFrame, results: Results) -> Iterator[tuple[str, dict[str, Any]]]:
        """Give the switching fields and resistances of the run's own loops to the sample's journal."""
        del results
        names = ("resistance_parallel", "resistance_antiparallel", "tmr", "saturated")
        fields = [f"switching_field_{layer}_{branch}" for layer in ("soft", "hard") for branch in ("up", "down")]
        own = data.loc[[when in {BEFORE, AFTER} for when in data[WHEN].tolist()]]
        for loop in loops_of(own):
            if loop.reference() is not None:
                known = {name: loop.results[name] for name in (*fields, *names)}
                largest, rate = quantity(self.maximum_field, "T"), quantity(loop.rate, "T/s")
                temperature = quantity(loop.temperature, "K")
                yield (
                    SWITCHING_FIELDS,
                    {**known, "temperature": temperature, "largest_field": largest, "field_rate": rate},
                )

    def figure(self, data: pd.DataFrame, results: Results) -> Figure:
        """Draw resistance and temperature against the visits, with both states' levels at each."""
        from procedures import thermal_write_figure

        title = f"Bits{f' of {self.sample_name}' if self.sample_name else ''}, written by temperature"
        return thermal_write_figure.figure_of(data, results, field=self.field, title=title, caption=self.caption)


_NOTHING: dict[str, Any] = {BRANCH: "none", "Loop": 0, WHEN: NO_LOOP, CYCLE: 0, NUMBER: 0, SINCE: math.nan}
"""What a row says that belongs to no loop, no cycle and no visit."""
