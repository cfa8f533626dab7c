"""What the worker can be asked over HTTP, and what it answers: JSON, and `{"error": a sentence}` where it cannot."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Self

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.types import Receive, Scope, Send

from instruments.errors import DataDamaged, LabError, Refused, UnknownName, UsageError, WriteFailed
from labctl.asked import Asked, Text
from labctl.service.about import About
from labctl.service.hand import NotReady
from labctl.service.items import MOST_CARRIED_ON, MOST_RETRIES, Book, Item, Policy
from labctl.service.manual import Manual
from labctl.service.rehearsing import Rehearsing
from labctl.service.telling import MOST_READERS, Feed
from labctl.service.told import Told
from labctl.service.watching import Watching
from labctl.service.worker import Worker


class Answer(Response):
    """JSON that any text fits into."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        """Write it in ASCII, so that also half a character that somebody sent can be told back."""
        return json.dumps(content, allow_nan=False).encode("ascii")


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class By(_Body):
    """Who asks, for the record."""

    by: Text = Field(default="somebody with the token", max_length=200)


class Pause(By):
    """How to pause."""

    now: bool = False


class Move(_Body):
    """Where to: in front of this item, or to the end."""

    before: Text | None = None


class Resume(_Body):
    """Which run is to be carried on: its folder."""

    run: Text = Field(min_length=1)


class Edit(_Body):
    """What is to be asked for instead; what is not named stays, and a parameter of null goes back to its default."""

    parameters: dict[Text, Text | None] = Field(default_factory=dict[Text, "Text | None"])
    over: list[Text] | None = None
    overrides: list[Text] | None = None
    sample: Text | None = None
    seed: int | None = Field(default=None, ge=0)
    user: Text | None = None
    notes: Text | None = None
    tags: list[Text] | None = None

    def of(self, asked: Asked) -> Asked:
        """Return what is asked for then."""
        given = self.model_dump(exclude_unset=True, exclude={"parameters"})
        merged = {**asked.parameters, **self.parameters}
        kept = {name: value for name, value in merged.items() if value is not None}
        changes = {name: value for name, value in given.items() if value is not None or name == "seed"}
        return Asked.model_validate({**asked.model_dump(), **changes, "parameters": kept})


class Changes(_Body):
    """What is to be another policy; what is not named stays."""

    after_failure: Literal["stop", "skip"] | None = None
    retries: int | None = Field(default=None, ge=0, le=MOST_RETRIES)
    interrupted: Literal["resume", "fail"] | None = None
    carried_on: int | None = Field(default=None, ge=0, le=MOST_CARRIED_ON)


class Speed(_Body):
    """How fast the lab's time is to pass."""

    speed: float = Field(allow_inf_nan=False)


class Switch(_Body):
    """Whether the instruments are looked at between runs; null: while somebody reads the events."""

    on: bool | None


class Hands(By):
    """What is to be done by hand."""

    do: Text
    value: Text | None = None
    rate: Text | None = None
    sample: Text | None = None


@dataclass(frozen=True, slots=True)
class Parts:
    """What a worker consists of.

    Attributes:
        worker: Who carries the queue out.
        about: What there is to say of the station.
        rehearsing: Who rehearses the queue.
        watching: Who knows how the instruments stand.
        manual: Who does what people ask for by hand.
    """

    worker: Worker
    about: About
    rehearsing: Rehearsing
    watching: Watching
    manual: Manual

    @classmethod
    def of(cls, worker: Worker, said: Mapping[str, Any]) -> Self:
        """Return those of a worker, of whose station this is to be said."""
        about = About(said, worker.here.lab, worker.queue.bell)
        watching = Watching(worker, about.sample)
        return cls(worker, about, Rehearsing(worker), watching, Manual(worker, watching, about.sample))


