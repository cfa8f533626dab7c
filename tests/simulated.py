"""Runs on simulated stations for tests, with the lab kept so that a test can look behind the instruments."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from labctl import surroundings
from labctl.procedure import Procedure
from labctl.request import Outcome, Request
from labctl.run import carry_out
from labctl.rundir import RunDirectory
from labctl.sample import SampleRecord, load_sample
from labctl.station import Station, load_station
from procedures.ahe import AnomalousHallLoop
from simulators.device import Device
from simulators.lab import Lab

QUICK: dict[str, Any] = {"maximum_field": "0.2 T", "survey_rate": "180 Oe/s", "probe_nplc": "4 PLC"}
"""A loop of a hundred points or so: enough to see a run work, too few to measure with."""


@dataclass(frozen=True, slots=True)
class Done:
    """A run that is over, and the lab in which it took place."""

    outcome: Outcome
    lab: Lab

    @property
    def directory(self) -> RunDirectory:
        assert self.outcome.run is not None
        return RunDirectory(self.outcome.run)

    @property
    def rows(self) -> pd.DataFrame:
        return self.directory.read_data()[0]

    def value(self, name: str) -> Any:
        return self.outcome.results[name]["value"]

    def uncertainty(self, name: str) -> float:
        return self.outcome.results[name]["uncertainty"]

    def ask(self, role: str, message: bytes) -> bytes:
        """Ask an instrument something behind the drivers' backs, on the lab's clock."""
        return ask(self.lab, self.lab.devices[role], message)

    def assert_source_off(self) -> None:
        """The instrument says that its output is off and its level zero, and no current flows in the sample."""
        assert self.ask("source", b"OUTP?\n") == b"0\n"
        assert float(self.ask("source", b"SOUR:CURR?\n")) == 0.0
        assert self.lab.wiring.source.voltage() == 0.0
        assert not self.lab.wiring.source.in_compliance()


def ask(lab: Lab, device: Device, message: bytes) -> bytes:
    """Have a dialogue with a device, waiting on the lab's clock for its reply."""
    lab.timeline.catch_up()
    device.write(message)
    while True:
        reply = device.read()
        ready = device.ready_at()
        if reply or ready is None:
            return reply
        lab.clock.sleep_until(ready)
        lab.timeline.catch_up()


@dataclass(frozen=True, slots=True)
class Simulate:
    """Carries procedures out on simulated stations below one folder."""

    folder: Path
    labs: list[Lab]

    def __call__(
        self,
        procedure: Procedure | None = None,
        *,
        station: Station | str = "ppms",
        sample: SampleRecord | str = "cotb2025",
        seed: int = 1,
        sample_seed: int = 0,
        watch: Callable[[Any], None] | None = None,
        overrides: Mapping[str, float] | None = None,
        **parameters: Any,
    ) -> Done:
        request = Request(
            name="ahe",
            procedure=procedure or AnomalousHallLoop(**parameters),
            station=load_station(station) if isinstance(station, str) else station,
            sample=load_sample(sample) if isinstance(sample, str) else sample,
            simulate=True,
            seed=seed,
            sample_seed=sample_seed,
            out=self.folder,
            overrides=overrides or {},
        )
        outcome = carry_out(request, watch)
        return Done(outcome, self.labs[-1])


def capture_labs(monkeypatch: pytest.MonkeyPatch) -> list[Lab]:
    """Keep every lab that a session builds."""
    labs: list[Lab] = []
    build = surroundings.build_lab

    def build_and_keep(*args: Any, **keywords: Any) -> Lab:
        labs.append(build(*args, **keywords))
        return labs[-1]

    monkeypatch.setattr(surroundings, "build_lab", build_and_keep)
    return labs
