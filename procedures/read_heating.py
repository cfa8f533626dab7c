"""Whether reading heats: resistance and coercive field against the probe current."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from instruments.errors import LimitExceeded, UsageError
from instruments.units import format_quantity
from labctl import reversal
from labctl.parameters import Count, OptionalQuantity, Quantity
from labctl.probe import Probe
from labctl.procedure import Procedure
from labctl.reversal import LONGITUDINAL_CHANNEL
from labctl.sample import HEADROOM
from labctl.sample_thermometer import has_longitudinal
from procedures import heating_results
from procedures.hall_loops import hall_loop, swept_branch
from procedures.heating_results import CURRENT, HALL, KIND, LOOK, LOOP, READ, RESISTANCE, ROUND, WARMING
from procedures.probe_currents import ProbeCurrents, in_amperes

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from labctl.analysis.result import Results

ROOM = 1.25
"""By which the voltmeter's range exceeds the largest current's voltage, whose resistance was looked at just before."""


class ReadHeating(Procedure):
    """Resistance and coercive field against the probe current, extrapolated to none: whether reading heats the film.

    In a saturating field the longitudinal resistance is read with each current, after `wait` in which substrate and
    chip come to their temperature. The probe current itself is the first and the last of each round and the others
    follow in random order between them, so that a drift is not taken for heating. Source and voltmeter stay on the
    ranges that the largest current needs: two ranges of a source differ by more than the heating makes. Then come Hall
    loops, again with the probe current first and last.

    Both are extrapolated to zero current as straight lines in its square. The probe current is accepted where that
    changes the resistance by less than 0.05 % and the coercive field by less than the uncertainty of one loop.

    The sample gets up to the largest current, which stays within what its record allows for reading, and fields up to
    `maximum_field` of both signs.
    """

    roles = ("source", "voltmeter", "cryostat")
    shapes = ("hall_bar",)
    DATA_COLUMNS = (*reversal.COLUMNS, RESISTANCE, CURRENT, KIND, ROUND, "Branch", "Loop")
    main_results = ("heating_by_read", "resistance_change")

    currents = ProbeCurrents("0.5, 1, 2", "Probe currents, or parts of the probe current")
    temperature = OptionalQuantity("stay", "Temperature", unit="K", above_zero=True)
    maximum_field = Quantity("0.5 T", "Field in which it is saturated, and the loops' ends", above_zero=True)
    rate = Quantity("50 Oe/s", "Field rate of the loops", above_zero=True)
    rounds = Count(4, "Rounds through the currents for the resistance", minimum=1, maximum=1000)
    wait = Quantity("10 s", "Wait with each current before it is read", minimum="0 s")
    readings = Count(200, "Readings with each current in a round", minimum=2, maximum=100_000)
    loops = Count(1, "Rounds of Hall loops; 0 for the resistance alone", minimum=0, maximum=100)
    probe = Probe()

    def check(self) -> None:
        """Refuse a station without channel 2, and a current that the record does not allow for reading."""
        if "sample" not in vars(self):
            return
        if not has_longitudinal(self):
            raise UsageError(
                f"station {self.station.name!r} has no cable on the voltmeter's channel 2, which reads the "
                "longitudinal resistance; plug it into two arms on one side of the bar, and write it into [cables]"
            )
        largest, limit = max(self._amperes()), self.sample.read_current_limit()
        if largest > limit * (1.0 + 1e-9):
            raise LimitExceeded(
                f"currents go to {format_quantity(largest, 'A')}, above the {format_quantity(limit, 'A')} that sample "
                f"{self.sample.name!r} allows for reading; give smaller ones, e.g. currents=0.25,0.5,1"
            )

    def demands(self) -> dict[str, float]:
        """Return what the largest current asks for, and the field."""
        largest = self.probe_settings(current=max(self._amperes()))
        wanted = {
            "current": largest.current, "voltage": largest.compliance, "field": self.maximum_field,
            "field_rate": self.rate, "slowest_field_rate": self.rate,
        }  # fmt: skip
        return wanted if self.temperature is None else {**wanted, "temperature": self.temperature}

    def _amperes(self) -> tuple[float, ...]:
        """The currents in A, in the order in which they were given."""
        return in_amperes(self.currents, self.probe_settings().current)

    def _reference(self) -> float:
        """The current in A that is judged: the probe current if it is among them, otherwise the one in the middle."""
        found, probe = sorted(self._amperes()), self.probe_settings().current
        return probe if probe in found else found[len(found) // 2]

    def _others(self) -> list[float]:
        """All other currents in A, the largest first."""
        return sorted((current for current in self._amperes() if current != self._reference()), reverse=True)

    def execute(self) -> None:
        """Read the resistance in rounds, then measure the loops."""
        if self.temperature is not None:
            self.settle(temperature=self.temperature)
        reference = self._reference()
        for number in self.track("round", range(1, self.rounds + 1), restart=True):
            self.settle(field=self.maximum_field)
            others: list[float] = self.rng.permutation(self._others()).tolist()
            volts = self._look(number)
            for current in (reference, *others, reference):
                self._visit(number, current, volts)
        order = [reference, *self._others(), reference] * self.loops
        for loop, current in self.track("loop", list(enumerate(order, 1)), restart=True):
            with self.probing(current=current):
                for branch, row in hall_loop(self, self.maximum_field, self._branch):
                    self._write(row, current, LOOP, loop=loop, branch=branch)

    def _branch(self, begin: float, end: float) -> Iterator[dict[str, Any]]:
        yield from swept_branch(self, begin, end, window=None, outside=self.rate, inside=self.rate)

    def _look(self, number: int) -> float:
        """Read the resistance once, and return the voltage in V that the largest current will make."""
        current, largest = self._reference(), max(self._amperes())
        safe = HEADROOM * self.sample.sample_resistance()
        with self.probing(current=current):
            self.reader.select(LONGITUDINAL_CHANNEL, safe * current)
            row = self.read()
            resistance = abs(float(row[HALL]))
            self._write(row, current, LOOK, number=number)
        return largest * (ROOM * resistance if resistance > 0.0 else safe)  # NaN is not above zero

    def _visit(self, number: int, current: float, volts: float) -> None:
        """Read the resistance with a current in A, on ranges for the largest one and for so many V."""
        with self.probing(current=current) as settings:
            self.reader.change(replace(settings, source_range=max(self._amperes())))
            self.reader.select(LONGITUDINAL_CHANNEL, volts)
            for row in self.hold(duration=self.wait):
                self._write(row, current, WARMING, number=number)
            for _ in range(self.readings):
                self._write(self.read(), current, READ, number=number)

    def _write(
        self, row: dict[str, Any], current: float, kind: str, *, number: int = 0, loop: int = 0, branch: str = "none"
    ) -> None:
        """Record a row under the name of what it measured."""
        resistance = math.nan
        if kind != LOOP:
            resistance, row[HALL] = row[HALL], math.nan
        extra = {RESISTANCE: resistance, CURRENT: current, KIND: kind, ROUND: number, "Branch": branch, "Loop": loop}
        self.record(**row, **extra)

    # ---- what it is about

    def analyse(self, data: pd.DataFrame) -> Results:
        """Extrapolate both to zero current, and judge the probe current; see `procedures.heating_results`."""
        limit = self.sample.read_current_limit() if "sample" in vars(self) else None
        found = self.sample.resistances if "sample" in vars(self) else None
        return heating_results.results_of(
            data, self._judged(data), limit=limit, remanence=self.field_remanence, wanted_loops=self.loops,
            coefficient=None if found is None else found.temperature_coefficient,
            reference=300.0 if found is None else found.temperature,
        )  # fmt: skip

    def _judged(self, data: pd.DataFrame) -> float:
        """The current in A that is judged; of a run, the first that was read."""
        return self._reference() if "sample" in vars(self) else float(data[CURRENT].iloc[0])

    def learned(self, data: pd.DataFrame, results: Results) -> Iterator[tuple[str, dict[str, Any]]]:
        """Give the heating to the sample's journal."""
        del data
        if results.number("resistance_change") is not None:
            names = ("read_current", "resistance_change", "heating_coefficient", "largest_read_current", "accepted")
            yield "read_heating", {name: results[name] for name in names}

    def figure(self, data: pd.DataFrame, results: Results) -> Figure:
        """Draw both against the square of the current, with their extrapolations."""
        title = " of ".join(filter(None, ["Heating by the probe current", self.sample_name]))
        return heating_results.figure_of(
            data, results, title=title, caption=self.caption, remanence=self.field_remanence
        )
