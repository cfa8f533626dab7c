"""Harmonic Hall voltages: effective fields of spin-orbit torques, and the anisotropy field of a perpendicular film."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from instruments.errors import BadValue, LimitExceeded, UsageError
from instruments.guard.limits import shown
from instruments.sr830 import TIME_CONSTANTS
from instruments.units import format_quantity
from labctl import facing, limits, lockin_reading, pulses
from labctl.analysis.effective_fields import ACROSS, ALONG
from labctl.lockin_reading import LockinReader
from labctl.parameters import Choice, Count, OptionalQuantity, OptionalQuantityList, OptionalRun, Quantity
from labctl.probe import Probe
from labctl.procedure import Procedure
from labctl.turning import found_at, leave_at, plane_angle, turn_from_below
from labctl.waiting import settle_angle, settle_field

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from labctl.analysis.result import Results

AXES = {"across current": ALONG, "along current": ACROSS}
"""Where a field that turns from the film's normal arrives in its plane, by the axis that the sample turns about."""
PARTS = (0.5, 0.75, 1.0)
"""Of the largest current that the record allows for reading: the amplitudes, where none are given."""
DWELL = 60.0
"""s of rest at a field of some mT."""
REST = 5.0
"""s for which the field has to hold at each point."""
NEAR_LINE = 3.0
"""Hz from a multiple of the line's frequency, within which hum beats with what is detected."""
SMALL = 1e-8
"""V rms of a second harmonic, at least, that a full scale is chosen for."""
STATE, AMPLITUDE, STEP, SET_FIELD = "State", "Amplitude (A)", "Step", "Set field (T)"
FIELD_ALONG, FIELD_ACROSS = "Field along current (T)", "Field across current (T)"
PHASE, FIRST, SECOND = "phase", "first", "second"
"""What a reading is taken for."""


