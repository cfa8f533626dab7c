"""A station in use: its instruments opened, simulated or real, and the way to leave them safe."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Collection, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pyvisa

from instruments.clock import Clock
from instruments.cryostat import Cryostat
from instruments.driver import Driver
from instruments.errors import LabError, Restarted
from instruments.guard.library import GuardedLibrary
from instruments.multivu import MultiVu
from instruments.scpi_driver import LONGEST_ERROR_QUEUE, POWER_ON, QueuedError, ScpiDriver
from labctl import mishaps
from labctl.breakout import Breakout, Hands, rest_sources
from labctl.dialogue.recording import Heard, current
from labctl.opening_instruments import Door
from labctl.procedure import Procedure
from labctl.protection import guarded
from labctl.remaining import Pace
from labctl.sample import SampleRecord
from labctl.station import Station
from labctl.station_lock import Hold, holding
from labctl.surroundings import LabStart, Surroundings, surroundings
from simulators.lab import Lab

HARMLESS = frozenset({-213, -350})
"""Errors that say nothing of a setting: a trigger for a meter that measures anyway, and a queue full of these."""

REACH_TIME = 10.0
"""s for which an instrument is tried again that cannot be brought to rest; the last attempt may last longer."""

TOLERANCE, RELATIVE_TOLERANCE = 0.5, 5e-3
"""K, and part of the set point: a block that is nearer to it than the larger of the two is left to arrive."""

NONE: Mapping[str, float] = MappingProxyType({})


class Session:
    """The instruments of a station by role, on a clock.

    Attributes:
        clock: The lab's clock.
        instruments: The drivers by role.
        lab: The simulated lab in this process, None on hardware and for a lab in another process.
        library: The guarded VISA library through which every instrument of the session is opened.
        resources: What each of the station's instruments is opened as, by role, also of those that nobody needed.
        pace: What the station took beside what rehearsals expected.
        held_field: T, which the magnet was told to hold when it was brought to rest; None before, or without a magnet.
    """

    held_field: float | None = None

    def __init__(
        self,
        clock: Clock,
        instruments: dict[str, Driver | MultiVu],
        lab: Lab | None,
        library: GuardedLibrary,
        resources: Mapping[str, str],
        door: Door,
        hands: Hands,
    ) -> None:
        self.clock = clock
        self.instruments = instruments
        self.lab = lab
        self.library = library
        self.resources = resources
        self.pace = Pace()
        self._door = door
        self._run: mishaps.Run | None = None
        self.breakout = Breakout(
            hands, door.station.cables, partial(rest_sources, self.instruments, resources, self.open)
        )

    def bind(self, procedure: Procedure) -> None:
        """Hand the instruments and the clock to a procedure."""
        procedure.clock = self.clock
        procedure.breakout = self.breakout

        def note(event: str, **details: Any) -> None:
            procedure.run.note(event, **details)  # which it gets only after its instruments

        self.breakout.note = note
        for role, driver in self.instruments.items():
            setattr(procedure, role, driver)

    def report_to(self, run: mishaps.Run) -> None:
        """Have replies that are lost or damaged made up for from now on, and written into a run's events."""
        self._run = run
        self._listen(self.instruments)

    def _listen(self, roles: Collection[str]) -> None:
        if self._run is not None:
            mishaps.listen({role: self.instruments[role] for role in roles}, self._run)

    def identities(self) -> dict[str, str]:
        """Ask every instrument who it is.

        Raises:
            InstrumentFault: One is not what the station file says.
        """
        return {role: str(driver.check_identity()) for role, driver in self.instruments.items()}

    def open(self, roles: Collection[str]) -> dict[str, LabError]:
        """Open further instruments, each for itself; they are closed with the session.

        Returns:
            Why an instrument could not be opened, by the roles of those.

        Raises:
            InstrumentFault: The clock of a lab in another process does not answer.
        """
        refused: dict[str, LabError] = {}
        for role in roles:
            try:
                self.instruments[role] = self._door.open(role)
                self._listen([role])
            except LabError as error:
                refused[role] = error
        self._door.claim(self.instruments)
        return refused

    def count_as_own(self, handles: Sequence[Any]) -> None:
        """Tell a lab in another process that connections which the procedure opened by itself are the run's, too.

        Raises:
            InstrumentFault: The lab's clock does not answer.
        """
        self._door.claim(self.instruments, handles)

    def complaints(self, roles: Collection[str], watched: Collection[str] = ()) -> tuple[list[str], list[str]]:
        """Empty the instruments' error queues, and return what they held, one sentence an instrument.

        A program that reads no error queue measures on, whatever an instrument refused or lost.

        Args:
            roles: Instruments to ask; those without an error queue are passed over.
            watched: Those of them whose power-on bit was cleared when the program opened them.

        Returns:
            What they refused, and which of them lost their power meanwhile.
        """
        said: list[str] = []
        restarted: list[str] = []
        for role in roles:
            own = role not in self.instruments
            try:
                driver = self._door.open(role) if own else self.instruments[role]
                if own:
                    driver.check_identity()
                held = list(_held(driver)) if isinstance(driver, ScpiDriver) else []
                if role in watched and isinstance(driver, ScpiDriver) and driver.standard_event & POWER_ON:
                    restarted.append(
                        f"the {role} was switched off and on, or lost its power, after the procedure had opened it; "
                        "its settings were gone from then on, and the rows do not say since when: see to its power "
                        "and measure again"
                    )
                if own:
                    _hang_up(driver)
            except (LabError, pyvisa.Error, OSError) as error:
                said.append(f"the {role} could not be asked for errors at the end: {error}")
                continue
            if counted := Counter(str(error) for error in held if error.code not in HARMLESS):
                texts = [text if count == 1 else f"{text} ({count} times)" for text, count in counted.items()]
                said.append(
                    f"the {role} refused what it was sent, and the procedure did not look: at the end its error queue "
                    f"held {'; '.join(texts)}; is it the instrument that the procedure takes it for?"
                )
        return said, restarted

    def make_safe(self, left: Sequence[str] = (), *, finished: bool = False) -> list[str]:
        """Ramp sources to zero and turn them off, and hold field; return what could not be done, one sentence each.

        Args:
            left: Roles of instruments that the procedure drove through connections of its own, closed by now.
            finished: Whether the procedure came to its end, and a temperature that still changes is as it wants it.
        """
        faults: list[str] = []
        for role in left:
            try:
                if role not in self.instruments:
                    self.instruments[role] = self._door.open(role)
                    self.instruments[role].check_identity()
            except (LabError, pyvisa.Error, OSError) as error:
                faults.append(f"the safe state was not reached: {role}: {error}")
        with mishaps.asked_once(self.instruments.values()):  # each is tried again as a whole, for so long and no longer
            # What makes current first: a cryostat that does not answer takes its time to say so.
            for role, _ in sorted(self.instruments.items(), key=lambda item: isinstance(item[1], Cryostat)):
                faults += self.rest(role, finished=finished)
        return faults + self.breakout.leave(at_rest=not faults)

    def rest(self, role: str, *, finished: bool = False) -> list[str]:
        """Bring one instrument of the session to rest; return what could not be done, in one sentence."""
        try:
            self._bring_to_rest(self.instruments[role], finished=finished)
        except Restarted as restart:  # raised once it is at rest
            return [f"{role}: {restart}"]
        except (LabError, pyvisa.Error, OSError) as error:
            return [f"the safe state was not reached: {role}: {error}"]
        return []

    def _bring_to_rest(self, driver: Driver | MultiVu, *, finished: bool) -> None:
        """Bring an instrument to rest; one that cannot be reached is tried again, since a cable may be put back.

        One reply that is lost may take all of that time by itself: the first attempt may be followed by another then.
        """
        began = self.clock.now()
        for attempt in itertools.count(1):
            try:
                if isinstance(driver, Cryostat):
                    self.held_field = driver.hold_field().field
                    if not finished and self._door.station.safe_state.temperature == "hold":
                        hold_temperature(driver, self._door.station)
                else:
                    driver.shutdown()
            except Restarted:
                raise
            except (LabError, pyvisa.Error, OSError):
                if self.clock.now() > began + (2.0 if attempt == 1 else 1.0) * REACH_TIME:
                    raise
            else:
                return
            self.clock.sleep(1.0)


