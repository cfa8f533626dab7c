"""Commands and questions in one message: which answer belongs to which, and what is said where some are missing."""

from __future__ import annotations

import pytest

from instruments.errors import GarbledReply, InstrumentError, NoReply
from instruments.forms import BOOLEAN, NUMBER
from instruments.keithley6221 import Keithley6221
from tests.instruments.dialogues import DONE, dialogue

SAID = ":OUTP?;:SOUR:CURR 0.0;:SOUR:CURR?"
SENT = f"{SAID};*ESR?;:SYST:ERR?"
NEXT = ":SYST:ERR?"
Talk = list[tuple[str | None, str | bytes | None]]
CLEARED: Talk = [("*IDN?", "KEITHLEY INSTRUMENTS INC.,MODEL 6221,1234567,D04  /700x ")]


def ask(driver: Keithley6221) -> list[object]:
    return driver.ask_among(SAID, BOOLEAN, NUMBER)


@pytest.mark.parametrize("reply", [f"1;+2.5E-05;{DONE}", f"1; 2.5e-05; {DONE.replace(';', '; ')}"])
def test_each_answer_is_the_one_to_its_question(reply: str) -> None:
    with dialogue(Keithley6221, (SENT, reply)) as driver:
        assert ask(driver) == [True, 2.5e-5]


@pytest.mark.parametrize("reply", [f"2;1e-04;{DONE}", f"1;x;{DONE}", f"1;1#;{DONE}", "1;1;0", f"1;1;{DONE}#"])
def test_a_damaged_reply_is_refused(reply: str) -> None:
    with dialogue(Keithley6221, (SENT, reply)) as driver, pytest.raises(GarbledReply):
        ask(driver)


def test_what_is_missing_was_thrown_away_behind_an_error() -> None:
    talk: Talk = [(SENT, "1"), (NEXT, '-221,"Settings conflict"'), (NEXT, '0,"No error"')]
    with dialogue(Keithley6221, *talk) as driver, pytest.raises(InstrumentError, match="-221") as caught:
        ask(driver)
    assert caught.value.code == -221


def test_an_error_beside_all_answers_counts() -> None:
    talk: Talk = [(SENT, '1;1e-04;16;-222,"Parameter data out of range"'), (NEXT, '0,"No error"')]
    with dialogue(Keithley6221, *talk) as driver, pytest.raises(InstrumentError, match="-222"):
        ask(driver)


def test_no_answer_at_all() -> None:
    talk: Talk = [(SENT, b""), *CLEARED, (NEXT, '0,"No error"')]
    with dialogue(Keithley6221, *talk) as driver, pytest.raises(NoReply):
        ask(driver)
