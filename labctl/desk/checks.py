"""What is wrong with a measurement that somebody is putting together, and what follows from it; sends nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from instruments import units
from instruments.errors import BadValue, LabError, LimitExceeded
from instruments.guard.limits import UNITS
from labctl import limits
from labctl.asked import Asked
from labctl.beforehand import check_contacts, check_request
from labctl.desk import conditions
from labctl.desk.derived import derived
from labctl.desk.resolved import idle, resolved
from labctl.desk.spelling import spoken
from labctl.desk.values import shown
from labctl.preparing import Place, Prepared, prepare
from labctl.procedure import Procedure
from labctl.procedures import load_procedure
from labctl.request import Request
from labctl.series_children import Child
from labctl.setting import Setting

DECIDED = 4
"""Digits of a value that nobody has entered, but the record or the journal decides."""
_OF_SERIES = re.compile(r"^run \d+ of \d+ \(.*?\): ")
"""Which run of a series a sentence is about."""


def check(asked: dict[str, Any], station: str, *, simulate: bool, lab: str | None = None) -> dict[str, Any]:
    """Look at what is asked, field by field and as a whole, as a run would before it sends its first byte.

    Args:
        asked: What `labctl.asked.Asked` takes.
        station: A shipped name or a file.
        simulate: Whether on its simulated twin.
        lab: File of the simulated lab of the worker, None where there is none.

    Returns:
        `ok`; `faults`: each with its `sentence` and the `field` that it is about, or None; `fields`: of each parameter
        `value` (normalised, "" where nothing was given), `taken` (what a number without a unit is taken for), `error`,
        `hint` (the value that will be taken where none is given, "" where that is the default; of a series only if it
        is the same in all runs) with `why`, `idle`
        (what it needs to have an effect), `follows` (what follows from it); `warnings`; `series`: None or `runs` and
        `axes`, each `name`, `count`, `values` as texts; `conditions`: of the warnings those of what nobody varies and
        still is not the same in all runs of a series.

    Raises:
        LabError: The experiment cannot be loaded.
    """
    place = Place(station, simulate and lab is None, None if lab is None else Path(lab))
    kind = load_procedure(str(asked["procedure"]))
    declared: dict[str, Setting[Any]] = kind.declared_parameters()
    given: dict[str, str] = {name: str(text) for name, text in dict(asked.get("parameters", {})).items()}
    fields = {name: _field(parameter, given.get(name)) for name, parameter in declared.items()}
    wrong = [name for name, each in fields.items() if each["error"]]
    right = {name: text for name, text in given.items() if name not in wrong}
    faults = [{"sentence": fields[name]["error"], "field": name} for name in wrong]
    seen = _Seen({**asked, "parameters": right}, place)
    if not faults and seen.error is not None:
        faults.append({"sentence": spoken(str(seen.error)), "field": _field_of(seen, declared, given)})
    _complete(fields, seen)
    return {
        "ok": not faults, "faults": faults, "fields": fields, "warnings": seen.warnings(), "series": seen.series(),
        "conditions": conditions.sentences(seen.runs),
    }  # fmt: skip


def _field(parameter: Setting[Any], text: str | None) -> dict[str, Any]:
    """Return what there is to say of one parameter by itself."""
    said: dict[str, Any] = {"value": "", "taken": "", "error": "", "hint": "", "why": "", "idle": "", "follows": ""}
    if text is None:
        return said
    try:
        value = parameter.convert(text)
    except LabError as error:
        return said | {"error": spoken(str(error))}
    return said | {"value": shown(parameter, value, in_oersted=True), "taken": spoken(parameter.taken(text))}


class _Seen:
    """What is asked, as far as it can be prepared and checked.

    Attributes:
        error: What is wrong with it as a whole.
        made: It, prepared.
        first: Its first run, with station and sample handed to the procedure.
        runs: All runs of a series; none where it is wrong.
    """

    def __init__(self, asked: Mapping[str, Any], place: Place) -> None:
        self.error: LabError | None = None
        self.made: Prepared | None = None
        self.first: Request | None = None
        self.runs: Sequence[Child] = ()
        try:
            self.made = prepare(_asked(asked), place)
            self.first = self.made.requests()[0]
            self.runs = self.made.check()
        except LabError as error:
            self.error = error
        if self.first is not None and self.made is not None and self.made.axes:
            with suppress(LabError):  # of a series copies were checked
                check_request(self.first, contacts=False)

    @property
    def procedure(self) -> Procedure | None:
        """The procedure of the first run, None where it never saw its sample."""
        known = None if self.first is None else self.first.procedure
        return known if known is not None and "sample" in vars(known) else None

    def warnings(self) -> list[str]:
        """Say what such a run will not give, what the journal knows, and that contacts are still to be checked."""
        procedure = self.procedure
        if procedure is None or self.first is None:
            return []
        said = [*conditions.sentences(self.runs), *(spoken(sentence) for sentence in procedure.forewarnings)]
        try:
            check_contacts(self.first)
        except LabError as error:
            said.append(spoken(str(error)))
        return said

    def series(self) -> dict[str, Any] | None:
        """Return what a series goes over, None for a single run."""
        if self.made is None or not self.made.axes:
            return None
        axes = [
            {
                "name": axis.name, "count": len(axis.values),
                "values": [shown(axis.parameter, value, in_oersted=True) for value in axis.values],
            }
            for axis in self.made.axes
        ]  # fmt: skip
        runs = 1
        for axis in self.made.axes:
            runs *= len(axis.values)
        return {"runs": runs, "axes": axes}


def _asked(asked: Mapping[str, Any]) -> Asked:
    try:
        return Asked.model_validate(dict(asked))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise BadValue(f"{where}: {str(first['msg']).removeprefix('Value error, ')}") from error


def _complete(fields: Mapping[str, dict[str, Any]], seen: _Seen) -> None:
    """Add what follows from record, journal and the other fields."""
    procedure = seen.procedure
    if procedure is None or seen.first is None:
        return
    for name, (value, why) in resolved(procedure).items():
        if name in fields and not fields[name]["value"] and not fields[name]["error"]:
            parameter = procedure.declared_parameters()[name]
            fields[name].update(hint=shown(parameter, value, digits=DECIDED, in_oersted=True), why=spoken(why))
    conditions.complete(fields, seen.runs)
    with suppress(LabError):  # what is wrong is said already
        for name, needs in idle(procedure).items():
            fields[name]["idle"] = needs
        for name, text in derived(procedure).items():
            fields[name]["follows"] = fields[name]["follows"] or spoken(text)


def _field_of(seen: _Seen, declared: Mapping[str, Setting[Any]], given: Mapping[str, str]) -> str | None:
    """Return the parameter that a sentence about the whole is about, as far as that can be told."""
    sentence = _OF_SERIES.sub("", str(seen.error))
    named = {match.start(): name for name in declared if (match := re.search(rf"\b{re.escape(name)}\b", sentence))}
    clear = [
        name
        for place, name in sorted(named.items())
        if not place or "_" in name or name in given or f"-p {name}=" in sentence  # no word that stands there by chance
    ]
    if isinstance(seen.error, LimitExceeded):
        return _beyond(seen, declared) or next(iter(clear), None)
    return next(iter(clear), None)


def _beyond(seen: _Seen, declared: Mapping[str, Setting[Any]]) -> str | None:
    """Return the parameter whose value exceeds a limit."""
    procedure, request = seen.procedure, seen.first
    if procedure is None or request is None:
        return None
    for name, value in _demands(procedure).items():
        try:
            limits.check({name: value}, request.station, request.sample, request.overrides, procedure.roles)
        except LabError:
            unit = units.si_unit(UNITS[name])
            same = [key for key, each in procedure.values().items() if _largest(each) == abs(value)
                    and getattr(declared[key], "si_unit", None) == unit]  # fmt: skip
            return next(iter(same), None)
    return "probe_current" if "probe_current" in declared else None


def _demands(procedure: Procedure) -> Mapping[str, float]:
    try:
        return procedure.demands()
    except LabError:  # it is what is wrong
        return {}


def _largest(value: object) -> float | None:
    if isinstance(value, float):
        return abs(value)
    if isinstance(value, tuple):
        numbers: Sequence[float] = [abs(each) for each in value if isinstance(each, float)]  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType] - a list's value
        return max(numbers, default=None)
    return None
