"""How a run is entered: for the first time in a new folder, or again in the folder of a run that was cut.

A run that was cut is carried on where it lies: run.json stays, data.csv and events.jsonl are only appended to.
"""

from __future__ import annotations

import json
import math
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import ValidationError

from instruments.clock import WallClock
from instruments.errors import DataDamaged, UsageError, WriteFailed
from labctl import provenance
from labctl.events import EventLog
from labctl.ledger import History
from labctl.recorder import split_torn_row
from labctl.rundir import RunDirectory, read_rows
from labctl.sample import SampleRecord

if TYPE_CHECKING:
    import pandas as pd

    from labctl.request import Request

LAB_TIME = re.compile(r"(Time|Start \d+|End \d+|.*stamp) \(s\)")
"""Columns that say when something was, in lab time."""

FRESH_LAB = (
    "the simulated lab ended with the process that the run was in: this one is fresh, and so is the sample; its clock "
    "goes on from the last row's time"
)


@dataclass(frozen=True, slots=True)
class Entry:
    """Where and as what a run begins.

    Attributes:
        directory: Its folder.
        description: What run.json says, without the instruments.
        seed: Seed of its random orders.
        noise_seed: Seed of what fluctuates in a simulated lab in this process; another one for each attempt.
        sample_seed: Seed of the simulated sample's disorder.
        attempt: Number of this attempt, from 1.
        start: Lab time in s at which the clock begins.
        history: What earlier attempts left behind.
        note: What somebody who reads the events should know.
        changed: What is not as run.json says, and may differ: the station and the overrides of limits.
    """

    directory: RunDirectory
    description: Mapping[str, Any]
    seed: int
    noise_seed: int
    sample_seed: int
    attempt: int = 1
    start: float = 0.0
    history: History = field(default_factory=History)
    note: str = ""
    changed: Mapping[str, Any] = field(default_factory=dict[str, Any])

    def announce(self, events: EventLog, identities: Mapping[str, str]) -> None:
        """Write into the events what run.json would say, had the run not begun earlier.

        Raises:
            WriteFailed: The operating system does not take it.
        """
        events.write(
            "resumed",
            attempt=self.attempt,
            complete=sorted(self.history.complete),
            start_s=self.start,
            noise_seed=self.noise_seed,
            note=self.note,
            instruments=dict(identities),
            versions=self.description["versions"],
            git=self.description["git"],
            changed=dict(self.changed),
        )


def begin(request: Request, title: str) -> Entry:
    """Make a new folder and write run.json.

    Raises:
        UsageError: The folder cannot be written.
    """
    seed = secrets.randbits(32) if request.seed is None else request.seed
    directory = RunDirectory.create(request.out, title, WallClock().utc().astimezone())
    description = provenance.describe(request, seed)
    return Entry(directory, description, seed, seed, request.sample_seed)


def begin_again(request: Request, path: Path) -> Entry:
    """Find out where a run that was cut stands.

    Raises:
        UnknownName: There is no run.
        UsageError: The run is finished, or something else was asked for in it.
        DataDamaged: Its rows cannot be read.
    """
    directory = RunDirectory.open(path)
    asked = directory.request()
    if asked.get("kind") == "series":
        raise UsageError(
            f"{directory.path} is a series, which cannot be carried on; carry on the run in it that was cut"
        )
    if directory.status() == "finished":
        raise UsageError(f"{directory.path} is finished; there is nothing to carry on")
    seeds = asked.get("seeds")
    if not isinstance(seeds, dict) or not isinstance(seed := seeds.get("seed"), int):
        raise DataDamaged(f"{directory.request_file} says no seed, so the run's random orders cannot be made again")
    description = provenance.describe(request, seed)
    now = json.loads(json.dumps(description))
    _check_same(directory, asked, now, request)
    (rows, size), events = _rows(directory), directory.events()
    history = History.read(rows, size, events)
    attempt = max(1, history.attempts) + 1
    fresh = request.simulate and request.lab is None
    return Entry(
        directory,
        description,
        seed,
        int(np.random.SeedSequence([seed, attempt]).generate_state(1)[0]),
        int(seeds.get("sample_seed", request.sample_seed)),
        attempt,
        _lab_time(rows, events, fresh=fresh),
        history,
        FRESH_LAB if fresh else "",
        {name: now[name] for name in ("station", "overrides") if asked.get(name) != now[name]},
    )


