"""The source of a 2400: levels, ranges, compliance, output, and what the output does when it is off.

Source: 2400 series user's manual, sections 3 (basic operation), 6 (boundaries), 13 (output-off states) and 18.
"""

from __future__ import annotations

from functools import partial
from typing import cast

from instruments.scpi import DATA_OUT_OF_RANGE, SETTINGS_CONFLICT, ScpiError
from instruments.tables.keithley2400 import PROTECTIONS, RESISTANCE_RANGES, TABLE
from instruments.tables.table import Value
from simulators.devices import smu_accuracy as accuracy
from simulators.devices import smu_timing as timing
from simulators.devices.smu_settings import (
    AUTO,
    DIVISORS,
    FUNCTION,
    KINDS,
    LEVEL,
    LIMIT,
    NOISE,
    OFF_STATE,
    OHMS_MODE,
    OHMS_RANGE,
    OTHER,
    OUTPUT,
    RANGE,
    RANGES,
    REMOTE,
    SENSE_AUTO,
    SENSE_RANGE,
    SENSED,
    TRIGGERED,
    Kind,
    Place,
    holding,
    stepped,
)
from simulators.exchange import ScpiDevice, command, query
from simulators.program_message import Effect, Outcome

NOT_WITH_OUTPUT_OFF = 803
OUTPUT_NOT_ENABLED = 802
OVER_TEMPERATURE = 810
TOO_SMALL_FOR_RANGE = 822
INVALID_WITH_AUTO_OHMS = 825
POWER_LIMIT = 826

BOUNDARY = {"VOLT": (21.0, 0.105), "CURR": (0.105, 21.0)}
"""Beyond the first (V or A of the source's range) only the second is given as compliance: 22 W."""

OFF_COMPLIANCE = 0.005
"""Compliance of the output when it is off, as a part of the present range."""

LEAST_COMPLIANCE = 1e-3
"""Least compliance, as a part of the present measuring range."""

TEST_CURRENTS = (0.1, 10e-3, 1e-3, 100e-6, 10e-6, 1e-6, 1e-6, 100e-9)
"""A; what automatic ohms sends through the sample, by resistance range."""

TEST_VOLTAGES = (2.1,) * 6 + (21.0,) * 2
"""V; measuring range and compliance in automatic ohms, by resistance range (assumed: what test current times range
comes to)."""

# Conditions of the measurement register.
OUTPUT_ENABLED = 0x800
TOO_HOT = 0x1000
OVER_VOLTAGE = 0x2000
COMPLIANCE = 0x4000

_PROTECTION = TABLE["SOUR:VOLT:PROT"].header
_ENABLE = TABLE["OUTP:ENAB"].header


