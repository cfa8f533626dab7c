"""The instruments that labctl can drive, by name. Imports nothing, so that listing them costs nothing."""

DRIVERS = {
    "keithley6221": ("instruments.keithley6221:Keithley6221", "Keithley 6221 AC and DC current source"),
    "keithley2182a": ("instruments.keithley2182a:Keithley2182A", "Keithley 2182A nanovoltmeter"),
    "keithley2400": ("instruments.keithley2400:Keithley2400", "Keithley 2400 SourceMeter"),
    "sr830": ("instruments.sr830:Sr830", "Stanford Research SR830 lock-in amplifier"),
    "ppms6000": ("instruments.ppms6000:Ppms6000", "Quantum Design PPMS with Model 6000 controller, over VISA"),
    "multivu": ("instruments.multivu:MultiVu", "Quantum Design cryostat under MultiVu, through its MultiPyVu server"),
}
"""Name -> (where the driver's class is, what it drives)."""
