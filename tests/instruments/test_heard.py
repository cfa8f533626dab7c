"""What an instrument was told last, from the messages that go by."""

from __future__ import annotations

import pytest

from instruments.clock import VirtualClock
from instruments.guard import heard as module
from instruments.guard.heard import Heard, Program, Setting
from instruments.keithley6221 import Keithley6221
from labctl.protection import guarded
from labctl.sample import load_sample
from labctl.simulation import build_lab
from labctl.station import load_station

QUESTIONS = ";*ESR?;:SYST:ERR?"


def after(driver: str, *messages: str) -> dict[str, Setting]:
    heard = Heard(driver)
    for message in messages:
        heard.sent(f"{message}\n".encode())
    return heard.settings()


def test_before_anything_was_said_nothing_is_known() -> None:
    assert set(after("keithley6221").values()) == {None}
    assert set(after("sr830").values()) == {None}
    assert after("somebody_elses") == {}


def test_a_source_is_what_it_was_told_since_its_reset() -> None:
    told = ("*RST", f":SOUR:CURR:RANG:AUTO 0;:SOUR:CURR:RANG 1e-4{QUESTIONS}", ":SOUR:CURR 5e-05", ":OUTP 1")
    found = after("keithley6221", *told)
    assert found == {
        "level_A": 5e-05, "range_A": 2e-4, "auto_range": False, "compliance_V": 10.0, "output": True
    }  # fmt: skip
    assert after("keithley6221", *told, ":SOUR:CURR 1e-05", ":SOUR:CURR 5e-05")["level_A"] == 5e-05
    cleared = after("keithley6221", *told, ":SOUR:CLE")
    assert (cleared["output"], cleared["level_A"]) == (False, 0.0)
    assert after("keithley6221", *told, ":SOUR:CURR MAX")["level_A"] == 0.105


def test_what_a_source_runs_by_itself_is_told_until_it_is_stopped() -> None:
    heard = Heard("keithley6221")
    for message, runs in ((b":SOUR:DELT:ARM", "delta"), (b":INIT:IMM", "delta"), (b":SOUR:SWE:ABOR", None)):
        heard.sent(message + b"\n")
        assert heard.runs == runs
    heard.sent(b":SOUR:WAVE:ARM\n")
    assert heard.runs == "wave"
    heard.sent(b"*RST\n")
    assert heard.runs is None


def test_a_nanovoltmeter_shows_the_channel_that_it_reads() -> None:
    told = ("*RST", ":SENS:VOLT:CHAN1:RANG 0.01", ":SENS:VOLT:CHAN2:RANG 0.5", ":SENS:VOLT:NPLC 1")
    assert (after("keithley2182a", *told)["range_V"], after("keithley2182a", *told)["nplc"]) == (0.01, 1.0)
    assert after("keithley2182a", *told, ":SENS:CHAN 2")["range_V"] == 1.0
    assert after("keithley2182a", *told, ":SENS:VOLT:CHAN1:RANG:AUTO 1")["range_V"] is None


def test_the_other_instruments() -> None:
    meter = after("keithley2400", "*RST", ":SOUR:FUNC CURR", ":SENS:VOLT:PROT 2", ":OUTP 1", ":SOUR:CLE")
    assert (meter["function"], meter["compliance_V"], meter["output"]) == ("current", 2.0, False)
    lockin = after("sr830", "SENS 17;OFLT 8", "PHAS 12.5", "SENS?", "nonsense and more")
    assert (lockin["sensitivity_V"], lockin["time_constant_s"], lockin["phase_deg"]) == (1e-3, 0.1, 12.5)


def test_questions_and_what_is_refused_change_nothing_and_after_a_failure_nothing_is_known() -> None:
    heard = Heard("keithley6221")
    for message in (b":OUTP 1\n", b":OUTP?\n", b":SOUR:CURR 7 A 8\n", b":NO:SUCH 1\n"):
        heard.sent(message)
    assert (heard.settings()["output"], heard.settings()["level_A"]) == (True, None)
    heard.lose()
    assert heard.settings()["output"] is None


def test_only_so_many_messages_are_kept_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_KEPT", 3)
    heard = Heard("keithley6221")
    for step in range(10):
        heard.sent(f":SOUR:CURR {step}e-6\n".encode())
    assert heard.settings()["level_A"] == 9e-6


def test_what_goes_through_the_guard_is_heard_and_nothing_more_is_sent() -> None:
    station, record, clock = load_station("ppms"), load_sample("cotb2025"), VirtualClock()
    lab = build_lab(station, record, clock, seed=1, sample_seed=0)
    resources = {role: each.resource for role, each in station.instruments.items()}
    library = guarded(lab.visa, station, record, {}, resources, clock)
    heard = Heard("keithley6221")
    source = Keithley6221(resources["source"], clock=clock, visa_library=library)
    library.listen({resources["source"]: heard})
    source.source_compliance = 1.0
    source.source_current = 1e-5
    source.source_enabled = True
    assert heard.settings() == {
        "level_A": 1e-5, "range_A": None, "auto_range": None, "compliance_V": 1.0, "output": True
    }  # fmt: skip
    assert (heard.replies, heard.unanswered) == (3, 0)
    source.shutdown()
    assert heard.settings()["output"] is False


def test_after_a_list_the_output_is_what_the_source_answers_and_how_high_it_went_is_kept() -> None:
    station, record, clock = load_station("ppms"), load_sample("cogd2022"), VirtualClock()
    lab = build_lab(station, record, clock, seed=1, sample_seed=0)
    resources = {role: each.resource for role, each in station.instruments.items()}
    library = guarded(lab.visa, station, record, {}, resources, clock)
    heard = Heard("keithley6221")
    source = Keithley6221(resources["source"], clock=clock, visa_library=library)
    library.listen({resources["source"]: heard})
    source.reset()
    assert heard.program is None
    source.pulse(1e-4, 10e-3, compliance=10.0)
    assert (heard.runs, heard.settings()["output"], heard.settings()["level_A"]) == (None, False, 0.0)
    assert heard.program == Program("list", 1e-4, 0.01)
    source.source_enabled = True
    source.pulse(-2e-4, 10e-3, compliance=10.0)
    assert (heard.settings()["output"], heard.program) == (True, Program("list", 2e-4, 0.01))
    source.pulse(-2e-4, 1e-4, compliance=10.0)
    assert heard.program == Program("wave", 2e-4)


def test_the_height_of_a_program_is_known_while_it_runs() -> None:
    heard = Heard("keithley6221")
    for message in (":SOUR:DELT:HIGH 1e-5", ":SOUR:DELT:ARM", ":INIT"):
        heard.sent(f"{message}\n".encode())
    assert (heard.runs, heard.program) == ("delta", Program("delta", 1e-5))
