"""What stands in a sample's journal, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, cast

from instruments.units import format_quantity
from labctl.analysis.result import quantity_text
from labctl.journal import CONTACTS, PULSES, Entry, Odometer, odometer

NO_BREAK = "\u00a0"
"""Stands between a number and its unit until lines are broken."""


def health(values: Mapping[str, Any]) -> str:
    """The last health check: the resistance, its temperature, and whether a run began or ended with it."""
    text = _word(values.get("resistance"))
    if values.get("temperature") is not None:
        text += f" at {_word(values['temperature'])}"
    return f"{text}, {values['when']} of a run" if values.get("when") else text


def safe_pulse(values: Mapping[str, Any]) -> str:
    """The largest pulse that is recommended, and its width."""
    text = f"up to {_word(values.get('pulse_max'))}"
    return text if values.get("pulse_width") is None else f"{text}, {_word(values['pulse_width'])} wide"


def pulses_text(pulses: Odometer) -> str:
    """What all pulses together were: `70 so far, up to 4.4e11 A/m^2, 12.3 mJ in all`."""
    return ", ".join([f"{pulses.count} so far", *_sizes(pulses)]) if pulses.count else "none so far"


def _sizes(pulses: Odometer) -> list[str]:
    parts: list[str] = []
    if pulses.largest_current_density is not None:
        parts.append(f"up to {format_quantity(pulses.largest_current_density, 'A/m^2')}")
    if pulses.energy:
        parts.append(f"{format_quantity(pulses.energy, 'J')} in all")
    return parts


def lines(shown: Sequence[Entry]) -> Iterator[tuple[list[Entry], str]]:
    """Yield entries of a journal that share a line, in their order, with its text: pulses of one run are one line."""
    for _, together in groupby(enumerate(shown), _line_of):
        alike = [entry for _, entry in together]
        yield alike, cell(alike[0]) if len(alike) == 1 else _pulses_together(alike)


def _line_of(placed: tuple[int, Entry]) -> tuple[Any, ...]:
    """What entries have in common that share a line: pulses their run and user, others nothing."""
    place, entry = placed
    return (entry.run, entry.user) if entry.kind == PULSES and entry.run else (place,)


def _pulses_together(alike: Sequence[Entry]) -> str:
    """`70 pulses of 1 ms, up to 4.4e11 A/m^2, 12.3 mJ in all`."""
    pulses = odometer(alike)
    widths = {_word(entry.values["width"]) for entry in alike if "width" in entry.values}
    wide = f" of {widths.pop()}" if len(widths) == 1 else ""
    return ", ".join([f"{pulses.count} pulses{wide}", *_sizes(pulses)])


def entry_text(entry: Entry) -> str:
    """Return the values of an entry in words."""
    return cell(entry).replace(NO_BREAK, " ")


def _contacts(values: Mapping[str, Any]) -> str:
    """What a contact check comes to; the journal itself has every pair."""
    leads = cast("Mapping[str, Mapping[str, Any]]", values.get("leads") or {})
    bad = [f"{name} {lead['verdict']}" for name, lead in leads.items() if lead.get("verdict", "ok") != "ok"]
    parts = ["passed" if values.get("passed") else "failed", *bad]
    junction = cast("Mapping[str, Any]", values.get("junction") or {})
    if junction:
        verdict = junction.get("verdict", "ok")
        parts += [f"junction {verdict}"] * (verdict != "ok")
        values = {**values, "junction": junction.get("resistance")}
    named = ("sheet_resistance", "junction", "leak", "compliance", "largest_current")
    return ", ".join([*parts, *_words({name: values[name] for name in named if values.get(name) is not None})])


def cell(entry: Entry) -> str:
    """Return the values of an entry in words, with `NO_BREAK` in quantities."""
    if entry.kind == CONTACTS and "leads" in entry.values:
        return _contacts(entry.values)
    text = entry.values.get("text")
    others = {name: value for name, value in entry.values.items() if name != "text"}
    parts = [] if text is None else [str(text)]
    return ", ".join([*parts, *_words(others)])


def _words(values: Mapping[str, Any]) -> list[str]:
    return [f"{name.replace('_', ' ')} {_word(value)}" for name, value in values.items()]


def _word(value: Any) -> str:
    if isinstance(value, Mapping):
        table = cast("Mapping[str, Any]", value)
        return _quantity(table) if {"value", "unit"} <= table.keys() else f"({', '.join(_words(table))})"
    if isinstance(value, list):
        return ", ".join(_word(item) for item in cast("list[Any]", value))
    if value is None or isinstance(value, bool):
        return "-" if value is None else "yes" if value else "no"
    return str(value)


def _quantity(table: Mapping[str, Any]) -> str:
    value = table["value"]
    if value is None or isinstance(value, bool):
        return _word(value)
    return quantity_text(value, table.get("uncertainty"), table["unit"]).replace(" ", NO_BREAK)
