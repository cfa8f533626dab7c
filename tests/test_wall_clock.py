"""Nothing reads or waits on the wall clock but what is written down here, with its reason.

A simulated night passes in seconds, and the same seeds give the same bytes, only as long as every wait goes through a
clock of `instruments.clock`. Source is read, not run, so a branch that no test takes counts as well. Tests themselves
are not looked at.
"""

from __future__ import annotations

import ast

import pytest

from tests.sources import PACKAGES, python_files

ALLOWED: dict[str, str] = {
    "instruments/clock.py": "the one place where the wall clock becomes an object",
    "instruments/shared_clock.py": "the same for a lab's time that several programs share, at a speed that changes",
    "labctl/recorder.py": "data are forced to the disk once a second of real time, whatever the lab's clock does",
    "labctl/labtime.py": "programs that were written for real time are shown the lab's in its place",
    "labctl/checkup/computer.py": "programs of the system are asked about its sleep and clock, and may not hang",
    "labctl/awake.py": "the computer's sleep shows in its own clocks, and the program that prevents it may not hang",
    "labctl/notify.py": "a program that tells people how a run ended may not hang",
    "labctl/provenance.py": "git is asked for the version, and may not hold a run up",
    "labctl/supervision/": "processes are watched in real time, whatever their labs' clocks do",
    "labctl/service/": "requests are answered, and processes waited for, in real time",
    "labctl/run.py": "the wall time a run took is part of its report",
    "labctl/active_run.py": "likewise: it ends with the last row",
    "simulators/server.py": "clients of the served lab live in real time, and so does the wait for their next message",
    "instruments/multivu_socket.py": "a MultiPyVu server that says nothing is given up after a while of real time",
    "labctl/remote.py": "a lab in another process that says nothing for a minute of real time is given up",
    "labctl/program_clock.py": "a program whose waiting nobody can see finds the lab going on in real time",
    "labctl/gui/": "a window is looked at in real time",
    "benchmarks/": "they measure what the computer itself needs",
}
"""File, or folder with a slash at its end, and why it may. An entry that is not needed fails as well."""

CLOCK_MODULES = {"time", "timeit", "sched"}
"""Modules that are about nothing else: importing one is using it."""

CLOCK_NAMES = {
    "asyncio.sleep",
    "asyncio.timeout",
    "asyncio.timeout_at",
    "asyncio.wait_for",
    "datetime.date.today",
    "datetime.datetime.now",
    "datetime.datetime.today",
    "datetime.datetime.utcnow",
    "pandas.Timestamp.now",
    "pandas.Timestamp.today",
    "pandas.Timestamp.utcnow",
    "signal.alarm",
    "signal.setitimer",
    "socket.setdefaulttimeout",
    "threading.Timer",
}
"""Things that are forbidden wherever they come from, by the name under which they are defined."""

CLOCK_METHODS = {"call_at", "call_later", "settimeout", "wait_for_srq"}
"""Methods that wait on the wall clock whatever object has them; `settimeout(None)` and `settimeout(0)` do not wait."""

TIMED_KEYWORDS = {
    "acquire", "communicate", "connect", "create_connection", "get", "join", "poll", "put", "result", "run", "select",
    "wait",
}  # fmt: skip
"""Calls for which a `timeout=` is a wall-clock wait, unless it is None (no limit) or 0 (no wait)."""

WAITING_MODULES = {
    "asyncio",
    "concurrent",
    "multiprocessing",
    "queue",
    "select",
    "selectors",
    "subprocess",
    "threading",
}
"""A file that imports one of these has objects whose `wait(5)`, `join(5)` or `poll(5)` is a wall-clock wait."""

TIMED_ARGUMENT = {"wait": {0}, "join": {0}, "poll": {0}, "select": {0, 3}, "result": {0}, "get": {1}}
"""Where the time-out stands among the arguments of such a call: `get(True, 5)`, `select.select([a], [], [], 5)`."""


