"""The dialogue with a MultiPyVu server: one question at a time, each with a deadline.

The server confirms a request, carries it out and answers; the client confirms the answer. Everything else that can
happen on the way ends in an exception here: a server that is silent, answers late, twice, something else or to somebody
else, or hangs up in the middle. (The official client waits for an answer without end, and turns a lost connection into
the reading 0.0.)
"""

from __future__ import annotations

import contextlib
import logging
import re
import uuid
from collections.abc import Callable
from typing import Protocol

from instruments.clock import Deadline
from instruments.errors import GarbledReply, InstrumentError, InstrumentFault, NoReply
from instruments.multivu_frames import Garbled, Message, Unpacker, pack
from instruments.multivu_socket import Connect, SocketWire, Wire

log = logging.getLogger(__name__)

TIMEOUT = 10.0
"""s for one answer. A server that sets something asks for up to 2 s whether it was taken, and repeats what failed."""

CONFIRMATION_TIME = 1.0
MOST_REPETITIONS = 2
"""s without confirmation after which a question is sent again under the same name, and how often: the official server
can lose a request. A command is not, since it may only be slow."""

FAREWELL_TIME = 1.0
"""s for the answer to CLOSE."""

MOST_SILENCES = 2
"""Questions in a row without answer after which a connection is given up. After the first the server may only be busy;
the official one does not survive a client that goes without a word."""

ERROR = "MultiPyVuError: "
_REJECTED = "Connection attempt rejected"
_CONNECTED = re.compile(r"Connected to (\w+) MultiVuServer\b")
_VERSION = re.compile(r"\d+\.\d+\.\d+")


class ConnectionLost(NoReply):
    """The server has hung up, or the way to it is gone."""


class Judge(Protocol):
    """What stands between a client and the server, and lets pass only what is within the limits."""

    def judge(self, action: str, query: str) -> None:
        """Raise LimitExceeded for what must not leave."""
        ...


