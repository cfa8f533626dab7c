"""What the panel of instruments says of each: name, value and tone of every line, without any widget."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from labctl.gui import words
from labctl.gui.far_figures import program

ORDER = ("cryostat", "source", "voltmeter", "smu", "lockin")
TITLES = {
    "cryostat": "Cryostat", "source": "Current source", "voltmeter": "Nanovoltmeter", "smu": "SourceMeter",
    "lockin": "Lock-in amplifier",
}  # fmt: skip
RECENT = 5.0
"""s to which the age of a helium level is not told."""
UNITS = {"A", "V", "s", "deg", "dB"}
SHOWN = {"K": words.temperature, "T": words.field, "deg": words.angle}
WORDS = {True: "on", False: "off"}


class Line(NamedTuple):
    """One line: what it is, its value, and the theme's state colour that it has ("" for none)."""

    name: str
    value: str
    tone: str = ""


def order(instruments: Mapping[str, Any]) -> list[str]:
    """Return the roles in the order in which they are shown."""
    return sorted(instruments, key=lambda role: (ORDER.index(role) if role in ORDER else len(ORDER), role))


def lines(role: str, known: Mapping[str, Any]) -> list[Line]:
    """Return what is known of one instrument."""
    found = list(_cryostat(known) if role == "cryostat" else _settings(known))
    lost = int(known.get("repeated") or 0), int(known.get("unanswered") or 0)
    if any(lost):
        found.append(Line("asked again", f"{lost[0]} times, {lost[1]} unanswered", "warn"))
    return found


def _cryostat(known: Mapping[str, Any]) -> Iterator[Line]:
    if temperature := known.get("temperature"):
        yield Line("temperature", moving(temperature, "K"), _tone(temperature))
        if (rate := temperature.get("rate_K_per_s")) and temperature.get("moves"):
            yield Line("  rate", f"{float(rate) * 60:.3g} K/min")
    if known.get("sample_temperature_K") is not None:
        yield Line("sample", words.temperature(known["sample_temperature_K"]))
    if field := known.get("field"):
        yield Line("field", moving(field, "T"), _tone(field))
        if (rate := field.get("rate_T_per_s")) and field.get("moves"):
            yield Line("  rate", f"{float(rate) * 1e3:.3g} mT/s")
    if angle := known.get("angle"):
        yield Line("angle", moving(angle, "deg"), _tone(angle))
    if chamber := known.get("chamber"):
        yield Line("chamber", str(chamber.get("state", words.NOTHING)), "bad" if chamber.get("failed") else "")
    if (helium := known.get("helium_percent")) is not None:
        age = known.get("helium_age_s")  # it is read once a minute, and in a run only where an interlock wants it
        said = "" if age is None or age < RECENT else f", {words.ago(float(age))}"
        yield Line("helium", f"{float(helium):.0f} %{said}", "warn" if float(helium) < 20 else "")


def moving(known: Mapping[str, Any], unit: str) -> str:
    """Return a value of the cryostat, where it goes, and how it stands: `249.98 K → 250.00 K, chasing`.

    Args:
        known: As `/instruments` tells it.
        unit: `K`, `T` or `deg`, in which it does.
    """
    shown = SHOWN[unit]
    value, aim = shown(known.get(unit)), known.get(f"set_{unit}")
    going = f" → {shown(aim)}" if aim is not None and known.get("moves") else ""
    state = known.get("state")
    return f"{value}{going}" + (f", {state}" if state else "")


def _tone(known: Mapping[str, Any]) -> str:
    return "bad" if known.get("failed") else "warn" if known.get("moves") else ""


def _settings(known: Mapping[str, Any]) -> Iterator[Line]:
    if "on" in known:
        on = known["on"]
        yield Line(
            "output",
            WORDS[on].upper() if on is not None else "not known",
            "warn" if on else "good" if on is False else "",
        )
    if known.get("in_compliance"):
        yield Line("compliance", "CLAMPED", "bad")
    if known.get("runs"):
        yield Line("plays", str(known["runs"]), "warn")
    if went := program(known):
        yield Line("program" if known.get("runs") else "last program", went)
    settings: Mapping[str, Any] = known.get("settings") or {}
    for name, value in settings.items():
        if value is None or (name == "output" and "on" in known):
            continue
        title, _, unit = name.rpartition("_")
        if {f"{title}_A", f"{title}_V"} <= settings.keys():  # a SourceMeter has both
            title = f"{title} {'I' if unit == 'A' else 'V'}"
        if unit in UNITS and isinstance(value, int | float) and not isinstance(value, bool):
            yield Line(title.replace("_", " "), _quantity(float(value), unit))
        else:
            yield Line(name.replace("_", " "), WORDS[value] if isinstance(value, bool) else str(value))


def _quantity(value: float, unit: str) -> str:
    return f"{value:g} {unit}" if unit in {"deg", "dB"} else words.quantity(value, unit)
