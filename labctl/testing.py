"""For tests of one's own procedures: does a run that was cut and carried on measure what it would have measured anyway?

from labctl.testing import assert_resumable

def test_my_loop_can_be_resumed():
    assert_resumable(MyLoop, maximum_field="0.2 T", loops=2)
"""

from __future__ import annotations

import itertools
import math
import re
import tempfile
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labctl.active_run import ActiveRun
from labctl.attempts import ATTEMPT, BLOCK
from labctl.procedure import Procedure
from labctl.reentry import LAB_TIME
from labctl.request import Outcome, Request
from labctl.run import carry_out
from labctl.rundir import RunDirectory
from labctl.sample import SampleRecord, load_sample
from labctl.station import Station, load_station
from simulators.lab import Lab
from simulators.physics.magnet import FieldApproach

if TYPE_CHECKING:
    import pandas as pd

TOLERANCE = 1e-3
"""Part of the largest magnitude in a column by which its numbers may differ."""

CAUSES = (
    "either the body of a loop with restart=True does not bring the sample into a known state by itself before it "
    "measures, or it uses a variable that was set in another block, which self.recorded() should give it"
)
CAUSES_AT_THE_BEGINNING = (
    "nothing was measured yet, so either the sample is measured as it is found, or random numbers come from elsewhere "
    "than self.rng"
)


@dataclass(frozen=True, slots=True)
class Cut:
    """A moment at which a run may be cut, by what is on disk then.

    Attributes:
        data: Bytes of data.csv.
        events: Bytes of events.jsonl.
        points: Rows.
        block: Where the run stands.
    """

    data: int
    events: int
    points: int
    block: str


def assert_resumable(  # noqa: PLR0913 - all that a test may ask, by name
    procedure: type[Procedure],
    *,
    station: Station | str = "ppms",
    sample: SampleRecord | str = "cotb2025",
    at: Collection[int] | None = None,
    every: int = 1,
    tolerance: float = TOLERANCE,
    ignore: Collection[str] = (),
    compared: Callable[[pd.DataFrame], pd.DataFrame] = lambda rows: rows,
    from_the_start: bool = False,
    **parameters: Any,
) -> int:
    """Cut a run after every point and at every begin and end of a block, carry each on, and compare the rows.

    The runs take place on a simulated station without any noise. What a killed process leaves behind is what its files
    held at that moment, and nothing else; so one run is carried out to its end, and for every moment its files are
    copied as they were then and carried on. As on hardware a run has to expect its sample in any state, every second
    one is carried on with the sample magnetised the other way; where `at` is given, each is carried on both ways.

    Args:
        procedure: The procedure's class.
        station: Name of the station, or the station.
        sample: Name of the sample, or its record.
        at: Only cut after these numbers of points, and at the begins and ends of blocks that come then.
        every: Only take each so-many-th moment.
        tolerance: Part of the largest magnitude in a column by which its numbers may differ.
        ignore: Columns that may differ. Columns of lab times (`Time (s)`, `Start 1 (s)`, `End 1 (s)`, `... stamp (s)`)
            always may.
        compared: Chooses the rows that are compared. What is recorded on the way to a temperature, for example, depends
            on where the sample comes from, and that another time is another place.
        from_the_start: Whether it is all right that no loop is marked restart=True, so that a run which was cut is
            measured again from its beginning.
        parameters: The procedure's parameters; choose them so that there are two blocks or more, and few points.

    Returns:
        How often the run was carried on.

    Raises:
        AssertionError: A run that was carried on has other rows, or does not come to its end; the message says after
            which point, in which block and column, and what that usually means. Or no loop is marked restart=True.
        LabError: The procedure cannot be run in this way at all.
    """
    __tracebackhide__ = True
    with tempfile.TemporaryDirectory() as folder:
        request = Request(
            name=procedure.__name__.lower(),
            procedure=procedure(**parameters),
            station=load_station(station) if isinstance(station, str) else station,
            sample=load_sample(sample) if isinstance(sample, str) else sample,
            simulate=True,
            seed=1,
            out=Path(folder),
            quiet=True,
        )
        trial = _Trial(request, procedure, parameters, _Comparison(tolerance, frozenset(ignore), compared))
        if not (trial.has_blocks or from_the_start):
            raise AssertionError(
                f"{procedure.__name__}: no loop is marked restart=True, or its values are all taken before its body, "
                "so a run that was cut is measured again from its beginning; mark a loop whose body begins from a "
                "known state, or say that this is meant: assert_resumable(..., from_the_start=True)"
            )
        cuts = [cut for cut in trial.cuts if at is None or cut.points in at][::every]
        ways = itertools.cycle((False, True))
        turns = [(cut, turned) for cut in cuts for turned in ((False, True) if at is not None else (next(ways),))]
        if not turns:
            raise AssertionError(
                f"{procedure.__name__}: nothing was cut, since the run has {trial.cuts[-1].points} points and "
                f"at={sorted(at or ())} with every={every} names none of its moments; give numbers of points within it"
            )
        for number, (cut, turned) in enumerate(turns):
            complaint = trial.complaint(cut, Path(folder) / f"cut-{number}", turned=turned)
            if complaint:
                raise AssertionError(f"{procedure.__name__}: {complaint}")
        return len(turns)


