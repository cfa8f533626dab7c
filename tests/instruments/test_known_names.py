from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import pytest
from pymeasure.instruments import Channel, Instrument

from instruments.clock import VirtualClock
from instruments.driver import Driver, DriverChannel, setting
from instruments.errors import UnknownAttribute, UsageError
from instruments.forms import within
from instruments.keithley2182a import Keithley2182A
from instruments.keithley2400 import Keithley2400
from instruments.keithley6221 import Keithley6221
from instruments.known_names import nearest, settable
from instruments.multivu import MultiVu
from instruments.ppms6000 import Ppms6000
from tests.instruments.dialogues import Bench, Wire


def source() -> Any:
    return Keithley6221(Wire(), VirtualClock())


def meter() -> Any:
    return Keithley2182A(Wire(), VirtualClock())


def ppms() -> Any:
    return Bench(Ppms6000, {"*IDN?": "QUANTUM DESIGN, MODEL 6000, REV 1.0\r\n;"}).driver


def multivu(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr("instruments.multivu_link.Link.open", lambda self: None)
    return MultiVu("127.0.0.1:1", VirtualClock())


@pytest.mark.parametrize(
    ("make", "name", "hint"),
    [
        (source, "current", "did you mean source_current?"),
        (source, "compliance", "did you mean source_compliance?"),
        (source, "output", "did you mean source_enabled "),
        (source, "source_curent", "did you mean source_current?"),
        (meter, "nplc", "did you mean voltage_nplc?"),
        (meter, "voltage_range", "did you mean ch_1.voltage_range or ch_2.voltage_range?"),
        (lambda: meter().ch_1, "voltage_rnge", "did you mean voltage_range?"),
        (lambda: Keithley2400(Wire(), VirtualClock()), "source_volts", "did you mean source_voltage"),
        (source, "xyzzy", "it has display_enabled, "),
    ],
)
def test_what_a_driver_does_not_have_cannot_be_set(make: Callable[[], Any], name: str, hint: str):
    driver = make()
    with pytest.raises(UnknownAttribute) as caught:
        setattr(driver, name, 0.3)
    assert f"has no {name!r} that could be set; {hint}" in str(caught.value)
    assert isinstance(caught.value, AttributeError)
    assert isinstance(caught.value, UsageError)
    assert not hasattr(driver, name)


def test_a_channel_says_whose_it_is():
    with pytest.raises(UnknownAttribute, match=r"^channel 2 of the 2182A \(Keithley2182A\) has no 'rang'"):
        meter().ch_2.rang = 1


@pytest.mark.parametrize("name", ["field", "temperature"])
def test_a_cryostat_is_told_by_its_methods(monkeypatch: pytest.MonkeyPatch, name: str):
    for cryostat in (ppms(), multivu(monkeypatch)):
        with pytest.raises(UnknownAttribute, match=rf"has no '{name}' that could be set; call set_{name}\(\.\.\.\)$"):
            setattr(cryostat, name, 0.3)
        with pytest.raises(UnknownAttribute, match=rf"'{name}_setpoint' of the .* can be read, but not set$"):
            setattr(cryostat, f"{name}_setpoint", 0.3)


def test_what_is_read_or_called_is_not_set():
    with pytest.raises(UnknownAttribute, match=r"'voltage' of the 2182A \(Keithley2182A\) can be read, but not set$"):
        meter().voltage = 1.0
    with pytest.raises(UnknownAttribute, match=r"'pulse' of .* is called, pulse\(\.\.\.\), and not set to 0.001"):
        source().pulse = 0.001


def test_names_of_ones_own_are_private_or_come_from_init():
    class Labelled(Keithley6221):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self.label = "left rack"

    driver: Any = Labelled(Wire(), VirtualClock())
    driver.label = "right rack"
    driver._note = 3
    driver.clock = other = VirtualClock()
    assert (driver.label, driver._note, driver.clock) == ("right rack", 3, other)
    with pytest.raises(UnknownAttribute, match=r"the 6221 \(Labelled\) has no 'lable'"):
        driver.lable = "x"


def test_a_method_can_be_replaced_for_a_test():
    driver = source()
    driver.write = sent = list[str]().append
    assert driver.write == sent


def test_pymeasures_own_machinery_goes_on_working():
    class Output(DriverChannel):
        pass

    class Device(Driver):
        outputs = Instrument.MultiChannelCreator(cast("Any", Output), cast("Any", [1, 2]))
        level = setting(":LEV %s", "Set the level in V (float from 0 to 1).", within("level", 0.0, 1.0, "V"))
        gain = Instrument.control("G?", "G %g", "Control the gain.", dynamic=True)

    device: Any = Device(Wire(), VirtualClock(), "device")
    device.gain_set_command = "GAIN %g"  # a special name of a dynamic property: there is no such attribute
    device.gain = 2
    assert device.adapter.sent == ["GAIN 2"]
    added = device.add_child(Output, 3, collection="more", prefix="extra_")
    assert device.extra_3 is added
    device.remove_child(added)
    assert not hasattr(device, "extra_3")
    assert isinstance(device.ch_1, Channel)
    device.shutdown()
    assert device.isShutdown


def test_other_peoples_drivers_are_not_touched():
    class Theirs(Instrument):
        pass

    theirs: Any = Theirs(Wire(), "theirs", includeSCPI=False)
    theirs.anything = 1
    assert theirs.anything == 1


def test_hints_are_names_that_can_be_set():
    for driver in (source(), meter(), meter().ch_1, ppms()):
        for name in settable(driver):
            assert nearest(name.rpartition(".")[2], settable(driver))[0].endswith(name.rpartition(".")[2])
