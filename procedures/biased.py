"""What the experiments with a bias on a tunnel junction share: how it is approached, swept, and looked after."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from instruments.errors import ComplianceFault, SampleChanged
from instruments.units import format_quantity
from labctl import limits
from labctl.junction_bias import COLUMNS, SMU, SUPERLINEAR, BiasMeter, SmuBias, SourceBias, meter_for
from labctl.parameters import Choice, Count, OptionalQuantity, Quantity
from labctl.procedure import Procedure
from labctl.two_wire import on_current_leads

if TYPE_CHECKING:
    import pandas as pd

KIND, BIAS, CYCLE, RISING = "Kind", "Asked bias (V)", "Cycle", "Rising"
TEMPERATURE, FIELD = "Temperature (K)", "Field (T)"
VOLTAGE, CURRENT = "Voltage (V)", "Current (A)"
BEFORE, STEP, LOOK, AFTER, SWEEP = "before", "approach", "look", "after", "sweep"
"""Kinds of rows: the resistance before, a step of the approach, the resistance after it, at the end; the sweep."""
CONDUCTANCE, SWING = "Conductance (S)", "Modulation (V)"
"""Columns of `didv`: dI/dV as the source tells it, and by how much the bias was changed either way for it."""
STAIRS, CHECK = "stairs", "half modulation"
"""Kinds of its rows: the staircase of the source's Differential Conductance, and the one with half the modulation."""

DEFAULT_BIAS = 0.2
"""V; dI/dV of oxides of 2 nm to 3 nm is a parabola up to there, or not yet far from one."""
STEPS = 10
"""Of the approach."""
LARGEST_CHANGE = 0.02
"""Part by which the resistance may change from one step of the approach to the next."""
LOOK_ROOM = 3.0
"""By which a range exceeds the probe voltage: the high state, the leads and thermal voltages."""
LOOKS = 4
"""Readings of both signs for one resistance."""
SIGNIFICANT = 3.0
"""Standard uncertainties that a change must have to be one."""
NEAR_LIMIT = 0.999
"""Part of the limit of the current that may be asked for: what a source sets is rounded."""


