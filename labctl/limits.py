"""The limits of a station with a sample in it, who may go beyond them for one run, and whether a run will.

This is where a limit comes from, and whose it is: what is checked before a run and what the guard holds the
instruments to (see `labctl.protection`) are the same.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping, Sequence
from numbers import Real
from typing import Any

from instruments import units
from instruments.errors import BadValue, LimitExceeded, UnknownName
from instruments.guard.limits import LONGEST_WINDOW, UNITS, Bound, Limits, shown
from instruments.guard.slew import ROOM
from labctl import deliverable
from labctl.records import suggest
from labctl.sample import SampleRecord
from labctl.station import ROLES, Station

UNGUARDED, UNSEEN = "unguarded", "unseen"
"""Overrides that name an instrument: it is not guarded at all, or may do what the guard cannot see."""

UNCHECKED, UNCHECKED_CONTACTS = "unchecked", "unchecked.contacts"
"""The override `unchecked=contacts`: a current may flow though nobody has checked the sample's contacts."""

DRIFT = "drift"
"""The override `drift=10 %`: how much a sample's resistance may have changed for a run to begin, and to end well."""

CHECK_LOOP = "check_loop"
"""The override `check_loop=10 %`: how far a check loop may be off the stored one for a run to be carried on."""

OVERRIDES: Mapping[str, str] = {
    **{name: unit for name, unit in UNITS.items() if name != "pulse_current"},
    "read_current_density": "A/m^2",
    "pulse_current_density": "A/m^2",
    DRIFT: "%",
    CHECK_LOOP: "%",
}
"""Limits that can be replaced, with their units: those of the station and of the sample, and of the check of it."""

_PARTS: Mapping[str, str] = {
    DRIFT: "the change of the sample's resistance with which a run may begin and end",
    CHECK_LOOP: "the difference between check loop and stored loop with which a run may be carried on",
}
"""Overrides that are parts of a value, shown in %, with what each takes the place of."""

COMPLIANCE_ROOM = 10.0
"""By which the compliance of a source of voltage may exceed what the bias drives through a junction's high state."""

_BARE = re.compile(r"[-+]?[\d.]+(?:[eE][-+]?\d+)?")

_WORDS = {
    "current": "the probe current",
    "pulse_current": "the pulse current",
    "pulse_width": "the pulse width",
    "pulse_energy": "the energy of a pulse, as current times compliance,",
    "voltage": "the compliance",
    "bias": "the voltage",
    "field": "the field",
    "field_rate": "the field rate",
    "slowest_field_rate": "the field rate",
    "temperature": "the temperature",
    "lowest_temperature": "the temperature",
}
_LOWER = {"slowest_field_rate", "lowest_temperature"}


_OF_CRYOSTAT = frozenset({"field", "field_rate", "slowest_field_rate", "temperature", "lowest_temperature"})
"""Limits that a station file copies from what its cryostat can do."""


def parse_overrides(texts: Sequence[str]) -> dict[str, float]:
    """Read `--override` options such as `current=120 mA` or `unguarded=smu`.

    Returns:
        Values in SI units by the limit's name; `unguarded.smu` and the like are 1.

    Raises:
        BadValue: An option is no assignment, comes twice, or its value is none.
        UnknownName: There is no such limit, or no such role.
    """
    overrides: dict[str, float] = {}
    for text in texts:
        name, sign, value = (part.strip() for part in text.partition("="))
        if not sign or not name or not value:
            raise BadValue(f'--override {text!r} is no assignment; write e.g. --override current="120 mA"')
        if name == UNCHECKED:
            if value != "contacts":
                raise UnknownName(f"--override {name}={value}: only contacts can go unchecked; write {name}=contacts")
            name, number = UNCHECKED_CONTACTS, 1.0
        elif name in {UNGUARDED, UNSEEN}:
            name, number = f"{name}.{_role(name, value)}", 1.0
        elif name in OVERRIDES:
            if _BARE.fullmatch(value):
                raise BadValue(
                    f"--override {name}={value} has no unit, and a limit leaves no room for a guess; "
                    f'write e.g. --override {name}="{value} {OVERRIDES[name]}"'
                )
            number = units.parse(value, OVERRIDES[name], f"--override {name}")
            if number <= 0:
                raise BadValue(f"--override {name}={value} must be above 0: limits are magnitudes")
            if name == "average_window" and number > LONGEST_WINDOW:
                raise BadValue(f"--override {name}={value} must be at most {LONGEST_WINDOW:g} s: heat evens out sooner")
        else:
            raise UnknownName(_no_limit(name, value))
        if name in overrides:
            raise BadValue(f"--override {name} is given twice; give it once")
        overrides[name] = number
    return overrides


