"""What has to agree between a recording and its replay: what is discrete to the letter, what is measured in form."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from labctl.cli.main import run_command
from labctl.dialogue.conversation import TABLES, Conversation
from labctl.dialogue.likeness import Level
from labctl.dialogue.multivu_talk import ServerTalk, end_of_messages
from labctl.dialogue.replay import replay
from labctl.dialogue.script import Dialogue, read_dialogue
from labctl.dialogue.staging import stage

DRIVERS = {"6221": "keithley6221", "2182A": "keithley2182a", "2400": "keithley2400", "6000": "ppms6000"}


def agree(model: str, asked: str, recorded: str, simulated: str, level: Level = "form", end: str = "\n") -> bool:
    """Say something to an instrument, and compare two replies; the last message of what is asked is answered."""
    talk = Conversation(TABLES[DRIVERS[model]], forgets=True)
    for message in asked.split("\n"):
        talk.hear(message.encode("latin-1") + b"\n")
    return talk.agrees(recorded + end, simulated + end, level)


DISCRETE = [
    ("6221", ":OUTP?", "0", "1"),
    ("6221", ":SOUR:DELT:ARM?", "0", "1"),
    ("6221", "SOUR:DELT:NVPR?", "0", "1"),
    ("6221", ":SYST:ERR?", '-230,"Data corrupt or stale"', '-221,"Data corrupt or stale"'),
    ("6221", ":STAT:OPER?", "1036", "1034"),
    ("6221", "*ESR?", "148", "20"),
    ("6221", "*STB?", "0", "4"),
    ("6221", "*OPC?", "0", "1"),
    ("6221", ":OUTP:ISH?", "OLOW", "GUAR"),
    ("6221", ":SOUR:DELT:COUN?", "10", "20"),
    ("6221", ":SOUR:DELT:COUN?", "10", "+9.9E37"),
    ("6221", ":TRAC:POIN:ACT?", "9", "10"),
    ("6221", ":SYST:COMM:SER:BAUD?", "9600", "19200"),
    ("6221", ":FORM:ELEM?", "READ,TST", "READ"),
    ("6221", ":SOUR:SWE:ABOR;*ESR?;:SYST:ERR?", '0;0,"No error"', '16;0,"No error"'),
    ("6221", ":SOUR:SWE:ABOR;*ESR?;:SYST:ERR?", '0;0,"No error"', '0;-221,"Settings conflict"'),
    ("6221", ":SOUR:CURR 1e-5\n:SOUR:CURR?", "1.000000E-05", "2.000000E-05"),
    ("6221", ":SOUR:CURR:COMP 3;COMP?", "3.0000", "3.0100"),
    ("6221", "*RST\n:SOUR:CURR:COMP?", "10.0000", "20.0000"),
    ("6221", ":SOUR:CURR:COMP? MAX", "105.0000", "100.0000"),
    ("6221", "*IDN?", "KEITHLEY INSTRUMENTS INC.,MODEL 6221,1,D04", "KEITHLEY INSTRUMENTS INC.,MODEL 6220,1,D04"),
    ("6221", "TRAC:DATA?", "+1.0E-05,+1.0E+00,+3", "+1.0E-05,+1.0E+00,+4"),
    ("6221", "TRAC:DATA?", "+1.0E-05VDC,F", "+1.0E-05VDC,T"),
    ("6221", "TRAC:DATA?", "+1.0E-05,+1.0E-05", "+1.0E-05"),
    ("6221", 'SYST:COMM:SER:SEND ":SENS:CHAN?"\nSYST:COMM:SER:ENT?', "1", "2"),
    ("6221", 'SYST:COMM:SER:SEND ":SYST:ERR?"\nSYST:COMM:SER:ENT?', '-222,"x"', '-221,"x"'),
    ("2182A", ":SENS:CHAN?", "1", "2"),
    ("2182A", ":SENS:VOLT:RANG 0.1\n:SENS:VOLT:RANG?", "0.100000", "1.000000"),
    ("2182A", ":FORM:ELEM READ,CHAN\n:READ?", "+1.0E-05,1INTCHAN", "+1.0E-05,2INTCHAN"),
    ("2400", ":READ?", "+1.0E-02,+1.0E-04,+9.91E+37,+3.0E-01,+3.891600E+04",
     "+1.0E-02,+1.0E-04,+9.91E+37,+3.0E-01,+3.891700E+04"),
    ("2400", ":FORM:ELEM STAT,VOLT\n:READ?", "+1.0E-02,+3.891600E+04", "+1.0E-02,+3.891700E+04"),
    ("2400", ":ROUT:TERM?", "FRON", "REAR"),
    ("6000", "GETDAT? 3", "3,30422650.80,4417,300.0", "3,30422650.80,4433,300.0"),
    ("6000", "GETDAT? 3", "3,30422650.80,4417,300.0", "1,30422650.80,4417"),
    ("6000", "CHAMBER?", "0", "1"),
    ("6000", "LEVEL?", "90.00,1", "90.00,2"),
    ("6000", "TEMP?", "300,10,0", "300,10,1"),
    ("6000", "TEMP 300 10 0\nTEMP?", "300,10,0", "301,10,0"),
    ("6000", "ADVNUM?", "1", "2"),
]  # fmt: skip

MEASURED = [
    ("6221", "TRAC:DATA?", "+1.0E-05VDC,+1.0E+00,+3", "-2.3E-06VDC,+7.4E+02,+3"),
    ("6221", ":SENS:DATA?", "+1.000E-05", "-2.345E-06"),
    ("6221", ":CALC2:DATA?", "+1.000000E-05", "-2.345000E-06"),
    ("6221", ":SOUR:CURR?", "1.000000E-05", "2.000000E-05"),
    ("6221", ":SOUR:CURR:RANG?", "0.100000", "0.000200"),
    ("6221", ":SYST:ABO:SNUM?", "1234567", "7654321"),
    ("6221", 'SYST:COMM:SER:SEND ":READ?"\nSYST:COMM:SER:ENT?', "+1.0E-05", "-1.2E-06"),
    ("6221", "*IDN?", "KEITHLEY INSTRUMENTS INC.,MODEL 6221,1,D04  /700x ",
     "KEITHLEY INSTRUMENTS INC.,MODEL 6221,4559777,A03  /701y "),
    ("2182A", "*IDN?", "KEITHLEY INSTRUMENTS INC.,MODEL 2182A,1,C08/B01",
     "KEITHLEY INSTRUMENTS INC.,MODEL 2182A,2,C04  /A02"),
    ("2182A", ":READ?", "+1.00000000E-05", "-2.34500000E-06"),
    ("2182A", "*RST\n:SENS:VOLT:RANG?", "0.100000", "1.000000"),
    ("2182A", "*RST\n:SENS:VOLT:REF:ACQ\n:SENS:VOLT:REF?", "1.000000E-05", "2.000000E-05"),
    ("2400", ":READ?", "+1.0E-02,+1.0E-04,+9.91E+37,+3.0E-01,+3.891600E+04",
     "-1.3E-02,+1.1E-04,+9.91E+37,+7.0E+01,+3.891600E+04"),
    ("2400", ":SYST:TIME?", "0.461170", "17.000000"),
    ("6000", "GETDAT? 3", "3,30422650.80,4417,300.05269", "3,1.2,4417,299.1"),
    ("6000", "LEVEL?", "90.00,1", "71.25,1"),
    ("6000", "TEMP?", "300,10,0", "10.5,0.1,0"),
]  # fmt: skip

OF_ANOTHER_FORM = [
    ("6221", ":SOUR:CURR?", "1.00000E-05", "1.000000E-05"),
    ("6221", ":SENS:DATA?", "+1.000E-05", "1.000E-05"),
    ("6221", ":SENS:DATA?", "+1.000E-05", "+1.000E-05VDC"),
    ("2182A", ":READ?", "+1.0000000E-05", "+1.00000000E-05"),
    ("2400", ":SYST:TIME?", "0.46117", "0.461170"),
]


def _end(model: str) -> str:
    return ";" if model == "6000" else "\n"


@pytest.mark.parametrize(("model", "asked", "one", "other"), DISCRETE)
def test_what_is_discrete_differs(model: str, asked: str, one: str, other: str) -> None:
    levels: tuple[Level, ...] = ("form", "kind")
    for level in levels:
        assert not agree(model, asked, one, other, level, _end(model))
        assert not agree(model, asked, other, one, level, _end(model))
        assert agree(model, asked, one, one, level, _end(model))


@pytest.mark.parametrize(("model", "asked", "one", "other"), MEASURED)
def test_what_is_measured_or_its_own_agrees_in_form(model: str, asked: str, one: str, other: str) -> None:
    assert agree(model, asked, one, other, "form", _end(model))
    assert agree(model, asked, one, other, "kind", _end(model))


@pytest.mark.parametrize(("model", "asked", "one", "other"), OF_ANOTHER_FORM)
def test_a_number_that_is_printed_otherwise_differs(model: str, asked: str, one: str, other: str) -> None:
    assert not agree(model, asked, one, other)


def test_a_reply_belongs_to_the_question_that_it_answers() -> None:
    """On a socket replies queue up; a question that got none does not take the next one's reply."""
    talk = Conversation(TABLES["keithley6221"])
    talk.hear(b":SENS:DATA?\n:OUTP?\n")
    assert talk.agrees("+1.0E-05\n1\n", "+2.0E-05\n1\n", "form")
    talk.hear(b":SENS:DATA?\n")
    talk.forget()  # nothing came
    talk.hear(b":OUTP?\n")
    assert not talk.agrees("0\n", "1\n", "form")
    talk.hear(b":BANANA?;:SENS:DATA?\n:OUTP?\n")  # what stands behind a mistake is not carried out
    assert not talk.agrees("0\n", "1\n", "form")


