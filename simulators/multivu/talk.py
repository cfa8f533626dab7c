"""One client's conversation with the MultiPyVu server.

A request is confirmed at once and answered when it is carried out; the client confirms the answer. The first client
that says START holds the server until it is gone; whoever else says START is turned away. ALIVE, STATUS and EXIT are
answered to anybody. (MultiPyVu 3.8.0, SocketMessageServer.py.)
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from simulators.multivu.actions import Actions, Waiting
from simulators.multivu.answers import received
from simulators.multivu.frames import BadFrame, Body, FrameReader, encode
from simulators.multivu.waiting import POLL, Wait
from simulators.service import Conversation
from simulators.timeline import Event, Timeline

SESSION = frozenset({"START", "ALIVE", "STATUS", "CLOSE", "EXIT"})
MOST_QUEUED = 64
"""Requests that may wait for one client's turn; clients wait for each answer, so that more are no dialogue."""
REMEMBERED = 8
"""Answers that are kept for a client that asks again with the same id."""


@dataclass(frozen=True, slots=True)
class Greeting:
    """What a server says of itself.

    Attributes:
        flavour: Which MultiVu it serves.
        options: What START is answered: version and flags.
    """

    flavour: str
    options: str


class Owner(Protocol):
    """What a conversation needs of its server."""

    timeline: Timeline
    greeting: Greeting
    latency: float
    actions: Actions

    def take(self, talk: Talk) -> bool:
        """Make somebody the one client that holds the server; whether it was free."""
        ...

    def leave(self, talk: Talk) -> None:
        """Free the server, if this client held it."""
        ...

    def status(self) -> str:
        """Return what STATUS is answered."""
        ...

    def exit(self) -> None:
        """Somebody asked the server to end."""
        ...


