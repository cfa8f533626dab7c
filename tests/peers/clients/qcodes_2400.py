"""QCoDeS' Keithley2400, and from qcodes_contrib_drivers the 2401 and the 6430, which speak the same dialect."""

import peer
from qcodes.instrument_drivers.Keithley import Keithley2400
from qcodes_contrib_drivers.drivers.Tektronix.Keithley_2401 import Keithley2400 as Contributed
from qcodes_contrib_drivers.drivers.Tektronix.Keithley_6430 import Keithley_6430

address = peer.lab()["smu"]


def params(instrument, settings):
    """Set each parameter and ask the instrument for it."""
    said = []
    for name, value in settings.items():
        instrument.parameters[name](value)
        said.append([name, value, instrument.parameters[name].get()])
    return said


core = Keithley2400("core", address)
core.reset()
settings = params(core, {
    "rangev": 2.1, "rangei": 1e-3, "compliancev": 5.0, "compliancei": 5e-3, "mode": "VOLT", "output": 0,
    "nplcv": 0.5, "nplci": 0.5,
})  # fmt: skip
core.compliancei(5e-3)
core.nplci(1)
core.output(1)
sweep = []
for volts in (0.0, 0.05, 0.1, 0.15, 0.2):
    core.volt(volts)
    sweep.append([core.volt(), core.curr(), core.resistance()])
core.output(0)
core.mode("CURR")
core.compliancev(2.0)
core.curr(1e-4)
core.output(1)
sourced = [core.curr(), core.volt()]
core.output(0)
core_errors = core.ask("SYST:ERR?")
identity = core.get_idn()
core.close()

lean = Contributed("lean", address)
lean.write("*RST")
lean.voltage(0.1)
asked = lean.voltage()
lean.output("on")
flowing = lean.current()
across = lean.measured_voltage()
lean.output("off")
lean_settings = params(lean, {"current_range": 0.001, "output": "off"})
lean_errors = lean.ask("SYST:ERR?")
lean.close()

femto = Keithley_6430("femto", address)
femto.reset()
femto_settings = params(femto, {
    "source_current_compliance": 1e-3, "source_voltage_compliance": 2.0, "source_current": 0.0,
    "source_voltage": 0.1, "source_delay_auto": True, "source_delay": 0.002,
    "output_auto_off_enabled": False, "source_mode": "VOLT", "trigger_source": "IMM", "arm_source": "IMM",
    "trigger_count": 1, "arm_count": 1, "digits": 6, "autozero": True, "filter_moving_enabled": False,
    "filter_moving": 4,
})  # fmt: skip
femto.sense_mode("CURR:DC,VOLT:DC,RES")
sensed = sorted(femto.sense_mode().replace('"', "").split(","))
femto.output_enabled(True)
femto_read = femto.read()
tripped = [femto.source_current_compliance_tripped(), femto.source_voltage_compliance_tripped()]
femto.output_enabled(False)
before = femto.ask("SYST:ERR?")
femto.timeout(0.3)
only_6430 = {name: peer.what(femto.parameters[name].get) for name in ("nplc", "filter_auto", "filter_median")}
femto.timeout(5)
femto_errors = []
while (error := femto.ask("SYST:ERR?")) != '0,"No error"':
    femto_errors.append(error)
femto.close()
peer.tell(
    identity=identity, settings=settings, sweep=sweep, sourced=sourced, core_errors=core_errors,
    asked=asked, flowing=flowing, across=across, lean_settings=lean_settings, lean_errors=lean_errors,
    femto_settings=femto_settings, sensed=sensed, femto_read=femto_read, tripped=tripped, before=before,
    only_6430=only_6430, femto_errors=femto_errors,
)  # fmt: skip
