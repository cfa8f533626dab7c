"""`labctl record-dialogue`: keep what is said to instruments, and hold it again with simulated ones."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast, get_args

import typer

from instruments.driver import Driver
from instruments.errors import BadValue, InstrumentFault, Refused, UsageError
from labctl.cli import output

if TYPE_CHECKING:
    from labctl.dialogue.replay import Comparison
    from labctl.session import Session


@dataclass(frozen=True, slots=True)
class Options:
    """The options of `labctl record-dialogue`, as they were typed."""

    file: Path
    command: Sequence[str]
    ask: str
    replay: bool
    compare: str
    station: str
    simulate: bool
    sample: str
    seed: int | None
    overrides: Sequence[str]
    json: bool


def record_dialogue(options: Options) -> None:
    """Record a command, ask questions, or replay.

    Raises:
        UsageError: Not exactly one of the three is asked for.
    """
    if options.command and (options.simulate or options.station or options.sample or options.seed is not None):
        raise UsageError(
            f"options of what is recorded go behind it, e.g. `record-dialogue {options.file} -- run ahe --simulate`"
        )
    if bool(options.command) + bool(options.ask) + options.replay != 1:
        raise UsageError(
            "say what to do with the dialogue: `-- run ahe ...` records a command, --ask ROLE sends lines from "
            "standard input, --replay holds it again with simulated instruments"
        )
    if options.replay:
        _replay(options)
    elif options.ask:
        _ask(options)
    else:
        _record(options)


def _record(options: Options) -> None:
    """Carry out another command of labctl, and write down what its instruments hear and say."""
    from labctl.cli.main import run_command
    from labctl.dialogue.recording import recording

    _check_free(options.file)
    with recording(options.file, options.command) as kept:
        code = run_command(options.command)
    for path, writer in zip(kept.paths, kept.writers, strict=True):
        output.line(f"dialogue: {path}, {writer.count} messages")
    if not kept.paths:
        output.complain(f"no instrument was opened, and {options.file} was not written")
    raise typer.Exit(code)


def _check_free(file: Path) -> None:
    """Refuse a file that cannot be made, before anything is measured."""
    if file.exists():
        raise UsageError(f"{file} is there already, and nothing is overwritten; name another file")
    if not file.parent.is_dir():
        raise UsageError(f"the folder {file.parent} of {file.name} is not there; make it, or name another file")


def _ask(options: Options) -> None:
    """Send lines from standard input to one instrument, and print what it says; leave the source safe in any case.

    Raises:
        BadValue: No sample is named, or the station has no such instrument that takes lines of text.
    """
    from labctl.dialogue.recording import recording
    from labctl.limits import parse_overrides
    from labctl.sample import load_sample
    from labctl.session import open_session
    from labctl.station import load_station
    from labctl.station_lock import holding
    from labctl.surroundings import LabStart

    if not options.simulate and not options.sample:
        raise BadValue("the limits of the mounted sample hold here, too; name its record with --sample")
    station = load_station(options.station or "ppms")
    roles = [role for role, instrument in station.instruments.items() if instrument.driver != "multivu"]
    if options.ask not in roles:
        raise BadValue(
            f"--ask is {options.ask!r}, but what takes lines of text at station {station.name!r} is {', '.join(roles)}"
        )
    record = load_sample(options.sample or "cotb2025")
    start = LabStart(secrets.randbits(32) if options.seed is None else options.seed)
    overrides = parse_overrides(options.overrides)
    _check_free(options.file)
    with (
        holding(station, simulate=options.simulate, what=f"record-dialogue --ask {options.ask}") as hold,
        recording(options.file, ("record-dialogue", "--ask", options.ask)) as kept,
        open_session(
            station, record, (options.ask,), simulate=options.simulate, start=start, overrides=overrides, hold=hold
        ) as session,
    ):
        try:
            refused = _ask_lines(session, options.ask)
        finally:
            for fault in session.make_safe():
                output.complain(f"error: {fault}")
    output.line(f"dialogue: {kept.paths[0]}, {kept.writers[0].count} messages")
    if refused:
        raise typer.Exit(Refused.exit_code)


def _ask_lines(session: Session, role: str) -> int:
    """Ask line by line; return how many were refused."""
    from labctl.dialogue.questions import ask

    refused = 0
    driver = session.instruments[role]
    assert isinstance(driver, Driver)
    for answer in ask(driver, session.clock, sys.stdin):
        output.line(f"> {answer.sent}")
        if answer.refused:
            refused += 1
            output.complain(f"error: {answer.refused}")
        elif answer.reply is not None:
            output.line(f"< {answer.reply!r}" if answer.reply else "< nothing came")
    return refused


def _replay(options: Options) -> None:
    """Hold a dialogue again; exit with 5 where simulation and recording part.

    Raises:
        BadValue: There is no such comparison.
    """
    from labctl.dialogue import likeness, replay
    from labctl.dialogue.script import read_dialogue
    from labctl.dialogue.staging import stage

    if options.compare not in get_args(likeness.Level):
        raise BadValue(f"--compare is {options.compare!r}, but must be {', '.join(get_args(likeness.Level))}")
    dialogue = read_dialogue(options.file)
    devices, clock = stage(dialogue, options.station, options.sample, options.seed)
    found = replay.replay(dialogue, devices, clock, cast("likeness.Level", options.compare))
    if not found.replies:
        raise UsageError(f"{options.file} has no reply that could be compared; record one with a question in it")
    if options.json:
        output.print_json({
            "replies": found.replies, "difference": None if found.difference is None else str(found.difference),
            "slowest_s": found.slowest, "slowest_line": found.slowest_line,
        })  # fmt: skip
    elif found.difference is None:
        output.line(f"{found.replies} replies agree; {_timing(found)}")
    else:
        output.line(f"reply {found.replies} is the first that differs: {found.difference}")
    raise typer.Exit(InstrumentFault.exit_code if found.difference else 0)


def _timing(found: Comparison) -> str:
    if not found.slowest_line:
        return "all came when they did in the recording"
    word = "later" if found.slowest > 0 else "sooner"
    return f"the time of line {found.slowest_line} differs most: {abs(found.slowest):.3g} s {word} in simulation"
