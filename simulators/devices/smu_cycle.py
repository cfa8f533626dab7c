"""One source-delay-measure cycle of a 2400.

Source: 2400 series user's manual, sections 6 (source-delay-measure cycle), 11 (triggering) and appendix A (timing).
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from functools import partial
from typing import cast

from instruments.tables.keithley2400 import LONGEST_LIST, TABLE
from simulators.devices import smu_timing as timing
from simulators.devices.smu_memory import MemoryUnit
from simulators.devices.smu_sense import COMPENSATED, FILTER
from simulators.devices.smu_settings import (
    LEVEL,
    LIMIT,
    OFF_STATE,
    OTHER,
    RANGES,
    SENSE_AUTO,
    SENSE_RANGE,
    TRIGGERED,
    Place,
    holding,
)
from simulators.devices.smu_sweep import Point
from simulators.timeline import Event

_MOST_RANGE_CHANGES = 10

SOURCE = TABLE["TRIG:SOUR"].header
AUTO_OFF = TABLE["SOUR:CLE:AUTO"].header
_AUTO_DELAY = TABLE["SOUR:DEL:AUTO"].header
_ABORT = TABLE["SOUR:SWE:CAB"].header
_HOLD_OFF = TABLE["SENS:CURR:RANG:HOLD"].header
_CHANGES = TABLE["SYST:RCM"].header

_LATEST = 1e-3  # s; ranges that change in the delay follow what was there in this time


class Cycle(MemoryUnit):
    """Sources, waits, measures.

    Attributes:
        pulse: Called with the number of a line of the trigger link when a trigger goes out there.
    """

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        self.pulse: Callable[[int], None] | None = None
        self._event: Event | None = None
        self._points: list[Point] | None = None
        self._point = 0
        self._start = 0.0
        self._pairs: list[tuple[float, float]] = []
        self._with_source: tuple[float, float] | None = None
        self._limited = (False, False)
        self._range_changes = 0
        self._held_range: float | None = None
        self._sourced_at = 0.0
        self._to_soak = False

    # ---- what the trigger model gives

    @abstractmethod
    def halt(self) -> None:
        """Go to idle, whatever is under way."""

    @abstractmethod
    def stage(self, name: str, action: Callable[[], None]) -> None:
        """Go on, once the trigger has come that this stage of the cycle waits for."""

    @abstractmethod
    def cycle_ended(self) -> None:
        """Begin the next cycle, or leave the trigger layer."""

    def at(self, time: float, action: Callable[[], None]) -> None:
        """Do the next thing at a lab time in s."""
        self._event = self.timeline.schedule(time, action)

    def send_trigger(self, layer: str, event: str) -> None:
        """Give a trigger on the layer's output line, where it is to."""
        if self.pulse is not None and event in cast("tuple[str, ...]", self.value(f"{layer}:OUTP")):
            self.pulse(round(self.number(f"{layer}:OLIN")))

    # ---- source and delay

    def begin_cycle(self) -> None:
        """A cycle begins: the source changes, or stays and can be measured at once."""
        self._pairs, self._range_changes = [], 0
        begin = self.timeline.now + self.trigger_delay()
        if self._stays():
            self._convert(begin + timing.STATIC_LATENCY[self.autozero()])
        else:
            self.at(begin + timing.LATENCY, self._source)

    def sweeping(self) -> bool:
        """Whether the source goes through something."""
        return self._points is not None or self._place is not None

    def _stays(self) -> bool:
        """Whether source and output are left alone in a cycle, so that there is no delay."""
        if self.sweeping() or self.settings[AUTO_OFF] or self.settings[SOURCE] != "IMM":
            return False
        source = self.source()
        return not self._driving or self.settings[TRIGGERED[source]] == self.settings[LEVEL[source]]

    def _source(self) -> None:
        """The source's part of a cycle."""
        opened = not self._driving and self.settings[OFF_STATE] == "HIMP"
        if self.settings[AUTO_OFF] and not self._driving:
            self.switch_on()
        if self._place is not None:
            self.take_location()
        elif self._points is not None:
            self.take_point(self._points[self._point % len(self._points)])
            self._point += 1
        elif self._driving:
            self.take_triggered()
        self._sourced_at = self.timeline.now
        self.send_trigger("TRIG", "SOUR")
        settled = timing.CONFIGURATION + (timing.RELAY if opened else 0.0)
        if self._hold_off():
            self.at(self.timeline.now + self.number("SENS:CURR:RANG:HOLD:DEL"), partial(self._end_hold_off, settled))
        else:
            self._await_delay(settled)

    def _await_delay(self, settled: float) -> None:
        self.stage("DEL", lambda: self.at(self.timeline.now + settled + self._delay(), self._delayed))

    def _hold_off(self) -> bool:
        """In a memory sweep, begin on the range of the compliance, where that is larger; return whether it is so."""
        own, full = self.full(SENSE_RANGE["CURR"]), self.full(LIMIT["CURR"])
        larger = RANGES["CURR"][holding(full, RANGES["CURR"])]
        if self._place is None or not self.settings[_HOLD_OFF] or self.source() != "VOLT" or own >= larger:
            return False
        self._held_range = own
        self.settings[SENSE_RANGE["CURR"]] = larger
        self.renew()
        return True

    def _end_hold_off(self, settled: float) -> None:
        self.restore_range()
        self._await_delay(settled)

    def restore_range(self) -> None:
        """After a hold-off, back to the range that is set."""
        if self._held_range is not None:
            self.settings[SENSE_RANGE["CURR"]], self._held_range = self._held_range, None
            self.renew()

    def _delay(self) -> float:
        if not self.settings[_AUTO_DELAY]:
            return self.number("SOUR:DEL")
        full = self.sense_full("CURR")
        return timing.automatic_delay(self.source(), RANGES["CURR"].index(full))

    def _delayed(self) -> None:
        self.send_trigger("TRIG", "DEL")
        if self.sweeping() and self.settings[_ABORT] == "EARL" and self.in_compliance():
            self.halt()
        elif self.settings[_CHANGES] == "MULT":
            self._settle_ranges()
        else:
            self._sense()

    def _sense(self) -> None:
        self.stage("SENS", lambda: self._convert(self.timeline.now))

    # ---- ranges that change in the delay

    def _settle_ranges(self) -> None:
        """Go up with the range before anything is converted; after the first source change, soak, and go down, too."""
        soak = self.number("SOUR:SOAK") if self._to_soak else 0.0
        self._to_soak = False
        if soak:
            self.at(self.timeline.now + soak, partial(self._range_up, down=True))
        else:
            self._range_up(down=False)

    def _range_up(self, *, down: bool) -> None:
        kind, now = OTHER[self.source()], self.timeline.now
        start = max(self._sourced_at, now - _LATEST)
        if start >= now or not self._driving or not self.settings[SENSE_AUTO[kind]] or self.automatic_ohms():
            self._sense()
            return
        look = self._terminals.mean_voltage if kind == "VOLT" else self._terminals.mean_current
        present = RANGES[kind].index(self.full(SENSE_RANGE[kind]))
        wanted = self.wanted_range(kind, abs(look(start, now)), present)
        if wanted > present or (down and wanted < present):
            self.settings[SENSE_RANGE[kind]] = RANGES[kind][wanted]
            self.at(now + timing.RANGE_CHANGE, self._sense)
        else:
            self._sense()

    # ---- measuring

    def _convert(self, start: float) -> None:
        self._start = start
        self.at(start + self.conversion_time(), self._converted)

    def _converted(self) -> None:
        """A conversion is over: perhaps on the wrong range, perhaps one of several."""
        self._event = None
        pair = self.convert(self._start)
        if self._range_changes < _MOST_RANGE_CHANGES and self._with_source is None and self.autorange(*pair):
            self._range_changes += 1
            self._convert(self.timeline.now + timing.RANGE_CHANGE)
            return
        if self.settings[FILTER]:
            if self.value("SENS:AVER:TCON") == "MOV":
                pair = self.moved(pair)
            else:
                self._pairs.append(pair)
                if len(self._pairs) < self.number("SENS:AVER:COUN"):
                    self._convert(self.timeline.now)
                    return
                pair = self.averaged(self._pairs)
        if self.settings[COMPENSATED] and "RES" in self.functions() and self._with_source is None and self._driving:
            self._turn_to_zero(pair)
        else:
            self._complete(pair)

    def _turn_to_zero(self, pair: tuple[float, float]) -> None:
        """Offset compensation measures a second time with the source at zero."""
        self._with_source, self._pairs = pair, []
        self._limited = self.in_compliance(), self.limit()[1]
        self.drive(0.0)
        self._convert(self.timeline.now + timing.CONFIGURATION + self._delay())

    def restore_level(self) -> None:
        """After the zero of offset compensation, back to the level that is set."""
        self._with_source = None
        if self._points is not None and self._point:
            self.take_point(self._points[(self._point - 1) % len(self._points)])
        elif self._driving:
            self.drive(self.full(LEVEL[self.source()]))

    def _complete(self, pair: tuple[float, float]) -> None:
        """A reading is there."""
        zero = None
        if self._with_source is None:
            self._limited = self.in_compliance(), self.limit()[1]
        else:
            pair, zero = self._with_source, pair
            self.restore_level()
        reading = self.processed(self.elements(pair, zero), *self._limited)
        self._readings.append(reading)
        self.store_reading(reading)
        self.next_location()
        self.send_trigger("TRIG", "SENS")
        if self.settings[AUTO_OFF] and self.value("SOUR:CLE:AUTO:MODE") == "ALW":
            self.switch_off()
        if len(self._readings) > LONGEST_LIST:  # of a run without end only the last ones are kept
            del self._readings[0]
        if self.sweeping() and self._limited[0] and self.settings[_ABORT] != "NEV":
            self.halt()
        else:
            self.cycle_ended()