class Talk(Conversation):
    """A conversation; see this module.

    Args:
        server: The server.
        address: Host and port of the client.
    """

    def __init__(self, server: Owner, address: tuple[str, int]) -> None:
        self.acts = False
        self.over = False
        self._server = server
        self._address = address
        self._reader = FrameReader()
        self._queued: deque[Body] = deque()
        self._current: Body | None = None
        self._answer: tuple[float, Body] | None = None
        self._wait: Wait | None = None
        self._look: Event | None = None
        self._output: list[bytes] = []
        self._answered: dict[str, bytes] = {}
        self._started = False
        self._farewell = False

    # the connection

    def receive(self, data: bytes) -> None:
        """Take frames; what is no frame ends the conversation, since nobody can tell where the next one begins."""
        try:
            together: set[str] = set()
            for body in self._reader.feed(data):
                self._take(body, together)
        except BadFrame:
            self._hang_up()
        self._go_on()

    def read(self) -> bytes:
        """Hand over confirmations, and the answer once it is ready."""
        if self._answer is not None and self._answer[0] <= self._server.timeline.now:
            self._deliver(self._answer[1])
        self._go_on()
        output, self._output = self._output, []
        return b"".join(output)

    def ready_at(self) -> float | None:
        """When the answer is ready, or what it waits for is looked at again."""
        if self._answer is not None:
            return self._answer[0]
        if self._wait is not None:
            return self._wait.next_time
        return None if self._look is None else self._look.time

    def hurry(self) -> None:
        """Have the answer now, but for that to a wait."""
        if self._look is not None:
            self._look_now()
        if self._answer is not None:
            self._answer = self._server.timeline.now, self._answer[1]

    def close(self) -> None:
        """The client is gone, and with it what it waited for."""
        self.over = True
        self._forget()
        self._server.leave(self)

    def _hang_up(self) -> None:
        self.over = True
        self._forget()

    def _forget(self) -> None:
        if self._wait is not None:
            self._wait.cancel()
        if self._look is not None:
            self._look.cancel()
        self._wait = self._look = self._answer = self._current = None
        self._queued.clear()

    # requests

    def _take(self, body: Body, together: set[str]) -> None:
        """Confirm a request and queue it; a confirmation may be the last word."""
        kind = body.get("message_type")
        if kind is not None:
            if self._farewell and kind == "confirmed":
                self._hang_up()
            return
        if self.over or self._farewell:
            return
        name = body.get("id")
        if not all(isinstance(body.get(key), str) for key in ("id", "action", "query")):
            raise BadFrame("a request has an id, an action and a query")
        assert isinstance(name, str)
        if self._is_repeated(name):
            # With the first one in the same breath, the client cannot have missed what it has not been sent yet.
            if name not in together:
                self._output += [_confirmed(body), self._answered.get(name, b"")]
            return
        if len(self._queued) >= MOST_QUEUED:
            raise BadFrame("too many requests at once")
        together.add(name)
        self._queued.append(body)
        self._output.append(_confirmed(body))
        action = body["action"]
        self.acts = self.acts or not (action.endswith("?") or action in SESSION)

    def _is_repeated(self, name: str) -> bool:
        current = self._current is not None and self._current["id"] == name
        return current or name in self._answered or any(body["id"] == name for body in self._queued)

    def _go_on(self) -> None:
        """Carry out requests in their order until one has to be waited for."""
        while self._queued and self._current is None and not self._farewell:
            self._current = body = self._queued.popleft()
            action, query = body["action"], body["query"]
            if body.get("result"):  # the official server takes it for done
                self._finish(query, body["result"])
            elif action in SESSION:
                self._finish(*self._session(action))
            else:
                self._carry_out(action, query)

    def _carry_out(self, action: str, query: str) -> None:
        try:
            self._finish(query, self._server.actions.carry_out(action, query))
        except Waiting as asked:
            self._await(asked)

    def _await(self, asked: Waiting) -> None:
        """Begin to wait for stability, or look at it once, after the pause that the official server makes."""
        timeline = self._server.timeline
        self._tests = partial(self._server.actions.stability.tests, asked.mask)
        if asked.timeout is None:
            self._look = timeline.schedule(timeline.now + POLL, self._look_now)
        else:
            self._wait = Wait(timeline, self._tests, asked.delay, asked.timeout, self._wait_done)

    def _look_now(self) -> None:
        """Answer whether everything is settled."""
        if self._look is not None:
            self._look.cancel()
        self._look = None
        assert self._current is not None
        steady = all(test() for test in self._tests())
        self._finish(self._current["query"], f"{int(steady)},,Call was successful")

    def _wait_done(self, code: int) -> None:
        self._wait = None
        assert self._current is not None
        self._finish(self._current["query"], f"{received('WAITFOR')},{code}")

    def _finish(self, query: str, result: str) -> None:
        """Have the answer sent when it is time."""
        assert self._current is not None
        body = {**self._current, "query": query, "result": result, "message_type": "completed"}
        self._answer = self._server.timeline.now + self._server.latency, body
        if not self._server.latency:
            self._deliver(body)

    def _deliver(self, body: Body) -> None:
        frame = encode(body)
        self._output.append(frame)
        self._answered[body["id"]] = frame
        while len(self._answered) > REMEMBERED:
            del self._answered[next(iter(self._answered))]
        self._answer = self._current = None
        if body["action"] == "EXIT":
            self._server.exit()

    # session

    def _session(self, action: str) -> tuple[str, str]:
        """Carry out what is about the session; returns query and result of the answer."""
        greeting = self._server.greeting
        connected = f"Connected to {greeting.flavour} MultiVuServer at {self._address}"
        if action == "START":
            if self._server.take(self):
                self._started = True
                return greeting.options, connected
            self._farewell = True
            return "", f"Connection attempt rejected from {self._address}: another client is connected."
        if action == "ALIVE":
            self._farewell = not self._started
            return action, connected
        if action == "STATUS":
            self._farewell = not self._started
            return action, self._server.status()
        self._farewell = True
        self._server.leave(self)
        if action == "CLOSE":
            return action, f"Client {self._address} disconnected."
        return action, "Closing client and exiting server."


def _confirmed(body: Body) -> bytes:
    return encode({**body, "message_type": "confirmed"})
