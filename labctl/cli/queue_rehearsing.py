"""`labctl queue rehearse`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import typer

from labctl.cli import output
from labctl.cli.queueing import Where, about


def rehearse(where: Where) -> None:
    """Have the queue rehearsed, print what was found, and exit with 4 if an item would be refused."""
    from instruments.errors import Refused

    client = where.client()
    shown = [0]

    def told(found: Mapping[str, Any]) -> None:
        tenths = 10 * len(found["items"]) // max(1, found["of"])
        if not where.json and shown[0] < tenths < 10:
            shown[0] = tenths
            output.line(f"{len(found['items'])} of {found['of']} rehearsed")

    found = client.rehearse(told)
    if where.json:
        output.print_json(found)
    else:
        queue = client.ask("GET", "/queue")
        _report(found, {item["id"]: about(item) for item in queue["items"]}, queue)
    for violation in found["violations"]:
        output.complain(f"violation: {violation}")
    for item in found["items"]:
        if item["error"] is not None and not item["violations"]:
            output.complain(f"error: item {item['item']}: {item['error']}")
    if found["state"] != "done":
        output.complain(f"error: {found['error'] or 'the rehearsal was stopped'}")
    raise typer.Exit(_code(found, Refused.exit_code))


def _code(found: Mapping[str, Any], refused: int) -> int:
    if found["violations"]:
        return refused
    worst = max((item["exit_code"] for item in found["items"]), default=0)
    return worst or (0 if found["state"] == "done" else 1)


def _report(found: Mapping[str, Any], what: Mapping[str, str], queue: Mapping[str, Any]) -> None:
    items: Sequence[Mapping[str, Any]] = found["items"]
    if not items:
        output.line("nothing waits in the queue")
        return
    _report_before(found["after"])
    rows = [
        [item["item"], what.get(item["item"], ""), *_times(item), _takes(item), str(item["points"]), _verdict(item)]
        for item in items
    ]
    output.table(rows, ("item", "what", "begins", "ends", "takes", "points", "would be"))
    points = sum(item["points"] for item in items)
    output.line(f"all that waits takes {output.duration_text(found['duration_s'])} of lab time, {points} points")
    if queue["paused"]:
        output.line(f"the queue is paused: {queue['why']}; times are those if it went on now")
    if queue["policy"]["after_failure"] == "stop" and any(item["status"] != "finished" for item in items):
        output.line("the queue would pause after the first item that does not finish; what follows it waits")
    for remark in dict.fromkeys(f"item {item['item']}: {said}" for item in items[:1] for said in item["remarks"]):
        output.line(f"note: {remark}")


def _report_before(after: Mapping[str, Any] | None) -> None:
    if after is None:
        return
    left = after["left_s"]
    if left is None:
        output.line(f"item {after['item']} is on; how long it takes is unknown, and times are counted from its end")
    else:
        by = "by its rehearsal" if after["left_from"] == "rehearsal" else "if it goes on as it went so far"
        output.line(f"item {after['item']} is on for {output.duration_text(left)} more, {by}")


def _times(item: Mapping[str, Any]) -> tuple[str, str]:
    """Return when an item begins and ends, by this computer's clock where the lab's goes with it."""
    from datetime import datetime

    if item["begins_at"] is None:
        return f"+{output.duration_text(item['begins_s'])}", f"+{output.duration_text(item['ends_s'])}"
    begins, ends = (f"{datetime.fromisoformat(item[name]).astimezone():%a %H:%M}" for name in ("begins_at", "ends_at"))
    return begins, ends


def _takes(item: Mapping[str, Any]) -> str:
    return "unknown" if item["duration_s"] is None else output.duration_text(item["duration_s"])


def _verdict(item: Mapping[str, Any]) -> str:
    return "refused" if item["violations"] else str(item["status"])
