"""The name, options and help of `labctl reproduce`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from labctl.cli.options import Json, SampleSeed, seed_from_zero

papers = typer.Typer()


@papers.command()
def reproduce(
    paper: Annotated[
        str,
        typer.Argument(
            metavar="[PAPER]", help="Whose claims, e.g. cogd2022; of all papers without.", show_default=False
        ),
    ] = "",
    seed: Annotated[int, typer.Option(metavar="N", callback=seed_from_zero, help="Seed of the noise of all runs.")] = 0,
    sample_seed: SampleSeed = 0,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder for runs, rows and report.")] = Path(
        "runs/reproduced"
    ),
    json: Json = False,
) -> None:
    """Measure what a paper claims on the simulated station, and say what agrees.

    Each claim gets a row with what was published, what was measured, and a verdict; settings, what the model was
    calibrated to and what it predicts are counted apart. A page with the figures is written beside the runs.
    """
    from labctl.cli import reproducing

    reproducing.reproduce(paper, seed=seed, sample_seed=sample_seed, out=out, json=json)
