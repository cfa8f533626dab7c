"""The 6221's buffer, its formats, math and statistics, on readings of a real run."""

import struct

import numpy as np
import pytest

from simulators.devices.keithley6221 import Keithley6221
from tests.simulators.devices.pair_bench import Pair, delta_pair, run


def take(pair, value, number=1, clamped=False):
    """Have the source take readings without a meter."""
    for k in range(number):
        pair.source.take_reading(value + k, pair.timeline.now, 1e-3, 0.5, clamped)


@pytest.fixture
def pair():
    pair = Pair(wired=False)
    pair.write("TRAC:POIN 20;FEED:CONT NEXT")
    return pair


# ---- what it says about itself


def test_bits_of_the_measurement_register(pair):
    pair.write("TRAC:NOT 15")
    seen = {}
    for stored in range(1, 22):
        take(pair, 1.0)
        bits = int(pair.ask("STAT:MEAS:COND?"))
        for bit in (5, 6, 7, 8, 9, 12, 13):
            if bits >> bit & 1:
                seen.setdefault(bit, stored)
    assert seen == {5: 1, 7: 2, 12: 5, 8: 10, 6: 15, 13: 15, 9: 20}
    assert pair.ask("TRAC:POIN:ACT?;:TRAC:FEED:CONT?") == "20;NEV"
    pair.write("TRAC:CLE")
    assert pair.ask("TRAC:POIN:ACT?;:STAT:MEAS:COND?") == "0;32"


def test_pymeasures_way_to_wait_for_a_full_buffer():
    """`*STB?` becomes 65 (MSB and RQS)."""
    pair = delta_pair("COUN 5")
    pair.write(":STAT:PRES;*CLS;*SRE 1;:STAT:MEAS:ENAB 512;", ":TRAC:CLEAR;", ":TRAC:POIN 5")
    pair.write(":TRAC:FEED SENSE;:TRAC:FEED:CONT NEXT;", ":INIT")
    assert pair.ask("*STB?") == "0"
    pair.run_until_done()
    assert pair.ask("*STB?") == "65"
    assert pair.source.service_requested()
    assert len(pair.buffer()) == 10


def test_room(pair):
    assert pair.ask("TRAC:FREE?;:TRAC:DATA:TYPE?") == "2097152,0;NONE"
    take(pair, 1.0, 3)
    assert pair.ask("TRAC:FREE?") == "2097056,96"


def test_arming_sizes_the_buffer_and_an_endless_test_fills_it_and_goes_on():
    pair = delta_pair("COUN INF")
    assert pair.ask("TRAC:POIN?;NOT?;FEED:CONT?") == "65536;32768;NEXT"
    pair.sample.changes.clear()
    pair.write("INIT")
    pair.wait(65536 / 47 + 10)
    assert pair.ask("TRAC:POIN:ACT?;:TRAC:FEED:CONT?;:OUTP?") == "65536;NEV;1"
    assert pair.ask("SENS:DATA:FRES?") != ""
    assert pair.ask("TRAC:DATA?").count(",") == 2 * 65536 - 1


def test_reset_leaves_the_buffer_alone(pair):
    take(pair, 1.0, 3)
    pair.write("*RST")
    assert pair.ask("TRAC:POIN:ACT?;:TRAC:POIN?") == "3;20"


def test_a_loss_of_power_empties_it(pair):
    take(pair, 1.0, 3)
    pair.source.power_cycle()
    assert pair.ask("TRAC:POIN:ACT?;:TRAC:POIN?;DATA:TYPE?;:STAT:MEAS:COND?") == "0;100;NONE;0"


# ---- elements and formats


@pytest.mark.parametrize(
    ("asked", "line"),
    [
        ("READ,TST", "+1.000000E+00,+0.000E+00"),
        ("TST,READ", "+1.000000E+00,+0.000E+00"),
        ("READ,TST,RNUM,SOUR", "+1.000000E+00,+0.000E+00,+1.000000E-03,+0"),
        ("READ,SOUR,AVOL,TST", "+1.000000E+00,+0.000E+00,+1.000000E-03,+5.000000E-01"),
        ("READ,UNIT", "+1.000000E+00VDC"),
        ("ALL", "+1.000000E+00VDC,+0.000E+00,+1.000000E-03,+5.000000E-01,0,+0"),
        ("DEF", "+1.000000E+00,+0.000E+00"),
        ("COMP", "0"),
    ],
)
def test_elements_keep_the_instruments_own_order(pair, asked, line):
    pair.write(f"FORM:ELEM {asked}")
    take(pair, 1.0)
    assert pair.ask("TRAC:DATA?") == line


