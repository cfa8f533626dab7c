"""The name, options and help of `labctl gui`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from labctl.cli.options import Out

windows = typer.Typer()


@windows.command("gui")
def gui(
    station: Annotated[
        str, typer.Option("--station", metavar="S", help="Station: a shipped name or a file; the last one without.")
    ] = "",
    simulate: Annotated[
        bool, typer.Option("--simulate", help="Its simulated twin, which lives in a process of its own.")
    ] = False,
    sample: Annotated[str, typer.Option(metavar="NAME", help="What is mounted in the simulated station.")] = "",
    speed: Annotated[
        float | None, typer.Option(metavar="X", help="Lab seconds per real second in it; 10 without.")
    ] = None,
    out: Out = Path("runs"),
) -> None:
    """Open the window of a station: measure, watch, queue, and find what was measured.

    It finds the station's worker or begins one. Closing it leaves the worker and its run alone.
    """
    from labctl.cli import showing

    showing.show(station=station, simulate=simulate, sample=sample, speed=speed, out=out)
