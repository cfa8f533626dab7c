"""When a 2182A takes readings, and what READ?, FETCh? and their like have to do with it.

Two ways to run. Single readings are events on the timeline: one for each conversion. A meter that triggers itself
without end (INITiate:CONTinuous, or an infinite count) and stores nothing would fill eight hours with events, so there
the reading that is asked for is found in closed form, by counting periods.

Source: 2182A user's manual, sections 7 (triggering) and 12 (signal-oriented commands).
"""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from instruments.scpi import ScpiError
from instruments.tables.keithley2182a import TABLE
from simulators.exchange import TRIGGER_IGNORED, ScpiDevice, command
from simulators.program_message import Outcome
from simulators.timeline import Event, Timeline

INIT_IGNORED = -213
TRIGGER_DEADLOCK = -214
OUT_OF_MEMORY = -225
DATA_STALE = -230

MEASURING = 0x10
WAITING = 0x20
IDLE = 0x400
_STATES = MEASURING | WAITING | IDLE
READING_AVAILABLE = 0x20

RESOLUTION = 1e-9
"""Times in s that differ by less than this are the same moment: lab times of days leave no finer ones."""


# Settings that every conversion looks at, by the name under which they are kept.
TRIGGER_SOURCE = TABLE["TRIG:SOUR"].header
CONTINUOUS = TABLE["INIT:CONT"].header
SAMPLES = TABLE["SAMP:COUN"].header
_COUNT = TABLE["TRIG:COUN"].header


VOLTMETER_COMPLETE = 1
EXTERNAL_TRIGGER = 2
"""Lines of the Trigger Link connector."""


class Reading(NamedTuple):
    """One reading.

    Attributes:
        value: V or degrees, a number for a ratio; `OVERFLOW` where the input is beyond the range.
        channel: 0, 1 or 2; of an external scan the channel of the switch.
        temperature: Whether it is a temperature.
        ratio: Whether it is a ratio of two voltages.
        external: Whether `channel` is one of an external switch.
    """

    value: float
    channel: int
    temperature: bool
    ratio: bool = False
    external: bool = False


