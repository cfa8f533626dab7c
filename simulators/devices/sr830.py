"""The simulated SR830 lock-in amplifier, as its clients see it.

What is simulated: the command set but for data storage, both inputs with overloads, the reference with its locking,
harmonics, time constants and slopes with their true answer to a step, the synchronous filter, offsets, and the noise
of the input amplifier and of what it looks into. Left out: the line notches (kept, and without effect), noise and
ratios on the displays, 1/f noise, gain and phase errors, auxiliary inputs (they hang open), the sine output, which is
cabled to nothing, the least time constant at a high reserve, and the time that the automatic functions take.

Source: SR830 manual, chapters 1, 3 and 5.
"""

from __future__ import annotations

import cmath
import math
from collections import deque
from collections.abc import Callable

import numpy as np

from instruments import scpi
from instruments.tables.sr830 import (
    HIGHEST_FREQUENCY,
    LONGEST_QUEUE,
    PER_CHANNEL,
    SENSITIVITIES,
    TABLE,
    TIME_CONSTANTS,
    parse_unit,
    read_arguments,
    read_query,
    split_message,
)
from instruments.tables.table import Row
from simulators.device import Device
from simulators.devices.lockin_demodulator import UNLOCKED, Demodulator, Detection
from simulators.devices.lockin_status import (
    COMMAND_ERROR,
    EXECUTION_ERROR,
    INPUT_OVERFLOW,
    QUERY_OVERFLOW,
    RANGE_CHANGED,
    TIME_CONSTANT_CHANGED,
    StatusBytes,
)
from simulators.terminals import LockinTerminals
from simulators.timeline import Timeline

OUTPUT_QUEUE = 32
"""Replies that wait to be fetched; one too many empties the queue (assumed: the manual counts characters)."""

UPPER_RANGE = (199.21, 203.12)
"""Hz that is detected, below which the upper frequency range ends and above which it begins."""

LONGEST_UPPER = TIME_CONSTANTS.index(30.0)
"""Code of the longest time constant in the upper frequency range."""

RESERVES = (
    tuple(float(reserve) for reserve in (
        174, 166, 160, 154, 146, 140, 134, 126, 120, 114, 106, 100, 94, 86, 80, 74, 66, 60, 54, 46, 40, 34, 26, 20, 14,
        6, 0,
    )),
    tuple(float(reserve) for reserve in (
        154, 146, 140, 134, 126, 120, 114, 106, 100, 94, 86, 80, 74, 66, 60, 54, 46, 40, 34, 26, 20, 24, 16, 10, 14, 6,
        0,
    )),
    tuple(float(reserve) for reserve in (
        124, 116, 110, 104, 96, 90, 84, 76, 70, 64, 56, 50, 44, 36, 30, 24, 16, 10, 4, 6, 0, 4, 6, 0, 4, 6, 0,
    )),
)  # fmt: skip
"""dB above full scale that the input takes, by the codes of `RMOD` and `SENS` (unsure: page 4-8 could not be read)."""

STABLE = 4.0
"""How many times its noise a signal is, at least, for which a phase can be found (assumed)."""

Setting = tuple[float, ...]


