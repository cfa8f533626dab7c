"""Sample records that say only in what they differ from another one, as devices of one chip do.

`based_on = "cogd2022"`, or the path of a file beside this one, takes everything from there that the record itself does
not say. Tables are put together key by key; a value, with its mark, or a list takes the place of the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeGuard, cast

from instruments.errors import UsageError
from labctl import sample_files
from labctl.records import locate, read_toml

KEY = "based_on"
MOST = 5
"""Records in a row that may be based on one another."""


def read(path: Path) -> dict[str, Any]:
    """Return what the file of a sample record holds, with all that it takes from others.

    Raises:
        UnknownName: It is based on a record that there is not.
        UsageError: A file cannot be read, or the records are based on one another without end.
    """
    row = [path]
    data = read_toml(sample_files.KIND, path)
    whole = dict(data)
    while isinstance(name := data.get(KEY), str):
        if len(row) > MOST:
            files = ", ".join(map(str, row))
            raise UsageError(f"sample record {path} is based on more than {MOST} others, {files}; leave some out")
        row.append(_base(name, row[-1]))
        data = read_toml(sample_files.KIND, row[-1])
        whole = _merged({key: value for key, value in data.items() if key != KEY}, whole)
    return whole


def _base(name: str, below: Path) -> Path:
    """Return the file of a base: by its name, or by a path that begins where the record lies."""
    if name.endswith(".toml") or Path(name).name != name:
        return below.parent / name
    return locate(sample_files.KIND, name, sample_files.places(name))


def _merged(base: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    whole = dict(base)
    for key, value in own.items():
        other = whole.get(key)
        whole[key] = _merged(other, value) if _is_section(other) and _is_section(value) else value
    return whole


def _is_section(value: object) -> TypeGuard[dict[str, Any]]:
    """Whether it is a table of values, not a value with its mark."""
    return isinstance(value, dict) and "value" not in cast("dict[str, Any]", value)
