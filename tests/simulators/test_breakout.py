"""Cables that are plugged in elsewhere, and the door for it."""

from __future__ import annotations

import json

import pytest

from instruments.clock import VirtualClock
from instruments.errors import UnknownName, UsageError
from simulators.breakout import BreakoutDoor, plugged_in, replugged
from simulators.cables import Cables, Lead
from simulators.timeline import Timeline

LEADS = {"I+": Lead("source", 25.0), "I-": Lead("drain", 25.0), "A": Lead("A", 25.0)}
HOME = Cables(source=("I+", "I-"), voltmeter={1: ("A", "I-")}, serial=True)


def test_ends_that_are_not_named_hang_free_and_links_stay() -> None:
    moved = replugged(HOME, LEADS, {"source.high": "A", "source.low": "shield"})
    assert (moved.source, moved.voltmeter[1], moved.smu) == (("A", "shield"), ("open", "open"), ("open", "open"))
    assert moved.serial
    assert plugged_in(moved) == {"source.high": "A", "source.low": "shield"}


def test_what_cannot_be_plugged_in_is_refused() -> None:
    with pytest.raises(UnknownName, match="no end"):
        replugged(HOME, LEADS, {"lockin.high": "A"})
    with pytest.raises(UnknownName, match="no lead 'Z'"):
        replugged(HOME, LEADS, {"source.high": "Z"})
    with pytest.raises(UsageError, match="short"):
        replugged(HOME, LEADS, {"smu.high": "A", "smu.low": "A"})


class Bench:
    def __init__(self) -> None:
        self.cables = HOME
        self.door = BreakoutDoor(Timeline(VirtualClock()), self.plug, self.back, lambda: self.cables)

    def plug(self, ends: object) -> None:
        assert isinstance(ends, dict)
        self.cables = replugged(self.cables, LEADS, ends)

    def back(self) -> None:
        self.cables = HOME

    def ask(self, line: str) -> str:
        assert self.door.ready_at() is None
        self.door.write(line.encode() + b"\n")
        assert self.door.ready_at() == 0.0
        return self.door.read().decode().rstrip("\n")


def test_the_door_plugs_puts_back_and_says() -> None:
    bench = Bench()
    assert bench.ask('PLUG {"source.high": "A", "source.low": "I-"}') == "OK"
    assert json.loads(bench.ask("PLUGGED?")) == {"source.high": "A", "source.low": "I-"}
    assert bench.ask("back") == "OK"
    assert bench.cables == HOME


@pytest.mark.parametrize(
    "line", ["PLUG", "PLUG []", "PLUG {", 'PLUG {"source.high": 1}', "BACK now", "HELLO", "PLUG " + "x" * 5000, "\xff"]
)
def test_what_is_no_sentence_of_the_door_changes_nothing(line: str) -> None:
    bench = Bench()
    assert bench.ask(line).startswith("ERROR ")
    assert bench.cables == HOME


def test_a_lead_that_is_not_there_is_refused_at_the_door() -> None:
    bench = Bench()
    assert "no lead 'Z'" in bench.ask('PLUG {"source.high": "Z"}')
    assert bench.cables == HOME
