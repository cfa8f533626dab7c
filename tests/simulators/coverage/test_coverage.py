"""Every row of the command tables on the simulated instruments: what it stores, checks, resets, and what follows."""

from __future__ import annotations

from pathlib import Path

import pytest

from instruments.clock import VirtualClock
from simulators.coverage.__main__ import main
from simulators.coverage.bench import OpenLeads, Talk, controller, meter, plain, source, sourcemeter
from simulators.coverage.flat_rows import measure as measure_flat
from simulators.coverage.pages import INSTRUMENTS, pages
from simulators.coverage.rows import COUNTED, Coverage, samples, tally
from simulators.coverage.scpi_rows import measure
from simulators.devices.keithley6221 import Keithley6221
from simulators.exchange import ScpiDevice, command
from simulators.timeline import Timeline
from tests.sources import ROOT

LARGEST_PAGE = 200_000  # bytes

NOT_STORED = {
    "6221": {},
    "2182A": {},
    "2400": {},
    "SR830": {},
    "6000": {},
}
"""Rows that can be sent and asked and do not keep all of their values, and why."""

KEPT_BY_THE_METER = {
    "[SENSe[1]:]VOLTage[:DC]:DIGits": "of the display; replies have all digits",
    "[SENSe[1]:]TEMPerature:DIGits": "of the display; replies have all digits",
    "SYSTem:KEY": "the codes of the keys are not known",
    "SYSTem:KCLick": "a sound",
    "SYSTem:BEEPer[:STATe]": "a sound",
    "DISPlay:ENABle": "the display only",
    "DISPlay[:WINDow[1]]:TEXT:DATA": "the display only",
    "DISPlay[:WINDow[1]]:TEXT:STATe": "the display only",
}
"""Settings of the 2182A from which nothing follows that a program could notice, and why."""

KEPT_BY_THE_SOURCE = {
    "SYSTem:BEEPer[:STATe]": "no source says what it sounds for",
    "SYSTem:COMMunicate:SERial:PACE": "a handshake; the line is never overrun",
    "SYSTem:COMMunicate:SERial:CONTrol:RTS": "a handshake; the line is never overrun",
    "SYSTem:COMMunicate:GPIB:ADDRess": "the doors of the lab are fixed when it begins",
    "SYSTem:PASSword:ENABle": "named by one driver, which does not say what it switches",
}
"""Settings of the 6221 from which nothing follows, and why."""

BOXES = {"6221": source, "2182A": meter, "2400": sourcemeter}


def counted(name: str) -> list[Coverage]:
    """What was found out about an instrument's rows."""
    return next(instrument for instrument in INSTRUMENTS if instrument.name == name).measure()


def failing(name: str, question: str) -> set[str]:
    """Headers for which the answer to a question is no."""
    return {one.row.header for one in counted(name) if getattr(one, question) is False}


@pytest.mark.parametrize("name", NOT_STORED)
def test_what_is_set_is_what_is_answered(name: str) -> None:
    assert failing(name, "stored") == set(NOT_STORED[name])


@pytest.mark.parametrize("name", NOT_STORED)
@pytest.mark.parametrize("question", ["range", "error", "reset"])
def test_ranges_errors_and_resets_are_those_of_the_table(name: str, question: str) -> None:
    assert failing(name, question) == set()
    assert tally(counted(name), question)[1] > 10


@pytest.mark.parametrize("name", BOXES)
def test_what_is_said_to_be_refused_is_always_refused(name: str) -> None:
    """With one of the numbers for what cannot be done now or is not there; off and none are always taken."""
    device = BOXES[name]()
    for header in device.refused:
        row = device.table[header]
        texts = [text for text, _ in samples(row)] if row.parameters else [""]
        for text in texts:
            errors = Talk(device).send(f"{plain(row.header)} {text}")
            assert errors in ([[]] if text in {"OFF", "NONE"} else [[-221], [-241]]), (header, text)


@pytest.mark.parametrize("name", BOXES)
def test_what_is_declared_exists_and_is_declared_once(name: str) -> None:
    device = BOXES[name]()
    declared = [device.key(header) for header in (*device.idle, *device.refused, *device.kept)]
    assert len(declared) == len(set(declared))
    assert all(device.has_effect(header) for header in declared)


def test_settings_that_a_measurement_depends_on_count_as_acting() -> None:
    effects = {one.row.header: one.effect for one in counted("2182A")}
    for header in ("[SENSe[1]:]VOLTage[:DC]:NPLCycles", "SYSTem:AZERo[:STATe]", "UNIT:TEMPerature", "SAMPle:COUNt"):
        assert effects[header] == "acts"
    assert {header for header, effect in effects.items() if effect == "kept"} == set(KEPT_BY_THE_METER)
    assert {header for header, effect in effects.items() if effect not in {"acts", "kept"}} == {"*TST"}


def test_all_that_the_sourcemeter_takes_has_an_effect() -> None:
    effects = {one.row.header: one.effect for one in counted("2400")}
    assert {header for header, effect in effects.items() if effect != "acts"} == {"*TST", "DISPlay:CNDisplay"}


def test_what_the_source_only_keeps() -> None:
    effects = {one.row.header: one.effect for one in counted("6221")}
    assert {header for header, effect in effects.items() if effect == "kept"} == set(KEPT_BY_THE_SOURCE)
    rest = {"*TST", "DISPlay[:WINDow[1]]:ATTRibutes", "DISPlay:WINDow2:ATTRibutes"}
    assert {header for header, effect in effects.items() if effect not in {"acts", "kept"}} == rest


class Careless(Keithley6221):
    """A source that forgets one setting, takes everything for another, and does not reset a third."""

    @command("SOUR:DEL")
    def _forget(self, _seconds: float) -> None:
        """Nothing is kept."""

    def reset(self) -> None:
        points = self.settings.get("[SOURce[1]:]SWEep:POINts", 11)
        super().reset()
        self.set_value("SOUR:SWE:POIN", points)


def careless() -> ScpiDevice:
    return Careless(Timeline(VirtualClock()), OpenLeads())


def test_carelessness_is_found() -> None:
    found = {one.row.header: one for one in measure(careless)}
    assert found["[SOURce[1]:]DELay"].stored is False
    assert found["[SOURce[1]:]SWEep:POINts"].reset is False
    assert found["[SOURce[1]:]SWEep:COUNt"].reset is True
    assert sum(one.stored is False for one in found.values()) == 1 + len(NOT_STORED["6221"])


def test_a_controller_that_takes_everything_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simulators.devices.model6000.Model6000._complain", lambda _self: None)
    found = measure_flat(controller)
    assert not any(one.error for one in found)
    assert not any(one.range for one in found)


def test_the_pages_are_up_to_date_and_can_be_read() -> None:
    """Written by `python -m simulators.coverage --docs`."""
    folder = ROOT / "docs" / "commands"
    assert {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()} == pages()
    assert max(path.stat().st_size for path in folder.iterdir()) < LARGEST_PAGE


def test_the_program_prints_and_writes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    printed = capsys.readouterr().out
    for instrument in INSTRUMENTS:
        assert f"| {instrument.name} | {len(counted(instrument.name))} |" in printed
    assert main(["--docs", str(tmp_path / "new")]) == 0
    assert {path.name for path in (tmp_path / "new").iterdir()} == set(pages())


def test_every_question_is_counted() -> None:
    for instrument in INSTRUMENTS:
        rows = counted(instrument.name)
        assert all(tally(rows, question)[1] for question in COUNTED)
