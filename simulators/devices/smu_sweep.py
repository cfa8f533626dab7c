"""What a 2400 goes through in a sweep: linear, logarithmic, or a list.

Source: 2400 series user's manual, sections 10 (sweeps) and 18 (SOURce:SWEep, SOURce:LIST).
"""

from __future__ import annotations

import math
from functools import partial
from typing import NamedTuple, cast

from instruments.scpi import SETTINGS_CONFLICT, TOO_MUCH_DATA, ScpiError
from instruments.tables.keithley2400 import LONGEST_LIST, TABLE
from simulators.devices.smu_processing import Processing
from simulators.devices.smu_settings import KINDS, LEVEL, LIMIT, OTHER, RANGE, RANGES, Kind, Place, holding
from simulators.exchange import command
from simulators.program_message import Effect

MODE = {kind: TABLE[f"SOUR:{kind}:MODE"].header for kind in KINDS}
_START = {kind: TABLE[f"SOUR:{kind}:STAR"].header for kind in KINDS}
_STOP = {kind: TABLE[f"SOUR:{kind}:STOP"].header for kind in KINDS}
_STEP = {kind: TABLE[f"SOUR:{kind}:STEP"].header for kind in KINDS}
_SPAN = {kind: TABLE[f"SOUR:{kind}:SPAN"].header for kind in KINDS}
_CENTER = {kind: TABLE[f"SOUR:{kind}:CENT"].header for kind in KINDS}
_LIST = {kind: TABLE[f"SOUR:LIST:{kind}"].header for kind in KINDS}
_POINTS = TABLE["SOUR:SWE:POIN"].header
_MOST = {"VOLT": 210.0, "CURR": 1.05}


class Point(NamedTuple):
    """One point of a sweep.

    Attributes:
        place: Index of the source's range.
        level: V or A.
    """

    place: int
    level: float


