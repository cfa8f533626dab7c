"""A worker from its start to its end: it takes the station, brings it to rest, serves, and lets go."""

from __future__ import annotations

import logging
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Generator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import uvicorn
from filelock import FileLock, Timeout

from instruments.clock import WallClock
from instruments.errors import StationInUse, UsageError
from labctl.abort import SIGNALS
from labctl.by_hand import usual_rates
from labctl.service import measuring_lock, own_lab, places
from labctl.service.door import Door
from labctl.service.own_lab import OwnLab
from labctl.service.queue import Queue
from labctl.service.web import Parts, make_app
from labctl.service.worker import Here, Worker
from labctl.station import Station, load_station
from labctl.station_lock import holding, keeping
from labctl.supervision.rescue import bring_left_to_rest

LOOK = 0.2
"""s between two looks at whether the worker is to end."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a worker is asked to be.

    Attributes:
        station: A shipped name or a file.
        own: Simulated lab that belongs to it and ends with it.
        lab: File with the line that `labctl simulate` printed, of a lab that was there before it.
        folder: Of the queue, None for that of the station.
        host: Where to listen.
        port: On which port; 0 for any.
        idle_end: s after which it ends by itself where nothing is to be done and nobody reads; None for never.
    """

    station: str
    own: OwnLab | None
    lab: Path | None
    folder: Path | None
    host: str
    port: int
    idle_end: float | None = None


def serve(wanted: Wanted, shown: str, say: Callable[[Mapping[str, Any]], None], warn: Callable[[str], None]) -> None:
    """Serve until SIGINT or SIGTERM; the run that is on is ended then, and carried on by the next worker.

    Args:
        wanted: What it is to be.
        shown: The host under which it is announced.
        say: Called with what others need to know, once it serves.
        warn: Called with what was found at the start, a sentence each.

    Raises:
        StationInUse: Somebody else holds the station or the queue.
        UsageError: The folder cannot be written, or the port is taken.
        InstrumentFault: What a run left that was killed cannot be brought to rest.
    """
    station = load_station(wanted.station)
    simulated = wanted.own is not None or wanted.lab is not None
    folder = (wanted.folder or places.queue_folder(station.name, simulated=simulated)).resolve()
    places.make_folder(folder)
    with ExitStack() as stack:
        stack.enter_context(alone(folder))
        lab = wanted.lab if wanted.own is None else stack.enter_context(own_lab.running(wanted.own, folder))
        keeper = stack.enter_context(keeping(station, lab=lab, what="the queue of `labctl worker`"))
        measuring_lock.wait_for_the_one_before(folder)
        for sentence in _bring_to_rest(station, lab, keeper):
            warn(sentence)
        worker = Worker(Here(wanted.station, False, lab, keeper, folder), Queue(folder))
        worker.recover()
        with served(worker, wanted, station, shown, folder) as said:
            say(said)
            _work_until_asked(worker, Idle(worker, wanted.idle_end))


@contextmanager
def alone(folder: Path) -> Generator[None]:
    """Be the only worker of a queue.

    Raises:
        StationInUse: There is another one.
        UsageError: The folder cannot be locked.
    """
    lock = FileLock(folder / places.LOCK, fallback_to_soft=False)
    try:
        lock.acquire(blocking=False)
    except Timeout:
        raise StationInUse(
            f"another worker serves the queue in {folder}; end it first, or name another --queue"
        ) from None
    except (OSError, NotImplementedError) as error:
        raise UsageError(f"{folder / places.LOCK} cannot be locked: {error}; name another --queue") from error
    try:
        yield
    finally:
        lock.release()


def _bring_to_rest(station: Station, lab: Path | None, keeper: int) -> list[str]:
    with holding(station, lab=lab, what="the start of the queue", keeper=keeper) as hold:
        return bring_left_to_rest(station, None, hold, lab=lab)


@contextmanager
def served(worker: Worker, wanted: Wanted, station: Station, shown: str, folder: Path) -> Generator[Mapping[str, Any]]:
    """Answer requests meanwhile; give what is announced.

    Raises:
        UsageError: The port is taken, or the token cannot be written.
    """
    listening, here = _listen(wanted.host, wanted.port), worker.here
    port = listening.getsockname()[1]
    token = places.make_token(folder)
    said = {
        "url": f"http://{shown}:{port}", "token_file": str(folder / places.TOKEN), "queue": str(folder),
        "station": station.name, "pid": os.getpid(),
    }  # fmt: skip
    known = {
        "station": station.name, "simulated": here.simulate or here.lab is not None, "queue": str(folder),
        "held_by": "the queue", "pid": os.getpid(), "since": WallClock().utc().isoformat(timespec="seconds"),
        "usual_rates": usual_rates(station),
    }  # fmt: skip
    parts = Parts.of(worker, known)
    app = Door(make_app(parts), token, wanted.host)
    server = uvicorn.Server(
        uvicorn.Config(app, log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=2)  # pyright: ignore[reportArgumentType]
    )
    logging.getLogger("uvicorn.error").addFilter(_worth_saying)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, name="http", daemon=True)
    thread.start()
    try:
        places.announce(folder, said)
        parts.watching.begin()
        yield said
    finally:
        places.withdraw(folder)
        parts.rehearsing.end()
        parts.watching.end()
        worker.queue.bell.end()  # who reads the events is hung up on
        server.should_exit = True
        thread.join(timeout=5.0)
        listening.close()


def _worth_saying(record: logging.LogRecord) -> bool:
    """Leave out that a reader of the events was hung up on."""
    return record.getMessage() != "ASGI callable returned without completing response."


def _listen(host: str, port: int) -> socket.socket:
    try:
        listening = socket.create_server((host, port))
    except OSError as error:
        raise UsageError(
            f"the worker cannot listen at {host} port {port}: {error.strerror or error}; choose another --port or "
            "--host"
        ) from error
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # else each answer waits 40 ms for its second half
    return listening


class Idle:
    """Tells when a worker has had nothing to do, and no reader, for so long.

    Args:
        worker: Which.
        longest: s of real time; None for never.
    """

    def __init__(self, worker: Worker, longest: float | None) -> None:
        self._worker = worker
        self._longest = longest
        self._since = time.monotonic()

    @property
    def over(self) -> bool:
        """Whether it has; to be asked now and then."""
        queue = self._worker.queue
        waits = not queue.book.paused and any(item.state == "waiting" for item in queue.book.items)
        if self._worker.on is not None or waits or queue.bell.listeners:
            self._since = time.monotonic()
        return self._longest is not None and time.monotonic() - self._since >= self._longest


def _work_until_asked(worker: Worker, idle: Idle) -> None:
    asked = threading.Event()

    def end(number: int, frame: FrameType | None) -> None:
        del number, frame
        asked.set()

    for number in SIGNALS:
        signal.signal(number, end)
    with ThreadPoolExecutor(1, thread_name_prefix="queue") as pool:
        working = pool.submit(worker.work)
        while not working.done() and not asked.wait(LOOK) and not idle.over:
            pass
        worker.end()
        working.result()  # raises what nobody expected
