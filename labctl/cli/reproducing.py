"""`labctl reproduce`."""

from __future__ import annotations

import shutil
import sys
import textwrap
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from labctl.cli import output

if TYPE_CHECKING:
    from labctl.reproduction.planned import Finished
    from labctl.reproduction.reproducing import Reproduced
    from labctl.reproduction.rows import Row
    from labctl.reproduction.running import Told

SHORTEST_CLAIM, LONGEST_CLAIM = 24, 60
"""Letters of a claim in the table, as far as there is room on the terminal."""
BETWEEN = 3
"""Letters between two columns."""
HEADER = ("claim", "of what", "published", "measured", "kind", "verdict")


def reproduce(paper: str, *, seed: int, sample_seed: int, out: Path, json: bool) -> None:
    """Reproduce a paper, or all, print a row for each claim, and exit with the code of a run that did not finish."""
    from labctl.reproduction import reproducing

    names = (paper,) if paper else reproducing.papers()
    for name in names:
        reproducing.check_paper(name)
    asked = reproducing.Asked(out, seed, sample_seed)
    found: list[Reproduced] = []
    for name in names:
        with _progress(name, quiet=json) as told:
            found.append(reproducing.reproduce(name, asked, told))
        if not json:
            _report(found[-1])
    if json:
        output.print_json(found[0].as_dict() if paper else _together(found))
    raise typer.Exit(max((run.exit_code or 1 for each in found for run in each.unfinished), default=0))


def _together(found: Sequence[Reproduced]) -> dict[str, object]:
    """Return the one JSON object of several papers."""
    papers = [each.as_dict() for each in found]
    return {"paper": None, "rows": [row for each in papers for row in each["rows"]], "papers": papers}


# ---- for people


def _report(found: Reproduced) -> None:
    from labctl.reproduction.rows import KINDS, VERDICTS, counts
    from labctl.reproduction.texts import KIND_MEANS
    from labctl.reproduction.verdicts import AGREES, DIFFERS, NOT_HERE

    output.line(f"{found.paper.title} ({found.paper.reference})")
    output.table(_table(found.rows), HEADER)
    for word in (DIFFERS, NOT_HERE):
        _reasons(word, [row for row in found.rows if row.verdict == word])
    counted = counts(found.rows)
    output.line()
    rows = [(kind, *(str(counted[kind][word]) for word in VERDICTS)) for kind in KINDS]
    output.table(rows, ("kind", AGREES, DIFFERS, NOT_HERE))
    for kind in KINDS:
        _wrapped(f"{kind}: {KIND_MEANS[kind]}")
    _runs(found)
    output.line(f"report: {found.report}")


def _table(rows: Sequence[Row]) -> list[tuple[str, ...]]:
    """Return the table's cells; what is claimed is cut where the terminal ends."""
    from labctl.reproduction.texts import claimed_text, measured_text

    numbers = [row.target.id.rpartition("-")[2] for row in rows]
    claims = [row.target.quantity for row in rows]
    others = [(claimed_text(row.target), measured_text(row), row.target.kind, row.verdict) for row in rows]
    taken = len(HEADER[0]) + sum(max(map(len, column)) for column in zip(HEADER[2:], *others, strict=True))
    room = shutil.get_terminal_size((160, 24)).columns - taken - BETWEEN * len(HEADER)
    longest = max(SHORTEST_CLAIM, min(LONGEST_CLAIM, room))
    shortened = [textwrap.shorten(claim, longest, placeholder=" ...") for claim in claims]
    return [(number, claim, *rest) for number, claim, rest in zip(numbers, shortened, others, strict=True)]


def _reasons(word: str, rows: Sequence[Row]) -> None:
    """Say why, once for all claims that have the same reason."""
    if not rows:
        return
    output.line()
    output.line(f"{word}:")
    same: dict[str, list[str]] = {}
    for row in rows:
        same.setdefault(row.why, []).append(row.target.id)
    for why, ids in same.items():
        _wrapped(f"{', '.join(ids)}: {why}")


def _runs(found: Reproduced) -> None:
    lab = sum(run.lab_time_s for run in found.runs.values())
    output.line()
    output.line(
        f"{len(found.runs)} runs, lab time {output.duration_text(lab)} of a simulated lab; seed {found.seeds[0]}"
    )
    for run in found.unfinished:
        output.complain(f"warning: the run {run.name} is {run.status}: {run.error}")


def _wrapped(text: str) -> None:
    width = shutil.get_terminal_size((100, 24)).columns
    for line in textwrap.wrap(text, max(60, width), subsequent_indent="  ", break_on_hyphens=False):
        output.line(line)


@contextmanager
def _progress(name: str, *, quiet: bool) -> Generator[Told]:
    """Show which runs are over: a bar on a terminal, a line for each elsewhere, nothing beside JSON."""
    if quiet:
        yield lambda _run, _over, _of: None
    elif sys.stdout.isatty():
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        columns = (
            TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
            TextColumn("{task.fields[last]}"),
        )  # fmt: skip
        with Progress(*columns, transient=True) as bar:
            task = bar.add_task(name, total=None, last="")
            yield lambda run, over, of: bar.update(task, completed=over, total=of, last=run.name)
    else:
        yield lambda run, over, of: output.line(_said(name, run, over, of))


def _said(paper: str, run: Finished, over: int, of: int) -> str:
    status = "" if run.status == "finished" else f", {run.status}"
    return f"{paper}: run {over} of {of}, {run.name}, {output.duration_text(run.wall_time_s)}{status}"
