"""`labctl note`: what people have to say about a run, during it and after it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from labctl.cli import output
from labctl.cli.places import existing_run


def note(run: Path, text: str, *, tags: Sequence[str], untags: Sequence[str], user: str, json: bool) -> None:
    """Append a note, or print those that are there where nothing is given."""
    from labctl.notes import add_note, read_notes, tags_with
    from labctl.rundir import RunDirectory

    directory = RunDirectory.open(existing_run(run))
    if text.strip() or tags or untags:
        add_note(directory.path, text, user=user, tags=tags, untags=untags)
    notes = read_notes(directory.path)
    has = tags_with(directory.request().get("tags", []), notes)
    if json:
        said = {"run": str(directory.path), "notes": [each.as_dict() for each in notes], "tags": has, "error": None}
        output.print_json(said)
        return
    for each in notes:
        words = [*(f"+{tag}" for tag in each.tags), *(f"-{tag}" for tag in each.untags)]
        output.line(f"{_when(each.utc)}  {each.user}: {' '.join([each.text, *words]).strip()}")
    if not notes:
        output.line("nothing was noted")
    output.line(f"tags: {', '.join(has) or '-'}")


def _when(utc: str) -> str:
    try:
        return datetime.fromisoformat(utc).astimezone().strftime("%Y-%m-%d %H:%M")
    except ValueError:
        return utc