class _Trial:
    """One run that nobody cuts, and what becomes of it when somebody does."""

    def __init__(
        self,
        request: Request,
        kind: type[Procedure],
        parameters: dict[str, Any],
        comparison: _Comparison,
    ) -> None:
        self._request = request
        self._kind = kind
        self._parameters = parameters
        self._comparison = comparison
        self.cuts: list[Cut] = []
        outcome = carry_out(request, self._watch, analyse=False)
        self._directory = _finished(outcome, kind.__name__)
        self._take_in_the_end()
        self._rows = self._directory.read_data()[0]

    @property
    def has_blocks(self) -> bool:
        """Whether there is a loop that can be measured again block by block."""
        return '"event": "block"' in self._directory.events_file.read_text(encoding="utf-8")

    def _watch(self, run: ActiveRun) -> None:
        files = (run.directory.data_file, run.directory.events_file)
        data, events = (file.stat().st_size for file in files)
        if not self.cuts or (self.cuts[-1].data, self.cuts[-1].events) != (data, events):
            self.cuts.append(Cut(data, events, run.points, run.path.block))

    def _take_in_the_end(self) -> None:
        """Take in the moment at which all blocks are complete and the end is not yet announced."""
        content = self._directory.events_file.read_bytes()
        last = content.rstrip(b"\n").rfind(b"\n") + 1
        size = self._directory.data_file.stat().st_size
        points = self.cuts[-1].points if self.cuts else 0
        self.cuts.append(Cut(size, last, points, "run"))

    def complaint(self, cut: Cut, folder: Path, *, turned: bool) -> str | None:
        """Carry a run on from a cut, with or without the sample turned, and say what is wrong with it."""
        folder.mkdir()
        for name, size in (("run.json", None), ("data.csv", cut.data), ("events.jsonl", cut.events)):
            (folder / name).write_bytes((self._directory.path / name).read_bytes()[:size])
        procedure = self._kind(**self._parameters)
        if turned:
            _turn_before(procedure)
        outcome = carry_out(replace(self._request, procedure=procedure, resume=folder), analyse=False)
        when = f"cut after point {cut.points} in block {cut.block}" if cut.points else "cut before its first point"
        when += ", and carried on" + (" with the sample magnetised the other way" if turned else "")
        if outcome.status != "finished":
            return f"{when}, it ends with an error: {outcome.error}"
        wrong = self._comparison.difference(self._rows, RunDirectory(folder).read_data()[0])
        return wrong and f"{when}, {wrong[0]}; {CAUSES if cut.points else CAUSES_AT_THE_BEGINNING}{wrong[1]}"


