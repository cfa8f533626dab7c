"""Every public call of every driver, found by looking at the classes; what is new and in no list fails a test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from operator import attrgetter
from typing import Any

from pymeasure.instruments import Instrument

from instruments.cryostat import ChamberAction
from instruments.forms import BOOLEAN, NUMBER
from instruments.keithley2182a import Keithley2182A
from instruments.keithley2400 import Keithley2400
from instruments.keithley6221 import Keithley6221
from instruments.keithley6221_pulses import Pulse
from instruments.keithley6221_relay import MeterSettings
from instruments.keithley6221_sweeps import LinearSweep, ListSweep
from instruments.keithley6221_waves import Wave
from instruments.multivu import MultiVu
from instruments.ppms6000 import Ppms6000
from instruments.sr830 import Sr830
from tests.instruments.dialogues import assign

Call = Callable[[Any], Any]

DRIVERS: dict[str, type] = {
    kind.__name__: kind for kind in (Keithley6221, Keithley2182A, Keithley2400, Sr830, Ppms6000, MultiVu)
}

BINARY = {"binary_values", "read_binary_values", "write_binary_values", "read_bytes", "write_bytes"}
"""pymeasure's as well; these drivers refuse them."""

WIRELESS = {"wait_for", "add_child", *BINARY}
"""Calls that say nothing."""
UNKNOWN = {"MultiVu": {"signal"}}
"""Calls that a driver refuses before it says anything, since its machine has nothing of the kind."""

PYMEASURES = {
    "options", "check_get_errors", "add_child", "remove_child", "get_channels", "get_channel_pairs",
}  # fmt: skip
"""pymeasure's own, which say nothing but `*OPT?`."""

SCPI_ONLY = {"check_errors", "check_set_errors", "clear", "complete", "next_error", "reset", "status"}
"""pymeasure's as well, for instruments with SCPI; in a driver without it they mean nothing."""

WAVE = Wave("sine", 1e-5, 100.0, duration=0.1)

COMMON: dict[str, Call] = {
    "ask": lambda it: it.ask("*IDN?"),
    "read": lambda it: (it.write("*IDN?"), it.read())[1],
    "check_set_errors": lambda it: (it.write("*CLS;*ESR?;:SYST:ERR?"), it.check_set_errors())[1],
    "values": lambda it: it.values("*STB?", form=NUMBER),
    "query": lambda it: it.query("*ESE?", NUMBER),
    "write": lambda it: it.write("*CLS"),
    "command": lambda it: it.command("*CLS"),
    "ask_watching": lambda it: it.ask_watching("*ESE?", NUMBER),
    "ask_then_command": lambda it: it.ask_then_command("*ESE?", NUMBER, "*CLS"),
    "ask_among": lambda it: it.ask_among("*ESE?;*CLS;*SRE?", NUMBER, NUMBER),
    "check_errors": lambda it: it.check_errors(),
    "check_identity": lambda it: it.check_identity(),
    "clear": lambda it: it.clear(),
    "reset": lambda it: it.reset(),
    "shutdown": lambda it: it.shutdown(),
}

