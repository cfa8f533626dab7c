"""Whether a sample is still what it was: what the checks before and after a run come to.

A check is the sample's longitudinal resistance, a few readings by current reversal, and whether the source reached its
compliance. The raw half readings lie in the run's events; all that follows from them is found here, for the run that is
on and for `labctl analyse` alike.

Two checks are compared at equal temperature: the difference is converted with the record's temperature coefficient, and
how well that one is known limits what can be told. A change counts as one only where it exceeds a limit by more than
its own uncertainty.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from labctl.analysis.result import prefix_for

EVENT = "health"
"""What a check's line of events.jsonl is called."""
START, END = "start", "end"
FOUR, TWO = "four wires", "two wires"

WARN, STOP = 0.01, 0.05
"""Relative changes above which a run warns, and stops."""
COVERAGE = 2.0
"""Standard uncertainties that count as certain."""
VAGUE = 0.2
"""Part of itself by which a resistance may be uncertain and still be what another one is compared with."""
FEW = {2: 1.84, 3: 1.32, 4: 1.20, 5: 1.14}
"""Student's factor of a standard uncertainty (68 %) by the number of readings."""

SETTLED = 0.1
"""K by which a temperature at rest is uncertain (assumed: a cryostat's thermometer scatters by 0.02 %)."""
MOVING = 7.5
"""K by which the sample may be off the block while that moves: 90 s at 5 K/min."""
UNKNOWN = 5.0
"""K by which it may differ between two checks where nobody looks at a thermometer (assumed)."""
COEFFICIENT_PART, ASSUMED_PART = 0.1, 0.3
"""Part of itself by which a record's temperature coefficient is uncertain, and one that is marked as assumed (both
assumed; it is meant for wide ranges, too, over which no resistance is quite straight)."""
MEND = (
    "measure the temperature coefficient once with `labctl run rt`, which leaves it in the sample's journal, or write "
    "it into the record: that tells changes three times finer, or better"
)
"""What to do about a coefficient that nobody has measured; see `COEFFICIENT_PART` and `ASSUMED_PART`."""
LARGEST_COEFFICIENT = 4e-3
"""1/K, of a pure metal at room temperature: what a film without a known coefficient may have."""


@dataclass(frozen=True, slots=True)
class Coefficient:
    """How the resistance follows the temperature.

    Attributes:
        value: 1/K; 0 where it is not known.
        uncertainty: 1/K.
        at: K, the temperature that it refers to.
        measured: Whether anybody has measured it on this sample.
    """

    value: float
    uncertainty: float
    at: float
    measured: bool = False

    def log_ratio(self, cold: float, warm: float) -> tuple[float, float]:
        """Return ln R(warm)/R(cold) for two temperatures in K, and its uncertainty; infinite where it breaks down."""
        one, other = (1.0 + self.value * (temperature - self.at) for temperature in (cold, warm))
        if min(one, other) <= 0.0:
            return 0.0, math.inf
        slope = (warm - self.at) / other - (cold - self.at) / one
        return math.log(other / one), abs(slope) * self.uncertainty

    def per_kelvin(self, temperature: float) -> float:
        """Return the largest relative change per K that there may be at a temperature in K."""
        scale = 1.0 + self.value * (temperature - self.at)
        return abs(self.value) / scale + self.uncertainty if scale > 0.0 else math.inf


