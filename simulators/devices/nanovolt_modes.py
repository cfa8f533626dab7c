"""Readings of a 2182A that are made of more than one: ratio, Delta, reading hold, and scans of several channels.

Sources: 2182A user's manual, sections 5 (ratio and Delta), 9 (stepping and scanning), 12 (format) and 15 (hold). What
hold counts is taken from the manual of the Model 2010, which has the same commands.
"""

from __future__ import annotations

import re
from abc import abstractmethod
from typing import ClassVar

from instruments.scpi import DATA_OUT_OF_RANGE, DATA_TYPE_ERROR, SETTINGS_CONFLICT, ScpiError
from instruments.tables.keithley2182a import TABLE
from simulators.devices.nanovolt_processing import OVERFLOW
from simulators.devices.nanovolt_setup import Planning
from simulators.devices.nanovolt_trigger import MEASURING, Reading
from simulators.exchange import command

LARGEST_EXTERNAL_CHANNEL = 800
"""Up to 800 channels of an external switch can be scanned (manual, section 9)."""

HOLD_ON = TABLE["SENS:HOLD:STAT"].header
SCAN = TABLE["ROUT:SCAN:LSEL"].header
_DELTA = TABLE["SENS:VOLT:DELT"].header
_LIST = re.compile(r"\(@\s*\d+(?:\s*:\s*\d+)?(?:\s*,\s*\d+(?:\s*:\s*\d+)?)*\s*\)")
_LONGEST_NUMBER = 6


