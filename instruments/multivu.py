"""Driver of a Quantum Design cryostat under MultiVu: VersaLab, DynaCool, PPMS, MPMS3, OptiCool.

It speaks to the MultiPyVu server on the cryostat's computer, by the protocol of MultiPyVu 3.x. The official client is
not needed, and neither is the server's very version.

MultiVu counts in Oe, Oe/s and K/min. It gives temperature, field, chamber and angle one at a time.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from decimal import Decimal
from typing import ClassVar, TypeVar

from instruments import multivu_texts as texts
from instruments.clock import Clock, WallClock
from instruments.cryostat import Cryostat
from instruments.cryostat_words import (
    ChamberAction,
    ChamberState,
    CryostatLimits,
    CryostatReading,
    FieldApproach,
    FieldSetpoint,
    FieldState,
    PositionState,
    TemperatureSetpoint,
    choose,
)
from instruments.errors import BadValue, GarbledReply, InstrumentError, InstrumentFault, LimitExceeded, NoReply
from instruments.forms import Form
from instruments.multivu_link import TIMEOUT, Judge, Link
from instruments.multivu_socket import Connect, SocketWire

log = logging.getLogger(__name__)

T = TypeVar("T")

ACCEPTANCE_TIME = 3.0
"""s within which MultiVu shows a new set point; its server waits for 2 s itself."""
MOTION_TIME = 5.0
"""s within which chamber and rotator show that they were told something. Assumed equal to the magnet's dead time."""
ACCEPTANCE_POLL = 0.3
SLOW_AGE = 1.0
"""s for which chamber and angle at rest are not asked for again: four questions for each reading would cost 0.35 s."""
FLASHES = 3
"""Answers "Unknown" with a field of exactly zero that are passed over before they count as no reading."""

DEFAULT_PORT = 27183

_PLACE = re.compile(r"(?P<host>[^:\s]+)(?::(?P<port>\d{1,5}))?")

_LIMITS = {
    "PPMS": CryostatLimits(1.9, 400.0, 20 / 60, 16.0, 0.02, persistent=True),
    "VERSALAB": CryostatLimits(50.0, 400.0, 20 / 60, 3.0, 0.03, persistent=False),
    "DYNACOOL": CryostatLimits(1.6, 400.0, 20 / 60, 14.0, 0.02, persistent=False),
    "MPMS3": CryostatLimits(1.8, 400.0, 50 / 60, 7.0, 0.07, persistent=False),
    "OPTICOOL": CryostatLimits(1.4, 350.0, 20 / 60, 7.0, 0.01, persistent=False),
}
"""Those of the largest magnet that is sold with each; the server knows its own. From drivers in use (PPMS, DynaCool,
OptiCool); not confirmed: VersaLab and MPMS3, and all field rates but the PPMS's."""
_UNKNOWN = CryostatLimits(1.4, 400.0, 20 / 60, 16.0, 0.07, persistent=False)

_CHAMBER_ACTIONS = (
    ChamberAction.SEAL,
    ChamberAction.PURGE_SEAL,
    ChamberAction.VENT_SEAL,
    ChamberAction.PUMP,
    ChamberAction.VENT,
    ChamberAction.HIGH_VACUUM,
)
_CHAMBER_SHOWS = {
    ChamberAction.SEAL: {ChamberState.SEALED, ChamberState.PURGED, ChamberState.VENTED},
    ChamberAction.PURGE_SEAL: {ChamberState.PURGING, ChamberState.PURGED},
    ChamberAction.VENT_SEAL: {ChamberState.VENTING, ChamberState.VENTED},
    ChamberAction.PUMP: {ChamberState.PUMPING},
    ChamberAction.VENT: {ChamberState.FLOODING, ChamberState.VENTING},
    ChamberAction.HIGH_VACUUM: {ChamberState.PRE_PUMPING, ChamberState.HIGH_VACUUM},
}


