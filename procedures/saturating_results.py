"""What experiments that begin from saturation by pulses have in common among their results and in their figures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from labctl.analysis.result import Result
from labctl.analysis.saturation import Plateaus
from labctl.analysis.states import State
from labctl.frame import INK, QUIET
from procedures.saturating import BEGIN, SATURATE, failures_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from procedures.saturating import Saturating


def saturation(procedure: Saturating, states: Sequence[State], plateaus: Plateaus) -> dict[str, Result]:
    """Return the swing between both saturated states, how often one was not made, and where a field's state lies."""
    note = "what positive pulses leave less what negative ones do; states are told as parts of it, from 0 to 1"
    of = f"mean of {plateaus.plus.count} pulses of either sign"
    sent = sum(state.step == SATURATE for state in states)
    found = {
        "saturated_swing": Result(
            plateaus.swing, plateaus.swing_uncertainty, "ohm", of, note=note, scatter=plateaus.scatter
        ),
        "saturation_failures": Result(
            failures_of(states), 0.0, "1", "this run",
            note=f"pulses for a saturated state that had to be repeated, of {sent}",
        ),
    }  # fmt: skip
    begun = [state for state in states if state.step == BEGIN]
    if begun and "sample" in vars(procedure) and procedure.by_field():
        part = plateaus.part(begun[0].hall)
        note = (
            "state that a field along the normal has made, on the same scale: beyond 0 and 1 where pulses do not do all"
        )
        found["field_state"] = Result(
            part, plateaus.part_uncertainty(part, plateaus.scatter), "1", "one state", note=note
        )
    return found


def conditions(procedure: Saturating, states: Sequence[State]) -> dict[str, Result]:
    """Return field, width of the pulses, and how many were clamped."""
    note = "as asked for; the uncertainty is the magnet's remanence"
    field, width = procedure.in_plane_field, procedure.pulse_width
    return {
        "in_plane_field": Result(field, procedure.field_remanence, "T", "magnet", note=note),
        "pulse_width": Result(width, None, "s", "all pulses", why="set; the source times it"),
        "clamped_pulses": Result(sum(state.clamped for state in states), 0.0, "1", "this run"),
    }


def scale_beside(axes: Axes, plateaus: Plateaus) -> None:
    """Draw the scale from 0 to 1 between both saturated states on the right side of a panel."""

    def part(hall: Any) -> Any:
        return plateaus.part(hall)

    def hall(part: Any) -> Any:
        return plateaus.minus.hall + part * plateaus.swing

    beside = axes.secondary_yaxis("right", functions=(part, hall))
    beside.set_ylabel("Part of the swing", color=INK, fontsize=11)
    beside.tick_params(colors=QUIET, labelcolor=INK, labelsize=10)
    beside.spines["right"].set_color(QUIET)
