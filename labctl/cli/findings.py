"""Results as a table for people: numbers in the rows, every reason and remark once below them."""

from __future__ import annotations

import textwrap

from labctl.analysis.combine import ANOTHER_LOOP, LOOP_TO_LOOP
from labctl.analysis.result import Result, Results, spread_text

HEADER = ("result", "value", "of")
NARROWEST = 12
"""Characters that the last column keeps, however narrow the screen."""


def rows_and_remarks(results: Results, width: int) -> tuple[list[tuple[str, str, str]], list[str]]:
    """Rows of a table no wider than so many characters, its last column wrapped, and the lines to print below it."""
    remarks: list[str] = []
    cells: list[tuple[str, str, str]] = []
    scattered = _scattered(results)
    for name, result in results.items():
        said = _said(result, scattered)
        remarks += [text for text in dict.fromkeys(said) if text not in remarks]
        marks = "".join(f" [{remarks.index(text) + 1}]" for text in said)
        value = "-" if result.value is None else result.text()
        cells.append((name.replace("_", " "), value, result.of + marks))
    taken = sum(max(len(row[column]) for row in (HEADER, *cells)) + 2 for column in (0, 1))
    rows: list[tuple[str, str, str]] = []
    for name, value, of in cells:
        first, *more = textwrap.wrap(of, max(NARROWEST, width - taken)) or [""]
        rows += [(name, value, first), *(("", "", line) for line in more)]
    below: list[str] = []
    for number, remark in enumerate(remarks, 1):
        mark = f"[{number}] "
        below += textwrap.wrap(mark + remark, max(40, width), subsequent_indent=" " * len(mark), break_on_hyphens=False)
    return rows, below


def wrapped(sentence: str, width: int) -> list[str]:
    """Break a sentence into lines no wider than so many characters; no line for an empty one."""
    return textwrap.wrap(sentence, max(40, width), subsequent_indent="    ", break_on_hyphens=False)


def _said(result: Result, scattered: str) -> list[str]:
    """Remarks on a result; of its scatter the sentence that all results share."""
    if result.value is None:
        return [result.why or ""]
    parts = (result.note or "").split("; ")
    own = "; ".join(part for part in parts if not part.startswith((ANOTHER_LOOP, LOOP_TO_LOOP)))
    shared = scattered if any(part.startswith((ANOTHER_LOOP, LOOP_TO_LOOP)) for part in parts) else ""
    return [text for text in (own, shared) if text]


def _scattered(results: Results) -> str:
    """What loops differ by, of all results in one sentence."""
    spreads = [
        (name.replace("_", " "), spread_text(result.scatter, result), result.degrees_of_freedom)
        for name, result in results.items()
        if result.scatter is not None and any(phrase in (result.note or "") for phrase in (ANOTHER_LOOP, LOOP_TO_LOOP))
    ]
    each = ", ".join(f"{name} {spread}" for name, spread, _ in spreads)
    return f"{ANOTHER_LOOP if any(few is None for *_, few in spreads) else LOOP_TO_LOOP}: {each}"
