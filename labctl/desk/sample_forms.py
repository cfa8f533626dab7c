"""Forms for new sample records, made from the templates, for records that are changed, and the check of both."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_args

from instruments.errors import BadValue, LabError, UsageError
from labctl import paths
from labctl.desk import changing
from labctl.desk.record_words import in_words, named, place
from labctl.desk.samples import own_folder
from labctl.records import looked_at
from labctl.sample import SampleRecord, connection_faults
from labctl.sample_sections import Mounting
from labctl.sample_summary import defaults
from labctl.sample_templates import UNFILLED, Blank, blanks, check_name, filled, layered, template_text, write_at
from labctl.station import Station, load_station

TITLES = {
    "": "What it is", "stack": "Stack, from below", "geometry": "Geometry", "pads": "Pads", "leads": "Leads",
    "mounting": "Mounting", "resistances": "Resistances", "probe": "Probe", "limits": "Limits", "health": "Health",
}  # fmt: skip
"""Tables of a template, and what they are called in a form."""

MOST_LAYERS = 40
_KEY_OF_FAULT = re.compile(r"(?P<section>[a-z_]+): (?P<key>[a-z_]+) ")


def sample_form(template: str, *, runs: str, layers: int = 0, file: str = "") -> dict[str, Any]:
    """Return what has to be asked for a new record, or what stands in one that is to be changed.

    Args:
        template: Name of a template.
        runs: Folder that holds the runs.
        layers: How many layers the stack has; 0 for as many as the template has.
        file: Of the record that is changed, which takes the template's place; "" for a new one.

    Returns:
        {"template", "templates": [name, ...], "folder": where it is written, "layers": n, "was": what tells whether the
        file that is changed is still the same, "" for a new one,
        "sections": [{"name", "title", "hint", "fields": [...]}, ...]}. A field is {"key": "stack[1].thickness",
        "label": "thickness", "layer": 1 or 0, "value": text, "needed": bool, "example": text, "hint": text,
        "choices": [text, ...]}.

    Raises:
        UnknownName: There is no such template.
        UsageError: So many layers cannot be, or the file cannot be read.
    """
    text = _text(template, layers, file)
    found = blanks(text)
    count = max((int(layer) for each in found if (layer := place(each.key)[1])), default=0)
    pads = _pads(text)
    sections: dict[str, list[dict[str, Any]]] = {}
    for blank in found:
        sections.setdefault(place(blank.key)[0], []).append(_field(blank, pads))
    hints = _hints(text)
    return {
        "template": template, "templates": list(paths.template_files()),
        "folder": str(Path(file).parent if file else own_folder(runs)), "was": changing.stamp(file),
        "layers": count, "sections": [
            {"name": name, "title": TITLES.get(name, name), "hint": hints.get(name, ""), "fields": fields}
            for name, fields in sections.items()
        ],
    }  # fmt: skip


def sample_check(
    template: str, *, layers: int, values: dict[str, str], folder: str, file: str = "", station: str = ""
) -> dict[str, Any]:
    """Say what is wrong with what was typed so far, and what follows from it.

    Args:
        template: Name of the template.
        layers: Of the stack.
        values: Texts by key; a key with an empty text is left out of the file.
        folder: Where it is to be written.
        file: Of the record that is changed; "" for a new one.
        station: Whose cables its leads have to fit; "" for none.

    Returns:
        {"faults": {key: sentence}, "others": [sentence, ...], "left": [key, ...] to be filled in, "file", "defaults":
        [{"name", "value", "why"}, ...] once all is there}; sentences call values as the form does.
    """
    faults: dict[str, str] = {}
    others: list[str] = []
    name = values.get("name", "").strip()
    changed, file = file, file or (str(Path(folder) / f"{name}.toml") if name else "")
    text = _text(template, layers, changed)
    known = [blank.key for blank in blanks(text)]
    try:
        data = tomllib.loads(filled(text, {key: value.strip() for key, value in values.items()}))
    except (LabError, tomllib.TOMLDecodeError) as error:
        return {"faults": {}, "others": [str(error)], "left": [], "file": file, "defaults": []}
    record, found = looked_at(data, SampleRecord)
    if record is not None and station:
        faults |= shorts(load_station(station), record)
        others += [] if faults else connection_faults(load_station(station), record)
    for fault in found:
        if UNFILLED not in fault:
            key, said = _key_of(fault, known), in_words(fault, known)
            faults.setdefault(key, said) if key else others.append(said)
    if name and not changed and "name" not in faults and (taken := _taken(name, Path(file))):
        faults["name"] = taken
    left = [_key_of(fault, known) or fault for fault in found if UNFILLED in fault]
    rows = [] if record is None else [{"name": d.name, "value": d.text(), "why": d.why} for d in defaults(record)]
    return {"faults": faults, "others": others, "left": left, "file": file, "defaults": rows}


def sample_write(
    template: str, *, layers: int, values: dict[str, str], folder: str, file: str = "", was: str = "", station: str = ""
) -> dict[str, Any]:
    """Write a record that nothing is wrong with: a new one to `folder`/name.toml, or over the one that is changed.

    Args:
        template: Name of the template.
        layers: Of the stack.
        values: Texts by key, `name` among those of a new one.
        folder: Where a new one is written; it is made if it is not there.
        file: Of the record that is changed, which is kept beside the new one as .old; "" for a new one.
        was: What `sample_form` said of that file.
        station: Whose cables its leads have to fit; "" for none.

    Returns:
        {"file", "name", "kept": where the record is that was there before, "" for a new one}

    Raises:
        UsageError: It has no name or one that is taken, the file is there already or was changed meanwhile, or a value
            is missing or does not fit.
        WriteFailed: The file cannot be written.
    """
    given = {key: value.strip() for key, value in values.items()}
    if not file and not given.get("name"):
        raise UsageError("the record has no name; write what the device is called, e.g. S042-B3")
    path = Path(folder).expanduser()
    if not folder.strip() or not path.is_absolute():
        raise BadValue(f"the folder {folder!r} is no whole path; write e.g. {Path.home() / 'samples'}")
    if file:
        changing.check_same(file, was)
    else:
        check_name(given["name"], path / f"{given['name']}.toml")
    text = _text(template, layers, file)
    told = sample_check(template, layers=layers, values=given, folder=str(path), file=file, station=station)
    wrong = [*told["faults"].values(), *told["others"]]
    if told["left"] and not wrong:
        known = [blank.key for blank in blanks(text)]
        left = [named(key) if key in known else in_words(key, known) for key in told["left"]]
        wrong = [f"{', '.join(left)} {'is' if len(left) == 1 else 'are'} still open"]
    if wrong:
        raise BadValue(f"nothing was written, because {'; also, '.join(wrong)}")
    if file:
        kept = changing.write_over(Path(file), filled(text, given))
        return {"file": file, "name": Path(file).stem, "kept": str(kept)}
    name = given.pop("name")
    write_at(path / f"{name}.toml", name, text, given)
    return {"file": str(path / f"{name}.toml"), "name": name, "kept": ""}


def shorts(station: Station, record: SampleRecord) -> dict[str, str]:
    """Return what is wrong with leads that end on one pad, though an instrument is between them, by their keys."""
    cables, found = station.cables.leads(), dict[str, str]()
    for high, low in station.cables.pairs():
        leads = [cables[end] for end in (high, low) if cables.get(end) in record.leads]
        if len(leads) == 2 and record.leads[leads[0]].pad == record.leads[leads[1]].pad:
            pad = record.leads[leads[1]].pad
            found[f"leads.{leads[1]}"] = (
                f"it ends on the pad {pad}, as lead {leads[0]} does, and station {station.name!r} measures or drives "
                "between the two: a short is no measurement; choose another pad for one of them"
            )
    return found


def _text(template: str, layers: int, file: str = "") -> str:
    text = changing.text_of(file) if file else template_text(template)
    if not layers:
        return text
    if not 1 <= layers <= MOST_LAYERS:
        raise UsageError(f"a stack of {layers} layers cannot be written here; take 1 to {MOST_LAYERS}")
    return layered(text, layers)


def _pads(text: str) -> list[str]:
    """Return the pads of a record, also of one that is no TOML file yet."""
    try:
        return list(tomllib.loads(text).get("pads", {}))
    except tomllib.TOMLDecodeError:
        return []


def _field(blank: Blank, pads: Sequence[str]) -> dict[str, Any]:
    section, layer, rest = place(blank.key)
    return {
        "key": blank.key, "label": rest if section == "leads" else rest.replace(".", " ").replace("_", " "),
        "layer": int(layer or 0), "value": blank.value, "needed": blank.needed, "example": blank.example,
        "hint": blank.hint, "choices": _choices(section, rest, blank.value, pads),
    }  # fmt: skip


def _choices(section: str, rest: str, value: str, pads: Sequence[str]) -> list[str]:
    if section == "leads":
        return [*dict.fromkeys((*pads, value)), ""] if value else [*pads, ""]
    if rest == "rotator_axis":
        return list(get_args(Mounting.model_fields["rotator_axis"].annotation))
    return ["true", "false"] if value in {"true", "false"} else []


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
