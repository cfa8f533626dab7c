"""Cooling a sample down, or warming it up, under watch."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import numpy as np

from instruments.cryostat import ChamberState, FieldApproach
from instruments.errors import ComplianceFault, InstrumentFault, LabError
from labctl import reversal
from labctl.analysis.jumps import NORMAL_MAD, SIGNIFICANT, Jumps, Step
from labctl.informed import Known
from labctl.journal import COOLDOWN, DEGAUSS, quantity
from labctl.parameters import Choice, OptionalQuantity, Quantity
from labctl.probe import Probe, ProbeSettings
from labctl.procedure import Procedure
from labctl.reversal import CHANNEL, LONGITUDINAL_CHANNEL
from labctl.sample import HEADROOM
from labctl.waiting import SLOW_BELOW, word_of
from procedures import chamber, cooldown_results, flux
from procedures.cooldown_results import BEGIN, CHAMBER, RESISTANCE, TEMPERATURE, TIME
from procedures.degauss import LEFT, MOST_NEEDED, go, to_zero
from procedures.longitudinal import FOUR, choose_range, wires_of

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from labctl.analysis.result import Result, Results

HALL, PURGED, RAMP = "Hall resistance (ohm)", "Purge stamp (s)", "ramp"
MOST_CURRENT = 10e-6
"""A; what flows all the way, unless the record's probe current is less: nobody sits beside it."""
AT_BEGIN, INTERVAL = 18.0, 2.0
"""s of readings before the ramp, and s from one to the next."""
FIELD_NOTE = "the uncertainty is the magnet's remanence: this run did not degauss it"
DEGAUSS_RATE, DEGAUSS_REST = 0.015, 300.0
"""T/s and s, as `degauss` has them."""


