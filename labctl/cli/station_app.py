"""The names, options and help of the commands for a station: doctor, simulate, worker, record-dialogue."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from labctl.cli.options import DrawnSeed, Json, Lab, Out, Sample, SampleSeed, Station, seed_from_zero

stations = typer.Typer()


@stations.command()
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
    out: Out = Path("runs"),
    json: Json = False,
) -> None:
    """Look at everything that a run needs, and say what to do where something is wrong.

    With a station: its instruments, the link between them, shields and earths, line hum, limits, and the cryostat.
    No current flows, no field or temperature changes, and what is set for a test is set back.
    """
    from labctl.cli import doctor

    asked = doctor.Asked(station=station, simulate=simulate, lab=lab, look_only=look_only, sample=sample, out=out)
    doctor.doctor(asked, json=json)


@stations.command()
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


@stations.command()
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
    lab: Lab = None,
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


@stations.command("record-dialogue")
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
    seed: Annotated[int | None, typer.Option(metavar="N", callback=seed_from_zero, help="Seed of the noise.")] = None,
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
