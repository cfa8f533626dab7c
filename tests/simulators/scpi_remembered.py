"""What an instrument has to remember of the units that it carried out: status registers, error queue, set-ups.

From IEEE 488.2 sections 10 and 11 and the manuals' chapters on status and common commands.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from instruments.tables import errors
from instruments.tables.table import Value
from simulators.exchange import ScpiDevice
from tests.simulators.replies import check_register, register_value
from tests.simulators.scpi_model import ErrorList, Run, Ways, ranges


class Remembered:
    """The part of the oracle that follows from common commands, STATus and SYSTem.

    Args:
        device: The device, fresh.
        ways: The instrument's own ways.
    """

    def __init__(self, device: ScpiDevice, ways: Ways) -> None:
        self.device = device
        self.ways = ways
        self.queue = ErrorList()
        self.events = 0x80
        self.events_enabled = self.service_enable = 0
        self.masks = {"OPERation": 0, "MEASurement": 0, "QUEStionable": 0}
        self.operations = device._operations
        self.completion_wanted = False
        self.saved: dict[int, dict[str, Value]] = {}
        self.questionable = 0
        self.seen = {name: (register.condition, register.event) for name, register in self.registers().items()}

    def consequences(self) -> dict[tuple[str, bool], Callable[[Run], None]]:
        after: dict[tuple[str, bool], Callable[[Run], None]] = {
            ("*CLS", False): self._cleared, ("*RST", False): self._reset, ("*ESR", True): self._events_asked,
            ("*ESE", False): self._set_events, ("*SRE", False): self._set_service, ("*STB", True): self._byte_asked,
            ("*ESE", True): lambda run: self.register(run, self.events_enabled),
            ("*SRE", True): lambda run: self.register(run, self.service_enable),
            ("*OPC", False): self._want_completion, ("*OPC", True): self._complete, ("*WAI", False): self._complete,
            ("*TST", True): lambda run: _is(run.reply, "0"), ("*SAV", False): self._saved_settings,
            ("*RCL", False): self._recalled, ("*IDN", True): lambda run: _is(run.reply, self.device.identity()),
            ("SYSTem:MEMory:INITialize", False): self._all_saved,
            ("SYSTem:PRESet", False): self._preset, ("SYSTem:ERRor[:NEXT]", True): self._error_asked,
            ("SYSTem:ERRor:CODE[:NEXT]", True): self._code_asked, ("SYSTem:ERRor:ALL", True): self._all_asked,
            ("SYSTem:ERRor:CODE:ALL", True): self._all_asked, ("SYSTem:ERRor:COUNt", True): self._count_asked,
            ("STATus:QUEue[:NEXT]", True): self._error_asked, ("SYSTem:CLEar", False): self._queue_cleared,
            ("STATus:QUEue:CLEar", False): self._queue_cleared, ("STATus:PRESet", False): self._status_preset,
            ("SYSTem:KEY", False): self._pressed,
            ("STATus:QUEue:ENABle", False): self._enabled, ("STATus:QUEue:DISable", False): self._disabled,
            ("STATus:QUEue:ENABle", True): lambda run: _same_ranges(run, self.queue.enabled),
            ("STATus:QUEue:DISable", True): lambda run: _same_ranges(run, self.queue.disabled),
        }  # fmt: skip
        for name in ("OPERation", "MEASurement", "QUEStionable"):
            after[f"STATus:{name}:ENABle", False] = self._set_mask
            after[f"STATus:{name}:ENABle", True] = self._mask_asked
            after[f"STATus:{name}[:EVENt]", True] = self._events_taken
            after[f"STATus:{name}:CONDition", True] = self._condition_asked
        return after

    def registers(self) -> dict[str, Any]:
        status = self.device.status
        return {"OPERation": status.operation, "MEASurement": status.measurement, "QUEStionable": status.questionable}

    def register(self, run: Run, expected: int) -> None:
        assert run.reply is not None
        assert register_value(run.reply) == expected, f"{run}: {expected} expected"
        check_register(run.reply, expected, str(self.device.settings.get("FORMat:SREGister", "ASC")))

    def _complete(self, run: Run) -> None:
        complete = self.operations == 0 and self.ways.complete(self.device)
        assert complete, f"{run} before everything was complete"
        assert not run.asked or run.reply == "1"

    def _cleared(self, run: Run) -> None:
        """*CLS: queue and event registers; masks, conditions, settings and the output queue stay."""
        self.queue.codes.clear()
        self.events = 0
        self.completion_wanted = False
        for name, register in self.registers().items():
            assert register.event == 0
            self.seen[name] = register.condition, 0

    def _events_asked(self, run: Run) -> None:
        self.register(run, self.events)
        self.events = 0

    def _pressed(self, run: Run) -> None:
        if run.values[0] in self.ways.user_requests:
            self.events |= 0x40

    def _set_events(self, run: Run) -> None:
        self.events_enabled = _integer(run.values[0])

    def _set_service(self, run: Run) -> None:
        self.service_enable = _integer(run.values[0]) & ~0x40

    def _byte_asked(self, run: Run) -> None:
        """Bit 6 is the master summary here; earlier replies of the same message wait already."""
        earlier = self.device._running is not None and bool(self.device._running.replies)
        byte = self.byte(bool(self.device._output) or earlier)
        self.register(run, byte | (0x40 if byte & self.service_enable else 0))

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

    def _code_asked(self, run: Run) -> None:
        _is(run.reply, str(self.queue.codes.popleft() if self.queue.codes else 0))

    def _all_asked(self, run: Run) -> None:
        """The whole queue at once, and it is empty then."""
        codes = list(self.queue.codes) or [0]
        self.queue.codes.clear()
        assert run.reply is not None
        found = re.findall(r"(?:^|,)([+-]?[0-9]+)(?=,|$)", run.reply)
        assert list(map(int, found)) == codes, run

    def _count_asked(self, run: Run) -> None:
        _is(run.reply, str(len(self.queue.codes)))

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
        self.register(run, self.masks[run.header.split(":")[1]])

    def _events_taken(self, run: Run) -> None:
        """What was there, and what has just become the case; reading clears it."""
        name = run.header.split(":")[1].removesuffix("[")
        register = self.registers()[name]
        condition, event = self.seen[name]
        self.register(run, event | (register.condition & ~condition))
        assert register.event == 0, "reading clears it"
        self.seen[name] = register.condition, 0

    def _condition_asked(self, run: Run) -> None:
        name = run.header.split(":")[1]
        value = self.registers()[name].condition
        self.register(run, value)
        right = value == self.questionable if name == "QUEStionable" else self.ways.conditions(self.device, name, value)
        assert right, f"{run} cannot be"

    def observe(self) -> None:
        """No event is forgotten before somebody has read it, and whatever has become the case is one."""
        for name, register in self.registers().items():
            condition, event = self.seen[name]
            assert not event & ~register.event, f"{name} has forgotten {event & ~register.event:#x}"
            risen = register.condition & ~condition
            assert not risen & ~register.event, f"{name} has not noticed {risen & ~register.event:#x}"
            self.seen[name] = register.condition, register.event

    def _reset(self, run: Run) -> None:
        self._check_reset(preset=False)

    def _preset(self, run: Run) -> None:
        self._check_reset(preset=True)

    def _check_reset(self, *, preset: bool) -> None:
        """What has a reset value has it; what has none was not touched (that is what `changes` allows)."""
        settings = self.device.settings
        for row in self.device.rows():
            expected = row.preset if preset and row.preset is not None else row.reset
            if expected is not None and row.header not in self.ways.after_reset:
                assert settings[row.header] == expected, row.header

    def _saved_settings(self, run: Run) -> None:
        self.saved[_integer(run.values[0])] = dict(self.device.settings)

    def _all_saved(self, _run: Run) -> None:
        """The 2400's battery-backed memory begins anew: its five set-ups are the present one."""
        self.saved = {memory: dict(self.device.settings) for memory in range(5)}

    def _recalled(self, run: Run) -> None:
        kept = self.saved.get(_integer(run.values[0]))
        if kept is None:
            self._check_reset(preset=False)
            return
        for row in self.device.rows():
            if row.reset is not None and row.header not in self.ways.restored:
                assert self.device.settings[row.header] == kept[row.header], row.header

    def byte(self, available: bool) -> int:
        """The status byte without bit 6; only the three event registers are the device's own."""
        registers = self.registers()
        return (
            (0x01 if registers["MEASurement"].event & self.masks["MEASurement"] else 0)
            | (0x04 if self.queue.codes else 0)
            | (0x08 if registers["QUEStionable"].event & self.masks["QUEStionable"] else 0)
            | (0x10 if available else 0)
            | (0x20 if self.events & self.events_enabled else 0)
            | (0x80 if registers["OPERation"].event & self.masks["OPERation"] else 0)
        )


def _is(found: str | None, expected: str) -> None:
    assert found == expected, f"{found!r} instead of {expected!r}"


def _integer(value: Value) -> int:
    assert isinstance(value, int)
    return value


def _same_ranges(run: Run, expected: list[tuple[int, int]]) -> None:
    assert run.reply is not None
    assert ranges(run.reply) == expected, run
