from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest

from instruments.clock import VirtualClock
from instruments.cryostat import (
    WATCH,
    ChamberAction,
    ChamberState,
    Cryostat,
    CryostatLimits,
    CryostatReading,
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
    GarbledReply,
    InstrumentFault,
    LimitExceeded,
    NoReply,
    UsageError,
)


class Model(Cryostat):
    """A cryostat whose ramps are straight lines, with a dead time in which it shows what was before."""

    def __init__(self, dead_time: float = 2.0, settle: float = 3.0) -> None:
        super().__init__()
        self.clock = VirtualClock()
        self.clock.sleep(100.0)
        self.dead_time = dead_time
        self.settle = settle
        self.start, self.begun = 0.0, -1e9
        self.field_wanted = FieldSetpoint(0.0, 0.01, FieldApproach.LINEAR, MagnetMode.DRIVEN)
        self.temperature_wanted = TemperatureSetpoint(300.0, 0.1, TemperatureApproach.FAST_SETTLE)
        self.temperature_start, self.temperature_begun = 300.0, -1e9
        self.readings: list[float] = []
        self.commanded: list[FieldSetpoint] = []
        self.change: Callable[[CryostatReading], CryostatReading] = lambda reading: reading

    def _progress(self, start: float, target: float, rate: float, begun: float) -> tuple[float, float]:
        """Value now, and s since the ramp was over (negative before)."""
        running = self.clock.now() - begun - self.dead_time
        needed = abs(target - start) / rate
        share = 1.0 if needed == 0 else min(1.0, max(0.0, running / needed))
        return start + share * (target - start), running - needed

    def reading(self) -> CryostatReading:
        wanted = self.field_wanted
        field, over = self._progress(self.start, wanted.field, wanted.rate, self.begun)
        moving = self.clock.now() - self.begun >= self.dead_time and over < self.settle
        state = (FieldState.CHARGING if over < 0 else FieldState.ITERATING) if moving else FieldState.DRIVEN
        warm = self.temperature_wanted
        temperature, arrived = self._progress(
            self.temperature_start, warm.temperature, warm.rate, self.temperature_begun
        )
        changing = self.clock.now() - self.temperature_begun >= self.dead_time and arrived < self.settle
        self.readings.append(self.clock.now())
        return self.change(
            CryostatReading(
                temperature,
                field,
                TemperatureState.TRACKING if changing else TemperatureState.STABLE,
                state,
                ChamberState.PURGED,
                self.clock.now(),
            )
        )

    @property
    def temperature_setpoint(self) -> TemperatureSetpoint:
        return self.temperature_wanted

    @property
    def field_setpoint(self) -> FieldSetpoint:
        return self.field_wanted

    @property
    def limits(self) -> CryostatLimits:
        return CryostatLimits(2.0, 400.0, 20 / 60, 9.0, 0.02, persistent=False)

    def set_chamber(self, action: ChamberAction | str) -> None:
        raise AssertionError(action)

    def _command_temperature(self, wanted: TemperatureSetpoint) -> TemperatureSetpoint:
        self.temperature_start, self.temperature_begun = self.reading().temperature, self.clock.now()
        self.temperature_wanted = wanted
        return wanted

    def _command_field(self, wanted: FieldSetpoint) -> FieldSetpoint:
        self.start, self.begun, self.field_wanted = self.reading().field, self.clock.now(), wanted
        self.commanded.append(wanted)
        return wanted


def test_a_ramp_is_watched_every_ten_seconds_and_then_polled_every_half_second():
    cryostat = Model()
    cryostat.set_field(1.0, 0.01)
    cryostat.readings.clear()
    reading = cryostat.wait_field()
    assert reading.field == pytest.approx(1.0)
    assert reading.field_state is FieldState.DRIVEN
    assert reading.stamp == pytest.approx(100 + 2 + 100 + 3, abs=0.5)
    watched = [100.0 + WATCH * number for number in range(10)]
    assert cryostat.readings[:10] == pytest.approx(watched)
    polls = cryostat.readings[10:]
    assert polls[0] == pytest.approx(200.0)
    assert all(later - earlier == pytest.approx(0.5) for earlier, later in pairwise(polls))


