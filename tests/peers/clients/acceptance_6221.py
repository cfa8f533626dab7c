"""pyacquisition's Keithley_6221, and the acceptance test that it ships with it, run as its own command line does."""

import contextlib
import io
import json
import os
import tempfile
import time
from pathlib import Path

import peer
import pyvisa
from pyacquisition.instruments import Keithley_6221
from pyacquisition.verify.__main__ import main

lab = peer.lab()
INVENTORY = f"""
[instruments.k6221]
instrument = "Keithley_6221"
adapter = "pyvisa"
resource = "{lab["source"]}"
args = {{ read_termination = "\\n", write_termination = "\\n", timeout = 500 }}

[instruments.k6221.verify]
capabilities = ["nanovoltmeter"]
"""


def verified(folder, *words):
    """Run the acceptance test; its exit code, its counts, and the checks that failed with what it says of them."""
    inventory, report = Path(folder, "hardware.toml"), Path(folder, "report.json")
    inventory.write_text(INVENTORY)
    with contextlib.redirect_stdout(io.StringIO()):
        code = main([str(inventory), *words, "--json", str(report)])
    found = json.loads(report.read_text())
    failed = {one["check"]: one["detail"] for one in found["results"] if one["status"] == "failed"}
    return {"code": code, "counts": found["counts"], "failed": failed}


os.environ["PYVISA_LIBRARY"] = "@py"
opened = pyvisa.ResourceManager("@py").open_resource(
    lab["source"], read_termination="\n", write_termination="\n", timeout=5000
)
source = Keithley_6221("k6221", opened)
source.reset()
source.set_compliance(5.0)
source.set_sweep_spacing(source.SweepSpacing.LINEAR)
source.set_sweep_start(0.0)
source.set_sweep_stop(1e-4)
source.set_sweep_step(2e-5)
source.set_source_delay(0.01)
source.arm_sweep()
source.initiate()
for _ in range(100):
    if source.get_status_event(source.StatusRegister.OPERATION) & 2:
        break
    time.sleep(0.02)
swept = source.get_current()
source.clear_source()

source.set_delta_high(1e-4)
source.set_delta_delay(2e-3)
source.set_delta_count(10)
source.arm_delta()
source.initiate()
for _ in range(200):
    if source.get_status_event(source.StatusRegister.OPERATION) & 2:
        break
    time.sleep(0.02)
readings = source.get_buffer_data()
source.set_statistic_format(source.StatisticFormat.MEAN)
source.set_statistic_state(source.State.ON)
source.calculate_statistic()
mean = source.get_statistic()
error = source.get_error()

# Once more with readings in the buffer and the meter at hand, and then everything that changes something, too.
with tempfile.TemporaryDirectory() as folder:
    looked = verified(folder)
    source.abort_sweep()
    source.reset()
    tried = verified(folder, "--hazardous")
source.reset()
source.clear()
peer.tell(looked=looked, tried=tried, swept=swept, readings=readings, mean=mean, error=error)
