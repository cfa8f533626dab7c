"""The tables of mistakes of all instruments together: how many there are, and where each is known from."""

from __future__ import annotations

from collections import Counter

from tests.simulators.devices import meter_errors, model6000_errors, smu_errors, source_errors, source_mode_errors

CONFIRMED = frozenset({"manual", "wild"})


def _identities() -> list[tuple[str, str, str]]:
    """Instrument, what is sent in which situation, and the tag of each case."""
    tables = {
        "6221": (*source_errors.CASES, *source_mode_errors.CASES),
        "2182A": meter_errors.CASES,
        "2400": smu_errors.CASES,
    }
    found = [
        (name, repr((getattr(case, "bench", getattr(case, "enable", "")), case.messages)), case.tag)
        for name, cases in tables.items()
        for case in cases
    ]
    return [*found, *(("6000", repr((case.before, case.message)), case.tag) for case in model6000_errors.WRONG)]


def test_enough_mistakes_are_confirmed_by_a_manual_or_by_somebody_with_the_instrument() -> None:
    confirmed = Counter(instrument for instrument, _, tag in set(_identities()) if tag in CONFIRMED)
    assert sum(confirmed.values()) >= 150
    assert min(confirmed.values()) >= 15, confirmed


def test_no_mistake_is_counted_twice() -> None:
    cases = Counter((instrument, sent) for instrument, sent, _ in _identities())
    assert [case for case, count in cases.items() if count > 1] == []
