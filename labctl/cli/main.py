"""Runs a command, and turns whatever goes wrong into one sentence and an exit code."""

from __future__ import annotations

import traceback
from collections.abc import Sequence

import typer

from instruments.errors import LabError
from labctl.cli.app import app


def run_command(arguments: Sequence[str]) -> int:
    """Run a command of the command line and return its exit code.

    Args:
        arguments: The words after `labctl`.
    """
    words = list(arguments) or ["--help"]
    try:
        code = app(args=words, prog_name="labctl", standalone_mode=False)
    except typer.Exit as end:
        return end.exit_code
    except typer.TyperException as error:
        return _complain(_sentence(error), 2, "failed", words)
    except (typer.Abort, KeyboardInterrupt):
        return _complain("aborted by Ctrl-C", 3, "aborted", words)
    except LabError as error:
        if "--debug" in words:
            traceback.print_exc()
        return _complain(str(error), error.exit_code, error.status, words)
    return code if isinstance(code, int) else 0


def _sentence(error: typer.TyperException) -> str:
    """One sentence about words of the command line that do not fit."""
    text = error.format_message().rstrip(".")
    hint = "" if text.endswith("?") else "; `labctl --help` lists commands and options"
    return f"{text[:1].lower()}{text[1:]}{hint}"


def _complain(sentence: str, code: int, status: str, words: Sequence[str]) -> int:
    """Say what is wrong, on stderr and, where JSON was asked for, as the one object on stdout."""
    from labctl.cli import output

    if "--json" in words:
        output.print_json({
            "run": None, "status": status, "simulated": "--simulate" in words, "points": 0, "lab_time_s": 0.0,
            "wall_time_s": 0.0, "results": {}, "error": sentence,
        })  # fmt: skip
    output.complain(f"error: {sentence}")
    return code
