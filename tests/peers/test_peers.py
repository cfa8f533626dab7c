"""Other people's software, unmodified, against the served simulators: every row of the table of compatibility."""

from __future__ import annotations

import subprocess
from collections.abc import Generator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.peers.page import PAGE, page
from tests.peers.rows import LEFT, ROWS, Left, Row, programs
from tests.peers.served import HERE, PYTHON, Labs, Said, run

NEEDED = pytest.mark.skipif(not PYTHON.exists(), reason="other people's software is not there; script/test installs it")
VERSIONS = "import importlib.metadata as m, json, sys; print(json.dumps([m.version(n) for n in sys.argv[1:]]))"


@pytest.fixture(scope="module")
def labs(tmp_path_factory: pytest.TempPathFactory) -> Generator[Labs]:
    """The labs, which end with the module."""
    with ExitStack() as stack:
        yield Labs(stack, tmp_path_factory.mktemp("labs"))


@pytest.fixture(scope="module")
def said(labs: Labs) -> dict[str, Said]:
    """What each program said, once it has been run, and what it left in the error queues."""
    return {}


def heard(script: str, labs: Labs, said: dict[str, Said]) -> Said:
    """Run a program, if it has not been run yet."""
    if script not in said:
        lab = programs()[script].lab
        if lab == "bench":
            _ = labs.truth
            labs.start_over()
        answer = run(script, getattr(labs, lab))
        said[script] = answer | {"left": labs.errors() if lab == "bench" else {}}
    return said[script]


@NEEDED
@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.script} {row.client} {row.instrument}")
def test_a_row(row: Row, labs: Labs, said: dict[str, Said]) -> None:
    answer = heard(row.script, labs, said)
    row.check(answer, labs.truth)


@NEEDED
@pytest.mark.parametrize("script", [name for name, program in programs().items() if program.lab == "bench"])
def test_nothing_is_left_in_the_error_queues_but_what_the_program_asked_for(
    script: str, labs: Labs, said: dict[str, Said]
) -> None:
    assert heard(script, labs, said)["left"] == LEFT.get(script, Left()).by_role()


@NEEDED
def test_the_versions_are_those_of_the_table() -> None:
    rows = [row for row in ROWS if row.package]
    done = subprocess.run(
        [PYTHON, "-c", VERSIONS, *(row.package for row in rows)], capture_output=True, text=True, check=True
    )
    installed = done.stdout.strip().strip("[]").replace('"', "").split(", ")
    wrong = [(row.package, row.version, there) for row, there in zip(rows, installed, strict=True)
             if not there.startswith(row.version + ".")]  # fmt: skip
    assert wrong == []


def test_every_program_has_a_row_and_every_package_is_installed_for_one() -> None:
    scripts = {path.stem for path in (HERE / "clients").glob("*.py")}
    assert scripts == set(programs()) | {"peer"}
    listed = "".join(
        (HERE / name).read_text(encoding="utf-8") for name in ("requirements.txt", "requirements-alone.txt")
    )
    missing = [row.package for row in ROWS if row.package and f"{row.package}==" not in listed]
    assert missing == []


def test_the_page_is_up_to_date() -> None:
    """If it is not: python -m tests.peers.page."""
    assert Path(PAGE).read_text(encoding="utf-8") == page()
