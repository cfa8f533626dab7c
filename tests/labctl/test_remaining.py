"""How much longer a run takes: pure reckoning, tried on runs that are made of numbers."""

from __future__ import annotations

import pytest

from labctl.expected import KINDS, MOST_MARKS, NONE, Expected, Mark, Shares, Standing, read_expected, thinned
from labctl.remaining import Pace, Remaining

AS_EXPECTED: Shares = (1.0,) * len(KINDS)
TEMPERATURE_RAMP, SETTLING, FIELD_RAMP, REST = 0, 1, 2, len(KINDS) - 1


def shares(**seconds: float) -> Shares:
    return tuple(seconds.get(kind.replace(" ", "_"), 0.0) for kind in KINDS)


def course(temperatures: int = 5, factors: Shares = AS_EXPECTED) -> list[Mark]:
    """A run that goes to a temperature 20 K lower, settles, and sweeps, again and again; each second of it a mark."""
    spent, marks, shown = [0.0] * len(KINDS), list[Mark](), 300.0

    def pass_(kind: int, seconds: int, place: str, within: float = 0.0, step: float = 0.0, to: float = 0.0) -> None:
        nonlocal shown
        for second in range(seconds):
            spent[kind] += factors[kind]
            shown += step
            part = within + (to - within) * (second + 1) / seconds
            rows = round(part * 100 * factors[kind])
            marks.append(Mark(place, part, rows, round(shown, 3), tuple(spent)))

    for number in range(1, temperatures + 1):
        place = f"temperature={number}"
        marks.append(Mark(place, 0.0, 0, shown, tuple(spent)))
        pass_(TEMPERATURE_RAMP, 240, place, step=-20.0 / 240)
        pass_(SETTLING, 95, place)
        pass_(FIELD_RAMP, 200, f"{place}/branch=1", to=1.0)
        pass_(REST, 30, f"{place}/branch=2", within=1.0, to=1.0)
    return marks


def follow(remaining: Remaining, marks: list[Mark], until: float = 1.0) -> float:
    """Follow a run up to a part of its time, and return by which part of what is really left the reckoning is off."""
    took = sum(marks[-1].spent)
    for mark in marks:
        now = sum(mark.spent)
        if now > until * took:
            break
        remaining.observe(now, Standing(mark.place, mark.within, mark.rows, mark.temperature))
    return remaining.left / ((1.0 - until) * took) - 1.0 if until < 1.0 else remaining.left / took


def test_a_run_like_its_rehearsal_is_told_to_the_second() -> None:
    marks = course()
    for part in (0.01, 0.2, 0.5, 0.9):
        assert abs(follow(Remaining(Expected(marks, marks[-1].spent)), marks, part)) < 0.01


@pytest.mark.parametrize("part", [0.2, 0.4, 0.6, 0.8])
def test_a_slow_station_is_learnt_by_the_first_fifth(part: float) -> None:
    expected = Expected(course(), course()[-1].spent)
    slow = course(factors=shares(temperature_ramp=1.25, temperature_settling=2.0, field_ramp=1.25, rest=1.0))
    remaining = Remaining(expected)
    assert abs(follow(remaining, slow, part)) < 0.1
    assert sum(slow[-1].spent) > 1.25 * sum(expected.total)  # nobody who did not learn would come near
    assert remaining.factors["rest"] == pytest.approx(1.0, abs=0.15)
    assert remaining.factors["field ramp"] == pytest.approx(1.25, abs=0.1)


def test_a_single_ramp_is_learnt_on_the_way() -> None:
    def cool(rate: float) -> list[Mark]:
        return [
            Mark("", 0.0, 0, 300.0 - second * rate, shares(temperature_ramp=float(second)))
            for second in range(int(250 / rate) + 1)
        ]

    marks, slow = cool(0.1), cool(0.08)
    assert abs(follow(Remaining(Expected(marks, marks[-1].spent)), slow, 0.2)) < 0.05


