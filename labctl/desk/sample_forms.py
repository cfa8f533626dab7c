"""Forms for new sample records, made from the templates, and the check of what is typed into them."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_args

from instruments.errors import BadValue, LabError, UsageError
from labctl import paths
from labctl.desk.samples import own_folder
from labctl.records import looked_at
from labctl.sample import SampleRecord
from labctl.sample_sections import Mounting
from labctl.sample_summary import defaults
from labctl.sample_templates import UNFILLED, Blank, blanks, check_name, filled, layered, template_text, write_at

TITLES = {
    "": "What it is", "stack": "Stack, from below", "geometry": "Geometry", "pads": "Pads", "leads": "Leads",
    "mounting": "Mounting", "resistances": "Resistances", "probe": "Probe", "limits": "Limits", "health": "Health",
}  # fmt: skip
"""Tables of a template, and what they are called in a form."""

MOST_LAYERS = 40
_SECTION_OF = re.compile(r"(?:(?P<section>[a-z_]+)(?:\[(?P<layer>\d+)\])?\.)?(?P<rest>.+)")
_KEY_OF_FAULT = re.compile(r"(?P<section>[a-z_]+): (?P<key>[a-z_]+) ")


def sample_form(template: str, *, runs: str, layers: int = 0) -> dict[str, Any]:
    """Return what has to be asked for a new record.

    Args:
        template: Name of a template.
        runs: Folder that holds the runs.
        layers: How many layers the stack has; 0 for as many as the template has.

    Returns:
        {"template", "templates": [name, ...], "folder": where it is written, "layers": n,
        "sections": [{"name", "title", "hint", "fields": [...]}, ...]}. A field is {"key": "stack[1].thickness",
        "label": "thickness", "layer": 1 or 0, "value": text, "needed": bool, "example": text, "hint": text,
        "choices": [text, ...]}.

    Raises:
        UnknownName: There is no such template.
        UsageError: So many layers cannot be.
    """
    text = _text(template, layers)
    found = blanks(text)
    count = max((int(layer) for each in found if (layer := _place(each.key)[1])), default=0)
    pads = list(tomllib.loads(text).get("pads", {}))
    sections: dict[str, list[dict[str, Any]]] = {}
    for blank in found:
        sections.setdefault(_place(blank.key)[0], []).append(_field(blank, pads))
    hints = _hints(text)
    return {
        "template": template, "templates": list(paths.template_files()), "folder": str(own_folder(runs)),
        "layers": count, "sections": [
            {"name": name, "title": TITLES.get(name, name), "hint": hints.get(name, ""), "fields": fields}
            for name, fields in sections.items()
        ],
    }  # fmt: skip


def sample_check(template: str, *, layers: int, values: dict[str, str], folder: str) -> dict[str, Any]:
    """Say what is wrong with what was typed so far, and what follows from it.

    Args:
        template: Name of the template.
        layers: Of the stack.
        values: Texts by key; a key with an empty text is left out of the file.
        folder: Where it is to be written.

    Returns:
        {"faults": {key: sentence}, "others": [sentence, ...], "left": [key, ...] to be filled in, "file", "defaults":
        [{"name", "value", "why"}, ...] once all is there}
    """
    faults: dict[str, str] = {}
    others: list[str] = []
    name = values.get("name", "").strip()
    file = str(Path(folder) / f"{name}.toml") if name else ""
    text = _text(template, layers)
    known = [blank.key for blank in blanks(text)]
    try:
        data = tomllib.loads(filled(text, {key: value.strip() for key, value in values.items()}))
    except (LabError, tomllib.TOMLDecodeError) as error:
        return {"faults": {}, "others": [str(error)], "left": [], "file": file, "defaults": []}
    record, found = looked_at(data, SampleRecord)
    for fault in found:
        if UNFILLED not in fault:
            key = _key_of(fault, known)
            faults.setdefault(key, fault) if key else others.append(fault)
    if name and "name" not in faults and (taken := _taken(name, Path(file))):
        faults["name"] = taken
    left = [_key_of(fault, known) or fault for fault in found if UNFILLED in fault]
    rows = [] if record is None else [{"name": d.name, "value": d.text(), "why": d.why} for d in defaults(record)]
    return {"faults": faults, "others": others, "left": left, "file": file, "defaults": rows}


def sample_write(template: str, *, layers: int, values: dict[str, str], folder: str) -> dict[str, Any]:
    """Write a new record to `folder`/name.toml; what is still open is a "?" in it.

    Args:
        template: Name of the template.
        layers: Of the stack.
        values: Texts by key, `name` among them.
        folder: Where it is written; it is made if it is not there.

    Returns:
        {"file", "name", "left": [sentence, ...]}

    Raises:
        UsageError: It has no name or one that is taken, the file is there already, or a value does not fit.
        WriteFailed: The file cannot be written.
    """
    given = {key: value.strip() for key, value in values.items()}
    name = given.pop("name", "")
    if not name:
        raise UsageError("the record has no name; write what the device is called, e.g. S042-B3")
    path = Path(folder).expanduser()
    if not folder.strip() or not path.is_absolute():
        raise BadValue(f"the folder {folder!r} is no whole path; write e.g. {Path.home() / 'samples'}")
    file = path / f"{name}.toml"
    left = write_at(file, name, _text(template, layers), given)
    return {"file": str(file), "name": name, "left": left}


def _text(template: str, layers: int) -> str:
    text = template_text(template)
    if not layers:
        return text
    if not 1 <= layers <= MOST_LAYERS:
        raise UsageError(f"a stack of {layers} layers cannot be written here; take 1 to {MOST_LAYERS}")
    return layered(text, layers)


def _field(blank: Blank, pads: Sequence[str]) -> dict[str, Any]:
    section, layer, rest = _place(blank.key)
    return {
        "key": blank.key, "label": rest if section == "leads" else rest.replace(".", " ").replace("_", " "),
        "layer": int(layer or 0), "value": blank.value, "needed": blank.needed, "example": blank.example,
        "hint": blank.hint, "choices": _choices(section, rest, blank.value, pads),
    }  # fmt: skip


def _choices(section: str, rest: str, value: str, pads: Sequence[str]) -> list[str]:
    if section == "leads":
        return [*pads, ""]
    if rest == "rotator_axis":
        return list(get_args(Mounting.model_fields["rotator_axis"].annotation))
    return ["true", "false"] if value in {"true", "false"} else []


def _place(key: str) -> tuple[str, str | None, str]:
    """Return the table, the layer's number, and the rest of a key."""
    found = _SECTION_OF.fullmatch(key)
    assert found is not None
    return found["section"] or "", found["layer"], found["rest"]


def _hints(text: str) -> dict[str, str]:
    """Return what a template says above its tables, by table."""
    said: dict[str, str] = {}
    comment: list[str] = []
    for line in text.splitlines():
        if line.startswith("# "):
            comment = [line.removeprefix("# ---- ")] if line.startswith("# ---- ") else [*comment, line[2:]]
        elif line.startswith("["):
            said.setdefault(line.strip("[] "), " ".join(comment))
        else:
            comment = []
    return said


def _key_of(fault: str, known: Sequence[str]) -> str:
    """Return which value a sentence is about, the one with the longest key; "" if none."""
    of = [key for key in known if fault.startswith((f"{key} ", f"{key}:", f"{key}."))]
    if of:
        return max(of, key=len)
    inner = _KEY_OF_FAULT.match(fault)
    key = "" if inner is None else f"{inner['section']}.{inner['key']}"
    return key if key in known else ""


def _taken(name: str, file: Path) -> str:
    try:
        check_name(name, file)
    except UsageError as error:
        return str(error)
    return ""
