"""The journal of a sample: what runs and people have learnt of it, one JSON object a line, only ever appended to.

    runs/samples/S042-B3.jsonl
        {"kind": "mounting", "utc": "2026-03-01T09:12:00+00:00", "run": null, "user": "LW", "simulated": false,
         "values": {"text": "puck 3"}}
        {"kind": "coercive_field", "utc": ..., "run": "2026-03-01/0007-ahe-S042-B3", "user": "LW", "simulated": false,
         "values": {"coercive_field_up": {"value": 0.0312, "uncertainty": 0.0004, "unit": "T"}, ...}}

It is named after the record and lies under the runs' root. Nothing of it goes into the record by itself. What was
learnt of a simulated sample in a lab of its own process stands in `<record>-sim.jsonl`, so that simulation and hardware
never mix; a simulated lab within the run's process begins with a fresh sample each time and has no journal.

Another sample seed makes another device of a record. So an entry about a simulated sample has its `sample_seed`; what
people write has none, and is about the device that was there before it, or after a mounting about whichever comes.
"""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from instruments.clock import WallClock
from instruments.errors import BadValue, DataDamaged, UsageError, WriteFailed

FOLDER = "samples"
"""Folder under the runs' root that holds the journals."""

SIMULATED = "-sim"
"""End of the name of a simulated sample's journal."""

MOUNTING, PULSES, COERCIVE_FIELD, CONTACTS = "mounting", "pulses", "coercive_field", "contacts"
HEALTH, ANGLE, SAFE_PULSE, COOLDOWN, DEGAUSS = "health", "angle", "safe_pulse", "cooldown", "degauss"
SWITCHING_FIELDS = "switching_fields"

KINDS: Mapping[str, str] = {
    MOUNTING: "it was put into the cryostat; what is newer holds for this mounting",
    CONTACTS: "a contact check, with `passed`",
    HEALTH: "the check with which a run starts or ends: resistance, temperature, leads",
    "resistance": "a resistance, at a temperature",
    COERCIVE_FIELD: "coercive fields, at a temperature and a field rate",
    SWITCHING_FIELDS: "switching fields of a junction's two layers and resistances of its states, at a temperature",
    ANGLE: "the true in-plane angle",
    SAFE_PULSE: "the largest pulse that is recommended, `pulse_max`, of the width `pulse_width`",
    COOLDOWN: "it was cooled down or warmed up, in a field; the first loop after it is training",
    DEGAUSS: "the magnet was degaussed, and what flux may be left",
    PULSES: "pulses that went through it: count, largest_current_density and energy",
    "damage": "something broke",
    "note": "a remark",
}
"""Kinds of entries that have a meaning; a procedure may use further ones."""

BY_HAND = (MOUNTING, "damage", "note")
"""Kinds of entries that a person writes; the others hold numbers that a run has measured."""

_TORN = b" <torn>\n"
"""Ends a line that was cut while it was written, so that the next one stands on a line of its own. Where it stands
alone, nothing was cut: another process was only about to end its line."""

_KIND = re.compile(r"[a-z][a-z0-9_]*")
_LONGEST = 100_000


