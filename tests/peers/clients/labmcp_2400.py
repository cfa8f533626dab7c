"""The SourceMeter driver of labmcp-keithley-smu, which empties the error queue after each step and stops at errors."""

import peer
from labmcp.transports import open_transport
from labmcp_keithley_smu.driver import linear_levels, open_smu

host, port = peer.host_and_port(peer.lab()["smu"])
smu = open_smu(open_transport(f"tcp://{host}:{port}"))
smu.write("*RST")
identity = smu.identify()
smu.configure("voltage", 0.0, 2e-3, source_range=0.2, nplc=1.0)
before = smu.status()
curve = smu.sweep("voltage", linear_levels(-0.1, 0.1, 5), delay_s=0.001)
after = smu.status()
smu.configure("voltage", 0.1, 1e-4, nplc=1.0)
smu.set_output(True)
clamped = smu.read("voltage")
stopped = smu.sweep("voltage", [0.02, 0.03, 0.06, 0.1], stop_on_compliance=True)
smu.configure("current", 1e-4, 2.0, source_range=1e-3)
smu.set_remote_sense(True)
smu.set_output(True)
status, four = smu.measure()
smu.set_output(False)
refused = peer.what(smu.measure)
errors = smu.error_list()
smu.close()
peer.tell(
    identity=identity, before=[before.source, before.level, before.compliance, before.output_on, before.terminals],
    curve=[[reading.voltage_v, reading.current_a, reading.in_compliance] for reading in curve.readings],
    after=after.output_on, clamped=[clamped.voltage_v, clamped.current_a, clamped.in_compliance],
    stopped=[stopped.stop_reason, len(stopped.readings)], status=[status.source, status.level, status.remote_sense],
    four=[four.voltage_v, four.current_a], refused=refused, errors=errors,
)  # fmt: skip
