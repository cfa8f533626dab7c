"""Where messages end in the bytes that an instrument receives."""

from __future__ import annotations

import re

_QUOTES = re.compile(rb"[\"']")


def cut_messages(data: bytes, *, whole: bool) -> list[bytes]:
    r"""Cut received bytes at the line feeds that end messages; the last piece is what is unfinished.

    A quoted string may contain any character, so that a line feed in it ends nothing (IEEE 488.2, 7.7.5). On a bus the
    end of what was sent ends the message whatever is open. A socket has no such end; there a string that was never
    closed would swallow everything that comes after it, so that only a line feed right in front of the closing quote is
    taken for part of the string (`SYST:COMM:SER:SEND "*IDN?\n"`, as clients of the 6221 send it; unsure: what the
    instrument itself does on its socket is not known). No message begins with a quote.

    Args:
        data: The bytes.
        whole: Whether they are all that was sent up to an end of message, as on GPIB.
    """
    pieces = data.split(b"\n")
    if len(pieces) <= 2 or (b'"' not in data and b"'" not in data):
        return pieces
    cut: list[bytes] = []
    begun, quote = b"", b""
    last = len(pieces) - 2 if not pieces[-1] else len(pieces) - 1
    for number, piece in enumerate(pieces[:-1]):
        quote = _open_quote(piece, quote)
        closing = pieces[number + 1].startswith(quote)
        if quote and number < last and (whole or closing):
            begun += piece + b"\n"
        else:
            cut.append(begun + piece)
            begun, quote = b"", b""
    return [*cut, begun + pieces[-1]]


def _open_quote(piece: bytes, quote: bytes) -> bytes:
    """Return the quote that is open behind a piece of a message; `quote` is the one that is open before it."""
    for found in _QUOTES.findall(piece):
        if not quote:
            quote = found
        elif quote == found:
            quote = b""
    return quote
