"""The names, options and help of `labctl sample ...`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from labctl.cli.options import Json

samples = typer.Typer(
    name="sample",
    help="Make, look at and check sample records, and keep their journals.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)

Name = Annotated[
    str, typer.Argument(metavar="NAME", help="The record: a name (`labctl list`; samples/NAME.toml is one) or a file.")
]
Out = Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder that holds the runs, and the journals.")]
Simulated = Annotated[
    bool, typer.Option("--simulated", help="The journal of the simulated sample instead, of runs with --lab.")
]


@samples.command("new")
def new(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What the device is called, e.g. S042-B3.")],
    template: Annotated[str, typer.Option(metavar="T", help="hall-bar or junction.")],
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="key=value", help='Fill a value in, e.g. geometry.width="5 um"; repeatable.'),
    ] = None,
    json: Json = False,
) -> None:
    """Write samples/NAME.toml from a template, with a comment at each value; nothing is written over."""
    from labctl.cli import samples as commands

    commands.new(name, template, set_ or [], json=json)


@samples.command("show")
def show(name: Name, simulated: Simulated = False, out: Out = Path("runs"), json: Json = False) -> None:
    """Print a record, the defaults that follow from it, its limits and leads, and what its journal says."""
    from labctl.cli import samples as commands

    commands.show(name, out, simulated=simulated, json=json)


@samples.command("check")
def check(
    name: Name,
    station: Annotated[
        str, typer.Option("--station", metavar="S", help="Hold it to this station's cables and limits, too.")
    ] = "",
    json: Json = False,
) -> None:
    """Say everything that is wrong or missing in a record, a line each.

    The exit code is 0 if it can be used, and 2 if not.
    """
    from labctl.cli import samples as commands

    commands.check(name, station, json=json)


@samples.command("log")
def log(
    name: Name,
    text: Annotated[
        str | None, typer.Argument(metavar="[TEXT]", help="What to write down; without it the journal is printed.")
    ] = None,
    kind: Annotated[str, typer.Option(metavar="K", help="mounting, damage or note; without TEXT, what to print.")] = "",
    user: Annotated[str, typer.Option(metavar="U", help="Who writes.")] = "",
    simulated: Simulated = False,
    out: Out = Path("runs"),
    json: Json = False,
) -> None:
    """Print a sample's journal, or write into it: `labctl sample log S042-B3 "puck 3" --kind mounting`."""
    from labctl.cli import samples as commands

    commands.log(commands.LogOptions(name, text, kind, user, simulated, out), json=json)
