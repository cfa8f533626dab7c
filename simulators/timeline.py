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
    next; a virtual clock does so by itself.
    """

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self._flows = not isinstance(clock, VirtualClock)
        self._present = clock.now()
        self._events: list[tuple[float, int, Event]] = []
        self._order = itertools.count()
        self._many = _FEW
        self._moment: float | None = None

    @property
    def now(self) -> float:
        """Lab time in s: the moment of the event being carried out, else what the clock said at the last `catch_up`."""
        if self._moment is not None:
            return self._moment
        return self._present if self._flows else self.clock.now()

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
        events = self._events
        if self._moment is not None or not (events or self._flows):
            return
        now = self._present = self.clock.now()
        try:
            while events and events[0][0] <= now:
                time, _, event = heapq.heappop(events)
                if event.action is not None:
                    self._moment = time
                    action, event.action = event.action, None
                    action()
        finally:
            self._moment = None
