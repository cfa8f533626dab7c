"""The 6221's RS-232 port: other people's words to the meter, and what happens when a cable is wrong."""

import pytest

from simulators.devices.keithley6221 import Keithley6221
from simulators.links import TriggerCable
from tests.simulators.devices.pair_bench import Pair

IDENTITY = "KEITHLEY INSTRUMENTS INC.,MODEL 2182A,1340129,C04  /A02"


@pytest.fixture
def pair():
    return Pair()


# ---- the relay


@pytest.mark.parametrize(
    "sent",
    [
        'SYST:COMM:SER:SEND "*IDN?"',
        "SYST:COMM:SER:SEND '*IDN?'",
        'SYST:COMM:SERIAL:SEND "*IDN?\n"',
        ':SYSTem:COMMunicate:SERial:SEND ":*IDN?"',
    ],
)
def test_a_reply_keeps_its_own_end(pair, sent):
    """The door gives it another one: a client that reads a line leaves an empty one behind."""
    pair.write(sent)
    pair.wait(0.05)
    pair.write("SYST:COMM:SER:ENT?")
    assert pair.source.read() == IDENTITY.encode() + b"\n\n"
    assert pair.errors() == pair.errors(pair.meter) == []


@pytest.mark.parametrize("end", [b"\r", b"\r\n", b"\n\r"])
def test_the_meters_end_is_the_one_chosen_at_its_front(pair, end):
    pair.meter.serial_end = end
    pair.write("SYST:COMM:SER:TERM CR", 'SYST:COMM:SER:SEND ":SENS:CHAN?"')
    pair.write("SYST:COMM:SER:ENT?")
    assert pair.source.read() == b"1" + end + b"\n"


@pytest.mark.parametrize("sent", ['"SENS:FUNC ""TEMP"""', "'SENS:FUNC \"TEMP\"'", "\"SENS:FUNC 'TEMP'\""])
def test_quotes_within_quotes(pair, sent):
    pair.write(f"SYST:COMM:SER:SEND {sent}")
    pair.wait(0.05)
    assert pair.ask("SENS:FUNC?", to=pair.meter) == '"TEMP"'


def test_the_reply_takes_its_time_on_the_wire(pair):
    start = pair.timeline.now
    pair.write('SYST:COMM:SER:SEND "*IDN?"')
    pair.ask("SYST:COMM:SER:ENT?")
    bits = 10 * (len("*IDN?\n") + len(IDENTITY) + 1)
    assert bits / 19200 <= pair.timeline.now - start < bits / 19200 + 0.02


def test_replies_that_nobody_fetched_come_together(pair):
    pair.write('SYST:COMM:SER:SEND ":SENS:CHAN?"', 'SYST:COMM:SER:SEND ":SENS:VOLT:NPLC?"')
    pair.wait(0.1)
    pair.write("SYST:COMM:SER:ENT?")
    assert pair.source.read() == b"1\n5.00\n\n"


def test_with_nothing_said_there_is_an_empty_line_after_a_while(pair):
    start = pair.timeline.now
    pair.write("SYST:COMM:SER:ENT?")
    assert pair.source.read() == b"\n"
    assert pair.timeline.now - start == pytest.approx(1.0)


def test_commands_behind_a_relayed_reset_wait_for_its_end(pair):
    pair.write('SYST:COMM:SER:SEND "*RST"', 'SYST:COMM:SER:SEND ":SENS:VOLT:NPLC 2"')
    pair.write('SYST:COMM:SER:SEND ":SENS:VOLT:NPLC?"')
    assert pair.ask("SYST:COMM:SER:ENT?") == "2.00\n"
    assert pair.timeline.now > pair.meter.reset_duration


def test_control_characters_clear_what_the_meter_waits_for(pair):
    pair.write('SYST:COMM:SER:SEND ":INIT:CONT OFF"', 'SYST:COMM:SER:SEND ":ABOR;:SENS:DATA:FRES?"')
    pair.wait(1.0)
    assert pair.meter.busy()
    pair.write('SYST:COMM:SER:SEND "\x03"', 'SYST:COMM:SER:SEND ":SENS:CHAN?"')
    assert pair.ask("SYST:COMM:SER:ENT?") == "1\n"


def test_a_reading_of_the_meter_through_the_relay(pair):
    pair.sample.offset = 1.25e-3
    pair.write('SYST:COMM:SER:SEND ":SENS:VOLT:RANG 0.01;NPLC 1;:INIT:CONT OFF;:TRIG:COUN 1"')
    pair.write('SYST:COMM:SER:SEND ":READ?"')
    pair.wait(2.0)
    assert float(pair.ask("SYST:COMM:SER:ENT?")) == pytest.approx(1.25e-3)