CALLS: dict[str, dict[str, Call]] = {
    "Keithley6221": COMMON
    | {
        "rest": lambda it: it.rest(),
        "pause": lambda it: it.pause(),
        "abort": lambda it: it.abort(),
        "abort_wave": lambda it: it.abort_wave(),
        "arm_wave": lambda it: it.arm_wave(WAVE, 1.0),
        "change_current": lambda it: it.change_current(2e-5),
        "check_meter": lambda it: it.check_meter("DELT"),
        "clear_source": lambda it: it.clear_source(),
        "come_to_rest": lambda it: it.come_to_rest(),
        "delta": lambda it: it.delta(1e-4, count=5, compliance=1.0),
        "delta_stream": lambda it: list(it.delta_stream(1e-4, count=5, compliance=1.0)),
        "differential_conductance": lambda it: it.differential_conductance(
            -1e-5, 1e-5, 5e-6, delta=1e-6, compliance=1.0
        ),
        "disarm": lambda it: it.disarm(),
        "disarm_and_ask": lambda it: it.disarm_and_ask(":OUTP?", BOOLEAN),
        "make_safe": lambda it: it.make_safe(),
        "meter_present": lambda it: it.meter_present(),
        "pulse": lambda it: it.pulse(1e-3, 0.01, compliance=1.0),
        "pulse (short)": lambda it: it.pulse(1e-3, 1e-4, compliance=1.0),
        "shape": lambda it: it.shape([0.0, 1e-3, -5e-4, 0.0], 1e-3, compliance=1.0),
        "pulse_delta": lambda it: it.pulse_delta(1e-4, width=1e-4, count=3, compliance=1.0),
        "pulse_delta (in a sweep)": lambda it: it.pulse_delta(
            width=1e-4, sweep=LinearSweep(1e-4, 3e-4, 1e-4, 0.2), compliance=1.0
        ),
        "pulses": lambda it: it.pulses([Pulse(1e-3, 0.01), Pulse(-1e-3, 0.01)], rest=1.0, compliance=1.0),
        "ramp_current": lambda it: it.ramp_current(2e-5, 1e-4),
        "read_buffer": lambda it: (it.delta(1e-4, count=5, compliance=1.0), it.read_buffer(0, 5))[1],
        "safely": lambda it: _safely(it),
        "relay_ask": lambda it: it.relay_ask("*IDN?"),
        "relay_query": lambda it: it.relay_query(":SENS:VOLT:NPLC?", NUMBER),
        "relay_read": lambda it: it.relay_read(),
        "relay_write": lambda it: it.relay_write("*CLS"),
        "run_wave": lambda it: it.run_wave(WAVE, 1.0),
        "set_up_meter": lambda it: it.set_up_meter(MeterSettings()),
        "start_wave": lambda it: (it.arm_wave(WAVE, 1.0), it.start_wave())[1],
        "stop_wave": lambda it: it.stop_wave(),
        "sweep": lambda it: it.sweep(ListSweep((0.0, 1e-4, 0.0), 0.01), compliance=1.0),
        "wave_ended": lambda it: it.wave_ended(),
    },
    "Keithley2182A": COMMON
    | {
        "configure_one_shot": lambda it: it.configure_one_shot(channel=1, nplc=1, voltage_range=0.01),
        "reading": lambda it: it.reading()[:2],
        "ch_1.acquire_voltage_reference": lambda it: (it.reading(), it.ch_1.acquire_voltage_reference())[1],
        "ch_2.acquire_voltage_reference": lambda it: (
            it.configure_one_shot(channel=2, nplc=1, voltage_range=1.0),
            it.reading(),
            it.ch_2.acquire_voltage_reference(),
        )[2],
        "ch_1.values": lambda it: it.ch_1.values(":SENS:VOLT:CHAN{ch}:LPAS?", form=BOOLEAN),
        "ch_2.values": lambda it: it.ch_2.values(":SENS:VOLT:CHAN{ch}:LPAS?", form=BOOLEAN),
    },
    "Keithley2400": COMMON
    | {
        "rest": lambda it: it.rest(),
        "pause": lambda it: it.pause(),
        "abort": lambda it: it.abort(),
        "clear_source": lambda it: it.clear_source(),
        "configure_reading": lambda it: it.configure_reading(("voltage",), nplc=1),
        "list_sweep": lambda it: [reading[:2] for reading in it.list_sweep([0.0, 1e-5, 2e-5])],
        "measure": lambda it: it.measure()[:2],
        "memory_sweep": lambda it: (it.save_location(7), [point[:2] for point in it.memory_sweep(1, start=7)])[1],
        "ramp": lambda it: it.ramp(2e-5, 1e-4),
        "save_location": lambda it: it.save_location(5),
        "sweep": lambda it: [reading[:2] for reading in it.sweep(0.0, 2e-5, 5)],
        "zero": lambda it: it.zero(),
        "current_range =": lambda it: (_as_voltage_source(it), assign(it, "current_range", 1e-3))[1],
        "current_auto_range =": lambda it: (_as_voltage_source(it), assign(it, "current_auto_range", True))[1],
    },
    "Sr830": {
        "ask": lambda it: it.ask("*IDN?"),
        "read": lambda it: (it.write("*IDN?"), it.read())[1],
        "values": lambda it: it.values("*STB?", form=NUMBER),
        "query": lambda it: it.query("SENS?", NUMBER),
        "write": lambda it: it.write("*CLS"),
        "auto_phase": lambda it: it.auto_phase(),
        "check_identity": lambda it: it.check_identity(),
        "not_taken": lambda it: str(it.not_taken("SENS 5", 1e-3)),
        "reading": lambda it: it.reading()[:4],
        "forget_status": lambda it: it.forget_status(),
        "set_frequency": lambda it: (assign(it, "reference_source", "internal"), it.set_frequency(120.0))[1],
        "settling_time": lambda it: it.settling_time(),
        "shutdown": lambda it: it.shutdown(),
    },
    "Ppms6000": {
        "ask": lambda it: it.ask("*IDN?"),
        "read": lambda it: (it.write("*IDN?"), it.read())[1],
        "values": lambda it: it.values("LEVEL?", form=None),
        "query": lambda it: it.query("ADVNUM?", NUMBER),
        "write": lambda it: it.write("BEEP 0.1 1000"),
        "check_identity": lambda it: it.check_identity(),
        "data": lambda it: round(it.data(2).items[1]),
        "hold_field": lambda it: it.hold_field(),
        "reading": lambda it: _rounded(it.reading()),
        "set_chamber": lambda it: it.set_chamber(ChamberAction.PURGE_SEAL),
        "set_field": lambda it: it.set_field(0.1, 0.01),
        "set_position": lambda it: it.set_position(20.0, 5.0),
        "set_temperature": lambda it: it.set_temperature(299.0, 10 / 60),
        "shutdown": lambda it: it.shutdown(),
        "signal": lambda it: round(it.signal(1), 3),
        "wait_field": lambda it: (it.set_field(0.3, 0.01), _rounded(it.wait_field()))[1],
        "wait_position": lambda it: (it.set_position(20.0, 5.0), _rounded(it.wait_position(20.0, 5.0)))[1],
        "wait_temperature": lambda it: (it.set_temperature(298.0, 5 / 60), _rounded(it.wait_temperature()))[1],
    },
}
CALLS["MultiVu"] = {
    name: call
    for name, call in CALLS["Ppms6000"].items()
    if name not in {"ask", "read", "values", "query", "write", "data", "signal"}
} | {"close": lambda it: it.close()}