class Stream(Response):
    """Server-sent events, as long as somebody reads them."""

    def __init__(self, feed: Feed) -> None:
        super().__init__(media_type="text/event-stream")
        self._feed = feed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Tell the reader, unless there are too many."""
        if self._feed.full:
            said = {"error": f"{MOST_READERS} programs read the events already; end one of them", "status": "refused",
                    "exit_code": 4}  # fmt: skip
            await Answer(said, status_code=429)(scope, receive, send)
            return
        await self._feed.tell(receive, send)


def make_app(parts: Parts) -> FastAPI:
    """Return the application."""
    worker, about = parts.worker, parts.about
    app = FastAPI(
        title="labctl worker", description="One station and its queue. Reading is free; what changes something needs "
        "the token.", docs_url=None, redoc_url=None, default_response_class=Answer, redirect_slashes=False,
        strict_content_type=False,
    )  # fmt: skip
    _explain_errors(app)
    _add_reading(app, worker, about)
    _add_lab(app, worker, about)
    _add_items(app, worker)
    _add_orders(app, worker)
    _add_rehearsal(app, parts.rehearsing)
    _add_instruments(app, parts.watching, parts.manual)
    told = {
        "station": lambda: about.told, "instruments": lambda: parts.watching.told, "by_hand": lambda: parts.manual.told,
        "field": lambda: worker.field.told,
    }  # fmt: skip
    _add_events(app, Feed(worker, parts.rehearsing, queue_json, told))
    return app


def item_json(item: Item) -> dict[str, Any]:
    """Return an item as it is told."""
    return item.model_dump(mode="json")


def queue_json(book: Book) -> dict[str, Any]:
    """Return a queue as it is told."""
    return {
        "paused": book.paused, "why": book.why, "policy": book.policy.model_dump(mode="json"),
        "items": [item_json(item) for item in book.items],
    }  # fmt: skip


def station_json(worker: Worker, about: About) -> dict[str, Any]:
    """Return a station as it is told."""
    return {**about.told, "on": None if worker.on is None else worker.on["item"]}


def _add_reading(app: FastAPI, worker: Worker, about: About) -> None:
    # These never wait for anything: what they tell is changed as a whole by others.
    @app.get("/station")
    async def station_() -> dict[str, Any]:
        """Tell which station this is, who holds it, and whether a run is on."""
        return station_json(worker, about)

    @app.get("/queue")
    async def queue() -> dict[str, Any]:
        """Tell the queue."""
        return queue_json(worker.queue.book)

    @app.get("/queue/{number}")
    async def item(number: str) -> dict[str, Any]:
        """Tell one item."""
        return item_json(worker.queue.item(number))

    @app.get("/run")
    async def run() -> dict[str, Any]:
        """Tell how far the run is that is on; `run` is null between runs."""
        return {"run": worker.on}


def _add_lab(app: FastAPI, worker: Worker, about: About) -> None:
    @app.post("/lab/speed")
    def speed(wanted: Speed) -> dict[str, Any]:
        """Let the time of the worker's simulated lab pass faster or slower, also while a run is on."""
        about.set_speed(wanted.speed)
        return station_json(worker, about)


def _add_items(app: FastAPI, worker: Worker) -> None:
    @app.post("/queue", status_code=201)
    def add(asked: Asked) -> dict[str, Any]:
        """Check an item, add it at the end, and tell it."""
        return item_json(worker.add(asked))

    @app.post("/queue/resume", status_code=201)
    def resume(which: Resume) -> dict[str, Any]:
        """Check a run that was cut, add an item that carries it on in its folder, and tell it."""
        return item_json(worker.resume(which.run))

    @app.patch("/queue/{number}")
    def edit(number: str, changes: Edit) -> dict[str, Any]:
        """Change an item that waits."""
        return item_json(worker.edit(number, changes.of(worker.queue.item(number).asked)))

    @app.delete("/queue/{number}")
    def remove(number: str) -> dict[str, Any]:
        """Take an item out that is not on."""
        return item_json(worker.queue.remove(number))

    @app.post("/queue/{number}/move")
    def move(number: str, to: Move) -> dict[str, Any]:
        """Move an item that waits."""
        worker.queue.move(number, to.before)
        return queue_json(worker.queue.book)

    @app.post("/queue/{number}/skip")
    def skip(number: str) -> dict[str, Any]:
        """Leave an item out that waits."""
        return item_json(worker.queue.skip(number))

    @app.post("/queue/{number}/again")
    def again(number: str) -> dict[str, Any]:
        """Let an item wait again that was skipped or did not finish."""
        return item_json(worker.queue.again(number))


