"""What the maker's example programs send, message by message, over pyvisa: delta, conductance, arbitrary wave, logging.

Columns, waits and ends of the loops are those of the examples at github.com/tektronix/keithley; their seconds are
hundredths here, as the lab's time runs a hundred times faster.
"""

import math
import time

import peer
import pyvisa

lab = peer.lab()
manager = pyvisa.ResourceManager("@py")
SPEED = lab["speed"]


def opened(role):
    """A session with the terminators that a socket needs."""
    return manager.open_resource(lab[role], read_termination="\n", write_termination="\n", timeout=10_000)


def sleep(seconds):
    """As long as in the example, in the lab's time."""
    time.sleep(seconds / SPEED)


def say(instrument, *messages):
    """Messages one after another."""
    for message in messages:
        instrument.write(message)


def errors(instrument):
    """What is in the error queue."""
    said = []
    while not (error := instrument.query("SYST:ERR?")).startswith("0,"):
        said.append(error)
    return said


def begin(source, elements):
    """The first part of both programs."""
    say(source, "SOUR:SWE:ABOR", "SOUR:WAVE:ABOR", "*RST")
    sleep(1)
    say(source, "OUTP:ISH OLOW", "OUTP:LTE OFF", f"FORM:ELEM {elements}")


def meter_through_the_source(source):
    """Reset, integration time and range of the meter behind the source."""
    source.write('SYST:COMM:SERIAL:SEND "*RST"')
    sleep(3)
    source.write('SYST:COMM:SERIAL:SEND ":SENS:VOLT:NPLC 1"')
    sleep(2)
    source.write('SYST:COMM:SERIAL:SEND ":SENS:VOLT:RANG 0.01"')
    sleep(2)


def until_done(source):
    """One question a second for the sweep-done bit."""
    for _ in range(500):
        sleep(1)
        if int(source.query("STAT:OPER:EVEN?")) & 2:
            return


def delta(source):
    """Delta_Measurement_Example.py."""
    begin(source, "READ,TST,RNUM,SOUR")
    say(source, "SOUR:DELT:HIGH 1e-4", "SOUR:DELT:LOW -1e-4", "SOUR:DELT:COUNT 30", "SOUR:DELT:DEL 0.002",
        "SOUR:CURR:COMP 5", "SOUR:CURR:RANG 2e-4")  # fmt: skip
    meter_through_the_source(source)
    say(source, "SENS:AVER:WIND 0", "SENS:AVER:TCON MOV", "SENS:AVER:COUNT 10", "SENS:AVER:STAT 0", "UNIT V",
        "SOUR:DELT:ARM")  # fmt: skip
    sleep(3)
    source.write("INIT:IMM")
    until_done(source)
    values = source.query_ascii_values("TRAC:DATA:SEL? 0,30")
    source.write(":SOUR:SWE:ABORT")
    return [values[column::4] for column in range(4)]


def conductance(source):
    """Differential_Conductance_Example.py, in ohms of the Hall voltage instead of siemens."""
    begin(source, "READ,SOUR,AVOL,TST")
    say(source, "SOUR:DCON:STAR -1e-4", "SOUR:DCON:STOP 1e-4", "SOUR:DCON:STEP 2e-5", "SOUR:DCON:DEL 0.002",
        "SOUR:DCON:DELT 5e-5", "SOUR:CURR:COMP 5")  # fmt: skip
    meter_through_the_source(source)
    say(source, "SENS:AVER:TCON REP", "SENS:AVER:COUN 2", "SENS:AVER:STAT 0", "UNIT OHMS", "SOUR:DCON:ARM")
    sleep(10)
    source.write("INIT:IMM")
    until_done(source)
    values = source.query_ascii_values("TRAC:DATA:SEL? 0,11")
    source.write(":SOUR:SWE:ABORT")
    return [values[column::4] for column in range(4)]


def arbitrary(source):
    """Arbitrary_Waveform_Example.py: 200 points, 10 kHz, 20 s."""
    source.write("*RST")
    points = [f"{math.sin(2 * math.pi * n / 200):.4f}" for n in range(200)]
    say(source, "SOUR:WAVE:ARB:DATA " + ",".join(points[:100]), "SOUR:WAVE:ARB:APP " + ",".join(points[100:]),
        "SOUR:WAVE:ARB:COPY 1", "SOUR:WAVE:FUNC ARB1", "SOUR:WAVE:FREQ 10e3", "SOUR:WAVE:AMPL 10e-6",
        "SOUR:WAVE:OFFS 0", "SOUR:WAVE:DUR:TIME 20", "SOUR:WAVE:RANG BEST", "SOUR:WAVE:ARM")  # fmt: skip
    source.write("SOUR:WAVE:INIT")
    begun = time.monotonic()
    polls = 0
    while source.query("OUTP:STAT?") != "0" and polls < 2000:
        polls += 1
        sleep(0.5)
    took = (time.monotonic() - begun) * SPEED
    source.write("SOUR:WAVE:ABOR")
    return [polls, took]


