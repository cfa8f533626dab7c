"""The Keithley_2182A of qcodes_contrib_drivers, while a current flows through the sample."""

import peer
import pyvisa
from qcodes_contrib_drivers.drivers.Tektronix.Keithley_2182A import Keithley2182A

lab = peer.lab()
source = pyvisa.ResourceManager("@py").open_resource(lab["source"], read_termination="\n", write_termination="\n")
source.write("*RST;:SOUR:CURR:COMP 5;:SOUR:CURR:RANG 2e-4;:SOUR:CURR 1e-4;:OUTP ON")
meter = Keithley2182A("meter", lab["voltmeter"])
meter.reset()
settings = []
for name, value in {
    "mode": "dc voltage", "nplc": 5.0, "range": 0.01, "auto_range_enabled": False, "aperture_time": 0.1,
    "trigger_source": "immediate", "trigger_delay": 0.5, "display_enabled": True, "analog_filter": False,
    "digital_filter": True, "auto_zero": True,
}.items():  # fmt: skip
    meter.parameters[name](value)
    unread = peer.what(meter.parameters[name].get)
    settings.append([name, value, meter.parameters[name].get() if unread == "nothing" else unread])
meter.trigger_delay(0)
meter.range(0.01)
read = meter.read()
fetched = meter.fetch()
measured = meter.voltage()
after = meter.nplc.get()
meter.configure_voltage_measurement(auto_range=False, voltage_range=0.01, nplc=1.0)
statistics = meter.measure_voltage_statistics(5)
meter.set_measurement_speed("slow")
test = meter.self_test()
meter.abort_measurement()
errors = []
while (error := meter.get_error())[0]:
    errors.append(error)
source.write("*RST")
peer.tell(
    identity=meter.get_idn(), line=meter.line_frequency(), settings=settings, read=read, fetched=fetched,
    measured=measured, after=after, statistics=statistics, test=test, errors=errors,
)  # fmt: skip
meter.close()