class TriggerModel(ScpiDevice):
    """Idle, waiting for a trigger, measuring; the readings that came of it.

    Attributes:
        trigger_out: What it calls with the number of a line of its Trigger Link connector to pulse that line; None
            while nothing is plugged in.
    """

    def __init__(self, timeline: Timeline) -> None:
        super().__init__(timeline)
        self.trigger_out: Callable[[int], None] | None = None
        self._event: Event | None = None
        self._free_since: float | None = None
        self._free_index = -1
        self._fresh_index = -1
        self._left = 0.0
        self._samples_left = 0
        self._samples: list[Reading] = []
        self._latest: Reading | None = None
        self._fetchable: list[Reading] = []
        self._fresh = False
        self._wants_reading = False
        self._last_trigger = -math.inf
        self._initiated = False
        self._indicate = self.status.operation.renew
        self.status.operation.condition = IDLE

    # ---- what the meter gives

    @abstractmethod
    def begin_conversion(self, trigger: float | None) -> float:
        """Begin a conversion; `trigger` is the moment it was triggered, None for one that follows another.

        Returns the lab time in s at which it ends.
        """

    @abstractmethod
    def end_conversion(self) -> Reading | float | None:
        """Return the reading that the conversion completes, None if it takes another, or when to begin that (s)."""

    @abstractmethod
    def free_period(self) -> float:
        """Return the time in s from one self-triggered reading to the next."""

    @abstractmethod
    def free_reading(self, since: float, period: float, index: int) -> Reading:
        """Return the reading number `index` of a meter that has triggered itself since a lab time."""

    @abstractmethod
    def keep(self, reading: Reading) -> None:
        """Deal with a new reading: buffer, limits, overflow."""

    @abstractmethod
    def storing(self) -> bool:
        """Whether readings go into the buffer, so that none may be skipped."""

    # ---- states

    def start(self) -> None:
        """Leave idle."""
        self._initiated = True
        self.begin_operation()
        self._begin_sequence()

    def halt(self) -> None:
        """Go to idle, whatever is under way."""
        if self._event is not None:
            self._event.cancel()
            self._event = None
        self._free_since = None
        self._samples = []
        self._indicate(IDLE, _STATES)
        if self._initiated:
            self._initiated = False
            self.end_operation()

    def restart(self, invalid: bool) -> None:
        """A setting of the measurement has changed: what is under way begins anew.

        `invalid` says whether readings so far do not count any more: FETCh? then answers -230.
        """
        if invalid:
            self._fetchable = []
        if self._free_since is not None or self._event is not None:
            if self._event is not None:
                self._event.cancel()
                self._event = None
            self._samples, self._samples_left = [], self._sample_count()
            self._trigger_now()

    def reconsider(self) -> None:
        """The buffer began or ceased to store: whether readings may be skipped has changed."""
        if self._free_since is not None and self.storing():
            self._trigger_now()

    def _sample_count(self) -> int:
        count = self.settings[SAMPLES]
        assert isinstance(count, int)
        return count

    def _begin_sequence(self) -> None:
        count = self.settings[_COUNT]
        self._left = count if isinstance(count, int) else math.inf
        self._await_trigger()

    def _await_trigger(self) -> None:
        """At the control source: go on at once, at the timer's beat, or wait."""
        self._samples, self._samples_left = [], self._sample_count()
        source = self.settings[TRIGGER_SOURCE]
        if source == "IMM":
            self._trigger_now()
        elif source == "TIM" and not self._endless():
            beat = max(self.timeline.now, self._last_trigger + self.number("TRIG:TIM"))
            self._indicate(WAITING, _STATES)
            self._event = self.timeline.schedule(beat, self._trigger_now)
        elif source == "TIM":
            self._trigger_now()
        else:
            self._free_since = None
            self._indicate(WAITING, _STATES)

    def _endless(self) -> bool:
        """Whether the meter triggers itself without end and may skip readings that nobody asks for."""
        endless = self._left == math.inf or self.settings[CONTINUOUS]
        return bool(endless) and self.settings[TRIGGER_SOURCE] in {"IMM", "TIM"} and self.may_skip()

    def may_skip(self) -> bool:
        """Whether nobody misses a reading that was not asked for."""
        return not self.storing()

    def _trigger_now(self) -> None:
        self._indicate(MEASURING, _STATES)
        self._last_trigger = now = self.timeline.now
        if self._endless():
            self._event = None
            self._free_since = now
            self._free_index = self._fresh_index = -1
        else:
            self._free_since = None
            self._event = self.timeline.schedule(self.begin_conversion(now), self._converted)

    def _convert(self, trigger: float | None) -> None:
        self._event = self.timeline.schedule(self.begin_conversion(trigger), self._converted)

    def _converted(self) -> None:
        self._event = None
        outcome = self.end_conversion()
        if isinstance(outcome, Reading):
            self._complete(outcome)
            self.voltmeter_complete()
        elif outcome is None:
            self._convert(None)
        else:
            self._event = self.timeline.schedule(outcome, partial(self._convert, None))

    def _complete(self, reading: Reading) -> None:
        """A reading is there: sample counter, trigger counter, and so on."""
        self._latest, self._fresh = reading, True
        self._samples.append(reading)
        self._fetchable = list(self._samples)
        self.status.measurement.renew(READING_AVAILABLE)
        self.keep(reading)
        self._samples_left -= 1
        if self._samples_left > 0:
            self._convert(self.timeline.now)
            return
        self._left -= 1
        if self._left > 0:
            self._await_trigger()
        elif bool(self.settings[CONTINUOUS]):
            self._begin_sequence()
        else:
            self.halt()

    def triggered(self) -> Outcome:
        """Carry out *TRG or a group execute trigger."""
        self._external("BUS")

    def voltmeter_complete(self) -> None:
        """Pulse line 1 of the Trigger Link: a measurement is done, and the meter is ready for the next trigger."""
        if self.trigger_out is not None:
            self.trigger_out(VOLTMETER_COMPLETE)

    def trigger_in(self, line: int) -> None:
        """Notice a pulse on a line of the Trigger Link."""
        if line == EXTERNAL_TRIGGER:
            self.external_trigger()

    def external_trigger(self) -> None:
        """A pulse on line 2 of the trigger link."""
        try:
            self._external("EXT")
        except ScpiError as error:
            self.status.report(error.code)
        else:
            self.look_again()

    def waits_for_trigger(self) -> bool:
        """Whether it waits at its control source for something from outside."""
        return self._initiated and self._event is None and self._free_since is None

    def _external(self, source: str) -> None:
        if not self.waits_for_trigger() or self.settings[TRIGGER_SOURCE] != source:
            raise ScpiError(TRIGGER_IGNORED, "nothing waits for this trigger")
        self._trigger_now()

    def operations_end(self) -> float | None:
        """Return when the conversion under way ends; None while nothing is under way or nothing will end."""
        return None if self._event is None else self._event.time

    def abandon(self) -> None:
        """A READ? was cleared away: back to idle."""
        if self._wants_reading:
            self._wants_reading = False
            self.halt()

    # ---- readings in closed form

    def catch_reading(self) -> None:
        """Bring the latest reading of a meter that triggers itself up to date."""
        since = self._free_since
        if since is None:
            return
        period = self.free_period()
        index = math.floor((self.timeline.now - since + RESOLUTION) / period) - 1
        if index > self._free_index:
            self._free_index = index
            self._latest = self.free_reading(since, period, index)
            self.status.measurement.set(READING_AVAILABLE)  # the next one may take longer, on another range
            self._fetchable = [self._latest]
            self._fresh = True
            self.keep(self._latest)

    def next_reading_at(self) -> float:
        """Return when the next reading ends (lab time in s), inf if none is under way."""
        since = self._free_since
        if since is not None:
            period = self.free_period()
            done = math.floor((self.timeline.now - since + RESOLUTION) / period)
            return since + (done + 1) * period
        return math.inf if self._event is None else self._event.time

    def refresh(self) -> None:
        """A meter that triggers itself has readings without anybody asking."""
        since = self._free_since
        if since is not None and self.timeline.now - since + RESOLUTION >= self.free_period():
            self.status.measurement.set(READING_AVAILABLE)

    # ---- commands

    @command("INIT")
    def _initiate(self) -> None:
        if self._initiated:
            raise ScpiError(INIT_IGNORED, "not idle")
        self.start()

    @command("INIT:CONT")
    def _set_continuous(self, on: bool) -> None:
        """Off ends after the readings that are under way; those of a meter that triggers itself end at once."""
        self.set_value("INIT:CONT", on)
        if on and not self._initiated:
            self.start()
        elif not on and self._initiated and self._free_since is not None and math.isfinite(self._left):
            self.halt()

    @command("ABOR")
    def _abort(self) -> None:
        self.halt()
        if bool(self.settings[CONTINUOUS]):
            self.start()

    @command("TRIG:SIGN")
    def _signal(self) -> None:
        if not self.waits_for_trigger():
            raise ScpiError(TRIGGER_IGNORED, "nothing waits for a trigger")
        self._trigger_now()

    @command("TRIG:SOUR")
    def _set_source(self, source: str) -> None:
        self._retrigger("TRIG:SOUR", source)

    @command("TRIG:COUN")
    def _set_count(self, count: float | str) -> None:
        self._retrigger("TRIG:COUN", count)

    @command("SAMP:COUN")
    def _set_samples(self, count: int) -> None:
        self._retrigger("SAMP:COUN", count)

    @command("TRIG:TIM")
    def _set_timer(self, seconds: float) -> None:
        self._retrigger("TRIG:TIM", seconds)

    def _retrigger(self, header: str, value: float | str) -> None:
        """A setting of the trigger model; what runs begins anew with it."""
        self.set_value(header, value)
        if self._initiated:
            if self._event is not None:
                self._event.cancel()
                self._event = None
            self._begin_sequence()