class WallClockFinder(ast.NodeVisitor):
    """Collects one sentence for every place in a file that reads or waits on the wall clock."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.found: list[str] = []
        self.known: dict[str, str] = {}  # name in this file -> full name of what it stands for
        self.has_waiting_objects = False

    def look_at(self, tree: ast.Module) -> list[str]:
        """Two passes over aliases, since a file may use a name above the line that makes it."""
        for node in ast.walk(tree):
            self._learn_import(node)
        for _ in range(2):
            for node in ast.walk(tree):
                self._learn_assignment(node)
        self.visit(tree)
        return self.found

    def _learn_import(self, node: ast.AST) -> None:
        if isinstance(node, ast.Import):
            for alias in node.names:
                top = alias.name.partition(".")[0]
                self.known[alias.asname or top] = alias.name if alias.asname else top
                self.has_waiting_objects |= top in WAITING_MODULES
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            self.has_waiting_objects |= node.module.partition(".")[0] in WAITING_MODULES
            for alias in node.names:
                self.known[alias.asname or alias.name] = f"{node.module}.{alias.name}"

    def _learn_assignment(self, node: ast.AST) -> None:
        """`moment = datetime` makes `moment.now` what `datetime.now` is."""
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Name | ast.Attribute):
            meant = self._full_name(node.value)
            for target in node.targets:
                if meant and isinstance(target, ast.Name):
                    self.known.setdefault(target.id, meant)

    def _full_name(self, node: ast.AST) -> str | None:
        """`asyncio.sleep` for an expression that means it in this file, None for what is not a dotted name."""
        if isinstance(node, ast.Name):
            return self.known.get(node.id)
        if isinstance(node, ast.Attribute):
            base = self._full_name(node.value)
            return f"{base}.{node.attr}" if base else None
        return None

    def _report(self, node: ast.stmt | ast.expr, what: str) -> None:
        self.found.append(f"{self.path}:{node.lineno} {what}")

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            if alias.name.partition(".")[0] in CLOCK_MODULES:
                self._report(node, f"imports {alias.name}")

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        for alias in node.names:
            name = f"{node.module}.{alias.name}"
            # `from somewhere import time` is the module again, through somebody else's import of it.
            if node.module in CLOCK_MODULES or alias.name in CLOCK_MODULES or name in CLOCK_NAMES:
                self._report(node, f"imports {name}")

    def visit_Name(self, node: ast.Name) -> None:
        name = self.known.get(node.id)
        if name in CLOCK_NAMES and isinstance(node.ctx, ast.Load):
            self._report(node, f"uses {name}")

    def visit_Attribute(self, node: ast.Attribute) -> None:
        name = self._full_name(node)
        inner = name.split(".")[1:-1] if name else []
        if name in CLOCK_NAMES or CLOCK_MODULES.intersection(inner):
            # The second: `clock.time.sleep`, a clock module through another module's import of it.
            self._report(node, f"uses {name}")
            return
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        first = node.args[0] if node.args else None
        if called in {"import_module", "__import__", "getattr"}:
            self._look_at_reflection(node, called)
        elif called in CLOCK_METHODS and (first is None or _may_wait(first)):
            self._report(node, f"calls {called}")
        elif self._is_timed_by_keyword(node, called) or self._is_timed_by_position(node, called):
            self._report(node, f"calls {called} with a time-out")
        elif called == "datetime64" and isinstance(first, ast.Constant) and first.value in {"now", "today"}:
            self._report(node, "asks numpy for the date")
        self.generic_visit(node)

    def _look_at_reflection(self, node: ast.Call, called: str) -> None:
        first, *rest = node.args or [ast.Constant(None)]
        if called == "getattr":
            base = self._full_name(first)
            attribute = rest[0].value if rest and isinstance(rest[0], ast.Constant) else None
            if f"{base}.{attribute}" in CLOCK_NAMES:
                self._report(node, f"uses {base}.{attribute}")
        elif isinstance(first, ast.Constant) and str(first.value).partition(".")[0] in CLOCK_MODULES:
            self._report(node, f"imports {first.value}")

    def _is_timed_by_keyword(self, node: ast.Call, called: str) -> bool:
        return called in TIMED_KEYWORDS and any(k.arg == "timeout" and _may_wait(k.value) for k in node.keywords)

    def _is_timed_by_position(self, node: ast.Call, called: str) -> bool:
        """A number at the time-out's place; what has another meaning there is recognised by its form."""
        if not self.has_waiting_objects or not isinstance(node.func, ast.Attribute) or not node.args:
            return False
        position = len(node.args) - 1
        if position not in TIMED_ARGUMENT.get(called, ()) or not _may_wait(node.args[position]):
            return False
        if called == "join" and _is_text(node.func.value):  # ", ".join(names)
            return False
        return not (called == "get" and _is_text(node.args[0]))  # mapping.get("key", default)


def _may_wait(node: ast.expr) -> bool:
    """Anything but None, 0 and what cannot be a number of seconds."""
    if isinstance(node, ast.List | ast.Tuple | ast.GeneratorExp | ast.ListComp | ast.JoinedStr):
        return False
    return not (isinstance(node, ast.Constant) and (node.value is None or node.value == 0 or _is_text(node)))


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str | bytes))