def test_an_empty_line_behind_the_answer_of_a_meter_answers_nothing() -> None:
    talk = Conversation(TABLES["keithley6221"])
    talk.hear(b'SYST:COMM:SER:SEND ":READ?"\nSYST:COMM:SER:ENT?\n:SYST:ERR?\n')
    assert talk.agrees('+1.0E-05\n\n0,"No error"\n', '+2.0E-05\n\n0,"No error"\n', "form")
    talk.hear(b'SYST:COMM:SER:SEND ":READ?"\nSYST:COMM:SER:ENT?\n:SYST:ERR?\n')
    assert not talk.agrees('+1.0E-05\n\n0,"No error"\n', '+2.0E-05\n\n-221,"No error"\n', "form")


def test_binary_readings_agree_in_length() -> None:
    assert agree("6221", "FORM SRE\nTRAC:DATA?", "#0\x01\n\x02;", "#0\x07\x02;;")
    assert not agree("6221", "FORM SRE\nTRAC:DATA?", "#0\x01\n\x02;", "#0\x07\x02;")


def _message(action: str, result: str) -> str:
    body = json.dumps({"id": "1", "action": action, "query": "", "result": result, "message_type": "completed"})
    head = json.dumps({"byteorder": "little", "message-length": len(body)})
    return f"\0{chr(len(head))}{head}{body}"


