"""The rotator's angle at which the field lies in the film plane."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from instruments.cryostat import Cryostat
from instruments.errors import BadValue, UsageError
from labctl import reversal
from labctl.journal import quantity
from labctl.parameters import Choice, Count, OptionalQuantity, Quantity
from labctl.probe import Probe
from labctl.procedure import Procedure
from labctl.turning import found_at, leave_at
from labctl.waiting import settle_angle

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from labctl.analysis.result import Results
    from labctl.analysis.tilting import Zero

LEAST_FIELD = 1.0
"""T; where the anisotropy field is small, the film still has to be a single domain."""
FIELD_PER_ANISOTROPY = 2.0
BEYOND = 2.0
"""deg below the first angle from which it is approached, so that the gear's play lies on one side."""
SPEED = 0.8
"""deg/s, the slowest of a Model 6000's speeds."""
REPEATS = 0.02
"""deg, standard uncertainty with which a rotator comes back to an angle from the same side. Assumed: motors have steps
of some 0.05 deg, and a play of 0.5 deg that is taken up."""
HALL, ANGLE, SET, SET_FIELD = "Hall resistance (ohm)", "Angle (deg)", "Set angle (deg)", "Set field (T)"


class Align(Procedure):
    """True in-plane angle of a perpendicular film on a rotator, from the zero of its odd Hall resistance.

    In a field well above the anisotropy field the magnetisation lies near the film plane and leans out of it by
    H/(H - H_k) times what the field does: half the difference of the Hall resistances in both field directions is then
    a straight line near the plane, and its zero is the rotator's angle at which the field is in the plane. Everything
    that needs a field in the plane depends on it: 2 deg in 800 Oe are 28 Oe along the normal.

    At +field and then at -field the rotator goes through the angles around the nominal one, always upwards and from
    2 deg below the first, so that the gear's play (some 0.5 deg) is on one side; 30 s of rest and a few readings at
    each. Approach the angle from below as well when you use it.

    The sample is turned in up to 1 T or more: its state is lost. It is of no use below the anisotropy field, where the
    film has two states at each angle, nor near compensation, where that field grows without end; the result says so.
    """

    roles = ("source", "voltmeter", "cryostat")
    shapes = ("hall_bar",)
    DATA_COLUMNS = (*reversal.COLUMNS, ANGLE, SET, SET_FIELD)
    main_results = ("in_plane_angle",)

    anisotropy_field = Quantity("0.5 T", "Anisotropy field of the film, as far as known", above_zero=True)
    magnet_field = OptionalQuantity(
        "2 H_k", "Field of the scans; without one twice the anisotropy field, 1 T at least", unit="T", above_zero=True,
        )  # fmt: skip
    nominal = OptionalQuantity("from record", "Rotator's angle that should be in the plane", unit="deg")
    reach = Quantity("5 deg", "How far to either side", above_zero=True)
    step = Quantity("0.5 deg", "From one angle to the next", above_zero=True)
    rest = Quantity("30 s", "Rest at each angle", minimum="0 s")
    readings = Count(5, "Readings at each angle", minimum=2, maximum=100)
    order = Choice("positive", "Field of the first scan", options=["positive", "negative"])
    probe = Probe()

    def check(self) -> None:
        """Refuse a sample that does not turn, and angles that the rotator does not reach."""
        if self.step > self.reach:
            raise BadValue(
                f"step is {math.degrees(self.step):g} deg, but must not exceed reach, {math.degrees(self.reach):g} deg"
            )
        if self.field_of_scans() <= self.anisotropy_field:
            raise BadValue(
                f"magnet_field is {self.field_of_scans():g} T, but must exceed anisotropy_field, "
                f"{self.anisotropy_field:g} T: below it the film has two states at each angle; give twice as much"
            )
        if "sample" not in vars(self):
            return
        angles = self._angles()
        lowest, highest = Cryostat.LOWEST_POSITION, Cryostat.HIGHEST_POSITION
        if angles[0] - BEYOND < lowest or angles[-1] > highest:
            raise BadValue(
                f"the scan goes from {angles[0] - BEYOND:g} deg to {angles[-1]:g} deg, but rotators go from {lowest:g} "
                f"deg to {highest:g} deg; give another nominal angle or a smaller reach"
            )

    def field_of_scans(self) -> float:
        """Return the magnitude of the field in T."""
        if self.magnet_field is not None:
            return self.magnet_field
        return max(LEAST_FIELD, FIELD_PER_ANISOTROPY * self.anisotropy_field)

    def nominal_angle(self) -> float:
        """Return the rotator's angle in deg that should be in the plane, by the record's mounting.

        Raises:
            UsageError: The sample does not turn, or about an axis that never brings the field into the plane.
        """
        mounting = self.sample.mounting
        if mounting.rotator_axis not in {"along current", "across current"}:
            raise UsageError(
                f"sample {self.sample.name!r} has mounting.rotator_axis = {mounting.rotator_axis!r}, so turning it "
                'brings the field into the film plane at no angle; it takes "along current" or "across current"'
            )
        if self.nominal is not None:
            return math.degrees(self.nominal)
        return 90.0 - math.degrees(mounting.field_from_normal)

    def _angles(self) -> list[float]:
        """Angles of a scan in deg, rising."""
        count = round(self.reach / self.step)
        return [
            round(self.nominal_angle() + math.degrees(self.step) * number, 6) for number in range(-count, count + 1)
        ]

    def demands(self) -> dict[str, float]:
        """Return what the probe asks for, and the field."""
        probe = self.probe_settings()
        return {"current": probe.current, "voltage": probe.compliance, "field": self.field_of_scans()}

    def execute(self) -> None:
        """Scan the angles in one field, then in the other."""
        angles, field, home = self._angles(), self.field_of_scans(), found_at(self)
        fields = [field, -field] if self.order == "positive" else [-field, field]
        for wanted in self.track("field", fields, restart=True):
            self.settle(field=wanted)
            settle_angle(self, angles[0] - BEYOND, SPEED)
            for angle in self.track("angle", angles):
                settle_angle(self, angle, SPEED, rest=self.rest)
                for row in self._readings():
                    self.record(**row, **{SET: angle, SET_FIELD: wanted})
        leave_at(self, home)

    def _readings(self) -> Iterator[dict[str, Any]]:
        for _ in range(self.readings):
            row = self.read()
            position = self.cryostat.reading().position
            yield {**row, ANGLE: math.nan if position is None else position}

    # ---- what it is about

    def analyse(self, data: pd.DataFrame) -> Results:
        """Find the zero of the odd Hall resistance."""
        from labctl.analysis.result import Result, Results, missing

        found = self._zero(data)
        if isinstance(found, str):
            names = {"in_plane_angle": "deg", "slope": "ohm/rad", "anisotropy_field": "T"}
            return Results({name: missing(unit, found, "this mounting") for name, unit in names.items()})
        parts = {"scatter": found.covariance, "backlash": REPEATS, "nonlinearity": found.nonlinearity}
        note = "approached from below; " + ", ".join(f"{name} {value:.2g} deg" for name, value in parts.items())
        return Results(
            {
                "in_plane_angle": Result(
                    found.angle, math.sqrt(sum(value**2 for value in parts.values())), "deg", "this mounting", note=note
                ),
                "slope": Result(found.slope, found.slope_uncertainty, "ohm/rad", "this scan"),
                "anisotropy_field": Result(
                    found.ratio * self.field_of_scans(), None, "T", "this scan",
                    why="by the curvature alone, and as a macrospin has it",
                ),
            }
        )  # fmt: skip

    def learned(self, data: pd.DataFrame, results: Results) -> Iterator[tuple[str, dict[str, Any]]]:
        """Give the angle to the sample's journal, which says when."""
        if results.number("in_plane_angle") is not None:
            temperature = float(data["Temperature (K)"].to_numpy(dtype=float).mean())
            yield "angle", {"in_plane_angle": results["in_plane_angle"], "temperature": quantity(temperature, "K")}

    def _zero(self, data: pd.DataFrame) -> Zero | str:
        """Fit the macrospin; the record's Hall resistance says whether the film follows the field at all."""
        from labctl.analysis.tilting import find_zero

        known = self.sample.resistances.hall if "sample" in vars(self) else None
        return find_zero(*odd_part(data), known, self.anisotropy_field / self.field_of_scans())

    def figure(self, data: pd.DataFrame, results: Results) -> Figure:
        """Draw the odd Hall resistance against the angle, with the macrospin and its zero."""
        from labctl.analysis.result import prefix_for
        from labctl.analysis.tilting import normal_part
        from labctl.frame import COLOURS, FAINT, framed, name_curves, say, shown, temperature_text

        angle, odd, sigma = odd_part(data)
        found = self._zero(data)
        title = " of ".join(filter(None, ["In-plane angle", self.sample_name]))
        zero = results["in_plane_angle"]
        said = [temperature_text(data["Temperature (K)"]), f"in ±{self.field_of_scans():g} T"]
        said.append("no in-plane angle" if zero.value is None else f"in-plane angle {zero.text()}")
        figure, (axes, below) = framed(title, ", ".join(filter(None, said)), self.caption, rows=2, sharex=True)
        factor, unit = prefix_for(float(np.max(np.abs(odd), initial=1e-6)), "ohm")
        looks: Any = {"fmt": "o", "color": COLOURS["down"], "markersize": 4, "capsize": 2}
        axes.axhline(0.0, color=FAINT, linewidth=0.8, zorder=0)
        axes.errorbar(angle, odd * factor, sigma * factor, **looks, label="half the difference of both fields")
        if isinstance(found, str):
            below.set_visible(False)
            axes.tick_params(labelbottom=True)
            say(axes, found)
        else:
            _draw_macrospin(axes, found, angle, factor)
            left = odd - found.amplitude * normal_part(np.radians(angle - found.angle), found.ratio)
            below.axhline(0.0, color=COLOURS["up"], linewidth=1.2, zorder=0)
            below.errorbar(angle, left * 1e6, sigma * 1e6, **looks)
        name_curves(axes)
        axes.set_ylabel(f"Odd $R_\\mathrm{{xy}}$ ({shown(unit)})")
        below.set_ylabel("Less the macrospin (µΩ)")
        (axes if isinstance(found, str) else below).set_xlabel("Rotator's angle, approached from below (deg)")
        return figure


