"""The check with which every run starts and ends: is the sample, and are its leads, still what they were?

Five readings of the longitudinal resistance by current reversal at the run's own probe current, half a second in all;
and whether the source reached its compliance, by which a lead that is open shows. The half readings are written into
the run's events, from which `labctl.analysis.health` finds the results, now and whenever the run is analysed again.

At the start the sample is compared with what it was: in a series at its first start, in a run that is carried on at
its own, and otherwise at the last check that the sample's journal has of this mounting. More than 5 % ends the run
before the experiment, more than 1 % is a warning. At the end it is compared with the start, with the same bounds.
A voltmeter that reads nothing of the current is a change, too; without an earlier check it is a warning.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from instruments.errors import ComplianceFault, LabError, Refused, SampleChanged, WriteFailed
from instruments.units import format_quantity
from labctl import learning, limits
from labctl.adopted import Adopted
from labctl.analysis import health as found
from labctl.analysis import health_doubt as doubt
from labctl.analysis.health import END, EVENT, START, TWO, Change, Check, Coefficient, Reference
from labctl.analysis.health_results import results_of
from labctl.analysis.result import Results
from labctl.health_reading import readings_by, way_of
from labctl.journal import HEALTH, quantity
from labctl.sample import SampleRecord
from labctl.state_reader import StateReader

if TYPE_CHECKING:
    from labctl.active_run import ActiveRun
    from labctl.journal import Entry
    from labctl.procedure import Procedure
    from labctl.rundir import RunDirectory

OFF_RECORD = 0.3
"""Part by which a resistance may differ from the record's before it is said: records are nominal."""


@dataclass(slots=True)
class Before:
    """What the checks of a series' earlier runs found, for the next one to be compared with.

    Attributes:
        first: At the start of the first run that had a resistance.
        last: At the latest start or end.
    """

    first: Reference | None = None
    last: Reference | None = None

    def take(self, check: Check, run: str) -> None:
        """Take a check in."""
        at = f"that at the {check.when} of run {run}"
        self.last = check.as_reference(at) or self.last
        if self.first is None:
            self.first = self.last


