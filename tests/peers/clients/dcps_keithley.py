"""dcps' Keithley2182 and Keithley2400.

They wait 0.25 s after a command and 0.8 s for an answer, and then give up after 2 ms; here less, as the lab's time
runs a hundred times faster.
"""

import peer
import pyvisa
from dcps.Keithley2182 import Keithley2182
from dcps.Keithley2400 import Keithley2400

lab = peer.lab()
source = pyvisa.ResourceManager("@py").open_resource(lab["source"], read_termination="\n", write_termination="\n")
source.write("*RST;:SOUR:CURR:COMP 5;:SOUR:CURR:RANG 2e-4;:SOUR:CURR 1e-4;:OUTP ON")
meter = Keithley2182(lab["voltmeter"], wait=0.01, query_delay=0.05)
meter.open()
meter.rst()
meter.cls()
identity = meter.idn()
meter.setLineSync(True)
synchronised = meter.queryLineSync()
meter.setVoltageRange(0.01, channel=1)
spans = [meter.queryVoltageRange(channel=1), meter.queryVoltageRange(channel=2)]
voltages = [meter.measureVoltage(1), meter.measureVoltage(2)]
internal = meter.queryIntTemperature()
meter.setDisplayMessage("hello")
meter_error = meter.readError()
meter.close()
source.write("*RST")

smu = Keithley2400(lab["smu"], wait=0.01, query_delay=0.05)
smu.open()
smu.rst()
smu.cls()
smu.setSourceFunction(voltage=True)
smu.setVoltage(0.1)
smu.setCurrentCompliance(1e-3)
smu.setMeasureFunction(concurrent=True, voltage=True, current=True)
smu.outputOn()
on = smu.isOutputOn()
pair = [smu.measureVoltage(), smu.measureCurrent()]
tripped = smu.isCurrentComplianceTripped()
smu.setMeasureFunction(resistance=True)
every = smu.measureVCR()
smu.outputOff()
smu_error = smu.readError()
peer.tell(
    identity=identity, synchronised=synchronised, spans=spans, voltages=voltages, internal=internal,
    meter_error=meter_error, smu=smu.idn(), on=on, off=not smu.isOutputOn(), pair=pair, tripped=tripped, every=every,
    smu_error=smu_error, broken=peer.what(smu.queryVoltage),
)  # fmt: skip
smu.close()
