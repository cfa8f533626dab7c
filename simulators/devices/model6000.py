"""The simulated PPMS Model 6000: the controller's dialect on GPIB in front of the simulated cryostat.

What the real controller does with a command that it does not understand is not known; this one ignores it and moves on
to the next advisory number.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable
from functools import partial

from instruments import scpi
from instruments.errors import LimitExceeded
from instruments.tables.model6000 import (
    MODEL6000,
    PER_CHANNEL,
    SEQUENCE,
    parse_unit,
    read_arguments,
    read_query,
    split_message,
)
from instruments.tables.table import Row, Value
from simulators.accessories import ChamberCommand
from simulators.controller_leads import Connections
from simulators.cryostat import SimulatedCryostat
from simulators.device import Device
from simulators.devices.controller_calendar import Calendar
from simulators.devices.controller_items import Items
from simulators.devices.controller_motion import Motion
from simulators.devices.controller_outputs import ControllerOutputs
from simulators.helium import HOURLY, LevelMeter
from simulators.machines import MINUTE, OERSTED
from simulators.physics.magnet import FieldApproach
from simulators.physics.thermal import TemperatureApproach
from simulators.timeline import Timeline

INPUT_BUFFER = 4096
"""Bytes of one message that are kept; what is longer is thrown away up to its end. Assumed."""

OUTPUT_QUEUE = 32
"""Replies that wait to be fetched; the oldest is lost when another comes. Assumed."""

IDENTITY = "QUANTUM DESIGN,MODEL 6000,0,SIMULATED"

OUTPUTS = ("BRIDGE", "DRVOUT", "SIGOUT", "LINK", "DIGSET", "EXTSET")
"""Headers whose settings go to the controller's connectors."""

LATEST_BEEPS = 100
"""Beeps that are remembered."""

_TERMINATOR = re.compile(rb"[;\r\n]")

Setter = Callable[..., None]
Effect = Callable[[], None]


def _numbers(values: tuple[Value, ...]) -> tuple[float, ...]:
    """All parameters but those of the sequence commands are numbers."""
    return tuple(value for value in values if isinstance(value, int | float))


def _numbers_of(row: Row) -> tuple[float, ...]:
    """What a row has when new."""
    return _numbers(row.initial if isinstance(row.initial, tuple) else (row.initial or 0,))


