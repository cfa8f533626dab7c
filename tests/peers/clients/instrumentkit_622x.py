"""InstrumentKit's Keithley6220 and Keithley2182, over its own socket communicator."""

import warnings

warnings.simplefilter("ignore")

import peer  # noqa: E402
import quantities as pq  # noqa: E402

import instruments as ik  # noqa: E402

lab = peer.lab()
source = ik.keithley.Keithley6220.open_tcpip(*peer.host_and_port(lab["source"]))
source.sendcmd("*RST;:SOUR:CURR:COMP 5;:SOUR:CURR:RANG 2e-4;:OUTP ON")
source.current = 1e-4 * pq.A
current = source.current
bounds = [float(source.current_min), float(source.current_max)]
name = source.name

meter = ik.keithley.Keithley2182.open_tcpip(*peer.host_and_port(lab["voltmeter"]))
meter.sendcmd("*RST")
read = float(meter.query("READ?"))
failing = {
    "mode": peer.what(lambda: meter.channel[0].mode),
    "fetch": peer.what(meter.fetch),
    "measure": peer.what(meter.measure, meter.Mode.voltage_dc),
}
meter.sendcmd("SENS:VOLT:CHAN1:REF:STAT ON")
relative = meter.query("SENS:VOLT:CHAN1:REF:STAT?")
meter.sendcmd("SENS:VOLT:CHAN1:REF:STAT OFF")
measured = float(meter.query("MEAS:VOLT?"))
source.disable()
off = [source.query("OUTP?"), float(source.current)]
peer.tell(
    name=name, current=float(current), bounds=bounds, read=read, failing=failing, relative=relative,
    measured=measured, off=off, meter=meter.name,
)  # fmt: skip
