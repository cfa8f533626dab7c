"""What stands above a plot: which curve is which, and in what the runs that lie over each other differ."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from labctl.frame import shown
from labctl.gui.plot.quantities import bare_name, value_text
from labctl.gui.plot.rundata import RunData
from labctl.gui.plot.trace import Trace

MOST_SAID = 3
"""Differences that are written out; the tooltip has all."""
IMPORTANT = ("temperature", "field", "pulse_max", "pulse_width", "current", "voltage", "angle")
"""Last words of parameters that are named before others."""
SAYS_NOTHING = ("", "none", "from record")
MOST_LETTERS = 40
"""Letters of a curve's name beside the crosshair."""
MOST_KEYS = 12
"""Curves that are named one by one; of more the lowest and the highest are."""


def differences(run: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    """Return in what a run differs from another: sample, experiment, parameters, the most important ones first.

    Args:
        run: Facts of the run that lies over the other, as `labctl.desk.run_facts` gives them.
        other: Facts of the other one; of another experiment all parameters count that it has not.
    """
    said = [str(run[key]) for key in ("sample", "procedure") if run.get(key) != other.get(key)]
    mine, others = run.get("parameters", {}), other.get("parameters", {})
    named = sorted((name for name in mine if mine[name] != others.get(name)), key=lambda name: _rank(name, mine[name]))
    return [shown(each) for each in (*said, *(f"{name.replace('_', ' ')} {mine[name]}" for name in named))]


def _rank(name: str, text: str) -> int:
    """Return how far behind a parameter is named: what is set at sample and pulse comes first."""
    if text in SAYS_NOTHING:
        return len(IMPORTANT) + 1
    places = (place for place, word in enumerate(IMPORTANT) if name == word or name.endswith(f"_{word}"))
    return next(places, len(IMPORTANT))


def in_short(differing: Sequence[str]) -> str:
    """Return the first of `differences` on one line."""
    more = len(differing) - MOST_SAID
    return ", ".join([*differing[:MOST_SAID], *([f"and {more} more"] if more > 0 else [])]) or "repeated"


def notes_text(notes: Sequence[str]) -> str:
    """Return what was done to rows that are shown processed: the first sentence, and how many more there are."""
    more = f" (and {len(notes) - 1} more)" if len(notes) > 1 else ""
    return shown(f"{notes[0]}{more}") if notes else "odd and even part"


def legend(heading: str, traces: Iterable[Trace], quiet: str) -> str:
    """Return the words above the plots as HTML.

    Args:
        heading: What is shown.
        traces: Curves, in their order.
        quiet: Colour of what is read second.
    """
    named: dict[tuple[str, str], None] = {(trace.look.colour, trace.title): None for trace in traces if trace.title}
    keys = list(named)
    if len(keys) > MOST_KEYS:
        half = MOST_KEYS // 2
        keys = [*keys[:half], (quiet, f"… {len(keys) - 2 * half} more …"), *keys[-half:]]
    spans = [f'<span style="color:{colour}">━</span>&nbsp;{_kept(html.escape(title))}' for colour, title in keys]
    return f'<span style="color:{quiet}">{html.escape(heading)}</span>' + "".join(
        f"&nbsp;&nbsp; {span}" for span in spans
    )


def _kept(text: str) -> str:
    """Keep a short title on one line."""
    return text.replace(" ", "&nbsp;") if len(text) < 40 else text


def group_text(column: str, value: str | float) -> str:
    """Return a value of the column by which curves are coloured: `down`, `Loop 2`, `300 K`."""
    if isinstance(value, str):
        return value
    text = value_text(column, value, 5)
    return text if text[-1:].isalpha() else f"{bare_name(column)} {text}"


def brief_values(data: RunData, row: int, axes: Sequence[str], colours: tuple[str, str], title: str) -> str:
    """Return the values of a row on the axes as HTML, a line each, and which curve it is; see `row_values`."""
    values = data.row(row)
    text, quiet = colours
    lines = [
        f'<span style="color:{quiet}">{html.escape(bare_name(name))}</span>&nbsp;'
        f'<span style="color:{text}">{html.escape(value_text(name, values[name], 6)).replace(" ", "&nbsp;")}</span>'
        for name in axes if name in values
    ]  # fmt: skip
    title = title if len(title) <= MOST_LETTERS else f"{title[: MOST_LETTERS - 1].rstrip(' ,')}…"
    return "<br>".join([*lines, f'<span style="color:{quiet}">{html.escape(title)}</span>'])


def row_values(
    data: RunData, row: int, first: Sequence[str], colours: tuple[str, str], title: str, columns: int = 1
) -> str:  # fmt: skip
    """Return all values of a row as an HTML table, those on the axes first.

    Args:
        data: The run.
        row: Its row.
        first: Columns on the axes.
        colours: Of what is read, and of what is read second.
        title: Which curve it is.
        columns: In how many columns they stand.
    """
    values = data.row(row)
    names = [*(name for name in first if name in values), *(name for name in values if name not in first)]
    text, quiet = colours
    cells = [
        f'<td style="color:{quiet}; padding-right:6px">{html.escape(bare_name(name))}</td>'
        f'<td align="right" style="color:{text}; font-weight:{"bold" if name in first else "normal"}">'
        f"{html.escape(value_text(name, values[name], 7))}</td>"
        for name in names
    ]
    high = -(-len(cells) // columns)
    gap = '<td style="padding-left:14px"></td>'
    rows = [f"<tr>{gap.join(cells[place::high])}</tr>" for place in range(high)]
    heading = f"{title} · row {row + 1}" if title else f"row {row + 1}"
    return f'<span style="color:{quiet}">{html.escape(heading)}</span><table cellspacing="0">{"".join(rows)}</table>'
