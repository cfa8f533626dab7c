"""pymeasure's Keithley2400: a ramp, resistance with two and four wires, compliance, buffer with statistics."""

import peer
from pymeasure.instruments.keithley import Keithley2400

smu = Keithley2400(peer.lab()["smu"], read_termination="\n", write_termination="\n")
smu.reset()
smu.reset_data_format()
settings = peer.round_trips(smu, {
    "source_mode": "current", "source_delay": 0.01, "auto_zero_enabled": True, "output_off_state": "NORM",
    "auto_output_off_enabled": False, "filter_count": 5, "repeat_filter_enabled": True, "filter_enabled": False,
    "current_nplc": 1.0, "voltage_nplc": 1.0, "compliance_current": 1e-3, "compliance_voltage": 2.0,
    "source_current_range": 1e-3, "source_current": 0.0, "source_voltage_range": 2.0, "source_voltage": 0.5,
    "resistance_range": 2100.0, "trigger_count": 1, "arm_count": 1, "trigger_delay": 0.0, "wires": 4,
    "front_terminals_enabled": True, "display_enabled": True, "buffer_points": 20,
})  # fmt: skip

smu.reset()
smu.reset_data_format()
smu.source_mode = "current"
smu.source_current_range = 1e-3
smu.compliance_voltage = 2.0
smu.voltage_nplc = 1.0
smu.wires = 2
smu.source_current = 0.0
smu.enable_source()
smu.ramp_to_current(1e-4, steps=6, pause=0.005)
ramped = smu.source_current
voltage = smu.voltage
current = smu.current
every = smu.measure_all()
smu.wires = 4  # the change turns the output off
smu.enable_source()
four = smu.measure_all()
smu.source_current = 1e-3
smu.compliance_voltage = 0.1
clamped = smu.measure_all()
trip = int(smu.ask(":SENS:VOLT:PROT:TRIP?"))

smu.compliance_voltage = 2.0
smu.source_current = 1e-4
smu.write(":SENS:FUNC:OFF:ALL;:SENS:FUNC 'VOLT';:FORM:ELEM VOLT")
smu.config_buffer(10)
smu.start_buffer()
smu.wait_for_buffer(timeout=20, interval=0.02)
data = smu.buffer_data
statistics = [smu.means, smu.maximums, smu.minimums, smu.standard_devs]
smu.disable_buffer()
smu.reset_data_format()

smu.reset()
smu.reset_data_format()
smu.wires = 4
smu.resistance_mode_auto_enabled = True
smu.enable_source()
ohms = smu.resistance
smu.resistance_mode_auto_enabled = False  # else the ramp to zero in shutdown() is refused with +825
smu.beep(440, 0.1)
smu.shutdown()
peer.tell(
    id=smu.id, settings=settings, ramped=ramped, voltage=voltage, current=current, two=every, four=four,
    clamped=clamped, trip=trip, data=data, statistics=statistics, ohms=ohms, off=not smu.source_enabled,
    errors=smu.check_errors(),
)  # fmt: skip
