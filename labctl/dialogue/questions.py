"""Asking an instrument line by line, as on a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import pyvisa

from instruments.clock import Clock
from instruments.driver import Driver
from instruments.errors import BadValue, Refused

PAUSE = "wait"


class Answer(NamedTuple):
    """What became of a line.

    Attributes:
        sent: The line.
        reply: What came back; None where nothing was asked, an empty text where nothing came.
        refused: Why it was not sent; empty where it was.
    """

    sent: str
    reply: str | None = None
    refused: str = ""


def ask(driver: Driver, clock: Clock, lines: Iterable[str]) -> Iterator[Answer]:
    """Send each line, and fetch the reply of each that asks something.

    Args:
        driver: An opened instrument.
        clock: The lab's time.
        lines: What to send; empty lines and those that begin with `#` are passed over, and `wait 2` waits 2 s.

    Yields:
        What became of each line; one that exceeds a limit is not sent, and the next one follows.

    Raises:
        BadValue: `wait` without a time, or a line with characters that are no bytes.
    """
    connection: Any = driver.adapter.connection
    for line in lines:
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        if text.split()[0] == PAUSE:
            clock.sleep(_seconds(text))
            continue
        try:
            connection.write_raw(_bytes(text))
        except Refused as refusal:
            yield Answer(text, refused=str(refusal))
            continue
        yield Answer(text, _reply(connection) if "?" in text else None)


def _bytes(text: str) -> bytes:
    try:
        return text.encode("latin-1") + b"\n"
    except UnicodeEncodeError as error:
        raise BadValue(f"the line {text!a} has characters that are no bytes; write plain text") from error


def _seconds(text: str) -> float:
    try:
        seconds = float(text.split()[1])
    except (IndexError, ValueError) as error:
        raise BadValue(f"{text!r} does not say how long; write e.g. {PAUSE} 2 (s)") from error
    if not 0 <= seconds < 1e6:
        raise BadValue(f"{text!r} is no time to wait; give s between 0 and a million")
    return seconds


def _reply(connection: Any) -> str:
    try:
        return connection.read_raw().decode("latin-1")
    except pyvisa.VisaIOError:
        return ""
