"""What station files and sample records have in common: TOML read, checked, and every fault said in one sentence."""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Self, TypeVar, cast, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PrivateAttr, ValidationError, field_validator

from instruments.errors import UnknownName, UsageError
from instruments.units import parse
from labctl.wording import demand

SCHEMA = 1
"""Version of the files that this labctl reads and writes."""

LONGEST_NAME = 60
"""Letters of a record's name, which becomes part of the names of folders."""

MOST_FAULTS = 5
"""Mistakes of a file that are told at once."""

BLANK = "?"
"""What stands in a file for a value that has still to be filled in."""

_TOLD_BY = {"station file": ("instruments", "cables"), "sample record": ("stack", "leads", "mounting")}
"""Tables by which files are told apart, by what they are called."""

Place = tuple[str | int, ...]
"""Keys and numbers in lists that lead to a value."""

_NAME = re.compile(r"[A-Za-z0-9_-](?:[A-Za-z0-9._-]*[A-Za-z0-9_-])?", re.ASCII)


def _read_as(unit: str) -> BeforeValidator:
    """Take a text with a unit, or a bare number in this (SI) unit."""

    def read(value: object) -> float:
        return parse(value, unit)

    return BeforeValidator(read)


Ampere = Annotated[float, _read_as("A")]
AmperePerSecond = Annotated[float, _read_as("A/s")]
AmperePerSquareMetre = Annotated[float, _read_as("A/m^2")]
Farad = Annotated[float, _read_as("F")]
AmpereSquareMetre = Annotated[float, _read_as("A m^2")]
AmpereSquareMetrePerTesla = Annotated[float, _read_as("A m^2/T")]
AmpereSquareMetrePerVolt = Annotated[float, _read_as("A m^2/V")]
Hertz = Annotated[float, _read_as("Hz")]
Joule = Annotated[float, _read_as("J")]
Kelvin = Annotated[float, _read_as("K")]
KelvinPerSecond = Annotated[float, _read_as("K/s")]
Metre = Annotated[float, _read_as("m")]
Ohm = Annotated[float, _read_as("ohm")]
OhmSquareMetre = Annotated[float, _read_as("ohm m^2")]
PerKelvin = Annotated[float, _read_as("1/K")]
Radian = Annotated[float, _read_as("rad")]
Second = Annotated[float, _read_as("s")]
Tesla = Annotated[float, _read_as("T")]
SquareMetre = Annotated[float, _read_as("m^2")]
TeslaPerSecond = Annotated[float, _read_as("T/s")]
Volt = Annotated[float, _read_as("V")]
VoltPerSecond = Annotated[float, _read_as("V/s")]
Watt = Annotated[float, _read_as("W")]


