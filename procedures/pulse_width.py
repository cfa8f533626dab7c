"""Switching current against the width of the pulse, and how warm the film is meanwhile."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from instruments.errors import LimitExceeded
from instruments.units import format_quantity
from labctl import limits, pulses
from labctl.analysis.saturation import Plateaus
from labctl.analysis.sequential import Belief, carry_on
from labctl.parameters import Choice, Count, Quantity, QuantityList
from labctl.probe import Probe
from labctl.pulse_reading import SHORTEST, pulse_and_read
from labctl.sample_thermometer import has_longitudinal
from labctl.turning import found_at, leave_at
from procedures.in_plane import ALONG
from procedures.pulsed import COLUMNS, STATE, STEP
from procedures.verified import NUMBER, SIGN, Verified

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from labctl.analysis.result import Results

HEAT, COLD = "heat", "cold"
"""What a resistance is read for: at the end of a long pulse, and with the probe current."""
PARTS = (0.5, 0.7, 0.85, 1.0)
"""Of the largest heating current: their squares are about evenly spaced."""
CYCLES = 3
"""How often each of these is sent with either sign."""
SOURCE_RANGES = (2e-3, 20e-3)
"""A; ranges of the source that end among currents of pulses. Two ranges differ by more than the heat makes."""
LOWEST = 0.2
"""Part of the largest current from which on currents are tried."""
USELESS = 0.5
"""Part of `pulse_max` below which the energy leaves no pulse that would be likely to switch."""


class PulseWidth(Verified):
    """Switching current against the width of the pulse: I50 at each width, barrier, and temperature during a pulse.

    At each width, in random order, single pulses follow one another, each from the full state that a pulse of
    `pulse_max` and `pulse_width` of the other sign has made and a reading has shown. Each height is the one that is
    expected to tell most of I50, the current of which every second pulse switches, until this is known to
    `uncertainty` (15 trials at least). The largest pulse of a width is `pulse_max`, or what the limit on the energy of
    a pulse leaves; a width for which that is less than half of `pulse_max` is refused.

    The film is warm during a pulse, and the warmer the longer: that bends the law of activation. No voltmeter reads
    within 50 us. Pulses of `heating_width`, of four heights and either sign, are read on channel 2 at their end, and
    give the resistance against the square of the current; through the record's temperature coefficient that is kelvin
    per square ampere. For other widths it is extrapolated, for shorter ones an upper bound.
    """

    DATA_COLUMNS = (*COLUMNS, NUMBER, SIGN)
    NEEDS_FIELD = True
    main_results = ("barrier_linear", "critical_current_linear")

    widths = QuantityList(
        "50 us, 150 us, 0.44 ms, 1.3 ms, 3.9 ms, 11 ms, 34 ms, 100 ms", "Widths of the pulses that are tried",
        minimum="50 us", maximum="1 s", each_once="uncertainty says how well each is measured",
    )  # fmt: skip
    sign = Choice("+", "Sign of the current", options=["+", "-"])
    uncertainty = Quantity("0.01", "Of I50 as part of it", unit="", minimum="0.001", maximum="0.2")
    trials = Count(150, "Trials at each width, at most", minimum=15, maximum=1000)
    heating_width = Quantity("60 ms", "Width of the pulses that tell the heat", minimum="50 ms", maximum="1 s")
    probe = Probe()

    LEAST = 15
    """Trials at each width, at least."""

    # ---- before

    def check(self) -> None:
        """Refuse what all experiments with pulses refuse, and widths for which a pulse has too much energy."""
        super().check()
        if "sample" not in vars(self):
            return
        largest = self.largest_current()
        for width in self.widths:
            if (most := self.largest_at(width)) < USELESS * largest:
                raise LimitExceeded(
                    f"widths has {format_quantity(width, 's')}, for which the limit of "
                    f"{format_quantity(self.energy_limit(), 'J')} a pulse leaves {format_quantity(most, 'A')}, less "
                    f"than half of pulse_max, {format_quantity(largest, 'A')}; leave it out, or take a smaller "
                    "pulse_max if that still switches"
                )

    def energy_limit(self) -> float:
        """Return the largest energy of a pulse in J that station and sample allow; infinite where none is known."""
        bound = limits.of(self.station, self.sample).pulse_energy
        return math.inf if bound is None else bound.value

    def largest_at(self, width: float) -> float:
        """Return the largest pulse in A of a width in s: `pulse_max`, or what the limit on its energy leaves."""
        low, high = 0.0, self.largest_current()
        energy = self.energy_limit()
        if high * pulses.pulse_compliance(self, high) * width <= energy:
            return high
        while high - low > 1e-6 * high:
            middle = 0.5 * (low + high)
            fits = middle * pulses.pulse_compliance(self, middle) * width <= energy
            low, high = (middle, high) if fits else (low, middle)
        return pulses.on_grid(low)

    def demands(self) -> dict[str, float]:
        """Return the most that the pulses of any width, the probe and the fields ask for."""
        wanted = super().demands()
        heating = (self.heating_width,) if self.reads_heat() else ()
        for width in (*self.widths, *heating):
            for name, value in pulses.pulse_demands(self, self.largest_at(width), width).items():
                wanted[name] = max(value, wanted.get(name, 0.0))
        return wanted

    def reads_heat(self) -> bool:
        """Whether the resistance can be read during a pulse."""
        return has_longitudinal(self) and self.heating_width >= SHORTEST

    def heating_currents(self) -> list[float]:
        """Return the heights in A of the pulses that tell the heat, all within one range of the source."""
        top = self.largest_at(self.heating_width)
        for end in SOURCE_RANGES:
            if PARTS[0] * top <= end < top:
                top = end
        return [pulses.on_grid(round(part * top, 9)) for part in PARTS]

    # ---- the run

    def execute(self) -> None:
        """Measure the plateaus; then the heat; then the current of each width, in random order."""
        home = found_at(self)
        for _ in self.track("plateaus", ("both states",), restart=True):
            self.measure_plateaus()
        if self.reads_heat():
            for _ in self.track("heat", ("long pulses",), restart=True):
                self._heat()
        else:
            self.run.remark("no cable is on the voltmeter's channel 2: nobody knows how warm the film is in a pulse")
        order = [self.widths[place] for place in self.rng.permutation(len(self.widths)).tolist()]
        for width in self.track("width", order, restart=True):
            full = self.plateaus()
            if full is not None:
                self._try(full, width)
        leave_at(self, home)

    def _try(self, full: Plateaus, width: float) -> None:
        sign = 1 if self.sign == "+" else -1
        self.settle_in(-sign)
        carry_on(
            Belief(*self.span(width)), lambda number, current: self.attempt(full, number, sign, current, width),
            self.rng, self.track("trial", range(1, self.trials + 1)), goal=self.uncertainty, least=self.LEAST,
        )  # fmt: skip

    def span(self, width: float) -> tuple[float, float]:
        """Return the smallest and the largest current in A that are tried with a width in s."""
        most = self.largest_at(width)
        return LOWEST * most, most

    def _heat(self) -> None:
        """Read the resistance with the probe current, and at the end of long pulses."""
        self.settle_in(-1)
        number = 0
        for _ in self.track("cycle", range(CYCLES)):
            for height in self.heating_currents():
                for sign in (1, -1):
                    cold = pulses.read_longitudinal(self)
                    self._note(number, COLD, sign, {**pulses.NONE_YET, **cold})
                    hot = pulse_and_read(self, sign * height, self.heating_width)
                    self._note(number + 1, HEAT, sign, hot)
                    pulses.wait_after(self, hot, self.wait_before_read)
                    number += 2

    def _note(self, number: int, step: str, sign: int, row: dict[str, object]) -> None:
        along = float(np.float64(row["Field (T)"])) * self.along  # pyright: ignore[reportArgumentType]
        self.record(**{STATE: number, STEP: step, **row, ALONG: along, NUMBER: 0, SIGN: sign})

    # ---- what it is about

    def analyse(self, data: pd.DataFrame) -> Results:
        """Find I50 of each width, the heat, and the barrier by each law; see `labctl.analysis.activation_laws`."""
        from procedures.pulse_width_results import results_of

        return results_of(self, data)

    def figure(self, data: pd.DataFrame, results: Results) -> Figure:
        """Draw I50 against the width with the laws, and the resistance during long pulses."""
        from procedures.pulse_width_results import figure_of

        return figure_of(self, data, results)
