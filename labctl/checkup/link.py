"""The link between 6221 and nanovoltmeter: which of the two wirings there is, and what works with it.

A 2182A listens at its own address or on its RS-232 connector, never on both. At its own address it is read by the
computer (reversal of a direct current). Behind the source it is the source's: Delta, Pulse Delta, Differential
Conductance, for which a Trigger Link cable is needed as well.

Sources: 6221 reference manual, chapters on Delta and Pulse Delta (connections); 2182A user's manual, section 11.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from instruments.errors import GarbledReply, LabError, NoReply
from instruments.keithley2182a import Keithley2182A
from instruments.keithley6221 import Keithley6221
from instruments.keithley6221_relay import METER
from instruments.scpi_driver import ERROR, Identity
from instruments.tables.keithley2182a import TABLE as METER_TABLE
from instruments.tables.keithley6221 import TABLE as SOURCE_TABLE
from labctl import discovery
from labctl.checkup.finding import Finding, fault, ok, warning
from labctl.checkup.instruments import OLDEST_METER, is_older
from labctl.checkup.meter import AtItsAddress, BehindTheSource, Talk
from labctl.checkup.scene import Scene

BAUD = "19200"
"""What is usual between the two; the meter leaves the factory with 9600."""

FRAMING = {-360, -361, -362, -363}
"""Errors of a meter that hears bytes at another speed than its own."""

AT_THE_METER = "set RS-232 and 19.2 kbaud at the meter's front panel, and use a null-modem cable (crossed)"
AT_ITS_ADDRESS = "set GPIB at the meter's front panel"


@dataclass(frozen=True, slots=True)
class Wiring:
    """How the meter is reached.

    Attributes:
        own: The way to its own address; None where it does not answer there.
        behind: The way through the source; None where it does not answer there, or nobody asked.
        fit: Whether the source takes it for a meter that it can measure with.
    """

    own: Talk | None
    behind: Talk | None
    fit: bool

    @property
    def talk(self) -> Talk | None:
        """The way to take, its own address first, since that is quicker."""
        return self.own or self.behind


def find(scene: Scene, findings: list[Finding]) -> Wiring:
    """Find out how the meter is reached, and say what follows for what works.

    Raises:
        InstrumentFault: The source does not answer.
    """
    meter, source = scene.voltmeter, scene.source
    own = None if meter is None else AtItsAddress(meter, METER_TABLE)
    if source is None or "voltmeter" not in scene.station.instruments:
        return Wiring(own, None, fit=False)
    subject = "meter link"
    if scene.busy:
        if own is None:
            address = scene.station.instruments["voltmeter"].resource
            what = f"does not answer at {address}, and was not looked for behind the source, since {scene.busy[0]}"
            findings.append(fault("voltmeter", what, "ask again when nobody measures"))
        else:
            findings.append(ok(subject, f"was not looked at, since {scene.busy[0]}"))
        return Wiring(own, None, fit=False)
    fit = source.meter_present()
    identity = _identity_behind(source) if not scene.look and (fit or own is None) else None
    wiring = Wiring(own, BehindTheSource(source) if fit or identity is not None else None, fit)
    findings.append(_verdict(scene, wiring, identity))
    findings.extend(_port(scene, source))
    if wiring.behind is None and scene.station.cables.meter_link.serial and meter is not None:
        findings.extend(_framing(scene, meter, source))
    return wiring


def _identity_behind(source: Keithley6221) -> Identity | None:
    """Ask through the source who is there; a meter that is too old for it answers, too."""
    try:
        return source.relay_query("*IDN?", METER)
    except (NoReply, GarbledReply):
        return None


def _verdict(scene: Scene, wiring: Wiring, identity: Identity | None) -> Finding:
    """Compare what was found with the station file, and say what works."""
    subject, said = "meter link", scene.station.cables.meter_link.serial
    if wiring.behind is not None and not wiring.fit:
        return _unfit(subject, identity)
    who = "" if identity is None else f" ({identity.model}, firmware {identity.firmware})"
    modes = _modes(identity)
    address = scene.station.instruments["voltmeter"].resource
    match wiring.own is not None, wiring.behind is not None:
        case True, True:
            what = (
                f"the meter answers at {address} and behind the source{who}, which only a gateway or the simulator "
                f"makes possible: direct current and {modes} work"
            )
            return ok(subject, what) if said else warning(subject, what, _write("serial = true", scene))
        case True, False:
            return _at_its_address(scene, subject)
        case False, True:
            readers = _procedures_that_read_it()
            named = f", such as {' and '.join(readers)}," if readers else ""
            what = (
                f"the meter is behind the source{who}: {modes} work; {address} is dead, and procedures that read "
                f"the meter there{named} do not work"
            )
            do = f"for those, {AT_ITS_ADDRESS}"
            if not said:
                return fault(subject, what, f"{do}; if it is to stay, {_write('serial = true', scene)}")
            return (fault if readers else warning)(subject, what, do)
        case _:
            what = f"the meter answers neither at {address} nor behind the source"
            do = (
                f"is it on? To read it at its address, {AT_ITS_ADDRESS}, and the address of the station file; for "
                f"delta modes, {AT_THE_METER}"
            )
            return fault(subject, what, do)


def _at_its_address(scene: Scene, subject: str) -> Finding:
    """A meter that the computer reads, and the source cannot; a Trigger Link cable alone makes no delta mode."""
    address = scene.station.instruments["voltmeter"].resource
    what = f"the meter answers at {address}, not behind the source: direct current works, delta modes do not"
    if scene.station.cables.meter_link.serial:
        return warning(subject, what, _plug(scene))
    if scene.station.cables.meter_link.trigger:
        what += ", for which alone the Trigger Link cable of the station file is of use"
        return warning(subject, what, f"for delta modes, {AT_THE_METER}; or {_write('trigger = false', scene)}")
    return ok(subject, f"{what}{_as_said(scene)}")


def _as_said(scene: Scene) -> str:
    """Word by what the station file says that the meter is not linked."""
    if scene.station.cables.says("serial"):
        return ", as the station file says"
    return "; the station file says nothing of a link (meter_link)"


def _procedures_that_read_it() -> list[str]:
    """Return the names of the procedures that are there for which a run opens the meter at its own address."""
    found: list[str] = []
    for name in discovery.procedures():
        with suppress(LabError):  # one that cannot be loaded has a finding of its own
            roles: object = getattr(discovery.load("procedures", name), "roles", ())
            if isinstance(roles, tuple | list) and "voltmeter" in roles:
                found.append(name)
    return found


def _unfit(subject: str, identity: Identity | None) -> Finding:
    """A meter that answers, but with which the source does not want to measure."""
    assert identity is not None
    oldest = OLDEST_METER.get(identity.model, "")
    what = f"behind the source is a {identity.model} with firmware {identity.firmware}, which the source does not take"
    old = bool(oldest) and is_older(identity.firmware, oldest)
    return fault(subject, what, f"it needs {oldest} or later; have it updated" if old else "switch both off and on")


def _modes(identity: Identity | None) -> str:
    if identity is not None and identity.model == "2182":
        return "delta and differential conductance (pulse delta needs a 2182A)"
    return "delta, pulse delta and differential conductance"


def _plug(scene: Scene) -> str:
    return (
        f"the station file says that they are linked: for delta modes, {AT_THE_METER}; or "
        f"{_write('serial = false', scene)}"
    )


def _write(line: str, scene: Scene) -> str:
    return f"write {line} under [cables.meter_link] in {scene.station.label}"


def _port(scene: Scene, source: Keithley6221) -> Iterator[Finding]:
    """Look at the source's RS-232 port, where the station says that the meter hangs on it."""
    if not scene.station.cables.meter_link.serial:
        return
    subject = "source RS-232"
    port = AtItsAddress(source, SOURCE_TABLE)
    owner, baud, end = (port.ask(f":SYST:COMM:{what}?") for what in ("SEL", "SER:BAUD", "SER:TERM"))
    if owner == "SER":
        do = "connect the computer by GPIB or Ethernet and choose that at the source's front panel"
        yield fault(subject, "the source's RS-232 port is the computer's, so that no meter can hang on it", do)
    what = f"{baud} baud, terminator {end}"
    if baud != BAUD:
        yield warning(subject, what, f"{BAUD} is usual, and the meter has to be set to the same at its front panel")
    elif owner != "SER":
        yield ok(subject, what)


def _framing(scene: Scene, meter: Keithley2182A, source: Keithley6221) -> Iterator[Finding]:
    """Look into the meter's error queue: what came at another speed has left its trace."""
    if scene.look:
        return
    held = [meter.next_error for _ in range(5)]
    framing = [error for error in held if error.code in FRAMING]
    if framing:
        baud = AtItsAddress(source, SOURCE_TABLE).ask(":SYST:COMM:SER:BAUD?")
        do = f"set the meter to {baud} baud at its front panel, as the source is, best both to {BAUD}"
        what = f"the meter hears the source at another speed than its own: {framing[0]}"
        yield fault("baud rate", what, do)


def clear_errors(talk: Talk) -> str:
    """Take out what an error queue holds, and return the first of it; "" if nothing.

    Raises:
        InstrumentFault: It does not answer.
    """
    first = ""
    for _ in range(10):
        answer = talk.ask(":SYST:ERR?")
        if not ERROR.read(answer).code:
            return first
        first = first or answer
    return first
