"""What a plot is made of: the curves of the run that is shown, of what was expected and of others, and the heading."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from labctl.frame import shown
from labctl.gui.plot import curves
from labctl.gui.plot.markers import Marker, of_what
from labctl.gui.plot.open_run import OpenRun
from labctl.gui.plot.quantities import bare_name
from labctl.gui.plot.rundata import RunData
from labctl.gui.plot.selection import AS_MEASURED, AS_PROCESSED, Selection
from labctl.gui.plot.trace import Trace
from labctl.gui.plot.words_of_runs import differences, in_short, notes_text
from labctl.gui.run_names import varied_in
from labctl.gui.theme import Theme


def offered(run: OpenRun, selection: Selection) -> RunData | None:
    """Return the rows whose columns can be chosen: those of the run, or before its first one those of its rehearsal."""
    data = selection.data_of(run)
    empty = data is None or not data.columns
    return run.expected if empty and selection.mode == AS_MEASURED else data


def traces_of(
    run: OpenRun, overlays: Iterable[OpenRun], selection: Selection, chosen: curves.Chosen, theme: Theme,
    *, expected: bool,
) -> list[Trace]:  # fmt: skip
    """Return the curves.

    Args:
        run: The run that is shown.
        overlays: Runs that lie over it.
        selection: Which rows of them, and how they are told apart.
        chosen: Which columns.
        theme: Whose colours.
        expected: Whether the rehearsed curve is wanted.
    """
    traces: list[Trace] = []
    if selection.mode == AS_MEASURED and run.expected is not None and expected:
        traces += curves.of_rehearsal(run.expected, chosen, theme)
    data = selection.data_of(run)
    if data is not None:
        traces += curves.of_run(data, chosen, selection.groups, theme)
    used = sum(not trace.look.behind for trace in traces)
    free = [colour for colour in theme.curves if all(colour != trace.look.colour for trace in traces)]
    palette = free or theme.curves
    for number, other in enumerate(overlays):
        lying = selection.data_of(other)
        if lying is not None:
            differing = differences(other.facts, run.facts) if other.facts else []
            title = f"{other.number}: {in_short(differing)}" if other.facts else other.number
            colour = palette[(number if free else used + number) % len(palette)]
            found = curves.of_overlay(lying, chosen, title, colour, theme, apart=selection.groups is not None)
            found[:1] = [Trace(each.line, each.look, each.title, _tip(other, differing)) for each in found[:1]]
            traces += found
    return traces


def _tip(run: OpenRun, differing: list[str]) -> str:
    return "\n    ".join([f"{run.number} differs in:", *differing]) if differing else f"{run.number}: the same again"


def not_drawn(overlays: Iterable[OpenRun], selection: Selection, chosen: Sequence[curves.Chosen]) -> str:
    """Say which runs do not lie over the one that is shown though they should, and why; "" where all do.

    Args:
        overlays: Runs that should.
        selection: Which rows of them.
        chosen: Which columns, in each plot.
    """
    said: list[str] = []
    for other in overlays:
        data = selection.data_of(other)
        if data is None or not data.rows:
            if selection.mode == AS_PROCESSED and other.why_not_processed:
                said.append(f"{other.number} (not processed)")
            elif other.is_read and not other.is_asking:
                said.append(f"{other.number} (no points)")
        elif not any(each.drawn(data) for each in chosen):
            wanted = (name for each in chosen for name in (each.x, *each.ys) if name)
            lacking = [bare_name(name) for name in wanted if name not in data.numeric()]
            said += [f"{other.number} (no column {lacking[0]})"] if lacking else []
    return f"not drawn over it: {', '.join(said)}" if said else ""


def heading(run: OpenRun | None, selection: Selection, markers: Iterable[Marker], waits: str) -> str:
    """Return what stands above the plot: which run it is, and what should be known of what is drawn.

    Args:
        run: The run that is shown, None without any.
        selection: Which rows of it.
        markers: Places that are marked.
        waits: What is said of a run without points, "" where it has some.
    """
    if run is None:
        return "No run is shown: start one, or choose one in History"
    facts = run.facts
    said = [run.number, *(str(facts.get(key, "")) for key in ("procedure", "sample"))]
    parameters = facts.get("parameters", {})
    said += [shown(str(parameters[name])) for name in varied_in(run.folder, parameters)]
    said += ["SIMULATED"] if facts.get("simulated") else []
    if selection.mode == AS_PROCESSED:
        said.append(f"processed: {notes_text(run.notes)}")
    data = selection.data_of(run)
    said += ["" if data is None else data.problem, of_what(markers), waits]
    return " · ".join(word for word in said if word)
