"""What is going to happen in the simulated lab, in order of lab time.

Whoever starts something that ends later (a conversion, a ramp, a self-test) schedules its end here. Nobody runs in the
background: before anything else touches the lab, what is due is carried out, each at its own moment.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable

from instruments.clock import Clock


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
    """The lab's time, and the events that are still to come."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self._events: list[tuple[float, int, Event]] = []
        self._order = itertools.count()
        self._moment: float | None = None

    @property
    def now(self) -> float:
        """Lab time in s: the moment of the event being carried out, else what the clock says."""
        return self.clock.now() if self._moment is None else self._moment

    def schedule(self, time: float, action: Callable[[], None]) -> Event:
        """Have something done at a lab time in s; a time in the past means as soon as possible."""
        event = Event(max(time, self.now), action)
        heapq.heappush(self._events, (event.time, next(self._order), event))
        return event

    def next_time(self) -> float | None:
        """Return when something happens next, or None if nothing is scheduled."""
        events = self._events
        while events and events[0][2].action is None:
            heapq.heappop(events)
        return events[0][0] if events else None

    def catch_up(self) -> None:
        """Carry out everything that is due by now, each event at its own moment."""
        events = self._events
        if not events or self._moment is not None:
            return
        now = self.clock.now()
        try:
            while events and events[0][0] <= now:
                time, _, event = heapq.heappop(events)
                if event.action is not None:
                    self._moment = time
                    action, event.action = event.action, None
                    action()
        finally:
            self._moment = None
