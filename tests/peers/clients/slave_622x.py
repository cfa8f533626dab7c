"""slave's K6221 and K2182: every readable command of both trees, a delta measurement, the meter through the source.

slave 0.4 asks for `collections.Sequence` and the like, which Python 3.10 took away; they are put back, and nothing else
is changed.
"""

import collections
import collections.abc
import time

for taken_away in collections.abc.__all__:
    setattr(collections, taken_away, getattr(collections.abc, taken_away))

import peer  # noqa: E402
from slave.driver import Command, CommandSequence, Driver  # noqa: E402
from slave.keithley import K2182, K6221  # noqa: E402
from slave.transport import Socket, Timeout, Transport  # noqa: E402


def walk(driver, path=""):
    """Read every command of a driver and of those within it; what each one gave."""
    said = {}
    for name, part in object.__getattribute__(driver, "__dict__").items():
        if name.startswith("_"):
            continue
        if isinstance(part, Driver):
            said |= walk(part, f"{path}{name}.")
        elif isinstance(part, CommandSequence):
            said[path + name] = ["sequence", None]
        elif isinstance(part, Command) and part._query is not None:
            try:
                said[path + name] = ["read", getattr(driver, name)]
            except Timeout:
                said[path + name] = ["no answer", None]
            except Exception as error:  # noqa: BLE001
                said[path + name] = [type(error).__name__, str(error)]
    return said


class ThroughTheSource(Transport):
    """The meter's commands through the serial port of the 6221, as its manual has it."""

    def __init__(self, source):
        super().__init__()
        self._source = source

    def __write__(self, data):
        self._source.write(b'SYST:COMM:SER:SEND "' + data.strip() + b'"\n')
        if data.strip().endswith(b"?"):
            time.sleep(0.05)
            self._source.write(b"SYST:COMM:SER:ENT?\n")

    def __read__(self, num_bytes):
        answer = self._source.read_until(b"\n")
        self._source.read_until(b"\n")  # the meter's own line feed comes before that of the 6221
        return answer + b"\n"


lab = peer.lab()
socket = Socket(peer.host_and_port(lab["source"]))
socket._socket.settimeout(0.25)


def answer(question):
    """What the 6221 says, past slave's commands: its own for the error queue passes too few values to itself."""
    socket.write(question.encode() + b"\n")
    return bytes(socket.read_until(b"\n")).decode()


source = K6221(socket)
source.reset()
source.clear()
tree = walk(source)
errors = []
while not (error := answer("SYST:ERR?")).startswith("0,"):
    errors.append(error)

# A current, and the meter behind the source.
socket._socket.settimeout(10.0)
source.reset()
source.source.current.compliance = 5.0
source.source.current.range = 2e-4
source.source.current.amplitude = 1e-4
source.output.enabled = True
amplitude = source.source.current.amplitude
meter = K2182(ThroughTheSource(socket))
meter.reset()
meter.clear()
identity = list(meter.identification)
meter.sense.nplc = 5.0
meter.sense.range = 0.01
nplc, span = meter.sense.nplc, meter.sense.range
relayed = meter.read()
source.output.enabled = False

# Differential conductance, for which slave's headers are right.
source.reset()
source.source.current.compliance = 5.0
mode = source.source.differential_conductance
mode.start, mode.stop, mode.step, mode.delta = -1e-4, 1e-4, 2e-5, 2e-5
mode.delay = 0.005
source.units.voltage.type = "ohms"
mode.arm()
time.sleep(0.2)
source.initiate()
time.sleep(0.2)
while not source.status_cmds.operation.event["sweep done"]:
    time.sleep(0.02)
socket.write(b"TRAC:DATA?\n")
conductance = [float(part) for part in bytes(socket.read_until(b"\n")).decode().split(",")]
source.source.sweep.abort()
late = answer("SYST:ERR?")
direct = K2182(Socket(peer.host_and_port(lab["voltmeter"])))
direct.reset()
direct_identity = list(direct.identification)
peer.tell(
    tree=tree, errors=errors, amplitude=amplitude, identity=identity, nplc=nplc, span=span, relayed=relayed,
    conductance=conductance, late=late, direct_identity=direct_identity, direct_tree=walk(direct),
)  # fmt: skip