class Section(BaseModel):
    """A table of a file: no unknown keys, nothing changed after it was read."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


@dataclass(frozen=True, slots=True)
class _Origin:
    """The file that a record was read from; where it was found makes it no other record."""

    file: Path | None = field(default=None, compare=False)


class Record(Section):
    """A whole file."""

    _origin: _Origin = PrivateAttr(default=_Origin())
    schema_version: int = Field(alias="schema", description=f"schema = {SCHEMA}, the version of the file's form")
    name: str = Field(min_length=1, description='what it is called, e.g. name = "mine"')
    title: str = Field(default="", description="one line for people")

    @field_validator("name")
    @classmethod
    def _names_a_folder(cls, name: str) -> str:
        if len(name) > LONGEST_NAME or not _NAME.fullmatch(name):
            raise ValueError(
                f"{_short(name)} cannot be part of a folder's name; take at most {LONGEST_NAME} letters (a to z), "
                "digits, -, _ and ., with no . at either end, and write the rest into title"
            )
        return name

    def read_from(self, file: Path) -> Self:
        """Note the file that this was read from, and return itself."""
        self._origin = _Origin(file)
        return self

    @property
    def label(self) -> str:
        """Its name and, where it was read from a file, that file: what a sentence calls it by."""
        return repr(self.name) if self._origin.file is None else f"{self.name!r} ({self._origin.file})"

    def snapshot(self) -> dict[str, Any]:
        """Return what was read, with defaults and in SI units, ready for JSON; reading that gives an equal record."""
        return self.model_dump(mode="json", by_alias=True)


RecordT = TypeVar("RecordT", bound=Record)


def read_record(kind: str, name: str | os.PathLike[str], shipped: Mapping[str, Path], model: type[RecordT]) -> RecordT:
    """Read a file by the name of a shipped one, or by its path.

    Args:
        kind: What such a file is called, e.g. "station file".
        name: A name, or a path: what ends in .toml or has a folder in it is taken for one.
        shipped: The shipped files by name.
        model: What it has to fit.

    Raises:
        UnknownName: No shipped file has this name.
        UsageError: The file is not there, not TOML, or does not fit.
    """
    path = locate(kind, name, shipped)
    return check(kind, read_toml(kind, path), path, model).read_from(path)


def titles(shipped: Mapping[str, Path]) -> dict[str, str]:
    """Return the one line that each file says about itself, by name; nothing of it is checked, so this is quick."""
    return {name: _title(path) for name, path in shipped.items()}


def _title(path: Path) -> str:
    try:
        title = read_toml("file", path).get("title", "")
    except UsageError:
        return "(cannot be read)"
    return title if isinstance(title, str) else ""


def locate(kind: str, name: str | os.PathLike[str], shipped: Mapping[str, Path]) -> Path:
    """Return the file that a name or a path stands for; see `read_record`.

    Raises:
        UnknownName: No file has this name.
    """
    text = os.fspath(name)
    if isinstance(name, os.PathLike) or text.endswith(".toml") or Path(text).name != text:
        return Path(text)
    if text in shipped:
        return shipped[text]
    raise UnknownName(
        f"there is no {kind} {text!r}; {_nearest(text, shipped)}there are {', '.join(shipped)}, "
        "and a file of your own is given by its path, e.g. ./mine.toml"
    )


def read_toml(kind: str, path: Path) -> dict[str, Any]:
    """Return what a TOML file holds.

    Raises:
        UsageError: It cannot be read, is not UTF-8, or not TOML; the sentence names the line.
    """
    if path.exists() and not path.is_file() and not path.is_dir():  # a device may never end, a pipe never begin
        raise UsageError(f"{kind} {path} cannot be read: it is no file but a device, a pipe or the like")
    try:
        text = path.read_bytes().decode("utf-8-sig")  # Windows editors put a mark before the first letter
        return tomllib.loads(text)
    except FileNotFoundError:
        raise UsageError(f"{kind} {path} does not exist; check its path") from None
    except OSError as error:
        raise UsageError(f"{kind} {path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise UsageError(f"{kind} {path} is not UTF-8 text (line {line}); save it as UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{kind} {path} is not TOML: {error}") from error


def check(kind: str, data: Mapping[str, Any], path: Path, model: type[RecordT]) -> RecordT:
    """Return a record of what was read.

    Raises:
        UsageError: It does not fit; the sentence names file, key and value, and what would be right.
    """
    record, found = looked_at(data, model)
    if record is None:
        more = len(found) - MOST_FAULTS
        said = "; also, ".join(found[:MOST_FAULTS]) + (f" (and {more} more)" if more > 0 else "")
        if _other_kind(data, model):
            raise UsageError(f"{path} {said}")
        raise UsageError(f"{kind} {path}{' ' if _wrong_schema(data) else ': '}{said}")
    return record


def looked_at(data: Mapping[str, Any], model: type[RecordT]) -> tuple[RecordT | None, list[str]]:
    """Return the record of what was read, or None and everything that is wrong with it, a sentence each.

    A value that is "?" is one that has still to be filled in. What follows from several values is looked at only when
    each of them fits by itself.
    """
    wrong = _wrong_file(data, model)
    if wrong:
        return None, [wrong]
    plain, blanks = _without_blanks(data)
    unfilled = [_unfilled(place, data, model) for place in blanks]
    try:
        record = model.model_validate(plain)
    except ValidationError as error:
        # Unknown keys first, since a misspelt key is missing elsewhere.
        faults = sorted(error.errors(), key=lambda fault: fault["type"] != "extra_forbidden")
        told = [fault for fault in faults if not _is_of_a_blank(_untagged(fault["loc"], model)[0], blanks)]
        return None, [*dict.fromkeys([*(_fault(dict(fault), model) for fault in told), *unfilled])]
    return (None, unfilled) if unfilled else (record, [])


def _wrong_file(data: Mapping[str, Any], model: type[BaseModel]) -> str:
    """Say that a file is one of another kind, or of another version; "" if it is neither."""
    return _other_kind(data, model) or _wrong_schema(data)


def _other_kind(data: Mapping[str, Any], model: type[BaseModel]) -> str:
    """Say what a file is that has the tables of another kind of file, and none of this one's own."""
    own = next((kind for kind, tables in _TOLD_BY.items() if tables[0] in model.model_fields), None)
    if own is None or any(table in data for table in _TOLD_BY[own]):
        return ""
    for other, tables in _TOLD_BY.items():
        if all(table in data for table in tables):
            option, example = ("--station", "cotb2025") if own == "sample record" else ("--sample", "ppms")
            return f"is a {other}, which goes with {option}; a {own} is wanted here, e.g. {example}"
    return ""


def _wrong_schema(data: Mapping[str, Any]) -> str:
    version = data.get("schema")
    if type(version) is int and version == SCHEMA:  # true is equal to 1, and no version
        return ""
    said = "says no schema" if version is None else f"has schema {version!r}"
    return f"{said}, but this labctl reads schema = {SCHEMA}"


