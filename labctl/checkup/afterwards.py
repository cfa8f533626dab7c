"""Whether the doctor leaves all as he found it: who he visited still answers, was not restarted, and is set as before.

What happens between the last test and the end of the examination shows nowhere else: an instrument that fell silent
once it had been asked, or one whose plug is loose. Where somebody measures, or only questions are allowed, the event
register is left alone, since reading it clears it; and what somebody sets meanwhile is not the doctor's.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from instruments.driver import Driver
from instruments.errors import LabError
from instruments.multivu import MultiVu
from instruments.scpi_driver import ScpiDriver
from instruments.tables.keithley2182a import TABLE as METER_TABLE
from instruments.tables.keithley2400 import TABLE as SMU_TABLE
from instruments.tables.keithley6221 import TABLE as SOURCE_TABLE
from labctl.checkup.finding import Finding, fault, ok, unheard, warning
from labctl.checkup.link import Wiring
from labctl.checkup.meter import AtItsAddress, Setting, Talk, meter_settings, read_settings
from labctl.checkup.scene import Scene
from labctl.checkup.trigger import SOURCE_SETTINGS

SUBJECT = "afterwards"

OF_SOURCE = (*SOURCE_SETTINGS, Setting(":OUTP"), Setting(":OUTP:ISH"), Setting(":OUTP:LTE"))
OF_SMU = (
    Setting(":OUTP"), Setting(":OUTP:SMOD"), Setting(":SYST:RSEN"), Setting(":SOUR:FUNC"), Setting(":SOUR:CURR"),
    Setting(":SOUR:VOLT"), Setting(":SENS:CURR:PROT"), Setting(":SENS:VOLT:PROT"),
)  # fmt: skip

_WIRE = "ask again; if it stays so, switch it off and on, and look at its cable"


@dataclass(slots=True)
class _Visited:
    """An instrument that can be asked for its settings.

    Attributes:
        role: Its role.
        talk: How it is asked.
        settings: Which ones are compared.
        before: What they were; None where it did not say.
    """

    role: str
    talk: Talk
    settings: Sequence[Setting]
    before: dict[str, str] | None = field(default=None)


class Afterwards:
    """Keeps what the instruments were like, and compares at the end.

    Args:
        scene: The station.
    """

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._visited: list[_Visited] = []

    @property
    def _gently(self) -> bool:
        """Whether nothing may be asked that clears what it says."""
        return self._scene.look or bool(self._scene.busy)

    def take_note(self, scene: Scene) -> Iterator[Finding]:
        """Ask everybody at an address of its own what it is set to."""
        known = (
            ("source", scene.source, SOURCE_TABLE, OF_SOURCE),
            ("voltmeter", scene.voltmeter, METER_TABLE, meter_settings((1, 2))),
            ("smu", scene.smu, SMU_TABLE, OF_SMU),
        )
        for role, driver, table, settings in known:
            if driver is not None:
                yield from self._note(_Visited(role, AtItsAddress(driver, table), settings))

    def take_note_of_meter(self, wiring: Wiring) -> Iterator[Finding]:
        """Ask the meter behind the source, where it is nowhere else and may be asked."""
        if wiring.own is None and wiring.behind is not None and not self._gently:
            yield from self._note(_Visited("voltmeter", wiring.behind, meter_settings((1, 2))))

    def _note(self, visited: _Visited) -> Iterator[Finding]:
        self._visited.append(visited)
        try:
            if not self._gently:
                visited.talk.restarted()  # that it was switched on some time before is forgotten
            visited.before = read_settings(visited.talk, visited.settings)
        except LabError as error:
            yield unheard("settings", error, _WIRE, f"the {visited.role} does not say what it is set to: ")

    def compare(self) -> Iterator[Finding]:
        """Ask everybody once more."""
        well: list[str] = []
        for visited in self._visited:
            found = list(self._look_again(visited))
            yield from found
            if not found:
                well.append(visited.role)
        for role, driver in self._scene.answering.items():
            if role in {visited.role for visited in self._visited}:
                continue
            found = list(_still_there(role, driver))
            yield from found
            if not found:
                well.append(role)
        if well:
            yield ok(SUBJECT, f"{', '.join(well)}: each still answers{self._compared}")

    @property
    def _compared(self) -> str:
        """What else was looked at."""
        if self._scene.busy:
            return ""
        known = "" if self._gently else ", was not switched off and on meanwhile as far as it says,"
        return f"{known} and is set as before"

    def _look_again(self, visited: _Visited) -> Iterator[Finding]:
        talk, role = visited.talk, visited.role
        try:
            talk.identify()
            if not self._gently and talk.restarted():
                yield _restarted(role)
                return
            if visited.before is None or self._scene.busy:
                return
            after = read_settings(talk, visited.settings)
        except LabError as error:
            yield _gone(role, error)
            return
        changed = [
            f"{header} was {visited.before.get(header, 'automatic')}, is {after.get(header, 'automatic')}"
            for header in {**visited.before, **after}
            if visited.before.get(header) != after.get(header)
        ]
        if changed:
            do = "set that again; was it somebody else, or a plug that is loose?"
            yield warning(SUBJECT, f"the {role} is not set as before: {'; '.join(changed)}", do)


def _still_there(role: str, driver: Driver | MultiVu) -> Iterator[Finding]:
    """Ask an instrument of which nothing is compared who it is."""
    try:
        if isinstance(driver, ScpiDriver):
            _ = driver.identity
        else:
            _ = driver.id if isinstance(driver, Driver) else driver.check_identity()
    except LabError as error:
        yield _gone(role, error)


def _gone(role: str, error: LabError) -> Finding:
    found = unheard(SUBJECT, error, _WIRE, f"the {role} does not answer any more as it did: ")
    return fault(SUBJECT, found.what, found.do)


def _restarted(role: str) -> Finding:
    what = f"the {role} was switched off and on, or lost its power, during this examination"
    do = "look at its mains plug and outlet; a run would have been lost. It is set as at power-on: set it up again"
    return fault(SUBJECT, what, do)
