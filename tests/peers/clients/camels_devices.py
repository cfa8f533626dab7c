"""The ophyd devices of NOMAD CAMELS for 6221, 2182A and 2400."""

import os

os.environ["QT_QPA_PLATFORM"] = "offscreen"
os.environ["PYVISA_LIBRARY"] = "@py"

import peer
from nomad_camels_driver_keithley_2182a.keithley_2182a_ophyd import Keithley_2182A
from nomad_camels_driver_keithley_2400.keithley_2400_ophyd import Keithley_2400
from nomad_camels_driver_keithley_6221.keithley_6221_ophyd import Keithley_6221

lab = peer.lab()
source = Keithley_6221(name="source", resource_name=lab["source"], read_termination="\n")
identity = source.get_ID.get()
source.reset.put("")
source.set_constant_current.put(1e-4)
meter = Keithley_2182A(name="meter", resource_name=lab["voltmeter"], read_termination="\n")
meter.visa_instrument.timeout = 5000
meter.abort.put("")
meter.select_voltage_measurement.put("")
meter.select_channel.put(1)
meter.set_npl_cycles.put(5)
meter.autorange_channel.put(1)
meter.visa_instrument.write(":INIT:CONT OFF;:INIT")
meter.visa_instrument.query("*OPC?")
voltage = float(meter.measurement.get())
meter.set_to_calculate_resistance.put(1e-4)
meter.disable_calculation()
refused = meter.visa_instrument.query("SYST:ERR?")
source.enable_output.put(False)
source.clear.put("")
for signal, value in {
    "set_wave_type": "sin", "set_wave_amplitude": 1e-5, "set_wave_frequency": 137.0, "set_wave_duty_cycle": 50,
    "set_wave_offset": 0.0, "phase_marker_trigger_line": 3, "set_phase_marker_phase": -90, "enable_phase_marker": True,
}.items():  # fmt: skip
    getattr(source, signal).put(value)
asked = [source.visa_instrument.query(f"SOUR:WAVE:{node}?") for node in ("FUNC", "AMPL", "FREQ", "PMAR", "PMAR:STAT")]
source.enable_wave.put(True)
waving = source.visa_instrument.query("OUTP?")
source.enable_wave.put(False)

smu = Keithley_2400(name="smu", resource_name=lab["smu"], read_termination="\n", write_termination="\n")
smu.visa_instrument.timeout = 5000
for signal, value in {
    "current_compliance": 1e-3, "voltage_compliance": 2.0, "current_range_source": 1e-3, "voltage_range_source": 2.0,
    "current_range_sense": 1e-3, "voltage_range_sense": 2.0,
}.items():  # fmt: skip
    getattr(smu, signal).put(value)
smu.set_current.put(1e-4)
across = smu.measure_voltage.get()
through = smu.measure_current.get()
ohms = smu.measure_resistance.get()
smu.visa_instrument.write("OUTP 0")
peer.tell(
    identity=identity, voltage=voltage, refused=refused, asked=asked, waving=waving, device=smu.device_id.get(),
    across=across, through=through, ohms=ohms,
)  # fmt: skip