def _without_blanks(value: Any, place: Place = ()) -> tuple[Any, list[Place]]:
    """Return a table without the keys whose value is "?", and where those are."""
    if not isinstance(value, dict | list):
        return value, []
    table = isinstance(value, dict)
    entries = cast("dict[str, Any]", value).items() if table else enumerate(cast("list[Any]", value))
    kept: list[tuple[str | int, Any]] = []
    blanks: list[Place] = []
    for key, entry in entries:
        inner = cast("dict[str, Any]", entry).get("value") if isinstance(entry, dict) else entry
        if inner == BLANK:
            blanks.append((*place, key))
            continue
        plain, found = _without_blanks(entry, (*place, key))
        kept.append((key, plain))
        blanks += found
    return (dict(kept) if table else [entry for _, entry in kept]), blanks


def _is_of_a_blank(place: Place, blanks: Sequence[Place]) -> bool:
    return any(blank[: len(place)] == place for blank in blanks)


def _unfilled(place: Place, data: Mapping[str, Any], model: type[BaseModel]) -> str:
    """Say of a "?" what has to stand there."""
    tagged: list[str | int] = [place[0]]
    choices, table = _choices(model, place[0]), data[str(place[0])]
    if choices and isinstance(table, Mapping):
        tagged.append(str(cast("Mapping[str, Any]", table).get("kind")))
    _, owner = _untagged([*tagged, *place[1:]], model)
    return f"{_dotted(place)} is still to be filled in: {_description(owner, str(place[-1]))}"


def suggest(name: str, known: Sequence[str]) -> str:
    """Return the nearest of the known names as "did you mean 'x'? ", or nothing."""
    return _nearest(name, known)


def _nearest(name: str, known: Mapping[str, object] | Sequence[str]) -> str:
    near = difflib.get_close_matches(name, list(known), n=1)
    return f"did you mean {near[0]!r}? " if near else ""


def _fault(fault: Mapping[str, Any], model: type[BaseModel]) -> str:
    place, owner = _untagged(fault["loc"], model)
    key = _dotted(place)
    given: Any = fault["input"]
    match fault["type"]:
        case "extra_forbidden":
            known = _keys(owner)
            return f"unknown key {key}; {_nearest(str(place[-1]), known)}known here: {', '.join(known)}"
        case "missing":
            return f"{key} is missing: {_description(owner, str(place[-1]))}"
        case "union_tag_invalid":
            tag, known = fault["ctx"]["tag"], fault["ctx"]["expected_tags"].replace(", ", " or ")
            return f"{key}.{_tag_of(fault)} is {_short(tag)}, but must be {known}"
        case "union_tag_not_found":
            first = next(iter(_choices(owner, place[-1]).values()))
            return f"{key}.{_tag_of(fault)} is missing: {_description(first, _tag_of(fault))}"
        case "value_error":
            error = fault["ctx"]["error"]
            return f"{key}: {error}" if key else str(error)
        case _:
            return f"{key} is {_short(given)}, but must {demand(fault)}"


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _dotted(place: Sequence[str | int]) -> str:
    text = ""
    for part in place:
        text += f"[{part + 1}]" if isinstance(part, int) else f".{part}"
    return text.removeprefix(".")


def _keys(model: type[BaseModel]) -> list[str]:
    return [field.alias or name for name, field in model.model_fields.items()]


def _description(model: type[BaseModel], key: str) -> str:
    described = {field.alias or name: field.description for name, field in model.model_fields.items()}
    return described.get(key) or "write it"


def _untagged(place: Sequence[str | int], model: type[BaseModel]) -> tuple[Place, type[BaseModel]]:
    """Return a place as the file has it, and the table that its last key belongs to.

    Where one of several kinds of table may stand, pydantic puts the kind's name behind the key. Names in a table of
    tables lead no deeper.
    """
    kept: list[str | int] = []
    owner, choices = model, dict[str, type[BaseModel]]()
    for part in place:
        if str(part) in choices:
            model, choices = choices[str(part)], {}
            continue
        kept.append(part)
        owner, choices = model, _choices(model, part)
        field = model.model_fields.get(str(part))
        if field is not None and not choices:
            model = _table_in(field.annotation) or model
    return tuple(kept), owner


def _choices(model: type[BaseModel], key: str | int) -> dict[str, type[BaseModel]]:
    """Return the kinds of table that may stand at a key, by what each is called; empty where there is one kind only."""
    field = model.model_fields.get(str(key))
    tag = None if field is None else field.discriminator
    if field is None or not isinstance(tag, str):
        return {}
    tables = [table for table in map(_table_in, get_args(field.annotation)) if table is not None]
    return {str(name): table for table in tables for name in get_args(table.model_fields[tag].annotation)}


def _tag_of(fault: Mapping[str, Any]) -> str:
    return str(fault["ctx"]["discriminator"]).strip("'")


def _table_in(annotation: object) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    found = (_table_in(part) for part in get_args(annotation))
    return next((table for table in found if table is not None), None)


def in_order(values: tuple[float, float]) -> tuple[float, float]:
    """Return lowest and highest of a range.

    Raises:
        ValueError: The first is not below the second.
    """
    if not values[0] < values[1]:
        raise ValueError(f"a range begins with its lowest value, but {values[0]:g} is not below {values[1]:g}")
    return values
