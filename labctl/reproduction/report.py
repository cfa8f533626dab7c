"""A page of what a paper claims and what came out, with the figures, and with all that the models assume."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import Path

from instruments.errors import WriteFailed
from labctl.frame import shown
from labctl.reproduction.assumptions import Assumption, assumptions_of
from labctl.reproduction.planned import Finished
from labctl.reproduction.report_figures import draw_curve
from labctl.reproduction.rows import KINDS, VERDICTS, Row, counts
from labctl.reproduction.targets import Paper
from labctl.reproduction.texts import KIND_MEANS, claimed_text, measured_text
from labctl.reproduction.verdicts import AGREES, DIFFERS

CLASS = {AGREES: "agrees", DIFFERS: "differs"}
STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; color: #222; margin: 2rem auto; max-width: 76rem; padding: 0 1rem; }
h1 { font-size: 1.5rem; margin-bottom: .2rem; } h2 { font-size: 1.15rem; margin-top: 2.2rem; }
p.quiet, td.quiet, .quiet { color: #666; } .badge { background: #E69F00; color: white; font-weight: bold;
border-radius: .3rem; padding: .1rem .5rem; font-size: .8rem; }
table { border-collapse: collapse; width: 100%; } th { text-align: left; border-bottom: 2px solid #bbb; }
td, th { padding: .35rem .6rem; vertical-align: top; } tr { border-bottom: 1px solid #e4e4e4; }
td.number { white-space: nowrap; } table.counts { width: auto; } table.counts td { text-align: right; }
table.counts td:first-child, table.counts td:last-child { text-align: left; }
.verdict { white-space: nowrap; font-weight: 600; } .agrees { color: #00735a; } .differs { color: #b34700; }
.none { color: #777; } img { width: 17rem; max-width: 100%; border: 1px solid #ddd; }
@media print { img { width: 11rem; } body { font-size: 11px; } }
"""


def write_report(
    path: Path,
    paper: Paper,
    rows: Sequence[Row],
    runs: Mapping[str, Finished],
    chosen: Sequence[str],
    seeds: tuple[int, int],
) -> dict[str, Path]:
    """Write the page, and the figures of rows of numbers beside it; return these by the ids of their claims.

    Args:
        path: Of the page.
        paper: Whose claims these are.
        rows: One for each claim.
        runs: What is known of each run.
        chosen: What of the runs the paper does not state, a sentence each.
        seeds: Of noise and of the samples' disorder.

    Raises:
        WriteFailed: The disk does not take it.
    """
    folder = path.parent / "figures"
    try:
        drawn = {row.target.id: draw_curve(row, folder) for row in rows if row.curve is not None}
        parts = [
            *_head(paper, runs, seeds),
            *_counts(rows),
            *_claims(rows, drawn, path.parent),
            *_runs(runs, path.parent),
            *_chosen(chosen),
            *_assumptions(assumptions_of(runs.values())),
            "</body></html>",
        ]
        path.write_text("\n".join(parts) + "\n", encoding="utf-8")
    except OSError as error:
        raise WriteFailed(f"cannot write {path}: {error.strerror}") from error
    return drawn


def _head(paper: Paper, runs: Mapping[str, Finished], seeds: tuple[int, int]) -> list[str]:
    lab = sum(run.lab_time_s for run in runs.values()) / 3600.0
    title = f"{paper.title}: claims and measurements"
    said = "Every number in the column “measured” was measured by labctl's experiments on the simulated station: "
    said += f"{len(runs)} runs, {lab:.1f} h of lab time; seed {seeds[0]}, sample seed {seeds[1]}."
    return [
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">',
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body>",
        f'<h1>{escape(title)} <span class="badge">SIMULATED</span></h1>',
        f'<p class="quiet">{escape(paper.reference)}</p>',
        f"<p>{escape(said)}</p>",
    ]


def _counts(rows: Sequence[Row]) -> list[str]:
    found = counts(rows)
    lines = ["<h2>What an agreement is worth</h2>", '<table class="counts">']
    lines.append("<tr><th>kind</th>" + "".join(f"<th>{word}</th>" for word in VERDICTS) + "<th></th></tr>")
    for kind in KINDS:
        cells = "".join(f"<td>{found[kind][word]}</td>" for word in VERDICTS)
        lines.append(f'<tr><td>{kind}</td>{cells}<td class="quiet">{escape(KIND_MEANS[kind])}</td></tr>')
    return [*lines, "</table>"]


