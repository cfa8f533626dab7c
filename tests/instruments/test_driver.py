from __future__ import annotations

import ast
import importlib
from pathlib import Path

import pytest

from instruments import listing
from instruments.clock import VirtualClock
from instruments.driver import Driver, setting
from instruments.errors import GarbledReply, InstrumentError, InstrumentFault, LimitExceeded, NoReply
from instruments.forms import within
from instruments.keithley2182a import Keithley2182A
from instruments.keithley6221 import Keithley6221
from instruments.ppms6000 import Ppms6000
from instruments.scpi_driver import QueuedError, ScpiDriver
from tests.instruments.dialogues import NO_ERROR, Bench, Wire, dialogue, properties

IDN = "KEITHLEY INSTRUMENTS INC.,MODEL 6221,4559777,D04  /700x "
SET = ":SOUR:CURR 0.001;*ESR?;:SYST:ERR?"
DRIVERS: tuple[type[Driver], ...] = (Keithley6221, Keithley2182A, Ppms6000)


def test_errors_are_taken_out_of_the_queue_and_all_are_named():
    pairs = [(":SYST:ERR?", '-222,"Parameter data out of range"'), (":SYST:ERR?", '+408,"Conductance ""x"" truncated"')]
    with dialogue(Keithley6221, *pairs, (":SYST:ERR?", NO_ERROR)) as source, pytest.raises(InstrumentError) as caught:
        source.check_errors()
    assert caught.value.code == -222
    assert '-222, "Parameter data out of range"; 408, "Conductance "x" truncated"' in str(caught.value)
    with dialogue(Keithley6221, (":SYST:ERR?", NO_ERROR)) as source:
        assert source.check_errors() == []


def test_the_next_error():
    with dialogue(Keithley6221, (":SYST:ERR?", '-113,"Undefined header"')) as source:
        assert source.next_error == QueuedError(-113, "Undefined header")


@pytest.mark.parametrize(
    "reply", ['0,"No err', "0", "0,No error", '-222,"', '0,"Parameter data out of range"', "", '1e3,"x"']
)
def test_a_damaged_error_never_passes_for_none(reply: str):
    with dialogue(Keithley6221, (":SYST:ERR?", reply.encode())) as source, pytest.raises((GarbledReply, NoReply)):
        _ = source.next_error


def test_a_queue_that_does_not_get_empty_is_a_fault():
    source = Keithley6221(Wire('-350,"Queue overflow"'), VirtualClock())
    with pytest.raises(InstrumentFault, match="does not get empty"):
        source.check_errors()


def test_silence_after_a_setting_is_explained_by_the_error_queue():
    bench = Bench(Keithley6221, {"*IDN?": f"{IDN}\n", ":SYST:ERR?": ['-113,"Undefined header"\n', f"{NO_ERROR}\n"]})
    with pytest.raises(InstrumentError, match=r"after ':SOUR:CURR 0\.001' .*-113") as caught:
        bench.driver.source_current = 1e-3
    assert caught.value.code == -113
    assert bench.device.heard.count(SET) == 1


def test_the_error_of_having_read_in_vain_is_not_one_of_the_setting():
    held = ['-222,"Parameter data out of range"\n', '-420,"Query UNTERMINATED"\n', f"{NO_ERROR}\n"]
    bench = Bench(Keithley6221, {"*IDN?": f"{IDN}\n", ":SYST:ERR?": held})
    with pytest.raises(InstrumentError, match=r'the error queue held -222, "Parameter data out of range"$'):
        bench.driver.source_current = 1e-3


def test_silence_after_a_setting_that_nothing_explains_stays_silence():
    bench = Bench(Keithley6221, {"*IDN?": f"{IDN}\n", ":SYST:ERR?": f"{NO_ERROR}\n"})
    with pytest.raises(NoReply, match=r"SOUR:CURR 0\.001"):
        bench.driver.source_current = 1e-3
    assert bench.device.heard.count(SET) == 1


def test_a_garbled_identity_of_the_right_model():
    said = ("*IDN?", "KEITHLEY INSTRUMENTS INC.,MODEL 6221")
    with dialogue(Keithley6221, said) as source, pytest.raises(GarbledReply, match="identity of a Keithley 6221"):
        source.check_identity()


def test_waiting_before_a_reply_is_on_the_clock():
    clock = VirtualClock()
    with dialogue(Keithley6221, (":OUTP?", "1"), clock=clock) as source:
        assert source.ask(":OUTP?", query_delay=0.5) == "1"
    assert clock.now() == 0.5


def test_without_a_form_values_are_pymeasures():
    with dialogue(Keithley6221, (":TRAC:DATA?", "1.5,2.5")) as source:
        assert source.values(":TRAC:DATA?") == [1.5, 2.5]


def test_a_property_that_can_only_be_set():
    class Device(ScpiDriver):
        level = setting(":LEV %s", "Set the level in V (float from 0 to 1).", within("level", 0.0, 1.0, "V"))

        def __init__(self, adapter: Wire, clock: VirtualClock) -> None:
            super().__init__(adapter, clock, "device")

    wire = Wire()
    device = Device(wire, VirtualClock())
    device.level = 0.1
    assert wire.sent == [":LEV 0.1;*ESR?;:SYST:ERR?"]
    with pytest.raises(LookupError):
        _ = device.level
    with pytest.raises(LimitExceeded, match=r"level cannot be 2\.0 V"):
        device.level = 2


@pytest.mark.parametrize("driver", DRIVERS, ids=lambda kind: kind.__name__)
def test_every_property_says_what_it_is(driver: type[Driver]):
    for name in properties(driver):
        holder: type = driver
        if "." in name:
            channel, name = name.split(".")
            holder = vars(driver)[channel].pairs[0][0]
        text = getattr(holder, name).__doc__
        assert text.startswith(("Control ", "Get ", "Measure ", "Set ")), name
        assert text.rstrip().endswith("."), name


def test_the_listing_names_drivers_and_imports_nothing():
    assert {where for where, _ in listing.DRIVERS.values()} >= {
        f"{kind.__module__}:{kind.__name__}" for kind in DRIVERS
    }
    for where, line in listing.DRIVERS.values():
        module, _, name = where.partition(":")
        assert issubclass(getattr(importlib.import_module(module), name), Driver) or "multivu" in module
        assert line
        assert "\n" not in line
    tree = ast.parse(Path(listing.__file__ or "").read_text("utf-8"))
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
