"""What the window needs of the system: found, asked for, or named where nobody may install it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.script.test_setup import stand_in
from tests.sources import ROOT

TOOLS = ("bash", "dirname", "awk", "sort", "paste", "grep", "find")


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """A folder to be the whole PATH: a Linux on which one library and Xvfb are missing."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for tool in TOOLS:
        found = shutil.which(tool)
        assert found is not None
        (folder / tool).symlink_to(found)
    stand_in(folder, "uname", "echo Linux")
    stand_in(folder, "id", "echo 1000")
    stand_in(folder, "ldd", "echo '  libxcb-icccm.so.4 => not found'; echo '  libc.so.6 => /lib/libc.so.6 (0x1)'")
    return folder


def said(tools: Path, function: str) -> str:
    """Return what a function of script/screen.sh says."""
    script = f'. "{ROOT}/script/setup.sh"; . "{ROOT}/script/screen.sh"; set -euo pipefail; {function}'
    done = subprocess.run(
        ["bash", "-c", script],
        env={"PATH": str(tools), "HOME": "/nonexistent"},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stderr


def test_who_is_not_root_is_told_what_to_install(tools: Path) -> None:
    sentence = said(tools, "set_up_window")
    assert sentence.startswith("labctl's window needs libxcb-icccm.so.4")
    assert "apt-get install libegl1" in sentence


def test_root_installs_it(tools: Path, tmp_path: Path) -> None:
    stand_in(tools, "id", "echo 0")
    stand_in(tools, "apt-get", f'echo "$*" >> "{tmp_path}/asked"')
    said(tools, "set_up_window; set_up_test_screen")
    asked = (tmp_path / "asked").read_text()
    assert "libxcb-icccm4" in asked
    assert "install --yes --no-install-recommends xvfb" in asked


def test_an_installation_that_fails_does_not_end_the_set_up(tools: Path) -> None:
    stand_in(tools, "id", "echo 0")
    stand_in(tools, "apt-get", "exit 100")
    assert "Everything but the window works without" in said(tools, "set_up_window")


def test_nothing_is_done_where_nothing_is_missing(tools: Path) -> None:
    stand_in(tools, "ldd", "echo '  libc.so.6 => /lib/libc.so.6 (0x1)'")
    stand_in(tools, "find", "echo /usr/share/fonts/a.ttf")
    assert said(tools, "set_up_window") == ""


def test_other_systems_bring_it_along(tools: Path) -> None:
    stand_in(tools, "uname", "echo Darwin")
    assert said(tools, "set_up_window; set_up_test_screen") == ""
