"""What Delta, Pulse Delta and Differential Conductance have in common in a 6221: output, triggers and samples.

Source: 6220/6221 reference manual, chapters on Delta, Pulse Delta and Differential Conductance.
"""

from __future__ import annotations

from typing import ClassVar, Protocol

from instruments.tables.keithley6221 import TABLE
from simulators.devices.nanovolt_link import BE_SILENT
from simulators.devices.source_link import PAUSE, SERIAL_ERROR, SourceLink
from simulators.devices.source_output import LEVEL
from simulators.devices.source_program import Program
from simulators.devices.source_readings import SourceReadings
from simulators.devices.source_wave import SourceWave

FILTER_SETTLED = 0x100

_LINE_IN = TABLE["TRIG:ILIN"].header
_LINE_OUT = TABLE["TRIG:OLIN"].header


class MeasuringProgram(Program, Protocol):
    """A program that reads the meter.

    Attributes:
        kind: What TRACe:DATA:TYPE? calls its readings.
        level: The level in A that the source is at.
    """

    kind: str
    level: float

    def sample_done(self) -> None:
        """The meter says on the Trigger Link that a conversion is complete."""
        ...

    def sample_came(self, text: str) -> None:
        """The meter has sent a sample."""
        ...


class MeasuringSource(SourceWave, SourceReadings, SourceLink):
    """What a running measurement uses of the source."""

    test_ends_output: ClassVar[bool] = True
    """Whether the output goes off when a measurement is complete (unsure; else it stays on at 0 A)."""
    sample_patience: ClassVar[float] = 5.0
    """How long after a trigger, or after the latest sample, a sample may be in coming before bit 11 of the operation
    register says that RS-232 has failed, in s (unsure: how long; a conversion at 60 PLC takes 1.2 s)."""

    _test: MeasuringProgram | None = None
    _interrupted = False

    def arm_test(self, run: MeasuringProgram) -> None:
        """Have INITiate run a measurement."""
        self.arm(run)
        self._test, self._interrupted = run, False

    def measuring(self) -> bool:
        """Whether a measuring mode runs."""
        return self._test is not None and self._test.running()

    def present_level(self) -> float:
        """Return the level in A that the source is at."""
        return self.number("SOUR:CURR") if self._test is None else self._test.level

    # ---- what runs use

    def test_begins(self, run: MeasuringProgram) -> float:
        """A measurement begins: samples go to it, readings are counted anew.

        A meter that was left in the middle of a conversion is first brought back to where it waits (assumed). Returns
        the lab time in s from which it can be triggered.
        """
        self.status.operation.set(SERIAL_ERROR | FILTER_SETTLED, on=False)
        self.restart_readings(run.kind)
        self.listen(run.sample_came)
        if not self._interrupted:
            return self.timeline.now
        self._interrupted = False
        self.say(":ABOR")
        return self.say(":INIT") + PAUSE

    def test_stopped(self) -> None:
        """A measurement was stopped: 0 A, output off."""
        self.listen(None)
        self.switch_off()
        self._interrupted = True

    def test_ends(self, index: int) -> None:
        """A measurement is complete; it stays armed. `index` is that of the range it was on."""
        self.listen(None)
        if self.test_ends_output:
            self.switch_off()
        else:
            self.source(0.0, index)
            self.settings[LEVEL] = 0.0
        self.program_ended(aborted=False)

    def trigger_meter(self) -> None:
        """The source has settled: pulse the line on which the meter listens, if the cable is right."""
        if self.trigger_out is not None:
            line = self.settings[_LINE_OUT]
            assert isinstance(line, int)
            self.trigger_out(line)

    def filter_settled(self) -> None:
        """The averaging filter has given a reading."""
        self.status.operation.set(FILTER_SETTLED)

    def samples_missing(self) -> None:
        """Samples do not come back over RS-232, whatever keeps the meter from sending them."""
        self.status.operation.set(SERIAL_ERROR)

    # ---- what comes from outside

    def trigger_in(self, line: int) -> None:
        """A pulse on the Trigger Link: to the measurement that runs, else to the trigger model."""
        run = self._test
        if run is not None and run.running():
            if line == self.settings[_LINE_IN]:
                run.sample_done()
        elif self.armed is not None or self._waits:
            super().trigger_in(line)

    def disarm(self) -> None:
        """Stop and forget what is armed; a meter that was set up for it goes back to local."""
        super().disarm()
        if self._test is not None:
            self._test = None
            self.release_meter()

    def release_meter(self) -> None:
        """Let the meter go, back to local (unsure: whether it gets its set-up back; here it does not)."""
        if self.linked():
            for text in (BE_SILENT, ":ABOR", ":SYST:LOC"):
                self.say(text)
