"""A window in a process of its own: seen on a real screen, killed in the middle of a run, and found again."""

from __future__ import annotations

from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from pytestqt.qtbot import QtBot

from labctl.gui import theme
from labctl.gui.window import Window
from labctl.service import places
from labctl.service.client import Client
from tests.gui.conftest import WITHIN, wait_for_worker
from tests.gui.screens import NONE, NOWHERE, XVFB, Screen, window_alone, x_server


class Alone(NamedTuple):
    """A window's process, its screen, and the folder of its station's queue."""

    process: Any
    screen: Screen
    queue: Path


@pytest.fixture
def alone(tmp_path: Path, state: Path) -> Generator[Alone]:
    """A window in a process of its own, on an X server where there is one."""
    words = ("--simulate", "--speed", "50", "--out", str(tmp_path / "runs"))
    queue = places.queue_folder("ppms", simulated=True)
    if XVFB is None:
        with window_alone(NOWHERE, state, *words) as process:
            yield Alone(process, NOWHERE, queue)
        return
    with x_server(tmp_path / "screen") as screen, window_alone(screen, state, *words) as process:
        yield Alone(process, screen, queue)


def worker_of(qtbot: QtBot, alone: Alone) -> places.Worker:
    """Wait until the window's worker is there."""
    qtbot.waitUntil(lambda: places.find_worker(alone.queue) is not None, timeout=WITHIN)
    worker = places.find_worker(alone.queue)
    assert worker is not None
    return worker


@pytest.mark.endurance
@pytest.mark.skipif(XVFB is None, reason=NONE)
def test_on_a_real_screen_it_is_seen_says_that_the_station_is_idle_and_ends(qtbot: QtBot, alone: Alone) -> None:
    worker_of(qtbot, alone)
    idle = int(theme.DARK.good.removeprefix("#"), 16)
    qtbot.waitUntil(lambda: int((alone.screen.seen() == idle).sum()) > 10_000, timeout=WITHIN)  # the line at the top
    panel = int(theme.DARK.panel.removeprefix("#"), 16)
    assert (alone.screen.seen() == panel).mean() > 0.1
    alone.process.terminate()
    assert alone.process.wait(WITHIN / 1000) == 0  # closed, and nothing crashed when it was taken apart


def test_killed_in_the_middle_of_a_run_it_leaves_the_run_alone_and_a_new_one_finds_all_as_it_stands(
    qtbot: QtBot, alone: Alone, open_window: Callable[..., Window], tmp_path: Path
) -> None:
    worker, runs = worker_of(qtbot, alone), tmp_path / "runs"
    for field in ("0.3 T", "0.4 T"):
        Client(worker).ask("POST", "/queue", asked(runs, maximum_field=field))
    wait_for_rows(qtbot, runs, 20)
    alone.process.kill()
    alone.process.wait()
    known = rows(runs)
    wait_for_rows(qtbot, runs, known)

    window = open_window()
    wait_for_worker(qtbot, window)
    assert window.context.link.pid == worker.pid
    assert [item["state"] for item in (window.context.link.queue or {})["items"]] == ["running", "waiting"]
    qtbot.waitUntil(lambda: rows_drawn(window) > known, timeout=WITHIN)
    qtbot.waitUntil(lambda: "the run begins" in window.panels.log.text.toPlainText(), timeout=WITHIN)
    window.close()
    wait_for_rows(qtbot, runs, rows(runs))
    assert Client(worker).ask("GET", "/run")["run"]["item"] == "1"


def asked(runs: Path, **parameters: str) -> dict[str, Any]:
    return {"procedure": "ahe", "sample": "cotb2025", "parameters": parameters, "out": str(runs)}


def rows(runs: Path) -> int:
    """Return how many lines the data of all runs have."""
    return sum(file.read_bytes().count(b"\n") for file in runs.rglob("data.csv"))


def wait_for_rows(qtbot: QtBot, runs: Path, more_than: int) -> None:
    qtbot.waitUntil(lambda: rows(runs) > more_than, timeout=WITHIN)


def rows_drawn(window: Window) -> int:
    """Return how many rows of the run that is on the plot has."""
    run = window.panels.plot.run
    return 0 if run is None or run.raw is None else run.raw.rows
