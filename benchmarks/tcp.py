"""What a question to an instrument of a lab in another process costs over TCP, beside a server that only echoes."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Generator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import pyvisa
from pyvisa.resources import MessageBasedResource

from benchmarks.harness import Comparison, alternate, main
from benchmarks.queries import repeated
from benchmarks.simulated import QUERY
from labctl.remote import RemoteClock

COUNT = 500
"""Questions in one measurement."""

SET_AND_ASK = ":SOUR:CURR 1e-4;:SYST:ERR?"

BARE = """
import selectors, socket
listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
client, _ = listener.accept()
client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
waiting = selectors.DefaultSelector()
waiting.register(client, selectors.EVENT_READ)
while True:
    waiting.select()
    data = client.recv(65536)
    if not data:
        break
    client.setsockopt(socket.IPPROTO_TCP, getattr(socket, "TCP_QUICKACK", socket.TCP_NODELAY), 1)
    if b"?" in data:
        client.sendall(b"+1.000000E-04\\n")
"""
"""The least that a server can do: it looks for a question mark and says always the same."""


@contextmanager
def started(*command: str) -> Generator[str]:
    """Run a server in a process of its own; its first line of output."""
    with subprocess.Popen([sys.executable, *command], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline()
        finally:
            process.terminate()


@contextmanager
def on_one_core() -> Generator[None]:
    """Keep client and servers on one core, where the system lets itself be told so.

    Waking a process on another core costs as much as the whole question, and whom that meets changes from run to run.
    """
    if sys.platform != "linux":
        yield
        return
    found = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(found)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, found)


def opened(address: str) -> MessageBasedResource:
    """An instrument as a pyvisa program opens it."""
    resource: Any = pyvisa.ResourceManager("@py").open_resource(address, read_termination="\n", write_termination="\n")
    assert isinstance(resource, MessageBasedResource)
    return resource


def write_and_ask(resource: MessageBasedResource) -> None:
    """A setting and a question as two messages, which a delayed acknowledgement would hold up for 40 ms."""
    resource.write(":SOUR:CURR 1e-4")
    resource.query(QUERY)


def ask_the_time(plain: socket.socket) -> None:
    plain.sendall(b"NOW?\n")
    plain.recv(4096)


def measure(repeats: int) -> Sequence[Comparison]:
    with ExitStack() as stack:
        stack.enter_context(on_one_core())
        line = json.loads(stack.enter_context(started("-m", "labctl", "simulate", "--clock", "virtual", "--seed", "1")))
        ours = opened(line["source"])
        bare = [int(stack.enter_context(started("-c", BARE))) for _ in range(2)]
        peer = opened(f"TCPIP::127.0.0.1::{bare[0]}::SOCKET")
        host, _, port = line["clock"].partition(":")
        clock = RemoteClock(host, int(port))
        plain = stack.enter_context(socket.create_connection(("127.0.0.1", bare[1])))
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

        def compare(name: str, mine: Any, theirs: Any, goal: float | None) -> Comparison:
            return alternate(
                name, repeated(mine, COUNT), repeated(theirs, COUNT), goal=goal, count=COUNT, repeats=repeats
            )

        rows = [
            compare("TCP: query : bare echo server", lambda: ours.query(QUERY), lambda: peer.query(QUERY), 1.5),
            compare(
                "TCP: set and query in one message : bare echo server",
                lambda: ours.query(SET_AND_ASK), lambda: peer.query(SET_AND_ASK), 2.0,
            ),
            compare(
                "TCP: write, then query : bare echo server",
                lambda: write_and_ask(ours), lambda: write_and_ask(peer), 2.0,
            ),
            compare("TCP: clock door, now : bare echo server", clock.now, lambda: ask_the_time(plain), None),
        ]  # fmt: skip
        clock.close()
        ours.close()
        peer.close()
        return rows


if __name__ == "__main__":
    sys.exit(main(measure))
