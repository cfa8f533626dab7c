"""The simulated cryostat: what it is told, what it reports, and what the sample in it really has.

Temperature and field are known in closed form from one command to the next; asking for them changes nothing.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from instruments.errors import LimitExceeded
from simulators.accessories import ChamberCommand, ChamberState, PositionState, Rotator, RotatorSetting
from simulators.beginning import FRESH, Beginning
from simulators.cryostat_parts import CryostatParts, OutOfOrder
from simulators.environment import GRID_TEMPERATURE, Piece
from simulators.machines import OERSTED, Machine
from simulators.mounting import AS_MADE, Mounting
from simulators.physics.magnet import FieldApproach, MagnetState
from simulators.physics.thermal import TemperatureApproach, TemperatureState
from simulators.randomness import TimedGaussian
from simulators.timeline import Event, Timeline

ROUNDING = 1e-9
"""Limits are compared with this relative slack: 20 K/min is a third of a K/s only nearly."""

MULTIVU_MAGNET_CODES = {state: int(state) for state in MagnetState} | {
    MagnetState.DISCHARGING: 6,
    MagnetState.CURRENT_ERROR: 9,
}
"""The same states as MultiVu's software counts them: it ramps both ways with code 6, and has 8 for its own reset."""

_VENTING = frozenset({ChamberCommand.VENT_AND_SEAL, ChamberCommand.VENT_CONTINUOUSLY})
_GAS = _VENTING | {ChamberCommand.PURGE_AND_SEAL}

_KNOTS = 16
"""Straight stretches in which a block follows the error that its thermometer has in a changing field."""


@dataclass(frozen=True, slots=True)
class TemperatureSetting:
    """What the temperature control was told last: K, K/s, approach."""

    temperature: float
    rate: float
    approach: TemperatureApproach


@dataclass(frozen=True, slots=True)
class FieldSetting:
    """What the magnet was told last: reported field in T, T/s, approach, whether persistent in the end."""

    field: float
    rate: float
    approach: FieldApproach
    persistent: bool


CONVERSION_TIME = 0.01
"""s between two conversions of the controller's converters (assumed).

All who ask within one get the same noise, so that one client's questions cannot change another's readings.
"""


def _check(what: str, value: float, lowest: float, highest: float, unit: str) -> None:
    """Refuse what lies outside, and what is not a number."""
    slack = ROUNDING * max(abs(lowest), abs(highest))
    if not lowest - slack <= value <= highest + slack:
        raise LimitExceeded(f"{what} {value:g} {unit} is outside {lowest:g} to {highest:g} {unit}; stay inside")


