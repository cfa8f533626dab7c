"""When a queue is done, by rehearsals and by how far the run is."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from instruments.errors import BadValue
from labctl.gui.queue_times import Foresight, lab_speed, moment, plan, spread, too_late, total_line

NOW = datetime.fromisoformat("2026-11-23T22:00:00+01:00")  # a Monday


def item(number: int, state: str = "waiting", **changes: Any) -> dict[str, Any]:
    asked = {"procedure": "ahe", "parameters": {"loops": str(number)}}
    return {"id": str(number), "asked": asked, "state": state, "run": None, "attempts": 1, "lab_time_s": 0.0, **changes}


def rehearsed(
    items: list[dict[str, Any]], durations: dict[str, float | None], refusals: dict[str, str] | None = None,
    begun: str = "first",
) -> Foresight:  # fmt: skip
    seen = Foresight()
    found = [
        {
            "item": number, "duration_s": length, "points": 5,
            "violations": [refusals[number]] if refusals and number in refusals else [],
        }
        for number, length in durations.items()
    ]  # fmt: skip
    seen.hear({"state": "done", "of": len(found), "items": found, "error": None, "begun": begun}, items)
    return seen


def test_items_follow_one_another_from_the_end_of_the_run_that_is_on() -> None:
    items = [item(1, "finished"), item(2, "running"), item(3), item(4)]
    seen = rehearsed(items, {"3": 600.0, "4": 1200.0})
    known = plan(items, {"item": "2", "remaining_lab_time_s": 300.0}, seen, NOW, 1.0)
    assert set(known.rows) == {"2", "3", "4"}
    assert known.rows["3"].begins == NOW + timedelta(minutes=5)
    assert known.rows["4"].ends == known.ends == NOW + timedelta(minutes=35)
    assert (known.total_s, known.unknown) == (2100.0, 0)
    assert total_line(known, NOW, paused=False, speed=1.0) == "total 35 min, finishes 22:35"
    faster = plan(items, {"item": "2", "remaining_lab_time_s": 300.0}, seen, NOW, 10.0)
    assert faster.ends == NOW + timedelta(minutes=3.5)
    said = total_line(faster, NOW, paused=False, speed=10.0)
    assert said == "total 3 min 30 s (lab 35 min), finishes 22:03"


@pytest.mark.parametrize(
    ("known", "attempts", "left"),
    [
        ({"remaining_lab_time_s": 300.0, "remaining_from": "rehearsal", "lab_time_s": 100.0}, 1, 300.0),
        ({"remaining_lab_time_s": 9000.0, "remaining_from": "progress", "lab_time_s": 100.0}, 1, 500.0),
        ({"remaining_lab_time_s": None, "lab_time_s": 700.0}, 1, 0.0),
        ({"state": "begins"}, 1, 600.0),
        ({"state": "is summed up", "remaining_lab_time_s": 0.0, "remaining_from": "progress"}, 1, 0.0),
        ({"remaining_lab_time_s": 9000.0, "remaining_from": "progress"}, 2, 9000.0),  # it was carried on
    ],
)
def test_of_a_run_that_is_on_the_best_that_is_known_is_taken(known: dict[str, Any], attempts: int, left: float) -> None:
    items = [item(1, "running", attempts=attempts)]
    assert plan(items, {"item": "1", **known}, rehearsed(items, {"1": 600.0}), NOW, 1.0).total_s == left


def test_in_a_lab_whose_clock_jumps_there_is_no_time_of_day() -> None:
    items = [item(1)]
    known = plan(items, None, rehearsed(items, {"1": 600.0}), NOW, None)
    assert (known.rows["1"].ends, known.ends, known.total_s) == (None, None, 600.0)
    assert total_line(known, NOW, paused=False, speed=None) == "total lab 10 min"


def test_what_nobody_knows_is_not_made_up() -> None:
    items = [item(1), item(2), item(3, run="/runs/begun")]
    seen = rehearsed(items, {"1": 600.0, "3": 600.0})
    known = plan(items, None, seen, NOW, 1.0)
    assert (known.rows["1"].ends, known.rows["2"].ends) == (NOW + timedelta(minutes=10), None)
    assert known.rows["3"].begins is None  # and it has begun: what is left of it is another time
    assert (known.unknown, known.ends) == (2, None)
    assert total_line(known, NOW, paused=False, speed=1.0) == "total at least 10 min; not known of 2 of 3 items"
    assert "not known before a rehearsal" in total_line(
        plan(items, None, Foresight(), NOW, 1.0), NOW, paused=False, speed=1
    )
    assert total_line(plan([], None, seen, NOW, 1.0), NOW, paused=True, speed=1.0) == "nothing is on and nothing waits"


def test_an_item_that_asks_for_something_else_has_no_rehearsal_any_more() -> None:
    items = [item(1)]
    seen = rehearsed(items, {"1": 600.0})
    assert seen.of_item(items[0]) is not None
    assert seen.of_item({**items[0], "asked": {"procedure": "ahe", "parameters": {}}}) is None


def test_another_order_than_that_of_the_rehearsal_is_said() -> None:
    items = [item(1), item(2)]
    seen = rehearsed(items, {"1": 60.0, "2": 60.0})
    assert not plan(items, None, seen, NOW, 1.0).reordered
    known = plan(items[::-1], None, seen, NOW, 1.0)
    assert known.reordered
    assert total_line(known, NOW, paused=False, speed=1.0).endswith("; rehearsed in another order")
    assert not plan(items[1:], None, seen, NOW, 1.0).reordered


def test_what_would_be_refused_is_counted() -> None:
    items = [item(1), item(2)]
    known = plan(items, None, rehearsed(items, {"1": 60.0, "2": None}, {"2": "12 T is above 9 T"}), NOW, 1.0)
    assert total_line(known, NOW, paused=False, speed=1.0) == "total 1 min, finishes 22:01; 1 would be refused"


def test_an_uncertainty_is_that_of_runs_that_are_over() -> None:
    assert spread([(100.0, 110.0), (100.0, 90.0)]) is None
    assert spread([(100.0, 110.0), (200.0, 180.0), (50.0, 55.0)]) == pytest.approx(0.1)
    items = [*(item(k, "finished", lab_time_s=110.0) for k in (1, 2, 3)), item(4)]
    durations: dict[str, float | None] = {"1": 100.0, "2": 100.0, "3": 100.0, "4": 7200.0}
    known = plan(items, None, rehearsed(items, durations), NOW, 1.0)
    assert known.spread_s == pytest.approx(720.0)
    assert total_line(known, NOW, paused=False, speed=1.0) == "total 2 h, finishes Tue 00:00 (±12 min)"
    twice = [{**items[0], "attempts": 2}, *items[1:]]
    assert plan(twice, None, rehearsed(items, durations), NOW, 1.0).spread_s is None


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("23:15", "2026-11-23T23:15:00+01:00"), ("07:30", "2026-11-24T07:30:00+01:00"),
        ("22.00", "2026-11-24T22:00:00+01:00"), ("Tue 07:30", "2026-11-24T07:30:00+01:00"),
        ("monday 7:30", "2026-11-30T07:30:00+01:00"), ("2026-12-01 08:00", "2026-12-01T08:00:00+01:00"),
    ],
)  # fmt: skip
def test_a_moment_is_the_next_one_of_that_name(text: str, iso: str) -> None:
    assert moment(text, NOW) == datetime.fromisoformat(iso)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("soon", "is no time"), ("25:00", "is no time of day"), ("Mox 07:30", "no day of the week"),
        ("2026-11-23 08:00", "is over"), ("2026-13-01 08:00", "is no date"),
    ],
)  # fmt: skip
def test_what_is_no_moment_is_refused_in_a_sentence(text: str, why: str) -> None:
    with pytest.raises(BadValue, match=why):
        moment(text, NOW)


def test_late_is_what_ends_after_the_limit_even_if_its_end_is_unknown() -> None:
    items = [item(1)]
    known = plan(items, None, rehearsed(items, {"1": 3600.0}), NOW, 1.0)
    assert too_late(known, NOW + timedelta(minutes=30), NOW) == pytest.approx(1800.0)
    assert too_late(known, NOW + timedelta(hours=2), NOW) is None
    unknown = plan(items, None, Foresight(), NOW, 1.0)
    assert too_late(unknown, NOW + timedelta(hours=2), NOW) is None
    assert too_late(unknown, NOW - timedelta(minutes=1), NOW) == pytest.approx(60.0)


def test_the_labs_speed_is_one_without_a_simulated_lab() -> None:
    assert lab_speed(None) == lab_speed({"lab": None}) == lab_speed({"lab": "/lab.json"}) == 1.0
    assert lab_speed({"lab": {"speed": 10.0}}) == 10.0
    assert lab_speed({"lab": {"clock": "virtual", "speed": None}}) is None
