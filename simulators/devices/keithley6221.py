"""The Keithley 6221 current source, as its clients see it.

What is simulated: the DC source with its ranges, resolution, accuracy, settling, compliance and noise, the output
relay, the interlock, sweeps, lists, waves, the trigger model, Delta, Pulse Delta and Differential Conductance with a
2182A at the other ends of an RS-232 and a Trigger Link cable, the reading buffer, and everything that the instrument
says about itself.

Sources: 6220/6221 reference manual and its table of specifications; captures from instruments.
"""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

import numpy as np

from instruments.tables.table import Row
from simulators.devices.source_panel import SourcePanel
from simulators.exchange import query
from simulators.terminals import SourceTerminals
from simulators.timeline import Timeline


class Keithley6221(SourcePanel):
    """A current source on the bench."""

    version: ClassVar[str] = "1999.0"  # unsure: the form is the standard's, the year is not confirmed
    idle: ClassVar[tuple[str, ...]] = ("*TST", "DISP:ATTR", "DISP:WIND2:ATTR")
    takes_units: ClassVar[bool] = True
    """Whether a number may have its unit behind it, `1mA`, as IEEE 488.2 has it (unsure: the manual writes <NRf>, and
    lists none of the errors -130 to -138 that are about units; a number with one is -121 otherwise)."""

    def __init__(
        self,
        timeline: Timeline,
        terminals: SourceTerminals,
        serial: str = "4559777",
        firmware: str = "D04",
        line_frequency: float = 50.0,
        calibration: np.random.Generator | None = None,
    ) -> None:
        super().__init__(timeline, terminals, line_frequency, calibration)
        if not self.takes_units:
            self.own_rows.update((row.header, _without_units(row)) for row in self.table)
        self._serial = serial
        self._firmware = firmware

    def identity(self) -> str:
        """Return the answer to *IDN?, with the blanks that instruments send."""
        return f"KEITHLEY INSTRUMENTS INC.,MODEL 6221,{self._serial},{self._firmware}  /700x "

    @query("SYST:LFR")
    def _ask_line_frequency(self) -> str:
        return f"{self.line_frequency:.0f}"

    @query("*OPT")
    def _ask_options(self) -> str:
        return "0"

    @query("SYST:ABO:SNUM", "SYST:DBO:SNUM")
    def _ask_board(self) -> str:
        return self._serial

    @query("SYST:ABO:REV", "SYST:DBO:REV")
    def _ask_board_revision(self) -> str:
        return self._firmware


def _without_units(row: Row) -> Row:
    """The same row, with numbers that have no unit behind them."""
    return replace(row, parameters=tuple(replace(parameter, unit="") for parameter in row.parameters))
