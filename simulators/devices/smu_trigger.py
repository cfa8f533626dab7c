"""When a 2400 sources and measures: arm layer, trigger layer, source-delay-measure cycles.

While it runs, most commands wait until it is idle; what ends the run, and triggers, act at once.

Source: 2400 series user's manual, sections 11 (triggering) and 17 (INITiate, READ?, FETCh?).
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar, cast

from instruments.scpi import DATA_OUT_OF_RANGE, ScpiError, Unit
from instruments.tables.keithley2400 import LONGEST_LIST, TABLE
from instruments.tables.table import Row, Value
from simulators.devices.smu_cycle import AUTO_OFF, SOURCE, Cycle
from simulators.devices.smu_processing import DATA_STALE, Reading
from simulators.devices.smu_settings import OFF_STATE, Place
from simulators.devices.smu_source import NOT_WITH_OUTPUT_OFF
from simulators.exchange import TRIGGER_IGNORED, command, query
from simulators.program_message import Effect, Later, Outcome, Step

INIT_IGNORED = -213
ARM_DEADLOCK = -215
NOT_WITHOUT_END = 830

SWEEPING, WAITING_FOR_TRIGGER, WAITING_FOR_ARM, IDLE = 0x08, 0x20, 0x40, 0x400
_STATES = SWEEPING | WAITING_FOR_TRIGGER | WAITING_FOR_ARM | IDLE

ARM_COUNT = TABLE["ARM:COUN"].header
ARM_SOURCE = TABLE["ARM:SOUR"].header
COUNT = TABLE["TRIG:COUN"].header
_LINKED = frozenset({"TLIN", "NST", "PST", "BST"})
_AT_ONCE = ("ABOR", "*RST", "*RCL", "SYST:PRES")
_MAY_OVERTAKE = re.compile(rb"[\s:]*(?:ABOR|\*RST|\*RCL|SYST|\*TRG)", re.IGNORECASE)
"""How messages begin that may act at once: the rest need not be taken apart to know that they wait."""
_UNHINDERED = (*_AT_ONCE, "*TRG", "*OPC", "*WAI")


class _InTurn:
    """An effect that waits until the instrument is idle."""

    __slots__ = ("_device", "_effect")

    def __init__(self, device: TriggerModel, effect: Effect) -> None:
        self._device = device
        self._effect = effect

    def __call__(self, *values: Value) -> Outcome:
        if self._device.running:
            return Later(None, partial(self, *values))
        return self._effect(*values)


class TriggerModel(Cycle):
    """Idle, waiting, or at work; the readings that came of it.

    Attributes:
        running: Whether it is out of idle.
    """

    acts_at_once: ClassVar[bool] = True
    """Whether ABORt and its like overtake commands that wait for the end of a run."""
    measures_at_zero: ClassVar[bool] = True
    """Whether readings can be taken with the output off in its ZERO state (unsure for remote operation)."""
    reads_by_bus: ClassVar[bool] = True
    """Whether READ? waits for a trigger from the bus (unsure: the manual has triggers act during a run, and lists
    -215, which SCPI-1995 has for this case, without saying when it comes)."""

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        self.running = False
        self._awaited: tuple[str, int, Callable[[], None]] | None = None
        self._latched: set[int] = set()
        self._arms_left = 0.0
        self._triggers_left = 0
        self._first = True
        self._armed_at = -math.inf
        self._ends = frozenset(self._effects[self.key(header), False] for header in _AT_ONCE)
        self._trigger_effect = self._effects[self.key("*TRG"), False]
        self._unhindered = frozenset(self.key(header) for header in _UNHINDERED)
        self.status.operation.condition = IDLE

    # ---- commands wait their turn

    def _step(self, row: Row, unit: Unit) -> Step:
        effect, values, asked = super()._step(row, unit)
        return (effect if row.header in self._unhindered else _InTurn(self, effect)), values, asked

    def _accept(self, message: Any) -> None:
        """Run a message; one that ends the run, or triggers, overtakes what waits for the end."""
        if self.running and self.acts_at_once and message.steps:
            effect = message.steps[0][0]
            if effect in self._ends:
                while self.running:
                    self.halt()
            elif effect == self._trigger_effect and len(message.steps) == 1 and self._held is not None:
                self._run(message)
                return
        super()._accept(message)

    def overtakes(self, message: bytes) -> bool:
        """Whether a message ends the run, or triggers; see `_accept`."""
        if not (self.running and self.acts_at_once) or self._input or self._overrun:
            return False
        if len(message) > self.input_limit or not _MAY_OVERTAKE.match(message):
            return False
        steps = self._program(message.removesuffix(b"\n"))
        if not steps:
            return False
        return steps[0][0] in self._ends or (steps[0][0] == self._trigger_effect and len(steps) == 1)

    def clear(self) -> None:
        """Device clear: back to idle, too."""
        super().clear()
        self.halt()

    # ---- from idle and back

    def start(self) -> None:
        """Leave idle.

        Raises:
            ScpiError: The output is off (+803) or cannot go on, or there is no such sweep.
        """
        if self.running:
            raise ScpiError(INIT_IGNORED, "not idle")
        if self.settings[AUTO_OFF]:
            self.check_output()
        elif not self._driving and not (self.measures_at_zero and self.settings[OFF_STATE] == "ZERO"):
            raise ScpiError(NOT_WITH_OUTPUT_OFF, "the output is off")
        self._points = self.plan() if self._driving or self.settings[AUTO_OFF] else None
        self.begin_memory()
        self.begin_tests()
        self.running, self._first, self._point, self._to_soak = True, True, 0, True
        self._arms_left = self.number("ARM:COUN")
        self._readings, self._latched = [], set()
        self._stack.clear()
        if self.flag("SYST:TIME:RES:AUTO"):
            self.reset_clock()
        self.begin_operation()
        self._indicate(0)
        self._enter_arm_layer()

    def halt(self) -> None:
        """Go to idle, whatever is under way."""
        if self._event is not None:
            self._event.cancel()
            self._event = None
        if not self.running:
            return
        self._awaited = None
        if self._with_source is not None:
            self.restore_level()
        self.restore_range()
        if self.settings[AUTO_OFF] and self._driving:
            self.switch_off()
        self.running = False
        self.end_vector()
        self.end_tests()
        self._indicate(IDLE)
        self.end_operation()

    def _indicate(self, bits: int) -> None:
        sweeping = SWEEPING if self.running and self.sweeping() else 0
        operation = self.status.operation
        operation.set(_STATES & ~(bits | sweeping), on=False)
        operation.set(bits | sweeping)

    # ---- the layers

    def _enter_arm_layer(self) -> None:
        source, now = self.settings[ARM_SOURCE], self.timeline.now
        bypassed = self._first and source in _LINKED and self.value("ARM:DIR") == "SOUR"
        if source == "IMM" or bypassed:
            self._arm()
        elif source == "TIM":
            self._indicate(WAITING_FOR_ARM)
            due = now if self._first else max(now, self._armed_at + self.number("ARM:TIM"))
            self.at(due, self._arm)
        else:
            self._await(WAITING_FOR_ARM, str(source), round(self.number("ARM:ILIN")), self._arm)

    def _arm(self) -> None:
        self._armed_at = self.timeline.now
        self._triggers_left = cast("int", self.settings[COUNT])
        self.send_trigger("ARM", "TENT")
        self._next_cycle()

    def _next_cycle(self) -> None:
        self.stage("SOUR", self._begin)

    def _begin(self) -> None:
        self._first = False
        self._indicate(0)
        self.begin_cycle()

    def cycle_ended(self) -> None:
        """Begin the next cycle, or leave the trigger layer."""
        self._triggers_left -= 1
        if self._triggers_left > 0:
            self._next_cycle()
        else:
            self._leave_trigger_layer()

    def stage(self, name: str, action: Callable[[], None]) -> None:
        """Go on, once the trigger has come that this stage of the cycle waits for."""
        linked = self.settings[SOURCE] != "IMM" and name in cast("tuple[str, ...]", self.value("TRIG:INP"))
        if not linked or (name == "SOUR" and self._first and self.value("TRIG:DIR") == "SOUR"):
            action()
        else:
            self._await(WAITING_FOR_TRIGGER, "TLIN", round(self.number("TRIG:ILIN")), action)

    def _await(self, bits: int, source: str, line: int, action: Callable[[], None]) -> None:
        if source == "TLIN" and line in self._latched:
            self._latched.discard(line)
            action()
            return
        self._event = None
        self._indicate(bits)
        self._awaited = source, line, action

    def _leave_trigger_layer(self) -> None:
        self.end_binning()
        self.send_trigger("ARM", "TEX")
        if self.settings[AUTO_OFF] and self._driving:
            self.switch_off()
        self._arms_left -= 1
        if self._arms_left > 0:
            self._enter_arm_layer()
        else:
            self.halt()

    # ---- triggers

    def triggered(self) -> Outcome:
        """Carry out *TRG or a group execute trigger."""
        self._release("BUS")

    def press_trigger(self) -> None:
        """Somebody presses TRIG at the front panel."""
        if self._awaited is not None and self._awaited[0] == "MAN":
            self._release("MAN")

    def start_of_test(self, *, low: bool) -> None:
        """A pulse on the start-of-test line."""
        if self._awaited is not None and self._awaited[0] in {"BST", "NST" if low else "PST"}:
            self._release(self._awaited[0])

    def external_trigger(self, line: int) -> None:
        """A pulse on a line of the trigger link; one that nothing waits for is kept while the instrument runs."""
        if self._awaited is not None and self._awaited[:2] == ("TLIN", line):
            self._release("TLIN")
        elif self.running:
            self._latched.add(line)

    def _release(self, source: str) -> None:
        if self._awaited is None or self._awaited[0] != source:
            raise ScpiError(TRIGGER_IGNORED, "nothing waits for this trigger")
        action, self._awaited = self._awaited[2], None
        action()

    def operations_end(self) -> float | None:
        """Return when the next thing happens; None while nothing is under way or a trigger has to come."""
        return None if self._event is None else self._event.time

    # ---- commands

    @command("INIT")
    def _initiate(self) -> None:
        self.start()

    @command("ABOR")
    def _abort(self) -> None:
        self.halt()

    @command("TRIG:CLE")
    def _clear_triggers(self) -> None:
        self._latched.clear()

    @command("TRIG:COUN")
    def _set_count(self, count: int) -> None:
        self._check_counts(count, self.number("ARM:COUN"))
        self.settings[COUNT] = count

    @command("ARM:COUN")
    def _set_arm_count(self, count: int | str) -> None:
        self._check_counts(cast("int", self.settings[COUNT]), math.inf if count == "INF" else float(count))
        self.settings[ARM_COUNT] = count

    def _check_counts(self, triggers: int, arms: float) -> None:
        """Without end is always possible, more readings than the memory holds are not (code assumed)."""
        if math.isfinite(arms) and triggers * arms > LONGEST_LIST:
            raise ScpiError(DATA_OUT_OF_RANGE, f"{triggers} times {arms:g} readings, at most {LONGEST_LIST}")

    @command("ARM:OUTP")
    def _set_arm_output(self, events: tuple[str, ...]) -> None:
        self._set_events("ARM:OUTP", events)

    @command("TRIG:OUTP")
    def _set_trigger_output(self, events: tuple[str, ...]) -> None:
        self._set_events("TRIG:OUTP", events)

    @command("TRIG:INP")
    def _set_trigger_input(self, events: tuple[str, ...]) -> None:
        self._set_events("TRIG:INP", events)

    def _set_events(self, header: str, events: tuple[str, ...]) -> None:
        """NONE beside others is ignored; each counts once, in the order of a cycle."""
        order = ("TENT", "TEX", "SOUR", "DEL", "SENS")
        self.set_value(header, tuple(event for event in order if event in events) or ("NONE",))

    @query("READ")
    def ask_read(self) -> Outcome:
        """INITiate and FETCh?."""
        if self.settings[ARM_COUNT] == "INF":
            raise ScpiError(NOT_WITHOUT_END, "READ? of a run without end")
        if self.settings[ARM_SOURCE] == "BUS" and not self.reads_by_bus:
            raise ScpiError(ARM_DEADLOCK, "READ? of a run that waits for the bus")
        self.start()
        return Later(None, self._ask_fetch)

    @query("FETC")
    def _ask_fetch(self) -> str:
        return self.formatted(self._some(self._readings))

    @query("SENS:DATA")
    def _ask_latest(self) -> str:
        return self.formatted(self._some(self._readings[-1:]))

    def _some(self, readings: list[Reading]) -> list[Reading]:
        if not readings:
            raise ScpiError(DATA_STALE, "no reading")
        return readings