def test_the_old_stable_state_is_not_taken_for_the_new():
    """A step smaller than the tolerance: value and state both look right from the first moment on."""
    cryostat = Model(dead_time=2.0, settle=1.0)
    cryostat.set_field(1e-4, 0.01)
    assert cryostat.wait_field(tolerance=1e-3).stamp >= 100 + 2.0 + 0.01 + 1.0
    cryostat = Model(dead_time=1e9)  # a set point that changes nothing: the state never leaves stable
    cryostat.set_field(0.0, 0.01)
    assert cryostat.wait_field().stamp == pytest.approx(100 + Cryostat.FIELD_DEAD_TIME, abs=0.5)
    cryostat.set_temperature(300.0, 0.1)
    told = cryostat.clock.now()
    assert cryostat.wait_temperature().stamp == pytest.approx(told + Cryostat.TEMPERATURE_DEAD_TIME, abs=0.5)


def test_a_flash_of_unknown_is_not_leaving_stable():
    cryostat = Model(dead_time=4.0, settle=1.0)
    cryostat.set_field(1e-4, 0.01)

    def flash(reading: CryostatReading) -> CryostatReading:
        known = reading.stamp - 100.0 >= 0.6
        return reading if known else reading._replace(field_state=FieldState.UNKNOWN)

    cryostat.change = flash
    assert cryostat.wait_field(tolerance=1e-3).stamp >= 100 + 4.0 + 1.0


def test_a_state_that_was_seen_to_leave_stable_is_believed_before_the_dead_time_is_over():
    cryostat = Model(dead_time=0.2, settle=0.5)
    cryostat.set_field(1e-3, 0.01)
    assert cryostat.wait_field(tolerance=1e-4).stamp < 100 + 2.0


def test_stable_outside_the_tolerance_is_not_there():
    cryostat = Model()
    cryostat.set_field(0.1, 0.01)
    cryostat.change = lambda reading: reading._replace(field=reading.field + 0.001)
    with pytest.raises(DeadlinePassed) as caught:
        cryostat.wait_field(deadline=60)
    assert re.fullmatch(
        r"waited 60.0 s for field 0.1 T within 0.0002 T for 0.0 s: it is 0.101\d* T, driven, stable", str(caught.value)
    )
    assert cryostat.clock.now() == pytest.approx(160.0, abs=0.01)


def test_the_deadline_holds_while_a_ramp_is_slept_through():
    cryostat = Model()
    cryostat.set_field(9.0, 0.001)
    with pytest.raises(DeadlinePassed, match="charging"):
        cryostat.wait_field(deadline=30)
    assert cryostat.clock.now() == pytest.approx(130.0, abs=0.01)


def test_the_dwell_begins_again_when_the_value_leaves():
    cryostat = Model(dead_time=0.0, settle=0.0)
    cryostat.set_field(0.0, 0.01)

    def wander(reading: CryostatReading) -> CryostatReading:
        away = 110 <= reading.stamp < 111
        return reading._replace(field=0.01) if away else reading

    cryostat.change = wander
    assert cryostat.wait_field(dwell=8.0).stamp == pytest.approx(111 + 8.0, abs=0.51)


def test_tick_is_called_at_least_once_a_second_and_may_stop_everything():
    cryostat = Model()
    cryostat.set_temperature(290.0, 0.1)
    stamps: list[float] = []
    cryostat.wait_temperature(dwell=5, tick=lambda: stamps.append(cryostat.clock.now()))
    assert stamps[0] == 100.0
    assert max(later - earlier for earlier, later in pairwise(stamps)) <= 1.0 + 1e-9
    assert cryostat.clock.now() - stamps[-1] <= 1.0

    def stop() -> None:
        raise KeyboardInterrupt

    cryostat.set_temperature(300.0, 0.1)
    with pytest.raises(KeyboardInterrupt):
        cryostat.wait_temperature(tick=stop)


@pytest.mark.parametrize("state", [state for state in FieldState if state.failed])
def test_a_fault_of_the_magnet_ends_the_wait_within_seconds_and_not_with_the_ramp(state: FieldState):
    cryostat = Model()
    cryostat.set_field(1.0, 0.01)
    cryostat.change = lambda reading: reading if reading.stamp < 137 else reading._replace(field_state=state)
    with pytest.raises(InstrumentFault, match=f"waited for field 1.0 T: it is 0.3.*, {state.value}"):
        cryostat.wait_field()
    assert 137 <= cryostat.clock.now() <= 137 + WATCH


def test_a_thermometer_that_fails_ends_the_wait_within_seconds():
    cryostat = Model()
    cryostat.set_temperature(100.0, 0.1)
    cryostat.change = lambda reading: (
        reading if reading.stamp < 700 else reading._replace(temperature_state=TemperatureState.FAILURE)
    )
    with pytest.raises(InstrumentFault, match="general failure"):
        cryostat.wait_temperature()
    assert 700 <= cryostat.clock.now() <= 700 + WATCH


