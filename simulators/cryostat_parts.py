"""What a simulated cryostat is made of, and how its parts break when somebody wants them to."""

from __future__ import annotations

from collections import deque

import numpy as np

from instruments.errors import LimitExceeded
from simulators.accessories import Chamber, ChamberState, Rotator
from simulators.beginning import FRESH, Beginning
from simulators.environment import Piece
from simulators.helium import HeliumBath
from simulators.machines import Machine
from simulators.physics.magnet import MagnetTrajectory
from simulators.physics.thermal import TemperatureState, ThermalTrajectory
from simulators.sensors import Sensors
from simulators.timeline import Timeline

LATEST_ADVICE = 100
"""Advisories that are remembered."""


class OutOfOrder(LimitExceeded):
    """Refused because a part is broken, and nobody has reset it; nothing changes."""


class CryostatParts:
    """The parts of a cryostat and its faults. Each fault begins now, at the lab time of the call.

    Attributes:
        timeline: The lab's time.
        machine: Limits, dynamics and noise.
        revision: Number of commands and events that have changed the trajectory of temperature or field.
        advised: How often the controller had something to complain about.
        advice: When (lab s) and what, the latest of them.
    """

    def __init__(
        self, timeline: Timeline, machine: Machine, noise_field: np.random.Generator, begins: Beginning = FRESH
    ) -> None:
        self.timeline = timeline
        self.machine = machine
        start, service = timeline.now, machine.service
        self._thermal = ThermalTrajectory(machine.thermal, start, begins.temperature, machine.pot)
        self._magnet = MagnetTrajectory(machine.magnet, start, machine.sensors.flash)
        if begins.field or begins.persistent:
            self._magnet.stand(begins.field, persistent=begins.persistent)
        self._chamber = Chamber(service, machine.chamber)
        self._rotator = Rotator(service, begins.angle)
        self._sensors = Sensors(machine.sensors, noise_field)
        self._bath: HeliumBath | None = None
        if service.helium_level is not None:
            self._bath = HeliumBath(service.helium_level, service.helium_rate, machine.helium, self._magnet, start)
        self._frozen: float | None = None  # what a broken thermometer shows, in K
        self._piece: Piece | None = None
        self.revision = 0
        self.advised = 0
        self.advice: deque[tuple[float, str]] = deque(maxlen=LATEST_ADVICE)

    # faults

    def quench(self) -> None:
        """Let the magnet turn normal.

        Reported and true field go to zero within seconds while code 11 is shown, the block warms up, a bath loses
        helium; then code 15 is shown and no field is taken until the controller is switched off and on or mended.
        """
        now, faults = self._now(), self.machine.faults
        strength = (self._magnet.reported(now) / self.machine.magnet.maximum) ** 2
        if self._bath is not None:
            self._bath.mark(now)
        self._magnet.quench(now, faults)
        if self._bath is not None:
            self._bath.drop(now, faults.quench_helium * strength)
        room = max(0.0, self.machine.thermal.maximum - self._thermal.setpoint(now))
        self._thermal.disturb(now, min(faults.quench_heating * strength, room), faults.quench_rise)
        self._advise("the magnet has quenched")
        self._planned()

    def fail_supply(self) -> None:
        """Let the magnet's supply lose control: current error, code 8 (9 for MultiVu); the field stays where it is.

        No field is taken until the controller is switched off and on or mended.
        """
        now = self._now()
        if self._bath is not None:
            self._bath.mark(now)
        self._magnet.fail(now)
        self._advise("the magnet's supply has a current error")
        self._planned()

    def fail_thermometer(
        self, reading: float | None = None, state: TemperatureState = TemperatureState.FAILURE
    ) -> None:
        """Break the block's thermometer: it shows `reading` in K from now on, or what it shows now.

        Nothing is controlled any more, and no temperature is taken until it is mended; switching the controller off
        and on does not help.

        Args:
            reading: K, whatever nonsense.
            state: What is shown: 13, 14 or 15.

        Raises:
            ValueError: The state is not one of a failure.
        """
        if state < TemperatureState.DISABLED:
            raise ValueError(f"a thermometer that fails cannot show {state!r}; take 13, 14 or 15")
        now = self._now()
        field = self._magnet.reported(now)
        self._frozen = self._sensors.shown(self._thermal.block(now), field) if reading is None else reading
        self._thermal.fail(now, state)
        self._advise("the thermometer has failed")
        self._planned()

    def fail_temperature(self, state: TemperatureState = TemperatureState.IMPEDANCE) -> None:
        """Let the temperature control fail with its thermometer in order: 13, 14 or 15 is shown, nothing is controlled.

        Raises:
            ValueError: The state is not one of a failure.
        """
        if state < TemperatureState.DISABLED:
            raise ValueError(f"a control that fails cannot show {state!r}; take 13, 14 or 15")
        self._thermal.fail(self._now(), state)
        self._advise("the temperature control has failed")
        self._planned()

    def fail_chamber(self, state: ChamberState = ChamberState.FAILURE) -> None:
        """Let the chamber's valves fail: code 15, or 14 for its high vacuum; no command is taken until it is mended.

        Raises:
            ValueError: The state is not one of a failure.
        """
        if state < ChamberState.HIGH_VACUUM_ERROR:
            raise ValueError(f"a chamber that fails cannot show {state!r}; take 14 or 15")
        now = self._now()
        self._chamber.fail(now, self._thermal.block(now), state)
        self._advise("the sample chamber has failed")

    def slow_down(self, ramp: float = 1.0, settle: float = 1.0) -> None:
        """Have the next temperatures and fields ramp at a fraction of their rate, and settle so many times longer.

        Args:
            ramp: Above 0, up to 1.
            settle: 1 or more.

        Raises:
            ValueError: Neither.
        """
        if not 0.0 < ramp <= 1.0 <= settle:
            raise ValueError(
                f"a slow cryostat ramps at 0 to 1 of its rate and settles 1 time or more, not {ramp, settle}"
            )
        self._now()
        self._thermal.hinder(ramp, settle)
        self._magnet.hinder(ramp, settle)

    def set_helium(self, level: float) -> None:
        """Fill the bath, or let it run dry, to a level in %.

        Raises:
            ValueError: There is no bath, or no such level.
        """
        if self._bath is None or not 0.0 <= level <= 100.0:
            raise ValueError(f"{self.machine.name} cannot have a helium level of {level:g} %")
        self._bath.fill(self._now(), level)

    def mend(self) -> None:
        """Have everything in order again: the magnet driven where it is, the temperature control standing by."""
        now = self._now()
        self._reset_magnet(now)
        self._thermal.mend(now)
        self._chamber.mend(now)
        self._frozen = None
        self._planned()

    # for whoever tells it something

    def _reset_magnet(self, now: float) -> None:
        if self._bath is not None:
            self._bath.mark(now)
        self._magnet.reset(now)

    def _now(self) -> float:
        """Lab time in s, with everything carried out that is due by now."""
        self.timeline.catch_up()
        return self.timeline.now

    def _advise(self, text: str) -> None:
        self.advised += 1
        self.advice.append((self.timeline.now, text))

    def _planned(self) -> None:
        """Take note that the plan has changed."""
        self.revision += 1
        self._piece = None
