"""The computer kept awake while a run is on, and how long it has slept all the same.

A computer that sleeps measures nothing, while the source goes on driving and the field goes on. What each system has to
prevent it is in one table. Nothing here needs rights: what is not there is said, and the run goes on.
"""

from __future__ import annotations

import os
import platform
import subprocess
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from instruments.errors import LabError

SHORTEST = 1.0
"""s of sleep that are worth a word: clocks of one computer agree to less."""
_CONTINUOUS, _SYSTEM_REQUIRED = 0x80000000, 0x00000001

INHIBIT = (
    "systemd-inhibit", "--what=sleep:idle", "--who=labctl", "--why=a measurement is running", "--mode=block", "cat",
)  # fmt: skip
"""Ends with its input, which ends with this process, however that dies."""


WhyNot = Callable[[], str]


class Slept(LabError):
    """The computer slept during a run."""


def _nothing() -> str:
    return ""


def _program(words: Sequence[str]) -> Generator[WhyNot]:
    """Have a program prevent it for as long as it runs."""
    program = words[0]
    try:
        child = subprocess.Popen(  # noqa: S603 - the words are those of this file
            words, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
    except OSError as error:
        why = f"{program} cannot be started ({error.strerror})"
        yield lambda: why
        return
    try:
        yield lambda: "" if child.poll() is None else f"{program} ended with exit code {child.returncode}"
    finally:
        child.kill()
        child.communicate()


def _linux() -> Generator[WhyNot]:
    yield from _program(INHIBIT)


def _macos() -> Generator[WhyNot]:
    yield from _program(("caffeinate", "-i", "-w", str(os.getpid())))


def _windows() -> Generator[WhyNot]:
    """Tell Windows that this thread needs the system; it forgets that when the thread ends."""
    kernel = kernel32()
    if not kernel.SetThreadExecutionState(_CONTINUOUS | _SYSTEM_REQUIRED):
        yield lambda: "Windows did not take it"
        return
    try:
        yield _nothing
    finally:
        kernel.SetThreadExecutionState(_CONTINUOUS)


WAYS: Mapping[str, Callable[[], Generator[WhyNot]]] = {"Linux": _linux, "Darwin": _macos, "Windows": _windows}
"""How each system is kept awake, by its name; undone when it is gone on with."""


@contextmanager
def kept_awake(system: str = "") -> Generator[WhyNot]:
    """Prevent this computer from falling asleep by itself.

    Args:
        system: As `platform.system()` says; this computer's unless given.

    Returns:
        What tells why that is not done; nothing as long as it is.
    """
    system = system or platform.system()
    if system not in WAYS:
        yield lambda: f"nobody knows how to keep {system or 'this system'} awake"
        return
    yield from WAYS[system]()


def slept() -> float:
    """Return for how many s this computer has slept since it was started; 0 where that cannot be known.

    Two clocks tell it, of which one stands still meanwhile; neither is the one on the wall, which people set.
    """
    clock = getattr(time, "clock_gettime", None)
    if clock is None:
        return _slept_on_windows()
    for going, standing in (("CLOCK_BOOTTIME", "CLOCK_MONOTONIC"), ("CLOCK_MONOTONIC", "CLOCK_UPTIME_RAW")):
        if hasattr(time, going) and hasattr(time, standing):
            return clock(getattr(time, going)) - clock(getattr(time, standing))
    return 0.0


def kernel32() -> Any:
    """Return the library of Windows itself."""
    import ctypes

    return ctypes.windll.kernel32  # pyright: ignore[reportAttributeAccessIssue, reportUnknownVariableType, reportUnknownMemberType]


def _slept_on_windows() -> float:
    import ctypes

    kernel = kernel32()
    awake = ctypes.c_ulonglong()
    kernel.GetTickCount64.restype = ctypes.c_ulonglong
    if not kernel.QueryUnbiasedInterruptTime(ctypes.byref(awake)):
        return 0.0
    return kernel.GetTickCount64() * 1e-3 - awake.value * 1e-7


class SleepWatch:
    """Looks whether the computer has slept since this was made."""

    def __init__(self) -> None:
        self._before = slept()

    def look(self) -> None:
        """Look again.

        Raises:
            Slept: It has.
        """
        gone = slept() - self._before
        if gone > SHORTEST:
            raise Slept(
                f"this computer slept for {gone:.0f} s while the run was on: what it was measuring then is void; keep "
                "it awake (`labctl doctor` says how), and carry the run on with `labctl resume`"
            )
