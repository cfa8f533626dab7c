from __future__ import annotations

import math
from typing import Any

import pytest

from instruments.errors import BadValue, DeadlinePassed, InstrumentError, LimitExceeded
from instruments.keithley6221 import Keithley6221
from instruments.keithley6221_sweeps import (
    LONGEST_SETUP,
    LinearSweep,
    ListSweep,
    LogarithmicSweep,
    in_parts,
    joined,
)
from instruments.scpi import SETTINGS_CONFLICT, ScpiError
from simulators.devices.keithley6221 import Keithley6221 as Simulated6221
from simulators.exchange import command
from tests.instruments.dialogues import dialogue
from tests.instruments.paired import Bench

END = ";*ESR?;:SYST:ERR?"


def bench(resistance: float = 100.0) -> Bench:
    made = Bench()
    made.sample.resistance = resistance
    return made


def levels(on: Bench) -> list[tuple[float, float]]:
    return [(round(current, 12), length) for current, length in on.pieces() if not math.isinf(length)]


@pytest.mark.parametrize(
    ("sweep", "flowed"),
    [
        (LinearSweep(1e-4, 3e-4, 1e-4, 0.01), [(1e-4, 0.01), (2e-4, 0.01), (3e-4, 0.01)]),
        (LinearSweep(3e-4, 1e-4, 1e-4, 0.01), [(3e-4, 0.01), (2e-4, 0.01), (1e-4, 0.01)]),
        (LogarithmicSweep(1e-5, 1e-3, 3, 0.02), [(1e-5, 0.02), (1e-4, 0.02), (1e-3, 0.02)]),
        (LogarithmicSweep(-1e-3, -1e-5, 3, 0.02), [(-1e-3, 0.02), (-1e-4, 0.02), (-1e-5, 0.02)]),
        (ListSweep([1e-4, -2e-4, 5e-5], [0.01, 0.02, 0.005]), [(1e-4, 0.01), (-2e-4, 0.02), (5e-5, 0.005)]),
        (ListSweep([1e-4, -1e-4], 0.25), [(1e-4, 0.25), (-1e-4, 0.25)]),
    ],
)  # fmt: skip
def test_levels_and_times_are_those_of_the_sweep(sweep: Any, flowed: list[tuple[float, float]]):
    on = bench()
    report = on.source.sweep(sweep, compliance=1.0)
    found = levels(on)
    # The last level stays until the driver has seen the end.
    assert [current for current, _ in found] == pytest.approx([current for current, _ in flowed], rel=1e-6)
    assert [length for _, length in found[:-1]] == pytest.approx([length for _, length in flowed[:-1]], abs=1e-6)
    assert found[-1][1] >= flowed[-1][1] - 1e-6
    assert not report.aborted
    assert not report.clamped
    assert not on.output
    planned, delays = sweep.points()
    assert list(planned) == pytest.approx([current for current, _ in flowed])
    assert list(delays) == [length for _, length in flowed]


def test_what_a_sweep_says():
    on = bench()
    on.source.sweep(ListSweep([0.0, 1e-3, 0.0], [0.001, 0.01, 0.001]), compliance=2.0, count=3, ranging="auto")
    stop = ":SOUR:SWE:ABOR;:SOUR:WAVE:ABOR"
    lists = ":SOUR:LIST:CURR 0.0,0.001,0.0;:SOUR:LIST:DEL 0.001,0.01,0.001;:SOUR:LIST:COMP 2.0,2.0,2.0"
    told = ":STAT:OPER:ENAB 22;:STAT:MEAS:ENAB 8;:STAT:OPER?;:STAT:MEAS?"
    assert on.wire.heard == [f"{message}{END}" for message in (
        f"{stop};:OUTP?;:SOUR:CURR:RANG:AUTO?;:SOUR:CURR:RANG?;:SOUR:CURR 0.0;:SOUR:CURR:COMP 2.0", ":OUTP 1",
        f":SOUR:SWE:SPAC LIST;{lists};:SOUR:SWE:RANG AUTO;COUN 3;CAB 1;:TRIG:SOUR IMM;{told};:SOUR:SWE:ARM",
        ":INIT", "*STB?",
        f"{stop};:SOUR:CURR 0.0;:SOUR:CURR:RANG:AUTO 1;:OUTP?", ":OUTP 0",
    )]  # fmt: skip


