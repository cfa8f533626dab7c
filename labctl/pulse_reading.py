"""Longitudinal resistance at the end of a current pulse that is long enough for a conversion of the voltmeter.

The voltmeter converts once with no current, and once while the pulse lasts: the difference is free of the meter's own
offset and of the thermal voltage of before. A conversion takes a cycle of the mains, so that a pulse has to last a few
times as long: when the query reaches the meter is known to some ms only.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from instruments.errors import GarbledReply, NoReply
from instruments.keithley2182a import Reading
from labctl import moving, pulses, reversal

if TYPE_CHECKING:
    from labctl.procedure import Procedure

SHORTEST = 50e-3
"""s, of a pulse in which a conversion fits."""
LATE = 8e-3
"""s by which the conversion ends before the pulse as planned: what the way to the meter and its reaction may take."""
APART = 2e-3
"""s that the conversion has to be within the pulse, by the stamps."""


def pulse_and_read(procedure: Procedure, current: float, width: float) -> dict[str, Any]:
    """Send a pulse of a current in A and a width in s, and read the longitudinal resistance at its end.

    Returns:
        A row with what was sent and with a conversion each during the pulse (1) and before it (2). The resistance in
        ohm is NaN where the conversion was not wholly within the pulse, or its reply was lost, or the meter overflowed,
        or the source did not give the whole pulse.

    Raises:
        BadValue: Current or width is none that a pulse can have.
        LimitExceeded: The pulse would be clamped by the compliance that the limits leave, or exceeds a limit.
    """
    reader, meter = moving.reader_of(procedure), procedure.voltmeter
    aperture = reader.settings.nplc / float(procedure.station.line_frequency)
    taken: list[Reading] = []

    def read(begin: float) -> None:
        procedure.clock.sleep(max(0.0, begin + width - LATE - aperture - procedure.clock.now()))
        try:
            taken.append(meter.reading())
        except (NoReply, GarbledReply) as lost:  # there is no other during this pulse
            if not meter.line.most_repeats:
                raise
            meter.line.note_repeat(lost)

    with pulses.longitudinal(procedure, current):
        reader.rest()
        before = procedure.cryostat.reading()
        meter.line.insist(meter.reading)  # the amplifier comes from another channel and range
        zero = meter.line.insist(meter.reading)
        sent = pulses.pulse(procedure, current, width, read)
        span = reader.voltage_range
    during = taken[0] if taken else Reading(math.nan, True, math.nan, math.nan)
    inside = during.start >= sent[pulses.START] + APART and during.end + APART <= sent[pulses.END]
    good = inside and not (during.overflow or zero.overflow or sent[pulses.CLAMPED])
    row: dict[str, Any] = {
        f"{what} {number} ({unit})": math.nan
        for number in (1, 2, 3)
        for what, unit in (("Voltage", "V"), ("Current", "A"), ("Start", "s"), ("End", "s"))
    }
    for number, level, reading in ((1, current, during), (2, 0.0, zero)):
        row |= {
            f"Voltage {number} (V)": reading.voltage, f"Current {number} (A)": level,
            f"Start {number} (s)": reading.start, f"End {number} (s)": reading.end,
        }  # fmt: skip
    row |= {
        "Range (V)": span, "Overflow": during.overflow or zero.overflow, "Compliance": sent[pulses.CLAMPED],
        "Time (s)": 0.5 * (during.start + during.end) if taken else sent[pulses.END], pulses.HALL: math.nan,
        pulses.RESISTANCE: (during.voltage - zero.voltage) / current if good else math.nan,
    }  # fmt: skip
    return {**sent, **reversal.with_field(row, before, procedure.cryostat.reading())}