def test_the_compliance_element_may_be_a_letter():
    class Letters(Keithley6221):
        compliance_letters = True

    pair = Pair(wired=False, source=Letters)
    pair.write("TRAC:FEED:CONT NEXT;:FORM:ELEM COMP")
    take(pair, 1.0)
    take(pair, 1.0, clamped=True)
    assert pair.ask("TRAC:DATA?") == "F,T"


@pytest.mark.parametrize(
    ("elements", "reply"),
    [("UNIT", "VDC,VDC"), ("READ,UNIT", "+0.000000E+00VDC,+1.000000E+00VDC"), ("UNIT,RNUM", "+0,+1")],
)
def test_units_stand_behind_the_reading_or_alone(pair, elements, reply):
    pair.write(f"FORM:ELEM {elements}")
    take(pair, 0.0)
    take(pair, 1.0)
    assert pair.ask("TRAC:DATA?") == reply


def test_where_the_buffer_tells_goes_with_its_size(pair):
    """One below its size at most, half of it unless another number is given (manual, 6-16 and 6-17)."""
    assert pair.ask("TRAC:NOT? MAX;NOT? MIN;NOT? DEF") == "19;1;10"
    pair.write("TRAC:NOT MAX")
    assert pair.ask("TRAC:NOT?") == "19"
    pair.write("TRAC:NOT DEF;NOT 20")
    assert pair.errors() == [-222]
    assert pair.ask("TRAC:NOT?") == "10"
    pair.write("TRAC:NOT 19;:TRAC:POIN 5")
    assert pair.ask("TRAC:NOT?;NOT? MAX") == "2;4"
    pair.write("TRAC:POIN 1000;NOT 999")
    assert pair.ask("TRAC:NOT?;NOT? MAXIMUM;NOT? DEFAULT") == "999;999;500"
    for size in (1, 2):
        pair.write(f"TRAC:POIN {size}")
        assert pair.ask("TRAC:NOT?;NOT? MAX") == "1;1"
    assert pair.errors() == []
    assert pair.ask("TRAC:NOT? UP") == ""
    assert pair.errors() == [-108]


def test_overflow_has_no_unit(pair):
    pair.write("FORM:ELEM READ,UNIT")
    take(pair, 9.9e37)
    assert pair.ask("TRAC:DATA?") == "+9.9E37"
    assert int(pair.ask("STAT:MEAS:COND?")) & 1


def test_time_stamps_and_numbers(pair):
    for _ in range(3):
        take(pair, 1.0)
        pair.wait(0.25)
    pair.write("FORM:ELEM TST,RNUM")
    assert pair.buffer() == [0.0, 0.0, 0.25, 1.0, 0.5, 2.0]
    pair.write("TRAC:TST:FORM DELT")
    assert pair.buffer() == [0.0, 0.0, 0.25, 1.0, 0.25, 2.0]
    assert pair.ask("TRAC:DATA:SEL? 1,2") == "+2.500E-01,+1,+2.500E-01,+2"
    pair.write("SYST:TST:RES;:SYST:RNUM:RES;:TRAC:CLE;TST:FORM ABS")
    pair.wait(0.5)
    take(pair, 1.0)
    assert pair.buffer() == [0.5, 0.0]


def test_parts_of_the_buffer(pair):
    pair.write("FORM:ELEM READ")
    take(pair, 0.0, 5)
    assert pair.ask("TRAC:DATA:SEL? 1,2") == "+1.000000E+00,+2.000000E+00"
    assert pair.ask("TRAC:DATA:SEL? 3,100") == "+3.000000E+00,+4.000000E+00"
    assert pair.ask("TRAC:DATA:SEL? 5,1") == ""
    assert pair.errors() == [-230]


