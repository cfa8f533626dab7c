"""The Trigger Link cable between 6221 and nanovoltmeter, tested with Delta at no current.

Delta is armed with both levels at 0 A. Where a source does not take two equal levels (whether it does is not known),
the upper one is 0.1 pA, which is a twentieth of what its smallest range may be off at 0 A. Readings come only if source
and meter hear each other's triggers.

Source: 6221 reference manual, chapter on Delta; table of specifications (2 nA range: 0.4 % + 2 pA).
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from instruments.errors import DeadlinePassed, InstrumentFault, LabError
from instruments.forms import BOOLEAN
from instruments.keithley6221 import Keithley6221
from instruments.keithley6221_core import MeasurementBit, OperationBit
from instruments.scpi_driver import QueuedError
from instruments.tables.keithley6221 import TABLE as SOURCE_TABLE
from labctl.cables import OPEN
from labctl.checkup.finding import Finding, fault, ok, unheard, warning
from labctl.checkup.link import Wiring, clear_errors
from labctl.checkup.meter import STOP_METER, AtItsAddress, Setting, Talk, meter_settings, unchanged
from labctl.checkup.scene import Scene

SMALLEST = "1E-13"
"""A; the smallest step of the source."""

COMPLIANCE = "0.1"
"""V; the least that the source can be limited to."""

WANTED = 3
"""Readings."""

ARM_TIME, READING_TIME, POLL = 30.0, 5.0, 0.25
"""s for arming, for the readings, and between two questions."""

RELEASE_TIME = 0.5
"""s in which the source has said to the meter that it is free again."""

SETTINGS_CONFLICT = -221

_FIRST = "mend that first, and ask again"

SOURCE_SETTINGS = (
    Setting(":SOUR:DELT:HIGH"), Setting(":SOUR:DELT:LOW"), Setting(":SOUR:DELT:COUN"), Setting(":SOUR:DELT:DEL"),
    Setting(":SOUR:DELT:CAB"), Setting(":SOUR:DELT:CSW"), Setting(":SENS:AVER"),
    Setting(":TRAC:POIN"), Setting(":TRAC:FEED"), Setting(":TRAC:FEED:CONT"),
    Setting(":SOUR:CURR:COMP"), Setting(":SOUR:CURR"), Setting(":SOUR:CURR:RANG", ":SOUR:CURR:RANG:AUTO"),
)  # fmt: skip
"""What the test changes in the source. HIGH also sets LOW, and so comes first."""

# A source in compliance goes on measuring, so that an open lead is not taken for a missing cable: the 0.1 V is all that
# can come of it.
_SET_UP = (
    f":SOUR:CURR:COMP {COMPLIANCE}",
    f":SOUR:DELT:COUN {WANTED};:SOUR:DELT:DEL 0.002;:SOUR:DELT:CAB 0;:SOUR:DELT:CSW 0",
    f":SENS:AVER 0;:TRAC:FEED SENS;:TRAC:POIN {WANTED};:TRAC:FEED:CONT NEXT",
)


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of the test.

    Attributes:
        readings: How many.
        level: At which current they were measured.
        serial: Whether the source reports an error of the serial line.
        refused: Why it could not be tested; "" if it could.
        restarted: Who was switched off and on meanwhile, and so measures no more; "" for nobody.
        clamped: Whether the source was in compliance.
    """

    readings: int
    level: str = ""
    serial: bool = False
    refused: str = ""
    restarted: str = ""
    clamped: bool = False


