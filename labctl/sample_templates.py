"""New sample records from templates: text with comments, with a "?" for what nobody but the student knows."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from instruments.errors import BadValue, UnknownName, UsageError, WriteFailed
from labctl import paths, sample_files
from labctl.journal import SIMULATED
from labctl.records import BLANK, looked_at, suggest
from labctl.sample import SampleRecord

UNFILLED = "is still to be filled in"

INSTEAD: Mapping[str, tuple[str, ...]] = {
    "geometry.diameter": ("geometry.width", "geometry.length"),
    "resistances.junction": ("resistances.resistance_area",),
}
"""Keys that are not needed when another one is given."""

_SECTION = re.compile(r"\[(?P<twice>\[)?(?P<name>[a-z_]+)\]\]?\s*")
_LINE = re.compile(r'(?P<off># )?(?P<key>[A-Za-z0-9_.]+) = (?P<value>"[^"]*"|[^\s"{#]+)(?P<gap> *)(?P<comment>#.*)?')
_LEAD = re.compile(r'(?P<key>"[^"]+"|[A-Za-z0-9_-]+) = \{ pad = "(?P<value>[^"]*)" \}')
_EXAMPLE = re.compile(r'e\.g\. "([^"]+)"')


@dataclass(frozen=True, slots=True)
class Blank:
    """One value of a template that can be set.

    Attributes:
        key: As `write_new` takes it; `leads.A` is the pad that the lead A ends on.
        value: What the template says; "" where it leaves that open.
        needed: Whether a record cannot be used without it.
        example: What it may look like; "" where the template shows none.
        hint: What the template says about it.
    """

    key: str
    value: str
    needed: bool
    example: str
    hint: str


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
    return path, write_at(path, name, template_text(template), values)


def write_at(path: Path, name: str, template: str, values: Mapping[str, str]) -> list[str]:
    """Write a record to a file that is not there yet.

    Args:
        path: The file.
        name: What the record is called.
        template: Text of the template.
        values: Texts by key; see `write_new`.

    Returns:
        What is still to be filled in, a sentence each.

    Raises:
        UnknownName: The template has no such key.
        UsageError: The name is taken or cannot be one, or a value does not fit.
        WriteFailed: The file cannot be written.
    """
    check_name(name, path)
    text = filled(template, {"name": name, **values})
    left = _unfilled(text, values)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError:
        raise UsageError(f"{path} is there already and is not written over; take another name") from None
    except OSError as error:
        raise WriteFailed(f"cannot write {path}: {error.strerror}") from error
    return left


def blanks(template: str) -> list[Blank]:
    """Return what can be set in a template's text, in its order."""
    lines = template.splitlines()
    found: list[Blank] = []
    for key, number in _keys(lines):
        line = _LINE.fullmatch(lines[number])
        if line is None:
            lead = _LEAD.fullmatch(lines[number])
            assert lead is not None
            found.append(Blank(key, lead["value"], needed=False, example="", hint=""))
            continue
        off, value = line["off"] is not None, line["value"].strip('"')
        hint = (line["comment"] or "").lstrip("# ")
        shown = _EXAMPLE.search(hint)
        example = value if off else "" if shown is None else shown[1]
        set_here = "" if off or value == BLANK else value
        found.append(Blank(key, set_here, needed=value == BLANK and not off, example=example, hint=hint))
    return found


def layered(template: str, layers: int) -> str:
    """Return a template's text with so many layers: the last one again and again, or as many left out.

    Raises:
        UsageError: It has none.
    """
    lines = template.splitlines()
    starts = [number for number, line in enumerate(lines) if line.strip() == "[[stack]]"]
    if not starts:
        raise UsageError("the record has no [[stack]] to which layers could be added; write one into its file")
    ends = [next((n for n in range(start, len(lines)) if not lines[n].strip()), len(lines)) for start in starts]
    tables = [lines[start:end] for start, end in zip(starts, ends, strict=True)]
    tables = [*tables, *[tables[-1]] * (layers - len(tables))][:layers]
    middle = [line for table in tables for line in (*table, "")]
    return "\n".join([*lines[: starts[0]], *middle, *lines[ends[-1] + 1 :]]) + "\n"


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


def check_name(name: str, path: Path) -> None:
    """Refuse a name that a new record cannot have, or a file that is there.

    Raises:
        UsageError: The sentence says why.
    """
    if Path(name).name != name or name.endswith(".toml"):
        raise UsageError(f"{name!r} is no name: the record is written to {sample_files.FOLDER}/NAME.toml")
    if name.endswith(SIMULATED):
        raise UsageError(f"{name!r} ends in {SIMULATED}, as do the journals of simulated samples; take another name")
    if path.exists():
        raise UsageError(f"{path} is there already and is not written over; take another name")
    taken = sample_files.by_name().get(name)
    if taken is not None:
        raise UsageError(f"there is a sample record {name!r} already, {taken}; take another name")


def template_text(name: str) -> str:
    """Return the text of a template.

    Raises:
        UnknownName: There is no such template.
    """
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
        elif before == "leads." and (lead := _LEAD.fullmatch(line)) is not None:
            yield f"{before}{lead['key'].strip(chr(34))}", number


def _with_value(line: str, value: str) -> str:
    """Return a line with a value in its place; "" leaves the line out."""
    if not value:
        return line if line.startswith("# ") else f"# {line}"
    lead = _LEAD.fullmatch(line)
    if lead is not None:
        return f"{lead['key']} = {{ pad = {json.dumps(value, ensure_ascii=False)} }}"
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
