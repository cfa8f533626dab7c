"""One current pulse into the sample, or a train of them, and the state that is left.

A pulse is a list sweep of the source, 0 - height - 0, in the range that holds it: the source itself times it, the
output stays on, and the level is 0 A across both changes of the range. One that is too short for a list is a period of
a wave, behind which the source turns its output off, at 0 A, and it is turned on again. What the pulse has done is read
afterwards, with the small probe current in the probe's own range: at a thousandth of its range a source is off by half
of what it should give.

The source has no voltmeter. What is known of the voltage during a pulse is the compliance bit: a pulse without it kept
below the compliance, so that between its terminals lay less than compliance over current, the two-wire bound. A pulse
with it is ended by the source, and marked: less has flowed than was asked for, for a shorter time.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import ROUND_FLOOR, Decimal
from typing import TYPE_CHECKING, Any

from instruments.errors import BadValue, InstrumentFault, LimitExceeded
from instruments.guard.averages import listed
from instruments.keithley6221_pulses import SHORTEST_STEP
from instruments.keithley6221_sweeps import LONGEST_LIST, ListSweep
from instruments.units import format_quantity
from labctl import limits, moving, reversal
from labctl.journal import PULSES, quantity
from labctl.reversal import LONGITUDINAL_CHANNEL
from labctl.sample import HEADROOM, SMALLEST_COMPLIANCE, SMALLEST_JUNCTION_COMPLIANCE
from labctl.sample_thermometer import has_longitudinal

if TYPE_CHECKING:
    from labctl.procedure import Procedure

NUMBER, CURRENT, WIDTH = "Pulse", "Pulse current (A)", "Pulse width (s)"
START, END = "Pulse start stamp (s)", "Pulse end stamp (s)"
COMPLIANCE, CLAMPED, BOUND = "Pulse compliance (V)", "Pulse clamped", "Two-wire bound (ohm)"
RESISTANCE, HALL = "Resistance (ohm)", "Hall resistance (ohm)"

PULSE_COLUMNS = (CURRENT, WIDTH, START, END, COMPLIANCE, CLAMPED, BOUND)
"""Columns of what was sent; `pulse` gives them."""

COLUMNS = (*PULSE_COLUMNS, *reversal.COLUMNS, RESISTANCE)
"""Columns of a reading that follows a pulse; `read_after` gives them, with rows for the longitudinal resistance."""

SHORTEST, LONGEST = 10e-6, 10.0
"""s, of a pulse: of one that is a wave, and of one that is a list sweep."""
AROUND = 1e-3
"""s at 0 A before and after it, in the list."""
MOST_IN_TRAIN = (LONGEST_LIST - 1) // 2
"""Pulses of a train: each takes two points of the list."""
MOST_REPEATS = 9999
"""Times that the source runs through a list by itself."""
DIGITS = 4
"""Digits of a current: the source resolves them in each of its ranges."""
LARGEST_RANGE = 0.1
"""V; a voltmeter's range that still resolves what a probe current makes. A pulse that needs a larger one overloads it,
and the conversion that is thrown away is what it recovers in."""

LARGEST_LONGITUDINAL = 10.0
"""V; the largest range of the voltmeter's channel 2."""

NONE_YET: Mapping[str, Any] = {
    CURRENT: 0.0, WIDTH: 0.0, START: math.nan, END: math.nan, COMPLIANCE: math.nan, CLAMPED: False, BOUND: math.nan,
}  # fmt: skip
"""What stands in the columns before the first pulse."""


def on_grid(current: float) -> float:
    """Return a current in A with the digits that a source resolves, rounded towards zero: never above a limit."""
    if current == 0.0:
        return 0.0
    digit = Decimal(1).scaleb(math.floor(math.log10(abs(current))) - DIGITS + 1)
    size = (Decimal(repr(abs(current))) / digit).to_integral_value(ROUND_FLOOR) * digit
    return math.copysign(float(size), current)


def pulse_compliance(procedure: Procedure, current: float) -> float:
    """Return the compliance in V for a pulse in A: 1.5 times what it needs, and never more than the limits leave.

    What it needs follows from the two-wire resistance of the record, of a junction in its high state.
    """
    needed = HEADROOM * voltage_of(procedure, current)
    smallest = SMALLEST_JUNCTION_COMPLIANCE if procedure.sample.is_junction else SMALLEST_COMPLIANCE
    return min(max(needed, smallest), largest_voltage(procedure))


def largest_voltage(procedure: Procedure) -> float:
    """Return the largest compliance in V that station and sample allow."""
    return limits.largest_voltage(procedure.station, procedure.sample)


def voltage_of(procedure: Procedure, current: float) -> float:
    """Return the voltage in V that a current in A makes between the source's terminals, by the sample record."""
    sample = procedure.sample
    return abs(current) * (sample.two_wire_resistance() + sample.highest_resistance() - sample.sample_resistance())


