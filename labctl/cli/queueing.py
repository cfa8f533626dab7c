"""`labctl queue ...`: asks the worker of a station, and prints what it answers."""

from __future__ import annotations

import getpass
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labctl.cli import output
from labctl.cli.running import Options, assignments, say_taken
from labctl.cli.working import check_extra

if TYPE_CHECKING:
    from labctl.service.client import Client

SHOWN = 60
"""Letters of what an item is about that are printed in a list."""


@dataclass(frozen=True, slots=True)
class Where:
    """Which worker is asked, and how the answer is printed.

    Attributes:
        station: A shipped name or a file.
        simulated: Whether that of its simulated twin.
        folder: Of the queue, None for the station's.
        json: Whether one JSON object is printed.
    """

    station: str
    simulated: bool
    folder: Path | None
    json: bool

    def client(self) -> Client:
        """Find the worker.

        Raises:
            NoWorker: There is none.
        """
        check_extra()
        from labctl.service.client import Client

        if self.folder is not None:
            return Client.of(self.station, simulated=self.simulated, folder=self.folder)
        from labctl.station import load_station

        return Client.of(load_station(self.station).name, simulated=self.simulated, folder=None)


def add(where: Where, options: Options) -> None:
    """Add an item; files are named by their whole paths, since the worker may have begun in another folder."""
    client = where.client()
    asked = options.asked()
    changes = {
        "procedure": _whole(asked.procedure), "sample": _sample(asked.sample), "out": str(options.out.resolve()),
        "user": asked.user or _who(),
    }  # fmt: skip
    item = client.ask("POST", "/queue", {**asked.model_dump(mode="json"), **changes})
    if where.json:
        output.print_json(item)
    else:
        say_taken(item["taken"])
        output.line(f"item {item['id']}: {about(item)}")


def resume(where: Where, run: Path) -> None:
    """Add an item that carries on a run which was cut."""
    from labctl.cli.places import existing_run

    item = where.client().ask("POST", "/queue/resume", {"run": str(existing_run(run).resolve())})
    _print_item(where, item, "waits to be carried on")


def list_(where: Where) -> None:
    """Print the queue."""
    client = where.client()
    queue, run = client.ask("GET", "/queue"), client.ask("GET", "/run")["run"]
    if where.json:
        output.print_json({**queue, "run": run})
        return
    _print_queue(queue)
    if run is not None:
        output.line(_how_far(run))


def show(where: Where, number: str) -> None:
    """Print an item."""
    item = where.client().ask("GET", f"/queue/{_part(number)}")
    if where.json:
        output.print_json(item)
        return
    asked = item.pop("asked")
    for name, value in {**item, **asked}.items():
        if value not in (None, "", [], {}):
            output.line(f"{name.replace('_', ' ')}: {_text(value)}")


def move(where: Where, number: str, before: str | None) -> None:
    """Move an item."""
    _print_queue(where.client().ask("POST", f"/queue/{_part(number)}/move", {"before": before}), json=where.json)


def edit(
    where: Where, number: str, parameters: Sequence[str], unset: Sequence[str], given: Mapping[str, Any]
) -> None:  # fmt: skip
    """Change an item."""
    changed: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    if "sample" in changed:
        changed["sample"] = _sample(str(changed["sample"]))
    changed["parameters"] = {**assignments(parameters), **dict.fromkeys(unset)}
    item = where.client().ask("PATCH", f"/queue/{_part(number)}", changed)
    if not where.json:
        say_taken(item["taken"])
    _print_item(where, item)


def order_item(where: Where, number: str, what: str) -> None:
    """Remove an item, skip it, or let it wait again."""
    path = f"/queue/{_part(number)}"
    client = where.client()
    item = client.ask("DELETE", path) if what == "remove" else client.ask("POST", f"{path}/{what}")
    _print_item(where, item, "removed" if what == "remove" else "")


def order(where: Where, path: str, **details: Any) -> None:
    """Pause, go on, abort or stop."""
    by = {} if path == "/go" else {"by": _who() or "somebody", **details}
    said = where.client().ask("POST", path, by)
    if path == "/abort":
        _print_item(where, said, "is being aborted")
    else:
        _print_queue(said, json=where.json)


def policy(where: Where, given: Mapping[str, Any]) -> None:
    """Change the policy, or print it."""
    changes = {name: value for name, value in given.items() if value is not None}
    client = where.client()
    queue = client.ask("PUT", "/policy", changes) if changes else client.ask("GET", "/queue")
    if where.json:
        output.print_json(queue["policy"])
    else:
        for name, value in queue["policy"].items():
            output.line(f"{name.replace('_', ' ')}: {value}")


# ---- words


def _print_item(where: Where, item: Mapping[str, Any], state: str = "") -> None:
    if where.json:
        output.print_json(item)
    else:
        output.line(f"item {item['id']} {state or item['state']}: {about(item)}")


def _print_queue(queue: Mapping[str, Any], *, json: bool = False) -> None:
    if json:
        output.print_json(queue)
        return
    rows = [[item["id"], item["state"], about(item), item["run"] or "", item["error"] or ""] for item in queue["items"]]
    if rows:
        output.table(rows, ("item", "state", "what", "run", "error"))
    else:
        output.line("the queue is empty")
    if queue["paused"]:
        output.line(f"the queue is paused: {queue['why']}; `labctl queue go` lets it go on")


def about(item: Mapping[str, Any]) -> str:
    """Say in a few words what an item is about."""
    asked = item["asked"]
    words = [asked["procedure"], *([asked["sample"]] if asked["sample"] else [])]
    words += [f"{name}={value}" for name, value in asked["parameters"].items()] + list(asked["over"])
    text = " ".join(words)
    return text if len(text) <= SHOWN else text[: SHOWN - 3] + "..."


def _how_far(run: Mapping[str, Any]) -> str:
    left = run.get("remaining_lab_time_s")
    by = "" if run.get("remaining_from") == "rehearsal" else ", if it goes on as it went so far"
    more = "" if not left else f", about {output.duration_text(left)} of lab time left{by}"
    return f"item {run['item']} {run['state']}: {100.0 * run['progress']:.0f} %, {run['points']} points{more}"


def _text(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name}={each}" for name, each in value.items())
    return ", ".join(str(each) for each in value) if isinstance(value, list) else str(value)


def _part(number: str) -> str:
    """Write an item's number as a part of an address, whatever was typed."""
    from urllib.parse import quote

    return quote(number, safe="") or "-"


def _who() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # an account without a name
        return ""


def _whole(procedure: str) -> str:
    """Return a procedure's name as it is understood in another folder."""
    from labctl import one_file

    if not one_file.is_file(procedure):
        return procedure
    file, colon, name = procedure.rpartition(".py")[0] + ".py", *procedure.rpartition(".py")[2].partition(":")[1:]
    return f"{Path(file).resolve()}{colon}{name}"


def _sample(name: str) -> str:
    """Return a sample's name as it is understood in another folder."""
    from labctl import paths, sample_files

    if not name or name in paths.sample_files():
        return name
    found = sample_files.by_name().get(name, Path(name))
    return str(found.resolve()) if found.exists() else name