class Link:
    """A client's end of the line.

    Args:
        name: What it is called in errors.
        host: Name or address of the server's computer.
        port: Its port.
        connect: Makes the connection.
        gate: Judges all that goes out.
        timeout: s for one answer.

    Attributes:
        flavour: Which MultiVu the server talks to, as START said.
        server_version: Version of MultiPyVu, "" if it does not say.
        multivu_version: Version of MultiVu, "" if it does not say.
        scaffolding: Whether the server only plays a cryostat.
        most_repeats: How often a question is asked again whose answer was lost or damaged; never, unless a run says so.
        repeats: How often something was asked again, since the answer was lost or damaged.
        on_repeat: Is told of each, with what was asked and what is said of the answer.
        confirmed_at: When the last request was confirmed, in s of the wire's clock: it had arrived by then.
    """

    def __init__(
        self,
        name: str,
        host: str,
        port: int,
        *,
        connect: Connect = SocketWire,
        gate: Judge | None = None,
        timeout: float = TIMEOUT,
    ) -> None:
        self.name = name
        self.timeout = timeout
        self.flavour = ""
        self.server_version = ""
        self.multivu_version = ""
        self.scaffolding = False
        self.confirmed_at = 0.0
        self.most_repeats = 0
        self.repeats = 0
        self.on_repeat: Callable[[str, str], None] | None = None
        self._given_up = False
        self._place = host, port
        self._connect = connect
        self._gate = gate
        self._wire: Wire | None = None
        self._unpacker = Unpacker()
        self._silences = 0

    @property
    def local_port(self) -> int | None:
        """Port on this side; None without connection, or within a process."""
        return None if self._wire is None else self._wire.local_port()

    def confirmed_ago(self) -> float:
        """Return how long ago the last request was confirmed, in s of what the time-outs are measured by."""
        return 0.0 if self._wire is None else self._wire.clock.now() - self.confirmed_at

    # ---- asking and telling

    def ask(self, action: str, query: str = "") -> str:
        """Ask something; again, `most_repeats` times, after an answer that was lost or damaged.

        After a connection that was lost it is asked once more over a new one in any case.

        Raises:
            NoReply: No answer came in time, or nobody is there.
            GarbledReply: What came is no answer.
            InstrumentError: The server answers with an error.
            InstrumentFault: Somebody else holds the server, or it is another one than before.
        """
        left, reconnects = (0 if self._given_up else self.most_repeats), 1
        while True:
            try:
                result = self._result(action, query)
            except (NoReply, GarbledReply) as fault:
                lost = isinstance(fault, ConnectionLost) and reconnects > 0
                if not left and not lost:
                    self._given_up = True
                    raise
                left, reconnects = max(0, left - 1), reconnects - lost
                self.repeats += 1
                log.warning("asking again: %s", fault)
                if self.on_repeat is not None:
                    self.on_repeat(_shown(action, query), str(fault))
            else:
                self._given_up = False
                return result

    def tell(self, action: str, query: str) -> None:
        """Tell something, once; whoever gets an exception but InstrumentError does not know whether it was done.

        Raises:
            LimitExceeded: It would exceed a limit; nothing was sent.
            NoReply: No answer came in time, or nobody is there.
            GarbledReply: What came is no answer.
            InstrumentError: The server refuses, and says why.
            InstrumentFault: The server says something else than that it received the command.
        """
        result = self._result(action, query)
        if result.partition(",")[0] != f"{action} Command Received":
            raise InstrumentFault(f"{self.name}: told {_shown(action, query)}, it said {result!r}")

    def _result(self, action: str, query: str) -> str:
        if self._gate is not None:
            self._gate.judge(action, query)
        if self._wire is None:
            self.open()
        assert self._wire is not None
        result = self._exchange(self._wire, action, query, self.timeout)["result"]
        if result.startswith(ERROR):
            said = " ".join(result.removeprefix(ERROR).split())
            raise InstrumentError(f"{self.name}: asked {_shown(action, query)}, the server refuses: {said}")
        return result

    # ---- the connection

    def open(self) -> None:
        """Connect, and take the server.

        Raises:
            NoReply: Nobody answers.
            InstrumentFault: Somebody else holds the server, or it is another one than before.
            GarbledReply: What answers does not speak this protocol.
        """
        host, port = self._place
        try:
            wire = self._connect(host, port)
        except OSError as error:
            raise NoReply(
                f"{self.name}: nobody listens at {host}:{port} ({error.strerror or error}): is MultiVu running, and "
                "its MultiPyVu server started?"
            ) from error
        self._unpacker = Unpacker()
        self._silences = 0
        self._wire = wire
        try:
            self._greeted(self._exchange(wire, "START", "", self.timeout))
        except BaseException:
            self._hang_up()
            raise

    def _greeted(self, answer: Message) -> None:
        result = answer["result"]
        if result.startswith(_REJECTED):
            self._hang_up(politely=False)
            raise InstrumentFault(
                f"{self.name}: the MultiPyVu server serves one client at a time, and another one is connected; close "
                "that one, or start the server again if there is none"
            )
        found = _CONNECTED.match(result)
        if found is None:
            raise GarbledReply(f"{self.name}: asked START, came {result!r}, expected which MultiVu it serves")
        if self.flavour and found[1] != self.flavour:
            raise InstrumentFault(f"{self.name}: the server was one of {self.flavour}, and is one of {found[1]} now")
        self.flavour = found[1]
        version, *options = answer["query"].split(";")
        known = _VERSION.search(version)
        self.server_version = "" if known is None else known[0]
        self.multivu_version = next((text[3:] for text in options if text.startswith("mv=")), "")
        self.scaffolding = "s" in options
        if self.scaffolding:
            log.warning("%s: the MultiPyVu server runs in scaffolding mode, without a cryostat", self.name)
        if not self.server_version.startswith("3."):
            log.warning("%s: MultiPyVu %s is another series than the 3.x that is known here", self.name, version)

    def close(self) -> None:
        """Take leave of the server and hang up; never raises, and waits for a second at most."""
        wire = self._wire
        if wire is None:
            return
        with contextlib.suppress(InstrumentFault):
            self._exchange(wire, "CLOSE", "", FAREWELL_TIME)
        self._hang_up(politely=False)

    def _hang_up(self, *, politely: bool = True) -> None:
        """Close the connection; with a word of farewell, for whose answer nobody waits."""
        wire, self._wire = self._wire, None
        if wire is None:
            return
        if politely:
            with contextlib.suppress(OSError):
                wire.send(pack(_request("CLOSE", "")))
        wire.close()

    # ---- one exchange

    def _exchange(self, wire: Wire, action: str, query: str, seconds: float) -> Message:
        """Send a request and return its answer."""
        asked = _request(action, query)
        limit = wire.clock.deadline(seconds)
        try:
            wire.send(pack(asked))
            answer = self._await(wire, asked, limit)
        except NoReply:  # which is an OSError as well
            raise
        except OSError as error:
            self._hang_up(politely=False)
            raise ConnectionLost(
                f"{self.name}: asked {_shown(action, query)}, the connection was lost: {error.strerror or error}"
            ) from error
        except Garbled as error:
            self._hang_up()
            raise GarbledReply(f"{self.name}: asked {_shown(action, query)}, came {error}") from error
        self._silences = 0
        return answer

    def _await(self, wire: Wire, asked: Message, limit: Deadline) -> Message:
        confirmed = False
        data = b""
        repetitions = MOST_REPETITIONS if asked["action"].endswith("?") else 0
        while True:
            answer: Message | None = None
            for message in self._unpacker.take(data):
                kind = message.get("message_type")
                if kind == "completed":
                    self._confirm(wire, message)  # a late one as well: the official server waits for it
                if message.get("id") != asked["id"] or kind not in {"confirmed", "completed"}:
                    log.warning("%s: passed over, nobody had asked for it: %r", self.name, message)
                elif kind == "confirmed":
                    confirmed = True
                    self.confirmed_at = wire.clock.now()
                else:
                    answer = message
            if answer is not None:
                return _checked(answer, asked)
            patience = CONFIRMATION_TIME if repetitions and not confirmed else limit.remaining
            data = wire.receive(min(patience, limit.remaining))
            if not data and repetitions and not confirmed and not limit.passed:
                repetitions -= 1
                log.warning("%s: no confirmation of %s; sending it again", self.name, _shown(asked["action"], ""))
                wire.send(pack(asked))
            elif not data:
                raise self._silence(asked, limit, confirmed=confirmed)

    def _confirm(self, wire: Wire, message: Message) -> None:
        with contextlib.suppress(OSError):  # the answer is here; who hung up after it is found out at the next request
            wire.send(pack({**message, "message_type": "confirmed"}))

    def _silence(self, asked: Message, limit: Deadline, *, confirmed: bool) -> NoReply:
        self._silences += 1
        if self._unpacker.unfinished or self._silences >= MOST_SILENCES:
            self._hang_up()
        what = "no answer came" if confirmed else "not even a confirmation came"
        if self._unpacker.unfinished:
            what = "only a part of an answer came"
        shown = _shown(asked["action"], asked["query"])
        return NoReply(f"{self.name}: asked {shown}, {what} in {limit.seconds:.3g} s")


def _request(action: str, query: str) -> Message:
    return {"id": str(uuid.uuid4()), "action": action, "query": query, "result": ""}


def _checked(answer: Message, asked: Message) -> Message:
    if answer.get("action") != asked["action"]:
        raise Garbled(f"an answer to {answer.get('action')!r}")
    if "result" not in answer or "query" not in answer:
        raise Garbled(f"an answer without result: {answer!r}")
    return answer


def _shown(action: str, query: str) -> str:
    return repr(f"{action} {query}".strip())
