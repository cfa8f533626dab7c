"""Processes, as far as systems differ in them: beginning one, ending it, and saying how it ended."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import nullcontext, suppress
from pathlib import Path

REAPED_WITHIN = 2.0
"""s in which a process that was killed should be gone; one that hangs in the kernel is given up."""

_WORDS = {"SIGKILL": "was killed", "SIGSEGV": "crashed", "SIGBUS": "crashed", "SIGABRT": "crashed", "SIGFPE": "crashed"}


class _Alone(subprocess.Popen[bytes]):
    """A process that outlives this program: Python would warn of it when nobody keeps it any more."""

    def __del__(self) -> None:
        pass


def begin_again(environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """Begin this very program anew, with the same words and the same terminal, in a process of its own.

    Args:
        environment: Variables beside those that this process has.
    """
    command = [sys.executable, *sys.orig_argv[1:]]
    return subprocess.Popen(command, env={**os.environ, **environment})  # noqa: S603 - this program itself


def begin_module(
    module: str, environment: Mapping[str, str], words: Sequence[str] = (), *, told: bool = False
) -> subprocess.Popen[bytes]:  # fmt: skip
    """Begin a module of labctl in a Python of its own, which reads nothing and prints where this program complains.

    Args:
        module: Its full name.
        environment: Variables beside those that this process has.
        words: Of its command line.
        told: Whether this program reads what it prints instead.
    """
    command = [sys.executable, "-m", module, *words]
    return subprocess.Popen(  # noqa: S603 - a module of labctl
        command, env={**os.environ, **environment}, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE if told else sys.stderr,
    )  # fmt: skip


def begin_alone(module: str, *words: str, complaints: Path | None = None) -> subprocess.Popen[bytes]:
    """Begin a module of labctl that outlives this program and its terminal, and reads nothing.

    Args:
        module: Its full name.
        *words: Its arguments.
        complaints: File that gets what it prints; nobody gets it where this is None.

    Raises:
        OSError: The file cannot be written.
    """
    apart = 0
    if sys.platform == "win32":
        apart = subprocess.DETACHED_PROCESS | subprocess.CREATE_NEW_PROCESS_GROUP
    command, nothing = [sys.executable, "-m", module, *words], subprocess.DEVNULL
    with nullcontext(nothing) if complaints is None else complaints.open("wb") as printed:
        return _Alone(
            command, stdin=nothing, stdout=printed, stderr=printed, creationflags=apart,
            start_new_session=sys.platform != "win32",
        )  # fmt: skip


def ended_within(process: subprocess.Popen[bytes], seconds: float) -> bool:
    """Wait for a process to end, for so many s of real time; return whether it has."""
    try:
        process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        return False
    return True


def end(process: subprocess.Popen[bytes]) -> bool:
    """End a process at once, whatever it does; return whether it is gone."""
    process.kill()
    return ended_within(process, REAPED_WITHIN)


def ask_to_end(number: int) -> None:
    """Ask a process by its number to end, as Ctrl-C does; on Windows it is ended at once. One that is gone is gone."""
    with suppress(OSError):
        os.kill(number, signal.SIGTERM)


def end_number(number: int) -> None:
    """End a process by its number at once, whatever it does. One that is gone is gone."""
    with suppress(OSError):
        os.kill(number, signal.SIGTERM if sys.platform == "win32" else signal.SIGKILL)


def how_it_ended(code: int) -> str:
    """Say in a few words what an exit code of a process means, e.g. `was killed (SIGKILL)`."""
    if code >= 0:
        return f"ended with exit code {code}" if code < 0x40000000 else f"crashed (0x{code:08X})"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = f"signal {-code}"
    return f"{_WORDS.get(name, 'was ended')} ({name})"
