"""The trigger model of a 6221: what is armed, idle, the arm layer and the trigger layer.

INITiate runs what is armed. What goes level by level is walked through the two layers: the arm layer is passed once
for each repetition, the trigger layer once for each level. With nothing armed the layers are passed once, and the
source is back in idle as soon as no control source holds it up.

Source: 6220/6221 reference manual, chapters on triggering and on the status structure.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, Literal

import numpy as np

from instruments.scpi import SETTINGS_CONFLICT, ScpiError
from instruments.tables.keithley6221 import TABLE
from instruments.tables.table import Value
from simulators.devices.source_output import SourceOutput
from simulators.devices.source_program import NOTHING, Program, Walk
from simulators.exchange import TRIGGER_IGNORED, command
from simulators.program_message import Outcome
from simulators.terminals import SourceTerminals
from simulators.timeline import Event, Timeline

ARM_IGNORED = -212
INIT_IGNORED = -213

SWEEP_DONE = 0x02
SWEEP_ABORTED = 0x04
SWEEPING = 0x08
WAITING_FOR_TRIGGER = 0x20
WAITING_FOR_ARM = 0x40
IDLE = 0x400

_ARM_SOURCE = TABLE["ARM:SOUR"].header
_ARM_OUTPUT = TABLE["ARM:OUTP"].header
_TRIGGER_SOURCE = TABLE["TRIG:SOUR"].header
_TRIGGER_OUTPUT = TABLE["TRIG:OUTP"].header

_LINES = ("TRIG:ILIN", "TRIG:OLIN", "SOUR:WAVE:PMAR:OLIN")
_EARLY = 1e-6  # s; an end that is foreseen may come later than foreseen by a rounding error


class SourceTrigger(SourceOutput):
    """Idle, arm layer, trigger layer; the program that is armed.

    Attributes:
        armed: What INITiate runs; None for nothing but the two layers.
        trigger_out: Called with the number of a line of the trigger link whenever a pulse leaves on it.
    """

    changes_while_armed: ClassVar[Literal["taken", "refused"]] = "taken"
    """What becomes of settings of a program that is armed (unsure): they are stored, and the next ARM goes by them; or
    they are refused with -221."""

    def __init__(
        self,
        timeline: Timeline,
        terminals: SourceTerminals,
        line_frequency: float = 50.0,
        calibration: np.random.Generator | None = None,
    ) -> None:
        super().__init__(timeline, terminals, line_frequency, calibration)
        self.armed: Program | None = None
        self.trigger_out: Callable[[int], None] | None = None
        self._initiated = False
        self._walk: Walk | None = None
        self._waits: Literal["", "arm", "trigger"] = ""
        self._layer_event: Event | None = None
        self._bypass = False
        self._armed_at = 0.0
        self.status.operation.condition = IDLE

    # ---- what programs use

    def arm(self, program: Program) -> None:
        """Have INITiate run a program; whatever was armed is not any more."""
        self.disarm()
        self.armed = program

    def disarm(self) -> None:
        """Stop and forget what is armed."""
        self.abort()
        self.armed = None

    def abort(self) -> None:
        """Go to idle, whatever is under way; what is armed stays armed."""
        if self.armed is not None and self.armed.running():
            self.armed.stop()
        self.program_ended(aborted=True)

    def program_ended(self, aborted: bool) -> None:
        """What was initiated is over; the program stays armed. Called once too often it does nothing."""
        self._leave_layers()
        if not self._initiated:
            return
        occupied, self._initiated, self._occupied = self._occupied, False, False
        operation = self.status.operation
        operation.set(SWEEPING, False)
        if occupied and self.indicates_sweep():
            operation.flash(SWEEP_ABORTED if aborted else SWEEP_DONE)
        operation.renew(IDLE)
        if self.holds_completion():
            self.end_operation()

    def walk_layers(self, walk: Walk) -> None:
        """Pass through arm and trigger layer from now on."""
        self._walk = walk
        self._bypass = self.value("ARM:DIR") == "SOUR"
        self._armed_at = -1.0
        self._enter_arm_layer()

    def pulse(self, line: int) -> None:
        """Put a pulse out on a line of the trigger link."""
        if self.trigger_out is not None:
            self.trigger_out(line)

    def indicates_sweep(self) -> bool:
        """Whether what is armed shows in the operation register as a sweep does."""
        return True

    def holds_completion(self) -> bool:
        """Whether what is armed is a pending operation, which *OPC, *OPC? and *WAI wait for."""
        return True

    # ---- what comes from outside

    def trigger_in(self, line: int) -> None:
        """A pulse has come in on a line of the trigger link."""
        if self._waits == "arm" and self.settings[_ARM_SOURCE] == "TLIN" and line == self.value("ARM:ILIN"):
            self._enter_trigger_layer()
        elif self._waits == "trigger" and line == self.value("TRIG:ILIN"):
            self._act()

    def press_trigger_key(self) -> None:
        """Somebody presses TRIG at the front."""
        if self._waits == "arm" and self.settings[_ARM_SOURCE] == "MAN":
            self._enter_trigger_layer()

    def start_of_test(self, rising: bool) -> None:
        """The start-of-test line of the digital port rises or falls."""
        if self._waits == "arm" and self.settings[_ARM_SOURCE] in {"BST", "PST" if rising else "NST"}:
            self._enter_trigger_layer()

    def triggered(self) -> Outcome:
        """Carry out *TRG or a group execute trigger."""
        if self._waits != "arm" or self.settings[_ARM_SOURCE] != "BUS":
            raise ScpiError(TRIGGER_IGNORED, "nothing waits for this trigger")
        self._enter_trigger_layer()

    def output_taken_away(self) -> None:
        """Without output nothing goes on running."""
        if self._occupied:
            self.abort()

    # ---- the layers

    def _await(self, layer: Literal["arm", "trigger"]) -> None:
        self._waits = layer
        self.status.operation.set(WAITING_FOR_ARM if layer == "arm" else WAITING_FOR_TRIGGER)

    def _go_on(self) -> None:
        self._waits = ""
        self._layer_event = None
        self.status.operation.set(WAITING_FOR_ARM | WAITING_FOR_TRIGGER, False)

    def _enter_arm_layer(self) -> None:
        """With DIRection SOURce the control source is passed by the first time."""
        bypass, self._bypass = self._bypass, False
        source, now = self.settings[_ARM_SOURCE], self.timeline.now
        beat = now if source != "TIM" or self._armed_at < 0 else max(now, self._armed_at + self.number("ARM:TIM"))
        if bypass or (source in {"IMM", "TIM"} and beat <= now):
            self._enter_trigger_layer()
            return
        self._await("arm")
        if source == "TIM":
            self._layer_event = self.timeline.schedule(beat, self._enter_trigger_layer)

    def _enter_trigger_layer(self) -> None:
        if self._layer_event is not None:
            self._layer_event.cancel()
        self._go_on()
        self._armed_at = self.timeline.now
        if self.settings[_ARM_OUTPUT] == "TENT":
            self.pulse(int(self.number("ARM:OLIN")))
        self._bypass = self.value("TRIG:DIR") == "SOUR"
        if self._walk is not None:
            self._walk.enter()
            self._at_control_source()

    def _at_control_source(self) -> None:
        bypass, self._bypass = self._bypass, False
        if bypass or self.settings[_TRIGGER_SOURCE] == "IMM":
            self._act()
        else:
            self._await("trigger")

    def _act(self) -> None:
        self._go_on()
        walk = self._walk
        assert walk is not None
        delay = walk.step()
        if self._walk is not walk:  # it has ended in the meantime
            return
        if self.settings[_TRIGGER_OUTPUT] == "SOUR":
            self.pulse(int(self.number("TRIG:OLIN")))
        if delay > 0.0:
            self._layer_event = self.timeline.schedule(self.timeline.now + delay, self._delayed)
        else:
            self._delayed()

    def _delayed(self) -> None:
        self._layer_event = None
        walk = self._walk
        assert walk is not None
        if self.settings[_TRIGGER_OUTPUT] == "DEL":
            self.pulse(int(self.number("TRIG:OLIN")))
        more = walk.more()
        if self._walk is not walk:
            return
        if more:
            self._at_control_source()
            return
        if self.settings[_ARM_OUTPUT] == "TEX":
            self.pulse(int(self.number("ARM:OLIN")))
        if walk.again():
            self._enter_arm_layer()
        else:
            walk.leave()
            self.program_ended(aborted=False)

    def _leave_layers(self) -> None:
        if self._layer_event is not None:
            self._layer_event.cancel()
        self._walk = None
        self._go_on()

    def waits_for_event(self) -> bool:
        """Whether only something from outside makes the layers go on."""
        return bool(self._waits) and self._layer_event is None

    # ---- states of the instrument

    def operations_end(self) -> float | None:
        """Return when what is pending will be over; at its next step where the end is about to come."""
        if self.armed is not None and self.armed.running():
            end = self.armed.ends_at()
        else:
            end = None if self._layer_event is None else self._layer_event.time
        if end is None or end > self.timeline.now + _EARLY:
            return end
        following = self.timeline.next_time()
        return end if following is None else max(end, following)

    def reset(self) -> None:
        """Carry out *RST: nothing is armed."""
        self.disarm()
        super().reset()

    def about_to_restore(self) -> None:
        """Nothing is armed after *RCL (assumed); what was at work ends before, so that it changes no recalled level."""
        self.disarm()
        super().about_to_restore()

    def power_cycle(self) -> None:
        """Switch off and on: the output is off, whatever set-up it starts with."""
        self.disarm()
        super().power_cycle()
        self.status.operation.condition = IDLE

    def store(self, header: str, *values: Value) -> None:
        """Keep a setting, unless it belongs to what is armed and must not change."""
        self.check_change(header)
        super().store(header, *values)

    def check_change(self, header: str) -> None:
        """See whether a setting, by the table's own spelling of its header, may be changed now.

        Raises:
            ScpiError: It belongs to the program that is armed (-221), where that matters.
        """
        if self.changes_while_armed == "taken" or self.armed is None:
            return
        if header.startswith(f"[SOURce[1]:]{self.armed.name}:"):
            raise ScpiError(SETTINGS_CONFLICT, f"{header} belongs to what is armed")

    # ---- commands

    @command("INIT")
    def initiate(self) -> None:
        """Run what is armed, or pass through the layers."""
        if self._initiated:
            raise ScpiError(INIT_IGNORED, "not idle")
        program = self.armed
        if program is not None:
            self.check_output()
        self._initiated = True
        self._occupied = program is not None
        if self.holds_completion():
            self.begin_operation()
        self.status.operation.set(IDLE, False)
        if program is None:
            self.walk_layers(NOTHING)
            return
        self.status.operation.set(SWEEPING, self.indicates_sweep())
        try:
            program.begin()
        except ScpiError:
            self._occupied = False  # nothing has begun that could be aborted
            self.program_ended(aborted=True)
            raise

    @command("ABOR")
    def _abort(self) -> None:
        self.abort()

    @command("SOUR:SWE:ABOR")
    def _abort_sweep(self) -> None:
        """Of everything that can be armed, only a wave is left alone."""
        if self.armed is not None and self.armed.name != "WAVE":
            self.disarm()
        elif self.armed is None:
            self.abort()

    @command("ARM:SIGN")
    def _signal_arm(self) -> None:
        if self._waits != "arm":
            raise ScpiError(ARM_IGNORED, "the arm layer waits for nothing")
        self._enter_trigger_layer()

    @command("TRIG:SIGN")
    def _signal_trigger(self) -> None:
        if self._waits != "trigger":
            raise ScpiError(TRIGGER_IGNORED, "the trigger layer waits for nothing")
        self._act()

    @command("TRIG:ILIN")
    def _set_trigger_input(self, line: int) -> None:
        self.set_line("TRIG:ILIN", line)

    @command("TRIG:OLIN")
    def _set_trigger_output(self, line: int) -> None:
        self.set_line("TRIG:OLIN", line)

    def set_line(self, header: str, line: int) -> None:
        """Trigger input, trigger output and phase marker must lie on different lines."""
        if any(other != header and self.value(other) == line for other in _LINES):
            raise ScpiError(SETTINGS_CONFLICT, f"line {line} is in use")
        self.set_value(header, line)