@pytest.mark.parametrize(
    ("coding", "order", "form"),
    [
        ("REAL,32", "NORM", ">f"),
        ("SRE", "SWAP", "<f"),
        ("REAL,64", "NORM", ">d"),
        ("DRE", "SWAP", "<d"),
        ("REAL", "NORM", ">f"),
    ],
)
def test_binary(pair, coding, order, form):
    pair.write(f"FORM {coding};:FORM:BORD {order};ELEM READ,SOUR")
    take(pair, 1.5, 2)
    pair.write("TRAC:DATA?")
    data = pair.source.read()
    assert data[:2] == b"#0"
    assert data[-1:] == b"\n"
    values = struct.unpack(f"{form[0]}4{form[1]}", data[2:-1])
    assert values == pytest.approx([1.5, 1e-3, 2.5, 1e-3])


# ---- math, statistics, limit


@pytest.mark.parametrize(
    ("form", "result"), [("MXB", "+7.000000E+00"), ("REC", "+5.000000E-01"), ("NONE", "+2.000000E+00")]
)
def test_math(form, result):
    pair = delta_pair(f"COUN INF;:CALC:KMAT:MMF 3;MBF 1;:CALC:FORM {form};:CALC:STAT ON;:FORM:ELEM READ", full=10)
    pair.sample.resistance = 2000.0
    pair.write("INIT")
    pair.wait(1.0)
    assert pair.ask("CALC:DATA?") == result
    assert pair.ask("CALC:DATA:FRES?") == ""
    assert pair.errors() == [-230]
    assert pair.ask("SENS:DATA?") == "+2.000000E+00"
    assert pair.ask("TRAC:DATA:SEL? 3,1") == result
    pair.write("SOUR:SWE:ABOR", "TRAC:FEED SENS", "SOUR:DELT:COUN 2;ARM")
    run(pair)
    assert pair.ask("TRAC:DATA?") == "+2.000000E+00,+2.000000E+00"


def test_a_feed_of_nothing():
    pair = delta_pair("COUN 2;:TRAC:FEED NONE")
    run(pair)
    assert pair.ask("TRAC:POIN:ACT?") == "0"


@pytest.mark.parametrize(
    ("form", "result"), [("MEAN", 2.5), ("SDEV", 1.2909944), ("MAX", 4.0), ("MIN", 1.0), ("PKPK", 3.0)]
)
def test_statistics(pair, form, result):
    """Of what is stored, without overflows."""
    take(pair, 1.0, 4)
    take(pair, 9.9e37)
    pair.write(f"CALC2:FORM {form};STAT ON;IMM")
    assert float(pair.ask("CALC2:DATA?")) == pytest.approx(result, rel=1e-6)
    take(pair, 100.0)
    assert float(pair.ask("CALC2:DATA?")) == pytest.approx(result, rel=1e-6)
    assert (float(pair.ask("CALC2:IMM?")) == pytest.approx(result, rel=1e-6)) == (form == "MIN")
    pair.write("CALC2:STAT OFF")
    assert pair.ask("CALC2:IMM?") == ""
    assert pair.errors() == [-230]


def test_the_limit_looks_at_compliance(pair):
    pair.write("CALC3:LIM:STAT ON;SOUR2 5")
    take(pair, 1.0)
    assert pair.ask("CALC3:LIM:FAIL?") == "0"
    assert pair.source.digital_outputs == 0
    take(pair, 1.0, clamped=True)
    assert pair.ask("CALC3:LIM:FAIL?") == "1"
    assert pair.source.digital_outputs == 5
    pair.write("CALC3:FORC:PATT 9;STAT ON")
    assert pair.source.digital_outputs == 9
    pair.write("CALC3:FORC:STAT OFF;:CALC3:LIM:STAT OFF")
    assert pair.ask("CALC3:LIM:FAIL?") == "0"
    assert pair.source.digital_outputs == 0


def test_units_of_delta_readings():
    pair = delta_pair("COUN 2;:FORM:ELEM READ,UNIT")
    for unit, line in [
        ("V", "+1.000000E-02VDC"), ("OHMS", "+1.000000E+01OHM"), ("SIEM", "+1.000000E-01S"), ("W", "+1.000000E-05W"),
    ]:  # fmt: skip
        pair.write(f"UNIT {unit}")
        run(pair)
        assert pair.ask("TRAC:DATA?") == f"{line},{line}"


def test_many_readings_cost_what_few_do():
    """Nothing is done again for each reading that is stored already."""
    source = Pair(wired=False).source
    source.prepare_buffer(65536)
    for k in range(65536):
        source.take_reading(float(k), k / 47, 1e-3, 0.0, clamped=False)
    assert len(source.stored) == 65536
    assert np.array(source.stored.values)[-1] == 65535.0
