"""pymeasure's Keithley6221: every property, a delta measurement, waveforms, triggers."""

import time

import peer
from pymeasure.instruments.keithley import Keithley6221

lab = peer.lab()
source = Keithley6221(lab["source"], read_termination="\n", write_termination="\n")
source.reset()

settings = peer.round_trips(source, {
    "source_enabled": False, "shield_to_guard_enabled": True, "source_delay": 0.25, "output_low_grounded": True,
    "source_current": 1.5e-4, "source_compliance": 2.5, "source_range": 2e-3, "source_auto_range": True,
    "delta_unit": "Ohms", "delta_high_source": 1e-4, "delta_low_source": -5e-5, "delta_delay": 0.004,
    "delta_cycles": 20, "delta_measurement_sets": 3, "delta_compliance_abort_enabled": True,
    "delta_cold_switch_enabled": True, "delta_buffer_points": 20, "buffer_points": 30,
    "waveform_function": "square", "waveform_frequency": 1234.0, "waveform_amplitude": 2e-5,
    "waveform_offset": -1e-5, "waveform_dutycycle": 40.0, "waveform_duration_time": 0.5,
    "waveform_duration_cycles": 600.0, "waveform_ranging": "fixed", "waveform_use_phasemarker": True,
    "waveform_phasemarker_phase": 90.0, "waveform_phasemarker_line": 4, "display_enabled": False,
    "measurement_event_enabled": 512, "operation_event_enabled": 2, "questionable_event_enabled": 256,
    "srq_event_enabled": 1,
})  # fmt: skip
shield = source.ask("OUTP:ISH?").strip()
source.shield_to_guard_enabled = False
events = [source.measurement_events, source.operation_events, source.questionable_events, source.standard_events]
before = source.check_errors()

# A header without its asterisk: no instrument answers it.
source.adapter.connection.timeout = 300
enable_without_asterisk = peer.what(lambda: source.standard_event_enabled)
source.adapter.connection.timeout = 10_000
no_asterisk = source.next_error
source.beep(440, 0.1)
beep = source.next_error

source.reset()
source.source_compliance = 5.0
source.source_range = 2e-4
source.delta_unit = "V"
source.delta_high_source = 1e-4
source.delta_delay = 2e-3
source.delta_cycles = 24
source.delta_buffer_points = 24
connected = source.delta_connected
source.write('SYST:COMM:SER:SEND ":SENS:VOLT:NPLC 1"')
source.write('SYST:COMM:SER:SEND ":SENS:VOLT:RANG 0.01"')
source.delta_arm()
source.delta_start()
live = source.delta_sense
for _ in range(200):
    if source.operation_events & 2:
        break
    time.sleep(0.02)
values = source.delta_values
source.delta_abort()

source.reset()
source.waveform_function = "sine"
source.waveform_amplitude = 1e-5
source.waveform_frequency = 100.0
source.waveform_duration_time = 5.0
source.waveform_arm()
source.waveform_start()
running = source.source_enabled
for _ in range(200):
    if not source.source_enabled:
        break
    time.sleep(0.02)
ended = not source.source_enabled
source.waveform_abort()
source.define_arbitary_waveform([-1, -0.5, 0, 0.5, 1], 2)
arbitrary = source.waveform_function
source.waveform_duration_set_infinity()
source.waveform_arm()
source.waveform_start()
endless = source.source_enabled
source.waveform_abort()

source.reset()
source.trigger_immediately()
source.set_timed_arm(0.5)
source.trigger_on_external(1)
source.output_trigger_on_external(4, "DEL")
source.disable_output_trigger()
triggers = source.check_errors()
source.trigger_on_bus()  # BUS is a source of the arm layer only
bus = source.next_error
source.config_buffer(10, 0.1)
full = source.is_buffer_full()
source.start_buffer()
source.stop_buffer()
source.reset_buffer()
source.disable_buffer()
source.enable_source()
on = source.source_enabled
source.disable_source()
source.shutdown()
peer.tell(
    id=source.id, options=source.options, settings=settings, shield=shield, events=events, before=before,
    enable_without_asterisk=enable_without_asterisk, no_asterisk=no_asterisk, beep=beep, connected=connected,
    live=live, values=values, waveform=[running, ended, arbitrary, endless], triggers=triggers, bus=bus, full=full,
    on=on, off=not source.source_enabled,
)  # fmt: skip
