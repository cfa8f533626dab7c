"""The course of a rehearsal: what its time went to, and where the run stood when."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from labctl.expected import KINDS, MOST_MARKS, Expected, Mark, Shares, thinned
from labctl.time_left import RAMP_OVER, Whereabouts
from simulators.accessories import PositionState
from simulators.exposure import Envelope
from simulators.physics.magnet import MagnetState
from simulators.physics.thermal import TemperatureState

if TYPE_CHECKING:
    from labctl.active_run import ActiveRun
    from labctl.session import Session
    from simulators.cryostat import SimulatedCryostat

RAMPS = {"temperature ramp", "field ramp", "rotation"}

_TEMPERATURE = {
    TemperatureState.TRACKING: "temperature ramp",
    TemperatureState.CHASING: "temperature ramp",
    TemperatureState.POT_OPERATION: "temperature ramp",
    TemperatureState.NEAR: "temperature settling",
}
_FIELD = {
    MagnetState.CHARGING: "field ramp",
    MagnetState.DISCHARGING: "field ramp",
    MagnetState.FINAL_APPROACH: "field settling",
    MagnetState.SWITCH_WARMING: "field settling",
    MagnetState.SWITCH_COOLING: "field settling",
}
_NUMBER = {kind: number for number, kind in enumerate(KINDS)}


class Course:
    """Watches a rehearsed run at every step.

    Args:
        session: The simulated station.

    Attributes:
        ramps: s of ramps during which nothing was recorded.
        settling: s of settling, and of waiting for the sample to follow.
        measuring: s of all else, sweeps included.
        field: Reported field in T against time.
        temperature: Of the sample in K against time.
    """

    def __init__(self, session: Session) -> None:
        assert session.lab is not None
        self._clock = session.clock
        self._cryostat: SimulatedCryostat = session.lab.cryostat
        self.ramps = self.settling = self.measuring = 0.0
        self.field, self.temperature = Envelope(), Envelope()
        self.begun = self._last = self._clock.now()
        self._spent = [0.0] * len(KINDS)
        self._marks: list[Mark] = []
        self._before: Mark | None = None
        self._spacing = 0.0
        self._rows = 0
        self._whereabouts = Whereabouts(session)
        self._look()

    def __call__(self, run: ActiveRun) -> None:
        """Take in where the run stands."""
        self._spend(run.points > self._rows, waits=bool(run.path.waits))
        self._rows = run.points
        self._keep(Mark(*self._whereabouts.of(run), tuple(self._spent)), waits=bool(run.path.waits))

    def end(self) -> None:
        """Take in what passed since the last step."""
        self._spend(False, waits=False)

    def _spend(self, recorded: bool, *, waits: bool) -> None:
        """Count the time since the last look as what goes on now."""
        now = self._clock.now()
        passed, self._last = now - self._last, now
        if passed <= 0.0:
            return
        kind = self._kind()
        if kind == "rest" and waits:
            kind = "dwell"
        self._spent[_NUMBER[kind]] += passed
        if recorded or kind == "rest":
            self.measuring += passed
        elif kind in RAMPS:
            self.ramps += passed
        else:
            self.settling += passed
        self._look()

    def _kind(self) -> str:
        """Return what the cryostat does."""
        cryostat = self._cryostat
        found = _TEMPERATURE.get(cryostat.temperature_state()) or _FIELD.get(cryostat.field_state())
        if found is None and cryostat.position_state() is PositionState.MOVING:
            return "rotation"
        return found or "rest"

    def _look(self) -> None:
        now, cryostat = self._last, self._cryostat
        self.field.add(now - self.begun, cryostat.field(now))
        self.temperature.add(now - self.begun, cryostat.sample_temperature(now))

    def _keep(self, mark: Mark, *, waits: bool) -> None:
        """Keep a mark where the run goes on to another place, and now and then within one.

        Where nothing moved for a while, both ends of it are kept; on a ramp that is waited for something always moves,
        also while nobody asks.
        """
        last, before, self._before = self._marks[-1] if self._marks else None, self._before, mark
        if last is not None:
            moved = mark.stands != last.stands or mark.temperature != last.temperature
            if mark.place == last.place and not (moved and sum(mark.spent) - sum(last.spent) >= self._spacing):
                return
            ramps = waits and 0.0 < last.within % 2.0 < RAMP_OVER
            if before is not None and before is not last and before.stands == last.stands != mark.stands and not ramps:
                self._marks.append(before)
        self._marks.append(mark)
        if len(self._marks) > MOST_MARKS:
            self._marks = thinned(self._marks)
            self._spacing = max(0.5, 2.0 * self._spacing)

    @property
    def total(self) -> Shares:
        """Time in s of each kind so far."""
        return tuple(self._spent)

    @property
    def duration(self) -> float:
        """Time in s so far."""
        return math.fsum(self._spent)

    def expected(self, later: Shares) -> Expected:
        """Return what a run may expect, with what follows in its series."""
        return Expected(tuple(self._marks), self.total, later)
