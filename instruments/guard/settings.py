"""The settings of a 6221 on which limits depend, by the headers of its command table."""

from __future__ import annotations

from instruments.tables.keithley6221 import TABLE


def key(header: str) -> str:
    """Return the table's own spelling of a header."""
    return TABLE[header].header


LEVEL = key("SOUR:CURR")
RANGE = key("SOUR:CURR:RANG")
AUTOMATIC = key("SOUR:CURR:RANG:AUTO")
COMPLIANCE = key("SOUR:CURR:COMP")
OUTPUT = key("OUTP")
LIST_CURRENT = key("SOUR:LIST:CURR")
LIST_DELAY = key("SOUR:LIST:DEL")
LIST_COMPLIANCE = key("SOUR:LIST:COMP")
SPACING = key("SOUR:SWE:SPAC")
TRIGGER = key("TRIG:SOUR")
START = key("SOUR:CURR:STAR")
STOP = key("SOUR:CURR:STOP")
CENTER = key("SOUR:CURR:CENT")
SPAN = key("SOUR:CURR:SPAN")
AMPLITUDE = key("SOUR:WAVE:AMPL")
OFFSET = key("SOUR:WAVE:OFFS")
FREQUENCY = key("SOUR:WAVE:FREQ")
DURATION = key("SOUR:WAVE:DUR:TIME")
CYCLES = key("SOUR:WAVE:DUR:CYCL")
WAITING = key("SOUR:WAVE:EXTR:IVAL")
EXTERNAL = key("SOUR:WAVE:EXTR")
DELTA_HIGH = key("SOUR:DELT:HIGH")
DELTA_LOW = key("SOUR:DELT:LOW")
PULSE_HIGH = key("SOUR:PDEL:HIGH")
PULSE_LOW = key("SOUR:PDEL:LOW")
PULSE_WIDTH = key("SOUR:PDEL:WIDT")
PULSE_SWEEP = key("SOUR:PDEL:SWE")
PULSE_INTERVAL = key("SOUR:PDEL:INT")
PULSE_COUNT = key("SOUR:PDEL:COUN")
DELAY = key("SOUR:DEL")
SWEEP_COUNT = key("SOUR:SWE:COUN")
WAVE_FORM = key("SOUR:WAVE:FUNC")
DUTY = key("SOUR:WAVE:DCYC")
CONDUCTANCE_START = key("SOUR:DCON:STAR")
CONDUCTANCE_STOP = key("SOUR:DCON:STOP")
CONDUCTANCE_STEP = key("SOUR:DCON:STEP")
CONDUCTANCE_DELTA = key("SOUR:DCON:DELT")

LISTS = (LIST_CURRENT, LIST_DELAY, LIST_COMPLIANCE)

_TRACKED = (
    LEVEL, AUTOMATIC, COMPLIANCE, OUTPUT, *LISTS, SPACING, TRIGGER, START, STOP, CENTER, SPAN, AMPLITUDE, OFFSET,
    FREQUENCY, DURATION, WAITING, EXTERNAL, DELTA_HIGH, DELTA_LOW, PULSE_HIGH, PULSE_LOW, PULSE_WIDTH, PULSE_SWEEP,
    PULSE_INTERVAL, PULSE_COUNT, DELAY, SWEEP_COUNT, WAVE_FORM, DUTY,
    CONDUCTANCE_START, CONDUCTANCE_STOP, CONDUCTANCE_STEP, CONDUCTANCE_DELTA,
)  # fmt: skip

ENDLESS = ("s", float("inf"))
"""A wave's duration, in s or in cycles, whichever was set last; here none."""

RESETS = {row.header: row.reset for row in TABLE if row.header in _TRACKED} | {DURATION: ENDLESS}
"""Value of each after `*RST`."""

SWEEP, WAVE, DELTA, PULSE_DELTA, CONDUCTANCE = "sweep", "wave", "delta", "pulse delta", "differential conductance"

MODES = frozenset({SWEEP, WAVE, DELTA, PULSE_DELTA, CONDUCTANCE})
"""What can be armed."""

ENDS = frozenset({START, STOP, CENTER, SPAN})
"""What determines where a sweep begins and ends."""

MOST_POSSIBLE = 8
"""Values that a setting may have at a time; with more, only the extremes of a number are kept, and a list is lost."""

CONCERNS = {
    SWEEP: ENDS | {*LISTS, SPACING, TRIGGER, SWEEP_COUNT},
    WAVE: frozenset({AMPLITUDE, OFFSET, FREQUENCY, DURATION, WAITING, EXTERNAL, WAVE_FORM, DUTY}),
    DELTA: frozenset({DELTA_HIGH, DELTA_LOW}),
    PULSE_DELTA: ENDS
    | {
        PULSE_HIGH,
        PULSE_LOW,
        PULSE_WIDTH,
        PULSE_SWEEP,
        *LISTS,
        SPACING,
        PULSE_INTERVAL,
        PULSE_COUNT,
        DELAY,
    },
    CONDUCTANCE: frozenset({CONDUCTANCE_START, CONDUCTANCE_STOP, CONDUCTANCE_STEP, CONDUCTANCE_DELTA}),
}
"""Settings on which each mode depends, apart from the compliance."""

ANY_CONCERN = frozenset[str]().union(*CONCERNS.values())
"""Settings that are kept because a mode depends on them."""