PUTS: dict[str, dict[str, Any]] = {
    "Keithley6221": {
        "display_enabled": False, "measurement_event_enabled": 8, "operation_event_enabled": 2,
        "output_low_grounded": True, "output_response": "slow", "shield_connection": "guard",
        "source_auto_range": True, "source_compliance": 2.0, "source_current": 2e-5, "source_delay": 0.1,
        "source_enabled": False, "source_filter_enabled": True, "source_range": 1e-3,
    },
    "Keithley2182A": {
        "active_channel": 2, "auto_zero_enabled": False, "channel_function": "temperature",
        "continuous_initiation_enabled": False, "display_enabled": False, "front_auto_zero_enabled": False,
        "line_synchronization_enabled": True, "sample_count": 2, "trigger_auto_delay_enabled": True,
        "trigger_count": 3, "trigger_delay": 0.1, "trigger_source": "bus", "voltage_aperture": 0.1,
        "voltage_digits": 6, "voltage_nplc": 2.0,
    },
    "Keithley2400": {
        "auto_output_off": True, "auto_zero_enabled": False, "current_auto_range": True, "current_compliance": 1e-3,
        "current_range": 1e-3, "digital_output": 5, "filter_count": 5, "filter_enabled": True, "filter_type": "moving",
        "four_wires": True, "nplc": 2.0, "offset_compensated": True, "ohms_mode": "manual",
        "output_off_state": "normal", "source_auto_delay": False, "source_current": 2e-5,
        "source_current_auto_range": True, "source_current_range": 1e-4, "source_delay": 0.1, "source_enabled": False,
        "source_function": "voltage", "source_voltage": 0.1, "source_voltage_auto_range": True,
        "source_voltage_range": 2.0, "terminals": "rear", "voltage_auto_range": True, "voltage_compliance": 2.0,
        "voltage_protection": 20.0, "voltage_range": 2.0,
    },
    "Sr830": {
        "filter_slope": 18, "filter_synchronous": True, "harmonic": 2, "input_config": "A", "input_coupling": "DC",
        "input_grounding": "ground", "input_notch": "line", "phase": 12.5, "reference_source": "internal",
        "reference_trigger": "rising edge", "reserve": "normal", "sensitivity": 1e-3, "sine_voltage": 0.5,
        "time_constant": 0.3,
    },
    "Ppms6000": {},
    "MultiVu": {},
}  # fmt: skip
"""A value for each property that can be set, as it may be set while the source is on."""

