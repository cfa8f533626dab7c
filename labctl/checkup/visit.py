"""The doctor at the bench: opens what answers, asks everybody, and leaves all as it was."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path

from instruments.driver import Driver
from instruments.errors import InstrumentFault, LabError, NoReply, StationInUse, UsageError
from instruments.keithley6221_core import LARGEST_CURRENT
from instruments.multivu import MultiVu
from instruments.scpi_driver import ScpiDriver
from labctl import limits, paths
from labctl.checkup import cryostat, hum, link, outputs, trigger
from labctl.checkup.afterwards import Afterwards
from labctl.checkup.bounds import SOURCE_VOLTAGE, bounds
from labctl.checkup.finding import Finding, fault, ok, plain, unheard, warning
from labctl.checkup.installation import missing_driver
from labctl.checkup.instruments import error_queues, firmwares, line_frequencies
from labctl.checkup.scene import Scene
from labctl.sample import SampleRecord, load_sample
from labctl.session import Session, open_session
from labctl.station import Station
from labctl.station_lock import Hold, holding
from labctl.surroundings import LabStart

Part = Callable[[Scene], Iterator[Finding]]
"""A part of the examination."""


@dataclass(frozen=True, slots=True)
class Way:
    """How a station is reached, and what may be done there.

    Attributes:
        simulate: Whether its simulated twin is asked.
        lab: File with the line that `labctl simulate` printed; that lab is asked.
        look: Whether only questions may be asked.
    """

    simulate: bool = False
    lab: Path | None = None
    look: bool = False


def visit(station: Station, sample: SampleRecord | None, way: Way) -> Iterator[Finding]:
    """Look at a station's instruments.

    Args:
        station: The station.
        sample: The sample that is mounted; None where nobody has said which.
        way: How it is reached.
    """
    if why := missing_driver(station):
        yield fault(f"station {station.name}", why, "use another station, or install a package with it")
        return
    try:
        with (
            holding(station, simulate=way.simulate, lab=way.lab, what="doctor") as hold,
            _session(station, sample, way, hold) as session,
        ):
            yield from _at(session, station, sample, way)
    except StationInUse as error:
        # Not even with questions: one between what a run asks and its answer spoils both, and a question about errors
        # takes away what the run would have found at its end.
        do = "ask again when that has ended: even a question would come between a run and its instruments"
        yield fault(f"station {station.name}", f"not looked at: {str(error).partition('; ')[0]}", do)
    except LabError as error:
        roles = {f"{role} ({_shown(station, role)})": error for role in station.instruments}
        yield from _silent(station, roles)


def _session(station: Station, sample: SampleRecord | None, way: Way, hold: Hold) -> AbstractContextManager[Session]:
    """Open a session without instruments.

    Who an instrument is does not depend on the sample, and none may be mounted. No test needs a current; but what the
    source was set to has to be set back, whatever it was.
    """
    if sample is None:
        sample = load_sample(next(iter(paths.sample_files())))
    overrides = {"current": LARGEST_CURRENT, "voltage": SOURCE_VOLTAGE}
    if "source" in station.instruments:
        overrides[f"{limits.UNSEEN}.source"] = 1.0
    return open_session(
        station, sample, [], simulate=way.simulate, start=LabStart(seed=0), overrides=overrides, lab=way.lab, hold=hold
    )


def _shown(station: Station, role: str, resources: Mapping[str, str] | None = None) -> str:
    entry = station.instruments[role]
    return f"{entry.driver} at {(resources or {}).get(role, entry.resource)}"


def _at(session: Session, station: Station, sample: SampleRecord | None, way: Way) -> Iterator[Finding]:
    """Ask everybody who answers."""
    silent: dict[str, LabError] = session.open(list(station.instruments))
    answering: dict[str, Driver | MultiVu] = {}
    for role, driver in session.instruments.items():
        try:
            who = _identity(driver, look=way.look)
        except LabError as error:
            silent[role] = error
            continue
        answering[role] = driver
        yield ok(f"{station.name} {role}", f"{_shown(station, role, session.resources)}: {who.strip()}")
    scene = Scene(station, sample, session.clock, answering, look=way.look)
    explained = {"voltmeter"} if _may_be_behind(scene, silent) else set[str]()
    said = {
        f"{role} ({_shown(station, role, session.resources)})": error
        for role, error in silent.items()
        if role not in explained
    }
    yield from _silent(station, said)
    yield from _parts(scene)


def _identity(driver: Driver | MultiVu, *, look: bool) -> str:
    """Ask who it is; where only questions are allowed, without clearing the line first."""
    if look and isinstance(driver, ScpiDriver):
        _ = driver.identity
        return driver.id
    return str(driver.check_identity())


def _may_be_behind(scene: Scene, silent: Mapping[str, LabError]) -> bool:
    """Whether a silent voltmeter is the matter of the link to the source, where it may be found."""
    return isinstance(silent.get("voltmeter"), NoReply) and scene.source is not None


def _parts(scene: Scene) -> Iterator[Finding]:
    """Look at one part after the other; one that fails does not hide the rest."""
    begun, before, machine, afterwards = scene.clock.now(), None, scene.cryostat, Afterwards(scene)
    if machine is not None:
        try:
            before = cryostat.look(machine)
        except InstrumentFault as error:
            yield fault("cryostat", plain(error), "ask again; is its controller busy or in a dialogue?")
    parts: tuple[tuple[str, Part], ...] = (
        ("firmware", firmwares), ("outputs", outputs.outputs), ("settings", afterwards.take_note),
        ("error queues", error_queues), ("power line", line_frequencies),
        ("wires", lambda scene: _wires(scene, afterwards)), ("limits", bounds),
    )  # fmt: skip
    for what, part in parts:
        try:
            yield from part(scene)
        except LabError as error:
            yield _unanswered(what, error)
    if machine is not None and before is not None:
        try:
            yield from cryostat.examine(scene, machine, before, begun)
        except LabError as error:
            yield _unanswered("cryostat", error)
    yield from afterwards.compare()


def _unanswered(what: str, error: LabError) -> Finding:
    """A part that ended in an error: whatever it is, an instrument did not do what it was asked."""
    do = "ask again; if it stays so, switch the instrument off and on, and look at its cable"
    return replace(unheard(what, error, do), state="fault")


def _wires(scene: Scene, afterwards: Afterwards) -> Iterator[Finding]:
    """Look at the link of source and meter, and at what the meter reads of nothing."""
    findings: list[Finding] = []
    try:
        wiring = link.find(scene, findings)
    finally:
        yield from findings
    yield from afterwards.take_note_of_meter(wiring)
    yield from trigger.examine(scene, wiring)
    yield from hum.examine(scene, wiring)
    if scene.busy:
        do = "ask again when nobody measures"
        yield warning("tests", f"link and hum were not tested: {'; '.join(scene.busy)}", do)


def _silent(station: Station, errors: Mapping[str, LabError]) -> Iterator[Finding]:
    """Name the instruments that do not answer, those together for which the reason is the same."""
    reasons: dict[tuple[str, str], list[str]] = {}
    for who, error in errors.items():
        reasons.setdefault(_reason_and_advice(error), []).append(who)
    for (reason, advice), who in reasons.items():
        yield fault(f"station {station.name}", f"{', '.join(who)}: {reason}", advice)


def _reason_and_advice(error: LabError) -> tuple[str, str]:
    """Return why an instrument cannot be asked, in the same words for all for which it is the same, and what to do."""
    what = plain(error)
    opening = what.partition(": cannot open ")
    if opening[1]:
        what = opening[2].partition(": ")[2] or what
    reason, _, do = what.partition("; ")
    if do:
        return reason, do
    if isinstance(error, UsageError):
        return reason, "see driver, resource and visa_library in the station file"
    return reason, "is it on and connected, and its address that of the station file?"