class Sr830(Device):
    """An SR830 on the bench.

    Args:
        timeline: The lab's time.
        terminals: What its inputs are connected to.
        noise: Source of its fluctuations; None for silence.
        latency: Time in s from a query to its reply (assumed). Values are those of the moment of the query.
        serial: Serial number.
        firmware: As in the answer to `*IDN?`.

    Attributes:
        demodulator: Its signal channel.
    """

    def __init__(
        self,
        timeline: Timeline,
        terminals: LockinTerminals,
        noise: np.random.Generator | None,
        *,
        latency: float = 2e-3,
        serial: str = "48213",
        firmware: str = "1.07",
    ) -> None:
        super().__init__(timeline)
        self._latency = latency
        self._identity = f"Stanford_Research_Systems,SR830,s/n{serial},ver{firmware}"
        self.demodulator = Demodulator(timeline, terminals, noise)
        self._memories: dict[int, dict[tuple[str, int], Setting]] = {}
        self._input = b""
        self._overrun = False
        self._replies: deque[tuple[float, bytes]] = deque()
        self.status = StatusBytes()
        self._upper = False
        self._settings: dict[tuple[str, int], Setting] = {}
        self._bind()
        self._reset()

    def _bind(self) -> None:
        self._setters: dict[str, Callable[..., None]] = {
            "PHAS": self._set_phase,
            "FREQ": self._set_frequency,
            "HARM": self._set_harmonic,
            "SLVL": lambda level: self._store("SLVL", round(level / 0.002) * 0.002),
            "OFLT": self._set_time_constant,
            "AOFF": self._offset,
            "AGAN": self._choose_sensitivity,
            "ARSV": self._choose_reserve,
            "APHS": self._find_phase,
            "SSET": self._keep_settings,
            "RSET": self._take_settings,
            "*RST": self._reset,
            "*CLS": self._clear_status,
        }
        self._queries: dict[str, Callable[..., str]] = {
            "*IDN": lambda: self._identity,
            "FREQ": lambda: f"{self.demodulator.frequency():.6g}",
            "OAUX": lambda _number: "0",
            "OUTP": self._snap,
            "OUTR": lambda number: self._snap(number + 9),
            "SNAP": self._snap,
            "*STB": self._status_byte,
            "*ESR": lambda bit=None: str(self.status.take("events", _bit(bit))),
            "ERRS": lambda bit=None: str(self.status.take("errors", _bit(bit))),
            "LIAS": self._lockin_status,
        }

    # ---- the connector

    def write(self, data: bytes) -> None:
        """Receive bytes; a message ends with a line feed, or a carriage return (assumed: as on RS-232)."""
        pieces = (self._input + data).replace(b"\r", b"\n").split(b"\n")
        self._input = pieces.pop()
        for piece in pieces:
            if self._overrun or len(piece) > LONGEST_QUEUE:
                self._overrun = False
                self.status.events |= INPUT_OVERFLOW
            else:
                self._carry_out(piece.decode("latin-1"))
        if len(self._input) > LONGEST_QUEUE:
            self._input, self._overrun = b"", True

    def read(self) -> bytes:
        """Hand over the oldest reply, if it is ready."""
        if self._replies and self._replies[0][0] <= self.timeline.now:
            return self._replies.popleft()[1]
        return b""

    def ready_at(self) -> float | None:
        """Return when the oldest reply is ready (lab s)."""
        return max(self._replies[0][0], self.timeline.now) if self._replies else None

    def hurry(self) -> None:
        """Have all replies here now."""
        self._replies = deque((min(time, self.timeline.now), reply) for time, reply in self._replies)

    def clear(self) -> None:
        """Forget the unfinished message and all replies."""
        self._input, self._overrun = b"", False
        self._replies.clear()

    def status_byte(self) -> int:
        """Answer a serial poll."""
        self._look()
        return self.status.polled(bool(self._replies))

    def service_requested(self) -> bool:
        """Whether it requests service; overloads show once they have been asked for, or have lasted for a piece."""
        return self.status.requests(bool(self._replies))

    def power_cycle(self) -> None:
        """Switch off and on: settings are kept, what the filter held is gone."""
        self.clear()
        enabled = self.status.enabled
        self.status = StatusBytes()
        if not self._value("*PSC"):
            self.status.enabled = enabled
        self.demodulator.reset()

    # ---- understanding

    def _carry_out(self, message: str) -> None:
        for text in split_message(message):
            try:
                self._understand(text)
            except scpi.ScpiError as error:
                execution = error.code in {scpi.DATA_OUT_OF_RANGE, scpi.SETTINGS_CONFLICT}
                self.status.events |= EXECUTION_ERROR if execution else COMMAND_ERROR

    def _understand(self, text: str) -> None:
        unit = parse_unit(text)
        row, _ = TABLE.find((), unit.header)
        if unit.query:
            if not row.query:
                raise scpi.ScpiError(scpi.UNDEFINED_HEADER, f"{row.header} cannot be asked")
            values = read_query(row, unit.arguments)
            ask = self._queries.get(row.header)
            self._answer(self._printed(row, values) if ask is None else ask(*values))
            return
        if not row.command:
            raise scpi.ScpiError(scpi.UNDEFINED_HEADER, f"{row.header} can only be asked")
        values = read_arguments(row, unit.arguments)
        setter = self._setters.get(row.header)
        if setter is not None:
            setter(*values)
        elif row.header in self.status.enabled:
            self.status.enabled[row.header] = int(values[0])
        elif row.header in PER_CHANNEL:
            self._settings[row.header, int(values[0])] = values[1:]
            self._use()
        else:
            self._store(row.header, *values)

    def _answer(self, text: str) -> None:
        if len(self._replies) >= OUTPUT_QUEUE:
            self._replies.clear()
            self.status.events |= QUERY_OVERFLOW
        self._replies.append((self.timeline.now + self._latency, f"{text}\n".encode("ascii")))

    def _printed(self, row: Row, values: tuple[float, ...]) -> str:
        if row.header in self.status.enabled:
            return str(self.status.enabled[row.header])
        channel = int(values[0]) if row.header in PER_CHANNEL else 0
        return row.reply % self._settings[row.header, channel]

    # ---- settings

    def _value(self, header: str) -> float:
        return self._settings[header, 0][0]

    def _code(self, header: str) -> int:
        return int(self._value(header))

    def _store(self, header: str, *values: float) -> None:
        self._settings[header, 0] = values
        self._use()

    def _reset(self) -> None:
        """Standard settings; status bytes, what they enable and the set-up memories stay (assumed)."""
        before = self._settings.get(("*PSC", 0), (1.0,))
        for row in TABLE:
            if row.reset is None:
                continue
            values = row.reset if isinstance(row.reset, tuple) else (row.reset,)
            numbers = tuple(float(value) for value in values if isinstance(value, int | float))
            channels = row.parameters[0].values if row.header in PER_CHANNEL else (0.0,)
            for channel in channels:
                self._settings[row.header, int(channel)] = numbers
        self._settings["*PSC", 0] = before
        self._upper = False
        self._use()

    def _use(self) -> None:
        """Hand the settings over to the signal channel, once those that depend on others fit."""
        self._look_at_range()
        sensitivity, reserve = self._code("SENS"), self._code("RMOD")
        full_scale = SENSITIVITIES[sensitivity]
        self.demodulator.set(
            Detection(
                external=not self._code("FMOD"),
                edges=self._code("RSLP") > 0,
                frequency=self._value("FREQ"),
                phase=self._value("PHAS"),
                harmonic=self._code("HARM"),
                tau=TIME_CONSTANTS[self._code("OFLT")],
                poles=self._code("OFSL") + 1,
                synchronous=bool(self._code("SYNC")),
                direct=bool(self._code("ICPL")),
                single=self._code("ISRC") == 0,
                connected=self._code("ISRC") < 2,
                full_scale=full_scale,
                reserve=10.0 ** (RESERVES[reserve][sensitivity] / 20.0),
                offsets=complex(self._offset_of(1), self._offset_of(2)),
            )
        )

    def _look_at_range(self) -> None:
        """Above some 200 Hz no time constant is longer than 30 s."""
        detected = self._value("HARM") * self._reference()
        upper = detected > UPPER_RANGE[1 if not self._upper else 0]
        if upper != self._upper:
            self._upper = upper
            self.status.lockin |= RANGE_CHANGED
        if upper and self._code("OFLT") > LONGEST_UPPER:
            self._settings["OFLT", 0] = (float(LONGEST_UPPER),)
            self.status.lockin |= TIME_CONSTANT_CHANGED

    def _reference(self) -> float:
        return self.demodulator.frequency() if not self._code("FMOD") else self._value("FREQ")

    def _set_phase(self, phase: float) -> None:
        self._store("PHAS", _wrapped(round(phase, 2)))

    def _set_frequency(self, frequency: float) -> None:
        if not self._code("FMOD"):
            raise scpi.ScpiError(scpi.SETTINGS_CONFLICT, "the reference is external")
        if frequency * self._value("HARM") > HIGHEST_FREQUENCY:
            raise scpi.ScpiError(scpi.DATA_OUT_OF_RANGE, "harmonic times frequency is above 102 kHz")
        places = max(0, min(4, 4 - math.floor(math.log10(frequency))))
        self._store("FREQ", round(frequency, places) if frequency < 1e5 else float(round(frequency, -1)))

    def _set_harmonic(self, harmonic: float) -> None:
        reference = self._reference()
        most = math.floor(HIGHEST_FREQUENCY / reference) if reference else harmonic
        self._store("HARM", min(harmonic, most))

    def _set_time_constant(self, code: float) -> None:
        if code > LONGEST_UPPER and self._upper:
            raise scpi.ScpiError(scpi.DATA_OUT_OF_RANGE, "more than 30 s while more than 200 Hz are detected")
        self._store("OFLT", code)

    def _keep_settings(self, memory: float) -> None:
        self._memories[int(memory)] = dict(self._settings)

    def _take_settings(self, memory: float) -> None:
        if int(memory) not in self._memories:
            raise scpi.ScpiError(scpi.SETTINGS_CONFLICT, f"nothing was kept in memory {memory:g}")
        self._settings = dict(self._memories[int(memory)])
        self._use()

    # ---- status

    def _look(self) -> None:
        """Take note of what the signal channel has run into until now."""
        channel = self.demodulator
        channel.output()
        self.status.lockin |= channel.latched | (0 if channel.locked() else UNLOCKED)
        channel.latched = 0
        self._look_at_range()

    def _lockin_status(self, bit: float | None = None) -> str:
        self._look()
        return str(self.status.take("lockin", _bit(bit)))

    def _status_byte(self, bit: float | None = None) -> str:
        self._look()
        byte = self.status.summary(bool(self._replies))
        return str(byte if bit is None else byte >> int(bit) & 1)

    def _clear_status(self) -> None:
        self._look()
        self.status.clear()

    # ---- outputs

    def _offset_of(self, output: int) -> float:
        """V by which X, Y or R (1, 2, 3) is shifted."""
        return self._settings["OEXP", output][0] / 100.0 * SENSITIVITIES[self._code("SENS")]

    def _snap(self, *numbers: float) -> str:
        value = self.demodulator.output()
        quantities = {
            1: value.real - self._offset_of(1),
            2: value.imag - self._offset_of(2),
            3: abs(value) - self._offset_of(3),
            4: math.degrees(cmath.phase(value)) if value else 0.0,
            9: self.demodulator.frequency(),
        }
        for display in (1, 2):
            shown = {0: display, 1: display + 2}.get(int(self._settings["DDEF", display][0]))
            quantities[9 + display] = 0.0 if shown is None else quantities[shown]
        return ",".join(f"{quantities.get(int(number), 0.0):.6g}" for number in numbers)

    # ---- automatic functions

    def _offset(self, output: float) -> None:
        """Make the present value the offset, as far as an offset reaches."""
        value = self.demodulator.output()
        present = {1: value.real, 2: value.imag, 3: abs(value)}[int(output)]
        percent = 100.0 * present / SENSITIVITIES[self._code("SENS")]
        _, expansion = self._settings["OEXP", int(output)]
        self._settings["OEXP", int(output)] = (min(max(round(percent, 2), -105.0), 105.0), expansion)
        self._use()

    def _choose_sensitivity(self) -> None:
        """Take the smallest full scale that holds R."""
        if TIME_CONSTANTS[self._code("OFLT")] > 1.0:
            return
        present = abs(self.demodulator.output())
        fitting = next((code for code, full in enumerate(SENSITIVITIES) if present <= full), len(SENSITIVITIES) - 1)
        self._store("SENS", fitting)

    def _choose_reserve(self) -> None:
        """Take the smallest reserve at which the input does not overload."""
        needed = self.demodulator.heard_level() / SENSITIVITIES[self._code("SENS")]
        sensitivity = self._code("SENS")
        fitting = (code for code in (2, 1, 0) if needed <= 10.0 ** (RESERVES[code][sensitivity] / 20.0))
        self._store("RMOD", next(fitting, 0))

    def _find_phase(self) -> None:
        """Add the present phase to the reference phase, where there is a signal whose phase is stable."""
        channel = self.demodulator
        value = channel.output()
        if not channel.locked() or not value or abs(value) < STABLE * channel.deviation():
            return
        self._store("PHAS", _wrapped(round(self._value("PHAS") + math.degrees(cmath.phase(value)), 2)))


def _wrapped(degrees: float) -> float:
    """Bring a phase between -180 and 180 degrees."""
    turned = round((degrees + 180.0) % 360.0 - 180.0, 2)
    return turned or abs(turned)


def _bit(number: float | None) -> int | None:
    return None if number is None else int(number)