class Cooldown(Procedure):
    """From one temperature to another under watch: chamber, field, rate, and the resistance all the way.

    The chamber is purged and sealed where it is warm and its controller does not call it purged. Then the field is set:
    a film that was cooled in a field is another sample than one that was cooled without, so the field stands in the
    results with its uncertainty. Then the block ramps to `end`, above 50 K at `rate` and below at `slow_rate`, while
    the longitudinal resistance is read every 2 s with 10 uA, or the record's probe current if that is less; in the end
    the sample is waited for. Take 2 K/min for membranes and whatever is held by glue or PDMS: they tear. Warming up is
    the same with a higher `end`.

    Where the source reaches its compliance, or the resistance jumps by more than `largest_jump` beyond what temperature
    and noise explain, the source goes to zero, the temperature is held where it is, and one sentence says what happened
    at how many kelvin. All rows are kept.

    The sample sees the probe current and the field; with `degauss=yes` fields of both signs up to 1 T as well.
    """

    roles = ("source", "voltmeter", "cryostat")
    DATA_COLUMNS = (*reversal.COLUMNS, RESISTANCE, "Wires", "Step", "Set temperature (K)", CHAMBER, PURGED)
    main_results = ("residual_resistance_ratio", "largest_jump")

    end = Quantity("50 K", "Temperature to go to", above_zero=True)
    rate = Quantity("5 K/min", "Rate above 50 K; 2 K/min for membranes, PDMS and glue", above_zero=True)
    slow_rate = Quantity("2 K/min", "Rate below 50 K, where that is less", above_zero=True)
    field = OptionalQuantity("stay", "Field to cool in", unit="T", default="0 T")
    trapped_field = flux.parameter()
    degauss = Choice("no", "Whether the magnet's trapped flux is removed first", options=["no", "yes"])
    purge = Choice("if needed", "Whether the chamber is purged and sealed first", options=["if needed", "no"])
    largest_jump = Quantity("5 %", "Change between two readings that temperature need not explain", unit="",
                            above_zero=True)  # fmt: skip
    probe_current = OptionalQuantity(
        "10 uA or less", "Probe current, reversed during a reading", unit="A", minimum="100 pA", maximum="10 uA"
    )
    probe = Probe()

    def informed(self) -> Mapping[str, Known]:
        """Take the bound on the trapped flux from the last `degauss` in the sample's journal."""
        return {} if self._degausses else flux.informed(self, self.field)

    def check(self) -> None:
        """Refuse a station on which no longitudinal resistance can be read."""
        if "station" in vars(self):
            wires_of(self)

    def probe_settings(
        self, *, current: float | None = None, voltage_range: float | None = None, compliance: float | None = None
    ) -> ProbeSettings:
        """Return how a reading is taken: with 10 uA, or the record's probe current where that is less."""
        if current is None and self.probe_current is None:
            current = min(MOST_CURRENT, self.sample.probe_current())
        return super().probe_settings(current=current, voltage_range=voltage_range, compliance=compliance)

    def demands(self) -> dict[str, float]:
        """Return what the probe asks for, the temperature and the fields."""
        probe = self.probe_settings()
        wanted = {"current": probe.current, "voltage": probe.compliance}
        wanted |= {"temperature": self.end, "lowest_temperature": self.end}
        fields = [*([] if self.field is None else [abs(self.field)]), *([self._outermost()] if self._degausses else [])]
        return {**wanted, "field": max(fields)} if fields else wanted

    @property
    def _degausses(self) -> bool:
        return self.degauss == "yes"

    def _outermost(self) -> float:
        """Field in T that degaussing begins at."""
        return min(MOST_NEEDED, self.station.limits.field)

    def startup(self) -> None:
        """Set the probe up, at zero current: nothing flows while the chamber is pumped and the field moves."""
        super().startup()
        choose_range(self)
        self._purged_at = math.nan
        self._rate = self.rate
        self._jumps = self._watch()

    def execute(self) -> None:
        """Prepare, then ramp; a run that is carried on ramps from where it finds the block."""
        for step in self.track("step", [BEGIN, RAMP], restart=True):
            if step == BEGIN:
                self._purged_at = chamber.purge(self) if self.purge == "if needed" else math.nan
                self._set_field()
                self._read_at_rest()
            else:
                self._ramp()

    def _watch(self) -> Jumps:
        found = self.sample.resistances
        return Jumps(self.largest_jump, found.temperature_coefficient, found.temperature)

    def _set_field(self) -> None:
        """Remove the trapped flux if that is wanted, and go to the field."""
        if self._degausses:
            self.run.note("degaussing", largest_field=self._outermost())
            check = self.run.check
            go(self, self._outermost(), DEGAUSS_RATE, FieldApproach.LINEAR, check)
            to_zero(self, self._outermost(), DEGAUSS_RATE, lambda **_: check)
            rested = self.clock.deadline(DEGAUSS_REST)
            while not rested.passed:
                check()
                self.clock.sleep(min(1.0, rested.remaining))
        if self.field is not None:
            self.settle(field=self.field)

    def _read_at_rest(self) -> None:
        """Read the resistance where it begins."""
        settings, channel = self.reader.settings, LONGITUDINAL_CHANNEL if wires_of(self) == FOUR else CHANNEL
        if channel == LONGITUDINAL_CHANNEL:
            self.reader.select(channel, HEADROOM * settings.current * self.sample.sample_resistance())
        here = self.cryostat.reading().temperature
        for row in self.hold(duration=AT_BEGIN, interval=INTERVAL):
            self._take(row, BEGIN, here)
        self.reader.select(CHANNEL, settings.voltage_range)

    # ---- the ramp

    def _ramp(self) -> None:
        """Go to the end. Whatever ends that early, the temperature is held where it is."""
        found = self.cryostat.reading()
        if self.field is not None and abs(found.field - self.field) > self.cryostat.FIELD_TOLERANCE:
            self.settle(field=self.field)  # a run that is carried on may find another one
        here = found.temperature
        self._rate = self._slow() if here < SLOW_BELOW else self.rate
        self._held = False
        try:
            self.settle(temperature=self.end, rate=self._rate, reading=lambda row, _: self._on_the_way(row, here))
        except (LabError, KeyboardInterrupt):
            with suppress(LabError):
                if not self._held:
                    self._hold()
            raise

    def _slow(self) -> float:
        return min(self.rate, self.slow_rate)

    def _on_the_way(self, row: dict[str, Any], begin: float) -> None:
        self._take(row, RAMP, self.end)
        block = float(row[TEMPERATURE])
        if self.end != begin:
            self.run.path.within = min(1.0, max(0.0, (begin - block) / (begin - self.end)))
        cooling = self.end < begin
        crossed = min(begin, self.end) < SLOW_BELOW < max(begin, self.end) and (block < SLOW_BELOW) == cooling
        wanted = self._slow() if cooling else self.rate
        if crossed and self._rate != wanted:
            self._rate = wanted
            self.cryostat.set_temperature(self.end, min(wanted, self.station.limits.temperature_rate))

    def _take(self, row: dict[str, Any], step: str, end: float) -> None:
        """Record a reading, and end the run where the sample has suffered.

        Raises:
            ComplianceFault: The source is clamped.
            InstrumentFault: The resistance has jumped, or cannot be read any more.
        """
        resistance, block = self._record(row, step, end)
        found = self._jumps.look(block, resistance) if math.isfinite(resistance) else None
        if math.isfinite(resistance) and not (found and found.is_jump):
            self._jumps.take(block, resistance)
            return
        again, block = self._record(self.read(), step, end)
        if not math.isfinite(again):
            raise self._stopped(InstrumentFault, "the voltage went beyond the voltmeter's range", block)
        second = self._jumps.look(block, again)
        if second is None or not second.is_jump:
            self._jumps.take(block, again)
            self.run.remark(f"a single reading of the resistance at {block:.1f} K was off, and the next one was not")
            return
        raise self._stopped(InstrumentFault, cooldown_results.jump_sentence(second), block)

    def _record(self, row: dict[str, Any], step: str, end: float) -> tuple[float, float]:
        """Record a row; return its resistance in ohm and the block's temperature in K."""
        wires, block = wires_of(self), float(row[TEMPERATURE])
        resistance, row[HALL] = float(row[HALL]), math.nan
        state = self.cryostat.reading().chamber_state
        chamber.warn(self, state)
        extra = {RESISTANCE: resistance, "Wires": wires, "Step": step, "Set temperature (K)": end}
        try:
            self.record(**row, **extra, **{CHAMBER: word_of(state), PURGED: self._purged_at})
        except ComplianceFault as fault:
            said = "the source reached its compliance: a current lead or its contact has opened"
            raise self._stopped(ComplianceFault, said, block) from fault
        return resistance, block

    def _stopped(self, kind: Callable[[str], LabError], what: str, block: float) -> LabError:
        """Bring the source to zero, hold the temperature, and make the error that says so."""
        with suppress(LabError):  # the safe state that follows tries again, and says what it could not do
            self.source.source_current = 0.0
        try:
            held = f"the temperature is held at {self._hold():.1f} K"
        except LabError as error:
            held = f"THE TEMPERATURE GOES ON, since it could not be held ({error})"
        ends = {"from": quantity(self._came_from(block), "K"), "to": quantity(block, "K")}
        self.journal(COOLDOWN, at_once=True, stopped=what, **ends)
        return kind(
            f"stopped at {block:.1f} K: {what}; {held} and the source is at zero. See to the contacts there with "
            "contact-check; `labctl run cooldown` then goes on from there, or warms up with a higher end"
        )

    def _came_from(self, block: float) -> float:
        """Temperature in K of the first row; that of the block now where there is none."""
        rows = self.recorded()
        return block if rows.empty else float(rows[TEMPERATURE].to_list()[0])

    def _hold(self) -> float:
        """Have the block stay where it is, and return its temperature in K."""
        limits, found = self.cryostat.limits, self.cryostat.reading().temperature
        held = min(max(found, limits.lowest_temperature), limits.highest_temperature)
        self.cryostat.set_temperature(held, min(self._rate, self.station.limits.temperature_rate))
        self._held = True
        return held

    # ---- what it is about

    def of_one_block(self, data: pd.DataFrame) -> Results:
        """Return nothing: a way to a temperature is no loop that could be gone through again for a check."""
        from labctl.analysis.result import Results

        del data
        return Results({})

    def analyse(self, data: pd.DataFrame) -> Results:
        """State both ends, the largest jump, the field, the gas, and where the time went."""
        from labctl.analysis.result import Results

        rows = cooldown_results.sound(data)
        return Results(
            {
                **cooldown_results.ends_of(rows, self.end),
                **self._largest(rows),
                **self._field(data),
                **cooldown_results.gas_of(data),
                **self._times(data),
            }
        )

    def steps_of(self, rows: pd.DataFrame) -> list[Step]:
        """Return what changed from each reading to the next, of rows that have a resistance."""
        watch, pairs = self._watch(), zip(rows[TEMPERATURE].tolist(), rows[RESISTANCE].tolist(), strict=True)
        return [step for step in [watch.take(*pair) for pair in pairs] if step is not None]

    def _largest(self, rows: pd.DataFrame) -> dict[str, Result]:
        """The largest change beyond the temperature's, from one reading to the next, and where."""
        from labctl.analysis.result import Result, missing

        steps = self.steps_of(rows)
        if not steps:
            why = "fewer than two readings have a resistance"
            return {
                "largest_jump": missing("1", why, "this run"),
                "largest_jump_temperature": missing("K", why, "block"),
            }
        largest = max(steps, key=lambda step: abs(step.excess))
        scatter = float(np.median([abs(step.excess) for step in steps])) * NORMAL_MAD
        note = "more than temperature and noise explain" if largest.is_jump else "no more than noise makes"
        if not largest.is_jump and abs(largest.excess) > SIGNIFICANT * scatter:
            note = f"below the {100 * self.largest_jump:g} % at which it stops"
        return {
            "largest_jump": Result(largest.excess, scatter, "1", "one reading to the next", note=note),
            "largest_jump_temperature": Result(largest.after[0], None, "K", "block", why="as the thermometer shows it"),
        }

    def _field(self, data: pd.DataFrame) -> dict[str, Result]:
        """The field that it was cooled in."""
        from labctl.analysis.result import Result, missing

        ramp = data.loc[data["Step"] == RAMP]
        read = (data if ramp.empty else ramp)["Field (T)"].dropna().to_numpy(float)
        if not len(read):
            return {"cooldown_field": missing("T", "no field was read", "magnet")}
        value = float(np.mean(read))
        value = round(value, 6) + 0.0  # zero has no sign
        given = self.trapped_field
        bound = self.field_remanence if given is None or self._degausses else given
        if bound is None:
            why = "the station file gives no field_remanence"
            return {"cooldown_field": Result(value, None, "T", "magnet", why=why)}
        if self._degausses:
            note = "degaussed before: a tenth of the magnet's remanence may be left (assumed)"
            return {"cooldown_field": Result(value, LEFT * bound, "T", "magnet", note=note)}
        note = flux.said_of(self, given, FIELD_NOTE)
        return {"cooldown_field": Result(value, bound, "T", "magnet", note=note)}

    def _times(self, data: pd.DataFrame) -> dict[str, Result]:
        """How long it took, and how much of that the ramp itself did not need."""
        from labctl.analysis.result import Result, missing

        ramp = data.loc[data["Step"] == RAMP].sort_values(TIME, kind="stable")
        since = self._since_purge(data)
        if len(ramp) < 2:
            why = "it did not come to the ramp"
            return {
                "duration": missing("s", why, "ramp and settling"),
                "time_lost": missing("s", why, "ramp and settling"),
                "time_since_purge": since,
            }
        took = float(ramp[TIME].iloc[-1] - ramp[TIME].iloc[0])
        low, high = sorted(ramp[TEMPERATURE].to_list()[:: len(ramp) - 1])
        above = max(0.0, high - max(low, SLOW_BELOW))
        needed = above / self.rate + (high - low - above) / self._slow()
        note = "beyond the way at its rate: waiting for the sample, dead times, a machine slower than it is told"
        return {
            "duration": Result(took, None, "s", "ramp and settling", why="by the lab's clock"),
            "time_lost": Result(took - needed, None, "s", "ramp and settling", why="by the lab's clock", note=note),
            "time_since_purge": since,
        }

    def _since_purge(self, data: pd.DataFrame) -> Result:
        """How long before the end this run purged the chamber, or why it is not known."""
        from labctl.analysis.result import Result, missing

        purged = data[PURGED].dropna()
        if len(purged):
            return Result(float(data[TIME].max() - purged.iloc[0]), None, "s", "chamber", why="by the lab's clock")
        why = "this run left the chamber as it was"
        if set(data[CHAMBER].tolist()) == {word_of(ChamberState.PURGED)}:
            why += ": purged before, and its controller does not say when"
        return missing("s", why, "chamber")

    def learned(self, data: pd.DataFrame, results: Results) -> Iterator[tuple[str, dict[str, Any]]]:
        """Tell the sample's journal that it was cooled: the first loop afterwards is training."""
        temperature = data.sort_values(TIME, kind="stable")[TEMPERATURE]
        names = ("cooldown_field", "residual_resistance_ratio", "largest_jump", "exchange_gas", "duration")
        ends = {"from": quantity(float(temperature.iloc[0]), "K"), "to": quantity(float(temperature.iloc[-1]), "K")}
        left, field = results["cooldown_field"].uncertainty, results.number("cooldown_field")
        if self._degausses and left and field is not None and abs(field) < left:
            largest = quantity(self._outermost(), "T")
            yield DEGAUSS, {"field_uncertainty": quantity(left, "T"), "largest_field": largest}
        yield COOLDOWN, {**ends, **{name: results[name] for name in names}}

    def figure(self, data: pd.DataFrame, results: Results) -> Figure:
        """Draw the resistance against the block's temperature, and its changes beyond the temperature's."""
        from labctl.cooldown_figure import cooldown

        rows = cooldown_results.sound(data)
        cooled = rows.empty or self.end < float(rows[TEMPERATURE].iloc[0])
        title = " of ".join(filter(None, ["Cooldown" if cooled else "Warming up", self.sample_name]))
        return cooldown(
            rows[TEMPERATURE].to_numpy(float), rows[RESISTANCE].to_numpy(float), self.steps_of(rows), results,
            title=title, caption=self.caption, stopped=cooldown_results.stopped(data, self.steps_of(rows)),
        )  # fmt: skip
