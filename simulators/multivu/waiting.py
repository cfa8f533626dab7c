"""Waiting for stability, by the rule of a MultiPyVu server that runs beside a real MultiVu.

Every 0.3 s it looks at what is waited for, and twice in a row it must be settled (MultiPyVu 3.8.0, CommandWaitFor.py).
Settled is the temperature by its state alone, the field by its state and its distance from the set point that was read
when the wait began, the chamber by its state and what it was told last. A part that has failed counts as settled, so
that nobody waits for it for ever, but for the magnet.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from simulators.accessories import ChamberCommand
from simulators.cryostat import SimulatedCryostat
from simulators.machines import OERSTED
from simulators.timeline import Event, Timeline

TEMPERATURE, FIELD, POSITION, CHAMBER = 1, 2, 4, 8
"""Bits of a mask; nobody can wait for the position."""
NAMES = {TEMPERATURE: "temperature", FIELD: "field", POSITION: "position", CHAMBER: "chamber"}

GOOD, TIMED_OUT = 0, 258
"""How a wait ends, in MultiVu's own codes."""

POLL = 0.3
"""s between two looks."""
SETTLED_POLLS = 2

UNSETTLED_TEMPERATURE = frozenset({0, 2, 5, 6, 7})
SETTLED_FIELD = frozenset({"Stable", "Holding (driven)"})
FIELD_DISTANCE = 0.4
"""Oe."""
FIELD_RELATIVE = 0.005
SETTLED_CHAMBER: Mapping[ChamberCommand, frozenset[str]] = {
    ChamberCommand.SEAL: frozenset({"Purged and Sealed", "Vented and Sealed", "Sealed (condition unknown)"}),
    ChamberCommand.PURGE_AND_SEAL: frozenset({"Purged and Sealed"}),
    ChamberCommand.VENT_AND_SEAL: frozenset({"Purged and Sealed", "Vented and Sealed", "Sealed (condition unknown)"}),
    ChamberCommand.PUMP_CONTINUOUSLY: frozenset({"Pumping Continuously"}),
    ChamberCommand.VENT_CONTINUOUSLY: frozenset({"Flooding Continuously"}),
    ChamberCommand.HIGH_VACUUM: frozenset({"HiVac"}),
}
FLOODING_PPMS = frozenset({"Performing Vent/Seal"})

Test = Callable[[], bool]


class Stability:
    """Looks at a cryostat as a MultiPyVu server does.

    Args:
        cryostat: The cryostat.
        ppms: Whether it is a PPMS, whose chamber shows another state while it is vented continuously.
        field_text: The magnet's state as clients are told it.
        chamber_text: The chamber's state as clients are told it.
    """

    def __init__(
        self, cryostat: SimulatedCryostat, *, ppms: bool, field_text: Callable[[], str], chamber_text: Callable[[], str]
    ) -> None:
        self._cryostat = cryostat
        self._ppms = ppms
        self._field_text = field_text
        self._chamber_text = chamber_text

    def tests(self, mask: int) -> list[Test]:
        """Return a test for each part that a mask names; the field's set point is read now."""
        tests: list[Test] = []
        if mask & TEMPERATURE:
            tests.append(lambda: int(self._cryostat.temperature_state()) not in UNSETTLED_TEMPERATURE)
        if mask & FIELD:
            target = self._cryostat.field_setting.field / OERSTED
            tests.append(lambda: self._field_text() in SETTLED_FIELD and self._near(target))
        if mask & CHAMBER:
            tests.append(self._chamber_settled)
        return tests

    def _near(self, target: float) -> bool:
        field = self._cryostat.read_field() / OERSTED
        distance = abs(field - target)
        return distance <= FIELD_DISTANCE or distance <= FIELD_RELATIVE * max(abs(field + target) / 2, 1.0)

    def _chamber_settled(self) -> bool:
        command = self._cryostat.chamber_setting
        flooding = self._ppms and command is ChamberCommand.VENT_CONTINUOUSLY
        return self._chamber_text() in (FLOODING_PPMS if flooding else SETTLED_CHAMBER[command])


class Wait:
    """A wait in progress: looks when it is time, and says how it ended.

    Args:
        timeline: The lab's time.
        begin: Returns the tests; called after the pause with which a wait begins.
        delay: s to wait after stability is reached.
        timeout: s after which the wait is given up; 0 for never.
        done: Told the code when it is over.
    """

    def __init__(
        self,
        timeline: Timeline,
        begin: Callable[[], list[Test]],
        delay: float,
        timeout: float,
        done: Callable[[int], None],
    ) -> None:
        self._timeline = timeline
        self._begin = begin
        self._delay = delay
        self._timeout = timeout
        self._done = done
        self._event: Event = timeline.schedule(timeline.now + POLL, self._start)

    @property
    def next_time(self) -> float:
        """When it looks next, in lab s."""
        return self._event.time

    def cancel(self) -> None:
        """Wait no longer."""
        self._event.cancel()

    def _start(self) -> None:
        self._tests = self._begin()
        self._settled = [0] * len(self._tests)
        self._began = self._timeline.now
        self._again(self._look)

    def _again(self, action: Callable[[], None]) -> None:
        """Go on in a moment, unless the time is over."""
        if 0.0 < self._timeout < self._timeline.now - self._began:
            self._done(TIMED_OUT)
        else:
            self._event = self._timeline.schedule(self._timeline.now + POLL, action)

    def _look(self) -> None:
        self._settled = [count + 1 if test() else 0 for count, test in zip(self._settled, self._tests, strict=True)]
        if any(count < SETTLED_POLLS for count in self._settled):
            self._again(self._look)
            return
        self._stable_since = self._timeline.now
        self._linger()

    def _linger(self) -> None:
        if self._timeline.now - self._stable_since < self._delay:
            self._again(self._linger)
        else:
            self._done(GOOD)
