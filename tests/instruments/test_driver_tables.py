"""Every property of the Keithleys' drivers, against the same wrongs of the wire; and whom they take for their own."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from instruments.clock import VirtualClock
from instruments.errors import InstrumentFault
from instruments.scpi_driver import ScpiDriver
from tests.instruments.dialogues import (
    DONE,
    Bench,
    Row,
    check_cut_off,
    check_reader,
    check_setter,
    dialogue,
    properties,
)
from tests.instruments.rows import TABLED, Tabled

each_driver = pytest.mark.parametrize("table", TABLED, ids=str)
PROPERTIES = [(table, row) for table in TABLED for row in table.rows]


def each_property(wanted: Callable[[Row], object] = bool) -> pytest.MarkDecorator:
    """Run a test with every driver and each of its properties that are wanted."""
    chosen = [pytest.param(table, row, id=f"{table}-{row}") for table, row in PROPERTIES if wanted(row)]
    return pytest.mark.parametrize(("table", "row"), chosen)


@each_driver
def test_every_property_has_its_dialogue(table: Tabled):
    assert properties(table.kind) - {"id", "next_error"} == {row.name for row in table.rows}


@each_property()
def test_reading_a_property(table: Tabled, row: Row):
    check_reader(table.kind, row)


@each_property(lambda row: row.query != "*IDN?")
def test_a_reply_that_is_cut_off(table: Tabled, row: Row):
    check_cut_off(table.kind, row, {"*IDN?": f"{table.idn}\n"})


@each_property(lambda row: row.puts)
def test_setting_a_property(table: Tabled, row: Row):
    check_setter(table.kind, row)


@each_property(lambda row: not row.puts)
def test_what_is_only_read_cannot_be_set(table: Tabled, row: Row):
    with dialogue(table.kind) as driver, pytest.raises((LookupError, AttributeError)):
        setattr(driver, row.name, 1)


@each_driver
def test_its_own_instrument(table: Tabled):
    with dialogue(table.kind, ("*IDN?", table.idn)) as driver:
        assert driver.check_identity() == table.idn


@each_driver
def test_another_instrument_is_named(table: Tabled):
    for other in table.others:
        bench = Bench(table.kind, {"*IDN?": f"{other}\n"})
        with pytest.raises(InstrumentFault, match="not the instrument that belongs here") as caught:
            bench.driver.check_identity()
        assert bench.resource in str(caught.value)
        assert repr(other) in str(caught.value)


@each_driver
def test_reset_waits_on_the_clock_and_leaves_nothing_behind(table: Tabled):
    clock = VirtualClock()
    with dialogue(table.kind, ("*RST", None), (":STAT:PRES;*CLS;*ESR?;:SYST:ERR?", DONE), clock=clock) as driver:
        assert isinstance(driver, ScpiDriver)
        driver.reset()
        assert clock.now() == driver.RESET_TIME > 0.0