class SimulatedCryostat(CryostatParts):
    """A cryostat with a sample in it, fresh: 300 K stable, 0 T driven, never magnetised, chamber purged and sealed.

    One that begins elsewhere is stable there; see `simulators.beginning`.

    It is the `Environment` of its sample.

    Attributes:
        temperature_setting: What the temperature control was told last.
        field_setting: What the magnet was told last.
        chamber_setting: What the chamber was told last.

    Args:
        timeline: The lab's time.
        machine: Its limits, dynamics and noise.
        noise_temperature: Random numbers of the temperature read-back.
        noise_field: Random numbers of the field read-back.
        begins: How it stands in the lab's first moment.
    """

    def __init__(
        self,
        timeline: Timeline,
        machine: Machine,
        noise_temperature: np.random.Generator,
        noise_field: np.random.Generator,
        begins: Beginning = FRESH,
    ) -> None:
        super().__init__(timeline, machine, noise_field, begins)
        self._noise_temperature = TimedGaussian(noise_temperature, CONVERSION_TIME)
        self._noise_field = TimedGaussian(noise_field, CONVERSION_TIME)
        self._danger: Event | None = None  # of a magnet that is half out of its helium
        self._evacuated: Event | None = None
        self._mounting = AS_MADE
        self._direction = AS_MADE.direction()
        self._turns = False  # whether the rotator turns the sample in the field
        # asked a million times in a night's simulation: one call less each
        self.sample_temperature = self._thermal.sample
        self.field = self._magnet.field
        self.temperature_setting = TemperatureSetting(
            begins.temperature, machine.thermal.rate_maximum, TemperatureApproach.FAST_SETTLE
        )
        self.field_setting = FieldSetting(
            begins.field, machine.magnet.rate_maximum, FieldApproach.LINEAR, begins.persistent
        )
        self.chamber_setting = ChamberCommand.SEAL

    def mount(self, mounting: Mounting) -> None:
        """Put the sample in like this; before anything else is done, for a sample does not move in the past."""
        self._mounting = mounting
        self._turns = mounting.axis != "none"
        self._direction = mounting.direction()
        self._planned()

    # what it is told

    def set_temperature(self, temperature: float, rate: float, approach: TemperatureApproach) -> None:
        """Go to a temperature in K at a rate in K/s; where the hardware is slower, at its rate.

        Raises:
            LimitExceeded: Temperature or rate is beyond the machine; nothing changes.
            OutOfOrder: The thermometer or the control has failed.
        """
        data = self.machine.thermal
        now = self._now()
        _check("temperature", temperature, data.minimum, data.maximum, "K")
        _check("temperature rate", rate * 60, data.rate_minimum * 60, data.rate_maximum * 60, "K/min")
        if self._thermal.broken:
            raise OutOfOrder("the temperature control has failed; mend it first")
        target = self._sensors.true(temperature, self.field_setting.field)
        if self._bath is not None and target < self._thermal.setpoint(now) and not self._bath.level(now):
            self.fail_temperature()  # without helium nothing cools
            raise OutOfOrder("there is no helium left to cool with; fill the bath")
        self.temperature_setting = TemperatureSetting(temperature, rate, approach)
        self._thermal.command(now, target, rate, approach)
        self._planned()

    def set_field(self, field: float, rate: float, approach: FieldApproach, *, persistent: bool = False) -> None:
        """Go to a reported field in T at a rate in T/s; both are rounded to the machine's resolution.

        Raises:
            LimitExceeded: Field or rate is beyond the machine, or it lacks the approach or a persistent switch;
                nothing changes.
            OutOfOrder: The magnet has quenched or its supply has failed, and nobody has reset it.
        """
        data = self.machine.magnet
        now = self._now()
        _check("field", field / OERSTED, -data.maximum / OERSTED, data.maximum / OERSTED, "Oe")
        _check("field rate", rate / OERSTED, data.rate_minimum / OERSTED, data.rate_maximum / OERSTED, "Oe/s")
        if persistent and not data.persistent:
            raise LimitExceeded(f"{self.machine.name} has no persistent mode; drive the field")
        if approach is FieldApproach.NO_OVERSHOOT and not data.no_overshoot:
            raise LimitExceeded(f"{self.machine.name} has no no-overshoot approach; approach linearly")
        if self._magnet.broken:
            raise OutOfOrder("the magnet is out of order; switch its controller off and on")
        field = round(field / data.resolution) * data.resolution
        rate = round(rate / data.rate_resolution) * data.rate_resolution
        self.field_setting = FieldSetting(field, rate, approach, persistent)
        if self._bath is not None:
            self._bath.mark(now)
        self._magnet.command(now, field, rate, approach, persistent)
        self._field_changes(now)
        self._planned()

    def _field_changes(self, now: float) -> None:
        """Plan what follows from a new way of the field: a dry magnet quenches, a thermometer shows something else."""
        if self._danger is not None:
            self._danger.cancel()
            self._danger = None
        helium = self.machine.helium
        if self._bath is not None and self._bath.level(now) < helium.dry_level:
            moment = self._magnet.reaches(helium.dry_field, now)
            if moment is not None:
                self._danger = self.timeline.schedule(moment, self.quench)
        if self._sensors.follows_field:
            step = (self._magnet.settled_at - now) / _KNOTS
            fields = [self._magnet.reported(now + step * knot) for knot in range(1, _KNOTS + 1)]
            shown = self.temperature_setting.temperature
            self._thermal.follow(now, [(step, self._sensors.true(shown, field)) for field in fields])

    def set_chamber(self, command: ChamberCommand) -> None:
        """Seal, purge, vent or pump the sample chamber.

        Raises:
            LimitExceeded: High vacuum where the option is missing; nothing changes.
            OutOfOrder: The chamber has failed.
        """
        now = self._now()
        if command is ChamberCommand.HIGH_VACUUM and not self.machine.service.high_vacuum:
            raise LimitExceeded(f"{self.machine.name} has no high-vacuum option; purge and seal")
        if self._chamber.broken:
            raise OutOfOrder("the sample chamber has failed; mend it first")
        block = self._thermal.block(now)
        self.chamber_setting = command
        self._chamber.command(now, block, command)
        if command in _VENTING and block < self.machine.chamber.cold:
            self._advise(f"the chamber is vented at {block:.1f} K: air and water freeze in it")
        if self._evacuated is not None:
            self._evacuated.cancel()
            self._evacuated = None
        if command is ChamberCommand.HIGH_VACUUM:
            self._evacuated = self.timeline.schedule(self._chamber.until, self._evacuate)
        elif command in _GAS:
            self._couple(1.0)

    def _evacuate(self) -> None:
        self._couple(self.machine.chamber.decoupling)

    def _couple(self, factor: float) -> None:
        """Have the sample lag so many times longer behind the block than in gas."""
        if factor != self._thermal.decoupling:
            self._thermal.decouple(self.timeline.now, factor)
            self._planned()

    def move(self, setting: RotatorSetting) -> None:
        """Turn the sample, or redefine its angle.

        Raises:
            LimitExceeded: The angle lies outside the rotator's range, or the speed is none; nothing changes.
        """
        data = self.machine.service
        _check("angle", setting.angle, *data.rotator_range, "deg")
        if setting.speed is not None:
            _check("speed", setting.speed, data.rotator_speed * 1e-6, data.rotator_speed, "deg/s")
        self._rotator.move(self._now(), setting)
        if self._turns:
            self._planned()

    def stand_by(self) -> None:
        """Stop controlling the temperature."""
        now = self._now()
        if not self._thermal.broken:
            self._thermal.stand_by(now)
            self._planned()

    def power_cycle(self) -> None:
        """Switch the controller off and on: temperature control stands by, a driven magnet runs down to zero.

        The current of a persistent magnet stays. Assumed; no source says how fast the current decays, so that the
        largest ramp rate is taken. A magnet that was out of order is in order again, and so is the chamber; a
        thermometer stays broken.
        """
        self.stand_by()
        now, data = self.timeline.now, self.machine.magnet
        self._reset_magnet(now)
        self._chamber.mend(now)
        if self._magnet.state(now) is not MagnetState.PERSISTENT:
            self._magnet.command(now, 0.0, data.rate_maximum, FieldApproach.LINEAR, persistent=False)
            self._planned()
            self.field_setting = FieldSetting(0.0, data.rate_maximum, FieldApproach.LINEAR, persistent=False)

    # what it reports

    def read_temperature(self) -> float:
        """Temperature of the block's thermometer in K, with its noise; the sample's lags behind."""
        now = self._now()
        if self._frozen is not None:
            return self._frozen
        block = self._thermal.block(now)
        if not self._sensors.exact:
            block = self._sensors.shown(block, self._magnet.reported(now))
        return block * (1.0 + self.machine.thermal.noise * self._noise_temperature.at(now))

    def read_field(self) -> float:
        """Field of the supply's current in T, with the noise and quantum of its reading; the true field differs."""
        data, now = self.machine.magnet, self._now()
        field = self._magnet.reported(now) + data.noise * self._noise_field.at(now)
        if self._sensors.wanders and self._magnet.state(now) is not MagnetState.PERSISTENT:
            field += self._sensors.wander(now)
        return round(field / data.quantum) * data.quantum

    def read_pressure(self) -> float:
        """Pressure of the sample chamber in Torr."""
        now = self._now()
        return self._chamber.pressure(now, self._thermal.block(now))

    def read_angle(self) -> float:
        """Angle of the rotator in deg."""
        return self._rotator.angle(self._now())

    def temperature_state(self) -> TemperatureState:
        """What the temperature control shows now."""
        return self._thermal.state(self._now())

    def field_state(self) -> MagnetState:
        """What the magnet shows now."""
        return self._magnet.state(self._now())

    def chamber_state(self) -> ChamberState:
        """What the sample chamber shows now."""
        return self._chamber.state(self._now())

    def position_state(self) -> PositionState:
        """What the rotator shows now."""
        return self._rotator.state(self._now())

    def status_word(self) -> int:
        """The four states packed into one word: temperature in bits 0 to 3, magnet, chamber, position above."""
        now = self._now()
        magnet, chamber = self._magnet.state(now), self._chamber.state(now)
        return self._thermal.state(now) | magnet << 4 | chamber << 8 | self._rotator.state(now) << 12

    def helium_level(self) -> float | None:
        """Level of the helium bath in %, None for a machine without one."""
        return None if self._bath is None else self._bath.level(self._now())

    def helium_level_at(self, time: float) -> float | None:
        """Level of the helium bath in % at a lab time in s, now or earlier."""
        return None if self._bath is None else self._bath.level(time)

    @property
    def rotator(self) -> Rotator:
        """The rotator, for the angle at other times than now."""
        return self._rotator

    def field_extremes(self, start: float, end: float) -> tuple[float, float]:
        """Return the lowest and the highest field in T of the supply's current between two lab times in s, now past."""
        return self._magnet.extremes(start, end)

    # what the sample really has: sample_temperature(time) and field(time), made above, and

    def piece(self, time: float) -> Piece:
        """Return the whole piece of the trajectory with start <= `time` < end (lab s)."""
        known = self._piece
        if known is not None and known.start <= time < known.end:
            return known
        start, end, rate = self._magnet.stretch(time)
        entered, cells = self._thermal.cells(time)
        following = bisect_right(entered, time)
        start = max(start, entered[following - 1])
        if following < len(entered):
            end = min(end, entered[following])
        direction = self._direction
        if self._turns:
            turned, until, angle = self._rotator.rotation.stretch(time)
            start, end = max(start, turned), min(end, until)
            direction = self._mounting.direction(angle)
        field = self.field(start)
        there = field + rate * (end - start) if rate else field
        self._piece = Piece(start, end, cells[following - 1] * GRID_TEMPERATURE, field, there, rate, direction)
        return self._piece

    def pieces(self, start: float, end: float) -> Iterator[Piece]:
        """Cover the time from `start` to `end` (lab s) with pieces, in order and without gaps."""
        while start < end:
            whole = self.piece(start)
            until = min(end, whole.end)
            yield Piece(
                start, until, whole.temperature, whole.field(start), whole.field(until), whole.field_rate,
                whole.direction,
            )  # fmt: skip
            start = until