def test_what_follows_in_a_series_is_added_and_its_pace_kept() -> None:
    marks, pace = course(2), Pace()
    slow = course(2, factors=shares(temperature_ramp=1.25, temperature_settling=2.0, field_ramp=1.25, rest=1.0))
    follow(Remaining(Expected(marks, marks[-1].spent), pace), slow)
    remaining = Remaining(Expected(marks, marks[-1].spent, later=marks[-1].spent), pace)
    assert remaining.left == pytest.approx(2 * sum(slow[-1].spent), rel=0.05)


def test_blocks_that_an_earlier_attempt_measured_teach_nothing() -> None:
    marks = course()
    remaining = Remaining(Expected(marks, marks[-1].spent))
    remaining.observe(0.0, Standing("temperature=1", 0.0, 0, 300.0))
    for mark in marks:
        if mark.place.startswith("temperature=4"):
            remaining.observe(sum(mark.spent) - 3 * 565.0, Standing(*mark[:4]))
    assert all(factor == pytest.approx(1.0, abs=0.02) for factor in remaining.factors.values())
    assert remaining.left == pytest.approx(565.0, rel=0.02)


def test_blocks_that_are_passed_over_are_taken_off_what_is_expected() -> None:
    marks = course()
    expected = Expected(marks, marks[-1].spent, later=shares(rest=7.0))
    rest = expected.without(["temperature=1", "temperature=2", "temperature=4/branch=1"])
    assert sum(rest.total) == pytest.approx(3 * 565.0 - 200.0)
    left = shares(temperature_ramp=720.0, temperature_settling=285.0, field_ramp=400.0, rest=90.0)
    assert rest.total == pytest.approx(left, abs=1.01)  # a second, of which the first mark of a place is the end
    assert (rest.marks[0].place, rest.later) == ("temperature=3", expected.later)
    assert "temperature=4/branch=1" not in {mark.place for mark in rest.marks}
    moments = [sum(mark.spent) for mark in rest.marks]
    assert moments == sorted(moments)
    assert expected.without([]) is expected


def test_a_place_that_the_rehearsal_never_was_at_lets_time_pass() -> None:
    marks = course()
    remaining = Remaining(Expected(marks, marks[-1].spent))
    remaining.observe(0.0, Standing("temperature=1", 0.0, 0, 300.0))
    before = remaining.left
    remaining.observe(100.0, Standing("elsewhere=1"))
    assert remaining.left == pytest.approx(before - 100.0)


def test_nothing_is_promised_before_it_can_be_reached() -> None:
    """A settling that lasts and lasts: what follows it is still to come."""
    marks = course(1)
    remaining = Remaining(Expected(marks, marks[-1].spent))
    remaining.observe(0.0, Standing("temperature=1", 0.0, 0, 300.0))
    remaining.observe(5000.0, Standing("temperature=1", 0.0, 0, 300.0))
    assert remaining.left == pytest.approx(230.0, abs=2.0)


def test_marks_are_thinned_but_for_the_ends_of_places() -> None:
    marks = course(40)
    assert len(marks) > MOST_MARKS
    fewer = thinned(marks)
    assert len(fewer) < 0.75 * len(marks)
    assert {mark.place for mark in fewer} == {mark.place for mark in marks}
    slow = course(40, factors=shares(temperature_ramp=1.25, temperature_settling=2.0, field_ramp=1.25, rest=1.0))
    assert abs(follow(Remaining(Expected(fewer, marks[-1].spent)), slow, 0.2)) < 0.1
    many = [Mark(f"pulse={number}", 0.0, 0, None, shares(rest=float(number))) for number in range(MOST_MARKS + 1)]
    assert len(thinned(many)) <= 0.75 * len(many)


def test_it_is_written_and_read() -> None:
    expected = Expected(tuple(course(2)), course(2)[-1].spent, NONE)
    again = Expected.from_json(expected.to_json())
    assert (again.total, again.later, list(again.marks)) == (expected.total, expected.later, list(expected.marks))


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"times": {"kinds": ["other"]}}', '{"times": {"kinds": 3}}'])
def test_what_says_nothing_is_left_alone(text: str) -> None:
    assert read_expected(text) is None