class Health:
    """The checks of one run.

    Args:
        run: The run, with its procedure, which has the instruments.
        before: What the series that it belongs to knows; None for a run of its own.
    """

    def __init__(self, run: ActiveRun, before: Before | None = None) -> None:
        self._run = run
        self._procedure = run.request.procedure
        self._before = before
        self._settings: Any = None
        self._start: Check | None = None
        self._coefficient = coefficient_of(self._procedure.sample)
        self._stop = run.request.overrides.get(limits.DRIFT)

    # ---- the two checks

    def begin(self) -> None:
        """Check the sample before the experiment, and compare it with what it was.

        Raises:
            ComplianceFault: The source reached its compliance: a lead is open.
            SampleChanged: The resistance is another one than at the last check.
            Refused: In a run that is carried on, than at the run's start.
        """
        reader = vars(self._procedure).get("reader")
        if why := why_not(self._procedure):
            self._run.note(EVENT, when=START, attempt=self._run.attempt, why=why)
            return
        assert isinstance(reader, StateReader)
        reader.change(reader.settings)  # what a startup() has left to the first reading is set up now
        self._settings = reader.settings
        channel, voltage_range = reader.channel, reader.voltage_range
        event = self._taken(reader, START)
        reader.select(channel, voltage_range)
        check = Check.from_event(event)
        reference = self._reference(check)
        event["since"] = None if reference is None else reference.as_dict()
        check = self._start = self._noted(event, reference)
        change = None if reference is None else found.compared(check, reference, self._coefficient)
        self._judge_start(check, change)
        self._keep(check)

    def end(self) -> None:
        """Check the sample after the experiment, and compare it with the start.

        What keeps the check from being made is a remark: all rows are there.

        Raises:
            SampleChanged: The resistance changed during the run.
            ComplianceFault: The source reached its compliance: a lead opened during the run.
            WriteFailed: The operating system does not take the events.
        """
        start, reader = self._start, vars(self._procedure).get("reader")
        if start is None or not isinstance(reader, StateReader):
            return
        try:
            reader.rest()
            reader.settings = self._settings
            reader.prepare()  # whatever the experiment has left: its currents, its ranges, an output that is off
            event = self._taken(reader, END)
        except WriteFailed:
            raise
        except LabError as error:
            why = f"it was not possible: {error}"
            self._run.note(EVENT, when=END, attempt=self._run.attempt, why=why)
            self._run.remark(f"the check of the sample at the end was not possible: {error}")
            return
        reference = start.as_reference("that at the start of this run")
        check = self._noted(event, reference)
        self._refuse_open_lead(check)
        change = None if reference is None else found.compared(check, reference, self._coefficient)
        self._judge_end(start, check, change)
        self._keep(check)

    def _taken(self, reader: StateReader, when: str) -> dict[str, Any]:
        """Read, and return what goes into the events; afterwards no current flows."""
        procedure, settings = self._procedure, reader.settings
        way = way_of(procedure, settings.current, settings.voltage_range)
        cryostat = procedure.cryostat if "cryostat" in procedure.roles else None
        before = None if cryostat is None else cryostat.reading()
        readings = readings_by(reader, way)
        after = None if cryostat is None else cryostat.reading()
        reader.rest()
        event: dict[str, Any] = {
            "when": when, "attempt": self._run.attempt, "wires": way.wires, "between": way.between,
            "channel": way.channel,
        }  # fmt: skip
        if reader.compliance is not None:
            event |= {"current_A": settings.current, "compliance_V": reader.compliance}
        if before is not None and after is not None:
            event["temperature_K"] = 0.5 * (before.temperature + after.temperature)
            event["settled"] = before.temperature_state.stable and after.temperature_state.stable
            event["field_T"] = 0.5 * (before.field + after.field)
        if not way.wires:
            event["why"] = "no channel of the voltmeter is cabled to read a longitudinal resistance"
        elif procedure.sample.is_junction:
            event["incomparable"] = "the resistance of a junction is that of its magnetic state"
        event["readings"] = readings
        return event

    def _noted(self, event: dict[str, Any], reference: Reference | None) -> Check:
        """Write a check into the events, and in it whether the voltmeter reads nothing, by what is expected."""
        check = Check.from_event(event)
        recorded = nominal(self._run.request.sample, check, self._procedure)
        expected = reference
        if expected is None and recorded is not None:
            expected = Reference(recorded, 0.0, self._coefficient.at, 0.0, "")
        event["nothing"] = doubt.reads_nothing(check, expected, self._coefficient)
        self._run.note(EVENT, **event)
        return Check.from_event(event)

    # ---- what it is compared with

    def _reference(self, check: Check) -> Reference | None:
        """Return what the start is compared with, None where nothing earlier is known."""
        if not check.wires or check.incomparable or check.clamped:
            return None
        if self._run.rehearsed:
            return None
        if self._run.attempt > 1:
            events = self._run.directory.events()
            earlier = found.first_start(found.checks_of(events))
            return None if earlier is None else earlier.as_reference("that at the start of this run")
        if self._before is not None and self._before.first is not None:
            return self._of_series(check, self._before)
        return self._of_journal(check)

    def _of_series(self, check: Check, before: Before) -> Reference | None:
        """The first run's, by which a slow decay is seen; where the temperature is too far from it, the latest."""
        assert before.first is not None
        change = found.compared(check, before.first, self._coefficient)
        return before.last if change is not None and change.blind else before.first

    def _of_journal(self, check: Check) -> Reference | None:
        """The last check of this mounting that was read between the same leads."""
        request = self._run.request
        try:
            journal = learning.journal_of(request)
            entries = [] if journal is None else journal.since_mounting()
        except LabError as error:
            self._run.remark(f"the sample was not compared with its last check: {error}")
            return None
        alike = [_of_entry(entry) for entry in entries if entry.kind == HEALTH and _is_alike(entry, check)]
        return next((reference for reference in reversed(alike) if reference is not None), None)

    def _look_at_record(self, check: Check) -> None:
        """Say so where the resistance is far from what the record makes of it."""
        expected = nominal(self._run.request.sample, check, self._procedure)
        if expected is None or check.as_reference("") is None:
            return
        reference = Reference(expected, 0.0, self._coefficient.at, 0.0, "")
        change = found.compared(check, reference, self._coefficient)
        if change is not None and change.exceeds(OFF_RECORD):
            self._run.remark(
                f"the longitudinal resistance is {check.text()}, {100 * change.value:+.0f} % off what the record "
                "makes of it; is it this sample, and are the leads where [cables] says?"
            )

    # ---- what comes of it

    def _refuse_open_lead(self, check: Check) -> None:
        """Raise if the source did not drive its current.

        Raises:
            ComplianceFault: It did not.
        """
        if check.clamped and check.current is None:
            raise ComplianceFault(
                f"the check at the {check.when} found the source-measure unit at its largest current: two leads touch, "
                "the barrier is broken, or this bias makes more than the sample's limits.current at this temperature; "
                "look at leads and sample (labctl run contact-check), or give a smaller bias"
            )
        if check.clamped:
            raise ComplianceFault(
                f"the check at the {check.when} found the source at its compliance of "
                f"{format_quantity(check.compliance or 0.0, 'V')} with {format_quantity(check.current or 0.0, 'A')}: a "
                "lead is open, or sample and leads have too much resistance; check the leads (labctl run "
                "contact-check), or give a smaller current or a larger compliance"
            )

    def _judge_start(self, check: Check, change: Change | None) -> None:
        self._refuse_open_lead(check)
        again = self._run.attempt > 1
        if check.nothing:
            self._judge_nothing(check, earlier=check.since is not None)
            return
        if off := self._off_states(check):
            self._run.remark(off)
        if check.since is None and not again and (self._before is None or self._before.first is None):
            self._look_at_record(check)
        if change is None:
            return
        if again and change.blind:
            self._run.remark(
                f"whether the sample is still what it was at this run's start could not be told: {change.why_blind()}"
            )
        stop = self._stop or (found.WARN if again else found.STOP)
        said = _said(check, change)
        if change.exceeds(stop) and again:
            raise Refused(
                f"{said}, more than the {found.percent(stop)} with which a run may be carried on; begin a new run, or "
                f"permit it with {_permission(change)}"
            )
        if change.exceeds(stop):
            raise SampleChanged(
                f"{said}, more than the {found.percent(stop)} with which a run may begin; look at sample and leads "
                "(labctl run contact-check), note a new mounting in the journal if there was one, or permit it for "
                f"this run with {_permission(change)}"
            )
        self._warn(said, change)

    def _judge_nothing(self, check: Check, *, earlier: bool) -> None:
        """Say that the voltmeter reads nothing of the current; a fault where an earlier check read something.

        Raises:
            SampleChanged: One did, and nobody permitted it.
            Refused: The same in a run that is carried on, at its start.
        """
        said = doubt.explained(check)
        if not earlier or (self._stop or 0.0) >= doubt.ANYTHING:
            self._run.note("warning", text=said)
            self._run.remark(f"{said}; run labctl run contact-check")
            return
        if check.when == END:
            raise SampleChanged(f"{said}; the run's rows are kept; run labctl run contact-check before the next one")
        said = (
            f"{said}; run labctl run contact-check, or permit it for this run with "
            f'--override {limits.DRIFT}="{100 * doubt.ANYTHING:g} %"'
        )
        raise Refused(said) if self._run.attempt > 1 else SampleChanged(said)

    def _off_states(self, check: Check) -> str:
        """Say that a junction is far outside its record's states; empty for any other sample."""
        sample = self._run.request.sample
        if not sample.is_junction or not check.wires:
            return ""
        low, high = sample.sample_resistance(), sample.resistances.junction_high
        leads = sample.two_wire_resistance() - low if check.wires == TWO else 0.0
        return doubt.off_states(check, low, high, leads)

    def _judge_end(self, start: Check, check: Check, change: Change | None) -> None:
        if check.nothing:
            if not start.nothing:  # it was said then
                self._judge_nothing(check, earlier=start.as_reference("") is not None)
            return
        off = self._off_states(check)
        if off and start.resistance is not None and not start.vague and not self._off_states(start):
            if (self._stop or 0.0) < doubt.ANYTHING:
                raise SampleChanged(f"{off} At the start of this run it was {start.text()}; the run's rows are kept")
            self._run.remark(off)
        if change is None:
            return
        stop, said = self._stop or found.STOP, _said(check, change)
        if change.exceeds(stop):
            raise SampleChanged(
                f"{said}, more than {found.percent(stop)}: it changed during the run, whose rows are kept; look at "
                "sample and leads (labctl run contact-check) before the next one"
            )
        self._warn(said, change)

    def _warn(self, said: str, change: Change) -> None:
        if change.exceeds(found.WARN):
            self._run.note("warning", text=said)
            self._run.remark(f"{said}: has the sample aged, or a contact?")

    def _keep(self, check: Check) -> None:
        """Hand a check that was passed on to the series and to the sample's journal."""
        if self._before is not None:
            self._before.take(check, self._run.directory.path.name)
        if check.resistance is None or check.vague or check.nothing or learning.journal_of(self._run.request) is None:
            return
        values: dict[str, Any] = {
            "when": check.when, "resistance": quantity(check.resistance, "ohm", check.uncertainty),
            "wires": check.wires, "between": check.between,
        }  # fmt: skip
        if check.temperature is not None:
            values["temperature"] = quantity(check.temperature, "K", check.temperature_uncertainty)
        if check.bound is not None:
            values["health_two_wire_bound"] = quantity(check.bound, "ohm")
        self._run.journal(HEALTH, values, at_once=True)


