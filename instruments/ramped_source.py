"""What the drivers of all sources share: going to a level in steps, and coming to rest whatever happens."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import ClassVar

from instruments.driver import control
from instruments.errors import BadValue, InstrumentError, InstrumentFault, Refused, Restarted
from instruments.forms import BOOLEAN, finite, flag
from instruments.scpi_driver import ScpiDriver

log = logging.getLogger(__name__)

Put = Callable[[float], None]
"""Sets the level of what is driven, in V or A."""


def checked_slew(slew: float, unit: str = "") -> float:
    """Return the largest rate of a ramp.

    Raises:
        BadValue: It is no finite number above zero.
    """
    if finite("slew", slew, unit) <= 0:
        shown = f"0 {unit}" if unit else "zero"
        raise BadValue(f"slew must be above {shown}, not {slew!r}; nothing was sent")
    return slew


class RampedSource(ScpiDriver):
    """A source that is brought to a level, and to rest, in steps."""

    STEP_INTERVAL: ClassVar[float] = 0.02
    """Time between two steps of a ramp, in s."""
    shutdown_time: float = 0.5
    """How long the ramp to zero of `shutdown` and `rest` takes, in s; 0 for one step. A run takes its station's."""

    source_enabled = control(
        ":OUTP?",
        ":OUTP %s",
        """Control whether the output is on (bool).""",
        flag("source_enabled"),
        BOOLEAN,
    )

    def abort(self) -> None:
        """Stop what runs."""
        raise NotImplementedError

    def clear_source(self) -> None:
        """Turn the output off at once.

        Raises:
            InstrumentError: The error queue held something.
        """
        self._insist(":SOUR:CLE")

    def _stops(self) -> tuple[Callable[[], None], ...]:
        """Return what stops all that may run."""
        return (self.abort,)

    def _level(self) -> tuple[float, Put]:
        """Ask for the level that is set, and return it with what sets another."""
        raise NotImplementedError

    def _ramp_at(self, slew: float, start: float, put: Put, target: float) -> None:
        """Go to a level at no more than this rate in V/s or A/s."""
        self._ramp(start, put, target, max(1, math.ceil(abs(target - start) / (slew * self.STEP_INTERVAL))))

    def _ramp(self, start: float, put: Put, target: float, steps: int) -> None:
        for step in range(1, steps):
            put(start + (target - start) * (step / steps))
            self.clock.sleep(self.STEP_INTERVAL)
        put(target)

    def rest(self) -> None:
        """Go to zero, turn the output off, and read both back: before somebody touches the cables.

        Raises:
            InstrumentFault: The source does not answer, or does not say that it is at zero and off.
        """
        if self.source_enabled and self._level()[0]:
            self._ramp_down()
        level, put = self._level()
        self.source_enabled = False
        if level:
            put(0.0)
            level, _ = self._level()
        if self.source_enabled or level:
            raise InstrumentFault(
                f"{self.line.name}: it was set to zero and its output turned off, and it says otherwise; turn it off "
                "at the front panel before you touch a cable"
            )

    def _settle_restart(self) -> None:
        """Turn the output off and bring all settings to known ones: those of power-on may come from a memory."""
        with suppress(InstrumentFault):
            self.reset()

    def shutdown(self) -> None:
        """Stop what runs, ramp to zero within `shutdown_time`, turn the output off and read back that it is off.

        Every message has its time-out, so that this ends also with an instrument that does not answer. A step that
        fails is logged and the next one is tried; `:SOUR:CLE` is sent even when nobody answers.

        Raises:
            InstrumentFault: The output is on after all, or nobody answers who could say.
            Restarted: The output is off, but the source had been switched off and on before.
        """
        restarts: list[Restarted] = []
        for step in (*self._stops(), self._ramp_down, self.clear_source):
            try:
                step()
            except Restarted as restart:  # the output is off since then
                restarts.append(restart)
            except (InstrumentFault, Refused) as fault:  # also where the guard refuses a step from beyond a limit
                stops_nothing = isinstance(fault, InstrumentError) and step in self._stops()
                log.log(logging.DEBUG if stops_nothing else logging.ERROR, "%s", fault)
                if step == self.clear_source:
                    self.line.send_regardless(":SOUR:CLE")
        if self.source_enabled:
            self.source_enabled = False
            if self.source_enabled:
                raise InstrumentFault(f"{self.line.name}: the output does not turn off; turn it off at the front panel")
        super().shutdown()
        if restarts:
            raise restarts[0]

    def pause(self) -> Callable[[], None] | None:
        """Ramp the level to zero, and leave the output as it is; returns what brings it back, None if there was none.

        The output is not asked for: a reply of one digit may be damaged and look sound.

        Raises:
            InstrumentFault: The source does not answer, or does not take it (a sweep or a wave has the level).
        """
        level, put = self._level()
        if not level:
            return None
        steps = round(self.shutdown_time / self.STEP_INTERVAL)
        self._ramp(level, put, 0.0, steps)
        return partial(self._ramp, 0.0, put, level, steps)

    def _ramp_down(self) -> None:
        if self.source_enabled:
            self._ramp(*self._level(), 0.0, round(self.shutdown_time / self.STEP_INTERVAL))