def quantity(value: float, unit: str, uncertainty: float | None = None) -> dict[str, Any]:
    """Return a value as a journal keeps it.

    Args:
        value: In `unit`.
        unit: SI, without prefix; "1" for a bare number.
        uncertainty: Standard uncertainty in `unit`, None where there is none.
    """
    return {"value": value, "uncertainty": uncertainty, "unit": unit}


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a journal.

    Attributes:
        kind: What it is about, e.g. one of `KINDS`.
        utc: When it was written.
        values: By name: a text, a whole number, True or False, a list or table of these, or what `quantity` returns.
        run: Folder of the run that found it, relative to the runs' root; None where nobody measured.
        user: Who.
        simulated: Whether the sample was a simulated one.
        sample_seed: Of the simulated sample's disorder, which makes it this device; None where nobody said.
        line: Its line in the file, from 1.
    """

    kind: str
    utc: datetime
    values: Mapping[str, Any] = field(default_factory=dict[str, Any])
    run: str | None = None
    user: str = ""
    simulated: bool = False
    sample_seed: int | None = None
    line: int = 0

    def number(self, name: str) -> float | None:
        """Return the number of a quantity or a count in the unit that it is kept in, None where there is none."""
        found = self.values.get(name)
        found = cast("Mapping[str, Any]", found).get("value") if isinstance(found, Mapping) else found
        return float(found) if isinstance(found, int | float) and not isinstance(found, bool) else None

    def true(self, name: str) -> bool:
        """Whether something holds, said as True or as a result with that value; not where nothing is said of it."""
        found = self.values.get(name)
        return (cast("Mapping[str, Any]", found).get("value") if isinstance(found, Mapping) else found) is True


@dataclass(frozen=True, slots=True)
class Odometer:
    """What a sample has been through.

    Attributes:
        count: Pulses.
        largest_current_density: A/m2, None where no entry says it.
        energy: J, of all pulses together, as far as the entries say it.
    """

    count: int = 0
    largest_current_density: float | None = None
    energy: float = 0.0


class Journal:
    """The journal of one sample.

    Args:
        root: Folder that holds the runs.
        sample: Name of the record.
        simulated: Whether it is the one of the simulated sample.
        sample_seed: Of the simulated sample that is in the lab: entries about others are passed over; None for all.

    Raises:
        UsageError: The name is that of another sample's simulated journal.
    """

    def __init__(
        self, root: Path, sample: str, *, simulated: bool = False, sample_seed: int | None = None
    ) -> None:  # fmt: skip
        if not simulated and sample.endswith(SIMULATED):
            raise UsageError(
                f"a sample that is called {sample!r} would have the journal of the simulated sample "
                f"{sample.removesuffix(SIMULATED)!r}; give its record a name that does not end in {SIMULATED}"
            )
        self.sample = sample
        self.simulated = simulated
        self.sample_seed = sample_seed
        self.path = root / FOLDER / f"{sample}{SIMULATED if simulated else ''}.jsonl"

    # ---- writing

    def append(
        self, kind: str, values: Mapping[str, Any], *, run: str | None = None, user: str = "",
        utc: datetime | None = None,
    ) -> Entry:  # fmt: skip
        """Append an entry; it is on the disk when this returns.

        Args:
            kind: What it is about.
            values: See `Entry`.
            run: Folder of the run, relative to the runs' root.
            user: Who.
            utc: When; now where it is not given.

        Raises:
            BadValue: A value cannot be kept.
            WriteFailed: The operating system does not take it.
        """
        when = (WallClock().utc() if utc is None else utc).astimezone(UTC)
        entry = Entry(kind, when, checked(kind, values), run, user, self.simulated, self.sample_seed)
        seed = {} if self.sample_seed is None else {"sample_seed": self.sample_seed}
        content = {
            "kind": kind, "utc": when.isoformat(), "run": run, "user": user, "simulated": self.simulated, **seed,
            "values": entry.values,
        }  # fmt: skip
        line = json.dumps(content, ensure_ascii=False, allow_nan=False).encode() + b"\n"
        if len(line) > _LONGEST:
            raise BadValue(f"an entry of {len(line)} bytes is too long for a journal; keep it in the run's own files")
        try:
            self._write(line)
        except OSError as error:
            raise WriteFailed(f"cannot write to {self.path}: {error.strerror}") from error
        return entry

    def _write(self, line: bytes) -> None:
        """Write a line in one go, so that two processes that append at once do not mix theirs."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0), 0o666)
        try:
            size = os.fstat(file).st_size
            if size:
                os.lseek(file, size - 1, os.SEEK_SET)
                if os.read(file, 1) != b"\n":
                    line = _TORN + line
            if os.write(file, line) != len(line):
                raise WriteFailed(f"cannot write to {self.path}: the disk took a part of the line only; make room")
            os.fsync(file)
        finally:
            os.close(file)

    # ---- reading

    def read(self) -> tuple[list[Entry], list[str]]:
        """Return all entries, the oldest first, and warnings about lines that were cut while they were written.

        Raises:
            DataDamaged: It cannot be read, or another line is damaged; the sentence has file and line number.
        """
        try:
            data = self.path.read_bytes()
        except FileNotFoundError:
            return [], []
        except OSError as error:
            raise DataDamaged(f"cannot read {self.path}: {error.strerror}") from error
        *lines, rest = data.split(b"\n")
        mark = _TORN.rstrip(b"\n")
        torn = [number for number, line in enumerate(lines, 1) if line.endswith(mark) and line != mark]
        entries = [self._parse(number, line) for number, line in enumerate(lines, 1) if not line.endswith(mark)]
        warnings = [f"{self.path.name}: line {number} is torn and was dropped" for number in torn]
        if rest:
            warnings.append(f"{self.path.name}: the last line is torn and was dropped")
        return entries, warnings

    def entries(self, kind: str | None = None) -> list[Entry]:
        """Return all entries about this device, or those of a kind, the oldest first.

        Raises:
            DataDamaged: See `read`.
        """
        found = self.read()[0]
        own = found if self.sample_seed is None else of_device(found, self.sample_seed)
        return [entry for entry in own if kind in {None, entry.kind}]

    def latest(self, kind: str) -> Entry | None:
        """Return the newest entry of a kind, None where there is none.

        Raises:
            DataDamaged: See `read`.
        """
        return latest(self.entries(), kind)

    def since_mounting(self) -> list[Entry]:
        """Return what was written since the sample was mounted, the entry of the mounting first; all if it never was.

        Raises:
            DataDamaged: See `read`.
        """
        return since_mounting(self.read()[0], self.sample_seed)

    def another_device(self) -> str:
        """Say that the newest entry is about another device than the one in the lab; empty where it is not.

        Raises:
            DataDamaged: See `read`.
        """
        seed = latest_device(self.read()[0])
        if self.sample_seed is None or seed in {None, self.sample_seed}:
            return ""
        return (
            f"{self.path.name} was last written for the simulated sample with the seed {seed}, and the lab has the one "
            f"with {self.sample_seed}, another device: nothing that was learnt of the former is used, and this one "
            "counts as newly mounted"
        )

    def odometer(self) -> Odometer:
        """Return what all pulses together were.

        Raises:
            DataDamaged: See `read`.
        """
        return odometer(self.entries())

    def _parse(self, number: int, line: bytes) -> Entry:
        try:
            content = json.loads(line.decode("utf-8-sig"))
            entry = Entry(
                content["kind"], datetime.fromisoformat(content["utc"]), content["values"], content["run"],
                content["user"], content["simulated"], _seed(content), number,
            )  # fmt: skip
            checked(entry.kind, entry.values)
        except (ValueError, KeyError, TypeError, RecursionError, BadValue) as error:
            raise DataDamaged(
                f"{self.path}, line {number}: it is no entry of a journal; restore the file from a copy, or take the "
                "line out by hand"
            ) from error
        if entry.simulated is not self.simulated:
            raise DataDamaged(
                f"{self.path}, line {number}: it is about {'a simulated' if entry.simulated else 'the real'} sample "
                "and stands in the other one's journal; take the line out by hand"
            )
        return entry


