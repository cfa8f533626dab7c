"""When each item of a queue begins and ends, and when all of it is done: by rehearsals and by how far the run is."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from instruments.errors import BadValue
from labctl.gui import words

ENOUGH = 3
"""Runs that were rehearsed and are finished, from which on it is said how far off a rehearsal's time was."""
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_MOMENT = re.compile(r"(?:(?P<day>[A-Za-z]{3,}|\d{4}-\d{2}-\d{2})\s+)?(?P<hour>\d{1,2})[:.h](?P<minute>\d{2})")

Item = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What a rehearsal found of an item.

    Attributes:
        asked: What was rehearsed.
        duration_s: Lab time in s; None if it would be refused before it begins.
        points: Rows.
        refusals: Why it would be refused, a sentence each.
    """

    asked: Mapping[str, Any]
    duration_s: float | None
    points: int
    refusals: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """When one item is on.

    Attributes:
        takes_s: Lab time in s that it takes from now on, or by its rehearsal; None where nobody knows.
        begins: When it begins, or None.
        ends: When it ends, or None.
    """

    takes_s: float | None = None
    begins: datetime | None = None
    ends: datetime | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """All of a queue.

    Attributes:
        rows: By the items' numbers, of those that wait or are on.
        total_s: Lab time in s of all that is known.
        unknown: How many items' time nobody knows.
        ends: When the last one ends, None if a time is unknown or the lab's clock jumps.
        spread_s: By how much `total_s` may be off, in s either way, or None.
        refused: How many of those that wait would be refused.
        reordered: Whether what waits was rehearsed in another order.
    """

    rows: Mapping[str, Row] = field(default_factory=dict[str, Row])
    total_s: float = 0.0
    unknown: int = 0
    ends: datetime | None = None
    spread_s: float | None = None
    refused: int = 0
    reordered: bool = False


class Foresight:
    """Remembers what rehearsals found, as long as an item asks for the same.

    Attributes:
        state: Of the last rehearsal: `on`, `done`, `stopped`, `failed`; "" before the first.
        of: How many items it rehearses.
        done: How many of them it has.
        error: Why it failed.
    """

    def __init__(self) -> None:
        self.state, self.of, self.done = "", 0, 0
        self.error: str | None = None
        self._found: dict[str, Foreseen] = {}
        self._begun = ""
        self._asked: dict[str, Mapping[str, Any]] = {}
        self._order: list[str] = []

    def hear(self, rehearsal: Mapping[str, Any] | None, items: Iterable[Item]) -> None:
        """Take in what `GET /rehearsal` answers.

        Args:
            rehearsal: What is known of the last one.
            items: The queue's, as they are now.
        """
        if rehearsal is None:
            return
        self.state, self.of, self.error = str(rehearsal["state"]), int(rehearsal["of"]), rehearsal["error"]
        found = rehearsal["items"]
        self.done = len(found)
        if rehearsal["begun"] != self._begun:
            self._begun = str(rehearsal["begun"])
            self._asked = {str(item["id"]): item["asked"] for item in items}
        self._order = [str(each["item"]) for each in found]
        for each in found:
            number = str(each["item"])
            if number in self._asked:
                length = each["duration_s"]
                self._found[number] = Foreseen(
                    self._asked[number], None if length is None else float(length), int(each["points"] or 0),
                    tuple(str(said) for said in each["violations"]),
                )  # fmt: skip

    def of_item(self, item: Item) -> Foreseen | None:
        """Return what was found of an item, None if it was not rehearsed or asks for something else now."""
        found = self._found.get(str(item["id"]))
        return found if found is not None and found.asked == item["asked"] else None

    def in_another_order(self, waiting: Sequence[str]) -> bool:
        """Whether items were rehearsed in another order than that in which they wait."""
        rehearsed = set(self._order)
        left = set(waiting)
        return [each for each in waiting if each in rehearsed] != [each for each in self._order if each in left]


def spread(pairs: Sequence[tuple[float, float]]) -> float | None:
    """Return how far rehearsed times were off, root mean square, as a part of the time; None of too few.

    Args:
        pairs: Lab time in s by the rehearsal, and what the run took.
    """
    parts = [took / foreseen - 1.0 for foreseen, took in pairs if foreseen > 0]
    if len(parts) < ENOUGH:
        return None
    return math.sqrt(sum(part * part for part in parts) / len(parts))


def lab_speed(station: Mapping[str, Any] | None) -> float | None:
    """Return lab seconds per real second; None where the lab's clock jumps.

    Args:
        station: What the worker says of its station.
    """
    lab = (station or {}).get("lab")
    if not isinstance(lab, dict) or "speed" not in lab:
        return 1.0
    speed: Any = lab["speed"]  # pyright: ignore[reportUnknownVariableType] - JSON
    return None if speed is None else float(speed)


def plan(
    items: Sequence[Item], run: Mapping[str, Any] | None, seen: Foresight, now: datetime, speed: float | None
) -> Plan:
    """Return when all that waits or is on begins and ends, if it goes on from now.

    Args:
        items: The queue's.
        run: How far the run is that is on, None between runs.
        seen: What was rehearsed.
        now: With a time zone.
        speed: Lab seconds per real second, None where the lab's clock jumps.
    """
    rows: dict[str, Row] = {}
    total, unknown, refused, at = 0.0, 0, 0, now if speed else None
    waiting: list[str] = []
    pairs: list[tuple[float, float]] = []
    for item in items:
        number, state, found = str(item["id"]), item["state"], seen.of_item(item)
        if state == "finished" and found is not None and found.duration_s and item["attempts"] == 1:
            pairs.append((found.duration_s, float(item["lab_time_s"])))
        if state not in {"waiting", "running"}:
            continue
        begins: datetime | None = None
        if state == "waiting":
            waiting.append(number)
            begins = at
            refused += bool(found is not None and found.refusals)
            takes = None if found is None or item["run"] is not None else found.duration_s or 0.0
        else:
            takes = _left(run, item, found)
        total, unknown = total + (takes or 0.0), unknown + (takes is None)
        at = None if at is None or takes is None or not speed else at + timedelta(seconds=takes / speed)
        rows[number] = Row(takes, begins, at)
    part = spread(pairs)
    off = None if part is None or not total else part * total
    return Plan(rows, total, unknown, at if rows else None, off, refused, seen.in_another_order(waiting))


def _left(run: Mapping[str, Any] | None, item: Item, found: Foreseen | None) -> float | None:
    """Return how long the run that is on still takes, in s of lab time.

    Its own rehearsal, which learns, is better than that of the queue, and that is better than a guess by its progress.
    """
    if run is None or run.get("item") != item["id"]:
        return None
    left = run.get("remaining_lab_time_s")
    guessed = left is None or run.get("remaining_from") == "progress"
    if guessed and run.get("state") != "is summed up" and found and found.duration_s and item["attempts"] == 1:
        return max(found.duration_s - float(run.get("lab_time_s") or 0.0), 0.0)
    return None if left is None else float(left)


def total_line(known: Plan, now: datetime, *, paused: bool, speed: float | None) -> str:
    """Return when all is done, e.g. `total 3 h 10 min, finishes 02:15 (±12 min)`.

    Where the lab's time goes faster: `total 4 min (lab 3 h 10 min), ...`.
    """
    if not known.rows:
        return "nothing is on and nothing waits"
    count = len(known.rows)
    if known.unknown == count:
        return f"total {words.NOTHING}, {count} item{'s' if count > 1 else ''}: not known before a rehearsal"
    said = f"total {'at least ' if known.unknown else ''}{words.waiting(known.total_s, speed)}"
    if known.ends is not None:
        said += f", finishes {words.clock_time(known.ends, now)}"
        said += " if it goes on now" if paused else ""
    if known.spread_s is not None and not known.unknown:
        said += f" (±{words.duration(known.spread_s / (speed or 1.0))})"
    said += f"; not known of {known.unknown} of {count} items" if known.unknown else ""
    said += f"; {known.refused} would be refused" if known.refused else ""
    return said + ("; rehearsed in another order" if known.reordered else "")


def moment(text: str, now: datetime) -> datetime:
    """Read a moment that is still to come: `07:30`, `Tue 07:30`, `2026-11-24 07:30`.

    Args:
        text: As somebody writes it.
        now: With a time zone.

    Raises:
        BadValue: It is none, or is over.
    """
    found = _MOMENT.fullmatch(text.strip())
    example = "write e.g. 07:30, Tue 07:30 or 2026-11-24 07:30"
    if found is None:
        raise BadValue(f"{text!r} is no time; {example}")
    hour, minute, day = int(found["hour"]), int(found["minute"]), found["day"] or ""
    if hour > 23 or minute > 59:
        raise BadValue(f"{text!r} is no time of day; {example}")
    if day[:1].isdigit():
        return _dated(day, hour, minute, now, text)
    there = now.replace(hour=hour, minute=minute, second=0, microsecond=0)
    if not day:
        return there if there > now else there + timedelta(days=1)
    if day[:3].lower() not in DAYS:
        raise BadValue(f"{day!r} is no day of the week; {example}")
    there += timedelta(days=(DAYS.index(day[:3].lower()) - now.weekday()) % 7)
    return there if there > now else there + timedelta(days=7)


def _dated(day: str, hour: int, minute: int, now: datetime, text: str) -> datetime:
    try:
        there = datetime.fromisoformat(f"{day} {hour:02}:{minute:02}").replace(tzinfo=now.tzinfo)
    except ValueError as error:
        raise BadValue(f"{text!r} is no date: {error}") from None
    if there <= now:
        raise BadValue(f"{text!r} is over; give a moment that is still to come")
    return there


def too_late(known: Plan, limit: datetime, now: datetime) -> float | None:
    """Return by how many s the queue ends after a limit, None if it does not as far as is known."""
    ends = known.ends or (now if known.rows else None)
    return None if ends is None or ends <= limit else (ends - limit).total_seconds()