def test_multivu_states_and_codes_agree_to_the_letter_and_readings_in_kind() -> None:
    talk = ServerTalk()
    assert talk.agrees(_message("TEMP?", "299.9686,K,Stable"), _message("TEMP?", "300.1,K,Stable"), "form")
    assert not talk.agrees(_message("TEMP?", "300.0,K,Stable"), _message("TEMP?", "300.0,K,Near"), "form")
    one, other, code = (
        _message("FIELD_SETPOINTS?", f"({values}),Oe,Call was successful")
        for values in ("100.0, 50.0, 0, 1", "200.0, 50.0, 0, 1", "100.0, 50.0, 1, 1")
    )
    assert talk.agrees(one, other, "form")
    assert not talk.agrees(one, code, "form")
    talk.hear(_message("FIELD", "").encode("latin-1"))
    assert not talk.agrees(one, other, "form")
    first, second = (_message("START", f"Connected to VERSALAB MultiVuServer at ('127.0.0.1', {n})") for n in (4096, 5))
    assert talk.agrees(first, second, "form")


def test_messages_of_another_length_end_where_they_end() -> None:
    recorded = (_message("TEMP?", "") + _message("TEMP?", "299.9686,K,Stable")).encode("latin-1")
    heard = (_message("TEMP?", "") + _message("TEMP?", "300.0,K,Stable")).encode("latin-1")
    assert end_of_messages(heard + heard, recorded) == len(heard)
    assert end_of_messages(heard[:-1], recorded) == 0


