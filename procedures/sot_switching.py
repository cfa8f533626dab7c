"""Spin-orbit-torque switching: the state of a film after each pulse of a loop of currents."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from instruments.errors import BadValue
from instruments.units import format_quantity
from labctl import pulses
from labctl.parameters import Choice, Count, OptionalQuantity
from labctl.probe import Probe
from labctl.turning import found_at, leave_at
from procedures.pulsed import COLUMNS, Pulsed

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from labctl.analysis.result import Results

LEVELS = 20
"""Steps from zero to the largest pulse, where `pulse_step` says nothing."""
UNEVEN = 1e-3
"""Part by which the pulses may stand closer than asked for without a word."""
MOST_PULSES = 2000
"""Of one loop."""
REFERENCE, REFERENCE_IN_PLANE, BEGIN, LOOP = "reference", "reference in plane", "begin", "loop"
"""What a state is read for."""
TURN, FIELD, NUMBER, BRANCH = "Turn", "In-plane field (T)", "Loop", "Branch"
ORDERS = {"+": (1,), "+ -": (1, -1), "+ - +": (1, -1, 1), "+ - + 0": (1, -1, 1, 0)}
"""Signs of the field in the plane, in the order in which they are measured."""


class Order(Choice):
    """Signs of the field, of which the first one is always that of `in_plane_field`."""

    def convert(self, value: Any) -> str:
        """Return the word.

        Raises:
            BadValue: Another word; one that begins with - is told how to have it.
        """
        text = str(value).strip()
        if text.startswith("-"):
            raise BadValue(
                f"{self.called} is {text!r}, but must be one of {', '.join(self.options)}, where + is the sign of "
                "in_plane_field; to begin with the other sign, give a negative in_plane_field"
            )
        return super().convert(value)


class SpinOrbitSwitching(Pulsed):
    """Current loops: Hall resistance after each of a row of pulses, in a field in the film plane.

    Pulses run from `-pulse_max` up to `pulse_max` and back down in steps of `pulse_step`. After each one the source
    goes to zero, `wait_before_read` passes, and the state is read by reversal of the probe current. Several loops are
    measured at each field, for their scatter; the field along the current with either sign, since its sign and that of
    the current together decide which way the film goes, the first one once more at the end, which shows what has
    drifted, and zero field as a control.

    What the pulses switch is set against what a field does: where a rotator turns the film there, a field along its
    normal first makes both states, and each is read at zero field and in the field of the loops, in which the
    magnetisation leans. With every field it begins from the state of positive saturation, which is then turned into
    the plane at zero field. A sample that does not turn is begun by three pulses of `-pulse_max`, and has no such
    reference.

    The sample gets four times pulse_max/pulse_step pulses a loop, up to the largest that `approach` found safe.
    """

    DATA_COLUMNS = (*COLUMNS, TURN, FIELD, NUMBER, BRANCH)
    main_results = ("switching_current_up", "switching_current_down", "switching_ratio")

    pulse_step = OptionalQuantity("pulse_max/20", "Step between pulses", unit="A", above_zero=True)
    loops = Count(3, "Loops at each field", minimum=1, maximum=100)
    temperature = OptionalQuantity("stay", "Temperature to go to first", unit="K", above_zero=True)
    order = Order("+ - + 0", "Signs of the field in the plane, one after the other", options=[*ORDERS])
    probe = Probe()

    # ---- before

    def check(self) -> None:
        """Refuse what all experiments with pulses refuse, and a step that makes no loop."""
        super().check()
        if "sample" not in vars(self):
            return
        largest, step = self.largest_current(), self.step()
        if not 2.0 * step <= largest * (1.0 + 1e-9):
            raise BadValue(
                f"pulse_step is {format_quantity(step, 'A')}, which leaves no loop up to pulse_max, "
                f"{format_quantity(largest, 'A')}; take at most half of it"
            )
        if (count := 4 * largest / step) > MOST_PULSES:
            raise BadValue(
                f"pulse_step is {format_quantity(step, 'A')}, which makes {count:.0f} pulses a loop, more than "
                f"{MOST_PULSES}; take a larger one"
            )
        apart = largest / self.level_count()
        if apart < (1.0 - UNEVEN) * step:
            self.forewarn(
                f"pulse_step is {format_quantity(step, 'A')}, of which pulse_max, {format_quantity(largest, 'A')}, is "
                f"no multiple: the pulses are {format_quantity(apart, 'A')} apart"
            )

    def demands(self) -> dict[str, float]:
        """Return what pulses, probe and fields ask for, and the temperature."""
        wanted = super().demands()
        if self.temperature is None:
            return wanted
        return {**wanted, "temperature": self.temperature, "lowest_temperature": self.temperature}

    def step(self) -> float:
        """Return the step between pulses in A."""
        return self.largest_current() / LEVELS if self.pulse_step is None else self.pulse_step

    def level_count(self) -> int:
        """Return the number of steps from zero to the largest pulse."""
        return math.ceil(round(self.largest_current() / self.step(), 6))

    def heights(self) -> list[tuple[str, float]]:
        """Return the branch and the height in A of each pulse of a loop; there is no pulse of 0 A."""
        largest = self.largest_current()
        count = self.level_count()
        rising = [pulses.on_grid(largest * place / count) for place in range(-count, count + 1) if place]
        return [("up", height) for height in rising] + [("down", height) for height in rising[-2::-1]]

    # ---- the run

    def execute(self) -> None:
        """Go to the temperature, make the references by field; then the loops at each field."""
        home = found_at(self)
        if self.temperature is not None:
            self.settle(temperature=self.temperature)
        if self.by_field():
            for _ in self.track("reference", ("both states",), restart=True):
                self._refer()
        for turn in self.track("field", range(1, len(ORDERS[self.order]) + 1), restart=True):
            self._loops(turn, ORDERS[self.order][turn - 1] * self.in_plane_field)
        self._say_what_loops_lack()
        leave_at(self, home)

    def _refer(self) -> None:
        """Have the field make each state, and read it at zero field and in the field of the loops."""
        for place, sign in enumerate((-1, 1)):
            known = {TURN: 0, NUMBER: 0, BRANCH: "up" if sign > 0 else "down"}
            self.saturate(sign)
            self.state(2 * place, REFERENCE, resistance=True, more={**known, FIELD: 0.0})
            self.face(self.in_plane_field)
            self.state(2 * place + 1, REFERENCE_IN_PLANE, more={**known, FIELD: self.in_plane_field})

    def _loops(self, turn: int, field: float) -> None:
        heights = self.heights()
        known = {TURN: turn, FIELD: field}
        self.initial_state(field)
        self.state(0, BEGIN, resistance=True, more={**known, NUMBER: 0, BRANCH: "up"})
        for loop in self.track("loop", range(1, self.loops + 1)):
            for place, (branch, height) in enumerate(heights, 1):
                number = (loop - 1) * len(heights) + place
                last = place == len(heights)
                self.state(number, LOOP, height, resistance=last, more={**known, NUMBER: loop, BRANCH: branch})

    def _say_what_loops_lack(self) -> None:
        """Say what the loops do not show, beside what is noted at each result."""
        from procedures.sot_results import complaints_of

        for sentence in complaints_of(self.recorded()):
            self.run.remark(sentence)

    # ---- what it is about

    def analyse(self, data: pd.DataFrame) -> Results:
        """Find switching currents, ratio, window and levels; see `labctl.analysis.current_loops`."""
        from procedures.sot_results import results_of

        return results_of(self, data)

    def figure(self, data: pd.DataFrame, results: Results) -> Figure:
        """Draw the loops at each field."""
        from procedures.sot_results import figure_of

        return figure_of(self, data, results)
