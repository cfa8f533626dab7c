"""What a rehearsal found, in words and small tables."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from datetime import datetime
from html import escape
from typing import Any

from labctl.gui import words
from labctl.gui.theme import Theme

OWN = "on a simulated station of its own, as its sample is not the one that is mounted: at 300 K without field"
UNKNOWN = "how the station stands is not known: the rehearsal begins at 300 K without field"
_PREFIXES = ((1e9, "G"), (1e6, "M"), (1e3, "k"), (1.0, ""), (1e-3, "m"), (1e-6, "µ"), (1e-9, "n"), (1e-12, "p"))
_NO_PREFIX = {"K", "deg", "%", "", "1", "K/s"}
_QUANTITIES = {
    "field": "Field", "temperature": "Sample's temperature", "current": "Current", "power": "Power in the sample",
    "pulse_energy": "Energy of a pulse",
}  # fmt: skip
MOST_RESULTS = 14


def of_run(run: Mapping[str, Any]) -> tuple[dict[str, float] | None, str]:
    """Return where a run that is on last read the station, and what is to be known of that."""
    stands = run.get("stands")
    if not isinstance(stands, dict):
        return None, "a run is on, which has not read the station yet: the rehearsal begins at 300 K without field"
    found = {name: float(stands.get(name) or 0.0) for name in ("temperature_K", "field_T", "angle_deg")}
    return found, "a run is on: the rehearsal begins where it last read the station, not where it will end"


def of_instruments(said: Mapping[str, Any]) -> tuple[dict[str, float] | None, str]:
    """Return how a station stands by what `GET /instruments` says of its cryostat."""
    cryostat = (said.get("instruments") or {}).get("cryostat") or {}
    kelvin = (cryostat.get("temperature") or {}).get("K")
    tesla = (cryostat.get("field") or {}).get("T")
    if kelvin is None or tesla is None:
        return None, UNKNOWN
    degrees = (cryostat.get("angle") or {}).get("deg")
    return {"temperature_K": float(kelvin), "field_T": float(tesla), "angle_deg": float(degrees or 0.0)}, ""


def quantity(value: float | None, unit: str, digits: int = 4) -> str:
    """Return a number with its unit and the prefix that suits it."""
    if value is None:
        return words.NOTHING
    size = abs(value)
    if unit in _NO_PREFIX or not size or not unit.isalpha():
        return f"{value:.{digits}g} {unit}".rstrip()
    factor, prefix = next(((f, p) for f, p in _PREFIXES if size >= f * 0.9995), _PREFIXES[-1])
    return f"{value / factor:.{digits}g} {prefix}{unit}"


def measured(value: float, uncertainty: float | None, unit: str) -> str:
    """Return a value with its uncertainty, which has two digits: 75.4 ± 5.4 mΩ."""
    if not uncertainty or not math.isfinite(uncertainty):
        return quantity(value, unit)
    factor, prefix = 1.0, ""
    if unit.isalpha() and unit not in _NO_PREFIX:
        size = max(abs(value), uncertainty)
        factor, prefix = next(((f, p) for f, p in _PREFIXES if size >= f * 0.9995), _PREFIXES[-1])
    scaled = uncertainty / factor
    decimals = max(0, 1 - math.floor(math.log10(scaled)))
    return f"{value / factor:.{decimals}f} ± {scaled:.{decimals}f} {prefix}{unit}".rstrip()


def headline(found: Mapping[str, Any], speed: float | None) -> str:
    """Return how long it takes, when it ends if it begins now, and how many points it gives."""
    if found["duration_s"] is None:
        return "It would be refused before it begins."
    runs = f"{found['count']} runs, " if found["count"] > 1 else ""
    seconds = float(found["duration_s"])
    until = f", until {words.in_a_while(seconds, datetime.now().astimezone(), speed)}" if speed else ""
    how = "" if found["status"] == "finished" else f", which ended as {found['status']}"
    return f"Rehearsed: {runs}{words.waiting(seconds, speed)}{until}, {found['points']} points{how}"


def complaints(found: Mapping[str, Any]) -> list[str]:
    """Return the violations, or what ended a rehearsal that came to no good end without one."""
    said = [str(each) for each in found["violations"]]
    return said or ([str(found["error"])] if found["error"] else [])


def parts(found: Mapping[str, Any], speed: float | None) -> str:
    """Return what the time goes to, that of the lab, and from where it begins."""
    said = found["parts"]
    named = (("ramps", "ramps_s"), ("settling", "settling_s"), ("measuring", "measuring_s"))
    times = " · ".join(f"{name} {words.duration(said[key])}" for name, key in named if key in said)
    times = f"of the lab's time: {times}" if times and speed != 1.0 else times
    begins = found["begins"]
    if not begins:
        return times
    where = f"{words.temperature(begins['temperature_K'])}, {words.field(begins['field_T'])}"
    return f"{times}\nbegins at {where}"


def extremes_table(found: Mapping[str, Any], theme: Theme) -> str:
    """Return lowest, highest and limit of what the sample gets, as a table in HTML."""
    rows: list[tuple[str, ...]] = [
        (_QUANTITIES.get(str(name), str(name)), quantity(each["min"], each["unit"]),
         quantity(each["max"], each["unit"]), _limit(each))
        for name, each in found["extremes"].items() if each["max"] is not None
    ]  # fmt: skip
    return _table(("", "lowest", "highest", "limit"), rows, theme)


def _limit(each: Mapping[str, Any]) -> str:
    limit = each["limit"]
    if isinstance(limit, list):
        low, high = limit  # pyright: ignore[reportUnknownVariableType] - read from JSON
        return f"{quantity(low, '')} to {quantity(high, each['unit'])}"  # pyright: ignore[reportUnknownArgumentType]
    return "none" if limit is None else quantity(limit, each["unit"])


def results_table(found: Mapping[str, Any], theme: Theme) -> str:
    """Return what the analysis finds in the expected rows, as a table in HTML."""
    rows = list(_results(found["results"]))
    more = [("…", f"{len(rows) - MOST_RESULTS} more")] if len(rows) > MOST_RESULTS else []
    return _table(("Expected result", ""), rows[:MOST_RESULTS] + more, theme)


def _results(results: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, each in results.items():
        known: Mapping[str, Any] = each if isinstance(each, dict) else {"value": each}
        value, unit = known.get("value"), str(known.get("unit") or "").replace("ohm", "Ω")
        title = name.replace("_", " ")
        if isinstance(value, bool):
            yield title, "yes" if value else "no"
        elif isinstance(value, float | int):
            yield title, measured(float(value), known.get("uncertainty"), "" if unit == "1" else unit)


def _table(titles: tuple[str, ...], rows: list[tuple[str, ...]], theme: Theme) -> str:
    if not rows:
        return ""
    head = "".join(f"<td style='color:{theme.quiet}'>{escape(title)}&nbsp;&nbsp;</td>" for title in titles)
    body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}&nbsp;&nbsp;</td>' for cell in row)}</tr>" for row in rows)
    return f"<table cellspacing=0 cellpadding=1><tr>{head}</tr>{body}</table>"
