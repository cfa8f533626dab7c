"""What one question to an instrument costs, beside pyvisa-sim and pymeasure."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

import pyvisa
from pymeasure.instruments.keithley import Keithley6221 as Pymeasure6221

from benchmarks.harness import Comparison, alternate, main
from benchmarks.simulated import QUERY, SOURCE, lab, open_source, pyvisa_sim_source
from instruments.keithley6221 import Keithley6221

COUNT = 2000
"""Questions in one measurement."""


def repeated(ask: Callable[[], object], count: int = COUNT) -> Callable[[], None]:
    """What asks so many times."""

    def run() -> None:
        for _ in range(count):
            ask()

    return run


def measure(repeats: int) -> Sequence[Comparison]:
    simulated = lab()
    plain = open_source(pyvisa.ResourceManager(simulated.visa))  # pyright: ignore[reportArgumentType] - annotated str, takes any library
    driver = Keithley6221(SOURCE, clock=simulated.clock, visa_library=simulated.visa)
    theirs = Pymeasure6221(SOURCE, visa_library=simulated.visa)
    assert float(plain.query(QUERY)) == driver.source_current == theirs.source_current
    ours = repeated(lambda: driver.source_current)
    with pyvisa_sim_source() as peer:
        asked = repeated(lambda: peer.query(QUERY))
        return [
            alternate(
                "pyvisa query, simulated 6221 : pyvisa-sim",
                repeated(lambda: plain.query(QUERY)), asked, goal=0.5, count=COUNT, repeats=repeats,
            ),
            alternate(
                "driver property : pyvisa query of pyvisa-sim", ours, asked, goal=1.0, count=COUNT, repeats=repeats
            ),
            alternate(
                "driver property : pymeasure's property, both in our lab",
                ours, repeated(lambda: theirs.source_current), count=COUNT, repeats=repeats,
            ),
        ]  # fmt: skip


if __name__ == "__main__":
    sys.exit(main(measure))
