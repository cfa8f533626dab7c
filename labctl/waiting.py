"""Waiting until temperature and field have settled at the sample: the one place that decides it.

A cryostat says that it is stable when its own thermometer is. The sample follows the block with a lag of up to a minute
and a half (published PPMS files: 2.8 K to 3.0 K behind at 2 K/min above 90 K), so the cryostat's word is one condition
and never the only one. The other is the sample's own resistance, which must have stopped drifting; converted to kelvin
with the temperature coefficient of the sample record. Where that cannot be had, time stands in, and that is said.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from instruments.cryostat import CryostatReading, FieldApproach, TemperatureApproach
from instruments.cryostat_words import ChamberState, State
from instruments.errors import DeadlinePassed, GarbledReply, NoReply
from labctl.sample_thermometer import Drift, OnTheWay, SampleThermometer

if TYPE_CHECKING:
    from labctl.procedure import Procedure

log = logging.getLogger(__name__)

FIELD_RATE = 0.01
"""T/s (100 Oe/s), at which a field is gone to when nothing is read on the way."""
FIELD_DWELL = 5.0
"""s for which a field has to hold after a stop, before a loop begins there or a point of a stepped one is read."""

FAST_TEMPERATURE_RATE = 5.0 / 60.0
SLOW_TEMPERATURE_RATE = 2.0 / 60.0
SLOW_BELOW = 50.0
"""K/s above this temperature in K, and below it."""

TOLERANCE, RELATIVE_TOLERANCE = 0.02, 1e-3
"""K, and part of the set point: the block is there within the larger of the two."""
DWELL = 60.0
"""s for which the block has to be there without a break."""
DRIFT = 0.05
"""K/min, below which the sample's own drift has to be."""
LEFT = 0.04
"""K that the sample may still have to go: its drift times its time constant."""
DEADLINE = 1200.0
"""s after the block has arrived, within which the sample has to."""
TIME_CONSTANTS = 3.0
"""Of the sample, that have to pass after the block's arrival where its resistance cannot tell."""
NEAR = 0.1
"""K; a block that was nearer to its set point than that has not moved."""
POLL = 2.0
"""s between two looks."""


def time_constant(temperature: float) -> float:
    """Return with which time constant in s a sample in exchange gas follows the block at a temperature in K, at most.

    90 s from 90 K on and a third of it at 20 K and below, as published PPMS files show; a straight line in between.
    """
    return min(90.0, max(100.0 / 3.0, 100.0 / 3.0 + (temperature - 20.0) * (90.0 - 100.0 / 3.0) / 70.0))


@dataclass(frozen=True, slots=True)
class Settled:
    """How a temperature was arrived at.

    Attributes:
        temperature: The set point, K.
        by: `resistance` or `time`: what told that the sample has followed; `nothing` for one that need not have.
        took: s since the set point was commanded.
        extra: s of these since the cryostat said that it was stable at the set point.
        drift: Of the sample's resistance in the end, K/min; None where it is not read.
        left: K by which the sample may still lag behind the block, by its drift or by the time.
        why: Why its resistance did not tell; empty where it did.
    """

    temperature: float
    by: str
    took: float
    extra: float
    drift: float | None
    left: float
    why: str = ""

    def details(self) -> dict[str, Any]:
        """Return what is written into the run's events."""
        found = {
            "temperature": self.temperature,
            "by": self.by,
            "took_s": round(self.took, 1),
            "after_stable_s": round(self.extra, 1),
            "left_K": round(self.left, 4),
        }
        if self.drift is not None:
            found["drift_K_per_min"] = round(self.drift, 4)
        return found | ({"why": self.why} if self.why else {})


def word_of(state: State | None) -> str:
    """Return a state's word as a row of data can hold it, such as "driven stable"; "none" where there is none."""
    return "none" if state is None else state.value.replace(",", "")


