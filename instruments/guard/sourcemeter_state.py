"""What the guard knows of a 2400's settings, from the messages that it let pass.

A setting can have several possible values where the instrument may have refused the last one; what nobody knows has
none at all.
"""

from __future__ import annotations

from typing import Self, cast

from instruments.guard.slew import Path, uncertain
from instruments.tables.keithley2400 import CURRENT_RANGES, RESISTANCE_RANGES, TABLE, VOLTAGE_RANGES


def key(header: str) -> str:
    """Return the table's own spelling of a header."""
    return TABLE[header].header


KINDS = ("VOLT", "CURR")
FUNCTION = key("SOUR:FUNC")
LEVEL = {kind: key(f"SOUR:{kind}") for kind in KINDS}
TRIGGERED = {kind: key(f"SOUR:{kind}:TRIG") for kind in KINDS}
RANGE = {kind: key(f"SOUR:{kind}:RANG") for kind in KINDS}
AUTO = {kind: key(f"SOUR:{kind}:RANG:AUTO") for kind in KINDS}
MODE = {kind: key(f"SOUR:{kind}:MODE") for kind in KINDS}
LIST = {kind: key(f"SOUR:LIST:{kind}") for kind in KINDS}
ENDS = {kind: [key(f"SOUR:{kind}:{end}") for end in ("STAR", "STOP", "CENT", "SPAN")] for kind in KINDS}
COMPLIANCE = {kind: key(f"SENS:{kind}:PROT") for kind in KINDS}
SENSE_AUTO = {kind: key(f"SENS:{kind}:RANG:AUTO") for kind in KINDS}
SENSED = key("SENS:FUNC")
CONCURRENT = key("SENS:FUNC:CONC")
OHMS_MODE, OHMS_RANGE, OHMS_AUTO = key("SENS:RES:MODE"), key("SENS:RES:RANG"), key("SENS:RES:RANG:AUTO")
OUTPUT = key("OUTP")

_RANGES = {"VOLT": VOLTAGE_RANGES, "CURR": CURRENT_RANGES}
_STEPS = {"VOLT": (5e-6, 50e-6, 500e-6, 5e-3), "CURR": (50e-12, 500e-12, 5e-9, 50e-9, 500e-9, 5e-6, 50e-6)}
_BOUNDARY = {"VOLT": 21.0, "CURR": 0.105}
_TRACKED = (
    FUNCTION, *LEVEL.values(), *TRIGGERED.values(), *RANGE.values(), *AUTO.values(), *MODE.values(),
    *(end for ends in ENDS.values() for end in ends), *COMPLIANCE.values(), *SENSE_AUTO.values(), CONCURRENT,
    OHMS_MODE, OHMS_RANGE, OHMS_AUTO, OUTPUT,
)  # fmt: skip
_AFTER_RESET: dict[str, object] = {row.header: row.reset for row in TABLE if row.header in _TRACKED}
_OFF = frozenset(map(key, ("SOUR:CLE", "ROUT:TERM", "SYST:RSEN", "SYST:GUAR")))
_MOST_POSSIBLE = 8

Possible = frozenset[object]


