"""New sample records from templates: text with comments, with a "?" for what nobody but the student knows."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

from instruments.errors import BadValue, UnknownName, UsageError, WriteFailed
from labctl import paths, sample_files
from labctl.journal import SIMULATED
from labctl.records import looked_at, suggest
from labctl.sample import SampleRecord

UNFILLED = "is still to be filled in"

INSTEAD: Mapping[str, tuple[str, ...]] = {
    "geometry.diameter": ("geometry.width", "geometry.length"),
    "resistances.junction": ("resistances.resistance_area",),
}
"""Keys that are not needed when another one is given."""

_SECTION = re.compile(r"\[(?P<twice>\[)?(?P<name>[a-z_]+)\]\]?\s*")
_LINE = re.compile(r'(?P<off># )?(?P<key>[a-z_]+) = (?P<value>"[^"]*"|[^\s"{#]+)(?P<gap> *)(?P<comment>#.*)?')


def write_new(name: str, template: str, values: Mapping[str, str]) -> tuple[Path, list[str]]:
    """Write `samples/NAME.toml` from a template.

    Args:
        name: What the record is called.
        template: Name of the template.
        values: Texts by key, e.g. "geometry.width": "5 um"; `stack[2].material` is of the second layer.

    Returns:
        The file, and what is still to be filled in, a sentence each.

    Raises:
        UnknownName: No such template, or the template has no such key.
        UsageError: The name is taken or cannot be one, or a value does not fit.
        WriteFailed: The file cannot be written.
    """
    path = sample_files.own_file(name)
    _check_name(name, path)
    text = filled(_template(template), {"name": name, **values})
    left = _unfilled(text, values)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError:
        raise UsageError(f"{path} is there already and is not written over; take another name") from None
    except OSError as error:
        raise WriteFailed(f"cannot write {path}: {error.strerror}") from error
    return path, left


def filled(template: str, values: Mapping[str, str]) -> str:
    """Return a template's text with values in the places of their keys.

    Raises:
        UnknownName: The template has no such key.
    """
    lines = template.splitlines()
    places = dict(_keys(lines))
    for key, value in values.items():
        if key not in places:
            raise UnknownName(
                f"--set {key}: the template has no such key; {suggest(key, list(places))}it has {', '.join(places)}, "
                "and what else a record may hold is written into the file"
            )
        lines[places[key]] = _with_value(lines[places[key]], value)
    for key, others in INSTEAD.items():
        if key in places and key not in values and any(other in values for other in others):
            lines[places[key]] = f"# {lines[places[key]]}"
    return "\n".join(lines) + "\n"


def _check_name(name: str, path: Path) -> None:
    if Path(name).name != name or name.endswith(".toml"):
        raise UsageError(f"{name!r} is no name: the record is written to {sample_files.FOLDER}/NAME.toml")
    if name.endswith(SIMULATED):
        raise UsageError(f"{name!r} ends in {SIMULATED}, as do the journals of simulated samples; take another name")
    if path.exists():
        raise UsageError(f"{path} is there already and is not written over; take another name")
    taken = sample_files.by_name().get(name)
    if taken is not None:
        raise UsageError(f"there is a sample record {name!r} already, {taken}; take another name")


def _template(name: str) -> str:
    files = paths.template_files()
    if name not in files:
        raise UnknownName(f"there is no template {name!r}; {suggest(name, list(files))}there are {', '.join(files)}")
    return files[name].read_text(encoding="utf-8")


def _keys(lines: list[str]) -> Iterator[tuple[str, int]]:
    """Give the keys that can be set, with the numbers of their lines."""
    before, layers = "", 0
    for number, line in enumerate(lines):
        section, found = _SECTION.fullmatch(line), _LINE.fullmatch(line)
        if section is not None:
            layers += section["twice"] is not None
            before = f"{section['name']}[{layers}]." if section["twice"] else f"{section['name']}."
        elif found is not None and found["key"] not in {"schema", "kind"}:
            yield f"{before}{found['key']}", number


def _with_value(line: str, value: str) -> str:
    found = _LINE.fullmatch(line)
    assert found is not None
    text = value if value in {"true", "false"} else json.dumps(value, ensure_ascii=False)
    if found["comment"] is None:
        return f"{found['key']} = {text}"
    column = len(line) - len(found["comment"])
    return f"{found['key']} = {text}".ljust(column - 2) + f"  {found['comment']}"


def _unfilled(text: str, values: Mapping[str, str]) -> list[str]:
    """Return what is still to be filled in.

    Raises:
        BadValue: One of the values is no text that a file could hold, or does not fit.
    """
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadValue(f"--set {', '.join(values)}: the values make no TOML file ({error})") from error
    found = looked_at(data, SampleRecord)[1]
    wrong = [fault for fault in found if UNFILLED not in fault]
    if wrong:
        raise BadValue(f"nothing was written, because {'; also, '.join(wrong)}")
    return found
