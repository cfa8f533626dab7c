"""The names, options and help of the commands that look at what was measured."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from labctl.cli.options import Json, RunArgument

data = typer.Typer()


@data.command()
def analyse(
    run: Annotated[Path, typer.Argument(metavar="RUN|FILE", help="A run's folder or number, or a file with a table.")],
    as_: Annotated[
        str, typer.Option("--as", metavar="P", help="Analyse a file from elsewhere as this experiment, e.g. ahe.")
    ] = "",
    column: Annotated[
        list[str] | None,
        typer.Option(
            metavar="name=COLUMN",
            help="Which column of the file is which quantity, e.g. field='Field (Oe)', hall='Rxy:mohm', hall=3:ohm or "
            "current=100uA; repeatable. Guessed where only one column fits.",
        ),
    ] = None,
    rows: Annotated[
        str | None, typer.Option(metavar="FIRST:LAST", help="Rows of the file that count, from 1, both included.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Draw a file's figure here (.png, .pdf, .svg); nothing is written without."),
    ] = None,
    json: Json = False,
) -> None:
    """Analyse a run's data again and draw its figure again, or analyse a table that somebody else measured.

    A run's result.json and figure.png are written anew. Of a file from elsewhere (CSV of any kind, MultiVu .dat), for
    which --as is needed, results are printed and nothing is written.
    """
    from labctl.cli import analysing

    analysing.analyse(run, as_=as_, columns=column or [], rows=rows, out=out, json=json)


@data.command()
def plot(
    run: RunArgument,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write here instead; .png, .pdf or .svg by its ending.")
    ] = None,
    unit: Annotated[str, typer.Option(metavar="UNIT", help="Unit of the field axis: T, mT or Oe.")] = "mT",
) -> None:
    """Draw a run's figure again."""
    from labctl.cli import analysing

    analysing.plot(run, out=out, unit=unit)


@data.command()
def export(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A run's folder, its number below runs, or a .zip of it.")],
    to: Annotated[
        str,
        typer.Option("--to", metavar="csv|netcdf|dat|zip", help="Form of the file; by the ending of --out without."),
    ] = "",
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write here; without, into the current folder, called as the run."),
    ] = None,
    json: Json = False,
) -> None:
    """Write a run into one file: a table for spreadsheets, NetCDF, a data file of MultiVu, or a .zip for a colleague.

    The .zip holds the whole folder, with checksums and without a path of this computer; analyse, plot and labctl.load
    take it as they take the folder.
    """
    from labctl.cli import exporting

    exporting.export(run, to=to, out=out, json=json)


@data.command("tmr-size")
def tmr_size(
    runs: Annotated[
        list[Path],
        typer.Argument(metavar="RUN...", help="Finished runs of tmr-loop, or their numbers."),
    ],
    electrode: Annotated[
        str, typer.Option(metavar="R", help='Sheet resistance of the electrodes, e.g. "50 ohm"; else the records\'.')
    ] = "",
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder for table and figure.")] = Path("runs/tmr-size"),
    json: Json = False,
) -> None:
    """Join loops of tunnel junctions of different size: TMR and resistance times area against the area.

    A junction that has less than ten squares of its electrodes is read wrongly by four wires; its ratio is not called
    TMR. Nothing is measured; DIR gets result.json, sizes.csv and figure.png, written anew each time.
    """
    from labctl.cli import sizes

    sizes.tmr_size(runs, electrode=electrode, out=out, json=json)


@data.command("runs")
def runs_(
    folders: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[DIR...]",
            help="Folders that hold runs; runs without. A series, or its number, is opened.",
            show_default=False,
        ),
    ] = None,
    sample: Annotated[str, typer.Option("--sample", metavar="NAME", help="Of this sample; * is anything.")] = "",
    procedure: Annotated[str, typer.Option(metavar="P", help="Of this experiment; * is anything.")] = "",
    date: Annotated[
        str, typer.Option(metavar="DATE", help="Begun then: 2026-11-21, 2026-11, or from:to, either may be left out.")
    ] = "",
    tag: Annotated[list[str] | None, typer.Option(metavar="T", help="With this tag; repeatable, all of them.")] = None,
    user: Annotated[str, typer.Option(metavar="U", help="Measured by this user; * is anything.")] = "",
    parameter: Annotated[
        list[str] | None,
        typer.Option(
            "-p",
            "--parameter",
            metavar="CONDITION",
            help="On a parameter, e.g. temperature=250:300K or 'maximum_field>=1T'; repeatable.",
        ),
    ] = None,
    result: Annotated[
        list[str] | None,
        typer.Option(metavar="CONDITION", help="On a result, e.g. 'coercive_field_up>50mT' or tmr; repeatable."),
    ] = None,
    status: Annotated[
        str,
        typer.Option(metavar="S", help="That ended so: finished, failed, aborted, running, killed, damaged ..."),
    ] = "",
    note: Annotated[str, typer.Option("--note", metavar="WORDS", help="With these words in its notes.")] = "",
    unfold: Annotated[bool, typer.Option("--unfold", help="Print the runs of each series below it.")] = False,
    json: Json = False,
) -> None:
    """List runs: all, or those of a sample, a day, with a parameter or a result in a range.

    Everything is read from the runs' folders. What is damaged or half-written is listed, with what is wrong.
    """
    from labctl.cli import finding

    looked = finding.Looked(sample, procedure, date, tag or [], user, status, parameter or [], result or [], note)
    finding.runs(folders or [], looked, unfold=unfold, json=json)


@data.command("note")
def note_(
    run: RunArgument,
    text: Annotated[str, typer.Argument(metavar="[TEXT]", help="What there is to say.", show_default=False)] = "",
    tag: Annotated[list[str] | None, typer.Option(metavar="T", help="Give it this tag; repeatable.")] = None,
    untag: Annotated[list[str] | None, typer.Option(metavar="T", help="Take this tag away; repeatable.")] = None,
    user: Annotated[str, typer.Option(metavar="U", help="Who says it; the account's name without.")] = "",
    json: Json = False,
) -> None:
    """Note something about a run, during it or after it; without a text or a tag, print what was noted.

    Notes are appended to notes.jsonl in the run's folder; nothing else in it is touched.
    """
    from labctl.cli import noting

    noting.note(run, text, tags=tag or [], untags=untag or [], user=user, json=json)
