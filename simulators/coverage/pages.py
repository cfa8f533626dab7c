"""The instruments' commands as pages of documentation, printed from their tables and from what was counted."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache, partial

from instruments.tables.table import Parameter, Row, Value
from simulators.coverage import bench, flat_rows, lockin_rows, scpi_rows
from simulators.coverage.missing import KNOWN, LATER, MISSING
from simulators.coverage.rows import COUNTED, EFFECTS, Coverage, tally


@dataclass(frozen=True, slots=True)
class Instrument:
    """What has a page.

    Attributes:
        name: The model; also the page's name.
        title: What it is.
        measure: Tries all its rows, once.
    """

    name: str
    title: str
    measure: Callable[[], list[Coverage]]


INSTRUMENTS = (
    Instrument("6221", "Keithley 6221 current source", cache(partial(scpi_rows.measure, bench.source))),
    Instrument("2182A", "Keithley 2182A nanovoltmeter", cache(partial(scpi_rows.measure, bench.meter))),
    Instrument("2400", "Keithley 2400 SourceMeter", cache(partial(scpi_rows.measure, bench.sourcemeter))),
    Instrument("SR830", "Stanford Research SR830 lock-in amplifier", cache(partial(lockin_rows.measure, bench.lockin))),
    Instrument("6000", "Quantum Design PPMS Model 6000", cache(partial(flat_rows.measure, bench.controller))),
)

_TAGS = {"manual": "", "wild": "public drivers and captures", "pymeasure": "pymeasure", "tek": "vendor's examples",
         "slave": "the Python library slave", "derived": "derived", "unsure": "assumed"}  # fmt: skip
_WRITTEN = "These pages are printed by `python -m simulators.coverage --docs`.\n"


def pages() -> dict[str, str]:
    """Return all pages by file name."""
    found = {instrument: instrument.measure() for instrument in INSTRUMENTS}
    texts = {f"{instrument.name}.md": _page(instrument, rows) for instrument, rows in found.items()}
    return {"README.md": _overview(found), **texts}


def summary(found: dict[Instrument, list[Coverage]]) -> str:
    """Return the counts of all instruments as a table."""
    head = ["instrument", "rows", "missing", *COUNTED, *EFFECTS]
    lines = [head, ["---"] * len(head)]
    for instrument, rows in found.items():
        counts = ["{} of {}".format(*tally(rows, question)) for question in COUNTED]
        effects = [str(sum(one.effect == effect for one in rows)) for effect in EFFECTS]
        lines.append([instrument.name, str(len(rows)), str(len(MISSING[instrument.name])), *counts, *effects])
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


_COUNTING = """\
Counted by trying every row of the command tables on the simulated instruments; each count is out of the rows to which
it applies.

- *stored*: every kind of value that was sent comes back when it is asked for.
- *range*: the ends are taken, and what lies just outside is refused.
- *error*: wrong, missing and superfluous parameters are refused, with their numbers.
- *reset*: `*RST` and `SYSTem:PRESet` bring the table's value back; the Model 6000 has no reset, a fresh one has it.
"""

_HEAD = """\
`?` behind a header: it can only be asked; `(?)`: it can be sent and asked. Parts in brackets may be left out.
*energises*: it can put current or voltage on the sample. The other words are explained in the
[overview](README.md). Notes name the source of a row where that is not the manual.
"""

_ABSENT = """\
## What is missing

*missing* counts the headers that are known and not in the table. What that is drawn from differs:

