"""pytest's fixture for one's own procedures: a simulated station.

    def test_my_loop(simulated_station):
        run = simulated_station("mine.py:MyLoop", maximum_field="0.2 T")
        assert run.value("coercive_field_up") == pytest.approx(0.073, rel=0.05)
        assert run.ask("source", ":OUTP?") == "0"

Every pytest in labctl's environment loads this file, so it imports nothing that takes time.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

    import pandas as pd
    from pymeasure.experiment import Procedure

    from labctl.active_run import ActiveRun
    from labctl.analysis.result import Results
    from labctl.api import RunResult
    from labctl.sample import SampleRecord
    from labctl.station import Station
    from simulators.lab import Lab


@pytest.fixture
def simulated_station(tmp_path: Path) -> SimulatedStation:
    """A station without hardware: call it with a procedure; runs lie below `tmp_path / "runs"`."""
    return SimulatedStation(tmp_path / "runs")


@dataclass(frozen=True)
class SimulatedStation:
    """Carries procedures out on simulated stations, a fresh lab each time, with seeds that are fixed.

    Attributes:
        folder: Folder that holds the runs.
    """

    folder: Path

    def __call__(
        self,
        procedure: str | type[Procedure] | Procedure,
        *,
        station: str | os.PathLike[str] | Station = "ppms",
        sample: str | os.PathLike[str] | SampleRecord = "cotb2025",
        seed: int = 1,
        sample_seed: int = 0,
        overrides: Mapping[str, str] | None = None,
        check: bool = True,
        **parameters: Any,
    ) -> SimulatedRun:
        """Run a procedure, given as for `labctl.run`.

        Raises:
            LabError: It did not finish, unless `check` is False.
            Exception: What the procedure itself raised, unless `check` is False.
        """
        import labctl

        seen: list[ActiveRun] = []

        def watch(run: ActiveRun) -> None:
            if not seen:
                seen.append(run)

        result = labctl.run(
            procedure,
            station=station,
            sample=sample,
            simulate=True,
            seed=seed,
            sample_seed=sample_seed,
            overrides=overrides,
            out=self.folder,
            check=check,
            watch=watch,
            parameters=parameters,
        )
        return SimulatedRun(result, seen[0].session.lab if seen else None)


@dataclass(frozen=True)
class SimulatedRun:
    """A run that is over, with the lab in which it took place.

    Attributes:
        result: What `labctl.run` returned: path, status, points, results, error, warnings.
        lab: The lab: its clock, its instruments and its sample; None if the run ended before its first point.
    """

    result: RunResult
    lab: Lab | None

    @property
    def path(self) -> Path:
        """The run's folder."""
        if self.result.path is None:
            raise AssertionError(f"the run was {self.result.status} before it had a folder: {self.result.error}")
        return self.result.path

    @property
    def status(self) -> str:
        """How it ended: `finished`, `failed`, `aborted`, `refused` or `fault`."""
        return self.result.status

    @property
    def rows(self) -> pd.DataFrame:
        """The rows that were recorded, see `labctl.load`."""
        return self.result.data

    @property
    def results(self) -> Results:
        """What the analysis found."""
        return self.result.results

    def value(self, name: str) -> float:
        """Return a result as a number in its unit; one that could not be given fails the test and says why."""
        if name not in self.results:
            from labctl.records import suggest

            raise AssertionError(f"there is no result {name!r}; {suggest(name, [*self.results])}there are "
                                 f"{', '.join(self.results)}")  # fmt: skip
        result = self.results[name]
        if result.value is None:
            raise AssertionError(f"{name} could not be given: {result.why}")
        return float(result.value)

    def ask(self, role: str, question: str) -> str:
        """Ask an instrument something after the run, e.g. `ask("source", ":OUTP?")`.

        Raises:
            AssertionError: It does not answer, or there is no such instrument.
        """
        if self.lab is None or role not in self.lab.devices:
            raise AssertionError(f"there is no {role} to be asked: the run ended before its first point, or has none")
        device, timeline = self.lab.devices[role], self.lab.timeline
        timeline.catch_up()
        device.write(question.encode() + b"\n")
        reply = device.read()
        while not reply and (ready := device.ready_at()) is not None:
            self.lab.clock.sleep_until(ready)
            timeline.catch_up()
            reply = device.read()
        if not reply:
            raise AssertionError(f"the {role} does not answer to {question!r}")
        return reply.decode().rstrip("\r\n;")

    def current(self) -> float:
        """Return what the source says that it drives at this moment, in A: zero with its output off."""
        return float(self.ask("source", ":SOUR:CURR?")) if self.ask("source", ":OUTP?") == "1" else 0.0
