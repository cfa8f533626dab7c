"""The second environment behind script/test: made once, made anew when its lists change, and never half made."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.sources import ROOT

STAND_IN = """#!{bash}
# A Python that makes environments of nothing but itself, and notes what pip is asked for.
if [ "$1 $2" = "-m venv" ]; then mkdir -p "$3/bin" && cp "$0" "$3/bin/python"; exit; fi
if [ "$1 $2" = "-m pip" ]; then echo "$*" >>"{calls}"; [ ! -e "{broken}" ]; exit; fi
echo 3.11
"""


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """The scripts and the two lists, and an environment whose Python only notes what it is asked to do."""
    root = tmp_path / "a clone"
    (root / ".venv" / "bin").mkdir(parents=True)
    for name in ("script/setup.sh", "script/peers.sh", "tests/peers/requirements.txt",
                 "tests/peers/requirements-alone.txt"):  # fmt: skip
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, root / name)
    python = root / ".venv" / "bin" / "python"
    python.write_text(STAND_IN.format(bash=shutil.which("bash"), calls=root / "calls", broken=root / "broken"))
    python.chmod(0o755)
    return root


def set_up(clone: Path) -> tuple[int, str, list[str]]:
    """Set it up; exit code, what was said, and what pip was asked for."""
    (clone / "calls").unlink(missing_ok=True)
    lines = 'set -euo pipefail; . "$0/script/setup.sh"; . "$0/script/peers.sh"; set_up_peers_alone'
    words = ["bash", "-c", lines, str(clone)]
    done = subprocess.run(words, capture_output=True, text=True, env={"PATH": os.environ["PATH"]}, check=False)
    calls = clone / "calls"
    return done.returncode, done.stderr, calls.read_text().splitlines() if calls.exists() else []


def test_it_is_made_once(clone: Path) -> None:
    code, said, calls = set_up(clone)
    assert code == 0
    assert said.startswith("Installing other people's software")
    assert ["--no-deps" in call for call in calls] == [False, True]
    assert set_up(clone) == (0, "", [])


def test_a_changed_list_makes_it_anew(clone: Path) -> None:
    set_up(clone)
    left = clone / ".venv-peers" / "left over"
    left.touch()
    with (clone / "tests/peers/requirements.txt").open("a") as more:
        more.write("another==1.*\n")
    assert len(set_up(clone)[2]) == 2
    assert not left.exists()


def test_a_clone_that_was_moved_makes_it_anew(clone: Path) -> None:
    set_up(clone)
    moved = clone.rename(clone.parent / "moved")
    code, said, _ = set_up(moved)
    assert (code, said.count("Installing")) == (0, 1)


def test_what_could_not_be_installed_is_said_and_tried_again(clone: Path) -> None:
    (clone / "broken").touch()
    code, said, calls = set_up(clone)
    assert (code, len(calls)) == (1, 1)
    assert "pip could not install other people's software" in said
    (clone / "broken").unlink()
    code, _, calls = set_up(clone)
    assert (code, len(calls)) == (0, 2)
