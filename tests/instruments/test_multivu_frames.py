"""Messages as the driver writes and reads them: captured ones, and everything that is none."""

from __future__ import annotations

import json
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from instruments.multivu_frames import LONGEST_BODY, Garbled, Unpacker, pack

HEADER = '{"byteorder": "little", "message-type": "text/json", "message-encoding": "utf-8", "message-length": %d}'
ANSWER = {
    "id": "34567890-0000-4000-8000-000000001be1",
    "action": "TEMP?",
    "query": "",
    "result": "300.0,K,Stable",
    "message_type": "completed",
}
BODY = json.dumps(ANSWER).encode()
CAPTURED = b"\x00\x68" + (HEADER % len(BODY)).encode() + BODY


def test_the_captured_message_is_read_and_written_to_the_byte():
    assert Unpacker().take(CAPTURED) == [ANSWER]
    if sys.byteorder == "little":
        assert pack(ANSWER) == CAPTURED


@pytest.mark.parametrize("step", [1, 2, 3, 50, 103, 104, 105])
def test_messages_come_in_pieces_and_several_at_once(step: int):
    unpacker, stream = Unpacker(), pack(ANSWER) * 3
    found = [message for at in range(0, len(stream), step) for message in unpacker.take(stream[at : at + step])]
    assert found == [ANSWER] * 3
    assert not unpacker.unfinished


@settings(deadline=None, max_examples=50)
@given(st.dictionaries(st.text(max_size=8), st.text(max_size=20), max_size=5))
def test_what_is_written_is_read(body: dict[str, str]):
    assert Unpacker().take(pack(body)) == [body]


def test_a_message_that_is_cut_off_is_unfinished():
    for cut in range(1, len(pack(ANSWER))):
        unpacker = Unpacker()
        assert unpacker.take(pack(ANSWER)[:cut]) == []
        assert unpacker.unfinished


def framed(header: str, body: bytes = b"") -> bytes:
    return len(header.encode()).to_bytes(2, "big") + header.encode() + body


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.1 400 Bad Request",
        b"\xff" * 5000,
        b"\xf0\x00{",
        framed("{nothing}"),
        framed('{"message-length": 5}', b"12345"),
        framed(HEADER % 0),
        framed(HEADER % (LONGEST_BODY + 1)),
        framed(HEADER.replace("%d", '"5"'), b"12345"),
        framed(HEADER.replace("utf-8", "utf-7") % 2, b"{}"),
        framed(HEADER % 4, b"[{}]"),
        framed(HEADER % 4, b"\xff\xfe\xfd\xfc"),
        framed(HEADER % 9, b'{"id": 1}'),
        framed(HEADER % 50_000, b"[" * 50_000),
    ],
)
def test_what_is_no_message(data: bytes):
    with pytest.raises(Garbled):
        Unpacker().take(data)