def _no_limit(name: str, value: str) -> str:
    """Say that no limit is called so; `contacts=unchecked` is only the wrong way round."""
    takes = {UNCHECKED: ("contacts",), UNGUARDED: ROLES, UNSEEN: ROLES}
    if name in takes.get(value, ()):
        return f"--override {name}={value} is the wrong way round; write --override {value}={name}"
    if name == "contacts":
        return (
            f"--override {name}={value} is none; a run without a contact check is permitted with "
            f"--override {UNCHECKED}={name}"
        )
    known = (*OVERRIDES, *takes)
    return f"no limit is called {name!r}; {suggest(name, known)}there are {', '.join(known)}"


def _role(name: str, value: str) -> str:
    if value not in ROLES:
        raise UnknownName(
            f"--override {name}={value} names no instrument; {suggest(value, ROLES)}roles are {', '.join(ROLES)}"
        )
    return value


def of(station: Station, sample: SampleRecord, overrides: Mapping[str, float] | None = None) -> Limits:
    """Return the limits that hold: of the station's and the sample's the tighter, of an override that alone.

    Args:
        station: The station.
        sample: The sample that is mounted.
        overrides: Limits for this run by name, in SI units; see `parse_overrides`.
    """
    given = overrides or {}
    bounds = {
        name: _overridden(name, given) or _tightest(name, candidates)
        for name, candidates in _candidates(station, sample, given).items()
    }
    steady, pulse = bounds["current"], bounds["pulse_current"]
    assert steady is not None
    bounds["compliance_current"] = _compliance_current(station, sample, steady)
    if pulse is None or pulse.value < steady.value:  # what may flow for any time may also flow for a short one
        bounds["pulse_current"] = steady
    return Limits(**bounds)  # pyright: ignore[reportArgumentType] - the required ones are always given, see _candidates


def _compliance_current(station: Station, sample: SampleRecord, steady: Bound) -> Bound | None:
    """Return the largest compliance of a source of voltage where it may be more than what a current may be set to.

    It may across a junction whose limit of the current only says which bias a plain resistor would have: the voltage
    that is set is held to the bias itself, and through a barrier more flows there than through a resistor.
    """
    derived = sample.is_junction and steady.value == sample.limits.current and bool(sample.why("current"))
    if not derived:
        return None
    most = min(COMPLIANCE_ROOM * steady.value, station.limits.current)
    return Bound("current", most, f"{steady.owner}, {COMPLIANCE_ROOM:g} times that for a source of voltage", "current")


def largest_voltage(station: Station, sample: SampleRecord) -> float:
    """Return the largest voltage in V that station and sample allow: that of `of`, for whoever asks often."""
    endured = sample.limits.voltage
    return station.limits.voltage if endured is None else min(endured, station.limits.voltage)


def _overridden(name: str, overrides: Mapping[str, float]) -> Bound | None:
    if name not in overrides:
        return None
    return Bound(name, overrides[name], f"the override of {name}", name)


def _tightest(name: str, candidates: Sequence[Bound | None]) -> Bound | None:
    found = [bound for bound in candidates if bound is not None]
    if not found:
        return None
    return (max if name in _LOWER else min)(found, key=lambda bound: bound.value)


