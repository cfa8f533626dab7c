"""Other people's programs for the measuring modes of the 6221, message by message."""

import numpy as np
import pytest

from tests.simulators.devices.pair_bench import Pair


def test_pymeasures_delta_properties():
    pair = Pair()
    for sent in (
        ":UNIT:VOLT:DC OHMS", ":SOUR:DELT:HIGH 0.001", ":SOUR:DELT:LOW -0.001", ":SOUR:DELT:DELay 0.002",
        ":SOUR:DELT:COUN 10", ":SOUR:SWEep:COUN 1", ":SOUR:DELT:CAB ON", ":SOUR:DELT:CSW ON", "TRAC:POIN 10",
    ):  # fmt: skip
        pair.write(sent)
    asked = {
        ":UNIT:VOLT:DC?": "OHMS", ":SOUR:DELT:HIGH?": "1.000000E-03", ":SOUR:DELT:LOW?": "-1.000000E-03",
        ":SOUR:DELT:COUN?": "10", ":SOUR:DELT:CAB?": "1", ":SOUR:DELT:CSW?": "1", "TRAC:POIN?": "10",
        ":SOUR:DELT:NVPR?": "1",
    }  # fmt: skip
    assert {question: pair.ask(question) for question in asked} == asked
    pair.sample.resistance = 10.0
    pair.write(":SOUR:DELT:ARM", ":INIT:IMM")
    assert len(pair.ask(":SENS:DATA?").split(",")) == 2
    pair.run_until_done()
    assert pair.buffer()[::2] == pytest.approx([10.0] * 10)
    pair.write(":SOUR:SWE:ABOR")
    assert pair.errors() == []


def tek(pair, *messages):
    """The first half of the vendor's example scripts."""
    pair.write("SOUR:SWE:ABOR", "SOUR:WAVE:ABOR", "*RST", "OUTP:ISH OLOW", "OUTP:LTE OFF", *messages)
    pair.write('SYST:COMM:SERIAL:SEND "*RST"')
    pair.wait(3.0)
    pair.write('SYST:COMM:SERIAL:SEND ":SENS:VOLT:NPLC 1"')
    pair.wait(2.0)
    pair.write('SYST:COMM:SERIAL:SEND ":SENS:VOLT:RANG 0.1"')


def poll(pair):
    """The second half: wait for bit 1, a question a second."""
    for _ in range(100):
        pair.wait(1.0)
        if int(pair.ask("STAT:OPER:EVEN?")) & 2:
            return
    raise AssertionError("no end")


def test_the_vendors_delta_example():
    """Columns: voltage, time, source current, number."""
    pair = Pair()
    pair.sample.resistance = 10.0
    tek(
        pair, "FORM:ELEM READ,TST,RNUM,SOUR", "SOUR:DELT:HIGH 1e-3", "SOUR:DELT:LOW -1e-3", "SOUR:DELT:COUNT 50",
        "SOUR:DELT:DEL 1e-3", "SOUR:CURR:COMP 10", "SOUR:CURR:RANG 2e-3",
    )  # fmt: skip
    pair.write("SENS:AVER:WIND 0", "SENS:AVER:TCON MOV", "SENS:AVER:COUNT 10", "SENS:AVER:STAT 1", "UNIT V")
    pair.write("SOUR:DELT:ARM", "INIT:IMM")
    poll(pair)
    numbers = [float(text) for start in (0, 20, 40) for text in pair.ask(f"TRAC:DATA:SEL? {start},20").split(",")]
    rows = np.array(numbers).reshape(50, 4)
    assert rows[:, 0] == pytest.approx(np.full(50, 10e-3))
    assert rows[:, 1] == pytest.approx(np.arange(50) / 47, abs=5e-3)
    assert rows[:, 2] == pytest.approx(np.full(50, 1e-3))
    assert list(rows[:, 3]) == list(range(50))
    pair.write(":SOUR:SWE:ABORT")
    assert pair.errors() == []


def test_the_vendors_conductance_example():
    """Columns: reading, time, source current, average voltage."""
    pair = Pair()
    pair.sample.resistance = 1000.0
    tek(
        pair, "FORM:ELEM READ,SOUR,AVOL,TST", "SOUR:DCON:STAR -10e-6", "SOUR:DCON:STOP 10e-6", "SOUR:DCON:STEP 1e-6",
        "SOUR:DCON:DEL 2e-3", "SOUR:DCON:DELT 2e-6", "SOUR:CURR:COMP 10",
    )  # fmt: skip
    pair.write("SENS:AVER:TCON REP", "SENS:AVER:COUN 2", "SENS:AVER:STAT 0", "UNIT SIEM", "SOUR:DCON:ARM")
    pair.wait(10.0)
    pair.write("INIT:IMM")
    poll(pair)
    rows = np.array([float(text) for text in pair.ask("TRAC:DATA:SEL? 0,1000").split(",")]).reshape(21, 4)
    assert rows[:, 0] == pytest.approx(np.full(21, 1e-3), rel=1e-5)
    assert rows[:, 2] == pytest.approx(np.linspace(-10e-6, 10e-6, 21), abs=1e-12)
    assert rows[:, 3] == pytest.approx(1000.0 * rows[:, 2], abs=1e-9)
    pair.write(":SOUR:SWE:ABORT")
    assert pair.errors() == []


def test_pulse_scripts_from_the_wild():
    """Nodes that do not exist are complained about and nothing else breaks."""
    pair = Pair()
    for message in ("SOUR:PDEL:LME 0", "TRAC:DCON:CAB ON", "SOUR:DELT:PROT 1", "TRACE:ACTUAL?", "TRACE:TYPE?"):
        pair.write(message)
    assert pair.errors() == [-222, -113, -113, -113, -113]
    pair.write("SOUR:PDEL:COUN 2", "SOUR:PDEL:ARM")
    assert pair.ask("PDELta:ARM?") == "1"
    pair.write("INIT:IMM")
    pair.wait(2.0)
    pair.write("SOUR:SWE:ABOR")
    assert len(pair.ask("TRACE:DATA?").split(",")) == 4
    assert pair.ask("TRAC:DATA:SEL? 0,6").count(",") == 3
    assert pair.errors() == []