def logging(source, meter):
    """DualChannel_DataLogging.py, with a current through the sample."""
    source.write("*RST;:SOUR:CURR:COMP 5;:SOUR:CURR:RANG 2e-4;:SOUR:CURR 1e-4;:OUTP ON")
    say(meter, "*RST", "*CLS", ":SENS:FUNC 'VOLT:DC'", ":SENS:VOLT:NPLC 1", ":SYST:AZER:STAT OFF", ":CALC:FORM MXB",
        ":CALC:KMAT:MMF 1", ":TRAC:FEED CALC", ":TRAC:FEED:CONT NEXT")  # fmt: skip
    for channel, span in ((1, 0.01), (2, 0.1)):
        node = f":SENS:VOLT:CHAN{channel}"
        say(meter, f"{node}:LPAS:STAT OFF", f"{node}:DFIL:STAT ON", f"{node}:DFIL:COUN 5", f"{node}:RANG {span}")
    rows = []
    for _ in range(3):
        row = []
        for channel in (1, 2):
            meter.write(f":SENS:CHAN {channel}")
            row.append(float(meter.query("READ?")))
            meter.write("*WAI")
        rows.append(row)
    source.write("*RST")
    return rows


def hall_software(source, meter):
    """The messages of the Hall-effect LabVIEW programs, each with their semicolon at its end."""
    say(source, "*ESE 60;*SRE 48;*CLS;", ":SOUR:CLE;", ":OUTPut:ISHield OLOW", "OUTPut:LTEarth 0",
        ":SOUR:CURR:RANG 0.002;", ":SOUR:CURR 0.001;", ":SOUR:CURR:COMP 5;", ":OUTP 1;")  # fmt: skip
    say(meter, "*ESE 60;*SRE 48;:INIT:CONT 0;:ABOR;*CLS;", ":TRIG:SOUR IMM;", ":TRIG:DEL:AUTO 1", ":SYST:AZER:STAT 1",
        ":SENS:FUNC 'VOLT:DC';", ":SENS:CHAN 1;", ":SENS:VOLT:NPLC 1;", ":SENSE:VOLT:DIG 8;",
        ":SENS:VOLT:CHAN1:RANG:AUTO 1;", ":FORM ASC;:FORM:ELEM READ,UNIT,CHAN;", ":FORM:BORD NORM;",
        ":TRAC:CLE;:TRAC:FEED:CONT NEXT;", ":TRAC:POINTS 5;:TRIG:COUN 5;", ":INIT:CONT OFF;:INIT;")  # fmt: skip
    done = meter.query("*OPC?")
    said = [done, meter.query("FETCH?"), meter.query(":TRAC:DATA?"), source.query(":SYST:ERR?")]
    say(source, ":SOUR:CLE;", ":OUTP 0;")
    return said


def list_sweep(smu):
    """01_Series_2400_Voltage_List_Sweep_Example_01.py, at a hundredth of its voltages."""
    say(smu, "*RST", "SOUR:FUNC VOLT", "SOUR:VOLT:MODE LIST", "SOUR:LIST:VOLT 0.07, 0.01, 0.03, 0.08, 0.02",
        "SOUR:DEL 0.1", "SENS:FUNC 'CURR:DC'", "SENS:CURR:PROT 1e-3", "TRIG:COUN 5", "OUTP ON")  # fmt: skip
    values = smu.query_ascii_values("READ?")
    smu.write("OUTP OFF")
    return [values[0::5], values[1::5]]


source, meter, smu = opened("source"), opened("voltmeter"), opened("smu")
measured = {
    "delta": delta(source), "conductance": conductance(source), "arbitrary": arbitrary(source),
    "logging": logging(source, meter), "labview": hall_software(source, meter), "list": list_sweep(smu),
}  # fmt: skip
peer.tell(errors=[errors(source), errors(meter), errors(smu)], **measured)