def latest(entries: Sequence[Entry], kind: str) -> Entry | None:
    """Return the last entry of a kind, None where there is none."""
    return next((entry for entry in reversed(entries) if entry.kind == kind), None)


def since_mounting(entries: Sequence[Entry], sample_seed: int | None = None) -> list[Entry]:
    """Return the entries from the last mounting on, or all where there is none.

    A simulated sample with another seed than this one was another device, and this one was mounted after it.
    """
    start = 0
    for place, (entry, seed) in enumerate(zip(entries, _devices(entries), strict=True)):
        if entry.kind == MOUNTING:
            start = place
        elif sample_seed is not None and seed not in {None, sample_seed}:
            start = place + 1
    return list(entries[start:])


def of_device(entries: Sequence[Entry], sample_seed: int) -> list[Entry]:
    """Return the entries about the simulated sample with this seed, or about one of which nobody said which it was."""
    return [e for e, seed in zip(entries, _devices(entries), strict=True) if seed in {None, sample_seed}]


def latest_device(entries: Sequence[Entry]) -> int | None:
    """Return the seed of the simulated sample that the newest entry with a seed is about, None where none has one."""
    return next((entry.sample_seed for entry in reversed(entries) if entry.sample_seed is not None), None)


def _devices(entries: Sequence[Entry]) -> Iterator[int | None]:
    """Yield for each entry the seed of the simulated sample that it is about: its own, or that of the one before."""
    seed = None
    for entry in entries:
        if entry.sample_seed is not None or entry.kind == MOUNTING:
            seed = entry.sample_seed
        yield seed