class Modes(Planning):
    """What is made of several conversions, and which channel comes next.

    Attributes:
        scan_stores: Whether a scan stores its readings in the buffer by itself under remote control, as it does from
            the front panel (assumed not: programs in use read it with FETCh?).
    """

    scan_stores: ClassVar[bool] = False

    _scan_at = 0
    _seed: float | None = None
    _alike = 0

    # ---- scanning

    def scanned_channel(self) -> int | None:
        """Return the meter's own channel that a scan is at, None while nothing is scanned.

        A scan of the meter's two channels takes channel 2 once and then channel 1 as often as ROUTe:SCAN:INTernal:
        CCOunt says (manual, section 9). An external one is measured on channel 1.
        """
        kind = self.settings[SCAN]
        if kind == "NONE":
            return None
        if kind == "EXT":
            return 1
        sequence = self._internal_sequence()
        return sequence[self._scan_at % len(sequence)]

    def _internal_sequence(self) -> list[int]:
        chosen = scan_list(str(self.value("ROUT:SCAN")), 2)
        first = [1] * round(self.number("ROUT:SCAN:INT:CCO")) if 1 in chosen else []
        return ([2] if 2 in chosen else []) + first

    def _labelled(self, reading: Reading) -> Reading:
        """A reading of an external scan belongs to a channel of the switch."""
        channels = scan_list(str(self.value("ROUT:SCAN:EXT")), LARGEST_EXTERNAL_CHANNEL)
        return reading._replace(channel=channels[self._scan_at % len(channels)], external=True)

    def start(self) -> None:
        """Leave idle; a scan begins with its first channel."""
        if self._scan_at:
            self._scan_at, self._plan = 0, ()
        super().start()

    def keep(self, reading: Reading) -> None:
        """Deal with a new reading; a scan goes on to its next channel."""
        super().keep(reading)
        if self.settings[SCAN] != "NONE":
            self._scan_at, self._plan = self._scan_at + 1, ()
            self.another_channel()

    @abstractmethod
    def another_channel(self) -> None:
        """The next reading is one of another channel of a scan."""

    def storing(self) -> bool:
        """Whether readings go into the buffer."""
        return super().storing() or (self.scan_stores and self.settings[SCAN] != "NONE")

    def may_skip(self) -> bool:
        """No reading of a scan may be skipped, and how long a held one takes is not known beforehand."""
        return super().may_skip() and self.settings[SCAN] == "NONE" and not self.settings[HOLD_ON]

    @command("ROUT:SCAN:LSEL")
    def _select_list(self, kind: str) -> None:
        """A ratio or a Delta needs channels of its own (that they are refused then is assumed)."""
        if kind != "NONE" and (self.flag("SENS:VOLT:RAT") or self.flag("SENS:VOLT:DELT")):
            raise ScpiError(SETTINGS_CONFLICT, "ratio and Delta are not scanned")
        self._scan_at = 0
        self.store(SCAN, kind)

    @command("ROUT:SCAN")
    def _set_internal_list(self, text: str) -> None:
        scan_list(text, 2)
        self._scan_at = 0
        self.store(self.key("ROUT:SCAN"), text)

    @command("ROUT:SCAN:EXT")
    def _set_external_list(self, text: str) -> None:
        scan_list(text, LARGEST_EXTERNAL_CHANNEL)
        self._scan_at = 0
        self.store(self.key("ROUT:SCAN:EXT"), text)

    # ---- ratio and Delta

    @command("SENS:VOLT:RAT")
    def _set_ratio(self, on: bool) -> None:
        self._set_mode("SENS:VOLT:RAT", "SENS:VOLT:DELT", on)

    @command("SENS:VOLT:DELT")
    def _set_delta(self, on: bool) -> None:
        """The repeating filter gives way to the moving one (manual, section 5)."""
        self._set_mode("SENS:VOLT:DELT", "SENS:VOLT:RAT", on)
        if on:
            self.set_value("SENS:VOLT:CHAN1:DFIL:TCON", "MOV")

    def _set_mode(self, header: str, other: str, on: bool) -> None:
        """Switch one on, and the other off; neither is there for temperatures (manual, section 5)."""
        if on:
            if self.value("SENS:FUNC") != "VOLT:DC" or round(self.number("SENS:CHAN")) == 0:
                raise ScpiError(SETTINGS_CONFLICT, "only voltages have a ratio or a Delta")
            if self.settings[SCAN] != "NONE":
                raise ScpiError(SETTINGS_CONFLICT, "ratio and Delta are not scanned")
            self.set_value(other, False)
        self.store(self.key(header), on)

    @command("SENS:FUNC")
    def _set_function(self, function: str) -> None:
        if function == "TEMP":
            self._leave_modes()
        self.store(self.key("SENS:FUNC"), function)

    @command("SENS:CHAN")
    def _set_channel(self, channel: int) -> None:
        """While ratio or Delta is on, 1 and 2 only select whose range the panel's keys change."""
        if channel == 0:
            self._leave_modes()
        self.store(self.key("SENS:CHAN"), channel)

    def _leave_modes(self) -> None:
        self.set_value("SENS:VOLT:RAT", False)
        self.set_value("SENS:VOLT:DELT", False)

    @command("SENS:VOLT:CHAN1:DFIL:TCON")
    def _set_filter_control(self, control: str) -> None:
        if control == "REP" and self.settings[_DELTA]:
            raise ScpiError(SETTINGS_CONFLICT, "Delta has no repeating filter")
        self.store(self.key("SENS:VOLT:CHAN1:DFIL:TCON"), control)

    def external_trigger(self) -> None:
        """A pulse on line 2; the one that comes back from the source in the middle of a Delta is ignored (5-14)."""
        if not (self.settings[_DELTA] and self.status.operation.condition & MEASURING):
            super().external_trigger()

    def _combined(self, values: list[float]) -> Reading:
        """Make a reading of the two voltages of a ratio, V1/V2, or of a Delta, (V1t1 - V1t2)/2."""
        first, second = values
        ratio = self._mode == "ratio"
        if OVERFLOW in values or (ratio and second == 0.0):
            return Reading(OVERFLOW, 1, temperature=False, ratio=ratio)
        return Reading(first / second if ratio else (first - second) / 2.0, 1, temperature=False, ratio=ratio)

    # ---- reading hold

    def _after_hold(self, reading: Reading) -> Reading | None:
        """Release a reading when as many as are counted have stayed near the first of them, the seed.

        A reading outside the window (a part of the seed) is the new seed; an overflow is none.
        """
        value = reading.value
        window = self.number("SENS:HOLD:WIND") / 100.0
        if self._seed is None or value == OVERFLOW or abs(value - self._seed) > window * abs(self._seed):
            self._seed, self._alike = (None if value == OVERFLOW else value), 0
            return None
        self._alike += 1
        if self._alike < self.number("SENS:HOLD:COUN"):
            return None
        self._seed = None
        return reading

    def restored(self) -> None:
        """Take a recalled set-up into use."""
        self._scan_at = 0
        super().restored()


def scan_list(text: str, highest: int) -> list[int]:
    """Read a scan list, `(@1,2)` or `(@1:10)`.

    Raises:
        ScpiError: It is none (-104), or a channel is not there (-222).
    """
    if not _LIST.fullmatch(text):
        raise ScpiError(DATA_TYPE_ERROR, f"{text!r} is no list of channels")
    channels: list[int] = []
    for part in text.strip("(@) ").split(","):
        ends = [number.strip() for number in part.split(":")]
        if any(len(number) > _LONGEST_NUMBER or not 1 <= int(number) <= highest for number in ends):
            raise ScpiError(DATA_OUT_OF_RANGE, f"channels go from 1 to {highest}: {text}")
        channels.extend(range(int(ends[0]), int(ends[-1]) + 1))
    if not 0 < len(channels) <= highest:
        raise ScpiError(DATA_OUT_OF_RANGE, f"from 1 to {highest} channels: {text}")
    return channels