@dataclass(frozen=True, slots=True)
class Reference:
    """A resistance that another one is compared with.

    Attributes:
        resistance: ohm.
        uncertainty: ohm.
        temperature: K, None where it was not looked at.
        temperature_uncertainty: K.
        said: What it is, to be put behind "than": `that at the start of this run`.
    """

    resistance: float
    uncertainty: float
    temperature: float | None
    temperature_uncertainty: float
    said: str

    def as_dict(self) -> dict[str, Any]:
        """Plain types, as it is kept with the check that was compared with it."""
        return {
            "resistance_ohm": self.resistance, "uncertainty_ohm": self.uncertainty, "temperature_K": self.temperature,
            "temperature_uncertainty_K": self.temperature_uncertainty, "said": self.said,
        }  # fmt: skip

    @classmethod
    def from_dict(cls, said: Mapping[str, Any]) -> Reference:
        """Build from what `as_dict` gave."""
        return cls(
            said["resistance_ohm"], said["uncertainty_ohm"], said["temperature_K"], said["temperature_uncertainty_K"],
            said["said"],
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Change:
    """By what part a resistance differs from another, at equal temperature.

    Attributes:
        value: Relative.
        uncertainty: Relative; infinite where it cannot be converted.
        conversion: Part of the uncertainty that comes from the temperatures.
        moved: K from the other's temperature to this one's; None where nobody knows.
        said: What the other is.
        measured: Whether the temperature coefficient that converts it was measured.
    """

    value: float
    uncertainty: float
    conversion: float
    moved: float | None
    said: str
    measured: bool = False

    def exceeds(self, limit: float) -> bool:
        """Whether it is certainly larger than a limit."""
        return abs(self.value) - COVERAGE * self.uncertainty > limit

    @property
    def blind(self) -> bool:
        """Whether a change that should be warned of could hide in the uncertainty."""
        return not self.exceeds(WARN) and COVERAGE * self.uncertainty > WARN

    def text(self) -> str:
        """Return it in percent."""
        return f"{100 * self.value:+.{self._digits}f} ± {100 * self.uncertainty:.{self._digits}f} %"

    @property
    def _digits(self) -> int:
        return min(4, max(1, -math.floor(math.log10(100.0 * max(self.uncertainty, 1e-9)))))

    def why_blind(self) -> str:
        """Say what keeps a change from being told."""
        if self.conversion < 0.5 * self.uncertainty:
            return f"the resistance is read to {percent(self.uncertainty)} only; read it with more current, or longer"
        if self.moved is None:
            return "nobody looked at the temperature, by which it may have changed"
        if math.isinf(self.uncertainty):
            return "the record's temperature coefficient leaves nothing of the resistance at this temperature"
        if abs(self.moved) < MOVING:
            return f"the temperature at the sample is known too little: {percent(self.conversion)} of uncertainty"
        moved = f"the temperature moved by {self.moved:+.4g} K, which is converted to {percent(self.conversion)} only"
        return moved if self.measured else f"{moved}; {MEND}"


def compared(check: Check, reference: Reference, coefficient: Coefficient) -> Change | None:
    """Compare a check with what was before; None where it has no resistance."""
    if check.resistance is None or check.uncertainty is None or not reference.resistance:
        return None
    there, here = reference.temperature, check.temperature
    if there is None or here is None:
        moved, ratio, conversion = None, 0.0, UNKNOWN * coefficient.per_kelvin(here or there or coefficient.at)
    else:
        ratio, of_coefficient = coefficient.log_ratio(there, here)
        steep = coefficient.per_kelvin(here)
        conversion = math.hypot(
            of_coefficient, steep * check.temperature_uncertainty, steep * reference.temperature_uncertainty
        )
        moved = here - there
    expected = reference.resistance * math.exp(ratio)
    part = check.resistance / expected
    conversion *= abs(part) if math.isfinite(conversion) else 1.0
    reading = math.hypot(check.uncertainty / expected, part * reference.uncertainty / reference.resistance)
    whole = math.hypot(reading, conversion)
    return Change(part - 1.0, whole, conversion, moved, reference.said, coefficient.measured)


@dataclass(frozen=True, slots=True)
class Check:
    """What one check found.

    Attributes:
        when: `start` or `end`.
        attempt: Of the run.
        why: Why there is no resistance; empty where there is one.
        incomparable: Why it is no sign of the sample's health; empty where it is.
        wires: `four wires`, `two wires`, or nothing where neither is cabled.
        between: The leads of the voltage.
        resistance: ohm, with its uncertainty from the scatter of the readings.
        uncertainty: ohm.
        temperature: K, of the block; None where the run does not know it.
        temperature_uncertainty: K, of the sample's.
        current: A, with which it was read.
        compliance: V, of the source.
        clamped: Whether the source reached it.
        since: What it was compared with when it was taken, if anything.
        nothing: Why the resistance is not the sample's: the voltmeter reads nothing that the current makes.
    """

    when: str
    attempt: int
    why: str = ""
    incomparable: str = ""
    wires: str = ""
    between: str = ""
    resistance: float | None = None
    uncertainty: float | None = None
    temperature: float | None = None
    temperature_uncertainty: float = UNKNOWN
    current: float | None = None
    compliance: float | None = None
    clamped: bool = False
    since: Reference | None = None
    nothing: str = ""

    @classmethod
    def from_event(cls, event: Mapping[str, Any]) -> Check:
        """Find what a line of events.jsonl tells."""
        readings: Sequence[Mapping[str, Any]] = event.get("readings") or ()
        why = str(event.get("why") or "")
        found = None if why else _resistance(readings)
        wires, since = str(event.get("wires") or ""), event.get("since")
        if not why and found is None:
            why = "the voltmeter overflowed"
        return cls(
            str(event["when"]), int(event["attempt"]), why, str(event.get("incomparable") or ""), wires,
            str(event.get("between") or ""), *(found or (None, None)),
            temperature=event.get("temperature_K"),
            temperature_uncertainty=SETTLED if event.get("settled") else MOVING,
            current=event.get("current_A"), compliance=event.get("compliance_V"),
            clamped=any(reading.get("Compliance") for reading in readings),
            since=Reference.from_dict(since) if isinstance(since, Mapping) else None,
            nothing=str(event.get("nothing") or ""),
        )  # fmt: skip

    def as_reference(self, said: str) -> Reference | None:
        """Return what a later check is compared with; None where this one has no resistance that tells anything."""
        if self.resistance is None or self.uncertainty is None or self.incomparable or self.clamped:
            return None
        if self.vague or self.nothing:
            return None
        return Reference(self.resistance, self.uncertainty, self.temperature, self.temperature_uncertainty, said)

    @property
    def vague(self) -> bool:
        """Whether the resistance is not positive, or too uncertain to compare anything with."""
        return self.resistance is not None and not_certain(self.resistance, self.uncertainty or 0.0)

    @property
    def bound(self) -> float | None:
        """What two wires are below, in ohm, as the source drove its current; None where it did not."""
        if self.compliance is None or not self.current or self.clamped:
            return None
        return self.compliance / self.current

    def text(self) -> str:
        """Return the resistance with its temperature."""
        at = "" if self.temperature is None else f" at {self.temperature:.1f} K"
        return f"{shown(self.resistance, self.uncertainty)}{at}"


def not_certain(resistance: float, uncertainty: float) -> bool:
    """Whether a resistance in ohm is not positive, or uncertain by more than `VAGUE` of itself."""
    return resistance <= 0.0 or uncertainty > VAGUE * resistance


def percent(part: float) -> str:
    """Return a part as a person writes it: `0.34 %`."""
    return f"{100 * part:.2g} %"


def shown(resistance: float | None, uncertainty: float | None) -> str:
    """Return a resistance in ohm with as many digits as its uncertainty leaves, five at most."""
    if resistance is None:
        return "unknown"
    part = (uncertainty or 0.0) / abs(resistance) if resistance else 0.0
    digits = min(5, max(3, 1 - math.floor(math.log10(part)))) if part > 0.0 else 5
    factor, unit = prefix_for(abs(resistance), "ohm")
    return f"{f'{resistance * factor:#.{digits}g}'.rstrip('.')} {unit}"


def _resistance(readings: Sequence[Mapping[str, Any]]) -> tuple[float, float] | None:
    """Mean of (V1 - 2 V2 + V3)/(I1 - 2 I2 + I3) and its standard uncertainty in ohm; None if any overflowed."""
    if not readings or any(reading.get("Overflow") for reading in readings):
        return None
    values = [
        sum(weight * reading[f"Voltage {number} (V)"] for number, weight in ((1, 1.0), (2, -2.0), (3, 1.0)))
        / sum(weight * reading[f"Current {number} (A)"] for number, weight in ((1, 1.0), (2, -2.0), (3, 1.0)))
        for reading in readings
    ]
    count, mean = len(values), math.fsum(values) / len(values)
    if count < 2:
        return None
    scatter = math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (count - 1))
    return mean, FEW.get(count, 1.1) * scatter / math.sqrt(count)


def checks_of(events: Iterable[Mapping[str, Any]]) -> list[Check]:
    """Return the checks among a run's events; lines that are damaged are left out."""
    found: list[Check] = []
    for event in events:
        if event.get("event") == EVENT:
            try:
                found.append(Check.from_event(event))
            except (KeyError, TypeError, ValueError, ZeroDivisionError):
                continue
    return found


def first_start(checks: Iterable[Check]) -> Check | None:
    """Return the check with which a run began, in whichever attempt; one that can be compared with, if there is any."""
    starts = [check for check in checks if check.when == START]
    telling = next((check for check in starts if check.as_reference("") is not None), None)
    if telling is not None:
        return telling
    return next((check for check in starts if check.resistance is not None), starts[0] if starts else None)