"""


def _overview(found: dict[Instrument, list[Coverage]]) -> str:
    links = "".join(f"- [{instrument.title}]({instrument.name}.md)\n" for instrument in found)
    effects = "".join(f"- *{effect}*: {meaning}.\n" for effect, meaning in EFFECTS.items())
    return (
        f"# Commands of the simulated instruments\n\n{links}\n{_COUNTING}\nWhat follows from a row:\n\n{effects}\n"
        f"{summary(found)}\n{_absent(found)}\n{_WRITTEN}"
    )


def _absent(found: Iterable[Instrument]) -> str:
    lines: list[str] = []
    for instrument in found:
        headers = "".join(f" Missing: `{header}` ({why})." for header, why in MISSING[instrument.name].items())
        lines.append(
            f"- **{instrument.name}**: {KNOWN[instrument.name]} Not simulated: {LATER[instrument.name]}.{headers}\n"
        )
    return _ABSENT + "".join(lines)


def _page(instrument: Instrument, rows: list[Coverage]) -> str:
    sections: dict[str, list[str]] = {}
    for one in rows:
        sections.setdefault(_root(one.row), []).append(_line(one))
    columns = "| header | parameters | usual value | in the lab | notes |\n|---|---|---|---|---|\n"
    tables = "".join(f"\n## {root}\n\n{columns}{''.join(lines)}" for root, lines in sections.items())
    return f"# Commands of the {instrument.title}\n\n{_HEAD}{tables}\n{_WRITTEN}"


def _root(row: Row) -> str:
    """The subsystem that a row belongs to."""
    if row.header.startswith("*"):
        return "Common commands"
    nodes = row.header.replace("[SOURce[1]:]", "SOURce:").replace("[SENSe[1]:]", "SENSe:").split(":")
    return nodes[0].split("|")[0].split("[")[0] if len(nodes) > 1 else "Commands"


def _line(one: Coverage) -> str:
    row = one.row
    form = "" if not row.query else "(?)" if row.command else "?"
    cells = [f"`{row.header}{form}`", _parameters(row), _usual(row), _effect(one), _notes(row)]
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |\n"


def _parameters(row: Row) -> str:
    return "; ".join(map(_parameter, row.parameters))


def _parameter(parameter: Parameter) -> str:
    kind = {"boolean": "0, 1, OFF, ON", "string": "text", "channels": "list in parentheses"}.get(parameter.kind, "")
    if parameter.values:
        first, last = parameter.values[0], parameter.values[-1]
        whole = last - first == len(parameter.values) - 1 > 2
        kind = f"{first:g} to {last:g}" if whole else ", ".join(f"{value:g}" for value in parameter.values)
    elif parameter.kind in {"string", "strings"} and parameter.words:
        several = " (several)" if parameter.kind == "strings" else ""
        return ", ".join(f"'{word}'" for word in parameter.words) + several
    elif parameter.kind in {"number", "numbers", "integer", "register"}:
        kind = _span(parameter)
    if parameter.besides is not None:
        kind += f" or {parameter.besides:g}"
    words = ", ".join(parameter.words)
    text = ", ".join(part for part in (kind, words) if part)
    if parameter.kind in {"numbers", "words"}:
        text += f" (up to {parameter.most})" if parameter.most else " (several)"
    return text if parameter.required else f"[{text}]"


def _span(parameter: Parameter) -> str:
    low = "" if parameter.minimum is None else f"{parameter.minimum:.10g}"
    high = "" if parameter.maximum is None else f"{parameter.maximum:.10g}"
    if low and low == high:
        return low
    unit = {"S": " s", "HZ": " Hz"}.get(parameter.unit, f" {parameter.unit}".rstrip())
    return f"{low} to {high}{unit}".strip() if low or high else "any number"


def _usual(row: Row) -> str:
    if row.reset is not None:
        return f"{_printed(row.reset)} after `*RST`" + (
            "" if row.preset is None else f", {_printed(row.preset)} after `SYSTem:PRESet`"
        )
    return "" if row.initial is None else f"{_printed(row.initial)} when new"


def _printed(value: Value) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(_printed, value))
    if isinstance(value, bool):
        return str(int(value))
    return f"{value:g}" if isinstance(value, int | float) else value or "empty"


def _effect(one: Coverage) -> str:
    return f"{one.effect}, energises" if one.row.energises else one.effect


def _notes(row: Row) -> str:
    unsure = f"Unsure: {row.unsure}." if row.unsure else ""
    source = f"Source: {_TAGS[row.tag]}." if _TAGS[row.tag] else ""
    return " ".join(_sentences((row.note, unsure, source)))


def _sentences(texts: Iterable[str]) -> Iterable[str]:
    for text in texts:
        if text:
            sentence = text.replace("*", "\\*")  # a common command, not emphasis
            yield sentence if sentence.endswith(".") else f"{sentence}."
