"""pymeasure's Keithley2182: both channels, references, buffer with statistics, temperature."""

import time

import peer
from pymeasure.instruments.keithley import Keithley2182, Keithley6221

lab = peer.lab()
meter = Keithley2182(lab["voltmeter"], read_termination="\n", write_termination="\n")
source = Keithley6221(lab["source"], read_termination="\n", write_termination="\n")
meter.reset()
source.reset()
source.source_compliance = 5.0
source.source_range = 2e-4
source.source_current = 1e-4
source.enable_source()
meter.auto_line_frequency()
settings = peer.round_trips(meter, {
    "auto_zero_enabled": True, "display_enabled": True, "active_channel": 1, "channel_function": "voltage",
    "voltage_nplc": 5.0, "thermocouple": "K", "temperature_nplc": 2.0, "temperature_reference_junction": "SIM",
    "temperature_simulated_reference": 25.0, "trigger_count": 3, "trigger_delay": 0.5, "buffer_points": 12,
})  # fmt: skip
settings += peer.round_trips(meter.ch_1, {
    "voltage_range": 0.01, "voltage_range_auto_enabled": False, "voltage_offset": 0.001,
    "voltage_offset_enabled": False, "temperature_offset": 20.0, "temperature_offset_enabled": False,
})  # fmt: skip
settings += peer.round_trips(meter.ch_2, {"voltage_range": 1.0, "voltage_range_auto_enabled": True})

meter.reset()
meter.ch_1.setup_voltage(auto_range=False, nplc=5)
meter.ch_1.voltage_range = 0.01
voltages = [meter.voltage for _ in range(10)]
meter.ch_2.setup_voltage(nplc=5)
meter.active_channel = 2
along = meter.voltage
meter.active_channel = 1
absolute = meter.voltage
meter.ch_1.acquire_voltage_reference()
reference = meter.ch_1.voltage_offset
meter.ch_1.voltage_offset_enabled = True
relative = meter.voltage
meter.ch_1.voltage_offset_enabled = False

errors = meter.check_errors()

meter.reset()
meter.ch_1.voltage_range = 0.01
meter.config_buffer(10, 0.0)
meter.start_buffer()
meter.wait_for_buffer(timeout=20, interval=0.05)
data = meter.buffer_data
statistics = [meter.mean, meter.maximum, meter.minimum, meter.standard_dev]
meter.stop_buffer()
meter.disable_buffer()
meter.reset()
meter.trigger_on_bus()
meter.trigger_immediately()
internal = meter.internal_temperature
source.shutdown()
time.sleep(0.02)
peer.tell(
    id=meter.id, line=meter.line_frequency, settings=settings, voltages=voltages, absolute=absolute, along=along,
    reference=reference, relative=relative, data=data, statistics=statistics, internal=internal,
    errors=errors + meter.check_errors(),
)  # fmt: skip