def settle_temperature(
    procedure: Procedure,
    temperature: float,
    *,
    rate: float | None = None,
    approach: TemperatureApproach = TemperatureApproach.FAST_SETTLE,
    meanwhile: Callable[[], None] | None = None,
    reading: OnTheWay | None = None,
) -> Settled:
    """Ramp the block to a temperature in K, and wait until it and the sample have settled there.

    Args:
        procedure: Whose cryostat, clock and reader; one without a reader waits by time.
        temperature: K.
        rate: K/s; if none is given 5 K/min, and 2 K/min below 50 K. At most what the station allows.
        approach: How the block gets there.
        meanwhile: Called at least once a second until all of this is over.
        reading: Called with each row that is read on the way, and the voltmeter's channel that it was read on. Without
            it, the sample is read when the block has arrived.

    Raises:
        DeadlinePassed: Not there in time; says what was awaited, how long, and the last values.
    """
    if rate is None:
        rate = FAST_TEMPERATURE_RATE if temperature >= SLOW_BELOW else SLOW_TEMPERATURE_RATE
    rate = min(rate, procedure.station.limits.temperature_rate)
    thermometer = SampleThermometer(procedure, reading)
    with procedure.run.path.waiting("temperature"):
        settled = _Arrival(procedure, thermometer, temperature, (rate, approach), meanwhile).settled()
    thermometer.give_back()
    procedure.run.note("settled", **settled.details())
    if settled.why and not procedure.sample.is_junction:  # there it is always so, and nobody can do anything about it
        procedure.run.remark(
            f"that the sample had followed the block was told by the time, not by its resistance: {settled.why}"
        )
    return settled


def ramp_temperature(procedure: Procedure, temperature: float, *, rate: float, reading: OnTheWay | None = None) -> None:
    """Ramp the block to a temperature in K, and wait for its own word that it is there: the sample still lags.

    Args:
        procedure: Whose cryostat, clock and reader.
        temperature: K.
        rate: K/s; at most what the station allows.
        reading: As for `settle_temperature`.

    Raises:
        DeadlinePassed: Not there in time.
    """
    cryostat, thermometer = procedure.cryostat, SampleThermometer(procedure, reading)

    def tick() -> None:
        procedure.run.check()
        thermometer.on_the_way(POLL)

    thermometer.begin(cryostat.reading().temperature)
    taken = min(rate, procedure.station.limits.temperature_rate)
    cryostat.set_temperature(temperature, taken, TemperatureApproach.FAST_SETTLE)
    with procedure.run.path.waiting("temperature"):
        cryostat.wait_temperature(tick=tick)
    thermometer.give_back()


def settle_field(
    procedure: Procedure,
    field: float,
    *,
    rate: float = FIELD_RATE,
    approach: FieldApproach = FieldApproach.LINEAR,
    dwell: float = FIELD_DWELL,
    deadline: float | None = None,
    tick: Callable[[], None] | None = None,
) -> CryostatReading:
    """Ramp to a field in T, and wait until the reported one holds there; the true one may differ by the remanence.

    Args:
        procedure: Whose cryostat.
        field: T.
        rate: T/s; at most what the station allows.
        approach: How it gets there.
        dwell: s for which it has to hold.
        deadline: s to wait at most; twice the ramp and a minute if none is given.
        tick: Called at least once a second; what ends the run is looked for if none is given.
    """
    cryostat = procedure.cryostat
    cryostat.set_field(field, min(rate, procedure.station.limits.field_rate), approach)
    with procedure.run.path.waiting("field"):
        return cryostat.wait_field(dwell=dwell, deadline=deadline, tick=tick or procedure.run.check)


def settle_angle(procedure: Procedure, angle: float, speed: float, *, rest: float = 0.0) -> CryostatReading:
    """Turn the rotator to an angle in deg at a speed in deg/s, wait until it stands, and then for `rest` s more.

    The sample follows the motor with the gear's play: it is where it is shown only if it always comes from below.
    """
    procedure.cryostat.set_position(angle, speed)
    with procedure.run.path.waiting("angle"):
        return procedure.cryostat.wait_position(angle, speed, dwell=rest, tick=procedure.run.check)