class HarmonicHall(Procedure):
    """First and second harmonic of the Hall voltage against a field in the film plane, along one axis.

    The source swings as a sine, and the lock-in amplifier follows its phase marker. The first harmonic falls with the
    field as the magnetisation tilts, which tells the anisotropy field; the second tells by how much the current's own
    effective fields turn the magnetisation within a period. A field along the current shows the damping-like one, a
    field across it the field-like one; the planar Hall effect mixes them, so that both axes belong together. Turning a
    sample about one axis brings the field into the plane along the other one only, so that each axis is a mounting and
    a run of its own. Measure one, mount the sample the other way, and name the first run to the second one
    (`other_run`): its results are then those of both.

    In each state, made by a field along the normal, and for each amplitude, the first harmonic is read while the field
    goes from `maximum_field` to the opposite one, and the second on the way back. The phase of the lock-in follows from
    the first harmonic; what a delay of it would have cost is among the results. X and Y are recorded as they are shown,
    as effective values; amplitudes of the current are peaks.

    The sample gets the current of its largest amplitude for most of an hour, and fields of `saturation` along its
    normal.
    """

    roles = ("source", "voltmeter", "lockin", "cryostat")
    shapes = ("hall_bar",)
    DATA_COLUMNS = (*lockin_reading.COLUMNS, STATE, AMPLITUDE, STEP, SET_FIELD, FIELD_ALONG, FIELD_ACROSS)
    main_results = ("anisotropy_field", "damping_like_field", "damping_like_efficiency")

    axis = Choice("from mounting", "Axis of the field in the plane", options=["from mounting", ALONG, ACROSS])
    maximum_field = Quantity("80 mT", "Largest field in the plane: 0.3 to 0.6 of H_k", above_zero=True)
    points = Count(21, "Fields from one end to the other", minimum=7, maximum=401)
    amplitudes = OptionalQuantityList("from record", "Amplitudes of the current (peak)", unit="A", above_zero=True,
                                      each_once="reads says how often each field is read")  # fmt: skip
    frequency = Quantity("133.7 Hz", "Frequency of the current", minimum="5 Hz", maximum="1 kHz")
    time_constant = Quantity("300 ms", "Time constant of the lock-in's filter", minimum="10 ms", maximum="30 s")
    slope = Choice("24 dB", "Slope of the filter, per octave", options=["6 dB", "12 dB", "18 dB", "24 dB"])
    settling = Quantity("10", "Time constants from a field's arrival to its first reading", unit="", minimum="3")
    reads = Count(3, "Readings at each field, five time constants apart", minimum=2, maximum=100)
    saturation = Quantity("0.5 T", "Field along the normal that makes the states", above_zero=True)
    angle = OptionalQuantity("from align", "Rotator's angle at which the field is in the plane", unit="deg")
    planar_hall = OptionalQuantity("from record", "Planar Hall resistance R_P, of 2 R_P m_x m_y", unit="ohm")
    planar_hall_uncertainty = Quantity("0.2", "Its uncertainty, as part of it", unit="", minimum="0", maximum="1")
    other_run = OptionalRun("none", "Run of the other axis, whose rows are taken in")
    probe = Probe()

    # ---- before

    def check(self) -> None:
        """Refuse a mounting that does not reach the axis, a station without lock-in, and a filter that is too fast."""
        self._check_filter()
        if "sample" not in vars(self):
            return
        self._check_mounting()
        self._check_amplitudes()
        self._check_cables()
        if self.other_run:
            from procedures.harmonic_hall_rows import check_other

            check_other(self)
        self._look_at_line()

    def _check_filter(self) -> None:
        if not any(math.isclose(self.time_constant, each, rel_tol=1e-9) for each in TIME_CONSTANTS):
            below = max(each for each in TIME_CONSTANTS if each < self.time_constant)
            above = min(each for each in TIME_CONSTANTS if each > self.time_constant)
            raise BadValue(
                f"time_constant is {format_quantity(self.time_constant, 's')}, which the lock-in's filter does not "
                f"have; take {format_quantity(below, 's')} or {format_quantity(above, 's')}"
            )
        if self.time_constant * self.frequency < 1.0:
            raise BadValue(
                f"time_constant is {format_quantity(self.time_constant, 's')}, shorter than a period of "
                f"{self.frequency:g} Hz; the filter would let the wave through, take a longer one"
            )

    def _check_mounting(self) -> None:
        mounting = self.sample.mounting
        if not facing.tips(mounting):
            raise BadValue(
                f"sample {self.sample.label} has mounting.rotator_axis = {mounting.rotator_axis!r}, so that no field "
                "saturates it along its normal and is then in its plane; mount it on a rotator: "
                'rotator_axis = "across current" for a field along the current, "along current" for one across it'
            )
        if self.axis not in ("from mounting", self.field_axis()):
            wanted = next(rotator for rotator, axis in AXES.items() if axis == self.axis)
            raise BadValue(
                f"axis is {self.axis!r}, but sample {self.sample.label} turns about the axis "
                f"{mounting.rotator_axis!r}, which brings the field into the plane {self.field_axis()} the current; "
                f'mount it the other way and write mounting.rotator_axis = "{wanted}"'
            )

    def _check_amplitudes(self) -> None:
        """Refuse a given amplitude beyond the limit on a current, before a compliance is derived from it."""
        bound, largest = limits.of(self.station, self.sample).current, self.currents()[-1]
        if self.amplitudes and largest > bound.value:
            raise LimitExceeded(
                f"amplitudes has {shown(largest, 'A', bound.value)}, above the limit of {bound.owner} on a "
                f"current that flows for any time, {shown(bound.value, 'A')}; nothing was sent: take smaller "
                f"ones, or set another limit for this run with --override {bound.override}=..."
            )

    def _check_cables(self) -> None:
        cables = self.station.cables.lockin
        if "lockin" not in self.station.instruments or cables is None or cables.reference_line is None:
            raise UsageError(
                f"station {self.station.name!r} has no lock-in amplifier at the Hall arms whose reference is the "
                "source's phase marker; it takes [instruments.lockin] and, in [cables], lockin with high, low and "
                "reference_line"
            )

    def _look_at_line(self) -> None:
        """Say it where hum of the power line beats with a harmonic."""
        line = self.station.line_frequency
        for number in (1, 2):
            detected = number * self.frequency
            if abs(math.remainder(detected, line)) < NEAR_LINE:
                self.forewarn(
                    f"harmonic {number} is at {detected:g} Hz, near a multiple of the line's {line:g} Hz, whose hum "
                    "then beats with it; take another frequency, such as 133.7 Hz"
                )

    def field_axis(self) -> str:
        """Return the axis along which the field lies in the plane, by the record's mounting."""
        return AXES[self.sample.mounting.rotator_axis]

    def rotator_angle(self) -> float:
        """Return the rotator's angle in deg at which the field is in the plane."""
        angle = plane_angle(self, self.angle)
        assert angle is not None
        return angle

    def currents(self) -> tuple[float, ...]:
        """Return the amplitudes in A, in rising order."""
        given = self.amplitudes or tuple(part * self.sample.read_current_limit() for part in PARTS)
        return tuple(sorted({pulses.on_grid(round(current, 12)) for current in given}))

    def fields(self) -> list[float]:
        """Return the fields in T, in rising order."""
        last = self.points - 1
        return [self.maximum_field * (2 * place - last) / last for place in range(self.points)]

    def demands(self) -> dict[str, float]:
        """Return what the largest amplitude, the probe and the fields ask for."""
        probe, largest = self.probe_settings(), self.currents()[-1]
        return {
            "current": max(probe.current, largest),
            "voltage": max(probe.compliance, self.sample.probe_compliance(largest)),
            "field": max(self.maximum_field, self.saturation),
        }

    # ---- the run

    def startup(self) -> None:
        """Set probe and lock-in up."""
        super().startup()
        self._lockin = LockinReader(
            self, frequency=self.frequency, time_constant=self.time_constant, slope=int(self.slope.split()[0]),
            settling=self.settling,
        )  # fmt: skip
        self._lockin.prepare()

    def execute(self) -> None:
        """Measure each state at all amplitudes."""
        home = found_at(self)
        self._say_angle()
        for state in self.track("state", (1, -1), restart=True):
            self._make(state)
            for amplitude in self.track("amplitude", self.currents()):
                self._measure(state, amplitude)
        leave_at(self, home)

    def _say_angle(self) -> None:
        if self.angle is None and math.isclose(self.rotator_angle(), facing.angle_in_plane(self.sample.mounting) or 0):
            self.run.remark(
                f"the rotator's angle, {self.rotator_angle():g} deg, is the record's; the first harmonic tells how far "
                "the field leaves the plane there"
            )

    def _make(self, state: int) -> None:
        """Have a field along the normal, upwards for +1, make a state, and turn it into the plane at zero field."""
        angle = self.rotator_angle()
        normal = facing.angle_along_normal(angle)
        upwards = facing.direction(self.sample.mounting, normal)[2]  # a half turn away it points downwards
        self.reader.rest()
        settle_field(self, 0.0)
        settle_angle(self, normal, facing.SPEED)
        settle_field(self, math.copysign(self.saturation, state * upwards))
        settle_field(self, 0.0, dwell=DWELL)
        turn_from_below(self, angle)

    def _measure(self, state: int, amplitude: float) -> None:
        """Read both harmonics over all fields, the second on the way back."""
        lockin, known = self._lockin, {STATE: state, AMPLITUDE: amplitude}
        expected = self.sample.hall_voltage(amplitude) / math.sqrt(2.0)
        lockin.start(amplitude, self.sample.probe_compliance(amplitude))
        rows, sure = lockin.find_phase(expected)
        self._keep(rows, PHASE, math.nan, known)
        if not sure:
            self.run.remark("the first harmonic was too small for its phase, which was left at zero")
        second = max(lockin.ripple(expected), SMALL)
        for step, number, size, fields in (
            (FIRST, 1, expected, self.fields()[::-1]), (SECOND, 2, second, self.fields()),
        ):  # fmt: skip
            settle_field(self, fields[0])
            lockin.read_harmonic(number, size)
            for field in self.track(step, fields):
                settle_field(self, field, dwell=REST)
                lockin.settle(REST)
                self._keep(lockin.read(self.reads), step, field, known)
        lockin.stop()

    def _keep(self, rows: list[dict[str, Any]], step: str, field: float, known: dict[str, Any]) -> None:
        x, y, _ = facing.direction(self.sample.mounting, self.rotator_angle())
        for row in rows:
            parts = {FIELD_ALONG: row["Field (T)"] * x, FIELD_ACROSS: row["Field (T)"] * y}
            self.record(**row, **known, **{STEP: step, SET_FIELD: field}, **parts)

    # ---- what it is about

    def analyse(self, data: pd.DataFrame) -> Results:
        """Find the anisotropy field and the effective fields; see `labctl.analysis.effective_fields`."""
        from procedures.harmonic_hall_results import results_of

        return results_of(self, data)

    def figure(self, data: pd.DataFrame, results: Results) -> Figure:
        """Draw both harmonics against the field."""
        from procedures.harmonic_hall_figure import figure_of

        return figure_of(self, data, results)