def examine(scene: Scene, wiring: Wiring) -> Iterator[Finding]:
    """Test the Trigger Link, as far as that can be done without driving or erasing anything."""
    source, subject = scene.source, "trigger link"
    if source is None or "voltmeter" not in scene.station.instruments:
        return
    cables = scene.station.cables.meter_link
    why = _why_not(scene, wiring, source)
    if why:
        if cables.serial or cables.trigger or not why.endswith("behind the source"):
            yield ok(subject, f"was not tested: {why}")
        return
    doubts: list[str] = []
    unsafe: list[str] = []
    watched = AtItsAddress(source, SOURCE_TABLE)
    try:
        if wiring.talk is not None:
            wiring.talk.restarted()  # that it was switched on some time before is forgotten
        watched.restarted()
        trial = _try(scene, source, wiring, doubts, unsafe)
    except LabError as error:
        restarted = _who_restarted(watched, wiring)
        yield _restart(restarted) if restarted else unheard(subject, error, _FIRST, "could not be tested: ")
    else:
        yield from _leads(scene, trial)
        yield _judge(scene, source, trial)
    for doubt in unsafe:
        do = "turn it off at its front panel, and look at its cable"
        yield fault("source output", f"after the test, {doubt}", do)
    if doubts:
        do = "set that again; all else is as it was"
        yield warning(subject, f"after the test, {'; '.join(doubts)}", do)


def _why_not(scene: Scene, wiring: Wiring, source: Keithley6221) -> str:
    """Say why the test is left out; "" if it is not."""
    reasons = (
        (bool(scene.busy), next(iter(scene.busy), "")),
        (wiring.behind is None or not wiring.fit, "for that the meter has to be behind the source"),
        (scene.look, "for that delta mode would have to be armed, and only questions were allowed"),
        (source.source_enabled, "the source's output is on, and goes off with the test"),
        (not source.interlock_closed, "the source's interlock is open"),
    )
    if found := next((reason for holds, reason in reasons if holds), ""):
        return found
    held = AtItsAddress(source, SOURCE_TABLE).ask(":TRAC:POIN:ACT?")
    if held != "0":
        return (
            f"the source's buffer holds {held} readings, which the test would erase; save them, clear it "
            "(:TRAC:CLE), and ask again"
        )
    return ""


def _try(scene: Scene, source: Keithley6221, wiring: Wiring, doubts: list[str], unsafe: list[str]) -> Trial:
    """Run Delta at no current, and bring both instruments back to what they were set to."""
    assert wiring.talk is not None
    with (
        unchanged(AtItsAddress(source, SOURCE_TABLE), SOURCE_SETTINGS, doubts),
        unchanged(wiring.talk, meter_settings((1,)), doubts, STOP_METER),
        _resting(scene, source, wiring.talk, unsafe),
    ):
        for message in _SET_UP:
            source.command(message)
        for high, level in (("0", "0 A"), (SMALLEST, "0.1 pA")):
            source.command(f":SOUR:DELT:HIGH {high};:SOUR:DELT:LOW 0")
            refused = _arm(scene, source)
            if refused is None:
                return _count(scene, source, wiring, level)
            if refused.code != SETTINGS_CONFLICT:
                break
        return Trial(0, refused=f"the source refused to arm delta mode: {refused}")


@contextmanager
def _resting(scene: Scene, source: Keithley6221, meter: Talk, unsafe: list[str]) -> Generator[None]:
    """Whatever happens: nothing armed, 0 A, output off, buffer empty, at the end."""
    try:
        yield
    finally:
        if doubt := source.make_safe():
            unsafe.append(doubt)
        with suppress(LabError):
            source.command(":TRAC:FEED:CONT NEV;:TRAC:CLE")
        scene.clock.sleep(RELEASE_TIME)
        with suppress(LabError):
            clear_errors(meter)


def _arm(scene: Scene, source: Keithley6221) -> QueuedError | None:
    """Arm Delta; return the source's error if it refuses, None once it is armed.

    Raises:
        DeadlinePassed: It is not armed in time, and says no error.
    """
    source.write(":SOUR:DELT:ARM")
    with source.line.patience(ARM_TIME):
        refusal = source.next_error
    if refusal.code:
        return refusal
    deadline = scene.clock.deadline(ARM_TIME)
    while not source.query(":SOUR:DELT:ARM?", BOOLEAN):
        if deadline.passed:
            raise DeadlinePassed(f"delta mode was not armed in {ARM_TIME:g} s")
        scene.clock.sleep(POLL)
    return None


