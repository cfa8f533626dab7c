"""The base of all experiments: a for-loop with the lab around it.

A procedure reads like what one would do by hand. It says which roles it needs, declares its parameters, and loops in
`execute`. Nothing in it knows whether the station is simulated.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

import numpy as np
from pymeasure.experiment import Procedure as PymeasureProcedure

from instruments.clock import Clock
from instruments.cryostat import Cryostat
from instruments.keithley2182a import Keithley2182A
from instruments.keithley2400 import Keithley2400
from instruments.keithley6221 import Keithley6221
from instruments.sr830 import Sr830
from labctl import moving, pulses, waiting
from labctl.breakout import Breakout
from labctl.elsewhere.wanted import Wanted
from labctl.frame import Caption
from labctl.journal import Entry, Journal, latest
from labctl.parametrised import Parametrised
from labctl.probe import ProbeSettings, resolve
from labctl.reversal import ReversalReader
from labctl.run_protocol import Run
from labctl.sample import SampleRecord
from labctl.sample_thermometer import OnTheWay
from labctl.state_reader import StateReader
from labctl.station import Station
from labctl.tracking import Track
from labctl.waiting import Settled

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from labctl.analysis.result import Results
    from labctl.informed import Known

ValueT = TypeVar("ValueT")


@functools.lru_cache
def _units_of(columns: tuple[str, ...]) -> dict[str, Any]:
    return PymeasureProcedure.parse_columns(columns)


class Procedure(Parametrised):
    """An experiment.

    Class attributes:
        roles: Instruments that it needs, by role.
        needs_contacts: Whether it must not run on hardware before a contact check has passed in this mounting; that
            concerns only what sends a current through the sample.
        no_health_check: Why its runs do not start and end with a check of the sample, where they should not: because it
            changes the resistance on purpose, say. Those without a probe have none anyway; see `labctl.health`.
        shapes: Kinds of sample that it is for, as in the record's `geometry.kind`; empty where any will do.
        DATA_COLUMNS: Columns of its rows; `Block` and `Attempt` are added by the run.
        main_results: Names of the results that a series of it is drawn by; without any, the first that it has.
        beside_results: Names of further results that the table of a series has beside these.
        series_over: Parameters over which it is always measured, as a series, each with the list that is taken where
            nobody gives one: `{"in_plane_field": "20, 40, 80 mT"}`. Empty for a single run.
        columns_from_elsewhere: What its analysis takes from a table that labctl did not write, by the name that
            `labctl analyse FILE --as P --column name=...` gives; empty if it analyses its own rows only.

    While it runs, `source`, `voltmeter` and `cryostat` are the station's drivers, `clock` its clock, `breakout` who
    moves its cables (`labctl.breakout`), `station` and `sample` the records, `sample_device` what tells the sample from
    others of its kind (`labctl.request.device_name`), `sample_journal` the sample's journal (see `latest`), `known`
    what followed from it, and `rng` the generator from which any random order must be drawn.

    Raises:
        UnknownName: A parameter that it does not have was given.
        BadValue: A parameter does not fit.
    """

    roles: Sequence[str] = ()
    needs_contacts: ClassVar[bool] = True
    no_health_check: ClassVar[str] = ""
    shapes: ClassVar[Sequence[str]] = ()
    DATA_COLUMNS: Sequence[str] = ()
    main_results: ClassVar[Sequence[str]] = ()
    beside_results: ClassVar[Sequence[str]] = ()
    series_over: ClassVar[Mapping[str, str]] = {}
    columns_from_elsewhere: ClassVar[Mapping[str, Wanted]] = {}

    source: Keithley6221
    voltmeter: Keithley2182A
    smu: Keithley2400
    lockin: Sr830
    cryostat: Cryostat
    clock: Clock
    station: Station
    sample: SampleRecord
    run: Run
    breakout: Breakout
    sample_device: str = ""
    sample_journal: Journal | None = None
    known: Mapping[str, Known] = MappingProxyType({})
    reader: StateReader
    caption = Caption()
    forewarnings: tuple[str, ...] = ()

    @staticmethod
    def parse_columns(columns: Iterable[str]) -> dict[str, Any]:
        """Return the pint units of columns; of the same columns they are read once, for it takes milliseconds.

        Raises:
            ValueError: pint does not know a unit.
        """
        return dict(_units_of(tuple(columns)))

    @property
    def field_remanence(self) -> float | None:
        """Bound on the field that the magnet may hold beside the reported one, T; None where no station is known."""
        station = vars(self).get("station")
        return None if station is None else station.field_remanence

    @property
    def sample_name(self) -> str:
        """What was measured; empty where no sample record is known, as for data from elsewhere."""
        sample = vars(self).get("sample")
        return "" if sample is None else sample.name

    @classmethod
    def summary(cls) -> str:
        """Return the first line of the class's docstring."""
        return (inspect.getdoc(cls) or cls.__name__).splitlines()[0]

    # ---- to be written by experiments; each of these has a default

    def startup(self) -> None:
        """Set up what the declared parameters speak of; called before `execute`."""
        if "probe_current" in self.declared_parameters():
            self.reader = ReversalReader(self.source, self.voltmeter, self.clock, self.probe_settings())
            self.reader.prepare()

    def informed(self) -> Mapping[str, Known]:
        """Return what follows from the sample's journal for parameters that nobody gives, with where it comes from.

        Asked for before `check`, and taken for parameters that were left at their default; see `latest` and
        `labctl.informed`. What was taken stands in the run's description.
        """
        return {}

    def check(self) -> None:
        """Refuse parameters that do not fit together; each alone is checked when it is set.

        Raises:
            BadValue: They do not.
        """

    def forewarn(self, sentence: str) -> None:
        """Say in `check`, or before the first row, what a run as it is asked for will not give, before it takes hours.

        It is printed at once, and again when the run is over.
        """
        self.forewarnings = tuple(dict.fromkeys((*self.forewarnings, sentence)))

    def demands(self) -> dict[str, float]:
        """Return the extremes that will be asked for, checked against all limits before anything is sent.

        By name: `current` in A, `voltage` (compliance) in V, `field` in T, `field_rate` and `slowest_field_rate` in
        T/s, `temperature` and `lowest_temperature` in K, `pulse_current` in A, `pulse_width` in s and `pulse_energy` in
        J, for which see `labctl.pulses.pulse_demands`.
        """
        return {}

    def analyse(self, data: pd.DataFrame) -> Results:
        """Find what the experiment is about in its rows."""
        from labctl.analysis.result import Results

        del data
        return Results({})

    def of_one_block(self, data: pd.DataFrame) -> Results:
        """Return what the rows of one block alone tell of the sample, by which a check loop is compared.

        A block is that of a loop with `restart=True`. Without a method of its own these are the main results of
        `analyse`; see `labctl.check_loop`.
        """
        from labctl.analysis.result import Results

        results = self.analyse(data)
        names = self.main_results or list(results)[:1]
        return Results({name: results[name] for name in names if name in results})

    def learned(self, data: pd.DataFrame, results: Results) -> Iterable[tuple[str, Mapping[str, Any]]]:
        """Return what a finished run found out about the sample, for its journal: kinds of entries with their values.

        See `labctl.journal.Entry` for what values may be; a result is one as it is.
        """
        del data, results
        return ()

    def figure(self, data: pd.DataFrame, results: Results) -> Figure | None:
        """Draw what a person would rather look at, with `caption` on it; None if there is nothing to draw."""
        del data, results

    # ---- to be used by experiments

    def track(self, name: str, values: Iterable[ValueT], *, restart: bool = False) -> Iterator[ValueT]:
        """Loop over values: an ordinary loop that reports its progress, can be aborted, and names blocks of rows.

        Args:
            name: Unique at its level.
            values: What to loop over.
            restart: Whether each body begins from a known state whatever came before, so that it can be measured
                again on its own. The values must then be a list that is known before the loop begins.
        """
        return Track(self.run.path, name, values, restart=restart)

    def record(self, **row: Any) -> None:
        """Append a row; when this returns, no death of any process can lose it.

        Names that are no identifiers are given as `record(**{"Field (T)": 0.1})`.
        """
        self.run.record(row)

    def journal(self, kind: str, *, at_once: bool = False, **values: Any) -> None:
        """Write down what was learnt of the sample: `self.journal("angle", angle=quantity(0.01, "rad", 0.0005))`.

        It stands in the run's events at once. Into the sample's journal it comes when the run is finished, if the block
        where it was written counts; with `at_once` now and however the run ends, as of pulses that went out. A
        simulated lab within the run's process has a fresh sample each time, and no journal.

        Args:
            kind: What it is about, e.g. one of `labctl.journal.KINDS`.
            at_once: Whether it is true however the run ends.
            values: Texts, whole numbers, True or False, lists or tables of these, results of an analysis, and numbers
                as `labctl.journal.quantity` gives them.

        Raises:
            BadValue: A value cannot be kept.
        """
        self.run.journal(kind, values, at_once=at_once)

    @property
    def rng(self) -> np.random.Generator:
        """The generator from which any random order must be drawn, so that a run that is carried on has the same.

        Each block that can be measured again has a generator of its own, made from the run's seed and the block's name,
        and so has what lies outside of any; ask for `self.rng` where it is used, and keep it in no variable.
        """
        return self.run.rng

    def recorded(self, block: str | None = None) -> pd.DataFrame:
        """Return the rows recorded so far that count, in the order in which they were measured.

        This, and no variable of its own, is where a block finds what another one measured: when a run is carried on,
        the blocks that are complete are passed over, and only their rows are still there.

        Args:
            block: Rows of this block and of those within it: `temperature=3` takes in `temperature=3/loop=1`. A block
                is named by the loops that it lies in, each with the number of its step, from 1; rows outside of any
                loop that can be measured again are in the block `run`. None for all rows.

        Returns:
            The columns are `DATA_COLUMNS`, `Block` and `Attempt`; no row where nothing is recorded yet.
        """
        return self.run.recorded(block)

    def settle(
        self,
        *,
        field: float | None = None,
        temperature: float | None = None,
        rate: float | None = None,
        meanwhile: Callable[[], None] | None = None,
        reading: OnTheWay | None = None,
    ) -> Settled | None:
        """Go to a field in T, a temperature in K, or both, and wait until they have settled there at the sample.

        A temperature has settled when the block has been within max(20 mK, 0.1 %) for 60 s and the sample's own
        longitudinal resistance says that it has followed; where that cannot be read or converted, when three time
        constants have passed. See `labctl.waiting`.

        Args:
            field: T.
            temperature: K.
            rate: K/s on the way to the temperature; 5 K/min, and 2 K/min below 50 K, if none is given.
            meanwhile: Called at least once a second on the way to a temperature.
            reading: Called with a row every 2 s on the way to a temperature, and with the voltmeter's channel that it
                was read on: 2, the longitudinal one, where it is cabled, and 1 elsewhere.

        Returns:
            How the temperature was arrived at, None where none was asked for.

        Raises:
            DeadlinePassed: Not there in time.
        """
        settled = None
        if temperature is not None:
            settled = waiting.settle_temperature(self, temperature, rate=rate, meanwhile=meanwhile, reading=reading)
        if field is not None:
            waiting.settle_field(self, field)
        return settled

    def read(self) -> dict[str, Any]:
        """Take one reading here and now: a row with all of `labctl.reversal.COLUMNS`.

        Nothing is moved, waited for or settled. The field belongs to the middle of the reading, between two readings
        of the cryostat.

        Raises:
            UsageError: The probe is not set up.
        """
        return moving.read(self)

    def pulse(self, *, current: float, width: float) -> dict[str, Any]:
        """Send one pulse of a current in A and a width in s from 10 us on, and return what was sent, as part of a row.

        The source times it, in the range that holds it, and its output stays on; it is in the journal's odometer at
        once. Its compliance is 1.5 times what it needs by the record. One that was clamped is ended by the source and
        marked in `Pulse clamped`. Give what comes back to `read_after`.

        Raises:
            BadValue: Current or width is none that a pulse can have.
            LimitExceeded: It exceeds a limit; nothing was sent.
            UsageError: The probe is not set up.
        """
        return pulses.pulse(self, current, width)

    def read_after(
        self, sent: Mapping[str, Any], *, wait: float, reads: int, resistance: bool = True
    ) -> Iterator[dict[str, Any]]:
        """Read the state that a pulse has left: rows with all of `labctl.pulses.COLUMNS`.

        Args:
            sent: What `pulse` returned; `labctl.pulses.NONE_YET` to read the state before the first one.
            wait: s from the end of the pulse to a conversion that is thrown away: the meter recovers in it.
            reads: Readings of the Hall resistance, a row each.
            resistance: Whether a row with the longitudinal resistance follows, where channel 2 is cabled.
        """
        return pulses.read_after(self, sent, wait=wait, reads=reads, resistance=resistance)

    def latest(self, kind: str, *, this_mounting: bool = True) -> Entry | None:
        """Return the newest entry of a kind in the sample's journal, None where there is none, or no journal.

        Args:
            kind: E.g. one of `labctl.journal.KINDS`.
            this_mounting: Whether only what was written since the sample was mounted counts.

        Raises:
            DataDamaged: The journal cannot be read.
        """
        journal = self.sample_journal
        if journal is None:
            return None
        return latest(journal.since_mounting() if this_mounting else journal.entries(), kind)

    def hold(self, *, duration: float, interval: float | None = None) -> Iterator[dict[str, Any]]:
        """Read for so many s without moving anything: at a field that stands, after a step of it, say.

        The first reading is taken at once. `Time (s)` of a row is on the lab's clock, which `self.clock.now()` reads,
        at the middle of the reading.

        Args:
            duration: s during which readings begin; 0 for a single one.
            interval: s from the begin of one reading to that of the next, so that there are `duration / interval` of
                them and one, always equally many; a reading that is late is taken at once, and what was due meanwhile
                is left out. None for as fast as it goes; then a run that is carried on may have a row more or less.

        Raises:
            BadValue: Duration or interval is no number of seconds.
            UsageError: The probe is not set up.
        """
        return moving.hold(self, duration, interval)

    def sweep(self, *, field: float, rate: float) -> Iterator[dict[str, Any]]:
        """Ramp to a field in T at a rate in T/s while reading without pause: one row a reading.

        Leaving the loop early holds the field where it is.
        """
        return moving.sweep(self, field, rate)

    def steps(self, *, fields: Sequence[float], rate: float) -> Iterator[dict[str, Any]]:
        """Stop at each field in T, going there at a rate in T/s, and read: one row a field."""
        return moving.steps(self, fields, rate)

    def probe_settings(
        self, *, current: float | None = None, voltage_range: float | None = None, compliance: float | None = None
    ) -> ProbeSettings:
        """Return how a reading is taken, with the sample record's defaults for what was left to it.

        Args:
            current: Another probe current in A. Range and compliance then follow this one, except where the parameters
                `probe_range` and `probe_compliance` were given: these hold for all currents.
            voltage_range: V, of the voltmeter, in the place of that.
            compliance: V, of the source, likewise.

        Raises:
            BadValue: A value does not fit its parameter.
            LimitExceeded: The current needs more than the sample endures.
        """
        values, known = self.values(), self.declared_parameters()
        instead = {"probe_current": current, "probe_range": voltage_range, "probe_compliance": compliance}
        values |= {name: known[name].convert(value) for name, value in instead.items() if value is not None}
        return resolve(
            self.sample,
            current=values["probe_current"],
            read=values["probe_read"],
            nplc=values["probe_nplc"],
            settle=values["probe_settle"],
            voltage_range=values["probe_range"],
            compliance=values["probe_compliance"],
        )

    @contextmanager
    def probing(
        self, *, current: float, voltage_range: float | None = None, compliance: float | None = None
    ) -> Generator[ProbeSettings]:
        """Read with another probe current in A, in a `with` block, at whose end the one before is back.

            with self.probing(current=20e-6):
                row = self.read()

        The current goes to zero and the output off while ranges and compliance change. Since nothing of it outlasts
        the block, it may stand in loops that are marked `restart=True`, or around them. Arguments and errors as for
        `probe_settings`, which says in `demands` what a current will need.

        Raises:
            UsageError: The probe is not set up.
        """
        reader = moving.reader_of(self)
        before = reader.settings
        other = self.probe_settings(current=current, voltage_range=voltage_range, compliance=compliance)
        try:
            reader.change(other)
            yield other
        except BaseException:
            reader.settings = before  # with the next reading, if there is one: the source may be what does not answer
            raise
        reader.change(before)
