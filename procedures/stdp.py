"""Spike-timing-dependent plasticity: what two spikes leave in a film, against their delay."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import TYPE_CHECKING, Any

import numpy as np

from instruments.errors import BadValue
from instruments.units import format_quantity
from labctl import pulses
from labctl.analysis import spike_pairs
from labctl.analysis.demagnetising import corrected
from labctl.analysis.saturation import Plateaus
from labctl.analysis.spike_pairs import EXPONENTIAL, LINEAR, Spike
from labctl.analysis.states import State, states_of
from labctl.parameters import Choice, Count, OptionalQuantity, Quantity, QuantityList
from labctl.probe import Probe
from labctl.turning import found_at, leave_at
from procedures.demagnetising import BALANCE, DEMAGNETISE, Demagnetising
from procedures.pulsed import COLUMNS
from procedures.saturating import REFERENCE

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from labctl.analysis.result import Results

OF_HALF = 0.67
"""Of the current that switches half of the film, the spikes' height where it is known: neither alone may write."""
OF_LARGEST = 1.0 / 3.0
"""Of the largest pulse, where that is not known."""
PAIR = "pair"
"""What a state is read for."""
DELAY, REPEAT, KIND = "Delay (s)", "Repeat", "Spikes"
BOTH, PRE, POST = "both", "pre", "post"


