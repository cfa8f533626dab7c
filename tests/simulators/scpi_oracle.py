"""What the manuals promise about any SCPI instrument, kept beside a simulated one and compared at every step.

The oracle hears three things from inside the device: which unit is being carried out with which values, which error
numbers are reported, and when overlapped operations begin and end. Everything that follows from them it works out by
itself, from IEEE 488.2 sections 6, 10 and 11 and the manuals' chapters on status and common commands: error queue,
standard event register, masks, status byte, request for service, output queue, and what settings may have changed.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from instruments import scpi
from instruments.tables import errors
from instruments.tables.table import Row, Value
from simulators.exchange import ScpiDevice
from simulators.messages import INPUT_OVERRUN, INTERRUPTED, UNTERMINATED, Later, Outcome
from tests.simulators.messages_at_random import Piece
from tests.simulators.replies import check_limit, check_reply, register_value
from tests.simulators.scpi_model import ErrorList, Run, Ways, ranges

EVERYTHING = frozenset({"*"})
_CLASSES = {-1: 0x20, -2: 0x10, -3: 0x08, -4: 0x04}


class Oracle:
    """Listens in on a device, and says what must be the case.

    Args:
        device: The device, fresh.
        ways: The instrument's own ways.
    """

    def __init__(self, device: ScpiDevice, ways: Ways) -> None:
        self.device = device
        self.ways = ways
        self.runs: list[Run] = []
        self.codes: list[int] = []
        self.lenient = False
        self.interrupts = 0
        self.queue = ErrorList()
        self.events = 0x80
        self.events_enabled = self.service_enable = 0
        self.masks = {"OPERation": 0, "MEASurement": 0, "QUEStionable": 0}
        self.output = b""
        self.operations = device._operations
        self.completion_wanted = False
        self.saved: dict[int, dict[str, Value]] = {}
        self._rows = {row.header: row for row in device.table}
        self._depth = 0
        self._current: Run | None = None
        self._reasons = 0
        self._unit_reasons = 0
        self._due = False
        self._after: dict[tuple[str, bool], Callable[[Run], None]] = self._consequences()
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
        bit = _CLASSES[-1 - (-code // 100 - 1)] if code < 0 else 0x10 if 401 <= code <= 420 else 0x08
        self.events |= bit
        if self.queue.push(code):
            self.events |= 0x08
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
        assert allowed == EVERYTHING or "*" in allowed or changed <= allowed, f"{run} has changed {changed}"

    def _finished(self, run: Run, outcome: str | None, before: dict[str, Value]) -> None:
        assert run.asked == (outcome is not None), f"a reply to a command, or none to a query: {run}"
        run.reply = outcome
        consequence = self._after.get((run.header, run.asked))
        row = self._rows[run.header]
        if run.limit:
            check_limit(row, outcome or "", self.device.table.infinity)
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

    def _consequences(self) -> dict[tuple[str, bool], Callable[[Run], None]]:
        after: dict[tuple[str, bool], Callable[[Run], None]] = {
            ("*CLS", False): self._cleared, ("*RST", False): self._reset, ("*ESR", True): self._events_asked,
            ("*ESE", False): self._set_events, ("*SRE", False): self._set_service, ("*STB", True): self._byte_asked,
            ("*ESE", True): lambda run: self._register(run, self.events_enabled),
            ("*SRE", True): lambda run: self._register(run, self.service_enable),
            ("*OPC", False): self._want_completion, ("*OPC", True): lambda run: _is(run.reply, "1"),
            ("*TST", True): lambda run: _is(run.reply, "0"), ("*SAV", False): self._saved_settings,
            ("*RCL", False): self._recalled, ("*IDN", True): lambda run: _is(run.reply, self.device.identity()),
            ("SYSTem:PRESet", False): self._preset, ("SYSTem:ERRor[:NEXT]", True): self._error_asked,
            ("STATus:QUEue[:NEXT]", True): self._error_asked, ("SYSTem:CLEar", False): self._queue_cleared,
            ("STATus:QUEue:CLEar", False): self._queue_cleared, ("STATus:PRESet", False): self._status_preset,
            ("STATus:QUEue:ENABle", False): self._enabled, ("STATus:QUEue:DISable", False): self._disabled,
            ("STATus:QUEue:ENABle", True): lambda run: _same_ranges(run, self.queue.enabled),
            ("STATus:QUEue:DISable", True): lambda run: _same_ranges(run, self.queue.disabled),
        }  # fmt: skip
        for name in ("OPERation", "MEASurement", "QUEStionable"):
            after[f"STATus:{name}:ENABle", False] = self._set_mask
            after[f"STATus:{name}:ENABle", True] = self._mask_asked
            after[f"STATus:{name}[:EVENt]", True] = self._events_taken
        return after

    def _registers(self) -> dict[str, Any]:
        status = self.device.status
        return {"OPERation": status.operation, "MEASurement": status.measurement, "QUEStionable": status.questionable}

    def _register(self, run: Run, expected: int) -> None:
        assert run.reply is not None
        assert register_value(run.reply) == expected, f"{run}: {expected} expected"

    def _cleared(self, run: Run) -> None:
        """*CLS: queue and event registers; masks, conditions, settings and the output queue stay."""
        self.queue.codes.clear()
        self.events = 0
        self.completion_wanted = False
        assert all(register.event == 0 for register in self._registers().values())

    def _events_asked(self, run: Run) -> None:
        self._register(run, self.events)
        self.events = 0

    def _set_events(self, run: Run) -> None:
        self.events_enabled = _integer(run.values[0])

    def _set_service(self, run: Run) -> None:
        self.service_enable = _integer(run.values[0]) & ~0x40

    def _byte_asked(self, run: Run) -> None:
        """Bit 6 is the master summary here; earlier replies of the same message wait already."""
        assert run.reply is not None
        earlier = self.device._running is not None and bool(self.device._running.replies)
        byte = self.byte(bool(self.device._output) or earlier)
        assert register_value(run.reply) == byte | (0x40 if byte & self.service_enable else 0), run

    def _want_completion(self, run: Run) -> None:
        if self.operations:
            self.completion_wanted = True
        else:
            self.completion_wanted = False
            self.events |= 1

    def _queue_cleared(self, run: Run) -> None:
        self.queue.codes.clear()

    def _error_asked(self, run: Run) -> None:
        """First in, first out; `0,"No error"` at the end."""
        code = self.queue.codes.popleft() if self.queue.codes else 0
        text = errors.message(code, self.device.table.instrument)
        _is(run.reply, f'{code:+d},"{text}"' if code else '0,"No error"')

    def _enabled(self, run: Run) -> None:
        self.queue.enabled, self.queue.disabled = ranges(str(run.values[0])), []

    def _disabled(self, run: Run) -> None:
        self.queue.disabled = ranges(str(run.values[0]))

    def _status_preset(self, run: Run) -> None:
        self.masks = dict.fromkeys(self.masks, 0)
        self.queue.preset()

    def _set_mask(self, run: Run) -> None:
        self.masks[run.header.split(":")[1]] = _integer(run.values[0])

    def _mask_asked(self, run: Run) -> None:
        self._register(run, self.masks[run.header.split(":")[1]])

    def _events_taken(self, run: Run) -> None:
        assert self._registers()[run.header.split(":")[1].removesuffix("[")].event == 0, "reading clears it"

    def _reset(self, run: Run) -> None:
        self._check_reset(preset=False)

    def _preset(self, run: Run) -> None:
        self._check_reset(preset=True)

    def _check_reset(self, *, preset: bool) -> None:
        """What has a reset value has it; what has none was not touched (that is what `changes` allows)."""
        settings = self.device.settings
        for row in self.device.table:
            expected = row.preset if preset and row.preset is not None else row.reset
            if expected is not None and row.header not in self.ways.after_reset:
                assert settings[row.header] == expected, row.header

    def _saved_settings(self, run: Run) -> None:
        self.saved[_integer(run.values[0])] = dict(self.device.settings)

    def _recalled(self, run: Run) -> None:
        kept = self.saved.get(_integer(run.values[0]))
        if kept is None:
            self._check_reset(preset=False)
            return
        for row in self.device.table:
            if row.reset is not None and row.header not in self.ways.restored:
                assert self.device.settings[row.header] == kept[row.header], row.header

    # ---- what the outside must see

    def byte(self, available: bool) -> int:
        """The status byte without bit 6; only the three event registers are the device's own."""
        registers = self._registers()
        return (
            (0x01 if registers["MEASurement"].event & self.masks["MEASurement"] else 0)
            | (0x04 if self.queue.codes else 0)
            | (0x08 if registers["QUEStionable"].event & self.masks["QUEStionable"] else 0)
            | (0x10 if available else 0)
            | (0x20 if self.events & self.events_enabled else 0)
            | (0x80 if registers["OPERation"].event & self.masks["OPERation"] else 0)
        )

    def _notice(self) -> None:
        """After a unit: a reason for service that has come up in it is a new one, even if it was one before it."""
        reasons = self.byte(available=False) & self.service_enable
        self._due = bool(reasons) and (self._due or bool(reasons & ~self._unit_reasons))
        self._unit_reasons = reasons

    def check_poll(self, *, polled: bool) -> None:
        """A serial poll, or a look at the request line.

        Service is requested when a reason has come up since the last look, never without a reason, and a poll ends it.
        """
        if polled:
            seen = self.device.status_byte()
            byte = self.byte(bool(self.output))
            assert seen & ~0x40 == byte, f"status byte {seen:#x}, {byte:#x} expected"
            requested = bool(seen & 0x40)
            assert not self.device.service_requested(), "a poll ends the request"
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

    def matches(self, run: Run, piece: Piece) -> bool:
        """Whether what was carried out is what was sent."""
        assert piece.row is not None
        same = run.header == piece.row.header and run.asked == piece.asked and run.limit == piece.limit
        return same and (run.values == piece.values or piece.limit)


_BEFORE = {("*RST", False), ("*CLS", False)}


def _is(found: str | None, expected: str) -> None:
    assert found == expected, f"{found!r} instead of {expected!r}"


def _integer(value: Value) -> int:
    assert isinstance(value, int)
    return value


def _only(values: tuple[Value, ...]) -> Value:
    return values[0] if len(values) == 1 else values


def _same_ranges(run: Run, expected: list[tuple[int, int]]) -> None:
    assert run.reply is not None
    assert ranges(run.reply) == expected, run
