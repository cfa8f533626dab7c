"""Delta, Pulse Delta and Differential Conductance of a 6221 with a 2182A on its serial port and Trigger Link.

Source: 6220/6221 reference manual, chapters on Delta, Pulse Delta and Differential Conductance.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Unpack

from instruments.errors import BadValue
from instruments.forms import known_options
from instruments.keithley6221_live import LiveModes
from instruments.keithley6221_plans import (
    Conductance,
    ConductanceOptions,
    Delta,
    DeltaOptions,
    PulseDelta,
    PulseDeltaOptions,
)
from instruments.keithley6221_readings import ConductanceReadings, DeltaReadings, PulseDeltaReadings, Reading
from instruments.keithley6221_sweeps import Sweep

_CURRENTS = frozenset({"high", "low", "count", "compliance"})
_DELTA = _CURRENTS | DeltaOptions.__optional_keys__
_PULSE_DELTA = _CURRENTS | {"width", "sweep"} | PulseDeltaOptions.__optional_keys__
_CONDUCTANCE = frozenset({"start", "stop", "step", "delta", "compliance"}) | ConductanceOptions.__optional_keys__


class DeltaModes(LiveModes):
    """The measuring modes, each as one call.

    Everything is checked before anything is sent, and set up with the output off. The output goes on by itself, and at
    the end it is off and the level is 0 A, also when anything fails. The meter is set up through the source.
    """

    def delta(
        self, high: float, low: float | None = None, *, count: int, compliance: float, **options: Unpack[DeltaOptions]
    ) -> DeltaReadings:
        """Measure with a current that alternates between two levels; offsets and linear drifts drop out.

        Args:
            high: A, above zero.
            low: A, zero or below; the opposite of `high` unless given.
            count: Readings, 1 to 65,536; a longer run is `delta_stream`'s.
            compliance: V, rounded down to 10 mV.
            **options: See `DeltaOptions`.

        Raises:
            BadValue: A value is none that it can be; nothing was sent.
            LimitExceeded: A value is out of range; nothing was sent.
            InstrumentError: An instrument refused something.
            DeadlinePassed: The mode was not armed in time, or no readings came.
            InstrumentFault: No meter is there, or readings are missing.
            NoReply: The source or the meter did not answer.
            GarbledReply: A reply was damaged, or the readings are not in order.
        """
        known_options("delta", options, _DELTA)
        if count == math.inf:
            raise BadValue("delta takes a count; what has no end is delta_stream's")
        asked = Delta(high, low, count, compliance, **options)
        readings, ending = self._measure(asked.plan())
        return DeltaReadings.of(
            readings,
            aborted=ending.aborted,
            clamped=ending.clamped,
            averaging=asked.averaging,
            high=float(high),
            low=float(asked.lower),
        )

    def delta_stream(
        self,
        high: float,
        low: float | None = None,
        *,
        compliance: float,
        count: float = math.inf,
        **options: Unpack[DeltaOptions],
    ) -> Iterator[Reading]:
        """Measure as `delta` does and give each reading when it comes, for as long as it is iterated over.

        The first 65,536 readings are all given, since the buffer has those that nobody asked for in time; later ones
        that nobody asked for leave a gap in the numbers. When `count` is reached, the buffer must hold the same
        readings. To end sooner, close the generator: that stops the source.

        Args:
            high: See `delta`.
            low: See `delta`.
            compliance: See `delta`.
            count: Readings, 1 to 65,536, or inf.
            **options: See `DeltaOptions`.

        Returns:
            The readings; `DeltaReadings.of` puts them into columns.

        Raises:
            ComplianceFault: The source ended the run because it was in compliance.
            InstrumentFault: As `delta`, or live readings are not those of the buffer.
        """
        known_options("delta_stream", options, _DELTA)
        return self._stream(Delta(high, low, count, compliance, **options).plan())

    def pulse_delta(
        self,
        high: float | None = None,
        low: float = 0.0,
        *,
        width: float,
        compliance: float,
        count: int | None = None,
        sweep: Sweep | None = None,
        **options: Unpack[PulseDeltaOptions],
    ) -> PulseDeltaReadings:
        """Measure the voltage in short pulses against that at the low level.

        The meter has to be a 2182A; it measures from the sense delay to the end of the pulse, whatever its NPLC.

        Args:
            high: Height of all pulses in A; leave it out with a sweep.
            low: A; flows for the rest of each interval.
            width: s, 50e-6 to 12e-3.
            compliance: V, rounded down to 10 mV.
            count: Pulses, 1 to 65,536; leave it out with a sweep, which has one for each point.
            sweep: Heights of the pulses, and how long after each the next one follows (at least 0.1 s).
            **options: See `PulseDeltaOptions`.

        Raises:
            BadValue: As `delta`, or there are both or neither of height and sweep.
            InstrumentFault: As `delta`, or the meter is no 2182A.
        """
        known_options("pulse_delta", options, _PULSE_DELTA)
        asked = PulseDelta(high, low, width, count, sweep, compliance, **options)
        readings, ending = self._measure(asked.plan())
        return PulseDeltaReadings.of(
            readings, aborted=ending.aborted, clamped=ending.clamped, averaging=asked.averaging, low=float(low)
        )

    def differential_conductance(
        self,
        start: float,
        stop: float,
        step: float,
        *,
        delta: float,
        compliance: float,
        **options: Unpack[ConductanceOptions],
    ) -> ConductanceReadings:
        """Measure dV/dI along a staircase of currents with an alternating step on it.

        Args:
            start: Mean current of the first reading in A.
            stop: Mean current of the last reading in A.
            step: From one reading to the next in A, above zero whichever way it goes.
            delta: The alternating step in A, to which a reading's voltage belongs.
            compliance: V, rounded down to 10 mV.
            **options: See `ConductanceOptions`.

        Raises:
            BadValue: As `delta`.
            LimitExceeded: As `delta`, or there are more points than the buffer has room for.
            InstrumentFault: As `delta`.
        """
        known_options("differential_conductance", options, _CONDUCTANCE)
        asked = Conductance(start, stop, step, delta, compliance, **options)
        readings, ending = self._measure(asked.plan())
        return ConductanceReadings.of(
            readings,
            aborted=ending.aborted,
            clamped=ending.clamped,
            averaging=asked.averaging,
            delta=float(delta),
            zero=ending.zero,
        )
