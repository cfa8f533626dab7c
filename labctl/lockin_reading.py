"""Harmonics of a voltage that the current source's wave makes, read with a lock-in amplifier.

One amplifier reads one harmonic at a time. What its filter holds of the first is a thousand times the second, so that
the way from one to the other takes long, and a sweep reads one harmonic throughout.
"""

from __future__ import annotations

import cmath
import math
from typing import TYPE_CHECKING, Any

from instruments.cryostat import CryostatReading
from instruments.errors import GarbledReply, InstrumentFault, NoReply
from instruments.keithley6221_waves import Wave
from instruments.sr830 import SENSITIVITIES, Reading
from labctl import moving
from labctl.mishaps import repeats_of

if TYPE_CHECKING:
    from labctl.procedure import Procedure

COLUMNS = (
    "Time (s)", "Temperature (K)", "Field (T)", "Harmonic", "X (V)", "Y (V)", "Phase (deg)", "Full scale (V)",
    "Frequency (Hz)",
)  # fmt: skip
"""Columns of a reading. X and Y are effective values, as the instrument shows them."""

ROOM = 1.5
"""By how much a full scale exceeds what is expected: readings are two thirds of it at most."""
APART = 5.0
"""Time constants between two readings, after which their noise is nearly independent."""
LEFT = 1e-3
"""Of full scale, that may be left of what the filter held before."""
LOCKED_WITHIN = 10.0
"""s, and ten periods, in which the reference has to lock."""
MOST_CHANGES = 6
"""Larger full scales that are tried where something overloads."""
PHASE_READINGS = 5
PERCEPTIBLE = 100.0
"""Times the scatter of its readings that the first harmonic is, at least, for its phase to be believed."""


