"""What many cycles have done to the window between both saturated states, as results and as panels."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from labctl.analysis.endurance import LEAST, LOST, Endurance, Window
from labctl.analysis.result import Result, missing
from labctl.analysis.saturation import Plateaus, plateaus
from labctl.analysis.states import State
from labctl.frame import COLOURS, FAINT, INK, PALETTE, name_curves
from procedures.enduring import ENDURED_MINUS, ENDURED_PLUS
from procedures.levels import ENDURED

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from procedures.enduring import Enduring

MARGIN = 1.3
"""Factor by which the axis of the cycles goes on beyond them."""


def endurance_of(states: Sequence[State], reference: Plateaus) -> Endurance | None:
    """Return the windows of a run; None where it has none."""
    counted = dict.fromkeys(int(state.more[ENDURED]) for state in states if state.step == ENDURED_MINUS)
    windows = [_window([s for s in states if s.more[ENDURED] == count], count, reference) for count in counted]
    before = Window(0, reference.swing, reference.swing_uncertainty, math.nan)
    return Endurance(before, windows) if windows else None


def _window(states: Sequence[State], count: int, reference: Plateaus) -> Window:
    found = plateaus([s for s in states if s.step == ENDURED_MINUS], [s for s in states if s.step == ENDURED_PLUS])
    assert found is not None
    # of few states some agree by chance
    error = found.swing_uncertainty * max(1.0, reference.scatter / found.scatter if found.scatter else 1.0)
    read = [state.resistance for state in states if math.isfinite(state.resistance)]
    return Window(count, found.swing, error, read[-1] if read else math.nan)


def endurance_results(procedure: Enduring, states: Sequence[State], reference: Plateaus) -> dict[str, Result]:
    """Return the cycles, how the window has changed, from which count on some of it is lost, and the resistance."""
    if not procedure.endurance:
        return {}
    run = endurance_of(states, reference)
    if run is None:
        why = "no window was read after a burst"
        return {name: missing("1", why, "this run") for name in ("endurance_window_change", "endurance_first_loss")}
    last = run.windows[-1]
    of = f"{len(run.windows)} counts of cycles"
    change, error = run.change(last)
    found = {
        "endurance_cycles": Result(last.cycles, 0.0, "1", of, note="of a pulse of either sign; the last read window"),
        "endurance_window_change": Result(
            change, error, "1", of, note=f"of the window after {last.cycles} cycles, as part of that before all"
        ),
        "endurance_first_loss": _first_loss(run, of),
    }  # fmt: skip
    known = [window for window in run.windows if math.isfinite(window.resistance)]
    if len(known) > 1:
        grown = known[-1].resistance - known[0].resistance
        note = f"of the longitudinal resistance from {known[0].cycles} to {known[-1].cycles} cycles; single readings"
        found["endurance_resistance_change"] = Result(grown, None, "ohm", of, why="single readings", note=note)
    return found


def _first_loss(run: Endurance, of: str) -> Result:
    loss = run.loss()
    if loss is None:
        seen = max(LEAST, *(LOST * run.change(window)[1] for window in run.windows))
        why = f"no window is less by more than {100 * seen:.2g} % and stays so, up to {run.windows[-1].cycles} cycles"
        return missing("1", why, of)
    before, since = loss
    note = f"first window that is less beyond noise, as all later ones are; the one after {before} cycles was not"
    return Result(since, None, "1", of, why="counted", note=note)


def draw_endurance(panels: Sequence[Axes], run: Endurance) -> None:
    """Draw how the window has changed over the cycles, and beside it the longitudinal resistance."""
    cycles = [each.cycles for each in run.windows]
    for axes in panels:
        axes.set(xlabel="Cycles", xscale="log", xlim=(cycles[0] / MARGIN, cycles[-1] * MARGIN))
    window, beside = panels
    changes = [run.change(each) for each in run.windows]
    window.set_ylabel("Change of the window (%)")
    window.errorbar(
        cycles, [100.0 * change for change, _ in changes], [100.0 * error for _, error in changes], fmt="o-",
        color=COLOURS["up"], markersize=4, linewidth=0.8,
    )  # fmt: skip
    window.axhline(0.0, color=FAINT, linewidth=0.8, zorder=0)
    if (loss := run.loss()) is not None:
        window.axvline(loss[1], color=INK, linewidth=1.0, linestyle=(0, (4, 3)), label=f"first loss, {loss[1]} cycles")
        name_curves(window, loc="best")
    beside.set_ylabel("Resistance (Ω)")
    beside.plot(cycles, [each.resistance for each in run.windows], "o-", color=PALETTE[0], markersize=4, linewidth=0.8)
