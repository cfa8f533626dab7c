"""The figures that are seen across the room, from what the worker says: no widget, no clock of its own."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from labctl.gui import words
from labctl.gui.standing import what_is_asked

NEARLY = 60.0
"""Real s before its end from which a run's time left is marked."""
OF_INSTRUMENTS = ("temperature", "sample", "field", "angle", "source")


class Figure(NamedTuple):
    """A figure, what stands below it, and the theme's state colour that it has ("" for none)."""

    value: str = words.NOTHING
    note: str = ""
    tone: str = ""


class LastRead:
    """What temperature, field and angle were last, for the moments at a run's start in which nothing was read yet."""

    def __init__(self) -> None:
        self._last: dict[str, Figure] = {}

    def keep(self, shown: dict[str, Figure], *, on: bool) -> None:
        """Put the last figures, in grey, where a run that is on has read none; keep what is there.

        Args:
            shown: What is to be shown; it is changed.
            on: Whether a run is on.
        """
        for key in ("temperature", "field", "angle"):
            if shown[key].value != words.NOTHING:
                self._last[key] = shown[key]
            elif on and key in self._last:
                shown[key] = Figure(self._last[key].value, "before this run", "quiet")
            elif not on:
                self._last.pop(key, None)


def figures(
    run: Mapping[str, Any] | None, queue: Mapping[str, Any] | None, told: Mapping[str, Any] | None, *,
    speed: float | None, now: datetime, kept: Mapping[str, Any] | None = None,
) -> dict[str, Figure]:  # fmt: skip
    """Return the figures by their keys in `far_view.CELLS`.

    Args:
        run: What is known of the run that is on, None between runs.
        queue: The queue, None where no worker is there.
        told: The instruments as the worker knows them, None where it has not said.
        speed: Lab seconds per real second, None where the lab's clock jumps.
        now: With a time zone.
        kept: What the worker says of a field that a run left behind.
    """
    known = (told or {}).get("instruments") or {}
    shown = _figures(run, known) | {"left": _left(run, speed, now), "next": _next(run, queue)}
    if (run is None or run.get("state") == "begins") and (told or {}).get("from") == "run":
        asked = bool(((told or {}).get("watching") or {}).get("on"))
        note = "of the run before" if run is not None else "asking …" if asked else "not asked since the run"
        shown |= {key: _of_before(key, shown[key], note) for key in OF_INSTRUMENTS}
    if run is None and kept is not None and kept.get("state") == "held":
        until = kept.get("held_until")
        when = f" until {words.clock_time(datetime.fromisoformat(until), now)}" if until else ""
        shown["field"] = shown["field"]._replace(note=f"held{when}, then to zero", tone="warn")
        if shown["next"].value == "nothing":
            shown["next"] = shown["next"]._replace(note=f"field to zero{when.replace('until', 'at')}")
    return shown


def _of_before(key: str, figure: Figure, note: str) -> Figure:
    """Return what the run that is over said last: it has changed its sources since, to come to rest."""
    if figure.value == words.NOTHING:
        return figure
    return Figure("…" if key == "source" else figure.value, note, "quiet")


def _figures(run: Mapping[str, Any] | None, known: Mapping[str, Any]) -> dict[str, Figure]:
    cryostat = known.get("cryostat") or {}
    stands = (run or {}).get("stands") or {}
    return {
        "temperature": _temperature(cryostat, stands),
        "sample": _sample(cryostat),
        "field": _field(cryostat, stands),
        "angle": _angle(cryostat, stands),
        "source": _source(known),
    }


def _temperature(cryostat: Mapping[str, Any], stands: Mapping[str, Any]) -> Figure:
    known = cryostat.get("temperature")
    if not known:
        return Figure(words.temperature(stands.get("temperature_K")))
    aim = "" if known.get("set_K") is None or not known.get("moves") else f" → {words.temperature(known['set_K'])}"
    return Figure(words.temperature(known.get("K")), f"{known.get('state', '')}{aim}", _tone(known))


def _sample(cryostat: Mapping[str, Any]) -> Figure:
    known = cryostat.get("sample_temperature_K")
    return Figure() if known is None else Figure(words.temperature(known), "by its resistance")


def _field(cryostat: Mapping[str, Any], stands: Mapping[str, Any]) -> Figure:
    known = cryostat.get("field")
    if not known:
        return Figure(words.field(stands.get("field_T")))
    value, aim = known.get("T"), known.get("set_T")
    arrow, note = "", str(known.get("state", ""))
    if known.get("moves"):
        if value is not None and aim is not None:
            arrow, note = (" ↗" if aim > value else " ↘"), f"→ {words.field(aim)}"
        else:
            arrow, note = " ↔", "moves"
    return Figure(words.field(value) + arrow, note, _tone(known))