def _add_orders(app: FastAPI, worker: Worker) -> None:
    @app.post("/pause")
    def pause(how: Pause) -> dict[str, Any]:
        """Let no further run begin; with `now` the run that is on stands still at its next point."""
        worker.pause(how.by, now=how.now)
        return queue_json(worker.queue.book)

    @app.post("/go")
    def go() -> dict[str, Any]:
        """Let the run that stands go on, and further runs begin."""
        worker.go()
        return queue_json(worker.queue.book)

    @app.post("/abort")
    def abort(by: By) -> dict[str, Any]:
        """End the run that is on in the safe state; the queue goes on."""
        return item_json(worker.abort(by.by))

    @app.post("/stop")
    def stop(by: By) -> dict[str, Any]:
        """End the run that is on in the safe state, and let no further one begin."""
        worker.stop(by.by)
        return queue_json(worker.queue.book)

    @app.put("/policy")
    def policy(changes: Changes) -> dict[str, Any]:
        """Change what follows when something goes wrong."""
        given = changes.model_dump(exclude_none=True)
        worker.queue.set_policy(Policy.model_validate({**worker.queue.book.policy.model_dump(), **given}))
        return queue_json(worker.queue.book)


def _add_rehearsal(app: FastAPI, rehearsing: Rehearsing) -> None:
    @app.get("/rehearsal")
    async def rehearsal() -> dict[str, Any]:
        """Tell what is known of the last rehearsal of the queue; null before the first."""
        return {"rehearsal": rehearsing.told}

    @app.post("/rehearsal", status_code=202)
    def rehearse() -> dict[str, Any]:
        """Begin to rehearse what waits; `GET /rehearsal` tells how far it is."""
        return {"rehearsal": rehearsing.start()}

    @app.delete("/rehearsal")
    def stop_rehearsal() -> dict[str, Any]:
        """End the rehearsal that is on."""
        return {"rehearsal": rehearsing.stop()}


def _add_instruments(app: FastAPI, watching: Watching, manual: Manual) -> None:
    @app.get("/instruments")
    async def instruments() -> Mapping[str, Any]:
        """Tell how the instruments stand, as far as it is known without asking them now."""
        return watching.now()

    @app.put("/watching")
    def switch(how: Switch) -> Mapping[str, Any]:
        """Have the instruments looked at between runs, or not."""
        watching.switch(how.on)
        return watching.now()

    @app.post("/manual")
    def by_hand(asked: Hands) -> Mapping[str, Any]:
        """Have temperature, field or angle changed or held, or sources turned off, where no run is in the way."""
        return {**manual.do(asked.model_dump()), "instruments": watching.now()}


def _add_events(app: FastAPI, feed: Feed) -> None:
    @app.get("/events", response_class=Stream, status_code=200)
    async def events() -> Stream:
        """Tell of each change as a server-sent event: `station`, `queue`, `item`, `run` and others."""
        return Stream(feed)


# ---- what is wrong

STATUS = (
    (UnknownName, 404), (DataDamaged, 422), (UsageError, 422), (Refused, 409), (WriteFailed, 507), (NotReady, 409),
)  # fmt: skip


def _explain_errors(app: FastAPI) -> None:
    async def known(request: Request, error: Exception) -> Answer:
        del request
        assert isinstance(error, LabError)
        if isinstance(error, Told):
            status = 409 if error.exit_code in {4, 5} else 422
        else:
            status = next((number for kind, number in STATUS if isinstance(error, kind)), 500)
        said = {"error": str(error), "status": error.status, "exit_code": error.exit_code}
        return Answer(said, status_code=status)

    async def misfit(request: Request, error: Exception) -> Answer:
        del request
        assert isinstance(error, RequestValidationError)
        return Answer({"error": _sentence(error), "status": "failed", "exit_code": 2}, status_code=422)

    async def plain(request: Request, error: Exception) -> Answer:
        assert isinstance(error, HTTPException)
        where = f"{request.method} {request.url.path}"
        words = {
            404: f"{where} is nothing that the worker knows; see /openapi.json",
            405: f"{where} is not possible; see /openapi.json for what is",
        }
        said = words.get(error.status_code, str(error.detail))
        return Answer({"error": said, "status": "failed", "exit_code": 2}, error.status_code, headers=_plain(error))

    app.add_exception_handler(LabError, known)
    app.add_exception_handler(RequestValidationError, misfit)
    app.add_exception_handler(HTTPException, plain)


def _plain(error: HTTPException) -> dict[str, str]:
    return dict(error.headers or {})


def _sentence(error: RequestValidationError) -> str:
    """Say in a sentence what does not fit, of the first thing that does not."""
    first: Mapping[str, Any] = error.errors()[0]
    if first["type"] == "json_invalid":
        return f"the request is no JSON: {first['ctx']['error']}"
    where = ".".join(str(part) for part in first["loc"] if part != "body")
    message = str(first["msg"]).removeprefix("Value error, ")
    return f"{where or 'the request'}: {message[:1].lower()}{message[1:]}"
