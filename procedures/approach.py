"""The smallest current that switches a film, and the largest that does not harm it, found from below."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from instruments.errors import BadValue, UsageError
from labctl import pulses
from labctl.analysis import approaching
from labctl.analysis.approaching import BEGIN, COARSE, END, FINE, RESET, SATURATED, STATE, STEP, STOPPED, TWO_WIRE
from labctl.journal import SAFE_PULSE, quantity
from labctl.moving import wait_until
from labctl.parameters import Count, OptionalQuantity, Quantity
from labctl.probe import Probe
from labctl.sample_thermometer import has_longitudinal
from labctl.turning import found_at, leave_at
from labctl.two_wire import TwoWireMeter, on_current_leads
from procedures.in_plane import ALONG, InPlane

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from labctl.analysis.result import Results

PERCENT = range(10, 101, 5)
"""Of the largest current: the coarse levels."""
OF_COMPLIANCE = 0.8
"""Part of the largest compliance that a pulse may need."""
FINE_STEPS = range(-4, 4)
"""Fine steps from the current that the coarse levels give: the single pulses of either sign."""
MOST_FURTHER = 6
"""Further ones, where the half is not among these."""
TRIES = 3
"""Pulses for making a full state."""
MADE = 0.05
"""Part of the swing within which a state has to be the full one."""
COOLING = 10
"""Times the wait before reading, after which a changed resistance is looked at again: it may have been heat."""
CHECK = "check"


class Approach(InPlane):
    """Smallest current pulse that switches a film, and the largest that leaves its resistance as it was.

    For the first pulses on a device. Single pulses go up from a tenth of the largest current in steps of a twentieth of
    it, at each level one of either sign, in a field in the film plane along the current. After each one Hall resistance
    and longitudinal resistance are read with the probe current, the resistance between the current leads with a
    source-measure unit where the station has one on them, and the compliance bit is looked at. It ends at 1.15 times
    the level that switches fully; or when one of the two resistances has changed by more than `resistance_change`, a
    pulse was clamped, or the next one would need more than 0.8 of the largest compliance; or at the largest current.
    Then single pulses from full states, in fine steps around the half, tell the switching current of either sign.

    The film is first saturated up and down by a field along its normal, where the sample is on a rotator that turns it
    there: that tells the full swing. Elsewhere the field lies in the plane all the time, and the state it begins from
    is not known. Without a field along the current no pulse decides which way the film goes.

    The sample gets some 70 pulses, of up to its limit where it does not switch before. Each is counted in its journal
    at once. A run that was cut begins anew if nothing but the pulses themselves could make a known state.
    """

    roles = ("source", "voltmeter", "cryostat")
    shapes = ("hall_bar",)
    DATA_COLUMNS = (STATE, STEP, *pulses.COLUMNS, TWO_WIRE, ALONG, STOPPED)
    main_results = ("switching_current", "pulse_max")

    maximum_current = OptionalQuantity("from record", "Largest pulse", unit="A", minimum="1 uA")
    width = Quantity("1 ms", "Width of the pulses", minimum="1 ms", maximum="1 s")
    wait_before_read = Quantity("1 s", "From the end of a pulse to its reading", minimum="50 ms", maximum="60 s")
    reads = Count(3, "Readings of the Hall resistance after each pulse", minimum=2, maximum=100)
    fine_step = Quantity("0.02", "Fine step, as part of the switching current", unit="", minimum="0.005", maximum="0.1")
    resistance_change = Quantity(
        "0.005", "Change of a resistance that ends it, as part of it", unit="", minimum="0.0005",
        maximum="0.05",
    )  # fmt: skip
    probe = Probe()

    # ---- before

    def check(self) -> None:
        """Refuse a mounting without a field in the plane, and a station that does not see the device change."""
        if "sample" not in vars(self):
            return
        if on_current_leads(self.station):
            self.roles = (*type(self).roles, "smu")
        if self.sample.pulse_current_limit() is None and self.maximum_current is None:
            raise BadValue(
                f"sample {self.sample.label} has no limits.pulse_current_density, so that no largest pulse follows "
                "from its record; write it there, or give maximum_current"
            )
        if not has_longitudinal(self):
            raise UsageError(
                f"station {self.station.name!r} has no cable on the voltmeter's channel 2, so that nobody would see "
                "the device change; plug it into two arms on one side of the bar, and write it into [cables]"
            )
        self.check_in_plane()

    def largest_current(self) -> float:
        """Return the largest pulse in A: the parameter, or what the record allows."""
        if self.maximum_current is not None:
            return pulses.on_grid(self.maximum_current)
        return pulses.on_grid(self.sample.pulse_current_limit() or 0.0)

    def demands(self) -> dict[str, float]:
        """Return what the largest pulse, the probe and the fields ask for."""
        wanted = pulses.pulse_demands(self, self.largest_current(), self.width)
        return {**wanted, "field": self.largest_field()}

    def startup(self) -> None:
        """Set the probe up, in a range of the voltmeter that stands the pulses."""
        self._two_wire: TwoWireMeter | None = None
        if "smu" in self.roles:
            self._two_wire = TwoWireMeter(self)
            self._two_wire.prepare()
        super().startup()
        pulses.stand_pulses(self, self.largest_current())
        self.begin_in_plane()
        self._shots: list[approaching.Shot] = []

    # ---- the run

    def execute(self) -> None:
        """Go up in coarse levels; then, from full states, in fine steps for either sign."""
        made, home = self.by_field(), found_at(self)
        if self._two_wire is None:
            self.run.remark("what happens to the device outside the arms of channel 2 is not seen: no unit reads there")
        for _ in self.track("coarse", ("up to full switching",), restart=made):
            self._look_back()
            if made:
                for state in (-1, 1):
                    self.saturate(state)
                    self._state(SATURATED, 0.0)
            self.face(self.in_plane_field)
            self._state(END, 0.0, stopped=self._go_up())
        for sign in self.track("sign", (1, -1), restart=made):
            self._look_back()
            self.face(self.in_plane_field)
            self._refine(sign)
        leave_at(self, home)

    def _look_back(self) -> None:
        """Take in the states that are recorded already: all that a block knows of the ones before."""
        rows = self.recorded()
        self._shots = [] if rows.empty else approaching.shots(rows)

    def story(self) -> approaching.Story:
        """Return what the states so far tell."""
        return approaching.Story(self._shots, self.expected_swing())

    def expected_swing(self) -> float | None:
        """Return the swing of the Hall resistance in ohm by the record: twice its largest, None where it has none."""
        hall = self.sample.resistances.hall if "sample" in vars(self) else None
        return None if hall is None else 2.0 * abs(hall)

    def _state(self, step: str, current: float, stopped: str = approaching.GOING_ON) -> approaching.Shot:
        """Send a pulse in A, or none for 0 A, and read the state."""
        import pandas as pd

        sent = self.pulse(current=current, width=self.width) if current else pulses.NONE_YET
        number = self._shots[-1].number + 1 if self._shots else 1
        rows: list[dict[str, Any]] = []
        for row in self.read_after(sent, wait=self.wait_before_read, reads=self.reads):
            along = row["Field (T)"] * self.along
            read = self._two_wire is not None and math.isfinite(row[pulses.RESISTANCE])
            two = self._two_wire.read() if read and self._two_wire is not None else math.nan
            rows.append({STATE: number, STEP: step, **row, TWO_WIRE: two, ALONG: along, STOPPED: stopped})
            self.record(**rows[-1])
        self._shots.append(approaching.shots(pd.DataFrame(rows))[0])
        return self._shots[-1]

    # ---- pulses

    def _go_up(self) -> str:
        """Send the coarse pulses, and say why they ended."""
        self._state(BEGIN, 0.0)
        for level in self.track("level", self._levels()):
            needed = pulses.voltage_of(self, level) * (1.0 + self.story().changes()[-1])
            if needed > OF_COMPLIANCE * pulses.largest_voltage(self):
                return approaching.VOLTAGE
            for sign in (1, -1):
                self._state(COARSE, sign * level)
                if (why := self._harm()) is not None:
                    return why
        return approaching.LARGEST if self.story().full is None else approaching.SWITCHED

    def _levels(self) -> Iterator[float]:
        """Heights in A up to the largest, or to 1.15 times the one that is seen to switch fully."""
        largest, last = self.largest_current(), 0.0
        for percent in PERCENT:
            height, full = pulses.on_grid(largest * percent / 100.0), self.story().full
            goal = math.inf if full is None else pulses.on_grid(min(approaching.BEYOND * full.level, largest))
            if height >= goal:
                if goal > last:
                    yield goal
                return
            yield height
            last = height

    def _harm(self) -> str | None:
        """Say what the last pulse did to the device; a change of its resistance is looked at again when it is cold."""
        if self._shots[-1].clamped:
            return approaching.CLAMPED
        if not self._changed():
            return None
        wait_until(self, self.clock.now() + COOLING * self.wait_before_read, self.run.check)
        self._state(CHECK, 0.0)
        return approaching.CHANGED if self._changed() else None

    def _changed(self) -> bool:
        return not abs(self.story().changes()[-1]) <= self.resistance_change

    def _refine(self, sign: int) -> None:
        """Find the half with single pulses of one sign, each from the full state of the other."""
        story = self.story()
        full, half = story.full, story.half()
        if full is None or half is None or self._changed() or any(shot.clamped for shot in story.shots):
            return
        for height in self.track("height", self._fine_heights(sign, half.current, full.level)):
            if not self._reset(-sign, full):
                return
            self._state(FINE, sign * height)
            if self._harm() is not None:
                return

    def _fine_heights(self, sign: int, half: float, largest: float) -> Iterator[float]:
        """Heights in A around the half, upwards; and on to whichever side it then turns out to lie."""
        step = self.fine_step
        for number in FINE_STEPS:
            yield pulses.on_grid(min(half * (1.0 + step * number), largest))
        for further in range(1, MOST_FURTHER + 1):
            parts = [part for _, part in self.story().single(sign)]
            if not parts or min(parts) < 0.5 <= max(parts):
                return
            number = FINE_STEPS[-1] + further if max(parts) < 0.5 else FINE_STEPS[0] - further
            yield pulses.on_grid(min(half * (1.0 + step * number), largest))

    def _reset(self, sign: int, full: approaching.Toggle) -> bool:
        """Make the full state of one sign, and see by a reading that it is made."""
        wanted = full.plus if sign > 0 else full.minus
        for _ in range(TRIES):
            shot = self._state(RESET, sign * full.level)
            if self._harm() is not None:
                return False
            if abs(shot.hall - wanted) <= MADE * abs(full.change):
                return True
        return False

    # ---- what it is about

    def analyse(self, data: pd.DataFrame) -> Results:
        """Find the switching currents, and the largest pulse that did no harm."""
        from procedures.approach_results import results_of

        return results_of(self, data)

    def learned(self, data: pd.DataFrame, results: Results) -> Iterator[tuple[str, dict[str, Any]]]:
        """Give the largest recommended pulse to the sample's journal, with its width and what it holds for."""
        if results.number("pulse_max") is None:
            return
        temperature = float(data["Temperature (K)"].to_numpy(dtype=float).mean())
        names = ("pulse_max", "pulse_width", "resistance_change", "field_along_current")
        known = {name: results[name] for name in (*names, "switching_current") if results.number(name) is not None}
        yield SAFE_PULSE, {**known, "temperature": quantity(temperature, "K"), "stopped_by": approaching.stopped(data)}

    def figure(self, data: pd.DataFrame, results: Results) -> Figure:
        """Draw Hall resistance and change of the longitudinal one after each pulse against its height."""
        from procedures.approach_results import figure_of

        return figure_of(self, data, results)
