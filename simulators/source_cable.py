"""What of the current source's current gets through its cable to the sample: the rest charges or leaks.

Between high and the inner shield of a triaxial cable lie a capacitance C and a leakage resistance L. With the shield at
low they are across the sample's R: of a current I flows I L/(L + R) in the sample, and it comes with a time constant
R C, or that of R and L in parallel. With the shield at the guard, which is off high by its error e, no capacitance is
to be charged and e/L leaks (physics; 6220/6221 reference manual, chapter on output connections).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from simulators.cables import TriaxialCable

LINE_CAPACITANCE = 1e-9
"""F of the source's cable and of a line down the cryostat together (assumed), where nothing is said of the cable.

It counts while a lead is open. While it is not, the line would delay a current by R C, a microsecond of a Hall bar's.
"""

Steps = Sequence[tuple[float, float]]
"""A cycle: duration in s and current in A of each step."""


class Passage(NamedTuple):
    """What becomes of a current on its way.

    Attributes:
        share: Part of it that reaches the sample.
        leak: A that leak besides.
        settling: Time constant in s with which it gets there.
    """

    share: float = 1.0
    leak: float = 0.0
    settling: float = 0.0

    def of(self, current: float) -> float:
        """What reaches the sample, in A, of a current in A that has settled."""
        return current * self.share - self.leak

    def cycle(self, steps: Steps) -> list[tuple[float, float]]:
        """What reaches the sample of a cycle that has gone on for long: in each step the mean of what flows in it."""
        through = [(duration, self.of(current)) for duration, current in steps]
        return smoothed(through, self.settling) if self.settling else through


@dataclass(slots=True)
class Charge:
    """What an open cable holds: it keeps its voltage, or the source charges it up to the compliance.

    Attributes:
        time: Lab time in s.
        voltage: V between the source's terminals at that time.
    """

    time: float = -math.inf
    voltage: float = 0.0

    def hold(self, time: float, voltage: float) -> None:
        """Take note of a voltage in V at a lab time in s."""
        self.time, self.voltage = time, voltage

    def gather(self, time: float, current: float, capacitance: float, compliance: float) -> None:
        """Go on to a lab time in s, with a current in A into a capacitance in F, up to a compliance in V."""
        if current and capacitance:
            charged = self.voltage + current * (time - self.time) / capacitance
            self.voltage = min(max(charged, -compliance), compliance)
        self.time = time


class SourceCable:
    """The cable of a current source.

    Args:
        cable: What lies between its conductors.

    Attributes:
        guard: Gives the voltage in V by which the inner shield is off high, where it is at the guard; None where it is
            at low.
    """

    def __init__(self, cable: TriaxialCable) -> None:
        self.ideal = cable.ideal
        self.guard: Callable[[], float | None] = _at_low
        self._cable = cable

    def capacity(self) -> float:
        """Return the capacitance in F that an open lead leaves charged: `LINE_CAPACITANCE` where nothing is said.

        None is left where the inner shield follows high all the way to the sample.
        """
        guarded = self._cable.through and self.guard() is not None
        return 0.0 if guarded else self._cable.capacitance or LINE_CAPACITANCE

    def passage(self, resistance: float) -> Passage:
        """Return what becomes of a current now, with a resistance in ohm between high and low."""
        cable = self._cable
        error = self.guard() if cable.through else None
        if error is not None:
            return Passage(leak=error / cable.leakage)
        if cable.leakage == math.inf:
            return Passage(settling=resistance * cable.capacitance)
        share = cable.leakage / (cable.leakage + resistance)
        return Passage(share, 0.0, resistance * share * cable.capacitance)


def smoothed(steps: Steps, settling: float) -> list[tuple[float, float]]:
    """Return the mean of each step of a cycle behind a low pass, once the cycle has gone on for long.

    Args:
        steps: One cycle.
        settling: The low pass's time constant in s.
    """
    gone = [-math.expm1(-duration / settling) for duration, _ in steps]
    charged = 0.0
    for (_, current), part in zip(steps, gone, strict=True):
        charged += (current - charged) * part
    level = charged / -math.expm1(-sum(duration for duration, _ in steps) / settling)  # as at the end, so at the start
    means: list[tuple[float, float]] = []
    for (duration, current), part in zip(steps, gone, strict=True):
        means.append((duration, current + (level - current) * part * settling / duration))
        level += (current - level) * part
    return means


def _at_low() -> None:
    return None