class Biased(Procedure):
    """A bias on a tunnel junction; see `procedures.iv` and `procedures.didv`."""

    roles = ("smu", "cryostat")
    shapes = ("junction",)
    no_health_check = "it reads the junction's resistance itself, before, on the way and after"
    DATA_COLUMNS: Sequence[str] = (*COLUMNS, BIAS, RISING, CYCLE, KIND, TEMPERATURE, FIELD)

    maximum_bias = OptionalQuantity(
        "from record", "Largest bias: 0.2 V, or the record's limit where that is less", unit="V", minimum="10 mV"
    )
    points = Count(101, "Points from one end to the other", minimum=21, maximum=2001)
    dwell = Quantity("0.1 s", "Wait at each bias before it is read", minimum="5 ms", maximum="100 s")
    rate = Quantity("50 mV/s", "Rate of all ramps of the bias", above_zero=True, maximum="1 V/s")
    cycles = Count(1, "How often the bias goes around", minimum=1, maximum=1000)
    nplc = Quantity("1 PLC", "Integration time of one conversion", minimum="0.1 PLC", maximum="10 PLC")
    temperature = OptionalQuantity("stay", "Temperature", unit="K", above_zero=True)
    read_by = Choice("auto", "smu, or source and voltmeter below 10 kohm", options=["auto", "smu", "source"])

    empty: Mapping[str, float] = MappingProxyType({})
    """Columns that a reading of voltage and current has nothing for."""

    @property
    def bias(self) -> float:
        """Largest bias in V: as given, or 0.2 V as far as the record allows it."""
        if self.maximum_bias is not None:
            return self.maximum_bias
        limit = self.sample.limits.bias if "sample" in vars(self) else None
        return DEFAULT_BIAS if limit is None else min(DEFAULT_BIAS, limit)

    def check(self) -> None:
        """Choose the instruments by the junction's resistance and what the station has."""
        if "sample" not in vars(self) or not self.sample.is_junction:
            return
        self.read_with = meter_for(self, self.read_by)
        own = ("smu",) if self.read_with == SMU else ("source", "voltmeter")
        beside = [role for role in ("smu", "source") if role not in own and on_current_leads(self.station)]
        self.roles = (*own, *beside, "cryostat")  # what hangs on the same leads has to be off

    def demands(self) -> dict[str, float]:
        """Return the bias, and the temperature."""
        wanted = {"bias": self.bias}
        return wanted if self.temperature is None else {**wanted, "temperature": self.temperature}

    def startup(self) -> None:
        """Set the instruments up, with the outputs off."""
        kind = SmuBias if self.read_with == SMU else SourceBias
        self.meter: BiasMeter = kind(self, self.bias, self.rate, self.dwell, self.nplc)
        self.run.note("bias", read_with=list(self.roles), largest_bias=self.bias)

    def execute(self) -> None:
        """Approach, measure, and look at the resistance again."""
        if self.temperature is not None:
            self.settle(temperature=self.temperature)
        for _ in self.track("approach", [self.bias], restart=True):
            self._approach()
        self._learn()
        self.measure()
        for _ in self.track("after", [self.bias], restart=True):
            self.meter.on(self._guess())
            self._look(AFTER, 0.0)
            self.meter.off()
        self._say_what_changed()

    def measure(self) -> None:
        """Do what the experiment is for, between the approach and the last look."""
        raise NotImplementedError

    # ---- the approach

    def _guess(self) -> float:
        """Largest current in A to be ready for, before anybody has looked."""
        return SUPERLINEAR * self.bias / self.sample.sample_resistance()

    def _approach(self) -> None:
        """Go to the largest bias in ten steps of both signs, and look at the resistance after each.

        Raises:
            SampleChanged: It changed by more than 2 %; the junction is left at zero.
            ComplianceFault: The instrument reached its limit.
        """
        self.meter.on(self._guess())
        first = last = self._look(BEFORE, 0.0)
        seen: list[tuple[float, float]] = []
        for number in range(1, STEPS + 1):
            bias = self.bias * number / STEPS
            level = self.meter.levels([bias])[0]
            if self._is_too_much(level):
                self._say_short(seen)
                break
            rows = [self._point(sign * level, sign * bias, KIND=STEP) for sign in (1.0, -1.0)]
            seen.append(_mean_of(rows))
            self.meter.learn(seen)
            now = self._look(LOOK, bias)
            self._compare(last, now, bias, seen)
            self._compare(first, now, bias, seen)
            last = now
        self.meter.off()

    def _is_too_much(self, level: float) -> bool:
        """Whether a level is beyond what the current may be."""
        if self.read_with == SMU:
            return False
        return abs(level) > NEAR_LIMIT * self.sample.read_current_limit()

    def _say_short(self, seen: list[tuple[float, float]]) -> None:
        if not seen:
            self.meter.off()
            raise ComplianceFault(
                f"a tenth of {format_quantity(self.bias, 'V')} already takes more current than sample "
                f"{self.sample.name!r} allows, {format_quantity(self.sample.read_current_limit(), 'A')}; give a "
                "smaller maximum_bias, or permit more with --override current=..."
            )
        self.run.remark(
            f"the bias goes to {format_quantity(seen[-1][0], 'V', digits=3)} and not to "
            f"{format_quantity(self.bias, 'V')}, since more would take more than the "
            f"{format_quantity(self.sample.read_current_limit(), 'A')} that sample {self.sample.name!r} allows; permit "
            "more with --override current=..."
        )

    def _point(self, level: float, bias: float, **named: Any) -> dict[str, Any]:
        """Go to a level, read and record; the bias in V is what it was meant to be.

        Raises:
            ComplianceFault: The instrument reached its limit; the junction is left at zero.
        """
        self.meter.go(level)
        row = self.meter.read()
        kind, rising, cycle = named.get("KIND", SWEEP), named.get("rising", level > 0.0), named.get("cycle", 0)
        found = self.cryostat.reading()
        where = {TEMPERATURE: found.temperature, FIELD: found.field}
        self.record(**row, **{BIAS: bias, RISING: rising, CYCLE: cycle, KIND: kind}, **where, **self.empty)
        if row["Clamped"] or not math.isfinite(row[VOLTAGE]) or not math.isfinite(row[CURRENT]):
            self.meter.off()
            if self.meter.held and row["Clamped"]:
                most = format_quantity(limits.of(self.station, self.sample).lasting_compliance.value, "A")
                raise ComplianceFault(
                    f"at {format_quantity(bias, 'V', digits=3)} more would flow than the {most} that sample "
                    f"{self.sample.name!r} allows; the bias was taken back to zero; give a smaller maximum_bias, or "
                    "permit more with --override current=..., or look at the leads where so much cannot be "
                    "(labctl run contact-check)"
                )
            raise ComplianceFault(
                f"at {format_quantity(bias, 'V', digits=3)} the instrument reached its compliance or the end of its "
                "range: more flows than a barrier lets pass, or a lead is open; the bias was taken back to zero; look "
                "at the leads (labctl run contact-check), and give a smaller maximum_bias"
            )
        return row

    def _look(self, kind: str, bias: float) -> tuple[float, float]:
        """Read the resistance in ohm at the record's probe voltage, both signs in turn, and its uncertainty.

        Raises:
            SampleChanged: It scatters so much that nobody could see it change.
        """
        level = self.meter.levels([self.sample.probe.voltage])[0]
        self.meter.go(0.0)
        self.meter.expect(self.sample.probe.voltage * LOOK_ROOM)
        rows = [self._point(sign * level, bias, KIND=kind) for _ in range(LOOKS) for sign in (1.0, -1.0)]
        self.meter.go(0.0)
        self.meter.ready()
        found, error = resistance_of(rows)
        if not error < LARGEST_CHANGE / SIGNIFICANT * abs(found):
            self.meter.off()
            raise SampleChanged(
                f"the resistance at {format_quantity(self.sample.probe.voltage, 'V')} is known to "
                f"{100 * abs(error / found):.2g} % only, so that a change by {100 * LARGEST_CHANGE:g} % would not be "
                "seen: the barrier or a contact is not steady, or the readings are too coarse; the output is off; look "
                "at the junction (labctl run contact-check), or give a larger nplc"
            )
        return found, error

    def _compare(
        self, before: tuple[float, float], now: tuple[float, float], bias: float, seen: list[tuple[float, float]]
    ) -> None:
        """Stop where the resistance has changed.

        Raises:
            SampleChanged: It has.
        """
        change, error = now[0] / before[0] - 1.0, math.hypot(now[1] / now[0], before[1] / before[0])
        if abs(change) <= max(LARGEST_CHANGE, SIGNIFICANT * error):
            return
        self.meter.off()
        safe = seen[-2][0] if len(seen) > 1 else 0.0
        stay = f", or stay below {format_quantity(safe, 'V', digits=3)}" if safe else ""
        probe = format_quantity(self.sample.probe.voltage, "V")
        raise SampleChanged(
            f"the resistance at {probe} went from {format_quantity(before[0], 'ohm')} to "
            f"{format_quantity(now[0], 'ohm')} ({100 * change:+.2g} %) after {format_quantity(bias, 'V', digits=3)}, "
            f"more than {100 * LARGEST_CHANGE:g} %: the barrier is changing; the bias was taken back to zero and the "
            f"output is off; look at the junction (labctl run contact-check){stay}"
        )

    # ---- after the approach

    def _approached(self) -> list[tuple[float, float]]:
        """Biases in V and currents in A of the approach's steps, from what was recorded."""
        rows = self.recorded()
        steps = rows.loc[rows[KIND] == STEP]
        pairs = zip(*(steps[name].astype(float).abs().tolist() for name in (VOLTAGE, CURRENT)), strict=True)
        found = list(pairs)
        return [
            (0.5 * (one[0] + other[0]), 0.5 * (one[1] + other[1]))
            for one, other in zip(found[::2], found[1::2], strict=True)
        ]

    def _learn(self) -> None:
        """Let the meter know what the approach has shown, in a run that is carried on as well."""
        seen = self._approached()
        self.meter.learn(seen)
        self.reached, self.largest = seen[-1]
        if self.read_with == SMU:
            self.reached = self.bias

    def around(self, cycle: int) -> Iterator[dict[str, Any]]:
        """Sweep once, 0 to +, to - and back to 0, on ranges for what the approach has shown; give each row."""
        self.meter.on(self.largest)
        half = self.points // 2
        step = self.reached / half
        course = [*range(half + 1), *range(half - 1, -half - 1, -1), *range(1 - half, 1)]
        levels = self.meter.levels([step * place for place in course])
        for number, (place, level) in enumerate(zip(course, levels, strict=True)):
            rising = number <= half or number > 3 * half
            yield self._point(level, step * place, rising=rising, cycle=cycle)
        self.meter.off()

    def _say_what_changed(self) -> None:
        rows = self.recorded()
        ends = [looked(rows, kind) for kind in (BEFORE, AFTER)]
        if None in ends:
            return
        (before, error), (after, other) = (end for end in ends if end is not None)
        change = after / before - 1.0
        if abs(change) > max(LARGEST_CHANGE, SIGNIFICANT * math.hypot(error / before, other / after)):
            self.run.remark(
                f"the resistance went from {format_quantity(before, 'ohm')} to {format_quantity(after, 'ohm')} "
                f"({100 * change:+.2g} %) in this run: the junction is no longer what it was"
            )


