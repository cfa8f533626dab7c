"""Paths of this computer, taken out of what leaves it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

SOURCE = "source"
"""Key in run.json of the text of somebody's procedure, which is kept as it was written."""
_POSIX = re.compile(r"(?<![\w.:/~)\]])/(?:[^\s/:;,\"'<>|]+/)+([^\s/:;,\"'<>|]*)")
_WINDOWS = re.compile(r"(?<!\w)(?:[A-Za-z]:[\\/]|\\\\)(?:[^\s\\/:;,\"'<>|]+[\\/])*([^\s\\/:;,\"'<>|]*)")


def without_places(text: str, folder: Path) -> str:
    """Return a text in which each absolute path is only the name of its file.

    Args:
        text: Any text.
        folder: The run's, whose own path is taken out whatever it is called, also with blanks in it.
    """
    if Path(text).is_absolute() and "\n" not in text and Path(text).parent != Path(text):
        return Path(text).name
    for known in (folder.absolute(), folder.absolute().parent, Path.home(), Path.cwd()):
        if len(known.parts) > 1:
            text = text.replace(f"{known}/", "").replace(f"{known}\\", "").replace(str(known), known.name)
    return _WINDOWS.sub(r"\1", _POSIX.sub(r"\1", text))


def placeless(value: Any, folder: Path) -> Any:
    """Return what JSON holds with every path taken out; the source of somebody's procedure is kept as it is."""
    if isinstance(value, str):
        return without_places(value, folder)
    if isinstance(value, Mapping):
        entries = cast("Mapping[str, Any]", value).items()
        return {key: entry if key == SOURCE else placeless(entry, folder) for key, entry in entries}
    if isinstance(value, list):
        return [placeless(entry, folder) for entry in cast("list[Any]", value)]
    return value


def says_places(asked: Mapping[str, Any], folder: Path) -> bool:
    """Whether the source of the run's own procedure has an absolute path in it."""
    source = asked.get("procedure", {}).get(SOURCE)
    return isinstance(source, str) and without_places(source, folder) != source
