"""Line hum, offset and noise at the voltmeter while no current flows.

Readings over a tenth of a power line cycle see hum, readings over a whole cycle do not. Where the scatter of the first
is more than five times that of the second (white noise makes a factor of three), there is hum.

Sources: specification sheet SPEC-2182A rev. A (noise, accuracy, offset); the factor of five is practice of the bench.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from statistics import fmean, stdev

from instruments.errors import InstrumentFault, LabError
from instruments.units import format_quantity
from labctl.cables import OPEN
from labctl.checkup.finding import Finding, fault, ok, unheard, warning
from labctl.checkup.link import Wiring, clear_errors
from labctl.checkup.meter import STOP_METER, Talk, meter_settings, unchanged
from labctl.checkup.scene import Scene

READINGS = 50
"""Of each kind: their scatter is known to a tenth, so that white noise alone exceeds the factor once in a thousand."""

FACTOR = 5.0
"""Ratio of the scatters from which on there is hum."""

LARGEST_OFFSET = 20e-6
"""V; thermal voltages make some microvolts, so that more than this has another cause (assumed)."""

OPEN_INPUT = 5e-3
"""V; what no sample shows without current: the input's own picoamperes charge it (assumed)."""

EXCESS_NOISE = 3.0
"""By how much noise may exceed what is specified until something is said (assumed)."""

RESISTANCE_NOISE = 0.12e-9
"""V rms per root of ohm over second: what is left of the printed noise at 1, 10, 100 and 1000 kiloohm once Johnson
noise and the meter's own are taken off."""

OVERFLOW = 9e36

PEAK_TO_PEAK = 6.0
"""Peak-to-peak over rms of noise, as the manual counts it."""

BOLTZMANN = 1.380649e-23
ROOM = 300.0
"""K."""

RANGES: dict[int, tuple[float, ...]] = {1: (0.01, 0.1, 1.0), 2: (0.1, 1.0)}
"""V; tried one after the other, by channel."""

NOISE: dict[int, dict[float, float]] = {1: {0.01: 70e-9, 0.1: 300e-9, 1.0: 700e-9}, 2: {0.1: 425e-9, 1.0: 1e-6}}
"""V peak to peak at 1 PLC without filter, by channel and range in V."""

_SET_UP = (
    ":SENS:FUNC 'VOLT:DC';:SENS:CHAN {channel};:SENS:VOLT:RAT 0;:SENS:VOLT:DELT 0;:SENS:HOLD:STAT 0",
    ":SENS:VOLT:CHAN{channel}:DFIL 0;:SENS:VOLT:CHAN{channel}:LPAS 0;:SENS:VOLT:CHAN{channel}:REF:STAT 0",
    ":SYST:FAZ 1;:SYST:AZER 1;:SYST:LSYN 0;:CALC:STAT 0;:FORM ASC;:FORM:ELEM READ",
    ":TRIG:SOUR IMM;:TRIG:COUN 1;:TRIG:DEL 0;:SAMP:COUN 1",
)


@dataclass(frozen=True, slots=True)
class Quiet:
    """What a channel reads without current.

    Attributes:
        span: Range in V.
        fast: Readings over 0.1 PLC in V.
        slow: Readings over 1 PLC in V.
    """

    span: float
    fast: Sequence[float]
    slow: Sequence[float]

    @property
    def overflow(self) -> bool:
        """Whether any reading was beyond the range."""
        return any(abs(value) > OVERFLOW for value in (*self.fast, *self.slow))


def examine(scene: Scene, wiring: Wiring) -> Iterator[Finding]:
    """Measure without current, as far as none flows and nobody else measures."""
    talk, subject = wiring.talk, "line hum"
    channels = _plugged(scene)
    if talk is None:
        return
    yield from _unplugged(channels)
    if not channels:
        return
    try:
        if why := _why_not(scene, talk):
            yield ok(subject, f"was not looked for: {why}")
            return
        doubts: list[str] = []
        measured: dict[int, Quiet] = {}
        with unchanged(talk, meter_settings(channels), doubts, STOP_METER):
            for channel in channels:
                measured[channel] = _measure(scene, talk, channel)
    except LabError as error:
        yield _failed(talk, subject, error)
        return
    advised = ""
    for channel, quiet in measured.items():
        for finding in _judge(scene, channel, quiet):
            again = finding.do and finding.do == advised
            yield replace(finding, do="as above") if again else finding
            advised = finding.do or advised
    if doubts:
        yield warning(subject, f"after the test, {'; '.join(doubts)}", "set it again")


def _failed(talk: Talk, subject: str, error: LabError) -> Finding:
    """Say why there are no readings; a meter that restarts leaves nobody to answer what it was asked before."""
    do = "mend that first, and ask again"
    with suppress(LabError):
        if talk.restarted():
            what = "could not be looked for: the voltmeter was switched off and on during the test"
            return warning(subject, what, do)
    return unheard(subject, error, do, "could not be looked for: ")


def _plugged(scene: Scene) -> tuple[int, ...]:
    """Return the channels that have leads."""
    cables = scene.station.cables.voltmeter
    if cables is None:
        return ()
    ends = {1: (cables.channel_1_high, cables.channel_1_low), 2: (cables.channel_2_high, cables.channel_2_low)}
    return tuple(channel for channel, leads in ends.items() if OPEN not in leads)


def _unplugged(channels: Sequence[int]) -> Iterator[Finding]:
    """Name the channels that are not tested; everything is measured with the first one, the second may be spare."""
    what = "not connected by the station file, not tested"
    if 1 not in channels:
        do = "plug its leads in, and write channel_1_high and channel_1_low under [cables] voltmeter"
        yield warning("channel 1", what, do)
    if 2 not in channels:
        yield ok("channel 2", what)


