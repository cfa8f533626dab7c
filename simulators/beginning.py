"""How a simulated cryostat stands when its lab begins."""

from __future__ import annotations

from dataclasses import dataclass

ROOM_TEMPERATURE = 300.0


@dataclass(frozen=True, slots=True)
class Beginning:
    """Temperature, field and angle at a lab's first moment; all of it stands still.

    Attributes:
        temperature: K, of block and sample.
        field: Reported field mu0 H in T. The magnet has come to it straight from zero, as far as its trapped flux goes.
        angle: Of the rotator in deg, come to from below.
        persistent: Whether the magnet's persistent switch is closed.
    """

    temperature: float = ROOM_TEMPERATURE
    field: float = 0.0
    angle: float = 0.0
    persistent: bool = False


FRESH = Beginning()
"""300 K, no field, the rotator at zero."""
