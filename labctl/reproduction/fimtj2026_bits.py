"""How the claims on bits that temperature writes follow from runs of `thermal-write`."""

from __future__ import annotations

from collections.abc import Mapping

from labctl.reproduction.fimtj2026_plan import FROM_HIGH, FROM_LOW, HELD, OUTSIDE, OUTSIDE_RUNS, outside
from labctl.reproduction.measured import Measure, Measured, rounded, significance, spread_of
from labctl.reproduction.planned import Evidence, Runs
from labctl.reproduction.values import NO, YES

KEPT = 0.05
"""Part of the way between both states by which a bit that stays may change."""
ZERO, ONE = 0.2, 0.8
"""Bit below which it is a 0, and above which a 1."""
CYCLES = 3


def _field(runs: Runs) -> Measured:
    value, spread = runs[FROM_LOW].number("field_read")
    return Measured(rounded(value), spread, "read back in all visits; the magnet may hold 2 mT besides")


def _bit(name: str, what: str) -> Measure:
    def how(runs: Runs) -> Measured:
        found = runs[FROM_LOW].result(name)
        return Measured(float(found.value or 0.0), found.uncertainty or 0.0, f"{what}; {found.note}")

    return Measure((FROM_LOW,), how)


def _right(run: Evidence) -> tuple[int, int, str]:
    """How many cycles of a run went as they should, of how many, and its own words for it."""
    found = run.result("cycles_right")
    words = (found.note or "").split()
    return int(words[0]), int(words[2]), found.note or ""


def _repeats(runs: Runs) -> Measured:
    found = [_right(runs[name]) for name in (FROM_LOW, FROM_HIGH)]
    first = [runs[name].number("bit_initial")[0] for name in (FROM_LOW, FROM_HIGH)]
    holds = all(right == of and of >= CYCLES for right, of, _ in found) and first[0] < ZERO and first[1] > ONE
    why = f"begun from bits of {first[0]:.3f} and {first[1]:.3f}: {found[0][2]}; {found[1][2]}"
    return Measured(YES if holds else NO, 0.0, why)


def _kept(runs: Runs) -> Measured:
    change, error = runs[HELD].number("hold_change")
    bound = runs[HELD].number("hold_slope_bound")[0]
    why = (
        f"the bit changes by {change:+.4f} ± {error:.4f} of the way between both states, and by less than {bound:.2g} "
        "a decade of time with 95 %"
    )
    return Measured(YES if abs(change) < KEPT else NO, spread_of(significance(KEPT - abs(change), error)), why)


def _outside(runs: Runs) -> Measured:
    """Whether each of the fields fails in its own way: nothing written, not reset, not kept."""
    said: list[str] = []
    fails: list[bool] = []
    for field in OUTSIDE:
        run = runs[outside(field)]
        warm, written, cold = (run.number(f"bit_{name}")[0] for name in ("at_write", "after_write", "after_reset"))
        fails.append(not (written > ONE and cold < ZERO))
        warm, written, cold = (round(each, 2) + 0.0 for each in (warm, written, cold))  # no -0.00
        said.append(f"{field} T: {warm:.2f} at 40 K, {written:.2f} back at 20 K, {cold:.2f} after 10 K")
    return Measured(YES if all(fails) else NO, 0.0, "bits from 0; " + "; ".join(said))


def _levels(runs: Runs) -> Measured:
    found = runs[FROM_LOW].result("levels")
    return Measured(float(found.value or 0.0), 0.0, found.note or "")


MEASURES: Mapping[str, Measure] = {
    "fimtj2026-28": Measure((FROM_LOW,), _field),
    "fimtj2026-29": _bit("bit_after_write", "20 K - 40 K - 20 K"),
    "fimtj2026-30": _bit("bit_after_reset", "20 K - 10 K - 20 K"),
    "fimtj2026-31": Measure((FROM_LOW, FROM_HIGH), _repeats),
    "fimtj2026-32": Measure((HELD,), _kept),
    "fimtj2026-33": Measure(OUTSIDE_RUNS, _outside),
    "fimtj2026-34": Measure((FROM_LOW,), _levels),
}
