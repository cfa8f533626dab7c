"""What a person does with the window, one thing after the other, and for how long each holds its event loop up.

Each returns the longest time between two calls of a timer, and the longest time that the window's thread worked at a
stretch: the first is longer where the computer does other work.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from PyQt6.QtCore import QEventLoop, QObject, QTimer

from benchmarks.history import Beat, copies, resident
from labctl.gui import theme
from labctl.gui.window import Window

PATIENCE = 180.0
"""s for each situation."""
LOOK = 20
"""ms between two looks at whether something is over."""
REST = 400
"""ms for which it goes on to be measured after it is over: what was put off is painted then."""
RUNS, ITEMS, MEGABYTES, REST_BETWEEN = 500, 5_000, 200, 250


class Held(NamedTuple):
    """For how long the window was held up: ms that passed, and ms of work of its thread."""

    name: str
    passed: float
    worked: float


def until(done: Callable[[], bool]) -> None:
    """Let the event loop go on until something is done."""
    loop, timer, end = QEventLoop(), QTimer(), time.monotonic() + PATIENCE
    late: list[bool] = []

    def look() -> None:
        if time.monotonic() > end:
            late.append(True)
        if late or done():
            loop.quit()

    timer.timeout.connect(look)
    timer.start(LOOK)
    loop.exec()
    timer.stop()
    if late:
        raise SystemExit("something that was waited for did not come")


def pause(milliseconds: int) -> None:
    """Let the event loop go on for a while."""
    loop = QEventLoop()
    QTimer.singleShot(milliseconds, loop.quit)
    loop.exec()


@contextmanager
def measured(parent: QObject) -> Generator[Beat]:
    """Measure for how long the event loop is held up, until a while after this is left."""
    beat = Beat(parent)
    beat.begin()
    yield beat
    pause(REST)
    beat.end()
    beat.deleteLater()


def held(name: str, window: Window, do: Callable[[], object], done: Callable[[], bool] = lambda: True) -> Held:
    """Measure from before something is done until a while after it is over."""
    with measured(window) as beat:
        QTimer.singleShot(0, lambda: do() and None)
        pause(1)
        until(done)
    return Held(name, beat.worst, beat.busiest)


def one_run(folder: Path) -> Path:
    """Measure a loop, and return the folder that holds its run."""
    out = folder / "one"
    subprocess.run(
        [sys.executable, "-m", "labctl", "run", "ahe", "--simulate", "--seed", "3", "--out", str(out)],
        check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    return out


def large_run(source: Path, place: Path) -> Path:
    """Write a run whose data file has 200 MB, by repeating the rows of another one."""
    run = next(source.glob("*/*/run.json")).parent
    folder = place / "2026-12-01" / run.name
    folder.mkdir(parents=True)
    for name in ("run.json", "result.json"):
        if (run / name).is_file():
            (folder / name).write_bytes((run / name).read_bytes())
    lines = (run / "data.csv").read_bytes().splitlines(keepends=True)
    names = next(number for number, line in enumerate(lines) if not line.startswith(b"#"))
    rows = b"".join(lines[names + 1 :])
    with (folder / "data.csv").open("wb") as file:
        file.writelines(lines[: names + 1])
        for _ in range(MEGABYTES * 1_000_000 // len(rows) + 1):
            file.write(rows)
    return folder


def panels(window: Window) -> Iterator[Held]:
    """Show each panel for the first time, and each page of the measurement."""
    for key in ("sample", "history", "log", "queue", "instruments", "measure"):
        yield held(f"first show of {key}", window, lambda key=key: window.go_to(key))
    tabs = window.panels.measure.tabs
    for number in range(tabs.count()):
        title = tabs.tabText(number).replace("&", "")
        yield held(f"first show of the page {title}", window, lambda number=number: tabs.setCurrentIndex(number))
    tabs.setCurrentIndex(0)


def themes(window: Window) -> Iterator[Held]:
    """Switch to the other colours and back."""
    for chosen in (theme.LIGHT, theme.DARK):
        yield held(f"colours: {chosen.name}", window, lambda chosen=chosen: window.set_theme(chosen),
                   lambda chosen=chosen: window.context.theme is chosen)  # fmt: skip


def experiments(window: Window) -> Held:
    """Choose every experiment that is there, and wait until its form is built and checked."""
    measure = window.panels.measure
    names: list[str] = []
    window.context.desk.ask("procedures", then=lambda said: names.extend(map(str, said["procedures"])))
    until(lambda: bool(names))
    with measured(window) as beat:
        for name in names:
            measure.choose(name)
            until(lambda: not measure.is_pending)
    return Held(f"all {len(names)} experiments one after the other", beat.worst, beat.busiest)


def rehearsal(window: Window) -> Held:
    """Rehearse a loop, until its course and its curve are drawn."""
    measure = window.panels.measure
    measure.choose("ahe")
    until(lambda: not measure.is_pending)
    return held("a rehearsal, and its drawing", window, measure.begin_rehearsal, lambda: measure.view.found is not None)


def history(window: Window, source: Path) -> tuple[Held, Held, float]:
    """List 500 runs, then open them one after the other; return how many MB stay of that, too."""
    panel = window.panels.history
    window.go_to("history")
    window.go_to("log")
    copies(source, window.context.runs, RUNS)
    listed = held(f"{RUNS} runs listed", window, panel.loader.ask, lambda: len(list(panel.model.rows())) >= RUNS)
    folders = [str(row["run"]) for row in panel.model.rows()]
    before = resident()
    with measured(window) as beat:
        for folder in folders:
            panel.view.choose(folder)
            window.context.run_opened.emit(folder)
            window.panels.log.follow(folder)
            pause(REST_BETWEEN)
    opened = Held(f"{RUNS} runs opened in plot, details and log", beat.worst, beat.busiest)
    return listed, opened, resident() - before


def large(window: Window, folder: Path) -> Held:
    """Open a run with a data file of 200 MB, and wait until it is drawn."""
    plot = window.panels.plot

    def there() -> bool:
        return plot.run is not None and plot.run.raw is not None and not plot.run.behind

    name = f"a data file of {MEGABYTES} MB"
    return held(name, window, lambda: window.context.run_opened.emit(str(folder)), there)


def fill_queue(queue: Path) -> None:
    """Let a queue whose worker has ended hold 5,000 items."""
    file = queue / "queue.json"
    kept = json.loads(file.read_text(encoding="utf-8"))
    like = kept["items"][-1]
    like.update(state="waiting", begun=None, ended=None, run=None, attempts=0, points=0)
    kept.update(paused=True, why="by a benchmark", last=ITEMS)
    kept["items"] = [{**like, "id": str(number)} for number in range(1, ITEMS + 1)]
    file.write_text(json.dumps(kept), encoding="utf-8")


def session(window: Window, source: Path) -> Iterator[Held | tuple[str, float]]:
    """Do all this, and yield what each has held up; the memory that 500 runs leave is yielded as MB."""
    yield from panels(window)
    yield held("guide: Check contacts", window, lambda: window.guide.wanted.emit("check"))
    yield from themes(window)
    yield experiments(window)
    yield rehearsal(window)
    listed, opened, stays = history(window, source)
    yield listed
    yield opened
    yield ("memory that they leave", stays)
    yield large(window, large_run(source, window.context.runs))