def hold_temperature(cryostat: Cryostat, station: Station) -> None:
    """Stop a temperature that is on its way where it is; one at its set point is left alone.

    Raises:
        InstrumentFault: The cryostat does not answer, or did not take it.
    """
    reading, setpoint = cryostat.reading(), cryostat.temperature_setpoint
    near = max(TOLERANCE, RELATIVE_TOLERANCE * setpoint.temperature)
    if reading.temperature_state.stable or abs(reading.temperature - setpoint.temperature) <= near:
        return
    (low, high), fastest = station.limits.temperature, station.limits.temperature_rate
    rate = min(setpoint.rate, fastest) if setpoint.rate > 0 else fastest
    cryostat.set_temperature(min(max(reading.temperature, low), high), rate, setpoint.approach)


@contextmanager
def open_session(
    station: Station,
    record: SampleRecord,
    roles: Sequence[str],
    *,
    simulate: bool,
    start: LabStart,
    overrides: Mapping[str, float] = NONE,
    lab: Path | None = None,
    hold: Hold | None = None,
) -> Generator[Session]:
    """Open a station's instruments for the roles that are needed, and close them afterwards.

    Args:
        station: The station.
        record: The sample that is mounted.
        roles: Instruments that are needed.
        simulate: Whether to open the simulated twin, on a virtual clock.
        start: How the lab begins; one that runs elsewhere has begun already.
        overrides: Limits for this session by name, in SI units, in the place of the station's and the sample's.
        lab: File with the line that `labctl simulate` printed: the twin runs there, and has its own seeds.
        hold: Of the station, of who holds it already; the session's own where there is none.

    Raises:
        UsageError: The station or the lab lacks a role, or a driver is not there.
        StationInUse: Somebody else holds the station.
        InstrumentFault: An instrument cannot be opened.
    """
    held = nullcontext() if hold else holding(station, simulate=simulate, lab=lab, what="a session of a program")
    with held, surroundings(station, record, roles, simulate=simulate, start=start, lab=lab) as bare:
        around = _listened(bare, station, record, start)
        library = guarded(around.library, station, record, overrides, around.resources, around.clock)
        instruments: dict[str, Driver | MultiVu] = {}
        door = Door(station, around, library, record, overrides)
        try:
            for role in roles:
                instruments[role] = door.open(role)
            door.claim(instruments)
            yield Session(around.clock, instruments, around.lab, library, around.resources, door, around.hands)
        finally:
            for driver in instruments.values():
                _hang_up(driver)


def _hang_up(driver: Driver | MultiVu) -> None:
    if isinstance(driver, MultiVu):
        driver.close()
    else:
        driver.adapter.close()


def _listened(around: Surroundings, station: Station, record: SampleRecord, start: LabStart) -> Surroundings:
    """Let a recording hear what the guard lets out, if one is going on."""
    recording = current()
    if recording is None:
        return around
    about: dict[str, Any] = {"sample": record.name, "simulated": around.lab is not None}
    if around.lab is not None:
        about["seeds"] = {"seed": start.seed, "sample_seed": start.sample_seed}
    heard = Heard(around.library, around.connect, station, around.resources, around.clock)
    library, connect = recording.listen(heard, about)
    return replace(around, library=library, connect=connect)


def _held(driver: ScpiDriver) -> Iterator[QueuedError]:
    """Take out what an error queue holds."""
    for _ in range(LONGEST_ERROR_QUEUE):
        error = driver.next_error
        if not error.code:
            return
        yield error
