"""Which checks are none of the sample's: a voltmeter whose input is open, and a junction without its barrier.

An input that nothing holds reads the same for both directions of the current, so that nothing is left of the
resistance, or anything at all where it moves. With a small current an honest reading is as vague, by its noise alone;
the two are told apart by what the resistance that is expected would make at the current of the check.
"""

from __future__ import annotations

from instruments.units import format_quantity
from labctl.analysis.health import COVERAGE, TWO, Check, Coefficient, Reference, compared, shown

READABLE = 50e-6
"""V that a voltmeter reads to better than `health.VAGUE` whatever its range and integration time (assumed)."""
LEFT = 0.05
"""Part of the expected resistance below which nothing is left of it: no film loses so much and still conducts."""
ANYTHING = 1.0
"""The override `drift` from which on a check that reads nothing is permitted, too: 100 % of the resistance."""
FACTOR = 3.0
"""By which a junction may be off its record's states before it is said: its temperature changes it by less."""


def reads_nothing(check: Check, reference: Reference | None, coefficient: Coefficient) -> str:
    """Say that the voltmeter reads nothing of the current, by the resistance that is expected; else empty.

    Args:
        check: What was read; where nothing is cabled, or the source is in compliance, nothing is said.
        reference: What the resistance should be: an earlier check's, or the record's; None where nobody knows.
        coefficient: How the resistance follows the temperature.
    """
    if reference is None or not check.wires or check.incomparable or check.clamped or not check.current:
        return ""
    if check.resistance is not None:
        change = compared(check, reference, coefficient)
        gone = change is not None and change.value + COVERAGE * change.uncertainty < LEFT - 1.0
        if not gone and not (check.vague and abs(check.current) * reference.resistance > READABLE):
            return ""
    channel = 1 if check.wires == TWO else 2
    return f"channel {channel} of the voltmeter between {check.between} reads nothing that the current makes"


def explained(check: Check) -> str:
    """Return the sentence about a check that reads nothing, with its reading and what may be behind it."""
    read = "it overflows"
    if check.resistance is not None and check.uncertainty is not None:
        read = f"{shown(check.resistance, check.uncertainty)} ± {format_quantity(check.uncertainty, 'ohm', digits=2)}"
    return f"{check.nothing} ({read}): {' or '.join(check.between.split(' and '))} may be open"


def off_states(check: Check, low: float, high: float | None, leads: float) -> str:
    """Say that a junction's resistance is certainly far outside its states; empty where it is not.

    Args:
        check: Of a junction.
        low: ohm, of the record's low state.
        high: ohm, of its high state; None where the record has none, and nothing is too large.
        leads: ohm, of the leads that are read with it.
    """
    if check.resistance is None or check.uncertainty is None or check.clamped:
        return ""
    room = COVERAGE * check.uncertainty
    if check.resistance + room < low / FACTOR:
        return (
            f"the junction's resistance is {check.text()}, below a third of the {format_quantity(low, 'ohm')} that the "
            "record has for its low state: is the barrier broken?"
        )
    if high is not None and check.resistance - room > FACTOR * (high + leads):
        return (
            f"the junction's resistance is {check.text()}, above three times the {format_quantity(high, 'ohm')} that "
            "the record has for its high state: is a lead open, or is it another junction?"
        )
    return ""


def too_vague(check: Check) -> str:
    """Say why a check with a resistance is none to compare with, empty where it is one."""
    if check.nothing:
        return check.nothing
    if not check.vague or check.resistance is None or check.uncertainty is None:
        return ""
    if check.resistance == 0.0:
        return "the resistance is read as zero"
    return f"the resistance is read to {100 * abs(check.uncertainty / check.resistance):.0f} % only"
