"""A current loop of `sot-switching` on the simulated station: what 123 pulses cost the computer, with their readings.

A loop of 30 steps up and down has 119 pulses, and one of 31 is the first with 121 or more. Timed is the loop as it
is measured, from the set-up of its first pulse to the row behind its last one: each pulse is judged by the guard, sent,
waited for and written into the sample's journal, and the film is read five times after it. What the run does besides
(the film's states by field, turning the sample, the checks at both ends) is stated as a row of its own.

A computer that does other work as well shows in the wall time, and hardly in the processor time, which is stated too.
Beside it stand as many queries of pyvisa-sim as the loop has replies, asked in the same process.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.first_loop import counted_replies
from benchmarks.harness import Comparison, beside, main, seconds
from benchmarks.simulated import QUERY, SAMPLE, STATION, pyvisa_sim_source
from labctl.request import Outcome, Request
from labctl.run import carry_out
from labctl.sample import load_sample
from labctl.station import load_station
from procedures.sot_switching import LOOP, SpinOrbitSwitching

LARGEST, STEPS = 20e-3, 31
PARAMETERS: dict[str, Any] = {"pulse_max": LARGEST, "pulse_step": LARGEST / STEPS, "loops": 1, "order": "+"}
PULSES = 4 * STEPS - 1
GOAL_MS = 300.0
"""Wall time of a loop of 121 pulses."""


class Mark(NamedTuple):
    """A moment of a run: s of the wall clock, s of processor time, and how many replies there were by then."""

    wall: float = 0.0
    processor: float = 0.0
    replies: int = 0


START = Mark()


@dataclass
class Loop:
    """Where a run's loop began and ended."""

    begin: Mark = START
    end: Mark = START


@contextmanager
def noted(replies: Callable[[], int] = lambda: 0) -> Generator[Loop]:
    """Note begin and end of the loop of a run inside; a procedure of this file would see the lab's time as its own."""
    state, found = SpinOrbitSwitching.state, Loop()

    def noting(self: SpinOrbitSwitching, number: int, step: str, *args: Any, **more: Any) -> float:
        if step == LOOP and number == 1:
            found.begin = Mark(time.perf_counter(), time.process_time(), replies())
        resistance = state(self, number, step, *args, **more)
        found.end = Mark(time.perf_counter(), time.process_time(), replies())
        return resistance

    SpinOrbitSwitching.state = noting
    try:
        yield found
    finally:
        SpinOrbitSwitching.state = state


def run() -> Outcome:
    """Carry the run out and throw its files away."""
    procedure, station, sample = SpinOrbitSwitching(**PARAMETERS), load_station(STATION), load_sample(SAMPLE)
    with tempfile.TemporaryDirectory() as folder:
        request = Request("sot-switching", procedure, station, sample, simulate=True, seed=1, out=Path(folder))
        outcome = carry_out(request)
    if outcome.status != "finished" or not outcome.results["switching_ratio"]["value"] > 0.9:
        raise RuntimeError(f"the run to be measured {outcome.status}: {outcome.error or 'its film did not switch'}")
    return outcome


def measure(repeats: int) -> Sequence[Comparison]:
    with counted_replies() as replies, noted(lambda: replies[0]) as counted:
        run()
    asked = counted.end.replies - counted.begin.replies
    around: list[float] = []
    processor: list[float] = []

    def loop() -> float:
        with noted() as found:
            around.append(run().wall_time_s * 1e3)
        processor.append((found.end.processor - found.begin.processor) * 1e3)
        return (found.end.wall - found.begin.wall) * 1e3

    with pyvisa_sim_source() as peer:
        name = f"current loop of {PULSES} pulses, each read 5 times : as many queries of pyvisa-sim"
        timed = beside(
            name, loop, lambda: seconds(lambda: [peer.query(QUERY) for _ in range(asked)]) * 1e3,
            unit="ms", repeats=repeats,
        )  # fmt: skip
    return [
        Comparison(
            f"current loop of {PULSES} pulses : {GOAL_MS:g} ms",
            "ms",
            timed.ours,
            GOAL_MS,
            goal=1.0,
            spread=timed.spread,
        ),
        timed,
        Comparison("its processor time, the least of all", "ms", min(processor)),
        Comparison("the run around it, from its first message to its last row", "ms", statistics.median(around[1:])),
        Comparison("replies of a pulse and its readings", "", asked / PULSES),
    ]


if __name__ == "__main__":
    sys.exit(main(measure))
