"""Whatever goes wrong on the wire, no call of any driver hangs, and none gives a wrong value that its form betrays.

Each call meets each fault from its first message on and at its last message, and in the long form in its middle. It
ends in an exception that says so, in time; then the wire is mended, and the driver is in step again and can make
everything safe.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import pytest

from instruments.errors import GarbledReply, InstrumentError, InstrumentFault, LabError, NoReply, UsageError
from instruments.multivu import MultiVu
from simulators.faults import LINES, Fault
from tests.instruments.driver_calls import (
    BINARY,
    CALLS,
    DRIVERS,
    PUTS,
    PYMEASURES,
    SCPI_ONLY,
    UNKNOWN,
    WIRELESS,
    calls,
    members,
)
from tests.instruments.driver_calls import methods as methods_of
from tests.instruments.driver_calls import properties as properties_of
from tests.instruments.faulty import SETUPS, SOCKET, Setup

LONGEST = {
    "Keithley6221": 75.0,
    "Keithley2182A": 25.0,
    "Keithley2400": 55.0,
    "Sr830": 25.0,
    "Ppms6000": 10.0,
    "MultiVu": 35.0,
}
"""s of lab time from the fault to the exception. A message takes its time-out and the identity after it another one
(2, 10, 10, 2 and 10 s); arming a 6221 may take 30 s, and each message that makes safe has its own time-out."""

LONGEST_CALL = 130.0
"""s that the longest call takes when all is well, a ramp of the temperature."""

LATE = {
    "Keithley6221": 40.0,
    "Keithley2182A": 15.0,
    "Keithley2400": 15.0,
    "Sr830": 15.0,
    "Ppms6000": 3.0,
    "MultiVu": 15.0,
}
"""s; longer than any driver waits."""

RAW = frozenset({"ask", "read", "values", "query", "relay_read"})
"""Calls that take what the caller says he takes."""

TELLS = frozenset({"make_safe"})
"""Calls that raise nothing, and say in their result what could not be done."""

UNANSWERED = frozenset({"write", "close"})
"""Calls that wait for no reply, or not for long."""

WORDLESS = frozenset({"ask_watching", "meter_present", "wave_ended"})
"""Methods whose reply is one digit, as that of many properties; a stuck line can make another digit of it."""

NUMERIC = frozenset({("Sr830", name) for name in ("reading", "auto_phase", "settling_time")})
"""The same of an instrument whose replies are bare numbers, all of them."""

HARD = (
    Fault("stuck high", line=0), Fault("stuck high", line=3), Fault("stuck low", line=0), Fault("stuck low", line=4),
)  # fmt: skip


def faults(driver: str) -> dict[str, Fault]:
    """What is tried each time."""
    return {
        "silent": Fault("silent"),
        "late": Fault("late", seconds=LATE[driver]),
        "dropped": Fault("dropped"),
        "doubled": Fault("doubled"),
        "previous": Fault("previous"),
        "truncated": Fault("truncated"),
        "without end": Fault("truncated", keep=0.999),
        **{f"{fault.kind} {fault.line}": fault for fault in HARD},
    }


def all_faults(driver: str) -> dict[str, Fault]:
    """All of them: every data line, at one and at zero, in one direction and in both; and now and then."""
    lines = [
        Fault(kind, line=line, both_ways=both)
        for kind in ("stuck high", "stuck low") for line in range(LINES) for both in (False, True)
    ]  # fmt: skip
    every = {f"{fault.kind} {fault.line}{' both ways' * fault.both_ways}": fault for fault in lines}
    cut = {f"{keep:.0%} come": Fault("truncated", keep=keep) for keep in (0.1, 0.3, 0.5, 0.7, 0.9)}
    seldom = {
        f"{name}, one in four": Fault(fault.kind, fault.line, seconds=fault.seconds, share=0.25)
        for name, fault in faults(driver).items()
    }
    return {**faults(driver), **every, **cut, **seldom}


ONLY_SILENCE = frozenset({"silent", "late", "dropped"})


@dataclass(frozen=True)
class End:
    """How a call ended.

    Attributes:
        error: The exception; None without.
        wrong: What was returned instead of the right value; "" if nothing was.
        took: s of lab time from the fault on.
    """

    error: LabError | None
    wrong: str
    took: float


def attempt(setup: Setup, driver: str, name: str, place: int, fault: Fault, right: str) -> End:
    setup.wire.break_at(place, fault)
    error: LabError | None = None
    wrong = ""
    try:
        given = repr(calls(driver)[name](setup.driver))
    except LabError as raised:  # anything else is a failed test
        error = raised
    else:
        wrong = "" if given == right else given
    return End(error, wrong, setup.clock.now() - setup.wire.broke_at if setup.wire.broke_at >= 0 else 0.0)


def complaint(driver: str, name: str, fault: Fault, end: End, right: str) -> str:
    """What is wrong with how a call ended; "" if nothing is."""
    if end.error is None:
        return _complaint_of_value(driver, name, fault, end.wrong, right)
    allowed: Any = NoReply if fault.kind in ONLY_SILENCE and fault.share == 1.0 else InstrumentFault
    if fault.kind in {"doubled", "truncated"} and fault.share == 1.0:
        allowed = (NoReply, GarbledReply)
    if not isinstance(end.error, allowed) or (isinstance(end.error, InstrumentError) and not fault.both_ways):
        return f"{type(end.error).__name__}: {end.error}"
    longest = LONGEST[driver] if fault.share == 1.0 else 3.0 * LONGEST[driver] + LONGEST_CALL
    return "" if end.took <= longest else f"took {end.took:.1f} s"


def _complaint_of_value(driver: str, name: str, fault: Fault, wrong: str, right: str) -> str:
    if name in TELLS | UNANSWERED | RAW:
        return ""
    if fault.kind in ONLY_SILENCE and fault.share == 1.0:
        return "returned, though nothing was said"
    spelled_alike = name in {"id?", "check_identity"} and wrong.upper() == right.upper()
    wordless = name in WORDLESS or (driver, name) in NUMERIC
    only_digits = fault.kind.startswith("stuck") and (name.endswith("?") or wordless)
    harmless = not wrong or spelled_alike or only_digits or fault.share < 1.0 or fault.kind == "previous"
    return "" if harmless else f"returned {wrong}"


def mended(setup: Setup) -> str:
    """Mend the wire; what is then still wrong, "" if nothing is."""
    setup.wire.heal()
    try:
        try:
            setup.driver.check_identity()
        except NoReply:
            if not isinstance(setup.driver, MultiVu):
                raise
            # Its server may have heard the beginning of a frame, and take the next for its rest. After two silences the
            # driver connects anew.
            setup.driver.check_identity()
        setup.driver.shutdown()
    except LabError as error:
        return f"afterwards {type(error).__name__}: {error}"
    return "" if setup.is_safe() else "afterwards it is not safe"


@cache
def healthy(driver: str, name: str) -> tuple[str, int]:
    """What a call returns when nothing goes wrong, and how many messages it takes."""
    setup = SETUPS[driver]()
    before = setup.said
    return repr(calls(driver)[name](setup.driver)), setup.said - before


def product(
    driver: str, label: str, fault: Fault, *, middle: bool = False, make: Callable[[], Setup] | None = None
) -> Iterator[tuple[str, str]]:
    """Try a fault with every call of a driver; what is wrong, by call."""
    for name in calls(driver):
        right, count = healthy(driver, name)
        for place in sorted({0, count - 1, count // 2 if middle else 0}) if count else ():
            setup = (make or SETUPS[driver])()
            end = attempt(setup, driver, name, place, fault, right)
            for wrong in (complaint(driver, name, fault, end, right), mended(setup)):
                if wrong:
                    yield f"{name} at message {place} of {count}, {label}", wrong


@pytest.fixture(autouse=True)
def _quiet(caplog: pytest.LogCaptureFixture):
    """What is logged of a thousand faults is nobody's concern."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.parametrize("label", faults("Keithley6221"))
