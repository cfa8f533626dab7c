"""A row for every claim: what was published, what was measured, and the verdict."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from labctl.reproduction.measured import Curve, Measure, Measured
from labctl.reproduction.papers import Reproduction
from labctl.reproduction.planned import Evidence, Finished, NotFoundError, Planned, Runs
from labctl.reproduction.targets import Target
from labctl.reproduction.values import Value
from labctl.reproduction.verdicts import AGREES, DIFFERS, NOT_HERE, judge

KINDS = ("input", "calibrated", "predicted")
VERDICTS = (AGREES, DIFFERS, NOT_HERE)


@dataclass(frozen=True, slots=True)
class Row:
    """One claim, as far as it was measured.

    Attributes:
        target: The claim.
        verdict: `agrees`, `differs` or `not measurable here`.
        why: What was compared and what stands against it, in a sentence or two.
        measured: In the claim's unit; None where nothing was.
        uncertainty: See `Measured`.
        runs: Folders of the runs that it follows from, the one to look at first.
        curve: What it follows from, where that is a row of numbers.
    """

    target: Target
    verdict: str
    why: str
    measured: Value | None = None
    uncertainty: float | None = None
    runs: Sequence[Path] = ()
    curve: Curve | None = None

    def as_dict(self, drawn: Path | None = None) -> dict[str, Any]:
        """Plain types only.

        Args:
            drawn: Its own figure, if it has one; otherwise that of its first run is named.
        """
        target, figure = self.target, drawn or self.figure()
        return {
            "id": target.id,
            "quantity": target.quantity,
            "where": target.where,
            "conditions": target.conditions,
            "unit": target.unit,
            "published": _plain(target.value),
            "tolerance": target.tolerance,
            "tolerance_kind": target.tolerance_kind,
            "measured": None if self.measured is None else _plain(self.measured),
            "uncertainty": self.uncertainty,
            "run": None if not self.runs else str(self.runs[0]),
            "runs": [str(path) for path in self.runs],
            "figure": None if figure is None else str(figure),
            "kind": target.kind,
            "parameters": [*target.parameters, *target.settings],
            "verdict": self.verdict,
            "why": self.why,
        }

    def figure(self) -> Path | None:
        """Return the figure of the run to look at first, if there is one."""
        found = [path / "figure.png" for path in self.runs[:1]]
        return next((path for path in found if path.is_file()), None)


@dataclass(frozen=True, slots=True)
class Reading:
    """What the runs of a paper have come to, and how a claim follows from them."""

    reproduction: Reproduction
    finished: Mapping[str, Finished]
    evidence: Runs = field(default_factory=dict[str, Evidence])

    def row(self, target: Target) -> Row:
        """Return the row of a claim."""
        measure = self.reproduction.measures.get(target.id)
        if measure is None:
            return Row(target, NOT_HERE, target.out_of_reach)
        unfinished = [name for name in measure.needs if self.finished[name].status != "finished"]
        if unfinished:
            return self._without(target, unfinished)
        folders = [self.evidence[name].path for name in measure.needs]
        try:
            measured = measure.how(self.evidence)
        except NotFoundError as error:
            return Row(target, DIFFERS, str(error), runs=folders)
        return _judged(target, measured, folders)

    def _without(self, target: Target, names: Sequence[str]) -> Row:
        """Return the row of a claim whose runs did not finish."""
        run = self.finished[names[0]]
        folders = [path for name in names if (path := self.finished[name].path) is not None]
        return Row(target, NOT_HERE, f"the run {run.name} is {run.status}: {run.error}", runs=folders)


def _judged(target: Target, measured: Measured, folders: Sequence[Path]) -> Row:
    verdict = judge(target, measured)
    why = f"{verdict.why}; {measured.why}" if verdict.why else measured.why
    return Row(target, verdict.word, why, measured.value, measured.uncertainty, folders, measured.curve)


def reading_of(reproduction: Reproduction, finished: Mapping[str, Finished]) -> Reading:
    """Return what claims are told from."""
    evidence = {
        name: Evidence(name, run.path)
        for name, run in finished.items()
        if run.path is not None and run.status == "finished"
    }
    return Reading(reproduction, finished, evidence)


def needed(plan: Sequence[Planned], measures: Iterable[Measure]) -> list[Planned]:
    """Return the runs of a plan that some claims need, and those that these need, in the plan's order."""
    wanted = {name for measure in measures for name in measure.needs}
    for planned in reversed(plan):  # each stands behind those that it needs
        if planned.name in wanted:
            wanted.update(planned.after)
    return [planned for planned in plan if planned.name in wanted]


def counts(rows: Iterable[Row]) -> dict[str, dict[str, int]]:
    """Count verdicts, each kind apart."""
    found = {kind: dict.fromkeys(VERDICTS, 0) for kind in KINDS}
    for row in rows:
        found[row.target.kind][row.verdict] += 1
    return found


def _plain(value: Value) -> float | list[float]:
    return list(value) if isinstance(value, tuple) else value
