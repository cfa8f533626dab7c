"""The Model 6000's calendar: the lab's date, moved by what it was set to."""

from __future__ import annotations

from datetime import datetime, timedelta

from instruments.clock import Clock
from instruments.errors import LimitExceeded


class Calendar:
    """Date and time of day; they survive a power cycle.

    Args:
        clock: The lab's clock.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.offset = timedelta()

    def date(self) -> str:
        """Answer DATE?."""
        return self._now().strftime("%m,%d,%y")

    def time(self) -> str:
        """Answer TIME?."""
        return self._now().strftime("%H,%M,%S")

    def set_date(self, month: int, day: int, year: int) -> None:
        """Change the date and leave the time of day.

        Raises:
            LimitExceeded: There is no such day.
        """
        try:
            wanted = self._now().replace(year=2000 + year, month=month, day=day)
        except ValueError as error:  # the 31st of a short month
            raise LimitExceeded(f"there is no day {month}/{day}/{year:02}; take one of the calendar") from error
        self.offset += wanted - self._now()

    def set_time(self, hour: int, minute: int, second: int) -> None:
        """Change the time of day and leave the date."""
        now = self._now()
        self.offset += now.replace(hour=hour, minute=minute, second=second) - now

    def _now(self) -> datetime:
        return self._clock.utc() + self.offset
