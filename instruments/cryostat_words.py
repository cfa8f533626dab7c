"""What is said to and by a cryostat: states, ways of approach, set points, readings and limits.

Everything is in SI units: K, T (1 Oe is 1e-4 T), K/s, T/s; angles in degrees.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple, TypeVar

from instruments.errors import BadValue


class State(Enum):
    """What a part of the cryostat says it does, in the words of its maker.

    Every reading is looked at for these; `_name_` is the name without the machinery of `name`.
    """

    @property
    def stable(self) -> bool:
        """Whether the part is at its set point and stays there."""
        return self._name_ in {"STABLE", "PERSISTENT", "DRIVEN", "STOPPED"}

    @property
    def known(self) -> bool:
        """Whether the controller says anything; it may flash "unknown" for a moment when it is told something."""
        return self._name_ != "UNKNOWN"

    @property
    def failed(self) -> bool:
        """Whether waiting is in vain."""
        return self.name in {"CURRENT_ERROR", "SWITCH_ERROR", "QUENCH", "CHARGING_ERROR", "PSU_ERROR", "FAILURE"}


class TemperatureState(State):
    """State of the temperature control."""

    UNKNOWN = "unknown"
    STABLE = "stable"
    TRACKING = "tracking"
    NEAR = "near"
    CHASING = "chasing"
    POT_OPERATION = "filling or emptying the reservoir"
    STANDBY = "standby"
    DISABLED = "control disabled"
    IMPEDANCE_ERROR = "impedance not functioning"
    FAILURE = "general failure"


class FieldState(State):
    """State of the magnet."""

    UNKNOWN = "unknown"
    STABLE = "stable"
    PERSISTENT = "persistent, stable"
    SWITCH_WARMING = "switch warming"
    SWITCH_COOLING = "switch cooling"
    DRIVEN = "driven, stable"
    ITERATING = "driven, final approach"
    CHARGING = "charging"
    DISCHARGING = "discharging"
    RAMPING = "ramping"
    RESETTING = "resetting"
    CURRENT_ERROR = "current error"
    SWITCH_ERROR = "switch error"
    QUENCH = "quench"
    CHARGING_ERROR = "charging error"
    PSU_ERROR = "power supply error"
    FAILURE = "general failure"


class ChamberState(State):
    """State of the sample chamber."""

    UNKNOWN = "unknown"
    PURGED = "purged and sealed"
    VENTED = "vented and sealed"
    SEALED = "sealed, condition unknown"
    PURGING = "performing purge and seal"
    VENTING = "performing vent and seal"
    PRE_PUMPING = "pre-pump for high vacuum"
    HIGH_VACUUM = "high vacuum"
    PUMPING = "pumping continuously"
    FLOODING = "venting continuously"
    HIGH_VACUUM_ERROR = "high vacuum error"
    FAILURE = "general failure"


class PositionState(State):
    """State of the rotator."""

    UNKNOWN = "unknown"
    STOPPED = "stopped at set point"
    MOVING = "moving"
    CALIBRATING = "calibrating"
    LIMIT_SWITCH = "at limit switch"
    INDEX_SWITCH = "at index switch"
    FAILURE = "general failure"


class TemperatureApproach(Enum):
    """How the temperature gets to its set point."""

    FAST_SETTLE = "fast settle"
    NO_OVERSHOOT = "no overshoot"


class FieldApproach(Enum):
    """How the field gets to its set point."""

    LINEAR = "linear"
    NO_OVERSHOOT = "no overshoot"
    OSCILLATE = "oscillate"


class MagnetMode(Enum):
    """What the magnet does at the set point."""

    DRIVEN = "driven"
    PERSISTENT = "persistent"


class ChamberAction(Enum):
    """What the chamber can be told."""

    SEAL = "seal"
    PURGE_SEAL = "purge and seal"
    VENT_SEAL = "vent and seal"
    PUMP = "pump continuously"
    VENT = "vent continuously"
    HIGH_VACUUM = "high vacuum"


WordT = TypeVar("WordT", bound=Enum)


def choose(name: str, wanted: WordT | str, kind: type[WordT]) -> WordT:
    """Return what a word of these stands for, such as "no overshoot" or "NO_OVERSHOOT"; a member stands for itself.

    Args:
        name: What it is for.
        wanted: A member or its word; small and large letters, blanks and underscores are all the same.
        kind: The class of the members.

    Raises:
        BadValue: There is none; the sentence says which there are.
    """
    if isinstance(wanted, kind):
        return wanted
    if isinstance(wanted, str):
        word = wanted.strip().casefold().replace("_", " ")
        for member in kind:
            if word in {member.value, member.name.casefold().replace("_", " ")}:
                return member
    choices = ", ".join(repr(member.value) for member in kind)
    raise BadValue(f"{name} cannot be {wanted!r}; choose one of {choices} (nothing was sent)")


class CryostatReading(NamedTuple):
    """What the cryostat said in one reply.

    Attributes:
        temperature: Block temperature, K.
        field: Reported field mu0 H, T.
        temperature_state: State of the temperature control.
        field_state: State of the magnet.
        chamber_state: State of the chamber.
        stamp: Middle of the query, in s of the driver's clock.
        position: Rotator angle in degrees; None without rotator.
        position_state: State of the rotator; None without rotator.
        machine_time: The controller's own time in s, from an origin of its own; None where it gives none.
    """

    temperature: float
    field: float
    temperature_state: TemperatureState
    field_state: FieldState
    chamber_state: ChamberState
    stamp: float
    position: float | None = None
    position_state: PositionState | None = None
    machine_time: float | None = None


@dataclass(frozen=True, slots=True)
class TemperatureSetpoint:
    """What the temperature control was told last: K, K/s."""

    temperature: float
    rate: float
    approach: TemperatureApproach

    def __str__(self) -> str:
        return f"{self.temperature:g} K at {self.rate * 60:g} K/min, {self.approach.value}"


@dataclass(frozen=True, slots=True)
class FieldSetpoint:
    """What the magnet was told last: T, T/s."""

    field: float
    rate: float
    approach: FieldApproach
    mode: MagnetMode

    def __str__(self) -> str:
        return f"{self.field:g} T at {self.rate * 1e4:g} Oe/s, {self.approach.value}, {self.mode.value}"


@dataclass(frozen=True, slots=True)
class CryostatLimits:
    """What the machine takes.

    Attributes:
        lowest_temperature: K.
        highest_temperature: K.
        temperature_rate: Largest rate, K/s.
        field: Largest field in either direction, T.
        field_rate: Largest rate, T/s.
        persistent: Whether the magnet has a persistent switch.
    """

    lowest_temperature: float
    highest_temperature: float
    temperature_rate: float
    field: float
    field_rate: float
    persistent: bool