def test_both_doors_of_the_meter_work_side_by_side(pair):
    pair.meter.write(b"*IDN?\n")
    pair.write('SYST:COMM:SER:SEND ":SENS:CHAN?"')
    pair.wait(0.1)
    assert pair.meter.read().decode().rstrip() == IDENTITY
    assert pair.ask("SYST:COMM:SER:ENT?") == "1\n"
    assert pair.errors(pair.meter) == []


def test_an_endless_command_does_not_fill_the_meter(pair):
    for _ in range(3):
        pair.source.serial_port.send(b"A" * 60_000)
    pair.wait(120.0)
    assert pair.errors(pair.meter) == [-363]
    pair.write('SYST:COMM:SER:SEND ""', 'SYST:COMM:SER:SEND "*IDN?"')
    pair.wait(1.0)
    assert IDENTITY in pair.ask("SYST:COMM:SER:ENT?")


# ---- one interface at a time


def test_a_meter_on_gpib_is_deaf_on_the_other_side(pair):
    pair.meter.interface = "GPIB"
    assert pair.ask("SOUR:DELT:NVPR?") == "0"
    assert pair.ask("*IDN?", to=pair.meter) == IDENTITY


def test_a_meter_on_rs232_is_dead_on_gpib(pair):
    pair.meter.interface = "RS-232"
    assert pair.ask("SOUR:DELT:NVPR?") == "1"
    assert pair.ask("*IDN?", to=pair.meter) == ""
    pair.meter.read_without_talk()
    pair.meter.interrupted()
    pair.meter.trigger()
    assert pair.meter.status_byte() == 0
    assert pair.errors(pair.meter) == []


def test_the_port_is_the_computers_where_that_was_chosen(pair):
    pair.write("SYST:COMM:SEL SER")
    assert pair.ask("SOUR:DELT:NVPR?") == "0"
    pair.write("SYST:COMM:SEL GPIB")
    assert pair.ask("SOUR:DELT:NVPR?") == "1"


# ---- wrong wiring


def test_present_answers_quickly_and_absent_after_a_while(pair):
    start = pair.timeline.now
    assert pair.ask("SOUR:DELT:NVPR?;:SOUR:PDEL:NVPR?;:SOUR:DCON:NVPR?") == "1;1;1"
    assert 0.09 < pair.timeline.now - start < 0.3
    pair.serial.unplug()
    start = pair.timeline.now
    assert pair.ask("SOUR:DELT:NVPR?") == "0"
    assert pair.timeline.now - start == pytest.approx(1.0, abs=0.05)


def test_another_speed_is_no_meter(pair):
    pair.meter.serial_baud = 9600
    assert pair.ask("SOUR:DELT:NVPR?") == "0"
    assert pair.errors(pair.meter) == [-362]
    pair.write("SYST:COMM:SER:BAUD 9600")
    assert pair.ask("SOUR:DELT:NVPR?") == "1"


def test_a_meter_that_talks_at_another_speed_sets_the_rs232_error_bit(pair):
    pair.meter.serial_baud = 9600
    pair.meter.serial_port.send(b"1\n")
    pair.wait(0.1)
    assert int(pair.ask("STAT:OPER?")) & 0x800


def test_without_the_trigger_cable_a_run_arms_starts_and_never_reads(pair):
    pair.link.unplug()
    pair.write("SOUR:DELT:ARM")
    assert pair.ask("SOUR:DELT:ARM?") == "1"
    pair.write("INIT:IMM")
    pair.wait(60.0)
    assert pair.ask("SENS:DATA?").startswith("+9.9E37,")
    assert pair.ask("OUTP?;:TRAC:POIN:ACT?") == "1;0"
    assert pair.sample.current == 1e-3
    assert int(pair.ask("STAT:OPER:COND?")) == 0x808
    assert int(pair.ask("STAT:OPER?")) & 0x800
    pair.write("SOUR:SWE:ABOR")
    assert pair.ask("OUTP?;:SOUR:DELT:ARM?") == "0;0"
    assert pair.errors() == []


def test_samples_that_do_not_come_are_an_rs232_error_after_a_while(pair):
    pair.link.unplug()
    pair.write("SOUR:DELT:DEL 2;ARM", "INIT")
    pair.wait(2.0 + Keithley6221.sample_patience - 0.01)
    assert not int(pair.ask("STAT:OPER?")) & 0x800
    pair.wait(0.02)
    assert int(pair.ask("STAT:OPER?")) & 0x800
    TriggerCable(pair.source, pair.meter)
    pair.write("SOUR:SWE:ABOR", "SOUR:DELT:COUN 3;DEL 2e-3;ARM", "INIT")
    pair.run_until_done()
    assert not int(pair.ask("STAT:OPER?;:STAT:OPER:COND?").split(";")[1]) & 0x800


