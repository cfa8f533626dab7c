"""The doctor on simulated stations, with a hand in the lab to break things first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from labctl import surroundings
from labctl.checkup.finding import Finding
from labctl.checkup.visit import Way, visit
from labctl.sample import SampleRecord, load_sample
from labctl.station import Station, load_station
from simulators.device import Device
from simulators.devices.keithley2182a import Keithley2182A
from simulators.devices.keithley2400 import Keithley2400
from simulators.devices.keithley6221 import Keithley6221
from simulators.faults import Fault, FaultyWire
from simulators.lab import Lab
from tests.simulated import ask

Hand = Callable[[Lab], None]
"""What is done to a lab before the doctor comes."""


def source_of(lab: Lab) -> Keithley6221:
    device = lab.devices["source"]
    assert isinstance(device, Keithley6221)
    return device


def meter_of(lab: Lab) -> Keithley2182A:
    device = lab.devices["voltmeter"]
    assert isinstance(device, Keithley2182A)
    return device


def smu_of(lab: Lab) -> Keithley2400:
    device = lab.devices["smu"]
    assert isinstance(device, Keithley2400)
    return device


def tell(role: str, message: str) -> Hand:
    """Say something to an instrument at its front panel, so to speak."""

    def hand(lab: Lab) -> None:
        device: Device = lab.devices[role]
        device.write(message.encode() + b"\n")
        while (ready := device.ready_at()) is not None:
            lab.clock.sleep_until(ready)
            lab.timeline.catch_up()
            device.read()

    return hand


def on_the_wire(role: str, *faults: Fault) -> Hand:
    """Have things go wrong on the way to an instrument."""

    def hand(lab: Lab) -> None:
        lab.devices[role] = FaultyWire(lab.devices[role], faults, np.random.default_rng(1))

    return hand


def power_cut(role: str, at: float) -> Hand:
    """Switch an instrument off and on at a lab time in s."""

    def hand(lab: Lab) -> None:
        device = lab.devices[role]
        lab.timeline.schedule(at, device.power_cycle)

    return hand


def line_of(station: str, key: str) -> str:
    """The line of a shipped station's file that gives a key, without any comment."""
    for line in Path(f"data/stations/{station}.toml").read_text(encoding="utf-8").splitlines():
        if line.startswith(f"{key} = "):
            return line.partition("#")[0].rstrip()
    raise AssertionError(key)


def station_like(name: str, *changes: tuple[str, str], folder: Path) -> Station:
    """A shipped station with lines of its file replaced."""
    text = Path(f"data/stations/{name}.toml").read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    (folder / f"{name}.toml").write_text(text, encoding="utf-8")
    return load_station(folder / f"{name}.toml")


@dataclass(frozen=True, slots=True)
class Visit:
    """What the doctor said, and the lab afterwards."""

    findings: list[Finding]
    lab: Lab

    def of(self, subject: str) -> Finding:
        """The only finding about something."""
        (finding,) = (finding for finding in self.findings if finding.subject == subject)
        return finding

    def about(self, subject: str) -> list[Finding]:
        return [finding for finding in self.findings if finding.subject == subject]

    def bad(self) -> dict[str, str]:
        """State by subject of all that is not well."""
        return {finding.subject: finding.state for finding in self.findings if finding.state != "ok"}

    def ask(self, role: str, question: str) -> str:
        return ask(self.lab, self.lab.devices[role], question.encode() + b"\n").decode().strip()


class Clinic:
    """Sends the doctor to simulated stations.

    Args:
        monkeypatch: For the hand in the lab.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._monkeypatch = monkeypatch

    def __call__(
        self,
        *hands: Hand,
        station: Station | str = "ppms",
        sample: SampleRecord | str | None = None,
        look: bool = False,
    ) -> Visit:
        labs: list[Lab] = []
        build = surroundings.build_lab

        def built(*args: object, **keywords: object) -> Lab:
            lab = build(*args, **keywords)  # pyright: ignore[reportArgumentType] - handed on as they come
            for hand in hands:
                hand(lab)
            labs.append(lab)
            return lab

        with self._monkeypatch.context() as patch:
            patch.setattr(surroundings, "build_lab", built)
            record = load_sample(sample) if isinstance(sample, str) else sample
            where = load_station(station) if isinstance(station, str) else station
            findings = list(visit(where, record, Way(simulate=True, look=look)))
        return Visit(findings, labs[0])
