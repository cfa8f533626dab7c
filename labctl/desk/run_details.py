"""One run: what was asked, what was found, what happened; and what can be done with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from instruments.errors import LabError, Refused
from labctl.analysis.result import Results
from labctl.asked_again import asked_again
from labctl.catalogue import read_entry
from labctl.desk.history import differing, row_of
from labctl.desk.spelling import readable, spoken
from labctl.export.writing import ENDINGS, export
from labctl.rundir import RunDirectory

TROUBLE = ("warning", "fault", "died", "doubtful", "refused", "interlock")
"""Events that somebody who looks at a run should know."""
MOST_TROUBLE = 50


def run(folder: str) -> dict[str, Any]:
    """Return what there is to say about a run.

    Args:
        folder: Its folder.

    Returns:
        `row` as of the question `runs`; `asked`: [name, text, whether it is not the default] of each parameter;
        `results`: [{name, text, of, note}], the main ones first; `warnings`: sentences; `about`: [name, text];
        `tags`; `notes`: [{utc, user, text, tags, untags}]; `figure`: its file, or null.

    Raises:
        UnknownName: There is no run.
        DataDamaged: run.json is damaged.
    """
    directory = RunDirectory.open(Path(folder))
    said, entry = directory.request(), read_entry(directory.path)
    usual = differing(entry.procedure, entry.parameters)
    own = set(entry.parameters if usual is None else usual)
    return {
        "row": row_of(entry),
        "asked": [
            [name, readable(str(parameter.get("text", ""))), name in own]
            for name, parameter in entry.parameters.items()
        ],
        "results": _results(directory, entry.main),
        "warnings": [spoken(each) for each in (*entry.wrong, *_trouble(directory))],
        "about": _about(said),
        "tags": list(entry.tags),
        "notes": [note.as_dict() for note in entry.added],
        "figure": str(directory.figure_file) if directory.figure_file.is_file() else None,
    }


def _results(directory: RunDirectory, main: Sequence[str]) -> list[dict[str, str]]:
    try:
        found = Results.from_dict(directory.results())
    except (LabError, TypeError, AttributeError):  # read_entry has said so among what is wrong
        return []
    order = sorted(found, key=lambda name: (name not in main, list(found).index(name)))
    return [
        {
            "name": name, "text": "-" if found[name].value is None else spoken(found[name].text()),
            "of": found[name].of,
            "note": spoken("; ".join(text for text in (found[name].why, found[name].note) if text)),
        }
        for name in order
    ]  # fmt: skip


def _trouble(directory: RunDirectory) -> list[str]:
    """Return what went wrong in a run, each sentence once."""
    said: dict[str, None] = {}
    for event in directory.events():
        if event.get("event") in TROUBLE:
            text = next((event[key] for key in ("text", "first", "how", "what") if isinstance(event.get(key), str)), "")
            said[text or str(event["event"])] = None
        elif event.get("event") == "state" and isinstance(event.get("error"), str):
            said[event["error"]] = None
    return list(said)[-MOST_TROUBLE:]


def _about(said: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return where, on what and with what a run was measured."""
    station, sample, git = (_table(said.get(name)) for name in ("station", "sample", "git"))
    about = [
        ("station", f"{station.get('name', '')}: {station.get('title', '')}"),
        ("sample", f"{sample.get('name', '')}: {sample.get('title', '')}"),
        *((f"override of {name}", str(_table(own).get("text"))) for name, own in _table(said.get("overrides")).items()),
        *((role, str(identity).strip()) for role, identity in _table(said.get("instruments")).items()),
        ("seeds", ", ".join(f"{name} {value}" for name, value in _table(said.get("seeds")).items())),
        *((name, str(version)) for name, version in _table(said.get("versions")).items()),
        ("commit", f"{git.get('commit', '')}{', changed since' if git.get('changed') else ''}"),
    ]  # fmt: skip
    return [(name, text.strip(": ")) for name, text in about if text.strip(": ")]


def _table(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def asked_of(folder: str) -> dict[str, Any]:
    """Return what a run was asked to do, as `labctl.asked.Asked` takes it, without what is so by default.

    Raises:
        UnknownName: There is no run.
        DataDamaged: run.json is damaged.
    """
    directory = RunDirectory.open(Path(folder))
    asked = asked_again(directory).model_dump(mode="json")
    entry = read_entry(directory.path)
    own = differing(entry.procedure, entry.parameters)
    if own is not None:
        asked["parameters"] = {name: text for name, text in asked["parameters"].items() if name in own}
    return {"asked": asked, "number": entry.number}


def export_run(folder: str, *, form: str, out: str) -> dict[str, Any]:
    """Write a run into one file.

    Args:
        folder: The run's.
        form: `csv`, `netcdf`, `dat` or `zip`.
        out: A folder, which is made if it is not there, or a file; one that is there is not replaced.

    Returns:
        `file` and `warnings`.

    Raises:
        LabError: It cannot be; the sentence says why.
    """
    target = Path(out).expanduser()
    if target.suffix != ENDINGS[form]:
        target = target / f"{Path(folder).name}{ENDINGS[form]}"
    if target.exists():
        raise Refused(f"{target} is there already; name another file")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Refused(f"{target.parent} cannot be made: {error.strerror}; name another place") from error
    file, warnings = export(Path(folder), form, target)
    return {"file": str(file), "warnings": warnings}


def analyse_run(folder: str) -> dict[str, Any]:
    """Analyse a run again: its result.json and figure.png are written anew.

    Returns:
        `warnings` and `error`, null where all is well.

    Raises:
        Refused: It is on.
        LabError: It cannot be analysed; the sentence says why.
    """
    from labctl.analysed_again import analyse_again, analyse_series_again, procedure_of  # half a second
    from labctl.series_results import is_series

    directory, said = RunDirectory.open(Path(folder)), list[str]()
    if read_entry(directory.path).status == "running":
        raise Refused(f"{directory.path} is on; it is analysed when it has ended")
    if is_series(directory.request()):
        outcome = analyse_series_again(directory, said.append)[0]
    else:
        outcome = analyse_again(directory, procedure_of(directory, directory.request(), said.append))
    return {"warnings": [*said, *outcome.warnings], "error": outcome.error}