def _seed(content: Mapping[str, Any]) -> int | None:
    """Return the sample seed of an entry as it was read.

    Raises:
        ValueError: It is no whole number.
    """
    seed = content.get("sample_seed")
    if seed is not None and (not isinstance(seed, int) or isinstance(seed, bool)):
        raise ValueError(f"the sample seed is {seed!r}")
    return seed


def odometer(entries: Sequence[Entry]) -> Odometer:
    """Return the sum over the entries about pulses."""
    pulses = [entry for entry in entries if entry.kind == PULSES]
    densities = [abs(value) for value in (entry.number("largest_current_density") for entry in pulses) if value]
    return Odometer(
        sum(int(entry.number("count") or 0) for entry in pulses),
        max(densities, default=None),
        math.fsum(entry.number("energy") or 0.0 for entry in pulses),
    )


def checked(kind: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return values as a journal keeps them.

    Raises:
        BadValue: The kind is no word, a number has no unit or is not finite, or pulses have no count.
    """
    if not _KIND.fullmatch(kind):
        raise BadValue(f"{kind!r} is no kind of entry; write a word in small letters, such as {', '.join(KINDS)}")
    kept = dict(_plain(kind, values.items()))
    if kind == PULSES:
        count = kept.get("count")
        if isinstance(count, bool) or not isinstance(count, int) or count < 0:
            raise BadValue(f"an entry about pulses needs their count, a whole number, and not {count!r}")
        for name, unit in (("largest_current_density", "A/m^2"), ("energy", "J")):
            if name in kept and (not isinstance(kept[name], dict) or kept[name].get("unit") != unit):
                raise BadValue(f"{name} of pulses is a quantity in {unit}, not {kept[name]!r}")
    return kept


def _plain(kind: str, items: Any) -> Iterator[tuple[str, Any]]:
    for name, value in items:
        yield str(name), _plain_value(kind, str(name), value)


def _plain_value(kind: str, name: str, value: Any) -> Any:
    """Return one value as JSON has it; a Result of an analysis becomes what `quantity` returns."""
    if not isinstance(value, Mapping) and hasattr(value, "unit") and hasattr(value, "uncertainty"):
        value = quantity(value.value, value.unit, value.uncertainty)
    if isinstance(value, Mapping):
        table = cast("Mapping[str, Any]", value)
        if {"value", "unit"} <= table.keys():
            return _plain_quantity(kind, name, table)
        return dict(_plain(kind, table.items()))
    if isinstance(value, list | tuple):
        return [_plain_value(kind, name, item) for item in cast("Sequence[Any]", value)]
    if value is None or isinstance(value, str | bool | int):
        return value
    raise BadValue(
        f"{name} of a {kind!r} entry is {value!r}; a journal keeps texts, whole numbers, True and False, and numbers "
        "with a unit: quantity(value, unit, uncertainty)"
    )


def _plain_quantity(kind: str, name: str, table: Mapping[str, Any]) -> dict[str, Any]:
    number, uncertainty, unit = table["value"], table.get("uncertainty"), table["unit"]
    for given in (number, uncertainty):
        if given is not None and (not isinstance(given, int | float) or not math.isfinite(given)):
            raise BadValue(f"{name} of a {kind!r} entry is {given!r}, but must be a finite number, or None")
    if not isinstance(unit, str) or not unit:
        raise BadValue(f'{name} of a {kind!r} entry has the unit {unit!r}; write it, "1" for a bare number')
    value = number if number is None or isinstance(number, bool) else float(number)
    return {**table, "value": value, "uncertainty": None if uncertainty is None else float(uncertainty)}
