"""The commands' names, options and help."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from instruments.errors import BadValue
from labctl.cli.gui_app import windows
from labctl.cli.queue_app import queues
from labctl.cli.sample_app import samples

app = typer.Typer(
    name="labctl",
    help="Measure spin transport: run experiments on a station, or on its simulated twin.",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

Json = Annotated[bool, typer.Option("--json", help="Print exactly one JSON object on stdout.")]
Station = Annotated[str, typer.Option("--station", metavar="S", help="Station: a shipped name or a file.")]
Sample = Annotated[str, typer.Option("--sample", metavar="NAME", help="Sample record: a shipped name or a file.")]
Parameters = Annotated[
    list[str] | None, typer.Option("-p", "--parameter", metavar="name=value", help="Set a parameter; repeatable.")
]
ProcedureArgument = Annotated[
    str, typer.Argument(metavar="P", help="The experiment, e.g. ahe or mine.py; `labctl list` names them.")
]
RunArgument = Annotated[Path, typer.Argument(metavar="RUN", help="A run's folder, or its number below runs.")]


def _whole(parameter: typer.CallbackParam, value: int | None) -> int | None:
    """Refuse a seed below zero, in the words in which `labctl.run` does.

    Raises:
        BadValue: It is.
    """
    if value is not None and value < 0:
        raise BadValue(f"{parameter.name} is {value}, but must be a whole number from 0")
    return value


DrawnSeed = Annotated[
    int | None, typer.Option(metavar="N", callback=_whole, help="Seed of the noise; drawn if not given.")
]
SampleSeed = Annotated[int, typer.Option(metavar="N", callback=_whole, help="Seed of the simulated sample's disorder.")]

app.add_typer(samples)
app.add_typer(queues)
app.add_typer(windows)


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


User = Annotated[str, typer.Option(metavar="U", help="Who measures.")]
Notes = Annotated[str, typer.Option(metavar="T", help="Why, in a sentence.")]
Tags = Annotated[list[str] | None, typer.Option(metavar="T", help="A word to find the run by; repeatable.")]
Over = Annotated[
    list[str] | None,
    typer.Option(metavar="name=list", help="Measure a series over these values of a parameter; repeatable."),
]
Override = Annotated[
    list[str] | None,
    typer.Option(metavar="LIMIT=VALUE", help="Replace a limit of station or sample; repeatable."),
]
Lab = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Use the running lab whose line `labctl simulate` printed.")
]
Rehearse = Annotated[
    bool, typer.Option("--rehearse", help="Rehearse it first, and do not begin if the rehearsal is refused.")
]
Simulate = Annotated[bool, typer.Option("--simulate", help="Run on the station's simulated twin.")]
Out = Annotated[Path, typer.Option(metavar="DIR", help="Folder that holds the runs.")]


@app.command()
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


@app.command()
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


@app.command()
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


@app.command()
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


@app.command()
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


@app.command()
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


@app.command("tmr-size")
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


@app.command("runs")
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


@app.command("note")
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


@app.command()
def reproduce(
    paper: Annotated[
        str,
        typer.Argument(
            metavar="[PAPER]", help="Whose claims, e.g. cogd2022; of all papers without.", show_default=False
        ),
    ] = "",
    seed: Annotated[int, typer.Option(metavar="N", callback=_whole, help="Seed of the noise of all runs.")] = 0,
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


@app.command()
def doctor(
    station: Annotated[
        str, typer.Option("--station", metavar="S", help="Look at the instruments of this station: name or file.")
    ] = "",
    simulate: Annotated[bool, typer.Option("--simulate", help="Ask the station's simulated twin instead.")] = False,
    lab: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Ask the lab whose line `labctl simulate` printed into FILE."),
    ] = None,
    look_only: Annotated[
        bool, typer.Option("--look-only", help="Only ask: set nothing, not even for a test that is undone.")
    ] = False,
    sample: Annotated[
        str, typer.Option("--sample", metavar="NAME", help="Look at this sample record, and hold the station to it.")
    ] = "",
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder that holds the runs.")] = Path("runs"),
    json: Json = False,
) -> None:
    """Look at everything that a run needs, and say what to do where something is wrong.

    With a station: its instruments, the link between them, shields and earths, line hum, limits, and the cryostat.
    No current flows, no field or temperature changes, and what is set for a test is set back.
    """
    from labctl.cli import doctor

    asked = doctor.Asked(station=station, simulate=simulate, lab=lab, look_only=look_only, sample=sample, out=out)
    doctor.doctor(asked, json=json)


@app.command()
def simulate(
    station: Station = "ppms",
    sample: Sample = "",
    clock: Annotated[
        str,
        typer.Option(metavar="scaled|virtual", help="How time passes: scaled flows by itself, virtual jumps."),
    ] = "scaled",
    speed: Annotated[float, typer.Option(metavar="X", help="Lab seconds per real second.")] = 1.0,
    clock_file: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Keep the clock in this file, so that a worker can change its speed."),
    ] = None,
    seed: DrawnSeed = None,
    sample_seed: SampleSeed = 0,
    host: Annotated[
        str, typer.Option(metavar="ADDRESS", help="Where to listen; by default only this computer can connect.")
    ] = "127.0.0.1",
    port: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=N",
            help="Port of an instrument, multivu or the clock, e.g. source=1394 or multivu=27183, where programs look "
            "that are told nothing; repeatable. Any free one where none is given.",
        ),
    ] = None,
    single_session: Annotated[
        bool, typer.Option("--single-session", help="Let the current source's socket serve one client at a time.")
    ] = False,
    second_client: Annotated[
        str,
        typer.Option(
            metavar="refuse|wait",
            help="What --single-session does with a second client: hang up (as without this), or let it wait.",
        ),
    ] = "",
    stale_session: Annotated[
        float,
        typer.Option(
            metavar="S", help="Lab seconds for which a single session stays taken when its client went without closing."
        ),
    ] = 0.0,
    multivu_version: Annotated[
        str,
        typer.Option(metavar="N.N.N", help="MultiPyVu version that it says it is; that of the installed one if any."),
    ] = "",
    log: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write down every message to an instrument, and the current then."),
    ] = None,
    realistic_latency: Annotated[
        bool, typer.Option("--realistic-latency", help="Let each answer of the MultiPyVu server take 88 ms.")
    ] = False,
    json: Json = False,
) -> None:
    """Serve a simulated station over TCP until Ctrl-C.

    Prints its addresses first, as one line of JSON.
    """
    from labctl.cli import doors, serving

    del json  # the one line is JSON in any case
    served = doors.Doors(
        host, doors.parse_ports(port or []),
        doors.SingleSession(single_session, second_client, stale_session),
        doors.MultiVuOptions(multivu_version, realistic_latency),
    )  # fmt: skip
    serving.simulate(
        station=station, sample=sample, time=serving.LabTime(clock, speed, clock_file), seed=seed,
        sample_seed=sample_seed, doors=served, log=log,
    )  # fmt: skip


@app.command()
def worker(
    station: Station = "ppms",
    simulate: Annotated[
        bool, typer.Option("--simulate", help="Start a simulated lab of the station, and carry the queue out in it.")
    ] = False,
    sample: Annotated[
        str | None, typer.Option(metavar="NAME", help="What is mounted in that lab; cotb2025 without.")
    ] = None,
    clock: Annotated[
        str | None,
        typer.Option(metavar="scaled|virtual", help="How time passes in it: scaled flows by itself, virtual jumps."),
    ] = None,
    speed: Annotated[
        float | None, typer.Option(metavar="X", help="Lab seconds per real second in it; 10 without.")
    ] = None,
    seed: DrawnSeed = None,
    lab: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Use the running lab whose line `labctl simulate` printed.")
    ] = None,
    queue: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder of the queue; one for each station without.")
    ] = None,
    host: Annotated[
        str, typer.Option(metavar="ADDRESS", help="Where to listen; by default only this computer can connect.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(metavar="N", help="Port to listen on; any free one without.")] = 0,
    idle_end: Annotated[
        str | None,
        typer.Option(metavar="T", help="End when for so long, e.g. 15min, nothing is to be done and nobody reads."),
    ] = None,
    json: Json = False,
) -> None:
    """Own a station and carry out its queue until Ctrl-C; `labctl queue` fills it.

    Prints where it can be reached first, as one line of JSON. A run that is on at the end is ended in the safe state,
    and carried on by the next worker.
    """
    from labctl.cli import working

    del json  # the one line is JSON in any case
    options = working.LabOptions(sample, clock, speed, seed)
    working.work(
        station=station, simulate=simulate, options=options, lab=lab, queue=queue, host=host, port=port,
        idle_end=idle_end,
    )  # fmt: skip


@app.command("record-dialogue")
def record_dialogue(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The dialogue: JSON lines with bytes and times.")],
    command: Annotated[
        list[str] | None,
        typer.Argument(metavar="-- COMMAND", help="A command of labctl to record, e.g. -- run ahe --sample mine.toml."),
    ] = None,
    ask: Annotated[
        str, typer.Option("--ask", metavar="ROLE", help="Send lines from standard input to this instrument.")
    ] = "",
    replay: Annotated[
        bool, typer.Option("--replay", help="Hold a recorded dialogue again with simulated instruments.")
    ] = False,
    compare: Annotated[
        str,
        typer.Option(
            metavar="exact|form|kind",
            help="What of a reply has to agree: every byte, the form of its numbers, or only that there are numbers.",
        ),
    ] = "form",
    station: Annotated[str, typer.Option("--station", metavar="S", help="Station: a shipped name or a file.")] = "",
    simulate: Annotated[bool, typer.Option("--simulate", help="Ask the station's simulated twin.")] = False,
    sample: Sample = "",
    seed: Annotated[int | None, typer.Option(metavar="N", callback=_whole, help="Seed of the noise.")] = None,
    override: Annotated[
        list[str] | None,
        typer.Option(metavar="LIMIT=VALUE", help="Replace a limit for --ask; repeatable."),
    ] = None,
    json: Json = False,
) -> None:
    """Keep what is said to instruments, byte by byte; or replay it with simulated ones and find the first difference.

    The replay exits with 5 where simulation and recording part.
    """
    from labctl.cli import dialogues

    dialogues.record_dialogue(
        dialogues.Options(
            file, command or [], ask, replay, compare, station, simulate, sample, seed, override or [], json
        )
    )
