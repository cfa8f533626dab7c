"""Watches a station's interlocks while a run is on, between points and in waits, and warns, stands still, or ends it.

A run also stands still here where somebody asks for it.

Whoever looks is the run's own thread, at the steps at which it also looks for an abort. Readings of the cryostat that
the run makes anyway are judged; where the last one is older than two seconds, as in waits, one is made. What takes a
question of its own, helium and set points, is asked for in waits: between two points of a sweep a question to a
controller of 10 ms would be a gap. Only where no wait comes for ten minutes it is asked there as well.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from instruments.clock import Clock
from instruments.cryostat import Cryostat
from instruments.cryostat_words import FieldSetpoint
from instruments.errors import InstrumentFault, Refused
from instruments.ramped_source import RampedSource
from labctl.interlocks import BROKEN, UNITS, Interlock
from labctl.lab_conditions import Conditions

ASKED_FOR = frozenset({"helium_level", "set_points"})
"""Quantities that take a question of their own."""
OVERDUE = 600.0
"""s after which they are asked for between points as well."""

ADVICE: Mapping[str, str] = {
    "helium_level": "fill helium",
    "temperature": "see to the cryostat",
    "temperature_offset": "see to the temperature control, the helium and the chamber's gas",
    "temperature_slope": "wait until it has settled, or see to the temperature control",
    "field": "see who else commands the magnet",
    "reading_age": "see to the cryostat's controller and its cable",
    "disk_space": "make room, or name another folder with --out",
    "chamber": "see who is at the cryostat; purge and seal the chamber",
    "magnet": "leave it alone, see to the helium, and reset it as its manual says",
    "set_points": "find out who, and let one of you have the cryostat",
    "compliance": "check the leads, or give a smaller current or a larger compliance",
}
"""What to do about each."""


class Run(Protocol):
    """What the watch needs of the run."""

    @property
    def points(self) -> int:
        """Rows so far."""
        ...

    def note(self, event: str, **details: Any) -> None:
        """Write a line into the run's events."""
        ...

    def remark(self, sentence: str) -> None:
        """Say something that people should read when the run is over."""
        ...

    def show(self) -> None:
        """Report progress, and raise if somebody asked for the end."""
        ...


class _Guard:
    """One interlock, and how it stands."""

    def __init__(self, interlock: Interlock) -> None:
        self.interlock = interlock
        self.due = 0.0
        self.sentence = ""
        self.clear_since: float | None = None
        self.trusted = 0

    @property
    def acting(self) -> bool:
        return bool(self.sentence)


