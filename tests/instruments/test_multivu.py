"""The driver on the simulated server: every flavour, what goes over the wire, and what it makes of it."""

from __future__ import annotations

from typing import Any

import pytest

from instruments import multivu_texts
from instruments.clock import VirtualClock
from instruments.cryostat import (
    ChamberAction,
    ChamberState,
    FieldApproach,
    FieldSetpoint,
    FieldState,
    MagnetMode,
    PositionState,
    TemperatureApproach,
    TemperatureSetpoint,
    TemperatureState,
)
from instruments.errors import (
    BadValue,
    DeadlinePassed,
    InstrumentError,
    InstrumentFault,
    LimitExceeded,
    UsageError,
)
from instruments.multivu import MultiVu
from instruments.multivu_frames import Message
from simulators.machines import DYNACOOL_9T, MACHINES, OERSTED, PPMS_9T, VERSALAB, Machine
from simulators.multivu.server import spoken_version
from simulators.multivu.texts import CHAMBER, FIELD, POSITION, TEMPERATURE
from simulators.physics.magnet import FieldApproach as Way
from tests.multivu import Bench, FakeServer, completed, confirmed


def opened(machine: Machine = VERSALAB, **options: Any) -> tuple[MultiVu, Bench]:
    bench = Bench(machine, **options)
    return MultiVu("127.0.0.1:27183", bench.clock, connect=bench.connect), bench


@pytest.mark.parametrize("machine", MACHINES.values(), ids=lambda machine: machine.name)
def test_a_fresh_cryostat(machine: Machine):
    driver, _ = opened(machine)
    assert driver.check_identity() == f"QUANTUM DESIGN,{machine.flavour},MultiPyVu {spoken_version()},MultiVu simulated"
    reading = driver.reading()
    assert (reading.temperature, reading.field, reading.position) == (300.0, 0.0, 0.0)
    assert reading.temperature_state is TemperatureState.STABLE
    assert reading.field_state is FieldState.DRIVEN
    assert reading.chamber_state is ChamberState.PURGED
    assert reading.position_state is PositionState.STOPPED
    assert reading.machine_time is None
    assert driver.temperature_setpoint == TemperatureSetpoint(300.0, 20 / 60, TemperatureApproach.FAST_SETTLE)
    limits = driver.limits
    assert limits.lowest_temperature <= machine.thermal.minimum
    assert limits.field >= machine.magnet.maximum
    assert limits.field_rate >= machine.magnet.rate_maximum * (1 - 1e-9)
    assert limits.persistent is machine.magnet.persistent


def test_every_word_of_the_server_is_known_to_the_driver_and_no_other():
    for theirs, ours in (
        (TEMPERATURE, multivu_texts.TEMPERATURE_STATES),
        (FIELD, multivu_texts.FIELD_STATES),
        (CHAMBER, multivu_texts.CHAMBER_STATES),
        (POSITION, multivu_texts.POSITION_STATES),
    ):
        assert set(theirs.values()) == set(ours)


def test_the_stamp_is_the_middle_of_the_question_for_the_field():
    driver, bench = opened(DYNACOOL_9T)
    driver.set_field(1.0, 0.02)
    bench.clock.sleep(5.0)
    before = bench.clock.now()
    reading = driver.reading()
    assert reading.stamp == pytest.approx(before + bench.server.latency / 2)


def test_chamber_and_angle_at_rest_are_asked_for_once_a_second():
    asked: list[str] = []

    def answer(body: Message) -> list[bytes | float]:
        asked.append(body["action"])
        said = {"TEMP?": "300.0,K,Stable", "FIELD?": "1.0,Oe,Stable", "CHAMBER?": "0.0,,HiVac",
                "POSITION?": position[0]}  # fmt: skip
        return [confirmed(body), completed(body, said[body["action"]])]

    position = ["5.0,Deg,Transport stopped at set point"]
    clock = VirtualClock()
    driver = MultiVu("here", clock, connect=FakeServer(answer, clock).connect)
    for _ in range(10):
        driver.reading()
        clock.sleep(0.25)
    assert [asked.count(action) for action in ("FIELD?", "TEMP?", "CHAMBER?", "POSITION?")] == [10, 10, 3, 3]
    position[0] = "5.0,Deg,Transport moving toward set point"
    clock.sleep(1.0)
    asked.clear()
    for _ in range(4):
        driver.reading()
    assert asked.count("POSITION?") == 4