def pulse_demands(procedure: Procedure, current: float, width: float) -> dict[str, float]:
    """Return what pulses up to a current in A ask for, as `Procedure.demands` gives it, with what the probe asks for.

    Energy is counted as the guard counts it: current times compliance, the most that the source can give. What may flow
    for any time may do so in a pulse of any width.
    """
    probe, compliance = procedure.probe_settings(), pulse_compliance(procedure, current)
    wanted = {"current": probe.current, "voltage": max(probe.compliance, compliance), "pulse_current": abs(current)}
    if abs(current) > limits.of(procedure.station, procedure.sample).current.value:
        wanted |= {"pulse_width": width, "pulse_energy": abs(current) * compliance * width}
    return wanted


def stand_pulses(procedure: Procedure, current: float) -> None:
    """Have the voltmeter read in a range that a pulse in A does not overload, where one does that still resolves.

    Called in `startup`, once the probe is set up. A `probe_range` that was given holds.
    """
    if procedure.values()["probe_range"] is not None:
        return
    needed = HEADROOM * procedure.sample.hall_voltage(current)
    reader = moving.reader_of(procedure)
    if needed <= LARGEST_RANGE:
        wider = max(reader.settings.voltage_range, procedure.sample.voltmeter_range(current))
        reader.settings = dataclasses.replace(reader.settings, voltage_range=wider)


def pulse(
    procedure: Procedure, current: float, width: float, meanwhile: Callable[[float], None] | None = None
) -> dict[str, Any]:
    """Send one pulse; see `Procedure.pulse`.

    Args:
        procedure: Which sends it.
        current: A.
        width: s.
        meanwhile: Called once while a pulse of 1 ms or longer lasts, with its begin in lab s.

    Raises:
        BadValue: Current or width is none that a pulse can have.
        LimitExceeded: The pulse would be clamped by the compliance that the limits leave, or exceeds a limit.
        InstrumentFault: The source refused something, or did not answer. The pulse counts as sent.
    """
    if not (math.isfinite(current) and current != 0.0):
        raise BadValue(f"pulse() was given a current of {current!r} A; give one that is not zero")
    if not SHORTEST <= width <= LONGEST:
        raise BadValue(
            f"pulse() was given a width of {width!r} s; the source makes pulses from {SHORTEST:g} s to {LONGEST:g} s"
        )
    compliance = _compliance_for(procedure, current)
    with moving.reader_of(procedure).aside():
        try:
            begin, clamped = _made(procedure, current, width, compliance, meanwhile)
        except InstrumentFault:
            count(procedure, (current,), width)
            raise
        count(procedure, (current,), width)
    return {
        CURRENT: current,
        WIDTH: width,
        START: begin,
        END: begin + width,
        COMPLIANCE: compliance,
        CLAMPED: clamped,
        BOUND: math.nan if clamped else compliance / abs(current),
    }


def _made(
    procedure: Procedure, current: float, width: float, compliance: float, meanwhile: Callable[[float], None] | None
) -> tuple[float, bool]:
    """Have the source make a pulse; return when it began, in lab s, and whether it was clamped."""
    if width < SHORTEST_STEP:
        pulse = procedure.source.pulse(current, width, compliance=compliance)
        return pulse.start, pulse.clamped
    levels = ListSweep((0.0, current, 0.0), (AROUND, width, AROUND))
    during = None if meanwhile is None else lambda start: meanwhile(start + AROUND)
    sweep = procedure.source.sweep(levels, compliance=compliance, meanwhile=during)
    return sweep.start + AROUND, sweep.clamped or sweep.aborted


def train(procedure: Procedure, heights: Sequence[float], width: float, gap: float, repeats: int = 1) -> dict[str, Any]:
    """Send a train of pulses as one list of the source, which times pulses and gaps; at 0 A between them.

    All of them have one range and one compliance, those of the largest. One that is clamped ends the train. A run can
    be aborted before and after it, not within.

    Args:
        procedure: Whose sample and source.
        heights: A, in the order in which they are sent.
        width: Of each, s from 1 ms on.
        gap: Between them, s.
        repeats: How often the source runs through the list, without a break.

    Returns:
        Columns as of `Procedure.pulse`, for `Procedure.read_after`: the largest pulse, the start of the first and the
        end of the last.

    Raises:
        BadValue: It is no train.
        LimitExceeded: It exceeds a limit, by itself or on average; nothing was sent.
        InstrumentFault: The source refused something, or did not answer. The train counts as sent.
    """
    check_train(procedure, heights, width, gap, repeats)
    largest = max(heights, key=abs)
    compliance, levels = pulse_compliance(procedure, largest), ListSweep(*_listed(heights, width, gap, repeats))
    with moving.reader_of(procedure).aside():
        try:
            report = procedure.source.sweep(levels, compliance=compliance, count=repeats)
        except InstrumentFault:
            count(procedure, heights, width, repeats)
            raise
        count(procedure, heights, width, repeats)
    clamped, begin = report.clamped or report.aborted, report.start + AROUND
    return {
        CURRENT: largest,
        WIDTH: width,
        START: begin,
        END: begin + repeats * len(heights) * (width + gap) - gap,
        COMPLIANCE: compliance,
        CLAMPED: clamped,
        BOUND: math.nan if clamped else compliance / abs(largest),
    }