def keep_torn_bytes(events: EventLog, file: Path, torn: bytes) -> None:
    """Keep what is about to be cut off a file's end."""
    events.write("torn", file=file.name, bytes=torn.hex())


def mend_events(directory: RunDirectory) -> None:
    """End a torn last line of events.jsonl, so that what is appended stands on a line of its own.

    Raises:
        WriteFailed: The operating system does not take it.
    """
    path = directory.events_file
    if not path.exists() or not split_torn_row(path.read_bytes())[1]:
        return
    try:
        with path.open("ab") as file:
            file.write(b"\n")
    except OSError as error:
        raise WriteFailed(f"cannot write to {path}: {error.strerror}") from error


def _check_same(directory: RunDirectory, asked: Mapping[str, Any], now: Mapping[str, Any], request: Request) -> None:
    """Refuse to go on with another experiment than the one that was begun."""
    for what, then, there in (
        ("procedure", asked.get("procedure", {}).get("class"), now["procedure"]["class"]),
        *_parameters(asked.get("parameters", {}), now["parameters"]),
        ("sample", _with_new_keys(asked.get("sample")), now["sample"]),
        ("simulation", asked.get("simulated"), now["simulated"]),
    ):
        if then != there:
            words = "" if what == "sample" else f": it was begun with {then}, not {there}"
            raise UsageError(f"{directory.path} cannot be carried on with another {what}{words}; begin a new run")
    then = asked["seeds"].get("sample_seed")
    if request.lab is not None and then is not None and then != request.sample_seed:
        raise UsageError(
            f"{directory.path} was begun on the simulated sample with the seed {then}, but the lab has the one with "
            f"{request.sample_seed}; start it with `--sample-seed {then}`"
        )


def _with_new_keys(sample: Any) -> Any:
    """Return a sample's record as it was kept, with what records say since then where they say nothing."""
    try:
        return SampleRecord.model_validate(sample).snapshot()
    except ValidationError:  # another one, whatever it is
        return sample


def _parameters(then: Mapping[str, Any], now: Mapping[str, Any]) -> Sequence[tuple[str, Any, Any]]:
    names = dict.fromkeys((*then, *now))
    return [(name, then.get(name, {}).get("value"), now.get(name, {}).get("value")) for name in names]


def _rows(directory: RunDirectory) -> tuple[pd.DataFrame, int]:
    """Read all rows, and how many bytes they are; none where the file was cut before the names of its columns."""
    import pandas as pd

    path = directory.data_file
    whole = split_torn_row(path.read_bytes())[0] if path.exists() else b""
    if all(line.startswith(b"#") for line in whole.splitlines()):
        return pd.DataFrame(columns=["Block", "Attempt"]), 0
    return read_rows(path)[0], len(whole)


def _lab_time(rows: pd.DataFrame, events: Sequence[Mapping[str, Any]], *, fresh: bool) -> float:
    """Return the lab time in s that it is now: the latest that the run knows of, and on hardware what passed since."""
    columns = [name for name in rows.columns if LAB_TIME.fullmatch(str(name))]
    moments = [moment for name in columns for moment in rows[name].tolist() if math.isfinite(moment)]
    latest = max(moments, default=0.0)
    told = [event for event in events if isinstance(event.get("time_s"), int | float)]
    if fresh or not told:
        return max([latest, *(float(event["time_s"]) for event in told)])
    last = max(told, key=lambda event: float(event["time_s"]))
    since = (WallClock().utc() - datetime.fromisoformat(str(last["utc"]))).total_seconds()
    return max(latest, float(last["time_s"]) + max(0.0, since))


def time_of(directory: RunDirectory) -> float:
    """Return the lab time in s that it is now, by the last event and what passed since."""
    told = [event for event in directory.events() if isinstance(event.get("time_s"), int | float)]
    if not told:
        return 0.0
    since = (WallClock().utc() - datetime.fromisoformat(str(told[-1]["utc"]))).total_seconds()
    return float(told[-1]["time_s"]) + (max(0.0, since) if since < 86400.0 else 0.0)  # a virtual clock has its own date
