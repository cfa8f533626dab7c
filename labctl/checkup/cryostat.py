"""The cryostat: temperature, field, chamber, helium, rotator, and whether somebody else commands it.

It is looked at twice, with the rest of the examination in between. Helium: below 60 % no field, below 30 % no
measurement, which is practice; a station's own interlocks are looked at as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from instruments.cryostat import (
    ChamberState,
    Cryostat,
    CryostatReading,
    FieldSetpoint,
    FieldState,
    PositionState,
    TemperatureSetpoint,
    TemperatureState,
)
from instruments.errors import InstrumentFault
from instruments.ppms6000 import Ppms6000
from instruments.units import format_quantity
from labctl.checkup.finding import Finding, fault, ok, warning
from labctl.checkup.scene import Scene
from labctl.interlocks import Interlock, shown

LEAST_TIME = 5.0
"""s between the two looks."""

MOVES = 3e-4
"""T; a field that differs more between the two looks moves, since its reading wanders by about 1 Oe."""

LITTLE_HELIUM, NEXT_TO_NONE = 60.0, 30.0
"""%."""

_CHAMBER: dict[ChamberState, str] = {
    ChamberState.VENTED: "it was vented: purge and seal before cooling",
    ChamberState.VENTING: "it is being vented: wait until it is done, then purge and seal before cooling",
    ChamberState.FLOODING: "gas flows in without end: seal or purge it, unless somebody is changing the sample",
    ChamberState.PUMPING: "it is pumped without end: seal or purge it",
    ChamberState.PURGING: "wait until it is done",
    ChamberState.PRE_PUMPING: "wait until it is done; in high vacuum the sample hardly follows the temperature",
    ChamberState.HIGH_VACUUM: "the sample hardly follows the temperature without gas: purge and seal, unless wanted",
    ChamberState.HIGH_VACUUM_ERROR: "see the controller's message; purge and seal",
    ChamberState.FAILURE: "see the controller's message",
}
"""What to do about a chamber that is not simply sealed."""

_MAGNET: dict[FieldState, str] = {
    FieldState.QUENCH: "the magnet quenched: leave it alone, see to the helium, and reset it as its manual says",
    FieldState.CURRENT_ERROR: "its supply and leads do not carry the same current: see the controller's message",
    FieldState.SWITCH_ERROR: "its persistent switch does not answer: see the controller's message",
}


@dataclass(frozen=True, slots=True)
class Look:
    """What the cryostat showed at one time."""

    reading: CryostatReading
    temperature: TemperatureSetpoint
    field: FieldSetpoint | None


def look(cryostat: Cryostat) -> Look:
    """Ask for states, values and set points.

    Raises:
        InstrumentFault: It does not answer.
    """
    try:
        field = cryostat.field_setpoint
    except InstrumentFault:  # an MPMS3 cannot say
        field = None
    return Look(cryostat.reading(), cryostat.temperature_setpoint, field)


def examine(scene: Scene, cryostat: Cryostat, before: Look, begun: float) -> Iterator[Finding]:
    """Look a second time, and say what there is to say.

    Args:
        scene: The station.
        cryostat: The cryostat.
        before: What it showed at first.
        begun: When that was, in s of the clock.

    Raises:
        InstrumentFault: It does not answer.
    """
    scene.clock.sleep_until(begun + LEAST_TIME)
    after = look(cryostat)
    yield _temperature(after)
    yield _field(before, after)
    yield _chamber(after.reading.chamber_state)
    yield from _rotator(after.reading)
    yield from _others(before, after)
    helium = cryostat.helium_level if isinstance(cryostat, Ppms6000) else None
    if helium is not None:
        yield _helium(scene, helium.percent, helium.age)
    yield from _interlocks(scene, after.reading, None if helium is None else helium.percent)


def _temperature(after: Look) -> Finding:
    subject, reading = "temperature", after.reading
    state = reading.temperature_state
    what = f"{reading.temperature:.5g} K, {state.value}, told {after.temperature}"
    if state.failed or state is TemperatureState.IMPEDANCE_ERROR:
        return fault(subject, what, "see the controller's message; nothing can be measured at a temperature like this")
    if state in {TemperatureState.STANDBY, TemperatureState.DISABLED, TemperatureState.UNKNOWN}:
        return warning(subject, what, "its control is off: set a temperature, or let the next run do it")
    return ok(subject, what)


def _field(before: Look, after: Look) -> Finding:
    subject, one, other = "field", before.reading, after.reading
    state, told = other.field_state, f", told {after.field}" if after.field is not None else ""
    what = f"{format_quantity(other.field, 'T')}, {state.value}{told}"
    if state.failed:
        return fault(subject, what, _MAGNET.get(state, "see the controller's message, and reset the magnet"))
    seconds = other.stamp - one.stamp
    if abs(other.field - one.field) > MOVES:
        rate = (other.field - one.field) / seconds * 1e4
        return warning(
            subject, f"{what}; it moves by {rate:.3g} Oe/s", "wait until it stands, or find out who moves it"
        )
    if state is FieldState.UNKNOWN:
        return warning(subject, what, "ask again; if it stays so, see the controller's message")
    if state is FieldState.PERSISTENT:
        what += "; a new field will first warm the switch, which takes half a minute"
    return ok(subject, what)


def _chamber(state: ChamberState) -> Finding:
    subject = "chamber"
    if state in _CHAMBER:
        make = fault if state in {ChamberState.FAILURE, ChamberState.HIGH_VACUUM_ERROR} else warning
        return make(subject, state.value, _CHAMBER[state])
    return ok(subject, state.value)


def _rotator(reading: CryostatReading) -> Iterator[Finding]:
    state = reading.position_state
    if reading.position is None or state is None:
        return
    subject, what = "rotator", f"{reading.position:.5g} deg, {state.value}"
    if state.failed:
        yield fault(subject, what, "see the controller's message")
    elif state is PositionState.LIMIT_SWITCH:
        do = "it ran into the end of its range: is its zero right, and are the wires whole? Turn it back"
        yield warning(subject, what, do)
    elif not state.stable and state.known:
        yield warning(subject, what, "wait until it stands, or find out who turns it")
    else:
        yield ok(subject, what)


def _others(before: Look, after: Look) -> Iterator[Finding]:
    """Say whether anybody told it something between the two looks; the doctor does not."""
    told = [
        f"{what} was told {one}, and then {other}"
        for what, one, other in (("the temperature", before.temperature, after.temperature),
                                 ("the field", before.field, after.field))
        if one is not None and other is not None and one != other
    ]  # fmt: skip
    subject = "somebody else"
    if told:
        do = "find out who: MultiVu's own windows, a sequence, another program; two who command one cryostat spoil both"
        yield warning(subject, f"is commanding the cryostat: {' and '.join(told)}", do)
    else:
        seconds = after.reading.stamp - before.reading.stamp
        yield ok(subject, f"has not commanded the cryostat for {seconds:.0f} s")


_AGES = (
    "measured over an hour ago",
    "measured at some time within the last hour, and what has happened since does not show",
    "measured now",
)
"""What the controller says of the age of its level. A new reading is not taken: it would end the hourly ones, and
nobody can ask whether there were any."""


def _helium(scene: Scene, percent: float, age: int) -> Finding:
    """Judge the level by the station's interlocks, or by practice where it has none.

    An old level is no level: much may have boiled off since.
    """
    subject, what, old = "helium", f"{percent:.0f} %, {_AGES[age]}", age == 0
    watched = [interlock for interlock in scene.station.interlocks if interlock.quantity == "helium_level"]
    acting = [interlock for interlock in watched if interlock.acts(percent / 100.0)]
    if acting:
        limits = (f"{each.condition} the {shown(each.quantity, each.limit or 0.0)} of {each.name!r}" for each in acting)
        what += f", {' and '.join(limits)}"
        make = fault if any(each.action == "stop" for each in acting) else warning
        asked = " and to ".join(dict.fromkeys(each.action for each in acting))
        return make(subject, what, f"fill it: the station file asks to {asked}")
    if not watched and percent < NEXT_TO_NONE:
        return fault(subject, what, "fill it before anything else; below 30 % the magnet must not carry a field")
    if old:
        do = "what is there now is not known: have it measured anew (send LEVELON 1, wait half a minute), and ask again"
        return warning(subject, what, do)
    if not watched and percent < LITTLE_HELIUM:
        return warning(subject, what, "fill it before a long run or high fields")
    return ok(subject, what)


def _interlocks(scene: Scene, reading: CryostatReading, helium: float | None) -> Iterator[Finding]:
    """Compare with the conditions under which a run should not go on; those of a known helium level are said there.

    What is judged by more than one reading, or has a finding of its own here, is left to runs.
    """
    for interlock in scene.station.interlocks:
        if interlock.quantity not in {"helium_level", "temperature", "field"}:
            continue
        value = _quantity(interlock, reading, helium)
        if value is None:
            subject = "interlock"
            yield warning(
                subject, f"{interlock.name!r} cannot be watched: nobody says {interlock.quantity}", "watch it yourself"
            )
        elif interlock.quantity != "helium_level" and interlock.acts(value):
            found = interlock.sentence(value)
            make = fault if interlock.action == "stop" else warning
            yield make("interlock", f"{interlock.name!r}: {found}", f"the station file asks to {interlock.action}")


def _quantity(interlock: Interlock, reading: CryostatReading, helium: float | None) -> float | None:
    if interlock.quantity == "helium_level":
        return None if helium is None else helium / 100.0
    return reading.temperature if interlock.quantity == "temperature" else abs(reading.field)
