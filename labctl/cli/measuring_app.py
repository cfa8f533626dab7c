"""The names, options and help of the commands that carry an experiment out: run, resume, and rehearse beforehand."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from labctl.cli.options import (
    DrawnSeed,
    Json,
    Lab,
    Notes,
    Out,
    Over,
    Override,
    Parameters,
    ProcedureArgument,
    Rehearse,
    RunArgument,
    Sample,
    SampleSeed,
    Simulate,
    Station,
    Tags,
    User,
)

measurements = typer.Typer()


@measurements.command()
def run(
    procedure: ProcedureArgument,
    station: Station = "ppms",
    simulate: Simulate = False,
    sample: Sample = "",
    seed: DrawnSeed = None,
    sample_seed: SampleSeed = 0,
    parameter: Parameters = None,
    user: User = "",
    notes: Notes = "",
    tag: Tags = None,
    over: Over = None,
    override: Override = None,
    lab: Lab = None,
    rehearse: Rehearse = False,
    out: Out = Path("runs"),
    any_folder: Annotated[
        bool, typer.Option("--any-folder", help="Also where a cloud synchronises it, or on a network drive.")
    ] = False,
    json: Json = False,
) -> None:
    """Run an experiment."""
    from labctl.cli import running

    running.run(
        running.Options(
            procedure, station, simulate, sample, seed, sample_seed, parameter or [], over or [], override or [], lab,
            user, notes, tag or [], out, json, rehearse, any_folder,
        )
    )  # fmt: skip


@measurements.command()
def rehearse(
    procedure: ProcedureArgument,
    station: Station = "ppms",
    simulate: Simulate = False,
    sample: Sample = "",
    seed: DrawnSeed = None,
    sample_seed: SampleSeed = 0,
    parameter: Parameters = None,
    user: User = "",
    notes: Notes = "",
    tag: Tags = None,
    over: Over = None,
    override: Override = None,
    lab: Lab = None,
    out: Out = Path("runs"),
    json: Json = False,
) -> None:
    """Say what a run would take and do to the sample, without running it.

    The same code is run on the station's simulated twin, from the temperature, field and angle that the station is at
    now: these are asked for, and nothing is set. With --simulate the twin begins fresh. Nothing is written.
    """
    from labctl.cli import rehearsing, running

    rehearsing.rehearse(
        running.Options(
            procedure, station, simulate, sample, seed, sample_seed, parameter or [], over or [], override or [], lab,
            user, notes, tag or [], out, json, rehearse=True,
        )
    )  # fmt: skip


@measurements.command()
def resume(
    run: RunArgument,
    station: Annotated[
        str, typer.Option("--station", metavar="S", help="Station in the place of the run's own: a name or a file.")
    ] = "",
    lab: Lab = None,
    override: Override = None,
    rehearse: Rehearse = False,
    json: Json = False,
) -> None:
    """Carry a run on that was cut, in its own folder.

    What is complete is passed over, the rest is measured as it would have been; nothing is rewritten.
    """
    from labctl.cli import running

    running.resume(run, station=station, lab=lab, overrides=override or [], rehearse=rehearse, json=json)
