"""A lead that loses its contact and finds it again, at any moment with equal probability."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from simulators.contacts import ContactFault
from simulators.timeline import Timeline


def bounce(
    timeline: Timeline, generator: np.random.Generator, fault: ContactFault, let_go: Callable[[str, bool], None]
) -> None:
    """Have a lead bounce from now on, for ever.

    Args:
        timeline: The lab's time.
        generator: Random numbers of this lead.
        fault: The lead, and the mean time for which it stays open or closed.
        let_go: Opens a lead (True) or closes it.
    """

    def jump(loose: bool) -> None:
        let_go(fault.lead, loose)
        plan(not loose)

    def plan(loose: bool) -> None:
        wait = fault.dwell * float(generator.standard_exponential())
        timeline.schedule(timeline.now + wait, lambda: jump(loose))

    plan(loose=True)