class _Arrival:
    """One way to a temperature, from the command to the moment at which the sample is there."""

    def __init__(
        self, procedure: Procedure, thermometer: SampleThermometer, target: float,
        way: tuple[float, TemperatureApproach], meanwhile: Callable[[], None] | None,
    ) -> None:  # fmt: skip
        self._procedure, self._thermometer = procedure, thermometer
        self._target = target
        self._rate, self._approach = way
        self._meanwhile = meanwhile
        self._vacuum = False
        self._expected = math.inf  # lab time in s at which the ramp should be over

    def settled(self) -> Settled:
        """Go there and wait.

        Raises:
            DeadlinePassed: In vain.
        """
        cryostat, clock = self._procedure.cryostat, self._procedure.clock
        here = cryostat.reading().temperature
        self._thermometer.begin(here)
        began = clock.now()
        ways = abs(here - self._target)
        self._expected = began + ways / self._rate
        cryostat.set_temperature(self._target, self._rate, self._approach)
        cryostat.wait_temperature(tick=self._tick)
        stable = held = clock.now()
        limit = clock.deadline(DEADLINE)
        while True:
            self._thermometer.read_if_due(POLL)
            reading = self._look()
            self._vacuum = reading.chamber_state is ChamberState.HIGH_VACUUM
            if not self._holds(reading):
                cryostat.wait_temperature(tick=self._tick)
                held = clock.now()
            verdict = self._verdict(reading.temperature, ways, clock.now() - held)
            if verdict is not None:
                by, drift, left, why = verdict
                now = clock.now()
                return Settled(self._target, by, now - began, now - stable, drift, left, why)
            if limit.passed:
                raise self._too_late(clock.now() - stable, reading.temperature)
            self._pause()

    def _verdict(self, block: float, ways: float, held: float) -> tuple[str, float | None, float, str] | None:
        """Say by what the sample is known to be there, its drift in K/min, what is left in K, and why; None if not."""
        if held < DWELL:
            return None
        constant, thermometer = time_constant(self._target), self._thermometer
        drift = thermometer.drift()
        why = thermometer.useless(block) or self._too_coarse(drift, held, constant)
        if not why:
            if drift is None:
                return None
            left = drift.most * max(constant, drift.time_constant) / 60.0
            there = drift.most < DRIFT and left < LEFT
            why = thermometer.disagrees(block) if there else ""
            if not why:
                return ("resistance", drift.value, left, "") if there else None
        if ways <= NEAR:
            return "nothing", None, 0.0, ""
        return self._by_time(drift, ways, held, why)

    def _by_time(
        self, drift: Drift | None, ways: float, held: float, why: str
    ) -> tuple[str, float | None, float, str] | None:
        """Say that the time has passed in which a sample follows, and what is left then; None if it has not."""
        constant = time_constant(self._target)
        if held < max(DWELL, TIME_CONSTANTS * constant):
            return None
        left = min(ways, self._rate * constant) * math.exp(-held / constant)
        if self._vacuum:
            why, left = f"{why}; in high vacuum it follows far more slowly than that time allows for", ways
        return "time", None if drift is None else drift.value, left, why

    @staticmethod
    def _too_coarse(drift: Drift | None, held: float, constant: float) -> str:
        """Say that the drift is not known well enough to decide, once the time has passed that would do without it."""
        if drift is None or held < TIME_CONSTANTS * constant or drift.uncertainty * constant / 60.0 < LEFT:
            return ""
        return f"the drift of its resistance is known to {drift.uncertainty:.2g} K/min only; read it with more current"

    def _too_late(self, waited: float, block: float) -> DeadlinePassed:
        drift = self._thermometer.drift()
        said = "no drift is known yet" if drift is None else f"it drifts by {drift.value:+.3f} K/min"
        gas = "; in high vacuum it hardly follows: seal the chamber with gas in it" if self._vacuum else ""
        return DeadlinePassed(
            f"waited {waited:.0f} s for the sample to settle at {self._target:g} K, its resistance drifting less than "
            f"{DRIFT:g} K/min: {said}, at {self._thermometer.shown()} with the block at {block:.3f} K{gas}"
        )

    def _look(self) -> CryostatReading:
        """Ask the cryostat, and once more after a reply that was lost or damaged: a night should not end for one."""
        try:
            return self._procedure.cryostat.reading()
        except (NoReply, GarbledReply) as fault:
            log.warning("asking again: %s", fault)
            return self._procedure.cryostat.reading()

    def _holds(self, reading: CryostatReading) -> bool:
        """Whether the block says that it is stable, and is within its tolerance."""
        near = abs(reading.temperature - self._target) <= max(TOLERANCE, RELATIVE_TOLERANCE * self._target)
        return near and reading.temperature_state.stable

    def _tick(self) -> None:
        self._procedure.run.check()
        if self._procedure.clock.now() >= self._expected:
            self._thermometer.read_if_due(POLL)
        else:
            self._thermometer.on_the_way(POLL)
        if self._meanwhile is not None:
            self._meanwhile()

    def _pause(self) -> None:
        """Let time pass until the next look, in slices of a second, so that an abort does not wait for the end."""
        clock = self._procedure.clock
        end = clock.now() + POLL
        while (left := min(end, self._thermometer.due(POLL)) - clock.now()) > 0:
            self._tick()
            clock.sleep(max(0.0, min(1.0, left)))
