"""Tells people who are not there how a run ended, by a command of the station file.

    [notify]
    command = ["curl", "--silent", "--data-raw", "{sentence}", "https://ntfy.example/my-lab"]

The command is a list of words and goes past every shell, so that no letter of a sentence means anything to one. What
comes of it is an event of the run; nothing waits for it but this.
"""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator

from labctl.records import Second, Section

Ending = Literal["failed", "fault", "refused", "aborted", "finished"]

WORDS = ("sentence", "run", "status")
"""What may stand in braces in a word of the command."""
SAID_OF_IT = 200
"""Letters of what a command that failed has printed which are kept."""
_BRACED = re.compile(r"\{([a-z_]+)\}")


class Notify(Section):
    """[notify], what is started when a run has ended in a way that a person should know of."""

    command: tuple[str, ...] = Field(min_length=1, description='program and words, e.g. command = ["beep", "{status}"]')
    when: tuple[Ending, ...] = ("failed", "fault", "refused")
    """Ends after which it is started; always where the safe state was not reached, or nobody asked for the end."""
    within: Second = Field(default=30.0, gt=0, le=120)
    """s of real time after which it is ended."""

    @field_validator("command")
    @classmethod
    def _knows_its_words(cls, command: tuple[str, ...]) -> tuple[str, ...]:
        if not command[0].strip():
            raise ValueError('the first word of the command is empty; name a program, e.g. command = ["curl", ...]')
        for name in (name for word in command for name in _BRACED.findall(word)):
            if name not in WORDS:
                known = ", ".join(f"{{{each}}}" for each in WORDS)
                raise ValueError(f"{{{name}}} is not known in a command; known are {known}")
        return command


def wanted(notify: Notify | None, status: str, *, serious: bool) -> bool:
    """Tell whether somebody wants to hear of an end.

    Args:
        notify: Of the station.
        status: How the run ended.
        serious: Whether the safe state was not reached, or the run ended though nobody asked it to.
    """
    return notify is not None and (serious or status in notify.when)


def tell(notify: Notify, status: str, sentence: str, run: Path) -> str:
    """Start the command once, and wait for its end for so long as the station says.

    The sentence is in the word `{sentence}`, in the environment variable LABCTL_SENTENCE, and in its standard input.

    Args:
        notify: Of the station.
        status: How the run ended.
        sentence: What people should read.
        run: Its folder.

    Returns:
        What went wrong, in one sentence; empty if nothing did.
    """
    said = {"sentence": sentence, "run": str(run), "status": status}
    words = [_BRACED.sub(lambda found: said[found[1]], word) for word in notify.command]
    environment = {**os.environ, **{f"LABCTL_{name.upper()}": text for name, text in said.items()}}
    program = notify.command[0]
    try:
        with tempfile.TemporaryFile() as printed:  # a pipe would be waited for as long as anybody has it open
            done = subprocess.run(  # noqa: S603 - whoever writes the station file says what is started
                words, input=f"{sentence}\n{run}\n".encode(), env=environment, timeout=notify.within, check=False,
                stdout=printed, stderr=subprocess.STDOUT,
            )  # fmt: skip
            printed.seek(0)
            complaint = printed.read(4 * SAID_OF_IT)
    except subprocess.TimeoutExpired:
        return f"the notify command {program!r} was not done within {notify.within:g} s, and was ended"
    except (OSError, ValueError) as error:
        return f"the notify command {program!r} cannot be started: {getattr(error, 'strerror', None) or error}"
    if done.returncode:
        text = " ".join(complaint.decode("utf-8", "replace").split())[:SAID_OF_IT]
        return f"the notify command {program!r} ended with exit code {done.returncode}{': ' if text else ''}{text}"
    return ""
