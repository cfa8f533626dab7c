"""The experiments that labctl ships, by name; imports nothing, so that listing them is cheap."""

PROCEDURES = {
    "contact-check": (
        "procedures.contact_check:ContactCheck",
        "Every pair of leads: resistances, linearity, leak to the shield, noise, exchanged leads",
    ),
    "ahe": (
        "procedures.ahe:AnomalousHallLoop",
        "Hall resistance against perpendicular field, around a hysteresis loop",
    ),
    "ahe-temperature": (
        "procedures.ahe_temperature:AnomalousHallTemperature",
        "Hall loops over temperatures: coercive field, amplitude and sign, compensation temperature",
    ),
    "moment-loop": (
        "procedures.moment_loop:MomentLoop",
        "Magnetic moment of a film against the field: saturation, coercive field, steps of its layers",
    ),
    "degauss": (
        "procedures.degauss:Degauss",
        "Removes the flux that a high field left in the magnet; the sample's magnetic state is lost",
    ),
    "log": (
        "procedures.log:Log",
        "Temperature, field, angle, states and both resistances against time; nothing moves",
    ),
    "rt": (
        "procedures.rt:ResistanceTemperature",
        "Resistance against temperature, cooling and warming; temperature coefficient, the sample's lag",
    ),
    "cooldown": (
        "procedures.cooldown:Cooldown",
        "Cools down or warms up under watch: chamber, field, resistance all the way, stops where a contact opens",
    ),
    "read-heating": (
        "procedures.read_heating:ReadHeating",
        "Resistance and coercive field against the probe current: whether reading heats, and how far one may go",
    ),
    "align": (
        "procedures.align:Align",
        "Rotator's angle at which the field lies in the film plane, from the Hall resistance at high field",
    ),
    "approach": (
        "procedures.approach:Approach",
        "Smallest current pulse that switches a film, and the largest that leaves it as it was",
    ),
    "pulse-delay": (
        "procedures.pulse_delay:PulseDelay",
        "How long after a pulse the resistance is back, so that a state may be read: wait_before_read",
    ),
    "sot-switching": (
        "procedures.sot_switching:SpinOrbitSwitching",
        "Current loops: Hall resistance after each pulse, in a field along the current of either sign",
    ),
    "sot-field-series": (
        "procedures.sot_field_series:SpinOrbitFieldSeries",
        "Series of current loops over fields in the film plane: switching current, window and ratio against the field",
    ),
    "neuron": (
        "procedures.neuron:Neuron",
        "Sigmoid of a film: what a pulse switches, with a RESET pulse before each and without",
    ),
    "minor-loops": (
        "procedures.minor_loops:MinorLoops",
        "Minor loops: what pulses of up to a largest current switch of a saturated film, and whether it stays",
    ),
    "demagnetise": (
        "procedures.demagnetise:Demagnetise",
        "Demagnetises a film by pulses of alternating sign and falling height, and proves it by a reading",
    ),
    "levels": (
        "procedures.levels:Levels",
        "Potentiation and depression: how many states single pulses reach, how evenly, and how long these stay",
    ),
    "stdp": (
        "procedures.stdp:SpikeTiming",
        "Spike timing: what two spikes leave in a film, against the delay of the second",
    ),
    "switching-probability": (
        "procedures.switching_probability:SwitchingProbability",
        "Probability that a single pulse switches a film, against its height: I50, width of the step",
    ),
    "pulse-width": (
        "procedures.pulse_width:PulseWidth",
        "Switching current against the width of the pulse: barrier, and how warm the film is during a pulse",
    ),
    "harmonic-hall": (
        "procedures.harmonic_hall:HarmonicHall",
        "First and second harmonic of the Hall voltage in a field in the plane: H_k, damping- and field-like field",
    ),
    "tmr-loop": (
        "procedures.tmr_loop:TmrLoop",
        "Resistance of a tunnel junction against perpendicular field: TMR, both states, switching fields of two layers",
    ),
    "iv": (
        "procedures.iv:CurrentVoltage",
        "Current against voltage of a tunnel junction: how it bends, asymmetry, whether it repeats",
    ),
    "didv": (
        "procedures.didv:DifferentialConductance",
        "dI/dV of a tunnel junction: barrier height, asymmetry and thickness (Brinkman, Dynes, Rowell)",
    ),
    "tmr-angle": (
        "procedures.tmr_angle:TmrAngle",
        "Loops of a tunnel junction with the field at angles from the normal: TMR and switching fields against them",
    ),
    "tmr-bias": (
        "procedures.tmr_bias:TmrBias",
        "Both states of a tunnel junction at a list of biases: TMR against the voltage, V_half",
    ),
    "thermal-write": (
        "procedures.thermal_write:ThermalWrite",
        "Bits of a tunnel junction written by temperature in a standing field: write, reset, cycles, levels, hold",
    ),
    "tmr-temperature": (
        "procedures.tmr_temperature:TmrTemperature",
        "TMR loops over temperatures: TMR with its sign, switching fields of both layers, compensation temperature",
    ),
}