class SpikeTiming(Demagnetising):
    """Change of a film's state by the spikes of two neurons, against the delay of the second behind the first.

    A spike is `amplitude` for `rise`, and then a tail of the other sign, `tail_depth` of it and falling to nothing over
    `tail`. The sample is sent the presynaptic spike less the postsynaptic one, I(t) = s(t) - s(t - delay), as one wave
    of the source. Before each pair the film is demagnetised by a train of pulses of alternating sign and falling
    height, which a reading proves; the change of its state is the weight's, on the scale from 0 to 1 between both
    saturated states. A train that begins with a positive pulse leaves other parts of the film up than its mirror image
    does: each delay follows both in turn, and the opposite delay the other one, so that neither is favoured. Delays of
    either sign come in random order, each `repeats` times, and each spike alone as often: an amplitude at which one
    alone writes is too large, and the results say so.

    A field along the film's normal, were it a thousandth of the field in its plane, makes the change of one sign larger
    than that of the other: align the sample before.

    Since every pair begins from the demagnetised state, this is what one pair does to one state, and no learning.

    The sample gets a train of demag_start/demag_step pulses and a pair of spikes for each change.
    """

    DATA_COLUMNS = (*COLUMNS, DELAY, REPEAT, KIND)
    begins = (1, -1)
    main_results = ("amplitude_positive", "time_constant_positive", "window")

    amplitude = OptionalQuantity("0.67 of switching", "Height of a spike", unit="A", above_zero=True)
    rise = Quantity("1 ms", "Time for which a spike has its height", minimum="50 us", maximum="100 ms")
    tail = Quantity("13 ms", "Time until its tail is over", minimum="0.1 ms", maximum="1 s")
    tail_depth = Quantity("0.8", "Height of the tail over that of the spike", unit="", minimum="0", maximum="2")
    tail_shape = Choice(LINEAR, "How the tail falls; of an exponential one tail is five time constants",
                        options=[LINEAR, EXPONENTIAL])  # fmt: skip
    delays = QuantityList("0.5, 1, 2, 3, 4, 6, 8, 10, 12, 14 ms", "Delays, of either sign", above_zero=True,
                          each_once="repeats says how many pairs each has")  # fmt: skip
    repeats = Count(6, "Pairs of each delay", minimum=2, maximum=1000)
    resolution = Quantity("0.1 ms", "Time step of the wave", minimum="10 us", maximum="1 ms")
    probe = Probe()

    # ---- before

    def check(self) -> None:
        """Refuse what trains and pulses cannot be, and pairs whose wave the source or a limit does not allow."""
        super().check()
        if "sample" not in vars(self):
            return
        for name, time in (("rise", self.rise), *(("delays", delay) for delay in self.delays)):
            if abs(time / self.resolution - round(time / self.resolution)) > 1e-6:
                raise BadValue(
                    f"{name} has {format_quantity(time, 's')}, which is no multiple of resolution, "
                    f"{format_quantity(self.resolution, 's')}; take a finer one"
                )
        largest = max(float(np.max(np.abs(self.wave(BOTH, delay)))) for delay in self.delays)
        self.within_largest("amplitude with the tail of the other spike", largest)
        for delay in self.delays:
            pulses.check_shape(self, self.wave(BOTH, delay), self.resolution)

    def spike(self) -> Spike:
        """Return the spike that both neurons send."""
        return Spike(self.height(), self.rise, self.tail, self.tail_depth, self.tail_shape)

    def height(self) -> float:
        """Return the height of a spike in A."""
        if self.amplitude is not None:
            return pulses.on_grid(self.amplitude)
        half = self.switching_current()
        return pulses.on_grid(OF_LARGEST * self.largest_current() if half is None else OF_HALF * half)

    def origin(self) -> str:
        """Say where the height of a spike is from."""
        if self.amplitude is not None:
            return "given as amplitude"
        if self.switching_current() is not None:
            return f"{OF_HALF:g} of the switching current that approach found"
        return "a third of pulse_max, since no approach of this mounting has found a switching current"

    def wave(self, kind: str, delay: float) -> list[float]:
        """Return the current in A that the sample is sent, a level for each step of `resolution`."""
        pre, post = (None if kind == other else self.spike() for other in (POST, PRE))
        return spike_pairs.pair(pre, post, delay, self.resolution).tolist()

    # ---- the run

    def execute(self) -> None:
        """Make the saturated states, balance the trains; then single spikes, and pairs in random order."""
        home = found_at(self)
        if self.amplitude is None and self.switching_current() is None:
            height = format_quantity(self.height(), "A")
            self.run.remark(f"spikes have {height}, {self.origin()}: run approach before, or give amplitude")
        nothing = {DELAY: 0.0, REPEAT: 0, KIND: "-"}
        for _ in self.track(REFERENCE, ("saturated states",), restart=True):
            self.refer(nothing)
        for _ in self.track(BALANCE, ("rising pulses",), restart=True):
            self.balance(nothing)
        for repeat in self.track("repeat", range(1, self.repeats + 1), restart=True):
            self.begin_block()
            offset = self.offset_before(repeat)
            self.saturate_by_pulses(nothing)
            both = [delay * sign for delay in self.delays for sign in (1, -1)]
            wanted = [(BOTH, delay) for delay in both] + [(PRE, 0.0), (POST, 0.0)]
            order = self.rng.permutation(len(wanted))
            for place in self.track("pair", range(len(wanted))):
                which = int(order[place])
                kind, delay = wanted[which]
                # opposite delays stand next to each other in `wanted`, and so follow trains of opposite sign
                train = self.demag_heights(offset, self.begins[(which + repeat) % 2])
                self._pair(kind, delay, {DELAY: delay, REPEAT: repeat, KIND: kind}, train)
        leave_at(self, home)

    def offset_before(self, repeat: int) -> float:
        """Return what a repeat adds to each pulse of a train in A, from what all trains before it have left."""
        if self.demag_offset is not None:
            return self.demag_offset
        earlier = [states_of(self.recorded(f"repeat={number}")) for number in range(1, repeat)]
        return bettered(self.offset(), earlier, self.plateaus(), self.demag_fall())

    def _pair(self, kind: str, delay: float, more: Mapping[str, Any], train: Sequence[float]) -> None:
        """Demagnetise by a train, send the spikes, and read what they have left."""
        self.demagnetise(more, train)
        sent = pulses.shape(self, self.wave(kind, delay), self.resolution)
        self.next_read(sent, PAIR, more=more)

    # ---- what it is about

    def analyse(self, data: pd.DataFrame) -> Results:
        """Find the change against the delay, its decay, its window and whether it is odd."""
        from procedures.stdp_results import results_of

        return results_of(self, data)

    def figure(self, data: pd.DataFrame, results: Results) -> Figure:
        """Draw the spikes, and what pairs of them leave against their delay."""
        from procedures.stdp_results import figure_of

        return figure_of(self, data, results)


def bettered(offset: float, repeats: Sequence[Sequence[State]], plateaus: Plateaus, step: float) -> float:
    """Return the offset in A that follows from what the trains of each repeat, of a step in A, left on average."""
    left = [fmean(plateaus.magnetisation(s.hall) for s in states if s.step == DEMAGNETISE) for states in repeats]
    return corrected(offset, left, step)
