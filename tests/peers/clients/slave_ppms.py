"""slave's PPMS: readings, set points, field, temperature, chamber, motor, level meter and shut-down, over a socket.

slave 0.4 asks for `collections.Sequence` and the like, which Python 3.10 took away; they are put back, and nothing else
is changed.
"""

import collections
import collections.abc
import time

for taken_away in collections.abc.__all__:
    setattr(collections, taken_away, getattr(collections.abc, taken_away))

import peer  # noqa: E402
from slave.quantum_design import PPMS  # noqa: E402
from slave.transport import Socket  # noqa: E402

PAUSE = 0.05
"""s; the status follows a command some time later, and lab time runs a hundred times faster."""

READABLE = (
    "identification", "revision", "advisory_number", "chamber", "temperature", "field", "target_temperature",
    "target_field", "magnet_config", "move_config", "sample_position", "sample_space_pressure", "digital_input",
    "level", "date", "time", "system_status",
)  # fmt: skip


def tried(call):
    """What a call gave, or the class of what it raised."""
    try:
        return call()
    except Exception as error:  # noqa: BLE001 - a client may raise whatever it likes; its name is the answer
        return type(error).__name__


def until(state, part):
    """Wait until a part of the machine says so."""
    for _ in range(400):
        if ppms.system_status[part] == state:
            return state
        time.sleep(PAUSE)
    return ppms.system_status[part]


def move_chamber(command):
    """Tell the chamber something; what it was told, and what it does a moment later."""
    ppms.chamber = command
    time.sleep(PAUSE)
    return ppms.chamber, ppms.system_status["chamber"]


ppms = PPMS(Socket(peer.host_and_port(peer.lab()["cryostat"]["visa"])))
said = {name: tried(lambda name=name: getattr(ppms, name)) for name in READABLE}

ppms.set_field(1000.0, 100.0, "linear", "driven", wait_for_stability=False)
time.sleep(PAUSE)
ramped = ppms.system_status["magnet"]
until("driven, stable", "magnet")
there = ramped, float(ppms.field), ppms.target_field
ppms.set_temperature(290.0, 10.0, wait_for_stability=False)
time.sleep(PAUSE)
begun = ppms.system_status["temperature"]
until("normal stability at target temperature", "temperature")
temperature = begun, float(ppms.temperature), ppms.target_temperature
chamber = [move_chamber(command) for command in ("pump", "vent", "purge seal")]
sealed = until("purged, sealed", "chamber")
ppms.move(45.0, 3)
time.sleep(0.3)
ppms.beep(0.5, 1000)
ppms.levelmeter("continuous")
time.sleep(0.3)
level = ppms.level
ppms.shutdown()
time.sleep(PAUSE)
peer.tell(
    read=said,
    field=there,
    temperature=temperature,
    chamber=chamber,
    sealed=sealed,
    position=ppms.system_status["sample_position"],
    level=level,
    shut_down=ppms.system_status["temperature"],
)
