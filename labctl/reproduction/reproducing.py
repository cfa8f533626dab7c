"""Reproduces a paper: runs its plan, tells its claims from the runs, and writes the page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from instruments.errors import UnknownName, UsageError, WriteFailed
from labctl import paths
from labctl.records import suggest
from labctl.reproduction.papers import REPRODUCTIONS
from labctl.reproduction.planned import Finished
from labctl.reproduction.report import write_report
from labctl.reproduction.rows import Row, counts, needed, reading_of
from labctl.reproduction.running import PROCESSES, Setting, Told, carry_out
from labctl.reproduction.targets import Paper, load_paper
from labctl.rundir import write_json

ROWS_FILE, REPORT_FILE, RUNS_FOLDER = "rows.json", "report.html", "runs"
EARLIER = "earlier-"
"""What the rows and the page of a reproduction before are called while another one into the same folder is on."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be reproduced, and how.

    Attributes:
        out: Folder for everything.
        seed: Seed of what fluctuates; each run has one of its own that follows from it.
        sample_seed: Seed of the simulated samples' disorder.
        targets: Folder of the claims, if not labctl's own.
        only: Ids of the claims that are measured; all without any.
        processes: How many runs are on at a time.
    """

    out: Path
    seed: int = 0
    sample_seed: int = 0
    targets: Path | None = None
    only: Sequence[str] = ()
    processes: int = PROCESSES


@dataclass(frozen=True, slots=True)
class Reproduced:
    """What came out for one paper.

    Attributes:
        paper: Its claims.
        rows: A row for each.
        runs: What is known of each run, by its name.
        report: The page.
        seeds: Of noise and of the samples.
        drawn: Figures of rows of numbers, by the ids of their claims.
    """

    paper: Paper
    rows: Sequence[Row]
    runs: Mapping[str, Finished]
    report: Path
    seeds: tuple[int, int]
    drawn: Mapping[str, Path]

    @property
    def unfinished(self) -> list[Finished]:
        """Runs that did not finish, or were not begun."""
        return [run for run in self.runs.values() if run.status != "finished"]

    def as_dict(self) -> dict[str, Any]:
        """Plain types only."""
        return {
            "paper": self.paper.name,
            "rows": [row.as_dict(self.drawn.get(row.target.id)) for row in self.rows],
            "counts": counts(self.rows),
            "seed": self.seeds[0],
            "sample_seed": self.seeds[1],
            "report": str(self.report),
            "runs": {
                name: {
                    "run": None if run.path is None else str(run.path),
                    "status": run.status,
                    "error": run.error,
                    "points": run.points,
                    "lab_time_s": run.lab_time_s,
                    "wall_time_s": run.wall_time_s,
                }
                for name, run in self.runs.items()
            },
        }


def papers() -> tuple[str, ...]:
    """Return the names of the papers that can be reproduced."""
    return tuple(name for name in paths.target_files() if name in REPRODUCTIONS)


def check_paper(name: str) -> None:
    """Refuse the name of no paper.

    Raises:
        UnknownName: There is no such paper.
    """
    if name not in papers():
        raise UnknownName(
            f"there is no paper {name!r} to reproduce; {suggest(name, papers())}there are {', '.join(papers())}"
        )


def reproduce(name: str, asked: Asked, told: Told) -> Reproduced:
    """Run what a paper's claims are measured from, tell them, and write the page and a file with the rows.

    Args:
        name: Of the paper.
        asked: How, and where to.
        told: Called after each run.

    Raises:
        UnknownName: There is no such paper.
        UsageError: The file of its claims does not fit, or the folder cannot be made.
        WriteFailed: The folder takes nothing.
        LabError: A process that measured has died.
    """
    check_paper(name)
    paper, reproduction = load_paper(name, asked.targets), REPRODUCTIONS[name]
    folder = asked.out / f"{name}-seed{asked.seed}{f'-sample{asked.sample_seed}' if asked.sample_seed else ''}"
    _make(folder)
    _set_aside(folder)
    chosen = [target for target in paper.target if not asked.only or target.id in asked.only]
    measures = [reproduction.measures[target.id] for target in chosen if target.id in reproduction.measures]
    setting = Setting(name, folder / RUNS_FOLDER, asked.seed, asked.sample_seed)
    finished = carry_out(needed(reproduction.plan(), measures), setting, told, asked.processes)
    reading = reading_of(reproduction, finished)
    rows = [reading.row(target) for target in chosen]
    seeds, report = (asked.seed, asked.sample_seed), folder / REPORT_FILE
    drawn = write_report(report, paper, rows, finished, reproduction.chosen, seeds)
    found = Reproduced(paper, rows, finished, report, seeds, drawn)
    write_json(folder / ROWS_FILE, found.as_dict())
    for file in (ROWS_FILE, REPORT_FILE):
        (folder / f"{EARLIER}{file}").unlink(missing_ok=True)
    return found


def _make(folder: Path) -> None:
    """Make a folder.

    Raises:
        UsageError: It cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"cannot write {folder}: {error.strerror}; name another folder with --out") from error


def _set_aside(folder: Path) -> None:
    """Rename the rows and the page of a reproduction before: one that is ended leaves none that could pass for its own.

    Raises:
        WriteFailed: They cannot be renamed.
    """
    for file in (ROWS_FILE, REPORT_FILE):
        old = folder / file
        try:
            if old.exists():
                old.replace(folder / f"{EARLIER}{file}")
        except OSError as error:
            raise WriteFailed(f"cannot rename {old}: {error.strerror}; name another folder with --out") from error