def _claims(rows: Iterable[Row], drawn: Mapping[str, Path], home: Path) -> list[str]:
    lines = ["<h2>Claims</h2>", "<table>"]
    lines.append("<tr><th>claim</th><th>published</th><th>measured</th><th>verdict</th><th>figure</th></tr>")
    return [*lines, *(_claim(row, drawn.get(row.target.id), home) for row in rows), "</table>"]


def _claim(row: Row, curve: Path | None, home: Path) -> str:
    target = row.target
    where = escape(shown(f"{target.id} · {target.where} · {target.conditions}"))
    what = f'<b>{escape(shown(target.quantity))}</b><br><span class="quiet">{where}</span><br>{_kind(row)}'
    published = f'{escape(shown(claimed_text(target)))}<br><span class="quiet">{escape(shown(target.why))}</span>'
    verdict = f'<span class="verdict {CLASS.get(row.verdict, "none")}">{escape(row.verdict)}</span>'
    why = f'{verdict}<br><span class="quiet">{escape(shown(row.why))}</span>'
    cells = (what, published, _number(row), why, _figure(row, curve, home))
    return "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"


def _number(row: Row) -> str:
    return escape(shown(measured_text(row))).replace(" ", "&nbsp;")


def _kind(row: Row) -> str:
    target = row.target
    chosen = ", ".join([*target.parameters, *target.settings])
    said = f": {chosen}" if chosen else ""
    why = f' <span class="quiet">({escape(target.kind_why)})</span>' if target.kind_why else ""
    return f"{target.kind}{escape(said)}{why}"


def _figure(row: Row, curve: Path | None, home: Path) -> str:
    picture = row.figure() if curve is None else curve
    links = ", ".join(f'<a href="{_link(path, home)}">{escape(path.parent.parent.name)}</a>' for path in row.runs)
    if picture is None:
        return links
    place = _link(picture, home)
    image = f'<a href="{place}"><img src="{place}" alt="{escape(row.target.quantity)}" loading="lazy"></a>'
    return f'{image}<br><span class="quiet">{links}</span>'


def _link(path: Path, home: Path) -> str:
    """Return a path as the page needs it, from its own folder."""
    return escape(Path(os.path.relpath(path, home)).as_posix())


def _runs(runs: Mapping[str, Finished], home: Path) -> list[str]:
    lines = ["<h2>Runs</h2>", "<table>"]
    lines.append("<tr><th>run</th><th>status</th><th>points</th><th>lab time</th><th>wall time</th></tr>")
    for name, run in runs.items():
        called = escape(name) if run.path is None else f'<a href="{_link(run.path, home)}">{escape(name)}</a>'
        status = escape(run.status if run.error is None else f"{run.status}: {run.error}")
        lines.append(
            f"<tr><td>{called}</td><td>{status}</td><td>{run.points}</td><td>{run.lab_time_s / 60.0:.0f} min</td>"
            f"<td>{run.wall_time_s:.1f} s</td></tr>"
        )
    return [*lines, "</table>"]


def _chosen(sentences: Iterable[str]) -> list[str]:
    lines = ["<h2>What of the runs the paper does not state</h2>", "<ul>"]
    return [*lines, *(f"<li>{escape(sentence)}</li>" for sentence in sentences), "</ul>"]


def _assumptions(found: Mapping[str, Sequence[Assumption]]) -> list[str]:
    lines = ["<h2>What the simulated samples assume</h2>"]
    lines.append(
        "<p>Values of the sample records that are marked as assumed, in SI units: no paper and no measurement stands "
        "behind them. Of records that are based on one another only what differs is repeated.</p>"
    )
    for sample, assumed in found.items():
        lines += [f"<h3>{escape(sample)}</h3>", "<table>", "<tr><th>what</th><th>value</th><th>note</th></tr>"]
        lines += [
            f'<tr><td>{escape(one.name)}</td><td>{escape(one.value)}</td><td class="quiet">{escape(one.note)}</td></tr>'
            for one in assumed
        ]
        lines.append("</table>")
    return lines