CHANNEL_PUTS: dict[str, Any] = {
    "voltage_range_auto_enabled": True, "voltage_offset_enabled": True, "analog_filter_enabled": True,
    "digital_filter_enabled": True, "digital_filter_count": 5, "digital_filter_type": "moving",
    "digital_filter_window": 1.0, "voltage_range": 1.0, "voltage_offset": 0.5,
}  # fmt: skip
PUTS["Keithley2182A"] |= {f"ch_{number}.{name}": value for number in (1, 2) for name, value in CHANNEL_PUTS.items()}


def _safely(source: Any) -> None:
    with source.safely():
        source.change_current(2e-5)


def _as_voltage_source(smu: Any) -> None:
    """What is sourced is measured on the source's range."""
    smu.source_function = "voltage"
    smu.current_compliance = 1e-3


def _rounded(reading: Any) -> Any:
    """Temperature in K and field to 5 mT, without what depends on the moment."""
    return round(reading.temperature), round(reading.field, 2), reading.field_state, reading.chamber_state


def members(kind: type) -> Iterator[tuple[str, Any, bool]]:
    """Give each public member of a driver and its channels: dotted name, what the class has, and whether it is ours."""
    yield from _members(kind, "")
    if issubclass(kind, Instrument):
        for channel, creator in Instrument.get_channels(kind):
            for each, _ in creator.pairs:
                yield from _members(each, f"{channel}.")


def _members(kind: type, prefix: str) -> Iterator[tuple[str, Any, bool]]:
    for name in dir(kind):
        owner = next((base for base in kind.__mro__ if name in vars(base)), None)
        if owner is not None and not name.startswith("_"):
            yield prefix + name, vars(owner)[name], owner.__module__.startswith("instruments.")


def properties(kind: type) -> dict[str, bool]:
    """Return our properties of a driver, and whether each can be set."""
    found = {name: value for name, value, ours in members(kind) if ours and isinstance(value, property)}
    return {name: (value.__doc__ or "").startswith("Control") for name, value in found.items()}


def methods(kind: type) -> set[str]:
    """Return our methods of a driver."""
    return {
        name
        for name, value, ours in members(kind)
        if ours and callable(value) and not isinstance(value, type | property)
    }


@cache
def calls(driver: str) -> dict[str, Call]:
    """Return every call of a driver by name: methods, properties that are asked, properties that are set."""
    kind = DRIVERS[driver]
    asked = {f"{name}?": attrgetter(name) for name in properties(kind)}
    told: dict[str, Call] = {
        f"{name} =": lambda it, name=name, value=value: assign(it, name, value) for name, value in PUTS[driver].items()
    }
    return {**asked, **told, **CALLS[driver]}
