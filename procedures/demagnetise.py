"""Demagnetising of a film by pulses of alternating sign and falling height."""

from __future__ import annotations

from typing import TYPE_CHECKING

from labctl.parameters import Count
from labctl.probe import Probe
from labctl.turning import found_at, leave_at
from procedures.demagnetising import BALANCE, Demagnetising
from procedures.pulsed import COLUMNS
from procedures.saturating import REFERENCE

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from labctl.analysis.result import Results

REPEAT, BEGUN = "Repeat", "Begun from"


class Demagnetise(Demagnetising):
    """Demagnetises a film by pulses of alternating sign and falling height, and proves it by a reading.

    The pulses run from `demag_start` down in steps of `demag_step`, each of the other sign, in the field in the film
    plane. They are one list of the source, which times them by itself: some seconds for a train. Afterwards the state
    is read. Zero magnetisation is not the zero of the meter but the middle between both saturated states, which five
    pulses of either sign tell at the beginning: m = (R - (R+ + R-)/2) / ((R+ - R-)/2). Where it is 0.1 or more,
    with either sign, another train follows, three at most.

    A field along the film's normal, were it a thousandth of the field in its plane, lets positive pulses switch at
    another height than negative ones, and a train of equal ones leaves the film magnetised. So rising pulses of either
    sign are sent one by one first, and half of what positive ones need more is added to every pulse of the train; three
    trains then make this offset better. The rising pulses also tell whether there are states between the saturated ones
    at all: a film that switches as a whole cannot be demagnetised, and the results then say so.

    All that is repeated from saturation, in turn from the negative and from the positive one, for its scatter, and to
    see whether the film still knows where it began.

    The sample gets demag_start/demag_step pulses a train, and twice as many one by one. The last repeat leaves it
    demagnetised, where it can be.
    """

    DATA_COLUMNS = (*COLUMNS, REPEAT, BEGUN)
    main_results = ("demagnetised", "magnetisation", "largest_magnetisation")

    repeats = Count(10, "Times that it is demagnetised from saturation", minimum=1, maximum=1000)
    probe = Probe()

    def execute(self) -> None:
        """Make the saturated states; then saturate and demagnetise, again and again."""
        home = found_at(self)
        for _ in self.track(REFERENCE, ("saturated states",), restart=True):
            self.refer({REPEAT: 0, BEGUN: 0})
        for _ in self.track(BALANCE, ("rising pulses",), restart=True):
            self.balance({REPEAT: 0, BEGUN: 0})
        for repeat in self.track("repeat", range(1, self.repeats + 1), restart=True):
            sign = -1 if repeat % 2 else 1
            known = {REPEAT: repeat, BEGUN: sign}
            self.begin_block()
            self.saturate_by_pulses(known, sign)
            self.demagnetise(known)
        leave_at(self, home)

    # ---- what it is about

    def analyse(self, data: pd.DataFrame) -> Results:
        """Find how near to zero the film came, and whether it can be demagnetised at all."""
        from procedures.demagnetise_results import results_of

        return results_of(self, data)

    def figure(self, data: pd.DataFrame, results: Results) -> Figure:
        """Draw the train, and what each one left."""
        from procedures.demagnetise_results import figure_of

        return figure_of(self, data, results)
