"""Turning the sample, and leaving it as it was found: the next run relies on the field being where its record says."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from labctl import facing
from labctl.facing import BELOW, SPEED
from labctl.journal import ANGLE
from labctl.waiting import settle_angle, settle_field

if TYPE_CHECKING:
    from labctl.procedure import Procedure


def turn_from_below(procedure: Procedure, angle: float) -> None:
    """Turn the sample to an angle in deg from below, by which the gear's play lies on one side."""
    settle_angle(procedure, max(angle - BELOW, procedure.cryostat.LOWEST_POSITION), SPEED)
    settle_angle(procedure, angle, SPEED)


def plane_angle(procedure: Procedure, given: float | None) -> float | None:
    """Return the rotator's angle in deg at which the field is in the film plane; None where the sample does not turn.

    Args:
        procedure: Whose sample.
        given: The angle in rad if somebody gave it; else it is what `align` found in this mounting, or the record's.
    """
    mounting = procedure.sample.mounting
    nominal = facing.angle_in_plane(mounting)
    if nominal is None or given is not None:
        return None if nominal is None else math.degrees(given or 0.0)
    entry = procedure.latest(ANGLE) if facing.tips(mounting) else None
    found = None if entry is None else entry.number("in_plane_angle")
    return nominal if found is None else found


def found_at(procedure: Procedure) -> float | None:
    """Return the angle in deg to which a run turns the sample back at its end; None where nothing turns it.

    That is where it stands now; in a run that is carried on, which may have been cut anywhere, it is 0 deg.
    """
    position = procedure.cryostat.reading().position
    return position if position is None or procedure.run.attempt == 1 else 0.0


def leave_at(procedure: Procedure, angle: float | None) -> None:
    """Leave the lab at zero field, with the sample turned to an angle in deg."""
    settle_field(procedure, 0.0)
    if angle is not None:
        turn_from_below(procedure, angle)
