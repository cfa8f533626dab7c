"""What the manuals promise about any SCPI instrument, kept beside a simulated one and compared at every step.

The oracle hears three things from inside the device: which unit is being carried out with which values, which error
numbers are reported, and when overlapped operations begin and end; and it looks at the condition and event registers.
Everything that follows from them it works out by itself, from IEEE 488.2 sections 6, 10 and 11 and the manuals'
chapters on status and common commands: error queue, standard event register, masks, status byte, request for service,
output queue, and what settings may have changed.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

from instruments import scpi
from instruments.tables import errors
from instruments.tables.table import Row, Value
from simulators.exchange import ScpiDevice
from simulators.messages import INPUT_OVERRUN, INTERRUPTED, UNTERMINATED
from simulators.program_message import Later, Outcome
from tests.simulators.messages_at_random import Piece
from tests.simulators.replies import check_inside, check_limit, check_reply, close
from tests.simulators.scpi_model import DONE, ErrorList, Run, Ways, ranges
from tests.simulators.scpi_remembered import Remembered

_LISTS = frozenset({"STATus:QUEue:ENABle", "STATus:QUEue:DISable"})
_STATUS = (1, 399)
_CLASSES = {-1: 0x20, -2: 0x10, -3: 0x08, -4: 0x04}


class Oracle(Remembered):
    """Listens in on a device, and says what must be the case.

    Args:
        device: The device, fresh.
        ways: The instrument's own ways.
    """

    def __init__(self, device: ScpiDevice, ways: Ways) -> None:
        super().__init__(device, ways)
        self.runs: list[Run] = []
        self.codes: list[int] = []
        self.lenient = False
        self.interrupts = 0
        self.output = b""
        self._rows = {row.header: row for row in device.rows()}
        self._depth = 0
        self._current: Run | None = None
        self._reasons = 0
        self._unit_reasons = 0
        self._due = False
        self._after: dict[tuple[str, bool], Callable[[Run], None]] = self.consequences()
        self._listen()

    # ---- listening

    def _listen(self) -> None:
        device: Any = self.device
        for (header, asked), effect in list(device._effects.items()):
            device._effects[header, asked] = self._spied(header, effect, asked=asked)
        store, show, limit = device.store, device._show, device._limit_step

        def stored(header: str, *values: Value) -> Outcome:
            if self._depth:
                return store(header, *values)
            return self._run(Run(header, asked=False, values=values), lambda: store(header, *values))

        def shown(row: Row) -> Outcome:
            return self._run(Run(row.header, asked=True, values=()), lambda: show(row))

        def limited(row: Row, unit: scpi.Unit) -> Callable[[], Outcome]:
            effect = limit(row, unit)
            return lambda: self._run(Run(row.header, asked=True, values=(), limit=True), effect)

        device.store, device._show, device._limit_step = stored, shown, limited
        begin, end, report = device.begin_operation, device.end_operation, device.status.report

        def begun() -> None:
            self.operations += 1
            begin()

        def ended() -> None:
            self.operations = max(0, self.operations - 1)
            if not self.operations and self.completion_wanted:
                self.completion_wanted = False
                self.events |= 1
            end()

        def reported(code: int) -> None:
            self._report(code)
            report(code)

        device.begin_operation, device.end_operation, device.status.report = begun, ended, reported

    def _spied(self, header: str, effect: Callable[..., Outcome], *, asked: bool) -> Callable[..., Outcome]:
        def spied(*values: Value) -> Outcome:
            if self._depth:
                return effect(*values)
            return self._run(Run(header, asked, values), lambda: effect(*values))

        return spied

    def _run(self, run: Run, effect: Callable[[], Outcome]) -> Outcome:
        self.runs.append(run)
        self.observe()
        refuses = None if run.limit else self.ways.refuses.get((run.header, run.asked))
        if run.header in _LISTS and not run.asked:
            run.allowed = _outcome_of_list(str(run.values[0]))
        elif refuses is not None:
            run.allowed = refuses(self.device, run.values)
        if run.asked and run.header in self.ways.notes and run.allowed == DONE:
            run.notes = self.ways.notes[run.header](self.device)
        if (run.header, run.asked) in _BEFORE:
            self.completion_wanted = False
        return self._carry_out(run, effect)

    def _carry_out(self, run: Run, effect: Callable[[], Outcome]) -> Outcome:
        settings = self.device.settings
        before = dict(settings)
        self._depth += 1
        self._current = run
        try:
            outcome = effect()
        except scpi.ScpiError as error:
            run.error = error.code
            assert error.code in run.allowed, f"{run} was refused"
            changed = {header for header in settings if settings[header] != before[header]}
            assert changed <= self.ways.by_itself, f"{run} was refused and has changed {changed}"
            raise
        finally:
            self._depth -= 1
            self._current = None
            if run.error is not None:
                self._notice()
        if settings != before:
            self._check_changes(run, before)
        if isinstance(outcome, Later):
            finish = outcome.finish
            if outcome.time == math.inf and self.device._waiting:
                run.given_up = True
                running = self.device._running
                self.interrupts += running is not None and not running.dropped
            return Later(outcome.time, lambda: self._carry_out(run, finish))
        self._finished(run, outcome, before)
        self._notice()
        return outcome

    def _report(self, code: int) -> None:
        """Any error: its class's bit, and the queue."""
        assert errors.message(code, self.device.table.instrument)
        own = 0x10 if 401 <= code <= 420 or 800 <= code < 900 else 0x08 if code >= 400 else 0
        bit = _CLASSES[-1 - (-code // 100 - 1)] if code < 0 else own
        self.events |= bit
        if self.queue.push(code):
            self.events |= 0x08
        if _STATUS[0] <= code <= _STATUS[1] and code not in self.ways.mishaps:
            return  # a status message: what the instrument does, not what is wrong with a unit
        if code in self.ways.of_runs:
            return
        if code in {INTERRUPTED, INPUT_OVERRUN, UNTERMINATED}:
            assert self.lenient or self.interrupts > 0, f"{code} without reason"
            self.interrupts -= 1
        elif self._current is not None:
            self._current.noted.append(code)
            self.codes.append(code)
        else:
            self.codes.append(code)

    # ---- what follows from a unit

    def _check_changes(self, run: Run, before: dict[str, Value]) -> None:
        settings = self.device.settings
        allowed = self.ways.changes.get(run.header, frozenset()) | self.ways.by_itself
        if not run.asked:
            allowed |= {run.header}
        changed = {header for header, value in settings.items() if value != before[header]}
        assert changed <= allowed, f"{run} has changed {changed}"
        for header in changed:
            check_inside(self._rows[header], settings[header])

    def _finished(self, run: Run, outcome: str | None, before: dict[str, Value]) -> None:
        assert run.asked == (outcome is not None), f"a reply to a command, or none to a query: {run}"
        assert 0 in run.allowed, f"accepted: {run}"
        assert tuple(run.noted) == run.notes, run
        run.reply = outcome
        follows = None if run.asked else self.ways.follows.get(run.header)
        for header, value in follows(self.device, run.values).items() if follows else ():
            found = self.device.value(header)
            assert found == value, f"{header} is {found} after {run}"
        consequence = self._after.get((run.header, run.asked))
        row = self._rows[run.header]
        if run.limit and run.header in self.ways.limits:
            assert any(close(outcome or "", number) for number in self.ways.limits[run.header](self.device)), run
        elif run.limit:
            check_limit(row, outcome or "", self.device.table.infinity)
        elif run.asked and run.header in self.ways.answers:
            _matches(run, self.ways.answers[run.header](self.device))
        elif consequence is not None:
            consequence(run)
        elif run.asked and row.command and row.parameters:
            assert outcome is not None
            check_reply(row, outcome, self.device.settings[row.header], self.device.table.infinity)
        elif not run.asked and row.parameters and row.query:
            values = self.ways.kept_as.get(row.header)
            expected = values(self.device, run.values) if values else _only(run.values)
            found = self.device.settings[row.header]
            assert found == expected, f"{run}: {expected} expected, {found} kept (before: {before[row.header]})"
        self.observe()

    # ---- what the outside must see

    def _notice(self) -> None:
        """After a unit: a reason for service that has come up in it is a new one, even if it was one before it."""
        reasons = self.byte(available=False) & self.service_enable
        self._due = bool(reasons) and (self._due or bool(reasons & ~self._unit_reasons))
        self._unit_reasons = reasons

    def check_poll(self, *, polled: bool) -> None:
        """A serial poll, or a look at the request line.

        Service is requested when a reason has come up since the last look, never without a reason, and a poll ends it.
        """
        self.observe()
        if polled:
            seen = self.device.status_byte()
            byte = self.byte(bool(self.output))
            assert seen & ~0x40 == byte, f"status byte {seen:#x}, {byte:#x} expected"
            requested = bool(seen & 0x40)
            assert not self.device.service_requested(), "a poll ends the request"
            for name in ("OPERation", "MEASurement"):
                condition = self.registers()[name].condition
                assert self.ways.conditions(self.device, name, condition), f"{name} cannot be {condition:#x}"
        else:
            requested = self.device.service_requested()
            byte = self.byte(bool(self.output))
        reasons = byte & self.service_enable
        self._notice()
        if not reasons:
            assert not requested, "service is requested without reason"
        if self._due and self._unit_reasons & reasons == self._unit_reasons:
            assert requested, "a reason came up in a message and no request"
        self._due &= not polled
        if reasons & ~self._reasons:
            assert requested, f"a new reason {reasons:#x} (before: {self._reasons:#x}) and no request"
        self._reasons = reasons

    def emptied(self) -> None:
        """Device clear: output is gone, nobody waits for completion."""
        self.output = b""
        self.completion_wanted = False

    def power_cycled(self) -> None:
        """Nothing is left but the power-on bit."""
        self.emptied()
        self.queue = ErrorList()
        self.events, self.events_enabled, self.service_enable, self._reasons = 0x80, 0, 0, 0
        self._due, self._unit_reasons = False, 0
        self.masks = dict.fromkeys(self.masks, 0)
        self.questionable = 0
        self.seen = {name: (register.condition, register.event) for name, register in self.registers().items()}

    def matches(self, run: Run, piece: Piece) -> bool:
        """Whether what was carried out is what was sent."""
        assert piece.row is not None
        same = run.header == piece.row.header and run.asked == piece.asked and run.limit == piece.limit
        # What a word stands for there, the table does not know (tests/simulators/test_limits.py tries it).
        word = piece.row.header in self.ways.limits and _LIMIT_WORD.search(piece.text) is not None
        return same and (run.values == piece.values or piece.limit or word)


_LIMIT_WORD = re.compile(r"(?:MIN|MAX|DEF)\w*\s*$", re.IGNORECASE)
_BEFORE = {("*RST", False), ("*CLS", False)}


def _matches(run: Run, expected: str | re.Pattern[str]) -> None:
    assert run.reply is not None
    right = run.reply == expected if isinstance(expected, str) else expected.fullmatch(run.reply)
    assert right, f"{run}: {expected} expected"


def _outcome_of_list(text: str) -> frozenset[int]:
    """A list of error numbers is taken apart when it is put to use."""
    if re.search("[0-9]{6}", text):
        return frozenset({-104, -222})
    try:
        found = ranges(text)
    except ValueError:
        return frozenset({-104})
    return frozenset({-222 if any(abs(end) > 999 for one in found for end in one) else 0})


def _only(values: tuple[Value, ...]) -> Value:
    return values[0] if len(values) == 1 else values
