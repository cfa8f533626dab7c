"""Nominal spin polarisation of one electrode of a tunnel junction, if that of the other is assumed.

Julliere's model (Phys. Lett. A 54, 225, 1975) gives TMR = (R_AP - R_P) / R_P = 2 P1 P2 / (1 - P1 P2) for a junction
through which nothing but spin-conserving tunnelling goes. A leak beside it makes the polarisation too small, and the
assumption on the other electrode decides most of the number.
"""

from __future__ import annotations

from instruments.errors import BadValue
from labctl.analysis.result import Result, missing

STEP = 0.1
"""Change of the assumed polarisation beside which the result's is told."""


def julliere_tmr(first: float, second: float) -> float:
    """TMR of two polarisations, relative to R_P.

    Raises:
        BadValue: a polarisation outside -1 ... 1, or both complete and alike, which makes R_AP endless.
    """
    _check(first, second)
    if first * second >= 1:
        raise BadValue(f"Polarisations of {first:g} and {second:g} leave no current antiparallel: take less than 1.")
    return 2 * first * second / (1 - first * second)


def nominal_polarisation(tmr: Result, assumed: float) -> Result:
    """Polarisation P2 = TMR / ((2 + TMR) P1) of one electrode, per its net moment, with the uncertainty of the TMR.

    Args:
        tmr: (R_AP - R_P) / R_P; P and AP name the alignment of the net moments, hence the sign of the result.
        assumed: Polarisation P1 of the other electrode, -1 to 1 and not zero; taken for exact.

    Returns:
        The polarisation; without a value where there is no TMR, or where no P2 between -1 and 1 gives it.

    Raises:
        BadValue: an assumed polarisation outside -1 ... 1, or zero.
    """
    _check(assumed)
    if assumed == 0:
        raise BadValue("An assumed polarisation of 0 gives no TMR whatever the other is: assume another value.")
    if tmr.value is None:
        return missing("1", f"no TMR: {tmr.why}", tmr.of)
    value = float(tmr.value)
    if value <= -1:
        return missing("1", f"a TMR of {value:.3g} is at or below -1, where R_AP is not above zero", tmr.of)
    nominal = value / ((2 + value) * assumed)
    if abs(nominal) > 1:
        why = f"if P_1 = {assumed:g}, a TMR of {value:.3g} asks for P_2 = {nominal:.3g}, outside -1 ... 1"
        return missing("1", why, tmr.of)
    error = None if tmr.uncertainty is None else tmr.uncertainty * _steepness(value, assumed)
    shared = None if tmr.shared is None else tmr.shared * _steepness(value, assumed)
    scatter = None if tmr.scatter is None else tmr.scatter * _steepness(value, assumed)
    why = "the TMR has no uncertainty" if error is None else None
    note = _note(nominal, assumed)
    return Result(nominal, error, "1", tmr.of, why, note, tmr.degrees_of_freedom, scatter, shared)


def _steepness(tmr: float, assumed: float) -> float:
    """|dP2 / dTMR|."""
    return 2 / ((2 + tmr) ** 2 * abs(assumed))


def _note(nominal: float, assumed: float) -> str:
    """Say what is assumed, and how much that decides: P2 goes as 1 / P1, so it grows where P1 is less."""
    size, nature = abs(assumed), "nominal: by Julliere's model, without a leak"
    if size <= STEP:
        return f"if P_1 = {assumed:g}, and as 1 / P_1; {nature}"
    change = nominal * size / (size - STEP) - nominal
    return f"if P_1 = {assumed:g}, {change:+.2g} per {STEP:g} that P_1 is smaller; {nature}"


def _check(*polarisations: float) -> None:
    for value in polarisations:
        if not -1 <= value <= 1:
            raise BadValue(f"A polarisation of {value} lies outside -1 ... 1: give a fraction, not per cent.")