@pytest.mark.parametrize("mode", ["SOUR:DELT:HIGH 1e-3;DEL 8;COUN 3;ARM", "SOUR:PDEL:INT 500;COUN 3;ARM"])
def test_a_source_that_is_slow_itself_misses_no_sample(pair, mode):
    pair.write('SYST:COMM:SER:SEND ":SENS:VOLT:NPLC 60"')
    pair.wait(0.5)
    pair.write(mode, "INIT")
    pair.run_until_done()
    assert pair.ask("TRAC:POIN:ACT?") == "3"
    assert int(pair.ask("STAT:OPER?")) & 0x802 == 0x002


@pytest.mark.parametrize("setting", ["TRIG:ILIN 4", "TRIG:OLIN 5"])
def test_trigger_lines_that_do_not_match_the_meters(pair, setting):
    pair.write(setting, "SOUR:DELT:ARM", "INIT")
    pair.wait(10.0)
    assert pair.ask("TRAC:POIN:ACT?") == "0"
    assert pair.ask("SENS:DATA?").startswith("+9.9E37,")


def test_a_pulse_waits_for_a_meter_that_answers(pair):
    """Without the trigger cable no pulse reaches the sample."""
    pair.link.unplug()
    pair.write("SOUR:PDEL:HIGH 10e-3;ARM", "INIT")
    pair.wait(10.0)
    assert all(not current for _, current in pair.sample.changes)


def test_the_serial_cable_pulled_during_a_run(pair):
    pair.write("SOUR:DELT:COUN INF;ARM", "INIT")
    pair.wait(3.0)
    stored = pair.ask("TRAC:POIN:ACT?")
    assert int(stored) > 10
    pair.serial.unplug()
    pair.wait(10.0)
    assert int(pair.ask("TRAC:POIN:ACT?")) <= int(stored) + 1
    assert int(pair.ask("STAT:OPER?")) & 0x800
    changes = len(pair.sample.changes)
    pair.wait(10.0)
    assert len(pair.sample.changes) == changes
    pair.write("SOUR:SWE:ABOR")
    assert pair.ask("OUTP?") == "0"


def test_a_slow_line_makes_the_source_wait_and_loses_nothing(pair):
    pair.write("SYST:COMM:SER:BAUD 2400")
    pair.meter.serial_baud = 2400
    pair.write('SYST:COMM:SER:SEND ":SENS:VOLT:NPLC 1;RANG 1"')
    pair.wait(0.5)
    pair.write("SOUR:DELT:DEL 1e-3;COUN 60;ARM", "INIT")
    start = pair.timeline.now
    pair.run_until_done()
    assert pair.ask("TRAC:POIN:ACT?") == "60"
    assert pair.timeline.now - start == pytest.approx(62 * 16 * 10 / 2400, rel=0.05)
    assert int(pair.ask("STAT:OPER:COND?")) & 0x800


def test_a_meter_that_is_switched_off_and_on_during_a_run(pair):
    pair.write("SOUR:DELT:COUN INF;ARM", "INIT")
    pair.wait(3.0)
    pair.meter.power_cycle()
    pair.wait(1.0)
    stored = pair.ask("TRAC:POIN:ACT?")
    pair.wait(10.0)
    assert pair.ask("TRAC:POIN:ACT?") == stored
    assert int(pair.ask("STAT:OPER?")) & 0x800
    pair.write("SOUR:SWE:ABOR", "SOUR:DELT:COUN 3;ARM", "STAT:PRES;*CLS", "INIT")
    pair.run_until_done()
    assert pair.ask("TRAC:POIN:ACT?") == "3"


def test_a_device_clear_ends_arming(pair):
    pair.source.write(b"SOUR:DELT:ARM\n")
    pair.wait(0.1)
    assert pair.source.busy()
    pair.source.clear()
    pair.wait(5.0)
    assert pair.ask("SOUR:DELT:ARM?;NVPR?") == "0;1"


def test_a_client_that_does_not_wait_for_arming(pair):
    """What comes behind ARM waits for its end."""
    pair.source.stream = True
    for message in (b"SOUR:DELT:COUN 2;ARM\n", b"INIT:IMM\n", b"SOUR:DELT:ARM?\n"):
        pair.source.write(message)
    pair.run_until_done()
    assert pair.source.read() == b"1\n"
    assert pair.ask("TRAC:POIN:ACT?") == "2"
