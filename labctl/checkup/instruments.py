"""Who the instruments are: serial number and firmware against what is needed, error queues, power line frequency.

Oldest firmware: 2182A user's manual (with a 6220 or 6221: C01, 2182: A10); 6221 reference manual (external trigger of
waves: A03).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from instruments.driver import Driver
from instruments.errors import InstrumentFault
from instruments.multivu import MultiVu
from instruments.scpi_driver import LONGEST_ERROR_QUEUE, Identity, ScpiDriver
from labctl.checkup.finding import Finding, fault, ok, warning
from labctl.checkup.scene import Scene
from simulators.machines import MACHINES

OLDEST_METER = {"2182": "A10", "2182A": "C01"}
"""Firmware with which a meter first works with a 6220 or 6221."""

OLDEST_WAVE_TRIGGER = "A03"
"""Firmware with which a 6221 first takes external triggers for waves."""

KNOWN_SERIES = "3."
"""Of MultiPyVu."""

ERROR_AVAILABLE = 0x04
"""Bit of the status byte that says that the error queue holds something."""


def firmware_level(text: str) -> tuple[str, int]:
    """Return a firmware as what can be compared: letter and number, e.g. ("C", 4) of `C04  /A02`."""
    found = re.match(r"\s*([A-Z])(\d+)", text)
    return (found[1], int(found[2])) if found else ("", 0)


def is_older(firmware: str, oldest: str) -> bool:
    """Whether a firmware is known to be older than another one."""
    level = firmware_level(firmware)
    return level[0] != "" and level < firmware_level(oldest)


def firmwares(scene: Scene) -> Iterator[Finding]:
    """Look at firmware and software versions."""
    if scene.source is not None:
        yield of_source(scene.source.identity, "source firmware")
    if scene.voltmeter is not None:
        yield of_meter(scene.voltmeter.identity, "meter firmware")
    cryostat = scene.answering.get("cryostat")
    if isinstance(cryostat, MultiVu):
        yield from _of_multivu(cryostat, scene)


def of_source(identity: Identity, subject: str) -> Finding:
    """Look at the firmware of a 6221."""
    what = f"serial number {identity.serial}, firmware {identity.firmware}"
    if is_older(identity.firmware, OLDEST_WAVE_TRIGGER):
        do = "waves cannot be triggered from outside; have it updated if you need that"
        return warning(subject, f"{what}, older than {OLDEST_WAVE_TRIGGER}", do)
    return ok(subject, what)


def of_meter(identity: Identity, subject: str) -> Finding:
    """Look at the firmware of a 2182 or 2182A."""
    what = f"a {identity.model}, serial number {identity.serial}, firmware {identity.firmware}"
    oldest = OLDEST_METER.get(identity.model, "")
    if oldest and is_older(identity.firmware, oldest):
        do = f"delta mode with a 6221 needs {oldest} or later; have it updated"
        return warning(subject, f"{what}, which is too old for a 6221", do)
    return ok(subject, what)


def _of_multivu(server: MultiVu, scene: Scene) -> Iterator[Finding]:
    """Look at MultiVu's server: its version, and which machine it belongs to."""
    link, subject = server.link, "MultiVu"
    version = link.server_version or "without a version"
    if link.server_version.startswith(KNOWN_SERIES):
        yield ok(subject, f"MultiPyVu {version}, MultiVu {link.multivu_version or 'without a version'}")
    else:
        do = "labctl was written for MultiPyVu 3.x; install one of these on the cryostat's computer if something fails"
        yield warning(subject, f"MultiPyVu {version} is another series than the {KNOWN_SERIES}x that is known", do)
    if link.scaffolding:
        do = "start the server without -s on the computer where MultiVu runs"
        yield warning(subject, "the server runs in scaffolding mode: it only plays a cryostat", do)
    wanted = MACHINES[scene.station.simulation.machine].flavour
    if link.flavour != wanted:
        do = f"is the address right? else correct simulation.machine in {scene.station.label}"
        yield fault(subject, f"the server belongs to a {link.flavour}, the station's machine is a {wanted}", do)


def error_queues(scene: Scene) -> Iterator[Finding]:
    """Empty the error queues and say what they held.

    Reading an entry takes it out. Where somebody measures, or nothing may be changed, it is only said whether there is
    something.
    """
    for role, driver in scene.answering.items():
        if not isinstance(driver, ScpiDriver):
            continue
        subject = f"{role} errors"
        if scene.look or scene.busy:
            if driver.status & ERROR_AVAILABLE:
                do = "ask again without --look-only" if scene.look else "ask again when nobody measures"
                yield warning(subject, "its error queue holds something, which was left there", do)
            continue
        if held := _held(driver):
            do = "it is empty now, and the errors are from before: who sent what the instrument does not take?"
            yield warning(subject, f"its error queue held {'; '.join(held)}", do)


def _held(driver: ScpiDriver) -> list[str]:
    taken: list[str] = []
    for _ in range(LONGEST_ERROR_QUEUE):
        error = driver.next_error
        if not error.code:
            break
        taken.append(str(error))
    return [text if count == 1 else f"{text} ({count} times)" for text, count in Counter(taken).items()]


def line_frequencies(scene: Scene) -> Iterator[Finding]:
    """Compare the power line frequency that each instrument has found with the station's."""
    wanted = scene.station.line_frequency
    found: dict[str, float] = {}
    for role, driver in scene.answering.items():
        frequency = _line_frequency(driver)
        if frequency is None:
            continue
        found[role] = frequency
        if frequency != wanted:
            do = (
                f"line_frequency in {scene.station.label} if that is wrong; else set the instrument's, or switch it "
                "off and on: integration over whole cycles rejects hum only with the right one"
            )
            what = f"counts with a power line of {frequency:g} Hz, the station file says {wanted:g} Hz"
            yield warning("power line", f"the {role} {what}", f"correct {do}")
    if found and all(frequency == wanted for frequency in found.values()):
        says = "line_frequency" in scene.station.model_fields_set
        whose = "as the station file says" if says else "which is assumed where the station file says nothing"
        yield ok("power line", f"{wanted:g} Hz for {', '.join(found)}, {whose}")


def _line_frequency(driver: Driver | MultiVu) -> float | None:
    """Ask for the power line frequency in Hz; None of an instrument that has none or does not say."""
    if not isinstance(driver, ScpiDriver):
        return None
    try:
        answer: object = getattr(driver, "line_frequency", None)
    except InstrumentFault:
        return None
    return answer if isinstance(answer, float) else None
