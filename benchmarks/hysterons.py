"""A step of the film's droplets, beside an engine that looks at every droplet at every step.

The peer is the usual way to move such a film: each step compares every droplet's barrier with what thermal activation
can have overcome in the time of the step, with a clock that is drawn anew after each reversal.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from benchmarks.harness import Comparison, alternate, main
from simulators.physics.constants import BOLTZMANN
from simulators.physics.hysterons import Hysterons
from simulators.physics.ramp import Stretch

ATTEMPTS = 1e9
TEMPERATURE = 300.0
BARRIER = 1500.0 * BOLTZMANN * TEMPERATURE * np.log(ATTEMPTS)
"""J x J/m3: at 1500 J/m3, which is 0.05 T on 30 kA/m, a droplet of mean barrier holds for a second."""

STEP = 0.5
DRIVES = np.concatenate([np.linspace(3e3, -3e3, 401), np.linspace(-3e3, 3e3, 401)[1:]]).tolist()
"""J/m3, around one loop, a step of `STEP` s between each."""

COUNTS = (1000, 10_000)


def barriers(count: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return BARRIER * np.maximum(1.0 + 0.08 * np.random.default_rng(0).standard_normal(count), 0.05)


def film(count: int) -> Hysterons:
    clocks = np.random.default_rng(1)
    return Hysterons(barriers(count), attempt_rate=ATTEMPTS, athermal_temperature=0.0, clocks=clocks)


def step_by_step(count: int) -> float:
    """Our droplets, told of every step by itself."""
    hysterons, time, mean = film(count), 0.0, 0.0
    for before, after in pairwise(DRIVES):
        end = time + STEP
        for part in Stretch(time, end, TEMPERATURE, before, (after - before) / STEP).one_signed():
            hysterons.begin(part)
            mean += hysterons.magnetisation(part.end)
            hysterons.finish(part.end)
        time = end
    return mean


def ramp_by_ramp(count: int) -> float:
    """Our droplets as the simulated lab uses them: told of whole ramps, and looked at on the way."""
    hysterons, mean = film(count), 0.0
    half = (len(DRIVES) - 1) // 2
    for number in (0, 1):
        first, last = DRIVES[number * half], DRIVES[(number + 1) * half]
        start, end = number * half * STEP, (number + 1) * half * STEP
        for part in Stretch(start, end, TEMPERATURE, first, (last - first) / (half * STEP)).one_signed():
            hysterons.begin(part)
            for step in range(round(part.start / STEP), round(part.end / STEP)):
                mean += hysterons.magnetisation((step + 1) * STEP)
            hysterons.finish(part.end)
    return mean


def every_droplet(count: int) -> float:
    """The peer."""
    generator = np.random.default_rng(1)
    exponent = barriers(count) / (BOLTZMANN * TEMPERATURE)
    state, clock = np.ones(count), generator.standard_exponential(count)
    mean = 0.0
    for before, after in pairwise(DRIVES):
        change = abs(abs(after) - abs(before))
        ramping = -np.expm1(-np.log(ATTEMPTS * STEP) * change / max(abs(after), 1e-30))
        dwell = STEP / ramping if ramping > 0.0 else STEP
        threshold = exponent / np.maximum(np.log(ATTEMPTS * dwell / clock), 0.5)
        gone = np.flatnonzero((state * after < 0.0) & (abs(after) > threshold))
        if gone.size:
            state[gone] = np.sign(after)
            clock[gone] = generator.standard_exponential(gone.size)
        mean += state.mean()
    return mean


def measure(repeats: int) -> Sequence[Comparison]:
    steps = len(DRIVES) - 1
    return [
        alternate(
            f"step of {count} droplets, {how}, beside looking at each",
            lambda ours=ours, count=count: ours(count),
            lambda count=count: every_droplet(count),
            goal=1.0,
            count=steps,
            repeats=repeats,
        )
        for count in COUNTS
        for how, ours in (("by ramps", ramp_by_ramp), ("step by step", step_by_step))
    ]


if __name__ == "__main__":
    sys.exit(main(measure))