class Reluctant(Simulated6221):
    """A source that refuses to stop what does not run, and throws away what is behind that."""

    @command("SOUR:SWE:ABOR")
    def _abort_nothing(self) -> None:
        if self.value("OUTP") is not True:
            raise ScpiError(SETTINGS_CONFLICT, "nothing runs")


def test_a_source_that_refuses_to_stop_nothing_is_told_the_rest_by_itself():
    on = Bench(simulated=Reluctant)
    report = on.source.sweep(ListSweep([0.0, 1e-3, 0.0], [0.001, 0.01, 0.001]), compliance=2.0)
    told = [message.removesuffix(END) for message in on.wire.heard]
    assert told.count(":SOUR:SWE:ABOR") == told.count(":SOUR:WAVE:ABOR") == 1  # before it; behind it the source agrees
    assert [message for message in told if message.startswith(":OUTP?;")] == [
        ":OUTP?;:SOUR:CURR:RANG:AUTO?;:SOUR:CURR:RANG?;:SOUR:CURR 0.0;:SOUR:CURR:COMP 2.0"
    ]
    assert [current for current, _ in levels(on)].count(1e-3) == 1
    assert not report.clamped
    assert not on.output


def test_what_is_joined_is_no_longer_than_a_message_may_be():
    commands = [f":A:B{number} {'9' * 90}" for number in range(12)]
    messages = list(joined(commands))
    assert ";".join(messages) == ";".join(commands)
    assert len(messages) > 1
    assert all(len(message) <= LONGEST_SETUP for message in messages)
    alone = ":A " + "9" * (2 * LONGEST_SETUP)
    assert list(joined([":B", alone, ":C"])) == [":B", alone, ":C"]
    assert list(joined([])) == []


def test_a_long_list_goes_out_in_parts():
    on = bench()
    currents = [1e-6 * (index % 7) for index in range(250)]
    on.source.sweep(ListSweep(currents, 0.001), compliance=1.0)
    said = [message for message in on.wire.heard if ":LIST:CURR" in message]
    assert [message.split(" ")[0] for message in said] == [
        ":SOUR:LIST:CURR",
        ":SOUR:LIST:CURR:APP",
        ":SOUR:LIST:CURR:APP",
    ]
    assert [message.count(",") + 1 for message in said] == [100, 100, 50]
    assert len(levels(on)) > 200


def test_parts():
    assert list(in_parts(":A", [0.1] * 3)) == [":A 0.1,0.1,0.1"]
    assert [part.count(",") + 1 for part in in_parts(":A", [0.1] * 201)] == [100, 100, 1]
    assert list(in_parts(":A", [])) == []


def test_an_output_that_was_on_stays_on_at_zero():
    on = bench()
    source = on.source
    source.source_compliance, source.source_range, source.source_current = 1.0, 1e-4, 0.0
    source.source_enabled = True
    on.sample.changes.clear()
    source.sweep(ListSweep([0.0, 1e-2, 0.0], 0.01), compliance=2.0)
    assert all(current is not None for _, current in on.sample.changes)
    assert on.sample.current == 0.0
    assert source.source_enabled
    assert source.source_range == 2e-4  # the one that it was
    assert not source.source_auto_range


def test_a_fixed_range():
    on = bench()
    on.source.sweep(ListSweep([0.0, 1e-5, 0.0], 0.01), compliance=2.0, ranging="fixed", source_range=1e-3)
    assert f":SOUR:CURR:RANG:AUTO 0;:SOUR:CURR:RANG 0.001{END}" in on.wire.heard
    assert any(":SWE:RANG FIX" in message for message in on.wire.heard)


def test_compliance_ends_a_sweep_or_is_told():
    on = bench(1000.0)
    report = on.source.sweep(LinearSweep(0.0, 1e-2, 1e-3, 0.01), compliance=1.5)
    assert report.aborted
    assert report.clamped
    assert max(current for current, _ in levels(on)) == pytest.approx(1e-3)  # 2 mA would take 2 V
    on = bench(1000.0)
    report = on.source.sweep(LinearSweep(0.0, 1e-2, 1e-3, 0.01), compliance=1.5, compliance_abort=False)
    assert not report.aborted
    assert report.clamped
    assert not on.output