def wall_clock_uses(path: str, tree: ast.Module) -> list[str]:
    """One sentence for every use of the wall clock in a file."""
    return WallClockFinder(path).look_at(tree)


def entry_for(path: str) -> str | None:
    """The entry of the list that allows a file the wall clock."""
    return next((e for e in ALLOWED if path == e or (e.endswith("/") and path.startswith(e))), None)


def test_only_listed_files_use_the_wall_clock() -> None:
    found: list[str] = []
    needed: set[str] = set()
    for path, tree in python_files(*PACKAGES, "benchmarks", "pyvisa_labctl.py"):
        uses = wall_clock_uses(path, tree)
        entry = entry_for(path)
        if entry is None:
            found += uses
        elif uses:
            needed.add(entry)
    assert found == []
    assert set(ALLOWED) == needed


@pytest.mark.parametrize(
    "source",
    [
        "import time",
        "import time as t",
        "import os, time",
        "from time import sleep as s",
        "def f():\n    from time import perf_counter",
        "from instruments.clock import time",
        "from instruments import clock\nclock.time.sleep(1)",
        "__import__('time').sleep(1)",
        "import importlib\nimportlib.import_module('time')",
        "import timeit",
        "from sched import scheduler",
        "import datetime\ndatetime.datetime.now()",
        "import datetime as d\nd.datetime.now(d.UTC)",
        "from datetime import datetime as dt\nmoment = dt.now",
        "from datetime import datetime\nD = datetime\nE = D\nE.utcnow()",
        "from datetime import date\ndate.today()",
        "from datetime import datetime\ngetattr(datetime, 'now')()",
        "import pandas as pd\npd.Timestamp.now()",
        "import numpy as np\nnp.datetime64('now')",
        "import asyncio\nawait_ = asyncio.sleep(1)",
        "from asyncio import sleep as rest\nasync def f():\n    await rest(1)",
        "import asyncio as a\nsleep = a.sleep\n",
        "import asyncio\nasyncio.wait_for(f(), 3)",
        "import threading\nthreading.Event().wait(3)",
        "from threading import Event\ndef f(e: Event): e.wait(timeout=3)",
        "import threading\nthreading.Timer(3, print)",
        "def f(e): e.wait(timeout=0.1)",
        "import threading\ndef f(worker, limit): worker.join(limit)",
        "import queue\nq = queue.Queue()\nq.get(True, 3)",
        "import queue\nq = queue.Queue()\nq.get(timeout=3)",
        "import subprocess\nsubprocess.run(['x'], timeout=3)",
        "import select\nselect.poll().poll(100)",
        "import select\nselect.select([a], [], [], 0.5)",
        "import selectors\ndef f(s: selectors.DefaultSelector): s.select(0.5)",
        "import socket\nsocket.socket().settimeout(3)",
        "import socket\nsocket.create_connection(('a', 1), timeout=3)",
        "import socket\nsocket.setdefaulttimeout(3)",
        "import signal\nsignal.alarm(3)",
        "def f(resource): resource.wait_for_srq(1000)",
        "def f(loop): loop.call_later(1, print)",
    ],
)
def test_a_use_of_the_wall_clock_is_found(source: str) -> None:
    assert wall_clock_uses("somewhere.py", ast.parse(source))


@pytest.mark.parametrize(
    "source",
    [
        "def f(clock): clock.sleep(1); return clock.now()",
        "from datetime import UTC, datetime\nZERO = datetime(2000, 1, 1, tzinfo=UTC)",
        "from instruments.clock import WallClock\nWallClock().sleep(1)",
        "def f(cryostat): cryostat.wait(10.0)",
        "import threading\nthreading.Event().wait()",
        "import subprocess\n','.join(names)\nf'{x}'.join(names)",
        "import subprocess\n{}.get('key', 3)",
        "import socket\nsocket.socket().settimeout(None)",
        "import select\nselect.select([a], [], [], 0)",
        "import select\nselect.select([a], [], [])",
        "import threading\n''.join(x for x in names)",
        "def f(row): return row.time + row.start",
        "class Row:\n    time: float\n\ndef f(time: float) -> float:\n    return time",
    ],
)
def test_what_only_looks_like_it_is_left_alone(source: str) -> None:
    assert wall_clock_uses("somewhere.py", ast.parse(source)) == []