def _angle(cryostat: Mapping[str, Any], stands: Mapping[str, Any]) -> Figure:
    known = cryostat.get("angle")
    if not known:
        return Figure(words.angle(stands.get("angle_deg")))
    return Figure(words.angle(known.get("deg")), "turns" if known.get("moves") else "", _tone(known))


def _tone(known: Mapping[str, Any]) -> str:
    if known.get("failed"):
        return "bad"
    return "warn" if known.get("moves") else ""


def _source(known: Mapping[str, Any]) -> Figure:
    """Return what drives the sample: the first source that is on, else that all are off."""
    sources = {role: known[role] for role in ("source", "smu") if known.get(role)}
    if not sources:
        return Figure()
    on = {role: source for role, source in sources.items() if source.get("on")}
    if not on:
        unknown = [role for role, source in sources.items() if source.get("on") is None]
        return Figure("?", _unknown(sources[unknown[0]]), "warn") if unknown else Figure("OFF", "", "good")
    role, source = next(iter(on.items()))
    more = f"; {', '.join(other for other in on if other != role)} on, too" if len(on) > 1 else ""
    level, note = _level(source)
    if went := program(source):
        note = f"{went}, {note}"
    if source.get("in_compliance"):
        return Figure(f"{level} CLAMPED", f"in compliance, {note}{more}", "bad")
    return Figure(level, f"ON, {note}{more}", "warn")


def _unknown(source: Mapping[str, Any]) -> str:
    """Return why nobody knows whether a source is on."""
    if source.get("runs") or source.get("program"):
        return program(source) or "driven by a program"
    set_before = any(value is not None for value in (source.get("settings") or {}).values())
    return "driven by a program" if set_before else "nothing heard of it so far"


def program(source: Mapping[str, Any]) -> str:
    """Return what a source runs by itself, or ran last, in a few words: `pulses to 12 mA, 10 ms`; "" for nothing."""
    told = source.get("program") or {}
    peak, lasts = told.get("peak_A"), told.get("peak_s")
    if peak is None:
        return ""
    what = "pulses" if told.get("mode") in {"list", "wave", "pulse delta"} else str(told.get("mode"))
    return f"{what} to {words.quantity(peak, 'A')}" + (f", {words.quantity(lasts, 's')}" if lasts else "")


def _level(source: Mapping[str, Any]) -> tuple[str, str]:
    """Return what a source is set to, and its compliance."""
    settings = source.get("settings") or {}
    voltage = settings.get("function") == "voltage"
    level = settings.get("level_V" if voltage else "level_A")
    limit = settings.get("compliance_A" if voltage else "compliance_V")
    shown = "ON" if level is None else words.quantity(level, "V" if voltage else "A")
    if source.get("runs"):
        shown = f"plays {source['runs']}"
    held = "" if limit is None else f"compliance {words.quantity(limit, 'A' if voltage else 'V')}"
    return shown, held or "compliance unknown"


def _left(run: Mapping[str, Any] | None, speed: float | None, now: datetime) -> Figure:
    """Return how long a person waits, and until when; the lab's time beside it where that goes otherwise."""
    if run is None:
        return Figure()
    left = run.get("remaining_lab_time_s")
    if left is None:
        return Figure("?", "not known yet")
    shown, lab = words.duration(left / speed if speed else left), ""
    if speed != 1.0:
        lab = f"lab {words.duration(left)}" if speed else "of lab time"
    if run.get("state") in {"stands", "is held"}:
        return Figure(shown, ", ".join(said for said in ("stands still", lab) if said), "warn")
    whose = {"rehearsal": "as rehearsed", "progress": "as it went so far"}.get(str(run.get("remaining_from")), "")
    until = f"until {words.in_a_while(left, now, speed)}" if speed else ""
    # There is no room for the lab's time and for where it is known from.
    note = ", ".join(said for said in (until, lab or whose) if said)
    return Figure(shown, note, "good" if speed and left / speed < NEARLY else "")


def _next(run: Mapping[str, Any] | None, queue: Mapping[str, Any] | None) -> Figure:
    if queue is None:
        return Figure()
    on = None if run is None else run.get("item")
    waiting = [item for item in queue["items"] if item["state"] == "waiting" and item["id"] != on]
    if not waiting:
        return Figure("nothing", "safe state after this run" if run else "")
    more = f"and {len(waiting) - 1} more" if len(waiting) > 1 else ""
    if queue["paused"]:
        more = f"paused; {len(waiting)} {'waits' if len(waiting) == 1 else 'wait'}"
    return Figure(what_is_asked(waiting[0]["asked"]), more, "warn" if queue["paused"] else "")
