"""What the worker answers over HTTP: to those who may only read, to strangers, and to whatever nonsense is sent."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import AsyncGenerator, Mapping
from functools import partialmethod
from pathlib import Path
from typing import Any

import httpx
import pytest

from labctl.asked import Asked
from labctl.service import measuring
from labctl.service.crew import Crew
from labctl.service.door import LONGEST, Door
from labctl.service.queue import Queue
from labctl.service.web import Parts, make_app
from labctl.service.worker import Here, Worker

TOKEN = "a-token"
ITEM = {"procedure": "ahe", "parameters": {"maximum_field": "0.15 T"}}


class Client:
    """Asks an application in this process; what it raises, this raises."""

    def __init__(self, app: Any, headers: Mapping[str, Any]) -> None:
        self.app = app
        self._headers = headers

    def request(self, method: str, path: str, **content: Any) -> httpx.Response:
        """Ask."""

        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(self.app)
            base = "http://127.0.0.1:4000"
            async with httpx.AsyncClient(transport=transport, base_url=base, headers=self._headers) as client:
                return await client.request(method, path, **content)

        return asyncio.run(ask())

    get = partialmethod(request, "GET")
    post = partialmethod(request, "POST")
    put = partialmethod(request, "PUT")
    patch = partialmethod(request, "PATCH")
    delete = partialmethod(request, "DELETE")


class CheckedHere(Crew):
    """Checks in this process what a process of its own would."""

    def check(self, asked: Asked, task: Mapping[str, Any]) -> Mapping[str, Any]:
        """Check it."""
        return measuring.checked({**task, "asked": asked.model_dump(mode="json")})

    def check_resuming(self, run: str, task: Mapping[str, Any]) -> Mapping[str, Any]:
        """Check it."""
        return measuring.checked({**task, "run": run})


@pytest.fixture
def worker(tmp_path: Path) -> Worker:
    """One that has begun nothing."""
    worker = Worker(Here("ppms", True, None, None, tmp_path), Queue(tmp_path))
    worker.crew = CheckedHere()
    return worker


@pytest.fixture
def client(worker: Worker) -> Client:
    """Somebody with the token."""
    app = Door(make_app(Parts.of(worker, {"station": "ppms"})), TOKEN, "127.0.0.1")
    return Client(app, {"Authorization": f"Bearer {TOKEN}"})


def add(client: Client, **changes: Any) -> dict[str, Any]:
    answer = client.post("/queue", json={**ITEM, **changes})
    assert answer.status_code == 201, answer.text
    return answer.json()


def order(client: Client) -> list[str]:
    return [item["id"] for item in client.get("/queue").json()["items"]]


def test_an_item_goes_through_the_queue(client: Client) -> None:
    assert client.get("/queue").json()["items"] == []
    for number in range(3):
        item = add(client, notes=f"number {number}", out="somewhere", parameters={"maximum_field": "0.15"})
        assert item["taken"] == {"maximum_field=0.15": "0.15 T"}
        assert (item["state"], item["id"]) == ("waiting", str(number + 1))
        assert Path(item["asked"]["out"]).is_absolute()
    assert client.post("/queue/3/move", json={"before": "1"}).status_code == 200
    assert order(client) == ["3", "1", "2"]
    changed = client.patch("/queue/1", json={"parameters": {"loops": "2", "maximum_field": None}, "notes": "twice"})
    assert (changed.json()["asked"]["parameters"], changed.json()["taken"]) == ({"loops": "2"}, {})
    assert client.get("/queue/1").json()["asked"]["notes"] == "twice"
    assert client.post("/queue/2/skip").json()["state"] == "skipped"
    assert client.post("/queue/2/again").json()["state"] == "waiting"
    assert client.delete("/queue/3").json()["id"] == "3"
    assert order(client) == ["1", "2"]
    assert client.post("/pause", json={"by": "LW"}).json()["why"] == "paused by LW"
    assert client.post("/go").json()["paused"] is False
    policy = client.put("/policy", json={"after_failure": "skip", "retries": 3}).json()["policy"]
    assert policy == {"after_failure": "skip", "retries": 3, "interrupted": "resume", "carried_on": 3}
    assert client.get("/run").json() == {"run": None}
    assert client.get("/station").json() == {"station": "ppms", "lab": None, "on": None}
    assert "/queue/{number}/move" in client.get("/openapi.json").json()["paths"]


CHANGING = [
    ("POST", "/queue"), ("POST", "/queue/resume"), ("PATCH", "/queue/1"), ("DELETE", "/queue/1"),
    ("POST", "/queue/1/move"),
    ("POST", "/queue/1/skip"), ("POST", "/queue/1/again"), ("POST", "/pause"), ("POST", "/go"), ("POST", "/abort"),
    ("POST", "/stop"), ("PUT", "/policy"), ("POST", "/rehearsal"), ("DELETE", "/rehearsal"),
    ("POST", "/lab/speed"), ("PUT", "/watching"), ("POST", "/manual"),
]  # fmt: skip


def test_every_way_to_change_something_is_tried_here(client: Client) -> None:
    said = client.get("/openapi.json").json()["paths"]
    known = {(method.upper(), path.replace("{number}", "1")) for path, ways in said.items() for method in ways}
    assert {each for each in known if each[0] != "GET"} == set(CHANGING)


@pytest.mark.parametrize("said", [None, "Bearer", "Bearer wrong", f"Basic {TOKEN}", TOKEN, "Bearer \xff"])
def test_without_the_token_one_reads_and_changes_nothing(said: str | None, client: Client) -> None:
    add(client)
    headers = {} if said is None else {"Authorization": said.encode("latin-1")}
    stranger = Client(client.app, headers)
    for path in ("/queue", "/queue/1", "/run", "/station", "/rehearsal", "/openapi.json"):
        assert stranger.get(path).status_code == 200
    for method, path in CHANGING:
        answer = stranger.request(method, path, json={})
        assert answer.status_code == 401
        assert answer.json()["error"].startswith("nothing is changed without the token")
    assert order(client) == ["1"]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "evil.example"}, 421), ({"Host": "127.0.0.1.evil.example:4000"}, 421), ({"Host": "[::1"}, 421),
        ({"Host": "user@evil.example"}, 421), ({"Host": ""}, 421), ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403), ({"Origin": "http://127.0.0.1:4001"}, 403), ({"Host": "localhost:4000"}, 200),
        ({"Host": "[::1]:4000"}, 200), ({"Origin": "http://127.0.0.1:4000"}, 200),
    ],
)  # fmt: skip
def test_a_web_page_of_somebody_else_cannot_ask(headers: dict[str, str], status: int, client: Client) -> None:
    assert client.get("/queue", headers=headers).status_code == status
    assert client.post("/go", headers=headers).status_code == status


@pytest.mark.parametrize(
    ("item", "status", "words"),
    [
        ({"procedure": "ahee"}, 422, "did you mean"),
        ({"parameters": {"maximum_fild": "1 T"}}, 422, "ahe has no parameter 'maximum_fild'; did you mean"),
        ({"parameters": {"maximum_field": "1 K"}}, 422, "1 K is not a magnetic field"),
        ({"parameters": {"maximum_field": "50 T"}}, 409, "above the limit of station 'ppms', 9 T"),
        ({"parameters": {"maximum_field": 1}}, 422, "parameters.maximum_field: input should be a valid string"),
        ({"over": ["maximum_field=0.1, 50 T"], "parameters": {}}, 409, "run 2 of 2 (maximum_field 50.0 T): the field"),
        ({"sample": "no-such"}, 422, "no-such"),
        ({"seed": -1}, 422, "seed: input should be greater than or equal to 0"),
        ({"overrides": ["curent=1 mA"]}, 422, "curent"),
        ({"surprise": 1}, 422, "surprise: extra inputs are not permitted"),
        ({"notes": "\udcff"}, 422, "notes: holds a zero byte or half a character"),
    ],
)
def test_what_cannot_run_is_refused_when_it_is_added(
    item: dict[str, Any], status: int, words: str, client: Client
) -> None:
    answer = client.post("/queue", content=json.dumps({**ITEM, **item}))
    assert (answer.status_code, words in answer.json()["error"]) == (status, True), answer.text
    assert answer.json()["exit_code"] == (4 if status == 409 else 2)
    assert order(client) == []


DEEP = b"[" * 50_000
NONSENSE = [
    b"", b"{", b"null", b"[]", b"1", b'"x"', b"\xff\xfe", b'{"by": 1}', b'{"by": "' + b"x" * 300 + b'"}', b'{"": {}}',
    b'{"before": 7}', b'{"before": "\\ud800"}', b'{"retries": 1e999}', b'{"retries": NaN}', b'{"retries": -1}',
    b'{"carried_on": 101}',
    b'{"after_failure": "perhaps"}', b'{"now": "yes"}', b'{"procedure": "\\u0000"}', b'{"procedure": "../../x.py"}',
    b'{"parameters": {"loops": null}, "over": {}}', b'{"parameters": {"\\ud800": "1"}}', b'{"out": "\\u0000"}',
    b'{"procedure": "ahe", "sample": "\\u0000"}', b'{"procedure": "ahe", "seed": 1e400}', DEEP,
    b"x" * (LONGEST + 1),
]  # fmt: skip
WRONG_PATHS = [
    "/", "/nothing", "/queue/", "/queue/%00", "/queue/" + "9" * 5000, "/queue/..%2f..", "/queue/1/eat", "/%ff",
]  # fmt: skip


def assert_refused(answer: Any) -> None:
    assert 400 <= answer.status_code < 500, (answer.request.method, answer.request.url, answer.text[:200])
    sentence = answer.json()["error"]
    assert sentence
    assert "\n" not in sentence


def test_nonsense_is_answered_by_a_sentence(client: Client) -> None:
    for (method, path), content in itertools.product(CHANGING, NONSENSE):
        if path.rpartition("/")[2] in {"1", "skip", "again", "go", "rehearsal"} and method != "PATCH":
            continue  # these look at no content
        assert_refused(client.request(method, path, content=content))
    assert order(client) == []


def test_there_is_a_sentence_for_what_is_not_there(client: Client) -> None:
    for method, path in itertools.product(("GET", "POST", "DELETE", "PUT", "PATCH", "OPTIONS", "EAT"), WRONG_PATHS):
        assert_refused(client.request(method, path))
    for method, path in CHANGING:
        assert_refused(client.request("TRACE", path))
        if path.startswith("/queue/1"):
            content = {"before": "2"} if path.endswith("move") else {}
            assert client.request(method, path, json=content).status_code == 404
    assert client.post("/abort", json={}).json()["error"] == "no run is on, so there is nothing to abort"


def test_a_body_without_a_length_is_cut_off_as_well(client: Client) -> None:
    async def endless() -> AsyncGenerator[bytes]:
        for _ in range(LONGEST // 1000 + 2):
            yield b"x" * 1000

    answer = client.post("/queue", content=endless())
    assert answer.status_code == 413
    assert "longer than 256 KiB" in answer.json()["error"]
