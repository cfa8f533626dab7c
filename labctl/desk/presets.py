"""Forms that were kept under a name, per experiment: files in the state folder, which can be copied and mailed.

presets/ahe/quick%20look.json      {"schema": 1, "name", "procedure", "asked": {"parameters", "over", "overrides"}}
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote

from instruments.errors import BadValue, DataDamaged, UnknownName
from labctl import paths
from labctl.durable import keep_json

SCHEMA = 1
KEPT = ("parameters", "over", "overrides")
"""What is kept of what is asked; who and why belong to a run."""
LONGEST = 60
"""Letters of a name."""


def presets(procedure: str) -> dict[str, Any]:
    """Return the presets of an experiment: `presets`, name -> what is asked; `faults`: sentences of what is no preset.

    Args:
        procedure: A name, or `mine.py:MyLoop`.
    """
    found: dict[str, Any] = {}
    faults: list[str] = []
    for file in sorted(_folder(procedure).glob("*.json")):
        try:
            name, asked = _read(file)
        except DataDamaged as error:
            faults.append(str(error))
        else:
            found[name] = asked
    return {"presets": found, "faults": faults}


def keep_preset(procedure: str, name: str, asked: dict[str, Any]) -> dict[str, Any]:
    """Keep what is asked under a name, in the place of what had it; return the presets as `presets` does.

    Raises:
        BadValue: The name is empty or too long.
        WriteFailed: The disk does not take it.
    """
    name = name.strip()
    if not name or len(name) > LONGEST:
        raise BadValue(f"the name of a preset has {len(name)} letters, but must have from 1 to {LONGEST}")
    file = _file(procedure, name)
    file.parent.mkdir(parents=True, exist_ok=True)
    kept = {key: asked[key] for key in KEPT if asked.get(key)}
    keep_json(file, {"schema": SCHEMA, "name": name, "procedure": procedure, "asked": kept})
    return presets(procedure)


def drop_preset(procedure: str, name: str) -> dict[str, Any]:
    """Forget a preset; return the others as `presets` does.

    Raises:
        UnknownName: There is none of this name.
    """
    try:
        _file(procedure, name).unlink()
    except FileNotFoundError as error:
        raise UnknownName(f"{procedure} has no preset {name!r}") from error
    return presets(procedure)


def _folder(procedure: str) -> Path:
    return paths.state_folder() / "presets" / quote(Path(procedure).name, safe=" ")


def _file(procedure: str, name: str) -> Path:
    return _folder(procedure) / f"{quote(name, safe=' ')}.json"


def _read(file: Path) -> tuple[str, dict[str, Any]]:
    """Return the name and the content of a preset.

    Raises:
        DataDamaged: It is none.
    """
    try:
        said = cast("dict[str, Any]", json.loads(file.read_text(encoding="utf-8")))
        return str(said["name"]), dict(said["asked"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataDamaged(f"{file} is no preset: {type(error).__name__}: {error}; move it away") from error
