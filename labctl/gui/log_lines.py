"""What happened, as lines that people read: from a run's events, and from what the window itself has to say."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from labctl.gui import words
from labctl.window_words import in_window

INFO, WARNING, ERROR = "info", "warning", "error"
LEVELS = (INFO, WARNING, ERROR)
ENDS = {"aborted": WARNING, "failed": ERROR, "refused": ERROR, "fault": ERROR}
"""State in which a run ends -> its level."""
VIRTUAL = 2000
"""Year in which the clock of a simulated lab begins: its time of day means nothing."""
LEVEL = {
    "warning": WARNING, "fault": ERROR, "refused": ERROR, "died": ERROR, "interlock": WARNING, "doubtful": WARNING,
    "retry": WARNING, "retaken": WARNING, "torn": WARNING, "abandoned": WARNING, "pause": WARNING,
}  # fmt: skip
"""Event -> its level; `info` of others."""
SILENT = frozenset({"remaining"})
"""Events that say nothing to people."""
PULSES = "pulses"
"""What the sample's journal keeps of each pulse: hundreds of lines that say nothing."""
LONGEST = 600
"""Letters of a line; events.jsonl has the rest."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line.

    Attributes:
        level: `info`, `warning`, `error`.
        said: A sentence.
        time_s: Lab time in s, None of what is no event.
        clock: Time of day; "" where nobody knows.
        of_run: Whether it is from the run's events.
    """

    level: str
    said: str
    time_s: float | None = None
    clock: str = ""
    of_run: bool = True

    @property
    def lab_time(self) -> str:
        """Lab time as +h:mm:ss, "" without."""
        if self.time_s is None:
            return ""
        whole = int(self.time_s)
        return f"+{whole // 3600}:{whole // 60 % 60:02d}:{whole % 60:02d}"


def line_of(raw: bytes) -> Line | None:
    """Return an event's line; None for what is damaged or says nothing to people."""
    try:
        event: Any = json.loads(raw.decode("utf-8-sig"))
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError):
        return None
    if not isinstance(event, dict):
        return None
    said = cast("dict[str, Any]", event)
    level, sentence = explained(said)
    moment = said.get("time_s")
    time_s = float(moment) if isinstance(moment, int | float) else None
    return Line(level, in_window(sentence)[:LONGEST], time_s, _clock(said.get("utc"))) if sentence else None


def explained(event: Mapping[str, Any]) -> tuple[str, str]:
    """Return the level of an event, and what it says; "" for what says nothing to people."""
    kind = str(event.get("event", ""))
    if kind == "state":
        return _state(event)
    if kind == "log":
        return _log_level(_text(event, "level")), _text(event, "text")
    if kind in SILENT or (kind == "journal" and _text(event, "kind") == PULSES):
        return INFO, ""
    said = _SAID[kind](event) if kind in _SAID else _text(event, "text")
    return LEVEL.get(kind, INFO), said or f"{kind}: {_scalars(event)}".removesuffix(": ")


def _settled(event: Mapping[str, Any]) -> str:
    warm, took = (
        value if isinstance(value := event.get(key), int | float) else None for key in ("temperature", "took_s")
    )
    return f"settled at {words.temperature(warm)}, after {words.duration(took)}"


def _run(event: Mapping[str, Any]) -> str:
    values = event.get("values")
    varied = ", ".join(map(str, values.values())) if isinstance(values, dict) else ""
    return f"run {event.get('number')} of {event.get('of')}: {varied or _text(event, 'run')}"


def _safe(event: Mapping[str, Any]) -> str:
    held = event.get("field_T")
    return "safe state reached" + (f", field held at {words.field(held)}" if isinstance(held, int | float) else "")


_SAID: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "block": lambda event: f"complete: {_text(event, 'block')}, {event.get('rows', 0)} rows",
    "settled": _settled,
    "health": lambda event: f"contacts looked at ({_text(event, 'when')}): {_text(event, 'wires')}",
    "journal": lambda event: f"kept in the sample's journal: {_text(event, 'kind')}",
    "run": _run,
    "safe": _safe,
    "resumed": lambda event: f"carried on, attempt {event.get('attempt')}",
    "died": lambda event: f"the run's process {_text(event, 'how')}",
    "not kept awake": lambda event: f"the computer may fall asleep during the run: {_text(event, 'text')}",
    "refused": lambda event: _text(event, "first"),
}
"""Event -> how it is told; others are told by their text, or by their numbers and words."""


def _state(event: Mapping[str, Any]) -> tuple[str, str]:
    state, error = _text(event, "state"), event.get("error")
    if state == "running":
        return INFO, "the run begins"
    points = event.get("points")
    many = f", {points} points" if isinstance(points, int) else ""
    return ENDS.get(state, INFO), f"{state}{many}" + (f": {error}" if isinstance(error, str) else "")


def _log_level(level: str) -> str:
    return ERROR if level in {"error", "critical"} else WARNING if level == "warning" else INFO


def _scalars(event: Mapping[str, Any]) -> str:
    """Write the numbers and words of an event."""
    known = {key: value for key, value in event.items() if key not in {"event", "time_s", "utc"}}
    return ", ".join(
        f"{key.replace('_', ' ')} {_short(value)}"
        for key, value in known.items()
        if isinstance(value, str | int | float)
    )


def _short(value: str | float) -> str:
    return f"{value:.5g}" if isinstance(value, float) else str(value)


def _text(event: Mapping[str, Any], key: str) -> str:
    value = event.get(key)
    return value if isinstance(value, str) else ""


def _clock(utc: Any) -> str:
    try:
        moment = datetime.fromisoformat(utc)
    except (TypeError, ValueError):
        return ""
    return "" if moment.year == VIRTUAL else moment.astimezone().strftime("%H:%M:%S")
