"""What the outputs are set to: shield and earth, level, range, compliance, interlock, what an output is when it is off.

Sources: 6221 reference manual (connections, output configuration, compliance); 2400 series user's manual, section 13
(output-off states). That a guard is of use only where the triaxial cable ends at the sample, and that there should be
one earth, is practice of the bench.
"""

from __future__ import annotations

from collections.abc import Iterator

from instruments.forms import BOOLEAN
from instruments.keithley2400 import Keithley2400
from instruments.keithley6221 import Keithley6221
from instruments.keithley6221_core import MeasurementBit, OperationBit
from instruments.units import format_quantity
from labctl import limits
from labctl.cables import OPEN
from labctl.checkup.finding import Finding, fault, ok, warning
from labctl.checkup.scene import Scene

_ARMED = {":SOUR:DELT:ARM?": "Delta", ":SOUR:PDEL:ARM?": "Pulse Delta", ":SOUR:DCON:ARM?": "Differential Conductance"}

_RUNNING = OperationBit.SWEEPING | OperationBit.WAVE_STARTED
_WAVE_OVER = OperationBit.WAVE_STOPPED


def outputs(scene: Scene) -> Iterator[Finding]:
    """Look at the outputs of source and source-measure unit, and note why nothing may be set."""
    if scene.source is not None:
        yield from _source(scene, scene.source)
    if scene.smu is not None:
        yield from _smu(scene, scene.smu)


def _volts(value: float) -> str:
    return format_quantity(value, "V")


def _amperes(value: float) -> str:
    return format_quantity(value, "A")


# ---- 6221


def _source(scene: Scene, source: Keithley6221) -> Iterator[Finding]:
    subject = "source output"
    yield _source_activity(scene, source, subject)
    yield from _source_compliance(scene, source)
    yield _shield_and_earth(scene, source, "shield and earth")
    if not source.interlock_closed:
        do = "close it (a plug or a lid switch at the back of the source), or the output stays off"
        yield fault("interlock", "the source's interlock is open", do)
    conditions = source.measurement_condition
    if conditions & MeasurementBit.OVER_TEMPERATURE:
        yield fault(subject, "the source is too hot and keeps its output off", "let it cool; is its fan free?")


def _source_activity(scene: Scene, source: Keithley6221, subject: str) -> Finding:
    """Say whether the source drives something, and note that nothing may be set then."""
    level, on = source.source_current, source.source_enabled
    automatic = "automatic" if source.source_auto_range else "fixed"
    what = f"output {'on' if on else 'off'}, {_amperes(level)} set, range {_amperes(source.source_range)} {automatic}"
    armed = [name for question, name in _ARMED.items() if source.query(question, BOOLEAN)]
    running = source.operation_condition
    reasons = [f"the source is armed for {name}" for name in armed]
    if on and level:
        reasons.append(f"the source's output is on with {_amperes(level)}")
    if running & _RUNNING and not running & _WAVE_OVER:
        reasons.append("the source runs a sweep or a wave")
    if not reasons:
        return ok(subject, what)
    scene.busy.extend(reasons)
    do = "if no other program measures here, turn the output off; link and hum are not tested as long as it is so"
    return warning(subject, f"{what}: {', and '.join(reasons)}", do)


def _source_compliance(scene: Scene, source: Keithley6221) -> Iterator[Finding]:
    subject, compliance = "source compliance", source.source_compliance
    allowed, whose = _largest_voltage(scene)
    if compliance > allowed:
        do = f"a clamped source or a bouncing lead puts that on the sample: set at most {_volts(allowed)}"
        what = f"{_volts(compliance)}, above the {_volts(allowed)} of {whose}"
        yield warning(subject, what, do)
    else:
        yield ok(subject, f"{_volts(compliance)}, within the {_volts(allowed)} of {whose}")
    if source.measurement_condition & MeasurementBit.COMPLIANCE:
        do = "the current does not flow: is a lead open, or the compliance too small?"
        yield warning(subject, "the source is in compliance", do)


def _largest_voltage(scene: Scene) -> tuple[float, str]:
    """Return the largest voltage in V that sample and station allow, and whose limit that is."""
    if scene.sample is None:
        return scene.station.limits.voltage, f"station {scene.station.name!r}"
    bound = limits.of(scene.station, scene.sample).voltage
    return bound.value, bound.owner


