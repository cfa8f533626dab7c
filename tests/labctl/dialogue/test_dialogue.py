"""Recorded dialogues: what the file keeps, what a replay finds, and the command around both."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import pytest

from instruments.clock import VirtualClock
from instruments.errors import DataDamaged, UsageError
from labctl.cli.main import run_command
from labctl.dialogue.likeness import Level, same_form
from labctl.dialogue.replay import Comparison, replay
from labctl.dialogue.script import Dialogue, Entry, Writer, read_dialogue
from labctl.dialogue.staging import stage
from simulators.device import Device
from simulators.timeline import Timeline
from tests.simulators.boxes import EchoBox
from tests.sources import ROOT

ABOUT = {"title": "t", "instruments": {"box": {"driver": "echo", "resource": "GPIB0::3::INSTR"}}}


def _replay(*entries: Entry, level: Level = "form") -> tuple[Comparison, EchoBox]:
    clock = VirtualClock()
    box = EchoBox(Timeline(clock))
    devices: dict[str, Device] = {"box": box}
    return replay(Dialogue(ABOUT, entries), devices, clock, level), box


def _to(at: float, data: bytes) -> Entry:
    return Entry(at, "to", "box", data, line=2)


def _from(at: float, data: bytes, like: str = "") -> Entry:
    return Entry(at, "from", "box", data, like, line=3)


def test_every_byte_survives_the_file(tmp_path: Path) -> None:
    everything = bytes(range(256))
    path = tmp_path / "d.jsonl"
    entries = (_to(0.1 + 0.2, everything), Entry(1.0, "event", "box", b"clear"), _from(2.0, b"", like="a.*"))
    with path.open("w", encoding="utf-8") as file:
        writer = Writer(file, ABOUT)
        for entry in entries:
            writer.add(entry)
    read = read_dialogue(path)
    assert [(entry.at, entry.way, entry.data, entry.like) for entry in read.entries] == [
        (entry.at, entry.way, entry.data, entry.like) for entry in entries
    ]
    assert [entry.line for entry in read.entries] == [2, 3, 4]
    assert (read.drivers, read.on_gpib) == ({"box": "echo"}, {"box"})


@pytest.mark.parametrize(
    ("text", "error", "named"),
    [
        ("", UsageError, "no dialogue"),
        ("{}\n", UsageError, "no dialogue"),
        ("nonsense\n", DataDamaged, "line 1"),
        ('{"kind": "dialogue", "schema": 2, "instruments": {}}', UsageError, "schema 2"),
        ('{"kind": "dialogue", "schema": 1, "instruments": {"x": "6221"}}', DataDamaged, "an object"),
        ('{"kind": "dialogue", "schema": 1, "instruments": {}, "seeds": {"seed": "x"}}', DataDamaged, "whole numbers"),
        ('{"kind": "dialogue", "schema": 1, "instruments": {"x": {}}}\n{"at": NaN, "to": "x", "bytes": ""}',
         DataDamaged, "at is nan"),
        ('{"kind": "dialogue", "schema": 1, "instruments": {}}\n{"at": 0, "to": "x", "bytes": ""}', DataDamaged, "'x'"),
        ('{"kind": "dialogue", "schema": 1, "instruments": {"x": {}}}\n{"at": 0, "to": "x"}', DataDamaged, "line 2"),
        ('{"kind": "dialogue", "schema": 1, "instruments": {"x": {}}}\n{"at": 0, "to": "x", "bytes": "\\u0100"}',
         DataDamaged, "line 2"),
        ('{"kind": "dialogue", "schema": 1, "instruments": {"x": {}}}\n{"at": 0, "of": "x", "event": "?"}',
         DataDamaged, "line 2"),
        ('{"kind": "dialogue", "schema": 1, "instruments": {"x": {}}}\n{"at": 0, "from": "x", "like": "("}',
         DataDamaged, "line 2"),
        (('{"kind": "dialogue", "schema": 1, "instruments": {"x": {}}}\n{"at": 2, "to": "x", "bytes": ""}\n'
         '{"at": 1, "to": "x", "bytes": ""}'), DataDamaged, "back in time"),
    ],
)  # fmt: skip
def test_what_is_no_dialogue_is_refused_with_the_line(
    tmp_path: Path, text: str, error: type[Exception], named: str
) -> None:
    path = tmp_path / "d.jsonl"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(error, match=named):
        read_dialogue(path)


def test_a_replay_sends_at_the_recorded_times_and_agrees() -> None:
    found, box = _replay(_to(1.0, b"A?\n"), _from(1.0, b"A\n"), _to(3.5, b"WAIT 2?\n"), _from(5.5, b"waited\n"))
    assert (found.replies, found.difference, found.slowest) == (2, None, 0.0)
    assert [time for time, _ in box.heard] == [1.0, 3.5]


def test_the_first_difference_is_named_with_its_line_and_question() -> None:
    found, _ = _replay(_to(0.0, b"A?\n"), _from(0.0, b"B\n"), _to(1.0, b"C?\n"), _from(1.0, b"D\n"))
    assert found.replies == 1
    assert str(found.difference) == (
        "line 3: asked 'A?\\n', the box said 'B\\n' in the recording and 'A\\n' in simulation"
    )


def test_a_reply_that_does_not_come_is_a_difference() -> None:
    found, _ = _replay(_to(0.0, b"A\n"), _from(0.0, b"A\n"))
    assert found.difference is not None
    assert found.difference.simulated == b""


def test_a_reply_in_pieces_is_one_and_two_replies_are_two() -> None:
    found, _ = _replay(_to(0.0, b"ABC?\n"), _from(0.0, b"A"), _from(0.0, b"BC\n"))
    assert (found.replies, found.difference) == (1, None)
    found, _ = _replay(_to(0.0, b"A?\nB?\n"), _from(0.0, b"A\nB\n"))
    assert (found.replies, found.difference) == (1, None)


def test_the_time_of_a_reply_is_compared_too() -> None:
    found, _ = _replay(_to(0.0, b"WAIT 2?\n"), _from(0.5, b"waited\n"))
    assert (found.slowest, found.slowest_line) == (1.5, 3)


def test_silence_on_gpib_is_heard_by_the_instrument() -> None:
    found, box = _replay(_to(0.0, b"A\n"), Entry(2.0, "event", "box", b"silence"))
    assert (found.difference, box.talked_to_without_need) == (None, 1)


@pytest.mark.parametrize(("like", "agrees"), [(r"-?\d+\.\d", False), (r"[A-Z]\d", True)])
def test_where_only_the_form_is_known_a_pattern_stands(like: str, agrees: bool) -> None:
    found, _ = _replay(_to(0.0, b"A7?\n"), _from(0.0, b"", like))
    assert (found.difference is None) is agrees


@pytest.mark.parametrize(
    ("recorded", "simulated", "form", "kind"),
    [
        (b"+1.25E-05", b"-9.99E+02", True, True),
        (b"+1.25E-05", b"1.25E-05", False, True),
        (b"-0.5", b"0.5", True, True),
        (b"99.95", b"100.05", True, True),
        (b"1.5", b"1.50", False, True),
        (b"1.5E1", b"1.5E01", False, True),
        (b"1", b"1.0", False, True),
        (b"+1.0,2", b"+1.0;2", False, False),
        (b"1.0VDC", b"1.0V", False, False),
        (b"A1", b"A2", False, False),
    ],
)
def test_what_agrees_in_form_and_what_in_kind(recorded: bytes, simulated: bytes, form: bool, kind: bool) -> None:
    results: dict[Level, bool] = {}
    for level in ("form", "kind", "exact"):
        found, _ = _replay(_to(0.0, simulated + b"?\n"), _from(0.0, recorded + b"\n"), level=level)
        results[level] = found.difference is None
    assert results == {"form": form, "kind": kind, "exact": False}


def test_a_number_has_its_own_form() -> None:
    assert same_form("+1.5E+10", "+1.5E+10")


def test_a_recorded_run_replays_to_the_last_byte(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "run.jsonl"
    run = ["run", "ahe", "--simulate", "--seed", "5", "-p", "maximum_field=0.1 T", "--out", str(tmp_path / "runs")]
    assert run_command(["record-dialogue", str(file), "--", *run]) == 0
    assert run_command(["record-dialogue", str(file), "--replay", "--compare", "exact", "--json"]) == 0
    found = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (found["difference"], found["slowest_s"]) == (None, 0.0)
    assert found["replies"] > 1000
    assert run_command(["record-dialogue", str(file), "--replay", "--compare", "exact", "--seed", "6"]) == 5
    assert "is the first that differs" in capsys.readouterr().out
    assert run_command(["record-dialogue", str(file), "--", *run]) == 2  # nothing is overwritten
    assert "name another file" in capsys.readouterr().err


def test_questions_are_asked_within_the_limits(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "asked.jsonl"
    lines = ["# a comment", "", "SOUR:CURR 1e-5", "wait 0.5", "SOUR:CURR?", "BANANA?", "SYST:ERR?"]
    monkeypatch.setattr("sys.stdin", iter(lines))
    assert run_command(["record-dialogue", str(file), "--ask", "source", "--simulate"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[:5] == ["> SOUR:CURR 1e-5", "> SOUR:CURR?", "< '1.000000E-05\\n'", "> BANANA?", "< nothing came"]
    assert said[6].startswith("< '-113,")
    assert run_command(["record-dialogue", str(file), "--replay", "--compare", "exact"]) == 0
    capsys.readouterr()
    monkeypatch.setattr("sys.stdin", iter(["SOUR:CURR 0.1", "SOUR:CURR?"]))
    assert run_command(["record-dialogue", str(tmp_path / "b.jsonl"), "--ask", "source", "--simulate"]) == 4
    said = capsys.readouterr()
    assert "above the limit" in said.err
    assert "< '0.000000E+00\\n'" in said.out  # the lines behind a refused one are asked
    monkeypatch.setattr("sys.stdin", iter(["wait soon"]))
    assert run_command(["record-dialogue", str(tmp_path / "c.jsonl"), "--ask", "source", "--simulate"]) == 2


@pytest.mark.parametrize("end", ["wait soon", "\u20ac", "FOO 7"])
def test_the_source_is_left_safe_however_the_questions_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    file = tmp_path / "on.jsonl"
    monkeypatch.setattr("sys.stdin", iter(["SOUR:CURR 5e-5", "SOUR:CURR:COMP 5", "OUTP ON", end]))
    assert run_command(["record-dialogue", str(file), "--ask", "source", "--simulate"]) != 0
    said = [entry.data for entry in read_dialogue(file).entries if entry.way == "to"]
    assert any(b"SOUR:CLE" in data for data in said[said.index(b"OUTP ON\n") :])


def test_an_override_holds_for_questions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    words = ["record-dialogue", str(tmp_path / "o.jsonl"), "--ask", "source", "--simulate"]
    monkeypatch.setattr("sys.stdin", iter(["SOUR:CURR 1e-3"]))
    assert run_command([*words, "--override", "current=2 mA"]) == 0


@pytest.mark.parametrize(
    "words",
    [
        ["--ask", "teapot", "--simulate"],
        ["--simulate", "--", "run", "ahe"],
        [],
        ["--replay", "--ask", "source"],
        ["--ask", "source"],
        ["--replay", "--compare", "nearly"],
        ["--replay", "--station", "versalab"],
    ],
)
def test_wrong_use_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str]) -> None:
    file = tmp_path / "d.jsonl"
    about = {"instruments": {"cryostat": {"driver": "ppms6000", "resource": "GPIB0::15::INSTR"}}}
    with file.open("w", encoding="utf-8") as stream:
        Writer(stream, about)
    assert run_command(["record-dialogue", str(file), *words]) == 2
    assert capsys.readouterr().err.count("\n") == 1


SHIPPED = sorted((ROOT / "data" / "dialogues").glob("*.jsonl"))


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_what_is_documented_of_real_instruments_is_what_the_simulated_ones_say(path: Path) -> None:
    dialogue = read_dialogue(path)
    assert dialogue.about["basis"]
    devices, clock = stage(dialogue, "", "", None)
    found = replay(dialogue, devices, clock, "form")
    assert found.difference is None
    pairs = list(pairwise(dialogue.entries))
    goes_on = [after.way == before.way == "from" and not (after.like or before.like) for before, after in pairs]
    assert found.replies == sum(entry.way == "from" for entry in dialogue.entries) - sum(goes_on)


def test_every_instrument_has_a_shipped_dialogue() -> None:
    drivers = {driver for path in SHIPPED for driver in read_dialogue(path).drivers.values()}
    assert drivers == {"keithley6221", "keithley2182a", "keithley2400", "ppms6000", "multivu"}


def test_what_is_said_to_multivu_is_recorded_and_replayed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "run.jsonl"
    run = ["run", "ahe", "--station", "versalab", "--simulate", "--seed", "5", "-p", "maximum_field=0.02 T"]
    assert run_command(["record-dialogue", str(file), "--", *run, "--out", str(tmp_path / "runs")]) == 0
    assert any(entry.role == "cryostat" and entry.way == "from" for entry in read_dialogue(file).entries)
    capsys.readouterr()
    assert run_command(["record-dialogue", str(file), "--replay", "--compare", "exact", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["difference"] is None
