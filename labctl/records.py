"""What station files and sample records have in common: TOML read, checked, and every fault said in one sentence."""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Self, TypeVar, get_args

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
Hertz = Annotated[float, _read_as("Hz")]
Joule = Annotated[float, _read_as("J")]
Kelvin = Annotated[float, _read_as("K")]
KelvinPerSecond = Annotated[float, _read_as("K/s")]
Metre = Annotated[float, _read_as("m")]
Ohm = Annotated[float, _read_as("ohm")]
PerKelvin = Annotated[float, _read_as("1/K")]
Radian = Annotated[float, _read_as("rad")]
Second = Annotated[float, _read_as("s")]
Tesla = Annotated[float, _read_as("T")]
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
    path = _locate(kind, name, shipped)
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


def _locate(kind: str, name: str | os.PathLike[str], shipped: Mapping[str, Path]) -> Path:
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
    version = data.get("schema")
    if type(version) is not int or version != SCHEMA:  # true is equal to 1, and no version
        said = "says no schema" if version is None else f"has schema {version!r}"
        raise UsageError(f"{kind} {path} {said}, but this labctl reads schema = {SCHEMA}")
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise UsageError(f"{kind} {path}: {_sentence(error, model)}") from None


def suggest(name: str, known: Sequence[str]) -> str:
    """Return the nearest of the known names as "did you mean 'x'? ", or nothing."""
    return _nearest(name, known)


def _nearest(name: str, known: Mapping[str, object] | Sequence[str]) -> str:
    near = difflib.get_close_matches(name, list(known), n=1)
    return f"did you mean {near[0]!r}? " if near else ""


def _sentence(error: ValidationError, model: type[BaseModel]) -> str:
    """Say what is wrong, unknown keys first, since a misspelt key is missing elsewhere."""
    faults = sorted(error.errors(), key=lambda fault: fault["type"] != "extra_forbidden")
    said = list(dict.fromkeys(_fault(dict(fault), model) for fault in faults))
    more = len(said) - MOST_FAULTS
    return "; also, ".join(said[:MOST_FAULTS]) + (f" (and {more} more)" if more > 0 else "")


def _fault(fault: Mapping[str, Any], model: type[BaseModel]) -> str:
    place: tuple[str | int, ...] = fault["loc"]
    key = _dotted(place)
    given: Any = fault["input"]
    match fault["type"]:
        case "extra_forbidden":
            known = _keys(_model_at(model, place[:-1]))
            return f"unknown key {key}; {_nearest(str(place[-1]), known)}known here: {', '.join(known)}"
        case "missing":
            return f"{key} is missing: {_description(_model_at(model, place[:-1]), str(place[-1]))}"
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


def _model_at(model: type[BaseModel], place: Sequence[str | int]) -> type[BaseModel]:
    """Return the table that a place in the file belongs to; names in a table of tables lead no deeper."""
    for part in place:
        field = model.model_fields.get(str(part))
        if field is not None:
            model = _table_in(field.annotation) or model
    return model


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