class State:
    """What is known.

    Attributes:
        values: Possible values by the table's header.
        resistance: Whether a resistance may be measured.
        paths: What is known of the past of voltage and current at the output, None for nothing.
    """

    __slots__ = ("_values", "paths", "resistance")

    def __init__(self, values: dict[str, Possible] | None = None, *, resistance: bool = True) -> None:
        self._values: dict[str, Possible] = dict(values or {})
        self.resistance = resistance
        self.paths: dict[str, Path | None] = dict.fromkeys(KINDS)

    def copy(self) -> Self:
        """Return a copy that can be changed on its own."""
        other = type(self)(self._values, resistance=self.resistance)
        other.paths = dict(self.paths)
        return other

    def same(self, other: State) -> bool:
        """Whether no setting has changed."""
        return (self._values, self.resistance) == (other._values, other.resistance)

    def get(self, header: str) -> Possible | None:
        """Return the possible values of a setting, None where nobody knows."""
        return self._values.get(header)

    def lose(self) -> None:
        """Something was done that cannot be seen."""
        self._values, self.resistance = {}, True
        self.paths = dict.fromkeys(KINDS)

    def doubt(self) -> None:
        """A write failed: nothing is known any more but where the levels were, and may be or have gone."""
        paths = {kind: uncertain(path) for kind, path in self.paths.items()}
        self.lose()
        self.paths = paths

    def known_off(self) -> bool:
        """Whether the output is off for certain."""
        return self.get(OUTPUT) == frozenset({False})

    def learn(self, header: str, value: object) -> None:
        """Note a setting as the instrument itself says that it is."""
        if header == SENSED:
            self.resistance = "RES" in cast("tuple[str, ...]", value)
        elif header in _TRACKED:
            kind = next((kind for kind in KINDS if header == RANGE[kind]), None)
            known = value if kind is None else _holding(kind, cast("float", value))
            self._values[header] = frozenset({known})

    # ---- what messages do

    def note(self, header: str, values: tuple[object, ...]) -> None:
        """Note a command that was let pass."""
        if header in map(key, ("*RST", "SYST:PRES")):
            self._reset()
        elif header in _OFF:
            self._put(OUTPUT, False)
        elif header.startswith("[SENSe[1]:]FUNCtion") and header != CONCURRENT:
            self._note_functions(header, values)
        elif header in {key(f"SOUR:LIST:{kind}:APP") for kind in KINDS}:
            self._append(header.replace(":APPend", ""), values)
        else:
            self._note_value(header, values[0] if values else None)

    def _note_value(self, header: str, value: object) -> None:
        kind = next((kind for kind in KINDS if header in {LEVEL[kind], COMPLIANCE[kind], *ENDS[kind]}), None)
        certain = True
        if kind is not None and header == LEVEL[kind]:
            certain = self._level_certain(kind, cast("float", value))
            self._put(TRIGGERED[kind], value, instead=certain)
        elif kind is not None and header == COMPLIANCE[kind]:
            small = abs(cast("float", value)) <= _BOUNDARY[kind]
            certain = small and self.get(SENSE_AUTO[kind]) == frozenset({True})
        elif header == FUNCTION:
            certain = not self.ohms_possible()
            if not certain and self.get(FUNCTION) is None:
                self._values[FUNCTION] = frozenset(KINDS)
        if header in RANGE.values():
            self._fix_range(header, value)
            return
        if header == OHMS_RANGE:
            self._put(OHMS_AUTO, False, instead=self.get(OHMS_MODE) == frozenset({"AUTO"}))
            value = next((full for full in RESISTANCE_RANGES if cast("float", value) <= full), RESISTANCE_RANGES[-1])
        self._put(header, value, instead=certain)
        if kind is not None and header in ENDS[kind]:
            self._couple(kind, header)

    def _level_certain(self, kind: str, value: float) -> bool:
        """Whether the instrument will take a level: on an automatic range, below where power is limited."""
        automatic = self.get(AUTO[kind]) == frozenset({True}) and abs(value) <= _BOUNDARY[kind]
        return automatic and not self.ohms_possible()

    def _fix_range(self, header: str, value: object) -> None:
        """A range may be refused; UP and DOWN lead from where nobody looked."""
        kind = next(kind for kind in KINDS if RANGE[kind] == header)
        self._put(AUTO[kind], False, instead=False)
        if isinstance(value, str):
            self._values.pop(header, None)
        else:
            self._put(header, _holding(kind, cast("float", value)), instead=False)

    def _couple(self, kind: str, header: str) -> None:
        """Start and stop follow from centre and span, and the other way round."""
        start, stop, centre, span = ENDS[kind]
        if header in {start, stop}:
            self._values.pop(centre, None)
            self._values.pop(span, None)
            return
        known = self.get(centre), self.get(span)
        self._values.pop(start, None)
        self._values.pop(stop, None)
        if known[0] is not None and known[1] is not None:
            pairs = [(cast("float", middle), cast("float", width) / 2) for middle in known[0] for width in known[1]]
            self._values[start] = frozenset(middle - half for middle, half in pairs)
            self._values[stop] = frozenset(middle + half for middle, half in pairs)

    def _append(self, header: str, values: tuple[object, ...]) -> None:
        held = self.get(header)
        if held is not None:
            added = cast("tuple[float, ...]", values[0])
            self._values[header] = frozenset((*cast("tuple[float, ...]", one), *added) for one in held)

    def _note_functions(self, header: str, values: tuple[object, ...]) -> None:
        named = cast("tuple[str, ...]", values[0]) if values else ()
        if header in {SENSED, key("SENS:FUNC:ALL")}:
            if header != SENSED or "RES" in named:
                self.resistance = True
            elif self.get(CONCURRENT) == frozenset({False}):
                self.resistance = False
        elif header == key("SENS:FUNC:OFF:ALL") or "RES" in named:
            self.resistance = False

    def configure(self, kind: str) -> None:
        """CONFigure: one function, and automatic ohms for a resistance."""
        self.resistance = kind == "RES"
        if kind == "RES":
            self._put(OHMS_MODE, "AUTO")
            self._put(OHMS_AUTO, True)

    def _reset(self) -> None:
        lists = {header: self._values.get(header) for header in LIST.values()}
        self._values = {header: frozenset({value}) for header, value in _AFTER_RESET.items()}
        for header, held in lists.items():
            if held is not None:
                self._values[header] = held
        self.resistance = False

    def _put(self, header: str, value: object, *, instead: bool = True) -> None:
        """Note a value, instead of the ones before, or beside them where it may not be taken."""
        before = self._values.get(header)
        if not instead and before is None:
            return
        possible = frozenset({value}) if instead or before is None else before | {value}
        if len(possible) > _MOST_POSSIBLE and all(isinstance(one, int | float) for one in possible):
            numbers = cast("frozenset[float]", possible)
            possible = frozenset({min(numbers), max(numbers)})
        self._values[header] = possible

    # ---- what follows

    def driven(self, kind: str, *, triggered: bool = False) -> tuple[float, float] | None:
        """Return between which levels in V or A the output may be, None where nobody knows.

        Args:
            kind: What is sourced.
            triggered: Whether a run has begun, which may switch the output on and take the level to the triggered one.
        """
        output, functions = self.get(OUTPUT), self.get(FUNCTION)
        if (output == frozenset({False}) and not triggered) or (functions is not None and kind not in functions):
            return 0.0, 0.0
        found = [self.get(LEVEL[kind]), *([self.get(TRIGGERED[kind])] if triggered else [])]
        if any(levels is None for levels in found) or (triggered and self.get(MODE[kind]) != frozenset({"FIX"})):
            return None
        certain = output == frozenset({True}) and functions == frozenset({kind})
        possible = [cast("float", level) for levels in found for level in levels or ()] + [0.0] * (not certain)
        return min(possible), max(possible)

    def ohms_possible(self) -> bool:
        """Whether automatic ohms may decide on the source."""
        return self.resistance and self.get(OHMS_MODE) != frozenset({"MAN"})

    def rounded(self, kind: str, magnitude: float) -> float:
        """Return the largest level that a magnitude in V or A can be rounded to on the ranges that may be selected."""
        own = _RANGES[kind].index(_holding(kind, magnitude))
        indices = {own}
        if self.get(AUTO[kind]) != frozenset({True}):
            known = self.get(RANGE[kind])
            ranges = range(own, len(_RANGES[kind])) if known is None else map(_RANGES[kind].index, known)
            indices |= {index for index in ranges if index >= own}
        return max(round(magnitude / _STEPS[kind][index]) * _STEPS[kind][index] for index in indices)


def _holding(kind: str, value: float) -> float:
    magnitude = abs(value) * (1.0 - 1e-12)
    return next((full for full in _RANGES[kind] if magnitude <= full), _RANGES[kind][-1])