def _shield_and_earth(scene: Scene, source: Keithley6221, subject: str) -> Finding:
    guarded, earthed = source.shield_connection == "guard", source.output_low_grounded
    what = f"inner shield at {source.shield_connection}, output low {'at earth' if earthed else 'floats'}"
    advice: list[str] = []
    cables = scene.station.cables.source
    if guarded and not (cables is not None and cables.triax_to_sample):
        advice.append(
            "a guard is of use only if the triaxial cable goes through to the sample; behind an adapter to BNC it is "
            "shorted or drives the cryostat: :OUTP:ISH OLOW, or triax_to_sample = true at cables.source if it does"
        )
    if earthed:
        advice.append(
            "cryostat or voltmeter are mostly an earth already, and two make a loop that picks up hum and sparks: "
            ":OUTP:LTE 0 with the output off"
        )
    return warning(subject, what, "; ".join(advice)) if advice else ok(subject, what)


# ---- 2400


def _smu(scene: Scene, smu: Keithley2400) -> Iterator[Finding]:
    subject = "smu output"
    function, on = smu.source_function, smu.source_enabled
    level = smu.source_voltage if function == "voltage" else smu.source_current
    unit = "V" if function == "voltage" else "A"
    what = f"output {'on' if on else 'off'}, {format_quantity(level, unit)} set, sources {function}"
    if on and level:
        scene.busy.append(f"the smu's output is on with {format_quantity(level, unit)}")
        do = "if no other program measures here, ramp it to zero and turn it off; link and hum are not tested meanwhile"
        yield warning(subject, what, do)
    else:
        yield ok(subject, what)
    yield _off_state(scene, smu.output_off_state)
    yield _sensing(scene, smu)
    yield _smu_compliance(scene, smu, function)


def _off_state(scene: Scene, state: str) -> Finding:
    """Judge what the smu's output is when it is off, by what else hangs on its leads."""
    subject, cables = "smu off-state", scene.station.cables
    smu, source = cables.smu, cables.source
    shared: set[str] = set()
    if smu is not None and source is not None:
        shared = ({smu.high, smu.low} & {source.high, source.low}) - {OPEN}
    what = f"with the output off it is {state}"
    if shared and state == "normal":
        do = "set :OUTP:SMOD HIMP and save it as the set-up at power-on (*SAV 0, :SYST:POS SAV0)"
        on = f"on {', '.join(sorted(shared))}, where the source is as well: it keeps 0 V there and takes its current"
        return fault(subject, f"{what} {on}", do)
    if shared and state != "high impedance":
        do = "set :OUTP:SMOD HIMP, so that its relay opens"
        return warning(subject, f"{what}, and shares {', '.join(sorted(shared))} with the source", do)
    if not shared and state == "high impedance":
        do = "a tunnel junction wants :OUTP:SMOD NORM, since the relay kicks; anything else does not mind"
        return warning(subject, f"{what}: its leads float, and its relay opens and closes with the output", do)
    return ok(subject, f"{what}, {'which leaves the source alone' if shared else 'as a junction wants it'}")


def _sensing(scene: Scene, smu: Keithley2400) -> Finding:
    """Compare remote sensing with the cables."""
    subject, cables, remote = "smu sense", scene.station.cables.smu, smu.four_wires
    plugged = cables is not None and OPEN not in {cables.sense_high, cables.sense_low}
    if remote and not plugged:
        do = "plug the sense leads in and write sense_high and sense_low under cables.smu, or set :SYST:RSEN 0"
        return fault(subject, "senses remotely, but the station file has no sense leads", do)
    if plugged and not remote:
        return ok(subject, "local: its sense leads are plugged in, and used once a program asks for four wires")
    return ok(subject, "remote, with four wires" if remote else "local, with two wires")


def _smu_compliance(scene: Scene, smu: Keithley2400, function: str) -> Finding:
    subject = "smu compliance"
    if function == "current":
        found, (allowed, whose) = smu.voltage_compliance, _largest_voltage(scene)
        text, most = _volts(found), _volts(allowed)
    else:
        found, text = smu.current_compliance, _amperes(smu.current_compliance)
        allowed, whose = _largest_current(scene)
        most = _amperes(allowed)
    if found > allowed:
        return warning(subject, f"{text}, above the {most} of {whose}", f"set at most {most}")
    return ok(subject, f"{text}, within the {most} of {whose}")


def _largest_current(scene: Scene) -> tuple[float, str]:
    if scene.sample is None:
        return scene.station.limits.current, f"station {scene.station.name!r}"
    bound = limits.of(scene.station, scene.sample).current
    return bound.value, bound.owner
