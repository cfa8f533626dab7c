"""Asking a 2182A for readings: READ?, FETCh?, the latest and the next one.

Source: 2182A user's manual, section 12 (signal-oriented commands) and 14 (SENSe:DATA?).
"""

from __future__ import annotations

import math
from abc import abstractmethod
from functools import partial

from instruments.scpi import ScpiError
from simulators.devices.nanovolt_trigger import (
    CONTINUOUS,
    DATA_STALE,
    INIT_IGNORED,
    OUT_OF_MEMORY,
    SAMPLES,
    TRIGGER_DEADLOCK,
    TRIGGER_SOURCE,
    Reading,
    TriggerModel,
)
from simulators.exchange import query
from simulators.program_message import Later, Outcome


class Readings(TriggerModel):
    """Who may have which reading, and when."""

    @abstractmethod
    def formatted(self, readings: list[Reading], processed: bool) -> str:
        """Print readings, after relative and (if `processed`) after math."""

    @abstractmethod
    def buffer_in_use(self) -> bool:
        """Whether the buffer holds readings."""

    @query("READ")
    def ask_read(self) -> Outcome:
        """ABORt, INITiate, FETCh?."""
        if self.settings[TRIGGER_SOURCE] in {"BUS", "EXT"}:
            raise ScpiError(TRIGGER_DEADLOCK, "no trigger can come while READ? waits for one")
        if self.settings[SAMPLES] != 1 and self.buffer_in_use():
            raise ScpiError(OUT_OF_MEMORY, "the buffer holds readings")
        if bool(self.settings[CONTINUOUS]):
            self.status.report(INIT_IGNORED)
            return self._next_reading(processed=True)
        self.halt()
        self.start()
        self._wants_reading = True
        if math.isinf(self._left) or self.settings[TRIGGER_SOURCE] == "MAN":
            return Later(math.inf, self._read)
        return Later(None, self._read)

    def _read(self) -> str:
        self._wants_reading = False
        self._fresh = False
        if not self._fetchable:
            raise ScpiError(DATA_STALE, "no reading came")
        return self.formatted(self._fetchable, processed=True)

    @query("FETC")
    def _ask_fetch(self) -> str:
        self.catch_reading()
        if not self._fetchable:
            raise ScpiError(DATA_STALE, "no valid reading")
        return self.formatted(self._fetchable, processed=True)

    @query("SENS:DATA")
    def _ask_latest(self) -> str:
        return self._latest_text(processed=False)

    @query("CALC:DATA")
    def _ask_latest_result(self) -> str:
        return self._latest_text(processed=True)

    def _latest_text(self, processed: bool) -> str:
        self.catch_reading()
        if self._latest is None:
            raise ScpiError(DATA_STALE, "no reading yet")
        return self.formatted([self._latest], processed)

    @query("SENS:DATA:FRES")
    def _ask_fresh(self) -> Outcome:
        return self._fresh_text(processed=False)

    @query("CALC:DATA:FRES")
    def _ask_fresh_result(self) -> Outcome:
        return self._fresh_text(processed=True)

    def _fresh_text(self, processed: bool) -> Outcome:
        """A reading that nobody had yet; none is triggered, so the wait may be for ever."""
        self.catch_reading()
        if self._fresh and self._latest is not None:
            self._fresh = False
            return self.formatted([self._latest], processed)
        return self._next_reading(processed)

    def _next_reading(self, processed: bool) -> Outcome:
        self.catch_reading()
        self._fresh = False
        time = self.next_reading_at()
        return Later(time, partial(self._when_due, processed))

    def _when_due(self, processed: bool) -> Outcome:
        """The moment has come; a conversion may still have to be repeated."""
        self.catch_reading()
        if self._fresh and self._latest is not None:
            self._fresh = False
            return self.formatted([self._latest], processed)
        return Later(self.next_reading_at(), partial(self._when_due, processed))
