"""The command line: `labctl` with its commands, in the order in which its help lists them."""

from __future__ import annotations

from typing import Annotated

import typer

from labctl.cli.data_app import data
from labctl.cli.gui_app import windows
from labctl.cli.measuring_app import measurements
from labctl.cli.options import Json, ProcedureArgument
from labctl.cli.queue_app import queues
from labctl.cli.reproduce_app import papers
from labctl.cli.sample_app import samples
from labctl.cli.station_app import stations

app = typer.Typer(
    name="labctl",
    help="Measure spin transport: run experiments on a station, or on its simulated twin.",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

for commands in (measurements, data, papers, stations, samples, queues, windows):
    app.add_typer(commands)


@app.callback()
def _global(
    context: typer.Context,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    context.obj = debug


@app.command("list")
def list_(json: Json = False) -> None:
    """List experiments, stations, samples and drivers."""
    from labctl.cli import listing

    listing.list_all(json=json)


@app.command()
def describe(procedure: ProcedureArgument, json: Json = False) -> None:
    """Say what an experiment does and which parameters it has."""
    from labctl.cli import listing

    listing.describe(procedure, json=json)
