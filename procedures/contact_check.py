"""The check of all contacts of a sample, before anything else is measured on it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from instruments.errors import UsageError
from instruments.units import format_quantity
from labctl.contacts import junction, table, verdicts
from labctl.contacts.check import Check
from labctl.contacts.geometry import Geometry, geometry_of, transfers_of
from labctl.contacts.instruments import NanovoltReader, SmuReader, TwoWireReader
from labctl.journal import CONTACTS
from labctl.parameters import Count, OptionalQuantity, Quantity
from labctl.procedure import Procedure
from labctl.sample import SMALLEST_COMPLIANCE, SMALLEST_JUNCTION_COMPLIANCE

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from labctl.analysis.result import Results

USUAL_CURRENT = 10e-6
"""A; a Hall bar takes this anywhere, and it makes millivolts."""
RECOVERY = 0.2
"""s after which a nanovoltmeter that a loose lead has overloaded reads right again (assumed)."""
STEPS_DOWN = 2
"""So often the test current is divided by ten where the source is clamped, before a pair is called open."""
BELOW = 0.9
"""Part of the record's limit that is used within an electrode: what an instrument sets is rounded, and a little off."""
METAL = 0.1
"""Part of a junction's low state below which a pair of one electrode gets more current than a barrier (assumed)."""
CABLE = 1e-9
"""F of a line at the breakout, which a small current has to charge to the compliance before an open one is seen to be
open (assumed)."""


