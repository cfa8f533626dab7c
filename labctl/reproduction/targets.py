"""The claims of a paper, as its file in `data/targets` states them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from instruments.errors import UnknownName
from labctl import paths
from labctl.records import Record, Section, check, read_toml, suggest
from labctl.reproduction.values import NO, YES, Value


class Also(Section):
    """What has to hold besides, of another number of the same measurement."""

    what: str = Field(min_length=1, description="which number, as the measurement calls it")
    value: float = Field(description="its bound")
    unit: str = Field(min_length=1, description='unit of the bound, "1" for a bare number')
    tolerance_kind: Literal["min", "max"] = Field(description="which of the two it is")


class Target(Section):
    """One claim."""

    id: str = Field(min_length=1, description='e.g. id = "cogd2022-01"')
    where: str = Field(min_length=1, description="where in the paper")
    quantity: str = Field(min_length=1, description="what is claimed of what")
    value: Value = Field(description="what is claimed; of an order 1")
    unit: str = Field(min_length=1, description='"1" for a bare number, "bool" for an order')
    tolerance: float = Field(ge=0, description="by how much a measurement may differ, in the same unit")
    tolerance_kind: Literal["abs", "exact", "sign", "order", "min", "max"] = Field(description="how it is compared")
    why: str = Field(min_length=1, description="why this tolerance")
    conditions: str = Field(min_length=1, description="under which conditions")
    status: Literal["text", "derived", "model"] = Field(description="where the number comes from")
    kind: Literal["input", "calibrated", "predicted"] = Field(description="what an agreement is worth")
    parameters: tuple[str, ...] = ()
    """Parameters of the sample's model that were chosen for it."""
    settings: tuple[str, ...] = ()
    """Settings of the experiment that were chosen for it, where the paper does not state them."""
    kind_why: str = ""
    out_of_reach: str = ""
    """Why this station cannot measure it; empty where it can."""
    also: tuple[Also, ...] = ()

    @model_validator(mode="after")
    def _names_what_was_chosen(self) -> Self:
        chosen = bool(self.parameters or self.settings)
        if chosen != (self.kind == "calibrated"):
            raise ValueError(
                f"{self.id} is {self.kind}; of a calibrated one parameters or settings have to be named, of others none"
            )
        if self.tolerance_kind == "order" and self.value not in {YES, NO}:
            raise ValueError(f"{self.id} is an order, so its value is 1 (as the paper says) or 0, not {self.value}")
        return self


class Paper(Record):
    """The claims of one paper."""

    reference: str = Field(min_length=1, description="authors, journal, year")
    target: tuple[Target, ...] = Field(min_length=1, description="[[target]], a table a claim")

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        ids = [target.id for target in self.target]
        twice = next((one for one in ids if ids.count(one) > 1), None)
        if twice is not None:
            raise ValueError(f"the target {twice} is there twice; give one of them another id")
        return self


def load_paper(name: str, folder: Path | None = None) -> Paper:
    """Read the claims of a paper.

    Args:
        name: As its file is called.
        folder: Where the file is, if not in labctl's own data.

    Raises:
        UnknownName: There is no such paper.
        UsageError: Its file does not fit; the sentence names file, key, value and what would be right.
    """
    files = paths.target_files() if folder is None else {path.stem: path for path in sorted(folder.glob("*.toml"))}
    if name not in files:
        raise UnknownName(
            f"there is no paper {name!r} to reproduce; {suggest(name, [*files])}there are {', '.join(files) or 'none'}"
        )
    path = files[name]
    return check("target file", read_toml("target file", path), Path(os.fspath(path)), Paper)
