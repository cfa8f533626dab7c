"""The names, options and help of `labctl queue ...`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from labctl.cli.options import (
    Json,
    Notes,
    Out,
    Over,
    Override,
    Parameters,
    ProcedureArgument,
    RunArgument,
    Station,
    Tags,
)

queues = typer.Typer(
    name="queue",
    help="Fill, look at and steer the queue of a station, which `labctl worker` carries out.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)

Simulated = Annotated[
    bool, typer.Option("--simulate", help="The worker of its simulated twin (also if it is the only one).")
]
Folder = Annotated[
    Path | None, typer.Option("--queue", metavar="DIR", help="Folder of the queue, if the worker was given one.")
]
Number = Annotated[str, typer.Argument(metavar="ID", help="The item's number, as `labctl queue list` shows it.")]
Seed = Annotated[int | None, typer.Option(metavar="N", min=0, help="Seed of the noise; drawn if not given.")]


@queues.command("add")
def add(
    procedure: ProcedureArgument,
    sample: Annotated[str, typer.Option(metavar="NAME", help="Sample record: a name or a file.")] = "",
    seed: Seed = None,
    sample_seed: Annotated[int, typer.Option(metavar="N", min=0, help="Seed of the simulated sample's disorder.")] = 0,
    parameter: Parameters = None,
    user: Annotated[str, typer.Option(metavar="U", help="Who measures; who is logged in without.")] = "",
    notes: Notes = "",
    tag: Tags = None,
    over: Over = None,
    override: Override = None,
    out: Out = Path("runs"),
    rehearse: Annotated[
        bool, typer.Option("--rehearse", help="Rehearse it when its turn comes; it is refused if that is.")
    ] = False,
    station: Station = "ppms",
    simulate: Simulated = False,
    queue: Folder = None,
    json: Json = False,
) -> None:
    """Check a run and add it at the end; options are those of `labctl run`."""
    from labctl.cli import queueing, running

    options = running.Options(
        procedure, station, simulate, sample, seed, sample_seed, parameter or [], over or [], override or [], None,
        user, notes, tag or [], out, json, rehearse,
    )  # fmt: skip
    queueing.add(queueing.Where(station, simulate, queue, json), options)


@queues.command("resume")
def resume(
    run: RunArgument,
    station: Station = "ppms",
    simulate: Simulated = False,
    queue: Folder = None,
    json: Json = False,
) -> None:
    """Check a run that was cut, and add it at the end, to be carried on in its folder."""
    from labctl.cli import queueing

    queueing.resume(queueing.Where(station, simulate, queue, json), run)


@queues.command("list")
def list_(station: Station = "ppms", simulate: Simulated = False, queue: Folder = None, json: Json = False) -> None:
    """Print the queue, and how far the run is that is on."""
    from labctl.cli import queueing

    queueing.list_(queueing.Where(station, simulate, queue, json))


@queues.command("show")
def show(
    number: Number, station: Station = "ppms", simulate: Simulated = False, queue: Folder = None, json: Json = False
) -> None:
    """Print all that is known of an item."""
    from labctl.cli import queueing

    queueing.show(queueing.Where(station, simulate, queue, json), number)


@queues.command("move")
def move(
    number: Number,
    before: Annotated[
        str, typer.Argument(metavar="[BEFORE]", help="In front of this item; to the end without.", show_default=False)
    ] = "",
    station: Station = "ppms",
    simulate: Simulated = False,
    queue: Folder = None,
    json: Json = False,
) -> None:
    """Move an item that waits."""
    from labctl.cli import queueing

    queueing.move(queueing.Where(station, simulate, queue, json), number, before or None)


@queues.command("edit")
def edit(
    number: Number,
    parameter: Parameters = None,
    unset: Annotated[
        list[str] | None, typer.Option(metavar="name", help="Give a parameter its default again; repeatable.")
    ] = None,
    sample: Annotated[str | None, typer.Option(metavar="NAME", help="Another sample record.")] = None,
    seed: Seed = None,
    notes: Annotated[str | None, typer.Option(metavar="T", help="Why, in a sentence.")] = None,
    tag: Tags = None,
    over: Over = None,
    override: Override = None,
    station: Station = "ppms",
    simulate: Simulated = False,
    queue: Folder = None,
    json: Json = False,
) -> None:
    """Change an item that waits, and check it again; what is not named stays."""
    from labctl.cli import queueing

    given = {"sample": sample, "seed": seed, "notes": notes, "tags": tag, "over": over, "overrides": override}
    queueing.edit(queueing.Where(station, simulate, queue, json), number, parameter or [], unset or [], given)


@queues.command("remove")
def remove(
    number: Number, station: Station = "ppms", simulate: Simulated = False, queue: Folder = None, json: Json = False
) -> None:
    """Take an item out that is not on; a run's folder stays."""
    from labctl.cli import queueing

    queueing.order_item(queueing.Where(station, simulate, queue, json), number, "remove")


