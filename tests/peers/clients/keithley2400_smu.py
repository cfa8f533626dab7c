"""The package keithley2400: output, readings, a current-voltage curve, statistics, a ramp."""

import peer
from keithley2400 import Keithley2400

smu = Keithley2400(peer.lab()["smu"], backend="@py")
smu.write("*RST")
smu.write("*CLS")
smu.set_current_compliance(2e-3)
smu.configure_measure_vi()
smu.set_source_v(0.1)
smu.output_on()
pair = smu.read_v_i()
resistance = smu.read_r()
curve = [list(point) for point in smu.sweep_iv([0.05, 0.1, 0.2], 2e-3, stabilize_s=0.0, n_samples=3)]
statistics = smu.sample_stats("R", n=5)
ramp = smu.ramp_to_voltage(0.1, voltage_steps=[0.02, 0.06], compliance_amps=2e-3, stabilize_s=0.01)
smu.output_off()
off = smu.query("OUTP?")
idn = smu.idn()
error = smu.get_error()
smu.close()
peer.tell(
    idn=idn, pair=pair, resistance=resistance, curve=curve, ramp=ramp, statistics=statistics, off=off, error=error
)