def further_causes(name: str, column: Sequence[Any], found: Any) -> str:
    """Say what else may have made a column differ, where its name or its values speak for it; empty otherwise.

    Args:
        name: Of the column.
        column: What the run that nobody cut has in it.
        found: What the other one has in one of its rows.
    """
    if _TIME.search(name):
        return (
            f"; or {name!r} holds lab times (self.clock.now()), which are others in a run that is carried on: call it "
            f"'... stamp (s)', record the time since the block began, or say ignore=[{name!r}]"
        )
    if found in column and len(set(column)) > 1:
        return (
            f"; or the order of {name!r}, which has this value elsewhere, comes from random numbers that are not drawn "
            "from self.rng"
        )
    return ""


_TIME = re.compile(r"\((s|ms|min|h)\)$|(?-i:^t\b)|\b(time|clock|when|moment|elapsed|stamp|began)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Comparison:
    """How rows are compared; see `assert_resumable`."""

    tolerance: float
    ignore: frozenset[str]
    compared: Callable[[pd.DataFrame], pd.DataFrame]

    def difference(self, rows: pd.DataFrame, others: pd.DataFrame) -> tuple[str, str] | None:
        """Say where rows differ from those of the run that nobody cut, and what else may be the cause.

        Blocks are compared one by one.
        """
        rows, others = self.compared(rows), self.compared(others)
        within = {name: self.tolerance * _largest(rows[name].tolist()) for name in rows.columns}
        there, here = _by_block(rows), _by_block(others)
        for block in dict.fromkeys([*there, *here]):
            wanted, found = there.get(block, []), here.get(block, [])
            if len(wanted) != len(found):
                return f"it has {len(found)} rows in block {block} instead of {len(wanted)}", ""
            for number, (row, other) in enumerate(zip(wanted, found, strict=True), start=1):
                for name in row:
                    if not self._agree(name, row[name], other[name], within[name]):
                        said = f"it has {name!r} = {other[name]} in row {number} of block {block}"
                        hint = further_causes(name, rows[name].tolist(), other[name])
                        return f"{said} instead of {row[name]}", hint
        return None

    def _agree(self, name: str, one: Any, other: Any, within: float) -> bool:
        if name == ATTEMPT or name in self.ignore or LAB_TIME.fullmatch(name):
            return True
        if isinstance(one, float | int) and isinstance(other, float | int):
            return one == other or abs(one - other) <= within or (math.isnan(one) and math.isnan(other))
        return one == other


def _finished(outcome: Outcome, name: str) -> RunDirectory:
    if outcome.status != "finished" or outcome.run is None:
        raise AssertionError(f"{name} does not come to its end even if nobody cuts it: {outcome.error}")
    directory = RunDirectory(outcome.run)
    if not outcome.points:
        raise AssertionError(f"{name} records no row, so there is nothing to compare")
    return directory


def _largest(values: list[Any]) -> float:
    """Return the largest magnitude among the numbers of a column."""
    return max((abs(value) for value in values if isinstance(value, float | int) and math.isfinite(value)), default=0.0)


def _by_block(rows: pd.DataFrame) -> dict[str, list[dict[str, Any]]]:
    """Sort rows by block, keeping the order within each."""
    names = [str(name) for name in rows.columns]
    blocks: dict[str, list[dict[str, Any]]] = {}
    for values in zip(*(rows[name].tolist() for name in names), strict=True):
        row = dict(zip(names, values, strict=True))
        blocks.setdefault(str(row[BLOCK]), []).append(row)
    return blocks


def _turn_before(procedure: Procedure) -> None:
    """Have the sample magnetised the other way, as a lab that is new has it, before the procedure begins."""
    startup = procedure.startup

    def turn_and_start() -> None:
        run = procedure.run
        field = procedure.demands().get("field", 0.0)
        if isinstance(run, ActiveRun) and run.session.lab is not None and field:
            _drive(run.session.lab, -field)
            _drive(run.session.lab, 0.0)
        startup()

    vars(procedure)["startup"] = turn_and_start


def _drive(lab: Lab, field: float) -> None:
    """Drive the lab's magnet to a field in T, behind the back of all instruments."""
    magnet = lab.cryostat.machine.magnet
    lab.timeline.catch_up()
    lab.cryostat.set_field(field, magnet.rate_maximum, FieldApproach.LINEAR)
    lab.clock.sleep(2 * magnet.maximum / magnet.rate_maximum)
    lab.timeline.catch_up()
