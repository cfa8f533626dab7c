"""Imports go one way: procedures -> labctl -> simulators -> instruments.

The arrows are read from the source, so an import inside a function or under TYPE_CHECKING counts as well.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.sources import PACKAGES, python_files

MAY_IMPORT = {
    "instruments": {"instruments"},
    "simulators": {"simulators", "instruments"},
    "labctl": {"labctl", "simulators", "instruments"},
    # An experiment cannot know whether its station is simulated.
    "procedures": {"procedures", "labctl", "instruments"},
    "pyvisa_labctl.py": {"labctl"},
}

SIMULATORS_MAY_KNOW = {"clock", "errors", "scpi", "shared_clock", "tables", "units"}
"""What simulators take from instruments: the manuals as data and the wire's grammar, never a driver."""

TABLE_READERS = {"tables", "guard"}
"""Modules of instruments that may read the command tables. Drivers are written against the manuals: one that read the
table which the simulator obeys could not find a mistake in it."""

NOWHERE = {"tests", "benchmarks", "data", "script"}
"""Folders that an editable installation makes importable by accident."""


def imported_modules(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Line and full name of every import, `import_module("...")` and `__import__("...")` with a literal among them."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            # `from package import module` imports a module as well; the longer name is checked, the shorter contained.
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)
        elif isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called in {"import_module", "__import__"} and isinstance(node.args[0].value, str):
                yield node.lineno, node.args[0].value


def upward(path: str, tree: ast.Module) -> list[str]:
    """One sentence for every import in a file that goes against the arrows."""
    home, _, rest = path.partition("/")
    module = rest.partition("/")[0].removesuffix(".py")
    found: list[str] = []
    for line, name in imported_modules(tree):
        package, *inner = name.split(".")
        where = f"{path}:{line} imports {name}"
        if package in PACKAGES and package not in MAY_IMPORT[home]:
            found.append(f"{where}: {home} may import {', '.join(sorted(MAY_IMPORT[home]))} only")
        if package in NOWHERE:
            found.append(f"{where}, which is no package")
        if home == "simulators" and package == "instruments" and not {*inner[:1]} & SIMULATORS_MAY_KNOW:
            found.append(f"{where}: simulators may know {', '.join(sorted(SIMULATORS_MAY_KNOW))} of instruments only")
        if home == "instruments" and module not in TABLE_READERS and [package, *inner[:1]] == ["instruments", "tables"]:
            found.append(f"{where}: drivers are written against the manual, not against the command tables")
    return found


def test_every_import_follows_the_arrows() -> None:
    found = {path: upward(path, tree) for path, tree in python_files(*MAY_IMPORT)}
    assert {path.partition("/")[0] for path in found} >= set(PACKAGES)
    assert [sentence for sentences in found.values() for sentence in sentences] == []


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("instruments/clock.py", "import simulators"),
        ("instruments/clock.py", "import numpy, labctl.station as s"),
        ("simulators/lab.py", "from labctl import paths"),
        ("simulators/lab.py", "def f():\n    from procedures.loops import Loop"),
        ("labctl/run.py", "if TYPE_CHECKING:\n    from procedures.loops import Loop"),
        ("labctl/run.py", 'importlib.import_module("procedures.loops")'),
        ("labctl/run.py", 'import_module("procedures")'),
        ("labctl/run.py", "from tests.sources import ROOT"),
        ("procedures/loops.py", "from simulators.lab import Lab"),
        ("simulators/devices/source.py", "from instruments.keithley6221 import Keithley6221"),
        ("simulators/devices/source.py", "from instruments import guard"),
        ("simulators/devices/source.py", "import instruments"),
        ("instruments/keithley6221.py", "from instruments.tables import keithley6221"),
    ],
)
def test_an_import_against_the_arrows_is_found(path: str, source: str) -> None:
    assert len(upward(path, ast.parse(source))) == 1


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("procedures/loops.py", "from labctl.procedure import Procedure\nfrom instruments.errors import LabError"),
        ("labctl/station.py", "from simulators.lab import Lab"),
        ("simulators/lab.py", "from instruments.clock import Clock\nfrom instruments import scpi, units"),
        ("instruments/guard/rules.py", "from instruments.tables import keithley6221"),
        ("instruments/tables/keithley6221.py", "from instruments.tables.table import Row"),
        ("labctl/run.py", "from . import recorder\nimport labctl_of_somebody_else"),
    ],
)
def test_an_import_along_the_arrows_is_allowed(path: str, source: str) -> None:
    assert upward(path, ast.parse(source)) == []


def test_only_the_worker_and_its_client_know_http() -> None:
    found = {path for path, tree in python_files("labctl") for _, name in imported_modules(tree)
             if name.partition(".")[0] in {"fastapi", "starlette", "uvicorn", "httpx"}}  # fmt: skip
    assert found == {f"labctl/service/{name}.py" for name in ("client", "serving", "web")}


def modules_after(statements: str) -> set[str]:
    """The top-level modules that a fresh interpreter has loaded after some statements."""
    report = "\nimport sys\nprint(*sorted({name.partition('.')[0] for name in sys.modules}), file=sys.stderr)"
    ended = subprocess.run([sys.executable, "-c", statements + report], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    return set(ended.stderr.split())


def test_the_engine_needs_no_screen() -> None:
    loaded = modules_after("import labctl.run")
    assert loaded & {"matplotlib", "PyQt5", "PyQt6", "PySide2", "PySide6", "pyqtgraph", "qtpy"} == set()


def test_help_loads_nothing_heavy() -> None:
    loaded = modules_after("from labctl.cli.main import run_command\nassert run_command(['--help']) == 0")
    heavy = {"matplotlib", "numpy", "pandas", "pint", "pydantic", "pymeasure", "pyvisa", "rich", "scipy"}
    heavy |= {"fastapi", "httpx", "uvicorn"}
    assert loaded & heavy == set()