def _listed(heights: Sequence[float], width: float, gap: float, repeats: int) -> tuple[list[float], list[float]]:
    """Return the levels of a train in A, and how long each is held in s.

    Where it is repeated, the end of one time and the beginning of the next make one gap.
    """
    levels, delays = [0.0], [AROUND]
    for height in heights:
        levels += [height, 0.0]
        delays += [width, gap]
    delays[-1] = AROUND if repeats == 1 else max(gap - AROUND, SHORTEST_STEP)
    return levels, delays


def check_train(procedure: Procedure, heights: Sequence[float], width: float, gap: float, repeats: int = 1) -> None:
    """Refuse a train that cannot be sent, or that is too much on average; what one pulse may is `pulse_demands`.

    Raises:
        BadValue: It is no train.
        LimitExceeded: Its largest pulse would be clamped, or its average exceeds a limit.
    """
    if not heights or not all(math.isfinite(height) and height != 0.0 for height in heights):
        raise BadValue("a train takes one pulse or more, none of them of 0 A; nothing was sent")
    if len(heights) > MOST_IN_TRAIN:
        raise BadValue(f"a train of {len(heights)} pulses is longer than the source's list, {MOST_IN_TRAIN}; make two")
    if not SHORTEST_STEP <= width <= LONGEST or not SHORTEST_STEP <= gap <= LONGEST:
        raise BadValue(
            f"a train has pulses of {format_quantity(width, 's')} and gaps of {format_quantity(gap, 's')}; a list of "
            f"the source holds each from {format_quantity(SHORTEST_STEP, 's')} to {format_quantity(LONGEST, 's')}"
        )
    if not 1 <= repeats <= MOST_REPEATS:
        raise BadValue(f"a train is repeated {repeats} times, but the source repeats a list 1 to {MOST_REPEATS} times")
    if repeats > 1 and gap < SHORTEST_STEP + AROUND:
        raise BadValue(
            f"a train that is repeated has gaps of {format_quantity(gap, 's')}; between two times at least "
            f"{format_quantity(SHORTEST_STEP + AROUND, 's')} pass"
        )
    compliance = _compliance_for(procedure, max(heights, key=abs))
    bounds = limits.of(procedure.station, procedure.sample)
    levels, delays = _listed([abs(height) for height in heights], width, gap, repeats)  # power has no sign
    mean = listed(levels, delays, repeats)
    for what, value, bound, unit in (
        ("power", mean(bounds.window, 1) * compliance, bounds.average_power, "W"),
        ("current (rms)", math.sqrt(mean(bounds.window, 2)), bounds.average_current, "A"),
    ):
        if bound is not None and value > bound.value:
            raise LimitExceeded(
                f"a train of {repeats * len(heights)} pulses has an average {what} of {format_quantity(value, unit)} "
                f"over {format_quantity(bounds.window, 's')}, above the limit of {bound.owner}, "
                f"{format_quantity(bound.value, unit)}; nothing was sent: take a longer gap or smaller pulses"
            )


def shape(procedure: Procedure, levels: Sequence[float], step: float) -> dict[str, Any]:
    """Send one pulse of any shape, levels in A of so many s each, as one wave of the source.

    Returns:
        Columns as of `Procedure.pulse`, for `Procedure.read_after`: the largest level, and how long all of it lasts.

    Raises:
        BadValue: It is none that the source can make.
        LimitExceeded: It exceeds a limit; nothing was sent.
        InstrumentFault: The source refused something, or did not answer. It counts as sent.
    """
    check_shape(procedure, levels, step)
    largest = max(levels, key=abs)
    compliance, lasting = pulse_compliance(procedure, largest), len(levels) * step
    with moving.reader_of(procedure).aside():
        try:
            report = procedure.source.shape(levels, step, compliance=compliance)
        except InstrumentFault:
            _count_shape(procedure, levels, step)
            raise
        _count_shape(procedure, levels, step)
    return {
        CURRENT: largest,
        WIDTH: lasting,
        START: report.start,
        END: report.start + lasting,
        COMPLIANCE: compliance,
        CLAMPED: report.clamped,
        BOUND: math.nan if report.clamped else compliance / abs(largest),
    }


