"""What experiments with current pulses in a field in the film plane have in common: the pulses and the states."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from instruments.errors import BadValue
from instruments.units import format_quantity
from labctl import pulses
from labctl.journal import SAFE_PULSE
from labctl.parameters import Count, OptionalQuantity, Quantity
from procedures.in_plane import ALONG, InPlane

RESETS = 3
"""Pulses that make a state where no field can."""
STATE, STEP = "State", "Step"
COLUMNS = (STATE, STEP, *pulses.COLUMNS, ALONG)
"""Columns of a state: what was sent, the readings after it, and the field along the current."""


class Pulsed(InPlane):
    """Base of experiments that send single pulses in a field in the film plane, and read the state after each.

    A subclass declares `probe = Probe()` behind its own parameters.
    """

    roles = ("source", "voltmeter", "cryostat")
    shapes = ("hall_bar",)

    pulse_max = OptionalQuantity("from approach", "Largest pulse", unit="A", above_zero=True)
    pulse_width = Quantity("1 ms", "Width of the pulses", minimum="50 us", maximum="1 s")
    wait_before_read = Quantity("1 s", "From the end of a pulse to its reading", minimum="50 ms", maximum="60 s")
    reads = Count(5, "Readings of the Hall resistance after each pulse", minimum=1, maximum=100)

    # ---- before

    def check(self) -> None:
        """Refuse a mounting without a field in the plane, and a largest pulse that nobody knows to be safe."""
        if "sample" in vars(self):
            self.largest_current()
            self.check_in_plane()

    def largest_current(self) -> float:
        """Return the largest pulse in A: the parameter, or what `approach` found to be safe for this width.

        Raises:
            BadValue: Neither is there.
        """
        if self.pulse_max is not None:
            return pulses.on_grid(self.pulse_max)
        entry = self.latest(SAFE_PULSE)
        found = None if entry is None else entry.number("pulse_max")
        if entry is None or found is None:
            most = self.sample.pulse_current_limit()
            bound = "" if most is None else f", at most {format_quantity(most, 'A')} by the record"
            raise BadValue(
                f"no largest pulse is known for sample {self.sample.label}: its journal has no approach of this "
                f"mounting; run approach first, or give pulse_max{bound}"
            )
        width = entry.number("pulse_width")
        if width is not None and self.pulse_width > width * (1.0 + 1e-9):
            raise BadValue(
                f"pulse_width is {format_quantity(self.pulse_width, 's')}, but approach found "
                f"{format_quantity(found, 'A')} to be safe for {format_quantity(width, 's')}; run approach with this "
                "width, or give pulse_max"
            )
        return pulses.on_grid(found)

    def demands(self) -> dict[str, float]:
        """Return what the largest pulse, the probe and the fields ask for."""
        wanted = pulses.pulse_demands(self, self.largest_current(), self.pulse_width)
        return {**wanted, "field": self.largest_field()}

    def startup(self) -> None:
        """Set the probe up, in a range of the voltmeter that stands the pulses."""
        super().startup()
        pulses.stand_pulses(self, self.largest_current())
        self.begin_in_plane()

    # ---- states

    def initial_state(self, field: float, sign: int = 1) -> None:
        """Make a known state, whatever came before, and be at a field in T in the plane.

        Args:
            field: T.
            sign: Of the field along the normal. Where that makes no state, some pulses of `-pulse_max` do.
        """
        if self.by_field():
            self.saturate(sign)
        self.face(field)
        if not self.by_field():
            for _ in range(RESETS):
                self.pulse(current=-self.largest_current(), width=self.pulse_width)

    def state(
        self, number: int, step: str, current: float = 0.0, *, resistance: bool = False, width: float | None = None,
        more: Mapping[str, Any],
    ) -> float:  # fmt: skip
        """Send a pulse in A, or none for 0 A, read the state that it leaves, and record it.

        Args:
            number: Of the state.
            step: What it is read for.
            current: A.
            resistance: Whether the longitudinal resistance is read as well.
            width: Of the pulse in s; `pulse_width` without one.
            more: Further columns.

        Returns:
            The Hall resistance in ohm, a mean of the readings.
        """
        sent = self.pulse(current=current, width=width or self.pulse_width) if current else pulses.NONE_YET
        return self.read_state(sent, number, step, resistance=resistance, more=more)

    def read_state(
        self, sent: Mapping[str, Any], number: int, step: str, *, resistance: bool = False, more: Mapping[str, Any]
    ) -> float:
        """Read the state that a pulse or a train of them has left, and record it; see `state`."""
        found: list[float] = []
        for row in self.read_after(sent, wait=self.wait_before_read, reads=self.reads, resistance=resistance):
            self.record(**{STATE: number, STEP: step, **row, ALONG: row["Field (T)"] * self.along, **more})
            if math.isfinite(row[pulses.HALL]):
                found.append(row[pulses.HALL])
        return math.fsum(found) / len(found)
