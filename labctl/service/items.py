"""What a queue holds: its items, how they stand, and what it does when one fails."""

from __future__ import annotations

import secrets
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from labctl.asked import Asked

State = Literal["waiting", "running", "finished", "failed", "aborted", "refused", "fault", "skipped"]

SCHEMA = 1
"""Version of the file's layout."""
MOST_RETRIES = 10
MOST_CARRIED_ON = 100


class Policy(BaseModel):
    """What a queue does when something goes wrong.

    Attributes:
        after_failure: Whether it stops after a run that did not finish, or skips it and goes on with the next.
        retries: How often a run that failed is carried on before that.
        interrupted: What becomes of a run that was on when the worker ended: it is carried on, or taken as failed.
        carried_on: How often a run is carried on after the death of its worker before it is taken as failed, since it
            may be what they die of; what it is carried on for after failures counts, too, but takes no retry away.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    after_failure: Literal["stop", "skip"] = "stop"
    retries: int = Field(default=0, ge=0, le=MOST_RETRIES)
    interrupted: Literal["resume", "fail"] = "resume"
    carried_on: int = Field(default=3, ge=0, le=MOST_CARRIED_ON)


class Item(BaseModel):
    """One run, or one series, in a queue.

    Attributes:
        id: Its number, which no other item of the queue ever gets.
        asked: What is to be done.
        taken: What numbers without a unit were taken for in it, by what was written.
        state: How it stands.
        added: When it was added, UTC.
        begun: When it was begun last, UTC.
        ended: When it ended, UTC.
        attempts: How often it was begun.
        failures: How often it has failed.
        deaths: How often its worker died while it was on.
        stopping: By whom it is being stopped, "" if by nobody.
        run: Its folder, once it has one.
        error: Why it did not finish, or what else there is to say.
        exit_code: The one that `labctl run` would have.
        points: Rows that were recorded.
        lab_time_s: What it took in the lab.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    asked: Asked
    taken: dict[str, str] = Field(default_factory=dict[str, str])
    state: State = "waiting"
    added: str
    begun: str | None = None
    ended: str | None = None
    attempts: int = 0
    failures: int = 0
    deaths: int = 0
    stopping: str = ""
    run: str | None = None
    error: str | None = None
    exit_code: int | None = None
    points: int = 0
    lab_time_s: float = 0.0


class Book(BaseModel):
    """All that a queue remembers; each change makes another one.

    Attributes:
        version: Of the file's layout.
        name: Distinguishes this queue's items from those of others, in run.json.
        paused: Whether no further run begins.
        why: Why it is paused.
        policy: What follows when something goes wrong.
        last: Number of the item that was added last.
        items: In their order; those that wait are carried out in it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: Literal[1] = Field(default=SCHEMA, alias="schema")
    name: str = Field(default_factory=lambda: secrets.token_hex(4))
    paused: bool = False
    why: str = ""
    policy: Policy = Policy()
    last: int = 0
    items: tuple[Item, ...] = ()

    def mark(self, item: Item) -> str:
        """Return what run.json says of the item that it was measured for."""
        return f"{self.name}/{item.id}"

    def find(self, number: str) -> Item | None:
        """Return an item by its number."""
        return next((item for item in self.items if item.id == number), None)

    def next(self) -> Item | None:
        """Return the item that is to be carried out next."""
        return next((item for item in self.items if item.state == "waiting"), None)