@pytest.mark.parametrize("driver", DRIVERS)
def test_every_call_ends_in_time_and_in_the_right_exception(driver: str, label: str):
    assert list(product(driver, label, faults(driver)[label])) == []


@pytest.mark.endurance
@pytest.mark.parametrize("label", all_faults("Keithley6221"))
@pytest.mark.parametrize("driver", DRIVERS)
def test_every_call_ends_with_every_fault(driver: str, label: str):
    assert list(product(driver, label, all_faults(driver)[label], middle=True)) == []


@pytest.mark.endurance
@pytest.mark.parametrize("label", [name for name in faults("Keithley6221") if name != "late"])
@pytest.mark.parametrize("driver", [driver for driver in DRIVERS if driver != "MultiVu"])
def test_every_call_ends_in_time_over_a_socket(driver: str, label: str):
    make: Any = SETUPS[driver]
    assert list(product(driver, label, faults(driver)[label], make=partial(make, SOCKET))) == []


@pytest.mark.parametrize("driver", [driver for driver in DRIVERS if driver != "MultiVu"])
def test_a_late_reply_on_a_socket_is_not_that_to_a_later_question(driver: str):
    """No device clear takes it back: it comes in the end, before the reply to what was asked meanwhile."""
    make: Any = SETUPS[driver]
    asked = [name for name in properties_of(DRIVERS[driver]) if name != "next_error" and not name.endswith("_event")]
    for name in [f"{name}?" for name in asked]:  # but for those that asking changes
        setup = make(SOCKET)
        right, timeout = healthy(driver, name)[0], setup.driver.line.timeout
        setup.wire.break_at(0, Fault("late", seconds=1.2 * timeout))
        with pytest.raises(NoReply):
            calls(driver)[name](setup.driver)
        setup.wire.heal()
        assert repr(calls(driver)[name](setup.driver)) == right, name
        assert setup.clock.now() - setup.wire.broke_at <= 3.0 * timeout