class SourceUnit(ScpiDevice):
    """Everything of a 2400 that drives.

    Attributes:
        enable_line: Whether the line of OUTPut:ENABle is asserted.
        too_hot: Whether the box is over its temperature.
        level: V or A that is driven, or would be with the output on.
    """

    def __init__(self, place: Place) -> None:
        super().__init__(place.timeline)
        self.enable_line = False
        self.too_hot = False
        self.level = 0.0
        self._terminals = place.terminals
        self._calibration = accuracy.Calibration(place.calibration)
        self._driving = False
        self._attach_source()

    def _attach_source(self) -> None:
        """Bind the effects that voltage and current have alike."""
        for kind in KINDS:
            effects: tuple[tuple[str, Effect], ...] = (
                (LEVEL[kind], partial(self._set_level, kind)),
                (TRIGGERED[kind], partial(self._set_triggered, kind)),
                (RANGE[kind], partial(self._set_range, kind)),
                (AUTO[kind], partial(self._set_automatic, kind)),
                (LIMIT[kind], partial(self._set_limit, kind)),
            )
            self._effects.update({(header, False): effect for header, effect in effects})
            tripped = TABLE[f"SENS:{kind}:PROT:TRIP"].header
            self._effects[tripped, True] = partial(self._ask_tripped, kind)

    # ---- what follows from the settings

    def source(self) -> Kind:
        """Return what is sourced."""
        return cast("Kind", self.settings[FUNCTION])

    def full(self, header: str) -> float:
        """Return a setting that is a float for certain."""
        return cast("float", self.settings[header])

    def automatic_ohms(self) -> bool:
        """Whether the resistance range decides on source and measuring range."""
        return "RES" in cast("tuple[str, ...]", self.settings[SENSED]) and self.settings[OHMS_MODE] == "AUTO"

    def limit(self) -> tuple[float, bool]:
        """Return the compliance in A or V as it holds, and whether it is that of a fixed measuring range."""
        source = self.source()
        if self.automatic_ohms():
            return TEST_VOLTAGES[RESISTANCE_RANGES.index(self.full(OHMS_RANGE))], False
        other = OTHER[source]
        limit, by_range = abs(self.full(LIMIT[other])), False
        if not self.settings[SENSE_AUTO[other]] and self.full(SENSE_RANGE[other]) < limit:
            limit, by_range = self.full(SENSE_RANGE[other]), True
        return (limit, by_range) if source == "VOLT" else (min(limit, self.full(_PROTECTION)), by_range)

    def in_compliance(self) -> bool:
        """Whether the limit holds and not what was set."""
        return self._driving and self._terminals.limited()

    def over_voltage(self) -> bool:
        """Whether the over-voltage protection limits what is sourced."""
        if not self._driving or self.full(_PROTECTION) >= PROTECTIONS[-1]:
            return False
        if self.source() == "VOLT":
            return abs(self.level) > self.full(_PROTECTION)
        return self.limit()[0] >= self.full(_PROTECTION) and self._terminals.limited()

    def refresh(self) -> None:
        """Look at the terminals and at what else can change by itself."""
        measurement = self.status.measurement
        measurement.set(COMPLIANCE, self.in_compliance())
        measurement.set(OVER_VOLTAGE, self.over_voltage())
        measurement.set(OUTPUT_ENABLED, self.enable_line)
        measurement.set(TOO_HOT, self.too_hot)

    # ---- driving

    def drive(self, level: float) -> None:
        """Put a level in V or A on the sample, on the present range."""
        source = self.source()
        self.level = level
        if source == "VOLT":
            most = self.full(_PROTECTION)
            level = min(max(level, -most), most)
        index = RANGES[source].index(self.full(RANGE[source]))
        actual = self._calibration.sourced[source].apply(level, index)
        put = self._terminals.source_voltage if source == "VOLT" else self._terminals.source_current
        put(actual, self.limit()[0], NOISE[source][index])

    def renew(self) -> None:
        """A setting has changed that what is driven depends on."""
        if self._driving:
            self.drive(self.level)

    def switch_on(self) -> None:
        """Close the output on the programmed level."""
        if not self._driving:
            self._driving = True
            self.settings[OUTPUT] = True
            self._terminals.sense_remotely(bool(self.settings[REMOTE]))
        self.drive(self.full(LEVEL[self.source()]))

    def switch_off(self) -> None:
        """Bring the output into the state that it has when it is off; sensing is local then."""
        self._driving = False
        self.settings[OUTPUT] = False
        self.level = self.full(LEVEL[self.source()])
        self.rest()
        self._terminals.sense_remotely(False)

    def rest(self) -> None:
        """Be off: a 0 V source that gives little, a 0 A source, or an open relay."""
        state, source = self.settings[OFF_STATE], self.source()
        current_range = self.full((RANGE if source == "CURR" else SENSE_RANGE)["CURR"])
        voltage_range = self.full((RANGE if source == "VOLT" else SENSE_RANGE)["VOLT"])
        if state == "HIMP":
            self._terminals.release()
        elif state == "GUAR":
            self._terminals.source_current(0.0, OFF_COMPLIANCE * voltage_range)
        else:
            limit = OFF_COMPLIANCE * current_range
            if state == "ZERO":
                level = abs(self.full(LEVEL["CURR"]))
                limit = abs(self.full(LIMIT["CURR"])) if source == "VOLT" else max(limit, level)
            self._terminals.source_voltage(0.0, limit)

    def check_output(self) -> None:
        """Raise what keeps the output from going on."""
        if self.settings[_ENABLE] and not self.enable_line:
            raise ScpiError(OUTPUT_NOT_ENABLED, "the enable line is not asserted")
        if self.too_hot:
            raise ScpiError(OVER_TEMPERATURE, "over temperature")

    @command("OUTP")
    def _set_output(self, on: bool) -> Outcome:
        if not on:
            self.switch_off()
        elif not self._driving:
            self.check_output()
            was_open = self.settings[OFF_STATE] == "HIMP"
            self.switch_on()
            return self._busy(timing.RELAY) if was_open else None
        return None

    @command("SOUR:CLE")
    def _clear_source(self) -> None:
        self.switch_off()

    @command("OUTP:SMOD")
    def _set_off_state(self, state: str) -> None:
        """With the output off, the state is entered at once."""
        self.settings[OFF_STATE] = state
        if not self._driving:
            self.rest()

    @command("OUTP:ENAB")
    def _set_enable(self, on: bool) -> None:
        self.set_value("OUTP:ENAB", on)
        if on and not self.enable_line and self._driving:
            self.switch_off()

    @query("OUTP:ENAB:TRIP")
    def _ask_enable(self) -> str:
        return f"{self.enable_line:d}"

    @command("ROUT:TERM")
    def _set_terminals(self, terminals: str) -> None:
        self._rewire("ROUT:TERM", terminals)

    @command("SYST:RSEN")
    def _set_sense(self, remote: bool) -> None:
        self._rewire("SYST:RSEN", remote)

    @command("SYST:GUAR")
    def _set_guard(self, guard: str) -> None:
        self._rewire("SYST:GUAR", guard)

    def _rewire(self, header: str, value: Value) -> None:
        """Relays switch with the output off."""
        if self.value(header) != value:
            self.set_value(header, value)
            self.switch_off()

    # ---- levels and ranges

    def check_power(self, source: Kind, full: float, limit: float) -> None:
        """Refuse a range of the source together with a compliance that make more than 22 W."""
        beyond, most = BOUNDARY[source]
        if full > beyond and limit > most * (1.0 + 1e-9):
            raise ScpiError(POWER_LIMIT, f"a range of {full} together with a compliance of {limit}")

    def rounded(self, kind: Kind, value: float, index: int) -> float:
        """Round a level to the steps of a range."""
        divisor = DIVISORS[kind][index]
        return round(value * divisor) / divisor

    def range_for(self, kind: Kind, value: float) -> int:
        """Return the index of the range for a level: the present one, or the best where that is automatic.

        Raises:
            ScpiError: It does not hold the level (-222), or would make too much power (+826).
        """
        ranges = RANGES[kind]
        if self.settings[AUTO[kind]]:
            index = holding(value, ranges)
        else:
            index = ranges.index(self.full(RANGE[kind]))
            if abs(value) > ranges[index] * (1.0 + 1e-9):
                raise ScpiError(DATA_OUT_OF_RANGE, f"{value} on the range of {ranges[index]}")
        if kind == self.settings[FUNCTION]:
            self.check_power(kind, ranges[index], abs(self.full(LIMIT[OTHER[kind]])))
        return index

    def _refuse_in_ohms(self) -> None:
        if self.automatic_ohms():
            raise ScpiError(INVALID_WITH_AUTO_OHMS, "automatic ohms decides on the source")

    def _set_level(self, kind: Kind, value: float) -> None:
        """Take a level; it is also the one after the next trigger."""
        if kind == self.settings[FUNCTION]:
            self._refuse_in_ohms()
        index = self.range_for(kind, value)
        self.settings[RANGE[kind]] = RANGES[kind][index]
        level = self.settings[LEVEL[kind]] = self.settings[TRIGGERED[kind]] = self.rounded(kind, value, index)
        if kind == self.settings[FUNCTION]:
            self.level = level
            if self._driving:
                self.drive(level)

    def _set_triggered(self, kind: Kind, value: float) -> None:
        """Take the level after the next trigger, which automatic ohms decide on as well (assumed)."""
        if kind == self.settings[FUNCTION]:
            self._refuse_in_ohms()
        self.settings[TRIGGERED[kind]] = self.rounded(kind, value, self.range_for(kind, value))

    def take_triggered(self) -> None:
        """A trigger has come: what was set for it becomes the level, on a range that holds it."""
        kind = self.source()
        pending, present = self.full(TRIGGERED[kind]), RANGES[kind].index(self.full(RANGE[kind]))
        if pending == self.full(LEVEL[kind]):
            self.drive(pending)
            return
        best = holding(pending, RANGES[kind])
        index = best if self.settings[AUTO[kind]] else max(best, present)
        self.settings[RANGE[kind]] = RANGES[kind][index]
        self.settings[LEVEL[kind]] = self.settings[TRIGGERED[kind]] = self.rounded(kind, pending, index)
        self.drive(self.full(LEVEL[kind]))

    def widest(self, kind: Kind) -> float:
        """Return the range of a source in V or A, that of the level after the next trigger if it is larger."""
        pending = RANGES[kind][holding(self.full(TRIGGERED[kind]), RANGES[kind])]
        return max(self.full(RANGE[kind]), pending)

    def _set_range(self, kind: Kind, value: float | str) -> None:
        """Fix the range; a level that it does not hold is in conflict (assumed: the manual does not say)."""
        ranges = RANGES[kind]
        if kind == self.settings[FUNCTION]:
            self._refuse_in_ohms()
        index = stepped(value, ranges.index(self.full(RANGE[kind])), ranges)
        if any(abs(self.full(header[kind])) > ranges[index] * (1.0 + 1e-9) for header in (LEVEL, TRIGGERED)):
            raise ScpiError(SETTINGS_CONFLICT, f"the level does not fit into the range of {ranges[index]}")
        if kind == self.settings[FUNCTION]:
            self.check_power(kind, ranges[index], abs(self.full(LIMIT[OTHER[kind]])))
        self.settings[AUTO[kind]] = False
        self._select(kind, index)

    def _set_automatic(self, kind: Kind, on: bool) -> None:
        if on and kind == self.settings[FUNCTION]:
            self._refuse_in_ohms()
        self.settings[AUTO[kind]] = on
        if on:
            self._select(kind, holding(self.full(LEVEL[kind]), RANGES[kind]))

    def _select(self, kind: Kind, index: int) -> None:
        """Change the range, which rounds the level in its own way."""
        self.settings[RANGE[kind]] = RANGES[kind][index]
        level = self.settings[LEVEL[kind]] = self.rounded(kind, self.full(LEVEL[kind]), index)
        self.settings[TRIGGERED[kind]] = self.rounded(kind, self.full(TRIGGERED[kind]), index)
        if kind == self.settings[FUNCTION]:
            self.level = level
            self.renew()

    @command("SOUR:FUNC")
    def _set_function(self, function: str) -> None:
        """Change what is sourced; the output goes on with the other quantity's own level."""
        kind = cast("Kind", function)
        if kind == self.settings[FUNCTION]:
            return
        self._refuse_in_ohms()
        self.check_power(kind, self.widest(kind), abs(self.full(LIMIT[OTHER[kind]])))
        self.settings[FUNCTION] = kind
        self.level = self.full(LEVEL[kind])
        self._settle_function()

    def _settle_function(self) -> None:
        if self._driving:
            self.renew()
        else:
            self.rest()

    @command("SOUR:VOLT:PROT")
    def _set_protection(self, value: float | str) -> None:
        """In steps of 20 V and more; beyond 160 V there is none."""
        wanted = PROTECTIONS[-1] if isinstance(value, str) else abs(value)
        self.settings[_PROTECTION] = next(step for step in PROTECTIONS if wanted <= step)
        self.renew()

    @query("SOUR:VOLT:PROT:TRIP")
    def _ask_protection(self) -> str:
        return f"{self.over_voltage():d}"

    # ---- compliance

    def _set_limit(self, kind: Kind, value: float) -> None:
        """Set the compliance of the other source.

        Where the measuring range is automatic it comes down with the compliance, which has to be at least 0.1 % of it.
        """
        magnitude, present = abs(value), RANGES[kind].index(self.full(SENSE_RANGE[kind]))
        follows = bool(self.settings[SENSE_AUTO[kind]]) or self.flag(f"SENS:{kind}:PROT:RSYN")
        index = min(present, holding(magnitude, RANGES[kind])) if self.settings[SENSE_AUTO[kind]] else present
        if not self.settings[SENSE_AUTO[kind]] and follows:
            index = holding(magnitude, RANGES[kind])
        if magnitude < LEAST_COMPLIANCE * RANGES[kind][index] / 1.05 * (1.0 - 1e-9):
            raise ScpiError(TOO_SMALL_FOR_RANGE, f"{value} on the measuring range of {RANGES[kind][index]}")
        source = OTHER[kind]
        if source == self.settings[FUNCTION]:
            self.check_power(source, self.widest(source), magnitude)
            self.settings[SENSE_RANGE[kind]] = RANGES[kind][index]
        self.settings[LIMIT[kind]] = value
        if source == self.settings[FUNCTION]:
            self.renew()

    def _ask_tripped(self, kind: Kind) -> str:
        return f"{self.settings[FUNCTION] == OTHER[kind] and self.in_compliance():d}"