@pytest.mark.parametrize("machine", MACHINES.values(), ids=lambda machine: machine.name)
def test_a_field_is_set_read_back_and_waited_for(machine: Machine):
    driver, bench = opened(machine)
    told = driver.set_field(-0.25, 0.015)
    assert told == FieldSetpoint(-0.25, 0.015, FieldApproach.LINEAR, MagnetMode.DRIVEN)
    assert bench.cryostat.field_setting.field == pytest.approx(-0.25)
    reading = driver.wait_field(dwell=2.0)
    assert reading.field == pytest.approx(-0.25, abs=2e-4)
    assert reading.field_state.stable
    assert bench.clock.now() > 0.25 / 0.015


def test_a_field_has_the_resolution_of_the_wire():
    driver, bench = opened()
    assert driver.set_field(0.123456789, 0.0012345).field == pytest.approx(0.123457)
    assert bench.cryostat.field_setting.rate / OERSTED == pytest.approx(12.3)
    with pytest.raises(BadValue, match=r"at least 0\.1 Oe/s"):
        driver.set_field(0.1, 1e-6)


def test_a_temperature_is_set_read_back_and_waited_for():
    driver, _ = opened()
    told = driver.set_temperature(290.0, 5 / 60, TemperatureApproach.NO_OVERSHOOT)
    assert told == TemperatureSetpoint(290.0, 5 / 60, TemperatureApproach.NO_OVERSHOOT)
    reading = driver.wait_temperature(dwell=10.0)
    assert reading.temperature == pytest.approx(290.0, abs=0.3)
    assert reading.temperature_state is TemperatureState.STABLE


def test_a_persistent_field_on_a_ppms_and_on_no_other():
    driver, _ = opened(PPMS_9T)
    driver.set_field(0.5, 0.019, FieldApproach.NO_OVERSHOOT, MagnetMode.PERSISTENT)
    assert driver.wait_field().field_state is FieldState.STABLE
    driver, bench = opened(DYNACOOL_9T)
    with pytest.raises(LimitExceeded, match="no switch"):
        driver.set_field(0.5, 0.02, mode=MagnetMode.PERSISTENT)
    assert bench.cryostat.revision == 0


def test_what_a_versalab_lacks_is_not_asked_of_it():
    driver, bench = opened()
    with pytest.raises(LimitExceeded, match="a VersaLab has none"):
        driver.set_field(0.5, 0.02, FieldApproach.NO_OVERSHOOT)
    assert bench.cryostat.revision == 0


def test_what_the_cryostat_refuses_is_told_with_its_sentence():
    driver, bench = opened(DYNACOOL_9T)  # with 9 T, where others have 14 T
    with pytest.raises(InstrumentError, match=r"the server refuses: Error when setting the FIELD .* is outside -90000"):
        driver.set_field(10.0, 0.02)
    assert bench.cryostat.revision == 0
    assert driver.reading().temperature == 300.0


def test_a_setter_that_is_ignored_in_silence_is_found_out(monkeypatch: pytest.MonkeyPatch):
    driver, bench = opened()
    monkeypatch.setattr(bench.cryostat, "set_field", lambda *_, **__: None)
    with pytest.raises(InstrumentFault, match=r"told 'FIELD 1000\.00,100\.0,0,1', but it shows 0 T"):
        driver.set_field(0.1, 0.01)
    monkeypatch.setattr(bench.cryostat, "set_chamber", lambda *_: None)
    with pytest.raises(InstrumentFault, match="told 'CHAMBER 3', but it shows"):
        driver.set_chamber(ChamberAction.PUMP)
    monkeypatch.setattr(bench.cryostat, "move", lambda *_: None)
    with pytest.raises(InstrumentFault, match=r"told 'POSITION 90\.0,5\.0', but it shows"):
        driver.set_position(90.0, 5.0)