def _candidates(
    station: Station, sample: SampleRecord, overrides: Mapping[str, float]
) -> dict[str, tuple[Bound | None, ...]]:
    """Return each limit as the sample and the station have it, in this order."""
    at_station, of_sample = f"station {station.name!r}", f"sample {sample.name!r}"
    eased = _with_densities(sample, overrides)

    def here(name: str, value: float | None) -> Bound | None:
        return None if value is None else Bound(name, value, at_station, name)

    def its(name: str, value: float | None) -> Bound | None:
        why = sample.why(name)
        return None if value is None else Bound(name, value, f"{of_sample} ({why})" if why else of_sample, name)

    def of_density(name: str, value: float, density: str, override: str) -> Bound:
        if density in overrides:
            return Bound(name, value, f"the override of {density}", density)
        return Bound(name, value, of_sample, override)

    density, pulsed = eased.limits.read_current_density, eased.pulse_current_limit()
    # A sample that says nothing about pulses endures in a pulse what it endures for any time.
    pulses = () if pulsed is None else (
        of_density("pulse_current", pulsed, "pulse_current_density", "pulse_current_density"),
        Bound("pulse_current", overrides.get("current", station.limits.current), at_station, "current"),
    )  # fmt: skip
    limits, endures = station.limits, sample.limits
    lowest, highest = limits.temperature
    return {
        "current": (
            None
            if density is None
            else of_density("current", eased.current_at(density), "read_current_density", "current"),
            its("current", endures.current),
            here("current", limits.current),
        ),
        "pulse_current": pulses,
        "voltage": (its("voltage", endures.voltage), here("voltage", limits.voltage)),
        "bias": (its("bias", endures.bias),),
        "power": (here("power", limits.power),),
        "pulse_width": (here("pulse_width", limits.pulse_width),),
        "pulse_energy": (its("pulse_energy", endures.pulse_energy), here("pulse_energy", limits.pulse_energy)),
        "average_power": (its("average_power", endures.average_power), here("average_power", limits.average_power)),
        "average_current": (
            its("average_current", endures.average_current),
            here("average_current", limits.average_current),
        ),
        "average_window": (here("average_window", limits.average_window),),
        "slew": (its("slew", endures.slew), here("slew", limits.slew)),
        "voltage_slew": (its("voltage_slew", endures.voltage_slew), here("voltage_slew", limits.voltage_slew)),
        "field": (here("field", limits.field),),
        "field_rate": (here("field_rate", limits.field_rate),),
        "slowest_field_rate": (here("slowest_field_rate", limits.slowest_field_rate),),
        "temperature": (its("temperature", endures.temperature), here("temperature", highest)),
        "lowest_temperature": (here("lowest_temperature", lowest),),
        "temperature_rate": (here("temperature_rate", limits.temperature_rate),),
    }


def _with_densities(sample: SampleRecord, overrides: Mapping[str, float]) -> SampleRecord:
    named = {"read_current_density", "pulse_current_density"}
    given = {name: value for name, value in overrides.items() if name in named}
    return sample.model_copy(update={"limits": sample.limits.model_copy(update=given)}) if given else sample


def relieved(station: Station, sample: SampleRecord, overrides: Mapping[str, float]) -> tuple[Station, SampleRecord]:
    """Return station and sample with the limits that the overrides put in the place of theirs, for a procedure."""
    if not overrides:
        return station, sample
    here = {name: value for name, value in overrides.items() if name in type(station.limits).model_fields}
    low, high = station.limits.temperature
    here["temperature"] = overrides.get("lowest_temperature", low), overrides.get("temperature", high)  # pyright: ignore[reportArgumentType] - a pair, unlike the others
    its = {name: value for name, value in overrides.items() if name in type(sample.limits).model_fields}
    if "current" in overrides:
        its.setdefault("read_current_density", overrides["current"] / sample.cross_section())
    return (
        station.model_copy(update={"limits": station.limits.model_copy(update=here)}),
        sample.model_copy(update={"limits": sample.limits.model_copy(update=its)}),
    )


def described(station: Station, sample: SampleRecord, overrides: Mapping[str, float]) -> dict[str, dict[str, Any]]:
    """Return the overrides as they are recorded with a run: value, text, and what each takes the place of."""
    replaced = _candidates(station, sample, {})
    return {
        name: {
            "value": value,
            "text": units.format_quantity(value, OVERRIDES[name], exact=True, shown="%" if name in _PARTS else "")
            if name in OVERRIDES
            else name.partition(".")[2],
            "in_place_of": _in_place_of(name, station, sample, replaced),
        }
        for name, value in overrides.items()
    }


def _in_place_of(
    name: str, station: Station, sample: SampleRecord, candidates: Mapping[str, tuple[Bound | None, ...]]
) -> list[str]:
    what, _, role = name.partition(".")
    if what == UNCHECKED:
        return [f"a passed contact check of sample {sample.name!r}"]
    if what == UNGUARDED:
        return [f"the guard of {role}"]
    if what in _PARTS:
        return [_PARTS[what]]
    if what == UNSEEN:
        return [f"the refusal of commands to {role} whose effect cannot be seen"]
    bounds = [bound for bound in candidates.get(name, ()) if bound is not None]
    if bounds:
        return [f"{shown(bound.value, UNITS[name])} of {bound.owner}" for bound in bounds]
    owners = ((f"station {station.name!r}", station.limits), (f"sample {sample.name!r}", sample.limits))
    held = [(owner, getattr(record, name, None)) for owner, record in owners]
    return [f"{shown(value, OVERRIDES[name])} of {owner}" for owner, value in held if value is not None]


