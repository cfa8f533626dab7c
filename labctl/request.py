"""What a run is asked to do, and how it ended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from instruments.errors import LabError
from labctl.sample import SampleRecord
from labctl.station import Station

if TYPE_CHECKING:
    from labctl.own_code import AnalysisFailed
    from labctl.procedure import Procedure


@dataclass(frozen=True, slots=True)
class Request:
    """What a run is asked to do.

    Attributes:
        name: Short name of the procedure, as in the run's folder.
        procedure: The procedure with its parameters set.
        station: Where.
        sample: On what.
        simulate: Whether on the station's simulated twin.
        seed: Seed of everything that fluctuates; drawn when None.
        sample_seed: Seed of the simulated sample's frozen disorder.
        out: Folder that holds the runs.
        user: Who.
        notes: Why, in a sentence.
        tags: Words to find it by.
        overrides: Limits for this run by name, in SI units, in the place of the station's and the sample's.
        lab: File with the line that `labctl simulate` printed: the lab that is used instead of one in this process.
        resume: Folder of a run of the same procedure with the same parameters that was cut, to be carried on there with
            its own seeds; None for a new run.
        quiet: Whether nothing fluctuates in a simulated lab in this process: for tests.
        keeper: Number of the process that keeps the station over several runs and asked for this one
            (`labctl.station_lock.keeping`); None for a run by itself.
        rehearse: Whether it is rehearsed first, and refused where the rehearsal is; see `labctl.rehearsal`.
        item: Which item of a queue asked for it, "" for none; kept in run.json.
        any_folder: Whether its folder may be one that is synchronised or on another computer.
        given: Parameters as somebody wrote them, by name; of a number without a unit it is kept what it was taken for.
    """

    name: str
    procedure: Procedure
    station: Station
    sample: SampleRecord
    simulate: bool
    seed: int | None = None
    sample_seed: int = 0
    out: Path = field(default_factory=lambda: Path("runs"))
    user: str = ""
    notes: str = ""
    tags: Sequence[str] = ()
    overrides: Mapping[str, float] = field(default_factory=dict[str, float])
    lab: Path | None = None
    resume: Path | None = None
    quiet: bool = False
    keeper: int | None = None
    rehearse: bool = False
    item: str = ""
    any_folder: bool = False
    given: Mapping[str, Any] = field(default_factory=dict[str, Any])


def device_name(sample: str, sample_seed: int | None) -> str:
    """Return what a device is called: its record's name, and of a simulated one the seed of its disorder.

    Args:
        sample: Name of its record.
        sample_seed: Of a simulated one; None of what lies in a cryostat.
    """
    return sample if sample_seed is None else f"{sample}, simulated with the sample seed {sample_seed}"


@dataclass(slots=True)
class Outcome:
    """How a run ended; as a dictionary it is what `--json` prints.

    `informed` says in sentences what was taken from the sample's journal for parameters that nobody gave.
    """

    run: Path | None = None
    status: str = "failed"
    simulated: bool = True
    points: int = 0
    lab_time_s: float = 0.0
    wall_time_s: float = 0.0
    results: dict[str, Any] = field(default_factory=dict[str, Any])
    error: str | None = None
    exit_code: int = 0
    warnings: list[str] = field(default_factory=list[str])
    informed: list[str] = field(default_factory=list[str])
    cause: BaseException | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the public fields."""
        return {
            "run": None if self.run is None else str(self.run),
            "status": self.status,
            "simulated": self.simulated,
            "points": self.points,
            "lab_time_s": self.lab_time_s,
            "wall_time_s": self.wall_time_s,
            "results": self.results,
            "error": self.error,
        }

    def fail(self, error: BaseException, text: str = "") -> None:
        """Take an error's class as status and exit code, and its text, or another, as the sentence."""
        known = isinstance(error, LabError)
        self.status = error.status if known else "failed"
        self.exit_code = error.exit_code if known else 1
        self.error = text or (str(error) if known else f"{type(error).__name__}: {error}")
        self.cause = error

    def complete_but(self, error: AnalysisFailed) -> None:
        """Take in that all was measured, and what was to be made of it was not."""
        self.exit_code = error.exit_code
        self.error = f"{error}; all rows are kept: mend it, then `labctl analyse {self.run}`"
        self.cause = error.__cause__ or error