def _why_not(scene: Scene, talk: Talk) -> str:
    """Say why it is left out; "" if it is not."""
    if scene.look:
        return "for that the voltmeter's settings would have to be changed, and only questions were allowed"
    if scene.busy:
        return scene.busy[0]
    if talk.ask(":TRAC:FEED:CONT?").upper() != "NEV":
        return "the voltmeter is storing readings for somebody; stop that (:TRAC:FEED:CONT NEV) and ask again"
    return ""


def _measure(scene: Scene, talk: Talk, channel: int) -> Quiet:
    """Take readings on the lowest range that holds them."""
    quiet = Quiet(math.nan, (), ())
    for message in _SET_UP:
        talk.tell(message.format(channel=channel))
    for span in RANGES[channel]:
        talk.tell(f":SENS:VOLT:CHAN{channel}:RANG {span}")
        quiet = Quiet(span, _readings(scene, talk, 0.1), _readings(scene, talk, 1.0))
        if not quiet.overflow:
            break
    if refused := clear_errors(talk):
        raise InstrumentFault(f"{talk.name}: it refused something of the test: {refused}")
    return quiet


def _readings(scene: Scene, talk: Talk, nplc: float) -> list[float]:
    """Take readings, each a part of a line cycle later than it would be: at equal phases hum would not scatter."""
    talk.tell(f":SENS:VOLT:NPLC {nplc:g}")
    cycle, values = 1.0 / scene.station.line_frequency, list[float]()
    for number in range(READINGS):
        scene.clock.sleep(cycle * (number * 3 % 7) / 7)
        values.append(float(talk.ask(":READ?").split(",")[0]))
        if abs(values[-1]) > OVERFLOW:
            break
    return values


def _judge(scene: Scene, channel: int, quiet: Quiet) -> Iterator[Finding]:
    """Say what the readings of a channel mean."""
    subject = f"channel {channel}"
    if quiet.overflow or abs(fmean(quiet.slow)) > OPEN_INPUT:
        shown = f"more than {_volts(quiet.span)}" if quiet.overflow else _volts(fmean(quiet.slow))
        do = (
            "a lead of this channel is open, or something drives a current: check its leads and contacts with the "
            "sample at room temperature, and whether another source or bridge is on"
        )
        yield fault(subject, f"{shown} without current", do)
        return
    yield _hum(scene, channel, quiet)
    yield _offset(subject, quiet)
    yield _noise(scene, channel, quiet)


def _hum(scene: Scene, channel: int, quiet: Quiet) -> Finding:
    subject, fast, slow = f"line hum {channel}", stdev(quiet.fast), stdev(quiet.slow)
    what = f"scatter {_volts(fast)} over 0.1 PLC, {_volts(slow)} over 1 PLC"
    if fast <= FACTOR * slow or fast < 2.0 * math.sqrt(10.0) * _specified(scene, channel, quiet.span):
        return ok(subject, f"{what}: no hum")
    hum = math.sqrt(max(fast**2 - 10.0 * slow**2, 0.0))
    return warning(subject, f"{what}: about {_volts(hum)} rms of line hum", _what_to_lift(scene))


def _what_to_lift(scene: Scene) -> str:
    """Say what may make the hum, the likeliest first."""
    source, advice = scene.source, list[str]()
    if source is not None and source.output_low_grounded:
        advice.append("take the source's low off earth (:OUTP:LTE 0 with the output off)")
    if source is not None and source.shield_connection == "guard":
        advice.append("put the inner shield at output low (:OUTP:ISH OLOW)")
    if scene.smu is not None:
        advice.append("see that the smu's LO is not strapped to earth")
    advice.append(
        "leave one earth only, at the cryostat: lift the shields of the cables at the other end, plug all instruments "
        "into one outlet, keep leads together and away from transformers and pumps"
    )
    return "; then ".join(advice)


def _offset(subject: str, quiet: Quiet) -> Finding:
    offset = fmean(quiet.slow)
    what = f"offset {_volts(offset)} on the {_volts(quiet.span)} range"
    if abs(offset) > LARGEST_OFFSET:
        do = (
            "thermal voltages make some microvolts: let the plugs come to one temperature, use copper on copper, and "
            "look for a bad contact; a reversal of the current takes out what stays constant"
        )
        return warning(subject, what, do)
    return ok(subject, f"{what}, as thermal voltages make it")


def _specified(scene: Scene, channel: int, span: float) -> float:
    """Noise in V rms at 1 PLC: the meter's own, and that of the resistance at its input where a sample is known."""
    resistance = 0.0 if scene.sample is None else scene.sample.two_wire_resistance()
    frequency = scene.station.line_frequency
    johnson = math.sqrt(2.0 * BOLTZMANN * ROOM * resistance * frequency)
    further = RESISTANCE_NOISE * math.sqrt(resistance * frequency)
    return math.hypot(NOISE[channel][span] / PEAK_TO_PEAK, johnson, further)


def _noise(scene: Scene, channel: int, quiet: Quiet) -> Finding:
    subject, slow = f"channel {channel}", stdev(quiet.slow)
    specified = _specified(scene, channel, quiet.span)
    what = f"noise {_volts(slow)} rms at 1 PLC"
    if scene.sample is None:
        return ok(subject, f"{what}, the meter alone {_volts(specified)}; with --sample it is judged")
    what += f", {_volts(specified)} to be expected of meter and sample {scene.sample.name!r}"
    if slow > EXCESS_NOISE * specified:
        do = "look for loose contacts, leads that move in a field, pumps, and radio sources; is the sample at rest?"
        return warning(subject, what, do)
    return ok(subject, what)


def _volts(value: float) -> str:
    return format_quantity(value, "V", digits=3)
