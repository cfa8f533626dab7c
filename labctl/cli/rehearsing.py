"""`labctl rehearse`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import typer

from labctl.cli import output, running

if TYPE_CHECKING:
    from labctl.rehearsed import Rehearsal

_WORDS = {"pulse_energy": "energy of a pulse", "power": "power in the sample", "temperature": "sample's temperature"}


def rehearse(options: running.Options) -> None:
    """Rehearse a run or a series, print what came of it, and exit with 4 if it would be refused."""
    from instruments.errors import Refused
    from labctl.abort import AbortSwitch
    from labctl.rehearsal import rehearse_all
    from labctl.rehearsed import whole

    made = running.prepared(options)
    with AbortSwitch() as switch:
        rehearsals = rehearse_all(made.requests(), switch)
    said = whole(rehearsals) if made.axes else rehearsals[0].to_json()
    if options.json:
        output.print_json(said)
    else:
        _report(said, rehearsals, made.axes)
    for violation in said["violations"]:
        output.complain(f"violation: {violation}")
    if said["error"] is not None and not said["violations"]:
        output.complain(f"error: {said['error']}")
    raise typer.Exit(Refused.exit_code if said["violations"] else max(each.exit_code for each in rehearsals))


def _report(said: Mapping[str, Any], rehearsals: Sequence[Rehearsal], axes: Sequence[Any]) -> None:
    begins = said["begins"]
    if begins:
        kelvin, tesla, degrees = (begins[name] for name in ("temperature_K", "field_T", "angle_deg"))
        output.line(f"begins at {kelvin:.2f} K, {tesla:.4f} T, {degrees:.1f} deg")
    if said["duration_s"] is not None:
        _report_times(said, len(rehearsals) if axes else 0)
    _report_extremes(said["extremes"])
    if not axes and said["results"]:
        output.line()
        output.results_table(said["results"])
    for remark in said["remarks"]:
        output.line(f"note: {remark}")


def _report_times(said: Mapping[str, Any], runs: int) -> None:
    from labctl.rehearsed import PARTS

    words = ("ramps", "settling", "measuring")
    parts = ", ".join(
        f"{word} {output.duration_text(said['parts'][name])}" for word, name in zip(words, PARTS, strict=True)
    )
    of = f" in {runs} runs" if runs else ""
    output.line(f"takes {output.duration_text(said['duration_s'])} ({parts}), {said['points']} points{of}")


def _report_extremes(extremes: Mapping[str, Any]) -> None:
    rows = [
        (_WORDS.get(name, name), _shown(each["min"], each["unit"]), _shown(each["max"], each["unit"]), _limit(each))
        for name, each in extremes.items()
        if each["max"] is not None
    ]
    output.table(rows, ("at the sample", "lowest", "highest", "limit"))


def _shown(value: float, unit: str) -> str:
    from instruments.units import format_quantity

    return format_quantity(value, unit, digits=4)


def _limit(each: Mapping[str, Any]) -> str:
    limit = each["limit"]
    if limit is None:
        return "none"
    if isinstance(limit, list):
        return " to ".join(_shown(bound, each["unit"]) for bound in limit)  # pyright: ignore[reportUnknownVariableType] - read from JSON
    return _shown(limit, each["unit"])
