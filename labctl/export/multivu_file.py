"""A run as a data file of Quantum Design's MultiVu, which MultiVu plots and MultiPyVu reads.

It has the rows that count. Beside the columns of data.csv stand those by which MultiVu's own files are read: Comment,
Time Stamp (sec) and Magnetic Field (Oe). A field in Oe is the one in T times 10 000, exactly, digit by digit.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from instruments.errors import UsageError
from labctl.export.places import placeless
from labctl.export.texts import cell, written
from labctl.loaded import RUN, Loaded
from labctl.notes import with_notes
from labctl.number_texts import is_number
from labctl.plain_figure import unit_of

COMMENT, STAMP, KELVIN, OERSTED = "Comment", "Time Stamp (sec)", "Temperature (K)", "Magnetic Field (Oe)"
TIME, FIELD = "Time (s)", "Field (T)"
_PRINTED = str.maketrans({
    "µ": "u", "μ": "u", "Ω": "ohm", "±": "+-", "−": "-", "–": "-", "—": "-", "°": "deg", "×": "x", "·": "*",
    "ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ß": "ss",
})  # fmt: skip


def multivu_file(run: Loaded) -> bytes:
    """Return a run, or a series of runs, as a MultiVu data file.

    Raises:
        UsageError: There are no rows that count.
    """
    if not any(run.counts):
        raise UsageError(f"{run.directory.path} holds no row that counts, so there is nothing to export")
    columns = _columns(run)
    lines = [*_header(run, list(columns)), "[Data]", ",".join(f'"{_plain(name)}"' for name in columns)]
    lines += [",".join(row) for row in zip(*columns.values(), strict=True)]
    return "".join(f"{line}\r\n" for line in lines).encode("ascii")


def _columns(run: Loaded) -> dict[str, list[str]]:
    """Return the cells of each column, words last."""
    rows = run.counting().rename(columns={title: f"Set {title}" for title in run.varied().values()})
    names = [str(name) for name in rows.columns]
    cells = {name: [_cell(value) for value in rows[name].tolist()] for name in names}
    words = [name for name in names if not all(is_number(text or "0") for text in cells[name])]
    columns = {COMMENT: _comments(run, rows[RUN].tolist() if run.runs else [run.name] * len(rows))}
    if TIME in names and TIME not in words:
        begin = _offset(run)
        columns[STAMP] = ["" if not text else repr(begin + float(text)) for text in cells[TIME]]
    else:
        columns[STAMP] = [""] * len(rows)
    if KELVIN in names:
        columns[KELVIN] = cells[KELVIN]
    if FIELD in names and FIELD not in words:
        columns[OERSTED] = [_times_ten_thousand(text) for text in cells[FIELD]]
    columns.update({name: cells[name] for name in names if name not in words and name not in columns})
    return {**columns, **{name: cells[name] for name in words}}


def _comments(run: Loaded, of: list[str]) -> list[str]:
    """Name each run in the comment of its first row."""
    named = ["" if place and of[place - 1] == name else name for place, name in enumerate(of)]
    return [_plain(f"{run.name}/{name}" if run.runs and name else name) for name in named]


def _cell(value: Any) -> str:
    """Write a value exactly; nothing for what is not known. Commas end a cell in MultiVu, also between quotes."""
    return cell(value) if isinstance(value, int | float) else _plain(cell(value))


def _times_ten_thousand(text: str) -> str:
    """Return a number times 10 000, which moves its point and loses no digit."""
    return f"{Decimal(text).scaleb(4):f}" if text else ""


def _offset(run: Loaded) -> float:
    """Return the moment at which the run's time was zero, in s since 1970; 0 where no event tells."""
    directories = [run.directory, *(type(run.directory)(run.directory.path / entry["run"]) for entry in run.runs[:1])]
    for directory in reversed(directories):
        for event in directory.events():
            try:
                moment = datetime.fromisoformat(event["utc"]).timestamp()
                return round(moment - float(event["time_s"]), 6)
            except (KeyError, TypeError, ValueError):
                continue
    return 0.0


def _header(run: Loaded, columns: list[str]) -> list[str]:
    asked: Mapping[str, Any] = placeless(with_notes(run.asked, run.directory.path), run.directory.path)
    x = next((name for name in (OERSTED, STAMP) if name in columns), STAMP)
    apart = (COMMENT, STAMP, KELVIN, OERSTED, TIME, FIELD, *(f"Set {title}" for title in run.varied().values()))
    y = next((name for name in columns if name not in apart and unit_of(name)), None)
    lines = ["[Header]", "; Written by labctl; every value is that of the run's data.csv"]
    begun = _begun(asked.get("begun"))
    if begun is not None:
        lines.append(f"FILEOPENTIME, {begun.timestamp()}, {begun:%m/%d/%Y, %H:%M:%S}")
    lines += ["BYAPP, labctl", f"TITLE, {_plain(run.name)}", "DATATYPE, COMMENT,1", "DATATYPE, TIME,2"]
    lines += ["TIMEMODE, SECONDS, RELATIVE", "STARTUPGROUP, All"]
    lines.append(f"STARTUPAXIS, X, {columns.index(x) + 1}, LINEAR, AUTO")
    lines += [f"STARTUPAXIS, Y1, {columns.index(y) + 1}, LINEAR, AUTO"] if y else []
    left_out = len(run.counts) - sum(run.counts)
    known = {
        "RUN": run.name, "PROCEDURE": asked["procedure"]["name"], "SAMPLE_MATERIAL": asked["sample"]["name"],
        "SAMPLE_COMMENT": asked["sample"].get("title", ""), "STATION": asked["station"]["name"],
        "STATUS": run.status, "SIMULATED": "yes" if asked.get("simulated") else "no", "USER": asked.get("user", ""),
        "NOTES": asked.get("notes", ""), "TAGS": "; ".join(asked.get("tags", [])),
        "ROWS_LEFT_OUT_AS_MEASURED_AGAIN": str(left_out) if left_out else "",
        **{f"PARAMETER_{name.upper()}": entry["text"] for name, entry in asked["parameters"].items()},
        **{f"RESULT_{name.upper()}": written(result) for name, result in run.results.items()},
    }  # fmt: skip
    return [*lines, *(f"INFO,{_plain(str(value))},{name}" for name, value in known.items() if value)]


def _begun(text: Any) -> datetime | None:
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (TypeError, ValueError):
        return None


def _plain(text: str) -> str:
    """Return a text in one line of ASCII without commas and quotes, all that MultiVu's files may hold."""
    line = " ".join(text.translate(_PRINTED).replace(",", ";").replace('"', "'").split())
    letters = (letter for letter in unicodedata.normalize("NFKD", line) if not unicodedata.combining(letter))
    return "".join(letters).encode("ascii", "replace").decode()
