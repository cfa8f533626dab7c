"""The dialogue with a server that is silent, late, garbled, doubled or gone, for every call of the driver."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from instruments.clock import VirtualClock
from instruments.cryostat import ChamberAction, Cryostat
from instruments.errors import GarbledReply, InstrumentError, InstrumentFault, LabError, NoReply
from instruments.multivu import FLASHES, MultiVu
from instruments.multivu_frames import Message, pack
from instruments.multivu_link import CONFIRMATION_TIME, FAREWELL_TIME, TIMEOUT
from tests.multivu import FakeServer, completed, confirmed

GOOD = {
    "TEMP?": "300.0,K,Stable",
    "FIELD?": "-100.5,Oe,Holding (driven)",
    "CHAMBER?": "0.0,,Purged and Sealed",
    "POSITION?": "12.5,Deg,Transport stopped at set point",
    "TEMP_SETPOINTS?": "(300.0, 10.0, 0),K,Call was successful",
    "FIELD_SETPOINTS?": "(5000.0, 100.0, 0, 1),Oe,Call was successful",
}
CALLS: dict[str, Callable[[MultiVu], object]] = {
    "reading": MultiVu.reading,
    "check_identity": MultiVu.check_identity,
    "temperature_setpoint": lambda driver: driver.temperature_setpoint,
    "field_setpoint": lambda driver: driver.field_setpoint,
    "set_temperature": lambda driver: driver.set_temperature(300.0, 10 / 60),
    "set_field": lambda driver: driver.set_field(0.5, 0.01),
    "set_position": lambda driver: driver.set_position(12.5, 5.0),
    "set_chamber": lambda driver: driver.set_chamber(ChamberAction.PURGE_SEAL),
    "hold_field": Cryostat.hold_field,
    "shutdown": MultiVu.shutdown,
    "wait_temperature": Cryostat.wait_temperature,
    "wait_field": Cryostat.wait_field,
    "wait_position": lambda driver: driver.wait_position(12.5, 5.0),
}
COMMANDS = {"set_temperature": "TEMP", "set_field": "FIELD", "set_position": "POSITION", "set_chamber": "CHAMBER"}
LONGEST = 400.0
"""s in which a call may end that waits for what never comes; the longest is a field that is not there."""


def right(body: Message) -> str:
    return GOOD.get(body["action"]) or f"{body['action']} Command Received"


def well(body: Message) -> list[bytes | float]:
    return [confirmed(body), completed(body, right(body))]


def opened(answer: Callable[[Message], Any], **options: Any) -> tuple[MultiVu, FakeServer]:
    clock = VirtualClock()
    server = FakeServer(answer, clock, **options)
    return MultiVu("somewhere", clock, connect=server.connect), server


@pytest.mark.parametrize("call", CALLS)
def test_a_good_dialogue(call: str):
    driver, server = opened(well)
    if call in {"hold_field", "shutdown", "wait_field"}:
        GOOD_THERE = "5000.0,Oe,Holding (driven)"
        server.answer = lambda body: [
            confirmed(body), completed(body, GOOD_THERE if body["action"] == "FIELD?" else right(body))
        ]  # fmt: skip
    CALLS[call](driver)
    assert server.asked[0] == ("START", "")
    assert server.connections == 1
    assert len(server.confirmations) == len(server.asked)
    assert all(body["message_type"] == "confirmed" and body["result"] for body in server.confirmations)


Trouble = Callable[[Message], list[bytes | float]]


def _reply(body: Message) -> bytes:
    return completed(body, right(body))


TROUBLES: dict[str, tuple[Trouble, type[LabError] | None]] = {
    "silent": (lambda body: [], NoReply),
    "confirms and is silent": (lambda body: [confirmed(body)], NoReply),
    "late": (lambda body: [confirmed(body), TIMEOUT + 1, _reply(body)], NoReply),
    "slow, but in time": (lambda body: [0.9, confirmed(body), TIMEOUT - 1.5, _reply(body)], None),
    "no confirmation": (lambda body: [_reply(body)], None),
    "confirms twice": (lambda body: [confirmed(body), confirmed(body), _reply(body)], None),
    "answers twice": (lambda body: [confirmed(body), _reply(body), _reply(body)], None),
    "in pieces": (lambda body: [bytes([byte]) for byte in confirmed(body) + _reply(body)], None),
    "in one piece": (lambda body: [confirmed(body) + _reply(body)], None),
    "somebody else's before": (lambda body: [confirmed(body), _reply({**body, "id": "x"}), _reply(body)], None),
    "somebody else's": (lambda body: [confirmed(body), _reply({**body, "id": "x"})], NoReply),
    "to another question": (lambda body: [confirmed(body), _reply({**body, "action": "ALIVE"})], GarbledReply),
    "cut off": (lambda body: [confirmed(body), _reply(body)[:-1]], NoReply),
    "header only": (lambda body: [confirmed(body), _reply(body)[:105]], NoReply),
    "no frame": (lambda body: [confirmed(body), b"What?\r\n" * 3], GarbledReply),
    "stuck data line": (lambda body: [bytes(byte & 0xFE for byte in confirmed(body) + _reply(body))], GarbledReply),
    "no result": (lambda body: [confirmed(body), pack({**body, "message_type": "completed", "result": ""})], None),
    "hangs up": (lambda body: [b""], NoReply),
    "hangs up after confirming": (lambda body: [confirmed(body), b""], NoReply),
    "hangs up in the middle": (lambda body: [confirmed(body), _reply(body)[:50], b""], NoReply),
    "an error": (lambda body: [confirmed(body), completed(body, "MultiPyVuError: No.")], InstrumentError),
    "Close client": (lambda body: [confirmed(body), completed(body, "Close client")], InstrumentFault),
    "a timeout in words": (
        lambda body: [confirmed(body), completed(body, "Timeout waiting for confirmation")], InstrumentFault,
    ),
    "not implemented": (
        lambda body: [confirmed(body), completed(body, f"The command '{body['action']}' has not been implemented.")],
        InstrumentFault,
    ),
}  # fmt: skip


@pytest.mark.parametrize("trouble", TROUBLES)
@pytest.mark.parametrize("call", CALLS)
def test_every_call_ends_in_the_right_exception_within_its_deadline(call: str, trouble: str):
    answer, expected = TROUBLES[trouble]
    driver, server = opened(answer)
    began = driver.clock.now()
    if trouble == "no result":
        expected = InstrumentFault
    try:
        CALLS[call](driver)
        outcome: BaseException | None = None
    except LabError as error:
        outcome = error
    assert driver.clock.now() - began < LONGEST
    told = [asked for asked in server.asked if asked[0] in COMMANDS.values()]
    assert len(told) <= 1, "a command is never sent twice"
    if expected is None and call not in {"wait_field", "hold_field", "shutdown"}:
        assert outcome is None
    elif expected is not None:
        assert isinstance(outcome, InstrumentFault)
        # Of a command only its read-back tells; there the same trouble is met, or the set point is another one.
        if call not in COMMANDS and trouble != "an error":
            assert isinstance(outcome, expected), outcome
    driver.close()
    assert driver.clock.now() - began < LONGEST + FAREWELL_TIME


# ---- what a broken dialogue leaves behind


def once(trouble: str, action: str) -> tuple[MultiVu, FakeServer]:
    """A server that gives trouble with the first request of an action, and is well before and after."""
    left = [1]

    def answer(body: Message) -> list[bytes | float]:
        if body["action"] == action and left[0]:
            left[0] -= 1
            return TROUBLES[trouble][0](body)
        return well(body)

    return opened(answer)


@pytest.mark.parametrize("trouble", ["hangs up", "hangs up after confirming", "hangs up in the middle"])
def test_a_question_is_asked_again_over_a_new_connection(trouble: str):
    driver, server = once(trouble, "TEMP?")
    assert driver.reading().temperature == 300.0
    assert server.connections == 2
    assert [action for action, _ in server.asked].count("TEMP?") == 2


@pytest.mark.parametrize("trouble", ["hangs up", "hangs up after confirming", "late", "cut off", "no frame"])
def test_a_command_is_not_sent_again_but_read_back(trouble: str):
    driver, server = once(trouble, "FIELD")
    assert driver.set_field(0.5, 0.01).field == 0.5
    assert [asked for asked in server.asked if asked[0] == "FIELD"] == [("FIELD", "5000.00,100.0,0,1")]
    driver, server = once(trouble, "FIELD")
    with pytest.raises(InstrumentFault, match=r"told 'FIELD 4000\.00,100\.0,0,1', but it shows 0\.5 T at 100 Oe/s"):
        driver.set_field(0.4, 0.01)
    assert [action for action, _ in server.asked].count("FIELD") == 1


@pytest.mark.parametrize("trouble", ["late", "somebody else's", "cut off"])
def test_a_late_answer_is_not_taken_for_that_to_the_next_question(trouble: str):
    driver, server = once(trouble, "TEMP?")
    with pytest.raises(NoReply):
        driver.reading()
    server.answer = lambda body: [confirmed(body), completed(body, right(body).replace("300.0", "250.0"))]
    assert driver.reading().temperature == 250.0


def test_a_late_answer_is_confirmed_since_the_official_server_waits_for_that():
    driver, server = once("late", "TEMP?")
    with pytest.raises(NoReply):
        driver.reading()
    before = len(server.confirmations)
    assert driver.reading().temperature == 300.0
    late = [body for body in server.confirmations[before:] if body["action"] == "TEMP?"]
    assert len(late) == 2


def test_a_server_that_is_silent_for_long_is_left_with_a_word_and_connected_to_again():
    driver, server = opened(lambda body: [])
    for _ in range(2):
        with pytest.raises(NoReply, match="not even a confirmation came in 10 s"):
            driver.check_identity()
    assert server.asked[-1][0] == "CLOSE"
    server.answer = well
    driver.check_identity()
    assert server.connections == 2


def test_a_question_that_nobody_confirms_is_sent_again_under_its_name_and_a_command_is_not():
    names: list[str] = []

    def deaf_once(body: Message) -> list[bytes | float]:
        names.append(body["id"])
        return [] if len(names) == 1 else well(body)

    driver, server = opened(deaf_once)
    driver.check_identity()
    assert names[0] == names[1]
    assert driver.clock.now() == CONFIRMATION_TIME
    assert server.connections == 1
    driver, server = opened(lambda body: [] if body["action"] == "FIELD" else well(body))
    assert driver.set_field(0.5, 0.01).field == 0.5
    assert [action for action, _ in server.asked].count("FIELD") == 1


# ---- connecting


def test_nobody_listens():
    server = FakeServer(well, VirtualClock())
    server.refused = 1
    with pytest.raises(NoReply, match=r"nobody listens at somewhere:27183 .*is MultiVu running"):
        MultiVu("somewhere", VirtualClock(), connect=server.connect)


def test_another_client_holds_the_server():
    clock = VirtualClock()
    server = FakeServer(well, clock)
    server.greeting = "Connection attempt rejected from ('127.0.0.1', 5): another client is connected.", ""
    with pytest.raises(InstrumentFault, match="another one is connected; close that one"):
        MultiVu("somewhere", clock, connect=server.connect)
    assert clock.now() == 0.0


@pytest.mark.parametrize("greeting", ["", "Close client", "Connected to nothing", "MultiPyVuError: No."])
def test_what_greets_otherwise_is_no_server(greeting: str):
    clock = VirtualClock()
    server = FakeServer(well, clock)
    server.greeting = greeting, "3.8.0"
    with pytest.raises(GarbledReply, match="START"):
        MultiVu("somewhere", clock, connect=server.connect)


@pytest.mark.parametrize(
    ("options", "version", "multivu", "scaffolding"),
    [
        ("3.8.0;mv=2.3.13.15", "3.8.0", "2.3.13.15", False),
        ("3.6.2", "3.6.2", "", False),
        ("4.0.0b1;mv=sim;v;s;t", "4.0.0", "sim", True),
        ("", "", "", False),
    ],
)
def test_any_version_will_do(options: str, version: str, multivu: str, scaffolding: bool):
    driver, _ = opened(well, options=options)
    link = driver.link
    assert (link.server_version, link.multivu_version, link.scaffolding) == (version, multivu, scaffolding)
    assert driver.id.startswith("QUANTUM DESIGN,DYNACOOL")


def test_another_cryostat_after_connecting_again_is_a_fault():
    driver, server = once("hangs up", "TEMP?")
    server.greeting = "Connected to VERSALAB MultiVuServer at ('127.0.0.1', 1)", "3.8.0"
    with pytest.raises(InstrumentFault, match="was one of DYNACOOL, and is one of VERSALAB now"):
        driver.check_identity()


def test_taking_leave_frees_the_server_and_never_waits_long():
    driver, server = opened(well)
    driver.close()
    driver.close()
    assert server.asked[-1] == ("CLOSE", "")
    driver, server = opened(lambda body: [])
    driver.close()
    assert driver.clock.now() == FAREWELL_TIME


# ---- readings that are none


@pytest.mark.parametrize(
    ("action", "result"),
    [
        ("TEMP?", "0.0,K,Stable"), ("TEMP?", "300.0,K,Fine"), ("TEMP?", "300.0,C,Stable"), ("TEMP?", "nan,K,Stable"),
        ("TEMP?", "Stable"), ("TEMP?", "0.0"), ("TEMP?", "300.0,K,Stable,1"), ("TEMP?", " 300.0,K,Stable"),
        ("FIELD?", "0.0,Oe,Close client"), ("FIELD?", "inf,Oe,Stable"), ("FIELD?", "1.0,T,Stable"),
        ("FIELD?", "1.0,Oe,"), ("CHAMBER?", "0.0,,Open"), ("POSITION?", "1.0,Rad,Transport stopped at set point"),
        ("TEMP_SETPOINTS?", "(300.0, 10.0, 2),K,Call was successful"), ("TEMP_SETPOINTS?", "300.0"),
        ("TEMP_SETPOINTS?", "(0.0, 0.0, 0),K,Error"), ("FIELD_SETPOINTS?", "(1.0, 1.0, 0),Oe,Call was successful"),
        ("FIELD_SETPOINTS?", "(nan, 1.0, 0, 1),Oe,Call was successful"),
    ],
)  # fmt: skip
def test_a_result_without_its_form_is_no_reading(action: str, result: str):
    driver, _ = opened(
        lambda body: [confirmed(body), completed(body, result if body["action"] == action else right(body))]
    )
    call = {"TEMP_SETPOINTS?": "temperature_setpoint", "FIELD_SETPOINTS?": "field_setpoint"}.get(action, "reading")
    with pytest.raises(GarbledReply, match="expected"):
        CALLS[call](driver)


def test_zero_in_an_unknown_state_is_passed_over_for_a_moment_and_then_no_reading():
    said = iter(["0.0,Oe,Unknown"] * 2 + ["5.0,Oe,Ramping"])

    def answer(body: Message) -> list[bytes | float]:
        result = next(said, "0.0,Oe,Unknown") if body["action"] == "FIELD?" else right(body)
        return [confirmed(body), completed(body, result)]

    driver, _ = opened(answer)
    assert driver.reading().field == pytest.approx(5e-4)
    with pytest.raises(GarbledReply, match=f"exactly zero in an unknown state {FLASHES} times"):
        driver.reading()


def test_a_field_in_an_unknown_state_is_a_reading():
    driver, _ = opened(
        lambda body: [confirmed(body), completed(body, "7.0,Oe,Unknown" if body["action"] == "FIELD?" else right(body))]
    )
    assert not driver.reading().field_state.known


@pytest.mark.parametrize("place", ["", "host:", ":27183", "host:0", "host:70000", "a b:5", "GPIB0::15::INSTR"])
def test_what_is_no_address(place: str):
    with pytest.raises(ValueError, match="is not the address of a MultiPyVu server"):
        MultiVu(place, VirtualClock())
