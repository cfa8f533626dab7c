"""Which longitudinal resistance a station reads: that of the bar, or with its current leads in it."""

from __future__ import annotations

import dataclasses

from instruments.errors import UsageError
from labctl.analysis.health import FOUR, TWO
from labctl.procedure import Procedure
from labctl.sample import HEADROOM, VOLTMETER_RANGES
from labctl.sample_thermometer import has_longitudinal, has_two_wire

__all__ = ["FOUR", "TWO", "choose_range", "wires_of"]


def wires_of(procedure: Procedure) -> str:
    """Say whether the resistance is that of the bar, or with its current leads.

    Raises:
        UsageError: No channel of the voltmeter reads either.
    """
    if has_longitudinal(procedure):
        return FOUR
    if has_two_wire(procedure):
        return TWO
    raise UsageError(
        f"station {procedure.station.name!r} has no cable that reads a longitudinal resistance: plug the voltmeter's "
        "channel 2 into two arms on one side of the bar, or channel 1 into the current leads, and write it into "
        "[cables]"
    )


def choose_range(procedure: Procedure) -> None:
    """On the current leads, read with a range for the whole bar's voltage, unless somebody gave one."""
    if wires_of(procedure) == TWO and procedure.values()["probe_range"] is None:
        settings = procedure.reader.settings
        needed = HEADROOM * settings.current * procedure.sample.two_wire_resistance()
        procedure.reader.change(
            dataclasses.replace(settings, voltage_range=next(r for r in VOLTMETER_RANGES if r >= needed))
        )
