"""The journal of a sample for a window, and what people write into it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from instruments.errors import LabError, UsageError
from instruments.units import format_quantity
from labctl.analysis.health import STOP, WARN
from labctl.desk.sample_drawing import signs
from labctl.journal import (
    ANGLE,
    BY_HAND,
    COERCIVE_FIELD,
    CONTACTS,
    HEALTH,
    MOUNTING,
    SAFE_PULSE,
    Entry,
    Journal,
    latest_device,
    of_device,
    since_mounting,
)
from labctl.journal_words import cell, health, lines, pulses_text, safe_pulse
from labctl.sample_summary import file_of, history, name_in

MOST_LINES = 400
"""Lines of a journal that are handed on, the newest; a window shows no more, and the file has them all."""
SAME_TEMPERATURE = 1.0
"""K within which resistances are compared as they are."""


def sample_journal(name: str, *, runs: str, simulated: bool, everything: bool = False) -> dict[str, Any]:
    """Return what a sample's journal says.

    Args:
        name: Name or file of the record.
        runs: Folder that holds the runs.
        simulated: Whether it is that of the simulated sample.
        everything: Whether what is older than the last mounting is wanted, too.

    Returns:
        {"file", "error": sentence or "", "warnings": [sentence, ...],
        "entries": [{"utc", "kind", "text", "whole": all of its values, "user", "run": folder or "", "bad": bool}, ...]
        the newest first, "older": number of lines before these,
        "summary": [{"name", "when": UTC or "", "text", "tone": "", "good", "warn" or "bad"}, ...],
        "contacts": see `_contacts`,
        "health": {"points": [{"utc", "change": part of one, "resistance": text}, ...], "of": what they are, "warn",
        "stop": parts of one at which a run warns and stops}}

    Raises:
        UnknownName: There is no such record.
    """
    journal = Journal(Path(runs), name_in(file_of(name)), simulated=simulated)
    try:
        found, warnings = journal.read()
    except LabError as error:
        return {**_told(journal, [], everything=everything), "error": str(error)}
    return {**_told(journal, found, everything=everything), "warnings": warnings}


def sample_log(
    name: str, *, runs: str, simulated: bool, kind: str, text: str, user: str, everything: bool = False
) -> dict[str, Any]:
    """Write an entry by hand: that the sample was mounted, that something broke, or a remark.

    Args:
        name: Name or file of the record.
        runs: Folder that holds the runs.
        simulated: Whether it is about the simulated sample.
        kind: One of `labctl.journal.BY_HAND`.
        text: What happened.
        user: Who writes.
        everything: See `sample_journal`.

    Returns:
        What `sample_journal` returns then.

    Raises:
        UnknownName: There is no such record.
        UsageError: A run writes entries of this kind, or the text is empty.
        WriteFailed: The file cannot be written.
    """
    if kind not in BY_HAND:
        raise UsageError(f"an entry {kind!r} is not written by hand; {', '.join(BY_HAND)} are")
    if not text.strip():
        raise UsageError("the text is empty; write what happened")
    Journal(Path(runs), name_in(file_of(name)), simulated=simulated).append(kind, {"text": text.strip()}, user=user)
    return sample_journal(name, runs=runs, simulated=simulated, everything=everything)


def _told(journal: Journal, entries: Sequence[Entry], *, everything: bool) -> dict[str, Any]:
    seed = latest_device(entries)
    mine = list(entries) if seed is None else of_device(entries, seed)
    here = since_mounting(entries, seed)
    runs = journal.path.parent.parent
    told = list(lines(mine if everything else here))
    shown = [_line(runs, alike, text) for alike, text in reversed(told[-MOST_LINES:])]
    return {
        "file": str(journal.path), "error": "", "warnings": [], "entries": shown,
        "older": len(list(lines(mine))) - len(shown), "summary": list(_summary(entries)),
        "contacts": _contacts(history(entries)[CONTACTS], runs), "health": _health(here),
    }  # fmt: skip


def _line(runs: Path, alike: Sequence[Entry], text: str) -> dict[str, Any]:
    last = alike[-1]
    short = health(last.values) if last.kind == HEALTH else _coercive(last) if last.kind == COERCIVE_FIELD else text
    bad = last.kind == "damage" or (last.kind == CONTACTS and not last.true("passed"))
    return {
        "utc": last.utc.isoformat(), "kind": last.kind, "text": signs(short), "whole": signs(text), "user": last.user,
        "run": str(runs / last.run) if last.run else "", "bad": bad,
    }  # fmt: skip


def _summary(entries: Sequence[Entry]) -> Iterator[dict[str, str]]:
    """Give what the journal comes to, in the order in which one asks."""
    found = history(entries)
    not_here = "not measured in this mounting"
    yield _row("Mounted", found[MOUNTING], cell, "not written down")
    yield _row("Coercive field", found[COERCIVE_FIELD], _coercive, not_here)
    yield _row("In-plane angle", found[ANGLE], cell, not_here)
    yield _row("Resistance", found[HEALTH], lambda entry: health(entry.values), "no check yet")
    yield _row("Largest safe pulse", found[SAFE_PULSE], lambda entry: safe_pulse(entry.values), "not looked for")
    yield {"name": "Pulses", "when": "", "text": signs(pulses_text(found["pulses"])), "tone": ""}
    for entry in found["damage"]:
        yield {**_row("Damage", entry, cell, ""), "tone": "bad"}


def _row(name: str, entry: Entry | None, text: Callable[[Entry], str], nothing: str) -> dict[str, str]:
    if entry is None:
        return {"name": name, "when": "", "text": nothing, "tone": ""}
    return {"name": name, "when": entry.utc.isoformat(), "text": signs(text(entry)), "tone": ""}


def _coercive(entry: Entry) -> str:
    """The two coercive fields, and the temperature; all else stands in the journal."""
    short = {name: entry.values[name] for name in ("coercive_field_up", "coercive_field_down") if name in entry.values}
    if not short:
        return cell(entry)
    at = entry.number("temperature")
    text = cell(replace(entry, values=short)).replace("coercive field ", "")
    return text if at is None else f"{text}, at {at:.4g} K"


def _contacts(entry: Entry | None, runs: Path) -> dict[str, Any] | None:
    """Return the last contact check since the mounting, None where there is none.

    Returns:
        {"passed": bool, "utc", "run": folder or "",
        "leads": [{"name", "verdict", "resistance": text, "bad": bool}, ...],
        "not_for": [{"name": experiment, "why": text}, ...]}
    """
    if entry is None:
        return None
    leads: Mapping[str, Mapping[str, Any]] = entry.values.get("leads") or {}
    uses: Mapping[str, str] = entry.values.get("good_for") or {}
    return {
        "passed": entry.true("passed"), "utc": entry.utc.isoformat(),
        "run": str(runs / entry.run) if entry.run else "",
        "leads": [
            {"name": name, "verdict": str(lead.get("verdict", "ok")), "resistance": _ohms(lead.get("resistance")),
             "bad": lead.get("verdict", "ok") != "ok"}
            for name, lead in leads.items()
        ],
        "not_for": [{"name": name, "why": why} for name, why in uses.items() if why != "pass"],
    }  # fmt: skip


def _ohms(quantity: Mapping[str, Any] | None) -> str:
    return "" if not quantity or quantity.get("value") is None else signs(format_quantity(quantity["value"], "ohm"))


def _health(here: Sequence[Entry]) -> dict[str, Any]:
    """Return by how much the resistance differs from the first check that was made as the newest was."""
    checks = [entry for entry in here if entry.kind == HEALTH and entry.number("resistance")]
    told = {"points": [], "of": "", "warn": WARN, "stop": STOP}
    if not checks:
        return told
    last, at = checks[-1], checks[-1].number("temperature")
    alike = [entry for entry in checks if _way(entry) == _way(last) and _near(entry.number("temperature"), at)]
    first = alike[0].number("resistance") or 1.0
    points = [
        {"utc": entry.utc.isoformat(), "change": (entry.number("resistance") or first) / first - 1.0,
         "resistance": signs(health(entry.values))}
        for entry in alike
    ]  # fmt: skip
    of = str(last.values.get("wires") or "resistance")
    return {**told, "points": points, "of": of if at is None else f"{of}, at {at:.4g} K"}


def _way(entry: Entry) -> tuple[Any, ...]:
    return str(entry.values.get("wires")), str(entry.values.get("between"))


def _near(one: float | None, other: float | None) -> bool:
    return one is other if None in (one, other) else abs((one or 0.0) - (other or 0.0)) <= SAME_TEMPERATURE