class InterlockWatch:
    """The interlocks of one run.

    Args:
        interlocks: The station's.
        instruments: The drivers by role that the run has open.
        clock: The lab's.
        folder: Where the run is written.
        run: Who is told.

    Attributes:
        asked_by: Who asked for it, while the run stands because somebody did, with its sources at zero; else "".
        held: Why, while the run stands because interlocks act; else "".
    """

    def __init__(
        self, interlocks: Iterable[Interlock], instruments: Mapping[str, object], clock: Clock, folder: Path, run: Run
    ) -> None:
        cryostat = instruments.get("cryostat")
        self._clock = clock
        self._run = run
        self._cryostat = cryostat if isinstance(cryostat, Cryostat) else None
        self._sources = [each for each in instruments.values() if isinstance(each, RampedSource)]
        interlocks = list(interlocks)
        tolerant = any(each.quantity == "reading_age" for each in interlocks)
        self._conditions = Conditions(self._cryostat, clock, folder, tolerant=tolerant)
        self._compliance = [_Guard(each) for each in interlocks if each.quantity == "compliance"]
        self._guards = [_Guard(each) for each in interlocks if each.quantity != "compliance"]
        self._began = clock.now()
        self._due = 0.0
        self._blind: set[str] = set()
        self.asked_by = self.held = ""

    def look(self, *, asking: bool) -> None:
        """Look at what is due, and do what the station file asks for.

        Args:
            asking: Whether there is time for questions: the run waits.

        Raises:
            Refused: An interlock ends the run.
            InstrumentFault: Likewise, since an instrument does not do what it should; or the cryostat does not answer.
            Aborted: Somebody asked for the end while the run stood.
        """
        if not self._guards or self._clock.now() < self._due:
            return
        pausing = [guard for guard in self._look_at(asking=asking) if guard.interlock.action == "pause"]
        if pausing:
            self._stand(pausing)
        self._due = min(guard.due for guard in self._guards)

    def passes_compliance(self) -> bool:
        """Whether a row that was measured in compliance ends nothing; it is said then."""
        warning = [guard for guard in self._compliance if guard.interlock.action == "warn"]
        for guard in warning:
            guard.trusted = self._run.points - 1
            if not guard.acting:
                self._act(guard, "a source is in compliance")
        return bool(warning)

    def close(self) -> None:
        """Say which rows were measured while something still acts."""
        for guard in (*self._guards, *self._compliance):
            if guard.acting:
                self._doubt(guard)

    def _look_at(self, *, asking: bool) -> list[_Guard]:
        """Judge what is due, and return those that have just begun to act.

        Raises:
            Refused: One of them ends the run.
            InstrumentFault: Likewise.
        """
        began: list[_Guard] = []
        for guard in self._guards:
            now = self._clock.now()
            may_ask = asking or now - max(guard.due, self._began) > OVERDUE
            if now < guard.due or (guard.interlock.quantity in ASKED_FOR and not may_ask):
                continue
            found = self._conditions.judge(guard.interlock, asking=may_ask)
            guard.due = self._clock.now() + guard.interlock.interval
            if found is None:
                self._cannot_see(guard)
            elif found:
                guard.clear_since = None
                if not guard.acting:
                    self._act(guard, found)
                    began.append(guard)
            elif guard.acting:
                self._clears(guard, now)
            else:
                guard.trusted = self._run.points
        return began

    def _act(self, guard: _Guard, found: str) -> None:
        """Note that an interlock acts, and end the run if it asks for that."""
        interlock, what = guard.interlock, ADVICE[guard.interlock.quantity]
        guard.sentence = f"interlock {interlock.name!r}: {found}; {what}"
        details = {"name": interlock.name, "quantity": interlock.quantity, "found": found, "action": interlock.action}
        limit = {"limit": interlock.limit, "unit": UNITS[interlock.quantity]} if interlock.limit is not None else {}
        self._run.note("interlock", now="acts", **details, **limit, points=self._run.points)
        if interlock.action == "stop":
            self._doubt(guard)
            raise self._end(guard, guard.sentence)
        if interlock.action == "warn":
            self._run.remark(guard.sentence)

    @staticmethod
    def _end(guard: _Guard, sentence: str) -> Refused | InstrumentFault:
        kind = InstrumentFault if guard.interlock.quantity in BROKEN else Refused
        guard.sentence = ""
        return kind(f"{sentence}; the run was ended in the safe state, carry it on with `labctl resume`")

    def _clears(self, guard: _Guard, now: float) -> None:
        """Take it that an interlock has cleared, once it has been so for its dwell."""
        guard.clear_since = now if guard.clear_since is None else guard.clear_since
        if now - guard.clear_since >= guard.interlock.dwell:
            self._doubt(guard)
            self._run.note("interlock", now="clears", name=guard.interlock.name, points=self._run.points)
            guard.sentence, guard.clear_since, guard.trusted = "", None, self._run.points

    def _doubt(self, guard: _Guard) -> None:
        """Mark the rows that were measured since an interlock was last seen not to act."""
        if self._run.points > guard.trusted:
            first, last = guard.trusted + 1, self._run.points
            self._run.note("doubtful", name=guard.interlock.name, first_row=first, last_row=last)
            guard.trusted = last

    def _cannot_see(self, guard: _Guard) -> None:
        name = guard.interlock.name
        if name not in self._blind:
            self._blind.add(name)
            why = self._conditions.why_not(guard.interlock)
            self._run.note("interlock", now="not watched", name=name, quantity=guard.interlock.quantity, why=why)

    # ---- standing

    def _stand(self, began: list[_Guard]) -> None:
        """Stand until nothing that asks for it has acted for its dwell.

        Raises:
            Refused: It takes longer than the station allows, or another interlock ends the run.
            Aborted: Somebody asked for the end.
        """
        clock, since = self._clock, self._clock.now()
        for guard in began:
            self._doubt(guard)
        zero = any(guard.interlock.sources == "zero" for guard in began)
        back = [*self._sources_to_zero(zero), *self._hold_field(began)]
        said = "; ".join(guard.sentence for guard in began)
        self._run.remark(f"{said}; the run stood still at lab time {since:.0f} s, after {self._run.points} points")
        self._run.note("interlock", now="stands", names=[each.interlock.name for each in began], sources_at_zero=zero)
        self.held = said
        while acting := [each for each in self._guards if each.acting and each.interlock.action == "pause"]:
            self._run.show()
            clock.sleep(1.0)
            self._look_at(asking=True)
            for guard in acting:
                if guard.acting and clock.now() - since > guard.interlock.longest:
                    waited = f"the run has stood for {(clock.now() - since) / 3600.0:.3g} h, the longest it may"
                    raise self._end(guard, f"{guard.sentence} ({waited})")
        self.held = ""
        clock.stood += clock.now() - since
        for step in back:
            step()
        self._run.note("interlock", now="goes on", stood_s=clock.now() - since)

    def stand_while(
        self, asked: Callable[[], str], wait: Callable[[], None], off: Callable[[], str] = lambda: ""
    ) -> None:
        """Stand because somebody asks for it: sources at zero, the present field held, interlocks watched.

        Args:
            asked: Says who asks for it, "" once nobody does.
            wait: Lets a moment pass.
            off: Says who asks that outputs are turned off until the run goes on, "" if nobody does.

        Raises:
            Refused: An interlock ends the run.
            InstrumentFault: Likewise.
            Aborted: Somebody asked for the end meanwhile.
        """
        clock, since, stood, who = self._clock, self._clock.now(), self._clock.stood, asked()
        back = [*self._sources_to_zero(True), *self._hold_field([])]
        self._run.note("pause", now="stands", by=who, points=self._run.points)
        self.asked_by = who
        while asked():
            self._run.show()
            wait()
            if by := off():
                back = [*self._outputs_off(by), *back]
            self._look_at(asking=True)
        self.asked_by = ""
        if acting := [each for each in self._guards if each.acting and each.interlock.action == "pause"]:
            self._stand(acting)
        clock.stood = stood + clock.now() - since
        for step in back:
            step()
        self._run.note("pause", now="goes on", stood_s=clock.now() - since)

    def _sources_to_zero(self, zero: bool) -> list[Callable[[], None]]:
        """Bring the sources' levels to zero, and return what brings them back."""
        back: list[Callable[[], None]] = []
        for source in self._sources if zero else ():
            try:
                step = source.pause()
            except InstrumentFault as fault:  # a wave or a list runs, whose level cannot be set
                self._run.note("interlock", now="source left as it is", why=str(fault))
            else:
                back += [] if step is None else [step]
        return back

    def _outputs_off(self, who: str) -> list[Callable[[], None]]:
        """Turn outputs off that are on, and return what turns them on again, before levels are brought back."""
        on = [source for source in self._sources if source.source_enabled]
        for source in on:
            source.source_enabled = False
        self._run.note("by hand", do="source_off", by=who, outputs_turned_off=len(on), points=self._run.points)
        return [partial(setattr, source, "source_enabled", True) for source in on]

    def _hold_field(self, began: list[_Guard]) -> list[Callable[[], None]]:
        """Stop a field that moves, unless somebody else commands it or it cannot be, and return what lets it go on."""
        cryostat = self._cryostat
        others = any(guard.interlock.quantity in {"set_points", "magnet", "reading_age"} for guard in began)
        if cryostat is None or others or (target := cryostat.known.field) is None:
            return []
        with suppress(InstrumentFault):
            state = cryostat.reading().field_state
            if state.known and not state.stable and not state.failed:
                cryostat.hold_field()
                return [lambda: _go_on(cryostat, target)]
        return []


def _go_on(cryostat: Cryostat, target: FieldSetpoint) -> None:
    cryostat.set_field(target.field, target.rate, target.approach, target.mode)
