"""Waiting for a cryostat that will never be there: whatever happens meanwhile ends it by its name, and soon."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from instruments.clock import VirtualClock
from instruments.cryostat import WATCH, Cryostat, FieldState
from instruments.errors import DeadlinePassed, GarbledReply, InstrumentFault, NoReply
from instruments.multivu import MultiVu
from instruments.ppms6000 import Ppms6000
from simulators.cryostat import SimulatedCryostat
from simulators.devices.model6000 import Model6000
from simulators.faults import Fault, FaultyWire
from simulators.machines import DYNACOOL_9T, PPMS_9T
from simulators.multivu.faults import FaultyServer
from simulators.multivu.server import MultiVuServer
from simulators.physics.magnet import FieldApproach
from simulators.somebody import SomebodyElse
from simulators.timeline import Timeline
from simulators.visa import SimulatedVisaLibrary

HAPPENS = 300.0
"""s of lab time, in the middle of every wait here."""


class Wait:
    """A cryostat, its driver, and the way between them."""

    def __init__(self, kind: str) -> None:
        self.clock = VirtualClock()
        self.timeline = Timeline(self.clock)
        dice = [np.random.default_rng(seed) for seed in (1, 2, 3)]
        machine = PPMS_9T if kind == "ppms" else DYNACOOL_9T
        self.cryostat = SimulatedCryostat(self.timeline, machine, dice[0], dice[1])
        self.driver: Cryostat
        self.wire: Any
        if kind == "ppms":
            self.wire = FaultyWire(Model6000(self.timeline, self.cryostat), (), dice[2])
            library = SimulatedVisaLibrary(self.timeline, {"GPIB0::15::INSTR": self.wire})
            self.driver = Ppms6000("GPIB0::15::INSTR", self.clock, visa_library=library)
        else:
            self.wire = FaultyServer(MultiVuServer(self.timeline, self.cryostat), (), dice[2])
            self.driver = MultiVu("127.0.0.1:27183", self.clock, connect=self.wire.connect)

    def somebody_sets_field(self) -> None:
        SomebodyElse(self.cryostat).set_field(self.timeline.now, -1.0, 0.01, FieldApproach.LINEAR)


BOTH = pytest.mark.parametrize("kind", ["ppms", "multivu"])
HAPPENINGS: dict[str, tuple[Callable[[Wait], None], str]] = {
    "quench": (lambda wait: wait.cryostat.quench(), "quench|general failure"),
    "supply": (lambda wait: wait.cryostat.fail_supply(), "current error|charging error"),
}


@BOTH
@pytest.mark.parametrize("what", HAPPENINGS)
def test_a_fault_of_the_magnet_ends_the_wait_by_its_name(kind: str, what: str):
    wait = Wait(kind)
    happening, name = HAPPENINGS[what]
    wait.driver.set_field(9.0, 0.01)  # 15 min
    wait.timeline.schedule(HAPPENS, lambda: happening(wait))
    with pytest.raises(InstrumentFault, match=name) as caught:
        wait.driver.wait_field()
    assert not isinstance(caught.value, DeadlinePassed)
    assert HAPPENS <= wait.clock.now() <= HAPPENS + WATCH + 1.0


@BOTH
def test_a_thermometer_that_fails_ends_the_wait_by_its_name(kind: str):
    wait = Wait(kind)
    wait.driver.set_temperature(100.0, 5 / 60)
    wait.timeline.schedule(HAPPENS, wait.cryostat.fail_thermometer)
    with pytest.raises(InstrumentFault, match="general failure") as caught:
        wait.driver.wait_temperature()
    assert not isinstance(caught.value, DeadlinePassed)
    assert HAPPENS <= wait.clock.now() <= HAPPENS + WATCH + 1.0


@BOTH
@pytest.mark.parametrize(
    ("fault", "error", "longest"),
    [
        (Fault("silent", start=HAPPENS), NoReply, 21.0),
        (Fault("dropped", start=HAPPENS), NoReply, 5.0),
        (Fault("truncated", keep=0.5, start=HAPPENS), (GarbledReply, NoReply), 21.0),
        (Fault("stuck high", line=6, start=HAPPENS), (GarbledReply, NoReply), 21.0),
    ],
)
def test_an_instrument_that_dies_is_missed_long_before_the_end(kind: str, fault: Fault, error: Any, longest: float):
    wait = Wait(kind)
    wait.driver.set_temperature(100.0, 5 / 60)  # 40 min
    wait.wire.faults = [fault]
    with pytest.raises(error):
        wait.driver.wait_temperature()
    assert HAPPENS <= wait.clock.now() <= HAPPENS + WATCH + longest


@BOTH
def test_a_pause_of_the_wire_shorter_than_two_questions_is_slept_over(kind: str):
    wait = Wait(kind)
    wait.driver.set_temperature(270.0, 5 / 60)
    wait.wire.faults = [Fault("silent", start=HAPPENS, duration=1.0)]
    assert wait.driver.wait_temperature().temperature == pytest.approx(270.0, abs=0.3)


@BOTH
def test_a_field_that_goes_where_somebody_else_wants_it_is_given_up_at_the_deadline(kind: str):
    wait = Wait(kind)
    wait.driver.set_field(9.0, 0.01)
    wait.timeline.schedule(HAPPENS, wait.somebody_sets_field)
    with pytest.raises(DeadlinePassed, match=r"waited .* for field 9\.0 T .*: it is -1\.0"):
        wait.driver.wait_field()
    assert wait.clock.now() == pytest.approx(2 * 900.0 + 60.0, abs=5.0)


@BOTH
def test_the_field_is_held_after_a_wait_that_was_given_up(kind: str):
    wait = Wait(kind)
    wait.driver.set_field(9.0, 0.01)
    with pytest.raises(DeadlinePassed):
        wait.driver.wait_field(deadline=100.0)
    wait.driver.hold_field()
    reading = wait.driver.wait_field()
    assert reading.field == pytest.approx(1.0, abs=0.05)
    assert reading.field_state in {FieldState.DRIVEN, FieldState.STABLE}


@pytest.fixture(autouse=True)
def _quiet():
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)
