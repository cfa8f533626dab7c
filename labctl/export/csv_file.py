"""A run as a table of text for spreadsheets: what was asked and found in lines that begin with #, then the rows."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from typing import Any

from instruments.errors import UsageError
from labctl.export.places import placeless
from labctl.export.texts import cell, written
from labctl.loaded import Loaded
from labctl.notes import with_notes


def csv_file(run: Loaded) -> bytes:
    """Return a run, or a series of runs, as a table of UTF-8 text with commas.

    It has the rows that count, each number as in data.csv to its last bit; units stand in the columns' names.

    Raises:
        UsageError: There are no rows that count.
    """
    if not any(run.counts):
        raise UsageError(f"{run.directory.path} holds no row that counts, so there is nothing to export")
    text = io.StringIO(newline="")
    for name, value in _known(run).items():
        if line := " ".join(str(value).split()):
            text.write(f"# {name}: {line}\r\n")
    rows = run.counting()
    table = csv.writer(text)
    table.writerow(str(name) for name in rows.columns)
    columns = [[cell(value) for value in rows[name].tolist()] for name in rows.columns]
    table.writerows(zip(*columns, strict=True))
    return text.getvalue().encode()


def _known(run: Loaded) -> dict[str, Any]:
    """Return what is said above the rows; what is empty is left out."""
    asked: Mapping[str, Any] = placeless(with_notes(run.asked, run.directory.path), run.directory.path)
    left_out = len(run.counts) - sum(run.counts)
    of_runs = {
        f"result {name} of {each['run']}": written(result)
        for each in run.runs for name, result in each["results"].items()
    }  # fmt: skip
    return {
        "run": run.name, "procedure": asked["procedure"]["name"], "sample": asked["sample"]["name"],
        "sample title": asked["sample"].get("title", ""), "station": asked["station"]["name"], "status": run.status,
        "simulated": "yes" if asked.get("simulated") else "no", "begun": asked.get("begun", ""),
        "user": asked.get("user", ""), "notes": asked.get("notes", ""), "tags": ", ".join(asked.get("tags", [])),
        "rows left out, measured again later": left_out or "", "warnings": "; ".join(run.warnings),
        **{f"parameter {name}": entry["text"] for name, entry in asked["parameters"].items()},
        **{f"result {name}": written(result) for name, result in run.results.items()},
        **of_runs,
    }  # fmt: skip
