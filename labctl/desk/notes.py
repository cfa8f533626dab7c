"""Notes and tags of a run, also of one that is on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from labctl.notes import add_note, read_notes, tags_with
from labctl.rundir import RunDirectory


def note(
    folder: str, *, text: str = "", user: str = "", tags: Sequence[str] = (), untags: Sequence[str] = ()
) -> dict[str, Any]:
    """Append a note to a run.

    Args:
        folder: The run's.
        text: What there is to say.
        user: Who says it.
        tags: Words that the run has from now on.
        untags: Words that it has not any more.

    Returns:
        `notes`: [{utc, user, text, tags, untags}]; `tags`: those that the run has now.

    Raises:
        LabError: It cannot be written; the sentence says why.
    """
    add_note(Path(folder), text, user=user, tags=tags, untags=untags)
    directory = RunDirectory.open(Path(folder))
    notes = read_notes(directory.path)
    had = directory.request().get("tags", [])
    return {"notes": [each.as_dict() for each in notes], "tags": tags_with(had, notes)}
