"""What each command of a 6221 does to what the guard knows, and whether it may.

A value that alone exceeds a limit is refused where it is set; what several settings do together (amplitude and offset,
a list and its delays) where it is armed, started, or changed while it is armed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from instruments.errors import LimitExceeded
from instruments.guard import settings as setting
from instruments.guard.checks import SourceChecks, flat, spelled
from instruments.guard.limits import Limits, quoted
from instruments.guard.messages import Command
from instruments.guard.sentences import Speaker
from instruments.guard.settings import key
from instruments.guard.slew import REST, Slew, resting
from instruments.guard.state import Possible, State

Rule = Callable[[State, Command], None]


class SourceRules:
    """Judges single commands to a 6221.

    Args:
        speaker: Words the refusals.
        limits: What must not be exceeded.
        unseen: Whether what cannot be seen may happen.
        slew: Follows the level; None where it may jump.

    Attributes:
        by_header: What judges each command on which limits depend, by the table's header.
        checks: What a command is judged by.
    """

    def __init__(self, speaker: Speaker, limits: Limits, *, unseen: bool, slew: Slew | None = None) -> None:
        self._speaker = speaker
        self._slew = slew
        self._unseen = unseen
        self.checks = SourceChecks(speaker, limits, unseen=unseen)
        numbers = (
            *self.checks.bounds, setting.PULSE_WIDTH, setting.PULSE_SWEEP, setting.SPACING, setting.FREQUENCY,
            setting.WAITING, setting.LIST_DELAY, setting.PULSE_INTERVAL, setting.PULSE_COUNT, setting.DELAY,
            setting.SWEEP_COUNT, setting.WAVE_FORM, setting.DUTY, setting.TRIGGER,
        )  # fmt: skip
        self.by_header: dict[str, Rule] = {
            **dict.fromkeys(numbers, self._set),
            **self._make_special(),
            **self._make_actions(),
        }

    def _make_special(self) -> dict[str, Rule]:
        """Return the rules of settings that do more than be kept."""
        return {
            setting.LEVEL: self._set_level,
            setting.RANGE: self._set_range,
            setting.AUTOMATIC: self._set_automatic,
            setting.COMPLIANCE: self._set_compliance,
            setting.OUTPUT: self._set_output,
            key("SOUR:LIST:CURR:APP"): self._append(setting.LIST_CURRENT),
            key("SOUR:LIST:COMP:APP"): self._append(setting.LIST_COMPLIANCE),
            key("SOUR:LIST:DEL:APP"): self._append(setting.LIST_DELAY),
            setting.DELTA_HIGH: self._set_delta_high,
            setting.DURATION: self._set_duration,
            setting.CYCLES: self._set_duration,
            setting.EXTERNAL: self._set_external,
            key("SYST:POS"): self._set_power_on,
        }

    def _make_actions(self) -> dict[str, Rule]:
        """Return the rules of what starts, stops and resets."""
        return {
            key("SOUR:DELT:ARM"): self._arm(setting.DELTA),
            key("SOUR:PDEL:ARM"): self._arm(setting.PULSE_DELTA),
            key("SOUR:DCON:ARM"): self._arm(setting.CONDUCTANCE),
            key("SOUR:SWE:ARM"): self._arm(setting.SWEEP),
            key("SOUR:WAVE:ARM"): self._arm(setting.WAVE),
            key("SOUR:WAVE:INIT"): self._start_wave,
            **dict.fromkeys(map(key, ("INIT", "*TRG", "ARM:SIGN", "TRIG:SIGN")), self.start),
            **dict.fromkeys(map(key, ("*RCL", "SYST:KEY")), self.unseen),
            # By the table their values lie between -1 and 1 times the amplitude, so that there is nothing to judge.
            **dict.fromkeys(map(key, ("SOUR:WAVE:ARB:DATA", "SOUR:WAVE:ARB:APP")), lambda _state, _command: None),
            key("SOUR:CLE"): self._clear,
            key("SOUR:SWE:ABOR"): _abort,
            key("SOUR:WAVE:ABOR"): _abort_wave,
            key("*RST"): self._reset,
            key("SYST:PRES"): self._reset,
        }

    # ---- settings

    def _set(self, state: State, command: Command) -> None:
        """A setting that is kept, once its numbers are found to be within their bound."""
        header, value = _header(command), command.values[0]
        self.checks.numbers(header, flat((value,)), command)
        if header in setting.ANY_CONCERN:
            self._keep(state, header, (value,), command)

    def _keep(self, state: State, header: str, possible: Possible, command: Command) -> None:
        """Note a setting; what is armed and depends on it is judged again, with the value before it as well."""
        modes = [mode for mode in state.armed if header in setting.CONCERNS[mode]]
        state.put(header, *possible, instead=not modes)
        if header in setting.ENDS:
            state.couple(header, _number(command))
        for mode in modes:
            self.checks.judge_mode(state, mode, command)

    def _set_level(self, state: State, command: Command) -> None:
        level = _number(command)
        self.checks.numbers(setting.LEVEL, (level,), command)
        self.checks.level(level, state, command)
        state.put(setting.LEVEL, level, instead=state.holds(level))
        if not state.output_off():
            self.checks.power(state, abs(level), command)
            self._follow(state, command)

    def _follow(self, state: State, command: Command) -> None:
        """Refuse a level at the output that is too far from where it was a moment ago."""
        driven = state.driven()
        if self._slew is not None:
            known = driven is not None
            state.path = self._slew.judge(state.path, *driven, command, self._speaker) if known else None

    def _set_range(self, state: State, command: Command) -> None:
        state.fix_range(_number(command))
        self._check_levels(state, command)

    def _set_automatic(self, state: State, command: Command) -> None:
        state.set_automatic(bool(command.values[0]))
        self._check_levels(state, command)

    def _check_levels(self, state: State, command: Command) -> None:
        """Another range rounds the level that is set in another way."""
        for level in state.numbers(setting.LEVEL) or ():
            self.checks.level(level, state, command)

    def _set_compliance(self, state: State, command: Command) -> None:
        compliance = _number(command)
        taken = self.checks.compliance(compliance, command)
        state.put(setting.COMPLIANCE, taken, instead=not state.armed)
        if not state.output_off():
            for level in state.numbers(setting.LEVEL) or ():
                self.checks.power(state, abs(level), command)
        for mode in state.armed:
            self.checks.judge_mode(state, mode, command)

    def _set_output(self, state: State, command: Command) -> None:
        on = bool(command.values[0])
        if on:
            self.checks.voltage(state, setting.COMPLIANCE, command)
            levels = state.numbers(setting.LEVEL)
            if levels is None and not self._unseen:
                raise self._speaker.unknown(spelled(setting.LEVEL), command.text)
            for level in levels or ():
                self.checks.power(state, abs(level), command)
        was_on = state.values.get(setting.OUTPUT) == (True,)
        state.put(setting.OUTPUT, on)
        if not on:
            state.path = resting(state.path, self._slew)
        elif not was_on:  # it begins at zero
            state.path = REST if state.path is None else state.path
            self._follow(state, command)

    def _append(self, header: str) -> Rule:
        def rule(state: State, command: Command) -> None:
            values = flat(command.values)
            self.checks.numbers(_header(command), values, command)
            held = state.values.get(header)
            if held is not None:
                longer = tuple((*cast("tuple[float, ...]", each), *values) for each in held)
                self._keep(state, header, longer, command)

        return rule

    def _set_delta_high(self, state: State, command: Command) -> None:
        """HIGH also sets LOW to its opposite."""
        high = _number(command)
        self.checks.numbers(setting.DELTA_HIGH, (high,), command)
        state.put(setting.DELTA_LOW, -high, instead=setting.DELTA not in state.armed)
        self._keep(state, setting.DELTA_HIGH, (high,), command)

    def _set_duration(self, state: State, command: Command) -> None:
        """A wave's duration is set in seconds or in cycles; the later one counts."""
        unit = "s" if _header(command) == setting.DURATION else "cycles"
        self._keep(state, setting.DURATION, ((unit, _number(command)),), command)

    def _set_external(self, state: State, command: Command) -> None:
        """An armed wave waits for an external trigger; one that somebody else armed is judged here."""
        self._keep(state, setting.EXTERNAL, command.values, command)
        if command.values[0] and setting.WAVE in state.foreign:
            self.checks.judge_mode(state, setting.WAVE, command)

    # ---- starting

    def _arm(self, mode: str) -> Rule:
        def rule(state: State, command: Command) -> None:
            self.checks.judge_mode(state, mode, command)
            state.armed |= {mode}
            _drive(state)

        return rule

    def _start_wave(self, state: State, command: Command) -> None:
        self.checks.judge_mode(state, setting.WAVE, command)
        state.armed |= {setting.WAVE}
        _drive(state)

    def start(self, state: State, command: Command) -> None:
        """INITiate and triggers run whatever is armed.

        Raises:
            LimitExceeded: It exceeds a limit, or nobody knows what is armed.
        """
        if state.foreign - {setting.WAVE} and not self._unseen:
            raise LimitExceeded(
                f"{self._speaker.name}: {quoted(command.text)} was not sent, because a sweep or another mode may be "
                "armed since before the source was opened, and may exceed a limit; send :SOUR:SWE:ABOR or *RST first"
            )
        for mode in state.armed:
            self.checks.judge_mode(state, mode, command)
        if state.armed:
            _drive(state)

    # ---- what cannot be seen

    def unseen(self, state: State, command: Command) -> None:
        """A command that sets what only the instrument knows.

        Raises:
            LimitExceeded: No override permits it.
        """
        if not self._unseen:
            raise self._speaker.unseeable("what it sets cannot be seen from here", command.text)
        state.lose()

    def _set_power_on(self, state: State, command: Command) -> None:
        """A set-up in a memory may hold anything; it counts once the source is switched off and on."""
        if command.values[0] not in {"RST", "PRES"}:
            self.unseen(state, command)

    # ---- to rest

    def _clear(self, state: State, command: Command) -> None:
        del command
        state.put(setting.LEVEL, 0.0)
        state.put(setting.OUTPUT, False)
        state.path = resting(state.path, self._slew)

    def _reset(self, state: State, command: Command) -> None:
        del command
        state.reset()
        state.path = resting(state.path, self._slew)


def _drive(state: State) -> None:
    """A mode decides on output and level from now on, and leaves them nobody knows where."""
    state.put(setting.OUTPUT)
    state.path = None


def _abort(state: State, command: Command) -> None:
    """Disarms everything but a wave."""
    del command
    state.armed &= {setting.WAVE}
    state.foreign &= {setting.WAVE}


def _abort_wave(state: State, command: Command) -> None:
    del command
    state.armed -= {setting.WAVE}
    state.foreign -= {setting.WAVE}


def _header(command: Command) -> str:
    assert command.row is not None
    return command.row.header


def _number(command: Command) -> float:
    """Return the value of a command that takes one number; infinity for INFinite."""
    value = command.values[0]
    return float(value) if isinstance(value, int | float) else float("inf")