@pytest.mark.parametrize("fault", [NoReply("nobody answers"), GarbledReply("damaged")])
def test_an_instrument_that_dies_during_a_long_ramp_is_missed_within_seconds(fault: Exception):
    cryostat = Model()
    cryostat.set_temperature(100.0, 0.1)

    def die(reading: CryostatReading) -> CryostatReading:
        if reading.stamp >= 700:
            raise fault
        return reading

    cryostat.change = die
    with pytest.raises(type(fault)):
        cryostat.wait_temperature()
    assert cryostat.clock.now() <= 700 + WATCH


def test_watching_a_ramp_does_not_make_it_longer():
    """Neither for a reading that takes its time."""
    ends: list[float] = []
    for slow in (0.0, 0.2):
        cryostat = Model()
        cryostat.set_field(0.555, 0.01)

        def take_time(reading: CryostatReading, cryostat: Model = cryostat, slow: float = slow) -> CryostatReading:
            cryostat.clock.sleep(slow)
            return reading

        cryostat.change = take_time
        ends.append(cryostat.wait_field().stamp)
    assert ends[1] == pytest.approx(ends[0], abs=0.75)


@pytest.mark.parametrize("fault", [NoReply("lost"), GarbledReply("damaged")])
def test_one_lost_reply_does_not_end_a_night_but_two_do(fault: Exception):
    cryostat = Model()
    cryostat.set_temperature(299.0, 0.1)
    times = [1]

    def lose(reading: CryostatReading) -> CryostatReading:
        if times[0] > 0:
            times[0] -= 1
            raise fault
        return reading

    cryostat.change = lose
    cryostat.wait_temperature()
    times[0] = 2
    with pytest.raises(type(fault)):
        cryostat.wait_temperature()


def test_the_temperatures_tolerance_grows_with_it():
    cryostat = Model()
    cryostat.set_temperature(290.0, 0.1)
    cryostat.change = lambda reading: reading._replace(temperature=reading.temperature + 0.28)
    cryostat.wait_temperature()
    cryostat.change = lambda reading: reading._replace(temperature=reading.temperature + 0.30)
    with pytest.raises(DeadlinePassed):
        cryostat.wait_temperature(deadline=100)


def test_hold_commands_the_present_field_and_waiting_then_ends():
    cryostat = Model()
    cryostat.set_field(1.0, 0.01)
    cryostat.clock.sleep(52.0)
    assert cryostat.hold_field().field == pytest.approx(0.5)
    assert cryostat.commanded[-1].rate == 0.01
    assert cryostat.wait_field().field == pytest.approx(0.5)


@pytest.mark.parametrize("fault", [NoReply("lost"), GarbledReply("damaged")])
def test_one_lost_reply_does_not_leave_the_field_running_but_two_do(fault: Exception):
    cryostat = Model()
    cryostat.set_field(1.0, 0.01)
    cryostat.clock.sleep(52.0)
    times = [1]

    def lose(reading: CryostatReading) -> CryostatReading:
        if times[0] > 0:
            times[0] -= 1
            raise fault
        return reading

    cryostat.change = lose
    assert cryostat.hold_field().field == pytest.approx(0.5)
    cryostat.set_field(1.0, 0.01)
    times[0] = 3
    with pytest.raises(type(fault)):
        cryostat.hold_field()


def test_hold_leaves_what_stands_alone():
    cryostat = Model()
    assert cryostat.hold_field() == cryostat.field_setpoint
    assert cryostat.commanded == []


def test_hold_while_the_field_swings_through_its_set_point_is_a_command():
    cryostat = Model(settle=100.0)
    cryostat.set_field(0.01, 0.01)
    cryostat.clock.sleep(5.0)
    cryostat.hold_field()
    assert len(cryostat.commanded) == 2