def _count(scene: Scene, source: Keithley6221, wiring: Wiring, level: str) -> Trial:
    """Start it, and count the readings that come."""
    talk = AtItsAddress(source, SOURCE_TABLE)
    _ = source.operation_event, source.measurement_event  # what was before is forgotten
    source.command(":INIT")
    deadline = scene.clock.deadline(READING_TIME)
    readings, serial = 0, False
    while readings < WANTED and not deadline.passed:
        scene.clock.sleep(POLL)
        serial = serial or bool(source.operation_event & OperationBit.RS232_ERROR)
        readings = int(talk.ask(":TRAC:POIN:ACT?"))
    clamped = bool(source.measurement_event & MeasurementBit.COMPLIANCE)
    restarted = ""
    if readings < WANTED:
        gone = talk.ask(":SOUR:DELT:COUN?") != str(WANTED)
        restarted = _who_restarted(talk, wiring) or ("source" if gone else "")
    return Trial(readings, level, serial, restarted=restarted, clamped=clamped)


def _who_restarted(source: Talk, wiring: Wiring) -> str:
    """Say who has come up since it was asked last; "" where nobody has, or nobody says."""
    for who, talk in (("source", source), ("voltmeter", wiring.talk)):
        with suppress(LabError):
            if talk is not None and talk.restarted():
                return who
    return ""


def _leads(scene: Scene, trial: Trial) -> Iterator[Finding]:
    """Say whether the source's current could flow: a sample takes 0.1 pA at less than the compliance."""
    if not trial.clamped or trial.restarted:
        return
    cables = scene.station.cables.source
    said = cables is not None and OPEN in {cables.high, cables.low}
    what = f"the source reached its compliance of {COMPLIANCE} V at {trial.level}: the current cannot flow"
    do = (
        "a lead of the source is open: look at both its ends and at the sample's contacts"
        f"{'; the station file says so as well, [cables] source' if said else ''}"
    )
    yield fault("source leads", what, do)


def _restart(who: str) -> Finding:
    what = f"the {who} was switched off and on during the test, so that nothing is known of the cable"
    do = "it is set as at power-on but for what the test uses: look at its mains plug, set it up again, and ask again"
    return warning("trigger link", what, do)


def _judge(scene: Scene, source: Keithley6221, trial: Trial) -> Finding:
    """Say what the test means, beside what the station file says."""
    subject, said = "trigger link", scene.station.cables.meter_link.trigger
    if trial.refused:
        return warning(subject, f"could not be tested: {trial.refused}", "see the other findings, and ask again")
    if trial.restarted:
        return _restart(trial.restarted)
    where = f"under [cables.meter_link] in {scene.station.label}"
    if trial.readings >= WANTED:
        what = f"delta mode at {trial.level} gave {trial.readings} readings: the cable is there"
        return ok(subject, what) if said else warning(subject, what, f"write trigger = true {where}")
    if trial.serial:
        do = "both to the same baud rate, best 19.2 kbaud; are null-modem and Trigger Link cable plugged in firmly?"
        return fault(subject, "delta mode ended since a reading did not come over the serial line", f"set {do}")
    lines = _lines(source)
    came = f"{trial.readings or 'no'} readings came in {READING_TIME:g} s"
    what = f"delta mode was armed at {trial.level}, but {came}{lines}"
    do = f"plug the Trigger Link cable into both{', or turn its lines back' if lines else ''}"
    if not said:
        return warning(subject, what, f"{do}; without it there is no delta mode")
    return fault(subject, what, f"{do}, or write trigger = false {where}")


def _lines(source: Keithley6221) -> str:
    """Say whether the source uses other lines than the meter, which has 1 for its own pulses and listens on 2."""
    with suppress(InstrumentFault):
        talk = AtItsAddress(source, SOURCE_TABLE)
        out, into = talk.ask(":TRIG:OLIN?"), talk.ask(":TRIG:ILIN?")
        if (out, into) != ("2", "1"):
            return f"; the source sends on line {out} and listens on line {into}, the meter listens on 2 and sends on 1"
    return ""
