"""What passes for a reply to a bare question, and what does not."""

from __future__ import annotations

import pytest

from instruments.tables.keithley2182a import TABLE as METER
from instruments.tables.keithley2400 import TABLE as SMU
from instruments.tables.keithley6221 import TABLE as SOURCE
from instruments.tables.table import CommandTable
from labctl.checkup.afterwards import OF_SMU, OF_SOURCE
from labctl.checkup.meter import Setting, meter_settings
from labctl.checkup.replies import reply_form
from simulators.devices.keithley2182a import Keithley2182A
from simulators.devices.keithley2400 import Keithley2400
from simulators.devices.keithley6221 import Keithley6221
from simulators.exchange import ScpiDevice
from tests.clinic import Clinic

QUESTIONS = {"source": (SOURCE, OF_SOURCE), "voltmeter": (METER, meter_settings((1, 2))), "smu": (SMU, OF_SMU)}


@pytest.mark.parametrize(
    ("table", "question", "sense", "nonsense"),
    [
        (SOURCE, ":SYST:COMM:SER:BAUD?", ["9600", "19200"], ["GPIB", "19201", "", "19200\n19200", "19200.5"]),
        (SOURCE, ":SYST:COMM:SER:TERM?", ["LF", "CRLF"], ["19200", "LF\nLF", "L"]),
        (SOURCE, ":SYST:COMM:SEL?", ["GPIB", "SER", "ETH"], ["LF", "0"]),
        (SOURCE, ":OUTP?", ["0", "1"], ["2", "01", "ON"]),
        (SOURCE, ":SOUR:CURR?", ["1E-05", "1.000000E-05", "-0.1"], ["1.0E-0", "OFF", "1;1"]),
        (SOURCE, ":SOUR:DELT:COUN?", ["100", "+9.9E37"], ["1.5", "NEV", '0,"No error"']),
        (SOURCE, ":TRAC:POIN:ACT?", ["0", "17"], ["1.0E+1", "NONE"]),
        (SOURCE, ":STAT:OPER?", ["1036"], ["-1", "0;0"]),
        (SOURCE, ":SYST:ERR?", ['0,"No error"', '-221,"Settings conflict"'], ["0", '0,"No error']),
        (METER, ":SENS:FUNC?", ['"VOLT:DC"'], ["VOLT:DC", '"OHMS"']),
        (METER, ":FORM:ELEM?", ["READ", "READ,CHAN"], ["0", "READ,"]),
        (METER, ":READ?", ["+1.2E-06", "-5.61139086E-07"], ["+1.2E-06\n+1.2E-06", "VOLT"]),
        (SMU, ":OUTP:SMOD?", ["HIMP", "NORM"], ["1", "HIM"]),
    ],
)
def test_a_reply_has_the_form_of_its_question(
    table: CommandTable, question: str, sense: list[str], nonsense: list[str]
) -> None:
    form = reply_form(table, question)
    assert [form.read(text) for text in sense if form.matches(text)] == sense
    assert [text for text in nonsense if form.matches(text)] == []


@pytest.mark.parametrize("role", QUESTIONS)
def test_what_the_doctor_asks_is_answered_in_its_form(monkeypatch: pytest.MonkeyPatch, role: str) -> None:
    seen = Clinic(monkeypatch)(look=True)
    table, settings = QUESTIONS[role]
    for setting in settings:
        for header in filter(None, (setting.header, setting.automatic)):
            form, answer = reply_form(table, f"{header}?"), seen.ask(role, f"{header}?")
            assert form.matches(answer), (header, answer, form.expected)


@pytest.mark.parametrize("kind", [Keithley6221, Keithley2182A, Keithley2400])
def test_every_setting_is_answered_in_its_form_by_its_instrument(
    monkeypatch: pytest.MonkeyPatch, kind: type[ScpiDevice]
) -> None:
    seen = Clinic(monkeypatch)(look=True)
    (role,) = (role for role, device in seen.lab.devices.items() if isinstance(device, kind))
    table = kind.table
    asked = 0
    for row in table:
        if row.command and row.query and len(row.parameters) == 1 and row.parameters[0].kind != "numbers":
            header = Setting(row.header).header.replace("[", "").replace("]", "").split("|")[0]
            answer = seen.ask(role, f"{header}?")
            if not answer:
                continue  # it is refused as the instrument stands, which its own tests look at
            asked += 1
            assert reply_form(table, f"{header}?").matches(answer), (header, answer)
    assert asked > 60
