"""The page of compatibility, printed from the rows: python -m tests.peers.page."""

from __future__ import annotations

from tests.peers.rows import ROWS, Row
from tests.sources import ROOT

PAGE = ROOT / "docs" / "compatibility.md"

BEGINNING = """\
# Compatibility

Software that was written by others for the real instruments, and runs unmodified against `labctl simulate` over TCP.
What is given to it are addresses and line ends, and the current whose Hall voltage a voltmeter is to see. Every row is
run by `script/test`, in an environment of its own (`.venv-peers`), and its readings are compared with the sample: the
Hall voltage that our own drivers read, the film's resistance, with and without that of its leads.

What is in the last column are mistakes and assumptions of the client which, by its manual, a real instrument answers in
the same way; where no source settles it, it says so. The tests demand these failures, too: a simulated instrument that
understood what a real one refuses would be wrong. Nothing but what stands there is left in an error queue at the end.

To bring another client: [a lab in its own process](simulated-lab.md#a-lab-in-its-own-process).

| client | version | instrument | what it did | result | fails as on a real one, and remarks |
| --- | --- | --- | --- | --- | --- |
"""


def line(row: Row) -> str:
    """One row as text."""
    client = f"{row.package} `{row.client}`" if row.package else row.client.replace("_", "\\_")
    result = row.result or ("works, but for the remarks" if row.remarks else "works")
    cells = (client, row.version or "-", row.instrument, row.did, result, row.remarks)
    return "| " + " | ".join(cells) + " |\n"


def page() -> str:
    """The whole page."""
    return BEGINNING + "".join(line(row) for row in ROWS)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
