"""What is going to happen in the simulated lab, in order of lab time.

Whoever starts something that ends later (a conversion, a ramp, a self-test) schedules its end here. Nobody runs in the
background: before anything else touches the lab, what is due is carried out, each at its own moment.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable

from instruments.clock import Clock, VirtualClock

_FEW = 256  # events that are kept without looking which of them were cancelled


class Event:
    """Something scheduled; `cancel()` makes it not happen."""

    __slots__ = ("action", "time")

    def __init__(self, time: float, action: Callable[[], None]) -> None:
        self.time = time
        self.action: Callable[[], None] | None = action

    def cancel(self) -> None:
        """Forget it; harmless when it has happened already."""
        self.action = None


class Timeline:
    """The lab's time, and the events that are still to come.

    A clock that flows by itself goes on while an instrument is at work. What came due in between would then be carried
    out after what the instrument did, at an earlier time than that. So the lab's time stands from one `catch_up` to the
    next; a virtual clock does so by itself, and tells when it jumps.

    Attributes:
        clock: What the lab's time comes from.
        now: Lab time in s, to be read only: the moment of the event being carried out, else what a virtual clock says,
            or what another one said at the last `catch_up`. Everything in the lab asks for it, so it is no property.
    """

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.now = self._present = clock.now()
        self._events: list[tuple[float, int, Event]] = []
        self._order = itertools.count()
        self._many = _FEW
        self._carrying_out = False
        self._flows = True
        if isinstance(clock, VirtualClock):
            self._flows = False
            clock.follow(self._follow)

    def _follow(self, time: float) -> None:
        """The virtual clock is at this time; an event that is being carried out has its own."""
        self._present = time
        if not self._carrying_out:
            self.now = time

    def schedule(self, time: float, action: Callable[[], None]) -> Event:
        """Have something done at a lab time in s; a time in the past means as soon as possible."""
        if len(self._events) >= self._many:
            self._forget_cancelled()
        event = Event(max(time, self.now), action)
        heapq.heappush(self._events, (event.time, next(self._order), event))
        return event

    def _forget_cancelled(self) -> None:
        """Let go of events that were cancelled; otherwise they stay until their time, which may never come."""
        self._events[:] = [entry for entry in self._events if entry[2].action is not None]
        heapq.heapify(self._events)
        self._many = max(_FEW, 2 * len(self._events))

    def next_time(self) -> float | None:
        """Return when something happens next, or None if nothing is scheduled."""
        events = self._events
        while events and events[0][2].action is None:
            heapq.heappop(events)
        return events[0][0] if events else None

    def catch_up(self) -> None:
        """Carry out everything that is due by now, each event at its own moment."""
        if self._carrying_out:
            return
        if self._flows:
            self.now = self._present = self.clock.now()
        events = self._events
        if events and events[0][0] <= self.now:
            self._carry_out()

    def _carry_out(self) -> None:
        """Carry out what is due by now; what it makes due by then is carried out too."""
        events, due = self._events, self.now
        self._carrying_out = True
        try:
            while events and events[0][0] <= due:
                self.now, _, event = heapq.heappop(events)
                action, event.action = event.action, None
                if action is not None:
                    action()
        finally:
            self._carrying_out = False
            self.now = self._present
