"""What `labctl run` takes, as data: for the command line, and for a queue that keeps it until its turn comes."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field


def _writable(text: str) -> str:
    """Refuse what no file takes.

    Raises:
        ValueError: The sentence says what.
    """
    if "\0" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise ValueError("holds a zero byte or half a character, which cannot be written down")
    return text


Text = Annotated[str, AfterValidator(_writable)]
Seed = Annotated[int, Field(ge=0)]


class Asked(BaseModel):
    """What a run is asked to do, in the words of the command line.

    Attributes:
        procedure: A name, or `mine.py:MyLoop`.
        parameters: Texts by name, e.g. {"maximum_field": "0.5 T"}.
        over: Makes a series: texts such as "temperature=300:280:-10 K".
        overrides: Limits that are replaced: texts such as "current=1 mA".
        sample: A name or a file; "" for the one of the simulated lab.
        seed: Of what fluctuates in simulation; drawn when None.
        sample_seed: Of the simulated sample's disorder.
        user: Who.
        notes: Why.
        tags: Words to find it by.
        out: Folder that holds the runs.
        any_folder: Whether that folder may be one that is synchronised or on another computer.
        rehearse: Whether it is rehearsed first, and refused where the rehearsal is.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    procedure: Text = Field(min_length=1)
    parameters: dict[Text, Text] = Field(default_factory=dict[Text, Text])
    over: list[Text] = Field(default_factory=list[Text])
    overrides: list[Text] = Field(default_factory=list[Text])
    sample: Text = ""
    seed: Seed | None = None
    sample_seed: Seed = 0
    user: Text = ""
    notes: Text = ""
    tags: list[Text] = Field(default_factory=list[Text])
    out: Text = "runs"
    rehearse: bool = False
    any_folder: bool = False

    @property
    def of_a_file(self) -> bool:
        """Whether the experiment stands in a file of somebody's own."""
        return ".py" in self.procedure
