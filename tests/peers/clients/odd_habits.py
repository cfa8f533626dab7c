"""Habits of programs nobody here has seen: plain sockets, and every way of spelling that the rules allow."""

import socket
import struct
import time

import peer

lab = peer.lab()


class Plain:
    """A socket that sends bytes as they are and reads them one at a time."""

    def __init__(self, role):
        self.socket = socket.create_connection(peer.host_and_port(lab[role]), timeout=10)

    def say(self, data):
        """Send bytes."""
        self.socket.sendall(data)

    def line(self):
        """Read up to a line feed, byte by byte."""
        got = b""
        while not got.endswith(b"\n"):
            got += self.socket.recv(1)
        return got.decode().rstrip("\r\n")

    def exactly(self, count):
        """Read so many bytes."""
        got = b""
        while len(got) < count:
            got += self.socket.recv(count - len(got))
        return got

    def ask(self, text, end=b"\n"):
        """Ask in one way of ending a message."""
        self.say(text.encode() + end)
        return self.line()

    def quiet(self, seconds=0.1):
        """Whether nothing more comes."""
        self.socket.settimeout(seconds)
        try:
            return not self.socket.recv(1)
        except TimeoutError:
            return True
        finally:
            self.socket.settimeout(10)


source, meter, smu = Plain("source"), Plain("voltmeter"), Plain("smu")
said = {}
for box in (source, meter, smu):
    box.say(b"*rst\n*cls\n")
smu.say(b":outp:smod himp\n")  # off in the normal way it takes half a microampere of the source's current

# Spelling: lower case, long and mixed forms, colons, blanks, tabs, suffixes, units, empty units, CR LF.
said["spelling"] = [
    source.ask("*idn?", b"\r\n"),
    source.ask(":source1:current:level:immediate:amplitude 1e-4;amplitude?"),
    source.ask("Sour:Curr:Comp\t 5 V ;:SOURCE:CURRENT:COMPLIANCE?"),
    source.ask("sour:curr 150 ua;:sour:curr?"),
    source.ask(";;  :OUTP:RESP SLOW ;; RESP? ;"),
    source.ask("curr 2E-4; :curr?", b" \r\n"),
    source.ask("SOUR:DELT:HIGH? MAX;LOW? MIN"),
    source.ask("OUTPUT:LTEARTH on;:output:ltearth?"),
    source.ask(":OUTP:LTE 0;LTE?"),
]
source.say(b"SOUR:CURR 1e-3\nSOUR:CURR?\nSOUR:CURR:COMP?\n*STB?\n")  # four messages in one packet
said["packet"] = [source.line(), source.line(), source.line()]
for byte in b"SOUR:CURR?\n":  # a terminal: a byte at a time
    source.say(bytes([byte]))
said["bytewise"] = source.line()

# Asking for the end: *OPC?, the *OPC bit, the status byte, the event register.
said["opc"] = [meter.ask(":SENS:VOLT:RANG 0.01;NPLC 1;:INIT:CONT OFF;:TRIG:COUN 3;:INIT;*OPC?"), meter.ask("FETC?")]
meter.say(b"*CLS;*ESE 1;*SRE 32;:INIT;*OPC\n")
polls = 0
while not int(meter.ask("*STB?")) & 64 and polls < 1000:
    polls += 1
    time.sleep(0.001)
said["opc bit"] = [polls, meter.ask("*ESR?"), meter.ask("*STB?")]
source.say(b"*RST;:SOUR:CURR:COMP 5;:SOUR:DELT:HIGH 1e-4;COUN 8;:SOUR:DELT:ARM;:INIT\n")
polls = 0
while not int(source.ask(":STAT:OPER:EVEN?")) & 2 and polls < 2000:
    polls += 1
    time.sleep(0.001)
said["event"] = [polls, source.ask("TRAC:POIN:ACT?")]

# Binary: the same readings as text and as numbers of four and eight bytes, in both orders of bytes.
said["text"] = [float(part) for part in source.ask("FORM:ELEM READ;:TRAC:DATA?").split(",")]
said["binary"] = {}
for name, order, size in (("NORM", ">", 4), ("SWAP", "<", 4), ("NORM", ">", 8)):
    source.say(f"FORM REAL,{size * 8};:FORM:BORD {name};:TRAC:DATA?\n".encode())
    head = source.exactly(2)
    body = source.exactly(8 * size)
    tail = source.exactly(1)
    kind = "f" if size == 4 else "d"
    said["binary"][f"{name}{size}"] = [head.decode(), list(struct.unpack(f"{order}8{kind}", body)), tail.decode()]
source.say(b"FORM ASC;:SOUR:SWE:ABOR\n")

# Wrong in every way: nothing but the queue says so, and all that was right before it has been done.
source.say(b"*CLS;:SOUR:CURR 3e-6;:SOURC:CURR 1;:SOUR:CURR 9e-6\n")
said["wrong word"] = [source.ask("SYST:ERR?"), source.ask("SOUR:CURR?")]
source.say(b"SOUR:CURR 1,2\nSOUR:CURR\nSOUR:CURR 1\nOUTP:RESP MEDIUM\nSOUR:CURR?X\nSOUR:SWE:SPAC 'LIN'\n")
said["wrong"] = []
while not (error := source.ask("STAT:QUE?")).startswith("0,"):
    said["wrong"].append(int(error.split(",")[0]))
source.say(b"NONSENSE?\n")
said["unanswered"] = [source.quiet(), source.ask("SYST:ERR?")]
said["interrupted"] = [source.ask("*IDN?")]
source.say(b"*SRE 0;*ESE 0;*STB?\n")
time.sleep(0.05)
source.say(b"*OPT?\n")  # both answers lie in the socket, and none is lost
said["interrupted"] += [source.line(), source.line()]

# Somebody else comes and goes in the middle of a message; half a message is nobody's.
stranger = Plain("source")
stranger.say(b"SOUR:CURR 7e-")
stranger.socket.close()
said["stranger"] = source.ask("SOUR:CURR?")
guests = [Plain("source") for _ in range(20)]
said["guests"] = len({guest.ask("SOUR:CURR?") for guest in guests})
for guest in guests:
    guest.socket.close()

# A 2400 on automatic output, long forms, several queries at once; a LabVIEW semicolon at each end.
smu.say(b":SOURCE:FUNCTION:MODE CURRENT;:SOURCE:CURRENT:LEVEL 0.0001;:SENSE:FUNCTION:ON 'VOLTAGE';\r\n")
smu.say(b":SENSE:VOLTAGE:PROTECTION:LEVEL 2;:SYSTEM:RSENSE ON;:SOURCE:CLEAR:AUTO ON;\r\n")
said["automatic"] = [smu.ask(":FORMAT:ELEMENTS VOLTAGE,CURRENT;:READ?;"), smu.ask("OUTP?"),
                     smu.ask("SOUR:FUNC?;:SENS:FUNC?;:SYST:RSEN?;")]  # fmt: skip
said["errors"] = [box.ask("SYST:ERR?") for box in (source, meter, smu)]
for box in (source, meter, smu):
    box.say(b"*RST\n")
    box.ask("*OPC?")
    box.socket.close()
peer.tell(**said)
