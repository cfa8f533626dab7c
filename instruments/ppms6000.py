"""Driver of the Quantum Design PPMS with its Model 6000 controller, over GPIB or a socket.

The controller knows no error queue and answers no command. So each set point is read back in the next query, and what
was not taken raises. A command that changes the sample is sent once and never again. On the wire fields are in
Oe, field rates in Oe/s and temperature rates in K/min.
"""

from __future__ import annotations

import logging
import re
from decimal import Decimal
from typing import Any, ClassVar

from pymeasure.adapters import Adapter

from instruments.clock import Clock
from instruments.cryostat import (
    ChamberAction,
    Cryostat,
    CryostatLimits,
    CryostatReading,
    FieldSetpoint,
    TemperatureSetpoint,
)
from instruments.cryostat_words import choose
from instruments.driver import Driver, measurement
from instruments.errors import BadValue, InstrumentFault
from instruments.forms import INTEGER, exact, outside
from instruments.ppms6000_replies import (
    CHAMBER,
    CHAMBER_ACTIONS,
    DATA,
    FIELD_APPROACHES,
    FIELD_SETPOINT,
    LEVEL,
    MAGNET,
    MAGNET_MODES,
    MOVE,
    TEMPERATURE_APPROACHES,
    TEMPERATURE_SETPOINT,
    Data,
    HeliumLevel,
    states,
)

log = logging.getLogger(__name__)

STATUS, TEMPERATURE, FIELD, POSITION = 0, 1, 2, 3
"""Bits of the mask of `GETDAT?`: packed status, block temperature in K, field in Oe, position in degrees."""

SAME_TIME = 0.05
"""s; two replies to `GETDAT?` that are further apart have different times of the controller's, which shows hundredths:
one with the same is the reply to the question before."""

SIGNALS = {1: 12, 2: 13}
"""Bits of the analogue inputs, in V, by their number."""

FASTEST_ROTATION = 12.0
"""degrees/s, with slow-down code 0; each of the codes to 14 takes 0.8 degrees/s away."""


def to_oersted(tesla: float, step: str) -> Decimal:
    """Return a field in Oe (or a rate in Oe/s), rounded to a step such as "0.01"."""
    rounded = (Decimal(repr(tesla)) * 10_000).quantize(Decimal(step))
    return rounded or abs(rounded)  # the controller need not know of a minus zero


