"""Runs a command, and turns whatever goes wrong into one sentence and an exit code."""

from __future__ import annotations

import signal
import traceback
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import typer

from instruments.errors import Aborted, BadValue, LabError
from labctl.abort import SIGNALS
from labctl.cli import output
from labctl.cli.app import app
from labctl.cli.failure import failure

_INTERRUPTED = 130
"""Exit code that typer gives to a command that was interrupted."""


def run_command(arguments: Sequence[str]) -> int:
    """Run a command of the command line and return its exit code.

    Args:
        arguments: The words after `labctl`.
    """
    words = list(arguments) or ["--help"]
    try:
        with _signals_as_interrupts():
            return _run(words)
    except typer.TyperException as error:
        return _complain(_sentence(error), 2, "failed", words)
    except (typer.Abort, KeyboardInterrupt):
        return _complain("aborted by Ctrl-C", Aborted.exit_code, Aborted.status, words)
    except LabError as error:
        if "--debug" in words:
            traceback.print_exc()
        return _complain(str(error), error.exit_code, error.status, words)
    except SystemExit as error:  # labctl ends in no other way than by returning: this is an experiment's own doing
        why = f", saying {error.code!r}" if isinstance(error.code, str) else ""
        where = f" ({_innermost(error)})" if error.__traceback__ else ""
        sentence = f"the program was ended (sys.exit) by code that labctl ran{where}{why}; raise an error instead"
        return _complain(sentence, 1, "failed", words)
    except Exception as error:  # noqa: BLE001 - the one boundary of the process: a defect is one sentence, too
        if "--debug" in words:
            traceback.print_exc()
        hint = "; `labctl --debug ...` shows where"
        return _complain(f"{type(error).__name__}: {error}{hint}", 1, "failed", words)


def _innermost(error: BaseException) -> str:
    """Return the line that raised an error, e.g. `mine.py, line 7`."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{Path(frame.filename).name}, line {frame.lineno}"


def _run(words: list[str]) -> int:
    for word in words:
        if not word.isprintable() and any("\ud800" <= character <= "\udfff" for character in word):
            raise BadValue(f"the word {word!a} is not text in this system's encoding; write it in UTF-8")
    code = app(args=words, prog_name="labctl", standalone_mode=False)
    if code == _INTERRUPTED:
        raise KeyboardInterrupt
    return code if isinstance(code, int) else 0


@contextmanager
def _signals_as_interrupts() -> Generator[None]:
    """Let every signal that ends a program end it as Ctrl-C does: through `finally`, with an exit code."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        del number, frame
        raise KeyboardInterrupt

    try:
        previous = {number: signal.signal(number, interrupt) for number in SIGNALS}
    except ValueError:  # not the main thread, to which signals belong
        previous = {}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def _sentence(error: typer.TyperException) -> str:
    """One sentence about words of the command line that do not fit."""
    text = error.format_message().rstrip(".")
    what = getattr(getattr(error, "param", None), "help", None)
    if text.startswith("Missing argument") and what:
        text = f"{text}, {what[:1].lower()}{what[1:]}".rstrip(".")
    hint = "" if text.endswith("?") else "; `labctl --help` lists commands and options"
    return f"{text[:1].lower()}{text[1:]}{hint}"


def _complain(sentence: str, code: int, status: str, words: Sequence[str]) -> int:
    """Say what is wrong, on stderr and, where JSON was asked for, as the one object on stdout."""
    if "--json" in words:
        output.print_json(failure(sentence, status, words))
    output.complain(f"error: {sentence}")
    return code
