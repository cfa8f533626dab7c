"""The simulated cryostat: what it is told, what it reports, and what the sample in it really has.

Temperature and field are known in closed form from one command to the next; asking for them changes nothing.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from instruments.errors import LimitExceeded
from simulators.accessories import Chamber, ChamberCommand, ChamberState, PositionState, Rotator, RotatorSetting
from simulators.environment import GRID_TEMPERATURE, Piece
from simulators.machines import OERSTED, Machine
from simulators.physics.magnet import FieldApproach, MagnetState, MagnetTrajectory
from simulators.physics.thermal import TemperatureApproach, TemperatureState, ThermalTrajectory
from simulators.randomness import TimedGaussian
from simulators.timeline import Timeline

ROOM_TEMPERATURE = 300.0
ROUNDING = 1e-9
"""Limits are compared with this relative slack: 20 K/min is a third of a K/s only nearly."""

MULTIVU_MAGNET_CODES = {state: int(state) for state in MagnetState} | {MagnetState.DISCHARGING: 6}
"""The same states as MultiVu's software counts them on VersaLab and DynaCool, which ramps both ways with code 6."""


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


class SimulatedCryostat:
    """A cryostat with a sample in it, fresh: 300 K stable, 0 T driven, never magnetised, chamber purged and sealed.

    It is the `Environment` of its sample.

    Attributes:
        revision: Number of commands that have changed the trajectory of temperature or field.
        temperature_setting: What the temperature control was told last.
        field_setting: What the magnet was told last.
        chamber_setting: What the chamber was told last.

    Args:
        timeline: The lab's time.
        machine: Its limits, dynamics and noise.
        noise_temperature: Random numbers of the temperature read-back.
        noise_field: Random numbers of the field read-back.
    """

    def __init__(
        self,
        timeline: Timeline,
        machine: Machine,
        noise_temperature: np.random.Generator,
        noise_field: np.random.Generator,
    ) -> None:
        self.timeline = timeline
        self.machine = machine
        self._noise_temperature = TimedGaussian(noise_temperature, CONVERSION_TIME)
        self._noise_field = TimedGaussian(noise_field, CONVERSION_TIME)
        self._thermal = ThermalTrajectory(machine.thermal, timeline.now, ROOM_TEMPERATURE)
        self._magnet = MagnetTrajectory(machine.magnet, timeline.now)
        self._chamber = Chamber(machine.service)
        self._rotator = Rotator(machine.service)
        # asked a million times in a night's simulation: one call less each
        self._piece: Piece | None = None
        self.revision = 0
        self.sample_temperature = self._thermal.sample
        self.field = self._magnet.field
        self.temperature_setting = TemperatureSetting(
            ROOM_TEMPERATURE, machine.thermal.rate_maximum, TemperatureApproach.FAST_SETTLE
        )
        self.field_setting = FieldSetting(0.0, machine.magnet.rate_maximum, FieldApproach.LINEAR, persistent=False)
        self.chamber_setting = ChamberCommand.SEAL

    # what it is told

    def set_temperature(self, temperature: float, rate: float, approach: TemperatureApproach) -> None:
        """Go to a temperature in K at a rate in K/s; where the hardware is slower, at its rate.

        Raises:
            LimitExceeded: Temperature or rate is beyond the machine; nothing changes.
        """
        data = self.machine.thermal
        _check("temperature", temperature, data.minimum, data.maximum, "K")
        _check("temperature rate", rate * 60, data.rate_minimum * 60, data.rate_maximum * 60, "K/min")
        self.temperature_setting = TemperatureSetting(temperature, rate, approach)
        self._thermal.command(self.timeline.now, temperature, rate, approach)
        self._planned()

    def set_field(self, field: float, rate: float, approach: FieldApproach, *, persistent: bool = False) -> None:
        """Go to a reported field in T at a rate in T/s; both are rounded to the machine's resolution.

        Raises:
            LimitExceeded: Field or rate is beyond the machine, or it lacks the approach or a persistent switch;
                nothing changes.
        """
        data = self.machine.magnet
        _check("field", field / OERSTED, -data.maximum / OERSTED, data.maximum / OERSTED, "Oe")
        _check("field rate", rate / OERSTED, data.rate_minimum / OERSTED, data.rate_maximum / OERSTED, "Oe/s")
        if persistent and not data.persistent:
            raise LimitExceeded(f"{self.machine.name} has no persistent mode; drive the field")
        if approach is FieldApproach.NO_OVERSHOOT and not data.no_overshoot:
            raise LimitExceeded(f"{self.machine.name} has no no-overshoot approach; approach linearly")
        field = round(field / data.resolution) * data.resolution
        rate = round(rate / data.rate_resolution) * data.rate_resolution
        self.field_setting = FieldSetting(field, rate, approach, persistent)
        self._magnet.command(self.timeline.now, field, rate, approach, persistent)
        self._planned()

    def set_chamber(self, command: ChamberCommand) -> None:
        """Seal, purge, vent or pump the sample chamber.

        Raises:
            LimitExceeded: High vacuum where the option is missing; nothing changes.
        """
        if command is ChamberCommand.HIGH_VACUUM and not self.machine.service.high_vacuum:
            raise LimitExceeded(f"{self.machine.name} has no high-vacuum option; purge and seal")
        self.chamber_setting = command
        self._chamber.command(self.timeline.now, command)

    def move(self, setting: RotatorSetting) -> None:
        """Turn the sample, or redefine its angle.

        Raises:
            LimitExceeded: The angle lies outside the rotator's range; nothing changes.
        """
        _check("angle", setting.angle, *self.machine.service.rotator_range, "deg")
        self._rotator.move(self.timeline.now, setting)

    def stand_by(self) -> None:
        """Stop controlling the temperature."""
        self._thermal.stand_by(self.timeline.now)
        self._planned()

    def power_cycle(self) -> None:
        """Switch the controller off and on: temperature control stands by, a driven magnet runs down to zero.

        The current of a persistent magnet stays. Assumed; no source says how fast the current decays, so that the
        largest ramp rate is taken.
        """
        self.stand_by()
        now, data = self.timeline.now, self.machine.magnet
        if self._magnet.state(now) is not MagnetState.PERSISTENT:
            self._magnet.command(now, 0.0, data.rate_maximum, FieldApproach.LINEAR, persistent=False)
            self._planned()
            self.field_setting = FieldSetting(0.0, data.rate_maximum, FieldApproach.LINEAR, persistent=False)

    # what it reports

    def read_temperature(self) -> float:
        """Temperature of the block's thermometer in K, with its noise; the sample's lags behind."""
        now = self.timeline.now
        return self._thermal.block(now) * (1.0 + self.machine.thermal.noise * self._noise_temperature.at(now))

    def read_field(self) -> float:
        """Field of the supply's current in T, with the noise and quantum of its reading; the true field differs."""
        data, now = self.machine.magnet, self.timeline.now
        field = self._magnet.reported(now) + data.noise * self._noise_field.at(now)
        return round(field / data.quantum) * data.quantum

    def read_pressure(self) -> float:
        """Pressure of the sample chamber in Torr."""
        now = self.timeline.now
        return self._chamber.pressure(now, self._thermal.block(now))

    def read_angle(self) -> float:
        """Angle of the rotator in deg."""
        return self._rotator.angle(self.timeline.now)

    def temperature_state(self) -> TemperatureState:
        """What the temperature control shows now."""
        return self._thermal.state(self.timeline.now)

    def field_state(self) -> MagnetState:
        """What the magnet shows now."""
        return self._magnet.state(self.timeline.now)

    def chamber_state(self) -> ChamberState:
        """What the sample chamber shows now."""
        return self._chamber.state(self.timeline.now)

    def position_state(self) -> PositionState:
        """What the rotator shows now."""
        return self._rotator.state(self.timeline.now)

    def status_word(self) -> int:
        """The four states packed into one word: temperature in bits 0 to 3, magnet, chamber, position above."""
        now = self.timeline.now
        magnet, chamber = self._magnet.state(now), self._chamber.state(now)
        return self._thermal.state(now) | magnet << 4 | chamber << 8 | self._rotator.state(now) << 12

    def helium_level(self) -> float | None:
        """Level of the helium bath in %, None for a machine without one."""
        data = self.machine.service
        if data.helium_level is None:
            return None
        return max(0.0, data.helium_level - data.helium_rate * self.timeline.now)

    @property
    def rotator(self) -> Rotator:
        """The rotator, for the angle at other times than now."""
        return self._rotator

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
        field = self.field(start)
        there = field + rate * (end - start) if rate else field
        self._piece = Piece(start, end, cells[following - 1] * GRID_TEMPERATURE, field, there, rate)
        return self._piece

    def pieces(self, start: float, end: float) -> Iterator[Piece]:
        """Cover the time from `start` to `end` (lab s) with pieces, in order and without gaps."""
        while start < end:
            whole = self.piece(start)
            until = min(end, whole.end)
            yield Piece(start, until, whole.temperature, whole.field(start), whole.field(until), whole.field_rate)
            start = until

    def _planned(self) -> None:
        """Take note that the plan has changed."""
        self.revision += 1
        self._piece = None
