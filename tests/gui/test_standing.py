"""The line at the top, for every state of a station."""

from __future__ import annotations

from typing import Any

import pytest

from labctl.gui.standing import headline

ASKED = {"procedure": "ahe", "sample": "cotb2025", "parameters": {}, "over": ["temperature=300:200:-10 K"]}
WAITS = {"id": "2", "state": "waiting", "asked": ASKED}
ON = {"id": "1", "state": "running", "asked": ASKED, "stopping": ""}


def queue(*items: dict[str, Any], paused: bool = False, why: str = "") -> dict[str, Any]:
    return {"items": list(items), "paused": paused, "why": why}


@pytest.mark.parametrize(
    ("run", "known", "sentence", "tone"),
    [
        (None, None, "Looking for the worker of this station …", "quiet"),
        (None, queue(), "Idle; nothing waits", "good"),
        (None, queue(WAITS, paused=True, why="paused by LW"), "Paused: paused by LW; 1 waits in the queue", "warn"),
        (None, queue(paused=True, why="stopped by LW"), "Paused: stopped by LW; nothing waits", "warn"),
        (None, queue(WAITS, paused=True, why="item 1 did not finish: the 6221 does not answer"),
         "FAULT in item 1, safe state reached: the 6221 does not answer", "bad"),
        (None, queue(WAITS, paused=True, why="item 1 did not finish: 6221 at GPIB0::12::INSTR: no reply came"),
         "FAULT in item 1, safe state reached: 6221: no reply came (GPIB0::12::INSTR)", "bad"),
        ({"item": "1", "progress": 0.0, "state": "rehearses"}, queue(ON),
         "Measuring ahe cotb2025 temperature=300:200:-10 K: is rehearsed before it begins", "warn"),
        ({"item": "1", "progress": 0.42, "state": "running"}, queue(ON),
         "Measuring ahe cotb2025 temperature=300:200:-10 K: 42%", "warn"),
        ({"item": "1", "progress": 0.42, "state": "running", "number": 3, "of": 11}, queue(ON),
         "Measuring ahe cotb2025 temperature=300:200:-10 K: 3 of 11, 42%", "warn"),
        ({"item": "1", "progress": 0.42, "state": "running", "number": 3, "of": 11,
          "folder": "/runs/2026-11-23/0007-series-ahe-S/0003-temperature=300K"}, queue(ON),
         "Measuring ahe cotb2025 temperature=300:200:-10 K: 0007/0003, 3 of 11, 42%", "warn"),
        ({"item": "1", "progress": 0.42, "state": "stands"}, queue(ON, paused=True),
         "Measuring ahe cotb2025 temperature=300:200:-10 K: STANDS STILL, current at zero, field held", "warn"),
        ({"item": "1", "progress": 0.42, "state": "is held", "held": "interlock 'helium low': 59 %"},
         queue(ON), "Measuring ahe cotb2025 temperature=300:200:-10 K: STANDS STILL: interlock 'helium low': 59 %",
         "warn"),
        (None, queue(ON), "Measuring ahe cotb2025 temperature=300:200:-10 K: begins", "warn"),
        ({"item": "1", "state": "running"}, queue({**ON, "stopping": "LW"}),
         "Measuring ahe cotb2025 temperature=300:200:-10 K: is being brought to its safe state, asked for by LW",
         "warn"),
    ],
)  # fmt: skip
def test_the_line_at_the_top(
    run: dict[str, Any] | None, known: dict[str, Any] | None, sentence: str, tone: str
) -> None:
    assert headline(run, known) == (sentence, tone)


def test_how_far_a_run_is_is_said_behind_however_much_is_asked() -> None:
    long = {**ON, "asked": {**ASKED, "parameters": {f"parameter_{number}": "1 mA" for number in range(20)}}}
    said, _ = headline({"item": "1", "progress": 0.42, "state": "running"}, queue(long))
    assert said.endswith("…: 42%")
    assert len(said) < 80
