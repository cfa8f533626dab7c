"""How experiments across a tunnel junction read it: a small bias, reversed, with the voltage taken at the device."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from instruments.errors import BadValue, LimitExceeded, UsageError
from instruments.guard.slew import ROOM as SLEW_ROOM
from instruments.units import format_quantity
from labctl import limits, smu_reversal
from labctl.cables import OPEN
from labctl.contacts.junction import map_of
from labctl.junction_accuracy import SMALLEST_CURRENT, Exactness, with_current, with_voltage
from labctl.junction_bias import SUPERLINEAR
from labctl.parameters import Choice, OptionalQuantity, Quantity
from labctl.probe import REVERSAL3, ProbeSettings
from labctl.procedure import Procedure
from labctl.reversal import ReversalReader
from labctl.sample import SMALLEST_JUNCTION_COMPLIANCE
from labctl.smu_reversal import SourceMeterReader
from labctl.two_wire import on_current_leads
from procedures import tmr_results

BY_RESISTANCE, NANOVOLTMETER, SOURCEMETER = "by resistance", "6221 and 2182A", "2400"
"""What reads: the values of `read_with`."""
ROLES = {NANOVOLTMETER: ("source", "voltmeter"), SOURCEMETER: ("smu",)}
NPLC = {NANOVOLTMETER: 5.0, SOURCEMETER: 10.0}
"""Power line cycles of a conversion where nobody says another number."""
MOST_PLC = {NANOVOLTMETER: 50.0, SOURCEMETER: smu_reversal.LONGEST}


@dataclass(frozen=True, slots=True)
class Reading:
    """What reads the junction, and why that.

    Attributes:
        way: `6221 and 2182A` or `2400`.
        why: In words.
        exactness: By the specifications, at the record's resistance and the bias.
        reversed: Whether the bias is; without that the offset of `exactness` is in every reading.
    """

    way: str
    why: str
    exactness: Exactness
    reversed: bool = True


class AcrossJunction(Procedure):
    """Base of experiments that read a tunnel junction with a small bias.

    A subclass calls `check_reading` in its `check`, and takes `bias_demands` into its `demands`. Which instruments it
    needs besides the cryostat follows from `read_with`, and stands in `roles` once that was done.
    """

    shapes = ("junction",)
    roles = ("source", "voltmeter", "cryostat")

    bias = OptionalQuantity("from record", "Voltage across the junction, reversed during a reading", unit="V",
                            minimum="100 uV")  # fmt: skip
    read_with = Choice(BY_RESISTANCE, "What reads the junction", options=[BY_RESISTANCE, NANOVOLTMETER, SOURCEMETER])
    reversal = Choice("yes", "Whether the bias is reversed; no, with the 2400 only, leaves its offsets in",
                      options=["yes", "no"])  # fmt: skip
    probe_nplc = OptionalQuantity("by instrument", "Integration time of one conversion: else 5 PLC, of the 2400 10 PLC",
                                  unit="PLC", minimum="0.01 PLC", maximum="50 PLC")  # fmt: skip
    probe_settle = Quantity("5 ms", "Wait after each reversal", minimum="0 ms", maximum="10 s")
    probe_range = OptionalQuantity("from record", "Range of the 2182A", unit="V", above_zero=True, maximum="120 V")
    probe_compliance = OptionalQuantity(
        "from record", "Compliance of the 6221", unit="V", minimum="0.1 V", maximum="105 V"
    )

    largest_multiple = 1.0
    """By how much the largest bias that is set exceeds `bias`."""

    # ---- before

    def bias_voltage(self) -> float:
        """Return the bias in V that is asked for: the record's probe voltage where nobody says another."""
        return self.sample.probe.voltage if self.bias is None else self.bias

    def check_reading(self) -> None:
        """Choose what reads, and refuse what cannot be read so.

        Raises:
            BadValue: Parameters that do not go together.
            LimitExceeded: The bias is beyond what the sample endures.
            UsageError: No cable of the station reads a voltage across the barrier.
        """
        if "sample" not in vars(self) or not self.sample.is_junction:
            return
        self._check_bias()
        found = self.reading_by()
        self._check_cables(found.way)
        if self.probe_nplc is not None and self.probe_nplc > MOST_PLC[found.way]:
            raise BadValue(
                f"probe_nplc is {self.probe_nplc:g} PLC, but a conversion of the {found.way} takes "
                f"{MOST_PLC[found.way]:g} PLC at most; give less"
            )
        beside = ("source",) if found.way == SOURCEMETER and self._source_is_beside() else ()
        self.roles = (*ROLES[found.way], *beside, "cryostat")
        if found.way == NANOVOLTMETER:
            largest = self.largest_multiple * self.probe_settings().current
            limits.check_reversal(largest, self.station, self.sample)
        self._check_without_reversal(found)
        crowded = tmr_results.crowding_of(self.sample, self.sample.sample_resistance())
        if crowded:
            self.forewarn(f"what will be called TMR here is apparent only: {crowded}; take it from a smaller junction")

    def _check_bias(self) -> None:
        bias, most = self.bias_voltage(), self.sample.limits.bias
        largest = self.largest_multiple * bias
        if most is not None and largest > most * (1.0 + 1e-9):
            times = (
                "" if self.largest_multiple == 1.0 else f", and {self.largest_multiple:g} times that is set as well,"
            )
            raise LimitExceeded(
                f"bias is {format_quantity(bias, 'V')}{times} but sample {self.sample.label} endures "
                f"{format_quantity(most, 'V')} ({self.sample.why('bias') or 'limits.bias'}); nothing was sent: give a "
                "smaller bias, or permit more with --override bias=..."
            )
        slews = [each.voltage_slew for each in (self.sample.limits, self.station.limits)]
        slew = min((each for each in slews if each is not None), default=math.inf)
        if 2.0 * largest > slew * SLEW_ROOM * (1.0 + 1e-9):
            raise LimitExceeded(
                f"bias is {format_quantity(bias, 'V')}, which is reversed in one step, and voltage_slew, "
                f"{format_quantity(slew, 'V')}/s, allows {format_quantity(slew * SLEW_ROOM, 'V')} at once; give a "
                "smaller bias"
            )

    def _check_without_reversal(self, found: Reading) -> None:
        """Without reversal only the 2400 reads, and what that gives is said before.

        Raises:
            BadValue: The 6221 would read.
        """
        if self.reversal == "yes":
            return
        if found.way == NANOVOLTMETER:
            raise BadValue(
                "reversal is no, but the 6221 and the 2182A read by reversal only; give read_with=2400, or leave "
                "reversal out"
            )
        self.forewarn(
            "without reversal the 2400 adds its offsets to every reading: at "
            f"{format_quantity(self.bias_voltage(), 'V')} a resistance of "
            f"{format_quantity(self.sample.sample_resistance(), 'ohm')} may be off by "
            f"{100 * found.exactness.offset:.2g} %, and a TMR with it; take reversal=yes for what is to be right"
        )

    def _check_cables(self, way: str) -> None:
        """Refuse sense leads that hang open or are on one electrode: they would read metal, or nothing."""
        cables, places = self.station.cables, map_of(self.sample)
        meter, smu = cables.voltmeter, cables.smu
        if way == NANOVOLTMETER:
            ends = [] if meter is None else [("voltmeter.channel_1", meter.channel_1_high, meter.channel_1_low)]
        else:
            ends = [] if smu is None else [("smu", smu.high, smu.low), ("smu.sense", smu.sense_high, smu.sense_low)]
        if not ends or any(OPEN in (high, low) for _, high, low in ends):
            where = "voltmeter.channel_1_high and _low" if way == NANOVOLTMETER else "smu.sense_high and smu.sense_low"
            raise UsageError(
                f"the {way} is to read the voltage at the device, but station {self.station.name!r} has no cable "
                f"there; plug {where} into a lead of each electrode, and write them into [cables]"
            )
        for name, high, low in ends:
            pads = [None if places is None or lead not in places else places[lead].electrode for lead in (high, low)]
            if None not in pads and pads[0] == pads[1]:
                raise UsageError(
                    f"station {self.station.name!r} has cables.{name} at {high} and {low}, which both end on the "
                    f"{pads[0]} electrode of sample {self.sample.label}: between them is no barrier; plug one of them "
                    "into a lead of the other electrode"
                )

    def _source_is_beside(self) -> bool:
        return "source" in self.station.instruments and on_current_leads(self.station)

    # ---- what reads

    def reading_by(self) -> Reading:
        """Return what reads the junction, and why."""
        resistance, bias = self.sample.sample_resistance(), self.bias_voltage()
        temperature = self.sample.resistances.temperature
        exact = {
            NANOVOLTMETER: with_current(
                resistance, bias, self.nplc_of(NANOVOLTMETER), temperature, self.largest_multiple * bias
            ),
            SOURCEMETER: with_voltage(resistance, bias, self.nplc_of(SOURCEMETER), temperature, self.current_limit()),
        }
        spoken = _compared(exact)
        if self.read_with != BY_RESISTANCE:
            way = self.read_with
            return Reading(way, f"as was asked; {spoken}", exact[way], self.reversal == "yes")
        against = {way: self._hindrance(way) for way in exact}
        possible = [way for way, why in against.items() if not why]
        best = min(possible or exact, key=lambda way: exact[way].reading)
        other = SOURCEMETER if best == NANOVOLTMETER else NANOVOLTMETER
        if against[other] and not against[best]:
            return Reading(best, f"{against[other]}; {spoken}", exact[best], self.reversal == "yes")
        at = f"{format_quantity(resistance, 'ohm')} and {format_quantity(bias, 'V')}"
        why = f"a reading by it scatters less at {at}: {spoken}"
        return Reading(best, why, exact[best], self.reversal == "yes")

    def _hindrance(self, way: str) -> str:
        """Say why this junction cannot be read in one way here; empty where it can."""
        lacking = [role for role in ROLES[way] if role not in self.station.instruments]
        if lacking:
            return f"this station has no {lacking[0]}"
        if way == SOURCEMETER:
            smu = self.station.cables.smu
            wired = smu is not None and OPEN not in (smu.sense_high, smu.sense_low)
            return "" if wired else "no cable takes the 2400's sense terminals to the device"
        current, most = self.bias_voltage() / self.sample.sample_resistance(), self.sample.limits.voltage
        if current < SMALLEST_CURRENT:
            return f"the bias makes {format_quantity(current, 'A')}, less than the 6221 and the 2182A read with"
        if most is not None and most < SMALLEST_JUNCTION_COMPLIANCE:
            return (
                f"the sample endures {format_quantity(most, 'V')}, below the smallest compliance of the 6221, "
                f"{format_quantity(SMALLEST_JUNCTION_COMPLIANCE, 'V')}"
            )
        return ""

    def nplc_of(self, way: str) -> float:
        """Return the integration time of a conversion in power line cycles."""
        return NPLC[way] if self.probe_nplc is None else self.probe_nplc

    def probe_settings(
        self, *, current: float | None = None, voltage_range: float | None = None, compliance: float | None = None
    ) -> ProbeSettings:
        """Return how a reading is taken; see `Procedure.probe_settings`. The 2400's compliance is the bias itself."""
        sample, way = self.sample, self.reading_by().way
        taken = self.bias_voltage() / sample.sample_resistance() if current is None else current
        settings = ProbeSettings(taken, REVERSAL3, self.nplc_of(way), self.probe_settle, math.nan, math.nan)
        if way == SOURCEMETER:
            bias = self.bias_voltage() if current is None else current * sample.sample_resistance()
            return _with(settings, smu_reversal.voltage_range(bias), bias)
        given_range = self.probe_range if voltage_range is None else voltage_range
        given = self.probe_compliance if compliance is None else compliance
        # On one range for all biases of the run: no relay switches while the junction is connected.
        largest = max(taken, self.largest_multiple * self.bias_voltage() / sample.sample_resistance())
        return _with(
            settings, sample.voltmeter_range(largest) if given_range is None else given_range,
            sample.probe_compliance(largest) if given is None else given, largest,
        )  # fmt: skip

    def current_limit(self) -> float:
        """Return the compliance of the 2400 in A.

        A record's current is what its largest bias drives through a resistor; through a barrier more flows there. The
        voltage is held, so that the compliance may be more, and is no more than that, since its range follows from it.
        """
        sample, largest = self.sample, self.largest_multiple * self.bias_voltage()
        superlinear = SUPERLINEAR * largest / sample.sample_resistance()
        allowed = limits.of(self.station, sample).lasting_compliance.value
        most = min(allowed, max(sample.read_current_limit(), superlinear))
        return smu_reversal.current_limit(largest, sample.sample_resistance(), most)

    def bias_demands(self) -> dict[str, float]:
        """Return what the reading will ask for at most."""
        largest = self.largest_multiple * self.bias_voltage()
        if self.reading_by().way == SOURCEMETER:
            return {"bias": largest, "current": min(self.current_limit(), self.sample.read_current_limit())}
        probe = self.probe_settings()
        return {"bias": largest, "current": self.largest_multiple * probe.current, "voltage": probe.compliance}

    # ---- during the run

    def startup(self) -> None:
        """Set up what reads, and say what it is."""
        found, settings = self.reading_by(), self.probe_settings()
        if found.way == SOURCEMETER:
            if "source" in self.roles:  # its current would flow beside the unit's
                self.source.source_current = 0.0
                self.source.source_enabled = False
            reverse = self.reversal == "yes"
            self.reader = SourceMeterReader(self.smu, self.clock, settings, self.current_limit(), reverse=reverse)
        else:
            self.reader = ReversalReader(self.source, self.voltmeter, self.clock, settings)
        self.reader.prepare()
        self.run.note("read_with", way=found.way, why=found.why, scale=found.exactness.scale,
                      reading=found.exactness.reading)  # fmt: skip

    def at_bias(self, multiple: float) -> ProbeSettings:
        """Return how to read with a multiple of the bias, for `self.reader.change`."""
        return self.probe_settings(current=multiple * self.bias_voltage() / self.sample.sample_resistance())


def as_resistance(row: Mapping[str, Any], column: str) -> dict[str, Any]:
    """Put a reading's resistance under its own column: across a junction it is no Hall resistance."""
    return {column if name == "Hall resistance (ohm)" else name: value for name, value in row.items()}


def _with(
    settings: ProbeSettings, voltage_range: float, compliance: float, source_range: float | None = None
) -> ProbeSettings:
    return ProbeSettings(
        settings.current, settings.read, settings.nplc, settings.settle, voltage_range, compliance, source_range
    )


def _compared(exact: Mapping[str, Exactness]) -> str:
    """Say how exact both ways are."""
    return ", ".join(
        f"{way} {100 * each.reading:.2g} % a reading and {100 * each.scale:.2g} % of scale"
        for way, each in exact.items()
    )
