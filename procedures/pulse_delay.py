"""How long after a pulse a state may be read: resistance against the delay."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from instruments.errors import BadValue, UsageError
from instruments.units import format_quantity
from labctl import moving, pulses, reversal
from labctl.journal import SAFE_PULSE, quantity
from labctl.parameters import Count, OptionalQuantity, Quantity
from labctl.probe import Probe
from labctl.procedure import Procedure
from labctl.pulses import RESISTANCE
from labctl.sample_thermometer import has_longitudinal

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from labctl.analysis.cooling import Cooling
    from labctl.analysis.result import Result, Results

SHOT, KIND, POINT = "Shot", "Kind", "Point"
BEFORE, RECOVERING, AFTER = "before", "recovering", "after"
SIGNS = ((1, 1), (-1, -1), (1, -1), (-1, 1))
"""Of the pulse, and of the current with which it is read: what is even in either cancels in the mean of the four."""
REFERENCES = 5
"""Readings by reversal before each pulse."""
FEWEST = 4
"""Delays that a cooling is told from."""
LEAST_SCATTER = 1e-7
"""Part; what a noise-free station would make of it is no uncertainty."""
LASTS = 3.0
"""Standard uncertainties from which on a change is taken to stay."""
THIS_PULSE = "this pulse"


class Course(NamedTuple):
    """How the resistance goes after the pulses, a value for each delay.

    Attributes:
        delay: s since the end of the pulse.
        part: Relative deviation of the resistance, mean over the pulses.
        sigma: Its standard uncertainty.
        shared: Standard uncertainty of what the deviations of all delays have in common.
    """

    delay: Any
    part: Any
    sigma: Any
    shared: float


class PulseDelay(Procedure):
    """Longitudinal resistance against the delay after a pulse, and from when on a state may be read.

    The largest pulse that will be used warms film, substrate and chip; some of it is still there when the state is
    read, and at low temperature, where nothing has much heat capacity, a good deal. Before each pulse the resistance is
    read by current reversal, with the constant voltage beside it. After it single conversions with one polarity follow
    at delays that are spaced evenly in the logarithm: a reversal would take 0.13 s. Pulses of both signs are read with
    both polarities, so that thermal voltages by the warmth cancel in the mean. The first conversion after the pulse is
    thrown away, and the meter stays in a range that stands the pulse: one that was overloaded would need 0.2 s to
    recover. The earliest delay that is read is a result.

    Worth doing once at each temperature. The sample gets 4 pulses a cycle; its magnetic state is what they make of it.
    """

    roles = ("source", "voltmeter", "cryostat")
    shapes = ("hall_bar",)
    DATA_COLUMNS = (SHOT, KIND, POINT, *pulses.COLUMNS)
    main_results = ("wait_before_read", "heating_after_pulse")

    current = OptionalQuantity("from journal", "Height of the pulses", unit="A", minimum="1 uA")
    width = Quantity("1 ms", "Width of the pulses", minimum="1 ms", maximum="1 s")
    temperature = OptionalQuantity("stay", "Temperature to go to", unit="K", above_zero=True)
    first_delay = Quantity("50 ms", "First delay", minimum="20 ms", maximum="10 s")
    last_delay = Quantity("10 s", "Last delay, and the rest between two pulses", minimum="1 s", maximum="1000 s")
    per_decade = Count(8, "Delays in each factor of ten", minimum=2, maximum=20)
    cycles = Count(4, "Cycles of four pulses", minimum=1, maximum=100)
    tolerance = Quantity("0.0005", "Part of the resistance within which it is back", unit="", above_zero=True)
    probe = Probe()

    def check(self) -> None:
        """Refuse a station without the longitudinal voltage, and pulses of which nobody knows whether they are safe."""
        if self.first_delay >= self.last_delay:
            raise BadValue(
                f"first_delay is {self.first_delay:g} s, but must be below last_delay, {self.last_delay:g} s"
            )
        if "sample" not in vars(self):
            return
        if not has_longitudinal(self):
            raise UsageError(
                f"station {self.station.name!r} has no cable on the voltmeter's channel 2, which reads the "
                "longitudinal resistance; plug it into two arms on one side of the bar, and write it into [cables]"
            )
        self.height()

    def height(self) -> float:
        """Return the height of the pulses in A: the parameter, or what an approach has found to be safe.

        Raises:
            BadValue: Neither is there, or the safe pulse was a shorter one.
        """
        if self.current is not None:
            return pulses.on_grid(self.current)
        entry = self.latest(SAFE_PULSE, this_mounting=False)
        most, width = (None, None) if entry is None else (entry.number("pulse_max"), entry.number("pulse_width"))
        if most is None or width is None:
            raise BadValue(
                f"current is left to the journal of sample {self.sample.label}, which has no safe pulse; run approach "
                'first, or give the largest pulse that you will use, e.g. -p current="10 mA"'
            )
        if self.width > width * (1.0 + 1e-9):
            raise BadValue(
                f"width is {format_quantity(self.width, 's')}, but the safe pulse in the journal of sample "
                f"{self.sample.label} is one of {format_quantity(width, 's')}; give that width, or a current"
            )
        return pulses.on_grid(most)

    def demands(self) -> dict[str, float]:
        """Return what the pulses and the probe ask for."""
        wanted = pulses.pulse_demands(self, self.height(), self.width)
        if self.temperature is not None:
            wanted |= {"temperature": self.temperature, "lowest_temperature": self.temperature}
        return wanted

    def delays(self) -> list[float]:
        """Return the delays in s, rising."""
        count = math.ceil(self.per_decade * math.log10(self.last_delay / self.first_delay) - 1e-9)
        return np.geomspace(self.first_delay, self.last_delay, count + 1).tolist()

    # ---- the run

    def execute(self) -> None:
        """Go through the cycles of four pulses."""
        if self.temperature is not None:
            self.settle(temperature=self.temperature)
        for cycle in self.track("cycle", range(self.cycles), restart=True):
            moving.wait_until(self, self.clock.now() + self.last_delay, self.run.check)
            for number, (sign, polarity) in enumerate(self.track("signs", SIGNS), start=1):
                self._shot(len(SIGNS) * cycle + number, sign, polarity)

    def _shot(self, number: int, sign: int, polarity: int) -> None:
        """Read the resistance, send a pulse, and read on."""
        with pulses.longitudinal(self, self.height()):
            constant = [self._before(number) for _ in range(REFERENCES)]
            around = self.cryostat.reading()
            sent = self.pulse(current=sign * self.height(), width=self.width)
            for point, row in enumerate(self._after(sent, polarity)):
                offset = sum(constant) / len(constant)
                row[RESISTANCE] = (row["Voltage 1 (V)"] - offset) / row["Current 1 (A)"]
                kind = AFTER if point else RECOVERING
                self.record(
                    **{SHOT: number, KIND: kind, POINT: point, **sent, **reversal.with_field(row, around, around)}
                )

    def _before(self, number: int) -> float:
        """Record a reading by reversal, and return the constant voltage in it, in V."""
        row = moving.read(self)
        row[RESISTANCE], row[pulses.HALL] = row[pulses.HALL], math.nan
        self.record(**{SHOT: number, KIND: BEFORE, POINT: 0, **pulses.NONE_YET, **row})
        return (row["Voltage 1 (V)"] + 2.0 * row["Voltage 2 (V)"] + row["Voltage 3 (V)"]) / 4.0

    def _after(self, sent: dict[str, Any], polarity: int) -> Iterator[dict[str, Any]]:
        """Convert once for the meter's recovery, and then at each delay, or at once where that is over."""
        reader = self.reader
        yield reader.convert(polarity)
        aperture = reader.settings.nplc / float(self.station.line_frequency)
        for delay in self.delays():
            moving.wait_until(self, sent[pulses.END] + delay - 0.5 * aperture, self.run.check)
            yield reader.convert(polarity)

    # ---- what it is about

    def analyse(self, data: pd.DataFrame) -> Results:
        """Find the delay after which the resistance is back, and what warmed it."""
        from labctl.analysis.result import Result, Results, missing

        course = course_of(data)
        names = {"wait_before_read": "s", "heating_after_pulse": "K", "time_constant": "s", "lasting_change": "1"}
        if course is None:
            why = "no pulse has readings before and after it"
            return Results({name: missing(unit, why, THIS_PULSE) for name, unit in names.items()})
        delay, part, sigma, _ = course
        cooling = fit_of(course)
        height = float(np.abs(data["Pulse current (A)"].to_numpy(dtype=float)).max())
        lasting = _of_lasting(course, cooling), _said_of_lasting(data, course, cooling)
        found = {
            "wait_before_read": self._wait(course, cooling),
            "heating_after_pulse": self._heating(cooling, float(delay[0]), float(sigma.max())),
            "time_constant": missing("s", "no heat is seen", THIS_PULSE)
            if not cooling.constants
            else Result(cooling.constants[-1], cooling.constant_uncertainties[-1], "s", THIS_PULSE, note="the slowest"),
            "lasting_change": Result(cooling.lasting, lasting[0], "1", THIS_PULSE, note=lasting[1]),
            "earliest_delay": Result(float(delay[0]), None, "s", "this run", why="read off the stamps"),
            "earliest_deviation": Result(float(part[0]), float(sigma[0]), "1", THIS_PULSE),
            "pulse_current": Result(height, None, "A", "all pulses", why="set"),
            "pulse_width": Result(self.width, None, "s", "all pulses", why="set; the source times it"),
        }  # fmt: skip
        return Results(found)

    def _wait(self, course: Course, cooling: Cooling) -> Result:
        """The delay in s from which on the heat is within the tolerance."""
        from labctl.analysis.result import Result, missing

        delay, part, sigma, _ = course
        wait = cooling.within(self.tolerance, float(delay[-1]))
        stays = abs(cooling.lasting) > max(self.tolerance, LASTS * _of_lasting(course, cooling))
        if math.isinf(wait) or stays:
            off = 100 * (part[-1] if math.isinf(wait) else cooling.lasting)
            why = f"after {delay[-1]:.3g} s the resistance is still {off:.2g} % off; give a longer last_delay"
            why += ", unless it stays so, for which see lasting_change" if stays else ""
            return missing("s", why, THIS_PULSE)
        said = f"back within {100 * self.tolerance:g} %"
        if wait <= delay[0]:
            return Result(
                float(delay[0]), None, "s", THIS_PULSE, why="the earliest reading is within it already",
                note=f"{said} at the latest then",
            )  # fmt: skip
        near = float(np.interp(wait, delay, sigma)) / math.sqrt(max(1, len(delay) // 4))
        near = math.hypot(near, cooling.lasting_uncertainty)  # what stays is taken off, and is as uncertain
        return Result(wait, near / abs(cooling.slope(wait)), "s", THIS_PULSE, note=f"{said}, by the fit of the cooling")

    def _heating(self, cooling: Cooling, earliest: float, sigma: float) -> Result:
        """Warming in K right after the pulse, extrapolated, through the record's temperature coefficient."""
        from labctl.analysis.result import Result, missing

        coefficient = self.sample.resistances.temperature_coefficient if "sample" in vars(self) else None
        if not coefficient:
            return missing("K", "the sample record has no temperature coefficient; run rt", THIS_PULSE)
        if not cooling.amplitudes:
            least = 3.0 * sigma / abs(coefficient)
            why = f"no heat is seen from {earliest:.2g} s on, above {least:.2g} K; what cools faster is not in it"
            return missing("K", why, THIS_PULSE)
        return Result(
            cooling.heat(0.0) / coefficient, cooling.amplitude_uncertainty / abs(coefficient), "K", THIS_PULSE,
            note=f"extrapolated from {earliest:.2g} s to the end of the pulse; what cools faster is not in it",
        )  # fmt: skip

    def learned(self, data: pd.DataFrame, results: Results) -> Iterator[tuple[str, dict[str, Any]]]:
        """Give the wait to the sample's journal, with the pulse and the temperature it holds for."""
        if results.number("wait_before_read") is not None:
            temperature = float(data["Temperature (K)"].to_numpy(dtype=float).mean())
            names = ("wait_before_read", "pulse_current", "pulse_width")
            yield "read_delay", {**{name: results[name] for name in names}, "temperature": quantity(temperature, "K")}

    def figure(self, data: pd.DataFrame, results: Results) -> Figure:
        """Draw what is left of the heat against the delay, with the fit and the tolerance."""
        from labctl.frame import framed, say, temperature_text

        title = " of ".join(filter(None, ["Resistance", self.sample_name])) + " after a pulse"
        wait = results["wait_before_read"]
        said = [temperature_text(data["Temperature (K)"])]
        if "pulse_current" in results:
            said.append(f"pulses of {results['pulse_current'].text()} for {results['pulse_width'].text()}")
        latest = "" if wait.uncertainty is not None else "at the latest "
        said.append("it does not come back" if wait.value is None else f"back {latest}after {wait.text()}")
        course = course_of(data)
        figure, axes = framed(title, ", ".join(filter(None, said if course else said[:-1])), self.caption)
        axes.set_xlabel("Time since the end of the pulse (s)")
        axes.set_ylabel("Change of $R_\\mathrm{xx}$ (ppm)")
        if course is None:
            say(axes, str(wait.why))
        else:
            _draw_course(axes, course, results.number("wait_before_read"), self.tolerance)
        return figure


def _draw_course(axes: Axes, course: Course, wait: float | None, tolerance: float) -> None:
    """Draw the deviations against the delay, their fit, and the band that counts as back; `wait` in s."""
    from labctl.frame import COLOURS, FAINT, QUIET, name_curves

    delay, part, sigma, _ = course
    cooling = fit_of(course)
    along = np.geomspace(delay[0], delay[-1], 300)
    curve = [1e6 * (cooling.heat(float(at)) + cooling.lasting) for at in along]
    axes.axhspan(
        -1e6 * tolerance, 1e6 * tolerance, color=FAINT, alpha=0.3, linewidth=0, zorder=0,
        label=f"counts as back, ±{100 * tolerance:g} %",
    )  # fmt: skip
    axes.axhline(0.0, color=FAINT, linewidth=0.8)
    axes.plot(along, curve, color=COLOURS["up"], linewidth=1.4, label="fit of the cooling")
    axes.errorbar(
        delay, 1e6 * part, 1e6 * sigma, fmt="o", color=COLOURS["down"], markersize=4, capsize=2,
        label="mean of the pulses",
    )  # fmt: skip
    if wait is not None:
        axes.axvline(wait, color=QUIET, linewidth=0.9, linestyle=(0, (4, 3)), zorder=0, label="may be read from here")
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(lambda at, _: f"{at:g}")
    low, high = axes.get_ylim()
    axes.set_ylim(low, high + 0.22 * (high - low))  # room for the legend
    name_curves(axes, loc="upper center", ncols=4, columnspacing=1.4)


def fit_of(course: Course) -> Cooling:
    """Fit the cooling to what `course_of` returns."""
    from labctl.analysis.cooling import fit

    return fit(*(column.tolist() for column in course[:3]))


def _of_lasting(course: Course, cooling: Cooling) -> float:
    """Uncertainty of what stays: that of the fit, and what the readings of one pulse have in common."""
    return math.hypot(cooling.lasting_uncertainty, course.shared)


def _said_of_lasting(data: pd.DataFrame, course: Course, cooling: Cooling) -> str:
    """Say whether anything stays at all, and if so whether it is more than the health check lets pass."""
    from labctl.analysis.health import COVERAGE, WARN

    uncertainty = _of_lasting(course, cooling)
    if abs(cooling.lasting) <= LASTS * uncertainty:
        return f"nothing is seen to stay; {100 * LASTS * uncertainty:.2g} % by each pulse would be"
    shots = [shot[RESISTANCE] for _, shot in data.loc[data[KIND] == BEFORE].groupby(SHOT)]
    first, last = shots[0], shots[-1]
    whole = float(last.mean() / first.mean()) - 1.0
    doubt = math.hypot(*(float(each.std()) / math.sqrt(len(each)) / abs(float(each.mean())) for each in (first, last)))
    said = f"{100 * whole:+.2g} % from the first pulse to before the last"
    if abs(whole) - COVERAGE * doubt > WARN:
        return f"{said}, above the {100 * WARN:g} % of the health check: the device has changed"
    return f"{said}, within the {100 * WARN:g} % of the health check: a rest of warmth, a drift, or a small change"


def course_of(data: pd.DataFrame) -> Course | None:
    """Return the course of the resistance after the pulses; None where there is none.

    Each delay's value is the mean over the pulses, each against the readings before it. What a pulse's readings have in
    common, as the error of the readings before it, does not become less with the number of delays.
    """
    shots: dict[Any, Any] = dict(iter(data.loc[data[RESISTANCE].notna()].groupby(SHOT)))
    found: dict[int, list[tuple[float, float, float]]] = {}
    whole: list[tuple[float, float, float]] = []
    for shot in shots.values():
        own = list(_deviations(shot))
        for point, *values in own:
            found.setdefault(point, []).append((values[0], values[1], values[2]))
        if own:
            whole.append((0.0, float(np.mean([part for _, _, part, _ in own])), own[0][3]))
    points = [np.array(found[point]) for point in sorted(found)]
    if len(points) < FEWEST:
        return None
    sigma = scatter_of(points)
    columns = [(*point.mean(axis=0)[:2].tolist(), sigma / math.sqrt(len(point))) for point in points]
    delay, part, error = np.array(columns).T
    shared = max(0.0, scatter_of([np.array(whole)]) ** 2 - sigma**2 / len(points))
    return Course(delay, part, error, math.sqrt(shared / len(whole)))


def _deviations(shot: pd.DataFrame) -> Iterator[tuple[int, float, float, float]]:
    """Yield a pulse's points: number, delay in s, relative deviation from before it, way of pulse and reading."""
    before = shot.loc[shot[KIND] == BEFORE, RESISTANCE]
    if before.empty:
        return
    for row in shot.loc[(shot[KIND] == AFTER) & ~shot["Pulse clamped"].astype(bool)].to_dict("records"):
        way = math.copysign(2.0, row["Pulse current (A)"]) + math.copysign(1.0, row["Current 1 (A)"])
        delay = row["Time (s)"] - row["Pulse end stamp (s)"]
        yield int(row[POINT]), delay, row[RESISTANCE] / float(before.mean()) - 1.0, way


def scatter_of(points: list[Any]) -> float:
    """Standard deviation of one deviation, about the mean of those of the same delay, pulse sign and polarity.

    With a single cycle about the mean of the same delay: then what the signs do is in it.
    """
    for key in (lambda point: point[:, 2], lambda point: np.zeros(len(point))):
        square, freedom = 0.0, 0
        for point in points:
            ways = key(point)
            for way in np.unique(ways):
                same = point[ways == way, 1]
                square, freedom = square + float(((same - same.mean()) ** 2).sum()), freedom + len(same) - 1
        if freedom:
            return max(math.sqrt(square / freedom), LEAST_SCATTER)
    return LEAST_SCATTER
