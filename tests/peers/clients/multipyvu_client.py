"""The official MultiPyVu client and its command line; and the PPMS of matr1x-measurements, which is built on it."""

import io
import os
import subprocess
import sys
import time
from contextlib import redirect_stdout

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import MultiPyVu
import peer
from matr1x.devices.quantumdesign.ppms import PPMS

host, port = peer.lab()["cryostat"]["multivu"].split(":")
said = io.StringIO()


def command_line(option):
    """What `python -m MultiPyVu` prints."""
    words = [sys.executable, "-m", "MultiPyVu", option, f"-ip={host}", f"-p={port}"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    return done.stdout + done.stderr


with redirect_stdout(said), MultiPyVu.Client(host=host, port=int(port)) as client:
    told = {
        "flavour": client.instrument_name, "version": client.get_version(), "fresh": [client.get_temperature(),
        client.get_field(), client.get_chamber()],
    }  # fmt: skip
    client.set_temperature(298.0, 20.0, client.temperature.approach_mode.fast_settle)
    client.set_field(1000.0, 100.0, client.field.approach_mode.linear)
    told["set points"] = [client.get_temperature_setpoints(), client.get_field_setpoints()]
    told["steady at once"] = client.is_steady(client.field.waitfor)
    told["waited"] = int(client.wait_for(1, 0, client.temperature.waitfor | client.field.waitfor))
    told["steady then"] = client.is_steady(client.temperature.waitfor | client.field.waitfor)
    told["then"] = [client.get_temperature(), client.get_field()]
    client.set_chamber(client.chamber.mode.purge_seal)
    told["purging"] = client.get_chamber()
    told["purged"] = [int(client.wait_for(0, 0, client.chamber.waitfor)), client.get_chamber()]
    client.set_position(45.0, 10.0)
    for _ in range(500):
        angle, state = client.get_position()
        if state == "Transport stopped at set point":
            break
        time.sleep(0.01)
    told["position"] = [angle, state]
    client.set_field(0.0, 100.0, client.field.approach_mode.linear)
    client.wait_for(0, 0, client.field.waitfor)
running, status = command_line("-running"), command_line("-status")
ends, goes_on = command_line("-quit"), command_line("-status")

with redirect_stdout(said):
    slow = PPMS(host, max_field=9.0, max_field_rate=1.0)
    slow._client = MultiPyVu.Client(host=host, port=int(port))  # it has no argument for the port
    slow._client.open()
    slow._start = time.time()
    slow.set_field(0.05, 1.0)
    while not slow.is_field_stable():
        time.sleep(0.01)
    wrapped = [slow.get_field(), slow.get_field_status(), slow.get_temperature(), slow.get_chamber_status()]
    slow.set_field(0.0, 1.0)
    slow.close()
peer.tell(
    running=running, status=status, ends=ends, goes_on=goes_on, wrapped=wrapped, said=len(said.getvalue()), **told
)