def test_a_sweep_that_waits_for_a_trigger_is_given_up():
    on = bench()
    on.source.command(":ARM:SOUR TLIN")
    with pytest.raises(DeadlinePassed, match="waiting for a trigger"):
        on.source.sweep(ListSweep([0.0, 1e-4, 0.0], 0.01), compliance=1.0)
    assert 10.0 < on.clock.now() < 12.0
    assert not on.output


def test_an_hour_is_waited_for_in_slices():
    on = bench()
    slept: list[float] = []
    sleep = on.clock.sleep
    on.clock.sleep = lambda seconds: (slept.append(seconds), sleep(seconds))[1]
    on.source.sweep(ListSweep([0.0, 1e-4, 0.0], [1.0, 3600.0, 1.0]), compliance=1.0)
    assert max(slept) <= 1.0
    assert 3602.0 <= on.clock.now() < 3603.0


def test_an_open_interlock():
    on = bench()
    on.device.interlock_closed = False
    with pytest.raises(InstrumentError):
        on.source.sweep(ListSweep([0.0, 1e-4, 0.0], 0.01), compliance=1.0)
    assert not on.output


@pytest.mark.parametrize(
    ("sweep", "error", "match"),
    [
        (LinearSweep(0.0, 0.2, 0.1, 0.01), LimitExceeded, "0.2"),
        (LinearSweep(0.0, 0.1, 0.0, 0.01), LimitExceeded, "step of a sweep"),
        (LinearSweep(0.0, 0.1, -0.01, 0.01), LimitExceeded, "step of a sweep"),
        (LinearSweep(0.0, 0.1, 1e-6, 0.01), LimitExceeded, "number of points"),
        (LinearSweep(0.0, 0.1, 0.01, 1e-4), LimitExceeded, "delay of a sweep"),
        (LinearSweep(math.nan, 0.1, 0.01, 0.01), BadValue, "start"),
        (LogarithmicSweep(-1e-3, 1e-3, 10, 0.01), BadValue, "one sign"),
        (LogarithmicSweep(0.0, 1e-3, 10, 0.01), BadValue, "one sign"),
        (LogarithmicSweep(1e-5, 1e-3, 1, 0.01), LimitExceeded, "points of a sweep"),
        (LogarithmicSweep(1e-5, 1e-3, 70000, 0.01), LimitExceeded, "points of a sweep"),
        (ListSweep([], 0.01), LimitExceeded, "number of currents"),
        (ListSweep([1e-3] * 65536, 0.01), LimitExceeded, "number of currents"),
        (ListSweep([1e-3], [0.01, 0.02]), BadValue, "1 currents has 2 delays"),
        (ListSweep([1e-3, 0.2], 0.01), LimitExceeded, "0.2"),
        (ListSweep([1e-3], math.inf), BadValue, "delay"),
    ],
)
def test_a_sweep_that_cannot_be_is_refused_before_anything_is_sent(sweep: Any, error: Any, match: str):
    with dialogue(Keithley6221) as source, pytest.raises(error, match=match):
        source.sweep(sweep, compliance=1.0)


@pytest.mark.parametrize(
    ("asked", "error", "match"),
    [
        ({"count": 0}, LimitExceeded, "count"), ({"count": 10_000}, LimitExceeded, "count"),
        ({"compliance": 0.0}, LimitExceeded, "compliance"), ({"ranging": "any"}, BadValue, "ranging"),
        ({"ranging": "fixed"}, BadValue, "source_range belongs"),
        ({"source_range": 1e-3}, BadValue, "source_range belongs"),
        ({"ranging": "fixed", "source_range": 1e-5}, LimitExceeded, "does not hold"),
        ({"compliance_abort": 2}, BadValue, "compliance_abort"),
    ],
)  # fmt: skip
def test_settings_that_cannot_be_are_refused_before_anything_is_sent(asked: dict[str, Any], error: Any, match: str):
    settings: dict[str, Any] = {"compliance": 1.0, **asked}
    with dialogue(Keithley6221) as source, pytest.raises(error, match=match):
        source.sweep(LinearSweep(0.0, 1e-3, 1e-4, 0.01), **settings)


def test_something_else_is_refused_and_nothing_sent():
    on = Bench()
    with pytest.raises(BadValue, match=r"sweep cannot be \[1, 2\]; give e.g. LinearSweep"):
        on.source.sweep([1, 2], compliance=1.0)
    assert on.wire.heard == []
