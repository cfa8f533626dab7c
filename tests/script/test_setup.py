"""The set-up behind script/run and script/test: what it says when it cannot, and that it repairs what it finds."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from tests.sources import ROOT, project_files

TOOLS = ("bash", "cat", "cksum", "dirname", "flock", "grep", "ls", "rm")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A copy of the repository in a folder with a space in its name, without environment."""
    copy = tmp_path / "a copy"
    for path in project_files():
        target = copy / path.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, target)
    return copy


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """A folder to be the whole PATH: what the scripts need of a Unix, and no Python."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for tool in TOOLS:
        found = shutil.which(tool)
        if found:
            (folder / tool).symlink_to(found)
    return folder


def stand_in(folder: Path, program: str, script: str) -> None:
    """Put a shell script into a folder under a program's name."""
    path = folder / program
    path.unlink(missing_ok=True)  # else a link of that name would have the machine's own program overwritten
    path.write_text(f"#!{shutil.which('bash')}\n{script}\n")
    path.chmod(0o755)


def start(program: Path, path: str, home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a script in an environment that knows nothing of this one, from another folder and without input."""
    return subprocess.run(
        ["bash", program, *arguments],
        cwd="/",
        env={"PATH": path, "HOME": str(home), "CI": "true"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("script", ["run", "test"])
def test_a_machine_without_python_is_told_so(repository: Path, tools: Path, script: str) -> None:
    ended = start(repository / "script" / script, str(tools), tools)
    assert ended.returncode == 1
    assert ended.stderr.splitlines() == [
        "labctl needs Python 3.11 or newer, and none of python3, python3.11 ... python3.14 on the PATH is."
    ]


def test_an_old_python_counts_as_none(repository: Path, tools: Path) -> None:
    stand_in(tools, "python3", "exit 1")
    ended = start(repository / "script" / "run", str(tools), tools)
    assert ended.returncode == 1
    assert ended.stderr.startswith("labctl needs Python 3.11 or newer")


def test_a_python_that_cannot_make_environments_is_named_with_its_package(repository: Path, tools: Path) -> None:
    answers = 'case "$2" in *ensurepip*) exit 1 ;; *venv*) echo python3.12-venv ;; esac'
    stand_in(tools, "python3", answers)
    stand_in(tools, "id", "echo 1000")
    ended = start(repository / "script" / "run", str(tools), tools)
    assert ended.returncode == 1
    assert len(ended.stderr.splitlines()) == 1
    assert f"{tools}/python3 cannot make virtual environments" in ended.stderr
    assert "apt-get install python3.12-venv" in ended.stderr


def test_root_gets_the_package_installed(repository: Path, tools: Path) -> None:
    calls = tools / "calls"
    answers = f'case "$2" in *ensurepip*) [ -f "{calls}" ] ;; *venv*) echo python3.12-venv ;; esac'
    stand_in(tools, "python3", f'[ "$1" = -m ] && {{ echo "no space left" >&2; exit 1; }}; {answers}')
    stand_in(tools, "id", "echo 0")
    stand_in(tools, "apt-get", f'echo "$@" >> "{calls}"')
    ended = start(repository / "script" / "run", str(tools), tools)
    assert calls.read_text().splitlines() == ["-qq update", "-qq install --yes python3.12-venv"]
    assert ended.returncode == 1
    assert "could not be made" in ended.stderr.splitlines()[-1]


@pytest.mark.endurance
def test_a_set_up_is_made_kept_and_repaired(repository: Path, tmp_path: Path) -> None:
    path = os.pathsep.join(p for p in os.environ["PATH"].split(os.pathsep) if not p.startswith(str(ROOT)))
    probe = repository / "script" / "probe"
    probe.write_text('set -euo pipefail\n. "$(dirname "$0")/setup.sh"\nset_up_alone run\n"$venv/bin/labctl" --help\n')

    def says(*sentences: str) -> float:
        begun = time.monotonic()
        ended = start(probe, path, tmp_path)
        assert ended.returncode == 0, ended.stderr
        assert ended.stdout.startswith("Usage: labctl")
        assert [s for s in ("Making", "Installing labctl", "damaged") if s in ended.stderr] == list(sentences)
        return time.monotonic() - begun

    site = repository / ".venv/lib"
    assert says("Making", "Installing labctl") < 180
    assert says() < 2
    shutil.rmtree(next(site.glob("python*/site-packages/numpy")))
    says("Making", "Installing labctl", "damaged")
    shutil.rmtree(next(site.glob("python*/site-packages/pip")))
    says("Making", "Installing labctl")
    (repository / ".venv/labctl-run.stamp").unlink()
    says("Installing labctl")
    moved = repository.rename(repository.parent / "moved")
    probe = moved / "script" / "probe"
    says("Making", "Installing labctl")