class Ppms6000(Driver, Cryostat):
    """A PPMS with Model 6000 controller.

    .. code-block:: python

        ppms = Ppms6000("GPIB0::15::INSTR")
        ppms.set_field(0.5, rate=0.01)                  # 5000 Oe at 100 Oe/s
        ppms.wait_field(dwell=5)
        print(ppms.reading().field)

    The first answer after connecting may be that to an old question, so that connecting clears the line and asks for
    the identity until it comes.

    Args:
        adapter: A VISA resource name, a GPIB address, or a pymeasure adapter.
        clock: Where it waits, and where readings are stamped.
        name: What it is called in errors.
        **kwargs: For pymeasure's VISAAdapter.

    Raises:
        NoReply: Nothing answers.
        InstrumentFault: Something else answers.
    """

    # A reply ends with a semicolon and END. Whether CR LF may follow is not settled, so that they are passed over.
    TERMINATOR = ";"
    PADDING = "\r\n"
    IDENTITY = re.compile("QUANTUM DESIGN", re.IGNORECASE)

    LOWEST_TEMPERATURE: ClassVar[float] = 1.9
    """K."""
    HIGHEST_TEMPERATURE: ClassVar[float] = 400.0
    """K; 350 K with some options."""
    FASTEST_TEMPERATURE_RATE: ClassVar[float] = 20.0 / 60
    """K/s."""

    def __init__(
        self, adapter: Adapter | str | int, clock: Clock | None = None, name: str = "PPMS", **kwargs: Any
    ) -> None:
        self._limits: CryostatLimits | None = None
        super().__init__(adapter, clock, name, **kwargs)
        self.check_identity()

    magnet_configuration = measurement("MAGCNF?", """Get the magnet's data (MagnetConfiguration).""", MAGNET)
    chamber_setting = measurement("CHAMBER?", """Get what the chamber was told last (ChamberAction).""", CHAMBER)
    position_setpoint = measurement("MOVE?", """Get where the rotator was told to go last, in degrees.""", MOVE)
    advisory = measurement("ADVNUM?", """Get the number of the controller's last advisory (0 to 999).""", INTEGER)

    @property
    def helium_level(self) -> HeliumLevel:
        """Get the helium level in percent and its age (`LEVEL?`); it is known from then on."""
        level = self.query("LEVEL?", LEVEL)
        self.known.helium = level.percent, self.clock.now()
        return level

    @property
    def temperature_setpoint(self) -> TemperatureSetpoint:
        """Get what the temperature control was told last (`TEMP?`); not a reading."""
        return self.query("TEMP?", TEMPERATURE_SETPOINT)

    @property
    def field_setpoint(self) -> FieldSetpoint:
        """Get what the magnet was told last (`FIELD?`); not a reading."""
        return self.query("FIELD?", FIELD_SETPOINT)

    @property
    def limits(self) -> CryostatLimits:
        """Get what the machine takes; the magnet's part is asked for once.

        The largest field rate is the charging voltage over the inductance, times the field per current.
        """
        if self._limits is None:
            magnet = self.magnet_configuration
            voltage = max(magnet.low_field_voltage, magnet.high_field_voltage)
            self._limits = CryostatLimits(
                self.LOWEST_TEMPERATURE,
                self.HIGHEST_TEMPERATURE,
                self.FASTEST_TEMPERATURE_RATE,
                magnet.largest_field / 1e4,
                magnet.field_per_current * voltage / magnet.inductance / 1e4 if magnet.inductance else float("inf"),
                persistent=True,
            )
        return self._limits

    def data(self, mask: int) -> Data:
        """Ask for items by the bits of a mask (`GETDAT?`).

        Raises:
            GarbledReply: The reply's values do not belong to its mask, or its mask not to the one that was asked for.
        """
        return self.line.insist(lambda: self._data_once(mask))

    def _data_once(self, mask: int) -> Data:
        data = self._query_once(f"GETDAT? {mask}", DATA)
        if data.mask & ~mask:
            raise self.line.doubt(f"only items of mask {mask}", f"items of mask {data.mask}")
        return data

    def reading(self) -> CryostatReading:
        """Return block temperature, reported field, rotator angle and all states, from one query.

        The reported field is computed from the magnet's current; in persistent mode it is the field that was there
        when the switch cooled.

        Raises:
            NoReply: Nothing came in time.
            GarbledReply: The reply has not its form.
            InstrumentFault: The controller gives no status, temperature or field.
        """
        return self.line.insist(self._reading_once)

    def _reading_once(self) -> CryostatReading:
        asked = self.clock.now()
        data = self._data_once(1 << STATUS | 1 << TEMPERATURE | 1 << FIELD | 1 << POSITION)
        stamp = (asked + self.clock.now()) / 2
        last = self.known.reading
        if last is not None and last.machine_time == data.machine_time and stamp - last.stamp > SAME_TIME:
            raise self.line.doubt(
                f"another of the controller's times than the {stamp - last.stamp:.3g} s ago", f"{data.machine_time!r} s"
            )
        items = data.items
        if not items.keys() >= _NEEDED.keys():
            missing = [name for bit, name in _NEEDED.items() if bit not in items]
            raise InstrumentFault(f"{self.line.name}: GETDAT? gave no {' and no '.join(missing)}")
        temperature_state, field_state, chamber_state, position_state = states(int(items[STATUS]))
        position = items.get(POSITION)
        self.known.reading = reading = CryostatReading(
            items[TEMPERATURE],
            items[FIELD] / 1e4,
            temperature_state,
            field_state,
            chamber_state,
            stamp,
            position,
            None if position is None else position_state,
            data.machine_time,
        )
        return reading

    def signal(self, number: int) -> float:
        """Return the voltage in V at analogue input 1 or 2 (items 12 and 13 of `GETDAT?`).

        Raises:
            BadValue: There is no such input; nothing was sent.
            NoReply: Nothing came in time.
            GarbledReply: The reply has not its form.
            InstrumentFault: The controller gives no voltage for it.
        """
        if number not in SIGNALS:
            raise BadValue(f"the controller has the analogue inputs 1 and 2, and no {number!r}; nothing was sent")
        bit = SIGNALS[number]
        items = self.data(1 << bit).items
        if bit not in items:
            raise InstrumentFault(f"{self.line.name}: GETDAT? gave no voltage at analogue input {number}")
        return items[bit]

    def _command_temperature(self, wanted: TemperatureSetpoint) -> TemperatureSetpoint:
        """Send `TEMP`; the rate is rounded to 0.001 K/min, the temperature sent exactly."""
        rate = (Decimal(repr(wanted.rate)) * 60).quantize(Decimal("0.001"))
        if not rate:
            raise BadValue(f"temperature rate must be at least 0.001 K/min, not {wanted.rate * 60:g}; nothing was sent")
        command = f"TEMP {exact(wanted.temperature)} {rate} {TEMPERATURE_APPROACHES.index(wanted.approach)}"
        self.write(command)
        taken = self.temperature_setpoint
        close = abs(taken.temperature - wanted.temperature) < 0.01 and abs(taken.rate * 60 - float(rate)) < 0.01
        if not close or taken.approach is not wanted.approach:
            raise self._not_taken(command, taken)
        return taken

    def _command_field(self, wanted: FieldSetpoint) -> FieldSetpoint:
        """Send `FIELD`; the field is rounded to 0.01 Oe and the rate to 0.1 Oe/s, the controller's resolution."""
        field, rate = to_oersted(wanted.field, "0.01"), to_oersted(wanted.rate, "0.1")
        if not rate:
            raise BadValue(f"field rate must be at least 0.1 Oe/s, not {wanted.rate * 1e4:g}; nothing was sent")
        approach, mode = FIELD_APPROACHES.index(wanted.approach), MAGNET_MODES.index(wanted.mode)
        command = f"FIELD {field} {rate} {approach} {mode}"
        self.write(command)
        taken = self.field_setpoint
        close = abs(taken.field * 1e4 - float(field)) < 0.006 and abs(taken.rate * 1e4 - float(rate)) < 0.06
        if not close or taken.approach is not wanted.approach or taken.mode is not wanted.mode:
            raise self._not_taken(command, taken)
        return taken

    def _command_position(self, position: float, speed: float) -> float:
        """Send `MOVE`; the speed is rounded down to one of 15 steps of 0.8 degrees/s (the slowest is that, too)."""
        if speed > FASTEST_ROTATION:
            raise outside("speed", f"{speed:g}", "above 0", f"{FASTEST_ROTATION:g}", "deg/s")
        slow_down = 15 - max(1, int(speed / 0.8 + 1e-9))
        command = f"MOVE {exact(position)} 0 {slow_down}"
        self.write(command)
        taken = self.position_setpoint
        if abs(taken - position) > self.POSITION_TOLERANCE:
            raise self._not_taken(command, taken)
        return taken

    def set_chamber(self, action: ChamberAction | str) -> None:
        """Have the chamber sealed, purged, vented or pumped (`CHAMBER`).

        Raises:
            BadValue: The word is unknown; nothing was sent.
            InstrumentFault: The controller did not take it; it is not sent again.
        """
        wanted = choose("chamber action", action, ChamberAction)
        self.known.chamber = wanted
        command = f"CHAMBER {CHAMBER_ACTIONS.index(wanted)}"
        self.write(command)
        taken = self.chamber_setting
        if taken is not wanted:
            raise self._not_taken(command, taken)

    def _not_taken(self, command: str, taken: object) -> InstrumentFault:
        return InstrumentFault(
            f"{self.line.name}: told {command!r}, but its set point is {taken}; it was not sent again: "
            "check the controller's limits and whether somebody else has control"
        )

    def shutdown(self) -> None:
        """Stop the field where it is; temperature and chamber stay as they are.

        Raises:
            InstrumentFault: The controller does not answer, or did not take it.
        """
        self.hold_field()
        super().shutdown()


_NEEDED = {STATUS: "status", TEMPERATURE: "temperature", FIELD: "field"}