def check_shape(procedure: Procedure, levels: Sequence[float], step: float) -> None:
    """Refuse a shape that a limit does not allow; energy is counted as the guard counts it, see `pulse_demands`.

    Raises:
        LimitExceeded: It would be clamped, or is too much.
    """
    largest = max(levels, key=abs)
    _compliance_for(procedure, largest)
    limits.check(pulse_demands(procedure, largest, len(levels) * step), procedure.station, procedure.sample)


def _count_shape(procedure: Procedure, levels: Sequence[float], step: float) -> None:
    """Add it to the odometer as one pulse, with the energy of all its levels."""
    largest = max(levels, key=abs)
    energy = math.fsum(level**2 for level in levels) * procedure.sample.two_wire_resistance() * step
    procedure.journal(
        PULSES, at_once=True, count=1, energy=quantity(energy, "J"), width=quantity(len(levels) * step, "s"),
        largest_current_density=quantity(abs(largest) / procedure.sample.cross_section(), "A/m^2"),
    )  # fmt: skip


def _compliance_for(procedure: Procedure, current: float) -> float:
    """Return the compliance in V for a pulse in A that needs no more than the limits leave.

    Raises:
        LimitExceeded: It does.
    """
    compliance, needed = pulse_compliance(procedure, current), voltage_of(procedure, current)
    if needed > compliance:
        raise LimitExceeded(
            f"a pulse of {format_quantity(current, 'A')} makes {format_quantity(needed, 'V')} by the record of sample "
            f"{procedure.sample.label}, above the {format_quantity(compliance, 'V')} that the limits leave; nothing "
            "was sent, take a smaller current"
        )
    return compliance


def count(procedure: Procedure, heights: Sequence[float], width: float, repeats: int = 1) -> None:
    """Add pulses to the odometer in the sample's journal, now and however the run ends.

    A train that the source ended early counts in full: nobody knows after which pulse it was.
    """
    sample = procedure.sample
    energy = repeats * math.fsum(height**2 for height in heights) * sample.two_wire_resistance() * width
    density = max(map(abs, heights)) / sample.cross_section()
    procedure.journal(
        PULSES, at_once=True, count=repeats * len(heights), largest_current_density=quantity(density, "A/m^2"),
        energy=quantity(energy, "J"), width=quantity(width, "s"),
    )  # fmt: skip


def wait_after(procedure: Procedure, sent: Mapping[str, Any], wait: float) -> None:
    """Let so many s pass since the end of a pulse, in slices, so that an abort does not wait for the end."""
    moving.wait_until(procedure, sent[END] + wait, procedure.run.check)


def read_after(
    procedure: Procedure, sent: Mapping[str, Any], *, wait: float, reads: int, resistance: bool = True
) -> Iterator[dict[str, Any]]:
    """Wait, and read the state that a pulse has left; see `Procedure.read_after`."""
    if math.isfinite(sent[END]):
        wait_after(procedure, sent, wait)
        moving.reader_of(procedure).convert(1)  # the amplifier recovers from the pulse in it
    for row in moving.reads(procedure, reads):
        yield {**sent, **row, RESISTANCE: math.nan}
    if resistance and has_longitudinal(procedure):
        yield {**sent, **read_longitudinal(procedure)}


def read_longitudinal(procedure: Procedure) -> dict[str, Any]:
    """Take one reading of the longitudinal resistance on channel 2, and go back to the Hall voltage.

    Returns:
        A row with the resistance in ohm under `Resistance (ohm)`, and none under `Hall resistance (ohm)`.
    """
    with longitudinal(procedure):
        row = moving.read(procedure)
    row[RESISTANCE], row[HALL] = row[HALL], math.nan
    return row


class longitudinal:  # noqa: N801 - a context manager, and called like one
    """Have the voltmeter read channel 2 in a `with` block.

    Args:
        procedure: Whose reader.
        pulse: Height in A of pulses that its range has to stand; without one it is a range for the probe current, which
            a pulse overloads.
    """

    def __init__(self, procedure: Procedure, pulse: float | None = None) -> None:
        self._reader = moving.reader_of(procedure)
        bar = procedure.sample.sample_resistance()
        self._span = HEADROOM * self._reader.settings.current * bar
        if pulse is not None:  # the arms stand on a part of the bar, which is headroom enough
            self._span = max(self._span, min(abs(pulse) * bar, LARGEST_LONGITUDINAL))

    def __enter__(self) -> None:
        self._reader.select(LONGITUDINAL_CHANNEL, self._span)

    def __exit__(self, *_: object) -> None:
        self._reader.select(reversal.CHANNEL, self._reader.settings.voltage_range)
