"""Frames on the wire, byte by byte as captured between the official client and server."""

from __future__ import annotations

import json
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.multivu.frames import LONGEST_BODY, BadFrame, FrameReader, encode

HEADER = '{"byteorder": "little", "message-type": "text/json", "message-encoding": "utf-8", "message-length": %d}'
START = '{"id": "ca1d7dff-b372-471a-b430-385b4217d0c0", "action": "START", "query": "", "result": ""}'
CAPTURED = b"\x00\x67" + (HEADER % 92 + START).encode()


def frame(header: str, body: bytes = b"") -> bytes:
    return len(header.encode()).to_bytes(2, "big") + header.encode() + body


def test_the_captured_frame_is_read_and_written_to_the_byte():
    assert len(CAPTURED) == 197
    bodies = FrameReader().feed(CAPTURED)
    assert bodies == [json.loads(START)]
    if sys.byteorder == "little":
        assert encode(bodies[0]) == CAPTURED
        confirmed = encode({**bodies[0], "message_type": "confirmed"})
        assert confirmed.startswith(b"\x00\x68" + (HEADER % 121).encode())


@pytest.mark.parametrize("step", [1, 2, 3, 50, 104, 105, 196])
def test_frames_come_in_pieces_and_several_at_once(step: int):
    reader, stream = FrameReader(), CAPTURED * 3
    bodies = [body for at in range(0, len(stream), step) for body in reader.feed(stream[at : at + step])]
    assert bodies == [json.loads(START)] * 3


@settings(deadline=None, max_examples=50)
@given(st.dictionaries(st.text(max_size=8), st.text(max_size=20), max_size=5))
def test_what_is_written_is_read(body: dict[str, str]):
    assert FrameReader().feed(encode(body)) == [body]


def test_a_body_may_have_another_encoding():
    body = '{"id": "ä", "action": "TEMP?", "query": ""}'.encode("latin-1")
    header = HEADER.replace("utf-8", "latin-1") % len(body)
    assert FrameReader().feed(frame(header, body))[0]["id"] == "ä"


@pytest.mark.parametrize(
    "data",
    [
        b"\x00\x67GET / HTTP/1.1",
        b"xx" * 500_000,
        frame("{" + "x" * 30 + "}"),
        frame("[1]".replace("[", "{", 1)),
        frame('{"byteorder": "little"}'),
        frame(HEADER % -1),
        frame(HEADER % (LONGEST_BODY + 1)),
        frame(HEADER.replace("%d", "1e99")),
        frame(HEADER.replace("%d", "true")),
        frame(HEADER.replace("%d", '"92"')),
        frame(HEADER.replace("utf-8", "zip") % 5, b"12345"),
        frame(HEADER.replace("utf-8", "rot13") % 5, b"12345"),
        frame(HEADER % 4, b"\xff\xfe\xfd\xfc"),
        frame(HEADER % 4, b"abcd"),
        frame(HEADER % 2, b"[]"),
        frame(HEADER % 0),
        frame(HEADER % 8000, b"[" * 8000),
        frame((HEADER % 2).replace("{", "{" + " " * 2000), b"{}"),
        b"\x00\x00{",
        frame(HEADER % 16, rb'{"id": "\ud800"}'),
        frame(HEADER % 20, rb'{"\udfff": {"": ""}}'),
    ],
)
def test_what_is_no_frame(data: bytes):
    with pytest.raises(BadFrame):
        FrameReader().feed(data)


@pytest.mark.parametrize("cut", [1, 2, 3, 104, 105, 150, 196])
def test_a_part_of_a_frame_is_waited_for(cut: int):
    assert FrameReader().feed(CAPTURED[:cut]) == []