@pytest.mark.parametrize(("call", "error", "sentence"), [
    (lambda cryostat: cryostat.set_field(9.1, 0.01), LimitExceeded, "9.1 T: the instrument takes -9 T to 9 T;"),
    (lambda cryostat: cryostat.set_field(1.0, 0.03), LimitExceeded, "field rate cannot be 300 Oe/s"),
    (lambda cryostat: cryostat.set_field(1.0, 0.0), BadValue, "field rate must be above 0 Oe/s"),
    (lambda cryostat: cryostat.set_field(1.0, 0.01, mode=MagnetMode.PERSISTENT), LimitExceeded, "has no switch"),
    (lambda cryostat: cryostat.set_temperature(1.0, 0.1), LimitExceeded, "takes 2 K to 400 K"),
    (lambda cryostat: cryostat.set_temperature(300.0, 1.0), LimitExceeded, "temperature rate cannot be 60 K/min"),
    (lambda cryostat: cryostat.set_temperature(float("nan"), 0.1), BadValue, "finite"),
    (lambda cryostat: cryostat.set_position(90.0, 1.0), UsageError, "has none"),
    (lambda cryostat: cryostat.set_position(500.0, 1.0), LimitExceeded, "takes -10 deg to 370 deg"),
    (lambda cryostat: cryostat.set_field(0.1, 0.01, approach="sideways"), BadValue,
     "field approach cannot be 'sideways'; choose one of 'linear', 'no overshoot', 'oscillate' (nothing was sent)"),
    (lambda cryostat: cryostat.set_field(0.1, 0.01, mode="on"), BadValue, "choose one of 'driven', 'persistent'"),
    (lambda cryostat: cryostat.set_temperature(9.0, 0.1, "slow"), BadValue, "one of 'fast settle', 'no overshoot'"),
    (lambda cryostat: cryostat.set_temperature(9.0, 0.1, 1), BadValue, "temperature approach cannot be 1;"),
    (lambda cryostat: cryostat.wait_temperature(tolerance=-1), BadValue,
     "tolerance of wait_temperature must be 0 or above, not -1"),
    (lambda cryostat: cryostat.wait_temperature(tolerance=float("nan")), BadValue, "takes a finite number, not nan"),
    (lambda cryostat: cryostat.wait_temperature(dwell=-1.0), BadValue, "dwell of wait_temperature must be 0 or above"),
    (lambda cryostat: cryostat.wait_field(tolerance=-1e-4), BadValue, "tolerance of wait_field must be 0 or above"),
    (lambda cryostat: cryostat.wait_field(deadline=-1.0), BadValue, "deadline of wait_field must be 0 or above"),
    (lambda cryostat: cryostat.wait_field(deadline=float("nan")), BadValue, "takes a finite number, not nan"),
    (lambda cryostat: cryostat.wait_position(float("nan"), 1.0), BadValue, "target takes a finite number"),
    (lambda cryostat: cryostat.wait_position(90.0, -1.0), BadValue, "speed must be above 0 deg/s"),
    (lambda cryostat: cryostat.wait_position(90.0, 1.0, dwell="1"), BadValue, "dwell of wait_position takes a number"),
])  # fmt: skip
def test_what_cannot_be_done_is_said_in_a_sentence(
    call: Callable[[Any], object], error: type[Exception], sentence: str
):
    cryostat = Model()
    with pytest.raises(error, match=re.escape(sentence)):
        call(cryostat)
    assert cryostat.commanded == []
    assert cryostat.temperature_setpoint.temperature == 300.0


@pytest.mark.parametrize("word", ["no overshoot", "NO_OVERSHOOT", " No Overshoot", FieldApproach.NO_OVERSHOOT])
def test_words_stand_for_ways_and_modes(word: str | FieldApproach):
    cryostat = Model()
    cryostat.set_field(0.1, 0.01, approach=word, mode="driven")
    assert cryostat.commanded == [FieldSetpoint(0.1, 0.01, FieldApproach.NO_OVERSHOOT, MagnetMode.DRIVEN)]
    taken = cryostat.set_temperature(299.0, 0.1, "no overshoot")
    assert taken.approach is TemperatureApproach.NO_OVERSHOOT


def test_a_wait_may_be_endless():
    cryostat = Model()
    cryostat.set_field(0.1, 0.01)
    assert cryostat.wait_field(deadline=float("inf")).field == pytest.approx(0.1)


def test_the_rotator():
    cryostat = Model()
    cryostat.change = lambda reading: reading._replace(
        position=min(90.0, reading.stamp - 100.0),
        position_state=PositionState.STOPPED if reading.stamp >= 190 else PositionState.MOVING,
    )
    assert cryostat.wait_position(90.0, speed=1.0).stamp == pytest.approx(190, abs=0.6)
    cryostat = Model()
    with pytest.raises(InstrumentFault, match="no position"):
        cryostat.wait_position(90.0, speed=1.0)


@pytest.mark.parametrize("states", [TemperatureState, FieldState, ChamberState, PositionState])
def test_no_state_is_both_stable_and_failed(states: type[FieldState]):
    for state in states:
        assert not (state.stable and state.failed)
    assert not states.UNKNOWN.stable
    assert not states.UNKNOWN.failed
    assert states.FAILURE.failed
