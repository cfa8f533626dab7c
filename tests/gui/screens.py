"""An X server whose screen is a file, and the window in a process of its own on it."""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
import sys
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from labctl import paths

XVFB = shutil.which("Xvfb")
NONE = "no Xvfb is installed; script/test installs it"
SIZE = (1366, 768)


@dataclass(frozen=True, slots=True)
class Screen:
    """Where a window is shown.

    Attributes:
        environment: What a program is told of it.
        file: What is seen on it, as the X server writes it; None on a screen that nobody can look at.
    """

    environment: Mapping[str, str]
    file: Path | None = None

    def seen(self) -> NDArray[np.uint32]:
        """Return the colours of the screen, lines of 0x00rrggbb from the top.

        The file is an X window dump (XWDFile.h): a header of big-endian words, colours, and then the pixels.
        """
        assert self.file is not None
        dump = self.file.read_bytes()
        words = struct.unpack(">25I", dump[:100])
        begins, (width, height), line = words[0] + 12 * words[19], words[4:6], words[12]
        pixels = np.frombuffer(dump, dtype="<u4", offset=begins, count=line // 4 * height)
        return pixels.reshape(height, line // 4)[:, :width] & np.uint32(0xFFFFFF)


NOWHERE = Screen({"QT_QPA_PLATFORM": "offscreen"})


@contextmanager
def x_server(folder: Path) -> Generator[Screen]:
    """Start an X server on a free display, with its screen in a file of a folder."""
    assert XVFB is not None
    folder.mkdir()
    says, hears = os.pipe()
    words = [XVFB, "-displayfd", str(hears), "-screen", "0", f"{SIZE[0]}x{SIZE[1]}x24", "-fbdir", str(folder)]
    with open(folder / "complaints", "wb") as complaints:  # noqa: PTH123 - of a process
        server = subprocess.Popen([*words, "-nolisten", "tcp"], pass_fds=[hears], stderr=complaints)
    os.close(hears)
    with os.fdopen(says) as pipe:
        number = pipe.readline().strip()
    try:
        assert number, (folder / "complaints").read_text()
        yield Screen({"QT_QPA_PLATFORM": "xcb", "DISPLAY": f":{number}"}, folder / "Xvfb_screen0")
    finally:
        server.terminate()
        server.wait()


@contextmanager
def window_alone(screen: Screen, state: Path, *words: str) -> Generator[subprocess.Popen[bytes]]:
    """Open `labctl gui` in a process of its own; it is killed at the end if it is still there."""
    environment = {**os.environ, **screen.environment, paths.STATE: str(state)}
    process = subprocess.Popen([sys.executable, "-m", "labctl", "gui", *words], env=environment)
    try:
        yield process
    finally:
        process.kill()
        process.wait()