class SweepUnit(Processing):
    """Knows the points of a sweep."""

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        self._by_step: dict[Kind, bool] = dict.fromkeys(KINDS, False)
        for kind in KINDS:
            effects: tuple[tuple[str, bool, Effect], ...] = (
                (MODE[kind], False, partial(self._set_mode, kind)),
                (_START[kind], False, partial(self._set_end, kind, _START[kind])),
                (_STOP[kind], False, partial(self._set_end, kind, _STOP[kind])),
                (_SPAN[kind], False, partial(self._set_middle, kind, _SPAN[kind])),
                (_CENTER[kind], False, partial(self._set_middle, kind, _CENTER[kind])),
                (_STEP[kind], False, partial(self._set_step, kind)),
                (TABLE[f"SOUR:LIST:{kind}:APP"].header, False, partial(self._append, kind)),
                (TABLE[f"SOUR:LIST:{kind}:POIN"].header, True, partial(self._ask_list_points, kind)),
            )
            self._effects.update({(header, asked): effect for header, asked, effect in effects})

    # ---- the points

    def plan(self, *, ohms: bool | None = None) -> list[Point] | None:
        """Return what the source goes through, None where it stays.

        Args:
            ohms: Whether automatic ohms decides on the source; None for as it is.

        Raises:
            ScpiError: Such a sweep cannot be (-221), or makes too much power (+826).
        """
        source = self.source()
        mode = self.settings[MODE[source]]
        if mode == "FIX" or (self.automatic_ohms() if ohms is None else ohms):
            return None
        levels = self._listed(source) if mode == "LIST" else self._swept(source)
        return self._ranged(source, levels)

    def _listed(self, source: Kind) -> list[float]:
        """A list, from the point on that STARt names."""
        values = cast("tuple[float, ...]", self.settings[_LIST[source]])
        first = round(self.number(f"SOUR:LIST:{source}:STAR")) - 1
        if first >= len(values):
            raise ScpiError(SETTINGS_CONFLICT, f"the list has {len(values)} points and begins with {first + 1}")
        return [*values[first:], *values[:first]]

    def _swept(self, source: Kind) -> list[float]:
        start, stop = self.full(_START[source]), self.full(_STOP[source])
        points, step = round(self.number("SOUR:SWE:POIN")), (stop - start)
        if self.value("SOUR:SWE:SPAC") == "LOG":
            if start * stop <= 0.0:
                raise ScpiError(SETTINGS_CONFLICT, "a logarithmic sweep cannot pass zero")
            ratio = math.log(stop / start) / (points - 1)
            levels = [start * math.exp(ratio * number) for number in range(points)]
        else:
            if self._by_step[source]:
                points = self._counted(source)
                step = math.copysign(self.full(_STEP[source]), step) * (points - 1)
            levels = [start + step * (number / (points - 1)) for number in range(points)]
        return levels[::-1] if self.value("SOUR:SWE:DIR") == "DOWN" else levels

    def _counted(self, source: Kind) -> int:
        """How many points a step makes."""
        span, step = abs(self.full(_STOP[source]) - self.full(_START[source])), abs(self.full(_STEP[source]))
        points = math.floor(span / step + 1e-9) + 1 if step else 0
        if not 2 <= points <= LONGEST_LIST:
            raise ScpiError(SETTINGS_CONFLICT, f"steps of {step} over {span} make {points} points")
        return points

    def _ranged(self, source: Kind, levels: list[float]) -> list[Point]:
        """The range of each point: one for all, the best for each, or the present one with what it holds."""
        ranges, ranging = RANGES[source], self.value("SOUR:SWE:RANG")
        limit = abs(self.full(LIMIT[OTHER[source]]))
        if ranging == "AUTO":
            indices = [holding(level, ranges) for level in levels]
        elif ranging == "BEST":
            indices = [max(holding(level, ranges) for level in levels)] * len(levels)
        else:
            index = ranges.index(self.full(RANGE[source]))
            indices = [index] * len(levels)
            levels = [min(max(level, -ranges[index]), ranges[index]) for level in levels]
        self.check_power(source, ranges[max(indices)], limit)
        return [Point(index, self.rounded(source, level, index)) for index, level in zip(indices, levels, strict=True)]

    def take_point(self, point: Point) -> None:
        """Drive a point of the sweep."""
        source = self.source()
        self.settings[RANGE[source]] = RANGES[source][point.place]
        self.drive(point.level)

    # ---- settings

    def reset(self) -> None:
        """Carry out *RST: the number of points rules, not the step."""
        super().reset()
        self._by_step = dict.fromkeys(KINDS, False)

    def restored(self) -> None:
        """Take a recalled set-up into use, with the points that it had."""
        super().restored()
        self._by_step = dict.fromkeys(KINDS, False)

    def _set_mode(self, kind: Kind, mode: str) -> None:
        """A fixed source goes back to its own level."""
        self.settings[MODE[kind]] = mode
        if mode == "FIX" and kind == self.source():
            level, ranges = self.full(LEVEL[kind]), RANGES[kind]
            self.settings[RANGE[kind]] = ranges[max(ranges.index(self.full(RANGE[kind])), holding(level, ranges))]
            self.level = level
            self.renew()

    def _set_end(self, kind: Kind, header: str, value: float) -> None:
        """Start and stop, or centre and span: two ways to say the same."""
        self.settings[header] = value
        start, stop = self.full(_START[kind]), self.full(_STOP[kind])
        self.settings[_CENTER[kind]], self.settings[_SPAN[kind]] = 0.5 * (start + stop), stop - start
        self._couple(kind)

    def _set_middle(self, kind: Kind, header: str, value: float) -> None:
        centre = value if header == _CENTER[kind] else self.full(_CENTER[kind])
        half = 0.5 * (value if header == _SPAN[kind] else self.full(_SPAN[kind]))
        if abs(centre) + abs(half) > _MOST[kind] * (1.0 + 1e-12):
            raise ScpiError(SETTINGS_CONFLICT, f"a sweep about {centre} by {half} goes beyond {_MOST[kind]}")
        self.settings[header] = value
        self.settings[_START[kind]], self.settings[_STOP[kind]] = centre - half, centre + half
        self._couple(kind)

    def _set_step(self, kind: Kind, value: float) -> None:
        """A step of zero leaves it to the number of points."""
        before = self.full(_STEP[kind])
        self.settings[_STEP[kind]] = value
        try:
            points = self._counted(kind) if value and self.full(_START[kind]) != self.full(_STOP[kind]) else 0
        except ScpiError:
            self.settings[_STEP[kind]] = before
            raise
        self._by_step[kind] = bool(value)
        if points:
            self.settings[_POINTS] = points

    @command("SOUR:SWE:POIN")
    def _set_points_of_sweep(self, points: int) -> None:
        self.settings[_POINTS] = points
        for kind in KINDS:
            self._by_step[kind] = False
            self._couple(kind)

    def _couple(self, kind: Kind) -> None:
        """Either the step follows from the points, or the points from the step, as far as they can."""
        span = self.full(_STOP[kind]) - self.full(_START[kind])
        if not self._by_step[kind]:
            self.settings[_STEP[kind]] = span / (round(self.number("SOUR:SWE:POIN")) - 1)
        elif 2 <= (points := math.floor(abs(span / self.full(_STEP[kind])) + 1e-9) + 1) <= LONGEST_LIST:
            self.settings[_POINTS] = points

    def _append(self, kind: Kind, values: tuple[float, ...]) -> None:
        present = cast("tuple[float, ...]", self.settings[_LIST[kind]])
        if len(present) + len(values) > LONGEST_LIST:
            raise ScpiError(TOO_MUCH_DATA, f"{len(present) + len(values)} points, at most {LONGEST_LIST}")
        self.settings[_LIST[kind]] = (*present, *values)

    def _ask_list_points(self, kind: Kind) -> str:
        return str(len(cast("tuple[float, ...]", self.settings[_LIST[kind]])))