@pytest.mark.parametrize("action", ChamberAction)
@pytest.mark.parametrize("machine", MACHINES.values(), ids=lambda machine: machine.name)
def test_every_action_of_the_chamber(machine: Machine, action: ChamberAction):
    driver, bench = opened(machine)
    driver.set_chamber(action)
    assert list(ChamberAction).index(action) == int(bench.cryostat.chamber_setting)


@pytest.mark.parametrize("machine", MACHINES.values(), ids=lambda machine: machine.name)
def test_the_rotator(machine: Machine):
    driver, bench = opened(machine)
    assert driver.set_position(60.0, 10.0) == 60.0
    assert driver.reading().position_state is PositionState.MOVING
    reading = driver.wait_position(60.0, 10.0, dwell=1.0)
    assert reading.position == pytest.approx(60.0, abs=0.1)
    began = bench.clock.now()
    for beyond in (400.0, -10.5):
        with pytest.raises(LimitExceeded, match="takes -10 deg to 370 deg; nothing was sent"):
            driver.set_position(beyond, 10.0)
    assert bench.clock.now() == began


def test_a_rotators_refusal_is_passed_on():
    driver, bench = opened(DYNACOOL_9T)
    driver.HIGHEST_POSITION = 500.0  # pyright: ignore[reportAttributeAccessIssue] - so that the server has to refuse
    began = bench.clock.now()
    with pytest.raises(InstrumentFault, match=r"it said .* has not been implemented"):
        driver.set_position(400.0, 10.0)  # MultiPyVu's server does not say that this is an error
    assert bench.clock.now() - began < 10.0


def test_words_do_as_well():
    driver, bench = opened(DYNACOOL_9T)
    driver.set_chamber("purge and seal")
    assert int(bench.cryostat.chamber_setting) == 1
    with pytest.raises(BadValue, match=r"cannot be 'vnet'; choose one of 'seal', .*nothing was sent"):
        driver.set_chamber("vnet")
    assert driver.set_field(0.1, 0.01, approach="linear").approach is FieldApproach.LINEAR
    with pytest.raises(BadValue, match="choose one of 'linear', 'no overshoot', 'oscillate'"):
        driver.set_field(0.1, 0.01, approach="sideways")


def test_an_mpms3_is_believed_by_what_its_field_does():
    driver, bench = opened(DYNACOOL_9T, flavour="MPMS3")
    with pytest.raises(InstrumentFault, match="set the field first"):
        _ = driver.field_setpoint
    assert driver.set_field(0.1, 0.01).field == pytest.approx(0.1)
    assert driver.wait_field().field == pytest.approx(0.1, abs=2e-4)
    assert driver.reading().position is None
    with pytest.raises(UsageError, match="has none"):
        driver.set_position(10.0, 1.0)
    assert bench.cryostat.field_setting.field == pytest.approx(0.1)


def test_an_opticool_has_no_chamber():
    driver, _ = opened(DYNACOOL_9T, flavour="OPTICOOL")
    reading = driver.reading()
    assert reading.chamber_state is ChamberState.UNKNOWN
    assert reading.position is None
    with pytest.raises(InstrumentError, match="not available for the OptiCool"):
        driver.set_chamber(ChamberAction.SEAL)


def test_holding_stops_a_ramp_where_it_is_and_leaves_a_field_that_stands():
    driver, bench = opened()
    driver.set_field(1.0, 0.03)
    bench.clock.sleep(10.0)
    driver.shutdown()
    assert 0.2 < bench.cryostat.field_setting.field < 0.35
    driver.wait_field()
    revision = bench.cryostat.revision
    driver.hold_field()
    assert bench.cryostat.revision == revision


def test_somebody_elses_set_point_ends_the_wait_at_its_deadline():
    driver, bench = opened()
    driver.set_field(0.5, 0.03)
    bench.timeline.schedule(5.0, lambda: bench.cryostat.set_field(-0.5, 0.03, Way.LINEAR))
    with pytest.raises(DeadlinePassed, match=r"waited .* for field 0\.5 T"):
        driver.wait_field()


def test_the_server_is_free_after_leaving():
    driver, bench = opened()
    assert bench.server.status() == "connected"
    driver.close()
    assert bench.server.status() == "idle"
    assert driver.reading().temperature == 300.0  # and is taken again for the next question