class Model6000(Device):
    """A Model 6000 with its cryostat.

    Args:
        timeline: The lab's time.
        cryostat: What it controls.
        latency: Time in s from a query to its reply; assumed. Values are those of the moment of the query.
        ending: What follows the semicolon of a reply; whether anything does is not settled.
        leftover: A reply that an earlier client has left behind, end and all: the first query then gets that, and the
            second the first one's, until somebody clears the device. Drivers in use ask once for nothing therefore.
        connections: What is connected to it.

    Attributes:
        outputs: The electrical side.
        heard: When (lab s) it beeped, for how long (s), and at which frequency (Hz), the latest of them.
    """

    def __init__(
        self,
        timeline: Timeline,
        cryostat: SimulatedCryostat,
        *,
        latency: float = 5e-3,
        ending: bytes = b"",
        leftover: bytes = b"",
        connections: Connections | None = None,
    ) -> None:
        super().__init__(timeline)
        self._cryostat = cryostat
        self._latency = latency
        self._ending = ";" + ending.decode("ascii")
        self._input = b""
        self._replies: deque[tuple[float, bytes]] = deque(maxlen=OUTPUT_QUEUE)
        self._understood: dict[bytes, tuple[Effect, ...]] = {}
        self._calendar = Calendar(timeline.clock)
        self._advisory = 0
        connections = connections or Connections()
        self._motion = Motion(cryostat, _numbers_of(MODEL6000["MOVECFG"]))
        self._items = Items(cryostat, self._motion, connections.mapped)
        self.outputs = ControllerOutputs(timeline, self._items.value, connections)
        self._items.connect(self.outputs)
        self.heard: deque[tuple[float, float, float]] = deque(maxlen=LATEST_BEEPS)
        self._bind_commands()
        self._power_on()
        if leftover:
            self._replies.append((timeline.now, leftover))

    def _bind_commands(self) -> None:
        cryostat = self._cryostat
        self._setters: dict[str, Setter] = {
            "TEMP": self._set_temperature,
            "FIELD": self._set_field,
            "CHAMBER": lambda code: cryostat.set_chamber(ChamberCommand(code)),
            "MOVE": self._motion.move,
            "MOVECFG": self._configure_motion,
            "SHUTDOWN": cryostat.stand_by,
            "LEVELON": lambda mode: self._level_meter.switch(self.timeline.now, mode),
            "USERTEMP": self._select_thermometer,
            "DIGSET": partial(self._set_lines, "DIGSET"),
            "EXTSET": partial(self._set_lines, "EXTSET"),
            "SIGOUT": self._set_signal,
            "BEEP": lambda duration, frequency: self.heard.append((self.timeline.now, duration, frequency)),
            "DATE": self._calendar.set_date,
            "TIME": self._calendar.set_time,
        }
        self._queries: dict[str, Callable[..., str]] = {
            "*IDN": lambda: IDENTITY,
            "GETDAT": self._items.data,
            "TEMP": self._temperature_setting,
            "FIELD": self._field_setting,
            "CHAMBER": lambda: str(int(cryostat.chamber_setting)),
            "MOVE": self._motion.setting,
            "$MOVE": self._motion.steps,
            "LEVEL": self._level,
            "MAGCNF": self._magnet,
            "ADVNUM": lambda: str((self._advisory + cryostat.advised) % 1000),
            "REV": lambda: "SIMULATED,SIMULATED",
            "DIGIN": lambda: str(self._items.digital_inputs()),
            "DATE": self._calendar.date,
            "TIME": self._calendar.time,
        }

    def _power_on(self) -> None:
        """Settings as after switching on; what the bridges, outputs and lines had is gone."""
        self._input, self._overrun = b"", False
        self._replies.clear()
        self._items.forget()
        self._stored: dict[tuple[str, int], tuple[float, ...]] = {}
        self._level_meter = LevelMeter(self._cryostat.machine.helium)
        self._motion.configure(_numbers_of(MODEL6000["MOVECFG"]))
        self._items.use_thermometer(0)

    def measure_level_hourly(self, since: float) -> None:
        """Have the helium level measured every hour from a lab time in s on, which may lie before the lab began."""
        self._level_meter.switch(since, HOURLY)

    # the connector

    def write(self, data: bytes) -> None:
        """Receive bytes; a message ends with a semicolon, a line feed or a carriage return."""
        effects = None if self._input or self._overrun else self._understood.get(data)
        if effects is None:
            effects = self._receive(data)
        for effect in effects:
            effect()

    def read(self) -> bytes:
        """Hand over the oldest reply, if it is ready."""
        replies = self._replies
        if replies and replies[0][0] <= self.timeline.now:
            return replies.popleft()[1]
        return b""

    def ready_at(self) -> float | None:
        """Return when the oldest reply is ready (lab s)."""
        return max(self._replies[0][0], self.timeline.now) if self._replies else None

    def hurry(self) -> None:
        """Have all replies here now."""
        now = self.timeline.now
        self._replies = deque(((min(time, now), reply) for time, reply in self._replies), maxlen=OUTPUT_QUEUE)

    def clear(self) -> None:
        """Forget the unfinished message and all replies."""
        self._input, self._overrun = b"", False
        self._replies.clear()

    def power_cycle(self) -> None:
        """Switch off and on; temperature control stands by, and a driven magnet runs down."""
        self._power_on()
        self.outputs.off()
        self._cryostat.power_cycle()

    # understanding

    def _receive(self, data: bytes) -> tuple[Effect, ...]:
        if self._overrun:  # the rest of a message that was too long goes where its beginning went
            found = _TERMINATOR.search(data)
            if found is None:
                return ()
            self._overrun, data = False, data[found.end() :]
        fresh = not self._input
        text = self._input + data
        end = max(text.rfind(b";"), text.rfind(b"\n"), text.rfind(b"\r")) + 1
        self._input = text[end:]
        effects = tuple(self._understand(message) for message in split_message(text[:end].decode("latin-1")))
        if len(self._input) > INPUT_BUFFER:
            self._input, self._overrun = b"", True
            effects = (*effects, self._complain)
        if fresh and not self._input and not self._overrun and len(data) <= 64:
            if len(self._understood) >= 256:
                self._understood.clear()
            self._understood[data] = effects
        return effects

    def _understand(self, message: str) -> Effect:
        """What a message does; the same whenever it comes, so that it need not be read twice."""
        if len(message) > INPUT_BUFFER:
            return self._complain
        try:
            unit = parse_unit(message)
            row, _ = MODEL6000.find((), unit.header)
            if row.header in SEQUENCE:
                return lambda: None
            if unit.query:
                return self._understand_query(row, unit)
            if not row.command:
                return self._complain
            return partial(self._set, row.header, _numbers(read_arguments(row, unit.arguments)))
        except scpi.ScpiError:
            return self._complain

    def _understand_query(self, row: Row, unit: scpi.Unit) -> Effect:
        if not row.query:
            return self._complain
        values = _numbers(read_query(row, unit.arguments))
        ask = self._queries.get(row.header) or partial(self._stored_setting, row)
        return partial(self._answer, ask, values)

    def _complain(self) -> None:
        self._advisory = (self._advisory + 1) % 1000

    def _answer(self, ask: Callable[..., str], values: tuple[float, ...]) -> None:
        reply = ask(*values) + self._ending
        self._replies.append((self.timeline.now + self._latency, reply.encode("ascii")))

    def _set(self, header: str, values: tuple[float, ...]) -> None:
        setter = self._setters.get(header)
        try:
            if setter is None:
                self._store(header, values)
            else:
                setter(*values)
        except LimitExceeded:
            self._complain()

    # temperature, field, chamber, position

    def _set_temperature(self, temperature: float, rate: float | None = None, approach: int | None = None) -> None:
        last = self._cryostat.temperature_setting
        self._cryostat.set_temperature(
            temperature,
            last.rate if rate is None else rate / MINUTE,
            last.approach if approach is None else TemperatureApproach(approach),
        )

    def _temperature_setting(self) -> str:
        last = self._cryostat.temperature_setting
        return f"{last.temperature:.10g},{last.rate * MINUTE:.6g},{int(last.approach)}"

    def _set_field(
        self, field: float, rate: float | None = None, approach: int | None = None, end: int | None = None
    ) -> None:
        last = self._cryostat.field_setting
        self._cryostat.set_field(
            field * OERSTED,
            last.rate if rate is None else rate * OERSTED,
            last.approach if approach is None else FieldApproach(approach),
            persistent=last.persistent if end is None else end == 0,
        )

    def _field_setting(self) -> str:
        last = self._cryostat.field_setting
        field, rate = last.field / OERSTED, last.rate / OERSTED
        return f"{field:.10g},{rate:.6g},{int(last.approach)},{int(not last.persistent)}"

    def _configure_motion(self, *settings: float) -> None:
        self._store("MOVECFG", settings)
        self._motion.configure(self._recall(MODEL6000["MOVECFG"], 0))

    # settings that are kept

    def _store(self, header: str, values: tuple[float, ...]) -> None:
        """Keep a setting; parameters that are missing at the end stay as they were."""
        channel = int(values[0]) if header in PER_CHANNEL else 0
        given = values[1:] if header in PER_CHANNEL else values
        last = self._recall(MODEL6000[header], channel)
        self._stored[header, channel] = (*given, *last[len(given) :])
        if header in OUTPUTS:
            self.outputs.take(header, channel, self._stored[header, channel])

    def _recall(self, row: Row, channel: int) -> tuple[float, ...]:
        kept = self._stored.get((row.header, channel))
        if kept is not None:
            return kept
        return _numbers_of(row)

    def _stored_setting(self, row: Row, channel: float = 0) -> str:
        values = self._recall(row, int(channel))
        return row.reply % ((channel, *values) if row.header in PER_CHANNEL else values)

    def _set_signal(self, channel: float, *voltage: float) -> None:
        self._stored.pop(("LINK", int(channel)), None)
        self._store("SIGOUT", (channel, *voltage))

    def _set_lines(self, header: str, bits: int, kept: int = 0) -> None:
        last = int(self._recall(MODEL6000[header], 0)[0])
        self._store(header, (bits & ~kept | last & kept,))

    def _select_thermometer(self, item: int, *others: float) -> None:
        """Give another item as the temperature, or the block's again; what the other fields mean is unsure."""
        self._store("USERTEMP", (item, *others))
        self._items.use_thermometer(item)

    # readings

    def _level(self) -> str:
        """Helium level with the age of its reading; a machine without helium has an old reading of zero."""
        taken, age = self._level_meter.ask(self.timeline.now)
        level = self._cryostat.helium_level_at(taken)
        return "0.00,0" if level is None else f"{level:.2f},{age}"

    def _magnet(self) -> str:
        data = self._cryostat.machine.magnet
        low, high = data.charging_voltages
        return MODEL6000["MAGCNF"].reply % (
            data.maximum / OERSTED, data.field_per_ampere / OERSTED, data.inductance, low, high,
            data.switch_heating, data.switch_cooling,
        )  # fmt: skip