class LockinReader:
    """Reads harmonics at the wave's frequency.

    Args:
        procedure: Whose source, lock-in, cryostat and clock.
        frequency: Hz.
        time_constant: s.
        slope: dB per octave.
        settling: Time constants after a step of the field.
    """

    def __init__(
        self, procedure: Procedure, *, frequency: float, time_constant: float, slope: int, settling: float
    ) -> None:
        self._procedure = procedure
        self._frequency = frequency
        self._tau = time_constant
        self._slope = slope
        self._settling = settling
        self._phase = self._set_phase = 0.0
        self._number, self._full, self._held = 1, 0.0, 0.0

    def prepare(self) -> None:
        """Set the lock-in up; the source keeps still."""
        lockin = self._procedure.lockin
        lockin.reference_source, lockin.reference_trigger = "external", "falling edge"
        lockin.input_config, lockin.input_grounding, lockin.input_coupling = "A-B", "float", "AC"
        lockin.input_notch, lockin.reserve, lockin.filter_synchronous = "none", "high", False
        lockin.harmonic, lockin.phase = 1, 0.0
        lockin.time_constant, lockin.filter_slope = self._tau, self._slope

    def start(self, amplitude: float, compliance: float) -> None:
        """Let the source swing with an amplitude in A (peak), and wait until the reference has locked to its marker.

        Raises:
            InstrumentFault: It does not lock.
        """
        procedure = self._procedure
        cables = procedure.station.cables.lockin
        line = None if cables is None else cables.reference_line
        assert line is not None
        wave = Wave("sine", amplitude, self._frequency, marker_phase=0.0, marker_line=line)
        procedure.source.arm_wave(wave, compliance)
        procedure.source.start_wave()
        deadline = procedure.clock.deadline(LOCKED_WITHIN + 10.0 / self._frequency)
        while not procedure.lockin.locked:
            if deadline.passed:
                raise InstrumentFault(
                    f"{procedure.lockin.line.name}: its reference did not lock in {deadline.seconds:.3g} s to the "
                    f"source's phase marker on line {line} of the trigger link; look at the cable to REF IN"
                )
            self.wait(0.1)

    def stop(self) -> None:
        """Stop the wave.

        Raises:
            InstrumentFault: It was in compliance at some time, so that the current was no sine.
        """
        self._check_compliance()
        self._procedure.source.stop_wave()

    def _check_compliance(self) -> None:
        """Refuse to go on with a wave that was in compliance since somebody asked last."""
        source = self._procedure.source
        if source.was_in_compliance:
            raise InstrumentFault(
                f"{source.line.name}: the wave was in compliance, so that the current was no sine and its harmonics "
                "mean nothing; look at the current leads (contact-check), or take smaller amplitudes"
            )

    def wait(self, duration: float) -> None:
        """Wait so many s, in slices, so that an abort does not wait for the end."""
        moving.wait_until(self._procedure, self._procedure.clock.now() + duration, self._procedure.run.check)

    def find_phase(self, expected: float) -> tuple[list[dict[str, Any]], bool]:
        """Read the first harmonic with the phase at zero, and keep the phase by which it lags or leads.

        A delay on the way turns a harmonic by as many times that phase as its number says.

        Args:
            expected: V rms, at most, of the first harmonic.

        Returns:
            The readings, and whether the signal was large enough for its phase to be known.

        Raises:
            InstrumentFault: The wave is in compliance.
        """
        self._phase = 0.0
        self.read_harmonic(1, expected)
        rows = self.read(PHASE_READINGS)
        self._check_compliance()
        values = [complex(row["X (V)"], row["Y (V)"]) for row in rows]
        mean = sum(values) / len(values)
        scatter = math.sqrt(sum(abs(value - mean) ** 2 for value in values) / (len(values) - 1))
        if not abs(mean) > PERCEPTIBLE * scatter:
            return rows, False
        self._phase = math.remainder(math.degrees(cmath.phase(mean)), 180.0)  # a negative voltage stays one
        return rows, True

    def read_harmonic(self, number: int, expected: float) -> None:
        """Detect a harmonic from now on, and wait until nothing is left of the one before.

        Args:
            number: 1 or 2.
            expected: V rms, at most.
        """
        lockin = self._procedure.lockin
        full = next((each for each in SENSITIVITIES if each >= ROOM * expected), SENSITIVITIES[-1])
        held, self._held = max(self._held, full), full
        self._number, self._full = number, full
        self._set_phase = round(math.remainder(number * self._phase, 360.0), 2)
        lockin.harmonic, lockin.sensitivity, lockin.phase = number, full, self._set_phase
        self.wait(lockin.settling_time(LEFT * min(1.0, full / held)))
        lockin.forget_status()

    def ripple(self, voltage: float) -> float:
        """Return what the first pole of the filter lets through of a voltage in V rms at the wave's frequency."""
        return 2.0 * voltage / (2.0 * math.pi * self._frequency * self._tau)

    def settle(self, since: float) -> None:
        """Wait until a step of the field, which arrived so many s ago, has settled in the filter."""
        self.wait(self._settling * self._tau - since)
        self._procedure.lockin.forget_status()

    def read(self, count: int) -> list[dict[str, Any]]:
        """Take readings: rows with all of `COLUMNS`.

        What overloads is read again with a larger full scale.

        Raises:
            InstrumentFault: The reference is not locked, or everything overloads.
        """
        for _ in range(MOST_CHANGES):
            rows = [self._row(place) for place in range(count)]
            trouble = next((row.pop("trouble") for row in rows if row["trouble"]), "")
            for row in rows:
                row.pop("trouble", None)
            if not trouble:
                return rows
            self._widen(trouble)
        raise InstrumentFault(
            f"{self._procedure.lockin.line.name}: {MOST_CHANGES} larger full scales did not help against its overload; "
            "look at what lies at its inputs"
        )

    def _widen(self, trouble: str) -> None:
        """Take the next full scale, and wait until it has settled."""
        lockin = self._procedure.lockin
        larger = [each for each in SENSITIVITIES if each > self._full]
        if "unlocked" in trouble or not larger:
            raise InstrumentFault(
                f"{lockin.line.name}: {trouble}; look at the cable to REF IN, and at what lies at its inputs"
            )
        lockin.sensitivity = self._full = self._held = larger[0]
        self._procedure.run.note("full scale", volts=larger[0], why=trouble)
        self.wait(lockin.settling_time(LEFT))
        lockin.forget_status()

    def _row(self, place: int) -> dict[str, Any]:
        if place:
            self.wait(APART * self._tau)
        before, reading, after = self._framed()
        return {
            "Time (s)": 0.5 * (reading.start + reading.end),
            "Temperature (K)": 0.5 * (before.temperature + after.temperature),
            "Field (T)": 0.5 * (before.field + after.field),
            "Harmonic": self._number,
            "X (V)": reading.x,
            "Y (V)": reading.y,
            "Phase (deg)": self._set_phase,
            "Full scale (V)": self._full,
            "Frequency (Hz)": reading.frequency,
            "trouble": reading.status.trouble,
        }

    def _framed(self) -> tuple[CryostatReading, Reading, CryostatReading]:
        """Take a reading between two of the cryostat, and again where a reply was lost or damaged.

        What a lost status would have said of an overload is not known: the filter gets the time to forget it, and what
        has happened after that is in the status of the reading that counts.

        Raises:
            InstrumentFault: Replies are lost or damaged all the time.
        """
        procedure, lockin = self._procedure, self._procedure.lockin
        taken = 0
        while True:
            mishaps = repeats_of(procedure)
            before = procedure.cryostat.reading()
            try:
                reading: Reading = lockin.reading()
            except (NoReply, GarbledReply) as fault:
                if taken >= lockin.line.most_repeats:
                    raise
                taken += 1
                lockin.line.note_repeat(fault)
                self.wait(lockin.settling_time(LEFT))
                lockin.forget_status()
                continue
            after = procedure.cryostat.reading()
            if repeats_of(procedure) == mishaps or taken >= lockin.line.most_repeats:
                return before, reading, after
            taken += 1
            procedure.run.note("retaken", Block=procedure.run.path.block)
