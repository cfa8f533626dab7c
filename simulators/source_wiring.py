"""The terminals of a current source on the sample: what flows of what it is told, within its compliance."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from functools import partial

from simulators.circuit import Circuit, Pair
from simulators.source_cable import Charge, SourceCable

_VERDICTS = 4096  # how many changes of being clamped are remembered


class SourceSide:
    """The current source's terminals; see `SourceTerminals`.

    Attributes:
        cable: What joins them to the leads.
    """

    def __init__(self, circuit: Circuit, leads: Pair | None, cable: SourceCable) -> None:
        self.cable = cable
        self._circuit = circuit
        self._leads = leads
        self._commanded = 0.0
        self._compliance = math.inf
        self._looked_at = -math.inf
        self._verdicts: deque[tuple[float, bool]] = deque([(-math.inf, False)], maxlen=_VERDICTS)
        self._extremes = (0.0, 0.0)
        self._again: Callable[[], None] = self.release
        self._charge = Charge()
        self.noise = 0.0

    def before_plugging(self) -> None:
        """Take note of the voltage that the cable has while its leads are still what they were."""
        if self._leads is not None:
            voltage = self.voltage() if self._commanded or self._extremes != (0.0, 0.0) else 0.0
            self._charge.hold(self._circuit.now, min(max(voltage, -self._compliance), self._compliance))

    def plug(self, leads: Pair | None) -> None:
        """Be at other leads from now on, and drive on what was commanded.

        Where they hung open, what has gathered on the cable meanwhile discharges through the sample.
        """
        before, self._leads = self._leads, leads
        if before is None and leads is not None:
            self._gather()
            if voltage := self._charge.voltage:
                self._circuit.discharge(leads, voltage, self.cable.capacity())
            self._charge.hold(self._circuit.now, 0.0)
        self.renew()

    def renew(self) -> None:
        """Drive on what was commanded, through what is there now."""
        self._again()

    def _gather(self) -> None:
        """Have an open cable charge until now; of a wave, as if its peak flowed all the time."""
        current = self._commanded or max(self._extremes, key=abs)
        self._charge.gather(self._circuit.now, current, self.cable.capacity(), self._compliance)

    def drive(self, current: float, compliance: float, noise: float = 0.0, settling: float = 0.0) -> None:
        """Drive this current in A, limited to this voltage in V; see `SourceTerminals.drive`.

        What a clamped source drives is decided here, by the resistance at this moment, and not again at every look.
        """
        if self._leads is None:
            self._gather()
        self._again = partial(self.drive, current, compliance, noise, settling)
        if not self.cable.ideal and self._leads is not None:
            passage = self.cable.passage(self._resistance())
            current, settling = passage.of(current), settling + passage.settling  # two poles, by the charge they hold
        self._commanded, self._compliance, self.noise = current, compliance, noise
        self._extremes = (current, current)
        limited = self._limited(current)
        self._judge(limited != current, self._circuit.now)
        self._circuit.set_source(limited, settling)

    def drive_cycle(self, steps: Sequence[tuple[float, float]], compliance: float, noise: float = 0.0) -> None:
        """Drive a periodic current; see `SourceTerminals.drive_cycle`."""
        if self._leads is None:
            self._gather()
        self._again = partial(self.drive_cycle, steps, compliance, noise)
        if not self.cable.ideal and self._leads is not None:
            steps = self.cable.passage(self._resistance()).cycle(steps)
        self._commanded, self._compliance, self.noise = 0.0, compliance, noise
        lowest, highest = self._extremes = _extremes(current for _, current in steps)
        bottom, top = self._limited(lowest), self._limited(highest)
        clamped = (bottom, top) != (lowest, highest)
        self._judge(clamped, self._circuit.now)
        limited = [(duration, min(max(current, bottom), top)) for duration, current in steps] if clamped else steps
        self._circuit.set_cycle(limited)

    def release(self) -> None:
        """Let go: no current."""
        if self._leads is None:
            self._gather()
        self._again = self.release
        self._commanded, self._compliance, self.noise = 0.0, math.inf, 0.0
        self._extremes = (0.0, 0.0)
        self._judge(False, self._circuit.now)
        self._circuit.set_source(0.0)

    def in_compliance(self) -> bool:
        """Whether less flows now than was commanded, because the compliance voltage is reached."""
        now = self._circuit.now
        if now != self._looked_at:
            lowest, highest = self._extremes
            clamped = self._limited(highest) != highest or (lowest != highest and self._limited(lowest) != lowest)
            self._judge(clamped, now)
        return self._verdicts[-1][1]

    def clamped_since(self, time: float) -> bool:
        """Whether the current was limited at any moment since a lab time in s; see `SourceTerminals`."""
        if self.in_compliance():
            return True
        for since, clamped in reversed(self._verdicts):
            if clamped:
                return True
            if since <= time:
                break
        return False

    def _judge(self, clamped: bool, now: float) -> None:
        self._looked_at = now
        if clamped != self._verdicts[-1][1]:
            self._verdicts.append((now, clamped))

    def voltage(self) -> float:
        """Voltage in V between the source's terminals."""
        if self._leads is None:
            return math.copysign(self._compliance, self._commanded) if self._commanded else 0.0
        return self._circuit.latest.source * self._resistance() + self._foreign()

    def _resistance(self) -> float:
        assert self._leads is not None
        return self._circuit.resistance(self._leads, self._circuit.now)

    def _foreign(self) -> float:
        """Voltage in V between the terminals that other instruments make: on the sample and in shared leads."""
        latest = self._circuit.latest
        if self._leads is None or not self._circuit.shared():
            return 0.0
        high, low = self._leads
        own = latest.source * (self._resistance() - high.resistance - low.resistance)
        drop = self._circuit.drop(self._leads, source=0.0, smu=latest.smu)
        if latest.bridges is not None:
            drop += latest.bridges.drop(self._leads, self._circuit.now, self._circuit.now)
        return self._circuit.present_difference(self._leads) - own + drop

    def _limited(self, current: float) -> float:
        """What flows of a commanded current: none into an open lead, and never more than the compliance allows."""
        if current == 0.0 or self._leads is None:
            return 0.0
        circuit, room = self._circuit, self._compliance
        latest = circuit.latest
        if latest.smu or latest.bridges is not None:
            room = max(0.0, room - math.copysign(self._foreign(), current))
        if not circuit.sample.linear and circuit.within(self._leads, current, room):
            return current
        largest = circuit.largest(self._leads, room, math.copysign(1.0, current))
        return current if abs(current) <= largest else math.copysign(largest, current)


def _extremes(currents: Iterable[float]) -> tuple[float, float]:
    """Smallest and largest of a cycle's currents in A, zero among them: where these flow, all of them do."""
    values = [0.0, *currents]
    return min(values), max(values)
