"""A worker from its start to its end: it takes the station, brings it to rest, serves, and lets go."""

from __future__ import annotations

import os
import signal
import socket
import threading
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
from labctl.service import measuring_lock, places
from labctl.service.door import Door
from labctl.service.queue import Queue
from labctl.service.web import make_app
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
        simulate: Whether each run has a simulated lab of its own.
        lab: File with the line that `labctl simulate` printed.
        folder: Of the queue, None for that of the station.
        host: Where to listen.
        port: On which port; 0 for any.
    """

    station: str
    simulate: bool
    lab: Path | None
    folder: Path | None
    host: str
    port: int


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
    simulated = wanted.simulate or wanted.lab is not None
    folder = (wanted.folder or places.queue_folder(station.name, simulated=simulated)).resolve()
    places.make_folder(folder)
    with ExitStack() as stack:
        stack.enter_context(alone(folder))
        keeper = None
        if not wanted.simulate:
            keeper = stack.enter_context(keeping(station, lab=wanted.lab, what="the queue of `labctl worker`"))
        measuring_lock.wait_for_the_one_before(folder)
        if keeper is not None:
            for sentence in _bring_to_rest(station, wanted.lab, keeper):
                warn(sentence)
        worker = Worker(Here(wanted.station, wanted.simulate, wanted.lab, keeper, folder), Queue(folder))
        worker.recover()
        with served(worker, wanted, station, shown, folder) as said:
            say(said)
            _work_until_asked(worker)


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
    listening = _listen(wanted.host, wanted.port)
    port = listening.getsockname()[1]
    token = places.make_token(folder)
    said = {
        "url": f"http://{shown}:{port}", "token_file": str(folder / places.TOKEN), "queue": str(folder),
        "station": station.name, "pid": os.getpid(),
    }  # fmt: skip
    about = {
        "station": station.name, "simulated": wanted.simulate or wanted.lab is not None, "queue": str(folder),
        "lab": None if wanted.lab is None else str(wanted.lab), "held_by": "the queue", "pid": os.getpid(),
        "since": WallClock().utc().isoformat(timespec="seconds"),
    }  # fmt: skip
    app = Door(make_app(worker, about), token, wanted.host)
    server = uvicorn.Server(
        uvicorn.Config(app, log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=2)  # pyright: ignore[reportArgumentType]
    )
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, name="http", daemon=True)
    thread.start()
    try:
        places.announce(folder, said)
        yield said
    finally:
        places.withdraw(folder)
        server.should_exit = True
        thread.join(timeout=5.0)
        listening.close()


def _listen(host: str, port: int) -> socket.socket:
    try:
        return socket.create_server((host, port))
    except OSError as error:
        raise UsageError(
            f"the worker cannot listen at {host} port {port}: {error.strerror or error}; choose another --port or "
            "--host"
        ) from error


def _work_until_asked(worker: Worker) -> None:
    asked = threading.Event()

    def end(number: int, frame: FrameType | None) -> None:
        del number, frame
        asked.set()

    for number in SIGNALS:
        signal.signal(number, end)
    with ThreadPoolExecutor(1, thread_name_prefix="queue") as pool:
        working = pool.submit(worker.work)
        while not working.done() and not asked.wait(LOOK):
            pass
        worker.end()
        working.result()  # raises what nobody expected
