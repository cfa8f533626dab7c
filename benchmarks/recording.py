"""What it costs to record one point, beside pymeasure's Worker and Results, with the rows of a real loop.

Only the points are timed: making the file, its header, and closing it are not.
"""

from __future__ import annotations

import itertools
import logging
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

from pymeasure.experiment import Procedure, Results, Worker

from benchmarks.harness import Comparison, beside, main, seconds
from benchmarks.simulated import loop, request, session
from labctl.abort import AbortSwitch
from labctl.active_run import ActiveRun, header_lines
from labctl.events import EventLog
from labctl.recorder import Recorder
from labctl.reentry import begin
from procedures.ahe import AnomalousHallLoop

COUNT = 5000
"""Points in one measurement."""
COLUMNS = (*AnomalousHallLoop.DATA_COLUMNS, "Block", "Attempt")
SYNCED = 10
"""Points of a second on hardware, where a reading takes 0.11 s."""

Row = dict[str, Any]


class KeepingLoop(AnomalousHallLoop):
    """An anomalous-Hall loop that remembers what it has recorded."""

    rows: ClassVar[list[Row]] = []

    def record(self, **row: Any) -> None:
        """Record and remember."""
        self.rows.append(dict(row))
        super().record(**row)


def real_rows() -> list[Row]:
    """As many rows as one measurement takes, from a run."""
    loop(KeepingLoop(maximum_field="0.2 T", survey_rate="180 Oe/s"))
    return list(itertools.islice(itertools.cycle(KeepingLoop.rows), COUNT))


class PeerLoop(Procedure):
    """The same rows through pymeasure, which has the columns that labctl's run adds among those of the procedure."""

    DATA_COLUMNS: ClassVar[Sequence[str]] = COLUMNS  # pyright: ignore[reportIncompatibleVariableOverride] - unannotated there
    rows: Sequence[Row] = ()
    took = 0.0

    def execute(self) -> None:
        """Emit every row, and look after each whether to stop, as pymeasure's documentation shows it."""
        self.took = seconds(self._emit_all)

    def _emit_all(self) -> None:
        for row in self.rows:
            self.emit("results", row)
            if self.should_stop():
                break


def pymeasure_point(rows: Sequence[Row]) -> float:
    """What a point costs pymeasure, in us.

    The worker runs in this thread, so that it need not share the interpreter with one that waits for it. Nobody
    listens to it over the network, which would cost it more.
    """
    with tempfile.TemporaryDirectory() as folder:
        procedure = PeerLoop()
        procedure.rows = rows
        path = Path(folder) / "data.csv"
        worker = Worker(Results(procedure, str(path)), log_level=logging.WARNING)
        worker.run()
        _assert_rows(path, len(rows))
        return procedure.took / len(rows) * 1e6


def our_point(rows: Sequence[Row]) -> float:
    """What a point costs labctl, in us: the procedure's `record`, with the look for an abort that belongs to it."""
    procedure = AnomalousHallLoop()
    with tempfile.TemporaryDirectory() as folder, AbortSwitch() as switch, session() as opened:
        asked = request(Path(folder), procedure)
        entry = begin(asked, "recording")
        events = EventLog(entry.directory.events_file, opened.clock)
        run = ActiveRun(asked, entry, opened, events, switch, None)
        procedure.run = run

        def record_all() -> None:
            for _ in procedure.track("loop", [1], restart=True):
                for row in rows:
                    procedure.record(**row)

        took = seconds(record_all)
        run.close()
        _assert_rows(entry.directory.data_file, len(rows))
        return took / len(rows) * 1e6


def forced_to_disk(rows: Sequence[Row]) -> float:
    """What it costs once a second to force the rows to the disk, in us."""
    with tempfile.TemporaryDirectory() as folder:
        recorder = Recorder(Path(folder) / "data.csv", header_lines(AnomalousHallLoop()), COLUMNS)
        for row in rows[:SYNCED]:
            recorder.record(row)
        took = seconds(recorder.sync)
        recorder.close()
        return took * 1e6


def _assert_rows(path: Path, count: int) -> None:
    """Both wrote all that they were given."""
    lines = path.read_text(encoding="utf-8").splitlines()
    written = len([line for line in lines if not line.startswith("#")]) - 1
    if written != count:
        raise RuntimeError(f"{written} rows of {count} were written to {path}")


def measure(repeats: int) -> Sequence[Comparison]:
    rows = real_rows()
    complete = [{**row, "Block": "loop=1", "Attempt": 1} for row in rows]
    return [
        beside(
            f"record a point of {len(COLUMNS)} columns : pymeasure's Worker and Results",
            lambda: our_point(rows), lambda: pymeasure_point(complete), unit="us", goal=1.0, repeats=repeats,
        ),
        beside(
            f"force {SYNCED} points to the disk, once a second : record one",
            lambda: forced_to_disk(complete), lambda: our_point(rows), unit="us", repeats=repeats,
        ),
    ]  # fmt: skip


if __name__ == "__main__":
    sys.exit(main(measure))