def _mean_of(rows: list[dict[str, Any]]) -> tuple[float, float]:
    """Mean magnitude of voltage in V and current in A."""
    volts, amperes = (sum(abs(float(row[name])) for row in rows) / len(rows) for name in (VOLTAGE, CURRENT))
    return volts, amperes


def resistance_of(rows: Sequence[dict[str, Any]]) -> tuple[float, float]:
    """Return the resistance in ohm of readings with + - + - ..., and its uncertainty from their scatter."""
    ohms = [
        (plus[VOLTAGE] - minus[VOLTAGE]) / (plus[CURRENT] - minus[CURRENT])
        for plus, minus in zip(rows[::2], rows[1::2], strict=True)
    ]
    mean = sum(ohms) / len(ohms)
    scatter = math.sqrt(sum((ohm - mean) ** 2 for ohm in ohms) / max(1, len(ohms) - 1))
    return mean, scatter / math.sqrt(len(ohms))


def looked(data: pd.DataFrame, kind: str) -> tuple[float, float] | None:
    """Return the resistance in ohm that was read before or after, and its uncertainty; None where it was not."""
    rows = data.loc[data[KIND] == kind]
    if len(rows) < 2 * LOOKS:
        return None
    last = rows.tail(2 * LOOKS)
    return resistance_of([
        {VOLTAGE: float(volt), CURRENT: float(ampere)}
        for volt, ampere in zip(last[VOLTAGE].tolist(), last[CURRENT].tolist(), strict=True)
    ])  # fmt: skip