@queues.command("skip")
def skip(
    number: Number, station: Station = "ppms", simulate: Simulated = False, queue: Folder = None, json: Json = False
) -> None:
    """Leave an item out that waits; `again` brings it back."""
    from labctl.cli import queueing

    queueing.order_item(queueing.Where(station, simulate, queue, json), number, "skip")


@queues.command("again")
def again(
    number: Number, station: Station = "ppms", simulate: Simulated = False, queue: Folder = None, json: Json = False
) -> None:
    """Let an item wait again that was skipped or did not finish; what it has begun is carried on."""
    from labctl.cli import queueing

    queueing.order_item(queueing.Where(station, simulate, queue, json), number, "again")


@queues.command("pause")
def pause(
    now: Annotated[bool, typer.Option("--now", help="The run that is on stands still at its next point, too.")] = False,
    station: Station = "ppms",
    simulate: Simulated = False,
    queue: Folder = None,
    json: Json = False,
) -> None:
    """Let no further run begin; the one that is on goes on to its end, unless --now."""
    from labctl.cli import queueing

    queueing.order(queueing.Where(station, simulate, queue, json), "/pause", now=now)


@queues.command("go")
def go(station: Station = "ppms", simulate: Simulated = False, queue: Folder = None, json: Json = False) -> None:
    """Let runs begin again, and the one that stands go on."""
    from labctl.cli import queueing

    queueing.order(queueing.Where(station, simulate, queue, json), "/go")


@queues.command("abort")
def abort(station: Station = "ppms", simulate: Simulated = False, queue: Folder = None, json: Json = False) -> None:
    """End the run that is on in the safe state; the queue goes on with the next."""
    from labctl.cli import queueing

    queueing.order(queueing.Where(station, simulate, queue, json), "/abort")


@queues.command("stop")
def stop(station: Station = "ppms", simulate: Simulated = False, queue: Folder = None, json: Json = False) -> None:
    """End the run that is on in the safe state, and let no further one begin."""
    from labctl.cli import queueing

    queueing.order(queueing.Where(station, simulate, queue, json), "/stop")


@queues.command("rehearse")
def rehearse(station: Station = "ppms", simulate: Simulated = False, queue: Folder = None, json: Json = False) -> None:
    """Rehearse what waits, each item from where the one before ends: when each ends, and what would be refused.

    A run that is on is not disturbed. Exits with 4 if an item would be refused.
    """
    from labctl.cli import queue_rehearsing, queueing

    queue_rehearsing.rehearse(queueing.Where(station, simulate, queue, json))


@queues.command("policy")
def policy(
    after_failure: Annotated[
        str, typer.Option(metavar="stop|skip", help="After a run that did not finish: stop, or go on with the next.")
    ] = "",
    retries: Annotated[
        int | None, typer.Option(metavar="N", help="How often a run that failed is carried on before that; 0 to 10.")
    ] = None,
    interrupted: Annotated[
        str, typer.Option(metavar="resume|fail", help="A run that was on when the worker ended: carry it on, or not.")
    ] = "",
    carried_on: Annotated[
        int | None,
        typer.Option(metavar="N", help="How often a run is carried on whose worker dies again and again; 0 to 100."),
    ] = None,
    station: Station = "ppms",
    simulate: Simulated = False,
    queue: Folder = None,
    json: Json = False,
) -> None:
    """Say what follows when something goes wrong; without an option, print it."""
    from labctl.cli import queueing

    given = {
        "after_failure": after_failure or None, "retries": retries, "interrupted": interrupted or None,
        "carried_on": carried_on,
    }  # fmt: skip
    queueing.policy(queueing.Where(station, simulate, queue, json), given)
