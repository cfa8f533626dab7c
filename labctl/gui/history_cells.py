"""What stands in a cell of the history."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from PyQt6.QtGui import QColor

from labctl.gui import words
from labctl.gui.history_filters import Row
from labctl.gui.run_names import run_name
from labctl.gui.theme import Theme

BEFORE = {
    "number": "Run", "begun": "Begun", "procedure": "Procedure", "sample": "Sample", "keys": "Parameters",
    "status": "State", "found": "Found",
}  # fmt: skip
AFTER = {"points": "Points", "lab_time_s": "Lab time", "user": "User", "tags": "Tags", "simulated": "Sim"}
"""Columns before and behind those of single results, and what stands above them."""
TONES = {
    "finished": "good", "running": "warn", "aborted": "warn", "not finished": "warn", "killed": "bad", "failed": "bad",
    "refused": "bad", "fault": "bad", "damaged": "bad", "unknown": "quiet",
}  # fmt: skip
"""State -> its colour."""
SIGNS = {"finished": "✓", "running": "▶", "aborted": "■", "not finished": "…", "unknown": "?"}
ENSEMBLE, OF_ENSEMBLE = "_ensemble", " (ensemble)"
"""How a result ends that is of all loops that the film would show, and how its name does."""
SHORT = {
    "coercive_field": "Hc", "anomalous_hall_resistance": "R_AHE", "switching_current": "Isw",
    "switching_ratio": "ratio", "resistance_parallel": "R_P", "resistance_antiparallel": "R_AP",
}  # fmt: skip
"""Beginning of a result's name -> what stands for it in a cell."""


def text_of(row: Row, key: str, *, in_series: bool = False) -> str:
    """Return what stands in a cell.

    Args:
        row: The run.
        key: The column; the name of a result, or one of `BEFORE` and `AFTER`.
        in_series: Whether the run is one of a series, whose date is known.
    """
    if key == "begun" and in_series:
        return str(row["begun"])[11:]
    if key in _TEXTS:
        return _TEXTS[key](row)
    if key in BEFORE or key in AFTER:
        return str(row.get(key, ""))
    told = row["results"].get(key)
    return "" if told is None else str(told[1])


def tip_of(row: Row, key: str) -> str:
    """Return what a cell says when it is looked at for longer."""
    if key == "status" and row["wrong"]:
        return "\n".join(row["wrong"])
    if key == "number":
        return f"{row['run']}\nTick: drawn in the plot beside the run that is open"
    if key == "found" and "planned" not in row:
        found = (f"{name.replace('_', ' ')}: {text}" for name, text in _main(row))
        return "\n".join([*_verdict(row), *found, *_of_ensemble(row)])
    if key == "simulated":
        return "Measured in a simulated lab" if row[key] else "Measured on hardware"
    return text_of(row, key)


def colour_of(row: Row, key: str, theme: Theme) -> QColor | None:
    """Return the colour of a cell's text, None for the usual one."""
    if key == "status":
        return QColor(getattr(theme, TONES.get(row["status"], "bad")))
    if key == "simulated":
        return QColor(theme.simulator)
    if key == "found" and row.get("verdict") and not row["verdict"][1]:
        return QColor(theme.bad)
    return QColor(theme.quiet) if key in AFTER or key == "begun" else None


def _number(row: Row) -> str:
    return run_name(str(row["run"]))


def _status(row: Row) -> str:
    state = str(row["status"])
    return f"{SIGNS.get(state, '✗')} {state}" + (" !" if row["wrong"] else "")


def _found(row: Row) -> str:
    if "planned" in row:
        there, planned = len(row["runs"]), row["planned"]
        return f"series of {planned} runs" if there == planned else f"series, {there} of {planned} runs"
    found = [(shortened(name), text) for name, text in _main(row)]
    of_all = ", ".join(f"{name.removesuffix(OF_ENSEMBLE)} {text}" for name, text in found if name.endswith(OF_ENSEMBLE))
    rest = ", ".join(f"{name} {text}" for name, text in found if not name.endswith(OF_ENSEMBLE))
    return "; ".join(part for part in (*_verdict(row), f"ensemble: {of_all}" if of_all else "", rest) if part)


def _verdict(row: Row) -> list[str]:
    return [str(row["verdict"][0])] if row.get("verdict") else []


def _of_ensemble(row: Row) -> list[str]:
    """Say of what the uncertainty is, where the plot marks another one."""
    if not any(name.endswith(ENSEMBLE) for name, _ in _main(row)):
        return []
    return ["ensemble: of all loops that the film would show; in the plot, ± is that of this loop alone"]


def _main(row: Row) -> list[tuple[str, str]]:
    found: Mapping[str, Sequence[Any]] = row["results"]
    return [(name, str(found[name][1])) for name in row["main"] if name in found]


_TEXTS: Mapping[str, Callable[[Row], str]] = {
    "number": _number,
    "status": _status,
    "found": _found,
    "lab_time_s": lambda row: words.duration(row["lab_time_s"]),
    "tags": lambda row: ", ".join(row["tags"]),
    "simulated": lambda row: "SIM" if row["simulated"] else "",
}


def shortened(name: str) -> str:
    """Return a result's name as it fits into a cell: `Hc up (ensemble)` for `coercive_field_up_ensemble`."""
    of = OF_ENSEMBLE if name.endswith(ENSEMBLE) else ""
    name = name.removesuffix(ENSEMBLE)
    long = next((long for long in SHORT if name.startswith(long)), "")
    rest = name.removeprefix(long).replace("_", " ").strip()
    return f"{SHORT.get(long, '')} {rest}".strip() + of