class MultiVu(Cryostat):
    """A cryostat under MultiVu, through its MultiPyVu server.

    .. code-block:: python

        dynacool = MultiVu("192.168.0.7:27183")
        dynacool.set_field(0.5, rate=0.01)              # 5000 Oe at 100 Oe/s
        dynacool.wait_field(dwell=5)
        print(dynacool.reading().field)
        dynacool.close()

    The server serves one client at a time. A connection that is lost is made again for a question; a command is never
    sent twice, but its set point is read back.

    Args:
        address: Host and port of the server, e.g. `127.0.0.1:27183`; the port may be left out.
        clock: Where it waits, and where readings are stamped; the wall's if none is given.
        name: What it is called in errors.
        connect: Makes the connection; over TCP by default.
        gate: Judges all that goes out, see `instruments.guard.multivu`; nobody does by default.
        timeout: s for one answer; over TCP s of real time.
        limits: What the machine takes, where it is not the largest of its kind.

    Raises:
        BadValue: The address is none.
        NoReply: Nothing answers.
        GarbledReply: What answers does not speak the protocol.
        InstrumentFault: Another client holds the server.
    """

    POSITION_TOLERANCE: ClassVar[float] = 0.1

    def __init__(
        self,
        address: str,
        clock: Clock | None = None,
        name: str = "MultiVu",
        *,
        connect: Connect = SocketWire,
        gate: Judge | None = None,
        timeout: float = TIMEOUT,
        limits: CryostatLimits | None = None,
    ) -> None:
        super().__init__()
        host, port = _place(address)
        self.clock = clock or WallClock()
        self.name = name
        self.link = Link(name, host, port, connect=connect, gate=gate, timeout=timeout)
        self._given_limits = limits
        self._field_told: FieldSetpoint | None = None
        self._has_rotator = True
        self._slow: tuple[float, ChamberState, tuple[float, PositionState] | None] | None = None
        self.link.open()
        self._has_rotator = self.link.flavour not in {"MPMS3", "OPTICOOL"}

    # ---- who it is

    @property
    def id(self) -> str:
        """Get who answers: flavour, versions of MultiPyVu and MultiVu."""
        link = self.link
        kind = " (scaffolding)" if link.scaffolding else ""
        return f"QUANTUM DESIGN,{link.flavour}{kind},MultiPyVu {link.server_version},MultiVu {link.multivu_version}"

    def check_identity(self) -> str:
        """Make sure that somebody answers.

        Returns:
            Who it is.

        Raises:
            NoReply: Nothing answers.
            InstrumentFault: Another kind of cryostat answers than before, or another client holds the server.
        """
        self._ask("TEMP?", texts.TEMPERATURE)
        return self.id

    @property
    def limits(self) -> CryostatLimits:
        """Get what the machine takes, as far as its kind says; the server refuses what is beyond its own magnet."""
        return self._given_limits or _LIMITS.get(self.link.flavour, _UNKNOWN)

    # ---- reading

    def _ask(self, action: str, form: Form[T]) -> T:
        text = self.link.ask(action)
        if form.matches(text) is None:
            raise GarbledReply(f"{self.name}: asked {action!r}, came {text!r}, expected {form.expected}")
        return form.read(text)

    def _field(self) -> tuple[float, FieldState]:
        """Ask for field and state; a server that has nothing at the moment may say zero and unknown."""
        for _ in range(FLASHES):
            field, state = self._ask("FIELD?", texts.FIELD)
            if field or state.known:
                return field / 1e4, state
            self.clock.sleep(ACCEPTANCE_POLL)
        raise GarbledReply(
            f"{self.name}: asked 'FIELD?', came a field of exactly zero in an unknown state {FLASHES} times, which is "
            "what a server says that has no reading"
        )

    def reading(self) -> CryostatReading:
        """Return block temperature, reported field, rotator angle and all states; the stamp is that of the field.

        The field is asked for first, then the temperature; chamber and angle only if they move, or once a second. A
        request to the official server is on its way for some 40 ms, which is 4 Oe of a ramp; on hardware the stamp is
        therefore the moment at which the server confirmed that it had it.

        Raises:
            NoReply: No answer came in time.
            GarbledReply: An answer has not its form, or a state in unknown words.
            InstrumentError: The server answers with an error.
        """
        asked = self.clock.now()
        field, field_state = self._field()
        answered = self.clock.now()
        stamp = (asked + answered) / 2
        if isinstance(self.clock, WallClock):
            stamp = max(asked, answered - self.link.confirmed_ago())
        temperature, temperature_state = self._ask("TEMP?", texts.TEMPERATURE)
        chamber, position = self._slow_parts(stamp)
        angle, position_state = position or (None, None)
        self.known.reading = reading = CryostatReading(
            temperature, field, temperature_state, field_state, chamber, stamp, angle, position_state
        )
        return reading

    def _slow_parts(self, now: float) -> tuple[ChamberState, tuple[float, PositionState] | None]:
        known = self._slow
        if known is not None and now - known[0] < SLOW_AGE and (known[2] is None or known[2][1].stable):
            return known[1], known[2]
        chamber = ChamberState.UNKNOWN
        if self.link.flavour != "OPTICOOL":  # which has no sample chamber
            chamber = self._ask("CHAMBER?", texts.CHAMBER)[1]
        position = self._position()
        self._slow = now, chamber, position
        return chamber, position

    def _position(self) -> tuple[float, PositionState] | None:
        """Ask for angle and state; None without rotator."""
        if not self._has_rotator:
            return None
        try:
            return self._ask("POSITION?", texts.POSITION)
        except InstrumentError as refusal:
            log.warning("%s: taken for a cryostat without rotator: %s", self.name, refusal)
            self._has_rotator = False
            return None

    @property
    def temperature_setpoint(self) -> TemperatureSetpoint:
        """Get what the temperature control was told last; not a reading."""
        return self._ask("TEMP_SETPOINTS?", texts.TEMPERATURE_SET_POINT)

    @property
    def field_setpoint(self) -> FieldSetpoint:
        """Get what the magnet was told last; not a reading. An MPMS3 cannot say: what was told it from here.

        Raises:
            InstrumentFault: Nothing was told an MPMS3 from here.
        """
        if self.link.flavour != "MPMS3":
            return self._ask("FIELD_SETPOINTS?", texts.FIELD_SET_POINT)
        if self._field_told is None:
            raise InstrumentFault(f"{self.name}: an MPMS3 cannot say its set point of the field; set the field first")
        return self._field_told

    # ---- telling

    def _tell(self, action: str, query: str) -> NoReply | GarbledReply | None:
        """Tell something once; returns why it is not known whether it was done, None if it is."""
        try:
            self.link.tell(action, query)
        except (NoReply, GarbledReply) as doubt:
            log.warning("reading back, since %s", doubt)
            return doubt
        return None

    def _await(
        self, told: str, seconds: float, look: Callable[[], T], taken: Callable[[T], bool], doubt: Exception | None
    ) -> T:
        """Look until what was told is seen to be taken; a server may say that it received what MultiVu ignores."""
        limit = self.clock.deadline(seconds)
        while True:
            seen = look()
            if taken(seen):
                return seen
            if limit.passed:
                raise InstrumentFault(
                    f"{self.name}: told {told!r}, but it shows {seen}; it was not sent again: check MultiVu's limits "
                    "and whether somebody else has control"
                ) from doubt
            self.clock.sleep(ACCEPTANCE_POLL)

    def _command_temperature(self, wanted: TemperatureSetpoint) -> TemperatureSetpoint:
        """Send `TEMP` in K and K/min, the rate rounded to 0.001 K/min."""
        rate = (Decimal(repr(wanted.rate)) * 60).quantize(Decimal("0.001"))
        if not rate:
            raise BadValue(f"temperature rate must be at least 0.001 K/min, not {wanted.rate * 60:g}; nothing was sent")
        approach = texts.TEMPERATURE_APPROACHES.index(wanted.approach)
        query = f"{_decimal(wanted.temperature)},{rate},{approach}"
        doubt = self._tell("TEMP", query)

        def taken(shown: TemperatureSetpoint) -> bool:
            close = abs(shown.temperature - wanted.temperature) < 0.01
            return close and abs(shown.rate * 60 - float(rate)) < 0.01 and shown.approach is wanted.approach

        return self._await(f"TEMP {query}", ACCEPTANCE_TIME, lambda: self.temperature_setpoint, taken, doubt)

    def _command_field(self, wanted: FieldSetpoint) -> FieldSetpoint:
        """Send `FIELD` in Oe and Oe/s, rounded to 0.01 Oe and 0.1 Oe/s (assumed, as a Model 6000's)."""
        if self.link.flavour == "VERSALAB" and wanted.approach is FieldApproach.NO_OVERSHOOT:
            raise LimitExceeded("field approach cannot be no overshoot: a VersaLab has none; choose linear")
        field, rate = _oersted(wanted.field, "0.01"), _oersted(wanted.rate, "0.1")
        if not float(rate):
            raise BadValue(f"field rate must be at least 0.1 Oe/s, not {wanted.rate * 1e4:g}; nothing was sent")
        approach, mode = texts.FIELD_APPROACHES.index(wanted.approach), texts.MAGNET_MODES.index(wanted.mode)
        query = f"{field},{rate},{approach},{mode}"
        doubt = self._tell("FIELD", query)
        self._field_told = FieldSetpoint(float(field) / 1e4, float(rate) / 1e4, wanted.approach, wanted.mode)
        if self.link.flavour == "MPMS3":
            self._await(f"FIELD {query}", MOTION_TIME, self._field, self._obeys, doubt)
            return self._field_told

        def taken(shown: FieldSetpoint) -> bool:
            close = abs(shown.field * 1e4 - float(field)) < 0.006 and abs(shown.rate * 1e4 - float(rate)) < 0.06
            return close and shown.approach is wanted.approach and shown.mode is wanted.mode

        return self._await(f"FIELD {query}", ACCEPTANCE_TIME, lambda: self.field_setpoint, taken, doubt)

    def _obeys(self, shown: tuple[float, FieldState]) -> bool:
        """Whether a magnet that cannot say its set point moves, or is there."""
        field, state = shown
        assert self._field_told is not None
        there = abs(field - self._field_told.field) <= self.FIELD_TOLERANCE
        return there or (state.known and not state.stable and not state.failed)

    def _command_position(self, position: float, speed: float) -> float:
        """Send `POSITION` in degrees and degrees/s; a PPMS turns at its own speed."""
        if not self._has_rotator and self._position_again() is None:
            return super()._command_position(position, speed)
        self._slow = None
        query = f"{_decimal(position)},{_decimal(speed)}"
        doubt = self._tell("POSITION", query)

        def taken(shown: tuple[float, PositionState] | None) -> bool:
            moves = shown is not None and shown[1] is PositionState.MOVING
            return moves or (shown is not None and abs(shown[0] - position) <= self.POSITION_TOLERANCE)

        self._await(f"POSITION {query}", MOTION_TIME, self._position, taken, doubt)
        return position

    def _position_again(self) -> tuple[float, PositionState] | None:
        """Ask whether a rotator was plugged in meanwhile."""
        self._has_rotator = self.link.flavour not in {"MPMS3", "OPTICOOL"}
        return self._position()

    def set_chamber(self, action: ChamberAction | str) -> None:
        """Have the chamber sealed, purged, vented or pumped.

        Raises:
            BadValue: The word is unknown; nothing was sent.
            InstrumentFault: The server refuses, or the chamber does something else; it is not told again.
        """
        wanted = choose("chamber action", action, ChamberAction)
        self.known.chamber = wanted
        self._slow = None
        query = str(_CHAMBER_ACTIONS.index(wanted))
        doubt = self._tell("CHAMBER", query)
        shows = _CHAMBER_SHOWS[wanted]
        self._await(
            f"CHAMBER {query}", MOTION_TIME,
            lambda: self._ask("CHAMBER?", texts.CHAMBER)[1], lambda shown: shown in shows, doubt,
        )  # fmt: skip

    # ---- leaving

    def shutdown(self) -> None:
        """Stop the field where it is; temperature and chamber stay as they are.

        Raises:
            InstrumentFault: The server does not answer, or MultiVu did not take it.
        """
        self.hold_field()

    def close(self) -> None:
        """Take leave of the server, so that others can connect; never raises, and waits for a second at most."""
        self.link.close()


def _place(address: str) -> tuple[str, int]:
    found = _PLACE.fullmatch(address)
    port = int(found["port"] or DEFAULT_PORT) if found else 0
    if found is None or not 0 < port < 65536:
        raise BadValue(
            f"{address!r} is not the address of a MultiPyVu server; write host and port, e.g. 127.0.0.1:27183"
        )
    return found["host"], port


def _decimal(value: float) -> str:
    """Return the shortest decimal number that reads back as this one, without exponent: the server takes no plus."""
    return format(Decimal(repr(float(value))), "f")


def _oersted(tesla: float, step: str) -> str:
    """Return a field in Oe, or a rate in Oe/s, rounded to a step."""
    rounded = (Decimal(repr(tesla)) * 10_000).quantize(Decimal(step))
    return str(rounded or abs(rounded))
