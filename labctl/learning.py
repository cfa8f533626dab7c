"""What a run learns of its sample on the way into the sample's journal.

An entry is written into the run's events at once, and into the journal when it is certain that it holds: at the end of
a run that finished, from the attempts whose rows count; or at once, for what is true however the run ends, such as a
pulse that went out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from instruments.errors import DataDamaged, LabError
from labctl.events import EventLog
from labctl.journal import Journal, checked
from labctl.own_code import own_code
from labctl.rundir import RunDirectory

if TYPE_CHECKING:
    from labctl.request import Outcome, Request

EVENT = "journal"
"""What such a line of events.jsonl is called."""


def journal_of(request: Request) -> Journal | None:
    """Return the journal that a run writes into, None for one in a simulated lab of its own process.

    Raises:
        UsageError: The sample's name leaves no room for one.
    """
    if request.simulate and request.lab is None:
        return None
    served = request.lab is not None
    seed = request.sample_seed if served else None
    return Journal(request.out, request.sample.name, simulated=served, sample_seed=seed)


class Learning:
    """What one attempt at a run learns.

    Args:
        request: What is asked.
        directory: The run's folder.
        events: Its events.
        attempt: Number of the attempt.
        passed_over: Whether a block was measured by an earlier attempt, and counts.
    """

    def __init__(
        self, request: Request, directory: RunDirectory, events: EventLog, attempt: int,
        passed_over: Callable[[str], bool],
    ) -> None:  # fmt: skip
        self._journal = journal_of(request)
        self._user = request.user
        self._directory = directory
        self._folder = relative(directory.path, request.out)
        self._events = events
        self._attempt = attempt
        self._passed_over = passed_over

    def forewarning(self) -> str:
        """Say that the journal is about another device than the one in the lab; empty where it is not."""
        try:
            return "" if self._journal is None else self._journal.another_device()
        except DataDamaged:  # who reads an entry of it says so
            return ""

    def take(self, kind: str, values: Mapping[str, Any], block: str, *, at_once: bool) -> None:
        """Take an entry in.

        Args:
            kind: What it is about.
            values: See `labctl.journal.Entry`.
            block: Where the run stands.
            at_once: Whether it holds however the run ends.

        Raises:
            BadValue: A value cannot be kept.
            WriteFailed: The operating system does not take it.
        """
        kept = checked(kind, values)
        self._events.write(EVENT, kind=kind, values=kept, block=block, attempt=self._attempt, at_once=at_once)
        if at_once:
            self._append(kind, kept)

    def keep(self) -> None:
        """Write what was taken in into the journal: the run is finished.

        Raises:
            WriteFailed: The operating system does not take it.
        """
        if self._journal is None:
            return
        events = self._directory.events()
        ended = {event["block"]: event["attempt"] for event in events if event.get("event") == "block"}
        for event in events:
            if event.get("event") == EVENT and not event.get("at_once") and self._counts(event, ended):
                self._append(event["kind"], event["values"])

    def _counts(self, event: Mapping[str, Any], ended: Mapping[str, int]) -> bool:
        """Whether an entry belongs to rows that count: of this attempt, or of a block that it passed over."""
        if event["attempt"] == self._attempt:
            return True
        parts = str(event["block"]).split("/")
        around = ("/".join(parts[: count + 1]) for count in range(len(parts)))
        return any(self._passed_over(place) and ended.get(place) == event["attempt"] for place in around)

    def _append(self, kind: str, values: Mapping[str, Any]) -> None:
        if self._journal is not None:
            self._journal.append(kind, values, run=self._folder, user=self._user)


def learn(request: Request, outcome: Outcome) -> None:
    """Write what the analysis of a finished run says of its sample into the journal.

    What goes wrong is a warning: the run is measured and analysed, and its result.json has it all.
    """
    if (
        outcome.run is None
        or outcome.status != "finished"
        or not (outcome.points and outcome.results)
        or outcome.cause is not None
    ):
        return
    from labctl.analysis.result import Results

    procedure = request.procedure
    try:
        journal, (data, _) = journal_of(request), RunDirectory(outcome.run).read_data()
        with own_code(procedure, "learned() failed"):
            learned = list(procedure.learned(data, Results.from_dict(outcome.results)))
        for kind, values in learned:
            checked(kind, values)
            if journal is not None:
                journal.append(kind, values, run=relative(outcome.run, request.out), user=request.user)
    except LabError as error:
        outcome.warnings.append(f"the journal of sample {request.sample.name!r} lacks what this run found: {error}")


def relative(path: Path, root: Path) -> str:
    """Return a run's folder as a journal names it: relative to the runs' root, with forward slashes."""
    try:
        return path.resolve().relative_to(root.resolve()).as_posix()
    except (OSError, ValueError):  # a run that was carried on from elsewhere
        return path.as_posix()