class ContactCheck(Procedure):
    """Resistance, linearity, leak and noise of every lead, from two-wire readings of all pairs.

    The cables are moved at the breakout for each pair of leads, by an operator or by the simulated lab; before each
    move the output is off. Then a small current flows both ways, and twice that, with the voltage limited to
    `compliance`: no more than a few microwatts get into the sample, and no bad contact sees more than 0.2 V. Where a
    pair does not let the current pass, it is tried with a tenth, twice more. Each lead is measured against the shield
    as well, where only a leak lets a current through, and with source and nanovoltmeter the film between the arms with
    four wires. The leads follow by least squares with the arms and positions in the sample record.

    A junction gets less. Every pair is first tried with the record's probe current, twice the test current: that makes
    no more than the probe's voltage, 1 mV or so, across the barrier, also where leads are exchanged. Only where a pair
    of one electrode then turns out to be metal does more flow, up to the record's limit and never more than makes the
    same voltage. The compliance is 0.1 V, so that nothing which an open or bouncing lead discharges does any harm.
    Leads and barrier follow by least squares; which pad is on which electrode the record says.

    It is done with current source and voltmeter where the station has both, and otherwise with the source-measure unit,
    which measures its own voltage; then without four-wire readings, and a leak is not assigned to a lead. Nothing is
    done to field or temperature.
    """

    roles = ("source", "voltmeter")
    needs_contacts = False
    no_health_check = "it moves the cables, and measures every lead by itself"
    DATA_COLUMNS = table.COLUMNS
    main_results = ("sheet_resistance", "junction_resistance")

    test_current = OptionalQuantity(
        "from record", "Current through each pair; twice that flows as well", unit="A", minimum="10 nA"
    )
    compliance = OptionalQuantity(
        "from record", "Most that is put across two leads", unit="V", minimum="0.1 V", maximum="5 V"
    )
    leak_current = Quantity("10 nA", "Current from each lead to the shield", minimum="1 nA", maximum="1 uA")
    readings = Count(4, "Readings of both signs at each current", minimum=3, maximum=1000)
    nplc = Quantity("1 PLC", "Integration time of one conversion", minimum="0.01 PLC", maximum="10 PLC")
    settle_time = Quantity("5 ms", "Wait after each reversal", minimum="0 ms", maximum="10 s")
    temperature = Quantity("300 K", "Temperature at the contacts, for their Johnson noise", above_zero=True)

    def check(self) -> None:
        """Choose the instruments by what the station has.

        Raises:
            UsageError: The sample is a junction, and its record does not say on which electrode a pad is.
        """
        if self.on_junction:
            used = dict.fromkeys(lead.pad for lead in self.sample.leads.values())
            lacking = [name for name in used if self.sample.pads[name].electrode is None]
            if lacking:
                raise UsageError(
                    f"sample {self.sample.label} does not say on which electrode the pad {lacking[0]!r} is, so that "
                    "nobody can tell whether two leads should conduct through metal or through the barrier; add "
                    f'electrode = "top" or "bottom" to pads.{lacking[0]}, and to every other pad'
                )
        both = {"source", "voltmeter"} <= self.station.instruments.keys()
        if not both and "smu" in self.station.instruments:
            self.roles = ("smu",)

    def demands(self) -> dict[str, float]:
        """Return what will be asked for at most."""
        demands = {"current": 2.0 * max(self.current, self.metal_current), "voltage": self.largest_voltage}
        if self.on_junction:
            demands["bias"] = 2.0 * self.current * self.sample.sample_resistance()
        return demands

    @property
    def on_junction(self) -> bool:
        """Whether the sample is a junction."""
        return "sample" in vars(self) and self.sample.is_junction

    @property
    def current(self) -> float:
        """The test current in A: 10 uA, or half of what the record allows for reading where that is less.

        Of a junction half of what makes the probe's voltage across its low state.
        """
        if self.test_current is not None:
            return self.test_current
        if self.on_junction:
            return 0.5 * min(self.sample.probe_current(), self.sample.read_current_limit())
        return min(USUAL_CURRENT, 0.5 * self.sample.read_current_limit())

    @property
    def metal_current(self) -> float:
        """The largest test current in A within an electrode of a junction; of a bar there is no difference."""
        if not self.on_junction:
            return self.current
        return max(self.current, min(USUAL_CURRENT, 0.5 * BELOW * self.sample.read_current_limit()))

    @property
    def current_to_shield(self) -> float:
        """A from a lead to the shield: `leak_current`, and through a barrier no more than the pairs get."""
        return min(self.leak_current, 2.0 * self.current) if self.on_junction else self.leak_current

    @property
    def largest_voltage(self) -> float:
        """The compliance in V: 0.2 V, of a junction 0.1 V, or what the record allows where that is less."""
        if self.compliance is not None:
            return self.compliance
        usual = SMALLEST_JUNCTION_COMPLIANCE if self.on_junction else SMALLEST_COMPLIANCE
        limit = self.sample.limits.voltage
        return usual if limit is None else min(usual, limit)

    @property
    def wait(self) -> float:
        """The wait in s after each reversal: long enough for a line that ends nowhere to reach the compliance."""
        charged = 2.0 * CABLE * self.largest_voltage / self.current if self.on_junction else 0.0
        return max(self.settle_time, charged)

    def startup(self) -> None:
        """Refuse where nobody can move a cable, and say what measures."""
        self.breakout.check()
        self.run.note("contacts", measured_with=list(self.roles), cables_moved_by=self.breakout.who)
        self.device = self._reader()
        self.device.prepare()

    def shutdown(self) -> None:
        """Leave the source connected to earth as it was found."""
        if "device" in vars(self):
            self.device.restore()

    def _reader(self) -> TwoWireReader:
        settings = (self.nplc, self.wait, self.largest_voltage)
        if "source" in self.roles:
            return NanovoltReader(self.source, self.voltmeter, self.clock, *settings)
        return SmuReader(self.smu, self.clock, *settings)

    @property
    def geometry(self) -> Geometry | None:
        """What the record says of the film between the pads."""
        return geometry_of(self.sample)

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """All pairs of leads."""
        return list(itertools.combinations(self.sample.leads, 2))

    @property
    def beside(self) -> list[tuple[str, str]]:
        """Each lead with the one that the voltmeter goes to while it is driven against the shield."""
        places = junction.map_of(self.sample)
        around = list(self.sample.leads) if places is None else junction.in_order(places)
        return list(zip(around, around[1:] + around[:1], strict=True))

    def execute(self) -> None:
        """Measure every pair, the film between the arms, and every lead against the shield."""
        for high, low in self.track("pair", self.pairs, restart=True):
            self.breakout.connect(self.device.ends(high, low))
            for row in self.recovered(self.pair(metal=self.is_metal(high, low))):
                self.record(
                    **{"Kind": table.PAIR, "High": high, "Low": low, "Sense high": high, "Sense low": low, **row}
                )
        if self.device.four_wires:
            for high, low, one, other in self.track("transfer", transfers_of(self.geometry), restart=True):
                self.breakout.connect(self.device.ends(high, low, one, other))
                for row in self.recovered(self.pair()):
                    names = {"High": high, "Low": low, "Sense high": one, "Sense low": other}
                    self.record(**{"Kind": table.TRANSFER, **names, **row})
        for lead, beside in self.track("shield", self.beside, restart=True):
            self.breakout.connect(self.device.ends_to_shield(lead, beside))
            for row in self.to_shield():
                names = {"High": lead, "Low": "shield", "Sense high": lead, "Sense low": beside}
                self.record(**{"Kind": table.SHIELD, **names, **row})
        self.breakout.put_back()
        self._say_what_is_wrong()

    def _say_what_is_wrong(self) -> None:
        """Leave a warning that nobody overlooks: the run itself went well, and so ends as finished."""
        check = self.verdicts(self.recorded())
        if not check.passed:
            self.run.remark(check.failure)

    def is_metal(self, high: str, low: str) -> bool:
        """Whether two leads end on one electrode of a junction, as far as the record knows."""
        places = junction.map_of(self.sample)
        return places is not None and not junction.crosses(places, (high, low))

    def more(self, tried: list[dict[str, Any]]) -> float:
        """Return the test current in A for what was tried: larger only where it is metal beyond doubt."""
        if any(row["Clamped"] or row["Overflow"] for row in tried):
            return self.current
        ohm = max(abs(tried[0]["Voltage (V)"] - tried[1]["Voltage (V)"]) / (4.0 * self.current), 1.0)
        if ohm > METAL * self.sample.sample_resistance():
            return self.current
        return max(self.current, min(self.metal_current, 0.5 * self.sample.probe.voltage / ohm))

    def pair(self, *, metal: bool = False) -> Iterator[dict[str, Any]]:
        """Read what is plugged in now, with the largest current that it lets pass.

        Args:
            metal: Whether it is within one electrode of a junction, and may get more current than a barrier.
        """
        device, current, tried = self.device, self.current, self.tried(2.0 * self.current)
        if metal and (larger := self.more(tried)) > current:
            device.off()
            current, tried = larger, self.tried(2.0 * larger)
        for _ in range(0 if self.on_junction else STEPS_DOWN):
            if not any(row["Clamped"] for row in tried):
                break
            device.off()
            current /= 10.0
            tried = self.tried(2.0 * current)
        if any(row["Clamped"] for row in tried):
            yield from ({"Step": table.DOUBLE, **row} for row in tried)
            yield from self.both_ways(table.DOUBLE, 2.0 * current)  # a lead may be open at times only
            device.off()
            return
        device.choose_range(max(abs(row["Voltage (V)"]) for row in tried))
        for step, size in ((table.DOUBLE, 2.0 * current), (table.TEST, current)):
            yield from self.both_ways(step, size)
        device.choose_range(0.0)
        for _ in range(2 * self.readings):
            yield {"Step": table.ZERO, **device.convert(0.0)}
        device.off()

    def recovered(self, rows: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        """Hand on what was read, and wait if the voltmeter was overloaded: the next leads are not to look noisy."""
        overloaded = False
        for row in rows:
            overloaded = overloaded or row["Overflow"]
            yield row
        if overloaded:
            self.clock.sleep(RECOVERY)

    def tried(self, current: float) -> list[dict[str, Any]]:
        """Switch on, and read a current in A both ways once."""
        self.device.on(current)
        return [self.device.convert(sign * current) for sign in (1.0, -1.0)]

    def both_ways(self, step: str, size: float) -> Iterator[dict[str, Any]]:
        """Read a current in A and its opposite in turn."""
        for _ in range(self.readings):
            for sign in (1.0, -1.0):
                yield {"Step": step, **self.device.convert(sign * size)}

    def to_shield(self) -> Iterator[dict[str, Any]]:
        """Read what a lead lets pass to the shield, and where in the sample that flows."""
        device, size = self.device, self.current_to_shield
        device.on(size)
        device.watch_shield()
        found = [{"Step": table.TEST, **device.convert(sign * size)} for sign in (1.0, -1.0)]
        yield from found
        if not any(row["Clamped"] for row in found) and device.watch_drop():
            yield from self.both_ways(table.DROP, size)
        device.off()

    def analyse(self, data: pd.DataFrame) -> Results:
        """Find leads, sheet resistance and what is wrong; see `labctl.contacts`."""
        from labctl.contacts import results

        lacking = self.lacking(data)
        return results.of(self.verdicts(data)) if not lacking else results.cut(self.verdicts(data), lacking)

    def lacking(self, data: pd.DataFrame) -> str:
        """Say what a check that was cut has not measured; empty for one that came to its end."""
        rows = set(zip(*(data[name].tolist() for name in ("Kind", "High", "Low")), strict=True))
        pairs, leads = (sum(kind == each for kind, *_ in rows) for each in (table.PAIR, table.SHIELD))
        if pairs == len(self.pairs) and leads == len(self.beside):
            return ""
        return (
            f"{pairs} of {len(self.pairs)} pairs of leads were measured, and {leads} of {len(self.beside)} leads "
            "against the shield; a verdict needs all of them, so carry the run on, or begin again"
        )

    def learned(self, data: pd.DataFrame, results: Results) -> Iterator[tuple[str, dict[str, Any]]]:
        """Give the verdicts to the sample's journal."""
        del results
        yield CONTACTS, self.verdicts(data).contacts

    def verdicts(self, data: pd.DataFrame) -> Check:
        """Return all that the rows tell of the leads; its `contacts` is what the journal keeps."""
        return verdicts.judged(data, self.sample, self.station, temperature=self.temperature)

    def figure(self, data: pd.DataFrame, results: Results) -> Figure:
        """Draw the matrix of two-wire resistances and the leads with their verdicts."""
        from labctl.contacts import figure

        del results
        return figure.contacts(
            self.verdicts(data),
            title=" of ".join(filter(None, ["Contacts", self.sample_name])),
            subtitle=f"{self.currents_in_words} and twice that, both ways, "
            f"at most {format_quantity(self.largest_voltage, 'V')}",
            caption=self.caption,
        )

    @property
    def currents_in_words(self) -> str:
        """`10 uA`, or of a junction `3.24 nA (barrier), up to 459 nA (one electrode)`."""
        across = format_quantity(self.current, "A", digits=3)
        if not self.on_junction:
            return format_quantity(self.current, "A")
        return f"{across} (barrier), up to {format_quantity(self.metal_current, 'A', digits=3)} (one electrode)"
