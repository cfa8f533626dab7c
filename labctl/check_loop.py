"""The check loop with which a run that is carried on begins, where the sample's record asks for it.

A health check reads the resistance, which may be the same of a film that was annealed a little, or turned in its puck.
So the block that was completed last is measured again before the run goes on, and what either of the two tells by
itself is compared (`Procedure.of_one_block`). A difference beyond three combined standard uncertainties and beyond 1 %
ends the run, which stays as it was and can be carried on later. The rows of a check are kept, and never count.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from threadpoolctl import threadpool_limits

from instruments.errors import Refused
from labctl import limits
from labctl.analysis.check_loop import LEAST, Compared, comparable, compared
from labctl.analysis.result import quantity_text
from labctl.attempts import ATTEMPT, BLOCK, CHECKED, lies_within
from labctl.own_code import AnalysisFailed, own_code
from labctl.rundir import read_rows

if TYPE_CHECKING:
    import pandas as pd

    from labctl.active_run import ActiveRun
    from labctl.analysis.result import Result, Results
    from labctl.procedure import Procedure

SAME_TEMPERATURE = 0.5
"""K that two blocks may be apart before it is said: what settles at 300 K does so within 0.3 K."""

ANYTHING = 1.0
"""The override `check_loop` from which on it is permitted, too, that a result is gone, or was zero: 100 %."""


class CheckLoop:
    """The check loop of one attempt at a run.

    Args:
        run: The run, of which nothing is measured yet.
    """

    def __init__(self, run: ActiveRun) -> None:
        self._run = run
        self._procedure = run.request.procedure
        self._block = ""
        self._before: dict[str, Result] = {}
        self._temperature = math.nan
        self._waiting = False
        self._permitted = run.request.overrides.get(limits.CHECK_LOOP)

    def begin(self) -> None:
        """Choose the block that is measured again, if there is one that tells something.

        Raises:
            WriteFailed: The operating system does not take the events.
        """
        run = self._run
        if run.attempt == 1 or not run.request.sample.health.check_loop:
            return
        complete = list(run.ledger.history.complete)
        if not complete:
            self._leave_out("none of its blocks was complete")
            return
        self._block = complete[-1]
        rows = _within(run.ledger.counting(read_rows(run.directory.data_file)[0]), self._block)
        self._temperature = _temperature(rows)
        try:
            self._before = comparable(_told(self._procedure, rows))
        except AnalysisFailed as error:
            self._leave_out(f"of {self._block}, which was completed last, {error}")
            return
        if not self._before:
            self._leave_out(f"{self._block}, which was completed last, tells nothing by itself that could be compared")
            return
        self._waiting = True
        run.ledger.check_first(self._block, self._judge)

    def end(self) -> None:
        """Say so where the run did not come to its check loop."""
        if self._waiting:
            self._leave_out(f"the run did not come to {self._block} again")

    def _leave_out(self, why: str) -> None:
        """Go on without a check loop.

        Raises:
            WriteFailed: The operating system does not take the events.
        """
        sentence = f"the run was carried on without the check loop that the sample's record asks for: {why}"
        self._run.note(CHECKED, attempt=self._run.attempt, why=why)
        self._run.note("warning", text=sentence)
        self._run.remark(sentence)

    def _judge(self) -> None:
        """Compare the block that was measured again with what it was.

        Raises:
            Refused: The sample has changed.
            WriteFailed: The operating system does not take the events.
        """
        self._waiting = False
        if self._run.rehearsed:  # for the time that it takes
            return
        rows = read_rows(self._run.directory.data_file)[0]
        rows = _within(rows.loc[rows[ATTEMPT] == self._run.attempt], self._block)
        try:
            now = _told(self._procedure, rows)
        except AnalysisFailed as error:
            self._note([], changed=False, why=str(error))
            self._run.remark(f"the check loop, {self._block} measured again, could not be compared: {error}")
            return
        found = list(compared(self._before, now, LEAST if self._permitted is None else self._permitted))
        worse = [one for one in found if one.changed and not self._permits(one)]
        self._note(found, changed=bool(worse))
        if worse:
            raise Refused(self._said(max(worse, key=_severity), rows))

    def _permits(self, one: Compared) -> bool:
        no_part = one.now.value is None or not math.isfinite(one.part)
        return no_part and (self._permitted or 0.0) >= ANYTHING

    def _note(self, found: Sequence[Compared], *, changed: bool, **details: Any) -> None:
        results = {one.name: one.as_dict() for one in found}
        self._run.note(
            CHECKED, block=self._block, attempt=self._run.attempt, changed=changed, results=results, **details
        )

    def _said(self, one: Compared, rows: pd.DataFrame) -> str:
        """Say in a sentence what has changed, and what to do."""
        name, now = one.name.replace("_", " "), one.now
        if now.value is None:
            what, permitted = f"has no {name} any more ({now.why}), which was {one.before.text()}", ANYTHING
        else:
            may = quantity_text(float(f"{one.limit:.2g}"), None, one.before.unit)
            what = f"has a {name} of {now.text()} and had {one.before.text()}, which may differ by {may}"
            permitted = math.ceil(120 * one.part) / 100 if math.isfinite(one.part) else ANYTHING
        return (
            f"the sample is not what it was before the run was cut: {self._block}, measured again as a check loop, "
            f"{what}{self._temperatures(rows)}; look at sample and leads (labctl run contact-check), then carry on "
            "with the sample as it was, begin a new run, or permit it with "
            f'--override {limits.CHECK_LOOP}="{100 * permitted:.0f} %"'
        )

    def _temperatures(self, rows: pd.DataFrame) -> str:
        """Say at which temperatures the two were measured, where these differ by so much that it may be the cause."""
        now, then = _temperature(rows), self._temperature
        return f" (at {now:.2f} K now, at {then:.2f} K then)" if abs(now - then) > SAME_TEMPERATURE else ""


def _severity(one: Compared) -> float:
    return math.inf if one.now.value is None else one.part


def _temperature(rows: pd.DataFrame) -> float:
    """Return the mean temperature in K of rows, nan where they have none."""
    column = "Temperature (K)"
    return float(rows[column].to_numpy(dtype=float).mean()) if column in rows.columns else math.nan


def _within(rows: pd.DataFrame, block: str) -> pd.DataFrame:
    return rows.loc[[lies_within(name, block) for name in rows[BLOCK].tolist()]].reset_index(drop=True)


def _told(procedure: Procedure, rows: pd.DataFrame) -> Results:
    """Return what the rows of one block tell.

    Raises:
        AnalysisFailed: The procedure's code raises, or returns something else.
    """
    from labctl.analysis.result import Results

    what = "of_one_block() failed"
    with threadpool_limits(limits=1, user_api="blas"), own_code(procedure, what, fails_as=AnalysisFailed, as_it_is=()):
        results: Any = procedure.of_one_block(rows)
    if not isinstance(results, Results):
        raise AnalysisFailed("of_one_block() returned something else than Results; end it with return Results(...)")
    return results