def with_health(results: Results, directory: RunDirectory, sample: SampleRecord) -> Results:
    """Return an experiment's results, and behind them what the checks of its run found."""
    checked = results_of(directory.events(), coefficient_of(sample))
    return Results({**results, **{name: checked[name] for name in checked if name not in results}}, results.table)


def why_not(procedure: Procedure) -> str:
    """Say why a run of this procedure has no checks; empty where it has."""
    if isinstance(procedure, Adopted):
        return "this procedure was written for pymeasure, and labctl has no probe in it"
    if procedure.no_health_check:
        return procedure.no_health_check
    reader = vars(procedure).get("reader")
    return reader.unfit if isinstance(reader, StateReader) else "this procedure has no probe"


def coefficient_of(sample: SampleRecord) -> Coefficient:
    """Return how a sample's resistance follows the temperature, by its record."""
    known = sample.resistances.temperature_coefficient
    if known is None:
        return Coefficient(0.0, found.LARGEST_COEFFICIENT, sample.resistances.temperature)
    basis = sample.basis.get("resistances.temperature_coefficient")
    part = found.ASSUMED_PART if basis is not None and basis.mark == "A" else found.COEFFICIENT_PART
    measured = basis is None or basis.mark != "A"
    return Coefficient(known, part * abs(known), sample.resistances.temperature, measured)