def check(
    demands: Mapping[str, float],
    station: Station,
    sample: SampleRecord,
    overrides: Mapping[str, float] | None = None,
    roles: Collection[str] = ROLES,
    bare: Collection[float] = (),
) -> None:
    """Refuse what exceeds a limit, or what the instruments can deliver.

    Args:
        demands: What is asked for, by name: `current` in A, `voltage` (as compliance) and `bias` (as it is set) in V,
            `pulse_current` in A, `pulse_width` in s, `pulse_energy` in J, `field` in T, `field_rate` and
            `slowest_field_rate` in T/s, `temperature` and `lowest_temperature` in K.
        station: The station, with its limits.
        sample: The sample, with its limits.
        overrides: Limits for this run by name, in SI units.
        roles: Instruments of the station that are used.
        bare: Values in SI units of parameters that came without a unit, which may have been left out.

    Raises:
        LimitExceeded: The first that does; the sentence names value, limit and owner.
        BadValue: No limit goes by a name, or what is asked for is no number.
    """
    limits = of(station, sample, overrides)
    for name, value in demands.items():
        sides = _both_sides(name, limits)
        _finite(name, value)
        most = deliverable.largest(name, station, roles)
        for bound in sides:
            within = value >= bound.value if bound.name in _LOWER else value <= bound.value
            if not within:
                raise LimitExceeded(_refusal(name, value, bound, most, bare=value in bare))
        if most is not None and value > most.value:  # an override allows it, and nothing delivers it
            raise LimitExceeded(
                f"{_WORDS[name]} would be {shown(value, UNITS[name], most.value)}, and the {most.role} gives "
                f"{shown(most.value, UNITS[name])} at most; nothing was sent: choose no more than that"
            )


def _refusal(name: str, value: float, bound: Bound, most: deliverable.Largest | None, *, bare: bool) -> str:
    side, unit = "below" if bound.name in _LOWER else "above", UNITS[name]
    what = (
        f"{_WORDS[name]} would be {shown(value, unit, bound.value)}, {side} the limit of {bound.owner}, "
        f"{shown(bound.value, unit)}; nothing was sent: "
    )
    if most is not None and value > most.value:
        return what + deliverable.beyond(name, value, most, bound.value, bare=bare)
    if name in _OF_CRYOSTAT and bound.owner.startswith("station"):
        return (
            f"{what}choose a value within it; --override {bound.override}=... would lift this limit, which mostly is "
            "the cryostat's own, and not what the cryostat can do"
        )
    return f"{what}choose a value within it, or set another limit for this run with --override {bound.override}=..."


def check_overrides(overrides: Mapping[str, float], station: Station) -> None:
    """Refuse an override beyond what the station's instruments deliver: it would lift the limit for nothing.

    Raises:
        BadValue: The first that is; the sentence says what they deliver.
    """
    for name, value in overrides.items():
        most = deliverable.largest(name, station, ROLES)
        if most is not None and value > most.value:
            unit = UNITS[name]
            raise BadValue(
                f"--override {name}={shown(value, unit)} is beyond what the {most.role} gives, "
                f"{shown(most.value, unit)}; take no more than that, or was a prefix of the unit left out?"
            )


def check_reversal(
    current: float, station: Station, sample: SampleRecord, overrides: Mapping[str, float] | None = None
) -> None:
    """Refuse a probe current in A that cannot be reversed in one step at the slew; see `instruments.guard.slew`.

    Raises:
        LimitExceeded: It is too large for that.
    """
    bound = of(station, sample, overrides).slew
    if bound is None or 2.0 * current <= bound.value * ROOM * (1.0 + 1e-9):
        return
    needed = shown(2.0 * current / ROOM, "A/s")
    raise LimitExceeded(
        f"the probe current would be {shown(current, 'A')}, which is reversed in one step of "
        f"{shown(2.0 * current, 'A')}, and the slew limit of {bound.owner}, {shown(bound.value, 'A/s')}, allows "
        f"{shown(bound.value * ROOM, 'A')} at once; nothing was sent: choose "
        f"{shown(0.5 * bound.value * ROOM, 'A')} or less, or set another limit for this run with "
        f'--override {bound.override}="{needed}"'
    )


def _finite(name: str, value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, Real) or not math.isfinite(value):
        raise BadValue(f"demands() gives {value!r} for {name!r}, but must give a finite number in {UNITS[name]}")


def _both_sides(name: str, limits: Limits) -> list[Bound]:
    """Return the limits for a demand; a temperature must lie between two."""
    if name not in _WORDS:
        hint = suggest(name, tuple(_WORDS))
        raise BadValue(f"demands() names {name!r}, but no limit is called so; {hint}there are {', '.join(_WORDS)}")
    sides = {"current": ("current", "average_current"), "bias": ("bias", "voltage")} | dict.fromkeys(
        ("temperature", "lowest_temperature"), ("temperature", "lowest_temperature")
    )
    return [bound for bound in (getattr(limits, each) for each in sides.get(name, (name,))) if bound is not None]
