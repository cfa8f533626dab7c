"""How long a 2400 takes for what it does.

Source: 2400 series user's manual, appendix A ("Source-delay-measure cycle timing", six cases) and section 3 (automatic
delay). The manual's figures are largest ones; they are taken as they stand. What it does not give is marked.
"""

from __future__ import annotations

CONVERSION = 185e-6
"""s; what a phase of the converter takes beyond the integration time."""

CONFIGURATION = 50e-6
"""s; the source is set to another level."""

LATENCY = 225e-6
STATIC_LATENCY = {True: 500e-6, False: 100e-6}
"""s; from a trigger to the action, where the source changes, and where it stays (with the autozero on and off)."""

_OVERHEAD = {
    ("VOLT", True): (1.8e-3, 2.3e-3),
    ("CURR", True): (2.15e-3, 2.65e-3),
    ("VOLT", False): (300e-6, 700e-6),
    ("CURR", False): (640e-6, 1.04e-3),
}
"""s; what the firmware takes for one and for two quantities, by source and autozero; the last two are assumed."""

_AUTOMATIC_DELAY = (3e-3, 2e-3, 1e-3, 1e-3, 1e-3, 1e-3, 1e-3)
"""s by current range: 1 ms to 3 ms by the manual, shared out as in the 2450's (unsure); 2 ms for a source of 1 A."""

RELAY = 15e-3
"""s; the output relay settles."""

RANGE_CHANGE = 10e-3
"""s; another measuring range (assumed)."""


def phases(quantities: int, autozero: bool) -> int:
    """Return how many conversions a reading takes: one for each quantity, and two more for the reference."""
    return quantities + (2 if autozero else 0)


def overhead(source: str, quantities: int, autozero: bool) -> float:
    """Return what the firmware takes for a reading, in s."""
    return _OVERHEAD[source, autozero][quantities - 1]


def automatic_delay(source: str, current_range: int) -> float:
    """Return the automatic source delay in s.

    Args:
        source: `VOLT` or `CURR`.
        current_range: Index of the current range, of the source or of the measurement.
    """
    delay = _AUTOMATIC_DELAY[current_range]
    return 2e-3 if source == "CURR" and current_range == len(_AUTOMATIC_DELAY) - 1 else delay
