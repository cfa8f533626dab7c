"""One result of an analysis, and the table of them that a run leaves behind.

A result is a number with its standard uncertainty, its unit and of what that uncertainty is; or it is empty and says
why. Names are fixed words, so that results of different runs, samples and years can be compared by a program.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from instruments.errors import BadValue, DataDamaged, UnknownName

THIS_LOOP = "this loop"
"""`of` for an uncertainty of measurement: how well the number of this one loop is known."""
ENSEMBLE = "ensemble"
"""`of` for what all loops that the same film would give have in common: the median of their switching fields."""

HALL_LOOP_UNITS: Mapping[str, str] = {
    "anomalous_hall_resistance": "ohm",
    "anomalous_hall_resistance_saturated": "ohm",
    "polarity": "1",
    "coercive_field_up": "T",
    "coercive_field_down": "T",
    "coercive_field_up_ensemble": "T",
    "coercive_field_down_ensemble": "T",
    "loop_shift": "T",
    "remanence_ratio": "1",
    "switching_width_10_90": "T",
    "ordinary_hall_slope": "ohm/T",
    "saturated": "1",
    "closure": "ohm",
    "even_part": "ohm",
    "field_uncertainty": "T",
    "field_rate": "T/s",
    "effective_field_rate": "T/s",
}
"""Names of the results of a Hall loop, in the order in which they are shown, with their units."""

TMR_LOOP_UNITS: Mapping[str, str] = {
    "tmr": "1",
    "resistance_parallel": "ohm",
    "resistance_antiparallel": "ohm",
    "switching_field_soft_down": "T",
    "switching_field_soft_up": "T",
    "switching_field_hard_down": "T",
    "switching_field_hard_up": "T",
    "loop_shift_soft": "T",
    "loop_shift_hard": "T",
    "switching_width_soft": "T",
    "switching_width_hard": "T",
    "plateau_slope_parallel": "ohm/T",
    "plateau_slope_antiparallel": "ohm/T",
    "saturated": "1",
    "closure": "ohm",
}
"""Names of the results of a loop of a tunnel junction, in the order in which they are shown, with their units."""

HEALTH_UNITS: Mapping[str, str] = {
    "health_resistance_start": "ohm",
    "health_resistance_end": "ohm",
    "health_drift": "1",
    "health_drift_before": "1",
    "health_two_wire_resistance": "ohm",
    "health_two_wire_bound": "ohm",
}
"""Names of what the checks before and after a run find, with their units; every run has them beside its own."""

FIXED_UNITS: Mapping[str, str] = {
    **HALL_LOOP_UNITS,
    **TMR_LOOP_UNITS,
    **HEALTH_UNITS,
    "temperature": "K",
    "coercive_field": "T",
    "largest_field": "T",
    "compensation_temperature": "K",
    "compensation_temperature_bracket": "K",
    "compensation_temperature_bracket_low": "K",
    "compensation_temperature_bracket_high": "K",
    "switching_current_up": "A",
    "switching_current_down": "A",
    "switching_ratio": "1",
    "current_window": "A",
    "conductance_zero_bias": "S",
    "cubic_coefficient": "1/V^2",
    "barrier_height": "eV",
    "barrier_asymmetry": "eV",
    "barrier_thickness": "m",
    "in_plane_angle": "deg",
    "temperature_coefficient": "1/K",
    "residual_resistance_ratio": "1",
}
"""Every name whose meaning is fixed, with its unit; other names may be used, but these may not mean anything else."""

_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")


def mean_of(loops: int) -> str:
    """`of` for the mean of several loops, whose uncertainty comes from their scatter."""
    return f"mean of {loops} loops"


@dataclass(frozen=True, slots=True)
class Result:
    """A value with its standard uncertainty, or None with the reason.

    Attributes:
        value: The number in `unit` (True or False for a yes-or-no result), or None when it cannot be given.
        uncertainty: Standard uncertainty (68 % interval) in `unit`, or None when the value has none.
        unit: Unit in SI without prefix, "1" for a bare number.
        of: Of what the uncertainty is: "this loop", "mean of 3 loops", "ensemble", ...
        why: Why there is no value, or no uncertainty; required without a value.
        note: What a reader should know beside the number (a convention, a warning).
        degrees_of_freedom: Of the estimate of the uncertainty, when they are few enough to matter.
        scatter: Standard deviation in `unit` by which a further loop of the same film is expected to differ: from the
            wander of one loop's curve (then by a model, see `activation`) or from several loops.
            Apart from the uncertainty, which says how well this number is known.
        shared: Part of `uncertainty` in `unit` that is the same in all loops of a run, so that their mean keeps it.
    """

    value: float | bool | None
    uncertainty: float | None
    unit: str
    of: str
    why: str | None = None
    note: str | None = None
    degrees_of_freedom: int | None = None
    scatter: float | None = None
    shared: float | None = None

    def __post_init__(self) -> None:
        """Refuse what is not a result.

        Raises:
            BadValue: a number not finite, uncertainty, scatter or shared part below zero, the latter above the
                uncertainty, or no value and no reason.
        """
        if self.value is None and not self.why:
            raise BadValue("A result without a value needs a reason why: give `why`.")
        if self.value is not None and not math.isfinite(self.value):
            raise BadValue(f"A result of {self.value} is not a number: give None and the reason why.")
        if self.uncertainty is not None and not (math.isfinite(self.uncertainty) and self.uncertainty >= 0):
            raise BadValue(f"An uncertainty of {self.uncertainty} {self.unit} is none: give zero or more, or None.")
        if self.scatter is not None and not (math.isfinite(self.scatter) and self.scatter >= 0):
            raise BadValue(f"A scatter of {self.scatter} {self.unit} is none: give zero or more, or None.")
        if self.shared is not None and not 0 <= self.shared <= (self.uncertainty or 0.0):
            raise BadValue(f"A shared part of {self.shared} {self.unit} is no part of {self.uncertainty}: give less.")
        # numpy's scalars must not reach files: their repr and their JSON differ from Python's.
        object.__setattr__(self, "value", _plain(self.value))
        object.__setattr__(self, "uncertainty", None if self.uncertainty is None else float(self.uncertainty))
        object.__setattr__(self, "scatter", None if self.scatter is None else float(self.scatter))
        object.__setattr__(self, "shared", None if self.shared is None else float(self.shared))

    def interval(self, confidence: float = 0.68) -> tuple[float, float]:
        """Central interval in `unit` that holds the truth with the given confidence.

        Student's t is used where the uncertainty was estimated from few loops: with three, 95 % are 4.3 standard
        uncertainties and not 1.96.

        Raises:
            BadValue: no value or uncertainty to build it from, or a confidence outside 0 ... 1.
        """
        from scipy import stats  # late: half a second

        if self.value is None or self.uncertainty is None:
            raise BadValue(f"There is no interval without value and uncertainty: {self.why or 'no uncertainty'}.")
        if not 0 < confidence < 1:
            raise BadValue(f"A confidence of {confidence} lies outside 0 ... 1: give for example 0.95.")
        tail = 0.5 + confidence / 2
        few = self.degrees_of_freedom
        factor = float(stats.norm.ppf(tail) if few is None else stats.t.ppf(tail, few))
        return self.value - factor * self.uncertainty, self.value + factor * self.uncertainty

    def text(self) -> str:
        """The result as a person writes it: `74.98 ± 0.02 mohm`, `yes`, or `- (why)`."""
        if self.value is None:
            return f"- ({self.why})"
        if isinstance(self.value, bool):
            return "yes" if self.value else "no"
        return quantity_text(self.value, self.uncertainty, self.unit)

    def as_dict(self) -> dict[str, object]:
        """Plain types only; what stands beside the first four only where it says something."""
        entry: dict[str, object] = {
            "value": self.value,
            "uncertainty": self.uncertainty,
            "unit": self.unit,
            "of": self.of,
        }
        extra = {
            "why": self.why,
            "note": self.note,
            "degrees_of_freedom": self.degrees_of_freedom,
            "scatter": self.scatter,
            "shared": self.shared,
        }
        return entry | {key: value for key, value in extra.items() if value is not None}


class Results(Mapping[str, Result]):
    """Results by name, in a fixed order, and where they belong to a series, a table with the results of each point."""

    def __init__(self, results: Mapping[str, Result], table: Sequence[Results] = ()) -> None:
        """Check the names.

        Args:
            results: Of the whole.
            table: Of each point of a series (each temperature, say), one row a point, all with the same names.

        Raises:
            UnknownName: a name that is not in lower_case_words.
            BadValue: a fixed name with another unit than its own.
        """
        for name, result in results.items():
            if not _NAME.fullmatch(name):
                raise UnknownName(f"{name!r} is no name of a result: use lower_case_words.")
            unit = FIXED_UNITS.get(name, result.unit)
            if result.unit != unit:
                raise BadValue(f"Result {name} is always given in {unit}, not in {result.unit}: convert it.")
        self._results = dict(results)
        self.table = tuple(table)

    def __getitem__(self, name: str) -> Result:
        return self._results[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._results)

    def __len__(self) -> int:
        return len(self._results)

    def __repr__(self) -> str:
        return f"Results({self._results!r})"

    def number(self, name: str) -> float | None:
        """Value of a result as a number in its unit; None when there is none, or no such result."""
        result = self._results.get(name)
        return None if result is None or result.value is None else float(result.value)

    def as_dict(self) -> dict[str, dict[str, object]]:
        """{name: {value, uncertainty, unit, of, ...}} of plain types."""
        return {name: result.as_dict() for name, result in self._results.items()}

    def table_as_list(self) -> list[dict[str, dict[str, object]]]:
        """The table as plain types: one {name: {value, uncertainty, unit, of, ...}} a point."""
        return [row.as_dict() for row in self.table]

    def to_json(self) -> str:
        """JSON text; floats are written so that they are read back exactly."""
        return json.dumps(self.as_dict(), indent=2, allow_nan=False, ensure_ascii=False)

    @classmethod
    def from_dict(cls, entries: Mapping[str, object]) -> Results:
        """Build from what `as_dict` gave.

        Raises:
            DataDamaged: an entry that is not an object with value, uncertainty, unit and of.
        """
        return cls({name: _result_from(name, entry) for name, entry in entries.items()})

    @classmethod
    def from_json(cls, text: str) -> Results:
        """Read back what `to_json` wrote.

        Raises:
            DataDamaged: no JSON, or not the JSON of results.
        """
        try:
            entries = json.loads(text)
        except json.JSONDecodeError as error:
            raise DataDamaged(f"These results are not JSON ({error}): analyse the run again.") from error
        if not isinstance(entries, dict):
            raise DataDamaged(f"Results are a JSON object, not a {type(entries).__name__}: analyse the run again.")
        return cls.from_dict(cast("dict[str, object]", entries))


def missing(unit: str, why: str, of: str = THIS_LOOP) -> Result:
    """A result that cannot be given, with the reason in one sentence."""
    return Result(None, None, unit, of, why)


MOST_DIGITS = 10**8
"""Longer numbers than this are not read by anybody; synthetic data have them."""

LONGEST = 1e6
"""Numbers from here on are written with a power of ten: current densities are."""

SMALL, MOST_PLACES = 1e-2, 5
"""Numbers below the one that would need more decimal places than the other are written with a power of ten, too, where
no prefix is."""

COLD = 1e-2
"""K below which a temperature difference has a prefix: heating by a reading is told in microkelvin."""

_PREFIXES = {3: "k", 0: "", -3: "m", -6: "u", -9: "n"}
"""As they are typed, so that a printed value can be given to a parameter; figures show the signs of print instead, see
`labctl.frame.shown`."""


def prefix_for(size: float, unit: str) -> tuple[float, str]:
    """(factor, unit with prefix) in which a number of this size has one to three digits before the point."""
    bare = unit.startswith(("1", "K", "A/m")) and not (unit == "K" and abs(size) < COLD)
    if bare or size == 0 or not math.isfinite(size):
        return 1.0, "" if unit == "1" else unit
    power = min(3, max(-9, 3 * math.floor(math.log10(abs(size) * (1 + 1e-12)) / 3)))
    if power == 3 and (unit.startswith("T") or unit == "s"):
        power = 0  # nobody writes kilotesla, or kiloseconds
    return 10.0**-power, _PREFIXES[power] + unit


def quantity_text(value: float, uncertainty: float | None, unit: str) -> str:
    """`74.98 ± 0.02 mohm`: rounded to two digits of the uncertainty (one if they are above 35), with a prefix."""
    factor, shown_unit = prefix_for(max(abs(value), uncertainty or 0.0), unit)
    shown, error = value * factor, None if uncertainty is None else uncertainty * factor
    if error is None or error == 0:
        return f"{_few_digits(shown)} {shown_unit}".rstrip()
    size = max(abs(shown), error)
    large = LONGEST <= size < math.inf and error < abs(shown)
    if large or (factor == 1.0 and 1e-300 < size < SMALL and uncertain_decimals(error) > MOST_PLACES):
        power = math.floor(math.log10(size))
        return f"({_rounded(shown * 10.0**-power, error * 10.0**-power)})e{power} {shown_unit}".rstrip()
    return f"{_rounded(shown, error)} {shown_unit}".rstrip()


def _rounded(shown: float, error: float) -> str:
    """`74.98 ± 0.02`, `400 ± 500`: both to the digits of the uncertainty that are worth writing."""
    decimals = uncertain_decimals(error)
    if abs(shown) * 10.0**decimals >= MOST_DIGITS:
        return f"{shown:.8g} ± {error:.1g}"
    places = max(0, decimals)
    # Python rounds the integer places as well; a zero has no sign.
    return f"{round(shown, decimals) + 0.0:.{places}f} ± {round(error, decimals):.{places}f}"


def _few_digits(shown: float) -> str:
    """A number that nobody knows the uncertainty of: whole ones as they are, others to four digits (`864.5`)."""
    if abs(shown) >= LONGEST:
        return f"{shown:.4g}".replace("e+", "e")
    if not math.isfinite(shown) or abs(shown - round(shown)) <= 1e-9 * abs(shown):
        return f"{shown:.6g}"
    return f"{shown:.0f}" if abs(shown) >= 1e3 else f"{shown:.4g}"


def short_text(size: float, unit: str) -> str:
    """`0.12 mT`: two digits and a prefix, for a sentence."""
    factor, shown_unit = prefix_for(size, unit)
    return f"{float(f'{size * factor:.2g}'):g} {shown_unit}".rstrip()


def spread_text(size: float, result: Result) -> str:
    """`0.43 mT`: two digits, with the prefix in which the result itself is written."""
    factor, shown_unit = prefix_for(max(abs(float(result.value or 0.0)), result.uncertainty or 0.0), result.unit)
    shown = size * factor
    return f"{float(f'{shown:.2g}'):g} {shown_unit}".rstrip() if shown >= 1e-3 else short_text(size, result.unit)


def uncertain_decimals(uncertainty: float) -> int:
    """Decimal places worth writing: two significant digits of the uncertainty up to 35, one above."""
    exponent = math.floor(math.log10(uncertainty))
    leading = uncertainty / 10.0**exponent
    return min(12, -exponent + (1 if leading < 3.55 else 0))


def _plain(value: float | bool | None) -> float | bool | None:
    if value is None or isinstance(value, bool):
        return value
    if type(value).__name__ == "bool":  # numpy's own yes and no
        return bool(value)
    return float(value)


def _result_from(name: str, entry: object) -> Result:
    if not isinstance(entry, dict):
        raise DataDamaged(f"Result {name} is not an object with value, uncertainty, unit and of: analyse again.")
    fields = cast("dict[str, object]", entry)
    lacking = [key for key in ("value", "uncertainty", "unit", "of") if key not in fields]
    if lacking:
        raise DataDamaged(f"Result {name} lacks {', '.join(lacking)}: analyse the run again.")
    number, error, few = fields["value"], fields["uncertainty"], fields.get("degrees_of_freedom")
    if not (number is None or isinstance(number, int | float)) or not (error is None or isinstance(error, int | float)):
        raise DataDamaged(f"Result {name} has the value {number!r} ± {error!r}, no numbers: analyse the run again.")
    why, note, scatter, shared = (fields.get(key) for key in ("why", "note", "scatter", "shared"))
    return Result(
        number,
        error,
        str(fields["unit"]),
        str(fields["of"]),
        None if why is None else str(why),
        None if note is None else str(note),
        few if isinstance(few, int) else None,
        scatter if isinstance(scatter, int | float) else None,
        shared if isinstance(shared, int | float) else None,
    )
