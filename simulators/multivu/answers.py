"""How a MultiPyVu server words its answers."""

from __future__ import annotations


class Refusal(Exception):
    """A MultiPyVuError of the server; `str` is its text without the word in front."""


def error_text(sentence: str) -> str:
    """Return an error as it goes over the wire; a client that reads it raises, and hangs up."""
    return f"MultiPyVuError: {sentence}"


def received(action: str) -> str:
    """Return the result of a command that was carried out."""
    return f"{action} Command Received"


def plain(value: float, digits: int) -> str:
    """Return a number as Python prints it, rounded, never as minus zero."""
    return str(round(value, digits) + 0.0)


def while_setting(action: str, parameters: str, sentence: str) -> Refusal:
    """Return the error of a command whose parameters MultiVu does not take."""
    return Refusal(f"Error when setting the {action} {parameters}: {sentence}")