def _draw_macrospin(axes: Any, found: Zero, angle: Sequence[float], factor: float) -> None:
    from labctl.analysis.tilting import normal_part
    from labctl.frame import COLOURS, QUIET

    along = np.linspace(min(angle), max(angle), 200)
    curve = found.amplitude * normal_part(np.radians(along - found.angle), found.ratio)
    axes.plot(along, curve * factor, color=COLOURS["up"], linewidth=1.4, zorder=1, label="macrospin")
    axes.axvline(found.angle, color=QUIET, linewidth=0.9, linestyle=(0, (4, 3)), zorder=0, label="in the plane")


def odd_part(data: pd.DataFrame) -> tuple[Any, Any, Any]:
    """Return angles (deg) measured in both fields, half the difference of the Hall resistances, its uncertainty (ohm).

    The uncertainty is that of the means at each angle, from the scatter of all readings about their own angle's mean:
    a few readings at one angle would tell it too badly.
    """
    rows = data.loc[data[HALL].notna()]
    groups: dict[Any, Any] = dict(iter(rows.groupby([SET_FIELD, SET])))
    means = {key: float(part[HALL].mean()) for key, part in groups.items()}
    counts = {key: len(part) for key, part in groups.items()}
    freedom = sum(counts.values()) - len(counts)
    squares = sum(float(((part[HALL] - means[key]) ** 2).sum()) for key, part in groups.items())
    noise = math.sqrt(squares / freedom) if freedom > 0 else 0.0
    found: list[tuple[float, float, float]] = []
    fields = sorted({field for field, _ in groups})
    for angle in sorted({angle for _, angle in groups}):
        low, high = (fields[0], angle), (fields[-1], angle)
        if low == high or low not in means or high not in means:
            continue
        at = float(np.nanmean([groups[key][ANGLE].mean() for key in (low, high)]))
        error = 0.5 * noise * math.sqrt(1.0 / counts[low] + 1.0 / counts[high])
        found.append((at if math.isfinite(at) else angle, 0.5 * (means[high] - means[low]), error))
    columns = np.array(found, dtype=float).reshape(-1, 3).T
    return columns[0], columns[1], columns[2]
