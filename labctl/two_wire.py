"""The resistance between the current leads, read by a source-measure unit that hangs on them beside the source.

What happens to a device outside the arms that channel 2 stands on shows here only: the void of a bar, a contact. The
unit drives while the source is at 0 A, which is no load; while the source drives, the unit's relay is open.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from labctl import moving
from labctl.contacts.instruments import SmuReader

if TYPE_CHECKING:
    from labctl.procedure import Procedure
    from labctl.station import Station

SETTLE = 5e-3
"""s at a current before it is read."""


def on_current_leads(station: Station) -> bool:
    """Whether a station has a source-measure unit on the leads of its current source."""
    source, smu = station.cables.source, station.cables.smu
    return (
        "smu" in station.instruments
        and source is not None
        and smu is not None
        and {smu.high, smu.low} == {source.high, source.low}
    )


class TwoWireMeter:
    """Reads between the current leads with the probe's current, in both directions.

    Args:
        procedure: Whose instruments; its probe is set up afterwards.
    """

    def __init__(self, procedure: Procedure) -> None:
        self._procedure = procedure
        probe = procedure.probe_settings()
        self._current = probe.current
        self._reader = SmuReader(procedure.smu, procedure.clock, 1.0, SETTLE, probe.compliance)

    def prepare(self) -> None:
        """Open the unit's relay for as long as its output is off, and set it up; the source's output is still off."""
        self._reader.prepare()
        self._procedure.smu.output_off_state = "high impedance"

    def read(self) -> float:
        """Return the resistance in ohm; infinite where the unit reaches its compliance."""
        with moving.reader_of(self._procedure).aside():
            self._reader.on(self._current)
            try:
                there, back = (self._reader.convert(current) for current in (self._current, -self._current))
            finally:
                self._reader.off()
        if there["Clamped"] or back["Clamped"]:
            return math.inf
        return float(there["Voltage (V)"] - back["Voltage (V)"]) / (2.0 * self._current)
