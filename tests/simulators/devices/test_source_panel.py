"""The 6221's keys, display, remote control, network settings and passwords."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from instruments.tables.keithley6221 import TABLE
from instruments.tables.table import Row
from simulators.coverage.bench import plain
from simulators.coverage.rows import samples
from simulators.devices.keithley6221 import Keithley6221
from simulators.devices.source_panel import UNPROTECTED, Key, Network
from tests.simulators.devices.source_bench import SourceBench

USER_REQUEST = 0x40


@pytest.fixture
def bench() -> SourceBench:
    return SourceBench()


# ---- keys


def test_the_output_key_turns_the_output_on_and_off(bench: SourceBench) -> None:
    bench.write("SOUR:CURR 1e-3", "SYST:KEY 24")
    assert bench.ask("OUTP?;:SYST:KEY?") == "1;24"
    assert bench.terminals.current == pytest.approx(1e-3)
    bench.write("SYST:KEY 24")
    assert bench.ask("OUTP?") == "0"
    assert not bench.terminals.driven


def test_the_output_key_does_not_get_past_the_interlock(bench: SourceBench) -> None:
    bench.device.interlock_closed = False
    bench.write("SYST:KEY 24")
    assert bench.ask("OUTP?") == "0"
    assert bench.errors() == [-221]


def test_range_keys(bench: SourceBench) -> None:
    bench.write("SOUR:CURR 1e-5", "SYST:KEY 1")
    assert bench.ask("SOUR:CURR:RANG?;RANG:AUTO?") == "0.000200;0"
    bench.write("SYST:KEY 17", "SYST:KEY 17")
    assert float(bench.ask("SOUR:CURR:RANG?") or 0) == 20e-6  # 10 uA do not fit into 2 uA
    assert bench.errors() == [-221]
    bench.write("SYST:KEY 9")
    assert bench.ask("SOUR:CURR:RANG:AUTO?") == "1"
    bench.write("SOUR:CURR 0.1", "SYST:KEY 1")
    assert bench.ask("SOUR:CURR:RANG?") == "0.100000"


def test_the_trigger_key_is_what_a_manual_trigger_waits_for(bench: SourceBench) -> None:
    bench.write("SOUR:CURR:STAR 1e-6;STOP 2e-6;STEP 1e-6", "SOUR:DEL 0.01;:ARM:SOUR MAN;:SOUR:SWE:ARM;:INIT")
    bench.wait(1.0)
    assert bench.terminals.current == 0.0
    bench.write("SYST:KEY 13")
    bench.wait(1.0)
    assert [change.current for change in bench.terminals.changes if change.current][:2] == pytest.approx([1e-6, 2e-6])


def test_the_local_key_asks_for_attention_and_takes_messages_away(bench: SourceBench) -> None:
    bench.ask("*ESR?")
    bench.write("SYST:REM", "DISP:TEXT:DATA 'wait';STAT 1", "DISP:ENAB 0", "SYST:KEY 8")
    assert bench.ask("*ESR?") == str(USER_REQUEST)
    assert bench.device.display == (None, None)
    assert not bench.device.remote


def test_a_locked_front_stays_remote(bench: SourceBench) -> None:
    bench.write("SYST:RWL")
    bench.device.press(Key.LOCAL)
    assert bench.device.remote
    bench.write("SYST:LOC")
    assert not bench.device.remote
    assert not bench.device.locked


def test_under_remote_control_a_hand_can_only_turn_off(bench: SourceBench) -> None:
    bench.write("SYST:REM")
    bench.device.press(Key.OUTPUT)
    assert bench.ask("OUTP?;:SYST:KEY?") == "0;24"
    bench.write("OUTP 1")
    bench.device.press(Key.OUTPUT)
    assert bench.ask("OUTP?") == "0"
    bench.device.press(Key.LOCAL)
    bench.device.press(Key.OUTPUT)
    assert bench.ask("OUTP?") == "1"


def test_a_key_that_cannot_do_what_it_does_tells_the_front(bench: SourceBench) -> None:
    bench.device.interlock_closed = False
    bench.device.press(Key.OUTPUT)
    assert bench.errors() == [-221]


def test_keys_click_as_long_as_they_are_told_to(bench: SourceBench) -> None:
    bench.wait(2.0)
    bench.write("SYST:KEY 4", "SYST:KCL 0", "SYST:KEY 11")
    assert list(bench.device.clicks) == [2.0]
    assert list(bench.device.pressed) == [(2.0, Key.MENU), (2.0, Key.EXIT)]


def test_a_code_without_a_key_presses_nothing(bench: SourceBench) -> None:
    codes = {int(key) for key in Key}
    before = dict(bench.device.settings)
    for code in range(1, 46):
        if code not in codes:
            bench.write(f"SYST:KEY {code}")
    header = TABLE["SYST:KEY"].header
    assert {key for key, value in bench.device.settings.items() if value != before[key]} == {header}
    bench.write("SYST:KEY 46")
    assert bench.errors() == [-222]


# ---- display


def test_the_display_shows_messages(bench: SourceBench) -> None:
    assert bench.device.display == (None, None)
    bench.write("DISP:TEXT:DATA 'cooling';:DISP:WIND2:TEXT:DATA 'do not touch';STAT 1")
    assert bench.device.display == (None, "do not touch")
    bench.write("DISP:TEXT:STAT 1")
    assert bench.device.display == ("cooling", "do not touch")
    bench.write("DISP:ENAB 0")
    assert bench.device.display == ("", "")
    bench.write("*RST")
    assert bench.device.display == (None, None)


# ---- network


def test_network_settings_apply_when_they_are_saved(bench: SourceBench) -> None:
    fresh = bench.device.network
    bench.write("SYST:COMM:ETH:ADDR '10.0.0.7';MASK '255.0.0.0';GAT '10.0.0.1';DHCP 1")
    assert bench.device.network == fresh
    bench.device.power_cycle()
    assert bench.ask("SYST:COMM:ETH:ADDR?;DHCP?") == f'"{fresh.address}";0'
    bench.write("SYST:COMM:ETH:ADDR '10.0.0.7';MASK '255.0.0.0';GAT '10.0.0.1';DHCP 1;SAVE")
    bench.device.power_cycle()
    assert bench.device.network == Network("10.0.0.7", "255.0.0.0", "10.0.0.1", dhcp=True)
    assert bench.ask("SYST:COMM:ETH:ADDR?;DHCP?") == '"10.0.0.7";1'


# ---- passwords


def protected() -> SourceBench:
    bench = SourceBench()
    bench.write("SYST:PASS:NEW 'Xy z'", "OUTP 1", "SYST:PASS:CDIS 'Xy z'")
    assert bench.errors() == []
    return bench


def test_protected_commands_are_refused_until_the_password_comes() -> None:
    bench = protected()
    assert bench.ask("SYST:PASS:STAT?") == "0"
    bench.write("SOUR:CURR 1e-3", "*RST", "SYST:PASS:NEW 'mine'")
    assert bench.ask("SOUR:CURR?") is None
    assert bench.errors() == [-221] * 4
    bench.write("SYST:PASS:CEN 'xy z'")
    assert bench.errors() == [-221]  # its letters' case counts
    bench.write("SYST:PASS:CEN 'Xy z';:SOUR:CURR 1e-3")
    assert bench.ask("SOUR:CURR?;:SYST:PASS:CEN:STAT?") == "1.000000E-03;1"
    assert bench.errors() == []


def units(row: Row) -> Iterator[tuple[bool, str]]:
    """What of a row can be sent: whether it asks, and a unit that is right."""
    others = ["1" for parameter in row.parameters[1:] if parameter.required]
    values = [next(samples(row))[0], *others] if row.parameters else []
    if row.command:
        yield False, f"{plain(row.header)} {','.join(values)}"
    if row.query:
        yield True, f"{plain(row.header)}? {'' if row.command else ','.join(values)}"


def test_only_what_the_manual_lists_can_be_sent_while_commands_are_protected() -> None:
    """Table 10-3 of the manual."""
    bench = protected()
    for row in TABLE:
        for asked, unit in units(row):
            bench.device.status.errors.clear()
            bench.write(unit)
            refused = bench.device.status.errors.pop() == -221
            tries = row.header.endswith(("CENable", "CDISable"))  # with another password
            assert refused == (tries or (row.header, asked) not in UNPROTECTED), unit
            bench.device.clear()
    assert bench.device.protected


def test_the_output_can_always_be_turned_off() -> None:
    bench = protected()
    assert bench.ask("OUTP?") == "1"
    bench.write("OUTP 1")
    assert bench.errors() == [-221]
    bench.write("OUTP OFF")
    assert bench.ask("OUTP?") == "0"


def test_messages_that_were_read_before_are_protected_too() -> None:
    bench = SourceBench()
    message = "SOUR:CURR 1e-3;:SYST:PASS:CDIS '622x';:SOUR:CURR 2e-3"
    bench.write("SOUR:CURR 2e-3", "SOUR:CURR 1e-3", message)
    assert bench.errors() == [-221]
    bench.write("SOUR:CURR 2e-3", message)
    bench.write("SYST:PASS:CEN '622x'")
    assert bench.ask("SOUR:CURR?") == "1.000000E-03"


def test_neither_reset_nor_power_off_changes_password_or_protection(bench: SourceBench) -> None:
    bench.write("SYST:PASS:NEW 'a'", "SYST:PRES", "*RST", "SYST:PASS:CDIS 'a'")
    bench.device.power_cycle()
    assert bench.ask("SYST:PASS:STAT?") == "0"
    bench.write("SYST:PASS:CEN 'a'")
    assert bench.errors() == []


def test_a_password_has_a_character(bench: SourceBench) -> None:
    bench.write("SYST:PASS:NEW ''")
    assert bench.errors() == [-222]
    bench.write(f"SYST:PASS:CDIS '{Keithley6221.factory_password}'")
    assert bench.ask("SYST:PASS:STAT?") == "0"