QUESTIONS = """\
*RST
SOUR:DELT:HIGH 1e-5;COUN 4;DEL 2e-3
SOUR:CURR:COMP 1
TRAC:POIN 4
SOUR:DELT:ARM
wait 5
SOUR:DELT:ARM?
INIT:IMM
wait 3
OUTP?
SOUR:DELT:LOW?
TRAC:POIN:ACT?
TRAC:DATA?
STAT:OPER?
SYST:ERR?
"""


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> Dialogue:
    """Whether the output stays on after a delta measurement, as docs/dialogues.md has it."""
    file = tmp_path_factory.mktemp("answers") / "answers.jsonl"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.stdin", iter(QUESTIONS.splitlines()))
        assert run_command(["record-dialogue", str(file), "--ask", "source", "--simulate", "--seed", "5"]) == 0
    return read_dialogue(file)


def _replayed(dialogue: Dialogue, seed: int | None = None) -> int | None:
    """The line of the first difference."""
    devices, clock = stage(dialogue, "", "", seed)
    difference = replay(dialogue, devices, clock).difference
    return None if difference is None else difference.line


def test_another_seed_makes_no_difference(answers: Dialogue) -> None:
    assert _replayed(answers) is None
    assert _replayed(answers, 77) is None


def test_each_changed_answer_is_found(answers: Dialogue) -> None:
    """The recording of an instrument that is otherwise in one bit, one count, one code, one state."""
    asked, changed = b"", 0
    for number, entry in enumerate(answers.entries):
        if entry.way == "to":
            asked = entry.data
        if entry.way != "from" or asked.startswith((b"*IDN", b"TRAC:DATA?")):
            continue
        place = next(n for n, byte in enumerate(entry.data) if chr(byte).isdigit())
        other = b"%c" % (entry.data[place] ^ 1)
        data = entry.data[:place] + other + entry.data[place + 1 :]
        entries = (*answers.entries[:number], replace(entry, data=data), *answers.entries[number + 1 :])
        assert _replayed(replace(answers, entries=entries)) == entry.line, (asked, data)
        changed += 1
    assert changed >= 10


def test_the_shipped_page_shows_what_it_asks_for(tmp_path: Path, answers: Dialogue) -> None:
    """An output that stays on is told by a comparison that nobody has chosen."""
    (place,) = (n for n, entry in enumerate(answers.entries) if entry.data == b"OUTP?\n")
    said = answers.entries[place + 1]
    other = replace(said, data=b"1\n" if said.data == b"0\n" else b"0\n")
    entries = (*answers.entries[: place + 1], other, *answers.entries[place + 2 :])
    file = tmp_path / "other.jsonl"
    lines = [{"schema": 1, "kind": "dialogue", **answers.about}, *(entry.to_json() for entry in entries)]
    file.write_text("\n".join(map(json.dumps, lines)) + "\n", encoding="utf-8")
    assert run_command(["record-dialogue", str(file), "--replay"]) == 5
