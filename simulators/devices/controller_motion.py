"""The Model 6000's motor: positions in units that MOVECFG defines, steps that the motor makes."""

from __future__ import annotations

from collections.abc import Sequence

from instruments.errors import LimitExceeded
from simulators.accessories import Rotator, RotatorSetting
from simulators.cryostat import SimulatedCryostat

MOST_STEPS = 1e9
"""Steps that the controller can count either way. Assumed."""


class Motion:
    """Turns positions into steps and steps into positions.

    Args:
        cryostat: Whose rotator it drives.
        configuration: MOVECFG as it is when new: unit, units per step, range, index flag.
    """

    def __init__(self, cryostat: SimulatedCryostat, configuration: Sequence[float]) -> None:
        self._cryostat = cryostat
        self._moved: tuple[RotatorSetting, float] | None = None
        self.configure(configuration)

    def configure(self, configuration: Sequence[float]) -> None:
        """Take over MOVECFG: units per step as the user says, whether that is right or not."""
        _, self._per_step, _, index = configuration
        self._index = bool(index)
        self._scale = self._per_step / Rotator.STEP

    def move(self, position: float, mode: int | None = None, slowdown: int | None = None) -> None:
        """Carry out MOVE; the motor goes to whole steps, and what is left out stays as it was.

        Raises:
            LimitExceeded: The position is out of reach, or too far to be counted in steps.
        """
        steps = position / self._per_step
        if not abs(steps) < MOST_STEPS:
            raise LimitExceeded(f"position {position:g} is more than {MOST_STEPS:g} steps away; stay closer")
        last = self._cryostat.rotator.setting
        setting = RotatorSetting(
            round(steps) * Rotator.STEP,
            last.mode if mode is None else mode,
            last.slowdown if slowdown is None else slowdown,
            index=self._index,
        )
        self._cryostat.move(setting)
        self._moved = setting, position

    def setting(self) -> str:
        """Answer MOVE?: what the motor was told last, by whomever."""
        last = self._cryostat.rotator.setting
        position = last.angle * self._scale
        if self._moved is not None and self._moved[0] is last:
            position = self._moved[1]
        return f"{position:.10g},{last.mode},{last.slowdown}"

    def position(self) -> float:
        """Position in units of MOVECFG, as the motor's steps give it."""
        return round(self._cryostat.read_angle() / Rotator.STEP) * Rotator.STEP * self._scale

    def steps(self) -> str:
        """Answer $MOVE?: steps, where they lead to, whether the motor is at its index switch, play of the gear.

        That the play is what the fourth number means is unsure.
        """
        rotator = self._cryostat.rotator
        angles = self._cryostat.read_angle(), rotator.destination
        here, there = (round(angle / Rotator.STEP) for angle in angles)
        play = round(self._cryostat.machine.service.rotator_backlash / Rotator.STEP)
        return f"{here},{there},{int(rotator.at_index(self._cryostat.timeline.now))},{play}"
