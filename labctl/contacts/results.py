"""What a contact check found, as results: of the whole, and a row of the table for each lead."""

from __future__ import annotations

import numpy as np

from labctl.analysis.result import Result, Results, missing, short_text
from labctl.contacts.check import INTERMITTENT, Barrier, Check, LeadState

OF = "this check"
UNASSIGNED = "some lead"


def of(check: Check) -> Results:
    """Return the results of a check: of the whole, and a row of the table for each lead, named in `of`."""
    bad = [f"{lead.name}: {lead.verdict}" for lead in check.leads if lead.faults]
    if check.barrier is not None and check.barrier.faults:
        bad.append(f"junction: {check.barrier.verdict}")
    note = "; ".join([*bad, *check.notes]) or None
    found: dict[str, Result] = {
        "contacts_passed": Result(check.passed, None, "1", OF, note=note),
        "bad_leads": Result(sum(bool(lead.faults) for lead in check.leads), None, "1", OF, note=note),
        **({"sheet_resistance": _sheet(check)} if check.barrier is None else _of_junction(check, check.barrier)),
        "fits_map": _fits(check),
        "linearity": Result(check.linearity, None, "1", OF, note="largest part by which a pair's resistance differs"
                            " between the test current and twice that"),
        "polarity_asymmetry": Result(check.asymmetry, None, "1", OF),
        "leak_to_shield": _leak_result(check),
        "noise_over_johnson": _johnson_result(check),
        **_currents(check),
    }  # fmt: skip
    for use in check.uses:
        found[f"good_for_{use.name.replace('-', '_')}"] = Result(not use.why, None, "1", OF, note=use.why or None)
    lacking = "the record lacks positions and arms" if check.barrier is None else "it is alone on its electrode"
    return Results(found, [_row(lead, lacking) for lead in check.leads])


def cut(check: Check, why: str) -> Results:
    """Return the results of a check that did not come to its end: none, since a part of it judges no lead."""
    return Results({name: missing(result.unit, why, OF) for name, result in of(check).items()})


def _row(lead: LeadState, lacking: str) -> Results:
    of = f"lead {lead.name}"
    missed = next((fault for fault in lead.faults if fault in {"open", INTERMITTENT}), "")
    why = f"it is {missed}" if missed else lacking
    note = lead.verdict
    if lead.by_geometry is not None and lead.uncertainty and lead.by_geometry > 0.5 * lead.uncertainty:
        note += "; its uncertainty is that of the record's positions and arms"
    resistance = (
        missing("ohm", why, of)
        if lead.resistance is None
        else Result(lead.resistance, lead.uncertainty, "ohm", of, note=note)
    )
    leak = missing("ohm", "none was seen", of) if lead.leak is None else Result(lead.leak, None, "ohm", of)
    return Results({
        "lead_ok": Result(not lead.faults, None, "1", of, note=lead.verdict),
        "lead_resistance": resistance,
        "lead_leak": leak,
        "lead_noise": Result(lead.noise, None, "ohm", of),
        "lead_curvature": Result(lead.curvature, None, "1", of),
    })  # fmt: skip


def _sheet(check: Check) -> Result:
    solution = check.solution
    if solution is None or not solution.told:
        return missing("ohm", check.notes[0] if check.notes else "no pair tells it", OF)
    return Result(solution.sheet_resistance, solution.sheet_uncertainty, "ohm", OF, note="per square")


def _of_junction(check: Check, barrier: Barrier) -> dict[str, Result]:
    """Resistance and noise of the barrier."""
    note = "; ".join([barrier.verdict, *check.hints])
    if barrier.resistance is None:
        why = barrier.verdict if barrier.faults else "; ".join(check.notes) or "no pair across the barrier conducts"
        resistance = missing("ohm", why, OF)
    else:
        resistance = Result(barrier.resistance, barrier.uncertainty, "ohm", OF, note=note)
    noise = (
        missing("1", "the voltmeter's own noise hides it", OF)
        if barrier.noise is None
        else Result(barrier.noise, None, "1", OF, note="across the barrier, without the voltmeter's own")
    )
    return {
        "junction_ok": Result(not barrier.faults, None, "1", OF, note=barrier.verdict),
        "junction_resistance": resistance, "junction_noise_over_johnson": noise,
    }  # fmt: skip


def _fits(check: Check) -> Result:
    if check.barrier is None and check.solution is None:
        return missing("1", check.notes[0], OF)
    groups = "; ".join(", ".join(group) for group in check.alike)
    note = f"an exchange within {groups} would not show in resistances" if groups else None
    if check.exchange is not None:
        note = f"it does with {check.exchange[0]} and {check.exchange[1]} exchanged; {note or ''}".rstrip("; ")
    told = check.told if check.barrier is None else check.barrier.fits
    return Result(told and check.exchange is None, None, "1", OF, note=note)


def ohms_text(ohm: float) -> str:
    """`25 ohm`, `1.2 kohm`, `20 Mohm`: two digits."""
    return f"{float(f'{ohm / 1e6:.2g}'):g} Mohm" if ohm >= 1e6 else short_text(ohm, "ohm")


def _leak_result(check: Check) -> Result:
    if check.leak is not None:
        whose = ", ".join(lead.name for lead in check.leads if lead.leak is not None) or UNASSIGNED
        return Result(check.leak, None, "ohm", OF, note=f"by {whose}")
    return missing("ohm", f"none below {ohms_text(check.insulated_above)}", OF)


def _johnson_result(check: Check) -> Result:
    if not check.johnson:
        return missing("1", "no pair conducts", OF)
    worst = max(check.johnson, key=lambda row: check.johnson[row])
    return Result(
        float(np.median(list(check.johnson.values()))), None, "1", OF,
        note=f"median of the pairs without current, the voltmeter's own noise included; at most "
        f"{check.johnson[worst]:.2g} at {'-'.join(worst)}",
    )  # fmt: skip


def _currents(check: Check) -> dict[str, Result]:
    if check.compliance is None or check.largest_current is None:
        why = "the pair that carries the current does not conduct"
        return {"recommended_compliance": missing("V", why, OF), "largest_current": missing("A", why, OF)}
    return {
        "recommended_compliance": Result(
            check.compliance, None, "V", OF,
            note=f"for reading with up to {short_text(check.compliance_current, 'A')}",
        ),
        "largest_current": Result(check.largest_current, None, "A", OF, note="by the limits and this resistance"),
    }  # fmt: skip
