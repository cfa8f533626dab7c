"""How much longer a run takes, while it is on and where it was rehearsed; the reckoning is in `labctl.remaining`."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from instruments.cryostat import Cryostat, Known
from instruments.cryostat_words import CryostatReading, FieldState, State, TemperatureState
from labctl.expected import Standing, read_expected
from labctl.remaining import Remaining

if TYPE_CHECKING:
    from labctl.active_run import ActiveRun
    from labctl.rundir import RunDirectory
    from labctl.session import Session

REHEARSAL = "rehearsal.json"
"""File in a run's folder that says what its rehearsal found."""

EVENT = "remaining"
"""What such a line of events.jsonl is called."""
LINES, SELDOM = 200, 10.0
"""So many lines are written in a run, but none earlier than so many s after the one before."""


RAMP_OVER, ARRIVED, STABLE, OVER = 0.5, 0.6, 0.7, 0.9
"""How far a wait is at the end of its ramp, when the cryostat calls itself near, when stable, and when it has ended."""
STEPS = 50
"""Parts of a ramp that are told apart; noise should not move a temperature that stands on its way for a while."""
LEAST_WAY: Mapping[str, float] = {"temperature": 0.5, "field": 1e-3, "angle": 0.5}
"""K, T, deg; shorter ways are no ramps."""
ALMOST = 0.98
"""Part of the way after which a ramp can be over."""
APPROACHING = frozenset({TemperatureState.NEAR, FieldState.ITERATING})
"""Said by a cryostat whose ramp is over, and that settles."""


class Whereabouts:
    """Where a run stands.

    Args:
        session: The station in use.
    """

    def __init__(self, session: Session) -> None:
        driver = session.instruments.get("cryostat")
        self._known = driver.known if isinstance(driver, Cryostat) else Known()
        self._level: object = self
        self._place = ""
        self._points = self._rows_before = self._laps_before = self._laps = 0
        self._within = 0.0
        self._from: float | None = None  # where the way that is waited for began
        self._before: object = None  # what the cryostat had said by then
        self._seen: object = None
        self._temperature: float | None = None

    def of(self, run: ActiveRun) -> Standing:
        """Return where a run stands now."""
        path, points = run.path, run.points
        level = path.levels[-1] if path.levels else None
        if level is not self._level:  # it is asked at every row, and a step's object never lies in another loop
            self._level = level
            place = path.place(len(path.levels))
            if place != self._place:
                self._place, self._laps_before, self._laps = place, path.laps, -1
        if path.laps != self._laps:
            self._laps, self._within, self._rows_before = path.laps, 0.0, points
            self._from, self._before = None, self._known.reading
        part = self._waited(path.waits) if path.laps == path.waited else path.within
        if part > self._within:  # a field that stands at its end wanders about it
            self._within, self._rows_before = part, points
        self._look(run)
        self._points = points
        within = 2.0 * (self._laps - self._laps_before) + self._within
        return Standing(self._place, within, points - self._rows_before, self._temperature)

    def _waited(self, what: str) -> float:
        """Return how far a wait is."""
        reading = self._known.reading
        if not what:
            return OVER
        if reading is None or reading is self._before:
            return 0.0
        here, target, state = _watched(what, reading, self._known)
        if here is None or target is None or state is None:
            return 0.0
        if self._from is None:
            self._from = here
        way = abs(target - self._from)
        if way < LEAST_WAY[what]:
            return STABLE if state.stable else 0.0
        part = min(1.0, abs(here - self._from) / way)
        if part > ALMOST and (state.stable or state in APPROACHING):
            return STABLE if state.stable else ARRIVED
        return RAMP_OVER * math.floor(STEPS * part) / STEPS

    def _look(self, run: ActiveRun) -> None:
        """Take in the temperature that was shown last, to whoever asked or in a row."""
        seen = self._known.reading
        if seen is not self._seen and seen is not None:
            self._seen, self._temperature = seen, seen.temperature
        elif run.points != self._points and isinstance(run.temperature, float) and math.isfinite(run.temperature):
            self._temperature = run.temperature


def _watched(what: str, reading: CryostatReading, known: Known) -> tuple[float | None, float | None, State | None]:
    """Return a quantity as it was read, where it was sent, and its state."""
    if what == "temperature":
        goal = None if known.temperature is None else known.temperature.temperature
        return reading.temperature, goal, reading.temperature_state
    if what == "field":
        return reading.field, None if known.field is None else known.field.field, reading.field_state
    return reading.position, known.position, reading.position_state


class TimeLeft:
    """Follows a run beside its rehearsal.

    Args:
        remaining: What the rehearsal says.
        session: The station in use.

    Attributes:
        seconds: s until the run, or its series, is over.
    """

    def __init__(self, remaining: Remaining, session: Session) -> None:
        self._remaining = remaining
        self._session = session
        self._whereabouts = Whereabouts(session)
        self._told_at: float | None = None
        self.seconds = remaining.left

    def look(self, run: ActiveRun) -> None:
        """Take in where the run stands, and write into its events now and then how long it will take.

        Raises:
            WriteFailed: The operating system does not take the line.
        """
        clock = self._session.clock
        now = clock.now() - clock.stood  # what an interlock had it stand still for says nothing of the station
        self._remaining.observe(now, self._whereabouts.of(run))
        self.seconds = left = self._remaining.left
        if self._told_at is None or now - self._told_at >= max(SELDOM, self._remaining.expected_time / LINES):
            self._told_at = now
            factors = {kind: round(factor, 3) for kind, factor in self._remaining.factors.items() if factor != 1.0}
            run.note(EVENT, left_s=round(left, 1), progress=round(run.progress, 4), factors=factors)


def time_left(directory: RunDirectory, session: Session, passed: Collection[str] = ()) -> TimeLeft | None:
    """Return what follows a run whose folder holds a rehearsal; None for one without.

    Args:
        directory: The run's folder.
        session: The station in use.
        passed: Blocks that earlier attempts completed, and that are passed over.
    """
    try:
        text = (directory.path / REHEARSAL).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None
    expected = read_expected(text)
    return None if expected is None else TimeLeft(Remaining(expected.without(passed), session.pace), session)
