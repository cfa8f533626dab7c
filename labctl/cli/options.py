"""Options and arguments that several commands have."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from instruments.errors import BadValue

Json = Annotated[bool, typer.Option("--json", help="Print exactly one JSON object on stdout.")]
Station = Annotated[str, typer.Option("--station", metavar="S", help="Station: a shipped name or a file.")]
Simulate = Annotated[bool, typer.Option("--simulate", help="Run on the station's simulated twin.")]
Lab = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Use the running lab whose line `labctl simulate` printed.")
]
Sample = Annotated[str, typer.Option("--sample", metavar="NAME", help="Sample record: a shipped name or a file.")]
Out = Annotated[Path, typer.Option(metavar="DIR", help="Folder that holds the runs.")]
ProcedureArgument = Annotated[
    str, typer.Argument(metavar="P", help="The experiment, e.g. ahe or mine.py; `labctl list` names them.")
]
RunArgument = Annotated[Path, typer.Argument(metavar="RUN", help="A run's folder, or its number below runs.")]

Parameters = Annotated[
    list[str] | None, typer.Option("-p", "--parameter", metavar="name=value", help="Set a parameter; repeatable.")
]
Over = Annotated[
    list[str] | None,
    typer.Option(metavar="name=list", help="Measure a series over these values of a parameter; repeatable."),
]
Override = Annotated[
    list[str] | None,
    typer.Option(metavar="LIMIT=VALUE", help="Replace a limit of station or sample; repeatable."),
]
User = Annotated[str, typer.Option(metavar="U", help="Who measures.")]
Notes = Annotated[str, typer.Option(metavar="T", help="Why, in a sentence.")]
Tags = Annotated[list[str] | None, typer.Option(metavar="T", help="A word to find the run by; repeatable.")]
Rehearse = Annotated[
    bool, typer.Option("--rehearse", help="Rehearse it first, and do not begin if the rehearsal is refused.")
]


def seed_from_zero(parameter: typer.CallbackParam, value: int | None) -> int | None:
    """Refuse a seed below zero, in the words in which `labctl.run` does.

    Raises:
        BadValue: It is.
    """
    if value is not None and value < 0:
        raise BadValue(f"{parameter.name} is {value}, but must be a whole number from 0")
    return value


DrawnSeed = Annotated[
    int | None, typer.Option(metavar="N", callback=seed_from_zero, help="Seed of the noise; drawn if not given.")
]
SampleSeed = Annotated[
    int, typer.Option(metavar="N", callback=seed_from_zero, help="Seed of the simulated sample's disorder.")
]
