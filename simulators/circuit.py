"""The currents that flow through the sample, when each of them began, and the voltages that they make.

A current source and a source-measure unit may be on the sample at once; what they drive adds up. Currents are constant
from one change to the next, or repeat a cycle. All changes are kept for a while, for apertures that lie in the past.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from simulators.bridge_currents import BridgeCurrents, shared
from simulators.cables import Lead
from simulators.contact_network import ContactNetwork, largest_current
from simulators.current_changes import Change, Changes
from simulators.current_cycle import Cycle
from simulators.samples.sample import Discharge, Sample
from simulators.timeline import Timeline

FOLLOWED = 10_000
"""Steps of a cycle that the sample lives through one by one; from then on it gets the cycle as a whole."""

MOST_KNOWN = 1000
"""Pairs of currents of which it is kept what they inject."""

Pair = tuple[Lead, Lead]


class Follower(Protocol):
    """An instrument that changes its current by itself when the load changes: one that keeps a voltage."""

    def due(self) -> float:
        """Return when it looks at the load next, lab time in s; infinite while the load does not concern it."""
        ...

    def follow(self, time: float) -> None:
        """Look at the load at a lab time in s, not before that of the latest change, and set the current."""
        ...


def _nothing() -> None:
    pass


def _unheard(time: float) -> None:
    del time


class Circuit:
    """The sample with the two instruments that can drive it.

    Attributes:
        network: What lines and contacts are where they are not just resistances; None where they are.
        after_break: Called when the sample has broken, so that the instruments drive what they can from then on.
        before_cycle: Called with a lab time in s, from which on a cycle of the source begins, ends or makes something
            else of voltage, before it does.
        on_change: Called with each change as it is made; it must do nothing to the lab. None for nobody.

    Args:
        timeline: The lab's time.
        sample: What they drive.
        source: Leads at the current source's high and low, None where either hangs open.
        smu: The same for the source-measure unit.
    """

    def __init__(self, timeline: Timeline, sample: Sample, source: Pair | None, smu: Pair | None) -> None:
        self.timeline = timeline
        self.sample = sample
        self._source = source
        self._smu = smu
        self._changes = Changes([Change(-math.inf, 0.0, 0.0)])
        self._known: dict[tuple[float, float], Mapping[str, float]] = {}  # what currents inject, with these leads
        self._cycle: Cycle | None = None
        self._bridges: BridgeCurrents | None = None
        self._follower: Follower | None = None
        self._moves = False
        self.network: ContactNetwork | None = None
        self.after_break: Callable[[], None] = _nothing
        self.before_cycle: Callable[[float], None] = _unheard
        self.on_change: Callable[[Change], None] | None = None
        self._following = False
        self._moment: float | None = None
        self._steps: tuple[Sequence[float], float, tuple[Mapping[str, float], ...]] | None = None

    def plug(self, source: Pair | None, smu: Pair | None, network: ContactNetwork | None) -> None:
        """Have the instruments at other leads from now on; what they drive flows on, through these."""
        latest, now = self.latest, self.now
        if self._cycle is not None:
            self.before_cycle(now)
        self._source, self._smu, self.network = source, smu, network
        self._known.clear()
        self._steps = None
        if latest.source or latest.smu:
            self._change(Change(now, latest.source, latest.smu))
            if self._cycle is not None and self._cycle.whole:
                self._hand_over(self._cycle, now)

    @property
    def source_leads(self) -> Pair | None:
        """Leads at the current source's high and low; None where either hangs open."""
        return self._source

    @property
    def smu_leads(self) -> Pair | None:
        """The same of the source-measure unit."""
        return self._smu

    @property
    def follower(self) -> Follower | None:
        """Who is given the chance to follow the load, each time before somebody looks at what flows."""
        return self._follower

    @follower.setter
    def follower(self, follower: Follower | None) -> None:
        self._follower = follower
        self._note_motion()

    def _note_motion(self) -> None:
        """Note whether what flows changes by itself: otherwise nobody who looks has to go along first."""
        self._moves = self._follower is not None or (self._cycle is not None and not self._cycle.whole)

    # ---- what flows

    @property
    def now(self) -> float:
        """Lab time in s: the moment at which the sample broke while that is looked into."""
        return self.timeline.now if self._moment is None else self._moment

    @property
    def latest(self) -> Change:
        """What flows now."""
        if self._moves or self.sample.wearing:
            self._follow()
        return self._changes[-1]

    def shared(self) -> bool:
        """Whether anything but the current source drives a current now."""
        latest = self.latest
        return bool(latest.smu) or latest.bridges is not None

    def set_source(self, current: float, settling: float = 0.0) -> None:
        """Let the source drive this current in A from now on."""
        if self._moves or self.sample.wearing:
            self._follow()
        ended = self._cycle
        if ended is not None:
            self.before_cycle(self.now)
            self._cycle = None
            self._note_motion()
        before = self._changes[-1]
        if current != before.source or ended is not None:
            now = self.now
            excess = before.source_at(now) - current if settling else 0.0
            self._change(Change(now, current, before.smu, excess, settling))
            self._tell(now)

    def set_cycle(self, steps: Sequence[tuple[float, float]]) -> None:
        """Let the source repeat these steps (s, A) from now on."""
        self._follow()
        self.before_cycle(self.now)
        self._cycle = Cycle(tuple(steps), self.now)
        self._note_motion()
        self._follow()

    def set_smu(self, current: float, time: float) -> None:
        """Let the source-measure unit drive this current in A from a lab time in s on, not before the latest change."""
        latest = self.latest
        if current != latest.smu:
            if self._cycle is not None:
                self.before_cycle(time)
            self._change(Change(time, latest.source, current))
            if self._cycle is not None and self._cycle.whole:
                self._hand_over(self._cycle, time)

    def set_bridges(self, bridges: BridgeCurrents | None) -> None:
        """Let the resistance bridges drive these currents from now on, None for none."""
        latest, now = self.latest, self.now
        if bridges == self._bridges:
            return
        self._bridges = bridges
        self._change(Change(now, latest.source, latest.smu))
        if self._cycle is not None and self._cycle.whole:
            self._hand_over(self._cycle, now)
        self._tell(now)

    def _change(self, change: Change) -> None:
        self._record(change)
        injected, bridges = self._injected(change.source, change.smu, change.time), self._bridges
        if bridges is None:
            self.sample.set_currents(change.time, injected)
        elif bridges.alternating:
            self.sample.set_cycle(change.time, bridges.cycle(injected, change.time))
        else:
            self.sample.set_currents(change.time, bridges.added(injected, 1.0))

    def _record(self, change: Change) -> None:
        if self._bridges is not None:
            change = replace(change, bridges=self._bridges)
        self._changes.record(change)
        if self.on_change is not None:
            self.on_change(change)

    def catch_up(self) -> None:
        """Let everything happen that changes what flows by itself, until now."""
        self._follow()

    def _follow(self) -> None:
        """Take the sample along a cycle, and along what the follower makes of the load, until now."""
        if self._following or not (self._moves or self.sample.wearing):
            return
        cycle, follower = self._cycle, self._follower
        now = self.timeline.now
        self._following = True
        try:
            while True:
                step = cycle.next_step()[0] if cycle is not None and not cycle.whole else math.inf
                due = math.inf if follower is None else follower.due()
                if self.sample.wearing and (breaks := self.sample.breaks(min(step, due, now))) < math.inf:
                    self._break(breaks)
                    cycle, follower = self._cycle, self.follower
                    continue
                if min(step, due) > now:
                    return
                if due < step and follower is not None:
                    follower.follow(due)
                elif cycle is not None:
                    self._take_step(cycle)
                    if follower is not None:
                        follower.follow(step)
        finally:
            self._following = False

    def _break(self, time: float) -> None:
        """Have the instruments take note that the sample broke at a lab time in s, which it does once."""
        self._moment = time
        try:
            if self._cycle is not None:
                self.before_cycle(time)
            latest = self._changes[-1]
            left = latest.source_at(time) - latest.source if latest.settling else 0.0
            self._change(Change(time, latest.source, latest.smu, left, latest.settling))
            if self._cycle is not None and self._cycle.whole:
                self._hand_over(self._cycle, time)
            self.after_break()
        finally:
            self._moment = None

    def _take_step(self, cycle: Cycle) -> None:
        """Feed the sample with the next step of a cycle; after very many, with the cycle as a whole."""
        time, current = cycle.next_step()
        smu = self._changes[-1].smu
        if cycle.fed >= FOLLOWED:
            cycle.whole = True
            self._note_motion()
            self._record(Change(time, cycle.mean, smu))
            self._hand_over(cycle, time)
            return
        cycle.fed += 1
        if current != self._changes[-1].source:
            self._change(Change(time, current, smu))

    def _tell(self, time: float) -> None:
        """Let the follower look at once: the other instrument's current has changed."""
        if self.follower is not None:
            self._following = True
            try:
                self.follower.follow(time)
            finally:
                self._following = False

    def _hand_over(self, cycle: Cycle, time: float) -> None:
        """From a lab time on the sample lives through the cycle as a whole."""
        latest, bridges = self._changes[-1], self._bridges
        steps = [(duration, self._injected(current, latest.smu, time)) for duration, current in cycle.rest()]
        if bridges is not None:
            beside = bridges.beside(time, sum(duration for duration, _ in steps))
            self._changes[-1] = replace(latest, bridges=beside)
            signs = (1.0, -1.0) if bridges.alternating else (1.0,)
            steps = [(duration, beside.added(injected, sign)) for sign in signs for duration, injected in steps]
        self.sample.set_cycle(time, steps)

    def _injected(self, source: float, smu: float, time: float) -> Mapping[str, float]:
        if self.network is not None:
            return self.network.flows(((source, self._source), (smu, self._smu)), time).into_pads()
        injected = self._known.get((source, smu))  # a reading's two currents come back thousands of times
        if injected is None:
            if len(self._known) >= MOST_KNOWN:
                self._known.clear()
            injected = self._known[source, smu] = MappingProxyType(self._into_pads(source, smu))
        return injected

    def _into_pads(self, source: float, smu: float) -> dict[str, float]:
        """What flows into each pad where lines and contacts are just resistances."""
        injected: dict[str, float] = {}
        for current, leads in ((source, self._source), (smu, self._smu)):
            if leads is not None and (current or leads is self._source):
                for sign, lead in zip((1.0, -1.0), leads, strict=True):
                    injected[lead.pad] = injected.get(lead.pad, 0.0) + sign * current
        return injected

    @property
    def cycle(self) -> Cycle | None:
        """The wave that the source drives now; None where its current is constant."""
        return self._cycle

    def step_voltages(self, leads: Pair, currents: Sequence[float], start: float, end: float) -> NDArray[np.float64]:
        """Voltage in V between two leads at each of a cycle's currents in A, with what else flows now.

        The sample is as it was, on average, between two lab times in s, now or at most ten seconds ago.
        """
        smu = self.latest.smu
        if self._steps is None or self._steps[0] is not currents or self._steps[1] != smu:
            injected = tuple(self._injected(current, smu, start) for current in currents)
            self._steps = currents, smu, injected
        high, low = (leads[0].pad, leads[1].pad) if self.network is None else self.network.pads(leads)
        between = self.sample.step_differences(high, low, self._steps[2], start, end) if high != low else 0.0
        if self.network is not None:
            drops = [self.drop(leads, source=one, smu=smu, start=start, end=end) for one in currents]
            return between + np.array(drops)
        along = 0.0 if self._source is None else shared(leads, self._source)
        return between + along * np.array(currents) + self.drop(leads, source=0.0, smu=smu)

    def source_current(self, time: float) -> float:
        """Current in A of the source at a lab time in s that is now or past, with the way it settled."""
        self._follow()
        return self._changes.source_at(time)

    def steps(self, start: float, end: float) -> list[tuple[float, float, Change]]:
        """Cut a time at the changes: (begin, end, what flowed), in order; lab times in s, now or past."""
        if self._moves or self.sample.wearing:
            self._follow()
        return self._changes.steps(start, end)

    def strongest_source(self) -> float:
        """Return a current in A, either way, that the source has not exceeded since the beginning."""
        if self._moves or self.sample.wearing:
            self._follow()
        return self._changes.strongest

    def largest_source(self, start: float, end: float) -> float | None:
        """Return the source's largest current in A, either way, between two lab times (s); None without a change."""
        if self._moves or self.sample.wearing:
            self._follow()
        return self._changes.largest_source(start, end)

    # ---- what the sample makes of it

    def resistance(self, leads: Pair, time: float) -> float:
        """Resistance in ohm between two leads, their own included; of contacts that depend on it, at what flows now."""
        if self._moves or self.sample.wearing:
            self._follow()
        high, low = leads
        if self.network is not None:
            latest = self._changes[-1]
            flows = latest.source if leads is self._source else latest.smu if leads is self._smu else 0.0
            return self.network.resistance(leads, flows, time)
        between = 0.0 if high.pad == low.pad else self.sample.resistance(high.pad, low.pad, time)
        return high.resistance + low.resistance + between

    def largest(self, leads: Pair, voltage: float, sign: float = 1.0) -> float:
        """Current in A, without its sign, at which a voltage in V, not below zero, lies between two leads now.

        Args:
            leads: The leads.
            voltage: V.
            sign: Of current and voltage.
        """
        now = self.now
        if self.network is not None:
            return self.network.largest(leads, voltage, now, sign)
        if not self.sample.linear:
            return largest_current(lambda current: self._alone(leads, sign * current, now), voltage)
        return voltage / self.resistance(leads, now)

    def within(self, leads: Pair, current: float, voltage: float) -> bool:
        """Whether a current in A alone needs no more than a voltage in V between two leads now."""
        if not self.sample.linear:
            if self.network is not None:
                return abs(current) * self.network.resistance(leads, current, self.now) <= voltage
            return abs(current) * self._alone(leads, current, self.now) <= voltage
        return abs(current) <= self.largest(leads, voltage, math.copysign(1.0, current))

    def _alone(self, leads: Pair, current: float, time: float) -> float:
        """Resistance in ohm between two leads, their own included, at a current in A that flows there alone."""
        high, low = leads
        return high.resistance + low.resistance + self.sample.resistance_at(high.pad, low.pad, current, time)

    def discharge(self, leads: Pair, voltage: float, capacitance: float) -> None:
        """Have a capacitance in F, charged to a voltage in V, discharge through two leads now."""
        high, low = leads
        if high.pad and low.pad and high.pad != low.pad:
            series = high.resistance + low.resistance
            self.sample.discharge(high.pad, low.pad, Discharge(self.now, voltage, capacitance, series))

    def drop(
        self, leads: Pair, *, source: float, smu: float, start: float | None = None, end: float | None = None
    ) -> float:
        """Mean voltage in V that the two instruments' currents in A make in leads as far as they flow through them.

        A lead that both instruments are plugged into carries the sum of their currents.

        Args:
            leads: The leads.
            source: A of the current source.
            smu: A of the source-measure unit.
            start: Lab time in s from which on it is averaged, now where nothing is said.
            end: Lab time in s until which it is, at `start` where nothing is said.
        """
        if self.network is not None:
            begin = self.now if start is None else start
            drives = ((source, self._source), (smu, self._smu))
            return self.network.drop(leads, drives, begin, begin if end is None else end)
        total = 0.0
        for current, driven in ((smu, self._smu), (source, self._source)):
            if current and driven is not None:
                total += current * shared(leads, driven)
        return total

    def difference(self, leads: Pair, start: float, end: float) -> float:
        """Mean voltage in V between the pads of two leads over a time without a change of the currents (lab s)."""
        high, low = (leads[0].pad, leads[1].pad) if self.network is None else self.network.pads(leads)
        return 0.0 if high == low else self.sample.mean_difference(high, low, start, end)

    def present_difference(self, leads: Pair, time: float | None = None) -> float:
        """Voltage in V between the pads of two leads now, or at a lab time in s that the sample has yet to reach."""
        self._follow()
        at = self.now if time is None else time
        return 0.0 if leads[0].pad == leads[1].pad else self.difference(leads, at, at)
