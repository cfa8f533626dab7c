"""What a MultiPyVu server does when it is asked or told something: every action but those of the session itself.

Forms, texts and refusals as in MultiPyVu 3.8.0. That server passes any temperature and field on; MultiVu behind it
refuses what its cryostat cannot do, and so does this one, in the form of MultiPyVu's errors.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import ClassVar

from instruments.errors import LimitExceeded
from instruments.tables.model6000 import MODEL6000
from simulators.accessories import ChamberCommand, ChamberState, RotatorSetting
from simulators.cryostat import MULTIVU_MAGNET_CODES, SimulatedCryostat
from simulators.machines import MINUTE, OERSTED
from simulators.multivu import texts, waiting
from simulators.multivu.answers import Refusal, error_text, plain, received, while_setting
from simulators.multivu.bridges import Bridges, BusError
from simulators.multivu.vector import Vector
from simulators.multivu.waiting import Stability
from simulators.physics.magnet import FieldApproach
from simulators.physics.thermal import TemperatureApproach

_COMMAND = re.compile(r"([A-Z_]+)(\?)?[ ]?([ :\-?\d.,\w]*)?")
"""How the official server reads an action and its query. Without a plus sign: what follows one is lost."""

Question = Callable[[str], tuple[str, str, str]]
"""Takes parameters and returns value, unit and state."""


class Waiting(Exception):
    """Not an answer yet: somebody has to wait for what the mask names.

    Attributes:
        mask: What is waited for.
        delay: s to wait after stability is reached.
        timeout: s after which the wait is given up, 0 for never; None for a single look.
    """

    def __init__(self, mask: int, delay: float = 0.0, timeout: float | None = None) -> None:
        super().__init__()
        self.mask, self.delay, self.timeout = mask, delay, timeout


class Actions:
    """Carries out what clients ask of a cryostat.

    Args:
        cryostat: The cryostat.
        bridges: Its resistance bridges.
        flavour: Which MultiVu runs it.

    Attributes:
        stability: Whether the cryostat is settled, as a wait sees it.
    """

    AT_REST: ClassVar[Mapping[int, int]] = {}
    """Codes of the magnet that are shown as others. Unsure: whether a VersaLab shows 1 (Stable) for 4 (Holding)."""

    def __init__(self, cryostat: SimulatedCryostat, bridges: Bridges, flavour: str) -> None:
        self._cryostat = cryostat
        self._bridges = bridges
        self._flavour = flavour
        self._ppms = flavour == "PPMS"
        self._field_set = False
        self._vector = Vector(cryostat, flavour)
        self.stability = Stability(
            cryostat, ppms=self._ppms, field_text=self._field_text, chamber_text=self._chamber_text
        )
        self._questions: dict[str, Question] = {
            "TEMP": self._temperature,
            "TEMP_SETPOINTS": self._temperature_set_points,
            "FIELD": self._field,
            "FIELD_SETPOINTS": self._field_set_points,
            "FIELD_SETPOINTS_X": self._other_axis,
            "FIELD_SETPOINTS_Y": self._other_axis,
            "CHAMBER": self._chamber,
            "WAITFOR": self._steady,
            "POSITION": self._position,
            "VECTOR_CART": self._vector_cartesian,
            "VECTOR_SPHERE": self._vector_spherical,
            "SDO": self._read_object,
        }
        self._commands: dict[str, Callable[[str], None]] = {
            "TEMP": self._set_temperature,
            "FIELD": self._set_field,
            "CHAMBER": self._set_chamber,
            "WAITFOR": self._wait_for,
            "POSITION": self._set_position,
            "VECTOR_CART": self._set_vector_cartesian,
            "VECTOR_SPHERE": self._set_vector_spherical,
            "SDO": self._write_object,
        }

    def carry_out(self, action: str, query: str) -> str:
        """Do what a request says and return the text of its result.

        Raises:
            Waiting: It asks for stability.
        """
        try:
            return self._carry_out(f"{action} {query}")
        except Refusal as refusal:
            return error_text(str(refusal))
        except ValueError:
            return f"The command '{action}' has not been implemented."

    def _carry_out(self, command: str) -> str:
        [(name, question, parameters)] = _COMMAND.findall(command)
        known = self._questions if question else self._commands
        if name not in self._questions:
            raise Refusal(f'Unknown command: "{name}".')
        if name not in known:  # set points can only be asked for; the official server trips over it
            raise ValueError
        if question:
            return ",".join(self._questions[name](parameters))
        try:
            self._commands[name](parameters)
        except LimitExceeded as refused:
            raise while_setting(name, parameters, str(refused)) from refused
        return received(name)

    # ---- temperature

    def _temperature(self, _: str) -> tuple[str, str, str]:
        value, code = plain(self._cryostat.read_temperature(), 5), int(self._cryostat.temperature_state())
        if code not in texts.TEMPERATURE:  # MultiPyVu has no word for the state "unknown"
            raise Refusal(f"Returning value = {value} and status = {code}, which could mean MultiVu is not running.")
        return value, "K", texts.TEMPERATURE[code]

    def _temperature_set_points(self, _: str) -> tuple[str, str, str]:
        last = self._cryostat.temperature_setting
        value = f"({plain(last.temperature, 6)}, {plain(last.rate * MINUTE, 6)}, {int(last.approach)})"
        return value, "K", texts.SUCCESS

    def _set_temperature(self, parameters: str) -> None:
        given = parameters.split(",")
        if len(given) != 3:
            wanted = (
                "Setting the temperature requires three numeric inputs, separated by a comma: Set Point (K), "
                f"rate (K/min), approach:{texts.choices(texts.TEMPERATURE_APPROACHES, 'approach_mode.')}"
            )
            raise while_setting("TEMP", parameters, wanted)
        temperature, rate, approach = float(given[0]), float(given[1]), int(given[2])
        if temperature < 0:
            raise while_setting("TEMP", parameters, "Temperature must be a positive number.")
        if approach >= len(texts.TEMPERATURE_APPROACHES):
            listed = texts.choices(texts.TEMPERATURE_APPROACHES, "approach_mode.")
            wrong = f"The approach, {approach}, is out of bounds.  Must be one of the following{listed}"
            raise while_setting("TEMP", parameters, wrong)
        self._cryostat.set_temperature(temperature, rate / MINUTE, TemperatureApproach(approach))

    # ---- field

    def _field_text(self) -> str:
        code = MULTIVU_MAGNET_CODES[self._cryostat.field_state()]
        return texts.FIELD[self.AT_REST.get(code, code)]

    def _field(self, _: str) -> tuple[str, str, str]:
        return plain(self._cryostat.read_field() / OERSTED, 6), "Oe", self._field_text()

    def _field_set_points(self, _: str) -> tuple[str, str, str]:
        if self._flavour == "MPMS3":
            raise Refusal("MPMS3 does not support getting field set points")
        return self._field_set_point(self._cryostat.field_setting.field)

    def _field_set_point(self, field: float) -> tuple[str, str, str]:
        last = self._cryostat.field_setting
        value = f"({plain(field / OERSTED, 6)}, {plain(last.rate / OERSTED, 6)}, {int(last.approach)}, "
        return f"{value}{int(not last.persistent)})", "Oe", texts.SUCCESS

    def _other_axis(self, _: str) -> tuple[str, str, str]:
        """The set point across the magnet's axis, where nothing can be driven; only an OptiCool tells axes apart."""
        return self._field_set_point(0.0) if self._flavour == "OPTICOOL" else self._field_set_points(_)

    def _set_field(self, parameters: str) -> None:
        given = parameters.split(",")
        if len(given) != 4:
            wanted = (
                "Setting the field requires four numeric inputs, separated by a comma: Set Point (Oe), rate (Oe/sec),"
                "approach (Linear (0); No O'Shoot (1); Oscillate (2)),magnetic state (persistent (0); driven (1))"
            )
            raise while_setting("FIELD", parameters, wanted)
        field, rate, approach, driven = float(given[0]), float(given[1]), int(given[2]), int(given[3])
        if approach >= len(texts.FIELD_APPROACHES):
            listed = texts.choices(texts.FIELD_APPROACHES)
            raise Refusal(f"The approach, {approach}, is out of bounds. Must be one of the following:{listed}")
        if self._flavour == "VERSALAB" and approach == FieldApproach.NO_OVERSHOOT:
            raise Refusal("VERSALAB does not support the no_overshoot approach mode.")
        way = FieldApproach(approach)
        if driven not in {0, 1}:
            listed = texts.choices(texts.MAGNET_MODES)
            raise Refusal(f"The driven mode, {driven}, is out of bounds. Must be one of the following:{listed}")
        if not self._ppms and not driven:
            raise Refusal(f"{self._flavour} can only drive the magnet in driven mode.")
        self._cryostat.set_field(field * OERSTED, rate * OERSTED, way, persistent=not driven)
        self._field_set = True

    def _vector_cartesian(self, _: str) -> tuple[str, str, str]:
        return self._vector.cartesian(), "Oe", self._field_text()

    def _vector_spherical(self, _: str) -> tuple[str, str, str]:
        return self._vector.spherical(), "Oe", self._field_text()

    def _set_vector_cartesian(self, parameters: str) -> None:
        self._vector.set_cartesian(parameters)

    def _set_vector_spherical(self, parameters: str) -> None:
        self._vector.set_spherical(parameters)

    # ---- chamber

    def _chamber_text(self) -> str:
        state = self._cryostat.chamber_state()
        if self._ppms and state is ChamberState.FLOODING:
            return texts.CHAMBER[ChamberState.VENTING]  # so the server's rule for a PPMS wants it
        return texts.CHAMBER[state]

    def _chamber(self, _: str) -> tuple[str, str, str]:
        if self._flavour == "OPTICOOL":
            raise Refusal("get_chamber() is not available for the OptiCool")
        return "0.0", "", self._chamber_text()

    def _set_chamber(self, parameters: str) -> None:
        if self._flavour == "OPTICOOL":
            raise Refusal("set_chamber() is not available for the OptiCool")
        if "," in parameters:
            raise while_setting("CHAMBER", parameters, "Setting the chamber requires 1 input: mode")
        mode = int(parameters)
        if mode >= len(texts.CHAMBER_MODES):
            listed = texts.choices(texts.CHAMBER_MODES)
            raise Refusal(f"The selected mode, {mode}, is out of bounds.  Must be one of the following:{listed}")
        self._cryostat.set_chamber(ChamberCommand(mode))

    # ---- rotator

    def _needs_rotator(self) -> None:
        if self._flavour not in {"PPMS", "DYNACOOL", "VERSALAB"}:
            raise Refusal(f"with the {self._flavour}")  # the official server loses the first half of its sentence

    def _position(self, _: str) -> tuple[str, str, str]:
        self._needs_rotator()
        angle, state = self._cryostat.read_angle(), int(self._cryostat.position_state())
        if self._ppms:  # there the server asks for the motor's steps, and knows of moving and standing only
            step = MODEL6000["MOVECFG"].initial
            assert isinstance(step, tuple)
            assert isinstance(step[1], float | int)
            angle, state = round(angle / step[1]) * step[1], 5 if state == 5 else 1
        return plain(angle, 6), "Deg", texts.POSITION[state]

    def _set_position(self, parameters: str) -> None:
        given = parameters.split(",")
        if len(given) != 2:
            raise Refusal(
                "Setting the rotator position requires two numeric inputs, separated by a comma: Set Point (deg), "
                "rate (deg/sec),"
            )
        self._needs_rotator()
        angle, speed = float(given[0]), float(given[1])
        if not -10.0 <= angle <= 370.0:
            raise ValueError("the official server takes it for a command that is not implemented")
        self._cryostat.move(RotatorSetting(angle, 0, 0, speed=None if self._ppms else speed))

    # ---- bridges

    def _needs_bus(self, text: str, doing: str) -> None:
        """A Model 6000 has no CAN bus. What MultiVu says there is unsure; this is its text for a device that lacks."""
        if self._ppms:
            raise Refusal(f"{doing} returned error '-34: CAN Error: Node or device not found' while reading ({text})")

    def _read_object(self, text: str) -> tuple[str, str, str]:
        self._needs_bus(text, "ReadSDO")
        try:
            return str(self._bridges.read(text)), "", texts.SUCCESS
        except BusError as error:
            raise Refusal(f"ReadSDO returned error '{error.code}: {error}' while reading ({text})") from error

    def _write_object(self, parameters: str) -> None:
        text, value = parameters.split(",")
        self._needs_bus(text, "WriteSDO")
        try:
            self._bridges.write(text, value)
        except BusError as error:
            raise while_setting("SDO", parameters, str(error)) from error

    # ---- waiting

    def _steady(self, parameters: str) -> tuple[str, str, str]:
        raise Waiting(self._mask(parameters))

    def _wait_for(self, parameters: str) -> None:
        given = parameters.split(",")
        if len(given) > 3:
            # Its sentence on what would be right gets lost in the official server.
            raise while_setting("WAITFOR", parameters, "CAN Error: Unknown error")
        delay, timeout, mask = (*given, *("0.0", "0")[len(given) - 1 :])[:3]
        raise Waiting(self._mask(mask), float(delay), float(timeout))

    def _mask(self, text: str) -> int:
        mask = abs(int(text))
        unsupported = mask & ~sum(self._masks())
        named = [name for bit, name in waiting.NAMES.items() if unsupported & bit]
        if waiting.NAMES[waiting.POSITION] in named:
            raise Refusal(
                "wait_for() cannot wait on the position subsystem.  MultiVu defines that bit, but MultiPyVu does not "
                "monitor the rotator, so waiting on it would return immediately.  Poll get_position() instead."
            )
        if waiting.NAMES[waiting.CHAMBER] in named:
            raise Refusal("Chamber control is not available for the OptiCool")
        if unsupported:
            raise Refusal(f"The mask, {mask}, is out of bounds.{self._mask_choices()}")
        if mask & waiting.FIELD and self._flavour == "MPMS3" and not self._field_set:
            raise Refusal(
                "The MPMS3 cannot report its field set point, so wait_for() has no target to judge field stability "
                "against.  Call set_field() before waiting on the field."
            )
        return mask

    def _masks(self) -> tuple[int, ...]:
        common = waiting.TEMPERATURE, waiting.FIELD
        return common if self._flavour == "OPTICOOL" else (*common, waiting.CHAMBER)

    def _mask_choices(self) -> str:
        return "".join(f"\n\t{waiting.NAMES[bit]} = {bit}" for bit in self._masks())