@pytest.mark.parametrize("driver", DRIVERS)
def test_every_public_call_is_tried(driver: str):
    kind = DRIVERS[driver]
    tried = {name.partition(" (")[0] for name in CALLS[driver]}
    silent = WIRELESS | UNKNOWN.get(driver, set())
    assert {name for name in methods_of(kind) if name.rpartition(".")[2] not in silent} <= tried
    settable = {name for name, put in properties_of(kind).items() if put}
    assert settable == set(PUTS[driver])
    theirs = {
        name
        for name, value, ours in members(kind)
        if not ours and "." not in name
        and (isinstance(value, property) or callable(getattr(value, "__func__", value))) and not isinstance(value, type)
    }  # fmt: skip
    creators = {"control", "measurement", "setting"}
    foreign = theirs - PYMEASURES - creators
    assert foreign <= (set() if hasattr(kind, "IDENTITY_FORM") else SCPI_ONLY)


@pytest.mark.parametrize("driver", [driver for driver in DRIVERS if driver != "MultiVu"])
@pytest.mark.parametrize("name", sorted(BINARY))
def test_bytes_do_not_pass_by_the_line(driver: str, name: str):
    setup = SETUPS[driver]()
    before = setup.said
    with pytest.raises(UsageError, match="speak text"):
        getattr(setup.driver, name)(1)
    assert setup.said == before


# ---- what cannot be done is said, and said in time


@pytest.mark.parametrize("label", [*faults("Keithley6221"), "lost"])
@pytest.mark.parametrize("driver", DRIVERS)
def test_with_a_broken_wire_the_shutdown_ends_and_says_what_could_not_be_done(driver: str, label: str):
    setup = SETUPS[driver]()
    if driver in {"Ppms6000", "MultiVu"}:
        setup.driver.set_field(0.5, 0.01)
    if label == "lost":
        setup.lose_sessions()
        setup.wire.faults = [Fault("dropped")]
    else:
        setup.wire.faults = [faults(driver)[label]]
    began, said = setup.clock.now(), len(setup.wire.heard)
    if (driver, label) in HARMLESS:
        setup.driver.shutdown()
        return
    with pytest.raises(InstrumentFault):
        setup.driver.shutdown()
    assert setup.clock.now() - began <= LONGEST[driver]
    if driver in {"Keithley6221", "Keithley2400"} and label != "lost":
        assert any(":SOUR:CLE" in message for message in setup.wire.heard[said:]), "it was not even tried"
        assert label == "dropped" or setup.is_safe()


HARMLESS = {("MultiVu", "doubled"), ("Keithley2182A", "previous")}
"""An answer has a name, so that the second is nobody's; two equal replies can change places."""


@pytest.mark.parametrize("driver", DRIVERS)
def test_a_lost_session_is_one_exception_and_then_a_new_connection(driver: str):
    setup = SETUPS[driver]()
    right = setup.driver.id
    setup.lose_sessions()
    if driver != "MultiVu":  # which asks again by itself
        with pytest.raises(NoReply, match="could not be sent"):
            setup.driver.check_identity()
    assert setup.driver.check_identity() == right
    setup.driver.shutdown()
    assert setup.is_safe()