def nominal(sample: SampleRecord, check: Check, procedure: Procedure) -> float | None:
    """Return the resistance in ohm that the record makes of what is read; None where it says too little."""
    if not check.wires:
        return None
    if check.wires == TWO:
        return sample.two_wire_resistance()
    meter, length = procedure.station.cables.voltmeter, getattr(sample.geometry, "length", None)
    if meter is None or not length:
        return None
    taps = [sample.pads[sample.leads[lead].pad].position for lead in (meter.channel_2_high, meter.channel_2_low)]
    if any(tap is None for tap in taps):
        return None
    return sample.sample_resistance() * abs((taps[0] or 0.0) - (taps[1] or 0.0)) / length or None


def _said(check: Check, change: Change) -> str:
    return f"the longitudinal resistance is {check.text()}, {change.text()} against {change.said}"


def _permission(change: Change) -> str:
    """Return the option that would let a change pass, with some room."""
    return f'--override {limits.DRIFT}="{math.ceil(120 * abs(change.value))} %"'


def _is_alike(entry: Entry, check: Check) -> bool:
    """Whether an entry was read with the same wires between the same leads."""
    return (entry.values.get("wires"), entry.values.get("between")) == (check.wires, check.between)


def _of_entry(entry: Entry) -> Reference | None:
    resistance, temperature = entry.number("resistance"), entry.values.get("temperature")
    if resistance is None:
        return None
    uncertainty = entry.values["resistance"].get("uncertainty") or 0.0
    if found.not_certain(resistance, uncertainty):
        return None
    kelvin = entry.number("temperature")
    around = found.UNKNOWN if temperature is None else temperature.get("uncertainty") or found.SETTLED
    said = f"the {format_quantity(resistance, 'ohm', digits=6)} at the {entry.values.get('when')} of run {entry.run}"
    return Reference(resistance, uncertainty, kelvin, around, said)
