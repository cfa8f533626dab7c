"""All benchmarks, one after the other, in one table."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from benchmarks import (
    ahe_temperature,
    current_loop,
    devices,
    event_loop,
    first_loop,
    guard,
    hysterons,
    live_plot,
    multivu,
    queries,
    recording,
    rehearsal,
    startup,
    tcp,
    window_start,
)
from benchmarks.harness import Comparison, main

ALL = (
    startup,
    recording,
    queries,
    guard,
    devices,
    tcp,
    multivu,
    hysterons,
    first_loop,
    current_loop,
    ahe_temperature,
    rehearsal,
    window_start,
    event_loop,
    live_plot,
)


def measure(repeats: int) -> Sequence[Comparison]:
    return [row for benchmark in ALL for row in benchmark.measure(repeats)]


if __name__ == "__main__":
    sys.exit(main(measure))
